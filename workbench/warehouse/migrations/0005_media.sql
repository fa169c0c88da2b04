-- Slides as pictures: the stored files, what was read on them, and what became of each fetch.

ALTER TABLE slides ADD COLUMN file_bytes BIGINT;

CREATE TABLE media_files (
    sha256 VARCHAR NOT NULL,
    storage_key VARCHAR,
    media_type VARCHAR,
    file_bytes BIGINT,
    width BIGINT,
    height BIGINT,
    phash BIGINT,
    stored_at TIMESTAMP,
    ocr_text VARCHAR,
    ocr_confidence DOUBLE,
    ocr_model VARCHAR,
    read_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE media_fetches (
    post_id VARCHAR NOT NULL,
    slide_index BIGINT NOT NULL,
    tried_at TIMESTAMP NOT NULL,
    slide_url VARCHAR,
    outcome VARCHAR,
    reason VARCHAR,
    http_status BIGINT,
    etag VARCHAR,
    last_modified VARCHAR,
    sha256 VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);
