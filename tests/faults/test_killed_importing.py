"""Imports and recorders that are killed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from afterwards import damages, differences, leftovers, opened
from killing import Ended, Killer, Work, copied, killers, worked

from workbench import record
from workbench.settings import load_settings
from workbench.warehouse.batches import read_manifest, waiting
from workbench.warehouse.load import load

PRELOADED = (
    "workbench.cli.loading",
    "workbench.warehouse.load",
    "workbench.sources.importing",
    "workbench.record",
)
ROWS = 40


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Killer]]:
    with killers(tmp_path_factory.mktemp("killers"), *PRELOADED) as started:
        yield started


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("loaded") / "home"
    record.rows("vas", [{"va_id": "before"}], home=home)
    load(load_settings(home))
    return home


def test_an_import_leaves_whole_batches_and_the_next_one_makes_the_rest(
    loaded: Path, runs: list[Killer], tmp_path: Path, whole: bool, figure: Callable[..., None]
) -> None:
    template = copied(loaded, tmp_path / "template")
    files = template / "files"
    files.mkdir()
    for n in range(3):
        (files / f"posts{n}").mkdir()
        text = "post_id,account_id,caption\n" + "".join(f"tiktok:{n}{i},tiktok:a{n},c\n" for i in range(50))
        (files / f"posts{n}" / "posts.csv").write_text(text)
    with gzip.open(files / "post_snapshots.csv.gz", "wt") as f:
        f.write("post_id,captured_at,views\ntiktok:00,2025-09-01 10:00:00,7\n")
    (files / "posts.csv").write_text((files / "posts0" / "posts.csv").read_text())  # the same again

    def killed(home: Path, died: Ended) -> None:
        assert not damages(home), damages(home)

    def finished(home: Path, reference: Path) -> None:
        assert contents(home) == contents(reference)
        assert len(contents(home)) == 4
        load(load_settings(home))
        assert not leftovers(home), leftovers(home)
        if home != reference:
            assert not differences(home, reference), differences(home, reference)

    def contents(home: Path) -> dict[str, dict[str, int]]:
        inbox = load_settings(home).inbox
        if not waiting(inbox):  # the reference was loaded already
            with opened(home) as con:
                rows = con.execute(
                    "SELECT batch_id, rows_read FROM batches WHERE source <> 'record'"
                ).fetchall()
            return {batch: {"": n} for batch, n in rows}
        found = {}
        for folder in waiting(inbox):
            manifest = read_manifest(folder)
            found[folder.name] = {"": sum(int(t["rows"]) for t in manifest.tables.values())}
        return found

    work = Work(
        name="import",
        template=template,
        arguments=["import", "{home}/files", "--as", "table", "--as-of", "2026-01-31", "--no-load"],
        killed=killed,
        finished=finished,
    )
    worked(work, runs, tmp_path, steps=None if whole else 3, instants=50 if whole else 3, figure=figure)


def recorded(home: str) -> int:
    """Record rows one by one; each is written to a file of its own once it was acknowledged."""
    os.environ.pop("WORKBENCH_HOME", None)
    with open(os.path.join(home, "acknowledged"), "a", encoding="utf-8") as told:
        for n in range(ROWS):
            record.rows("vas", [{"va_id": f"{os.getpid()}-{n}"}], home=home)
            told.write(f"{os.getpid()}-{n}\n")
            told.flush()
    return 0


def test_what_a_recorder_acknowledged_is_loaded_once_and_nothing_else_is(
    loaded: Path, runs: list[Killer], tmp_path: Path, whole: bool, figure: Callable[..., None]
) -> None:
    lost, doubled, more = [], [], []

    def killed(home: Path, died: Ended) -> None:
        acknowledged = home / "acknowledged"
        known = acknowledged.read_text().split() if acknowledged.exists() else []
        load(load_settings(home))
        with opened(home) as con:
            stood = [va for (va,) in con.execute("SELECT va_id FROM vas WHERE va_id <> 'before'").fetchall()]
        lost.extend(set(known) - set(stood))
        doubled.extend(stood[n] for n in range(len(stood)) if stood[n] in stood[:n])
        more.append(len(set(stood) - set(known)))
        assert set(known) <= set(stood), f"lost {set(known) - set(stood)}"
        assert len(stood) == len(set(stood)), "rows stand twice"
        assert more[-1] <= 1, f"{more[-1]} rows that nobody acknowledged"
        assert not leftovers(home), leftovers(home)
        assert not damages(home), damages(home)

    def finished(home: Path, reference: Path) -> None:
        load(load_settings(home))
        assert not leftovers(home), leftovers(home)

    work = Work(
        name="recording",
        template=loaded,
        arguments=["{home}"],
        call="test_killed_importing:recorded",
        killed=killed,
        finished=finished,
    )
    worked(work, runs, tmp_path, steps=None if whole else 3, instants=50 if whole else 3, figure=figure)
    figure(
        "recorded_rows_killed", len(more), "recorders", lost=len(lost), doubled=len(doubled), beyond=sum(more)
    )
