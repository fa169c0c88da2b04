"""What is known of a stored file reaches the slides that show it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from given import NOON, batch, loaded, query

from workbench.settings import Settings, load_settings
from workbench.warehouse.load import load

FILE = {
    "sha256": "aa",
    "storage_key": "pictures/aa",
    "file_bytes": 900,
    "width": 1080,
    "height": 1920,
    "phash": 7,
}
SHOWN = {
    "slides": [
        {"post_id": "tiktok:1", "slide_index": 1, "sha256": "aa", "ocr_text": "as imp0rted"},
        {"post_id": "tiktok:2", "slide_index": 1, "sha256": "aa"},
        {"post_id": "tiktok:3", "slide_index": 1, "sha256": "bb", "phash": 9},
    ]
}
READ = {
    "media_files": [
        {"sha256": "aa", "ocr_text": "as read", "ocr_confidence": 0.9, "ocr_model": "m", "read_at": NOON}
    ]
}


def slides(settings: Settings) -> list[tuple[Any, ...]]:
    return query(settings, "SELECT post_id, width, phash, ocr_text, storage_key FROM slides ORDER BY post_id")


def test_a_file_tells_every_slide_that_shows_it_and_no_other(settings):
    loaded(settings, {**SHOWN, "media_files": [FILE]})
    assert slides(settings) == [
        ("tiktok:1", 1080, 7, "as imp0rted", "pictures/aa"),
        ("tiktok:2", 1080, 7, None, "pictures/aa"),
        ("tiktok:3", None, 9, None, None),
    ]


def test_a_text_stands_where_reading_failed_and_goes_where_nothing_was_found(settings):
    loaded(settings, {**SHOWN, "media_files": [FILE]})
    loaded(settings, {"media_files": [{"sha256": "aa", "read_at": NOON, "ocr_model": "m; failed: too slow"}]})
    assert [text for *_, text, _ in slides(settings)] == ["as imp0rted", None, None]
    read = [{"sha256": "aa", "read_at": NOON + timedelta(days=1), "ocr_model": "m"}]
    loaded(settings, {"media_files": read}, NOON + timedelta(days=1))
    assert [text for *_, text, _ in slides(settings)] == [None, None, None]


def test_what_was_read_on_a_picture_is_not_said_of_one_without_words_that_takes_its_place(settings):
    loaded(settings, {**SHOWN, "media_files": [{**FILE, **READ["media_files"][0]}]})
    another = {"sha256": "cc", "storage_key": "pictures/cc", "phash": 8, "read_at": NOON, "ocr_model": "m"}
    shown = {"slides": [{"post_id": "tiktok:1", "slide_index": 1, "sha256": "cc"}], "media_files": [another]}
    loaded(settings, shown, NOON + timedelta(days=1))
    assert [text for *_, text, _ in slides(settings)] == [None, "as read", None]


def test_what_was_read_replaces_an_imported_text(settings):
    loaded(settings, {**SHOWN, "media_files": [FILE]})
    loaded(settings, READ, NOON + timedelta(days=1))
    assert [text for *_, text, _ in slides(settings)] == ["as read", "as read", None]
    images = query(settings, "SELECT count(DISTINCT text_id) FROM slide_images WHERE text_id IS NOT NULL")
    assert images == [(1,)]


@pytest.mark.long
def test_the_order_of_files_slides_and_readings_changes_nothing(tmp_path):
    later = {"slides": [{"post_id": "tiktok:2", "slide_index": 1, "ocr_text": "imported again"}]}
    found = []
    for number, order in enumerate(list(permutations([SHOWN, {"media_files": [FILE]}, READ, later]))[::4]):
        settings = load_settings(tmp_path / str(number))
        for tables in order:
            batch(settings, tables, NOON + timedelta(days=tables is later))
            assert not load(settings).failed
        found.append(slides(settings))
    assert all(one == found[0] for one in found)
    assert found[0][1][3] == "as read"
