"""The demo goes in through the same door as anybody's files, and nothing of it is refused."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from workbench.demo import DemoFiles
from workbench.settings import load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse.load import load


@pytest.mark.long
def test_every_file_is_imported_whole_and_nothing_conflicts(small: DemoFiles, tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    comments = [f for f in small.files if f.name == "comments.csv"]
    imported = import_paths([f for f in small.files if f not in comments], settings)
    imported += import_paths(comments, settings, options={"platform": "tiktok"})
    assert len(imported) == len(small.files)
    outcome = load(settings)
    assert not outcome.failed and outcome.total("rejected") == 0
    assert outcome.version is not None
    con = duckdb.connect(str(settings.versions / outcome.version.file), read_only=True)
    sizes = {
        t: con.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] for t in ("posts", "vas", "creators")
    }
    conflicts = con.execute(
        "SELECT check_name, failed FROM quality_checks WHERE check_name LIKE '%conflict%'"
    ).fetchall()
    types = con.execute("SELECT DISTINCT post_type FROM posts ORDER BY 1").fetchall()
    con.close()
    assert sizes == {"posts": 300, "vas": 4, "creators": 3}
    assert not any(failed for _, failed in conflicts)
    assert types == [("slideshow",), ("video",)]
