"""Criteria by meaning: levels, dates, lead times and grids, and the records that are meant."""

from __future__ import annotations

import datetime as dt
import operator
import re
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from . import date, ip
from ._errors import EncodingError, Fst24Warning, InvalidArgumentError
from ._keys import ENCODING, EQUAL, KEYS, RANGE, TIMES, ends_of, is_one, refuse_reversed, several
from ._known import text_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._core import Criterion
    from ._keys import Filter, Late
    from ._known import Known

_TOLERANCE = 1e-6  # of levels, relative; docs/format/metadata.md, 2.7
_MOST_STAMP = 2**31 - 1
#: Frames between a warning and those who search.
_TO_CALLER = 8
_Stamps: TypeAlias = tuple[int, int]  # of the first and the last instant
_Period: TypeAlias = "tuple[np.datetime64[Any], np.datetime64[Any]]"
_FIRST_DATE: np.datetime64[Any] = np.datetime64("0000-01-01", "s")
_LAST_DATE: np.datetime64[Any] = np.datetime64("9999-12-31T23:59:59", "s")

# --------------------------------------------------------------------------------------- levels


def levels(level: object, unit: str | int | None) -> list[Criterion | Late]:
    """A level or several in any encoding, ``(from, to)``, or all in a unit."""
    kinds: tuple[int, ...] = ip.LEVEL_KINDS
    factor = 1.0
    if unit is not None:
        kind, factor = ip.in_kind(unit)
        kinds = (kind,)
    if level is None:
        return [partial(_among_levels, -np.inf, np.inf, kinds)]
    ends = ends_of("level", level)
    if ends is None:
        return [(KEYS["ip1"], ENCODING, _level_codes(level, kinds, factor))]
    # Pressure falls with height: from .. to may be either way.
    low = -np.inf if ends[0] is None else _level(ends[0]) * factor
    high = np.inf if ends[1] is None else _level(ends[1]) * factor
    if None not in ends:
        low, high = min(low, high), max(low, high)
    return [partial(_among_levels, low, high, kinds)]


def _among_levels(
    low: float, high: float, kinds: tuple[int, ...], known: Known, at: int
) -> Criterion:
    """The codes of a table that are levels from .. to of one of the kinds."""
    value, kind = known.levels(at)
    # Codes keep 6 digits: a level that was 0.9 when it was coded is still in (0.9, 1.0).
    low = low - abs(low) * _TOLERANCE if np.isfinite(low) else low
    high = high + abs(high) * _TOLERANCE if np.isfinite(high) else high
    meant = np.isin(kind, kinds) & (value >= low) & (value <= high)
    return KEYS["ip1"], EQUAL, tuple(known.numbers(at, "ip1")[meant].tolist())


def only_fields(known: Known, at: int) -> Criterion | None:
    """Not the records whose ip1 is a tag by their name."""
    names = known.fields(at)
    return None if names is None else (KEYS["nomvar"], EQUAL, names)


def _level(value: object) -> float:
    if not isinstance(value, int | float | np.number):
        raise TypeError(f"level is a number in level_unit, not {value!r}")
    return float(value)


def _level_codes(level: object, kinds: tuple[int, ...], factor: float) -> tuple[int, ...]:
    """A code of every kind for each level; those that a kind cannot have are left out."""
    codes = []
    for value in several("level", level):
        number = _level(value) * factor
        of_value = []
        for kind in kinds:
            try:
                of_value.append(ip.encode(number, kind))
            except EncodingError as error:
                last = error
        if not of_value:
            raise last
        codes += of_value
    return tuple(codes)


# ---------------------------------------------------------------------------------------- dates


def stamps(name: str, value: object) -> Criterion | Late | None:
    """One date of dateo or datev, several of them, or (from, to).

    A stamp is that number and no other; all else is a time, in any style of stamp.
    """
    key = KEYS[name]
    ends = ends_of(name, value)
    if ends is not None:
        if not any(_is_stamp(end) for end in ends):
            return partial(_among_dates, name, (_between(name, value, ends),), ())
        low, high = ends
        if low is None or high is None:
            raise TypeError(f"{name}: a range of stamps has two ends, this is {value!r}")
        return key, RANGE, (_stamps(name, low)[0], _stamps(name, high)[1])
    items = several(name, value)
    exact = tuple(_stamp(name, item) for item in items if _is_stamp(item))
    if len(exact) == len(items):
        return key, EQUAL, exact
    periods = tuple(_period(name, item) for item in items if not _is_stamp(item))
    return partial(_among_dates, name, periods, exact)


