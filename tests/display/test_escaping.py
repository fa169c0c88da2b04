"""Text by strangers stays text."""

from __future__ import annotations

from workbench.display.escaping import LONGEST, escaped, plain, prose


def test_markup_is_escaped_in_cells_and_attributes():
    assert (
        escaped("<img src=x onerror=\"a('b')\">&")
        == "&lt;img src=x onerror=&quot;a(&#x27;b&#x27;)&quot;&gt;&amp;"
    )


def test_characters_that_turn_or_hide_text_are_left_out():
    assert plain("abc\u202edef\u2066\ufeff\x00\x1b") == "abcdef"


def test_a_lone_surrogate_can_be_written_to_a_file():
    assert prose("a\ud800b").encode() == b"ab"


def test_a_hundred_thousand_characters_are_cut_with_an_ellipsis():
    cut = plain("x" * 100_000)
    assert len(cut) == LONGEST and cut.endswith("…")


def test_right_to_left_text_and_emoji_stay():
    assert plain("سلام 🎉") == "سلام 🎉"
