"""Level 2: accounts compared. `metrics.accounts` computes them."""

from __future__ import annotations

from .column import Column

COLUMNS = (
    Column("n_posts", "BIGINT", "posts", "Posts that the row covers.", label="Posts"),
    Column("n_mature_posts", "BIGINT", "posts", "Posts of the row that are old enough to have a known count at the compared age.", label="Mature posts"),
    Column("median_views", "DOUBLE", "views", "Median views of the mature posts at 120 hours.", label="Median views at 5 days"),
    Column("views_per_follower", "DOUBLE", "views per follower", "Views at 120 hours divided by the followers at posting; of an account, the median of its posts.", label="Views per follower"),
    Column("followers_first", "BIGINT", "followers", "Followers at the first look within the period.", label="Followers at the start"),
    Column("followers_last", "BIGINT", "followers", "Followers at the last look within the period.", label="Followers at the end"),
    Column("net_followers", "BIGINT", "followers", "Followers gained less followers lost within the period.", label="Net followers"),
    Column("follower_growth_rate", "DOUBLE", "fraction", "Net followers as a share of the followers at the first look of the period.", label="Follower growth"),
    Column("viral_rate", "DOUBLE", "fraction", "Share of the mature posts that are viral.", label="Viral posts"),
    Column("breakout_rate", "DOUBLE", "fraction", "Share of the mature posts with three times their account's usual views.", label="Breakouts"),
    Column("median_outlier", "DOUBLE", "multiple", "Median of the posts' multiples of the usual views: 1 is what the account usually gets.", label="Against its own usual"),
    Column("median_outlier_before", "DOUBLE", "multiple", "The median multiple of the period before.", label="Before"),
    Column("outlier_change", "DOUBLE", "multiple", "The median multiple less that of the period before.", label="Change"),
    Column("outlier_change_low", "DOUBLE", "multiple", "Lower end of the bootstrap interval of the change.", label="Change, low"),
    Column("outlier_change_high", "DOUBLE", "multiple", "Upper end of the bootstrap interval of the change.", label="Change, high"),
    Column("engagement_quality", "DOUBLE", "fraction", "Likes, 3 x comments, 5 x shares and 4 x saves divided by views; saves only where the whole peer group has them.", label="Engagement quality"),
    Column("consistency", "DOUBLE", "fraction", "How fully and evenly the account posts: the share of its weekly target reached, times 1 less the variation of the weeks.", label="Consistency"),
    Column("kpi_score", "DOUBLE", "score 0-100", "Weighted percentiles of five parts among accounts of the same platform and size; NULL under 5 mature posts.", label="KPI score"),
    Column("reach_part", "DOUBLE", "percentile 0-100", "Percentile of the median views among the peers; 30 % of the score.", label="Reach"),
    Column("engagement_part", "DOUBLE", "percentile 0-100", "Percentile of the engagement quality among the peers; 25 % of the score.", label="Engagement quality"),
    Column("growth_part", "DOUBLE", "percentile 0-100", "Percentile of the follower growth among the peers; 20 % of the score.", label="Growth"),
    Column("consistency_part", "DOUBLE", "percentile 0-100", "Percentile of the consistency among the peers; 15 % of the score.", label="Consistency"),
    Column("breakout_part", "DOUBLE", "percentile 0-100", "Percentile of the breakout rate among the peers; 10 % of the score.", label="Breakouts"),
    Column("missing_parts", "VARCHAR", "text", "Parts of the score that are unknown; their weight went to the others.", label="Missing parts"),
    Column("peer_group", "VARCHAR", "text", "Platform and band of followers whose accounts the score compares.", label="Peers"),
    Column("n_peers", "BIGINT", "accounts", "Accounts in the peer group.", label="Number of peers"),
    Column("size_effect_rho", "DOUBLE", "correlation", "Spearman correlation of followers at posting with views at 120 hours, from -1 to 1.", label="Size effect"),
    Column("n_pairs", "BIGINT", "posts", "Posts for which both values of the correlation are known.", label="Posts in it"),
    Column("weekday", "BIGINT", "day of week", "Local weekday of posting, 1 for Monday to 7 for Sunday.", label="Weekday"),
    Column("local_hour", "BIGINT", "hour of day", "Local hour of posting, 0 to 23.", label="Hour"),
    Column("median_hour_outlier", "DOUBLE", "multiple", "Median multiple of the usual views, over the posts of the weekday and hour.", label="Times the usual"),
)  # fmt: skip
