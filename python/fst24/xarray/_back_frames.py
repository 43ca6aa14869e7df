"""Grids from coordinates: the codes that hold them, else axes (``docs/format/metadata.md``, 7)."""

from __future__ import annotations

import functools
import hashlib
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fst24 import Fst24Error, InvalidArgumentError, UnsupportedError
from fst24.grid import Grid, decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Reals = npt.NDArray[np.float64]
    Codes = tuple[int, int, int, int]

#: A grid L that changes nothing: axes on it are degrees.
DEGREES: Codes = encode("L", lat0=0, lon0=0, dlat=1, dlon=1)
#: Single-precision positions of the reference on A, B and G (metadata.md, 10).
_REFERENCE_ERROR = 2e-4
#: Tags are from these on, and as many: as wide as those that models make.
_FIRST_TAG, _N_TAGS = 1024, 60_000
_RADIUS = 6371000.0
#: (1 + sin 60) / 2 as the reference rounds it (7.4).
_SCALE_AT_POLE = 1.866025 / 2
#: Metres: less than single precision moves points of such grids.
_NEAR = 1.0
#: Rotations are kept in steps of 1/40 degree (7.2).
_STEPS = 40
_TURN = 360.0
#: A hundredth of what a step of single precision at 360 degrees is.
_NOTHING = 1e-7


class Axis(NamedTuple):
    """Coordinates along a dimension, and to what they are exact."""

    values: Reals
    precision: float

    @classmethod
    def of(cls, values: npt.NDArray[Any], factor: float = 1.0) -> Axis:
        """Of an array as it was stored; exact to its own type."""
        as_real = np.asarray(values, np.float64) * factor
        if not np.isfinite(as_real).all():
            raise InvalidArgumentError("a coordinate of the grid is not finite")
        most = float(np.abs(as_real).max(initial=1e-30))
        single = values.dtype == np.float32
        return cls(as_real, float(np.spacing(np.float32(most))) if single else 1e-12 * most)


def tagged(grtyp: str, ni: int, nj: int, **axes: Any) -> Grid:  # noqa: ANN401 - as Grid takes them
    """A grid with axes, its ig1 and ig2 made of all that it is: equal grids have equal tags."""
    return Grid(grtyp, ni, nj, tag_of(grtyp, ni, nj, **axes), **axes)


def tag_of(grtyp: str, ni: int, nj: int, *, again: int = 0, **axes: Any) -> Codes:  # noqa: ANN401
    """ig1 to ig4 of a grid with axes; ``again`` gives others, for a tag that is taken."""
    digest = hashlib.blake2b(repr((grtyp, ni, nj, again)).encode(), digest_size=8)
    for name in sorted(axes):
        value = axes[name]
        digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    low, high = divmod(int.from_bytes(digest.digest(), "big"), 2**32)
    return _FIRST_TAG + low % _N_TAGS, _FIRST_TAG + high % _N_TAGS, 0, 0


def on_axes(ax: Reals, ay: Reals, ref_grtyp: str, ref_ig: Codes) -> Grid:
    """A grid Z."""
    return tagged("Z", len(ax), len(ay), ax=ax, ay=ay, ref_grtyp=ref_grtyp, ref_ig=ref_ig)


def unwrapped(lon: Reals) -> Reals:
    """Longitudes without jumps at 0 or 180 degrees."""
    steps = np.diff(lon)
    turned = steps - _TURN * np.round(steps / _TURN)
    return np.concatenate(
        [lon[:1], lon[0] + np.cumsum(np.where(np.abs(steps) < _TURN / 2, steps, turned))]
    )


def is_monotonic(values: Reals) -> bool:
    """Whether values rise or fall throughout."""
    steps = np.diff(values)
    return bool((steps > 0).all() or (steps < 0).all())


# ------------------------------------------------------------------------------------ latitudes


def on_latlon(lat: Axis, lon: Axis) -> Grid:
    """The grid of latitudes and longitudes: A, B or G over the globe, L, else Z on L.

    Both rise or fall throughout; longitudes without jumps.
    """
    return _round(lat, lon) or _regular(lat, lon) or on_axes(lon.values, lat.values, "L", DEGREES)


