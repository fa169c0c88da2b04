"""The truth relates to the files, and the agency is what the model says."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from workbench.demo import DemoFiles, make_demo
from workbench.demo.model import Model


def column(demo: DemoFiles, query: str) -> np.ndarray:
    """A query's first column; {truth} and {files} stand for the folders."""
    return np.array([r[0] for r in table(demo, query)])


def table(demo: DemoFiles, query: str) -> list[tuple[Any, ...]]:
    return duckdb.sql(query.format(truth=demo.truth, files=demo.folder / "files")).fetchall()


def test_day_columns_are_the_true_views_rounded(small: DemoFiles) -> None:
    compared = 0
    for day in range(1, 6):
        found = table(
            small,
            f"SELECT w.day{day}_views, t.views_{24 * day} FROM "
            f"read_csv('{{files}}/master_with_snaptik.csv') w "
            "JOIN '{truth}/posts.parquet' t ON t.post_id = 'tiktok:' || regexp_extract(w.post_url, "
            "'([0-9]+)$', 1) "
            f"WHERE w.day{day}_views IS NOT NULL",
        )
        assert all(abs(views - true) <= 0.5 + 1e-6 for views, true in found)
        compared += len(found)
    assert compared > 400


def test_lifetime_counts_lie_between_the_true_views_around_their_age(agency: DemoFiles) -> None:
    found = table(
        agency,
        "SELECT m.views, t.views_720, exp(t.log_final_views) FROM "
        "read_csv('{files}/MASTER_TIKTOK_DATABASE.csv') m "
        "JOIN '{truth}/posts.parquet' t ON t.post_id = 'tiktok:' || regexp_extract(m.post_url, "
        "'([0-9]+)$', 1) "
        "WHERE m.views IS NOT NULL AND m.created_date < DATE '2025-09-01'",
    )
    assert found and all(at_720 - 1 <= views <= final + 1 for views, at_720, final in found)


def test_effects_add_up_to_final_views(small: DemoFiles) -> None:
    names = [r[0] for r in table(small, "DESCRIBE SELECT COLUMNS('effect_.*') FROM '{truth}/posts.parquet'")]
    total = " + ".join(names)
    assert (
        column(small, f"SELECT max(abs(log_final_views - ({total}))) FROM '{{truth}}/posts.parquet'")[0]
        < 1e-9
    )


def test_true_views_grow_with_age(small: DemoFiles) -> None:
    ages = [24, 48, 72, 96, 120, 168, 336, 720]
    falls = " OR ".join(f"views_{a} >= views_{b}" for a, b in pairwise(ages))
    assert column(small, f"SELECT count(*) FROM '{{truth}}/posts.parquet' WHERE {falls}")[0] == 0


def test_use_numbers_count_the_uses_of_an_image_in_time(agency: DemoFiles) -> None:
    wrong = column(
        agency,
        "SELECT count(*) FROM (SELECT use_number, row_number() OVER (PARTITION BY image_id ORDER BY "
        "posted_at, "
        "post_id) AS n FROM '{truth}/slide_uses.parquet' JOIN '{truth}/posts.parquet' USING (post_id)) "
        "WHERE use_number <> n",
    )
    assert wrong[0] == 0


def test_a_post_never_shows_an_image_twice(agency: DemoFiles) -> None:
    twice = column(
        agency,
        "SELECT count(*) FROM (SELECT post_id, image_id FROM '{truth}/slide_uses.parquet' GROUP BY ALL "
        "HAVING count(*) > 1)",
    )
    assert twice[0] == 0


def test_images_are_reused_a_lot(agency: DemoFiles) -> None:
    uses = column(agency, "SELECT n_uses FROM '{truth}/images.parquet'")
    assert 4 < uses.mean() < 10
    assert (uses >= 10).mean() > 0.12


def test_images_come_back_more_when_their_first_post_did_well(agency: DemoFiles) -> None:
    found = table(
        agency,
        "SELECT n_uses, effect_luck, log_lift FROM '{truth}/images.parquet' JOIN "
        "'{truth}/slide_uses.parquet' "
        "USING (image_id) JOIN '{truth}/posts.parquet' USING (post_id) WHERE use_number = 1 AND posted_at < "
        "(SELECT quantile_cont(posted_at, 0.5) FROM '{truth}/posts.parquet')",
    )
    uses, luck, lift = (np.array(c) for c in zip(*found, strict=True))
    assert np.corrcoef(np.log(uses), luck)[0, 1] > 0.1
    assert np.corrcoef(np.log(uses), lift)[0, 1] > 0.1


