"""Who is erased, what stays, and what the loader leaves out afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import ibis
import pytest

from workbench import record
from workbench.cli import main
from workbench.errors import UsageError, WorkbenchError
from workbench.safekeeping.erase import Erasure, erase, finish, planned, unfinished
from workbench.safekeeping.erase_batches import forget_waiting
from workbench.safekeeping.erase_person import find_person, keep_intent
from workbench.safekeeping.retain import retain
from workbench.safekeeping.verify import GRAVE
from workbench.safekeeping.verify_files import file_findings
from workbench.settings import Settings, load_settings
from workbench.warehouse import versions
from workbench.warehouse.load import load
from workbench.warehouse.private import new_erasure_id, private_key
from workbench.warehouse.reader import Workbench

NAME = "kanari_vogel9"
TUNE = {"sound_id": "tiktok:tune1", "title": "Their tune"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An account, its post, a comment on it, money for it, and somebody who speaks of it."""
    home = tmp_path_factory.mktemp("template")
    record.rows(
        "accounts",
        [
            {
                "account_id": f"tiktok:{NAME}",
                "platform": "tiktok",
                "username": NAME,
                "external_id": "88112233445566",
            },
            {"account_id": f"tiktok:{NAME}0", "platform": "tiktok", "username": f"{NAME}0"},
        ],
        home=home,
    )
    record.posts(
        [
            {
                "post_id": "tiktok:700000000001",
                "account_id": f"tiktok:{NAME}",
                "caption": "theirs",
                "sound_id": "tiktok:tune1",
            },
            {"post_id": "tiktok:700000000002", "account_id": f"tiktok:{NAME}0", "caption": f"with @{NAME}"},
        ],
        home=home,
    )
    record.rows("sounds", [TUNE], home=home)
    for post in ("tiktok:700000000001", "tiktok:700000000002"):
        record.snapshot(post_id=post, views=10, home=home)
        record.interaction(follower_id="tiktok:fan77", interaction_type="like", post_id=post, home=home)
    record.revenue(
        revenue_id="r1", from_on="2025-01-01", to_on="2025-01-31", amount="10.5", currency="USD", scope="account",
        scope_id=f"tiktok:{NAME}", home=home,
    )  # fmt: skip
    for user in ("u-77", "u-78"):
        record.event(name="open", user_id=user, home=home)
        record.agent_run_start(agent_type="discovery", user_id=user, agent_run_id=f"run {user}", home=home)
    load(load_settings(home))
    return home


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> Settings:
    shutil.copytree(template, tmp_path / "home")
    return load_settings(tmp_path / "home")


@pytest.fixture(scope="module")
def without_account(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Erasure]:
    """That home after the account was erased, and what went."""
    home = tmp_path_factory.mktemp("without") / "home"
    shutil.copytree(template, home)
    return home, erase(load_settings(home), "account", f"@{NAME}")


@pytest.fixture
def erased(without_account: tuple[Path, Erasure], tmp_path: Path) -> Settings:
    shutil.copytree(without_account[0], tmp_path / "erased")
    return load_settings(tmp_path / "erased")


