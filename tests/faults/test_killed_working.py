"""Fetching, reporting, backing up and retention that are killed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from afterwards import damages, leftovers, newest, opened
from killing import Ended, Killer, Work, killers, temporary_of, worked

from workbench import Workbench, record
from workbench.settings import load_settings
from workbench.warehouse.load import load

sys.path.insert(0, str(Path(__file__).parents[1] / "media"))
from misbehaving import serving

PRELOADED = ("workbench.cli.loading", "workbench.warehouse.load", "workbench.warehouse.marts")
PICTURES = 12


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Killer]]:
    with killers(tmp_path_factory.mktemp("killers"), *PRELOADED) as started:
        yield started


def agency(home: Path, addresses: list[str]) -> Path:
    """A home with posts of a year, their counts, and a slide for each address."""
    begun = datetime(2025, 1, 6, 10)
    posts = [
        {"post_id": f"tiktok:{n}", "account_id": "tiktok:ann", "posted_at": begun + timedelta(days=9 * n)}
        for n in range(40)
    ]
    counts = [
        {"post_id": p["post_id"], "captured_at": p["posted_at"] + timedelta(hours=h), "views": 100 + h}
        for p in posts
        for h in (1, 30, 100)
    ]
    slides = [
        {"post_id": f"tiktok:{n // 10}", "slide_index": 1 + n % 10, "slide_url": address}
        for n, address in enumerate(addresses)
    ]
    record.rows("posts", posts, home=home)
    record.rows("post_snapshots", counts, home=home)
    record.rows("slides", slides, home=home)
    assert not load(load_settings(home)).failed
    return home


@pytest.fixture(scope="module")
def without_slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return agency(tmp_path_factory.mktemp("agency") / "home", [])


def test_fetching_goes_on_where_it_was_killed(
    runs: list[Killer], tmp_path: Path, whole: bool, figure: Callable[..., None]
) -> None:
    with serving() as stub:
        template = agency(tmp_path / "template", [stub.address(f"/marked/{n}") for n in range(PICTURES)])

        def killed(home: Path, died: Ended) -> None:
            assert not damages(home), damages(home)
            for left in (home / "data" / "media").rglob(".building-*"):
                os.utime(left, (time.time() - 4_000, time.time() - 4_000))

        def finished(home: Path, reference: Path) -> None:
            with opened(home) as con:
                row = con.execute(
                    "SELECT count(DISTINCT sha256), count(storage_key) FROM slides WHERE sha256 IS NOT NULL"
                ).fetchone()
                keys = con.execute("SELECT storage_key FROM media_files").fetchall()
            assert row == (PICTURES, PICTURES)
            files = [p for p in (home / "data" / "media").rglob("*") if p.is_file()]
            assert sorted(p.relative_to(home / "data" / "media").as_posix() for p in files) == sorted(
                k for (k,) in keys
            )
            assert not [f for f in leftovers(home) if f != "media/.building/"], leftovers(home)
            assert not damages(home), damages(home)

        work = Work(
            name="fetching",
            template=template,
            arguments=["media", "fetch"],
            environment={"WORKBENCH_MEDIA_PRIVATE_HOSTS": f"{stub.host},localhost:{stub.port}"},
            killed=killed,
            finished=finished,
        )
        worked(work, runs, tmp_path, steps=None if whole else 2, instants=50 if whole else 2, figure=figure)


def test_a_report_that_is_killed_leaves_the_set_that_stood_and_no_process(
    without_slides: Path, tmp_path: Path, whole: bool, figure: Callable[..., None]
) -> None:
    template = without_slides
    week, arguments = "2025-W40", ["report", "--only", "accounts", "--week", "2025-W40"]

    def killed(home: Path, died: Ended) -> None:
        assert pages(home) in ([], whole_set), f"half a set: {pages(home)}"
        for page in (home / "reports" / week).glob("*.html"):
            assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
        no_process_stays(home)
        assert not damages(home), damages(home)

    def finished(home: Path, reference: Path) -> None:
        if home == reference:
            whole_set.extend(pages(home))
            assert whole_set
        assert pages(home) == whole_set
        assert not list((home / "reports").rglob(".*-*")), list((home / "reports").rglob(".*-*"))
        assert not list(temporary_of(home).iterdir()), list(temporary_of(home).iterdir())
        no_process_stays(home)

    def pages(home: Path) -> list[str]:
        folder = home / "reports" / week
        return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*")) if folder.is_dir() else []

    whole_set: list[str] = []
    work = Work(name="reporting", template=template, arguments=arguments, killed=killed, finished=finished)
    with killers(tmp_path / "killers", "workbench.cli.reporting") as runs:
        worked(work, runs, tmp_path, steps=None if whole else 1, instants=50 if whole else 1, figure=figure)


def no_process_stays(home: Path) -> None:
    """What was started for a home ends with the command, though a moment later."""
    begun = time.monotonic()
    while left := processes(home):
        assert time.monotonic() - begun < 30, f"processes {left} live on"
        time.sleep(0.1)


def processes(home: Path) -> list[int]:
    """Processes that were started for a home and live."""
    found = []
    wanted = f"WORKBENCH_HOME={home}\0".encode()
    for place in Path("/proc").iterdir():
        if place.name.isdecimal() and int(place.name) != os.getpid():
            with suppress(OSError):
                if wanted in (place / "environ").read_bytes() + b"\0":
                    found.append(int(place.name))
    return found


def test_a_backup_that_is_killed_is_none_and_the_next_one_is_whole(
    without_slides: Path, runs: list[Killer], tmp_path: Path, whole: bool, figure: Callable[..., None]
) -> None:
    from workbench.safekeeping.backup_format import backups_in
    from workbench.stores.folder import Folder

    template = without_slides

    def killed(home: Path, died: Ended) -> None:
        assert not damages(home), damages(home)

    def finished(home: Path, reference: Path) -> None:
        store = Folder(home / "kept")
        assert backups_in(store)
        checked = (
            runs[-1].run("restore", str(home / "kept"), "--check-only", home=home)
            if home == reference
            else None
        )
        assert checked is None or checked.code == 0, checked.said
        assert not leftovers(home), leftovers(home)

    work = Work(
        name="backup",
        template=template,
        arguments=["backup", "{home}/kept"],
        killed=killed,
        finished=finished,
    )
    worked(work, runs, tmp_path, steps=None if whole else 2, instants=50 if whole else 2, figure=figure)


def test_retention_that_is_killed_loses_no_count_and_the_next_one_ends_it(
    without_slides: Path, runs: list[Killer], tmp_path: Path, whole: bool, figure: Callable[..., None]
) -> None:
    template = without_slides
    before = counted(template)

    def killed(home: Path, died: Ended) -> None:
        assert not damages(home), damages(home)
        assert counted(home) == before

    def finished(home: Path, reference: Path) -> None:
        version = newest(home)
        assert version is not None and version.version == 2
        assert counted(home) == before
        assert not leftovers(home), leftovers(home)
        assert not damages(home), damages(home)
        assert archived(home) == archived(reference)

    work = Work(name="retention", template=template, arguments=["retain"], killed=killed, finished=finished)
    worked(work, runs, tmp_path, steps=None if whole else 2, instants=50 if whole else 2, figure=figure)


def counted(home: Path) -> tuple[int, int]:
    with Workbench.opened(home) as wb:
        found = (
            wb.sql("SELECT count(*) AS n, sum(views) AS views FROM post_snapshots")
            .to_pyarrow()
            .to_pylist()[0]
        )
    return int(found["n"]), int(found["views"])


def archived(home: Path) -> int:
    return len(list((home / "data" / "archive").rglob("*.parquet")))
