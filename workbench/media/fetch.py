"""Pictures that slides name: asked for, looked at, stored, and told to the inbox as the work goes on."""

from __future__ import annotations

import os
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..settings import Settings
from .addresses import Refused, checked, expired_at
from .hosts import Manners, Schedule
from .http import REDIRECTS, Answer, Asker, Failed, Limits, retry_after
from .pending import Job
from .pictures import Picture, PictureRefused, picture
from .results import FETCHES, FILES, SLIDES, write_results
from .storage import Storage, picture_key

MOST_REDIRECTS = 5
MOST_FAILURES = 5
"""Attempts that may fail before an address is refused, provided the first of them is older than `PATIENCE`."""
PATIENCE = timedelta(days=2)
"""A server that is down for a day costs no picture, however often it is asked meanwhile."""
BATCH_ROWS = 2_000
BATCH_SECONDS = 5.0
"""What was found goes into the inbox when it is this much or this old: so much a killed run loses at most."""
_PASSING = (408, 425, 429)


@dataclass(kw_only=True)
class Fetched:
    """What a run came to. Counts are of slides unless they say otherwise."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """stored, unchanged, refused, failed."""
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Outcome and what was the matter, without its details."""
    n_addresses: int = 0
    n_new_files: int = 0
    """Files that were not in the storage before."""
    new_bytes: int = 0
    given_up: dict[str, str] = field(default_factory=dict)
    """Host -> why it was left alone."""
    left: dict[str, int] = field(default_factory=dict)
    """Host -> slides that were not tried, because it was left alone."""
    batches: list[Path] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What became of one address."""

    job: Job
    outcome: str
    tried_at: datetime
    reason: str | None = None
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    picture: Picture | None = None
    is_new: bool = False

    @property
    def sha256(self) -> str | None:
        if self.outcome == "unchanged":
            return self.job.sha256
        return self.picture.sha256 if self.picture else None


def fetch(
    jobs: Iterable[Job],
    settings: Settings,
    storage: Storage,
    *,
    manners: Manners | None = None,
    limits: Limits | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    total: int = 0,
) -> Fetched:
    """Ask for each address once, store the pictures, write what was found to the inbox.

    Nothing that a server does stops it. What stops it (a full disk, an interruption) leaves in the inbox what was
    found until then. `total` is the number of jobs, for `progress(host, n, total)`.
    """
    run = _Run(settings, storage, manners or Manners(), limits or Limits())
    return run.fetched(jobs, progress or (lambda name, n, total: None), total)


class _Run:
    def __init__(self, settings: Settings, storage: Storage, manners: Manners, limits: Limits) -> None:
        self.settings = settings
        self.storage = storage
        self.manners = manners
        private = [host.strip() for host in settings.media_private_hosts.split(",") if host.strip()]
        self.askers = [Asker(private, limits) for _ in range(manners.at_once)]
        self.found: queue.SimpleQueue[_Found | BaseException | None] = queue.SimpleQueue()
        """Ends with one None, or the exception that stopped it, from each thread."""
        self.decoding = threading.Semaphore(os.cpu_count() or 1)
        """A decoded picture takes 50 times its file's size: no more at once than there are cores."""

    def fetched(self, jobs: Iterable[Job], progress: Callable[[str, int, int], None], total: int) -> Fetched:
        self.schedule = Schedule(self._worth_asking(jobs), self.manners)
        log = _Log(self.settings)
        threads = [threading.Thread(target=self._work, args=(asker,), daemon=True) for asker in self.askers]
        for thread in threads:
            thread.start()
        try:
            self._collect(len(threads), log, progress, total)
        finally:
            # After an error or an interruption: what is under way ends now, and what was found is kept.
            self.schedule.stop()
            for asker in self.askers:
                asker.stop()
            while any(thread.is_alive() for thread in threads) or not self.found.empty():
                try:
                    one = self.found.get(timeout=0.05)
                except queue.Empty:
                    continue
                if isinstance(one, _Found):
                    log.add(one)
            log.write()
        log.result.given_up = self.schedule.given_up
        log.result.left = self.schedule.left
        return log.result

    def _collect(
        self, n_threads: int, log: _Log, progress: Callable[[str, int, int], None], total: int
    ) -> None:
        shown = 0.0
        while n_threads:
            try:
                one = self.found.get(timeout=log.seconds_left())
            except queue.Empty:
                log.write()
                continue
            if isinstance(one, BaseException):
                raise one
            if one is None:
                n_threads -= 1
                continue
            log.add(one)
            if time.monotonic() - shown >= 0.1:
                progress(one.job.host, log.result.n_addresses, total)
                shown = time.monotonic()

    def _worth_asking(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """Jobs whose address can be asked for; what it says itself to be out of the question is recorded at once."""
        for job in jobs:
            try:
                parts = checked(job.url)
                until = expired_at(parts)
                if until is not None and until <= datetime.now(UTC):
                    raise Refused(f"expired: it was good until {until:%Y-%m-%d %H:%M} UTC, its address says")
            except Refused as e:
                self.found.put(_Found(job=job, outcome="refused", reason=str(e), tried_at=_now()))
                continue
            job.at, job.host = job.url, (parts.host or "").lower()
            yield job

    def _work(self, asker: Asker) -> None:
        ended: BaseException | None = None
        try:
            with asker:
                while (job := self.schedule.take()) is not None:
                    host = job.host
                    try:
                        self._try(asker, job)
                    finally:
                        self.schedule.release(host)
        except BaseException as e:
            ended = e
        self.found.put(ended)

    def _try(self, asker: Asker, job: Job) -> None:
        """One request of a job: it is found, or waits for another."""
        host, tried_at, answer = job.host, _now(), None
        if job.storage_key and not self.storage.has(job.storage_key):
            job.sha256 = job.storage_key = None  # lost meanwhile: asked for whatever it was
        try:
            answer = asker.ask(job.at, _conditions(job))
            found = self._judged(job, answer, tried_at)
        except (Refused, PictureRefused) as e:
            status = answer.status if answer else None
            reason = f"no usable picture: {e}" if isinstance(e, PictureRefused) else str(e)
            found = _Found(job=job, outcome="refused", reason=reason, status=status, tried_at=tried_at)
        except Failed as e:
            if not self.schedule.stopped:
                self._failed(job, host, e, tried_at)
            return
        if found is None:
            return
        if found.status in (401, 403):
            self._give_back(self.schedule.forbade(host))
        else:
            self.schedule.answered(host)
        self.found.put(found)

    def _judged(self, job: Job, answer: Answer, tried_at: datetime) -> _Found | None:
        """What an answer means; None where the job goes on at another address. Raises Refused or Failed."""
        status = answer.status
        if status in REDIRECTS and answer.moved_to:
            if self._follow(job, answer.moved_to):
                return None
            reason = "redirect: it leads to a host that was left alone"
            return _Found(job=job, outcome="failed", status=status, reason=reason, tried_at=tried_at)
        told: dict[str, Any] = {
            "etag": _mark(answer.headers.get("ETag")),
            "last_modified": _mark(answer.headers.get("Last-Modified")),
        }
        if status == 304 and job.sha256:
            told = {
                "etag": told["etag"] or job.etag,
                "last_modified": told["last_modified"] or job.last_modified,
            }
            return _Found(job=job, outcome="unchanged", status=status, tried_at=tried_at, **told)
        if status != 200:
            raise _unwanted(answer)
        with self.decoding:
            seen = picture(answer.data)
        is_new = self.storage.put(picture_key(seen.sha256, seen.media_type), answer.data)
        return _Found(
            job=job, outcome="stored", status=status, tried_at=tried_at, picture=seen, is_new=is_new, **told
        )

    def _follow(self, job: Job, target: str) -> bool:
        """Ask where a redirect leads to, in that host's turn; False where that host was left alone."""
        parts = checked(target)
        job.n_redirects += 1
        if job.n_redirects > MOST_REDIRECTS:
            raise Refused(f"redirects without an end: more than {MOST_REDIRECTS}")
        job.at, job.host = target, (parts.host or "").lower()
        return self.schedule.again(job)

    def _failed(self, job: Job, host: str, error: Failed, tried_at: datetime) -> None:
        """Try again later in this run, or record that it failed."""
        job.n_tries += 1
        job.failure = str(error)
        # Each address counts once: one that always fails must not speak for its host.
        waited = self.schedule.failed(host, job.failure) if job.n_tries == 1 else []
        pause = error.wait or 0.0
        if pause > self.manners.longest_pause:
            waited += self.schedule.give_up(host, f"it wants to be left alone for {pause / 60:,.0f} minutes")
        elif pause:
            self.schedule.pause(host, pause)
        backoff = self.manners.backoff_seconds * 2 ** (job.n_tries - 1) * random.uniform(1.0, 1.25)
        tries_left = job.n_tries < self.manners.tries and not error.took_long
        if not (tries_left and self.schedule.again(job, max(backoff, pause))):
            self.found.put(_final(job, error.status, tried_at))
        self._give_back(waited)

    def _give_back(self, waited: list[Job]) -> None:
        """Jobs that failed once and can't be tried again in this run."""
        for job in waited:
            self.found.put(_final(job, None, _now()))


class _Log:
    """What was found, on its way to the inbox."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.result = Fetched()
        self._since = time.monotonic()
        self._new: set[str] = set()
        self._clear()

    def _clear(self) -> None:
        self._fetches: list[dict[str, Any]] = []
        self._slides: list[dict[str, Any]] = []
        self._files: dict[str, dict[str, Any]] = {}

    def seconds_left(self) -> float:
        """Until what was found is old enough to be written."""
        return max(self._since + BATCH_SECONDS - time.monotonic(), 0.01)

    def add(self, one: _Found) -> None:
        result, seen = self.result, one.picture
        result.n_addresses += 1
        result.outcomes[one.outcome] += len(one.job.slides)
        if one.reason:
            result.reasons[one.outcome, one.reason.partition(":")[0]] += len(one.job.slides)
        if seen and one.is_new and seen.sha256 not in self._new:
            self._new.add(seen.sha256)  # two threads may both have found it missing
            result.n_new_files += 1
            result.new_bytes += seen.file_bytes
        if seen:
            self._files[seen.sha256] = {
                "sha256": seen.sha256, "storage_key": picture_key(seen.sha256, seen.media_type),
                "media_type": seen.media_type, "file_bytes": seen.file_bytes, "width": seen.width,
                "height": seen.height, "phash": seen.phash, "stored_at": one.tried_at,
            }  # fmt: skip
        for post_id, slide_index in one.job.slides:
            slide = {"post_id": post_id, "slide_index": slide_index, "sha256": one.sha256}
            if one.sha256:
                self._slides.append({**slide, "fetched_at": one.tried_at})
            self._fetches.append(
                {
                    **slide, "tried_at": one.tried_at, "slide_url": one.job.url, "outcome": one.outcome,
                    "reason": one.reason, "http_status": one.status, "etag": one.etag,
                    "last_modified": one.last_modified,
                }
            )  # fmt: skip
        if len(self._fetches) >= BATCH_ROWS or time.monotonic() - self._since >= BATCH_SECONDS:
            self.write()

    def write(self) -> None:
        self._since = time.monotonic()
        if not self._fetches:
            return
        batch = write_results(
            self.settings,
            {
                "media_files": pa.Table.from_pylist(list(self._files.values()), schema=FILES),
                "slides": pa.Table.from_pylist(self._slides, schema=SLIDES),
                "media_fetches": pa.Table.from_pylist(self._fetches, schema=FETCHES),
            },
            source="media_fetch",
            captured_at=_now(),
        )
        self.result.batches.append(batch)
        self._clear()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _conditions(job: Job) -> dict[str, str]:
    """Headers that ask for the file only if it is another than the one that is stored."""
    if not job.sha256:
        return {}
    given = {"If-None-Match": job.etag, "If-Modified-Since": job.last_modified}
    return {name: value for name, value in given.items() if value}


def _mark(said: str | None) -> str | None:
    """What a server said of its file, if it is fit to be kept and sent back."""
    return said if said and len(said) <= 200 and said.isascii() and said.isprintable() else None


def _unwanted(answer: Answer) -> Refused | Failed:
    """What a status other than 200 means."""
    status = answer.status
    if status in _PASSING or status >= 500:
        return Failed(f"server error: it answered {status}", status, retry_after(answer.headers))
    if status in (401, 403):
        return Refused(f"forbidden: the server answered {status}; the address has expired or is not public")
    if status in (404, 410):
        return Refused(f"gone: the server answered {status}")
    return Refused(f"no file: the server answered {status}")


def _final(job: Job, status: int | None, tried_at: datetime) -> _Found:
    """A job that failed in this run: refused if it has failed often enough over a long enough time."""
    often = job.n_failed + 1 >= MOST_FAILURES
    long = job.first_failed_at is not None and tried_at - job.first_failed_at >= PATIENCE
    if often and long:
        since = f"{job.first_failed_at:%Y-%m-%d}"
        reason = f"failed too often: {job.n_failed + 1} times since {since}; the last: {job.failure}"
        return _Found(job=job, outcome="refused", reason=reason, status=status, tried_at=tried_at)
    return _Found(job=job, outcome="failed", reason=job.failure, status=status, tried_at=tried_at)
