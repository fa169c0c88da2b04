"""Pictures that slides name: each address asked for once, politely; what can't be had is recorded, never fatal."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from misbehaving import MEGABYTE, Stub, jpeg, serving

from workbench.media import fetch as fetching
from workbench.media.fetch import Fetched, fetch
from workbench.media.hosts import Manners
from workbench.media.http import Limits
from workbench.media.pending import Job
from workbench.media.storage import StorageError, open_storage
from workbench.settings import Settings, load_settings

LIMITS = Limits(most_bytes=2 * MEGABYTE, connect_seconds=1, silence_seconds=0.5, file_seconds=1.0)
HASTY = Manners(seconds_between=0.0, backoff_seconds=0.01, failures=1_000, forbidden=0)
LONG_AGO = datetime(2026, 1, 1)


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as stub:
        yield stub


@pytest.fixture
def settings(tmp_path: Path, stub: Stub) -> Settings:
    return load_settings(tmp_path, media_private_hosts=f"{stub.host}, localhost:{stub.port}")


def jobs(*addresses: str, **known: Any) -> list[Job]:
    """A job for each address, named by one slide."""
    return [Job(url=url, slides=[(f"tiktok:{n}", 1)], **known) for n, url in enumerate(addresses, 1)]


def run(settings: Settings, todo: list[Job], manners: Manners = HASTY, **options: Any) -> Fetched:
    return fetch(todo, settings, open_storage(settings), manners=manners, limits=LIMITS, **options)


def told(settings: Settings, table: str, columns: str) -> list[tuple[Any, ...]]:
    """What the inbox holds of a table."""
    files = str(settings.inbox / "*" / f"{table}.parquet")
    return duckdb.sql(f"SELECT {columns} FROM read_parquet('{files}') ORDER BY ALL").fetchall()


def pictures(stub: Stub, *numbers: int) -> list[str]:
    return [stub.address(f"/picture/{n}") for n in numbers]


EXPECTED = {
    # path: outcome, reason, status
    "picture/1": ("stored", None, 200),
    "disguised": ("stored", None, 200),
    "chunks": ("stored", None, 200),
    "packed": ("stored", None, 200),
    "mended/500": ("stored", None, 200),
    "mended/503": ("stored", None, 200),
    "to/picture/2": ("stored", None, 200),
    "bigredirect": ("stored", None, 200),
    "html": ("refused", "no usable picture: the file is a web page", 200),
    "empty": ("refused", "no usable picture: the file is empty", 200),
    "cut": ("refused", "no usable picture: the JPEG file is cut off", 200),
    "pixels/20000": ("refused", "no usable picture: the picture has 20,000 x 20,000 pixels", 200),
    "announced/3": ("refused", "too large: more than 2 MB", None),
    "bomb/100": ("refused", "too large: more than 2 MB", None),
    "status/403": ("refused", "forbidden: the server answered 403", 403),
    "status/404": ("refused", "gone: the server answered 404", 404),
    "status/410": ("refused", "gone: the server answered 410", 410),
    "status/206": ("refused", "no file: the server answered 206", 206),
    "status/304": ("refused", "no file: the server answered 304", 304),
    "nowhere": ("refused", "no file: the server answered 302", 302),
    "circle/1": ("refused", "redirects without an end: more than 5", 302),
    "to/http:%2F%2F10.0.0.1%2F": ("refused", "private address: its host is 10.0.0.1", None),
    "to/http:%2F%2F169.254.169.254%2F": ("refused", "private address: its host is 169.254.169.254", None),
    "to/http:%2F%2F[::1]%2F": ("refused", "private address: its host is ::1", None),
    "to/http:%2F%2F[::ffff:127.0.0.1]%2F": ("refused", "private address: its host is 127.0.0.1", None),
    "to/http:%2F%2F2130706433%2F": ("refused", "private address: its host is 127.0.0.1", None),
    "to/file:%2F%2F%2Fetc%2Fpasswd": ("refused", "no http address: it begins with 'file:'", 302),
    "to/http:%2F%2Fme:secret@127.0.0.1%2F": ("refused", "no public address: it carries a user's name", 302),
    "picture/3?x-expires=1759312800": ("refused", "expired: it was good until 2025-10-01 10:00 UTC", None),
    "status/500": ("failed", "server error: it answered 500", 500),
    "status/429": ("failed", "server error: it answered 429", 429),
    "short": ("failed", "truncated: less came than the server announced", None),
    "hangup": ("failed", "no answer: the server hung up", None),
    "dripheaders": ("failed", "too slow: not there after 1 s", None),
    "silence/1": ("failed", "too slow: the server fell silent", None),
}  # fmt: skip


def test_whatever_a_server_does_is_recorded_and_stops_nothing(stub: Stub, settings: Settings) -> None:
    found = run(settings, jobs(*(stub.address(f"/{path}") for path in EXPECTED)))
    rows = told(settings, "media_fetches", "slide_url, outcome, reason, http_status")
    became = {
        url.removeprefix(stub.address("/")): (outcome, reason, status)
        for url, outcome, reason, status in rows
    }
    assert became.keys() == EXPECTED.keys()
    for path, (outcome, reason, status) in EXPECTED.items():
        assert became[path][::2] == (outcome, status), path
        assert (became[path][1] or "").startswith(reason or ""), path
        assert (reason is None) == (became[path][1] is None), path
    assert found.outcomes.total() == found.n_addresses == len(EXPECTED)
    assert found.n_new_files == 7  # mended/500 and mended/503 give the same picture
    assert stub.asked["/picture/3"] == 1  # by the redirect, not by the address that had expired
    assert stub.asked["/status/500"] == HASTY.tries
    assert stub.asked["/dripheaders"] == stub.asked["/silence/1"] == 1  # slow once is slow enough for one run
    assert stub.asked["/status/403"] == stub.asked["/html"] == 1


def test_an_address_is_asked_for_once_however_many_slides_name_it(stub: Stub, settings: Settings) -> None:
    todo = [Job(url=stub.address("/same"), slides=[(f"tiktok:{n}", 1 + n % 2) for n in range(50)])]
    todo += [Job(url=stub.address("/same?sized"), slides=[("tiktok:1", 9)])]
    found = run(settings, todo)
    assert stub.asked["/same"] == 2
    assert (found.outcomes["stored"], found.n_addresses, found.n_new_files) == (51, 2, 1)
    files = told(settings, "media_files", "sha256, storage_key, media_type, file_bytes, width, height")
    (sha256, key, *rest) = files[0]
    assert (len(files), rest) == (1, ["image/jpeg", len(jpeg(0)), 64, 64])
    assert open_storage(settings).get(key) == jpeg(0)
    slides = told(settings, "slides", "post_id, slide_index, sha256, fetched_at IS NOT NULL")
    assert len(slides) == 51
    assert {row[2:] for row in slides} == {(sha256, True)}


def test_what_has_not_changed_is_not_sent_again(stub: Stub, settings: Settings) -> None:
    storage = open_storage(settings)
    run(settings, jobs(stub.address("/marked/1"), stub.address("/dated/2"), stub.address("/marked/3")))
    known = {
        url: {"etag": etag, "last_modified": date, "sha256": sha256}
        for url, etag, date, sha256 in told(
            settings, "media_fetches", "slide_url, etag, last_modified, sha256"
        )
    }
    keys = dict(told(settings, "media_files", "sha256, storage_key"))
    again = [
        Job(url=url, slides=[("tiktok:1", n)], storage_key=keys[str(said["sha256"])], **said)
        for n, (url, said) in enumerate(known.items())
    ]
    lost = next(job for job in again if job.url.endswith("/marked/3"))
    lost_key = str(lost.storage_key)
    storage.delete(lost_key)
    found = run(settings, again)
    assert found.outcomes == {"unchanged": 2, "stored": 1}
    assert storage.get(lost_key) == jpeg(3)
    assert stub.headers["/marked/1"]["If-None-Match"] == '"1"'
    assert "If-None-Match" not in stub.headers["/marked/3"]
    rows = told(settings, "media_fetches", "slide_url, etag, last_modified, sha256, outcome")
    assert {row[:4] for row in rows if row[4] == "unchanged"} <= {
        row[:4] for row in rows if row[4] == "stored"
    }


def test_a_host_is_asked_by_few_at_once_and_not_too_often(stub: Stub, settings: Settings) -> None:
    stub.seconds = 0.05
    manners = Manners(at_once=8, per_host=3, seconds_between=0.02)
    run(settings, jobs(*pictures(stub, *range(30))), manners)
    assert stub.most_at_once == 3
    between = [later - earlier for earlier, later in itertools.pairwise(sorted(stub.times))]
    assert sum(between) >= 29 * 0.02 * 0.95


def test_two_hosts_are_asked_at_the_same_time(stub: Stub, settings: Settings) -> None:
    stub.seconds = 0.05
    also = [address.replace("127.0.0.1", "localhost") for address in pictures(stub, *range(20))]
    run(settings, jobs(*pictures(stub, *range(20)), *also), Manners(per_host=2, seconds_between=0.0))
    assert stub.most_at_once == 4


def test_a_host_that_asks_for_patience_is_left_alone_meanwhile(stub: Stub, settings: Settings) -> None:
    manners = Manners(at_once=1, per_host=1, seconds_between=0.0, backoff_seconds=0.0)
    found = run(settings, jobs(stub.address("/patience/1"), *pictures(stub, 1, 2)), manners)
    assert found.outcomes == {"stored": 3}
    first, *others = stub.times
    assert min(others) - first >= 1.0


def test_a_host_that_wants_an_hour_is_left_for_the_next_run(stub: Stub, settings: Settings) -> None:
    manners = Manners(at_once=1, per_host=1, seconds_between=0.0)
    found = run(settings, jobs(stub.address("/patience/3600"), *pictures(stub, 1, 2)), manners)
    assert found.given_up == {"127.0.0.1": "it wants to be left alone for 60 minutes"}
    assert (found.outcomes, found.left) == ({"failed": 1}, {"127.0.0.1": 2})
    assert stub.asked.total() == 1


def test_a_host_that_fails_again_and_again_is_left_alone_and_others_are_not(
    stub: Stub, settings: Settings
) -> None:
    down = [f"http://localhost:{stub.port}/status/503?{n}" for n in range(40)]
    fine = pictures(stub, *range(10))
    found = run(settings, jobs(*down, *fine), Manners(seconds_between=0.0, failures=5, backoff_seconds=0.3))
    assert found.given_up["localhost"].startswith("failed for 5 addresses in a row; the last: server error")
    assert found.outcomes["stored"] == 10
    # Those under way when it was given up are tried to the end.
    assert 5 <= found.outcomes["failed"] <= 8
    assert found.left == {"localhost": 40 - found.outcomes["failed"]}
    assert len(told(settings, "media_fetches", "slide_url")) == 10 + found.outcomes["failed"]


def test_what_is_left_is_counted_beyond_what_is_held_ready(
    stub: Stub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.media.hosts.WINDOW", 4)
    down = [stub.address(f"/status/503?{n}") for n in range(200)]
    fine = [f"http://localhost:{stub.port}/picture/{n}" for n in range(10)]
    found = run(settings, jobs(*down, *fine), Manners(seconds_between=0.0, failures=3, backoff_seconds=0.01))
    assert found.outcomes["stored"] == 10
    assert found.left["127.0.0.1"] + found.outcomes["failed"] == 200
    assert found.left["127.0.0.1"] > 180


def test_a_mark_that_is_unfit_to_be_sent_back_is_not_kept() -> None:
    assert fetching._mark('W/"abc"') == 'W/"abc"'
    assert [fetching._mark(said) for said in (None, "", "é", "a\tb", "x" * 201)] == [None] * 5


def test_one_address_that_always_fails_does_not_speak_for_its_host(stub: Stub, settings: Settings) -> None:
    manners = Manners(seconds_between=0.0, failures=2, tries=5, backoff_seconds=0.01)
    found = run(settings, jobs(stub.address("/status/500")), manners)
    assert (found.given_up, stub.asked["/status/500"]) == ({}, 5)


def test_a_host_that_forbids_everything_may_mean_us(stub: Stub, settings: Settings) -> None:
    addresses = [stub.address(f"/status/403?{n}") for n in range(30)]
    found = run(settings, jobs(*addresses), Manners(seconds_between=0.0, forbidden=10))
    assert found.given_up == {"127.0.0.1": "forbade 10 in a row"}
    assert found.outcomes["refused"] + found.left["127.0.0.1"] == 30
    assert 10 <= found.outcomes["refused"] <= 14
    with_pictures = [one for n, address in enumerate(addresses) for one in (address, *pictures(stub, n))]
    found = run(settings, jobs(*with_pictures), Manners(at_once=1, seconds_between=0.0, forbidden=10))
    assert found.given_up == {}


@pytest.mark.parametrize(
    ("n_failed", "first", "outcome"),
    [
        (0, None, "failed"),
        (3, LONG_AGO, "failed"),
        (4, LONG_AGO, "refused"),
        (40, datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=40), "failed"),
    ],
)
def test_what_fails_often_and_for_long_is_refused(
    stub: Stub, settings: Settings, n_failed: int, first: datetime | None, outcome: str
) -> None:
    run(settings, jobs(stub.address("/status/500"), n_failed=n_failed, first_failed_at=first))
    ((became, reason),) = told(settings, "media_fetches", "outcome, reason")
    assert became == outcome
    if outcome == "refused":
        assert reason == "failed too often: 5 times since 2026-01-01; the last: server error: it answered 500"


class _Full:
    """A storage whose disk is full from the third picture on."""

    def __init__(self, settings: Settings) -> None:
        self.real, self.n = open_storage(settings), 0

    def put(self, key: str, data: bytes) -> bool:
        self.n += 1
        if self.n > 2:
            raise StorageError("No space is left on the disk.")
        return self.real.put(key, data)

    def has(self, key: str) -> bool:
        return self.real.has(key)


def test_a_full_disk_stops_it_and_what_was_found_is_kept(stub: Stub, settings: Settings) -> None:
    todo = jobs(*pictures(stub, *range(20)))
    manners = Manners(at_once=1, seconds_between=0.0)
    with pytest.raises(StorageError, match="No space"):
        fetch(todo, settings, _Full(settings), manners=manners, limits=LIMITS)  # type: ignore[arg-type]
    assert told(settings, "media_fetches", "outcome") == [("stored",)] * 2
    assert stub.asked.total() == 3


def test_an_interruption_ends_what_is_under_way_and_keeps_what_was_found(
    stub: Stub, settings: Settings
) -> None:
    def interrupted(_host: str, _n: int, _total: int) -> None:
        raise KeyboardInterrupt

    waits = [stub.address(f"/silence/0.4?{n}") for n in range(3)]
    with pytest.raises(KeyboardInterrupt):
        # The first picture is told of while three silent answers are waited for.
        run(
            settings,
            jobs(*waits, *pictures(stub, *range(50))),
            Manners(seconds_between=0.05),
            progress=interrupted,
        )
    assert 1 <= len(told(settings, "media_fetches", "outcome")) < 10
    assert {row[0] for row in told(settings, "media_fetches", "outcome")} == {"stored"}


def test_what_was_found_is_written_as_the_work_goes_on(
    stub: Stub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "BATCH_SECONDS", 0.1)
    stub.seconds = 0.05
    found = run(settings, jobs(*pictures(stub, *range(20))), Manners(per_host=2, seconds_between=0.0))
    assert len(found.batches) >= 3
    assert len(told(settings, "media_fetches", "slide_url")) == 20


def test_no_address_at_all_is_no_trouble(settings: Settings) -> None:
    assert run(settings, []) == Fetched()
