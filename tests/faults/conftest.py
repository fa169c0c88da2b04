"""Tests that kill, starve and damage: short unless WORKBENCH_FAULTS=whole, each figure printed and kept."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

OUT = Path(__file__).resolve().parents[2] / "benchmarks" / "out" / "faults.jsonl"
WHOLE = os.environ.get("WORKBENCH_FAULTS") == "whole"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not OUT.is_file() or not any("faults" in str(a) for a in terminalreporter.config.args):
        return
    terminalreporter.section("figures")
    for line in OUT.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        more = ", ".join(
            f"{k} {v}" for k, v in said.items() if k not in ("name", "value", "unit", "whole", "test")
        )
        terminalreporter.write_line(
            f"{said['name']}: {said['value']} {said['unit']}{f' ({more})' if more else ''}"
        )


@pytest.fixture
def whole() -> bool:
    """Whether the long form runs, as `make faults` asks for."""
    return WHOLE


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """A function that keeps a figure, printed at the end: figure("loader_kills", 200, "kills", lost=0)."""

    def keep(name: str, value: float, unit: str = "", **beside: object) -> None:
        said = {
            "name": name,
            "value": value,
            "unit": unit,
            **beside,
            "whole": WHOLE,
            "test": request.node.nodeid,
        }
        OUT.parent.mkdir(parents=True, exist_ok=True)
        with OUT.open("a", encoding="utf-8") as f:
            f.write(json.dumps(said, ensure_ascii=False) + "\n")

    return keep
