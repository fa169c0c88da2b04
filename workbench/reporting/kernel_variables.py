"""Which variables of the environment notebooks get: no password or key that they have no use for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..settings import Settings

_OURS = re.compile(
    r"WORKBENCH_(SMTP_\w+|SECRET|\w*(PASSWORD|TOKEN|PASSPHRASE|IDENTITY|_KEY))|JUPYTER_TOKEN(_FILE)?"
)
_BUCKET = re.compile(r"AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)")


def for_kernels(variables: Mapping[str, str], settings: Settings | None = None) -> dict[str, str]:
    """The variables without the workbench's passwords, and without the keys of a bucket unless pictures lie in one.

    Others stay: a notebook of one's own may want a token for what it asks, and says so.
    """
    keeps = settings is not None and settings.media_storage.startswith("s3://")
    return {
        name: value
        for name, value in variables.items()
        if not _OURS.fullmatch(name.upper()) and (keeps or not _BUCKET.fullmatch(name.upper()))
    }


def bucket_keys(variables: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The keys of the bucket that pictures lie in, for the kernels of a report; none where they lie in a folder."""
    if not settings.media_storage.startswith("s3://"):
        return {}
    return {name: value for name, value in variables.items() if _BUCKET.fullmatch(name)}
