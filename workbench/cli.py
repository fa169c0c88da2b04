"""The `workbench` command: it parses, calls one function and phrases the outcome.

Everything heavy is imported inside the command that needs it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .errors import UsageError, WorkbenchError, nearest

if TYPE_CHECKING:
    from .settings import Settings
    from .warehouse.load import LoadOutcome

FORMATS = ("table", "csv", "json", "parquet")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 it failed, 2 what was asked is wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help()
        return 2
    try:
        return int(options.run(options) or 0)
    except WorkbenchError as e:
        print(f"Error: {e}", file=sys.stderr)
        return e.exit_code
    except BrokenPipeError:
        # The reader of a pipe has enough; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped. What was published before stands.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workbench",
        description="Analytics for people who run short-video accounts by the hundred.",
        epilog="Example: workbench import exports/ && workbench report",
    )
    parser.add_argument("--version", action="version", version=f"workbench {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(
        name: str, run: Callable[[Any], int | None], sentence: str, example: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=sentence, description=sentence, epilog=f"Example: {example}")
        sub.add_argument(
            "--home", metavar="DIR", help="folder with data/ and reports/ (default: the current one)"
        )
        sub.set_defaults(run=run)
        return sub

    sub = command(
        "import", _import, "Read files into the warehouse.", "workbench import exports/ --as-of 2025-10-05"
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

    command("load", _load, "Apply what waits in the inbox and publish a version.", "workbench load")
    sub = command("report", _report, "Make the reports of a week.", "workbench report --week 2025-W40")
    sub.add_argument("--week", metavar="YYYY-Www", help="default: the last complete week of the data")
    sub.add_argument("--only", metavar="2,3", help="these notebooks only, by number or name")
    sub.add_argument(
        "-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE", help="a parameter"
    )
    sub.add_argument("--out", metavar="DIR", help="folder of the reports (default: reports/)")

    sub = command(
        "metric",
        _metric,
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
    _output(sub)

    sub = command(
        "whatif",
        _whatif,
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
        "sql", _sql, "Run a SELECT on the newest version.", 'workbench sql "select count(*) from posts"'
    )
    sub.add_argument("query")
    _output(sub)

    sub = command(
        "status", _status, "What the warehouse holds, how fresh it is, what is wrong.", "workbench status"
    )
    sub.add_argument("--format", choices=("table", "json"), default="table")
    sub = command(
        "demo",
        _demo,
        "Make a simulated agency, import it and load it.",
        "workbench demo --posts 5000 --seed 2",
    )
    sub.add_argument("--posts", type=int, default=None, metavar="N", help="default: 45077")
    sub.add_argument("--seed", type=int, default=1, metavar="S")
    sub.add_argument("--out", metavar="DIR", help="where the files go (default: data/demo)")
    sub.add_argument("--no-load", action="store_true", help="write the files only")
    sub.add_argument("--if-empty", action="store_true", help="do nothing where there is a warehouse already")
    command("migrate", _migrate, "Bring the warehouse to the newest schema.", "workbench migrate")
    sub = command(
        "tasks",
        _tasks,
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
    return parser


def _output(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--format", choices=FORMATS, default="table")
    sub.add_argument("--out", metavar="FILE", help="write to a file (Parquet needs one)")


def _settings(options: Any) -> Settings:
    from .settings import load_settings

    return load_settings(options.home)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _import(options: Any) -> int:
    from .sources.importing import ImportFailed, import_paths
    from .warehouse.load import known_batches, known_files, load

    settings = _settings(options)
    given = {
        name: getattr(options, name)
        for name in ("mapping", "encoding", "delimiter", "year", "date_format", "platform")
        if getattr(options, name) is not None
    }
    as_of = _instant(options.as_of, settings) if options.as_of else None
    batches = known_batches(settings)
    failure: ImportFailed | None = None
    with _bar("import") as progress:
        try:
            imported = import_paths(
                options.paths,
                settings,
                as_name=options.as_name,
                as_of=as_of,
                options=given,
                progress=lambda path, n, total: progress(path.name, n, total),
                known=lambda batch: batches.get(batch) == "completed",
                known_files=known_files(settings),
            )
        except ImportFailed as e:
            failure, imported = e, list(e.imported)
    for one in imported:
        if one.skipped:
            _say(f"{one.path.name}: {one.source}, unchanged since it was imported.")
            continue
        rows = ", ".join(f"{n:,} {table}" for table, n in one.rows.items()) or "no rows"
        _say(f"{one.path.name}: {one.source}, {rows}.")
        for note in one.notes:
            _say(f"  {note}")
    code = 0
    if not options.no_load:
        with _bar("load") as progress:
            code = _tell(load(settings, what="workbench import", progress=progress), settings)
    if failure:
        raise failure
    return code


def _load(options: Any) -> int:
    from .warehouse.load import load

    settings = _settings(options)
    with _bar("load") as progress:
        return _tell(load(settings, progress=progress), settings)


def _tell(outcome: LoadOutcome, settings: Settings) -> int:
    """One line for a load, and one for each batch that needs a person."""
    for batch in outcome.failed:
        kept = settings.data / "refused" / batch.batch_id
        where = (
            f" It is kept in {kept}; moved back to {settings.inbox}, it is tried again."
            if kept.is_dir()
            else ""
        )
        _say(f"Error: {batch.file_name or batch.batch_id}: {batch.error}{where}")
    total = outcome.total
    line = (
        f"Loaded {len(outcome.batches)} batch{'' if len(outcome.batches) == 1 else 'es'}: {total('read'):,} rows read, "
        f"{total('accepted'):,} accepted, {total('unchanged'):,} unchanged, {total('rejected'):,} rejected"
    )
    if total("duplicate"):
        line += f", {total('duplicate'):,} duplicates within their file"
    version = outcome.version.version if outcome.version else 0
    stands = f"The warehouse is at version {version}{'' if outcome.published else ', as before'}."
    _say(f"{line}. {stands if version else 'There is no warehouse yet.'}")
    if total("rejected"):
        _say('Rejected rows and why: workbench sql "select * from rejected_rows"')
    nothing_stood = total("rejected") > 0 and not total("accepted") + total("unchanged")
    return 1 if outcome.failed or nothing_stood else 0


def _report(options: Any) -> int:
    from .reporting.parameters import given_on_command_line
    from .reporting.run import make_reports
    from .warehouse.reader import connect

    settings = _settings(options)
    with connect(settings.home) as wb:
        version, as_of = wb.version, wb.as_of
    if as_of is None:
        raise UsageError(
            "The warehouse is empty: there is nothing to report on. Import files with `workbench import`."
        )
    run = make_reports(
        settings,
        version=version,
        as_of=as_of,
        week=options.week,
        only=options.only,
        parameters=given_on_command_line(options.parameters),
        out=Path(options.out) if options.out else None,
        beside={"5_creators": lambda folder, week: _lists_beside(settings, version, folder, week)},
    )
    for page in run.failed:
        _say(f"Error: {page.name} could not be made: {page.error}")
    made = len(run.pages) - len(run.failed)
    _say(
        f"Made {made} of {len(run.pages)} pages of {run.period} from version {version} in {run.seconds:.1f} s."
    )
    print(run.index)
    return run.exit_code


def _metric(options: Any) -> int:
    from .metrics.periods import Period
    from .model.catalogue import METRICS, Asked
    from .warehouse.reader import connect

    if options.name is None:
        for metric in METRICS.values():
            print(f"{metric.name:24} {metric.sentence}")
        return 0
    if options.name not in METRICS:
        raise UsageError(
            f"There is no metric '{options.name}'.{nearest(options.name, METRICS)} Metrics: {', '.join(METRICS)}."
        )
    metric = METRICS[options.name]
    with connect(options.home) as wb:
        period = _period(options, wb, metric.days, Period)
        asked = Asked(wb.table, period, options.horizon, wb.settings)
        answer = metric.ask(asked) if metric.finish is None else wb.frame(metric.finish(asked), metric.name)
        for condition in options.where:
            answer = _only(answer, condition)
        _say(f"{metric.name}, {period.from_on} to {period.to_on}, version {wb.version}.")
        return _write(wb.backend, answer.order_by([c for c in metric.order if c in answer.columns]), options)


def _period(options: Any, wb: Any, days: int | None, kind: Any) -> Any:
    """The days asked for; else the `days` (None: all of them) up to the day before the data's newest."""
    from datetime import date, timedelta

    newest = (wb.as_of or datetime.now(UTC)).date()
    to_on = _day(options.to_on, "--to") if options.to_on else newest - timedelta(days=1)
    first = date(2000, 1, 1) if days is None else to_on - timedelta(days=days - 1)
    from_on = _day(options.from_on, "--from") if options.from_on else first
    if from_on > to_on:
        raise UsageError(f"--from {from_on} is after --to {to_on}. Swap them.")
    return kind(from_on, to_on, wb.settings.time_zone)


