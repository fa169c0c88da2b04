"""The mart `slide_images`: kept up to the slides, and stable."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from workbench.model import images as model
from workbench.warehouse import images
from workbench.warehouse.migrate import migrate

Slide = tuple[str, int]
TEXTS = [
    "five ways to sleep",
    "what my cat thinks",
    "the soup that heals",
    "@ann five ways to sleep",
    "",
    None,
]


class Slides:
    """Slides in memory, changed as loads change them."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone = 'UTC'")
        migrate(self.con)
        self.con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
        images.refresh(self.con)

    def put(self, post: str, index: int = 1, **columns: Any) -> None:
        """A slide, new or known, as a load leaves it."""
        self.con.execute("DELETE FROM slides WHERE post_id = ? AND slide_index = ?", [post, index])
        row = {"post_id": post, "slide_index": index, **columns}
        names, marks = ", ".join(row), ", ".join("?" for _ in row)
        self.con.execute(f"INSERT INTO slides ({names}) VALUES ({marks})", list(row.values()))
        self.con.execute("INSERT INTO touched VALUES (?, ?)", [images.TOUCHED, post])

    def posted(self, **days: int) -> None:
        for post, day in days.items():
            self.con.execute(
                "INSERT INTO posts (post_id, platform, posted_at) VALUES (?, 'tiktok', DATE '2025-01-01' + ?::INTEGER)",
                [post, day],
            )

    def load(self) -> None:
        images.refresh(self.con)
        self.con.execute("DELETE FROM touched")

    def another_definition(self) -> None:
        self.con.execute("COMMENT ON TABLE slide_images IS 'another'")

    def images(self) -> dict[Slide, str | None]:
        rows = self.con.execute("SELECT post_id, slide_index, image_id FROM slide_images").fetchall()
        found = {(post, index): image for post, index, image in rows}
        assert len(found) == len(rows), "the key is not unique"
        return found

    def parts(self) -> set[frozenset[Slide]]:
        """The slides of each image."""
        found: dict[str | None, set[Slide]] = {}
        for slide, image in self.images().items():
            found.setdefault(image, set()).add(slide)
        return {frozenset(part) for part in found.values()}


@pytest.fixture
def slides() -> Iterator[Slides]:
    made = Slides()
    yield made
    made.con.close()


def test_a_slide_without_hash_and_address_has_no_image(slides: Slides) -> None:
    slides.put("a", ocr_text="five ways to sleep", ocr_confidence=0.9)
    slides.load()
    assert slides.images() == {("a", 1): None}


def test_an_unsure_reading_is_no_text(slides: Slides) -> None:
    slides.put("a", phash=0, ocr_text="five ways to sleep", ocr_confidence=0.49)
    slides.put("b", phash=0, ocr_text="five ways to sleep", ocr_confidence=0.5)
    slides.put("c", phash=0, ocr_text="five ways to sleep")
    slides.put("d", phash=0, ocr_text=" @ann ", ocr_confidence=0.9)
    slides.load()
    texts = dict(slides.con.execute("SELECT post_id, text_id FROM slide_images").fetchall())
    assert texts["a"] is None and texts["d"] is None
    assert texts["b"] == texts["c"] is not None


def test_a_hook_on_another_picture_shares_the_text_and_not_the_image(slides: Slides) -> None:
    slides.put("a", phash=0, ocr_text="Five ways to sleep")
    slides.put("b", phash=-1, ocr_text="five ways  to sleep @ann")
    slides.load()
    rows = slides.con.execute("SELECT count(DISTINCT image_id), count(DISTINCT text_id) FROM slide_images")
    assert rows.fetchone() == (2, 1)


def test_an_image_keeps_its_id_as_it_grows_to_both_sides_of_time(slides: Slides) -> None:
    slides.posted(a=2, b=3, c=1)
    slides.put("a", phash=0, ocr_text="five ways to sleep")
    slides.load()
    known = slides.images()["a", 1]
    slides.put("b", phash=1, ocr_text="five ways to sleep")
    slides.put("c", phash=2, ocr_text="five ways to sleep")
    slides.load()
    assert set(slides.images().values()) == {known}


