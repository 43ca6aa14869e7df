"""Descriptors of a file that is written: each grid and each table once, no tag twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fst24.grid import Grid

from ._back_frames import tag_of
from ._back_tables import Formula, made_table, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from fst24 import Fst24Record
    from fst24.vertical import Vertical

    Item = tuple[npt.NDArray[Any], dict[str, Any]]
    Codes = tuple[int, int, int, int]

#: Grids whose axes are records (metadata.md, 5).
_WITH_AXES = frozenset("Z#YOXMU")
#: Axes as single precision moves their points: a hundredth of a step is not seen.
_NOT_SEEN = 0.01


class Grids:
    """The grids of the fields of a file, and what describes them.

    Parameters
    ----------
    known : iterable of Fst24Record
        Descriptors that the file has already; they are read.
    """

    def __init__(self, known: Iterable[Fst24Record] = ()) -> None:
        self._by_tag: dict[tuple[str, Codes], Grid] = {}
        self._written: dict[tuple[Any, ...], bytes] = {}
        for record in known:
            self._written[_place(record)] = record.decode().tobytes(order="F")
        self._own: dict[Grid, Grid] = {}
        self._items: list[Item] = []
        self._formulas: dict[tuple[Codes, tuple[Any, ...]], Formula] = {}

    def add(self, grid: Grid) -> Grid:
        """The grid under a tag that is its own, its descriptors among those to write."""
        if grid.grtyp not in _WITH_AXES or grid.ax is None:
            return grid
        if grid in self._own:
            return self._own[grid]
        again, own = 0, grid
        while not self._is_free(own):
            again += 1
            own = _under_another_tag(grid, again)
        self._own[grid] = self._own[own] = own
        for values, fields in descriptors(own):
            self._put(values, fields)
        return own

    def _is_free(self, grid: Grid) -> bool:
        for values, fields in descriptors(grid):
            if self._written.get(_key(values, fields), values.tobytes(order="F")) != values.tobytes(
                order="F"
            ):
                return False
        return self._by_tag.setdefault(("", grid.ig), grid) == grid

    def _put(self, values: npt.NDArray[Any], fields: dict[str, Any]) -> None:
        key = _key(values, fields)
        if self._written.get(key) != values.tobytes(order="F"):
            self._written[key] = values.tobytes(order="F")
            self._items.append((values, fields))

    def add_mesh(self, faces: npt.NDArray[Any], ig: Codes) -> None:
        """Nodes of triangles, counted from 0, of a grid M."""
        fields = {"nomvar": "##", "typvar": "X", "grtyp": "X", "dateo": 0}
        tag = dict(zip(("ip1", "ip2", "ip3"), ig, strict=False))
        self._put(faces.astype(np.uint32).reshape(-1, 1), fields | tag)

    def add_vertical(self, vertical: Vertical, ig: Codes) -> None:
        """The descriptor of levels, with the tag of a field's grid."""
        item = table_of(vertical, ig)
        if item is not None:
            self._put(*item)

    def add_formula(self, formula: Formula, ig: Codes) -> None:
        """Coefficients of levels: those of all axes of one coordinate become one table."""
        known = self._formulas.setdefault((ig, formula.key), formula)
        known.axes.update(formula.axes)

    def items(self) -> Iterator[Item]:
        """Values and fields of what is to be written."""
        yield from self._items
        for (ig, _), formula in self._formulas.items():
            yield made_table(formula, ig)


def _key(values: npt.NDArray[Any], fields: dict[str, Any]) -> tuple[Any, ...]:
    return (fields["nomvar"], fields["ip1"], fields["ip2"], fields["ip3"], values.shape)


def _place(record: Fst24Record) -> tuple[Any, ...]:
    return (record.nomvar, record.ip1, record.ip2, record.ip3, (record.ni, record.nj))


def retagged(grid: Grid, ig: Codes) -> Grid:
    """A grid with axes under another tag."""
    if ig == grid.ig or grid.ax is None:
        return grid
    return Grid(grid.grtyp, grid.ni, grid.nj, ig, **_axes(grid))


def _axes(grid: Grid) -> dict[str, Any]:
    return {
        "ax": grid.ax,
        "ay": grid.ay,
        "ref_grtyp": grid.ref_grtyp,
        "ref_ig": grid.ref_ig,
    }


def _under_another_tag(grid: Grid, again: int) -> Grid:
    return retagged(grid, tag_of(grid.grtyp, grid.ni, grid.nj, again=again, **_axes(grid)))


def descriptors(grid: Grid) -> list[Item]:
    """The records ``>>`` and ``^^``, or ``^>``, of a grid."""
    ax, ay = grid.ax, grid.ay
    if ax is None:
        return []
    tag = dict(zip(("ip1", "ip2", "ip3"), grid.ig, strict=False))
    if grid.grtyp == "#":
        tag["ip3"] = 0  # ig3 and ig4 are the place of a tile
    common: dict[str, Any] = {"typvar": "X", "dateo": 0, **tag}
    if grid.grtyp == "U":
        fields = {"nomvar": "^>", "grtyp": "F", "ig1": 1, **common}
        return [(_stored(ax)[:, None], fields)]
    if ay is None:
        return []
    common["grtyp"] = grid.ref_grtyp
    common |= dict(zip(("ig1", "ig2", "ig3", "ig4"), grid.ref_ig, strict=True))
    lines = grid.grtyp in "Z#" and len(ax) * len(ay) != (grid.ni * grid.nj) ** 2
    shapes = ((len(ax), 1), (1, len(ay))) if lines else (grid.shape, grid.shape)
    return [
        (_stored(values).reshape(shape, order="F"), {"nomvar": nomvar, **common})
        for nomvar, values, shape in ((">>", ax, shapes[0]), ("^^", ay, shapes[1]))
    ]


def _stored(values: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Single precision, as all readers take; double where that would be seen."""
    single = values.astype(np.float32)
    off = np.abs(single - values)
    steps = np.abs(np.diff(values))
    steps = steps[steps > 0]
    fine = not off.any() or (len(steps) > 0 and off.max() <= _NOT_SEEN * np.median(steps))
    return single if fine or len(steps) == 0 else values
