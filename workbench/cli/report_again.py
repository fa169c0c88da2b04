"""What `report` does besides making a week: the same set again from its manifest, and a zip of a set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .report_parts import beside, tell_printed
from .shared import say, settings_of

if TYPE_CHECKING:
    from ..reporting.again import Again, Part
    from ..reporting.run import ReportRun
    from ..settings import Settings


def add_again_options(sub: argparse.ArgumentParser) -> None:
    """What `report` takes for both."""
    sub.add_argument(
        "--from-manifest", metavar="FILE", help="make a set again: same week, notebooks, parameters and data"
    )
    sub.add_argument(
        "--newest", action="store_true", help="with --from-manifest: from the newest data instead of the same"
    )
    sub.add_argument("--zip", action="store_true", help="also one zip of the set, with links that work in it")


def make_again(options: Any) -> int:
    """`report --from-manifest`. Exit code 1 too where the same data no longer give the same figures."""
    from ..display.numbers import counted
    from ..reporting.again import again, compared, read_manifest
    from ..reporting.index import write_index
    from ..reporting.manifest import manifest_of

    asked = (
        ("--week", options.week),
        ("--only", options.only),
        ("-p", options.parameters),
        ("--reports", options.reports),
    )
    given = [name for name, value in asked if value]
    if given:
        raise UsageError(
            f"--from-manifest says what is made, so {given[0]} can't be given with it. Nothing was run."
        )
    settings = settings_of(options)
    what = again(read_manifest(Path(options.from_manifest)), settings, newest=options.newest)
    for line in what.told:
        say(f"Note: {line}")
    reports = Path(options.out) if options.out else settings.reports
    runs = [_made(settings, what, part, reports, options.files, options.pdf) for part in what.parts]
    index = write_index(reports, names=[what.report] if what.report else [])
    for page in [p for run in runs for p in run.failed]:
        say(f"Error: {page.name} could not be made: {page.error}")
    if runs[-1].around and runs[-1].around.error:  # of the whole set, whatever version a page is from
        say(f"Error: the files around the pages could not be made: {runs[-1].around.error}")
    tell_printed(runs)
    made = compared(what.manifest, manifest_of(runs[-1].folder) or what.manifest)
    versions = ", ".join(str(part.version) for part in what.parts)
    n_pages = sum(len(run.pages) for run in runs)
    n_made = n_pages - sum(len(run.failed) for run in runs)
    told = counted(n_pages, "page") if n_made == n_pages else f"{n_made} of {counted(n_pages, 'page')}"
    say(f"Made {told} of {what.period} again, from version {versions}. {made.sentence}")
    if options.zip:
        zip_set(reports, what.period, what.report)
    print(index)
    differs = bool(made.other) and not options.newest
    return max([run.exit_code for run in runs] + [int(differs)])


def zip_set(reports: Path, period: str, name: str = "") -> None:
    """Write a set's zip and say where it is."""
    from ..reporting.zipping import write_zip

    file = write_zip(reports, period, name)
    say(f"Zipped: {file} ({file.stat().st_size / 1e6:.1f} MB).")


def _made(settings: Settings, what: Again, part: Part, reports: Path, files: bool, pdf: bool) -> ReportRun:
    from datetime import UTC, datetime

    from ..reporting.data_facts import data_facts
    from ..reporting.run import make_reports
    from ..warehouse.reader import Workbench

    with Workbench.opened(settings.home, part.version) as wb:
        facts = data_facts(wb)
    return make_reports(
        settings,
        version=part.version,
        as_of=facts.as_of or datetime.now(UTC).replace(tzinfo=None),
        week=what.period,
        only=list(part.values),
        out=reports / what.report if what.report or reports != settings.reports else None,
        name=what.report,
        beside=beside(settings, part.version, part.values.get("5_creators", {})),
        facts=facts,
        now=what.made_at,
        exactly=part.values,
        files=files,
        pdf=pdf,
    )
