"""Checks of rows: what a warehouse lets in is what was written, and what it refuses is kept whole."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from given import ACCOUNT, NOON, POST, batch, loaded, query

from workbench.warehouse.batches import utc_now
from workbench.warehouse.load import load
from workbench.warehouse.migrate import migrate
from workbench.warehouse.staging import stage
from workbench.warehouse.tables import TABLES

TODAY = date.today()  # noqa: DTZ011
LATER = (TODAY + timedelta(days=3)).isoformat()

SNAPSHOT = {"post_id": POST, "captured_at": "2026-01-01 00:00:00"}
REVENUE = {
    "revenue_id": "r",
    "from_on": "2026-01-01",
    "to_on": "2026-01-31",
    "amount": "1",
    "currency": "USD",
    "scope": "all",
}


@pytest.fixture(scope="module")
def warehouse():
    """An empty warehouse in memory; each test leaves it empty."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        migrate(con)
        yield con


@pytest.fixture
def staged(warehouse, tmp_path):
    """staged(table, row) -> the accepted row and the refused row (reason, JSON), one of them None."""

    def one(table, row):
        file = tmp_path / "rows.parquet"
        pq.write_table(pa.table({c: [v] for c, v in row.items()}), file)
        made = stage(warehouse, TABLES[table], file, batch_id="b", captured_at="2026-01-01", now=utc_now())
        accepted = warehouse.execute(f"FROM {made.name}").fetch_arrow_table().to_pylist()
        refused = warehouse.execute("SELECT reason, row_json FROM rejected_rows").fetchall()
        assert len(accepted) + len(refused) == made.rows_read == 1
        return (accepted or [None])[0], (refused or [None])[0]

    warehouse.execute("BEGIN")
    yield one
    warehouse.execute("ROLLBACK")


@pytest.fixture
def stored(staged):
    """stored(table, row, column) -> what is let in of one value."""

    def value(table, row, column):
        accepted, refused = staged(table, row)
        assert refused is None
        return accepted[column]

    return value


@pytest.fixture
def reason(staged):
    """reason(table, row) -> why the row is refused."""

    def why(table, row):
        accepted, refused = staged(table, row)
        assert accepted is None
        return refused[0]

    return why


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("0", 0),
        ("12", 12),
        (" 12 ", 12),
        ("+12", 12),
        ("007", 7),
        ("12.0", 12),
        ("12.", 12),
        ("9223372036854775807", 2**63 - 1),
        ("", None),
        ("   ", None),
        (12, 12),
        (12.0, 12),
        (2**63 - 1, 2**63 - 1),
        (Decimal("12.00"), 12),
        (None, None),
    ],
)
def test_a_count_is_the_number_that_was_written(stored, written, count):
    assert stored("post_snapshots", {**SNAPSHOT, "views": written, "likes": "1"}, "views") == count


@pytest.mark.parametrize(
    "written",
    [
        "2.5",
        "1,234",
        "1.2K",
        "NaN",
        "inf",
        "1e400",
        "1e3",
        "1.23E+05",
        "1_000",
        "0x1F",
        "12345678901234567.4",
        "0.9999999999999999999999",
        "true",
        "five",
        "５",
        2.5,
        float("nan"),
        2.0**63,
        Decimal("2.5"),
        Decimal("12345678901234567.4"),
        datetime(2026, 1, 1),
        [1],
    ],
)
def test_what_is_no_whole_number_is_refused(reason, written):
    why = reason("post_snapshots", {**SNAPSHOT, "views": written})
    assert why.startswith("views: ") and "is not a whole number" in why


@pytest.mark.parametrize("written", ["9223372036854775808", "-" + "9" * 30, Decimal(2**63), "9" * 300])
def test_a_number_that_does_not_fit_is_refused_with_the_largest_that_does(reason, written):
    assert reason("post_snapshots", {**SNAPSHOT, "views": written}).endswith(
        " is too large: the largest whole number here is 9,223,372,036,854,775,807 (or as far below 0)"
    )


def test_an_exponent_is_refused_because_spreadsheets_round_before_they_write_one(reason):
    assert reason("post_snapshots", {**SNAPSHOT, "views": "1.23E+05"}) == (
        "views: '1.23E+05' is not a whole number"
    )


@pytest.mark.parametrize("written", ["-1", -1])
def test_a_count_below_zero_is_refused(reason, written):
    assert reason("post_snapshots", {**SNAPSHOT, "views": written}) == "views: -1 is below 0"


