"""Pressure and height of the levels of a Dataset: ``ds.fst24.pressure()``, ``.height()``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from fst24 import InvalidArgumentError

from ._formula import levels_of, unit_of
from ._formula_array import Field, Plan, planned

if TYPE_CHECKING:
    from ._formula import Levels, Quantity

_PA_PER_HPA = 100.0
_NOMINAL_SURFACE = 1e5
_UNNAMED = "pressure or height"
#: Dimensions outside of the levels, where no variable shows the order.
_OUTER = ("time", "forecast", "ensemble", "accum", "ip3", "station_id")
_LONG_NAMES = {
    "air_pressure": "pressure of levels",
    "height": "height of levels above the ground",
    "altitude": "height of levels above sea level",
}


def pressure(
    ds: xr.Dataset,
    name: str | None = None,
    *,
    unit: Literal["hPa", "Pa"] = "hPa",
    **fields: xr.DataArray | float,
) -> xr.DataArray:
    """Pressure of the levels of a Dataset, nothing being read or computed before it is needed.

    Parameters
    ----------
    ds : Dataset
        With a level axis that fst24 made, or that CF attributes describe (``formula_terms``), and
        the fields that it follows (``P0``, ``P0LS``, ``PT``): in hPa, or as their units say.
    name : str, optional
        A level coordinate, or a variable whose levels and order of dimensions are meant. Not
        needed with one level axis.
    unit : {"hPa", "Pa"}
        Of the result.
    **fields : DataArray or number
        Fields that the Dataset has not, or other ones: ``P0=...``, in hPa without units.

    Returns
    -------
    DataArray
        Along the dimensions of the fields and the levels, 1-D where no field is needed. float32
        when all fields are, else float64; computed in float64. Of dask where a field is; else
        computed when looked at, and as much as is looked at, a step of time after the other. Named
        ``pressure``, unless a coordinate is.

    Raises
    ------
    InvalidArgumentError
        No levels with a pressure, several, or a field that is missing or on another grid.
    """
    if unit not in ("hPa", "Pa"):
        raise InvalidArgumentError(f"unit={unit!r}: it is 'hPa' or 'Pa'")
    return _computed(ds, _chosen(ds, name, "pressure"), name, fields, unit)


def height(ds: xr.Dataset, name: str | None = None, **fields: xr.DataArray | float) -> xr.DataArray:
    """Height of the levels of a Dataset in m, as `pressure` gives pressure.

    Of hybrid heights and SLEVE levels, which follow ``ME`` and ``MELS``, above sea level; of
    levels of height, as they are.
    """
    return _computed(ds, _chosen(ds, name, "height"), name, fields, "m")


def level_pressure(ds: xr.Dataset, name: str | None = None) -> xr.DataArray:
    """Nominal pressure of levels in hPa, 1-D: over a surface at 1000 hPa.

    An auxiliary coordinate to choose levels with:
    ``ds.assign_coords(level_pressure=level_pressure(ds))``.
    """
    levels = _chosen(ds, name, "pressure")
    formula = levels.formula
    surface = dict.fromkeys(formula.factors, _NOMINAL_SURFACE)
    values = formula.compute(surface) / _PA_PER_HPA
    attrs = {"long_name": "nominal pressure, over a surface at 1000 hPa", "units": "hPa"}
    dims = () if levels.dim is None else (levels.dim,)
    return _labelled(ds, xr.Variable(dims, values if dims else values[0], attrs), "level_pressure")


# ------------------------------------------------------------------------------------- levels


def _chosen(ds: xr.Dataset, name: str | None, quantity: Quantity) -> Levels:
    """The levels that are meant."""
    if name is not None and name not in ds.variables:
        raise InvalidArgumentError(f"the Dataset has no {name!r}: name a variable or a level axis")
    if name in ds.coords:
        levels = levels_of(ds, str(name))
        if levels is None or levels.quantity != quantity:
            raise InvalidArgumentError(
                f"{name!r} says no {quantity}: it has no formula_terms or standard_name of one,"
                " and no vertical coordinate of fst24"
            )
        return levels
    candidates = ds.coords if name is None else ds[name].coords
    found = [levels for c in candidates if (levels := levels_of(ds, str(c))) is not None]
    found = [levels for levels in found if levels.quantity == quantity and _is_axis(ds, levels)]
    # A level that everything is at stands back behind an axis.
    found = [levels for levels in found if levels.dim is not None] or found
    if not found:
        raise InvalidArgumentError(_no_levels(ds, name, quantity))
    if len(found) > 1:
        names = ", ".join(levels.name for levels in found)
        raise InvalidArgumentError(
            f"several level axes have a {quantity}, {names}: name one of them or a variable,"
            f" {quantity}({found[0].name!r})"
        )
    return found[0]


def _is_axis(ds: xr.Dataset, levels: Levels) -> bool:
    """Not what says something of some levels alone: heights of the diagnostic ones."""
    attrs = ds.variables[levels.name].attrs
    return levels.dim in {None, levels.name} or "formula_terms" in attrs or "axis" in attrs


def _no_levels(ds: xr.Dataset, name: str | None, quantity: Quantity) -> str:
    of = "the Dataset" if name is None else repr(name)
    axes = [str(c) for c in ds.coords if ds.variables[c].attrs.get("axis") == "Z"]
    has = f"its levels are {', '.join(axes)}" if axes else "it has no level axis"
    other = "height" if quantity == "pressure" else "pressure"
    return (
        f"no levels of {of} have a {quantity}: {has}. {other.capitalize()} may be what they have;"
        " hybrid levels need their table (!!) in the file, or in another that is opened with it"
    )


# ------------------------------------------------------------------------------------- fields


def _computed(
    ds: xr.Dataset,
    levels: Levels,
    name: str | None,
    given: dict[str, Any],
    unit: Literal["hPa", "Pa", "m"],
) -> xr.DataArray:
    # The dimensions of a variable that was named are those of the result.
    template = ds[name] if name is not None and name in ds.data_vars else None
    arrays = _fields(ds, levels, given)
    if template is not None:
        is_fixed = levels.quantity == "height"  # orography is written once
        arrays = {f: _along(array, template, f, is_fixed) for f, array in arrays.items()}
    attrs = {
        "standard_name": levels.standard_name,
        "long_name": _LONG_NAMES[levels.standard_name],
        "units": unit,
    }
    level_dim = levels.dim or levels.name
    if any(level_dim in array.dims for array in arrays.values()):
        raise InvalidArgumentError(
            f"{', '.join(arrays)}: a reference field has no {level_dim!r}; select one level of it"
        )
    sizes = _sizes(ds, levels, template, arrays)
    dtypes = {array.dtype for array in arrays.values()}
    dtype = np.dtype(np.float32 if dtypes == {np.dtype(np.float32)} else np.float64)
    plan = Plan(levels.formula, sizes, level_dim, dtype, _PA_PER_HPA if unit == "hPa" else 1.0)
    fields = [
        Field(field, array.variable, unit_of(array.variable, levels.quantity))
        for field, array in arrays.items()
    ]
    made = planned(plan, fields)
    if set(sizes) == {level_dim}:
        made = made.load()
    if levels.dim is None:
        made = made.isel({level_dim: 0})
    mapping = _grid_mapping(ds, template, arrays)
    made.attrs = attrs | ({"grid_mapping": mapping} if mapping else {})
    return _labelled(ds, made, levels.quantity, list(arrays.values()))


def _fields(ds: xr.Dataset, levels: Levels, given: dict[str, Any]) -> dict[str, xr.DataArray]:
    """The reference fields, by the names of the formula."""
    known = {*levels.variables, *levels.variables.values()}
    unknown = sorted(set(given) - known)
    if unknown:
        raise InvalidArgumentError(
            f"{', '.join(unknown)}: the levels {levels.name!r} follow"
            f" {', '.join(levels.variables) or 'no field'}"
        )
    arrays = {}
    for name, variable in levels.variables.items():
        own = given.get(name, given.get(variable))
        if own is not None:
            arrays[name] = _fitting(ds, name, own)
        elif variable in ds.variables:
            arrays[name] = ds[variable]
        elif levels.formula.needs(name):
            unit = "hPa" if levels.quantity == "pressure" else "m"
            raise InvalidArgumentError(
                f"the {levels.quantity} of {levels.name!r} needs {variable}, which is not in the"
                f" Dataset: read it too, or give it, {levels.quantity}({name}=a DataArray in"
                f" {unit})"
            )
    return arrays


def _fitting(ds: xr.Dataset, name: str, given: Any) -> xr.DataArray:  # noqa: ANN401 - of users
    """A field that was given, if it is along the Dataset."""
    array = given if isinstance(given, xr.DataArray) else None
    if array is None and np.ndim(given) == 0:
        array = xr.DataArray(given)
    if array is None:
        raise InvalidArgumentError(
            f"{name} of shape {np.shape(given)} has no dimensions: give a DataArray,"
            f" xr.DataArray(values, dims=...)"
        )
    for dim in array.dims:
        if dim not in ds.sizes:
            continue
        same = array.sizes[dim] == ds.sizes[dim]
        if same and dim in array.indexes and dim in ds.indexes:
            same = array.indexes[dim].equals(ds.indexes[dim])
        if not same:
            raise InvalidArgumentError(
                f"{name} has another {dim!r} than the Dataset: give"
                f" {name}.sel({dim}=ds[{str(dim)!r}]), or interpolate it"
            )
    return array


def _along(
    array: xr.DataArray,
    template: xr.DataArray,
    name: str,
    is_fixed: bool,  # noqa: FBT001 - of one caller
) -> xr.DataArray:
    """A field along the dimensions of a variable, looked up in an axis of its own (``time1``)."""
    for dim in [d for d in array.dims if d not in template.dims]:
        if is_fixed and _bare(str(dim)) in _OUTER and array.sizes[dim] == 1:
            array = array.isel({dim: 0}, drop=True)
            continue
        twin = _twin(array, str(dim), template)
        if twin is None:
            raise InvalidArgumentError(
                f"{name} is along {array.dims}, {template.name} along {template.dims}: give the"
                f" one of this grid and these times, pressure({name}=...)"
            )
        places = array.indexes[dim].get_indexer(template.indexes[twin])
        array = array.isel({dim: places}).rename({dim: twin})
        array = array.assign_coords({twin: template[twin]})
    return array


def _twin(array: xr.DataArray, dim: str, template: xr.DataArray) -> str | None:
    """The dimension of a variable whose labels are all on another one called the same."""
    for own in map(str, template.dims):
        if own in array.dims or _bare(own) != _bare(dim):
            continue
        if dim in array.indexes and own in template.indexes and array.indexes[dim].is_unique:
            places = array.indexes[dim].get_indexer(template.indexes[own])
            if (places >= 0).all():
                return own
    return None


def _bare(dim: str) -> str:
    return re.sub(r"_?\d+$", "", dim)


# ------------------------------------------------------------------------------------- result


def _sizes(
    ds: xr.Dataset,
    levels: Levels,
    template: xr.DataArray | None,
    arrays: dict[str, xr.DataArray],
) -> dict[str, int]:
    """Dimensions of the result in order, with the levels."""
    sizes = {str(d): n for array in arrays.values() for d, n in array.sizes.items()}
    level_dim = levels.dim or levels.name
    n_levels = len(levels.formula.a)
    like = template if template is not None else _shown(ds, {*sizes, level_dim})
    if like is not None:
        order = [str(d) for d in like.dims if d in sizes or d == level_dim]
        order += [dim for dim in sizes if dim not in order]
    else:
        order = list(sizes)
    if level_dim not in order:
        n_outer = sum(_bare(dim) in _OUTER for dim in order)
        order = [*order[:n_outer], level_dim, *order[n_outer:]]
    return {dim: n_levels if dim == level_dim else sizes[dim] for dim in order}


def _shown(ds: xr.Dataset, dims: set[str]) -> xr.Variable | None:
    """A variable that shows the order of dimensions."""
    return next((v.variable for v in ds.data_vars.values() if dims <= set(map(str, v.dims))), None)


def _grid_mapping(
    ds: xr.Dataset, template: xr.DataArray | None, arrays: dict[str, xr.DataArray]
) -> str | None:
    for array in (*([] if template is None else [template]), *arrays.values()):
        mapping = array.attrs.get("grid_mapping") or array.encoding.get("grid_mapping")
        if mapping is not None and mapping in ds.variables:
            return str(mapping)
    return None


def _labelled(
    ds: xr.Dataset,
    variable: xr.Variable,
    name: str,
    arrays: list[xr.DataArray] | None = None,
) -> xr.DataArray:
    """With the coordinates of the Dataset, and those of fields along dimensions of their own."""
    coords: dict[Any, Any] = {
        key: coord
        for array in arrays or []
        for key, coord in array.coords.items()
        if key not in ds.variables and set(coord.dims) <= set(variable.dims)
    }
    coords |= {
        key: coord for key, coord in ds.coords.items() if set(coord.dims) <= set(variable.dims)
    }
    # A Dataset takes a lazy variable as it is; xarray 2023.12 reads it to make a DataArray.
    made = xr.Dataset({_UNNAMED: variable}, coords)[_UNNAMED]
    return made.rename(None if name in coords else name)
