"""Words on first slides: what the page says of figures that are given, and where it has none."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pandas as pd

from workbench.display.slide_themes import ThemesPage
from workbench.metrics.periods import Period
from workbench.model.slide_facts import SlideFacts
from workbench.model.slide_themes import THEME_COLUMNS, themes_of


def unasked(name: str) -> ibis.Table:
    raise AssertionError(f"{name} was asked for, though the figures were given")


def page(*rows: tuple[Any, ...]) -> ThemesPage:
    facts = SlideFacts(unasked, Period.week_of(date(2025, 9, 22)))
    vars(facts)["themes"] = pd.DataFrame(rows, columns=list(THEME_COLUMNS))
    return ThemesPage(facts)


UP = ("cold coffee", 12, 90, 7, 1.6, 1.4, 1.2, 1.7, 0.01, "cold coffee at last")
NOTHING = ("tea", 40, 200, 9, 0.9, 0.99, 0.9, 1.1, 0.4, "tea")
DOWN = ("mondays", 30, 80, 6, 0.5, 0.7, 0.6, 0.9, 0.02, "mondays")


def test_words_that_clearly_go_with_views_are_the_title_with_their_n() -> None:
    chart = page(UP, NOTHING, DOWN).theme_chart()
    title = str(chart.title.text)
    assert "“cold coffee” did 1.40× what others did" in title and "“mondays” 0.70×" in title
    subtitle = str(chart.title.subtitle)
    assert "2 of 3 words clearly go with more or fewer views; hardly any of them by luck" in subtitle
    assert "no cause" in subtitle
    drawn = str(chart.to_dict())
    assert "cold coffee (n = 12)" in drawn and "tea (n = 40)" not in drawn


def test_where_only_one_side_is_told_the_other_is_not_named() -> None:
    title = str(page(NOTHING, DOWN).theme_chart().title.text)
    assert title == "Hooks with “mondays” did 0.70× what others did"


def test_where_no_word_can_be_told_it_says_so_with_the_likeliest() -> None:
    said = repr(page(NOTHING).theme_chart())
    assert "None of 1 word" in said and "“tea”" in said and "0.90× to 1.10×; n = 40 hooks" in said


def test_without_words_it_says_what_is_missing() -> None:
    empty = page()
    assert "none stands on 5 different hooks" in repr(empty.theme_chart())
    assert "Nothing to list" in repr(empty.theme_table())


def test_strangers_words_are_shown_as_words() -> None:
    hostile = ("<script>\u202e", 5, 9, 3, 1.5, 1.4, 1.2, 1.7, 0.01, "<img src=x onerror=alert(1)>" * 900)
    html = page(hostile, UP).theme_table()._repr_html_()
    assert "<script>" not in html and "<img" not in html and "\u202e" not in html
    assert "&lt;script&gt;" in html
    assert len(html) < 20_000


def test_two_words_that_are_cut_alike_stay_two() -> None:
    long = "a" * 60
    rows = [(long + end, *UP[1:]) for end in "xy"]
    drawn = str(page(*rows).theme_chart().to_dict())
    assert drawn.count("(n = 12) 2") >= 1


def test_an_answer_without_rows_has_what_the_page_asks_for() -> None:
    none = pd.DataFrame(columns=["post_id", "account_id", "hook_text", "use_number", "log_outlier"])
    assert list(themes_of(none).columns) == list(THEME_COLUMNS)
