"""Two agencies that the tests look at: a small one, and one large enough for statistics."""

from __future__ import annotations

import pytest

from workbench.demo import DemoFiles, make_demo


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return make_demo(tmp_path_factory.mktemp("small"), posts=300)


@pytest.fixture(scope="session")
def agency(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return make_demo(tmp_path_factory.mktemp("agency"), posts=6_000, vas=12, accounts=60)
