"""A clock that is set back or forward, by a day and by a year: nothing recorded is lost, versions go on counting."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from machine import Said, Stock, command, stocked

from workbench.warehouse import versions
from workbench.warehouse.load import load
from workbench.warehouse.reader import Workbench

__all__ = ["stocked"]

DAY, YEAR = 86_400, 365 * 86_400
RECORDING = (
    "import sys\nfrom workbench import record\nhome = sys.argv[-1]\n"
    "for i in range(20):\n"
    "    record.snapshot(post_id=f'tiktok:{sys.argv[1]}{i}', views=i, home=home)\n"
)


@pytest.fixture(scope="session")
def shifted(tmp_path_factory: pytest.TempPathFactory):
    """A function from seconds to the environment of a process whose clock is shifted by them."""
    compiler = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
    if compiler is None or sys.platform != "linux":
        pytest.skip("a process's clock is shifted by a library that needs a C compiler, on Linux")
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)

    def environment(seconds: int) -> dict[str, str]:
        return {"LD_PRELOAD": str(library), "SHIFT_SECONDS": str(seconds)}

    said = subprocess.run(
        [sys.executable, "-c", "import datetime; print(datetime.datetime.now(datetime.UTC).year)"],
        env={**os.environ, **environment(-YEAR)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(said.stdout) == (datetime.now(UTC) - timedelta(days=365)).year
    return environment


@pytest.fixture
def stock(stocked: Stock, tmp_path: Path) -> Stock:
    return stocked.copied(tmp_path / "home")


def _snapshots(stock: Stock) -> tuple[int, int]:
    """Snapshots in the newest version, and rejected rows."""
    with Workbench(stock.settings) as wb:
        return (
            int(wb.table("post_snapshots").count().execute()),
            int(wb.table("rejected_rows").count().execute()),
        )


def _recorded(stock: Stock, who: str, environment: dict[str, str] | None = None) -> Said:
    return command(who, home=stock.home, script=RECORDING, environment=environment)


@pytest.mark.parametrize("back", [DAY, YEAR], ids=["a day", "a year"])
def test_rows_recorded_before_the_clock_was_set_back_are_loaded(stock, shifted, figure, back):
    load(stock.settings)
    assert _recorded(stock, "before").code == 0
    said = command("load", home=stock.home, environment=shifted(-back))
    assert said.code == 0, said.err
    assert _recorded(stock, "after", shifted(-back)).code == 0
    said = command("load", home=stock.home, environment=shifted(-back))
    assert said.code == 0, said.err
    assert _snapshots(stock) == (40, 0)
    kept = [versions.version_of(stock.settings.versions, n) for n in (1, 2, 3)]
    times = [v.published_at for v in kept]
    assert times == sorted(times), times
    assert versions.current(stock.settings.versions) == kept[-1]
    for words in (["status"], ["sql", "select count(*) from posts"]):
        said = command(*words, home=stock.home, environment=shifted(-back))
        assert said.code == 0, said.err
    assert _recorded(stock, "again").code == 0
    assert command("load", home=stock.home).code == 0
    assert _snapshots(stock) == (60, 0)
    figure("clock_set_back", back // DAY, "days", recorded=60, loaded=60, rejected=0)


def test_a_clock_that_ran_ahead_and_was_set_right_stops_nothing(stock, shifted, figure):
    assert _recorded(stock, "ahead", shifted(YEAR)).code == 0
    said = command("load", home=stock.home, environment=shifted(YEAR))
    assert said.code == 0, said.err
    ahead = versions.current(stock.settings.versions)
    assert _recorded(stock, "now").code == 0
    assert command("load", home=stock.home).code == 0
    right = versions.current(stock.settings.versions)
    assert right.version == ahead.version + 1
    assert right.published_at >= ahead.published_at
    assert _snapshots(stock) == (40, 0)
    assert command("status", home=stock.home).code == 0
    figure("clock_ran_ahead", 365, "days", recorded=40, loaded=40)


def test_what_lies_a_year_ahead_by_its_own_words_alone_is_rejected_with_the_reason(stock, shifted):
    assert _recorded(stock, "ahead", shifted(YEAR)).code == 0
    load(stock.settings)
    assert _snapshots(stock) == (0, 20)
    with Workbench(stock.settings) as wb:
        reasons = wb.table("rejected_rows").reason.execute().tolist()
    assert all("future" in reason for reason in reasons)


def test_files_of_the_future_are_imported_loaded_and_swept_as_others(stock, small_demo, tmp_path):
    one = next(f for f in small_demo.files if f.name.startswith("MASTER") or f.suffix == ".csv")
    file = Path(shutil.copy(one, tmp_path / one.name))
    future = time.time() + YEAR
    os.utime(file, (future, future))
    for path in stock.home.rglob("*"):
        os.utime(path, (future, future))
    said = command("import", str(file), home=stock.home)
    assert said.code == 0, said.err
    stock.record(5)
    outcome = load(stock.settings)
    assert not outcome.failed
    assert outcome.total("rejected") == 0
    assert set(stock.loaded()) >= stock.acknowledged
    assert stock.leftovers() == []


def test_a_lock_is_not_taken_from_who_holds_it_by_a_clock_that_runs_ahead(stock, shifted):
    holding = (
        "import sys, time\nfrom workbench.warehouse.journal import Segment\nimport workbench.warehouse.journal as j\n"
        "from pathlib import Path\nwrite = j._write\n"
        "def slowly(handle, data):\n"
        "    print('held', flush=True)\n    time.sleep(3)\n    write(handle, data)\n"
        "j._write = slowly\n"
        "from workbench import record\nrecord.post(post_id='tiktok:held', account_id='tiktok:a', home=sys.argv[1])\n"
        "print('acknowledged', flush=True)\n"
    )
    recording = subprocess.Popen(
        [sys.executable, "-c", holding, str(stock.home)], stdout=subprocess.PIPE, text=True
    )
    assert recording.stdout is not None
    assert recording.stdout.readline() == "held\n"
    said = command("load", home=stock.home, environment=shifted(2 * DAY))
    assert said.code == 0, said.err
    out, _ = recording.communicate(timeout=120)
    assert out == "acknowledged\n"
    stock.acknowledged.add("tiktok:held")
    stock.works_again()
