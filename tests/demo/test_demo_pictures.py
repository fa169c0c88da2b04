"""Drawn pictures: the same bytes for the same seed, and slides that tell the truth about them."""

from __future__ import annotations

import csv
import hashlib
from io import BytesIO
from pathlib import Path

import duckdb
import numpy as np
import pytest
from PIL import Image

from workbench.demo import DemoFiles, make_demo, usual_pictures
from workbench.media.pictures import picture

N = 30
MOST_EDITED = 8
"""Bits in which a cropped copy's hash differs: see docs/demo.md."""


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return make_demo(tmp_path_factory.mktemp("pictured"), posts=400, seed=3, pictures=N)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def contents(demo: DemoFiles) -> dict[str, bytes]:
    assert demo.mapping is not None
    return {f.name: f.read_bytes() for f in demo.mapping.parent.glob("*.jpg")}


def slides(demo: DemoFiles) -> dict[tuple[str, str], dict[str, str]]:
    return {(r["post_id"], r["slide_index"]): r for r in rows(demo.folder / "files" / "slides.csv")}


def test_as_many_pictures_are_drawn_as_asked_for_and_each_is_shown(pictured: DemoFiles) -> None:
    assert pictured.mapping is not None
    mapping = rows(pictured.mapping)
    files = contents(pictured)
    assert len(files) == N and {r["file"] for r in mapping} == set(files)
    assert len({(r["post_id"], r["slide_index"]) for r in mapping}) == len(mapping) > N


def test_a_slide_has_the_hashes_of_the_file_that_it_shows(pictured: DemoFiles) -> None:
    assert pictured.mapping is not None
    known, said = slides(pictured), {name: picture(data) for name, data in contents(pictured).items()}
    for row in rows(pictured.mapping):
        slide = known[row["post_id"], row["slide_index"]]
        assert slide["sha256"] == said[row["file"]].sha256
        assert int(slide["phash"]) == said[row["file"]].phash


def test_other_copies_of_a_drawn_image_are_other_files_within_reach_of_its_hash(pictured: DemoFiles) -> None:
    assert pictured.mapping is not None
    known = slides(pictured)
    uses = duckdb.sql(f"SELECT post_id, slide_index, image_id FROM '{pictured.truth}/slide_uses.parquet'")
    images: dict[str, list[dict[str, str]]] = {}
    for post, index, image in uses.fetchall():
        images.setdefault(image, []).append(known[post, str(index)])
    others = 0
    for name, data in contents(pictured).items():
        base = picture(data)
        for slide in images[name.removesuffix(".jpg")]:
            apart = ((int(slide["phash"]) ^ base.phash) & (2**64 - 1)).bit_count()
            assert apart <= MOST_EDITED
            others += slide["sha256"] != base.sha256
    assert others > 20


def test_pictures_shift_nothing_else_of_the_agency(pictured: DemoFiles, tmp_path: Path) -> None:
    bare = make_demo(tmp_path, posts=400, seed=3)
    assert bare.mapping is None and not (tmp_path / "pictures").exists()
    for file in sorted(p for p in tmp_path.rglob("*") if p.is_file()):
        same = file.read_bytes() == (pictured.folder / file.relative_to(tmp_path)).read_bytes()
        assert same or file.name == "slides.csv"
    drawn, plain = slides(pictured), slides(bare)
    hashes = ("sha256", "phash")
    for key, slide in plain.items():
        assert {k: v for k, v in slide.items() if k not in hashes} == {
            k: v for k, v in drawn[key].items() if k not in hashes
        }


def test_the_same_seed_draws_the_same_bytes_over_what_was_there(pictured: DemoFiles, tmp_path: Path) -> None:
    make_demo(tmp_path, posts=300, seed=5, pictures=N + 5)
    (tmp_path / "pictures" / "mine.jpg").write_bytes(b"mine")
    again = make_demo(tmp_path, posts=400, seed=3, pictures=N)
    assert contents(again) == {**contents(pictured), "mine.jpg": b"mine"}
    assert again.mapping is not None and pictured.mapping is not None
    assert again.mapping.read_bytes() == pictured.mapping.read_bytes()


def test_pictures_differ_and_carry_light_words_on_a_darker_ground(pictured: DemoFiles) -> None:
    files = contents(pictured)
    assert len({hashlib.sha256(data).digest() for data in files.values()}) == N
    for data in files.values():
        with Image.open(BytesIO(data)) as opened:
            assert opened.size == (540, 960)
            grey = np.asarray(opened.convert("L"))
        assert (grey > 240).mean() > 0.02 and grey.mean() < 200
        assert len(data) < 100_000


@pytest.mark.parametrize(("posts", "n"), [(300, 24), (5_000, 50), (45_077, 400), (1_000_000, 400)])
def test_smaller_agencies_are_given_fewer_pictures(posts: int, n: int) -> None:
    assert usual_pictures(posts) == n
