"""The tables that batches fill: their keys, and what a row must satisfy to be let in.

Columns and their types are the migrations'; this registry holds what SQL types don't say.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rule:
    """What the columns of one row must satisfy together."""

    columns: tuple[str, ...]
    ok: str
    """SQL over the checked values, named s_<column>."""
    reason: str


@dataclass(frozen=True)
class Table:
    """One table that batches fill."""

    name: str
    key: tuple[str, ...]
    required: tuple[str, ...] = ()
    """Columns, besides the key, without which a row can't stand."""
    rank: str = "seen_at"
    """What decides between two values of one column: the later `seen_at` in tables of things, the
    larger of this count in tables of facts."""
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns that take only these values (lower case)."""
    signed: tuple[str, ...] = ()
    """Whole-number columns that may be negative."""
    fractions: tuple[str, ...] = ()
    """Columns that lie in [0, 1]."""
    future: tuple[str, ...] = ()
    """Instants that may lie in the future."""
    earliest: tuple[str, ...] = ()
    """Instants of which the earliest known stands, whenever it became known."""
    rules: tuple[Rule, ...] = ()
    refers: dict[str, str] = field(default_factory=dict)
    """Column -> table whose row must exist; the loader adds a bare row where it is missing."""

    @property
    def is_fact(self) -> bool:
        return self.rank != "seen_at"


_IN_ORDER = Rule(
    ("from_on", "to_on"), "s_to_on IS NULL OR s_from_on <= s_to_on", "from_on is after to_on; swap them"
)
_SCOPED = Rule(
    ("scope", "scope_id"),
    "s_scope = 'all' OR s_scope_id IS NOT NULL",
    "scope_id is missing; only scope all can do without",
)
_PAID = Rule(
    ("amount", "work_hours", "hourly_pay"),
    "s_amount IS NOT NULL OR (s_work_hours IS NOT NULL AND s_hourly_pay IS NOT NULL)",
    "a cost needs an amount, or work_hours and hourly_pay",
)
TIERS_AS_JSON = """'[{"from_views": "BIGINT", "per_1000": "DECIMAL(18,4)"}]'"""
"""The form of payout_rules.tiers, as DuckDB's JSON functions take it."""

_TIERED = Rule(
    ("tiers",),
    "s_tiers IS NULL OR CASE WHEN NOT json_valid(s_tiers) THEN false "
    "WHEN TRY(json_type(s_tiers)) IS DISTINCT FROM 'ARRAY' THEN false ELSE coalesce(list_bool_and(list_transform("
    f"TRY(from_json_strict(s_tiers, {TIERS_AS_JSON})), "
    "lambda t: coalesce(t.from_views >= 0 AND t.per_1000 >= 0, false))), "
    "TRY(json_array_length(s_tiers)) = 0) END",
    'tiers is not JSON such as [{"from_views": 0, "per_1000": 0.5}, {"from_views": 10000, "per_1000": 1.25}]',
)

SCOPES = ("post", "account", "va", "creator", "all")
_RUN_STATES = ("running", "completed", "failed", "partial")

