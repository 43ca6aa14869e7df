"""CMC date stamps, in UTC: the form of dateo and datev (``docs/format/metadata.md``, 3)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from . import _core
from ._errors import EncodingError, Fst24Error

if TYPE_CHECKING:
    import numpy.typing as npt


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
    array = np.asarray(stamps, np.int32, order="C")
    seconds = np.empty(array.shape, np.int64)
    _core.date_to_unix_array(array, seconds)
    if array.ndim == 0:
        return decode(int(array.item()))
    return seconds.view("datetime64[s]")


def encode(date: dt.datetime | np.datetime64 | str) -> int:
    """The stamp of a date, in the style that the reference chooses.

    Parameters
    ----------
    date : datetime, datetime64 or str
        Text in ISO 8601. Without a time zone it is UTC. Seconds are cut to a multiple of 5.

    Raises
    ------
    EncodingError
        Not a date, or one that no stamp can be.

    >>> encode("2024-05-17T12:00")
    473303600
    """
    try:
        if isinstance(date, np.datetime64):
            date = str(date.astype("datetime64[s]"))
        if isinstance(date, str):
            date = dt.datetime.fromisoformat(date)
        if date.tzinfo is not None:
            date = date.astimezone(dt.UTC)
        return _core.date_encode(
            date.year, date.month, date.day, date.hour, date.minute, date.second
        )
    except ValueError as error:
        raise EncodingError(f"{date!r} cannot be a date stamp: {error}") from None
