"""Kernels, twenty times: the short form of `python -m benchmarks.kernels`."""

from __future__ import annotations

import sys

import pytest

from benchmarks.kernels import tried


@pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only")
@pytest.mark.long
def test_twenty_kernels_answer_rightly_also_where_some_and_the_server_are_killed() -> None:
    found = tried(20, kill_kernels=9, kill_server=13)
    assert found.good, found.told()
    assert found.right + found.killed + found.collateral == 20
    assert found.forked >= 14 and found.killed == 2
