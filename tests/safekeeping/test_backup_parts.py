"""Parts of a backup: damaged ones are found, and taken again where a later backup sent them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.safekeeping.backup import BackupOutcome, backed_up, backup_store, mended
from workbench.safekeeping.backup_blobs import damaged_parts
from workbench.safekeeping.backup_format import DamagedError, backups_in, chosen, read_head
from workbench.safekeeping.backup_keys import Opening, Sealing, new_key, opening, sealing
from workbench.safekeeping.restore import tried
from workbench.settings import Settings, load_settings
from workbench.stores import Store


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home with settings and a notebook of three parts, and no warehouse."""
    home = tmp_path / "home"
    (home / "analyses").mkdir(parents=True, mode=0o700)
    (home / "workbench.toml").touch(mode=0o600)
    (home / "workbench.toml").write_text("keep_versions = 2\n")
    (home / "analyses" / "mine.ipynb").write_bytes(b"".join(bytes([n]) * 2**20 for n in (1, 2, 3)))
    return load_settings(home)


@pytest.fixture
def store(home: Settings, tmp_path: Path) -> Store:
    return backup_store(home, str(tmp_path / "backups"))


def parts(store: Store) -> list[Path]:
    """The large ones, in order of their names."""
    return sorted(
        p for p in Path(store.place, "blobs").rglob("*") if p.is_file() and p.stat().st_size > 2**19
    )


def flipped(part: Path) -> None:
    data = part.read_bytes()
    part.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def key(store: Store, part: Path) -> str:
    return part.relative_to(store.place).as_posix()


def test_parts_that_are_gone_cut_off_or_changed_are_damaged(home: Settings, store: Store) -> None:
    head = read_head(store, chosen(store, backed_up(home, store).backup_id))
    assert damaged_parts(store, head) == []
    gone, cut, changed = parts(store)
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    flipped(changed)
    assert sorted(damaged_parts(store, head)) == sorted(key(store, p) for p in (gone, cut, changed))


def test_a_recheck_sends_anew_what_is_damaged_and_nothing_else(home: Settings, store: Store) -> None:
    backed_up(home, store)
    flipped(parts(store)[1])
    relying = backed_up(home, store)
    assert (relying.sent, relying.mended) == (0, 0)
    with pytest.raises(DamagedError, match="recheck"):
        tried(store)
    again = backed_up(home, store, recheck=True)
    assert (again.sent, again.mended) == (1, 1)
    assert tried(store, at=relying.backup_id).is_sound


def test_a_mended_backup_takes_the_place_of_the_damaged_one(home: Settings, store: Store) -> None:
    first = backed_up(home, store)
    flipped(parts(store)[0])
    made = mended(home, store, backed_up(home, store).backup_id)
    assert [b.backup_id for b in backups_in(store)] == [first.backup_id, made.backup_id]


def test_an_older_encrypted_backup_takes_a_part_that_was_sealed_anew(
    home: Settings, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_BACKUP_RECIPIENT", new_key(tmp_path / "key"))
    seal, opened = sealing(None), opening(tmp_path / "key")
    first = backed_up(home, store, seal=seal)
    assert_every_flip_is_told(store, first, opened)
    flipped(parts(store)[0])
    assert backed_up(home, store, seal=seal, recheck=True).mended == 1
    assert tried(store, at=first.backup_id, key=opened).is_sound
    swapped(store, seal)
    with pytest.raises(WorkbenchError, match="do not make the file"):
        tried(store, at=first.backup_id, key=opened)


def assert_every_flip_is_told(store: Store, made: BackupOutcome, key: Opening | None) -> None:
    part = parts(store)[0]
    whole = part.read_bytes()
    for at in (0, 3, 30, 60, 100, 150, 180, 200, 220, 300, len(whole) // 2, len(whole) - 1):
        part.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(DamagedError, match=part.name):
            tried(store, at=made.backup_id, key=key)
    for cut in (0, 10, 199, len(whole) // 2):
        part.write_bytes(whole[:cut])
        with pytest.raises(DamagedError, match=part.name):
            tried(store, at=made.backup_id, key=key)
    part.write_bytes(whole)


def swapped(store: Store, seal: Sealing) -> None:
    """Put something else, rightly sealed, in place of a part."""
    part = parts(store)[0]
    part.write_bytes(seal(b"other" * 200_000))
