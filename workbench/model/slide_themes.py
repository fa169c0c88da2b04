"""Which words on first slides go with lift.

What is counted is the hook and not the post: a hook is posted many times, and its posts do alike for more than its
words. Each hook has an effect of its own beside its words', and is what a word's effect is told from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ..metrics.slide_themes import hook_posts
from .frames import executed
from .images import normalized
from .shrinkage import Floats, Group, pooled_effects
from .slide_effects import FIRST_USES
from .sparse_effects import sparse_effects
from .stop_words import STOP_WORDS

if TYPE_CHECKING:
    import ibis

    from .catalogue.metric import Asked

SEED = 20_250_101
LEVEL = 0.9
LEAST_HOOKS, LEAST_ACCOUNTS = 5, 3
"""A word that stands on fewer hooks, or was posted on fewer accounts, is not judged."""
TOGETHER = 0.8
"""Share of the hooks with one of two words that has both, from which the two are one theme."""
A_NUMBER = "(a number)"
"""What stands for any number: that a hook counts is its form; 5 or 7 are hardly a subject."""
_LONGEST_TEXT, _LONGEST_WORD = 5_000, 40
_USE_SPREAD, _THEME_SPREAD = 1.0, 0.3
"""Standard deviations, in natural logs, in the first fit: wide, so that what is a word's is found there by the data."""
_LEAST_TOLD = 0.02

THEME_COLUMNS = (
    "theme", "n_hooks", "n_theme_posts", "n_theme_accounts", "raw_theme_lift", "theme_lift", "theme_lift_low",
    "theme_lift_high", "p_theme_wrong", "example_text",
)  # fmt: skip

# Marks that are not seen: they part words that are read as one.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
Ints = NDArray[np.int64]


def words_of(text: str) -> list[str]:
    """The words of a text that may be themes, in order: as texts are compared, without stop words and @handles."""
    return _told(normalized(_UNSEEN.sub("", text[:_LONGEST_TEXT])))


def _told(text: str) -> list[str]:
    found = (w.replace("\u2019", "'") for w in _WORD.findall(text))
    told = (A_NUMBER if w[0].isdecimal() else w for w in found)
    return [w for w in told if 1 < len(w) <= _LONGEST_WORD and w not in STOP_WORDS]


def text_themes_asked(asked: Asked) -> ibis.Table:
    """Posts by what their first slide says: what `text_themes` is made of."""
    return hook_posts(asked.tables("slide_uses"), asked.tables("slides"), asked.mature, horizon=asked.horizon)


def text_themes(asked: Asked) -> pd.DataFrame:
    """Words on first slides, and what hooks with them do beyond other hooks: an association, not a cause.

    Formula: log_outlier of a post = use number + account + hook + sum over the themes of its hook of their effects +
    noise; accounts, hooks and themes partially pooled, with spreads found from the data, the noise Student's t.
    theme_lift = exp(effect of the theme): 1 is what a hook without the word does that is otherwise alike. As all
    effects are drawn toward 1 by as much as the words differ among each other, many words don't make many finds.

    A hook is a distinct normalized text, however many posts and pictures bear it; its words are those of `words_of`.
    A theme is a word on at least 5 hooks of at least 3 accounts, and missing on as many hooks; words of
    which at least 0.8 of the hooks with one have both are one theme, told by all of them.

    Grain out: theme, best first. n_hooks [hooks]; n_theme_posts, n_theme_accounts; raw_theme_lift [exp of the
    mean over the hooks of their posts' mean log outlier: other words are in it]; 90 % interval; p_theme_wrong:
    chance that the effect is on the other side of 1; example_text: the hook with most posts. Empty where no word
    stands on enough hooks.

    Source: metrics.md, Level 1 (hook lift). Version 1.
    """
    return themes_of(executed(text_themes_asked(asked).order_by("post_id")))


def themes_of(posts: pd.DataFrame) -> pd.DataFrame:
    """`text_themes` of rows: see `metrics.slide_themes.hook_posts` for the columns."""
    if posts.empty:
        return _finished({})
    place, texts = pd.factorize(np.asarray(posts["hook_text"], dtype=object), sort=True)
    said = [normalized(_UNSEEN.sub("", t[:_LONGEST_TEXT])) for t in texts]
    of_text, names = pd.factorize(np.array(said, dtype=object), sort=True)
    hook = np.asarray(of_text, dtype=np.int64)[place]
    first_reading = np.unique(of_text, return_index=True)[1]
    words, members = _words(list(names))
    account = np.asarray(pd.factorize(posts["account_id"], sort=True)[0], dtype=np.int64)
    words, members = _enough(words, members, hook, account)
    if not words:
        return _finished({})
    themes, members = _together(words, members)
    value = np.asarray(posts["log_outlier"], dtype=np.float64).round(6)
    found = pooled_effects(
        value, _groups(posts, hook, account, members, len(names)), seed=SEED, heavy_tails=True
    )["theme"]
    # What the data alone say of each word: the spread that was given is divided out again.
    told = np.maximum(1.0 - found.variance / _THEME_SPREAD**2, _LEAST_TOLD)
    effect = sparse_effects(found.mean / told, np.sqrt(found.variance / told), level=LEVEL)
    per_hook = np.bincount(hook, minlength=len(names))
    mean = np.bincount(hook, value, len(names)) / np.maximum(per_hook, 1)
    n_hooks = np.asarray(members.sum(axis=0)).ravel()
    return _finished(
        {
            "theme": themes,
            "n_hooks": n_hooks,
            "n_theme_posts": members.T @ per_hook,
            "n_theme_accounts": _accounts(members, hook, account),
            "raw_theme_lift": np.exp(members.T @ mean / n_hooks),
            "theme_lift": np.exp(effect.mean),
            "theme_lift_low": np.exp(effect.low),
            "theme_lift_high": np.exp(effect.high),
            "p_theme_wrong": effect.p_wrong,
            "example_text": texts[first_reading[_most_posted(members, per_hook)]],
        }
    )


