"""Every block of the cookbook runs, and each expression gives the same rows as the SQL under it."""

from __future__ import annotations

import math
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import pytest

import workbench
from workbench.cli import main
from workbench.explore import Explorer
from workbench.model.catalogue import METRICS

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
    assert compared >= 18


@pytest.fixture(scope="module")
def wb(demo_home: Path) -> Iterator[Explorer]:
    with workbench.connect(demo_home) as opened:
        yield opened


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


def _questions() -> list[tuple[str, str, str]]:
    """The table of the field's questions: question, Python, command."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| `(workbench .+?)` \|$", _BOOK.read_text("utf-8"), flags=re.M)
    return [(question, python, command) for question, python, command in rows]


ASKED = (
    "10,000 views within 48 hours", "48 h, 72 h, one week", "use slide X", "best slides", "reposts",
    "large or small when the post went up", "growth over six months", "posts per VA", "ranking", "quality",
    "posts a day", "best and worst sets", "revenue per post", "revenue per account", "revenue per VA",
    "follower growth rate", "views per follower", "engagement over time", "best posting hours",
)  # fmt: skip
"""The recurring questions of the field."""


def test_every_question_of_the_field_is_asked() -> None:
    asked = " ".join(question for question, _python, _command in _questions())
    assert [question for question in ASKED if question not in asked] == []


@pytest.mark.parametrize(("question", "python", "command"), _questions(), ids=lambda text: text[:40])
def test_every_question_of_the_field_is_answered_by_one_call(
    question: str, python: str, command: str, wb: Explorer
) -> None:
    name = command.split()[2]
    assert name in METRICS
    if not python.startswith("["):
        expression = python.strip("`")
        assert expression == f"wb.metrics.{name}()", "both ways ask the same"
        assert len(eval(expression, {"wb": wb})) > 0, question


def test_every_level_has_a_query() -> None:
    levels = set(re.findall(r"^## Level (\d)", _BOOK.read_text("utf-8"), flags=re.M))
    assert levels == {"1", "2", "3", "4", "5"}
