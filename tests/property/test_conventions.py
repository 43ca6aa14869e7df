"""Any code and any stamp has a meaning that can be written again, or none."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

import fst24
from tests.support.fstmake import dates
from tests.unit.test_conventions import table

INT32 = st.integers(-(2**31), 2**31 - 1)
#: Where the forms of codes and stamps begin and end, and a step beyond.
EDGES = np.unique(
    [
        edge + step
        for edge in (
            *(-(2**31), -1294967296, -1185394546, 0, 1100, 1200, 1400, 1600, 1800, 2000, 12001),
            *(32000, 32767, 32768, 2**24, 15 * 2**24, 2**28, 10101011, 101010101, 123199999),
            *(123200000, 2142843197, 2**31 - 1),
        )
        for step in range(-3, 4)
        if -(2**31) <= edge + step < 2**31
    ]
).astype(np.int32)
#: Ranges of kinds (docs/format/metadata.md, 2.1).
RANGES = {
    0: (-20_000, 100_000),
    1: (0, 1),
    2: (0, 1100),
    3: (-(2.0**31), 1e10),
    4: (-20_000, 100_000),
    5: (0, 1),
    6: (1, 200_000),
    7: (0, 20_000),
    10: (0, 1e10),
    15: (0, 2_000_000),
    17: (1, 1e10),
    21: (0, 1_000_000),
}


@pytest.fixture(scope="module")
def numbers() -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Two hundred thousand of all that 32 bits can hold, codes of 28 bits, and the edges."""
    rng = np.random.default_rng(2024)
    anything = rng.integers(-(2**31), 2**31, 100_000)
    codes = rng.integers(0, 2**28, 100_000)
    return np.concatenate([anything, codes, EDGES]).astype(np.int32)


def test_a_code_has_a_value_in_the_range_of_its_kind_or_none(
    numbers: np.ndarray[tuple[int], np.dtype[np.int32]],
) -> None:
    value, kind = fst24.ip.decode(numbers)
    assert np.array_equal(np.isnan(value), kind == -1)
    assert set(np.unique(kind).tolist()) == {-1, *RANGES}
    for known, (low, high) in RANGES.items():
        found = value[kind == known].astype(np.float64)
        # single precision, and codes at the edge of a range that are snapped to it
        assert (found >= np.float32(low)).all()
        assert (found <= np.float32(high)).all()


def test_what_a_code_means_is_written_and_read_again(
    numbers: np.ndarray[tuple[int], np.dtype[np.int32]],
) -> None:
    value, kind = fst24.ip.decode(numbers)
    # Kind 3 of old style goes below what new codes can hold.
    good = (kind >= 0) & ((kind != 3) | (value > -4.8e8))
    codes = fst24.ip.encode(value[good], kind[good])
    again = fst24.ip.decode(codes)
    zero = (kind[good] == 2) & (value[good] == 0)
    assert np.array_equal(again.kind[~zero], kind[good][~zero])
    # Six digits, but four where the mantissa is negative, as it is for kind 17.
    few = (value[good] < 0) | (kind[good] == 17)
    room = np.where(few, 1.1e-4, 6e-6) * np.abs(value[good])
    assert (np.abs(again.value - value[good]) <= room).all()


def test_a_stamp_is_a_date_that_is_written_again_or_none(
    numbers: np.ndarray[tuple[int], np.dtype[np.int32]],
) -> None:
    when = fst24.date.decode(numbers)
    good = ~np.isnat(when)
    assert 0.1 < good.mean() < 0.9
    assert when[good].min() >= np.datetime64("0000-01-01")
    assert when[good].max() <= np.datetime64("9999-12-31T23:59:59")
    stamps = fst24.date.encode(when[good])
    assert np.array_equal(fst24.date.decode(stamps), when[good])
    extended = fst24.date.encode(when[good], style="extended")
    assert np.array_equal(fst24.date.decode(extended), when[good].astype("datetime64[h]"))
    for place in np.flatnonzero(good)[:200]:
        alone = fst24.date.decode(int(numbers[place]))
        assert alone is None or np.datetime64(alone.replace(tzinfo=None)) == when[place]


