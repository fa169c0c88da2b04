"""A sound is its platform's number, else its name."""

from __future__ import annotations

import ibis

from workbench.sources.memory import in_memory
from workbench.sources.sound_names import sound_id, sound_key


def test_a_sound_is_called_by_title_and_artist_and_known_by_number_or_name():
    named = ibis.memtable(
        [("A  Song ", "Artist", "123456"), ("Song", None, "0"), ("Song", " ", None), (None, "Artist", None)],
        schema={"title": "string", "artist": "string", "number": "string"},
    )
    keyed = named.mutate(key=sound_key(named.title, named.artist))
    found = keyed.select(key=keyed.key, id=sound_id("tiktok", keyed.number, keyed.key))
    assert [tuple(row.values()) for row in in_memory().to_pyarrow(found).to_pylist()] == [
        ("A Song - Artist", "tiktok:123456"),
        ("Song", "song"),
        ("Song", "song"),
        (None, None),
    ]
