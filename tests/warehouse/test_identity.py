"""Which account a name means: renames, names taken over, and the rows that follow."""

from __future__ import annotations

import os
from datetime import timedelta
from itertools import islice, permutations

import pytest
from given import NOON, POST, batch, content, loaded, query

from workbench.settings import load_settings
from workbench.warehouse.load import load

pytestmark = pytest.mark.usefixtures("without_marts")


def seen(name, external_id, day, **columns):
    """A batch that saw an account under a name on a day."""
    row = {"account_id": f"tiktok:{name}", "username": name, "external_id": external_id, **columns}
    return {"accounts": [row]}, NOON + timedelta(days=day)


def accounts(settings):
    return query(settings, "SELECT account_id, username, external_id FROM accounts ORDER BY ALL")


def in_any_order(tmp_path, *batches):
    """The warehouses that the batches make, applied in each order; of four and more in every fifth."""
    for n, order in enumerate(islice(permutations(batches), 0, None, 1 if len(batches) < 4 else 5)):
        settings = load_settings(tmp_path / str(n))
        for place, (tables, captured_at) in enumerate(order):
            os.utime(batch(settings, tables, captured_at), (place, place))
        assert not load(settings).failed
        yield settings


def test_a_renamed_account_stays_one_with_its_first_name_as_its_id(tmp_path):
    for settings in in_any_order(tmp_path, seen("a", "1", 1), seen("b", "1", 2), seen("c", "1", 3)):
        assert accounts(settings) == [("tiktok:a", "c", "1")]
        assert query(settings, "SELECT username, account_id FROM account_names ORDER BY valid_from") == [
            ("a", "tiktok:a"),
            ("b", "tiktok:a"),
            ("c", "tiktok:a"),
        ]


def test_a_name_is_known_from_the_first_to_the_last_time_it_was_seen(settings):
    for day in (3, 1, 2):
        loaded(settings, *seen("a", "1", day))
    [period] = query(settings, "SELECT valid_from, valid_to FROM account_names")
    assert period == (NOON + timedelta(days=1), NOON + timedelta(days=3))


def test_what_only_names_an_account_goes_to_it_before_and_after_the_rename_is_known(tmp_path):
    posts = {"posts": [{"post_id": POST, "account_id": "tiktok:b"}]}, NOON
    for settings in in_any_order(tmp_path, seen("a", "1", 1), seen("b", "1", 2), posts):
        assert query(settings, "SELECT account_id FROM posts") == [("tiktok:a",)]
        assert accounts(settings) == [("tiktok:a", "b", "1")]


def test_rows_of_every_table_follow_a_rename(settings):
    name = "tiktok:b"
    money = {"from_on": "2026-01-01", "to_on": "2026-01-31", "amount": "5", "currency": "USD"}
    of_account = {"scope": "account", "scope_id": name}
    loaded(
        settings,
        {
            "posts": [{"post_id": POST, "account_id": name}],
            "account_snapshots": [
                {"account_id": name, "captured_at": "2026-01-01 00:00:00", "followers": "5"}
            ],
            "account_assignments": [{"account_id": name, "va_id": "v", "from_on": "2026-01-01"}],
            "scrape_logs": [{"session_id": "s", "account_id": name, "logged_at": "2026-01-01 00:00:00"}],
            "tasks": [{"task_id": "t", "account_id": name}],
            "revenue": [{"revenue_id": "r", **money, **of_account}],
            "costs": [{"cost_id": "c", "kind": "tool", **money, **of_account}],
            "targets": [{"metric": "views", "from_on": "2026-01-01", "target": "9", **of_account}],
            "annotations": [{"annotation_id": "n", "from_on": "2026-01-01", "label": "x", **of_account}],
        },
    )
    loaded(settings, *seen("b", "1", 2))
    loaded(settings, *seen("a", "1", 1))
    for table in ("accounts", "posts", "account_snapshots", "account_assignments", "scrape_logs", "tasks"):
        assert query(settings, f"SELECT account_id FROM {table}") == [("tiktok:a",)], table
    for table in ("revenue", "costs", "targets", "annotations"):
        assert query(settings, f"SELECT scope_id FROM {table}") == [("tiktok:a",)], table


