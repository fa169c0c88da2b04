"""Loads that are killed: at any instant, and at each step between two states of the disk."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from afterwards import Readers, batches, damages, differences, leftovers, newest
from killing import Killer, Tally, aged, copied, killers, removed, sampled, seed_of, shared_out
from stock import make_stock, put

from workbench.settings import load_settings
from workbench.warehouse import migrate, versions

pytestmark = pytest.mark.xdist_group("killed_loading")  # one worker makes what they share, once

PRELOADED = ("workbench.cli.loading", "workbench.warehouse.load", "workbench.warehouse.marts")
FEW_KEPT = {"WORKBENCH_KEEP_VERSIONS": "2"}
VIRAL = {"WORKBENCH_VIRAL_VIEWS": "5000"}
KINDS = {
    "next": ("load", FEW_KEPT),
    "first": ("load", {}),
    "older": ("migrate", {}),
    "marts": ("load", VIRAL),
}
"""A warehouse with batches of all sorts waiting; none yet; one of an older schema; one whose settings changed."""


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return make_stock(tmp_path_factory.mktemp("stock"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Killer]]:
    with killers(tmp_path_factory.mktemp("killers"), *PRELOADED) as started:
        yield started


@pytest.fixture(scope="module")
def never_killed(
    rounds: list[Path], runs: list[Killer], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[float], list[dict[str, str]]]:
    """A home that got every round, how long each load took, and its batches after each.

    Beside it, as `two`, stands what it was after two rounds.
    """
    home = tmp_path_factory.mktemp("never") / "home"
    home.mkdir()
    seconds, stood = [], []
    for n, stock in enumerate(rounds):
        if n == 2:
            copied(home, home.with_name("two"))
        put(stock, home)
        ended = runs[0].run("load", home=home)
        assert ended.code in (0, 1), ended.said
        seconds.append(ended.seconds)
        stood.append(batches(home))
    assert not damages(home), damages(home)
    assert not leftovers(home)
    return home, seconds, stood


def test_a_loader_killed_at_any_instant_loses_doubles_and_leaves_nothing(
    rounds: list[Path],
    runs: list[Killer],
    never_killed: tuple[Path, list[float], list[dict[str, str]]],
    tmp_path: Path,
    whole: bool,
    figure: Callable[..., None],
) -> None:
    reference, seconds, stood = never_killed
    wanted, a_round = (200, 1) if whole else (20, 2)
    tally, readers = Tally(), 0
    seed, wrong, chain = seed_of("killed loads"), [], 0

    def killed_through(killer: Killer, chain: int) -> None:
        chance = random.Random(f"{seed} {chain}")
        home = tmp_path / f"chain{chain}"
        home.mkdir()
        for n, stock in enumerate(rounds):
            put(stock, home)
            before = batches(home)
            for _ in range(a_round):
                tally.add(killer.run("load", home=home, after=chance.uniform(0.01, 0.98) * seconds[n]))
                aged(home)
                assert not (found := damages(home)), f"round {n}: {found}"
                assert batches(home) in (before, stood[n]), f"round {n}: a part of a load was published"
            ended = killer.run("load", home=home)
            assert ended.code in (0, 1), f"round {n}: {ended.said}"
            assert batches(home) == stood[n], f"round {n}: other batches stand"
            assert not leftovers(home), f"round {n}: left {leftovers(home)}"
            if tally.kills >= wanted and chain > 1:  # each kind of round was reached by the first two
                return
        assert not (found := differences(home, reference)), found
        if whole or not chain:
            assert not (found := damages(home, quick=False)), found

    while tally.kills < wanted and chain < 3 * wanted and not wrong:
        chains = range(chain, chain + len(runs))
        with Readers(*(tmp_path / f"chain{n}" for n in chains), every=0.3) as reading:
            wrong += shared_out(runs, chains, killed_through)
        wrong += reading.wrong
        readers += reading.reads.total()
        for n in chains:
            removed(tmp_path / f"chain{n}")
        chain += len(runs)
        print(f"{tally.kills} kills, {tally.runs} runs, {readers} reads, {len(wrong)} wrong")  # noqa: T201
    figure(
        "loader_killed_at_random", tally.kills, "kills", instants=tally.runs, reads=readers, wrong=len(wrong),
        seed=seed, batches=len(stood[-1]),
    )  # fmt: skip
    assert not wrong, "\n".join(wrong)
    assert readers


@pytest.fixture(scope="module")
def homes(
    rounds: list[Path],
    never_killed: tuple[Path, list[float], list[dict[str, str]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """A home of each kind, about to be loaded."""
    folder = tmp_path_factory.mktemp("homes")
    made = {kind: folder / kind for kind in KINDS}
    for kind in ("next", "marts"):
        copied(never_killed[0].with_name("two"), made[kind])
    for kind in ("first", "older"):
        made[kind].mkdir()
    put(rounds[0], made["first"])
    put(rounds[2], made["next"])  # new batches and recorded rows,
    put(rounds[0], made["next"])  # some that are loaded already,
    put(rounds[1], made["next"])  # and one that fails again
    _of_schema(5, made["older"])
    put(rounds[3], made["older"])
    return made


def _of_schema(number: int, home: Path) -> None:
    """A warehouse with a post, by the first migrations only."""
    import duckdb

    settings = load_settings(home)
    building = versions.start(settings.versions, None)
    every = migrate.migrations()
    with duckdb.connect(str(building)) as con, pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "migrations", lambda: every[:number])
        migrate.migrate(con)
        con.execute("INSERT INTO posts (post_id, platform) VALUES ('tiktok:old', 'tiktok')")
        con.execute("CHECKPOINT")
    versions.publish(
        settings.versions, building, number=1, schema=number, as_of=None, now="2026-01-01 00:00:00"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_loader_that_dies_at_any_step_leaves_the_old_version_or_the_new_one(
    kind: str,
    homes: dict[str, Path],
    runs: list[Killer],
    tmp_path: Path,
    whole: bool,
    figure: Callable[..., None],
) -> None:
    command, environment = KINDS[kind]
    template = homes[kind]
    reference = copied(template, tmp_path / "reference")
    ended = runs[0].run(command, home=reference, environment=environment)
    assert ended.code in (0, 1), ended.said
    assert not leftovers(reference), leftovers(reference)
    before, after, points = batches(template), batches(reference), ended.points
    seed = seed_of(f"steps of {kind}")
    moving = [n for n, point in enumerate(points, 1) if not point.startswith("execute ")]
    chance = random.Random(seed)
    chosen = sampled(range(1, len(points) + 1), 100, chance) if whole else sampled(moving, 2, chance)
    tally = Tally()

    def died_at(killer: Killer, n: int) -> None:
        home = copied(template, tmp_path / f"step{n}")
        died = tally.add(killer.run(command, home=home, at=n, environment=environment))
        aged(home)
        where = f"{kind}, step {n} ({died.points[-1] if died.points else ''})"
        assert not damages(home), f"{where}: {damages(home)}"
        assert batches(home) in (before, after), f"{where}: a part of a load was published"
        finished = killer.run(command, home=home, environment=environment)
        assert finished.code in (0, 1), f"{where}: {finished.said}"
        assert batches(home) == after, f"{where}: other batches stand"
        assert not leftovers(home), f"{where}: left {leftovers(home)}"
        assert not differences(home, reference), f"{where}: {differences(home, reference)}"
        version = newest(home)
        kept = versions.kept_versions(load_settings(home).versions)
        most = int(environment.get("WORKBENCH_KEEP_VERSIONS", 5))
        assert version is not None and len(kept) <= most, f"{where}: versions {kept}"
        removed(home)

    wrong = shared_out(runs, chosen, died_at)
    figure(
        f"loader_killed_at_steps_{kind}", tally.kills, "kills", steps=len(points), places=len(tally.places),
        wrong=len(wrong), seed=seed,
    )  # fmt: skip
    assert not wrong, "\n".join(wrong)
    assert tally.kills
