"""Tiles and boxes."""

from __future__ import annotations

import pytest

from workbench import display
from workbench.display import Tile

S = "\N{NO-BREAK SPACE}"


def test_a_tile_stands_against_the_period_before_and_the_usual():
    tile = Tile(label="Views", value=1_243_000, before=1_120_000, usual=(900_000, 1_300_000))
    assert str(tile) == f"Views: 1.2M (▲ +11{S}% against 1.1M before; within the usual 900k to 1.3M)"


@pytest.mark.parametrize(
    ("better", "value", "news"),
    [("up", 2, "good"), ("up", 1, "bad"), ("down", 1, "good"), ("down", 2, "bad"), ("", 2, "even")],
)
def test_whether_more_is_good_news_depends_on_the_figure(better, value, news):
    html = Tile(label="x", value=value, before=1.5, better=better).html()
    assert f"wb-{news}" in html and ("▲" if value == 2 else "▼") in html


def test_rates_move_in_points_not_in_percent_of_a_percentage():
    tile = Tile(label="Rate", value=0.04, before=0.03, unit="fraction")
    assert f"▲ +1.0{S}points against 3.0{S}% before" in str(tile)


def test_losses_are_compared_by_their_difference_not_by_a_percentage():
    tile = Tile(label="Net followers", value=-571, before=-8200)
    assert "▲ +7,629 against \N{MINUS SIGN}8,200 before" in str(tile)


def test_the_usual_of_a_count_is_told_in_whole_ones():
    assert "usual 61 to 88" in str(Tile(label="Posts", value=72, usual=(61.2, 87.8)))


def test_the_same_figure_is_unchanged():
    assert "■ unchanged from 12 before" in str(Tile(label="Posts", value=12, before=12))


def test_a_tile_without_a_figure_says_why():
    tile = Tile(label="Followers", value=None, before=5, reason="no history in this export")
    assert str(tile) == "Followers: – (no history in this export)"
    assert "no history in this export" in tile.html()


def test_nothing_hostile_gets_out_of_a_tile_or_a_box():
    bad = "</dl><script>alert(1)</script>"
    html = display.tiles(Tile(label=bad, value=1, note=bad, reason=bad))._repr_html_()
    for box in (
        display.finding(bad, bad),
        display.note(bad),
        display.warning(bad, title=bad),
        display.text(bad),
    ):
        html += box._repr_html_()
    assert "<script" not in html


def test_boxes_are_plain_text_too():
    assert repr(display.warning("Half is missing.")) == "Warning: Half is missing."
    assert repr(display.finding("Reach rose.", "n = 5")) == "Reach rose.\nn = 5"
    assert display.text("a\n\nb")._repr_html_() == '<div class="wb-text"><p>a</p><p>b</p></div>'


def test_what_lies_ahead_and_what_was_always_nothing_have_nothing_to_stand_against():
    assert str(Tile(label="Next week", value=303, compared=False)) == "Next week: 303"
    assert str(Tile(label="Posts", value=0, before=0, usual=(0.0, 0.0))) == "Posts: 0"
    assert "nothing to compare with" in str(Tile(label="Posts", value=3))


def test_boxes_under_each_other_are_one_thing_to_look_at():
    stacked = display.blocks.Stacked([display.text("a"), display.text("b")])
    assert repr(stacked) == "a\n\nb"
    assert stacked._repr_html_() == '<div class="wb-text"><p>a</p></div><div class="wb-text"><p>b</p></div>'
