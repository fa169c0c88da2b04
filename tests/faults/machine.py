"""A small home, commands run on it under limits of the machine, and what has to hold afterwards."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from workbench import record
from workbench.cli import main
from workbench.demo import make_demo
from workbench.settings import load_settings
from workbench.warehouse import versions
from workbench.warehouse.batches import file_sha256
from workbench.warehouse.load import load

COMMAND = "import sys; from workbench.cli import main; sys.exit(main())"
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 24, 1, 2
_CAPABILITY_VERSION = 0x20080522


@dataclass
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that tells what went wrong."""
        lines = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, self.err
        return lines[0]


def command(
    *words: str,
    home: Path,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
    script: str = COMMAND,
) -> Said:
    """`workbench WORDS --home HOME` in a process of its own; `before` runs in it first."""
    ran = subprocess.run(
        [sys.executable, "-c", script, *words, "--home", str(home)],
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
        preexec_fn=before,
        timeout=300,
        check=False,
    )
    return Said(ran.returncode, ran.stdout, ran.stderr)


def bound_by_permissions() -> None:
    """Take from this process, where it is root's, the right to pass over permissions."""
    if os.geteuid() == 0:
        for right in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            assert ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, right, 0, 0, 0) == 0


@contextmanager
def held_to_permissions() -> Iterator[None]:
    """Within the block this thread, and those that it begins, do not pass over permissions, where root runs them.

    Programs that they start do.
    """
    if os.geteuid() != 0:
        yield
        return
    libc, head, sets = (
        ctypes.CDLL(None),
        (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0),
        (ctypes.c_uint32 * 6)(),
    )
    assert libc.capget(head, sets) == 0
    before = sets[0]  # the first 32 rights in effect
    sets[0] = before & ~(1 << _CAP_DAC_OVERRIDE | 1 << _CAP_DAC_READ_SEARCH)
    assert libc.capset(head, sets) == 0
    try:
        yield
    finally:
        sets[0] = before
        assert libc.capset(head, sets) == 0


def limited(kind: int, most: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (most, most))


class Stock:
    """A home, and the ids of the posts that were acknowledged in it."""

    def __init__(self, home: Path, acknowledged: Iterable[str] = ()) -> None:
        self.home = home
        self.settings = load_settings(home)
        self.acknowledged: set[str] = set(acknowledged)

    def copied(self, home: Path) -> Stock:
        shutil.copytree(self.home, home)
        return Stock(home, self.acknowledged)

    def record(self, n: int, *, caption: str = "") -> None:
        """Record so many posts, each acknowledged when the call returns."""
        ids = [f"tiktok:{len(self.acknowledged) + i + 1}" for i in range(n)]
        rows = [
            {"post_id": p, "account_id": f"tiktok:a{i % 7}", "posted_at": "2025-09-01", "caption": caption}
            for i, p in enumerate(ids)
        ]
        record.posts(rows, home=self.home)
        self.acknowledged |= set(ids)

    def state(self) -> tuple[str, str]:
        """The pointer's text and the hash of the version that it names."""
        pointed = versions.current(self.settings.versions)
        if pointed is None:
            return "", ""
        return (
            (self.settings.versions / versions.POINTER).read_text(encoding="utf-8"),
            file_sha256(self.settings.versions / pointed.file),
        )

    def loaded(self) -> list[str]:
        """Ids of the posts in the newest version, as often as they are there."""
        pointed = versions.current(self.settings.versions)
        assert pointed is not None
        with duckdb.connect(str(self.settings.versions / pointed.file), read_only=True) as con:
            return [i for (i,) in con.execute("SELECT post_id FROM posts").fetchall()]

    def leftovers(self) -> list[str]:
        """Files that belong to nothing: half-built ones, and versions that the pointer does not know."""
        pointed = versions.current(self.settings.versions)
        newest = pointed.version if pointed else 0
        found = [
            p
            for p in self.home.rglob("*")
            if re.search(r"building|\.wal$|\.tmp$|\.damaged$|^\.(current|v\d+|load\.holder)", p.name)
            and not (p.name == ".building" and not any(p.iterdir()))  # where pictures are built, and none is
        ]
        found += [self.settings.versions / f"v{n:06d}.duckdb" for n in self._kept() if n > newest]
        return sorted(str(p.relative_to(self.home)) for p in found)

    def _kept(self) -> list[int]:
        return versions.kept_versions(self.settings.versions)

    @contextmanager
    def stands(self) -> Iterator[None]:
        """What is published is the same after the block, and nothing lies about."""
        before = self.state()
        yield
        assert self.state() == before
        assert self.leftovers() == []

    def works_again(self) -> None:
        """A load takes everything that was acknowledged, each once."""
        outcome = load(self.settings)
        assert not outcome.failed, outcome.failed
        assert sorted(self.loaded()) == sorted(self.acknowledged)
        assert self.leftovers() == []


def assert_told(said: Said, *words: str) -> None:
    """Exit 1, one line without a traceback that has each of these words."""
    assert "Traceback" not in said.err, said.err
    assert said.code == 1, said
    for word in words:
        assert re.search(word, said.error), (word, said.err)


class SmallDisk:
    """A file system of some megabytes, of which all but so many bytes can be taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def leave(self, free: int) -> None:
        self.empty()
        found = os.statvfs(self.folder)
        taken = found.f_bavail * found.f_bsize - free
        with self._ballast.open("wb") as f:
            os.posix_fallocate(f.fileno(), 0, max(taken, 1))

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk | None]:
    """A tmpfs of that size; None where nobody lets us mount one."""
    folder.mkdir()
    options = f"size={megabytes}m,uid={os.getuid()},gid={os.getgid()},mode=0700"
    for sudo in ((), ("sudo", "-n")):
        mount = [*sudo, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if _runs(mount):
            try:
                yield SmallDisk(folder)
            finally:
                assert _runs([*sudo, "umount", "--lazy", str(folder)])
            return
    yield None


def _runs(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """A home with 300 posts in version 1, to be copied."""
    made = Stock(tmp_path_factory.mktemp("stocked") / "home")
    made.record(300)
    made.works_again()
    return made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """A command in this process; an error that nobody phrased fails the test."""

    def ran(*words: str, home: Path) -> Said:
        code = main([*words, "--home", str(home)])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return ran


@pytest.fixture(scope="session")
def demo_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mapping of pictures that the demo drew, which lie beside it."""
    made = make_demo(tmp_path_factory.mktemp("drawn"), posts=300, pictures=6, seed=3)
    assert made.mapping is not None
    return made.mapping


@contextmanager
def remounted(folder: Path) -> Iterator[None]:
    """Within the block the file system that is mounted there may only be read."""
    sudo = () if os.geteuid() == 0 else ("sudo", "-n")
    assert _runs([*sudo, "mount", "-o", "remount,ro", str(folder)])
    try:
        yield
    finally:
        assert _runs([*sudo, "mount", "-o", "remount,rw", str(folder)])
