"""What a set says of itself, and a set made again from it."""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest

from workbench.cli import main
from workbench.errors import UsageError
from workbench.model.freshness import Coverage
from workbench.reporting import manifest as manifest_module
from workbench.reporting.again import again, compared, read_manifest
from workbench.reporting.data_facts import DataFacts
from workbench.reporting.freshness import Label, Late
from workbench.reporting.manifest import files, manifest, manifest_of, page_entry, versions_of_reports
from workbench.reporting.page_contents import page_contents, source_sha256
from workbench.reporting.run import make_reports
from workbench.settings import Settings

AS_OF = datetime(2025, 10, 6, 4)


@pytest.fixture(scope="module")
def executed(run):
    """The executed notebook of the page with one of each thing."""
    return nbformat.read(run.folder / "executed" / "2_accounts.ipynb", as_version=4)


def entry(name: str = "2_a", **more: object) -> dict:
    asked = {"error": "", "parameters": {"week": "2025-W40"}, "version": 3, "as_of": AS_OF, **more}
    return page_entry(name, "A", **asked)  # type: ignore[arg-type]


def said(*entries: dict, **more: object) -> dict:
    asked = {"version": 3, "as_of": AS_OF, "seconds": 1.234, "seconds_by_page": {"b": 1.0, "a": 2.0}, **more}
    return json.loads(manifest("2025-W40", entries or (entry(),), **asked))  # type: ignore[arg-type]


