"""What is known to be wrong with the data: the checks that fail."""

from __future__ import annotations

import ibis
from ibis import _


def open_checks(quality_checks: ibis.Table) -> ibis.Table:
    """Checks of the data that failed and have not passed since, with how grave that is.

    A check is made by each load of what the load touched. An open one is a row whose resolved_at is NULL.

    Grain out: check_name, table_name, subject [source / platform / column, where they apply]; platform, severity,
    severity_place [1: critical ... 4: low], checked [rows], failed [rows], failure_rate [fraction], opened_at,
    checked_at, description. Source: metrics.md, Operations (data quality). Version 1.
    """
    return (
        quality_checks.filter(_.resolved_at.isnull())
        .mutate(
            severity_place=_.severity.cases(
                ("critical", 1), ("high", 2), ("medium", 3), ("low", 4), else_=None
            ).cast("int64")
        )
        .select(
            "check_name",
            "table_name",
            "subject",
            "platform",
            "severity",
            "severity_place",
            "checked",
            "failed",
            "failure_rate",
            "opened_at",
            "checked_at",
            "description",
        )
    )
