"""Files on a disk become slides' pictures: stored once, noted in batches, quick the second time."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pytest
from home_files import write_settings
from PIL import Image
from s3_bucket import KEY, SECRET, TOKEN

from workbench import record
from workbench.cli import main
from workbench.media import adding
from workbench.media.adding import Added, add_files
from workbench.media.matching import Matched
from workbench.media.pictures import picture
from workbench.media.storage import Storage, StorageError, local_storage
from workbench.settings import load_settings
from workbench.warehouse import marts, versions
from workbench.warehouse.batches import waiting
from workbench.warehouse.load import load

POST = "tiktok:7526946687399123236"
EXTERNAL = POST.partition(":")[2]
NO_TABLES = {
    "media_files": ibis.memtable(
        [], schema={"sha256": "string", "storage_key": "string", "file_bytes": "int64", "phash": "int64"}
    ),
    "slides": ibis.memtable([], schema={"post_id": "string", "slide_index": "int64", "sha256": "string"}),
}


def drawn(color: str, form: str = "PNG") -> bytes:
    sink = io.BytesIO()
    image = Image.linear_gradient("L").resize((64, 96)).convert("RGB")
    image.paste(color, (10, 10, 40, 50))
    image.save(sink, form)
    return sink.getvalue()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def added(
    home: Path, shown: Mapping[Path, list[tuple[str, int]]], tables: Any = NO_TABLES.__getitem__
) -> Added:
    settings, outcome = load_settings(home), Added()
    add_files(settings, local_storage(settings), Matched(shown, [], 0), tables, outcome)
    return outcome


def in_inbox(home: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table that wait, in order."""
    files = [str(folder / f"{table}.parquet") for folder in waiting(load_settings(home).inbox)]
    files = [file for file in files if Path(file).exists()]
    with duckdb.connect() as con:
        rows: list[dict[str, Any]] = (
            con.read_parquet(files).order("ALL").to_arrow_table().to_pylist() if files else []
        )
    return rows


def test_a_file_is_stored_once_and_shown_by_each_of_its_slides(tmp_path):
    red, same = drawn("red"), drawn("red")
    pics = put(tmp_path / "pics", {"a.png": red, "b.png": same, "c.webp": drawn("blue", "WEBP")})
    shown = {
        pics / "a.png": [(POST, 1), (POST, 3)],
        pics / "b.png": [("tiktok:2", 1)],
        pics / "c.webp": [(POST, 2)],
    }
    outcome = added(tmp_path, shown)
    assert (outcome.n_files, outcome.n_slides, outcome.n_unchanged) == (3, 4, 0)
    assert outcome.n_bytes >= len(red)
    storage = local_storage(load_settings(tmp_path))
    keys = sorted(storage.keys())
    assert len(keys) == 2
    files = {row["sha256"]: row for row in in_inbox(tmp_path, "media_files")}
    seen = picture(red)
    told = files[sha(red)]
    assert {name: told[name] for name in ("media_type", "file_bytes", "width", "height", "phash")} == {
        "media_type": "image/png", "file_bytes": len(red), "width": 64, "height": 96, "phash": seen.phash,
    }  # fmt: skip
    assert storage.get(told["storage_key"]) == red
    slides = {(row["post_id"], row["slide_index"]): row["sha256"] for row in in_inbox(tmp_path, "slides")}
    assert slides == {
        (POST, 1): sha(red), (POST, 2): sha((pics / "c.webp").read_bytes()), (POST, 3): sha(red),
        ("tiktok:2", 1): sha(red),
    }  # fmt: skip


def test_what_is_no_picture_is_refused_and_the_rest_goes_in(tmp_path):
    pics = put(tmp_path / "pics", {"a.png": drawn("red"), "b.png": b"<html>expired</html>", "c.png": b""})
    outcome = added(
        tmp_path, {pics / name: [(POST, n)] for n, name in enumerate(("a.png", "b.png", "c.png"), 1)}
    )
    assert outcome.n_slides == 1
    assert [(Path(one.path).name, one.reason.partition(",")[0]) for one in outcome.refused] == [
        ("b.png", "the file is a web page"),
        ("c.png", "the file is empty (0 bytes): fetch or export it again"),
    ]


