"""Apify's exports: JSON, and CSV whose columns are paths."""

from __future__ import annotations

import pytest

from workbench.errors import UsageError
from workbench.sources.apify import SOURCE

URL = "https://www.tiktok.com/@nina/video/6907000000000000097"


def test_a_csv_without_id_and_hashtags_takes_them_from_address_and_text(tmp_path, read, rows):
    path = tmp_path / "export.csv"
    path.write_text(
        "authorMeta.name,text,diggCount,playCount,videoMeta.duration,musicMeta.musicName,musicMeta.musicAuthor,createTimeISO,webVideoUrl\n"
        f'nina,"one #Two\nthree",5,6,0,original sound,Nina,2025-09-19T21:09:17.000Z,{URL}\n'
    )
    canonical = read(SOURCE, path)
    columns = ("post_id", "account_id", "hashtags", "posted_at", "sound_id", "caption")
    assert rows(canonical, "posts", *columns, "post_type", "duration_seconds") == [
        {
            "post_id": "tiktok:6907000000000000097",
            "account_id": "tiktok:nina",
            "hashtags": ["two"],
            "posted_at": "2025-09-19 21:09:17",
            "sound_id": "original sound - nina",
            "caption": "one #Two\nthree",
        }
    ]
    assert len(canonical.notes) == 3


@pytest.mark.parametrize("between", [".", "/"])
def test_numbered_columns_are_lists(tmp_path, read, rows, between):
    path = tmp_path / "export.csv"
    names = ["hashtags.0.name", "hashtags.1.name", *(f"slideshowImageLinks.{i}.tiktokLink" for i in (0, 1))]
    names += ["authorMeta.name", "id", "isSlideshow", "playCount", "diggCount", "webVideoUrl"]
    header = ",".join(name.replace(".", between) for name in names)
    path.write_text(
        f"{header}\nb,A,https://a/1.jpg,https://a/2.jpg,nina,6907000000000000097,true,1,2,{URL}\n"
    )
    canonical = read(SOURCE, path)
    assert rows(canonical, "posts", "hashtags", "post_type", "slide_count") == [
        {"hashtags": ["a", "b"], "post_type": "slideshow", "slide_count": 2}
    ]
    assert [row["slide_url"] for row in rows(canonical, "slides")] == ["https://a/1.jpg", "https://a/2.jpg"]
    assert canonical.notes == []


def test_another_csv_is_refused_under_this_name(tmp_path, read):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match=r"it lacks the columns authorMeta\.name, diggCount"):
        read(SOURCE, path)


def test_the_real_csv_has_1160_posts_in_1351_rows(real, read):
    tables = read(SOURCE, real("tiktok_apify/clockworks_export.csv")).tables
    posts, snapshots = tables["posts"], tables["post_snapshots"]
    assert posts.count().to_pyarrow().as_py() == 1351
    assert posts.post_id.nunique().to_pyarrow().as_py() == 1351 - 191
    assert posts.account_id.nunique().to_pyarrow().as_py() == 942
    views = snapshots.group_by("post_id").agg(n=snapshots.views.nunique())
    assert views.filter(views.n > 1).count().to_pyarrow().as_py() == 10
    assert (
        snapshots.filter(snapshots.likes.cast("int64") > snapshots.views.cast("int64"))
        .post_id.nunique()
        .to_pyarrow()
        .as_py()
        == 1
    )


def test_the_real_slideshow_has_its_picture(real, read, rows):
    canonical = read(SOURCE, real("tiktok_apify/slideshow_item.json"))
    assert rows(canonical, "posts", "post_type", "slide_count", "caption") == [
        {"post_type": "slideshow", "slide_count": 1}
    ]
    assert [row["slide_index"] for row in rows(canonical, "slides")] == [1]
    assert rows(canonical, "account_snapshots", "followers") == [{"followers": "2200000"}]
