"""`workbench slides` and `wb.slides`: what a person finds, and what is said where nothing can be."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from warehouse.given import loaded

import workbench
from workbench.cli import main
from workbench.columns import COLUMNS
from workbench.media.pictures import picture
from workbench.settings import load_settings

HOOK = 'cold <b>coffee</b> & "mondays"'


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with large shapes, as its hash sees it."""
    file = tmp_path_factory.mktemp("drawn") / "slide.png"
    small = np.random.default_rng(3).integers(0, 255, (9, 6, 3), dtype=np.uint8)
    Image.fromarray(small).resize((540, 810), Image.Resampling.BICUBIC).save(file)
    return file


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, drawn: Path) -> Path:
    """Two posts that show the picture, and one that shows another."""
    home = tmp_path_factory.mktemp("home")
    shown = picture(drawn.read_bytes())
    posts, slides = [], []
    for n in (1, 2, 3):
        post_id = f"tiktok:{n}"
        posts.append(
            {
                "post_id": post_id,
                "platform": "tiktok",
                "account_id": "tiktok:ann",
                "url": f"https://e.example/{n}",
                "posted_at": datetime(2026, 1, n),
            }
        )
        slides.append(
            {
                "post_id": post_id,
                "slide_index": 1,
                "ocr_text": HOOK if n < 3 else "warm tea",
                "ocr_confidence": 0.9,
                "sha256": shown.sha256 if n < 3 else "f" * 64,
                "phash": shown.phash if n < 3 else ~shown.phash,
            }
        )
    loaded(load_settings(home), {"posts": posts, "slides": slides}, datetime(2026, 1, 5))
    return home


Rows = list[dict[str, Any]]


def found(capfd: pytest.CaptureFixture[str], home: Path, *arguments: str) -> tuple[Rows, str]:
    assert main(["slides", *arguments, "--home", str(home), "--format", "json"]) == 0
    told = capfd.readouterr()
    return json.loads(told.out), told.err


def test_a_search_tells_each_image_once_with_its_uses_and_a_post(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (only,), told = found(capfd, home, "search", "coffee", "cold")
    assert (only["image_text"], only["n_uses"], only["n_accounts_used"]) == (HOOK, 2, 1)
    assert only["example_url"] == "https://e.example/2" and only["last_used_at"].startswith("2026-01-02")
    assert only["image_id"].startswith("image:") and only["slide_lift"] is None
    assert "1 image says 'coffee cold'; 1 is shown." in told


def test_a_phrase_and_a_limit_are_kept_to(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert found(capfd, home, "search", '"coffee cold"')[0] == []
    assert [row["image_text"] for row in found(capfd, home, "search", "t", "--no-lift")[0]] == []
    assert len(found(capfd, home, "search", "warm tea", "--limit", "1", "--no-lift")[0]) == 1


def test_a_picture_saved_smaller_is_found_with_its_text_and_without(
    home: Path, drawn: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    smaller = tmp_path / "smaller.jpg"
    Image.open(drawn).resize((270, 405)).save(smaller, quality=70)
    for how in (["--text", HOOK], ["--no-read"]):
        (only,), told = found(capfd, home, "like", str(smaller), *how)
        assert (only["asked_file"], only["match_kind"], only["n_uses"]) == ("smaller.jpg", "same image", 2)
        assert only["differing_bits"] <= 6
    assert "The picture is known as the image of a slide; its text was not read" in told


def test_several_files_are_looked_for_at_once(
    home: Path, drawn: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.png"
    Image.effect_noise((300, 300), 80).save(other)
    rows, told = found(capfd, home, "like", str(drawn), str(other), "--no-read")
    assert [row["asked_file"] for row in rows] == ["slide.png"]
    assert "1 of 2 pictures are known" in told


def test_a_text_on_another_picture_is_told_as_that(
    home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.png"
    Image.effect_noise((300, 300), 80).save(other)
    (only,), told = found(capfd, home, "like", str(other), "--text", HOOK.upper())
    assert only["match_kind"] == "same text"
    assert "The picture is not known" in told


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["search", "%_"], "no word to look for"),
        (["search", "tea", "--limit", "0"], "A limit of 0 shows nothing"),
        (["like", "nowhere.jpg"], "nowhere.jpg: it can't be read"),
        (["like", __file__, "--no-read"], "no picture"),
    ],
)
def test_what_can_not_be_looked_for_is_told(
    home: Path, capfd: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    assert main(["slides", *words, "--home", str(home)]) == 2
    assert why in capfd.readouterr().err


def test_in_a_notebook_what_is_found_is_a_table_in_which_strangers_write_no_markup(home: Path) -> None:
    with workbench.connect(home) as wb:
        shown = wb.slides.search("coffee")
        html = shown._repr_html_()
        assert "cold &lt;b&gt;coffee&lt;/b&gt; &amp; &quot;mondays&quot;" in html
        assert 'href="https://e.example/2"' in html
        assert len(shown) == 1 and list(shown.data.columns) == list(shown.frame.columns)
        assert "1 image says" in repr(shown)
        assert {"search", "like"} <= set(dir(wb.slides))


def test_every_column_of_what_is_found_is_registered() -> None:
    from workbench.slide_finder import LIKE_COLUMNS, SEARCH_COLUMNS

    assert [c for c in (*SEARCH_COLUMNS, *LIKE_COLUMNS) if c not in COLUMNS] == []


def test_in_an_empty_warehouse_nothing_is_found(tmp_path: Path, drawn: Path) -> None:
    creator = {"creator_id": "c", "name": "C"}
    loaded(load_settings(tmp_path), {"creators": [creator]})
    with workbench.connect(tmp_path) as wb:
        assert len(wb.slides.search("tea")) == 0
        assert len(wb.slides.like(drawn, read=False)) == 0
        assert "No rows" in wb.slides.search("tea")._repr_html_()
