"""Settings of one home folder: defaults < workbench.toml < WORKBENCH_* variables < arguments."""

from __future__ import annotations

import os
import re
import tomllib
import zoneinfo
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from .errors import UsageError, nearest
from .private_files import refuse_open_to_others

_MOST_DAYS = 36_500
"""No setting reaches further back: dates end somewhere."""
PLATFORMS = (
    "tiktok",
    "youtube",
    "instagram",
    "facebook",
    "twitter",
    "threads",
    "pinterest",
    "snapchat",
    "linkedin",
    "reddit",
    "lemon8",
    "twitch",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one agency sets once. Each field is a line of workbench.toml and a WORKBENCH_NAME variable."""

    home: Path = field(default_factory=Path.cwd)
    time_zone: str = "UTC"
    """IANA name: local days, hours and ISO weeks; naive times in files are read in it."""
    reporting_currency: str = "USD"
    viral_views: int = 10_000
    """Views from which a post is viral."""
    floor_views: int = 100
    """Baselines and counts below this are taken as this in outliers."""
    keep_versions: int = 5
    """How many versions of the warehouse stay on disk, the newest included."""
    lock_seconds: float = 30.0
    """How long a loader waits for another one."""
    memory_limit: str = ""
    """DuckDB's memory limit such as 2GB; empty: 4 GiB for loading, DuckDB's own default for reading."""
    notebooks: str = "analyses"
    """The folder of one's own notebooks, whose pages come after the workbench's."""
    media_storage: str = ""
    """Where pictures are kept: a folder, or s3://bucket/prefix; empty: data/media. Keys come from the environment."""
    media_endpoint: str = ""
    """Address of an S3-compatible service, such as https://ACCOUNT.r2.cloudflarestorage.com; empty: AWS's own."""
    media_private_hosts: str = ""
    """Hosts with private addresses that pictures may be fetched from, as host or host:port, by commas."""
    mail_server: str = ""
    """The SMTP server that takes the mail, as host or host:port. User and password come from the environment."""
    mail_security: str = ""
    """tls, starttls or none; empty: tls on port 465, else starttls, which only this machine may lack."""
    mail_from: str = ""
    """Whom mail is from: an address, or Name <address>."""
    mail_to: str = ""
    """Who gets the reports: addresses, by commas or as a list; NAME=address for a named report."""
    mail_attachment_mb: float = 10.0
    """The largest attachment; above it, or at 0, the mail has a link or nothing instead."""
    report_link: str = ""
    """The web address under which published reports are read."""
    publish_to: str = ""
    """Where reports are published: a folder, or s3://bucket/prefix."""
    publish_endpoint: str = ""
    """Address of the S3-compatible service that reports are published to; empty: AWS's own."""
    chromium: str = ""
    """The Chromium, Chrome or Edge that prints PDFs, by path or command; empty: the one on the PATH."""
    stale_after_hours: float = 48.0
    """Age of the newest counts of posts from which data are stale; 0: never."""
    stale_reports: str = "label"
    """Whether stale data `label` each page of a report or `stop` it."""
    raw_payload_days: int = 30
    """For how many days the raw answers of an API stay; 0: for ever."""
    rejected_row_days: int = 90
    """For how many days rows stay that were not let in; 0: for ever."""
    app_event_days: int = 365
    """For how many days events of one's own app stay; 0: for ever."""
    ip_hash_days: int = 30
    """For how many days the hash of an event's network address stays; 0: for ever."""
    archive_after_days: int = 90
    """Age in days from which whole months of snapshots move into the archive; 0: never."""
    pin_reports: int = 4
    """How many of the newest periods with reports keep the version of the warehouse they were made from."""
    backup_to: str = ""
    """Where backups go: a folder on another disk, or s3://bucket/prefix. Keys come from the environment."""
    backup_endpoint: str = ""
    """Address of the S3-compatible service that backups go to; empty: AWS's own."""
    backup_keep: int = 12
    """How many backups the schedule keeps; 0: all."""

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def inbox(self) -> Path:
        return self.data / "inbox"

    @property
    def versions(self) -> Path:
        return self.data / "versions"

    @property
    def archive(self) -> Path:
        return self.data / "archive"

    @property
    def reports(self) -> Path:
        return self.home / "reports"


def load_settings(home: Path | str | None = None, **arguments: Any) -> Settings:
    """Settings of a home folder (default: WORKBENCH_HOME, else the current folder; of `notebooks`, the one above).

    Raises UsageError for a name that is no setting, a value of the wrong type, an unknown zone.
    """
    folder = Path(home or os.environ.get("WORKBENCH_HOME") or _here()).resolve()
    known = {f.name: f.type for f in fields(Settings) if f.name != "home"}
    values: dict[str, tuple[str, Any]] = {}
    file = folder / "workbench.toml"
    if file.is_file():
        refuse_open_to_others(file, "whom reports are mailed to and where notebooks lie")
        try:
            entries = tomllib.loads(file.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as e:  # a number of 5,000 digits is a ValueError of its own
            raise UsageError(f"{file} is not valid TOML: {e}. Mend that line.") from e
        values |= {name: (str(file), value) for name, value in entries.items()}
    for name in known:
        variable = f"WORKBENCH_{name.upper()}"
        if variable in os.environ:
            values[name] = (variable, os.environ[variable])
    values |= {name: ("argument", value) for name, value in arguments.items() if value is not None}
    for name, (where, _) in values.items():
        if name not in known:
            raise UsageError(
                f"{where}: there is no setting '{name}'.{nearest(name, known)} Settings: {', '.join(known)}."
            )
    settings = Settings(home=folder)
    for name, (where, value) in values.items():
        settings = replace(settings, **{name: _typed(name, str(known[name]), where, value)})
    for name, form, example in (
        ("memory_limit", r"(\d+(\.\d+)?\s*([KMGT]i?B))?", "2GB"),
        ("reporting_currency", r"[A-Z]{3}", "EUR"),
        ("stale_reports", r"label|stop", "label, or like stop"),
    ):
        if not re.fullmatch(form, getattr(settings, name)):
            where, value = values[name]
            raise UsageError(f"{where}: {name} = {value!r} can't be understood. Write it like {example}.")
    try:
        zoneinfo.ZoneInfo(settings.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as e:  # OSError: 'Europe' is a folder
        raise UsageError(
            f"{values['time_zone'][0]}: time_zone '{settings.time_zone}' is no IANA zone. "
            "Write a name such as Europe/Berlin."
        ) from e
    return settings


def _here() -> Path:
    """The current folder; JupyterLab runs a notebook in its own folder, beside which the data lies."""
    here = Path.cwd()
    own = here.name in ("notebooks", Settings.notebooks)
    return here.parent if own and not (here / "data").exists() else here


def _typed(name: str, kind: str, where: str, value: Any) -> Any:
    types: dict[str, type] = {"int": int, "float": float, "str": str}
    wanted = types[kind]
    if wanted is str and isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    try:
        typed = wanted(value)
    except (TypeError, ValueError):
        typed = None
    if typed is None or isinstance(value, bool) or (wanted is int and str(value) != str(typed)):
        raise UsageError(f"{where}: {name} = {value!r} is not of type {kind}.")
    if wanted is not str and not typed >= (
        1 if name in ("keep_versions", "floor_views") else 0
    ):  # NaN is not either
        raise UsageError(f"{where}: {name} = {value!r} is too small.")
    if name.endswith("_days") and typed > _MOST_DAYS:
        raise UsageError(f"{where}: {name} = {value!r} is too large. 0 stands for no end.")
    return typed
