"""The library of images on the slides' page: best, forgotten, weak, tired, hooks.

An image is shown by its picture, where one is stored, and by what is written on it, and leads to the post that did
best with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from ..model.recommendations import NEVER_AGAIN_DAYS
from ..model.slide_facts import SlideFacts
from .blocks import Box, finding, note, text
from .escaping import plain
from .numbers import counted, multiple
from .slide_pictures import BESIDE, PicturePage
from .tables import Folded, Table

_WORDS = 60
"""Characters of a slide's text by which it is recognized."""
_HOOKS = 15
_OF_A_HOOK = 3
"""Pictures of one hook."""
_FEWEST_POSTS = 5
"""Posts with a known multiple, for a hook's median to be told."""
_LIFT = {
    "slide_lift": "Lift", "slide_lift_low": "90 % from", "slide_lift_high": "to", "n_lift_posts": "n",
    "n_uses": "Uses",
    "days_since_used": "Rested",
}  # fmt: skip
_HOOK_LIFT = {
    "hook_lift": "Lift", "hook_lift_low": "90 % from", "hook_lift_high": "to", "n_hook_posts": "n", "n_uses": "Uses",
    "days_since_used": "Rested",
}  # fmt: skip
_WEAR = {
    "wear_multiple": "Later against earlier", "wear_low": "90 % from", "wear_high": "to", "n_first_uses": "Earlier",
    "n_recent_uses": "Later", "days_since_used": "Rested",
}  # fmt: skip


NO_LIFT = note(
    "Of no image is it known how its posts did: that takes posts with slides that have a count at the "
    "compared age, on "
    "accounts with at least five posts before them."
)


NONE_LISTED = text("No lift is known, so no image can be listed.")


