"""Tables that can be read by eye, by screen reader and on a phone, from a DataFrame or an Ibis table."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from .escaping import address, escaped, plain, prose, told
from .frames import frame_of
from .headings import Heading, heading
from .numbers import DASH, counted, in_unit, is_missing, shared_decimals
from .pictures import picture
from .table_data import WithTables, table_data, tables_of

_LONG = 32
"""Characters from which a text may be broken into lines; names shorter than that stay whole."""
_MANY = 8
"""Columns from which a table is set tighter."""


class Table(WithTables):
    """A DataFrame as a table with a caption that states the finding.

    Parameters
    ----------
    data
        A DataFrame, an Ibis table (executed here, so give it few rows), or a list of records.
    caption
        The finding, in a sentence.
    columns
        Which columns, in order; a mapping also gives headings of its own.
    units
        Units in place of the registry's, by column.
    missing
        Why a dash stands where it stands: one reason, or one for each column.
    limit
        The most rows shown; a line under the table tells how many there are.
    define
        Print the sentences of the registry under the table.
    links
        Columns whose text leads to an address: by column, the column of `data` that holds it (which need not be
        shown). What is not a plain web address (see `escaping.address`) leads nowhere.
    pictures
        Columns with pictures beside the text: by column, the column of `data` that holds them, one or several (see
        `pictures.picture`), and the one that holds what is written on them. Where `data` lacks it, there are none.
    """

    def __init__(
        self,
        data: Any,
        *,
        caption: str,
        columns: Sequence[str] | Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        missing: str | Mapping[str, str] = "not known",
        signed: Sequence[str] = (),
        limit: int = 200,
        note: str = "",
        define: bool = True,
        links: Mapping[str, str] | None = None,
        pictures: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        frame = frame_of(data)
        labels = dict(columns) if isinstance(columns, Mapping) else {}
        names = list(columns) if columns is not None else list(frame.columns)
        self.caption = caption
        self.frame = frame[names]
        self.headings = [heading(n, label=labels.get(n, ""), unit=(units or {}).get(n)) for n in names]
        self.note = note
        self._missing = missing
        self._signed = set(signed)
        self._limit = limit
        self._define = define
        self._links = {
            shown: [address(a) for a in frame[held].tolist()] for shown, held in (links or {}).items()
        }
        self._addresses = {shown: held for shown, held in (links or {}).items() if held not in names}
        self._pictures = {
            shown: [_pictures(uris, said) for uris, said in zip(frame[held], frame[words], strict=True)]
            for shown, (held, words) in (pictures or {}).items()
            if held in frame
        }

    def _repr_html_(self) -> str:
        shown = self.frame.head(self._limit)
        cells = [self._cells(h, shown[h.name]) for h in self.headings]
        right = [_is_number(self.frame[h.name]) for h in self.headings]
        head = "".join(self._th(h, r) for h, r in zip(self.headings, right, strict=True))
        rows = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
        if not rows:
            rows = f'<tr><td class="wb-none" colspan="{max(1, len(cells))}">No rows.</td></tr>'
        many = " wb-many" if len(cells) > _MANY else ""
        return (
            f'<figure class="wb-table{many}"><div class="wb-scroll" role="region" tabindex="0" '
            f'aria-label="{prose(self.caption)}"><table><caption><span>{prose(self.caption)}</span></caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{self._under(len(shown))}</figure>"
        )

    def __repr__(self) -> str:
        """The table in plain text, for terminals and for whoever has no HTML."""
        texts = {
            h.label: [
                plain(t, longest=60) for t in self._texts(h, self.frame[h.name].head(self._limit).tolist())
            ]
            for h in self.headings
        }
        return f"{self.caption}\n{pd.DataFrame(texts).to_string(index=False)}"

    def tables_shown(self) -> list[dict[str, Any]]:
        """The rows that are shown, and where their links lead, as data (see `table_data`)."""
        columns: list[tuple[Heading, Sequence[Any]]] = []
        for about in self.headings:
            columns.append((about, self.frame[about.name].head(self._limit).tolist()))
            if about.name in self._addresses:
                led = self._links[about.name][: self._limit]
                to = [None if a is None else html.unescape(a) for a in led]
                columns.append((heading(self._addresses[about.name]), to))
        reasons = [self._missing_reason(about.name) for about, _values in columns]
        return [
            table_data(columns, caption=self.caption, note=self.note, n_rows=len(self.frame), missing=reasons)
        ]

    def _missing_reason(self, name: str) -> str:
        return self._missing if isinstance(self._missing, str) else self._missing.get(name, "not known")

    def _texts(self, about: Heading, values: list[Any]) -> list[str]:
        decimals = shared_decimals(values) if _is_number(self.frame[about.name]) else None
        if about.unit == "multiple" and decimals is not None:
            # Neither 0.284× beside 2.92×, nor 4× beside 206×.
            decimals = min(2, max(1, decimals))
        elif decimals == 1 and about.unit.startswith("money"):
            decimals = 2
        signed = about.name in self._signed
        return [in_unit(v, about.unit, signed=signed, decimals=decimals) for v in values]

    def _th(self, about: Heading, right: bool) -> str:
        unit = f' <span class="wb-unit">{escaped(about.shown_unit)}</span>' if about.shown_unit else ""
        meaning = f' title="{prose(_spoken(about.sentence))}"' if about.sentence else ""
        return f'<th scope="col"{_class(right)}{meaning}>{escaped(about.label)}{unit}</th>'

    def _cells(self, about: Heading, values: pd.Series) -> list[str]:
        right = _is_number(self.frame[about.name])
        first = about is self.headings[0]
        start, end = ('<th scope="row"', "</th>") if first else ("<td", "</td>")
        reason = self._missing_reason(about.name)
        dash = f'{start}{_class(right)} title="{prose(reason)}">{_dash(reason)}{end}'
        # <bdi> keeps a name written from right to left from turning its neighbours around.
        around = ("", "") if right else ("<bdi>", "</bdi>")
        texts = self._texts(about, values.tolist())
        to = self._links.get(about.name, [None] * len(texts))[: len(texts)]
        if about.name in self._pictures:
            beside = self._pictures[about.name][: len(texts)]
            return [
                f'{start} class="wb-pictured"><span>{p}<bdi>{_linked(escaped(text), a)}</bdi></span>{end}'
                for p, text, a in zip(beside, texts, to, strict=True)
            ]
        return [
            dash
            if is_missing(v)
            else f"{start}{_class(right, text)}>{around[0]}{_linked(escaped(text), a)}{around[1]}{end}"
            for v, text, a in zip(values.tolist(), texts, to, strict=True)
        ]

    def _under(self, shown: int) -> str:
        parts = []
        if shown < len(self.frame):
            parts.append(f"<p>The first {shown:,} of {counted(len(self.frame), 'row')}.</p>")
        if self.note:
            parts.append(f"<p>{told(self.note)}</p>")
        meant = [h for h in self.headings if h.sentence] if self._define else []
        if meant:
            parts.append(definitions(*meant, summary="What the columns mean")._repr_html_())
        return f"<figcaption>{''.join(parts)}</figcaption>" if parts else ""


class Definitions:
    """What columns mean, each with the version of its definition."""

    def __init__(self, headings: Sequence[Heading], summary: str) -> None:
        self.headings, self.summary = headings, summary

    def _repr_html_(self) -> str:
        terms = "".join(
            f"<dt>{escaped(h.label)}</dt><dd>{prose(_spoken(h.sentence))}"
            + (f' <span class="wb-unit">{escaped(h.unit)}</span>' if h.unit else "")
            + (f' <span class="wb-version">version {escaped(h.version)}</span>' if h.version else "")
            + "</dd>"
            for h in self.headings
        )
        opened = f'<details class="wb-definitions"><summary>{prose(self.summary)}</summary>'
        return f"{opened}<dl>{terms}</dl></details>"

    def __repr__(self) -> str:
        return "\n".join(f"{h.label}: {_spoken(h.sentence)}" for h in self.headings)


class Folded(WithTables):
    """A long table behind a line that says what is in it; a browser's search looks into it."""

    def __init__(self, table: Table, summary: str) -> None:
        self.table, self.summary = table, summary

    def _repr_html_(self) -> str:
        opened = f'<details class="wb-fold"><summary>{prose(self.summary)}</summary>'
        return f"{opened}{self.table._repr_html_()}</details>"

    def tables_shown(self) -> list[dict[str, Any]]:
        return tables_of([self.table])

    def __repr__(self) -> str:
        return f"{self.summary}\n{self.table!r}"


