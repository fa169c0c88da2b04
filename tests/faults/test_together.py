"""Loaders, recorders and readers side by side: no reader fails, no record is lost or doubled, everybody has a turn."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from machine import Stock, command

from workbench import record
from workbench.errors import UsageError, WorkbenchError
from workbench.settings import load_settings
from workbench.warehouse import versions
from workbench.warehouse.load import load
from workbench.warehouse.reader import Workbench

WORKERS = Path(__file__).with_name("together_workers.py")


def begun(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WORKERS), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    return dict(json.loads(out))


def test_loaders_recorders_and_readers_work_side_by_side(tmp_path, figure, whole):
    home, until = tmp_path / "home", tmp_path / "until"
    seconds, each = (60.0, 10_000) if whole else (8.0, 500)
    lock_seconds = 30.0
    stock = Stock(home)
    stock.record(5)
    stock.works_again()

    started = time.monotonic()
    # A version goes as soon as the next one is there, so readers lose theirs all the time.
    loaders = [begun("loader", home, until, lock_seconds, 1) for _ in range(4)]
    kinds = ("opens", "opens", "opens", "kept", "kept", "stays")
    readers = [begun("reader", home, until, kind) for kind in kinds]
    recorders = [begun("recorder", home, f"r{i}", each, (1, 4)[i % 2]) for i in range(8)]
    recorded = [ended(p) for p in recorders]
    time.sleep(max(0.0, seconds - (time.monotonic() - started)))
    until.touch()
    loaded, read = [ended(p) for p in loaders], [ended(p) for p in readers]

    acknowledged = [i for said in recorded for i in said["acknowledged"]]
    assert [s for said in (*recorded, *loaded, *read) for s in said["strange"]] == []
    assert len(acknowledged) == 8 * each
    stock.acknowledged |= set(acknowledged)
    stock.works_again()
    settings = load_settings(home)
    with Workbench(settings) as wb:
        assert wb.table("rejected_rows").count().execute() == 0
        assert wb.table("batches").filter(wb.table("batches").status != "completed").count().execute() == 0
    for said in loaded:
        assert said["took"], "a loader had no turn"
        assert all("(a loader of the test) since" in late for late in said["late"])
    assert all(said["reads"] for said in read)
    took = sorted(t for said in loaded for t in said["took"])
    figure("together_loads", len(took), "turns of 4 loaders", published=sum(s["published"] for s in loaded))
    figure(
        "together_longest_wait",
        round(took[-1], 2),
        "s",
        median=round(took[len(took) // 2], 2),
        timed_out=sum(len(s["late"]) for s in loaded),
        turns=[len(s["took"]) for s in loaded],
    )
    figure(
        "together_records",
        len(acknowledged),
        "records acknowledged",
        per_second=round(sum(len(s["acknowledged"]) / s["seconds"] for s in recorded)),
        lost=0,
        doubled=0,
    )
    figure(
        "together_reads",
        sum(s["reads"] for s in read),
        "reads",
        failures=0,
        longest_seconds=round(max(s["longest"] for s in read), 2),
    )


def test_each_batch_of_a_crowd_is_in_the_table_of_batches_once(tmp_path):
    stock = Stock(tmp_path / "home")
    until = tmp_path / "until"
    until.touch()
    for n in range(6):
        stock.record(20)
        if n % 2:
            load(stock.settings, what="between")
    loaders = [begun("loader", stock.home, until, 30, 5) for _ in range(4)]
    assert [s for p in loaders for s in ended(p)["strange"]] == []
    stock.works_again()
    with Workbench(stock.settings) as wb:
        ids = wb.table("batches").batch_id.execute().tolist()
    assert max(Counter(ids).values()) == 1


def test_a_loader_that_waits_too_long_names_the_holder(tmp_path):
    stock = Stock(tmp_path / "home")
    stock.record(5)
    holding = (
        "import sys, time\nfrom workbench.settings import load_settings\n"
        "from workbench.warehouse.versions import loader_lock\n"
        "with loader_lock(load_settings(sys.argv[1]), 'workbench import of a year'):\n"
        "    print('held', flush=True); time.sleep(600)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", holding, str(stock.home)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        said = command("load", home=stock.home, environment={"WORKBENCH_LOCK_SECONDS": "0.3"})
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert said.code == 1
    assert f"process {holder.pid} (workbench import of a year) since" in said.error
    assert "waited 0.3 s" in said.error
    stock.works_again()


def test_loaders_take_turns_in_the_order_they_came(tmp_path, figure):
    settings = load_settings(tmp_path, lock_seconds=60)
    order: list[int] = []

    def wait(n: int) -> None:
        with versions.loader_lock(settings, f"loader {n}"):
            order.append(n)
            time.sleep(0.15)

    def again() -> None:
        # Comes back at once, over and over: it is the one who would starve the others.
        for _ in range(12):
            with versions.loader_lock(settings, "greedy"):
                order.append(-1)
                time.sleep(0.05)

    greedy = threading.Thread(target=again)
    greedy.start()
    time.sleep(0.02)
    waiting = [threading.Thread(target=wait, args=(n,)) for n in range(4)]
    for thread in waiting:
        thread.start()
        time.sleep(0.1)
    for thread in (*waiting, greedy):
        thread.join()
    last = max(i for i, n in enumerate(order) if n >= 0)
    figure(
        "together_order",
        order[: last + 1].count(-1),
        "turns of one who comes back at once, before the last of 4",
    )
    assert [n for n in order if n >= 0] == [0, 1, 2, 3]
    assert order[: last + 1].count(-1) <= 6, order


def test_a_version_that_is_pruned_under_a_reader_stays_readable_to_it(tmp_path):
    stock = Stock(tmp_path / "home")
    stock.record(40)
    stock.works_again()
    settings = load_settings(stock.home, keep_versions=1)
    with Workbench(settings) as wb:
        stock.record(1)
        assert load(settings).pruned == [1]
        assert not (settings.versions / "v000001.duckdb").exists()
        assert wb.table("posts").count().execute() == 40
        assert wb.table("post_performance").count().execute() == 40
        assert wb.refresh().version == 2
        assert wb.table("posts").count().execute() == 41
        with pytest.raises(UsageError, match=r"Version 1 of the warehouse is not here\. Kept: 2\."):
            Workbench(settings, 1)


def test_a_version_opened_while_it_is_pruned_is_the_newer_one_or_a_clear_error(tmp_path, figure):
    stock = Stock(tmp_path / "home")
    stock.record(5)
    stock.works_again()
    settings = load_settings(stock.home, keep_versions=1)
    stop, strange = threading.Event(), []
    opened: Counter[str] = Counter()

    def publish() -> None:
        while not stop.is_set():
            with versions.loader_lock(settings, "publishing"):
                pointed = versions.current(settings.versions)
                building = versions.start(settings.versions, pointed)
                versions.publish(
                    settings.versions,
                    building,
                    number=pointed.version + 1,
                    schema=pointed.schema_version,
                    as_of=pointed.as_of,
                    now=pointed.published_at,
                )
                versions.prune(settings.versions, 1)

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        for _ in range(60):
            try:
                with Workbench(settings) as wb:
                    wb.table("posts").count().execute()
                    number = wb.version
                opened["newest"] += 1
            except Exception as e:
                strange.append(repr(e))
            try:
                Workbench(settings, number).close()
                opened["by number"] += 1
            except WorkbenchError as e:
                opened["gone"] += "not here" in str(e) or "can't be opened" in str(e)
            except Exception as e:
                strange.append(repr(e))
    finally:
        stop.set()
        publisher.join()
    assert strange == []
    assert opened["newest"] == 60
    figure(
        "opened_while_pruned",
        60,
        "newest versions opened",
        **{k.replace(" ", "_"): v for k, v in opened.items()},
    )


def test_commands_and_a_report_run_beside_loads(tmp_path, demo_copy, figure):
    settings = load_settings(demo_copy, keep_versions=1)
    stop, loads = threading.Event(), 0

    def keep_loading() -> None:
        nonlocal loads
        while not stop.is_set():
            record.event(name="beside", home=demo_copy)
            load(settings)
            loads += 1

    loading = threading.Thread(target=keep_loading)
    loading.start()
    try:
        said = [
            command("sql", "select count(*) from posts", home=demo_copy),
            command("status", home=demo_copy),
            command("report", "--only", "5", home=demo_copy),
        ]
    finally:
        stop.set()
        loading.join()
    assert [s.code for s in said] == [0, 0, 0], said
    assert loads >= 2
    versions.prune(settings.versions, 1)
    assert not list(settings.versions.glob("*.held"))
    figure("beside_loads", 3, "commands, a report among them", loads=loads, failed=0)


def _fork(home: Path, who: int, n: int) -> None:
    for i in range(n):
        record.post(post_id=f"tiktok:f{who}x{i}", account_id="tiktok:f", home=home)


def test_a_recorder_that_forks_writes_to_segments_of_its_own(tmp_path, figure):
    stock = Stock(tmp_path / "home")
    stock.record(1)  # the parent's segment is open
    stop = threading.Event()

    def beside() -> None:
        while not stop.is_set():
            stock.record(1)

    recording = threading.Thread(target=beside)
    recording.start()
    fork = multiprocessing.get_context("fork")
    try:
        children = [fork.Process(target=_fork, args=(stock.home, who, 60)) for who in range(4)]
        for child in children:
            child.start()
        for child in children:
            child.join(120)
    finally:
        stop.set()
        recording.join()
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    names = {p.name.split("-")[0] for p in (stock.settings.inbox / ".journal").glob("*.jsonl")}
    assert names == {str(os.getpid()), *(str(child.pid) for child in children)}
    stock.acknowledged |= {f"tiktok:f{who}x{i}" for who in range(4) for i in range(60)}
    stock.works_again()
    figure(
        "forked_records", 240, "records of 4 forks", beside=len(stock.acknowledged) - 240, lost=0, doubled=0
    )
