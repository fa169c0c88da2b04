"""docs/data_dictionary.md, made from the registry of columns.

`python -m workbench.dictionary` writes it anew; a test holds that the committed file is what it writes.
"""

from __future__ import annotations

from pathlib import Path

from .columns import column
from .warehouse.schema import schema
from .warehouse.tables import HIDDEN_COLUMNS, TABLES

FILE = Path("docs") / "data_dictionary.md"

_TOPICS: dict[str, tuple[str, ...]] = {
    "People and places": (
        "creators", "vas", "accounts", "account_names", "account_assignments", "account_snapshots", "sets",
    ),
    "Posts": (
        "posts", "post_snapshots", "slides", "media_files", "media_fetches", "sounds", "sound_snapshots",
        "exclusive_sounds", "hashtags",
        "hashtag_snapshots",
    ),
    "Content and work": ("content_items", "content_posts", "content_tags", "tasks"),
    "Money": (
        "revenue", "revenue_methods", "costs", "fx_rates", "payout_rules", "payouts", "targets",
        "annotations",
    ),
    "Audience": ("followers", "interactions"),
    "Trends": (
        "trends", "trend_sources", "hashtag_features", "feature_definitions", "feature_quality",
        "viral_labels", "predictions",
    ),
    "Operations": (
        "scrape_sessions", "scrape_logs", "raw_payloads", "process_runs", "agent_runs", "app_events",
        "batches", "rejected_rows", "quality_checks", "batch_profiles", "archive_files",
        "erasures", "schema_versions",
    ),
}  # fmt: skip

_ROWS = {
    "creators": "a person or brand whose content is posted",
    "vas": "a virtual assistant who posts",
    "accounts": "a profile on a platform",
    "account_names": "a name that an account was seen under, with the external id seen beside it",
    "account_assignments": "a VA's term on an account",
    "account_snapshots": "an account's counts at an instant",
    "sets": "a batch of content",
    "posts": "a post",
    "post_snapshots": "a post's counts at an instant",
    "slides": "a slide of a post",
    "media_files": "a stored file, whatever slides show it",
    "media_fetches": "an attempt to fetch a slide's file",
    "sounds": "a song or sound",
    "sound_snapshots": "a sound's uses at an instant, as one endpoint of a platform reports them",
    "exclusive_sounds": "a song that is kept out of reports",
    "hashtags": "a hashtag on a platform",
    "hashtag_snapshots": "a hashtag's counts at an instant, as one endpoint of a platform reports them",
    "content_items": "an idea that becomes posts",
    "content_posts": "a post that a content item became",
    "content_tags": "a tag of a content item",
    "tasks": "a piece of work for a VA",
    "revenue": "a sum that came in",
    "revenue_methods": "a sum of revenue, with the way in which it is spread over posts",
    "costs": "a sum that went out",
    "fx_rates": "a currency on a day",
    "payout_rules": "a rule by which posts are paid",
    "payouts": "a post under a payout rule",
    "targets": "a target for a metric and a scope from a day on",
    "annotations": "a remark about a stretch of time",
    "followers": "a person who follows or interacts",
    "interactions": "one act of a follower",
    "trends": "a trend",
    "trend_sources": "a post in which a trend was seen",
    "hashtag_features": "a hashtag at an instant, described by numbers from nothing later",
    "feature_definitions": "a feature of hashtags",
    "feature_quality": "one examination of a feature's values",
    "viral_labels": "what became of a hashtag within a window after an instant",
    "predictions": "what a model expected of a hashtag within a window",
    "scrape_sessions": "a run of a scraper over accounts",
    "scrape_logs": "the scrape of one account in a session",
    "raw_payloads": "an API's answer, as it came",
    "process_runs": "a run of a process that has a time limit",
    "agent_runs": "a run of an AI agent",
    "app_events": "something a user did in the app",
    "batches": "a batch that a load applied or refused",
    "rejected_rows": "a row that could not stand",
    "quality_checks": "a check that found something wrong with a subject, until it passes again",
    "batch_profiles": "a table of a batch, of one platform: what it held, kept for the newest 20 of a source",
    "archive_files": "a file of the archive",
    "erasures": "a name or id of a person who was erased",
    "schema_versions": "a migration that was applied",
}
"""What one row of a table is."""

_KEYS = {
    "account_names": ("platform", "username", "external_id"),
    "batches": ("batch_id",),
    "schema_versions": ("version",),
}
"""Keys of the tables that only the loader writes; those that batches fill are in warehouse/tables.py."""

