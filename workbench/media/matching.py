"""Which file shows which slide: by a mapping, else by its path; never by a guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis

from .finding import Found, resolved
from .mapping import Mapped
from .naming import Claim, claim, post_ids_of

Slide = tuple[str, int]
"""post_id and slide_index."""

_OR_MAP = "or name it in a mapping (--mapping)"


@dataclass(frozen=True)
class Refused:
    """A file, or a row of a mapping, that is left out."""

    path: str
    reason: str


@dataclass(frozen=True)
class Matched:
    shown: Mapping[Path, Sequence[Slide]]
    """File -> the slides that show it; mostly one."""
    refused: Sequence[Refused]
    n_ignored: int
    """Files that are no pictures by their name, and that no mapping names."""
    n_new_posts: int = 0
    """Posts that are not known, and that a mapping names all the same."""


def match(
    files: Sequence[Found],
    posts: ibis.Table | None,
    *,
    mapped: Sequence[Mapped] = (),
    mapping_folder: Path | None = None,
) -> Matched:
    """Match files to slides.

    Parameters
    ----------
    posts
        The posts that are known: post_id, slide_count. None where there is no warehouse yet.
    mapped
        Rows of a mapping, whose files lie in `mapping_folder` unless their path is absolute. What it says counts for
        the files it names, and a post that it names whole need not be known yet.
    """
    claims = {found.path: claim(found.named) for found in files if found.is_picture}
    wanted = {post for said in claims.values() if said for post in said.post_ids}
    for row in mapped:
        wanted |= {row.post} if row.is_explicit else post_ids_of(row.post)
    known = _known(posts, {post for post in wanted if post.isprintable()})  # a name of a file may be no text
    given = {found.path: found for found in files}
    shown: defaultdict[Path, list[Slide]] = defaultdict(list)
    refused: list[Refused] = []
    named: set[Path] = set()
    for row in mapped:
        path = resolved((mapping_folder or Path()) / row.file) or Path(row.file)
        named.add(path)
        post, reason = _of_row(row, known)
        if path not in given:
            reason = "is none of the files that were given: give its folder too, or mend its path"
        reason = reason or given[path].refused
        if reason:
            refused.append(Refused(str(path), f"{reason} (line {row.line} of the mapping)"))
        elif (post, row.slide_index) not in shown[path]:
            shown[path].append((post, row.slide_index))
    by_name = {path: said for path, said in claims.items() if path not in named}
    from_zero = {said.post_ids for said in by_name.values() if said and said.slide_index == 0}
    for path, said in by_name.items():
        reason = given[path].refused or _why_not(said, known, from_zero)
        if reason:
            refused.append(Refused(str(path), reason))
        elif said:
            shown[path].append((next(post for post in said.post_ids if post in known), said.slide_index))
    refused += _without_rivals(shown)
    n_ignored = sum(not found.is_picture and found.path not in named for found in files)
    n_new = len({post for slides in shown.values() for post, _ in slides} - set(known))
    return Matched({path: slides for path, slides in shown.items() if slides}, refused, n_ignored, n_new)


def _known(posts: ibis.Table | None, wanted: Collection[str]) -> dict[str, int | None]:
    """Those of the posts that are known, with their number of slides where that is known."""
    if posts is None or not wanted:
        return {}
    asked = ibis.memtable({"post_id": sorted(wanted)}, schema={"post_id": "string"})
    found = posts.select("post_id", "slide_count").semi_join(asked, "post_id").to_pyarrow()
    return dict(zip(found["post_id"].to_pylist(), found["slide_count"].to_pylist(), strict=True))


def _of_row(row: Mapped, known: Mapping[str, int | None]) -> tuple[str, str | None]:
    """The post of a row, or why it can't be told."""
    if row.is_explicit:
        return row.post, None
    found = sorted(post_ids_of(row.post) & set(known))
    if len(found) == 1:
        return found[0], None
    if found:
        return "", f"post {row.post} may be {' or '.join(found)}: write the one that is meant"
    return "", f"no post {row.post} is known: write it with its platform, such as tiktok:{row.post}"


def _why_not(
    said: Claim | None, known: Mapping[str, int | None], from_zero: Collection[frozenset[str]]
) -> str | None:
    if said is None:
        return f"its path holds no number of a slide: call it POST_3.jpg or POST/3.jpg, {_OR_MAP}"
    found = sorted(post for post in said.post_ids if post in known)
    if not found:
        return f"no post '{said.written}' is known: import the post first, {_OR_MAP}"
    if len(found) > 1:
        return f"'{said.written}' may be {' or '.join(found)}: put it into a folder of the platform's name, {_OR_MAP}"
    if said.post_ids in from_zero:
        return (
            f"the files of {found[0]} are numbered from 0, so each may be the slide before or after: number them "
            f"from 1, {_OR_MAP}"
        )
    n = known[found[0]]
    if n is not None and said.slide_index > n:
        return f"{found[0]} has no slide {said.slide_index}, its slides are {n}: mend the number, {_OR_MAP}"
    return None


def _without_rivals(shown: dict[Path, list[Slide]]) -> list[Refused]:
    """Take out files that want to be the same slide; each is refused."""
    files = defaultdict(list)
    for path, slides in shown.items():
        for slide in slides:
            files[slide].append(path)
    refused = []
    for (post, place), paths in files.items():
        for path in paths if len(paths) > 1 else ():
            others = ", ".join(str(other) for other in paths if other != path)
            refused.append(
                Refused(
                    str(path), f"would be slide {place} of {post}, and so would {others}: keep one of them"
                )
            )
            shown[path].remove((post, place))
    return refused
