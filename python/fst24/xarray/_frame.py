"""The plane that a map is drawn in: that of a grid with axes, and how others come into one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from fst24 import InvalidArgumentError
from fst24.grid import Grid, LatLon, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Reals = npt.NDArray[np.float64]

Projection: TypeAlias = "Literal['latlon', 'north', 'south'] | Grid"

#: Cells of four points whose neighbours are those in the arrays.
MESHES = "OX"
#: Columns of a map that is sampled: about the pixels of a picture; fewer where each is searched.
_COLUMNS, _SEARCHED_COLUMNS = 1440, 720
#: A gap between longitudes that is wider than this many degrees is the outside of an area.
_GAP = 20.0
#: Grid length of polar maps, metres at 60 degrees. Their axes count in it.
_POLAR_UNIT = 100_000.0
#: Distance from the pole in radians up to which a polar map goes.
_FARTHEST = math.radians(110.0)
#: metadata.md, 7.4: metres from the pole are this times the tangent of half the distance.
_TANGENT = 6371000.0 * 1.866025
#: Steps of lines of the graticule in degrees, and about how many of them there are.
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60)
_MOST_LINES = 7
_TURN, _HALF_TURN, _RIGHT_ANGLE = 360.0, 180.0, 90.0


class Tick(NamedTuple):
    """Where a line of the graticule meets an edge of the map."""

    at: float
    text: str


class Frame:
    """The plane of a grid with axes: degrees, or metres from the pole.

    Cells are rectangles in it. `project` and `unproject` are the grid's own geometry.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.x, self.y, units = grid.axes()
        self.x_edges, self.y_edges, _ = grid.edges()
        self.is_angle = units == "degrees"

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of all cells."""
        x, y = self.x_edges[[0, -1]], self.y_edges[[0, -1]]
        return float(x.min()), float(x.max()), float(y.min()), float(y.max())

    def project(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> tuple[Reals, Reals]:
        """Positions in the plane; NaN farther from the map than it is wide."""
        x, y = (np.asarray(a, np.float64) for a in self.grid.xy(lat, lon))
        ni, nj = self.grid.shape
        if self.grid.period:
            x = np.where(x > ni - 0.5, x - self.grid.period, x)
        with np.errstate(invalid="ignore"):
            far = ~((np.abs(x - ni / 2) <= 1.5 * ni) & (np.abs(y - nj / 2) <= 1.5 * nj))
        x, y = np.where(far, np.nan, x), np.where(far, np.nan, y)
        return _coordinate(x, self.x, self.x_edges), _coordinate(y, self.y, self.y_edges)

    def project_lines(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> tuple[Reals, Reals]:
        """Lines in the plane, broken where they go around its back."""
        x, y = self.project(lat, lon)
        if not self.is_angle or x.size < 2:  # noqa: PLR2004 - a step has two ends
            return x, y
        with np.errstate(invalid="ignore"):
            jumps = np.flatnonzero(np.abs(np.diff(x)) > _HALF_TURN) + 1
        return np.insert(x, jumps, np.nan), np.insert(y, jumps, np.nan)

    def unproject(self, x: npt.ArrayLike, y: npt.ArrayLike) -> LatLon:
        """What is there."""
        i = _index(np.asarray(x, np.float64), self.x, self.x_edges)
        j = _index(np.asarray(y, np.float64), self.y, self.y_edges)
        return self.grid.latlon_at(i, j)

    # --------------------------------------------------------------------------- graticule

    def graticule(self) -> Iterator[tuple[Reals, Reals]]:
        """Meridians and parallels as lines in the plane."""
        (south, north), (west, east), (lat_step, lon_step) = self._ranges()
        lats = np.linspace(south, north, 181)
        for lon in _multiples(west, east, lon_step):
            yield self.project_lines(lats, np.full(lats.shape, lon))
        lons = np.linspace(west, east, 721)
        for lat in _multiples(south, north, lat_step):
            yield self.project_lines(np.full(lons.shape, lat), lons)

    def ticks(self) -> tuple[list[Tick], list[Tick]]:
        """Meridians along the bottom and parallels along the left side."""
        left, right, bottom, top = self.extent
        _, _, (lat_step, lon_step) = self._ranges()
        x, y = np.linspace(left, right, 721), np.linspace(bottom, top, 721)
        lons = np.unwrap(self.unproject(x, np.full(x.shape, bottom)).lon, period=_TURN)
        lats = self.unproject(np.full(y.shape, left), y).lat
        below = [Tick(at, _degrees(lon, "EW")) for at, lon in _crossings(x, lons, lon_step)]
        beside = [Tick(at, _degrees(lat, "NS")) for at, lat in _crossings(y, lats, lat_step)]
        return below, beside

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
        """Latitudes, longitudes and steps of the lines that are drawn."""
        left, right, bottom, top = self.extent
        x, y = np.meshgrid(np.linspace(left, right, 61), np.linspace(bottom, top, 61))
        lat, lon = self.unproject(x, y)
        south, north = float(lat.min()), float(lat.max())
        west, east = arc(lon)
        steps = _step(north - south), _step(east - west)
        return (south, north), (west, east), steps


def _coordinate(index: Reals, nodes: Reals, edges: Reals) -> Reals:
    """Coordinates at indices, which go on beyond the axis."""
    if len(nodes) == 1:
        return np.asarray(nodes[0] + index * (edges[1] - edges[0]))
    cell = np.clip(np.nan_to_num(np.floor(index)), 0, len(nodes) - 2).astype(np.int64)
    return np.asarray(nodes[cell] + (index - cell) * (nodes[cell + 1] - nodes[cell]))


def _index(at: Reals, nodes: Reals, edges: Reals) -> Reals:
    """The inverse."""
    if len(nodes) == 1:
        return np.asarray((at - nodes[0]) / (edges[1] - edges[0]))
    sign = 1 if nodes[-1] > nodes[0] else -1
    cell = np.clip(np.searchsorted(sign * nodes, sign * at, "right") - 1, 0, len(nodes) - 2)
    return np.asarray(cell + (at - nodes[cell]) / (nodes[cell + 1] - nodes[cell]))


def _step(span: float) -> float:
    return next((step for step in _STEPS if span <= _MOST_LINES * step), _STEPS[-1])


def _multiples(low: float, high: float, step: float) -> Reals:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return step * np.arange(first, last + 1, dtype=np.float64)


def _crossings(at: Reals, values: Reals, step: float) -> Iterator[tuple[float, float]]:
    """Where values along an edge are multiples of a step."""
    low, high = values[:-1] / step, values[1:] / step
    for k in np.flatnonzero(np.floor(low) != np.floor(high)):
        line = math.floor(max(low[k], high[k]))
        part = (line - low[k]) / (high[k] - low[k])
        yield float(at[k] + part * (at[k + 1] - at[k])), line * step
    if values[0] == step * np.round(low[0]) and low[0] < high[0]:
        yield float(at[0]), float(values[0])


def _degrees(value: float, letters: str) -> str:
    value = round((value + _HALF_TURN) % _TURN - _HALF_TURN, 6)
    letter = "" if value in (0, -_HALF_TURN) else letters[value < 0]
    return f"{abs(value):g}\N{DEGREE SIGN}{letter}"


def arc(lon: npt.ArrayLike) -> tuple[float, float]:
    """West and east end of the shortest arc that holds all longitudes; the whole turn if none.

    >>> arc([350.0, 10.0, 0.0])
    (-10.0, 10.0)
    >>> arc(range(0, 360, 10))
    (-180.0, 180.0)
    """
    turned = np.unique(np.mod(np.asarray(lon, np.float64).ravel(), _TURN))
    turned = turned[np.isfinite(turned)]
    if turned.size == 0:
        return -_HALF_TURN, _HALF_TURN
    gaps = np.diff(turned, append=turned[0] + _TURN)
    widest = int(np.argmax(gaps))
    if gaps[widest] < _GAP:
        return -_HALF_TURN, _HALF_TURN
    west = float(turned[(widest + 1) % turned.size])
    west -= _TURN if west >= _HALF_TURN else 0
    return west, west + _TURN - float(gaps[widest])


# ------------------------------------------------------------------ maps for grids without axes


def map_grid(grid: Grid, projection: Projection | None = None) -> Grid:
    """The grid in whose plane a field is drawn: its own where it has axes, else a fine one.

    Parameters
    ----------
    projection : {"latlon", "north", "south"} or Grid, optional
        Latitudes and longitudes, the north or the south pole in the middle, or the plane of a
        grid. By default that of the field's grid; without axes latitudes and longitudes.
    """
    if isinstance(projection, Grid):
        return projection
    if projection is None and grid.has_axes:
        return grid
    is_mesh = grid.grtyp in MESHES
    lat, lon = grid.bounds() if is_mesh else grid.latlon()
    columns = _SEARCHED_COLUMNS if is_mesh else _COLUMNS
    if projection in (None, "latlon"):
        return _plain_map(lat, lon, columns)
    if projection not in ("north", "south"):
        raise InvalidArgumentError(
            f"projection={projection!r}: 'latlon', 'north', 'south' or a Grid"
        )
    return _polar_map(lat, lon, columns // 2, is_north=projection == "north")


def _plain_map(lat: Any, lon: Any, columns: int) -> Grid:  # noqa: ANN401 - arrays
    """Latitudes and longitudes around positions."""
    west, east = arc(lon)
    south, north = float(np.nanmin(lat)), float(np.nanmax(lat))
    # Half a cell of a field of about this many points, and something for a single one.
    margin = max(0.02 * (east - west), 0.02 * (north - south), 0.1)
    south, north = max(south - margin, -_RIGHT_ANGLE), min(north + margin, _RIGHT_ANGLE)
    if east - west < _TURN:
        west, east = west - margin, min(east + margin, west - margin + _TURN)
    size = (east - west) / columns
    rows = max(2, round((north - south) / size))
    x = west + (np.arange(columns) + 0.5) * size
    y = south + (np.arange(rows) + 0.5) * (north - south) / rows
    ref = encode("L", lat0=0, lon0=0, dlat=1, dlon=1)
    return Grid("Z", columns, rows, ax=x, ay=y, ref_grtyp="L", ref_ig=ref)


def _polar_map(lat: Any, lon: Any, columns: int, *, is_north: bool) -> Grid:  # noqa: ANN401
    """The plane around a pole as far as there are positions; see `_FARTHEST`."""
    west, east = arc(lon)
    middle = (west + east) / 2 if east - west < _TURN else 0.0
    distance = np.radians(_RIGHT_ANGLE - lat if is_north else _RIGHT_ANGLE + lat)
    radius = _TANGENT * np.tan(np.minimum(distance, _FARTHEST) / 2) / _POLAR_UNIT
    angle = np.radians(lon - middle)
    low_x, high_x = _padded(radius * np.sin(angle))
    low_y, high_y = _padded(radius * np.cos(angle) * (-1 if is_north else 1))
    size = max(high_x - low_x, high_y - low_y) / columns
    x, y = np.arange(low_x + size / 2, high_x, size), np.arange(low_y + size / 2, high_y, size)
    # metadata.md, 7.4: the meridian that points down is -(dgrw + 90); up, in the south, dgrw - 90.
    dgrw = -(middle + 90.0) if is_north else middle + 90.0
    letter = "N" if is_north else "S"
    ref = encode(letter, pi=0, pj=0, d60=_POLAR_UNIT, dgrw=dgrw % _TURN)
    return Grid("Z", len(x), len(y), ax=x, ay=y, ref_grtyp=letter, ref_ig=ref)


def _padded(values: Reals) -> tuple[float, float]:
    """Both ends and a little beyond."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = max(0.03 * (high - low), 0.1)
    return low - margin, high + margin
