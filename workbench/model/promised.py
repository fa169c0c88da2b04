"""Images that tasks have already: what a task keeps of the recommendation that it was made from."""

from __future__ import annotations

import json
from typing import Any

import ibis
import pandas as pd
from ibis import _

from ..metrics.tasks import is_open
from .frames import executed

TOLD = ("image_id", "example_url", "slide_lift", "expected_views", "recommended_because")
"""What a task keeps of the recommendation that it was made from, as its payload."""


def promised_images(tasks: ibis.Table, prefix: str = "") -> pd.DataFrame:
    """Images of open tasks, and of those that were accepted for a week whatever became of them.

    `prefix`: what the ids of the week's tasks begin with; empty for open tasks alone. Grain: task_id; account_id,
    image_id [NULL: the task is about no image], is_of_week.
    """
    is_of_week = tasks.task_id.startswith(prefix) if prefix else ibis.literal(False)
    kept = tasks.mutate(is_of_week=is_of_week).filter(is_open(tasks) | _.is_of_week)
    frame = executed(kept.select("task_id", "account_id", "payload", "is_of_week").order_by("task_id"))
    frame["image_id"] = pd.Series([read_payload(t).get("image_id") for t in frame["payload"]], dtype="object")
    return frame.drop(columns="payload")


def told_payload(row: dict[Any, Any]) -> str:
    """What a task keeps of its recommendation, as JSON."""
    kept = {name: row.get(name) for name in (*TOLD, "image_text", "example_post_id", "place")}
    known = {name: value for name, value in kept.items() if pd.notna(value)}
    return json.dumps(known, ensure_ascii=False, sort_keys=True)


def read_payload(text: Any) -> dict[str, Any]:
    """What a task's payload keeps of a recommendation; nothing where it is none of ours or no JSON at all."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    kept = {name: found.get(name) for name in TOLD} if isinstance(found, dict) else {}
    told: dict[str, Any] = {}
    for name, value in kept.items():
        if name in ("slide_lift", "expected_views"):
            if isinstance(value, int | float) and abs(value) < 1e18:  # neither NaN nor what no count can be
                told[name] = float(value)
        elif isinstance(value, str):
            told[name] = value.encode("utf-8", "replace").decode()  # JSON can hold halves of characters
    return told