def test_one_va_shares_no_account_and_all_others_do(agency: DemoFiles) -> None:
    loner = json.loads((agency.truth / "agency.json").read_text())["loner"]
    shared = table(
        agency,
        "SELECT va_id, avg((n > 1)::INT) FROM (SELECT account_id, va_id FROM '{truth}/posts.parquet') "
        "JOIN (SELECT account_id, count(DISTINCT va_id) AS n FROM '{truth}/posts.parquet' GROUP BY 1) "
        "USING (account_id) GROUP BY 1",
    )
    assert dict(shared)[loner] == 0
    assert all(share > 0.2 for va, share in shared if va != loner)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_better_vas_sit_on_stronger_accounts(tmp_path: Path, seed: int) -> None:
    made = make_demo(tmp_path, posts=6_000, accounts=120, vas=16, seed=seed)
    found = table(made, "SELECT effect_va, effect_account FROM '{truth}/posts.parquet'")
    assert 0.3 < np.corrcoef(np.array(found).T)[0, 1] < 0.75


def test_views_are_heavy_tailed_around_some_thousand(agency: DemoFiles) -> None:
    views = column(agency, "SELECT exp(log_final_views) FROM '{truth}/posts.parquet'")
    assert 1_000 < np.median(views) < 15_000
    assert np.quantile(views, 0.999) > 30 * np.median(views)
    assert views.max() < 100e6


def test_engagement_is_believable(agency: DemoFiles) -> None:
    rates = column(
        agency,
        "SELECT engagement_rate FROM read_csv('{files}/MASTER_TIKTOK_DATABASE.csv') WHERE views > 1000",
    )
    assert np.quantile(rates, 0.05) > 3 and np.quantile(rates, 0.95) < 14


def test_the_event_the_collapse_and_the_breakout_are_in_the_posts(agency: DemoFiles) -> None:
    said = json.loads((agency.truth / "agency.json").read_text())
    model = Model()
    event = column(
        agency,
        "SELECT DISTINCT effect_event FROM '{truth}/posts.parquet' WHERE posted_at >= "
        f"'{said['event_from_on']}' AND posted_at < DATE '{said['event_to_on']}' + 1",
    )
    assert event.tolist() == [model.event_effect]
    for account, effect in (("collapses", model.collapse_effect), ("breaks_out", model.breakout_effect)):
        turn = column(
            agency,
            "SELECT effect_turn FROM '{truth}/posts.parquet' "
            f"WHERE account_id = '{said[account]}' ORDER BY posted_at",
        )
        assert turn[0] == 0 and turn[-1] == pytest.approx(effect)


def test_followers_at_post_follow_the_history(small: DemoFiles) -> None:
    found = table(
        small,
        "SELECT s.followers, f.followers, g.followers FROM read_csv('{files}/account_snapshots.csv') s "
        "JOIN '{truth}/followers.parquet' f ON f.account_id = s.account_id AND f.at = date_trunc('day', "
        "s.captured_at) "
        "JOIN '{truth}/followers.parquet' g ON g.account_id = s.account_id AND g.at = f.at + INTERVAL 1 DAY",
    )
    assert found and all(min(a, b) - 1 <= seen <= max(a, b) for seen, a, b in found)


def test_an_equal_agency_has_no_better_vas_images_or_uses(tmp_path: Path) -> None:
    made = make_demo(tmp_path, posts=300, equal=True)
    assert not column(made, "SELECT skill FROM '{truth}/vas.parquet'").any()
    assert not column(made, "SELECT log_lift FROM '{truth}/images.parquet'").any()
    assert not column(made, "SELECT effect FROM '{truth}/reuse_decay.parquet'").any()
    assert column(made, "SELECT stddev(effect_account) FROM '{truth}/posts.parquet'")[0] > 0.3


def test_other_parameters_are_taken(tmp_path: Path) -> None:
    made = make_demo(tmp_path, posts=300, model=Model(decay_floor=-2.0, decay_uses=1.0))
    second = column(made, "SELECT effect FROM '{truth}/reuse_decay.parquet' WHERE use_number = 2")[0]
    assert second == pytest.approx(-2.0 * (1 - np.exp(-1)))


def test_uses_of_an_image_are_alike_and_images_of_a_template_differ_in_text(agency: DemoFiles) -> None:
    apart = column(
        agency,
        "WITH s AS (SELECT image_id, phash, use_number FROM read_csv('{files}/slides.csv') "
        "JOIN '{truth}/slide_uses.parquet' USING (post_id, slide_index)) "
        "SELECT max(bit_count(xor(a.phash, b.phash))) FROM s a JOIN s b USING (image_id) WHERE "
        "a.use_number = 1",
    )
    assert 0 < apart[0] <= 18
    same_text = column(
        agency,
        "WITH s AS (SELECT image_id, any_value(ocr_text) AS said FROM read_csv('{files}/slides.csv') "
        "JOIN '{truth}/slide_uses.parquet' USING (post_id, slide_index) WHERE use_number = 1 GROUP BY 1) "
        "SELECT count(said) - count(DISTINCT said) FROM s",
    )
    assert same_text[0] == 0
