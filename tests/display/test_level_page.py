"""What all levels' pages share: the usual, the week in words, targets."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from workbench.display.level_page import LevelPage, usual_of
from workbench.metrics.periods import Period
from workbench.model.scope import Scope


def weeks(values: list[float | None], column: str = "median_views") -> pd.DataFrame:
    monday = pd.Timestamp("2025-08-04")
    on = [monday + pd.Timedelta(weeks=n) for n in range(len(values))]
    counts = {"n_mature_posts": 100}
    return pd.DataFrame({"week_on": on, column: pd.Series(values, dtype=float), **counts})


def page(**given: Any) -> LevelPage:
    week = Period(date(2025, 9, 29), date(2025, 10, 5))
    facts = {"horizon": "120", "period": week, "score_weeks": 4, "scope": Scope()}
    return LevelPage(SimpleNamespace(**{**facts, **given}))  # type: ignore[arg-type]


def test_the_usual_is_the_middle_half_of_the_weeks_before_and_unknown_under_four() -> None:
    found = usual_of(weeks([1.0, 2.0, 3.0, 4.0, 5.0, 99.0]), "median_views")
    assert found == (2.0, 3.0, 4.0)
    assert [found.where(v) for v in (1.9, 2.0, 4.0, 4.1)] == ["below", "within", "within", "above"]
    assert usual_of(weeks([1.0, None, 3.0, 4.0, 99.0]), "median_views") is None


def test_sentence_tile_and_chart_say_the_same_of_the_usual() -> None:
    weekly = weeks([2900.0, 2800.0, 2850.0, 2700.0, 2650.0, 2467.0])
    told = page()._views_moved(weekly)
    assert told == (
        "Median views fell to 2,467 after 2,650 (100 and 100 posts), below the usual 2,700 to 2,850 of the eight "
        "weeks before."
    )
    drawn = page()._course(weekly, "median_views", "Median views:", nothing="-").to_dict()
    assert drawn["title"]["text"] == "Median views: 2,467, below the usual 2,700 to 2,850"
    assert "below the usual 2,700 to 2,850" in str(page().tile(weekly, "Median views", "median_views"))


def test_a_course_says_where_its_week_is_not_known_or_nothing_is_usual_yet() -> None:
    def title(values: list[float | None]) -> str:
        found = page()._course(weeks(values), "median_views", "Median views:", nothing="Too few weeks.")
        return str(found.to_dict()["title"]["text"]) if hasattr(found, "to_dict") else found.body

    assert title([1.0, 2.0, None]) == "Median views: not known of this week"
    assert title([1.0, 2.0, 3.0]) == "Median views: 3; too few weeks are known to say what is usual"
    assert title([None, None, 3.0]) == "Too few weeks."


def targets(**values: float) -> pd.DataFrame:
    rows = [{"metric": m, "scope": "all", "scope_id": "all", "target": v} for m, v in values.items()]
    return pd.DataFrame(rows, columns=["metric", "scope", "scope_id", "target"])


def test_targets_are_told_worst_first_with_their_time_and_costs_the_other_way_around() -> None:
    held = page(targets=targets(viral_rate=0.25, cost=200.0, posts_per_week=10.0))
    told = held.against_targets(
        {("viral_rate", "all"): 0.20, ("cost", "all"): 100.0, ("posts_per_week", "all"): None},
        scope="all",
        over={"viral_rate": "4 weeks"},
    )
    assert told.caption == "1 of 3 targets met"
    assert told.frame["target_share"].tolist()[1:] == [0.20 / 0.25, 200.0 / 100.0]
    assert told.frame["over"].tolist() == ["the week", "4 weeks", "the week"]
    assert "less is better" in told.note and "scope_id" not in told.frame


@pytest.mark.parametrize(("any_row", "hint"), [(True, False), (False, True)])
def test_how_to_import_is_said_only_where_nothing_was_imported(any_row: bool, hint: bool) -> None:
    told = page(targets=targets(), annotations=pd.DataFrame(), any_row=lambda _table: any_row)
    assert ("targets.csv" in repr(told.against_targets({}, scope="all"))) == hint
    assert ("annotations.csv" in repr(told.events())) == hint


def coverage(n: int) -> dict[str, int]:
    return dict.fromkeys(("n_posts", "n_known", "n_settled", "n_reached_final"), n)


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        (date(2025, 8, 13), "`workbench report --week 2025-W33`"),
        (date(2025, 10, 9), "ask for another week"),
        (None, "workbench import FILE"),
    ],
)
def test_a_week_without_posts_says_which_week_has_some(newest: date | None, said: str) -> None:
    assert said in repr(page(coverage=coverage(0), newest_reached_on=newest).basis())
