"""`workbench demo` as a whole: files, pictures by the way of `media add`, a page that shows them."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import ibis
import pytest

import workbench
from workbench import cli
from workbench.display.slide_page import SlidePage
from workbench.metrics.periods import Period
from workbench.model.scope import Scope
from workbench.model.slide_facts import SlideFacts
from workbench.settings import load_settings

POSTS, N = 400, 30


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("demo_home")
    arguments = ["demo", "--home", str(made), "--posts", str(POSTS), "--seed", "2", "--pictures", str(N)]
    assert cli.main(arguments) == 0
    return made


def page_of(home: Path, **settings: str) -> SlidePage:
    wb = workbench.connect(home)
    period = Period.iso_week("2025-W40", wb.settings.time_zone)
    return SlidePage(SlideFacts(wb.table, period, 4, Scope(), load_settings(home, **settings)))


@pytest.mark.long
def test_every_picture_is_stored_and_its_slides_know_the_file(home: Path) -> None:
    with workbench.connect(home) as wb:
        files = wb.table("media_files").filter(ibis._.storage_key.notnull()).to_pyarrow().to_pylist()
        slides = wb.table("slides").filter(ibis._.storage_key.notnull()).to_pyarrow().to_pylist()
    stored = sorted(p.stem for p in (home / "data" / "media" / "pictures").rglob("*.jpg"))
    assert sorted(f["sha256"] for f in files) == stored and len(stored) == N
    assert {s["sha256"] for s in slides} == set(stored) and len(slides) > N
    assert {(s["width"], s["height"]) for s in slides} == {(540, 960)}


@pytest.mark.long
def test_slides_of_drawn_images_are_grouped_as_is_true(home: Path) -> None:
    """Pairs of slides: grouped as one image, and truly one image."""
    with workbench.connect(home) as wb:
        found = wb.table("slide_images").select("post_id", "slide_index", image="image_id").to_pyarrow()
        shown = wb.table("slides").filter(ibis._.storage_key.notnull()).select("post_id", "slide_index")
        drawn = shown.to_pyarrow()
    truth = home / "data" / "demo" / "truth" / "slide_uses.parquet"
    con = duckdb.connect()
    con.register("found", found)
    con.register("drawn", drawn)
    both, grouped, true = con.execute(
        f"""
        WITH drawn_images AS (
            SELECT DISTINCT image_id FROM '{truth}' JOIN drawn USING (post_id, slide_index)
        ), near AS (
            SELECT DISTINCT f.image FROM found f JOIN drawn USING (post_id, slide_index)
        ), slides AS (
            SELECT t.image_id AS truly, f.image FROM '{truth}' t JOIN found f USING (post_id, slide_index)
            WHERE t.image_id IN (FROM drawn_images) OR f.image IN (FROM near)
        ), cells AS (SELECT truly, image, count(*) AS n FROM slides GROUP BY ALL)
        SELECT (SELECT sum(n * (n - 1)) FROM cells),
               (SELECT sum(n * (n - 1)) FROM (SELECT sum(n) AS n FROM cells GROUP BY image)),
               (SELECT sum(n * (n - 1)) FROM (SELECT sum(n) AS n FROM cells GROUP BY truly))
        """
    ).fetchall()[0]
    assert true > 300, "too few pairs for this to say anything"
    assert both / grouped >= 0.98
    assert both / true >= 0.98


def test_the_page_shows_them_and_says_of_how_many_images_there_are_some(home: Path) -> None:
    page = page_of(home)
    assert f"Pictures are stored of {N} of" in repr(page.best_gallery())
    parts = (
        page.best_gallery,
        page.weak_table,
        page.hook_table,
        page.promising_table,
        page.reposts_side_by_side,
    )
    html = "".join(part()._repr_html_() for part in parts)
    assert html.count('src="data:image/webp;base64,') == html.count("<img") > 5
    assert "can't be shown" not in repr(page.left_out())


def test_a_bucket_that_cannot_be_reached_costs_the_page_its_pictures_and_nothing_else(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.media.thumbnails._PATIENCE_SECONDS", 0.5)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHIDDEN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    copy = tmp_path / "home"
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("demo", "media"))
    page = page_of(copy, media_storage="s3://bucket/slides", media_endpoint="http://127.0.0.1:9")
    said = repr(page.best_gallery())
    assert "can't be shown here" in said and "can't be reached" in said
    assert "hush" not in said and "127.0.0.1" not in said
    assert "wb-table" in page.best_table()._repr_html_()
    assert "wb-pair" not in page.reposts_side_by_side()._repr_html_()


def test_without_pictures_asked_for_none_are_drawn(tmp_path: Path) -> None:
    assert cli.main(["demo", "--home", str(tmp_path), "--posts", "60", "--pictures", "0", "--no-load"]) == 0
    assert not (tmp_path / "data" / "demo" / "pictures").exists()
