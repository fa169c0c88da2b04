"""Commands that open or run notebooks: report, lab."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .report_parts import beside, tell_printed
from .shared import say, settings_of

if TYPE_CHECKING:
    from ..settings import Settings


def make_report(options: Any) -> int:
    if options.due or options.send or options.publish:
        from .delivery import make_due

        return make_due(options, make_report)
    from .report_again import make_again

    if options.at or options.time_zone:
        raise UsageError("--at and --time-zone say when a week is due: they go with --due. Nothing was run.")
    if options.newest and not options.from_manifest:
        raise UsageError("--newest goes with --from-manifest. A report is from the newest data anyhow.")
    if options.from_manifest:
        return make_again(options)
    from ..reporting.fork_server import start_server

    settings = settings_of(options)
    start_server()  # which imports what notebooks need while this process does so and looks at the data
    from ..warehouse.versions import held_newest

    with held_newest(settings.versions) as newest:
        return _made_of(newest if not os.environ.get("WORKBENCH_VERSION") else None, options, settings)


def _made_of(version: int | None, options: Any, settings: Settings) -> int:
    from ..reporting.data_facts import data_facts
    from ..reporting.parameters import given_on_command_line
    from ..reporting.run import make_reports
    from ..warehouse.reader import Workbench
    from .report_again import zip_set
    from .report_batch import make_batch_of

    with Workbench.opened(settings.home, version) as wb:
        facts = data_facts(wb)
    version, as_of = facts.version, facts.as_of
    if as_of is None:
        say("The warehouse is empty: the pages say what to import.")
        as_of = datetime.now(UTC).replace(tzinfo=None)
    if options.reports:
        return make_batch_of(options, settings, facts, as_of)
    given = given_on_command_line(options.parameters)
    run = make_reports(
        settings,
        version=version,
        as_of=as_of,
        week=options.week,
        only=",".join(options.only) if options.only else None,
        parameters=given,
        out=Path(options.out) if options.out else None,
        facts=facts,
        beside=beside(settings, version, given),
        files=options.files,
        pdf=options.pdf,
    )
    for page in run.failed:
        say(f"Error: {page.name} could not be made: {page.error}")
    if run.around and run.around.error:
        say(f"Error: the files around the pages could not be made: {run.around.error}")
    tell_printed([run])
    made = len(run.pages) - len(run.failed)
    say(
        f"Made {made} of {len(run.pages)} pages of {run.period} from version {version} in {run.seconds:.1f} s."
    )
    if options.zip:
        zip_set(run.folder.parent, run.period)
    print(run.index)
    return run.exit_code


def open_lab(options: Any) -> int:
    """JupyterLab on a home's own notebooks, else on those that it reports; its kernels know the home."""
    import importlib.util
    import os
    import subprocess
    import sys

    from ..private_files import refuse_foreign_code
    from ..reporting.kernel_variables import for_kernels
    from ..reporting.notebook_folders import OURS, find_notebooks, own_folder

    settings = settings_of(options)
    if importlib.util.find_spec("jupyterlab") is None:
        raise UsageError("JupyterLab is not installed here. Get it with: pip install 'workbench[lab]'")
    folder = find_notebooks(settings.home)[0].parent
    if settings.notebooks and (own := own_folder(settings.home, settings.notebooks)).is_dir():
        say(f"The workbench's notebooks, to copy from: {folder}")
        folder = own
    _refuse_in_sight(options.jupyter)
    if folder != OURS:
        refuse_foreign_code(folder)
    command = [sys.executable, "-m", "workbench.cli.lab_server", f"--notebook-dir={folder}", *options.jupyter]
    variables = for_kernels(os.environ, settings) | {"WORKBENCH_HOME": str(settings.home)}
    variables |= {
        name: os.environ[name] for name in ("JUPYTER_TOKEN", "JUPYTER_TOKEN_FILE") if name in os.environ
    }
    return subprocess.call(command, env=variables)


def _refuse_in_sight(arguments: Iterable[str]) -> None:
    """A secret among the arguments could be read by every user of this machine, in the list of processes."""
    for argument in arguments:
        if re.match(r"--[\w.]*(token|password|hashed_password)\b", argument, re.I):
            raise UsageError(
                f"{argument.partition('=')[0]} would stand in the list of processes, for all to read. Leave it out: "
                "JupyterLab makes a token itself. One of your own goes into the variable JUPYTER_TOKEN."
            )
        if not argument.startswith("-"):
            raise UsageError(f"workbench lab takes JupyterLab's options, and '{argument}' is none.")
