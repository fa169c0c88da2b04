"""The stored files that show what images look like."""

from __future__ import annotations

from collections import Counter
from typing import Any

import ibis
import pytest

from tests.text_tables import rows, table
from workbench.metrics.image_pictures import hook_images, image_pictures, slide_pictures, slides_of

SLIDES = """
    post_id | slide_index | sha256 | ocr_text
    p1      |           1 | aa     | one
    p1      |           2 | bb     | two
    p2      |           1 | cc     | one
    p3      |           1 | cc     | -
    p4      |           1 | -      | four
    p5      |           1 | dd     | five
    """
FILES = """
    sha256 | storage_key
    aa     | key_a
    bb     | key_b
    cc     | key_c
    dd     | -
    """
USES = """
    post_id | slide_index | image_id | text_id | is_hook
    p1      |           1 | i1       | t1      | true
    p1      |           2 | i2       | t2      | false
    p2      |           1 | i1       | t1      | true
    p3      |           1 | i1       | -       | true
    p4      |           1 | i3       | t4      | true
    p5      |           1 | -        | t1      | true
    """


def slides() -> ibis.Table:
    return table(SLIDES, sha256="string", ocr_text="string")


def files() -> ibis.Table:
    return table(FILES, sha256="string", storage_key="string")


def uses(text: str = USES) -> ibis.Table:
    return table(text, is_hook="boolean")


def told(expression: ibis.Table, order: str = "image_id") -> list[dict[str, Any]]:
    return rows(expression.order_by(order))


def test_a_slide_has_a_picture_where_its_file_is_stored() -> None:
    found = rows(slide_pictures(slides(), files()).order_by(["post_id", "slide_index"]))
    assert [(r["post_id"], r["slide_index"], r["storage_key"]) for r in found] == [
        ("p1", 1, "key_a"),
        ("p1", 2, "key_b"),
        ("p2", 1, "key_c"),
        ("p3", 1, "key_c"),
    ]


def test_an_image_is_shown_by_the_file_that_most_of_its_slides_show() -> None:
    assert told(image_pictures(uses(), slide_pictures(slides(), files()))) == [
        {"image_id": "i1", "sha256": "cc", "storage_key": "key_c"},  # cc twice, aa once
        {"image_id": "i2", "sha256": "bb", "storage_key": "key_b"},
    ]  # i3 has no file


def test_of_two_files_shown_as_often_the_first_by_its_hash_is_shown() -> None:
    shown = uses().filter(ibis._.post_id != "p3")
    assert told(image_pictures(shown, slide_pictures(slides(), files())))[0]["sha256"] == "aa"


@pytest.mark.parametrize("nothing", ["slides", "files", "uses"])
def test_with_no_rows_there_is_no_picture(nothing: str) -> None:
    parts = {"slides": slides(), "files": files(), "uses": uses()}
    parts[nothing] = parts[nothing].limit(0)
    assert told(image_pictures(parts["uses"], slide_pictures(parts["slides"], parts["files"]))) == []


def test_a_hook_has_the_images_that_its_text_opened_posts_on() -> None:
    assert rows(hook_images(uses()).order_by(["text_id", "image_id"])) == [
        {"text_id": "t1", "image_id": "i1", "n_uses": 2},
        {"text_id": "t4", "image_id": "i3", "n_uses": 1},
    ]


def test_the_slides_of_a_post_are_told_with_what_is_unknown_of_them() -> None:
    posts = table("post_id\n p1 \n p4 \n p9")
    found = rows(slides_of(posts, uses(), slides()).order_by(["post_id", "slide_index"]))
    assert [(r["post_id"], r["image_id"], r["sha256"], r["ocr_text"]) for r in found] == [
        ("p1", "i1", "aa", "one"),
        ("p1", "i2", "bb", "two"),
        ("p4", "i3", None, "four"),
    ]


def test_pictures_of_the_demo_are_those_that_counting_by_hand_finds(demo_home: Any) -> None:
    import workbench

    with workbench.connect(demo_home) as wb:
        shown = wb.table("slides").filter(ibis._.sha256.notnull())
        stored = shown.select("sha256").distinct().mutate(storage_key=ibis._.sha256)
        every_other = stored.filter(stored.sha256.substr(0, 1).isin(list("02468ace")))
        found = told(image_pictures(wb.table("slide_uses"), slide_pictures(shown, every_other)))
        uses = wb.table("slide_uses").select("post_id", "slide_index", "image_id").to_pyarrow().to_pylist()
        file_of = {
            (r["post_id"], r["slide_index"]): r["sha256"]
            for r in shown.select("post_id", "slide_index", "sha256").to_pyarrow().to_pylist()
        }
    counted: dict[str, Counter[str]] = {}
    for use in uses:
        sha256 = file_of.get((use["post_id"], use["slide_index"]), "x")
        if use["image_id"] and sha256[0] in "02468ace":
            counted.setdefault(use["image_id"], Counter())[sha256] += 1
    by_hand = {i: min(c, key=lambda s: (-c[s], s)) for i, c in counted.items()}
    assert {r["image_id"]: r["sha256"] for r in found} == by_hand
    assert len(by_hand) > 50
