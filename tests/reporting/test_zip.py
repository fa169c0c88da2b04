"""A set as one zip that works where it is unpacked."""

from __future__ import annotations

import json
import os
import re
import stat
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest

from workbench.errors import UsageError, WorkbenchError
from workbench.reporting.zipping import write_zip


def made(folder: Path, period: str = "2025-W40") -> Path:
    """A set as a run leaves it, beside another one."""
    for name in (period, "2025-W39"):
        top = folder / name
        for inside in ("executed", "tables"):
            (top / inside).mkdir(parents=True)
        (top / "2_a b.html").write_text('<a href="../index.html">All reports</a>', encoding="utf-8")
        (top / "workbook.xlsx").write_bytes(b"PK")
        (top / "tables" / "größe.csv").write_text("a", encoding="utf-8")
        (top / "executed" / "2_a b.ipynb").write_text("{}", encoding="utf-8")
        pages = [{"name": "2_a b", "title": "A", "file": "2_a b.html", "status": "made"}]
        said = {
            "period": name,
            "pages": pages,
            "warehouse": {"version": 1, "as_of": "2025-10-06T04:00:00+00:00"},
        }
        (top / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


def links(html: str) -> list[str]:
    return [a for a in re.findall(r'href="([^"]+)"', html) if not a.startswith("#")]


@pytest.mark.parametrize("name", ["", "Bäckerei #1 & 100%"])
def test_every_link_leads_somewhere_where_the_zip_is_unpacked(tmp_path, name):
    reports = tmp_path / "reports"
    made(reports / name if name else reports)
    file = write_zip(reports, "2025-W40", name)
    assert file == (reports / name / "2025-W40.zip" if name else reports / "2025-W40.zip")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "mailed")
    pages = sorted((tmp_path / "mailed").rglob("*.html"))
    assert len(pages) == (3 if name else 2)
    for page in pages:
        found = links(page.read_text(encoding="utf-8"))
        assert found and all((page.parent / unquote(a)).is_file() for a in found), (page, found)
    top = (tmp_path / "mailed" / "index.html").read_text(encoding="utf-8")
    assert "Week 40" in top and "Week 39" not in top


def test_it_holds_pages_and_files_and_nothing_with_code(tmp_path):
    with zipfile.ZipFile(write_zip(made(tmp_path), "2025-W40")) as archive:
        assert archive.namelist() == [
            "2025-W40/2_a b.html",
            "2025-W40/tables/größe.csv",
            "2025-W40/workbook.xlsx",
            "index.html",
        ]


def test_the_same_set_gives_the_same_bytes_whenever_its_files_were_written(tmp_path):
    first = write_zip(made(tmp_path / "a"), "2025-W40")
    again = made(tmp_path / "b")
    for file in again.rglob("*"):
        os.utime(file, (1e9, 1e9))
    assert first.read_bytes() == write_zip(again, "2025-W40").read_bytes()
    assert stat.S_IMODE(first.stat().st_mode) == 0o600


def test_a_zip_that_could_not_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    file = write_zip(made(tmp_path), "2025-W40")
    before = file.read_bytes()
    (tmp_path / "2025-W40" / "2_a b.html").write_text("new", encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write_zip(tmp_path, "2025-W40")
    assert file.read_bytes() == before
    assert sorted(f.name for f in tmp_path.iterdir()) == ["2025-W39", "2025-W40", "2025-W40.zip"]
    assert write_zip(tmp_path, "2025-W40").read_bytes() != before


def test_a_period_that_is_not_there_or_not_whole_is_told(tmp_path):
    made(tmp_path)
    with pytest.raises(UsageError, match="There is no report for 2025-W41"):
        write_zip(tmp_path, "2025-W41")
    (tmp_path / "2025-W40" / "2_a b.html").unlink()
    with pytest.raises(WorkbenchError, match=r"is not whole: 2_a b\.html is missing"):
        write_zip(tmp_path, "2025-W40")


def test_a_set_that_is_made_again_meanwhile_is_told(tmp_path, monkeypatch):
    made(tmp_path)

    def gone(_: object) -> bytes:
        raise FileNotFoundError

    monkeypatch.setattr("workbench.reporting.zipping.bundled", gone)
    with pytest.raises(WorkbenchError, match="was made again while it was zipped"):
        write_zip(tmp_path, "2025-W40")
