"""Descriptors of a file that is written: each grid and each table once, no tag twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fst24 import ip
from fst24.grid import Grid
from fst24.vertical._versions import VERSIONS

from ._back_frames import tag_of

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
_ABSENT, _NO_EXPONENT = -9999.0, -1.0


class Grids:
    """The grids of the fields of a file, and what describes them.

    Parameters
    ----------
    known : iterable of Fst24Record
        Descriptors that the file has already.
    """

    def __init__(self, known: Iterable[Fst24Record] = ()) -> None:
        self._by_tag: dict[tuple[str, Codes], Grid] = {}
        self._written: dict[tuple[Any, ...], bytes] = {}
        for record in known:
            self._written[_place(record)] = record.decode().tobytes(order="F")
        self._own: dict[Grid, Grid] = {}
        self._items: list[Item] = []

    def add(self, grid: Grid) -> Grid:
        """The grid under a tag that is its own, its descriptors among those to write."""
        if grid.grtyp not in _WITH_AXES or grid.ax is None:
            return grid
        if grid in self._own:
            return self._own[grid]
        again, own = 0, grid
        while not self._is_free(own):
            again += 1
            own = _tagged(grid, again)
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

    def add_vertical(self, vertical: Vertical, ig: Codes) -> None:
        """The descriptor of levels, with the tag of a field's grid."""
        item = table_of(vertical, ig)
        if item is not None:
            self._put(*item)

    def items(self) -> Iterator[Item]:
        """Values and fields of what is to be written."""
        yield from self._items


def _key(values: npt.NDArray[Any], fields: dict[str, Any]) -> tuple[Any, ...]:
    return (fields["nomvar"], fields["ip1"], fields["ip2"], fields["ip3"], values.shape)


def _place(record: Fst24Record) -> tuple[Any, ...]:
    return (record.nomvar, record.ip1, record.ip2, record.ip3, (record.ni, record.nj))


def _tagged(grid: Grid, again: int) -> Grid:
    """The same grid under another tag."""
    axes: dict[str, Any] = {
        "ax": grid.ax,
        "ay": grid.ay,
        "ref_grtyp": grid.ref_grtyp,
        "ref_ig": grid.ref_ig,
    }
    ig = tag_of(grid.grtyp, grid.ni, grid.nj, again=again, **axes)
    return Grid(grid.grtyp, grid.ni, grid.nj, ig, **axes)


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


def table_of(vertical: Vertical, ig: Codes) -> Item | None:
    """The record ``!!`` or ``HY`` that a coordinate was read from; None where there was none."""
    common: dict[str, Any] = {"typvar": "X", "grtyp": "X", "dateo": 0}
    if vertical.source == "HY" and vertical.ptop is not None and vertical.pref is not None:
        exponent = vertical.rcoefs[0] if vertical.rcoefs else 1.0
        fields = {
            "nomvar": "HY",
            "ip1": ip.encode(vertical.ptop / 100, "hPa"),
            "ip2": 0,
            "ip3": 0,
            "ig1": round(vertical.pref / 100),
            "ig2": round(1000 * exponent),
            **common,
        }
        return np.zeros((1, 1), np.float32), fields
    if vertical.source != "!!":
        return None
    version = VERSIONS[vertical.vcode]
    rows = _rows(vertical)
    header = _header(vertical)
    n_columns = version.n_columns
    skip = -(-len(header) // n_columns)
    header[2] = skip
    values = np.zeros((n_columns, skip + len(rows)), order="F")
    flat = np.zeros(n_columns * skip)
    flat[: len(header)] = header
    values[:, :skip] = flat.reshape(n_columns, skip, order="F")
    found = vertical.levels(rows)
    columns = (found.ip1.astype(np.float64), found.a, found.b, found.c)
    values[:, skip:] = np.stack(columns[:n_columns])
    fields = {
        "nomvar": "!!",
        "ip1": ig[0],
        "ip2": ig[1],
        "ip3": 0,
        "ig1": vertical.vcode,
        **_informative(vertical),
        **common,
    }
    return values, fields


def _rows(vertical: Vertical) -> npt.NDArray[np.int32]:
    """The ip1 of each row of the table (8.2)."""
    layout = VERSIONS[vertical.vcode].layout
    if layout == "one":
        return vertical.ip1s
    lists = [vertical.momentum, vertical.thermodynamic]
    if layout == "lorenz":
        lists = [vertical.momentum, vertical.vertical_velocity, vertical.thermodynamic[-1:]]
    return np.concatenate(lists)


def _header(vertical: Vertical) -> list[float]:
    words: list[float] = [vertical.kind, vertical.version, 0]
    exponents = iter(vertical.rcoefs)
    references = iter(vertical.references)
    for word in VERSIONS[vertical.vcode].words:
        if word in ("ptop", "pref"):
            value = getattr(vertical, word)
            words.append(_ABSENT if value is None else value)
        elif word.startswith("ref"):
            name = next(references, "").ljust(4).encode("ascii")
            stored = np.frombuffer(name + bytes(4), "<f8")
            words.append(float(stored[0]))
        else:
            words.append(next(exponents, _NO_EXPONENT))
    return words


def _informative(vertical: Vertical) -> dict[str, int]:
    """ig2 to ig4 of the record, which repeat the header in part (8.2)."""
    found = {"ig2": 0, "ig3": 0, "ig4": 0}
    if vertical.vcode in {1002, 1003, 5001, 5002, 5003, 5004}:
        found["ig2"] = round(10 * (vertical.ptop or 0))
    if vertical.vcode not in {5100, 21001, 21002}:
        for name, exponent in zip(("ig3", "ig4"), vertical.rcoefs, strict=False):
            found[name] = round(100 * exponent)
    return found