def _only(answer: Any, condition: str) -> Any:
    column, equals, value = condition.partition("=")
    if not equals:
        raise UsageError(f"--where '{condition}' is not COLUMN=VALUE, such as account_id=tiktok:name.")
    if column not in answer.columns:
        raise UsageError(
            f"--where: there is no column '{column}'.{nearest(column, answer.columns)} "
            f"Columns: {', '.join(answer.columns)}."
        )
    return answer.filter(answer[column].cast("string") == value)


def _whatif(options: Any) -> int:
    from .display import whatif_text
    from .metrics.periods import Period
    from .model.level_facts import LevelFacts
    from .model.whatif_inputs import start
    from .model.whatif_scenarios import changes
    from .reporting import weeks
    from .warehouse.reader import connect

    changed = changes(options.changes)
    with connect(options.home) as wb:
        zone = wb.settings.time_zone
        week = options.week or weeks.last_complete(wb.as_of or datetime.now(UTC), zone)
        weeks.monday(week)
        begin = start(LevelFacts(wb.table, Period.iso_week(week, zone), settings=wb.settings))
        file = Path(options.scenario) if options.scenario else None
        scenarios = whatif_text.scenarios(begin, changed, file)
    print((whatif_text.as_json if options.format == "json" else whatif_text.as_text)(begin, scenarios))
    return 0


