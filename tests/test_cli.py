"""The command, as its users meet it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench import cli
from workbench.demo import DemoFiles

ROOT = Path(__file__).resolve().parents[1]


def test_help_answers_in_under_a_fifth_of_a_second() -> None:
    command = Path(sys.executable).with_name("workbench")
    subprocess.run([command, "--help"], check=True, capture_output=True)
    fastest = min(_seconds(command) for _ in range(5))
    assert fastest < 0.2, f"{fastest:.3f} s"


def _seconds(command: Path) -> float:
    start = time.perf_counter()
    subprocess.run([command, "--help"], check=True, capture_output=True)
    return time.perf_counter() - start


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, workbench.cli.parser; workbench.cli.parser.command_line(); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"duckdb", "ibis", "pandas", "numpy", "altair", "pyarrow", "IPython"}
    assert not heavy & set(re.findall(r"'(\w+)'", done.stdout))


def test_without_a_warehouse_every_reader_says_how_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["status"], ["report"], ["metric", "kpi_score"], ["sql", "select 1"]):
        assert cli.main([*command, "--home", str(tmp_path)]) == 2
        error = capsys.readouterr().err
        assert "There is no warehouse" in error
        assert "workbench import" in error
    assert not list(tmp_path.iterdir())


def test_import_says_what_it_did_and_an_unchanged_file_changes_nothing(
    small_demo: DemoFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    master = next(f for f in small_demo.files if f.name.startswith("MASTER"))
    assert cli.main(["import", str(master), "--home", str(tmp_path)]) == 0
    first = capsys.readouterr().err
    assert "MASTER_TIKTOK_DATABASE.csv: master, 600 posts" in first
    assert re.search(r"Loaded 1 batch: [\d,]+ rows read, [\d,]+ accepted, 0 unchanged, 0 rejected", first)
    assert "version 1" in first
    copied = tmp_path / "copy.csv"
    shutil.copyfile(master, copied)
    assert cli.main(["import", str(copied), "--home", str(tmp_path)]) == 0
    again = capsys.readouterr().err
    assert "unchanged since it was imported" in again
    assert "version 1, as before" in again


def test_a_file_that_cannot_be_read_is_an_error_of_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "empty.csv"
    bad.write_text("")
    assert cli.main(["import", str(bad), "--home", str(tmp_path)]) in (1, 2)
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert "empty.csv" in error
    assert "Traceback" not in error


def test_metric_writes_tables_csv_json_and_parquet(
    demo_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ask = ["metric", "account_results", "--home", str(demo_home), "--to", "2025-10-05"]
    assert cli.main(ask) == 0
    assert "median_views" in capfd.readouterr().out
    assert cli.main([*ask, "--format", "json"]) == 0
    rows = json.loads(capfd.readouterr().out)
    assert {"account_id", "n_mature_posts"} <= set(rows[0])
    assert cli.main([*ask, "--format", "csv"]) == 0
    assert capfd.readouterr().out.startswith("account_id,")
    assert cli.main([*ask, "--format", "parquet"]) == 2
    assert "--out" in capfd.readouterr().err
    target = tmp_path / "it's.parquet"
    assert cli.main([*ask, "--format", "parquet", "--out", str(target)]) == 0
    assert target.read_bytes()[:4] == b"PAR1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["metric", "kpi_scor"], "Did you mean 'kpi_score'?"),
        (["metric", "kpi_score", "--where", "acount_id=x"], "Did you mean 'account_id'?"),
        (["metric", "kpi_score", "--where", "account_id"], "is not COLUMN=VALUE"),
        (["metric", "kpi_score", "--from", "yesterday"], "'yesterday' is not a date"),
        (["metric", "kpi_score", "--from", "2025-10-05", "--to", "2025-10-01"], "Swap them"),
        (["sql", "selec 1"], "can't be run"),
        (["sql", "delete from posts"], "One SELECT can be run at a time"),
        (["sql", "select 1; copy (select 1) to 'x.csv'"], "One SELECT can be run at a time"),
        (["sql", ""], "One SELECT can be run at a time"),
        (["report", "--week", "2025-40"], "is not an ISO week"),
        (["report", "-p", "min_view=3"], "none of the notebooks has a parameter 'min_view'"),
    ],
)
def test_what_is_asked_wrongly_is_refused_with_the_remedy(
    arguments: list[str], said: str, demo_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*arguments, "--home", str(demo_home)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_an_answer_is_added_to_what_a_file_holds(demo_home: Path, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("workbench")
    target = tmp_path / "all.csv"
    target.write_text("keep\n")
    script = f'{command} sql "select 1 as n" --format csv --home {demo_home} >> {target}'
    subprocess.run(["bash", "-c", script], check=True)
    assert target.read_text().splitlines() == ["keep", "n", "1"]


def test_the_format_follows_the_name_of_the_file(
    demo_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "n.parquet"
    assert cli.main(["sql", "select 1 as n", "--out", str(target), "--home", str(demo_home)]) == 0
    assert target.read_bytes()[:4] == b"PAR1"
    ask = ["sql", "select 1 as n", "--format", "csv", "--out", str(target), "--home", str(demo_home)]
    assert cli.main(ask) == 2
    assert "Make them agree" in capsys.readouterr().err


def test_loading_a_home_that_is_not_there_makes_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["load", "--home", str(tmp_path / "typo")]) == 2
    assert f"There is no folder {tmp_path / 'typo'}." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_loading_nothing_makes_no_warehouse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["load", "--home", str(tmp_path)]) == 0
    assert "There is no warehouse yet" in capsys.readouterr().err
    assert not (tmp_path / "data" / "versions").exists()


def test_each_notebook_that_is_asked_for_counts_also_where_the_option_is_repeated(
    demo_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["report", "--only", "nope", "--only", "5", "--home", str(demo_home)]) == 2
    assert "There is no notebook 'nope'" in capsys.readouterr().err


def test_an_import_whose_data_look_wrong_says_so_and_one_like_the_others_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "post_snapshots.csv"

    def days(views: dict[int, int]) -> str:
        rows = [f"tiktok:{p},2026-01-0{n} 06:00:00,{v}\n" for n, v in views.items() for p in range(30)]
        file.write_text("post_id,captured_at,views\n" + "".join(rows))
        assert cli.main(["import", str(file), "--home", str(tmp_path)]) == 0
        return capsys.readouterr().err

    assert "Look at these data" not in days({1: 1000, 2: 1100})
    assert re.search(
        r"Look at these data, checks of them fail: 1 critical\. All, and what to do: workbench status\n"
        r"  critical: Views fell in 30 of 30 steps from one capture of a post to the next",
        days({3: 400}),
    )


def test_an_import_of_which_nothing_could_stand_has_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = tmp_path / "tasks.csv"
    tasks.write_text("task_id,due_on\nt1,soon\n")
    assert cli.main(["import", str(tasks), "--home", str(tmp_path)]) == 1
    assert "1 rejected" in capsys.readouterr().err


def test_addresses_of_people_are_not_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "app_events.csv"
    events.write_text("event_id,event_name,ip_hash\n1,click,203.0.113.7\n")
    assert cli.main(["import", str(events), "--home", str(tmp_path)]) == 1
    assert "have a network address in ip_hash" in capsys.readouterr().err
    kept = [p for p in (tmp_path / "data").rglob("*") if p.is_file() and b"203.0.113.7" in p.read_bytes()]
    assert not kept


@pytest.mark.parametrize("form", ["table", "csv"])
@pytest.mark.parametrize(
    "query",
    [
        "select cast(caption as int) from posts where caption <> ''",
        "select 9223372036854775807 + 1",
        "select error('boom')",
        "select log(-1)",
        "select (select views from post_snapshots) x",
        "table posts",
        "values (1)",
        "describe posts",
        "show tables",
        "summarize posts",
    ],
)
def test_a_mistake_in_sql_is_told_in_one_line(
    demo_home: Path, capfd: pytest.CaptureFixture[str], query: str, form: str
) -> None:
    assert cli.main(["sql", query, "--format", form, "--home", str(demo_home)]) == 2
    said = capfd.readouterr().err
    assert said.startswith("Error: ")
    assert said.count("\n") == 1
    assert "subquery'" not in said
    assert "LINE 1" not in said


def test_a_query_that_ctrl_c_broke_off_is_a_stop_and_what_is_left_of_an_erasure_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(*_: object, **__: object) -> None:
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr("workbench.safekeeping.verify.verified", broken_off)
    (tmp_path / "data").mkdir()
    assert cli.main(["verify", "--home", str(tmp_path)]) == 130
    assert capsys.readouterr().err.endswith("Stopped. What was published before stands.\n")
    (tmp_path / "data" / "erasing.json").write_text("{}")
    assert cli.main(["verify", "--home", str(tmp_path)]) == 130
    assert capsys.readouterr().err.endswith("has not ended; what is left is done by: workbench erase\n")


def test_sql_shows_rows(demo_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    query = "select count(*) as n_posts from posts"
    assert cli.main(["sql", query, "--format", "json", "--home", str(demo_home)]) == 0
    assert json.loads(capfd.readouterr().out) == [{"n_posts": 600}]


def test_status_counts_rows_and_names_what_is_wrong(
    demo_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["status", "--format", "json", "--home", str(demo_home)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"]["posts"] == 600
    assert found["version"] == 1
    assert found["waiting"] == 0


def test_demo_is_not_made_over_a_warehouse(demo_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(p.name for p in (demo_copy / "data" / "versions").iterdir())
    assert cli.main(["demo", "--if-empty", "--home", str(demo_copy)]) == 0
    assert "already" in capsys.readouterr().err
    assert sorted(p.name for p in (demo_copy / "data" / "versions").iterdir()) == before


def test_report_makes_a_page_and_prints_the_index(
    demo_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "notebooks", demo_copy / "notebooks")
    assert cli.main(["report", "--week", "2025-W39", "--home", str(demo_copy)]) == 0
    index = Path(capsys.readouterr().out.strip())
    assert index == demo_copy / "reports" / "index.html"
    page = (demo_copy / "reports" / "2025-W39" / "2_accounts.html").read_text(encoding="utf-8")
    assert "Accounts" in page
    assert "22 Sep" in page
    assert "import workbench" not in page
    assert "2025-W39/2_accounts.html" in index.read_text(encoding="utf-8")


def test_a_closed_pipe_is_no_error(demo_home: Path) -> None:
    command = Path(sys.executable).with_name("workbench")
    script = f'{command} sql "select * from post_snapshots" --format csv --home {demo_home} | head -1'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env={**os.environ})
    assert done.stdout.startswith("post_id,")
    assert "Traceback" not in done.stderr


def test_lab_opens_the_notebooks_with_the_home_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[str], str]] = []
    monkeypatch.setattr(
        "subprocess.call", lambda command, env: asked.append((command, env["WORKBENCH_HOME"])) or 0
    )
    assert cli.main(["lab", "--home", str(tmp_path), "--", "--no-browser"]) == 0
    (command, home), notebooks = asked[0], Path(__file__).parents[1] / "notebooks"
    assert command[1:] == ["-m", "workbench.cli.lab_server", f"--notebook-dir={notebooks}", "--no-browser"]
    assert home == str(tmp_path)


def test_an_empty_warehouse_is_reported_on_and_its_pages_say_what_to_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["migrate", "--home", str(tmp_path)]) == 0
    assert cli.main(["report", "--only", "2", "--home", str(tmp_path)]) == 0
    assert "the pages say what to import" in capsys.readouterr().err