@given(INT32, INT32, INT32)
def test_any_triplet_has_a_meaning_or_is_told_to_have_none(ip1: int, ip2: int, ip3: int) -> None:
    found = fst24.ip.decode_triplet(ip1, ip2, ip3)
    for level in found[:3]:
        assert np.isnan(level.value) == (level.kind == -1)
    if found.valid:
        assert found.level.kind in fst24.ip.LEVEL_KINDS
        assert min(level.kind for level in found[:3]) >= 0


#: Stamps of the reference's tables, old style and new.
KNOWN = [stamp for stamp in table("dates-decode")["stamp"].tolist() if stamp >= 0]
STEPS = st.integers(-(2**16), 2**16)
DATES = st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2200, 1, 1))  # noqa: DTZ001 - stamps are UTC


@given(DATES, st.integers(0, 86400), st.integers(0, 2**20))
def test_validity_and_origin_are_each_other_s_inverse(
    when: dt.datetime, deet: int, npas: int
) -> None:
    if when + dt.timedelta(seconds=deet * npas) > dt.datetime(2230, 1, 1):  # noqa: DTZ001
        npas = 0
    dateo = fst24.date.encode(when)
    datev = fst24.date.valid(dateo, deet, npas)
    begin, end = fst24.date.decode(dateo), fst24.date.decode(datev)
    assert begin is not None
    assert end is not None
    # steps of 5 seconds, to the nearest
    assert abs((end - begin).total_seconds() - deet * npas) <= 2.5
    found = fst24.date.decode(fst24.date.origin(datev, deet, npas))
    assert found is not None
    assert abs((found - begin).total_seconds()) <= 5


@given(st.integers(0, 2142843197) | st.sampled_from(KNOWN), STEPS, STEPS)
def test_origins_are_those_of_the_format_page(datev: int, deet: int, npas: int) -> None:
    """Another program of section 3.5, which knows the years 1900 to 2235, gives the same."""
    assume(fst24.date.decode(datev) is not None)
    try:
        expected = dates.origin(datev, deet, npas)
    except (NotImplementedError, OverflowError):
        reject()
    assert fst24.date.origin(datev, deet, npas) == expected


# ----------------------------------------------------------------------------- calendars

LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def model_day(when: dt.datetime, calendar: str) -> int:
    """The number of a day (docs/format/metadata.md, 3.6), from the page alone."""
    month, day = when.month, when.day
    if calendar == "365_day":
        return 365 * when.year + sum(LENGTHS[: month - 1]) + day - 1
    if (month, day) == (1, 31):
        month, day = 2, 1
    elif month == 2:
        day += 1
    elif (month, day) == (3, 1):
        month, day = 2, 30
    elif month == 3:
        day -= 1
    return 360 * when.year + 30 * (month - 1) + day - 1


@pytest.mark.parametrize("calendar", ["365_day", "360_day"])
@given(DATES, st.integers(-30_000, 30_000))
def test_days_of_other_calendars_are_counted_as_the_page_says(
    calendar: fst24.date.Calendar, when: dt.datetime, days: int
) -> None:
    when = when.replace(minute=0, second=0, microsecond=0)
    has_day = (when.month, when.day) != (2, 29) and (
        calendar == "365_day" or when.day <= 30 or when.month in (1, 3)
    )
    stamp = fst24.date.encode(when)
    later = fst24.date.add(stamp, 24.0 * days, calendar=calendar)
    found = fst24.date.decode(later)
    if not has_day:
        return  # the reference's own affair
    if found is None:
        assert not 1980 < when.year + days / 365 < 2230
        return
    assert model_day(found, calendar) - model_day(when, calendar) == days
    assert found.hour == when.hour
    assert (found.month, found.day) != (2, 29)
    if calendar == "360_day":
        assert found.day <= 30 or found.month in (1, 3)
    assert fst24.date.difference(later, stamp, calendar=calendar) == 24 * days