def test_money_of_something_else_that_is_called_like_an_account_stays(settings):
    loaded(
        settings,
        {
            "annotations": [
                {
                    "annotation_id": "n",
                    "from_on": "2026-01-01",
                    "label": "x",
                    "scope": "va",
                    "scope_id": "tiktok:b",
                }
            ]
        },
    )
    loaded(settings, *seen("b", "1", 2))
    loaded(settings, *seen("a", "1", 1))
    assert query(settings, "SELECT scope_id FROM annotations") == [("tiktok:b",)]


@pytest.mark.long
def test_each_column_keeps_its_own_time_when_two_accounts_become_one(tmp_path):
    bio = (
        {"accounts": [{"account_id": "tiktok:b", "bio": "later", "location": "later"}]},
        NOON + timedelta(days=9),
    )
    note = (
        {"accounts": [{"account_id": "tiktok:b", "bio": "earlier", "client": "x"}]},
        NOON + timedelta(days=3),
    )
    for settings in in_any_order(
        tmp_path,
        bio,
        note,
        seen("b", "1", 1, location="oldest"),
        seen("a", "1", 0, client="oldest", niche="n"),
    ):
        assert query(settings, "SELECT account_id, bio, location, client, niche, username FROM accounts") == [
            ("tiktok:a", "later", "later", "x", "n", "b")
        ]


@pytest.mark.long
def test_counts_of_two_names_at_one_instant_become_one_snapshot_with_the_larger(tmp_path):
    def snapshot(name, **counts):
        row = {"account_id": f"tiktok:{name}", "captured_at": "2026-01-01 00:00:00", **counts}
        return {"account_snapshots": [row]}, NOON

    for settings in in_any_order(
        tmp_path,
        snapshot("a", followers="80", following="7"),
        snapshot("b", followers="50", following="5"),
        snapshot("b", followers="100"),
        ({"accounts": [*seen("a", "1", 0)[0]["accounts"], *seen("b", "1", 0)[0]["accounts"]]}, NOON),
    ):
        assert query(settings, "SELECT followers, following FROM account_snapshots") == [(100, 7)]


def test_a_name_taken_over_stays_with_the_account_that_had_it_first(tmp_path):
    later = seen("a", "2", 2, display_name="later holder")
    for settings in in_any_order(tmp_path, seen("a", "1", 1, display_name="first"), later):
        assert query(settings, "SELECT account_id, external_id, display_name FROM accounts ORDER BY ALL") == [
            ("tiktok:a", "1", "first"),
            ("tiktok:a~2", "2", "later holder"),
        ]
        loaded(settings, {"posts": [{"post_id": POST, "account_id": "tiktok:a"}]})
        assert query(settings, "SELECT account_id FROM posts") == [("tiktok:a",)]


@pytest.mark.long
def test_a_later_holder_with_a_name_of_its_own_is_called_by_that(tmp_path):
    sightings = seen("a", "1", 1), seen("a", "2", 2), seen("z", "2", 3)
    for settings in in_any_order(tmp_path, *sightings):
        loaded(settings, {"posts": [{"post_id": f"tiktok:{n}", "account_id": f"tiktok:{n}"} for n in "az"]})
        assert accounts(settings) == [("tiktok:a", "a", "1"), ("tiktok:z", "z", "2")]
        assert query(settings, "SELECT account_id FROM posts ORDER BY post_id") == [
            ("tiktok:a",),
            ("tiktok:z",),
        ]


def test_an_account_that_lost_its_name_and_took_another_keeps_its_rows(settings):
    loaded(settings, *seen("a", "1", 1))
    loaded(settings, *seen("b", "1", 2))  # renamed
    loaded(settings, *seen("a", "2", 3))  # and somebody else took the old name
    loaded(settings, {"posts": [{"post_id": POST, "account_id": "tiktok:b"}]})
    assert accounts(settings) == [("tiktok:a", "b", "1"), ("tiktok:a~2", "a", "2")]
    assert query(settings, "SELECT account_id FROM posts") == [("tiktok:a",)]


def test_two_platforms_share_no_names(settings):
    loaded(settings, *seen("a", "1", 1))
    row = {"account_id": "youtube:b", "username": "b", "external_id": "1"}
    loaded(settings, {"accounts": [row], "posts": [{"post_id": "youtube:1", "account_id": "youtube:a"}]})
    assert query(settings, "SELECT account_id FROM accounts ORDER BY ALL") == [
        ("tiktok:a",),
        ("youtube:a",),
        ("youtube:b",),
    ]


