"""Which slides still want a picture, and what is known of their addresses."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
from ibis import _

AGAIN = ("stored", "refused")
"""What can be asked for once more: pictures that were stored, addresses that were refused."""


@dataclass(kw_only=True)
class Job:
    """An address to ask for, with every slide that names it."""

    url: str
    """As the slides have it."""
    slides: list[tuple[str, int]]
    """post_id, slide_index."""
    etag: str | None = None
    """What the server said of the picture that is stored, for a conditional request; else None."""
    last_modified: str | None = None
    sha256: str | None = None
    """The picture that this address gave before, as far as it is stored."""
    storage_key: str | None = None
    n_failed: int = 0
    """Attempts at this address that failed since it was last stored or refused, and when the first of them was."""
    first_failed_at: datetime | None = None
    at: str = ""
    """The address to ask next: `url`, or where it redirected to."""
    host: str = ""
    n_redirects: int = 0
    n_tries: int = 0
    """Requests that failed in this run, and what was the matter with the last of them."""
    failure: str = ""


def pending(
    slides: ibis.Table,
    posts: ibis.Table,
    files: ibis.Table,
    fetches: ibis.Table,
    *,
    again: str | None = None,
) -> ibis.Table:
    """Slides to fetch: those that name an address, show no stored file, and were not refused at this address.

    An attempt counts for the address that was asked: a slide with a new one is new. The newest posts come first, as
    signed addresses expire; slides of the same address stand together.

    Parameters
    ----------
    slides, posts, files, fetches
        The tables slides, posts (those whose slides are wanted), media_files and media_fetches.
    again
        stored: also those whose file is stored; refused: also those that were refused.

    Returns
    -------
    ibis.Table
        One row per slide: slide_url, post_id, slide_index, etag, last_modified, sha256 and storage_key [of the file
        that this address gave before; NULL where none is stored], n_failed [attempts], first_failed_at.
    """
    named = slides.filter(_.slide_url.strip() != "").select("post_id", "slide_index", "slide_url", "sha256")
    newest = posts.select("post_id", "posted_at")
    stored = files.filter(_.storage_key.notnull()).select("sha256", "storage_key")
    tried = fetches.select("post_id", "slide_index", "slide_url", "outcome", "tried_at").distinct()
    last = (
        tried.group_by(["post_id", "slide_index", "slide_url"])
        .agg(outcome=_.outcome.argmax(_.tried_at), settled_at=_.tried_at.max(where=_.outcome != "failed"))
        .select("post_id", "slide_index", "slide_url", "outcome", "settled_at")
    )
    failed = (
        tried.filter(_.outcome == "failed")
        .inner_join(last, ["post_id", "slide_index", "slide_url"])
        .filter(lambda t: t.settled_at.isnull() | (t.tried_at > t.settled_at))
        .group_by(["post_id", "slide_index", "slide_url"])
        .agg(n_failed=_.count(), first_failed_at=_.tried_at.min())
    )
    with_file = named.semi_join(stored, "sha256").select("post_id", "slide_index").mutate(has_file=True)
    asked = (
        named.drop("sha256")
        .inner_join(newest, "post_id")
        .left_join(with_file, ["post_id", "slide_index"])
        .drop("post_id_right", "slide_index_right")
        .left_join(last, ["post_id", "slide_index", "slide_url"])
        .drop("post_id_right", "slide_index_right", "slide_url_right")
        .left_join(failed, ["post_id", "slide_index", "slide_url"])
        .drop("post_id_right", "slide_index_right", "slide_url_right")
        .mutate(has_file=_.has_file.fill_null(False), was_refused=(_.outcome == "refused").fill_null(False))
    )
    wanted = ~asked.has_file & ~asked.was_refused
    if again == "stored":
        wanted = asked.has_file | ~asked.was_refused
    if again == "refused":
        wanted = ~asked.has_file
    return (
        asked.filter(wanted)
        .left_join(_validators(fetches, stored), "slide_url")
        .drop("slide_url_right")
        .mutate(newest_at=_.posted_at.max().over(ibis.window(group_by="slide_url")))
        .order_by([ibis.desc("newest_at", nulls_first=False), "slide_url", "post_id", "slide_index"])
        .select(
            "slide_url", "post_id", "slide_index", "etag", "last_modified", "sha256", "storage_key",
            n_failed=_.n_failed.fill_null(0), first_failed_at=_.first_failed_at,
        )
    )  # fmt: skip


def _validators(fetches: ibis.Table, stored: ibis.Table) -> ibis.Table:
    """What an address gave last, as far as that is stored, and what its server said of it: a row an address."""
    latest = ibis.row_number().over(
        ibis.window(group_by="slide_url", order_by=[ibis.desc("tried_at"), "post_id", "slide_index"])
    )
    return (
        fetches.filter(_.outcome.isin(["stored", "unchanged"]))
        .mutate(place=latest)
        .filter(_.place == 0)
        .select("slide_url", "etag", "last_modified", "sha256")
        .inner_join(stored, "sha256")
    )


def jobs(rows: Iterable[Mapping[str, Any]]) -> Iterator[Job]:
    """One job for each address, from the rows of `pending` in their order."""
    for url, group in itertools.groupby(rows, key=lambda row: row["slide_url"]):
        of_url = list(group)
        first = of_url[0]
        failures = [row["first_failed_at"] for row in of_url if row["first_failed_at"] is not None]
        yield Job(
            url=url,
            slides=[(row["post_id"], row["slide_index"]) for row in of_url],
            etag=first["etag"],
            last_modified=first["last_modified"],
            sha256=first["sha256"],
            storage_key=first["storage_key"],
            n_failed=max(row["n_failed"] for row in of_url),
            first_failed_at=min(failures, default=None),
        )
