"""Whose turn it is: many hosts at once, each of them asked politely."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .pending import Job

WINDOW = 2_000
"""Jobs that are held ready, so that one slow host does not keep the others waiting, nor millions fill the memory."""


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How a host is asked."""

    at_once: int = 8
    """Connections over all hosts."""
    per_host: int = 4
    seconds_between: float = 0.05
    """Between the beginnings of two requests to a host."""
    tries: int = 3
    """Of an address in one run, where it may help."""
    backoff_seconds: float = 1.0
    """Before the second try; twice as long before each further one."""
    longest_pause: float = 60.0
    """A host that wants more than this is left alone until the next run."""
    failures: int = 10
    """Addresses of a host in a row without a success between, after which it is left alone until the next run."""
    forbidden: int = 25
    """Answers 401 or 403 in a row, after which it is left alone; 0: never. It may be us whom it does not like."""


@dataclass
class _Host:
    fresh: deque[tuple[int, Job]] = field(default_factory=deque)
    later: list[tuple[float, int, Job]] = field(default_factory=list)
    """A heap of jobs that are tried again, by when."""
    running: int = 0
    next_at: float = 0.0
    failures: int = 0
    forbidden: int = 0

    def ready(self, now: float) -> tuple[float, int] | None:
        """When its next job may begin, and that job's number; None where it has none."""
        if self.later and (self.later[0][0] <= now or not self.fresh):
            at, number, _ = self.later[0]
            return max(at, self.next_at), number
        return (self.next_at, self.fresh[0][0]) if self.fresh else None

    def pop(self, now: float) -> Job:
        if self.later and (self.later[0][0] <= now or not self.fresh):
            return heapq.heappop(self.later)[2]
        return self.fresh.popleft()[1]


class Schedule:
    """Hands out jobs in their order, as far as each host's turn has come. Threads share one."""

    def __init__(self, jobs: Iterable[Job], manners: Manners) -> None:
        self.manners = manners
        self.given_up: dict[str, str] = {}
        """Host -> why it is left alone for the rest of this run."""
        self.left: dict[str, int] = {}
        """Host -> how many slides of its nobody tried."""
        self._jobs: Iterator[Job] = iter(jobs)
        self._numbers = itertools.count()
        self._hosts: dict[str, _Host] = {}
        self._n_waiting = 0
        self._n_running = 0
        self._exhausted = False
        self._stopped = False
        self._changed = threading.Condition()

    @property
    def stopped(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def take(self) -> Job | None:
        """The next job, when its host's turn has come; None when there is nothing more to do.

        Each job taken is given back by `release`, after `again` if it is to be tried once more.
        """
        with self._changed:
            while True:
                self._fill()
                if self._stopped or not (self._n_waiting or self._n_running):
                    self._changed.notify_all()
                    return None
                now = time.monotonic()
                turns = [
                    (max(turn[0], now), turn[1], host)
                    for host in self._hosts.values()
                    if host.running < self.manners.per_host and (turn := host.ready(now))
                ]
                at, _, host = min(turns, key=lambda turn: turn[:2], default=(None, 0, None))
                if host is not None and at is not None and at <= now:
                    return self._begin(host, now)
                self._changed.wait(None if at is None else at - now)

    def _begin(self, host: _Host, now: float) -> Job:
        job = host.pop(now)
        host.running += 1
        host.next_at = now + self.manners.seconds_between
        self._n_waiting -= 1
        self._n_running += 1
        return job

    def _fill(self) -> None:
        while not self._exhausted and not self._stopped and self._n_waiting < WINDOW:
            job = next(self._jobs, None)
            if job is None:
                self._exhausted = True
            elif job.host in self.given_up:
                self._leave(job)
            else:
                self._host(job.host).fresh.append((next(self._numbers), job))
                self._n_waiting += 1

    def _host(self, name: str) -> _Host:
        return self._hosts.setdefault(name, _Host())

    def release(self, host: str) -> None:
        """A job of this host, under which it was taken, is over or waits again."""
        with self._changed:
            self._host(host).running -= 1
            self._n_running -= 1
            self._changed.notify_all()

    def again(self, job: Job, seconds: float = 0.0) -> bool:
        """Try a job again after some time; False where its host was given up."""
        with self._changed:
            if job.host in self.given_up:
                return False
            entry = (time.monotonic() + seconds, next(self._numbers), job)
            heapq.heappush(self._host(job.host).later, entry)
            self._n_waiting += 1
            self._changed.notify_all()
            return True

    def pause(self, host: str, seconds: float) -> None:
        """The host asked to be left alone for a while."""
        with self._changed:
            state = self._host(host)
            state.next_at = max(state.next_at, time.monotonic() + seconds)

    def answered(self, host: str) -> None:
        """It gave a file, or said for certain that there is none."""
        with self._changed:
            state = self._host(host)
            state.failures = state.forbidden = 0

    def failed(self, host: str, reason: str) -> list[Job]:
        """It failed; returns the jobs that waited for another try if it is now given up."""
        with self._changed:
            state = self._host(host)
            state.failures += 1
            if state.failures < self.manners.failures:
                return []
            return self._give_up(host, f"failed for {state.failures} addresses in a row; the last: {reason}")

    def forbade(self, host: str) -> list[Job]:
        """It forbade; returns what `failed` does."""
        with self._changed:
            state = self._host(host)
            state.forbidden += 1
            if not self.manners.forbidden or state.forbidden < self.manners.forbidden:
                return []
            return self._give_up(host, f"forbade {state.forbidden} in a row")

    def give_up(self, host: str, why: str) -> list[Job]:
        """Leave the host alone for the rest of this run; returns the jobs that waited for another try."""
        with self._changed:
            return self._give_up(host, why)

    def _give_up(self, host: str, why: str) -> list[Job]:
        if host in self.given_up:
            return []
        self.given_up[host] = why
        state = self._host(host)
        waited = [job for _, _, job in state.later]
        self._n_waiting -= len(waited) + len(state.fresh)
        for _, job in state.fresh:
            self._leave(job)
        state.later.clear()
        state.fresh.clear()
        self._changed.notify_all()
        return waited

    def _leave(self, job: Job) -> None:
        self.left[job.host] = self.left.get(job.host, 0) + len(job.slides)
