"""Damage, planted one at a time in a copy of a sound home: `workbench verify` names each and says what to do."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from workbench import record
from workbench.cli import main
from workbench.media.storage import open_storage, picture_key
from workbench.safekeeping.verify import GRAVE, Finding, verified
from workbench.safekeeping.verify_versions import version_findings
from workbench.settings import load_settings
from workbench.warehouse import archive, versions
from workbench.warehouse.batches import waiting
from workbench.warehouse.load import load
from workbench.warehouse.rewriting import rewritten
from workbench.warehouse.versions import loader_lock

SHORT_FLIPS, WHOLE_FLIPS = 16, 200


@pytest.fixture(scope="module")
def sound_home(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of several loads, with an archived month, a rejected row, a waiting batch and recorded rows."""
    home = tmp_path_factory.mktemp("sound") / "home"
    shutil.copytree(demo_home, home)
    settings = load_settings(home, keep_versions=2)
    versions.sha256_of(settings.versions, 1)
    post = _one(settings.versions / "v000001.duckdb", "SELECT min(post_id) FROM posts")
    _keep_pictures(home)
    for n in range(3):
        record.snapshot(home=home, post_id=post, captured_at=f"2026-01-0{n + 1}", views=500_000 + n)
        record.event(home=home, event_id=f"event {n}", name="opened", occurred_at=f"2026-01-0{n + 1}")
        record.rows("fx_rates", [{"currency": "EUR", "rate_on": "2026-01-01", "rate": "many"}], home=home)
        load(settings)
    with versions.loader_lock(settings, "test"), rewritten(settings, "test") as rewrite:
        archive.use(rewrite.con, settings.archive)
        first = rewrite.con.execute(
            "SELECT min(date_trunc('month', captured_at))::DATE FROM post_snapshots"
        ).fetchone()
        assert first is not None
        assert archive.archive_month(rewrite.con, "post_snapshots", first[0])
    versions.sha256_of(settings.versions, 5)
    versions.prune(settings.versions, 2)
    record.snapshot(home=home, post_id=post, captured_at="2026-01-09", views=600_000)
    _wait_in_the_inbox(home)
    record.snapshot(home=home, post_id=post, captured_at="2026-01-10", views=700_000)
    return home


def _keep_pictures(home: Path) -> None:
    for n in range(3):
        data = f"picture {n}".encode() * 100
        sha256 = hashlib.sha256(data).hexdigest()
        key = picture_key(sha256, "image/png")
        open_storage(load_settings(home)).put(key, data)
        record.rows("media_files", [{"sha256": sha256, "storage_key": key}], home=home)


def _wait_in_the_inbox(home: Path) -> None:
    from workbench.warehouse.journal import seal

    assert seal(load_settings(home).inbox) == []


@pytest.fixture
def home(sound_home: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(sound_home, copy)  # with the times of the files
    return copy


def _one(file: Path, query: str) -> str:
    with duckdb.connect(str(file), read_only=True) as con:
        row = con.execute(query).fetchone()
        assert row is not None
        return str(row[0])


def _newest(home: Path) -> Path:
    version = versions.current(home / "data/versions")
    assert version is not None
    return home / "data/versions" / version.file


def _sql(*statements: str) -> Callable[[Path], None]:
    """A plant that writes to the newest version as nobody should; what its hash was is not known."""

    def plant(home: Path) -> None:
        file = _newest(home)
        file.with_suffix(".sha256").unlink()
        with duckdb.connect(str(file)) as con:
            for statement in statements:
                con.execute(statement)

    return plant


def _flip(file: Path, at: int, bit: int = 0) -> None:
    with file.open("r+b") as f:
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ (1 << bit)]))


def _pointer(change: Callable[[str], str]) -> Callable[[Path], None]:
    def plant(home: Path) -> None:
        pointer = home / "data/versions/current.json"
        pointer.write_text(change(pointer.read_text()))

    return plant


def _only(home: Path, pattern: str) -> Path:
    return sorted((home / "data").glob(pattern))[0]


