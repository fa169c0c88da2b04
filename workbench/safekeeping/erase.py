"""A person is forgotten: every trace of them goes from data/ and reports/, and a keyed hash keeps them from coming back.

What is to go is written down first (data/erasing.json), and every step may be taken twice. So an erasure that was
ended, by whatever, is finished by the next one.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ..errors import WorkbenchError
from ..media.storage import local_storage, open_storage
from ..settings import Settings
from ..warehouse import erased, versions
from ..warehouse.journal import seal
from ..warehouse.private import new_erasure_id, private_key
from ..warehouse.traces import Traces
from ..whole_files import lives
from .backup_held import BACKUP_LOCK, refuse_while_held
from .damage import damage_told
from .erase_batches import forget_waiting, recorded_beside
from .erase_files import forget_files, search_of, thumbnails_of
from .erase_person import Person, complete, drop_intent, find_person, keep_intent, kept_intent
from .erase_reports import Cleared, forget_reports
from .erase_versions import counted, forget, older
from .erased_since import backups_there

_BEGUN = "An erasure that was begun is finished by workbench erase."


@dataclass
class Erasure:
    """What went, or would go, by place."""

    person: Person
    rows: dict[str, int] = field(default_factory=dict)
    """Table -> rows that went, and texts of others that changed."""
    versions_removed: list[int] = field(default_factory=list)
    versions_rewritten: list[int] = field(default_factory=list)
    batches: int = 0
    """Waiting, refused and recorded batches that named them."""
    pictures: int = 0
    reports: Cleared = field(default_factory=Cleared)
    files: list[str] = field(default_factory=list)
    """Other files, below data/."""
    by_hand: list[str] = field(default_factory=list)
    """What the workbench can't reach, a sentence each."""
    version: int | None = None

    @property
    def is_nothing(self) -> bool:
        reports = self.reports.pages or self.reports.files
        old = self.versions_removed or self.versions_rewritten
        return not (self.rows or old or self.batches or self.pictures or reports or self.files)


@damage_told("Nothing was changed.")
def planned(settings: Settings, kind: str, given: str, *, keep_words: bool = False) -> Erasure:
    """What an erasure would remove, counted as it counts; nothing is changed.

    Raises UsageError for a name that may be several accounts', or that can't be one.
    """
    with recorded_beside(settings) as recorded:
        person = find_person(settings, kind, given, keep_words=keep_words, recorded=recorded)
        outcome = Erasure(person)
        outcome.batches = forget_waiting(settings, person, "0" * 64, recorded=recorded)
    search = search_of(person, settings)
    outcome.rows = counted(settings, person)
    newest = versions.current(settings.versions)
    kept = older(settings, person, bool(outcome.rows))
    outcome.versions_rewritten = [n for n in kept if versions.is_pinned(settings.versions, n)]
    outcome.versions_removed = [n for n in kept if n not in outcome.versions_rewritten]
    outcome.version = newest.version if newest else None
    outcome.pictures = len(_picture_keys(settings, person))
    outcome.reports = forget_reports(settings, search, n_posts=len(person.posts), dry=True)
    smaller = thumbnails_of(settings, person)  # which go with their pictures
    files = [f for f in forget_files(settings, search, dry=True) if f not in smaller]
    outcome.files = _below(settings.data, files)
    outcome.by_hand = by_hand(settings, person, backups_there(settings))
    return outcome


def unfinished(settings: Settings) -> Person | None:
    """Whom an erasure was begun of that has not ended."""
    return kept_intent(settings) if settings.data.is_dir() else None


@damage_told(_BEGUN)
def erase(
    settings: Settings,
    kind: str,
    given: str,
    *,
    keep_words: bool = False,
    progress: Callable[[str, int, int], None] = lambda name, n, total: None,
) -> Erasure:
    """Remove every trace of a person. An erasure that was begun before has to be finished first (`finish`).

    Raises WorkbenchError where a report or a backup is being made, or the pictures' storage can't be reached: what is
    left is then done by the next erasure.
    """
    there = backups_there(settings)
    with versions.loader_lock(settings, "workbench erase"):
        _refuse_running(settings)
        refuse_while_held(settings)
        key = _key(settings)
        seal(settings.inbox)
        person = find_person(settings, kind, given, keep_words=keep_words)
        person.erasure_id = new_erasure_id(key)
        keep_intent(settings, person)
        return _erased(settings, person, key, there, progress)


