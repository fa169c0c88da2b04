"""A set with the index that leads to it, under the paths that its readers have: in a folder, a bucket or a zip."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..index import INDEX, write_index
from ..manifest import MANIFEST
from .archive import zipped
from .sets import ReportSet


def indexes(sets: Iterable[ReportSet]) -> dict[str, bytes]:
    """The index pages over these sets and no others: path below the folder of all reports -> page.

    They are made by the one that makes the index at home, from a folder in which only these sets lie.
    """
    with tempfile.TemporaryDirectory(prefix="workbench-index-") as temporary:
        top = Path(temporary)
        for report in sets:
            place = top / report.key
            place.parent.mkdir(parents=True, exist_ok=True)
            _shown(report.folder, place)
        write_index(top)
        found = sorted([*top.glob(INDEX), *top.glob(f"*/{INDEX}")])
        return {f.relative_to(top).as_posix(): f.read_bytes() for f in found}


def bundled(report: ReportSet, *, pages_only: bool = False) -> bytes:
    """A set as a zip whose links work where it is unpacked: its pages, what lies around them, an index."""
    files: dict[str, Path | bytes] = {
        f"{report.key}/{name}": file
        for name, file in report.files().items()
        if not pages_only or name in {str(p["file"]) for p in report.pages}
    }
    return zipped({**files, **indexes([report])})


def _shown(folder: Path, place: Path) -> None:
    try:
        os.symlink(folder, place, target_is_directory=True)
    except OSError:  # Windows, without the right to
        place.mkdir()
        shutil.copy2(folder / MANIFEST, place)
