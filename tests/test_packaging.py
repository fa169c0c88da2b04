"""What is installed is what is locked, and nothing says where it came from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def locked() -> dict[str, list[Requirement]]:
    """Name -> the pins of a package, one for each marker."""
    pins: dict[str, list[Requirement]] = {}
    for line in re.findall(r"^([A-Za-z0-9][^#\n]*?)\s*\\$", LOCK, flags=re.M):
        pin = Requirement(line)
        pins.setdefault(_plain(pin.name), []).append(pin)
    return pins


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_locked_package_is_pinned_and_hashed() -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.M)[1:]
    assert len(blocks) > 50
    for block in blocks:
        assert "==" in block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_lock_names_no_index() -> None:
    assert not re.search(r"index-url|find-links|trusted-host|https?://", LOCK)


@pytest.mark.parametrize("extra", [None, *PROJECT["optional-dependencies"]])
def test_the_lock_satisfies_the_project(extra: str | None) -> None:
    wanted = PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra]
    pins = locked()
    for text in wanted:
        requirement = Requirement(text)
        found = pins.get(_plain(requirement.name), [])
        assert found, f"{text} is not locked: make lock"
        for pin in found:
            version = next(iter(pin.specifier)).version
            assert requirement.specifier.contains(version), f"{text} against {version}: make lock"


def test_conda_installs_the_same_lock() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert re.search(r"- pip:\n\s+- --requirement requirements\.lock\n", text)
    python = re.search(r"- python=([\d.]+)\n", text)
    assert python
    assert Requirement("python" + PROJECT["requires-python"]).specifier.contains(python[1])
    # Nothing else: what conda would add beside the lock could differ from it.
    assert re.findall(r"^  - (\S+)", text, flags=re.M) == [
        "conda-forge",
        f"python={python[1]}",
        "pip",
        "pip:",
    ]


def test_the_duckdb_that_runs_is_the_one_that_ibis_was_tested_with() -> None:
    import duckdb
    import ibis
    import sqlglot

    assert ibis.__version__ == "12.0.0"
    assert duckdb.__version__ == "1.5.6"
    assert tuple(int(p) for p in sqlglot.__version__.split(".")[:2]) < (30, 18)


def test_every_command_is_in_the_readme_or_the_docs() -> None:
    from workbench.cli.parser import command_line

    texts = (ROOT / "README.md").read_text(encoding="utf-8")
    texts += "".join(p.read_text(encoding="utf-8") for p in (ROOT / "docs").glob("*.md"))
    choices = next(a.choices for a in command_line()._actions if isinstance(a.choices, dict))
    for command in choices:
        assert f"workbench {command}" in texts, command
