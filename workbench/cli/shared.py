"""What several commands share: settings, days and instants as typed, talk, a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    from ..settings import Settings


def settings_of(options: Any) -> Settings:
    from ..settings import load_settings

    return load_settings(options.home)


def say(text: str) -> None:
    """Tell on standard error; names that strangers gave to things move no cursor and turn no line around."""
    from ..display.escaping import readable

    print(readable(text), file=sys.stderr)


def day_of(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as e:
        raise UsageError(f"{where} '{text}' is not a date such as 2025-09-01.") from e


def instant_of(text: str, settings: Settings) -> datetime:
    """A time given by a person: naive ones are in the settings' zone."""
    from zoneinfo import ZoneInfo

    try:
        given = datetime.fromisoformat(text)
    except ValueError as e:
        raise UsageError(f"--as-of '{text}' is not a time such as 2025-10-05 or 2025-10-05T18:00:00.") from e
    if given.tzinfo is None:
        given = given.replace(tzinfo=ZoneInfo(settings.time_zone))
    if given.year < 2005:
        raise UsageError(f"--as-of {text} is before 2005, when none of the platforms existed.")
    if given > datetime.now(UTC):
        raise UsageError(f"--as-of {text} lies in the future. Counts can't have been captured then.")
    return given.astimezone(UTC).replace(tzinfo=None)


class Bar:
    """A progress bar where a person watches, silence elsewhere."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.bar: Any = None

    def __enter__(self) -> Callable[[str, int, int], None]:
        if not sys.stderr.isatty():
            return lambda name, n, total: None
        from tqdm import tqdm

        self.bar = tqdm(desc=self.what, leave=False, delay=1.0)

        def show(name: str, n: int, total: int) -> None:
            self.bar.total = total or None
            self.bar.n = n
            self.bar.set_postfix_str(name[:40], refresh=True)

        return show

    def __exit__(self, *_error: object) -> None:
        if self.bar is not None:
            self.bar.close()