def times(name: str, value: object) -> Late:
    """valid_time or origin_time: as the stamps that hold them, but a number is none."""
    ends = ends_of(name, value)
    for item in several(name, value) if ends is None else ends:
        if _is_stamp(item):
            raise TypeError(
                f"{name} is a date, not {item!r}; {TIMES[name]}= takes stamps; {date.FORMS}"
            )
    if ends is not None:
        return partial(_among_dates, TIMES[name], (_between(name, value, ends),), ())
    periods = tuple(_period(name, item) for item in several(name, value))
    return partial(_among_dates, TIMES[name], periods, ())


def _is_stamp(value: object) -> bool:
    return hasattr(value, "__index__")


def _stamp(name: str, value: Any) -> int:  # noqa: ANN401 - has an index
    stamp = operator.index(value)
    _refuse_digits(name, stamp)
    return stamp


def _stamps(name: str, value: Any) -> _Stamps:  # noqa: ANN401 - checked here
    """Stamps of the first and the last instant of a date; a stamp is both."""
    if _is_stamp(value):
        stamp = _stamp(name, value)
        return stamp, stamp
    first, last = _period(name, value)
    return date.encode(first), date.encode(last)


def _period(name: str, value: Any) -> _Period:  # noqa: ANN401 - checked here
    """The first and the last second of a date."""
    if not isinstance(value, str | dt.date | np.datetime64):
        raise TypeError(f"{name} cannot be {value!r}; {date.FORMS}")
    first, last = date.period(value)
    return _seconds(first), _seconds(last)


def _seconds(when: dt.datetime) -> np.datetime64[Any]:
    return np.datetime64(when.replace(tzinfo=None), "s")


def _between(name: str, value: object, ends: tuple[Any, Any]) -> _Period:
    """From the first second of one end to the last of the other; None is open."""
    low, high = _FIRST_DATE, _LAST_DATE
    if ends[0] is not None:
        low = _period(name, ends[0])[0]
    if ends[1] is not None:
        high = _period(name, ends[1])[1]
    refuse_reversed(name, value, is_reversed=bool(low > high))
    return low, high


def _refuse_digits(name: str, stamp: int) -> None:
    """Tell those who write 2024051712 as a number that it is a stamp of another date."""
    digits = str(stamp)
    if not re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])[0-3]\d(\d\d){0,3}", digits):
        return
    when = date.decode(stamp) if stamp <= _MOST_STAMP else None
    meant = f"a date is text: {name}={digits!r}"
    if when is None:
        raise InvalidArgumentError(f"{name}={stamp} is no stamp; {meant}")
    message = f"{name}={stamp} is taken for a stamp, that of {when:%Y-%m-%d %H:%M}; {meant}"
    warnings.warn(Fst24Warning(message), stacklevel=_TO_CALLER)


def _among_dates(
    name: str, periods: tuple[_Period, ...], exact: tuple[int, ...], known: Known, at: int
) -> Criterion:
    """The stamps of a table that lie in one of several periods, or are one of several stamps."""
    here, when = known.numbers(at, name), known.instants(at, name)
    meant = np.isin(here, np.array(exact, np.int64))  # stamps that are no dates, too
    for first, last in periods:
        meant |= (when >= first) & (when <= last)
    return KEYS[name], EQUAL, tuple(here[meant].tolist())


# ----------------------------------------------------------------------------------- lead times

_MICROSECONDS = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000}
_LEAD_PART = r"(\d+(?:\.\d*)?|\.\d+)\s*(d|h|min|s)"
_LEAD_TEXT = re.compile(rf"[-+]?\s*(?:{_LEAD_PART}\s*)+", re.IGNORECASE)
_LEAD_FORMS = "give a timedelta, a timedelta64, hours as a number, or text: 12h, 90min, 1d12h, 300s"


