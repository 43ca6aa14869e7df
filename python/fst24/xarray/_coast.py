"""Coast lines and shores of lakes: Natural Earth's, kept beside this file, or those of a file."""

from __future__ import annotations

import json
import struct
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fst24 import InvalidArgumentError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import numpy.typing as npt

    Reals = npt.NDArray[np.float64]

#: Degrees of a step: see tools/make_coastlines.py, which made the file.
_STEP = 180 / 32767
_HEADER_BYTES = 100  # of a shapefile
_RECORD_BYTES = 8  # number and length of a record
_SHAPE_BYTES = 44  # type, box, number of parts, number of points
#: Types of shapes that are lines or rings: plain, with z, with m.
_LINES = frozenset((3, 5, 13, 15, 23, 25))


def shores(path: str | os.PathLike[str] | None = None) -> tuple[Reals, Reals]:
    """Latitudes and longitudes of shores in degrees, a NaN behind each line.

    Parameters
    ----------
    path : path, optional
        A GeoJSON file or a shapefile (``.shp``) of lines or polygons in degrees. By default
        Natural Earth 1:50m, its coast lines and its larger lakes.

    Raises
    ------
    InvalidArgumentError
        A file of another form.
    """
    if path is None:
        return _packaged()
    given = Path(path)
    try:
        read = _shapes if given.suffix.lower() == ".shp" else _geometries
        parts = list(read(given))
    except (ValueError, KeyError, TypeError, IndexError, struct.error) as error:
        raise InvalidArgumentError(
            f"{given}: neither GeoJSON nor a shapefile of lines or polygons ({error})"
        ) from None
    return _joined(parts)


@lru_cache(maxsize=1)
def _packaged() -> tuple[Reals, Reals]:
    with np.load(Path(__file__).with_name("coastlines.npz")) as stored:
        ends = np.cumsum(stored["n_points"], dtype=np.int64)
        # Sums wrap in 16 bits as the differences did.
        columns = [np.cumsum(stored[name], dtype=np.int16) for name in ("lat", "lon")]
    lat, lon = (np.insert(column * _STEP, ends, np.nan) for column in columns)
    lat.flags.writeable = lon.flags.writeable = False
    return lat, lon


def _joined(parts: list[Reals]) -> tuple[Reals, Reals]:
    """Lines of (longitude, latitude) as two arrays."""
    gap = np.full((1, 2), np.nan)
    points = np.concatenate([piece for part in parts for piece in (part, gap)] or [gap])
    return points[:, 1].copy(), points[:, 0].copy()


def _geometries(path: Path) -> Iterator[Reals]:
    waiting: list[dict[str, Any]] = [json.loads(path.read_text(encoding="utf-8"))]
    while waiting:
        found = waiting.pop()
        kind = found["type"]
        if kind == "FeatureCollection":
            waiting += found["features"]
        elif kind == "Feature":
            waiting += [found["geometry"]] if found["geometry"] else []
        elif kind == "GeometryCollection":
            waiting += found["geometries"]
        elif "Point" not in kind:
            for line in _lines(found["coordinates"], kind):
                yield np.array([point[:2] for point in line], np.float64).reshape(-1, 2)


def _lines(coordinates: list[Any], kind: str) -> list[Any]:
    if kind == "LineString":
        return [coordinates]
    if kind == "MultiPolygon":
        return [ring for polygon in coordinates for ring in polygon]
    return coordinates


def _shapes(path: Path) -> Iterator[Reals]:
    """Lines of a shapefile: records of parts (Esri's description of 1998)."""
    content = path.read_bytes()
    if content[:4] != b"\x00\x00\x27\x0a":
        raise ValueError("it does not begin as a shapefile does")
    at = _HEADER_BYTES
    while at + _RECORD_BYTES + 4 <= len(content):
        words = struct.unpack_from(">i", content, at + 4)[0]
        shape = content[at + _RECORD_BYTES : at + _RECORD_BYTES + 2 * words]
        at += _RECORD_BYTES + 2 * max(words, 0)
        if struct.unpack_from("<i", shape)[0] in _LINES:
            n_parts, n_points = struct.unpack_from("<2i", shape, 36)
            starts = np.frombuffer(shape, "<i4", n_parts, _SHAPE_BYTES)
            points = np.frombuffer(shape, "<f8", 2 * n_points, _SHAPE_BYTES + 4 * n_parts)
            yield from np.split(points.reshape(-1, 2), starts[1:])
