"""Images to show again: who rests long enough, whose they are, and in which order they come."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ibis import _
from text_tables import column, rows, table

from workbench.metrics import recommendations as rested

AT = datetime(2025, 6, 30)
USES = {
    **dict.fromkeys(["post_id", "image_id", "platform", "account_id", "creator_id"], "string"),
    "posted_at": "timestamp",
    **dict.fromkeys(["slide_index", "use_number"], "int64"),
}
ACCOUNTS = {
    **dict.fromkeys(["account_id", "platform", "creator_id", "checked_state"], "string"),
    "is_active": "boolean",
}


def uses(text: str) -> ibis.Table:
    return table(text, USES)


def offered(
    images: str, used: str, accounts: str = "account_id | platform\na | tiktok", per_account: int = 5
) -> list[tuple[str, int, str, int | None]]:
    found = rested.recommended_images(
        table(images, expected_multiple="float64"),
        uses(used),
        table(accounts, ACCOUNTS),
        at=AT,
        per_account=per_account,
    )
    return [(r["account_id"], r["place"], r["image_id"], r["days_since_used_here"]) for r in rows(found)]


ONE = """
image_id | expected_multiple
i        |               1.5
"""


@pytest.mark.parametrize(
    ("posted_at", "days"),
    [("2025-05-01 00:00", 60), ("2025-05-01 00:01", None), ("2025-05-02 00:00", None), ("2025-04-01", 90)],
)
def test_an_image_comes_back_to_its_account_after_60_days(posted_at: str, days: int | None) -> None:
    found = offered(
        ONE,
        f"""
        post_id | image_id | platform | account_id | posted_at
        p1      | i        | tiktok   | a          | {posted_at}
        """,
    )
    assert found == ([] if days is None else [("a", 1, "i", days)])


@pytest.mark.parametrize(
    ("posted_at", "free"),
    [("2025-06-16 00:00", True), ("2025-06-16 00:01", False), ("2025-06-17 00:00", False)],
)
def test_an_image_rests_14_days_wherever_it_was_used(posted_at: str, free: bool) -> None:
    found = offered(
        ONE,
        f"""
        post_id | image_id | platform | account_id | posted_at
        p1      | i        | tiktok   | a          | 2025-01-01
        p2      | i        | tiktok   | b          | {posted_at}
        """,
    )
    assert found == ([("a", 1, "i", 180)] if free else [])


def test_uses_after_the_asked_instant_or_at_an_unknown_time_hold_nothing_back() -> None:
    found = offered(
        ONE,
        """
        post_id | image_id | platform | account_id | posted_at
        p1      | i        | tiktok   | a          | 2025-01-01
        p2      | i        | tiktok   | a          | 2025-06-30 00:00
        p3      | i        | tiktok   | a          | -
        """,
    )
    assert found == [("a", 1, "i", 180)]


def test_an_account_is_offered_images_of_its_creators_and_its_own() -> None:
    found = offered(
        """
        image_id  | expected_multiple
        assigned  |               1.5
        posted    |               1.4
        itself    |               1.3
        strangers |               1.2
        """,
        """
        post_id | image_id  | platform | account_id | creator_id | posted_at
        p1      | assigned  | tiktok   | other      | ann        | 2025-01-01
        p2      | posted    | tiktok   | other      | bob        | 2025-01-01
        p3      | nothing   | tiktok   | a          | bob        | 2025-01-01
        p4      | itself    | tiktok   | a          | -          | 2025-01-01
        p5      | strangers | tiktok   | other      | cid        | 2025-01-01
        """,
        """
        account_id | platform | creator_id
        a          | tiktok   | ann
        """,
    )
    assert [(image, days) for _, _, image, days in found] == [
        ("assigned", None), ("posted", None), ("itself", 180),
    ]  # fmt: skip


def test_closed_accounts_and_platforms_without_slides_are_offered_nothing() -> None:
    found = offered(
        ONE,
        """
        post_id | image_id | platform | account_id | creator_id | posted_at
        p1      | i        | tiktok   | x          | ann        | 2025-01-01
        """,
        """
        account_id | platform | creator_id | is_active | checked_state
        open       | tiktok   | ann        | -         | -
        active     | tiktok   | ann        | true      | ok
        inactive   | tiktok   | ann        | false     | ok
        removed    | tiktok   | ann        | true      | removed
        private    | tiktok   | ann        | true      | private
        elsewhere  | youtube  | ann        | true      | ok
        """,
    )
    assert [account for account, *_ in found] == ["active", "open"]


def test_the_best_come_first_and_a_tie_is_settled_by_the_id() -> None:
    found = offered(
        """
        image_id | expected_multiple
        z        |               2.0
        y        |               1.5
        x        |               1.5
        w        |               1.1
        """,
        """
        post_id | image_id | platform | account_id | posted_at
        p1      | w        | tiktok   | a          | 2025-01-01
        p2      | x        | tiktok   | a          | 2025-01-01
        p3      | y        | tiktok   | a          | 2025-01-01
        p4      | z        | tiktok   | a          | 2025-01-01
        """,
        per_account=3,
    )
    assert [(place, image) for _, place, image, _ in found] == [(1, "z"), (2, "x"), (3, "y")]


def test_nothing_used_means_nothing_recommended() -> None:
    empty = "post_id | image_id | platform | account_id | posted_at"
    assert offered(ONE, empty) == []
    for so_far in (rested.image_uses, rested.uses_so_far):
        assert rows(so_far(uses(empty), AT)) == []
        assert rows(so_far(uses("post_id | posted_at\np1 | 2025-01-01"), AT)) == []


_DAYS = st.integers(min_value=0, max_value=100)


@hypothesis_settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("ijkl"), _DAYS), max_size=12))
def test_who_is_offered_what_agrees_with_a_loop(used: list[tuple[str, str, int]]) -> None:
    """An oracle in plain Python, at the resolution of days."""
    lines = [f"p{n} | {i} | tiktok | {a} | {AT - timedelta(days=d)}" for n, (a, i, d) in enumerate(used)]
    text = "\n".join(["post_id | image_id | platform | account_id | posted_at", *lines])
    images = "image_id | expected_multiple\n" + "\n".join(
        f"{i} | {m}" for i, m in zip("ijkl", (9, 8, 7, 6), strict=True)
    )
    accounts = "account_id | platform\na | tiktok\nb | tiktok\nc | tiktok"
    before = [(a, i, d) for a, i, d in used if d > 0]
    expected = []
    for account in "abc":
        mine = sorted({i for a, i, _ in before if a == account})
        free = [
            i
            for i in mine
            if all(d >= 14 for _, j, d in before if j == i)
            and all(d >= 60 for a, j, d in before if j == i and a == account)
        ]
        last = {i: min(d for a, j, d in before if (a, j) == (account, i)) for i in free}
        expected += [(account, place, i, last[i]) for place, i in enumerate(free[:2], 1)]
    assert offered(images, text, accounts, per_account=2) == expected


# --- what is told of an image ------------------------------------------------------------------------


def test_an_image_shown_twice_in_a_post_was_used_once() -> None:
    used = uses(
        """
        post_id | slide_index | image_id | account_id | posted_at        | use_number
        p1      |           1 | i        | a          | 2025-06-01       |          1
        p1      |           2 | i        | a          | 2025-06-01       |          1
        p2      |           1 | i        | b          | 2025-06-19 12:00 |          2
        p3      |           1 | i        | b          | 2025-07-01       |          3
        p4      |           1 | -        | b          | 2025-06-01       |          -
        """
    )
    found = rested.image_uses(used, AT)
    lean = rows(rested.uses_so_far(used, AT))
    assert lean == rows(found, "image_id", "n_uses", "last_used_at", "days_since_used")
    assert rows(found) == [
        {
            "image_id": "i", "n_uses": 2, "n_accounts_used": 2, "first_used_at": datetime(2025, 6, 1),
            "last_used_at": datetime(2025, 6, 19, 12), "days_since_used": 10,
        }
    ]  # fmt: skip


def test_an_image_is_told_by_its_clearest_reading() -> None:
    used = uses(
        """
        post_id | slide_index | image_id
        p1      |           1 | i
        p2      |           1 | i
        p3      |           1 | i
        p4      |           1 | tie
        p5      |           1 | tie
        p6      |           1 | blurred
        p7      |           1 | blank
        p8      |           1 | i
        p9      |           1 | unread
        """
    )
    slides = table(
        """
        post_id | slide_index | ocr_text | ocr_confidence
        p1      |           1 | so-so    |            0.7
        p2      |           1 | clear    |            0.9
        p3      |           1 | unsaid   |              -
        p4      |           1 | first    |            0.8
        p5      |           1 | second   |            0.8
        p6      |           1 | smudge   |           0.49
        p7      |           1 | BLANK    |            0.9
        p8      |           1 | BLANK    |           0.99
        p9      |           1 | -        |            0.9
        """,
        ocr_text="string",
        ocr_confidence="float64",
    ).mutate(ocr_text=_.ocr_text.replace("BLANK", "  "))
    assert column(rested.image_texts(used, slides), "image_text", "image_id") == {
        "i": "clear",
        "tie": "first",
    }


PERFORMANCE = {
    **dict.fromkeys(["post_id", "account_id", "url", "post_type"], "string"),
    "slide_count": "int64",
    "posted_at": "timestamp",
    **dict.fromkeys(
        ["baseline_views_at_120", "baseline_views_settled", "outlier_120", "outlier_settled"], "float64"
    ),
}


def test_the_example_of_an_image_is_the_post_that_did_best() -> None:
    used = uses(
        """
        post_id | image_id | posted_at
        p1      | i        | 2025-01-01
        p2      | i        | 2025-01-02
        p3      | i        | 2025-07-02
        p4      | young    | 2025-01-03
        p5      | young    | 2025-01-04
        """
    )
    performance = table(
        """
        post_id | url        | outlier_120 | outlier_settled
        p1      | https://p1 |         2.0 |             1.0
        p2      | -          |         1.0 |             3.0
        p3      | https://p3 |         9.0 |             9.0
        p4      | https://p4 |           - |               -
        """,
        PERFORMANCE,
    )
    at_120, settled = (rested.image_examples(used, performance, at=AT, horizon=h) for h in ("120", "settled"))
    assert column(at_120, "example_url", "image_id") == {"i": "https://p1", "young": None}
    assert column(at_120, "example_post_id", "image_id") == {"i": "p1", "young": "p5"}
    assert column(settled, "example_post_id", "image_id")["i"] == "p2"


def test_what_is_usual_on_an_account_is_its_newest_known_baseline_of_slideshows() -> None:
    performance = table(
        """
        post_id | account_id | posted_at  | post_type | slide_count | baseline_views_at_120 | baseline_views_settled
        p1      | a          | 2025-01-01 | slideshow |           - |                   100 |                    150
        p2      | a          | 2025-02-01 | -         |           3 |                   200 |                      -
        p3      | a          | 2025-03-01 | slideshow |           3 |                     - |                      -
        p4      | a          | 2025-04-01 | video     |           0 |                   900 |                    900
        p5      | a          | 2025-08-01 | slideshow |           3 |                   999 |                    999
        v1      | videos     | 2025-01-01 | video     |           - |                    70 |                      -
        v2      | videos     | 2024-01-01 | video     |           - |                    60 |                      -
        n1      | none       | 2025-01-01 | slideshow |           3 |                     - |                      -
        t2      | tie        | 2025-01-01 | slideshow |           3 |                    12 |                     12
        t1      | tie        | 2025-01-01 | slideshow |           3 |                    11 |                     11
        """,
        PERFORMANCE,
    )
    usual, settled = (rested.slideshow_baselines(performance, at=AT, horizon=h) for h in ("120", "settled"))
    assert column(usual, "usual_views", "account_id") == {"a": 200.0, "videos": 70.0, "tie": 11.0}
    assert column(settled, "usual_views", "account_id")["a"] == 150.0
