"""Marts are the expressions, and refreshing what a load touched gives what refreshing everything gives."""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pytest

import workbench
from workbench import record
from workbench.metrics.daily import account_daily
from workbench.metrics.outliers import baseline_views
from workbench.metrics.posts import BASELINES, followers_at_posting, post_curves, post_performance
from workbench.settings import Settings, load_settings
from workbench.warehouse import marts, money, versions
from workbench.warehouse.load import load, open_writer

START = datetime(2025, 1, 6)
SEEN = datetime(2025, 9, 1)
Rows = list[dict[str, Any]]
Cells = dict[tuple[Any, ...], dict[str, Any]]
KEYS = {
    "post_performance": ("post_id",),
    "account_daily": ("account_id", "day_on"),
    "slide_images": ("post_id", "slide_index"),
    "slide_uses": ("post_id", "slide_index"),
    "post_weeks": ("post_id", "week_on"),
    "post_money": ("money_id", "post_id"),
    "money_rows": ("money_id",),
}


# --- the marts against the expressions ---------------------------------------------------------------


def cells(con: duckdb.DuckDBPyConnection, query: str, key: tuple[str, ...]) -> Cells:
    table = con.execute(query).to_arrow_table()
    found = {tuple(row[k] for k in key): row for row in table.to_pylist()}
    assert len(found) == table.num_rows, "the key is not unique"
    return found


def differences(one: Cells, other: Cells) -> list[tuple[Any, ...]]:
    """(key, column, one's value, the other's) of every cell that differs by more than rounding."""
    found: list[tuple[Any, ...]] = [
        (key, "row", key in one, key in other) for key in one.keys() ^ other.keys()
    ]
    for key in one.keys() & other.keys():
        found += [
            (key, column, value, other[key][column])
            for column, value in one[key].items()
            if not _same(value, other[key][column])
        ]
    return sorted(found, key=str)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return bool(a == b)


