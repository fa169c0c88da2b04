"""Nothing that the workbench makes under data/ and reports/ is open to others, under the widest umask there is."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from own_pages import own_page
from PIL import Image

from workbench import record
from workbench.cli import main
from workbench.safekeeping.retain import retain
from workbench.settings import load_settings
from workbench.warehouse import versions
from workbench.warehouse.load import load


@pytest.fixture
def wide_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def _open_to_others(folder: Path) -> dict[str, str]:
    return {
        f.relative_to(folder).as_posix(): oct(stat.S_IMODE(f.lstat().st_mode))
        for f in [folder, *folder.rglob("*")]
        if not f.is_symlink() and stat.S_IMODE(f.lstat().st_mode) & 0o077
    }


@pytest.mark.usefixtures("wide_umask")
def test_every_file_is_for_its_owner_only(tmp_path, figure):
    home = tmp_path / "home"

    def run(*arguments: str, code: int = 0) -> None:
        assert main([*arguments, "--home", str(home)]) == code, arguments

    run("demo", "--posts", "150", "--pictures", "4")
    record.event(name="open", ip="203.0.113.7", home=home)
    picture = tmp_path / "7526946687399123236_1.png"
    Image.new("RGB", (90, 160), "teal").save(picture)
    mapping = tmp_path / "posts.csv"
    mapping.write_text("post_id,platform\ntiktok:7526946687399123236,tiktok\n")
    run("import", str(mapping))
    run("media", "add", str(picture))
    (home / "workbench.toml").touch(mode=0o600)
    run("load")
    own_page(home, "9_count", 'wb.table("posts").group_by("platform").agg(n=lambda t: t.count()).to_pandas()')
    run("report", "--only", "9")
    run("tasks", "lists")
    run("metric", "account_daily", "--format", "csv", "--out", str(home / "data" / "days.csv"))
    run(
        "sql",
        "select * from rejected_rows",
        "--format",
        "parquet",
        "--out",
        str(home / "data" / "rejected.parquet"),
    )
    run("retain")
    run("erase", "--user", "nobody", "--yes")
    run("publish", "--to", str(tmp_path / "published"))
    open_to_others = _open_to_others(home / "data") | _open_to_others(home / "reports")
    n = sum(1 for t in ("data", "reports") for _ in (home / t).rglob("*"))
    # Published copies are made to be read by others.
    published = [f for f in (tmp_path / "published").rglob("*") if f.is_file() and not f.name.startswith(".")]
    figure("files_open_to_others", len(open_to_others), "files", looked_at=n)
    assert open_to_others == {}
    assert n > 60
    assert {oct(stat.S_IMODE(f.stat().st_mode)) for f in published} == {"0o666"}
    assert os.umask(0) == 0  # a command gives back the umask that it found


def test_hashes_of_addresses_go_from_every_version_after_their_days(tmp_path, figure):
    settings = load_settings(tmp_path)
    now = datetime.now(UTC).replace(tzinfo=None)
    for n, days in enumerate((1, 40)):
        record.event(
            name="open", ip=f"203.0.113.{n}", properties={"peer": f"203.0.113.{n}"},
            occurred_at=now - timedelta(days=days), home=tmp_path,
        )  # fmt: skip
        load(settings)
        versions.pin_reported(settings.versions, [1])
    assert retain(settings).version == 3
    told = {}
    for number in versions.kept_versions(settings.versions):
        with duckdb.connect(str(settings.versions / f"v{number:06d}.duckdb"), read_only=True) as con:
            told[number] = con.execute(
                "SELECT count(ip_hash) FILTER (occurred_at < now()::TIMESTAMP - INTERVAL 30 DAY), count(ip_hash) FROM app_events"  # noqa: E501
            ).fetchone()
    assert told == {1: (0, 1), 2: (0, 1), 3: (0, 1)}
    raw = b"".join(f.read_bytes() for f in (tmp_path / "data").rglob("*") if f.is_file())
    assert b"203.0.113" not in raw
    figure("old_address_hashes", sum(old for old, _ in told.values()), "hashes", versions=len(told))
