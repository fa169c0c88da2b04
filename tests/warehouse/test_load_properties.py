"""The law of loading: the same rows make the same warehouse, however they are cut into batches and loads.

More examples, and others each time: `EXAMPLES=500 pytest tests/warehouse/test_load_properties.py`.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from given import NOON, batch, content, query
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.settings import load_settings
from workbench.warehouse import marts
from workbench.warehouse.load import load
from workbench.warehouse.tables import TABLES

pytestmark = pytest.mark.long
MORE = os.environ.get("EXAMPLES")
SOME = settings(
    max_examples=int(MORE or 18),
    derandomize=not MORE,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

SEEN = [str(NOON + timedelta(days=d)) for d in (0, 0, 1, 2)]
CAPTURED = ["2026-01-01 00:00:00", "2026-01-02 00:00:00"]
ACCOUNTS = ["tiktok:a", "tiktok:b", "tiktok:c"]
EXTERNAL = {"tiktok:a": "1", "tiktok:b": "1", "tiktok:c": "2"}
"""a and b are two names of one account."""


def maybe(*values):
    return st.sampled_from([None, *values])


def row(table, **columns):
    return st.tuples(st.just(table), st.fixed_dictionaries(columns))


def of_things(table, **columns):
    return row(table, seen_at=st.sampled_from(SEEN), **columns)


ROWS = {
    "posts": of_things(
        "posts",
        post_id=st.just("tiktok:1"),
        account_id=maybe("tiktok:a", "tiktok:b"),
        caption=maybe("x", "y", "z"),
        title=maybe("x", "y", "z"),
        posted_at=maybe("2026-01-01 23:30:00", "2026-01-01 10:00:00+02:00", "soon"),
        posted_at_precision=maybe("second", "day"),
        hashtags=maybe('["a"]', '["a", "b"]'),
        first_scraped_at=maybe("2026-01-01 01:00:00", "2026-01-01 02:00:00"),
    ),
    "accounts": st.sampled_from(ACCOUNTS).flatmap(
        lambda name: of_things(
            "accounts",
            account_id=st.just(name),
            username=maybe(name.removeprefix("tiktok:")),
            external_id=maybe(EXTERNAL[name]),
            bio=maybe("x", "y"),
            location=maybe("x", "y"),
            time_zone=maybe("UTC", "Asia/Tokyo", "Nowhere"),
            first_seen_at=maybe("2026-01-01 01:00:00", "2026-01-01 02:00:00"),
        )
    ),
    "post_snapshots": row(
        "post_snapshots",
        post_id=st.just("tiktok:1"),
        captured_at=st.sampled_from(CAPTURED[:1]),
        views=maybe("5", "7", "9", "-1"),
        likes=maybe("1", "2", "3"),
        shares=maybe("0", "4"),
        method=maybe("scraped", "lifetime"),
    ),
    "account_snapshots": row(
        "account_snapshots",
        account_id=st.sampled_from(ACCOUNTS[:2]),
        captured_at=st.sampled_from(CAPTURED[:1]),
        followers=maybe("50", "80", "100"),
        following=maybe("5", "6", "7"),
        total_likes=maybe("5", "6", "7"),
    ),
    "slides": of_things(
        "slides",
        post_id=st.just("tiktok:1"),
        slide_index=st.sampled_from(["1", "1", None]),
        phash=maybe("-1", "1"),
        ocr_text=maybe("x", " x"),
    ),
    "tasks": of_things(
        "tasks",
        task_id=st.just("1"),
        account_id=maybe(*ACCOUNTS[:2]),
        status=maybe("open", "done"),
        due_on=maybe("2026-01-01", "2026-01-02"),
    ),
    "targets": of_things(
        "targets",
        metric=st.just("views"),
        scope=st.just("account"),
        scope_id=st.sampled_from(ACCOUNTS[:2]),
        from_on=st.just("2026-01-01"),
        to_on=maybe("2026-01-31", "2026-02-28"),
        target=st.sampled_from(["1", "2"]),
    ),
}
"""Rows of few keys and few values, so that they meet; some of them the loader must refuse."""

MEETING = [
    ("posts",),
    ("post_snapshots",),
    ("slides", "tasks"),
    ("accounts",),
    ("accounts", "posts"),
    ("accounts", "account_snapshots"),
    ("accounts", "targets", "tasks"),
    tuple(ROWS),
]
SOME_ROWS = st.sampled_from(MEETING).flatmap(
    lambda tables: st.lists(st.one_of(*(ROWS[t] for t in tables)), min_size=3, max_size=12)
)


@st.composite
def ways(draw, rows):
    """A way to bring the rows in: loads of batches of rows, each row at least once, in any order."""
    again = draw(st.lists(st.sampled_from(rows), max_size=3))
    shuffled = draw(st.permutations([*rows, *again]))
    n_batches = draw(st.integers(2, min(5, len(shuffled))))
    batches = [shuffled[n::n_batches] for n in range(n_batches)]
    middle = draw(st.integers(1, n_batches))
    return [loads for loads in (batches[:middle], batches[middle:]) if loads]


def warehouse_of(loads, home):
    """The settings of a warehouse that the loads of batches made, their tables left in it."""
    made = load_settings(home)
    place = 0
    for batches in loads:
        for rows in batches:
            tables = defaultdict(list)
            for table, columns in rows:
                tables[table].append(columns)
            place += 1
            os.utime(batch(made, tables), (place, place))
        outcome = load(made)
        assert not outcome.failed, outcome.failed
        for done in outcome.batches:
            assert done.read == done.accepted + done.unchanged + done.duplicate + done.rejected
    return made


@pytest.fixture(scope="module", autouse=True)
def no_marts():
    """Marts are functions of these tables; test_mart_refresh asks for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marts, "refresh", lambda *arguments, **options: None)
        yield


