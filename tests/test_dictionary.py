"""The committed data dictionary is what the registry gives, and covers every table."""

from __future__ import annotations

from pathlib import Path

from workbench import dictionary
from workbench.warehouse import marts
from workbench.warehouse.schema import schema

_REPOSITORY = Path(__file__).parents[1]


def test_the_committed_dictionary_is_a_fresh_one() -> None:
    committed = (_REPOSITORY / dictionary.FILE).read_text(encoding="utf-8")
    assert committed == dictionary.dictionary(), "Write it anew: python -m workbench.dictionary"


def test_every_table_and_mart_has_a_section() -> None:
    sections = {
        line.removeprefix("### ") for line in dictionary.dictionary().splitlines() if line.startswith("### ")
    }
    assert sections == {*schema(), *marts.MARTS}
