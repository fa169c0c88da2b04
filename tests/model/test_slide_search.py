"""Slides by what they say: every word, near enough; and by a picture: by the rule of the same image."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest
from text_tables import rows, table

from workbench.errors import UsageError
from workbench.metrics.slide_search import images_that_say, what_is_known
from workbench.model.slide_like import Looked, alike
from workbench.model.slide_search import matches, parsed


def found(query: str, *texts: str) -> list[float]:
    return [round(float(m), 3) for m in matches(parsed(query), pa.array(list(texts), pa.string()))]


def test_all_words_must_be_there_in_any_order_and_in_order_is_better() -> None:
    assert found("cold coffee", "Cold COFFEE!", "coffee, cold", "cold tea") == [1.0, 0.999, 0.0]


def test_a_phrase_in_quotes_must_stand_word_for_word() -> None:
    texts = ("so cold coffee", "coffee is cold", "cold, coffee")
    assert found('"cold coffee"', *texts) == [1.0, 0.0, 1.0]
    assert found("„cold coffee“", *texts) == [1.0, 0.0, 1.0]


def test_a_longer_word_counts_less() -> None:
    assert found("kaffee", "kaffee", "kaffeeklatsch", "eiskaffee", "tee") == [1.0, 0.9, 0.8, 0.0]


def test_small_misreadings_are_tolerated_in_long_words_and_not_in_short_ones() -> None:
    assert found("coffee", "cofice", "coffcc", "coffec") == [0.0, 0.0, 0.85]
    assert found("keyboards", "kcyboarbs") == [0.7]
    assert found("cold", "gold") == [0.0]


def test_umlauts_are_found_however_they_are_written() -> None:
    said = ("müde", "MÜDE", "mu\u0308de", "muede", "mude")
    assert found("müde", *said) == [1.0] * 5
    assert found("muede", *said) == [1.0] * 5
    assert found("mude", *said) == [1.0, 1.0, 1.0, 0.0, 1.0]
    assert found("Straße", "STRASSE", "strasse") == [1.0, 1.0]
    assert found("blue", "blurry") == [0.0], "ue that is no umlaut brings in no other words"


def test_what_strangers_write_is_text_and_nothing_else() -> None:
    hostile = (
        "100 % o'clock_<b>tea</b>",
        "c\u00adof\u202efee",
        "",
        "\u2066שלום\u2069",
        "x" * 100_000 + " tea",
    )
    assert found("tea", *hostile) == [1.0, 0.0, 0.0, 0.0, 1.0]
    assert found("coffee", *hostile) == [0.0, 1.0, 0.0, 0.0, 0.0]
    assert found("שלום", *hostile) == [0.0, 0.0, 0.0, 1.0, 0.0]
    assert found("100% <b>", *hostile)[0] > 0.9, "% is no wildcard and < no markup: words are"


@pytest.mark.parametrize("query", ["", "%_'\"", '""', "\ud800", "…"])
def test_a_query_without_words_is_told(query: str) -> None:
    with pytest.raises(UsageError, match="no word to look for"):
        parsed(query)


def test_a_query_without_end_is_told() -> None:
    with pytest.raises(UsageError, match="100 words; 32 at most"):
        parsed("word " * 100)


def test_where_there_are_no_texts_none_is_found() -> None:
    assert found("tea") == []


USES = """
    post_id | slide_index | image_id | text_id | account_id | posted_at
    p1      |           1 | i1       | t1      | a          | 2025-01-01
    p2      |           1 | i1       | t2      | b          | 2025-01-02
    p3      |           1 | i2       | t1      | a          | 2025-01-03
    p4      |           1 | -        | t1      | a          | 2025-01-04
    p5      |           1 | i3       | t3      | a          | 2025-01-05
"""
SLIDES = """
    post_id | slide_index | ocr_text | ocr_confidence | sha256
    p1      |           1 | tea      |            0.9 | s1
    p2      |           1 | tca      |            0.9 | s2
    p3      |           1 | tea      |              - | -
    p4      |           1 | tea      |            0.9 | -
    p5      |           1 | coffee   |            0.9 | -
