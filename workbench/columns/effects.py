"""Effects told apart from the accounts, lifts of images, and the decay of their uses.

`model.effects` and `model.slide_effects` compute them.
"""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS = (
    Column("raw_va_multiple", "DOUBLE", "multiple", "Usual views of the VA's posts against everybody's, with the strength of the accounts still in it: 1 is the mean.", label="Raw"),
    Column("va_effect", "DOUBLE", "multiple", "What the VA does to views, told apart from accounts, creators, months and types: 1 is the team's mean; NULL without a second VA.", label="Adjusted"),
    Column("va_effect_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of the VA's effect.", label="Adjusted, low"),
    Column("va_effect_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of the VA's effect.", label="Adjusted, high"),
    Column("p_above_median", "DOUBLE", "fraction", "Chance that the VA's effect is above the median of the team's.", label="Chance of being above the median"),
    Column("separable_share", "DOUBLE", "fraction", "Share of the VA's posts that are on accounts on which another VA has posted too.", label="Posts on shared accounts"),
    Column("is_separable", "BOOLEAN", "boolean", "Whether at least a fifth of the posts are on shared accounts, so that VA and accounts can be told apart.", label="Separable"),
)  # fmt: skip
