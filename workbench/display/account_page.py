"""What the accounts' page says: sentences, charts and tables made from `model.account_facts`.

Every part is one call, returns one thing to look at, and says what is missing where it has nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..metrics.accounts import FEWEST_MATURE_POSTS
from ..model.account_facts import AccountFacts
from . import charts
from .account_verdicts import LUCK, rate_chart, usual_chart, verdict_finding, verdict_table
from .blocks import Box, Stacked, Tile, Tiles, finding, note, text, tiles
from .level_page import LevelPage, known, usual_of
from .numbers import compact, counted, multiple, percent, whole
from .scope_words import platform_name
from .tables import Definitions, Folded, Table, definitions
from .va_words import number

_FIRST = 15
"""Accounts that a table shows before it is unfolded."""
_MOST = 400
"""Accounts that a page has room for."""
_POSTS_AN_HOUR = 10
"""Posts from which an hour of a weekday is shown."""
_POSTS_A_SPAN = 50
"""Posts from which three hours of the day are compared."""
_PARTS = {
    "reach_part": "reach",
    "engagement_part": "engagement",
    "growth_part": "growth",
    "consistency_part": "consistency",
    "breakout_part": "breakouts",
}


class AccountPage(LevelPage):
    """The parts of the page, in its order."""

    facts: AccountFacts
    _compared_with = (
        "Scores are percentiles among all accounts of the same platform and size, verdicts and the level of half a "
        "year ago are beside the median of all accounts, rates beside all posts, and the hours of posting are of all "
        "accounts' posts, because a few accounts have too few. All else is of these accounts alone."
    )

    def headline(self) -> Tiles:
        """The week's figures against the week before and the eight before it."""
        weekly = self.facts.weekly
        return tiles(
            *self._reach_tiles(weekly),
            self.tile(weekly, "Viral posts", "n_viral_posts", note="became 30 days old in the week"),
            self.followers_tile(),
        )

    def followers_tile(self) -> Tile:
        """Followers won or lost in the week, and of how many accounts that is known."""
        weekly = self.facts.weekly
        n = known(weekly["n_accounts"].iloc[-1])
        return self.tile(
            weekly,
            "Net followers",
            "net_followers",
            note=f"{counted(int(n), 'account')} known at both ends of the week" if n else "",
        )

    def changed(self) -> Box:
        """What moved, how broadly, and what it does to the accounts."""
        said = [self._views_moved(self.facts.weekly), self.breadth(), self._followers_moved()]
        return text(
            " ".join(filter(None, said))
            or "Too little is known of this week and the one before to compare them."
        )

    def breadth(self) -> str:
        """Whether many accounts moved or a few; empty where none can be compared."""
        judged = self.facts.changes.dropna(subset=["change_low"])
        if judged.empty:
            return ""
        up, down = int((judged["change_low"] > 0).sum()), int((judged["change_high"] < 0).sum())
        weeks = counted(self.facts.score_weeks, "week")
        if self._of_one:
            how = "clearly better" if up else "clearly worse" if down else "neither clearly better nor worse"
            return f"Against its own usual the account did {how} in these {weeks} than in the {weeks} before."
        luck = LUCK * len(judged)
        broad = "a broad move, not a few accounts" if max(up, down) > 3 * max(luck, 1) else "no broad move"
        return (
            f"Of {counted(len(judged), 'account')} with five posts or more both in these {weeks} and in the {weeks} "
            f"before, {number(up) if up else 'none'} did clearly better against their own usual and "
            f"{number(down) if down else 'none'} clearly worse (luck alone would put about {whole(luck)} each way): "
            f"{broad}."
        )

    def _followers_moved(self) -> str:
        weekly = self.facts.weekly
        net, usual = weekly["net_followers"].iloc[-1], usual_of(weekly, "net_followers")
        if pd.isna(net):
            return ""
        compared = (
            f", {usual.where(net)} the usual {compact(usual.low)} to {compact(usual.high)}" if usual else ""
        )
        who = "The account" if self._of_one else "The accounts"
        return f"{who} {'won' if net >= 0 else 'lost'} {whole(abs(net))} followers net{compared}."

    def weekly_chart(self) -> Any:
        return self._course(
            self.facts.weekly, "median_views", "Median views:", zero=True,
            nothing="Under two weeks have counts: there is no course to draw yet.",
        )  # fmt: skip

    def growth_chart(self) -> Any:
        known = self.facts.review.dropna(subset=["net_followers"])
        if known.empty:
            return note(
                "No account has follower counts at two times in these weeks. Import account_snapshots.csv, or scrape "
                "profiles weekly."
            )
        if len(known) == 1:
            net = known["net_followers"].iloc[0]
            return text(f"That is {whole(abs(net))} followers {'won' if net >= 0 else 'lost'}.")
        total, growing = known["net_followers"].sum(), int((known["net_followers"] > 0).sum())
        title = f"{growing} of {counted(len(known), 'account')} grew; together {_signed(total)} followers"
        biggest = known.reindex(known["net_followers"].abs().sort_values(ascending=False).index).head(20)
        return charts.ranked(
            biggest.assign(account=biggest["account_id"]),
            label="account",
            value="net_followers",
            title=title,
            subtitle="The 20 that moved most" if len(known) > 20 else "",
            tooltips=["followers_first", "followers_last", "follower_growth_rate"],
        )

    def score_table(self) -> Any:
        scored = self.facts.review.dropna(subset=["kpi_score"])
        if scored.empty:
            return note(
                f"No account has five posts that can be compared in "
                f"{counted(self.facts.score_weeks, 'week')}, which a "
                "score needs. Ask for more weeks with `-p score_weeks=8`."
            )
        best, rest = scored.iloc[0], len(self.facts.review) - len(scored)
        part, points = max(((p, best[p]) for p in _PARTS if pd.notna(best[p])), key=lambda each: each[1])
        leads = "has" if len(scored) == 1 else "leads with"
        caption = (
            f"{best['account_id']} {leads} {best['kpi_score']:.0f} of 100, by {_PARTS[part]} above all "
            f"({points:.0f})"
        )
        hidden = (
            f"{counted(rest, 'account')} with fewer than 5 comparable posts have no score." if rest else ""
        )
        without = scored["missing_parts"].fillna("").eq("").all()
        columns = [
            "account_id", "kpi_score", *_PARTS, *([] if without else ["missing_parts"]), "n_mature_posts", "peer_band",
            "n_peers",
        ]  # fmt: skip
        told = scored.assign(missing_parts=[_listed_parts(p) for p in scored["missing_parts"]])
        return self._first_of(
            told, caption, columns, "not known for this account",
            note=f"{hidden} A few points are no difference.".strip(),
        )  # fmt: skip

    def _first_of(
        self, rows: pd.DataFrame, caption: str, columns: list[str], missing: str, *, note: str = ""
    ) -> Any:
        """The first accounts, and all of them behind a line where there are many."""
        head = Table(
            rows.head(_FIRST), caption=caption, columns=columns, missing=missing,
            note=" ".join(filter(None, [f"The first {_FIRST} of {len(rows):,}." if len(rows) > _FIRST else "", note])),
        )  # fmt: skip
        if len(rows) <= _FIRST:
            return head
        whole_table = Table(
            rows, caption=caption, columns=columns, missing=missing, define=False, limit=_MOST
        )
        return Stacked(
            (head, Folded(whole_table, f"All {counted(min(len(rows), _MOST), 'account')} in this order"))
        )

    def results_table(self) -> Any:
        posted = self.facts.review
        posted = posted[posted["n_posts"] > 0]
        if posted.empty:
            return note("No account has a post in these weeks.")
        enough = posted[posted["n_mature_posts"] >= FEWEST_MATURE_POSTS]
        if enough.empty:
            return note(
                f"None of {counted(len(posted), 'account')} has {FEWEST_MATURE_POSTS} posts that can be compared."
            )
        broke, few = int((enough["breakout_rate"] > 0).sum()), len(posted) - len(enough)
        return self._first_of(
            enough.sort_values(["median_outlier", "account_id"], ascending=[False, True]),
            f"{whole(broke)} of {counted(len(enough), 'account')} had a breakout post"
            if len(enough) > 1
            else f"{percent(enough['breakout_rate'].iloc[0])} of its posts broke out",
            [
                "account_id", "n_posts", "n_mature_posts", "median_views", "median_outlier", "breakout_rate",
                "viral_rate", "views_per_follower", "engagement_rate_by_views", "followers", "follower_growth_rate",
            ],
            "too few posts or counts",
            note=f"{counted(few, 'account')} with fewer than {FEWEST_MATURE_POSTS} comparable posts "
            f"{'is' if few == 1 else 'are'} left out."
            if few
            else "",
        )  # fmt: skip

    def changes_chart(self) -> Any:
        changes = self.facts.changes.dropna(subset=["change_low"])
        if changes.empty:
            return note(
                "No account has five comparable posts in both windows, so no change can be told from chance."
            )
        clear = changes[(changes["change_low"] > 0) | (changes["change_high"] < 0)]
        weeks = counted(self.facts.score_weeks, "week")
        luck = 2 * LUCK * len(changes)
        title = (
            f"{counted(len(clear), 'account')} of {len(changes)} changed clearly; luck alone would call about "
            f"{whole(luck)} so"
            if len(clear)
            else f"None of {counted(len(changes), 'account')} changed by more than chance explains"
        )
        if len(changes) == 1:
            up = changes["change_low"].iloc[0] > 0
            title = (
                f"The account does clearly {'better' if up else 'worse'} than in the {weeks} before"
                if len(clear)
                else f"The account does no differently than in the {weeks} before, as far as can be told"
            )
        shown = changes.reindex(changes["change"].abs().sort_values(ascending=False).index).head(24)
        return charts.ranked(
            shown.assign(
                account=shown["account_id"],
                outlier_change=shown["change"],
                outlier_change_low=shown["change_low"],
                outlier_change_high=shown["change_high"],
            ),
            label="account",
            value="outlier_change",
            low="outlier_change_low",
            high="outlier_change_high",
            reference=0.0,
            reference_label="no change",
            title=title,
            axis_title="Against usual, now less before",
            subtitle=f"The last {weeks} less the {weeks} before, 90 % interval; "
            + (
                f"the {len(shown)} that moved most"
                if len(shown) < len(changes)
                else "all that can be compared"
                if len(changes) > 1
                else "its comparable posts"
            ),
            tooltips=["n_now", "n_before"],
        )

    def verdicts(self) -> Box:
        """Accounts to push and to drop, counted."""
        return verdict_finding(self.facts)

    def verdict_table(self) -> Any:
        return verdict_table(self.facts)

    def usual_chart(self) -> Any:
        return usual_chart(self.facts)

    def breakout_chart(self) -> Any:
        return rate_chart(self.facts, "breakout_rate", "n_outliers", "broke out (3× the usual or more)")

    def viral_chart(self) -> Any:
        limit = f"went viral ({whole(self.facts.settings.viral_views)} views by 30 days)"
        return rate_chart(self.facts, "viral_rate", "n_final_posts", limit)

    def targets(self) -> Any:
        """Targets set for everything, beside what the week and the window reached."""
        week, review = self.facts.weekly.iloc[-1], self.facts.review
        final = review["n_final_posts"].sum()
        reached = {
            "median_views_120h": week["median_views"] if self.facts.horizon == "120" else None,
            "posts_per_week": week["n_posts"],
            "viral_rate": review["n_viral_posts"].sum() / final if final else None,
            "follower_growth_rate": review["net_followers"].sum() / review["followers_first"].sum()
            if review["followers_first"].sum()
            else None,
        }
        weeks = counted(self.facts.score_weeks, "week")
        return self.against_targets(
            {(metric, "all"): value for metric, value in reached.items()},
            scope="all",
            over=dict.fromkeys(("viral_rate", "follower_growth_rate"), weeks),
        )

    def hours_chart(self) -> Any:
        hours = self.facts.hours_of_day
        if hours.empty or hours["n_posts"].sum() < _POSTS_A_SPAN:
            return note(
                "The hour of posting is known for too few posts. Exports with a date only can't show it: import files "
                "with a time of day."
            )
        # An hour of a weekday with a handful of posts is noise; it stays blank.
        enough = hours[hours["n_posts"] >= _POSTS_AN_HOUR]
        if enough.empty:
            return note(f"No hour of any weekday has {_POSTS_AN_HOUR} posts: there is nothing to compare.")
        return charts.heat_map(
            enough,
            weekday="weekday",
            hour="local_hour",
            value="median_outlier",
            n="n_posts",
            title=("Of all accounts: posts" if self.facts.scope.is_narrow else "Posts") + _best_hours(hours),
            subtitle=f"The account's local time; hours with {_POSTS_AN_HOUR} posts or more, over "
            f"{counted(3 * self.facts.score_weeks, 'week')}. A single dark hour is mostly luck: look for stretches",
        )

    def size_chart(self) -> Any:
        known, size = self.facts.review, self.facts.size
        if self._of_one:
            return note("Whether size matters takes several accounts: page 2 of all accounts has it.")
        pairs = known.dropna(subset=["followers", "median_views"])
        if size.empty or size["size_effect_rho"].isna().all() or len(pairs) < 3:
            return note("Followers at posting are known for too few posts to see whether size matters.")
        first = size.sort_values("n_pairs", ascending=False).iloc[0]
        rho = float(first["size_effect_rho"])
        said = (
            "Larger accounts get more views"
            if rho > 0.3
            else "Smaller accounts get more views"
            if rho < -0.3
            else "Size decides little"
        )
        return charts.scatter(
            pairs,
            x="followers",
            y="median_views",
            label="account_id",
            colour="platform",
            title=f"{said}: rank correlation {rho:.2f} over {whole(first['n_pairs'])} posts",
            subtitle=f"0 is none, 1 is perfect; of {platform_name(first['platform'])} posts. A dot is an account",
        )

    def definitions(self) -> Definitions:
        return definitions(
            self.facts.views_column, self.facts.outlier_column, "median_views", "median_outlier", "breakout_rate",
            "viral_rate", "views_per_follower", "follower_growth_rate", "net_followers", "engagement_rate_by_views",
            "engagement_quality", "consistency", "kpi_score", "peer_band", "verdict", "usual_change",
        )  # fmt: skip

    def finding_of_growth(self) -> Box:
        known = self.facts.review.dropna(subset=["follower_growth_rate"])
        if known.empty:
            return finding(
                "How accounts grow is not known", "Followers are known at one time only, or not at all."
            )
        top = known.sort_values(["follower_growth_rate", "account_id"], ascending=[False, True]).iloc[0]
        median = known["follower_growth_rate"].median()
        if len(known) == 1:
            return finding(
                f"The account {'grew' if median >= 0 else 'shrank'} by {percent(abs(median))} in "
                f"{counted(self.facts.score_weeks, 'week')}",
                f"{whole(top['followers_first'])} to {whole(top['followers_last'])} followers.",
            )
        return finding(
            f"The median account grew by {percent(median)} in {counted(self.facts.score_weeks, 'week')}",
            f"Fastest: {top['account_id']} with {percent(top['follower_growth_rate'], signed=True)} "
            f"({whole(top['followers_first'])} to {whole(top['followers_last'])} followers). "
            f"n = {counted(len(known), 'account')}.",
        )


