"""A set as a mail: a summary that needs no script and no network, and the pages attached or linked to.

multipart/mixed: multipart/alternative (text, and HTML with its pictures) and the zip of the pages.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import quote

from ...display.escaping import address as web_address
from ...display.escaping import plain
from ...display.numbers import counted, instant
from ...errors import UsageError
from ..chart_files import static_pictures
from ..page import document
from .digest import Chart, PageDigest, digest
from .sets import ReportSet
from .shelf import bundled

MOST_BYTES = 1_000_000
"""Of the summary with its pictures, as it is sent."""
_MOST_PAGES, _MOST_CHARTS = (40, 20, 10, 5, 2, 1), 8
"""Pages told of: as many as there is room for."""
_LONGEST_TOLD = 400
_WIDTH = 622
"""Of the mail's column, in CSS pixels."""
_FIRST, _OTHERS = 8, 4
"""Figures and sentences shown of the first page, and of each other one."""


@dataclass(frozen=True)
class Picture:
    """A PNG, and how large it is to be shown."""

    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Shown:
    """What a mail says of one page."""

    page: PageDigest
    link: str
    sentences: Sequence[str]
    charts: Sequence[tuple[Chart, Picture, str]]
    """With the id by which the mail's HTML names the picture."""


@dataclass(frozen=True)
class Mail:
    """A set, ready to be addressed to one recipient after the other."""

    subject: str
    text: str
    html: str
    pictures: Sequence[tuple[str, Picture]]
    attachment: bytes | None
    attachment_name: str
    told: Sequence[str] = field(default=())
    """What the sender should know: why nothing is attached."""

    @property
    def n_summary_bytes(self) -> int:
        """The summary with its pictures, as it is sent."""
        return len(_addressed(self, None, "", "", None).as_bytes())

    def to(self, recipient: str, sender: Address, message_id: str, at: datetime | None) -> bytes:
        """The mail to one recipient, as a server takes it."""
        return _addressed(self, sender, recipient, message_id, at, self.attachment).as_bytes()


def mail_of(report: ReportSet, *, link: str = "", attachment_mb: float = 10.0) -> Mail:
    """The mail of a set.

    Parameters
    ----------
    link
        The web address below which published reports are read.
    attachment_mb
        The largest attachment, as it is sent. Where all of the set is larger, only its pages are attached; where they
        are too, nothing is.
    """
    base = _linked(link)
    attachment, told = _attachment(report, attachment_mb, bool(base))
    pages = digest(report)
    for most in _MOST_PAGES:
        shown, pictures = _shown(report, pages[:most], base)
        values = {
            "title": _title(report),
            "as_of": instant(datetime.fromisoformat(report.manifest["warehouse"]["as_of"])),
            "version": report.manifest["warehouse"]["version"],
            "warnings": _warnings(report),
            "pages": shown,
            "n_more": max(0, len(pages) - most),
            "link": shown[0].link if shown else "",
            "attached": attachment is not None,
            "told": told,
        }
        mail = Mail(
            subject=_subject(report),
            text=_text(values),
            html=document("mail.html.j2", **values),
            pictures=pictures,
            attachment=attachment,
            attachment_name=f"report-{re.sub(r'[^A-Za-z0-9._-]+', '-', report.key)}.zip",
            told=told,
        )
        if mail.n_summary_bytes < MOST_BYTES:
            break
    return mail


def message_id(report: ReportSet, recipient: str, sender: Address, n_earlier: int) -> str:
    """The same for the same set, content and recipient, so that a mail that arrives twice can be seen to be one."""
    said = {k: v for k, v in report.manifest.items() if k != "made"}
    digest = hashlib.sha256(f"{report.key}\n{recipient.lower()}\n{n_earlier}\n{said!r}".encode()).hexdigest()
    return f"<{digest[:40]}@{sender.domain}>"


def _title(report: ReportSet) -> str:
    return " · ".join(plain(" ".join(part.split())) for part in (report.name, report.spelled) if part)


def _subject(report: ReportSet) -> str:
    marks = []
    if report.failed:
        marks.append(f"{len(report.failed)} of {counted(len(report.pages), 'page')} not made")
    elif not report.is_whole:
        marks.append("not whole")
    if report.stale:
        marks.append("data too old")
    return (f"[{'; '.join(marks)}] " if marks else "") + f"Report: {_title(report)}"


def _warnings(report: ReportSet) -> list[str]:
    found = []
    if report.failed:
        names = ", ".join(plain(p["title"]) for p in report.failed)
        found.append(
            f"{len(report.failed)} of {counted(len(report.pages), 'page')} could not be made: {names}."
        )
    found += [plain(why, longest=_LONGEST_TOLD) for why in report.stale]
    if report.late:
        found.append(plain(f"Late: {'; '.join(report.late)}.", longest=_LONGEST_TOLD))
    return found


def _linked(link: str) -> str:
    if not link:
        return ""
    if web_address(link) is None:
        raise UsageError(
            f"report_link: {link!r} is no web address. Write one like https://reports.example.com."
        )
    return link.rstrip("/")


