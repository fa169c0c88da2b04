"""What the bytes of a CSV say of its records."""

from __future__ import annotations

import pytest

from workbench.sources.csv_layout import IRREGULAR, Layout, layout


@pytest.mark.parametrize(
    ("content", "records"),
    [
        ("a,b\n1,2\n", 2),
        ("a,b\n1,2", 2),
        ("a,b\r\n1,2\r\n\r\n3,4\r\n", 3),
        ("\ufeffa,b\n1,2\n", 2),
        ('\ufeff"a",b\n"1",2\n', 2),
        ('a,b\n"x\ny\r\n","2 ""3"""\n', 2),
        ('a,b\n"",""\n1,\n', 3),
        ("a,b\n,\n", 2),
        ("a,b\n\n\n1,2\n", 2),
    ],
)
def test_records_are_counted_without_a_reader(write, content, records):
    assert layout(write(content), ",", 2) == Layout(is_regular=True, records=records)


@pytest.mark.parametrize(
    "content",
    [
        "a,b\r1,2\r",
        "a,b\r\n1,2\n",
        "a,b\n1,x\ry\n",
        "\na,b\n1,2\n",
        'a,b\n1,5" x\n',
        'a,b\n1,5" x "y\n',
        'a,b\n1, "x"\n',
        'a,b\n1,"x"y\n',
        'a,b\n1,"x\n',
        "a,b\n1,2,\n",
        'a,b\n1,2,""\n',
        "a,b\n1,2,",
        'a,b\n1,2,""',
    ],
    ids=repr,
)
def test_what_duckdb_may_read_otherwise_is_irregular(write, content):
    assert layout(write(content), ",", 2) == IRREGULAR


def test_parity_holds_over_many_chunks(write):
    body = "".join(f'{i},"line {i}\nwith ""quotes"", and more"\n' for i in range(60_000))
    assert layout(write("a,b\n" + body), ",", 2).records == 60_001
    assert layout(write("a,b\n" + body + "1,2,\n"), ",", 2) == IRREGULAR
