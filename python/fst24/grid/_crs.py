"""Frames of grids as CF grid mappings, which pyproj, cartopy and rioxarray understand."""

from __future__ import annotations

import math
from typing import Any

#: Of the reference's grid code, in metres.
RADIUS = 6371000.0
#: f24_frame_kind of fst24.h
LATLON, ROTATED, NORTH, SOUTH, MESH, LIST = range(1, 7)
#: (1 + sin 60) / 2 as the reference rounds it: grid lengths are true at 60 degrees.
_SCALE_AT_POLE = 1.866025 / 2


def _turned(degrees: float) -> float:
    """In -180 to 180."""
    return (degrees + 180.0) % 360.0 - 180.0


def _rotated(rotation: tuple[float, ...]) -> dict[str, Any]:
    """``docs/format/metadata.md``, 7.5: rotated longitudes are as the axes have them."""
    m = [rotation[row : row + 3] for row in (0, 3, 6)]
    return {
        "grid_mapping_name": "rotated_latitude_longitude",
        "grid_north_pole_latitude": math.degrees(math.asin(max(-1.0, min(1.0, m[2][2])))),
        "grid_north_pole_longitude": math.degrees(math.atan2(m[2][1], m[2][0])),
        "north_pole_grid_longitude": math.degrees(math.atan2(m[1][2], m[0][2])),
    }


def _polar(dgrw: float, *, is_north: bool) -> dict[str, Any]:
    """7.4: x and y are metres from the pole."""
    return {
        "grid_mapping_name": "polar_stereographic",
        "latitude_of_projection_origin": 90.0 if is_north else -90.0,
        "straight_vertical_longitude_from_pole": _turned(
            -(dgrw + 90.0) if is_north else dgrw - 90.0
        ),
        "scale_factor_at_projection_origin": _SCALE_AT_POLE,
        "false_easting": 0.0,
        "false_northing": 0.0,
    }


def cf_mapping(kind: int, dgrw: float, rotation: tuple[float, ...]) -> dict[str, Any]:
    """The attributes of a grid mapping variable."""
    if kind == ROTATED:
        found = _rotated(rotation)
    elif kind in (NORTH, SOUTH):
        found = _polar(dgrw, is_north=kind == NORTH)
    else:
        found = {"grid_mapping_name": "latitude_longitude"}
    return {**found, "earth_radius": RADIUS}
