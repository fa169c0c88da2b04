"""How slides are used, week by week and image by image."""

from __future__ import annotations

from datetime import date
from math import log

import ibis
import numpy as np
import pytest
from text_tables import rows, table

from workbench.metrics.periods import Period
from workbench.metrics.slide_use import image_halves, weekly_lifts, weekly_slides

WEEK = Period(date(2025, 3, 10), date(2025, 3, 16))
USES = {
    **dict.fromkeys(["post_id", "image_id"], "string"),
    "posted_at": "timestamp",
    "use_number": "int64",
}
USED = """
post_id | image_id | posted_at        | use_number
p1      | i        | 2025-03-03 00:00 |          1
p2      | i        | 2025-03-10 00:00 |          2
p2      | j        | 2025-03-10 00:00 |          1
p3      | k        | 2025-03-16 23:59 |          1
p3      | k        | 2025-03-16 23:59 |          1
p4      | -        | 2025-03-12 00:00 |          -
p5      | i        | 2025-03-17 00:00 |          3
p6      | i        | -                |          -
"""


def test_a_week_counts_what_was_posted_in_it_and_what_was_shown_before() -> None:
    found = rows(weekly_slides(table(USED, USES), WEEK, weeks=2))
    assert found == [
        {
            "week_on": date(2025, 3, 3), "n_slide_posts": 1, "n_images_used": 1, "n_new_images": 1,
            "n_slides_used": 1, "reused_slide_share": 0 / 1,
        },
        {
            "week_on": date(2025, 3, 10), "n_slide_posts": 2, "n_images_used": 3, "n_new_images": 2,
            "n_slides_used": 4, "reused_slide_share": 1 / 4,
        },
    ]  # fmt: skip


def test_the_days_of_a_week_are_local() -> None:
    """Monday begins at 23:00 UTC of the Sunday in Berlin."""
    used = table("post_id | image_id | posted_at | use_number\np | i | 2025-03-09 23:00 | 1", USES)
    (week,) = rows(weekly_slides(used, Period(WEEK.from_on, WEEK.to_on, "Europe/Berlin"), weeks=2))
    assert week["week_on"] == date(2025, 3, 10)


def test_no_slides_make_no_weeks() -> None:
    none = table("post_id | image_id | posted_at | use_number", USES)
    assert rows(weekly_slides(none, WEEK)) == []
    assert rows(weekly_lifts(none, table("image_id | first_use_lift", first_use_lift="float64"), WEEK)) == []


def test_the_lift_of_a_week_is_of_the_reused_slides_whose_image_has_one() -> None:
    """i at its 2nd and 3rd use 2.0 x 0.9 and 2.0 x 0.5, k at its 4th 0.5 x 0.5: the end of the decay holds on."""
    used = table(
        """
        post_id | image_id | posted_at  | use_number
        p1      | i        | 2025-03-03 |          1
        p2      | i        | 2025-03-10 |          2
        p3      | i        | 2025-03-11 |          3
        p4      | k        | 2025-03-12 |          4
        p5      | new      | 2025-03-12 |          1
        p6      | unknown  | 2025-03-12 |          9
        """,
        USES,
    )
    lifts = table("image_id | first_use_lift\ni | 2.0\nk | 0.5\nnew | 9.0", first_use_lift="float64")
    (week,) = rows(weekly_lifts(used, lifts, WEEK, weeks=2, reuse_decay={1: 1.0, 2: 0.9, 3: 0.5}))
    assert (week["week_on"], week["n_lift_slides"]) == (date(2025, 3, 10), 3)
    assert week["median_slide_lift"] == pytest.approx(sorted([2.0 * 0.9, 2.0 * 0.5, 0.5 * 0.5])[1])


def performance(values: dict[str, float | None]) -> ibis.Table:
    lines = "\n".join(f"{post} | {'-' if v is None else v}" for post, v in values.items())
    return table(f"post_id | log_outlier_120\n{lines}")


def test_the_later_half_of_the_uses_is_told_from_the_earlier() -> None:
    """Five known uses: the middle one is of the earlier half; one that is not known yet is of neither."""
    used = table(
        """
        post_id | image_id | use_number
        p1      | i        |          1
        p2      | i        |          2
        p3      | i        |          3
        p4      | i        |          4
        p4      | i        |          4
        p5      | i        |          5
        p6      | i        |          6
        q       | once     |          1
        r       | -        |          -
        """,
        USES,
    )
    values = {"p1": 0.1, "p2": 0.2, "p3": 0.6, "p4": -0.4, "p5": None, "p6": -0.2, "q": 0.5, "r": 9.0}
    i, once = rows(image_halves(used, performance(values)))
    assert (i["n_first"], i["n_recent"]) == (3, 2)
    assert (i["mean_first"], i["mean_recent"]) == pytest.approx(((0.1 + 0.2 + 0.6) / 3, (-0.4 - 0.2) / 2))
    assert i["squares"] == pytest.approx(0.2**2 + 0.1**2 + 0.3**2 + 0.1**2 + 0.1**2)
    assert (once["n_first"], once["n_recent"], once["mean_recent"]) == (1, 0, None)
    assert once["squares"] == pytest.approx(0.0)


def test_the_usual_decay_is_taken_out_and_its_end_holds_for_later_uses() -> None:
    used = table(
        "post_id | image_id | use_number\n" + "\n".join(f"p{k} | i | {k}" for k in (1, 2, 3, 9)), USES
    )
    decay = {1: 1.0, 2: 0.8, 3: 0.5}
    values = {"p1": 0.0, "p2": log(0.8), "p3": log(0.5), "p9": log(0.25)}
    (i,) = rows(image_halves(used, performance(dict(values)), reuse_decay=decay))
    assert (i["mean_first"], i["mean_recent"]) == pytest.approx((0.0, log(0.25 / 0.5) / 2))


def test_halves_agree_with_arrays() -> None:
    random = np.random.default_rng(5)
    by_image = {f"i{n}": random.normal(size=n) for n in range(1, 9)}
    lines, values = [], {}
    for image, y in by_image.items():
        for k, v in enumerate(y, 1):
            lines.append(f"{image}p{k} | {image} | {k}")
            values[f"{image}p{k}"] = float(v)
    used = table("post_id | image_id | use_number\n" + "\n".join(lines), USES)
    for found in rows(image_halves(used, performance(dict(values)))):
        y = by_image[found["image_id"]]
        first, recent = y[: (len(y) + 1) // 2], y[(len(y) + 1) // 2 :]
        assert (found["n_first"], found["n_recent"]) == (len(first), len(recent))
        assert found["mean_first"] == pytest.approx(first.mean())
        expected = sum(((half - half.mean()) ** 2).sum() for half in (first, recent) if len(half))
        assert found["squares"] == pytest.approx(expected, abs=1e-12)
