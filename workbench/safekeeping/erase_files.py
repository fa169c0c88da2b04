"""Whether a file names a person: as it stands, escaped, packed or encoded; and other files under data/."""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import duckdb

from ..settings import Settings
from ..sql_words import one_file
from ..warehouse.scratch import scratch
from ..warehouse.traces import Traces
from ..whole_files import write_whole
from .erase_person import Person

_DATA_URI = re.compile(r"data:[\w.+/-]*;base64,([A-Za-z0-9+/=]+)")
_WORDS = re.compile(r"\w+")
_DEEPEST = 5
_HEAD = 4096
_BLOCK, _OVERLAP = 1 << 20, 1 << 16
"""Bytes that are searched at a time, and those of the block before that are searched again: names of several words."""
_PARTS_WORDS = b" \n\t\r\"'<>"
"""Signs that are in no name of one word and in no data: address."""


class Search:
    """What is looked for in files."""

    def __init__(
        self, traces: Traces, contents: tuple[str, ...], digests: frozenset[str], mark: str = ""
    ) -> None:
        self.traces = traces
        self.mark = mark
        """Of the erasure, by which a manifest tells that it was here."""
        self.contents = {c: " ".join(c.split()[:4]) for c in contents}
        self.starts = frozenset(self.contents.values())
        self.lengths = {len(s.split()) for s in self.starts}
        self.digests = digests

    def in_bytes(self, data: bytes, depth: int = 0) -> bool:
        """Whether bytes name the person, also inside archives and data: addresses."""
        if hashlib.sha256(data).hexdigest() in self.digests:
            return True
        if depth < _DEEPEST and (inside := _unpacked(data)) is not None:
            return any(
                self.traces.named(name, loose=True) or self.in_bytes(part, depth + 1) for name, part in inside
            )
        if data[:4] == b"PAR1":
            return self.in_text(_parquet_text(data))
        if _is_picture(data):
            return False
        return any(
            self.in_text(decoded, depth) for block in _blocks(io.BytesIO(data)) for decoded in _decoded(block)
        )

    def in_file(self, file: Path) -> bool:
        """Whether a file names the person; of one that is neither packed nor a table only a block is in memory."""
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
            if _is_packed(head) or _is_wide(head):
                opened.seek(0)
                return self.in_bytes(opened.read())
            if self.digests:
                opened.seek(0)
                if hashlib.file_digest(opened, "sha256").hexdigest() in self.digests:
                    return True
            if _is_picture(head):
                return False
            opened.seek(0)
            return any(self.in_text(decoded) for block in _blocks(opened) for decoded in _decoded(block))

    def in_text(self, whole: str, depth: int = 0) -> bool:
        bare = _DATA_URI.sub("data:", whole)
        if self.traces.named_anyhow(bare) or self._has_content(bare):
            return True
        if depth >= _DEEPEST:
            return False
        for encoded in set(_DATA_URI.findall(whole)):
            try:
                if self.in_bytes(base64.b64decode(encoded), depth + 1):
                    return True
            except (binascii.Error, ValueError):
                continue
        return False

    def _has_content(self, whole: str) -> bool:
        if not self.starts:
            return False
        words = _WORDS.findall(re.sub(r"\\[nrt]", " ", whole).lower())
        here: set[str] = set()
        for n in self.lengths:
            here |= self.starts & {" ".join(words[i : i + n]) for i in range(len(words) - n + 1)}
        if not here:
            return False
        joined = f" {' '.join(words)} "
        return any(f" {c} " in joined for c, start in self.contents.items() if start in here)


def search_of(person: Person, settings: Settings | None = None) -> Search:
    """What tells the person in files; with settings, their thumbnails too."""
    digests = set(person.pictures)
    if settings is not None:
        for file in thumbnails_of(settings, person):
            with file.open("rb") as opened:
                digests.add(hashlib.file_digest(opened, "sha256").hexdigest())
    return Search(person.traces(), tuple(person.contents), frozenset(digests), person.erasure_id)


def names_in(file: Path, person: Person) -> bool:
    """Whether a file or its name names the person."""
    search = search_of(person)
    return search.traces.named(file.name, loose=True) or search.in_file(file)


