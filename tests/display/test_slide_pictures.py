"""The pictures of the slides' page, over figures that are given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from workbench.display.slide_page import SlidePage
from workbench.display.slide_pairs import left_out, marks
from workbench.media.thumbnails import Thumbnails
from workbench.metrics.periods import Period
from workbench.model.slide_facts import SlideFacts

WEEK = Period.week_of(date(2025, 9, 22))
URI = "data:image/webp;base64,UklGRg=="


def unasked(name: str) -> ibis.Table:
    raise AssertionError(f"{name} was asked for, though the figures were given")


def images(n: int) -> pd.DataFrame:
    """Images i0, i1, ..., each surely better than usual."""
    ids = [f"i{k}" for k in range(n)]
    return pd.DataFrame(
        {
            "image_id": ids, "image_text": [f"words of {i}" for i in ids], "example_url": "https://e.example/1",
            "slide_lift": 1.5, "slide_lift_low": 1.2, "slide_lift_high": 1.8, "n_lift_posts": 9, "n_uses": 9,
            "days_since_used": 10,
        }
    )  # fmt: skip


def page_of(stored: Mapping[str, str], n: int = 3, **given: Any) -> SlidePage:
    """A page where some images have a stored file, given as its sha256."""
    facts = SlideFacts(unasked, WEEK)
    known = images(n)
    given = {
        "library": known,
        "best": known,
        "uses": known,
        "n_pictured": len(stored),
        "asked_for": [],
        **given,
    }

    def pictures_of(image_ids: list[str]) -> pd.DataFrame:
        given["asked_for"] += image_ids
        rows = [(i, stored[i], f"pictures/{stored[i]}") for i in image_ids if i in stored]
        return pd.DataFrame(rows, columns=["image_id", "sha256", "storage_key"])

    vars(facts).update({"has_slides": True, "horizon": "120", "pictures_of": pictures_of, **given})
    return SlidePage(facts)


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files whose sha256 begins with `lost` can't be shown."""

    def thumbnails(_: Any, files: Mapping[str, str]) -> Thumbnails:
        lost = {f: "the storage can't be reached or opened" for f in files if f.startswith("lost")}
        return Thumbnails({f: URI for f in files if f not in lost}, lost)

    monkeypatch.setattr("workbench.media.thumbnails.thumbnails", thumbnails)


def test_without_pictures_the_page_says_how_to_get_them_and_lists_images_as_ever() -> None:
    page = page_of({})
    assert "No pictures yet" in repr(page.best_gallery()) and "workbench media fetch" in repr(
        page.best_gallery()
    )
    html = page.best_table()._repr_html_()
    assert '<details class="wb-fold"' not in html and "wb-picture" not in html and "words of i0" in html


def test_the_best_images_are_cards_with_lift_interval_and_n_and_their_table_is_folded() -> None:
    page = page_of({"i0": "aa", "i2": "cc"})
    html = page.best_gallery()._repr_html_()
    assert html.count("<img") == 2 and html.count("no picture stored") == 1
    assert "Pictures are stored of 2 of 3 images" in html
    assert "1.20× to 1.80×" in html and "9 uses, last shown 10 days ago" in html
    folded = page.best_table()._repr_html_()
    assert "wb-fold" in folded and folded.count("<img") == 2


def test_where_every_image_has_a_picture_none_is_asked_for() -> None:
    said = repr(page_of({"i0": "aa", "i1": "bb", "i2": "cc"}).best_gallery())
    assert "every one of the 3 images" in said and "media fetch" not in said


def test_where_other_images_have_pictures_the_page_says_how_few() -> None:
    said = repr(page_of({"other": "aa"}).best_gallery())
    assert "Few pictures yet" in said and "1 of 3 images" in said


def test_a_storage_that_cannot_be_reached_is_told_and_the_figures_stay() -> None:
    page = page_of({"i0": "lost0", "i1": "lost1"})
    said = repr(page.best_gallery())
    assert "2 stored pictures can't be shown here (2: the storage can't be reached or opened)" in said
    assert "words of i0" in page.best_table()._repr_html_()


def test_what_could_not_be_shown_is_told_where_the_rest_is_shown() -> None:
    slides = {"n_posts": 4, "n_with_slides": 4, "n_slides": 9, "without_image": 0, "without_text": 0}
    nothing = {"without_snapshot": 0}
    page = page_of({"i0": "aa", "i1": "lost1"}, coverage_of_slides=slides, left_out=nothing)
    assert "can't be shown" not in repr(page.left_out())
    page.best_gallery()
    assert "1 stored picture can't be shown here" in repr(page.left_out())


