"""Where a text names a person: by @name, by a whole word, by an id; and the text without it.

A name is a whole word of the letters that names are made of (letters, digits, `_`, `.`, `-`), so that @anna is not in
@annabelle, @anna_b or @anna.b. What is as short as other words are (`SHORTEST`) counts only after an @ and as the id
`platform:name`. Names of several words, or of other signs, end where letters and digits do. An accent is the same
written as one sign or as two (NFC).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

ERASED = "[erased]"
SHORTEST = 4
"""Letters from which a name counts without an @."""
SHORTEST_NUMBER = 7
"""Digits from which a number is taken for the id that it equals."""

_WORD = re.compile(r"\\[nrtbf]|((?:@|%40)?)([\w.\-]+)", re.IGNORECASE)
_DIGITS = re.compile(rf"\d{{{SHORTEST_NUMBER},}}")
_RUNS = re.compile(r"[^\W_]+")
_FEW = 200
_ENDING = (
    r"\.(?:jpe?g|png|webp|gif|heic|mp4|mov|csv|json|ndjson|jsonl|gz|zip|db|sqlite|xlsx|parquet|html|ipynb|pdf|txt|md|"
    "toml)"
)
_ENDINGS = re.compile(f"{_ENDING}$")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPES = re.compile(r"\\[nrtbf]|%40", re.IGNORECASE)
"""What stands right before a word in JSON and in addresses, and reads like letters of it."""
_SPELLED = {'"': r'(?:\\*"|"")', "\\": r"\\+", "/": r"\\?/"}
"""Signs that JSON and CSV write otherwise."""


def normalized(text: str) -> str:
    """A text as it is compared: an accent and its letter are one sign."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def is_plain(word: str) -> bool:
    """Whether a word counts wherever it stands."""
    return len(word) >= (SHORTEST_NUMBER if word.isdigit() else SHORTEST)


