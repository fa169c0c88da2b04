"""`python -m benchmarks.truth [--short]`: do the metrics find what is true of agencies whose truth is known?

Agencies are simulated, imported and loaded as files of one's own would be, and asked by the same functions. What is
found is compared with the truth beside the files, pooled over agencies; a careless analyst is scored by the same
limits. Where a hundred VAs say too little, more agencies of the same model are drawn in memory (see `drawn`). Prints
a table and writes out/truth.jsonl. A missed limit shows as MISS and is never loosened.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: threads only wait for one another

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
from scipy import stats

import workbench
from workbench.demo import make_demo
from workbench.demo.model import Model
from workbench.metrics.curves import aged_snapshots, counts_at, steps
from workbench.metrics.effects import log_views
from workbench.metrics.periods import Period
from workbench.model.catalogue import Asked
from workbench.model.effects import creator_effects, va_effects
from workbench.model.frames import executed
from workbench.model.slide_effects import slide_effects
from workbench.settings import load_settings
from workbench.sources.importing import import_paths
from workbench.warehouse.load import load

from .drawn import drawn_agency
from .figures import OUT

AGES = (24, 48, 72, 96, 120, 168)
AWAY_HOURS = 2
OFTEN = 10
"""Uses from which the order of images is judged."""
DECAYS = (2, 3, 4)
COVERED = (0.85, 0.95)
_Z = 1.6448536269514722


@dataclass(frozen=True)
class Plan:
    """How many agencies of each kind, and how large."""

    posts: int
    accounts: int
    vas: int
    plain: int
    chased: int
    equal: int
    drawn: int
    """Of the plain and of the chased, in memory, besides those of files."""


FULL = Plan(posts=20_000, accounts=147, vas=17, plain=8, chased=3, equal=3, drawn=16)
SHORT = Plan(posts=6_000, accounts=100, vas=16, plain=8, chased=3, equal=3, drawn=20)


PAIRED = "each use against its image's first"
"""Plain means by use fare better where what is shown again for its worth hides the wear: they are right by accident."""
MODELS = {"plain": Model(), "chased": Model(reuse_by_merit=0.0), "equal": Model()}


@dataclass(frozen=True)
class TruthFigure:
    """One line of truth.jsonl."""

    name: str
    value: float
    limit: str
    holds: bool
    n: int
    careless: float | None
    """The same figure of a careless analyst."""
    careless_way: str
    careless_holds: bool | None
    note: str = ""


@dataclass
class Found:
    """What was found of the agencies of one kind, one frame an agency."""

    vas: list[pd.DataFrame] = field(default_factory=list)
    creators: list[pd.DataFrame] = field(default_factory=list)
    images: list[pd.DataFrame] = field(default_factory=list)
    decay: list[pd.DataFrame] = field(default_factory=list)
    views: list[pd.DataFrame] = field(default_factory=list)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth", description=__doc__.split("\n")[0])
    parser.add_argument("--short", action="store_true", help="smaller agencies, for CI")
    plan = SHORT if parser.parse_args(arguments).short else FULL
    figures = measured(plan)
    print("\n".join([HEADER, *(line(f) for f in figures)]))
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / "truth.jsonl"
    path.write_text("".join(json.dumps(asdict(f)) + "\n" for f in figures), encoding="utf-8")
    print(f"{sum(not f.holds for f in figures)} of {len(figures)} limits missed; written to {path}")
    return 0


def measured(plan: Plan) -> list[TruthFigure]:
    """Make the agencies, ask, compare."""
    found = {kind: Found() for kind in ("plain", "chased", "equal")}
    for kind, agencies in (("plain", plan.plain), ("chased", plan.chased), ("equal", plan.equal)):
        for seed in range(1, agencies + 1):
            start = time.perf_counter()
            agency(kind, seed, plan, found[kind])
            print(f"{kind} agency {seed}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    of_files = _covered(pd.concat(found["plain"].vas), "low", "high")
    for kind, agencies in (("plain", plan.plain), ("chased", plan.chased)):
        start = time.perf_counter()
        for seed in range(agencies + 1, agencies + plan.drawn + 1):
            drawn(kind, seed, plan, found[kind])
        print(f"{kind}, {plan.drawn} drawn: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    plain = found["plain"]
    return [
        *va_figures(pd.concat(plain.vas), f"of files alone {of_files:.3f}"),
        creator_figure(pd.concat(plain.creators)),
        *slide_figures(plain.images),
        null_figure(found["equal"]),
        *view_figures(pd.concat(plain.views)),
        decay_figure("decay_error", plain.decay, "paired", PAIRED),
        decay_figure("decay_error_chased", found["chased"].decay, "paired", PAIRED),
    ]


def agency(kind: str, seed: int, plan: Plan, found: Found) -> None:
    """Make one agency, import and load it, and add what is found of it."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        made = make_demo(
            home / "demo", posts=plan.posts, accounts=plan.accounts, vas=plan.vas, seed=seed,
            equal=kind == "equal", model=MODELS[kind],
        )  # fmt: skip
        settings = load_settings(home)
        import_paths(list(made.files), settings, as_of=made.as_of)
        outcome = load(settings)
        if outcome.failed:
            raise RuntimeError(f"agency {kind} {seed} could not be loaded: {outcome.failed}")
        with workbench.connect(home) as wb:
            asked = Asked(wb.table, Period(date(2000, 1, 1), made.as_of.date()), settings=settings)
            if kind != "chased":
                found.vas.append(compared_vas(asked, made.truth))
            images, decay = compared_slides(asked, made.truth)
            found.images.append(images)
            found.decay.append(decay)
            if kind == "plain":
                found.creators.append(compared_creators(asked, pd.read_parquet(made.truth / "posts.parquet")))
                found.views.append(compared_views(asked, made.truth, pd.Timestamp(made.as_of)))


