"""Real runs of the command that are killed, and what is left of them.

A `Killer` is a process that has imported the workbench; each run of the command is a fork of it, killed (SIGKILL)
after so many seconds, or by itself at its n-th point: right before and after whatever opens a file to write, moves,
removes, flushes, copies, or changes a warehouse. Walking through every n visits every state between two of them.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KILLED = -9
_ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "SLURM_CPUS_ON_NODE": "1",
}  # fmt: skip
"""What keeps libraries from starting threads when they are imported: only a process of one thread can be forked."""
RUNS = 2
"""Runs that are killed at the same time, each by a `Killer` of its own."""


@dataclass(frozen=True)
class Ended:
    """How one run ended."""

    code: int
    """The exit code; KILLED where it was killed."""
    seconds: float
    points: tuple[str, ...]
    """What it passed, in order; the last is where it ended if it killed itself."""
    said: str

    @property
    def was_killed(self) -> bool:
        return self.code == KILLED


class Killer:
    """Starts runs of the command, one at a time, and kills them. Safe for one thread."""

    def __init__(self, folder: Path, *preload: str) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, __file__, *preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **_ONE_THREAD},
        )

    def run(
        self,
        *arguments: str,
        home: Path,
        at: int | None = None,
        after: float | None = None,
        environment: Mapping[str, str] | None = None,
        call: str = "",
    ) -> Ended:
        """Run `workbench ARGUMENTS` in a home; `call` is module:function in its place.

        It is killed after so many seconds, or at its n-th point, unless it ends before.
        """
        temporary = temporary_of(home)
        temporary.mkdir(exist_ok=True)
        said, passed = self._folder / "said", self._folder / "passed"
        asked = {
            "arguments": arguments, "at": at, "after": after, "said": str(said), "passed": str(passed), "call": call,
            "home": str(home),
            "environment": {"WORKBENCH_HOME": str(home), "TMPDIR": str(temporary), **(environment or {})},
        }  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        points = tuple(passed.read_text(encoding="utf-8").splitlines())
        return Ended(answer["code"], answer["seconds"], points, said.read_text(encoding="utf-8"))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        assert self._process.stdout is not None
        self._process.stdout.close()


def temporary_of(home: Path) -> Path:
    """The folder of temporary files that a home's runs are given: beside it, so that what is left there is seen."""
    return home.with_name(f"{home.name}-tmp")


@contextmanager
def killers(folder: Path, *preload: str, number: int = RUNS) -> Iterator[list[Killer]]:
    started = [Killer(folder / f"killer{n}", *preload) for n in range(number)]
    try:
        yield started
    finally:
        for killer in started:
            killer.close()


