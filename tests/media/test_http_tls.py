"""Over TLS: the address that was checked is connected to, and the name's certificate is still what counts."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from certificates import certificate_of
from cryptography import x509
from misbehaving import MEGABYTE, Stub, jpeg, serving

from workbench.media.http import Asker, Failed, Limits

LIMITS = Limits(most_bytes=2 * MEGABYTE, connect_seconds=2, silence_seconds=0.5, file_seconds=0.7)
PUBLIC = "93.184.216.34"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of pictures.example, which signs itself."""
    return certificate_of(x509.DNSName("pictures.example"), tmp_path_factory.mktemp("tls"))


@pytest.fixture
def stub(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """The stub behind TLS, at a public address as far as anybody can see."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(context) as stub:
        look_up, connect = socket.getaddrinfo, socket.socket.connect

        def found(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
            return look_up(PUBLIC if host.endswith(".example") else host, port, *args, **kwargs)

        def connected(self: socket.socket, address: Any) -> None:
            assert ipaddress.ip_address(address[0]) == ipaddress.ip_address(PUBLIC)
            connect(self, ("127.0.0.1", stub.port))

        monkeypatch.setattr(socket, "getaddrinfo", found)
        monkeypatch.setattr(socket.socket, "connect", connected)
        yield stub


@pytest.fixture
def asker(certificate: Path) -> Iterator[Asker]:
    with Asker(limits=LIMITS) as asker:
        asker._session.verify = str(certificate)
        yield asker


def test_a_file_comes_over_tls_under_its_hosts_name(stub: Stub, asker: Asker) -> None:
    assert asker.ask("https://pictures.example/picture/1").data == jpeg(1)
    assert asker.ask("https://pictures.example/picture/2").data == jpeg(2)
    assert stub.headers["/picture/1"]["Host"] == "pictures.example"


def test_another_hosts_certificate_is_not_accepted(stub: Stub, asker: Asker) -> None:
    with pytest.raises(Failed, match="no secure connection"):
        asker.ask("https://others.example/picture/1")
    with Asker(limits=LIMITS) as strict, pytest.raises(Failed, match="no secure connection"):
        strict.ask("https://pictures.example/picture/1")
    assert not stub.asked


@pytest.mark.parametrize("path", ["drip", "dripheaders", "dripwithoutlength"])
def test_what_drips_over_tls_is_cut_off_too(stub: Stub, asker: Asker, path: str) -> None:
    with pytest.raises(Failed, match="too slow: not there after"):
        asker.ask(f"https://pictures.example/{path}")
    assert asker.ask("https://pictures.example/picture/1").data == jpeg(1)
