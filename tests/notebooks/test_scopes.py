"""Every notebook of one account, one creator, one client and of nobody: true sentences, and nothing of anybody else.

The cells run here and not in kernels, which is what makes twenty-four pages affordable.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import workbench
from workbench.model.frames import executed
from workbench.model.scope import Scope
from workbench.reporting.notebook_folders import OURS
from workbench.reporting.scratch import memory

NAMES = sorted(n.stem for n in OURS.glob("*.ipynb"))
KINDS = ("account", "creator", "client", "nobody")
Accounts = list[dict[str, Any]]

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("scopes")]


@pytest.fixture(scope="module")
def accounts(demo_home: Path) -> Accounts:
    with workbench.connect(demo_home) as wb:
        columns = ["account_id", "username", "creator_id", "client"]
        return executed(wb.table("accounts").select(columns).order_by("account_id")).to_dict("records")


@pytest.fixture(scope="module", autouse=True)
def _of_the_demo(demo_home: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, memory():
        patch.setenv("WORKBENCH_HOME", str(demo_home))
        yield


def scope_of(kind: str, accounts: Accounts) -> Scope:
    first = accounts[0]
    return {
        "account": Scope(account=first["account_id"]),
        "creator": Scope(creator=first["creator_id"]),
        "client": Scope(client=first["client"]),
        "nobody": Scope(client="nobody at all"),
    }[kind]


def cells(name: str, scope: Scope) -> dict[str, str]:
    """What each cell of a notebook shows: its last line -> HTML or JSON."""
    names: dict[str, Any] = {}
    shown: dict[str, str] = {}
    for cell in nbformat.read(OURS / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), names)
        if "parameters" in cell.metadata.get("tags", []):
            names |= {"account": scope.account, "creator": scope.creator, "client": scope.client}
        if last is not None:
            found = eval(compile(ast.Expression(last.value), name, "eval"), names)  # type: ignore[attr-defined]
            html = getattr(found, "_repr_html_", None)
            is_chart = hasattr(found, "mark_bar") or hasattr(found, "hconcat") or hasattr(found, "to_dict")
            shown[ast.unparse(last)] = (
                json.dumps(found.to_dict()) if is_chart else html() if html else repr(found)
            )
    return shown


@pytest.fixture(scope="module")
def pages(accounts: Accounts) -> dict[tuple[str, str], dict[str, str]]:
    return {}


@pytest.fixture
def page(
    kind: str, name: str, accounts: Accounts, pages: dict[tuple[str, str], dict[str, str]]
) -> dict[str, str]:
    if (kind, name) not in pages:
        pages[kind, name] = cells(name, scope_of(kind, accounts))
    return pages[kind, name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_of_its_accounts_says_so_and_tells_nothing_of_others(
    kind: str, name: str, page: dict[str, str], accounts: Accounts
) -> None:
    scope = scope_of(kind, accounts)
    own = [
        a
        for a in accounts
        if (not scope.account or a["account_id"] == scope.account)
        and (not scope.creator or a["creator_id"] == scope.creator)
        and (not scope.client or a["client"] == scope.client)
    ]
    assert (len(own), len(own) < len(accounts)) == ({"account": 1, "nobody": 0}.get(kind, len(own)), True)
    head = page["page.basis()"]
    expected = {
        "account": f"Account @{accounts[0]['username']}",
        "creator": f"Creator {scope.creator}",
        "client": f"Client {scope.client}".replace('"', "&quot;"),
        "nobody": "Client nobody at all: nothing to show",
    }[kind]
    assert expected in head
    others = {a["account_id"] for a in accounts} - {a["account_id"] for a in own}
    for cell, said in page.items():
        assert [a for a in others if re.search(rf"(?<![\w.-]){re.escape(a)}(?![\w.-])", said)] == [], cell
        assert re.search(r"<workbench\.|object at 0x|>nan<|>None<|>NaT<|\bnan %", said) is None, cell


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["account"])
def test_one_account_is_not_ranked(kind: str, name: str, page: dict[str, str]) -> None:
    for cell, said in page.items():
        assert re.search(r"1 of 1 |of 1 account|None of 1|leads with|median account grew", said) is None, cell


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["client"])
def test_what_is_compared_with_whom_is_told_at_the_end(kind: str, name: str, page: dict[str, str]) -> None:
    assert "What is compared with what" in page["page.left_out()"]
