"""Words on first slides: what was planted is found, nothing is where there is nothing."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest
from text_tables import rows, table

from workbench.metrics.slide_themes import hook_posts
from workbench.model.slide_themes import A_NUMBER, THEME_COLUMNS, themes_of, words_of
from workbench.model.sparse_effects import sparse_effects

LIFT = np.log(1.3)


def agency(
    seed: int, planted: dict[str, float], *, hooks: int = 1_300, posts: int = 3_000, words: int = 60
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Posts of hooks of five words each: a hook has an effect of its own, and good hooks are posted more often."""
    random = np.random.default_rng(seed)
    known = [*planted, *(f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(words - len(planted)))]
    effect = np.array([planted.get(w, 0.0) for w in known])
    shown = np.array([random.choice(words, 5, replace=False) for _ in range(hooks)])
    of_hook = effect[shown].sum(axis=1) + random.normal(0, 0.3, hooks)
    often = random.pareto(1.5, hooks) * np.exp(of_hook / 2) + 0.2
    hook = np.r_[np.arange(hooks), random.choice(hooks, posts - hooks, p=often / often.sum())]
    use = pd.Series(hook).groupby(hook).cumcount().to_numpy() + 1
    value = of_hook[hook] - 0.1 * np.log(use) + 0.4 * random.standard_t(4, posts)
    texts = [" ".join([*(known[w] for w in each), f"only{i}"]) for i, each in enumerate(shown)]
    frame = pd.DataFrame(
        {
            "post_id": [f"p{i}" for i in range(posts)],
            "account_id": [f"a{a}" for a in random.integers(0, 30, posts)],
            "hook_text": [texts[h] for h in hook],
            "use_number": use.astype(float),
            "log_outlier": value - value.mean(),
        }
    )
    return frame, dict(zip(known, effect, strict=True))


def called(themes: pd.DataFrame) -> pd.Series:
    return (themes["theme_lift_low"] > 1) | (themes["theme_lift_high"] < 1)


def test_where_words_do_nothing_hardly_any_is_called_to_do_something() -> None:
    found = pd.concat([themes_of(agency(seed, {})[0]) for seed in (1, 2)])
    assert len(found) == 120
    assert called(found).mean() <= 0.02


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    """Of 60 words six bring 1.3 times as much, and six as much less."""
    parts = []
    for seed in (6, 7, 8):
        effects = {f"more{c}": LIFT for c in "abcdef"} | {f"less{c}": -LIFT for c in "abcdef"}
        posts, true = agency(seed, effects)
        themes = themes_of(posts)
        parts.append(themes.assign(true=np.exp(themes["theme"].map(true).astype(float))))
    return pd.concat(parts)


def test_words_that_bring_a_third_more_or_less_are_found(planted: pd.DataFrame) -> None:
    does = planted["true"] != 1
    assert called(planted)[does].mean() >= 0.85
    assert called(planted)[~does].mean() <= 0.02


def test_their_intervals_hold_what_is_true(planted: pd.DataFrame) -> None:
    does = planted[planted["true"] != 1]
    held = (does["theme_lift_low"] <= does["true"]) & (does["true"] <= does["theme_lift_high"])
    assert 0.85 <= held.mean() <= 0.95


def test_a_hook_that_is_posted_a_hundred_times_is_one_hook() -> None:
    """A careless count of posts would be sure of `lucky`: its 200 posts did twice the usual. It stands on 5 hooks."""
    random = np.random.default_rng(7)
    frame, _ = agency(8, {}, hooks=200, posts=600)
    lucky = pd.DataFrame(
        {
            "post_id": [f"q{i}" for i in range(200)], "account_id": [f"a{i % 9}" for i in range(200)],
            "hook_text": [f"lucky unique{i % 5}" for i in range(200)], "use_number": 1.0,
            "log_outlier": np.repeat(random.normal(0.3, 0.35, 5)[None], 40, 0).ravel() + random.normal(0, 0.4, 200),
        }
    )  # fmt: skip
    found = themes_of(pd.concat([frame, lucky])).set_index("theme").loc["lucky"]
    assert (found["n_hooks"], found["n_theme_posts"], found["n_theme_accounts"]) == (5, 200, 9)
    assert found["theme_lift_low"] < 1
    assert found["raw_theme_lift"] > found["theme_lift"]


def posts_of(hooks: list[str], accounts: int = 3) -> pd.DataFrame:
    n = len(hooks)
    return pd.DataFrame(
        {
            "post_id": [f"p{i}" for i in range(n)], "account_id": [f"a{i % accounts}" for i in range(n)],
            "hook_text": hooks, "use_number": 1.0, "log_outlier": np.linspace(-1, 1, n),
        }
    )  # fmt: skip


OTHERS = [f"other{i}" for i in range(6)]


