"""Level 1: slides, their uses and reposts. `metrics.slides` and `metrics.reposts` compute them."""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS: tuple[Column, ...] = (
    Column("picture_id", "VARCHAR", "id", "The slide's file, hash and text as they came; slides with the same are compared once."),
    Column("image_id", "VARCHAR", "id", "What the slide shows: slides that look alike and say the same share it; NULL without hash and address.", label="Image"),
    Column("text_id", "VARCHAR", "id", "What the slide says: slides of the same normalized text share it; NULL where it is unread.", label="Text"),
    Column("is_hook", "BOOLEAN", "boolean", "Whether it is the first slide of its post.", label="Hook"),
    Column("use_number", "BIGINT", "uses", "Which use of the image it is by time of posting, from 1; a post uses an image once.", label="Use"),
    Column("gap_days", "DOUBLE", "days", "Days since the image was used before, anywhere; NULL at its first use.", label="Days since last use"),
    Column("account_use_number", "BIGINT", "uses", "Which use of the image on the account it is by time of posting, from 1.", label="Use on the account"),
    Column("account_gap_days", "DOUBLE", "days", "Days since the image was used before on the account; NULL at its first use there.", label="Days since last use there"),
)  # fmt: skip
