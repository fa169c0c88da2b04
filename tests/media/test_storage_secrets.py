"""Which store an address names, what can go wrong with a bucket, and that no key is ever told."""

from __future__ import annotations

import hashlib
import logging
import pickle
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from s3_bucket import KEY as KEY_ID
from s3_bucket import SECRET, TOKEN

from workbench.errors import UsageError, WorkbenchError
from workbench.media.storage import StorageError, open_storage, picture_key
from workbench.settings import load_settings
from workbench.stores import bucket as bucket_module
from workbench.stores import open_store

DATA = b"a picture"
PICTURE = picture_key(hashlib.sha256(DATA).hexdigest(), "image/jpeg")


def test_an_address_is_a_folder_below_the_home_or_a_bucket(tmp_path, s3):
    assert open_store("pictures", home=tmp_path).place == str(tmp_path / "pictures")
    assert open_store(tmp_path / "x").place == str(tmp_path / "x")
    assert open_store("s3://bucket/a/b/").place == "s3://bucket/a/b"
    assert open_store("s3://bucket").place == "s3://bucket"
    assert open_storage(load_settings(tmp_path)).place == str(tmp_path / "data" / "media")


def test_a_store_keeps_any_file_for_reports_and_backups_too(tmp_path, s3):
    for store in (open_store(tmp_path), open_store(s3.address, s3.endpoint)):
        store.put("2025-W40/index.html", b"old", media_type="text/html")
        store.put("2025-W40/index.html", b"<html>", media_type="text/html")
        store.put("other/a.txt", b"a")
        assert store.get("2025-W40/index.html") == b"<html>"
        assert [entry.key for entry in store.entries("2025-W40")] == ["2025-W40/index.html"]
        for key in ("../x", "a//b", ".hidden", "a/../b", "C:x", "a\\b"):
            with pytest.raises(StorageError, match="can't be the name of a stored file"):
                store.put(key, b"x")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://bucket/x", "kept at an address of https://"),
        ("gs://bucket/x", "kept at an address of gs://"),
        (f"s3://{KEY_ID}:{SECRET}@bucket/x", "without a key"),
        ("s3:///x", "Write s3://bucket/prefix"),
    ],
)
def test_an_address_that_makes_no_sense_says_how_to_write_it(address, told, s3):
    with pytest.raises(UsageError, match=told) as error:
        open_store(address)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "endpoint", ["r2.cloudflarestorage.com", "ftp://x", f"https://{KEY_ID}:{SECRET}@x.org", "https://[x"]
)
def test_an_endpoint_that_makes_no_sense_says_how_to_write_it(endpoint, s3):
    with pytest.raises(UsageError, match=r"media_endpoint\) can't be understood") as error:
        open_store("s3://bucket", endpoint)
    assert SECRET not in str(error.value)


def test_without_encryption_only_this_machine_and_named_hosts_are_talked_to(s3, tmp_path):
    for endpoint in (
        "http://localhost:9000",
        "http://127.0.0.1:9000",
        "http://[::1]:9000",
        "https://s3.example.org",
    ):
        assert open_store("s3://bucket", endpoint)
    with pytest.raises(
        UsageError, match=r"minio\.lan would be talked to without encryption.*media_private_hosts"
    ):
        open_store("s3://bucket", "http://minio.lan:9000")
    assert open_storage(
        load_settings(
            tmp_path,
            media_storage="s3://bucket",
            media_endpoint="http://minio.lan:9000",
            media_private_hosts="nas.lan, minio.lan:9000",
        )
    )


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_missing_keys_are_told_by_their_variables_name(missing, s3, monkeypatch):
    monkeypatch.delenv(missing)
    with pytest.raises(UsageError, match=f"wants {missing} in the environment"):
        open_store(s3.address, s3.endpoint)


