"""What pages of a run share: computed once, read by the others, and computed anew wherever that can't be."""

from __future__ import annotations

import multiprocessing
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import pytest

from workbench.metrics.periods import Period
from workbench.model import remembered as module
from workbench.model.catalogue.metric import Asked
from workbench.model.level_facts import LevelFacts
from workbench.model.remembered import FOLDER, content_of, fact, key_of, remembered
from workbench.settings import Settings

WEEK = Period.iso_week("2025-W40")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "remembered"
    made.mkdir(mode=0o700)
    monkeypatch.setenv(FOLDER, str(made))
    return made


class Counted:
    """Computes, and counts how often."""

    def __init__(self, answer: object = 42) -> None:
        self.times, self.answer = 0, answer

    def __call__(self) -> object:
        self.times += 1
        return self.answer


def results(folder: Path) -> list[Path]:
    return [f for f in folder.iterdir() if f.suffix != ".lock"]


def test_a_result_is_computed_once_for_a_key(folder: Path) -> None:
    compute = Counted()
    assert [remembered("answer", key, compute) for key in ("a", "a", "b")] == [42, 42, 42]
    assert compute.times == 2


def test_two_names_with_one_key_are_two_results(folder: Path) -> None:
    assert remembered("one", "a", lambda: 1) == 1
    assert remembered("two", "a", lambda: 2) == 2


def test_without_a_folder_or_a_key_all_is_computed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compute = Counted()
    remembered("answer", None, compute)
    monkeypatch.delenv(FOLDER)
    remembered("answer", "a", compute)
    remembered("answer", "a", compute)
    assert compute.times == 3
    assert not list(folder.iterdir())


@pytest.mark.parametrize("harm", [b"", b"x", None])
def test_a_damaged_result_is_computed_again(folder: Path, harm: bytes | None) -> None:
    compute = Counted()
    remembered("answer", "a", compute)
    [file] = results(folder)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"!" if harm is None else harm)
    assert remembered("answer", "a", compute) == 42
    assert compute.times == 2
    assert file.read_bytes() == whole


def test_a_folder_that_others_may_write_to_is_not_trusted(folder: Path) -> None:
    compute = Counted()
    remembered("answer", "a", compute)
    folder.chmod(0o770)
    remembered("answer", "a", compute)
    assert compute.times == 2


def test_a_link_to_a_folder_is_not_trusted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.setenv(FOLDER, str(tmp_path / "link"))
    assert remembered("answer", "a", Counted()) == 42
    assert not list(folder.iterdir())


def test_a_folder_that_is_gone_is_none(folder: Path) -> None:
    folder.rmdir()
    assert remembered("answer", "a", Counted()) == 42


def test_what_cannot_be_kept_is_computed(folder: Path) -> None:
    compute = Counted(answer=lambda: None)
    assert remembered("answer", "a", compute) is compute.answer
    assert remembered("answer", "a", compute) is compute.answer
    assert not results(folder)


def test_an_error_is_raised_and_not_kept(folder: Path) -> None:
    def fail() -> int:
        raise ValueError("no rows")

    with pytest.raises(ValueError, match="no rows"):
        remembered("answer", "a", fail)
    assert remembered("answer", "a", lambda: 1) == 1


def test_only_the_user_can_read_what_is_kept(folder: Path) -> None:
    remembered("answer", "a", lambda: 1)
    assert {stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()} == {0o600}


def test_who_computes_and_who_reads_have_the_same_frame(folder: Path) -> None:
    made = pd.DataFrame({"id": ["b", None], "views": [0.1, float("nan")], "n": [1, 2]})
    made["at"] = pd.to_datetime(["2025-10-01", None])
    first, second = (remembered("frame", "a", lambda: made) for _ in range(2))
    pd.testing.assert_frame_equal(first, made, check_exact=True)
    pd.testing.assert_frame_equal(second, made, check_exact=True)


def _slowly(folder: str) -> None:
    os.environ[FOLDER] = folder

    def compute() -> int:
        with open(f"{folder}.log", "a", encoding="utf-8") as log:
            log.write("computed\n")
        time.sleep(0.3)
        return 1

    assert remembered("answer", "a", compute) == 1