TABLES: dict[str, Table] = {
    t.name: t
    for t in [
        Table("creators", ("creator_id",)),
        Table("vas", ("va_id",), choices={"status": ("active", "inactive", "training")}),
        Table(
            "accounts",
            ("account_id",),
            required=("platform",),
            choices={"checked_state": ("ok", "removed", "private", "empty")},
            earliest=("first_seen_at",),
            refers={"creator_id": "creators", "va_id": "vas"},
        ),
        Table(
            "account_assignments",
            ("account_id", "va_id", "from_on"),
            rules=(_IN_ORDER,),
            refers={"account_id": "accounts", "va_id": "vas"},
        ),
        Table(
            "account_snapshots",
            ("account_id", "captured_at"),
            rank="followers",
            refers={"account_id": "accounts"},
        ),
        Table("sets", ("set_id",), refers={"creator_id": "creators"}),
        Table(
            "posts",
            ("post_id",),
            required=("platform",),
            choices={"posted_at_precision": ("second", "day")},
            earliest=("first_scraped_at",),
            refers={
                "account_id": "accounts",
                "va_id": "vas",
                "set_id": "sets",
                "creator_id": "creators",
                "sound_id": "sounds",
            },
        ),
        Table("post_snapshots", ("post_id", "captured_at"), rank="views", refers={"post_id": "posts"}),
        Table(
            "slides",
            ("post_id", "slide_index"),
            signed=("phash",),
            fractions=("ocr_confidence",),
            refers={"post_id": "posts"},
        ),
        Table(
            "media_files",
            ("sha256",),
            signed=("phash",),
            fractions=("ocr_confidence",),
            earliest=("stored_at",),
        ),
        Table(
            "media_fetches",
            ("post_id", "slide_index", "tried_at"),
            required=("outcome",),
            choices={"outcome": ("stored", "unchanged", "refused", "failed")},
            refers={"post_id": "posts"},
        ),
        Table("sounds", ("sound_id",), earliest=("first_seen_at",)),
        Table(
            "sound_snapshots",
            ("sound_id", "captured_at", "endpoint"),
            rank="uses",
            refers={"sound_id": "sounds"},
        ),
        Table("exclusive_sounds", ("sound_key",)),
        Table(
            "hashtags",
            ("hashtag", "platform"),
            choices={"status": ("active", "declining", "dead")},
            earliest=("first_seen_at",),
        ),
        Table(
            "hashtag_snapshots",
            ("hashtag", "platform", "captured_at", "endpoint"),
            rank="view_count",
        ),
        Table("content_items", ("content_id",), refers={"creator_id": "creators"}),
        Table(
            "content_posts",
            ("content_id", "post_id"),
            refers={"content_id": "content_items", "post_id": "posts"},
        ),
        Table(
            "content_tags", ("content_id", "tag_type", "tag_value"), refers={"content_id": "content_items"}
        ),
        Table("tasks", ("task_id",), refers={"va_id": "vas", "account_id": "accounts"}),
        Table(
            "revenue",
            ("revenue_id",),
            required=("from_on", "to_on", "amount", "currency", "scope"),
            choices={"scope": SCOPES},
            rules=(_IN_ORDER, _SCOPED),
        ),
        Table(
            "costs",
            ("cost_id",),
            required=("from_on", "to_on", "kind", "currency", "scope"),
            choices={"scope": SCOPES, "kind": ("va_time", "tool", "other")},
            rules=(_IN_ORDER, _SCOPED, _PAID),
        ),
        Table("fx_rates", ("currency", "rate_on"), required=("rate",)),
        Table("payout_rules", ("rule_id",), required=("currency",), rules=(_TIERED,)),
        Table(
            "payouts",
            ("post_id", "rule_id"),
            choices={"state": ("upcoming", "due", "canceled", "paid", "unmeasured")},
            refers={"post_id": "posts"},
        ),
        Table(
            "revenue_methods",
            ("revenue_id",),
            required=("method",),
            choices={"method": ("gained", "total", "equal")},
        ),
        Table(
            "targets",
            ("metric", "scope", "scope_id", "from_on"),
            required=("target",),
            choices={"scope": SCOPES},
        ),
        Table("annotations", ("annotation_id",), required=("from_on", "label")),
        Table("followers", ("follower_id",), required=("platform",), earliest=("first_seen_at",)),
        Table(
            "interactions",
            ("interaction_id",),
            required=("follower_id", "interaction_type", "occurred_at"),
            choices={"interaction_type": ("comment", "like", "share", "save", "profile_visit", "link_click")},
            refers={"follower_id": "followers", "post_id": "posts"},
        ),
        Table("trends", ("trend_id",)),
        Table(
            "trend_sources",
            ("trend_id", "post_id"),
            fractions=("relevance",),
            refers={"trend_id": "trends", "post_id": "posts"},
        ),
        Table("hashtag_features", ("hashtag", "platform", "feature_at")),
        Table("feature_definitions", ("feature_name",)),
        Table("feature_quality", ("feature_name", "evaluated_at"), fractions=("null_rate", "quality_score")),
        Table(
            "viral_labels",
            ("hashtag", "platform", "labelled_at", "prediction_window_hours"),
            fractions=("confidence_score",),
            choices={"labeling_method": ("automatic", "manual", "semi_supervised")},
            future=("peak_at",),
        ),
        Table(
            "predictions",
            ("hashtag", "platform", "predicted_at", "prediction_window_hours", "model_name", "model_version"),
            fractions=("probability",),
        ),
        Table("scrape_sessions", ("session_id",), choices={"status": _RUN_STATES}),
        Table(
            "scrape_logs",
            ("session_id", "account_id", "logged_at"),
            choices={"status": ("success", "failed", "skipped")},
            refers={"session_id": "scrape_sessions", "account_id": "accounts"},
        ),
        Table(
            "raw_payloads",
            ("payload_id",),
            required=("payload",),
            choices={"status": ("pending", "processed", "failed", "duplicate")},
        ),
        Table("process_runs", ("run_id",), choices={"status": ("success", "failure", "partial")}),
        Table(
            "agent_runs",
            ("agent_run_id",),
            choices={"status": _RUN_STATES, "agent_type": ("discovery", "creation", "publication")},
        ),
        Table("app_events", ("event_id",), required=("event_name",)),
    ]
}

HIDDEN_COLUMNS = ("column_ranks",)
"""Bookkeeping of the loader that readers are not shown."""

BATCH_COLUMNS = ("seen_at", "source_row")
"""What a row of a batch may carry besides its table's columns: when its information was captured
(default: the manifest's captured_at) and its record number in the file it came from."""
