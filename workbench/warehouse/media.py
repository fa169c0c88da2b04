"""What is known of a stored file, told to every slide that shows it.

A file is looked at once, however many slides show it. What a file itself says of its size and hash replaces what an
import says; what was read on it replaces an imported text, also where nothing was found on it: the text may be of
another picture that the slide showed before. Only slides that a load touched, or whose file it touched, are looked at.
"""

from __future__ import annotations

import duckdb

from . import images

TOUCHED = "media_files"
"""Key in `touched` under which a load notes the files whose rows it changed."""

_OF_FILE = ("storage_key", "file_bytes", "width", "height", "phash")
_AS_READ = ("ocr_text", "ocr_confidence")
_WAS_READ = "(f.ocr_text IS NOT NULL OR (f.read_at IS NOT NULL AND coalesce(f.ocr_model, '') NOT LIKE '%; failed: %'))"
"""SQL for whether somebody looked at the file and could tell what is written on it, if anything."""


def fill_slides(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `slides` from `media_files`; notes the posts of changed slides in temporary table `touched`."""
    told = {name: f"coalesce(f.{name}, s.{name})" for name in _OF_FILE}
    told |= {name: f"CASE WHEN {_WAS_READ} THEN f.{name} ELSE s.{name} END" for name in _AS_READ}
    values = ", ".join(f"{value} AS {name}" for name, value in told.items())
    changed = " OR ".join(f"{value} IS DISTINCT FROM s.{name}" for name, value in told.items())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE filled AS SELECT s.post_id, s.slide_index, {values} "
        "FROM slides s JOIN media_files f USING (sha256) "
        f"WHERE (s.post_id IN (SELECT key FROM touched WHERE key_name = '{images.TOUCHED}') "
        f"OR f.sha256 IN (SELECT key FROM touched WHERE key_name = '{TOUCHED}')) AND ({changed})"
    )
    con.execute(
        f"UPDATE slides SET {', '.join(f'{name} = f.{name}' for name in told)} FROM filled f "
        "WHERE f.post_id = slides.post_id AND f.slide_index = slides.slide_index"
    )
    con.execute(f"INSERT INTO touched SELECT DISTINCT '{images.TOUCHED}', post_id FROM filled")
    con.execute("DROP TABLE filled")