def lead_times(value: object) -> Filter:
    """How long after the origin: a time, several of them, or (from, to)."""
    ends = ends_of("lead_time", value)
    if ends is None:
        wanted = [(t, t) for t in map(_microseconds, several("lead_time", value))]
    else:
        least, most = np.iinfo(np.int64).min, np.iinfo(np.int64).max
        low = int(least) if ends[0] is None else _microseconds(ends[0])
        high = int(most) if ends[1] is None else _microseconds(ends[1])
        refuse_reversed("lead_time", value, is_reversed=low > high)
        wanted = [(low, high)]
    return partial(_has_lead, wanted)


def _microseconds(value: object) -> int:
    """A lead time in the unit of the table's column."""
    if isinstance(value, dt.timedelta) and value == value:  # noqa: PLR0124 - NaT of pandas is not
        return value // dt.timedelta(microseconds=1)
    if isinstance(value, np.timedelta64):
        if np.isnat(value) or np.datetime_data(value.dtype)[0] in ("generic", "M", "Y"):
            raise EncodingError(f"{value!r} is no lead time; {_LEAD_FORMS}")
        return int(value.astype("timedelta64[us]").astype(np.int64))
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        if not np.isfinite(value):
            raise EncodingError(f"{value!r} is no lead time; {_LEAD_FORMS}")
        return round(float(value) * _MICROSECONDS["h"])
    if not isinstance(value, str):
        raise TypeError(f"lead_time cannot be {value!r}; {_LEAD_FORMS}")
    if _LEAD_TEXT.fullmatch(value.strip()) is None:
        raise EncodingError(f"{value!r} is no lead time; {_LEAD_FORMS}")
    parts = re.findall(_LEAD_PART, value, re.IGNORECASE)
    total = round(sum(float(number) * _MICROSECONDS[unit.lower()] for number, unit in parts))
    return -total if value.lstrip().startswith("-") else total


def _has_lead(
    wanted: list[tuple[int, int]], known: Known, at: int, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    from .table._meaning import MOST_SECONDS
    from .table._table import distinct

    deet, npas = (known.column(at, name)[rows] for name in ("deet", "npas"))
    codes, first = distinct(deet, npas)
    seconds = deet[first].astype(np.int64) * npas[first]
    micros = np.where(np.abs(seconds) <= MOST_SECONDS, seconds, 0) * 1_000_000
    meant = np.zeros(len(first), np.bool_)
    for low, high in wanted:
        meant |= (micros >= low) & (micros <= high)
    meant &= np.abs(seconds) <= MOST_SECONDS
    return meant[codes]


# ---------------------------------------------------------------------------------------- grids

_GRID_NUMBERS = ("ni", "nj", "ig1", "ig2", "ig3", "ig4", "ip1", "ip2", "ip3")


def grids(value: object) -> Filter:
    """The grid that has an identifier (text), that a record is on, or one of several."""
    is_alone = is_one(value) or hasattr(value, "nomvar") or isinstance(value, dict)
    items = (value,) if is_alone else several("grid", value)
    return partial(_on_grid, frozenset(map(_grid_id, items)))


def _grid_id(value: Any) -> str | None:  # noqa: ANN401 - checked here
    from .table._meaning import grid

    if isinstance(value, str):
        return value
    try:
        igs = value.ig1, value.ig2, value.ig3, value.ig4
        ips = value.ip1, value.ip2, value.ip3
        of_record = grid(value.nomvar, value.grtyp, value.ni, value.nj, igs, ips)
    except AttributeError:
        raise TypeError(
            f"grid is an identifier as in the column grid of to_polars(decode_metadata=True), or a "
            f"record on that grid, not {value!r}; grtyp, ig1 ... ig4 are criteria of their own"
        ) from None
    if of_record is None:
        raise InvalidArgumentError(f"a record {value.nomvar!r} is on no grid")
    return of_record


def _on_grid(
    wanted: frozenset[str | None], known: Known, at: int, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    from .table._meaning import grids as identify
    from .table._table import distinct_bytes

    coded = []
    for name in ("nomvar", "grtyp"):
        column = known.column(at, name)[rows]
        codes, first = distinct_bytes(column)
        coded.append((codes, [text_of(column, row) for row in first.tolist()]))
    numbers = {name: known.column(at, name)[rows] for name in _GRID_NUMBERS}
    codes, _, ids = identify(coded[0], coded[1], numbers)
    return np.array([one in wanted for one in ids], np.bool_)[codes]
