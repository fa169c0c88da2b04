"""Mapping files are read strictly."""

from __future__ import annotations

import re

import pytest

from workbench.errors import UsageError
from workbench.sources.mapping_file import mapping_files, read_mapping

POSTS = '[posts]\npost_id = {template = "tiktok:{id}"}\n'


def test_a_mapping_names_the_columns_it_needs(write):
    mapping = read_mapping(
        write(POSTS + 'caption = "text"\nurl = {column = "link", optional = true}\n', "m.toml")
    )
    assert mapping.missing(["id", "text"]) == []
    assert mapping.missing(["id"]) == ["text"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[posts\n", "is not valid TOML"),
        ("", "fills no table"),
        ('[post]\npost_id = "x"\n', "the mapping has 'post', which is not known. Did you mean 'posts'?"),
        (POSTS + 'captoin = "x"\n', "[posts] has 'captoin', which is not known. Did you mean 'caption'?"),
        (
            POSTS + 'url = {colum = "x"}\n',
            "[posts] url has 'colum', which is not known. Did you mean 'column'?",
        ),
        (POSTS + "url = 5\n", "[posts] url = 5 is neither a column's name nor a rule"),
        (POSTS + "url = {}\n", "[posts] url names no origin. A rule names exactly one of column, constant"),
        (POSTS + 'url = {column = "a", constant = "b"}\n', "[posts] url names column and constant"),
        ('[posts]\ncaption = "x"\n', "[posts] lacks post_id, which is part of the table's key"),
        ('posts = "x"\n', "posts = 'x' is no section. Write [posts]"),
        (
            POSTS + 'url = {url = "a"}\n',
            "[posts] url: an address has no part 'url'. Write part = one of post_id",
        ),
        (POSTS + 'url = {column = "a", part = "post_id"}\n', "part goes with url, not with column"),
        (POSTS + 'url = {column = "a", pattern = "("}\n', "pattern '(' is no regular expression"),
        (POSTS + 'url = {column = "a", pattern = "x"}\n', "pattern 'x' has 0 groups"),
        (POSTS + 'url = {column = "a", values = "x"}\n', "[posts] url: values is a table such as"),
        (
            '[file]\ntimezone = "UTC"\n' + POSTS,
            "[file] has 'timezone', which is not known. Did you mean 'time_zone'?",
        ),
        ('[file]\ntime_zone = "Mars"\n' + POSTS, "time_zone = 'Mars' is no IANA zone"),
    ],
)
def test_a_mistake_is_named_with_the_remedy(write, text, told):
    path = write(text, "m.toml")
    with pytest.raises(UsageError, match=re.escape(told)) as e:
        read_mapping(path)
    assert str(path) in str(e.value)


def test_a_mapping_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="there is no such file"):
        mapping_files(tmp_path / "m.toml")
    with pytest.raises(UsageError, match=r"holds no \.toml file"):
        mapping_files(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "9" * 5_000,
        "a" + ".a" * 100_000 + " = 1",
        "file = 5",
        POSTS + 'url = {column = "a", remove = 5}\n',
        POSTS + 'url = {column = "a", format = []}\n',
        POSTS + 'url = {column = "a", pattern = "(?=x)(y)"}\n',
        POSTS + 'url = {column = "a", time_zone = "../../etc/passwd"}\n',
        POSTS + 'url = {template = ""}\n',
    ],
    ids=range(9),
)
def test_a_hostile_mapping_is_refused_soon(write, text):
    with pytest.raises(UsageError, match=r"m\.toml"):
        read_mapping(write(text, "m.toml"))
