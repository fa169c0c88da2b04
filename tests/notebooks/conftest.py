"""The pages of three homes, each made once for all tests of this folder, which share a worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

import workbench
from workbench.reporting.run import ReportRun, make_reports
from workbench.settings import load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse.load import load


def _scrape(home: Path) -> Path:
    """Forty posts of two accounts, looked at daily: no people, no slides, no money, no work."""
    posts, looks = (
        ["post_id,account_id,post_type,posted_at"],
        ["post_id,captured_at,views,likes,comments,shares"],
    )
    for n in range(40):
        post, day = f"tiktok:{7_000_000_000_000_000_000 + n}", 1 + n // 2
        posts.append(f"{post},tiktok:account{n % 2},video,2025-09-{day:02d} 09:00:00")
        for age in range(1, 9):
            views = 400 * age * (1 + n % 5)
            at = f"2025-{9 if day + age <= 30 else 10:02d}-{(day + age - 1) % 30 + 1:02d} 09:00:00"
            looks.append(f"{post},{at},{views},{views // 20},{views // 200},{views // 300}")
    for name, lines in (("posts", posts), ("post_snapshots", looks)):
        (home / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = load_settings(home)
    import_paths([home / "posts.csv", home / "post_snapshots.csv"], settings, as_of=datetime(2025, 10, 6))
    assert not load(settings).failed
    return home


def _empty(home: Path) -> Path:
    load(load_settings(home), migrating=True)
    return home


@pytest.fixture(scope="session")
def canary() -> str:
    """A secret that the environment holds while reports are made."""
    return "canary-5c1d7e"


@pytest.fixture(scope="session")
def runs(
    demo_home: Path, tmp_path_factory: pytest.TempPathFactory, canary: str
) -> Callable[[str], ReportRun]:
    """The reports of each home, made when first asked for."""
    made: dict[str, ReportRun] = {}

    def of(kind: str) -> ReportRun:
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            home = {
                "demo": lambda: demo_home,
                "scrape": lambda: _scrape(folder),
                "empty": lambda: _empty(folder),
            }[kind]()
            with workbench.connect(home) as wb:
                version, as_of = wb.version, wb.as_of or datetime(2025, 10, 6)
            week = "2025-W38" if kind == "scrape" else None
            with pytest.MonkeyPatch.context() as environment:
                environment.setenv("WORKBENCH_SMTP_PASSWORD", canary)
                made[kind] = make_reports(
                    load_settings(home),
                    version=version,
                    as_of=as_of,
                    week=week,
                    out=folder / "reports",
                    files=kind == "demo",
                )
        return made[kind]

    return of
