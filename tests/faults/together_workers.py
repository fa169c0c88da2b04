"""What loaders, recorders and readers do side by side, each in a process of its own."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from workbench import record
from workbench.errors import WorkbenchError
from workbench.settings import load_settings
from workbench.warehouse.load import load
from workbench.warehouse.reader import Workbench

CALLS = 10
"""Rows of one call of a recorder's: some calls write one row, some many."""


def loader(home: Path, until: Path, lock_seconds: float, keep: int) -> dict[str, object]:
    """Load again and again until the file `until` is there; a wait that ends without a turn says who held it."""
    settings = load_settings(home, lock_seconds=lock_seconds, keep_versions=keep)
    took: list[float] = []
    late, strange = [], []
    published = rows = 0
    while True:
        last = until.exists()
        started = time.monotonic()
        try:
            outcome = load(settings, what="a loader of the test")
        except WorkbenchError as e:
            (late if "is being loaded by process" in str(e) else strange).append(str(e))
        except Exception as e:
            strange.append(repr(e))
        else:
            took.append(time.monotonic() - started)
            published += outcome.published
            rows += outcome.total("accepted")
            strange += [b.error or "" for b in outcome.failed]
        if last:
            return {
                "took": took,
                "late": late,
                "strange": strange,
                "published": published,
                "rows": rows,
            }
        time.sleep(0.01)


def recorder(home: Path, who: str, n: int, threads: int) -> dict[str, object]:
    """Record n posts in so many threads; a post's id is written down once its call has returned."""
    kept: list[list[str]] = [[] for _ in range(threads)]
    strange: list[str] = []

    def work(thread: int) -> None:
        ids = [f"tiktok:{who}{thread}x{i}" for i in range(n // threads)]
        place = 0
        while place < len(ids):
            some = ids[place : place + (1 if place % (2 * CALLS) else CALLS)]
            place += len(some)
            try:
                record.posts(
                    [{"post_id": i, "account_id": f"tiktok:{who}", "posted_at": "2025-09-01"} for i in some],
                    home=home,
                )
            except Exception as e:
                strange.append(repr(e))
            else:
                kept[thread] += some

    started = time.monotonic()
    working = [threading.Thread(target=work, args=(t,)) for t in range(threads)]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    took = time.monotonic() - started
    return {"acknowledged": [i for ids in kept for i in ids], "seconds": took, "strange": strange}


def reader(home: Path, until: Path, kind: str) -> dict[str, object]:
    """Read again and again; every version has to agree with itself and be no older than the one before."""
    strange: list[str] = []
    reads, newest, longest = 0, 0, 0.0
    wb = Workbench(load_settings(home)) if kind == "stays" else None
    stays = _looked(wb) if wb else None
    while not until.exists():
        started = time.monotonic()
        try:
            if wb:
                seen = _looked(wb)  # its version may be pruned by now
                assert seen == stays, (seen, stays)
            elif kind == "kept":
                with Workbench(load_settings(home)) as open_one:
                    for _ in range(3):
                        seen = _looked(open_one)
                        open_one.refresh()
            else:
                with Workbench(load_settings(home)) as open_one:
                    seen = _looked(open_one)
            version, posts, marts, _ = seen
            assert version >= newest, (version, newest)
            assert posts == marts, seen
            newest = max(version, newest)
            reads += 1
        except Exception as e:
            strange.append(repr(e))
        longest = max(longest, time.monotonic() - started)
    if wb:
        wb.close()
    return {"reads": reads, "strange": strange, "newest": newest, "longest": longest}


def _looked(wb: Workbench) -> tuple[int, int, int, int]:
    row = (
        wb.sql(
            "SELECT (SELECT count(*) FROM posts) AS p, (SELECT count(*) FROM post_performance) AS m, "
            "(SELECT count(*) FROM batches WHERE status = 'completed') AS b"
        )
        .execute()
        .iloc[0]
    )
    return wb.version, int(row.p), int(row.m), int(row.b)


if __name__ == "__main__":
    role, home, *rest = sys.argv[1:]
    if role == "loader":
        said = loader(Path(home), Path(rest[0]), float(rest[1]), int(rest[2]))
    elif role == "recorder":
        said = recorder(Path(home), rest[0], int(rest[1]), int(rest[2]))
    else:
        said = reader(Path(home), Path(rest[0]), rest[1])
    sys.stdout.write(json.dumps(said))
