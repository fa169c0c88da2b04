"""Level 2: accounts compared, with answers by hand."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from math import sqrt
from typing import Any

import ibis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_tables import column, rows, table

from workbench.metrics import accounts
from workbench.metrics.periods import Period

WEEK = Period(date(2025, 3, 3), date(2025, 3, 9))
PERFORMANCE = {
    **dict.fromkeys(["views", "likes", "comments", "shares", "saves", "followers_at_posting"], "int64"),
    **dict.fromkeys(["views_at_120", "views_settled", "outlier_120", "outlier_settled"], "float64"),
    **dict.fromkeys(["account_id", "platform"], "string"),
    "posted_week_on": "date",
    "posted_local_on": "date",
    "posted_local_hour": "int64",
    "is_viral": "boolean",
}


def posts(text: str) -> ibis.Table:
    return table(text, PERFORMANCE)


# --- results -----------------------------------------------------------------------------------------


def test_results_are_of_the_posts_whose_count_at_the_age_is_known() -> None:
    mature = posts(
        """
        account_id | views_at_120 | outlier_120 | followers_at_posting | views | likes | comments | saves
        a          |          100 |         3.0 |                   50 |   150 |    10 |        - |     4
        a          |          300 |         0.5 |                  100 |   350 |     - |        - |     -
        a          |          500 |           - |                    0 |   550 |     - |        5 |     -
        a          |            - |           - |                   50 |   999 |    99 |       99 |    99
        b          |            - |           - |                   50 |   999 |    99 |       99 |    99
        -          |          100 |         3.0 |                   50 |   150 |    10 |        - |     4
        """
    )
    a, b = rows(accounts.account_results(mature))
    assert a == {
        "account_id": "a", "n_posts": 4, "n_mature_posts": 3, "median_views": 300.0, "median_outlier": (3.0 + 0.5) / 2,
        "n_outliers": 2, "breakout_rate": 1 / 2, "views_per_follower": (100 / 50 + 300 / 100) / 2,
        "n_saves_known": 1, "views": 150 + 350 + 550, "engaged_views": 150 + 550, "likes": 10, "comments": 5,
        "shares": None, "saves": 4,
    }  # fmt: skip
    unknown = {
        "median_views",
        "median_outlier",
        "breakout_rate",
        "views_per_follower",
        "views",
        "engaged_views",
    }
    assert (b["n_posts"], b["n_mature_posts"], b["n_outliers"]) == (1, 0, 0)
    assert {b[name] for name in unknown} == {None}


def test_results_at_the_settled_age_use_settled_views_and_outliers() -> None:
    mature = posts(
        """
        account_id | views_at_120 | views_settled | outlier_120 | outlier_settled
        a          |            - |           800 |           - |             4.0
        a          |           70 |             - |         9.0 |               -
        """
    )
    (a,) = rows(accounts.account_results(mature, horizon="settled"))
    assert (a["n_mature_posts"], a["median_views"], a["breakout_rate"]) == (1, 800.0, 1.0)


def test_engagement_quality_weighs_what_is_known_over_the_views_it_was_got_with() -> None:
    results = table(
        """
        account_id | likes | comments | shares | saves | engaged_views
        all        |    10 |        2 |      1 |     5 |          1000
        some       |     - |        2 |      - |     5 |          1000
        unseen     |    10 |        2 |      1 |     5 |             0
        none       |     - |        - |      - |     - |             -
        """
    )
    plain = results.mutate(q=accounts.engagement_quality(results, saves=False))
    saved = results.mutate(q=accounts.engagement_quality(results, saves=True))
    assert column(plain, "q", "account_id") == {
        "all": (10 + 3 * 2 + 5 * 1) / 1000, "some": 3 * 2 / 1000, "unseen": None, "none": None,
    }  # fmt: skip
    assert column(saved, "q", "account_id")["all"] == (10 + 3 * 2 + 5 * 1 + 4 * 5) / 1000


def test_the_viral_rate_is_of_the_posts_that_have_settled() -> None:
    final = posts(
        """
        account_id | views_settled | is_viral
        a          |         20000 | true
        a          |           100 | false
        a          |             - | true
        b          |             - | true
        -          |         20000 | true
        """
    )
    assert rows(accounts.viral_rate(final)) == [
        {"account_id": "a", "n_final_posts": 2, "n_viral_posts": 1, "viral_rate": 1 / 2}
    ]


# --- growth and rhythm -------------------------------------------------------------------------------


def growth(text: str) -> dict[str, tuple[Any, ...]]:
    found = rows(accounts.follower_growth(table(text), WEEK))
    names = ("followers_first", "followers_last", "net_followers", "follower_growth_rate")
    return {r["account_id"]: tuple(r[n] for n in names) for r in found}


def test_growth_is_from_the_last_look_before_the_period_to_the_last_in_it() -> None:
    text = """
        account_id | captured_at      | followers
        a          | 2025-02-20       |        10
        a          | 2025-03-02 12:00 |       100
        a          | 2025-03-05       |       120
        a          | 2025-03-09 23:59 |       150
        a          | 2025-03-10       |       999
    """
    assert growth(text) == {"a": (100, 150, 50, 50 / 100)}


def test_growth_starts_within_the_period_where_nothing_recent_is_known_before() -> None:
    text = """
        account_id | captured_at      | followers
        stale      | 2025-02-23 23:59 |         1
        stale      | 2025-03-04       |       100
        stale      | 2025-03-08       |        90
        week_old   | 2025-02-24       |        50
        week_old   | 2025-03-04       |       100
        at_start   | 2025-03-03       |        40
        at_start   | 2025-03-08       |        60
    """
    assert growth(text) == {
        "stale": (100, 90, -10, -10 / 100),
        "week_old": (50, 100, 50, 50 / 50),
        "at_start": (40, 60, 20, 20 / 40),
    }


def test_growth_is_null_from_nothing_and_from_one_look() -> None:
    text = """
        account_id | captured_at | followers
        zero       | 2025-03-03  |         0
        zero       | 2025-03-04  |         8
        once       | 2025-03-04  |         8
        before     | 2025-03-02  |         8
        after      | 2025-03-10  |         8
        unknown    | 2025-03-04  |         -
    """
    assert growth(text) == {"zero": (0, 8, 8, None), "once": (8, 8, None, None)}
    assert growth("account_id | captured_at | followers") == {}


def rhythm(text: str, weeks: int = 4) -> dict[str, tuple[float, float]]:
    found = rows(accounts.posting_rhythm(posts(text), WEEK, weeks))
    return {r["account_id"]: (r["posts_per_week"], r["posts_cv"]) for r in found}


def test_rhythm_counts_weeks_without_a_post_as_0() -> None:
    text = """
        account_id | posted_week_on
        even       | 2025-02-10
        even       | 2025-02-17
        even       | 2025-02-24
        even       | 2025-03-03
        burst      | 2025-03-03
        burst      | 2025-03-03
        burst      | 2025-03-03
        burst      | 2025-03-03
        old        | 2025-02-03
        next       | 2025-03-10
        undated    | -
        -          | 2025-03-03
    """
    # Four weeks of 0, 0, 0, 4: mean 1, variance (1 + 1 + 1 + 9) / 4.
    assert rhythm(text) == {"even": (1.0, 0.0), "burst": (1.0, pytest.approx(sqrt(12 / 4)))}
    assert rhythm("account_id | posted_week_on") == {}


# --- percentiles and peers ---------------------------------------------------------------------------


def percentiles(values: list[float | None]) -> list[float | None]:
    text = [
        "post_id | platform | value",
        *(f"{n:03} | t | {'-' if v is None else v}" for n, v in enumerate(values)),
    ]
    known = table("\n".join(text))
    found = known.mutate(p=accounts.mid_rank(known["value"], [known.platform]))
    return list(column(found, "p").values())


def test_a_percentile_puts_ties_in_their_middle() -> None:
    assert percentiles([10, 20, 20, 40]) == [100 * 0.5 / 4, 100 * 2 / 4, 100 * 2 / 4, 100 * 3.5 / 4]
    assert percentiles([7, 7, 7]) == [50.0] * 3
    assert percentiles([7]) == [50.0]
    assert percentiles([]) == []


def test_an_unknown_value_has_no_percentile_and_counts_for_nobody() -> None:
    assert percentiles([10, None, 20, None]) == [25.0, None, 75.0, None]
    assert percentiles([None, None]) == [None, None]


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.none() | st.integers(-5, 5).map(float), min_size=1, max_size=25))
def test_percentiles_lie_within_0_and_100_with_50_for_their_mean_and_are_those_by_hand(
    values: list[float | None],
) -> None:
    known = [v for v in values if v is not None]
    found = percentiles(values)
    for value, percentile in zip(values, found, strict=True):
        if value is None:
            assert percentile is None
        else:
            below, same = sum(v < value for v in known), sum(v == value for v in known)
            assert percentile == pytest.approx(100 * (below + same / 2) / len(known))
            assert 0 < percentile < 100
    if known:
        assert np.mean([p for p in found if p is not None]) == pytest.approx(50)


@pytest.mark.parametrize(
    ("followers", "band"),
    [
        (0, 1),
        (999, 1),
        (1_000, 2),
        (9_999, 2),
        (10_000, 3),
        (99_999, 3),
        (100_000, 4),
        (999_999, 4),
        (1_000_000, 5),
    ],
)
def test_bands_begin_at_a_power_of_ten(followers: int, band: int) -> None:
    one = table(f"account_id | followers\na | {followers}")
    assert column(one.mutate(band=accounts.follower_band(one.followers)), "band", "account_id") == {"a": band}


def peers(sizes: dict[int, int], platform: str = "tiktok") -> dict[int, tuple[int, int]]:
    """band -> (the group's band, accounts of the group), of so many accounts of each band."""
    text = ["account_id | platform | followers"]
    text += [
        f"{band}-{n} | {platform} | {10 ** (band + 1)}" for band, size in sizes.items() for n in range(size)
    ]
    found = rows(accounts.peer_groups(table("\n".join(text))))
    return {int(r["account_id"][0]): (r["peer_band"], r["n_peers"]) for r in found}


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ({1: 8, 2: 8, 3: 8, 4: 8, 5: 8}, {1: (1, 8), 2: (2, 8), 3: (3, 8), 4: (4, 8), 5: (5, 8)}),
        ({2: 9, 3: 7}, {2: (2, 16), 3: (2, 16)}),  # the smaller neighbour
        ({1: 7, 2: 9}, {1: (2, 16), 2: (2, 16)}),  # the smallest joins the larger
        ({1: 9, 2: 3, 3: 3, 4: 3}, {1: (1, 9), 2: (2, 9), 3: (2, 9), 4: (2, 9)}),  # 3 -> 6 -> 9: enough
        ({1: 9, 2: 2, 3: 3}, {1: (1, 14), 2: (1, 14), 3: (1, 14)}),  # 3 -> 5 -> 14
        ({1: 2, 2: 3, 3: 8}, {1: (3, 13), 2: (3, 13), 3: (3, 13)}),  # 2 joins 1; both too few, so larger
        ({1: 9, 5: 3}, {1: (1, 12), 5: (1, 12)}),  # over empty bands
        ({1: 1, 2: 1, 4: 1}, {1: (1, 3), 2: (1, 3), 4: (1, 3)}),  # too few altogether: all together
    ],
)
def test_a_band_of_fewer_than_eight_joins_its_smaller_neighbour(
    sizes: dict[int, int], groups: dict[int, tuple[int, int]]
) -> None:
    assert peers(sizes) == groups


