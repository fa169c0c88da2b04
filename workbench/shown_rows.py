"""Rows that an analyst asked for, as Jupyter and a terminal show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class ShownRows:
    """What has its rows in `frame` and shows them as `table`."""

    if TYPE_CHECKING:

        @property
        def frame(self) -> pd.DataFrame: ...

        @property
        def table(self) -> Any: ...

    @property
    def data(self) -> pd.DataFrame:
        """The rows, as `frame`."""
        return self.frame

    def _repr_html_(self) -> str:
        from .display.theme import stylesheet

        return f"<style>{stylesheet()}</style>{self.table._repr_html_()}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """As HTML, as text, and as the data of the table for the files around a report."""
        return {**self.table._repr_mimebundle_(), "text/html": self._repr_html_(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return repr(self.table)

    def __len__(self) -> int:
        return len(self.frame)
