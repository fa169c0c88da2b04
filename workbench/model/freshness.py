"""How fresh and how whole the data of a version are: newest captures, accounts looked at, what is late."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import pandas as pd
from ibis import _

from .frames import executed

CAPTURES = ("post_snapshots", "account_snapshots", "sound_snapshots", "hashtag_snapshots")
"""The tables of facts that somebody has to go and look for."""
COVERED_DAYS = 7
MISSED_LOOKS = 2.0
"""An account is late when its newest look is older than this many of its intervals: a whole one was missed."""
MET_PERCENT = 95
FEATURES_MET_PERCENT = 90
SCOPES = ("account_id", "platform", "client", "creator_id", "va_id")


def newest_captures(tables: Callable[[str], ibis.Table]) -> ibis.Table:
    """The newest instant at which anything of each kind was looked at.

    Grain out: table_name, of `CAPTURES`; newest_at [NULL where it has no row]. Source: issue 5 (fresh or labelled).
    """
    each = [
        tables(name)
        .agg(newest_at=_.captured_at.max())
        .select(table_name=ibis.literal(name), newest_at=_.newest_at)
        for name in CAPTURES
    ]
    return ibis.union(*each).order_by("table_name")


def account_captures(
    accounts: ibis.Table, account_snapshots: ibis.Table, posts: ibis.Table, performance: ibis.Table
) -> ibis.Table:
    """When each account was last looked at, and how often it should be.

    A look is a snapshot of the account or a count of one of its posts. The interval is the shortest one among its
    posts that are not deleted: the scraper looks at an account as often as at its youngest posts.

    Grain out: account_id; platform, client, creator_id, va_id, is_active [an account of which nothing is said is
    active, one that was removed is not], newest_at [NULL: never looked at], interval_hours [hours; NULL: no
    interval is known]. Source: metrics.md, Operations (late data).
    """
    looks = account_snapshots.group_by("account_id").agg(account_at=_.captured_at.max())
    counts = performance.group_by("account_id").agg(counts_at=_.last_captured_at.max())
    intervals = (
        posts.filter(~_.is_deleted.fill_null(False))
        .group_by("account_id")
        .agg(interval_hours=_.scrape_interval_hours.min())
    )
    joined = accounts.left_join(looks, "account_id").drop("account_id_right")
    joined = joined.left_join(counts, "account_id").drop("account_id_right")
    joined = joined.left_join(intervals, "account_id").drop("account_id_right")
    return joined.select(
        *SCOPES,
        is_active=joined.is_active.fill_null(True) & (joined.checked_state.fill_null("ok") != "removed"),
        # In DuckDB the greatest of a NULL and an instant is the instant; elsewhere it is NULL.
        newest_at=ibis.coalesce(
            ibis.greatest(joined.account_at, joined.counts_at), joined.account_at, joined.counts_at
        ),
        interval_hours=joined.interval_hours,
    ).order_by("account_id")


def process_punctuality(process_runs: ibis.Table, as_of: datetime) -> ibis.Table:
    """Of each process's runs in the last 7 days, the share that kept to its limit.

    Formula: n_met / n_runs over runs that started in (as_of - 7 days, as_of] and of which it is known whether they
    kept to the limit; where that is not said, from latency and limit.

    Grain out: process; n_runs, n_met, sla_met_rate [fraction], wanted_rate [fraction: 0.95, of features and end to
    end 0.90]. Source: metrics.md, Operations (freshness against its SLA).
    """
    since, until = (ibis.literal(at, "timestamp") for at in (as_of - timedelta(days=COVERED_DAYS), as_of))
    recent = process_runs.filter((_.started_at > since) & (_.started_at <= until)).mutate(
        met=ibis.coalesce(_.sla_met, _.latency_seconds <= _.sla_seconds),
        process=_.process.fill_null("unnamed"),
    )
    grouped = recent.filter(~_.met.isnull()).group_by("process").agg(n_runs=_.count(), n_met=_.met.sum())
    looser = grouped.process.startswith("feature") | grouped.process.startswith("end")
    return grouped.mutate(
        sla_met_rate=_.n_met / _.n_runs.nullif(0),
        # Of whole numbers: through SQL, 0.95 becomes 0.9500000000000001, and 19 of 20 late.
        wanted_rate=ibis.ifelse(looser, FEATURES_MET_PERCENT, MET_PERCENT) / 100,
    ).order_by("process")


@dataclass(frozen=True)
class Coverage:
    """Of the accounts that a report covers: how many are active, were looked at lately, and are late."""

    n_active: int
    n_covered: int
    """Active accounts looked at in the last 7 days."""
    n_with_interval: int
    """Active accounts of which it is known how often they are to be looked at."""
    n_late: int


@dataclass(frozen=True)
class Freshness:
    """What is known of the freshness of one version."""

    as_of: datetime
    newest: Mapping[str, datetime]
    """Table -> its newest capture; a table without rows is not in it."""
    accounts: pd.DataFrame
    """The rows of `account_captures`."""
    processes: pd.DataFrame
    """The rows of `process_punctuality`."""

    @property
    def newest_counts_at(self) -> datetime:
        """When posts were last looked at, by which data are called stale; without any counts, the newest instant."""
        return self.newest.get("post_snapshots", self.as_of)

    @property
    def late_processes(self) -> pd.DataFrame:
        return self.processes[self.processes["sla_met_rate"] < self.processes["wanted_rate"]]

    def coverage(self, scope: Mapping[str, Sequence[str]] | None = None) -> Coverage:
        """Over the accounts of a scope: a column of `SCOPES` -> the values that count."""
        found = self.accounts[self.accounts["is_active"]]
        for column, values in (scope or {}).items():
            found = found[found[column].isin(list(values))]
        age = (pd.Timestamp(self.as_of) - found["newest_at"]).dt.total_seconds() / 3600
        known = found["interval_hours"].notna()
        return Coverage(
            n_active=len(found),
            n_covered=int((age < COVERED_DAYS * 24).sum()),
            n_with_interval=int(known.sum()),
            n_late=int((known & ~(age <= MISSED_LOOKS * found["interval_hours"])).sum()),
        )


def freshness(tables: Callable[[str], ibis.Table], as_of: datetime) -> Freshness:
    """The freshness of a version whose newest instant is `as_of` (naive UTC)."""
    newest = executed(newest_captures(tables)).dropna()
    accounts = account_captures(
        *(tables(name) for name in ("accounts", "account_snapshots", "posts", "post_performance"))
    )
    return Freshness(
        as_of,
        {
            str(n): pd.Timestamp(at).to_pydatetime()
            for n, at in zip(newest.table_name, newest.newest_at, strict=True)
        },
        executed(accounts).astype({"newest_at": "datetime64[us]"}),
        executed(process_punctuality(tables("process_runs"), as_of)),
    )
