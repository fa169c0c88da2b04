"""Persons who were erased after a backup was made: where it lies, and what is said when it comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench import record
from workbench.cli import main
from workbench.safekeeping import restore
from workbench.safekeeping.backup import backed_up, backup_store
from workbench.safekeeping.backup_format import backups_in
from workbench.safekeeping.backup_keys import new_key, opening, sealing
from workbench.safekeeping.erase import erase, planned
from workbench.safekeeping.restore import restored, tried
from workbench.settings import Settings
from workbench.warehouse.load import load

TODAY = f"{datetime.now(UTC):%Y-%m-%d}"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    from workbench.settings import load_settings

    settings = load_settings(tmp_path / "home", backup_to=str(tmp_path / "backups"))
    for user in ("u-77", "u-78"):
        record.event(name="open", user_id=user, home=settings.home)
    load(settings)
    return settings


def test_erase_lists_the_backups_and_the_command_that_replaces_them(home, capsys):
    store = backup_store(home)
    for _ in range(2):
        backed_up(home, store)
    done = erase(home, "user", "u-77")
    assert [s for s in done.by_hand if home.backup_to in s and f"2 there, of {TODAY}" in s]
    place = ["--home", str(home.home)]
    assert main(["backup", home.backup_to, "--keep", "1", *place]) == 0
    # What is left there has nothing of them.
    assert len(backups_in(store)) == 1
    parts = b"".join(f.read_bytes() for f in Path(home.backup_to).rglob("*") if f.is_file())
    assert b"u-78" in parts and b"u-77" not in parts


@pytest.mark.long
def test_the_monthly_backup_goes_on_after_an_erasure_and_old_ones_go(home, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WORKBENCH_BACKUP_TO", home.backup_to)
    monkeypatch.setenv("WORKBENCH_BACKUP_KEEP", "1")
    place = ["--home", str(home.home)]
    assert backed_up(home, backup_store(home)).left_out == []  # the key is there, and nobody was erased
    erase(home, "user", "u-77")
    assert main(["backup", "--due", *place]) == 0
    said = capsys.readouterr().err
    assert "it is sound" in said and "data/private.key is not in it" in said and "Removed 1 older" in said
    assert len(backups_in(backup_store(home))) == 1

    back = tmp_path / "back"
    assert main(["restore", "--into", str(back), "--quick", *place]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"low: private key: {back / 'data' / 'private.key'}: it is not in the backup")
    verify = ["verify", "--quick", "--home", str(back)]
    assert main(verify) == 1  # there it is missing, until it is put back
    (back / "data" / "private.key").write_text((home.data / "private.key").read_text())
    (back / "data" / "private.key").chmod(0o600)
    assert main(verify) == 0


def test_a_key_that_was_in_the_backup_and_is_gone_is_a_damage(home, tmp_path, monkeypatch):
    new_key(tmp_path / "key")
    erase(home, "user", "u-77")
    store = backup_store(home)
    made = backed_up(home, store, seal=sealing(tmp_path / "key"))
    assert made.left_out == []
    kept = restore.verified

    def without_key(settings, **given):
        (settings.data / "private.key").unlink()
        return kept(settings, **given)

    monkeypatch.setattr(restore, "verified", without_key)
    assert not tried(store, key=opening(tmp_path / "key"), quick=True).is_sound


def test_a_bucket_or_a_folder_that_is_gone_holds_nothing_up(home, tmp_path):
    for place, why in (
        ("s3://bucket/prefix", "How many is not known: s3://bucket wants AWS_ACCESS_KEY_ID"),
        (str(tmp_path / "unplugged"), "How many is not known: that folder is not there now."),
    ):
        (told,) = planned(replace(home, backup_to=place), "user", "u-77").by_hand
        assert told.startswith(f"Backups in {place}") and why in told
        assert told.endswith("Make a new one that takes their place: workbench backup --keep 1")


@pytest.mark.long
def test_backups_in_a_bucket_are_counted_and_one_that_is_not_reached_is_named(home, s3):
    kept = replace(home, backup_to=f"s3://{s3.bucket}/kept", backup_endpoint=s3.endpoint)
    store = backup_store(kept)

    def told(settings: Settings) -> str:
        (sentence,) = planned(settings, "user", "u-77").by_hand
        return sentence

    assert f"Backups in s3://{s3.bucket}/kept, and copies of them" in told(kept)
    assert "None is there now." in told(kept)
    backed_up(kept, store)
    assert f" 1 there, of {TODAY}. Make a new one" in told(kept)
    for gone, why in (
        (replace(kept, backup_endpoint="http://127.0.0.1:9"), "nothing listens there"),
        (replace(kept, backup_to="s3://nobodys"), "There is no bucket nobodys"),
    ):
        assert "How many is not known: " in told(gone) and why in told(gone)
    assert f" 1 there, of {TODAY}." in erase(kept, "user", "u-77").by_hand[0]


@pytest.mark.long
def test_a_restore_tells_of_persons_who_were_erased_since(home, tmp_path, capsys):
    store = backup_store(home)
    before = backed_up(home, store).backup_id
    for _ in range(2):  # who is erased twice is one person
        erase(home, "user", "u-77")
    after = backed_up(home, store).backup_id
    place = [home.backup_to, "--home", str(home.home), "--quick"]
    assert main(["restore", *place, "--at", before, "--into", str(tmp_path / "old")]) == 0
    told = capsys.readouterr().err
    assert f"1 person erased in {home.home} (on {TODAY}) since this backup was made" in told
    assert f"workbench erase --account NAME --home {tmp_path / 'old'}" in told
    assert restored(store, tmp_path / "new", at=after, present=home, quick=True).back_again == ""
    alone = restored(store, tmp_path / "alone", at=before, quick=True)
    assert alone.back_again.startswith(f"If persons were erased after {TODAY}, they are in it again.")
