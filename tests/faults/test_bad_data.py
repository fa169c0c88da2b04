"""Bad data: each file is loaded right, rejected row by row or refused, and says what, where and how to mend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hostile_files import FILES, NASTY, Hostile, base_of
from importing_child import told

from workbench.cli import main
from workbench.warehouse.versions import current

pytestmark = pytest.mark.xdist_group("bad_data")  # one worker makes what they share, once

MOST_MB, MOST_SECONDS = 2_000, 240


@dataclass(frozen=True)
class Tried:
    """All hostile files tried once, in one home."""

    said: dict[str, dict[str, Any]]
    """Name -> exit code, what was said, seconds of CPU, peak of memory."""
    load: str
    home: Path
    files: Path
    before: dict[str, tuple[int, int]]


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for where, folders, names in os.walk(os.fsencode(folder)):
        for name in [*folders, *names]:
            status = os.lstat(os.path.join(where, name))
            found[repr(os.path.join(where, name))] = (
                status.st_size,
                status.st_mtime_ns if name in names else 0,
            )
    return found


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """Each file through `workbench import`: the nasty in a child with limits on memory and time, then one load."""
    top = tmp_path_factory.mktemp("hostile")
    home, files = top / "home", top / "files"
    paths = {}
    for hostile in FILES:
        path = files / str(FILES.index(hostile)) / hostile.name
        path.parent.mkdir(parents=True)
        hostile.make(path, base_of(hostile))
        paths[hostile.name] = path
    before = listing(files)
    said = {}
    for hostile in FILES:
        if hostile.name not in NASTY:
            said[hostile.name] = told(str(home), str(paths[hostile.name]), list(hostile.options))
    list_file = top / "nasty.json"
    nasty = [[str(paths[h.name]), list(h.options)] for h in FILES if h.name in NASTY]
    list_file.write_text(json.dumps(nasty))
    child = subprocess.run(
        [sys.executable, Path(__file__).with_name("importing_child.py"), home, list_file, str(MOST_MB)],
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        env={**os.environ, "TMPDIR": str(top)},
        check=False,
    )
    answers = [json.loads(line) for line in child.stdout.splitlines()]
    assert len(answers) == len(nasty), child.stderr[-3000:]
    said |= {Path(answer["path"]).name: answer for answer in answers}
    load = told_by_load(home)
    return Tried(said, load, home, files, before)


def told_by_load(home: Path) -> str:
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stderr(out):
        main(["load", "--home", str(home)])
    return out.getvalue()


@pytest.fixture(scope="module")
def warehouse(tried: Tried) -> duckdb.DuckDBPyConnection:
    version = current(tried.home / "data/versions")
    assert version is not None, tried.load
    return duckdb.connect(str(tried.home / "data/versions" / version.file), read_only=True)


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("hostile", FILES, ids=lambda h: ascii(h.name)[:40])
def test_a_hostile_file_is_loaded_right_rejected_by_row_or_refused(
    tried: Tried, warehouse: duckdb.DuckDBPyConnection, hostile: Hostile
) -> None:
    answer = tried.said[hostile.name]
    said, base = str(answer["said"]), base_of(hostile)
    assert "Traceback" not in said and answer["code"] in (0, 1, 2), said[-2000:]
    if hostile.refused:
        told_where = tried.load if hostile.late else said
        assert hostile.refused in told_where, told_where[-2000:]
        assert hostile.name.split("/")[-1] in told_where or "--encoding" in hostile.refused or hostile.options
        assert hostile.late or answer["code"] in (1, 2)
        # What was found, then what to do.
        assert len([part for part in said.split(". ") if part.strip()]) >= 2 or hostile.late, said
        return
    assert answer["code"] == 0, said
    batch = warehouse.execute(
        "select batch_id, status, error_message from batches where file_name = ?",
        [hostile.name.split("/")[-1]],
    ).fetchall()
    assert [b[1] for b in batch] == ["completed"], (batch, tried.load[-2000:])
    reasons: dict[int, str] = dict(
        warehouse.execute(
            "select source_row, string_agg(reason, '; ') from rejected_rows where batch_id = ? group by 1",
            [batch[0][0]],
        ).fetchall()
    )
    assert sorted(reasons) == sorted(hostile.rejected), reasons if len(reasons) < 50 else len(reasons)
    for row, part in hostile.rejected.items():
        assert part in reasons[row], (row, reasons[row])
    found = warehouse.execute(
        "select (p.external_id::hugeint - ?)::int as n, max(views) from post_snapshots s join posts p using (post_id) "
        "where regexp_full_match(p.external_id, '[0-9]{1,30}') and n between 1 and 999 "
        "and views is not null group by n order by n",
        [base],
    ).fetchall()
    if hostile.views or not hostile.sql:
        assert dict(found) == dict(hostile.views)
    if hostile.sql:
        assert warehouse.execute(hostile.sql.format(base=base)).fetchall() == list(hostile.rows)


def test_hostile_files_change_nothing_and_leave_nothing(tried: Tried, figure: Any) -> None:
    assert listing(tried.files) == tried.before
    assert sorted(p.name for p in tried.home.iterdir()) == ["data"]
    assert not [p.name for p in tried.files.parent.iterdir() if p.name.startswith(("workbench", "tmp"))]
    outcomes = Counter(h.outcome for h in FILES)
    tracebacks = sum("Traceback" in str(a["said"]) for a in tried.said.values())
    longest = max(tried.said.items(), key=lambda pair: float(pair[1]["seconds"]))
    peaks = [float(tried.said[name]["peak_mb"]) for name in NASTY]
    figure(
        "hostile_files",
        len(FILES),
        "files",
        **outcomes,
        tracebacks=tracebacks,
        longest_cpu_seconds=round(float(longest[1]["seconds"]), 1),
        longest=longest[0],
        peak_mb=round(max(peaks)),
        limit_mb=MOST_MB,
    )
    assert len(FILES) >= 60 and tracebacks == 0
    assert float(longest[1]["seconds"]) < 60
