"""Level 2: accounts compared. `metrics.accounts` computes them."""

# ruff: noqa: E501 - one column a line, so that they can be read down like a table

from __future__ import annotations

from .column import Column

COLUMNS = (
    Column("n_posts", "BIGINT", "posts", "Posts that the row covers.", label="Posts"),
    Column("n_mature_posts", "BIGINT", "posts", "Posts of the row whose count at the compared age is known.", label="Mature posts"),
    Column("n_known", "BIGINT", "posts", "Posts that reached 120 hours in the period and whose views at that age are known.", label="Known at 5 days"),
    Column("n_reached_final", "BIGINT", "posts", "Posts that reached 720 hours in the period.", label="Reached 30 days"),
    Column("n_settled", "BIGINT", "posts", "Posts that reached 720 hours in the period and whose settled views are known.", label="Settled"),
    Column("median_views", "DOUBLE", "views", "Median views of the mature posts at the compared age: 120 hours, or settled where the page says so.", label="Median views"),
    Column("views_per_follower", "DOUBLE", "views per follower", "Views at 120 hours divided by the followers at posting; of an account, the median of its posts at the compared age.", label="Views per follower"),
    Column("followers_first", "BIGINT", "followers", "Followers at the start of the period: the last known, if at most 7 days old, else the first within it.", label="Followers at the start"),
    Column("followers_last", "BIGINT", "followers", "The last followers known within the period.", label="Followers at the end"),
    Column("followers_first_at", "TIMESTAMP", "instant", "When the followers of the start were seen."),
    Column("followers_last_at", "TIMESTAMP", "instant", "When the followers of the end were seen."),
    Column("net_followers", "BIGINT", "followers", "Followers at the end less those at the start of the period; of all accounts, over those known at both ends.", label="Net followers"),
    Column("follower_growth_rate", "DOUBLE", "fraction", "Net followers as a share of the followers at the start; NULL where only one look is known.", label="Follower growth"),
    Column("n_final_posts", "BIGINT", "posts", "Posts of the account that reached 720 hours in the period, their settled views known.", label="Posts past 30 days"),
    Column("n_viral_posts", "BIGINT", "posts", "Viral posts among those with a known count; of an account, among those that reached 720 hours in the period.", label="Viral posts"),
    Column("viral_rate", "DOUBLE", "fraction", "Share of viral posts among those that reached 720 hours in the period.", label="Viral share"),
    Column("breakout_rate", "DOUBLE", "fraction", "Share of posts with at least three times their account's usual views, of those with a baseline.", label="Breakouts"),
    Column("median_outlier", "DOUBLE", "multiple", "Median of the posts' multiples of the usual views: 1 is what the account usually gets.", label="Against its own usual"),
    Column("n_outliers", "BIGINT", "posts", "Posts whose multiple of the usual views is known.", label="Posts with a baseline"),
    Column("outlier_change", "DOUBLE", "multiple", "The median multiple less that of the period before.", label="Change"),
    Column("outlier_change_low", "DOUBLE", "multiple", "Lower end of the bootstrap interval of the change.", label="Change, low"),
    Column("outlier_change_high", "DOUBLE", "multiple", "Upper end of the bootstrap interval of the change.", label="Change, high"),
    Column("n_saves_known", "BIGINT", "posts", "Mature posts whose saves are known.", label="Posts with saves"),
    Column("engagement_quality", "DOUBLE", "fraction", "Likes, 3 x comments, 5 x shares and 4 x saves divided by views; saves only where all compared accounts have them.", label="Engagement quality"),
    Column("posts_per_week", "DOUBLE", "posts per week", "Mean number of posts a week over the 8 ISO weeks that end with the period's.", label="Posts a week"),
    Column("posts_cv", "DOUBLE", "coefficient of variation", "How unevenly the account posts: standard deviation of the 8 weekly counts divided by their mean.", label="Unevenness"),
    Column("consistency", "DOUBLE", "fraction", "How fully and evenly the account posts: the share of its weekly target reached, times 1 less posts_cv.", label="Consistency"),
    Column("kpi_score", "DOUBLE", "of 100", "Weighted percentiles of five parts among accounts of the same platform and size; NULL under 5 mature posts.", label="KPI score"),
    Column("reach_part", "DOUBLE", "of 100", "Percentile of the median views among the peers; 30 % of the score.", label="Reach"),
    Column("engagement_part", "DOUBLE", "of 100", "Percentile of the engagement quality among the peers; 25 % of the score.", label="Engagement"),
    Column("growth_part", "DOUBLE", "of 100", "Percentile of the follower growth among the peers; 20 % of the score.", label="Growth"),
    Column("consistency_part", "DOUBLE", "of 100", "Percentile of the consistency among the peers; 15 % of the score.", label="Regularity"),
    Column("breakout_part", "DOUBLE", "of 100", "Percentile of the breakout rate among the peers; 10 % of the score.", label="Breakouts among peers"),
    Column("missing_parts", "VARCHAR", "text", "Parts of the score that are unknown; their weight went to the others.", label="Missing parts"),
    Column("peer_band", "BIGINT", "band 1-5", "Smallest band of followers in the peer group: 1 under 1,000, 2 to 10,000, 3 to 100,000, 4 to 1 million, 5 more.", label="Band"),
    Column("n_peers", "BIGINT", "accounts", "Accounts in the peer group, this one included.", label="Number of peers"),
    Column("size_effect_rho", "DOUBLE", "correlation", "Spearman correlation of followers at posting with views at the compared age, from -1 to 1.", label="Size effect"),
    Column("n_pairs", "BIGINT", "posts", "Posts for which both values of the correlation are known.", label="Posts in it"),
    Column("week_on", "DATE", "date", "Monday of the local week in which posts reached the compared age, or accounts were looked at.", label="Week"),
    Column("n_accounts", "BIGINT", "accounts", "Accounts whose followers are known in the week and in the one before.", label="Accounts"),
    Column("n_before", "BIGINT", "posts", "Posts of the period before whose multiple of the usual views is known.", label="Posts before"),
    Column("n_now", "BIGINT", "posts", "Posts of the period whose multiple of the usual views is known.", label="Posts now"),
    Column("weekday", "BIGINT", "day of week", "Local weekday of posting, 1 for Monday to 7 for Sunday.", label="Weekday"),
    Column("local_hour", "BIGINT", "hour of day", "Local hour of posting, 0 to 23.", label="Hour"),
)  # fmt: skip
