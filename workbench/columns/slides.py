"""Level 1: slides, their uses and reposts."""



from __future__ import annotations

from .column import Column

COLUMNS: tuple[Column, ...] = ()
