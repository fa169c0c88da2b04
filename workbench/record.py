"""Recording from scripts, scrapers and agents: each call is on the disk when it returns.

    from workbench import record
    record.snapshot(post_id="tiktok:7234567890123456789", views=1_200, likes=90)

Rows wait in the inbox until the next `workbench load`, which checks them like any file's. Times may be
datetimes (naive: UTC) or ISO text. Every function takes the columns of its table by name, and `home=`
for another folder than the current one.
"""

from __future__ import annotations

import json
import math
import os
import threading
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from .errors import UsageError, WorkbenchError, machine_trouble, nearest
from .settings import load_settings
from .warehouse import private
from .warehouse.batches import utc_text
from .warehouse.journal import Segment
from .warehouse.schema import schema
from .warehouse.tables import TABLES

_segments: dict[Path, Segment] = {}
_guard = threading.Lock()


def _start_anew() -> None:
    """A forked process writes to segments of its own, and waits for no thread that it doesn't have."""
    global _guard
    _guard = threading.Lock()
    _segments.clear()


os.register_at_fork(after_in_child=_start_anew)


def rows(table: str, entries: Iterable[Mapping[str, Any]], *, home: Path | str | None = None) -> int:
    """Record rows of any table that batches fill, in one durable write; returns how many.

    None and NaN are unknown. Raises UsageError for an unknown table or column, or a value that can't be
    written, WorkbenchError where the machine can't (a full disk); nothing of the call is written then.
    """
    if table not in TABLES:
        raise UsageError(f"There is no table '{table}' to record into.{nearest(table, TABLES)}")
    known = schema()[table]
    seen_at = utc_text(datetime.now(UTC))
    prepared = []
    try:
        for entry in entries:
            for name in entry:
                if name not in known or name in ("batch_id", "column_ranks"):
                    raise UsageError(f"Table {table} has no column '{name}'.{nearest(name, known)}")
            row = {name: _plain(value) for name, value in entry.items()}
            if private.is_address(row.get("ip_hash")):
                row["ip_hash"] = ip_hash(row["ip_hash"], home=home)
            if table == "app_events" and row.get("properties") is not None:
                row["properties"] = private.without_addresses(str(row["properties"]))
            prepared.append({"seen_at": seen_at} | {k: v for k, v in row.items() if v is not None})
        if prepared:
            _segment(home).append(table, prepared)
    except (TypeError, ValueError, AttributeError, RecursionError) as e:
        raise UsageError(f"A row of {table} can't be recorded: {e}. Nothing of the call was written.") from e
    except OSError as e:
        if not (trouble := machine_trouble(e)):
            raise
        raise WorkbenchError(
            f"Rows of {table} can't be recorded: {trouble} Nothing of the call was written."
        ) from e
    return len(prepared)


def post(*, home: Path | str | None = None, **columns: Any) -> int:
    """A post: post_id (`platform:external id`) and any other column of `posts`."""
    return rows("posts", [columns], home=home)


def posts(entries: Iterable[Mapping[str, Any]], *, home: Path | str | None = None) -> int:
    """Many posts in one durable write."""
    return rows("posts", entries, home=home)


def snapshot(*, post_id: str, captured_at: Any = None, home: Path | str | None = None, **counts: Any) -> int:
    """A post's counts at an instant (default: now)."""
    return rows(
        "post_snapshots", [{"post_id": post_id, "captured_at": captured_at or _now(), **counts}], home=home
    )


def account_snapshot(
    *, account_id: str, captured_at: Any = None, home: Path | str | None = None, **counts: Any
) -> int:
    """An account's counts at an instant (default: now)."""
    entry = {"account_id": account_id, "captured_at": captured_at or _now(), **counts}
    return rows("account_snapshots", [entry], home=home)


def trend(
    *, name: str, sources: Mapping[str, float] | None = None, home: Path | str | None = None, **columns: Any
) -> str:
    """A trend and the posts it was seen in with their relevance (post_id -> 0..1); returns its id."""
    trend_id = str(columns.pop("trend_id", None) or uuid.uuid4().hex)
    found = columns.pop("discovered_at", None) or _now()
    rows("trends", [{"trend_id": trend_id, "name": name, "discovered_at": found, **columns}], home=home)
    links = [
        {"trend_id": trend_id, "post_id": post_id, "relevance": relevance, "created_at": found}
        for post_id, relevance in (sources or {}).items()
    ]
    rows("trend_sources", links, home=home)
    return trend_id