def groups_by_hand(sizes: dict[int, int]) -> dict[int, int]:
    """band -> members of its group, merging groups from the largest band down, then the smallest up."""
    groups = [[band] for band in sorted(sizes)]

    def size(group: list[int]) -> int:
        return sum(sizes[b] for b in group)

    for n in range(len(groups) - 1, 0, -1):
        if size(groups[n]) < accounts.FEWEST_PEERS:
            groups[n - 1 : n + 1] = [groups[n - 1] + groups[n]]
    if len(groups) > 1 and size(groups[0]) < accounts.FEWEST_PEERS:
        groups[0:2] = [groups[0] + groups[1]]
    return {band: size(group) for group in groups for band in group}


@settings(max_examples=40, deadline=None)
@given(sizes=st.dictionaries(st.integers(1, 5), st.integers(1, 12), min_size=1))
def test_peer_groups_are_those_by_hand_and_have_eight_accounts_where_there_are(sizes: dict[int, int]) -> None:
    found = {band: n for band, (_band, n) in peers(sizes).items()}
    assert found == groups_by_hand(sizes)
    if sum(sizes.values()) >= accounts.FEWEST_PEERS:
        assert min(found.values()) >= accounts.FEWEST_PEERS


def test_peers_are_of_one_platform_and_unknown_followers_count_as_few() -> None:
    accounts_of_two = table(
        """
        account_id | platform | followers
        a          | tiktok   |       500
        b          | tiktok   |         -
        c          | youtube  |       500
        """
    )
    found = {
        r["account_id"]: (r["peer_band"], r["n_peers"]) for r in rows(accounts.peer_groups(accounts_of_two))
    }
    assert found == {"a": (1, 2), "b": (1, 2), "c": (1, 1)}
    assert rows(accounts.peer_groups(table("account_id | platform | followers"))) == []


