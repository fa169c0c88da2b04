"""Who was erased after a backup was made is in it still: what is to be said where it is brought back or kept."""

from __future__ import annotations

import shlex
from pathlib import Path

import duckdb

from ..errors import WorkbenchError
from ..settings import Settings
from ..stores.folder import Folder
from ..warehouse import versions
from .backup import backup_store
from .backup_format import Named, backups_in
from .backup_place import day_of, heads_in


def back_again(home: Path, backup_id: str, present: Settings | None) -> str:
    """A sentence on the persons whom a restored backup brings back, with an "if" where nobody knows of any; empty
    where it is known to be nobody.

    `present`: the home in use, whose erasures tell, where another than the restored one.
    """
    made_on = day_of(Named(backup_id, ""))
    again = f"Erase them again, before anybody uses it: workbench erase --account NAME --home {shlex.quote(str(home))}"
    known = None if present is None or present.home.resolve() == home else _erasures(present.versions)
    if known is None:
        return f"If persons were erased after {made_on}, they are in it again. {again}"
    since = known.keys() - (_erasures(home / "data" / "versions") or {}).keys()
    if not since or present is None:
        return ""
    on = ", ".join(sorted({known[erasure] for erasure in since}))
    return (
        f"{len(since):,} person{'' if len(since) == 1 else 's'} erased in {present.home} (on {on}) since this backup "
        f"was made, on {made_on}: they are in it again. {again}"
    )


def backups_there(settings: Settings) -> str:
    """How many backups lie in `backup_to`, and from when, or why that can't be told; and the command that makes one
    in place of them.
    """
    replace = "Make a new one that takes their place: workbench backup"
    if not settings.backup_to:
        return f"{replace} PLACE --keep 1 (with --encrypt, where they are encrypted)"
    try:
        store = backup_store(settings)
        if isinstance(store, Folder) and not store.folder.is_dir():
            return f"How many is not known: that folder is not there now. {replace} --keep 1"
        known = backups_in(store)
        newest = next(heads_in(store), None)
    except (WorkbenchError, OSError) as e:
        return f"How many is not known: {e} {replace} --keep 1"
    if not known:
        return f"None is there now. {replace} --keep 1"
    encrypt = " --encrypt" if newest and newest[1].encryption != "none" else ""
    days = dict.fromkeys(day_of(b) for b in (known[0], known[-1]))
    return f"{len(known):,} there, of {' to '.join(days)}. {replace} --keep 1{encrypt}"


def _erasures(folder: Path) -> dict[str, str] | None:
    """Erasure -> its day, as the newest version has them; None where there is no version that tells.

    One that told no name or id that was not known as erased before is of the same person again.
    """
    try:
        newest = versions.current(folder)
        if newest is None:
            return None
        with duckdb.connect(str(folder / newest.file), read_only=True) as con:
            return dict(
                con.execute(
                    "SELECT erasure_id, strftime(min(erased_at), '%Y-%m-%d') FROM erasures GROUP BY ALL "
                    "HAVING count(*) > 1"
                ).fetchall()
            )
    except duckdb.CatalogException:
        return {}  # a version from before anybody could be erased
    except (WorkbenchError, duckdb.Error, OSError):
        return None
