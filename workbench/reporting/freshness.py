"""What a page's head says of the freshness of its data, and whether they are too old to go unlabelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from ..display.numbers import counted, duration, instant, percent, whole
from ..errors import WorkbenchError
from ..model.freshness import COVERED_DAYS, MISSED_LOOKS, Coverage, Freshness

KINDS = {
    "post_snapshots": "counts of posts",
    "account_snapshots": "followers",
    "sound_snapshots": "uses of sounds",
    "hashtag_snapshots": "hashtags",
}
_SCOPE = {
    "account": "account_id",
    "accounts": "account_id",
    "client": "client",
    "creator": "creator_id",
    "platform": "platform",
    "va": "va_id",
}
"""Parameters of notebooks that narrow the accounts of a report, and the column of the accounts they name."""


@dataclass(frozen=True)
class Late:
    """Something that did not keep to its limit."""

    name: str
    detail: str


@dataclass(frozen=True)
class Label:
    """What a set says of the freshness of its data."""

    newest: Mapping[str, datetime] = field(default_factory=dict)
    coverage: Coverage | None = None
    late: tuple[Late, ...] = ()
    has_limits: bool = False
    """Whether anything has a limit that it could be late against."""
    stale: str = ""
    """Why the data are too old, in a sentence; empty where they are not."""
    unfinished: str = ""
    """That the data end before the period does, in a sentence."""
    erased: str = ""
    """How many posts of how many persons were erased, in a sentence; empty where nobody was."""

    @property
    def facts(self) -> list[str]:
        """The lines of a page's head."""
        covered, late = _covered(self.coverage), ""
        if self.late:
            late = f"Late: {'; '.join(each.detail for each in self.late)}."
        elif self.has_limits:
            covered = f"{covered} Nothing is late.".strip()
        return [s for s in (_newest(self.newest), covered, late, self.erased) if s]

    def as_manifest(self) -> dict[str, Any]:
        """The same for machines."""
        known = self.coverage
        return {
            "newest_captures": {
                name: at.replace(tzinfo=UTC).isoformat() for name, at in sorted(self.newest.items())
            },
            "accounts": {
                "active": known.n_active,
                "covered": known.n_covered,
                "covered_rate": known.n_covered / known.n_active if known.n_active else None,
                "within_days": COVERED_DAYS,
                "with_interval": known.n_with_interval,
                "late": known.n_late,
            }
            if known
            else None,
            "late": [{"name": each.name, "detail": each.detail} for each in self.late],
            "is_stale": bool(self.stale),
            "stale": self.stale,
            "unfinished": self.unfinished,
            "erased": self.erased,
        }


def label(
    data: Freshness,
    *,
    stale_after_hours: float,
    now: datetime,
    ends_at: datetime | None = None,
    parameters: Mapping[str, Any] | None = None,
    erased: str = "",
) -> Label:
    """What a set made `now` from these data says of them.

    Parameters
    ----------
    stale_after_hours
        Age of the newest counts from which data are called stale; 0: never.
    now
        When the set is made.
    ends_at
        The end of the set's period (naive UTC).
    parameters
        The set's: one that names a platform, client, creator or account narrows the accounts that are counted, so
        that a report to one client does not tell how many accounts there are.
    erased
        What the version says of persons who were erased, in a sentence.
    """
    coverage = data.coverage(scope(parameters or {}))
    if erased and scope(parameters or {}):
        erased = "Persons were erased from the data: totals are without them."
    late = [
        Late(
            str(row.process),
            f"{row.process} kept to its limit in {percent(row.sla_met_rate)} of {counted(row.n_runs, 'run')} "
            f"({percent(row.wanted_rate, digits=0)} wanted)",
        )
        for row in data.late_processes.itertuples()
    ]
    if coverage.n_late:
        who = counted(coverage.n_late, "active account")
        was, its = ("was", "its") if coverage.n_late == 1 else ("were", "their")
        late.append(Late("accounts", f"{who} {was} not looked at for {MISSED_LOOKS:g} times {its} interval"))
    return Label(
        data.newest,
        coverage,
        tuple(late),
        bool(coverage.n_with_interval or len(data.processes)),
        _stale(data.newest_counts_at, stale_after_hours, now),
        f"The data end on {instant(data.as_of)}, before the week does."
        if ends_at and data.as_of < ends_at
        else "",
        erased,
    )


def refuse_stale(said: Label, stale_reports: Literal["label", "stop"] | str) -> None:
    """Raise WorkbenchError where the data are stale and the settings say that there is no report then."""
    if said.stale and stale_reports == "stop":
        raise WorkbenchError(
            f'{said.stale} Nothing was made, and what was published stays, as stale_reports = "stop" says. '
            'Import newer data, or set stale_reports = "label", which makes the pages and says so on each.'
        )


def scope(parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """Column of the accounts -> values, from the parameters that narrow a report."""
    found = {}
    for name, value in parameters.items():
        column = _SCOPE.get(name.removesuffix("_id"))
        values = [
            str(v) for v in (value if isinstance(value, list | tuple) else [value]) if v not in (None, "")
        ]
        if column and values:
            found[column] = values
    return found


def _stale(newest: datetime, hours: float, now: datetime) -> str:
    naive = now.astimezone(UTC).replace(tzinfo=None) if now.tzinfo else now
    if not hours or naive - newest <= timedelta(hours=hours):
        return ""
    # The age itself is not told: it would be another one with each run on the same data.
    return f"The newest counts are of {instant(newest)}, more than {duration(hours)} before these pages were made."


def _newest(newest: Mapping[str, datetime]) -> str:
    by_time: dict[datetime, list[str]] = {}
    for name, words in KINDS.items():
        if name in newest:
            by_time.setdefault(newest[name], []).append(words)
    told = [f"{_listed(names)} {instant(at)}" for at, names in sorted(by_time.items(), reverse=True)]
    return f"Newest {'; '.join(told)}" if told else ""


def _covered(known: Coverage | None) -> str:
    if known is None or not known.n_active:
        return ""
    then = f"looked at in the {COVERED_DAYS} days before"
    if known.n_covered == known.n_active:
        only = (
            "The active account was"
            if known.n_active == 1
            else f"All {whole(known.n_active)} active accounts were"
        )
        return f"{only} {then}."
    share = percent(known.n_covered / known.n_active)
    return f"{whole(known.n_covered)} of {counted(known.n_active, 'active account')} ({share}) {then}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