# --- the score ---------------------------------------------------------------------------------------

MEASURED = (
    "account_id | platform | peer_band | n_mature_posts | median_views | engagement_quality | follower_growth_rate"
    " | breakout_rate | posts_per_week | posts_cv | target_posts_per_week"
)
PARTS = tuple(f"{part}_part" for part in accounts.WEIGHTS)


def scores(*lines: str) -> dict[str, dict[str, Any]]:
    found = accounts.kpi_score(table("\n".join([MEASURED, *lines])))
    return {
        r["account_id"]: r
        for r in rows(found, "account_id", "consistency", *PARTS, "kpi_score", "missing_parts")
    }


def test_the_score_is_the_weighted_mean_of_five_percentiles() -> None:
    found = scores(
        "best  | t | 1 | 5 | 900 | 0.09 | 0.30 | 0.5 | 7 | 0.0 | 7",
        "mixed | t | 1 | 9 | 500 | 0.05 | 0.10 | 0.5 | 7 | 0.5 | 7",
        "worst | t | 1 | 5 | 100 | 0.01 | -0.1 | 0.0 | 1 | 1.5 | 7",
    )
    high, middle, low = 100 * 2.5 / 3, 100 * 1.5 / 3, 100 * 0.5 / 3
    tied = 100 * (1 + 1) / 3
    assert found["best"]["kpi_score"] == pytest.approx(0.9 * high + 0.1 * tied)
    assert found["mixed"]["kpi_score"] == pytest.approx(0.9 * middle + 0.1 * tied)
    assert found["worst"]["kpi_score"] == pytest.approx(low)
    assert [found["mixed"][p] for p in PARTS] == pytest.approx([middle] * 4 + [tied])
    assert {a: r["missing_parts"] for a, r in found.items()} == {"best": "", "mixed": "", "worst": ""}


