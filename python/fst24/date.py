"""CMC date stamps, in UTC: the form of dateo and datev (``docs/format/metadata.md``, 3)."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np

from . import _core
from ._arrays import as_int32
from ._errors import EncodingError, Fst24Error

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

DateLike: TypeAlias = dt.date | np.datetime64 | str  # a datetime is a date

#: What a date may be, for messages.
FORMS = (
    "write 2024-05-17 (all day), 2024-05-17T12:30, 2024051712 as text, or give a date, a datetime, "
    "a datetime64 or, where records are searched, a stamp"
)
_TEXT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T ]?(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)?\s*([Zz]|[-+]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_SECOND = dt.timedelta(seconds=1)
#: How long a text lasts, by the number of its parts.
_LASTS = {
    3: dt.timedelta(days=1),
    4: dt.timedelta(hours=1),
    5: dt.timedelta(minutes=1),
    6: dt.timedelta(seconds=1),
}
Calendar = Literal["gregorian", "365_day", "360_day"]
Style = Literal["reference", "extended"]
_CALENDARS = {"gregorian": 0, "365_day": 1, "360_day": 2}
_YEAR_0 = int(np.datetime64("0000-01-01", "s").astype(np.int64))
#: What the reference's arithmetic gives in place of a date.
NO_DATE = 101010101


@overload
def decode(stamps: int) -> dt.datetime | None: ...
@overload
def decode(stamps: npt.ArrayLike | int) -> Any: ...  # noqa: ANN401 - depends on the shape
def decode(stamps: npt.ArrayLike | int) -> Any:
    """The dates that stamps stand for.

    Parameters
    ----------
    stamps : array_like of int, any shape
        Stamps of any style.

    Returns
    -------
    datetime, or ndarray of datetime64[s]
        For a single stamp a `datetime.datetime` in UTC, None when it is no date (or one that a
        `datetime` cannot be); for several an array of the same shape, NaT there.

    >>> decode(473303600)
    datetime.datetime(2024, 5, 17, 12, 0, tzinfo=datetime.timezone.utc)
    >>> decode([473303600, 0])
    array(['2024-05-17T12:00:00',                 'NaT'], dtype='datetime64[s]')
    """
    if isinstance(stamps, int):
        try:
            return dt.datetime(*_core.date_decode(stamps), tzinfo=dt.UTC)
        except (Fst24Error, ValueError, OverflowError):
            return None
    array = as_int32(stamps, 0)
    seconds = np.empty(array.shape, np.int64)
    _core.date_to_unix_array(array, seconds)
    if array.ndim == 0:
        return decode(int(array.item()))
    return seconds.view("datetime64[s]")


def period(date: DateLike) -> tuple[dt.datetime, dt.datetime]:
    """The first and the last second that a date stands for, in UTC.

    Parameters
    ----------
    date : datetime, date, datetime64 or str
        Text is ``2024-05-17``, ``2024-05-17T12:30:00`` (seconds, minutes and a time zone may be
        left out) or ``YYYYMMDD[HH[MM[SS]]]``. It lasts as long as what it does not say: a day, an
        hour, a minute. So do a `datetime.date` (a day) and a datetime64 in its unit; a `datetime`
        is one instant. Without a time zone it is UTC.

    Raises
    ------
    EncodingError
        Not a date; the message names the forms.

    >>> [str(when) for when in period("2024-05-17")]
    ['2024-05-17 00:00:00+00:00', '2024-05-17 23:59:59+00:00']
    """
    try:
        if isinstance(date, str):
            return _written(date)
        if isinstance(date, np.datetime64):
            first, last = date.astype("datetime64[s]"), (date + 1).astype("datetime64[s]")
            begin = dt.datetime.fromisoformat(str(first)).replace(tzinfo=dt.UTC)
            return begin, begin + max(int((last - first).astype(int)) - 1, 0) * _SECOND
        if isinstance(date, dt.datetime):
            when = date.replace(tzinfo=dt.UTC) if date.tzinfo is None else date.astimezone(dt.UTC)
            int(when.year)  # NaT of pandas is a datetime by its class, and has none
            when = when.replace(microsecond=0)
            return when, when
        if isinstance(date, dt.date):
            first_second = dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC)
            return first_second, first_second + dt.timedelta(days=1) - _SECOND
    except (ValueError, TypeError, OverflowError) as error:
        raise EncodingError(f"{date!r} is no date ({error}); {FORMS}") from None
    raise EncodingError(f"{date!r} is no date; {FORMS}")


def _written(text: str) -> tuple[dt.datetime, dt.datetime]:
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError("not of these forms")
    *parts, zone = found.groups()
    given = [int(part) for part in parts if part is not None]
    first = dt.datetime(*given, tzinfo=_zone(zone))  # type: ignore[arg-type,misc]
    first = first.astimezone(dt.UTC)
    return first, first + _LASTS[len(given)] - _SECOND


def _zone(text: str | None) -> dt.tzinfo:
    if text is None or text in "Zz":
        return dt.UTC
    hours, minutes = int(text[1:3]), int(text[-2:]) if len(text) > len("+00") else 0
    offset = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-offset if text[0] == "-" else offset)


@overload
def encode(date: DateLike, *, style: Style = ...) -> int: ...
@overload
def encode(date: npt.ArrayLike | DateLike | Sequence[DateLike], *, style: Style = ...) -> Any: ...  # noqa: ANN401 - depends on the shape
def encode(date: Any, *, style: Style = "reference") -> Any:
    """The stamps of dates, in the style that the reference chooses.

    Parameters
    ----------
    date : datetime, date, datetime64 or str, or array_like of these
        Text in the forms of `period`, of which this is the first second. Seconds are cut to a
        multiple of 5. Arrays of datetime64 are converted at once, others one by one.
    style : {"reference", "extended"}
        As the reference chooses for each date, or the style that it takes for years before 1900 and
        after 2235, for all: hours since the year 0, the rest is cut.

    Returns
    -------
    int, or ndarray of int32
        Of the shape of the dates.

    Raises
    ------
    EncodingError
        Not a date (NaT is none), or one that no stamp can be.

    >>> encode("2024-05-17T12:00")
    473303600
    >>> encode(np.array(["2024-05-17T12", "1980-01-01"], "datetime64[s]"))
    array([473303600,  10180000], dtype=int32)
    """
    if style not in ("reference", "extended"):
        raise EncodingError(f"style {style!r}: it is 'reference' or 'extended'")
    if isinstance(date, str | dt.date | np.datetime64):
        when = period(date)[0]
        if style == "reference":
            return encode_instant(when)
        date = np.datetime64(when.replace(tzinfo=None), "s")
    array = _instants(date)
    stamps = np.empty(array.shape, np.int32)
    seconds = np.array(array, order="C").view(np.int64)
    stopped = _core.date_from_unix_array(seconds, stamps)
    if stopped >= 0:
        message = f"{array.flat[stopped]} cannot be a date stamp: years are 0 to 9999"
        raise EncodingError(message)
    if style == "extended":
        stamps = _extended(seconds)
    return int(stamps) if stamps.ndim == 0 else stamps


def _instants(dates: Any) -> npt.NDArray[np.datetime64]:  # noqa: ANN401 - whatever numpy takes
    """Dates of any kind as datetime64[s]: numpy's own at once, others one by one."""
    array = np.asarray(dates)
    if array.dtype.kind in "OU":
        found = [period(date)[0].replace(tzinfo=None) for date in array.flat]
        return np.array(found, "datetime64[s]").reshape(array.shape)
    if array.dtype.kind != "M":  # numbers would be taken for seconds since 1970
        raise EncodingError(f"numbers ({array.dtype}) are no dates; {FORMS}")
    return array.astype("datetime64[s]")


