"""One look for every chart, in a notebook and on a page, by day and by night.

Colours are told apart by people with any of the common colour blindnesses and keep 4.5:1 against
their background where they write, 3:1 where they draw. The page redraws charts with `config(dark=True)`
when its reader's screen is dark, so marks name a *style* here instead of carrying a colour.
"""

from __future__ import annotations

from typing import Any, cast

NAME = "workbench"
MIME = "application/vnd.vegalite.v5+json"
"""JupyterLab and Voila draw this type and nbformat takes it; Altair's own v6 type is neither drawn nor
valid. The specification inside is Vega-Lite 6, which their Vega-Lite 5 draws all the same."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
LIGHT = {
    "ink": "#1b2733",
    "muted": "#556270",
    "line": "#d5dbe1",
    "faint": "#e9edf1",
    "paper": "#ffffff",
    "series": ["#0f6bb3", "#c8500a", "#00806a", "#a9498a", "#8a6400", "#5b5bc4"],
    "ramp": ["#eef4fa", "#b9d5ec", "#6fa9d8", "#2c78b8", "#0b3f70"],
}
DARK = {
    "ink": "#e8edf2",
    "muted": "#a3b0bd",
    "line": "#3d4954",
    "faint": "#2a343d",
    "paper": "#161d24",
    "series": ["#6cb6f5", "#ff9a52", "#45cfac", "#ec9fce", "#e6bd55", "#aaaeff"],
    "ramp": ["#1f2b37", "#1d4a72", "#2a75b3", "#62abe4", "#cbe6ff"],
}


def config(*, dark: bool = False, background: str | None = None) -> dict[str, Any]:
    """Vega-Lite's configuration for a light or a dark background."""
    c: dict[str, Any] = DARK if dark else LIGHT
    accent = c["series"][0]
    return {
        "background": background or c["paper"],
        "font": FONT,
        "view": {"stroke": None, "continuousWidth": 640, "continuousHeight": 280},
        "padding": 4,
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "color": c["ink"],
            "fontSize": 15,
            "fontWeight": 600,
            "lineHeight": 20,
            "subtitleColor": c["muted"],
            "subtitleFontSize": 12.5,
            "subtitleLineHeight": 17,
            "subtitlePadding": 4,
            "offset": 12,
        },
        "axis": {
            "labelColor": c["muted"],
            "titleColor": c["muted"],
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "gridColor": c["faint"],
            "domainColor": c["line"],
            "tickColor": c["line"],
            "labelPadding": 5,
        },
        "axisX": {"grid": False},
        "axisY": {"domain": False, "ticks": False},
        "legend": {
            "labelColor": c["ink"],
            "titleColor": c["muted"],
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "orient": "top",
            "gradientLength": 160,
            "gradientThickness": 10,
        },
        "range": {
            "category": c["series"],
            "ordinal": {"scheme": "blues"},
            "heatmap": c["ramp"],
            "ramp": c["ramp"],
        },
        "mark": {"color": accent},
        "line": {"strokeWidth": 2.2, "strokeJoin": "round"},
        "point": {"filled": True, "size": 46},
        "circle": {"size": 46, "opacity": 0.75},
        "bar": {"cornerRadiusEnd": 2},
        "style": {
            "interval": {"opacity": 0.2, "strokeWidth": 0},
            "whisker": {"strokeWidth": 2, "opacity": 0.55, "color": accent},
            "reference": {"color": c["muted"], "strokeDash": [4, 3], "strokeWidth": 1.2},
            "reference-label": {"color": c["muted"], "fontSize": 11.5},
            "unknown": {"color": c["faint"]},
            "tile-label": {"color": c["muted"], "fontSize": 13},
            "tile-figure": {"color": c["ink"], "fontSize": 25, "fontWeight": 650},
            "tile-note": {"color": c["muted"], "fontSize": 12},
        },
    }


def enable() -> None:
    """Use the theme and the renderer for all charts of this process; in a notebook, style tables too.

    Importing does nothing of the kind: a library must not change how somebody's charts look because
    it was imported.
    """
    import altair as alt

    look: Any = {"config": config()}
    alt.theme.register(NAME, enable=True)(lambda: cast("alt.theme.ThemeConfig", look))
    alt.renderers.register(NAME, render)
    alt.renderers.enable(NAME)
    _style_notebook()


def render(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A chart's outputs: its specification, and its title and description for whoever can't draw it."""
    title = spec.get("title")
    text = title.get("text", "") if isinstance(title, dict) else title
    if isinstance(text, list):
        text = " ".join(text)
    words = [w for w in (text, spec.get("description")) if w]
    return {MIME: spec, "text/plain": "Chart: " + " ".join(words) if words else "Chart"}


def stylesheet() -> str:
    """The CSS of tables, tiles and boxes, the same in a notebook and on a page."""
    from importlib.resources import files

    return (files(__package__) / "display.css").read_text(encoding="utf-8")


def _style_notebook() -> None:
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import display
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None:
        _show_frames_as_data(shell)
        # A page has these styles in its head and leaves this output out by its metadata.
        styles = {"text/html": f"<style>{stylesheet()}</style>", "text/plain": ""}
        display(styles, raw=True, metadata={"workbench": "style"})  # type: ignore[no-untyped-call]


def _show_frames_as_data(shell: Any) -> None:
    """A plain DataFrame of an analyst's own leaves a notebook as data too, beside what pandas makes of it."""

    def data(frame: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from .plain_frames import frame_data

        return frame_data(frame)

    formatter = shell.display_formatter.mimebundle_formatter
    # By name: importing pandas for a notebook that shows none takes a third of a second.
    for module in ("pandas", "pandas.core.frame"):
        formatter.for_type_by_name(module, "DataFrame", data)
