"""A page tells the open checks of the tables that it is made of, in words that are nobody's markup."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from workbench.display.level_page import LevelPage
from workbench.display.slide_themes import ThemesPage
from workbench.model.scope import Scope

_COLUMNS = ["check_name", "table_name", "severity", "description"]


def _facts(*checks: tuple[str, str, str, str], scope: Scope = Scope()) -> Any:  # noqa: B008 - it is frozen
    return SimpleNamespace(open_checks=pd.DataFrame(checks, columns=_COLUMNS), scope=scope)


def test_where_all_is_well_the_page_says_so():
    assert "nothing grave" in LevelPage(_facts()).checks().body


def test_a_box_tells_the_figures_and_once_what_to_do():
    box = LevelPage(
        _facts(
            ("missing_fields", "posts", "high", "posted_at is empty in 9 of 10 rows."),
            ("missing_fields", "post_snapshots", "high", "views is empty in 8 of 10 rows."),
        )
    ).checks()
    assert box.kind == "warning"
    assert "9 of 10" in box.body and "8 of 10" in box.body and box.body.count("import a whole one") == 1


def test_names_by_strangers_become_no_markup():
    box = LevelPage(_facts(("magnitude", "posts", "medium", "<img src=x onerror=alert(1)> came."))).checks()
    assert box.kind == "note"
    assert "<img" not in box._repr_html_() and "&lt;img" in box._repr_html_()


def test_checks_of_slides_stand_on_the_page_of_slides_only():
    facts = _facts(("missing_fields", "slides", "medium", "sha256 is empty in 9 of 10 rows."))
    assert "nothing grave" in LevelPage(facts).checks().body
    assert "9 of 10" in ThemesPage(facts).checks().body


def test_who_is_shown_some_accounts_is_not_told_how_many_rows_there_are():
    checks = ("magnitude", "posts", "high", "12,345 rows of posts came.")
    box = LevelPage(_facts(checks, scope=Scope(client="Acme"))).checks()
    assert "12,345" not in box.body and box.body.startswith("Another size than before")
