"""Which slides show the same image."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from workbench.model import images, near_hashes
from workbench.model.agreement import agree
from workbench.model.images import image_groups, image_ids, normalized, text_ids

SCHEMA = pa.schema(
    {
        "picture_id": pa.string(),
        "sha256": pa.string(),
        "phash": pa.int64(),
        "text": pa.string(),
        "slide_url": pa.string(),
        "image_id": pa.string(),
        "is_new": pa.bool_(),
    }
)
Picture = dict[str, Any]


def pictures(*rows: Picture) -> pa.Table:
    return pa.Table.from_pylist(
        [{"is_new": True, "picture_id": repr(row), **row} for row in rows], schema=SCHEMA
    )


def groups(*rows: Picture) -> list[int]:
    """The group of each picture, numbered in order of appearance."""
    found = image_groups(pictures(*rows)).tolist()
    return [list(dict.fromkeys(found)).index(g) for g in found]


def bits(n: int) -> int:
    """A hash that differs from 0 in n bits, the sign's among them."""
    return int(np.array([(1 << 64) - (1 << (64 - n))], np.uint64).view(np.int64)[0]) if n else 0


def at(n: int, text: str | None) -> Picture:
    return {"phash": bits(n), "text": text}


TEN, SEVEN, SIX = "abcdefghij", "abcdefgxyz", "abcdefwxyz"


# --- two pictures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("apart", "same"), [(0, True), (14, True), (15, False), (64, False)])
def test_the_same_text_is_the_same_image_within_14_bits(apart: int, same: bool) -> None:
    assert groups(at(0, TEN), at(apart, TEN)) == [0, 0 if same else 1]


@pytest.mark.parametrize(("other", "same"), [(TEN, True), (SEVEN, True), (SIX, False)])
def test_texts_agree_from_seven_of_ten_letters_on(other: str, same: bool) -> None:
    assert [fuzz.ratio(TEN, t) for t in (TEN, SEVEN, SIX)] == [100, 70, 60]
    assert groups(at(0, TEN), at(14, other)) == [0, 0 if same else 1]


@pytest.mark.parametrize("texts", [(None, TEN), (TEN, None), (None, None)])
@pytest.mark.parametrize(("apart", "same"), [(0, True), (6, True), (7, False)])
def test_where_a_text_is_unread_only_six_bits_may_differ(
    texts: tuple[str | None, str | None], apart: int, same: bool
) -> None:
    assert groups(at(0, texts[0]), at(apart, texts[1])) == [0, 0 if same else 1]


def test_an_unread_slide_of_a_template_joins_no_text_and_no_other_unread_slide() -> None:
    """Whatever is near the texts of two images; not even the same hash tells."""
    template = (at(0, "five ways to sleep"), at(2, "what my cat thinks"))
    assert groups(*template, at(1, None), at(1, None), at(3, None)) == [0, 1, 2, 3, 4]
    assert groups(*template, {"sha256": "f", **at(1, None)}, {"sha256": "f", **at(1, None)}) == [0, 1, 2, 2]
    assert groups(at(0, TEN), at(1, None), at(2, TEN), at(3, None)) == [0, 0, 0, 0]


def test_unread_slides_beside_a_template_are_one_image() -> None:
    template = (at(0, "five ways to sleep"), at(2, "what my cat thinks"))
    assert groups(*template, at(1, None), at(12, None), at(13, None)) == [0, 1, 2, 3, 3]


def test_an_unread_slide_that_is_known_stays_where_it_was_placed() -> None:
    alone = {**at(1, None), "image_id": "image:a", "is_new": False}
    assert groups(alone, at(0, TEN)) == [0, 1]
    placed = {**at(0, TEN), "image_id": "image:a", "is_new": False}
    assert groups(alone, placed, at(2, "what my cat thinks")) == [0, 0, 1]


def test_slides_of_one_template_are_told_apart_by_their_texts() -> None:
    assert groups(at(0, "five ways to sleep"), at(0, "what my cat thinks")) == [0, 1]


