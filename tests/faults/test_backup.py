"""Backups: whole or none, consistent while others write, small the second time; damaged ones are refused."""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from backed_up_home import files_of, home, newest, prepared, rows_of
from machine import bound_by_permissions, command, limited, small_disk
from s3_bucket import S3

from workbench import record
from workbench.cli import main
from workbench.errors import UsageError, WorkbenchError
from workbench.safekeeping.backup import backed_up, backup_store
from workbench.safekeeping.backup_due import last_run
from workbench.safekeeping.backup_format import backups_in, chosen, read_head
from workbench.safekeeping.backup_held import HOLD
from workbench.safekeeping.backup_keys import IDENTITY, RECIPIENT, new_key, opening, sealing
from workbench.safekeeping.restore import restored, tried
from workbench.safekeeping.verify import verified
from workbench.settings import Settings, load_settings
from workbench.warehouse.load import load

__all__ = ["home", "prepared"]

SHORT_KILLS, WHOLE_KILLS = 5, 40


def test_what_is_restored_is_what_was_backed_up(
    home: Path, tmp_path: Path, figure: Callable[..., None]
) -> None:
    """Table by table, byte by byte, in a folder; the second backup sends what changed."""
    settings, store = load_settings(home), backup_store(load_settings(home), str(tmp_path / "backups"))
    made = backed_up(settings, store, reports=True)
    back = restored(store, tmp_path / "back")
    assert [str(f) for f in back.findings] == []
    assert files_of(tmp_path / "back") == files_of(home, beside=("private.key",))
    assert rows_of(newest(tmp_path / "back")) == rows_of(newest(home))
    assert all(p.stat().st_mode & 0o077 == 0 for p in (tmp_path / "back").rglob("*"))
    assert made.left_out == []  # of the key nothing is said, as nobody was erased

    load(settings)
    again = backed_up(settings, store, reports=True)
    figure(
        "second_backup_sent", round(again.sent_bytes / 1e6, 2), "MB", first=round(made.sent_bytes / 1e6, 2)
    )
    assert again.sent_bytes < made.sent_bytes
    same = backed_up(settings, store, reports=True)
    assert same.sent <= 2  # the list of files
    assert load(load_settings(tmp_path / "back")).total("accepted") == 1  # what waited, waits


