"""`workbench erase`: every trace of a person goes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .shared import Bar, say, settings_of

if TYPE_CHECKING:
    from ..safekeeping.erase import Erasure


def add_erase_command(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "erase",
        erase_person,
        "Remove every trace of a person, and keep them from coming back. Without a person: finish an interrupted erasure.",  # noqa: E501
        "workbench erase --account tiktok:name --dry-run",
    )
    who = sub.add_mutually_exclusive_group()
    who.add_argument(
        "--account", metavar="ID", help="an account: platform:name, or @name where only one has it"
    )
    who.add_argument("--follower", metavar="ID", help="who followed or commented: platform:id")
    who.add_argument("--user", metavar="ID", help="a user of the app")
    sub.add_argument(
        "--keep-words",
        action="store_true",
        help="the name is an ordinary word too: strike it from others' texts only as @name",
    )
    sub.add_argument("--dry-run", action="store_true", help="tell what would go, and change nothing")
    sub.add_argument("--yes", action="store_true", help="don't ask")
    sub.add_argument("--format", choices=("text", "json"), default="text")


def erase_person(options: Any) -> int:
    from ..errors import UsageError
    from ..safekeeping.erase import erase, finish, planned, unfinished

    settings = settings_of(options)
    given = [
        (kind, value)
        for kind in ("account", "follower", "user")
        if (value := getattr(options, kind)) is not None
    ]
    begun = unfinished(settings)
    if not given and begun is None:
        raise UsageError(
            "Who is to be erased? Write --account, --follower or --user with an id. Nothing was erased."
        )
    if begun is not None:
        if options.dry_run:
            say("An erasure was interrupted; it is finished by the next one: workbench erase")
        else:
            with Bar("erase") as progress:
                done = finish(settings, progress=progress)
            if done is not None:
                say("Finished an erasure that was interrupted.")
                _tell(done, options.format)
    if not given:
        return 0
    kind, value = given[0]
    if options.dry_run or not options.yes:
        plan = planned(settings, kind, value, keep_words=options.keep_words)
        if options.dry_run:
            _tell(plan, options.format, would=True)
            return 0
        for line in lines(plan, would=True):
            say(line)
        if not _agreed(f"Erase {value} for good?"):
            say("Nothing was erased.")
            return 1
    with Bar("erase") as progress:
        done = erase(settings, kind, value, keep_words=options.keep_words, progress=progress)
    _tell(done, options.format)
    return 0


def lines(outcome: Erasure, *, would: bool = False) -> list[str]:
    """What went, or would go, by place."""
    from ..display.numbers import counted

    go, remain = ("would go", "would remain") if would else ("went", "remains")
    told: list[str] = []
    if outcome.rows:
        told.append(
            f"Rows and texts that {go}: " + ", ".join(f"{n:,} {t}" for t, n in outcome.rows.items()) + "."
        )
    if outcome.versions_removed:
        told.append(f"Versions that {go}: {_numbers(outcome.versions_removed)}.")
    if outcome.versions_rewritten:
        told.append(
            f"Pinned versions {'to be ' if would else ''}written anew: {_numbers(outcome.versions_rewritten)}."
        )
    would_be = "would go" if would else "went"
    anew = "would be written anew" if would else "written anew"
    for n, one, many, what in (
        (outcome.batches, "waiting or refused batch", "waiting or refused batches", f"{anew} without them"),
        (outcome.pictures, "picture of their slides alone", "pictures of their slides alone", would_be),
        (
            len(outcome.reports.pages),
            "page of reports",
            "pages of reports",
            f"{would_be} with all their files",
        ),
        (len(outcome.reports.files), "other file of reports", "other files of reports", would_be),
        (len(outcome.files), "other file under data/", "other files under data/", would_be),
    ):
        if n:
            told.append(f"{counted(n, one, many)} {what}.")
    told += (
        [
            f"{'  ' if would else ''}{page}"
            for page in [*outcome.reports.pages, *outcome.reports.files, *outcome.files][:20]
        ]
        if would
        else []
    )
    if outcome.by_hand:
        told.append(f"What {remain} to be done by hand:")
        told += [f"  {each}" for each in outcome.by_hand]
    return told


def _tell(outcome: Erasure, form: str, *, would: bool = False) -> None:
    if form == "json":
        said = {
            "kind": outcome.person.kind, "posts": len(outcome.person.posts), "rows": outcome.rows,
            "versions_removed": outcome.versions_removed, "versions_rewritten": outcome.versions_rewritten,
            "batches": outcome.batches, "pictures": outcome.pictures, "pages": outcome.reports.pages,
            "report_files": outcome.reports.files, "files": outcome.files, "by_hand": outcome.by_hand,
            "version": outcome.version, "dry_run": would,
        }  # fmt: skip
        print(json.dumps(said, indent=1, ensure_ascii=False))
        return
    from ..display.numbers import counted

    for line in lines(outcome, would=would):
        say(line)
    in_all = counted(sum(outcome.rows.values()), "row or text", "rows and texts")
    count = f"{counted(len(outcome.person.posts), 'post')} and {in_all} in all"
    if outcome.is_nothing:
        say(_nobody(outcome, would))
    elif would:
        say(f"Would erase one person: {count}. Nothing was changed.")
    else:
        version = f" The warehouse is at version {outcome.version}." if outcome.version else ""
        say(f"Erased one person: {count}.{version}")


def _nobody(outcome: Erasure, would: bool) -> str:
    if outcome.version is None:
        return "Nothing here names them, and no version is there to keep their hash. Erase them after the first load."
    if would:
        return (
            "Nothing here names them. An erasure would keep their hash: a later import leaves them out. "
            "Nothing was changed."
        )
    return f"Nothing here names them; a later import leaves them out. Version {outcome.version} keeps their hash."


def _numbers(versions: list[int]) -> str:
    return ", ".join(map(str, versions))


def _agreed(question: str) -> bool:
    print(f"{question} Write yes: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() == "yes"
