"""Every table that is shown, as a CSV file to be opened and a Parquet file to be computed with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..display.headings import Heading
from .shown import AboutSet, Column, ShownTable
from .spreadsheet import csv_cell, csv_text, distinct, write_bytes


def write_tables(tables: Sequence[ShownTable], folder: Path, about: AboutSet) -> list[Path]:
    """Write both files of each table into `folder`; returns them. A file of the same name is replaced."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = []
    for table in tables:
        csv, parquet = folder / f"{table.stem}.csv", folder / f"{table.stem}.parquet"
        write_bytes(csv, table_csv(table).encode("utf-8"))
        write_bytes(parquet, table_parquet(table, about))
        files += [csv, parquet]
    return files


def table_csv(table: ShownTable) -> str:
    """The rows as figures are written in spreadsheets: a fraction as 0.043, a date as 2025-10-06, NULL as nothing."""
    columns = [[cell(v) for v in c.values] for c in table.columns]
    return csv_text(heads(table), zip(*columns, strict=True))


def heads(table: ShownTable) -> list[str]:
    """Each column's label and unit; no two alike."""
    return distinct([csv_cell(head(c)) for c in table.columns], 200)


def head(column: Column) -> str:
    """A column's label and its unit, which the figures of such a file don't show."""
    unit = column.unit if column.unit in ("fraction", "multiple") else unit_said(column)
    return f"{column.label} ({unit})" if unit else column.label


def unit_said(column: Column) -> str:
    """The unit to write beside the label, where figures show what is a percentage and what a multiple."""
    if column.type == "TIMESTAMP":
        return "UTC"
    if column.unit in ("money", "hours"):
        return column.unit if column.unit not in column.label.lower() else ""
    return Heading(column.name, column.label, column.unit, "", "").shown_unit


def cell(value: Any) -> str:
    """A value as text for a CSV file."""
    if value is None:
        return ""
    if isinstance(value, list):
        return csv_cell(", ".join("" if v is None else str(v) for v in value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int | float | Decimal):
        return str(value)
    return csv_cell(value)


def table_parquet(table: ShownTable, about: AboutSet) -> bytes:
    """The rows in their types; what a column means, its unit and version stand in the file's own description."""
    fields = [
        pa.field(
            c.name,
            arrow_type(c.type),
            metadata={
                key: said
                for key, said in (
                    ("label", c.label),
                    ("unit", c.unit),
                    ("sentence", c.sentence),
                    ("version", c.version),
                    ("missing", c.missing),
                )
                if said
            },
        )
        for c in table.columns
    ]
    said = {
        "caption": table.caption,
        "note": table.note,
        "page": table.page.name,
        "heading": table.heading,
        "rows_in_all": str(table.n_rows),
        "period": about.period,
        "warehouse_version": str(about.version),
        "as_of": about.as_of.isoformat(),
        "workbench_version": about.workbench_version,
    }
    arrays = [pa.array(c.values, f.type) for c, f in zip(table.columns, fields, strict=True)]
    built = BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields, said)), built, compression="zstd")
    return built.getvalue()


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type of an SQL type; text for what is not known."""
    if kind.endswith("[]"):
        return pa.list_(arrow_type(kind[:-2]))
    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind):
        return pa.decimal128(int(found[1]), int(found[2]))
    known = {
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
    }
    return known.get(kind, pa.string())
