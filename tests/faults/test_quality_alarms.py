"""Checks of the data find what is planted in a feed of daily files, as gravely and as often as it was, and no more."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from workbench.demo import DemoFiles, make_demo
from workbench.settings import Settings, load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse import batches, load, marts, quality, versions
from workbench.warehouse.quality import checking, profiles

DAYS = 4
"""Daily loads before the one with a fault."""
END = date(2025, 10, 5)
Feed = dict[str, pd.DataFrame]
"""Table -> rows of a file."""


@dataclass(frozen=True)
class Expected:
    """What a fault has to be found as."""

    check: str
    table: str
    severity: str
    about: str = ""
    failed: int | None = None


@dataclass(frozen=True)
class Planted:
    """A day's files with a fault, and what it has to be found as."""

    feed: Feed
    expected: tuple[Expected, ...]
    beside: tuple[str, ...] = ()
    """Checks that the same fault may set off too."""
    days_later: int = 0
    """Days between the newest capture and the load."""


class Clock:
    """The time that loads take it to be."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime(2025, 1, 1)
        for module in (batches, load, checking, profiles):
            monkeypatch.setattr(module, "utc_now", lambda: f"{self.now:%Y-%m-%d %H:%M:%S}")
        # A load takes a batch's own time for the present where that is later, and batches are written today.
        monkeypatch.setattr(load, "_now", lambda *_: f"{self.now:%Y-%m-%d %H:%M:%S}")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(marts, "refresh", lambda *arguments, **options: None)
    return Clock(monkeypatch)


def _demo(folder: Path, seed: int, clock: Clock) -> tuple[Feed, date]:
    """All captures of a small, busy agency."""
    made = make_demo(folder / "demo", posts=1400, accounts=40, days=30, slides=1800, seed=seed, end_on=END)
    settings = load_settings(folder / "made")
    clock.now = made.as_of + timedelta(hours=1)
    captures = ("tracker.db", "post_snapshots.csv", "account_snapshots.csv", "MASTER_TIKTOK_DATABASE.csv")
    import_paths([f for f in made.files if f.name in captures], settings, as_of=made.as_of)
    version = load.load(settings).version
    assert version is not None
    with duckdb.connect(str(settings.versions / version.file), read_only=True) as con:
        assert not _graver(con), "the demo itself is without faults"
        feed = {
            "post_snapshots": con.execute(
                "SELECT post_id, account_id, captured_at, views, likes, comments, shares FROM post_snapshots "
                "JOIN posts USING (post_id) WHERE method = 'scraped' AND account_id IS NOT NULL ORDER BY ALL"
            ).df(),
            "account_snapshots": con.execute(
                "SELECT account_id, captured_at, followers, total_posts FROM account_snapshots "
                "QUALIFY row_number() OVER (PARTITION BY account_id, captured_at::DATE ORDER BY captured_at DESC) = 1 "
                "ORDER BY ALL"
            ).df(),
            "posts": con.execute("SELECT post_id, account_id, posted_at FROM posts ORDER BY ALL").df(),
        }
    return feed, made.as_of.date() - timedelta(days=1)


def _graver(con: duckdb.DuckDBPyConnection) -> list[Any]:
    return con.execute(
        "SELECT check_name, table_name, severity, subject, failed FROM quality_checks "
        "WHERE resolved_at IS NULL AND severity <> 'low'"
    ).fetchall()


def _until(feed: Feed, first: date | None, last: date) -> Feed:
    """What was captured from one day to another."""
    found = {}
    for table, rows in feed.items():
        day = rows["posted_at" if table == "posts" else "captured_at"].dt.date
        found[table] = rows[(day <= last) & ((day >= first) if first else True)]
    return found


def _load(settings: Settings, feed: Feed, at: datetime, clock: Clock) -> None:
    clock.now = at
    folder = settings.home / "files" / f"{at:%Y-%m-%d}"
    folder.mkdir(parents=True)
    for table, rows in feed.items():
        if len(rows):
            rows.drop(columns="account_id" if table == "post_snapshots" else []).to_csv(
                folder / f"{table}.csv", index=False, date_format="%Y-%m-%d %H:%M:%S"
            )
    import_paths([folder], settings, as_of=at)
    outcome = load.load(settings)
    assert not outcome.failed, outcome.failed


def _open(settings: Settings) -> list[tuple[str, str, str, str, int]]:
    version = versions.current(settings.versions)
    assert version is not None
    with duckdb.connect(str(settings.versions / version.file), read_only=True) as con:
        return con.execute(
            "SELECT check_name, table_name, severity, subject, failed FROM quality_checks WHERE resolved_at IS NULL"
        ).fetchall()


def _with(feed: Feed, table: str, rows: pd.DataFrame) -> Feed:
    return {**feed, table: rows}


class Planter:
    """Faults in the last day's files."""

    def __init__(self, whole: Feed, day: Feed, rng: np.random.Generator) -> None:
        self.day, self.rng = day, rng
        self.accounts = set(whole["account_snapshots"]["account_id"])
        self.posts = day["post_snapshots"]
        earlier = whole["post_snapshots"]
        earlier = earlier[earlier["captured_at"] < self.posts["captured_at"].min()]
        self.before = earlier.groupby("post_id")["views"].last()
        self.n_before = earlier.groupby("post_id")["views"].size()
        self.posted = whole["posts"].set_index("post_id")["posted_at"]

    def some(self, rows: pd.DataFrame, share: float) -> np.ndarray:
        return self.rng.choice(len(rows), max(5, round(share * len(rows))), replace=False)

    def missing(self, share: float, severity: str) -> Planted:
        rows = self.posts.copy().astype({"views": "Int64"})
        where = self.some(rows, share)
        rows.iloc[where, rows.columns.get_loc("views")] = pd.NA
        return Planted(
            _with(self.day, "post_snapshots", rows),
            (Expected("missing_fields", "post_snapshots", severity, "views", len(where)),),
        )

    def falling(self, share: float, severity: str) -> Planted:
        rows = self.posts.copy()
        before = rows["post_id"].map(self.before)
        known = np.flatnonzero(before.notna() & (before >= 40) & ~rows["post_id"].duplicated(keep=False))
        n_steps = int(before.notna().sum())
        where = self.rng.choice(known, max(5, round(share * n_steps)), replace=False)
        rows.iloc[where, rows.columns.get_loc("views")] = (before.iloc[where] // 2).astype(int).to_numpy()
        seen = rows.sort_values(["post_id", "captured_at"], kind="stable")
        last = seen.groupby("post_id")["views"].shift().fillna(seen["post_id"].map(self.before))
        fell = int((seen["views"] < last).sum())  # some fall by themselves
        assert fell >= len(where)
        return Planted(
            _with(self.day, "post_snapshots", rows),
            (Expected("falling_counts", "post_snapshots", severity, "views", fell),),
        )

    def spikes(self, share: float, severity: str) -> Planted:
        rows = self.posts.copy()
        n_before = rows["post_id"].map(self.n_before).fillna(0)
        known = np.flatnonzero((n_before >= 4) & ~rows["post_id"].duplicated(keep=False))
        where = self.rng.choice(known, max(5, round(share * len(known))), replace=False)
        rows.iloc[where, rows.columns.get_loc("views")] += 50_000_000
        return Planted(
            _with(self.day, "post_snapshots", rows),
            (Expected("spikes", "post_snapshots", severity, "views", len(where)),),
        )

    def late(self) -> Planted:
        feed = {t: self.day[t] for t in ("post_snapshots", "account_snapshots")}
        expected = tuple(Expected("late_data", t, "medium", "", len(rows)) for t, rows in feed.items())
        return Planted(feed, expected, days_later=5)

    def shrunk(self, kept: float, size: str | None, coverage: str) -> Planted:
        rows = self.day["account_snapshots"]
        n = max(1, round(kept * len(rows)))
        expected = [Expected("coverage_shrunk", "account_snapshots", coverage)]
        if size:
            expected.append(Expected("magnitude", "account_snapshots", size))
        return Planted(_with(self.day, "account_snapshots", rows.sample(n, random_state=1)), tuple(expected))

    def swollen(self) -> Planted:
        rows = self.day["account_snapshots"]
        hourly = [rows.assign(captured_at=rows["captured_at"] - pd.Timedelta(minutes=m)) for m in range(5)]
        return Planted(
            _with(self.day, "account_snapshots", pd.concat(hourly)),
            (Expected("magnitude", "account_snapshots", "medium"),),
        )

    def conflicting(self) -> Planted:
        rows = self.posts
        where = self.some(rows, 0.3)
        other = rows.iloc[where].assign(views=rows["views"].iloc[where] + 1)
        return Planted(
            _with(self.day, "post_snapshots", pd.concat([rows, other])),
            (
                Expected("conflicting_counts", "post_snapshots", "medium", "", len(where)),
                Expected("duplicate_rows", "post_snapshots", "medium", "", len(where)),
            ),
        )

    def rejected(self) -> Planted:
        rows = self.posts.copy().astype({"views": object})
        where = self.some(rows, 0.3)
        rows.iloc[where, rows.columns.get_loc("views")] = "many"
        return Planted(
            _with(self.day, "post_snapshots", rows),
            (Expected("rejected_rows", "post_snapshots", "high", "", len(where)),),
            beside=("coverage_shrunk",),
        )

    def future(self) -> Planted:
        rows = self.posts.copy()
        where = self.some(rows, 0.3)
        rows.iloc[where, rows.columns.get_loc("captured_at")] += pd.Timedelta(hours=25)
        # Captures of the day's first minutes come to the time of the load, and no further than clocks may be ahead.
        present = _evening(self.posts["captured_at"].min().date()) + timedelta(minutes=profiles.AHEAD_MINUTES)
        ahead = int((rows["captured_at"].dt.floor("s") > present).sum())
        return Planted(
            _with(self.day, "post_snapshots", rows),
            (Expected("future_times", "post_snapshots", "high", "", ahead),),
            beside=("falling_counts",),  # a count that is dated later stands after larger ones
        )

    def zeros(self) -> Planted:
        rows = self.posts.copy()
        age = rows["captured_at"] - rows["post_id"].map(self.posted)
        old = np.flatnonzero((age >= pd.Timedelta(hours=72)) & ~rows["post_id"].duplicated(keep="last"))
        where = self.rng.choice(old, round(0.4 * len(old)), replace=False)
        rows.iloc[where, rows.columns.get_loc("views")] = 0
        return Planted(
            _with(self.day, "post_snapshots", rows),
            (Expected("zero_views", "post_snapshots", "high", "", len(where)),),
            beside=("falling_counts",),
        )

    def silent(self) -> Planted:
        """A third of the accounts are no longer looked at, and five days go by."""
        accounts = self.day["account_snapshots"]
        gone = set(accounts["account_id"].sample(frac=0.35, random_state=2))
        feed = {
            t: self.day[t][~self.day[t]["account_id"].isin(gone)].assign(
                captured_at=lambda rows: rows["captured_at"] + pd.Timedelta(days=5)
            )
            for t in ("account_snapshots", "post_snapshots")
        }
        n_gone = len(self.accounts) - feed["account_snapshots"]["account_id"].nunique()
        return Planted(
            feed,
            (Expected("missed_captures", "accounts", "high", "", n_gone),),
            beside=("coverage_shrunk", "magnitude"),
            days_later=5,
        )

    def renamed(self) -> Planted:
        rows = self.day["account_snapshots"].assign(fans_today=1)
        return Planted(
            _with(self.day, "account_snapshots", rows),
            (Expected("unknown_columns", "batches", "low", "", 1),),
        )

    def clean(self) -> Planted:
        return Planted(self.day, ())


FAULTS: dict[str, Callable[[Planter], Planted]] = {
    "clean": Planter.clean,
    "missing, a third": lambda p: p.missing(0.35, "medium"),
    "missing, two thirds": lambda p: p.missing(0.65, "high"),
    "missing, nearly all": lambda p: p.missing(0.95, "critical"),
    "falling, some": lambda p: p.falling(0.03, "medium"),
    "falling, many": lambda p: p.falling(0.15, "high"),
    "spikes, many": lambda p: p.spikes(0.12, "high"),
    "spikes, most": lambda p: p.spikes(0.6, "critical"),
    "late": Planter.late,
    "shrunk to two thirds": lambda p: p.shrunk(0.65, None, "medium"),
    "shrunk to a third": lambda p: p.shrunk(0.3, "medium", "high"),
    "shrunk to one": lambda p: p.shrunk(0.03, "high", "critical"),
    "five times the rows": Planter.swollen,
    "conflicting": Planter.conflicting,
    "rejected": Planter.rejected,
    "future": Planter.future,
    "zeros": Planter.zeros,
    "silent": Planter.silent,
    "a new column": Planter.renamed,
}


ONLY_WHOLE = ("missing, two thirds", "falling, many", "spikes, many", "shrunk to two thirds", "shrunk to one")
"""Other degrees of what the short form plants too."""


def _judged(planted: Planted, found: list[tuple[str, str, str, str, int]]) -> tuple[list[Any], list[Any]]:
    """Expected checks that were not found so, and found ones above low that nothing explains."""
    missed = [
        e
        for e in planted.expected
        if not any(
            (check, table, severity) == (e.check, e.table, e.severity)
            and subject.endswith(e.about)
            and (e.failed is None or failed == e.failed)
            for check, table, severity, subject, failed in found
        )
    ]
    explained = {*(e.check for e in planted.expected), *planted.beside}
    extra = [f for f in found if f[2] != "low" and f[0] not in explained]
    return missed, extra


def test_each_planted_fault_is_found_and_nothing_else_is_alarming(
    tmp_path: Path, clock: Clock, figure: Callable[..., None], whole: bool
) -> None:
    seeds = range(20) if whole else range(3)
    true = missed_total = extra_total = 0
    told = []
    for seed in seeds:
        folder = tmp_path / str(seed)
        feed, end = _demo(folder, seed, clock)
        base = load_settings(folder / "base")
        first = end - timedelta(days=DAYS)
        _load(base, _until(feed, None, first - timedelta(days=1)), _evening(first - timedelta(days=1)), clock)
        for n in range(DAYS):
            day = first + timedelta(days=n)
            _load(base, _until(feed, day, day), _evening(day), clock)
        assert not [c for c in _open(base) if c[2] != "low"], f"seed {seed}, before any fault"
        today = _until(feed, end, end)
        chosen = [name for name in FAULTS if whole or name not in ONLY_WHOLE]
        for name in chosen if whole else chosen[seed :: len(seeds)]:
            plant = FAULTS[name]
            home = folder / "tried"
            shutil.copytree(base.home, home)
            settings = replace(base, home=home)
            planted = plant(Planter(feed, today, np.random.default_rng(seed)))
            at = _evening(end + timedelta(days=planted.days_later))
            _load(settings, planted.feed, at, clock)
            missed, extra = _judged(planted, _open(settings))
            true += len(planted.expected) - len(missed)
            missed_total += len(missed)
            extra_total += len(extra)
            if missed or extra:
                told.append((seed, name, missed, extra, _open(settings)))
            shutil.rmtree(home)
    found = true / (true + missed_total)
    figure(
        "quality_recall", round(found, 4), "of planted faults", planted=true + missed_total, seeds=len(seeds)
    )
    figure(
        "quality_precision", round(true / (true + extra_total), 4), "of alarms above low", false=extra_total
    )
    assert not told, "\n".join(map(str, told))


def _evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(hours=25)


def test_checks_take_a_small_part_of_a_load(
    small_demo: DemoFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Callable[..., None]
) -> None:
    spent = 0.0

    def timed(part: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            nonlocal spent
            start = process_time()
            try:
                return part(*arguments)
            finally:
                spent += process_time() - start

        return run

    for name in ("profile", "check"):
        monkeypatch.setattr(quality, name, timed(getattr(quality, name)))
    settings = load_settings(tmp_path)
    import_paths(list(small_demo.files), settings, as_of=small_demo.as_of)
    start = process_time()
    load.load(settings)
    share = spent / (process_time() - start)
    figure("quality_cost", round(share, 3), "of a load's CPU time", posts=600)
    assert 0 < share < 0.25, "a tenth is meant; small loads pay for many small tables"
