"""A week of an agency's life in a process of its own: files come in, rows are recorded, all is loaded, a week ends.

    python long_run.py HOME FIRST_DAY DAYS STEP NOW   one line of JSON for each load and for the retention

The same week run again (because the process was killed) brings the same rows.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

N_ACCOUNTS = 30
FOLLOWED_DAYS = 14
"""For how long a post's counts are taken."""


def account(n: int) -> str:
    return f"tiktok:account{n:02}"


def posts_of(day: date) -> list[str]:
    return [f"tiktok:{day:%Y%m%d}{n:02}" for n in range(N_ACCOUNTS)]


def at(day: date, hour: int) -> str:
    return f"{day} {hour:02}:00:00"


def files_of(day: date, first: date, folder: Path, step: int) -> None:
    """A day's exports: its posts with their slides, and counts of the posts of the last two weeks."""
    posts, slides, counts = [], [], []
    for n, post in enumerate(posts_of(day)):
        posts.append(
            {
                "post_id": post,
                "account_id": account(n),
                "posted_at": at(day, 9 + n % 9),
                "post_type": "slideshow",
                "caption": f"slide {n} of {day}",
                "slide_count": 3,
            }
        )
        slides += [
            {"post_id": post, "slide_index": i, "ocr_text": f"said {i} by {(n * 7 + day.toordinal()) % 400}"}
            for i in range(1, 4)
        ]
    for age in range(0, FOLLOWED_DAYS, step):
        born = day - timedelta(days=age)
        if born >= first:
            for n, post in enumerate(posts_of(born)):
                views = (age + 1) * (100 + n * 13 + born.day)
                counts.append(
                    {"post_id": post, "captured_at": at(day, 22), "views": views, "likes": views // 10}
                )
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("posts", posts), ("slides", slides), ("post_snapshots", counts)):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, rows[0])
            writer.writeheader()
            writer.writerows(rows)


def expected(first: date, days: int, step: int) -> dict[str, int]:
    """Table -> rows that all of it makes."""
    n_days = len(range(0, days, step))
    ages = sum(min(-(-FOLLOWED_DAYS // step), d + 1) for d in range(n_days))
    posts = n_days * N_ACCOUNTS
    return {
        "posts": posts,
        "slides": posts * 3,
        "post_snapshots": ages * N_ACCOUNTS,
        "account_snapshots": posts,
    }


def recorded(day: date, home: Path) -> None:
    """What other programs note: followers, events with addresses, raw answers."""
    from workbench import record

    accounts = range(N_ACCOUNTS)
    record.rows(
        "account_snapshots",
        [
            {
                "account_id": account(n),
                "captured_at": at(day, 21),
                "followers": 1000 + n + day.toordinal() % 500,
            }
            for n in accounts
        ],
        home=home,
    )
    record.rows(
        "app_events",
        [
            {
                "event_id": f"{day}-{n}",
                "event_name": "opened",
                "occurred_at": at(day, 20),
                "ip_hash": f"{day.toordinal() * 31 + n:064x}",
            }
            for n in accounts
        ],
        home=home,
    )
    record.rows(
        "raw_payloads",
        [
            {
                "payload_id": f"{day}-{n}",
                "payload": f'{{"of": "{day}", "n": {n}}}' * 20,
                "fetched_at": at(day, 22),
            }
            for n in accounts
        ],
        home=home,
    )


def tell(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def handles() -> int:
    return len(os.listdir("/proc/self/fd"))


def cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def live(home: Path, first: date, begin: date, days: int, step: int, now: datetime) -> None:
    from workbench.safekeeping.retain import retain
    from workbench.settings import load_settings
    from workbench.sources.importing import import_paths
    from workbench.warehouse.load import load

    settings = load_settings(home)
    told: dict[str, Any] = {}
    for offset in range(0, days, step):
        day = begin + timedelta(days=offset)
        folder = home.parent / "exports" / str(day)
        files_of(day, first, folder, step)
        recorded(day, home)
        before = cpu()
        import_paths([folder], settings)
        outcome = load(settings)
        assert not outcome.failed, outcome.failed
        tell({"load": cpu() - before, "day": str(day), "handles": handles()})
    before, began = cpu(), time.monotonic()
    done = retain(settings, now=now)
    told = {"retain": cpu() - before, "wall": time.monotonic() - began, "moved": sum(done.moved.values())}
    told |= {"ip_hashes": done.ip_hashes, "handles": handles()}
    told["memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tell(told)


if __name__ == "__main__":
    where, first_day, begins, n, every = sys.argv[1:6]
    start = date.fromisoformat(begins)
    present = datetime.combine(start + timedelta(days=int(n)), datetime.min.time())
    live(Path(where), date.fromisoformat(first_day), start, int(n), int(every), present)
