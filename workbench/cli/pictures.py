"""Commands that bring pictures in from a disk and up to a bucket: media add, media upload."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .loading import tell
from .shared import Bar, say, settings_of

if TYPE_CHECKING:
    from ..media.matching import Refused
    from ..settings import Settings

MOST_TOLD = 30
"""Files named one by one."""


def add_pictures(options: Any) -> int:
    from ..media.adding import Added, add_files
    from ..media.finding import found_files
    from ..media.mapping import read_mapping
    from ..media.matching import Refused, match
    from ..media.storage import StorageError, open_storage
    from ..warehouse.load import load
    from ..warehouse.reader import Workbench
    from ..warehouse.versions import current

    settings = settings_of(options)
    storage = open_storage(settings)
    mapping = Path(options.mapping) if options.mapping else None
    mapped, not_rows = read_mapping(mapping, _posts_at) if mapping else ([], [])
    files = found_files(options.paths)
    if _waits(settings):  # what a killed run found is known then
        load(settings, what="workbench media add")
    wb = Workbench(settings) if current(settings.versions) else None
    failure: StorageError | None = None
    added = Added()
    try:
        matched = match(
            files,
            wb.table("posts") if wb else None,
            mapped=mapped,
            mapping_folder=mapping.resolve().parent if mapping else None,
        )
        with Bar("add") as progress:
            add_files(settings, storage, matched, wb.table if wb else None, added, progress=progress)
    except StorageError as e:
        failure = e
    finally:
        if wb is not None:
            wb.close()
    refused = [Refused(f"{mapping} line {line}", reason) for line, reason in not_rows] + added.refused
    _tell_refused(refused, options.refused)
    code = 0
    if _waits(settings):
        with Bar("load") as progress:
            code = tell(load(settings, what="workbench media add", progress=progress), settings)
    told = {
        f"kept in {storage.place}": f"{added.n_stored:,} new ({added.n_bytes / 1e6:,.1f} MB)",
        "slides with a new picture": added.n_slides,
        "with the same as before": added.n_unchanged,
        "posts not known before": matched.n_new_posts,
        "refused": len(refused),
        "no pictures": matched.n_ignored,
    }
    rest = "; ".join(
        f"{what}: {n:,}" if isinstance(n, int) else f"{what}: {n}" for what, n in told.items() if n
    )
    say(f"Looked at {added.n_files:,} file{'' if added.n_files == 1 else 's'}; {rest}.")
    if failure:
        raise failure
    return 1 if refused else code


def upload_pictures(options: Any) -> int:
    from ..media.storage import local_storage, open_storage
    from ..media.uploading import upload

    settings = settings_of(options)
    local, remote = local_storage(settings), open_storage(settings)
    if local.place == remote.place:
        raise UsageError(
            f"Pictures are kept in {local.place} itself. Set media_storage to where they shall go, such as "
            "s3://bucket/slides."
        )
    with Bar("upload") as progress:
        done = upload(local, remote, delete_local=options.delete_local, progress=progress)
    for key, reason in list(done.failed.items())[:MOST_TOLD]:
        say(f"Error: {key}: {reason}")
    if len(done.failed) > MOST_TOLD:
        say(f"... and {len(done.failed) - MOST_TOLD:,} more.")
    rest = ", ".join(
        f"{n:,} {what}"
        for n, what in (
            (done.n_deleted, "deleted here"),
            (len(done.failed), "failed"),
            (done.n_untried, "not tried after so many failures"),
        )
        if n
    )
    say(
        f"Uploaded {done.n_sent:,} picture{'' if done.n_sent == 1 else 's'} ({done.n_bytes / 1e6:,.1f} MB) to "
        f"{remote.place}; {done.n_there:,} lay there already{', ' if rest else ''}{rest}."
    )
    return 1 if done.failed else 0


def _waits(settings: Settings) -> bool:
    from ..warehouse.batches import waiting

    return bool(waiting(settings.inbox))


def _posts_at(urls: Sequence[str]) -> list[str | None]:
    """The post_id of each address."""
    import ibis

    from ..sources.urls import external_id_of, platform_of, post_id

    asked = ibis.memtable({"n": range(len(urls)), "url": urls}, schema={"n": "int64", "url": "string"})
    platform = platform_of(asked.url)
    found = asked.mutate(post_id=post_id(platform, external_id_of(asked.url, platform)))
    told: list[str | None] = found.order_by("n").post_id.to_pyarrow().to_pylist()
    return told


def _tell_refused(refused: Sequence[Refused], file: str | None) -> None:
    """Name what was left out, and write all of it to a file that can be filled in as a mapping."""
    import csv

    for one in refused[:MOST_TOLD]:
        say(f"{_shown(one.path)}: {_shown(one.reason)}.")
    if len(refused) > MOST_TOLD:
        say(
            f"... and {len(refused) - MOST_TOLD:,} more{'' if file else '. All of them: --refused FILE.csv'}."
        )
    if file:
        try:
            with Path(file).open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
                rows = csv.writer(out)
                rows.writerow(["file", "post_id", "slide_index", "reason"])
                rows.writerows([one.path, "", "", one.reason] for one in refused)
        except OSError as e:
            say(f"Error: {file} can't be written: {e.strerror}. Give --refused a path that can.")


def _shown(text: str) -> str:
    """A file's name may hold anything, what steers a terminal included."""
    return "".join(c if c.isprintable() else "?" for c in text)
