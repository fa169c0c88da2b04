"""Level 2 by name."""

from __future__ import annotations

import ibis

from ...metrics import accounts
from ...metrics.account_review import account_review
from ...metrics.curves import FINAL_HOURS
from ...metrics.periods import reached
from .metric import Asked, Metric


def _review(a: Asked) -> ibis.Table:
    return account_review(
        a.tables("post_performance"),
        a.tables("accounts"),
        a.tables("account_snapshots"),
        a.period,
        horizon=a.horizon,
    )


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

METRICS = (
    Metric(
        "account_daily",
        "Accounts day by day: posts, followers, followers gained.",
        lambda a: a.tables("account_daily").filter(
            lambda t: t.day_on.between(a.period.from_on, a.period.to_on)
        ),
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
        lambda a: accounts.account_results(a.mature, horizon=a.horizon),
        ("account_id",),
    ),
    Metric(
        "kpi_score",
        "The score of each account in its five parts.",
        lambda a: _review(a).select(*_SCORE_COLUMNS),
        ("account_id",),
    ),
    Metric(
        "follower_growth",
        "Followers at both ends of the period.",
        lambda a: accounts.follower_growth(a.tables("account_snapshots"), a.period),
        ("account_id",),
    ),
    Metric(
        "viral_rate",
        "Share of posts that went viral, of those that reached 720 h in the period.",
        lambda a: accounts.viral_rate(reached(a.tables("post_performance"), a.period, FINAL_HOURS)),
        ("account_id",),
    ),
    Metric(
        "size_effect",
        "Whether larger accounts get more views.",
        lambda a: accounts.size_effect(a.mature, horizon=a.horizon),
        ("platform",),
    ),
    Metric(
        "posting_hours",
        "How posts do by local weekday and hour of posting.",
        lambda a: accounts.posting_hours(a.mature, horizon=a.horizon),
        ("weekday", "local_hour"),
    ),
)
