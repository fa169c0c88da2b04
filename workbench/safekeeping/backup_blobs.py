"""Parts of files on their way into a store: named by content, sealed if asked, sent by several threads, each once.

One home backs up into a place, one backup at a time: a backup relies on the parts that are there, and `forget` removes
every part that no finished backup names, also those that a backup of another home is sending just then.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import WorkbenchError
from ..stores import Store
from .backup_format import BLOBS, Head, KeptFile, Named, backups_in, part_sizes, read_head
from .backup_keys import Sealing

THREADS = 4
_SEALED = ".age"


class Blobs:
    """Where parts go. Used in a `with` block: at its end all are sent, or the first error is raised.

    `recheck`: parts that are there are read before anything relies on them, and damaged ones sent again.
    """

    def __init__(
        self, store: Store, *, seal: Sealing | None, naming_key: bytes, recheck: bool = False
    ) -> None:
        self.store, self._seal, self._naming_key = store, seal, naming_key
        self._recheck = recheck
        self.stored: dict[str, tuple[int, str]] = {}
        """Part -> size and SHA-256 as stored, of all parts of this backup."""
        self.sent = self.sent_bytes = self.mended = 0
        self._pool = ThreadPoolExecutor(THREADS)
        self._known = _known(store, self._pool)
        self._sending: set[str] = set()
        self._failed: BaseException | None = None
        self._room = threading.BoundedSemaphore(2 * THREADS)  # parts in memory
        self._guard = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._pool.shutdown(wait=True, cancel_futures=kind is not None)
        finally:
            if kind is None:
                self._raise_failed()

    @property
    def is_for_other_keys(self) -> bool:
        """Whether sealed parts are there, and none of them was of use: they are sealed for others."""
        sealed = {name for name in self._known if name.endswith(_SEALED)}
        return self._seal is not None and bool(sealed) and sealed.isdisjoint(self.stored)

    def name(self, digest: str) -> str:
        """The part with this content. The same content, sealed for others, is another part."""
        if self._seal is None:
            return f"{BLOBS}/{digest[:2]}/{digest}"
        content = f"{digest} {self._seal.recipients}".encode()
        keyed = hmac.new(self._naming_key, content, hashlib.sha256).hexdigest()
        return f"{BLOBS}/{keyed[:2]}/{keyed}{_SEALED}"

    def put(self, data: bytes) -> str:
        """Keep a part, unless it is there already; returns its name."""
        name = self.name(hashlib.sha256(data).hexdigest())
        if name in self.stored or name in self._sending:
            return name
        if name in self._known and not self._recheck:
            self.stored[name] = self._known[name]
            return name
        self._room.acquire()
        self._raise_failed()
        self._sending.add(name)
        self._pool.submit(self._send, name, data)
        return name

    def put_file(self, path: str, file: Path) -> KeptFile | None:
        """Keep a file in parts; None where it is gone."""
        try:
            f = file.open("rb")
        except FileNotFoundError:
            return None
        except OSError as e:
            raise WorkbenchError(
                f"{file} can't be read: {e.strerror}. Nothing was backed up: ask its owner for the right, or move it "
                "elsewhere."
            ) from e
        whole, size, parts = hashlib.sha256(), 0, []
        with f:
            facts = os.fstat(f.fileno())
            for data in itertools.takewhile(len, map(f.read, part_sizes(path))):
                whole.update(data)
                size += len(data)
                parts.append(self.put(data))
        return KeptFile(path, size, whole.hexdigest(), facts.st_mtime_ns, parts)

    def _send(self, name: str, data: bytes) -> None:
        try:
            known = self._known.get(name)
            if known is not None and _is_whole(self.store, name, known[1]):
                with self._guard:
                    self.stored[name] = known
                return
            sealed = self._seal(data) if self._seal else data
            self.store.put(name, sealed)
            with self._guard:
                self.stored[name] = (len(sealed), hashlib.sha256(sealed).hexdigest())
                self.sent += 1
                self.sent_bytes += len(sealed)
                self.mended += known is not None
        except BaseException as e:
            self._failed = self._failed or e
        finally:
            self._room.release()

    def _raise_failed(self) -> None:
        if self._failed is not None:
            raise self._failed


def _known(store: Store, pool: ThreadPoolExecutor) -> dict[str, tuple[int, str]]:
    """Parts of whole backups that lie in the store with the size they should have; a newer backup's word counts."""

    def vouched(backup: Named) -> Mapping[str, Sequence[Any]]:
        try:
            return read_head(store, backup).blobs
        except WorkbenchError:
            return {}

    named: dict[str, tuple[int, str]] = {}
    for blobs in pool.map(vouched, backups_in(store)):
        named |= {key: (size, digest) for key, (size, digest) in blobs.items()}
    if not named:
        return {}
    return {e.key: named[e.key] for e in store.entries(BLOBS) if named.get(e.key, (None,))[0] == e.size}


def damaged_parts(store: Store, head: Head) -> list[str]:
    """Parts of a backup that are gone or have another hash than they were stored with; all are read."""
    sizes = {e.key: e.size for e in store.entries(BLOBS)}

    def is_whole(part: str) -> bool:
        size, digest = head.blobs[part]
        return sizes.get(part) == size and _is_whole(store, part, digest)

    with ThreadPoolExecutor(THREADS) as pool:
        return [
            part for part, good in zip(head.blobs, pool.map(is_whole, head.blobs), strict=True) if not good
        ]


def _is_whole(store: Store, part: str, digest: str) -> bool:
    return hashlib.sha256(store.get(part)).hexdigest() == digest


def forget(store: Store, keep: int, tell: Callable[[str], None]) -> list[str]:
    """Remove all but the newest backups, and the parts that none of those left needs; returns what was removed.

    Parts that a killed backup sent go too. A backup without a version of the warehouse counts as older than all that
    have one. Nothing is removed where one of those left can't be read: nobody could tell which parts it needs.
    """
    known = backups_in(store)
    kept: dict[Named, Head] = {}
    empty: dict[Named, Head] = {}
    for backup in reversed(known):
        try:
            head = read_head(store, backup)
        except WorkbenchError as e:
            if len(known) > keep:
                tell(f"No old backup was removed: {e}")
            return []
        (empty if head.version is None else kept)[backup] = head
        if len(kept) == keep:
            break
    else:
        kept |= dict(list(empty.items())[: keep - len(kept)])
    needed = {part for head in kept.values() for part in head.blobs}
    old = [backup for backup in known if backup not in kept]
    for backup in old:
        store.delete(backup.key)
    _delete(store, (e.key for e in list(store.entries(BLOBS)) if e.key not in needed))
    return [backup.backup_id for backup in old]


def _delete(store: Store, keys: Iterable[str]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(store.delete, keys))
