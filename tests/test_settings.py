"""Settings: defaults < workbench.toml < environment < arguments, each value checked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from home_files import write_settings

from workbench.errors import UsageError
from workbench.settings import PLATFORMS, load_settings


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in [n for n in os.environ if n.startswith("WORKBENCH_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def written(tmp_path):
    """written(text) -> the home folder with that workbench.toml."""

    def home(text):
        write_settings(tmp_path, text)
        return tmp_path

    return home


def test_defaults_need_no_file(tmp_path):
    settings = load_settings(tmp_path)
    assert (settings.time_zone, settings.viral_views, settings.keep_versions) == ("UTC", 10_000, 5)
    assert settings.inbox == tmp_path / "data" / "inbox"
    assert settings.versions == tmp_path / "data" / "versions"
    assert settings.reports == tmp_path / "reports"
    assert not settings.data.exists()


def test_arguments_go_before_the_environment_and_that_before_the_file(written, monkeypatch):
    home = written("viral_views = 1\nfloor_views = 1\nkeep_versions = 1\n")
    monkeypatch.setenv("WORKBENCH_FLOOR_VIEWS", "2")
    monkeypatch.setenv("WORKBENCH_KEEP_VERSIONS", "2")
    settings = load_settings(home, keep_versions=3)
    assert (settings.viral_views, settings.floor_views, settings.keep_versions) == (1, 2, 3)


def test_an_argument_of_none_says_nothing(written):
    assert load_settings(written("viral_views = 1"), viral_views=None).viral_views == 1


def test_home_is_the_argument_else_the_environment_s_else_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_settings().home == tmp_path
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "a"))
    assert load_settings().home == tmp_path / "a"
    assert load_settings(tmp_path / "b").home == tmp_path / "b"
    assert load_settings("c").home == tmp_path / "c"


def test_other_variables_of_the_environment_are_no_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_SECRET", "x")
    monkeypatch.setenv("WORKBENCH_VERSION", "1")
    assert load_settings(tmp_path).viral_views == 10_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "viral_view = 1",
            "workbench.toml: there is no setting 'viral_view'. Did you mean 'viral_views'? Settings: ",
        ),
        ("home = 'x'", "there is no setting 'home'"),
        ("[warehouse]\nkeep_versions = 1", "there is no setting 'warehouse'"),
        ("viral_views = 'many'", "viral_views = 'many' is not of type int."),
        ("viral_views = 1.5", "viral_views = 1.5 is not of type int."),
        ("viral_views = true", "viral_views = True is not of type int."),
        ("viral_views = [1]", "viral_views = [1] is not of type int."),
        ("viral_views = -1", "viral_views = -1 is too small."),
        ("keep_versions = 0", "keep_versions = 0 is too small."),
        ("lock_seconds = -0.5", "lock_seconds = -0.5 is too small."),
        ("lock_seconds = nan", "lock_seconds = nan is too small."),
        ("viral_views = ", "is not valid TOML"),
        (b"time_zone = '\xff'", "is not valid TOML"),
        ("time_zone = 'Berlin'", "time_zone 'Berlin' is no IANA zone. Write a name such as Europe/Berlin."),
        ("time_zone = 'Europe'", "time_zone 'Europe' is no IANA zone."),
        ("time_zone = ''", "time_zone '' is no IANA zone."),
        ("time_zone = '../secret'", "is no IANA zone."),
        (
            "stale_reports = 'warn'",
            "stale_reports = 'warn' can't be understood. Write it like label, or like stop.",
        ),
        ("stale_after_hours = -1", "stale_after_hours = -1 is too small."),
        ("raw_payload_days = 99999999", "raw_payload_days = 99999999 is too large. 0 stands for no end."),
    ],
)
def test_a_setting_that_cannot_stand_is_refused_with_where_and_what(written, text, told):
    home = written(text)
    with pytest.raises(UsageError) as error:
        load_settings(home)
    assert str(error.value).startswith(str(Path(home) / "workbench.toml")) and told in str(error.value)


def test_an_error_names_the_variable_or_the_argument(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"^argument: viral_views = 'x' is not of type int"):
        load_settings(tmp_path, viral_views="x")
    with pytest.raises(UsageError, match=r"^argument: there is no setting 'colour'"):
        load_settings(tmp_path, colour="red")
    monkeypatch.setenv("WORKBENCH_LOCK_SECONDS", "soon")
    with pytest.raises(
        UsageError, match=r"^WORKBENCH_LOCK_SECONDS: lock_seconds = 'soon' is not of type float"
    ):
        load_settings(tmp_path)


def test_platforms_are_lower_case_and_each_named_once():
    assert list(PLATFORMS) == list(dict.fromkeys(p.lower() for p in PLATFORMS))


def test_a_notebook_opened_where_it_lies_finds_the_data_beside_its_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("WORKBENCH_HOME", raising=False)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert load_settings().home == tmp_path
    (tmp_path / "notebooks" / "data").mkdir()
    assert load_settings().home == tmp_path / "notebooks"
