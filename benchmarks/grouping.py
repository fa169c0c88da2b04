"""`python -m benchmarks.grouping [--short]`: are slides grouped right, and how long does it take?

Slides are drawn (see `grouping_slides`) and grouped by the function alone, by a warehouse in full, and a thousand new
ones against those it knows. Groups are judged by samples of 20,000 slides whose pairs are all compared, with images
and templates left whole: where a template were cut, less would stand near an unread slide. Each measurement runs in a
process of its own; times are of the processor and of the clock, which differ on a machine that is busy. Prints a
table and writes out/grouping.jsonl.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workbench.model.agreement import agree
from workbench.model.images import NO_TEXT_BITS, SAME_TEXT_BITS, image_ids, normalized, same_pairs
from workbench.settings import load_settings
from workbench.warehouse import images
from workbench.warehouse.load import open_writer
from workbench.warehouse.migrate import migrate

from .figures import HEADER, Figure, against, at_most, line, write
from .grouping_slides import Slides, drawn
from .peak_memory import peak

SAMPLE, NEW = 20_000, 1_000
BRUTE = 20_000
SECONDS = {200_000: 15, 2_000_000: 300}
FEW_SECONDS, GB, RECALL = 5, 4, 0.995
REPEATS = 10


@dataclass(frozen=True)
class Took:
    """What one piece of work took."""

    wall: float
    cpu: float


def took(work: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grouping", description=__doc__.split("\n")[0])
    parser.add_argument("--short", action="store_true", help="60,000 slides, for CI")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        kind, n, repeats = options.child
        print(json.dumps(CHILDREN[kind](int(n), int(repeats))))
        return 0
    sizes = (60_000,) if options.short else (200_000, 2_000_000)
    figures: list[Figure] = []
    print(HEADER, flush=True)
    for n in sizes:
        for kind, repeats in (("function", 1), ("warehouse", 1), ("warehouse", REPEATS)):
            for figure in _figures(kind, n, repeats):
                figures.append(figure)
                print(line(figure), flush=True)
    print(
        f"{sum(not f.holds for f in figures)} of {len(figures)} limits missed; {write(figures, 'grouping.jsonl')}"
    )
    return 0


def _figures(kind: str, n: int, repeats: int) -> list[Figure]:
    """Measure in a process of its own, so that its peak is its own."""
    command = [sys.executable, "-m", "benchmarks.grouping", "--child", kind, str(n), str(repeats)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    got = json.loads(said.splitlines()[-1])
    name = f"{kind} {n:,}{' repeated' if repeats > 1 else ''}"
    limit = SECONDS.get(n, SECONDS[200_000])
    made = [
        at_most(f"{name}: time", got["wall"], "s", limit, f"{got['cpu']:.1f} s of CPU"),
        at_most(f"{name}: peak memory", got["peak"] / 1e9, "GB", GB),
    ]
    if kind == "warehouse":
        made.append(
            at_most(f"{name}: {NEW} new", got["new_wall"], "s", FEW_SECONDS, f"{got['new_cpu']:.1f} s of CPU")
        )
        return made
    all_pairs = got["brute_cpu"] * (n / BRUTE) ** 2
    made.append(against(f"{name}: CPU", got["cpu"], "all pairs, from 20,000", all_pairs, 0.1))
    made.append(at_most(f"{name}: pairs that fail", got["wrong"], "", 0, f"of {got['pairs']:,} reported"))
    for sample, (recall, precision, pairs) in got["judged"].items():
        by = f"of {pairs:,} pairs by hand; of the pairs found {precision:.4f} are by hand too"
        made.append(
            Figure(
                f"{name}: recall, {sample}", round(recall, 5), "", by, None, f">= {RECALL}", recall >= RECALL
            )
        )
    recall, precision = got["truth"]
    by = f"of pairs as drawn {recall:.4f} are found: the rule itself, unread slides of templates among them"
    made.append(Figure(f"{name}: precision", round(precision, 5), "", by, None, ">= 0.98", precision >= 0.98))
    return made


def function(n: int, repeats: int) -> dict[str, object]:
    """Group pictures that are all new, in memory."""
    del repeats
    slides = drawn(n)
    pictures = pictures_of(slides)
    found: dict[str, np.ndarray] = {}

    def work() -> None:
        i, j = same_pairs(pictures)
        graph = coo_array((np.ones(i.size, bool), (i, j)), shape=(n, n))
        found["i"], found["j"] = i, j
        found["groups"] = connected_components(graph, directed=False)[1].astype(np.int64)
        image_ids(found["groups"], pictures)

    time_taken, most = took(work), peak()
    judge = Judge(pictures)
    groups = found["groups"]
    judged, brute_cpu = {}, 0.0
    own = np.where(slides.template < 0, slides.image, -1)
    for name, key in (("own pictures", own), ("templates", slides.template)):
        rows = sample_of(key, slides.image)
        by_hand: dict[str, np.ndarray] = {}
        taken = took(lambda rows=rows, by_hand=by_hand: by_hand.update(image=judge.by_hand(rows)))
        brute_cpu = max(brute_cpu, taken.cpu)
        both, ours, theirs = _pairs(groups[rows], by_hand["image"])
        judged[name] = (both / theirs, both / ours, theirs)
    both, ours, theirs = _pairs(groups, slides.image)
    return {
        "wall": time_taken.wall, "cpu": time_taken.cpu, "peak": most, "brute_cpu": brute_cpu, "judged": judged,
        "pairs": int((found["i"] != found["j"]).sum()), "wrong": judge.wrong(found["i"], found["j"]),
        "truth": (both / theirs, both / ours),
    }  # fmt: skip


def warehouse(n: int, repeats: int) -> dict[str, object]:
    """The mart `slide_images`: in full, then with a thousand new slides."""
    with tempfile.TemporaryDirectory() as name:
        settings = load_settings(Path(name))
        con = open_writer(Path(name) / "slides.duckdb", settings)
        migrate(con)
        con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
        put(con, drawn(n + NEW, repeats=repeats).read, n)
        con.execute("CHECKPOINT")
        full = took(lambda: refreshed(con))
        con.execute("INSERT INTO slides BY NAME FROM later")
        con.execute(f"INSERT INTO touched SELECT '{images.TOUCHED}', post_id FROM later")
        con.execute("INSERT INTO posts (post_id, platform, posted_at) SELECT DISTINCT post_id, 'tiktok', "
                    "TIMESTAMP '2026-01-01' FROM later")  # fmt: skip
        few = took(lambda: refreshed(con))
        row = con.execute("SELECT count(*), count(image_id) FROM slide_images").fetchone()
        assert row == (n + NEW, n + NEW), row
        con.close()
    return {"wall": full.wall, "cpu": full.cpu, "new_wall": few.wall, "new_cpu": few.cpu, "peak": peak()}


CHILDREN: dict[str, Callable[[int, int], dict[str, object]]] = {"function": function, "warehouse": warehouse}


def refreshed(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("BEGIN")
    images.refresh(con)
    con.execute("COMMIT")
    con.execute("DELETE FROM touched")


def put(con: duckdb.DuckDBPyConnection, read: pa.Table, n: int) -> None:
    """`n` slides in posts of five, and the others in table `later`."""
    con.register("read", read.append_column("place", pa.array(np.arange(read.num_rows))))
    rows = (
        "SELECT 'p' || (place // 5)::VARCHAR AS post_id, place % 5 + 1 AS slide_index, sha256, phash, "
        "text AS ocr_text, 0.9 AS ocr_confidence FROM read WHERE place"
    )
    con.execute(f"INSERT INTO slides BY NAME {rows} < {n}")
    con.execute(f"CREATE TEMP TABLE later AS {rows} >= {n}")
    con.execute(
        "INSERT INTO posts (post_id, platform, posted_at) SELECT post_id, 'tiktok', "
        "TIMESTAMP '2025-01-01' + to_hours((hash(post_id) % 8000)::INTEGER) FROM (SELECT DISTINCT post_id FROM slides)"
    )
    con.unregister("read")


def pictures_of(slides: Slides) -> pa.Table:
    """Slides as the table that `image_groups` takes."""
    n = slides.read.num_rows
    said = [normalized(t) or None if t else None for t in slides.read["text"].to_pylist()]
    nothing = pa.nulls(n, pa.string())
    return pa.table(
        {
            "picture_id": np.char.add("picture:", np.arange(n).astype("U16")),
            "sha256": slides.read["sha256"].combine_chunks(),
            "phash": slides.read["phash"].combine_chunks(),
            "text": pa.array(said, pa.string()),
            "slide_url": nothing,
            "image_id": nothing,
            "is_new": pa.array(np.ones(n, bool)),
        }
    )


def sample_of(key: np.ndarray, image: np.ndarray) -> np.ndarray:
    """20,000 slides or a few more: whole images, those of the first keys as a seed has them."""
    kinds = np.unique(key[key >= 0])
    rank = np.full(int(kinds.max()) + 2, kinds.size)
    rank[np.random.default_rng(2).permutation(kinds)] = np.arange(kinds.size)
    chosen = np.argsort(rank[key], kind="stable")[:SAMPLE]
    return np.flatnonzero(np.isin(image, image[chosen]))


class Judge:
    """The rule of metrics.md, applied to all pairs without any of what it is to judge."""

    def __init__(self, pictures: pa.Table) -> None:
        self.phash = pictures["phash"].to_numpy().view(np.uint64)
        self.text = np.array(pictures["text"].to_pylist(), object)
        self.file = np.unique(
            pictures["sha256"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True
        )[1]
        self.read = np.array([t is not None for t in self.text], bool)

    def by_hand(self, rows: np.ndarray) -> np.ndarray:
        """The image of each of these slides."""
        n, phash, read, text = rows.size, self.phash[rows], self.read[rows], self.text[rows]
        near_i, near_j = [], []
        for a in range(0, n, 200):
            i, j = np.nonzero(np.bitwise_count(phash[a : a + 200, None] ^ phash[None, :]) <= SAME_TEXT_BITS)
            near_i.append(i[i + a < j] + a)
            near_j.append(j[i + a < j])
        i, j = np.concatenate(near_i), np.concatenate(near_j)
        bits = np.bitwise_count(phash[i] ^ phash[j])
        both = read[i] & read[j]
        same = both.copy()
        same[both] = agree(text[i[both]].tolist(), text[j[both]].tolist())
        first = np.unique(self.file[rows], return_index=True, return_inverse=True)
        files = (np.arange(n), first[1][first[2]])
        image = _joined(n, np.r_[i[same], files[0]], np.r_[j[same], files[1]])
        bearing = np.isin(image, image[read])
        blind = (bits <= NO_TEXT_BITS) & ~(bearing[i] & bearing[j])
        loose = blind & ~bearing[i] & ~bearing[j]
        image = _joined(n, np.r_[image_edges(image)[0], i[loose]], np.r_[image_edges(image)[1], j[loose]])
        one = np.where(bearing[i], j, i)[blind & ~loose]
        other = np.where(bearing[i], i, j)[blind & ~loose]
        pairs = np.unique(np.stack([image[one], image[other]]), axis=1)
        who, how_many = np.unique(pairs[0], return_counts=True)
        sure = np.isin(image[one], who[how_many == 1])
        held = image_edges(image)
        return _joined(n, np.r_[held[0], one[sure]], np.r_[held[1], other[sure]])

    def wrong(self, i: np.ndarray, j: np.ndarray) -> int:
        """How many of these pairs are not within the rule's limits."""
        bits = np.bitwise_count(self.phash[i] ^ self.phash[j])
        right = (i == j) | (self.file[i] == self.file[j])
        right |= (bits <= NO_TEXT_BITS) & ~(self.read[i] & self.read[j])
        asked = np.flatnonzero(~right & self.read[i] & self.read[j] & (bits <= SAME_TEXT_BITS))
        right[asked] = agree(self.text[i[asked]].tolist(), self.text[j[asked]].tolist())
        return int((~right).sum())


def image_edges(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each slide with the first of its image."""
    _, first, back = np.unique(image, return_index=True, return_inverse=True)
    return np.arange(image.size), first[back]


def _joined(n: int, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    graph = coo_array((np.ones(i.size, bool), (i, j)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _pairs(ours: np.ndarray, theirs: np.ndarray) -> tuple[int, int, int]:
    """Pairs of one group in both, in ours, in theirs."""

    def pairs(key: np.ndarray) -> int:
        counts = np.unique(key, return_counts=True)[1].astype(np.int64)
        return int((counts * (counts - 1) // 2).sum())

    return pairs(ours * (theirs.max() + 1) + theirs), pairs(ours), pairs(theirs)


if __name__ == "__main__":
    sys.exit(main())
