"""A file is what it holds, not what it is called."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from workbench.errors import SourceError
from workbench.sources.content import has_data_suffix
from workbench.sources.sniff import open_file

NOTEBOOK = '{\n "cells": [\n  {"cell_type": "markdown"}], "nbformat": 4}'


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (NOTEBOOK, "posts.csv", "this is a Jupyter notebook, not a table"),
        ("\ufeff" + NOTEBOOK, "posts.csv", "this is a Jupyter notebook"),
        (
            '[{"a": 1}]',
            "posts.csv",
            "its name says CSV, its content is JSON. If the content is what you meant, rename",
        ),
        ("a,b\n1,2\n", "posts.json", "its name says JSON, its content is CSV"),
        (b"SQLite format 3\x00" + bytes(100), "posts.csv", "its content is a SQLite database"),
        (b"PAR1" + bytes(20), "posts.csv", "its content is Parquet"),
        ("<!DOCTYPE html>\n<html>", "posts.csv", "this is a web page"),
        (
            zipped(),
            "posts.csv",
            "a zip archive or an Excel workbook, not a table of text. Unpack it, or save",
        ),
        (b"\xd0\xcf\x11\xe0" + bytes(20), "posts.csv", "an old Excel workbook"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "slide.csv", "a JPEG picture"),
        ("", "posts.json", "the file is empty"),
    ],
)
def test_a_wrong_extension_is_refused_with_what_the_file_really_is(write, content, name, told):
    with pytest.raises(SourceError) as e:
        open_file(write(content, name))
    assert told in str(e.value)
    assert name in str(e.value)


def test_a_file_without_a_telling_name_is_taken_by_its_content(write):
    assert open_file(write("a,b\n1,2\n", "export.txt")).kind == "csv"
    assert open_file(write('[{"a": 1}]', "answer")).kind == "json"


def test_a_packed_archive_that_is_cut_off_is_refused(write):
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 1000)
    with pytest.raises(SourceError, match="the gzip archive is cut off or damaged"):
        open_file(write(packed[:-12], "posts.csv.gz"))


def test_errors_name_the_packed_file_itself(write):
    path = write(gzip.compress(b"a,b\n1\n"), "posts.csv.gz")
    with pytest.raises(SourceError) as e:
        open_file(path)
    assert str(e.value).startswith(f"{path}: record 1")


def test_a_folder_takes_what_is_named_like_a_table(tmp_path):
    assert has_data_suffix(tmp_path / "Posts.CSV")
    assert has_data_suffix(tmp_path / "posts.csv.gz")
    assert not has_data_suffix(tmp_path / "README.md")
    assert not has_data_suffix(tmp_path / "tracker.db-wal")


def test_a_real_notebook_named_csv_is_refused(real):
    with pytest.raises(SourceError, match="this is a Jupyter notebook"):
        open_file(real("broken/notebook_named.csv"))