def _truncated(home: Path) -> None:
    file = _newest(home)
    with file.open("r+b") as f:
        f.truncate(file.stat().st_size // 2)


def _flipped(pattern: str) -> Callable[[Path], None]:
    def plant(home: Path) -> None:
        file = _only(home, pattern)
        _flip(file, file.stat().st_size // 2)

    return plant


def _gone(pattern: str) -> Callable[[Path], None]:
    return lambda home: _only(home, pattern).unlink()


def _spare_bytes(home: Path) -> None:
    with _newest(home).open("ab") as f:
        f.write(b"\0")


def _damaged_line(home: Path) -> None:
    with _only(home, "inbox/.journal/*.jsonl").open("a") as f:
        f.write('{"t": "posts", "r"\n')


PICTURE, ARCHIVED, WAITING = "media/pictures/*/*", "archive/*/*/*.parquet", "inbox/*/*.parquet"
ROW = "(SELECT min(post_id) FROM post_performance WHERE views > 0)"

PLANTS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "the pointer is gone": (_gone("versions/current.json"), "pointer", "current.json"),
    "the pointer names a version that is not here": (
        _pointer(lambda t: t.replace("v000005", "v000009")), "pointer", "v000009.duckdb",
    ),
    "the pointer is cut off": (_pointer(lambda t: t[:40]), "pointer", "current.json"),
    "a version's record is gone": (_gone("versions/v000005.json"), "version record", "v000005.json"),
    "a version's file is cut off": (_truncated, "version file", "v000005.duckdb"),
    "a byte of the file's header is flipped": (lambda h: _flip(_newest(h), 9), "version file", "v000005.duckdb"),
    "an older version's file is cut off": (
        lambda h: _only(h, "versions/v000004.duckdb").write_bytes(b"DUCK"), "version file", "v000004.duckdb",
    ),
    "a byte was added to a version": (_spare_bytes, "version changed", "v000005.duckdb"),
    "a newer workbench's schema": (
        _sql("INSERT INTO schema_versions VALUES (999, 'x', 'x', now(), 'x', 'x', true)"), "schema", "schema 999",
    ),
    "a column is gone": (_sql("ALTER TABLE vas DROP COLUMN notes"), "schema", "notes"),
    "a key stands twice": (
        _sql("INSERT INTO posts FROM posts WHERE post_id = (SELECT max(post_id) FROM posts)"), "duplicate key", "posts",
    ),
    "a required value is NULL": (
        _sql("UPDATE revenue SET currency = NULL WHERE revenue_id = (SELECT min(revenue_id) FROM revenue)"),
        "missing key", "currency",
    ),
    "a row refers to nothing": (
        _sql("DELETE FROM accounts WHERE account_id = (SELECT min(account_id) FROM posts)"), "orphan", "account_id",
    ),
    "a batch is forgotten": (
        _sql("DELETE FROM batches WHERE batch_id = (SELECT max(batch_id) FROM posts)"), "unknown batch", "posts",
    ),
    "a batch's counts don't add up": (
        _sql("UPDATE batches SET rows_read = rows_read + 1 WHERE batch_id = (SELECT max(batch_id) FROM posts)"),
        "batch counts", "rows were read",
    ),
    "rows of a table are gone": (
        _sql("DELETE FROM app_events WHERE event_id = 'event 1'"), "lost rows", "table app_events",
    ),
    "rejected rows are gone": (_sql("DELETE FROM rejected_rows"), "lost rows", "table rejected_rows"),
    "an archive's file is gone": (_gone(ARCHIVED), "archive file", ".parquet"),
    "a byte of the archive is flipped": (_flipped(ARCHIVED), "archive file", "hash"),
    "a picture is gone": (_gone(PICTURE), "missing picture", "pictures/"),
    "a byte of a picture is flipped": (_flipped(PICTURE), "damaged picture", "pictures/"),
    "a byte of a waiting batch is flipped": (_flipped(WAITING), "batch", "hash"),
    "a waiting batch's manifest is gone": (_gone("inbox/*/manifest.json"), "batch", "manifest.json"),
    "a recorded line is cut in two": (_damaged_line, "journal", "line 2"),
}  # fmt: skip
"""Name -> how it is planted, the finding's kind, and a word that tells where or what."""

MARTS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a number of a mart is another": (
        _sql(f"UPDATE post_performance SET views = views + 1 WHERE post_id = {ROW}"), "mart", "mart post_performance",
    ),
    "a row of a mart is gone": (
        _sql("DELETE FROM account_daily WHERE rowid = 7"), "mart", "mart account_daily",
    ),
    "a count of a post is another than its mart's": (
        _sql(f"UPDATE post_snapshots SET views = views + 1 WHERE post_id = {ROW}"), "mart", "mart post_performance",
    ),
}  # fmt: skip


