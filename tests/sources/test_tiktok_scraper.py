"""tiktok-scraper's collections, told from Apify's."""

from __future__ import annotations

import json

from workbench.sources.apify import SOURCE as APIFY
from workbench.sources.sniff import open_file
from workbench.sources.tiktok_scraper import SOURCE


def test_it_is_told_from_apifys_json_by_the_written_time(tmp_path):
    item = {"id": "1", "authorMeta": {}, "musicMeta": {}, "playCount": 1, "diggCount": 1, "webVideoUrl": ""}
    for name, more, scores in (
        ("old", {}, (100, 0)),
        ("new", {"createTimeISO": ""}, (0, 100)),
        ("none", {"id2": 1}, (100, 0)),
    ):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"collector": [item | more]}))
        file = open_file(path)
        assert (SOURCE.fits(file), APIFY.fits(file)) == scores
    path.write_text('[{"a": 1}]')
    assert SOURCE.fits(open_file(path)) == APIFY.fits(open_file(path)) == 0


def test_the_real_collection_has_its_posts_authors_and_sounds(real, read):
    tables = read(SOURCE, real("tiktok_trending_2020/trending.json")).tables
    posts = tables["posts"]
    found = posts.aggregate(
        posts=posts.post_id.nunique(),
        authors=posts.account_id.nunique(),
        sounds=posts.sound_id.nunique(),
        without_hashtags=(posts.hashtags.length() == 0).sum(),
        first=posts.posted_at.min()[:10],
        last=posts.posted_at.max()[:10],
    )
    assert found.to_pyarrow().to_pylist() == [
        {
            "posts": 1000,
            "authors": 802,
            "sounds": 907,
            "without_hashtags": 147,
            "first": "2020-09-22",
            "last": "2020-12-21",
        }
    ]
    sounds = tables["sounds"]
    assert sounds.filter(sounds.is_original == "true").count().to_pyarrow().as_py() == 746
    assert tables["accounts"].external_id.nunique().to_pyarrow().as_py() == 802