def failures(s3, monkeypatch):
    """Each way to fail, and what is told of it."""
    good = open_store(s3.address, s3.endpoint)
    s3.refuse_unknown_keys(True)
    try:
        for ask in (lambda: good.get(PICTURE), lambda: good.put(PICTURE, DATA), lambda: list(good.entries())):
            yield ask, r"does not let us in \(InvalidAccessKeyId\). Check AWS_ACCESS_KEY_ID"
        yield lambda: good.has(PICTURE), r"does not let us in \(403\)"
    finally:
        s3.refuse_unknown_keys(False)
    none = open_store("s3://nobody-made-it/x", s3.endpoint)
    yield lambda: none.put(PICTURE, DATA), "There is no bucket nobody-made-it at http://127"
    yield lambda: list(none.entries()), "There is no bucket nobody-made-it"
    monkeypatch.setattr(bucket_module, "RETRIES", 0)
    yield (
        lambda: open_store("s3://bucket", "http://127.0.0.1:1").get("x"),
        "nothing listens there. Check the network",
    )
    monkeypatch.setenv("AWS_SESSION_TOKEN", f"{TOKEN}\nwith a line end")
    yield lambda: open_store(s3.address, s3.endpoint), "AWS_SESSION_TOKEN holds a blank, a line end"
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", f"{SECRET}")
    yield lambda: open_store(s3.address, s3.endpoint), "Check the values of AWS_ACCESS_KEY_ID"


def test_what_goes_wrong_with_a_bucket_is_said_clearly_and_without_its_keys(s3, monkeypatch, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    n = 0
    for ask, told in failures(s3, monkeypatch):
        with pytest.raises(WorkbenchError, match=told) as error:
            ask()
        text = (
            "".join(traceback.format_exception(error.value))
            + repr(error.value)
            + repr(error.value.__context__)
        )
        assert not [canary for canary in (KEY_ID, SECRET, TOKEN) if canary in text]
        n += 1
    assert n == 9
    servers = ("moto", "urllib3", "werkzeug")
    heard = [record.getMessage() for record in caplog.records if not record.name.startswith(servers)]
    heard += capfd.readouterr()
    assert not [canary for canary in (SECRET, TOKEN) if canary in "".join(heard)]


class Misbehaving(BaseHTTPRequestHandler):
    """Answers as its path says, and quotes what it was sent."""

    def do_GET(self) -> None:
        status, code = self.path.strip("/").split("/")[1].split("-")
        quoted = "".join(f"{name}: {value}" for name, value in self.headers.items()) + SECRET
        body = f"<Error><Code>{code}</Code><Message>{quoted}</Message></Error>".encode()
        self.send_response(int(status))
        self.send_header("Content-Length", str(len(body) + (1000 if code == "Short" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None: ...


@pytest.fixture(scope="module")
def misbehaving():
    with ThreadingHTTPServer(("127.0.0.1", 0), Misbehaving) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("503-SlowDown", "it answers SlowDown"),
        ("500-InternalError", "it answers InternalError"),
        ("501-NotImplemented", "it answers NotImplemented"),
        ("403-SignatureDoesNotMatch", r"does not let us in \(SignatureDoesNotMatch\)"),
        ("400-ExpiredToken", r"does not let us in \(ExpiredToken\)"),
        ("301-PermanentRedirect", "Set AWS_REGION|it answers PermanentRedirect. Check AWS_REGION"),
        ("404-NoSuchBucket", "There is no bucket bucket"),
        ("404-NoSuchKey", "There is no 404-NoSuchKey in s3://bucket"),
        ("200-Short", "can't be reached or stopped answering"),
    ],
)
def test_a_service_that_misbehaves_is_told_by_its_code_and_never_quoted(
    misbehaving, s3, monkeypatch, key, told
):
    monkeypatch.setattr(bucket_module, "RETRIES", 0)
    with pytest.raises(StorageError, match=told) as error:
        open_store("s3://bucket", misbehaving).get(key)
    text = "".join(traceback.format_exception(error.value))
    assert not [canary for canary in (KEY_ID, SECRET, TOKEN) if canary in text]


def test_no_repr_and_no_pickle_holds_a_key(s3):
    store = open_store(s3.address, s3.endpoint)
    again = pickle.dumps(store._store)
    for text in (repr(store), str(vars(store)), repr(store._store), again.decode("latin-1")):
        assert not [canary for canary in (KEY_ID, SECRET, TOKEN) if canary in text]


def test_opening_a_bucket_asks_nobody(s3, monkeypatch):
    store = open_store("s3://bucket", "http://127.0.0.1:1")
    assert store.place == "s3://bucket"
