"""Records that a lazy variable still stands for: they are copied, not decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from xarray.core import indexing

if TYPE_CHECKING:
    import numpy.typing as npt
    import xarray as xr

    from fst24 import Fst24Record

    Ints = npt.NDArray[np.int64]


class Stored(NamedTuple):
    """The records of a variable that nobody changed."""

    reads: Any
    #: In the order of the variable's outer dimensions; -1 where there is no record.
    places: Ints
    #: Records that are 0 where values of the former do not count.
    masks: Ints | None

    def record(self, index: tuple[int, ...]) -> Fst24Record | None:
        """The record of a place of the outer dimensions."""
        place = int(self.places[index])
        return None if place < 0 else self.reads.record(place)

    def mask(self, index: tuple[int, ...]) -> Fst24Record | None:
        """The mask that belongs to it."""
        place = -1 if self.masks is None else int(self.masks[index])
        return None if place < 0 else self.reads.record(place)


def stored_of(variable: xr.Variable) -> Stored | None:
    """The records of a lazy variable whose fields are whole; None for any other data."""
    from ._array import RecordCube

    data = variable._data  # noqa: SLF001 - .data would read it
    while isinstance(data, indexing.CopyOnWriteArray | indexing.MemoryCachedArray):
        data = data.array
    if not isinstance(data, indexing.LazilyIndexedArray):
        return None
    cube = data.array
    if not isinstance(cube, RecordCube):
        return None
    key = data.key.tuple
    outer, inner = key[: cube.n_outer], key[cube.n_outer :]
    sizes = cube.shape[cube.n_outer :]
    if not all(_is_all(item, size) for item, size in zip(inner, sizes, strict=True)):
        return None
    masks = cube._masks  # noqa: SLF001 - of this package
    places = _taken(cube.places(), outer)
    reads = cube._reads  # noqa: SLF001 - of this package
    return Stored(reads, places, None if masks is None else _taken(masks, outer))


def _is_all(item: Any, size: int) -> bool:  # noqa: ANN401 - of an indexer
    if isinstance(item, slice):
        return item.indices(size) == (0, size, 1)
    return bool(np.ndim(item) == 1 and np.array_equal(item, np.arange(size)))


def _taken(places: Ints, outer: tuple[Any, ...]) -> Ints:
    """An outer index."""
    for axis in reversed(range(len(outer))):
        places = places[(slice(None),) * axis + (outer[axis],)]
    return places
