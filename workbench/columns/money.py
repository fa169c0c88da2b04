"""Revenue, costs, rates, payouts, targets and annotations."""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS = (
    Column("revenue_id", "VARCHAR", "id", "The payment: its id in the file, else a hash of its content."),
    Column("cost_id", "VARCHAR", "id", "The cost: its id in the file, else a hash of its content."),
    Column("from_on", "DATE", "date", "First day on which the money was earned.", table="revenue"),
    Column("to_on", "DATE", "date", "Last day on which the money was earned.", table="revenue"),
    Column("amount", "DECIMAL(18,4)", "money", "The cost in the row's currency; NULL where work_hours and hourly_pay give it.", table="costs"),
    Column("amount", "DECIMAL(18,4)", "money", "What the rule pays for the post, in the row's currency.", table="payouts"),
    Column("work_hours", "DECIMAL(18,4)", "hours", "Hours worked; with hourly_pay it stands for an amount."),
    Column("rate_on", "DATE", "date", "Day of the exchange rate."),
    Column("rate", "DECIMAL(18,8)", "reporting currency", "What one unit of the currency is worth in the reporting currency."),
    Column("rule_id", "VARCHAR", "id", "The rule by which posts are paid."),
    Column("base_amount", "DECIMAL(18,4)", "money", "What every post is paid, whatever its views."),
    Column("tiers", "VARCHAR", "JSON", "Steps of views and what 1,000 views pay from each step on."),
    Column("cap_amount", "DECIMAL(18,4)", "money", "The most that one post is paid."),
    Column("frozen_views", "BIGINT", "views", "Views at 168 hours, on which the payout is computed once and never again."),
    Column("frozen_at", "TIMESTAMP", "instant", "When the payout's views were frozen."),
    Column("state", "VARCHAR", "text", "Where the payout stands: upcoming, due, canceled, paid, or unmeasured (no count at 168 hours)."),
    Column("paid_on", "DATE", "date", "Day on which the payout was paid."),
    Column("chosen_at", "TIMESTAMP", "instant", "When the method of spreading was chosen; it then stays with the revenue."),
    Column("metric", "VARCHAR", "text", "The column of a report that the target is for."),
    Column("target", "DOUBLE", "metric's unit", "The value to reach, in the unit of the metric."),
    Column("annotation_id", "VARCHAR", "id", "The remark about a stretch of time."),
    Column("label", "VARCHAR", "text", "What happened, in a few words that fit on a chart."),
)  # fmt: skip
