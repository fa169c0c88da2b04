"""Pictures of the local folder reach the bucket whole, each once, however often it takes."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from home_files import write_settings
from s3_bucket import S3, SECRET, TOKEN

from workbench.cli import main
from workbench.media.storage import Storage, StorageError, local_storage, open_storage, picture_key
from workbench.media.uploading import MOST_IN_A_ROW, upload
from workbench.settings import load_settings

Upload = Callable[..., tuple[int, str]]


@pytest.fixture
def home(tmp_path: Path, s3: S3) -> Path:
    write_settings(tmp_path, f'media_storage = "{s3.address}"\nmedia_endpoint = "{s3.endpoint}"\n')
    return tmp_path


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Upload:
    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["media", "upload", "--home", str(home), *arguments])
        return code, capsys.readouterr().err

    return run


def kept(home: Path, n: int, size: int = 1000) -> dict[str, bytes]:
    """So many pictures in the local folder."""
    local = local_storage(load_settings(home))
    made = {}
    for i in range(n):
        data = i.to_bytes(4, "big") * (size // 4)
        key = picture_key(hashlib.sha256(data).hexdigest(), "image/jpeg")
        local.put(key, data)
        made[key] = data
    return made


def test_every_picture_is_sent_once_and_the_next_upload_sends_nothing(home, run, s3):
    made = kept(home, 5)
    assert run() == (0, f"Uploaded 5 pictures (0.0 MB) to {s3.address}; 0 lay there already.\n")
    assert {key: s3.get(key) for key in s3.listed()} == made
    assert run() == (0, f"Uploaded 0 pictures (0.0 MB) to {s3.address}; 5 lay there already.\n")
    assert sorted(local_storage(load_settings(home)).keys()) == sorted(made)


def test_what_is_there_is_not_sent_again(home, s3, monkeypatch):
    made = kept(home, 3)
    remote = open_storage(load_settings(home))
    first = min(made)
    remote.put(first, made[first])
    sent = []
    real = Storage.put
    monkeypatch.setattr(
        Storage, "put", lambda self, key, data, **o: sent.append(key) or real(self, key, data, **o)
    )
    done = upload(local_storage(load_settings(home)), remote)
    assert sorted(sent) == sorted(set(made) - {first})
    assert (done.n_sent, done.n_bytes, done.n_there) == (2, 2000, 1)


@pytest.mark.parametrize("damaged", [b"cut", b"x" * 1000], ids=["size", "checksum"])
def test_what_lies_there_damaged_is_sent_again(home, run, s3, damaged):
    (key,) = made = kept(home, 1)
    s3.overwrite(key, damaged)
    assert run()[1].startswith("Uploaded 1 picture ")
    assert s3.get(key) == made[key]


def test_a_digest_that_is_none_of_the_content_is_no_reason_to_send_again(home, s3, monkeypatch):
    """As buckets tell that encrypt with a key of their own."""
    from workbench.stores import Entry, bucket

    kept(home, 1)
    run = lambda: upload(local_storage(load_settings(home)), open_storage(load_settings(home)))  # noqa: E731
    monkeypatch.setattr(bucket, "_entry", lambda found: Entry(found["path"], found["size"], "0" * 32))
    assert run().n_sent == 1
    assert run().n_there == 1


def test_nothing_local_is_deleted_unless_asked_and_then_only_what_is_verified(home, run, s3):
    made = kept(home, 3)
    damaged = min(made)
    (home / "data" / "media" / damaged).write_bytes(b"damaged")
    code, told = run("--delete-local")
    assert code == 1
    assert f"Error: {damaged}: {damaged} in {home}/data/media is damaged" in told
    assert told.endswith(
        "Uploaded 2 pictures (0.0 MB) to " + s3.address + "; 0 lay there already, 2 deleted here, 1 failed.\n"
    )
    assert list(local_storage(load_settings(home)).keys()) == [damaged]
    assert sorted(s3.listed()) == sorted(set(made) - {damaged})


def test_what_did_not_arrive_whole_is_named_and_stays(home, run, s3, monkeypatch):
    from workbench.stores.bucket import Bucket

    made = kept(home, 2)
    bad = max(made)
    real = Bucket._write
    monkeypatch.setattr(
        Bucket, "_write", lambda self, key, data, t: real(self, key, data[:-1] if key == bad else data, t)
    )
    code, told = run("--delete-local")
    assert code == 1
    assert f"Error: {bad}: What {s3.address} keeps as {bad} is not what was sent (1,000 bytes)" in told
    assert list(local_storage(load_settings(home)).keys()) == [bad]


def test_after_many_failures_in_a_row_the_rest_is_not_tried(home, run, monkeypatch):
    kept(home, 60)

    def gone(self: Storage, key: str, data: bytes, **options: object) -> bool:
        raise StorageError("the network is gone")

    monkeypatch.setattr(Storage, "put", gone)
    done = upload(local_storage(load_settings(home)), open_storage(load_settings(home)))
    assert MOST_IN_A_ROW <= len(done.failed) < 60
    assert len(done.failed) + done.n_untried == 60


def test_an_upload_that_was_killed_leaves_nothing_half_and_is_continued(home, run, s3):
    made = kept(home, 120, size=400_000)
    call = f"from workbench.cli import main; main(['media', 'upload', '--home', {str(home)!r}])"
    command = [sys.executable, "-c", call]
    process = subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(s3.listed()) < 10 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    there = s3.listed()
    assert 10 <= len(there) < 120
    assert all(s3.get(key) == made[key] for key in there)
    assert s3.n_unfinished() == 0
    code, told = run()
    assert code == 0
    n_sent = int(told.split()[1])
    assert n_sent <= 120 - len(there)
    assert f"{120 - n_sent} lay there already" in told
    assert {key: s3.get(key) for key in s3.listed()} == made


def test_an_interrupted_upload_stops_after_what_is_under_way(home, s3):
    kept(home, 100)

    def interrupted(key: str, n: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload(local_storage(load_settings(home)), open_storage(load_settings(home)), progress=interrupted)
    assert len(s3.listed()) < 100


@pytest.mark.parametrize("setting", ["", "data/media"])
def test_without_a_bucket_there_is_nowhere_to_upload_to(tmp_path, capsys, setting):
    write_settings(tmp_path, f'media_storage = "{setting}"\n')
    assert main(["media", "upload", "--home", str(tmp_path)]) == 2
    assert "Set media_storage to where they shall go, such as s3://bucket/slides" in capsys.readouterr().err


def test_wrong_keys_are_told_once_without_the_keys(home, run, s3):
    kept(home, 3)
    s3.refuse_unknown_keys(True)
    try:
        code, told = run()
    finally:
        s3.refuse_unknown_keys(False)
    assert code == 1
    assert told.count("\n") == 1
    assert (
        "does not let us in (InvalidAccessKeyId). Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in told
    )
    assert SECRET not in told
    assert TOKEN not in told


def test_missing_keys_are_told_by_name(home, run, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, told = run()
    assert code == 2
    assert "wants AWS_SECRET_ACCESS_KEY in the environment" in told
