"""Notebooks that each can't join the reports for one reason: `check` finds it, and nothing else."""

from __future__ import annotations

import re
import shutil
import textwrap
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from workbench.reporting.checking import (
    Checked,
    Sample,
    Samples,
    check_notebook,
    checks,
    drawing,
    repeating,
    written,
)
from workbench.reporting.checking.cells import place
from workbench.reporting.checking.outcome import Check
from workbench.reporting.checking.secrets import CANARY, secrets
from workbench.reporting.new import new_notebook
from workbench.reporting.notebook_folders import OURS, find_notebooks, names_of
from workbench.settings import load_settings
from workbench.warehouse.load import load

pytestmark = pytest.mark.xdist_group("check")
CHROMIUM = any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
WEEK = 'week: str = "2025-W40"  # ISO week'


@pytest.fixture(scope="module")
def samples(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    empty = tmp_path_factory.mktemp("empty")
    load(load_settings(empty), migrating=True)
    return Samples(
        Sample(demo_home, 1, "600 posts"), Sample(empty, 1, "no data"), as_of=datetime(2025, 10, 6, 6)
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def written_to(file: Path, *code: str, parameters: str = WEEK) -> Path:
    """A notebook with a title, its parameters, cells of code, and how to read it."""
    cells = [v4.new_markdown_cell("# A page\n\nWhat is asked?")]
    if parameters:
        cells.append(v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    cells += [v4.new_code_cell(c) for c in code]
    nbformat.write(v4.new_notebook(cells=[*cells, v4.new_markdown_cell("## How to read this")]), file)
    return file


def of(found: Checked, name: str) -> Check:
    return next(c for c in found.checks if c.name == name)


HOSTILE = {
    "wrong": (
        "week\nnothing_of_this_name",
        ["small data", "empty data"],
        "NameError: name 'nothing_of_this_name'",
    ),
    "needs_rows": (
        'import workbench\nworkbench.connect().tables.posts.execute()["post_id"].iloc[0][:0] + week',
        *(
            ["empty data"],
            "IndexError: single positional indexer is out-of-bounds in cell 3 (“import workbench”)",
        ),
    ),
    "asks": (
        "from urllib.request import urlopen\ntry:\n    urlopen('http://example.com/' + week)\nexcept OSError: ...",
        *(["network"], "It asked for example.com:80 (cell 3 (“from urllib.request import urlopen”))"),
    ),
    "connects": (
        "import socket\ntry:\n    socket.socket().connect((week and '10.0.0.1', 80))\nexcept OSError:\n    pass",
        *(["network"], "It asked for a socket of the internet (cell 3"),
    ),
    "installs": ("%pip install nothing-of-this-name\nweek", ["network"], "runs a command that fetches"),
    "loads": (
        "from IPython.display import HTML\nHTML('<img src=\"https://x.example/p.png\">' + week)",
        *(["network"], "Its page would load https://x.example/p.png"),
    ),
    "prints_all": (
        "import os\nprint(dict(os.environ), week)",
        ["secrets"],
        "all variables of the environment",
    ),
    "prints_one": (
        "import os\nprint(os.environ['SOME_API_KEY'], week)",
        ["secrets"],
        "the value of $SOME_API_KEY",
    ),
    "prints_path": (
        "import workbench\nprint(workbench.connect().settings.home, week)",
        *(["secrets"], "the path of the home folder"),
    ),
    "too_large": (
        "from IPython.display import HTML\nHTML(f'<p>{week} ' + 'words ' * 520_000)",
        *(["size"], "MB are of cell 3"),
    ),
    "plain_altair": (
        "import altair as alt, pandas as pd\nalt.Chart(pd.DataFrame({'a': [1]}), title=week).mark_bar()",
        *(["charts"], "a chart as Altair draws it without us"),
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_wrong_with_a_notebook_is_told_and_nothing_else(samples, cache, tmp_path, monkeypatch, name):
    monkeypatch.setenv("SOME_API_KEY", "q8-Zr41-vw")
    source, failing, said = HOSTILE[name]
    file = written_to(tmp_path / f"{name}.ipynb", source)
    before = file.read_bytes()
    found = check_notebook(file, samples, cache, quick=True)
    assert [c.name for c in found.failed] == failing, found.as_json()
    assert not found.passed and all(said in c.says and c.do for c in found.failed)
    assert "q8-Zr41-vw" not in str(found.as_json())
    assert file.read_bytes() == before and [f.name for f in tmp_path.iterdir()] == [file.name]


def test_an_error_is_put_down_to_the_network_only_where_it_comes_from_it(samples, cache, tmp_path):
    asks, refused = HOSTILE["asks"][0], "import socket\nsocket.create_connection(('10.0.0.1', 80))"
    found = check_notebook(written_to(tmp_path / "a.ipynb", asks, "wrong"), samples, cache, quick=True)
    assert [c.name for c in found.failed] == ["small data", "empty data", "network"]
    assert (
        of(found, "small data").do.startswith("Try it") and of(found, "empty data").do == "As on small data."
    )
    found = check_notebook(written_to(tmp_path / "b.ipynb", refused), samples, cache, quick=True)
    assert of(found, "small data").do == "See network, below."


def test_what_is_not_python_has_no_network_either(samples, cache, tmp_path):
    """`%pip` and DuckDB don't ask Python: on Linux the system refuses them a socket."""
    source = (
        "import subprocess, sys\n"
        "ask = 'import socket; socket.socket()'\n"
        "done = subprocess.run([sys.executable, '-c', ask], capture_output=True, text=True)\n"
        "print(week, done.stderr.splitlines()[-1:])\nassert done.returncode"
    )
    found = check_notebook(written_to(tmp_path / "a.ipynb", source), samples, cache, quick=True)
    assert found.passed, found.as_json()
    assert of(found, "network").says == "ran without one, and its page loads nothing"


def test_a_kernel_that_starts_by_itself_is_kept_offline_too(samples, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_NO_FORK", "1")
    file = written_to(tmp_path / "asks.ipynb", HOSTILE["asks"][0])
    assert [c.name for c in check_notebook(file, samples, cache, quick=True).failed] == ["network"]


def test_one_of_ours_passes(samples, cache):
    found = check_notebook(OURS / "3_vas.ipynb", samples, cache, quick=True)
    assert [(c.name, c.status) for c in found.checks if c.status != "ok"] == [("repeatable", "skipped")]


@pytest.mark.long
def test_a_new_notebook_can_join_the_reports_at_once(samples, cache, tmp_path):
    ours = find_notebooks(tmp_path)
    file = new_notebook("my_hashtags", tmp_path, ours, question="Which?")
    found = check_notebook(file, samples, cache, ours=names_of(ours))
    assert found.passed and {c.status for c in found.checks} <= {"ok", "advice"}, found.as_json()
    assert of(found, "repeatable").status == "ok"
    assert of(found, "charts").says.startswith("1 chart drawn" if CHROMIUM else "1 chart;")
    assert [c.says for c in found.checks if c.status == "advice"][-1:] == [
        "Cell 7 (“said = f\"{accounts} with {min_posts} posts or mor…”) still has the template's words."
    ]


def test_the_example_in_the_documents_runs_as_it_stands(samples, cache, tmp_path):
    text = (OURS.parent / "docs" / "notebooks.md").read_text(encoding="utf-8")
    cells = [textwrap.dedent(c) for c in re.findall(r"^ *```python\n(.*?)^ *```", text, flags=re.M | re.S)]
    notebook = nbformat.read(new_notebook("my_hashtags", tmp_path, []), as_version=4)
    before = [c for c in notebook.cells[1:3] if c.cell_type == "code"]
    file = written_to(tmp_path / "a.ipynb", before[1].source, *cells, parameters=before[0].source)
    found = check_notebook(file, samples, cache, quick=True)
    assert len(cells) == 3 and found.passed and of(found, "house rules").status == "ok", found.as_json()


def test_a_file_that_is_no_notebook_is_told_in_a_line(samples, cache, tmp_path):
    file = tmp_path / "a.ipynb"
    file.write_text("{")
    found = check_notebook(file, samples, cache)
    assert [c.name for c in found.failed] == ["readable"] and "can't be read as a notebook" in found.checks[
        -1
    ].says
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("# Words")]), file)
    assert "has no code" in check_notebook(file, samples, cache).checks[-1].says


def test_a_cell_that_never_ends_is_a_timeout(samples, cache, tmp_path):
    file = written_to(tmp_path / "a.ipynb", "week\nimport time\ntime.sleep(60)")
    found = check_notebook(file, samples, cache, quick=True, timeout=1)
    assert of(found, "small data").says.startswith("Timeout: a cell took longer than 1 seconds")


@pytest.mark.parametrize("by", ["nbval", "nbclient"])
def test_an_output_that_differs_the_second_time_is_found(tmp_path, monkeypatch, by):
    """Sets of text come in another order in each process: forks of one process would not show it."""
    if by == "nbclient":
        monkeypatch.setattr(repeating, "_NEEDED", ("nbval_that_is_not_installed",))
    cells = [v4.new_code_cell(s) for s in ("print(1)", "import random\nrandom.random()", "print('same')")]
    printed, shown = (v4.new_output("stream", text=t) for t in ("1\n", "same\n"))
    result = v4.new_output("execute_result", data={"text/plain": "0.25"}, execution_count=2)
    for cell, output in zip(cells, (printed, result, shown), strict=True):
        cell.outputs, cell.execution_count = [output], 1
    file = tmp_path / "a.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), file)
    found = repeating.repeatable(file, {}, tmp_path, 60)
    assert found.status == "failed"
    assert found.says == "Cell 2 (“import random”) shows something else the second time."
    assert "seed what is drawn by lot" in found.do


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        ("", "failed", "No cell is tagged `parameters`."),
        ("n = 3", "failed", "`n` has no type."),
        ("n: int = 'x'  # posts [1 to 3]", "failed", "its default 'x' is not a whole number from 1 to 3"),
        ("n: int = 9  # posts [1 to 3]", "failed", "its default 9 is not a whole number from 1 to 3"),
        ("n: int = 'x'  # posts", "failed", "The default of `n` is 'x', where a whole number is declared."),
        ("week: str = '2025-W60'  # ISO week", "failed", "The default of `week` is '2025-W60'"),
        ("n: int = 1 + 1", "failed", "is computed"),
        ("n: int = ", "failed", "not valid Python"),
        ("n: int = 3", "advice", "`n` says nothing of its unit"),
        ("n: int = 3  # posts", "advice", "There is no `week`"),
        (f"{WEEK}\nn: int = 3  # posts", "advice", "`n` is not used below."),
        (WEEK, "ok", "week (week)"),
    ],
)
def test_parameters_have_a_type_a_default_and_a_word(tmp_path, source, status, said):
    file = written_to(tmp_path / "a.ipynb", "print(week)", parameters=source)
    found = written.parameters(file, nbformat.read(file, as_version=4))
    assert (found.status, said in found.says) == (status, True), found


def test_two_cells_of_parameters_are_one_too_many(tmp_path):
    file = written_to(tmp_path / "a.ipynb", "print(week)")
    notebook = nbformat.read(file, as_version=4)
    notebook.cells[2].metadata["tags"] = ["parameters"]
    assert written.parameters(file, notebook).says == "2 cells are tagged `parameters`."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my hashtags", "becomes the name of a page"),
        ("über", "becomes the name of a page"),
        ("_x", "becomes"),
        ("2_Accounts", "One of the workbench's notebooks is called"),
        ("accounts", "is called accounts"),
        ("my_hashtags", "my_hashtags.html"),
    ],
)
def test_a_name_is_fit_for_an_address_and_not_ours(name, said):
    assert said in written.name(Path(f"{name}.ipynb"), names_of(OURS.glob("*.ipynb"))).says


