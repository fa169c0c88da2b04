"""Every metric compiles for Spark and PostgreSQL as well, in the forms that mean the same on each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

import ibis
import ibis.expr.operations as ops
import pytest
import sqlglot
from ibis.config import Config
from sqlglot import expressions as sql

from workbench.metrics import attribution, recommendations
from workbench.metrics.account_review import usable_horizon
from workbench.metrics.curves import aged_snapshots, steps
from workbench.metrics.daily import account_daily
from workbench.metrics.outliers import baseline_views
from workbench.metrics.payouts import payouts_now
from workbench.metrics.periods import Period
from workbench.metrics.posts import BASELINES, followers_at_posting, post_curves, post_performance
from workbench.metrics.slide_use import image_halves, weekly_lifts, weekly_slides
from workbench.metrics.slides import slide_uses
from workbench.metrics.views_gained import views_then
from workbench.metrics.weekly import weekly_followers, weekly_results
from workbench.metrics.whatif import period_posts, posts_per_account_day, prorated, reused_posts
from workbench.model.catalogue import METRICS, Asked
from workbench.warehouse import images, money, payouts
from workbench.warehouse.schema import schema

TYPES = {
    "VARCHAR": "string", "BIGINT": "int64", "DOUBLE": "float64", "TIMESTAMP": "timestamp", "DATE": "date",
    "BOOLEAN": "boolean", "DECIMAL(18,4)": "decimal(18, 4)", "DECIMAL(18,8)": "decimal(18, 8)",
}  # fmt: skip
DIALECTS = {"duckdb": "duckdb", "pyspark": "spark", "databricks": "databricks", "postgres": "postgres"}
"""Ibis's name of a dialect, and sqlglot's."""
WEEK = Period.week_of(date(2025, 10, 6), "Europe/Berlin")


@cache
def unbound(name: str) -> ibis.Table:
    """A table of the warehouse, or a mart, without an engine."""
    if name == "post_performance":
        return ibis.table(performance().schema(), name=name)
    if name == "account_daily":
        return ibis.table(daily().schema(), name=name)
    if name == "slide_images":
        return ibis.table(images.COLUMNS, name=name)
    if name == "slide_uses":
        return ibis.table(slide_uses(unbound("slide_images"), unbound("posts")).schema(), name=name)
    made = schema().get(name) or {**money.COLUMNS, **payouts.COLUMNS}[name]
    columns = {column: TYPES[kind] for column, kind in made.items() if kind in TYPES}
    return ibis.table(columns, name=name)


@cache
def curves() -> ibis.Table:
    return post_curves(unbound("posts"), unbound("post_snapshots"))


def performance() -> ibis.Table:
    baselines = {"post_id": "string", **{f"baseline_{c}": "float64" for c in BASELINES}}
    return post_performance(
        unbound("posts"),
        ibis.table(curves().schema(), name="post_curves"),
        ibis.table(baselines, name="post_baselines"),
        followers_at_posting(unbound("posts"), unbound("account_snapshots")),
    )


def daily() -> ibis.Table:
    return account_daily(unbound("post_performance"), unbound("account_snapshots"))


def money_expressions() -> Iterator[tuple[str, ibis.Table]]:
    """How money is dealt out and posts are paid, step by step as a load does it."""
    entries = attribution.money_entries(unbound("revenue"), unbound("costs"), unbound("fx_rates"), "EUR")
    yield "money_entries", entries
    posts = attribution.keyed(unbound("posts"))
    candidates = attribution.revenue_candidates(entries, posts)
    yield "revenue_candidates", candidates
    wanted = ibis.table({"post_id": "string", "seen_at": "timestamp"}, name="wanted")
    then = views_then(posts, steps(aged_snapshots(posts, unbound("post_snapshots"))), wanted)
    yield "views_then", then
    days = ibis.table({"day_on": "date", "day_before_on": "date", "starts_at": "timestamp"}, name="days")
    candidates = ibis.table(candidates.schema(), name="candidates")
    weighed = attribution.candidate_views(candidates, unbound("post_performance"), then, days)
    yield "chosen_methods", attribution.chosen_methods(weighed)
    methods = ibis.table({"money_id": "string", "method": "string"}, name="methods")
    spent = attribution.cost_weights(attribution.cost_candidates(entries, posts))
    weights = ibis.union(attribution.revenue_weights(weighed, methods), spent)
    yield "money_weights", weights
    entries = ibis.table(entries.schema(), name="entries")
    parts = attribution.post_money(entries, ibis.table(weights.schema(), name="weights"))
    yield "post_money", parts
    parts = ibis.table(parts.schema(), name="parts")
    yield "money_named", attribution.named(parts, entries, methods)
    yield "money_rows", attribution.money_rows(entries, parts, methods)
    newest = ibis.table({"newest_at": "timestamp"}, name="newest")
    performance, rules = unbound("post_performance"), unbound("payout_rules")
    yield "payouts_now", payouts_now(performance, rules, unbound("payout_tiers"), newest)


def slide_page_expressions() -> Iterator[tuple[str, ibis.Table]]:
    uses, posts, decay = unbound("slide_uses"), unbound("post_performance"), {1: 1.0, 2: 0.8}
    fresh = ibis.table({"image_id": "string", "first_use_lift": "float64"}, name="fresh")
    yield "weekly_slides", weekly_slides(uses, WEEK)
    yield "weekly_lifts", weekly_lifts(uses, fresh, WEEK, reuse_decay=decay)
    yield "image_halves", image_halves(uses, posts, reuse_decay=decay)
    yield "uses_so_far", recommendations.uses_so_far(uses, WEEK.to_at)
    yield "slideshow_baselines", recommendations.slideshow_baselines(posts, at=WEEK.to_at)
    yield "image_texts", recommendations.image_texts(uses, unbound("slides"))


def expressions() -> Iterator[tuple[str, ibis.Table]]:
    yield from money_expressions()
    yield "post_curves", curves()
    yield "post_performance", performance()
    yield "account_daily", daily()
    yield "slide_uses mart", slide_uses(unbound("slide_images"), unbound("posts"))
    valued = ibis.table(
        {
            "post_id": "string",
            "account_id": "string",
            "post_type": "string",
            "posted_at": "timestamp",
            "n": "float64",
        },
        name="valued",
    )
    yield "baseline_views", baseline_views(valued, "n")
    yield "usable_horizon", usable_horizon(unbound("post_performance"), WEEK)
    yield "weekly_followers", weekly_followers(unbound("account_snapshots"), WEEK)
    yield from slide_page_expressions()
    yield "whatif period_posts", period_posts(unbound("post_performance"), WEEK)
    yield "whatif posts_per_account_day", posts_per_account_day(unbound("post_performance"), WEEK)
    yield "whatif reused_posts", reused_posts(unbound("slide_uses"))
    yield "whatif prorated", prorated(unbound("costs"), WEEK, "work_hours", "amount")
    for horizon, hours in (("120", 120), ("settled", 720)):
        yield (
            f"weekly_results {horizon}",
            weekly_results(unbound("post_performance"), WEEK, hours=hours, horizon=horizon),
        )
        for metric in METRICS.values():
            yield f"{metric.name} {horizon}", metric.ask(Asked(unbound, WEEK, horizon))


EXPRESSIONS = dict(expressions())
TRIED = [pytest.param(n, marks=pytest.mark.long if n.endswith(" settled") else ()) for n in EXPRESSIONS]
"""Of a metric, the settled counts differ from those at an age by names of columns."""


@pytest.fixture
def spark_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Ibis's Spark compiler asks for and only Ibis's Spark engine provides, which is not installed."""

    class Spark(Config):
        treat_nan_as_null: bool = False

    monkeypatch.setattr(ibis.options, "pyspark", Spark())


