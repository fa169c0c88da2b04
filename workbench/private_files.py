"""Files that are this user's alone: settings and passwords that others may not read, code that others may not write."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from .errors import UsageError


def refuse_open_to_others(file: Path, holds: str) -> None:
    """UsageError, with what to type, for a file that another user of this machine owns, reads or writes.

    Parameters
    ----------
    holds
        What stands in it, such as: the passwords of the mail server.
    """
    found = _found(file)
    if found is None:
        return
    _refuse_foreign(file, found)
    if mode := stat.S_IMODE(found.st_mode) & 0o077:
        what = "read or changed" if mode & 0o022 else "read"
        raise UsageError(
            f"{file} can be {what} by other users of this machine (mode {stat.S_IMODE(found.st_mode):04o}). It holds "
            f"{holds}. Run: chmod 600 {shlex.quote(str(file))}"
        )


def refuse_foreign_code(path: Path) -> None:
    """UsageError, with what to type, for a notebook or a folder of notebooks that another user may change.

    A notebook is code that runs as this user. A group that is this user's alone may write, as many systems have it.
    """
    found = _found(path)
    if found is None:
        return
    _refuse_foreign(path, found)
    mode = stat.S_IMODE(found.st_mode)
    if mode & stat.S_IWOTH or (mode & stat.S_IWGRP and not _own_group(found)):
        raise UsageError(
            f"{path} can be changed by other users of this machine (mode {mode:04o}), and what is in it is run. Look "
            f"it through, then run: chmod go-w {shlex.quote(str(path))}"
        )


def _found(path: Path) -> os.stat_result | None:
    """Whose it is and who may do what with it; None where the system has no such modes or there is nothing."""
    if os.name == "nt":
        return None
    try:
        return path.stat()
    except OSError:
        return None


def _refuse_foreign(path: Path, found: os.stat_result) -> None:
    me = os.getuid()
    if found.st_uid not in (me, 0):
        raise UsageError(
            f"{path} belongs to another user of this machine ({_name(found.st_uid)}), who could have any code run by "
            f"you. Look it through, then run: sudo chown {_name(me)} {shlex.quote(str(path))}"
        )


def _name(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _own_group(found: os.stat_result) -> bool:
    """Whether a file's group has this file's owner alone."""
    import grp
    import pwd

    try:
        group, owner = grp.getgrgid(found.st_gid), pwd.getpwuid(found.st_uid)
    except KeyError:
        return False
    return (
        group.gr_gid == owner.pw_gid
        and set(group.gr_mem) <= {owner.pw_name}
        and group.gr_name == owner.pw_name
    )
