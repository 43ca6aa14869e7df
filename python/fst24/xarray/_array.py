"""The values of a variable: records by place, read when they are indexed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from fst24 import empty

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._reads import Reads

    Ints = npt.NDArray[np.int64]

_Item: TypeAlias = "int | slice | npt.NDArray[Any]"
#: Parts smaller than this share of a record are read without the rest.
_SMALL_PART = 0.5
#: Rows and columns.
_PLANE = 2
#: Scratch memory for records that cannot be decoded in place.
_SCRATCH_BYTES = 64 * 2**20


class RecordCube(BackendArray):
    """Values of records, in an array whose outer dimensions count them.

    Parameters
    ----------
    reads : Reads
        What reads records by place.
    places : ndarray of int64
        A place for each combination of the outer dimensions, -1 where there is no record.
    inner : tuple of int
        Shape of the values of one record in C order: ([nk,] [panels,] nj, ni).
    dtype : dtype
        Of the variable. Gaps and missing values are NaN: a variable that has any is of floats.
    stored : dtype or None
        Of the values of all records, when none of them needs more than decoding; else None.
    masks : ndarray of int64, optional
        Places of records that are 0 where values do not count.
    record : tuple of int, optional
        Shape of the values of one record in C order, where ``inner`` arranges them anew.

    Any thread may read it; pickled it carries paths and places.
    """

    __slots__ = (
        *("_inner", "_masks", "_places", "_reads", "_record", "_stored", "_threads"),
        *("dtype", "shape"),
    )

    def __init__(
        self,
        reads: Reads,
        places: Ints,
        inner: tuple[int, ...],
        dtype: np.dtype[Any],
        *,
        stored: np.dtype[Any] | None,
        masks: Ints | None = None,
        record: tuple[int, ...] | None = None,
        threads: int | None = None,
    ) -> None:
        self._record = record or inner
        self._reads, self._places, self._inner = reads, places, inner
        self._stored, self._masks, self._threads = stored, masks, threads
        self.shape: tuple[int, ...] = places.shape + inner
        self.dtype = dtype

    # ---------------------------------------------------------------------------- as a value

    def __reduce__(self) -> tuple[Any, ...]:
        reads, places, masks = self._reads, self._places, self._masks
        if masks is None:
            reads, places = reads.only(places)
        return _made_again, (
            type(self),
            (reads, places, self._inner, self.dtype),
            self._options(masks, self._threads),
        )

    def _options(self, masks: Ints | None, threads: int | None) -> dict[str, Any]:
        return {"stored": self._stored, "masks": masks, "record": self._record, "threads": threads}

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        masks = None if self._masks is None else self._masks.tobytes()
        places = self._places.tobytes()
        return ("fst24", self._reads.token(), places, masks, self._inner, str(self.dtype))

    def __repr__(self) -> str:
        return f"<RecordCube {self.shape} {self.dtype} of {(self._places >= 0).sum():,} records>"

    @property
    def n_outer(self) -> int:
        """Dimensions that count records."""
        return self._places.ndim

    def part(self, outer: tuple[slice, ...], *, threads: int | None = None) -> RecordCube:
        """The cube of some of the records: what a task of dask carries."""
        masks = None if self._masks is None else self._masks[outer]
        options = self._options(masks, threads)
        return type(self)(self._reads, self._places[outer], self._inner, self.dtype, **options)

    def places(self) -> Ints:
        """Places of the records, in the shape of the outer dimensions."""
        return self._places

    # ------------------------------------------------------------------------------- reading

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:  # noqa: ANN401 - as xarray
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self.read
        )

    def read(self, key: tuple[Any, ...] | None = None) -> npt.NDArray[Any]:
        """Values by an outer index: a number, slice or list of numbers for each dimension."""
        items: tuple[_Item, ...] = (slice(None),) * len(self.shape) if key is None else key
        outer, inner = items[: self.n_outer], items[self.n_outer :]
        places = _taken(self._places, outer)
        n_lead = places.ndim - self._places.ndim + self.n_outer
        lead, flat = places.shape[:n_lead], places.reshape(-1, *places.shape[n_lead:])
        masks = None if self._masks is None else _taken(self._masks, outer).ravel()
        if all(_is_all(item, n) for item, n in zip(inner, self._inner, strict=True)):
            out = empty((len(flat), *self._inner), self.dtype)
            self._fill(flat, masks, out)
            return out.reshape(lead + self._inner)
        values = self._parts(flat, masks, inner)
        return values.reshape(lead + values.shape[1:])

    def _fill(self, places: Ints, masks: Ints | None, out: npt.NDArray[Any]) -> None:
        """Whole records, in the order in which they lie in the file."""
        gaps = places < 0
        if gaps.any():
            out[gaps] = gap_of(self.dtype)
        order = np.argsort(places, kind="stable")[int(gaps.sum()) :]
        if masks is None and self._stored is not None and self._stored == self.dtype:
            flat = out.reshape(len(out), *self._record)
            self._reads.read(places[order], [flat[k].T for k in order.tolist()], self._threads)
            return
        n_bytes = math.prod(self._inner) * np.dtype(self.dtype).itemsize
        step = max(1, _SCRATCH_BYTES // max(1, n_bytes))
        for low in range(0, len(order), step):
            some = order[low : low + step]
            for k, values in zip(some.tolist(), self._decoded(places[some]), strict=True):
                out[k] = values
            if masks is not None:
                self._apply(masks[some], some, out)

    def _decoded(self, places: Ints) -> list[npt.NDArray[Any]]:
        """Values of records in the shape of the cube, as floats where some are missing."""
        if self._stored is not None:
            scratch = empty((len(places), *self._record), self._stored)
            self._reads.read(places, [one.T for one in scratch], self._threads)
            return [one.reshape(self._inner) for one in scratch]
        return [self._one(int(place)) for place in places]

    def _one(self, place: int) -> npt.NDArray[Any]:
        record = self._reads.record(place)
        values: npt.NDArray[Any] = record.decode()
        if values.dtype.kind in "iub" and record.mask is not None:
            values = np.where(record.mask, np.nan, values)
        return values.T.reshape(self._inner)

    def _apply(self, masks: Ints, rows: Ints, out: npt.NDArray[Any]) -> None:
        """NaN where a mask record is 0."""
        for place, row in zip(masks.tolist(), rows.tolist(), strict=True):
            if place >= 0:
                values = self._reads.record(place).decode().T.reshape(self._inner)
                out[row][values == 0] = gap_of(self.dtype)

    # --------------------------------------------------------------------------------- parts

    def _parts(
        self, places: Ints, masks: Ints | None, inner: tuple[_Item, ...]
    ) -> npt.NDArray[Any]:
        """Parts of records: read as boxes where that is less, else cut from whole records."""
        if (
            len(inner) == _PLANE
            and places.ndim == 1
            and self._record == self._inner
            and masks is None
            and self._stored is not None
        ):
            boxes = [_box(item, n) for item, n in zip(inner, self._inner, strict=True)]
            share = math.prod(stop - start for start, stop in boxes) / math.prod(self._inner)
            if share < _SMALL_PART:
                return self._boxes(places, inner, boxes)
        shape = tuple(_length(item, n) for item, n in zip(inner, self._inner, strict=True))
        out = empty((len(places), *(n for n in shape if n >= 0)), self.dtype)
        n_bytes = math.prod(self._inner) * np.dtype(self.dtype).itemsize
        step = max(1, _SCRATCH_BYTES // max(1, n_bytes))
        for low in range(0, len(places), step):
            some = places[low : low + step]
            scratch = empty((len(some), *self._inner), self.dtype)
            self._fill(some, None if masks is None else masks[low : low + step], scratch)
            out[low : low + step] = _taken(scratch, (slice(None), *inner))
        return out

    def _boxes(
        self, places: Ints, inner: tuple[_Item, ...], boxes: list[tuple[int, int]]
    ) -> npt.NDArray[Any]:
        (j0, j1), (i0, i1) = boxes
        shape = tuple(_length(item, n) for item, n in zip(inner, self._inner, strict=True))
        out = empty((len(places), *(n for n in shape if n >= 0)), self.dtype)
        moved = tuple(
            _moved(item, n, start)
            for item, n, (start, _) in zip(inner, self._inner, boxes, strict=True)
        )
        gaps = places < 0
        if gaps.any():
            out[gaps] = gap_of(self.dtype)
        order = np.argsort(places, kind="stable")[int(gaps.sum()) :]

        def take(number: int, box: npt.NDArray[Any]) -> None:
            out[order[number]] = _taken(box.T, moved)

        if j1 > j0 and i1 > i0:
            box = (i0, j0), (i1 - i0, j1 - j0)
            self._reads.boxes(places[order], *box, take, self._threads)
        return out


def _made_again(
    kind: type[RecordCube], given: tuple[Any, ...], options: dict[str, Any]
) -> RecordCube:
    return kind(*given, **options)


def gap_of(dtype: np.dtype[Any]) -> Any:  # noqa: ANN401 - of the dtype
    """What stands where there is no value."""
    return np.nan if dtype.kind in "fc" else 0


def _taken(array: npt.NDArray[Any], items: tuple[_Item, ...]) -> npt.NDArray[Any]:
    """An outer index, one dimension after the other from the last on."""
    for axis in reversed(range(len(items))):
        item = items[axis]
        if not _is_all(item, array.shape[axis]):
            array = array[(slice(None),) * axis + (item,)]
    return array


def _is_all(item: _Item, n: int) -> bool:
    return isinstance(item, slice) and item.indices(n) == (0, n, 1)


def _length(item: _Item, n: int) -> int:
    """How many an index takes; -1: one, whose dimension goes."""
    if isinstance(item, slice):
        return len(range(*item.indices(n)))
    return len(item) if isinstance(item, np.ndarray) and item.ndim else -1


def _box(item: _Item, n: int) -> tuple[int, int]:
    """The range that holds what an index takes."""
    if isinstance(item, slice):
        taken = range(*item.indices(n))
        return (min(taken), max(taken) + 1) if taken else (0, 0)
    if isinstance(item, np.ndarray) and item.ndim:
        wrapped = item % n if n else item
        return (int(wrapped.min()), int(wrapped.max()) + 1) if item.size else (0, 0)
    number = int(item) % n
    return number, number + 1


def _moved(item: _Item, n: int, start: int) -> _Item:
    """An index counted from the start of a box."""
    if not isinstance(item, slice):
        return item % n - start
    taken = range(*item.indices(n))
    if taken.step > 0:
        return slice(taken.start - start, taken.stop - start, taken.step)
    return np.array(taken, np.int64) - start
