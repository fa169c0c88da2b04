"""The command media fetch."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, WorkbenchError, nearest
from .loading import tell
from .shared import Bar, day_of, say, settings_of

if TYPE_CHECKING:
    from ..media.fetch import Fetched

_SHOWN = 12
"""Lines of reasons, the most frequent first."""


def add_fetch(add: Callable[..., argparse.ArgumentParser]) -> None:
    sub = add(
        "fetch",
        fetch_pictures,
        "Fetch the pictures that slides name, those of the newest posts first.",
        "workbench media fetch --account tiktok:ann --limit 1000",
    )
    sub.add_argument("--limit", type=int, metavar="N", help="ask for so many addresses at most")
    sub.add_argument(
        "--account", action="append", default=[], metavar="ACCOUNT", help="slides of this account only"
    )
    sub.add_argument("--from", dest="from_on", metavar="DATE", help="of posts from this day on")
    sub.add_argument(
        "--again",
        nargs="?",
        const="stored",
        choices=("stored", "refused"),
        help="ask again also for what is stored (has it changed?) or was refused",
    )
    sub.add_argument(
        "--persist",
        action="store_true",
        help="do not leave a host alone that forbids one address after another",
    )


def fetch_pictures(options: Any) -> int:
    import filelock

    from ..warehouse.load import load

    if options.limit is not None and options.limit < 1:
        raise UsageError(
            f"--limit {options.limit} asks for nothing. Give the number of addresses to ask for."
        )
    settings = settings_of(options)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = filelock.FileLock(settings.data / "media_fetch.lock", timeout=0, mode=0o600)
    try:
        with lock:
            with Bar(
                "load"
            ) as progress:  # what an interrupted run had found; an older schema is brought up to date
                before = load(settings, what="workbench media fetch", progress=progress)
            if before.batches:
                tell(before, settings)
            found = _fetched(options, settings)
            if found is None:
                return 0
            _tell(found)
            with Bar("load") as progress:
                code = tell(load(settings, what="workbench media fetch", progress=progress), settings)
    except filelock.Timeout as e:
        raise WorkbenchError(
            f"Another `workbench media fetch` is at work in {settings.home}. Both would ask for the same pictures: "
            "wait until it is done, or stop it; what it found is kept."
        ) from e
    nothing_answered = bool(found.given_up) and not found.outcomes.keys() - {"failed"}
    return 1 if nothing_answered else code


def _fetched(options: Any, settings: Any) -> Fetched | None:
    """What the run came to; None where there is nothing to fetch."""
    from itertools import islice

    import pyarrow.compute as pc

    from ..media.fetch import fetch
    from ..media.hosts import Manners
    from ..media.pending import jobs, pending
    from ..media.storage import open_storage
    from ..warehouse.reader import Workbench

    with Workbench(settings) as wb:
        named = wb.table("slides")
        wanted = pending(
            named,
            _posts(options, wb),
            wb.table("media_files"),
            wb.table("media_fetches"),
            again=options.again,
        ).to_pyarrow()
        if not wanted.num_rows:
            if named.slide_url.count().to_pyarrow().as_py():
                say("There is nothing to fetch: every slide asked for has its picture or was refused.")
                say(_WHY)
            else:
                say(
                    "There is nothing to fetch: no slide names an address. Add pictures: workbench media add FOLDER"
                )
            return None
    n_addresses = pc.count_distinct(wanted["slide_url"]).as_py()
    total = min(n_addresses, options.limit or n_addresses)
    only = f", of which {total:,} now" if total < n_addresses else ""
    say(f"{wanted.num_rows:,} slides name {n_addresses:,} addresses to ask for{only}.")
    rows = (row for batch in wanted.to_batches(max_chunksize=5_000) for row in batch.to_pylist())
    with Bar("fetch") as progress:
        return fetch(
            islice(jobs(rows), options.limit),
            settings,
            open_storage(settings),
            manners=Manners(forbidden=0) if options.persist else Manners(),
            progress=progress,
            total=total,
        )


def _posts(options: Any, wb: Any) -> Any:
    posts = wb.table("posts")
    if options.account:
        accounts = wb.table("accounts")
        named = accounts.account_id.isin(options.account) | accounts.username.isin(options.account)
        found = accounts.filter(named).select("account_id", "username").to_pyarrow().to_pylist()
        known = {name for row in found for name in row.values()}
        for name in options.account:
            if name not in known:
                listed = accounts.account_id.to_pyarrow().to_pylist()
                raise UsageError(f"--account {name}: there is no such account.{nearest(name, listed)}")
        posts = posts.filter(posts.account_id.isin([row["account_id"] for row in found]))
    if options.from_on:
        posts = posts.filter(posts.posted_local_on >= day_of(options.from_on, "--from"))
    return posts


_WHY = (
    'Refused slides and why: workbench sql "select post_id, slide_index, reason from media_fetches '
    "where outcome = 'refused'\""
)


def _tell(found: Fetched) -> None:
    """What became of the slides, why some have no picture, which hosts were left alone."""
    counts = ", ".join(
        f"{found.outcomes[name]:,} {words}"
        for name, words in (
            ("stored", "have their picture"),
            ("unchanged", "unchanged"),
            ("refused", "refused"),
            ("failed", "failed"),
        )
        if found.outcomes[name]
    )
    megabytes = f"{found.n_new_files:,} new files, {found.new_bytes / 1e6:,.1f} MB"
    say(f"Settled {found.n_addresses:,} addresses. Slides: {counts or 'none'} ({megabytes}).")
    for (outcome, reason), n in found.reasons.most_common(_SHOWN):
        say(f"  {n:,} {outcome}: {reason}")
    hidden = found.reasons.total() - sum(n for _, n in found.reasons.most_common(_SHOWN))
    if hidden:
        say(f"  and {hidden:,} for other reasons")
    for host, why in found.given_up.items():
        n = found.left.get(host, 0)
        say(f"{host} was left alone: it {why}. {n:,} slides of its wait untried for the next run.")
        if "forbade" in why:
            say(
                "  If it is not us but the addresses, which may have expired: workbench media fetch --persist"
            )
    if found.outcomes["failed"]:
        say("What failed is tried again by the next `workbench media fetch`.")
    if found.outcomes["refused"]:
        say(_WHY)
