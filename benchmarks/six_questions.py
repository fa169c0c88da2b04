"""Six questions that the old scripts asked, of the warehouse and of SQLite with the old schema and its indexes.

The answers are compared first; then each question is timed in turns, from the expression to the rows.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import ibis
from ibis import _

from workbench.model.frames import executed
from workbench.warehouse.reader import Workbench

from .agreement import Disagreement, same
from .figures import Figure, seconds
from .old_database import QUESTIONS, asked, old_database

FASTER = 10.0


def va_performance(wb: Workbench) -> ibis.Table:
    posts = wb.table("post_performance").filter(_.views.notnull() & _.va_id.notnull())
    found = posts.group_by("va_id").agg(
        n=_.count(),
        views=_.views.sum(),
        mean=_.views.mean(),
        most=_.views.max(),
        viral=(_.views >= 10_000).sum(),
    )
    return found.order_by("va_id")


def top_slides(wb: Workbench) -> ibis.Table:
    posts = wb.table("post_performance").filter(_.views.notnull()).select("post_id", "views")
    uses = wb.table("slides").select("sha256", "post_id").distinct().join(posts, "post_id")
    best = uses.group_by("sha256").agg(n=_.count(), mean=_.views.mean()).filter(_.n >= 5)
    return best.order_by([ibis.desc("mean"), "sha256"]).limit(50)


def repost_pairs(wb: Workbench) -> ibis.Table:
    uses = wb.table("slides").select("sha256", "post_id").distinct()
    other = uses.view()
    pairs = uses.join(other, [uses.sha256 == other.sha256, uses.post_id < other.post_id]).select(
        a=uses.post_id, b=other.post_id
    )
    return pairs.group_by("a", "b").agg(n=_.count()).filter(_.n >= 2).order_by(["a", "b"])


def over_10k_at_48h(wb: Workbench) -> ibis.Table:
    return wb.table("post_performance").agg(n=(_.views_at_48 > 10_000).sum())


def growth_per_post(wb: Workbench) -> ibis.Table:
    posts = wb.table("post_performance").filter(
        _.views.notnull() & (_.posted_at_precision != "day") & (_.last_captured_at >= _.posted_at)
    )
    return posts.select("post_id", *(f"views_at_{h}" for h in (24, 48, 72, 96, 120))).order_by("post_id")


def daily_summary(wb: Workbench) -> ibis.Table:
    posts = wb.table("post_performance").filter(_.views.notnull() & _.posted_local_on.notnull())
    found = posts.group_by("posted_local_on").agg(n=_.count(), views=_.views.sum(), mean=_.views.mean())
    return found.mutate(posted_local_on=_.posted_local_on.strftime("%Y-%m-%d")).order_by("posted_local_on")


OURS: dict[str, Callable[[Workbench], ibis.Table]] = {
    f.__name__: f
    for f in (va_performance, top_slides, repost_pairs, over_10k_at_48h, growth_per_post, daily_summary)
}


def measure(wb: Workbench, size: str, rounds: int) -> list[Figure]:
    """How many times faster each question is answered, and the geometric mean. Raises Disagreement."""
    figures, ratios = [], []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "old.db"
        old_database(wb.backend.con, file)
        for name, query in QUESTIONS.items():
            _compare(wb, file, name)
            times: tuple[list[float], list[float]] = ([], [])
            for _round in range(rounds):
                times[0].append(seconds(lambda ask=OURS[name]: executed(ask(wb))))
                if _round < 3:
                    times[1].append(seconds(lambda query=query: asked(file, query)))
            ours, old = (statistics.median(t) for t in times)
            ratios.append(old / ours)
            figures.append(
                Figure(
                    f"old_{name}_{size}", round(1000 * ours, 2), "ms", f"SQLite, old schema: {1000 * old:.0f} ms",
                    round(old / ours, 2), "", True,
                )
            )  # fmt: skip
    mean = math.exp(statistics.fmean(math.log(r) for r in ratios))
    figures.append(
        Figure(
            f"questions_vs_sqlite_{size}", round(mean, 2), "x", "geometric mean of the six", round(mean, 2),
            f"ratio >= {FASTER:g}", mean >= FASTER,
        )
    )  # fmt: skip
    return figures


def _compare(wb: Workbench, file: Path, name: str) -> None:
    """Raise Disagreement where the two give different answers; ids are numbers there and texts here."""
    ours = [tuple(row) for row in executed(OURS[name](wb)).itertuples(index=False)]
    theirs = asked(file, QUESTIONS[name])
    if len(ours) != len(theirs):
        raise Disagreement(f"{name}: {len(ours)} rows, by SQLite {len(theirs)}")
    skip = 2 if name == "repost_pairs" else 0
    for a, b in zip(ours, theirs, strict=True):
        if not all(same(x, y) for x, y in zip(a[skip:], b[skip:], strict=True)):
            raise Disagreement(f"{name}: {a}, by SQLite {b}")