def _round(lat: Axis, lon: Axis) -> Grid | None:
    """A, B or G: all around from 0, by their own latitudes, in either order."""
    ni, nj = len(lon.values), len(lat.values)
    if ni < 2 or nj < 2 or abs(lon.values[0]) > lon.precision:  # noqa: PLR2004 - nothing to see
        return None
    near = max(_NOTHING, lon.precision)
    for grtyp, step in (("A", _TURN / ni), ("B", _TURN / (ni - 1)), ("G", _TURN / ni)):
        if np.abs(lon.values - step * np.arange(ni)).max() > near:
            continue
        off = _REFERENCE_ERROR if grtyp == "G" else max(_NOTHING, lat.precision)
        for hemisphere in (0, 1, 2):
            for north_to_south in (0, 1):
                grid = Grid(grtyp, ni, nj, (hemisphere, north_to_south, 0, 0))
                if np.abs(grid.latlon(dims=1).lat - lat.values).max() <= off:
                    return grid
    return None


def _regular(lat: Axis, lon: Axis) -> Grid | None:
    """L, when hundredths of degrees hold it."""
    ni, nj = len(lon.values), len(lat.values)
    if ni < 2 or nj < 2:  # noqa: PLR2004 - no steps
        return None
    dlat, dlon = (float(a.values[-1] - a.values[0]) / (len(a.values) - 1) for a in (lat, lon))
    lat0, lon0 = float(lat.values[0]), float(lon.values[0]) % _TURN
    if min(dlat, dlon) <= 0:
        return None
    try:
        grid = Grid("L", ni, nj, encode("L", lat0=lat0, lon0=lon0, dlat=dlat, dlon=dlon))
    except Fst24Error:  # codes that have no room, or would be no grid
        return None
    held = grid.latlon(dims=1)
    turn = held.lon[0] - lon.values[0]
    turn -= _TURN * round(turn / _TURN)
    off_lon = np.abs(held.lon - held.lon[0] + turn - (lon.values - lon.values[0])).max()
    fits = np.abs(held.lat - lat.values).max() <= max(_NOTHING, lat.precision)
    return grid if fits and off_lon <= max(_NOTHING, lon.precision) else None


# ------------------------------------------------------------------------------------ rotations


class Frame(NamedTuple):
    """A reference grid, what axes are moved by to be on it, and how far that moves points."""

    grtyp: str
    ig: Codes
    #: Added to rotated longitudes.
    shift: float
    #: Degrees.
    moved: float


def _number(mapping: Mapping[str, Any], name: str, default: float | None = None) -> float:
    value = mapping.get(name, default)
    if value is None:
        raise InvalidArgumentError(f"the grid mapping has no {name}: add this attribute")
    try:
        return float(np.asarray(value).item())
    except (TypeError, ValueError):
        raise InvalidArgumentError(f"the grid mapping has {name}={value!r}: a number") from None


def rotation_of(mapping: Mapping[str, Any]) -> Reals:
    """The axes x, y, z of a rotated frame as rows, from the attributes of CF (7.5)."""
    lat, lon, turn = (
        math.radians(_number(mapping, name, default))
        for name, default in (
            ("grid_north_pole_latitude", None),
            ("grid_north_pole_longitude", None),
            ("north_pole_grid_longitude", 0.0),
        )
    )
    z = _vector(math.degrees(lat), math.degrees(lon))
    north = np.array(
        [-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)]
    )
    east = np.cross(z, north)
    x = math.cos(turn) * north - math.sin(turn) * east
    return np.array([x, np.cross(z, x), z])


def _vector(lat: Any, lon: Any) -> Any:  # noqa: ANN401 - numbers or arrays
    lat, lon = np.radians(lat), np.radians(lon)
    return np.stack(
        np.broadcast_arrays(np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), -1
    )


def rotated_frame(mapping: Mapping[str, Any]) -> Frame:
    """The codes of grid E that hold a rotation best.

    Points 1 and 2 may be any two of the rotated equator: of those that codes can hold, the two are
    taken that lie nearest to it, and rotated longitudes are counted from the first one. Where the
    axes as they stand, or counted from the meridian of the pole, begin at such a point, it is that.
    """
    turn = _number(mapping, "north_pole_grid_longitude", 0.0)
    return _best_frame(rotation_of(mapping).tobytes(), turn)