@pytest.mark.long
def test_processes_that_need_the_same_at_once_compute_it_once(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_slowly, args=(str(folder),)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [p.exitcode for p in both] == [0, 0]
    assert Path(f"{folder}.log").read_text(encoding="utf-8") == "computed\n"


def test_a_result_that_others_never_finish_is_computed_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST_WAIT", 0.05)
    assert remembered("outer", "a", lambda: remembered("outer", "a", lambda: 1)) == 1


class Data:
    """What stands behind the tables of facts, as `Workbench` does."""

    settings = Settings(home=Path("/home"))

    def __init__(self, version: int) -> None:
        self.version = version

    def table(self, name: str) -> ibis.Table:
        raise AssertionError(name)


ASKED: list[str] = []


class Facts(LevelFacts):
    horizon = "120"  # type: ignore[assignment]

    @fact
    def answer(self) -> str:
        ASKED.append(self.platform)
        return f"{self.platform or 'all'} of {self.tables.__self__.version}"  # type: ignore[attr-defined]


Facts.__module__ = "workbench.model.some_facts"


@pytest.fixture
def asked() -> list[str]:
    ASKED.clear()
    return ASKED


def test_a_fact_is_computed_once_for_all_that_ask_the_same(folder: Path, asked: list[str]) -> None:
    facts = Facts(Data(1).table, WEEK)
    assert [facts.answer, facts.answer, Facts(Data(1).table, WEEK).answer] == ["all of 1"] * 3
    assert len(asked) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"tables": Data(2).table},
        {"period": Period.iso_week("2025-W39")},
        {"score_weeks": 5},
        {"scope": replace(Facts(Data(1).table, WEEK).scope, platform="tiktok")},
        {"settings": Settings(viral_views=5)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_fact_of_anything_else_asked_is_another_fact(
    folder: Path, asked: list[str], other: dict[str, object]
) -> None:
    facts = Facts(Data(1).table, WEEK)
    assert facts.answer == "all of 1"
    changed = replace(facts, **other)  # type: ignore[arg-type]
    assert changed.answer == f"{changed.platform or 'all'} of {changed.tables.__self__.version}"  # type: ignore[attr-defined]
    assert len(asked) == 2


def test_facts_of_a_class_of_ones_own_are_never_shared(folder: Path, asked: list[str]) -> None:
    class Own(Facts):
        pass

    for _ in range(2):
        Own(Data(1).table, WEEK).answer  # noqa: B018
    assert len(asked) == 2


def test_facts_of_tables_that_come_from_nowhere_known_are_never_shared(
    folder: Path, asked: list[str]
) -> None:
    assert module._key_of_facts(Facts(lambda name: ibis.table({"a": "int64"}, name), WEEK)) is None


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[ibis.BaseBackend]:
    file = tmp_path / "000001.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute("CREATE TABLE posts AS SELECT 'tiktok' AS platform, 1 AS views")
    backend = ibis.duckdb.connect(str(file), read_only=True)
    yield backend
    backend.disconnect()


def test_the_key_of_a_question_tells_its_data_and_all_that_was_asked(
    folder: Path, tables: ibis.BaseBackend
) -> None:
    question = Asked(tables.table, WEEK)
    mine = replace(question, tables=lambda n: tables.table(n).filter(ibis._.platform == "tiktok"))
    keys = [
        key_of(question, ["posts"]),
        key_of(mine, ["posts"]),
        key_of(replace(question, horizon="settled"), ["posts"]),
        key_of(replace(question, period=WEEK.before()), ["posts"]),
        key_of(question, ["posts"], 3),
    ]
    assert None not in keys
    assert len({repr(key) for key in keys}) == len(keys)
    assert repr(key_of(question, ["posts"])) == repr(keys[0])


def test_a_question_of_rows_in_memory_has_no_key(folder: Path, tables: ibis.BaseBackend) -> None:
    rows = ibis.memtable({"platform": ["tiktok"]})
    few = Asked(lambda n: tables.table(n).semi_join(rows, "platform"), WEEK)
    assert key_of(few, ["posts"]) is None


def test_a_question_has_no_key_where_nothing_is_remembered(
    tables: ibis.BaseBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    assert key_of(Asked(tables.table, WEEK), ["posts"]) is None


def test_the_content_of_frames_differs_by_a_cell(folder: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "views": [1.0, None]})
    assert content_of(frame) == content_of(frame.copy())
    others = (frame.iloc[::-1], frame.assign(views=[1.0, 2.0]), frame.rename(columns={"id": "post_id"}))
    assert len({content_of(frame), *map(content_of, others)}) == 4