def test_an_account_told_by_id_and_newer_name_is_both(tmp_path):
    told = {"accounts": [{"account_id": "tiktok:a", "username": "@B", "external_id": "1"}]}, NOON
    posts = {"posts": [{"post_id": f"tiktok:{n}", "account_id": f"tiktok:{n}"} for n in "ab"]}, NOON
    for settings in in_any_order(tmp_path, told, posts):
        assert accounts(settings) == [("tiktok:a", "@B", "1")]
        assert query(settings, "SELECT DISTINCT account_id FROM posts") == [("tiktok:a",)]


def test_an_account_that_posts_only_mention_is_a_bare_row_until_it_is_described(tmp_path):
    posts = {"posts": [{"post_id": POST, "account_id": "tiktok:a"}]}, NOON
    described = (
        {"accounts": [{"account_id": "tiktok:a", "username": "A.", "bio": "x"}]},
        NOON - timedelta(days=9),
    )
    for settings in in_any_order(tmp_path, posts, described):
        assert query(settings, "SELECT account_id, platform, username, bio FROM accounts") == [
            ("tiktok:a", "tiktok", "A.", "x")
        ]


def test_a_bare_account_bears_the_name_in_its_id(settings):
    loaded(settings, {"posts": [{"post_id": POST, "account_id": "tiktok:a"}]})
    assert accounts(settings) == [("tiktok:a", "a", None)]


@pytest.mark.parametrize("told", ["b", None])
def test_local_days_follow_an_account_into_another(settings, told):
    post = {"post_id": POST, "account_id": "tiktok:b", "posted_at": "2026-01-01 23:30:00"}
    loaded(settings, {"posts": [post]})
    loaded(settings, *seen("a", "1", 1, time_zone="Europe/Berlin"))
    assert query(settings, "SELECT posted_local_on::VARCHAR, posted_local_hour FROM posts") == [
        ("2026-01-01", 23)
    ]
    loaded(settings, *seen("b", "1", 2, username=told))
    assert query(settings, "SELECT posted_local_on::VARCHAR, posted_local_hour FROM posts") == [
        ("2026-01-02", 0)
    ]


def test_a_time_zone_told_beside_a_rename_reaches_the_posts(settings):
    posts = [
        {"post_id": f"tiktok:{n}", "account_id": f"tiktok:{n}", "posted_at": "2026-01-01 23:30:00"}
        for n in "bx"
    ]
    loaded(settings, {"posts": posts, **seen("b", "1", 2)[0]}, NOON + timedelta(days=2))
    rename = seen("a", "1", 1)[0]["accounts"]
    zone = {"account_id": "tiktok:x", "username": "x", "time_zone": "Europe/Berlin"}
    loaded(settings, {"accounts": [*rename, zone]})
    assert query(settings, "SELECT account_id, posted_local_hour FROM posts ORDER BY ALL") == [
        ("tiktok:a", 23),
        ("tiktok:x", 0),
    ]


def test_names_in_sql_are_only_names(settings):
    name = "o'neil\"; drop table posts; --"
    loaded(settings, *seen(name, "1';", 1))
    batch(settings, {"posts": [{"post_id": POST, "account_id": f"tiktok:{name}"}]})
    assert not load(settings).failed
    assert query(settings, "SELECT account_id FROM posts") == [(f"tiktok:{name}",)]
    assert content(settings)["accounts"][0][3] == "1';"


@pytest.mark.long
def test_a_name_that_no_row_tells_is_the_one_in_the_account_s_id(tmp_path):
    def unnamed(name, day):
        return {"accounts": [{"account_id": f"tiktok:{name}", "external_id": "1"}]}, NOON + timedelta(
            days=day
        )

    for settings in in_any_order(tmp_path, unnamed("z", 2), unnamed("m", 1), unnamed("q", 3)):
        assert accounts(settings) == [("tiktok:m", "m", "1")]


def test_a_target_of_an_account_is_its_however_the_name_is_spelled(settings):
    target = {"metric": "views", "from_on": "2026-01-01", "target": "5"}
    loaded(settings, {"targets": [{**target, "scope": "Account", "scope_id": "TikTok:@A"}]})
    assert query(settings, "SELECT scope, scope_id FROM targets") == [("account", "tiktok:a")]