def test_consistency_is_the_share_of_the_target_times_the_evenness() -> None:
    found = scores(
        "over    | t | 1 | 5 | 1 | 1 | 1 | 1 | 9 | 0.0 | 7",
        "half    | t | 1 | 5 | 1 | 1 | 1 | 1 | 7 | 0.5 | 14",
        "uneven  | t | 1 | 5 | 1 | 1 | 1 | 1 | 7 | 1.7 | 7",
        "aimless | t | 1 | 5 | 1 | 1 | 1 | 1 | 7 | 0.0 | -",
        "zero    | t | 1 | 5 | 1 | 1 | 1 | 1 | 7 | 0.0 | 0",
        "idle    | t | 1 | 5 | 1 | 1 | 1 | 1 | - | - | 7",
    )
    assert {a: r["consistency"] for a, r in found.items()} == {
        "over": 1.0,
        "half": 7 / 14 * (1 - 0.5),
        "uneven": 0.0,
        "aimless": None,
        "zero": None,
        "idle": None,
    }


def test_a_missing_part_gives_its_weight_to_the_others_and_is_named() -> None:
    found = scores(
        "whole | t | 1 | 5 | 900 | 0.09 | 0.30 | 0.5 | 7 | 0.0 | 7",
        "part  | t | 1 | 5 | 100 | 0.01 |    - | 0.9 | 7 | 0.0 | -",
        "bare  | t | 1 | 5 |   - |    - |    - |   - | - |   - | -",
    )
    low, high = 100 * 0.5 / 2, 100 * 1.5 / 2
    assert found["part"]["missing_parts"] == "growth consistency"
    assert found["part"]["kpi_score"] == pytest.approx(
        (0.30 * low + 0.25 * low + 0.10 * high) / (0.30 + 0.25 + 0.10)
    )
    assert (found["whole"]["growth_part"], found["whole"]["consistency_part"]) == (50.0, 50.0), (
        "alone in these"
    )
    assert found["bare"]["kpi_score"] is None
    assert found["bare"]["missing_parts"] == "reach engagement growth consistency breakout"


