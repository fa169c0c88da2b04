"""Where a text names a person: by @name, by a whole word, by an id; and the text without it.

A name is a whole word of the letters that names are made of (letters, digits, `_`, `.`, `-`), so that @anna is not in
@annabelle, @anna_b or @anna.b. What is as short as other words are (`SHORTEST`) counts only after an @ and as the id
`platform:name`.
"""

from __future__ import annotations

import html
import re
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
_PLAIN = re.compile(r"\w+(?:-+\w+)*")
_FEW = 200
_ENDINGS = re.compile(
    r"\.(?:jpe?g|png|webp|gif|heic|mp4|mov|csv|json|ndjson|jsonl|gz|zip|db|sqlite|xlsx|parquet|html|ipynb|pdf|txt|md|toml)$"
)
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


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
    """Names of several words, and ids with their platform."""

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
            name = name.lower()
            whole = re.fullmatch(r"[\w.\-]+", name) is not None
            if whole:
                handles.add(name)
                if is_plain(name) and not keep_words:
                    words.add(name.strip(".-"))
            elif len(name) >= SHORTEST:
                phrases.add(name)
            if platform and name not in words:
                phrases.add(f"{platform}:{name}")
        for each in ids:
            each = each.lower()
            if re.fullmatch(r"[\w.\-]+", each):
                if is_plain(each):
                    words.add(each.strip(".-"))
            elif len(each) >= SHORTEST:
                phrases.add(each)
            if platform and each not in words:
                phrases.add(f"{platform}:{each}")
        for each in called:
            each = " ".join(each.lower().split())
            if len(each) >= 8 and not (keep_words and " " not in each):
                (words if re.fullmatch(r"[\w.\-]+", each) else phrases).add(each)
        return cls(frozenset(words), frozenset(handles), tuple(sorted(phrases, key=lambda p: (-len(p), p))))

    def __or__(self, other: Traces) -> Traces:
        phrases = sorted({*self.phrases, *other.phrases}, key=lambda p: (-len(p), p))
        return Traces(self.words | other.words, self.handles | other.handles, tuple(phrases))

    def struck(self, text: str, *, loose: bool = False) -> str:
        """The text with `[erased]` for the person. `loose`: of a file's name, in which names are parts of words."""
        if self._phrases:
            text = self._phrases.sub(ERASED, text)
        text = _WORD.sub(self._replaced, text)
        if loose and self._loose:
            text = self._loose.sub(ERASED, text)
        return text

    def named(self, text: str, *, loose: bool = False) -> bool:
        """Whether a text names the person."""
        return self._is_near(text.lower()) and self.struck(text, loose=loose) != text

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
            others.add(_ESCAPED.sub(lambda m: chr(int(m[1], 16)), text))
        return any(self.named(other) for other in others if other != text)

    def _is_near(self, lower: str) -> bool:
        """Whether a closer look is worth while: a name is somewhere in the text, maybe inside another."""
        if any(name in lower for name in self._few) or (
            self._many and not self._many.isdisjoint(_PLAIN.findall(lower))
        ):
            return True
        return bool(self._numbers) and not self._numbers.isdisjoint(_DIGITS.findall(lower))

    @cached_property
    def _few(self) -> list[str]:
        """What is looked for one by one."""
        names = [w for w in self.words if not w.isdigit()]
        few = [n for n in names if "." in n] if len(names) > _FEW else names
        return [*few, *self.handles, *(p.split()[0] for p in self.phrases if p.split())]

    @cached_property
    def _many(self) -> frozenset[str]:
        names = frozenset(w for w in self.words if not w.isdigit())
        return names if len(names) > _FEW else frozenset()

    @cached_property
    def _numbers(self) -> frozenset[str]:
        return frozenset(w for w in self.words if w.isdigit())

    @cached_property
    def _phrases(self) -> re.Pattern[str] | None:
        if not self.phrases:
            return None
        spelled = "|".join(r"\s+".join(map(re.escape, p.split())) for p in self.phrases)
        return re.compile(rf"(?<![\w@])(?:{spelled})(?![\w\-]|\.\w)", re.IGNORECASE)

    @cached_property
    def _loose(self) -> re.Pattern[str] | None:
        """Long names, wherever no letter or digit is beside them."""
        long = sorted((w for w in self.words if len(w) >= 6), key=len, reverse=True)[:200]
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