def themes_on(themes: pd.DataFrame, texts: Sequence[str]) -> pd.DataFrame:
    """Those of the themes that stand on one of these texts, each with the first such text as its example."""
    said = [(set(words_of(text)), text) for text in texts]
    examples = []
    for theme in themes["theme"]:
        words = {w.replace("\0", A_NUMBER) for w in str(theme).replace(A_NUMBER, "\0").split(" ")}
        examples.append(next((text for own, text in said if words <= own), None))
    found = themes.assign(example_text=pd.Series(examples, index=themes.index, dtype="str"))
    return found[found["example_text"].notna()].reset_index(drop=True)


def _words(texts: Sequence[str]) -> tuple[list[str], sparse.csc_matrix]:
    """Words in the order in which they are met, and hooks x words: 1 where it stands on it."""
    vocabulary: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for word in dict.fromkeys(_told(text)):
            rows.append(row)
            columns.append(vocabulary.setdefault(word, len(vocabulary)))
    shape = (len(texts), len(vocabulary))
    return list(vocabulary), sparse.csc_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def _enough(
    words: list[str], members: sparse.csc_matrix, hook: Ints, account: Ints
) -> tuple[list[str], sparse.csc_matrix]:
    n_hooks = np.asarray(members.sum(axis=0)).ravel()
    kept = np.flatnonzero((n_hooks >= LEAST_HOOKS) & (members.shape[0] - n_hooks >= LEAST_HOOKS))
    kept = kept[_accounts(members[:, kept], hook, account) >= LEAST_ACCOUNTS]
    return [words[i] for i in kept], members[:, kept]


def _accounts(members: sparse.csc_matrix, hook: Ints, account: Ints) -> Ints:
    """On how many accounts each column's hooks were posted."""
    pairs = np.unique(account * np.int64(members.shape[0]) + hook)
    on, shown = np.divmod(pairs, members.shape[0])
    posted = sparse.csr_matrix(
        (np.ones(len(pairs)), (on, shown)), shape=(int(on.max()) + 1, members.shape[0])
    )
    return np.asarray((posted @ members).astype(bool).sum(axis=0), dtype=np.int64).ravel()


def _together(words: list[str], members: sparse.csc_matrix) -> tuple[list[str], sparse.csc_matrix]:
    """Words that always come together as one: their names in the order in which the first hook has them."""
    both = (members.T @ members).tocoo()
    n = np.asarray(members.sum(axis=0)).ravel()
    alike = both.data >= TOGETHER * (n[both.row] + n[both.col] - both.data)
    graph = sparse.coo_matrix(
        (np.ones(int(alike.sum())), (both.row[alike], both.col[alike])), shape=both.shape
    )
    n_themes, theme = connected_components(graph, directed=False)
    joined = sparse.csc_matrix(
        (np.ones(len(words)), (np.arange(len(words)), theme)), shape=(len(words), n_themes)
    )
    named: list[list[str]] = [[] for _ in range(n_themes)]
    for word, place in zip(words, theme, strict=True):
        named[place].append(word)
    return [" ".join(each) for each in named], (members @ joined).astype(bool).astype(np.float64).tocsc()


def _groups(
    posts: pd.DataFrame, hook: Ints, account: Ints, members: sparse.csc_matrix, n_hooks: int
) -> list[Group]:
    n = len(posts)
    use = np.asarray(posts["use_number"].fillna(1), dtype=np.int64)
    step = np.searchsorted(FIRST_USES, np.maximum(use, 1), side="right") - 1
    shows = _one_each(hook, n_hooks)
    return [
        Group("all", sparse.csr_matrix(np.ones((n, 1))), 10.0),
        Group("use", _one_each(step, len(FIRST_USES))[:, 1:], _USE_SPREAD),
        Group("account", _one_each(account, int(account.max()) + 1)),
        Group("hook", shows),
        Group("theme", members.tocsr()[hook], _THEME_SPREAD, (shows, members.tocsr())),
    ]


def _one_each(level: Ints, levels: int) -> sparse.csr_matrix:
    return sparse.csr_matrix(
        (np.ones(len(level)), (np.arange(len(level)), level)), shape=(len(level), levels)
    )


def _most_posted(members: sparse.csc_matrix, per_hook: Ints) -> Ints:
    """The hook of each column that has most posts; of several the first."""
    weighted = members.multiply(per_hook[:, None]).tocsc()
    return np.asarray(weighted.argmax(axis=0)).ravel()


def _finished(columns: dict[str, list[str] | Floats | Ints]) -> pd.DataFrame:
    frame = pd.DataFrame(columns or {c: [] for c in THEME_COLUMNS})
    kinds = {
        c: "str" if c in ("theme", "example_text") else "int64" if c.startswith("n_") else "float64"
        for c in THEME_COLUMNS
    }
    ordered = frame.reindex(columns=list(THEME_COLUMNS)).astype(kinds)
    return ordered.sort_values(["theme_lift", "theme"], ascending=[False, True], ignore_index=True)
