"""Date stamps: validity is stored, the origin is shown (``docs/format/containers.md``, 2.6)."""

from __future__ import annotations

import datetime as dt
import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

NEW_STYLE, EXTENDED = 123_200_000, 3_000_000_000
YEAR_2000 = 126_230_400  # true date: 5-second steps since 1980
FIRST, LAST = -504_904_320, 1_615_714_548  # 1900-01-01 .. 2235-12-31
HOURS_1980 = 17_356_320  # hours from 0000-01-01 00 UTC to 1980-01-01 00 UTC
INVALID = 101_010_101


def stored(datev: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    """Word 15 of the keys: the validity date, "octalised"."""
    d = np.asarray(datev, np.int64) & 0xFFFFFFFF
    return (8 * (d // 10) + d % 10).astype(np.uint32)


def shown(word: npt.ArrayLike) -> npt.NDArray[np.int32]:
    """The stamp of a stored validity date."""
    d = np.asarray(word, np.int64)
    return ((10 * (d >> 3) + (d & 7)) & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def _nint(x: float) -> int:
    return math.floor(abs(x) + 0.5) * (1 if x >= 0 else -1)


def _div(a: int, b: int) -> int:
    """Quotient that truncates towards zero, as the format's arithmetic does."""
    return abs(a) // b * (1 if a >= 0 else -1)


def _true_date(stamp: int) -> tuple[int, int] | None:
    """True date and run digit of a stamp of 1900 to 2235, None where it is no date."""
    if stamp >= NEW_STYLE:
        f = stamp - NEW_STYLE
        return 8 * (f // 10) + f % 10, 0
    run, hour = stamp % 10, stamp // 10 % 100
    year, day, month = stamp // 1000 % 100, stamp // 100_000 % 100, stamp // 10_000_000
    try:
        at = dt.datetime(1900 + year, month, day, hour, tzinfo=dt.UTC)
    except ValueError:
        return None
    since = at - dt.datetime(1980, 1, 1, tzinfo=dt.UTC)
    return since.days * 17280 + since.seconds // 5, run


def _stamp(t: int, run: int) -> int:
    if t >= YEAR_2000 or t % 720:
        return NEW_STYLE + t // 8 * 10 + t % 8
    at = dt.datetime(1980, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=5 * t)
    return at.month * 10_000_000 + at.day * 100_000 + (at.year - 1900) * 1000 + at.hour * 10 + run


@lru_cache(maxsize=4096)
def origin(datev: int, deet: int, npas: int) -> int:
    """``dateo`` of a record: its validity date less deet x npas seconds.

    Extended stamps (years outside 1900 to 2235) are not handled: NotImplementedError.
    """
    if deet * npas == 0:
        return datev
    if datev < 0:
        msg = "extended stamps"
        raise NotImplementedError(msg)
    found = _true_date(datev)
    if found is None:
        return INVALID
    t, run = found
    hours = -deet * npas / 3600
    if t < 0:
        t = 720 * _div(t - 360, 720) + 720 * _nint(hours)
    else:
        t += _nint(720 * hours)
    if not FIRST <= t <= LAST:
        msg = "a result outside 1900 .. 2235"
        raise NotImplementedError(msg)
    if t < 0 and t % 720:
        return INVALID  # no stamp says minutes before 1980
    return _stamp(t, run)
