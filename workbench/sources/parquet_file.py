"""A Parquet file as one table; its columns keep their types."""

from __future__ import annotations

from pathlib import Path

import duckdb
import ibis
from ibis.backends.duckdb import Backend

from ..errors import SourceError
from ..sql_words import one_file


def open_parquet(path: Path, con: Backend) -> dict[str, ibis.Table]:
    """Grain: a row of `rows` is a row of the file, `source_row` its number from 1."""
    try:
        con.raw_sql(
            "create view rows as select * exclude (file_row_number), file_row_number + 1 as source_row "
            f"from read_parquet({one_file(path)}, file_row_number = true, hive_partitioning = false)"
        )
        return {"rows": con.table("rows")}
    except duckdb.Error as e:
        raise SourceError(
            f"{path}: the Parquet file is cut off or damaged ({str(e).partition(chr(10))[0]}). "
            "Copy or write it again."
        ) from e
