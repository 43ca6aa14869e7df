"""The values of a variable: records by place, read when they are indexed."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from fst24 import empty

from ._reads import in_threads

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt
    import xarray as xr

    from ._reads import Reads

    Ints = npt.NDArray[np.int64]

_Item: TypeAlias = "int | slice | npt.NDArray[Any]"
#: Parts smaller than this share of a record are read without the rest.
_SMALL_PART = 0.5
#: Bytes of a record that is decoded before a part of it could be asked for.
_SMALL_RECORD = 64 * 2**10
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
        dtype: np.dtype[Any] | str,
        *,
        stored: np.dtype[Any] | str | None = None,
        masks: Ints | None = None,
        record: tuple[int, ...] | None = None,
        threads: int | None = None,
    ) -> None:
        self._record = record or inner
        self._reads, self._places, self._inner = reads, places, inner
        self._stored = None if stored is None else np.dtype(stored)
        self._masks, self._threads = masks, threads
        self.shape: tuple[int, ...] = places.shape + inner
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    # ---------------------------------------------------------------------------- as a value

    def __reduce__(self) -> tuple[Any, ...]:
        reads, places, masks = self._reads, self._places, self._masks
        if masks is None:
            reads, places = reads.only(places)
        else:
            reads, both = reads.only(np.stack([places, masks]))
            places, masks = both
        options = self._options(masks, self._threads)
        if masks is not None:
            options["masks"] = packed(masks)
        given = (reads, packed(places), self._inner, self.dtype.str)
        kept = {name: value for name, value in options.items() if value is not None}
        return _made_again, (type(self), given, kept)

    def _options(self, masks: Ints | None, threads: int | None) -> dict[str, Any]:
        return {
            "stored": None if self._stored is None else self._stored.str,
            "masks": masks,
            "record": None if self._record == self._inner else self._record,
            "threads": threads,
        }

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        options = self._options(None, None)
        places = [None if one is None else _digest(one) for one in (self._places, self._masks)]
        return (
            *("fst24", type(self).__name__, self._reads.token(), *places),
            *(self.shape, self._inner, self.dtype.str, repr(sorted(options.items()))),
        )

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

    @property
    def is_by_path(self) -> bool:
        """Whether another process can read it, having the paths of its files."""
        return self._reads.is_by_path

    def places(self) -> Ints:
        """Places of the records, in the shape of the outer dimensions."""
        return self._places

    # ------------------------------------------------------------------------------- reading

    def __getitem__(self, key: indexing.ExplicitIndexer | tuple[Any, ...]) -> Any:  # noqa: ANN401
        """By an index of xarray, or an outer one (slices, numbers, lists) as dask has it."""
        if isinstance(key, tuple):
            return self.read(tuple(map(_item, key)))
        if isinstance(key, indexing.BasicIndexer | indexing.OuterIndexer):
            return self.read(key.tuple)
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
        masks = None if self._masks is None else _taken(self._masks, outer).reshape(flat.shape)
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
        found: list[npt.NDArray[Any]] = [places] * len(places)

        def one(number: int) -> None:
            found[number] = self._one(int(places[number]), self._inner)

        in_threads(one, len(places), self._threads)
        return found

    def _one(self, place: int, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """Values of a record, as floats where some are missing."""
        record = self._reads.record(place)
        values: npt.NDArray[Any] = record.decode()
        if values.dtype.kind in "iub" and record.mask is not None:
            values = np.where(record.mask, np.nan, values)
        return values.T.reshape(shape)

    def _apply(self, masks: Ints, rows: Ints, out: npt.NDArray[Any]) -> None:
        """NaN where a mask record is 0."""
        there = np.flatnonzero(masks >= 0)

        def one(number: int) -> None:
            k = there[number]
            self._leave_out(int(masks[k]), out[rows[k]])

        in_threads(one, len(there), self._threads)

    def _leave_out(self, place: int, values: npt.NDArray[Any]) -> None:
        """NaN where a mask is 0."""
        flags = self._reads.record(place).decode().T.reshape(values.shape)
        values[flags == 0] = gap_of(self.dtype)

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
            is_large = math.prod(self._inner) * self._stored.itemsize > _SMALL_RECORD
            if share < _SMALL_PART and is_large:
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
    """What arrives of a pickled cube."""
    reads, places, inner, dtype = given
    if "masks" in options:
        options = {**options, "masks": unpacked(*options["masks"])}
    return kind(reads, unpacked(*places), inner, dtype, **options)


def packed(places: Ints) -> tuple[tuple[int, ...], Any]:
    """The shape of places, and they themselves in few bytes: what `unpacked` takes.

    Mostly they go in equal steps along each dimension: the first one and the steps say all.
    """
    if not places.size:
        return places.shape, b""
    first = int(places[(0,) * places.ndim])
    steps = []
    regular: Ints = np.full((1,) * places.ndim, first, np.int64)
    for axis, n in enumerate(places.shape):
        second = tuple(int(k == axis) for k in range(places.ndim))
        step = int(places[second]) - first if n > 1 else 0
        steps.append(step)
        along = np.arange(n, dtype=np.int64) * step
        regular = regular + along.reshape([-1 if k == axis else 1 for k in range(places.ndim)])
    if np.array_equal(regular, places):
        return places.shape, (first, *steps)
    small = places.astype(np.min_scalar_type(-int(places.max()) - 1))
    return places.shape, small.tobytes()


def unpacked(shape: tuple[int, ...], kept: Any) -> Ints:  # noqa: ANN401 - of packed
    """Places from what `packed` gave."""
    if isinstance(kept, bytes):
        size = len(kept) // max(1, math.prod(shape))
        return np.frombuffer(kept, f"i{size or 8}").astype(np.int64).reshape(shape)
    first, *steps = kept
    found: Ints = np.full(shape, first, np.int64)
    for axis, (n, step) in enumerate(zip(shape, steps, strict=True)):
        along = np.arange(n, dtype=np.int64) * step
        found += along.reshape([-1 if k == axis else 1 for k in range(len(shape))])
    return found


def _digest(places: Ints) -> str:
    return hashlib.blake2b(places.tobytes(), digest_size=16).hexdigest()


def cube_of(variable: xr.Variable) -> tuple[RecordCube, tuple[_Item, ...]] | None:
    """The records behind a variable, and which part of each it shows.

    None when they were read, or when some records were left out.
    """
    data = variable._data  # noqa: SLF001 - xarray shows no other way
    while isinstance(data, indexing.CopyOnWriteArray | indexing.MemoryCachedArray):
        data = data.array
    if not isinstance(data, indexing.LazilyIndexedArray) or not isinstance(data.array, RecordCube):
        return None
    cube, n_outer = data.array, data.array.n_outer
    outer, inner = data.key.tuple[:n_outer], data.key.tuple[n_outer:]
    if all(_is_all(item, n) for item, n in zip(outer, cube.shape, strict=False)):
        return cube, inner
    return None


def index_after(
    cut: tuple[_Item, ...], key: tuple[_Item, ...], shape: tuple[int, ...]
) -> tuple[_Item, ...]:
    """One outer index that stands for ``cut`` and then ``key``; what is cut is of ``shape``."""
    items = iter(key)
    return tuple(
        item if _length(item, n) < 0 else _item_after(item, next(items), n)
        for item, n in zip(cut, shape, strict=True)
    )


def _item_after(cut: _Item, item: _Item, n: int) -> _Item:
    if not isinstance(cut, slice):
        return cut[item]  # type: ignore[index] # a list: numbers have no length
    taken = range(*cut.indices(n))
    if isinstance(item, slice):
        part = taken[item]
        if not part:
            return slice(0, 0)
        return slice(part.start, part.stop if part.stop >= 0 else None, part.step)
    return np.array(taken, np.int64)[item]


#: What a task of dask reads, unless asked otherwise.
CHUNK_BYTES = 128 * 2**20


def preferred_chunks(
    variable: xr.Variable, n_outer: int, n_bytes: int = CHUNK_BYTES
) -> dict[Hashable, int]:
    """Whole records, as many as make a task worth its while: all levels of some times."""
    sizes = list(variable.shape)
    left = n_bytes // max(1, variable.dtype.itemsize * math.prod(sizes[n_outer:]))
    for axis in reversed(range(n_outer)):
        n_blocks = -(-sizes[axis] // max(1, left))
        sizes[axis] = -(-sizes[axis] // max(1, n_blocks))  # all of about one size
        left //= max(1, sizes[axis])
    return dict(zip(variable.dims, sizes, strict=True))


def gap_of(dtype: np.dtype[Any]) -> Any:  # noqa: ANN401 - of the dtype
    """What stands where there is no value."""
    return np.nan if dtype.kind in "fc" else 0


def _item(item: Any) -> _Item:  # noqa: ANN401 - part of an index
    """A list of numbers or of truths as numbers in an array."""
    if not isinstance(item, list | np.ndarray):
        return item  # type: ignore[no-any-return]
    array = np.asarray(item)
    if array.dtype == bool:
        return np.flatnonzero(array)
    return array.astype(np.int64) if array.size == 0 else array


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
