"""A person with names that nobody else has, planted through every door, is erased: nothing of them is left anywhere.

The search is this test's own: raw bytes in several encodings, and everything that can be unpacked or decoded.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import resource
import shutil
import subprocess
import sys
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest
from machine import command, limited
from own_pages import own_page
from PIL import Image

from workbench import record
from workbench.cli import main
from workbench.demo import make_demo
from workbench.safekeeping.verify import GRAVE, verified
from workbench.settings import load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse import versions
from workbench.warehouse.journal import seal
from workbench.warehouse.load import load

pytestmark = pytest.mark.xdist_group("erasing")  # one worker makes what they share, once

NAME, OLD_NAME, EXTERNAL = "zqx_kanari.vogel", "zqxwasfirst", "998877665544332211"
POST = "776655443322110099"
CANARIES = {
    "username": NAME,
    "former name": OLD_NAME,
    "external id": EXTERNAL,
    "post id": POST,
    "display name": "Zqx Kanarienvogel",
    "caption": "zqxcaption lighthouse tango forever",
    "comment": "zqxcomment marmalade trombone",
    "ocr text": "zqxocr neon walrus parade",
    "sound": "Zqxsong",
    "artist": "Zqxartist",
    "follower": "zqxfollower",
    "bio": "zqxbio juggling penguins",
}
_COMMAND = [sys.executable, "-c", "import sys; from workbench.cli import main; sys.exit(main(sys.argv[1:]))"]
OTHERS = ("zqx_kanari.vogelhaus", "zqx_kanari", "xzqx_kanari.vogel")
"""Names of others: inside, around and beside the person's."""