def _attachment(report: ReportSet, most_mb: float, linked: bool) -> tuple[bytes | None, list[str]]:
    smallest = 0
    for pages_only in (False, True) if most_mb > 0 else ():
        archive = bundled(report, pages_only=pages_only)
        smallest = round(len(archive) * 4 / 3 * 78 / 76)  # base64, in lines
        if smallest <= most_mb * 1e6:
            told = ["Only the pages are attached; the tables and files around them are too large."]
            return archive, told if pages_only else []
    if linked:
        return None, []
    if not smallest:
        return None, ["The pages are not attached (mail_attachment_mb is 0)."]
    size = f"they are {smallest / 1e6:,.1f} MB, more than {most_mb:g} MB"
    return None, [f"The pages are not attached: {size}. Whoever made them has them."]


def _shown(
    report: ReportSet, pages: Sequence[PageDigest], base: str
) -> tuple[list[Shown], list[tuple[str, Picture]]]:
    """What is said of each page, with as many charts as there is room for: the first of every page before a second."""
    kept = _said_once(pages)
    drawn: dict[tuple[int, int], Picture] = {}
    room = MOST_BYTES * 0.7  # the rest is text, twice
    asked = [(n, nth) for nth in (0, 1) for n, page in enumerate(kept) if nth < len(page.charts)]
    asked = asked[:_MOST_CHARTS]
    small = static_pictures([kept[n].charts[nth].spec for n, nth in asked])
    for place, png in zip(asked, small, strict=True):
        if png and len(png) * 1.4 <= room:
            room -= len(png) * 1.4
            drawn[place] = _picture(png)
    shown, pictures = [], []
    for n, page in enumerate(kept):
        most = _FIRST if n == 0 else _OTHERS
        charts = [
            (page.charts[i], made, f"chart{m}-{i}@workbench") for (m, i), made in drawn.items() if m == n
        ]
        others = [c.title for i, c in enumerate(page.charts) if (n, i) not in drawn and c.title]
        sentences = [*page.findings, *others][:most]
        page.figures = page.figures[:most]
        page.texts = page.texts[:1] if n == 0 or not sentences else []
        page.warnings = page.warnings[:2]
        link = f"{base}/{quote(report.key)}/{quote(page.file)}" if base else ""
        shown.append(Shown(page, link, sentences, charts))
        pictures += [(cid, made) for _, made, cid in charts]
    return shown, pictures


def _picture(png: bytes) -> Picture:
    """With the size that its head tells, at which it is sharp on screens of twice the density."""
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    shown = min(width, _WIDTH)
    return Picture(png, shown, round(height * shown / width))


def _said_once(pages: Sequence[PageDigest]) -> list[PageDigest]:
    """The pages without the figures and charts that a page before them has too."""
    figures: set[tuple[str, str]] = set()
    charts: set[str] = set()
    kept = []
    for page in pages:
        new = replace(
            page,
            figures=[f for f in page.figures if (f.label, f.value) not in figures],
            charts=[c for c in page.charts if not c.title or c.title not in charts],
        )
        figures |= {(f.label, f.value) for f in new.figures}
        charts |= {c.title for c in new.charts}
        kept.append(new)
    return kept


def _text(values: dict[str, object]) -> str:
    """The mail for whoever reads text only."""
    rows = [str(values["title"]), f"Data as of {values['as_of']}, version {values['version']}", ""]
    rows += [f"! {w}" for w in values["warnings"]]  # type: ignore[attr-defined]
    for one in values["pages"]:  # type: ignore[attr-defined]
        page = one.page
        rows += ["", page.title, "-" * min(60, len(page.title))]
        if page.error:
            rows += [f"This page could not be made: {page.error}"]
        rows += [
            f"{f.label}: {f.value}" + (f" ({'; '.join(f.notes)})" if f.notes else "") for f in page.figures
        ]
        rows += page.texts
        rows += [f"! {w}" for w in page.warnings]
        rows += [f"* {s}" for s in one.sentences]
        rows += [f"* {chart.title}" for chart, _, _ in one.charts if chart.title]
        rows += [one.link] if one.link else []
    rows += ["", *map(str, values["told"])]  # type: ignore[call-overload]
    rows += ["The pages are attached: unpack the zip and open index.html."] if values["attached"] else []
    return "\n".join(rows).strip() + "\n"


def _addressed(
    mail: Mail,
    sender: Address | None,
    recipient: str,
    message_id: str,
    at: datetime | None,
    attachment: bytes | None = None,
) -> EmailMessage:
    whole = EmailMessage(policy=SMTP)
    if sender is not None:
        whole["From"] = sender
        whole["To"] = Address(addr_spec=recipient)
        whole["Subject"] = mail.subject
        whole["Date"] = at
        whole["Message-ID"] = message_id
        whole["Auto-Submitted"] = "auto-generated"
        whole["X-Auto-Response-Suppress"] = "All"
    whole.set_content(mail.text, cte="quoted-printable")
    whole.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    related = whole.get_payload()[1]  # type: ignore[index]
    for cid, made in mail.pictures:
        related.add_related(  # type: ignore[union-attr]
            made.png,
            "image",
            "png",
            cid=f"<{cid}>",
            disposition="inline",
            filename=f"{cid.split('@')[0]}.png",
        )
    if attachment is not None:
        whole.add_attachment(attachment, "application", "zip", filename=mail.attachment_name)
    for n, part in enumerate(p for p in whole.walk() if p.is_multipart()):
        part.set_boundary(f"=_workbench-{n}-{hashlib.sha256(mail.html.encode()).hexdigest()[:24]}")
    return whole
