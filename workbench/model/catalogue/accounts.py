"""Level 2 by name."""

from __future__ import annotations

import ibis
import pandas as pd

from ...metrics import accounts
from ...metrics.account_review import account_review
from ...metrics.curves import FINAL_HOURS
from ...metrics.periods import reached
from ...metrics.usual_views import usual_views
from ..frames import executed
from ..usual_change import usual_change
from ..wilson import with_rate_intervals
from .metric import Asked, Metric


def _review(a: Asked) -> ibis.Table:
    return account_review(
        a.tables("post_performance"),
        a.tables("accounts"),
        a.tables("account_snapshots"),
        a.period,
        horizon=a.horizon,
    )


def _usual(a: Asked) -> ibis.Table:
    return usual_views(
        a.tables("post_performance"), a.period, horizon=a.horizon, floor=float(a.settings.floor_views)
    )


def _rates(a: Asked) -> ibis.Table:
    results = accounts.account_results(a.mature, horizon=a.horizon)
    final = accounts.viral_rate(reached(a.tables("post_performance"), a.period, FINAL_HOURS))
    both = results.outer_join(final, "account_id")
    return both.select(
        "n_outliers",
        "breakout_rate",
        "n_final_posts",
        "viral_rate",
        account_id=ibis.coalesce(both.account_id, both.account_id_right),
    )


_RATE_COLUMNS = (
    "account_id", "n_outliers", "breakout_rate", "breakout_rate_low", "breakout_rate_high", "n_final_posts",
    "viral_rate", "viral_rate_low", "viral_rate_high",
)  # fmt: skip


def _rates_finished(a: Asked) -> pd.DataFrame:
    return with_rate_intervals(executed(_rates(a).order_by("account_id")))[list(_RATE_COLUMNS)]


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
    Metric(
        "views_per_follower",
        "Median views of each account's posts by the followers at posting.",
        lambda a: accounts.account_results(a.mature, horizon=a.horizon).select(
            "account_id", "n_mature_posts", "median_views", "views_per_follower"
        ),
        ("account_id",),
    ),
    Metric(
        "growth_over_six_months",
        "Followers of each account at both ends of 26 weeks.",
        lambda a: accounts.follower_growth(a.tables("account_snapshots"), a.period),
        ("account_id",),
        days=182,
    ),
    Metric(
        "account_rates",
        "Breakout and viral rate of each account with their 90 % intervals.",
        _rates,
        ("account_id",),
        finish=_rates_finished,
    ),
    Metric(
        "usual_change",
        "Each account's usual views now against the same days 26 weeks earlier, with a 90 % interval.",
        _usual,
        ("account_id",),
        days=84,
        finish=lambda a: usual_change(executed(_usual(a).order_by("account_id"))),
    ),
)
