"""Comments: an interaction each, a follower for each who comments."""

from __future__ import annotations

import pytest

from workbench.errors import UsageError
from workbench.sources.comments import SOURCE

TEXT = (
    "Comments,Comment_ID,Reply_Count,Like_Count,Date,VidId,user_ID\n"
    '"two\nlines",Ug1,0,3,2022-01-22T08:13:29Z,aB3dE6gH9jK,User_9\n'
    "hi,Ug2,0,0,2021-01-22T08:13:29Z,aB3dE6gH9jK,User_9\n"
)


def test_a_comment_is_an_interaction_of_a_follower(tmp_path, read, rows):
    path = tmp_path / "c.csv"
    path.write_text(TEXT)
    canonical = read(SOURCE, path)
    assert rows(canonical, "interactions")[0] == {
        "source_row": 1,
        "interaction_id": "youtube:Ug1",
        "follower_id": "youtube:user_9",
        "post_id": "youtube:aB3dE6gH9jK",
        "interaction_type": "comment",
        "interaction_text": "two\nlines",
        "occurred_at": "2022-01-22T08:13:29Z",
        "seen_at": "2022-01-22T08:13:29Z",
    }
    assert rows(canonical, "followers") == [
        {
            "source_row": 1,
            "follower_id": "youtube:user_9",
            "platform": "youtube",
            "external_id": "User_9",
            "username": "User_9",
            "first_seen_at": "2021-01-22T08:13:29Z",
            "seen_at": "2022-01-22T08:13:29Z",
        }
    ]
    assert rows(canonical, "posts", "post_id") == [{"post_id": "youtube:aB3dE6gH9jK"}]
    assert canonical.notes == [
        "Not kept: Reply_Count and Like_Count of comments (an interaction has no counts)."
    ]


def test_comments_may_be_of_another_platform(tmp_path, read, rows):
    path = tmp_path / "c.csv"
    path.write_text(TEXT)
    assert rows(read(SOURCE, path, platform="TikTok"), "interactions", "post_id")[0] == {
        "post_id": "tiktok:aB3dE6gH9jK"
    }
    with pytest.raises(UsageError, match=r"--platform myspace is not known\. Platforms: tiktok"):
        read(SOURCE, path, platform="myspace")


def test_a_long_number_is_a_tiktok_post(tmp_path, read, rows):
    path = tmp_path / "c.csv"
    path.write_text(TEXT.replace("aB3dE6gH9jK", "7234567890123456789"))
    canonical = read(SOURCE, path)
    assert rows(canonical, "posts") == [
        {"source_row": 1, "post_id": "tiktok:7234567890123456789", "seen_at": "2021-01-22T08:13:29Z"}
    ]
    assert rows(canonical, "followers", "follower_id", "platform") == [
        {"follower_id": "tiktok:user_9", "platform": "tiktok"}
    ]


def test_the_real_comments_are_all_there(real, read):
    canonical = read(SOURCE, real("youtube_creator/comments.csv"))
    assert {name: table.count().to_pyarrow().as_py() for name, table in canonical.tables.items()} == {
        "posts": 222,
        "followers": 5_875,
        "interactions": 10_240,
    }
    assert canonical.tables["interactions"].interaction_id.nunique().to_pyarrow().as_py() == 10_240
