"""An executed notebook as one HTML file that needs nothing else: no network, no code, no other file.

Only the scripts that are ours may run, named by their hashes in the page's security policy: markup
that a stranger's caption or a notebook's own output might smuggle in stays dead even if it got through.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ..display import theme
from ..display.escaping import plain
from ..display.numbers import instant
from ..whole_files import write_whole
from .engine import Execution
from .markdown import Contents, rendered

_TEMPLATES = Path(__file__).parent / "templates"
_LONGEST_SHOWN = 4_000
_PRIORITY = [
    theme.MIME,
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "text/plain",
]


@dataclass(frozen=True)
class Link:
    """A page of the same set."""

    title: str
    file: str
    name: str


@dataclass(frozen=True, kw_only=True)
class About:
    """What a page says of itself, besides what its notebook found."""

    name: str
    title: str
    period: str
    """The period spelled out: Week 40, 29 Sep to 5 Oct 2025."""
    scope: str = ""
    """Whom the page is about, where not everybody: Client acme."""
    version: int
    as_of: datetime
    parameters: Mapping[str, Any] = field(default_factory=dict)
    pages: Sequence[Link] = ()
    owner: str = ""
    """Whom to ask where the page could not be made."""
    facts: Sequence[str] = ()
    """Lines on how fresh and whole the data are."""
    unfinished: str = ""
    """That the data end before the period does."""
    stale: str = ""
    """Why the data are too old to be taken for new."""
    made: str = ""
    """When and how long: the only line that differs between two runs on the same data."""


def page(execution: Execution, about: About, *, bundle: str, pictures: Sequence[bytes] = ()) -> str:
    """The page of an executed notebook; of one that failed, a page that says so and why.

    `bundle` is the chart library (see `chart_library`); `pictures` a small PNG for each of `charts_in` its notebook,
    which stands in a chart's place where no script runs.
    """
    contents = Contents()
    body = "" if execution.failure else _body(execution.notebook, contents, pictures)
    scripts = [_text("tables.js")] if "<table" in body else []
    if contents.charts:
        scripts += [bundle, *([_text("controls.js")] if contents.sliders else []), _text("report.js")]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            about=about,
            as_of=instant(about.as_of),
            failure=execution.failure,
            body=body,
            sections=contents.sections,
            styles=theme.stylesheet() + _text("report.css"),
            scripts=scripts,
            policy=policy(scripts),
            chart_styles=in_script(
                {s: theme.config(dark=s == "dark", background="transparent") for s in ("light", "dark")}
            )
            if contents.charts
            else "",
        )
    )


def chart_library(cache_folder: Path) -> str:
    """Vega, Vega-Lite and Vega-Embed in one script. Made once (1.5 s) and kept in `cache_folder`."""
    import vl_convert

    file = cache_folder / f"vega-{installed('vl-convert-python')}.js"
    if file.is_file() and (kept := file.read_text(encoding="utf-8")).endswith("/* whole */"):
        return kept
    bundle = str(vl_convert.javascript_bundle(snippet=None))  # type: ignore[arg-type]  # its stub is wrong
    # The text of a script element ends at this string wherever it stands, also inside quotes.
    made = bundle.replace("</script", "<\\/script") + "/* whole */"
    cache_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(file, made)
    return made


def policy(scripts: Sequence[str]) -> str:
    """The page's Content-Security-Policy: nothing from anywhere, and no script but these."""
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts]
    allowed = " ".join(hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
    )


def in_script(value: Any) -> str:
    """JSON that can stand in a script element: no `<`, so that nothing in it ends the element."""
    text = json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str, sort_keys=True
    )
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def charts_in(notebook: Any) -> list[Mapping[str, Any]]:
    """The specifications of a notebook's charts, in the order in which its page draws them."""
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    return [o["data"][theme.MIME] for o in outputs if theme.MIME in o.get("data", {})]


