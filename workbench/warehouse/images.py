"""Which image each slide shows, kept as the mart `slide_images`.

A load that touches slides compares the pictures that are new with all that are known; those known stay with
their image. Where a slide's picture became another (its text was read, its file fetched) and nobody shows the
old one any more, what the old one held together is compared anew as well.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from ..model.images import LEAST_CONFIDENCE, image_groups, image_ids, normalized, text_ids

COLUMNS = {
    "post_id": "string", "slide_index": "int64", "picture_id": "string", "image_id": "string", "text_id": "string",
}  # fmt: skip
"""Of `slide_images`."""

DEFINITION = 1
"""Version of what the same image is; raise it with `model.images`."""

TOUCHED = "slides_of"
"""Key in `touched` under which a load notes the posts whose slides it changed."""

_READ = f"CASE WHEN coalesce(ocr_confidence, 1) >= {LEAST_CONFIDENCE} THEN ocr_text END"
"""SQL for the text of a slide, NULL where it is unread."""

_BARE_URL = "CASE WHEN sha256 IS NULL AND phash IS NULL THEN slide_url END"
"""SQL for the address of a slide, where nothing better tells what it shows."""


def are_behind(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a load touched slides, some slide is in the mart or in the table alone, or the definition is another."""
    if not _is_of_this_definition(con):
        return True
    row = con.execute(
        f"SELECT EXISTS (FROM touched WHERE key_name = '{TOUCHED}') "
        "OR (SELECT count(*) FROM slides) <> (SELECT count(*) FROM slide_images)"
    ).fetchone()
    return bool(row and row[0])


def _is_of_this_definition(con: duckdb.DuckDBPyConnection) -> bool:
    """Kept as the table's comment: another setting makes all other marts anew, and no image another."""
    row = con.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'slide_images'").fetchone()
    return row is not None and row[0] == str(DEFINITION)


def refresh(con: duckdb.DuckDBPyConnection) -> None:
    """Bring `slide_images` up to the slides. Images keep their ids, also under another definition."""
    full = not _is_of_this_definition(con)
    columns = ", ".join(
        f"{name} {'BIGINT' if kind == 'int64' else 'VARCHAR'}" for name, kind in COLUMNS.items()
    )
    con.execute(f"CREATE TABLE IF NOT EXISTS slide_images ({columns})")
    _posts_to_do(con, full)
    _texts(con)
    _shown(con)
    pictures = _pictures(con, full)
    ids = image_ids(image_groups(pictures), pictures)
    grouped = {"picture_id": pictures["picture_id"], "image_id": ids, "was": pictures["image_id"]}
    con.register("grouped", pa.table(grouped))
    rows = (
        "SELECT s.post_id, s.slide_index, s.picture_id, g.image_id, s.text_id "
        "FROM shown s LEFT JOIN grouped g ON g.picture_id = s.picture_id"
    )
    if full:
        con.execute(f"CREATE OR REPLACE TABLE slide_images AS {rows}")
        con.execute(f"COMMENT ON TABLE slide_images IS '{DEFINITION}'")
    else:
        con.execute(
            "UPDATE slide_images SET image_id = g.image_id FROM grouped g "
            "WHERE g.picture_id = slide_images.picture_id AND g.image_id IS DISTINCT FROM g.was"
        )
        con.execute("DELETE FROM slide_images WHERE post_id IN (FROM to_do)")
        con.execute(f"INSERT INTO slide_images {rows}")
    con.unregister("grouped")
    for step in ("shown", "texts", "to_do"):
        con.execute(f"DROP TABLE {step}")


