"""From text to instants, hashtags, links and shares."""

from __future__ import annotations

from datetime import datetime

import ibis
import pytest

from workbench.sources import fields
from workbench.sources.memory import in_memory


def made(expression: ibis.Value) -> object:
    con = in_memory()
    found = con.con.execute(con.compile(expression.name("found").as_table())).fetchall()[0][0]
    con.disconnect()
    return found


def text(value: str | None) -> ibis.Value:
    return ibis.literal(value, type="string")


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-01-02", datetime(2026, 1, 2)),
        ("2026-01-02 03:04:05", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T03:04:05.5", datetime(2026, 1, 2, 3, 4, 5, 500_000)),
        ("2026-01-02 03:04", datetime(2026, 1, 2, 3, 4)),
        ("2026-01-02 03:04 PM", datetime(2026, 1, 2, 15, 4)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02 03:04:05 UTC", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02 03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5)),
        ("2026-01-02 03:04:05-0530", datetime(2026, 1, 2, 8, 34, 5)),
        ("2026-01-02 03:04:05+02", datetime(2026, 1, 2, 1, 4, 5)),
        ("May 8, 2020", datetime(2020, 5, 8)),
        ("8-May-20", datetime(2020, 5, 8)),
        ("20260330", datetime(2026, 3, 30)),
        ("03/04/2025", None),
        ("31/12/25", None),
        ("1/12/25 9:00", None),
        ("epoch", None),
        ("13.09", None),
        ("2025", None),
        ("2025-02-30", None),
        ("nonsense", None),
        ("", None),
        (None, None),
    ],
)
def test_a_text_is_an_instant_only_where_it_reads_in_one_way(written, instant):
    assert made(fields.instant(text(written), "UTC")) == instant


def test_a_naive_instant_is_in_its_zone_and_one_with_an_offset_is_not():
    assert made(fields.instant(text("2026-01-02 03:04"), "Europe/Berlin")) == datetime(2026, 1, 2, 2, 4)
    assert made(fields.instant(text("2026-07-02 03:04"), "Europe/Berlin")) == datetime(2026, 7, 2, 1, 4)
    assert made(fields.instant(text("2026-07-02 03:04Z"), "Europe/Berlin")) == datetime(2026, 7, 2, 3, 4)


def test_a_format_that_is_given_is_the_only_one():
    assert made(fields.instant(text("03/04/2025"), "UTC", ["%d/%m/%Y"])) == datetime(2025, 4, 3)
    assert made(fields.instant(text("2025-04-03"), "UTC", ["%d/%m/%Y"])) is None


def test_what_can_not_be_read_stays_the_text_it_was():
    written = text("nonsense")
    assert made(fields.or_text(fields.instant(written, "UTC"), written)) == "nonsense"


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ("#FYP #b #fyp", ["b", "fyp"]),
        ("a, B", ["a", "b"]),
        ("a|b;c", ["a", "b", "c"]),
        ('["x", "#y"]', ["x", "y"]),
        ("['#A']", ["a"]),
        ("#ＡＢＣ", ["abc"]),
        ("#u\u0308ber #\u00fcber", ["\u00fcber"]),
        ("#日本 #été", ["été", "日本"]),
        ("# #", []),
        ("[]", []),
        ("", []),
        (None, None),
    ],
)
def test_hashtags_are_folded_each_once_and_never_empty(written, tags):
    assert made(fields.tags(text(written))) == tags


def test_a_captions_hashtags_are_its_marked_words():
    assert made(fields.caption_tags(text("So #Good, isn't it?#yes! No 5 #1"))) == ["1", "good", "yes"]
    assert made(fields.caption_tags(text("nothing"))) == []
    assert made(fields.caption_tags(text(None))) is None


@pytest.mark.parametrize(
    ("written", "links"),
    [
        ("https://a.b/c,d.jpg,https://e", ["https://a.b/c,d.jpg", "https://e"]),
        ('["https://a","https://b"]', ["https://a", "https://b"]),
        ("['https://a', 'https://b']", ["https://a", "https://b"]),
        ("https://a|https://b", ["https://a", "https://b"]),
        ("https://a https://b ", ["https://a", "https://b"]),
        ("5", []),
        (None, None),
    ],
)
def test_links_are_found_in_every_usual_list(written, links):
    assert made(fields.links(text(written))) == links


def test_percent_becomes_a_fraction_and_nonsense_stays():
    assert float(str(made(fields.fraction(text("12.5 %"))))) == 0.125
    assert float(str(made(fields.fraction(text("50"))))) == 0.5
    assert made(fields.fraction(text("n/a"))) == "n/a"


def test_names_are_one_whatever_their_blanks_and_case():
    assert made(fields.spelled(text("  Anna \t B "))) == "Anna B"
    assert made(fields.name_id(text("  Anna \n B "))) == "anna b"
    assert made(fields.name_id(text("  "))) is None


def test_a_list_is_json_or_apart_by_bars():
    assert made(fields.listed(text('["a","b"]'))) == '["a","b"]'
    assert made(fields.listed(text("a | b||"))) == '["a","b"]'
    assert made(fields.listed(text(None))) is None
