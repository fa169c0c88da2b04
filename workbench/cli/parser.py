"""The arguments of every command."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from .. import __version__
from .asking import ask_metric, ask_sql, ask_whatif
from .delivery import add_delivery_commands, add_due_options
from .erasing import add_erase_command
from .loading import import_files, load_inbox, make_demo_home, migrate_warehouse, tell_status
from .media import add_media_commands
from .notebooks import check_notebooks, start_notebook
from .output import FORMATS, add_output
from .report_again import add_again_options
from .reporting import make_report, open_lab
from .retention import add_retain_command
from .safekeeping import add_safekeeping_commands
from .schedule import add_schedule_commands
from .slides import add_slide_commands
from .tasks import list_tasks


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workbench",
        description="Analytics for people who run short-video accounts by the hundred.",
        epilog="Example: workbench import exports/ && workbench report",
    )
    parser.add_argument("--version", action="version", version=f"workbench {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def group(name: str, sentence: str) -> Callable[..., argparse.ArgumentParser]:
        """A command of several actions; returns what adds one, as `command` does."""
        sub = commands.add_parser(name, help=sentence, description=sentence)
        actions = sub.add_subparsers(title="actions", metavar="ACTION", required=True)
        return partial(command, under=actions)

    def command(
        name: str, run: Callable[[Any], int | None], sentence: str, example: str, under: Any = commands
    ) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = under.add_parser(
            name, help=sentence, description=sentence, epilog=f"Example: {example}"
        )
        sub.add_argument(
            "--home", metavar="DIR", help="folder with data/ and reports/ (default: the current one)"
        )
        sub.set_defaults(run=run)
        return sub

    sub = command(
        "import",
        import_files,
        "Read files into the warehouse.",
        "workbench import exports/ --as-of 2025-10-05",
    )
    sub.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder of files")
    sub.add_argument(
        "--as", dest="as_name", metavar="FORMAT", help="read as this format instead of recognising it"
    )
    sub.add_argument(
        "--as-of", metavar="TIME", help="when lifetime counts were captured (UTC); default: the file's time"
    )
    sub.add_argument("--mapping", metavar="FILE", help="a TOML file that maps any CSV's columns")
    sub.add_argument("--encoding", help="of a text file that is not UTF-8, such as cp1252")
    sub.add_argument("--delimiter", help="between a CSV's fields, where it can't be found")
    sub.add_argument("--year", type=int, help="of dates without one")
    sub.add_argument(
        "--date-format", metavar="FORMAT", help="of dates that could be read in two ways, such as %%d/%%m/%%Y"
    )
    sub.add_argument("--platform", help="of files that don't say")
    sub.add_argument("--no-load", action="store_true", help="leave the batches in the inbox")

    command("load", load_inbox, "Apply what waits in the inbox and publish a version.", "workbench load")
    sub = command("report", make_report, "Make the reports of a week.", "workbench report --week 2025-W40")
    sub.add_argument("--week", metavar="YYYY-Www", help="default: the last complete week of the data")
    sub.add_argument("--only", action="append", metavar="2,3", help="these notebooks only, by number or name")
    sub.add_argument(
        "-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE", help="a parameter"
    )
    sub.add_argument("--out", metavar="DIR", help="folder of the reports (default: reports/)")
    sub.add_argument(
        "--reports",
        nargs="?",
        const="reports.toml",
        metavar="FILE",
        help="many reports, per client, creator or account, as a file says (default: reports.toml of the home)",
    )
    sub.add_argument("--pdf", action="store_true", help="print the pages to PDF too, by a Chromium or Chrome")
    sub.add_argument(
        "--no-files",
        dest="files",
        action="store_false",
        help="pages only: no workbook, no tables and charts as files, no still pictures in the pages",
    )
    add_due_options(sub)
    add_again_options(sub)
    add_delivery_commands(command)
    sub = command("lab", open_lab, "Open the notebooks in JupyterLab.", "workbench lab -- --no-browser")
    sub.add_argument("jupyter", nargs="*", metavar="OPTION", help="what JupyterLab takes, after --")
    sub = command(
        "new", start_notebook, "Start a notebook of your own from a template.", "workbench new my_hashtags"
    )
    sub.add_argument("name", metavar="NAME", help="letters, digits, _ and -; the name of its page")
    sub.add_argument("--title", default="", help="default: the name in words")
    sub.add_argument("--question", default="", help="the question that it answers")
    sub.add_argument(
        "--author", default="", help="whom to ask where its page fails (default: your login's name)"
    )
    sub = command(
        "check",
        check_notebooks,
        "Tell whether notebooks of your own can join the reports, and what to do where they can't.",
        "workbench check my_hashtags",
    )
    sub.add_argument(
        "notebooks", nargs="*", metavar="NOTEBOOK", help="files or names (default: all of your own)"
    )
    sub.add_argument("--quick", action="store_true", help="without the second run and the browser")
    sub.add_argument(
        "--timeout", type=int, default=120, metavar="SECONDS", help="that one cell may take (default: 120)"
    )
    sub.add_argument("--format", choices=("table", "json"), default="table")

    sub = command(
        "metric",
        ask_metric,
        "Ask for one metric.",
        "workbench metric kpi_score --from 2025-09-01 --to 2025-09-28",
    )
    sub.add_argument("name", nargs="?", help="without a name: the list of metrics")
    sub.add_argument(
        "--from",
        dest="from_on",
        metavar="DATE",
        help="first day (default: mostly 28 days, some metrics more)",
    )
    sub.add_argument(
        "--to", dest="to_on", metavar="DATE", help="last day (default: the day before the data's newest)"
    )
    sub.add_argument(
        "--where", action="append", default=[], metavar="COLUMN=VALUE", help="rows with this value only"
    )
    sub.add_argument(
        "--horizon", choices=("120", "settled"), default="120", help="age at which posts are compared"
    )
    add_output(sub)

    sub = command(
        "whatif",
        ask_whatif,
        "Change inputs such as posts per day and see what a month would give.",
        "workbench whatif -p posts_per_day=4 -p viral_rate=0.2",
    )
    sub.add_argument(
        "-p", dest="changes", action="append", default=[], metavar="NAME=VALUE", help="an input to change"
    )
    sub.add_argument("--week", metavar="YYYY-Www", help="last of the 4 weeks that today is made of")
    sub.add_argument("--scenario", metavar="FILE", help="scenarios that JupyterLab's sliders wrote")
    sub.add_argument("--format", choices=("table", "json"), default="table")

    sub = command(
        "sql", ask_sql, "Run a SELECT on the newest version.", 'workbench sql "select count(*) from posts"'
    )
    sub.add_argument("query")
    add_output(sub)

    sub = command(
        "status", tell_status, "What the warehouse holds, how fresh it is, what is wrong.", "workbench status"
    )
    sub.add_argument("--format", choices=("table", "json"), default="table")
    sub = command(
        "demo",
        make_demo_home,
        "Make a simulated agency, import it and load it.",
        "workbench demo --posts 5000 --seed 2",
    )
    sub.add_argument("--posts", type=int, default=None, metavar="N", help="default: 45077")
    sub.add_argument("--seed", type=int, default=1, metavar="S")
    sub.add_argument("--out", metavar="DIR", help="where the files go (default: data/demo)")
    sub.add_argument(
        "--pictures",
        type=int,
        default=None,
        metavar="N",
        help="pictures of slides to draw (default: a hundredth of the posts, 400 at most)",
    )
    sub.add_argument("--no-load", action="store_true", help="write the files only")
    sub.add_argument("--if-empty", action="store_true", help="do nothing where there is a warehouse already")
    add_retain_command(command)
    command("migrate", migrate_warehouse, "Bring the warehouse to the newest schema.", "workbench migrate")
    sub = command(
        "tasks",
        list_tasks,
        "Accept recommendations as tasks, list tasks, mark them as done, write reel lists.",
        "workbench tasks accept --top 20",
    )
    sub.add_argument("action", choices=("list", "accept", "done", "lists"), help="what to do")
    sub.add_argument("ids", nargs="*", metavar="ID", help="accept: ids of suggestions; done: ids of tasks")
    sub.add_argument(
        "--week", metavar="YYYY-Www", help="week to post in (default: the one after the last complete week)"
    )
    sub.add_argument(
        "--account", action="append", default=[], metavar="ACCOUNT", help="accept: all for this account"
    )
    sub.add_argument(
        "--top", type=int, metavar="N", help="accept: so many in the week, the most promising first"
    )
    sub.add_argument("--due", metavar="DATE", help="accept: due on this day")
    sub.add_argument("--va", metavar="VA", help="list: of this VA only")
    sub.add_argument(
        "--status", choices=("open", "done", "canceled", "all"), default="open", help="list (default: open)"
    )
    sub.add_argument("--suggested", action="store_true", help="list: what can be accepted, with its ids")
    sub.add_argument("--format", choices=FORMATS, default="table", help="list")
    sub.add_argument(
        "--out", metavar="PATH", help="list: a file; lists: the folder (default: reports/reel_lists)"
    )
    add_media_commands(group("media", "Fetch, add, read and store the pictures of slides."))
    add_schedule_commands(group("schedule", "Make the reports every week by themselves."))
    add_safekeeping_commands(command)
    add_erase_command(command)
    add_slide_commands(group("slides", "Find slides by their text or by a picture."))
    return parser
