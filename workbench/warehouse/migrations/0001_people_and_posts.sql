-- Who posts, for whom, and what was posted.
--
-- Bulk tables carry no PRIMARY KEY: the loader is the only writer and merges by key, `verify` proves the
-- keys unique, and an index on text keys would double the cost of a large load. Keys are in tables.py.
-- seen_at: when the row's information was captured. column_ranks: the rank (capture time in epoch
-- microseconds) of those columns whose value is older than the row's newest; NULL where all agree.

CREATE TABLE creators (
    creator_id VARCHAR NOT NULL,
    name VARCHAR,
    notes VARCHAR,
    joined_on DATE,
    status VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE vas (
    va_id VARCHAR NOT NULL,
    name VARCHAR,
    joined_on DATE,
    status VARCHAR,
    hourly_pay DECIMAL(18, 4),
    currency VARCHAR,
    notes VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE accounts (
    account_id VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    username VARCHAR,
    external_id VARCHAR,
    display_name VARCHAR,
    profile_url VARCHAR,
    creator_id VARCHAR,
    va_id VARCHAR,
    client VARCHAR,
    category VARCHAR,
    niche VARCHAR,
    time_zone VARCHAR,
    target_posts_per_week DOUBLE,
    bio VARCHAR,
    location VARCHAR,
    is_verified BOOLEAN,
    is_active BOOLEAN,
    is_target BOOLEAN,
    account_created_at TIMESTAMP,
    first_seen_at TIMESTAMP,
    last_scraped_at TIMESTAMP,
    scrape_count BIGINT,
    checked_state VARCHAR,
    notes VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE account_names (
    account_id VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    username VARCHAR NOT NULL,
    external_id VARCHAR NOT NULL DEFAULT '',
    valid_from TIMESTAMP,
    valid_to TIMESTAMP
);

CREATE TABLE account_assignments (
    account_id VARCHAR NOT NULL,
    va_id VARCHAR NOT NULL,
    from_on DATE NOT NULL,
    to_on DATE,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE account_snapshots (
    account_id VARCHAR NOT NULL,
    captured_at TIMESTAMP NOT NULL,
    followers BIGINT,
    following BIGINT,
    total_posts BIGINT,
    total_likes BIGINT,
    total_views BIGINT,
    column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE sets (
    set_id VARCHAR NOT NULL,
    set_code VARCHAR,
    creator_id VARCHAR,
    created_on DATE,
    description VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE posts (
    post_id VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    external_id VARCHAR,
    url VARCHAR,
    account_id VARCHAR,
    va_id VARCHAR,
    set_id VARCHAR,
    sound_id VARCHAR,
    creator_id VARCHAR,
    post_type VARCHAR,
    posted_at TIMESTAMP,
    posted_at_precision VARCHAR,
    posted_local_on DATE,
    posted_local_hour BIGINT,
    title VARCHAR,
    caption VARCHAR,
    language VARCHAR,
    duration_seconds DOUBLE,
    hashtags VARCHAR[],
    mentions VARCHAR[],
    keywords VARCHAR[],
    detected_topics VARCHAR[],
    effects VARCHAR[],
    category VARCHAR,
    niche VARCHAR,
    thumbnail_url VARCHAR,
    video_url VARCHAR,
    media_urls VARCHAR[],
    slide_count BIGINT,
    followers_at_post BIGINT,
    is_duet BOOLEAN,
    is_stitch BOOLEAN,
    is_ad BOOLEAN,
    is_pinned BOOLEAN,
    is_deleted BOOLEAN,
    first_scraped_at TIMESTAMP,
    last_scraped_at TIMESTAMP,
    scrape_status VARCHAR,
    scrape_interval_hours DOUBLE,
    scrape_count BIGINT,
    va_url VARCHAR,
    logged_at TIMESTAMP,
    ocr_text VARCHAR,
    source VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE post_snapshots (
    post_id VARCHAR NOT NULL,
    captured_at TIMESTAMP NOT NULL,
    session_id VARCHAR,
    views BIGINT,
    likes BIGINT,
    comments BIGINT,
    shares BIGINT,
    saves BIGINT,
    reposts BIGINT,
    downloads BIGINT,
    method VARCHAR,
    column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE slides (
    post_id VARCHAR NOT NULL,
    slide_index BIGINT NOT NULL,
    slide_url VARCHAR,
    storage_key VARCHAR,
    sha256 VARCHAR,
    phash BIGINT,
    ocr_text VARCHAR,
    ocr_confidence DOUBLE,
    width BIGINT,
    height BIGINT,
    fetched_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE sounds (
    sound_id VARCHAR NOT NULL,
    sound_key VARCHAR,
    platform VARCHAR,
    external_id VARCHAR,
    url VARCHAR,
    title VARCHAR,
    artist VARCHAR,
    album VARCHAR,
    duration_seconds DOUBLE,
    genre VARCHAR,
    is_original BOOLEAN,
    original_post_id VARCHAR,
    first_seen_at TIMESTAMP,
    notes VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE sound_snapshots (
    sound_id VARCHAR NOT NULL,
    captured_at TIMESTAMP NOT NULL,
    endpoint VARCHAR NOT NULL DEFAULT '',
    uses BIGINT,
    column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE exclusive_sounds (
    sound_key VARCHAR NOT NULL,
    song_title VARCHAR,
    artist_name VARCHAR,
    added_at TIMESTAMP,
    added_by VARCHAR,
    reason VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE hashtags (
    hashtag VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    external_id VARCHAR,
    first_seen_at TIMESTAMP,
    last_updated_at TIMESTAMP,
    total_views BIGINT,
    total_videos BIGINT,
    status VARCHAR,
    language VARCHAR,
    region VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE hashtag_snapshots (
    hashtag VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    captured_at TIMESTAMP NOT NULL,
    endpoint VARCHAR NOT NULL DEFAULT '',
    view_count BIGINT,
    video_count BIGINT,
    creator_count BIGINT,
    like_count BIGINT,
    comment_count BIGINT,
    share_count BIGINT,
    window_minutes BIGINT,
    column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);
