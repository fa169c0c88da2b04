"""What a page's head says of its data, and what happens to stale ones."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from workbench.errors import WorkbenchError
from workbench.model.freshness import Coverage, Freshness
from workbench.reporting.data_facts import DataFacts
from workbench.reporting.freshness import Label, Late, label, refuse_stale, scope
from workbench.reporting.run import make_reports
from workbench.settings import Settings

AS_OF = datetime(2025, 10, 6, 4)
ACCOUNTS = pd.DataFrame(
    [
        ("a", "tiktok", "acme", True, AS_OF, 24.0),
        ("b", "tiktok", None, True, AS_OF - timedelta(days=3), 24.0),
        ("c", "youtube", None, True, AS_OF - timedelta(days=9), None),
        ("d", "youtube", None, False, None, 24.0),
    ],
    columns=["account_id", "platform", "client", "is_active", "newest_at", "interval_hours"],
).astype({"newest_at": "datetime64[us]", "interval_hours": "float64"})
NO_RUNS = pd.DataFrame(columns=["process", "n_runs", "n_met", "sla_met_rate", "wanted_rate"])


def data(
    *, counts_at: datetime = AS_OF, accounts: pd.DataFrame = ACCOUNTS, runs: pd.DataFrame = NO_RUNS
) -> Freshness:
    newest = {"post_snapshots": counts_at, "account_snapshots": AS_OF}
    return Freshness(AS_OF, newest, accounts, runs)


def said(found: Freshness, **more: object) -> Label:
    asked = {"stale_after_hours": 48, "now": AS_OF + timedelta(hours=4), **more}
    return label(found, **asked)  # type: ignore[arg-type]


def plain(texts: list[str]) -> list[str]:
    return [t.replace("\N{NO-BREAK SPACE}", " ") for t in texts]


def test_the_head_tells_newest_captures_coverage_and_what_is_late():
    runs = pd.DataFrame(
        [("ingestion", 20, 18, 0.9, 0.95), ("prediction", 20, 19, 0.95, 0.95)], columns=NO_RUNS.columns
    )
    # b was to be looked at every day and was not for three; of c nobody knows how often.
    assert plain(said(data(runs=runs)).facts) == [
        "Newest counts of posts and followers 6 Oct 2025, 04:00 UTC",
        "2 of 3 active accounts (66.7 %) looked at in the 7 days before.",
        (
            "Late: ingestion kept to its limit in 90.0 % of 20 runs (95 % wanted); "
            "1 active account was not looked at for 2 times its interval."
        ),
    ]


def test_captures_of_different_times_are_told_apart_the_newest_first():
    facts = plain(said(data(counts_at=AS_OF - timedelta(days=1)), parameters={"account": "a"}).facts)
    assert facts == [
        "Newest followers 6 Oct 2025, 04:00 UTC; counts of posts 5 Oct 2025, 04:00 UTC",
        "The active account was looked at in the 7 days before. Nothing is late.",
    ]


def test_a_report_to_one_client_counts_that_clients_accounts_only():
    found = said(data(), parameters={"client": "acme", "platform": "", "week": "2025-W40"})
    assert found.coverage == Coverage(n_active=1, n_covered=1, n_with_interval=1, n_late=0)
    assert scope({"platform": "tiktok", "account": ["a", "b"], "creator": None, "peers": ["x"]}) == {
        "platform": ["tiktok"],
        "account_id": ["a", "b"],
    }


def test_nothing_is_said_of_what_is_not_known():
    nothing = Freshness(AS_OF, {}, ACCOUNTS.head(0), NO_RUNS)
    assert said(nothing).facts == [] and Label().facts == []
    assert Label().as_manifest()["accounts"] is None
    assert said(nothing).as_manifest()["accounts"]["covered_rate"] is None


@pytest.mark.parametrize(
    ("hours_later", "limit", "is_stale"),
    [(48, 48, False), (48.01, 48, True), (48.01, 0, False), (9999, 0, False)],
)
def test_data_are_stale_once_their_newest_counts_are_older_than_the_limit(hours_later, limit, is_stale):
    found = said(data(), now=AS_OF + timedelta(hours=hours_later), stale_after_hours=limit)
    assert bool(found.stale) == is_stale == found.as_manifest()["is_stale"]


def test_the_newest_counts_decide_and_not_the_newest_row_of_anything():
    found = said(data(counts_at=AS_OF - timedelta(days=3)))
    assert plain([found.stale]) == [
        "The newest counts are of 3 Oct 2025, 04:00 UTC, more than 48 h before these pages were made."
    ]


def test_the_label_is_the_same_whenever_it_is_made_from_the_same_stale_data():
    assert said(data(), now=AS_OF + timedelta(days=9)) == said(data(), now=AS_OF + timedelta(days=99))


def test_data_that_end_before_the_week_does_are_told_of():
    assert plain([said(data(), ends_at=AS_OF + timedelta(hours=1)).unfinished]) == [
        "The data end on 6 Oct 2025, 04:00 UTC, before the week does."
    ]
    assert said(data(), ends_at=AS_OF).unfinished == ""


def test_stale_data_stop_a_report_where_the_settings_say_so():
    stale = Label(stale="The newest counts are old.")
    with pytest.raises(WorkbenchError, match=r"The newest counts are old\. Nothing was made") as e:
        refuse_stale(stale, "stop")
    assert e.value.exit_code == 1
    refuse_stale(stale, "label")
    refuse_stale(Label(late=(Late("x", "y"),)), "stop")


def test_a_stale_set_is_labelled_on_its_page_and_in_the_index(home, tmp_path):
    facts = DataFacts(version=3, as_of=AS_OF, freshness=data())
    asked = {"version": 3, "as_of": AS_OF, "only": "2", "out": tmp_path, "facts": facts}
    made = make_reports(Settings(home=home), **asked, now=AS_OF + timedelta(days=3))
    page = made.pages[0].path.read_text(encoding="utf-8")
    assert (
        "These data are old." in page
        and "more than 48\N{NO-BREAK SPACE}h before these pages were made." in page
    )
    assert "2 of 3 active accounts (66.7\N{NO-BREAK SPACE}%) looked at" in page
    assert "Stale data" in made.index.read_text(encoding="utf-8")
    before = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    stop = Settings(home=home, stale_reports="stop")
    with pytest.raises(WorkbenchError, match="what was published stays"):
        make_reports(stop, **asked, now=AS_OF + timedelta(days=3))
    assert before == {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    fresh = make_reports(stop, **asked, now=AS_OF + timedelta(days=1))
    assert "These data are old." not in fresh.pages[0].path.read_text(encoding="utf-8")
    assert "Stale data" not in fresh.index.read_text(encoding="utf-8")
