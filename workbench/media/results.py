"""What was found, as a batch in the inbox."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from ..settings import Settings
from ..warehouse.batches import content_hash, write_batch

FILES = pa.schema(
    {
        "sha256": pa.string(), "storage_key": pa.string(), "media_type": pa.string(), "file_bytes": pa.int64(),
        "width": pa.int64(), "height": pa.int64(), "phash": pa.int64(), "stored_at": pa.timestamp("us"),
    }
)  # fmt: skip
"""Rows of `media_files` for files that were stored."""

READINGS = pa.schema(
    {
        "sha256": pa.string(), "ocr_text": pa.string(), "ocr_confidence": pa.float64(), "ocr_model": pa.string(),
        "read_at": pa.timestamp("us"),
    }
)  # fmt: skip
"""Rows of `media_files` for files that were read."""

SLIDES = pa.schema(
    {
        "post_id": pa.string(),
        "slide_index": pa.int64(),
        "sha256": pa.string(),
        "fetched_at": pa.timestamp("us"),
    }
)
"""Rows of `slides`: which file a slide shows. The loader adds what is known of the file."""

FETCHES = pa.schema(
    {
        "post_id": pa.string(), "slide_index": pa.int64(), "tried_at": pa.timestamp("us"), "slide_url": pa.string(),
        "outcome": pa.string(), "reason": pa.string(), "http_status": pa.int64(), "etag": pa.string(),
        "last_modified": pa.string(), "sha256": pa.string(),
    }
)  # fmt: skip
"""Rows of `media_fetches`."""


def write_results(
    settings: Settings, tables: Mapping[str, pa.Table], *, source: str, captured_at: datetime
) -> Path:
    """Write rows of `slides`, `media_files` and `media_fetches` as one batch; returns its folder.

    Small batches as the work goes on are what makes it resumable: what one holds is never done again.
    """
    digest = hashlib.sha256()
    con = duckdb.connect()
    try:
        queries = {}
        for name, rows in tables.items():
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, rows.schema) as writer:
                writer.write_table(rows)
            digest.update(sink.getvalue())
            con.register(f"rows_of_{name}", rows)
            queries[name] = f"FROM rows_of_{name}"
        content = content_hash(source, digest.hexdigest(), captured_at.isoformat())
        return write_batch(
            settings.inbox, con, queries, source=source, content=content, captured_at=captured_at
        )
    finally:
        con.close()
