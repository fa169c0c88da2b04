"""Level 5: content items over their platforms, with answers by hand."""

from __future__ import annotations

import ibis
from text_tables import column, rows, table

from workbench.metrics import content

LINKED = {
    **dict.fromkeys(["content_id", "post_id", "platform", "url"], "string"),
    **dict.fromkeys(["views", "engagement"], "int64"),
    "outlier": "float64",
    "posted_at": "timestamp",
}
ITEMS = "content_id | title | creator_id | stage\nc | Cards | x | published\nd | - | - | idea"


def linked(text: str) -> ibis.Table:
    return table(text, LINKED)


def items(text: str = ITEMS) -> ibis.Table:
    return table(text, title="string", stage="string")


def test_an_item_is_summed_over_all_platforms_and_best_where_its_outlier_is_largest() -> None:
    found = content.content_totals(
        items(),
        linked(
            """
            content_id | post_id | platform | views | engagement | outlier | posted_at
            c          | t1      | tiktok   |  9000 |         90 |     1.0 | 2025-03-02
            c          | t2      | tiktok   |   100 |          - |     3.0 | 2025-03-01
            c          | y1      | youtube  |  1000 |         10 |     2.5 | 2025-03-04
            """
        ),
    )
    assert rows(found) == [
        {
            "content_id": "c", "n_posts": 3, "n_counted_posts": 3, "n_platforms": 2, "views": 9000 + 100 + 1000,
            "engagement": 90 + 10, "first_posted_at": found.first_posted_at.to_pyarrow()[0].as_py(), "title": "Cards",
            "creator_id": "x", "stage": "published", "best_platform": "youtube", "best_by": "outlier",
            "best_platform_outlier": 2.5, "best_platform_views": 1000,
        }
    ]  # fmt: skip
    assert str(found.first_posted_at.to_pyarrow()[0]) == "2025-03-01 00:00:00"


def test_views_decide_where_one_platform_has_no_baseline() -> None:
    found = content.content_totals(
        items(),
        linked(
            """
            content_id | post_id | platform  | views | outlier
            c          | t1      | tiktok    |   900 |     5.0
            c          | y1      | youtube   |  1000 |       -
            c          | i1      | instagram |     - |       -
            """
        ),
    )
    (c,) = rows(found)
    assert (c["best_platform"], c["best_by"], c["best_platform_outlier"]) == ("youtube", "views", None)
    assert (c["n_posts"], c["n_counted_posts"], c["views"]) == (3, 2, 1900)


def test_of_two_alike_the_first_by_name_is_best_and_of_nothing_known_none() -> None:
    found = content.content_totals(
        items(),
        linked(
            """
            content_id | post_id | platform | views | outlier
            c          | t1      | youtube  |   500 |     2.0
            c          | y1      | tiktok   |   100 |     2.0
            d          | t2      | tiktok   |     - |       -
            """
        ),
    )
    assert column(found, "best_platform", "content_id") == {"c": "tiktok", "d": None}
    assert column(found, "best_by", "content_id") == {"c": "outlier", "d": None}
    assert column(found, "views", "content_id") == {"c": 600, "d": None}


def test_an_item_without_a_post_has_no_row() -> None:
    assert rows(content.content_totals(items(), linked("content_id | post_id\n"))) == []


def test_a_link_keeps_the_platform_of_a_post_that_is_not_known() -> None:
    links = table(
        "content_id | post_id | platform | posted_at\nc | t1 | - | -\nc | y1 | youtube | 2025-03-02"
    )
    known = dict.fromkeys(["views", "likes", "comments", "shares"], "int64")
    performance = table(
        "post_id | platform | posted_at | views | likes | views_at_120 | outlier_120\n"
        "t1 | tiktok | 2025-03-01 | 7 | 2 | 6 | 1.5",
        {**known, "url": "string"},
    )
    found = rows(
        content.linked_posts(links, performance), "post_id", "platform", "views", "engagement", "outlier"
    )
    assert found == [
        {"post_id": "t1", "platform": "tiktok", "views": 7, "engagement": 2, "outlier": 1.5},
        {"post_id": "y1", "platform": "youtube", "views": None, "engagement": None, "outlier": None},
    ]


def test_a_platform_is_best_among_the_items_that_are_on_several() -> None:
    posts = linked(
        """
        content_id | post_id | platform | views | outlier
        c          | t1      | tiktok   |   500 |     1.0
        c          | y1      | youtube  |   100 |     3.0
        d          | t2      | tiktok   |    50 |     2.0
        e          | t3      | tiktok   |     5 |     1.0
        e          | y3      | youtube  |     7 |     0.5
        """
    )
    totals = content.content_totals(items(), posts)
    assert rows(content.platform_totals(posts, totals)) == [
        {"platform": "tiktok", "n_posts": 3, "n_items": 3, "n_items_elsewhere": 2, "n_best": 1, "views": 555,
         "median_outlier": 1.0, "n_outliers": 3},
        {"platform": "youtube", "n_posts": 2, "n_items": 2, "n_items_elsewhere": 2, "n_best": 1, "views": 107,
         "median_outlier": (3.0 + 0.5) / 2, "n_outliers": 2},
    ]  # fmt: skip


def test_the_best_platform_is_that_of_plain_python() -> None:
    """An oracle by hand over every combination of known and unknown views and outliers of two platforms."""
    values = [(None, None), (10, None), (20, None), (10, 2.0), (20, 1.0)]
    lines, expected = ["content_id | post_id | platform | views | outlier"], {}
    for n, (one, other) in enumerate((a, b) for a in values for b in values):
        found = []
        for name, (views, outlier) in (("a", one), ("b", other)):
            shown = ["-" if v is None else str(v) for v in (views, outlier)]
            lines.append(f"i{n} | {name}{n} | {name} | {shown[0]} | {shown[1]}")
            found.append((name, views, outlier))
        counted = [f for f in found if f[1] is not None]
        by = 2 if counted and all(f[2] is not None for f in counted) else 1
        known = [f for f in counted if f[by] is not None]
        expected[f"i{n}"] = min(known, key=lambda f: (-f[by], f[0]))[0] if known else None
    found_best = column(
        content.content_totals(items(), linked("\n".join(lines))), "best_platform", "content_id"
    )
    assert found_best == expected