def test_images_that_turn_out_to_be_one_go_by_the_id_used_first(slides: Slides) -> None:
    slides.posted(a=2, b=1, c=3)
    slides.put("a", phash=0, ocr_text="five ways to sleep")
    slides.put("b", phash=(1 << 28) - 1, ocr_text="five ways to sleep")
    slides.load()
    apart = slides.images()
    assert apart["a", 1] != apart["b", 1]
    slides.put("c", phash=(1 << 14) - 1, ocr_text="five ways to sleep")
    slides.load()
    assert set(slides.images().values()) == {apart["b", 1]}


def test_reading_the_text_does_not_rename_an_image(slides: Slides) -> None:
    slides.put("a", phash=0)
    slides.load()
    known = slides.images()["a", 1]
    slides.put("a", phash=0, ocr_text="five ways to sleep", ocr_confidence=0.9)
    slides.load()
    assert slides.images() == {("a", 1): known}


def test_an_image_falls_apart_when_what_held_it_together_goes(slides: Slides) -> None:
    slides.posted(a=1, b=2, c=3)
    slides.put("a", phash=0, ocr_text="five ways to sleep")
    slides.put("b", phash=(1 << 14) - 1, ocr_text="five ways to sleep")
    slides.put("c", phash=(1 << 28) - 1, ocr_text="five ways to sleep")
    slides.load()
    (known,) = set(slides.images().values())
    slides.put("b", phash=-1, ocr_text="what my cat thinks")
    slides.load()
    now = slides.images()
    assert now["a", 1] == known
    assert len(set(now.values())) == 3


def test_a_load_that_touches_no_slide_groups_nothing(slides: Slides) -> None:
    slides.put("a", phash=0)
    assert images.are_behind(slides.con)
    slides.load()
    assert not images.are_behind(slides.con)


def test_another_definition_groups_all_anew(slides: Slides) -> None:
    slides.put("a", phash=0)
    slides.load()
    slides.another_definition()
    assert images.are_behind(slides.con)
    slides.con.execute("UPDATE slide_images SET picture_id = 'of another definition'")
    slides.load()
    row = slides.con.execute("SELECT picture_id FROM slide_images").fetchone()
    assert row is not None and row[0].startswith("picture:")
    assert not images.are_behind(slides.con)


def test_a_slide_that_is_gone_leaves_the_mart_and_lets_go_of_its_image(slides: Slides) -> None:
    slides.put("a", phash=0, ocr_text="five ways to sleep")
    slides.put("b", phash=(1 << 14) - 1, ocr_text="five ways to sleep")
    slides.put("c", phash=(1 << 28) - 1, ocr_text="five ways to sleep")
    slides.load()
    slides.con.execute("DELETE FROM slides WHERE post_id = 'b'")
    assert images.are_behind(slides.con)
    slides.load()
    assert slides.parts() == {frozenset({("a", 1)}), frozenset({("c", 1)})}