@functools.lru_cache(maxsize=8)
def _best_frame(rotation: bytes, turn: float) -> Frame:
    frame = np.frombuffer(rotation).reshape(3, 3)
    steps, off, angle = _near_equator(frame)
    first = None
    for begin in (180.0, turn + 180.0):
        exact = np.flatnonzero((off < math.radians(_NOTHING)) & (_apart(angle, begin) < _NOTHING))
        if exact.size:
            first = int(exact[0])
            break
    if first is None:
        first = int(np.argmin(off))
    ahead = (angle - angle[first]) % _TURN
    sines = np.maximum(np.sin(np.radians(ahead)), 1e-6)
    # Of pairs that are equally good, the one nearest to a right angle turns least when rounded.
    second = int(np.argmin(np.where((ahead > 1) & (ahead < 179), (off + 1e-9) / sines, np.inf)))  # noqa: PLR2004
    (lat1, lon1), (lat2, lon2) = steps[first] / _STEPS, steps[second] / _STEPS
    codes = encode("E", lat1=lat1, lon1=lon1, lat2=lat2, lon2=lon2)
    shift = 180.0 - float(angle[first])
    shift -= _TURN * round(shift / _TURN)
    return Frame("E", codes, shift, _turned(frame, codes, shift))


def _near_equator(frame: Reals) -> tuple[Reals, Reals, Reals]:
    """Points that codes hold beside a rotated equator: in steps, their distances, their places."""
    along = np.radians(np.arange(0.0, _TURN, 0.3 / _STEPS))
    on = np.cos(along)[:, None] * frame[0] + np.sin(along)[:, None] * frame[1]
    lat = np.round(np.degrees(np.arcsin(np.clip(on[:, 2], -1, 1))) * _STEPS)
    n_lon = _TURN * _STEPS
    lon = np.round(np.degrees(np.arctan2(on[:, 1], on[:, 0])) * _STEPS) % n_lon
    both = np.unique(lat * n_lon + lon)  # each point once
    lat = np.floor(both / n_lon)
    steps = np.stack([lat, both - lat * n_lon], -1)
    points = _vector(steps[:, 0] / _STEPS, steps[:, 1] / _STEPS)
    place = np.degrees(np.arctan2(points @ frame[1], points @ frame[0]))
    return steps, np.abs(points @ frame[2]), place


def _apart(a: Any, b: float) -> Any:  # noqa: ANN401 - an array
    return np.abs((a - b + 180.0) % _TURN - 180.0)


def _turned(frame: Reals, codes: Codes, shift: float) -> float:
    """How far the codes move points, at most: degrees."""
    held = decode("E", *codes)
    x = -_vector(held["lat1"], held["lon1"])
    z = np.cross(-x, _vector(held["lat2"], held["lon2"]))
    z /= np.linalg.norm(z)
    turn = math.radians(shift)
    made = np.array([x, np.cross(z, x), z])
    back = np.array(
        [
            [math.cos(turn), math.sin(turn), 0],
            [-math.sin(turn), math.cos(turn), 0],
            [0, 0, 1],
        ]
    )
    # x of the given frame is at longitude `shift` of the one that was made.
    off = np.linalg.norm(back @ made - frame, axis=1)
    return float(np.degrees(2 * np.arcsin(np.clip(off / 2, 0, 1))).max() * math.sqrt(2))


#: Words of ``^>`` before its panels (7.7): marker, version; the others follow the number of panels.
_MARKER, _VERSION = 70.0, 1.0
#: Points 1 and 2 of a frame that is not turned.
_UNTURNED = (0.0, 180.0, 0.0, 270.0)


def panels(lon: Reals, lat: Reals, mappings: Sequence[Mapping[str, Any]]) -> Grid | None:
    """A grid U: panels of the same axes; None where codes hold no frame for axes as they stand."""
    words = [_MARKER, _VERSION, float(len(mappings)), 1.0, 1.0]
    axes = [*lon.tolist(), *lat.tolist()]
    for mapping in mappings:
        angles: tuple[float, ...] = _UNTURNED
        if "grid_north_pole_latitude" in mapping:
            frame = rotated_frame(mapping)
            if abs(frame.shift) > _NOTHING:
                return None
            angles = tuple(decode("E", *frame.ig).values())
        words += [len(lon), len(lat), lon[0], lon[-1], lat[0], lat[-1], *angles, *axes]
    ax = np.array(words, np.float64)
    return tagged("U", len(lon), len(lat) * len(mappings), ax=ax)


# --------------------------------------------------------------------------------- polar grids


class Polar(NamedTuple):
    """A polar stereographic frame: what turns metres of a file into metres of the reference."""

    grtyp: str
    dgrw: float
    scale: float
    easting: float
    northing: float


