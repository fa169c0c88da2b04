"""Files on a disk become pictures of slides: looked at, stored, noted in batches as the work goes on.

Threads, no processes: the decoders let other threads run, so two threads are 1.9 times as fast as one, and two
processes, to which every file is copied, only 1.1 times.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from ..settings import Settings
from .finding import FileRefused, content, digest
from .matching import Matched, Refused, Slide
from .pictures import PictureRefused, picture
from .results import FILES, SLIDES, write_results
from .storage import Storage, StorageError, key_digest, picture_key

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
    added.refused += matched.refused
    work = _Adding(settings, storage, matched, tables, added)
    with ThreadPoolExecutor(min(max(4, os.cpu_count() or 1), 16), thread_name_prefix="add") as threads:
        ordered = sorted(matched.shown)
        try:
            for start in range(0, len(ordered), AT_A_TIME):
                work.add(ordered[start : start + AT_A_TIME], threads, progress)
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise


class _Adding:
    def __init__(
        self, settings: Settings, storage: Storage, matched: Matched, tables: Tables | None, added: Added
    ) -> None:
        self.settings, self.storage, self.tables, self.added = settings, storage, tables, added
        self.shown = matched.shown
        self.now = datetime.now(UTC).replace(tzinfo=None)
        self.failures: list[StorageError] = []

    def add(self, paths: Sequence[Path], threads: ThreadPoolExecutor, progress: Progress) -> None:
        """Look at files, store them, and write one batch."""
        digests = list(threads.map(self._digest, paths))
        known = _known_files(self.tables, [found for found in digests if isinstance(found, str)])
        showing = _showing(self.tables, [slide for path in paths for slide in self.shown[path]])
        files: dict[str, dict[str, Any]] = {}
        slides: list[dict[str, Any]] = []
        looks = threads.map(partial(self._look, known), paths, digests)
        for path, looked in zip(paths, looks, strict=True):
            if looked is None:
                continue
            self.added.n_files += 1
            progress(path.name, self.added.n_files, len(self.shown))
            if isinstance(looked, _Looked):
                if looked.row:
                    files[looked.sha256] = looked.row
                slides += self._slides(path, looked, showing)
            else:
                self.added.refused.append(Refused(str(path), str(looked)))
        rows = {"media_files": (list(files.values()), FILES), "slides": (slides, SLIDES)}
        if files or slides:
            found = {
                name: pa.Table.from_pylist(some, schema) for name, (some, schema) in rows.items() if some
            }
            write_results(self.settings, found, source="media add", captured_at=self.now)
        if self.failures:
            raise self.failures[0]

    def _digest(self, path: Path) -> str | FileRefused:
        try:
            return digest(path)
        except FileRefused as e:
            return e

    def _look(
        self, known: Mapping[str, _Known], path: Path, found: str | FileRefused
    ) -> _Looked | FileRefused | PictureRefused | None:
        """What a file is, once it is stored; None where the storage fails."""
        if self.failures:
            return None
        if isinstance(found, FileRefused):
            return found
        try:
            return self._known(path, found, known[found]) if found in known else self._new(path)
        except (FileRefused, PictureRefused) as e:
            return e
        except StorageError as e:
            self.failures.append(e)
            return None

    def _known(self, path: Path, sha256: str, known: _Known) -> _Looked:
        lies = self.storage.entry(known.storage_key)
        if lies is not None and lies.size == known.file_bytes:
            return _Looked(sha256, None, 0)
        data = content(path)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise FileRefused("it changed while it was read: add it again")
        return _Looked(sha256, None, len(data) if self.storage.put(known.storage_key, data) else 0)

    def _new(self, path: Path) -> _Looked:
        data = content(path)
        seen = picture(data)
        key = picture_key(seen.sha256, seen.media_type)
        n_bytes = len(data) if self.storage.put(key, data) else 0
        row = asdict(seen) | {"storage_key": key, "stored_at": self.now}
        return _Looked(seen.sha256, row, n_bytes)

    def _slides(self, path: Path, looked: _Looked, showing: Mapping[Slide, str]) -> Iterator[dict[str, Any]]:
        """Rows of the slides that show the file and did not before."""
        self.added.n_stored += looked.n_bytes > 0
        self.added.n_bytes += looked.n_bytes
        for slide in self.shown[path]:
            if showing.get(slide) == looked.sha256:
                self.added.n_unchanged += 1
                continue
            self.added.n_slides += 1
            post_id, slide_index = slide
            yield {
                "post_id": post_id, "slide_index": slide_index, "sha256": looked.sha256, "fetched_at": self.now,
            }  # fmt: skip


def _known_files(tables: Tables | None, sha256s: Sequence[str]) -> dict[str, _Known]:
    """Those of the files that were stored and looked at before."""
    if tables is None or not sha256s:
        return {}
    asked = ibis.memtable({"sha256": sorted(set(sha256s))}, schema={"sha256": "string"})
    files = tables("media_files").select("sha256", "storage_key", "file_bytes", "phash")
    found = files.drop_null().semi_join(asked, "sha256").to_pyarrow().to_pylist()
    return {
        row["sha256"]: _Known(row["storage_key"], row["file_bytes"])
        for row in found
        if key_digest(row["storage_key"]) == row["sha256"]
    }


def _showing(tables: Tables | None, slides: Sequence[Slide]) -> dict[Slide, str]:
    """Which file each of the slides shows now."""
    if tables is None or not slides:
        return {}
    asked = ibis.memtable({"post_id": sorted({post for post, _ in slides})}, schema={"post_id": "string"})
    found = tables("slides").select("post_id", "slide_index", "sha256").semi_join(asked, "post_id")
    return {(r["post_id"], r["slide_index"]): r["sha256"] for r in found.to_pyarrow().to_pylist()}