def _body(notebook: Any, contents: Contents, pictures: Sequence[bytes]) -> str:
    if not hasattr(_THREAD, "exporter"):
        _THREAD.exporter = _exporter()
    exporter = _THREAD.exporter
    exporter.register_filter("markdown", lambda source: rendered(source, contents))
    exporter.register_filter("strange_markdown", lambda source: rendered(source, None))
    exporter.register_filter("chart", lambda spec: _chart(spec, contents, pictures))
    exporter.register_filter(
        "is_style",
        lambda output: output.get("metadata", {}).get("workbench") == "style",
    )
    body, _ = exporter.from_notebook_node(notebook)
    return str(body)


def _chart(spec: Mapping[str, Any], contents: Contents, pictures: Sequence[bytes]) -> str:
    """A place for a chart, with its specification beside it as data.

    The title becomes text of the page: it wraps on a phone and is read aloud, which one that is drawn
    can't. The address of the schema goes too: with it a page would hold an address.
    """
    picture = pictures[contents.charts] if contents.charts < len(pictures) else b""
    contents.charts += 1
    drawn = {k: v for k, v in spec.items() if k not in ("$schema", "title")}
    heads = spec.get("title") or {}
    heads = heads if isinstance(heads, dict) else {"text": heads}
    title, subtitle = (_joined(heads.get(k)) for k in ("text", "subtitle"))
    words = _joined(spec.get("description")) or title or "Chart"
    caption = f"<strong>{html.escape(title)}</strong>" if title else ""
    caption += f"<span>{html.escape(subtitle)}</span>" if subtitle else ""
    bound = any("bind" in p for p in spec.get("params", ()))
    contents.sliders |= bound
    controls = '<div class="controls"></div>' if bound else ""
    return (
        f'<figure class="chart{" with-controls" if controls else ""}">'
        f"{f'<figcaption>{caption}</figcaption>' if caption else ''}{controls}"
        f'<div class="drawing" role="img" aria-label="{html.escape(words, quote=True)}"></div>'
        f"<noscript>{_still(picture, words)}</noscript>"
        f'<script type="application/json">{in_script(drawn)}</script></figure>'
    )


def _still(picture: bytes, words: str) -> str:
    """What stands for a chart where no script runs."""
    if not picture:
        return f"<p>{html.escape(words)}</p>"
    data = base64.b64encode(picture).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="{html.escape(words, quote=True)}">'


def _joined(text: Any) -> str:
    return " ".join(map(str, text)) if isinstance(text, list) else str(text or "")


_THREAD = threading.local()
"""Its exporter: each page gives it filters of its own, and its templates are compiled once a thread."""


def _exporter() -> Any:
    from nbconvert.exporters.templateexporter import TemplateExporter
    from traitlets.config import Config

    # Not HTMLExporter: it parses the page again to put in attributes, and brings JupyterLab's styles.
    return TemplateExporter(  # type: ignore[no-untyped-call]
        template_name="notebook",
        extra_template_basedirs=[str(_TEMPLATES)],
        template_file="index.html.j2",
        config=Config({"NbConvertBase": {"display_data_priority": _PRIORITY}}),
    )


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
    )


def _shown(value: Any) -> Any:
    """What stands in a template for a value: text without characters that turn or hide others, whoever wrote it."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return plain(value, longest=_LONGEST_SHOWN) if is_text else value


@cache
def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def document(template: str, *, also: str = "", scripts: Sequence[str] = (), **values: Any) -> str:
    """A page without charts, such as the index, in the same clothes; `also` names styles of its own."""
    styles = theme.stylesheet() + _text("report.css") + (_text(also) if also else "")
    ours = [_text(name) for name in scripts]
    return (
        _environment()
        .get_template(template)
        .render(styles=styles, scripts=ours, policy=policy(ours), **values)
    )


def without_home(text: str, home: Path) -> str:
    """An error's text without the folders of the machine it was made on."""
    for folder, name in ((str(home), "(home)"), (os.path.expanduser("~"), "~")):
        if len(folder) > 1:
            text = text.replace(folder, name)
    return text
