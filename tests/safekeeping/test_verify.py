"""What verifying finds in a home: how bad it is, where, and what to do about it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from workbench import record
from workbench.cli import main
from workbench.errors import UsageError
from workbench.media.storage import open_storage, picture_key
from workbench.safekeeping.retain import retain
from workbench.safekeeping.verify import GRAVE, LOW, Finding, verified
from workbench.safekeeping.verify_files import file_findings
from workbench.safekeeping.verify_marts import mart_findings
from workbench.safekeeping.verify_media import media_findings
from workbench.safekeeping.verify_tables import table_findings
from workbench.safekeeping.verify_versions import pointer_findings, version_findings
from workbench.settings import Settings, load_settings
from workbench.warehouse import versions
from workbench.warehouse.identity import MOVED
from workbench.warehouse.load import load

sys.path.append(str(Path(__file__).parents[1] / "warehouse"))
from given import ACCOUNT, NOON, POST, batch, loaded, newest

BACKUP = "Restore a backup (workbench restore)"
WRITTEN_TO = f"{BACKUP}; nothing but the loader should write to a version."
AGAIN = "Import the source again, and remove the folder."
FETCH = "Fetch or add it again (workbench media fetch, media add), or restore it from a backup."
PICTURE = b"picture" * 100


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Versions 1 to 3, an archived month, a rejected row, a picture, a waiting batch and a recorded row."""
    settings = load_settings(tmp_path_factory.mktemp("template") / "home")
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    key = picture_key(sha256, "image/png")
    open_storage(settings).put(key, PICTURE)
    counts = [{"post_id": POST, "captured_at": at, "views": "5"} for at in ("2025-01-05", "2025-12-30")]
    loaded(
        settings,
        {
            "accounts": [{"account_id": ACCOUNT, "platform": "tiktok", "username": "ann"}],
            "posts": [
                {"post_id": POST, "account_id": ACCOUNT},
                {"post_id": "tiktok:2", "account_id": ACCOUNT},
            ],
            "post_snapshots": [*counts, {"post_id": POST, "captured_at": "2025-12-31", "views": "many"}],
            "revenue": [
                {
                    "revenue_id": "r1",
                    "from_on": "2025-12-01",
                    "to_on": "2025-12-31",
                    "amount": "5",
                    "currency": "EUR",
                    "scope": "account",
                    "scope_id": ACCOUNT,
                }
            ],
            "media_files": [{"sha256": sha256, "storage_key": key}],
        },
    )
    loaded(settings, {"tasks": [{"task_id": "t1", "kind": "post", "title": "Film"}]})
    assert retain(settings, now=datetime(2026, 1, 15)).version == 3
    batch(settings, {"tasks": [{"task_id": "t2", "kind": "post", "title": "Cut"}]})
    record.snapshot(post_id=POST, captured_at="2026-01-01", views=7, home=settings.home)
    for path in [settings.home, *settings.home.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    return settings.home


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> Settings:
    shutil.copytree(template, tmp_path / "home")
    return load_settings(tmp_path / "home")


def _newest(settings: Settings) -> versions.Version:
    newest = versions.current(settings.versions)
    assert newest is not None
    return newest


def _write(settings: Settings, *statements: str, number: int = 3) -> None:
    with duckdb.connect(str(settings.versions / f"v{number:06d}.duckdb")) as con:
        for statement in statements:
            con.execute(statement)


def _told(found: list[Finding], top: Path) -> list[tuple[str, str, str]]:
    """Kind, severity and remedy of each; each says in a sentence what was found, of something below `top`."""
    assert [f for f in found if not f.found.endswith(".")] == []
    assert [f.where for f in found if not f.where.startswith((str(top), "table ", "batch "))] == []
    return sorted((f.what, f.severity, f.remedy) for f in found)


def test_a_folder_without_data_is_no_home_and_versions_that_are_gone_are_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--home", str(tmp_path / "typo")]) == 2
    assert "There is no" in capsys.readouterr().err
    assert not (tmp_path / "typo").exists()
    (tmp_path / "data").mkdir(mode=0o700)
    assert main(["verify", "--home", str(tmp_path)]) == 0
    assert "nothing was loaded there yet" in capsys.readouterr().err
    (tmp_path / "reports" / "2025-W40").mkdir(parents=True)
    (tmp_path / "reports" / "2025-W40" / "manifest.json").write_text("{}")
    assert main(["verify", "--home", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "there is no version of the warehouse" in told.out + told.err
    assert "Is its disk mounted?" in told.out + told.err


def test_in_a_sound_home_nothing_is_found(settings, capsys):
    assert verified(settings) == []
    assert main(["verify", "--quick", "--home", str(settings.home)]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"Verified {settings.data} without marts and most pictures: it is sound.\n"


def test_rows_that_moved_to_the_account_that_theirs_turned_out_to_be_are_sound(tmp_path):
    settings = load_settings(tmp_path / "home")
    counts = {"account_id": "tiktok:anna", "captured_at": "2026-01-01", "followers": "5"}
    batch(settings, {"account_snapshots": [counts]})
    for day, name in ((1, "ann"), (2, "anna")):  # one account under two names
        row = {"account_id": f"tiktok:{name}", "username": name, "external_id": "1"}
        batch(settings, {"accounts": [row]}, NOON + timedelta(days=day))
    assert not load(settings).failed
    with newest(settings) as con:
        assert con.execute(
            "SELECT count(*) FROM account_snapshots WHERE batch_id = ?", [MOVED]
        ).fetchone() == (1,)
    assert [f for f in verified(settings, quick=True) if f.severity == GRAVE] == []


def test_where_nothing_was_loaded_yet_nothing_is_found(tmp_path):
    assert verified(load_settings(tmp_path)) == []


def test_rows_that_do_not_fit_each_other_are_each_of_a_kind(settings):
    first = "(SELECT min(batch_id) FROM posts)"
    _write(
        settings,
        "INSERT INTO posts FROM posts WHERE post_id = 'tiktok:2'",  # which is an added row too
        "UPDATE revenue SET currency = NULL",
        "DELETE FROM media_files",
        "UPDATE posts SET account_id = 'tiktok:nobody'",
        f"UPDATE batches SET rows_read = rows_read + 1, rows_rejected = 0 WHERE batch_id = {first}",
        "UPDATE tasks SET batch_id = 'nobody'",
        "INSERT INTO erasures VALUES ('e', 'user', 'hash', now(), NULL, NULL)",
    )
    remedy = "Import that file again, or restore a backup (workbench restore)."
    key = "Put it back, from where it is kept or from an encrypted backup; loading waits for it."
    kinds = {
        what: (severity, remedy)
        for what, severity, remedy in _told(table_findings(settings, _newest(settings)), settings.home)
    }
    assert kinds.pop("unknown batch") == (GRAVE, remedy)
    assert kinds.pop("private key") == (GRAVE, key)
    assert kinds == dict.fromkeys(
        (
            "added rows",
            "batch counts",
            "duplicate key",
            "lost rows",
            "missing key",
            "orphan",
            "rejected rows",
        ),
        (GRAVE, WRITTEN_TO),
    )


def test_what_lies_beside_the_versions_is_looked_at(settings):
    (archived,) = settings.archive.rglob("*.parquet")
    archived.write_bytes(archived.read_bytes()[:-1] + b"?")
    stray = archived.with_name("stray.parquet")
    stray.touch(0o600)
    (waiting,) = settings.inbox.glob("*/tasks.parquet")
    waiting.write_bytes(b"PAR1")
    (journal,) = settings.inbox.glob(".journal/*.jsonl")
    with journal.open("a") as lines:
        lines.write('{"t": "nothing"}\n')
    left = settings.versions / ".building-v000009.duckdb"
    left.touch(0o600)
    open_to_all = settings.data / "export.csv"
    open_to_all.touch()
    open_to_all.chmod(0o644)
    remedy = "Restore it from a backup (workbench restore --into a folder beside, and copy it)."
    found = file_findings(settings, [1, 2, 3], now=left.stat().st_mtime + 4000)
    assert _told(found, settings.home) == [
        ("archive file", GRAVE, remedy),
        ("batch", GRAVE, AGAIN),
        ("journal", GRAVE, "Mend or remove that line; the others are loaded by the next load."),
        ("leftover", LOW, "The next load or backup removes it."),
        ("modes", LOW, f"Close them: chmod -R go= '{settings.data}'"),
        ("stray archive file", LOW, "The next workbench retain removes them."),
    ]
    assert [
        f.what for f in file_findings(settings, [3], now=left.stat().st_mtime) if f.what == "leftover"
    ] == []


def test_pictures_are_missing_damaged_or_known_to_nobody(settings):
    (kept,) = settings.data.glob("media/pictures/*/*")
    newest = _newest(settings)
    kept.write_bytes(b"another")
    assert _told(media_findings(settings, newest), settings.home) == [("damaged picture", GRAVE, FETCH)]
    kept.unlink()
    stray = picture_key(hashlib.sha256(b"stray").hexdigest(), "image/png")
    open_storage(settings).put(stray, b"stray")
    remedy = "Load what waits in the inbox; remove them where they are still unknown then."
    assert _told(media_findings(settings, newest), settings.home) == [
        ("missing picture", GRAVE, FETCH),
        ("stray picture", LOW, remedy),
    ]
    (told,) = media_findings(replace(settings, media_storage="s3://no keys"), newest)
    assert (told.what, told.severity) == ("pictures", GRAVE)
    assert "Write s3://bucket/prefix" in told.found  # it says itself what to do


def _pointer(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / versions.POINTER).write_text(text)


GO = "Copy v000003.json to current.json"


@pytest.mark.parametrize(
    ("plant", "found", "severity", "remedy"),
    [
        (lambda f: (f / versions.POINTER).unlink(), "it is gone, but versions 1, 2, 3 are here.", GRAVE, GO),
        (_pointer("no json"), "it can't be read: ", GRAVE, f"{GO}, or restore a backup"),
        (
            lambda f: shutil.copy(f / "v000002.json", f / versions.POINTER),
            "it names version 2, and 3 is newer.", LOW, "Nothing is lost: it was never published",
        ),
        (
            lambda f: _pointer((f / versions.POINTER).read_text().replace('"as_of": "2', '"as_of": "3'))(f),
            "it says other things of version 3 than v000003.json.", GRAVE, f"{GO}.",
        ),
        (
            lambda f: (f / "v000003.duckdb").unlink(),
            "it names v000003.duckdb, which is not here.", GRAVE, "Copy v000002.json to current.json",
        ),
        (
            lambda f: [p.unlink() for p in f.iterdir() if p.name[:7] != "v000001"],
            "it is gone, but versions 1 are here.", LOW, "Nothing is lost: the first load was stopped right",
        ),
    ],
    ids=["gone", "no json", "an older one", "other words", "no file", "first load"],
)  # fmt: skip
def test_a_pointer_that_does_not_name_the_newest_version_is_told(settings, plant, found, severity, remedy):
    plant(settings.versions)
    (told,) = pointer_findings(settings)[0]
    assert (told.what, told.severity) == ("pointer", severity)
    assert told.where == str(settings.versions / versions.POINTER)
    assert told.found.startswith(found) and told.remedy.startswith(remedy)


def _cut(file: Path) -> None:
    os.truncate(file, 5000)


def _linked(file: Path) -> None:
    file.rename(file.with_suffix(".away"))
    file.symlink_to(file.with_suffix(".away"))


OLDER = (
    "It is not the newest: remove v000002.* if no report needs it, or restore a backup (workbench restore)."
)


@pytest.mark.parametrize(
    ("plant", "what", "found", "remedy"),
    [
        (_cut, "version file", "it can't be opened: ", OLDER),
        (_linked, "version file", "it is a link, not a file.", OLDER),
        (
            lambda file: file.with_suffix(".json").unlink(),
            "version record", "it is missing.", "Copy current.json to it where that names this version; else remove",
        ),
    ],
)  # fmt: skip
def test_a_version_that_is_not_whole_is_told(settings, plant, what, found, remedy):
    plant(settings.versions / "v000002.duckdb")
    (told,) = version_findings(settings, 2)
    assert (told.what, told.severity) == (what, GRAVE)
    assert told.found.startswith(found) and told.remedy.startswith(remedy)


def test_of_a_damaged_newest_version_the_one_before_is_named(settings):
    _cut(settings.versions / "v000003.duckdb")
    (told,) = version_findings(settings, 3)
    assert told.remedy == (
        f"{BACKUP}; or go back: copy v000002.json to current.json and import what came since again."
    )


def test_a_schema_that_is_not_this_workbenchs_is_told(settings):
    _write(settings, "ALTER TABLE vas DROP COLUMN notes", number=2)
    (told,) = version_findings(settings, 2)
    assert (told.what, told.remedy) == ("schema", f"{BACKUP}.")
    assert told.found == "its columns notes are not there, or of another type than the schema says."
    _write(settings, "UPDATE schema_versions SET checksum = 'x' WHERE version = 1", number=2)
    assert "Put the workbench's own migration back (install it again)." in [
        f.remedy for f in version_findings(settings, 2)
    ]
    _write(settings, "INSERT INTO schema_versions VALUES (999, 'x', 'x', now(), 'x', 'x', true)", number=2)
    (told,) = version_findings(settings, 2)
    assert told.remedy == "Update the workbench: an older one would misread it."


def test_marts_and_hashes_of_files_are_what_a_quick_look_leaves_out(settings):
    hashed = settings.versions / "v000003.duckdb"
    assert versions.sha256_of(settings.versions, 3)
    _write(settings, "UPDATE post_performance SET views = views + 1")
    with hashed.open("ab") as file:
        file.write(b"\0")
    assert verified(settings, quick=True) == []
    (changed,) = verified(settings)  # and no file of the archive is a stray: that version names it
    assert changed.what == "version changed"
    assert changed.remedy.startswith(
        "Find out who wrote to it. Where that is no fault, remove v000003.sha256;"
    )
    hashed.with_suffix(".sha256").unlink()
    assert {f.what for f in mart_findings(settings, _newest(settings))} == {"mart"}


def test_one_version_alone_is_looked_at_when_it_is_named(settings, capsys):
    _cut(settings.versions / "v000001.duckdb")
    (settings.inbox / "nothing").mkdir()
    place = ["--home", str(settings.home), "--quick"]
    assert verified(settings, version=2, quick=True) == []
    assert [f.what for f in verified(settings, version=1, quick=True)] == ["version file"]
    with pytest.raises(UsageError, match=r"Version 9 of the warehouse is not here. Kept: 1, 2, 3\."):
        verified(settings, version=9)
    assert [main(["verify", "--version", n, *place]) for n in ("1", "2", "9")] == [1, 0, 2]
    assert "Error: Version 9 of the warehouse is not here." in capsys.readouterr().err


def test_the_command_tells_the_gravest_first_in_lines_or_as_json(settings, capsys):
    (settings.data / "export.csv").touch()
    (settings.data / "export.csv").chmod(0o604)
    place = ["--home", str(settings.home), "--quick"]
    assert main(["verify", *place]) == 0  # nothing is lost
    assert "no damages, 1 smaller thing." in capsys.readouterr().err
    (settings.inbox / "nothing").mkdir(0o700)
    assert main(["verify", *place]) == 1
    told = capsys.readouterr()
    assert [line.split(":")[:2] for line in told.out.splitlines()] == [["grave", " batch"], ["low", " modes"]]
    assert told.err.endswith("1 damage, 1 smaller thing.\n")
    assert main(["verify", "--format", "json", *place]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["grave"] == 1
    assert [f["severity"] for f in said["findings"]] == [GRAVE, LOW]
    assert said["findings"][0].keys() == {"what", "where", "found", "remedy", "severity"}
    assert said["findings"][0]["where"] == str(settings.inbox / "nothing")
