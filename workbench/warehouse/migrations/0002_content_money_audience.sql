-- Content and work, money, audience.

CREATE TABLE content_items (
    content_id VARCHAR NOT NULL,
    title VARCHAR,
    slug VARCHAR,
    workspace_id VARCHAR,
    creator_id VARCHAR,
    stage VARCHAR,
    stage_since_at TIMESTAMP,
    due_on DATE,
    created_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE content_posts (
    content_id VARCHAR NOT NULL,
    post_id VARCHAR NOT NULL,
    platform VARCHAR,
    external_post_id VARCHAR,
    posted_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE content_tags (
    content_id VARCHAR NOT NULL,
    tag_type VARCHAR NOT NULL,
    tag_value VARCHAR NOT NULL,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE tasks (
    task_id VARCHAR NOT NULL,
    kind VARCHAR,
    title VARCHAR,
    content_id VARCHAR,
    va_id VARCHAR,
    account_id VARCHAR,
    due_on DATE,
    status VARCHAR,
    created_at TIMESTAMP,
    done_at TIMESTAMP,
    payload VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE revenue (
    revenue_id VARCHAR NOT NULL,
    from_on DATE,
    to_on DATE,
    amount DECIMAL(18, 4),
    currency VARCHAR,
    source VARCHAR,
    scope VARCHAR,
    scope_id VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE costs (
    cost_id VARCHAR NOT NULL,
    from_on DATE,
    to_on DATE,
    kind VARCHAR,
    amount DECIMAL(18, 4),
    work_hours DECIMAL(18, 4),
    hourly_pay DECIMAL(18, 4),
    currency VARCHAR,
    scope VARCHAR,
    scope_id VARCHAR,
    notes VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE fx_rates (
    currency VARCHAR NOT NULL,
    rate_on DATE NOT NULL,
    rate DECIMAL(18, 8),
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE payout_rules (
    rule_id VARCHAR NOT NULL,
    name VARCHAR,
    va_id VARCHAR,
    creator_id VARCHAR,
    base_amount DECIMAL(18, 4),
    tiers VARCHAR,
    cap_amount DECIMAL(18, 4),
    currency VARCHAR,
    from_on DATE,
    to_on DATE,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE payouts (
    post_id VARCHAR NOT NULL,
    rule_id VARCHAR NOT NULL,
    frozen_views BIGINT,
    frozen_at TIMESTAMP,
    amount DECIMAL(18, 4),
    currency VARCHAR,
    state VARCHAR,
    paid_on DATE,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

-- How a revenue row is spread over its posts: chosen once, kept with the row.
CREATE TABLE revenue_methods (
    revenue_id VARCHAR NOT NULL,
    method VARCHAR,
    chosen_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE targets (
    metric VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    scope_id VARCHAR NOT NULL,
    from_on DATE NOT NULL,
    to_on DATE,
    target DOUBLE,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE annotations (
    annotation_id VARCHAR NOT NULL,
    from_on DATE,
    to_on DATE,
    label VARCHAR,
    scope VARCHAR,
    scope_id VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE followers (
    follower_id VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    external_id VARCHAR,
    username VARCHAR,
    display_name VARCHAR,
    profile_url VARCHAR,
    follower_count BIGINT,
    first_seen_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE interactions (
    interaction_id VARCHAR NOT NULL,
    follower_id VARCHAR,
    post_id VARCHAR,
    content_id VARCHAR,
    interaction_type VARCHAR,
    interaction_text VARCHAR,
    interaction_value DOUBLE,
    occurred_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);
