"""docs/settings.md names every setting with its default, and nothing that is none."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from home_files import write_settings

from workbench.settings import Settings, load_settings

_TEXT = (Path(__file__).parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")
_SETTINGS = {f.name: f.default for f in fields(Settings) if f.name != "home"}


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| `([^`]+)` \|", _TEXT, flags=re.M))
    told = {name: tomllib.loads(f"x = {value}")["x"] for name, value in rows.items()}
    assert told == _SETTINGS


def test_the_example_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _SETTINGS:
        monkeypatch.delenv(f"WORKBENCH_{name.upper()}", raising=False)
    example = re.search(r"```toml\n(.*?)```", _TEXT, flags=re.S)
    assert example is not None
    write_settings(tmp_path, example[1])
    settings = load_settings(tmp_path)
    assert settings.viral_views == 25_000
