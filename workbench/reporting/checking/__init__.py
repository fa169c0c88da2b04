"""Whether a notebook of somebody's own can join the reports, and what to do where it can't yet."""

from .checks import check_notebook
from .outcome import STATUSES, Check, Checked
from .running import Sample, Samples

__all__ = ["STATUSES", "Check", "Checked", "Sample", "Samples", "check_notebook"]