def test_there_is_no_score_under_five_mature_posts_and_nobody_is_ranked_against_it() -> None:
    found = scores(
        "few  | t | 1 | 4 | 999 | 0.99 | 0.99 | 0.9 | 7 | 0.0 | 7",
        "one  | t | 1 | 5 | 100 | 0.01 | 0.01 | 0.1 | 7 | 0.0 | 7",
    )
    assert found["few"]["kpi_score"] is None
    assert found["one"]["kpi_score"] == pytest.approx(50.0)


def test_accounts_are_scored_among_their_own_platform_and_band() -> None:
    line = "| 5 | {0} | 0.0{0} | 0.{0} | 0.{0} | {0} | 0.0 | 9"
    found = scores(
        *(f"{p}{b}{n} | {p} | {b} " + line.format(n) for p in "ty" for b in (1, 2) for n in (1, 2))
    )
    assert {a: r["kpi_score"] for a, r in found.items()} == {
        a: pytest.approx(25.0 if a.endswith("1") else 75.0) for a in found
    }


def test_no_accounts_have_no_scores() -> None:
    assert scores() == {}


def score_by_hand(measured: list[dict[str, float | None]]) -> list[float | None]:
    """The definition of metrics.md in plain Python, for accounts of one peer group."""
    enough = [m for m in measured if m["n"] is not None and m["n"] >= 5]
    scored: list[float | None] = []
    for m in measured:
        if m not in enough:
            scored.append(None)
            continue
        points = weight = 0.0
        for part, w in {
            "reach": 30,
            "engagement": 25,
            "growth": 20,
            "consistency": 15,
            "breakout": 10,
        }.items():
            value, known = m[part], [v for e in enough if (v := e[part]) is not None]
            if value is not None:
                rank = sum(v < value for v in known) + sum(v == value for v in known) / 2
                points, weight = points + w * 100 * rank / len(known), weight + w
        scored.append(points / weight if weight else None)
    return scored


_part = st.none() | st.integers(0, 4).map(lambda n: n / 4)


