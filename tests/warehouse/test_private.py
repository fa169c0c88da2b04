"""Keyed hashes, addresses, and where a text names a person."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.safekeeping.backup import _naming_key
from workbench.warehouse import private
from workbench.warehouse.traces import ERASED, Traces

ANNA = Traces.of(["anna"], ["123456789012"], ["Anna Canary"], platform="tiktok")


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("hi @anna, you", f"hi {ERASED}, you"),
        ("@Anna.", f"{ERASED}."),
        ("tiktok:anna", f"tiktok:{ERASED}"),
        (
            "https://www.tiktok.com/@anna/video/123456789012?x=1",
            f"https://www.tiktok.com/{ERASED}/video/{ERASED}?x=1",
        ),
        ("tiktok.com/%40anna", f"tiktok.com/{ERASED}"),
        ("123456789012_3.jpg", f"{ERASED}_3.jpg"),
        ("anna  CANARY sings", f"{ERASED} sings"),
        ('{"a": "x\\nanna"}', f'{{"a": "x\\n{ERASED}"}}'),
    ],
)
def test_a_name_is_struck_wherever_it_stands_for_the_person(text, struck):
    assert ANNA.struck(text) == struck
    assert ANNA.named(text)


@pytest.mark.parametrize(
    "text",
    [
        "@annabelle",
        "@anna_b",
        "@anna.b",
        "tiktok:anna.b",
        "Hanna",
        "joanna@",
        "1234567890123",
        "anna-b",
        "annab",
    ],
)
def test_a_name_inside_another_is_not_the_person(text):
    assert ANNA.struck(text) == text
    assert not ANNA.named(text)


def test_a_short_name_counts_after_an_at_and_with_its_platform_only():
    abc = Traces.of(["abc"], ["42"], platform="tiktok")
    assert (
        abc.struck("abc @abc tiktok:abc tiktok:abcd abc.jpg 42")
        == f"abc {ERASED} {ERASED} tiktok:abcd abc.jpg 42"
    )


def test_an_ordinary_word_stays_in_texts_where_it_is_asked_to():
    music = Traces.of(["music"], platform="tiktok", keep_words=True)
    assert music.struck("music by @music, tiktok:music") == f"music by {ERASED}, {ERASED}"


def test_in_a_files_name_underscores_part_words():
    name = Traces.of(["dancequeen"])
    assert name.struck("dancequeen_export.csv", loose=True) == f"{ERASED}_export.csv"
    assert name.struck("dancequeens_export.csv", loose=True) == "dancequeens_export.csv"
    assert name.struck("by dancequeen_export") == "by dancequeen_export"


@given(st.text(max_size=60))
def test_striking_twice_changes_nothing_more(text):
    once = ANNA.struck(text)
    assert ANNA.struck(once) == once


@given(st.text(max_size=20), st.sampled_from([" ", ",", "\n", "(", '"']), st.text(max_size=20))
def test_a_text_is_near_whenever_it_is_struck(before, gap, after):
    text = f"{before}{gap}@anna{gap}{after}"
    assert ANNA.named(text) == (ANNA.struck(text) != text)
    assert ANNA.named(text)


def test_sql_hashes_as_python_does(tmp_path):
    key = private.private_key(tmp_path / "data")
    with duckdb.connect() as con:
        private.tell_key(con, key)
        hashed = private.HASH_SQL.format(kind="'account'", value="'tiktok:ünïcode'")
        assert con.execute(f"SELECT {hashed}").fetchone() == (
            private.keyed_hash(key, "account", "tiktok:ünïcode"),
        )


def test_the_key_is_made_once_for_its_owner_only(tmp_path):
    first = private.private_key(tmp_path / "data")
    assert private.private_key(tmp_path / "data") == first and len(first) == 64
    assert stat.S_IMODE((tmp_path / "data" / "private.key").stat().st_mode) == 0o600


def test_a_key_is_whole_or_not_there_wherever_its_maker_was_killed(tmp_path):
    code = """
import os, sys
from pathlib import Path
from workbench.warehouse.private import private_key
from workbench.safekeeping.backup import _naming_key

def changes(event, arguments):
    if event in ("os.link", "os.remove") or event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        left.append(event)
        if len(left) == n:
            os.kill(os.getpid(), 9)

for make in (private_key, _naming_key):
    for n in range(1, 20):
        data = Path(sys.argv[1]) / f"{make.__name__}{n}"
        data.mkdir()
        if not (child := os.fork()):
            left = []
            sys.addaudithook(changes)
            make(data)
            os._exit(0)
        died = os.waitpid(child, 0)[1]
        print(*(p.stat().st_size for p in data.glob("*.key") if not p.name.startswith(".")), len(make(data)))
        if not died:
            break
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.splitlines()) == {"64", "64 64"}


