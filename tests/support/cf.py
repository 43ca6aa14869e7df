"""Plain CF Datasets, as other programs write them: no trace of fst24 in them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fst24.grid import Grid

if TYPE_CHECKING:
    import numpy.typing as npt

NORTH = {"standard_name": "latitude", "units": "degrees_north"}
EAST = {"standard_name": "longitude", "units": "degrees_east"}
_METRES = {"units": "m"}


def values(*shape: int, seed: int = 1) -> npt.NDArray[np.float32]:
    """Temperatures in K, all different."""
    n = int(np.prod(shape))
    shuffled = np.random.default_rng(seed).permutation(n)
    return (250 + 50 * shuffled / n).astype(np.float32).reshape(shape)


def on_latlon(lat: npt.ArrayLike, lon: npt.ArrayLike) -> xr.Dataset:
    """A field TT of latitudes and longitudes."""
    rows, columns = np.asarray(lat), np.asarray(lon)
    return xr.Dataset(
        {"TT": (("lat", "lon"), values(len(rows), len(columns)))},
        coords={"lat": ("lat", rows, NORTH), "lon": ("lon", columns, EAST)},
    )


def gaussian(ni: int = 64, nj: int = 32) -> xr.Dataset:
    """Gaussian latitudes from north to south."""
    lat, lon = Grid("G", ni, nj).latlon(dims=1)
    return on_latlon(lat[::-1], lon)


def _framed(
    names: tuple[str, str], attrs: tuple[dict[str, Any], ...], y: Any, x: Any, mapping: Any
) -> xr.Dataset:
    return xr.Dataset(
        {
            "TT": (names, values(len(y), len(x)), {"grid_mapping": "crs"}),
            "crs": ((), np.int32(0), mapping),
        },
        coords={name: (name, v, a) for name, v, a in zip(names, (y, x), attrs, strict=True)},
    )


def rotated(
    lat: float = 39.25, lon: float = -162.0, turn: float = 0.0, *, ny: int = 5, nx: int = 7
) -> xr.Dataset:
    """A rotated pole, as regional models have it."""
    mapping = {
        "grid_mapping_name": "rotated_latitude_longitude",
        "grid_north_pole_latitude": lat,
        "grid_north_pole_longitude": lon,
        "north_pole_grid_longitude": turn,
    }
    attrs = tuple(
        {"standard_name": f"grid_{word}itude", "units": "degrees"} for word in ("lat", "long")
    )
    y, x = np.linspace(-10, 10, ny), np.linspace(-20, 20, nx)
    return _framed(("rlat", "rlon"), attrs, y, x, mapping)


def polar(
    pole: float = 90.0,
    *,
    step: float = 60000.0,
    parallel: float | None = None,
    easting: float = 0.0,
    radius: float = 6371229.0,
    **mapping: Any,
) -> xr.Dataset:
    """A polar stereographic projection."""
    attrs = tuple(
        {"standard_name": f"projection_{axis}_coordinate", **_METRES} for axis in ("y", "x")
    )
    given = {
        "grid_mapping_name": "polar_stereographic",
        "latitude_of_projection_origin": pole,
        "straight_vertical_longitude_from_pole": -100.0,
        "standard_parallel": np.copysign(60.0, pole) if parallel is None else parallel,
        "false_easting": easting,
        "false_northing": easting / 2,
        "earth_radius": radius,
        **mapping,
    }
    y = np.arange(5) * step - 2.2 * step + easting / 2
    return _framed(("y", "x"), attrs, y, np.arange(7) * step + easting, given)


def curvilinear() -> xr.Dataset:
    """2-D latitudes and longitudes without a mapping."""
    lat, lon = np.meshgrid(np.linspace(40, 50, 4), np.linspace(280, 290, 5), indexing="ij")
    return xr.Dataset(
        {"TT": (("y", "x"), values(4, 5))},
        coords={"lat": (("y", "x"), lat + lon / 100, NORTH), "lon": (("y", "x"), lon, EAST)},
    )


def stations(n: int = 20) -> xr.Dataset:
    """A list of points."""
    rng = np.random.default_rng(3)
    return xr.Dataset(
        {"TT": ("station", values(n))},
        coords={
            "lat": ("station", rng.uniform(40, 50, n), NORTH),
            "lon": ("station", rng.uniform(-80, -70, n), EAST),
        },
    )


def apart(a: Any, b: Any) -> float:
    """Degrees between positions (lat, lon), at most."""
    vectors = []
    for lat, lon in (a, b):
        f, x = np.radians(np.asarray(lat, np.float64)), np.radians(np.asarray(lon, np.float64))
        vectors.append(np.stack([np.cos(f) * np.cos(x), np.cos(f) * np.sin(x), np.sin(f)], -1))
    chord = np.linalg.norm(vectors[0] - vectors[1], axis=-1)
    return float(np.degrees(2 * np.arcsin(np.clip(chord / 2, 0, 1))).max())


def positions(ds: xr.Dataset) -> tuple[Any, Any]:
    """Latitudes and longitudes (nj, ni) by formulas that are not those of the package."""
    mapping = ds["crs"].attrs if "crs" in ds else {}
    name = mapping.get("grid_mapping_name")
    if name is None:
        lat, lon = ds["lat"].values, ds["lon"].values
        if ds["lat"].dims != ds["lon"].dims:
            lat, lon = np.meshgrid(lat, lon, indexing="ij")
        return np.atleast_2d(lat), np.atleast_2d(lon)
    if name.startswith("rotated"):
        pole = math.radians(mapping["grid_north_pole_latitude"])
        turn = mapping["north_pole_grid_longitude"]
        rlat, rlon = np.meshgrid(
            np.radians(ds["rlat"].values), np.radians(ds["rlon"].values - turn), indexing="ij"
        )
        sin_lat = np.sin(pole) * np.sin(rlat) + np.cos(pole) * np.cos(rlat) * np.cos(rlon)
        y = -np.cos(rlat) * np.sin(rlon)
        x = np.cos(pole) * np.sin(rlat) - np.sin(pole) * np.cos(rlat) * np.cos(rlon)
        lon = np.degrees(np.arctan2(y, x)) + mapping["grid_north_pole_longitude"]
        return np.degrees(np.arcsin(sin_lat)), lon
    south = mapping["latitude_of_projection_origin"] < 0
    scale = (1 + math.sin(math.radians(abs(mapping["standard_parallel"])))) / 2
    x, y = np.meshgrid(
        ds["x"].values - mapping["false_easting"], ds["y"].values - mapping["false_northing"]
    )
    colatitude = 2 * np.arctan(np.hypot(x, y) / (2 * mapping["earth_radius"] * scale))
    meridian = mapping["straight_vertical_longitude_from_pole"]
    lat = 90 - np.degrees(colatitude)
    lon = meridian + np.degrees(np.arctan2(x, y if south else -y))
    return (-lat if south else lat), lon


#: One of each kind that standard files have, and what becomes of it.
KINDS: dict[str, tuple[xr.Dataset, str]] = {
    "regular, north to south, west of Greenwich": (
        on_latlon(np.linspace(50, 40, 5), np.arange(-80.0, -70, 0.5)),
        "<Grid L 20x5>",
    ),
    "irregular, over Greenwich": (
        on_latlon([1.0, 2, 4, 8], [-10, -9.3, -5]),
        "<Grid Z on L 3x4>",
    ),
    "0 to 180 and -180 to 0": (
        on_latlon([30.0, 20, 10], [0.0, 90, 180, -90]),
        "<Grid L 4x3>",
    ),
    "Gaussian": (gaussian(), "<Grid G 64x32>"),
    "global without poles": (
        on_latlon(np.arange(-85, 90, 10.0), np.arange(0.0, 360, 10)),
        "<Grid A 36x18>",
    ),
    "global with poles": (
        on_latlon(np.arange(90, -91, -10.0), np.arange(0.0, 361, 10)),
        "<Grid B 37x19>",
    ),
    "global from -180": (
        on_latlon(np.arange(-85, 90, 10.0), np.arange(-180.0, 180, 10)),
        "<Grid L 36x18>",
    ),
    "rotated": (rotated(), "<Grid Z on E 7x5>"),
    "rotated, any angles": (rotated(33.3333, 34.5678, 12.345), "<Grid Z on E 7x5>"),
    "polar, north": (polar(), "<Grid Z on N 7x5>"),
    "polar, south": (polar(-90.0), "<Grid Z on S 7x5>"),
    "polar, as standard files have it": (polar(radius=6371000.0), "<Grid N 7x5>"),
    "polar, true at 70, moved": (
        polar(step=12345.6, easting=3e6, parallel=70.0),
        "<Grid Z on N 7x5>",
    ),
    "points": (stations(), "<Grid Y on L 20x1>"),
    "curvilinear": (curvilinear(), "<Grid X on L 5x4>"),
}