class LibraryPage(PicturePage):
    """What is known of each image."""

    facts: SlideFacts

    def library_finding(self) -> Box:
        facts = self.facts
        n = len(facts.library)
        if not n:
            return NO_LIFT
        once = int((facts.uses["n_uses"] == 1).sum())
        return finding(
            f"{facts.n_good:,} of {counted(n, 'image')} clearly do better than usual",
            f"Clearly: the 90 % interval of the lift lies above 1. Lifts are drawn toward 1 as far as few "
            f"posts ask for it, so "
            f"that at most about one in twenty of them should be there by luck. "
            f"{counted(len(facts.uses), 'image')} were used up to "
            f"the end of the week, {once:,} of them once; the lift is known of {n:,}. An image is listed by what is "
            "written on it, and leads to the post that did best with it.",
        )

    def best_table(self) -> Any:
        if self.facts.library.empty:
            return NONE_LISTED
        best, n = self.facts.best, self.facts.n_good
        if best.empty:
            return note(
                "No image does clearly better than usual yet: with more uses the intervals get narrower."
            )
        top = best.iloc[0]
        listed = self._images(
            best,
            f"The surest did {multiple(top['slide_lift'])} the usual over {counted(top['n_lift_posts'], 'post')}",
            note=_first(len(best), n, "that are sure to do better than usual"),
        )
        if not self._thumbnails(best["image_id"]):
            return listed
        return Folded(listed, f"The figures of the best {counted(len(best), 'image')} as a table")

    def forgotten_table(self) -> Any:
        if self.facts.library.empty:
            return NONE_LISTED
        forgotten, n = self.facts.forgotten, self.facts.n_forgotten
        if forgotten.empty:
            return note(
                "No image that clearly does better than usual was left unused: each was shown within "
                f"{NEVER_AGAIN_DAYS} days."
            )
        return self._images(
            forgotten,
            f"{counted(n, 'good image')} {'rests' if n == 1 else 'rest'} unused",
            note=f"Used once and rested since, or not used for {NEVER_AGAIN_DAYS} days. "
            + _first(len(forgotten), n, "of this kind"),
        )

    def weak_table(self) -> Any:
        if self.facts.library.empty:
            return NONE_LISTED
        weak, n = self.facts.weak, self.facts.n_weak
        weeks = counted(self.facts.score_weeks, "week")
        if weak.empty:
            return note(f"No image that clearly does worse than usual was shown in the last {weeks}.")
        return self._images(
            weak,
            f"{counted(n, 'image')} shown in the last {weeks} clearly {'does' if n == 1 else 'do'} worse than usual: "
            "show others instead",
            note=_first(len(weak), n, "of this kind"),
        )

    def tired_table(self) -> Any:
        wear, tired = self.facts.wear, self.facts.tired
        if wear.empty:
            return note(
                "No image has six uses that can be compared, so none can be told to be tired: three early ones and "
                "three late ones are needed."
            )
        n, judged = int(wear["is_tired"].sum()), counted(len(wear), "image")
        if not n:
            return note(
                f"Of {judged} with six comparable uses or more, none wears out by more than images usually do and "
                "chance explains. What all of them lose is in the decay below."
            )
        return self._images(
            tired,
            f"{n} of {judged} with six comparable uses or more are tired",
            columns=_WEAR,
            note=_first(len(tired), n, "that are tired"),
        )

    def hook_table(self) -> Any:
        """First slides decide whether people stay: those that surely do well."""
        hooks, known = self.facts.hooks, self.facts.known_hooks
        if known.empty:
            return note("Of no first slide is it known how its posts did.")
        good = int((known["hook_lift_low"] > 1).sum())
        judged = counted(len(known), "first slide")
        if hooks.empty:
            return note(f"Of {judged} none clearly does better than usual yet.")
        best = multiple(known["hook_lift"].quantile(0.9))
        worst = multiple(known["hook_lift"].quantile(0.1))
        return self._images(
            hooks,
            f"{good:,} of {judged} clearly do better than usual: a hook of the best tenth brings {best} and more, one "
            f"of the worst {worst} and less",
            columns=_HOOK_LIFT,
            note=_first(len(hooks), good, "that are sure to do better than usual"),
        )

    def reused_hooks_table(self) -> Any:
        reused = self.facts.reused_hooks
        if reused.empty:
            return note(
                "No text opened posts on two pictures or more. A hook that works is worth trying on a new picture: "
                "it is listed here once it was."
            )
        known = reused[reused["n_outliers"] >= _FEWEST_POSTS]
        better = int((known["median_outlier"] > 1).sum())
        return Table(
            self._hook_pictures(reused).assign(ocr_text=[_words(t) for t in reused["ocr_text"]]),
            caption=f"{counted(len(reused), 'hook')} came again on another picture"
            + (f"; {better} of {len(known)} with five known posts do better than usual" if len(known) else ""),
            columns={
                "ocr_text": "Hook", "n_images": "", "n_uses": "", "n_outliers": "", "median_outlier": "",
                "breakout_rate": "", "last_used_at": "",
            },
            pictures={"ocr_text": ("picture", "said")},
            missing="too few posts with a count",
            limit=_HOOKS,
        )  # fmt: skip

    def _hook_pictures(self, reused: pd.DataFrame) -> pd.DataFrame:
        """With the pictures of each hook's most used images, where there are any."""
        images = self.facts.images_of_hooks(reused["text_id"].head(_HOOKS).tolist())
        found = self._thumbnails(images["image_id"])
        if not found:
            return reused
        of_hook: dict[str, list[str]] = {}
        for hook, image in zip(images["text_id"], images["image_id"], strict=True):
            if image in found:
                of_hook.setdefault(hook, []).append(found[image])
        pictures = [of_hook.get(hook, [])[:_OF_A_HOOK] for hook in reused["text_id"]]
        beside = pd.Series(pictures, index=reused.index, dtype="object")
        return reused.assign(picture=beside, said=reused["ocr_text"])

    def _images(
        self,
        shown: pd.DataFrame,
        caption: str,
        *,
        columns: Mapping[str, str] = MappingProxyType(_LIFT),
        note: str = "",
    ) -> Table:
        return Table(
            self._pictured(shown).assign(image_text=named(shown), image_id=_short(shown)),
            caption=caption,
            columns={"image_text": "Slide", **columns, "image_id": "Image"},
            links={"image_text": "example_url"},
            pictures=BESIDE,
            missing="not known of this image",
            note=" ".join(filter(None, [note, "Uses and rest are anybody's." * self.facts.scope.is_narrow])),
            limit=50,
        )


def named(shown: pd.DataFrame) -> list[str]:
    """The first words on each image, or that there are none."""
    return [_words(t) for t in shown["image_text"]]


def _words(said: Any) -> str:
    return "(unread)" if pd.isna(said) else plain(" ".join(str(said).split()), longest=_WORDS)


def _short(shown: pd.DataFrame) -> list[str]:
    """As much of an id as tells two images of a page apart."""
    return [str(i).rpartition(":")[2][:8] for i in shown["image_id"]]


def _first(shown: int, of: int, kind: str) -> str:
    return f"The first {shown} of {of:,} {kind}." if shown < of else ""
