"""The look, and how charts leave a notebook."""

from __future__ import annotations

import subprocess
import sys

import altair as alt
import pandas as pd
import pytest

from workbench import display
from workbench.display import charts, theme


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture
def enabled():
    before = alt.theme.active, alt.renderers.active
    display.enable()
    yield
    alt.theme.enable(before[0])
    alt.renderers.enable(before[1])


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_text_has_4_5_and_series_3_to_1_against_the_background(colours):
    assert min(contrast(colours[c], colours["paper"]) for c in ("ink", "muted")) >= 4.5
    assert min(contrast(c, colours["paper"]) for c in colours["series"]) >= 3


def test_importing_changes_nobodys_charts():
    code = (
        "import altair as alt; before = alt.theme.active, alt.renderers.active;"
        "import workbench.display.charts, workbench.display.tables;"
        "assert (alt.theme.active, alt.renderers.active) == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_display_imports_without_altair_or_pandas():
    code = "import sys, workbench.display; assert not {'altair', 'pandas'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_charts_leave_as_a_type_that_notebooks_and_jupyterlab_know(enabled):
    data = pd.DataFrame({"week": ["W1"], "views": [1]})
    bundle = charts.line(data, x="week", y="views", title="Reach rose")._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.vegalite.v5+json", "text/plain"}
    assert bundle["application/vnd.vegalite.v5+json"]["config"]["font"].startswith("system-ui")
    assert bundle["text/plain"].startswith("Chart: Reach rose Line chart of Views by week")


def test_altairs_own_type_still_needs_replacing():
    """Once Altair's `mimetype` renderer emits a +json type, our renderer can go."""
    before = alt.renderers.active
    try:
        alt.renderers.enable("mimetype")
        kinds = alt.Chart(pd.DataFrame({"a": [1]})).mark_point()._repr_mimebundle_()
        assert "application/vnd.vegalite.v6.json" in (kinds[0] if isinstance(kinds, tuple) else kinds)
    finally:
        alt.renderers.enable(before)