@pytest.fixture(scope="module")
def without_two(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That home after a follower and a user were erased."""
    home = tmp_path_factory.mktemp("two") / "home"
    shutil.copytree(template, home)
    erase(load_settings(home), "follower", "tiktok:fan77")
    erase(load_settings(home), "user", "u-77")
    return home


@pytest.fixture
def two_erased(without_two: Path, tmp_path: Path) -> Settings:
    shutil.copytree(without_two, tmp_path / "two")
    return load_settings(tmp_path / "two")


def _ask(settings: Settings, query: str) -> list[tuple[object, ...]]:
    newest = versions.current(settings.versions)
    assert newest is not None
    with duckdb.connect(str(settings.versions / newest.file), read_only=True) as con:
        return con.execute(query).fetchall()


def test_an_account_goes_with_its_posts_and_money_stays_without_its_name(without_account):
    home, done = without_account
    settings = load_settings(home)
    assert done.rows["posts"] == 2  # one row went, one text changed
    assert _ask(settings, "SELECT post_id, caption FROM posts") == [("tiktok:700000000002", "with [erased]")]
    assert _ask(settings, "SELECT username FROM accounts") == [(f"{NAME}0",)]
    assert _ask(settings, "SELECT scope, scope_id, amount::DOUBLE FROM revenue") == [
        ("account", "[erased]", 10.5)
    ]
    assert _ask(settings, "SELECT post_id FROM interactions") == [("tiktok:700000000002",)]
    assert versions.kept_versions(settings.versions) == [2]


def test_the_loader_leaves_out_what_comes_again_by_name_by_id_and_by_post(erased):
    settings, home = erased, erased.home
    record.posts([{"post_id": "tiktok:700000000003", "account_id": f"tiktok:@{NAME.upper()}"}], home=home)
    record.snapshot(post_id="tiktok:700000000001", views=11, home=home)
    renamed = {"account_id": "tiktok:other_name1", "platform": "tiktok", "username": "other_name1"}
    record.rows("accounts", [renamed | {"external_id": "88112233445566"}], home=home)
    record.posts(
        [{"post_id": "tiktok:700000000004", "caption": f"again @{NAME} and @other_name1"}], home=home
    )
    outcome = load(settings)
    assert (outcome.total("left_out"), outcome.total("rejected"), outcome.total("accepted")) == (3, 0, 1)
    assert _ask(settings, "SELECT caption FROM posts WHERE post_id LIKE '%4'") == [
        ("again [erased] and [erased]",)
    ]
    assert _ask(settings, "SELECT notes FROM batches WHERE len(notes) > 0") == [
        (["3 rows of erased persons left out"],)
    ]
    # The new name and the new post were learned: each is enough by itself.
    record.snapshot(post_id="tiktok:700000000003", views=1, home=home)
    record.account_snapshot(account_id="tiktok:other_name1", followers=1, home=home)
    assert load(settings).total("left_out") == 2
    assert len(_ask(settings, "SELECT * FROM posts")) == 2


def test_a_post_that_turns_out_to_be_theirs_goes_with_what_came_before_it(erased):
    settings = erased
    record.snapshot(post_id="tiktok:700000000009", views=5, home=settings.home)
    load(settings)
    assert len(_ask(settings, "SELECT * FROM posts")) == 2
    record.post(post_id="tiktok:700000000009", account_id=f"tiktok:{NAME}", home=settings.home)
    load(settings)
    assert _ask(
        settings, "SELECT post_id FROM post_snapshots UNION SELECT post_id FROM post_performance"
    ) == [("tiktok:700000000002",)]


def test_a_follower_goes_and_the_posts_stay(two_erased):
    settings = two_erased
    assert _ask(settings, "SELECT count(*) FROM followers UNION ALL SELECT count(*) FROM interactions") == [
        (0,),
        (0,),
    ]
    assert _ask(settings, "SELECT count(*) FROM posts") == [(2,)]
    record.interaction(
        follower_id="tiktok:fan77", interaction_type="like", post_id="tiktok:700000000002", home=settings.home
    )
    assert load(settings).total("left_out") == 1


def test_a_users_events_go_and_what_agents_did_for_them_stays(two_erased):
    settings = two_erased
    assert _ask(settings, "SELECT user_id FROM app_events") == [("u-78",)]
    assert _ask(settings, "SELECT user_id FROM agent_runs ORDER BY 1") == [("u-78",), (None,)]
    record.event(name="open", user_id="u-77", home=settings.home)
    record.agent_run_start(agent_type="discovery", user_id="u-77", agent_run_id="later", home=settings.home)
    assert load(settings).total("left_out") == 1
    assert _ask(settings, "SELECT user_id FROM agent_runs WHERE agent_run_id = 'later'") == [(None,)]


def test_a_load_stops_where_the_key_is_gone_or_another(two_erased):
    settings = two_erased
    record.event(name="open", user_id="u-79", home=settings.home)
    key = settings.data / "private.key"
    kept = key.read_text()
    key.write_text("0" * 64)
    with pytest.raises(WorkbenchError, match="is not the key by which persons were erased"):
        load(settings)
    key.unlink()
    with pytest.raises(WorkbenchError, match=r"private\.key is gone"):
        load(settings)
    key.write_text(kept)
    assert load(settings).total("accepted") == 1


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("account", "@nobody", "No account is called @nobody"),
        ("account", "myspace:tom", "is not a platform, a colon and an id"),
        ("follower", "fan77", "is not a platform, a colon and an id"),
        ("user", " ", "--user wants an id"),
    ],
)
def test_whom_nobody_can_be_meant_by_is_refused(settings, kind, given, told):
    with pytest.raises(UsageError, match=told):
        planned(settings, kind, given)
    assert unfinished(settings) is None


@pytest.mark.long
def test_nothing_goes_unless_the_question_is_answered_with_yes(settings, monkeypatch, capsys):
    import io

    for answer, code in (("no\n", 1), ("", 1), ("yes\n", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        assert main(["erase", "--user", "u-77", "--home", str(settings.home)]) == code
        assert ("Nothing was erased." in capsys.readouterr().err) == bool(code)
    assert main(["status", "--home", str(settings.home)]) == 0
    assert "1 person was erased" in capsys.readouterr().out


def _places(outcome: Erasure) -> tuple[object, ...]:
    return (
        outcome.person.accounts, outcome.person.posts, outcome.rows, outcome.versions_removed, outcome.batches,
        outcome.pictures, outcome.reports, outcome.files,
    )  # fmt: skip


@pytest.mark.long
def test_a_dry_run_counts_what_an_erasure_does(settings):
    home, post = settings.home, "tiktok:700000000001"
    kept, never = "ab" * 32, "cd" * 32  # a picture that is here, and one that was never fetched
    for n, sha256 in enumerate((kept, never), 1):
        record.rows("slides", [{"post_id": post, "slide_index": n, "sha256": sha256}], home=home)
    for at, views in (("2025-01-03", 1), ("2025-09-03", 2)):
        record.snapshot(post_id=post, captured_at=at, views=views, home=home)
    load(settings)
    assert retain(settings).moved
    record.snapshot(post_id=post, captured_at="2025-01-03", views=9, home=home)  # stands in both places
    load(settings)
    for file in (f"pictures/ab/{kept}.png", f"thumbnails/{kept}-120.jpg"):
        (settings.data / "media" / file).parent.mkdir(parents=True)
        (settings.data / "media" / file).write_bytes(b"picture")
    (settings.data / "export.csv").write_text(f"who\n{NAME}\n")
    theirs = settings.reports / NAME / "2025-W40"
    theirs.mkdir(parents=True)
    (theirs / "manifest.json").write_text('{"pages": []}')
    (theirs / f"{NAME}.csv").write_text(NAME)
    # Recorded and not loaded yet: a new post, and a name that nobody knows by now.
    record.post(post_id="tiktok:700000000005", account_id=f"tiktok:{NAME}", caption="new", home=home)
    renamed = {"account_id": "tiktok:other_name2", "platform": "tiktok", "external_id": "88112233445566"}
    record.rows("accounts", [renamed], home=home)
    for kind, given in (("account", f"@{NAME}"), ("user", "u-77")):
        told = planned(settings, kind, given)
        assert _places(told) == _places(erase(settings, kind, given)), kind
        if kind == "account":
            assert (told.pictures, told.batches, told.files) == (1, 1, ["export.csv"])
            assert told.reports.files == [NAME]
            assert told.rows["revenue"] == 1
            assert "tiktok:700000000005" in told.person.posts
            assert "tiktok:other_name2" in told.person.accounts
        if kind == "user":
            assert told.rows["agent_runs"] == 2  # its user, and its id, which names them too


def test_erasing_without_a_person_is_refused_where_nothing_is_left_to_finish(settings, capsys):
    assert main(["erase", "--home", str(settings.home)]) == 2
    assert "Who is to be erased?" in capsys.readouterr().err


def test_a_sound_of_theirs_alone_stays_away_until_somebody_else_uses_it(erased):
    assert _ask(erased, "SELECT title FROM sounds") == []
    record.rows("sounds", [TUNE], home=erased.home)
    load(erased)
    assert _ask(erased, "SELECT title FROM sounds") == []
    record.post(post_id="tiktok:700000000002", sound_id="tiktok:tune1", home=erased.home)
    record.rows("sounds", [TUNE], home=erased.home)
    load(erased)
    assert _ask(erased, "SELECT title FROM sounds") == [("Their tune",)]


def test_a_home_in_a_folder_that_reads_as_a_pattern_is_as_any_other(template, tmp_path):
    home, beside = tmp_path / "a=[b]*" / "home", tmp_path / "a=bc" / "home"  # which the pattern fits
    for each in (home, beside):
        shutil.copytree(template, each)
    settings = load_settings(home)
    record.snapshot(post_id="tiktok:700000000002", captured_at="2024-01-02", views=3, home=home)
    load(settings)
    assert retain(settings).moved == {"post_snapshots": 1}
    assert main(["import", "--no-load", str(_written(tmp_path / "posts.csv")), "--home", str(home)]) == 0
    person = find_person(settings, "account", f"tiktok:{NAME}")
    assert "tiktok:700000000006" in person.posts
    assert forget_waiting(settings, person, "k" * 64) == 1
    found = [str(f) for f in file_findings(settings, [2, 3], now=0) if f.severity == GRAVE]
    assert found == []
    with Workbench(settings) as wb:
        assert wb.table("post_snapshots").filter(ibis._.views == 3).count().to_pyarrow().as_py() == 1


def _written(file: Path) -> Path:
    file.write_text(f"post_id,platform,account_id\ntiktok:700000000006,tiktok,tiktok:{NAME}\n")
    return file


@pytest.mark.long
def test_a_name_goes_from_others_texts_however_many_posts_a_person_has(settings):
    home = settings.home
    record.posts(
        [{"post_id": f"tiktok:71000000{n:04}", "account_id": f"tiktok:{NAME}"} for n in range(60)], home=home
    )
    texts = [f"pic {NAME}.jpg", f"see {NAME}.html", f"x/{NAME}.mp4?y", f"jo{NAME}s"]
    record.posts(
        [
            {"post_id": f"tiktok:72000000{n:04}", "account_id": f"tiktok:{NAME}0", "caption": text}
            for n, text in enumerate(texts)
        ],
        home=home,
    )
    load(settings)
    file = home / f"export_{NAME}.csv"
    file.write_text("from,to,amount,currency,source\n2025-02-01,2025-02-28,5,USD,shop\n")
    assert main(["import", str(file), "--home", str(home)]) == 0
    file.unlink()
    erase(settings, "account", f"@{NAME}")
    assert _ask(settings, "SELECT caption FROM posts WHERE post_id LIKE 'tiktok:72%' ORDER BY post_id") == [
        ("pic [erased].jpg",), ("see [erased].html",), ("x/[erased].mp4?y",), (f"jo{NAME}s",),
    ]  # fmt: skip
    assert _ask(settings, "SELECT file_name FROM batches WHERE file_name IS NOT NULL") == [
        ("export_[erased].csv",)
    ]


@pytest.mark.long
def test_what_comes_in_between_an_interrupted_and_a_finished_erasure_goes_and_stays_away(settings):
    home = settings.home
    begun = find_person(settings, "account", f"@{NAME}0")
    begun.erasure_id = new_erasure_id(private_key(settings.data))
    keep_intent(settings, begun)
    record.post(post_id="tiktok:700000000055", account_id=f"tiktok:{NAME}0", caption="new", home=home)
    account = {"platform": "tiktok", "external_id": "99112233445577"}
    record.rows("accounts", [account | {"account_id": f"tiktok:{NAME}0"}], home=home)
    load(settings)
    done = finish(settings)
    assert done is not None and "tiktok:700000000055" in done.person.posts
    assert "tiktok:99112233445577" in done.person.externals
    record.snapshot(post_id="tiktok:700000000055", views=1, home=home)
    record.rows(
        "accounts", [account | {"account_id": "tiktok:other_name3", "username": "other_name3"}], home=home
    )
    assert load(settings).total("left_out") == 2
    assert _ask(settings, "SELECT username FROM accounts") == [(NAME,)]


@pytest.mark.long
def test_a_version_that_lacks_what_was_learned_since_is_not_done(settings, monkeypatch):
    monkeypatch.setattr("workbench.safekeeping.erase.forget_waiting", _ended)
    with pytest.raises(KeyboardInterrupt):
        erase(settings, "account", f"@{NAME}")
    monkeypatch.undo()
    renamed = {"account_id": "tiktok:other_name4", "platform": "tiktok", "username": "other_name4"}
    record.rows("accounts", [renamed | {"account_id": f"tiktok:{NAME}"}], home=settings.home)
    finish(settings)  # the name waits in the inbox, and in no version
    record.post(post_id="tiktok:700000000056", account_id="tiktok:other_name4", home=settings.home)
    assert load(settings).total("left_out") == 1


def _ended(*_: object) -> int:
    raise KeyboardInterrupt


@pytest.mark.long
def test_erasing_somebody_whom_nothing_names_keeps_a_hash_and_changes_no_version(settings, capsys):
    home = settings.home
    assert main(["import", "--no-load", str(_written(home / "posts.csv")), "--home", str(home)]) == 0
    who = ["erase", "--follower", "tiktok:qqqq", "--home", str(home)]
    assert main([*who, "--dry-run"]) == 0
    told = [
        line for line in capsys.readouterr().err.splitlines() if "names them" in line or "would go" in line
    ]
    assert told == [
        (
            "Nothing here names them. An erasure would keep their hash: a later import leaves them out. "
            "Nothing was changed."
        )
    ]
    before = {
        f: f.read_bytes()
        for f in [*settings.versions.glob("v*"), *settings.inbox.rglob("*.*")]
        if f.is_file()
    }
    assert main([*who, "--yes"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == (
        "Nothing here names them; a later import leaves them out. Version 2 keeps their hash."
    )
    assert {f for f in before if not f.exists() or f.read_bytes() != before[f]} == set()
    assert main(["status", "--home", str(home)]) == 0
    assert "erased" not in capsys.readouterr().out  # totals are what they were
    post = "tiktok:700000000002"
    record.interaction(follower_id="tiktok:qqqq", interaction_type="like", post_id=post, home=home)
    assert load(settings).total("left_out") == 1


@pytest.mark.long
def test_what_a_text_said_before_it_was_changed_goes_from_the_bytes_of_every_version(tmp_path):
    settings = load_settings(tmp_path / "home")
    for said, day in (("friend of @zqxbobby", 1), ("friend of nobody", 2)):
        row = {"account_id": "tiktok:other", "bio": said, "seen_at": f"2025-10-0{day}"}
        record.rows("accounts", [row], home=settings.home)
        load(settings)
    versions.remove(settings.versions, 1)  # the one whose tables name them
    newest = settings.versions / "v000002.duckdb"
    assert b"zqxbobby" in newest.read_bytes()  # in a block that is free
    dry = planned(settings, "account", "tiktok:zqxbobby")
    done = erase(settings, "account", "tiktok:zqxbobby")
    assert done.versions_removed == dry.versions_removed == [2]
    assert [f for f in settings.data.rglob("*.*") if f.is_file() and b"zqxbobby" in f.read_bytes()] == []


@pytest.mark.long
def test_words_that_a_sound_of_theirs_is_called_by_stay_in_what_is_others(settings):
    """Many a sound is called `original sound`."""
    sound = {"sound_id": "tiktok:tune2", "title": "Their tune - somebody else"}
    post = {"post_id": "tiktok:700000000003", "account_id": "tiktok:other", "sound_id": "tiktok:tune2"}
    record.rows("sounds", [sound], home=settings.home)
    record.posts([{**post, "caption": "what their tune is"}], home=settings.home)
    load(settings)
    assert planned(settings, "account", f"tiktok:{NAME}").rows["sounds"] == 1
    erase(settings, "account", f"tiktok:{NAME}")
    assert _ask(settings, "SELECT title FROM sounds") == [(sound["title"],)]
    assert ("what their tune is",) in _ask(settings, "SELECT caption FROM posts")


def test_a_sound_loses_the_erased_post_that_it_came_from_whoever_takes_it_out(settings):
    home = settings.home
    tune = {"sound_id": "tiktok:tune2", "original_post_id": "tiktok:700000000001"}
    record.rows("sounds", [tune], home=home)
    load(settings)
    erase(settings, "account", f"@{NAME}")
    record.rows("sounds", [tune | {"sound_id": "tiktok:tune3"}], home=home)
    load(settings)
    assert _ask(settings, "SELECT sound_id, original_post_id FROM sounds ORDER BY 1") == [
        ("tiktok:tune2", None), ("tiktok:tune3", None),
    ]  # fmt: skip


def test_an_erasure_whose_note_cannot_be_read_says_how_to_go_on(settings, capsys):
    note = settings.data / "erasing.json"
    note.write_text("{")
    assert main(["erase", "--user", "u-77", "--yes", "--home", str(settings.home)]) == 1
    assert "begun and not ended. Remove the file, then erase them again" in capsys.readouterr().err
    assert main(["status", "--home", str(settings.home)]) == 0
    assert "An erasure was begun and not ended" in capsys.readouterr().out
    note.unlink()
    assert main(["erase", "--user", "u-77", "--yes", "--home", str(settings.home)]) == 0
