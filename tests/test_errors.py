"""Errors own their exit codes and name the nearest word."""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb
import pytest

from workbench.errors import SourceError, UsageError, WorkbenchError, machine_trouble, naming, nearest


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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/a/b"),
            "No space left on device: /a/b. Free some space",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "No space left on device: /home or /tmp. Free some",
        ),
        (
            OSError(errno.EMFILE, "Too many open files"),
            "Too many open files: /home or /tmp. Allow more open files",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "a", None, b"/b"),
            "Permission denied: /b. Ask its",
        ),
        (MemoryError(), "There is not enough memory. Run it again with more"),
        (
            duckdb.TransactionException(
                'Failed to commit: Could not write file "/x/y.db": No space left on device'
            ),
            "No space left on device: /x/y.db. Free some space",
        ),
        (
            duckdb.OutOfMemoryException(
                "Out of Memory Error: failed to pin block (1/2 used)\n\nPossible solutions"
            ),
            "There is not enough memory: failed to pin block (1/2 used). Run it again",
        ),
        (
            duckdb.OutOfMemoryException("failed to offload (max_temp_directory_size)"),
            "There is not enough disk: failed to offload (max_temp_directory_size). Free some space",
        ),
    ],
)
def test_what_the_machine_refuses_is_told_with_the_place_and_the_remedy(error, said):
    assert (machine_trouble(error, where="/home or /tmp") or "").startswith(said)


@pytest.mark.parametrize(
    "error", [ValueError("x"), FileNotFoundError(errno.ENOENT, "No such file", "/a"), KeyError(1)]
)
def test_an_error_that_is_no_machines_is_left_alone(error):
    assert machine_trouble(error) is None


def test_an_error_that_was_raised_from_the_machines_counts_as_that():
    error = WorkbenchError("manifest.json can't be read")
    error.__cause__ = OSError(errno.EMFILE, "Too many open files", "/a/manifest.json")
    assert (machine_trouble(error) or "").startswith("Too many open files: /a/manifest.json.")


def test_a_write_to_an_open_file_names_it():
    def write() -> None:
        with naming(Path("the file")), open("/dev/full", "w") as f:
            f.write("x")

    with pytest.raises(OSError, match="No space left on device: 'the file'"):
        write()
