"""What-if to play with: on a page without Python, and as widgets in JupyterLab."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..model.level_facts import LevelFacts
from ..model.whatif import INPUTS
from ..model.whatif_inputs import Start, start
from .blocks import Box, note, warning
from .tables import Table
from .whatif_chart import chart
from .whatif_text import limits as limits_of
from .whatif_text import shown

_OF_ALL = note("What-if is reckoned for the agency as a whole: page 4 of everybody has it.")


def today(facts: LevelFacts) -> Start | Box:
    """Today's values (see `model.whatif_inputs.start`): measured once for all that follows.

    Of some accounts a sentence instead: the levers are the agency's (hours, pay, tools), and what it earns and spends
    as a whole is not for a page of one client's.
    """
    return _OF_ALL if facts.scope.is_narrow else start(facts)


def static(facts: LevelFacts | Start | Box) -> Any:
    """Sliders, figures and charts that need no Python: in a report's page, and wherever Vega is drawn."""
    if isinstance(facts, Box):
        return facts
    return chart(_begin(facts))


def widget(facts: LevelFacts | Start) -> Any:
    """Sliders with named scenarios for JupyterLab (see `whatif_widget.Explorer`)."""
    from .whatif_widget import Explorer

    return Explorer(_begin(facts))


def sources(facts: LevelFacts | Start | Box) -> Table | Box:
    """Today's value of every input, and what it rests on."""
    if isinstance(facts, Box):
        return Box("text", "")
    begin = _begin(facts)
    rows = [
        {
            "input": i.label,
            "today": shown(i.name, getattr(begin.inputs, i.name)),
            "rests_on": begin.sources[i.name].sentence,
            "meaning": i.sentence,
        }
        for i in INPUTS
    ]
    n = len(INPUTS) - len(begin.assumed)
    caption = f"{n} of {len(INPUTS)} inputs start from the data" + (
        "" if n == len(INPUTS) else ", the others are assumed"
    )
    columns = {"input": "Input", "today": "Today", "rests_on": "Rests on", "meaning": "What it is"}
    return Table(pd.DataFrame(rows), caption=caption, columns=columns, define=False)


def limits(facts: LevelFacts | Start | Box) -> Box:
    """What the figures don't say, and what is assumed."""
    if isinstance(facts, Box):
        return Box("text", "")
    begin = _begin(facts)
    told = "\n\n".join(limits_of(begin))
    return (warning if begin.assumed or begin.notes else note)(told, "How far to trust it")


def _begin(facts: LevelFacts | Start) -> Start:
    return facts if isinstance(facts, Start) else start(facts)
