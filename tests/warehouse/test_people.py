"""Posts whose VA no file names: the terms on their account tell."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from given import NOON, batch, content, loaded, query

from workbench.settings import Settings, load_settings
from workbench.warehouse.load import load

POSTS = {
    "posts": [
        {"post_id": f"tiktok:{n}", "account_id": "tiktok:ann", "posted_at": datetime(2025, 12, day, 9)}
        for n, day in enumerate((1, 10, 11, 20), start=1)
    ]
}


def terms(*each: tuple[str, date, date | None]) -> dict[str, list[dict[str, Any]]]:
    rows = [{"account_id": "tiktok:ann", "va_id": v, "from_on": a, "to_on": b} for v, a, b in each]
    return {"account_assignments": rows}


TERMS = terms(("eva", date(2025, 12, 5), date(2025, 12, 10)), ("tom", date(2025, 12, 10), None))


def vas(settings: Settings) -> list[str | None]:
    return [va for _, va in query(settings, "SELECT post_id, va_id FROM posts ORDER BY post_id")]


def test_the_va_whose_term_covers_the_day_put_the_post_up_and_two_terms_on_one_day_tell_nothing(settings):
    loaded(settings, POSTS)
    assert vas(settings) == [None, None, None, None]
    loaded(settings, TERMS)
    assert vas(settings) == [None, None, "tom", "tom"]
    mart = query(settings, "SELECT va_id FROM post_performance ORDER BY post_id")
    assert mart == [(None,), (None,), ("tom",), ("tom",)]


def test_what_a_file_says_of_the_post_stands_over_the_term_even_if_it_is_older(settings):
    loaded(settings, {**POSTS, **TERMS})
    said = {"posts": [{"post_id": "tiktok:3", "va_id": "mia"}]}
    loaded(settings, said, NOON - timedelta(days=9))
    assert vas(settings) == [None, None, "mia", "tom"]


def test_when_terms_change_so_does_what_follows_from_them(settings):
    loaded(settings, {**POSTS, **TERMS})
    loaded(settings, terms(("tom", date(2025, 12, 10), date(2025, 12, 15))), NOON + timedelta(days=1))
    assert vas(settings) == [None, None, "tom", None]


@pytest.mark.long
def test_the_order_of_batches_changes_nothing(tmp_path):
    batches = [POSTS, TERMS, {"posts": [{"post_id": "tiktok:4", "va_id": "mia", "caption": "x"}]}]
    found = []
    for number, order in enumerate(permutations(batches)):
        settings = load_settings(tmp_path / str(number))
        for tables in order:
            batch(settings, tables, NOON + timedelta(hours=batches.index(tables)))
            assert not load(settings).failed
        found.append(content(settings))
    assert all(f == found[0] for f in found[1:])
