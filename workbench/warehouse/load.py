"""The one writer: batches from the inbox into the next version of the warehouse."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from ..errors import WorkbenchError, machine_trouble
from ..settings import Settings
from ..sql_words import quoted, text
from . import archive, erased, identity, marts, quality, versions
from .batches import Manifest, clear, file_sha256, read_manifest, sweep, utc_now, utc_text, waiting
from .counts import note_counts
from .journal import seal
from .media import fill_slides
from .merge import Merged, local_day, local_hour, merge
from .migrate import migrate, migrations, refuse_newer
from .people import fill_vas
from .scratch import sweep_scratch
from .staging import Staged, stage
from .tables import TABLES, Table


@dataclass
class BatchOutcome:
    """What became of one batch; counts of rows over its tables."""

    batch_id: str
    source: str
    file_name: str | None = None
    status: str = "completed"
    error: str | None = None
    read: int = 0
    accepted: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejected: int = 0
    left_out: int = 0
    """Rows of persons who were erased; none of the others' counts holds them."""


@dataclass
class LoadOutcome:
    """What a load did. `version` is the published version, or the one that already stood."""

    batches: list[BatchOutcome] = field(default_factory=list)
    version: versions.Version | None = None
    published: bool = False
    pruned: list[int] = field(default_factory=list)
    checks: list[tuple[str, str]] = field(default_factory=list)
    """Checks of the data that this load's batches fail: severity, and what was found."""

    def total(self, count: str) -> int:
        return sum(getattr(b, count) for b in self.batches)

    @property
    def failed(self) -> list[BatchOutcome]:
        return [b for b in self.batches if b.status == "failed"]


