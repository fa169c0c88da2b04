"""Figures, their table and their file; what the command returns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import figures, level2
from benchmarks.agreement import Disagreement, differences, same
from benchmarks.figures import Figure, against, at_most, line
from benchmarks.warehouse_of import Size

KEYS = ["name", "value", "unit", "reference", "ratio", "limit", "holds"]


def test_a_figure_holds_up_to_its_limit() -> None:
    assert against("a", 2.0, "other", 1.0, 2).holds
    assert not against("a", 2.1, "other", 1.0, 2).holds
    assert at_most("a", 6.0, "s", 6).holds
    assert not at_most("a", 6.1, "s", 6).holds


def test_a_missed_limit_shows_in_the_table() -> None:
    assert " MISS" in line(at_most("a", 7.0, "s", 6))
    assert " ok" in line(at_most("a", 5.0, "s", 6))


def test_each_line_of_the_file_is_one_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "OUT", tmp_path)
    path = figures.write([at_most("a", 1.0, "s", 6), against("b", 2.0, "other", 1.0, 4)], "bench.jsonl")
    lines = [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]
    assert [list(one) for one in lines] == [KEYS, KEYS]
    assert [one["ratio"] for one in lines] == [None, 2.0]


TINY = Size(posts=300, accounts=20, days=60)


def test_missed_limits_end_with_exit_code_0(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(figures, "OUT", tmp_path)
    missed = Figure("slow", 9.0, "ms", "", None, "<= 1 ms", False)
    monkeypatch.setattr(level2, "measure", lambda *arguments: ([missed], []))
    assert command.run(["level2"], short=True, size=TINY) == 0
    assert "MISS" in capsys.readouterr().out
    assert json.loads((tmp_path / "bench.jsonl").read_text(encoding="utf-8"))["name"] == "slow"


def test_answers_that_differ_end_with_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(figures, "OUT", tmp_path)

    def differs(*arguments: object) -> None:
        raise Disagreement("review: views of a: 1, by hand 2")

    monkeypatch.setattr(level2, "check", differs)
    assert command.run(["level2"], short=True, size=TINY) == 1
    assert "review: views of a: 1, by hand 2" in capsys.readouterr().err
    assert not (tmp_path / "bench.jsonl").exists()


def test_answers_are_the_same_but_for_rounding() -> None:
    assert same(1.0, 1.0 + 1e-12)
    assert same(None, float("nan"))
    assert not same(0, None)
    assert not same(1.0, 1.0001)
    assert same(3, 3.0)


def test_rows_are_matched_by_their_key() -> None:
    import pandas as pd

    ours, theirs = pd.DataFrame({"k": [1, 2], "v": [10, 20]}), pd.DataFrame({"k": [2, 1], "v": [20, 10]})
    assert differences(ours, theirs, ("k",)) == []
    assert len(differences(ours, theirs, ())) == 4
    assert differences(ours, theirs.rename(columns={"v": "w"}), ("k",)) == ["columns differ: ['v', 'w']"]
    assert differences(ours, theirs.head(1), ("k",)) == ["2 rows, by hand 1"]
