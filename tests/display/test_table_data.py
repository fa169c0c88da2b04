"""What a table leaves beside its HTML: what is shown, typed, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import nbformat
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from workbench import display
from workbench.display.blocks import Stacked
from workbench.display.pictures import Card, Gallery, SideBySide, Slide, Strip
from workbench.display.table_data import MIME, typed
from workbench.display.tables import Folded
from workbench.reporting.engine import Execution
from workbench.reporting.page import About, page

PICTURE = "data:image/png;base64,AAAA"


def bundle(shown) -> dict:
    """What a kernel sends for it."""
    formatter = InteractiveShell.instance().display_formatter
    assert formatter is not None
    return formatter.format(shown)[0]


def tables(shown) -> list[dict]:
    return json.loads(json.dumps(bundle(shown)[MIME], allow_nan=False))["tables"]


def test_a_table_leaves_the_kernel_as_html_as_text_and_as_data():
    shown = display.table([{"account_id": "a", "views": 12}], caption="A finding", note="Of the week.")
    sent = bundle(shown)
    assert set(sent) == {"text/html", "text/plain", MIME}
    assert sent["text/html"] == shown._repr_html_()
    [told] = tables(shown)
    assert (told["caption"], told["note"], told["n_rows"]) == ("A finding", "Of the week.", 1)
    assert told["rows"] == [["a", 12]]
    views = told["columns"][1]
    assert {k: views[k] for k in ("name", "label", "unit", "type", "version")} == {
        "name": "views", "label": "Views", "unit": "views", "type": "BIGINT", "version": "1",
    }  # fmt: skip
    assert views["sentence"].startswith("How often it was played")


def test_only_the_rows_and_columns_that_are_shown_leave():
    data = pd.DataFrame({"a": range(5), "secret": ["s"] * 5})
    [told] = tables(display.table(data, caption="c", columns=["a"], limit=2))
    assert told["rows"] == [[0], [1]] and told["n_rows"] == 5
    assert "secret" not in json.dumps(told)


@pytest.mark.parametrize(
    ("name", "values", "kind", "encoded"),
    [
        ("views", [1.0, float("nan")], "BIGINT", [1, None]),
        ("anything", [1.0, 2.0], "DOUBLE", [1.0, 2.0]),
        ("anything", [1, None], "BIGINT", [1, None]),
        ("anything", [2**64], "DOUBLE", [1.84467440737e19]),
        ("anything", [0.1 + 0.2, float("inf")], "DOUBLE", [0.3, "Infinity"]),
        ("amount", [Decimal("1.50"), None], "DECIMAL(18,4)", ["1.50", None]),
        ("anything", [Decimal("1E+3")], "DECIMAL(18,0)", ["1000"]),
        ("anything", [True, None], "BOOLEAN", [True, None]),
        ("anything", [dt.date(2025, 10, 6)], "DATE", ["2025-10-06"]),
        ("due_on", [pd.Timestamp("2025-10-06")], "DATE", ["2025-10-06"]),
        ("anything", [pd.Timestamp("2025-10-06T06:00+02:00")], "TIMESTAMP", ["2025-10-06T04:00:00"]),
        ("anything", [pd.Timedelta(minutes=90), pd.NaT], "DOUBLE", [1.5, None]),
        ("anything", [["a", "b"], None], "VARCHAR[]", [["a", "b"], None]),
        ("anything", [[1], []], "BIGINT[]", [[1], []]),
        ("anything", ["a", 1], "VARCHAR", ["a", "1"]),
        ("views", [None], "BIGINT", [None]),
        ("anything", [], "VARCHAR", []),
        ("anything", [PICTURE], "VARCHAR", [None]),
        ("anything", ["a\u202eb\x00" + "x" * 200_000], "VARCHAR", ["ab" + "x" * 157 + "…"]),
        ("url", ["https://a.example/" + "x" * 300], "VARCHAR", ["https://a.example/" + "x" * 300]),
    ],
)
def test_values_are_typed_as_they_are_and_as_json_can_hold_them(name, values, kind, encoded):
    assert typed(values, name) == (kind, encoded)


def test_figures_that_threads_added_up_in_another_order_are_the_same():
    assert typed([0.1 + 0.2 + 0.3]) == typed([0.3 + 0.2 + 0.1])
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1


def test_links_are_a_column_of_their_own_and_lead_nowhere_bad():
    data = pd.DataFrame({"post_id": ["p", "q"], "url": ["https://a.example/?a=1&b=2", "javascript:alert(1)"]})
    [told] = tables(display.table(data, caption="c", columns=["post_id"], links={"post_id": "url"}))
    assert [c["name"] for c in told["columns"]] == ["post_id", "url"]
    assert told["rows"] == [["p", "https://a.example/?a=1&b=2"], ["q", None]]


def test_a_picture_beside_a_text_leaves_the_text_alone():
    data = pd.DataFrame({"said": ["words"], "shown": [[PICTURE]], "words": ["words"]})
    sent = display.table(data, caption="c", columns=["said"], pictures={"said": ("shown", "words")})
    assert PICTURE in bundle(sent)["text/html"]
    assert tables(sent)[0]["rows"] == [["words"]] and "base64" not in json.dumps(tables(sent))


def test_folded_and_stacked_tables_leave_and_words_alone_do_not():
    table = display.table([{"a": 1}], caption="c")
    assert tables(Stacked([display.note("n"), table, Folded(table, "All")])) == tables(table) * 2
    assert MIME not in bundle(Stacked([display.note("n")]))


def test_tiles_are_rows_with_their_units():
    made = display.tiles(
        display.Tile(label="Views", value=1200, column="views", before=1000, usual=(900, 1300)),
        display.Tile(label="ROI", value=None, unit="fraction", reason="no costs are known"),
    )
    [told] = tables(made)
    rows = [dict(zip([c["name"] for c in told["columns"]], row, strict=True)) for row in told["rows"]]
    assert told["kind"] == "figures"
    assert (rows[0]["figure"], rows[0]["value"], rows[0]["unit"]) == ("Views", 1200, "views")
    assert (rows[0]["value_before"], rows[0]["usual_low"], rows[0]["usual_high"]) == (1000, 900, 1300)
    assert rows[1]["value"] is None and rows[1]["remark"] == "no costs are known"


def test_galleries_and_pairs_leave_words_and_figures_without_pictures():
    card = Card(picture=PICTURE, said="hi", figure="1.8×", facts=["3 uses"], url="javascript:x")
    [told] = tables(Gallery([card], caption="Best"))
    assert told["rows"] == [["hi", "1.8×", "3 uses", None]]
    strip = Strip(heading="post", slides=[Slide(picture=PICTURE, said="hi", mark="same")])
    [pairs] = tables(SideBySide([("told apart", strip, strip)], caption="Pairs"))
    assert pairs["rows"] == [[1, "told apart", "post", None, 1, "hi", "same"]] * 2


def test_a_notebook_with_it_is_valid_and_its_page_does_not_hold_it():
    shown = display.table([{"a": 0.123456789}], caption="A finding")
    output = nbformat.v4.new_output("display_data", data=json.loads(json.dumps(bundle(shown))))
    cell = nbformat.v4.new_code_cell("", outputs=[output])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.validate(notebook)
    assert nbformat.reads(nbformat.writes(notebook), as_version=4) == notebook
    about = About(name="n", title="t", period="p", version=1, as_of=dt.datetime(2025, 10, 6))
    made = page(Execution("n", notebook, 0.0), about, bundle="")
    assert "A finding" in made and "0.123" in made
    assert "workbench.table" not in made and "0.123456789" not in made


def test_a_thousand_rows_weigh_less_than_their_html():
    data = pd.DataFrame({f"column_{n}": [r / 7 for r in range(1_200)] for n in range(10)})
    sent = bundle(display.table(data, caption="c", limit=1_200))
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("display_data", data=sent)])]
    )
    html = len(sent["text/html"])
    assert len(nbformat.writes(notebook)) < 2.5 * html
