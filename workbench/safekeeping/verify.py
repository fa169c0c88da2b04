"""Whether a home is whole: pointer, versions, tables, marts, inbox, archive, pictures. Nothing is written.

No lock is taken: a load may publish and prune meanwhile, and what it takes away is not missed.
"""

from __future__ import annotations

import time

from ..settings import Settings
from ..warehouse import versions
from .verify_files import file_findings
from .verify_findings import GRAVE, LOW, Finding, Progress
from .verify_marts import mart_findings
from .verify_media import media_findings
from .verify_tables import table_findings
from .verify_versions import pointer_findings, version_findings

__all__ = ["GRAVE", "LOW", "Finding", "verified"]


def verified(
    settings: Settings,
    *,
    version: int | None = None,
    quick: bool = False,
    media: bool = True,
    progress: Progress | None = None,
) -> list[Finding]:
    """Everything that is wrong with a home, the gravest first; an empty list where it is sound.

    Parameters
    ----------
    version
        Check this version alone, and what lies beside the versions not at all.
    media
        Look at pictures too.
    quick
        Without building the marts beside to compare them, without hashing versions, and with 100 pictures only.

    Raises UsageError for a version that is not kept.
    """
    tell = progress or (lambda name, n, total: None)
    found: list[Finding] = []
    newest = None
    if version is None:
        pointed, newest = pointer_findings(settings)
        found += pointed
        numbers = versions.kept_versions(settings.versions)
    else:
        newest = versions.version_of(settings.versions, version)
        numbers = [version]
    total = len(numbers) + 5
    sound = set()
    for n, number in enumerate(numbers):
        tell(f"version {number}", n, total)
        wrong = version_findings(settings, number, quick=quick)
        found += wrong
        if not any(f.severity == GRAVE for f in wrong):
            sound.add(number)
    if newest is not None and newest.version in sound:
        tell("tables", total - 5, total)
        found += table_findings(settings, newest)
        if not quick:
            tell("marts", total - 4, total)
            found += mart_findings(settings, newest)
    if version is None:
        tell("inbox and archive", total - 3, total)
        found += file_findings(settings, sorted(sound), now=time.time())
        known = newest.version in sound if newest else not any(f.severity == GRAVE for f in pointed)
        if media and known:  # else nobody can tell which pictures belong here
            tell("pictures", total - 2, total)
            found += media_findings(settings, newest, quick=quick)
    tell("", total, total)
    return sorted(found, key=lambda f: f.severity != GRAVE)
