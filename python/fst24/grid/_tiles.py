"""Tiles of one field, put together (``docs/format/metadata.md``, 7.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fst24._errors import CorruptFileError, InvalidArgumentError, make_error

from ._found import axes_of, grid_from

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from ._found import RecordLike
    from ._grid import Grid


class Assembled(NamedTuple):
    """A field that was stored in tiles."""

    #: Of the smallest rectangle that holds all tiles.
    grid: Grid
    #: (ni, nj) or (ni, nj, nk) of that rectangle.
    data: npt.NDArray[Any]
    #: (ni, nj): where a tile has a value.
    covered: npt.NDArray[np.bool_]


class Mosaic(NamedTuple):
    """Where the tiles of a grid lie together."""

    #: Of the smallest rectangle that holds all tiles.
    grid: Grid
    #: The first column and row of that rectangle, as ig3 and ig4 of tiles count them.
    low: tuple[int, int]


def mosaic(records: Iterable[RecordLike]) -> Mosaic:
    """The grid that tiles are parts of: records of grtyp # with one tag (ig1, ig2).

    Raises
    ------
    InvalidArgumentError
        No record, one that is no tile, or tiles of different grids.
    CorruptFileError
        Tiles that leave the axes.
    """
    return _mosaic(list(records))


def assemble(records: Iterable[RecordLike]) -> Assembled:
    """Put the tiles of a field together: records of grtyp # with one tag (ig1, ig2).

    Parameters
    ----------
    records : iterable of Fst24Record
        The tiles of one field, in any order; where two overlap the later one counts.

    Returns
    -------
    Assembled
        ``grid``, ``data`` (NaN in floats and 0 in integers where there is no tile), ``covered``.

    Raises
    ------
    InvalidArgumentError
        No record, one that is no tile, or tiles of different grids, types or numbers of levels.
    CorruptFileError
        Tiles that leave the axes.
    """
    tiles = list(records)
    grid, low = _mosaic(tiles)
    data, covered = _filled(tiles, low, grid.shape)
    return Assembled(grid, data, covered)


def _mosaic(tiles: list[RecordLike]) -> Mosaic:
    if not tiles:
        raise InvalidArgumentError("no tiles to put together")
    first = tiles[0]
    for tile in tiles:
        if tile.grtyp != "#":
            message = f"grtyp is {tile.grtyp!r}: tiles are of grtyp '#'"
            raise make_error(InvalidArgumentError, message, path=tile.path, record=tile.index)
        if (tile.ig1, tile.ig2) != (first.ig1, first.ig2):
            message = f"ig1 and ig2 are {tile.ig1}, {tile.ig2}: of another grid than the others"
            raise make_error(InvalidArgumentError, message, path=tile.path, record=tile.index)
    axes = axes_of(first.file, first)
    for tile in tiles:
        _check_place(tile, axes)
    low = min(tile.ig3 for tile in tiles), min(tile.ig4 for tile in tiles)
    size = (
        max(tile.ig3 + tile.ni for tile in tiles) - low[0],
        max(tile.ig4 + tile.nj for tile in tiles) - low[1],
    )
    return Mosaic(grid_from(first, axes, size=size, ig=(first.ig1, first.ig2, *low)), low)


def _check_place(tile: RecordLike, axes: tuple[RecordLike, ...]) -> None:
    """Before anything is allocated: no tile reaches beyond the axes."""
    x, y = (axis.ni * axis.nj for axis in axes)
    is_inside = tile.ig3 >= 1 and tile.ig4 >= 1
    if not is_inside or tile.ig3 + tile.ni > x + 1 or tile.ig4 + tile.nj > y + 1:
        message = (
            f"a tile of {tile.ni} x {tile.nj} points from ({tile.ig3}, {tile.ig4}) on leaves its "
            f"axes of {x} and {y}"
        )
        raise make_error(CorruptFileError, message, path=tile.path, record=tile.index)


def _filled(
    tiles: list[RecordLike], low: tuple[int, int], size: tuple[int, int]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    covered = np.zeros(size, np.bool_, order="F")
    data: npt.NDArray[Any] | None = None
    for tile in tiles:
        values = tile.decode()
        if data is None:
            empty = np.nan if values.dtype.kind in "fc" else 0
            data = np.full((*size, *values.shape[2:]), empty, values.dtype, order="F")
        if values.dtype != data.dtype or values.shape[2:] != data.shape[2:]:
            message = f"a tile of {values.dtype} {values.shape} among others of {data.dtype}"
            raise make_error(InvalidArgumentError, message, path=tile.path, record=tile.index)
        i, j = tile.ig3 - low[0], tile.ig4 - low[1]
        part = slice(i, i + tile.ni), slice(j, j + tile.nj)
        data[part] = values
        covered[part] = True
    assert data is not None  # noqa: S101 - there is a tile
    return data, covered
