"""Many reports of one file: checked whole before the first starts, and failing apart from one another."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

from workbench.errors import UsageError
from workbench.reporting.batch import BatchRun, Planned, make_batch, planned_reports
from workbench.reporting.run import make_reports
from workbench.settings import Settings, load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse.load import load

AS_OF = datetime(2025, 10, 6, 4)
ACCOUNTS = """account_id,platform,username,creator_id,client,is_active
tiktok:a.b,tiktok,a.b,ann,"client ""1"", Ltd",true
tiktok:a_b,tiktok,a_b,ann,../../up,true
youtube:c,youtube,c,bob,own,true
tiktok:old,tiktok,old,bob,own,false
"""
PARAMETERS = """week: str = "2025-W40"  # ISO week
score_weeks: int = 4  # weeks that are compared [1 to 26]
platform: str = ""  # one platform, or all [accounts.platform]
account: str = ""  # one account, or all [accounts.account_id]
creator: str = ""  # one creator, or all [accounts.creator_id]
client: str = ""  # one client, or all [accounts.client]"""
SHOWN = """if account == "youtube:c":
    raise ValueError("no such luck")
print(account or client or "everybody", score_weeks)"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four accounts, one of them closed, and two notebooks: one can be narrowed, the other not."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    import_paths([folder / "accounts.csv"], load_settings(folder), as_of=AS_OF)
    assert not load(load_settings(folder)).failed
    (folder / "notebooks").mkdir()
    for name, parameters in (("1_narrow", PARAMETERS), ("2_whole", PARAMETERS.split("\n")[0])):
        cells = [
            nbformat.v4.new_markdown_cell(f"# {name}"),
            nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(SHOWN if "account" in parameters else "print(week)"),
        ]
        made = nbformat.v4.new_notebook(
            cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        )
        nbformat.write(made, folder / "notebooks" / f"{name}.ipynb")
    return folder


def planned(home: Path, text: str, week: str | None = None) -> list[Planned]:
    file = home / "reports.toml"
    file.write_text(text, encoding="utf-8")
    return planned_reports(file, Settings(home=home), version=1, as_of=AS_OF, week=week)


def refusal(home: Path, text: str) -> str:
    with pytest.raises(UsageError) as e:
        planned(home, text)
    return str(e.value)


EACH = """
[[report]]
name = "accounts"
for_each = "account"
only = ["narrow"]
parameters = { score_weeks = 8 }

[[report]]
name = "The whole"
only = "2"
week = "2025-W39"
"""


@pytest.fixture(scope="module")
def batch(home: Path) -> BatchRun:
    return make_batch(Settings(home=home), planned(home, EACH), version=1, as_of=AS_OF)


def test_one_run_makes_a_folder_for_each_account_that_is_not_closed_and_for_each_named_report(
    home: Path, batch: BatchRun
) -> None:
    found = sorted(
        str(m.parent.relative_to(home / "reports")) for m in home.glob("reports/*/*/manifest.json")
    )
    a_b = sorted(m.name for m in batch.made if "a_b" in m.name)
    assert found == sorted(
        [*(f"{name}/2025-W40" for name in a_b), "accounts-youtube_c/2025-W40", "The_whole/2025-W39"]
    )
    # a.b and a_b would be the same folder, and each keeps its own in every run.
    assert len(a_b) == 2 and all(name.startswith("accounts-tiktok_a_b-") for name in a_b)
    assert (home / "reports" / "index.html").is_file()


def test_a_report_that_fails_leaves_the_others_whole_and_the_outcome_says_so_in_a_line(
    home: Path, batch: BatchRun
) -> None:
    assert batch.exit_code == 1
    assert [m.name for m in batch.failed] == ["accounts-youtube_c"]
    assert batch.spelled.startswith("Made 3 of 4 reports (4 pages) in ")
    for made in batch.made:
        said = json.loads((home / "reports" / made.name / made.run.period / "manifest.json").read_text())
        assert said["status"] == ("failed" if made.has_failed else "made")


def test_each_page_is_of_its_account_and_says_so(home: Path, batch: BatchRun) -> None:
    for made in batch.made:
        if "a_b" in made.name:
            account = made.run.pages[0].path.read_text(encoding="utf-8")
            told = [a for a in ("tiktok:a.b", "tiktok:a_b") if f"<title>1_narrow · Account {a} ·" in account]
            assert len(told) == 1 and f"{told[0]} 8" in account


def test_a_report_that_cannot_be_made_at_all_is_told_beside_those_that_were(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "The_whole").write_text("a file where the folder should be")
    (tmp_path / "The_whole").chmod(0o400)
    plans = planned(home, EACH)
    chosen = [p for p in plans if p.name == "The_whole" or p.name.startswith("accounts-tiktok")]
    run = make_batch(Settings(home=home), chosen, version=1, as_of=AS_OF, out=tmp_path)
    assert [(m.name, m.run) for m in run.failed] == [("The_whole", None)] and run.failed[0].error
    assert sum(m.run is not None for m in run.made) == 2


def test_strange_names_stay_below_the_folder_of_reports(home: Path) -> None:
    plans = planned(home, '[[report]]\nfor_each = "client"\nonly = [1]\n')
    assert [p.name for p in plans] == ["up", "client_1_Ltd", "own"]


def test_accounts_are_chosen_by_what_they_are(home: Path) -> None:
    def named(where: str) -> list[str]:
        text = f'[[report]]\nname = "x"\nfor_each = "account"\nonly = [1]\nwhere = {where}\n'
        return [
            p.name.rpartition("-")[2] if "youtube" in p.name else p.name[:13] for p in planned(home, text)
        ]

    assert named('{ creator = "ann" }') == ["x-tiktok_a_b-", "x-tiktok_a_b-"]
    assert named('{ creator = ["ann", "bob"], platform = "youtube" }') == ["youtube_c"]
    assert [p.name for p in planned(home, EACH.replace("only", "where = {is_active = false}\nonly", 1))] == [
        "accounts-tiktok_old",
        "The_whole",
    ]


def test_a_week_of_the_command_line_holds_for_reports_that_name_none(home: Path) -> None:
    weeks = {p.name: p.plan.week for p in planned(home, EACH, "2025-W38")}
    assert weeks["accounts-youtube_c"] == "2025-W38" and weeks["The_whole"] == "2025-W39"


def test_everything_wrong_with_a_file_is_said_at_once_in_the_order_of_its_reports(home: Path) -> None:
    said = refusal(
        home,
        """
