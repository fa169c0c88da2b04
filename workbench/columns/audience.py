"""Followers and what they do."""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS = (
    Column("follower_count", "BIGINT", "followers", "How many follow the follower."),
    Column("interaction_id", "VARCHAR", "id", "The single act, as `platform:external id` or an id of the recorder's."),
    Column("interaction_type", "VARCHAR", "text", "What was done: comment, like, share, save, profile_visit or link_click."),
    Column("interaction_text", "VARCHAR", "text", "The comment's words; NULL for acts without words."),
    Column("interaction_value", "DOUBLE", "as recorded", "A number that comes with the act, such as what a click was worth."),
)  # fmt: skip