def test_a_perceptual_hash_may_be_negative(stored):
    assert stored("slides", {"post_id": POST, "slide_index": "1", "phash": "-5"}, "phash") == -5


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-01-02 03:04:05", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T03:04", datetime(2026, 1, 2, 3, 4)),
        ("2026-01-02 03:04:05.25", datetime(2026, 1, 2, 3, 4, 5, 250_000)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02 03:04:05 UTC", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02 03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5)),
        (" 2026-01-02T03:04:05+0200 ", datetime(2026, 1, 2, 1, 4, 5)),
        ("2026-01-02 23:04:05-03:30", datetime(2026, 1, 3, 2, 34, 5)),
        ("2026-01-02 03:04:05+02:00:30", datetime(2026, 1, 2, 1, 3, 35)),
        ("2026-01-02 03:04:05 Europe/Berlin", datetime(2026, 1, 2, 2, 4, 5)),
        ("2026-01-02", datetime(2026, 1, 2)),
        (datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2, 3, 4, 5)),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 5)),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 1, 2, 1, 4, 5)),
        (date(2026, 1, 2), datetime(2026, 1, 2)),
    ],
)
def test_an_instant_is_kept_in_utc(stored, written, instant):
    assert stored("posts", {"post_id": POST, "posted_at": written}, "posted_at") == instant


@pytest.mark.parametrize(
    "written",
    [
        "yesterday",
        "2026-02-30",
        "02/01/2026",
        "1767323045",
        "2026-01-02 03",
        "2026-01-02 03:04+02",
        "2026-01-02T03:04:05z!",
        "2026-01-02 03:04:05 Nowhere/City",
        1767323045,
        1767323045.5,
        True,
    ],
)
def test_what_is_no_instant_is_refused(reason, written):
    why = reason("posts", {"post_id": POST, "posted_at": written})
    assert "posted_at: " in why and "is not an instant such as 2025-03-31 18:05:00 (UTC)" in why


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("2004-12-31 23:59:59", "is before 2005"),
        ("epoch", "is before 2005"),
        (f"{LATER} 00:00:00", "lies in the future"),
        ("infinity", "lies in the future"),
    ],
)
def test_an_instant_lies_between_2005_and_tomorrow(reason, written, why):
    found = reason("posts", {"post_id": POST, "posted_at": written})
    assert found.startswith("posted_at: ") and why in found


def test_an_instant_may_lie_a_day_ahead_because_clocks_and_zones_differ(stored):
    soon = datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(hours=23)
    assert stored("posts", {"post_id": POST, "posted_at": soon}, "posted_at") == soon


def test_a_time_of_capture_is_checked_like_any_instant(reason):
    why = reason("posts", {"post_id": POST, "seen_at": f"{LATER} 00:00:00"})
    assert why == f"seen_at: {LATER} 00:00:00 lies in the future"


@pytest.mark.parametrize(("written", "accepted"), [(LATER, True), ("2101-01-01", False), ("infinity", False)])
def test_a_peak_may_lie_in_the_future_but_not_without_end(staged, written, accepted):
    row = {
        "hashtag": "a",
        "platform": "tiktok",
        "labelled_at": "2026-01-01 00:00:00",
        "prediction_window_hours": "6",
        "peak_at": written,
    }
    assert (staged("viral_labels", row)[1] is None) is accepted


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-01-02", date(2026, 1, 2)),
        ("2026-1-2", date(2026, 1, 2)),
        ("2026-01-02 00:00:00", date(2026, 1, 2)),
        (date(2026, 1, 2), date(2026, 1, 2)),
        (datetime(2026, 1, 2), date(2026, 1, 2)),
    ],
)
def test_a_date_is_the_day_that_was_written(stored, written, day):
    assert stored("tasks", {"task_id": "t", "due_on": written}, "due_on") == day


@pytest.mark.parametrize(
    "written", ["2026-01-02 15:00:00", "2026-01-02x", "soon", datetime(2026, 1, 2, 15), 20260102]
)
def test_a_date_with_a_time_of_day_is_refused_rather_than_cut(reason, written):
    why = reason("tasks", {"task_id": "t", "due_on": written})
    assert why.startswith("due_on: ") and "is not a date such as 2025-03-31" in why


@pytest.mark.parametrize("written", ["1999-01-01", "2101-01-01", "infinity"])
def test_a_date_lies_between_2005_and_2100(reason, written):
    assert "is not between 2005 and 2100" in reason("tasks", {"task_id": "t", "due_on": written})


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("12.3400", Decimal("12.3400")),
        ("12.34000000", Decimal("12.34")),
        (".5", Decimal("0.5")),
        ("-0.0001", Decimal("-0.0001")),
        ("12345678901234.5678", Decimal("12345678901234.5678")),
        (0.1, Decimal("0.1")),
        (7, Decimal(7)),
        (Decimal("1.230000"), Decimal("1.23")),
    ],
)
def test_an_amount_is_exact(stored, written, amount):
    assert stored("revenue", {**REVENUE, "amount": written}, "amount") == amount