def thumbnails_of(settings: Settings, person: Person) -> list[Path]:
    folder = settings.data / "media" / "thumbnails"
    return [f for sha256 in person.pictures for f in sorted(folder.glob(f"{sha256}*"))]


def forget_files(settings: Settings, search: Search, *, dry: bool = False) -> list[Path]:
    """Remove files under data/ that name the person; of records of deliveries, only the names.

    What has ways of its own (versions, archive, inbox, refused batches, pictures) is not looked at here.
    """
    own = {"inbox", "refused", "versions", "archive"}
    found = []
    for file in sorted(settings.data.rglob("*")) if settings.data.is_dir() else ():
        path = file.relative_to(settings.data)
        if (
            path.parts[0] in own
            or path.parts[:2] == ("media", "pictures")
            or not file.is_file()
            or file.is_symlink()
        ):
            continue
        if path.parts[0] in ("erasing.json", "private.key", "load.lock") or file.suffix == ".lock":
            continue
        if not (search.traces.named(str(path), loose=True) or search.in_file(file)):
            continue
        found.append(file)
        if dry:
            continue
        if path.parts[0] == "delivery":
            _strike(file, search.traces)
        else:
            file.unlink()
            _remove_empty(file.parent, settings.data)
    return found


def _strike(file: Path, traces: Traces) -> None:
    lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    write_whole(file, "\n".join(traces.struck(line, loose=True) for line in lines))


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _unpacked(data: bytes) -> list[tuple[str, bytes]] | None:
    """What an archive holds; None for what is none."""
    try:
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                return [(m.filename, packed.read(m)) for m in packed.infolist() if not m.is_dir()]
        if data[:2] == b"\x1f\x8b":
            return [("", gzip.decompress(data))]
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error):
        return None
    return None


def _is_packed(head: bytes) -> bool:
    return head[:2] in (b"PK", b"\x1f\x8b") or head[:4] == b"PAR1"


def _is_wide(head: bytes) -> bool:
    """Whether two bytes make a letter."""
    return head[:2] in (b"\xff\xfe", b"\xfe\xff") or head.count(b"\0") * 4 > len(head)


def _blocks(opened: BinaryIO) -> Iterator[bytes]:
    """Overlapping blocks that cut no word and no data: address; what has two bytes a letter is one."""
    rest = opened.read(_HEAD)
    if _is_wide(rest):
        yield rest + opened.read()
        return
    while new := opened.read(_BLOCK):
        last = max(new.rfind(sign) for sign in _PARTS_WORDS)
        end = len(rest) + last + 1
        rest += new
        if last < 0:
            continue  # in the middle of something long
        yield rest[:end]
        again = max(0, end - _OVERLAP)
        starts = [at + 1 for sign in _PARTS_WORDS if (at := rest.find(sign, again, end)) >= 0]
        rest = rest[min(starts) :]
    yield rest


def _parquet_text(data: bytes) -> str:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".parquet", dir=scratch()) as file:
        file.write(data)
        file.flush()
        path = one_file(Path(file.name))
        try:
            with duckdb.connect() as con:
                rows = con.execute(
                    f"SELECT to_json(t)::VARCHAR FROM read_parquet({path}, hive_partitioning = false) t"
                ).fetchall()
                said = con.execute(f"SELECT decode(value) FROM parquet_kv_metadata({path})").fetchall()
        except duckdb.Error:
            return data.decode("utf-8", "replace")
    return "\n".join(str(r) for (r,) in [*rows, *said])


def _is_picture(data: bytes) -> bool:
    return (
        data[:3] == b"\xff\xd8\xff"
        or data[:8] == b"\x89PNG\r\n\x1a\n"
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
    )


def _decoded(data: bytes) -> list[str]:
    """The texts that bytes may be."""
    found = [data.decode("utf-8", "replace")]
    head = data[:_HEAD]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return [data.decode("utf-16", "replace")]
    if head.count(b"\0") * 4 > len(head):
        found += [data.decode("utf-16-le", "replace"), data.decode("utf-16-be", "replace")]
    elif "\ufffd" in found[0]:
        found.append(data.decode("latin-1"))
    return found
