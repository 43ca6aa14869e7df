"""``ds.fst24`` and ``da.fst24``: what a Dataset on the grid of a standard file can do besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import xarray as xr

from fst24 import InvalidArgumentError

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Iterable, Sequence

    import numpy.typing as npt

    from fst24.grid import Grid

    from ._frame import Projection
    from ._interp import Method
    from ._plot import Kind, Map

_Object = TypeVar("_Object", xr.Dataset, xr.DataArray)


class _Accessor(Generic[_Object]):
    """What both have."""

    def __init__(self, obj: _Object) -> None:
        self._obj: _Object = obj
        self._grid: Grid | None = None

    @property
    def grid(self) -> Grid:
        """Where the points are, from the coordinates: after ``isel`` and ``sel`` of what is left.

        Raises
        ------
        InvalidArgumentError
            The coordinates do not tell; variables of a Dataset on several grids.
        """
        if self._grid is None:
            self._grid = self._found()
        return self._grid

    def _found(self) -> Grid:
        from ._place import grid_of

        return grid_of(self._obj)

    @property
    def crs(self) -> Any:  # noqa: ANN401 - pyproj is optional
        """The frame of the coordinates as a ``pyproj.CRS``, from the grid mapping.

        Raises
        ------
        ImportError
            pyproj is not installed.
        InvalidArgumentError, UnsupportedError
            Several frames, as of several panels, or none, as of points.
        """
        try:
            import pyproj
        except ImportError as error:
            raise ImportError(
                "a CRS needs pyproj: pip install 'fst24[geo]'. The attributes of the grid mapping, "
                "ds.fst24.grid.crs, do without"
            ) from error
        from ._layout import mapping_of

        mapping = mapping_of(self._obj)
        return pyproj.CRS.from_cf(mapping) if mapping else self.grid.to_pyproj()

    def interp_to(
        self, target: xr.Dataset | xr.DataArray | Grid, method: Method = "linear"
    ) -> _Object:
        """The same fields on another grid.

        Parameters
        ----------
        target : Dataset, DataArray or Grid
            Its points: latitudes and longitudes of any shape, or axes and a grid mapping.
        method : {"nearest", "linear", "cubic"}
            Along the axes of the grid that the fields are on.

        Returns
        -------
        Dataset or DataArray
            On the dimensions and coordinates of the target; NaN outside of the old grid. Lazy where
            the fields are dask arrays. UU and VV of a Dataset are the components along the axes of
            the target; eastward and northward where it has none. Variables that are not on a grid
            are as they were.

        Warns
        -----
        Fst24Warning
            One component of a wind alone, which keeps its old direction.
        """
        from ._interp import interp_to

        found: _Object = interp_to(self._obj, target, method=method)
        return found

    def sel_points(
        self,
        lat: npt.ArrayLike,
        lon: npt.ArrayLike,
        method: Method = "nearest",
        *,
        names: Iterable[Hashable] | None = None,
    ) -> _Object:
        """Values at positions.

        Parameters
        ----------
        lat, lon : array_like
            Degrees, numbers or lists of one length; longitudes in any turn.
        method : {"nearest", "linear", "cubic"}
            Nearest is a point whose cell holds the position.
        names : iterable, optional
            Labels of the positions: ``.sel(point="Montréal")``.

        Returns
        -------
        Dataset or DataArray
            With the dimension ``point``, and ``lat`` and ``lon`` along it, in place of those of
            the grid; NaN outside of the grid. UU and VV of a Dataset are eastward and northward.
        """
        from ._interp import sel_points

        found: _Object = sel_points(self._obj, lat, lon, method=method, names=names)
        return found


@xr.register_dataarray_accessor("fst24")  # type: ignore[no-untyped-call]
class DataArrayAccessor(_Accessor[xr.DataArray]):
    """``da.fst24``."""

    def plot(
        self,
        *,
        kind: Kind = "mesh",
        projection: Projection | None = None,
        ax: Any = None,  # noqa: ANN401 - of matplotlib
        cmap: Any = None,  # noqa: ANN401
        vmin: float | None = None,
        vmax: float | None = None,
        levels: int | Sequence[float] | None = None,
        robust: bool = False,
        barbs: tuple[xr.DataArray, xr.DataArray] | None = None,
        coastlines: bool | str | os.PathLike[str] = True,
        gridlines: bool = True,
        colorbar: bool = True,
        title: str | None = None,
        size: tuple[float, float] | None = None,
        cartopy: bool | None = None,
    ) -> Map:
        """Draw a map of one field; matplotlib is needed (``pip install 'fst24[plot]'``).

        Parameters
        ----------
        kind : {"mesh", "contour", "contourf"}
            Cells, lines, or areas between lines.
        projection : {"latlon", "north", "south"} or Grid, optional
            By default the plane of the field's own grid, in which its cells are rectangles: rotated
            latitudes and longitudes, polar stereographic ... Grids without one (yin-yang, meshes),
            and all others where it is asked for, are sampled.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new Figure by default. Axes of cartopy may be of any projection.
        cmap, vmin, vmax, robust
            Colours and their range. By default diverging around 0 for wind, vorticity and the
            like, else from the least to the greatest value; ``robust``: from the 2nd to the 98th
            percentile.
        levels : int or sequence of float, optional
            How many lines, or which.
        barbs : pair of DataArray, optional
            Components of a wind, drawn as barbs in knots.
        coastlines : bool or path
            A GeoJSON file or a shapefile in place of Natural Earth 1:50m.
        size : (float, float), optional
            Width and height in inches.
        cartopy : bool, optional
            Draw in axes of cartopy; by default where it is installed.

        Returns
        -------
        Map
            ``figure``, ``ax``, ``artist`` and ``save(path)``. No state of pyplot is touched.
        """
        from ._plot import plot

        return plot(
            self._obj,
            kind=kind,
            projection=projection,
            ax=ax,
            cmap=cmap,
            vmin=vmin,
            vmax=vmax,
            levels=levels,
            robust=robust,
            barbs=barbs,
            coastlines=coastlines,
            gridlines=gridlines,
            colorbar=colorbar,
            title=title,
            size=size,
            cartopy=cartopy,
        )


@xr.register_dataset_accessor("fst24")  # type: ignore[no-untyped-call]
class DatasetAccessor(_Accessor[xr.Dataset]):
    """``ds.fst24``."""

    def _found(self) -> Grid:
        from ._layout import fields

        grids: dict[Grid, Hashable] = {}
        for name, _, place in fields(self._obj):
            grids.setdefault(place.grid, name)
        if len(grids) > 1:
            there = ", ".join(f"{name} on {grid!r}" for grid, name in grids.items())
            raise InvalidArgumentError(
                f"variables are on several grids ({there}): ask one of them, ds[name].fst24.grid"
            )
        return next(iter(grids)) if grids else super()._found()

    def plot(
        self,
        name: Hashable | None = None,
        *,
        barbs: bool | tuple[Hashable, Hashable] = False,
        **options: Any,  # noqa: ANN401 - those of DataArrayAccessor.plot
    ) -> Map:
        """Draw a map of one variable: see `DataArrayAccessor.plot`.

        Parameters
        ----------
        name : str, optional
            Not needed where one variable is on a grid.
        barbs : bool or pair of str
            Names of the components of a wind; True: UU and VV.
        """
        from ._plot import field_name, plot
        from ._wind import components

        pair = ("UU", "VV") if barbs is True else barbs
        wind = components(self._obj, *pair) if pair else None
        return plot(self._obj[field_name(self._obj, name)], barbs=wind, **options)

    def wind(
        self, u: Hashable = "UU", v: Hashable = "VV", *, to: Literal["earth", "grid"] = "earth"
    ) -> xr.Dataset:
        """Wind to east and north, its speed and direction.

        Parameters
        ----------
        u, v : str
            Components along the axes of the grid; eastward and northward where their standard names
            say so.
        to : {"earth", "grid"}
            Components that are wanted: ``eastward_wind`` and ``northward_wind``, or ``x_wind`` and
            ``y_wind``.

        Returns
        -------
        Dataset
            The components, ``wind_speed`` in their units and ``wind_from_direction``, degrees
            clockwise from north that the wind blows from (0 when it is calm). Lazy where they are
            dask arrays.
        """
        from ._wind import wind

        return wind(self._obj, u, v, to=to)

    def pressure(
        self,
        name: str | None = None,
        *,
        unit: Literal["hPa", "Pa"] = "hPa",
        **fields: xr.DataArray | float,
    ) -> xr.DataArray:
        """Pressure of the levels, from the terms of their coordinate and P0; lazy.

        Parameters
        ----------
        name : str, optional
            A level coordinate, or a variable whose levels are meant; needed with several axes.
        unit : {"hPa", "Pa"}
            Of the result.
        **fields : DataArray or number
            Fields that the Dataset has not, or other ones: ``P0=...``.
        """
        from ._pressure import pressure

        return pressure(self._obj, name, unit=unit, **fields)

    def height(self, name: str | None = None, **fields: xr.DataArray | float) -> xr.DataArray:
        """Height of the levels in m, as `pressure` gives pressure; lazy."""
        from ._pressure import height

        return height(self._obj, name, **fields)

    def level_pressure(self, name: str | None = None) -> xr.DataArray:
        """Nominal pressure of levels in hPa, 1-D: over a surface at 1000 hPa."""
        from ._pressure import level_pressure

        return level_pressure(self._obj, name)

    def to_fst(self, path: str | os.PathLike[str], **options: Any) -> Any:  # noqa: ANN401 - as there
        """Write a standard file: see ``_to_fst.to_fst``."""
        from ._to_fst import to_fst

        return to_fst(self._obj, path, **options)

    def to_netcdf(self, path: str | os.PathLike[str], **options: Any) -> None:  # noqa: ANN401 - as there
        """Write a CF NetCDF file of any size: see ``_netcdf.write_netcdf``."""
        from ._netcdf import write_netcdf

        write_netcdf(self._obj, path, **options)

    def to_zarr(self, path: str | os.PathLike[str], **options: Any) -> None:  # noqa: ANN401 - as there
        """Write a Zarr store of any size: see ``_zarr_out.write_zarr``."""
        from ._zarr_out import write_zarr

        write_zarr(self._obj, path, **options)
