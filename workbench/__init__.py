"""An analytics workbench for people who run short-video accounts by the hundred."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import record
    from .errors import UsageError, WorkbenchError
    from .explore import connect
    from .warehouse.reader import Workbench

# The models factor small matrices hundreds of times, where threads of the algebra library only wait for one another:
# 2 s become 39 s on busy cores. The library reads this when it is first loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
__all__ = ["UsageError", "Workbench", "WorkbenchError", "__version__", "connect", "record"]

_HOMES = {
    "Workbench": ".warehouse.reader",
    "connect": ".explore",
    "UsageError": ".errors",
    "WorkbenchError": ".errors",
}


def __getattr__(name: str) -> Any:
    # Loaded when first used: `workbench --help` answers without DuckDB, Ibis or pandas.
    if name == "record":
        return import_module(".record", __name__)
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
