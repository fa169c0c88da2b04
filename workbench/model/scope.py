"""Whom a page is about: everybody, a platform, or the accounts of one client, one creator, or one account.

A platform is a world of its own: who asks for one compares within it. The others narrow only what is shown: what an
account's posts are measured against (percentiles among peers, effects, lifts, what a hour of the day does) needs more
posts than its own, so it is fitted on everybody's, and of everybody else nothing is shown but such sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
from ibis import _

NAMES = ("platform", "account", "creator", "client")
"""The parameters of a notebook that narrow it, in the order of the fields."""


@dataclass(frozen=True)
class Scope:
    """What a page is narrowed to; where several are given, to what all of them hold. Empty: everybody."""

    platform: str = ""
    account: str = ""
    """An account_id."""
    creator: str = ""
    """The accounts whose creator this is (`accounts.creator_id`), whoever else's content they post."""
    client: str = ""

    def __bool__(self) -> bool:
        return bool(self.platform or self.is_narrow)

    @property
    def is_narrow(self) -> bool:
        """Whether it is about some of the accounts that it is compared with."""
        return bool(self.account or self.creator or self.client)

    @property
    def peers(self) -> Scope:
        """What it is compared with: the platform, or everybody."""
        return Scope(self.platform)

    @property
    def own(self) -> tuple[str, str]:
        """(scope, scope_id) of the targets that hold for just these accounts; ("", "") where there can't be any."""
        given = [
            (n, v) for n, v in zip(NAMES[1:], (self.account, self.creator, self.client), strict=True) if v
        ]
        if self.platform and not given:
            return "platform", self.platform
        return (given or [("all", "all")])[0] if len(given) <= 1 or self.account else ("", "")

    def accounts_of(self, accounts: ibis.Table) -> ibis.Table:
        """The accounts themselves."""
        held = {
            "platform": self.platform,
            "account_id": self.account,
            "creator_id": self.creator,
            "client": self.client,
        }
        for column, value in held.items():
            accounts = accounts.filter(_[column] == value) if value else accounts
        return accounts

    def of(self, table: ibis.Table, accounts: ibis.Table) -> ibis.Table:
        """The rows of a table that are about these accounts.

        Parameters
        ----------
        table
            With account_id; of a platform alone, platform will do.
        accounts
            All accounts.
        """
        if not self:
            return table
        if self.platform and "platform" in table.columns:
            table = table.filter(_.platform == self.platform)
            if not self.is_narrow:
                return table
        if self.account and not (self.creator or self.client or self.platform):
            return table.filter(_.account_id == self.account)
        return table.semi_join(self.accounts_of(accounts), "account_id")
