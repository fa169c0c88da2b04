"""Parts of a backup: damaged ones are found, and taken again where a later backup sent them anew."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.errors import WorkbenchError
from workbench.safekeeping.backup import BackupOutcome, backed_up, backup_store, mended
from workbench.safekeeping.backup_blobs import THREADS, Blobs, damaged_parts
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
    (home / "data").mkdir(mode=0o700)
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


def test_what_older_backups_have_is_asked_for_all_at_once(
    home: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(THREADS):
        backed_up(home, store)
    get, together = store.get, threading.Barrier(THREADS, timeout=30)

    def waiting(key: str) -> bytes:
        together.wait()
        return get(key)

    monkeypatch.setattr(store, "get", waiting)
    with Blobs(store, seal=None, naming_key=b"") as blobs:
        assert blobs.put(bytes([1]) * 2**20) in blobs.stored
    assert blobs.sent == 0


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


def test_what_a_killed_backup_sent_goes_with_keep_where_no_backup_was_before(
    home: Settings, store: Store
) -> None:
    with Blobs(store, seal=None, naming_key=b"") as blobs:
        sent = blobs.put(b"of somebody who was erased since")
    assert backed_up(home, store).removed == [] and store.entry(sent) is not None
    store.delete(chosen(store, None).key)
    made = backed_up(home, store, keep=1)
    assert store.entry(sent) is None
    assert damaged_parts(store, read_head(store, chosen(store, made.backup_id))) == []


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


def test_a_new_key_seals_everything_anew_and_opens_it_alone(
    home: Settings, store: Store, tmp_path: Path
) -> None:
    for name in ("old", "new", "third"):
        new_key(tmp_path / name)
    old, new = sealing(tmp_path / "old"), sealing(tmp_path / "new")
    first = backed_up(home, store, seal=old)
    assert not first.is_sealed_anew
    (home.home / "workbench.toml").write_text("keep_versions = 3\n")  # the rest would be relied on
    second = backed_up(home, store, seal=new)
    assert second.is_sealed_anew and second.sent == first.sent
    assert tried(store, at=first.backup_id, key=opening(tmp_path / "old")).is_sound
    assert tried(store, at=second.backup_id, key=opening(tmp_path / "new")).is_sound
    with pytest.raises(WorkbenchError, match="does not open this backup"):
        tried(store, at=second.backup_id, key=opening(tmp_path / "old"))
    third = backed_up(home, store, seal=new, keep=1)
    assert not third.is_sealed_anew and third.sent <= 1  # the list of files
    assert_opened_by(opening(tmp_path / "new"), store)
    both = tmp_path / "both"
    both.write_text((tmp_path / "new").read_text() + (tmp_path / "third").read_text())
    both.chmod(0o600)
    assert backed_up(home, store, seal=sealing(both)).is_sealed_anew
    assert tried(store, key=opening(tmp_path / "third")).is_sound
    lines = both.read_text().splitlines()[::-1]
    both.write_text("\n".join(lines))
    assert backed_up(home, store, seal=sealing(both)).sent <= 1  # the same keys in another order


def assert_opened_by(key: Opening | None, store: Store) -> None:
    assert key is not None
    for part in (p for p in Path(store.place, "blobs").rglob("*") if p.is_file()):
        key(part.read_bytes())


def test_a_place_named_after_encrypt_is_told_where_it_belongs(
    home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path)
    assert main(["backup", "--encrypt", place, "--home", str(home.home)]) == 2
    said = capsys.readouterr().err
    assert f"{place} can't be read as a file of keys" in said and "backup PLACE --encrypt FILE" in said


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
