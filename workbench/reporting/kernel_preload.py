"""What every report imports, imported once: the module that the server of forks is preloaded with.

The rule of this module: after it, exactly one thread. Imports only; no connection, no query, no event loop. What a
library starts at import is kept from starting (threads of OpenBLAS, of Arrow's allocator, of DuckDB's default
connection). `arm` refuses where a thread is left, and every fork looks again.
"""

from __future__ import annotations

import gc
import os
import pkgutil
import signal
from importlib import import_module

from .kernel_process import arm
from .quick_start import DEBUGGER, URL_SYNTAX, leave_out

_ALWAYS = (
    *(
        "workbench.explore",
        "workbench.warehouse.reader",
        "workbench.display.charts",
        "workbench.display.tables",
    ),
    *(
        "workbench.display.whatif",
        "ibis.formats.pandas",
        "ibis.formats.pyarrow",
        "ibis.backends.duckdb.converter",
    ),
    *("ibis.backends.duckdb", "sqlglot.optimizer", "altair", "jsonschema", "narwhals"),
    *("pyarrow.compute", "pyarrow.dataset", "pyarrow.parquet", "pandas.io.formats.style"),
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger", "comm", "pdb"),
    *("IPython.core.completerlib", "IPython.core.oinspect", "IPython.extensions.storemagic"),
    *("tornado.platform.asyncio", "tornado.queues", "tornado.locks", "faulthandler"),
)


def preload() -> None:
    """Import everything; allow forks if that left one thread."""
    # Ctrl+C is for the run, which ends this process by closing its pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")
    leave_out(URL_SYNTAX, DEBUGGER)
    _duckdb()
    for name in (*_ALWAYS, *_pages()):
        import_module(name)
    _compile_once()
    arm()
    gc.collect()
    gc.freeze()  # so that a fork's collector doesn't copy what it shares


def _duckdb() -> None:
    """Its import opens a default connection, with a thread for every core but the first of those it may use."""
    before = os.environ.get("SLURM_CPUS_ON_NODE")
    os.environ["SLURM_CPUS_ON_NODE"] = "1"
    import duckdb

    duckdb.default_connection().close()
    del os.environ["SLURM_CPUS_ON_NODE"]
    if before is not None:
        os.environ["SLURM_CPUS_ON_NODE"] = before


def _pages() -> list[str]:
    """Our pages and their facts, which bring along all else that is ours."""
    from .. import display, model

    return [
        f"{package.__name__}.{m.name}"
        for package, ending in ((model, "_facts"), (display, "_page"))
        for m in pkgutil.iter_modules(package.__path__)
        if m.name.endswith(ending)
    ]


def _compile_once() -> None:
    """A chart and a query that is never run: what Altair and Ibis make at first use is there in every fork."""
    import altair
    import ibis
    import pandas
    from altair.utils import schemapi

    # A chart is checked when it is shown; to check each part of it as it is made takes a tenth of a page's time.
    schemapi.disable_debug_mode()

    frame = pandas.DataFrame({"a": [1.0], "b": ["x"], "d": pandas.to_datetime(["2020-01-01"])})
    chart = altair.Chart(frame).mark_bar().encode(x="a:Q", y="mean(a):Q", color="b:N", tooltip=["d:T"])
    (chart + chart.mark_line()).to_dict()
    rows = ibis.table({"a": "float64", "b": "string", "d": "date"}, name="t")
    asked = rows.filter(ibis._.a > 0).group_by("b").agg(n=ibis._.count(), a=ibis._.a.mean()).order_by("b")
    ibis.to_sql(asked, dialect="duckdb")


preload()
