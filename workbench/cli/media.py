"""Commands around slides as pictures: media fetch, add, read, upload."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from .media_fetch import add_fetch
from .media_read import add_read
from .pictures import add_pictures, upload_pictures


def add_media_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """The actions of `workbench media`; `add` makes one as the parser makes every command."""
    add_fetch(add)
    sub = add(
        "add",
        add_pictures,
        "Take pictures on a disk in as slides, matched by their names or by a mapping.",
        "workbench media add downloads/ --mapping which.csv",
    )
    sub.add_argument("paths", nargs="+", metavar="PATH", help="a folder of pictures, or a picture")
    sub.add_argument(
        "--mapping",
        metavar="FILE",
        help="a CSV of file, post_id or url, and slide_index, for what names don't say",
    )
    sub.add_argument(
        "--refused",
        metavar="FILE",
        help="write what was left out and why to this CSV, to be filled in as a mapping",
    )
    add_read(add)
    sub = add(
        "upload",
        upload_pictures,
        "Bring the pictures of data/media to the bucket that the settings name.",
        "workbench media upload --delete-local",
    )
    sub.add_argument("--delete-local", action="store_true", help="delete here what is verified to lie there")
