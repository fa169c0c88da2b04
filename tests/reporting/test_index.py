"""The index over all periods."""

from __future__ import annotations

import json
import re

from workbench.reporting.index import write_index
from workbench.reporting.manifest import manifest_of


def period(reports, name: str, *, title: str = "A page", status: str = "made") -> None:
    folder = reports / name
    folder.mkdir(parents=True)
    pages = [{"name": "2_a", "title": title, "file": "2_a.html", "status": status}]
    warehouse = {"version": 3, "as_of": "2025-10-06T04:00:00+00:00"}
    (folder / "manifest.json").write_text(
        json.dumps({"period": name, "pages": pages, "warehouse": warehouse})
    )


def test_the_newest_period_comes_first_and_links_are_relative(tmp_path):
    for name in ("2024-W52", "2025-W40", "2025-W09"):
        period(tmp_path, name)
    html = write_index(tmp_path).read_text()
    assert re.findall(r'href="([^"]+)"', html) == [
        f"{w}/2_a.html" for w in ("2025-W40", "2025-W09", "2024-W52")
    ]
    assert "Week 40, 29 Sep to 5 Oct 2025" in html and "3 periods, the newest first" in html


def test_a_page_that_was_not_made_is_marked(tmp_path):
    period(tmp_path, "2025-W40", status="failed")
    html = write_index(tmp_path).read_text()
    assert "A page (not made)" in html and "1 page not made" in html


def test_folders_without_a_readable_manifest_are_passed_over(tmp_path):
    (tmp_path / "notes").mkdir()
    period(tmp_path, ".building-2025-W40-1-abc")
    period(tmp_path, "2025-W40")
    (tmp_path / "2025-W40" / "manifest.json").write_text("{")
    assert manifest_of(tmp_path / "2025-W40") is None
    assert "No periods" in write_index(tmp_path).read_text()


def test_titles_are_escaped(tmp_path):
    period(tmp_path, "2025-W40", title="</a><script>alert(1)</script>")
    assert "<script" not in write_index(tmp_path).read_text()
