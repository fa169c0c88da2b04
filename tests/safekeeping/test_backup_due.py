"""When the monthly backup is due, and what the schedule writes for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workbench.reporting.due import weekly
from workbench.reporting.schedule import Schedule, cron_line, units
from workbench.safekeeping.backup_due import (
    LastRun,
    is_due,
    last_run,
    moment_of,
    newest_moment,
    next_moment,
    not_due,
)

SUNDAY = weekly("Sun 02:30", "Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_moment_is_the_months_first_such_day_in_local_time() -> None:
    assert moment_of(SUNDAY, 2026, 2) == utc("2026-02-01 01:30")
    assert moment_of(SUNDAY, 2026, 7) == utc("2026-07-05 00:30")
    assert moment_of(weekly("Thu 23:00", "America/New_York"), 2026, 1) == utc("2026-01-02 04:00")


def test_an_hour_that_clocks_skip_is_due_once_they_have() -> None:
    """In Asuncion clocks went from 00:00 to 01:00 on Sunday 2023-10-01."""
    assert moment_of(weekly("Sun 00:30", "America/Asuncion"), 2023, 10) == utc("2023-10-01 04:30")


def test_it_is_due_once_a_month_and_again_a_day_after_it_failed() -> None:
    moment = utc("2026-07-05 00:30")
    before, after = moment - timedelta(minutes=1), moment + timedelta(minutes=1)
    june = LastRun(utc("2026-06-07 00:31"), utc("2026-06-07 00:31"))
    assert not is_due(SUNDAY, before, june)
    assert is_due(SUNDAY, after, june)
    assert is_due(SUNDAY, moment + timedelta(days=20), june)  # a machine that slept
    assert not is_due(SUNDAY, moment + timedelta(days=20), LastRun(after, after))
    failed = LastRun(after, june.good_at)
    assert not is_due(SUNDAY, after + timedelta(hours=1), failed)
    assert is_due(SUNDAY, after + timedelta(hours=23), failed)
    assert is_due(SUNDAY, after, LastRun(after + timedelta(days=300), june.good_at))  # the clock was set back


def test_the_newest_and_the_next_moment_lie_around_now() -> None:
    assert newest_moment(SUNDAY, utc("2026-01-01 12:00")) == utc("2025-12-07 01:30")
    assert next_moment(SUNDAY, utc("2025-12-31 12:00")) == utc("2026-01-04 01:30")


def test_what_is_remembered_may_be_damaged(tmp_path: Path) -> None:
    assert last_run(tmp_path) == LastRun()
    for text in ("{", "[]", '{"x": "2026-01-01"}', '{"tried_at": 3}'):
        (tmp_path / "backup.json").write_text(text)
        assert last_run(tmp_path) == LastRun()


@pytest.mark.parametrize("encrypt", [False, True])
def test_the_timer_asks_every_day_and_holds_no_key(encrypt: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_BACKUP_RECIPIENT", "age1canary")
    schedule = Schedule(Path("/srv/one"), SUNDAY, is_backup=True, encrypt=encrypt)
    texts = units(schedule)
    assert sorted(texts) == [f"{schedule.name}.service", f"{schedule.name}.timer"]
    assert "OnCalendar=*-*-* 02:30:00 Europe/Berlin\nPersistent=true" in texts[f"{schedule.name}.timer"]
    service = texts[f"{schedule.name}.service"]
    assert 'backup --home /srv/one --due --at "Sun 02:30" --time-zone Europe/Berlin' in service
    assert ("--encrypt" in service) == encrypt
    assert "canary" not in service + cron_line(schedule)
    assert schedule.name != Schedule(Path("/srv/one"), SUNDAY).name


def test_what_is_not_due_says_when_it_was_and_when_it_will_be() -> None:
    moment = utc("2026-07-05 00:30")
    good = LastRun(moment + timedelta(hours=1), moment + timedelta(hours=1))
    assert not_due(SUNDAY, moment + timedelta(days=2), good) == (
        "No backup is due. The last good one: 2026-07-05 03:30 CEST; the last try: 2026-07-05 03:30 CEST; the next is "
        "due: 2026-08-02 02:30 CEST."
    )
    failed = LastRun(moment + timedelta(hours=1), None)
    assert not_due(SUNDAY, moment + timedelta(hours=2), failed) == (
        "No backup is due. The last good one: never; the last try: 2026-07-05 03:30 CEST; the next is due: "
        "2026-07-05 23:30 CEST, as the last one failed."
    )