def test_an_empty_key_of_an_older_backup_is_made_anew(tmp_path):
    (tmp_path / "backup.key").touch()
    key = _naming_key(tmp_path)
    assert len(key) == 64 and _naming_key(tmp_path) == key


def test_an_older_homes_key_is_taken_over(tmp_path):
    (tmp_path / "secret.key").write_text("ab" * 32)
    assert private.private_key(tmp_path, make=False) == "ab" * 32


def test_a_key_that_is_gone_is_not_made_anew_where_hashes_need_it(tmp_path):
    with pytest.raises(WorkbenchError, match=r"private\.key is gone"):
        private.private_key(tmp_path, make=False)


def test_an_erasure_tells_whether_the_key_is_still_its_own():
    erasure = private.new_erasure_id("k" * 64)
    assert private.is_key_of("k" * 64, erasure)
    assert not private.is_key_of("l" * 64, erasure)


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ('{"ip": "203.0.113.77"}', '{"ip": "[address]"}'),
        ('{"from": "2001:db8::8a2e:370:7334"}', '{"from": "[address]"}'),
        ('{"peer": "::1"}', '{"peer": "[address]"}'),
        (
            '{"at": "12:30:05", "version": "1.2.3", "n": "999.1.1.1"}',
            '{"at": "12:30:05", "version": "1.2.3", "n": "999.1.1.1"}',
        ),
    ],
)
def test_addresses_go_from_what_is_told_of_an_event(text, without):
    assert private.without_addresses(text) == without


def test_a_batchs_addresses_are_hashed_before_they_reach_the_disk(tmp_path: Path):
    with duckdb.connect() as con:
        query = private.hidden_addresses(
            con, """SELECT '203.0.113.7' AS ip_hash, '{"a": "203.0.113.8"}' AS properties, 1 AS n""", tmp_path
        )
        row = con.execute(query).fetchone()
    assert row == (private.address_hash("203.0.113.7", tmp_path), '{"a": "[address]"}', 1)


@pytest.mark.parametrize(
    ("name", "text", "struck"),
    [
        ("Annabel Leemann", "with @Annabel Leemann today", f"with {ERASED} today"),
        ("Annabel Leemann", "Annabel Leemann.jpg", f"{ERASED}.jpg"),
        ("Annabel Leemann", "by Annabel  leemann.Then", f"by {ERASED}.Then"),
        ("o'brien\"x", "say @o'brien\"x!", f"say {ERASED}!"),
        ("o'brien\"x", '{"a": "@o\'brien\\"x"}', f'{{"a": "{ERASED}"}}'),
        ("\N{PARTY POPPER}" * 4, "to @" + "\N{PARTY POPPER}" * 4, f"to {ERASED}"),
        (
            "\N{PARTY POPPER}",
            "to @\N{PARTY POPPER} and \N{PARTY POPPER}",
            f"to {ERASED} and \N{PARTY POPPER}",
        ),
        ("zo\u00eb_lang", "by @zoe\u0308_lang", f"by {ERASED}"),
        ("zoe\u0308_lang", "by zo\u00eb_lang.jpg", f"by {ERASED}.jpg"),
        ("zoe\u0308 lang", "ZOE\u0308 LANG", ERASED),
    ],
)
def test_a_name_of_several_words_of_odd_signs_or_with_accents_is_struck(name, text, struck):
    them = Traces.of([name], platform="tiktok")
    assert them.struck(text) == struck
    assert them.named(text)


@pytest.mark.parametrize(
    "text", ["Joannabel Leemann", "Annabel Leemanns", "Annabel Leemann-Smith", "zoe\u0308"]
)
def test_somebody_whose_name_goes_on_stays_as_they_are_written(text):
    assert Traces.of(["Annabel Leemann", "zo"], called=["Annabel Leemann"]).struck(text) == text


def test_a_name_is_found_beside_however_many_ids():
    them = Traces.of(["anna_lee"], [f"ab{n:04}-{n:04}xy" for n in range(3_000)], platform="youtube")
    for text in ("pic anna_lee.jpg", '{"a": "x\\nanna_lee"}', "u/%40anna_lee", "watch?v=ab2999-2999xy"):
        assert them.named(text), text
    assert them.named("export_anna_lee.csv", loose=True) and them.named("x_ab2999-2999xy.jpg", loose=True)
    assert not them.named("joanna_leeds, ab2999 xy", loose=True)


def test_a_name_in_escaped_json_is_found():
    them = Traces.of(["zo\u00eb \N{PARTY POPPER}"])
    assert them.named_anyhow('{"a": "zo\\u00eb \\ud83c\\udf89"}')
