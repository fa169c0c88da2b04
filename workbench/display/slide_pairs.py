"""Reposts on the slides' page: what showing the same slides again brought, and both posts side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..metrics.outliers import BREAKOUT
from ..model.slide_facts import SlideFacts
from ..model.slide_reposts import FEWEST, repost_change
from .blocks import Box, finding, note
from .numbers import compact, counted, day, multiple, percent
from .pictures import SideBySide, Slide, Strip
from .slide_pictures import PicturePage, said
from .tables import Table

_PAIRS = 4
_LISTED = 10
_CLEAR = 0.5
"""Share of a repost's slides with a picture, from which it is worth a look."""


class PairsPage(PicturePage):
    """What is known of posts that show what an earlier one showed."""

    facts: SlideFacts

    def repost_finding(self) -> Box:
        """Whether posting the same slides again did better or worse than the first time."""
        reposts, weeks = self.facts.reposts, counted(3 * self.facts.score_weeks, "week")
        if reposts.empty:
            return note(
                f"No post of the last {weeks} shows half of an earlier post's images or more, at least two of them."
            )
        change = repost_change(reposts)
        found = f"{counted(len(reposts), 'post')} of the last {weeks} showed half of an earlier post's images or more"
        if change.n < FEWEST:
            return finding(found, f"Of {change.n} pairs it is known what both did: too few to compare.")
        fell = percent(abs(1 - change.multiple), digits=0)
        word = "worse" if change.multiple < 1 else "better"
        sure = change.low > 1 or change.high < 1
        title = (
            f"Reposts did {fell} {word} than their originals"
            if sure
            else "Reposts did no differently from their originals, as far as can be told"
        )
        return finding(
            title,
            f"{found}. Against the accounts' usual they did {multiple(change.multiple)} what the originals did (90 % "
            f"interval {multiple(change.low)} to {multiple(change.high)}; n = {change.n:,} pairs); "
            f"{change.n_better:,} of them did better. Part of a fall is luck that does not come back: posts are "
            "repeated because they did well.",
        )

    def repost_table(self) -> Any:
        best = self._best_reposts
        if best.empty:
            return note("No repost has a count at the compared age yet.")
        broke = int((best["compared_outlier"] >= BREAKOUT).sum())
        return Table(
            best,
            caption=f"{broke} of {counted(len(best), 'repost')} did three times their account's usual or more",
            columns={
                "account_id": "", "posted_at": "", "compared_outlier": "Times the usual",
                "earlier_outlier": "Original, times the usual", "earlier_account_id": "Original's account",
                "days_between": "", "n_shared_images": "", "shared_share": "", "is_same_order": "",
                "is_exact_repost": "",
            },
            links={"account_id": "url"},
            missing="not known of this pair",
            limit=_LISTED,
        )  # fmt: skip

    @property
    def _best_reposts(self) -> pd.DataFrame:
        known = self.facts.reposts.dropna(subset=["compared_outlier"])
        return known.sort_values(["compared_outlier", "post_id"], ascending=[False, True])

    def reposts_side_by_side(self) -> Any:
        """The slides of the best reposts under those of the posts that they repeat."""
        best = self._best_reposts.head(_LISTED)
        if best.empty or not self.facts.n_pictured:
            return note("Without a repost whose pictures are stored, there are none to lay side by side.")
        slides = self.facts.slides_of_posts([*best["post_id"], *best["earlier_post_id"]])
        found = self._thumbnails(slides["image_id"])
        uris = [found.get(str(i)) for i in slides["image_id"]]
        slides = slides.assign(picture=pd.Series(uris, index=slides.index, dtype="object"))
        of_post = dict(list(slides.groupby("post_id")))
        # The best ones; those of which under half can be seen only where there are no others.
        seen = [of_post[p]["picture"].notna().mean() for p in best["post_id"]]
        by_sight = best.assign(seen=seen, dim=[s < _CLEAR for s in seen]).sort_values("dim", kind="stable")
        chosen = by_sight[by_sight["seen"] > 0].head(_PAIRS)
        if chosen.empty:
            return note("Of no slide of the best reposts a picture is stored.")
        pairs = [
            _pair(one, of_post[one["post_id"]], of_post[one["earlier_post_id"]])
            for one in chosen.to_dict("records")
        ]
        return SideBySide(
            pairs,
            caption=f"{counted(len(pairs), 'repost')} of the best {_LISTED}, beside what was posted first"
            if len(self._best_reposts) > _LISTED
            else f"{counted(len(pairs), 'repost')} beside what was posted first",
            note="The first post stands above, the repost under it. A slide shows the same image where picture "
            "and words agree; the same file is the same to the last byte, saved anew is another file of that image.",
        )


