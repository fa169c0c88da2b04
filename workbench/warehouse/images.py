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

TOUCHED = "slides_of"
"""Key in `touched` under which a load notes the posts whose slides it changed."""


def are_behind(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a load touched slides, or some slide is in the mart or in the table alone."""
    row = con.execute(
        f"SELECT EXISTS (FROM touched WHERE key_name = '{TOUCHED}') "
        "OR (SELECT count(*) FROM slides) <> (SELECT count(*) FROM slide_images)"
    ).fetchone()
    return bool(row and row[0])


def refresh(con: duckdb.DuckDBPyConnection, *, full: bool) -> None:
    """Bring `slide_images` up to the slides; `full` compares all pictures anew. Images keep their ids."""
    con.execute(
        "CREATE TABLE IF NOT EXISTS slide_images "
        "(post_id VARCHAR, slide_index BIGINT, picture_id VARCHAR, image_id VARCHAR, text_id VARCHAR)"
    )
    _texts(con)
    _shown(con)
    pictures = _pictures(con, full)
    texts = [None if t is None else normalized(t) for t in pictures["ocr_text"].to_pylist()]
    pictures = pictures.append_column("text", pa.array(texts, pa.string()))
    ids = image_ids(image_groups(pictures), pictures)
    con.register("grouped", pa.table({"picture_id": pictures["picture_id"], "image_id": ids}))
    con.execute(
        "CREATE OR REPLACE TABLE slide_images AS "
        "SELECT s.post_id, s.slide_index, s.picture_id, g.image_id, s.text_id "
        "FROM shown s LEFT JOIN grouped g ON g.picture_id = s.picture_id"
    )
    con.unregister("grouped")
    con.execute("DROP TABLE shown")


def _texts(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `texts`: the id of each text that was read."""
    read = con.execute(f"SELECT DISTINCT {_READ} AS ocr_text FROM slides").to_arrow_table()
    read = read.filter(read["ocr_text"].is_valid())
    ids = text_ids(normalized(t) for t in read["ocr_text"].to_pylist())
    con.register("made", read.append_column("text_id", pa.array(ids, pa.string())))
    con.execute("CREATE OR REPLACE TEMP TABLE texts AS FROM made WHERE text_id IS NOT NULL")
    con.unregister("made")


_READ = f"CASE WHEN coalesce(ocr_confidence, 1) >= {LEAST_CONFIDENCE} THEN ocr_text END"
"""SQL for the text of a slide, NULL where it is unread."""


def _shown(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `shown`: each slide's picture, its text, and its place in the order of use."""
    content = (
        "concat_ws('|', coalesce(sha256, ''), coalesce(phash::VARCHAR, ''), coalesce(slide_url, text_id, ''))"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE shown AS WITH read AS (SELECT post_id, slide_index, sha256, phash, "
        f"CASE WHEN sha256 IS NULL AND phash IS NULL THEN slide_url END AS slide_url, {_READ} AS ocr_text FROM slides) "
        "SELECT post_id, slide_index, sha256, phash, slide_url, text_id, "
        "CASE WHEN text_id IS NOT NULL THEN ocr_text END AS ocr_text, "
        "CASE WHEN coalesce(sha256, phash::VARCHAR, slide_url) IS NOT NULL "
        f"THEN 'picture:' || left(md5({content}), 16) END AS picture_id, "
        "row_number() OVER (ORDER BY posted_at NULLS LAST, post_id, slide_index) AS place "
        "FROM read LEFT JOIN (SELECT post_id, posted_at FROM posts) USING (post_id) LEFT JOIN texts USING (ocr_text)"
    )
    con.execute("DROP TABLE texts")


def _pictures(con: duckdb.DuckDBPyConnection, full: bool) -> pa.Table:
    """Distinct pictures in the order of first use: content, the image they had, and whether they are compared.

    A picture that is new has the image that the slides had which now show it, so that reading a slide's text does
    not rename its image.
    """
    is_new = "true" if full else "o.picture_id IS NULL OR o.image_id IN (FROM loosened)"
    return con.execute(
        "WITH known AS (SELECT picture_id, any_value(image_id) AS image_id FROM slide_images "
        "WHERE picture_id IS NOT NULL GROUP BY picture_id), "
        "loosened AS (SELECT DISTINCT image_id FROM known ANTI JOIN shown USING (picture_id)), "
        "now AS (SELECT s.picture_id, any_value(s.sha256) AS sha256, any_value(s.phash) AS phash, "
        "any_value(s.ocr_text) AS ocr_text, any_value(s.slide_url) AS slide_url, min(s.place) AS place, "
        "arg_min(i.image_id, s.place) FILTER (i.image_id IS NOT NULL) AS image_id FROM shown s "
        "LEFT JOIN slide_images i ON i.post_id = s.post_id AND i.slide_index = s.slide_index "
        "WHERE s.picture_id IS NOT NULL GROUP BY s.picture_id) "
        "SELECT n.picture_id, n.sha256, n.phash, n.ocr_text, n.slide_url, "
        f"coalesce(o.image_id, n.image_id) AS image_id, {is_new} AS is_new "
        "FROM now n LEFT JOIN known o ON o.picture_id = n.picture_id ORDER BY n.place"
    ).to_arrow_table()
