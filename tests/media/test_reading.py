"""Stored pictures are read once, most used first; none stops the others; what was read is kept."""

from __future__ import annotations

import hashlib
import io
import sys
from datetime import datetime
from pathlib import Path

import pytest
import strange_readers as strange
from PIL import Image

from workbench.errors import UsageError, WorkbenchError
from workbench.media import reading
from workbench.media.pictures import picture
from workbench.media.readers import Answer, Readers
from workbench.media.reading import read, unread
from workbench.media.storage import open_storage, picture_key
from workbench.settings import Settings
from workbench.warehouse.batches import waiting
from workbench.warehouse.load import load
from workbench.warehouse.reader import Workbench

sys.path.append(str(Path(__file__).parents[1] / "warehouse"))
from given import NOON, batch, loaded, query

MODEL = "strange 1"


def stored(settings: Settings, width: int, height: int = 20) -> tuple[str, str]:
    """A picture in the storage: sha256 and key."""
    sink = io.BytesIO()
    Image.new("RGB", (width, height)).save(sink, "PNG")
    found = picture(sink.getvalue())
    key = picture_key(found.sha256, found.media_type)
    open_storage(settings).put(key, sink.getvalue())
    return found.sha256, key


def readers(settings: Settings, **options: object) -> Readers:
    return Readers(settings, make=strange.Strange, model=MODEL, **options)  # type: ignore[arg-type]


def files(settings: Settings) -> dict[str, tuple[object, ...]]:
    found = query(settings, "SELECT sha256, ocr_text, ocr_confidence, ocr_model, read_at FROM media_files")
    return {sha256: rest for sha256, *rest in found}  # type: ignore[misc]


def test_the_most_used_are_read_first_then_the_newest_and_what_was_read_is_not(settings):
    later = datetime(2026, 2, 1)
    loaded(
        settings,
        {
            "posts": [
                {"post_id": f"tiktok:{n}", "platform": "tiktok", "external_id": str(n), "posted_at": at}
                for n, at in ((1, NOON), (2, NOON), (3, later))
            ],
            "slides": [
                {"post_id": f"tiktok:{n}", "slide_index": i, "sha256": sha}
                for n, i, sha in (
                    (1, 1, "twice"),
                    (2, 1, "twice"),
                    (1, 2, "old"),
                    (3, 1, "new"),
                    (3, 2, "theirs"),
                )
            ],
            "media_files": [
                *({"sha256": sha, "storage_key": f"k/{sha}"} for sha in ("old", "unused", "new", "twice")),
                {"sha256": "not stored"},
                {"sha256": "empty", "storage_key": "k", "read_at": NOON, "ocr_model": MODEL},
                {
                    "sha256": "broken",
                    "storage_key": "k",
                    "read_at": NOON,
                    "ocr_model": f"{MODEL}; failed: it is",
                },
                {"sha256": "theirs", "storage_key": "k", "read_at": NOON, "ocr_model": "another"},
                {"sha256": "nobody's", "storage_key": "k", "read_at": NOON},
            ],
        },
    )
    with Workbench(settings) as wb:
        tables = [wb.table(name) for name in ("media_files", "slides", "posts")]
        first, again = (
            [row["sha256"] for row in unread(*tables, model=MODEL, again=again).to_pyarrow().to_pylist()]
            for again in (False, True)
        )
    assert first == ["twice", "new", "old", "unused"]
    assert again == ["twice", "new", "theirs", "old", "nobody's", "unused"]


