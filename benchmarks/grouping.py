"""`python -m benchmarks.grouping [--short]`: are slides grouped right, and how long does it take?

Slides are drawn (see `grouping_slides`) and grouped by the function alone, by a warehouse in full, and a thousand new
ones against those it knows. Groups are judged by samples of 20,000 slides whose pairs are all compared: of whole
images, of images with a picture of their own, of whole templates; an unread slide also with all slides outside, for
what is near it decides. Each measurement runs in a process of its own; times are of the processor and of the clock,
which differ on a machine that is busy. Prints a table and writes out/grouping.jsonl.
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

from .figures import HEADER, Figure, at_most, line, write
from .grouping_slides import Slides, drawn
from .peak_memory import peak

SAMPLE, NEW = 20_000, 1_000
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
    parser.add_argument("--slides", type=int, help="so many slides, in place of 200,000 and 2,000,000")
    parser.add_argument("--only", choices=sorted(CHILDREN), help="the function or the warehouse alone")
    parser.add_argument("--seed", type=int, default=1, help="of the slides that the function groups")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        kind, n, number = options.child
        print(json.dumps(CHILDREN[kind](int(n), int(number))))
        return 0
    sizes = (60_000,) if options.short else (options.slides,) if options.slides else (200_000, 2_000_000)
    figures: list[Figure] = []
    print(HEADER, flush=True)
    for n in sizes:
        for kind, number in (("function", options.seed), ("warehouse", 1), ("warehouse", REPEATS)):
            for figure in _figures(kind, n, number) if options.only in (None, kind) else ():
                figures.append(figure)
                print(line(figure), flush=True)
    print(
        f"{sum(not f.holds for f in figures)} of {len(figures)} limits missed; {write(figures, 'grouping.jsonl')}"
    )
    return 0


def _figures(kind: str, n: int, number: int) -> list[Figure]:
    """Measure in a process of its own, so that its peak is its own; `number`: the function's seed, or repeats."""
    command = [sys.executable, "-m", "benchmarks.grouping", "--child", kind, str(n), str(number)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    got = json.loads(said.splitlines()[-1])
    name = f"{kind} {n:,}{' repeated' if kind == 'warehouse' and number > 1 else ''}"
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
    made.append(at_most(f"{name}: pairs that fail", got["wrong"], "", 0, f"of {got['pairs']:,} reported"))
    for sample, (recall, precision, pairs) in got["judged"].items():
        by = f"of {pairs:,} pairs by hand; of the pairs found {precision:.4f} are by hand too"
        made.append(
            Figure(
                f"{name}: recall, {sample}", round(recall, 5), "", by, None, f">= {RECALL}", recall >= RECALL
            )
        )
    recall, precision = got["truth"]
    by = f"of pairs as drawn {recall:.4f} are found: the others are of slides unread or much misread"
    made.append(Figure(f"{name}: precision", round(precision, 5), "", by, None, ">= 0.98", precision >= 0.98))
    return made


def function(n: int, seed: int) -> dict[str, object]:
    """Group pictures that are all new, in memory."""
    slides = drawn(n, seed=seed)
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
    judged = {}
    own = np.where(slides.template < 0, slides.image, -1)
    for name, key in (("any images", slides.image), ("own pictures", own), ("templates", slides.template)):
        rows = sample_of(key, slides.image)
        both, ours, theirs = _pairs(groups[rows], judge.by_hand(rows, groups))
        judged[name] = (both / theirs, both / ours, theirs)
    both, ours, theirs = _pairs(groups, slides.image)
    return {
        "wall": time_taken.wall, "cpu": time_taken.cpu, "peak": most, "judged": judged,
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

    def by_hand(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """The image of each of these slides; those outside that are near an unread one are as `groups` has them."""
        n, phash, read, text = rows.size, self.phash[rows], self.read[rows], self.text[rows]
        i, j = _near(phash, phash, SAME_TEXT_BITS)
        i, j = i[i < j], j[i < j]
        both = read[i] & read[j]
        i, j = i[both], j[both]
        same = agree(text[i].tolist(), text[j].tolist())
        _, first, back = np.unique(self.file[rows], return_index=True, return_inverse=True)
        image = _joined(n, np.r_[i[same], np.arange(n)], np.r_[j[same], first[back]])
        loose = np.flatnonzero(~np.isin(image, image[read]))
        # Images with a text near each: of the sample as they are here, of the others as they were found.
        whole = np.full(self.read.size, -1)
        whole[rows] = image
        told = np.isin(groups, groups[self.read])
        told[rows] = ~np.isin(np.arange(n), loose)
        named = np.where(whole >= 0, whole, groups + n)
        columns = np.flatnonzero(told)
        i, j = _near(phash[loose], self.phash[columns], NO_TEXT_BITS)
        near = np.unique(np.stack([image[loose[i]], named[columns[j]]]), axis=1)
        who, how_many = np.unique(near[0], return_counts=True)
        free = loose[~np.isin(image[loose], who[how_many > 1])]
        i, j = _near(phash[free], phash[free], NO_TEXT_BITS)
        held = image_edges(image)
        joined = _joined(n, np.r_[held[0], free[i]], np.r_[held[1], free[j]])
        # Near one image: those whose near images are one, as far as they are in the sample.
        beside = dict(zip(image.tolist(), joined.tolist(), strict=True))
        pairs = np.unique([[beside[k] for k in near[0].tolist()], near[1].tolist()], axis=1)
        who, how_many = np.unique(pairs[0], return_counts=True)
        sure = np.isin(pairs[0], who[how_many == 1]) & (pairs[1] < n)
        held, place = image_edges(joined), np.full(n, -1)
        place[joined], of_image = np.arange(n), np.full(n, -1)
        of_image[image] = np.arange(n)
        one, other = place[pairs[0][sure].astype(int)], of_image[pairs[1][sure].astype(int)]
        return _joined(n, np.r_[held[0], one], np.r_[held[1], other])

    def wrong(self, i: np.ndarray, j: np.ndarray) -> int:
        """How many of these pairs are not within the rule's limits."""
        bits = np.bitwise_count(self.phash[i] ^ self.phash[j])
        right = (i == j) | (self.file[i] == self.file[j])
        right |= (bits <= NO_TEXT_BITS) & ~(self.read[i] & self.read[j])
        asked = np.flatnonzero(~right & self.read[i] & self.read[j] & (bits <= SAME_TEXT_BITS))
        right[asked] = agree(self.text[i[asked]].tolist(), self.text[j[asked]].tolist())
        return int((~right).sum())


def _near(rows: np.ndarray, columns: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of a row and a column within `bits` bits."""
    high = max(1, 4_000_000 // max(1, columns.size))
    found = [
        np.nonzero(np.bitwise_count(rows[a : a + high, None] ^ columns[None, :]) <= bits)
        for a in range(0, rows.size, high)
    ]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return (
        np.concatenate([i + a for (i, _), a in zip(found, range(0, rows.size, high), strict=True)]),
        np.concatenate([j for _, j in found]),
    )


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
