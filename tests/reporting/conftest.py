"""A run of two small notebooks, one of which fails: made once, looked at by many tests."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from workbench.reporting.run import ReportRun, make_reports
from workbench.settings import Settings

NOTEBOOKS = Path(__file__).parent / "notebooks"
AS_OF = datetime(2025, 10, 6, 4)


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """A home folder with the two notebooks."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(NOTEBOOKS, folder / "notebooks")
    return folder


@pytest.fixture(scope="session")
def run(home) -> ReportRun:
    """The reports of 2025-W40."""
    return make_reports(Settings(home=home), version=3, as_of=AS_OF, parameters={})


@pytest.fixture(scope="session")
def accounts_page(run) -> str:
    """The page of the notebook that ran through."""
    return run.pages[0].path.read_text(encoding="utf-8")
