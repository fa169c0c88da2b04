"""The figures of the slides' page: expressions executed once, as small DataFrames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from ..metrics import recommendations as images
from ..metrics.image_pictures import hook_images, image_pictures, slide_pictures, slides_of
from ..metrics.reposts import repost_pairs
from ..metrics.slide_use import image_halves, weekly_lifts, weekly_slides
from ..metrics.slides import text_results
from ..metrics.weekly import weekly_results
from .catalogue.metric import Asked
from .frames import executed
from .level_facts import USUAL_WEEKS, LevelFacts
from .recommendations import NEVER_AGAIN_DAYS, mean_decay, recommended, whole_past
from .remembered import fact
from .slide_effects import SlideEffects, slide_effects
from .slide_reposts import originals
from .slide_themes import text_themes, themes_on
from .slide_wear import slide_wear
from .suggestions import DEPTH, dealt

SHOWN = 15
"""Rows of each list of images."""
PER_ACCOUNT = 3
"""Recommendations that the page shows for each account."""


@dataclass
class SlideFacts(LevelFacts):
    """Level 1 of one week."""

    @cached_property
    def slide_uses(self) -> ibis.Table:
        """The mart `slide_uses`, of the scope."""
        return self._of_scope("slide_uses")

    def _tables(self, name: str) -> ibis.Table:
        own = {"slide_uses": self.slide_uses, "post_performance": self.performance, "accounts": self.accounts}
        return own[name] if name in own else self.tables(name)

    @cached_property
    def asked(self) -> Asked:
        """All posts up to the end of the week: an image is judged by everything it did, wherever that was."""
        if self.scope.is_narrow:
            return self.peers.asked
        return whole_past(Asked(self._tables, self.period, self.horizon, self.settings))

    @cached_property
    def effects(self) -> SlideEffects:
        """Lifts of images and hooks, and the decay, of one fit."""
        if self.scope.is_narrow:
            return self.peers.effects
        return slide_effects(self.asked)

    @fact
    def uses(self) -> pd.DataFrame:
        """Every image of the scope: how often it was used up to the end of the week, and when last, by anybody."""
        if self.scope.is_narrow:
            known = self.peers.uses
            return known[known["image_id"].isin(self._here["image_id"])].reset_index(drop=True)
        return self._here

    @fact
    def _here(self) -> pd.DataFrame:
        """`uses`, of the uses in the scope alone."""
        return executed(images.uses_so_far(self.slide_uses, self.period.to_at))

    @property
    def lifts(self) -> pd.DataFrame:
        """Every image whose posts can be compared: lift, interval, n."""
        return self.effects.lifts

    @property
    def decay(self) -> pd.DataFrame:
        """What the k-th use of an image does against its first."""
        return self.effects.decay

    @property
    def _steps(self) -> dict[int, float]:
        known = self.decay.dropna(subset=["reuse_decay"])
        return {int(k): float(v) for k, v in zip(known["use_number"], known["reuse_decay"], strict=True)}

    @property
    def decay_by_use(self) -> pd.DataFrame:
        """The decay with what to call each step of uses: 1, 2, ... 6-7, 26+."""
        known = self.decay.dropna(subset=["reuse_decay"]).sort_values("use_number", ignore_index=True)
        names = [_uses(k, last) for k, last in zip(known["use_number"], known["to_use_number"], strict=True)]
        return known.assign(use_label=pd.Series(names, dtype="str"))

    @cached_property
    def library(self) -> pd.DataFrame:
        """Images with a lift and their uses, the best first."""
        known = self.uses.merge(self.lifts, on="image_id")
        return known.sort_values(["slide_lift", "image_id"], ascending=[False, True], ignore_index=True)

    @cached_property
    def best(self) -> pd.DataFrame:
        """The images whose lift is surely largest: by the lower end of the interval."""
        return self.told(self._best)

    @property
    def _best(self) -> pd.DataFrame:
        good = self.library[self.library["slide_lift_low"] > 1]
        return good.sort_values(["slide_lift_low", "image_id"], ascending=[False, True]).head(SHOWN)

    @cached_property
    def n_good(self) -> int:
        return int((self.library["slide_lift_low"] > 1).sum())

    @cached_property
    def weak(self) -> pd.DataFrame:
        """Images that clearly do worse than usual and are still in use."""
        return self.told(self._weakest)

    @property
    def _weakest(self) -> pd.DataFrame:
        return self._weak.sort_values(["slide_lift_high", "image_id"]).head(SHOWN)

    @property
    def _weak(self) -> pd.DataFrame:
        library, days = self.library, 7 * self.score_weeks
        in_use = library["days_since_used"] < days
        if self.scope.is_narrow:
            recent = self._here[self._here["days_since_used"] < days]
            in_use = library["image_id"].isin(recent["image_id"])
        return library[(library["slide_lift_high"] < 1) & in_use]

    @cached_property
    def n_weak(self) -> int:
        return len(self._weak)

    @fact
    def wear(self) -> pd.DataFrame:
        """Images with enough uses to be judged: later uses against earlier ones, beyond the usual decay."""
        if self.scope.is_narrow:
            judged = self.peers.wear
            return judged[judged["image_id"].isin(self.uses["image_id"])].reset_index(drop=True)
        used = images.uses_before(self.slide_uses, self.period.to_at)
        halves = image_halves(used, self.performance, horizon=self.horizon, reuse_decay=self._steps)
        return slide_wear(executed(halves.order_by("image_id")))

    @fact
    def tired(self) -> pd.DataFrame:
        """Images that wear out clearly faster than usual."""
        return self.told(self._tired)

    @property
    def _tired(self) -> pd.DataFrame:
        return self.wear[self.wear["is_tired"]].merge(self.uses, on="image_id").head(SHOWN)

    @cached_property
    def forgotten(self) -> pd.DataFrame:
        """Good images that were used once and have rested since, or not used for 60 days; the best first."""
        return self.told(self._forgotten.head(SHOWN))

    @property
    def _forgotten(self) -> pd.DataFrame:
        known = self.library
        rested = known["days_since_used"] >= images.REST_ANYWHERE_DAYS
        idle = (rested & (known["n_uses"] == 1)) | (known["days_since_used"] >= NEVER_AGAIN_DAYS)
        return known[(known["slide_lift_low"] > 1) & idle]

    @cached_property
    def n_forgotten(self) -> int:
        return len(self._forgotten)

    def told(self, chosen: pd.DataFrame) -> pd.DataFrame:
        """Images with what is written on them and a post to look at."""
        of_lists = chosen["image_id"].isin(self._listed).all()
        texts, examples = self._told_of_lists if of_lists else self._texts_and_examples(chosen["image_id"])
        return chosen.merge(texts, on="image_id", how="left").merge(examples, on="image_id", how="left")

    @cached_property
    def _told_of_lists(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return self._texts_and_examples(self._listed)

    @cached_property
    def _listed(self) -> pd.Series:
        """The images of all lists, which are asked about together."""
        lists = [self._best, self._weakest, self._forgotten.head(SHOWN), self._tired]
        # Nobody who wants to see the tired ones waits for a fit of hooks.
        lists += [] if self.effects.hooks_cost_a_fit else [self._best_hooks]
        return pd.concat([each["image_id"] for each in lists], ignore_index=True).drop_duplicates()

    def _texts_and_examples(self, image_ids: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
        few = ibis.memtable(image_ids.to_frame("image_id"), schema={"image_id": "string"})
        shown = self.slide_uses.semi_join(few, "image_id")
        texts = executed(images.image_texts(shown, self.tables("slides")))
        found = images.image_examples(shown, self.performance, at=self.period.to_at, horizon=self.horizon)
        return texts, executed(found)

    @fact
    def weekly(self) -> pd.DataFrame:
        """The week and the 8 before it, oldest first: slides used, and results of the posts that show slides."""
        weeks = USUAL_WEEKS + 1
        worn = mean_decay(self.library["n_uses"].to_numpy(dtype=np.int64), self.decay)
        fresh = self.library[["image_id"]].assign(first_use_lift=self.library["slide_lift"] / worn)
        lifts = ibis.memtable(fresh, schema={"image_id": "string", "first_use_lift": "float64"})
        slideshows = self.performance.semi_join(self.slide_uses, "post_id")
        results = weekly_results(
            slideshows, self.period, hours=self.hours, horizon=self.horizon, weeks=weeks
        ).select("week_on", "n_mature_posts", "median_views", "median_outlier", "breakout_rate")
        frame = self.weeks
        for part in (
            weekly_slides(self.slide_uses, self.period, weeks=weeks),
            weekly_lifts(self.slide_uses, lifts, self.period, weeks=weeks, reuse_decay=self._steps),
            results,
        ):
            found = executed(part)
            found["week_on"] = pd.to_datetime(found["week_on"])
            frame = frame.merge(found, on="week_on", how="left")
        for counted in ("n_slide_posts", "n_images_used", "n_new_images", "n_mature_posts"):
            frame[counted] = frame[counted].fillna(0).astype(int)
        return frame

    @fact
    def known_hooks(self) -> pd.DataFrame:
        """First slides whose posts can be compared."""
        hooks = self.effects.hooks
        return hooks[hooks["image_id"].isin(self.uses["image_id"])] if self.scope.is_narrow else hooks

    @fact
    def hooks(self) -> pd.DataFrame:
        """First slides that surely open posts better than usual."""
        return self.told(self._best_hooks)

    @property
    def _best_hooks(self) -> pd.DataFrame:
        good = self.known_hooks[self.known_hooks["hook_lift_low"] > 1].merge(self.uses, on="image_id")
        return good.sort_values(["hook_lift_low", "image_id"], ascending=[False, True]).head(SHOWN)

    @fact
    def themes(self) -> pd.DataFrame:
        """Words on first slides, and what hooks with them do beyond others, best first."""
        if self.scope.is_narrow:
            return themes_on(self.peers.themes, self._hook_texts)
        return text_themes(self.asked)

    @property
    def _hook_texts(self) -> list[str]:
        hooks = images.uses_before(self.slide_uses, self.period.to_at).filter(_.is_hook)
        found = executed(images.image_texts(hooks, self.tables("slides")).order_by("image_id"))
        return [str(t) for t in found["image_text"].dropna()]

    @fact
    def reused_hooks(self) -> pd.DataFrame:
        """Texts that opened posts on two pictures or more, the most used first: what their posts did."""
        hooks = self.slide_uses.filter(_.is_hook)
        found = text_results(
            hooks,
            self.tables("slides"),
            self.asked.mature,
            at=self.period.to_at,
            horizon=self.horizon,
            least_images=2,
        )
        return executed(found.order_by([ibis.desc("n_uses"), "text_id"]))

    @fact
    def reposts(self) -> pd.DataFrame:
        """Posts of three windows that show half of an earlier post's images or more, each with its original."""
        pairs = repost_pairs(
            self.slide_uses,
            self.tables("slides"),
            self.performance,
            self.period.widened(3 * self.score_weeks),
            horizon=self.horizon,
        )
        urls = self.performance.select("post_id", "url")
        named = pairs.left_join(urls, "post_id").drop("post_id_right")
        return originals(executed(named))

    @cached_property
    def _recommended(self) -> pd.DataFrame:
        """As deep as it takes to give each image to one account."""
        if not self.scope.is_narrow:
            return recommended(self.asked, self.lifts, self.decay, DEPTH)
        everybody = self.peers._tables
        asked = replace(self.asked, tables=lambda n: self.accounts if n == "accounts" else everybody(n))
        found = recommended(asked, self.lifts, self.decay, DEPTH)
        # An example that stands on somebody else's account isn't this page's to show.
        few = ibis.memtable(found[["example_post_id"]].dropna(), schema={"example_post_id": "string"})
        own = executed(self.performance.select(example_post_id=_.post_id).semi_join(few, "example_post_id"))
        shown = found["example_post_id"].isin(own["example_post_id"])
        return found.assign(**{c: found[c].where(shown) for c in ("example_post_id", "example_url")})

    @property
    def recommended(self) -> pd.DataFrame:
        """What each account should show again: the first three."""
        return self._recommended[self._recommended["place"] <= PER_ACCOUNT].reset_index(drop=True)

    @cached_property
    def promising(self) -> pd.DataFrame:
        """Of all recommendations the most promising, each image for one account."""
        return dealt(self._recommended, 1, images=set(), standing={}).head(SHOWN)

    @property
    def _pictures(self) -> ibis.Table:
        return slide_pictures(self.tables("slides"), self.tables("media_files"))

    @fact
    def n_pictured(self) -> int:
        """Images, of those used up to the end of the week, of which a file is stored."""
        used = images.uses_before(self.slide_uses, self.period.to_at)
        files = used.join(self._pictures, ["post_id", "slide_index"])
        return int(executed(files.agg(n=_.image_id.nunique()))["n"].iloc[0])

    def pictures_of(self, image_ids: list[str]) -> pd.DataFrame:
        """A stored file to show for each of these images, where there is one: image_id, sha256, storage_key."""
        if not self.n_pictured:
            return pd.DataFrame(columns=["image_id", "sha256", "storage_key"], dtype="str")
        few = ibis.memtable(pd.DataFrame({"image_id": image_ids}), schema={"image_id": "string"})
        uses = self.slide_uses.semi_join(few, "image_id")
        return executed(image_pictures(uses, self._pictures).order_by("image_id"))

    def images_of_hooks(self, text_ids: list[str]) -> pd.DataFrame:
        """The images that these texts opened posts on, the most used first: text_id, image_id, n_uses."""
        few = ibis.memtable(pd.DataFrame({"text_id": text_ids}), schema={"text_id": "string"})
        uses = images.uses_before(self.slide_uses, self.period.to_at).semi_join(few, "text_id")
        return executed(hook_images(uses).order_by(["text_id", ibis.desc("n_uses"), "image_id"]))

    def slides_of_posts(self, post_ids: list[str]) -> pd.DataFrame:
        """The slides of these posts in their order: post_id, slide_index, image_id, sha256, ocr_text."""
        few = ibis.memtable(pd.DataFrame({"post_id": post_ids}), schema={"post_id": "string"})
        found = slides_of(few, self.slide_uses, self.tables("slides"))
        return executed(found.order_by(["post_id", "slide_index"]))

    @fact
    def coverage_of_slides(self) -> dict[str, int]:
        """Slides and posts of the window, and what is missing of them."""
        window = self.window
        posts = self.performance.filter(
            (_.posted_at >= ibis.literal(window.from_at, "timestamp"))
            & (_.posted_at < ibis.literal(window.to_at, "timestamp"))
        )
        uses = self.slide_uses.semi_join(posts, "post_id")
        n_posts = executed(posts.agg(n_posts=_.count())).iloc[0]
        n_slides = executed(
            uses.agg(
                n_slides=_.count(),
                n_with_slides=_.post_id.nunique(),
                without_image=_.image_id.isnull().sum(),
                without_text=_.text_id.isnull().sum(),
            )
        ).iloc[0]
        found = {**n_posts.to_dict(), **n_slides.to_dict()}
        return {str(k): int(v) if pd.notna(v) else 0 for k, v in found.items()}

    @fact
    def has_slides(self) -> bool:
        """Whether the warehouse knows any image at all."""
        return bool(executed(self.slide_uses.agg(n=_.image_id.count()))["n"].iloc[0])


def _uses(first: int, last: Any) -> str:
    if pd.isna(last):
        return f"{first}+"
    return str(first) if first == last else f"{first}\N{EN DASH}{last}"
