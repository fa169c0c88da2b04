"""YouTube Studio's export: headers with soft hyphens, a total that is no video, revenue per video."""

from __future__ import annotations

import pytest

from workbench.errors import SourceError
from workbench.sources.studio import SOURCE

TEXT = (
    "Video,Video title,Video pub\u00adlish time,Com\u00adments ad\u00added,Shares,Likes,Views,"
    "Your es\u00adtim\u00adated rev\u00aden\u00adue (EUR),Sub\u00adscribers\n"
    "Total,,,9,9,9,9,99.5,9\n"
    'zX4cV7bN0mL,A title,"May 8, 2020",1,2,3,4,79.533,5\n'
    " -pQ7rS0tU3v,Another,8-May-20,1,2,3,4,,5\n"
)


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_video_is_a_post_with_a_lifetime_snapshot(export, read, rows):
    canonical = read(SOURCE, export)
    assert rows(canonical, "posts", "post_id", "title", "posted_at", "posted_at_precision") == [
        {
            "post_id": "youtube:zX4cV7bN0mL",
            "title": "A title",
            "posted_at": "2020-05-08 00:00:00",
            "posted_at_precision": "day",
        },
        {
            "post_id": "youtube:-pQ7rS0tU3v",
            "title": "Another",
            "posted_at": "2020-05-08 00:00:00",
            "posted_at_precision": "day",
        },
    ]
    snapshot = rows(canonical, "post_snapshots")[0]
    assert str(snapshot.pop("captured_at")) == "2026-01-31 12:00:00"
    assert snapshot == {
        "source_row": 2,
        "post_id": "youtube:zX4cV7bN0mL",
        "views": "4",
        "likes": "3",
        "comments": "1",
        "shares": "2",
        "method": "lifetime",
    }


def test_revenue_has_its_currency_from_the_header(export, read, rows):
    assert rows(read(SOURCE, export), "revenue") == [
        {
            "source_row": 2,
            "revenue_id": "youtube_studio:zX4cV7bN0mL:EUR",
            "from_on": "2020-05-08",
            "to_on": "2026-01-31",
            "amount": "79.533",
            "currency": "EUR",
            "source": "youtube_studio",
            "scope": "post",
            "scope_id": "youtube:zX4cV7bN0mL",
        }
    ]


def test_what_is_left_out_is_told(export, read):
    notes = read(SOURCE, export).notes
    assert notes[0] == "Left out: 1 row 'Total' (it is no video)."
    assert notes[1] == "Not kept: Subscribers."


def test_a_date_is_midnight_in_the_files_zone(export, read, rows):
    canonical = read(SOURCE, export, time_zone="Europe/Berlin")
    assert rows(canonical, "posts", "posted_at")[0] == {"posted_at": "2020-05-07 22:00:00"}
    assert rows(canonical, "revenue", "from_on") == [{"from_on": "2020-05-08"}]


def test_both_real_exports_say_the_same(real, read):
    plain = read(SOURCE, real("youtube_creator/metrics_by_video.csv"))
    other = read(SOURCE, real("youtube_creator/metrics_by_video_cp1252.csv"), encoding="cp1252")
    for table in ("posts", "post_snapshots", "revenue"):
        mine, theirs = (c.tables[table].drop("source_row").to_pyarrow().to_pylist() for c in (plain, other))
        key = "revenue_id" if table == "revenue" else "post_id"
        if table == "posts":  # the spreadsheet lost some letters of titles
            mine, theirs = (
                [{k: v for k, v in row.items() if k != "title"} for row in side] for side in (mine, theirs)
            )
        assert sorted(mine, key=lambda r: r[key]) == sorted(theirs, key=lambda r: r[key])
        assert len(mine) == 223
    assert plain.tables["posts"].post_id.nunique().to_pyarrow().as_py() == 223


def test_the_real_export_of_a_spreadsheet_is_refused_without_its_encoding(real, read):
    with pytest.raises(SourceError, match="--encoding cp1252"):
        read(SOURCE, real("youtube_creator/metrics_by_video_cp1252.csv"))
