"""Wind: components along a grid or to east and north, speed and direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from fst24 import InvalidArgumentError

from ._layout import laid

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt

    from ._place import Placed

#: Fields that are the two components of one vector along the axes of their grid, and the standard
#: names of the same to east and north.
PAIRS: dict[tuple[str, str], tuple[str, str]] = {
    ("UU", "VV"): ("eastward_wind", "northward_wind"),
    ("UUW", "VVW"): ("eastward_sea_water_velocity", "northward_sea_water_velocity"),
    ("UUI", "VVI"): ("eastward_sea_ice_velocity", "northward_sea_ice_velocity"),
}
_TURN = 360
_EARTH = ("eastward_wind", "northward_wind")
_GRID = ("x_wind", "y_wind")
_LONG_NAMES = {
    "eastward_wind": "eastward wind",
    "northward_wind": "northward wind",
    "x_wind": "wind along grid x",
    "y_wind": "wind along grid y",
    "wind_speed": "wind speed",
    "wind_from_direction": "wind direction (from)",
}


def is_of_earth(component: xr.DataArray) -> bool:
    """Whether a component is eastward or northward already, as its standard name says."""
    return str(component.attrs.get("standard_name", "")).startswith(("eastward_", "northward_"))


def wind(
    ds: xr.Dataset,
    u: Hashable = "UU",
    v: Hashable = "VV",
    *,
    to: Literal["earth", "grid"] = "earth",
) -> xr.Dataset:
    """Components, speed and direction of a wind: see the accessor."""
    if to not in ("earth", "grid"):
        raise InvalidArgumentError(f"to={to!r}: 'earth' or 'grid'")
    along, across = components(ds, u, v)
    along, place = laid(along)
    across, _ = laid(across)
    is_earth = is_of_earth(along)
    geographic = (along, across) if is_earth else turned(along, across, place)
    if to == "earth":
        shown, names = geographic, _EARTH
    else:
        shown, names = (
            turned(along, across, place, to="grid") if is_earth else (along, across),
            _GRID,
        )
    speed, direction = xr.apply_ufunc(
        _polar,
        *geographic,
        output_core_dims=[[], []],
        dask="parallelized",
        output_dtypes=[_floating(along, across)] * 2,
    )
    units = along.attrs.get("units")
    found = dict(
        zip((*names, "wind_speed", "wind_from_direction"), (*shown, speed, direction), strict=True)
    )
    mapping = along.attrs.get("grid_mapping")
    for name, array in found.items():
        given = {
            "long_name": _LONG_NAMES[name],
            "standard_name": name,
            "units": "degree" if name == "wind_from_direction" else units,
            "grid_mapping": mapping,
        }
        array.attrs = {key: value for key, value in given.items() if value is not None}
    return xr.Dataset(found, attrs=ds.attrs)


def turned(
    u: xr.DataArray,
    v: xr.DataArray,
    place: Placed,
    *,
    to: Literal["geographic", "grid"] = "geographic",
) -> tuple[xr.DataArray, xr.DataArray]:
    """Components along other axes; lazy where they are."""
    if place.grid.is_separable:  # its columns are meridians
        return u.copy(deep=False), v.copy(deep=False)
    sizes = tuple(u.sizes[dim] for dim in place.dims)
    dtype = _floating(u, v)
    cosines, sines = (
        xr.DataArray(a.T.reshape(sizes).astype(dtype), dims=place.dims)
        for a in place.grid.directions()
    )
    if to == "grid":
        sines = -sines
    east, north = xr.apply_ufunc(
        _turn,
        u,
        v,
        cosines,
        sines,
        output_core_dims=[[], []],
        dask="parallelized",
        output_dtypes=[dtype, dtype],
        keep_attrs=True,
    )
    return east.transpose(*u.dims), north.transpose(*u.dims)


def components(ds: xr.Dataset, u: Hashable, v: Hashable) -> tuple[xr.DataArray, xr.DataArray]:
    """Two variables that are components of one wind, at the same points."""
    missing = [name for name in (u, v) if name not in ds]
    if missing:
        raise InvalidArgumentError(
            f"no variable {', '.join(map(str, missing))} in the Dataset: the components of the "
            f"wind are named with u= and v=; it has {', '.join(map(str, ds.data_vars))}"
        )
    along, across = ds[u], ds[v]
    if set(along.dims) != set(across.dims):
        raise InvalidArgumentError(
            f"{u} has the dimensions {along.dims} and {v} {across.dims}: components that are not "
            "at the same points and levels make no wind"
        )
    if is_of_earth(along) != is_of_earth(across):
        names = (one.attrs.get("standard_name") for one in (along, across))
        raise InvalidArgumentError(
            f"{u} and {v} are {' and '.join(map(str, names))}: no two components of one wind"
        )
    return along, across.transpose(*along.dims)


def _floating(u: xr.DataArray, v: xr.DataArray) -> npt.DTypeLike:
    return np.result_type(u.dtype, v.dtype, np.float32)


def _turn(u: Any, v: Any, cosines: Any, sines: Any) -> tuple[Any, Any]:  # noqa: ANN401 - arrays
    return u * cosines - v * sines, u * sines + v * cosines


def _polar(east: Any, north: Any) -> tuple[Any, Any]:  # noqa: ANN401 - arrays
    """Speed, and where from in degrees clockwise from north: 0 to 360; 0 when it is calm."""
    speed = np.hypot(east, north)
    direction = np.degrees(np.arctan2(-east, -north)) % _TURN
    # The remainder of the smallest negative angles is rounded to the whole turn.
    is_north = (speed == 0) | (direction >= _TURN)
    return speed, np.where(is_north, direction.dtype.type(0), direction)