@pytest.fixture(scope="module")
def demo(demo_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The demo's warehouse, read-only."""
    settings = load_settings(demo_home)
    version = versions.current(settings.versions)
    assert version is not None
    con = duckdb.connect(str(settings.versions / version.file), read_only=True)
    con.execute("SET TimeZone = 'UTC'")
    yield con
    con.close()


def test_post_performance_is_the_expressions_run_directly(demo: duckdb.DuckDBPyConnection) -> None:
    backend = ibis.duckdb.from_connection(demo)
    posts, snapshots = backend.table("posts"), backend.table("post_snapshots")
    curves = post_curves(posts, snapshots)
    # Executed once here: seven baselines would each compute the curves again.
    demo.register("curves_once", curves.to_pyarrow())
    known = posts.select("post_id", "account_id", "post_type", "posted_at").left_join(
        backend.table("curves_once").select("post_id", *BASELINES), "post_id"
    )
    baselines = posts.select("post_id")
    for column in BASELINES:
        one = baseline_views(known.drop("post_id_right"), column)
        one = one.select("post_id", **{f"baseline_{column}": one.baseline})
        baselines = baselines.left_join(one, "post_id").drop("post_id_right")
    demo.register("baselines_once", baselines.to_pyarrow())
    direct = post_performance(
        posts,
        backend.table("curves_once"),
        backend.table("baselines_once"),
        followers_at_posting(posts, backend.table("account_snapshots")),
    )
    made = cells(demo, "FROM post_performance", KEYS["post_performance"])
    told = cells(demo, ibis.to_sql(direct.select(*made[next(iter(made))]), dialect="duckdb"), ("post_id",))
    assert len(made) == 600
    assert differences(made, told) == []
    counted = sum(row["baseline_views_at_120"] is not None for row in made.values())
    assert counted > 200, "too few posts have a baseline for this to say anything"


def test_account_daily_is_the_expression_run_directly(demo: duckdb.DuckDBPyConnection) -> None:
    backend = ibis.duckdb.from_connection(demo)
    direct = account_daily(backend.table("post_performance"), backend.table("account_snapshots"))
    made = cells(demo, "FROM account_daily", KEYS["account_daily"])
    assert len(made) > 500
    assert differences(made, cells(demo, ibis.to_sql(direct, dialect="duckdb"), KEYS["account_daily"])) == []


# --- refreshing a part against refreshing everything -------------------------------------------------


class Agency:
    """A small agency that changes by batches, loaded through the real door."""

    def __init__(self, home: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.settings = load_settings(home)
        self.home = home
        self.n_posts = 0
        self.loads = 0
        self.batch: dict[str, Rows] = {}
        for account in range(4):
            self.add(
                "accounts", account_id=f"tiktok:a{account}", username=f"a{account}", external_id=f"{account}"
            )
            self.followers(f"tiktok:a{account}", n=3)
        # Seen under a name alone; nothing tells yet that it is somebody else's.
        self.add("accounts", account_id="tiktok:nameless", username="nameless")
        for _ in range(120):
            self.new_post()
        for _ in range(12):
            self.money()
        self.load()

    def add(self, table: str, **columns: Any) -> None:
        if table in ("posts", "accounts"):
            columns = {"seen_at": SEEN + timedelta(hours=self.loads), **columns}
        self.batch.setdefault(table, []).append(columns)

    def load(self) -> None:
        for table, entries in self.batch.items():
            record.rows(table, entries, home=self.home)
        self.batch, self.loads = {}, self.loads + 1
        outcome = load(self.settings)
        assert not outcome.failed, outcome.failed
        assert outcome.total("rejected") == 0

    def account(self) -> str:
        return f"tiktok:a{self.random.randrange(4)}"

    def post(self) -> str:
        return f"tiktok:{self.random.randrange(self.n_posts)}"

    def instant(self) -> datetime:
        """One of few, so that posts share instants."""
        return START + timedelta(hours=6 * self.random.randrange(300))

    # What may happen between two loads. Each is a batch's rows; the names are the tests'.

    def new_post(self, **columns: Any) -> None:
        post, self.n_posts = f"tiktok:{self.n_posts}", self.n_posts + 1
        chosen = {
            "account_id": self.random.choice([self.account()] * 9 + ["tiktok:nameless"] * 3 + [None]),
            "post_type": self.random.choice(["video", "video", "slideshow", None]),
            "posted_at": self.random.choice([self.instant()] * 19 + [None]),
            "posted_at_precision": self.random.choice(["second"] * 9 + ["day"]),
        }
        row = {"post_id": post, **chosen, **columns}
        self.add("posts", **row)
        if row["posted_at"] and self.random.random() < 0.9:
            self.snapshots(
                post, row["posted_at"], self.random.sample([12, 24, 30, 50, 90, 120, 170, 720, 2000], 5)
            )

    def snapshots(self, post: str, posted_at: datetime, ages: list[int]) -> None:
        for age in ages:
            views = round(self.random.lognormvariate(7, 1) * (1 + age / 100))
            some = self.random.random() < 0.8
            self.add(
                "post_snapshots",
                post_id=post,
                captured_at=posted_at + timedelta(hours=age),
                views=views,
                likes=views // 10 if some else None,
                comments=views // 100,
            )

    def new_snapshots(self) -> None:
        for _ in range(3):
            self.snapshots(self.post(), self.instant(), [self.random.randrange(1, 900)])

    def snapshots_of_a_post_nobody_described(self) -> None:
        self.snapshots(f"tiktok:{9_000_000 + self.loads}", self.instant(), [24, 48])

    def slides_of_a_post_nobody_described(self) -> None:
        post = f"tiktok:{8_000_000 + self.random.randrange(1_000)}"
        self.add("slides", post_id=post, slide_index=1, slide_url="https://example.org/1.jpg")

    def slides_that_share_images(self) -> None:
        """Of new and known posts; what was read of a known one may be another text."""
        for index in range(1, 4):
            self.add(
                "slides",
                post_id=self.post(),
                slide_index=index,
                phash=self.random.choice([0, (1 << 15) - 1, (1 << 30) - 1, -1]),
                ocr_text=self.random.choice(["five ways to sleep", "what my cat thinks"]),
                seen_at=SEEN + timedelta(hours=self.loads),
            )

    def larger_counts_at_known_instants(self) -> None:
        con = self.reader()
        known = con.execute("SELECT post_id, captured_at, views FROM post_snapshots ORDER BY ALL").fetchall()
        con.close()
        for post, captured_at, views in self.random.sample(known, 2):
            self.add("post_snapshots", post_id=post, captured_at=captured_at, views=3 * views + 1)

    def redated_post(self) -> None:
        self.add("posts", post_id=self.post(), posted_at=self.instant())

    def post_dated_by_the_day(self) -> None:
        self.add("posts", post_id=self.post(), posted_at_precision="day")

    def post_of_another_account(self) -> None:
        self.add("posts", post_id=self.post(), account_id=self.account())

    def post_of_another_type(self) -> None:
        self.add("posts", post_id=self.post(), post_type=self.random.choice(["video", "slideshow", "photo"]))

    def deleted_post(self) -> None:
        self.add("posts", post_id=self.post(), is_deleted=True, slide_count=self.random.randrange(9))

    def followers_stored_with_a_post(self) -> None:
        self.add("posts", post_id=self.post(), followers_at_post=self.random.randrange(10_000))

    def followers(self, account: str | None = None, n: int = 2) -> None:
        for _ in range(n):
            self.add(
                "account_snapshots",
                account_id=account or self.account(),
                captured_at=self.instant() + timedelta(hours=self.random.randrange(6)),
                followers=self.random.randrange(100_000),
            )

    def renamed_account(self) -> None:
        """The new name comes with the external id that never changes."""
        n = self.random.randrange(4)
        new = f"tiktok:a{n}_{self.loads}"
        self.add("accounts", account_id=new, username=new.partition(":")[2], external_id=f"{n}")
        self.new_post(account_id=new)

    def name_that_turns_out_to_be_another_account(self) -> None:
        """All that was under the bare name moves; its posts are not in the batch."""
        n = self.random.randrange(4)
        self.add("accounts", account_id="tiktok:nameless", username="nameless", external_id=f"{n}")

    def time_zone(self) -> None:
        zone = self.random.choice(["Asia/Tokyo", "America/New_York", "Europe/Berlin"])
        self.add("accounts", account_id=self.account(), time_zone=zone)

    def money(self) -> None:
        """A payment and a cost; of the few ids, some are known and this corrects them."""
        scopes = [
            ("account", self.account()),
            ("post", self.post()),
            ("all", None),
            ("account", "tiktok:nameless"),
        ]
        for table, key in (("revenue", "revenue_id"), ("costs", "cost_id")):
            first = self.instant().date()
            scope, scope_id = self.random.choice(scopes)
            entry: dict[str, Any] = {
                key: str(self.random.randrange(20)),
                "from_on": first,
                "to_on": first + timedelta(days=self.random.randrange(30)),
                "amount": str(self.random.randrange(-500, 9_000) / 100),
                "currency": self.random.choice(["USD", "JPY", "EUR"]),
                "scope": scope,
                "scope_id": scope_id,
                "seen_at": SEEN + timedelta(hours=self.loads),
            }
            if table == "costs":
                entry["kind"] = "tool"
            self.add(table, **entry)

    def rate(self) -> None:
        self.add(
            "fx_rates",
            currency=self.random.choice(["JPY", "EUR"]),
            rate_on=self.instant().date(),
            rate=str(self.random.randrange(1, 200) / 100),
            seen_at=SEEN + timedelta(hours=self.loads),
        )

    def method(self) -> None:
        self.add(
            "revenue_methods",
            revenue_id=str(self.random.randrange(20)),
            method=self.random.choice(["gained", "total", "equal"]),
            seen_at=SEEN + timedelta(hours=self.loads),
        )

    def reader(self) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect(str(self.file()), read_only=True)
        con.execute("SET TimeZone = 'UTC'")
        return con

    def file(self) -> Path:
        version = versions.current(self.settings.versions)
        assert version is not None
        return self.settings.versions / version.file

    def differences(self, folder: Path) -> list[tuple[Any, ...]]:
        """Cells of the marts that a full refresh of the same tables makes otherwise."""
        con = self.reader()
        kept = {mart: cells(con, f"FROM {mart}", key) for mart, key in KEYS.items()}
        con.close()
        copy = folder / f"copy{self.loads}.duckdb"
        shutil.copyfile(self.file(), copy)
        con = open_writer(copy, self.settings)
        con.execute("CREATE TEMP TABLE touched (key_name VARCHAR, key VARCHAR)")
        con.execute("COMMENT ON TABLE slide_images IS 'another definition'")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(money, "_POSTS_AT_A_TIME", 7)  # in as many pieces as a large agency
            marts.refresh(con, self.settings, full=True)
        full = {mart: cells(con, f"FROM {mart}", key) for mart, key in KEYS.items()}
        con.close()
        copy.unlink()
        return [(mart, *found) for mart in KEYS for found in differences(kept[mart], full[mart])]


HAPPENINGS: list[Callable[[Agency], None]] = [
    Agency.new_post,
    Agency.new_snapshots,
    Agency.snapshots_of_a_post_nobody_described,
    Agency.slides_of_a_post_nobody_described,
    Agency.slides_that_share_images,
    Agency.larger_counts_at_known_instants,
    Agency.redated_post,
    Agency.post_dated_by_the_day,
    Agency.post_of_another_account,
    Agency.post_of_another_type,
    Agency.deleted_post,
    Agency.followers_stored_with_a_post,
    Agency.followers,
    Agency.renamed_account,
    Agency.name_that_turns_out_to_be_another_account,
    Agency.time_zone,
    Agency.money,
    Agency.rate,
    Agency.method,
]


@pytest.fixture(scope="module")
def agency_home(tmp_path_factory: pytest.TempPathFactory) -> Agency:
    return Agency(tmp_path_factory.mktemp("agency"), seed=1)


@pytest.fixture
def agency(agency_home: Agency, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agency:
    """A copy of the agency; its loads refresh only what they touch, however much that is."""
    monkeypatch.setattr(marts, "_FULL_SHARE", 1.0)
    shutil.copytree(agency_home.home / "data" / "versions", tmp_path / "data" / "versions")
    copy = object.__new__(Agency)
    copy.__dict__ = {
        **agency_home.__dict__,
        "home": tmp_path,
        "settings": load_settings(tmp_path),
        "batch": {},
    }
    copy.random = random.Random(2)
    return copy


OFTEN = (
    Agency.new_post,
    Agency.new_snapshots,
    Agency.deleted_post,
    Agency.renamed_account,
    Agency.money,
    Agency.followers,
)


@pytest.mark.parametrize(
    "happens",
    [pytest.param(h, id=h.__name__, marks=() if h in OFTEN else pytest.mark.long) for h in HAPPENINGS],
)
def test_a_part_is_refreshed_like_the_whole_when_there_is(
    agency: Agency, tmp_path: Path, happens: Callable[[Agency], None]
) -> None:
    for _ in range(2):
        for _ in range(4):
            happens(agency)
        agency.load()
        assert agency.differences(tmp_path) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_a_part_is_refreshed_like_the_whole_after_anything(agency: Agency, tmp_path: Path, seed: int) -> None:
    agency.random = random.Random(seed)
    for _ in range(4):
        for happens in agency.random.sample(HAPPENINGS, 4):
            happens(agency)
        agency.load()
        assert agency.differences(tmp_path) == []


def test_a_load_that_changes_nothing_leaves_the_marts_alone(agency: Agency) -> None:
    before = agency.file()
    load(agency.settings)
    assert agency.file() == before


@pytest.mark.parametrize(("setting", "value"), [("viral_views", 500), ("floor_views", 5_000)])
def test_another_setting_makes_the_marts_anew(agency: Agency, setting: str, value: int) -> None:
    con = agency.reader()
    before = cells(con, "FROM post_performance", ("post_id",))
    con.close()
    changed: Settings = load_settings(agency.home, **{setting: value})
    assert load(changed).published
    con = agency.reader()
    after = cells(con, "FROM post_performance", ("post_id",))
    con.close()
    column = "is_viral" if setting == "viral_views" else "outlier_120"
    assert {d[1] for d in differences(before, after)} >= {column}


def test_marts_of_an_empty_warehouse_are_empty(settings: Settings) -> None:
    load(settings, migrating=True)
    version = versions.current(settings.versions)
    assert version is not None
    con = duckdb.connect(str(settings.versions / version.file), read_only=True)
    counts = [con.execute(f"SELECT count(*) FROM {mart}").fetchone() for mart in KEYS]
    con.close()
    assert counts == [(0,)] * len(KEYS)


def test_marts_follow_a_rename_that_changes_no_row_of_accounts(settings: Settings) -> None:
    later = {"account_id": "tiktok:new", "external_id": "9", "username": "new", "seen_at": "2025-02-01"}
    record.rows("accounts", [later], home=settings.home)
    record.post(post_id="tiktok:1", account_id="tiktok:new", posted_at="2025-02-01", home=settings.home)
    load(settings)
    earlier = {"account_id": "tiktok:old", "external_id": "9", "username": "old", "seen_at": "2025-01-01"}
    record.rows("accounts", [earlier], home=settings.home)
    load(settings)
    with workbench.connect(settings.home) as wb:
        assert wb.table("posts").to_pyarrow()["account_id"].to_pylist() == ["tiktok:old"]
        assert wb.table("post_performance").to_pyarrow()["account_id"].to_pylist() == ["tiktok:old"]
        assert set(wb.table("account_daily").to_pyarrow()["account_id"].to_pylist()) == {"tiktok:old"}
