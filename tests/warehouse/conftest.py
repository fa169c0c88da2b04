"""Loads without marts, for tests that look at the tables only."""

from __future__ import annotations

import pytest

from workbench.warehouse import marts


@pytest.fixture
def without_marts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loads that leave out the marts, which take nine tenths of the time of a small load."""
    monkeypatch.setattr(marts, "refresh", lambda *arguments, **options: None)
