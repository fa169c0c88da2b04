"""Small files written by the tests, and the real ones where they lie beside the project."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pytest

from workbench.sources.base import Canonical, Source, SourceFile
from workbench.sources.sniff import open_file

AS_OF = datetime(2026, 1, 31, 12)

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """write(text or bytes, name='file.csv') -> the path of a file with exactly that content."""

    def written(content: str | bytes, name: str = "file.csv") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


@pytest.fixture
def records() -> Callable[[Path], list[tuple[Any, ...]]]:
    """records(path, **options) -> the raw rows of a CSV in order, source_row last."""

    def read(path: Path, **options: Any) -> list[tuple[Any, ...]]:
        file = open_file(path, as_of=AS_OF, options=options)
        return file.con.con.execute("select * from rows order by source_row").fetchall()

    return read


@pytest.fixture
def read() -> Callable[..., Canonical]:
    """read(source, path, time_zone='UTC', **options) -> what the source makes of the file."""

    def canonical(source: Source, path: Path, time_zone: str = "UTC", **options: Any) -> Canonical:
        file = open_file(path, as_of=AS_OF, time_zone=time_zone, options=options)
        made = source.read(file)
        # Its connection must live as long as the expressions do.
        OPEN.append(file)
        return made

    return canonical


OPEN: list[SourceFile] = []


@pytest.fixture(autouse=True)
def close_files() -> Any:
    yield
    while OPEN:
        OPEN.pop().con.disconnect()


@pytest.fixture
def rows_of() -> Callable[..., list[dict[str, Any]]]:
    """rows_of(table, 'column', ...) -> its rows as dicts in the file's order."""

    def listed(table: ibis.Table, *columns: str) -> list[dict[str, Any]]:
        ordered = table.order_by("source_row", *(c for c in columns if c != "source_row"))
        return list(ordered.select(*columns).to_pyarrow().to_pylist())

    return listed


@pytest.fixture
def real() -> Callable[[str], Path]:
    """real('folder/file.csv') -> its path; the test is skipped where the real files are absent."""

    def path(name: str) -> Path:
        if not (REAL / name).exists():
            pytest.skip(f"the real file {name} is not beside the project")
        return REAL / name

    return path


@pytest.fixture
def rows() -> Callable[..., list[dict[str, Any]]]:
    """rows(canonical, 'posts', 'column', ...) -> its rows in the file's order, without what is NULL."""

    def known(canonical: Canonical, table: str, *columns: str) -> list[dict[str, Any]]:
        expression = canonical.tables[table]
        order = [c for c in ("source_row", "slide_index", "captured_at") if c in expression.columns]
        found = expression.order_by(order).to_pyarrow().to_pylist()
        return [
            {k: v for k, v in row.items() if v is not None and (not columns or k in columns)} for row in found
        ]

    return known
