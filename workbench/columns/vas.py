"""Level 3: VAs, and effects told apart."""



from __future__ import annotations

from .column import Column

COLUMNS: tuple[Column, ...] = ()
