"""What a load notices is one open row for each subject, which follows the newest load and goes when it is gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from given import NOON, loaded, query

from workbench.model.quality import CHECKS, at_most, severity_of
from workbench.settings import Settings
from workbench.warehouse.quality import profiles, rows

pytestmark = pytest.mark.usefixtures("without_marts")

Views = Callable[[int], int | None]


def _day(settings: Settings, n: int, views: Views, *, posts: int = 30, instants: int = 1) -> None:
    """A day's counts of some posts, loaded."""
    at = NOON + timedelta(days=n)
    rows: list[dict[str, Any]] = [
        {"post_id": f"tiktok:{p}", "captured_at": at + timedelta(minutes=m), "views": views(p), "likes": n}
        for p in range(posts)
        for m in range(instants)
    ]
    loaded(settings, {"post_snapshots": rows}, at)


def _grown(n: int) -> Views:
    return lambda _post: 1000 + 100 * n


def _open(settings: Settings, more: str = "severity") -> list[tuple[Any, ...]]:
    return query(
        settings,
        f"SELECT check_name, subject, {more} FROM quality_checks WHERE resolved_at IS NULL ORDER BY 1, 2",
    )


def _some_days(settings: Settings, days: int = 4) -> None:
    for n in range(days):
        _day(settings, n, _grown(n))


def test_days_that_are_as_ever_fail_no_check(settings):
    _some_days(settings)
    assert query(settings, "FROM quality_checks") == []


def test_views_that_fall_are_found_with_their_figures_and_examples(settings):
    _some_days(settings)
    _day(settings, 4, lambda p: 300 if p < 6 else 1500)
    [(name, subject, severity, checked, failed, rate, details)] = _open(
        settings, "severity, checked, failed, failure_rate, details"
    )
    assert (name, subject, severity) == ("falling_counts", "test / tiktok / views", "high")
    assert (checked, failed, rate) == (30, 6, 6 / 30)
    examples = json.loads(details)["examples"]
    assert len(examples) == 5 and examples[0]["views_before"] == 1300 and examples[0]["views"] == 300
    assert {e["post_id"] for e in examples} <= {f"tiktok:{p}" for p in range(6)}


def test_things_that_a_file_names_once_a_row_do_not_stand_twice_but_rows_of_its_own_do(settings):
    """A channel's daily file names the channel each day, a file of posts the account with each post."""
    accounts = [{"account_id": "tiktok:ann", "platform": "tiktok"}] * 30
    at = [{"account_id": "tiktok:ann", "captured_at": NOON - timedelta(days=n)} for n in range(30)]
    counts = [{**row, "followers": 1000 - n} for n, row in enumerate(at)]
    loaded(settings, {"accounts": accounts, "account_snapshots": counts})
    assert _open(settings) == []
    loaded(settings, {"accounts": accounts, "account_snapshots": counts[:20] * 2})
    assert _open(settings, "table_name, failed") == [("duplicate_rows", "test", "account_snapshots", 20)]
    loaded(settings, {"accounts": accounts})
    assert ("duplicate_rows", "test", "accounts", 29) in _open(settings, "table_name, failed")


def test_a_check_that_goes_on_failing_is_one_row_that_follows_the_newest_load(settings):
    _some_days(settings)
    _day(settings, 4, lambda p: None if p < 10 else 1500)
    [(_, _, _, opened_at, batch)] = _open(settings, "failed, opened_at, batch_id")
    _day(settings, 5, lambda p: None if p < 20 else 1600)
    [(name, subject, failed, opened_again, newer)] = _open(settings, "failed, opened_at, batch_id")
    assert (name, subject, failed) == ("missing_fields", "test / tiktok / views", 20)
    assert opened_again == opened_at and newer != batch
    assert len(query(settings, "FROM quality_checks")) == 1


def test_a_check_that_passes_again_is_resolved_and_a_later_failure_is_another_row(settings):
    _some_days(settings)
    _day(settings, 4, lambda p: None if p < 25 else 1500)
    assert len(_open(settings)) == 1
    for n in range(5, 9):
        _day(settings, n, _grown(n))
    assert _open(settings) == []
    _day(settings, 9, lambda p: None if p < 29 else 2500)
    assert len(_open(settings)) == 1 and len(query(settings, "FROM quality_checks")) == 2