def _best_hours(hours: pd.DataFrame) -> str:
    """The three hours of the day in which posts do best and worst, over all weekdays: one cell is mostly luck."""
    weighed = hours.assign(weighed=hours["median_outlier"] * hours["n_posts"])
    day = weighed.groupby("local_hour")[["weighed", "n_posts"]].sum().reindex(range(24), fill_value=0)
    rolled = [pd.DataFrame(np.roll(day, -on, axis=0), columns=day.columns) for on in range(3)]
    spans = rolled[0] + rolled[1] + rolled[2]
    spans = spans[spans["n_posts"] >= _POSTS_A_SPAN]
    if len(spans) < 2:
        return " an hour are too few to say when they do best"
    level = spans["weighed"] / spans["n_posts"]
    best, worst = int(level.idxmax()), int(level.idxmin())  # type: ignore[call-overload]
    told = [f"{h:02d}:00 to {(h + 3) % 24:02d}:00" for h in (best, worst)]
    return (
        f" of {told[0]} do best, about {multiple(level[best])} their usual (n = "
        f"{whole(spans['n_posts'][best])}); "
        f"those of {told[1]} worst, {multiple(level[worst])} (n = {whole(spans['n_posts'][worst])})"
    )


def _listed_parts(parts: Any) -> str:
    """The parts that a score lacks, by the names of their columns."""
    return ", ".join("regularity" if p == "consistency" else p for p in str(parts or "").split())


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + compact(value)
