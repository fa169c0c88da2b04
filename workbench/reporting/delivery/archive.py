"""Files as one zip with the same bytes whenever it is made from the same files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_PACKED = (".png", ".xlsx", ".zip", ".parquet", ".pdf", ".jpg", ".webp")


def zipped(files: Mapping[str, Path | bytes]) -> bytes:
    """A zip of these files, by their paths in it, without the dates and owners of their originals."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name in sorted(files):
            content = files[name]
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            packed = name.endswith(_PACKED)
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content if isinstance(content, bytes) else content.read_bytes())
    return whole.getvalue()
