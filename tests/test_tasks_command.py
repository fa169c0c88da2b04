"""Tasks by command: accepted once, listed, done, written as reel lists."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from ibis import _

import workbench
from workbench import cli
from workbench.errors import UsageError
from workbench.metrics.periods import Period
from workbench.model import accepting, suggestions
from workbench.model.catalogue import Asked

NOW = datetime(2025, 10, 6, 8, tzinfo=UTC)
WEEK = "2025-W41"


@pytest.fixture
def recommended(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Recommendations of three images for two accounts, whatever the demo's are; returns the accounts."""
    with workbench.connect(demo_home) as wb:
        accounts = sorted(wb.table("accounts").filter(~_.va_id.isnull()).account_id.to_pyarrow().to_pylist())
    one, other = accounts[:2]
    rows = [(one, 1, "i", "=cmd", 900.0), (one, 2, "j", "cards", 800.0), (other, 1, "k", None, 700.0)]
    frame = pd.DataFrame(rows, columns=["account_id", "place", "image_id", "image_text", "expected_views"]).assign(
        slide_lift=1.5, slide_lift_low=1.2, slide_lift_high=1.9, recommended_because="did well.",
        example_post_id="tiktok:1", example_url="https://example.org/1",
    )  # fmt: skip
    monkeypatch.setattr(suggestions, "recommendations", lambda asked, per_account: frame)
    return [one, other]


def tasks(home: Path) -> list[dict[str, object]]:
    with workbench.connect(home) as wb:
        found = wb.table("tasks").filter(lambda t: t.kind == "reuse_slide")
        return list(found.order_by("task_id").to_pyarrow().to_pylist())


def run(home: Path, *words: str) -> int:
    return cli.main(["tasks", *words, "--home", str(home)])


def test_accepting_writes_tasks_and_accepting_again_changes_nothing(
    demo_copy: Path, recommended: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(demo_copy, "accept", "--top", "2") == 0
    assert "2 accepted, 0 had been before." in capsys.readouterr().err
    before = tasks(demo_copy)
    with workbench.connect(demo_copy) as wb:
        version = wb.version
        vas = dict(wb.table("accounts").select("account_id", "va_id").to_pyarrow().to_pandas().to_numpy())
    assert [t["task_id"] for t in before] == sorted(
        suggestions.task_id(recommended[0], image, WEEK) for image in ("i", "j")
    )
    assert {t["va_id"] for t in before} == {vas[recommended[0]]}
    assert {(t["status"], t["kind"]) for t in before} == {("open", "reuse_slide")}
    assert {t["due_on"] for t in before} == {date(2025, 10, 6), date(2025, 10, 7)}
    payload = json.loads(next(str(t["payload"]) for t in before if '"i"' in str(t["payload"])))
    assert payload["example_url"] == "https://example.org/1" and payload["expected_views"] == 900.0

    assert run(demo_copy, "accept", "--top", "2") == 0
    assert "0 accepted, 2 had been before." in capsys.readouterr().err
    assert tasks(demo_copy) == before
    with workbench.connect(demo_copy) as wb:
        assert wb.version == version


def test_a_top_is_filled_up_and_says_where_there_are_no_more(
    demo_copy: Path, recommended: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(demo_copy, "accept", "--account", recommended[1], "--due", "2025-10-12")
    (only,) = tasks(demo_copy)
    assert (only["account_id"], only["due_on"]) == (recommended[1], date(2025, 10, 12))
    capsys.readouterr()
    assert run(demo_copy, "accept", "--top", "5") == 0
    said = capsys.readouterr().err
    assert "2 accepted, 1 had been before." in said and "2 fewer than asked for" in said
    assert len(tasks(demo_copy)) == 3


def test_a_done_task_stays_done_and_is_suggested_no_more(
    demo_copy: Path, recommended: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    name = suggestions.task_id(recommended[1], "k", WEEK)
    assert run(demo_copy, "accept", name) == 0
    assert run(demo_copy, "done", name) == 0
    assert run(demo_copy, "done", name) == 0
    assert run(demo_copy, "accept", name) == 0
    (task,) = tasks(demo_copy)
    assert task["status"] == "done" and task["done_at"] is not None
    assert "0 accepted, 1 had been before." in capsys.readouterr().err
    run(demo_copy, "list", "--suggested", "--format", "csv")
    listed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["account_id"] for row in listed] == [recommended[0], recommended[0]]


def test_open_tasks_are_listed_by_day_and_by_va(
    demo_copy: Path, recommended: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(demo_copy, "accept", "--top", "1")
    (task,) = tasks(demo_copy)
    capsys.readouterr()
    assert run(demo_copy, "list", "--va", str(task["va_id"]), "--format", "json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert task["task_id"] in [row["task_id"] for row in listed]
    assert {row["va_id"] for row in listed} == {task["va_id"]}
    days = [row["due_on"] for row in listed]
    assert days == sorted(days)


def test_lists_are_written_for_the_week_asked_for(
    demo_copy: Path, recommended: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(demo_copy, "accept", "--top", "1")
    assert run(demo_copy, "lists", "--out", str(demo_copy / "lists")) == 0
    files = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert files[0].name == "2025-W41-reel_lists.xlsx" and all(f.is_file() for f in files)
    (task,) = tasks(demo_copy)
    text = (demo_copy / "lists" / f"2025-W41-{task['va_id']}.csv").read_text(encoding="utf-8-sig")
    assert str(task["task_id"]) in text and "accepted" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["accept"], "Say what to accept"),
        (["accept", "x", "--top", "2"], "not both"),
        (["accept", "--top", "0"], "--top 0"),
        (["accept", "reuse:nothing"], "there is no suggestion 'reuse:nothing'"),
        (["accept", "--account", "tiktok:nobody"], "there is no account 'tiktok:nobody'"),
        (["accept", "--top", "1", "--due", "soon"], "--due 'soon'"),
        (["accept", "--top", "1", "--week", "soon"], "'soon' is not an ISO week"),
        (["done"], "Say which tasks"),
        (["done", "nothing"], "there is no task 'nothing'"),
        (["list", "task_000001"], "takes no ids"),
    ],
)
def test_what_is_asked_wrongly_is_refused_and_nothing_is_written(
    demo_home: Path, recommended: list[str], capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run(demo_home, *words) == 2
    assert said in capsys.readouterr().err
    assert not list((demo_home / "data" / "inbox").glob("*"))


def test_a_canceled_task_cannot_be_done(demo_home: Path) -> None:
    with workbench.connect(demo_home) as wb:
        canceled = wb.table("tasks").filter(lambda t: t.status == "canceled").task_id.to_pyarrow().to_pylist()
        assert canceled, "no task of this demo is canceled"
        with pytest.raises(UsageError, match="is canceled"):
            accepting.done(wb.table, [canceled[0]], now=NOW)


def test_an_empty_warehouse_recommends_nothing_and_says_so(demo_home: Path) -> None:
    with workbench.connect(demo_home) as wb:
        asked = Asked(lambda name: wb.table(name).limit(0), Period.iso_week("2025-W40"))
        found = accepting.accept(asked, now=NOW, top=3)
    assert (found.rows, found.standing, found.short) == ([], [], 3)
