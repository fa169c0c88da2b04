"""Choosing the format of a file."""

from __future__ import annotations

import re

import pytest

from workbench.errors import UsageError
from workbench.sources.registry import SOURCES, candidates, choose, named, signatures
from workbench.sources.sniff import open_file


def test_names_of_formats_are_unique_and_none_is_a_tables():
    names = [source.name for source in SOURCES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("header", "name", "source"),
    [
        ("created_date,created_time,account,va,post_url,views", "export.csv", "master"),
        ("post_url,created_date,account,scrape_status,day1_views", "export.csv", "snaptik"),
        ("task_id,title", "tasks.csv", "table"),
        ("Comments,Comment_ID,Reply_Count,Like_Count,Date,VidId,user_ID", "export.csv", "comments"),
    ],
)
def test_a_file_is_recognised_by_its_columns(write, header, name, source):
    record = ",".join("x" for _ in header.split(","))
    assert choose(open_file(write(f"{header}\n{record}\n", name))).name == source


def test_an_unknown_file_is_told_the_formats_the_nearest_and_the_way_out(write):
    path = write("created_date,account,va,link,views,likes\na,b,c,d,1,2\n")
    with pytest.raises(UsageError) as e:
        choose(open_file(path))
    told = str(e.value)
    assert told.startswith(
        f"{path}: no format that is known fits this csv file. Its columns: created_date, account"
    )
    assert "It is nearest to master, but lacks created_time, post_url" in told
    assert re.search(r"^  master +Master list", told, re.MULTILINE)
    assert "tracker" not in told
    assert "docs/mappings.md" in told


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(UsageError, match=r"--as mastr: there is no such format. Did you mean 'master'\?"):
        named("mastr")
    with pytest.raises(UsageError, match=r"Did you mean 'tasks'\?"):
        named("taks")


def test_a_table_is_a_name_too():
    assert named("tasks").name == "table"


def test_a_source_that_was_named_must_read_files_of_that_kind(write):
    with pytest.raises(UsageError, match="--as tracker reads sqlite, this is a csv file"):
        choose(open_file(write("a,b\n1,2\n")), (named("tracker"),))


def test_a_mapping_file_is_for_every_file_and_a_folder_only_for_those_that_fit(tmp_path):
    assert [s.name for s in candidates(None, tmp_path / "m.toml")] == ["mapping"]
    assert candidates(None, tmp_path) == SOURCES
    assert [s.name for s in candidates("master", tmp_path / "m.toml")] == ["master"]


def test_every_table_has_a_signature():
    assert "task_id" in signatures()["tasks"]
