"""What is past its days goes for good; whole months of old snapshots move; nothing else changes."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from workbench.cli import main
from workbench.errors import UsageError, WorkbenchError
from workbench.safekeeping.retain import retain, sweep_archive
from workbench.settings import load_settings
from workbench.warehouse import marts, versions
from workbench.warehouse.load import load
from workbench.warehouse.reader import Workbench
from workbench.warehouse.rewriting import changed_in_place

sys.path.append(str(Path(__file__).parents[1] / "warehouse"))
from given import POST, batch, loaded, query

NOW = datetime(2026, 1, 15)
CANARY = "canary 4711"


@pytest.fixture(autouse=True)
def _without_marts(monkeypatch):
    monkeypatch.setattr(marts, "refresh", lambda *arguments, **options: None)


def days_ago(n, seconds=0):
    return str(NOW - timedelta(days=n, seconds=seconds))


def payload(name, fetched_at):
    return {"payload_id": name, "payload": "{}", "fetched_at": fetched_at}


def event(name, occurred_at):
    return {"event_id": name, "event_name": "seen", "occurred_at": occurred_at, "ip_hash": f"hash of {name}"}


def counted(at, views=1):
    return {"post_id": POST, "captured_at": at, "views": str(views)}


def test_raw_payloads_go_after_their_days_and_no_sooner(settings):
    rows = [payload("old", days_ago(30, 1)), payload("young", days_ago(30))]
    loaded(settings, {"raw_payloads": rows})
    assert retain(settings, now=NOW).removed == {"raw_payloads": 1}
    assert query(settings, "SELECT payload_id FROM raw_payloads") == [("young",)]


def test_a_payload_without_a_time_of_fetching_is_as_old_as_its_batch(settings):
    loaded(settings, {"raw_payloads": [payload("bare", None)]}, NOW - timedelta(days=31))
    assert retain(settings, now=NOW).removed == {"raw_payloads": 1}


def test_rejected_rows_and_events_go_by_settings_and_stay_for_ever_at_0(settings):
    loaded(settings, {"app_events": [event("a", days_ago(3))], "post_snapshots": [counted("soon")]})
    ever = replace(settings, rejected_row_days=0, app_event_days=0, ip_hash_days=0)
    far = NOW + timedelta(days=4000)
    assert retain(ever, now=far).is_nothing
    found = retain(replace(settings, rejected_row_days=5, app_event_days=2), now=far)
    assert found.removed == {"rejected_rows": 1, "app_events": 1}
    assert query(
        settings, "SELECT (SELECT count(*) FROM rejected_rows), (SELECT count(*) FROM app_events)"
    ) == [(0, 0)]


def test_hashes_of_addresses_are_forgotten_and_their_events_stay(settings):
    loaded(settings, {"app_events": [event("old", days_ago(31)), event("young", days_ago(29))]})
    found = retain(settings, now=NOW)
    assert (found.ip_hashes, found.removed) == (1, {})
    kept = query(settings, "SELECT event_id, ip_hash IS NULL FROM app_events ORDER BY 1")
    assert kept == [("old", True), ("young", False)]
    assert retain(settings, now=NOW).is_nothing


def test_hashes_in_rejected_events_are_forgotten_after_their_days_in_every_version(settings):
    def rejected(name, rejected_at):
        loaded(settings, {"app_events": [event(name, "no instant")]})
        with changed_in_place(settings, _newest(settings)) as con:
            con.execute(
                "UPDATE rejected_rows SET rejected_at = ? WHERE row_json LIKE ?", [rejected_at, f'%"{name}"%']
            )

    rejected("old", NOW - timedelta(days=30, seconds=1))
    versions.pin_reported(settings.versions, [1])
    rejected("young", NOW - timedelta(days=30))
    assert retain(settings, now=NOW, dry_run=True).ip_hashes == 1
    found = retain(settings, now=NOW)
    assert (found.ip_hashes, found.removed, found.rewritten) == (1, {}, [1, 2])
    for number in versions.kept_versions(settings.versions):
        file = settings.versions / f"v{number:06d}.duckdb"
        with duckdb.connect(str(file), read_only=True) as con:
            rows = dict(
                con.execute(
                    "SELECT row_json ->> 'event_id', row_json ->> 'ip_hash' FROM rejected_rows"
                ).fetchall()
            )
        assert rows == {"old": None, "young": "hash of young"} if number > 1 else rows == {"old": None}
        assert b"hash of old" not in file.read_bytes()
    assert retain(settings, now=NOW).is_nothing
    assert retain(settings, now=NOW + timedelta(seconds=1)).ip_hashes == 1
    assert retain(replace(settings, ip_hash_days=0), now=NOW + timedelta(days=50)).is_nothing


def _newest(settings):
    newest = versions.current(settings.versions)
    assert newest is not None
    return newest


def test_only_months_that_are_old_as_a_whole_move_and_by_the_newest_capture(settings):
    days = ["2025-08-31", "2025-09-01", "2025-09-30", "2025-10-01", "2025-12-30"]
    loaded(settings, {"post_snapshots": [counted(f"{day} 00:00:00") for day in days]})
    by_default = retain(settings, now=NOW, dry_run=True)
    assert (by_default.months, by_default.moved) == (["2025-08", "2025-09"], {"post_snapshots": 3})
    assert retain(replace(settings, archive_after_days=0), now=NOW).is_nothing
    found = retain(settings, now=NOW + timedelta(days=3650))  # the data are no older among themselves
    assert found.moved == by_default.moved
    assert query(settings, "SELECT count(*) FROM post_snapshots") == [(2,)]
    with Workbench(settings) as wb:
        assert wb.table("post_snapshots").count().execute() == 5


def test_a_capture_in_the_future_moves_nothing_before_its_time(settings):
    loaded(settings, {"post_snapshots": [counted(days_ago(80)), counted(days_ago(-300))]})
    assert retain(settings, now=NOW).is_nothing


def test_nothing_to_do_makes_no_version(settings):
    loaded(settings, {"posts": [{"post_id": POST}]})
    found = retain(settings, now=NOW)
    assert (found.is_nothing, found.version) == (True, None)
    assert versions.kept_versions(settings.versions) == [1]


def test_a_dry_run_counts_what_a_run_does_and_changes_nothing(settings):
    rows = {
        "raw_payloads": [payload("a", days_ago(40))],
        "post_snapshots": [counted(days_ago(200)), counted(days_ago(1))],
    }
    loaded(settings, rows)
    planned = retain(settings, now=NOW, dry_run=True)
    assert versions.kept_versions(settings.versions) == [1]
    assert not settings.archive.exists()
    done = retain(settings, now=NOW)
    assert (planned.removed, planned.moved, planned.months) == (done.removed, done.moved, done.months)


def test_nothing_that_was_removed_is_left_in_the_new_versions_bytes(settings):
    rows = [payload("old", days_ago(31)), payload("young", days_ago(1))]
    loaded(settings, {"raw_payloads": [{**row, "payload": f"{CANARY} {row['payload_id']}"} for row in rows]})

    def is_in_newest(text):
        newest = versions.current(settings.versions)
        assert newest is not None
        return text.encode() in (settings.versions / newest.file).read_bytes()

    assert is_in_newest(f"{CANARY} old")
    retain(settings, now=NOW)
    assert not is_in_newest(f"{CANARY} old")
    assert is_in_newest(f"{CANARY} young")


def test_a_file_written_anew_has_the_same_tables_constraints_and_comments(settings):
    loaded(settings, {"raw_payloads": [payload("a", days_ago(40))]})

    def shape():
        tables = query(settings, "SELECT table_name, sql, comment FROM duckdb_tables() ORDER BY ALL")
        return tables, query(
            settings, "SELECT table_name, constraint_text FROM duckdb_constraints() ORDER BY ALL"
        )

    before = shape()
    retain(settings, now=NOW)
    assert shape() == before
    batch(settings, {"posts": [{"post_id": POST}]})
    assert load(settings).total("accepted") == 1


def test_files_of_the_archive_stay_as_long_as_a_kept_or_pinned_version_reads_them(settings):
    loaded(settings, {"post_snapshots": [counted(days_ago(200)), counted(days_ago(1))]})
    retain(settings, now=NOW)
    (settings.versions / "v000002.pin").touch()
    (first,) = settings.archive.rglob("*.parquet")
    loaded(settings, {"post_snapshots": [counted(days_ago(200), 7)]})
    few = replace(settings, keep_versions=1)
    retain(few, now=NOW)
    assert len(list(settings.archive.rglob("*.parquet"))) == 2
    with Workbench(settings, 2) as wb:
        assert wb.table("post_snapshots").views.max().execute() == 1
    (settings.versions / "v000002.pin").unlink()
    assert retain(few, now=NOW).swept == 1
    assert not first.exists()
    with Workbench(settings) as wb:
        assert wb.table("post_snapshots").views.max().execute() == 7


def test_whoever_reads_a_version_keeps_its_archived_months_till_they_close_it(settings):
    loaded(settings, {"post_snapshots": [counted(days_ago(200)), counted(days_ago(1))]})
    retain(settings, now=NOW)
    few = replace(settings, keep_versions=1)
    with Workbench(settings) as wb:
        loaded(few, {"post_snapshots": [counted(days_ago(200), 7)]})
        retain(few, now=NOW)
        assert wb.table("post_snapshots").views.max().execute() == 1
    assert retain(few, now=NOW).swept == 1
    assert sorted(p.name for p in settings.versions.glob("v*.*")) == ["v000004.duckdb", "v000004.json"]


def test_nothing_is_swept_while_a_kept_version_cannot_be_read(settings):
    loaded(settings, {"post_snapshots": [counted(days_ago(200)), counted(days_ago(1))]})
    retain(settings, now=NOW)
    (settings.versions / "v000001.duckdb").write_bytes(b"no database")
    stray = settings.archive / "post_snapshots" / "month=2001-01" / "0.parquet"
    stray.parent.mkdir()
    stray.touch()
    assert sweep_archive(settings) == []
    assert stray.exists()


def test_where_there_is_no_warehouse_there_is_nothing_to_retain(settings):
    with pytest.raises(UsageError, match="nothing to retain"):
        retain(settings)


def test_the_command_says_what_it_did_in_one_line_or_as_json(settings, capsys):
    loaded(
        settings,
        {
            "post_snapshots": [counted("2025-01-05"), counted("2025-09-05")],
            "raw_payloads": [payload("a", "2025-01-05")],
        },
    )
    home = str(settings.home)
    assert main(["retain", "--home", home, "--dry-run"]) == 0
    assert capsys.readouterr().err == (
        "Would remove 1 raw payload; would move 1 row of snapshots into the archive (2025-01).\n"
    )
    assert main(["retain", "--home", home, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["moved"], told["removed"], told["version"]) == (
        {"post_snapshots": 1},
        {"raw_payloads": 1},
        2,
    )
    assert main(["retain", "--home", home]) == 0
    assert capsys.readouterr().err == "Nothing is past its days.\n"


def test_commands_on_a_home_with_a_missing_archive_file_name_it_without_a_traceback(settings, capsys):
    loaded(settings, {"post_snapshots": [counted("2025-01-05"), counted("2025-09-05")]})
    retain(settings, now=NOW)
    (file,) = settings.archive.rglob("*.parquet")
    file.unlink()
    for words in (["status"], ["sql", "select 1"], ["retain"], ["metric", "kpi_score"]):
        assert main([*words, "--home", str(settings.home)]) == 1
        assert f"{file.name} is missing" in capsys.readouterr().err


def test_a_damage_inside_an_archived_file_is_named_and_refuses_no_batch(settings, capsys):
    rows = [
        counted(f"2025-01-{1 + n % 28:02} {n % 24:02}:{n // 24 % 60:02}:00", n * 7919 % 100_003)
        for n in range(20_000)
    ]
    loaded(settings, {"post_snapshots": [*rows, counted("2025-09-05")]})
    retain(settings, now=NOW)
    (file,) = settings.archive.rglob("*.parquet")
    data = bytearray(file.read_bytes())
    for place in range(500, len(data) * 9 // 10, 37):
        data[place] ^= 0x5A
    file.write_bytes(data)
    folder = batch(settings, {"post_snapshots": [counted("2025-01-06 05:00:00", 10**9)]})
    for words in (["sql", "select sum(views), max(post_id) from post_snapshots"], ["load"]):
        assert main([*words, "--home", str(settings.home)]) == 1
        assert f"{file} is damaged: " in (said := capsys.readouterr().err), words
        assert "workbench restore" in said
    assert folder.is_dir()


def test_a_damaged_newest_version_is_told_with_a_remedy_that_works(settings, capsys):
    words = ["--home", str(settings.home)]
    for name in ("a", "b"):
        loaded(settings, {"raw_payloads": [payload(name, days_ago(400))]})
    (settings.versions / "v000002.duckdb").write_bytes(b"no database")
    for command in (["retain"], ["retain", "--dry-run"], ["erase", "--user", "u-1", "--yes"]):
        assert main([*command, *words]) == 1
        said = capsys.readouterr().err
        assert said.startswith("Error: ") and said.count("\n") == 1
        assert "Nothing was removed. `workbench verify` names" in said or command != ["retain"]
    assert main(["verify", *words]) == 1
    told = "Restore a backup (workbench restore); or go back: copy v000001.json to current.json"
    assert told in capsys.readouterr().out
    with pytest.raises(WorkbenchError, match=r"or, where it is the newest, go back: copy v000001\.json over"):
        Workbench(settings)
    shutil.copyfile(settings.versions / "v000001.json", settings.versions / versions.POINTER)
    assert main(["retain", *words]) == 0
    assert "Removed 1 raw payload. Version 2:" in capsys.readouterr().err
    assert main(["verify", *words]) == 0


def test_a_damaged_older_version_stops_an_erasure_until_it_is_removed(settings, capsys):
    words = ["--home", str(settings.home)]
    for name in ("a", "b"):
        loaded(settings, {"raw_payloads": [payload(name, days_ago(1))]})
    (settings.versions / "v000001.duckdb").write_bytes(b"no database")
    assert main(["erase", "--user", "u-1", "--yes", *words]) == 1
    assert "`workbench verify` names what is damaged" in capsys.readouterr().err
    assert main(["verify", *words]) == 1
    assert "remove v000001.* if no report needs it" in capsys.readouterr().out
    for file in settings.versions.glob("v000001.*"):
        file.unlink()
    assert main(["erase", "--user", "u-1", "--yes", *words]) == 0


def test_the_archives_files_are_plain_parquet_for_other_tools(settings):
    loaded(settings, {"post_snapshots": [counted("2025-01-05"), counted("2025-09-05")]})
    retain(load_settings(settings.home), now=NOW)
    pattern = f"{settings.archive}/post_snapshots/*/*.parquet"
    assert duckdb.sql(f"SELECT month, views FROM read_parquet('{pattern}')").fetchall() == [("2025-01", 1)]
