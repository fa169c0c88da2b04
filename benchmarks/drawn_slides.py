"""Slides drawn as agencies make them: a photograph, a text over it, a template with many texts; and their later lives.

Every slide follows from its numbers: the same call draws the same slide anywhere. Letters are those of Latin-1.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

SIZE = (1080, 1920)
EDITS = ("jpeg40", "half", "crop3", "brighter", "watermark")
STYLES = ("outline", "box", "panel")
"""White with a dark outline on the photograph; dark on a white box; light on a darkened stripe."""

_ENGLISH = (
    "five|three|seven|my best|the quiet|small|odd|cheap|honest|slow",
    "habits|signs|rules|mistakes|questions|evenings|recipes|books|reasons|walks",
    (
        "that changed my|nobody tells you about|for a calmer|I wish I knew before my|to save your|behind every good|"
        "you can try on your|which ruin a|from my first|worth more than a"
    ),
    "mornings|twenties|kitchen|friendship|Sunday|budget|sleep|marriage|garden|studies",
    (
        "and why it works|without spending money|in only ten days|before the winter comes|when nothing else helps|"
        "even if you are tired|told by my grandmother|that took me years|and what I do now|as nobody believed me"
    ),
)
_GERMAN = (
    "fünf|drei|sieben|schöne|heimliche|müde|größere|böse|süße|übliche",
    "Gewohnheiten|Anzeichen|Lügen|Fehler|Gründe|Bücher|Wünsche|Träume|Ängste|Küchentricks",
    (
        "für ein ruhigeres|die niemand erklärt über das|gegen das ewige|aus meinem früheren|vor jedem großen|"
        "über das tägliche|nach dem ersten|hinter jedem schönen|für dein nächstes|aus jedem müden"
    ),
    "Frühstück|Wochenende|Gespräch|Büro|Geschäft|Gefühl|Mädchenzimmer|Gemüsebeet|Jubiläum|Schlafen",
    (
        "und warum es hilft|ohne viel Geld auszugeben|in nur zehn Tagen|bevor es Winter wird|wenn gar nichts hilft|"
        "auch wenn du müde bist|von meiner Großmutter|das dauerte Jahre|was ich heute täte|und keiner glaubte es"
    ),
)

_SIGNS = ("Aries", "Leo", "Virgo", "Libra", "Pisces")
_SIGNS_DE = ("der Widder", "der Löwe", "die Jungfrau", "die Waage", "der Fisch")


@dataclass(frozen=True)
class Slide:
    """A slide as a file, and the truth about it."""

    data: bytes
    text: str
    """As drawn, without the handle laid over it."""
    image: int
    """Slides of one number are the same image."""
    template: int
    edit: str
    """What became of it: "" as it was first posted, else one of EDITS."""


def sentence(seed: int) -> str:
    """A hook as slides bear it, English or German by turns."""
    rng = random.Random(seed)
    return " ".join(rng.choice(part.split("|")) for part in (_GERMAN if seed % 2 else _ENGLISH))


def draw(text: str, *, template: int, seed: int = 0, size: tuple[int, int] = SIZE) -> Image.Image:
    """A slide of a template: its photograph, its font, its style and place of the text; `seed` moves the text a little.

    The style is STYLES[template % 3]. No text, no box.
    """
    image = photograph(template, size).copy()
    if not text:
        return image
    rng, nudge = random.Random(f"template {template}"), random.Random(f"{template} {seed}")
    width, height = size
    font = _font(rng.randrange(1_000), round(width * rng.uniform(0.058, 0.075)))
    pen = ImageDraw.Draw(image)
    lines = _wrapped(pen, text, font, 0.82 * width)
    pad = width // 36
    left, top, right, bottom = pen.multiline_textbbox((0, 0), lines, font=font, align="center", spacing=pad)
    x = (width - right + left) / 2
    y = height * rng.uniform(0.22, 0.6) + nudge.uniform(-0.01, 0.01) * height - (bottom - top) / 2
    style = STYLES[template % len(STYLES)]
    fill = "white"
    if style == "box":
        pen.rounded_rectangle(
            (x - pad, y - pad, x + right - left + pad, y + bottom - top + pad), pad, "white"
        )
        fill = "#15151a"
    elif style == "panel":
        stripe = (0, round(y - 2 * pad), width, round(y + bottom - top + 2 * pad))
        image.paste(ImageEnhance.Brightness(image.crop(stripe)).enhance(0.3), stripe)
    pen.multiline_text(
        (x - left, y - top),
        lines,
        fill,
        font=font,
        align="center",
        spacing=pad,
        stroke_width=max(2, width // 180) if style == "outline" else 0,
        stroke_fill="#101014",
    )
    return image


def edits(image: Image.Image, *, seed: int = 0, handle: str = "") -> dict[str, bytes]:
    """What becomes of a slide when it is saved and posted again, as files, by name (EDITS).

    The watermark is `handle`, or somebody's name, now and then without its @ or under the platform's.
    """
    rng = random.Random(f"edits {seed}")
    width, height = image.size
    across, down = 0.03 * width, 0.03 * height
    x, y = round(rng.uniform(0, across)), round(rng.uniform(0, down))
    cropped = image.crop((x, y, x + round(width - across), y + round(height - down)))
    marked = image.copy()
    if not handle:
        name = (
            rng.choice(("soft", "daily", "glow"))
            + rng.choice((".hub", ".notes", ".club"))
            + str(rng.randrange(99))
        )
        handle = rng.choice([f"@{name}", f"@{name}", name, f"TikTok\n@{name}"])
    places = [(0.06, 0.05), (0.55, 0.05), (0.06, 0.93), (0.55, 0.93)]
    left, top = rng.choice(places)
    font = _font(0, width // 28)
    ImageDraw.Draw(marked).text(
        (left * width, top * height), handle, "white", font=font, stroke_width=2, stroke_fill="#202020"
    )
    return {
        "jpeg40": encoded(image, quality=40),
        "half": encoded(image.resize((width // 2, height // 2), Image.Resampling.LANCZOS)),
        "crop3": encoded(cropped),
        "brighter": encoded(ImageEnhance.Brightness(image).enhance(rng.uniform(1.1, 1.3))),
        "watermark": encoded(marked),
    }


def encoded(image: Image.Image, *, quality: int = 88) -> bytes:
    """As a JPEG file."""
    sink = BytesIO()
    image.save(sink, "JPEG", quality=quality)
    return sink.getvalue()


def slides(n: int, *, seed: int = 0, size: tuple[int, int] = SIZE) -> Iterator[Slide]:
    """n slides: images on few templates, each as it was and in every edit.

    A template has about twelve images, alike but for their texts. Of each twelve, three bear a text that another bears
    on another template: a hook that is used again, and not the same image. Two are days of one series, whose texts
    differ in a number; two are of one sentence, which differ in a word.
    """
    images = -(-n // (len(EDITS) + 1))
    templates = max(3, images // 12)
    made = 0
    for image in range(images):
        place, template = divmod(image, templates)
        drawn = draw(
            said(place, template, templates, seed), template=seed * 1_000 + template, seed=image, size=size
        )
        files = {"": encoded(drawn), **edits(drawn, seed=seed * 100_000 + image)}
        for edit, data in files.items():
            if made < n:
                made += 1
                yield Slide(data, said(place, template, templates, seed), image, template, edit)


def said(place: int, template: int, templates: int, seed: int) -> str:
    """The text of an image by its place on its template."""
    german = bool(template % 2)
    if place % 12 in (1, 2):
        return f"Tag {place + 4} ohne Süßes" if german else f"Day {place + 4} off sugar"
    if place % 12 in (5, 6):
        sign = (_SIGNS_DE if german else _SIGNS)[place % len(_SIGNS)]
        return f"Warum {sign} nie zuerst schreibt" if german else f"Why {sign} never texts you first"
    if place % 4 == 3:  # what the template before this one says, three rounds ago
        place, template = place - 3, (template - 1) % templates
    return sentence(seed * 100_000 + place * templates + template)


@lru_cache(maxsize=64)
def photograph(template: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """What could be a photograph: light that falls off, cloudy fields soft things, grain."""
    rng = np.random.default_rng([template, 7])
    width, height = size
    small = (height // 4, width // 4)
    y, x = np.mgrid[0 : small[0], 0 : small[1]] / np.array(small)[:, None, None]
    channels = []
    fields = [_cloud(rng, small) for _ in range(2)]
    for _ in range(3):
        light = rng.uniform(60, 190) + rng.uniform(-70, 70) * x + rng.uniform(-70, 70) * y
        channels.append(light + sum(rng.uniform(-38, 38) * field for field in fields))
    picture = Image.fromarray(np.clip(np.stack(channels, -1), 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(2, 7))):
        cx, cy = rng.uniform(0, small[1]), rng.uniform(0, small[0])
        rx, ry = rng.uniform(0.05, 0.35, 2) * small[1]
        colour = tuple(int(c) for c in rng.integers(20, 235, 3))
        shape = pen.ellipse if rng.random() < 0.6 else pen.rectangle
        shape((cx - rx, cy - ry, cx + rx, cy + ry), colour)
    picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 4))))
    large = np.asarray(picture.resize(size, Image.Resampling.BICUBIC), np.int16)
    grain = rng.normal(0, rng.uniform(1, 5), (height // 2, width // 2, 1)).repeat(2, 0).repeat(2, 1)
    grain = np.pad(grain, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return Image.fromarray(np.clip(large + grain, 0, 255).astype(np.uint8))


def _cloud(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Noise whose strength falls with its frequency, as in pictures of the world; mean 0, deviation 1."""
    across, down = np.fft.rfftfreq(shape[1]), np.fft.fftfreq(shape[0])
    frequency = np.hypot(down[:, None], across[None, :])
    frequency[0, 0] = np.inf
    spectrum = np.exp(2j * np.pi * rng.random(frequency.shape)) / frequency ** rng.uniform(1.1, 1.6)
    field = np.fft.irfft2(spectrum, shape)
    return np.asarray((field - field.mean()) / field.std())


_FONTS = tuple(sorted((Path(__file__).parent / "fonts").glob("*.ttf")))
"""With umlauts, which the font within Pillow lacks."""


@lru_cache(maxsize=256)
def _font(number: int, points: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS[number % len(_FONTS)], points)


def _wrapped(pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """In lines no wider than this."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and pen.textlength(longer, font=font) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)
