"""A set of two pages, and the record of what was delivered of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from made_sets import write_set

from workbench.reporting.delivery.ledger import Ledger
from workbench.reporting.delivery.sets import ReportSet
from workbench.settings import Settings


@pytest.fixture
def make_set(settings: Settings) -> Callable[..., ReportSet]:
    """make_set(period, ...) -> a set in the home's reports."""
    return lambda *args, **more: write_set(settings.reports, *args, **more)


@pytest.fixture
def ledger(settings: Settings) -> Ledger:
    return Ledger(settings.data)
