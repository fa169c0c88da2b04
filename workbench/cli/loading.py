"""Commands that bring data in: import, load, demo, migrate; and status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .shared import Bar, instant_of, say, settings_of

if TYPE_CHECKING:
    from ..settings import Settings
    from ..warehouse.load import LoadOutcome


def import_files(options: Any) -> int:
    from ..sources.importing import ImportFailed, import_paths
    from ..warehouse.load import known_batches, known_files, load

    settings = settings_of(options)
    given = {
        name: getattr(options, name)
        for name in ("mapping", "encoding", "delimiter", "year", "date_format", "platform")
        if getattr(options, name) is not None
    }
    as_of = instant_of(options.as_of, settings) if options.as_of else None
    batches = known_batches(settings)
    failure: ImportFailed | None = None
    with Bar("import") as progress:
        try:
            imported = import_paths(
                options.paths,
                settings,
                as_name=options.as_name,
                as_of=as_of,
                options=given,
                progress=lambda path, n, total: progress(path.name, n, total),
                known=lambda batch: batches.get(batch) == "completed",
                known_files=known_files(settings),
            )
        except ImportFailed as e:
            failure, imported = e, list(e.imported)
    for one in imported:
        if one.skipped:
            say(f"{one.path.name}: {one.source}, unchanged since it was imported.")
            continue
        rows = ", ".join(f"{n:,} {table}" for table, n in one.rows.items()) or "no rows"
        say(f"{one.path.name}: {one.source}, {rows}.")
        for note in one.notes:
            say(f"  {note}")
    code = 0
    if not options.no_load:
        with Bar("load") as progress:
            code = tell(load(settings, what="workbench import", progress=progress), settings)
    if failure:
        raise failure
    return code


def load_inbox(options: Any) -> int:
    from ..warehouse.load import load

    settings = settings_of(options)
    if not settings.home.is_dir():
        raise UsageError(
            f"There is no folder {settings.home}. A new home is made by an import: workbench import FILE..."
        )
    with Bar("load") as progress:
        return tell(load(settings, progress=progress), settings)


def tell(outcome: LoadOutcome, settings: Settings) -> int:
    """One line for a load, and one for each batch that needs a person."""
    from ..warehouse.erased import told as told_left_out

    for batch in outcome.failed:
        kept = settings.data / "refused" / batch.batch_id
        where = (
            f" It is kept in {kept}; moved back to {settings.inbox}, it is tried again."
            if kept.is_dir()
            else ""
        )
        say(f"Error: {batch.file_name or batch.batch_id}: {batch.error}{where}")
    total = outcome.total
    batches = f"{len(outcome.batches)} batch{'' if len(outcome.batches) == 1 else 'es'}"
    line = (
        f"Loaded {batches}: {total('read'):,} row{'' if total('read') == 1 else 's'} read, "
        f"{total('accepted'):,} accepted, {total('unchanged'):,} unchanged, {total('rejected'):,} rejected"
    )
    if total("duplicate"):
        line += f", {total('duplicate'):,} duplicates within their file"
    version = outcome.version.version if outcome.version else 0
    stands = f"The warehouse is at version {version}{'' if outcome.published else ', as before'}."
    say(f"{line}. {stands if version else 'There is no warehouse yet.'}")
    if total("left_out"):
        say(f"{told_left_out(total('left_out'))}.")
    if total("rejected"):
        say('Rejected rows and why: workbench sql "select * from rejected_rows"')
    for checks in _failing_told(outcome.checks):
        say(checks)
    nothing_stood = total("rejected") > 0 and not total("accepted") + total("unchanged")
    return 1 if outcome.failed or nothing_stood else 0


def _failing_told(checks: Sequence[tuple[str, str]]) -> list[str]:
    """What a load's batches fail that pages tell of, the gravest of it in full; nothing of what is low."""
    from ..display.escaping import readable
    from ..model.quality import SHOWN_SEVERITIES

    shown = [c for severity in SHOWN_SEVERITIES for c in checks if c[0] == severity]
    if not shown:
        return []
    counts = ", ".join(f"{n} {severity}" for severity, n in Counter(s for s, _ in shown).items())
    severity, gravest = shown[0]
    return [
        f"Look at these data, checks of them fail: {counts}. All, and what to do: workbench status",
        readable(f"  {severity}: {gravest}"),
    ]


