"""What matters most this week, of all levels: a sentence, what it rests on, and the page that has more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..model.overview_facts import OverviewFacts
from .account_verdicts import LUCK, reason
from .blocks import Box, Stacked, finding
from .numbers import compact, counted, money, multiple, percent, whole

MOST = 8
"""Findings that a page has room for."""
_OUTSIDE = 0.95
_WEEKS_TO_COMPARE = 4
_LATE = 0.7
"""Share of tasks in time below which somebody has to be asked."""


def found(facts: OverviewFacts) -> Stacked:
    """The gravest first; at most eight."""
    said = [box for each in _IN_ORDER for box in each(facts)]
    if not said and facts.account_level.changes["change_low"].isna().all():
        nothing = finding(
            "Nothing can be compared yet",
            "No account has five posts with a count both in these weeks and before them, so nothing can stand out.",
        )
    else:
        nothing = finding(
            "Nothing stands out",
            "No account, VA, image or payment differs from the usual by more than chance explains.",
        )
    return Stacked(tuple(said[:MOST]) or (nothing,))


def _losses(facts: OverviewFacts) -> Iterator[Box]:
    losing = facts.account_money[facts.account_money["profit"] < 0]
    if losing.empty:
        return
    currency, worst = facts.settings.reporting_currency, losing.iloc[0]
    if len(facts.account_money) == 1:
        yield finding(
            f"{worst['account_id']} lost {money(-worst['profit'], currency)} in "
            f"{counted(facts.money_level.score_weeks, 'week')}",
            f"Revenue {money(worst['revenue'])}, cost {money(worst['cost'])}. More on page 4, Money.",
        )
        return
    yield finding(
        f"{counted(len(losing), 'account')} of {len(facts.account_money)} lost "
        f"{money(-losing['profit'].sum(), currency)} in {counted(facts.money_level.score_weeks, 'week')}",
        f"Most: {worst['account_id']} with {money(worst['profit'], currency)} (revenue "
        f"{money(worst['revenue'])}, cost {money(worst['cost'])}). More on page 4, Money.",
    )


def _rates(facts: OverviewFacts) -> Iterator[Box]:
    for row in facts.missing_rates.head(1).to_dict("records"):
        entries = counted(row["n_unconverted"], "payment or cost", "payments and costs")
        yield finding(
            f"{entries} in {row['currency']} {'is' if row['n_unconverted'] == 1 else 'are'} in no sum",
            f"Their exchange rate to {facts.settings.reporting_currency} is missing: import fx_rates.csv. More on page "
            "4, Money.",
        )


def _falls(facts: OverviewFacts) -> Iterator[Box]:
    verdicts = facts.account_level.verdicts
    fallen = verdicts[verdicts["is_collapsed"] | (verdicts["verdict"] == "drop")]
    fallen = fallen.sort_values(["is_collapsed", "median_outlier"], ascending=[False, True], kind="stable")
    if fallen.empty:
        return
    named = "; ".join(f"{r['account_id']}, {reason(r)}" for r in fallen.head(3).to_dict("records"))
    collapsed = int(fallen["is_collapsed"].sum())
    told = [f"{counted(collapsed, 'account')} collapsed"] if collapsed else []
    if len(fallen) > collapsed:
        told.append(f"{counted(len(fallen) - collapsed, 'account')} to drop")
    yield finding(
        " and ".join(told),
        f"Down clearly further than the agency as a whole: {named}. "
        f"{_noted(facts, set(fallen['account_id']))}More on page 2, Accounts.",
    )


def _rises(facts: OverviewFacts) -> Iterator[Box]:
    verdicts = facts.account_level.verdicts
    push = verdicts[verdicts["verdict"] == "push"]
    if push.empty:
        return
    best = push.iloc[0]
    judged = int((verdicts["verdict"] != "too little known").sum())
    yield finding(
        f"Push {best['account_id']}" + (f" and {len(push) - 1} more" if len(push) > 1 else ""),
        f"{reason(dict(best)).capitalize()}, n = {whole(best['n_mature_posts'])} posts. "
        + (
            f"Of {judged} accounts, luck alone would put about {whole(LUCK * judged)} clearly above their usual. "
            if judged > 1
            else "By luck, one account in twenty like any other is called so. "
        )
        + f"{_noted(facts, set(push['account_id'].head(3)))}More on page 2, Accounts.",
    )


def _noted(facts: OverviewFacts, accounts: set[str]) -> str:
    """What a person noted of these accounts: said beside the finding, not as its cause."""
    events = facts.annotations
    own = events[(events["scope"] == "account") & events["scope_id"].isin(accounts)]
    return "".join(
        f"Noted of {e['scope_id']}: {str(e['label']).rstrip('.')}. " for e in own.to_dict("records")
    )


def _vas(facts: OverviewFacts) -> Iterator[Box]:
    if not facts.va_level.results.empty:
        effects = facts.va_level.effects
        known = effects[effects["is_separable"].fillna(False).astype(bool)]
        low = known[known["va_effect_high"] < 1].sort_values(["va_effect", "va_id"])
        high = known[known["va_effect_low"] > 1].sort_values(["va_effect", "va_id"], ascending=[False, True])
        for chosen, verb in ((low, "Talk to"), (high, "Learn from")):
            if len(chosen):
                row = chosen.iloc[0]
                yield finding(
                    f"{verb} {row['va_id']}: {multiple(row['va_effect'])} the views of the team's mean on the same "
                    "accounts",
                    f"90 % interval {multiple(row['va_effect_low'])} to {multiple(row['va_effect_high'])}, "
                    f"{counted(row['n_posts'], 'post')} in a year; {counted(len(chosen), 'VA')} clearly "
                    f"{'below' if verb == 'Talk to' else 'above'} it. The plan for each VA is on page 3, VAs.",
                )


def _tasks(facts: OverviewFacts) -> Iterator[Box]:
    tasks = facts.creator_level.tasks
    due, in_time = tasks["n_due_tasks"].sum(), tasks["n_on_time_tasks"].sum()
    late, items = int(tasks["n_overdue_tasks"].sum()), len(facts.creator_level.overdue)
    if not late and not items and (not due or in_time / due >= _LATE):
        return
    parts = [counted(late, "task")] if late else []
    parts += [counted(items, "content item")] if items else []
    title = (
        f"{' and '.join(parts)} overdue"
        if parts
        else f"Only {percent(in_time / due)} of tasks were done in time"
    )
    body = f"{whole(in_time)} of {whole(due)} tasks due in {counted(facts.score_weeks, 'week')} were done in time. "
    oldest = facts.creator_level.overdue.head(1).to_dict("records")
    if oldest:
        first = oldest[0]
        body += f"Longest: {first['title'] or first['content_id']}, {counted(first['days_overdue'], 'day')}. "
    yield finding(title, (body if due or oldest else "") + "More on page 5, Creators and content.")


def _slides(facts: OverviewFacts) -> Iterator[Box]:
    if not facts.has("slides") or not facts.slide_level.has_slides:
        return
    slides = facts.slide_level
    tired, weak, resting = len(slides.tired), slides.n_weak, slides.n_forgotten
    if tired or weak:
        yield finding(
            f"{counted(weak, 'weak image')} still in use"
            + (f", {counted(tired, 'image')} tired" if tired else ""),
            f"Posts that show them do clearly worse than the accounts' other posts; {whole(slides.n_good)} images do "
            "clearly better. "
            "More on page 1, Slides.",
        )
    if resting:
        yield finding(
            f"{counted(resting, 'good image')} {'rests' if resting == 1 else 'rest'} unused",
            "Their posts did clearly better than usual, and they were shown once, or not for 60 days. Page 1, "
            "Slides, says which account could show them next.",
        )


def _low_reach(facts: OverviewFacts) -> Iterator[Box]:
    """Only what lies outside all eight weeks by 5 % or more: their spread is what chance does."""
    views = facts.weekly["median_views"]
    past, now = views.iloc[:-1].dropna(), views.iloc[-1]
    if len(past) < _WEEKS_TO_COMPARE or not now < _OUTSIDE * past.min():
        return
    yield finding(
        f"Median views are the lowest of nine weeks: {compact(now)}",
        f"The {len(past)} weeks before lay between {compact(past.min())} and {compact(past.max())}.",
    )


_IN_ORDER: tuple[Callable[[OverviewFacts], Iterator[Box]], ...] = (
    _low_reach,
    _rates,
    _losses,
    _falls,
    _vas,
    _tasks,
    _rises,
    _slides,
)
