"""Dask arrays of variables: a task reads many records of a file straight into its block."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from xarray.core import indexing

from ._array import RecordCube

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import xarray as xr


def chunked(dataset: xr.Dataset, chunks: Any) -> xr.Dataset:  # noqa: ANN401 - as xarray takes
    """The Dataset with variables of records as dask arrays.

    ``chunks`` is what ``xarray.Dataset.chunk`` takes; ``{}`` is whole records, as many as the
    variable prefers; ``"records"`` one record each.
    """
    made = dataset.copy()
    for name, variable in dataset.variables.items():
        cube = cube_of(variable)
        if cube is not None:
            array = array_of(cube, _chunks_of(variable, cube, chunks), str(name))
            made[name] = (variable.dims, array, variable.attrs)
            made[name].encoding = variable.encoding
    return made


def cube_of(variable: xr.Variable) -> RecordCube | None:
    """The records behind a variable that nobody has indexed yet."""
    data = variable._data  # noqa: SLF001 - xarray shows no other way
    while isinstance(data, indexing.CopyOnWriteArray | indexing.MemoryCachedArray):
        data = data.array
    if not isinstance(data, indexing.LazilyIndexedArray) or not isinstance(data.array, RecordCube):
        return None
    whole = all(key == slice(None) for key in data.key.tuple)
    return data.array if whole and data.shape == data.array.shape else None


def _chunks_of(variable: xr.Variable, cube: RecordCube, chunks: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """The sizes of blocks along each dimension; a record is never cut."""
    from dask.array.core import normalize_chunks

    preferred = dict(variable.encoding["preferred_chunks"])
    if chunks == "records":
        wanted: dict[Any, Any] = dict.fromkeys(variable.dims[: cube.n_outer], 1)
    elif isinstance(chunks, dict):
        wanted = {**preferred, **{k: v for k, v in chunks.items() if k in variable.dims}}
    elif chunks == "auto":
        wanted = preferred
    else:
        wanted = dict.fromkeys(variable.dims, chunks)
    shape = cube.shape
    given = [wanted.get(dim, -1) if k < cube.n_outer else -1 for k, dim in enumerate(variable.dims)]
    normalized: Any = normalize_chunks
    return normalized(tuple(given), shape, dtype=cube.dtype)  # type: ignore[no-any-return]


def array_of(cube: RecordCube, chunks: Sequence[Sequence[int]], label: str) -> Any:  # noqa: ANN401
    """A dask array whose tasks carry paths and places of their own records alone."""
    import dask.array as da
    from dask.base import tokenize

    name = f"fst24-{label}-{tokenize(cube, chunks)}"
    outer = chunks[: cube.n_outer]
    edges = [list(itertools.accumulate(sizes, initial=0)) for sizes in outer]
    inner = (0,) * (len(cube.shape) - cube.n_outer)
    tasks = {}
    for block in itertools.product(*(range(len(sizes)) for sizes in outer)):
        part = tuple(slice(e[k], e[k + 1]) for e, k in zip(edges, block, strict=True))
        tasks[name, *block, *inner] = (_read, cube.part(part, threads=1))
    make: Any = da.Array
    return make(tasks, name, chunks, dtype=cube.dtype)


def _read(cube: RecordCube) -> npt.NDArray[Any]:
    return cube.read()
