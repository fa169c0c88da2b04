"""What the accounts' page says: sentences, charts and tables made from `model.account_facts`.

Every part is one call, returns one thing to look at, and says what is missing where it has nothing.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.account_facts import AccountFacts
from . import charts
from .account_verdicts import rate_chart, usual_chart, verdict_finding, verdict_table
from .blocks import Box, Tiles, finding, note, text, tiles
from .level_page import LevelPage, known
from .numbers import compact, counted, multiple, percent, relative_change, whole
from .tables import Definitions, Table, definitions

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

    def headline(self) -> Tiles:
        """The week's figures against the week before and the eight before it."""
        weekly = self.facts.weekly
        age = "30 days" if self.facts.horizon == "settled" else "5 days"
        return tiles(
            self.tile(weekly, "Posts that matured", "n_mature_posts", note=f"reached {age} and were counted"),
            self.tile(weekly, "Median views", "median_views", note=f"at {age}"),
            self.tile(weekly, "Against usual", "median_outlier", note="median post; 1 is usual"),
            self.tile(weekly, "Breakout rate", "breakout_rate", note="3 x usual or more"),
            self.tile(weekly, "Viral posts", "n_viral_posts"),
            self.tile(
                weekly,
                "Net followers",
                "net_followers",
                note=f"{counted(int(weekly['n_accounts'].iloc[-1] or 0), 'account')} known in both weeks"
                if pd.notna(weekly["n_accounts"].iloc[-1])
                else "",
            ),
        )

    def changed(self) -> Box:
        """What moved, in sentences."""
        weekly, sentences = self.facts.weekly, []
        now, before = weekly.iloc[-1], weekly.iloc[-2]
        moved = relative_change(known(now["median_views"]), known(before["median_views"]))
        if moved is not None:
            direction = "rose" if moved > 0.02 else "fell" if moved < -0.02 else "held"
            sentences.append(
                f"Median views {direction}: {compact(now['median_views'])} after {compact(before['median_views'])} "
                f"({whole(now['n_mature_posts'])} and {whole(before['n_mature_posts'])} posts)."
            )
        changes = self.facts.changes
        up = changes[changes["change_low"] > 0]
        down = changes[changes["change_high"] < 0]
        compared = int(changes["change_low"].notna().sum())
        if compared:
            sentences.append(
                f"Of {counted(compared, 'account')} with five posts or more in both windows, {len(up)} did clearly "
                f"better against their own usual than in the {counted(self.facts.score_weeks, 'week')} before, "
                f"{len(down)} clearly worse; "
                f"about {round(0.1 * compared)} would by luck alone."
            )
        if pd.notna(now["net_followers"]):
            net = int(now["net_followers"])
            sentences.append(f"Accounts {'gained' if net >= 0 else 'lost'} {whole(abs(net))} followers net.")
        return text(
            " ".join(sentences) or "Too little is known of this week and the one before to compare them."
        )

    def weekly_chart(self) -> Any:
        weekly = self.facts.weekly.dropna(subset=["median_views"])
        if len(weekly) < 2:
            return note("Under two weeks have counts: there is no course to draw yet.")
        last, usual = weekly["median_views"].iloc[-1], weekly["median_views"].iloc[:-1].median()
        where = "above" if last > 1.05 * usual else "below" if last < 0.95 * usual else "at"
        title = f"Median views are {where} the usual of {compact(usual)}"
        return charts.line(
            weekly, x="week_on", y="median_views", title=title, reference=float(usual), zero=True
        )

    def growth_chart(self) -> Any:
        known = self.facts.review.dropna(subset=["net_followers"])
        if known.empty:
            return note(
                "No account has follower counts at two times in these weeks. Import account_snapshots.csv, or scrape "
                "profiles weekly."
            )
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
                f"No account has five posts that can be compared in {counted(self.facts.score_weeks, 'week')}, which a "
                "score needs. Ask for more weeks with -p score_weeks=8."
            )
        best, rest = scored.iloc[0], len(self.facts.review) - len(scored)
        part, points = max(((p, best[p]) for p in _PARTS if pd.notna(best[p])), key=lambda each: each[1])
        caption = (
            f"{best['account_id']} leads with {best['kpi_score']:.0f} of 100, by {_PARTS[part]} above all "
            f"({points:.0f})"
        )
        hidden = (
            f"{counted(rest, 'account')} with fewer than 5 comparable posts have no score." if rest else ""
        )
        return Table(
            scored,
            caption=caption,
            columns=[
                "account_id",
                "kpi_score",
                *_PARTS,
                "missing_parts",
                "n_mature_posts",
                "peer_band",
                "n_peers",
            ],
            missing="not known for this account",
            note=hidden,
            limit=50,
        )

    def results_table(self) -> Any:
        known = self.facts.review
        known = known[known["n_posts"] > 0]
        if known.empty:
            return note("No account has a post in these weeks.")
        broke = known[(known["breakout_rate"] > 0) & (known["n_mature_posts"] >= 5)]
        caption = f"{counted(len(broke), 'account')} of {len(known)} had a breakout post"
        return Table(
            known.sort_values(["median_outlier", "account_id"], ascending=[False, True]),
            caption=caption,
            columns=[
                "account_id", "n_posts", "n_mature_posts", "median_views", "median_outlier", "breakout_rate",
                "viral_rate", "views_per_follower", "engagement_rate_by_views", "followers", "follower_growth_rate",
            ],
            missing="too few posts or counts",
            limit=50,
        )  # fmt: skip

    def changes_chart(self) -> Any:
        changes = self.facts.changes.dropna(subset=["change_low"])
        if changes.empty:
            return note(
                "No account has five comparable posts in both windows, so no change can be told from chance."
            )
        clear = changes[(changes["change_low"] > 0) | (changes["change_high"] < 0)]
        title = (
            f"{counted(len(clear), 'account')} of {len(changes)} changed by more than chance explains"
            if len(clear)
            else f"None of {counted(len(changes), 'account')} changed by more than chance explains"
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
            subtitle="Median outlier against the window before, 90 % interval; the 24 that moved most",
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
        return rate_chart(self.facts, "breakout_rate", "n_outliers", "broke out (3 x usual or more)")

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
        return self.against_targets(
            {(metric, "all"): value for metric, value in reached.items()}, scope="all"
        )

    def hours_chart(self) -> Any:
        known = self.facts.hours_of_day
        if known.empty or known["n_posts"].sum() < 50:
            return note(
                "The hour of posting is known for too few posts. Exports with a date only can't show it: import files "
                "with a time of day."
            )
        # An hour of a weekday with a handful of posts is noise; it stays blank.
        enough = known[known["n_posts"] >= 5]
        if enough.empty:
            return note("No hour of any weekday has five posts: there is nothing to compare.")
        best = enough.sort_values(
            ["median_outlier", "weekday", "local_hour"], ascending=[False, True, True]
        ).iloc[0]
        name = charts.WEEKDAYS[int(best["weekday"]) - 1]
        when = f"{name} at {int(best['local_hour'])}:00"
        title = f"Posts of {when} do best, {multiple(best['median_outlier'])} their usual"
        return charts.heat_map(
            enough,
            weekday="weekday",
            hour="local_hour",
            value="median_outlier",
            n="n_posts",
            title=title,
            subtitle=f"Local time; hours with five posts or more, over {counted(3 * self.facts.score_weeks, 'week')}. "
            "The best of many hours is partly luck",
        )

    def size_chart(self) -> Any:
        known, size = self.facts.review, self.facts.size
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
            subtitle=f"Correlation of {first['platform']} posts; a dot is an account",
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
            return finding("How accounts grow is not known")
        top = known.sort_values(["follower_growth_rate", "account_id"], ascending=[False, True]).iloc[0]
        median = known["follower_growth_rate"].median()
        return finding(
            f"The median account grew by {percent(median)} in {counted(self.facts.score_weeks, 'week')}",
            f"Fastest: {top['account_id']} with {percent(top['follower_growth_rate'], signed=True)} "
            f"({whole(top['followers_first'])} to {whole(top['followers_last'])} followers). "
            f"n = {len(known)} accounts.",
        )


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + compact(value)
