"""Commands that find slides: by text, by picture."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def add_slide_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """The actions of `workbench slides`; `add` makes one as the parser makes every command."""