def test_a_bucket_holds_an_encrypted_backup(
    home: Path, tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = new_key(tmp_path / "key")
    monkeypatch.setenv(RECIPIENT, public)
    settings = load_settings(home)
    store = backup_store(settings, s3.address, s3.endpoint)
    made = backed_up(settings, store, seal=sealing(None))
    assert made.encrypted and made.left_out == []
    everything = b"".join(s3.get(key) for key in s3.listed())
    assert b"duckdb" not in everything and b"keep_versions" not in everything and b"k" * 64 not in everything
    names = {key.split("/")[-1] for key in s3.listed()}
    assert not {hashlib.sha256(b"keep_versions = 2\n").hexdigest()} & names

    with pytest.raises(UsageError, match="is encrypted"):
        restored(store, tmp_path / "back")
    new_key(tmp_path / "another")
    with pytest.raises(WorkbenchError, match="does not open this backup"):
        restored(store, tmp_path / "back", key=opening(tmp_path / "another"))
    assert not (tmp_path / "back" / "data").exists()
    assert not tried(store).is_opened
    assert tried(store, key=opening(tmp_path / "key"), quick=True).is_sound
    back = restored(store, tmp_path / "back", key=opening(tmp_path / "key"), quick=True)
    assert back.is_sound
    assert files_of(tmp_path / "back") == files_of(home, beside=("reports/",))
    assert backed_up(settings, store, seal=sealing(None)).sent <= 2


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_key(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    secret = (tmp_path / "key").read_text().split()[-1]
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600") as told:
        opening(tmp_path / "key")
    assert secret not in str(told.value)
    with pytest.raises(UsageError, match="never overwritten"):
        new_key(tmp_path / "key")
    monkeypatch.setenv(IDENTITY, secret[:-3])
    with pytest.raises(UsageError, match="holds no secret key") as told:
        opening(None)
    assert secret[:-3] not in str(told.value)


def test_a_damaged_backup_is_refused_with_the_file_named(
    home: Path, tmp_path: Path, whole: bool, figure: Callable[..., None]
) -> None:
    settings, place = load_settings(home), tmp_path / "backups"
    store = backup_store(settings, str(place))
    backed_up(settings, store)
    rng, parts = random.Random(4), sorted(p for p in place.rglob("*") if p.is_file())
    for n in range(40 if whole else 12):
        part = rng.choice(parts)
        kept = part.read_bytes()
        if n % 3 == 0:
            part.unlink()
        else:
            at = rng.randrange(len(kept))
            part.write_bytes(kept[:at] if n % 3 == 1 else kept[:at] + bytes([kept[at] ^ 4]) + kept[at + 1 :])
        with pytest.raises(WorkbenchError) as told:
            restored(store, tmp_path / "back")
        assert part.name in str(told.value) or "There is no backup" in str(told.value)
        assert (
            "can't be restored" in str(told.value)
            or "backups/" in str(told.value)
            or "blobs/" in str(told.value)
        )
        assert {p.name for p in (tmp_path / "back").rglob("*") if p.is_file()} <= {"load.lock"}
        part.write_bytes(kept)
    assert restored(store, tmp_path / "back", quick=True).is_sound
    figure("damaged_backups_refused", 40 if whole else 12, "damages", restored=0)


def flipped(part: Path) -> Path:
    data = part.read_bytes()
    part.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    return part


def largest_part(place: Path) -> Path:
    return max((p for p in (place / "blobs").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)


@pytest.mark.parametrize(
    "encrypted", [False, True] if os.environ.get("WORKBENCH_FAULTS") == "whole" else [True]
)
def test_a_damaged_part_is_sent_anew_by_the_next_monthly_run(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    figure: Callable[..., None],
    encrypted: bool,
) -> None:
    """Older backups that need the part are whole again too."""
    place = tmp_path / "backups"
    monkeypatch.setenv("WORKBENCH_BACKUP_TO", str(place))
    words = ["backup", "--home", str(home), *(["--encrypt"] if encrypted else [])]
    if encrypted:
        monkeypatch.setenv(RECIPIENT, new_key(tmp_path / "key"))
        monkeypatch.setenv(IDENTITY, (tmp_path / "key").read_text().split()[-1])
    store = backup_store(load_settings(home))
    assert main(words) == 0
    (first,) = backups_in(store)
    damaged = flipped(largest_part(place))
    capsys.readouterr()
    assert main([*words, "--due"]) == 0
    said = capsys.readouterr().err
    assert damaged.name in said and "sent anew where it is damaged" in said
    assert "1 of them in place of damaged ones" in said and "it is sound" in said
    second = backups_in(store)
    assert len(second) == 2 and second[0] == first  # the one that was damaged when it was made is gone
    for backup in second:
        assert tried(
            store, at=backup.backup_id, key=opening(None) if encrypted else None, quick=True
        ).is_sound
    assert states(home) == {
        ("backup", "success"): 2,
        ("restore trial", "failure"): 1,
        ("restore trial", "success"): 1,
    }
    figure("damaged_part_sent_anew", 1, "part", encrypted=encrypted, restorable=len(second))


def test_old_backups_stay_until_all_parts_of_the_new_one_were_read(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "backups"
    words = ["backup", str(place), "--home", str(home)]
    assert main(words) == 0
    flipped(largest_part(place))
    assert main([*words, "--without-media"]) == 0  # relies on the damaged part
    capsys.readouterr()
    assert main([*words, "--keep", "2"]) == 0
    said = capsys.readouterr().err
    assert f"Damaged in {place}: 1 part of backup" in said and "Removed 1 older backup." in said
    store = backup_store(load_settings(home), str(place))
    kept = backups_in(store)
    assert len(kept) == 2
    for backup in kept:
        assert tried(store, at=backup.backup_id, quick=True).is_sound


def test_a_place_that_damages_what_is_sent_loses_no_old_backup(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, place = load_settings(home), tmp_path / "backups"
    store = backup_store(settings, str(place))
    old = backed_up(settings, store)
    part = flipped(largest_part(place))
    get = store.get
    bad = part.relative_to(place).as_posix()
    monkeypatch.setattr(store, "get", lambda key: get(key)[:-1] + b"?" if key == bad else get(key))
    with pytest.raises(WorkbenchError, match=bad):
        backed_up(settings, store, keep=1)
    assert old.backup_id in {b.backup_id for b in backups_in(store)}


def test_recheck_sends_anew_what_is_damaged(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "backups"
    words = [str(place), "--home", str(home)]
    assert main(["backup", *words]) == 0
    damaged = flipped(largest_part(place))
    assert main(["restore", *words, "--check-only", "--quick"]) == 1
    said = capsys.readouterr().err
    assert damaged.name in said and "workbench backup --recheck" in said
    assert main(["backup", *words, "--recheck"]) == 0
    assert "1 of them in place of damaged ones" in capsys.readouterr().err
    assert main(["restore", *words, "--check-only", "--quick"]) == 0
    assert main(["backup", *words, "--due", "--recheck"]) == 2


def test_nothing_that_was_acknowledged_is_lost_while_others_write(
    home: Path, tmp_path: Path, figure: Callable[..., None]
) -> None:
    """Recorders record, a loader loads; what was acknowledged before a backup began is in it, each once."""
    settings, stop = load_settings(home), threading.Event()
    acknowledged: list[str] = []

    def keep_recording(name: str) -> None:
        n = 0
        while not stop.is_set():
            record.event(home=home, event_id=f"{name} {n}", name="x", occurred_at="2026-01-01")
            acknowledged.append(f"{name} {n}")
            n += 1
            time.sleep(0.005)

    def keep_loading() -> None:
        while not stop.is_set():
            load(settings)
            time.sleep(0.3)  # who waits for the lock asks for it now and then

    threads = [threading.Thread(target=keep_recording, args=(f"r{i}",)) for i in range(3)]
    loader = threading.Thread(target=keep_loading)
    for thread in (*threads, loader):
        thread.start()
    store, promised = backup_store(settings, str(tmp_path / "backups")), []
    try:
        for _ in range(3):
            time.sleep(0.5)
            known = set(acknowledged)
            promised.append((backed_up(settings, store, media=False).backup_id, known))
    finally:
        stop.set()
        for thread in (*threads, loader):
            thread.join()
    for number, (backup, known) in enumerate(promised):
        back = tmp_path / f"back {number}"
        restored(store, back, at=backup, quick=True)
        load(load_settings(back))
        with duckdb.connect(str(newest(back)), read_only=True) as con:
            found = [e for (e,) in con.execute("SELECT event_id FROM app_events").fetchall()]
        assert known <= set(found)
        assert len(found) == len(set(found))
    figure("records_in_backups_while_recording", len(promised[-1][1]), "records", lost=0, backups=3)
    assert len(promised[-1][1]) > 50


def test_a_killed_backup_is_none_and_the_next_one_is_whole(
    home: Path, tmp_path: Path, whole: bool, figure: Callable[..., None]
) -> None:
    place, rng, kills, completed = tmp_path / "backups", random.Random(6), 0, 0
    store = backup_store(load_settings(home), str(place))
    code = (
        "import sys; from workbench.safekeeping.backup import *; from workbench.settings import load_settings; "
        "s = load_settings(sys.argv[1]); store = backup_store(s, sys.argv[2]); print('ready', flush=True); "
        "backed_up(s, store)"
    )
    words = [sys.executable, "-c", code, str(home), str(place)]
    before = files_of(home)
    for n in range(WHOLE_KILLS if whole else SHORT_KILLS):
        if n % 2:
            shutil.rmtree(place, ignore_errors=True)
        known = len(backups_in(store))
        process = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline()
        time.sleep(rng.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        kills += process.returncode == -signal.SIGKILL
        after = backups_in(store)
        completed += len(after) - known
        for backup in after[known:]:
            assert tried(store, at=backup.backup_id, quick=True).is_sound
    made = backed_up(load_settings(home), store)
    assert tried(store, at=made.backup_id, quick=True).is_sound
    assert list((home / "data").glob(f"{HOLD}*")) == []
    after_all = {k: v for k, v in files_of(home, beside=("home.id",)).items() if "/inbox/" not in k}
    assert after_all == {k: v for k, v in before.items() if "/inbox/" not in k}
    figure("backups_killed", kills, "kills", completed_before=completed, broken_ones_visible=0)
    assert kills


def test_a_full_destination_is_told_and_leaves_no_backup(home: Path, tmp_path: Path) -> None:
    """A small disk where one may be mounted, else a limit on the size of files."""
    with small_disk(tmp_path / "small", 6) as disk:
        place = tmp_path / "small" / "backups" if disk else tmp_path / "limited"
        before = None if disk else limited(resource.RLIMIT_FSIZE, 2_000_000)
        said = command("backup", str(place), home=home, before=before)
        assert said.code == 1, said
        assert str(place) in said.err and "Traceback" not in said.err
        assert backups_in(backup_store(load_settings(home), str(place))) == []
    assert list((home / "data").glob(f"{HOLD}*")) == []
    assert [f for f in verified(load_settings(home), quick=True) if f.severity == "grave"] == []


def test_old_backups_go_with_their_parts_and_those_that_stay_are_whole(home: Path, tmp_path: Path) -> None:
    settings = load_settings(home)
    store = backup_store(settings, str(tmp_path / "backups"))
    ids = []
    for n in range(3):
        record.snapshot(home=home, post_id="tiktok:99", captured_at=f"2026-01-1{n}", views=100 + n)
        load(settings)
        ids.append(backed_up(settings, store, keep=2).backup_id)
    assert [b.backup_id for b in backups_in(store)] == ids[-2:]
    needed = {key for b in backups_in(store) for key in read_head(store, b).blobs}
    assert {e.key for e in store.entries("blobs")} == needed
    for backup in ids[-2:]:
        assert tried(store, at=backup, quick=True).is_sound
    with pytest.raises(UsageError, match="No backup is of '1999'"):
        chosen(store, "1999")


def test_a_folder_that_may_not_be_read_is_in_no_backup_by_silence(home: Path, tmp_path: Path) -> None:
    (home / "analyses").chmod(0o000)
    said = command("backup", str(tmp_path / "backups"), home=home, before=bound_by_permissions)
    (home / "analyses").chmod(0o700)
    assert said.code == 1 and f"Permission denied: {home / 'analyses'}" in said.error
    assert not (tmp_path / "backups" / "backups").exists()


def test_the_monthly_run_backs_up_tries_and_records(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_BACKUP_TO", str(tmp_path / "backups"))
    due = ["backup", "--due", "--home", str(home)]
    assert main(due) == 0
    assert "can be restored" in capsys.readouterr().err
    assert main(due) == 0  # once a month
    assert "No backup is due. The last good one: 2" in capsys.readouterr().err
    assert len(backups_in(backup_store(load_settings(home)))) == 1
    assert states(home) == {("backup", "success"): 1, ("restore trial", "success"): 1}

    (home / "data/backup.json").unlink()
    damaged = newest(home)
    with damaged.open("r+b") as f:
        for at in range(20_000, damaged.stat().st_size, 100_000):  # some blocks hold no data
            f.seek(at)
            f.write(b"damage")
    assert main(due) == 1
    err = capsys.readouterr().err
    assert damaged.name in err and "Traceback" not in err
    assert main(due) == 0  # a failed one is tried again the next day
    last = last_run(home / "data")
    assert last.good_at is None and last.tried_at is not None and last.tried_at <= datetime.now(UTC)
    waiting = (home / "data/inbox/.journal").glob("*.jsonl")
    assert '"failure"' in "".join(p.read_text() for p in waiting)


def states(home: Path) -> dict[tuple[str, str], int]:
    load(load_settings(home))
    with duckdb.connect(str(newest(home)), read_only=True) as con:
        rows = con.execute(
            "SELECT process, status, count(*) FROM process_runs "
            "WHERE process IN ('backup', 'restore trial') GROUP BY ALL"
        ).fetchall()
    return {(process, status): n for process, status, n in rows}


def test_the_commands_say_what_they_did(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path / "backups")
    assert main(["backup", "--home", str(home)]) == 2
    assert "backup_to" in capsys.readouterr().err
    assert main(["backup", place, "--home", str(home), "--format", "json"]) == 0
    told = capsys.readouterr()
    made = json.loads(told.out)
    assert f"Backup {made['backup_id']} in {place}" in told.err
    assert main(["restore", place, "--list", "--home", str(home)]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{made['backup_id']}  {datetime.now(UTC):%Y-%m-%d} ")
    assert f" UTC  version {made['version']}  not encrypted  {made['n_files']} files, " in line
    assert main(["restore", place, "--list", "--format", "json", "--home", str(home)]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["backup_id"], entry["version"], entry["is_encrypted"]) == (
        made["backup_id"],
        made["version"],
        False,
    )
    assert main(["restore", place, "--check-only", "--quick", "--home", str(home)]) == 0
    assert "can be restored" in capsys.readouterr().err
    assert main(["restore", place, "--home", str(home)]) == 2
    assert main(["restore", place, "--into", str(tmp_path / "back"), "--quick", "--home", str(home)]) == 0
    assert "it is sound" in capsys.readouterr().err
    assert main(["restore", str(tmp_path / "nowhere"), "--home", str(home)]) == 2
    assert isinstance(load_settings(tmp_path / "back"), Settings)
