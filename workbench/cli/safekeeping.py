"""Commands that keep the data safe: verify, backup, restore."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from .shared import Bar, say, settings_of


def add_safekeeping_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """`verify`; `add` makes a command as the parser makes every one."""
    sub = add(
        "verify",
        verify_home,
        "Check that nothing is damaged: versions, keys, counts, marts, inbox, archive, pictures.",
        "workbench verify --quick",
    )
    sub.add_argument(
        "--version", type=int, metavar="N", help="this version alone (default: all that is here)"
    )
    sub.add_argument(
        "--quick", action="store_true", help="without building the marts beside, and with 100 pictures only"
    )
    sub.add_argument("--format", choices=("table", "json"), default="table")


def verify_home(options: Any) -> int:
    from dataclasses import asdict

    from ..safekeeping.verify import GRAVE, verified

    settings = settings_of(options)
    with Bar("Verifying") as show:
        found = verified(settings, version=options.version, quick=options.quick, progress=show)
    grave = sum(f.severity == GRAVE for f in found)
    if options.format == "json":
        print(json.dumps({"grave": grave, "findings": [asdict(f) for f in found]}, indent=1))
    else:
        from ..display.escaping import readable

        for finding in found:
            print(readable(str(finding)))
    what = "without marts and most pictures" if options.quick else "in full"
    say(
        f"Verified {settings.data} {what}: "
        + (f"{grave} damages, {len(found) - grave} smaller things." if found else "it is sound.")
    )
    return 1 if grave else 0
