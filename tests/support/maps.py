"""Maps that tests draw, and what is on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fst24
from fst24.xarray import _plot
from tests.support.placed import smooth

if TYPE_CHECKING:
    import numpy as np

    from fst24.grid import Grid

GOLDEN = "tests/golden/grids/rsf-grids.fst"


def golden(etiket: str) -> Grid:
    with fst24.open(GOLDEN) as f:
        record = f.find(etiket=etiket)
        assert record is not None
        return f.grid(record)


def drawn(grid: Grid, values: Any = None, **options: Any) -> _plot.Map:
    options.setdefault("cartopy", False)
    name = options.pop("standard_name", "")
    wind = options.pop("wind", None)
    shown = smooth(grid) if values is None else values
    picture = _plot.Picture(grid, shown, "title", "degC", name, wind)
    return _plot.draw(picture, **options)


def lines_of(drawing: _plot.Map) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    return [line.get_xydata() for line in drawing.ax.get_lines()]
