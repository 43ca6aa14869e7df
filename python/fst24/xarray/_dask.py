"""Dask arrays of variables: a task reads many records of a file straight into its block."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fst24 import InvalidArgumentError

from ._array import CHUNK_BYTES, cube_of, index_after, preferred_chunks

try:
    import dask.array as da
    from dask.array.core import getter, normalize_chunks
    from dask.base import tokenize
    from dask.blockwise import BlockwiseDep, blockwise
    from dask.highlevelgraph import HighLevelGraph
    from dask.utils import parse_bytes
except ImportError as error:
    raise ImportError("chunks need dask: pip install 'fst24[dask]'") from error

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable

    import numpy.typing as npt
    import xarray as xr

    from ._array import RecordCube

    Chunks = tuple[tuple[int, ...], ...]
    Cut = tuple[Any, ...]

_RECORDS, _AUTO = "records", "auto"


def chunked(
    dataset: xr.Dataset,
    chunks: Any,  # noqa: ANN401 - as xarray takes
    dims: Collection[Hashable] | None = None,
) -> xr.Dataset:
    """The Dataset with variables of records as dask arrays.

    ``chunks`` is what ``xarray.Dataset.chunk`` takes: ``{}`` and ``"auto"`` are whole records, as
    many as make about 128 MiB, ``"64 MiB"`` as many as that says, ``"records"`` one record each; a
    number counts records along each dimension that does. Only a dict cuts records, when it names
    a dimension of theirs. ``dims`` are the names that it may have, by default those of the Dataset.
    """
    checked = _checked(chunks, dataset.dims if dims is None else dims)
    data: dict[Hashable, Any] = {}
    for name in dataset.data_vars:
        variable = dataset.variables[name]
        found = cube_of(variable)
        if found is None:
            data[name] = variable.data
        else:
            cube, cut = found
            sizes = _chunks_of(variable, cube.n_outer, checked)
            data[name] = array_of(cube, cut, sizes, str(name))
    # As it is: to assign thousands of variables would align each of them with all others.
    return dataset.copy(data=data)


def _checked(chunks: Any, dims: Collection[Hashable]) -> Any:  # noqa: ANN401 - a dict, a number, ...
    """Chunks, when they are of a kind that `_chunks_of` knows; a size as a number of bytes."""
    if isinstance(chunks, str):
        if chunks in (_RECORDS, _AUTO):
            return chunks
        try:
            return _Bytes(parse_bytes(chunks))
        except ValueError:
            pass
    elif isinstance(chunks, Mapping):
        unknown = [dim for dim in chunks if dim is not ... and dim not in dims]
        if unknown:
            known = ", ".join(map(str, dims))
            raise InvalidArgumentError(
                f"chunks: no dimension is called {unknown[0]!r}: {known} are"
            )
        return dict(chunks)
    elif isinstance(chunks, bool):
        pass
    elif isinstance(chunks, int | np.integer) and (chunks == -1 or chunks > 0):
        return int(chunks)
    raise InvalidArgumentError(
        f"chunks={chunks!r}: it is {{}} or 'auto' (about 128 MiB of whole records), 'records' (one "
        "each), a size ('64 MiB'), a number of records along each dimension, or a dict "
        "{dimension: size}"
    )


class _Bytes(int):
    """A number of bytes rather than of records."""


def _chunks_of(variable: xr.Variable, n_outer: int, chunks: Any) -> Chunks:  # noqa: ANN401
    """The sizes of blocks along each dimension."""
    dims = variable.dims
    outer = dims[:n_outer]
    n_bytes = chunks if isinstance(chunks, _Bytes) else CHUNK_BYTES
    wanted: dict[Any, Any] = dict(preferred_chunks(variable, n_outer, n_bytes))
    if chunks == _RECORDS:
        wanted |= dict.fromkeys(outer, 1)
    elif isinstance(chunks, dict):
        rest = chunks.get(...)
        wanted |= {} if rest is None else dict.fromkeys(outer, rest)
        wanted |= {dim: n for dim, n in chunks.items() if n is not None and dim in dims}
    elif isinstance(chunks, int) and not isinstance(chunks, _Bytes):
        wanted |= dict.fromkeys(outer, chunks)
    normalize: Any = normalize_chunks
    sizes = tuple(wanted[dim] for dim in dims)
    return normalize(sizes, variable.shape, dtype=variable.dtype)  # type: ignore[no-any-return]


def array_of(cube: RecordCube, cut: Cut, chunks: Chunks, label: str) -> Any:  # noqa: ANN401
    """A dask array of the part ``cut`` of each record of a cube, in blocks of these sizes."""
    name = f"fst24-{label}-{tokenize(cube, cut, chunks)}"
    meta = np.empty((0,) * len(chunks), cube.dtype)
    if not cube.is_by_path:
        # Bytes go to each worker once, not with each task.
        from_array: Any = da.from_array
        whole = _Whole(cube, cut, tuple(map(sum, chunks)))
        return from_array(whole, chunks, name, lock=False, meta=meta)
    index = tuple(range(len(chunks)))
    options = {"_data_producer": True} if _KNOWS_PRODUCERS else {}
    make: Any = blockwise
    blocks, within = _Blocks(cube, chunks, name), _Within(cube, cut, chunks, name)
    layer = make(getter, name, index, blocks, index, within, index, numblocks={}, **options)
    graph: Any = HighLevelGraph.from_collections(name, layer)
    array: Any = da.Array
    return array(graph, name, chunks, meta=meta)


#: Old versions give what they do not know to the function.
_KNOWS_PRODUCERS = "_data_producer" in inspect.signature(blockwise).parameters


class _Blocks(BlockwiseDep):
    """The records of each block: made when tasks are, so that a graph of any size is small.

    `dask.array.core.getter` takes them: dask lets it read what is left of a block after indexing.
    """

    produces_tasks = False

    def __init__(self, cube: RecordCube, chunks: Chunks, name: str) -> None:
        self._cube, self._name = cube, name
        self.numblocks = tuple(map(len, chunks))
        self._edges = _edges(chunks[: cube.n_outer])

    def __getitem__(self, block: tuple[int, ...]) -> RecordCube:
        outer = tuple(slice(e[k], e[k + 1]) for e, k in zip(self._edges, block, strict=False))
        return self._cube.part(outer, threads=1)

    def __dask_tokenize__(self) -> tuple[str, str]:
        return "fst24 blocks", self._name


class _Within(BlockwiseDep):
    """What of its records a block has: all, but where they are cut."""

    produces_tasks = False

    def __init__(self, cube: RecordCube, cut: Cut, chunks: Chunks, name: str) -> None:
        self._name, self._cut, self._n_outer = name, cut, cube.n_outer
        self._shape = cube.shape[cube.n_outer :]
        self.numblocks = tuple(map(len, chunks))
        self._edges = _edges(chunks[cube.n_outer :])

    def __getitem__(self, block: tuple[int, ...]) -> tuple[Any, ...]:
        inner = zip(self._edges, block[self._n_outer :], strict=True)
        key = tuple(slice(e[k], e[k + 1]) for e, k in inner)
        return (slice(None),) * self._n_outer + index_after(self._cut, key, self._shape)

    def __dask_tokenize__(self) -> tuple[str, str]:
        return "fst24 within", self._name


def _edges(chunks: Chunks) -> list[list[int]]:
    return [list(itertools.accumulate(sizes, initial=0)) for sizes in chunks]


class _Whole:
    """A part of each record of a cube, as dask indexes arrays."""

    def __init__(self, cube: RecordCube, cut: Cut, shape: tuple[int, ...]) -> None:
        self._cube, self._cut = cube, cut
        self.shape, self.dtype, self.ndim = shape, cube.dtype, len(shape)

    def __getitem__(self, key: tuple[Any, ...]) -> npt.NDArray[Any]:
        n = self._cube.n_outer
        inner = index_after(self._cut, key[n:], self._cube.shape[n:])
        return self._cube[(*key[:n], *inner)]  # type: ignore[no-any-return]

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return *self._cube.__dask_tokenize__(), self._cut
