"""Maps: a field in the plane of its grid, with shores, a graticule, colours and barbs."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from fst24 import InvalidArgumentError

from . import _cartopy
from ._coast import shores
from ._frame import MESHES, Frame, Projection, map_grid

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Mapping, Sequence

    import numpy.typing as npt
    import xarray as xr

    from fst24.grid import Grid

    Values = npt.NDArray[Any]

Kind: TypeAlias = Literal["mesh", "contour", "contourf"]
_KINDS = ("mesh", "contour", "contourf")
#: Fields whose zero is a middle, by their standard names.
_HAS_MIDDLE = re.compile(r"wind|velocity|vorticity|divergence|tendency|anomaly|increment")
_HAS_NONE = re.compile(r"speed|direction")
_DIRECTION = re.compile(r"direction")
#: Percentiles of robust limits.
_ROBUST = (2.0, 98.0)
_N_LEVELS = 12
#: More cells than a picture has pixels are drawn as an image: a mesh takes a second a million.
_MOST_CELLS = 500_000
#: More cells of a mesh than this are sampled: as polygons they take some seconds.
_MOST_POLYGONS = 100_000
_TURN = 360.0
#: Barbs along an inch of the map.
_BARBS_AN_INCH = 3.5
_KNOTS = {"m s-1": 1.9438445, "m/s": 1.9438445}
#: Width of the map itself and what stands around it, in inches.
_WIDTH, _AROUND = 7.0, 1.3
_HEIGHTS = (2.5, 8.0)
#: A map that is wider than this times its height has its colours below.
_WIDE = 1.5
_UNITS = {"degC": "\N{DEGREE SIGN}C", "degree": "\N{DEGREE SIGN}", "1": ""}
#: Latitudes of a plain map that is no wider are drawn as long as longitudes in its middle.
_LOCAL = 90.0


class Wind(NamedTuple):
    """Components to draw as barbs."""

    #: (nj, ni), knots.
    u: Values
    v: Values
    grid: Grid
    #: Eastward and northward, or along the axes of the grid.
    is_of_earth: bool


class Picture(NamedTuple):
    """What a map shows."""

    grid: Grid
    #: (nj, ni); NaN where nothing is.
    values: Values
    title: str = ""
    units: str = ""
    standard_name: str = ""
    wind: Wind | None = None


@dataclass(frozen=True)
class Map:
    """A map that was drawn."""

    #: ``matplotlib.figure.Figure``
    figure: Any
    #: ``matplotlib.axes.Axes``, of cartopy where it draws.
    ax: Any
    #: What has the colours: a mesh, a set of contours, or points.
    artist: Any

    def save(self, path: str | os.PathLike[str], **options: Any) -> None:  # noqa: ANN401
        """Write the picture; its form is what the name ends with (png, svg, pdf ...).

        Parameters
        ----------
        **options
            Those of ``Figure.savefig``: ``dpi=``, ``transparent=`` ...
        """
        self.figure.savefig(path, **options)

    def _repr_png_(self) -> bytes:
        """The picture in a notebook."""
        to = io.BytesIO()
        self.figure.savefig(to, format="png")
        return to.getvalue()


def plot(
    array: xr.DataArray,
    *,
    barbs: tuple[xr.DataArray, xr.DataArray] | None = None,
    title: str | None = None,
    **options: Any,  # noqa: ANN401 - those of draw
) -> Map:
    """Draw a DataArray: see the accessor."""
    grid, values = _field(array)
    picture = Picture(
        grid,
        values,
        _title(array) if title is None else title,
        str(array.attrs.get("units", "")),
        str(array.attrs.get("standard_name", "")),
        _wind(*barbs) if barbs else None,
    )
    return draw(picture, **options)


def field_name(ds: xr.Dataset, name: Hashable | None) -> Hashable:
    """The variable to draw: the one that is meant, or the only one on a grid."""
    from ._layout import fields

    if name is not None and name in ds:
        return name
    there = [one for one, _, _ in fields(ds)]
    if name is None and len(there) == 1:
        return there[0]
    what = "several variables are on a grid" if name is None else f"no variable {name!r}"
    raise InvalidArgumentError(f"{what}: name one of {', '.join(map(str, there))}")


def _field(array: xr.DataArray) -> tuple[Grid, Values]:
    """The grid and the values of one field, (nj, ni)."""
    from ._layout import laid

    array, place = laid(array)
    rest = {dim: size for dim, size in array.sizes.items() if dim not in place.dims and size > 1}
    if rest:
        sizes = ", ".join(f"{dim} {size}" for dim, size in rest.items())
        raise InvalidArgumentError(
            f"{array.name or 'the array'} has several fields ({sizes}): choose one, with "
            f".isel({next(iter(rest))}=0) or .sel(...)"
        )
    values = array.transpose(..., *place.dims).to_numpy()
    return place.grid, np.asarray(values.reshape(place.grid.nj, place.grid.ni))


def _wind(u: xr.DataArray, v: xr.DataArray) -> Wind:
    from ._wind import is_of_earth

    factor = _KNOTS.get(str(u.attrs.get("units", "")), 1.0)
    (grid, along), (_, across) = _field(u), _field(v)
    return Wind(along * factor, across * factor, grid, is_of_earth(u))


# ------------------------------------------------------------------------------------- words


def _title(array: xr.DataArray) -> str:
    """What the field is, and when it is valid."""
    one = array.squeeze(drop=False)
    labels = {str(name): one for name, one in one.coords.items() if one.ndim == 0}
    name = str(array.name or "")
    long_name = str(array.attrs.get("long_name", ""))
    what = long_name or name
    if name not in ("", what, array.attrs.get("standard_name")):
        what = f"{what} ({name})"
    levels = _levels({label: one for label, one in labels.items() if _is_level(one)})
    etiket = array.attrs.get("etiket", array.encoding.get("fst24", {}).get("etiket", ""))
    member = labels["ensemble"].item() if "ensemble" in labels else etiket
    return titled(
        [what, *levels],
        [_valid(labels), _lead(labels), str(member).strip()],
    )


def titled(what: Sequence[str], when: Sequence[str]) -> str:
    """Two lines of what is known."""
    return "\n".join(line for line in (", ".join(filter(None, p)) for p in (what, when)) if line)


def _is_level(coordinate: xr.DataArray) -> bool:
    return coordinate.attrs.get("axis") == "Z" or "positive" in coordinate.attrs


def _levels(there: Mapping[str, xr.DataArray]) -> list[str]:
    """Levels by their plain names (level_t, pres2), unless these are those of several."""
    plain = {label: re.sub(r"(_[mt]|\d+)$", "", label) for label in there}
    is_one = len(set(plain.values())) == len(plain)
    return [_level(plain[label] if is_one else label, one) for label, one in there.items()]


def _level(name: str, coordinate: xr.DataArray) -> str:
    """``850 hPa``, ``level 0.995``; nothing where there is none."""
    value, units = float(coordinate), str(coordinate.attrs.get("units", "1"))
    if math.isnan(value):
        return ""
    return f"{name} {value:g}" if units == "1" else f"{value:g} {units}"


def _valid(labels: Mapping[str, xr.DataArray]) -> str:
    time = labels.get("validtime", labels.get("time"))
    if time is None:
        return ""
    value = time.to_numpy()
    if value.dtype.kind != "M":
        return f"valid {value}"
    return f"valid {str(np.datetime_as_string(value, 'm')).replace('T', ' ')} UTC"


def _lead(labels: Mapping[str, xr.DataArray]) -> str:
    lead = labels.get("leadtime", labels.get("forecast"))
    if lead is None or lead.dtype.kind != "m":
        return ""
    return lead_text(float(lead.to_numpy() / np.timedelta64(1, "h")))


def lead_text(hours: float) -> str:
    """``+12 h``."""
    return f"{hours:+g} h"


# ----------------------------------------------------------------------------------- drawing


def draw(
    picture: Picture,
    *,
    kind: Kind = "mesh",
    projection: Projection | None = None,
    ax: Any = None,  # noqa: ANN401 - of matplotlib
    cmap: Any = None,  # noqa: ANN401
    vmin: float | None = None,
    vmax: float | None = None,
    levels: int | Sequence[float] | None = None,
    robust: bool = False,
    coastlines: bool | str | os.PathLike[str] = True,
    gridlines: bool = True,
    colorbar: bool = True,
    size: tuple[float, float] | None = None,
    cartopy: bool | None = None,
) -> Map:
    """Draw a field: options as those of the accessor."""
    if kind not in _KINDS:
        raise InvalidArgumentError(f"kind={kind!r}: one of {', '.join(_KINDS)}")
    _need_matplotlib()
    frame = Frame(map_grid(picture.grid, projection))
    canvas = _Canvas(frame, ax, size, cartopy=cartopy)
    colours = _colours(picture, cmap, vmin, vmax, robust=robust)
    artist = canvas.field(picture, kind, colours, levels)
    if picture.wind is not None:
        canvas.barbs(picture.wind)
    if coastlines is not False:
        canvas.lines(shores(None if coastlines is True else coastlines))
    if gridlines:
        canvas.graticule()
    canvas.finish(picture.title)
    if colorbar and (kind != "contour" or len(artist.levels) > 1):
        units = _UNITS.get(picture.units, picture.units)
        place = "bottom" if canvas.is_wide else "right"
        canvas.figure.colorbar(
            artist, ax=canvas.ax, location=place, label=units, shrink=0.85, pad=0.03
        )
    return Map(canvas.figure, canvas.ax, artist)


def _need_matplotlib() -> None:
    try:
        import matplotlib as mpl  # noqa: F401 - whether it is there
    except ImportError as error:
        raise ImportError("a map needs matplotlib: pip install 'fst24[plot]'") from error


def _colours(
    picture: Picture,
    cmap: Any,  # noqa: ANN401 - of matplotlib
    vmin: float | None,
    vmax: float | None,
    *,
    robust: bool,
) -> dict[str, Any]:
    """Colour map and range."""
    from matplotlib.colors import Normalize

    known = picture.values[np.isfinite(picture.values)]
    low, high = (0.0, 1.0) if known.size == 0 else (float(known.min()), float(known.max()))
    if robust and known.size:
        low, high = (float(p) for p in np.percentile(known, _ROBUST))
    name = picture.standard_name
    has_middle = bool(_HAS_MIDDLE.search(name)) and not _HAS_NONE.search(name)
    if has_middle and (vmin is None or vmax is None):
        most = max(
            abs(end) for end in ((low, high) if vmin is vmax is None else (vmin or 0, vmax or 0))
        )
        low, high = -most, most
    elif _DIRECTION.search(name):
        low, high = 0.0, 360.0
    low, high = (low if vmin is None else vmin), (high if vmax is None else vmax)
    if low == high:
        low, high = low - 0.5, high + 0.5
    default = "twilight" if _DIRECTION.search(name) else "RdBu_r" if has_middle else "viridis"
    return {"cmap": cmap or default, "norm": Normalize(low, high)}


class _Canvas:
    """Axes, and how positions in the frame become coordinates in them."""

    def __init__(
        self,
        frame: Frame,
        ax: Any,  # noqa: ANN401
        size: tuple[float, float] | None,
        *,
        cartopy: bool | None,
    ) -> None:
        self.frame = frame
        left, right, bottom, top = frame.extent
        self._stretch = self._stretched()
        height = (top - bottom) * self._stretch
        self.is_wide = (right - left) > _WIDE * height
        crs, self._shift = (
            _cartopy.crs_of(frame) if _cartopy.is_wanted(ax, cartopy) else (None, 0.0)
        )
        #: What is shown: all cells, or what lies between points where lines are drawn.
        self._limits = (left - self._shift, right - self._shift), (bottom, top)
        self._is_new = ax is None
        if ax is None:
            from matplotlib.figure import Figure

            self.figure = Figure(figsize=size or self._size(), layout="constrained")
            ax = self.figure.add_subplot(projection=crs)
        else:
            self.figure = ax.get_figure()
        self.ax = ax
        #: Axes of cartopy that were given: their plane may be another.
        self._is_foreign = crs is not None and not self._is_new
        self._in_frame: dict[str, Any] = {"transform": crs} if self._is_foreign else {}

    def _stretched(self) -> float:
        """How much longer a unit of y is than one of x."""
        _, _, bottom, top = self.frame.extent
        if not self.frame.grid.is_separable or top - bottom > _LOCAL:
            return 1.0
        return 1 / max(math.cos(math.radians((bottom + top) / 2)), 0.1)

    def _size(self) -> tuple[float, float]:
        left, right, bottom, top = self.frame.extent
        height = _WIDTH * (top - bottom) * self._stretch / (right - left)
        width = _WIDTH * min(1.0, _HEIGHTS[1] / height)
        height = min(max(height, _HEIGHTS[0]), _HEIGHTS[1])
        beside = 0.4 if self.is_wide else _AROUND
        return max(width, 3.5) + beside, height + (1.7 if self.is_wide else 0.9)

    # ------------------------------------------------------------------------------- the field

    def field(
        self,
        picture: Picture,
        kind: Kind,
        colours: dict[str, Any],
        levels: int | Sequence[float] | None,
    ) -> Any:  # noqa: ANN401 - of matplotlib
        grid, frame = picture.grid, self.frame
        if grid.grtyp in "YM":
            x, y = frame.project(*(a.ravel("F") for a in grid.latlon()))
            s = max(4.0, 4000 / x.size)
            points = {"s": min(s, 40.0), "zorder": 3, **colours, **self._in_frame}
            return self.ax.scatter(x - self._shift, y, c=picture.values.ravel(), **points)
        is_small = grid.ni * grid.nj <= _MOST_POLYGONS and not self._is_foreign
        if kind == "mesh" and grid.grtyp in MESHES and is_small:
            return self._polygons(picture, colours)
        values = picture.values if frame.grid == grid else _sampled(picture, frame.grid, kind)
        shown = np.ma.masked_invalid(values)
        if kind == "mesh":
            return self._cells(shown, colours)
        return self._contours(shown, kind, colours, levels)

    def _polygons(self, picture: Picture, colours: dict[str, Any]) -> Any:  # noqa: ANN401
        """Cells of a mesh, each between its four corners."""
        from matplotlib.collections import PolyCollection

        corners = (a.transpose(1, 0, 2).reshape(-1, 4) for a in picture.grid.bounds())
        x, y = self.frame.project(*corners)
        values = np.ma.masked_invalid(picture.values.ravel())
        if self.frame.is_angle:
            x = x[:, :1] + (x - x[:, :1] + _TURN / 2) % _TURN - _TURN / 2
            # What reaches over one side of the globe comes in at the other.
            left, right, _, _ = self.frame.extent
            sides = [
                np.arange(len(x)),
                *(np.flatnonzero(w) for w in ((x < left).any(1), (x > right).any(1))),
            ]
            turns = np.repeat((0.0, _TURN, -_TURN), [len(side) for side in sides])
            cells = np.concatenate(sides)
            x, y, values = x[cells] + turns[:, None], y[cells], values[cells]
        there = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
        polygons = PolyCollection(
            list(np.stack([x[there] - self._shift, y[there]], axis=-1)),
            array=values[there],
            edgecolors="face",
            linewidths=0.2,
            rasterized=True,
            **colours,
        )
        return self.ax.add_collection(polygons, autolim=False)

    def _cells(self, values: np.ma.MaskedArray[Any, Any], colours: dict[str, Any]) -> Any:  # noqa: ANN401
        x, y = self.frame.x_edges - self._shift, self.frame.y_edges
        if values.size > _MOST_CELLS and not self._is_foreign:
            return self.ax.pcolorfast(x, y, values, **colours)
        # Many cells are a picture in a PDF as well.
        return self.ax.pcolormesh(x, y, values, rasterized=True, **colours, **self._in_frame)

    def _contours(
        self,
        values: np.ma.MaskedArray[Any, Any],
        kind: Kind,
        colours: dict[str, Any],
        levels: int | Sequence[float] | None,
    ) -> Any:  # noqa: ANN401
        from matplotlib.ticker import MaxNLocator

        x, y = self.frame.x - self._shift, self.frame.y
        self._limits = (x.min(), x.max()), (y.min(), y.max())
        if self.frame.grid.period == len(x):  # closed behind the last column
            x = np.append(x, 2 * x[-1] - x[-2])
            values = values[:, np.arange(len(x)) % values.shape[1]]
            self._limits = (x.min(), x.max()), self._limits[1]
        norm = colours["norm"]
        if levels is None or isinstance(levels, int):
            levels = MaxNLocator(levels or _N_LEVELS).tick_values(norm.vmin, norm.vmax)
        options = {**colours, "levels": levels, **self._in_frame}
        if kind == "contourf":
            return self.ax.contourf(x, y, values, extend="both", **options)
        lines = self.ax.contour(x, y, values, linewidths=1.0, **options)
        self.ax.clabel(lines, fontsize=7)
        return lines

    def barbs(self, wind: Wind) -> None:
        """Barbs at some of the points of the map."""
        grid = self.frame.grid
        width = self.ax.get_window_extent().width / self.figure.dpi
        step = max(1, math.ceil(max(grid.shape) / max(_BARBS_AN_INCH * width, 1)))
        i, j = np.meshgrid(np.arange(step // 2, grid.ni, step), np.arange(step // 2, grid.nj, step))
        lat, lon = grid.latlon_at(i, j)
        east, north = wind.u.T, wind.v.T
        if not wind.is_of_earth:
            east, north = wind.grid.rotate_wind(east, north)
        x, y = wind.grid.xy(lat, lon)
        u, v = (wind.grid.interp_at(a, x, y, method="nearest") for a in (east, north))
        u, v = grid.rotate_wind(u, v, to="grid", x=i, y=j)
        there = np.isfinite(u) & np.isfinite(v)
        drawn = self.ax.barbs(
            self.frame.x[i[there]] - self._shift,
            self.frame.y[j[there]],
            u[there],
            v[there],
            flip_barb=lat[there] < 0,
            length=5,
            linewidth=0.6,
            zorder=4,
            **self._in_frame,
        )
        drawn.set_in_layout(False)  # what reaches beyond the map is cut off there

    # ------------------------------------------------------------------------- what is around

    def lines(self, shore: tuple[Values, Values]) -> None:
        """Draw lines that are given as latitudes and longitudes."""
        style = {"color": "0.15", "linewidth": 0.7, "zorder": 2.5}
        if not self._is_foreign:
            x, y = self.frame.project_lines(*shore)
            self.ax.plot(x - self._shift, y, **style)
            return
        limits = self.ax.get_xlim(), self.ax.get_ylim()  # those of the field
        self.ax.plot(*_cartopy.project_lines(self.ax, *shore), **style)
        self.ax.set_xlim(limits[0])
        self.ax.set_ylim(limits[1])

    def graticule(self) -> None:
        """Meridians and parallels."""
        style = {"color": "0.4", "linewidth": 0.4, "alpha": 0.7}
        if self._is_foreign:
            self.ax.gridlines(**style)
            return
        for x, y in self.frame.graticule():
            self.ax.plot(x - self._shift, y, zorder=2.4, **style)

    def finish(self, title: str) -> None:
        """Limits, labels and title."""
        self.ax.set_title(title, loc="left", fontsize=10)
        if self._is_foreign:
            return
        below, beside = self.frame.ticks()
        for axis, ticks, shift in (
            (self.ax.xaxis, below, self._shift),
            (self.ax.yaxis, beside, 0.0),
        ):
            axis.set_ticks([tick.at - shift for tick in ticks], [tick.text for tick in ticks])
            axis.set_visible(True)  # cartopy hides them
        self.ax.tick_params(labelsize=8)
        self.ax.set_aspect(self._stretch)
        self.ax.set_xlim(self._limits[0])
        self.ax.set_ylim(self._limits[1])


def _sampled(picture: Picture, to: Grid, kind: Kind) -> Values:
    """A field in the plane of a map: its cells, or smooth for contours."""
    method: Literal["nearest", "linear"] = "nearest" if kind == "mesh" else "linear"
    lat, lon = to.latlon()
    return picture.grid.interp(picture.values.T, lat, lon, method=method).T
