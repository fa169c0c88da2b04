"""What the slides' page says: sentences, charts and tables made from `model.slide_facts`.

Every part is one call, returns one thing to look at, and says what is missing where it has nothing.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.recommendations import NEVER_AGAIN_DAYS
from ..model.slide_facts import PER_ACCOUNT, SlideFacts
from . import charts
from .blocks import Box, note, text, tiles, warning
from .level_page import known
from .numbers import compact, counted, multiple, percent, relative_change, whole
from .slide_library import LibraryPage, named
from .slide_pairs import PairsPage
from .slide_pictures import BESIDE
from .slide_themes import ThemesPage
from .tables import Definitions, Folded, Table, definitions

_MOST_ROWS = 1_200
"""Recommendations on a page; with more it would be slow to send and to open."""
_NTH = {2: "second", 3: "third", 5: "fifth"}
"""Uses that the title of the decay tells."""
_MISSING = {
    "usual_views": "fewer than five posts before",
    "expected_views": "what is usual on this account is not known",
    "days_since_used_here": "never used on this account",
}
_IMPORT = (
    "Import slides.csv: a row for each slide with post_id, slide_index, its address or hashes (slide_url, sha256, "
    "phash) and the text that was read on it (ocr_text, ocr_confidence)."
)


class SlidePage(LibraryPage, PairsPage, ThemesPage):
    """The parts of the page, in its order."""

    facts: SlideFacts
    _compared_with = (
        "An image is listed where it was shown here, and judged by all that it did: its lift, its uses, how long it "
        "rested, what a further use costs and what words go with are of everybody's posts, because a few accounts "
        "have too few. Reposts are those of posts on these accounts."
    )

    def _basis(self) -> Box:
        if not self.facts.has_slides and self.facts.peers.has_slides:
            return warning(
                "No slide of these accounts' posts is known: they may be videos.", "No slides here"
            )
        if not self.facts.has_slides:
            return warning(
                f"What is on the slides of posts is not known, so nothing can be said of them here. {_IMPORT}",
                "No slides are known",
            )
        return super()._basis()

    def headline(self) -> Any:
        """The week's figures against the week before and the eight before it."""
        if not self.facts.has_slides:
            return note(_IMPORT, "Nothing to show without slides")
        weekly = self.facts.weekly
        return tiles(
            self.tile(weekly, "Posts with slides", "n_slide_posts", note="by the day of posting"),
            self.tile(weekly, "Images used", "n_images_used", better=""),
            self.tile(weekly, "New images", "n_new_images", note="never used before"),
            self.tile(weekly, "Reused slides", "reused_slide_share", better=""),
            self.tile(weekly, "Lift of reused slides", "median_slide_lift", note="median; 1 is usual"),
            self.tile(weekly, "Against usual", "median_outlier", note=f"median post, at {self._age}"),
        )

    def changed(self) -> Box:
        """What moved, and why it matters."""
        if not self.facts.has_slides:
            return text("Nothing is known of slides in this week or before it.")
        weekly, facts, sentences = self.facts.weekly, self.facts, []
        now, before = weekly.iloc[-1], weekly.iloc[-2]
        moved = relative_change(known(now["n_slide_posts"]), known(before["n_slide_posts"]))
        if moved is not None:
            verb = "more" if moved > 0 else "fewer"
            much = f"{percent(abs(moved), digits=0)} {verb}" if abs(moved) >= 0.005 else "as many"
            sentences.append(
                f"{counted(now['n_slide_posts'], 'post')} showed slides, {much} than the week before, with "
                f"{counted(now['n_new_images'], 'new image')} of {whole(now['n_images_used'])}."
            )
        if facts.n_weak:
            sentences.append(
                f"{counted(facts.n_weak, 'image')} that clearly {'does' if facts.n_weak == 1 else 'do'} worse "
                f"than usual "
                f"{'was' if facts.n_weak == 1 else 'were'} still shown in {counted(facts.score_weeks, 'week')}: other "
                "images would have had better prospects."
            )
        if facts.n_forgotten:
            sentences.append(
                f"{counted(facts.n_forgotten, 'image')} that clearly "
                f"{'does' if facts.n_forgotten == 1 else 'do'} better than "
                f"usual {'rests' if facts.n_forgotten == 1 else 'rest'} unused: shown once and left since, or not for "
                f"{NEVER_AGAIN_DAYS} days."
            )
        accounts = facts.recommended["account_id"].nunique()
        if accounts:
            whom = "There" if self._of_one else f"For {counted(accounts, 'account')} there"
            sentences.append(f"{whom} is an image to show again, at the end of this page.")
        return text(" ".join(sentences) or "No slide is known of this week and the one before.")

    def weekly_chart(self) -> Any:
        return self._course(
            self.facts.weekly, "median_outlier", "The median slideshow against its account's usual:", shown=multiple,
            nothing="Under two weeks have slideshows that can be compared: there is no course to draw yet.",
        )  # fmt: skip

    # --- decay and recommendations -------------------------------------------------------------------

    def decay_chart(self) -> Any:
        """What the k-th use of an image does against its first, with its interval."""
        decay = self.facts.decay_by_use
        if len(decay) < 2:
            return note("Too few images were used twice to see what a further use costs.")
        sure = decay[(decay["reuse_decay_high"] < 1) & decay["use_number"].isin(list(_NTH))]
        said = [
            f"the {_NTH[int(k)]} use {percent(1 - multiple, digits=0)}"
            for k, multiple in zip(sure["use_number"], sure["reuse_decay"], strict=True)
        ]
        title = (
            f"Using an image again costs views: {', '.join(said)} of what the first use brought"
            if said
            else "Whether using an image again costs views can't be told yet: the intervals include the first use's"
        )
        return charts.line(
            decay,
            x="use_label",
            y="reuse_decay",
            low="reuse_decay_low",
            high="reuse_decay_high",
            reference=1.0,
            reference_label="first use",
            title=title,
            subtitle="Each image against itself, anywhere; 90 % interval",
        )

    def promising_table(self) -> Any:
        """The most promising recommendations that can all be followed: an image goes to one account."""
        recommended, promising = self.facts.recommended, self.facts.promising
        if recommended.empty:
            return note(
                "No image can be recommended: none that clearly does better than usual has rested for 14 days "
                "everywhere and 60 on an account of its creator's, and would do better than usual once more."
            )
        n = recommended["account_id"].nunique()
        top = multiple(recommended.loc[recommended["place"] == 1, "expected_multiple"].median())
        return Table(
            self._pictured(promising).assign(image_text=named(promising), interval=_ranges(promising)),
            caption=f"{counted(n, 'account')} can show an image again; the best of the median account is expected at "
            f"{top} its usual",
            columns={
                "account_id": "", "image_text": "", "expected_views": "", "interval": "90 % interval",
                "recommended_because": "",
            },
            links={"image_text": "example_url"},
            pictures=BESIDE,
            missing=_MISSING,
            note="The most promising, each image for the one account where it promises most, so that it can rest "
            "elsewhere. What is expected is the mean of such posts: a single one can do far better or worse.",
        )  # fmt: skip

    def recommendation_table(self) -> Any:
        """The first three of every account."""
        recommended = self.facts.recommended
        if recommended.empty:
            return note("Nothing to list.")
        n = recommended["account_id"].nunique()
        each = max(1, min(PER_ACCOUNT, _MOST_ROWS // n))
        shown = recommended[recommended["place"] <= each]
        listed = Table(
            shown.assign(image_text=named(shown), interval=_ranges(shown)),
            caption=f"The first {each} of each account",
            columns={
                "account_id": "", "image_text": "", "expected_views": "", "interval": "90 % interval",
                "usual_views": "", "days_since_used_here": "Rested here",
                "days_since_used": "anywhere",
            },
            links={"image_text": "example_url"},
            missing=_MISSING,
            limit=_MOST_ROWS,
            note="An image may stand at several accounts of its creator: give it to one. `workbench metric "
            "recommendations --where account_id=...` has the reasons.",
        )  # fmt: skip
        return Folded(
            listed, f"Every account: {whole(len(shown))} recommendations for {counted(n, 'account')}"
        )

    def targets(self) -> Any:
        """Targets of the whole agency that the page has a figure for."""
        now = self.facts.weekly.iloc[-1]
        actual = {
            (name, "all"): now.get(name) for name in ("reused_slide_share", "n_new_images", "n_slide_posts")
        }
        return self.against_targets(actual, scope="all")

    def _left_out(self) -> Box:
        found = self.facts.coverage_of_slides
        weeks, slides = counted(self.facts.score_weeks, "week"), counted(found["n_slides"], "slide")
        bare = found["n_posts"] - found["n_with_slides"]
        if not found["n_posts"]:
            return super()._left_out()
        said = [
            f"{bare:,} of {counted(found['n_posts'], 'post')} of the last {weeks} have no known slides (videos too)",
        ]
        if found["n_slides"]:
            said += [
                f"{found['without_image']:,} of {slides} have neither hash nor address",
                f"{found['without_text']:,} have no readable text, so only a nearly equal hash joins them to an image",
            ]
        shown = [super()._left_out().body, "; ".join(said) + ".", self._unshown()]
        return note("\n\n".join(filter(None, shown)), "Left out, and why")

    def definitions(self) -> Definitions:
        return definitions(
            self.facts.outlier_column, "image_id", "use_number", "slide_lift", "hook_lift", "reuse_decay",
            "wear_multiple", "is_tired", "reused_slide_share", "median_slide_lift", "reuse_multiple",
            "expected_multiple", "usual_views", "expected_views",
        )  # fmt: skip


def _ranges(recommended: pd.DataFrame) -> pd.Series:
    """What the expected views lie between, in short."""
    ends = zip(recommended["expected_views_low"], recommended["expected_views_high"], strict=True)
    said = [None if pd.isna(low) else f"{compact(low)} to {compact(high)}" for low, high in ends]
    return pd.Series(said, index=recommended.index, dtype="str")