def shared_out(
    killers: Sequence[Killer], tasks: Sequence[Any], one: Callable[[Killer, Any], None]
) -> list[str]:
    """Each task once, by as many at a time as there are killers; returns what went wrong, with its task."""
    left, wrong, lock = list(tasks), [], threading.Lock()

    def work(killer: Killer) -> None:
        while True:
            with lock:
                if not left:
                    return
                task = left.pop(0)
            try:
                one(killer, task)
            except Exception as e:
                with lock:
                    wrong.append(f"{task}: {type(e).__name__}: {e}")

    threads = [threading.Thread(target=work, args=(killer,)) for killer in killers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def seed_of(name: str) -> int:
    """The seed of a test's chances, printed: WORKBENCH_FAULTS_SEED repeats a failure."""
    seed = int(os.environ.get("WORKBENCH_FAULTS_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"{name}: seed {seed} (WORKBENCH_FAULTS_SEED={seed} repeats it)")  # noqa: T201
    return seed


def sampled(numbers: Sequence[int], n: int, chance: random.Random) -> list[int]:
    """`n` of the numbers, or all of them where that is no fewer."""
    return list(numbers) if n >= len(numbers) else sorted(chance.sample(numbers, n))


def copied(template: Path, home: Path) -> Path:
    """A fresh copy of a home, with the times of its files."""
    removed(home)
    subprocess.run(["cp", "-a", "--reflink=auto", str(template), str(home)], check=True)
    return home


def aged(home: Path) -> None:
    """Let what a kill left between two system calls be old enough to be swept.

    That is a folder whose lock was not there yet; the file by which Python tries a folder of temporary files out is
    swept by nobody.
    """
    for left in temporary_of(home).iterdir():
        if left.is_dir():
            os.utime(left, (time.time() - 4_000, time.time() - 4_000))
        elif re.fullmatch("[a-z0-9_]{8}", left.name) and left.stat().st_size <= len(b"blat"):
            left.unlink()


def removed(home: Path) -> None:
    """Take a home away, with its temporary files."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(temporary_of(home), ignore_errors=True)


@dataclass
class Tally:
    """What a test counts, over its threads."""

    kills: int = 0
    runs: int = 0
    places: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, ended: Ended) -> Ended:
        with self._lock:
            self.runs += 1
            self.kills += ended.was_killed
            if ended.was_killed and ended.points:
                self.places.add(ended.points[-1].partition(" ")[0])
        return ended


@dataclass(frozen=True, kw_only=True)
class Work:
    """A command that is killed, over and over, in fresh copies of a home."""

    name: str
    template: Path
    arguments: Sequence[str]
    """`{home}` in one stands for the home."""
    environment: Mapping[str, str] = field(default_factory=dict)
    call: str = ""
    """module:function in the command's place."""
    killed: Callable[[Path, Ended], None]
    """Checks a home right after a kill."""
    finished: Callable[[Path, Path], None]
    """Checks a home after the next run, against one that was never killed."""
    steps: Callable[[str], bool] = lambda point: not point.startswith("execute ")
    """Which points the short form chooses from."""

    def run(self, killer: Killer, home: Path, **how: Any) -> Ended:
        arguments = [a.replace("{home}", str(home)) for a in self.arguments]
        return killer.run(*arguments, home=home, environment=self.environment, call=self.call, **how)


def worked(
    work: Work,
    killers: Sequence[Killer],
    folder: Path,
    *,
    steps: int | None,
    instants: int,
    figure: Callable[..., None],
) -> None:
    """Kill a command at so many of its steps (None: all) and at so many instants; fails with all that went wrong."""
    reference = copied(work.template, folder / f"{work.name}-reference")
    ended = work.run(killers[0], reference)
    assert ended.code in (0, 1), ended.said
    work.finished(reference, reference)
    seed = seed_of(work.name)
    chance = random.Random(seed)
    every = range(1, len(ended.points) + 1)
    moving = [n for n, point in enumerate(ended.points, 1) if work.steps(point)]
    tasks: list[tuple[str, float]] = [
        ("at", n) for n in (every if steps is None else sampled(moving, steps, chance))
    ]
    tasks += [("after", chance.uniform(0.01, 1) * ended.seconds) for _ in range(instants)]
    tally = Tally()

    def one(killer: Killer, task: tuple[str, float]) -> None:
        home = copied(work.template, folder / f"{work.name}-{task[0]}-{task[1]:.6g}")
        died = tally.add(work.run(killer, home, **{task[0]: task[1]}))
        try:
            aged(home)
            work.killed(home, died)
            after = work.run(killer, home)
            assert after.code in (0, 1), after.said
            work.finished(home, reference)
        except AssertionError as e:
            raise AssertionError(f"{died.points[-1] if died.points else 'before anything'}: {e}") from e
        removed(home)

    wrong = shared_out(killers, tasks, one)
    figure(
        f"killed_{work.name}", tally.kills, "kills", instants=instants, steps=len(tasks) - instants, of=len(every),
        wrong=len(wrong), seed=seed,
    )  # fmt: skip
    assert not wrong, "\n".join(wrong)
    assert tally.kills


def _serve(preload: Sequence[str]) -> None:
    """Fork a run for each line of standard input, kill it when it is due, tell how it ended."""
    import duckdb

    duckdb.default_connection().close()
    del os.environ["SLURM_CPUS_ON_NODE"]
    for name in preload:
        __import__(name)
    if "workbench.warehouse.marts" in sys.modules:
        from workbench.settings import Settings
        from workbench.warehouse import marts

        marts._statements(Settings.viral_views, Settings.floor_views)  # half a second of each run
    threads = [(t / "comm").read_text().strip() for t in Path("/proc/self/task").iterdir()]
    if len(threads) != 1:
        raise RuntimeError(f"a process with threads {threads} must not be forked")
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            _become(asked)
        due = None if asked["after"] is None else began + asked["after"]
        while True:
            done, status = os.waitpid(child, 0 if due is None else os.WNOHANG)
            if done:
                break
            if due is not None and time.monotonic() >= due:
                os.kill(child, 9)
                due = None
            else:
                time.sleep(0.0005)
        code = os.waitstatus_to_exitcode(status)
        print(json.dumps({"code": code, "seconds": time.monotonic() - began}), flush=True)  # noqa: T201


def _become(asked: Mapping[str, Any]) -> None:
    """Be the run that was asked for; never returns."""
    os.setsid()
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    said = os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.update(asked["environment"])
    import tempfile

    tempfile.tempdir = None
    os.chdir(temporary_of(Path(asked["home"])))
    passed = os.open(asked["passed"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    random.seed()
    _count(passed, asked["at"])
    if asked["call"]:
        module, _, function = asked["call"].partition(":")
        code = getattr(__import__(module, fromlist=[function]), function)(*asked["arguments"])
    else:
        from workbench.cli import main

        code = main(asked["arguments"])
    sys.exit(code or 0)


_EVENTS = {
    "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "os.chmod", "shutil.rmtree",
    "shutil.copyfile", "shutil.copytree", "subprocess.Popen", "os.posix_spawn", "socket.connect", "fcntl.flock",
}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_STATEMENTS = ("BEGIN", "COMMIT", "CHECKPOINT")


def _count(passed: int, at: int | None) -> None:
    """Number the points of this process, and end it at the one that was asked for."""
    write, pid, lock = os.write, os.getpid(), threading.Lock()
    numbers = iter(range(1, 1 << 60))

    def point(what: str) -> None:
        if os.getpid() != pid:
            return
        with lock:
            n = next(numbers)
            write(passed, (what.replace("\n", " ")[:200] + "\n").encode("utf-8", "replace"))
            if n == at:
                os.kill(pid, 9)

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _EVENTS:
            point(f"{event} {arguments[0] if arguments else ''}")
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
            place = str(arguments[0])
            if not place.startswith(("/dev/", "/proc/")):
                point(f"open {place}")

    sys.addaudithook(heard)
    for name in ("fsync", "write", "ftruncate"):
        _watch(name, point)
    _watch_connections(point)


def _watch(name: str, point: Callable[[str], None]) -> None:
    really = getattr(os, name)

    def watched(handle: int, *arguments: Any) -> Any:
        if handle <= 2:
            return really(handle, *arguments)
        point(f"os.{name}")
        done = really(handle, *arguments)
        point(f"os.{name}, done")
        return done

    setattr(os, name, watched)


def _watch_connections(point: Callable[[str], None]) -> None:
    """The loader's connection, each statement a point before and the last ones one after."""
    from workbench.warehouse import load, rewriting

    class Watched:
        def __init__(self, con: Any) -> None:
            self._con = con

        def execute(self, query: str, *arguments: Any) -> Any:
            point(f"execute {query}")
            done = self._con.execute(query, *arguments)
            if query.startswith(_STATEMENTS):
                point(f"executed {query}")
            return done

        def __getattr__(self, name: str) -> Any:
            return getattr(self._con, name)

    really = load.open_writer

    def opened(*arguments: Any) -> Any:
        point("connect")
        return Watched(really(*arguments))

    load.open_writer = rewriting.open_writer = opened  # type: ignore[assignment, attr-defined]


if __name__ == "__main__":
    _serve(sys.argv[1:])
