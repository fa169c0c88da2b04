"""Which image each slide shows, kept as the mart `slide_images`.

A load that touches slides compares the pictures that are new with all that are known; those known stay with
their image. Where a slide's picture became another (its text was read, its file fetched) and nobody shows the
old one any more, what the old one held together is compared anew as well.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..model.images import LEAST_CONFIDENCE, OUTRIGHT, image_groups, image_ids, normalized, related, text_ids

COLUMNS = {
    "post_id": "string", "slide_index": "int64", "picture_id": "string", "image_id": "string", "text_id": "string",
}  # fmt: skip
"""Of `slide_images`."""

DEFINITION = 3
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
    con.execute("CREATE OR REPLACE TEMP TABLE texts (ocr_text VARCHAR, said VARCHAR, text_id VARCHAR)")
    _note_texts(con, "slides SEMI JOIN to_do USING (post_id)")
    _shown(con)
    if not full:
        _hold(con)
    pictures = _pictures(con, full)
    ids = _ids(con, pictures)
    grouped = {
        "picture_id": pictures["picture_id"],
        "image_id": ids,
        "was": pictures["image_id"],
        "is_new": pictures["is_new"],
    }
    con.register("grouped", pa.table(grouped))
    rows = (
        "SELECT s.post_id, s.slide_index, s.picture_id, g.image_id, s.text_id "
        "FROM shown s LEFT JOIN grouped g ON g.picture_id = s.picture_id"
    )
    if full:
        con.execute(f"CREATE OR REPLACE TABLE slide_images AS {rows}")
        con.execute(f"COMMENT ON TABLE slide_images IS '{DEFINITION}'")
    else:
        con.execute("DELETE FROM slide_images WHERE post_id IN (FROM to_do)")
        _rename(con)
        con.execute(f"INSERT INTO slide_images {rows}")
    con.unregister("grouped")
    for step in (
        ("shown", "texts", "to_do") if full else ("shown", "texts", "to_do", "was", "held", "loosened")
    ):
        con.execute(f"DROP TABLE {step}")


def _ids(con: duckdb.DuckDBPyConnection, pictures: pa.Table) -> pa.Array:
    """The image of each picture; no new id is one that an image elsewhere bears."""
    groups, taken = image_groups(pictures), set[str]()
    while True:
        ids = image_ids(groups, pictures, taken)
        con.register("named", pa.table({"image_id": pc.unique(ids)}))
        con.register("before", pa.table({"image_id": pc.unique(pictures["image_id"])}))
        borne = con.execute(
            "SELECT DISTINCT image_id FROM slide_images ANTI JOIN to_do USING (post_id) "
            "SEMI JOIN named USING (image_id) ANTI JOIN before USING (image_id)"
        ).fetchall()
        con.unregister("named")
        con.unregister("before")
        if not borne:
            return ids
        taken |= {image for (image,) in borne}


def _rename(con: duckdb.DuckDBPyConnection) -> None:
    """Tell known slides of their image's new id; an image that stood is one, a picture compared anew is on its own."""
    con.execute(
        "UPDATE slide_images SET image_id = m.image_id FROM (SELECT DISTINCT was, image_id FROM grouped "
        "WHERE NOT is_new AND was <> image_id) m WHERE slide_images.image_id = m.was"
    )
    con.execute(
        "UPDATE slide_images SET image_id = g.image_id FROM grouped g WHERE g.is_new "
        "AND g.picture_id = slide_images.picture_id AND g.image_id IS DISTINCT FROM slide_images.image_id"
    )


