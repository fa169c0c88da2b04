"""Charts: what is drawn, what is said, what travels."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from workbench.display import charts
from workbench.errors import UsageError

WEEKS = pd.DataFrame(
    {
        "week": ["2025-W39", "2025-W40"],
        "views": [100, 200],
        "low": [90, 150],
        "high": [120, 260],
        "secret": ["s", "s"],
    }
)


def spec(chart) -> dict:
    return chart.to_dict()


def rows(chart) -> list[dict]:
    return [row for data in spec(chart)["datasets"].values() for row in data]


def drawn() -> dict:
    hours = pd.DataFrame({"weekday": [1, 7], "hour": [3, 23], "views": [5.0, None]})
    return {
        "line": charts.line(
            WEEKS, x="week", y="views", low="low", high="high", title="Reach rose", reference=150
        ),
        "ranked": charts.ranked(WEEKS, label="week", value="views", title="W40 leads"),
        "dots": charts.ranked(WEEKS, label="week", value="views", low="low", high="high", title="W40 leads"),
        "heat_map": charts.heat_map(
            hours, weekday="weekday", hour="hour", value="views", title="Mornings do best"
        ),
        "scatter": charts.scatter(WEEKS, x="low", y="views", label="week", title="Both rise"),
    }


@pytest.mark.parametrize("kind", ["line", "ranked", "dots", "heat_map", "scatter"])
def test_each_chart_has_a_title_a_description_and_fits_its_place(kind):
    made = spec(drawn()[kind])
    assert made["title"]["text"] and len(made["description"]) > 20 and made["width"] == "container"
    json.dumps(made, allow_nan=False)


def test_only_the_columns_that_are_drawn_travel():
    for chart in drawn().values():
        assert all("secret" not in row for row in rows(chart))


def test_a_line_describes_its_highest_and_lowest_point():
    assert drawn()["line"].to_dict()["description"] == (
        "Line chart of Views by week, 2 points. Highest 200 (2025-W40), lowest 100 (2025-W39)."
    )


def test_bars_start_at_0_and_dots_with_intervals_need_not():
    def zero(chart):
        return [layer["encoding"]["x"]["scale"]["zero"] for layer in spec(chart)["layer"]]

    assert zero(drawn()["ranked"]) == [True]
    assert zero(drawn()["dots"]) == [False, False]


def test_a_ranking_puts_the_largest_first_leaves_out_the_unknown_and_says_what_it_cut():
    data = pd.DataFrame({"account_id": ["a", "b", "c", "d"], "views": [1, 3, None, 2]})
    chart = charts.ranked(data, label="account_id", value="views", title="b leads", limit=2)
    assert [r["account_id"] for r in rows(chart)] == ["b", "d"]
    assert spec(chart)["title"]["subtitle"] == "The first 2 of 3."


def test_a_logarithmic_scatter_says_how_many_zeros_it_left_out():
    data = pd.DataFrame({"followers": [0, 10, 100], "views": [5, 5, None]})
    chart = charts.scatter(data, x="followers", y="views", title="Few are known")
    assert len(rows(chart)) == 1 and spec(chart)["title"]["subtitle"] == "1 point at 0 can't be shown here."


def test_a_chart_of_nothing_is_drawn_and_says_so():
    nothing = WEEKS.head(0)
    assert (
        "No figure is known" in spec(charts.line(nothing, x="week", y="views", title="None"))["description"]
    )
    charts.ranked(nothing, label="week", value="views", title="None").to_dict()
    hours = pd.DataFrame({"weekday": [], "hour": [], "views": []})
    charts.heat_map(hours, weekday="weekday", hour="hour", value="views", title="None").to_dict()
    charts.scatter(nothing, x="low", y="views", title="None").to_dict()


def test_weekdays_are_1_to_7_and_nothing_else():
    names = [r["weekday_name"] for r in rows(drawn()["heat_map"]) if "views" in r]
    assert names == ["Mon"]
    wrong = pd.DataFrame({"weekday": [0], "hour": [3], "views": [5.0]})
    with pytest.raises(UsageError, match=r"weekday holds 0, which is no weekday\. Weekdays are 1 for Monday"):
        charts.heat_map(wrong, weekday="weekday", hour="hour", value="views", title="t")


def test_days_are_ticks_where_they_are_few_and_logarithmic_ticks_are_powers_of_ten():
    data = pd.DataFrame({"day": pd.to_datetime(["2025-10-01", "2025-10-08"]), "views": [1, 2]})
    axis = spec(charts.line(data, x="day", y="views", title="Rose"))["layer"][0]["encoding"]["x"]["axis"]
    assert axis["format"] == "%-d %b" and axis["values"][1] == {"year": 2025, "month": 10, "date": 8}
    wide = pd.DataFrame({"followers": [1, 99_000], "views": [20, 90], "platform": ["tiktok", "tiktok"]})
    encoding = spec(charts.scatter(wide, x="followers", y="views", colour="platform", title="t"))["encoding"]
    assert encoding["x"]["axis"]["values"] == [10.0**n for n in range(6)]
    assert encoding["y"]["axis"]["values"] == [10, 20, 50, 100, 200, 500]
    assert "color" not in encoding, "one colour needs no legend"


def test_names_by_strangers_are_cut_and_cleaned():
    data = pd.DataFrame({"account_id": ["x" * 100_000, "a\u202eb"], "views": [2, 1]})
    names = [r["account_id"] for r in rows(charts.ranked(data, label="account_id", value="views", title="t"))]
    assert len(names[0]) == 80 and names[1] == "ab"


def test_fractions_are_axes_in_percent_and_dates_are_time():
    data = pd.DataFrame(
        {"day": pd.to_datetime(["2025-10-01", "2025-10-02"]), "engagement_rate": [0.01, 0.02]}
    )
    encoding = spec(charts.line(data, x="day", y="engagement_rate", title="Rose"))["layer"][0]["encoding"]
    assert encoding["x"]["type"] == "temporal" and encoding["y"]["axis"]["format"] == "~%"


def test_words_on_an_axis_keep_the_order_of_the_rows():
    steps = pd.DataFrame({"use": ["1", "2", "6-7", "11+"], "median_outlier": [1.0, 0.8, 0.6, 0.5]})
    drawn = charts.line(steps, x="use", y="median_outlier", title="t").to_dict()
    across = [layer["encoding"]["x"] for layer in drawn["layer"] if "x" in layer["encoding"]]
    assert across and all(x["sort"] == ["1", "2", "6-7", "11+"] for x in across)
