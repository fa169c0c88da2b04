"""The reports of a file, for clients, creators or accounts: report --reports."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .report_parts import beside, tell_printed
from .shared import Bar, say

if TYPE_CHECKING:
    from ..reporting.data_facts import DataFacts
    from ..settings import Settings


def make_batch_of(options: Any, settings: Settings, facts: DataFacts, as_of: datetime) -> int:
    """Make every report of a file, each into a folder of its own, and tell the outcome in a line."""
    from ..reporting.batch import make_batch, planned_reports

    not_for_many = [n for n in ("only", "parameters", "zip", "from_manifest") if getattr(options, n, None)]
    if not_for_many:
        raise UsageError(
            f"--{not_for_many[0].replace('_', '-').replace('parameters', 'p')} is for one report. In a file of reports "
            "each has its own `only` and `parameters`. Nothing was run."
        )
    planned = planned_reports(
        settings.home / options.reports, settings, version=facts.version, as_of=as_of, week=options.week
    )
    with Bar("reports") as progress:
        run = make_batch(
            settings,
            planned,
            version=facts.version,
            as_of=as_of,
            out=Path(options.out) if options.out else None,
            facts=facts,
            beside=lambda plan: beside(settings, facts.version, plan.values.get("5_creators", {})),
            progress=progress,
            files=options.files,
            pdf=options.pdf,
        )
    for made in run.failed:
        if made.run is None:
            say(f"Error: report {made.name} could not be made: {made.error}")
        for page in made.run.failed if made.run else ():
            say(f"Error: report {made.name}: {page.name} could not be made: {page.error}")
        if made.run and made.run.around and made.run.around.error:
            say(f"Error: report {made.name}: the files around the pages: {made.run.around.error}")
    tell_printed(made.run for made in run.made if made.run)
    say(run.spelled)
    print(run.index)
    return run.exit_code