def drawn(kind: str, seed: int, plan: Plan, found: Found) -> None:
    """Draw one agency in memory, and add what is found of its people and its decay."""
    made = drawn_agency(
        seed, posts=plan.posts, accounts=plan.accounts, vas=plan.vas, model=MODELS[kind]
    )  # fmt: skip
    if kind == "plain":
        found.vas.append(_compared_vas(made.asked, made.vas))
        found.creators.append(compared_creators(made.asked, made.posts))
    effects = slide_effects(made.asked).decay.merge(made.decay, on="use_number")
    outcomes = executed(made.asked.mature.select("post_id", "log_outlier_120"))
    shown = executed(made.asked.tables("slide_uses")).rename(columns={"image_id": "true_id"})
    known = shown.merge(outcomes, on="post_id").dropna(subset=["log_outlier_120"])
    found.decay.append(_compared_decay(effects, known))


def compared_vas(asked: Asked, truth: Path) -> pd.DataFrame:
    """Every VA: found, low, high, raw, raw_low, raw_high [natural log], true, is_separable."""
    return _compared_vas(asked, pd.read_parquet(truth / "vas.parquet")[["va_id", "effect", "is_separable"]])


def compared_creators(asked: Asked, true_posts: pd.DataFrame) -> pd.DataFrame:
    """Every creator: found, low, high [natural log], true: the creator and the slides of the creator's posts."""
    effects = creator_effects(asked)
    by = true_posts["creator_id"]
    whole = (true_posts["effect_creator"] + true_posts["effect_slides"]).groupby(by).mean()
    alone = true_posts["effect_creator"].groupby(by).mean()
    true, alone = (effects["creator_id"].map(t - t.mean()) for t in (whole, alone))
    logs = {
        name: np.log(effects[f"creator_effect{end}"])
        for name, end in (("found", ""), ("low", "_low"), ("high", "_high"))
    }
    return pd.DataFrame({**logs, "true": true, "alone": alone})


def _compared_vas(asked: Asked, true: pd.DataFrame) -> pd.DataFrame:
    effects = va_effects(asked)
    both = effects.merge(true, on="va_id", suffixes=("", "_true"), validate="one_to_one")
    team = both.loc[both["is_separable_true"], "effect"].mean()
    spread = executed(asked.mature.agg(sd=log_views(asked.mature.views_at_120).std()))["sd"].iloc[0]
    raw = np.log(both["raw_va_multiple"])
    margin = _Z * spread / np.sqrt(both["n_posts"])
    return pd.DataFrame(
        {
            "found": np.log(both["va_effect"]), "low": np.log(both["va_effect_low"]),
            "high": np.log(both["va_effect_high"]), "true": both["effect"] - team, "raw": raw,
            "raw_low": raw - margin, "raw_high": raw + margin, "is_separable": both["is_separable"].astype(bool),
            "is_named": both["is_separable"].astype(bool) == both["is_separable_true"],
        }
    )  # fmt: skip


