"""What a backup holds of network addresses: nothing, wherever the home has their hashes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from workbench import record
from workbench.safekeeping.backup import backed_up, backup_store
from workbench.safekeeping.restore import restored
from workbench.settings import Settings, load_settings
from workbench.warehouse import versions
from workbench.warehouse.load import load
from workbench.warehouse.private import address_hash


@pytest.fixture
def home(settings: Settings) -> Settings:
    """Hashes in a pinned version, the newest one, a rejected row, a refused batch, a waiting one, damaged lines."""
    now = datetime.now(UTC).replace(tzinfo=None)
    for n in range(2):
        record.event(
            name="open", ip=f"203.0.113.{n}", occurred_at=now - timedelta(days=n), home=settings.home
        )
        load(settings)
        versions.pin_reported(settings.versions, [1])
    event = {"event_id": "early", "ip_hash": "203.0.113.8", "occurred_at": "1999-01-01"}
    record.rows("app_events", [event | {"event_name": "open"}], home=settings.home)
    assert load(settings).total("rejected") == 1
    record.rows("app_events", [event | {"ip_hash": "203.0.113.11"}], home=settings.home)
    assert len(load(settings).failed) == 1
    record.event(name="open", ip="203.0.113.9", home=settings.home)
    journal = settings.inbox / ".journal"
    line = json.dumps({"t": "app_events", "r": {"ip_hash": address_hash("203.0.113.10", settings.data)}})
    (journal / "old.damaged").write_text(f"{line}\nno json\n")
    return settings


def _hashes(home: Path) -> set[str]:
    """Hashes of addresses in a home, wherever a row or a line says one."""
    told = []
    for file in home.rglob("*"):
        with duckdb.connect() as con:
            if file.suffix == ".duckdb":
                con.execute(f"ATTACH '{file}' AS v (READ_ONLY)")
                told += con.execute(
                    "SELECT ip_hash FROM v.app_events UNION ALL SELECT row_json FROM v.rejected_rows"
                ).fetchall()
            elif file.name == "app_events.parquet":
                told += con.execute(f"SELECT ip_hash FROM '{file}'").fetchall()
            elif file.suffix in (".damaged", ".sealed", ".jsonl"):
                told.append((file.read_text(),))
    said = " ".join(str(t) for (t,) in told)
    known = {address_hash(f"203.0.113.{n}", home / "data") for n in (0, 1, 8, 9, 10, 11)}
    return {h for h in known if h in said}


def test_no_hash_of_an_address_is_in_a_backup(home, tmp_path):
    store = backup_store(home, str(tmp_path / "backups"))
    made = backed_up(home, store)
    back = restored(store, tmp_path / "back", quick=True)
    assert len(_hashes(home.home)) == 6
    assert [str(f) for f in back.findings if f.what != "journal"] == []
    (tmp_path / "back" / "data" / "private.key").write_text((home.data / "private.key").read_text())
    assert _hashes(tmp_path / "back") == set()
    # Whatever becomes of it, nothing in it is past its days: no byte of it is of a hash.
    known = [address_hash(f"203.0.113.{n}", home.data).encode() for n in range(12)]
    here, there = (
        b"".join(f.read_bytes() for f in top.rglob("*") if f.is_file())
        for top in (home.home, tmp_path / "back")
    )
    assert sum(h in here for h in known) >= 4
    assert [h for h in known if h in there] == []
    assert [s for s in made.left_out if s.startswith("Hashes of network addresses")]
    newest = made.version
    for number in (1, newest):
        for top, n in ((home.versions, 0), (tmp_path / "back" / "data" / "versions", 1)):
            with duckdb.connect(str(top / f"v{number:06d}.duckdb"), read_only=True) as con:
                rows = con.execute(
                    "SELECT count(*), count(*) FILTER (ip_hash IS NULL) FROM app_events"
                ).fetchone()
            assert rows == ((1, n) if number == 1 else (2, 2 * n))
    # What waited is loaded, and a second backup sends nothing anew.
    assert load(load_settings(tmp_path / "back")).total("accepted") == 1
    assert backed_up(home, store).sent <= 2


def test_hashes_that_stay_for_ever_are_backed_up_too(home, tmp_path):
    settings = replace(home, ip_hash_days=0)
    store = backup_store(settings, str(tmp_path / "backups"))
    backed_up(settings, store)
    restored(store, tmp_path / "back", quick=True)
    (tmp_path / "back" / "data" / "private.key").write_text((home.data / "private.key").read_text())
    assert len(_hashes(tmp_path / "back")) == 6
