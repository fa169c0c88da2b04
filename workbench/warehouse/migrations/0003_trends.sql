-- Trends, features of hashtags, labels and predictions.

CREATE TABLE trends (
    trend_id VARCHAR NOT NULL,
    name VARCHAR,
    kind VARCHAR,
    platform VARCHAR,
    niche VARCHAR,
    discovered_at TIMESTAMP,
    agent_run_id VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE trend_sources (
    trend_id VARCHAR NOT NULL,
    post_id VARCHAR NOT NULL,
    relevance DOUBLE,
    created_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE hashtag_features (
    hashtag VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    feature_at TIMESTAMP NOT NULL,
    window_hours BIGINT,
    velocity DOUBLE,
    acceleration DOUBLE,
    momentum_score DOUBLE,
    view_count_lag_1h BIGINT,
    view_count_lag_6h BIGINT,
    view_count_lag_24h BIGINT,
    likes_per_view DOUBLE,
    comments_per_view DOUBLE,
    shares_per_view DOUBLE,
    engagement_efficiency DOUBLE,
    unique_creators BIGINT,
    creator_diversity_index DOUBLE,
    new_creators_ratio DOUBLE,
    top_creator_dominance DOUBLE,
    cluster_id VARCHAR,
    theme_label VARCHAR,
    semantic_similarity_score DOUBLE,
    novelty_index DOUBLE,
    cross_hashtag_novelty DOUBLE,
    sound_novelty_score DOUBLE,
    hour_of_day BIGINT,
    day_of_week BIGINT,
    is_weekend BOOLEAN,
    timezone_distribution VARCHAR,
    last_prediction_error DOUBLE,
    prediction_bias_7d DOUBLE,
    prediction_variance_7d DOUBLE,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE feature_definitions (
    feature_name VARCHAR NOT NULL,
    feature_group VARCHAR,
    description VARCHAR,
    data_type VARCHAR,
    is_nullable BOOLEAN,
    valid_range_min DOUBLE,
    valid_range_max DOUBLE,
    computation_lag_minutes BIGINT,
    depends_on VARCHAR[],
    definition_version VARCHAR,
    created_at TIMESTAMP,
    deprecated_at TIMESTAMP,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE feature_quality (
    feature_name VARCHAR NOT NULL,
    evaluated_at TIMESTAMP NOT NULL,
    total_records BIGINT,
    null_count BIGINT,
    null_rate DOUBLE,
    mean_value DOUBLE,
    std_value DOUBLE,
    min_value DOUBLE,
    max_value DOUBLE,
    outlier_count BIGINT,
    distribution_drift_score DOUBLE,
    quality_score DOUBLE,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE viral_labels (
    hashtag VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    labelled_at TIMESTAMP NOT NULL,
    prediction_window_hours BIGINT NOT NULL,
    is_viral BOOLEAN,
    viral_definition_name VARCHAR,
    peak_at TIMESTAMP,
    peak_view_count BIGINT,
    growth_rate DOUBLE,
    confidence_score DOUBLE,
    labeling_method VARCHAR,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);

CREATE TABLE predictions (
    hashtag VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    predicted_at TIMESTAMP NOT NULL,
    prediction_window_hours BIGINT NOT NULL,
    model_name VARCHAR NOT NULL,
    model_version VARCHAR NOT NULL,
    probability DOUBLE,
    definition_name VARCHAR,
    features_at TIMESTAMP,
    outcome BOOLEAN,
    seen_at TIMESTAMP, column_ranks MAP(VARCHAR, BIGINT), batch_id VARCHAR
);
