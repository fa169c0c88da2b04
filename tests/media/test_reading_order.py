"""Pieces of text become lines as a person reads them."""

from __future__ import annotations

from random import Random

import pytest

from workbench.media.reading_order import LEAST_LINES, Piece, lines


def words(drawing: str, dx: int = 0) -> list[Piece]:
    """Each word of a drawing at its place: 10 pixels a letter, 30 a line, letters 24 high."""
    found = []
    for row, text in enumerate(drawing.strip("\n").splitlines()):
        at = 0
        for word in text.split():
            at = text.index(word, at)
            found.append(
                Piece(word, 10 * at + dx * row, 30 * row, 10 * (at + len(word)) + dx * row, 30 * row + 24)
            )
            at += len(word)
    return found


def read(pieces: list[Piece]) -> str:
    Random(1).shuffle(pieces)
    return "\n".join(" ".join(piece.text for piece in line) for line in lines(pieces))


def test_lines_go_down_and_words_go_right():
    assert read(words("five signs\n\n  he  lies\n(part 2)")) == "five signs\nhe lies\n(part 2)"


def test_a_word_that_stands_a_little_higher_or_lower_stays_on_its_line():
    pieces = [Piece("two", 50, 9, 90, 33), Piece("one", 0, 0, 40, 24), Piece("next", 0, 40, 40, 64)]
    assert read(pieces) == "one two\nnext"


def test_a_table_of_few_rows_is_read_across():
    assert read(words("6:00    wake\n7:00    walk\n8:00    work")) == "6:00 wake\n7:00 walk\n8:00 work"


def test_numbers_that_stand_apart_are_read_with_their_lines():
    numbered = "".join(f"{n}.    something to think of\n" for n in range(1, LEAST_LINES + 2))
    assert read(words(numbered)).splitlines()[4] == "5. something to think of"


PAGE = """
a1 a2     b1 b2
a3        b3 b4
a5 a6     b5
a7 a8     b7 b8
"""


def test_columns_are_read_one_after_the_other():
    assert PAGE.strip().count("\n") + 1 == LEAST_LINES
    assert read(words(PAGE)) == "a1 a2\na3\na5 a6\na7 a8\nb1 b2\nb3 b4\nb5\nb7 b8"


@pytest.mark.parametrize("slant", [-2, 2])
def test_columns_below_a_headline_across_them_and_a_little_slanted(slant):
    pieces = [*words(PAGE, slant), Piece("headline", 0, -70, 150, -20)]
    assert read(pieces).splitlines()[:2] == ["headline", "a1 a2"]
    assert read(pieces).splitlines()[-1] == "b7 b8"


def test_no_piece_is_lost_or_told_twice_wherever_they_lie():
    rng = Random(2)
    for n in (0, 1, 2, 700):
        pieces = []
        for i in range(n):
            x, y = rng.uniform(0, 900), rng.uniform(0, 900)
            pieces.append(Piece(str(i), x, y, x + rng.uniform(0, 300), y + rng.uniform(0, 90)))
        told = [piece for line in lines(pieces) for piece in line]
        assert sorted(told, key=id) == sorted(pieces, key=id)
