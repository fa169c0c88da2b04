"""Metrics by name, for the command line and for notebooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis

from . import accounts
from .account_review import account_review, compared_hours
from .curves import FINAL_HOURS
from .periods import Period, reached

Tables = Callable[[str], ibis.Table]
"""Name of a table or mart -> its expression."""


@dataclass(frozen=True)
class Metric:
    """A named question."""

    name: str
    sentence: str
    ask: Callable[[Tables, Period, str], ibis.Table]
    """(tables, period, horizon `120` or `settled`) -> the answer."""
    order: tuple[str, ...]
    """Columns that the answer is sorted by, so that two runs print the same."""


def _review(tables: Tables, period: Period, horizon: str) -> ibis.Table:
    return account_review(
        tables("post_performance"), tables("accounts"), tables("account_snapshots"), period, horizon=horizon
    )


def _mature(tables: Tables, period: Period, horizon: str) -> ibis.Table:
    return reached(tables("post_performance"), period, compared_hours(horizon))


_SCORE_COLUMNS = (
    "account_id",
    "platform",
    "n_mature_posts",
    "kpi_score",
    *(f"{part}_part" for part in accounts.WEIGHTS),
    "missing_parts",
    "peer_band",
    "n_peers",
)

METRICS: dict[str, Metric] = {
    m.name: m
    for m in [
        Metric(
            "post_performance",
            "Posts that reached the compared age in the period: counts at the same age, outliers, pace.",
            _mature,
            ("posted_at", "post_id"),
        ),
        Metric(
            "account_daily",
            "Accounts day by day: posts, followers, followers gained.",
            lambda t, p, _h: t("account_daily").filter(t("account_daily").day_on.between(p.from_on, p.to_on)),
            ("day_on", "account_id"),
        ),
        Metric(
            "account_review",
            "Every account: results, growth, rhythm, score in parts.",
            _review,
            ("account_id",),
        ),
        Metric(
            "account_results",
            "What each account's posts did at the same age.",
            lambda t, p, h: accounts.account_results(_mature(t, p, h), horizon=h),
            ("account_id",),
        ),
        Metric(
            "kpi_score",
            "The score of each account in its five parts.",
            lambda t, p, h: _review(t, p, h).select(*_SCORE_COLUMNS),
            ("account_id",),
        ),
        Metric(
            "follower_growth",
            "Followers at both ends of the period.",
            lambda t, p, _h: accounts.follower_growth(t("account_snapshots"), p),
            ("account_id",),
        ),
        Metric(
            "viral_rate",
            "Share of posts that went viral, of those that reached 720 h in the period.",
            lambda t, p, _h: accounts.viral_rate(reached(t("post_performance"), p, FINAL_HOURS)),
            ("account_id",),
        ),
        Metric(
            "size_effect",
            "Whether larger accounts get more views.",
            lambda t, p, h: accounts.size_effect(_mature(t, p, h), horizon=h),
            ("platform",),
        ),
        Metric(
            "posting_hours",
            "How posts do by local weekday and hour of posting.",
            lambda t, p, h: accounts.posting_hours(_mature(t, p, h), horizon=h),
            ("weekday", "local_hour"),
        ),
    ]
}
