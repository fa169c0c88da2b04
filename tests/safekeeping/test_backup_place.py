"""What may go to a place that has backups: nothing that would push out better ones, or another home's."""

from __future__ import annotations

import shlex
import shutil
import stat
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from workbench import record
from workbench.cli import main
from workbench.errors import UsageError, WorkbenchError
from workbench.safekeeping.backup import backed_up, backup_store
from workbench.safekeeping.backup_blobs import forget
from workbench.safekeeping.backup_format import Head, backups_in, chosen, key_of, read_head
from workbench.safekeeping.backup_keys import RECIPIENT, new_key, sealing
from workbench.safekeeping.erase import planned
from workbench.safekeeping.erased_since import back_again
from workbench.safekeeping.restore import restored
from workbench.settings import Settings, load_settings
from workbench.stores import Store
from workbench.warehouse.load import load


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one version."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    record.event(name="open", user_id="u-77", home=home)
    load(load_settings(home))
    return home


def copied(prepared: Path, home: Path) -> Settings:
    shutil.copytree(prepared, home)
    return load_settings(home)


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Settings:
    return copied(prepared, tmp_path / "a home")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def store(home: Settings, place: Path) -> Store:
    return backup_store(home, str(place))


def ids(store: Store) -> list[str]:
    return [b.backup_id for b in backups_in(store)]


