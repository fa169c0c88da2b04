"""Text or not: UTF-8 proven byte by byte, anything else named and read only when told so."""

from __future__ import annotations

import codecs
from pathlib import Path

from ..errors import SourceError, UsageError

_CHUNK = 1 << 20
_NO_TEXT = ("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "utf-7")
_FITTING = ("cp1252", "cp1250", "cp1251", "mac_roman", "cp437")
"""Tried in this order: what spreadsheets write, by how often it is met."""


def utf8_copy(path: Path, shown: Path, folder: Path, encoding: str | None) -> Path:
    """The file itself where it is valid UTF-8, else a copy in UTF-8 in `folder`.

    Parameters
    ----------
    encoding
        What the person says the file is written in; None: UTF-8, or UTF-16 where its byte order
        mark says so.

    Raises SourceError for NUL bytes, for bytes that the encoding doesn't have, and for an encoding
    given for a file that is plainly UTF-8 (which would garble every letter beyond ASCII silently).
    """
    with path.open("rb") as f:
        head = f.read(4)
    if encoding is None and head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    canonical = _named(encoding or "utf-8")
    if canonical in ("utf-8", "utf-8-sig"):
        _prove_utf8(path, shown)
        return path
    if not canonical.startswith("utf-16"):
        _refuse_plain_utf8(path, shown, canonical)
    copy = folder / "utf8.csv"
    decoder = codecs.getincrementaldecoder(canonical)()
    done = 0
    with path.open("rb") as f, copy.open("w", encoding="utf-8", newline="") as out:
        try:
            while chunk := f.read(_CHUNK):
                out.write(decoder.decode(chunk))
                done += len(chunk)
            out.write(decoder.decode(b"", True))
        except UnicodeDecodeError as e:
            raise SourceError(
                f"{shown}: around byte {done + e.start + 1} there is {_bytes(e)}, which {canonical} doesn't "
                f"have, "
                f"so the file is not written in it.{_advice(path, done + e.start)}"
            ) from e
    _refuse_nul(copy, shown)
    return copy


def _named(encoding: str) -> str:
    """The encoding's own name. Python knows others of bytes and of addresses, which are none of text."""
    try:
        found = codecs.lookup(encoding)
        if getattr(found, "_is_text_encoding", True) and found.name not in _NO_TEXT:
            return found.name
    except (LookupError, ValueError, UnicodeError):
        pass
    raise UsageError(
        f"--encoding {encoding}: there is no such encoding. Spreadsheets write cp1252, utf-8 or utf-16."
    )


def _prove_utf8(path: Path, shown: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as f:
        try:
            while chunk := f.read(_CHUNK):
                if b"\0" in chunk:
                    _refuse_nul(path, shown)
                decoder.decode(chunk)
            decoder.decode(b"", True)
        except UnicodeDecodeError as e:
            at = _first_wrong(path)
            if e.reason == "unexpected end of data":
                raise SourceError(
                    f"{shown}: the file ends in the middle of a character, so it was cut off. "
                    "Export or download it again."
                ) from e
            line = _line_number(path, at)
            raise SourceError(
                f"{shown}: line {line} has {_bytes(e)}, which is not UTF-8.{_advice(path, at)}"
            ) from e


def _first_wrong(path: Path) -> int:
    """Position of the first byte that is not UTF-8."""
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as e:
        return e.start
    return path.stat().st_size


def _line_number(path: Path, at: int) -> int:
    with path.open("rb") as f:
        before = f.read(at)
    return before.count(b"\n") + 1


def _bytes(e: UnicodeDecodeError) -> str:
    return "the byte 0x" + e.object[e.start : e.start + 1].hex().upper()


def _advice(path: Path, at: int) -> str:
    """How the text around a wrong byte reads in the encoding that fits, and the flag to say so."""
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return " It begins as UTF-16 and is cut off or damaged there. Export or download it again."
    if content[:_CHUNK].count(b"\0") > len(content[:_CHUNK]) // 4:
        return " It looks like UTF-16 without its mark: read it with --encoding utf-16-le."
    before = content[:at].removeprefix(codecs.BOM_UTF8)
    if not before.isascii():
        letter = next(c for c in before.decode("utf-8", "ignore") if not c.isascii())
        line = before[: before.index(letter.encode())].count(b"\n") + 1
        return (
            f" Line {line} has {letter!r} in UTF-8, so two encodings are mixed in one file, or bytes were damaged. "
            "Export it again in one; of two files that were joined, import each."
        )
    for encoding in _FITTING:
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        around = content[max(0, at - 15) : at + 15].decode(encoding).split("\n")
        sample = next((part for part in around if not part.isascii()), around[0]).strip()
        return (
            f" It fits {encoding}, in which the place reads {sample!r}: if that is right, read it with "
            f"--encoding {encoding}; or save the file as CSV UTF-8."
        )
    return " No usual encoding fits. Save the file as CSV UTF-8."


def _refuse_plain_utf8(path: Path, shown: Path, encoding: str) -> None:
    content = path.read_bytes()
    if content.isascii():
        return
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return
    letter = next(c for c in text.removeprefix("\ufeff") + "\ufeff" if not c.isascii())
    raise SourceError(
        f"{shown}: the file is UTF-8; read as {encoding}, {letter!r} would become "
        f"{letter.encode().decode(encoding, 'replace')!r}. Import it without --encoding."
    )


def _refuse_nul(path: Path, shown: Path) -> None:
    content = path.read_bytes()
    at = content.find(b"\0")
    if at < 0:
        return
    if content[:_CHUNK].count(b"\0") > len(content[:_CHUNK]) // 4:
        raise SourceError(
            f"{shown}: every other byte is NUL, so this is UTF-16 without its mark. "
            f"Read it with --encoding utf-16-{'le' if content[1:2] == bytes(1) else 'be'}."
        )
    raise SourceError(
        f"{shown}: line {content[:at].count(bytes([10])) + 1} holds a NUL byte, which no table of text has: "
        "the file is damaged or binary. Export or download it again."
    )
