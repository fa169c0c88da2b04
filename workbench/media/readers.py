"""A reader of pictures for each core, in processes of their own that may crash or hang."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from PIL import Image

from ..errors import WorkbenchError
from ..settings import Settings
from .ocr import Reader, Reading, model_name
from .pictures import PictureRefused, image_of
from .storage import StorageError, open_storage

PATIENCE_SECONDS = 180.0
"""A page of small print takes 20 seconds; what takes longer than this hangs."""


class Reads(Protocol):
    """What reads a picture."""

    def read(self, image: Image.Image) -> Reading: ...


@dataclass(frozen=True)
class Answer:
    """What became of one picture."""

    sha256: str
    kind: str
    """read; failed or crashed: it can't be read; absent: it could not be got."""
    text: str | None = None
    confidence: float | None = None
    reason: str = ""


def cores() -> int:
    """That this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Readers:
    """Processes that read the settings' pictures; `make` makes what reads in each of them.

    Raises UsageError where the reader is not installed.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        n: int | None = None,
        make: Callable[[], Reads] = Reader,
        model: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.model = model or model_name()
        self._settings, self._make, self._patience = settings, make, patience
        self._n = n or cores()

    def answers(self, wanted: Iterable[tuple[str, str]]) -> Iterator[Answer]:
        """One answer for each (sha256, storage key), as they come."""
        todo = iter(wanted)
        idle: list[_Process] = []
        busy: list[_Process] = []
        try:
            while True:
                while len(busy) < self._n and (asked := next(todo, None)):
                    process = idle.pop() if idle else _Process(self._settings, self._make)
                    process.ask(asked)
                    busy.append(process)
                if not busy:
                    return
                due = min(process.asked_at for process in busy) + self._patience
                wait([process.connection for process in busy], timeout=max(due - time.monotonic(), 0.0))
                for process in list(busy):
                    answer = process.answer(self._patience)
                    if answer is not None:
                        busy.remove(process)
                        if process.is_alive():
                            idle.append(process)
                        yield answer
        finally:
            for process in busy + idle:
                process.stop()


class _Process:
    """One process and the picture that it is at."""

    def __init__(self, settings: Settings, make: Callable[[], Reads]) -> None:
        # Neither forked nor sharing anything: the parent has threads of its own by now.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, settings, make), daemon=True)
        self._process.start()
        theirs.close()
        self.asked_at = 0.0
        self._sha256 = ""

    def ask(self, asked: tuple[str, str]) -> None:
        self._sha256 = asked[0]
        self.asked_at = time.monotonic()
        with suppress(OSError):  # it died meanwhile, which its answer will say
            self.connection.send(asked)

    def answer(self, patience: float) -> Answer | None:
        """None while it is at work."""
        if self.connection.poll():
            try:
                told: Answer | WorkbenchError = self.connection.recv()
            except (EOFError, OSError):
                self._process.join(5)
                code = self._process.exitcode
                self.stop()
                return Answer(self._sha256, "crashed", reason=f"the reader crashed on it (exit code {code})")
            if isinstance(told, WorkbenchError):  # it can't begin
                raise told
            return told
        if time.monotonic() - self.asked_at >= patience:
            self.stop()
            return Answer(self._sha256, "failed", reason=f"it took longer than {patience:g} seconds")
        return None

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


def _serve(connection: Connection, settings: Settings, make: Callable[[], Reads]) -> None:
    """Read what is asked for until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    try:
        reader, storage = make(), open_storage(settings)
    except WorkbenchError as e:
        with suppress(OSError):
            connection.send(e)
        return
    with suppress(EOFError, OSError):
        while True:
            sha256, key = connection.recv()
            connection.send(_read(sha256, key, storage, reader))


def _read(sha256: str, key: str, storage: Any, reader: Reads) -> Answer:
    try:
        image = image_of(storage.get(key))
    except StorageError as e:
        return Answer(sha256, "absent", reason=str(e))
    except PictureRefused as e:
        return Answer(sha256, "failed", reason=str(e))
    try:
        found = reader.read(image)
    except Exception as e:  # whatever a model does on a strange picture, the next one is read
        return Answer(
            sha256, "failed", reason=f"{type(e).__name__}: {(str(e).strip() or '-').splitlines()[-1][:200]}"
        )
    return Answer(sha256, "read", found.text, found.confidence)
