"""Which slides still want a picture."""

from __future__ import annotations

import pytest
from text_tables import table

from workbench.media.pending import Job, jobs, pending

TYPES = {"slide_url": "string", "sha256": "string", "storage_key": "string", "outcome": "string", "etag": "string",
         "last_modified": "string"}  # fmt: skip

POSTS = """
    post_id | posted_at
    old     | 2025-01-01
    new     | 2025-03-01
    undated | -
"""
FILES_KNOWN = """
    sha256 | storage_key
    aa     | pictures/aa
    bare   | -
"""
NO_SLIDES = "post_id | slide_index | slide_url | sha256"
NO_FETCHES = "post_id | slide_index | tried_at | slide_url | outcome | sha256 | etag | last_modified"


def asked(slides: str, fetches: str = NO_FETCHES, again: str | None = None) -> list[Job]:
    tables = [table(text, **TYPES) for text in (slides, POSTS, FILES_KNOWN, fetches)]
    return list(jobs(pending(*tables, again=again).to_pyarrow().to_pylist()))


def named(todo: list[Job]) -> list[tuple[str, list[tuple[str, int]]]]:
    return [(job.url, job.slides) for job in todo]


def test_the_newest_posts_come_first_and_an_address_once() -> None:
    assert named(
        asked(
            """
            post_id | slide_index | slide_url | sha256
            undated |           1 | u1        | -
            old     |           1 | both      | -
            old     |           2 | o2        | -
            new     |           2 | n2        | -
            new     |           1 | both      | -
            nobodys |           1 | n1        | -
            """
        )
    ) == [
        ("both", [("new", 1), ("old", 1)]),
        ("n2", [("new", 2)]),
        ("o2", [("old", 2)]),
        ("u1", [("undated", 1)]),
    ]


def test_a_slide_that_shows_a_stored_file_is_done_and_one_whose_file_nobody_has_is_not() -> None:
    assert named(
        asked(
            """
            post_id | slide_index | slide_url | sha256
            old     |           1 | stored    | aa
            old     |           2 | imported  | zz
            old     |           3 | unstored  | bare
            old     |           4 | -         | -
            """
        )
    ) == [("imported", [("old", 2)]), ("unstored", [("old", 3)])]


TRIED = """
    post_id | slide_index | slide_url | sha256
    old     |           1 | refused   | -
    old     |           2 | mended    | -
    old     |           3 | fresh     | -
    old     |           4 | failing   | -
    old     |           5 | stored    | aa
"""
ATTEMPTS = """
    post_id | slide_index | tried_at         | slide_url | outcome | sha256 | etag | last_modified
    old     |           1 | 2025-01-02       | refused   | failed  | -      | -    | -
    old     |           1 | 2025-01-03       | refused   | refused | -      | -    | -
    old     |           2 | 2025-01-02       | mended    | refused | -      | -    | -
    old     |           2 | 2025-01-03       | mended    | failed  | -      | -    | -
    old     |           3 | 2025-01-03       | expired   | refused | -      | -    | -
    old     |           4 | 2025-01-02       | failing   | failed  | -      | -    | -
    old     |           4 | 2025-01-04       | failing   | failed  | -      | -    | -
    old     |           5 | 2025-01-01       | stored    | failed  | -      | -    | -
    old     |           5 | 2025-01-02       | stored    | stored  | zz     | old  | -
    old     |           5 | 2025-01-03       | stored    | stored  | aa     | e1   | d1
"""


@pytest.mark.parametrize(
    ("again", "addresses"),
    [
        (None, ["failing", "fresh", "mended"]),
        ("stored", ["failing", "fresh", "mended", "stored"]),
        ("refused", ["failing", "fresh", "mended", "refused"]),
    ],
)
def test_what_was_refused_stays_so_until_its_address_changes(again: str | None, addresses: list[str]) -> None:
    assert [job.url for job in asked(TRIED, ATTEMPTS, again)] == addresses


def test_failures_count_since_the_last_answer_and_by_address() -> None:
    todo = {
        job.url: (job.n_failed, str(job.first_failed_at)[:10]) for job in asked(TRIED, ATTEMPTS, "stored")
    }
    assert todo == {
        "failing": (2, "2025-01-02"), "fresh": (0, "None"), "mended": (1, "2025-01-03"), "stored": (0, "None"),
    }  # fmt: skip


def test_an_address_that_gave_a_stored_file_is_asked_whether_it_changed_whoever_names_it() -> None:
    todo = asked(TRIED + "    new | 1 | stored | -\n", ATTEMPTS)
    job = todo[0]
    assert (job.url, job.slides) == ("stored", [("new", 1)])
    assert (job.etag, job.last_modified, job.sha256, job.storage_key) == ("e1", "d1", "aa", "pictures/aa")
    assert {(job.etag, job.sha256) for job in todo[1:]} == {(None, None)}


def test_no_slides_and_no_fetches_are_nothing_to_do() -> None:
    assert asked(NO_SLIDES) == []
