"""Marts: what is known of each post in one row, and of each account day by day.

The functions of `metrics.curves`, `metrics.outliers`, `metrics.posts` and `metrics.daily` compute them.
"""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

_HOURS = {24: "1 day", 48: "2 days", 72: "3 days", 96: "4 days", 120: "5 days", 168: "7 days", 720: "30 days"}
"""Horizons of `metrics.curves` and how a reader says them."""


def _at_horizons() -> list[Column]:
    """The columns that exist once for each horizon."""
    found = []
    for hours, age in _HOURS.items():
        found += [
            Column(
                f"views_at_{hours}", "DOUBLE", "views",
                f"Views at an age of {hours} hours, between the snapshots around it; NULL while younger or where they are too far apart.",
                label=f"Views at {age}",
            ),
            Column(
                f"engagement_at_{hours}", "DOUBLE", "engagements",
                f"Likes, comments and shares at an age of {hours} hours, found like the views at that age.",
                label=f"Engagement at {age}",
            ),
            Column(
                f"baseline_views_at_{hours}", "DOUBLE", "views",
                f"What the account's up to 100 earlier posts of the type had at {hours} hours: the mean of their middle half; NULL with fewer than 5.",
                label=f"Usual views at {age}",
            ),
            Column(
                f"outlier_{hours}", "DOUBLE", "multiple",
                f"Views at {hours} hours as a multiple of the baseline at that age (at least 100 views): 1 is usual.",
                label=f"Times the usual at {age}",
            ),
        ]  # fmt: skip
        found += [
            Column(
                f"{count}_at_{hours}", "DOUBLE", count,
                f"{count.capitalize()} at an age of {hours} hours, found like the views at that age.",
                label=f"{count.capitalize()} at {age}",
            )
            for count in ("likes", "comments", "shares", "saves")
        ]  # fmt: skip
    return found


COLUMNS = (
    *_at_horizons(),
    Column("n_snapshots", "BIGINT", "snapshots", "How often the post's counts were seen.", label="Snapshots"),
    Column("last_captured_at", "TIMESTAMP", "instant", "When the post's counts were seen most recently.", label="Last seen"),
    Column("age_hours", "DOUBLE", "hours", "Age of the post at its newest snapshot.", label="Age"),
    Column("views_settled", "DOUBLE", "views", "Views once a post has settled: at 720 hours, else the newest count taken later; NULL while younger.", label="Settled views"),
    Column("is_settled_late", "BOOLEAN", "boolean", "Whether views_settled is a count later than 720 hours and not the one at that age."),
    Column("baseline_views_settled", "DOUBLE", "views", "What the account's up to 100 earlier posts of the type settled at: the mean of their middle half; NULL with fewer than 5.", label="Usual settled views"),
    Column("outlier_settled", "DOUBLE", "multiple", "Settled views as a multiple of their baseline (at least 100 views): 1 is usual.", label="Times the usual, settled"),
    Column("log_outlier_120", "DOUBLE", "natural log", "Logarithm of the multiple at 120 hours, less its mean over the platform and week of posting.", label="Log outlier at 5 days"),
    Column("log_outlier_settled", "DOUBLE", "natural log", "Logarithm of the settled multiple, less its mean over the platform and week of posting.", label="Log outlier, settled"),
    Column("peak_velocity_views_per_hour", "DOUBLE", "views per hour", "Fastest growth of views between two neighbouring snapshots.", label="Peak speed"),
    Column("half_life_hours", "DOUBLE", "hours", "First age at which half of the settled views were reached; NULL while immature.", label="Half-life"),
    Column("is_ten_x_24h", "BOOLEAN", "boolean", "Whether engagement at the newest snapshot is ten times what it was 24 hours earlier.", label="Ten times in a day"),
    Column("followers_at_posting", "BIGINT", "followers", "Followers at the account snapshot nearest to posting, within 7 days, else as stored with the post.", label="Followers at posting"),
    Column("posted_week_on", "DATE", "date", "Monday of the week of posting, by posted_local_on.", label="Week of posting"),
    Column("engagement", "BIGINT", "engagements", "Likes, comments and shares together, of those that are known; saves are not in it.", label="Engagement"),
    Column("engagement_rate_by_views", "DOUBLE", "fraction", "Engagement divided by views; NULL where there are none.", label="Engagement by views"),
    Column("engagement_rate_by_followers", "DOUBLE", "fraction", "Engagement divided by the followers at posting.", label="Engagement by followers"),
    Column("share_rate", "DOUBLE", "fraction", "Shares divided by views.", label="Share rate"),
    Column("save_rate", "DOUBLE", "fraction", "Saves divided by views.", label="Save rate"),
    Column("comment_rate", "DOUBLE", "fraction", "Comments divided by views.", label="Comment rate"),
    Column("is_viral", "BOOLEAN", "boolean", "Whether views at 720 hours, while younger the newest count, reach the setting viral_views.", label="Viral"),
    Column("is_breakout", "BOOLEAN", "boolean", "Whether the post had three times its account's usual views at 120 hours.", label="Breakout"),
    Column("is_breakout_settled", "BOOLEAN", "boolean", "Whether the post settled at three times its account's usual views.", label="Breakout, settled"),
    Column("day_on", "DATE", "date", "The day: local for what was posted, UTC for what was looked at.", label="Day"),
    Column("followers_gained", "BIGINT", "followers", "Followers against the last known day before; negative where the account lost some.", label="Followers gained"),
    Column("days_since_known", "BIGINT", "days", "Days between the day and the last one before on which the followers are known."),
    Column("step_hours", "DOUBLE", "hours", "Hours since the snapshot before; for the first, since posting.", label="Since the one before"),
    Column("views_gained", "BIGINT", "views", "Views less those of the snapshot before; negative where the platform took some back.", label="Views gained"),
    Column("velocity_views_per_hour", "DOUBLE", "views per hour", "Views gained an hour since the snapshot before; NULL from a posting time known only as a date.", label="Speed"),
    Column("velocity_score", "DOUBLE", "fraction", "Views gained as a share of the views of the snapshot before; NULL for the first.", label="Gain on the one before"),
    Column("compared_views", "DOUBLE", "views", "Views at the compared age: 120 hours, or settled; of a week, their sum over the posts with engagement.", label="Views compared"),
    Column("compared_engagement", "DOUBLE", "engagements", "Engagement at the compared age, summed over the posts whose views and engagement are known.", label="Engagement compared"),
    Column("compared_outlier", "DOUBLE", "multiple", "The post's multiple of its account's usual at the compared age.", label="Times the usual"),
    Column("size_band", "BIGINT", "band 1-5", "Followers at posting: 1 under 1,000, 2 to 10,000, 3 to 100,000, 4 to 1 million, 5 more; NULL where unknown.", label="Size at posting"),
    Column("n_posting_accounts", "BIGINT", "accounts", "Different accounts whose posts the row covers.", label="Accounts posting"),
    Column("views_posted", "BIGINT", "views", "Newest views of the posts that went up on the day.", label="Views of the day's posts"),
)  # fmt: skip