def test_what_was_done_before_the_storage_fails_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(adding, "AT_A_TIME", 2)
    pics = put(tmp_path / "pics", {f"{n}.png": drawn(f"#0000{n}0") for n in range(1, 7)})
    real = Storage.put

    def full(self: Storage, key: str, data: bytes, **options: Any) -> bool:
        if data == (pics / "4.png").read_bytes():
            raise StorageError("the disk is full")
        return real(self, key, data, **options)

    monkeypatch.setattr(Storage, "put", full)
    with pytest.raises(StorageError, match="the disk is full"):
        added(tmp_path, {pics / f"{n}.png": [(POST, n)] for n in range(1, 7)})
    assert [row["slide_index"] for row in in_inbox(tmp_path, "slides")] == [1, 2, 3]


def test_once_the_storage_fails_the_rest_is_not_tried(tmp_path, monkeypatch):
    asked = []

    def gone(self: Storage, key: str, data: bytes, **options: Any) -> bool:
        asked.append(key)
        raise StorageError("the network is gone")

    monkeypatch.setattr(Storage, "put", gone)
    pics = put(tmp_path / "pics", {f"{n}.png": drawn(f"#0000{n}") for n in range(10, 60)})
    with pytest.raises(StorageError, match="the network is gone"):
        added(tmp_path, {pics / f"{n}.png": [(POST, n)] for n in range(10, 60)})
    assert 1 <= len(asked) < 50
    assert not waiting(load_settings(tmp_path).inbox)


def test_a_file_that_is_known_by_a_key_of_another_kind_is_taken_in_anew(tmp_path):
    data = drawn("red")
    row = {"sha256": [sha(data)], "storage_key": ["red.png"], "file_bytes": [len(data)], "phash": [1]}
    tables = NO_TABLES | {"media_files": ibis.memtable(row)}
    pics = put(tmp_path / "pics", {"a.png": data})
    assert added(tmp_path, {pics / "a.png": [(POST, 1)]}, tables.__getitem__).n_stored == 1


