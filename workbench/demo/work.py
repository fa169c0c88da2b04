"""Tasks, content items and the posts they became."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from .columns import Column, dates, instants, joined, numbered, pick, take, where, write_csv
from .histories import account_ids, first_day
from .texts import Texts
from .vocabulary import NICHES, OPENERS
from .world import World

STAGES = ("idea", "script", "production", "review", "scheduled", "published")


def write_work(folder: Path, world: World, words: Texts) -> list[Path]:
    items, posts = _content(world, words)
    return [
        write_csv(folder / "tasks.csv", _tasks(world)),
        write_csv(folder / "content_items.csv", items),
        write_csv(folder / "content_posts.csv", posts),
    ]


def _tasks(world: World) -> dict[str, Column]:
    """Each VA's reel lists, due by the week; some are done late, the last ones are open."""
    rng = world.rng["work"]
    size, who = world.size, world.who
    weeks = np.arange(size.days // 7 + 1) * 7
    va, due = (a.ravel() for a in np.meshgrid(np.arange(size.vas), weeks + 4, indexing="ij"))
    va, due = np.repeat(va, 2), np.repeat(due, 2) + np.tile([0, 2], va.size)
    created = size.start_second + (due - 6) * 86_400 + 9 * 3600
    midnight = size.start_second + (due + 1) * 86_400
    on_time = rng.random(va.size) < who.punctuality[va]
    early = midnight - rng.integers(2 * 3600, 3 * 86_400, va.size)
    late = midnight + rng.integers(3600, 4 * 86_400, va.size)
    done_at = np.where(on_time, early, late)
    canceled = rng.random(va.size) < 0.02
    done = (done_at < size.as_of_second) & ~canceled
    kept = created < size.as_of_second
    account = np.zeros(va.size, dtype=np.int64)
    for number, (one_va, day) in enumerate(zip(va, due, strict=True)):
        day = min(max(int(day), 0), size.days - 1)
        mine = who.terms[(who.terms[:, 1] == one_va) & (who.terms[:, 2] <= day) & (who.terms[:, 3] >= day), 0]
        account[number] = mine[number % mine.size] if mine.size else -1
    n_reels = rng.integers(3, 9, va.size)
    columns: dict[str, Column] = {
        "task_id": numbered("task_", np.arange(va.size) + 1),
        "kind": take(["reel_list"], np.zeros(va.size, dtype=np.int64)),
        "title": joined(
            "Reel list: ",
            n_reels,
            " posts, ",
            pick(rng, ["hooks first", "old winners", 'new "cards"'], va.size),
        ),
        "va_id": take(who.va_id, va),
        "account_id": take(account_ids(world), account),
        "due_on": dates(first_day(world) + due),
        "status": take(["open", "done", "canceled"], np.where(canceled, 2, done.astype(np.int64))),
        "created_at": instants(created),
        "done_at": instants(done_at, done),
        "payload": joined('{"reels": ', n_reels, "}"),
    }
    chosen = pa.array(np.flatnonzero(kept))
    return {name: column.take(chosen) for name, column in columns.items()}


def _content(world: World, words: Texts) -> tuple[dict[str, Column], dict[str, Column]]:
    """Items on their way through the stages; the published ones with one to three posts."""
    rng = world.rng["work"]
    size, who, plan = world.size, world.who, world.plan
    n = min(size.posts, max(60, size.posts // 30))
    n_out = round(n * 0.85)
    published = np.arange(n) < n_out
    post = np.sort(rng.choice(size.posts, n, replace=False))
    # Items come out until the last day; those that aren't out yet have of their post the creator only.
    post[:n_out] = post[np.linspace(0, n - 1, n_out).astype(np.int64)]
    creator = plan.creator[post]
    stage = np.where(published, len(STAGES) - 1, rng.integers(0, len(STAGES) - 1, n))
    # What is not out yet was begun in the last weeks, some of it too long ago.
    begun = np.where(
        published,
        plan.posted[post] - rng.integers(2 * 86_400, 15 * 86_400, n),
        size.as_of_second - rng.integers(86_400, 35 * 86_400, n),
    )
    since = np.where(
        published,
        plan.posted[post],
        begun + ((size.as_of_second - begun) * rng.random(n) * 0.8).astype(np.int64),
    )
    due = (np.where(published, plan.posted[post], begun + 18 * 86_400)) // 86_400
    nouns = [one.nouns[0] for one in NICHES]
    number = np.arange(n) + 1
    items = {
        "content_id": numbered("content_", number),
        "title": joined(pick(rng, OPENERS, n), " ", take(nouns, who.niche[creator]), ", no. ", number),
        "slug": joined("item-", number),
        "workspace_id": take(["main"], np.zeros(n, dtype=np.int64)),
        "creator_id": take(who.creator_id, creator),
        "stage": take(STAGES, stage),
        "stage_since_at": instants(since),
        "due_on": dates(due),
        "created_at": instants(begun),
    }
    # The item's own post, and up to two later ones of the same creator.
    item, linked = [np.flatnonzero(published)], [post[published]]
    for ahead in (40, 90):
        further = np.minimum(post + ahead, size.posts - 1)
        more = published & (plan.creator[further] == creator) & (further > post)
        item.append(np.flatnonzero(more))
        linked.append(further[more])
    items_of, posts_of = np.concatenate(item), np.concatenate(linked)
    order = np.lexsort((posts_of, items_of))
    items_of, posts_of = items_of[order], posts_of[order]
    once = np.sort(np.unique(posts_of, return_index=True)[1])  # a post belongs to one item
    items_of, posts_of = items_of[once], posts_of[once]
    external = pa.array(plan.external_id[posts_of]).cast(pa.string())
    return items, {
        "content_id": numbered("content_", items_of + 1),
        "post_id": words.post_id.take(pa.array(posts_of)),
        "platform": where(
            np.ones(posts_of.size, dtype=bool), take(["tiktok"], np.zeros(posts_of.size, dtype=np.int64))
        ),
        "external_post_id": external,
        "posted_at": instants(plan.posted[posts_of]),
    }
