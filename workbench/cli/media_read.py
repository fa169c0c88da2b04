"""The command that reads what is written on pictures: media read."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, WorkbenchError
from .loading import tell
from .shared import Bar, say, settings_of

if TYPE_CHECKING:
    from ..media.reading import Read
    from ..settings import Settings

_SHOWN = 5


def add_read(add: Callable[..., argparse.ArgumentParser]) -> None:
    sub = add("read", read_pictures, "Read what is written on the stored pictures.", "workbench media read")
    sub.add_argument("--limit", type=int, metavar="N", help="so many pictures, the most used first")
    sub.add_argument("--again", action="store_true", help="also what another version of the reader has read")
    sub.add_argument("--cores", type=int, metavar="N", help="default: all of them; each takes up to 1 GB")


def read_pictures(options: Any) -> int:
    import filelock

    from ..warehouse.batches import waiting
    from ..warehouse.load import load

    for name in ("limit", "cores"):
        given = getattr(options, name)
        if given is not None and given < 1:
            raise UsageError(f"--{name} {given} asks for nothing. Give a number from 1.")
    settings = settings_of(options)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = filelock.FileLock(settings.data / "media_read.lock", timeout=0, mode=0o600)

    def loaded() -> int:
        with Bar("load") as progress:
            return tell(load(settings, what="workbench media read", progress=progress), settings)

    try:
        with lock:
            if waiting(settings.inbox):  # such as what an interrupted run had read
                loaded()
            found = _read(options, settings)
            if found is None:
                return 0
            _tell(found)
            return loaded() or int(not found.n_text + found.n_empty)
    except filelock.Timeout as e:
        raise WorkbenchError(
            f"Another `workbench media read` is at work in {settings.home}. Both would read the same pictures: wait "
            "until it is done, or stop it; what it read is kept."
        ) from e


def _read(options: Any, settings: Settings) -> Read | None:
    """What the run came to; None where there is nothing to read."""
    from ..media.ocr import model_name
    from ..media.readers import Readers, cores
    from ..media.reading import read, unread
    from ..warehouse.reader import Workbench

    model = model_name()
    with Workbench(settings) as wb:
        tables = [wb.table(name) for name in ("media_files", "slides", "posts")]
        wanted = unread(*tables, model=model, again=options.again).to_pyarrow().to_pylist()
        n_older = unread(*tables, model=model, again=True).count().to_pyarrow().as_py() - len(wanted)
        n_stored = tables[0].storage_key.count().to_pyarrow().as_py()
    if n_older and not options.again:
        say(
            f"{n_older:,} pictures were read by another version. Read them anew: workbench media read --again"
        )
    if not wanted:
        say(
            f"There is nothing to read: all {n_stored:,} stored pictures have been read."
            if n_stored
            else "There is nothing to read: no picture is stored. Get some: workbench media fetch, workbench media add"
        )
        return None
    chosen = wanted[: options.limit]
    n = min(options.cores or cores(), len(chosen))
    only = f", of which {len(chosen):,} now" if len(chosen) < len(wanted) else ""
    say(f"{len(wanted):,} pictures to read{only}, on {n} core{'' if n == 1 else 's'}.")
    with Bar("read") as progress:
        return read(
            [(row["sha256"], row["storage_key"]) for row in chosen],
            settings,
            Readers(settings, n=n),
            total=len(chosen),
            progress=progress,
        )


def _tell(found: Read) -> None:
    n = found.n_text + found.n_empty
    say(f"Read {n:,} pictures: text on {found.n_text:,}, none on {found.n_empty:,}.")
    for what, why in (("can't be read", found.failed), ("could not be got", found.absent)):
        for sha256, reason in list(why.items())[:_SHOWN]:
            say(f"  {sha256[:12]} {what}: {reason}")
        if len(why) > _SHOWN:
            say(f"  and {len(why) - _SHOWN:,} more {what}")
    if found.failed:
        say(
            "What can't be read is noted, and not tried again by this version of the reader: "
            "workbench sql \"select sha256, ocr_model from media_files where contains(ocr_model, 'failed')\""
        )
    if found.absent:
        say("What could not be got is tried again by the next `workbench media read`.")
