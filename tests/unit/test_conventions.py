"""IP codes and date stamps, one and many."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

import fst24

CODES = [(850.0, "hPa", 41744464), (1.0, "hybrid", 93423264), (10.0, "above_ground", 75597472)]


@pytest.mark.parametrize(("value", "unit", "code"), CODES)
def test_codes_are_those_of_the_format_page(value: float, unit: str, code: int) -> None:
    assert fst24.ip.encode(value, unit) == code
    assert fst24.ip.decode(code) == (value, fst24.ip.kind_of(unit))


def test_many_codes_are_decoded_at_once() -> None:
    codes = np.array([[c for _, _, c in CODES], [850, 0, -1]])
    value, kind = fst24.ip.decode(codes)
    assert (value.dtype, kind.dtype, value.shape) == (np.float32, np.int32, (2, 3))
    one_by_one = [[fst24.ip.decode(int(c)) for c in row] for row in codes]
    assert [[v.kind for v in row] for row in one_by_one] == kind.tolist()
    assert fst24.ip.decode(np.int32(850)) == (850.0, 2)
    assert fst24.ip.decode([]).value.shape == (0,)


def test_a_code_without_meaning_is_nan_of_kind_minus_one() -> None:
    value, kind = fst24.ip.decode(34517)
    assert math.isnan(value)
    assert kind == -1


@pytest.mark.parametrize(
    ("value", "unit"), [(2000, "hPa"), (1, "furlong"), (1, "m"), (1, 99), (math.nan, "hPa")]
)
def test_what_cannot_be_a_code_is_refused(value: float, unit: str | int) -> None:
    with pytest.raises(fst24.EncodingError):
        fst24.ip.encode(value, unit)


@pytest.mark.parametrize(
    ("value", "suffix", "kind"),
    [
        *[(0.5, "sg", 1), (850, "mb", 2), (1.5, "M", 4), (0.9, "hy", 5), (300, "th", 6)],
        *[(10, "m-", 7), (6, "H", 10), (5, "_0", 15), (7, "[]", 17), (40, "mp", 21)],
    ],
)
def test_the_suffixes_of_tools_are_units(value: float, suffix: str, kind: int) -> None:
    assert fst24.ip.kind_of(suffix) == kind
    assert fst24.ip.encode(value, suffix) == fst24.ip.encode(value, kind)


def test_a_date_lasts_as_long_as_what_it_does_not_say() -> None:
    begin = dt.datetime(2024, 5, 17, 12, tzinfo=dt.UTC)
    for text, seconds in {"2024051712": 3600, "2024-05-17T12:00": 60, "20240517120000": 1}.items():
        assert fst24.date.period(text) == (begin, begin + dt.timedelta(seconds=seconds - 1))
    day = begin.replace(hour=0)
    for whole in ("20240517", "2024-05-17", dt.date(2024, 5, 17), np.datetime64("2024-05-17")):
        assert fst24.date.period(whole) == (
            day,
            day + dt.timedelta(hours=23, minutes=59, seconds=59),
        )
        assert fst24.date.encode(whole) == fst24.date.encode(day)
    assert fst24.date.period(begin) == (begin, begin)
    assert fst24.date.period("2024-05-17T07:00-0500")[0] == begin


def test_old_codes_can_be_written() -> None:
    assert fst24.ip.encode(850, "hPa", style="old") == 850
    with pytest.raises(fst24.EncodingError):
        fst24.ip.encode(0.5, "hybrid", style="old")
    with pytest.raises(fst24.EncodingError, match="'new' or 'old'"):
        fst24.ip.encode(850, "hPa", style="newer")  # type: ignore[arg-type]


def test_a_stamp_is_a_date_in_utc() -> None:
    when = dt.datetime(2024, 5, 17, 12, tzinfo=dt.UTC)
    assert fst24.date.decode(473303600) == when
    assert fst24.date.encode(when) == 473303600
    assert fst24.date.encode(when.replace(tzinfo=None)) == 473303600
    assert fst24.date.encode("2024-05-17T14:00+02:00") == 473303600
    assert fst24.date.encode(np.datetime64("2024-05-17T12:00")) == 473303600
    assert fst24.date.decode(np.int32(473303600)) == when


def test_many_stamps_are_decoded_at_once() -> None:
    found = fst24.date.decode([[473303600, 0], [-1, 123200000]])
    assert found.dtype == "datetime64[s]"
    assert str(found[0, 0]) == "2024-05-17T12:00:00"
    assert np.isnat(found[0, 1])
    assert np.isnat(found[1, 0])
    assert str(found[1, 1]) == "1980-01-01T00:00:00"


@pytest.mark.parametrize("stamp", [0, -1, 999])
def test_what_is_no_date_is_none(stamp: int) -> None:
    assert fst24.date.decode(stamp) is None


@pytest.mark.parametrize("text", ["yesterday", "2024-02-30", np.datetime64("NaT", "s")])
def test_what_cannot_be_a_stamp_is_refused(text: str | np.datetime64) -> None:
    with pytest.raises(fst24.EncodingError):
        fst24.date.encode(text)


def test_stamps_can_be_moved_and_compared() -> None:
    from fst24 import _core

    later = _core.date_add(473303600, 6.0)
    assert _core.date_difference(later, 473303600) == 6.0
    assert _core.date_to_unix(later) - _core.date_to_unix(473303600) == 6 * 3600
    assert _core.date_origin(later, 3600, 6) == 473303600
