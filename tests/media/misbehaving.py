"""A server on this machine that gives pictures and misbehaves in every way that a server of strangers may."""

from __future__ import annotations

import gzip
import io
import socket
import ssl
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import numpy as np
from PIL import Image

MEGABYTE = 1_000_000
BOMB = 100
"""Megabytes that the packed answer unfolds into."""


@cache
def jpeg(seed: int, side: int = 64) -> bytes:
    """A picture of its own for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return file.getvalue()


def huge_png(side: int) -> bytes:
    """A small file that claims side x side pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


class Stub:
    """What was asked for, and how many requests were under way at once; `address(path)` names a page of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.asked: Counter[str] = Counter()
        self.times: list[float] = []
        self.headers: dict[str, dict[str, str]] = {}
        self.most_at_once = 0
        self.at_once = 0
        self.seconds = 0.0
        """How long each answer takes."""
        self.lock = threading.Lock()

    def address(self, path: str) -> str:
        return f"http://{self.host}{path}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    stub: Stub

    def log_message(self, *_args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        stub, path = self.stub, self.path.partition("?")[0]
        with stub.lock:
            stub.asked[path] += 1
            stub.times.append(time.monotonic())
            stub.headers[path] = dict(self.headers)
            stub.at_once += 1
            stub.most_at_once = max(stub.most_at_once, stub.at_once)
        try:
            time.sleep(stub.seconds)
            name, _, argument = path.lstrip("/").partition("/")
            getattr(self, f"_{name}")(argument)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with stub.lock:
                stub.at_once -= 1

    def _answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _picture(self, seed: str) -> None:
        self._answer(body=jpeg(int(seed)), Content_Type="image/jpeg")

    def _same(self, _: str) -> None:
        """The same picture, whatever the address."""
        self._answer(body=jpeg(0))

    def _marked(self, seed: str) -> None:
        if self.headers.get("If-None-Match") == f'"{seed}"':
            self._answer(304)
        else:
            self._answer(body=jpeg(int(seed)), ETag=f'"{seed}"')

    def _dated(self, seed: str) -> None:
        date = "Wed, 01 Oct 2025 10:00:00 GMT"
        if self.headers.get("If-Modified-Since") == date:
            self._answer(304)
        else:
            self._answer(body=jpeg(int(seed)), Last_Modified=date)

    def _status(self, code: str) -> None:
        self._answer(int(code), b"no")

    def _mended(self, code: str) -> None:
        """An error at first, the picture from then on."""
        self._answer(int(code)) if self.stub.asked[self.path] == 1 else self._answer(body=jpeg(5))

    def _patience(self, seconds: str) -> None:
        if self.stub.asked[self.path] == 1:
            self._answer(429, Retry_After=seconds)
        else:
            self._answer(body=jpeg(6))

    def _html(self, _: str) -> None:
        self._answer(body=b"<!doctype html><title>Log in</title>", Content_Type="image/jpeg")

    def _disguised(self, _: str) -> None:
        self._answer(body=jpeg(7), Content_Type="text/html")

    def _empty(self, _: str) -> None:
        self._answer()

    def _short(self, _: str) -> None:
        """Less than announced."""
        self._answer(body=jpeg(1)[:-200], Content_Length=str(len(jpeg(1))))
        self.close_connection = True

    def _shortchunks(self, _: str) -> None:
        self._answer(body=b"", Content_Length="", Transfer_Encoding="chunked")
        self.wfile.write(b"%x\r\n" % 5000 + jpeg(1)[:300])
        self.close_connection = True

    def _chunks(self, _: str) -> None:
        self._answer(body=b"", Content_Length="", Transfer_Encoding="chunked")
        data = jpeg(8)
        self.wfile.write(
            b"100\r\n" + data[:256] + b"\r\n%x\r\n" % (len(data) - 256) + data[256:] + b"\r\n0\r\n\r\n"
        )

    def _cut(self, _: str) -> None:
        """Whole by its length, cut off as a picture."""
        self._answer(body=jpeg(1)[: len(jpeg(1)) // 2])

    def _announced(self, megabytes: str) -> None:
        self._answer(body=b"\xff\xd8\xff", Content_Length=str(int(megabytes) * MEGABYTE))
        self.close_connection = True

    def _endless(self, _: str) -> None:
        self._answer(body=b"\xff\xd8\xff", Content_Length="")
        while True:
            self.wfile.write(b"\0" * 65_536)

    def _bomb(self, megabytes: str) -> None:
        self._answer(body=bomb(int(megabytes)), Content_Encoding="gzip")

    def _packed(self, _: str) -> None:
        self._answer(body=gzip.compress(jpeg(9)), Content_Encoding="gzip")

    def _pixels(self, side: str) -> None:
        self._answer(body=huge_png(int(side)))

    def _drip(self, _: str) -> None:
        """A byte now and then, so that the connection never falls silent."""
        self._answer(body=b"\xff", Content_Length="100000")
        self._one_by_one()

    def _dripheaders(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self._one_by_one()

    def _dripwithoutlength(self, _: str) -> None:
        self._answer(body=jpeg(1), Content_Length="", Connection="close")
        self._one_by_one()

    def _one_by_one(self) -> None:
        for _ in range(200):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def _silence(self, seconds: str) -> None:
        time.sleep(float(seconds))
        self.close_connection = True

    def _hangup(self, _: str) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def _garbage(self, _: str) -> None:
        self.wfile.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        self.close_connection = True

    def _to(self, target: str) -> None:
        """A redirect: /to/picture/1 leads to /picture/1, /to/http:%2F%2F... elsewhere."""
        target = unquote(target)
        self._answer(302, b"moved", Location=target if ":" in target else f"/{target}")

    def _nowhere(self, _: str) -> None:
        self._answer(302, b"moved")

    def _circle(self, number: str) -> None:
        self._answer(302, Location=f"/circle/{int(number) + 1}")

    def _bigredirect(self, _: str) -> None:
        self._answer(302, b"", Location="/picture/3", Content_Length=str(500 * MEGABYTE))
        for _piece in range(500):
            self.wfile.write(b"\0" * MEGABYTE)

    def _cookie(self, _: str) -> None:
        self._answer(302, Set_Cookie="who=me", Location="/picture/4")


@cache
def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    return b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(megabytes)) + packer.flush()


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Stub]:
    bomb(BOMB)  # beforehand: packing it takes longer than anybody waits
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever asked has hung up
    handler.stub = stub = Stub(server.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
