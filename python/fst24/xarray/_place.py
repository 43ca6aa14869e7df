"""A `Grid` from the CF coordinates of any Dataset: the way back of ``_horizontal``."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from fst24 import Fst24Warning, InvalidArgumentError, UnsupportedError
from fst24.grid import Grid, decode

from . import _back_frames as frames
from ._back_frames import Axis
from ._back_roles import HORIZONTAL, Roles, kept_of, listed, role_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import numpy.typing as npt

    Reals = npt.NDArray[np.float64]
    Order = npt.NDArray[np.intp]

#: Coordinates that agree: degrees, metres. Those of a kept grid were computed from it.
_SAME_DEGREES, _SAME_METRES = 1e-5, 0.5
#: Positions of points that a grid mapping and 2-D latitudes may differ by: 0.05 degrees.
_CONTRADICTION = 0.05
#: Below this nobody is told that points were moved: single precision moves them by as much.
_TOLD = 2e-4
_TURN = 360.0
_TWO = 2
#: Grids that have a position for each point.
_POINTS = frozenset("YXOM")
_METRES = {"km": 1000.0, "kilometer": 1000.0, "kilometers": 1000.0}
_WAY_OUT = "give 2-D latitudes and longitudes, or interpolate to a grid that standard files have"


class Placed(NamedTuple):
    """A grid, and which points of a variable are its points."""

    grid: Grid
    #: Dimensions of the variable that the grid takes: rows before columns (or the one of a list of
    #: points), a dimension of panels before them. One that a scalar coordinate stands for is not
    #: there.
    dims: tuple[Hashable, ...]
    #: Dimensions whose points are in another order in the grid, with that order: take these.
    order: dict[Hashable, Order]


def grid_of(obj: xr.Dataset | xr.DataArray, *, var: str | None = None) -> Grid:
    """The grid that the coordinates of a Dataset describe.

    They are found by ``standard_name``, ``units``, ``axis`` and the grid mapping, so a Dataset may
    be from anywhere. A Dataset that fst24 opened keeps its grid, which is given when the
    coordinates still agree with it. Points are in the order of the Dataset.

    Parameters
    ----------
    obj : Dataset or DataArray
        With latitudes and longitudes; rotated ones or metres of a polar projection, with their grid
        mapping.
    var : str, optional
        The variable whose grid is wanted, where variables are on several.

    Raises
    ------
    InvalidArgumentError
        No such variable, variables on several grids, coordinates that are not sorted.
    UnsupportedError
        No coordinates, or a projection that standard files do not have; the message tells what
        would do.

    >>> ds = xr.Dataset(coords={"lat": [10.0, 10.5, 11.0], "lon": [-75.0, -74.5]})
    >>> grid = grid_of(ds)
    >>> grid, grid.ig
    (<Grid L 2x3>, (50, 50, 10000, 28500))
    """
    ds = _as_dataset(obj)
    if var is not None:
        return placed(ds, var).grid
    roles = Roles(ds)
    keys: dict[tuple[Any, ...], Hashable] = {}
    for name, variable in ds.data_vars.items():
        if variable.ndim and (where := Where(ds, name, roles)).is_somewhere:
            keys.setdefault(where.key, name)
    names = list(keys.values())
    if not names:
        return _of_coordinates(ds)
    found = {name: placed(ds, name, roles=roles).grid for name in names}
    first = found[names[0]]
    others = [name for name, grid in found.items() if grid != first]
    if others:
        raise InvalidArgumentError(
            f"{names[0]} is on {first!r}, {listed(others)} on others: give var="
        )
    return first


def _as_dataset(obj: xr.Dataset | xr.DataArray) -> xr.Dataset:
    if isinstance(obj, xr.DataArray):
        return obj.to_dataset(name="data" if obj.name is None else obj.name, promote_attrs=False)
    if not isinstance(obj, xr.Dataset):
        raise TypeError(f"a grid is that of a Dataset or a DataArray, not of {type(obj).__name__}")
    return obj


def _of_coordinates(ds: xr.Dataset) -> Grid:
    """The grid of a Dataset without fields: of the last two dimensions that have a place."""
    mapping = [n for n, v in ds.variables.items() if "grid_mapping_name" in v.attrs]
    dims: list[Hashable] = []
    for name, variable in ds.variables.items():
        if role_of(name, variable) in HORIZONTAL:
            dims += [dim for dim in variable.dims if dim not in dims]
    probe = xr.Variable(dims, np.broadcast_to(np.float32(0), [ds.sizes[dim] for dim in dims]))
    if mapping:
        probe.attrs["grid_mapping"] = str(mapping[0])
    name = "coordinates of the Dataset"
    return placed(ds.assign({name: probe}), name).grid


def placed(
    ds: xr.Dataset, name: Hashable, *, northward: bool = False, roles: Roles | None = None
) -> Placed:
    """The grid of one variable.

    Parameters
    ----------
    northward : bool
        Points are put in the order of standard files: rows from south to north, columns from west
        to east. Else they are in that of the Dataset.
    roles : Roles, optional
        Of the Dataset, where they are known.

    Raises
    ------
    InvalidArgumentError, UnsupportedError
        As `grid_of`.
    """
    if name not in ds.variables:
        raise InvalidArgumentError(f"there is no variable {name!r}: {listed(ds.data_vars)}")
    where = Where(ds, name, roles)
    try:
        return _kept(where) or _made(where, northward=northward)
    except (InvalidArgumentError, UnsupportedError) as error:
        raise type(error)(f"{name}: {error}") from None


def _is_panel_dim(dim: Hashable) -> bool:
    return str(dim).startswith("subgrid")


class Where:
    """What a Dataset says about the places of a variable."""

    def __init__(self, ds: xr.Dataset, name: Hashable, roles: Roles | None = None) -> None:
        self.ds, self.name = ds, name
        self.variable = ds.variables[name]
        self._roles = roles or Roles(ds)
        self.mapping_name = self._mapping_name()

    def _mapping_name(self) -> Hashable | None:
        given = self.variable.attrs.get("grid_mapping", self.variable.encoding.get("grid_mapping"))
        if given is None:
            given = self._of_panel()
        names = [word.rstrip(":") for word in str(given or "").split()]
        if ":" in str(given):  # "crs: x y crs2: lat lon"; the first is that of the axes
            names = [w.rstrip(":") for w in str(given).split() if w.endswith(":")]
        return next((name for name in names if name in self.ds.variables), None)

    def _of_panel(self) -> Hashable | None:
        """The mapping of the one panel that is left of a grid U."""
        number, names = self.ds.variables.get("subgrid"), self.panel_mappings
        if number is None or number.ndim or not 0 <= int(number.values) < len(names):
            return None
        return names[int(number.values)]

    @property
    def panel_mappings(self) -> list[Hashable]:
        """Grid mappings of panels, in their order: crs_yin and crs_yang, or crs_0, crs_1 ..."""
        suffix = next(
            (str(d).removeprefix("subgrid") for d in self.variable.dims if _is_panel_dim(d)), ""
        )
        two = [f"crs_yin{suffix}", f"crs_yang{suffix}"]
        several = [f"crs_{k}{suffix}" for k in range(len(self.ds.variables))]
        return [name for name in (*two, *several) if name in self.ds.variables]

    @property
    def key(self) -> tuple[Any, ...]:
        """What variables on one grid have in common."""
        names = [self._roles.of(self.variable, role) for role in HORIZONTAL]
        dims = {dim for name in names for n in name for dim in self.ds.variables[n].dims}
        kept = kept_of(self.variable)
        tag = [kept.get(key) for key in ("grtyp", "ni", "nj", "ig1", "ig2", "ig3", "ig4")]
        own = [dim for dim in self.variable.dims if dim in dims]
        return (self.mapping_name, *map(tuple, names), tuple(own), *tag)

    @property
    def mapping(self) -> Mapping[str, Any]:
        """Attributes of the grid mapping; none where there is none."""
        return {} if self.mapping_name is None else self.ds.variables[self.mapping_name].attrs

    @property
    def projection(self) -> str:
        """Its name; that of plain latitudes and longitudes where there is none."""
        return str(self.mapping.get("grid_mapping_name", "latitude_longitude"))

    @property
    def kept(self) -> Grid | None:
        """The grid that the coordinates were made of: of the panels, or of the grid mapping."""
        names = [name for name in self.ds.coords if str(name).startswith("subgrid")]
        of_dims = [n for n in names if set(self.ds.variables[n].dims) <= set(self.variable.dims)]
        lat = self._roles.of(self.variable, "lat")
        for name in (*of_dims, self.mapping_name, *lat):
            kept = {} if name is None else kept_of(self.ds.variables[name])
            if isinstance(kept.get("grid"), Grid):
                grid: Grid = kept["grid"]
                return grid
        return None

    def get(self, role: str, *ndims: int) -> xr.Variable | None:
        """The coordinate of a role, with so many dimensions: the first number that there is."""
        names = [name for name in self._roles.of(self.variable, role) if name != self.name]
        found = [self.ds.variables[name] for name in names]
        if not ndims:
            return found[0] if found else None
        return next((one for ndim in ndims for one in found if one.ndim == ndim), None)

    @property
    def is_somewhere(self) -> bool:
        """Whether the variable has horizontal dimensions, or is of one point."""
        if any((found := self.get(role)) is not None and found.ndim for role in HORIZONTAL):
            return True
        return self.get("lat", 0) is not None and self.get("lon", 0) is not None

    def pair(self, y_role: str, x_role: str) -> tuple[xr.Variable, xr.Variable] | None:
        """Coordinates of rows and of columns, each along a dimension of its own or a scalar."""
        y, x = self.get(y_role, 1, 0), self.get(x_role, 1, 0)
        if y is None or x is None or (y.dims == x.dims and y.dims):
            return None
        return y, x

    def points(self) -> tuple[xr.Variable, xr.Variable] | None:
        """Latitudes and longitudes of the same dimensions."""
        for ndim in (2, 1, 3):
            lat, lon = self.get("lat", ndim), self.get("lon", ndim)
            if lat is not None and lon is not None and set(lat.dims) == set(lon.dims):
                return lat, lon.transpose(*lat.dims)
        return None


# ---------------------------------------------------------------------------------- kept grids


def _kept(where: Where) -> Placed | None:
    """The grid that was kept, when sizes and coordinates still agree."""
    grid = where.kept
    if grid is None:
        return None
    if len(grid.panels) > 1:
        return _kept_panels(where, grid)
    axes = _axes_of(where) if grid.has_axes else None
    if axes is not None:
        y, x = axes
        sizes = (y.size, x.size)
        if sizes == (grid.nj, grid.ni) and _agree(where, grid, y, x):
            return Placed(grid, (*y.dims, *x.dims), {})
        return None
    return _kept_points(where, grid)


def _axes_of(where: Where) -> tuple[xr.Variable, xr.Variable] | None:
    """Coordinates along rows and columns, whatever the frame."""
    return where.pair("rlat", "rlon") or where.pair("y", "x") or where.pair("lat", "lon")


def _agree(where: Where, grid: Grid, y: xr.Variable, x: xr.Variable) -> bool:
    """Whether coordinates are the axes of a grid."""
    held = grid.axes()
    if held.units == "m":
        easting, northing = (_attr(where, f"false_{name}") for name in ("easting", "northing"))
        factor = _in_metres(x)
        off = np.abs(x.values * factor - easting - held.x).max()
        off = max(off, np.abs(y.values * _in_metres(y) - northing - held.y).max())
        return bool(off <= _SAME_METRES)
    if grid.is_separable:
        shift, lat = 0.0, grid.latlon(dims=1).lat
    else:
        shift = _shift(where, grid)
        lat = held.y
    off_x = x.values.astype(np.float64) + shift - held.x
    off_x -= _TURN * np.round(off_x / _TURN)
    off = max(np.abs(off_x).max(), np.abs(y.values - lat).max())
    return bool(off <= _SAME_DEGREES)


def _attr(where: Where, name: str, default: float = 0.0) -> float:
    return float(np.asarray(where.mapping.get(name, default)).item())


def _shift(where: Where, grid: Grid) -> float:
    """What rotated longitudes of the Dataset lack to be those of the grid."""
    name = "north_pole_grid_longitude"
    return float(grid.crs.get(name, 0.0)) - _attr(where, name)


def _in_metres(variable: xr.Variable) -> float:
    return _METRES.get(str(variable.attrs.get("units", "m")), 1.0)


def _kept_panels(where: Where, grid: Grid) -> Placed | None:
    """A grid U: panels along a dimension of their own, stacked along rows, or one of them."""
    panels, dims = grid.panels, where.variable.dims
    axes = _axes_of(where)
    if axes is not None:
        y, x = axes
        panel = next((k for k, one in enumerate(panels) if _is_panel(where, one, y, x)), None)
        if panel is None:
            return None
        extra = [d for d in dims if _is_panel_dim(d)]
        if extra and where.variable.sizes[extra[0]] == len(panels):
            return Placed(grid, (extra[0], *y.dims, *x.dims), {})
        number = where.ds.coords.get("subgrid")
        if not extra and number is not None and number.ndim == 0:
            return Placed(panels[int(number) % len(panels)], (*y.dims, *x.dims), {})
        return None
    sizes = tuple(where.variable.sizes[d] for d in dims[-2:])
    return Placed(grid, dims[-2:], {}) if sizes == (grid.nj, grid.ni) else None


def _is_panel(where: Where, panel: Grid, y: xr.Variable, x: xr.Variable) -> bool:
    held = panel.axes()
    if (y.size, x.size) != (panel.nj, panel.ni):
        return False
    # What was subtracted from longitudes, if anything, is the same all along.
    off = x.values - held.x
    off = off - off[0] if where.projection.startswith("rotated") else off
    return bool(max(np.abs(off).max(), np.abs(y.values - held.y).max()) <= _SAME_DEGREES)


def _kept_points(where: Where, grid: Grid) -> Placed | None:
    """Points and meshes: each has its own position; without positions sizes have to do."""
    found = where.points()
    dims = where.variable.dims
    if found is not None:
        lat, lon = found
        dims = lat.dims
        shape = grid.shape if len(dims) == _TWO else (grid.ni * grid.nj,)
        if lat.shape != shape[::-1]:
            return None
        held = grid.latlon()
        off_lon = (lon.values - held.lon.T.reshape(lon.shape)) % _TURN
        off = np.fmin(off_lon, _TURN - off_lon)
        off = np.fmax(off, np.abs(lat.values - held.lat.T.reshape(lat.shape)))
        return Placed(grid, dims, {}) if np.nanmax(off) <= _SAME_DEGREES else None
    if any(where.get(role, 1) is not None for role in ("lat", "lon")):
        return None
    wanted = (grid.ni,) if grid.nj == 1 else (grid.nj, grid.ni)
    sizes = where.variable.shape[len(dims) - len(wanted) :]
    return Placed(grid, dims[len(dims) - len(wanted) :], {}) if sizes == wanted else None


# ----------------------------------------------------------------------------- from coordinates


def _made(where: Where, *, northward: bool) -> Placed:
    """A grid made of coordinates alone."""
    made = _panels(where)
    if made is not None:
        return made
    if where.projection == "rotated_latitude_longitude":
        made = _rotated(where, northward=northward)
    elif where.projection == "polar_stereographic":
        made = _polar(where, northward=northward)
    elif where.projection == "latitude_longitude" and not where.pair("rlat", "rlon"):
        made = _latlon(where, northward=northward)
    if made is not None:
        made = _checked(where, made)
    return made or _points(where)


def _sorted_axis(
    variable: xr.Variable, factor: float, *, northward: bool, is_lon: bool
) -> tuple[Axis, Order | None]:
    """Coordinates that rise or fall throughout, and the order that makes them do so."""
    axis = Axis.of(np.atleast_1d(variable.values), factor)
    values = frames.unwrapped(axis.values) if is_lon else axis.values
    if frames.is_monotonic(values):
        falls = len(values) > 1 and values[1] < values[0]
        if not (falls and northward):
            return Axis(values, axis.precision), None
        order = np.arange(len(values))[::-1]
        turned = frames.unwrapped(axis.values[::-1]) if is_lon else values[::-1]
        return Axis(turned, axis.precision), order
    if not northward:
        name = variable.dims[0] if variable.dims else "a coordinate"
        raise InvalidArgumentError(
            f"{name} neither rises nor falls throughout: sort it, ds.sortby({name!r})"
        )
    values = axis.values % _TURN if is_lon else axis.values
    order = np.argsort(values, kind="stable")
    if (np.diff(values[order]) <= 0).any():
        twice = values[order][np.flatnonzero(np.diff(values[order]) <= 0)[0]]
        raise InvalidArgumentError(
            f"{variable.dims[0]} holds {twice:g} twice: take each place once, ds.isel(...)"
        )
    return Axis(values[order], axis.precision), order


def _both(
    y: xr.Variable, x: xr.Variable, *, northward: bool, is_lon: bool = True
) -> tuple[Axis, Axis, dict[Hashable, Order]]:
    """Axes of rows and of columns, and the orders of both."""
    rows, columns = (
        _sorted_axis(one, 1.0 if is_lon else _in_metres(one), northward=northward, is_lon=lon)
        for one, lon in ((y, False), (x, is_lon))
    )
    order = {}
    for one, (_, own) in ((y, rows), (x, columns)):
        if own is not None:
            order[one.dims[0]] = own
    return rows[0], columns[0], order


def _latlon(where: Where, *, northward: bool) -> Placed | None:
    pair = where.pair("lat", "lon") or _separated(where)
    if pair is None:
        return None
    lat, lon, order = _both(*pair, northward=northward)
    if np.abs(lat.values).max() > 90 + 1e-4:
        raise InvalidArgumentError(f"latitudes up to {np.abs(lat.values).max():g} degrees")
    grid = _part_of_kept(where, lat, lon) or frames.on_latlon(lat, lon)
    return Placed(grid, (*pair[0].dims, *pair[1].dims), order)


def _separated(where: Where) -> tuple[xr.Variable, xr.Variable] | None:
    """2-D latitudes and longitudes that depend on one dimension each."""
    found = where.points()
    if found is None or found[0].ndim != _TWO:
        return None
    lat, lon = found
    a, b = lat.values, lon.values
    if (a == a[:, :1]).all() and (b == b[:1]).all():
        return lat[:, 0], lon[0]
    if (a == a[:1]).all() and (b == b[:, :1]).all():
        return lat[0], lon[:, 0]
    return None


def _part_of_kept(where: Where, y: Axis, x: Axis) -> Grid | None:
    """A part of a kept grid Z: on the same reference, with the very values of its axes."""
    grid = where.kept
    if grid is None or grid.grtyp != "Z" or not grid.has_axes or grid.ax is None or grid.ay is None:
        return None
    held = grid.axes()
    if held.units == "m":
        step = decode(grid.ref_grtyp, *grid.ref_ig)["d60"]
        columns, rows = _places(x.values, held.x, 0, step), _places(y.values, held.y, 0, step)
    else:
        shift = 0.0 if grid.is_separable else _shift(where, grid)
        columns = _places(x.values + shift, held.x, _TURN)
        rows = _places(y.values, held.y, 0)
    if columns is None or rows is None:
        return None
    return frames.on_axes(grid.ax[columns], grid.ay[rows], grid.ref_grtyp, grid.ref_ig)


def _places(values: Reals, held: Reals, turn: float, scale: float = 1.0) -> Order | None:
    """Where values stand on an axis; None when one is not on it."""
    wanted, there = (values % turn, held % turn) if turn else (values, held)
    order = np.argsort(there, kind="stable")
    after = np.searchsorted(there[order], wanted) % len(order)
    near = np.stack([order[after], order[after - 1]])  # the first and the last are neighbours
    off = np.abs(there[near] - wanted)
    off = np.fmin(off, np.abs(off - turn)) if turn else off
    best = np.argmin(off, axis=0), np.arange(len(wanted))
    found: Order = near[best]
    return found if (off[best] <= _SAME_DEGREES * scale).all() else None


def _rotated(where: Where, *, northward: bool) -> Placed | None:
    pair = where.pair("rlat", "rlon") or where.pair("y", "x")
    if pair is None:
        return None
    y, x, order = _both(*pair, northward=northward)
    dims = (*pair[0].dims, *pair[1].dims)
    part = _part_of_kept(where, y, x)
    if part is not None:
        return Placed(part, dims, order)
    frame = frames.rotated_frame(where.mapping)
    _tell(where, frame.moved, "the rotation is kept in steps of 0.025 degrees")
    return Placed(frames.on_axes(x.values + frame.shift, y.values, "E", frame.ig), dims, order)


def _panels(where: Where) -> Placed | None:
    """A grid U of panels whose mappings are there."""
    dims = [dim for dim in where.variable.dims if _is_panel_dim(dim)]
    pair = where.pair("rlat", "rlon") if dims else None
    names = where.panel_mappings if dims else []
    if pair is None or where.variable.sizes[dims[0]] != len(names):
        return None
    mappings = [where.ds.variables[name].attrs for name in names]
    y, x, _ = _both(*pair, northward=False)
    grid = frames.panels(x.values, y.values, mappings)
    return None if grid is None else Placed(grid, (dims[0], *pair[0].dims, *pair[1].dims), {})


def _polar(where: Where, *, northward: bool) -> Placed | None:
    pair = where.pair("y", "x")
    if pair is None:
        return None
    y, x, order = _both(*pair, northward=northward, is_lon=False)
    try:
        frame = frames.polar_frame(where.mapping)
    except UnsupportedError:
        if where.points() is None:
            raise
        return None
    dims = (*pair[0].dims, *pair[1].dims)
    moved = x._replace(values=(x.values - frame.easting) * frame.scale)
    part = _part_of_kept(where, y._replace(values=(y.values - frame.northing) * frame.scale), moved)
    if part is not None:
        return Placed(part, dims, order)
    grid, turned = frames.on_polar(x, y, frame)
    _tell(where, turned, "the meridian of the projection is kept in steps of 0.01 degrees")
    return Placed(grid, dims, order)


def _tell(where: Where, degrees: float, why: str) -> None:
    if degrees > _TOLD:
        message = f"{where.name}: points are moved by up to {degrees:.2g} degrees: {why}"
        warnings.warn(message, Fst24Warning, stacklevel=2)


def _checked(where: Where, made: Placed) -> Placed | None:
    """The grid, unless latitudes and longitudes that stand beside it say something else."""
    found = where.points()
    if found is None or len(made.dims) != _TWO or set(found[0].dims) != set(made.dims):
        return made
    lat, lon = (one.transpose(*made.dims) for one in found)
    rows, columns = (
        np.unique(np.linspace(0, size - 1, 4).astype(int)) for size in made.grid.shape[::-1]
    )
    held = made.grid.latlon_at(*np.meshgrid(columns, rows))
    at = [
        made.order.get(dim, np.arange(where.variable.sizes[dim]))[picked]
        for dim, picked in zip(made.dims, (rows, columns), strict=True)
    ]
    off = np.radians(lon.values[np.ix_(*at)] - held.lon)
    a, b = np.radians(lat.values[np.ix_(*at)]), np.radians(held.lat)
    cosines = np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(off)
    apart = float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).max(initial=0))
    if apart <= _CONTRADICTION:
        return made
    message = (
        f"{where.name}: {where.mapping_name} and the latitudes and longitudes of points differ by "
        f"{apart:.2g} degrees: the latter are taken"
    )
    warnings.warn(message, Fst24Warning, stacklevel=2)
    return None


def _points(where: Where) -> Placed:
    """Each point its own position: a list (Y) along one dimension, X along two."""
    found = where.points()
    if found is None or found[0].ndim > _TWO:
        raise UnsupportedError(_nowhere(where))
    lat, lon = found
    a, b = lat.values.astype(np.float64).ravel(), lon.values.astype(np.float64).ravel()
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InvalidArgumentError("there are points without latitude or longitude: drop them")
    nj, ni = lat.shape if lat.ndim == _TWO else (1, lat.size)
    kept = kept_of(where.variable)
    same_size = kept.get("ni", 0) * kept.get("nj", 0) == lat.size
    if kept.get("grtyp") in _POINTS and same_size:
        # Under the tag that they had; two lists of one tag are told apart when they are written.
        ig1, ig2, ig3, ig4 = (int(kept.get(f"ig{k}", 0)) for k in (1, 2, 3, 4))
        tag = ig1, ig2, ig3, ig4
        grid = frames.points(kept["grtyp"], a, b, (kept["ni"], kept["nj"]), tag)
        return Placed(grid, lat.dims, {})
    return Placed(frames.points("Y" if lat.ndim == 1 else "X", a, b, (ni, nj), None), lat.dims, {})


def _nowhere(where: Where) -> str:
    if any(map(_is_panel_dim, where.variable.dims)):
        return (
            "panels of a grid that was not kept: write one at a time, ds.isel(subgrid=0), or write "
            "the Dataset before it goes through another format"
        )
    if where.mapping:
        return (
            f"no coordinates for the projection {where.projection}, of which standard files have "
            f"latitude_longitude, rotated_latitude_longitude and polar_stereographic: {_WAY_OUT}"
        )
    return (
        "no latitudes and longitudes are found: name them by standard_name or units "
        "(degrees_north, degrees_east), rotated ones by grid_latitude, grid_longitude and their "
        "grid_mapping"
    )
