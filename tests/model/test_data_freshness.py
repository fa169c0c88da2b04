"""How fresh data are, with answers by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import pytest
from text_tables import rows, table

from workbench.model.freshness import (
    account_captures,
    freshness,
    newest_captures,
    process_punctuality,
)

AS_OF = datetime(2025, 3, 10, 6)
ACCOUNTS = {
    **dict.fromkeys(["account_id", "platform", "client", "creator_id", "va_id", "checked_state"], "string"),
    "is_active": "boolean",
}
POSTS = {"account_id": "string", "is_deleted": "boolean", "scrape_interval_hours": "float64"}
RUNS = {
    "process": "string", "started_at": "timestamp", "latency_seconds": "float64", "sla_seconds": "float64",
    "sla_met": "boolean",
}  # fmt: skip
EMPTY = {
    "accounts": ("account_id | is_active", ACCOUNTS),
    "account_snapshots": ("account_id | captured_at", {}),
    "posts": ("account_id | is_deleted", POSTS),
    "post_performance": ("account_id | last_captured_at", {}),
    "post_snapshots": ("post_id | captured_at", {}),
    "sound_snapshots": ("sound_id | captured_at", {}),
    "hashtag_snapshots": ("hashtag | captured_at", {"hashtag": "string"}),
    "process_runs": ("process | started_at", RUNS),
}


def agency(**texts: str):
    made = {name: table(texts.get(name, text), also) for name, (text, also) in EMPTY.items()}
    return made.__getitem__


def test_the_newest_capture_of_each_kind_is_its_own() -> None:
    tables = agency(
        post_snapshots="""
            post_id | captured_at
            p       | 2025-03-09 10:00
            q       | 2025-03-10 05:00
            r       | -
        """,
        account_snapshots="account_id | captured_at\na | 2025-02-01",
    )
    assert {r["table_name"]: r["newest_at"] for r in rows(newest_captures(tables))} == {
        "post_snapshots": datetime(2025, 3, 10, 5),
        "account_snapshots": datetime(2025, 2, 1),
        "sound_snapshots": None,
        "hashtag_snapshots": None,
    }
    assert list(freshness(tables, AS_OF).newest) == ["account_snapshots", "post_snapshots"]


LOOKS = agency(
    accounts="""
        account_id | platform | client | is_active | checked_state
        both       | tiktok   | acme   | true      | ok
        counts     | youtube  | acme   | -         | -
        early      | tiktok   | -      | true      | ok
        gone       | tiktok   | -      | true      | removed
        idle       | tiktok   | -      | false     | ok
        never      | tiktok   | -      | true      | ok
    """,
    account_snapshots="""
        account_id | captured_at
        both       | 2025-03-01
        both       | 2025-03-09
        early      | 2025-03-03 06:00
        gone       | 2025-03-10
        idle       | 2025-03-10
    """,
    post_performance="""
        account_id | last_captured_at
        both       | 2025-03-08
        counts     | 2025-03-04 06:00
        counts     | -
    """,
    posts="""
        account_id | is_deleted | scrape_interval_hours
        both       | -          | 168
        both       | true       | 1
        counts     | false      | 72
        counts     | false      | -
        early      | false      | 24
        never      | false      | 24
    """,
)


def test_an_account_is_looked_at_with_its_snapshots_and_with_the_counts_of_its_posts() -> None:
    found = account_captures(
        *(LOOKS(n) for n in ("accounts", "account_snapshots", "posts", "post_performance"))
    )
    assert [(r["account_id"], r["is_active"], r["newest_at"], r["interval_hours"]) for r in rows(found)] == [
        ("both", True, datetime(2025, 3, 9), 168.0),  # a deleted post asks for no look
        ("counts", True, datetime(2025, 3, 4, 6), 72.0),
        ("early", True, datetime(2025, 3, 3, 6), 24.0),
        ("gone", False, datetime(2025, 3, 10), None),
        ("idle", False, datetime(2025, 3, 10), None),
        ("never", True, None, 24.0),
    ]


def test_coverage_counts_active_accounts_looked_at_in_seven_days_and_those_that_missed_a_look() -> None:
    known = freshness(LOOKS, AS_OF)
    whole = known.coverage()
    # both and counts; early is 7 days old to the hour, never was not seen.
    assert (whole.n_active, whole.n_covered, whole.n_with_interval) == (4, 2, 4)
    # counts: 6 days are two of its intervals of 3, and not more; early: 7 days; never: late by any measure.
    assert whole.n_late == 2
    assert known.coverage({"client": ["acme"]}).n_active == 2
    assert known.coverage({"platform": ["tiktok"], "client": ["acme"]}).n_covered == 1
    assert known.coverage({"account_id": ["nobody"]}).n_active == 0


def test_punctuality_is_the_share_of_the_last_seven_days_runs_of_which_it_is_known() -> None:
    runs = table(
        """
        process            | started_at       | sla_met | latency_seconds | sla_seconds
        ingestion          | 2025-03-10 05:00 | true    | -               | -
        ingestion          | 2025-03-09       | false   | -               | -
        ingestion          | 2025-03-09       | -       | 120             | 120
        ingestion          | 2025-03-09       | -       | -               | 120
        ingestion          | 2025-03-03 06:00 | false   | -               | -
        ingestion          | 2025-03-10 06:01 | false   | -               | -
        feature_extraction | 2025-03-09       | true    | -               | -
        -                  | 2025-03-09       | false   | -               | -
        unknown            | 2025-03-09       | -       | -               | -
        """,
        RUNS,
    )
    assert rows(process_punctuality(runs, AS_OF)) == [
        {"process": "feature_extraction", "n_runs": 1, "n_met": 1, "sla_met_rate": 1.0, "wanted_rate": 0.9},
        {"process": "ingestion", "n_runs": 3, "n_met": 2, "sla_met_rate": 2 / 3, "wanted_rate": 0.95},
        {"process": "unnamed", "n_runs": 1, "n_met": 0, "sla_met_rate": 0.0, "wanted_rate": 0.95},
    ]


@pytest.mark.parametrize(("n_missed", "is_late"), [(1, False), (2, True)])
def test_a_process_is_late_under_its_wanted_share(n_missed: int, is_late: bool) -> None:
    runs = ["process | started_at | sla_met"]
    runs += [f"prediction | 2025-03-09 | {'false' if n < n_missed else 'true'}" for n in range(20)]
    late = freshness(agency(process_runs="\n".join(runs)), AS_OF).late_processes
    assert list(late["process"]) == (["prediction"] if is_late else [])


def test_an_empty_warehouse_has_no_freshness_and_no_late_thing() -> None:
    known = freshness(agency(), AS_OF)
    assert known.newest == {} and known.newest_counts_at == AS_OF and known.late_processes.empty
    assert known.coverage() == known.coverage({"platform": ["tiktok"]})
    assert known.coverage().n_active == 0


def test_coverage_agrees_with_a_plain_count_over_many_accounts() -> None:
    """An oracle in plain Python."""
    looked = {f"a{n:03}": AS_OF - timedelta(hours=3 * n) for n in range(120)}
    inactive = {f"a{n:03}" for n in range(0, 120, 7)}
    tables = agency(
        accounts="\n".join(
            ["account_id | is_active", *(f"{a} | {'false' if a in inactive else 'true'}" for a in looked)]
        ),
        account_snapshots="\n".join(
            ["account_id | captured_at", *(f"{a} | {at}" for a, at in looked.items())]
        ),
    )
    expected = sum(AS_OF - at < timedelta(days=7) for a, at in looked.items() if a not in inactive)
    found = freshness(tables, AS_OF).coverage()
    assert (found.n_covered, found.n_active) == (expected, 120 - len(inactive))
    assert 0 < expected < found.n_active


def test_the_expressions_run_nothing_until_they_are_asked() -> None:
    assert all(
        isinstance(e, ibis.Table)
        for e in (newest_captures(LOOKS), process_punctuality(LOOKS("process_runs"), AS_OF))
    )
