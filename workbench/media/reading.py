"""Stored pictures read on every core, and what is written on them told to the inbox as the work goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import ibis
import pyarrow as pa

from ..errors import WorkbenchError
from ..settings import Settings
from .readers import Answer, Readers
from .results import READINGS, write_results

BATCH_ROWS = 500
BATCH_SECONDS = 10.0
"""What was read goes into the inbox when it is this much or this old: so much a killed run loses at most."""
MOST_IN_A_ROW = 5
"""Crashes, or pictures that can't be got, one after the other, which are not the pictures' fault."""
FAILED = "; failed: "
"""Between the model's name and the reason, in `ocr_model` of a picture that it can't read."""

Progress = Callable[[str, int, int], None]


@dataclass(kw_only=True)
class Read:
    """What a run came to: counts of pictures."""

    n_text: int = 0
    """Something is written on them."""
    n_empty: int = 0
    """Nothing is."""
    failed: dict[str, str] = field(default_factory=dict)
    """sha256 -> why it can't be read. It is noted, and not tried again by this model."""
    absent: dict[str, str] = field(default_factory=dict)
    """sha256 -> why it could not be got. It is tried again by the next run."""


def unread(
    files: ibis.Table, slides: ibis.Table, posts: ibis.Table, *, model: str, again: bool = False
) -> ibis.Table:
    """Stored pictures that have not been read: sha256, storage_key; the most used first, of those the newest.

    With `again`, also those that another model has read.
    """
    theirs = ~files.ocr_model.startswith(model).fill_null(False)
    wanted = files.storage_key.notnull() & (theirs if again else files.read_at.isnull())
    uses = (
        slides.filter(slides.sha256.notnull())
        .left_join(posts.select("post_id", "posted_at"), "post_id")
        .group_by("sha256")
        .agg(n_uses=ibis._.count(), newest_at=ibis._.posted_at.max())
    )
    return (
        files.filter(wanted)
        .select("sha256", "storage_key")
        .left_join(uses, "sha256")
        .order_by(ibis.desc(ibis._.n_uses.fill_null(0)), ibis.desc(ibis._.newest_at), "sha256")
        .select("sha256", "storage_key")
    )


def read(
    wanted: Iterable[tuple[str, str]],
    settings: Settings,
    readers: Readers,
    *,
    total: int = 0,
    progress: Progress = lambda name, n, total: None,
) -> Read:
    """Read pictures, given as (sha256, storage key), and write what is on them to the inbox.

    No picture stops it. What stops it (a full disk, an interruption) leaves in the inbox what was read until then.
    Raises WorkbenchError where MOST_IN_A_ROW pictures crash a reader or can't be got.
    """
    log = _Log(settings, readers.model)
    crashed: list[Answer] = []
    absent: list[Answer] = []
    try:
        for n, answer in enumerate(readers.answers(wanted), 1):
            progress(answer.sha256[:8], n, total)
            crashed = [*crashed, answer] if answer.kind == "crashed" else log.all_of(crashed)
            absent = [*absent, answer] if answer.kind == "absent" else log.all_of(absent)
            if answer.kind not in ("crashed", "absent"):
                log.add(answer)
            if len(absent) >= MOST_IN_A_ROW:
                raise WorkbenchError(
                    f"{MOST_IN_A_ROW} pictures in a row can't be got, the last one because: {answer.reason} "
                    "What was read is kept; run it again once they are there."
                )
            if len(crashed) >= MOST_IN_A_ROW:
                raise WorkbenchError(
                    f"The reader crashed on {MOST_IN_A_ROW} pictures in a row ({answer.reason}), so it is hardly "
                    "their fault. It needs 1 GB of memory for each core: give it some, or read on fewer (--cores 1). "
                    "What was read is kept."
                )
        log.all_of(crashed)
        log.all_of(absent)
    finally:
        log.write()
    return log.found


class _Log:
    """What was read, on its way to the inbox."""

    def __init__(self, settings: Settings, model: str) -> None:
        self.settings, self.model = settings, model
        self.found = Read()
        self._rows: list[dict[str, Any]] = []
        self._since = time.monotonic()

    def add(self, answer: Answer) -> None:
        found = self.found
        if answer.kind == "absent":
            found.absent[answer.sha256] = answer.reason
        else:
            failure = "" if answer.kind == "read" else FAILED + answer.reason
            if failure:
                found.failed[answer.sha256] = answer.reason
            found.n_text += answer.text is not None
            found.n_empty += answer.text is None and not failure
            self._rows.append(
                {
                    "sha256": answer.sha256, "ocr_text": answer.text, "ocr_confidence": answer.confidence,
                    "ocr_model": self.model + failure, "read_at": _now(),
                }
            )  # fmt: skip
        if len(self._rows) >= BATCH_ROWS or time.monotonic() - self._since >= BATCH_SECONDS:
            self.write()

    def all_of(self, answers: list[Answer]) -> list[Answer]:
        """Add what was held back; nothing is any more."""
        for answer in answers:
            self.add(answer)
        return []

    def write(self) -> None:
        self._since = time.monotonic()
        rows, self._rows = self._rows, []
        if rows:
            tables = {"media_files": pa.Table.from_pylist(rows, schema=READINGS)}
            write_results(self.settings, tables, source="media_read", captured_at=_now())


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
