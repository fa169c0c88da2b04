"""Charts as pictures: SVG and PNG of each beside the pages, and small ones for where no script draws.

They are drawn by processes of their own (`chart_worker`), one for each core, which stay until this process ends: the
first picture costs each of them half a second, another one 0.2 s. The same specification is drawn once.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import queue
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from .kernel_variables import for_kernels
from .shown import ShownChart
from .spreadsheet import write_bytes

FOLDER = "charts"
_SECONDS = 60.0
"""Until a chart that is not drawn is given up."""
_KEPT = 300
"""Drawings that are remembered: those of a set, for its pages, its files and its mail."""


@dataclass(frozen=True)
class Drawing:
    """A chart as pictures; `error` says why there are none."""

    svg: str = ""
    """With its title."""
    png: bytes = b""
    """With its title, of twice the size."""
    small: bytes = b""
    """Without its title, 720 pixels wide or 540, of few colours."""
    error: str = ""
    seconds: float = 0.0
    """Of a processor."""


def static_pictures(charts: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """A small PNG of each chart (see `Drawing.small`), in their order; empty where one could not be drawn.

    `charts` are Vega-Lite specifications as `theme.MIME` holds them. May be called from several threads.
    """
    return [d.small for d in drawings(charts)]


def drawings(charts: Sequence[Mapping[str, Any]]) -> list[Drawing]:
    """All pictures of each chart, drawn on every core."""
    return _STUDIO.drawings(charts)


def write_charts(charts: Sequence[ShownChart], folder: Path) -> tuple[dict[str, str], float]:
    """Write SVG and PNG of each chart into `folder`.

    Returns why one could not be drawn, by its name, and the seconds of processors that drawing took, also if it was
    done before, for pages.
    """
    failed = {}
    made = drawings([c.spec for c in charts])
    if charts:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for chart, drawing in zip(charts, made, strict=True):
        if drawing.error:
            failed[chart.stem] = drawing.error
            continue
        write_bytes(folder / f"{chart.stem}.svg", drawing.svg.encode("utf-8"))
        write_bytes(folder / f"{chart.stem}.png", drawing.png)
    return failed, sum(d.seconds for d in made)


def stop_drawing() -> None:
    """End the drawing processes and give up what waits for them; the next chart starts new ones."""
    _STUDIO.close()


class _Worker:
    """One process that draws, one chart at a time."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "workbench.reporting.chart_worker"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=for_kernels(os.environ),
        )
        self._in, self._out = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)

    def drawn(self, asked: bytes) -> Drawing:
        late = threading.Timer(_SECONDS, self._process.kill)
        late.start()
        try:
            self._in.write(asked + b"\n")
            self._in.flush()
            said = json.loads(self._out.readline() or b"null")
        except (OSError, ValueError):
            said = None
        finally:
            late.cancel()
        if said is None:
            self.end()
            return Drawing(error=f"the drawing process ended, or took longer than {_SECONDS:.0f} s")
        if "error" in said:
            # What failed in one chart can come up again in the next one that the same process draws.
            self.end()
            return Drawing(error=said["error"])
        png, small = (base64.b64decode(said[name]) for name in ("png", "small"))
        return Drawing(said["svg"], png, small, seconds=said["seconds"])

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._in, self._out):
            with suppress(OSError):
                pipe.close()


class _Studio:
    """The processes that draw, started when first needed, and what they have drawn lately."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: OrderedDict[bytes, Future[Drawing]] = OrderedDict()
        self._pool: ThreadPoolExecutor | None = None
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        self._workers: list[_Worker] = []

    def drawings(self, charts: Sequence[Mapping[str, Any]]) -> list[Drawing]:
        asked = [json.dumps(c, sort_keys=True, default=str).encode("utf-8") for c in charts]
        with self._lock:
            waited = [self._begun(a) for a in asked]
            while len(self._done) > _KEPT:
                self._done.popitem(last=False)
        return [w.result() for w in waited]

    def _begun(self, asked: bytes) -> Future[Drawing]:
        if self._pool is None:
            cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
            self._pool = ThreadPoolExecutor(cores, thread_name_prefix="charts")
            for _ in range(cores):
                self._idle.put(None)
        if asked not in self._done:
            self._done[asked] = self._pool.submit(self._draw, asked)
        self._done.move_to_end(asked)
        return self._done[asked]

    def _draw(self, asked: bytes) -> Drawing:
        worker = self._idle.get()
        try:
            if worker is None or not worker.lives:
                worker = None
                worker = _Worker()
                with self._lock:
                    self._workers = [*(w for w in self._workers if w.lives), worker]
            return worker.drawn(asked)
        except OSError as e:  # the process could not be started
            return Drawing(error=f"no process to draw it could be started: {e}")
        finally:
            self._idle.put(worker)  # its place, where there is no process: whoever waits would wait for ever

    def close(self) -> None:
        """End the processes at once, give up what waits, and forget the drawings."""
        with self._lock:
            pool, self._pool = self._pool, None
            workers, self._workers = self._workers, []
            self._done.clear()
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.kill()
            pool.shutdown(wait=True)
        while not self._idle.empty():
            if left := self._idle.get():
                left.end()


_STUDIO = _Studio()
atexit.register(stop_drawing)
