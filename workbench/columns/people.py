"""Creators, VAs, accounts, their names, terms and counts, and sets."""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS = (
    Column("client", "VARCHAR", "text", "The client that the account is run for."),
    Column("time_zone", "VARCHAR", "text", "IANA zone of the account's local days and hours; NULL: the settings' zone."),
    Column("target_posts_per_week", "DOUBLE", "posts per week", "How many posts a week the account is meant to publish."),
    Column("bio", "VARCHAR", "text", "The profile's own text about itself."),
    Column("location", "VARCHAR", "text", "Country or region that the profile names."),
    Column("is_verified", "BOOLEAN", "boolean", "Whether the platform vouches for the profile."),
    Column("is_active", "BOOLEAN", "boolean", "Whether the agency still works on the account."),
    Column("is_target", "BOOLEAN", "boolean", "Whether it is one of the agency's own accounts and not one that is only watched."),
    Column("account_created_at", "TIMESTAMP", "instant", "When the profile was opened on the platform."),
    Column("checked_state", "VARCHAR", "text", "What the last look found: ok, removed, private or empty."),
    Column("valid_from", "TIMESTAMP", "instant", "When the account was first seen under the name."),
    Column("valid_to", "TIMESTAMP", "instant", "When the account was last seen under the name."),
    Column("external_id", "VARCHAR", "id", "The platform's id that was seen with the name; empty where none was.", table="account_names"),
    Column("from_on", "DATE", "date", "First day of the VA's term on the account.", table="account_assignments"),
    Column("to_on", "DATE", "date", "Last day of the VA's term on the account; NULL while it lasts.", table="account_assignments"),
    Column("followers", "BIGINT", "followers", "How many follow the account, or all accounts of the row together.", label="Followers"),
    Column("following", "BIGINT", "accounts", "How many accounts it follows."),
    Column("total_posts", "BIGINT", "posts", "How many posts the profile shows."),
    Column("total_likes", "BIGINT", "likes", "Likes over all posts, as the profile shows them."),
    Column("total_views", "BIGINT", "views", "Views over all posts, as the platform shows them for the account or hashtag."),
    Column("set_code", "VARCHAR", "text", "The set's code as its creator writes it."),
    Column("va_id", "VARCHAR", "id", "The VA who works on the account today; terms of the past are in account_assignments.", label="VA", table="accounts"),
    Column("va_id", "VARCHAR", "id", "The VA who put the post up, whoever works on its account today.", label="VA", table="posts"),
)  # fmt: skip
