"""What the VAs' page says: sentences, charts and tables made from `model.va_facts`.

Every part is one call, returns one thing to look at, and says what is missing where it has nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..model.va_facts import VaFacts
from . import charts, va_habit_parts, va_plan, va_ranking
from .blocks import Box, note, text, tiles, warning
from .level_page import LevelPage, known
from .numbers import counted, figure, multiple
from .tables import Definitions, Table, definitions
from .va_charts import weeks_of_vas
from .va_ranking import told_apart
from .va_words import NO_VAS, listed, number


class VaPage(LevelPage):
    """The parts of the page, in its order."""

    facts: VaFacts
    _tables = ("account_assignments", "tasks", "vas")
    _compared_with = (
        "The week's figures are of the posts on these accounts. VAs are listed who posted on them; what is said of a "
        "VA (results, effect, hours, score, habits, plan) is of all their work, on whichever account, among all VAs."
    )

    # --- the week ---

    def headline(self) -> Any:
        """The week's figures against the week before and the eight before it."""
        if self.facts.results.empty:
            return warning(NO_VAS, "No VAs to compare")
        team = self.facts.team
        active = self.facts.weekly
        working = active[active["week_on"] == team["week_on"].iloc[-1]]["va_id"].nunique()
        first, *others = self._reach_tiles(team)
        return tiles(
            replace(first, note=f"by {counted(working, 'VA')}; {first.note}"),
            *others,
            self.tile(team, "Viral posts", "n_viral_posts", note="became 30 days old in the week"),
            self.tile(
                team, "Tasks in time", "on_time_rate",
                note=f"of {counted(int(known(team['n_due_tasks'].iloc[-1]) or 0), 'task')} due",
            ),
        )  # fmt: skip

    def changed(self) -> Box:
        """What moved, in sentences."""
        team, sentences = self.facts.team, []
        now = team.iloc[-1]
        moved = self._views_moved(team, "The VAs' median views")
        if moved:
            sentences.append(moved)
        week = self.facts.weekly[self.facts.weekly["week_on"] == now["week_on"]].dropna(subset=["own_trend"])
        up, down = week[week["own_trend_low"] > 1], week[week["own_trend_high"] < 1]
        if len(week):
            luck = round(0.1 * len(week))
            sentences.append(
                f"Against their own usual, {listed(up['va_id'])} did clearly better this week and "
                f"{listed(down['va_id'])} clearly worse"
                + (
                    f"; of {counted(len(week), 'VA')}, luck alone would move about {number(luck)}."
                    if luck
                    else "."
                )
            )
        if self.facts.idle and len(self.facts.results):
            idle = listed(self.facts.idle)
            sentences.append(
                f"Without a post in {counted(self.facts.score_weeks, 'week')} though registered as working: {idle}."
            )
        return text(
            " ".join(sentences) or "Too little is known of this week and the one before to compare them."
        )

    def weekly_chart(self) -> Any:
        return self._course(
            self.facts.team, "median_outlier", "The VAs' median post against its account's usual:", shown=multiple,
            nothing="Under two weeks can be compared: there is no course to draw yet.",
        )  # fmt: skip

    # --- ranking ---

    def finding_of_ranking(self) -> Box:
        return va_ranking.ranking_finding(self.facts)

    def ranking_chart(self) -> Any:
        return va_ranking.ranking_chart(self.facts)

    def not_separable(self) -> Box:
        """Who can't be told from the accounts, and why."""
        return va_ranking.not_separable(self.facts)

    def results_table(self) -> Any:
        return va_ranking.results_table(self.facts)

    # --- course ---

    def trend_chart(self) -> Any:
        weekly = self.facts.weekly
        known_weeks = weekly.dropna(subset=["own_trend"])
        if known_weeks.empty:
            return note("No VA has five posts with a baseline in a week: there is no course to draw yet.")
        told = told_apart(self.facts.effects)["va_id"].tolist()
        order = [*told, *sorted(set(weekly["va_id"]) - set(told))]
        recent = known_weeks[known_weeks["week_on"] == known_weeks["week_on"].max()]
        up, down = recent[recent["own_trend_low"] > 1], recent[recent["own_trend_high"] < 1]
        luck = number(round(0.1 * len(recent)))
        told = [
            f"{listed(moved['va_id'])} did clearly {how} than their own usual"
            for moved, how in ((up, "better"), (down, "worse"))
            if len(moved)
        ]
        title = (
            f"In the last week {' and '.join(told)}; luck alone moves about {luck} of {len(recent)}"
            if told
            else "In the last week nobody clearly left their own usual"
        )
        return weeks_of_vas(
            weekly,
            [va for va in order if va in set(weekly["va_id"])],
            title=title,
            subtitle="Posts against their accounts' usual, against the VA's own nine weeks; + and \N{MINUS SIGN} where "
            "the 90 % interval leaves no doubt. By luck alone, one week in ten has a sign",
        )

    # --- efficiency ---

    def efficiency_chart(self) -> Any:
        paid = self.facts.efficiency.dropna(subset=["time_cost_per_1000_views"])
        if paid.empty:
            return note(
                "No paid time of VAs is known for these days. Import costs.csv with kind va_time, scope va, "
                "work_hours and hourly_pay (or vas.csv with hourly_pay)."
            )
        currency = self.facts.settings.reporting_currency
        ends = paid["time_cost_per_1000_views"].min(), paid["time_cost_per_1000_views"].max()
        total = 1000 * paid["time_cost"].sum() / paid["period_views"].sum()
        title = f"1,000 views cost {ends[0]:.2f} to {ends[1]:.2f} {currency} of VA time, {total:.2f} over all"
        if len(paid) == 1:
            title = f"1,000 views cost {total:.2f} {currency} of {paid.iloc[0]['va_id']}'s time"
        return charts.ranked(
            paid,
            label="va_id",
            value="time_cost_per_1000_views",
            title=title,
            subtitle=f"Over {counted(self.facts.score_weeks, 'week')}. Raw: a VA with strong accounts pays less for "
            "the same work",
            reference=float(total),
            reference_label="all",
            unit=f"{currency} of time",
            tooltips=["posts_per_paid_hour", "views_per_paid_hour", "n_posts"],
        )

    def efficiency_table(self) -> Any:
        found = self.facts.efficiency
        if found.empty or found["paid_hours"].isna().all():
            return note("Posts and views by the hour need paid hours, which are not known for these days.")
        currency = self.facts.settings.reporting_currency
        ranked = found.sort_values(["posts_per_paid_hour", "va_id"], ascending=[False, True])
        total = found.dropna(subset=["paid_hours"])
        rate = total["n_posts"].sum() / total["paid_hours"].sum()
        unknown = found[found["missing_efficiency"].notna()]
        why = "; ".join(f"{r['va_id']}: {r['missing_efficiency']}" for r in unknown.to_dict("records"))
        return Table(
            ranked,
            caption=f"A paid hour brings {figure(rate)} posts"
            + (
                f"; the first is {ranked.iloc[0]['va_id']} with {figure(ranked.iloc[0]['posts_per_paid_hour'])}"
                if len(ranked) > 1
                else ""
            ),
            columns=[
                "va_id", "paid_hours", "n_posts", "posts_per_paid_hour", "views_per_paid_hour", "time_cost",
                "time_cost_per_1000_views",
            ],
            units=dict.fromkeys(("time_cost", "time_cost_per_1000_views"), currency),
            missing="hours or their cost are not known",
            note=why,
            limit=60,
        )  # fmt: skip

    # --- score ---

    def score_table(self) -> Any:
        scored = self.facts.scores.dropna(subset=["quality_score"])
        if scored.empty:
            return note("No VA has five posts that can be compared, which a score needs.")
        best, rest = scored.iloc[0], len(self.facts.scores) - len(scored)
        leads = "leads with" if len(scored) > 1 else "has"
        n_all = int(self.facts.peers.scores["quality_score"].notna().sum())
        absent = str(best["missing_quality_parts"])
        without = f", but its {' and '.join(absent.split())} is not known" if absent else ""
        hidden = f"{counted(rest, 'VA')} with fewer than 5 comparable posts have no score. " if rest else ""
        return Table(
            scored,
            caption=f"{best['va_id']} {leads} {best['quality_score']:.0f} of 100{without}",
            columns=[
                "va_id", "quality_score", "effect_part", "va_engagement_part", "va_breakout_part", "punctuality_part",
                "missing_quality_parts", "n_mature_posts", "on_time_rate", "engagement_quality", "breakout_rate",
            ],
            missing={
                "effect_part": "can't be told from the accounts",
                "punctuality_part": "no task was due",
                "on_time_rate": "no task was due",
            },
            note=f"{hidden}Percentiles among {counted(n_all, 'VA')}: a few points are no "
            "difference. Effect counts 40 %, the others 20 % each.",
            limit=60,
        )  # fmt: skip

    # --- habits and plan ---

    def habits_chart(self) -> Any:
        """What goes with more or fewer views, by the same VA on the same account."""
        return va_habit_parts.habits_chart(self.facts)

    def habits_table(self) -> Any:
        return va_habit_parts.habits_table(self.facts)

    def plan_finding(self) -> Box:
        """How many VAs have something to try, and what was looked at."""
        return va_plan.plan_finding(self.facts)

    def plan(self) -> Any:
        """The plan, VA by VA."""
        return va_plan.plan(self.facts)

    # --- ends ---

    def targets(self) -> Any:
        """Targets of VAs beside what was reached."""
        results = self.facts.results.merge(self.facts.rhythm, on="va_id", how="outer")
        results = results.merge(self.facts.tasks[["va_id", "on_time_rate"]], on="va_id", how="left")
        figures = [
            "posts_per_week", "median_views", "median_outlier", "breakout_rate", "viral_rate", "on_time_rate",
            "posts_per_active_day", "engagement_rate_by_views",
        ]  # fmt: skip
        actual = {(f, str(r["va_id"])): r[f] for r in results.to_dict("records") for f in figures}
        weeks = counted(self.facts.score_weeks, "week")
        return self.against_targets(actual, scope="va", over=dict.fromkeys(figures, weeks))

    def _left_out(self) -> Box:
        """Posts that no figure covers, and those that name no VA."""
        box, n = super()._left_out(), self.facts.n_without_va
        if not n:
            return box
        nameless = (
            f"{counted(n, 'post')} of these weeks {'names' if n == 1 else 'name'} no VA and count for nobody."
        )
        others = [box.body] if any(self.facts.left_out.values()) else []
        return Box(box.kind, box.title, "\n\n".join([*others, nameless]))

    def definitions(self) -> Definitions:
        return definitions(
            self.facts.views_column, self.facts.outlier_column, "va_effect", "raw_va_multiple", "p_above_median",
            "separable_share", "median_views", "median_outlier", "breakout_rate", "viral_rate",
            "engagement_rate_by_views", "engagement_quality", "own_trend", "posts_per_active_day",
            "posts_per_paid_hour", "views_per_paid_hour", "time_cost_per_1000_views", "on_time_rate",
            "quality_score", "habit_multiple", "gain_multiple", "extra_views_per_week",
        )  # fmt: skip
