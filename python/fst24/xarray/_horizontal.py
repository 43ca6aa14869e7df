"""The horizontal dimensions of a variable (``docs/format/cf.md``, 6)."""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from ._mesh import FACES, MESH, mesh_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from fst24.grid import Grid

    from ._options import Options

    #: From the plain name of a variable to the one that it has in the Dataset.
    Namer: TypeAlias = Callable[[str], str]

LAT = {"standard_name": "latitude", "long_name": "latitude", "units": "degrees_north"}
LON = {"standard_name": "longitude", "long_name": "longitude", "units": "degrees_east"}
_ROTATED_Y = {"standard_name": "grid_latitude", "units": "degrees", "axis": "Y"}
_ROTATED_X = {"standard_name": "grid_longitude", "units": "degrees", "axis": "X"}
_PLANE_Y = {"standard_name": "projection_y_coordinate", "units": "m", "axis": "Y"}
_PLANE_X = {"standard_name": "projection_x_coordinate", "units": "m", "axis": "X"}
#: Dimensions by the grid mapping.
_FRAMES = {
    "latitude_longitude": ("lat", "lon", LAT | {"axis": "Y"}, LON | {"axis": "X"}),
    "rotated_latitude_longitude": ("rlat", "rlon", _ROTATED_Y, _ROTATED_X),
    "polar_stereographic": ("yc", "xc", _PLANE_Y, _PLANE_X),
}
_PANEL_NAMES = ("yin", "yang")


@dataclass(frozen=True)
class Horizontal:
    """How the values of one record lie, and what says where they are."""

    #: Plain names of the dimensions, y before x, and their sizes.
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    #: Makes the coordinates; the first argument gives names.
    make: Callable[[Namer], Mapping[str, xr.Variable]]
    #: Plain names of all coordinates that `make` makes.
    names: tuple[str, ...]
    #: Name of the grid mapping variable, empty where there is none.
    mapping: str = ""
    #: Name of the mesh topology, empty where there is none.
    mesh: str = ""
    #: What the coordinates are of; None where positions are not known.
    grid: Grid | None = None
    #: Where records hold more than that: all their dimensions, sizes, and what is taken of each.
    whole: tuple[tuple[str, int], ...] = ()
    cut: Mapping[str, int | slice] = field(default_factory=dict)


class _Once:
    """Positions of a grid, worked out when the first of them is wanted."""

    def __init__(self, grid: Grid, shape: tuple[int, ...], what: str) -> None:
        self._lock = threading.Lock()
        self._grid, self._what = grid, what
        self.shape = shape
        self._found: tuple[npt.NDArray[np.float64], ...] | None = None

    def __getstate__(self) -> tuple[Any, ...]:
        return self._grid, self.shape, self._what

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def values(self, number: int) -> npt.NDArray[np.float64]:
        with self._lock:
            if self._found is None:
                if self._what == "bounds":
                    corners = self._grid.bounds()
                    self._found = tuple(np.moveaxis(c, 0, 1).reshape(self.shape) for c in corners)
                else:
                    self._found = tuple(c.T.reshape(self.shape) for c in self._grid.latlon())
            return self._found[number]


class Positions(BackendArray):
    """Latitudes or longitudes of all points, worked out when they are first indexed."""

    def __init__(self, once: _Once, number: int) -> None:
        self._once, self._number = once, number
        self.shape = once.shape
        self.dtype = np.dtype(np.float64)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:  # noqa: ANN401 - as xarray
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> npt.NDArray[np.float64]:
        values = self._once.values(self._number)
        for axis in reversed(range(len(key))):
            values = values[(slice(None),) * axis + (key[axis],)]
        return values


def _positions(
    grid: Grid, dims: tuple[str, ...], shape: tuple[int, ...], options: Options, name: Namer
) -> dict[str, xr.Variable]:
    """Coordinates lat and lon of all points, and their bounds when asked for."""
    if options.coords == "none" or (options.coords == "1d" and len(dims) > 1):
        return {}
    made: dict[str, xr.Variable] = {}
    once = _Once(grid, shape, "points")
    for number, (plain, attrs) in enumerate((("lat", LAT), ("lon", LON))):
        lazy = indexing.LazilyIndexedArray(Positions(once, number))
        made[name(plain)] = xr.Variable(dims, lazy, dict(attrs), {"fst24": {"grid": grid}})
    if options.bounds and grid.grtyp not in "YMU":
        corners = _Once(grid, (*shape, 4), "bounds")
        for number, plain in enumerate(("lat", "lon")):
            bounds = f"{name(plain)}_bnds"
            made[name(plain)].attrs["bounds"] = bounds
            lazy = indexing.LazilyIndexedArray(Positions(corners, number))
            made[bounds] = xr.Variable((*dims, "corners"), lazy)
    return made


