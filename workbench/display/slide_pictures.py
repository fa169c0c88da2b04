"""The pictures of the slides' page: fetched from the storage as they are asked for, with what is missing of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import pandas as pd

from ..model.slide_facts import SlideFacts
from .blocks import Box, note
from .level_page import LevelPage
from .numbers import counted, multiple
from .pictures import Card, Gallery

BESIDE = {"image_text": ("picture", "said")}
"""For `Table`: which columns of `_pictured` rows hold the picture beside an image's words, and its own words."""
_CARDS = 12
_HOW = (
    "`workbench media fetch` downloads the slides whose address is known, `workbench media add FOLDER` takes "
    "files that lie on disk."
)


class PicturePage(LevelPage):
    """Thumbnails of images, each made once."""

    facts: SlideFacts
    _tables = ("media_files", "slides")

    @cached_property
    def _known(self) -> dict[str, str | None]:
        """Data URI by image; None where there is no picture to show."""
        return {}

    @cached_property
    def _failed(self) -> Counter[str]:
        """Images whose stored file can't be shown, by reason."""
        return Counter()

    def _thumbnails(self, image_ids: Iterable[Any]) -> dict[str, str]:
        """Thumbnails of those images that have one, as data URIs by image."""
        wanted = list(dict.fromkeys(str(i) for i in image_ids if pd.notna(i)))
        new = [i for i in wanted if i not in self._known]
        files = self.facts.pictures_of(new) if new else pd.DataFrame()
        self._known.update(dict.fromkeys(new))
        if len(files):
            from ..media.thumbnails import thumbnails

            made = thumbnails(
                self.facts.settings, dict(zip(files["sha256"], files["storage_key"], strict=True))
            )
            for image, sha256 in zip(files["image_id"], files["sha256"], strict=True):
                self._known[image] = made.pictures.get(sha256)
                if sha256 in made.missing:
                    self._failed[made.missing[sha256]] += 1
        return {i: uri for i in wanted if (uri := self._known[i]) is not None}

    def _pictured(self, shown: pd.DataFrame) -> pd.DataFrame:
        """Rows of images with the columns that BESIDE names; as they are where there is a picture of none of them."""
        found = self._thumbnails(shown["image_id"])
        if not found:
            return shown
        uris = pd.Series([found.get(str(i)) for i in shown["image_id"]], index=shown.index, dtype="object")
        return shown.assign(picture=uris, said=[said(t) for t in shown["image_text"]])

    def best_gallery(self) -> Any:
        """The surest images as pictures; how to get pictures where there are none."""
        best = self.facts.best.head(_CARDS)
        found = self._thumbnails(best["image_id"])
        if not found:
            return self._without()
        cards = [
            Card(
                picture=found.get(str(one["image_id"])),
                said=said(one["image_text"]),
                figure=multiple(one["slide_lift"]),
                facts=(
                    _interval(one),
                    f"{counted(one['n_uses'], 'use')}, {_rested(one['days_since_used'])}",
                ),
                url=one["example_url"],
            )
            for one in best.to_dict("records")
        ]
        return Gallery(
            cards,
            caption=f"The {len(cards)} images that most surely do better than usual"
            if len(cards) > 1
            else "The image that most surely does better than usual",
            note="Lift with its 90 % interval, and n, the posts it rests on. " + self._coverage(),
        )

    def _coverage(self) -> str:
        facts = self.facts
        n = len(facts.uses)
        if facts.n_pictured >= n:
            return f"A picture is stored of every one of the {counted(n, 'image')}."
        return (
            f"Pictures are stored of {facts.n_pictured:,} of {counted(n, 'image')}; the others are shown by their "
            f"words. {_HOW}"
        )

    def _without(self) -> Box:
        """Why images are shown by their words alone."""
        facts = self.facts
        if not facts.n_pictured:
            return note(
                f"No picture of a slide is stored, so images are shown by their words. {_HOW}",
                "No pictures yet",
            )
        if self._failed:
            return note(f"{self._unshown()} {_HOW}", "Pictures can't be shown")
        return note(
            f"Of none of the images that do best a picture is stored. {self._coverage()}", "Few pictures yet"
        )

    def _unshown(self) -> str:
        """What of the page's pictures could not be shown, and why; empty where all could."""
        reasons = "; ".join(f"{n:,}: {reason}" for reason, n in sorted(self._failed.items()))
        n = sum(self._failed.values())
        return f"{counted(n, 'stored picture')} can't be shown here ({reasons})." if n else ""


def _interval(one: dict[Any, Any]) -> str:
    n = f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{one['n_lift_posts']:,}"
    return f"{multiple(one['slide_lift_low'])} to {multiple(one['slide_lift_high'])}, {n}"


def said(words: Any) -> str:
    """What is written on a slide, in one line."""
    return "(unread)" if pd.isna(words) else " ".join(str(words).split())


def _rested(days: Any) -> str:
    if pd.isna(days):
        return "last shown at an unknown time"
    return "shown today" if days < 1 else f"last shown {counted(int(days), 'day')} ago"