def test_the_same_file_is_the_same_image_whatever_was_read() -> None:
    assert groups({"sha256": "f", **at(0, TEN)}, {"sha256": "f", **at(30, "else")}) == [0, 0]


def test_a_file_without_a_hash_is_known_by_itself() -> None:
    assert groups({"sha256": "f"}, {"sha256": "g"}, {"sha256": "f", **at(0, TEN)}) == [0, 1, 0]


def test_an_address_counts_only_where_there_is_no_hash() -> None:
    url = {"slide_url": "https://example.org/1.jpg"}
    assert groups(url, {"slide_url": "https://example.org/2.jpg"}, url) == [0, 1, 0]
    assert groups({**url, **at(0, TEN)}, {**url, **at(40, TEN)}) == [0, 1]


def test_images_are_what_is_connected() -> None:
    assert groups(at(0, TEN), at(14, TEN), at(28, TEN), at(60, TEN)) == [0, 0, 0, 1]


def test_nothing_is_no_image() -> None:
    assert groups() == []


# --- all against all -------------------------------------------------------------------------------------


def _apart(a: Picture, b: Picture) -> float:
    """Bits in which two hashes differ."""
    if a.get("phash") is None or b.get("phash") is None:
        return np.inf
    return int((a["phash"] ^ b["phash"]) & (2**64 - 1)).bit_count()


def by_hand(rows: list[Picture]) -> list[int]:
    """The definition of metrics.md: each picture's image as the place of its first picture."""
    image = list(range(len(rows)))

    def join(i: int, j: int) -> None:
        if image[i] != image[j]:
            old, new = max(image[i], image[j]), min(image[i], image[j])
            image[:] = [new if x == old else x for x in image]

    pairs = list(combinations(range(len(rows)), 2))
    texts = [row.get("text") for row in rows]
    for i, j in pairs:
        apart, (one, other) = _apart(rows[i], rows[j]), (texts[i], texts[j])
        same_file = rows[i].get("sha256") and rows[i].get("sha256") == rows[j].get("sha256")
        same_text = one and other and apart <= 14 and agree([one], [other])[0]
        if same_file or same_text:
            join(i, j)
    bearing = {image[i] for i, text in enumerate(texts) if text}
    loose = {i for i in range(len(rows)) if image[i] not in bearing}
    near = [(i, j) for i, j in pairs if _apart(rows[i], rows[j]) <= 6]
    near += [(j, i) for i, j in near]

    def told() -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for i, j in near:
            if i in loose and j not in loose:
                found.setdefault(image[i], set()).add(image[j])
        return found

    on_template = {image for image, others in told().items() if len(others) > 1}
    free = {i for i in loose if image[i] not in on_template}
    for i, j in near:
        if i in free and j in free:
            join(i, j)
    for one, others in told().items():
        if len(others) == 1:
            join(one, *others)
    return image