def _extended(seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Extended stamps of seconds since 1970 (metadata.md, 3.2); they have no more than hours."""
    hours = (seconds - _YEAR_0) // 3600
    return (3_000_000_000 + hours // 8 * 10 + hours % 8).astype(np.uint32).view(np.int32)


def encode_instant(when: dt.datetime) -> int:
    """The stamp of a datetime that is in UTC."""
    try:
        return _core.date_encode(
            when.year, when.month, when.day, when.hour, when.minute, when.second
        )
    except ValueError as error:
        raise EncodingError(f"{when.isoformat()} cannot be a date stamp: {error}") from None


# --------------------------------------------------------------------------------- arithmetic


def _broadcast(*columns: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Contiguous arrays of one shape."""
    return [np.asarray(array, order="C") for array in np.broadcast_arrays(*columns)]


def _stamps(stamps: npt.ArrayLike) -> npt.NDArray[np.int32]:
    return as_int32(stamps, 0)


def _whole(numbers: npt.ArrayLike) -> npt.NDArray[Any]:
    array = np.asarray(numbers)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"deet and npas are whole numbers, not {array.dtype}")
    return array


def _calendar(name: str) -> int:
    if name not in _CALENDARS:
        raise EncodingError(f"calendar {name!r}: it is one of {', '.join(_CALENDARS)}")
    return _CALENDARS[name]