def compared_slides(asked: Asked, truth: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every image against the true one that most of its slides show, and the decay by use."""
    effects = slide_effects(asked)
    mart = asked.tables("slide_uses")
    mine = executed(mart.select("post_id", "slide_index", "image_id").drop_null("image_id"))
    true_uses = pd.read_parquet(truth / "slide_uses.parquet").rename(columns={"image_id": "true_id"})
    both = mine.merge(true_uses, on=["post_id", "slide_index"])
    pairs = both.groupby(["image_id", "true_id"]).size().rename("n").reset_index()
    main = pairs.sort_values(["image_id", "n", "true_id"]).drop_duplicates("image_id", keep="last")
    true = pd.read_parquet(truth / "images.parquet").rename(columns={"image_id": "true_id"})
    lifts = effects.lifts.merge(main[["image_id", "true_id"]], on="image_id").merge(true, on="true_id")
    outcome = asked.mature.select("post_id", "log_outlier_120")
    shown = true_uses.merge(executed(outcome), on="post_id").dropna(subset=["log_outlier_120"])
    raw = np.log(lifts["raw_slide_lift"])
    own = lifts["true_id"].map(shown.groupby("true_id")["log_outlier_120"].std())  # one post has none
    margin = _Z * own / np.sqrt(lifts["n_lift_posts"])
    images = pd.DataFrame(
        {
            "found": np.log(lifts["slide_lift"]), "low": np.log(lifts["slide_lift_low"]),
            "high": np.log(lifts["slide_lift_high"]), "true": lifts["log_lift_in_use"], "n_uses": lifts["n_uses"],
            "raw": raw, "raw_low": raw - margin, "raw_high": raw + margin,
        }
    )  # fmt: skip
    decay = effects.decay.merge(pd.read_parquet(truth / "reuse_decay.parquet"), on="use_number")
    return images, _compared_decay(decay, shown)


def _compared_decay(decay: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """Each step of the decay; `shown`: use_number, true_id and log_outlier_120 of every use that is known."""
    first = shown[shown["use_number"] == 1].set_index("true_id")["log_outlier_120"]
    since = shown["log_outlier_120"] - shown["true_id"].map(first)
    paired = since.groupby(shown["use_number"]).mean()
    return pd.DataFrame(
        {
            "use_number": decay["use_number"], "found": np.log(decay["reuse_decay"]), "true": decay["effect"],
            "raw": np.log(decay["raw_reuse_multiple"]), "paired": decay["use_number"].map(paired),
        }
    )  # fmt: skip


def compared_views(asked: Asked, truth: Path, as_of: pd.Timestamp) -> pd.DataFrame:
    """Every post and age as if nobody had looked within two hours of an age, which is the harder case.

    found, true; loaded: as the mart has it, with all looks; is_young: the post was not that old; careless: the last
    count before the age.
    """
    posts = asked.tables("posts")
    aged = aged_snapshots(posts, asked.tables("post_snapshots"))
    away = ibis.and_(*[(aged.age_hours - h).abs() > AWAY_HOURS for h in AGES])
    sparse = aged.filter(away).drop_null("views")
    marts = [f"views_at_{h}" for h in AGES]
    found = executed(counts_at(steps(sparse, "views"), "views", AGES))
    loaded = executed(asked.tables("post_performance").select("post_id", "posted_at", *marts))
    true = pd.read_parquet(truth / "posts.parquet", columns=["post_id", *(f"views_{h}" for h in AGES)])
    both = loaded.merge(true, on="post_id", validate="one_to_one")
    both = both.merge(found, on="post_id", how="left", suffixes=("_loaded", ""), validate="one_to_one")
    looks = executed(sparse.select("post_id", "age_hours", "views")).sort_values(["post_id", "age_hours"])
    age_now = (as_of - both["posted_at"]).dt.total_seconds() / 3600
    parts = []
    for h in AGES:
        before = looks[looks["age_hours"] < h].drop_duplicates("post_id", keep="last").set_index("post_id")
        parts.append(
            pd.DataFrame(
                {
                    "found": both[f"views_at_{h}"], "loaded": both[f"views_at_{h}_loaded"],
                    "true": both[f"views_{h}"], "is_young": age_now < h,
                    "careless": both["post_id"].map(before["views"]),
                }
            )
        )  # fmt: skip
    return pd.concat(parts)


def va_figures(vas: pd.DataFrame, note: str = "") -> list[TruthFigure]:
    told = vas[vas["is_separable"]]
    n = len(told)
    r, raw_r = (float(np.corrcoef(told["true"], told[c])[0, 1]) for c in ("found", "raw"))
    slope, raw_slope = (float(np.polyfit(told["true"], told[c], 1)[0]) for c in ("found", "raw"))
    named = f"separable or not is told right of {vas['is_named'].mean():.0%} of {len(vas)} VAs"
    wrong = not vas["is_named"].all()
    coverage, careless = _covered(vas, "low", "high"), _covered(vas, "raw_low", "raw_high")
    return [
        _figure("va_effect_r", r, ">= 0.85", n, raw_r, "raw means", named, missed=wrong),
        _figure("va_effect_slope", slope, "0.75 to 1.25", n, raw_slope, "raw means"),
        _figure("va_interval_coverage", coverage, "0.85 to 0.95", len(vas), careless, "raw means, plain intervals",
                note),
        _figure("va_raw_r", raw_r, f"<= {r:.4f}", n, None, "", "raw means: high where better VAs have better accounts"),
    ]  # fmt: skip


def creator_figure(creators: pd.DataFrame) -> TruthFigure:
    """Intervals of what creators' posts do, slides and all; careless: taken for the creator without the slides."""
    alone = _covered(creators.assign(true=creators["alone"]), "low", "high")
    return _figure(
        "creator_interval_coverage", _covered(creators, "low", "high"), "0.85 to 0.95", len(creators), alone,
        "taken for the creator without the slides",
    )  # fmt: skip


def slide_figures(agencies: list[pd.DataFrame]) -> list[TruthFigure]:
    rho, raw = [], []
    for images in agencies:
        often = images[images["n_uses"] >= OFTEN]
        rho.append(stats.spearmanr(often["found"], often["true"])[0])
        raw.append(stats.spearmanr(often["raw"], often["true"])[0])
    images = pd.concat(agencies)
    n_often = int((images["n_uses"] >= OFTEN).sum())
    coverage, careless = _covered(images, "low", "high"), _covered(images, "raw_low", "raw_high")
    note = f"mean over agencies; the lowest {min(rho):.3f}"
    best, best_raw = images[images["low"] > 0], images[images["raw_low"] > 0]
    return [
        _figure("slide_lift_rho", float(np.mean(rho)), ">= 0.7", n_often, float(np.mean(raw)), "raw means", note),
        _figure("interval_coverage", coverage, "0.85 to 0.95", len(images), careless, "raw means, plain intervals"),
        _figure(
            "recommended_coverage", _covered(best, "low", "high"), "0.85 to 0.95", len(best),
            _covered(best_raw, "raw_low", "raw_high"), "raw means, plain intervals",
            "images whose interval lies above 1",
        ),
    ]  # fmt: skip


def null_figure(found: Found) -> TruthFigure:
    """VAs and images that are called different where all are the same: the larger of the two shares."""
    vas, images = pd.concat(found.vas), pd.concat(found.images)

    def called(rows: pd.DataFrame, low: str, high: str) -> float:
        return float(((rows[low] > 0) | (rows[high] < 0)).mean())

    shares = [called(rows, "low", "high") for rows in (vas, images)]
    raw = max(called(rows, "raw_low", "raw_high") for rows in (vas, images))
    note = f"VAs {shares[0]:.4f} of {len(vas)}, images {shares[1]:.4f} of {len(images)}"
    return _figure(
        "null_false_positive_rate", max(shares), "<= 0.1", len(vas) + len(images), raw,
        "raw means, plain intervals", note,
    )  # fmt: skip


def view_figures(views: pd.DataFrame) -> list[TruthFigure]:
    true = views["true"].where(views["true"] > 0)
    errors = {c: ((views[c] - true).abs() / true).dropna() for c in ("found", "loaded", "careless")}
    young = views[views["is_young"]]
    early = int(young["found"].notna().sum() + young["loaded"].notna().sum())
    early_note = f"{early} known before the age, of {len(young)} that can't be"
    figures = []
    for name, limit, share in (("views_at_error", 0.05, 0.5), ("views_at_error_p90", 0.1, 0.9)):
        at = {c: float(e.quantile(share)) for c, e in errors.items()}
        note = f"no look within {AWAY_HOURS} h of an age; {at['loaded']:.4f} with all looks; {early_note}"
        figures.append(
            _figure(
                name, at["found"], f"<= {limit:g}", len(errors["found"]), at["careless"],
                "the last count before the age", note, missed=early > 0,
            )
        )  # fmt: skip
    return figures


def decay_figure(name: str, agencies: list[pd.DataFrame], careless: str, way: str) -> TruthFigure:
    """The largest relative error of the decay of use 2, 3, 4 against use 1: |found / true - 1| of its logarithm.

    Found is pooled over the agencies, as a mean of logarithms. The error of the multiple, |exp(found - true) - 1|, is
    smaller for any decay above 1 / e; it is in the note.
    """
    pooled = pd.concat(agencies).groupby("use_number").mean().loc[list(DECAYS)]
    errors = np.expm1(pooled["found"] - pooled["true"])
    shares = pooled["found"] / pooled["true"] - 1
    worst = max(
        float(np.abs(np.expm1((a["found"] - a["true"])[a["use_number"].isin(DECAYS)])).max())
        for a in agencies
    )
    note = (
        f"k = 2, 3, 4: {', '.join(f'{e:+.1%}' for e in shares)} of the logarithm, "
        f"{', '.join(f'{e:+.1%}' for e in errors)} of the multiple; the worst multiple of one agency {worst:.1%}"
    )
    theirs = float((pooled[careless] / pooled["true"] - 1).abs().max())
    return _figure(name, float(shares.abs().max()), "<= 0.1", len(agencies), theirs, way, note)


def _covered(rows: pd.DataFrame, low: str, high: str) -> float:
    known = rows.dropna(subset=[low, high])
    return float(((known[low] <= known["true"]) & (known["true"] <= known[high])).mean())


def _figure(
    name: str,
    value: float,
    limit: str,
    n: int,
    careless: float | None,
    way: str,
    note: str = "",
    *,
    missed: bool = False,
) -> TruthFigure:
    theirs = None if careless is None else _holds(careless, limit)
    rounded = None if careless is None else round(careless, 4)
    return TruthFigure(
        name, round(value, 4), limit, _holds(value, limit) and not missed, n, rounded, way, theirs, note
    )


def _holds(value: float, limit: str) -> bool:
    if " to " in limit:
        least, most = (float(part) for part in limit.split(" to "))
        return least <= value <= most
    sign, bound = limit.split(" ")
    return value <= float(bound) + 1e-4 if sign == "<=" else value >= float(bound)


HEADER = f"{'name':26} {'value':>8}  {'limit':13} {'':4} {'n':>7}  {'careless':>8} {'':7}  note"


def line(figure: TruthFigure) -> str:
    """A figure as a row of the printed table."""
    careless = "" if figure.careless is None else f"{figure.careless:.4f}"
    refused = {None: "", True: "passes", False: "refused"}[figure.careless_holds]
    way = f"careless: {figure.careless_way}; " if figure.careless_way else ""
    return (
        f"{figure.name:26} {figure.value:>8.4f}  {figure.limit:13} {'ok' if figure.holds else 'MISS':4} "
        f"{figure.n:>7}  {careless:>8} {refused:7}  {way}{figure.note}"
    ).rstrip("; ")


if __name__ == "__main__":
    sys.exit(main())
