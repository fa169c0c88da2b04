"""From paths to batches."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from workbench.errors import SourceError, UsageError
from workbench.settings import Settings
from workbench.sources.importing import ImportFailed, import_paths
from workbench.warehouse.batches import read_manifest, waiting

TASKS = "task_id,title\nt1,Film it\nt2,Cut it\n"
MASTER = (
    "created_date,account,post_url,views\n2025-03-01,a,https://www.tiktok.com/@a/video/76189583185890,5\n"
)
DAY_1, DAY_2 = 1_767_225_600, 1_767_312_000


@pytest.fixture
def home(tmp_path):
    return Settings(home=tmp_path / "home")


def at(path, seconds):
    os.utime(path, (seconds, seconds))
    return path


def test_a_file_becomes_one_batch_with_its_rows_and_manifest(write, home):
    path = at(write(TASKS, "tasks.csv"), DAY_1)
    [imported] = import_paths([path], home)
    assert (imported.source, dict(imported.rows), imported.skipped) == ("table", {"tasks": 2}, False)
    [folder] = waiting(home.inbox)
    manifest = read_manifest(folder)
    assert (manifest.batch_id, manifest.file_name) == (imported.batch_id, "tasks.csv")
    assert manifest.captured_at == "2026-01-01 00:00:00"
    rows = duckdb.sql(f"select task_id, title, source_row from '{folder}/tasks.parquet'").fetchall()
    assert rows == [("t1", "Film it", 1), ("t2", "Cut it", 2)]


def test_a_batch_that_waits_is_not_written_again(write, home):
    path = write(TASKS, "tasks.csv")
    [first] = import_paths([path], home)
    [again] = import_paths([path], home)
    assert (again.batch_id, again.skipped, dict(again.rows)) == (first.batch_id, True, {})
    assert len(waiting(home.inbox)) == 1


def test_a_batch_that_the_warehouse_has_is_not_even_opened(write, home, monkeypatch):
    path = write(TASKS, "tasks.csv")
    [first] = import_paths([path], home)
    shutil.rmtree(home.inbox)
    monkeypatch.setattr("workbench.sources.importing.open_file", None)
    [again] = import_paths([path], home, known=lambda batch: batch == first.batch_id)
    assert again.skipped and not waiting(home.inbox)


def test_a_touched_file_is_no_new_observation(write, home):
    path = at(write(MASTER, "m.csv"), DAY_1)
    [first] = import_paths([path], home)
    at(path, DAY_2)
    [waits] = import_paths([path], home)
    assert (waits.batch_id, waits.skipped) == (first.batch_id, True)
    shutil.rmtree(home.inbox)
    earlier = datetime(2026, 1, 1)
    [loaded] = import_paths(
        [path],
        home,
        known=lambda batch: batch == first.batch_id,
        known_files=lambda _digest, _source: earlier,
    )
    assert loaded.skipped


def test_a_copy_in_the_same_call_is_no_new_observation(write, home):
    paths = [at(write(MASTER, "m.csv"), DAY_1), at(write(MASTER, "copy.csv"), DAY_2)]
    first, second = import_paths(paths, home)
    assert (second.batch_id, second.skipped) == (first.batch_id, True)


def test_another_as_of_is_another_observation(write, home):
    path = write(MASTER, "m.csv")
    ids = {import_paths([path], home, as_of=datetime(2026, 1, day))[0].batch_id for day in (1, 2, 2)}
    assert len(ids) == 2


def test_another_time_zone_or_option_is_another_batch(write, home):
    path = at(write(MASTER, "m.csv"), DAY_1)
    berlin = Settings(home=home.home, time_zone="Europe/Berlin")
    ids = {
        import_paths([path], home)[0].batch_id,
        import_paths([path], berlin)[0].batch_id,
        import_paths([path], home, options={"date_format": "%Y-%m-%d", "year": None})[0].batch_id,
    }
    assert len(ids) == 3


def test_a_file_named_after_its_table_and_one_told_its_table_are_one_batch(write, home):
    text = "content_id,title\n1,x\n"
    ids = {i.batch_id for i in import_paths([write(text, "content_items.csv")], home)}
    ids |= {i.batch_id for i in import_paths([write(text, "c.csv")], home, as_name="content_items")}
    assert len(ids) == 1
    with pytest.raises(UsageError):
        import_paths([write(text, "c.csv")], home)


def test_a_changed_mapping_is_another_batch(write, home):
    path = write("id,text\ntiktok:1,x\n")
    first = write('[posts]\npost_id = "id"\n', "m.toml")
    one = import_paths([path], home, options={"mapping": first})[0]
    write('[posts]\npost_id = "id"\ncaption = "text"\n', "m.toml")
    two = import_paths([path], home, options={"mapping": first})[0]
    assert one.source == two.source == "mapping"
    assert one.batch_id != two.batch_id


def test_a_folder_gives_its_data_files_hidden_ones_and_the_workbenchs_own_apart(write, home, tmp_path):
    write(TASKS, "in/tasks.csv")
    write(MASTER, "in/deep/er/m.csv")
    write("read me", "in/README.md")
    write(TASKS, "in/.trash/tasks.csv")
    write(TASKS, "in/.tasks.csv")
    assert [i.path.name for i in import_paths([tmp_path / "in"], home)] == ["m.csv", "tasks.csv"]
    everything = import_paths([tmp_path], home)
    assert {i.path.name for i in everything} == {"m.csv", "tasks.csv"}


def test_a_file_named_twice_is_imported_once(write, home, tmp_path):
    path = write(TASKS, "tasks.csv")
    assert len(import_paths([path, tmp_path, str(path)], home)) == 1


def test_paths_that_are_not_there_stop_everything(write, home, tmp_path):
    with pytest.raises(UsageError, match=r"there is no such file or folder\. Nothing was imported"):
        import_paths([write(TASKS, "tasks.csv"), tmp_path / "nothing.csv"], home)
    assert not waiting(home.inbox)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="the folder holds no CSV, JSON, SQLite or Parquet file"):
        import_paths([tmp_path / "empty"], home)


def test_one_bad_file_does_not_keep_the_others_out(write, home, tmp_path):
    write(TASKS, "in/tasks.csv")
    write('a,b\n1,"x', "in/cut.csv")
    write("a,b\n1,x\n", "in/unknown.csv")
    with pytest.raises(ImportFailed) as e:
        import_paths([tmp_path / "in"], home)
    assert e.value.exit_code == 1
    assert str(e.value).startswith("2 of 3 files could not be imported; the others were.\n- ")
    assert "cut.csv: record 1" in str(e.value) and "unknown.csv: no format that is known" in str(e.value)
    assert [i.path.name for i in e.value.imported] == ["tasks.csv"]
    assert len(waiting(home.inbox)) == 1


def test_what_is_the_same_for_many_files_is_told_once(write, home, tmp_path):
    for n in range(3):
        write(f"a,b{n}\n1,x\n", f"in/unknown{n}.csv")
    with pytest.raises(ImportFailed) as e:
        import_paths([tmp_path / "in"], home)
    told = str(e.value)
    assert told.count("no format that is known fits") == 3
    assert told.count("Formats of csv files:") == told.count("--mapping FILE (docs/mappings.md") == 1


def test_counts_that_took_the_files_own_time_are_told_and_those_of_a_time_that_was_said_are_not(write, home):
    [assumed] = import_paths([at(write(MASTER, "m.csv"), DAY_1)], home)
    assert assumed.notes[-1].startswith(
        "Counts that name no time (1) are as of 2026-01-01 00:00 UTC, when the file was last changed."
    )
    assert "--as-of" in assumed.notes[-1]
    [said] = import_paths([write(MASTER, "m.csv")], home, as_of=datetime(2025, 10, 5))
    dated = "post_id,captured_at,views\ntiktok:1,2025-10-01 06:00:00,5\n"
    [known] = import_paths([write(dated, "post_snapshots.csv")], home)
    assert not [note for one in (said, known) for note in one.notes if "name no time" in note]


def test_the_error_of_a_single_file_is_its_own(write, home):
    with pytest.raises(SourceError, match="opens a quoted field that never closes"):
        import_paths([write('a,b\n1,"x')], home)
    with pytest.raises(UsageError, match="no format that is known"):
        import_paths([write("a,b\n1,x\n")], home)


def test_progress_is_told_before_each_file(write, home, tmp_path):
    write(TASKS, "in/tasks.csv")
    write(MASTER, "in/m.csv")
    told = []
    import_paths([tmp_path / "in"], home, progress=lambda path, place, n: told.append((path.name, place, n)))
    assert told == [("m.csv", 0, 2), ("tasks.csv", 1, 2)]


def test_notes_of_the_source_are_kept_with_the_batch(write, home):
    [imported] = import_paths([write("task_id,mood\nt1,x\n", "tasks.csv")], home)
    assert list(imported.notes) == ["tasks has no columns mood: left out."]
    assert list(read_manifest(waiting(home.inbox)[0]).notes) == list(imported.notes)


def test_real_files_go_in_by_one_call_with_the_documented_mappings(real, home):
    folder = real("tiktok_two_scrapes")
    mappings = Path(__file__).resolve().parents[2] / "docs" / "mappings"
    imported = import_paths([folder, real("hashtags_hourly_2022")], home, options={"mapping": mappings})
    assert {i.path.name: i.rows.get("post_snapshots") for i in imported if "post_snapshots" in i.rows} == {
        "tiktok_videos_raw.csv": 4_976,
        "tiktok_videos_second_scrape.csv": 5_310,
    }
    facts = {i.path.name: (i.rows.get("hashtag_snapshots"), i.rows.get("sound_snapshots")) for i in imported}
    assert facts["hashtags.csv.gz"] == (94_619, None)
    assert facts["music.csv.gz"] == (None, 93_273)
