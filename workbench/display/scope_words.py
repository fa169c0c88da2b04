"""Whom a page is about, in words: at its head, and what it is compared with."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.scope import Scope
from .blocks import Box, note, warning
from .numbers import counted

_PLATFORMS = {"tiktok": "TikTok", "youtube": "YouTube", "instagram": "Instagram"}


def platform_name(platform: Any) -> str:
    """A platform as it writes itself."""
    return _PLATFORMS.get(str(platform), str(platform))


def scope_name(scope: Scope, accounts: pd.DataFrame | None = None) -> str:
    """`Account @name on TikTok`, `Creator name`, `Client name, TikTok`; empty where it is everybody.

    `accounts`: those of the scope (see `LevelFacts.account_names`); without them an account is called by its id.
    """
    platform = platform_name(scope.platform) if scope.platform else ""
    said = [f"{kind} {name}" for kind, name in (("client", scope.client), ("creator", scope.creator)) if name]
    if scope.account:
        said.insert(0, f"account {_named(scope.account, accounts)}")
        platform = ""
    told = ", ".join([*said, *([platform] if platform else [])])
    return told[:1].upper() + told[1:]


def _named(account: str, accounts: pd.DataFrame | None) -> str:
    if accounts is None:
        return account
    known = accounts[accounts["account_id"] == account].dropna(subset=["username"])
    if known.empty:
        return account
    row = known.iloc[0]
    return f"@{row['username']}" + (
        f" on {platform_name(row['platform'])}" if pd.notna(row["platform"]) else ""
    )


def scope_box(scope: Scope, accounts: pd.DataFrame | None) -> Box:
    """Whom the page is about; `accounts`: None where it is a whole platform."""
    if accounts is None:
        return note("Only this platform's posts are shown and compared.", platform_name(scope.platform))
    name = scope_name(scope, accounts)
    if accounts.empty:
        return warning(
            "No account of the data is that. `workbench data accounts` lists them.",
            f"{name}: nothing to show",
        )
    if scope.account:
        return note("Only this account's posts are shown.", name)
    told = counted(len(accounts), "account")
    whose = f"the {told} of this client" if scope.client else f"the {told} of this creator"
    if scope.client and scope.creator:
        whose = f"the {told} of both"
    more = " What others post of the creator's is not among them." if scope.creator else ""
    return note(f"Only posts on {whose} are shown.{more}", name)