@pytest.mark.parametrize(
    "written",
    [
        "1.00005",
        "1.0000000000001",
        "1,50",
        "$5",
        "1e2",
        "1_0",
        "123456789012345",
        1.00005,
        Decimal("1.00005"),
    ],
)
def test_an_amount_that_would_be_rounded_is_refused(reason, written):
    why = reason("revenue", {**REVENUE, "amount": written})
    assert why.startswith("amount: ") and "is not an amount with at most 4 decimals" in why


@pytest.mark.parametrize(
    ("written", "number"), [("0.25", 0.25), (" 1e-3 ", 0.001), (3, 3.0), (Decimal("0.5"), 0.5)]
)
def test_a_number_is_kept(stored, written, number):
    row = {"account_id": ACCOUNT, "target_posts_per_week": written}
    assert stored("accounts", row, "target_posts_per_week") == number


@pytest.mark.parametrize("written", ["NaN", "inf", "1e400", "1_000.5", "1,5", float("nan"), float("inf")])
def test_what_is_no_finite_number_is_refused(reason, written):
    why = reason("accounts", {"account_id": ACCOUNT, "target_posts_per_week": written})
    assert why.startswith("target_posts_per_week: ") and "is not a number" in why


def test_a_whole_number_that_a_double_cannot_hold_is_refused(reason):
    row = {"account_id": ACCOUNT, "target_posts_per_week": 2**53 + 1}
    assert "is not a number" in reason("accounts", row)


@pytest.mark.parametrize(
    ("written", "flag"),
    [
        ("TRUE", True),
        ("false", False),
        ("1", True),
        ("0", False),
        (True, True),
        (1, True),
        (0, False),
        ("", None),
    ],
)
def test_a_flag_is_true_or_false(stored, written, flag):
    assert stored("posts", {"post_id": POST, "is_ad": written}, "is_ad") is flag


@pytest.mark.parametrize("written", ["maybe", "2", 2, 0.5])
def test_what_is_no_flag_is_refused(reason, written):
    assert "is not true or false" in reason("posts", {"post_id": POST, "is_ad": written})


@pytest.mark.parametrize("written", ['["a", "b,c"]', ["a", "b,c"]])
def test_a_list_comes_as_a_list_or_as_json(stored, written):
    assert stored("posts", {"post_id": POST, "hashtags": written}, "hashtags") == ["a", "b,c"]


@pytest.mark.parametrize("written", ["a,b", '{"a": 1}', "null", '["a"'])
def test_what_is_no_list_is_refused(reason, written):
    assert "is not a list such as" in reason("posts", {"post_id": POST, "hashtags": written})


def test_text_stays_as_it_was_written_but_for_blanks_around_ids(staged):
    notes = "  two\nlines '; DROP TABLE vas; -- "
    accepted, _ = staged("vas", {"va_id": " anna ", "notes": notes})
    assert (accepted["va_id"], accepted["notes"]) == ("anna", notes)


@pytest.mark.parametrize(
    ("table", "row", "why"),
    [
        (
            "posts",
            {"post_id": "", "caption": "a"},
            "post_id is missing; a row of posts can't stand without it",
        ),
        ("post_snapshots", {"post_id": POST, "captured_at": None, "views": "1"}, "captured_at is missing"),
        (
            "revenue",
            {**REVENUE, "currency": " "},
            "currency is missing; a row of revenue can't stand without it",
        ),
        ("costs", {**REVENUE, "cost_id": "c", "kind": None}, "kind is missing"),
    ],
)
def test_a_row_without_a_required_value_is_refused(reason, table, row, why):
    row = {k: v for k, v in row.items() if not (table == "costs" and k == "revenue_id")}
    assert why in reason(table, row)


@pytest.mark.parametrize(
    ("table", "row", "why"),
    [
        ("posts", {"post_id": "myspace:1"}, "post_id: 'myspace:1' is not a platform, a colon and an id"),
        ("posts", {"post_id": "TikTok:1"}, "post_id: 'TikTok:1' is not"),
        ("posts", {"post_id": "7234567890"}, "post_id: '7234567890' is not"),
        ("posts", {"post_id": "tiktok:"}, "post_id: 'tiktok:' is not"),
        ("posts", {"post_id": POST, "account_id": "ann"}, "account_id: 'ann' is not"),
        ("accounts", {"account_id": "myspace:ann"}, "account_id: 'myspace:ann' is not"),
        ("post_snapshots", {**SNAPSHOT, "post_id": "myspace:1", "views": "1"}, "post_id: 'myspace:1' is not"),
        ("tasks", {"task_id": "t", "account_id": "myspace:ann"}, "account_id: 'myspace:ann' is not"),
        (
            "hashtags",
            {"hashtag": "a", "platform": "myspace"},
            "platform: 'myspace' is not one of tiktok, youtube",
        ),
        (
            "vas",
            {"va_id": "v", "status": "asleep"},
            "status: 'asleep' is not one of active, inactive, training",
        ),
        ("accounts", {"account_id": ACCOUNT, "time_zone": "Berlin"}, "time_zone: 'Berlin' is no IANA zone"),
        ("slides", {"post_id": POST, "slide_index": "1", "ocr_confidence": "1.5"}, "1.5 is not from 0 to 1"),
        ("posts", {"post_id": POST, "duration_seconds": "-1"}, "duration_seconds: -1.0 is below 0"),
    ],
)
def test_a_reason_names_the_column_and_the_value(reason, table, row, why):
    assert why in reason(table, row)


