"""`Grid`: a grid as users see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from fst24 import _core
from fst24._errors import InvalidArgumentError, UnsupportedError
from fst24._settings import thread_settings

from . import _crs
from ._codes import as_code

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from ._found import RecordLike

    Reals = npt.NDArray[np.float64]
    Codes = tuple[int, int, int, int]

    Frame = tuple[int, tuple[float, ...], tuple[float, ...], float]

_TWO_DIMENSIONS = 2
_METHODS = {"nearest": 0, "linear": 1, "cubic": 2}
#: Words of ``^>`` before its panels, and of a panel before its axes (metadata.md, 7.7).
_HEAD_WORDS, _PANEL_WORDS = 5, 10
#: Types whose ig1 to ig3 are the tag of their axes.
_TAGGED = "ZYOXMU"


class _Parts(NamedTuple):
    """What a grid is made of: the arguments of `Grid`."""

    grtyp: str
    ni: int
    nj: int
    ig: Codes
    ax: Reals | None
    ay: Reals | None
    ref_grtyp: str
    ref_ig: Codes
    exact_angles: bool


class LatLon(NamedTuple):
    """Latitudes (-90 to 90) and longitudes (0 to 360) in degrees."""

    lat: Any
    lon: Any


class Place(NamedTuple):
    """Indices from 0 along i and j; between points they are fractions."""

    x: Any
    y: Any


class Axes(NamedTuple):
    """Coordinates of columns and rows in the frame of a grid."""

    #: Of the ni columns: longitudes (rise or fall throughout), or metres from the pole.
    x: Reals
    #: Of the nj rows: latitudes, or metres.
    y: Reals
    #: ``"degrees"`` or ``"m"``.
    units: str


class Grid:
    """Where the points of a record are: made by `from_record`, ``f.grid(rec)``, or from parts.

    Positions are computed in double precision; the reference's own, in single, differ by up to
    0.02 degrees near poles of the grid (``docs/format/metadata.md``, 10). Immutable, and equal to
    every grid made of the same parts; pickled with them.

    Parameters
    ----------
    grtyp : str
        A, B, G, L, N, S, E; Z or # (a tile), on axes; U (panels: yin-yang); Y, M (lists of points),
        O, X (meshes: neighbours in the arrays are neighbours on the sphere).
    ni, nj : int
        Size of the field.
    ig : tuple of four int
        ig1 to ig4 of the field. `encode` makes them of parameters.
    ax, ay : array_like, optional
        Z, #: the values of ``>>`` and ``^^``; of all tiles for #. Y, M, O, X: the same, for each
        point its own. U: ``ax`` is ``^>``.
    ref_grtyp, ref_ig : optional
        grtyp (E, L, N or S) and ig1 to ig4 of ``>>`` and ``^^``.
    exact_angles : bool
        U: turn the panels by the angles that ``^>`` has. By default they are rounded to 0.025
        degrees, as the reference does: positions up to 0.1 degrees away, equal to those of its
        products.

    Raises
    ------
    CorruptFileError
        Axes that contradict the size, or do not rise or fall throughout; impossible parameters.
    InvalidArgumentError
        No axes where they are needed, or no size.
    UnsupportedError
        A grtyp that says nothing of where points are.

    >>> from fst24.grid import encode
    >>> grid = Grid("L", 4, 3, encode("L", lat0=40, lon0=358, dlat=1, dlon=1))
    >>> grid.latlon().lon[:, 0]
    array([358., 359.,   0.,   1.])
    >>> grid.xy(40.5, 0.25)
    Place(x=2.25, y=0.5)
    """

    __slots__ = ("_frames", "_grid", "_parts")

    def __init__(
        self,
        grtyp: str,
        ni: int,
        nj: int,
        ig: Codes = (0, 0, 0, 0),
        *,
        ax: npt.ArrayLike | None = None,
        ay: npt.ArrayLike | None = None,
        ref_grtyp: str = "",
        ref_ig: Codes = (0, 0, 0, 0),
        exact_angles: bool = False,
    ) -> None:
        with np.errstate(invalid="ignore"):  # signalling NaN of a damaged record: refused below
            x, y = (None if a is None else np.array(a, np.float64).ravel("F") for a in (ax, ay))
        self._parts = _Parts(grtyp, ni, nj, ig, x, y, ref_grtyp, ref_ig, exact_angles)
        self._grid = _core.Grid.make(
            as_code(grtyp), (ni, nj), ig, as_code(ref_grtyp), ref_ig, x, y, exact_angles
        )
        self._frames: tuple[Frame, ...] = self._grid.frames()

    @classmethod
    def from_record(cls, record: RecordLike) -> Grid:
        """The grid of a record, its axes taken from the file that it is in.

        The same object for all records of a file that are on one grid.

        Raises
        ------
        RecordNotFoundError
            The file does not hold the axes. ``other.grid(record)`` takes them from another file.
        """
        from ._found import grid_of

        shared: Callable[[RecordLike], Grid] | None = getattr(record.file, "grid", None)
        return grid_of(record.file, record) if shared is None else shared(record)

    def __reduce__(self) -> tuple[Callable[..., Grid], tuple[Any, ...]]:
        return _made_again, self._parts

    def _key(self) -> tuple[Any, ...]:
        return tuple(
            part.tobytes() if isinstance(part, np.ndarray) else part for part in self._parts
        )

    def __eq__(self, other: object) -> bool:
        return NotImplemented if not isinstance(other, Grid) else self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        ref = f" on {self.ref_grtyp}" if self.ref_grtyp else ""
        return f"<Grid {self.grtyp}{ref} {self.ni}x{self.nj}>"

    # ------------------------------------------------------------------------------- facts

    @property
    def grtyp(self) -> str:
        """Type of the grid."""
        return self._parts.grtyp

    @property
    def ref_grtyp(self) -> str:
        """Type of the grid that the axes are on; empty for grids without axes of their own."""
        return self._parts.ref_grtyp

    @property
    def ni(self) -> int:
        """Number of columns."""
        return self._parts.ni

    @property
    def nj(self) -> int:
        """Number of rows."""
        return self._parts.nj

    @property
    def ig(self) -> Codes:
        """ig1 to ig4 of the field: parameters, or the tag of the axes."""
        return self._parts.ig

    @property
    def ref_ig(self) -> Codes:
        """ig1 to ig4 of ``>>`` and ``^^``; zeros for grids without axes of their own."""
        return self._parts.ref_ig

    @property
    def ax(self) -> Reals | None:
        """The values of ``>>`` (U: of ``^>``), as records hold them; None where there are none."""
        return None if self._parts.ax is None else self._parts.ax.copy()

    @property
    def ay(self) -> Reals | None:
        """The values of ``^^``, in the order of the record."""
        return None if self._parts.ay is None else self._parts.ay.copy()

    @property
    def shape(self) -> tuple[int, int]:
        """The size: (ni, nj)."""
        return self.ni, self.nj

    @property
    def without_tag(self) -> tuple[Any, ...]:
        """What says where the points are: equal for grids under different tags; hashable."""
        key = self._key()
        at = _Parts._fields.index("ig")
        return (*key[:at], (0, 0, 0, 0), *key[at + 1 :]) if self.grtyp in _TAGGED else key

    @property
    def is_separable(self) -> bool:
        """Whether longitude depends on i alone and latitude on j alone."""
        return len(self._frames) == 1 and self._frames[0][0] == _crs.LATLON

    @property
    def has_axes(self) -> bool:
        """Whether there are `axes` and `crs`: not for several panels, nor for points."""
        return len(self._frames) == 1 and self._frames[0][0] < _crs.MESH

    @property
    def period(self) -> float:
        """Columns after which a grid that goes all around begins again; 0 for others."""
        return self._frames[0][3]

    @property
    def panels(self) -> tuple[Grid, ...]:
        """The panels of a grid U, nj / n rows each, as grids that have axes; others are their own.

        Panel k has the rows from k * nj / n on.
        """
        if len(self._frames) == 1:
            return (self,)
        nj, exact = self.nj // len(self._frames), self._parts.exact_angles
        words: list[float] = [] if self._parts.ax is None else self._parts.ax.tolist()
        n, start = _PANEL_WORDS + self.ni + nj, _HEAD_WORDS
        head = [*words[:2], 1, *words[3:start]]
        return tuple(
            Grid("U", self.ni, nj, ax=[*head, *words[at : at + n]], exact_angles=exact)
            for at in range(start, start + n * len(self._frames), n)
        )

    def _frame(self) -> Frame:
        if not self.has_axes:
            advice = "take each of grid.panels" if self.grtyp == "U" else "use latlon()"
            raise UnsupportedError(f"{self!r} has no axes and no frame: {advice}")
        return self._frames[0]

    @property
    def crs(self) -> dict[str, Any]:
        """The attributes of a CF grid mapping; its coordinates are those of `axes`.

        >>> Grid("N", 9, 9, (45, 45, 2100, 600)).crs["straight_vertical_longitude_from_pole"]
        -111.0
        """
        kind, parameters, rotation, _ = self._frame()
        return _crs.cf_mapping(kind, parameters[3], rotation)

    def to_pyproj(self) -> Any:  # noqa: ANN401 - pyproj is optional
        """`crs` as a ``pyproj.CRS``; pyproj has to be installed."""
        import pyproj

        return pyproj.CRS.from_cf(self.crs)

    def axes(self) -> Axes:
        """Coordinates of columns and rows in the frame that `crs` describes."""
        kind, parameters, _, _ = self._frame()
        x, y = np.empty(self.ni), np.empty(self.nj)
        self._grid.axes(x, y)
        if kind in (_crs.NORTH, _crs.SOUTH):
            return Axes(x * parameters[2], y * parameters[2], "m")
        return Axes(x, y, "degrees")

    # --------------------------------------------------------------------------- positions

    def latlon(self, *, dims: int = 2, threads: int | None = None) -> LatLon:
        """Positions of all points.

        Parameters
        ----------
        dims : {2, 1}
            1, for grids where `is_separable`: latitudes of the nj rows, longitudes of the ni
            columns, which rise or fall throughout and may pass 360.
        threads : int, optional
            As in `Fst24File.read`.

        Returns
        -------
        LatLon
            Two float64 arrays (ni, nj) in Fortran order, as the values of records are.
        """
        if dims == 1:
            return self._latlon_of_axes()
        if dims != _TWO_DIMENSIONS:
            raise InvalidArgumentError(f"positions in {dims} dimensions: 1 or 2")
        lat, lon = (np.empty(self.shape, order="F") for _ in range(2))
        self._grid.latlon(lat, lon, _threads(threads))
        return LatLon(lat, lon)

    def _latlon_of_axes(self) -> LatLon:
        if not self.is_separable:
            raise UnsupportedError(f"rows of {self!r} have no latitude of their own: use dims=2")
        x, y, _ = self.axes()
        return LatLon(y, x - 360.0 * np.floor(x[0] / 360.0))

    def latlon_at(
        self, x: npt.ArrayLike, y: npt.ArrayLike, *, threads: int | None = None
    ) -> LatLon:
        """Positions of indices from 0, which may lie between points or outside: see `xy`."""
        return LatLon(*_mapped(self._grid.latlon_at, x, y, threads))

    def xy(self, lat: npt.ArrayLike, lon: npt.ArrayLike, *, threads: int | None = None) -> Place:
        """Which point a position is: indices from 0 along i and j, fractions between points.

        Parameters
        ----------
        lat, lon : array_like
            Degrees, of one shape or two that go together; longitudes in any turn.

        Returns
        -------
        Place
            Plain numbers for one position, float64 arrays for several. Outside of the grid indices
            go on along its axes: below 0, beyond ni - 1. A grid that goes all around takes any
            longitude, up to `period`. In a list of points (Y, M) the nearest one. NaN outside of
            panels and meshes, and for positions that are not finite.

        >>> grid = Grid("A", 36, 18)
        >>> grid.xy([0.0, 0.0], [-5.0, 365.0])
        Place(x=array([35.5,  0.5]), y=array([8.5, 8.5]))
        """
        return Place(*_mapped(self._grid.xy, lat, lon, threads))

    def core(self, *, threads: int | None = None) -> npt.NDArray[np.bool_]:
        """Which points stand for their places, so that each place is there once.

        False where panels overlap and another one serves better, and in columns that repeat the
        first one: for maps and for sums over the sphere.

        >>> bool(Grid("B", 5, 3).core()[:4].all()), bool(Grid("B", 5, 3).core()[4].any())
        (True, False)
        """
        out = np.empty(self.shape, np.bool_, order="F")
        self._grid.core(out, _threads(threads))
        return out

    # ------------------------------------------------------------------------------- cells

    def edges(self) -> Axes:
        """Edges of cells along `axes`: ni + 1 and nj + 1 coordinates, half way between points.

        The outer ones are as far beyond the outer points, but not beyond poles, which rows of a
        grid that goes all around reach when they come within a step. Rows of A, B and G fill their
        hemispheres.
        """
        kind, parameters, _, _ = self._frame()
        x, y = np.empty(self.ni + 1), np.empty(self.nj + 1)
        self._grid.edges(x, y)
        if kind in (_crs.NORTH, _crs.SOUTH):
            return Axes(x * parameters[2], y * parameters[2], "m")
        return Axes(x, y, "degrees")

    def bounds(self, *, threads: int | None = None) -> LatLon:
        """The four corners of the cell around each point, as CF keeps them.

        Returns
        -------
        LatLon
            Two float64 arrays (ni, nj, 4): (x - 1/2, y - 1/2), (x + 1/2, y - 1/2),
            (x + 1/2, y + 1/2), (x - 1/2, y + 1/2).

        Raises
        ------
        UnsupportedError
            Lists of points have no cells.
        """
        lat, lon = (np.empty((4, *self.shape), order="F") for _ in range(2))
        self._grid.bounds(lat, lon, _threads(threads))
        return LatLon(np.moveaxis(lat, 0, -1), np.moveaxis(lon, 0, -1))

    def area(self, *, radius: float = _crs.RADIUS, threads: int | None = None) -> Reals:
        """Areas of the cells on a sphere: float64 (ni, nj), in square metres.

        >>> grid = Grid("G", 32, 16)
        >>> round(float(grid.area().sum() / (4 * np.pi * 6371000**2)), 12)
        1.0
        """
        out = np.empty(self.shape, order="F")
        self._grid.areas(out, radius, _threads(threads))
        return out

    # ------------------------------------------------------------------------------- winds

    def directions(
        self, x: npt.ArrayLike | None = None, y: npt.ArrayLike | None = None
    ) -> tuple[Any, Any]:
        """Cosine and sine of the angle from true east to the grid's x axis, counter-clockwise.

        Parameters
        ----------
        x, y : array_like, optional
            Indices as `xy` gives them; by default all points.
        """
        if x is None or y is None:
            i, j = np.arange(float(self.ni)), np.arange(float(self.nj))
            cosines, sines = _mapped(self._grid.directions, i, j[:, None], None)
            return cosines.T, sines.T
        return _mapped(self._grid.directions, x, y, None)

    def rotate_wind(
        self,
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        *,
        to: Literal["geographic", "grid"] = "geographic",
        x: npt.ArrayLike | None = None,
        y: npt.ArrayLike | None = None,
    ) -> tuple[Any, Any]:
        """Wind along the grid's axes (UU, VV) as eastward and northward wind, or back.

        Parameters
        ----------
        u, v : array_like
            (ni, nj), or more dimensions after these; with ``x`` and ``y`` of their shape.
        to : {"geographic", "grid"}
            What to rotate to.
        x, y : array_like, optional
            Indices where the wind is, as `xy` gives them; by default all points.

        >>> grid = Grid("N", 3, 3, (20, 20, 0, 100))
        >>> east, north = grid.rotate_wind(np.ones((3, 3)), np.zeros((3, 3)))
        >>> round(float(east[1, 0]), 6), round(float(north[2, 1]), 6)  # the pole is in the middle
        (1.0, -1.0)
        """
        if to not in ("geographic", "grid"):
            raise InvalidArgumentError(f"to={to!r}: 'geographic' or 'grid'")
        cosines, sines = self.directions(x, y)
        if to == "grid":
            sines = -sines
        along, across = np.asarray(u), np.asarray(v)
        extra = (1,) * (along.ndim - np.ndim(cosines)) if x is None else ()
        cosines, sines = (np.reshape(a, np.shape(a) + extra) for a in (cosines, sines))
        return along * cosines - across * sines, along * sines + across * cosines

    # ---------------------------------------------------------------------- interpolation

    def interp(
        self,
        field: npt.ArrayLike,
        lat: npt.ArrayLike,
        lon: npt.ArrayLike,
        *,
        method: Literal["nearest", "linear", "cubic"] = "linear",
        threads: int | None = None,
    ) -> npt.NDArray[Any]:
        """Values of a field at positions.

        Parameters
        ----------
        field : array_like
            (ni, nj), or (ni, nj, nk): on the points of this grid. Components of wind are those of
            the grid: see `rotate_wind`.
        lat, lon : array_like
            Degrees, of one shape or two that go together.
        method : {"nearest", "linear", "cubic"}
            Cubic takes four points along each axis, where they are. In lists of points only the
            nearest is known.

        Returns
        -------
        ndarray
            Of the shape of the positions (and nk); float32 for float32, else float64. NaN outside
            of the grid, and where a point that has a part in the value is NaN.

        >>> grid = Grid("A", 36, 18)
        >>> float(grid.interp(grid.latlon().lat, 12.5, 77.0))
        12.5
        """
        x, y = self.xy(lat, lon, threads=threads)
        return self.interp_at(field, x, y, method=method, threads=threads)

    def interp_at(
        self,
        field: npt.ArrayLike,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        method: Literal["nearest", "linear", "cubic"] = "linear",
        threads: int | None = None,
    ) -> npt.NDArray[Any]:
        """`interp` at indices as `xy` gives them: for many fields at the same positions.

        >>> grid = Grid("A", 36, 18)
        >>> float(grid.interp_at(grid.latlon().lon, 3.5, 2.0))
        35.0
        """
        if method not in _METHODS:
            raise InvalidArgumentError(f"method {method!r}: one of {', '.join(_METHODS)}")
        values = np.asarray(field)
        values = np.asfortranarray(values, np.float32 if values.dtype == np.float32 else np.float64)
        if values.shape[:2] != self.shape or values.ndim not in (2, 3):
            raise InvalidArgumentError(f"a field of shape {values.shape} on {self!r}")
        at = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
        one, two = (np.ascontiguousarray(array) for array in at)
        levels = values.reshape((*self.shape, -1), order="F")
        out = np.empty((levels.shape[2], *at[0].shape), values.dtype)
        for k in range(levels.shape[2]):
            level = levels[:, :, k]
            self._grid.interp(level, one, two, out[k : k + 1], _METHODS[method], _threads(threads))
        return np.moveaxis(out, 0, -1) if values.ndim > _TWO_DIMENSIONS else out[0]


def _made_again(  # noqa: PLR0917 - what _parts holds
    grtyp: str,
    ni: int,
    nj: int,
    ig: Codes,
    ax: Reals | None,
    ay: Reals | None,
    ref_grtyp: str,
    ref_ig: Codes,
    exact_angles: bool,  # noqa: FBT001 - as they stand there
) -> Grid:
    return Grid(
        grtyp,
        ni,
        nj,
        ig,
        ax=ax,
        ay=ay,
        ref_grtyp=ref_grtyp,
        ref_ig=ref_ig,
        exact_angles=exact_angles,
    )


def _threads(threads: int | None) -> int:
    if threads is not None and threads < 1:
        raise InvalidArgumentError(f"threads={threads}: at least one is needed")
    return thread_settings().threads if threads is None else threads


def _mapped(
    work: Callable[..., None], a: npt.ArrayLike, b: npt.ArrayLike, threads: int | None
) -> tuple[Any, Any]:
    """Two arrays from two arrays of one shape; plain numbers from plain numbers."""
    given = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64))
    one, two = (np.ascontiguousarray(array) for array in given)
    shape = given[0].shape
    out = np.empty(shape), np.empty(shape)
    work(one, two, *out, _threads(threads))
    return out if shape else (out[0].item(), out[1].item())
