"""Any CSV by a mapping file: canonical tables from the columns that it names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir
from ibis import _

from ..errors import SourceError, UsageError, nearest
from ..warehouse.tables import TABLES
from . import fields, urls
from .base import Canonical, Source, SourceFile
from .canonical import column_type
from .mapping_file import PLACEHOLDER, MappingFile, Rule, mapping_files, read_mapping
from .prepared import not_understood

_FOLDED = ("account_id", "va_id", "creator_id", "set_id", "hashtag")
"""Keys made of names: one spelling for all."""
_SURE = 10_000


def _fits(file: SourceFile) -> int:
    return _SURE if _mapping(file) else 0


def _mapping(file: SourceFile) -> MappingFile | None:
    """The mapping to use: the one named, or of a folder's the one that reads most of the file's columns."""
    given = file.options.get("mapping")
    if given is None:
        return None
    found = [read_mapping(path) for path in mapping_files(Path(given))]
    if not Path(given).is_dir():
        return found[0]
    fitting = [m for m in found if not m.missing(file.columns)]
    return max(fitting, key=lambda m: len({c for r in m.rules for c in r.columns}), default=None)


def _read(file: SourceFile) -> Canonical:
    """One row of a table for each record; equal rows once, facts without any count left out."""
    mapping = _mapping(file)
    if mapping is None:
        raise UsageError(
            f"{file.path}: no mapping fits this file. Name one with --mapping FILE "
            "(docs/mappings.md shows how)."
        )
    missing = mapping.missing(file.columns)
    if missing:
        raise SourceError(
            f"{file.path}: the mapping {mapping.path} reads a column '{missing[0]}', which the file lacks."
            f"{nearest(missing[0], file.columns)} Mend the mapping, or add `optional = true` to that line."
        )
    tables = {table: _table(file, mapping, table, rules) for table, rules in mapping.tables.items()}
    read = {c for rule in mapping.rules for c in rule.columns}
    notes = [f"Read by the mapping {mapping.path.name}: {mapping.title}."]
    return Canonical(tables=tables, notes=[*notes, *not_understood(file.columns, read)])


def _table(file: SourceFile, mapping: MappingFile, table: str, rules: Sequence[Rule]) -> ibis.Table:
    zone = mapping.time_zone or file.time_zone
    rows = file.rows
    usable = [r for r in rules if set(r.columns) <= set(file.columns)]
    columns: dict[str, ir.Value] = {r.name: _value(rows, r, zone) for r in usable}
    captured = _captured(file, mapping, zone)
    is_fact = TABLES[table].is_fact
    columns.setdefault("captured_at" if is_fact else "seen_at", captured)
    posted = next((r for r in usable if r.name == "posted_at"), None)
    if table == "posts" and posted is not None:
        of_text = (
            fields.precision(rows[posted.value]) if posted.origin == "column" else ibis.literal("second")
        )
        columns.setdefault("posted_at_precision", of_text)
    expression = rows.select("source_row", **columns)
    measures = [
        c for c in columns if c not in TABLES[table].key and c not in ("seen_at", "method", "session_id")
    ]
    if is_fact:
        return (
            expression.filter(ibis.or_(*(expression[c].notnull() for c in measures)))
            if measures
            else expression
        )
    return (
        expression.group_by([c for c in columns if c != "seen_at"])
        .agg(seen_at=_.seen_at.max(), source_row=_.source_row.min())
        .select("source_row", *columns)
    )


def _captured(file: SourceFile, mapping: MappingFile, zone: str) -> ir.Value:
    rule = mapping.captured_at
    as_of = fields.literal(file.as_of).cast("string")
    if rule is None or not set(rule.columns) <= set(file.columns):
        return as_of
    return _instant(_text(file.rows, rule), rule, zone)


def _value(rows: ibis.Table, rule: Rule, zone: str) -> ir.Value:
    if rule.origin == "url":
        return _of_address(rows[rule.value], str(rule.changes.get("part", rule.name)))
    if rule.origin == "tiktok_id":
        return fields.or_text(urls.tiktok_minted_at(rows[rule.value]), rows[rule.value])
    if rule.origin == "tags":
        return fields.tags(rows[rule.value])
    if rule.origin == "caption_tags":
        return fields.caption_tags(rows[rule.value])
    text = _text(rows, rule)
    kind = column_type(rule.table, rule.name)
    if kind == "TIMESTAMP":
        return _instant(text, rule, zone)
    if kind == "DATE":
        day = fields.instant(text, "UTC", _formats(rule)).date()
        return fields.or_text(day, text)
    if kind.endswith("[]"):
        return fields.listed(text)
    return fields.name_id(text.re_replace("^#", "")) if rule.name in _FOLDED else text


def _text(rows: ibis.Table, rule: Rule) -> ir.StringValue:
    """The rule's text, changed as it says: pattern, remove, values, percent, in this order."""
    if rule.origin == "constant":
        text: ir.StringValue = ibis.literal(rule.value)
    elif rule.origin == "template":
        text = _filled(rows, rule.value)
    else:
        text = fields.present(rows[rule.value])
    if "pattern" in rule.changes:
        text = urls.extracted(text, rule.changes["pattern"])
    for piece in rule.changes.get("remove", ""):
        text = text.replace(piece, "")
    if "values" in rule.changes:
        text = text.cases(*((k, str(v)) for k, v in rule.changes["values"].items()), else_=text)
    return fields.fraction(text) if rule.changes.get("percent") else text


def _filled(rows: ibis.Table, template: str) -> ir.StringValue:
    """A template with its {columns} filled in; NULL where one of them is empty."""
    pieces = PLACEHOLDER.split(template)
    values = [fields.present(rows[p]) if i % 2 else ibis.literal(p) for i, p in enumerate(pieces) if p]
    filled = values[0]
    for value in values[1:]:
        filled = filled + value
    return filled


def _formats(rule: Rule) -> list[str]:
    given = rule.changes.get("format")
    return [given] if isinstance(given, str) else list(given or [])


def _instant(text: ir.StringValue, rule: Rule, zone: str) -> ir.StringValue:
    return fields.or_text(
        fields.instant(text, str(rule.changes.get("time_zone", zone)), _formats(rule)), text
    )


def _of_address(url: ir.StringColumn, part: str) -> ir.Value:
    platform = urls.platform_of(url)
    if part == "platform":
        return platform
    if part in ("external_id", "post_id"):
        external = urls.external_id_of(url, platform)
        return external if part == "external_id" else urls.post_id(platform, external)
    username = urls.username_of(url, platform)
    return username if part == "username" else urls.account_id(platform, username)


SOURCE = Source(
    name="mapping",
    title="Any CSV, by a mapping file that says which column is which (--mapping FILE; docs/mappings.md)",
    kinds=("csv",),
    fits=_fits,
    read=_read,
)
