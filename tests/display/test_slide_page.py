"""What the slides' page says of figures that are given, and where it has none."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pandas as pd
import pytest

from workbench.display.slide_page import SlidePage
from workbench.metrics.periods import Period
from workbench.model.slide_effects import SlideEffects
from workbench.model.slide_facts import SlideFacts

WEEK = Period.week_of(date(2025, 9, 22))


def unasked(name: str) -> ibis.Table:
    raise AssertionError(f"{name} was asked for, though the figures were given")


def facts_of(**given: Any) -> SlideFacts:
    """Facts that are known beforehand, so that nothing has to be queried."""
    facts = SlideFacts(unasked, WEEK)
    vars(facts).update({"has_slides": True, "horizon": "120", "n_pictured": 0, **given})
    return facts


def library(text: str) -> pd.DataFrame:
    lines = [line.split("|") for line in text.strip().splitlines()]
    names, *rows = [[cell.strip() for cell in line] for line in lines]
    return pd.DataFrame([[row[0], *map(float, row[1:])] for row in rows], columns=names)


IMAGES = library(
    """
    image_id | slide_lift | slide_lift_low | slide_lift_high | n_lift_posts | n_uses | days_since_used
    sure     |        1.5 |            1.2 |             1.8 |            9 |      9 |              10
    idle     |        1.5 |            1.1 |             2.0 |            9 |      9 |              60
    busy     |        1.5 |            1.1 |             2.0 |            9 |      9 |              59
    once     |        2.0 |            1.1 |             3.0 |            1 |      1 |              14
    fresh    |        2.0 |            1.1 |             3.0 |            1 |      1 |              13
    touching |        1.5 |            1.0 |             2.0 |            9 |      1 |              99
    weak     |        0.5 |            0.3 |             0.9 |            9 |      9 |              27
    gone     |        0.5 |            0.3 |             0.9 |            9 |      9 |              28
    unsure   |        0.9 |            0.8 |             1.0 |            9 |      9 |               1
    """
)


def test_a_good_image_is_never_used_again_after_60_days_or_after_one_use_and_a_rest() -> None:
    facts = facts_of(library=IMAGES, told=lambda chosen: chosen)
    assert facts.forgotten["image_id"].tolist() == ["idle", "once"]
    assert (facts.n_good, facts.n_forgotten) == (5, 2)


def test_an_image_is_weak_that_clearly_does_worse_and_was_shown_in_the_four_weeks() -> None:
    facts = facts_of(library=IMAGES, told=lambda chosen: chosen)
    assert facts.weak["image_id"].tolist() == ["weak"]


def test_the_best_are_the_surest_and_a_tie_is_settled_by_the_id() -> None:
    facts = facts_of(library=IMAGES, told=lambda chosen: chosen)
    assert facts.best["image_id"].tolist() == ["sure", "busy", "fresh", "idle", "once"]


def test_an_image_is_shown_by_its_words_and_leads_to_a_post_safely() -> None:
    best = IMAGES.head(2).assign(
        image_id=["image:0a1b2c3d4e5f", "image:ffffffffffff"],
        image_text=["wait <for>\n it", None],
        example_url=["https://e.example/1", "javascript:alert(1)"],
    )
    html = SlidePage(facts_of(library=IMAGES, best=best)).best_table()._repr_html_()
    assert 'href="https://e.example/1"' in html and ">wait &lt;for&gt; it</a>" in html
    assert "(unread)" in html and "javascript" not in html
    assert "0a1b2c3d" in html and "0a1b2c3d4e5f" not in html


def test_without_lifts_no_list_claims_that_nothing_is_wrong() -> None:
    page = SlidePage(facts_of(library=IMAGES.head(0)))
    assert "Of no image is it known how its posts did" in repr(page.library_finding())
    for part in (page.best_table, page.forgotten_table, page.weak_table):
        assert repr(part()) == "No lift is known, so no image can be listed."


def test_nothing_is_known_of_slides_in_a_plain_scrape_and_the_page_says_how_to_get_them() -> None:
    page = SlidePage(facts_of(has_slides=False))
    assert "No slides are known" in repr(page.basis()) and "slides.csv" in repr(page.basis())
    assert "slides.csv" in repr(page.headline())


def decaying(high: list[float]) -> SlidePage:
    decay = pd.DataFrame(
        {
            "use_number": [1, 2, 3, 4, 6], "to_use_number": pd.array([1, 2, 3, 5, None], dtype="Int64"),
            "reuse_decay": [1.0, 0.8, 0.7, 0.65, 0.5], "reuse_decay_low": 0.4, "reuse_decay_high": high,
        }
    )  # fmt: skip
    nothing = pd.DataFrame()
    return SlidePage(facts_of(effects=SlideEffects(nothing, lambda: nothing, decay)))


def test_the_steps_of_the_decay_are_called_by_their_uses() -> None:
    page = decaying([1.0, 0.9, 0.9, 0.9, 0.9])
    assert page.facts.decay_by_use["use_label"].tolist() == ["1", "2", "3", "4–5", "6+"]


@pytest.mark.parametrize(
    ("high", "said"),
    [
        ([1.0, 0.9, 0.9, 0.9, 0.9], "the second use 20\u00a0%, the third use 30\u00a0% of what"),
        ([1.0, 1.1, 0.9, 0.9, 0.9], "costs views: the third use 30\u00a0% of what"),
        ([1.0, 1.0, 1.1, 0.9, 0.9], "can't be told yet"),
    ],
)
def test_the_decay_is_claimed_only_where_its_interval_excludes_none(high: list[float], said: str) -> None:
    assert said in decaying(high).decay_chart().to_dict()["title"]["text"]


def reposts(n: int, now: float, before: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"post_id": [f"p{i}" for i in range(n)], "compared_outlier": now, "earlier_outlier": before}
    )


def test_a_repost_finding_tells_how_many_pairs_it_rests_on() -> None:
    said = repr(SlidePage(facts_of(reposts=reposts(20, 0.6, 1.2))).repost_finding())
    assert "Reposts did 50\u00a0% worse" in said and "n = 20 pairs" in said


def test_a_few_reposts_are_not_compared() -> None:
    assert "too few to compare" in repr(SlidePage(facts_of(reposts=reposts(4, 0.6, 1.2))).repost_finding())


def test_images_that_wear_alike_are_not_called_tired() -> None:
    wear = pd.DataFrame({"image_id": ["i"], "is_tired": [False]})
    said = repr(SlidePage(facts_of(wear=wear, tired=wear.head(0))).tired_table())
    assert "none wears out by more" in said


def recommended(n_accounts: int) -> pd.DataFrame:
    rows = [(f"account{a:04}", place) for a in range(n_accounts) for place in (1, 2, 3)]
    return pd.DataFrame(rows, columns=["account_id", "place"]).assign(
        image_id="image:1", image_text="words", example_url="https://e.example", expected_multiple=1.5,
        expected_views=150.0, expected_views_low=120.0, expected_views_high=180.0, usual_views=100.0, slide_lift=1.6,
        n_lift_posts=4, days_since_used=20, days_since_used_here=pd.NA, recommended_because="it is good.",
    )  # fmt: skip


@pytest.mark.parametrize(("n_accounts", "each"), [(5, 3), (600, 2), (1_200, 1)])
def test_many_accounts_get_fewer_recommendations_each_so_that_the_page_stays_small(
    n_accounts: int, each: int
) -> None:
    page = SlidePage(facts_of(_recommended=recommended(n_accounts)))
    html = page.recommendation_table()._repr_html_()
    assert f"The first {each} of each account" in html
    assert html.count("<tr>") == each * n_accounts + 1
    assert len(html) < 1_500_000


def test_a_part_without_recommendations_says_why() -> None:
    page = SlidePage(facts_of(_recommended=recommended(0), promising=recommended(0)))
    assert "No image can be recommended" in repr(page.promising_table())