def _posts_to_do(con: duckdb.DuckDBPyConnection, full: bool) -> None:
    """Temporary table `to_do`: posts whose slides are looked at."""
    posts = (
        "SELECT DISTINCT post_id FROM slides"
        if full
        else f"SELECT key AS post_id FROM touched WHERE key_name = '{TOUCHED}' UNION "
        "(SELECT post_id FROM slides ANTI JOIN slide_images USING (post_id, slide_index)) UNION "
        "(SELECT post_id FROM slide_images ANTI JOIN slides USING (post_id, slide_index))"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE to_do AS {posts}")


def _texts(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `texts`: the id of each text that was read."""
    read = con.execute(
        f"SELECT DISTINCT {_READ} AS ocr_text FROM slides SEMI JOIN to_do USING (post_id)"
    ).to_arrow_table()
    read = read.filter(read["ocr_text"].is_valid())
    ids = text_ids(normalized(t) for t in read["ocr_text"].to_pylist())
    con.register("made", read.append_column("text_id", pa.array(ids, pa.string())))
    con.execute("CREATE OR REPLACE TEMP TABLE texts AS FROM made WHERE text_id IS NOT NULL")
    con.unregister("made")


def _shown(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `shown`: picture and text of each slide of the posts to do."""
    content = (
        "concat_ws('|', coalesce(sha256, ''), coalesce(phash::VARCHAR, ''), coalesce(slide_url, text_id, ''))"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE shown AS WITH read AS (SELECT post_id, slide_index, sha256, phash, "
        f"{_BARE_URL} AS slide_url, {_READ} AS ocr_text FROM slides SEMI JOIN to_do USING (post_id)) "
        "SELECT post_id, slide_index, sha256, phash, slide_url, text_id, "
        "CASE WHEN text_id IS NOT NULL THEN ocr_text END AS text, "
        "CASE WHEN coalesce(sha256, phash::VARCHAR, slide_url) IS NOT NULL "
        f"THEN 'picture:' || left(md5({content}), 16) END AS picture_id "
        "FROM read LEFT JOIN texts USING (ocr_text)"
    )


def _pictures(con: duckdb.DuckDBPyConnection, full: bool) -> pa.Table:
    """Distinct pictures in the order of first use: content, the image they had, and whether they are compared.

    A picture that is new has the image that the slides had which now show it, so that reading a slide's text does
    not rename its image.
    """
    kept = (
        ""
        if full
        else (
            "SELECT i.post_id, i.picture_id, s.sha256, s.phash, "
            f"CASE WHEN i.text_id IS NOT NULL THEN s.ocr_text END AS text, {_BARE_URL} AS slide_url, "
            "i.image_id AS old_image FROM slide_images i ANTI JOIN to_do USING (post_id) "
            "JOIN slides s ON s.post_id = i.post_id AND s.slide_index = i.slide_index UNION ALL "
        )
    )
    is_new = "true" if full else "o.picture_id IS NULL OR o.image_id IN (FROM loosened)"
    return con.execute(
        "WITH known AS (SELECT picture_id, any_value(image_id) AS image_id FROM slide_images "
        "WHERE picture_id IS NOT NULL GROUP BY picture_id), "
        f"uses AS ({kept}SELECT s.post_id, s.picture_id, s.sha256, s.phash, s.text, s.slide_url, "
        "i.image_id AS old_image FROM shown s "
        "LEFT JOIN slide_images i ON i.post_id = s.post_id AND i.slide_index = s.slide_index), "
        "now AS (SELECT picture_id, any_value(sha256) AS sha256, any_value(phash) AS phash, any_value(text) AS text, "
        "any_value(slide_url) AS slide_url, min(posted_at) AS first_at, min(post_id) AS first_post, "
        "min(old_image) AS old_image FROM uses LEFT JOIN (SELECT post_id, posted_at FROM posts) USING (post_id) "
        "WHERE picture_id IS NOT NULL GROUP BY picture_id), "
        "loosened AS (SELECT DISTINCT image_id FROM known ANTI JOIN now USING (picture_id)) "
        "SELECT n.picture_id, n.sha256, n.phash, n.text, n.slide_url, "
        f"coalesce(o.image_id, n.old_image) AS image_id, {is_new} AS is_new "
        "FROM now n LEFT JOIN known o ON o.picture_id = n.picture_id "
        "ORDER BY n.first_at NULLS LAST, n.first_post, n.picture_id"
    ).to_arrow_table()
