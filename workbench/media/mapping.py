"""A CSV that says which file is which slide: file, post_id or url, slide_index."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..settings import PLATFORMS

_POST_ID = re.compile(rf"(?:{'|'.join(PLATFORMS)}):\S+")

Addresses = Callable[[Sequence[str]], Sequence[str | None]]
"""The post_id of each post's address, None where it has none."""


@dataclass(frozen=True)
class Mapped:
    """One row."""

    line: int
    file: str
    post: str
    """A post_id, or an external id whose platform the known posts must tell."""
    slide_index: int

    @property
    def is_explicit(self) -> bool:
        """Whether the post is named whole, so that it need not be known yet."""
        return _POST_ID.fullmatch(self.post) is not None


def read_mapping(path: Path, addresses: Addresses) -> tuple[list[Mapped], list[tuple[int, str]]]:
    """The rows of a mapping that can stand; and line and reason of those that can't.

    Raises UsageError where the file itself is no such mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as e:
        raise UsageError(f"{path} can't be read: {e.strerror}. Give --mapping the path of a CSV file.") from e
    except UnicodeDecodeError as e:
        raise UsageError(f"{path} is not UTF-8 text. Save it as CSV in UTF-8.") from e
    heading = text.partition("\n")[0]
    # Not `splitlines`: a name may hold what Unicode takes for the end of a line.
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=heading.count))
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        read = [(reader.line_num, row) for row in reader] if names else []
    except csv.Error as e:
        raise UsageError(f"{path} is no CSV file after line {reader.line_num} ({e}). Mend it there.") from e
    if not {"file", "slide_index"} <= set(names) or not {"post_id", "url"} & set(names):
        raise UsageError(
            f"{path} has the columns {', '.join(names) or '(none)'}. A mapping has the columns file, slide_index and "
            "post_id or url."
        )
    rows = [
        (
            line,
            {
                name.strip().lower(): (value or "").strip()
                for name, value in row.items()
                if isinstance(name, str)
            },
        )
        for line, row in read
    ]
    urls = [row.get("url", "") for _, row in rows]
    posts = addresses(urls) if any(urls) else [None] * len(rows)
    mapped, refused = [], []
    for (line, row), of_url in zip(rows, posts, strict=True):
        reason = _why_not(row, of_url)
        if reason:
            refused.append((line, reason))
        elif any(row.values()):
            mapped.append(
                Mapped(line, row["file"], row.get("post_id") or of_url or "", int(row["slide_index"]))
            )
    return mapped, refused


def _why_not(row: dict[str, str], of_url: str | None) -> str | None:
    post_id, url = row.get("post_id", ""), row.get("url", "")
    if not any(row.values()):
        return None
    if not row["file"]:
        return "names no file: fill in the column file"
    if not re.fullmatch(r"[0-9]{1,3}", row["slide_index"]) or int(row["slide_index"]) == 0:
        return f"slide_index {row['slide_index']!r} is no number from 1: count the post's slides from 1"
    if not post_id and not url:
        return "names no post: fill in post_id or url"
    if not post_id and of_url is None:
        return f"the post's id can't be told from {url[:80]}: write it into post_id, such as tiktok:7526946687399123236"
    if post_id and of_url and post_id not in (of_url, of_url.partition(":")[2]):
        return f"post_id {post_id} and url (of {of_url}) name two posts: keep one of them"
    return None
