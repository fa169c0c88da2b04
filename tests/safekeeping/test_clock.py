"""A clock that leaps is believed when a person says so, or when it is met again."""

from __future__ import annotations

import json
import stat
from datetime import datetime, timedelta

import pytest

from workbench import record
from workbench.cli import main
from workbench.errors import WorkbenchError
from workbench.safekeeping.clock import refuse_leap
from workbench.settings import Settings
from workbench.warehouse.batches import utc_now
from workbench.warehouse.load import load


@pytest.fixture
def loaded(settings: Settings) -> Settings:
    record.event(name="open", ip="203.0.113.7", home=settings.home)
    load(settings)
    return settings


def test_a_leap_is_doubted_once_and_believed_a_day_later(loaded):
    now = datetime.fromisoformat(utc_now())
    refuse_leap(loaded, now)
    weekly = now + timedelta(days=7)
    refuse_leap(loaded, weekly)  # nothing is loaded any more: each retention is a step of the trail
    ahead = weekly + timedelta(days=100)
    for hours in (0, 5, 19):
        with pytest.raises(WorkbenchError, match="for 100 days, nothing was done here"):
            refuse_leap(loaded, ahead + timedelta(hours=hours))
    refuse_leap(loaded, ahead + timedelta(hours=21))
    refuse_leap(loaded, ahead + timedelta(days=8))


def test_a_clock_that_was_set_right_again_is_believed_at_once(loaded):
    now = datetime.fromisoformat(utc_now())
    refuse_leap(loaded, now)
    with pytest.raises(WorkbenchError, match="set it"):
        refuse_leap(loaded, now + timedelta(days=365))
    refuse_leap(loaded, now + timedelta(days=1))


def test_without_a_note_the_batches_are_the_trail(loaded):
    with pytest.raises(WorkbenchError, match="for 90 days"):
        refuse_leap(loaded, datetime.fromisoformat(utc_now()) + timedelta(days=90, minutes=5))
    (loaded.data / "clock.json").write_text("{")
    refuse_leap(loaded, datetime.fromisoformat(utc_now()) + timedelta(days=59))


def test_nothing_is_removed_until_a_person_vouches_for_the_clock(loaded, capsys):
    note = loaded.data / "clock.json"
    (loaded.data / f".clock.json.{2**22 + 1}-0a1b2c3d").touch()  # no process is numbered so high
    assert main(["retain", "--home", str(loaded.home)]) == 0
    assert not list(loaded.data.glob(".clock*"))
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    long_ago = (datetime.fromisoformat(utc_now()) - timedelta(days=200)).isoformat()
    note.write_text(json.dumps({"believed_at": long_ago, "doubted_at": None}))
    assert main(["retain", "--home", str(loaded.home)]) == 1
    assert "workbench retain --clock-is-right" in capsys.readouterr().err
    assert main(["retain", "--clock-is-right", "--home", str(loaded.home)]) == 0
    assert main(["retain", "--home", str(loaded.home)]) == 0
