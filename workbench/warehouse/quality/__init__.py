"""What a load notices about the data: kept as rows of `quality_checks`, resolved when it is gone.

`begin` before the first batch, `profile` for each merged table of a batch, `check` after the last batch.
"""

from .checking import check
from .profiles import begin, profile

__all__ = ["begin", "check", "profile"]
