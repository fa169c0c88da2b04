"""Settings and notebooks that are links, or lie elsewhere: backed up, or named as left out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.safekeeping.backup import backed_up, backup_store
from workbench.safekeeping.restore import restored
from workbench.settings import Settings, load_settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    for folder in ("home/data", "home/analyses/weekly", "real/more"):
        (tmp_path / folder).mkdir(parents=True, mode=0o700)
    (tmp_path / "real" / "real.toml").touch(mode=0o600)
    (tmp_path / "real" / "real.toml").write_text("keep_versions = 3\n")
    (tmp_path / "real" / "mine.ipynb").write_text('{"mine": 1}')
    (tmp_path / "real" / "more" / "other.ipynb").write_text('{"other": 1}')
    (tmp_path / "home" / "workbench.toml").symlink_to(tmp_path / "real" / "real.toml")
    (tmp_path / "home" / "analyses" / "weekly" / "mine.ipynb").symlink_to("../../../real/mine.ipynb")
    return load_settings(tmp_path / "home")


def test_what_linked_settings_and_notebooks_lead_to_is_backed_up(home: Settings, tmp_path: Path) -> None:
    assert home.keep_versions == 3
    store = backup_store(home, str(tmp_path / "backups"))
    assert backed_up(home, store).left_out == []
    back = tmp_path / "back"
    restored(store, back, quick=True)
    assert (back / "workbench.toml").read_text() == "keep_versions = 3\n"
    assert (back / "analyses" / "weekly" / "mine.ipynb").read_text() == '{"mine": 1}'
    assert not [p for p in back.rglob("*") if p.is_symlink()]


def test_what_is_not_backed_up_is_named(home: Settings, tmp_path: Path) -> None:
    (home.home / "people.toml").symlink_to(tmp_path / "nowhere")
    (home.home / "analyses" / "gone.ipynb").symlink_to(tmp_path / "nowhere")
    (home.home / "analyses" / "more").symlink_to(tmp_path / "real" / "more")
    os.mkfifo(home.home / "analyses" / "pipe")
    store = backup_store(home, str(tmp_path / "backups"))
    assert backed_up(home, store).left_out == [
        "people.toml is not in it: it is a link that leads to no file.",
        "analyses/more is not in it: it is a link to a folder.",
        "analyses/gone.ipynb is not in it: it is a link that leads to no file.",
        "analyses/pipe is not in it: it is no file.",
    ]


@pytest.mark.parametrize("notebooks", ["../real", "{real}", "."])
def test_notebooks_outside_the_home_are_named_and_the_backup_can_be_restored(
    home: Settings, tmp_path: Path, notebooks: str
) -> None:
    elsewhere = replace(home, notebooks=notebooks.format(real=tmp_path / "real"))
    store = backup_store(home, str(tmp_path / "backups"))
    (told,) = backed_up(elsewhere, store).left_out
    assert told.startswith("Notebooks are not in it: ") and "Copy them yourself" in told
    assert restored(store, tmp_path / "back", quick=True).left_out == [told]
