"""What several test modules share: homes with a warehouse, made once a worker."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from workbench.demo import DemoFiles, make_demo
from workbench.settings import Settings, load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse.load import load

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the project; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the real files (../shared/data) are not here")
    return SHARED


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    """Files of a simulated agency of 600 posts, and the truth beside them."""
    return make_demo(tmp_path_factory.mktemp("demo"), posts=600, seed=7)


@pytest.fixture(scope="session")
def demo_home(small_demo: DemoFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with that agency imported and loaded. Read it only; `demo_copy` may be written to."""
    home = tmp_path_factory.mktemp("home")
    settings = load_settings(home)
    import_paths(list(small_demo.files), settings, as_of=small_demo.as_of)
    outcome = load(settings)
    assert not outcome.failed, outcome.failed
    return home


@pytest.fixture
def demo_copy(demo_home: Path, tmp_path: Path) -> Path:
    """A copy of `demo_home` of the test's own."""
    home = tmp_path / "home"
    shutil.copytree(demo_home, home)
    return home


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty home."""
    return load_settings(tmp_path)
