"""Archived data give the same figures as data at hand, whatever comes late; a killed retention loses nothing."""

from __future__ import annotations

import inspect
import os
import random
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from workbench.cli import main
from workbench.demo import DemoFiles, make_demo
from workbench.metrics.periods import Period
from workbench.model import account_facts, creator_facts, money_facts, overview_facts, slide_facts, va_facts
from workbench.model.catalogue import METRICS, Asked
from workbench.model.freshness import freshness
from workbench.model.level_facts import LevelFacts
from workbench.safekeeping.retain import retain
from workbench.settings import Settings, load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse.load import load
from workbench.warehouse.reader import Workbench

sys.path.append(str(Path(__file__).parents[1] / "warehouse"))
from archive_law import BATCHES, MOVES, applied, template
from given import batch, query
from killing import Tally, copied, killers, sampled, seed_of

WHOLE = os.environ.get("WORKBENCH_FAULTS") == "whole"
FACTS = (account_facts, creator_facts, money_facts, overview_facts, slide_facts, va_facts)
NOT_CONTENT = {
    "batch_profiles",
    "batches",
    "rejected_rows",
    "quality_checks",
    "schema_versions",
    "archive_files",
    "table_counts",
}


def plain(value: Any) -> Any:
    """A value as it is published: figures to 10 significant digits."""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return [plain(v) for v in value] if isinstance(value, list | tuple) else value


def rows(frame: pd.DataFrame) -> list[str]:
    return sorted(repr([plain(v) for v in row]) for row in frame.itertuples(index=False))


def figures(home: Path) -> dict[str, Any]:
    """Every metric of the catalogue, and every fact that pages show."""
    made = load_settings(home)
    found: dict[str, Any] = {}
    with Workbench(made) as wb:
        assert wb.as_of is not None
        week = Period.iso_week("2025-W39", made.time_zone)
        ever = Period(date(2025, 1, 1), wb.as_of.date(), made.time_zone)
        for metric in METRICS.values():
            asked = Asked(wb.table, ever if metric.days is None else week, "120", made)
            found[metric.name] = rows(
                metric.ask(asked).execute() if metric.finish is None else metric.finish(asked)
            )
        found["freshness"] = repr(freshness(wb.table, wb.as_of).newest)
        for module in FACTS:
            for name, kind in inspect.getmembers(module, inspect.isclass):
                if issubclass(kind, LevelFacts) and kind.__module__ == module.__name__:
                    facts = kind(wb.table, week)
                    for asked_for, method in inspect.getmembers(kind, inspect.isfunction):
                        if asked_for[0] != "_" and len(inspect.signature(method).parameters) == 1:
                            said = method(facts)
                            is_frame = isinstance(said, pd.DataFrame)
                            found[f"{name}.{asked_for}"] = rows(said) if is_frame else repr(plain(said))
    return found


def everything(home: Path) -> dict[str, list[str]]:
    """Every row of every table and mart that tells of the world, as a reader sees it."""
    found = {}
    with Workbench(load_settings(home)) as wb:
        for name in wb.tables:
            if name not in NOT_CONTENT:
                shown = wb.backend.con.execute(f"SELECT * FROM {name}").fetchall()
                found[name] = sorted(repr([plain(v) for v in row]) for row in shown)
    return found


def published(home: Path) -> dict[str, Any]:
    """The tables of a week's report, as they are mailed."""
    assert main(["report", "--home", str(home), "--week", "2025-W39"]) == 0
    return {f.name: f.read_text(encoding="utf-8") for f in (home / "reports").rglob("tables/*.csv")}


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name in one if one[name] != other[name]]


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory, small_demo: DemoFiles) -> tuple[DemoFiles, Path]:
    """A simulated agency's files, and its home."""
    files = small_demo if not WHOLE else make_demo(tmp_path_factory.mktemp("files"), posts=10000, seed=11)
    home = tmp_path_factory.mktemp("agency")
    made = load_settings(home)
    import_paths(list(files.files), made, as_of=files.as_of)
    assert not load(made).failed
    return files, home


def soon(home: Path) -> Settings:
    """Settings under which everything but the newest month moves and nothing is removed."""
    return replace(load_settings(home), archive_after_days=1, raw_payload_days=0, rejected_row_days=0)


def late(made: Settings) -> None:
    """What comes after a month was moved: larger counts, the same, new instants, and an account renamed."""
    old = query_whole(
        made,
        "SELECT post_id, captured_at::VARCHAR, views FROM post_snapshots WHERE views IS NOT NULL "
        "AND captured_at < (SELECT min(captured_at) + INTERVAL 20 DAY FROM post_snapshots) "
        "ORDER BY hash(post_id, captured_at), post_id LIMIT 60",
    )
    larger = [{"post_id": p, "captured_at": at, "views": str(v + 7)} for p, at, v in old[:20]]
    same = [{"post_id": p, "captured_at": at, "views": str(v)} for p, at, v in old[20:40]]
    new = [{"post_id": p, "captured_at": at[:17] + "59.5", "views": str(v)} for p, at, v in old[40:]]
    ((renamed, at),) = query_whole(
        made,
        "SELECT account_id, min(captured_at)::VARCHAR FROM account_snapshots "
        "GROUP BY account_id ORDER BY count(*) DESC, account_id LIMIT 1",
    )
    names = [
        {"account_id": name, "platform": renamed.split(":")[0], "external_id": "renamed", "seen_at": seen}
        for name, seen in ((f"{renamed}.before", "2024-01-01"), (renamed, "2026-01-01"))
    ]
    follows = [{"account_id": renamed, "captured_at": at, "followers": "123456789"}]
    larger_ones, same_ones = {"post_snapshots": larger}, {"post_snapshots": [*larger, *same]}
    new_ones = {"post_snapshots": new, "account_snapshots": follows, "accounts": names}
    for several in ([new_ones, same_ones], [larger_ones]):
        for tables in several:
            batch(made, tables)
        assert not load(made).failed


