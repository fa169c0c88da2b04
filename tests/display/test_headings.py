"""What columns are called on a page."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from workbench.display import headings


@dataclass(frozen=True)
class Column:
    """As in the registry of columns."""

    name: str
    dtype: str
    unit: str
    sentence: str
    version: int = 1
    label: str = ""


@pytest.fixture
def registry(monkeypatch):
    columns = [
        Column("half_life_hours", "float64", "hours", "Age at which half of the views were reached."),
        Column("views", "int64", "views", "How often it was seen."),
        Column("n_mature_posts", "int64", "posts", "Old enough.", label="Old posts"),
    ]
    monkeypatch.setattr(headings, "COLUMNS", {c.name: c for c in columns})


def test_the_registry_gives_unit_meaning_and_version(registry):
    found = headings.heading("half_life_hours")
    assert (found.label, found.unit, found.axis) == ("Half life", "hours", "Half life (hours)")
    assert (found.sentence, found.version) == ("Age at which half of the views were reached.", "1")


def test_the_registrys_own_label_comes_before_the_name_in_words(registry):
    assert headings.heading("n_mature_posts").label == "Old posts"


def test_a_unit_that_the_label_says_already_is_not_said_twice(registry):
    assert headings.heading("views").axis == "Views"


def test_a_column_that_the_registry_lacks_is_shown_under_its_own_name(registry):
    assert headings.heading("my_own_rate").label == "My own rate"
    assert headings.heading("my_own_rate").unit == "fraction"
    assert headings.heading("va_effect").label == "VA effect"
    assert headings.heading("n_posts").label == "Posts"


def test_label_and_unit_can_be_given(registry):
    assert headings.heading("views", label="Reach", unit="people").axis == "Reach (people)"
