"""What lies around the pages: of the whole set, anew each time, and no page is lost by it."""

from __future__ import annotations

import json

import nbformat
import pandas as pd

from tests.reporting.made_pages import ABOUT, page
from workbench import display
from workbench.display import theme
from workbench.reporting import workbook
from workbench.reporting.around import clear_around, files_around, set_pages, write_around

CHART = {
    "data": {"values": [{"a": 1}, {"a": 2}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a", "type": "quantitative"}},
    "title": "Two bars",
}


def two_pages():
    table = display.table(pd.DataFrame({"views": [1, 2]}), caption="A finding")
    return [
        page("Reach", table, {theme.MIME: CHART}),
        page(
            "Money", table, display.tiles(display.Tile(label="Revenue", value=2, unit="money")), name="4_roi"
        ),
    ]


def names(folder) -> list[str]:
    return sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())


def test_every_table_and_chart_is_a_file_and_all_tables_a_workbook(tmp_path):
    made = write_around(tmp_path, two_pages(), ABOUT)
    assert (made.n_tables, made.n_charts, made.error) == (3, 1, "")
    stems = ("2_accounts-01-reach", "4_roi-01-money", "4_roi-02-money")
    assert names(tmp_path) == sorted(
        [
            *("charts/2_accounts-01-reach.png", "charts/2_accounts-01-reach.svg", "workbook.xlsx"),
            *(f"tables/{s}.{end}" for s in stems for end in ("csv", "parquet")),
        ]
    )
    assert set(made.seconds) == {"tables", "workbook", "charts", "charts_cpu"}
    assert made.as_manifest() == {"tables": 3, "charts": 1, "not_drawn": {}}


def test_made_again_it_is_the_same_bytes_and_what_is_no_longer_shown_is_gone(tmp_path):
    pages = two_pages()
    write_around(tmp_path, pages, ABOUT)
    first = {n: (tmp_path / n).read_bytes() for n in names(tmp_path)}
    write_around(tmp_path, pages, ABOUT)
    assert first == {n: (tmp_path / n).read_bytes() for n in names(tmp_path)}
    write_around(tmp_path, pages[1:], ABOUT)
    assert not [n for n in names(tmp_path) if "2_accounts" in n]


def test_a_set_that_shows_nothing_has_no_files_around_it(tmp_path):
    assert write_around(tmp_path, [page("Words")], ABOUT).n_tables == 0
    assert names(tmp_path) == []


def test_a_failure_is_told_and_leaves_pages_and_no_half_of_the_files(tmp_path, monkeypatch):
    (tmp_path / "2_accounts.html").write_text("a page")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workbook, "write_workbook", full)
    made = files_around(tmp_path, two_pages(), ABOUT)
    assert made.error == "OSError: [Errno 28] No space left on device"
    assert made.as_manifest()["error"] == made.error
    assert names(tmp_path) == ["2_accounts.html"]


def test_clearing_leaves_what_somebody_else_wrote(tmp_path):
    write_around(tmp_path, two_pages(), ABOUT)
    (tmp_path / "reel_lists").mkdir()
    (tmp_path / "reel_lists" / "a.csv").write_text("a")
    clear_around(tmp_path)
    assert names(tmp_path) == ["reel_lists/a.csv"]


def test_pages_of_this_run_and_kept_ones_count_and_failed_ones_do_not(tmp_path):
    notebook = page("One").notebook
    nbformat.write(notebook, tmp_path / "1_kept.ipynb")
    entries = [
        {"name": name, "title": name, "status": status, "parameters": {"week": "2025-W40"}}
        for name, status in (
            ("1_kept", "made"),
            ("2_now", "made"),
            ("3_failed", "failed"),
            ("4_lost", "made"),
        )
    ]
    found = set_pages(entries, tmp_path, {"2_now": notebook, "3_failed": notebook})
    assert [p.name for p in found] == ["1_kept", "2_now"]
    assert found[0].parameters == {"week": "2025-W40"}
    assert json.loads(json.dumps(found[0].notebook)) == json.loads(json.dumps(notebook))