def _plain(array: npt.NDArray[Any]) -> Any:  # noqa: ANN401 - a number or the array
    return array.item() if array.ndim == 0 else array


def add(stamps: npt.ArrayLike, hours: npt.ArrayLike, *, calendar: Calendar = "gregorian") -> Any:  # noqa: ANN401
    """Stamps moved by hours, in the reference's arithmetic.

    Parameters
    ----------
    stamps : array_like of int
        Stamps of any style.
    hours : array_like of float
        Forward or back.
    calendar : {"gregorian", "365_day", "360_day"}
        Stamps stay Gregorian dates; the others pass over days that they do not have.

    Returns
    -------
    int, or ndarray of int32
        `NO_DATE` where a stamp is no date or the result would be none.

    >>> add(473303600, 6) == encode("2024-05-17T18:00")
    True
    """
    stamp, hour = _broadcast(_stamps(stamps), np.asarray(hours, np.float64))
    results = np.empty(stamp.shape, np.int32)
    _core.date_add_array(stamp, hour, results, _calendar(calendar))
    return _plain(results)


def difference(a: npt.ArrayLike, b: npt.ArrayLike, *, calendar: Calendar = "gregorian") -> Any:  # noqa: ANN401
    """Hours from stamps ``b`` to stamps ``a``.

    Returns
    -------
    float, or ndarray of float64
        NaN where one of the two is no date.

    >>> difference(add(473303600, 1.5), 473303600)
    1.5
    """
    left, right = _broadcast(_stamps(a), _stamps(b))
    hours = np.empty(left.shape, np.float64)
    _core.date_difference_array(left, right, hours, _calendar(calendar))
    return _plain(hours)


def valid(dateo: npt.ArrayLike, deet: npt.ArrayLike, npas: npt.ArrayLike) -> Any:  # noqa: ANN401
    """The datev of an origin date, ``npas`` steps of ``deet`` seconds on: what files hold.

    Returns
    -------
    int, or ndarray of int32
        dateo itself where ``deet * npas`` is not positive; `NO_DATE` where it has no such date.

    >>> valid(473303600, 300, 12) == add(473303600, 1)
    True
    """
    stamp, step, n = _broadcast(_stamps(dateo), _whole(deet), _whole(npas))
    seconds = step.astype(np.float64) * n  # exact for all that a file can hold
    moved = np.asarray(add(stamp, seconds / 3600))
    return _plain(np.where(seconds > 0, moved, stamp))


def origin(datev: npt.ArrayLike, deet: npt.ArrayLike, npas: npt.ArrayLike) -> Any:  # noqa: ANN401
    """The dateo of a validity date: what the reference shows, as files hold datev alone.

    Returns
    -------
    int, or ndarray of int32
        datev itself where ``deet * npas`` is 0; `NO_DATE` where there is none. Of an old-style
        datev that is no date (`decode` tells) what the reference makes of its digits.

    >>> origin(add(473303600, 1), 300, 12)
    473303600
    """
    stamp, step, n = _broadcast(_stamps(datev), _whole(deet), _whole(npas))
    short_step, short_n = as_int32(step, 0), as_int32(n, 0)
    dateo = np.empty(stamp.shape, np.int32)
    _core.date_origin_array(stamp, short_step, short_n, dateo)
    fits = (short_step == step) & (short_n == n)  # others are of no file
    return _plain(np.where(fits, dateo, np.int32(NO_DATE)))
