"""The two exports of posts (the master table, the wide one with day columns) and comments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .columns import (
    Column,
    clock,
    dates,
    instants,
    joined,
    known,
    listed,
    numbered,
    pick,
    take,
    where,
    write_csv,
)
from .model import Ints
from .slides import Slides, post_texts, slide_urls
from .snapshots import Observed
from .texts import Texts, hashtags
from .vocabulary import COMMENTS
from .world import FAR, World


def write_master(file: Path, world: World, words: Texts, seen: Observed, made: Slides) -> Path:
    """MASTER_TIKTOK_DATABASE.csv: every post with its lifetime counts."""
    plan, counts, is_known = world.plan, seen.lifetime, seen.is_known
    rng = world.rng["tracker"]
    n_slides = pa.array(plan.n_slides).cast(pa.string())
    urls = listed(*slide_urls(made, world), separator=", ")
    shows = plan.n_slides > 0
    # In some rows the sheet holds the slides' addresses where the others hold their number.
    slides = where(shows & (rng.random(plan.day.size) < 0.1), urls, n_slides)
    return write_csv(
        file,
        {
            "created_date": dates(plan.posted // 86_400),
            "created_time": clock(plan.posted),
            "account": words.handle,
            "va": words.va,
            "post_url": words.url,
            **_counts(counts, is_known),
            "hashtags": hashtags(words, " ", "#"),
            "sound": words.sound_key,
            "slides": slides,
            "source": take(["sheet", "logger"], seen.logged.astype(np.int64)),
        },
    )


def _counts(counts: np.ndarray, is_known: np.ndarray) -> dict[str, Column]:
    engagement = counts[:, 1:4].sum(axis=1)
    percent = np.round(100 * engagement / np.maximum(counts[:, 0], 1), 2)
    return {
        "views": known(counts[:, 0], is_known),
        "likes": known(counts[:, 1], is_known),
        "comments": known(counts[:, 2], is_known),
        "shares": known(counts[:, 3], is_known),
        "engagement": known(engagement, is_known),
        "engagement_rate": known(percent, is_known & (counts[:, 0] > 0)),
    }


def _slugs(words: Texts, sound: Ints) -> Column:
    """Titles as addresses have them, without the number: the other files know sounds by name only."""
    return pc.replace_substring_regex(take(words.song_titles, sound), "[^A-Za-z]+", "-")


def write_wide(file: Path, world: World, words: Texts, seen: Observed, made: Slides) -> Path:
    """master_with_snaptik.csv: the posts that VAs logged, with day columns and slide addresses."""
    plan, who, size = world.plan, world.who, world.size
    rng = world.rng["tracker"]
    n = size.posts
    ok = ~world.failed
    gone = world.deleted_at < FAR
    status = np.where(gone, 2, np.where(ok, 0, 1))
    age_days = (seen.last_at - plan.posted) // 86_400
    logged_at = np.minimum(plan.posted + rng.integers(60, 7_200, n), size.as_of_second)
    first_scraped = np.minimum(logged_at + rng.integers(60, 20_000, n), seen.last_at)
    shows = plan.n_slides > 0
    urls = slide_urls(made, world)
    followers = world.followers_at(plan.account, seen.last_at)
    columns: dict[str, Column] = {
        "va_url": joined("https://vm.tiktok.com/Z", numbered("", np.arange(n), 8), "/"),
        "post_url": words.url,
        "created_date": instants(plan.posted),
        "creator": words.creator,
        "set_id": take(who.set_id, plan.set_index),
        "set_code": take(who.set_code, plan.set_index),
        "va": words.va,
        "post_type": take(["video", "slideshow"], shows.astype(np.int64)),
        "platform": take(["tiktok"], np.zeros(n, dtype=np.int64)),
        "account": words.handle,
        "logged_at": instants(logged_at),
        "first_scraped_at": instants(first_scraped),
        **_counts(seen.last_counts, ok),
        "followers": known(followers, ok),
    }
    for day in range(5):
        views = seen.day_views[:, day]
        columns[f"day{day + 1}_views"] = known(views, (views >= 0) & ok)
    columns |= {
        "last_scraped_at": instants(seen.last_at),
        "scrape_status": take(["ok", "failed", "deleted"], status),
        "scrape_interval": pa.array(np.where(age_days < 6, 24, 168)),
        "scrape_count": pa.array(np.minimum(age_days, 5) + age_days // 7 + 1),
        "days_since_posted": pa.array(age_days),
        "hashtags": hashtags(words, " ", "#"),
        "sound": words.sound_key,
        "sound_url": joined("https://www.tiktok.com/music/", _slugs(words, plan.sound)),
        "slide_count": plan.n_slides,
        "ocr_text": post_texts(made, world),
    }
    for i in range(12):
        columns[f"slide_{i + 1}"] = urls[i] if i < len(urls) else pa.nulls(n, pa.string())
    # What later tools put into the sheet and nobody fills any more.
    for name in _UNUSED:
        columns[name] = pa.nulls(n, pa.string())
    chosen = pa.array(np.flatnonzero(seen.logged))
    return write_csv(file, {name: pa.array(column).take(chosen) for name, column in columns.items()})


_UNUSED = (
    "snaptik_status",
    "snaptik_url",
    "snaptik_error",
    "download_path",
    "downloaded_at",
    "ocr_status",
    "ocr_language",
    "caption_draft",
    "caption_final",
    "editor",
    "review_status",
    "review_notes",
    "sheet_row",
    "sheet_tab",
    "duplicate_of",
    "campaign",
    "client",
    "priority",
    "archived",
    "exported_by",
    "export_batch",
)


def write_comments(file: Path, world: World, seen: Observed) -> Path:
    """Comments by followers, a few of whom write a lot; on recent posts rather than old ones."""
    rng = world.rng["comments"]
    plan, size = world.plan, world.size
    n = max(50, size.posts // 2)
    known_comments = np.where(seen.is_known, seen.lifetime[:, 2], 0).astype(np.float64)
    weight = np.sqrt(known_comments) * np.exp((plan.day - size.days) / 90)
    post = np.sort(rng.choice(size.posts, n, p=weight / weight.sum()))
    nth = np.arange(n) - np.searchsorted(post, post)
    kept = nth < known_comments[post]
    post = post[kept]
    n = post.size
    people = max(20, size.posts // 8)
    chance = 1.0 / (np.arange(people) + 4.0)
    user = rng.permutation(people)[rng.choice(people, n, p=chance / chance.sum())]
    # A follower stays with an account: numbers of users are spread over accounts.
    user = (user // 4) * 4 + plan.account[post] % 4
    wait = np.minimum(rng.exponential(30.0, n) * 3600 + 60, (size.as_of_second - plan.posted[post]) * 0.98)
    at = plan.posted[post] + wait.astype(np.int64)
    said = pick(rng, COMMENTS, n)
    return write_csv(
        file,
        {
            "Comments": said,
            "Comment_ID": numbered("c", np.arange(n), 9),
            "Reply_Count": rng.poisson(0.15, n),
            "Like_Count": np.floor(rng.pareto(1.3, n)).clip(0, 20_000).astype(np.int64),
            "Date": joined(pc.replace_substring(instants(at).cast(pa.string()), " ", "T"), "Z"),
            "VidId": pa.array(plan.external_id[post]).cast(pa.string()),
            "user_ID": numbered("user_", user, 5),
        },
    )
