"""Level 5 by name."""

from __future__ import annotations

import ibis

from ...metrics import content, creators, pipeline, tasks
from ...metrics.effects import CELL_KEYS, effect_cells, quality_of_sets
from ..effects import creator_effects, set_effects
from ..effects_score import set_scores
from ..reel_lists import reel_lists
from .metric import Asked, Metric


def _linked(a: Asked) -> ibis.Table:
    """Posts of content items that went up in the period."""
    start, end = ibis.literal(a.period.from_at, "timestamp"), ibis.literal(a.period.to_at, "timestamp")
    posted = a.tables("post_performance").filter(lambda t: (t.posted_at >= start) & (t.posted_at < end))
    linked = content.linked_posts(a.tables("content_posts"), posted, horizon=a.horizon)
    return linked.semi_join(posted, "post_id")


def _totals(a: Asked) -> ibis.Table:
    return content.content_totals(a.tables("content_items"), _linked(a))


def _deliveries(a: Asked) -> ibis.Table:
    return pipeline.weekly_deliveries(
        a.tables("content_items"),
        a.tables("content_posts"),
        a.tables("posts"),
        a.tables("sets"),
        a.period,
        weeks=max(1, -(-a.period.days // 7)),
    )


def _cells(a: Asked, *also: str) -> ibis.Table:
    floor = float(a.settings.floor_views)
    return effect_cells(a.mature, horizon=a.horizon, floor=floor, by=(*CELL_KEYS, *also))


METRICS = (
    Metric(
        "creator_review",
        "Every creator: posts, results against the accounts' usual, followers won.",
        lambda a: creators.creator_review(
            a.tables("post_performance"),
            a.tables("creators"),
            a.tables("accounts"),
            a.tables("account_snapshots"),
            a.period,
            horizon=a.horizon,
        ),
        ("creator_id",),
    ),
    Metric(
        "set_results",
        "What the posts of each set did at the same age.",
        lambda a: creators.set_results(a.mature, a.tables("sets"), horizon=a.horizon),
        ("set_id",),
    ),
    Metric(
        "content_totals",
        "Content items over all their posts of the period, with the platform that was best.",
        _totals,
        ("content_id",),
        days=None,
    ),
    Metric(
        "content_platforms",
        "Content items on each platform.",
        lambda a: content.content_platforms(_linked(a)),
        ("content_id", "platform"),
        days=None,
    ),
    Metric(
        "platform_totals",
        "Platforms over all content items: posts, results, how often one was the best.",
        lambda a: content.platform_totals(_linked(a), _totals(a)),
        ("platform",),
        days=None,
    ),
    Metric(
        "pipeline_stages",
        "Open content items by stage at the period's end, with their age.",
        lambda a: pipeline.pipeline_stages(a.tables("content_items"), a.period),
        ("stage",),
    ),
    Metric(
        "overdue_items",
        "Content items whose day has passed.",
        lambda a: pipeline.overdue_items(a.tables("content_items"), a.period),
        ("due_on", "content_id"),
    ),
    Metric(
        "pipeline_throughput",
        "What was made, begun and brought out in each week.",
        lambda a: pipeline.pipeline_throughput(_deliveries(a)),
        ("week_on",),
        days=63,
    ),
    Metric(
        "creator_deliveries",
        "What each creator made, began and brought out in each week.",
        _deliveries,
        ("week_on", "creator_id"),
        days=63,
    ),
    Metric(
        "task_results",
        "The tasks due in the period, by VA: done, in time, open, overdue.",
        lambda a: tasks.task_results(a.tables("tasks"), a.period),
        ("va_id",),
    ),
    Metric(
        "reel_lists",
        "What each VA has to post in the week after the period: tasks, recommendations, items that are ready.",
        lambda a: tasks.open_tasks(a.tables("tasks")),
        ("va_id", "due_on", "list_state", "account_id", "title", "task_id", "content_id"),
        finish=reel_lists,
    ),
    Metric(
        "creator_effect",
        "What each creator's content does to views, told apart from accounts and VAs, with its interval.",
        _cells,
        ("creator_id",),
        days=364,
        finish=creator_effects,
    ),
    Metric(
        "set_effect",
        "What each set does to views, told apart from accounts, VAs and creators, with its interval.",
        lambda a: _cells(a, "set_id"),
        ("set_id",),
        days=364,
        finish=set_effects,
    ),
    Metric(
        "set_score",
        "The score of each set in its three parts.",
        lambda a: quality_of_sets(a.mature, horizon=a.horizon),
        ("set_id",),
        days=364,
        finish=set_scores,
    ),
)
