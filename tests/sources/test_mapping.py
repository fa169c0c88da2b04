"""Any CSV by a mapping file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from workbench.errors import SourceError, UsageError
from workbench.sources import mapping
from workbench.sources.mapping_file import CHANGES, ORIGINS, read_mapping
from workbench.sources.sniff import open_file

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTED = sorted((ROOT / "docs" / "mappings").glob("*.toml"))
VIDEO = "7618958318589021462"


@pytest.fixture
def mapped(write, read):
    """mapped(csv text, mapping text) -> what the mapping makes of it."""

    def made(text, toml, **options):
        return read(mapping.SOURCE, write(text), mapping=write(toml, "m.toml"), **options)

    return made


def test_columns_constants_and_templates(mapped, rows_of):
    made = mapped(
        "id,who,text\n5,Some.One,hi\n,x,y\n",
        '[posts]\npost_id = {template = "tiktok:{id}"}\naccount_id = {template = "tiktok:{who}"}\n'
        'caption = "text"\nsource = {constant = "sheet"}\n',
    )
    assert rows_of(made.tables["posts"], "source_row", "post_id", "account_id", "caption", "source") == [
        {
            "source_row": 1,
            "post_id": "tiktok:5",
            "account_id": "tiktok:some.one",
            "caption": "hi",
            "source": "sheet",
        },
        {"source_row": 2, "post_id": None, "account_id": "tiktok:x", "caption": "y", "source": "sheet"},
    ]


def test_an_address_gives_post_account_and_platform(mapped, rows_of):
    made = mapped(
        f"link\nhttps://www.tiktok.com/@A/video/{VIDEO}\n",
        '[posts]\npost_id = {url = "link"}\naccount_id = {url = "link"}\nurl = "link"\n'
        '[accounts]\naccount_id = {url = "link"}\nusername = {url = "link"}\n'
        'display_name = {url = "link", part = "platform"}\n',
    )
    assert rows_of(made.tables["posts"], "post_id", "account_id") == [
        {"post_id": f"tiktok:{VIDEO}", "account_id": "tiktok:a"}
    ]
    assert rows_of(made.tables["accounts"], "username", "display_name") == [
        {"username": "A", "display_name": "tiktok"}
    ]


def test_a_tiktok_id_may_tell_when_a_post_was_made(mapped, rows_of):
    made = mapped(
        f"id\n{VIDEO}\n", '[posts]\npost_id = {template = "tiktok:{id}"}\nposted_at = {tiktok_id = "id"}\n'
    )
    assert rows_of(made.tables["posts"], "posted_at", "posted_at_precision") == [
        {"posted_at": "2026-03-19 13:29:29", "posted_at_precision": "second"}
    ]


def test_dates_have_the_format_and_the_zone_of_the_mapping(mapped, rows_of):
    made = mapped(
        "id,day\n1,31/12/2025\n2,soon\n",
        '[file]\ntime_zone = "Europe/Copenhagen"\n[posts]\npost_id = {template = "tiktok:{id}"}\n'
        'posted_at = {column = "day", format = "%d/%m/%Y"}\n',
    )
    assert rows_of(made.tables["posts"], "posted_at", "posted_at_precision") == [
        {"posted_at": "2025-12-30 23:00:00", "posted_at_precision": "day"},
        {"posted_at": "soon", "posted_at_precision": "day"},
    ]


SNAPSHOTS = '[post_snapshots]\npost_id = {template = "tiktok:{id}"}\nviews = {column = "v", remove = ". "}\n'


def test_the_capture_time_is_a_column_a_constant_or_the_files_as_of(mapped, rows_of):
    text = "id,v,run\n1,1.234,20260330_193550_a1\n"
    column = (
        '[file]\ncaptured_at = {column = "run", pattern = "^(\\\\d{8}_\\\\d{6})", format = "%Y%m%d_%H%M%S"}\n'
    )
    constant = '[file]\ntime_zone = "Europe/Copenhagen"\ncaptured_at = {constant = "2026-03-22"}\n'
    captured = [
        rows_of(mapped(text, head + SNAPSHOTS).tables["post_snapshots"], "captured_at", "views")[0]
        for head in (column, constant, "")
    ]
    assert captured == [
        {"captured_at": "2026-03-30 19:35:50", "views": "1234"},
        {"captured_at": "2026-03-21 23:00:00", "views": "1234"},
        {"captured_at": "2026-01-31 12:00:00", "views": "1234"},
    ]


def test_a_fact_without_any_count_is_left_out(mapped, rows_of):
    made = mapped("id,v\n1,\n2,0\n", SNAPSHOTS)
    assert rows_of(made.tables["post_snapshots"], "post_id", "views") == [
        {"post_id": "tiktok:2", "views": "0"}
    ]


def test_equal_rows_of_a_thing_are_one_with_the_last_capture(mapped, rows_of):
    made = mapped(
        "name,at\n#Cat,2026-01-01\ncat,2026-01-03\nDog,2026-01-02\n",
        '[file]\ncaptured_at = {column = "at"}\n'
        '[hashtags]\nhashtag = "name"\nplatform = {constant = "tiktok"}\n',
    )
    assert rows_of(made.tables["hashtags"], "source_row", "hashtag", "seen_at") == [
        {"source_row": 1, "hashtag": "cat", "seen_at": "2026-01-03 00:00:00"},
        {"source_row": 3, "hashtag": "dog", "seen_at": "2026-01-02 00:00:00"},
    ]


def test_values_are_translated_lists_taken_apart_and_percents_made_shares(mapped, rows_of):
    made = mapped(
        "t,p,gone,tags,share\nx,tiktok:1,ja,a|b,50 %\n",
        '[posts]\npost_id = "p"\nis_deleted = {column = "gone", values = {ja = "true", nej = "false"}}\n'
        'hashtags = {tags = "tags"}\nkeywords = "tags"\n'
        '[trend_sources]\ntrend_id = "t"\npost_id = "p"\nrelevance = {column = "share", percent = true}\n',
    )
    assert rows_of(made.tables["posts"], "is_deleted", "hashtags", "keywords") == [
        {"is_deleted": "true", "hashtags": ["a", "b"], "keywords": '["a","b"]'}
    ]
    assert rows_of(made.tables["trend_sources"], "relevance") == [{"relevance": "0.5"}]


def test_a_column_that_the_file_lacks_stops_it_unless_it_is_optional(mapped):
    with pytest.raises(
        SourceError, match=r"reads a column 'texts', which the file lacks. Did you mean 'text'"
    ):
        mapped("id,text\n1,x\n", '[posts]\npost_id = "id"\ncaption = "texts"\n')
    made = mapped(
        "id,text\n1,x\n", '[posts]\npost_id = "id"\ncaption = {column = "texts", optional = true}\n'
    )
    assert "caption" not in made.tables["posts"].columns


def test_columns_that_no_rule_reads_are_named(mapped):
    made = mapped("id,text\n1,x\n", '[file]\ntitle = "A sheet"\n[posts]\npost_id = "id"\n')
    assert made.notes == ["Read by the mapping m.toml: A sheet.", "Not understood and left out: text."]


def test_of_a_folder_the_mapping_that_fits_is_used(write, tmp_path):
    write('[posts]\npost_id = "id"\n', "maps/less.toml")
    write('[posts]\npost_id = "id"\ncaption = "text"\n', "maps/more.toml")
    write('[posts]\npost_id = "other"\n', "maps/other.toml")
    options = {"mapping": tmp_path / "maps"}
    file = open_file(write("id,text\n1,x\n"), options=options)
    assert mapping.SOURCE.fits(file) > 0
    assert mapping.SOURCE.read(file).notes[0] == "Read by the mapping more.toml: more."
    assert mapping.SOURCE.fits(open_file(write("a\n1\n"), options=options)) == 0


def test_without_a_mapping_it_fits_nothing_and_asks_for_one(write, read):
    assert mapping.SOURCE.fits(open_file(write("id\n1\n"))) == 0
    with pytest.raises(UsageError, match="Name one with --mapping FILE"):
        read(mapping.SOURCE, write("id\n1\n"))


def test_the_guide_names_every_rule_every_change_and_every_mapping():
    guide = (ROOT / "docs" / "mappings.md").read_text(encoding="utf-8")
    for word in (*ORIGINS, *CHANGES):
        assert f"{word} = " in guide, word
    for path in DOCUMENTED:
        assert f"`{path.stem}`" in guide


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: path.stem)
def test_the_documented_mappings_are_valid(path):
    assert read_mapping(path).tables


@pytest.mark.parametrize(
    ("name", "mapping_name", "posts", "captured"),
    [
        ("tiktok_videos_raw.csv", "tiktok_first_scrape", 4_976, "2026-03-23 11:10:00"),
        ("tiktok_videos_second_scrape.csv", "tiktok_second_scrape", 5_310, "2026-03-30 17:35:50"),
    ],
)
def test_the_two_scrapes_go_in_by_their_mappings(real, name, mapping_name, posts, captured):
    path = ROOT / "docs" / "mappings" / f"{mapping_name}.toml"
    file = open_file(real(f"tiktok_two_scrapes/{name}"), options={"mapping": path})
    made = mapping.SOURCE.read(file)
    file.con.create_view("made", made.tables["post_snapshots"])
    found = file.con.con.execute(
        "select count(*), count(distinct post_id), min(captured_at), max(captured_at) from made"
    ).fetchone()
    assert found == (posts, posts, captured, captured)
    assert str(datetime.fromisoformat(captured)) == captured