def event(*, name: str, ip: str | None = None, home: Path | str | None = None, **columns: Any) -> str:
    """Something a user did; returns its id. The address is kept as a keyed hash only."""
    event_id = str(columns.pop("event_id", None) or uuid.uuid4().hex)
    entry = {"event_id": event_id, "event_name": name, "occurred_at": _now(), **columns}
    if ip is not None:
        entry["ip_hash"] = ip_hash(ip, home=home)
    rows("app_events", [entry], home=home)
    return event_id


def agent_run_start(*, agent_type: str, home: Path | str | None = None, **columns: Any) -> str:
    """The start of an AI agent's run; returns the id that `agent_run_update` takes."""
    run_id = str(columns.pop("agent_run_id", None) or uuid.uuid4().hex)
    entry = {"agent_run_id": run_id, "agent_type": agent_type, "status": "running", "started_at": _now()}
    rows("agent_runs", [{**entry, **columns}], home=home)
    return run_id


def agent_run_update(agent_run_id: str, *, home: Path | str | None = None, **columns: Any) -> int:
    """What is known of a run since: status, counts, cost, output. What is not named stays."""
    if columns.get("status") in ("completed", "failed"):
        columns.setdefault("ended_at", _now())
    return rows("agent_runs", [{"agent_run_id": agent_run_id, **columns}], home=home)


def scrape_session(*, session_id: str | None = None, home: Path | str | None = None, **columns: Any) -> str:
    """A scrape session, or what is known of it since; returns its id."""
    session = session_id or uuid.uuid4().hex
    rows("scrape_sessions", [{"session_id": session, **columns}], home=home)
    return session


def scrape_log(*, session_id: str, account_id: str, home: Path | str | None = None, **columns: Any) -> int:
    """How one account's scrape in a session went."""
    entry = {"session_id": session_id, "account_id": account_id, "logged_at": _now(), **columns}
    return rows("scrape_logs", [entry], home=home)


def interaction(
    *, follower_id: str, interaction_type: str, home: Path | str | None = None, **columns: Any
) -> str:
    """What a follower did: comment, like, share, save, profile_visit or link_click; returns its id."""
    key = str(columns.pop("interaction_id", None) or uuid.uuid4().hex)
    entry = {"interaction_id": key, "follower_id": follower_id, "interaction_type": interaction_type}
    rows("interactions", [{**entry, "occurred_at": _now(), **columns}], home=home)
    return key


def content_item(*, content_id: str, home: Path | str | None = None, **columns: Any) -> int:
    """A content item, or its new stage."""
    return rows("content_items", [{"content_id": content_id, **columns}], home=home)


def content_tag(*, content_id: str, tag_type: str, tag_value: str, home: Path | str | None = None) -> int:
    """A tag of a content item."""
    return rows(
        "content_tags", [{"content_id": content_id, "tag_type": tag_type, "tag_value": tag_value}], home=home
    )


def revenue(*, home: Path | str | None = None, **columns: Any) -> str:
    """Money that came in: from_on, to_on, amount, currency, scope (and scope_id); returns its id."""
    key = str(columns.pop("revenue_id", None) or uuid.uuid4().hex)
    rows("revenue", [{"revenue_id": key, **columns}], home=home)
    return key


def cost(*, home: Path | str | None = None, **columns: Any) -> str:
    """Money that went out: from_on, to_on, kind, amount (or work_hours and hourly_pay), currency, scope."""
    key = str(columns.pop("cost_id", None) or uuid.uuid4().hex)
    rows("costs", [{"cost_id": key, **columns}], home=home)
    return key


def task(*, home: Path | str | None = None, **columns: Any) -> str:
    """A task, or its new state; returns its id."""
    key = str(columns.pop("task_id", None) or uuid.uuid4().hex)
    rows("tasks", [{"task_id": key, **columns}], home=home)
    return key


def ip_hash(ip: str, *, home: Path | str | None = None) -> str:
    """A keyed hash of a network address. The key is WORKBENCH_SECRET, else made once in data/private.key."""
    return private.address_hash(ip, load_settings(home).data)


def _segment(home: Path | str | None) -> Segment:
    inbox = load_settings(home).inbox
    with _guard:
        if inbox not in _segments:
            _segments[inbox] = Segment(inbox)
        return _segments[inbox]


def _now() -> datetime:
    return datetime.now(UTC)


def _plain(value: Any) -> Any:
    """A value as JSON holds it without loss; None for what is unknown."""
    if isinstance(value, datetime):
        return utc_text(value) if value == value else None  # pandas' NaT is a datetime, and no instant
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(v) for v in value)
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)  # the loader refuses infinity, with the reason
    if hasattr(value, "tolist"):  # numbers of numpy's or pandas'
        return _plain(value.tolist())
    return value
