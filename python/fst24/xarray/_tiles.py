"""Fields that are stored in tiles, put together when they are read (grtyp #)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fst24 import empty
from fst24.grid import mosaic

from ._array import RecordCube, gap_of
from ._axes import Axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from fst24.grid import Grid

    from ._headers import Headers

    Ints = npt.NDArray[np.int64]

_PLACE = ("ig3", "ig4", "ni", "nj")


class Tile(NamedTuple):
    """Where a tile lies: its first column and row in the whole, and its size."""

    i: int
    j: int
    ni: int
    nj: int


class Mosaics:
    """The tiled grids of a file, by the number of one of their records."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def grid(self, rows: Ints) -> tuple[Grid, tuple[int, int]]:
        """The grid of tiles, and where its first column and row are."""
        columns = np.stack([self._headers[name][rows] for name in _PLACE], axis=-1)
        _, firsts = np.unique(columns, axis=0, return_index=True)
        found = mosaic([self._headers.record(int(rows[first])) for first in firsts])
        return found.grid, found.low

    def tiles(self, rows: Ints, low: tuple[int, int]) -> tuple[list[Tile], Ints]:
        """The places of tiles, and which of them each row is."""
        columns = np.stack([self._headers[name][rows] for name in _PLACE], axis=-1)
        places, which = np.unique(columns, axis=0, return_inverse=True)
        tiles = [Tile(i - low[0], j - low[1], ni, nj) for i, j, ni, nj in places.tolist()]
        return tiles, which.ravel().astype(np.int64)


def leave_gaps(tiles: Sequence[Tile], shape: tuple[int, ...]) -> bool:
    """Whether some points of the whole, of a shape (..., nj, ni), are in no tile."""
    covered = np.zeros(shape[-2:], np.bool_)
    for tile in tiles:
        covered[tile.j : tile.j + tile.nj, tile.i : tile.i + tile.ni] = True
    return not covered.all()


def tile_axis(n: int) -> Axis:
    """The axis that counts the tiles of a field: no dimension of the Dataset."""
    return Axis("tile", n, n, lambda _: {})


class TileCube(RecordCube):
    """A `RecordCube` the last outer dimension of whose places counts tiles."""

    __slots__ = ("_tiles",)

    def __init__(self, *given: Any, tiles: Sequence[Tile], **options: Any) -> None:  # noqa: ANN401
        super().__init__(*given, **options)
        self._tiles = tiles
        self.shape = (*self._places.shape[:-1], *self._inner)

    def _options(self, masks: Ints | None, threads: int | None) -> dict[str, Any]:
        return {**super()._options(masks, threads), "tiles": self._tiles}

    @property
    def n_outer(self) -> int:
        """Dimensions that count fields."""
        return self._places.ndim - 1

    def _fill(self, places: Ints, masks: Ints | None, out: npt.NDArray[Any]) -> None:
        out[...] = gap_of(self.dtype)
        for number, tile in enumerate(self._tiles):
            there = np.flatnonzero(places[:, number] >= 0)
            there = there[np.argsort(places[there, number], kind="stable")]
            if not len(there):
                continue
            shape = (*self._inner[:-2], tile.nj, tile.ni)
            part = slice(tile.j, tile.j + tile.nj), slice(tile.i, tile.i + tile.ni)
            for row in there.tolist():  # one at a time: tiles are large
                here = out[(row, ..., *part)]
                here[...] = self._tile(int(places[row, number]), shape)
                if masks is not None and masks[row, number] >= 0:
                    self._leave_out(int(masks[row, number]), here)

    def _tile(self, place: int, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        if self._stored is None:
            return self._one(place, shape)
        values = empty(shape, self._stored)
        self._reads.read(np.array([place], np.int64), [values.T], self._threads)
        return values
