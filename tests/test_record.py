"""Recording: what a call has acknowledged is in the next load, once, whoever records meanwhile."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import filelock
import numpy as np
import pandas as pd
import pytest

from workbench import record
from workbench.errors import UsageError, WorkbenchError
from workbench.settings import Settings
from workbench.warehouse import marts, versions
from workbench.warehouse.batches import waiting
from workbench.warehouse.journal import FOLDER, Segment, seal
from workbench.warehouse.load import load

POST = "tiktok:7234567890123456789"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder that recording goes to without being told; loads leave out the marts."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    monkeypatch.setattr(marts, "refresh", lambda *arguments, **options: None)
    return tmp_path


def query(settings: Settings, sql: str) -> list:
    version = versions.current(settings.versions)
    with duckdb.connect(str(settings.versions / version.file), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.fixture
def after_load(settings):
    """after_load(sql) -> its rows once everything recorded is loaded, none of it refused."""

    def rows(sql):
        outcome = load(settings)
        assert not outcome.failed, outcome.failed
        assert outcome.total("rejected") == 0, query(settings, "SELECT reason FROM rejected_rows")
        return query(settings, sql)

    return rows


def journal(home):
    return b"".join(p.read_bytes() for p in (home / "data" / "inbox" / FOLDER).glob("*.jsonl"))


def test_a_post_and_its_counts(after_load):
    record.post(post_id=POST, account_id="tiktok:ann", hashtags=["a", "b,c"], posted_at=datetime(2026, 1, 1))
    record.snapshot(post_id=POST, captured_at="2026-01-02 00:00:00", views=1_200, likes=None)
    assert after_load(
        "SELECT account_id, hashtags, posted_at, views, likes FROM posts JOIN post_snapshots USING (post_id)"
    ) == [("tiktok:ann", ["a", "b,c"], datetime(2026, 1, 1), 1200, None)]


def test_many_posts_are_one_write(home, after_load):
    assert (
        record.posts({"post_id": f"tiktok:{n}", "caption": f"line\n{n} \u2028 \"q\" 'q'"} for n in range(50))
        == 50
    )
    assert after_load("SELECT count(*), count(DISTINCT caption), min(caption) FROM posts") == [
        (50, 50, "line\n0 \u2028 \"q\" 'q'")
    ]


def test_nothing_recorded_is_nothing_written(home):
    assert record.posts([]) == 0
    assert not (home / "data").exists()


def test_an_account_snapshot_is_of_now_unless_it_is_told(after_load):
    record.account_snapshot(account_id="tiktok:ann", followers=5)
    [[captured_at]] = after_load("SELECT captured_at FROM account_snapshots")
    assert abs(datetime.now(UTC).replace(tzinfo=None) - captured_at) < timedelta(minutes=1)


def test_a_trend_comes_with_its_sources(after_load):
    trend_id = record.trend(name="dance", sources={"tiktok:1": 0.9, "tiktok:2": 0.25})
    assert after_load("SELECT t.trend_id, name, post_id, relevance FROM trends t JOIN trend_sources USING (trend_id) "
                      "ORDER BY relevance") == [
        (trend_id, "dance", "tiktok:2", 0.25),
        (trend_id, "dance", "tiktok:1", 0.9),
    ]  # fmt: skip


def test_an_update_of_an_agent_s_run_is_merged_over_its_start(after_load):
    run = record.agent_run_start(agent_type="discovery", platforms=["tiktok"], user_id="u")
    record.agent_run_update(run, llm_calls=3, output={"found": [1, 2]})
    record.agent_run_update(run, status="completed", cost_usd=Decimal("0.123456"))
    [row] = after_load(
        "SELECT agent_type, status, platforms, user_id, llm_calls, output, cost_usd, ended_at >= started_at "
        "FROM agent_runs"
    )
    assert row == (
        "discovery",
        "completed",
        ["tiktok"],
        "u",
        3,
        '{"found": [1, 2]}',
        Decimal("0.123456"),
        True,
    )


def test_an_update_that_is_loaded_later_is_merged_as_well(after_load):
    run = record.agent_run_start(agent_type="creation")
    assert after_load("SELECT status, ended_at FROM agent_runs") == [("running", None)]
    record.agent_run_update(run, status="failed", error_message="no credit")
    assert after_load("SELECT agent_type, status, error_message FROM agent_runs") == [
        ("creation", "failed", "no credit")
    ]


def test_a_scrape_and_how_each_account_s_went(after_load):
    session = record.scrape_session(status="running", started_at=datetime(2026, 1, 1), configuration={"n": 1})
    record.scrape_log(session_id=session, account_id="tiktok:ann", status="success", videos_found=3)
    assert record.scrape_session(session_id=session, status="completed") == session
    assert after_load("SELECT s.status, configuration, l.status, videos_found FROM scrape_sessions s "
                      "JOIN scrape_logs l USING (session_id)") == [("completed", '{"n": 1}', "success", 3)]  # fmt: skip


def test_what_a_follower_did(after_load):
    key = record.interaction(
        follower_id="tiktok:f", interaction_type="comment", post_id=POST, interaction_text="hi"
    )
    assert after_load("SELECT interaction_id, interaction_type, interaction_text FROM interactions") == [
        (key, "comment", "hi")
    ]


def test_content_money_and_tasks(after_load):
    record.content_item(content_id="c", title="t", stage="idea")
    record.content_tag(content_id="c", tag_type="mood", tag_value="calm")
    period = {"from_on": date(2026, 1, 1), "to_on": "2026-01-31", "currency": "USD", "scope": "all"}
    revenue = record.revenue(**period, amount=Decimal("0.0001"))
    cost = record.cost(**period, amount=0.1, kind="tool")
    task = record.task(kind="reel_list", due_on=date(2026, 1, 2), status="open")
    record.task(task_id=task, status="done")
    assert after_load("SELECT stage, tag_value FROM content_items JOIN content_tags USING (content_id)") == [
        ("idea", "calm")
    ]
    assert after_load("SELECT revenue_id, amount, from_on FROM revenue") == [
        (revenue, Decimal("0.0001"), date(2026, 1, 1))
    ]
    assert after_load("SELECT cost_id, amount FROM costs") == [(cost, Decimal("0.1"))]
    assert after_load("SELECT kind, status, due_on FROM tasks") == [("reel_list", "done", date(2026, 1, 2))]


@pytest.mark.parametrize(
    ("instant", "utc"),
    [
        (datetime(2026, 1, 2, 3), datetime(2026, 1, 2, 3)),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), datetime(2026, 1, 2, 3)),
        (datetime(2026, 1, 2, 3, 4, 5, 6, timezone(timedelta(hours=-5))), datetime(2026, 1, 2, 8, 4, 5, 6)),
        ("2026-01-02T03:00:00+02:00", datetime(2026, 1, 2, 1)),
        (pd.Timestamp("2026-01-02 03:00", tz="Europe/Berlin"), datetime(2026, 1, 2, 2)),
    ],
)
def test_instants_are_kept_in_utc(after_load, instant, utc):
    record.post(post_id=POST, posted_at=instant)
    assert after_load("SELECT posted_at FROM posts") == [(utc,)]


def test_numbers_of_numpy_and_pandas_are_numbers(after_load):
    record.snapshot(post_id=POST, views=np.int64(2**62), likes=pd.Series([3])[0], shares=np.float64("nan"))
    record.post(post_id=POST, is_ad=np.bool_(True), posted_at=pd.NaT, duration_seconds=float("nan"))
    record.post(post_id=POST, hashtags=np.array(["a", "b"]), scrape_interval_hours=np.float32("nan"))
    assert after_load("SELECT views, likes, shares FROM post_snapshots") == [(2**62, 3, None)]
    assert after_load("SELECT is_ad, posted_at, duration_seconds, hashtags FROM posts") == [
        (True, None, None, ["a", "b"])
    ]


def test_numbers_keep_every_digit(after_load):
    record.snapshot(post_id=POST, views=2**63 - 1)
    record.post(post_id=POST, duration_seconds=0.1 + 0.2)
    assert after_load("SELECT views FROM post_snapshots") == [(2**63 - 1,)]
    assert after_load("SELECT duration_seconds FROM posts") == [(0.1 + 0.2,)]


def test_values_inside_values_are_written_too(after_load):
    properties = {"at": datetime(2026, 1, 1), "price": Decimal("1.50"), "tags": {"b", "a"}, "n": np.int64(1)}
    record.event(name="click", properties=properties)
    [[kept]] = after_load("SELECT properties FROM app_events")
    assert json.loads(kept) == {"at": "2026-01-01 00:00:00", "price": "1.50", "tags": ["a", "b"], "n": 1}


@pytest.mark.parametrize("value", [b"bytes", object(), "\ud800", {"a": float("nan")}])
def test_a_value_that_cannot_be_written_is_refused_and_nothing_of_the_call_is_kept(home, after_load, value):
    with pytest.raises(
        UsageError, match=r"A row of posts can't be recorded: .* Nothing of the call was written."
    ):
        record.posts([{"post_id": "tiktok:1"}, {"post_id": "tiktok:2", "caption": value}])
    record.post(post_id=POST)
    assert after_load("SELECT post_id FROM posts") == [(POST,)]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"captoin": "x"}, "Table posts has no column 'captoin'. Did you mean 'caption'?"),
        ({"captoin": None}, "Table posts has no column 'captoin'. Did you mean 'caption'?"),
        ({"batch_id": "x"}, "Table posts has no column 'batch_id'."),
        ({"column_ranks": "x"}, "Table posts has no column 'column_ranks'."),
    ],
)
def test_a_column_that_does_not_exist_is_refused_with_the_nearest(home, columns, told):
    with pytest.raises(UsageError) as error:
        record.post(post_id=POST, **columns)
    assert told in str(error.value)
    assert journal(home) == b""


@pytest.mark.parametrize("table", ["post", "batches", "rejected_rows", "posts; DROP TABLE posts"])
def test_a_table_that_batches_do_not_fill_is_refused(table):
    with pytest.raises(UsageError, match=r"There is no table '.*' to record into"):
        record.rows(table, [{"post_id": POST}])


def test_what_the_loader_refuses_is_kept_with_its_reason(settings):
    record.snapshot(post_id=POST, views=-1)
    record.snapshot(post_id=POST, views=float("inf"))
    record.post(post_id="7234567890", caption="x" * 100_000)
    assert load(settings).total("rejected") == 3
    reasons = [why for (why,) in query(settings, "SELECT reason FROM rejected_rows ORDER BY reason")]
    assert reasons[0].startswith("post_id: '7234567890' is not a platform, a colon and an id")
    assert reasons[1:] == ["views: 'inf' is not a whole number", "views: -1 is below 0"]


@pytest.mark.parametrize("seen_at", ["soon", "2199-01-01 00:00:00"])
def test_a_time_of_capture_that_cannot_be_is_refused_and_stops_nothing(settings, seen_at):
    record.rows("vas", [{"va_id": "v", "seen_at": seen_at}])
    outcome = load(settings)
    assert not outcome.failed and outcome.total("rejected") == 1
    assert outcome.version.as_of <= datetime.now(UTC).isoformat(sep=" ")


def test_a_time_of_capture_may_be_told(after_load):
    record.rows("vas", [{"va_id": "v", "name": "new", "seen_at": datetime(2026, 1, 2)}])
    record.rows("vas", [{"va_id": "v", "name": "old", "seen_at": datetime(2026, 1, 1)}])
    assert after_load("SELECT name, seen_at FROM vas") == [("new", datetime(2026, 1, 2))]


def test_one_very_long_line_is_read(after_load):
    record.post(post_id=POST, caption="x" * (1 << 25))
    assert after_load("SELECT length(caption) FROM posts") == [(1 << 25,)]


def test_a_zero_byte_is_kept_or_refused_but_stops_nothing(settings):
    record.post(post_id=POST, caption="a\x00b")
    record.post(post_id="tiktok:2", caption="c")
    outcome = load(settings)
    assert not outcome.failed
    assert ("c",) in query(settings, "SELECT caption FROM posts")


# Addresses


ADDRESSES = ["203.0.113.77", "2001:db8::42"]


def on_disk(home):
    return b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())


@pytest.mark.parametrize("ip", ADDRESSES)
def test_an_address_is_never_on_the_disk(home, after_load, ip):
    record.event(name="click", ip=ip, user_id="u")
    record.event(name="click", ip_hash=ip)  # passed where its hash belongs
    assert ip.encode() not in on_disk(home)
    hashes = after_load("SELECT DISTINCT ip_hash FROM app_events")
    assert hashes == [(record.ip_hash(ip),)]
    assert ip.encode() not in on_disk(home)


def test_an_address_without_a_hash_s_key_tells_nothing(tmp_path):
    one, other = (record.ip_hash(ADDRESSES[0], home=tmp_path / n) for n in "ab")
    assert one != other
    assert record.ip_hash(f" {ADDRESSES[0]} ", home=tmp_path / "a") == one
    assert record.ip_hash(ADDRESSES[1], home=tmp_path / "a") != one


def test_the_key_may_come_from_the_environment_and_is_not_written_then(home, monkeypatch):
    monkeypatch.setenv("WORKBENCH_SECRET", "k")
    record.event(name="click", ip=ADDRESSES[0])
    assert not (home / "data" / "private.key").exists()


def test_the_key_is_private_and_one_for_all_processes(home):
    code = "from workbench import record; print(record.ip_hash('203.0.113.77'))"
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(3)]
    hashes = {p.communicate()[0] for p in processes}
    assert hashes == {record.ip_hash("203.0.113.77").encode() + b"\n"}
    assert (home / "data" / "private.key").stat().st_mode & 0o077 == 0
    assert [p.name for p in (home / "data").glob(".private*")] == []


# Many at once


RECORDER = """
import sys, threading
from workbench import record
name, n = sys.argv[1], int(sys.argv[2])
def some(thread):
    for i in range(n):
        record.rows("vas", [{"va_id": f"{name}-{thread}-{i}-{half}"} for half in "ab"])