def test_it_tells_what_docs_promise(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "a.csv").write_bytes(b"abc")
    (tmp_path / "manifest.json").write_bytes(b"of before")
    facts = DataFacts(
        3, AS_OF, "f" * 64, 4, {"posts": 9}, {"high": {"checks": 1, "failed_rows": 7}}, {"slide_uses": 1}
    )
    label = Label(
        newest={"post_snapshots": AS_OF},
        coverage=Coverage(n_active=4, n_covered=3, n_with_interval=4, n_late=1),
        late=(Late("accounts", "1 active account"),),
    )
    found = said(settings=Settings(), facts=facts, label=label, folder=tmp_path, report="acme")
    code, made = found.pop("code"), found.pop("made")
    page = found.pop("pages")
    assert [found.pop(name, None) for name in ("around", "pdf")] == [None, None]
    assert found == {
        "format": 2,
        "report": "acme",
        "period": "2025-W40",
        "status": "made",
        "warehouse": {
            "version": 3,
            "as_of": "2025-10-06T04:00:00+00:00",
            "sha256": "f" * 64,
            "schema_version": 4,
            "rows": {"posts": 9},
        },
        "definitions": {"marts": {"slide_uses": 1}},
        "checks": {"high": {"checks": 1, "failed_rows": 7}},
        "freshness": {
            "newest_captures": {"post_snapshots": "2025-10-06T04:00:00+00:00"},
            "accounts": {
                "active": 4,
                "covered": 3,
                "covered_rate": 0.75,
                "within_days": 7,
                "with_interval": 4,
                "late": 1,
            },
            "late": [{"name": "accounts", "detail": "1 active account"}],
            "is_stale": False,
            "stale": "",
            "unfinished": "",
            "erased": "",
        },
        "settings": {
            "time_zone": "UTC",
            "reporting_currency": "USD",
            "viral_views": 10000,
            "floor_views": 100,
        },
        "workbench_version": manifest_module.__version__,
    }
    assert list(page[0]) == [
        *("name", "title", "file", "status", "parameters", "defaults", "notebook_sha256", "warehouse")
    ]
    assert made["files"] == {"tables/a.csv": {"bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}}
    assert made["seconds"] == 1.23 and made["seconds_by_page"] == {"a": 2.0, "b": 1.0}
    assert set(code) == {"commit", "source_sha256", "python", "packages"}
    assert {"duckdb", "ibis-framework", "pandas", "papermill", "altair"} <= code["packages"].keys()


def test_each_field_is_in_the_docs(run):
    """A field that the docs do not name is nobody's to rely on."""
    text = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    section = text.split("## The manifest")[1].split("\n## ")[0]
    found = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    names = {
        *found,
        *(k for p in found["pages"] for k in p),
        *found["code"],
        *found["made"],
        *found["warehouse"],
    }
    names |= {*Label().as_manifest(), *found["pages"][0]["headlines"][0], "sha256", "schema_version", "rows"}
    assert {n for n in names if f"`{n}`" not in section} == set()


def test_all_that_differs_between_two_runs_is_in_one_block():
    first, second = (said(made_at=datetime(2025, 10, day, tzinfo=UTC)) for day in (6, 7))
    assert first.pop("made") != second.pop("made") and first == second


def test_a_commit_is_read_without_git_and_is_empty_where_there_is_none(tmp_path):
    read = manifest_module._commit
    assert read(tmp_path / ".git") == ""
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("a" * 40)
    assert read(git) == "a" * 40
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert read(git) == ""
    (git / "packed-refs").write_text(f"# pack-refs\n{'c' * 40} refs/heads/main\n")
    assert read(git) == "c" * 40
    (git / "refs" / "heads" / "main").write_text("b" * 40 + "\n")
    assert read(git) == "b" * 40


def test_files_are_listed_by_their_path_without_links(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("z.html", "b/a.csv"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert list(files(tmp_path)) == ["b/a.csv", "z.html"]


def test_the_versions_of_the_newest_periods_are_those_of_their_pages(tmp_path):
    for place, version in (
        ("2025-W38", 1),
        ("2025-W39", 2),
        ("2025-W40", 3),
        ("acme/2025-W40", 4),
        (".b-2025-W41", 9),
    ):
        (tmp_path / place).mkdir(parents=True)
        text = manifest("x", [entry(version=version)], version=8, as_of=AS_OF, seconds=0, seconds_by_page={})
        (tmp_path / place / "manifest.json").write_text(text)
    (tmp_path / "2025-W37").mkdir()
    (tmp_path / "2025-W37" / "manifest.json").write_text("{")
    assert versions_of_reports(tmp_path, 1) == {3, 4}
    assert versions_of_reports(tmp_path, 2) == {2, 3, 4}
    assert versions_of_reports(tmp_path, 9) == {1, 2, 3, 4}
    assert versions_of_reports(tmp_path, 0) == set()


def test_a_page_tells_its_headline_figures_tables_and_columns(executed):
    found = page_contents(executed)
    assert [(h["label"], h["value"], h["unit"], h["shown"], h["before"]) for h in found["headlines"]] == [
        ("Views", 1_243_000, "", "1.2M", 1_120_000),
        ("Engagement rate", 0.043, "fraction", "4.3\N{NO-BREAK SPACE}%", 0.047),
        ("Breakout posts", 12, "", "12", 12),
        ("Net followers", None, "", "–", None),
    ]
    assert found["headlines"][0]["change"] == pytest.approx(1_243 / 1_120 - 1)
    assert (found["n_tables"], found["n_rows_shown"], found["n_charts"]) == (1, 7, 5)
    assert {"views", "engagement_rate_by_views"} <= found["columns"].keys()


def test_hashes_tell_figures_from_words(executed):
    first = page_contents(executed)
    worded, other, styled = (copy.deepcopy(executed) for _ in range(3))
    for cell in worded.cells:
        for output in cell.get("outputs", ()):
            if "wb-finding" in str(output.get("data", {}).get("text/html")):
                output.data["text/html"] += " "
    second = page_contents(worded)
    assert second["outputs_sha256"] != first["outputs_sha256"]
    assert second["figures_sha256"] == first["figures_sha256"]
    changed = json.loads(json.dumps(other).replace("39000.0", "39001.0"))
    third = page_contents(nbformat.from_dict(changed))
    assert third["figures_sha256"] != first["figures_sha256"]
    styled.cells[2].outputs.append(
        nbformat.v4.new_output("display_data", {"text/html": "<style>"}, metadata={"workbench": "style"})
    )
    assert page_contents(styled) == first


def test_a_notebook_is_known_by_its_cells_and_not_by_its_outputs_or_parameters(executed, home):
    source = nbformat.read(home / "notebooks" / "2_accounts.ipynb", as_version=4)
    assert source_sha256(executed) == source_sha256(source)
    source.cells[-1].source += " "
    assert source_sha256(executed) != source_sha256(source)


def test_strange_outputs_break_nothing():
    data = [
        {"application/vnd.workbench.table+json": {"tables": [7, {"columns": []}]}},
        {"application/vnd.workbench.table+json": []},
        {"application/vnd.vegalite.v5+json": "x", "text/plain": "\ud800"},
    ]
    cells = [
        nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", d) for d in data]),
        nbformat.v4.new_markdown_cell("# A"),
    ]
    found = page_contents(nbformat.v4.new_notebook(cells=cells))
    assert (found["n_tables"], found["n_charts"], found["headlines"], found["columns"]) == (0, 0, [], {})


@pytest.fixture
def kept(tmp_path, home) -> Settings:
    """A home with the notebooks and two versions of the data."""
    (tmp_path / "notebooks").symlink_to(home / "notebooks")
    versions = tmp_path / "data" / "versions"
    versions.mkdir(parents=True)
    for n in (3, 4):
        record = {
            "version": n,
            "file": f"v{n:06d}.duckdb",
            "published_at": "",
            "as_of": None,
            "schema_version": 4,
        }
        (versions / record["file"]).write_bytes(b"%d" % n)
        (versions / f"v{n:06d}.json").write_text(json.dumps(record))
        (versions / "current.json").write_text(json.dumps(record))
    return Settings(home=tmp_path)


def of_version_3(**page: object) -> dict:
    more = {"sha256": hashlib.sha256(b"3").hexdigest(), **page}
    return said(
        entry("2_accounts", **more), entry("3_fails", error="x", **{"version": 4}), settings=Settings()
    )


def test_what_is_made_again_is_planned_by_version_with_the_parameters_of_then(kept):
    page = {"parameters": {"week": "2025-W40", "peers": ["c, d"]}, "defaults": {"min_views": 7, "gone": 1}}
    found = again(of_version_3(**page), kept)
    assert [(p.version, dict(p.values)) for p in found.parts] == [
        (3, {"2_accounts": {"week": "2025-W40", "peers": ["c, d"], "min_views": 7}}),
        (4, {"3_fails": {"week": "2025-W40"}}),
    ]
    assert found.told == ("2_accounts: min_views is 7 as it was, and by default 100 now.",)
    assert found.made_at is not None and found.report == "" and found.period == "2025-W40"


def test_everything_that_stands_against_it_is_told_at_once_before_anything_runs(kept):
    asked = of_version_3(version=2, parameters={"week": "2025-W40", "min_views": "many", "nn": 1})
    asked["pages"].append(entry("7_gone", version=2))
    with pytest.raises(UsageError) as e:
        again(asked, kept)
    told = str(e.value)
    assert "There is no notebook '7_gone' any more." in told and "has no parameter 'nn'" in told
    assert "wants a whole number" in told and told.endswith("with --newest.\nNothing was run.")
    assert told.count("Version 2 of the data is not here any more. Kept: 3, 4;") == 1
    assert told.count("Nothing was run.") == 1 and not kept.reports.exists()


def test_a_version_of_the_same_number_with_other_data_is_refused_and_the_newest_is_taken_where_asked(kept):
    other = of_version_3(sha256="0" * 64)
    with pytest.raises(UsageError, match="Version 3 here holds other data than the set was made from"):
        again(other, kept)
    assert [p.version for p in again(other, kept, newest=True).parts] == [4]
    changed = Settings(home=kept.home, viral_views=5)
    assert again(of_version_3(), changed).told == ("viral_views was 10000 and is 5 now.",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "can't be read: No such file"),
        ("{", "is no JSON"),
        ("[1]", "is not the manifest of a set of pages"),
        (
            '{"period": "x", "pages": [], "warehouse": {"version": 1, "as_of": ""}}',
            "is not the manifest of a set",
        ),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path, text, told):
    file = tmp_path / "manifest.json"
    if text is not None:
        file.write_text(text)
    for named in (file, tmp_path):
        with pytest.raises(UsageError, match=told):
            read_manifest(named)


def test_a_set_made_again_is_the_same_and_a_changed_one_is_told_page_by_page(run, home, tmp_path):
    before = manifest_of(run.folder)
    assert before is not None
    values = {p["name"]: p["parameters"] for p in before["pages"]}
    asked = {"version": 3, "as_of": AS_OF, "week": "2025-W40", "out": tmp_path}
    repeated = manifest_of(make_reports(Settings(home=home), exactly=values, **asked).folder)
    found = compared(before, repeated)
    assert found.same == ("2_accounts", "3_fails") and not found.because
    assert found.sentence == "The figures are the same: every page shows what it showed."
    assert {k: v for k, v in before.items() if k != "made"} == {
        k: v for k, v in repeated.items() if k != "made"
    }
    less = {**values, "2_accounts": {**values["2_accounts"], "min_views": 7}}
    reworded = manifest_of(make_reports(Settings(home=home), exactly=less, only="2", **asked).folder)
    assert compared(before, reworded).worded == ("2_accounts",)


def test_what_differs_is_told_with_what_may_be_the_cause():
    contents = {"outputs_sha256": "a", "figures_sha256": "b"}
    before = said(entry(notebook_sha256="n", sha256="s", contents=contents), settings=Settings())
    after = copy.deepcopy(before)
    after["pages"][0] |= {"outputs_sha256": "x", "figures_sha256": "y", "notebook_sha256": "m"}
    after["pages"][0]["warehouse"]["sha256"] = "t"
    after["code"]["source_sha256"], after["code"]["commit"] = "z", "f" * 40
    after["code"]["packages"] = {**after["code"]["packages"], "duckdb": "9.9"}
    after["code"]["python"], after["settings"] = "4.0", {}
    told = compared(before, after).sentence
    assert told.startswith("2_a: other figures. Not the same: the data; notebook 2_a; the workbench's code (")
    assert "now 0.1.0 at ffffffff)" in told and "duckdb (" in told and "now 9.9)" in told
    assert "Python (" in told and told.endswith("settings.")
    failed = copy.deepcopy(before)
    failed["pages"][0] |= {"status": "failed", "error": "E"}
    assert compared(before, failed).other == compared(failed, before).other == ("2_a",)
    assert compared(failed, failed).same == ("2_a",)
    assert compared(before, {**before, "pages": []}).other == ("2_a",)
    old = {**before, "pages": [{k: v for k, v in before["pages"][0].items() if not k.endswith("_sha256")}]}
    assert compared(old, before).unknown == ("2_a",)


def test_the_command_makes_a_set_again_from_the_version_that_it_pinned(demo_copy, capsys):
    declares = nbformat.v4.new_code_cell(
        'week: str = "2025-W40"  # ISO week', metadata={"tags": ["parameters"]}
    )
    source = "import workbench\nfrom workbench import display\nwb = workbench.connect()\n"
    source += "display.tiles(display.Tile(label='Posts', value=int(wb['posts'].count().execute())))"
    cells = [nbformat.v4.new_markdown_cell("# Posts"), declares, nbformat.v4.new_code_cell(source)]
    (demo_copy / "notebooks").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), demo_copy / "notebooks" / "1_a.ipynb")
    home, versions = ["--home", str(demo_copy)], demo_copy / "data" / "versions"

    assert main(["report", *home, "--zip"]) == 0
    folder = next(f for f in (demo_copy / "reports").iterdir() if f.is_dir())
    assert (versions / "v000001.pin").exists() and folder.with_name(f"{folder.name}.zip").exists()
    first = manifest_of(folder)
    assert first is not None
    assert first["warehouse"]["rows"]["posts"] == 600 == first["pages"][0]["headlines"][0]["value"]
    assert (
        first["warehouse"]["sha256"] == hashlib.sha256((versions / "v000001.duckdb").read_bytes()).hexdigest()
    )
    assert (
        first["freshness"]["accounts"]["active"] > 0
        and first["definitions"]["marts"]["post_performance"] >= 1
    )
    capsys.readouterr()

    manifest_file = demo_copy / "kept.json"
    manifest_file.write_bytes((folder / "manifest.json").read_bytes())
    elsewhere = demo_copy / "elsewhere"
    again_command = ["report", *home, "--from-manifest", str(manifest_file), "--out", str(elsewhere)]
    assert main([*again_command, "--week", "2025-W39"]) == 2
    assert "--week can't be given with it" in capsys.readouterr().err
    assert main(again_command) == 0
    assert "The figures are the same" in capsys.readouterr().err
    second = manifest_of(elsewhere / folder.name)
    assert second is not None
    assert {k: v for k, v in first.items() if k != "made"} == {k: v for k, v in second.items() if k != "made"}

    for left in versions.glob("v000001.*"):
        left.rename(versions / left.name.replace("1", "2"))
    record = {**json.loads((versions / "v000002.json").read_text()), "version": 2, "file": "v000002.duckdb"}
    for name in ("v000002.json", "current.json"):
        (versions / name).write_text(json.dumps(record))
    assert main(again_command) == 2
    assert "Version 1 of the data is not here any more. Kept: 2;" in capsys.readouterr().err
    assert main([*again_command, "--newest"]) == 0
    assert "from version 2" in capsys.readouterr().err
    assert main(["report", *home, "--newest"]) == 2
