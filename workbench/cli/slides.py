"""Commands that find slides: by text, by picture."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from .output import add_output, write_answer
from .shared import say


def add_slide_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """The actions of `workbench slides`; `add` makes one as the parser makes every command."""
    sub = add(
        "search",
        search_slides,
        "Find slides by what they say: all words, phrases in quotes.",
        "workbench slides search '\"cold coffee\" mondays' --limit 5",
    )
    sub.add_argument("text", nargs="+", metavar="WORD", help="words, and phrases in quotes")
    _add_shown(sub)
    sub = add(
        "like", like_slides, "Find slides by a picture.", "workbench slides like screenshot.jpg --no-read"
    )
    sub.add_argument("files", nargs="+", metavar="FILE", help="a picture; of several, each is looked for")
    sub.add_argument(
        "--text", help="what is written on it (default: it is read, where the reader is installed)"
    )
    sub.add_argument("--no-read", action="store_true", help="don't read what is written on it")
    _add_shown(sub)


def _add_shown(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--limit", type=int, default=20, metavar="N", help="images shown (default: 20)")
    sub.add_argument(
        "--no-lift",
        action="store_true",
        help="leave the lifts out: quicker, as they are fitted anew each time",
    )
    add_output(sub)


def search_slides(options: Any) -> int:
    from ..slide_finder import SlideFinder
    from ..warehouse.reader import Workbench

    with Workbench.opened(options.home) as wb:
        found = SlideFinder(wb).search(" ".join(options.text), limit=options.limit, lifts=not options.no_lift)
        return _told(wb, found, options)


def like_slides(options: Any) -> int:
    from ..slide_finder import SlideFinder
    from ..warehouse.reader import Workbench

    with Workbench.opened(options.home) as wb:
        found = SlideFinder(wb).like(
            *options.files,
            text=options.text,
            read=not options.no_read,
            limit=options.limit,
            lifts=not options.no_lift,
        )
        return _told(wb, found, options)


def _told(wb: Any, found: Any, options: Any) -> int:
    import ibis

    say(f"{found.said}; {len(found):,} {'is' if len(found) == 1 else 'are'} shown. Version {wb.version}.")
    answer = wb.frame(found.frame.assign(shown_place=range(len(found))), "found_slides")
    return write_answer(wb.backend, answer.order_by(ibis._.shown_place).drop("shown_place"), options)
