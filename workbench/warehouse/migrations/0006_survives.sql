-- What keeps, moves and forgets: months in the archive, persons who were erased.

CREATE TABLE archive_files (
    table_name VARCHAR NOT NULL,
    month_on DATE NOT NULL,
    file VARCHAR NOT NULL,
    rows BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    archived_at TIMESTAMP NOT NULL
);

CREATE TABLE erasures (
    erasure_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    person_hash VARCHAR NOT NULL,
    erased_at TIMESTAMP NOT NULL,
    posts_erased BIGINT,
    rows_erased BIGINT
);
