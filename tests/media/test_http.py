"""Strangers' servers: nothing private is reached, nothing is read without an end, and no address is told on."""

from __future__ import annotations

import logging
import os
import socket
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from misbehaving import MEGABYTE, Stub, jpeg, serving

from workbench.media.addresses import Refused, checked, expired_at
from workbench.media.http import Answer, Asker, Failed, Limits, _Cutoff, retry_after

LIMITS = Limits(most_bytes=2 * MEGABYTE, connect_seconds=2, silence_seconds=0.5, file_seconds=1.0)


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with serving() as stub:
        yield stub


@pytest.fixture(scope="module")
def asker(stub: Stub) -> Iterator[Asker]:
    with Asker([stub.host], LIMITS) as asker:
        yield asker


def asked(stub: Stub, asker: Asker, path: str, **headers: str) -> Answer:
    return asker.ask(stub.address(path), headers)


def test_a_file_comes_whole_with_what_its_server_says_of_it(stub: Stub, asker: Asker) -> None:
    answer = asked(stub, asker, "/marked/1")
    assert (answer.status, answer.data, answer.headers["etag"]) == (200, jpeg(1), '"1"')
    assert asked(stub, asker, "/marked/1", **{"If-None-Match": '"1"'}).status == 304
    assert asked(stub, asker, "/chunks").data == jpeg(8)
    assert asked(stub, asker, "/packed").data == jpeg(9)


def test_a_connection_is_used_again_after_a_file_and_after_a_refusal() -> None:
    with serving() as fresh, Asker([fresh.host], LIMITS) as one:
        ports: set[int] = set()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket.socket, "connect", _counting(ports))
            for path in ("/picture/1", "/status/404", "/picture/2", "/marked/3"):
                asked(fresh, one, path)
        assert len(ports) == 1


def _counting(ports: set[int]) -> Any:
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        real(self, address)
        ports.add(self.getsockname()[1])

    return connect


@pytest.mark.parametrize(
    ("path", "kind", "reason"),
    [
        ("/announced/3", Refused, "too large: more than 2 MB"),
        ("/endless", Refused, "too large: more than 2 MB"),
        ("/bomb/100", Refused, "too large: more than 2 MB"),
        ("/short", Failed, "truncated: less came than the server announced"),
        ("/shortchunks", Failed, "truncated: less came than the server announced"),
        ("/silence/1", Failed, "too slow: the server fell silent"),
        ("/drip", Failed, "too slow: not there after 1 s"),
        ("/dripheaders", Failed, "too slow: not there after 1 s"),
        ("/dripwithoutlength", Failed, "too slow: not there after 1 s"),
        ("/hangup", Failed, "no answer: the server hung up"),
        ("/garbage", Failed, "no answer: the server hung up"),
    ],
)
def test_an_answer_that_is_too_large_too_slow_or_broken_says_so(
    stub: Stub, asker: Asker, path: str, kind: type[Exception], reason: str
) -> None:
    begun = time.monotonic()
    with pytest.raises(kind) as e:
        asked(stub, asker, f"{path}?signature=secret")
    assert str(e.value) == reason
    assert time.monotonic() - begun < 4


def test_a_bomb_and_a_huge_redirect_fill_no_memory(stub: Stub, asker: Asker) -> None:
    asked(stub, asker, "/picture/1")
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="too large"):
            asked(stub, asker, "/bomb/100")
        answer = asked(stub, asker, "/bigredirect")
        # The answers that the stub itself makes are in this process too: a piece of 1 MB at a time.
        assert tracemalloc.get_traced_memory()[1] < 12 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert answer.moved_to == stub.address("/picture/3")


def test_a_server_that_is_not_there_or_has_no_name_failed(asker: Asker, free_port: int) -> None:
    with Asker([f"127.0.0.1:{free_port}"], LIMITS) as one, pytest.raises(Failed) as e:
        one.ask(f"http://127.0.0.1:{free_port}/a?signature=secret")
    assert str(e.value) == "no connection: the server refused it"
    with pytest.raises(Failed) as e:
        asker.ask("http://nowhere.invalid/a")
    assert str(e.value) == "no connection: the host's name can't be found"


@pytest.fixture
def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


