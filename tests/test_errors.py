"""Errors own their exit codes and name the nearest word."""

from __future__ import annotations

import pytest

from workbench.errors import SourceError, UsageError, WorkbenchError, nearest


@pytest.mark.parametrize(("error", "code"), [(WorkbenchError, 1), (SourceError, 1), (UsageError, 2)])
def test_an_error_owns_its_exit_code(error, code):
    assert issubclass(error, WorkbenchError)
    assert error("said").exit_code == code
    assert str(error("said")) == "said"


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("min_view", ["min_views", "week"], " Did you mean 'min_views'?"),
        ("psots", ("tasks", "posts"), " Did you mean 'posts'?"),
        ("xyz", ["posts"], ""),
        ("posts", [], ""),
        ("", ["posts"], ""),
    ],
)
def test_the_nearest_word_is_offered_where_one_is_near(word, known, hint):
    assert nearest(word, known) == hint
    assert nearest(word, iter(known)) == hint
