"""Which words on first slides go with lift: a part of the slides' page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.slide_facts import SlideFacts
from ..model.slide_themes import LEAST_ACCOUNTS, LEAST_HOOKS
from . import charts
from .blocks import note
from .escaping import plain
from .level_page import LevelPage
from .numbers import counted, multiple
from .tables import Folded, Table

_MOST = 24
"""Words on the chart: those told most surely."""
_LISTED = 200
_NAME, _HOOK = 24, 70
"""Characters of words on the chart, and of a hook in the table."""
_NO_CAUSE = (
    "An association and no cause: who likes a word may do other things well, so try it before relying on it."
)


class ThemesPage(LevelPage):
    """Words on first slides."""

    facts: SlideFacts
    _tables = ("media_files", "slides")

    def theme_chart(self) -> Any:
        """Words that clearly go with more or fewer views, each with its interval and its number of hooks."""
        themes = self.facts.themes
        if themes.empty:
            return note(
                f"Nothing can be told of words on first slides: none stands on {LEAST_HOOKS} different hooks of "
                f"{LEAST_ACCOUNTS} accounts whose posts have a count at the compared age, and is missing on as many."
            )
        sure, judged = _sure(themes), counted(len(themes), "word")
        if sure.empty:
            likely = themes.sort_values(["p_theme_wrong", "theme"]).iloc[0]
            return note(
                f"The likeliest is {_quoted(likely['theme'])}: hooks with it did {multiple(likely['theme_lift'])} "
                f"what others did (90 % interval {multiple(likely['theme_lift_low'])} to "
                f"{multiple(likely['theme_lift_high'])}; n = {counted(likely['n_hooks'], 'hook')}). With so many "
                "words, some always look good by luck; those are drawn back to 1 here. Which picture and which hook as "
                "a whole do well is told above.",
                f"None of {judged} on first slides clearly goes with more or fewer views",
            )
        best, worst = sure.iloc[0], sure.iloc[-1]
        more, fewer = best["theme_lift"] > 1, worst["theme_lift"] < 1
        said = [
            f"{_quoted(row['theme'])} did {multiple(row['theme_lift'])} what others did"
            for row, is_said in ((best, more), (worst, fewer))
            if is_said
        ]
        if len(said) == 2:
            said[1] = f"{_quoted(worst['theme'])} {multiple(worst['theme_lift'])}"
        luck = sure["p_theme_wrong"].sum()
        n = len(sure)
        shown = sure.sort_values(["p_theme_wrong", "theme"]).head(_MOST)
        return charts.ranked(
            shown.assign(theme=_labels(shown)),
            label="theme",
            value="theme_lift",
            low="theme_lift_low",
            high="theme_lift_high",
            reference=1.0,
            reference_label="no difference",
            axis_title="Against hooks without the words",
            tooltips=["n_hooks", "n_theme_posts", "n_theme_accounts"],
            limit=_MOST,
            title=f"Hooks with {'; those with '.join(said)}",
            subtitle=f"{n:,} of {judged} clearly {'goes' if n == 1 else 'go'} with more or fewer views; "
            f"{_about(luck)} of them by luck. n: different hooks. "
            + (f"The {_MOST} surest. " if n > _MOST else "")
            + "An association and no cause.",
        )

    def theme_table(self) -> Any:
        """The words behind the chart, with a hook that has them; folded away."""
        themes = self.facts.themes
        if themes.empty:
            return note("Nothing to list.")
        order = ["p_theme_wrong", "theme"]
        listed = (
            themes.sort_values(order)
            .head(_LISTED)
            .sort_values(["theme_lift", "theme"], ascending=[False, True])
        )
        table = Table(
            listed.assign(
                theme=[plain(t, longest=60) for t in listed["theme"]],
                example_text=[plain(" ".join(str(t).split()), longest=_HOOK) for t in listed["example_text"]],
            ),
            caption=f"{counted(len(_sure(themes)), 'word')} of {len(themes):,} with an interval that excludes 1",
            columns={
                "theme": "", "theme_lift": "Lift", "theme_lift_low": "90 % from", "theme_lift_high": "to",
                "n_hooks": "", "n_theme_posts": "Posts", "n_theme_accounts": "Accounts", "p_theme_wrong": "",
                "example_text": "",
            },
            limit=_LISTED,
            note=f"Words on at least {LEAST_HOOKS} hooks of {LEAST_ACCOUNTS} accounts, without words such as 'the'; "
            "those that always come together are one. A hook is a different text of a first slide, however often it "
            f"was posted. {_NO_CAUSE}",
        )  # fmt: skip
        return Folded(table, f"The words behind it: {len(listed):,} of {len(themes):,}")


def _sure(themes: pd.DataFrame) -> pd.DataFrame:
    return themes[(themes["theme_lift_low"] > 1) | (themes["theme_lift_high"] < 1)]


def _labels(shown: pd.DataFrame) -> list[str]:
    """Words with their n; told apart by a number where two are the same once cut."""
    cut = [plain(t, longest=_NAME) for t in shown["theme"]]
    named = [f"{t} (n = {n:,})" for t, n in zip(cut, shown["n_hooks"], strict=True)]
    seen = pd.Series(named, dtype="object").groupby(named).cumcount()
    return [name if not again else f"{name} {again + 1}" for name, again in zip(named, seen, strict=True)]


def _quoted(theme: object) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{plain(theme, longest=_NAME)}\N{RIGHT DOUBLE QUOTATION MARK}"


def _about(luck: float) -> str:
    return "hardly any" if luck < 0.5 else f"about {round(luck):,}"