def polar_frame(mapping: Mapping[str, Any]) -> Polar:
    """The frame of a CF ``polar_stereographic`` (7.4).

    Raises
    ------
    UnsupportedError
        On an ellipsoid: no code says so.
    """
    if _is_ellipsoid(mapping):
        raise UnsupportedError(
            "a polar stereographic projection of an ellipsoid: standard files know the sphere alone"
        )
    parallel = mapping.get("standard_parallel")
    given = mapping.get("latitude_of_projection_origin", parallel)
    south = given is not None and float(np.asarray(given).item()) < 0
    scale = mapping.get("scale_factor_at_projection_origin")
    if scale is None and parallel is not None:
        true_at = abs(_number(mapping, "standard_parallel"))
        scale = (1 + math.sin(math.radians(true_at))) / 2
    factor = float(np.asarray(1.0 if scale is None else scale).item())
    radius = _number(mapping, "earth_radius", mapping.get("semi_major_axis", _RADIUS))
    name = "straight_vertical_longitude_from_pole"
    meridian = _number(mapping, name, mapping.get("longitude_of_projection_origin", 0.0))
    return Polar(
        "S" if south else "N",
        (meridian + 90.0 if south else -meridian - 90.0) % _TURN,
        _SCALE_AT_POLE * _RADIUS / (factor * radius),
        _number(mapping, "false_easting", 0.0),
        _number(mapping, "false_northing", 0.0),
    )


def _is_ellipsoid(mapping: Mapping[str, Any]) -> bool:
    flat = float(np.asarray(mapping.get("inverse_flattening", 0.0)).item())
    major = mapping.get("semi_major_axis")
    minor = mapping.get("semi_minor_axis", major)
    return flat != 0 or (major is not None and float(major) != float(minor))


def on_polar(x: Axis, y: Axis, frame: Polar) -> tuple[Grid, float]:
    """N or S where codes hold it, else Z on them; and how far points are moved, in degrees."""
    xs, ys = (x.values - frame.easting) * frame.scale, (y.values - frame.northing) * frame.scale
    precise = max(_NEAR, x.precision, y.precision)
    grid = _regular_polar(xs, ys, frame, precise)
    if grid is None:
        step = float(np.median(np.abs(np.diff(xs)))) if len(xs) > 1 else 1000.0
        d60 = min(max(100.0 * round(step / 100.0), 100.0), 3_000_000.0)
        codes = encode(frame.grtyp, pi=0, pj=0, d60=d60, dgrw=frame.dgrw)
        grid = on_axes(xs / d60, ys / d60, frame.grtyp, codes)
        held = decode(frame.grtyp, *codes)["dgrw"]
    else:
        held = decode(frame.grtyp, *grid.ig)["dgrw"]
    return grid, float(_apart(held, frame.dgrw))


def _regular_polar(xs: Reals, ys: Reals, frame: Polar, precise: float) -> Grid | None:
    if min(len(xs), len(ys)) < 2:  # noqa: PLR2004 - no steps
        return None
    steps = np.concatenate([np.diff(xs), np.diff(ys)])
    d60 = float(xs[-1] - xs[0]) / (len(xs) - 1)
    if d60 <= 0 or np.abs(steps - d60).max() > precise:
        return None
    pi, pj = 1 - xs[0] / d60, 1 - ys[0] / d60
    try:
        codes = encode(frame.grtyp, pi=pi, pj=pj, d60=d60, dgrw=frame.dgrw)
        grid = Grid(frame.grtyp, len(xs), len(ys), codes)
    except Fst24Error:  # codes that have no room, or would be no grid
        return None
    held = grid.axes()
    off = max(np.abs(held.x - xs).max(), np.abs(held.y - ys).max())
    # The general form of the codes rounds the meridian, too (7.2).
    is_turned = _apart(decode(frame.grtyp, *codes)["dgrw"], frame.dgrw) > 0.0051  # noqa: PLR2004
    return None if off > precise or is_turned else grid


# -------------------------------------------------------------------------------------- points


def points(grtyp: str, lat: Reals, lon: Reals, shape: tuple[int, int], tag: Codes | None) -> Grid:
    """Y, X, O or M of shape (ni, nj): each point its own position, in the order of a record."""
    axes: dict[str, Any] = {"ax": lon, "ay": lat, "ref_grtyp": "L", "ref_ig": DEGREES}
    return tagged(grtyp, *shape, **axes) if tag is None else Grid(grtyp, *shape, tag, **axes)
