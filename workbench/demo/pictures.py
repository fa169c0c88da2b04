"""Pictures of the images that are shown most: drawn, so that pages have something to look at.

A photo is a blurred field of colours, a template a card in its creator's colours; the words stand on both as on real
slides, white with a dark outline. Same arguments, same bytes (with the same versions of Pillow and numpy).
"""

from __future__ import annotations

import colorsys
import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .model import Ints
from .world import World

SIZE = (540, 960)
_LETTERS = 46
_LINE = 19
"""Characters of a line."""
_QUALITY = 76
_GRAIN = 4
_DRAWN_AT = (SIZE[0] // 2, SIZE[1] // 2)
"""Backgrounds are drawn at half the size."""
_AS_USUAL = 2
"""Uses as usual that an image is taken to have had besides its own: one lucky post makes no good image."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Drawn images, and what a slide that shows one says of its file."""

    image: Ints
    """Numbers of the images drawn, ascending."""
    files: tuple[bytes, ...]
    """JPEG, one an image."""
    sha256: tuple[str, ...]
    phash: np.ndarray
    """Unsigned."""


def drawn(world: World, words: list[str], template: Ints, n: int) -> Pictures:
    """The `n` images most worth a look, drawn with their words.

    `template`: the template that each image is on, -1 for photos.
    """
    chosen = np.sort(_chosen(world, n))
    rng = world.rng["pictures"]
    seeds = rng.integers(0, 2**31, world.outcome.image_lift.size)[chosen]
    font = ImageFont.load_default(_LETTERS)
    grain = rng.integers(-_GRAIN, _GRAIN + 1, (_DRAWN_AT[1], _DRAWN_AT[0], 1)).astype(np.int16)
    cards: dict[int, Image.Image] = {}
    files, hashes = [], []
    for image, seed in zip(chosen.tolist(), seeds.tolist(), strict=True):
        on = int(template[image])
        hue = 0.08 + 0.61803 * int(world.outcome.image_creator[image])
        if on < 0:
            picture = _photo(np.random.default_rng(seed), hue, grain)
        else:
            if on not in cards:
                cards[on] = _card(np.random.default_rng(on), hue)
            picture = cards[on].copy()
        _write_on(picture, words[image], font, top=0.30 if on < 0 else 0.36)
        sink = io.BytesIO()
        picture.save(sink, "JPEG", quality=_QUALITY)
        files.append(sink.getvalue())
        hashes.append(_phash(files[-1]))
    return Pictures(
        image=chosen,
        files=tuple(files),
        sha256=tuple(hashlib.sha256(f).hexdigest() for f in files),
        phash=np.array(hashes, dtype=np.uint64),
    )


def write_pictures(
    folder: Path, pictures: Pictures | None, slides: dict[str, list[tuple[str, int]]]
) -> Path | None:
    """Write the files and `mapping.csv` (returned), which says of each file the slides that show it.

    `slides`: post and number of slides by the file's SHA-256. What another demo left in the folder goes.
    """
    mapping = folder / "mapping.csv"
    if mapping.is_file():
        for old in (*folder.glob("image_*.jpg"), mapping):
            old.unlink()
    if pictures is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    with mapping.open("w", encoding="utf-8", newline="") as sink:
        lines = csv.writer(sink, lineterminator="\n")
        lines.writerow(["file", "post_id", "slide_index"])
        drawn = zip(pictures.image.tolist(), pictures.sha256, pictures.files, strict=True)
        for image, sha256, content in drawn:
            name = f"image_{image}.jpg"
            (folder / name).write_bytes(content)
            lines.writerows([name, post, index] for post, index in slides[sha256])
    return mapping


def _chosen(world: World, n: int) -> Ints:
    """Images that a page is likely to show: those that by their posts' results look surely good (hooks too), good and
    idle, or bad and in use; and those of the best late posts that show nothing new."""
    outcome, plan, days = world.outcome, world.plan, world.size.days
    post = np.repeat(np.arange(world.size.posts), plan.n_slides)
    uses = np.bincount(outcome.use_image, minlength=outcome.image_lift.size)
    did = outcome.slides_effect + world.effects["luck"]
    above = (did - did[plan.n_slides > 0].mean())[post]
    seems = np.bincount(outcome.use_image, above, uses.size) / (uses + _AS_USUAL)
    doubt = 1.2 / np.sqrt(uses + _AS_USUAL)
    last_day = np.zeros(uses.size, dtype=np.int64)
    np.maximum.at(last_day, outcome.use_image, plan.day[post])
    idle = ((uses == 1) & (last_day < days - 14)) | (last_day < days - 60)
    good = np.argsort(doubt - seems, kind="stable")
    lists = (
        good,
        good[outcome.image_is_hook[good]],
        np.argsort(np.where(idle, -seems, np.inf), kind="stable")[: idle.sum()],
        np.argsort(np.where(last_day >= days - 28, seems + doubt, np.inf), kind="stable"),
    )
    is_old = np.bincount(post, outcome.use_number > 1, world.size.posts) == plan.n_slides
    late = np.flatnonzero((plan.day >= days - 90) & (plan.day < days - 5) & (plan.n_slides > 0) & is_old)
    best = late[np.argsort(-did[late], kind="stable")][: n // 32]
    shown = [outcome.use_image[outcome.first_use[p] : outcome.first_use[p + 1]] for p in best]
    wanted = np.concatenate([*shown, *(each[: n // 5] for each in lists), good])
    _, first = np.unique(wanted, return_index=True)
    found: Ints = wanted[np.sort(first)][:n]
    return found


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def _photo(rng: np.random.Generator, hue: float, grain: np.ndarray) -> Image.Image:
    """Soft shapes in neighbouring colours, a light from one side, grain."""
    cells = np.empty((8, 5, 3), dtype=np.uint8)
    for row in range(8):
        for column in range(5):
            tone = hue + rng.normal(0, 0.09)
            cells[row, column] = _colour(tone, rng.uniform(0.25, 0.75), rng.uniform(0.25, 0.9))
    soft = Image.fromarray(cells).resize(_DRAWN_AT, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(soft, "RGBA")
    for _ in range(int(rng.integers(2, 6))):
        x, y = rng.integers(-40, _DRAWN_AT[0]), rng.integers(-40, _DRAWN_AT[1])
        w, h = rng.integers(40, 200, 2)
        fill = (*_colour(hue + rng.normal(0.1, 0.15), 0.5, rng.uniform(0.3, 1.0)), int(rng.integers(40, 110)))
        draw.ellipse((int(x), int(y), int(x + w), int(y + h)), fill=fill)
    noisy = np.clip(np.asarray(soft, dtype=np.int16) + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(noisy).resize(SIZE, Image.Resampling.BILINEAR)


def _card(rng: np.random.Generator, hue: float) -> Image.Image:
    """A creator's template: a ground, a bar and a frame."""
    width, height = SIZE
    card = Image.new("RGB", SIZE, _colour(hue, rng.uniform(0.2, 0.5), rng.uniform(0.35, 0.75)))
    draw = ImageDraw.Draw(card)
    bar = int(rng.integers(60, 170))
    other = _colour(hue + rng.uniform(0.3, 0.6), 0.55, 0.8)
    draw.rectangle((0, 0, width, bar), fill=other)
    draw.rectangle((0, height - bar // 2, width, height), fill=other)
    edge = int(rng.integers(20, 46))
    draw.rounded_rectangle(
        (edge, bar + edge, width - edge, height - bar), 28, outline=_colour(hue, 0.15, 0.95), width=5
    )
    draw.ellipse((width // 2 - 40, bar - 40, width // 2 + 40, bar + 40), fill=_colour(hue, 0.6, 0.35))
    return card


def _write_on(
    picture: Image.Image, words: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, *, top: float
) -> None:
    lines, line = [], ""
    for word in words.split():
        if line and len(line) + len(word) >= _LINE:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    lines.append(line)
    ImageDraw.Draw(picture).multiline_text(
        (SIZE[0] / 2, SIZE[1] * top), "\n".join(lines), fill="white", stroke_width=4, stroke_fill=(20, 20, 24),
        font=font, anchor="ma", align="center", spacing=12,
    )  # fmt: skip


def _phash(content: bytes) -> int:
    """As `media add` will find it."""
    with Image.open(io.BytesIO(content)) as opened:
        return int(str(imagehash.phash(opened.convert("RGB"))), 16)
