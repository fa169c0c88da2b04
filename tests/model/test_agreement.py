"""Whether two texts as they were read are one text."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from workbench.model.agreement import LEAST_AGREEMENT, LEAST_ALONE, LEAST_WORD, agree


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("five ways to sleep", "five ways to sleep", True),
        ("five ways to sleep", "fiue vays to sleep", True),
        ("five ways to sleep", "fiveways to sleep", True),
        ("fünf größere träume", "funf grossere traume", True),
        ("five ways to sleep", "five ways to sleep tiktok", True),
        ("five ways to sleep on a monday", "five ways to sleep on", True),
        ("five ways to sleep", "five ways to eat", False),
        ("why leo never texts you first", "why virgo never texts you first", False),
        ("why leo never texs you firsst", "why aries never texts you first", False),
        ("why leo neuer texs you firsst", "whv leo never texts you fiist", True),
        ("day 6 off sugar", "day 11 off sugar", False),
        ("glow up tips", "glow up tips 2", False),
        ("5 signs he likes you", "7 signs he likes you", False),
        ("part 3: the kitchen", "part 3, the kitchen", True),
        ("part 3", "part 3.", True),
        ("day 6 off sugar", "what my cat thinks", False),
        ("早上五点起床", "早上五点起床了", True),
        ("早上五点起床", "晚上九点睡觉", False),
    ],
)  # fmt: skip
def test_texts_agree_that_may_be_misread_and_not_those_that_were_reworded(
    one: str, other: str, same: bool
) -> None:
    assert agree([one, other], [other, one]).tolist() == [same, same]


def test_no_pairs_no_agreement() -> None:
    assert agree([], []).tolist() == []


@pytest.mark.parametrize(("other", "same"), [("abcdefgxyz", True), ("abcdefwxyz", False)])
def test_texts_agree_from_seven_of_ten_letters_on(other: str, same: bool) -> None:
    assert fuzz.ratio("abcdefghij", other) == (70 if same else 60)
    assert agree(["abcdefghij"], [other]).tolist() == [same]


@pytest.mark.parametrize(("alone", "same"), [("likes", False), ("lovas", True)])
def test_words_that_one_text_alone_says_agree_as_misreadings_do(alone: str, same: bool) -> None:
    one, other = "ten signs that he loves you", f"ten signs that he {alone} you"
    assert fuzz.ratio(one, other) > 90
    assert fuzz.ratio("loves", alone) == (80 if same else 60)
    assert agree([one], [other]).tolist() == [same]


def test_agreement_is_the_same_both_ways_and_with_oneself() -> None:
    rng = random.Random(1)
    texts = [
        " ".join(rng.choices(["day", "dav", "6", "11", "sugar", "sugat", "off"], k=3)) for _ in range(60)
    ]
    pairs = [(one, other) for one in texts for other in texts]
    found = dict(zip(pairs, agree(*zip(*pairs, strict=True)).tolist(), strict=True))
    assert all(found[one, other] == found[other, one] for one, other in pairs)
    assert all(found[text, text] for text in texts)
    assert 0 < sum(found.values()) < len(found)


misread_words = st.lists(
    st.tuples(st.text("abc", min_size=3, max_size=6), st.integers(0, 6), st.text("abcd", max_size=2)),
    min_size=1,
    max_size=4,
)


@given(words=misread_words)
@example(words=[("accb", 1, "c"), ("accb", 0, "a"), ("bbaca", 0, "d"), ("bbacba", 2, "da")])
@settings(max_examples=300, deadline=None)
def test_a_misread_text_agrees_both_ways_or_neither(words: list[tuple[str, int, str]]) -> None:
    """Whichever of several words that are alike is set aside first."""
    one = " ".join(word for word, _, _ in words)
    other = " ".join(word[:at] + letters + word[at + 1 :] for word, at, letters in words)
    assert agree([one], [other]) == agree([other], [one])


def test_limits_are_those_of_the_definition() -> None:
    assert (LEAST_AGREEMENT, LEAST_ALONE, LEAST_WORD) == (70.0, 65.0, 80.0)