def horizontal(
    grid: Grid | None,
    size: tuple[int, int],
    options: Options,
    faces: npt.NDArray[np.int32] | None = None,
) -> Horizontal:
    """How fields of a size (ni, nj) lie on their grid; None: it is not known."""
    ni, nj = size
    if grid is None:
        return Horizontal(("j", "i"), (nj, ni), lambda _: {}, ())
    if grid.grtyp == "U" and len(grid.panels) > 1:
        return _panels(grid, options)
    if grid.has_axes:
        return _framed(grid, options)
    if grid.grtyp == "M" or (grid.grtyp == "Y" and grid.nj == 1):
        return _points(grid, faces, options)
    dims = ("j", "i")
    return Horizontal(
        dims,
        (nj, ni),
        lambda name: _positions(grid, tuple(map(name, dims)), (nj, ni), options, name),
        ("lat", "lon"),
        grid=grid,
    )


# --------------------------------------------------------------------------------- one frame


def _framed(grid: Grid, options: Options) -> Horizontal:
    crs = dict(grid.crs)
    y, x, y_attrs, x_attrs = _FRAMES[crs["grid_mapping_name"]]
    is_plain = crs["grid_mapping_name"] == "latitude_longitude"

    def make(name: Namer) -> Mapping[str, xr.Variable]:
        along_y, along_x = _along(grid, crs, options)
        dims = name(y), name(x)
        made = {
            dims[0]: xr.Variable(dims[:1], along_y, dict(y_attrs)),
            dims[1]: xr.Variable(dims[1:], along_x, dict(x_attrs)),
        }
        if options.bounds:
            made |= _edges(grid, dims, (along_y, along_x), made)
        if not is_plain:
            made |= _positions(grid, dims, (grid.nj, grid.ni), options, name)
        made[name("crs")] = mapping_variable(_mapping(crs, options), grid, options)
        return made

    names = (y, x, "crs") if is_plain else (y, x, "lat", "lon", "crs")
    return Horizontal((y, x), (grid.nj, grid.ni), make, names, "crs", grid=grid)


