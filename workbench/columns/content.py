"""Level 5: creators, content and the pipeline."""



from __future__ import annotations

from .column import Column

COLUMNS: tuple[Column, ...] = ()
