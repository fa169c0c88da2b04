"""Pages as PDF, printed by a headless Chromium where there is one."""

from __future__ import annotations

import base64
import html
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .chromium import Browser, ChromiumError, address_of, browser, find_chromium
from .spreadsheet import write_bytes

FOLDER = "pdf"
NO_CHROMIUM = (
    "No PDF was made: there is no Chromium, Chrome or Edge on the PATH. Install one (Debian: `apt install chromium`), "
    'or name it: chromium = "/path/to/chrome" in workbench.toml. Any browser prints a page to PDF by hand.'
)
_SECONDS = 120.0
_READY = (
    "document.readyState === 'complete' && "
    "(!document.getElementById('chart-styles') || document.documentElement.dataset.ready === 'yes')"
)
# What leads to a file beside the page leads nowhere from a PDF, and would name the folder that it was printed in.
_LINKS = (
    "for (const a of document.querySelectorAll('a[href]')) "
    "if (!/^(https?:|#)/.test(a.getAttribute('href'))) a.removeAttribute('href')"
)
# A picture that waits to be scrolled to would be missing on paper.
_PICTURES = (
    "Promise.all([...document.images].map((i) => { i.loading = 'eager'; return i.decode().catch(() => 0); }))"
)
_NOT_DRAWN = "document.querySelectorAll('[data-failed]').length"
_FOOT = (
    '<div style="width: 100%; margin: 0 16mm; font: 7.5pt system-ui, sans-serif; color: #556270; display: flex; '
    'justify-content: space-between"><span>{title}</span><span><span class="pageNumber"></span> of '
    '<span class="totalPages"></span></span></div>'
)
_DATES = re.compile(rb"/(CreationDate|ModDate) \(D:[^)]*\)")


@dataclass(frozen=True)
class Printed:
    """What was printed, and what was not."""

    files: tuple[Path, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    """Why a page could not be printed, by its name."""
    note: str = ""
    """Why nothing was: there is no Chromium."""
    seconds: float = field(default=0.0, compare=False)

    def as_manifest(self) -> dict[str, Any]:
        """What a manifest says of it, the time left out."""
        return {
            "files": [f"{FOLDER}/{f.name}" for f in self.files],
            "failed": dict(self.failed),
            **({"note": self.note} if self.note else {}),
        }


def clear_pdfs(folder: Path, names: Sequence[str]) -> None:
    """Remove what was printed of earlier versions of these pages."""
    for name in names:
        (folder / FOLDER / f"{name}.pdf").unlink(missing_ok=True)


def write_pdfs(
    folder: Path, names: Sequence[str], *, chromium: str = "", timeout: float = _SECONDS
) -> Printed:
    """Print pages of a set's folder into its `pdf/`.

    `names` are those of the pages, without `.html`; `chromium` is the setting of that name. Each page has `timeout`
    seconds. The same page gives the same bytes by the same Chromium and fonts: the dates of printing are left out.
    """
    program = find_chromium(chromium)
    if program is None:
        return Printed(note=NO_CHROMIUM)
    started = time.monotonic()
    files: list[Path] = []
    failed: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        try:
            with browser(program, timeout=timeout) as running:
                while waiting:
                    name = waiting.pop(0)
                    files.append(_write_pdf(running, folder, name))
        except ChromiumError as e:
            # The next page gets a new browser: of this one nobody knows what state it is in.
            failed[name] = str(e)
    return Printed(tuple(files), failed, seconds=time.monotonic() - started)


def _write_pdf(running: Browser, folder: Path, name: str) -> Path:
    content = printed(running, folder / f"{name}.html")
    file = folder / FOLDER / f"{name}.pdf"
    file.parent.mkdir(exist_ok=True, mode=0o700)
    write_bytes(file, content)
    return file


def printed(running: Browser, page: Path) -> bytes:
    """One page as PDF on A4, all its charts drawn, with an outline, tags for screen readers and numbered pages."""
    with running.tab(address_of(page)) as tab:
        tab.wait(_READY)
        if missing := tab.value(_NOT_DRAWN):
            raise ChromiumError(f"{missing} of its charts could not be drawn")
        tab.value(_LINKS)
        tab.value(_PICTURES)
        title = str(tab.value("document.title"))
        said = tab.call(
            "Page.printToPDF",
            {
                "printBackground": True,
                "preferCSSPageSize": True,
                "displayHeaderFooter": True,
                "headerTemplate": "<span></span>",
                "footerTemplate": _FOOT.format(title=html.escape(title)),
                "generateTaggedPDF": True,
                "generateDocumentOutline": True,
            },
        )
    return without_dates(base64.b64decode(said["data"]))


def without_dates(pdf: bytes) -> bytes:
    """A PDF that does not say when it was printed; nothing in it moves."""
    return _DATES.sub(
        lambda found: b"/" + found[1] + b" (" + b" " * (len(found[0]) - len(found[1]) - 4) + b")", pdf
    )
