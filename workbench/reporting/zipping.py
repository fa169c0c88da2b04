"""A set as one zip beside its folder, whose links work where it is unpacked."""

from __future__ import annotations

from pathlib import Path

from ..errors import WorkbenchError
from ..whole_files import write_whole
from .delivery.sets import find_set
from .delivery.shelf import bundled


def write_zip(reports: Path, period: str, name: str = "") -> Path:
    """Write `<period>.zip` beside the folder of a set and return its path.

    In it are the pages, what lies around them, and an index of this set alone; not the executed notebooks and the
    manifest, which hold code. The same set gives the same bytes, and whoever opens the zip that was there before
    meanwhile has that one whole.
    """
    report = find_set(reports, period, name)
    try:
        whole = bundled(report)
    except FileNotFoundError as e:
        raise WorkbenchError(f"{report.folder} was made again while it was zipped. Zip it once more.") from e
    to = report.folder.with_name(f"{report.folder.name}.zip")
    write_whole(to, whole)
    return to
