"""Times: validity, origin, lead times, periods (``docs/format/cf.md``, 3 and 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fst24 import UnsupportedError, dictionary

from ._axes import Axis
from ._headers import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from ._headers import Headers
    from ._options import Options

    Ints = npt.NDArray[np.int64]

#: Names whose ip3, in the old style, is the length of an accumulation (cf.md, 4).
ACCUMULATED = frozenset(
    ("PR", "PRMM", "PB", "PC", "PY", "PZ", "N0", "O1", "RNMM", "FRMM", "SNMM", "WGEX")
)
#: Old-style lengths: 1000 hours and more are something else.
_MOST_HOURS = 1000
_HOUR = 3600
_UNITS = ((3600, "hours"), (60, "minutes"), (1, "seconds"))
#: What nanoseconds since 1970 can hold, in seconds.
_MOST_NS = np.iinfo(np.int64).max // 10**9


def begins(headers: Headers, rows: Ints, nomvar: str, options: Options) -> Ints:
    """When the period of each record begins, in seconds since 1970; `NEVER` where it has none.

    New style: ip2 and ip3 are its ends, counted from the origin. Old style, of accumulations: ip3
    is its length, or the period is all since the origin (ip3 of 0, or the hour of ip2).
    """
    valid, origin = headers.valid[rows], headers.origin[rows]
    found = np.full(len(rows), NEVER, np.int64)
    if options.accumulated is False:
        return found
    end, start = headers.period("ip2"), headers.period("ip3")
    hours2, hours3 = end.hours[rows], start.hours[rows]
    is_new = end.is_new_style[rows] & start.is_new_style[rows]
    first = np.minimum(hours2, hours3)
    dated = valid != NEVER
    if (is_new & dated).any():
        seconds = np.rint(np.where(is_new, first, 0) * _HOUR).astype(np.int64)
        found = np.where(is_new & dated & (hours2 != hours3), origin + seconds, found)
    if is_accumulated(nomvar, options):
        ip3 = headers.ip3[rows]
        is_old = dated & (headers["ip1"][rows] == 0) & (ip3 >= 0) & (ip3 < _MOST_HOURS)
        is_all = is_old & ((ip3 == 0) | (ip3 == headers["ip2"][rows]))
        found = np.where(is_all, origin, found)
        is_length = is_old & ~is_all & (ip3 > 0)
        found = np.where(is_length, valid - ip3.astype(np.int64) * _HOUR, found)
    return found


def is_accumulated(nomvar: str, options: Options) -> bool:
    """Whether ip3 of a variable is known to be the length of an accumulation."""
    if nomvar in ACCUMULATED:
        return True
    known = dictionary.lookup(nomvar)
    if known is not None and (known.cell_methods or "").startswith("time: sum"):
        return True
    names = options.accumulated
    if isinstance(names, bool) or names is None:
        return False
    return nomvar in ([names] if isinstance(names, str) else names)


def dates(seconds: npt.ArrayLike) -> npt.NDArray[Any]:
    """Seconds since 1970 as datetime64: of nanoseconds, as all versions of xarray take.

    Of seconds, before 1678 and after 2262; objects of cftime, where xarray is of before 2025.
    """
    array = np.asarray(seconds, np.int64)
    known = array[array != NEVER]
    if not known.size or np.abs(known).max() < _MOST_NS:
        return array.astype("datetime64[s]").astype("datetime64[ns]")
    if hasattr(xr, "coders"):
        return array.astype("datetime64[s]")
    try:
        import cftime
    except ImportError:
        raise UnsupportedError(
            "dates before 1678 or after 2262 need xarray 2025.1 or newer, or cftime: pip install"
            " cftime"
        ) from None
    since = "seconds since 1970-01-01"
    return np.asarray(cftime.num2date(array, since, calendar="proleptic_gregorian"))


def spans(seconds: npt.ArrayLike) -> npt.NDArray[Any]:
    """Seconds as timedelta64[ns]."""
    return np.asarray(seconds, np.int64).astype("timedelta64[s]").astype("timedelta64[ns]")


def _unit(seconds: npt.NDArray[np.int64]) -> str:
    """The longest unit in which all of them are whole."""
    return next(name for size, name in _UNITS if not (seconds % size).any())


def date_encoding(seconds: npt.ArrayLike) -> dict[str, Any]:
    """How xarray keeps dates in files: whole numbers of the longest unit, nothing lost."""
    array = np.asarray(seconds, np.int64).ravel()
    first = int(array[0]) if array.size else 0
    since = str(np.datetime64(first, "s")).replace("T", " ")
    unit = _unit(array - first)
    return {"units": f"{unit} since {since}", "calendar": "standard", "dtype": np.dtype("int64")}


def span_encoding(seconds: npt.ArrayLike) -> dict[str, Any]:
    """The same for lengths of time."""
    return {"units": _unit(np.asarray(seconds, np.int64).ravel()), "dtype": np.dtype("int64")}


TIME = {"standard_name": "time", "long_name": "Validity time", "axis": "T"}
_ORIGIN = {"standard_name": "forecast_reference_time", "long_name": "Time of origin"}
_LEAD = {"standard_name": "forecast_period", "long_name": "Lead time (since the time of origin)"}


def time_axis(valid: Ints, origins: Ints, start: Ints) -> Axis:
    """The axis of validity.

    Parameters
    ----------
    valid : ndarray of int64
        Seconds since 1970, ascending.
    origins, start : ndarray of int64
        Origin and begin of the period of each; `NEVER` where there is none.
    """

    def make(suffix: str) -> Mapping[str, xr.Variable]:
        name = f"time{suffix}"
        values = xr.Variable((name,), dates(valid), TIME, date_encoding(valid))
        return {name: values}

    sides = {"origins": tuple(origins.tolist()), "start": tuple(start.tolist())}
    return Axis("time", tuple(valid.tolist()), len(valid), make, sides=sides)


def run_axes(origins: Ints, leads: Ints) -> tuple[Axis, Axis]:
    """The axes of origins and of lead times, ascending."""

    def make_time(suffix: str) -> Mapping[str, xr.Variable]:
        attrs = {**_ORIGIN, "axis": "T"}
        encoding = date_encoding(origins)
        return {f"time{suffix}": xr.Variable((f"time{suffix}",), dates(origins), attrs, encoding)}

    def make_lead(suffix: str) -> Mapping[str, xr.Variable]:
        name = f"forecast{suffix}"
        return {name: xr.Variable((name,), spans(leads), _LEAD, span_encoding(leads))}

    time = Axis("time", ("origin", *origins.tolist()), len(origins), make_time)
    return time, Axis("forecast", tuple(leads.tolist()), len(leads), make_lead)


def valid_times(time: xr.Variable, forecast: xr.Variable) -> xr.Variable:
    """The validity of each origin and lead time."""
    values = time.values[:, None] + forecast.values[None, :]
    seconds = values.astype("datetime64[s]").astype(np.int64)
    attrs = {key: TIME[key] for key in ("standard_name", "long_name")}
    return xr.Variable((*time.dims, *forecast.dims), values, attrs, date_encoding(seconds))


def beside(dim: str, valid: Ints, origins: Ints, suffix: str) -> dict[str, xr.Variable]:
    """``leadtime`` and ``reftime`` of an axis; the latter alone where it is the same for all."""
    if (origins == NEVER).any():
        return {}
    leads = valid - origins
    same = len(np.unique(origins)) == 1
    where, ref = ((), origins[0]) if same else ((dim,), origins)
    # Where it is of most variables of the axis, the way back asks what was kept of the others.
    kept = {"fst24": {"of_most": True}}
    encoding = date_encoding(ref) | kept
    return {
        f"leadtime{suffix}": xr.Variable((dim,), spans(leads), _LEAD, span_encoding(leads)),
        f"reftime{suffix}": xr.Variable(where, dates(ref), _ORIGIN, encoding),
    }


def period_bounds(dim: str, valid: Ints, start: Ints) -> xr.Variable:
    """Begin and end of the periods that times stand for: (time, 2), without attributes."""
    both = np.stack([start, valid], axis=-1)
    return xr.Variable((dim, "bnds"), dates(both), {}, date_encoding([*valid, *start]))


def told(valid: Ints, start: Ints) -> str:
    """The period of each time in words: its length where that is one, else all beginnings."""
    lengths = np.unique(valid - start)
    if len(lengths) == 1:
        return f"{lengths[0] / _HOUR:g} hours before the time"
    if len(np.unique(start)) == 1:
        return f"since {np.datetime64(int(start[0]), 's')}"
    return "since " + ", ".join(str(np.datetime64(int(one), "s")) for one in start)


def lengths_axis(lengths: Ints) -> Axis:
    """Several lengths of accumulation at each time: seconds, ascending."""

    def make(suffix: str) -> Mapping[str, xr.Variable]:
        name = f"accum{suffix}"
        attrs = {"long_name": "accumulation period"}
        return {name: xr.Variable((name,), spans(lengths), attrs, span_encoding(lengths))}

    return Axis("accum", tuple(lengths.tolist()), len(lengths), make)


def plain_axis(name: str, values: Ints, long_name: str) -> Axis:
    """An axis of whole numbers as they are stored."""

    def make(suffix: str) -> Mapping[str, xr.Variable]:
        attrs = {"long_name": long_name, "units": "1"}
        return {f"{name}{suffix}": xr.Variable((f"{name}{suffix}",), values, attrs)}

    return Axis(name, tuple(values.tolist()), len(values), make)
