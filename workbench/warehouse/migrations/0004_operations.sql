-- What ran, what came in, what was refused, what is wrong with the data.

CREATE TABLE scrape_sessions (
    session_id VARCHAR NOT NULL,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    status VARCHAR,
    total_accounts BIGINT,
    successful_scrapes BIGINT,
    failed_scrapes BIGINT,
    videos_scraped BIGINT,
    videos_new BIGINT,
    videos_updated BIGINT,
    error_log VARCHAR,
    configuration VARCHAR,
    created_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE scrape_logs (
    session_id VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    logged_at TIMESTAMP NOT NULL,
    status VARCHAR,
    videos_found BIGINT,
    videos_new BIGINT,
    videos_updated BIGINT,
    error_message VARCHAR,
    execution_seconds DOUBLE,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE raw_payloads (
    payload_id VARCHAR NOT NULL,
    entity VARCHAR,
    entity_id VARCHAR,
    endpoint VARCHAR,
    fetched_at TIMESTAMP,
    payload VARCHAR,
    status VARCHAR,
    error_message VARCHAR,
    created_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE process_runs (
    run_id VARCHAR NOT NULL,
    process VARCHAR,
    process_batch_id VARCHAR,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    latency_seconds DOUBLE,
    n_rows BIGINT,
    status VARCHAR,
    sla_seconds DOUBLE,
    sla_met BOOLEAN,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE agent_runs (
    agent_run_id VARCHAR NOT NULL,
    user_id VARCHAR,
    agent_type VARCHAR,
    status VARCHAR,
    platforms VARCHAR[],
    niches VARCHAR[],
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    duration_ms BIGINT,
    llm_calls BIGINT,
    tool_calls BIGINT,
    tokens_used BIGINT,
    cost_usd DECIMAL(18, 6),
    trends_discovered BIGINT,
    posts_scraped BIGINT,
    output VARCHAR,
    error_message VARCHAR,
    created_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE app_events (
    event_id VARCHAR NOT NULL,
    user_id VARCHAR,
    session_id VARCHAR,
    event_name VARCHAR,
    event_type VARCHAR,
    platform VARCHAR,
    properties VARCHAR,
    user_agent VARCHAR,
    ip_hash VARCHAR,
    country VARCHAR,
    occurred_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE batches (
    batch_id VARCHAR PRIMARY KEY,
    source VARCHAR NOT NULL,
    entity VARCHAR,
    content_hash VARCHAR NOT NULL,
    file_name VARCHAR,
    file_sha256 VARCHAR,
    captured_at TIMESTAMP,
    window_from TIMESTAMP,
    window_to TIMESTAMP,
    rows_read BIGINT,
    rows_accepted BIGINT,
    rows_rejected BIGINT,
    rows_duplicate BIGINT,
    rows_unchanged BIGINT,
    status VARCHAR NOT NULL,
    error_message VARCHAR,
    notes VARCHAR[],
    created_at TIMESTAMP,
    completed_at TIMESTAMP
);

CREATE TABLE rejected_rows (
    batch_id VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    source_row BIGINT,
    reason VARCHAR NOT NULL,
    row_json VARCHAR NOT NULL,
    rejected_at TIMESTAMP NOT NULL
);

CREATE TABLE quality_checks (
    check_name VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    batch_id VARCHAR,
    checked_at TIMESTAMP NOT NULL,
    description VARCHAR,
    checked BIGINT,
    failed BIGINT,
    failure_rate DOUBLE,
    severity VARCHAR,
    details VARCHAR,
    resolved_at TIMESTAMP
);