def load(
    settings: Settings,
    *,
    what: str = "workbench load",
    migrating: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> LoadOutcome:
    """Apply every batch that waits in the inbox, each in one transaction, and publish one version.

    A batch that is already in the warehouse is unchanged. A batch that can't be read as a whole is
    recorded as failed and moved to data/refused; the others are applied all the same. Where there is neither a
    batch nor a warehouse, nothing is made unless `migrating`.

    Raises WorkbenchError when another loader holds the lock, or the warehouse is of a newer schema.
    """
    outcome = LoadOutcome()
    with versions.loader_lock(settings, what):
        versions.sweep(settings.versions)
        sweep(settings.inbox)
        sweep_scratch()
        outcome.batches += [_unreadable(file) for file in seal(settings.inbox)]
        outcome.version = versions.current(settings.versions)
        if outcome.version is not None:
            refuse_newer(outcome.version.schema_version, str(settings.versions / outcome.version.file))
        todo, done = _not_yet_loaded(settings, outcome)
        behind = outcome.version is None or outcome.version.schema_version < migrations()[-1].version
        nothing = not todo and (outcome.version is None and not migrating)
        if nothing or (not todo and not behind and not _marts_are_old(settings, outcome.version)):
            clear(done)
            outcome.pruned = versions.prune(settings.versions, settings.keep_versions)
            return outcome
        building = versions.start(settings.versions, outcome.version)
        con = open_writer(building, settings)
        try:
            where = f"{settings.versions / outcome.version.file}" if outcome.version else "The warehouse"
            migrate(con, where)
            archive.use(con, settings.archive)
            erased.ready(con, settings.data)
            con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
            quality.begin(con)
            for n, folder in enumerate(todo):
                if progress:
                    progress(folder.name, n, len(todo))
                outcome.batches.append(_apply(con, folder, settings, outcome.version))
            if outcome.version is not None and marts.are_old(con, settings):
                _follow_time_zones(con, settings, "")  # the settings' own zone may be another
            archive.with_archive(con, settings.archive)
            failing = quality.check(con, [(b.source, b.read, b.left_out) for b in outcome.batches])
            outcome.checks = [(one.severity or "", one.description) for one in failing]
            fill_vas(con)
            fill_slides(con)
            # Nothing was there before: all of it is new, and noting each key would tell no more.
            marts.refresh(con, settings, full=outcome.version is None)
            as_of = _newest(con)
            note_counts(con)
            con.execute("CHECKPOINT")
        except BaseException:
            con.close()
            building.unlink(missing_ok=True)
            building.with_name(building.name + ".wal").unlink(missing_ok=True)
            raise
        con.close()
        number = (outcome.version.version if outcome.version else 0) + 1
        outcome.version = versions.publish(
            settings.versions,
            building,
            number=number,
            schema=migrations()[-1].version,
            as_of=as_of,
            now=_now(outcome.version),
        )
        outcome.published = True
        refused = {b.batch_id for b in outcome.failed}
        clear([*done, *(folder for folder in todo if folder.name not in refused)])
        for folder in todo:
            if folder.name in refused and folder.is_dir():
                _set_aside(folder, settings.data / "refused")
        outcome.pruned = versions.prune(settings.versions, settings.keep_versions)
    return outcome


def open_writer(file: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(str(file))
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    # No query of the loader depends on the order of rows, and both cores write when none has to be kept.
    con.execute("SET preserve_insertion_order = false")
    # The file is thrown away when anything fails, so a log of its own would be written for nobody.
    con.execute("SET checkpoint_threshold = '16GB'")
    if settings.memory_limit or _memory_bytes() > 5 * 2**30:
        # A load of any size spills to disk rather than take a large machine's memory from everybody else.
        con.execute(f"SET memory_limit = {text(settings.memory_limit or '4GiB')}")
    return con


def _memory_bytes() -> int:
    """What the machine has; 0 where that can't be asked, and DuckDB keeps its own default."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _opened(settings: Settings, version: versions.Version) -> duckdb.DuckDBPyConnection:
    """A version open for reading, to be used in a `with` block."""
    file = settings.versions / version.file
    try:
        return duckdb.connect(str(file), read_only=True)
    except duckdb.Error as e:
        if trouble := machine_trouble(e, where=str(file)):
            raise WorkbenchError(f"{trouble} Nothing was loaded.") from e
        kept = ", ".join(map(str, versions.kept_versions(settings.versions)))
        raise WorkbenchError(
            f"{file} can't be opened: {e}. Nothing was loaded. Copy an older version's v*.json over "
            f"{versions.POINTER} (kept: {kept}), or restore a backup."
        ) from e


def known_batches(settings: Settings) -> dict[str, str]:
    """batch_id -> status of everything that the current version has seen."""
    version = versions.current(settings.versions)
    if version is None:
        return {}
    with _opened(settings, version) as con:
        return dict(con.execute("SELECT batch_id, status FROM batches").fetchall())


def known_files(settings: Settings) -> Callable[[str, str], datetime | None]:
    """A function from a file's SHA-256 and a source's name to the time its content is taken to be of."""
    version = versions.current(settings.versions)
    rows: list[tuple[str, str, datetime]] = []
    if version is not None:
        with _opened(settings, version) as con:
            rows = con.execute(
                "SELECT file_sha256, source, max(captured_at) FROM batches "
                "WHERE status = 'completed' AND file_sha256 IS NOT NULL GROUP BY ALL"
            ).fetchall()
    known = {(digest, source): captured_at for digest, source, captured_at in rows}
    return lambda digest, source: known.get((digest, source))


def _newest(con: duckdb.DuckDBPyConnection) -> str | None:
    """When the newest count was captured; where there is none, when the newest batch was."""
    facts = [f"(SELECT max(captured_at) FROM {t.name})" for t in TABLES.values() if "captured_at" in t.key]
    row = con.execute(
        f"SELECT coalesce(greatest({', '.join(facts)}), "
        "(SELECT max(captured_at) FROM batches WHERE status = 'completed'))::VARCHAR"
    ).fetchone()
    return row[0] if row else None


def _not_yet_loaded(settings: Settings, outcome: LoadOutcome) -> tuple[list[Path], list[Path]]:
    """Waiting batches that have to be applied, and those that the warehouse holds already."""
    folders = waiting(settings.inbox)
    if not folders:
        return [], []
    known = known_batches(settings)
    todo, done = [], []
    for folder in folders:
        if known.get(folder.name) == "completed":
            rows = 0
            source, name = "?", None
            try:
                manifest = read_manifest(folder)
                rows = sum(int(t["rows"]) for t in manifest.tables.values())
                source, name = manifest.source, manifest.file_name
            except WorkbenchError:
                pass  # it is in the warehouse already: whatever is wrong with this copy loses nothing
            outcome.batches.append(BatchOutcome(folder.name, source, name, read=rows, unchanged=rows))
            done.append(folder)
        else:
            todo.append(folder)
    return todo, done


def _now(base: versions.Version | None, manifest: Manifest | None = None) -> str:
    """The clock's time; where that was set back, the time of what stands or of a batch that was made since.

    What was recorded an hour ago does not lie in the future because the clock says that it was yesterday.
    """
    now = max(utc_now(), base.published_at if base else "")
    if manifest is None:
        return now
    farthest = utc_text(datetime.fromisoformat(now) + _AHEAD)
    return max(now, min(utc_text(datetime.fromisoformat(manifest.created_at)), farthest))


def _apply(
    con: duckdb.DuckDBPyConnection, folder: Path, settings: Settings, base: versions.Version | None
) -> BatchOutcome:
    """Apply one batch in one transaction; on failure nothing of it stays but its record."""
    outcome = BatchOutcome(folder.name, "?")
    manifest: Manifest | None = None
    con.execute("BEGIN")
    try:
        manifest = read_manifest(folder)
        outcome.source, outcome.file_name = manifest.source, manifest.file_name
        _verify(folder, manifest)
        _apply_tables(con, folder, manifest, settings, outcome, _now(base, manifest))
        _record(con, outcome, manifest)
        con.execute("COMMIT")
    except (WorkbenchError, duckdb.Error, OSError) as e:
        trouble = machine_trouble(e)
        if trouble or isinstance(e, _TRANSIENT):
            # Nothing is wrong with the batch: it stays in the inbox, and the version that stands stands.
            raise WorkbenchError(
                f"The load stopped at batch {folder}: {trouble or ' '.join(str(e).split())} "
                "Nothing was changed; mend the cause and load again."
            ) from e
        con.execute("ROLLBACK")
        outcome.status = "failed"
        outcome.error = str(e)
        outcome.accepted = outcome.unchanged = outcome.duplicate = outcome.rejected = 0
        _record(con, outcome, manifest)
    return outcome


_AHEAD = timedelta(days=2)
"""How far ahead of everything else the time may lie that a batch says it was made at."""
_TRANSIENT = (OSError, duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException)
"""What a machine does to a load, and no batch."""


def _verify(folder: Path, manifest: Manifest) -> None:
    for name, entry in manifest.tables.items():
        if name not in TABLES:
            raise WorkbenchError(f"the batch names table '{name}', which does not exist.")
        file = folder / str(entry["file"])
        if file.parent != folder or file.is_symlink() or not file.is_file():
            raise WorkbenchError(f"{entry['file']} is missing from the batch. Import the source again.")
        if file_sha256(file) != entry["sha256"]:
            raise WorkbenchError(f"{entry['file']} is damaged: its hash differs. Import the source again.")


def _apply_tables(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    manifest: Manifest,
    settings: Settings,
    outcome: BatchOutcome,
    now: str,
) -> None:
    # Accounts first: posts take their local time from them, and every table its account's id.
    order = sorted(manifest.tables, key=lambda n: (n != "accounts", n))
    aliased = identity.find_aliases(con)
    everything = []
    files = {name: folder / str(manifest.tables[name]["file"]) for name in order}
    away = erased.leave_out(con, files, said=manifest.file_name or "") if erased.anybody(con) else None
    if away is not None:
        outcome.left_out = away.n_rows
        outcome.file_name = away.traces.struck(manifest.file_name, loose=True) if manifest.file_name else None
        erased.remove_posts(con, away.posts)
    for name in order:
        table = TABLES[name]
        staged = stage(
            con,
            table,
            files[name],
            batch_id=manifest.batch_id,
            captured_at=manifest.captured_at,
            now=now,
            rows=away.rows.get(name) if away else None,
        )
        if name == "accounts":
            identity.note_names(con, staged, zone=settings.time_zone)
            aliased = identity.find_aliases(con)
        if aliased:
            identity.resolve(con, staged)
        merged = merge(con, staged, batch_id=manifest.batch_id, zone=settings.time_zone)
        _mark(con, table)
        if name == "accounts":
            con.execute(
                "CREATE OR REPLACE TEMP TABLE rezoned AS "
                "SELECT account_id FROM touched_accounts UNION SELECT account_id FROM aliases"
            )
            if aliased:
                identity.move_renamed(con, zone=settings.time_zone)
                # Posts move with their account though no batch names them: the marts have to look.
                con.execute("INSERT INTO touched SELECT DISTINCT 'account_id', account_id FROM account_names")
            _follow_time_zones(con, settings, "SEMI JOIN rezoned USING (account_id)")
        quality.profile(con, manifest, staged, merged)
        _add(outcome, staged, merged)
        everything.append(staged)
    for staged in everything:
        add_referred(con, staged)
        con.execute(f"DROP TABLE {staged.name}")


def _add(outcome: BatchOutcome, staged: Staged, merged: Merged) -> None:
    outcome.read += staged.rows_read
    outcome.rejected += staged.rows_rejected
    outcome.accepted += merged.accepted
    outcome.unchanged += merged.unchanged
    outcome.duplicate += merged.duplicate


def add_referred(con: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Bare rows for what the staged rows refer to and nobody has described yet.

    They bear no time of capture, so that whatever is known later replaces what follows from their key.
    """
    for column, other in staged.table.refers.items():
        if column not in staged.columns:
            continue
        key = TABLES[other].key[0]
        name = quoted(column)
        platform = other in ("accounts", "posts", "followers")
        derived = f", split_part({name}, ':', 1)" if platform else ""
        con.execute(
            f"INSERT INTO {other} ({key}{', platform' if platform else ''}) "
            f"SELECT DISTINCT {name}{derived} FROM {staged.name} WHERE {name} IS NOT NULL "
            f"AND NOT EXISTS (FROM {other} o WHERE o.{key} = {staged.name}.{name})"
        )
    if staged.table.name == "accounts" or "accounts" in staged.table.refers.values():
        con.execute(
            "UPDATE accounts SET username = substr(account_id, instr(account_id, ':') + 1), column_ranks = "
            "map_concat(coalesce(column_ranks, MAP {}), MAP {'username': 0::BIGINT}) WHERE username IS NULL"
        )
    if "posts" in staged.table.refers.values():
        con.execute(
            "UPDATE posts SET external_id = substr(post_id, instr(post_id, ':') + 1) WHERE external_id IS NULL"
        )


def _follow_time_zones(con: duckdb.DuckDBPyConnection, settings: Settings, only: str) -> None:
    """Local days and hours of posts whose zone became another; `only` narrows the accounts."""
    day, hour = local_day("p", settings.time_zone), local_hour("p", settings.time_zone)
    kind = "JOIN" if only else "LEFT JOIN"
    con.execute(
        f"UPDATE posts SET posted_local_on = n.local_on, posted_local_hour = n.local_hour FROM ("
        f"SELECT p.post_id, {day} AS local_on, {hour} AS local_hour FROM posts p "
        f"{kind} (FROM accounts {only}) a ON a.account_id = p.account_id "
        f"WHERE p.posted_at IS NOT NULL AND (p.posted_local_on IS DISTINCT FROM {day} "
        f"OR p.posted_local_hour IS DISTINCT FROM {hour})) n WHERE n.post_id = posts.post_id"
    )


def _mark(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Note the posts and accounts whose marts have to follow."""
    if table.name in marts.DEPENDS_ON:
        name, key = marts.DEPENDS_ON[table.name]
        con.execute(f"INSERT INTO touched SELECT DISTINCT '{name}', {key} FROM touched_{table.name}")


def _record(con: duckdb.DuckDBPyConnection, outcome: BatchOutcome, manifest: Manifest | None) -> None:
    con.execute("DELETE FROM batches WHERE batch_id = ?", [outcome.batch_id])
    con.execute(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            outcome.batch_id,
            outcome.source,
            manifest.entity if manifest else None,
            manifest.content_hash if manifest else "",
            outcome.file_name,
            manifest.file_sha256 if manifest else None,
            manifest.captured_at if manifest else None,
            manifest.window_from if manifest else None,
            manifest.window_to if manifest else None,
            outcome.read,
            outcome.accepted,
            outcome.rejected,
            outcome.duplicate,
            outcome.unchanged,
            outcome.status,
            outcome.error,
            _notes(manifest, outcome),
            manifest.created_at if manifest else None,
            utc_now(),
        ],
    )


def _notes(manifest: Manifest | None, outcome: BatchOutcome) -> list[str]:
    notes = list(manifest.notes) if manifest else []
    return [*notes, *([erased.told(outcome.left_out)] if outcome.left_out else [])]


def _marts_are_old(settings: Settings, version: versions.Version | None) -> bool:
    if version is None:
        return True
    with _opened(settings, version) as con:
        return marts.are_old(con, settings)


def _unreadable(recorded: Path) -> BatchOutcome:
    return BatchOutcome(
        recorded.stem,
        "record",
        recorded.name,
        status="failed",
        error=f"{recorded} can't be read: a line of it is no JSON. Mend that line, and name the file *.sealed again.",
    )


def _set_aside(folder: Path, refused: Path) -> None:
    refused.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = refused / folder.name
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)