def tell_status(options: Any) -> int:
    import json

    from ..display.escaping import readable
    from ..warehouse.reader import Workbench
    from ..warehouse.status import status

    with Workbench.opened(options.home) as wb:
        found = status(wb)
    if options.format == "json":
        print(json.dumps(found, indent=1, default=str))
        return 0
    print(f"Version {found['version']}, data as of {found['as_of'] or 'nothing yet'} UTC ({found['age']}).")
    if found["rejected_rows"]:
        print(
            f'{found["rejected_rows"]:,} rejected rows. See why: workbench sql "select * from rejected_rows"'  # noqa: S608
        )
    for line in _checks_told(found["checks"]):
        print(readable(line))
    if found["erased"]:
        print(found["erased"])
    if found["erasing"]:
        print("An erasure was begun and not ended. Finish it: workbench erase")
    if found["waiting"]:
        one = found["waiting"] == 1
        print(
            f"{found['waiting']:,} {'batch waits' if one else 'batches wait'} in the inbox. "
            f"Load {'it' if one else 'them'}: workbench load"
        )
    print("Rows of each table:")
    for table, rows in found["rows"].items():
        print(f"  {table:22} {rows:>12,}")
    return 0


def _checks_told(checks: Sequence[dict[str, Any]]) -> list[str]:
    """Open checks, the gravest first, each with what to do; of equal ones that is told once."""
    if not checks:
        return []
    counts = Counter(c["severity"] for c in checks)
    lines = [f"Checks of the data that fail: {', '.join(f'{n} {s}' for s, n in counts.items())}."]
    for check, after in zip_longest(checks, checks[1:]):
        lines.append(f"  {check['severity']}: {check['description']}")
        if after is None or (check["severity"], check["remedy"]) != (after["severity"], after["remedy"]):
            lines += [f"    {check['remedy']}"] if check["remedy"] else []
    lines.append('  Examples: workbench sql "select * from quality_checks where resolved_at is null"')
    return lines


def make_demo_home(options: Any) -> int:
    from ..demo import DEFAULT_POSTS, make_demo, usual_pictures
    from ..sources.importing import import_paths
    from ..warehouse.load import load
    from ..warehouse.versions import current

    settings = settings_of(options)
    standing = current(settings.versions)
    if options.if_empty and standing is not None and standing.as_of is not None:
        say("There is a warehouse already; no demo data was made.")
        return 0
    folder = Path(options.out) if options.out else settings.data / "demo"
    posts = DEFAULT_POSTS if options.posts is None else options.posts
    pictures = usual_pictures(posts) if options.pictures is None else options.pictures
    with Bar("demo") as progress:
        made = make_demo(
            folder,
            posts=posts,
            pictures=pictures,
            seed=options.seed,
            progress=lambda step: progress(step, 0, 0),
        )
    drawn = f", and drew {pictures:,} pictures" if made.mapping else ""
    say(f"Made {made.n_posts:,} posts in {len(made.files)} files in {made.folder}{drawn}.")
    if options.no_load:
        return 0
    with Bar("import") as progress:
        import_paths(
            list(made.files),
            settings,
            as_of=made.as_of,
            progress=lambda path, n, total: progress(path.name, n, total),
        )
    if made.mapping:
        _add_drawn(made.mapping, settings)
    with Bar("load") as progress:
        return tell(load(settings, what="workbench demo", progress=progress), settings)


def _add_drawn(mapping: Path, settings: Settings) -> None:
    """The pictures that the demo drew, by the way of `media add`; a demo without them is still one."""
    from ..errors import WorkbenchError
    from ..media.adding import Added, add_files
    from ..media.finding import found_files
    from ..media.mapping import read_mapping
    from ..media.matching import match
    from ..media.storage import open_storage

    added = Added()
    try:
        storage = open_storage(settings)
        mapped, _ = read_mapping(mapping, lambda urls: [None] * len(urls))
        folder = mapping.resolve().parent
        matched = match(found_files([folder]), None, mapped=mapped, mapping_folder=folder)
        with Bar("add") as progress:
            add_files(settings, storage, matched, None, added, progress=progress)
    except WorkbenchError as e:
        say(f"The pictures were not added: {e}")
        return
    say(f"Added {added.n_files:,} pictures to {storage.place}; {added.n_slides:,} slides show them.")


def migrate_warehouse(options: Any) -> int:
    from ..warehouse.load import load

    outcome = load(settings_of(options), what="workbench migrate", migrating=True)
    assert outcome.version is not None
    say(f"The warehouse is at schema {outcome.version.schema_version}, version {outcome.version.version}.")
    return 0
