"""Canonical CSVs: people, follower histories, terms, snapshots by the hour, slides, targets, known events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from .columns import Column, dates, instants, joined, take, write_csv
from .histories import account_ids, first_day, histories
from .people import ZONES
from .slides import Slides
from .snapshots import Observed
from .texts import Texts
from .vocabulary import NICHES
from .world import World, event_days, turning_days


def write_records(folder: Path, world: World, words: Texts, seen: Observed, made: Slides) -> list[Path]:
    """One file a table, under the table's name."""
    tables = {
        "creators": _creators(world),
        "vas": _vas(world),
        "accounts": _accounts(world),
        "account_assignments": _assignments(world),
        "account_snapshots": histories(world),
        "sets": _sets(world),
        "post_snapshots": _snapshots(world, words, seen),
        "slides": _slides(world, words, made),
        "targets": _targets(world),
        "annotations": _annotations(world),
    }
    return [write_csv(folder / f"{name}.csv", columns) for name, columns in tables.items()]


def _creators(world: World) -> dict[str, Column]:
    who = world.who
    n = world.size.creators
    return {
        "creator_id": who.creator_id,
        "name": who.creator_id,
        "notes": [NICHES[int(i)].name for i in who.niche],
        "joined_on": dates(first_day(world) - 30 - np.arange(n) * 11),
        "status": ["active"] * n,
    }


def _vas(world: World) -> dict[str, Column]:
    who = world.who
    n = world.size.vas
    return {
        "va_id": who.va_id,
        "name": who.va_id,
        "joined_on": dates(first_day(world) - 20 - np.arange(n) * 7),
        "status": take(["active", "training"], (np.arange(n) == n - 1).astype(np.int64)),
        "hourly_pay": who.hourly_pay,
        "currency": ["USD"] * n,
    }


def _accounts(world: World) -> dict[str, Column]:
    who, size = world.who, world.size
    n = size.accounts
    last = who.terms[who.terms[:, 3] == size.days - 1]
    today = last[np.argsort(last[:, 0]), 1]
    ids = np.arange(n)
    niche = who.niche[who.creator]
    a_week = np.bincount(world.plan.account, minlength=n) / ((size.days - who.first_day) / 7)
    return {
        "account_id": account_ids(world),
        "platform": ["tiktok"] * n,
        "username": who.handle,
        "profile_url": joined("https://www.tiktok.com/@", pa.array(who.handle)),
        "creator_id": take(who.creator_id, who.creator),
        "va_id": take(who.va_id, today),
        "client": take(["own", "client one", "client two", 'client "three", Ltd'], ids % 7 % 4),
        "niche": take([one.name for one in NICHES], niche),
        "time_zone": take(ZONES, who.zone),
        "target_posts_per_week": np.clip(np.round(a_week), 2, 7),
        "account_created_at": instants(size.start_second - 86_400 * (40 + ids * 13 % 900) + 40_000),
        "first_seen_at": instants(size.start_second + who.first_day * 86_400),
        "checked_state": ["ok"] * n,
    }


def _assignments(world: World) -> dict[str, Column]:
    account, va, first, last = world.who.terms.T
    start = np.maximum(first, world.who.first_day[account])
    kept = start <= last
    return {
        "account_id": take(account_ids(world), account[kept]),
        "va_id": take(world.who.va_id, va[kept]),
        "from_on": dates(first_day(world) + start[kept]),
        "to_on": dates(first_day(world) + last[kept], last[kept] < world.size.days - 1),
    }


def _sets(world: World) -> dict[str, Column]:
    who = world.who
    n = len(who.set_id)
    said = [
        "carousels, week batch",
        "hooks first, then steps",
        'the "quiet" series',
        "leftovers, reworked",
        None,
    ]
    return {
        "set_id": who.set_id,
        "set_code": who.set_code,
        "creator_id": take(who.creator_id, who.set_creator),
        "created_on": dates(first_day(world) + who.set_day - 2),
        "description": take(said, np.where(np.arange(n) % 5 == 4, -1, np.arange(n) % 5)),
    }


def _snapshots(world: World, words: Texts, seen: Observed) -> dict[str, Column]:
    """The first day by the hour for some posts; and saves, which only a third of the accounts report."""
    size = world.size
    early = seen.early
    reporting = (np.arange(size.accounts) % 3 == 0)[world.plan.account]
    last = np.flatnonzero(reporting & seen.is_known)
    post = np.concatenate([early.post, last])
    counts = np.concatenate([early.counts, seen.lifetime[last]])
    at = np.concatenate([early.at, np.full(last.size, size.as_of_second)])
    saves_known = reporting[post]
    return {
        "post_id": words.post_id.take(pa.array(post)),
        "captured_at": instants(at),
        "views": counts[:, 0],
        "likes": counts[:, 1],
        "comments": counts[:, 2],
        "shares": counts[:, 3],
        "saves": pa.array(counts[:, 4], mask=~saves_known),
        "method": take(["scraped", "lifetime"], (np.arange(post.size) >= early.post.size).astype(np.int64)),
    }


def _slides(world: World, words: Texts, made: Slides) -> dict[str, Column]:
    n = made.post.size
    return {
        "post_id": words.post_id.take(pa.array(made.post)),
        "slide_index": made.index,
        "slide_url": made.url,
        "sha256": made.sha256,
        "phash": made.phash,
        "ocr_text": made.text,
        "ocr_confidence": made.confidence,
        "width": np.full(n, 1080),
        "height": np.full(n, 1920),
        "fetched_at": instants(np.minimum(world.plan.posted[made.post] + 43_200, world.size.as_of_second)),
    }


def _targets(world: World) -> dict[str, Column]:
    """What was agreed: for the agency, for each VA, for the larger creators."""
    size, who = world.size, world.who
    a_week = size.posts / size.days * 7
    rows = [
        ("posts_per_week", "all", "all", round(a_week)),
        ("viral_rate", "all", "all", 0.25),
        ("median_views_120h", "all", "all", 4000),
        ("roi", "all", "all", 0.5),
        *(("posts_per_week", "va", va, round(a_week / size.vas)) for va in who.va_id),
        *(("viral_rate", "creator", creator, 0.3) for creator in who.creator_id[::2]),
    ]
    n = len(rows)
    return {
        "metric": [r[0] for r in rows],
        "scope": [r[1] for r in rows],
        "scope_id": [r[2] for r in rows],
        "from_on": dates(np.full(n, first_day(world))),
        "target": np.array([float(r[3]) for r in rows]),
    }


def _annotations(world: World) -> dict[str, Column]:
    """What a person wrote down at the time."""
    size, who = world.size, world.who
    first, last = event_days(size, world.model)
    falls, rises = turning_days(size)
    ids = account_ids(world)
    rows = [
        (first, last, "Platform changed how the feed ranks; reach fell everywhere", "all", None),
        (
            falls,
            falls,
            "Reach of this account collapsed overnight; reason unknown",
            "account",
            ids[who.collapses],
        ),
        (rises, rises + 13, "First hit of the series; this account took off", "account", ids[who.breaks_out]),
        (size.days // 3, size.days // 3, 'New template "cards", first week', "all", None),
    ]
    day = first_day(world)
    return {
        "annotation_id": [f"note_{i + 1:03d}" for i in range(len(rows))],
        "from_on": dates(day + np.array([r[0] for r in rows])),
        "to_on": dates(day + np.minimum([r[1] for r in rows], size.days - 1)),
        "label": [r[2] for r in rows],
        "scope": [r[3] for r in rows],
        "scope_id": pa.array([r[4] for r in rows], pa.string()),
    }
