"""Text by strangers stays text."""

from __future__ import annotations

import pytest

from workbench.display.escaping import LONGEST, address, escaped, plain, prose, told


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


def test_a_command_between_backticks_is_shown_as_code_and_markup_in_it_stays_text():
    assert told("Run `workbench load <b>`, not `") == "Run <code>workbench load &lt;b&gt;</code>, not `"


def test_right_to_left_text_and_emoji_stay():
    assert plain("سلام 🎉") == "سلام 🎉"


@pytest.mark.parametrize(
    "url",
    ["https://www.tiktok.com/@some.name/photo/7", "http://example.com", "https://example.com/a?b=1&c=%20#d"],
)
def test_a_plain_web_address_is_linked_to_with_its_marks_escaped(url):
    assert address(url) == url.replace("&", "&amp;")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "https://example.com/\u202ecod.exe",
        "https://example.com/a b",
        "https:\\\\example.com",
        "https://bank.example@evil.example/",
        "https://[::1",
        "https:///no-host",
        "//example.com",
        "/relative",
        "data:text/html,<b>",
        "ftp://example.com/f",
        "https://example.com/" + "x" * 2_000,
        "",
        None,
        float("nan"),
        7,
    ],
)
def test_what_is_no_plain_web_address_is_not_linked_to(url):
    assert address(url) is None


def test_an_address_cannot_end_the_attribute_it_stands_in():
    assert address("https://e.example/\"onclick='x'><b>") == (
        "https://e.example/&quot;onclick=&#x27;x&#x27;&gt;&lt;b&gt;"
    )


def test_no_heap_of_marks_is_drawn_over_the_lines_above_while_words_keep_theirs():
    assert plain("e" + "\u0301\u0336" * 500) == "e" + "\u0301\u0336" * 2
    assert plain("Tiếng Việt, العَرَبِيَّة") == "Tiếng Việt, العَرَبِيَّة"


def test_what_only_some_programs_take_for_the_end_of_a_line_is_left_out():
    assert plain("a\u2028b\u2029c\u061cd\ufffee") == "abcde"


def test_a_sentence_of_ours_that_names_a_hundred_thousand_characters_fills_no_page():
    assert len(prose(f"Posts of {'x' * 100_000} fell.")) == 4_000
