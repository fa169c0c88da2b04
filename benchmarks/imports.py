"""Import and load of a master list: against the straightforward way, and against a bare read."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from datetime import datetime
from pathlib import Path

import duckdb

from workbench.settings import Settings, load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse.load import known_batches, known_files, load

from .figures import Figure, against, alternating, seconds
from .master_csv import write_master
from .old_way import import_old_way

AS_OF = datetime(2025, 10, 5)


def import_and_load(source: Path, settings: Settings) -> None:
    """What `workbench import FILE` does."""
    known = known_batches(settings)
    import_paths(
        [source],
        settings,
        as_of=AS_OF,
        known=lambda batch: known.get(batch) == "completed",
        known_files=known_files(settings),
    )
    outcome = load(settings)
    assert not outcome.failed, outcome.failed
    assert outcome.total("rejected") == 0


def measure(rounds: int, sizes: tuple[int, ...] = (45_077, 500_000)) -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warm_up(folder)
        for posts in sizes:
            source = folder / f"MASTER_{posts}.csv"
            write_master(source, posts)
            figures += _one_size(folder, source, posts, rounds if posts < 100_000 else max(3, rounds - 2))
    return figures


def warm_up(folder: Path) -> None:
    """One small import, so that the modules are loaded: the figures are of a warm process."""
    source = folder / "MASTER_small.csv"
    write_master(source, 500)
    import_and_load(source, load_settings(folder / "warm"))


def _one_size(folder: Path, source: Path, posts: int, rounds: int) -> list[Figure]:
    home = folder / "home"

    def ours() -> None:
        shutil.rmtree(home, ignore_errors=True)
        import_and_load(source, load_settings(home))

    first, old = alternating(ours, lambda: import_old_way(source, folder / "old.db"), rounds)
    again = [seconds(lambda: import_and_load(source, load_settings(home))) for _ in range(rounds)]
    size = "45k" if posts == 45_077 else f"{posts // 1000}k"
    limits = {45_077: 2.5, 500_000: 0.4}
    figures = [against(f"import_{size}", first, "csv into SQLite", old, limits.get(posts, 2.5))]
    if posts >= 500_000:
        first, bare = alternating(ours, lambda: bare_read(source), rounds)
        figures.append(
            against(f"import_{size}_vs_read_csv", first, "CREATE TABLE AS FROM read_csv", bare, 10)
        )
    else:
        figures.append(against(f"reload_{size}", statistics.median(again), "first load", first, 0.3))
    return figures


def bare_read(source: Path) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE master AS FROM read_csv(?)", [str(source)])
    con.close()
