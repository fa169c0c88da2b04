"""Commands around slides as pictures: media fetch, add, read, upload."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def add_media_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """The actions of `workbench media`; `add` makes one as the parser makes every command."""