[[report]]
name = "2025-W40"
only = ["narow"]
parameters = { score_weeks = 40, acount = "x", creator = "an" }

[[report]]
for_each = "acount"

[[report]]
name = "c"
for_each = "client"
only = [1]
week = "2025-W60"
where = { creator = "anne", platfrom = "x" }

[[report]]
name = "d"
only = 1
where = { client = "own" }
parameters = { account = "tiktok:a.c", score_weeks = "a", title = 2025-10-01T10:00:00 }
""",
    ).split("\n")
    expected = [
        "[[report]] 1 '2025-W40': the name '2025-W40' is a week's",
        "[[report]] 1 '2025-W40': There is no notebook 'narow'.",
        "[[report]] 1 '2025-W40': none of the notebooks has a parameter 'acount'. Did you mean 'account'?",
        "[[report]] 1 '2025-W40': parameter 'score_weeks' of notebook 1_narrow wants a whole number from 1 to 26, not",
        "[[report]] 1 '2025-W40': parameter 'creator' of notebook 1_narrow wants text that is among accounts.creator",
        "[[report]] 2: for_each is 'acount'. Did you mean 'account'?",
        "[[report]] 3 'c': where has no 'platfrom'. Did you mean 'platform'?",
        "[[report]] 3 'c': where creator is 'anne', which no account has. Did you mean 'ann'?",
        "[[report]] 3 'c': There is no week '2025-W60'",
        "[[report]] 4 'd': where chooses what for_each goes through",
        "[[report]] 4 'd': parameter 'title' is datetime",
        "[[report]] 4 'd': parameter 'account' of notebook 1_narrow wants text that is among accounts.account_id, not",
        "[[report]] 4 'd': parameter 'score_weeks' of notebook 1_narrow wants a whole number from 1 to 26, not 'a'.",
    ]
    for line in expected:
        assert any(s.startswith(line) for s in said), line
    places = [s.split(":")[0] for s in said if s.startswith("[[report]]")]
    assert places == sorted(places) and said[-1] == "Nothing was run."


def test_a_page_of_everybody_is_not_made_beside_those_of_one_client(home: Path) -> None:
    for text in (
        '[[report]]\nname = "x"\nfor_each = "client"\n',
        '[[report]]\nname = "x"\nparameters = { client = "own" }\n',
    ):
        assert refusal(home, text) == (
            "[[report]] 1 'x': notebook 2_whole has no parameter 'client', so its page would be of everybody. "
            "Leave it out: name the others in `only`.\nNothing was run."
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[report]\n", "can't be read"),
        ("", "it has no [[report]]: there is nothing to make."),
        ('[report]\nname = "x"\n', "write [[report]] with two brackets"),
        ('[[reprot]]\nname = "x"\n', "there is no 'reprot'. Did you mean 'report'?"),
        ("[[report]]\nonly = [1]\n", "it has no name"),
        ('[[report]]\nname = "..."\nonly = [1]\n', "of the name '...' nothing can be a folder's"),
        ('[[report]]\nname = "x"\nonly = [1]\n' * 2, "Two reports would be in the folder x"),
        ('[[report]]\nname = "x"\nweek = 40\nonly = [1]\n', "week is 40; write it as a text"),
        ('[[report]]\nname = "x"\nfor_each = "client"\nonly = 1\nwhere = {niche = "z"}\n', "niche is 'z'"),
    ],
)
def test_a_file_that_cannot_be_followed_is_refused_with_what_to_write(
    home: Path, text: str, said: str
) -> None:
    assert said in refusal(home, text)


def test_a_file_that_is_not_there_is_named(home: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no file .*none\.toml\. docs/reports.md says"):
        planned_reports(home / "none.toml", Settings(home=home), version=1, as_of=AS_OF)


def test_a_single_run_refuses_a_week_notebooks_and_parameters_in_one_error(home: Path) -> None:
    with pytest.raises(UsageError) as e:
        make_reports(
            Settings(home=home),
            version=1,
            as_of=AS_OF,
            week="2025-W42",
            only="9",
            parameters={"platform": "tiktock"},
        )
    said = str(e.value)
    assert "Week 2025-W42 begins after the newest data" in said and "There is no notebook '9'" in said
    assert "Did you mean 'tiktok'? There are: tiktok, youtube" in said and said.count("Nothing was run.") == 1