def query_whole(made: Settings, sql: str) -> list[Any]:
    with Workbench(made) as wb:
        return wb.backend.con.execute(sql).fetchall()


def test_figures_on_archived_data_equal_those_before_also_after_late_rows(
    agency: tuple[DemoFiles, Path], tmp_path: Path, figure: Callable[..., None]
) -> None:
    files, home = agency
    moved = tmp_path / "moved"
    shutil.copytree(home, moved)
    outcome = retain(soon(moved))
    stays = query(load_settings(moved), "SELECT count(*) FROM post_snapshots")[0][0]
    assert outcome.moved["post_snapshots"] > 0
    before, after = figures(home), figures(moved)
    assert differing(before, after) == []
    assert differing(everything(home), everything(moved)) == []

    if WHOLE:
        assert differing(published(home), published(moved)) == []

    kept = tmp_path / "kept"
    shutil.copytree(home, kept)
    late(load_settings(kept))
    late(load_settings(moved))
    assert differing(everything(kept), everything(moved)) == []
    again = query(load_settings(moved), "SELECT count(*) FROM post_snapshots")[0][0]
    assert 40 <= again - stays <= 60  # the larger and the new ones; neither the same ones nor whole months
    # A file that was loaded, read anew: nothing of it is new, nothing of a moved month comes back.
    from workbench.sources.importing import import_paths as read

    read([f for f in files.files if "tracker" in f.name or "studio" in f.name.lower()], load_settings(moved))
    assert not load(load_settings(moved)).failed
    assert query(load_settings(moved), "SELECT count(*) FROM post_snapshots")[0][0] - again <= 0
    assert retain(soon(moved)).moved
    assert differing(everything(kept), everything(moved)) == []
    size = sum(f.stat().st_size for f in load_settings(moved).archive.rglob("*.parquet"))
    n_rows = sum(outcome.moved.values())
    figure(
        "retain_figures_equal",
        len(before),
        "metrics and facts",
        tables=len(everything(moved)),
        rows_moved=n_rows,
        archive_bytes_per_row=round(size / n_rows, 1),
        file_mib_before=round(outcome.bytes_before / 2**20, 1),
        file_mib_after=round(outcome.bytes_after / 2**20, 1),
    )


def test_months_moved_at_any_place_leave_what_no_move_leaves(
    tmp_path_factory: pytest.TempPathFactory, figure: Callable[..., None]
) -> None:
    empty = template(tmp_path_factory.mktemp("empty"))
    tried = {"examples": 0, "rows moved": 0}

    @settings(
        max_examples=150 if WHOLE else 4,
        derandomize=not WHOLE,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(BATCHES, MOVES)
    def law(batches: list[Any], moves: list[Any]) -> None:
        folder = tmp_path_factory.mktemp("law")
        near = applied(empty, folder / "near", batches, [])
        moved = applied(empty, folder / "moved", batches, moves)
        shutil.rmtree(folder)
        tried["examples"] += 1
        tried["rows moved"] += moved["moved"]
        assert differing(near | {"moved": 0}, moved | {"moved": 0}) == []

    law()
    assert tried["rows moved"]
    figure("archive_law", tried["examples"], "orders of batches and moves", rows_moved=tried["rows moved"])


def test_a_retention_killed_anywhere_loses_nothing_and_the_next_one_ends_it(
    agency: tuple[DemoFiles, Path], tmp_path: Path, figure: Callable[..., None]
) -> None:
    _, home = agency
    chance = random.Random(seed_of("killed_retention"))
    (tmp_path / "settings").write_text("archive_after_days = 1\n", encoding="utf-8")
    whole_before = everything(home)

    def given_home(name: str) -> Path:
        made = copied(home, tmp_path / name)
        shutil.copy(tmp_path / "settings", made / "workbench.toml")
        (made / "workbench.toml").chmod(0o600)
        return made

    tally = Tally()
    with killers(
        tmp_path / "killers", "workbench.cli.retention", "workbench.safekeeping.retain", number=1
    ) as (killer,):
        points = len(killer.run("retain", home=given_home("never")).points)
        for n in sampled(range(1, points + 1), 200 if WHOLE else 3, chance):
            killed = given_home("killed")
            assert tally.add(killer.run("retain", home=killed, at=n)).was_killed
            assert differing(whole_before, everything(killed)) == [], n
            ended = killer.run("retain", home=killed)
            assert ended.code == 0, (n, ended.said)
            assert differing(whole_before, everything(killed)) == [], n
            assert not list((killed / "data").rglob(".building*")), n
            made = load_settings(killed)
            used = {file for (file,) in query(made, "SELECT file FROM archive_files")}
            lying = {f.relative_to(made.archive).as_posix() for f in made.archive.rglob("*.parquet")}
            assert lying == used, n
    figure("retain_kills", tally.kills, "kills", places=len(tally.places), points=points, lost=0)
