"""Content items and tasks."""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS = (
    Column("slug", "VARCHAR", "text", "Short name of the content item for addresses and file names."),
    Column("workspace_id", "VARCHAR", "id", "The workspace of the planning tool that the content item lives in."),
    Column("stage", "VARCHAR", "text", "How far the content item is, in the agency's words, such as idea, draft or published."),
    Column("stage_since_at", "TIMESTAMP", "instant", "When the content item entered its stage."),
    Column("external_post_id", "VARCHAR", "id", "The platform's id of the post that the content item became."),
    Column("tag_type", "VARCHAR", "text", "What the tag says of the content item, such as topic or format."),
    Column("tag_value", "VARCHAR", "text", "The tag's value."),
    Column("task_id", "VARCHAR", "id", "The task, by the id of the tool that keeps it."),
    Column("done_at", "TIMESTAMP", "instant", "When the task was done; NULL while it is open."),
    Column("payload", "VARCHAR", "JSON", "What the task needs beside its columns, such as the posts of a reel list."),
    Column("payload", "VARCHAR", "JSON", "The API's whole answer, as it came.", table="raw_payloads"),
)  # fmt: skip
