"""`workbench retain`: what need not be kept goes, old months of snapshots move into the archive."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .shared import Bar, say, settings_of

if TYPE_CHECKING:
    import argparse

    from ..safekeeping.retain import Retained
    from ..settings import Settings

_WORDS = {"raw_payloads": "raw payload", "rejected_rows": "rejected row", "app_events": "app event"}


def add_retain_command(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "retain",
        retain_data,
        "Remove what is past its days; move old months of snapshots into the archive.",
        "workbench retain --dry-run",
    )
    sub.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")
    sub.add_argument(
        "--clock-is-right",
        action="store_true",
        help="nothing was done here for long: believe this machine's clock all the same",
    )
    sub.add_argument("--format", choices=("text", "json"), default="text")


def retain_data(options: Any) -> None:
    from ..safekeeping.retain import retain

    settings = settings_of(options)
    with Bar("retain") as progress:
        outcome = retain(
            settings, dry_run=options.dry_run, clock_is_right=options.clock_is_right, progress=progress
        )
    if options.format == "json":
        print(json.dumps({**asdict(outcome), "dry_run": options.dry_run}, indent=1))
        return
    say(told(outcome, dry_run=options.dry_run))


def retain_after(settings: Settings) -> int:
    """The retention that follows a week's reports, whether they could be made or not; its exit code."""
    from ..errors import WorkbenchError
    from ..safekeeping.retain import retain
    from ..warehouse import versions

    if versions.current(settings.versions) is None:
        return 0
    try:
        outcome = retain(settings)
    except WorkbenchError as e:
        say(f"Error: retention: {e}")
        return e.exit_code
    if not outcome.is_nothing:
        say(told(outcome))
    return 0


def told(outcome: Retained, *, dry_run: bool = False) -> str:
    """One line with counts."""
    from ..display.numbers import counted

    if outcome.is_nothing:
        return "Nothing is past its days."
    removed = [counted(n, _WORDS[table]) for table, n in outcome.removed.items()]
    parts = [f"{'would remove' if dry_run else 'removed'} {', '.join(removed)}"] if removed else []
    if outcome.ip_hashes:
        hashes = counted(outcome.ip_hashes, "hash of an address", "hashes of addresses")
        parts.append(f"{'would forget' if dry_run else 'forgot'} {hashes}")
    if outcome.moved:
        rows, months = sum(outcome.moved.values()), outcome.months
        span = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
        parts.append(
            f"{'would move' if dry_run else 'moved'} {counted(rows, 'row')} of snapshots into the archive ({span})"
        )
    line = "; ".join(parts)
    line = line[0].upper() + line[1:]
    if dry_run:
        return f"{line}."
    before, after = outcome.bytes_before / 2**20, outcome.bytes_after / 2**20
    return f"{line}. Version {outcome.version}: {before:,.1f} MiB became {after:,.1f} MiB."