@pytest.mark.parametrize("name", ["tiktok:Ann", "tiktok:@ann", " TIKTOK:ann "])
def test_an_account_is_one_however_its_name_is_spelled(stored, name):
    assert stored("posts", {"post_id": POST, "account_id": name}, "account_id") == ACCOUNT


def test_what_a_refused_row_refers_to_is_not_made(settings):
    loaded(settings, {"post_snapshots": [{**SNAPSHOT, "post_id": "myspace:1"}]})
    assert query(settings, "FROM posts") == []


def test_choices_fold_case(stored):
    assert stored("vas", {"va_id": "v", "status": "Active"}, "status") == "active"


@pytest.mark.parametrize("endpoint", [{}, {"endpoint": None}, {"endpoint": ""}])
def test_a_hashtag_snapshot_needs_no_endpoint(stored, endpoint):
    row = {"hashtag": "a", "platform": "tiktok", "captured_at": "2026-01-01 00:00:00"}
    assert stored("hashtag_snapshots", {**row, **endpoint}, "endpoint") == ""


def test_a_refused_row_is_kept_whole_with_its_place_and_every_reason(settings):
    row = {"post_id": POST, "captured_at": "soon", "views": "-1", "method": 'it\'s "so"', "source_row": 17}
    folder = batch(settings, {"post_snapshots": [row]})
    load(settings)
    [[batch_id, table, place, why, kept]] = query(
        settings, "SELECT batch_id, table_name, source_row, reason, row_json FROM rejected_rows"
    )
    assert (batch_id, table, place) == (folder.name, "post_snapshots", 17)
    assert json.loads(kept) == row
    assert "captured_at: 'soon' is not an instant" in why and "views: -1 is below 0" in why


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**17, datetime(2026, 1, 1), [1.5], b"\x00a"])
def test_a_refused_row_of_any_type_is_kept_as_json(staged, value):
    _, (_, kept) = staged("posts", {"post_id": POST, "is_ad": value})
    assert '"is_ad":' in kept and POST in kept


def test_a_huge_value_is_cut_in_the_reason_but_whole_in_the_row(staged):
    value = "x" * 5_000
    _, (why, kept) = staged("post_snapshots", {**SNAPSHOT, "views": value})
    assert len(why) < 200
    assert json.loads(kept)["views"] == value


def test_every_row_read_is_accepted_unchanged_duplicate_or_rejected(settings):
    loaded(settings, {"post_snapshots": [{**SNAPSHOT, "views": "5"}]})
    rows = [
        {**SNAPSHOT, "views": "5"},  # as it stands
        {**SNAPSHOT, "views": "5"},  # twice in one file
        {**SNAPSHOT, "post_id": "tiktok:2", "views": "5"},  # new
        {**SNAPSHOT, "post_id": "tiktok:3", "views": "-5"},  # refused
    ]
    outcome = loaded(settings, {"post_snapshots": rows}, NOON + timedelta(hours=1))
    counts = [outcome.total(c) for c in ("read", "accepted", "unchanged", "duplicate", "rejected")]
    assert counts == [4, 1, 1, 1, 1]
    assert query(
        settings,
        "SELECT rows_read, rows_accepted, rows_unchanged, rows_duplicate, rows_rejected FROM batches "
        "ORDER BY completed_at DESC, rows_read DESC LIMIT 1",
    ) == [(4, 1, 1, 1, 1)]


def test_text_and_typed_rows_make_the_same_warehouse(settings):
    as_text = {"post_id": POST, "posted_at": "2026-01-01T00:00:00Z", "slide_count": "3", "hashtags": '["a"]'}
    typed = {"post_id": POST, "posted_at": datetime(2026, 1, 1), "slide_count": 3, "hashtags": ["a"]}
    loaded(settings, {"posts": [as_text]})
    assert loaded(settings, {"posts": [typed]}).total("unchanged") == 1
