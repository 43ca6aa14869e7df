"""Grids: where the points of a record are, and which point a position is.

`Grid` is made from a record (``f.grid(rec)``) or from parameters; `decode` and `encode` convert the
codes ig1 to ig4 (``docs/format/metadata.md``, 7).

>>> with fst24.open(sample) as f:
...     grid = f.grid(f.find(nomvar="TT"))
>>> grid
<Grid Z on E 42x34>
>>> lat, lon = grid.latlon()
>>> lat.shape, round(float(lat[0, 0]), 3), round(float(lon[0, 0]), 3)
((42, 34), 13.781, 255.148)
"""

from ._codes import decode, encode
from ._found import contradictions
from ._grid import Axes, Grid, LatLon, Place
from ._tiles import Assembled, Mosaic, assemble, mosaic

__all__ = [
    "Assembled",
    "Axes",
    "Grid",
    "LatLon",
    "Mosaic",
    "Place",
    "assemble",
    "contradictions",
    "decode",
    "encode",
    "mosaic",
]
