"""Few open files, little memory: a line and exit 1, or the work done slower; nothing is lost."""

from __future__ import annotations

import resource
from pathlib import Path

import nbformat
import pytest
from machine import Stock, assert_told, command, limited, run, stocked

from workbench.settings import load_settings

__all__ = ["run", "stocked"]

ROOM = """
import os, resource, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # glibc ends a process that can't begin a thread
import workbench.warehouse.load, workbench.warehouse.reader, workbench.sources.importing
from workbench.cli import main
with open("/proc/self/statm") as f:
    taken = int(f.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
most = taken + (int(os.environ["ROOM_MB"]) << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
sys.exit(main())
"""


@pytest.fixture
def stock(stocked: Stock, tmp_path: Path) -> Stock:
    return stocked.copied(tmp_path / "home")


def test_few_open_files_stop_a_load_with_a_line_and_refuse_no_batch(stock, figure):
    stopped = done = 0
    for most in (6, 7, 8, 9, 10, 24):
        stock.record(5)
        before = stock.state()
        said = command("load", home=stock.home, before=limited(resource.RLIMIT_NOFILE, most))
        assert "Traceback" not in said.err
        if said.code:
            assert_told(said, "Too many open files", "/", "ulimit -n")
            assert stock.state() == before
            stopped += 1
        done += not said.code
        assert not (stock.settings.data / "refused").exists()
    stock.works_again()
    assert stopped
    assert done
    figure("few_open_files", stopped, "loads stopped", done=done, lost=0)


def test_little_memory_of_duckdb_stops_a_load_or_a_query_with_a_line(stock, run, monkeypatch, figure):
    stock.record(300)
    for limit in ("1MB", "2MB"):
        monkeypatch.setenv("WORKBENCH_MEMORY_LIMIT", limit)
        with stock.stands():
            assert_told(run("load", home=stock.home), "There is not enough memory", "memory_limit")
    monkeypatch.setenv("WORKBENCH_MEMORY_LIMIT", "24MB")
    many = "select list(a.post_id || b.post_id || c.post_id) from posts a, posts b, posts c"
    assert_told(run("sql", many, home=stock.home), "There is not enough (memory|disk)")
    monkeypatch.setenv("WORKBENCH_MEMORY_LIMIT", "64MB")
    assert run("load", home=stock.home).code == 0
    monkeypatch.delenv("WORKBENCH_MEMORY_LIMIT")
    stock.works_again()
    figure("little_memory", 64, "MB are enough for a small load", stopped=3, lost=0)


def test_a_process_that_gets_no_more_memory_says_so_and_loses_nothing(stock, figure):
    stopped = 0
    for room in (1, 24):
        stock.record(50)
        before = stock.state()
        said = command("load", home=stock.home, script=ROOM, environment={"ROOM_MB": str(room)})
        assert "Traceback" not in said.err, said.err
        if said.code:
            assert_told(said, "not enough memory|Cannot allocate memory")
            assert stock.state() == before
            stopped += 1
        assert not (stock.settings.data / "refused").exists()
    stock.works_again()
    assert stopped
    figure("no_more_memory", stopped, "loads stopped", lost=0)


HOARDER = """
import resource, sys
import workbench.warehouse.load
from workbench.cli import main
hoard = []
def take_all(*_, **__):
    size = 1 << 20
    while True:
        try:
            hoard.append(bytearray(size))
        except MemoryError:
            if size < 64:
                raise
            size //= 2
workbench.warehouse.load.load = take_all
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
sys.exit(main())
"""


def test_a_command_keeps_room_to_say_that_there_is_none_left(stock):
    with stock.stands():
        assert_told(command("load", home=stock.home, script=HOARDER), "There is not enough memory")


GREEDY = (
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)  # as the kernel does where memory runs out\n"
)


def test_a_notebooks_kernel_that_is_killed_for_memory_fails_its_page_alone(demo_copy, run, figure):
    own = demo_copy / load_settings(demo_copy).notebooks
    own.mkdir()
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Greedy\nDoes it fit?"),
            nbformat.v4.new_code_cell('week: str = ""  # ISO week', metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(GREEDY),
        ]
    )
    nbformat.write(notebook, own / "greedy.ipynb")
    said = run("report", "--only", "5,greedy", "--no-files", home=demo_copy)
    assert said.code == 1, said
    assert "greedy could not be made" in said.error
    assert "Traceback" not in said.err
    assert "Made 1 of 2 pages" in said.err
    figure("kernel_killed", 1, "page failed", made=1)
