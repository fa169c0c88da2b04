"""Pages printed by a real Chromium; and what is said where there is none, or one that fails."""

from __future__ import annotations

import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

from workbench import display
from workbench.errors import UsageError
from workbench.reporting.chromium import find_chromium
from workbench.reporting.engine import Execution
from workbench.reporting.page import About, page
from workbench.reporting.pdf import NO_CHROMIUM, Printed, without_dates, write_pdfs

needs_chromium = pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium here")
ABOUT = About(name="2_a", title="Größe", period="Week 40", version=3, as_of=datetime(2025, 10, 6, 4))


def program(folder: Path, script: str) -> str:
    """A program that is no Chromium."""
    file = folder / "chromium"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o700)
    return str(file)


@pytest.fixture(scope="module", autouse=True)
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the Chromiums of this module have their profiles: other tests run some of their own."""
    folder = tmp_path_factory.mktemp("profiles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


def left_behind(profiles: Path) -> list[str]:
    """Chromiums that still run with a profile in the folder, and profiles that are still there."""
    commands = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            commands.append(file.read_bytes().decode(errors="replace"))
    return [c for c in commands if f"{profiles}/" in c] + [p.name for p in profiles.iterdir()]


@pytest.fixture(scope="module")
def printed(run, profiles, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Printed]:
    """A set of a page with a chart, one with a long table and links, and one that is never ready."""
    folder = tmp_path_factory.mktemp("a set")
    shutil.copy2(run.pages[0].path, folder / "2_accounts.html")
    rows = [{"account_id": f"account{i:03}", "n_posts": i} for i in range(90)]
    text = "[next](3_b.html) [post](https://example.com/p/1) [down](#below)\n\n## Below"
    shown = nbformat.v4.new_output(
        "display_data", {"text/html": display.table(rows, caption="Accounts")._repr_html_()}
    )
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell("1", outputs=[shown])]
    made = page(Execution("2_a", nbformat.v4.new_notebook(cells=cells), 1.0), ABOUT, bundle="")
    (folder / "3_b.html").write_text(made, encoding="utf-8")
    waiting = '<!doctype html><title>Never</title><p id="chart-styles">'
    (folder / "2_never.html").write_text(waiting, encoding="utf-8")
    return folder, write_pdfs(folder, ["2_accounts", "3_b"])


@needs_chromium
def test_each_page_becomes_a_pdf(printed):
    folder, outcome = printed
    assert outcome == Printed((folder / "pdf" / "2_accounts.pdf", folder / "pdf" / "3_b.pdf"))
    assert [f.read_bytes()[:5] for f in outcome.files] == [b"%PDF-", b"%PDF-"]
    assert sorted(f.name for f in (folder / "pdf").iterdir()) == ["2_accounts.pdf", "3_b.pdf"]


@needs_chromium
def test_a_page_that_is_never_ready_is_given_up_and_not_printed_half_drawn(printed):
    folder, _ = printed
    outcome = write_pdfs(folder, ["2_never"], timeout=3)
    assert outcome == Printed(failed={"2_never": "it took longer than 3 s"})
    assert not (folder / "pdf" / "2_never.pdf").exists()


@needs_chromium
def test_nothing_of_chromium_is_left_behind(printed, profiles):
    assert left_behind(profiles) == []


@needs_chromium
def test_a_page_printed_again_is_the_same_but_for_digits_that_chromium_chooses(printed):
    folder, _ = printed
    before = (folder / "pdf" / "2_accounts.pdf").read_bytes()
    assert write_pdfs(folder, ["2_accounts"], timeout=60).failed == {}
    again = (folder / "pdf" / "2_accounts.pdf").read_bytes()
    # Mostly it is the same to the byte; now and then Chromium lays a line of a chart out a hundredth further.
    assert abs(len(again) - len(before)) < len(before) / 1000
    assert b"D:20" not in before


@needs_chromium
def test_links_lead_to_the_web_and_within_a_pdf_but_to_no_folder_of_this_machine(printed):
    folder, _ = printed
    content = (folder / "pdf" / "3_b.pdf").read_bytes()
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        try:
            content += zlib.decompress(found[1])
        except zlib.error:
            continue
    assert b"https://example.com/p/1" in content
    assert b"file:" not in content and b"3_b.html" not in content
    assert str(folder).encode() not in content


@needs_chromium
def test_the_headings_of_a_table_stand_on_each_of_its_sheets(printed):
    pdftotext = shutil.which("pdftotext")
    if pdftotext is None:
        pytest.skip("there is no pdftotext here")
    import subprocess

    folder, _ = printed
    file = folder / "pdf" / "3_b.pdf"
    text = subprocess.run([pdftotext, "-layout", str(file), "-"], capture_output=True, text=True, check=True)
    *sheets, _ = text.stdout.split("\f")
    with_rows = [s for s in sheets if re.search(r"account\d\d\d", s)]
    assert len(with_rows) >= 2
    assert all(re.search(r"Account +.*Posts", s) for s in with_rows)
    assert [n for s in sheets for n in re.findall(r"account(\d\d\d)", s)] == [f"{i:03}" for i in range(90)]
    assert [s.split()[-3:] for s in sheets] == [
        [str(i + 1), "of", str(len(sheets))] for i in range(len(sheets))
    ]


def test_where_there_is_no_chromium_the_set_stays_as_it_is_and_it_is_said_how_to_get_one(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert write_pdfs(tmp_path, ["2_a"]) == Printed(note=NO_CHROMIUM)
    assert list(tmp_path.iterdir()) == []


def test_a_chromium_that_is_named_and_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"chromium = '/nowhere/chrome' is no program here\. Name"):
        write_pdfs(tmp_path, ["2_a"], chromium="/nowhere/chrome")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 3", "Chromium ended by itself, with exit code 3"),
        ("exec sleep 60", "it took longer than 1 s"),
    ],
)
def test_a_chromium_that_fails_is_told_for_each_page(tmp_path, profiles, script, why):
    outcome = write_pdfs(tmp_path, ["2_a", "3_b"], chromium=program(tmp_path, script), timeout=1)
    assert outcome.failed == {"2_a": why, "3_b": why} and outcome.files == ()
    assert left_behind(profiles) == []


def test_a_pdf_without_its_dates_is_as_long_and_otherwise_the_same():
    before = b"<</Title (A)\n/CreationDate (D:20261121185000+00'00')\n/ModDate (D:20261121185000+00'00')>>"
    after = without_dates(before)
    assert len(after) == len(before) and b"2026" not in after
    assert after.startswith(b"<</Title (A)\n/CreationDate (  ") and after.endswith(b" )>>")
