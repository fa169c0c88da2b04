"""Asking strangers' servers for a file: nothing private is reached, nothing is read without an end.

Addresses come from files that anybody may have written, so a server is not trusted: its host's address is looked up
once, must be public, and that very address is connected to; the size and the time of an answer are bounded; nothing
that says who asks is sent (no cookies, no .netrc, no password). Proxies of the environment are not used: behind one
the address that is connected to could not be checked.
"""

from __future__ import annotations

import http.cookiejar
import ipaddress
import logging
import socket
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urljoin

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .. import __version__
from .addresses import Refused, checked

REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 64 * 1024
_HEADERS = {
    "User-Agent": f"workbench/{__version__}",
    "Accept": "image/jpeg,image/webp,image/png,image/*;q=0.8,*/*;q=0.1",
    "Accept-Encoding": "identity",
}
_AFTER = urllib3.Retry(retry_after_max=86_400)

# What these write to a log has whole addresses in it, signatures and all.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
logging.getLogger("requests_hardened").addHandler(logging.NullHandler())


class Failed(Exception):
    """The file could not be had this time. The message is `what: details`, without the address."""

    def __init__(self, reason: str, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.wait = wait
        """Seconds after which the server wants to be asked again, where it says so."""
        self.took_long = reason.startswith("too slow")
        """It has kept a connection for long already: better tried in another run than again at once."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much of an answer is waited for and read."""

    most_bytes: int = 25_000_000
    """Largest file, after decoding."""
    connect_seconds: float = 10.0
    silence_seconds: float = 20.0
    """Longest wait for the next bytes."""
    file_seconds: float = 60.0
    """Longest time for the whole answer, however steadily it drips."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    data: bytes
    """The file where status is 200, else nothing."""
    moved_to: str | None
    """The whole address that a redirect leads to, not yet checked."""


class Asker:
    """A session that asks for one file at a time. Each thread has its own; `stop` may be called from another."""

    def __init__(self, private_hosts: Collection[str] = (), limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._cutoff = _Cutoff(self.limits.file_seconds)
        self._session = _OneStep()
        self._session.trust_env = False
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers = requests.structures.CaseInsensitiveDict(_HEADERS)
        for scheme in ("http", "https"):
            self._session.mount(f"{scheme}://", _PublicOnly(scheme == "https", private_hosts))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._session.close()

    def stop(self) -> None:
        """End the exchange that is under way, if there is one."""
        self._cutoff.cut()

    def ask(self, address: str, headers: Mapping[str, str] | None = None) -> Answer:
        """One request, without following redirects.

        Raises Refused for an address that may not be asked for or an answer that is too large; Failed where nothing
        or not all of it came in time.
        """
        checked(address)
        self._cutoff.begin()
        _thread.cutoff = self._cutoff
        try:
            return self._asked(address.strip(), headers or {})
        except InvalidIPAddress as e:
            raise Refused(f"private address: its host is {e}, and nothing private is asked") from e
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError) as e:
            raise Refused("no address: it can't be asked for") from e
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as e:
            # ValueError: what a TLS socket says when it was shut while somebody read from it.
            if self._cutoff.was_cut:
                raise Failed(f"too slow: not there after {self.limits.file_seconds:g} s") from e
            raise Failed(_why(e)) from e
        finally:
            self._cutoff.end()

    def _asked(self, address: str, headers: Mapping[str, str]) -> Answer:
        with self._session.get(
            address,
            headers=dict(headers),
            stream=True,
            allow_redirects=False,
            timeout=(self.limits.connect_seconds, self.limits.silence_seconds),
        ) as response:
            status = response.status_code
            if status == 200:
                data = self._body(response)
            else:
                self._drain(response)
                data = b""
            if self._cutoff.was_cut:  # an answer without a length ends silently
                raise Failed(f"too slow: not there after {self.limits.file_seconds:g} s")
            target = requests.Session.get_redirect_target(self._session, response)
            return Answer(
                status=status,
                headers=response.headers,
                data=data,
                moved_to=urljoin(address, target) if target else None,
            )

    def _body(self, response: requests.Response) -> bytes:
        most = self.limits.most_bytes
        too_large = Refused(f"too large: more than {most / 1e6:g} MB")
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > most:
            raise too_large
        data = bytearray()
        # Decoded as it comes, never more than a chunk at once: a small answer may unfold into a huge one.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            data += chunk
            if len(data) > most:
                raise too_large
        return bytes(data)

    def _drain(self, response: requests.Response) -> None:
        """Read the little that comes with an error, so that its connection can be used again."""
        read = 0
        while read < _CHUNK and (chunk := response.raw.read1(_CHUNK, decode_content=False)):
            read += len(chunk)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds after which a server wants to be asked again; None where it does not say."""
    try:
        return _AFTER.parse_retry_after(headers["Retry-After"]) if "Retry-After" in headers else None
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def _why(error: Exception) -> str:
    """What went wrong, in words that never hold the address."""
    for kind, reason in (
        (requests.exceptions.SSLError, "no secure connection: the server's certificate or TLS is not accepted"),
        (requests.ConnectTimeout, "no connection: the server did not take it in time"),
        ((requests.Timeout, urllib3.exceptions.TimeoutError), "too slow: the server fell silent"),
        (urllib3.exceptions.IncompleteRead, "truncated: less came than the server announced"),
        (urllib3.exceptions.DecodeError, "truncated: what came can't be decoded"),
        (urllib3.exceptions.ProtocolError, "truncated: the connection broke while the answer came"),
    ):  # fmt: skip
        if isinstance(error, kind):
            return _incomplete(error) if "broke" in reason else reason
    if isinstance(error, requests.ConnectionError):
        if "resolve" in str(error):
            return "no connection: the host's name can't be found"
        nested = repr(error)
        if "RemoteDisconnected" in nested or "BadStatusLine" in nested:
            return "no answer: the server hung up"
        if "refused" in nested:
            return "no connection: the server refused it"
        return "no connection: the server can't be reached"
    return f"no answer: {type(error).__name__}"


def _incomplete(error: Exception) -> str:
    if "IncompleteRead" in repr(error.args):
        return "truncated: less came than the server announced"
    return "truncated: the connection broke while the answer came"


class _Cutoff:
    """Ends an exchange that lasts too long: its socket is shut, and whoever reads from it wakes up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.was_cut = False
        self._socket: Any = None
        self._timer: threading.Timer | None = None

    def begin(self) -> None:
        self.was_cut, self._socket = False, None

    def watch(self, sock: Any) -> None:
        self._socket = sock
        self._timer = threading.Timer(self.seconds, self.cut)
        self._timer.daemon = True
        self._timer.start()
        if self.was_cut:  # while it was connected, when there was no socket to shut
            self.cut()

    def cut(self) -> None:
        self.was_cut = True
        if self._socket is not None:
            try:
                # Not the TLS socket's own method, which takes the session away under the reader's feet.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                return  # it was over already

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._socket = None


_thread = threading.local()
"""`cutoff`: what watches over this thread's exchange."""


class _OneStep(requests.Session):
    """Never follows a redirect, nor gets ready to: requests would read its whole answer into memory for that."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _Http(HTTPConnection):
    def getresponse(self) -> Any:
        _thread.cutoff.watch(self.sock)
        return super().getresponse()


class _Https(HTTPSConnection):
    def getresponse(self) -> Any:
        _thread.cutoff.watch(self.sock)
        return super().getresponse()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _PublicOnly(IPFilterAdapter):  # type: ignore[misc]  # it comes without types
    """Connects to public addresses, and to the private hosts that the settings name.

    requests-hardened looks a host up, checks the address and connects to that very address, so that a name which
    leads elsewhere a moment later gains nothing.
    """

    def __init__(self, is_https: bool, private_hosts: Collection[str]) -> None:
        self._private = {host.lower().replace("[", "").replace("]", "") for host in private_hosts}
        super().__init__(is_https_proto=is_https)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> Any:
        given, how = HTTPAdapter.build_connection_pool_key_attributes(self, request, verify, cert)
        host = str(given["host"]).lower()
        port = given["port"] or (443 if self._is_https_proto else 80)
        if host in self._private or f"{host}:{port}" in self._private:
            return given, how
        given, how = super().build_connection_pool_key_attributes(request, verify, cert)
        # What the library lets pass and no public server has: 127.0.0.1 written as ::7f00:1, fec0::1, :: and such.
        ip = ipaddress.ip_address(given["host"].strip("[]"))
        if not ip.is_global or ip.is_reserved or ip.is_multicast or getattr(ip, "is_site_local", False):
            raise InvalidIPAddress(ip)
        return given, how
