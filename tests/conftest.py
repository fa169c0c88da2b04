"""What several test modules share: homes with a warehouse, made once a worker."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from workbench.demo import DemoFiles, make_demo
from workbench.settings import Settings, load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse.load import load

if TYPE_CHECKING:
    from s3_bucket import S3

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


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """A real S3 server on this machine."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> S3:
    """An empty bucket, and the environment's keys to it."""
    from s3_bucket import KEY, S3, SECRET, TOKEN, client

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    bucket = f"slides-{uuid4().hex[:12]}"
    client(s3_server).create_bucket(Bucket=bucket)
    return S3(s3_server, bucket)
