"""Small pictures from stored files: kept by content, made several at a time, and missing without a failure."""

from __future__ import annotations

import base64
import os
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.media import thumbnails as module
from workbench.media.pictures import PictureRefused, picture
from workbench.media.storage import open_storage, picture_key
from workbench.media.thumbnails import MOST_BYTES, thumbnail, thumbnails
from workbench.settings import Settings, load_settings


def jpeg(size: tuple[int, int] = (540, 960), colour: str = "teal", **options: object) -> bytes:
    sink = BytesIO()
    Image.new("RGB", size, colour).save(sink, "JPEG", **options)
    return sink.getvalue()


def noise(size: tuple[int, int]) -> bytes:
    sink = BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(sink, "PNG")
    return sink.getvalue()


def stored(settings: Settings, data: bytes) -> tuple[str, str]:
    """The file's sha256 and storage key."""
    seen = picture(data)
    key = picture_key(seen.sha256, seen.media_type)
    open_storage(settings).put(key, data)
    return seen.sha256, key


def opened(uri: str) -> Image.Image:
    head, _, body = uri.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(BytesIO(base64.b64decode(body)))


@pytest.mark.parametrize(
    ("size", "small"),
    [((540, 960), (144, 256)), ((1080, 1080), (144, 144)), ((100, 960), (30, 288)), ((60, 80), (60, 80))],
)
def test_a_thumbnail_keeps_the_shape_and_never_grows(size: tuple[int, int], small: tuple[int, int]) -> None:
    with Image.open(BytesIO(thumbnail(jpeg(size)))) as made:
        assert made.format == "WEBP" and made.size == small


def test_a_thumbnail_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to see it right
    with Image.open(BytesIO(thumbnail(jpeg((960, 540), exif=exif)))) as made:
        assert made.size == (144, 256)


def test_pure_noise_is_still_small() -> None:
    assert len(thumbnail(noise((300, 600)))) <= MOST_BYTES


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(PictureRefused):
        thumbnail(b"<html>gone</html>")


def test_stored_files_become_data_uris_by_their_hash(settings: Settings) -> None:
    files = dict(stored(settings, jpeg(colour=c)) for c in ("red", "green", "blue"))
    made = thumbnails(settings, files)
    assert set(made.pictures) == set(files) and not made.missing
    colours = {opened(uri).convert("RGB").getpixel((60, 100)) for uri in made.pictures.values()}
    assert len(colours) == 3


def test_a_second_page_takes_them_from_the_cache_without_the_storage(settings: Settings) -> None:
    sha256, key = stored(settings, jpeg())
    first = thumbnails(settings, {sha256: key})
    open_storage(settings).delete(key)
    assert thumbnails(settings, {sha256: key}) == first


@pytest.mark.parametrize("damage", ["deleted", "cut off", "not ours"])
def test_a_cache_that_is_gone_or_damaged_is_made_again(settings: Settings, damage: str) -> None:
    sha256, key = stored(settings, jpeg())
    first = thumbnails(settings, {sha256: key})
    [kept] = (settings.data / "media" / "thumbnails").iterdir()
    whole = kept.read_bytes()
    if damage == "deleted":
        kept.unlink()
        kept.parent.rmdir()
    else:
        kept.write_bytes(whole[:-10] if damage == "cut off" else b"<script>alert(1)</script>")
    assert thumbnails(settings, {sha256: key}) == first
    assert kept.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_no_picture(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    sha256, key = stored(settings, jpeg())
    monkeypatch.setattr(os, "replace", full)
    assert set(thumbnails(settings, {sha256: key}).pictures) == {sha256}
    assert list((settings.data / "media" / "thumbnails").iterdir()) == []


def test_a_missing_or_damaged_file_is_told_and_the_others_are_shown(settings: Settings) -> None:
    good, gone, damaged = (stored(settings, jpeg(colour=c)) for c in ("red", "green", "blue"))
    storage = open_storage(settings)
    storage.delete(gone[1])
    (Path(storage.place) / damaged[1]).write_bytes(b"\xff\xd8\xff and nothing else")
    made = thumbnails(settings, dict([good, gone, damaged]))
    assert set(made.pictures) == {good[0]}
    assert made.missing == dict.fromkeys([gone[0], damaged[0]], "not in the storage, or damaged there")


def test_a_stored_file_that_is_no_picture_is_told(settings: Settings) -> None:
    import hashlib

    data = b"no picture at all"
    sha256 = hashlib.sha256(data).hexdigest()
    key = picture_key(sha256, "image/jpeg")
    open_storage(settings).put(key, data)
    assert thumbnails(settings, {sha256: key}).missing == {sha256: "no picture that can be read"}


@pytest.mark.parametrize(
    ("sha256", "key"),
    [("../../secret", "pictures/../../secret.jpg"), ("ab" * 32, "../outside.jpg"), ("AB" * 32, "x")],
)
def test_what_an_import_claims_to_be_a_file_reads_nothing_else(
    settings: Settings, sha256: str, key: str
) -> None:
    (settings.home / "secret-1.webp").write_bytes(thumbnail(jpeg()))
    made = thumbnails(settings, {sha256: key})
    assert made.pictures == {} and set(made.missing) == {sha256}


def test_an_unreachable_bucket_is_told_once_without_its_address_or_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHIDDEN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 1.0)
    settings = load_settings(
        tmp_path, media_storage="s3://bucket/slides", media_endpoint="http://127.0.0.1:9"
    )
    files = {f"{n:064x}": f"pictures/00/{n:064x}.jpg" for n in range(50)}
    made = thumbnails(settings, files)
    assert set(made.missing) == set(files) and made.pictures == {}
    assert set(made.missing.values()) == {"the storage can't be reached or opened"}
    assert not re.search(r"AKIA|hush|127\.0\.0\.1|bucket", repr(made))


def test_a_bucket_without_keys_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    settings = load_settings(tmp_path, media_storage="s3://bucket")
    made = thumbnails(settings, {"ab" * 32: f"pictures/ab/{'ab' * 32}.jpg"})
    assert list(made.missing.values()) == ["the storage can't be reached or opened"]


def test_nothing_asked_for_opens_nothing(tmp_path: Path) -> None:
    made = thumbnails(load_settings(tmp_path, media_storage="gopher://x"), {})
    assert made.pictures == {} and made.missing == {}


def test_nothing_that_a_stranger_wrote_into_a_file_is_left_in_its_small_picture() -> None:
    exif = Image.Exif()
    exif[0x010E] = "<script>canary</script>"
    told = {"comment": b"canary", "xmp": b"<x>canary</x>", "icc_profile": b"canary" * 30, "exif": exif}
    data = jpeg(**told)
    assert data.count(b"canary") > 30
    small = thumbnail(data)
    assert not any(part in small for part in (b"canary", b"ICCP", b"EXIF", b"XMP "))
