"""A warehouse as the benchmarks make it, small."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The benchmarks are no installed package; pytest run by its own name does not look in the project's folder.
sys.path.append(str(Path(__file__).resolve().parents[2]))

import workbench
from benchmarks.warehouse_of import Size, warehouse_of
from workbench.settings import Settings
from workbench.warehouse.reader import Workbench

TINY = Size(posts=1_200, accounts=40, days=90)


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a home with that warehouse. Read it only."""
    return warehouse_of(tmp_path_factory.mktemp("benchmarks"), TINY)


@pytest.fixture(scope="session")
def tiny(tiny_home: Settings) -> Iterator[Workbench]:
    """That warehouse, open."""
    with workbench.connect(tiny_home.home) as wb:
        yield wb
