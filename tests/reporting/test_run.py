"""A run: what it makes, what it refuses before it starts, what it leaves alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

from workbench.errors import UsageError
from workbench.reporting import page as page_module
from workbench.reporting.run import chosen, cores, find_notebooks, make_reports
from workbench.settings import Settings

AS_OF = datetime(2025, 10, 6, 4)


def small_home(folder: Path, **sources: str) -> Settings:
    """A home folder with one notebook per name, of one parameters cell and one code cell."""
    (folder / "notebooks").mkdir()
    for name, source in sources.items():
        declares = nbformat.v4.new_code_cell(
            'week: str = "2025-W01"  # ISO week\nn: int = 1  # posts', metadata={"tags": ["parameters"]}
        )
        cells = [nbformat.v4.new_markdown_cell(f"# Page {name}"), declares, nbformat.v4.new_code_cell(source)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "notebooks" / f"{name}.ipynb")
    return Settings(home=folder)


def refused(settings, **asked) -> str:
    with pytest.raises(UsageError) as e:
        make_reports(settings, version=1, as_of=AS_OF, **asked)
    assert not settings.reports.exists(), "something was made before the refusal"
    return str(e.value)


def test_a_run_makes_a_page_for_each_notebook_an_index_and_a_manifest(run, home):
    assert run.period == "2025-W40" and run.folder == home / "reports" / "2025-W40"
    assert [p.path.name for p in run.pages] == ["2_accounts.html", "3_fails.html"]
    assert sorted(f.name for f in run.folder.iterdir()) == [
        *("2_accounts.html", "3_fails.html", "charts", "executed", "manifest.json", "tables", "workbook.xlsx")
    ]
    assert run.index.read_text().count('href="2025-W40/2_accounts.html"') == 1


def test_a_failed_notebook_is_a_page_that_says_so_and_the_others_go_on(run, home):
    assert run.exit_code == 1 and [p.name for p in run.failed] == ["3_fails"]
    page = run.failed[0].path.read_text()
    assert "This page could not be made." in page and "It stopped at “The step that fails”" in page
    assert "RuntimeError: no &lt;b&gt;such&lt;/b&gt; table in (home)/data" in page
    assert str(home) not in page and "Its owner: not named; the notebook" in page
    executed = nbformat.read(run.folder / "executed" / "3_fails.ipynb", as_version=4)
    assert any(o.output_type == "error" for c in executed.cells for o in c.get("outputs", []))
    assert "(not made)" in run.index.read_text()


def test_the_manifest_says_what_was_made_from_what(run):
    manifest = json.loads((run.folder / "manifest.json").read_text())
    assert manifest["status"] == "failed" and manifest["period"] == "2025-W40"
    assert manifest["warehouse"] == {"version": 3, "as_of": "2025-10-06T04:00:00+00:00"}
    assert [(p["name"], p["status"]) for p in manifest["pages"]] == [
        ("2_accounts", "made"),
        ("3_fails", "failed"),
    ]
    assert manifest["pages"][0]["parameters"] == {"week": "2025-W40"}
    assert set(manifest["made"]) == {"at", "seconds", "seconds_by_page", "seconds_around", "files"}


def test_the_notebook_gets_the_version_and_its_parameters(run):
    executed = nbformat.read(run.folder / "executed" / "2_accounts.ipynb", as_version=4)
    text = json.dumps(executed)
    assert "Version 3 of the data." in text and "Week 2025-W40, from 100 views; peers: a, b." in text
    assert "input_path" not in executed.metadata.papermill


def test_everything_is_for_its_owner_only(run):
    paths = [run.folder, run.index, *run.folder.rglob("*")]
    assert {oct(stat.S_IMODE(p.stat().st_mode)) for p in paths if p.is_file()} == {"0o600"}
    assert {oct(stat.S_IMODE(p.stat().st_mode)) for p in paths if p.is_dir()} == {"0o700"}


def test_what_was_asked_wrongly_is_refused_before_anything_is_made(tmp_path):
    settings = small_home(tmp_path, **{"2_accounts": "n"})
    assert refused(settings, parameters={"nn": "3"}).startswith(
        "notebook 2_accounts has no parameter 'nn'. Did you"
    )
    assert "wants a whole number, not 'x'" in refused(settings, parameters={"n": "x"})
    assert refused(settings, only="7") == "There is no notebook '7'.\nNotebooks: 2_accounts. Nothing was run."
    assert "is not an ISO week" in refused(settings, week="last")
    assert refused(settings, week="2025-W42") == (
        "Week 2025-W42 begins after the newest data, of 6\N{NO-BREAK SPACE}Oct\N{NO-BREAK SPACE}2025, "
        "04:00\N{NO-BREAK SPACE}UTC. The last complete week is 2025-W40. Nothing was run."
    )
    assert "The week is given twice" in refused(settings, week="2025-W40", parameters={"week": "2025-W39"})


def test_a_folder_without_notebooks_is_refused(tmp_path):
    (tmp_path / "notebooks").mkdir()
    with pytest.raises(UsageError, match="There are no notebooks in"):
        find_notebooks(tmp_path)


def test_notebooks_are_chosen_by_number_or_name():
    notebooks = [Path(f"{n}.ipynb") for n in ("1_slides", "2_accounts", "10_more", "own")]
    assert [n.stem for n in chosen(notebooks, "2")] == ["2_accounts"]
    assert [n.stem for n in chosen(notebooks, "own, accounts ,1")] == ["1_slides", "2_accounts", "own"]
    assert chosen(notebooks, ["10_more.ipynb"]) == [notebooks[2]]
    assert chosen(notebooks, None) == notebooks
    with pytest.raises(UsageError, match=r"--only names no notebook\. Notebooks: 1_slides, 2_accounts"):
        chosen(notebooks, " , ")
    with pytest.raises(UsageError, match=r"There is no notebook '2_acount'\. Did you mean '2_accounts'"):
        chosen(notebooks, "1,2_acount")


def test_one_page_can_be_made_again_and_the_others_stay(tmp_path):
    settings = small_home(tmp_path, **{"1_a": "print(n)", "2_b": "print(n)"})
    first = make_reports(settings, version=1, as_of=AS_OF)
    before = (first.folder / "1_a.html").read_bytes()
    again = make_reports(settings, version=2, as_of=AS_OF, only="2", parameters={"n": "7"})
    assert [p.name for p in again.pages] == ["2_b"] and again.exit_code == 0
    assert (again.folder / "1_a.html").read_bytes() == before and (
        again.folder / "executed" / "1_a.ipynb"
    ).exists()
    pages = json.loads((again.folder / "manifest.json").read_text())["pages"]
    assert [(p["name"], p["warehouse"]["version"]) for p in pages] == [("1_a", 1), ("2_b", 2)]
    assert ">7</pre>" in (again.folder / "2_b.html").read_text().replace("\n", "")


ONE_PAGE = """
import sys
from datetime import datetime
from pathlib import Path
from workbench.reporting.run import make_reports
from workbench.settings import Settings
home, only, n = sys.argv[1:]
if __name__ == "__main__":
    made = datetime(2025, 10, 6, 4)
    make_reports(Settings(home=Path(home)), version=1, as_of=made, only=only, parameters={"n": n}, files=False)