def test_a_word_needs_five_hooks_of_three_accounts_and_five_without_it() -> None:
    five = [f"coffee {i}x{i}y unique{i}" for i in "abcde"]
    assert themes_of(posts_of(five + OTHERS))["theme"].tolist() == ["coffee"]
    assert themes_of(posts_of(five[:4] + OTHERS)).empty
    assert themes_of(posts_of(five + OTHERS, accounts=2)).empty
    assert themes_of(posts_of(five + OTHERS[:4])).empty
    assert themes_of(posts_of([five[0]] * 5 + OTHERS)).empty, "one hook posted five times"


def test_words_that_always_come_together_are_one_theme() -> None:
    found = themes_of(posts_of([f"Cold COFFEE unique{i}" for i in range(5)] + OTHERS))
    assert found["theme"].tolist() == ["cold coffee"]
    assert found["n_hooks"].tolist() == [5]
    assert found["example_text"].str.startswith("Cold COFFEE").all()


def test_words_are_folded_and_neither_stop_words_handles_nor_single_letters() -> None:
    assert words_of("The ＦＵＬＬ Trick by @some.one & 7 x 3k b2b don't_stop") == [
        "full", "trick", A_NUMBER, A_NUMBER, "b2b", "stop",
    ]  # fmt: skip
    assert words_of("WHY you never…") == ["why", "never"]
    assert words_of("co\u202effee \u00adtea") == ["coffee", "tea"]


def test_a_text_without_end_is_read_as_far_as_anybody_would() -> None:
    found = themes_of(posts_of([f"unique{i} coffee {'x' * 100_000}" for i in range(5)] + OTHERS))
    assert found["theme"].tolist() == ["coffee"]


def test_without_posts_there_is_an_answer_without_rows() -> None:
    empty = themes_of(posts_of([]))
    assert list(empty.columns) == list(THEME_COLUMNS)
    assert empty["n_hooks"].dtype == "int64" and empty["theme_lift"].dtype == "float64"


def test_of_few_effects_among_nothing_the_large_is_kept_and_the_others_go() -> None:
    estimate, error = np.r_[1.0, np.linspace(-0.1, 0.1, 99)], np.full(100, 0.1)
    found = sparse_effects(estimate, error, level=0.9)
    assert found.mean[0] > 0.85 and found.low[0] > 0.7
    assert np.abs(found.mean[1:]).max() < 0.02
    assert ((found.low < found.mean) & (found.mean < found.high)).all()
    assert found.p_wrong[0] < 0.001 and found.p_wrong[50] == pytest.approx(0.5, abs=0.01)


def test_effects_alike_are_drawn_in_by_as_much_as_their_errors_ask_for() -> None:
    random = np.random.default_rng(1)
    true = random.normal(0, 0.2, 400)
    found = sparse_effects(true + random.normal(0, 0.2, 400), np.full(400, 0.2), level=0.9)
    assert np.polyfit(found.mean, true, 1)[0] == pytest.approx(1.0, abs=0.15)
    assert ((found.low <= true) & (true <= found.high)).mean() == pytest.approx(0.9, abs=0.04)


def test_a_hook_says_what_the_clearest_reading_of_its_image_says() -> None:
    uses = table(
        """
        post_id | slide_index | image_id | use_number | is_hook
        p1      |           1 | i1       |          1 | true
        p2      |           1 | i1       |          2 | true
        p3      |           1 | -        |          - | true
        p4      |           1 | i2       |          1 | true
        p4      |           2 | i3       |          1 | false
        p5      |           1 | i3       |          2 | true
        """
    )
    slides = table(
        """
        post_id | slide_index | ocr_text   | ocr_confidence
        p1      |           1 | thc worst  | 0.8
        p2      |           1 | the worst  | 0.9
        p3      |           1 | own words  | 0.9
        p4      |           1 | mumbled    | 0.4
        p4      |           2 | a later one| 0.9
        p5      |           1 | unknown    | 0.9
        """,
        ocr_text="string",
        ocr_confidence="float64",
    )
    mature = table(
        """
        post_id | account_id | log_outlier_120
        p1      | a          | 0.5
        p2      | a          | 0.1
        p3      | b          | 0.2
        p4      | b          | 0.3
        p5      | b          | -
        """
    )
    assert rows(hook_posts(uses, slides, mature), "post_id", "hook_text", "use_number", "log_outlier") == [
        {"post_id": "p1", "hook_text": "the worst", "use_number": 1, "log_outlier": 0.5},
        {"post_id": "p2", "hook_text": "the worst", "use_number": 2, "log_outlier": 0.1},
        {"post_id": "p3", "hook_text": "own words", "use_number": None, "log_outlier": 0.2},
    ]
    assert ibis.to_sql(hook_posts(uses, slides, mature), dialect="duckdb")