"""


def test_an_image_is_told_by_its_best_text_and_all_its_uses() -> None:
    uses = table(USES)
    slides = table(SLIDES, ocr_text="string", ocr_confidence="float64", sha256="string")
    said = table(
        """
        ocr_text | match_rate
        tea      |        1.0
        tca      |        0.8
        """,
        ocr_text="string",
    )
    names = ("image_id", "image_text", "match_rate", "n_uses", "n_accounts_used")
    assert [tuple(row.values()) for row in rows(images_that_say(uses, slides, said), *names)] == [
        ("i1", "tea", 1.0, 2, 2),
        ("i2", "tea", 1.0, 1, 1),
        ("t1", "tea", 1.0, 1, 1),  # a slide whose image is unknown is found by its text
    ]


def test_an_image_comes_with_its_best_post_and_its_stored_picture() -> None:
    uses = table(USES)
    slides = table(SLIDES, ocr_text="string", ocr_confidence="float64", sha256="string")
    files = table("sha256 | storage_key\n s1 | k1\n s2 | -", sha256="string", storage_key="string")
    performance = table("post_id | url | outlier_120\n p1 | u1 | 1.0\n p2 | u2 | 3.0\n p5 | - | -")
    few = table("image_id\n i1\n i3")
    answer = what_is_known(few, uses, slides, files, performance, at=datetime(2025, 2, 1))
    assert rows(answer, "image_id", "example_url", "sha256", "storage_key") == [
        {"image_id": "i1", "example_url": "u2", "sha256": "s1", "storage_key": "k1"},
        {"image_id": "i3", "example_url": None, "sha256": None, "storage_key": None},
    ]


HOOK = "five quiet habits for slow mornings"


def likened(
    looked: Looked, *pictures: tuple[str, str | None, int | None, str | None]
) -> list[tuple[str, str, int]]:
    from workbench.model.images import normalized, text_ids

    table_of = pa.table(
        {
            "image_id": pa.array([p[0] for p in pictures], pa.string()),
            "text_id": pa.array(text_ids([normalized(p[3] or "") for p in pictures]), pa.string()),
            "sha256": pa.array([p[1] for p in pictures], pa.string()),
            "phash": pa.array([p[2] for p in pictures], pa.int64()),
            "ocr_text": pa.array([p[3] for p in pictures], pa.string()),
        }
    )
    return [tuple(row) for row in alike(looked, table_of).itertuples(index=False)]


def bits(n: int) -> int:
    return (1 << n) - 1


def test_the_same_image_is_told_by_hash_and_text_together() -> None:
    got = likened(
        Looked("s", 0, HOOK),
        ("image:saved", "s1", bits(10), HOOK.replace("e", "c", 1)),
        ("image:template", "s2", bits(9), "seven loud dinners against deadlines"),
        ("image:hook", "s5", bits(40), HOOK.upper()),
        ("image:far", "s6", bits(19), "something else altogether here"),
        ("image:file", "s", -1, None),
    )
    assert got == [
        ("image:saved", "same image", 10),
        ("image:file", "same image", 64),
        ("image:template", "looks alike", 9),
        ("image:hook", "same text", 40),
    ]


def test_unread_only_nearly_equal_pictures_are_the_same_image() -> None:
    pictures = [("image:a", "s1", bits(6), HOOK), ("image:b", "s2", bits(7), "another one of the template")]
    assert likened(Looked("s", 0), *pictures) == [("image:a", "same image", 6), ("image:b", "looks alike", 7)]


def test_an_image_is_told_once_by_the_nearest_of_its_pictures() -> None:
    pictures = [("image:a", "s1", bits(4), HOOK), ("image:a", "s2", bits(30), HOOK)]
    assert likened(Looked("s", 0, HOOK), *pictures) == [("image:a", "same image", 4)]


def test_where_nothing_is_known_nothing_is_like_it() -> None:
    assert likened(Looked("s", 0, HOOK)) == []
    assert likened(Looked("s", 0), ("image:a", None, None, None)) == []