def definitions(*columns: str | Heading, summary: str = "What the figures mean") -> Definitions:
    """The registry's sentences for these columns, to be unfolded."""
    return Definitions([c if isinstance(c, Heading) else heading(c) for c in columns], summary)


def table(data: Any, *, caption: str, **options: Any) -> Table:
    """A table with a caption that states the finding; the options are `Table`'s."""
    return Table(data, caption=caption, **options)


def _is_number(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values.dtype):
        return False
    if pd.api.types.is_numeric_dtype(values.dtype):
        return True
    first = next((v for v in values if not is_missing(v)), None)
    return type(first).__name__ in ("Decimal", "int", "float")


def _spoken(sentence: str) -> str:
    """A sentence of the registry for a reader who sees dashes where the tables hold NULL."""
    return sentence.replace("NULL", "unknown")


def _class(right: bool, text: str = "") -> str:
    return ' class="wb-number"' if right else ' class="wb-long"' if len(text) > _LONG else ""


def _pictures(uris: str | Sequence[str] | None, said: Any) -> str:
    several = uris if isinstance(uris, list) and uris else [uris]
    return "".join(picture(uri if isinstance(uri, str) else None, str(said)) for uri in several)


def _linked(shown: str, to: str | None) -> str:
    """Text that leads to an address, both escaped already. The page it opens learns nothing of ours."""
    return f'<a href="{to}" target="_blank" rel="noopener noreferrer nofollow">{shown}</a>' if to else shown


def _dash(reason: str) -> str:
    return f'<span aria-hidden="true">{DASH}</span><span class="wb-unseen">{prose(reason)}</span>'