PRIVATE = (
    "http://127.0.0.1/",
    "http://localhost/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.0.1/",
    "http://198.18.0.1/",
    "http://240.0.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::7f00:1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "https://127.0.0.1/",
    "https://[::ffff:169.254.169.254]/",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_connected_to(asker: Asker, address: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(socket.socket, "connect", _must_not_connect)
    with pytest.raises(Refused, match=r"^private address: "):
        asker.ask(address)


def _must_not_connect(_: socket.socket, address: Any) -> None:
    raise AssertionError(f"a connection to {address} was tried")


def test_a_private_host_is_asked_only_where_the_settings_name_it_and_its_port(stub: Stub) -> None:
    with Asker(["127.0.0.1:1"], LIMITS) as one, pytest.raises(Refused, match="private"):
        one.ask(stub.address("/picture/1"))
    with Asker(["127.0.0.1"], LIMITS) as one:
        assert one.ask(stub.address("/picture/1")).status == 200
    with Asker(["localhost"], LIMITS) as one, pytest.raises(Refused, match="private"):
        one.ask(stub.address("/picture/1"))


def test_a_name_that_changes_its_address_gains_nothing(stub: Stub, asker: Asker, monkeypatch: Any) -> None:
    """The second look-up would lead to this machine; there is none: what was checked is connected to."""
    looked_up: list[str] = []
    connected: list[str] = []
    real = socket.getaddrinfo

    def answers(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host != "rebinding.example":
            return real(host, port, *args, **kwargs)
        looked_up.append(host)
        return real("93.184.216.34" if len(looked_up) == 1 else "127.0.0.1", port, *args, **kwargs)

    def connect(_: socket.socket, address: Any) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(Failed):
        asker.ask(f"http://rebinding.example:{stub.port}/picture/1")
    assert (looked_up, connected) == (["rebinding.example"], ["93.184.216.34"])
    with pytest.raises(Refused, match="private"):
        asker.ask(f"http://rebinding.example:{stub.port}/picture/1")


def test_proxies_passwords_and_cookies_of_this_machine_stay_here(
    stub: Stub, tmp_path: Any, monkeypatch: Any
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", os.fspath(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with Asker([stub.host], LIMITS) as one:
        assert one.ask(stub.address("/cookie")).moved_to == stub.address("/picture/4")
        assert one.ask(stub.address("/picture/4")).status == 200
    sent = {name.lower() for name in stub.headers["/picture/4"]}
    assert sent == {"host", "user-agent", "accept", "accept-encoding"}


def test_no_log_holds_an_address(stub: Stub, asker: Asker, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    for path in ("/picture/1", "/status/503"):
        asked(stub, asker, f"{path}?signature=secret")
    for path in ("/hangup", "/garbage", "/short"):
        with pytest.raises(Failed) as e:
            asked(stub, asker, f"{path}?signature=secret")
        assert "secret" not in str(e.value)
    assert "secret" not in caplog.text
    with pytest.raises(Refused):
        asker.ask("http://10.0.0.1/?signature=secret")
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("file:///etc/passwd", "no http address: it begins with 'file:'"),
        ("ftp://example.com/a.jpg", "no http address: it begins with 'ftp:'"),
        ("data:image/png;base64,AAAA", "no http address: it begins with 'data:'"),
        ("gopher://127.0.0.1:6379/_x", "no http address: it begins with 'gopher:'"),
        ("javascript:alert(1)", "no http address: it begins with 'javascript:'"),
        ("/images/1.jpg", "no http address: it does not begin with https://"),
        ("//example.com/1.jpg", "no http address: it does not begin with https://"),
        ("C:\\slides\\1.jpg", "no http address: it begins with 'c:'"),
        ("http://me:secret@example.com/1.jpg", "no public address: it carries a user's name or password"),
        ("https://", "no address: it names no host"),
        ("http:///1.jpg", "no address: it names no host"),
        ("http://a:99999999/1.jpg", "no address: it can't be read as one"),
        ("http://[::1/1.jpg", "no address: it can't be read as one"),
    ],
)
def test_what_is_no_public_http_address_is_not_asked_for(asker: Asker, address: str, reason: str) -> None:
    with pytest.raises(Refused) as e:
        asker.ask(address)
    assert str(e.value) == reason


@pytest.mark.parametrize(
    "address", ["http://exa mple.com/a", "http://xn--/a", "http://a..b/c", "http://%00/a", "http://é\u202e/"]
)
def test_an_odd_host_is_refused_or_not_found(asker: Asker, address: str) -> None:
    with pytest.raises((Refused, Failed), match=r"^no (address|connection)"):
        asker.ask(address)


@pytest.mark.parametrize(
    ("address", "until"),
    [
        ("https://p16.example/a.webp?x-expires=1759312800&x-signature=s", "2025-10-01T10:00:00"),
        ("https://d.example/a?Expires=1759312800&Signature=s", "2025-10-01T10:00:00"),
        ("https://b.example/a?X-Amz-Date=20251001T090000Z&X-Amz-Expires=3600", "2025-10-01T10:00:00"),
        ("https://b.example/a?X-Goog-Date=20251001T090000Z&X-Goog-Expires=3600", "2025-10-01T10:00:00"),
        ("https://scontent.cdninstagram.com/a.jpg?oe=68DCFBA0&oh=s", "2025-10-01T10:00:00"),
        ("https://p16.example/a.webp?oe=68DCFBA0", None),
        ("https://evilfbcdn.net/a.jpg?oe=68DCFBA0", None),
        ("https://p16.example/a.webp?expires=never", None),
        ("https://p16.example/a.webp?x-expires=٣", None),
        ("https://b.example/a?X-Amz-Date=20259901T090000Z&X-Amz-Expires=3600", None),
        ("https://b.example/a?X-Amz-Date=20251001T090000Z&X-Amz-Expires=" + "9" * 40, None),
        ("https://p16.example/a.webp", None),
    ],
)
def test_a_signed_address_says_until_when_it_holds(address: str, until: str | None) -> None:
    found = expired_at(checked(address))
    assert (found.replace(tzinfo=None).isoformat() if found else None) == until


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7.0), ("Wed, 01 Oct 2025 10:00:00 GMT", 0.0), ("soon", None), ("9" * 400, 86_400)],
)
def test_a_server_says_for_how_long_to_wait(said: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": said}) == seconds
    assert retry_after({}) is None


def test_what_is_stopped_while_it_connects_ends_once_it_is_connected() -> None:
    cutoff = _Cutoff(60.0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5.0)
        cutoff.begin()
        cutoff.cut()
        cutoff.watch(ours)
        assert ours.recv(1) == b""
        cutoff.end()
