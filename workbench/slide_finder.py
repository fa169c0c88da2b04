"""Slides found by text and by picture: what `wb.slides` and `workbench slides` ask.

wb.slides.search('"cold coffee" mondays')
wb.slides.like("screenshot.jpg")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from .errors import UsageError
from .shown_rows import ShownRows

if TYPE_CHECKING:
    from .model.slide_like import Looked
    from .warehouse.reader import Workbench

LIMIT = 20
_KNOWN = (
    "image_text", "n_uses", "n_accounts_used", "last_used_at", "slide_lift", "slide_lift_low", "slide_lift_high",
    "n_lift_posts", "example_url", "image_id", "storage_key",
)  # fmt: skip
_LIFT = ("slide_lift", "slide_lift_low", "slide_lift_high", "n_lift_posts")
SEARCH_COLUMNS = ("match_rate", *_KNOWN)
LIKE_COLUMNS = ("asked_file", "match_kind", "differing_bits", *_KNOWN)


class SlideFinder:
    """Slides by what they say (`search`) and by how they look (`like`)."""

    def __init__(self, wb: Workbench) -> None:
        self._wb = wb

    def search(self, text: str, *, limit: int = LIMIT, lifts: bool = True) -> FoundSlides:
        """Images that say all of these words, "phrases in quotes" word for word; small misreadings are tolerated.

        The best match comes first, of equal ones what was used most. `lifts=False` is quicker: it leaves the lifts
        empty.
        """
        from .metrics.slide_search import distinct_texts, images_that_say
        from .model.slide_search import matches, parsed

        query, limit = parsed(text), _limit(limit)
        slides, uses = self._wb.table("slides"), self._wb.table("slide_uses")
        texts = distinct_texts(slides).to_pyarrow()["ocr_text"]
        scores = matches(query, texts).round(3)
        found = pd.DataFrame(
            {"ocr_text": texts.to_pandas()[scores > 0].astype("str"), "match_rate": scores[scores > 0]}
        )
        said = ibis.memtable(found, schema={"ocr_text": "string", "match_rate": "float64"})
        images = images_that_say(uses, slides, said).to_pandas()
        order = ["match_rate", "n_uses", "image_id"]
        images = images.sort_values(order, ascending=[False, False, True], ignore_index=True)
        shown = self._with_what_is_known(images.head(limit), lifts=lifts)
        of = f"{len(images):,} images say" if len(images) != 1 else "1 image says"
        return _found(self._wb, shown, SEARCH_COLUMNS, f"{of} {text!r}")

    def like(
        self,
        *files: str | Path,
        text: str | None = None,
        read: bool = True,
        limit: int = LIMIT,
        lifts: bool = True,
    ) -> FoundSlides:
        """Images that are the same as these pictures, look like them, or say the same.

        Parameters
        ----------
        text
            What is written on the picture; default: it is read, where the reader is installed.
        read
            False: it is not read. Then only nearly equal pictures are known to be the same image.
        limit
            Images of each file.
        """
        from .metrics.recommendations import image_texts
        from .metrics.slide_search import distinct_pictures, uses_of
        from .model.slide_like import alike

        limit = _limit(limit)
        if not files:
            raise UsageError("Name a picture: workbench slides like FILE")
        looked = [(Path(f), seen) for f, seen in zip(files, looks(files, text=text, read=read), strict=True)]
        slides, uses = self._wb.table("slides"), self._wb.table("slide_uses")
        pictures = distinct_pictures(uses, slides).to_pyarrow()
        parts = [alike(seen, pictures).head(limit).assign(asked_file=path.name) for path, seen in looked]
        found = pd.concat(parts, ignore_index=True)
        few = uses.semi_join(_few(found), "image_id")
        for part in (image_texts(few, slides), uses_of(few)):
            found = found.merge(part.to_pandas(), on="image_id", how="left")
        shown = self._with_what_is_known(found, lifts=lifts)
        same = found[found["match_kind"] == "same image"]["asked_file"].nunique() if len(found) else 0
        said = f"{same:,} of {len(looked):,} pictures are" if len(looked) > 1 else "The picture is"
        known = "known" if same or len(looked) > 1 else "not known"
        unread = all(seen.text is None for _path, seen in looked)
        why = "; its text was not read, so only a nearly equal picture counts" if unread else ""
        return _found(self._wb, shown, LIKE_COLUMNS, f"{said} {known} as the image of a slide{why}")

    def _with_what_is_known(self, images: pd.DataFrame, *, lifts: bool) -> pd.DataFrame:
        from .metrics.slide_search import what_is_known

        wb = self._wb
        more = what_is_known(
            _few(images), wb.table("slide_uses"), wb.table("slides"), wb.table("media_files"),
            wb.table("post_performance"), at=self._until,
        )  # fmt: skip
        out = images.merge(more.to_pandas(), on="image_id", how="left")
        return out.merge(self._lifts, on="image_id", how="left") if lifts and len(images) else out

    @property
    def _until(self) -> datetime:
        return (self._wb.as_of or datetime(2005, 1, 1)) + timedelta(days=1)

    @cached_property
    def _lifts(self) -> pd.DataFrame:
        """Of all images, as they are fitted together; kept for the next question."""
        from datetime import date

        from .metrics.periods import Period
        from .model.catalogue import Asked
        from .model.slide_effects import slide_lifts

        period = Period(date(2000, 1, 1), self._until.date(), self._wb.settings.time_zone)
        return slide_lifts(Asked(self._wb.table, period, settings=self._wb.settings))

    def __repr__(self) -> str:
        return "<slides: .search('words and \"phrases\"') finds them by text, .like('file.jpg') by picture>"


@dataclass(frozen=True)
class FoundSlides(ShownRows):
    """What was found: `.frame` has the rows, `.table` shows them, with their pictures where some are stored."""

    wb: Workbench
    frame: pd.DataFrame
    said: str
    """What was found, in a sentence without its full stop."""
    files: Sequence[str | None] = ()
    """SHA-256 of the stored picture of each row."""

    @cached_property
    def table(self) -> Any:
        from .display.tables import Table

        shown = self._pictured()
        hidden = {"image_text", "image_id", "storage_key", "example_url", "picture", "said"}
        columns = [c for c in shown.columns if c not in hidden and (c not in _LIFT or shown[c].notna().any())]
        beside = {"image_text": ("picture", "said")} if "picture" in shown else None
        return Table(
            shown,
            caption=f"{self.said}; {len(shown):,} {'is' if len(shown) == 1 else 'are'} shown",
            columns=["image_text", *columns],
            links={"image_text": "example_url"},
            missing="not known of this image",
            limit=200,
            pictures=beside,
        )

    def _pictured(self) -> pd.DataFrame:
        from .media.thumbnails import thumbnails

        words = ["(unread)" if pd.isna(t) else " ".join(str(t).split()) for t in self.frame["image_text"]]
        shown = self.frame.assign(image_text=pd.Series(words, index=self.frame.index, dtype="object"))
        keys = {
            sha: key
            for sha, key in zip(self.files, shown["storage_key"], strict=True)
            if sha and pd.notna(key)
        }
        made = thumbnails(self.wb.settings, keys).pictures if keys else {}
        if not made:
            return shown
        uris = pd.Series([made.get(sha or "") for sha in self.files], index=shown.index, dtype="object")
        return shown.assign(picture=uris, said=words)


def looks(files: Sequence[str | Path], *, text: str | None, read: bool) -> list[Looked]:
    """What each file shows and says.

    Raises UsageError for a file that is no picture that can be taken in.
    """
    from .media.finding import FileRefused, content
    from .media.pictures import PictureRefused, image_of, picture
    from .model.slide_like import Looked

    reader = _reader() if read and text is None else None
    found = []
    for file in files:
        try:
            data = content(Path(file))
            seen = picture(data)
            said = text if text is not None else None if reader is None else reader.read(image_of(data)).text
        except (FileRefused, PictureRefused) as e:
            raise UsageError(f"{file}: {e}.") from e
        found.append(Looked(seen.sha256, seen.phash, said))
    return found


def _reader() -> Any:
    """What reads pictures; None where it is not installed."""
    from .media import ocr

    try:
        return ocr.Reader()
    except UsageError:
        return None


def _few(images: pd.DataFrame) -> ibis.Table:
    return ibis.memtable(images[["image_id"]].drop_duplicates(), schema={"image_id": "string"})


def _limit(limit: int) -> int:
    if limit < 1:
        raise UsageError(f"A limit of {limit} shows nothing. Give 1 or more.")
    return limit


_KINDS = {
    **dict.fromkeys(
        ("asked_file", "match_kind", "image_text", "example_url", "image_id", "storage_key"), "str"
    ),
    **dict.fromkeys(("match_rate", "slide_lift", "slide_lift_low", "slide_lift_high"), "float64"),
    **dict.fromkeys(("differing_bits", "n_uses", "n_accounts_used", "n_lift_posts"), "Int64"),
    "last_used_at": "datetime64[us]",
}


def _found(wb: Workbench, rows: pd.DataFrame, columns: Sequence[str], said: str) -> FoundSlides:
    """All columns in their types. An id of a text, by which a slide without an image was found, is none of an image."""
    full = rows.reindex(columns=[*columns, "sha256"])
    full["image_id"] = full["image_id"].where(full["image_id"].astype("str").str.startswith("image:"))
    files = [None if pd.isna(sha) else str(sha) for sha in full["sha256"]]
    return FoundSlides(wb, full[list(columns)].astype({c: _KINDS[c] for c in columns}), said, files)
