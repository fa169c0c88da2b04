"""Slides of one image are found, and no others: on real pictures, and on drawn slides whose truth is known."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benchmarks import drawn_slides, same_image
from workbench.media.pictures import image_of, picture
from workbench.model.images import image_groups

STRINGS = ("picture_id", "sha256", "text", "slide_url", "image_id")
SCHEMA = pa.schema({**dict.fromkeys(STRINGS, pa.string()), "phash": pa.int64(), "is_new": pa.bool_()})


def groups(files: Sequence[Path]) -> list[int]:
    """The image of each file, nothing being read on any; numbered in order of appearance."""
    known = [picture(path.read_bytes()) for path in files]
    rows = [{"picture_id": p.sha256, "sha256": p.sha256, "phash": p.phash, "is_new": True} for p in known]
    found = image_groups(pa.Table.from_pylist(rows, schema=SCHEMA)).tolist()
    return [list(dict.fromkeys(found)).index(group) for group in found]


# --- real pictures ---------------------------------------------------------------------------------------


def test_of_82_real_pictures_all_199_duplicate_pairs_are_found_and_no_other(shared_data: Path) -> None:
    folder = shared_data / "images_neardup" / "random_resizes"
    files = sorted(folder.glob("*.jpg"))
    with (folder / "out.csv").open() as rows:
        sizes = sorted(int(further) + 1 for _, further in csv.reader(rows))
    found = groups(files)
    assert sum(a == b for a, b in combinations(found, 2)) == 199
    assert sorted(found.count(group) for group in set(found)) == sizes, (
        "the groups are as large as they are in truth"
    )
    assert sum(n * (n - 1) // 2 for n in sizes) == 199


def test_all_edits_of_a_real_picture_are_one_image(shared_data: Path) -> None:
    files = sorted((shared_data / "images_neardup" / "edits").glob("*.jpg"))
    assert groups(files) == [0] * 12


def test_different_real_pictures_are_different_images(shared_data: Path) -> None:
    files = sorted((shared_data / "images_neardup" / "different").glob("*.jpg"))
    assert groups(files) == list(range(10))


def test_a_forest_cropped_signed_and_shrunk_is_one_and_three_offices_are_three(shared_data: Path) -> None:
    folder = shared_data / "images_neardup" / "forest_office"
    files = sorted((folder / "forest").glob("*.jpg")) + sorted((folder / "office").glob("*.jpg"))
    assert groups(files) == [0, 0, 0, 0, 0, 1, 2, 3]


# --- drawn slides ----------------------------------------------------------------------------------------

SMALL = (270, 480)


def test_a_drawn_slide_is_the_same_wherever_it_is_drawn() -> None:
    one, other = (drawn_slides.draw("größere Träume", template=4, seed=2, size=SMALL) for _ in range(2))
    assert one.tobytes() == other.tobytes()
    drawn_slides.photograph.cache_clear()
    assert drawn_slides.draw("größere Träume", template=4, seed=2, size=SMALL).tobytes() == one.tobytes()
    assert one.tobytes() != drawn_slides.draw("größere Träume", template=5, seed=2, size=SMALL).tobytes()


def test_fonts_have_the_letters_that_texts_are_made_of() -> None:
    for number in range(4):
        font = drawn_slides._font(number, 40)
        shapes = {bytes(font.getmask(letter)) for letter in "äöüßÄÖÜ\N{REPLACEMENT CHARACTER}"}
        assert len(shapes) == 8, "none is drawn as a box"


def test_slides_are_what_they_are_said_to_be() -> None:
    made = list(drawn_slides.slides(432, size=(54, 96)))
    by_image: dict[int, list[drawn_slides.Slide]] = {}
    for slide in made:
        by_image.setdefault(slide.image, []).append(slide)
    assert len(by_image) == 72
    assert all({s.edit for s in group} == {"", *drawn_slides.EDITS} for group in by_image.values())
    assert all(len({(s.text, s.template) for s in group}) == 1 for group in by_image.values())
    uses: dict[str, set[int]] = {}
    for slide in made:
        uses.setdefault(slide.text, set()).add(slide.template)
    again = [templates for templates in uses.values() if len(templates) > 1]
    assert len(again) >= 12, "texts are used on other pictures too"
    assert sum(s.edit == "" for s in made if s.text.startswith(("Day", "Tag"))) == 12
    assert len({s.data for s in made}) == len(made)


def test_an_edit_is_what_its_name_says() -> None:
    image = drawn_slides.draw("five ways to sleep", template=1, size=SMALL)
    files = drawn_slides.edits(image, seed=1, handle="@ann")
    assert tuple(files) == drawn_slides.EDITS
    sizes = {name: image_of(data).size for name, data in files.items()}
    assert sizes == {
        "jpeg40": SMALL,
        "half": (135, 240),
        "crop3": (262, 466),
        "brighter": SMALL,
        "watermark": SMALL,
    }
    light = {name: float(np.asarray(image_of(data)).mean()) for name, data in files.items()}
    assert light["brighter"] > 1.05 * light["jpeg40"]
    assert len(files["jpeg40"]) < len(drawn_slides.encoded(image))
    marked = np.abs(np.asarray(image_of(files["watermark"]), int) - np.asarray(image, int)).max(axis=2) > 100
    assert 0 < marked.mean() < 0.02


def test_a_score_counts_pairs() -> None:
    seen = [same_image.Seen("", 0, None, "", image, 0, "") for image in (1, 1, 1, 2, 2)]
    score = same_image.scored(np.array([7, 7, 8, 8, 9]), seen)
    # Found: (1, 2) right, (3, 4) wrong. True: three pairs of image 1, one of image 2.
    assert (score.found, score.right, score.true) == (2, 1, 4)
    assert (score.precision, score.recall) == (1 / 2, 1 / 4)


def test_drawn_slides_of_one_image_are_found_where_texts_are_read_without_error() -> None:
    score = same_image.grouped(same_image.as_drawn(same_image.SHORT))
    assert score.true == 17 * 15
    assert min(score.precision, score.recall) >= same_image.LEAST, score


@pytest.mark.xdist_group("reading")
@pytest.mark.long
def test_drawn_slides_of_one_image_are_found_by_hash_and_by_what_is_read(tmp_path: Path) -> None:
    kept = tmp_path / "read.jsonl"
    seen = same_image.as_read(same_image.SHORT, kept)
    score = same_image.grouped(seen)
    assert score.precision >= 0.98, score
    assert score.recall >= 0.98, score
    assert len(kept.read_text(encoding="utf-8").splitlines()) == same_image.SHORT
    told = same_image.report(seen, score, "as read")
    assert f"precision {score.precision:.4f}" in told and f"recall {score.recall:.4f}" in told
