-- Checks of the data: one open row for each check and subject, and what each batch held, to know what is usual.

ALTER TABLE quality_checks ADD COLUMN subject VARCHAR;
ALTER TABLE quality_checks ADD COLUMN platform VARCHAR;
ALTER TABLE quality_checks ADD COLUMN opened_at TIMESTAMP;
-- What was noticed before has no subject, so it could never be told from what passes again.
UPDATE quality_checks SET opened_at = checked_at, resolved_at = coalesce(resolved_at, checked_at);

CREATE TABLE batch_profiles (
    batch_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    captured_at TIMESTAMP NOT NULL,
    profiled_at TIMESTAMP NOT NULL,
    n_rows BIGINT NOT NULL,
    n_accounts BIGINT,
    n_posts BIGINT,
    n_new BIGINT,
    n_late BIGINT,
    first_late_at TIMESTAMP,
    last_late_at TIMESTAMP,
    n_future BIGINT,
    missing MAP(VARCHAR, BIGINT) NOT NULL
);
