"""Arrays of pressure or height that are computed where they are looked at."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from xarray import Variable
from xarray.backends import BackendArray
from xarray.core import indexing

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from fst24.vertical import Formula

#: Of a reference field that is read at once, and of a chunk of the result.
_BLOCK_BYTES = 64 << 20
_CHUNK_BYTES = 128 << 20
_ADVICE = 'set its attrs["units"] to "Pa", or give it in hPa'


class Field(NamedTuple):
    """A reference field: its dimensions are among those of the result."""

    name: str
    variable: Variable
    #: Pa or m in its unit.
    unit: float


class Plan(NamedTuple):
    """What to compute, without the fields."""

    formula: Formula
    #: Of the result, in order, with that of the levels.
    sizes: dict[str, int]
    level_dim: str
    dtype: np.dtype[Any]
    #: Pa or m in the unit of the result.
    divisor: float

    @property
    def dims(self) -> tuple[str, ...]:
        """All dimensions."""
        return tuple(self.sizes)

    @property
    def axis(self) -> int:
        """Where the levels are."""
        return self.dims.index(self.level_dim)

    def own_dims(self, variable: Variable) -> tuple[str, ...]:
        """The dimensions of a field in the order of the result."""
        return tuple(dim for dim in self.sizes if dim in variable.dims)


def planned(plan: Plan, fields: list[Field]) -> Variable:
    """The result: a dask array where a field is one, else computed as far as it is indexed."""
    if any(field.variable.chunks is not None for field in fields):
        return Variable(plan.dims, _dask_array(plan, fields))
    lazy: Any = indexing.LazilyIndexedArray(LevelArray(plan, fields))
    # As in `xarray.open_dataset`: what was computed is kept, and can be written to.
    cached: Any = indexing.MemoryCachedArray
    return Variable(plan.dims, cached(indexing.CopyOnWriteArray(lazy)))


class LevelArray(BackendArray):
    """Pressures or heights over fields that are read as far as they are needed."""

    def __init__(self, plan: Plan, fields: list[Field]) -> None:
        self.plan, self.fields = plan, fields
        self.shape, self.dtype = tuple(plan.sizes.values()), plan.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:  # noqa: ANN401 - as xarray has it
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> npt.NDArray[Any]:
        is_one = [isinstance(one, int | np.integer) for one in key]
        where: dict[Any, Any] = {
            dim: np.array([one]) if alone else one
            for dim, one, alone in zip(self.plan.dims, key, is_one, strict=True)
        }
        plan = self.plan._replace(
            formula=self.plan.formula.of(where[self.plan.level_dim]),
            sizes={dim: _length(where[dim], n) for dim, n in self.plan.sizes.items()},
        )
        fields = [
            field._replace(variable=field.variable[{d: where[d] for d in field.variable.dims}])
            for field in self.fields
        ]
        out = np.empty(tuple(plan.sizes.values()), plan.dtype)
        for rows, arrays in _blocks(plan, fields):
            _compute_into(out[rows], plan, arrays)
        found: npt.NDArray[Any] = out[tuple(0 if alone else slice(None) for alone in is_one)]
        return found


def _length(where: slice | npt.NDArray[Any], n: int) -> int:
    return len(range(n)[where]) if isinstance(where, slice) else len(where)


class _Loaded(NamedTuple):
    name: str
    #: With all dimensions of the result but that of the levels; 1 long where the field has not.
    values: npt.NDArray[Any]
    unit: float


def _blocks(plan: Plan, fields: list[Field]) -> Iterator[tuple[slice, list[_Loaded]]]:
    """The fields in memory, for some of what is outermost at a time."""
    outer = plan.dims[0]
    if plan.axis == 0 or not any(outer in field.variable.dims for field in fields):
        yield slice(None), [_loaded(plan, field) for field in fields]
        return
    # Fields that do not change along it are read once.
    known = [f if outer in f.variable.dims else f._replace(variable=f.variable.load())
             for f in fields]  # fmt: skip
    n_bytes = max(field.variable.dtype.itemsize * field.variable.size for field in fields)
    n = plan.sizes[outer]
    step = max(1, n * _BLOCK_BYTES // max(1, n_bytes))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        yield rows, [_loaded(plan, field, rows) for field in known]


def _loaded(plan: Plan, field: Field, rows: slice = slice(None)) -> _Loaded:
    own = field.variable
    own = own[{dim: rows for dim in plan.dims[:1] if dim in own.dims}]
    own = own.transpose(*plan.own_dims(own))
    return _Loaded(field.name, _padded(own.values, own.dims, plan), field.unit)


def _padded(values: npt.NDArray[Any], dims: Any, plan: Plan) -> npt.NDArray[Any]:  # noqa: ANN401
    """An array of some dimensions, in order, with all of them but that of the levels."""
    sizes = dict(zip(dims, values.shape, strict=True))
    return values.reshape([sizes.get(dim, 1) for dim in plan.dims if dim != plan.level_dim])


def _compute_into(out: npt.NDArray[Any], plan: Plan, fields: list[_Loaded]) -> None:
    """Fill an array, one step of what is outside of the levels (a time) after the other."""
    for at in np.ndindex(out.shape[: plan.axis]):
        step = {}
        for name, values, unit in fields:
            here = tuple(i if n > 1 else 0 for i, n in zip(at, values.shape, strict=False))
            step[name] = plan.formula.field(name, values[here], scale=unit, advice=_ADVICE)
        plan.formula.compute_into(out[at], step, plan.divisor)


# -------------------------------------------------------------------------------------- dask


def _dask_array(plan: Plan, fields: list[Field]) -> Any:  # noqa: ANN401 - dask has no types
    """One task for each chunk of the fields and some of the levels."""
    import dask.array as dask_array

    da: Any = dask_array

    arguments: list[Any] = []
    widest = 1
    for field in fields:
        own = field.variable if field.variable.chunks is not None else field.variable.chunk()
        own = own.transpose(*plan.own_dims(own))
        arguments += [own.data, own.dims]
        widest = max(widest, math.prod(max(sizes, default=1) for sizes in own.chunks or ()))
    n_levels = max(1, _CHUNK_BYTES // (widest * plan.dtype.itemsize))
    places = da.arange(plan.sizes[plan.level_dim], chunks=n_levels)
    return da.blockwise(
        partial(
            _block, plan=plan, about=[(f.name, f.unit, plan.own_dims(f.variable)) for f in fields]
        ),
        plan.dims,
        places,
        (plan.level_dim,),
        *arguments,
        dtype=plan.dtype,
        meta=np.empty((0,) * len(plan.dims), plan.dtype),
    )


def _block(
    places: npt.NDArray[np.intp],
    *arrays: npt.NDArray[Any],
    plan: Plan,
    about: list[tuple[str, float, tuple[str, ...]]],
) -> npt.NDArray[Any]:
    """What one task computes."""
    sizes = {plan.level_dim: len(places)}
    for array, (_, _, dims) in zip(arrays, about, strict=True):
        # A field that is 1 long where the result is longer cannot be: sizes of a Dataset agree.
        sizes |= dict(zip(dims, array.shape, strict=True))
    plan = plan._replace(
        formula=plan.formula.of(places), sizes={dim: sizes[dim] for dim in plan.dims}
    )
    fields = [
        _Loaded(name, _padded(np.asarray(array), dims, plan), unit)
        for array, (name, unit, dims) in zip(arrays, about, strict=True)
    ]
    out = np.empty(tuple(plan.sizes.values()), plan.dtype)
    _compute_into(out, plan, fields)
    return out