def _sql(options: Any) -> int:
    from .warehouse.reader import connect

    with connect(options.home) as wb:
        return _write(wb.backend, wb.sql(options.query), options)


def _write(backend: Any, answer: Any, options: Any) -> int:
    """A result as a table, CSV, JSON or Parquet, on standard output or in a file."""
    import ibis

    if options.format == "parquet" and not options.out:
        raise UsageError("Parquet is not text: name a file with --out FILE.")
    query = ibis.to_sql(answer, dialect="duckdb")
    con = backend.con
    suffix = Path(options.out).suffix.lower().lstrip(".") if options.out else ""
    kind = options.format if options.format != "table" else suffix if suffix in FORMATS else "csv"
    if options.out and options.format != "table" and suffix in FORMATS and suffix != kind:
        raise UsageError(f"--out {options.out} ends in .{suffix}, but --format is {kind}. Make them agree.")
    if options.out or options.format != "table":
        _copy(con, query, kind, options.out)
        return 0
    relation = _run(con, query, relation=True)
    relation.show(max_rows=40, max_width=_width(), null_value="–")
    return 0


def _copy(con: Any, query: str, kind: str, out: str | None) -> None:
    """Write a result to a file, or through one to standard output, which DuckDB would truncate."""
    import shutil
    import tempfile

    how = {"csv": "FORMAT csv, HEADER", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}[kind]
    with tempfile.TemporaryDirectory() as folder:
        target = out or str(Path(folder) / "answer")
        quoted = target.replace("'", "''")
        _run(con, f"COPY ({query}) TO '{quoted}' ({how})")
        if not out:
            sys.stdout.flush()
            with Path(target).open("rb") as f:
                shutil.copyfileobj(f, sys.stdout.buffer)
            sys.stdout.flush()


def _run(con: Any, query: str, *, relation: bool = False) -> Any:
    import duckdb

    try:
        return con.sql(query) if relation else con.execute(query)
    except duckdb.Error as e:
        raise UsageError(f"That can't be run: {' '.join(str(e).split())}") from e