@pytest.mark.xfail(
    raises=AttributeError, reason="ibis compiles for Spark only where pyspark is installed", strict=True
)
def test_ibis_compiles_for_spark_without_pyspark() -> None:
    ibis.to_sql(ibis.table({"x": "float64"}, name="t").mutate(y=1.0), dialect="pyspark")


@cache
def compiled(name: str, dialect: str = "duckdb") -> sql.Expression:
    """The statement that Ibis makes, as sqlglot reads it."""
    return sqlglot.parse_one(str(ibis.to_sql(EXPRESSIONS[name], dialect=dialect)), read=DIALECTS[dialect])


@pytest.mark.usefixtures("spark_options")
@pytest.mark.parametrize(
    "dialect",
    ["duckdb", "pyspark", "postgres", pytest.param("databricks", marks=pytest.mark.long)],  # near Spark's
)
@pytest.mark.parametrize("name", TRIED)
def test_a_metric_compiles_and_divides_by_nothing_that_may_be_0(name: str, dialect: str) -> None:
    divisions = compiled(name, dialect).find_all(sql.Div, sql.IntDiv, sql.Mod)
    assert [d.sql() for d in divisions if not _is_safe(d.expression)] == []


def _is_safe(divisor: sql.Expression) -> bool:
    while isinstance(divisor, (sql.Paren, sql.Cast)):
        divisor = divisor.this
    return isinstance(divisor, sql.Nullif) or (isinstance(divisor, sql.Literal) and float(divisor.this) != 0)


def test_a_division_that_may_be_by_0_would_be_found() -> None:
    naive, safe = (sqlglot.parse_one(f"SELECT a / {below}", read="duckdb") for below in ("b", "NULLIF(b, 0)"))
    assert [_is_safe(d.expression) for tree in (naive, safe) for d in tree.find_all(sql.Div)] == [False, True]


@pytest.mark.parametrize("name", TRIED)
def test_a_metric_keeps_to_the_portable_forms(name: str) -> None:
    """No as-of joins, approximations or rounding; medians are never windows; rows are not counted back."""
    differ = (ops.First, ops.Last, ops.GroupConcat, ops.ApproxMedian, ops.ApproxCountDistinct, ops.Round)
    assert EXPRESSIONS[name].op().find(differ) == []
    tree = compiled(name)
    assert [j for j in tree.find_all(sql.Join) if (j.method or "").upper() == "ASOF"] == []
    windows = list(tree.find_all(sql.Window))
    assert [w.sql() for w in windows if w.find(sql.Median, sql.PercentileCont, sql.Quantile)] == []
    specs = [spec for w in windows if (spec := w.args.get("spec")) is not None]
    counted_back = [s.sql() for s in specs if s.args["kind"] == "ROWS" and s.args["start"] != "UNBOUNDED"]
    assert counted_back == []


@pytest.mark.parametrize("name", TRIED)
def test_no_boolean_is_cast_to_a_number(name: str) -> None:
    """PostgreSQL compiles such a cast and then refuses to run it."""
    casts = EXPRESSIONS[name].op().find(ops.Cast)
    assert [c for c in casts if c.arg.dtype.is_boolean() and c.to.is_numeric()] == []


@pytest.mark.parametrize("name", TRIED)
def test_ranked_rows_are_told_apart_by_an_id(name: str) -> None:
    """A row number must not depend on which of two equal rows an engine sees first."""
    for window in compiled(name).find_all(sql.Window):
        if isinstance(window.this, sql.RowNumber):
            last = window.args["order"].expressions[-1].this
            assert last.name.endswith("_id"), window.sql()
