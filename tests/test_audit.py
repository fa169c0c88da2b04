"""`make audit`: a known flaw fails it, and where nobody can be asked it says so."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).resolve().parents[1] / ".ci" / "audit.py"


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", FILE)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_a_known_flaw_fails_and_is_named_with_the_version_that_has_it_no_more(audit, capsys):
    flaw = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    assert (
        audit.judged([{"name": "a", "version": "1.0", "vulns": [flaw]}, {"name": "b", "skip_reason": "?"}])
        == 1
    )
    said = capsys.readouterr().out
    assert "a 1.0: PYSEC-1, mended in 2.0" in said
    assert "1 could not be asked about" in said


def test_no_flaw_passes(audit, capsys):
    assert audit.judged([{"name": "a", "version": "1.0", "vulns": []}]) == 0
    assert capsys.readouterr().out == "Audited 1 packages: no known flaws.\n"


def test_where_nobody_knows_the_packages_it_says_so_and_passes(audit, capsys):
    assert audit.judged([{"name": "a", "skip_reason": "not found"}]) == 0
    assert capsys.readouterr().out.startswith(
        "Not audited: nobody who was asked knows any of the 1 packages."
    )


def test_without_the_program_or_an_answer_it_says_so_and_passes(audit, capsys, monkeypatch):
    monkeypatch.setattr(audit.importlib.util, "find_spec", lambda _: None)
    assert audit.main() == 0
    assert capsys.readouterr().out.startswith("Not audited: pip-audit is not installed here.")
    monkeypatch.undo()
    monkeypatch.setattr(audit, "LOCK", FILE.with_name("no such file"))
    monkeypatch.setattr(audit.importlib.util, "find_spec", lambda _: object())
    assert audit.main() == 0
    assert capsys.readouterr().out.startswith("Not audited: ")