def everything(made):
    """All tables, and what was refused: once, as each batch keeps its own."""
    refused = query(made, "SELECT DISTINCT table_name, reason, row_json FROM rejected_rows ORDER BY ALL")
    return {**content(made), "rejected_rows": {(t, why, _without_nulls(kept)) for t, why, kept in refused}}


def _without_nulls(kept):
    return tuple(sorted((k, v) for k, v in json.loads(kept).items() if v is not None))


@SOME
@given(st.data())
def test_rows_make_the_same_warehouse_in_any_batches_order_and_number_of_loads(data):
    rows = data.draw(SOME_ROWS)
    with tempfile.TemporaryDirectory() as home:
        once = everything(warehouse_of([[rows]], Path(home) / "once"))
        other = everything(warehouse_of(data.draw(ways(rows)), Path(home) / "other"))
        assert other == once


@SOME
@given(SOME_ROWS)
def test_each_column_is_the_newest_known_value_and_each_count_the_largest(rows):
    with tempfile.TemporaryDirectory() as home:
        made = warehouse_of([[rows[::2], rows[1::2]]], Path(home))
        for table in {table for table, _ in rows}:
            assert_winners(made, table, [accepted(r) for t, r in rows if t == table and is_sound(t, r)], rows)


def is_sound(table, columns):
    """Whether the loader may accept a row of the strategies above."""
    wrong = {"posted_at": "soon", "time_zone": "Nowhere", "views": "-1"}
    return all(columns.get(c) != v for c, v in wrong.items()) and columns.get("slide_index", "1") is not None


def accepted(columns):
    """A row as the warehouse shows it as text."""
    shown = dict(columns)
    if shown.get("posted_at") == "2026-01-01 10:00:00+02:00":
        shown["posted_at"] = "2026-01-01 08:00:00"
    if shown.get("hashtags"):
        shown["hashtags"] = shown["hashtags"].replace('"', "")
    return shown


def canonical(rows):
    """Name -> account, by plain reading: all names of an external id are the one seen first."""
    first_seen = {}
    for table, r in rows:
        if table == "accounts" and is_sound(table, r) and r["external_id"]:
            # A row that tells no username is taken to know the name a moment longer.
            at = datetime.fromisoformat(r["seen_at"]) - timedelta(microseconds=0 if r["username"] else 1)
            name = r["account_id"]
            first_seen[name] = min(first_seen.get(name, at), at)
    account = {}
    for name in first_seen:
        same = [n for n in first_seen if EXTERNAL[n] == EXTERNAL[name]]
        account[name] = min(same, key=lambda n: (first_seen[n], n))
    return lambda name: account.get(name, name)


def assert_winners(made, table, given_rows, all_rows):
    """Each stored column is one of the values with the highest rank; more than one only at a tie."""
    known = TABLES[table]
    account = canonical(all_rows)
    by_key = defaultdict(list)
    for r in given_rows:
        moved = {c: account(v) if c in ("account_id", "scope_id") and v else v for c, v in r.items()}
        by_key[tuple(moved[k] for k in known.key)].append(moved)
    columns = [c for r in given_rows for c in r if c not in (*known.key, "seen_at")]
    for column in dict.fromkeys(columns):
        keys = ", ".join(f"{k}::VARCHAR" for k in known.key)
        stored = {tuple(r[:-1]): r[-1] for r in query(made, f"SELECT {keys}, {column}::VARCHAR FROM {table}")}
        for key, candidates in by_key.items():
            best = winners(known, column, [r for r in candidates if r[column] is not None])
            if column == "target":
                best = {str(float(v)) for v in best}
            if column == "username" and not best:
                best = {key[0].removeprefix("tiktok:")}  # the bare name stands until one is told
            assert stored[key] in (best or {None}), (table, key, column, stored[key], best)


def winners(known, column, candidates):
    if not candidates:
        return set()
    if column in known.earliest:
        return {min(r[column] for r in candidates)}
    rank = (lambda r: int(r[known.rank] or -1)) if known.is_fact else (lambda r: r["seen_at"])
    best = max(rank(r) for r in candidates)
    return {r[column] for r in candidates if rank(r) == best}
