"""Datasets on a grid as `fst24.to_xarray` lays them out, made without a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from fst24.grid import Grid, encode

Fields = Any

_AXIS = {
    "rotated_latitude_longitude": (("rlat", "grid_latitude"), ("rlon", "grid_longitude")),
    "polar_stereographic": (("yc", "projection_y_coordinate"), ("xc", "projection_x_coordinate")),
}


def rotated(ni: int = 20, nj: int = 14) -> Grid:
    """A limited area on a turned grid: a tenth of the sphere around the Great Lakes."""
    ref = encode("E", lat1=45, lon1=275, lat2=30, lon2=10)
    x, y = 180 + np.linspace(-10, 9, ni), np.linspace(-6, 7, nj)
    return Grid("Z", ni, nj, ax=x, ay=y, ref_grtyp="E", ref_ig=ref)


def polar(letter: str = "N", n: int = 24) -> Grid:
    """The pole in the middle of n by n points."""
    ref = encode(letter, pi=n / 2, pj=n / 2, d60=400_000, dgrw=10)
    return Grid(letter, n, n, ref)


def plain(ni: int = 36, nj: int = 19) -> Grid:
    """The whole sphere, poles included."""
    return Grid("L", ni, nj, encode("L", lat0=-90, lon0=0, dlat=180 / (nj - 1), dlon=360 / ni))


def dims_of(grid: Grid) -> tuple[str, ...]:
    """Names of its dimensions, outermost first."""
    if grid.grtyp == "U":
        return "subgrid", "rlat", "rlon"
    if grid.grtyp in "YM":
        return ("i",)
    if grid.is_separable:
        return "lat", "lon"
    if not grid.has_axes:
        return "j", "i"
    return tuple(name for name, _ in _AXIS[grid.crs["grid_mapping_name"]])


def coords_of(grid: Grid) -> dict[str, Any]:
    """Its coordinates and its mapping."""
    north = {"standard_name": "latitude", "units": "degrees_north"}
    east = {"standard_name": "longitude", "units": "degrees_east"}
    dims = dims_of(grid)
    found: dict[str, Any] = {}
    attrs = grid.panels[0].crs if grid.grtyp == "U" else grid.crs if grid.has_axes else {}
    if grid.is_separable:
        lat, lon = grid.latlon(dims=1)
        found |= {"lat": ("lat", lat, north), "lon": ("lon", lon, east)}
    else:
        sizes = (2, grid.nj // 2, grid.ni) if grid.grtyp == "U" else grid.shape[::-1][-len(dims) :]
        lat, lon = (a.T.reshape(sizes) for a in grid.latlon())
        found |= {"lat": (dims, lat, north), "lon": (dims, lon, east)}
    if attrs.get("grid_mapping_name") in _AXIS:
        x, y, units = grid.panels[0].axes()
        for (name, standard_name), values in zip(
            _AXIS[attrs["grid_mapping_name"]], (y, x), strict=True
        ):
            found[name] = (name, values, {"standard_name": standard_name, "units": units})
    if attrs:
        crs = xr.Variable((), np.int32(0), attrs)
        crs.encoding = {"fst24": {"grid": grid}}
        found["crs"] = crs
    return found


def dataset(grid: Grid, *, leading: dict[str, Any] | None = None, **fields: Fields) -> xr.Dataset:
    """Fields (nj, ni), or with the leading dimensions before these, on a grid."""
    dims = dims_of(grid)
    coords = coords_of(grid)
    sizes = (2, grid.nj // 2, grid.ni) if grid.grtyp == "U" else grid.shape[::-1][-len(dims) :]
    outer = leading or {}
    shape = (*(len(one) for one in outer.values()), *sizes)
    found = {}
    for name, values in fields.items():
        attrs = {"grid_mapping": "crs"} if "crs" in coords else {}
        found[name] = ((*outer, *dims), np.asarray(values).reshape(shape), attrs)
    return xr.Dataset(found, coords={**outer, **coords})


def smooth(grid: Grid) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A field that any interpolation has to come near, (nj, ni): between 0 and 2."""
    lat, lon = (np.radians(a.T) for a in grid.latlon())
    return np.asarray(1 + np.cos(lat) * np.cos(lon))
