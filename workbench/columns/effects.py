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
    Column("raw_creator_multiple", "DOUBLE", "multiple", "Usual views of the creator's posts against everybody's, with the strength of the accounts still in it: 1 is the mean.", label="Raw"),
    Column("creator_effect", "DOUBLE", "multiple", "What the creator's content does to views, told apart from accounts, VAs, months and types: 1 is the creators' mean.", label="Creator's effect"),
    Column("creator_effect_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of the creator's effect.", label="Creator's effect, low"),
    Column("creator_effect_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of the creator's effect.", label="Creator's effect, high"),
    Column("raw_set_multiple", "DOUBLE", "multiple", "Usual views of the set's posts against everybody's, with the strength of the accounts still in it: 1 is the mean.", label="Raw"),
    Column("set_effect", "DOUBLE", "multiple", "What the set does to views, told apart from accounts, VAs, creators, months and types: 1 is the sets' mean.", label="Set's effect"),
    Column("set_effect_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of the set's effect.", label="Set's effect, low"),
    Column("set_effect_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of the set's effect.", label="Set's effect, high"),
    Column("set_score", "DOUBLE", "of 100", "Weighted percentiles of effect, breakouts and engagement among the sets; NULL under 5 mature posts.", label="Set score"),
    Column("set_effect_part", "DOUBLE", "of 100", "Percentile of the set's effect among the sets; 60 % of the score.", label="Effect among sets"),
    Column("set_breakout_part", "DOUBLE", "of 100", "Percentile of the breakout rate among the sets; 20 % of the score.", label="Breakouts among sets"),
    Column("set_engagement_part", "DOUBLE", "of 100", "Percentile of the engagement quality among the sets; 20 % of the score.", label="Engagement among sets"),
    Column("missing_set_parts", "VARCHAR", "text", "Parts of the set's score that are unknown; their weight went to the others.", label="Missing parts"),
    Column("n_lift_posts", "BIGINT", "posts", "Posts that show the image and whose log outlier is known.", label="Posts behind the lift"),
    Column("raw_slide_lift", "DOUBLE", "multiple", "Mean of the log outliers of the image's posts as a multiple, with what the slides beside it did still in it.", label="Raw lift"),
    Column("slide_lift", "DOUBLE", "multiple", "What the image does to a post that shows it, with the wear of its uses so far: 1 is what images usually do.", label="Lift"),
    Column("slide_lift_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of the image's lift.", label="Lift, low"),
    Column("slide_lift_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of the image's lift.", label="Lift, high"),
    Column("n_hook_posts", "BIGINT", "posts", "Posts whose first slide is the image and whose log outlier is known.", label="Posts behind the hook's lift"),
    Column("raw_hook_lift", "DOUBLE", "multiple", "Mean of the log outliers of the posts that open with the image, as a multiple.", label="Raw hook lift"),
    Column("hook_lift", "DOUBLE", "multiple", "What the image does to a post that opens with it: 1 is what images usually do.", label="Hook lift"),
    Column("hook_lift_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of the hook's lift.", label="Hook lift, low"),
    Column("hook_lift_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of the hook's lift.", label="Hook lift, high"),
    Column("to_use_number", "BIGINT", "uses", "Last use number of the row's step of the decay; NULL where it holds for all later uses.", label="To use"),
    Column("n_decay_uses", "BIGINT", "uses", "Uses of images of the row's use numbers whose log outlier is known.", label="Uses"),
    Column("median_gap_days", "DOUBLE", "days", "Median of the days since the use before, over the row's uses.", label="Usual gap"),
    Column("raw_reuse_multiple", "DOUBLE", "multiple", "Posts with such a use against those with first uses, by plain means: which images came back is still in it.", label="Raw decay"),
    Column("reuse_decay", "DOUBLE", "multiple", "What a use of that number does against the image's first, with the images' own effects told apart: 1 is no decay.", label="Decay"),
    Column("reuse_decay_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of the decay.", label="Decay, low"),
    Column("reuse_decay_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of the decay.", label="Decay, high"),
    Column("theme", "VARCHAR", "text", "A word on first slides, or words that always come together; a number stands for any number.", label="Words"),
    Column("n_hooks", "BIGINT", "hooks", "Different texts of first slides that have the words.", label="Hooks"),
    Column("n_theme_posts", "BIGINT", "posts", "Posts whose first slide has the words and whose log outlier is known.", label="Posts behind the words"),
    Column("n_theme_accounts", "BIGINT", "accounts", "Accounts on which hooks with the words were posted.", label="Accounts using the words"),
    Column("raw_theme_lift", "DOUBLE", "multiple", "Mean over the hooks with the words of what their posts did, as a multiple, with their other words still in it.", label="Raw lift of the words"),
    Column("theme_lift", "DOUBLE", "multiple", "What hooks with the words do beyond hooks that are otherwise alike: 1 is no difference; an association and no cause.", label="Lift of the words"),
    Column("theme_lift_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of the lift of the words.", label="Lift of the words, low"),
    Column("theme_lift_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of the lift of the words.", label="Lift of the words, high"),
    Column("p_theme_wrong", "DOUBLE", "fraction", "Chance that the lift of the words lies on the other side of 1.", label="Chance of being wrong"),
    Column("example_text", "VARCHAR", "text", "The hook with the words that has most posts.", label="Such a hook"),
)  # fmt: skip