threads = [threading.Thread(target=some, args=(t,)) for t in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
"""


def test_many_processes_and_threads_record_while_loads_run_and_nothing_is_lost_or_doubled(settings):
    processes = [subprocess.Popen([sys.executable, "-c", RECORDER, str(p), "25"]) for p in range(3)]
    n_loads = accepted = 0
    while any(p.poll() is None for p in processes) or n_loads == 0:
        accepted += load(settings).total("accepted")
        n_loads += 1
    assert [p.returncode for p in processes] == [0, 0, 0]
    outcome = load(settings)
    expected = {f"{p}-{t}-{i}-{h}" for p in range(3) for t in range(3) for i in range(25) for h in "ab"}
    found = [va_id for (va_id,) in query(settings, "SELECT va_id FROM vas")]
    assert sorted(found) == sorted(expected)
    assert accepted + outcome.total("accepted") == len(expected)
    assert waiting(settings.inbox) == []


ACKNOWLEDGE = """
import sys
from workbench import record
n = 0
while True:
    record.rows("vas", [{"va_id": f"{n}", "notes": "x" * 5000}])
    print(n, flush=True)
    n += 1
"""


def test_a_recorder_that_is_killed_has_lost_nothing_it_acknowledged(after_load):
    recorder = subprocess.Popen([sys.executable, "-c", ACKNOWLEDGE], stdout=subprocess.PIPE, text=True)
    recorder.stdout.readline()
    time.sleep(0.3)
    recorder.send_signal(signal.SIGKILL)
    rest, _ = recorder.communicate()
    acknowledged = {"0", *rest.split()}
    found = {va_id for (va_id,) in after_load("SELECT va_id FROM vas")}
    assert len(acknowledged) > 5
    assert acknowledged <= found
    assert len(found - acknowledged) <= 1  # written, but not yet told


def test_a_line_that_was_cut_off_is_dropped_and_the_others_stay(home, after_load):
    record.rows("vas", [{"va_id": "whole"}])
    [segment] = (home / "data" / "inbox" / FOLDER).glob("*.jsonl")
    with segment.open("ab") as f:
        f.write(b'{"t": "vas", "r": {"va_id": "ha')
    assert after_load("SELECT va_id FROM vas") == [("whole",)]


def test_a_write_that_fails_in_the_middle_leaves_no_part_of_a_line(after_load, monkeypatch):
    record.rows("vas", [{"va_id": "before"}])
    write = os.write

    def full_disk(handle, data):
        if len(data) < 50:
            raise OSError(28, "No space left on device")
        return write(handle, data[: len(data) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full_disk)
        with pytest.raises(WorkbenchError, match="No space left"):
            record.rows("vas", [{"va_id": "failed", "notes": "x" * 100}])
    record.rows("vas", [{"va_id": "after"}])
    assert after_load("SELECT va_id FROM vas ORDER BY ALL") == [("after",), ("before",)]


def test_a_load_killed_while_it_seals_doubles_nothing(settings, monkeypatch):
    record.rows("vas", [{"va_id": "v"}])
    unlink = Path.unlink

    def killed(path, *arguments, **options):
        if path.suffix == ".sealed":
            raise KeyboardInterrupt
        unlink(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            seal(settings.inbox)
    outcome = load(settings)
    assert (outcome.total("read"), outcome.total("accepted")) == (1, 1)
    assert list((settings.inbox / FOLDER).glob("*.sealed")) == []


def test_a_damaged_journal_is_set_aside_and_told_and_the_others_are_loaded(home, settings):
    record.rows("vas", [{"va_id": "spoiled"}])
    [segment] = (home / "data" / "inbox" / FOLDER).glob("*.jsonl")
    segment.write_bytes(b"\x00\x01 no JSON\n")
    Segment(settings.inbox).append("vas", [{"va_id": "good", "seen_at": "2026-01-01 00:00:00"}])
    outcome = load(settings)
    [failed] = outcome.failed
    assert (
        failed.source == "record" and "can't be read: a line of it is no JSON. Mend that line" in failed.error
    )
    assert query(settings, "SELECT va_id FROM vas") == [("good",)]
    [damaged] = (home / "data" / "inbox" / FOLDER).glob("*.damaged")
    damaged.write_bytes(b'{"t": "vas", "r": {"va_id": "mended", "seen_at": "2026-01-01 00:00:00"}}\n')
    damaged.rename(damaged.with_suffix(".sealed"))
    assert not load(settings).failed
    assert query(settings, "SELECT count(*) FROM vas") == [(2,)]


def _in_child(home):
    record.rows("vas", [{"va_id": "child"}], home=home)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_records_for_itself_even_while_a_thread_of_its_parent_is_recording(home, after_load):
    record.rows("vas", [{"va_id": "parent"}])
    segment = next(iter(record._segments.values()))
    with segment._threads, record._guard:  # held by threads that the child does not have
        child = multiprocessing.get_context("fork").Process(target=_in_child, args=(home,))
        child.start()
        child.join(20)
    assert child.exitcode == 0
    record.rows("vas", [{"va_id": "parent again"}])
    assert len(list((home / "data" / "inbox" / FOLDER).glob("*.jsonl"))) == 2
    assert after_load("SELECT va_id FROM vas ORDER BY ALL") == [("child",), ("parent",), ("parent again",)]


def test_each_home_has_its_own_journal(tmp_path):
    threads = [
        threading.Thread(target=record.post, kwargs={"post_id": POST, "home": tmp_path / n})
        for n in ("a", "b", "a")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(journal(tmp_path / n).splitlines()) for n in "ab"] == [2, 1]


def test_no_lock_is_left_of_what_was_sealed_but_one_that_somebody_holds(home, settings):
    record.post(post_id=POST)
    folder = home / "data" / "inbox" / FOLDER
    (folder / "1-gone.lock").touch()
    with filelock.FileLock(folder / "2-about-to-write.lock"):
        seal(settings.inbox)
        assert [p.name for p in folder.iterdir()] == ["2-about-to-write.lock"]
    record.post(post_id=POST)
    assert len(journal(home).splitlines()) == 1


def test_the_journal_is_private(home):
    record.post(post_id=POST)
    folder = home / "data" / "inbox" / FOLDER
    assert all(p.stat().st_mode & 0o077 == 0 for p in (folder, *folder.iterdir()))
