"""Vertical coordinates: what the levels of fields mean, as pressure, height, or CF attributes.

>>> with fst24.open(sample) as f:
...     levels = f.vertical(f.find(nomvar="TT"))
...     levels
<Vertical 5005 staggered log-hydrostatic pressure, 23 levels, P0>

`Fst24File.vertical` finds the `Vertical` of a record. The conventions are those of
``docs/format/metadata.md``, 8, and ``docs/format/cf.md``, 5.
"""

from ._bounds import LevelBounds
from ._cf import CF, Term
from ._find import vertical_of
from ._formula import Formula
from ._vertical import LevelRows, Vertical

__all__ = ["CF", "Formula", "LevelBounds", "LevelRows", "Term", "Vertical", "vertical_of"]
