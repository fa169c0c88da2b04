"""What the documents name exists: columns, formats, files; and their examples are accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.sources.mapping_file import read_mapping
from workbench.sources.registry import SOURCES
from workbench.warehouse import marts
from workbench.warehouse.schema import schema

_DOCS = Path(__file__).parents[1] / "docs"
_MIGRATION = (_DOCS / "migration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["architecture.md", "migration.md", "cookbook.md", "settings.md"])
def test_columns_of_tables_that_a_document_names_exist(name: str) -> None:
    text = (_DOCS / name).read_text(encoding="utf-8")
    # In migration.md only the right columns of tables name ours; the left ones are the old files'.
    ours = "\n".join(re.findall(r"^\|[^|]*\|(.*)$", text, flags=re.M)) if name == "migration.md" else text
    named = re.findall(r"`([a-z_]+)\.([a-z_0-9]+)`", ours)
    assert [f"{t}.{c}" for t, c in named if t in schema() and c not in schema()[t]] == []


@pytest.mark.parametrize("name", sorted(p.name for p in _DOCS.glob("*.md")))
def test_links_between_documents_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", (_DOCS / name).read_text(encoding="utf-8"))
    assert [link for link in links if not (_DOCS / link).exists()] == []


def test_migration_tells_of_every_format() -> None:
    assert [s.name for s in SOURCES if f"`{s.name}`" not in _MIGRATION] == []


def test_the_mapping_shown_is_accepted(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", _MIGRATION, flags=re.S)
    assert example is not None
    file = tmp_path / "weekly.toml"
    file.write_text(example[1], encoding="utf-8")
    assert set(read_mapping(file).tables) == {"posts", "post_snapshots"}


def test_architecture_names_every_mart() -> None:
    text = (_DOCS / "architecture.md").read_text(encoding="utf-8")
    assert [m for m in marts.MARTS if f"`{m}`" not in text] == []