def _csv(folder: Path, table: str, *rows: dict[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{table}.csv"
    columns = list(dict.fromkeys(c for row in rows for c in row))
    lines = [",".join(columns)]
    lines += [",".join('"' + str(row.get(c, "")).replace('"', '""') + '"' for c in columns) for row in rows]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _exports(folder: Path) -> list[Path]:
    """What a person would import: the canary's rows beside others'."""
    account = {
        "account_id": f"tiktok:{OLD_NAME}",
        "platform": "tiktok",
        "username": NAME,
        "external_id": EXTERNAL,
    }
    account |= {"display_name": CANARIES["display name"], "bio": CANARIES["bio"], "time_zone": "UTC"}
    others = [{"account_id": f"tiktok:{name}", "platform": "tiktok", "username": name} for name in OTHERS]
    posts: list[dict[str, object]] = [
        {
            "post_id": f"tiktok:{POST}{n}", "platform": "tiktok", "account_id": f"tiktok:{NAME}",
            "caption": f"{CANARIES['caption']} {n}", "posted_at": f"2025-09-{29 - n:02} 08:00:00", "post_type": "slideshow",  # noqa: E501
            "url": f"https://www.tiktok.com/@{NAME}/video/{POST}{n}", "sound_id": "tiktok:zqxsound",
        }
        for n in range(8)
    ]  # fmt: skip
    posts += [
        {
            "post_id": f"tiktok:55443322110099887{n}", "platform": "tiktok", "account_id": f"tiktok:{name}",
            "caption": f"duet with @{NAME} and @{OTHERS[0]}, see tiktok.com/@{NAME}/video/{POST}1?x=1",
            "posted_at": f"2025-09-{27 - n:02} 09:00:00", "post_type": "slideshow",
            "mentions": json.dumps([NAME, OTHERS[0]]),
        }
        for n, name in enumerate(OTHERS)
    ]  # fmt: skip
    snapshots = [
        {
            "post_id": p["post_id"],
            "captured_at": at,
            "views": 90_000_000 + n * 1000 + len(at),
            "likes": 900,
            "comments": 90,
            "shares": 9,
        }
        for n, p in enumerate(posts)
        for at in (str(p["posted_at"]), "2025-10-05 07:00:00")
    ]
    old = [
        {"post_id": f"tiktok:{POST}{n}", "captured_at": f"2025-0{m}-03 07:00:00", "views": 5}
        for n in range(2)
        for m in (3, 4)
    ]
    return [
        _csv(folder, "accounts", account, *others),
        _csv(folder, "sounds", {"sound_id": "tiktok:zqxsound", "sound_key": "Zqxsong - Zqxartist", "title": "Zqxsong", "artist": "Zqxartist"}),  # noqa: E501
        _csv(folder, "posts", *posts),
        _csv(folder, "post_snapshots", *snapshots, *old),
        _csv(folder, "slides", *[{"post_id": p["post_id"], "slide_index": 1, "ocr_text": f"{CANARIES['ocr text'] if POST in str(p['post_id']) else 'quiet pond'} {n}"} for n, p in enumerate(posts)]),  # noqa: E501
        _csv(folder, "followers", {"follower_id": f"tiktok:{EXTERNAL}", "platform": "tiktok", "external_id": EXTERNAL, "username": CANARIES["follower"], "display_name": CANARIES["display name"]}),  # noqa: E501
        _csv(folder, "interactions", {"interaction_id": "tiktok:zqx1", "follower_id": f"tiktok:{EXTERNAL}", "post_id": posts[-1]["post_id"], "interaction_type": "comment", "interaction_text": CANARIES["comment"], "occurred_at": "2025-09-28 10:00:00"}),  # noqa: E501
        _csv(folder, "revenue", {"revenue_id": "r-zq", "from_on": "2025-09-01", "to_on": "2025-09-30", "amount": "1234.50", "currency": "USD", "scope": "account", "scope_id": f"tiktok:{NAME}"}),  # noqa: E501
        _csv(folder, "tasks", {"task_id": "t-zq", "kind": "post", "title": f"Film with @{NAME}", "account_id": f"tiktok:{NAME}"}),  # noqa: E501
        _csv(folder, "raw_payloads", {"payload_id": "p-zq", "entity": "account", "payload": json.dumps({"items": [{"id": EXTERNAL, "nick": CANARIES["display name"]}]})}),  # noqa: E501
        _csv(folder, "account_snapshots", {"account_id": f"tiktok:{NAME}", "captured_at": "yesterday", "followers": 5}, {"account_id": f"tiktok:{NAME}", "captured_at": "2025-10-05 06:00:00", "followers": 4321}),  # noqa: E501
    ]  # fmt: skip


_BEST = (
    'posts = wb.table("posts").join(wb.table("accounts").select("account_id", "username"), "account_id")\n'
    'posts.filter(posts.caption.contains("lighthouse")).select("post_id", "username", "caption").to_pandas()'
)


def _run(home: Path, *arguments: str) -> int:
    return main([*arguments, "--home", str(home)])


@pytest.fixture(scope="module")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small agency."""
    home = tmp_path_factory.mktemp("small")
    files = make_demo(tmp_path_factory.mktemp("files"), posts=120, seed=7)
    import_paths(list(files.files), load_settings(home), as_of=files.as_of)
    load(load_settings(home))
    return home


@pytest.fixture(scope="module")
def planted(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home with the canary behind every door, and the exports outside of it."""
    top = tmp_path_factory.mktemp("canary")
    home, exports = top / "home", top / "exports"
    shutil.copytree(small_home, home)
    files = _exports(exports)
    assert _run(home, "import", *map(str, files)) == 0
    pictures = top / "pictures"
    pictures.mkdir()
    Image.effect_noise((90, 160), 80).save(pictures / f"tiktok_{POST}0_1.png")
    assert _run(home, "media", "add", str(pictures)) == 0
    assert _run(home, "load") in (0, 1)
    own_page(home, "8_best", _BEST)
    own_page(home, "9_count", 'wb.table("posts").count().to_pandas()')
    assert _run(home, "report", "--only", "8,9") == 0  # pins the version
    record.event(name="open", user_id="somebody-else", properties={"looked_at": f"tiktok:{NAME}"}, home=home)
    assert _run(home, "load") == 0
    assert _run(home, "retain") == 0
    # A refused batch, a waiting one, recorded lines, one that can't be read, an export, a record of a delivery.
    refused = _csv(
        top / "refused",
        "posts",
        {"post_id": f"tiktok:{POST}77", "platform": "tiktok", "account_id": f"tiktok:{NAME}"},
    )
    assert _run(home, "import", "--no-load", str(refused)) == 0
    for file in (home / "data" / "inbox").glob("*/manifest.json"):
        file.write_text(file.read_text().replace('"sha256": "', '"sha256": "0'))
    assert _run(home, "load") == 1
    waiting = _csv(
        top / "waiting",
        "accounts",
        {"account_id": f"tiktok:{NAME}", "platform": "tiktok", "username": NAME, "bio": CANARIES["bio"]},
        {"account_id": "tiktok:somebody", "platform": "tiktok", "bio": f"friend of @{NAME}"},
    )
    assert (
        _run(home, "import", "--no-load", str(waiting.rename(waiting.with_name(f"accounts.{NAME}.csv")))) == 0
    )
    record.post(
        post_id=f"tiktok:{POST}9", account_id=f"tiktok:{NAME}", caption=CANARIES["caption"], home=home
    )
    journal = home / "data" / "inbox" / ".journal"
    (journal / "old.damaged").write_text(f'{{"t": "posts", "r": {{"caption": "@{NAME}"}}}}\nno json\n')
    delivery = home / "data" / "delivery"
    delivery.mkdir(exist_ok=True)
    (delivery / "deliveries.jsonl").write_text(
        json.dumps(
            {
                "set": f"{NAME}/2025-W40",
                "to": "a@b.invalid",
                "state": "sent",
                "at": "2025-10-06T00:00:00+00:00",
            }
        )
        + "\n"
    )
    with gzip.open(home / "data" / "export.json.gz", "wt") as packed:
        packed.write(json.dumps({"name": CANARIES["display name"]}))
    reports = home / "reports"
    (reports / NAME / "2025-W40").mkdir(parents=True)
    (reports / NAME / "2025-W40" / "page.html").write_text("<p>theirs</p>")
    with zipfile.ZipFile(reports / "sent.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a.html", f"<p>&#64;{NAME}</p>")
    (reports / "listing.csv").write_bytes(f"who\n{NAME}\n".encode("utf-16"))
    return home, exports


@pytest.fixture
def home(planted: tuple[Path, Path], tmp_path: Path) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(planted[0], copy, symlinks=True)
    return copy


_MARKS = tuple(m.encode(e) for m in ("zqx", EXTERNAL, POST) for e in ("utf-8", "utf-16-le"))
"""What every canary has in it; most files have none of it and need no closer look."""
_IN_BASE64 = (".html", ".ipynb", ".json", ".svg", ".csv")


def _texts(data: bytes, name: str, depth: int = 0) -> Iterator[str]:
    """Whatever a file's bytes may say, in lower case."""
    lower = data.lower()
    if any(mark in lower for mark in _MARKS):
        yield lower.decode("utf-8", "replace")
        if any(mark in lower for mark in _MARKS[1::2]):
            yield lower.decode("utf-16-le", "replace")
            yield lower[1:].decode("utf-16-le", "replace")
    if depth > 4:
        return
    try:
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                for member in packed.infolist():
                    yield member.filename.lower()
                    yield from _texts(packed.read(member), member.filename, depth + 1)
        elif data[:2] == b"\x1f\x8b":
            yield from _texts(gzip.decompress(data), name, depth + 1)
    except (zipfile.BadZipFile, OSError):
        pass


def _rows(file: Path) -> Iterator[str]:
    """Every row of a table that has a mark in it."""
    marked = f"contains(lower(j), 'zqx') OR contains(j, '{EXTERNAL}') OR contains(j, '{POST}')"
    with duckdb.connect() as con:
        tables = [f"read_parquet('{file}')"]
        if file.suffix == ".duckdb":
            con.execute(f"ATTACH '{file}' AS v (READ_ONLY)")
            named = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'v'").fetchall()
            tables = [f'v."{name}"' for (name,) in named]
        for table in tables:
            query = f"SELECT lower(j) FROM (SELECT to_json(t)::VARCHAR AS j FROM {table} t) WHERE {marked}"
            yield from (str(j) for (j,) in con.execute(query).fetchall())


def _spellings(canary: str) -> set[str]:
    lower = canary.lower()
    found = {
        lower,
        quote(lower),
        json.dumps(lower)[1:-1],
        lower.replace(" ", "_"),
        lower.replace(" ", "&nbsp;"),
    }
    return {f for f in found if len(f) >= 7}


def _encoded(canary: str) -> set[bytes]:
    """Base64 says the same bytes in three ways."""
    ways = [base64.b64encode(b"x" * n + canary.encode()) for n in range(3)]
    return {way[(0, 4, 4)[n] : len(way) - 4] for n, way in enumerate(ways) if len(way) > 16}


def _found(home: Path, canaries: dict[str, str] = CANARIES) -> dict[str, set[str]]:
    """Canary -> the files under data/ and reports/ that still say it."""
    spelled = {name: _spellings(c) for name, c in canaries.items()}
    encoded = {name: _encoded(c) for name, c in canaries.items()}
    found: dict[str, set[str]] = {}
    for file in [f for top in ("data", "reports") for f in (home / top).rglob("*")]:
        where = file.relative_to(home).as_posix()
        texts = [where.lower()]
        if file.is_file():
            data = file.read_bytes()
            texts += _texts(data, file.name)
            if file.suffix in (".duckdb", ".parquet"):
                texts += _rows(file)
            if file.suffix in _IN_BASE64:
                for name, ways in encoded.items():
                    if any(way in data for way in ways):
                        found.setdefault(name, set()).add(where)
        for text in texts:
            for other in (OTHERS[0], OTHERS[2]):
                text = text.replace(other, "")
            for name, ways in spelled.items():
                if any(way in text for way in ways):
                    found.setdefault(name, set()).add(where)
    return found


def _whole(home: Path, version: int | None = None) -> duckdb.DuckDBPyConnection:
    from workbench.warehouse import archive

    settings = load_settings(home)
    number = version or versions.current(settings.versions).version  # type: ignore[union-attr]
    con = duckdb.connect(str(settings.versions / f"v{number:06d}.duckdb"), read_only=True)
    archive.with_archive(con, settings.archive)
    return con


def _others(home: Path) -> dict[str, list[str]]:
    """The rows of everybody else, as text: table -> rows in order. What other people wrote of the canary is struck."""
    told = {}
    for table, own in {
        "posts": "post_id", "post_snapshots": "post_id", "slides": "post_id", "accounts": "account_id",
        "account_snapshots": "account_id", "interactions": "post_id", "sounds": "sound_id",
        "post_performance": "post_id", "account_daily": "account_id", "slide_uses": "post_id", "costs": "cost_id",
    }.items():  # fmt: skip
        with _whole(home) as con:
            columns = [
                c
                for (c,) in con.execute(f"SELECT column_name FROM (DESCRIBE {table})").fetchall()
                if c not in ("caption", "mentions", "bio")
                and "log_outlier" not in c
                and "platform_week" not in c
            ]
            rows = con.execute(
                f"SELECT to_json(struct_pack({', '.join(f'{c} := {c}' for c in columns)}))::VARCHAR AS j FROM {table} "
                f"WHERE NOT contains({own}, '{POST}') AND NOT contains({own}, 'zqx') "
                f"AND NOT contains(j, 'zqxcomment') ORDER BY j"
            ).fetchall()
            told[table] = [j for (j,) in rows]
    return told


def test_nothing_of_an_erased_person_is_left_anywhere(planted, home, figure, capsys):
    # The search finds what was planted, or it would prove nothing.
    before = _found(home)
    assert before.keys() == CANARIES.keys(), CANARIES.keys() - before.keys()
    others, money = _others(home), _whole(home).execute("SELECT sum(amount) FROM revenue").fetchone()
    capsys.readouterr()
    who = ("erase", "--account", f"@{NAME}", "--format", "json")
    assert _run(home, *who, "--dry-run") == 0
    told = json.loads(capsys.readouterr().out)
    started = time.process_time()
    assert _run(home, *who, "--yes") == 0
    seconds = time.process_time() - started
    done = json.loads(capsys.readouterr().out)
    assert {k: (told[k], done[k]) for k in done if told[k] != done[k]}.keys() <= {"version", "dry_run"}
    left = _found(home)
    assert left == {}
    # Everybody else is as before, and similar names are untouched.
    after = _others(home)
    assert {t for t in others if others[t] != after[t]} == set()
    with _whole(home) as con:
        assert con.execute(
            "SELECT count(*) FROM accounts WHERE username IN ?", [list(OTHERS)]
        ).fetchone() == (3,)
        captions = con.execute(
            "SELECT DISTINCT caption, mentions FROM posts WHERE caption LIKE 'duet%'"
        ).fetchall()
        assert con.execute("SELECT sum(amount) FROM revenue").fetchone() == money
        assert con.execute("SELECT scope_id FROM revenue WHERE revenue_id = 'r-zq'").fetchall() == [
            ("[erased]",)
        ]
    assert captions == [
        (f"duet with [erased] and @{OTHERS[0]}, see tiktok.com/[erased]/video/[erased]?x=1", [OTHERS[0]])
    ]
    assert [
        f for f in verified(load_settings(home)) if f.severity == GRAVE and f.what != "journal"
    ] == []  # planted
    said = json.loads((home / "reports" / "2025-W40" / "manifest.json").read_text())
    assert [e["posts"] for e in said["erased_since"]] == [10]
    assert {p["name"]: p["status"] for p in said["pages"]} == {"8_best": "erased", "9_count": "made"}
    page = (home / "reports" / "2025-W40" / "8_best.html").read_text()
    assert "This page named a person who was erased" in page
    assert versions.kept_versions(load_settings(home).versions)[0] < said["warehouse"]["version"] + 5
    # The next import and record bring nothing back. A file that is as before would not be read again.
    again = home.parent / "again"
    shutil.copytree(planted[1], again)
    for file in again.glob("*.csv"):
        file.write_text(file.read_text() + "\n")
    assert _run(home, "import", *map(str, sorted(again.glob("*.csv")))) == 0
    assert _run(home, "erase") == 2
    with _whole(home) as con:
        notes = con.execute(
            "SELECT n FROM (SELECT unnest(notes) AS n FROM batches) WHERE n LIKE '%left out'"
        ).fetchall()
    assert len(notes) >= 6
    renamed = _csv(
        planted[1].parent / "later",
        "accounts",
        {
            "account_id": "tiktok:zqxnewname",
            "platform": "tiktok",
            "username": "zqxnewname",
            "external_id": EXTERNAL,
        },
    )
    posts = _csv(
        planted[1].parent / "later",
        "posts",
        {
            "post_id": "tiktok:112233445566778",
            "platform": "tiktok",
            "account_id": "tiktok:zqxnewname",
            "caption": "zqx again",
        },
    )
    assert _run(home, "import", str(renamed)) == 0
    assert _run(home, "import", str(posts)) == 0
    record.snapshot(post_id="tiktok:112233445566778", views=3, home=home)
    load(load_settings(home))
    assert _found(home, CANARIES | {"new name": "zqxnewname", "new text": "zqx again"}) == {}
    figure(
        "erase_canaries_left",
        len(left),
        "canaries",
        planted=len(before),
        places=len(set().union(*before.values())),
        rows_and_texts=sum(done["rows"].values()),
        told_before=sum(told["rows"].values()),
        cpu_seconds=round(seconds, 1),
    )


def test_an_erasure_that_is_killed_is_finished_by_the_next(home, figure, whole):
    delays = [0.0, 0.5, 1.5, 3.0, 5.0, 8.0, 12.0] if whole else [3.0]
    kills = 0
    for delay in delays:
        begun = (home / "data" / "erasing.json").exists()
        who = [] if begun else ["--account", f"@{NAME}", "--yes"]
        process = subprocess.Popen(
            [*_COMMAND, "erase", *who, "--home", str(home)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and not (home / "data" / "erasing.json").exists():
            time.sleep(0.02)
        end = time.monotonic() + delay
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        kills += process.poll() is None
        process.kill()
        process.wait()
        if not (home / "data" / "erasing.json").exists():
            break
    assert kills
    if (home / "data" / "erasing.json").exists():
        assert _run(home, "erase") == 0
    assert _found(home) == {}
    assert not list((home / "data").rglob(".building-*"))
    found = verified(load_settings(home), quick=True)
    assert [f for f in found if f.severity == GRAVE and f.what != "journal"] == []  # planted
    figure("erase_kills", kills, "kills", left=0)


def test_a_person_is_looked_for_in_many_versions_and_batches_with_few_open_files(tmp_path, figure, whole):
    n, most = (300, 32) if whole else (25, 20)
    home, settings = tmp_path / "home", load_settings(tmp_path / "home")
    account = {"account_id": f"tiktok:{NAME}", "platform": "tiktok", "username": NAME}
    record.rows("accounts", [account], home=home)
    load(settings)
    record.rows("accounts", [account | {"bio": "juggler"}], home=home)
    with versions.loader_lock(settings, "test"):
        assert seal(settings.inbox) == []
    (batch,) = (f for f in settings.inbox.iterdir() if not f.name.startswith("."))
    for each in range(2, n + 1):
        shutil.copytree(batch, settings.inbox / f"{batch.name[:-4]}{each:04}")
        for suffix in (".duckdb", ".json"):  # a second name of the file is a version like any other
            (settings.versions / f"v{each:06d}{suffix}").hardlink_to(settings.versions / f"v000001{suffix}")
    said = command(
        "erase", "--account", f"@{NAME}", "--format", "json", "--dry-run", home=home,
        before=limited(resource.RLIMIT_NOFILE, most),
    )  # fmt: skip
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert (len(told["versions_removed"]), told["batches"]) == (n, n)
    figure("erase_looks_into", n, "versions and as many batches", open_files=most)


def test_nothing_of_a_person_of_many_posts_and_several_words_is_left(tmp_path, figure):
    name, called, n = "zqx_anna.lee", "Zqxanna Lee\u00ebmann", 60
    home, settings = tmp_path / "home", load_settings(tmp_path / "home")
    own = {"account_id": f"tiktok:{name}", "platform": "tiktok", "username": name, "display_name": called}
    record.rows("accounts", [own], home=home)
    texts = [
        f"pic {name}.jpg", f"see {name}.html", f"x/{name}.mp4?y", f"with @{called} today", f"{called}.jpg",
        f"by {unicodedata.normalize('NFD', called)}", f"duet with {POST}59",
    ]  # fmt: skip
    record.posts(
        [
            *({"post_id": f"tiktok:{POST}{i}", "account_id": f"tiktok:{name}"} for i in range(n)),
            *(
                {"post_id": f"tiktok:5544332211{i}", "account_id": f"tiktok:jo{name}s", "caption": t}
                for i, t in enumerate([*texts, f"jo{name}s"])
            ),
        ],
        home=home,
    )
    load(settings)
    money = _csv(
        tmp_path, "money", {"from": "2025-02-01", "to": "2025-02-28", "amount": 5, "currency": "USD"}
    )
    assert _run(home, "import", "--as", "revenue", str(money.rename(tmp_path / f"export_{name}.csv"))) == 0
    spelled = {
        "name": name,
        "called": called,
        "decomposed": unicodedata.normalize("NFD", called),
        "post": POST,
    }
    assert _found(home, spelled).keys() == spelled.keys()
    assert _run(home, "erase", "--account", f"@{name}", "--yes") == 0
    with _whole(home) as con:
        left = [c for (c,) in con.execute("SELECT caption FROM posts ORDER BY post_id").fetchall()]
        files = con.execute("SELECT file_name FROM batches WHERE file_name IS NOT NULL").fetchall()
    assert left == [
        "pic [erased].jpg", "see [erased].html", "x/[erased].mp4?y", "with [erased] today", "[erased].jpg",
        "by [erased]", "duet with [erased]", f"jo{name}s",
    ]  # fmt: skip
    assert files == [("export_[erased].csv",)]
    longer = {c: f" {c}" if c == name else c for c in spelled.values()}  # inside a longer name it stays
    assert _found(home, {n: longer[c] for n, c in spelled.items()}) == {}
    figure("erase_many_posts", n, "posts", texts_of_others=len(texts), left=0)


def test_a_dry_run_changes_nothing(home, capsys):
    before = {f: f.read_bytes() for t in ("data", "reports") for f in (home / t).rglob("*") if f.is_file()}
    assert _run(home, "erase", "--account", f"tiktok:{NAME}", "--dry-run") == 0
    after = {f: f.read_bytes() for t in ("data", "reports") for f in (home / t).rglob("*") if f.is_file()}
    assert {f for f in before.keys() | after.keys() if before.get(f) != after.get(f)} == set()
    assert "Nothing was changed." in capsys.readouterr().err
