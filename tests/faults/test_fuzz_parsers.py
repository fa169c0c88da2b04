"""The parsers of our own under atheris: no byte ends in anything but an error of one line."""

# ruff: noqa: E501 - a line for a few seeds

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SEEDS = [
    b'\0a,b\n1,"x\ny"\n2,z\n', b"\0a;b\r\n1;2\r\n", b'\0"a""b",c\n1,2\n', b"\0\xff\xfea\0,\0b\0\n\0", b"\0\xef\xbb\xbfa\tb\r1\t2\r",
    b'\1[{"a": 1, "b": [1.5e3, null]}, {"a": "x"}]', b'\1{"a": 1}\n{"b":\n{"c": 2}\n', b"\1[[[[[[", b"\2PAR1", b"\2SQLite format 3\0", b"\2<html>",
    b'\3[posts]\npost_id = {template = "tiktok:{id}"}\ncaption = {column = "a", pattern = "(x)"}\n',
]  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="atheris is locked for Linux only")
def test_no_bytes_break_the_parsers(tmp_path: Path, whole: bool, figure: Callable[..., None]) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for n, seed in enumerate(SEEDS):
        (corpus / str(n)).write_bytes(seed)
    runs = 200_000 if whole else 1_500
    ran = subprocess.run(
        [sys.executable, Path(__file__).with_name("parsers_child.py"), f"-runs={runs}", "-seed=1", "-max_len=300",
         "-max_total_time=300", "-timeout=60", "-rss_limit_mb=2048", f"-artifact_prefix={tmp_path}/", corpus],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    done = re.findall(r"Done (\d+) runs", ran.stderr)
    assert done, ran.stderr[-1000:]
    figure("fuzzed_parsers", int(done[-1]), "runs", tool="atheris", faults=0)