def test_few_new_slides_are_compared_with_the_known_and_few_of_these_are_looked_at(
    slides: Slides, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(1)
    hashes = [rng.getrandbits(63) for _ in range(20)]
    for n, found in enumerate(hashes):
        slides.put(f"p{n}", phash=found, ocr_text="five ways to sleep")
    slides.load()
    looked_at: list[set[int]] = []

    def groups(pictures: Any) -> Any:
        looked_at.append(set(pictures["phash"].to_pylist()))
        return model.image_groups(pictures)

    monkeypatch.setattr(images, "image_groups", groups)
    slides.put("p20", phash=hashes[7] ^ 1, ocr_text="five ways to sleep")
    slides.load()
    assert looked_at == [{hashes[7], hashes[7] ^ 1}]
    assert slides.images()["p20", 1] == slides.images()["p7", 1]


def test_images_that_become_one_take_all_their_slides_along(slides: Slides) -> None:
    """Also those that the new slide is not near to."""
    slides.posted(a=1, b=2, c=3, d=4, e=5)
    for post, bits in (("a", 0), ("b", 12), ("d", 36), ("e", 48)):
        slides.put(post, phash=(1 << bits) - 1, ocr_text="five ways to sleep")
    slides.load()
    (first, *_), apart = slides.images().values(), slides.parts()
    assert apart == {frozenset({("a", 1), ("b", 1)}), frozenset({("d", 1), ("e", 1)})}
    slides.put("c", phash=(1 << 24) - 1, ocr_text="five ways to sleep")
    slides.load()
    assert set(slides.images().values()) == {slides.images()["a", 1]} and first


def test_a_picture_that_comes_back_does_not_take_the_id_that_it_left_to_others(slides: Slides) -> None:
    slides.posted(a=1, b=2, c=3)
    slides.put("a", phash=0, ocr_text="five ways to sleep")
    slides.load()
    founded = slides.images()["a", 1]
    slides.put("b", phash=(1 << 14) - 1, ocr_text="five ways to sleep")
    slides.put("c", phash=(1 << 28) - 1, ocr_text="five ways to sleep")
    slides.load()
    slides.con.execute("DELETE FROM slides WHERE post_id IN ('a', 'b')")
    slides.load()
    assert slides.images() == {("c", 1): founded}
    slides.put("d", phash=0, ocr_text="five ways to sleep")
    slides.load()
    now = slides.images()
    assert now["c", 1] == founded != now["d", 1]


def test_an_unread_slide_is_placed_when_it_comes_and_again_when_it_is_read(slides: Slides) -> None:
    slides.posted(a=1, b=2, c=3)
    slides.put("a", phash=0, ocr_text="five ways to sleep")
    slides.put("b", phash=1)
    slides.load()
    assert len(slides.parts()) == 1
    slides.put("c", phash=3, ocr_text="what my cat thinks")
    slides.load()
    assert slides.parts() == {frozenset({("a", 1), ("b", 1)}), frozenset({("c", 1)})}
    slides.put("b", phash=1, ocr_text="what my cat thinks")
    slides.load()
    assert slides.parts() == {frozenset({("a", 1)}), frozenset({("b", 1), ("c", 1)})}


@pytest.mark.parametrize("seed", range(5))
def test_keeping_up_gives_the_images_of_starting_over(slides: Slides, seed: int) -> None:
    """Slides come, get read, are fetched, change their picture; some posts have no time.

    Those with a hash have been read: an unread one stays where it was placed first.
    """
    rng = random.Random(seed)
    templates = [rng.getrandbits(63) for _ in range(3)]

    def content() -> dict[str, Any]:
        found: int | None = rng.choice(templates)
        for _ in range(rng.choice([0, 3, 8, 14])):
            found = (found or 0) ^ 1 << rng.randrange(63)
        kind = rng.random()
        return {
            "phash": found if kind < 0.8 else None,
            "sha256": rng.choice([None, None, *"fgh"]) if kind < 0.9 else None,
            "slide_url": rng.choice([None, "https://e.org/1", "https://e.org/2"]),
            "ocr_text": rng.choice(TEXTS[:4] if kind < 0.8 else TEXTS),
            "ocr_confidence": rng.choice([None, 0.9] if kind < 0.8 else [None, 0.4, 0.9]),
        }

    slides.posted(**{f"p{n}": rng.randrange(9) for n in range(0, 40, 2)})
    for _ in range(6):
        for _ in range(12):
            slides.put(f"p{rng.randrange(40)}", rng.randrange(1, 3), **content())
        slides.load()
        kept, parts = slides.images(), slides.parts()
        slides.another_definition()
        slides.load()
        assert slides.images() == kept, "images keep their ids"
        copy = slides.con.execute("FROM slide_images").to_arrow_table()
        slides.con.execute("DROP TABLE slide_images")
        slides.load()
        assert slides.parts() == parts
        slides.con.register("copy", copy)
        slides.con.execute("DELETE FROM slide_images")
        slides.con.execute("INSERT INTO slide_images FROM copy")
    assert 1 < len(parts) < len(kept)