def _pair(one: dict[Any, Any], later: pd.DataFrame, earlier: pd.DataFrame) -> tuple[str, Strip, Strip]:
    first = _strip(
        one["earlier_account_id"], one["earlier_posted_at"], one["earlier_outlier"], one["earlier_views"],
        earlier, left_out(earlier, later), None,
    )  # fmt: skip
    again = _strip(
        one["account_id"], one["posted_at"], one["compared_outlier"], one["compared_views"],
        later, marks(later, earlier), one["url"],
    )  # fmt: skip
    return _apart(one, later, earlier), first, again


def _strip(
    account: Any,
    at: Any,
    outlier: Any,
    views: Any,
    slides: pd.DataFrame,
    told: list[tuple[str, bool]],
    url: Any,
) -> Strip:
    did = [f"{multiple(outlier)} the usual"] if pd.notna(outlier) else []
    did += [f"{compact(views)} views"] if pd.notna(views) else []
    return Strip(
        heading=f"{account}, {day(at)}: {', '.join(did) or 'not known how it did'}",
        slides=[
            Slide(picture=uri, said=said(words), mark=f"{index}{mark and ' · '}{mark}", is_shared=shared)
            for uri, words, index, (mark, shared) in zip(
                slides["picture"], slides["ocr_text"], slides["slide_index"], told, strict=True
            )
        ],
        url=url,
    )


def marks(later: pd.DataFrame, earlier: pd.DataFrame) -> list[tuple[str, bool]]:
    """Of each slide of a repost, how it stands to the first post, and whether its image is there."""
    places = dict(zip(earlier["image_id"][::-1], earlier["slide_index"][::-1], strict=True))
    files = set(earlier["sha256"].dropna())
    told = []
    for image, index, sha256 in zip(later["image_id"], later["slide_index"], later["sha256"], strict=True):
        if pd.isna(image) or image not in places:
            told.append(("another image", False))
            continue
        file = "" if pd.isna(sha256) else "same file" if sha256 in files else "saved anew"
        moved = f"was slide {places[image]}" if places[image] != index else ""
        told.append((", ".join(filter(None, [file, moved])), True))
    return told


def left_out(earlier: pd.DataFrame, later: pd.DataFrame) -> list[tuple[str, bool]]:
    """Of each slide of the first post, whether the repost left it out."""
    again = set(later["image_id"].dropna())
    return [("", True) if image in again else ("left out", False) for image in earlier["image_id"]]


def _apart(one: dict[Any, Any], later: pd.DataFrame, earlier: pd.DataFrame) -> str:
    """What tells the two posts apart, in a sentence."""
    told = marks(later, earlier)
    anew = sum("saved anew" in mark for mark, _ in told)
    parts = [f"{sum(shared for _, shared in told)} of {counted(len(later), 'slide')} shown again"]
    if anew:
        parts.append(f"{anew} of them saved anew")
    if pd.notna(one["is_same_order"]) and not one["is_same_order"]:
        parts.append("in another order")
    where = (
        "the same account"
        if pd.notna(one["is_same_account"]) and one["is_same_account"]
        else "another account"
    )
    parts.append(f"{counted(round(one['days_between']), 'day')} later on {where}")
    if pd.notna(one["compared_outlier"]) and pd.notna(one["earlier_outlier"]) and one["earlier_outlier"] > 0:
        ratio = one["compared_outlier"] / one["earlier_outlier"]
        parts.append(f"it did {multiple(ratio)} what the first one did, against what is usual there")
    return f"{'; '.join(parts)}."
