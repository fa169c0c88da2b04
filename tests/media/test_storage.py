"""Pictures are kept by content: once, whole, in a folder as in a bucket."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from s3_bucket import S3

from workbench.media.storage import Storage, StorageError, local_storage, open_storage, picture_key
from workbench.settings import load_settings
from workbench.stores.folder import Folder

DATA = b"a picture" * 1000
KEY = picture_key(hashlib.sha256(DATA).hexdigest(), "image/jpeg")


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return open_storage(load_settings(tmp_path))
    s3 = request.getfixturevalue("s3")
    return open_storage(load_settings(tmp_path, media_storage=s3.address, media_endpoint=s3.endpoint))


def damage(storage: Storage, data: bytes) -> None:
    """Put something else under the key, past every check."""
    storage.store._write(KEY, data, None)


def test_a_key_is_the_contents_hash_and_what_it_is():
    assert picture_key("ab" * 32, "image/webp") == f"pictures/ab/{'ab' * 32}.webp"


def test_what_was_put_comes_back_and_is_kept_once(storage):
    assert list(storage.keys()) == []
    assert not storage.has(KEY)
    assert storage.put(KEY, DATA) is True
    assert storage.put(KEY, DATA) is False
    assert storage.has(KEY)
    assert storage.get(KEY) == DATA
    assert [(entry.key, entry.size) for entry in storage.entries()] == [(KEY, 9000)]
    storage.delete(KEY)
    assert list(storage.keys()) == []


def test_a_missing_picture_is_told_with_its_key_and_place(storage):
    with pytest.raises(StorageError, match=f"There is no {KEY} in {storage.place}"):
        storage.get(KEY)


@pytest.mark.parametrize("damaged", [b"", DATA[:-1], b"b" + DATA[1:]], ids=["empty", "cut", "same size"])
def test_a_damaged_picture_is_found_on_get_and_replaced_by_the_next_put(storage, damaged):
    storage.put(KEY, DATA)
    damage(storage, damaged)
    with pytest.raises(StorageError, match="is damaged"):
        storage.get(KEY)
    assert storage.put(KEY, DATA) is True
    assert storage.get(KEY) == DATA


def test_data_is_not_kept_under_anothers_key(storage):
    with pytest.raises(StorageError, match="its content has another hash"):
        storage.put(KEY, DATA + b"!")
    assert list(storage.keys()) == []


@pytest.mark.parametrize(
    "key",
    [
        "../secret",
        f"pictures/ab/../../{'ab' * 32}.jpg",
        f"/etc/{'ab' * 32}.jpg",
        f"pictures/cd/{'ab' * 32}.jpg",
        "",
    ],
)
def test_a_key_leads_nowhere_else(storage, key):
    for ask in (storage.get, storage.has, storage.delete, lambda k: storage.put(k, DATA)):
        with pytest.raises(StorageError, match="is not the key of a picture"):
            ask(key)


def test_a_put_that_does_not_arrive_whole_is_an_error(storage, monkeypatch):
    write = type(storage.store)._write
    monkeypatch.setattr(type(storage.store), "_write", lambda self, k, data, t: write(self, k, data[:-1], t))
    with pytest.raises(StorageError, match=r"is not what was sent \(9,000 bytes\)"):
        storage.put(KEY, DATA)


def test_files_are_the_owners_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        local_storage(load_settings(tmp_path)).put(KEY, DATA)
    finally:
        os.umask(before)
    made = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in made} == {
        "data": "0o700",
        "media": "0o700",
        "pictures": "0o700",
        KEY.split("/")[1]: "0o700",
        KEY.split("/")[2]: "0o600",
        ".building": "0o700",
    }


def test_a_folder_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "full").write_text("a file where a folder should be")
    storage = open_storage(load_settings(tmp_path, media_storage="full"))
    with pytest.raises(
        StorageError, match=r"full(: File exists|/pictures.*: Not a directory)\. Move that file"
    ):
        storage.put(KEY, DATA)
    assert list(storage.keys()) == []


PUT_FOR_EVER = """
import hashlib, sys
from workbench.media.storage import local_storage, picture_key
from workbench.settings import load_settings
storage = local_storage(load_settings(sys.argv[1]))
for n in range(10**6):
    data = n.to_bytes(8, "big") * 50_000
    storage.put(picture_key(hashlib.sha256(data).hexdigest(), "image/png"), data)
"""


def test_a_killed_put_leaves_no_half_picture_under_its_name(tmp_path):
    storage = local_storage(load_settings(tmp_path))
    for _ in range(3):
        before = len(list(storage.keys()))
        process = subprocess.Popen([sys.executable, "-c", PUT_FOR_EVER, str(tmp_path)])
        deadline = time.monotonic() + 30
        while len(list(storage.keys())) < before + 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        keys = list(storage.keys())
        assert len(keys) >= before + 5
        for key in keys:
            assert len(storage.get(key)) == 400_000


def test_a_bucket_holds_what_a_picture_is_and_no_parts(s3: S3, tmp_path):
    storage = open_storage(load_settings(tmp_path, media_storage=s3.address, media_endpoint=s3.endpoint))
    large = bytes(12_000_000)
    key = picture_key(hashlib.sha256(large).hexdigest(), "image/png")
    assert storage.put(key, large)
    assert s3.head(key)["ContentType"] == "image/png"
    assert s3.get(key) == large
    assert s3.listed() == [key]
    assert s3.n_unfinished() == 0


def test_unfinished_files_of_killed_writers_go_when_they_are_old(tmp_path: Path) -> None:
    Folder(tmp_path).put("a/b.txt", b"x")
    young, old = (tmp_path / ".building" / f".building-{name}" for name in ("young", "old"))
    for left in (young, old):
        left.write_bytes(b"half")
    os.utime(old, (time.time() - 4_000, time.time() - 4_000))
    store = Folder(tmp_path)
    store.put("a/c.txt", b"y")
    assert young.exists()
    assert not old.exists()
    assert [entry.key for entry in sorted(store.entries(), key=lambda e: e.key)] == ["a/b.txt", "a/c.txt"]
