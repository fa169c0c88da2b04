"""Every block of the cookbook runs, and each expression gives the same rows as the SQL under it."""

from __future__ import annotations

import math
import re
import shlex
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import pytest

from workbench.cli import main

_BOOK = Path(__file__).parents[1] / "docs" / "cookbook.md"


@dataclass
class _Recipe:
    """A Python block and the commands under it."""

    code: str = ""
    commands: list[str] = field(default_factory=list)

    @property
    def queries(self) -> list[str]:
        return [words[2] for words in map(shlex.split, self.commands) if words[:2] == ["workbench", "sql"]]


def _recipes() -> list[_Recipe]:
    found = [_Recipe()]
    for language, block in re.findall(r"```(python|bash)\n(.*?)```", _BOOK.read_text("utf-8"), flags=re.S):
        if language == "python":
            found.append(_Recipe(code=block))
        else:
            found[-1].commands += block.splitlines()
    return found


def _rows(answer: ibis.Table) -> Counter[tuple[Any, ...]]:
    return Counter(
        tuple(_plain(row[name]) for name in sorted(row)) for row in answer.to_pyarrow().to_pylist()
    )


def _plain(value: Any) -> Any:
    """A value that two ways of computing it share to the digits that matter."""
    return float(f"{value:.9g}") if isinstance(value, float) and math.isfinite(value) else value


def test_every_expression_gives_what_the_sql_under_it_gives(
    demo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(demo_home))
    names: dict[str, Any] = {}
    compared = 0
    try:
        for recipe in _recipes():
            names.pop("answer", None)
            exec(compile(recipe.code, _BOOK.name, "exec"), names)
            if "answer" not in names:
                continue
            found = _rows(names["answer"])
            assert found, f"No rows on the demo data:\n{recipe.code}"
            for query in recipe.queries[:1]:
                assert found == _rows(names["wb"].sql(query)), recipe.code
                compared += 1
    finally:
        if "wb" in names:
            names["wb"].close()
    assert compared >= 15


@pytest.mark.parametrize(
    "line", [line for recipe in _recipes() for line in recipe.commands], ids=lambda line: line[:60]
)
def test_every_command_runs(
    line: str, demo_home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(demo_home))
    program, *arguments = shlex.split(line)
    assert program == "workbench"
    assert main(arguments) == 0
    assert capfd.readouterr().out


def test_every_level_has_a_query() -> None:
    levels = set(re.findall(r"^## Level (\d)", _BOOK.read_text("utf-8"), flags=re.M))
    assert levels == {"1", "2", "3", "4", "5"}