def test_an_image_is_asked_for_once_however_many_lists_show_it() -> None:
    asked_for: list[str] = []
    page = page_of({"i0": "aa"}, asked_for=asked_for)
    for part in (page.best_gallery, page.best_table, page.best_gallery):
        part()
    assert asked_for == ["i0", "i1", "i2"]


def hooks() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "text_id": ["t1", "t2"], "ocr_text": ["wait for it", "never again"], "n_images": [4, 2], "n_uses": [9, 3],
            "n_outliers": [9, 3], "median_outlier": [1.2, 0.8], "breakout_rate": [0.1, 0.0],
            "last_used_at": pd.Timestamp("2025-09-01"),
        }
    )  # fmt: skip


def test_a_reused_hook_shows_up_to_three_of_its_pictures() -> None:
    of_hooks = pd.DataFrame({"text_id": "t1", "image_id": [f"i{k}" for k in range(5)], "n_uses": 1})
    page = page_of(
        {f"i{k}": f"f{k}" for k in range(1, 5)}, reused_hooks=hooks(), images_of_hooks=lambda _: of_hooks
    )
    html = page.reused_hooks_table()._repr_html_()
    assert html.count("<img") == 3 and html.count("no picture stored") == 1


def slides(text: str) -> pd.DataFrame:
    """Image and file of each slide: `a:x` is image a as file x; `-` is unknown."""
    cells = [cell.split(":") for cell in text.split()]
    values = [[None if v == "-" else v for v in cell] for cell in cells]
    frame = pd.DataFrame(values, columns=["image_id", "sha256"])
    return frame.assign(slide_index=np.arange(len(frame)) + 1, ocr_text="words")


def test_a_repost_is_told_from_its_first_post_slide_by_slide() -> None:
    first, again = slides("a:x b:y c:z e:q"), slides("a:x c:w b:- d:v -:-")
    assert marks(again, first) == [
        ("same file", True),
        ("saved anew, was slide 3", True),
        ("was slide 2", True),
        ("another image", False),
        ("another image", False),
    ]
    assert left_out(first, again) == [("", True), ("", True), ("", True), ("left out", False)]


def reposts(**given: Any) -> pd.DataFrame:
    one = {
        "post_id": "later", "earlier_post_id": "earlier", "account_id": "tiktok:b", "earlier_account_id": "tiktok:a",
        "posted_at": pd.Timestamp("2025-09-20"), "earlier_posted_at": pd.Timestamp("2025-09-01"),
        "compared_outlier": 3.0, "earlier_outlier": 1.5, "compared_views": 3_000.0, "earlier_views": 900.0,
        "is_same_account": False, "is_same_order": False, "days_between": 19.0, "url": "https://e.example/later",
    }  # fmt: skip
    return pd.DataFrame([{**one, **given}])


def pair_of(stored: Mapping[str, str], **given: Any) -> Any:
    both = pd.concat(
        [slides("a:x b:y").assign(post_id="earlier"), slides("b:y a:n").assign(post_id="later")],
        ignore_index=True,
    )
    page = page_of(stored, reposts=reposts(**given), slides_of_posts=lambda _: both)
    return page.reposts_side_by_side()


def test_reposts_stand_under_what_was_posted_first_with_what_tells_them_apart() -> None:
    pair = pair_of({"a": "x"})
    assert pair._repr_html_().count("<img") == 2  # image a, in both posts
    [said, first, again] = repr(pair).splitlines()[1:4]
    assert said == (
        "2 of 2 slides shown again; 1 of them saved anew; in another order; 19 days later on another account; it did "
        "2.00× what the first one did, against what is usual there."
    )
    assert "tiktok:a, 1\N{NO-BREAK SPACE}Sep\N{NO-BREAK SPACE}2025: 1.50× the usual, 900 views" in first
    assert "words (1 · same file, was slide 2); words (2 · saved anew, was slide 1)" in again


def test_a_first_post_of_unknown_result_is_not_compared() -> None:
    said = repr(pair_of({"a": "x"}, earlier_outlier=np.nan, earlier_views=np.nan))
    assert "not known how it did" in said and "it did" not in said.splitlines()[1]


@pytest.mark.parametrize("stored", [{}, {"other": "zz"}])
def test_without_a_picture_of_a_repost_nothing_is_laid_side_by_side(stored: dict[str, str]) -> None:
    assert "wb-pair" not in pair_of(stored)._repr_html_()