def agency(seed: int, n: int = 120, read: float = 0.8) -> list[Picture]:
    """Few templates and few texts, each a little changed: most pairs lie near a limit."""
    rng = random.Random(seed)
    templates = [rng.getrandbits(64) for _ in range(3)]
    texts = ["".join(rng.choices("abcdef ", k=rng.randrange(1, 25))) for _ in range(6)]

    def hashed() -> int:
        found = rng.choice(templates)
        for _ in range(rng.choice([0, 2, 5, 9, 14])):
            found ^= 1 << rng.randrange(64)
        return int(np.array([found], np.uint64).view(np.int64)[0])

    def text() -> str | None:
        letters = list(rng.choice(texts))
        for _ in range(rng.choice([0, 0, 1, 3])):
            letters[rng.randrange(len(letters))] = rng.choice("abcxyz")
        return normalized("".join(letters)) or None if rng.random() < read else None

    return [
        {
            "sha256": rng.choice("fghijklmnop") if rng.random() < 0.1 else None,
            "phash": hashed(),
            "text": text(),
        }
        for _ in range(n)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_groups_are_those_of_the_definition(seed: int) -> None:
    rows = agency(seed)
    found = by_hand(rows)
    assert 1 < len(set(found)) < len(rows)
    assert groups(*rows) == [list(dict.fromkeys(found)).index(g) for g in found]


@given(seed=st.integers(0, 10_000), cut=st.integers(1, 119))
@settings(max_examples=40, deadline=None)
def test_adding_pictures_to_groups_gives_the_groups_of_all(seed: int, cut: int) -> None:
    rows = [
        row for row in agency(seed, read=1) if row["text"]
    ]  # an unread one stays where it was placed first
    first = pictures(*rows[:cut])
    ids = image_ids(image_groups(first), first).to_pylist()
    grown = pictures(
        *[{**row, "image_id": i, "is_new": False} for row, i in zip(rows, ids, strict=False)], *rows[cut:]
    )
    found = image_groups(grown).tolist()
    assert [list(dict.fromkeys(found)).index(g) for g in found] == groups(*rows)


# --- many ------------------------------------------------------------------------------------------------


def library(n: int = 3_000, seed: int = 1) -> tuple[pa.Table, np.ndarray]:
    """Images on few templates, each seen up to four times: saved again, cropped, misread; and which image each is."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(3, 9))) for _ in range(400)]
    templates = [rng.getrandbits(64) for _ in range(10)]
    rows, truth = [], []
    for image in range(n // 2):
        template, text = rng.choice(templates), " ".join(rng.choices(words, k=9))
        for use in range(rng.randrange(1, 4)):
            found, said = template, text
            for _ in range(rng.choice([0, 2, 6]) if use else 0):
                found ^= 1 << rng.randrange(64)
            if use and rng.random() < 0.5:
                said = said.replace("e", "c", 2)[: rng.choice([3 * len(said) // 4, 99])]
            rows.append({"phash": int(np.array([found], np.uint64).view(np.int64)[0]), "text": said})
            truth.append(image)
    return pictures(*rows), np.array(truth)


def test_blocking_by_text_finds_what_comparing_outright_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    table, truth = library()
    outright = image_groups(table)
    precision, recall = _paired(outright, truth)
    assert precision == 1 and recall > 0.7
    _block(monkeypatch)
    assert _paired(image_groups(table), outright) == (1.0, 1.0)


def _block(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few they are."""
    monkeypatch.setattr(images, "OUTRIGHT", 0)
    monkeypatch.setattr(images, "_MANY", 0)


def _paired(found: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Precision and recall of pairs of one image."""

    def pairs(*keys: np.ndarray) -> int:
        counts = np.unique(np.stack(keys), axis=1, return_counts=True)[1]
        return int((counts * (counts - 1) // 2).sum())

    both = pairs(found, truth)
    return both / pairs(found), both / pairs(truth)


def test_unread_pictures_are_found_by_bands_of_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(3)
    rows = []
    for _ in range(150):
        one = rng.getrandbits(64)
        other = one
        for bit in rng.sample(range(64), rng.randrange(9)):
            other ^= 1 << bit
        rows += [{"phash": x - (1 << 63), "text": rng.choice([None, "read"])} for x in (one, other)]
    _block(monkeypatch)
    found = by_hand(rows)
    assert groups(*rows) == [list(dict.fromkeys(found)).index(g) for g in found]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_bands_of_the_hash_miss_none_within_seven_bits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    near = rng.integers(0, 2**64, 8, np.uint64)[rng.integers(0, 8, 60)]
    for _ in range(9):
        near ^= np.uint64(1) << rng.integers(0, 64, 60, np.uint64)
    rows, columns = np.arange(0, 60, 2), np.arange(0, 60, 3)
    found = {
        pair
        for i, j in near_hashes.by_hash(near, rows, columns, 7)
        for pair in zip(i.tolist(), j.tolist(), strict=True)
    }
    apart = np.bitwise_count(near[rows][:, None] ^ near[columns])
    assert found == {(2 * i, 3 * j) for i, j in np.argwhere(apart <= 7).tolist()}


def test_a_text_on_many_pictures_is_compared_by_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = agency(5)
    for row in rows:
        row["text"] = TEN
    _block(monkeypatch)
    monkeypatch.setattr(near_hashes, "_LARGE", 10)
    monkeypatch.setattr(near_hashes, "_TILE", (7, 11))
    found = by_hand(rows)
    assert groups(*rows) == [list(dict.fromkeys(found)).index(g) for g in found]


def test_what_is_related_to_new_slides_of_a_large_template_is_found_by_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table, _ = library(900, seed=4)
    phash = table["phash"].to_numpy().view(np.uint64)
    text: list[str | None] = table["text"].to_pylist()
    text[:3] = [None, None, "nobody says this"]
    known, asked = text[100:], 0

    def read(places: np.ndarray) -> pa.Array:
        nonlocal asked
        asked += 1
        return pa.array([known[k] for k in places.tolist()], pa.string())

    outright = images.related(phash[:100], text[:100], phash[100:], read)
    monkeypatch.setattr(images, "_NEAR", 0)
    assert images.related(phash[:100], text[:100], phash[100:], read).tolist() == outright.tolist()
    monkeypatch.setattr(near_hashes, "_LARGE", 3)
    assert images.related(phash[:100], text[:100], phash[100:], read).tolist() == outright.tolist()
    assert 0 < outright.size < 800 and asked == 3


# --- texts and names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  Five  WAYS\nto sleep ", "five ways to sleep"),
        ("five ways @Some.Body to sleep", "five ways to sleep"),
        ("@somebody", ""),
        ("Ｆｉｖｅ ＳＴＲＡSSE", "five strasse"),
        ("a@b stays", "a@b stays"),
        ("", ""),
    ],
)
def test_a_text_is_compared_folded_and_without_handles(text: str, said: str) -> None:
    assert normalized(text) == said


def test_equal_texts_have_one_id_and_no_text_has_none() -> None:
    one, other, again, none = text_ids(["a", "b", "a", ""])
    assert one == again != other
    assert none is None
    assert one is not None and one.startswith("text:") and len(one) == 5 + 16


def named(rows: list[Picture], kinds: list[int]) -> list[str | None]:
    found: list[str | None] = image_ids(np.array(kinds), pictures(*rows)).to_pylist()
    return found


def test_an_image_is_called_by_the_picture_that_was_used_first() -> None:
    one, other = at(0, TEN), at(15, SEVEN)
    (alone,) = named([one], [0])
    assert named([one, other], [0, 0]) == [alone, alone]
    assert alone is not None and alone.startswith("image:") and len(alone) == 6 + 16
    assert named([other, one], [0, 0])[0] != alone


def test_an_image_keeps_its_id_when_an_earlier_use_turns_up() -> None:
    assert named([at(0, TEN), {**at(1, TEN), "image_id": "image:a"}], [0, 0]) == ["image:a", "image:a"]


def test_of_two_images_that_are_one_the_id_used_first_stands() -> None:
    rows = [{**at(n, TEN), "image_id": i} for n, i in enumerate(["image:b", "image:a", "image:c"])]
    assert named(rows, [0, 0, 1]) == ["image:b", "image:b", "image:c"]


def test_of_an_image_that_falls_apart_the_part_used_first_keeps_the_id() -> None:
    rows = [{**at(n, TEN), "image_id": "image:a"} for n in range(3)]
    kept, other, again = named(rows, [0, 1, 0])
    assert (kept, again) == ("image:a", "image:a")
    assert other != "image:a"


def test_two_images_never_bear_one_id() -> None:
    row = at(0, TEN)
    (own,) = named([row], [0])
    # Another image bears the name that follows from this picture's content.
    names = named([{**at(40, SIX), "image_id": own}, row], [0, 1])
    assert names[0] == own and len(set(names)) == 2


def test_limits_are_those_of_the_definition() -> None:
    assert (images.SAME_TEXT_BITS, images.NO_TEXT_BITS) == (14, 6)
    assert images.LEAST_CONFIDENCE == 0.5