"""


@pytest.mark.long
def test_two_runs_of_one_week_at_once_keep_each_others_pages(tmp_path):
    settings = small_home(tmp_path, **{"1_a": "print('n is', n)", "2_b": "print('n is', n)"})
    make_reports(settings, version=1, as_of=AS_OF, files=False)
    asked = (("1", "5"), ("2", "6"))
    begun = [subprocess.Popen([sys.executable, "-c", ONE_PAGE, str(tmp_path), *words]) for words in asked]
    assert [process.wait(120) for process in begun] == [0, 0]
    pages = json.loads((tmp_path / "reports" / "2025-W40" / "manifest.json").read_text())["pages"]
    assert {p["name"]: p["parameters"]["n"] for p in pages} == {"1_a": 5, "2_b": 6}


def test_the_same_run_twice_gives_the_same_bytes_but_for_one_block_with_times(tmp_path):
    settings = small_home(tmp_path, **{"1_a": "print(week)\n{'a', 'b', 'c', 'd'}", "2_b": "1/0"})
    found = []
    for _ in range(2):
        made = make_reports(settings, version=1, as_of=AS_OF, out=tmp_path / "elsewhere")
        texts = {p.name: p.read_text() for p in made.folder.rglob("*.*")}
        for name in ("1_a", "2_b"):
            kept = [x for x in texts[f"{name}.html"].splitlines() if 'class="made"' not in x]
            assert len(kept) == len(texts[f"{name}.html"].splitlines()) - 1
            executed = json.loads(texts[f"{name}.ipynb"])
            times = executed["metadata"]["papermill"]
            assert {
                times.pop(t) is None for t in ("start_time", "end_time", "duration", "cell_durations")
            } == {False}
            texts |= {f"{name}.html": kept, f"{name}.ipynb": executed}
        texts["manifest.json"] = {k: v for k, v in json.loads(texts["manifest.json"]).items() if k != "made"}
        found.append(texts | {"index": made.index.read_text()})
    assert made.folder == tmp_path / "elsewhere" / "2025-W40" and found[0] == found[1]


def test_a_page_that_cannot_be_drawn_says_so_and_the_others_go_on(tmp_path, monkeypatch):
    settings = small_home(tmp_path, **{"1_a": "print(week)", "2_b": "print(week)"})
    drawn = page_module._body

    def body(notebook, contents, pictures):
        if "Page 1_a" in str(notebook):
            raise KeyError("a chart without data")
        return drawn(notebook, contents, pictures)

    monkeypatch.setattr(page_module, "_body", body)
    run = make_reports(settings, version=1, as_of=AS_OF)
    assert [(p.name, p.error) for p in run.pages] == [
        ("1_a", "KeyError: 'a chart without data'"),
        ("2_b", ""),
    ]
    assert "It stopped at “Drawing the page”" in run.pages[0].path.read_text() and run.exit_code == 1
    assert (run.folder / "executed" / "1_a.ipynb").exists()


def test_a_failed_page_names_the_authors_of_its_notebook(tmp_path):
    settings = small_home(tmp_path, **{"1_a": "1/0"})
    file = tmp_path / "notebooks" / "1_a.ipynb"
    notebook = nbformat.read(file, as_version=4)
    notebook.metadata["authors"] = [{"name": "A <b>"}, {"name": "C"}]
    nbformat.write(notebook, file)
    run = make_reports(settings, version=1, as_of=AS_OF)
    assert "Its owner: A &lt;b&gt;, C." in run.pages[0].path.read_text()


def test_what_was_published_stays_until_the_new_set_is_whole(tmp_path, monkeypatch):
    settings = small_home(tmp_path, **{"1_a": "print(week)"})
    before = make_reports(settings, version=1, as_of=AS_OF).pages[0].path
    text = before.read_text()

    def interrupted(*_, **__):
        assert before.read_text() == text
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.reporting.run.manifest", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_reports(settings, version=2, as_of=AS_OF)
    assert before.read_text() == text and len(list(settings.reports.iterdir())) == 2


def test_a_cell_that_takes_too_long_is_a_failed_page(tmp_path):
    settings = small_home(tmp_path, **{"1_a": "import time\ntime.sleep(60)"})
    run = make_reports(settings, version=1, as_of=AS_OF, timeout=1)
    assert run.failed[0].error == "Timeout: a cell took longer than 1 seconds"
    executed = nbformat.read(run.folder / "executed" / "1_a.ipynb", as_version=4)
    assert [o.ename for c in executed.cells for o in c.get("outputs", [])] == ["Timeout"]


def test_a_kernel_that_dies_is_a_failed_page(tmp_path):
    settings = small_home(tmp_path, **{"1_a": "import os\nos._exit(9)"})
    run = make_reports(settings, version=1, as_of=AS_OF)
    assert run.failed[0].error.startswith("DeadKernelError: the kernel ended by itself")


@pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX")
@pytest.mark.parametrize(
    ("number", "environment"),
    [
        (signal.SIGINT, {}),
        pytest.param(signal.SIGTERM, {}, marks=pytest.mark.long),
        pytest.param(signal.SIGKILL, {}, marks=pytest.mark.long),
        pytest.param(signal.SIGTERM, {"WORKBENCH_NO_FORK": "1"}, marks=pytest.mark.long),
        (signal.SIGKILL, {"WORKBENCH_NO_FORK": "1"}),
    ],
)
def test_a_run_that_is_ended_leaves_no_half_pages_and_no_kernel(tmp_path, number, environment):
    """A killed one can clear nothing up: the next one does."""
    mark, temporary = tmp_path / "kernel", tmp_path / "t"
    temporary.mkdir()
    source = (
        f"import os, pathlib, time\nif not pathlib.Path({str(mark)!r}).exists():\n"
        f"    pathlib.Path({str(mark)!r}).write_text(str(os.getpid()))\n    time.sleep(120)"
    )
    small_home(tmp_path, **{"1_a": source})
    environment = {**os.environ, **environment, "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", _RUN, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) as running:
        kernel = int(_eventually(lambda: mark.exists() and mark.read_text()))
        running.send_signal(number)
        errors = _ended(running)
    assert running.returncode == {signal.SIGINT: -2, signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
    assert (b"KeyboardInterrupt" in errors) == (number == signal.SIGINT)
    assert _eventually(lambda: not _lives(kernel))
    left = [*(tmp_path / "reports").iterdir(), *temporary.iterdir()]
    assert bool(left) == (number == signal.SIGKILL)
    if left and not environment.get("WORKBENCH_NO_FORK"):
        subprocess.run(command, env=environment, check=True)
        assert sorted(f.name for f in (tmp_path / "reports").iterdir()) == ["2025-W40", "index.html"]
        assert list(temporary.iterdir()) == []


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX")
def test_an_interrupted_run_does_not_wait_for_pages_that_have_not_begun(tmp_path):
    mark = tmp_path / "kernel"
    source = (
        f"import os, pathlib, time\npathlib.Path({str(mark)!r}).write_text(str(os.getpid()))\ntime.sleep(120)"
    )
    small_home(tmp_path, **{f"{n:03}_a": source for n in range(cores() + 3)})
    command = [sys.executable, "-c", _RUN, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        kernel = int(_eventually(lambda: mark.exists() and mark.read_text()))
        running.send_signal(signal.SIGINT)
        _ended(running)
    assert running.returncode == -2 and _eventually(lambda: not _lives(kernel))
    assert list((tmp_path / "reports").iterdir()) == []


def _ended(running: subprocess.Popen[bytes]) -> bytes:
    """What a run said that is to end within a minute; what it was doing where it did not."""
    try:
        return running.communicate(timeout=60)[1]
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGUSR1)
        time.sleep(2)
        running.kill()
        pytest.fail(f"it went on for a minute: {running.communicate()[1].decode()}")


_RUN = (
    "import faulthandler, signal; faulthandler.register(signal.SIGUSR1, all_threads=True);"
    "signal.signal(signal.SIGINT, signal.default_int_handler);"  # which a shell's background job has ignored
    "from datetime import datetime; from pathlib import Path; import sys;"
    "from workbench.reporting.run import make_reports; from workbench.settings import Settings;"
    "make_reports(Settings(home=Path(sys.argv[1])), version=1, as_of=datetime(2025, 10, 6, 4))"
)


def test_notebooks_of_the_workbench_itself_are_used_where_a_home_has_none(tmp_path):
    own = Path(__file__).parents[2] / "notebooks"
    assert find_notebooks(tmp_path)[0].parent == own
    shutil.copytree(own, tmp_path / "notebooks")
    assert find_notebooks(tmp_path)[0].parent == tmp_path / "notebooks"


def _eventually(claim, seconds: float = 60):
    end = time.monotonic() + seconds
    while not (found := claim()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().split(")")[1].split()[0] != "Z"
