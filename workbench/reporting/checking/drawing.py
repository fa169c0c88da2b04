"""The page of a checked notebook: how large it is, what it would load, and whether its charts are drawn."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from ...display import theme
from ...whole_files import write_whole
from ..chromium import surroundings, unboxed
from .cells import outputs, place
from .outcome import Check, of

LARGEST = 3_000_000
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_ELSEWHERE = re.compile(r"^\s*(?:https?:|ftp:|wss?:|//)", re.I)
_IN_STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?\s*((?:https?:|//)[^\"')\s;]+)", re.I)
_LOADED = ("src", "srcset", "data", "poster", "background", "xlink:href")
_LINKS = ("a", "area")
_WIDGET = "application/vnd.jupyter.widget-view+json"


def size(page: str, notebook: Any) -> Check:
    """Small enough for a mail, a phone, and a reader who waits."""
    n = len(page.encode())
    if n <= LARGEST:
        return Check("size", "ok", f"{n / 1e6:.1f} MB of at most {LARGEST / 1e6:.0f}")
    sizes = [(len(json.dumps(_on_page(o))), c) for c, o in outputs(notebook)]
    most, cell = max(sizes, key=lambda each: each[0])
    return Check(
        "size",
        "failed",
        f"{n / 1e6:.1f} MB where {LARGEST / 1e6:.0f} are allowed; {most / 1e6:.1f} MB are of {place(notebook, cell)}.",
        "Show fewer rows (limit=50), and aggregate before you draw: a chart holds every row that it is given.",
    )


def _on_page(output: Any) -> Any:
    data = output.get("data", {})
    return data.get(theme.MIME) or data.get("text/html") or data or output.get("text", "")


def addresses(page: str, notebook: Any) -> list[str]:
    """Addresses that a page, or a chart on it, would load something from. Links to follow are none."""
    reader = _Loads()
    reader.feed(page)
    charts = [u for _, o in outputs(notebook) for u in _urls(o.get("data", {}).get(theme.MIME))]
    found = [*reader.found, *charts]
    return list(dict.fromkeys(a.strip()[:80] for a in found if _ELSEWHERE.match(a)))


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (name in _LOADED or (name == "href" and tag not in _LINKS)):
                parts = value.split(",") if name == "srcset" else [value]
                self.found += [part.strip().split(" ")[0] for part in parts]
            elif value and name == "style":
                self.found += _IN_STYLE.findall(value)

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            self.found += _IN_STYLE.findall(data)


def _urls(spec: Any) -> Iterator[str]:
    """What a chart's specification has for `url`, but not in the rows that it draws."""
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key == "url" and isinstance(value, str):
                yield value
            elif key not in ("values", "datasets", "usermeta"):
                yield from _urls(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from _urls(value)


def charts(
    page: str, notebook: Any, folder: Path, loading: Sequence[str] = (), *, quick: bool = False
) -> Check:
    """Every chart of the notebook is drawn on its page, and the browser has nothing to complain about."""
    ours, foreign = 0, []
    for cell, output in outputs(notebook):
        data = output.get("data", {})
        if theme.MIME in data:
            ours += 1
        elif (kind := _foreign(data)) is not None:
            foreign.append(
                (
                    f"{_capital(place(notebook, cell))} shows {kind}, which no page draws.",
                    "Call display.enable() first, and make charts with Altair or display.charts.",
                )
            )
    if foreign:
        return of("charts", foreign, "")
    counted = f"{ours or 'no'} chart{'' if ours == 1 else 's'}"
    if quick or (browser := next(filter(None, map(shutil.which, _BROWSERS)), None)) is None:
        why = (
            "--quick leaves the browser out" if quick else "there is no Chromium or Chrome here to look with"
        )
        todo = "" if quick or not ours else "Look at the page yourself: workbench report --only NAME."
        return Check("charts", "ok" if quick or not ours else "advice", f"{counted}; {why}", todo)
    return _looked_at(browser, page, ours, counted, folder, loading)


def _looked_at(
    browser: str, page: str, ours: int, counted: str, folder: Path, loading: Sequence[str]
) -> Check:
    file = folder / "page.html"
    write_whole(file, page)
    try:
        document, console = opened(browser, file, folder / "profile")
    except (subprocess.SubprocessError, OSError) as e:
        return Check("charts", "advice", f"{counted}; the browser did not open the page ({type(e).__name__})")
    drawn, failed = document.count('data-drawn="'), re.findall(r'data-failed="([^"]*)"', document)
    problems = [(f"A chart can't be drawn: {why}.", "Mend that chart.") for why in failed]
    if drawn != ours and not failed:
        problems.append(
            (f"{drawn} of {counted} are drawn.", "Take the charts away one by one to find which.")
        )
    # What a page would load is told under network. That it was refused, and what went wrong then, needs no line here.
    if not loading and not failed:
        problems += [(f"The browser says: {said}", "See to it.") for said in console[:2]]
    return of("charts", problems, f"{counted} drawn, and the browser complains of nothing")


def opened(browser: str, page: Path, profile: Path) -> tuple[str, list[str]]:
    """A page after its scripts have run, without a network, and what the console said."""
    done = subprocess.run(
        [
            *(browser, "--headless", *unboxed(), "--disable-gpu", "--no-first-run", "--disable-sync"),
            *("--disable-background-networking", "--disable-component-update", "--disable-quic"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr"),
            *("--virtual-time-budget=20000", f"--user-data-dir={profile}", "--dump-dom", page.as_uri()),
        ],
        env=surroundings(profile),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=180,
        check=True,
    )
    said = [re.search(r'CONSOLE[^"]*"(.*)", source', line) for line in done.stderr.splitlines()]
    return done.stdout, [m[1][:300] for m in said if m]


def _foreign(data: Any) -> str | None:
    """What in an output isn't shown on a page as in JupyterLab; None where all is."""
    if _WIDGET in data:
        return "a widget"
    vega = next((k for k in data if k.startswith("application/vnd.vega")), None)
    markup = data.get("text/html", "")
    if vega or "vegaEmbed(" in markup or "altair-viz-" in markup:
        return "a chart as Altair draws it without us"
    if "application/vnd.plotly.v1+json" in data or "Plotly.newPlot" in markup:
        return "a chart of Plotly"
    if re.search(r"<script\b", markup, re.I) and theme.MIME not in data:
        return "a script"
    return None


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