def _posts_to_do(con: duckdb.DuckDBPyConnection, full: bool) -> None:
    """Temporary table `to_do`: posts whose slides are looked at."""
    posts = (
        "SELECT DISTINCT post_id FROM slides"
        if full
        else f"SELECT DISTINCT key AS post_id FROM touched WHERE key_name = '{TOUCHED}'"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE to_do AS {posts}")
    if full:
        return
    # That nothing else came or went is seen by one number of each table, a tenth of the work of joining them.
    keys = "SELECT bit_xor(hash(post_id, slide_index)) FROM {} ANTI JOIN to_do USING (post_id)"
    row = con.execute(f"SELECT ({keys.format('slides')}) IS DISTINCT FROM ({keys.format('slide_images')})")
    if row.fetchone() != (False,):
        con.execute(
            "INSERT INTO to_do SELECT DISTINCT post_id FROM ((SELECT post_id FROM slides ANTI JOIN slide_images "
            "USING (post_id, slide_index)) UNION ALL (SELECT post_id FROM slide_images ANTI JOIN slides "
            "USING (post_id, slide_index))) ANTI JOIN to_do USING (post_id)"
        )


def _note_texts(con: duckdb.DuckDBPyConnection, slides: str) -> None:
    """Add to temporary table `texts` what was read on these slides: as it is compared, and its id."""
    read = con.execute(
        f"FROM (SELECT DISTINCT {_READ} AS ocr_text FROM {slides}) ANTI JOIN texts USING (ocr_text) "
        "WHERE ocr_text IS NOT NULL"
    ).to_arrow_table()
    said = [normalized(t) for t in read["ocr_text"].to_pylist()]
    made = {"ocr_text": read["ocr_text"], "said": said, "text_id": pa.array(text_ids(said), pa.string())}
    con.register("made", pa.table(made))
    con.execute("INSERT INTO texts FROM made WHERE text_id IS NOT NULL")
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
        "said AS text, "
        "CASE WHEN coalesce(sha256, phash::VARCHAR, slide_url) IS NOT NULL "
        f"THEN 'picture:' || left(md5({content}), 16) END AS picture_id "
        "FROM read LEFT JOIN texts USING (ocr_text)"
    )


