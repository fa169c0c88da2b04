"""YouTube's ids: eleven characters, or none."""

from __future__ import annotations

import ibis

from workbench.sources.memory import in_memory
from workbench.sources.youtube_ids import category_name, youtube_account_id, youtube_post_id


def column(values, expression):
    table = ibis.memtable([(v,) for v in values], schema={"v": "string"})
    return in_memory().to_pyarrow(table.select(found=expression(table.v)))["found"].to_pylist()


def test_a_video_id_has_eleven_characters_and_keeps_its_case():
    assert column([" -pQ7rS0tU3v", "toolong12345", "short", None], youtube_post_id) == [
        "youtube:-pQ7rS0tU3v",
        None,
        None,
        None,
    ]


def test_a_channel_is_called_in_lower_case_without_its_at():
    assert column(["@SomeOne", "UCAb", " A Title ", " "], youtube_account_id) == [
        "youtube:someone",
        "youtube:ucab",
        "youtube:a title",
        None,
    ]


def test_a_category_that_is_not_listed_stays_a_number():
    assert column(["10", "99", None], category_name) == ["Music", "99", None]