def test_a_load_that_does_not_look_at_a_subject_leaves_its_check_as_it_is(settings):
    _some_days(settings)
    _day(settings, 4, lambda p: 300 if p < 6 else 1500)
    before = query(settings, "FROM quality_checks")
    loaded(settings, {"vas": [{"va_id": "v1"}]}, NOON + timedelta(days=5))
    assert query(settings, "FROM quality_checks") == before


def test_the_order_in_which_days_are_loaded_raises_no_alarm(settings):
    for n in (3, 0, 2, 4, 1):
        _day(settings, n, _grown(n))
    assert [c for c in _open(settings) if c[0] != "late_data"] == []


def test_what_is_loaded_again_raises_no_alarm(settings):
    _some_days(settings)
    rows = [
        {"post_id": f"tiktok:{p}", "captured_at": NOON + timedelta(days=3), "views": 1300, "likes": 3}
        for p in range(30)
    ]
    loaded(settings, {"post_snapshots": rows}, NOON + timedelta(days=4))
    assert query(settings, "FROM quality_checks") == []


def test_years_that_come_at_once_are_no_late_data(settings):
    rows = [
        {"post_id": f"tiktok:{p}", "captured_at": NOON - timedelta(days=7 * w), "views": 9000 - w, "likes": 1}
        for p in range(20)
        for w in range(150)
    ]
    loaded(settings, {"post_snapshots": rows})
    assert query(settings, "FROM quality_checks") == []


def test_a_file_of_another_size_is_told_only_where_a_size_is_usual(settings):
    _some_days(settings, 2)
    _day(settings, 2, _grown(2), instants=9)
    assert _open(settings) == []
    for n in range(3, 9):
        _day(settings, n, _grown(n))
    _day(settings, 9, _grown(9), instants=5)
    assert _open(settings) == [("magnitude", "test / tiktok", "medium")]


def test_a_table_that_no_longer_comes_is_told(settings):
    for n in range(4):
        at = NOON + timedelta(days=n)
        posts = [{"post_id": f"tiktok:{p}", "captured_at": at, "views": n, "likes": n} for p in range(30)]
        vas = [{"va_id": f"v{v}"} for v in range(30)]
        loaded(settings, {"post_snapshots": posts} | ({"vas": vas} if n < 3 else {}), at)
        if n < 3:
            assert _open(settings) == []
    assert ("magnitude", "test", "high") in _open(settings)


def test_an_account_that_is_no_longer_looked_at_is_told_and_one_that_was_given_up_is_not(settings):
    def look(n: int, accounts: range) -> None:
        at = NOON + timedelta(days=n)
        rows = [{"account_id": f"tiktok:a{a}", "captured_at": at, "followers": 100} for a in accounts]
        loaded(settings, {"account_snapshots": rows}, at)

    for n in range(6):
        look(n, range(30))
    for n in range(6, 11):
        look(n, range(8, 30))
    [(name, subject, severity, failed)] = [
        c for c in _open(settings, "severity, failed") if c[0] == "missed_captures"
    ]
    assert (subject, severity, failed) == ("tiktok", "high", 8)
    given_up = [{"account_id": f"tiktok:a{a}", "platform": "tiktok", "is_active": False} for a in range(8)]
    loaded(settings, {"accounts": given_up}, NOON + timedelta(days=10))
    look(11, range(8, 30))
    assert name not in {c[0] for c in _open(settings)}


def test_only_the_newest_profiles_of_a_source_are_kept(settings, monkeypatch):
    monkeypatch.setattr(profiles, "KEPT", 6)
    _some_days(settings, 9)
    assert query(settings, "SELECT count(*), min(captured_at) FROM batch_profiles") == [
        (6, NOON + timedelta(days=3))
    ]


def test_a_severity_is_the_gravest_limit_that_is_reached():
    limits = (0.05, 0.2, None, 0.9)
    assert [severity_of(s, limits) for s in (0.04, 0.05, 0.2, 0.89, 0.9)] == [
        None,
        "low",
        "medium",
        "medium",
        "critical",
    ]
    assert (
        at_most("critical", "low") == "low"
        and at_most("low", "high") == "low"
        and at_most(None, "low") is None
    )


def test_rows_of_erased_persons_are_told_until_they_no_longer_come():
    [again] = rows.erased([("tracker", 90, 10), ("tracker", 100, 0)])
    assert (again.checked, again.failed, again.severity) == (200, 10, "low")
    [gone] = rows.erased([("tracker", 90, 0)])
    assert gone.severity is None and gone.subject == again.subject


def test_each_check_says_what_to_do():
    assert all(c.title and c.remedy.endswith(".") for c in CHECKS.values())
