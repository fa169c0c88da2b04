"""A home with everything that a backup has to bring back, and what it is compared by."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import duckdb
import pytest

from workbench import record
from workbench.settings import load_settings
from workbench.warehouse import versions
from workbench.warehouse.load import load


@pytest.fixture(scope="module")
def prepared(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with pictures, settings, an own notebook, waiting rows, a pinned version and a report."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    shutil.copytree(demo_home, home)
    (home / "workbench.toml").write_text("keep_versions = 2\n")
    (home / "workbench.toml").chmod(0o600)
    (home / "analyses").mkdir()
    (home / "analyses" / "mine.ipynb").write_text("{}")
    (home / "reports").mkdir()
    (home / "reports" / "index.html").write_text("<p>report</p>")
    (home / "data" / "private.key").write_text("k" * 64)
    (home / "data" / "versions" / "v000001.pin").write_text("mine")
    for n in range(5):
        data = os.urandom(20_000)
        sha256 = hashlib.sha256(data).hexdigest()
        picture = home / "data/media/pictures" / sha256[:2] / f"{sha256}.png"
        picture.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        picture.write_bytes(data)
        key = f"pictures/{sha256[:2]}/{picture.name}"
        record.rows("media_files", [{"sha256": sha256, "storage_key": key}], home=home)
        record.snapshot(home=home, post_id=f"tiktok:{n}", captured_at="2026-01-01", views=n)
    load(load_settings(home))
    record.snapshot(home=home, post_id="tiktok:99", captured_at="2026-01-02", views=99)
    return home


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Path:
    """A copy of that home of the test's own."""
    shutil.copytree(prepared, tmp_path / "home")
    return tmp_path / "home"


def rows_of(file: Path) -> dict[str, object]:
    with duckdb.connect(str(file), read_only=True) as con:
        names = con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        return {
            n: con.execute(f'SELECT count(*), bit_xor(hash(t)) FROM "{n}" t').fetchone() for (n,) in names
        }


def newest(home: Path) -> Path:
    version = versions.current(home / "data/versions")
    assert version is not None
    return home / "data/versions" / version.file


def files_of(home: Path, *, beside: tuple[str, ...] = ()) -> dict[str, str]:
    """Path -> hash of everything that a backup has to bring back."""
    left_out = (
        "/cache/",
        "/thumbnails/",
        "/demo/",
        "/.journal/",
        ".lock",
        "backup.key",
        "load.holder",
        *beside,
    )
    return {
        str(p.relative_to(home)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(home.rglob("*"))
        if p.is_file() and not any(word in str(p.relative_to(home.parent)) for word in left_out)
    }