def _named(found: list[Finding], what: str, word: str) -> None:
    grave = [f for f in found if f.severity == GRAVE]
    named = [f for f in grave if f.what == what and word in f"{f.where} {f.found}"]
    assert named, "\n".join(map(str, found)) or "nothing was found"
    for finding in grave:
        assert finding.remedy.endswith((".", "'", ")")), finding
        assert finding.found.endswith("."), finding


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_damage_is_named_with_what_to_do(home: Path, name: str) -> None:
    plant, what, word = PLANTS[name]
    plant(home)
    _named(verified(load_settings(home), quick=what != "version changed"), what, word)


def test_a_mart_that_is_not_what_its_expression_gives_is_named(home: Path, whole: bool) -> None:
    """All at once where it has to be quick: each is in a mart or column of its own."""
    for plant, _, _ in MARTS.values():
        shutil.copyfile(_newest(home), home / "kept")
        shutil.copyfile(_newest(home).with_suffix(".sha256"), home / "kept.sha256")
        plant(home)
        if whole:
            _named(
                verified(load_settings(home)), "mart", "post_performance" if "post" in str(plant) else "mart "
            )
            shutil.copyfile(home / "kept", _newest(home))
        shutil.copyfile(home / "kept.sha256", _newest(home).with_suffix(".sha256"))
    if not whole:
        _newest(home).with_suffix(".sha256").unlink()
        found = verified(load_settings(home))
        for _, what, word in MARTS.values():
            _named(found, what, word)


def test_a_sound_home_is_sound(sound_home: Path, figure: Callable[..., None]) -> None:
    found = verified(load_settings(sound_home))
    assert [str(f) for f in found if f.what != "modes"] == []
    figure("planted_damages_found", len(PLANTS) + len(MARTS), "kinds", false_alarms=0)


def test_flipped_bytes_are_found_wherever_data_lie(
    home: Path, whole: bool, figure: Callable[..., None]
) -> None:
    """A flip that is not noticed lies where no data are: everything that can be read is as it was."""
    settings = load_settings(home)
    with loader_lock(settings, "test"), rewritten(settings, "test") as rewrite:
        rewrite.compact = True  # or the flips would tell how much of the file is free
    assert rewrite.version is not None
    number, file = rewrite.version.version, settings.versions / rewrite.version.file
    file.with_suffix(".sha256").unlink(missing_ok=True)
    assert version_findings(settings, number) == []
    before, rng, missed = _everything(file), random.Random(20), 0
    flips = WHOLE_FLIPS if whole else SHORT_FLIPS
    for _ in range(flips):
        at, bit = rng.randrange(file.stat().st_size), rng.randrange(8)
        _flip(file, at, bit)
        if not version_findings(settings, number):
            missed += 1
            assert _everything(file) == before, f"byte {at}"
        _flip(file, at, bit)
    figure("flipped_bytes_found", flips - missed, "flips", of=flips, harmless=missed)
    assert missed < flips / 4


def test_with_the_files_hash_every_flip_is_found(home: Path) -> None:
    file, rng = _newest(home), random.Random(21)
    for _ in range(8):
        at, bit = rng.randrange(file.stat().st_size), rng.randrange(8)
        _flip(file, at, bit)
        assert version_findings(load_settings(home), 5), f"byte {at}"
        _flip(file, at, bit)
    assert version_findings(load_settings(home), 5) == []


def _everything(file: Path) -> dict[str, tuple[object, ...] | None]:
    with duckdb.connect(str(file), read_only=True) as con:
        names = con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        return {
            name: con.execute(f'SELECT count(*), bit_xor(hash(t)) FROM "{name}" t').fetchone()
            for (name,) in names
        }


def test_the_command_tells_damage_by_its_exit_code(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["verify", "--quick", "--home", str(home)]
    assert main(arguments) == 0
    assert "no damages" in capsys.readouterr().err
    _gone(PICTURE)(home)
    assert main([*arguments, "--format", "json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["grave"] == 1
    assert "1 damage," in told.err
    assert main(["verify", "--version", "77", "--home", str(home)]) == 2


def test_verifying_writes_nothing(home: Path) -> None:
    def everything() -> dict[str, tuple[int, int]]:
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in home.rglob("*")}

    before = everything()
    verified(load_settings(home))
    assert everything() == before
    assert waiting(home / "data/inbox")


def test_no_picture_is_a_stray_where_no_version_tells(home: Path) -> None:
    """To remove them then would lose them."""
    (home / "data" / "versions" / versions.POINTER).write_text("garbage")
    found = verified(load_settings(home), quick=True)
    assert [f.what for f in found if f.severity == GRAVE] == ["pointer"]
    assert [f for f in found if f.what == "stray picture"] == []