def _along(
    grid: Grid, crs: Mapping[str, Any], options: Options
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Coordinates of rows and columns."""
    if crs["grid_mapping_name"] == "latitude_longitude":
        lat, lon = grid.latlon(dims=1)
        return lat, lon - 360.0 if lon.max() > 360.0 else lon  # noqa: PLR2004 - a turn
    x, y, _ = grid.axes()
    if crs["grid_mapping_name"] == "rotated_latitude_longitude" and options.rlon == "adjusted":
        x = x - crs["north_pole_grid_longitude"]
        x -= 360.0 * np.floor(((x[0] + x[-1]) / 2 + 180.0) / 360.0)
    return y, x


def _mapping(crs: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """The mapping of coordinates that `_along` gives."""
    is_rotated = crs["grid_mapping_name"] == "rotated_latitude_longitude"
    if is_rotated and options.rlon == "adjusted":
        return {**crs, "north_pole_grid_longitude": 0.0}
    return dict(crs)


def mapping_variable(crs: dict[str, Any], grid: Grid, options: Options) -> xr.Variable:
    """A grid mapping variable."""
    crs = {"long_name": "coordinate reference system", **crs}
    if options.crs_wkt:
        import pyproj

        crs["crs_wkt"] = pyproj.CRS.from_cf(crs).to_wkt()
    return xr.Variable((), np.int32(0), crs, {"fst24": {"grid": grid}})


def _edges(
    grid: Grid,
    dims: tuple[str, str],
    along: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    made: dict[str, xr.Variable],
) -> dict[str, xr.Variable]:
    """Bounds along the axes: (n, 2)."""
    edges = grid.edges()
    bounds = {}
    for dim, values, ends in zip(dims, along, (edges.y, edges.x), strict=True):
        raw = grid.axes().y if values is along[0] else grid.axes().x
        pairs = np.stack([ends[:-1], ends[1:]], axis=-1) + (values - raw)[:, None]
        made[dim].attrs["bounds"] = f"{dim}_bnds"
        bounds[f"{dim}_bnds"] = xr.Variable((dim, "bnds"), pairs)
    return bounds


# ------------------------------------------------------------------------------------ others


def _panels(grid: Grid, options: Options) -> Horizontal:
    """Panels, whose rows are stored one after the other."""
    n, nj = len(grid.panels), grid.nj // len(grid.panels)
    if options.subgrid in _PANEL_NAMES:
        return _panel(grid, _PANEL_NAMES.index(options.subgrid), options)
    if options.subgrid == "stack":
        dims: tuple[str, ...] = ("y", "x")
        shape: tuple[int, ...] = (grid.nj, grid.ni)
        return Horizontal(
            dims,
            shape,
            lambda name: _positions(grid, tuple(map(name, dims)), shape, options, name),
            ("lat", "lon"),
            grid=grid,
        )
    dims, shape = ("subgrid", "rlat", "rlon"), (n, nj, grid.ni)

    def make(name: Namer) -> Mapping[str, xr.Variable]:
        axes = grid.panels[0].axes()
        names = tuple(map(name, dims))
        made = {
            names[0]: xr.Variable(
                names[:1], np.arange(n, dtype=np.int32), {"long_name": "panel: 0 yin, 1 yang"}
            ),
            names[1]: xr.Variable(names[1:2], axes.y, dict(_ROTATED_Y)),
            names[2]: xr.Variable(names[2:], axes.x, dict(_ROTATED_X)),
        }
        made |= _positions(grid, names, shape, options, name)
        for number, panel in enumerate(grid.panels):
            label = _PANEL_NAMES[number] if n == len(_PANEL_NAMES) else str(number)
            made[name(f"crs_{label}")] = mapping_variable(dict(panel.crs), panel, options)
        made[names[0]].encoding["fst24"] = {"grid": grid}
        return made

    names = (*dims, "lat", "lon", "crs_yin", "crs_yang")
    return Horizontal(dims, shape, make, names, grid=grid)


def _panel(grid: Grid, number: int, options: Options) -> Horizontal:
    """One panel alone; its longitudes are as the file has them, as those of both are."""
    n, nj = len(grid.panels), grid.nj // len(grid.panels)
    one = _framed(grid.panels[number], dataclasses.replace(options, rlon="file"))
    whole = (("subgrid", n), (one.dims[0], nj), (one.dims[1], grid.ni))
    return dataclasses.replace(one, whole=whole, cut={"subgrid": number})


def _points(grid: Grid, faces: npt.NDArray[np.int32] | None, options: Options) -> Horizontal:
    """Lists of points, which may be nodes of a mesh."""
    dim = "nNodes" if grid.grtyp == "M" else "i"
    shape = (grid.ni * grid.nj,)

    def make(name: Namer) -> Mapping[str, xr.Variable]:
        made = _positions(grid, (name(dim),), shape, options, name)
        return made if faces is None else {**made, **mesh_variables(name, faces)}

    if faces is None:
        return Horizontal((dim,), shape, make, ("lat", "lon"), grid=grid)
    names = ("lat", "lon", MESH, FACES, "nFaces")
    return Horizontal((dim,), shape, make, names, grid=grid, mesh=MESH)


# -------------------------------------------------------------------------------------- crops


def cropped(grid: Grid, core: Grid) -> tuple[slice, slice] | None:
    """Rows and columns of a grid that are those of a smaller one; None: it is no part of it."""
    if not (grid.has_axes and core.has_axes) or grid.crs != core.crs:
        return None
    x, y, _ = grid.axes()
    core_x, core_y, _ = core.axes()
    rows, columns = _inside(y, core_y), _inside(x, core_x)
    return None if rows is None or columns is None else (rows, columns)


def _inside(axis: npt.NDArray[np.float64], core: npt.NDArray[np.float64]) -> slice | None:
    """Where the values of one axis stand in another."""
    step = abs(axis[1] - axis[0]) if len(axis) > 1 else 1.0
    start = int(np.argmin(np.abs(axis - core[0])))
    part = axis[start : start + len(core)]
    if len(part) < len(core) or np.abs(part - core).max() > _SAME * step:
        return None
    return slice(start, start + len(core))


#: Axes are float32 in files: points are the same within this share of a step.
_SAME = 1e-2
