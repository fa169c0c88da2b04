"""Queries of somebody who means harm: nothing is written, read or changed, and the next query is answered."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import workbench
from workbench import cli
from workbench.errors import UsageError

CANARY = "canary-8d1f-of-the-environment"


def hostile(out: Path, version: Path) -> list[str]:
    """Queries that would write to `out`, read what is not the warehouse's, or change how DuckDB works."""
    o, v = str(out), str(version)
    reads = [
        *(f"read_text('{p}')" for p in ("/etc/passwd", "file:///etc/passwd", f"{v}/../../private.key")),
        *(f"read_blob('{p}')" for p in ("/etc/shadow", "/proc/self/environ", f"{v}")),
        *("read_csv('/etc/passwd')", "read_csv('/dev/stdin')", "read_json('/etc/passwd')"),
        *("glob('/*')", f"glob('{version.parent.parent}/archive/../*')", "sniff_csv('/etc/passwd')"),
        *(
            f"parquet_metadata('{o}')",
            f"parquet_schema('{o}')",
            f"parquet_scan('{o}')",
            f"read_duckdb('{v}')",
        ),
        *(
            "sqlite_scan('/tmp/x.db', 't')",
            "postgres_scan('host=127.0.0.1', 'a', 'b')",
            "st_read('/etc/passwd')",
        ),
        *("iceberg_scan('/tmp')", "delta_scan('/tmp')", "read_xlsx('/tmp/a.xlsx')"),
        *("read_parquet('s3://bucket/x.parquet')", "read_csv('https://example.com/x.csv')"),
        *("query('select 1')", f"query('copy (select 1) to ''{o}''')", "query_table('/etc/passwd')"),
        *("arrow_scan_dumb(1, 2, 3)", "pandas_scan(1)", "python_map_function(1)", "seq_scan()"),
        "json_execute_serialized_sql(json_serialize_sql('select * from read_text(''/etc/passwd'')'))",
    ]
    changes = [
        *(
            f"enable_logging(storage = 'file', storage_path = '{o}')",
            f"enable_profiling(save_location = '{o}')",
        ),
        *("disable_logging()", "checkpoint()", "force_checkpoint()", "truncate_duckdb_logs()"),
    ]
    tells = ["duckdb_settings()", "duckdb_secrets()", "which_secret('s3://x', 's3')", "duckdb_databases()"]
    hidden = [
        f"select (select count(*) from enable_logging(storage = 'file', storage_path = '{o}'))",
        "select * from posts where exists (from Enable_Logging())",
        'with a as (from "enable_logging"()) select * from a',
        f"select * from posts p, lateral (from enable_profiling(save_location = '{o}'))",
        "from system.main.enable_logging()",
        "select $$ ' $$ as x from enable_logging()",
        r"select 'a\' from enable_logging() --'",
        "select /* /* */ 1 /* */ from enable_logging() */",
        "select 1 union all select count(*) from read_text('/etc/passwd')",
        "from '/etc/passwd'",
        "from 'x.csv'",
        "select * from 'https://example.com/x.csv'",
        f"from '{v}'",
        "from CANARY",
        "select getenv('HOME')",
    ]
    statements = [
        *("insert into posts select * from posts", "delete from posts", "update posts set title = 'x'"),
        *(
            "truncate posts",
            "drop table posts",
            "alter table posts add column x int",
            "create table x (a int)",
        ),
        *(
            "create temp table x as select 1",
            "create or replace temp macro a(x) as x",
            "create secret x (type s3)",
        ),
        *(f"copy posts to '{o}'", f"copy (select 1) to '{o}' (format csv)", f"copy posts from '{o}'"),
        *(
            f"export database '{o}'",
            f"import database '{o}'",
            f"attach '{o}'",
            "detach v000001",
            "use memory",
        ),
        *("install httpfs", "load httpfs", "force install httpfs from community", f"load '{o}'", "vacuum"),
        *("set lock_configuration = false", "reset lock_configuration", "set enable_external_access = true"),
        *("set allowed_directories = ['/']", "set session temp_directory = '/tmp'", "set variable x = 1"),
        *("pragma database_list", "pragma enable_profiling", "call enable_logging()", "checkpoint", "begin"),
        *("prepare a as select 1", "execute a", "explain analyze insert into posts select * from posts"),
        *("select 1; drop table posts", "/* */ drop table posts", "select 1; select 2", "", ";", "\x00"),
        "with x as (insert into posts select * from posts returning *) select * from x",
        "merge into posts using posts p on false when not matched then insert",
        "comment on table posts is 'x'",
    ]
    return [*(f"select * from {f}" for f in (*reads, *changes, *tells)), *hidden, *statements]


