"""Accounts, VAs and their terms, creators and sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from .model import Floats, Ints, Model
from .scale import Scale
from .vocabulary import ACCOUNT_WORDS, ANIMALS, NICHES, STUDIOS

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Manila",
    "Australia/Sydney",
    "UTC",
)
_ZONE_SHARES = (0.30, 0.15, 0.15, 0.14, 0.12, 0.05, 0.05, 0.04)
# First follower counts by band: (share of the accounts, from, to).
_BANDS = ((0.16, 250, 1e3), (0.40, 1e3, 1e4), (0.32, 1e4, 1e5), (0.105, 1e5, 1e6), (0.015, 1e6, 2.5e6))


@dataclass(frozen=True, kw_only=True)
class People:
    """Who there is. Arrays are indexed by account, VA, creator or set."""

    handle: list[str]
    zone: Ints
    creator: Ints
    second_creator: Ints
    strength: Floats
    first_followers: Floats
    conversion: Floats
    first_day: Ints
    posts_share: Floats
    rates: Floats
    """Account's own factor (log) on likes, comments, shares and saves; account x 4."""
    collapses: int
    breaks_out: int
    va_id: list[str]
    skill: Floats
    va_hour: Floats
    punctuality: Floats
    hourly_pay: Floats
    loner: int
    """The VA who shares no account with anybody."""
    terms: Ints
    """Rows (account, va, first day, last day), by account and day."""
    creator_id: list[str]
    creator_effect: Floats
    niche: Ints
    """Creator's niche."""
    set_id: list[str]
    set_code: list[str]
    set_creator: Ints
    set_day: Ints
    set_effect: Floats


def names(words: tuple[str, ...], n: int, prefix: str) -> list[str]:
    """`n` different invented names: the words, then the words with a number."""
    return [
        f"{prefix}{words[i % len(words)]}{i // len(words) + 1 if i >= len(words) else ''}" for i in range(n)
    ]


