"""Arrays and the grids that they are on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import xarray as xr

from fst24 import InvalidArgumentError

from ._back_roles import role_of
from ._place import Where, placed

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from ._place import Placed

    _Object = TypeVar("_Object", xr.DataArray, xr.Dataset)

#: Coordinates along rows and columns, the most telling first.
_AXES = (("rlat", "rlon"), ("y", "x"), ("lat", "lon"))
_PANELS = "subgrid"


def laid(array: xr.DataArray) -> tuple[xr.DataArray, Placed]:
    """An array and the grid that it is on.

    Its points are put in the order of the grid, where theirs is another. The last dimensions of
    the grid, ``placed.dims``, hold its field (ni, nj) transposed.

    Raises
    ------
    InvalidArgumentError, UnsupportedError
        The array is on no grid.
    """
    name = "the array" if array.name is None or array.name in array.coords else array.name
    return _ordered(array, placed(array.to_dataset(name=name, promote_attrs=False), name))


def _ordered(array: xr.DataArray, place: Placed) -> tuple[xr.DataArray, Placed]:
    return (array.isel(place.order) if place.order else array), place


def fields(ds: xr.Dataset) -> Iterator[tuple[Hashable, xr.DataArray, Placed]]:
    """The variables of a Dataset that are on a grid; each grid is made once."""
    known: dict[Any, Placed] = {}
    for name in ds.data_vars:
        where = Where(ds, name)
        if not where.is_somewhere:
            continue
        key = where.variable.dims, where.mapping_name
        if key not in known:
            known[key] = placed(ds, name)
        yield (name, *_ordered(ds[name], known[key]))


def positions(obj: xr.DataArray | xr.Dataset) -> tuple[xr.DataArray, xr.DataArray] | None:
    """The coordinates latitude and longitude, as they are; None where there are none."""
    found = []
    for role in ("lat", "lon"):
        fitting = [one for name, one in obj.coords.items() if role_of(name, one) == role]
        if not fitting:
            return None
        found.append(max(fitting, key=lambda one: one.ndim))
    return found[0], found[1]


def horizontal(obj: xr.DataArray | xr.Dataset) -> tuple[Hashable, ...]:
    """Names of the dimensions along which coordinates have a place, rows before columns."""
    for roles in _AXES:
        y, x = (
            [
                one.dims[0]
                for name, one in obj.coords.items()
                if one.ndim == 1 and role_of(name, one) == role
            ]
            for role in roles
        )
        if x and y and x[0] != y[0]:
            panels = [dim for dim in obj.dims if str(dim).startswith(_PANELS)]
            return (*panels[:1], y[0], x[0])
    found = positions(obj)
    return () if found is None else found[0].dims


def is_mapping(coordinate: xr.Variable | xr.DataArray) -> bool:
    """Whether it is a grid mapping: the variable that keeps a frame in its attributes."""
    return "grid_mapping_name" in coordinate.attrs


def without_place(obj: _Object, dims: tuple[Hashable, ...] = ()) -> _Object:
    """The same without coordinates of a grid: those along its dimensions, and its mapping."""
    gone = [
        name
        for name, one in obj.coords.items()
        if is_mapping(one) or not set(dims).isdisjoint(one.dims)
    ]
    return obj.drop_vars(gone)


def forget_place(array: xr.DataArray, source: xr.DataArray) -> None:
    """Leave in attributes and encoding what is true on another grid as well."""
    array.attrs.pop("grid_mapping", None)
    kept = dict(source.encoding.get("fst24", {}))
    for name in ("grtyp", "ig1", "ig2", "ig3", "ig4", "ni", "nj"):
        kept.pop(name, None)
    array.encoding = {"fst24": kept} if kept else {}


def mapping_of(obj: xr.DataArray | xr.Dataset) -> dict[str, Any]:
    """Attributes of the grid mapping that fields name; none where they name none.

    Raises
    ------
    InvalidArgumentError
        They name several.
    """
    arrays = [obj] if isinstance(obj, xr.DataArray) else list(obj.data_vars.values())
    named = {one.attrs.get("grid_mapping", one.encoding.get("grid_mapping")) for one in arrays}
    there = {**obj.coords, **(obj.data_vars if isinstance(obj, xr.Dataset) else {})}
    wanted = sorted(str(name) for name in named if name in there)
    if len(wanted) > 1:
        raise InvalidArgumentError(
            f"variables are in several frames ({', '.join(wanted)}): ask one of the variables"
        )
    return dict(there[wanted[0]].attrs) if wanted else {}
