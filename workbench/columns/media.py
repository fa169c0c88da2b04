"""Stored files of slides, and the attempts to fetch them."""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS: tuple[Column, ...] = (
    Column("media_type", "VARCHAR", "text", "What kind of file it is, such as image/jpeg, as its content says."),
    Column("file_bytes", "BIGINT", "bytes", "Size of the stored file."),
    Column("stored_at", "TIMESTAMP", "instant", "When the file was stored first."),
    Column("ocr_text", "VARCHAR", "text", "What is written on the picture, line by line; NULL where nothing was read, or nobody has tried (read_at tells which).", table="media_files"),
    Column("ocr_model", "VARCHAR", "text", "Which version of which reader read the picture."),
    Column("read_at", "TIMESTAMP", "instant", "When the picture was read; NULL until then."),
    Column("tried_at", "TIMESTAMP", "instant", "When the slide's file was asked for."),
    Column("outcome", "VARCHAR", "text", "What became of the attempt: stored, unchanged (the server had nothing newer), refused (asking again would not help) or failed (it may).", table="media_fetches"),
    Column("reason", "VARCHAR", "text", "Why the file was refused or could not be had.", table="media_fetches"),
    Column("http_status", "BIGINT", "code", "The server's status code; NULL where none answered."),
    Column("etag", "VARCHAR", "text", "The server's mark of this version of the file, sent back when it is asked for again."),
    Column("last_modified", "VARCHAR", "text", "When the file last changed, in the server's words, sent back when it is asked for again."),
)  # fmt: skip