@pytest.fixture
def wb(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[workbench.Workbench]:
    monkeypatch.setenv("HTTP_PROXY", f"http://user:{CANARY}@proxy:1")
    monkeypatch.setenv("http_proxy", f"http://user:{CANARY}@proxy:1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    with workbench.connect(demo_home) as opened:
        yield opened


def state(home: Path) -> dict[str, str]:
    """Every file of a home with its hash."""
    files = [f for f in sorted(home.rglob("*")) if f.is_file()]
    return {str(f.relative_to(home)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_no_hostile_query_runs_and_the_next_one_is_answered(
    wb: workbench.Workbench, tmp_path: Path, figure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("a\n1\n")
    out, home = tmp_path / "out", wb.settings.home
    queries = hostile(out, wb.settings.versions / f"v{wb.version:06d}.duckdb")
    before = state(home)
    ran, said = [], []
    for query in queries:
        try:
            rows = wb.sql(query).to_pyarrow()
        except UsageError as e:
            said.append(str(e))
        else:
            ran.append((query, rows))
        assert wb.tables.posts.count().execute() > 0
    assert ran == []
    assert "\n" not in "".join(said)
    assert CANARY not in "".join(said)
    assert state(home) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.csv"]
    figure("hostile_queries_refused", len(queries), "queries", ran=0, files_changed=0)


def test_the_connection_refuses_by_itself_what_the_parser_would_let_through(
    wb: workbench.Workbench, tmp_path: Path, figure: Callable[..., None]
) -> None:
    """Without the look at the text: DuckDB's own lock. What that lock lets through needs the look, and is known."""
    file = tmp_path / "in.csv"
    file.write_text("a\n1\n")
    statements = [
        *(
            f"from '{file}'",
            f"from read_csv('{file}')",
            f"from read_text('{file}')",
            f"from glob('{tmp_path}/*')",
        ),
        *(
            f"copy posts to '{tmp_path}/x'",
            f"attach '{tmp_path}/x.duckdb'",
            f"export database '{tmp_path}/y'",
        ),
        *("install httpfs", "load httpfs", f"load '{file}'", "create persistent secret x (type s3)"),
        *(
            "set lock_configuration = false",
            "set enable_external_access = true",
            "set allowed_directories = ['/']",
        ),
        *(
            "reset enable_external_access",
            "set temp_directory = '/tmp'",
            "set threads = 9",
            "pragma threads = 9",
        ),
        *("insert into posts select * from posts", "drop table posts", "create table v000001.main.x (a int)"),
        *(
            "from read_csv('https://example.com/x.csv')",
            "from read_parquet('s3://bucket/x')",
            "from statements",
        ),
        *("select getenv('HOME')", f"import database '{tmp_path}'", f"from parquet_metadata('{file}')"),
    ]
    for statement in statements:
        with pytest.raises(Exception, match=r"\w") as error:
            wb.backend.con.execute(statement).fetchall()
        assert type(error.value).__module__ == "_duckdb", (statement, error.value)
    settings = wb.backend.con.execute("from duckdb_settings()").fetchall()
    assert CANARY not in str(settings)
    assert str(Path.home()) not in str(
        [s for s in settings if s[0] in ("secret_directory", "home_directory")]
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv"]
    figure("refused_by_duckdb_itself", len(statements), "statements")


def test_ordinary_queries_still_run(wb: workbench.Workbench, tmp_path: Path) -> None:
    for query in (
        "select platform, count(*) as n from posts group by all -- by platform",
        "from posts limit 3",
        "with a as (select platform from posts), b as (select distinct platform from a) select * from b",
        "select unnest(hashtags) from posts",
        "select * from (summarize posts)",
        "from range(3)",
        "select column_name from information_schema.columns where table_name = 'posts'",
        "select name from pragma_table_info('posts')",
        "select views from posts asof join post_snapshots s on posts.post_id = s.post_id and posted_at <= captured_at",
    ):
        assert wb.sql(query).to_pyarrow().num_rows > 0, query
    wb.tables.posts.limit(5).to_parquet(tmp_path / "posts.parquet")
    wb.sql("select 1 as a").to_csv(tmp_path / "one.csv")
    assert (tmp_path / "one.csv").read_text().split() == ["a", "1"]
    assert not wb.backend.exchange.exists()


def test_two_readers_in_one_process_have_settings_of_their_own(demo_home: Path) -> None:
    with workbench.connect(demo_home, memory_limit="200MB") as one, workbench.connect(demo_home) as other:
        asked = "select current_setting('memory_limit') as a, current_setting('TimeZone') as b"
        assert one.sql(asked).to_pyarrow().to_pylist()[0]["a"].startswith("190")
        assert not other.sql(asked).to_pyarrow().to_pylist()[0]["a"].startswith("190")
        assert one.sql(asked).to_pyarrow().to_pylist()[0]["b"] == "UTC"


def test_a_query_without_end_stops_at_the_limit_of_disk_or_by_ctrl_c_and_leaves_nothing(
    demo_home: Path, figure: Callable[..., None]
) -> None:
    sort = (
        "select a.post_id || b.post_id as x from posts a, posts b, post_snapshots c order by x "
        "limit 1 offset 1000000000"
    )
    command = [
        sys.executable,
        "-c",
        "import sys; from workbench.cli import main; sys.exit(main())",
        "sql",
        sort,
    ]
    started = time.monotonic()
    asking = subprocess.Popen(
        [*command, "--home", str(demo_home)],
        env={**os.environ, "WORKBENCH_MEMORY_LIMIT": "150MB"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A background job of a shell has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    spills: list[Path] = []
    while not spills and asking.poll() is None and time.monotonic() - started < 60:
        spills = list(demo_home.rglob(".spill-*"))
        time.sleep(0.02)
    assert spills, asking.communicate()
    assert oct(spills[0].parent.stat().st_mode)[-3:] == "700"
    sent = time.monotonic()
    asking.send_signal(signal.SIGINT)
    _, said = asking.communicate(timeout=60)
    stopped = time.monotonic() - sent
    assert asking.returncode == 130, said
    assert said == "Stopped. What was published before stands.\n"
    assert list(demo_home.rglob(".spill-*")) == []
    figure("ctrl_c_of_a_query", round(stopped, 2), "s", spilled=len(spills), left=0)


def test_a_spill_takes_half_of_what_is_free_at_most_and_says_so(
    demo_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    figure: Callable[..., None],
) -> None:
    monkeypatch.setattr("workbench.warehouse.locking._free", lambda _folder: 40_000_000)
    monkeypatch.setenv("WORKBENCH_MEMORY_LIMIT", "100MB")
    sort = "select a.post_id || b.post_id as x from posts a, posts b order by x limit 1 offset 100000000"
    many = f"select * from ({sort.replace('posts b', 'post_snapshots b')})"
    assert cli.main(["sql", many, "--home", str(demo_home)]) in (1, 2)
    said = capfd.readouterr().err
    assert said.startswith("Error: ")
    assert "not enough disk" in said
    assert said.count("\n") == 1
    assert list(demo_home.rglob(".spill-*")) == []
    figure("spill_limit", 20, "MB", free=40)
