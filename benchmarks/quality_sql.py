"""The checks of the data that fail, as somebody would ask for them by hand."""

from __future__ import annotations

from collections.abc import Callable

from .level2_sql import Asked


def data_quality(a: Asked) -> str:
    return """
    SELECT check_name, table_name, subject, platform, severity, g.place AS severity_place, checked, failed,
        failure_rate, opened_at, checked_at, description
    FROM quality_checks LEFT JOIN (VALUES ('critical', 1), ('high', 2), ('medium', 3), ('low', 4)) g(severity, place)
        USING (severity)
    WHERE resolved_at IS NULL ORDER BY severity_place, check_name, table_name, subject
    """


SQL: dict[str, Callable[[Asked], str]] = {"data_quality": data_quality}