def test_house_rules_are_advice_with_the_cell_that_breaks_them(tmp_path):
    file = written_to(
        tmp_path / "a.ipynb",
        *(
            "\n".join(["1"] * 9),
            "def f():\n    return week",
            "!pip install x",
            "open('/srv/x.csv')  # '/etc/x'",
        ),
    )
    notebook = nbformat.read(file, as_version=4)
    del notebook.cells[0], notebook.cells[-1]
    notebook.cells[1].execution_count = 4
    found = written.house_rules(notebook)
    assert found.status == "advice"
    for said in (
        *("It has no title.", "Nothing tells how to read it.", "Cell 2 (“1”) has 9 lines."),
        *("Cell 3 (“def f():”) defines a function.", "Cell 4 (“!pip install x”) installs something."),
        *("has the path '/srv/x.csv'.", "It was saved with outputs."),
    ):
        assert said in found.says


def test_a_secret_in_the_source_is_found_and_not_repeated():
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    for source, said in (
        (f"x = '{key}'", "holds an AWS access key"),
        ("db_password = 'hunter2hunter2'", "what looks like a secret (`db_password`)"),
        ("con = 'postgres://me:hunter2hunter2@db/x'", "a password in an address"),
    ):
        notebook = v4.new_notebook(cells=[v4.new_code_cell(source)])
        found = secrets(notebook, [], [], CANARY)
        assert found.status == "failed" and said in found.says
        assert key not in f"{found.says}{found.do}" or "x = " in found.says
    assert (
        secrets(v4.new_notebook(cells=[v4.new_code_cell("t = os.environ['TOKEN']")]), [], [], CANARY).status
        == "ok"
    )


