"""What a page says of posts whose views mean different things."""

from __future__ import annotations

from datetime import date

import pytest
from text_tables import table

from workbench.display.level_page import LevelPage
from workbench.metrics.periods import Period
from workbench.model.level_facts import LevelFacts
from workbench.model.scope import Scope

WEEK = Period(date(2025, 6, 2), date(2025, 6, 8))


def basis(posts: str, period: Period = WEEK, platform: str = "") -> str:
    types = {"views_at_120": "float64", "views_settled": "float64"}
    text = "\n".join(["platform | post_type | posted_at | views_at_120", *posts.split("\n")])
    facts = LevelFacts(lambda _name: table(text, types), period, scope=Scope(platform))
    return repr(LevelPage(facts).basis())


@pytest.mark.parametrize(
    ("kind", "before", "after", "said"),
    [
        ("youtube | short", "2025-03-30", "2025-05-30", "YouTube shorts are counted differently since 31"),
        ("youtube | short", "2025-03-31", "2025-05-30", ""),
        ("youtube | video", "2025-03-30", "2025-05-30", ""),
        ("instagram | reel", "2025-04-20", "2025-05-30", "Instagram posts are counted differently since 21"),
        ("instagram | -", "2025-04-20", "2025-05-30", "Instagram posts are counted differently since 21"),
        ("tiktok | video", "2025-03-30", "2025-05-30", ""),
    ],
)
def test_a_history_across_a_change_of_counting_is_told(kind: str, before: str, after: str, said: str) -> None:
    told = basis(f"{kind} | {before} | 1\n{kind} | {after} | 1")
    assert said in told and (bool(said) == ("counted differently" in told))


def test_a_change_long_before_the_half_year_that_makes_the_usual_is_not_told() -> None:
    year_later = Period(date(2026, 6, 1), date(2026, 6, 7))
    told = basis("instagram | reel | 2025-04-20 | 1\ninstagram | reel | 2026-05-30 | 1", year_later)
    assert "counted differently" not in told


def test_platforms_that_stand_together_are_named_unless_one_is_asked_for() -> None:
    posts = "tiktok | video | 2025-05-30 | 1\nyoutube | video | 2025-05-30 | 1\nx | video | 2025-01-30 | 1"
    assert "Posts of TikTok, YouTube stand together" in basis(posts)
    assert "stand together" not in basis(posts, platform="tiktok")
