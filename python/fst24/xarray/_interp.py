"""Fields on another grid and at positions."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import xarray as xr

from fst24 import Fst24Warning, InvalidArgumentError
from fst24.grid import Grid

from ._layout import fields, forget_place, horizontal, is_mapping, laid, positions, without_place
from ._place import Placed, grid_of
from ._wind import PAIRS, is_of_earth, turned

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    import numpy.typing as npt

Method: TypeAlias = Literal["nearest", "linear", "cubic"]
_METHODS = ("nearest", "linear", "cubic")
#: Of positions while they may have the names of dimensions of the source.
_AT = "_fst24_at"


class Target:
    """Where values are wanted, and what the result is labelled with."""

    def __init__(
        self,
        dims: tuple[Hashable, ...],
        lat: npt.NDArray[Any],
        lon: npt.NDArray[Any],
        coords: Mapping[Hashable, Any],
        *,
        grid: Grid | None = None,
    ) -> None:
        self.dims = dims
        self.lat, self.lon = lat, lon
        self.coords = coords
        #: Along whose axes components of wind are wanted; None: east and north.
        self.grid = grid
        mappings = [n for n, v in coords.items() if isinstance(v, xr.Variable) and is_mapping(v)]
        self.mapping = mappings[0] if mappings else None

    def indices(self, grid: Grid) -> list[xr.DataArray]:
        """The positions as indices of a grid."""
        dims = [f"{_AT}{k}" for k in range(len(self.dims))]
        return [xr.DataArray(np.asarray(a), dims=dims) for a in grid.xy(self.lat, self.lon)]


def interp_to(
    source: xr.Dataset | xr.DataArray,
    target: xr.Dataset | xr.DataArray | Grid,
    *,
    method: Method = "linear",
) -> Any:  # noqa: ANN401 - of the type of the source
    """The same fields on the grid of another: see the accessor."""
    return _moved(source, _target_of(target), method)


def sel_points(
    source: xr.Dataset | xr.DataArray,
    lat: npt.ArrayLike,
    lon: npt.ArrayLike,
    *,
    method: Method = "nearest",
    names: Iterable[Hashable] | None = None,
) -> Any:  # noqa: ANN401 - of the type of the source
    """Values at positions: see the accessor."""
    lats, lons = np.broadcast_arrays(
        np.atleast_1d(np.asarray(lat, np.float64)), np.atleast_1d(np.asarray(lon, np.float64))
    )
    if lats.ndim != 1:
        raise InvalidArgumentError(f"positions of shape {lats.shape}: a list of them is wanted")
    coords: dict[Hashable, Any] = {
        "lat": ("point", lats, {"standard_name": "latitude", "units": "degrees_north"}),
        "lon": ("point", lons, {"standard_name": "longitude", "units": "degrees_east"}),
    }
    if names is not None:
        labels = list(names)
        if len(labels) != lats.size:
            raise InvalidArgumentError(f"{len(labels)} names for {lats.size} positions")
        coords["point"] = ("point", labels)
    return _moved(source, Target(("point",), lats, lons, coords), method)


def _target_of(target: xr.Dataset | xr.DataArray | Grid) -> Target:
    if isinstance(target, Grid):
        return _target_of_grid(target)
    dims = horizontal(target)
    if not dims:
        raise InvalidArgumentError(
            "the target has no coordinates that say where its points are: lat and lon, or axes "
            "and a grid mapping"
        )
    coords: dict[Hashable, Any] = {
        name: one.variable
        for name, one in target.coords.items()
        if is_mapping(one) or (one.ndim and set(one.dims) <= set(dims))
    }
    grid = grid_of(target) if set(dims) <= set(target.coords) else None
    sizes = tuple(target.sizes[dim] for dim in dims)
    found = positions(target)
    if found is None:
        grid = grid_of(target) if grid is None else grid
        lat, lon = (a.T.reshape(sizes) for a in grid.latlon())
        return Target(dims, lat, lon, coords, grid=grid)
    shape = dict(zip(dims, sizes, strict=True))
    lat, lon = (
        np.asarray(one.variable.set_dims(shape).transpose(*dims), np.float64)  # type: ignore[no-untyped-call]
        for one in found
    )
    return Target(dims, lat, lon, coords, grid=grid)


def _target_of_grid(grid: Grid) -> Target:
    """Dimensions and coordinates as those of a Dataset that fst24 opens."""
    from ._horizontal import horizontal as lying
    from ._options import Options

    there = lying(grid, grid.shape, Options())
    lat, lon = (a.T.reshape(there.shape) for a in grid.latlon())
    return Target(there.dims, lat, lon, dict(there.make(str).items()), grid=grid)


def _moved(source: xr.Dataset | xr.DataArray, target: Target, method: Method) -> Any:  # noqa: ANN401
    if method not in _METHODS:
        raise InvalidArgumentError(f"method={method!r}: one of {', '.join(_METHODS)}")
    if isinstance(source, xr.DataArray):
        source, place = laid(source)
        _warn_of_component(source, place, target)
        at = target.indices(place.grid)
        return _sampled(source, place, at, target, method).assign_coords(target.coords)
    return _dataset_moved(source, target, method)


def _dataset_moved(source: xr.Dataset, target: Target, method: Method) -> xr.Dataset:
    known: dict[Grid, list[xr.DataArray]] = {}
    found = {name: (array, place) for name, array, place in fields(source)}
    if not found:
        raise InvalidArgumentError(
            "no variable of the Dataset is on a grid: its coordinates do not say where points are"
        )
    winds = dict(_winds(found, target))
    made: dict[Hashable, xr.DataArray] = {}
    for name, (array, place) in found.items():
        if place.grid not in known:
            known[place.grid] = target.indices(place.grid)
        if name not in winds and any(name in pair for pair in PAIRS):
            _warn_of_component(array, place, target)
        made[name] = _sampled(winds.get(name, array), place, known[place.grid], target, method)
    _turn_back(made, winds, target)
    dims = {dim for _, place in found.values() for dim in place.dims}
    rest = without_place(source.drop_vars(found), tuple(dims))
    rest = rest.drop_vars([name for name in rest.data_vars if dims & set(rest[name].dims)])
    return rest.assign(made).assign_coords(target.coords)[list(_order(source, rest, made))]


def _order(source: xr.Dataset, *parts: Mapping[Any, Any]) -> Iterable[Hashable]:
    return (name for name in source.data_vars if any(name in part for part in parts))


def _winds(
    found: Mapping[Hashable, tuple[xr.DataArray, Placed]], target: Target
) -> Iterable[tuple[Hashable, xr.DataArray]]:
    """Components of winds, turned to east and north where the axes are not the target's."""
    for u, v in PAIRS:
        if u in found and v in found:
            (along, place), (across, other) = found[u], found[v]
            same = set(along.dims) == set(across.dims) and place.grid == other.grid
            if same and not is_of_earth(along) and place.grid != target.grid:
                yield from zip((u, v), turned(along, across, place), strict=True)