def test_what_a_page_would_load_is_found_and_links_are_none():
    page = (
        '<a href="https://a.example">x</a><img src="data:image/png;base64,aa,//bb"><script src="//b.example/x.js">'
        '</script><link href="https://c.example/x.css"><img srcset="data:, 1x, https://d.example/p 2x">'
        '<p style="background:url(https://e.example/p)">https://f.example</p>'
        "<style>@import 'https://g.example/x.css'; p {background: url( //h.example/p )}</style>"
        '<script type="application/json">{"url": "https://i.example"}</script>'
    )
    assert [a.partition("//")[2][0] for a in drawing.addresses(page, v4.new_notebook())] == list("bcdegh")
    spec = {
        "data": {"url": "https://x.example/a.csv"},
        "layer": [{"data": {"values": [{"url": "https://row"}]}}],
    }
    output = v4.new_output("display_data", data={"application/vnd.vegalite.v5+json": spec})
    notebook = v4.new_notebook(cells=[v4.new_code_cell("chart", outputs=[output])])
    assert drawing.addresses("", notebook) == ["https://x.example/a.csv"]


def test_a_place_is_counted_as_its_author_sees_it():
    cells = [v4.new_code_cell(s) for s in ("a = 1", "injected", "\nfound = 'x' * 3\nmore")]
    cells[1].metadata["tags"] = ["injected-parameters"]
    notebook = v4.new_notebook(cells=cells)
    assert place(notebook, notebook.cells[2]) == "cell 2 (“found = 'x' * 3”)"


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here")
def test_a_chart_that_cannot_be_drawn_is_found(samples, cache, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "repeatable", lambda *_: Check("repeatable", "ok", "not looked at here"))
    source = (
        "from IPython.display import display as show\n"
        "spec = {'$schema': 'https://vega.github.io/schema/vega-lite/v6.json', 'data': {'values': [{'a': 1}]},\n"
        "        'mark': 'bar', 'encoding': {'x': {'field': 'a', 'type': 'quantitative'}},\n"
        "        'transform': [{'filter': 'no_function_of_this_name(week)'}], 'title': week}\n"
        "show({'application/vnd.vegalite.v5+json': spec, 'text/plain': 'x'}, raw=True)"
    )
    found = check_notebook(written_to(tmp_path / "a.ipynb", source), samples, cache)
    assert [c.name for c in found.failed] == ["charts"], found.as_json()
    assert (
        "A chart can't be drawn" in of(found, "charts").says and "no_function_of" in of(found, "charts").says
    )