def people(rng: np.random.Generator, size: Scale, model: Model) -> People:
    """Draw everybody, then deal accounts to VAs term by term."""
    n = size.accounts
    band = rng.choice(len(_BANDS), n, p=[b[0] for b in _BANDS])
    low, high = np.log([b[1] for b in _BANDS])[band], np.log([b[2] for b in _BANDS])[band]
    log_followers = low + (high - low) * rng.random(n)
    by_size = (log_followers - log_followers.mean()) / log_followers.std()
    own = rng.standard_normal(n)
    strength = model.account_sd * (
        model.account_by_size * by_size + np.sqrt(1 - model.account_by_size**2) * own
    )

    skill = np.sort(rng.standard_normal(size.vas))
    skill = model.va_sd * (skill - skill.mean()) / skill.std()
    order = rng.permutation(size.vas)  # so that a VA's number says nothing of the skill
    skill = skill[order]
    loner = int(np.argsort(skill)[size.vas // 2])
    terms = _terms(rng, size, model, strength, skill, loner)

    creator = np.arange(n) % size.creators
    rng.shuffle(creator)
    second = (creator + 1 + rng.integers(0, size.creators - 1, n)) % size.creators
    n_sets = max(size.creators * 2, round(size.posts / 60))
    set_creator = np.arange(n_sets) % size.creators
    # Each creator makes sets at even steps over the time, the first of them before it.
    per_creator = (n_sets + size.creators - 1) // size.creators
    set_day = (np.arange(n_sets) // size.creators) * size.days // per_creator
    first_day = np.where(rng.random(n) < 0.2, rng.integers(1, max(2, size.days // 2), n), 0)
    # Accounts that turn are the loner's: what happens to them can't be mistaken for another VA's doing.
    collapses, breaks_out = (int(a) for a in rng.choice(terms[terms[:, 1] == loner, 0], 2, replace=False))
    first_day[[collapses, breaks_out]] = 0
    studios = names(STUDIOS, size.creators, "studio_")
    return People(
        handle=_handles(n, creator % len(NICHES)),
        zone=rng.choice(len(ZONES), n, p=_ZONE_SHARES),
        creator=creator,
        second_creator=second,
        strength=strength,
        first_followers=np.exp(log_followers),
        conversion=model.conversion * np.exp(rng.normal(0, 0.5, n)),
        first_day=first_day,
        posts_share=np.exp(rng.normal(0, 0.35, n)) * (1 - first_day / size.days),
        rates=rng.normal(0, [0.22, 0.30, 0.30, 0.30], (n, 4)),
        collapses=collapses,
        breaks_out=breaks_out,
        va_id=names(ANIMALS, size.vas, "va_"),
        skill=skill,
        va_hour=rng.choice([8.0, 12.0, 15.0, 18.0, 20.0, 22.0], size.vas),
        punctuality=rng.beta(9, 2, size.vas),
        hourly_pay=np.round(rng.uniform(4.0, 9.5, size.vas) * 4) / 4,
        loner=loner,
        terms=terms,
        creator_id=studios,
        creator_effect=rng.normal(0, 1, size.creators) * model.creator_sd,
        niche=np.arange(size.creators) % len(NICHES),
        set_id=[f"set_{i + 1:05d}" for i in range(n_sets)],
        set_code=[
            f"{studios[c][7:10].upper()}{c + 1:02d}-{i // size.creators + 1:03d}"
            for i, c in enumerate(set_creator)
        ],
        set_creator=set_creator,
        set_day=set_day,
        set_effect=rng.normal(0, 1, n_sets) * model.set_sd,
    )


def _handles(n: int, niche: Ints) -> list[str]:
    """An invented handle for each account, in the words of its niche, none twice."""
    found: list[str] = []
    taken: set[str] = set()
    for i in range(n):
        nouns = NICHES[int(niche[i])].handle_words
        handle = f"{ACCOUNT_WORDS[i % len(ACCOUNT_WORDS)]}{'._'[i % 2]}{nouns[i // 3 % len(nouns)]}"
        if handle in taken:
            handle = f"{handle}{i + 1}"
        taken.add(handle)
        found.append(handle)
    return found


def _terms(
    rng: np.random.Generator, size: Scale, model: Model, strength: Floats, skill: Floats, loner: int
) -> Ints:
    """Deal the accounts anew every ten weeks or so: strong accounts go rather to good VAs.

    The loner's accounts are dealt once and to nobody else.
    """
    n_loner = max(2, round(size.accounts / size.vas))
    near_middle = np.argsort(np.abs(strength) + rng.random(size.accounts))
    lonely = near_middle[:n_loner]
    shared = np.setdiff1d(np.arange(size.accounts), lonely)
    others = np.array([v for v in np.argsort(skill, kind="stable") if v != loner])
    if model.va_sd == 0:
        rng.shuffle(others)
    rounds = max(3, round(size.days / 70))
    z = (strength - strength.mean()) / strength.std()
    va = np.full((size.accounts, rounds), loner)
    for turn in range(rounds):
        key = model.va_match * z[shared] + np.sqrt(1 - model.va_match**2) * rng.standard_normal(shared.size)
        rank = np.argsort(np.argsort(key))
        va[shared, turn] = others[rank * others.size // shared.size]
    length = size.days / rounds
    ends = np.round(
        length * np.arange(1, rounds) + rng.uniform(-0.2, 0.2, (size.accounts, rounds - 1)) * length
    )
    rows: list[list[int]] = []
    for account in range(size.accounts):
        bounds = [0, *(int(e) for e in ends[account]), size.days]
        for turn in range(rounds):
            if rows and rows[-1][:2] == [account, int(va[account, turn])]:
                rows[-1][3] = bounds[turn + 1] - 1
            else:
                rows.append([account, int(va[account, turn]), bounds[turn], bounds[turn + 1] - 1])
    return np.array(rows, dtype=np.int64)


def va_by_day(terms: Ints, size: Scale) -> Ints:
    """VA of each account on each day, account x day."""
    found = np.zeros((size.accounts, size.days), dtype=np.int64)
    for account, va, first, last in terms:
        found[account, first : last + 1] = va
    return found


def zone_offsets(size: Scale) -> Ints:
    """Seconds that local noon is ahead of UTC, zone x day."""
    offsets = np.zeros((len(ZONES), size.days), dtype=np.int64)
    for z, name in enumerate(ZONES):
        zone = ZoneInfo(name)
        for day in range(size.days):
            noon = (size.as_of - timedelta(days=size.days - day)).replace(hour=12, tzinfo=zone)
            shift = noon.utcoffset()
            offsets[z, day] = int(shift.total_seconds()) if shift else 0
    return offsets