# Through the command


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that knows a post of 5 slides."""
    monkeypatch.setattr(marts, "refresh", lambda *arguments, **options: None)
    home = tmp_path / "home"
    record.posts([{"post_id": POST, "slide_count": 5}], home=home)
    assert not load(load_settings(home)).failed
    return home


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    settings = load_settings(home)
    version = versions.current(settings.versions)
    assert version is not None
    with duckdb.connect(str(settings.versions / version.file), read_only=True) as con:
        return con.execute(sql).fetchall()


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["media", "add", "--home", str(home), *map(str, arguments)])
        return code, capsys.readouterr().err

    return run


def test_a_folder_added_again_changes_nothing_and_hashes_nothing(tmp_path, home, run, monkeypatch):
    pics = put(tmp_path / "pics", {f"{EXTERNAL}_{n}.png": drawn(f"#{n}00000") for n in (1, 2, 3)})
    code, told = run(pics)
    assert code == 0, told
    assert "Looked at 3 files; kept in" in told
    assert ": 3 new (" in told
    slides = query(home, "SELECT slide_index, storage_key, width, phash IS NOT NULL FROM slides ORDER BY ALL")
    assert [(n, width, hashed) for n, _, width, hashed in slides] == [
        (1, 64, True),
        (2, 64, True),
        (3, 64, True),
    ]
    version = versions.current(load_settings(home).versions)

    monkeypatch.setattr(adding, "picture", None)
    code, told = run(pics)
    assert code == 0, told
    assert "0 new (0.0 MB); with the same as before: 3." in told
    assert versions.current(load_settings(home).versions) == version

    key = slides[1][1]
    (home / "data" / "media" / key).unlink()
    assert ": 1 new (" in run(pics)[1]
    assert local_storage(load_settings(home)).has(key)


def test_another_picture_for_a_slide_takes_its_place(tmp_path, home, run):
    pics = put(tmp_path / "pics", {f"{EXTERNAL}_1.png": drawn("red")})
    run(pics)
    put(pics, {f"{EXTERNAL}_1.png": drawn("blue")})
    assert "slides with a new picture: 1." in run(pics)[1]
    assert query(home, "SELECT sha256 FROM slides") == [(sha(drawn("blue")),)]


def test_what_waits_in_the_inbox_of_a_killed_run_is_known_to_the_next(tmp_path, home, run, monkeypatch):
    pics = put(tmp_path / "pics", {f"{EXTERNAL}_1.png": drawn("red")})
    added(home, {pics / f"{EXTERNAL}_1.png": [(POST, 1)]})  # and no load
    monkeypatch.setattr(adding, "picture", None)
    code, told = run(pics)
    assert code == 0, told
    assert "with the same as before: 1." in told


def test_a_mapping_names_posts_by_address_even_unknown_ones(tmp_path, home, run):
    pics = put(tmp_path / "pics", {"x.png": drawn("red"), "y.png": drawn("blue")})
    (pics / "which.csv").write_text(
        "file,url,slide_index\n"
        f"x.png,https://www.tiktok.com/@ann/photo/{EXTERNAL},2\n"
        "y.png,https://www.instagram.com/p/Cabc_1/,1\n"
        "z.png,https://example.org/,1\n"
    )
    code, told = run(pics, "--mapping", pics / "which.csv")
    assert code == 1
    assert "slides with a new picture: 2; posts not known before: 1; refused: 1; no pictures: 1." in told
    assert "which.csv line 4: the post's id can't be told from https://example.org/" in told
    assert query(home, "SELECT post_id, slide_index FROM slides ORDER BY ALL") == [
        ("instagram:Cabc_1", 1),
        (POST, 2),
    ]


def test_what_is_refused_is_named_and_can_be_filled_in_as_a_mapping(tmp_path, home, run):
    pics = put(
        tmp_path / "pics", {"one\x1b[2J.png": drawn("red"), "two.png": drawn("blue"), "\udcff_1.png": b""}
    )
    assert run(pics / "\udcff_1.png")[0] == 1
    (pics / "\udcff_1.png").unlink()
    code, told = run(pics, "--refused", tmp_path / "left.csv")
    assert code == 1
    assert "two.png: its path holds no number of a slide: call it POST_3.jpg or POST/3.jpg" in told
    assert "one?[2J.png" in told
    assert "\x1b" not in told
    assert "refused: 2." in told
    with (tmp_path / "left.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for n, row in enumerate(rows, 1):
        row |= {"post_id": POST, "slide_index": str(n)}
    with (tmp_path / "left.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    code, told = run(pics, "--mapping", tmp_path / "left.csv")
    assert code == 0, told
    assert "slides with a new picture: 2." in told


def test_at_most_thirty_refused_files_are_named(tmp_path, home, run):
    pics = put(tmp_path / "pics", {f"x_{n}.png": b"" for n in range(1, 41)})
    code, told = run(pics)
    assert code == 1
    assert told.count("no post 'x' is known") == 30
    assert "... and 10 more. All of them: --refused FILE.csv" in told


def test_a_first_folder_needs_no_warehouse_where_a_mapping_names_the_posts(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(marts, "refresh", lambda *arguments, **options: None)
    pics = put(tmp_path / "pics", {"x.png": drawn("red")})
    (tmp_path / "which.csv").write_text(f"file,post_id,slide_index\npics/x.png,{POST},1\n")
    home = tmp_path / "new"
    assert (
        main(["media", "add", "--home", str(home), str(pics), "--mapping", str(tmp_path / "which.csv")]) == 0
    )
    assert query(home, "SELECT post_id, sha256 FROM slides") == [(POST, sha(drawn("red")))]


def test_pictures_go_straight_into_the_bucket_that_the_settings_name(tmp_path, home, run, s3):
    write_settings(home, f'media_storage = "{s3.address}"\nmedia_endpoint = "{s3.endpoint}"\n')
    pics = put(tmp_path / "pics", {f"{EXTERNAL}_1.png": drawn("red")})
    code, told = run(pics)
    assert code == 0, told
    (key,) = s3.listed()
    assert s3.get(key) == drawn("red")
    assert query(home, "SELECT storage_key FROM slides") == [(key,)]
    assert not (home / "data" / "media").exists()
    for file in home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not [canary for canary in (KEY, SECRET, TOKEN) if canary.encode() in content], file
