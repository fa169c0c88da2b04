"""Whether a file names a person is told a block at a time."""

from __future__ import annotations

import base64
import random
import tracemalloc
from pathlib import Path

import pytest

from workbench.safekeeping import erase_files
from workbench.safekeeping.erase_files import Search
from workbench.warehouse.traces import Traces

SEARCH = Search(Traces.of(["anna_lee", "Annabel Leemann"]), (), frozenset())


@pytest.mark.parametrize("named", ["anna_lee", "by Annabel Leemann", "@anna_lee.jpg", "Annabel\nLeemann"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_name_is_found_wherever_blocks_part_the_file(tmp_path, monkeypatch, named, encoding):
    monkeypatch.setattr(erase_files, "_BLOCK", 64)
    monkeypatch.setattr(erase_files, "_OVERLAP", 32)
    monkeypatch.setattr(erase_files, "_HEAD", 8)
    file = tmp_path / "file.txt"
    for before in range(0, 200, 3):
        text = "some words that part é, " * 20
        for name, is_there in ((named, True), ("joanna_leeds anna_lee9 Joannabel Leemanns", False)):
            file.write_bytes(f"{text[:before]} {name} {text}".encode(encoding))
            assert SEARCH.in_file(file) == is_there == SEARCH.in_bytes(file.read_bytes()), before


def test_a_name_in_a_long_data_address_is_found(tmp_path):
    page = random.Random(1).randbytes(3 << 20).hex() + " @anna_lee "
    inside = base64.b64encode(page.encode()).decode()
    file = tmp_path / "page.html"
    file.write_text(f'<a href="data:text/plain;base64,{inside}">{"x " * 100}</a>')
    assert SEARCH.in_file(file)
    file.write_text(f'<a href="data:text/plain;base64,{inside[:-64]}">')
    assert not SEARCH.in_file(file)


def test_a_large_file_is_not_held_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    with file.open("w") as out:
        for _ in range(10):
            out.write("tiktok:somebody,a few words of theirs\n" * 100_000)
    tracemalloc.start()
    assert not SEARCH.in_file(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < file.stat().st_size / 2