def _hold(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary tables of what the new pictures have to do with: few of all the known.

    `was`: pictures that slides to do have shown; `loosened`: images some picture of which nobody shows any more;
    `held`: pictures that other slides show: those of loosened images, those that a new picture may be the same image
    as, and the first of each image concerned, by which it is named.
    """
    others = "SELECT DISTINCT picture_id, image_id FROM slide_images ANTI JOIN to_do USING (post_id) WHERE "
    con.execute(
        "CREATE OR REPLACE TEMP TABLE was AS SELECT DISTINCT picture_id, image_id FROM slide_images "
        "SEMI JOIN to_do USING (post_id) WHERE picture_id IS NOT NULL"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE held AS {others} picture_id IN "
        "(SELECT picture_id FROM was UNION SELECT picture_id FROM shown)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE loosened AS SELECT DISTINCT image_id FROM was "
        "ANTI JOIN held USING (picture_id) ANTI JOIN shown USING (picture_id)"
    )
    con.execute(f"INSERT INTO held {others} image_id IN (FROM loosened)")
    _hold_related(con)
    # Of images used at one time first, by picture; so all of these are asked for.
    con.execute(
        "INSERT INTO held WITH concerned AS (SELECT image_id FROM was UNION SELECT image_id FROM held) "
        "SELECT picture_id, image_id FROM slide_images ANTI JOIN to_do USING (post_id) "
        "SEMI JOIN concerned USING (image_id) LEFT JOIN (SELECT post_id, posted_at FROM posts) USING (post_id) "
        "QUALIFY rank() OVER (PARTITION BY image_id ORDER BY posted_at NULLS LAST) = 1"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE held AS SELECT DISTINCT picture_id, image_id FROM held")


def _hold_related(con: duckdb.DuckDBPyConnection) -> None:
    """Add to `held` the pictures that a new one may be the same image as."""
    of_loosened = (
        "slides s SEMI JOIN (SELECT post_id, slide_index FROM slide_images SEMI JOIN loosened USING (image_id)) l "
        "ON l.post_id = s.post_id AND l.slide_index = s.slide_index"
    )
    _note_texts(con, of_loosened)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE fresh AS SELECT DISTINCT sha256, phash, text, slide_url FROM shown "
        "WHERE picture_id NOT IN (SELECT picture_id FROM (FROM was UNION FROM held) ANTI JOIN loosened "
        "USING (image_id)) UNION SELECT sha256, phash, said, slide_url FROM "
        f"(SELECT sha256, phash, {_BARE_URL} AS slide_url, {_READ} AS ocr_text FROM {of_loosened}) "
        "LEFT JOIN texts USING (ocr_text)"
    )
    fresh = con.execute("SELECT DISTINCT phash, text FROM fresh WHERE phash IS NOT NULL").to_arrow_table()
    rows = np.zeros(0, np.int64)
    if fresh.num_rows:
        known = con.execute(
            "SELECT rowid AS row, phash FROM slides ANTI JOIN to_do USING (post_id) WHERE phash IS NOT NULL"
        ).fetchnumpy()
        hashes = fresh["phash"].to_numpy().view(np.uint64)
        known_hashes = np.asarray(known["phash"], np.int64).view(np.uint64)

        def read(places: np.ndarray) -> pa.Array:
            con.register("near", pa.table({"place": np.arange(places.size), "row": known["row"][places]}))
            texts = con.execute(
                f"SELECT {_READ} AS ocr_text FROM near JOIN slides ON slides.rowid = near.row ORDER BY place"
            ).to_arrow_table()
            con.unregister("near")
            return texts["ocr_text"].combine_chunks()

        rows = np.asarray(known["row"])
        if hashes.size * rows.size <= OUTRIGHT:
            rows = rows[related(hashes, fresh["text"].to_pylist(), known_hashes, read)]
    con.register("near", pa.table({"row": rows}))
    con.execute(
        "INSERT INTO held SELECT picture_id, image_id FROM slide_images i JOIN (SELECT post_id, slide_index "
        "FROM slides ANTI JOIN to_do USING (post_id) WHERE rowid IN (FROM near) "
        "OR sha256 IN (SELECT sha256 FROM fresh WHERE sha256 IS NOT NULL) "
        f"OR {_BARE_URL} IN (SELECT slide_url FROM fresh WHERE slide_url IS NOT NULL)) s "
        "ON s.post_id = i.post_id AND s.slide_index = i.slide_index WHERE i.image_id IS NOT NULL"
    )
    con.unregister("near")
    con.execute("DROP TABLE fresh")


def _pictures(con: duckdb.DuckDBPyConnection, full: bool) -> pa.Table:
    """Distinct pictures in the order of first use: content, the image they had, and whether they are compared.

    A picture that is new has the image that the slides had which now show it, so that reading a slide's text does
    not rename its image.
    """
    kept, known = "", "slide_images"
    if not full:
        slides = (
            "(SELECT i.post_id, i.slide_index, i.picture_id, i.image_id FROM slide_images i "
            "ANTI JOIN to_do ON to_do.post_id = i.post_id SEMI JOIN held ON held.picture_id = i.picture_id)"
        )
        _note_texts(con, f"{slides} JOIN slides s USING (post_id, slide_index)")
        kept = (
            "SELECT i.post_id, i.picture_id, s.sha256, s.phash, t.said AS text, "
            f"{_BARE_URL} AS slide_url, i.image_id AS old_image FROM {slides} i "
            "JOIN slides s ON s.post_id = i.post_id AND s.slide_index = i.slide_index "
            f"LEFT JOIN (SELECT ocr_text AS as_read, said FROM texts) t ON t.as_read = {_READ} UNION ALL "
        )
        known = "(FROM was UNION FROM held)"
    is_new = "true" if full else "o.picture_id IS NULL OR o.image_id IN (FROM loosened)"
    return con.execute(
        f"WITH known AS (SELECT picture_id, any_value(image_id) AS image_id FROM {known} "
        "WHERE picture_id IS NOT NULL GROUP BY picture_id), "
        f"uses AS ({kept}SELECT s.post_id, s.picture_id, s.sha256, s.phash, s.text, s.slide_url, "
        "i.image_id AS old_image FROM shown s "
        "LEFT JOIN slide_images i ON i.post_id = s.post_id AND i.slide_index = s.slide_index), "
        "now AS (SELECT picture_id, any_value(sha256) AS sha256, any_value(phash) AS phash, any_value(text) AS text, "
        "any_value(slide_url) AS slide_url, min(posted_at) AS first_at, min(post_id) AS first_post, "
        "min(old_image) AS old_image FROM uses LEFT JOIN (SELECT post_id, posted_at FROM posts) USING (post_id) "
        "WHERE picture_id IS NOT NULL GROUP BY picture_id) "
        "SELECT n.picture_id, n.sha256, n.phash, n.text, n.slide_url, "
        f"coalesce(o.image_id, n.old_image) AS image_id, {is_new} AS is_new "
        "FROM now n LEFT JOIN known o ON o.picture_id = n.picture_id "
        "ORDER BY n.first_at NULLS LAST, n.first_post, n.picture_id"
    ).to_arrow_table()
