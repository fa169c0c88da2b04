"""Level 3: what VAs do, what an hour of theirs brings, and what could be done differently.

`metrics.vas` and `metrics.va_habits` compute them, `model.va_quality` and `model.improvement` finish them.
"""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS: tuple[Column, ...] = (
    Column("active_days", "BIGINT", "days", "Local days on which the VA put up a post of the row.", label="Active days"),
    Column("posts_per_active_day", "DOUBLE", "posts per day", "Posts divided by the days on which any went up.", label="Posts a day worked"),
    Column("paid_hours", "DOUBLE", "hours", "Hours that the VA was paid for on the days on which the posts went up; NULL where some are unknown.", label="Paid hours"),
    Column("time_cost", "DOUBLE", "money", "What the paid hours cost, in the reporting currency; NULL where a part has no price or no exchange rate.", label="Cost of time"),
    Column("period_views", "DOUBLE", "views", "Views of the mature posts at the compared age, added up.", label="Views"),
    Column("posts_per_paid_hour", "DOUBLE", "posts per hour", "Posts divided by the paid hours.", label="Posts a paid hour"),
    Column("views_per_paid_hour", "DOUBLE", "views per hour", "Views at the compared age divided by the paid hours; posts without a count bring none.", label="Views a paid hour"),
    Column("time_cost_per_1000_views", "DOUBLE", "money per 1,000 views", "What 1,000 views at the compared age cost in the VA's time alone.", label="Cost of 1,000 views"),
    Column("missing_efficiency", "VARCHAR", "text", "Why the paid hours or their cost are not known; NULL where both are.", label="What is missing"),
    Column("mean_log_outlier", "DOUBLE", "natural log", "Mean of the posts' log outliers at the compared age: 0 is what the accounts usually get.", label="Mean log outlier"),
    Column("sd_log_outlier", "DOUBLE", "natural log", "Standard deviation of the posts' log outliers; NULL under 2 posts.", label="Spread of log outliers"),
    Column("n_log_outliers", "BIGINT", "posts", "Posts whose log outlier is known.", label="Posts compared"),
    Column("typical_multiple", "DOUBLE", "multiple", "Geometric mean of the posts' multiples of their account's usual, week and platform taken out: 1 is usual.", label="Against the accounts' usual"),
    Column("own_trend", "DOUBLE", "multiple", "The week's typical multiple against the VA's own over all weeks shown: 1 is as always.", label="Against own usual"),
    Column("own_trend_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of the week against the VA's own usual.", label="Against own usual, low"),
    Column("own_trend_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of the week against the VA's own usual.", label="Against own usual, high"),
    Column("term_to_on", "DATE", "date", "Last day of the term on the account; NULL while it lasts.", label="Until"),
    Column("quality_score", "DOUBLE", "of 100", "Weighted percentiles among VAs: effect on views 40 %, engagement, breakouts and punctuality 20 % each; NULL under 5 mature posts.", label="Quality score"),
    Column("effect_part", "DOUBLE", "of 100", "Percentile of the VA's effect on views among the VAs; 40 % of the score; NULL where it can't be told from the accounts.", label="Effect among VAs"),
    Column("va_engagement_part", "DOUBLE", "of 100", "Percentile of the engagement quality among the VAs; 20 % of the score.", label="Engagement among VAs"),
    Column("va_breakout_part", "DOUBLE", "of 100", "Percentile of the breakout rate among the VAs; 20 % of the score.", label="Breakouts among VAs"),
    Column("punctuality_part", "DOUBLE", "of 100", "Percentile of the share of tasks done in time among the VAs; 20 % of the score.", label="Punctuality among VAs"),
    Column("missing_quality_parts", "VARCHAR", "text", "Parts of the quality score that are unknown; their weight went to the others.", label="Parts missing"),
    Column("n_slideshows", "BIGINT", "posts", "Posts of the row that are slideshows.", label="Slideshows"),
    Column("good_hour_share", "DOUBLE", "fraction", "Share of posts that went up at hours of the day at which all VAs' posts do better than usual.", label="At good hours"),
    Column("mean_slides", "DOUBLE", "slides", "Mean number of slides of the slideshows, 8 for 8 or more.", label="Slides"),
    Column("strong_hook_share", "DOUBLE", "fraction", "Share of slideshows whose first image had done better than usual in earlier posts.", label="Hooks that did well"),
    Column("tired_share", "DOUBLE", "fraction", "Share of slideshows whose images are shown for the fourth time or more, on average.", label="Tired slides"),
    Column("strong_sound_share", "DOUBLE", "fraction", "Share of posts with a sound that had done better than usual in earlier posts.", label="Sounds that did well"),
    Column("median_gap_hours", "DOUBLE", "hours", "Median time between a post and the one before on its account.", label="Gap between posts"),
    Column("habit", "VARCHAR", "text", "What is compared: hour, slides, hook, tired (uses of the images), gap (hours between posts), sound, or overdue (tasks).", label="Habit"),
    Column("habit_level", "BIGINT", "level", "One value of the habit as a number, in the order of its meaning.", label="Level number"),
    Column("level_name", "VARCHAR", "text", "The habit's value in words.", label="Level"),
    Column("habit_share", "DOUBLE", "fraction", "Share of the level in all posts that show the habit.", label="Share of posts"),
    Column("habit_multiple", "DOUBLE", "multiple", "What posts of the level get against posts of the team's usual mix, by the same VA on the same account, other habits held.", label="Times the usual mix"),
    Column("habit_multiple_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of what the level goes with.", label="Times the usual mix, low"),
    Column("habit_multiple_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of what the level goes with.", label="Times the usual mix, high"),
    Column("is_advised", "BOOLEAN", "boolean", "Whether the gap is large and sure enough to talk about: 10 posts or more, 2 % or more, the 90 % interval without a zero.", label="Advised"),
    Column("n_habit_posts", "BIGINT", "posts", "The VA's posts that show the habit; for overdue tasks, the posts of the weeks with tasks.", label="Posts looked at"),
    Column("less_of", "VARCHAR", "text", "What the VA does more often than the best quartile, and what does worse.", label="Less of"),
    Column("own_less_share", "DOUBLE", "fraction", "How often the VA does what there should be less of.", label="This VA, less of"),
    Column("best_less_share", "DOUBLE", "fraction", "How often the best quartile does what there should be less of.", label="Best quartile, less of"),
    Column("less_multiple", "DOUBLE", "multiple", "What posts get that do what there should be less of, against the team's usual mix.", label="Does, less of"),
    Column("more_of", "VARCHAR", "text", "What the VA does less often than the best quartile, and what does better.", label="More of"),
    Column("own_more_share", "DOUBLE", "fraction", "How often the VA does what there should be more of.", label="This VA, more of"),
    Column("best_more_share", "DOUBLE", "fraction", "How often the best quartile does what there should be more of.", label="Best quartile, more of"),
    Column("more_multiple", "DOUBLE", "multiple", "What posts get that do what there should be more of, against the team's usual mix.", label="Does, more of"),
    Column("gain_multiple", "DOUBLE", "multiple", "What a post might get with the best quartile's mix of the habit, if the difference is due to it.", label="Possible gain"),
    Column("gain_multiple_low", "DOUBLE", "multiple", "Lower end of the 90 % interval of the possible gain.", label="Possible gain, low"),
    Column("gain_multiple_high", "DOUBLE", "multiple", "Upper end of the 90 % interval of the possible gain.", label="Possible gain, high"),
    Column("extra_views_per_post", "DOUBLE", "views", "The possible gain times the VA's median views.", label="Views more a post"),
    Column("extra_views_per_week", "DOUBLE", "views per week", "The possible gain of all the week's posts that show the habit, if the difference is due to it.", label="Views more a week"),
    Column("extra_views_per_week_low", "DOUBLE", "views per week", "Lower end of the 90 % interval of the week's possible gain.", label="Views more a week, low"),
    Column("extra_views_per_week_high", "DOUBLE", "views per week", "Upper end of the 90 % interval of the week's possible gain.", label="Views more a week, high"),
)  # fmt: skip
