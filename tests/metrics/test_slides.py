"""Uses of images, and what they did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest

import workbench
from tests.text_tables import rows, table
from workbench import Workbench
from workbench.demo import DemoFiles
from workbench.metrics.periods import Period
from workbench.metrics.slides import RESULTS, slide_results, slide_uses, text_results, uses_with_results

POSTS = table(
    """
    post_id | platform | account_id | posted_at        | creator_id | set_id | va_id
    p1      | tiktok   | a          | 2025-01-01 00:00 | c1         | s1     | v1
    p2      | tiktok   | b          | 2025-01-04 12:00 | -          | -      | -
    p3      | tiktok   | a          | 2025-01-11 00:00 | -          | -      | -
    p4      | tiktok   | b          | 2025-01-11 00:00 | -          | -      | -
    p5      | tiktok   | -          | 2025-01-12 00:00 | -          | -      | -
    p6      | tiktok   | a          | -                | -          | -      | -
    """
)


def uses(text: str) -> list[dict[str, object]]:
    return rows(slide_uses(table(text), POSTS))


def test_uses_are_numbered_by_time_then_by_post_on_the_account_and_anywhere() -> None:
    found = uses(
        """
        post_id | slide_index | image_id | text_id
        p4      | 1           | x        | -
        p3      | 2           | x        | -
        p2      | 1           | x        | -
        p1      | 3           | x        | -
        """
    )
    columns = ("post_id", "use_number", "gap_days", "account_use_number", "account_gap_days", "is_hook")
    assert [tuple(row[c] for c in columns) for row in found] == [
        ("p1", 1, None, 1, None, False),
        ("p2", 2, 3.5, 1, None, True),
        ("p3", 3, 6.5, 2, 10.0, False),
        ("p4", 4, 0.0, 2, 6.5, True),
    ]


def test_a_post_that_shows_an_image_twice_uses_it_once() -> None:
    found = uses(
        """
        post_id | slide_index | image_id | text_id
        p1      | 1           | x        | -
        p1      | 4           | x        | -
        p2      | 2           | x        | -
        """
    )
    assert [(r["slide_index"], r["use_number"], r["gap_days"]) for r in found] == [
        (1, 1, None),
        (4, 1, None),
        (2, 2, 3.5),
    ]


def test_what_has_no_image_no_time_or_no_account_has_no_number_there() -> None:
    found = uses(
        """
        post_id | slide_index | image_id | text_id
        p1      | 1           | -        | t
        p1      | 2           | x        | t
        p5      | 1           | x        | -
        p6      | 1           | x        | -
        p9      | 1           | x        | -
        """
    )
    numbers = [(r["post_id"], r["use_number"], r["account_use_number"], r["account_gap_days"]) for r in found]
    assert numbers == [
        ("p1", None, None, None),
        ("p1", 1, 1, None),
        ("p5", 2, None, None),
        ("p6", None, None, None),
        ("p9", None, None, None),
    ]


def test_a_use_says_whose_post_it_is_of() -> None:
    (found,) = uses("post_id | slide_index | image_id | text_id\n p1 | 1 | x | t")
    who = ("platform", "account_id", "creator_id", "set_id", "va_id", "text_id", "posted_at")
    assert [found[c] for c in who] == ["tiktok", "a", "c1", "s1", "v1", "t", datetime(2025, 1, 1)]


def test_no_slides_are_no_uses() -> None:
    empty = table("post_id | slide_index | image_id | text_id\n p1 | 1 | x | t").limit(0)
    assert rows(slide_uses(empty, POSTS)) == []


# --- results ---------------------------------------------------------------------------------------------

USES = table(
    """
    post_id | slide_index | image_id | text_id | account_id | is_hook | posted_at
    p1      | 1           | x        | t       | a          | true    | 2025-01-01 00:00
    p1      | 2           | x        | t       | a          | false   | 2025-01-01 00:00
    p2      | 1           | x        | t       | b          | true    | 2025-01-05 00:00
    p3      | 2           | x        | -       | b          | false   | 2025-01-06 00:00
    p4      | 1           | y        | t       | b          | true    | 2025-01-07 00:00
    p5      | 1           | y        | t       | b          | true    | 2025-02-01 00:00
    p6      | 1           | -        | -       | b          | true    | 2025-01-07 00:00
    """
)
MATURE = table(
    """
    post_id | posted_at        | views_at_120 | outlier_120 | url
    p1      | 2025-01-01 00:00 | 100          | 0.5         | u1
    p2      | 2025-01-05 00:00 | 300          | 3.0         | u2
    p3      | 2025-01-06 00:00 | 800          | -           | u3
    p4      | 2025-01-07 00:00 | -            | -           | u4
    p6      | 2025-01-07 00:00 | 999          | 9.0         | u6
    """
)
AT = datetime(2025, 1, 10, 12)


def test_results_of_an_image_are_those_of_its_posts_each_once() -> None:
    found = rows(slide_results(USES, MATURE, at=AT))
    assert [row["image_id"] for row in found] == ["x", "y"]
    x, y = found
    assert (x["n_posts"], x["n_mature_posts"], x["n_outliers"]) == (3, 3, 2)
    assert (x["median_views"], x["median_outlier"], x["breakout_rate"]) == (300, (0.5 + 3.0) / 2, 1 / 2)
    assert (x["n_uses"], x["n_accounts_used"], x["days_since_used"]) == (3, 2, 4)
    assert (x["first_used_at"], x["last_used_at"]) == (datetime(2025, 1, 1), datetime(2025, 1, 6))
    assert (x["example_post_id"], x["example_url"]) == ("p2", "u2")
    assert (y["n_posts"], y["n_mature_posts"], y["median_views"], y["breakout_rate"]) == (1, 0, None, None)
    assert y["n_uses"] == 1, "a use after the period is not counted yet"


def test_the_example_of_an_image_is_one_of_the_posts_compared() -> None:
    unknown = MATURE.filter(MATURE.post_id == "p1").mutate(outlier_120=MATURE.outlier_120.nullif(0.5))
    (x,) = rows(slide_results(USES, unknown, at=AT))
    assert (x["example_post_id"], x["example_url"]) == ("p1", "u1"), "not the newest use, in another period"


def test_results_of_hooks_leave_out_what_stands_further_back() -> None:
    found = rows(slide_results(USES, MATURE, at=AT, hooks=True))
    assert [(r["image_id"], r["n_posts"], r["median_views"]) for r in found] == [
        ("x", 2, 200),
        ("y", 1, None),
    ]


def test_results_settled_are_by_the_settled_counts() -> None:
    settled = MATURE.rename(views_settled="views_at_120", outlier_settled="outlier_120")
    found = rows(slide_results(USES, settled, at=AT, horizon="settled"))
    assert [r["median_views"] for r in found] == [300, None]


SLIDES = table(
    """
    post_id | slide_index | ocr_text
    p1      | 1           | B text
    p2      | 1           | A text
    p4      | 1           | C text
    """,
    ocr_text="string",
)


@pytest.mark.parametrize(("least_images", "found"), [(1, ["t"]), (2, ["t"]), (3, [])])
def test_a_reused_hook_is_a_text_on_several_images(least_images: int, found: list[str]) -> None:
    answer = rows(text_results(USES, SLIDES, MATURE, at=AT, least_images=least_images))
    assert [row["text_id"] for row in answer] == found


def test_results_of_a_text_are_those_of_all_its_images() -> None:
    (row,) = rows(text_results(USES, SLIDES, MATURE, at=AT))
    assert (row["n_images"], row["n_uses"], row["n_posts"], row["n_mature_posts"]) == (2, 3, 3, 2)
    assert (row["median_views"], row["median_outlier"], row["ocr_text"]) == (200, 1.75, "A text")
    assert row["last_used_at"] == datetime(2025, 1, 7)


# --- on the demo -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wb(demo_home: Path) -> Iterator[Workbench]:
    with workbench.connect(demo_home) as opened:
        yield opened


def test_uses_with_results_are_the_posts_of_the_period_by_hand(wb: Workbench) -> None:
    period = Period(date(2025, 8, 4), date(2025, 8, 31), "Europe/Berlin")
    found = uses_with_results(wb.table("slide_uses"), wb.table("post_performance"), period)
    answer = found.order_by(["post_id", "slide_index"]).to_pyarrow().to_pylist()
    by_hand = wb.sql(
        f"SELECT u.*, {', '.join(f'p.{c}' for c in RESULTS)} FROM slide_uses u JOIN post_performance p "
        "ON p.post_id = u.post_id WHERE u.posted_at >= TIMESTAMP '2025-08-03 22:00' "
        "AND u.posted_at < TIMESTAMP '2025-08-31 22:00' ORDER BY u.post_id, u.slide_index"
    )
    assert len(answer) > 50
    assert answer == by_hand.to_pyarrow().to_pylist()


def test_results_of_images_are_those_by_hand(wb: Workbench) -> None:
    performance = wb.table("post_performance")
    found = slide_results(wb.table("slide_uses"), performance, at=datetime(2025, 12, 1))
    columns = [
        "image_id", "n_posts", "n_mature_posts", "median_views", "median_outlier", "breakout_rate", "n_uses",
        "n_accounts_used", "last_used_at",
    ]  # fmt: skip
    by_hand = wb.sql(
        """
        SELECT image_id, count(*) AS n_posts, count(views_at_120) AS n_mature_posts,
            median(views_at_120) AS median_views,
            median(outlier_120) AS median_outlier,
            count(*) FILTER (outlier_120 >= 3) / nullif(count(outlier_120), 0) AS breakout_rate,
            count(*) AS n_uses, count(DISTINCT account_id) AS n_accounts_used, max(posted_at) AS last_used_at
        FROM (SELECT DISTINCT image_id, post_id FROM slide_uses WHERE image_id IS NOT NULL)
            JOIN post_performance USING (post_id)
        GROUP BY image_id ORDER BY image_id
        """
    )
    answer = rows(found, *columns)
    assert len(answer) > 100
    assert answer == by_hand.to_pyarrow().to_pylist()


def with_truth(wb: Workbench, demo: DemoFiles) -> pd.DataFrame:
    """Uses of slides with what is true of them, of those that have both."""
    truth = pd.read_parquet(f"{demo.truth}/slide_uses.parquet")
    return (
        wb.table("slide_uses").execute().merge(truth, on=["post_id", "slide_index"], suffixes=("", "_true"))
    )


def test_use_numbers_of_the_demo_are_the_true_ones(wb: Workbench, small_demo: DemoFiles) -> None:
    pairs = with_truth(wb, small_demo)
    assert len(pairs) > 1_000
    assert (pairs["use_number"] == pairs["use_number_true"]).mean() > 0.97


def test_images_of_the_demo_are_the_true_ones(wb: Workbench, small_demo: DemoFiles) -> None:
    """Pairs of slides: found and true."""
    pairs = with_truth(wb, small_demo)

    def n_pairs(*by: str) -> int:
        sizes = pairs.groupby(list(by)).size()
        return int((sizes * (sizes - 1)).sum())

    both = n_pairs("image_id", "image_id_true")
    assert both / n_pairs("image_id") >= 0.98
    assert both / n_pairs("image_id_true") >= 0.98
