"""What all ways of making reports share: the files beside pages, and what is told of printing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .shared import say
from .tasks import asked_before

if TYPE_CHECKING:
    from ..model.scope import Scope
    from ..reporting.run import ReportRun
    from ..settings import Settings


def beside(
    settings: Settings, version: int, given: Mapping[str, Any]
) -> dict[str, Callable[[Path, str], object]]:
    """What writes the files beside pages, for the accounts that the parameters of the creators' page name."""
    from ..model.scope import NAMES, Scope

    scope = Scope(*(str(given.get(name) or "") for name in NAMES))
    return {"5_creators": lambda folder, week: lists_beside(settings, version, folder, week, scope)}


def tell_printed(runs: Iterable[ReportRun]) -> None:
    """What could not be printed, and why; what holds for all of it is said once."""
    printed = [(run.folder, run.printed) for run in runs if run.printed]
    for note in dict.fromkeys(p.note for _, p in printed if p.note):
        say(note)
    for folder, p in printed:
        for page, why in p.failed.items():
            say(f"Error: {folder / page}.html could not be printed to PDF: {why}")


def lists_beside(
    settings: Settings, version: int, folder: Path, week: str, scope: Scope | None = None
) -> None:
    """The reel lists for the week after a report's, in a folder beside its pages; of a scope's accounts."""
    from ..metrics.periods import Period
    from ..model.level_facts import LevelFacts
    from ..model.reel_lists import reel_lists
    from ..model.scope import Scope as _Scope
    from ..model.suggestions import iso_week
    from ..reporting.reel_lists import FOLDER, write_reel_lists
    from ..warehouse.reader import Workbench

    with Workbench.opened(settings.home, version) as wb:
        after = Period.iso_week(week, settings.time_zone).shifted(7)
        # Dealt over all accounts, as an image goes to one only; then cut to these.
        lists = reel_lists(asked_before(wb, after))
        mine = LevelFacts(wb.table, after, scope=scope or _Scope()).mine(lists)
        write_reel_lists(mine, folder / FOLDER, iso_week(after.from_on))