def _width() -> int:
    """How wide a table may be: as the screen, and without bounds where a file or a pipe takes it."""
    import shutil

    return max(80, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 10_000


def _status(options: Any) -> int:
    import json

    from .warehouse.reader import connect
    from .warehouse.status import status

    with connect(options.home) as wb:
        found = status(wb)
    if options.format == "json":
        print(json.dumps(found, indent=1, default=str))
        return 0
    print(f"Version {found['version']}, data as of {found['as_of'] or 'nothing yet'} UTC ({found['age']}).")
    for table, rows in found["rows"].items():
        print(f"  {table:22} {rows:>12,}")
    if found["rejected_rows"]:
        print(
            f'{found["rejected_rows"]:,} rejected rows. See why: workbench sql "select * from rejected_rows"'
        )
    for check in found["checks"]:
        print(f"{check['severity']}: {check['description']} ({check['failed']:,} of {check['checked']:,})")
    if found["waiting"]:
        print(f"{found['waiting']} batches wait in the inbox. Load them: workbench load")
    return 0


def _demo(options: Any) -> int:
    from .demo import DEFAULT_POSTS, make_demo
    from .sources.importing import import_paths
    from .warehouse.load import load
    from .warehouse.versions import current

    settings = _settings(options)
    standing = current(settings.versions)
    if options.if_empty and standing is not None and standing.as_of is not None:
        _say("There is a warehouse already; no demo data was made.")
        return 0
    folder = Path(options.out) if options.out else settings.data / "demo"
    posts = DEFAULT_POSTS if options.posts is None else options.posts
    with _bar("demo") as progress:
        made = make_demo(folder, posts=posts, seed=options.seed, progress=lambda step: progress(step, 0, 0))
    _say(f"Made {made.n_posts:,} posts in {len(made.files)} files in {made.folder}.")
    if options.no_load:
        return 0
    with _bar("import") as progress:
        import_paths(
            list(made.files),
            settings,
            as_of=made.as_of,
            progress=lambda path, n, total: progress(path.name, n, total),
        )
    with _bar("load") as progress:
        return _tell(load(settings, what="workbench demo", progress=progress), settings)


def _migrate(options: Any) -> int:
    from .warehouse.load import load

    outcome = load(_settings(options), what="workbench migrate", migrating=True)
    assert outcome.version is not None
    _say(f"The warehouse is at schema {outcome.version.schema_version}, version {outcome.version.version}.")
    return 0


def _lists_beside(settings: Settings, version: int, folder: Path, week: str) -> None:
    """The reel lists for the week after a report's, in a folder beside its pages."""
    from .metrics.periods import Period
    from .model.reel_lists import reel_lists
    from .model.suggestions import iso_week
    from .reporting.reel_lists import FOLDER, write_reel_lists
    from .warehouse.reader import connect

    with connect(settings.home, version) as wb:
        after = Period.iso_week(week, settings.time_zone).shifted(7)
        write_reel_lists(reel_lists(_asked_before(wb, after)), folder / FOLDER, iso_week(after.from_on))


def _tasks(options: Any) -> int:
    if options.ids and options.action in ("list", "lists"):
        raise UsageError(f"`workbench tasks {options.action}` takes no ids: '{options.ids[0]}'.")
    actions = {"list": _tasks_list, "accept": _tasks_accept, "done": _tasks_done, "lists": _tasks_lists}
    return actions[options.action](options)


def _planned(options: Any, wb: Any) -> Any:
    """The question whose answer is what to post in the week asked for."""
    from .metrics.periods import Period
    from .reporting import weeks

    if wb.as_of is None:
        raise UsageError(
            "The warehouse is empty: there is nothing to plan from. Import files with `workbench import`."
        )
    zone = wb.settings.time_zone
    last = Period.iso_week(weeks.last_complete(wb.as_of, zone), zone)
    week = Period.week_of(weeks.monday(options.week), zone) if options.week else last.shifted(7)
    return _asked_before(wb, week)


def _asked_before(wb: Any, week: Any) -> Any:
    from .model.catalogue import Asked
    from .model.level_facts import LevelFacts

    facts = LevelFacts(wb.table, week.before(), settings=wb.settings)
    return Asked(wb.table, facts.window, facts.horizon, wb.settings)


def _tasks_list(options: Any) -> int:
    from .metrics.tasks import task_list
    from .model.suggestions import LISTED, suggestions
    from .warehouse.reader import connect

    with connect(options.home) as wb:
        if options.suggested:
            answer = wb.frame(suggestions(_planned(options, wb))[list(LISTED)], "suggested")
            answer = answer.order_by([answer.expected_views.desc(), "task_id"])
        else:
            answer = task_list(wb.table("tasks"), status=options.status).order_by(["due_on", "task_id"])
        if options.va:
            answer = answer.filter(answer.va_id == options.va)
        return _write(wb.backend, answer, options)


def _tasks_accept(options: Any) -> int:
    from .model.accepting import accept
    from .warehouse.reader import connect

    settings = _settings(options)
    with connect(settings.home) as wb:
        found = accept(
            _planned(options, wb),
            now=datetime.now(UTC),
            ids=options.ids,
            accounts=options.account,
            top=options.top,
            due_on=_day(options.due, "--due") if options.due else None,
        )
    _say(f"{len(found.rows)} accepted, {len(found.standing)} had been before.")
    if found.short:
        _say(f"{found.short} fewer than asked for: there are no more recommendations for this week.")
    nobodys = sum(not row["va_id"] for row in found.rows)
    if nobodys:
        _say(
            f"{nobodys} are of accounts without a VA. Name one in accounts.csv, or give the task to somebody."
        )
    return _recorded(found.rows, settings, "workbench tasks accept")


def _tasks_done(options: Any) -> int:
    from .model.accepting import done
    from .warehouse.reader import connect

    settings = _settings(options)
    with connect(settings.home) as wb:
        rows, already = done(wb.table, options.ids, now=datetime.now(UTC))
    _say(f"{len(rows)} marked as done, {len(already)} had been before.")
    return _recorded(rows, settings, "workbench tasks done")


def _recorded(rows: list[dict[str, Any]], settings: Settings, what: str) -> int:
    """Rows of tasks through the inbox into the warehouse."""
    from . import record
    from .warehouse.load import load

    if not rows:
        return 0
    record.rows("tasks", rows, home=settings.home)
    return _tell(load(settings, what=what), settings)


def _tasks_lists(options: Any) -> int:
    from .model.reel_lists import reel_lists
    from .model.suggestions import iso_week, week_after
    from .reporting.reel_lists import FOLDER, write_reel_lists
    from .warehouse.reader import connect

    settings = _settings(options)
    with connect(settings.home) as wb:
        asked = _planned(options, wb)
        rows = reel_lists(asked)
    folder = Path(options.out) if options.out else settings.reports / FOLDER
    files = write_reel_lists(rows, folder, iso_week(week_after(asked.period).from_on))
    _say(f"Wrote {len(rows):,} things to post into {len(files)} files.")
    for file in files:
        print(file)
    return 0


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as e:
        raise UsageError(f"{where} '{text}' is not a date such as 2025-09-01.") from e


def _instant(text: str, settings: Settings) -> datetime:
    """A time given by a person: naive ones are in the settings' zone."""
    from zoneinfo import ZoneInfo

    try:
        given = datetime.fromisoformat(text)
    except ValueError as e:
        raise UsageError(f"--as-of '{text}' is not a time such as 2025-10-05 or 2025-10-05T18:00:00.") from e
    if given.tzinfo is None:
        given = given.replace(tzinfo=ZoneInfo(settings.time_zone))
    if given.year < 2005:
        raise UsageError(f"--as-of {text} is before 2005, when none of the platforms existed.")
    if given > datetime.now(UTC):
        raise UsageError(f"--as-of {text} lies in the future. Counts can't have been captured then.")
    return given.astimezone(UTC).replace(tzinfo=None)


class _bar:
    """A progress bar where a person watches, silence elsewhere."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.bar: Any = None

    def __enter__(self) -> Callable[[str, int, int], None]:
        if not sys.stderr.isatty():
            return lambda name, n, total: None
        from tqdm import tqdm

        self.bar = tqdm(desc=self.what, leave=False, delay=1.0)

        def show(name: str, n: int, total: int) -> None:
            self.bar.total = total or None
            self.bar.n = n
            self.bar.set_postfix_str(name[:40], refresh=True)

        return show

    def __exit__(self, *_error: object) -> None:
        if self.bar is not None:
            self.bar.close()