_MARTS = {
    "post_performance": ("a post, with its counts at the same ages and how they compare", ("post_id",)),
    "account_daily": ("an account and a day on which it posted or was looked at", ("account_id", "day_on")),
    "slide_images": (
        "a slide of a post, with the image and the text that it shows",
        ("post_id", "slide_index"),
    ),
    "slide_uses": ("a slide of a post, as a use of its image", ("post_id", "slide_index")),
    "money_rows": ("a payment or a cost", ("money_id",)),
    "post_money": ("a payment or cost and a post that it was dealt to", ("money_id", "post_id")),
    "post_weeks": ("a post and a week", ("post_id", "week_on")),
    "payout_tiers": ("a step of a payout rule", ()),
}

_UNITS = {
    "instant": "a point in time, in UTC, as TIMESTAMP without a zone",
    "date": "a day; `posted_local_on` and `day_on` say whose",
    "fraction": "a share from 0 to 1 (growth may be more, or below 0); pages show it as a percentage",
    "multiple": "times the usual: 1 is usual",
    "money": "an amount in the row's `currency`; amounts of two currencies are never added without a rate",
    "natural log": "the natural logarithm of a multiple: 0 is usual, 0.69 twice that",
    "id": "an opaque key, compared letter by letter",
    "list": "a list of texts",
    "JSON": "text that holds JSON",
    "hash": "digits that identify content",
    "address": "a URL",
}


def dictionary() -> str:
    """The data dictionary as Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "Made by `python -m workbench.dictionary` from the registry of columns (`workbench/columns/`) and",
        "the tables' keys (`workbench/warehouse/tables.py`). Change those, not this file.",
        "",
        "One name means one thing in one unit wherever it stands. A count that is unknown is NULL, never 0.",
        "Every table that batches fill also has",
        "",
        f"* `seen_at` (not in tables of snapshots): {_lower(column('posts', 'seen_at').sentence)}",
        f"* `batch_id`: {_lower(column('posts', 'batch_id').sentence)}",
        "",
        "and the loader's own `column_ranks` (architecture.md, Merging), which `wb.table(...)` leaves out.",
        "",
        "## Units",
        "",
        *[f"* **{unit}**: {meaning}." for unit, meaning in _UNITS.items()],
        "* Others say what is counted: views, posts, hours, pixels.",
        "",
        "## Contents",
        "",
    ]
    lines += [f"* [{topic}](#{_anchor(topic)}): {', '.join(tables)}" for topic, tables in _TOPICS.items()]
    lines += [f"* [Marts](#marts): {', '.join(_MARTS)}"]
    for topic, tables in _TOPICS.items():
        lines += ["", f"## {topic}"]
        for table in tables:
            lines += _table(table)
    lines += ["", "## Marts", "", "Derived by `load`, never edited; architecture.md says how they follow it."]
    for mart, (row, key) in _MARTS.items():
        lines += _section(mart, row, key, _mart_columns(mart))
    return "\n".join(lines) + "\n"


def _table(name: str) -> list[str]:
    key = TABLES[name].key if name in TABLES else _KEYS.get(name, ())
    everywhere = {*HIDDEN_COLUMNS, *(("seen_at", "batch_id") if name in TABLES else ())}
    lines = _section(name, _ROWS[name], key, [c for c in schema()[name] if c not in everywhere])
    refers = TABLES[name].refers if name in TABLES else {}
    if refers:
        lines += ["", "Refers to: " + ", ".join(f"{table} by `{c}`" for c, table in refers.items()) + "."]
    if name in TABLES and TABLES[name].is_fact:
        lines += ["", f"Of two rows of one key, the one with the larger `{TABLES[name].rank}` stands."]
    return lines


def _section(name: str, row: str, key: tuple[str, ...], columns: list[str]) -> list[str]:
    grain = f"One row for {row}." + (f" Key: {', '.join(f'`{k}`' for k in key)}." if key else " No key.")
    lines = ["", f"### {name}", "", grain, "", "| column | type | unit | meaning |", "|---|---|---|---|"]
    for each in columns:
        about = column(name, each)
        lines.append(f"| `{each}` | {about.dtype} | {about.unit} | {about.sentence} |")
    return lines


def _mart_columns(mart: str) -> list[str]:
    """Columns of a mart, as it is built on an empty warehouse."""
    import duckdb

    from .settings import Settings
    from .warehouse import marts
    from .warehouse.migrate import migrate

    con = duckdb.connect()
    try:
        con.execute("SET TimeZone = 'UTC'")
        migrate(con)
        con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
        marts.refresh(con, Settings(home=Path()))
        return [name for name, *_ in con.execute(f"DESCRIBE {mart}").fetchall()]
    finally:
        con.close()


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


if __name__ == "__main__":
    FILE.write_text(dictionary(), encoding="utf-8")