def test_a_folder_that_is_no_home_is_not_backed_up_and_nothing_is_made_in_it(
    home: Settings, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [backed_up(home, store).backup_id]
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    for words in (["--keep", "1"], ["--due"]):
        assert main(["backup", store.place, *words, "--home", str(wrong)]) == 2
        said = capsys.readouterr().err
        assert f"{wrong} is no home" in said and "--home" in said
        assert list(wrong.iterdir()) == []
    with pytest.raises(UsageError, match="is no home"):
        backed_up(load_settings(wrong), backup_store(home, str(tmp_path / "fresh")))
    assert ids(store) == before and not (tmp_path / "fresh").exists()


@pytest.mark.parametrize("gone", ["data/versions", "data"])
@pytest.mark.parametrize("due", [False, True])
def test_a_home_without_a_version_replaces_no_backup_that_has_one(
    home: Settings,
    store: Store,
    gone: str,
    due: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As where the disk of the data is not mounted."""
    before = [backed_up(home, store).backup_id]
    shutil.rmtree(home.home / gone)
    (home.home / gone).mkdir()
    monkeypatch.setenv("WORKBENCH_BACKUP_KEEP", "1")
    words = ["--due"] if due else ["--keep", "1"]
    assert main(["backup", store.place, *words, "--home", str(home.home)]) == 1
    said = capsys.readouterr().err
    assert f"{home.home} has no version of the warehouse" in said and "has version 1" in said
    assert "is its disk mounted" in said and "another place" in said and "umask" not in said
    assert ids(store) == before
    # An empty place takes it.
    assert main(["backup", f"{store.place}-2", "--home", str(home.home)]) == 0


def test_older_backups_without_a_version_go_before_those_that_have_one(home: Settings, store: Store) -> None:
    def head(at: str, version: int | None) -> None:
        text = Head(
            made_at=at,
            workbench="0",
            encryption="none",
            version=version,
            n_files=0,
            n_bytes=0,
            listing=[],
            blobs={},
        ).text()
        store.put(key_of(at, text), text)

    for day, version in enumerate([None, 4, 5, None, None], 1):
        head(f"2026010{day}T000000.000000Z", version)
    told: list[str] = []
    assert forget(store, 3, told.append) == [f"2026010{day}T000000.000000Z" for day in (1, 4)]
    assert forget(store, 2, told.append) == ["20260105T000000.000000Z"]
    assert forget(store, 1, told.append) == ["20260102T000000.000000Z"]
    assert ids(store) == ["20260103T000000.000000Z"] and told == []


def test_two_homes_do_not_share_a_place_and_a_restored_one_goes_on(
    home: Settings, store: Store, prepared: Path, tmp_path: Path
) -> None:
    first = backed_up(home, store)
    file = home.data / "home.id"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    other = copied(prepared, tmp_path / "other")
    with pytest.raises(WorkbenchError, match="is of another home") as told:
        backed_up(other, store, keep=1)
    assert str(other.home) in str(told.value) and "another place" in str(told.value)
    assert ids(store) == [first.backup_id] and not (other.data / "home.id").exists()
    assert backed_up(other, backup_store(other, f"{store.place}-2")).version == 1
    with pytest.raises(WorkbenchError, match="is of another home"):
        backed_up(other, store)

    back = load_settings(tmp_path / "back")
    assert restored(store, back.home, quick=True).is_sound
    assert (back.data / "home.id").read_text() == file.read_text()
    second = backed_up(back, store)
    assert read_head(store, chosen(store, None)).home == file.read_text()[:16]

    # What the refusal says to type lets another home take the place.
    command = str(told.value).partition("say so: ")[2]
    subprocess.run(["sh", "-c", command], check=True)
    assert backed_up(other, store, keep=1).removed == [first.backup_id, second.backup_id]


def test_the_commands_for_a_home_with_a_blank_in_its_name_are_quoted(
    home: Settings, store: Store, prepared: Path, tmp_path: Path
) -> None:
    made = backed_up(copied(prepared, tmp_path / "other"), store)
    with pytest.raises(WorkbenchError) as told:
        backed_up(home, store)
    assert shlex.quote(str(home.data / "home.id")) in str(told.value)
    assert back_again(home.home, made.backup_id, None).endswith(f"--home {shlex.quote(str(home.home))}")


def test_a_place_with_backups_that_name_no_home_takes_the_next_one(home: Settings, store: Store) -> None:
    backed_up(home, store)
    (named,) = backups_in(store)
    older = store.get(named.key).replace(b'"home"', b'"of_a_newer_workbench"')
    store.delete(named.key)
    store.put(key_of(named.backup_id, older), older)
    assert read_head(store, chosen(store, None)).home == ""
    assert backed_up(home, store).sent <= 2


def test_a_damaged_head_is_listed_as_such_and_stands_in_no_way(
    home: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    backed_up(home, store)
    (named,) = backups_in(store)
    Path(store.place, named.key).write_bytes(b"{}")
    assert backed_up(home, store).version == 1
    capsys.readouterr()
    assert main(["restore", store.place, "--list", "--home", str(home.home)]) == 0
    damaged, whole = capsys.readouterr().out.splitlines()
    assert damaged.startswith(named.backup_id) and "damaged" in damaged
    at = datetime.strptime(whole.split()[0], "%Y%m%dT%H%M%S.%f%z")
    assert f"  {at:%Y-%m-%d %H:%M} UTC  version 1  not encrypted  " in whole


def test_a_backup_in_clear_does_not_go_where_encrypted_ones_are(
    home: Settings,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    backed_up(home, store)  # in clear first: encrypted ones may follow
    monkeypatch.setenv(RECIPIENT, new_key(tmp_path / "key"))
    backed_up(home, store, seal=sealing(None), keep=1)
    before = ids(store)
    files = sorted(Path(store.place).rglob("*"))
    assert main(["backup", store.place, "--keep", "1", "--home", str(home.home)]) == 2
    said = capsys.readouterr().err
    assert "is encrypted" in said and "Add --encrypt, or name another place" in said
    assert ids(store) == before and sorted(Path(store.place).rglob("*")) == files

    # The command that follows an erasure works.
    kept = replace(home, backup_to=store.place)
    (told,) = planned(kept, "user", "u-77").by_hand
    command = told.partition("takes their place: ")[2]
    assert command == "workbench backup --keep 1 --encrypt"
    monkeypatch.setenv("WORKBENCH_BACKUP_TO", store.place)
    assert main([*command.split()[1:], "--home", str(home.home)]) == 0
    assert len(ids(store)) == 1 and ids(store) != before


def test_where_no_place_is_set_the_command_after_an_erasure_asks_for_it(home: Settings, store: Store) -> None:
    backed_up(home, store)
    (told,) = planned(home, "user", "u-77").by_hand
    assert "workbench backup PLACE --keep 1 (with --encrypt, where they are encrypted)" in told


def test_a_home_is_no_place_of_its_own_backups(home: Settings, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    linked.symlink_to(home.home)
    for place in (home.home, home.data, home.reports, linked, linked / "data" / "x"):
        with pytest.raises(UsageError, match="lies in what is backed up"):
            backup_store(home, str(place))
    assert main(["backup", str(home.home), "--home", str(home.home)]) == 2


def test_half_an_id_that_a_killed_backup_left_goes_with_the_next_one(home: Settings, store: Store) -> None:
    half = home.data / f".home.id.{2**22 + 1}-0a1b2c3d"
    half.write_text("0a")
    backed_up(home, store)
    assert not half.exists() and len((home.data / "home.id").read_text()) == 64