def _turn_back(
    made: dict[Hashable, xr.DataArray], winds: Mapping[Hashable, Any], target: Target
) -> None:
    """From east and north to the axes of the target, or say that they are of the earth."""
    for (u, v), names in PAIRS.items():
        if u not in winds:
            continue
        if target.grid is not None:
            place = Placed(target.grid, target.dims, {})
            pair = turned(made[u], made[v], place, to="grid")
            for name, component in zip((u, v), pair, strict=True):
                component.encoding = made[name].encoding
                made[name] = component
            continue
        for name, standard_name in zip((u, v), names, strict=True):
            long_name = standard_name.replace("_", " ")
            made[name].attrs |= {"standard_name": standard_name, "long_name": long_name}


def _warn_of_component(array: xr.DataArray, place: Placed, target: Target) -> None:
    is_component = any(array.name in pair for pair in PAIRS) and not is_of_earth(array)
    if is_component and place.grid != target.grid and not place.grid.is_separable:
        warnings.warn(
            f"{array.name} keeps the direction of the axes of its grid ({place.grid!r}): a Dataset "
            "with both components of the wind is turned to those of the target",
            Fst24Warning,
            stacklevel=4,
        )


def _sampled(
    array: xr.DataArray, place: Placed, at: list[xr.DataArray], target: Target, method: Method
) -> xr.DataArray:
    """Values of a field at positions; lazy where it is."""
    if array.chunks is not None:  # a value may need points of several chunks
        array = array.chunk(dict.fromkeys(place.dims, -1))
    dtype = np.float32 if array.dtype == np.float32 else np.float64
    made = xr.apply_ufunc(
        _interpolated,
        array,
        *at,
        kwargs={"grid": place.grid, "n_dims": len(place.dims), "method": method},
        input_core_dims=[list(place.dims), list(at[0].dims), list(at[1].dims)],
        output_core_dims=[list(at[0].dims)],
        dask="parallelized",
        output_dtypes=[dtype],
        dask_gufunc_kwargs={"output_sizes": dict(at[0].sizes)},
        keep_attrs=True,
    )
    made = without_place(made).rename(dict(zip(at[0].dims, target.dims, strict=True)))
    forget_place(made, array)
    if target.mapping is not None:
        made.attrs["grid_mapping"] = target.mapping
    named: xr.DataArray = made.rename(array.name)
    return named


def _interpolated(
    values: npt.NDArray[Any],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    *,
    grid: Grid,
    n_dims: int,
    method: Method,
) -> npt.NDArray[Any]:
    """(..., dimensions of the grid) to (..., dimensions of the positions)."""
    leading = values.shape[: values.ndim - n_dims]
    stack = values.reshape(-1, grid.nj, grid.ni)
    found = grid.interp_at(stack.T, x, y, method=method)
    return np.moveaxis(found, -1, 0).reshape(*leading, *x.shape)