@dataclass(frozen=True)
class Traces:
    """What a person is named by. All in lower case."""

    words: frozenset[str] = frozenset()
    """Names and ids that count as whole words."""
    handles: frozenset[str] = frozenset()
    """Names that count after an @ only."""
    phrases: tuple[str, ...] = ()
    """Names of several words or odd signs, and ids with their platform; with an @ in front those that need it."""

    def __bool__(self) -> bool:
        return bool(self.words or self.handles or self.phrases)

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        ids: Iterable[str] = (),
        called: Iterable[str] = (),
        *,
        platform: str = "",
        keep_words: bool = False,
    ) -> Traces:
        """From names of accounts, ids, and what people are called (which counts from eight letters on).

        `keep_words`: a name is an ordinary word too, and counts after an @ only.
        """
        words, handles, phrases = set(), set(), set()
        for name in names:
            name = normalized(name).lower()
            whole = re.fullmatch(r"[\w.\-]+", name) is not None
            if whole:
                handles.add(name)
                if is_plain(name) and not keep_words:
                    words.add(name.strip(".-"))
            else:
                phrases.add(f"@{name}" if keep_words or len(name) < SHORTEST else name)
            if platform and name not in words:
                phrases.add(f"{platform}:{name}")
        for each in ids:
            each = normalized(each).lower()
            if re.fullmatch(r"[\w.\-]+", each):
                if is_plain(each):
                    words.add(each.strip(".-"))
            elif len(each) >= SHORTEST:
                phrases.add(each)
            if platform and each not in words:
                phrases.add(f"{platform}:{each}")
        for each in called:
            each = " ".join(normalized(each).lower().split())
            if len(each) >= 8 and not (keep_words and " " not in each):
                (words if re.fullmatch(r"[\w.\-]+", each) else phrases).add(each)
        return cls(frozenset(words), frozenset(handles), tuple(sorted(phrases, key=lambda p: (-len(p), p))))

    def __or__(self, other: Traces) -> Traces:
        phrases = sorted({*self.phrases, *other.phrases}, key=lambda p: (-len(p), p))
        return Traces(self.words | other.words, self.handles | other.handles, tuple(phrases))

    def struck(self, text: str, *, loose: bool = False) -> str:
        """The text with `[erased]` for the person. `loose`: of a file's name, in which names are parts of words."""
        was = now = normalized(text)
        for pattern in self._phrases:
            now = pattern.sub(ERASED, now)
        now = _WORD.sub(self._replaced, now)
        if loose and self._loose:
            now = self._loose.sub(ERASED, now)
        return text if now == was else now

    def named(self, text: str, *, loose: bool = False) -> bool:
        """Whether a text names the person."""
        return self._is_near(normalized(text).lower()) and self.struck(text, loose=loose) != text

    def named_anyhow(self, text: str) -> bool:
        """Whether a text names the person as it stands, or escaped as HTML, as JSON or in an address."""
        if self.named(text):
            return True
        others = set()
        if "&" in text:
            others.add(html.unescape(text))
        if "%" in text:
            others.add(unquote(text))
        if "\\u" in text:
            said = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)  # signs of two halves among them
            others.add(said.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        return any(self.named(other) for other in others if other != text)

    @cached_property
    def keys(self) -> tuple[frozenset[str], frozenset[str]]:
        """What to look for before a closer look, for any number of names.

        Of each name the longest run of letters and digits, which stands alone wherever the name does; and names that
        have none.
        """
        runs, odd = set(), set()
        for name in (*self.words, *self.handles, *self.phrases):
            parts = _RUNS.findall(name)
            if parts:
                runs.add(max(parts, key=len))
            else:
                odd.add(name.lstrip("@").split()[0] if name.lstrip("@").split() else name)
        return frozenset(runs), frozenset(odd)

    def _is_near(self, lower: str) -> bool:
        """Whether a closer look is worth while."""
        runs, odd = self.keys
        if any(name in lower for name in odd):
            return True
        if len(runs) <= _FEW:
            return any(run in lower for run in runs)
        if not runs.isdisjoint(_DIGITS.findall(lower)):
            return True
        return not runs.isdisjoint(_RUNS.findall(_ESCAPES.sub(" ", lower)))

    @cached_property
    def _phrases(self) -> list[re.Pattern[str]]:
        """Of ids with their platform, after which a dot goes on with the name; and of all others."""
        whole = [p for p in self.phrases if re.fullmatch(r"\w+:[\w.\-]+", p)]
        free = [p for p in self.phrases if p not in set(whole)]
        found = []
        for phrases, before, after in (
            (whole, r"(?<!\w)", rf"(?![\w\-]|\.(?!{_ENDING[2:]}(?![\w.\-]))\w)"),
            (free, r"", r"(?![^\W_]|-\w)"),
        ):
            if phrases:
                spelled = "|".join(map(_spelled, phrases))
                found.append(re.compile(rf"{before}(?:@|%40)?(?:{spelled}){after}", re.IGNORECASE))
        return found

    @cached_property
    def _loose(self) -> re.Pattern[str] | None:
        """Long names, wherever no letter or digit is beside them."""
        long = sorted((w for w in self.words if len(w) >= 6), key=len, reverse=True)
        if not long:
            return None
        return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, long))})(?![^\W_])", re.IGNORECASE)

    def _replaced(self, match: re.Match[str]) -> str:
        at, word = match[1], match[2]
        if word is None:
            return match[0]
        core = word.strip(".-").lower()
        start = word.lower().find(core)
        tail = word[start + len(core) :]
        ending = _ENDINGS.search(core)
        for name, end in (
            (core, ""),
            (core[: ending.start()], core[ending.start() :]) if ending else (core, ""),
        ):
            if name in self.words or (at and name in self.handles):
                return f"{word[:start]}{ERASED}{end}{tail}"
        if self.words and (numbers := _DIGITS.findall(core)):
            found = [n for n in numbers if n in self.words]
            for number in found:
                word = word.replace(number, ERASED)
            if found:
                return at + word
        return match[0]


def _spelled(phrase: str) -> str:
    """A pattern of a name of several words; letters and digits right before it make it another's."""
    at, rest = phrase.startswith("@"), phrase.removeprefix("@")
    words = r"\s+".join("".join(_SPELLED.get(c, re.escape(c)) for c in word) for word in rest.split())
    return rf"(?:@|%40){words}" if at else rf"(?:(?<![^\W_])|(?<=%40)|(?<=\\[nrtbf])){words}"
