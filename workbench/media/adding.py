"""Files on a disk become pictures of slides: looked at, stored, noted in batches as the work goes on.

Threads, no processes: the decoders let other threads run, so two threads are 1.9 times as fast as one, and two
processes, to which every file is copied, only 1.1 times.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from ..settings import Settings
from .finding import FileRefused, content, digest
from .matching import Matched, Refused, Slide
from .pictures import PictureRefused, picture
from .results import FILES, SLIDES, write_results
from .storage import Storage, StorageError, picture_key

AT_A_TIME = 500
"""Files in one batch: what a killed run has to do again at most."""

Tables = Callable[[str], ibis.Table]
Progress = Callable[[str, int, int], None]


@dataclass
class Added:
    """What became of the files."""

    n_files: int = 0
    n_stored: int = 0
    """Pictures that the storage did not have."""
    n_bytes: int = 0
    """Of those."""
    n_slides: int = 0
    """Slides that show another picture than before, or one for the first time."""
    n_unchanged: int = 0
    """Slides that showed it already."""
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    """What the warehouse says of a file."""

    storage_key: str
    file_bytes: int


@dataclass(frozen=True)
class _Looked:
    sha256: str
    row: dict[str, Any] | None
    """Of `media_files`; None where it is known already."""
    n_bytes: int
    """Stored now."""


def add_files(
    settings: Settings,
    storage: Storage,
    matched: Matched,
    tables: Tables | None,
    added: Added,
    *,
    progress: Progress = lambda name, n, total: None,
) -> None:
    """Store the files and write what they are, and which slides show them, into the inbox; `added` counts.

    A file whose content the warehouse knows is only compared, so adding a folder again is quick and changes nothing.
    Raises StorageError where the storage fails; what was done until then is in the inbox.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    added.refused += matched.refused
    n_cores = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(max(4, n_cores), thread_name_prefix="add") as threads:
        ordered = sorted(matched.shown)
        for start in range(0, len(ordered), AT_A_TIME):
            paths = ordered[start : start + AT_A_TIME]
            digests = dict(zip(paths, threads.map(_tried(digest), paths), strict=True))
            sha256s = [d for d in digests.values() if isinstance(d, str)]
            known = _known_files(tables, sha256s)
            showing = _showing(tables, [slide for path in paths for slide in matched.shown[path]])

            def look(path: Path, digests: Any = digests, known: Any = known) -> _Looked | FileRefused:
                found = digests[path]
                return found if isinstance(found, FileRefused) else _look(path, found, known, storage, now)

            failed: StorageError | None = None
            files: dict[str, dict[str, Any]] = {}
            slides: list[dict[str, Any]] = []
            for path, looked in zip(paths, threads.map(_tried(look), paths), strict=True):
                added.n_files += 1
                progress(path.name, added.n_files, len(matched.shown))
                if isinstance(looked, StorageError):
                    failed = failed or looked
                elif isinstance(looked, FileRefused | PictureRefused):
                    added.refused.append(Refused(str(path), str(looked)))
                else:
                    _note(looked, matched.shown[path], showing, files, slides, added, now)
            rows = {"media_files": (list(files.values()), FILES), "slides": (slides, SLIDES)}
            if files or slides:
                found = {name: pa.Table.from_pylist(r, schema) for name, (r, schema) in rows.items() if r}
                write_results(settings, found, source="media add", captured_at=now)
            if failed:
                raise failed


def _tried(function: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """The function's result, or what it raised for this one file."""

    def tried(path: Path) -> Any:
        try:
            return function(path)
        except (FileRefused, PictureRefused, StorageError) as e:
            return e

    return tried


def _look(path: Path, sha256: str, known: Mapping[str, _Known], storage: Storage, now: datetime) -> _Looked:
    if sha256 in known:
        key = known[sha256].storage_key
        lies = storage.entry(key)
        if lies is not None and lies.size == known[sha256].file_bytes:
            return _Looked(sha256, None, 0)
        data = content(path)
        return _Looked(sha256, None, len(data) if storage.put(key, data) else 0)
    data = content(path)
    seen = picture(data)
    key = picture_key(seen.sha256, seen.media_type)
    n_bytes = len(data) if storage.put(key, data) else 0
    row = {name: getattr(seen, name) for name in FILES.names if hasattr(seen, name)}
    return _Looked(seen.sha256, row | {"storage_key": key, "stored_at": now}, n_bytes)


def _note(
    looked: _Looked,
    shown: Sequence[Slide],
    showing: Mapping[Slide, str],
    files: dict[str, dict[str, Any]],
    slides: list[dict[str, Any]],
    added: Added,
    now: datetime,
) -> None:
    if looked.row:
        files[looked.sha256] = looked.row
    if looked.n_bytes:
        added.n_stored += 1
        added.n_bytes += looked.n_bytes
    for post_id, slide_index in shown:
        if showing.get((post_id, slide_index)) == looked.sha256:
            added.n_unchanged += 1
            continue
        added.n_slides += 1
        slides.append(
            {"post_id": post_id, "slide_index": slide_index, "sha256": looked.sha256, "fetched_at": now}
        )


def _known_files(tables: Tables | None, sha256s: Sequence[str]) -> dict[str, _Known]:
    """Those of the files that were stored and looked at before."""
    if tables is None or not sha256s:
        return {}
    asked = ibis.memtable({"sha256": sorted(set(sha256s))}, schema={"sha256": "string"})
    files = tables("media_files").select("sha256", "storage_key", "file_bytes", "phash")
    found = files.drop_null().semi_join(asked, "sha256").to_pyarrow().to_pylist()
    return {row["sha256"]: _Known(row["storage_key"], row["file_bytes"]) for row in found}


def _showing(tables: Tables | None, slides: Sequence[Slide]) -> dict[Slide, str]:
    """Which file each of the slides shows now."""
    if tables is None or not slides:
        return {}
    asked = ibis.memtable({"post_id": sorted({post for post, _ in slides})}, schema={"post_id": "string"})
    found = tables("slides").select("post_id", "slide_index", "sha256").semi_join(asked, "post_id")
    return {(r["post_id"], r["slide_index"]): r["sha256"] for r in found.to_pyarrow().to_pylist()}