@settings(max_examples=40, deadline=None)
@given(
    measured=st.lists(
        st.fixed_dictionaries(
            {**dict.fromkeys(accounts.WEIGHTS, _part), "n": st.integers(3, 8).map(float)},
        ),
        min_size=1,
        max_size=9,
    )
)
def test_the_score_is_that_by_hand_and_within_0_and_100(measured: list[dict[str, float | None]]) -> None:
    def text(value: float | None) -> str:
        return "-" if value is None else str(value)

    lines = [
        f"{n} | t | 1 | {int(m['n'] or 0)} | {text(m['reach'])} | {text(m['engagement'])} | {text(m['growth'])} | "
        # A target of 1 and an even week make consistency the number of posts.
        f"{text(m['breakout'])} | {text(m['consistency'])} | 0 | 1"
        for n, m in enumerate(measured)
    ]
    found = [r["kpi_score"] for r in scores(*lines).values()]
    assert found == pytest.approx(score_by_hand(measured))
    assert all(0 < s < 100 for s in found if s is not None)


# --- size and hours ----------------------------------------------------------------------------------


def size_effect(pairs: list[tuple[int | None, int | None]]) -> dict[str, Any]:
    text = ["platform | followers_at_posting | views_at_120"]
    text += [f"t | {'-' if a is None else a} | {'-' if b is None else b}" for a, b in pairs]
    found = rows(accounts.size_effect(posts("\n".join(text))))
    return found[0] if found else {}


def ranks(values: list[int]) -> list[float]:
    """Ranks from 1, ties sharing their mean."""
    found: dict[int, float] = {}
    place = 0
    for value, same in groupby(sorted(values)):
        n = len(list(same))
        found[value] = place + (n + 1) / 2
        place += n
    return [found[v] for v in values]


def test_the_size_effect_is_spearmans_correlation() -> None:
    assert size_effect([(1, 10), (2, 20), (3, 25)])["size_effect_rho"] == pytest.approx(1)
    assert size_effect([(1, 10), (2, 5), (3, 1)])["size_effect_rho"] == pytest.approx(-1)
    # Without ties: 1 - 6 sum(d^2) / (n (n^2 - 1)), with d of 1, -1, 0, 0.
    assert size_effect([(1, 2), (2, 1), (3, 3), (4, 4)])["size_effect_rho"] == pytest.approx(
        1 - 6 * 2 / (4 * 15)
    )


def test_the_size_effect_leaves_out_what_is_unknown_and_says_how_many_it_saw() -> None:
    found = size_effect([(1, 10), (2, 20), (3, 25), (None, 1), (9, None)])
    assert found == {"platform": "t", "size_effect_rho": pytest.approx(1), "n_pairs": 3}


def test_the_size_effect_is_null_of_two_posts_and_where_one_side_is_all_the_same() -> None:
    assert size_effect([(1, 10), (2, 20)]) == {"platform": "t", "size_effect_rho": None, "n_pairs": 2}
    assert size_effect([(5, 10), (5, 20), (5, 30)])["size_effect_rho"] is None
    assert size_effect([]) == {}


@settings(max_examples=40, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=30))
def test_the_size_effect_is_the_correlation_of_ranks(pairs: list[tuple[int, int]]) -> None:
    a, b = zip(*pairs, strict=True)
    found = size_effect(list(pairs))["size_effect_rho"]
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(np.corrcoef(ranks(list(a)), ranks(list(b)))[0, 1], abs=1e-9)


def test_posting_hours_are_local_and_leave_out_posts_known_by_date_alone() -> None:
    mature = posts(
        """
        posted_local_on | posted_local_hour | outlier_120
        2025-03-03      |                18 |         1.0
        2025-03-10      |                18 |         2.0
        2025-03-09      |                 0 |         5.0
        2025-03-09      |                 - |         9.0
        2025-03-09      |                 0 |           -
        """
    )
    assert rows(accounts.posting_hours(mature)) == [
        {"weekday": 1, "local_hour": 18, "n_posts": 2, "median_outlier": (1.0 + 2.0) / 2},
        {"weekday": 7, "local_hour": 0, "n_posts": 1, "median_outlier": 5.0},
    ]
    assert rows(accounts.posting_hours(posts("posted_local_on | posted_local_hour | outlier_120"))) == []
