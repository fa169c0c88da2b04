"""Files that lie beside a page: made with it, kept with it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from workbench.reporting.run import make_reports
from workbench.settings import Settings

AS_OF = datetime(2025, 10, 6, 4)


def test_files_beside_a_page_are_made_with_it_and_stay_while_other_pages_are_made(
    home: Path, tmp_path: Path
) -> None:
    called = []

    def write_beside(folder: Path, week: str) -> None:
        called.append(week)
        (folder / "lists").mkdir()
        (folder / "lists" / "a.csv").write_text("a", encoding="ascii")

    def run(only: str) -> Path:
        beside = {"2_accounts": write_beside, "3_fails": write_beside}
        made = make_reports(
            Settings(home=home), version=3, as_of=AS_OF, only=only, parameters={}, out=tmp_path, beside=beside
        )
        return made.folder

    folder = run("2_accounts")
    old_zip = folder.with_name(f"{folder.name}.zip")
    old_zip.write_bytes(b"PK")
    assert (folder / "lists" / "a.csv").read_text(encoding="ascii") == "a"
    # The other page fails, so nothing is written beside it; what lay beside the first page stays with it.
    assert run("3_fails") == folder
    assert not old_zip.exists()  # it is of the set before
    assert called == ["2025-W40"]
    assert (folder / "2_accounts.html").is_file() and (folder / "lists" / "a.csv").is_file()


def test_a_page_whose_files_cannot_be_written_has_failed(home: Path, tmp_path: Path) -> None:
    def write_beside(folder: Path, week: str) -> None:
        raise OSError("the disk is full")

    made = make_reports(
        Settings(home=home),
        version=3,
        as_of=AS_OF,
        only="2_accounts",
        out=tmp_path,
        beside={"2_accounts": write_beside},
    )
    assert [p.error for p in made.pages] == ["OSError: the disk is full"] and made.exit_code == 1
    assert "The files beside this page" in made.pages[0].path.read_text(encoding="utf-8")
