"""Whether the machine's clock may be believed: by one that runs ahead everything would be past its days.

A clock can't be asked whether it is right. But whoever works here leaves a trail of instants: each batch that was
loaded, each retention. Where the trail leaps, nothing was done for that long, or the clock was set wrong. A leap is
believed where a person says so, or where it is met again a day later by the same clock.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import duckdb

from ..errors import WorkbenchError
from ..settings import Settings
from ..warehouse import versions
from ..whole_files import write_whole

FILE = "clock.json"
LEAP = timedelta(days=60)
AGAIN = timedelta(hours=20)


def refuse_leap(settings: Settings, now: datetime, *, is_right: bool = False) -> None:
    """Take note of the present; raise WorkbenchError where the trail that leads to it leaps and nobody vouched for it.

    `is_right`: a person vouches. The loader's lock must be held.
    """
    believed, doubted = _kept(settings)
    leap = None if is_right else _leap(settings, believed, now)
    if leap is None or (doubted is not None and AGAIN <= now - doubted <= LEAP):
        _keep(settings, now, None)
        return
    _keep(settings, believed, doubted if doubted is not None and abs(now - doubted) < AGAIN else now)
    since, until = leap
    raise WorkbenchError(
        f"The clock says {now:%Y-%m-%d}, and from {since:%Y-%m-%d} to {until:%Y-%m-%d}, for {(until - since).days} "
        "days, nothing was done here. Were the clock wrong, all would seem past its days, so nothing was removed. "
        "Where it is wrong, set it; where it is right: workbench retain --clock-is-right. From a day on, a retention "
        "takes it to be right by itself."
    )


def _leap(settings: Settings, believed: datetime | None, now: datetime) -> tuple[datetime, datetime] | None:
    """The longest step of the trail since a retention believed the clock; None where none is a leap."""
    newest = versions.current(settings.versions)
    if newest is None:
        return None
    with duckdb.connect(str(settings.versions / newest.file), read_only=True) as con:
        trail = (
            "SELECT completed_at AS moment FROM batches WHERE completed_at BETWEEN coalesce($since, completed_at) "
            "AND $now UNION SELECT $since UNION SELECT $now"
        )
        steps = f"SELECT lag(moment) OVER (ORDER BY moment) AS before, moment FROM ({trail}) WHERE moment IS NOT NULL"
        return con.execute(
            f"SELECT before, moment FROM ({steps}) WHERE moment - before > $leap ORDER BY moment - before DESC LIMIT 1",
            {"since": believed, "now": now, "leap": LEAP},
        ).fetchone()


def _kept(settings: Settings) -> tuple[datetime | None, datetime | None]:
    """When a retention last believed the clock, and when one last doubted it."""
    try:
        said = json.loads((settings.data / FILE).read_text(encoding="utf-8"))
        believed, doubted = (
            said[k] and datetime.fromisoformat(said[k]) for k in ("believed_at", "doubted_at")
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None, None  # never noted, or damaged: the trail of the batches tells
    return believed, doubted


def _keep(settings: Settings, believed: datetime | None, doubted: datetime | None) -> None:
    said = {"believed_at": believed and believed.isoformat(), "doubted_at": doubted and doubted.isoformat()}
    write_whole(settings.data / FILE, json.dumps(said))