@pytest.mark.long
def test_whatever_a_picture_does_the_others_are_read_and_its_reason_is_kept(settings):
    wide = dict(
        zip(
            ("text", "nothing", "raises", "crashes", "hangs", "last"),
            (strange.TEXT, strange.NOTHING, strange.RAISES, strange.CRASHES, strange.HANGS, strange.TEXT),
            strict=True,
        )
    )
    wanted = {name: stored(settings, width, 30 if name == "last" else 20) for name, width in wide.items()}
    lost = ("0" * 64, picture_key("0" * 64, "image/png"))
    damaged = stored(settings, 25)
    (settings.data / "media" / damaged[1]).write_bytes(b"no picture")
    no_picture = b"<html>"
    digest = hashlib.sha256(no_picture).hexdigest()
    refused = (digest, picture_key(digest, "image/png"))
    open_storage(settings).put(refused[1], no_picture)
    shown: list[tuple[int, int]] = []
    found = read(
        [lost, *wanted.values(), damaged, refused],
        settings,
        readers(settings, n=1, patience=6),
        total=9,
        progress=lambda name, n, total: shown.append((n, total)),
    )
    assert shown == [(n, 9) for n in range(1, 10)]
    assert (found.n_text, found.n_empty, set(found.absent)) == (2, 1, {lost[0], damaged[0]})
    assert found.failed[wanted["raises"][0]] == "RuntimeError: no memory for the tensor"
    assert found.failed[wanted["crashes"][0]] == "the reader crashed on it (exit code 9)"
    assert found.failed[wanted["hangs"][0]] == "it took longer than 6 seconds"
    assert refused[0] in found.failed and len(found.failed) == 4
    assert not load(settings).failed
    rows = files(settings)
    assert rows.keys() == {sha for sha, _ in wanted.values()} | {refused[0]}
    assert rows[wanted["last"][0]][:3] == ["text 30", 0.75, MODEL]
    assert rows[wanted["nothing"][0]][:3] == [None, None, MODEL]
    assert rows[wanted["hangs"][0]][:3] == [None, None, f"{MODEL}; failed: it took longer than 6 seconds"]
    assert all(read_at is not None for *_, read_at in rows.values())


def test_a_reader_that_cannot_begin_says_why(settings):
    wanted = [stored(settings, strange.TEXT)]
    with pytest.raises(UsageError, match="models are missing"):
        read(wanted, settings, Readers(settings, n=1, make=strange.cannot_begin, model=MODEL))
    assert waiting(settings.inbox) == []


class Told:
    """Readers whose answers are known."""

    model = MODEL

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def answers(self, wanted):  # type: ignore[no-untyped-def]
        for n, kind in enumerate(self.kinds):
            if kind == "stop":
                raise KeyboardInterrupt
            yield Answer(str(n), kind, reason="" if kind == "read" else "so it is.")


@pytest.mark.parametrize(("kind", "why"), [("crashed", "hardly their fault"), ("absent", "so it is")])
def test_five_in_a_row_that_fail_alike_stop_the_run_and_are_not_noted(settings, kind, why):
    with pytest.raises(WorkbenchError, match=why):
        read([], settings, Told("read", *[kind] * 4, "read", *[kind] * 5, "read"))  # type: ignore[arg-type]
    assert not load(settings).failed
    noted = {"0", "5"} | ({"1", "2", "3", "4"} if kind == "crashed" else set())
    assert files(settings).keys() == noted


def test_a_run_that_is_stopped_keeps_what_was_read(settings, monkeypatch):
    monkeypatch.setattr(reading, "BATCH_ROWS", 2)
    with pytest.raises(KeyboardInterrupt):
        read([], settings, Told(*["read"] * 5, "stop", "read"))  # type: ignore[arg-type]
    assert len(waiting(settings.inbox)) == 3  # 2 + 2 while it went on, 1 at the end
    assert not load(settings).failed
    assert files(settings).keys() == {"0", "1", "2", "3", "4"}


def test_reading_again_tells_every_slide_that_shows_the_picture(settings):
    sha256, key = stored(settings, strange.TEXT, 40)
    slides = [{"post_id": f"tiktok:{n}", "slide_index": 1, "sha256": sha256} for n in (1, 2)]
    loaded(settings, {"slides": slides, "media_files": [{"sha256": sha256, "storage_key": key}]})
    batch(
        settings,
        {"media_files": [{"sha256": sha256, "ocr_text": "te×t", "ocr_model": "older", "read_at": NOON}]},
    )
    assert not load(settings).failed
    read([(sha256, key)], settings, readers(settings, n=1))
    assert not load(settings).failed
    assert query(settings, "SELECT ocr_text, ocr_confidence FROM slides") == [("text 40", 0.75)] * 2