@damage_told(_BEGUN)
def finish(
    settings: Settings, *, progress: Callable[[str, int, int], None] = lambda name, n, total: None
) -> Erasure | None:
    """Do what an erasure that was ended has left; None where none was."""
    if unfinished(settings) is None:
        return None
    there = backups_there(settings)
    with versions.loader_lock(settings, "workbench erase"):
        _refuse_running(settings)
        refuse_while_held(settings)
        person = kept_intent(settings)
        if person is None:
            return None
        key = _key(settings)
        seal(settings.inbox)
        complete(settings, person)  # what came in since it was begun
        keep_intent(settings, person)
        return _erased(settings, person, key, there, progress)


def _key(settings: Settings) -> str:
    """The key of the hashes. One is made only where nobody was erased before: by two keys no load could go on."""
    newest = versions.current(settings.versions)
    if newest is not None:
        with duckdb.connect(str(settings.versions / newest.file), read_only=True) as con:
            if erased.anybody(con):
                erased.ready(con, settings.data)
    return private_key(settings.data)


def _erased(
    settings: Settings, person: Person, key: str, there: str, progress: Callable[[str, int, int], None]
) -> Erasure:
    outcome = Erasure(person, by_hand=by_hand(settings, person, there))
    search = search_of(person, settings)
    progress("versions", 0, 5)
    outcome.rows, outcome.versions_removed, outcome.versions_rewritten = forget(
        settings, person, key, progress
    )
    newest = versions.current(settings.versions)
    outcome.version = newest.version if newest else None
    progress("inbox", 1, 5)
    seal(settings.inbox)  # what was recorded while versions were written
    outcome.batches = forget_waiting(settings, person, key)
    progress("reports", 2, 5)
    outcome.reports = forget_reports(settings, search, n_posts=len(person.posts), progress=progress)
    progress("pictures", 3, 5)
    outcome.pictures = _forget_pictures(settings, person)
    progress("files", 4, 5)
    outcome.files = _below(settings.data, forget_files(settings, search))
    drop_intent(settings)
    return outcome


def _forget_pictures(settings: Settings, person: Person) -> int:
    """Delete the stored files that only their slides show, where they are kept and on this machine."""
    for file in thumbnails_of(settings, person):
        file.unlink(missing_ok=True)
    keys = _picture_keys(settings, person)
    if not keys:
        return 0
    storages = [open_storage(settings), *([local_storage(settings)] if settings.media_storage else [])]
    for storage in storages:
        for key in keys:
            storage.delete(key)
    return len(keys)


def _picture_keys(settings: Settings, person: Person) -> set[str]:
    """Under which keys their pictures are kept; one that was never fetched has none."""
    local = settings.data / "media" / "pictures"
    return {key for key in person.pictures.values() if key} | {
        f"pictures/{f.parent.name}/{f.name}"
        for sha in person.pictures
        for f in local.glob(f"{sha[:2]}/{sha}.*")
    }


def by_hand(settings: Settings, person: Person, there: str) -> list[str]:
    """What may still hold the person and is not the workbench's to change; `there`: what is known of the backups."""
    told = []
    if settings.backup_to or (settings.data / BACKUP_LOCK).exists():
        where = f"in {settings.backup_to}" if settings.backup_to else "made with workbench backup PLACE"
        told.append(f"Backups {where}, and copies of them: each holds the data as they were. {there}")
    if settings.publish_to:
        told.append(
            f"Published pages in {settings.publish_to}: publish again (workbench publish), and remove sets that name them."  # noqa: E501
        )
    if (settings.data / "delivery" / "deliveries.jsonl").exists():
        told.append("Mails that were sent, in the boxes of those who got them.")
    traces = person.traces()
    told += [
        f"{file} names them: edit or remove it." for file in _own_files(settings) if _names(file, traces)
    ]
    return told


def _own_files(settings: Settings) -> list[Path]:
    """What a person wrote beside the data: settings, lists of reports, notebooks."""
    notebooks = settings.home / settings.notebooks
    return [
        *sorted(settings.home.glob("*.toml")),
        *(sorted(notebooks.rglob("*.ipynb")) if notebooks.is_dir() else []),
    ]


def _names(file: Path, traces: Traces) -> bool:
    try:
        return traces.named_anyhow(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return False


def _refuse_running(settings: Settings) -> None:
    """A report that is being made would bring the person back when it is put in its place."""
    for building in settings.reports.rglob(".building-*") if settings.reports.is_dir() else ():
        parts = building.name.rsplit("-", 2)
        if len(parts) == 3 and lives(parts[1]):
            raise WorkbenchError(
                f"A report is being made (process {parts[1]}), from data that hold the person. Erase when it has ended. "  # noqa: E501
                "Nothing was changed."
            )


def _below(folder: Path, files: list[Path]) -> list[str]:
    return [f.relative_to(folder).as_posix() for f in files]
