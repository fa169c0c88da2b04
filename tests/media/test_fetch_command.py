"""`workbench media fetch`, as it is typed: what it says, what reaches the warehouse, and that a kill costs little."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import filelock
import pytest
from misbehaving import Stub, serving

from workbench import Workbench, record
from workbench.cli import main
from workbench.media import fetch as fetching
from workbench.settings import load_settings
from workbench.warehouse.load import load


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    with serving() as stub:
        monkeypatch.setenv("WORKBENCH_MEDIA_PRIVATE_HOSTS", f"{stub.host},localhost:{stub.port}")
        yield stub


def home_of(folder: Path, *addresses: str) -> Path:
    """A warehouse of one account whose posts, a day apart and the newest last, have 10 slides each."""
    posts = [
        {"post_id": f"tiktok:{n}", "platform": "tiktok", "account_id": "tiktok:ann", "post_type": "slideshow",
         "posted_at": datetime(2025, 9, 1) + timedelta(days=n)}
        for n in range(-(-len(addresses) // 10))
    ]  # fmt: skip
    slides = [
        {"post_id": f"tiktok:{n // 10}", "slide_index": 1 + n % 10, "slide_url": address}
        for n, address in enumerate(addresses)
    ]
    record.rows(
        "accounts", [{"account_id": "tiktok:ann", "platform": "tiktok", "username": "ann"}], home=folder
    )
    record.rows("posts", posts, home=folder)
    record.rows("slides", slides, home=folder)
    assert not load(load_settings(folder)).failed
    return folder


def rows(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with Workbench.opened(home) as wb:
        return [tuple(row.values()) for row in wb.sql(sql).to_pyarrow().to_pylist()]


def fetched(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str) -> tuple[int, list[str]]:
    capsys.readouterr()
    code = main(["media", "fetch", "--home", os.fspath(home), *arguments])
    said = capsys.readouterr()
    assert said.out == ""
    return code, said.err.splitlines()


@pytest.mark.long
def test_slides_get_their_pictures_and_it_says_what_became_of_the_others(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "?x-signature=topsecret"
    home = home_of(
        tmp_path,
        *(stub.address(f"/marked/{n}{secret}") for n in (1, 2, 3, 3)),
        stub.address(f"/status/404{secret}"),
        "https://me:topsecret@example.com/1.jpg",
        stub.address(f"/status/500{secret}"),
    )
    code, said = fetched(capsys, home)
    assert (code, said[0]) == (0, "7 slides name 6 addresses to ask for.")
    assert " have their picture, 2 refused, 1 failed (" in said[1]
    assert sorted(said[2:5]) == [
        "  1 failed: server error",
        "  1 refused: gone",
        "  1 refused: no public address",
    ]
    assert said[5] == "What failed is tried again by the next `workbench media fetch`."
    assert said[6].startswith('Refused slides and why: workbench sql "select ')
    assert "topsecret" not in "\n".join(said)
    assert rows(
        home,
        "select count(*), count(distinct sha256), count(width), count(phash), count(storage_key) from slides "
        "where sha256 is not null",
    ) == [(4, 3, 4, 4, 4)]
    for key, *_ in rows(home, "select storage_key from media_files"):
        assert (home / "data" / "media" / key).is_file()

    asked = Counter(stub.asked)
    code, said = fetched(capsys, home, "--again", "--account", "ann", "--from", "2025-09-01")
    assert said[1] == "Settled 4 addresses. Slides: 4 unchanged, 1 failed (0 new files, 0.0 MB)."
    assert stub.asked["/marked/1"] == asked["/marked/1"] + 1
    assert stub.asked["/status/404"] == asked["/status/404"]
    code, said = fetched(capsys, home, "--again", "refused", "--limit", "2")
    assert said[0] == "3 slides name 3 addresses to ask for, of which 2 now."
    assert stub.asked["/status/404"] == asked["/status/404"] + 1
    code, (said_nothing, *_) = fetched(capsys, home, "--again", "--from", "2025-09-02")
    assert said_nothing.startswith("There is nothing to fetch")


def test_what_is_wrong_with_a_request_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = home_of(tmp_path, "")
    assert fetched(capsys, home) == (
        0,
        ["There is nothing to fetch: no slide names an address. Add pictures: workbench media add FOLDER"],
    )
    code, (said,) = fetched(capsys, home, "--limit", "0")
    assert (code, said) == (
        2, "Error: --limit 0 asks for nothing. Give the number of addresses to ask for."
    )  # fmt: skip
    code, (said,) = fetched(capsys, home, "--account", "tiktok:anne")
    assert (code, said) == (
        2, "Error: --account tiktok:anne: there is no such account. Did you mean 'tiktok:ann'?"
    )  # fmt: skip
    with filelock.FileLock(home / "data" / "media_fetch.lock"):
        code, (said,) = fetched(capsys, home)
    assert code == 1
    assert said.startswith("Error: Another `workbench media fetch` is at work in ")


def test_without_a_network_it_fails_and_forgets_no_slide(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.media.hosts.Manners.backoff_seconds", 0.01)
    home = home_of(tmp_path, *(f"https://pictures.invalid/{n}.jpg" for n in range(30)))
    code, said = fetched(capsys, home)
    assert code == 1
    alone = next(line for line in said if line.startswith("pictures.invalid was left alone"))
    assert (
        "failed for 10 addresses in a row; the last: no connection: the host's name can't be found" in alone
    )
    assert rows(home, "select outcome, http_status from media_fetches group by all") == [("failed", None)]


@pytest.mark.long
def test_a_killed_run_loses_little_and_the_next_goes_on(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.seconds = 0.02
    hosts = (stub.host, f"localhost:{stub.port}")
    home = home_of(tmp_path, *(f"http://{hosts[n % 2]}/picture/{n}" for n in range(120)))
    program = (
        "import sys; from workbench.media import fetch; fetch.BATCH_SECONDS = 0.3; "
        "from workbench.cli import main; main(sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, "media", "fetch", "--home", os.fspath(home)],
        stderr=subprocess.DEVNULL,
    )
    try:
        while stub.asked.total() < 60 and process.poll() is None:
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    asked = stub.asked.total()
    assert 60 <= asked < 120
    inbox = load_settings(home).inbox
    assert [folder for folder in inbox.iterdir() if not folder.name.startswith(".")], "nothing was kept"
    stub.seconds = 0.0

    code, said = fetched(capsys, home)
    assert code == 0
    assert said[0].startswith("Loaded ")  # what the killed run had found
    assert rows(home, "select count(*), count(distinct sha256), count(storage_key) from slides") == [
        (120, 120, 120)
    ]
    assert max(stub.asked.values()) <= 2
    twice = sum(n == 2 for n in stub.asked.values())
    # What came in within the last 0.3 s or was under way: 2 hosts, a request each 0.05 s, 4 at once.
    assert twice < asked / 2, f"{twice} of {asked} asked for twice"
    assert fetching.BATCH_SECONDS <= 10
    code, said = fetched(capsys, home)
    assert said[0] == "There is nothing to fetch: every slide asked for has its picture or was refused."
