"""IP codes and date stamps, one and many."""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import math
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

import fst24

if TYPE_CHECKING:
    import numpy.typing as npt

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
        fst24.ip.encode(850, "hPa", style="newer")  # type: ignore[call-overload]


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


# ------------------------------------------------------------------- tables of the reference

TABLES = Path(__file__).parents[1] / "golden" / "tables"
INVALID = -999999  # what the reference gives where there is nothing


def table(name: str) -> dict[str, npt.NDArray[Any]]:
    """A table that the reference library filled, by column; whole numbers where all are."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for name_of_column in rows[0]:
        texts = [row[name_of_column] for row in rows]
        try:
            columns[name_of_column] = np.array([int(text or 0) for text in texts])
        except ValueError:
            columns[name_of_column] = np.array(texts)
    return columns


def test_every_code_of_the_reference_decodes_to_its_value_and_kind() -> None:
    known = table("ip-decode")
    value, kind = fst24.ip.decode(known["ip"])
    expected = known["value"].astype(np.float32)
    assert np.array_equal(kind, known["kind"])
    assert np.array_equal(value[kind >= 0], expected[kind >= 0])
    assert np.isnan(value[kind < 0]).all()
    one_by_one = [fst24.ip.decode(int(code)) for code in known["ip"]]
    assert [one.kind for one in one_by_one] == kind.tolist()


@pytest.mark.parametrize(("mode", "style"), [(2, "new"), (3, "old")])
def test_every_value_of_the_reference_encodes_to_its_code(
    mode: int, style: Literal["new", "old"]
) -> None:
    known = table("ip-encode")
    values, kinds = known["value"].astype(np.float32), known["kind"]
    wanted = known["convip_mode"] == mode
    good = wanted & (known["ip"] != INVALID)
    codes = fst24.ip.encode(values[good], kinds[good], style=style)
    assert codes.dtype == np.int32
    assert np.array_equal(codes, known["ip"][good])
    for i in np.flatnonzero(wanted & ~good):
        with pytest.raises(fst24.EncodingError):
            fst24.ip.encode(float(values[i]), int(kinds[i]), style=style)
        with pytest.raises(fst24.EncodingError):
            fst24.ip.encode(values[i : i + 1], kinds[i], style=style)


def test_every_triplet_of_the_reference_is_understood_alike() -> None:
    known = table("ip-triplets")
    found = fst24.ip.decode_triplet(known["ip1"], known["ip2"], known["ip3"])
    good = known["rc"] & 64 == 0
    assert np.array_equal(found.valid, good)
    assert np.array_equal(found.certain[good], known["rc"][good] == 0)
    assert np.isnan(found.time.value[~good]).all()
    for n, levels in enumerate((found.level, found.time, found.other), start=1):
        value = known[f"p{n}"].astype(np.float32)
        if n == 3:  # the reference leaves the value of a plain ip3 unset
            value = np.where(known["ip3"] <= 32767, known["ip3"], value)
            swapped = found.other.kind != 3
            value = np.where(swapped, known["p3"].astype(np.float32), value)
        assert np.array_equal(levels.kind[good], known[f"kind{n}"][good])
        assert np.array_equal(levels.value[good], value[good].astype(np.float32))
    for i in range(0, len(good), 7):
        codes = [int(known[name][i]) for name in ("ip1", "ip2", "ip3")]
        one = fst24.ip.decode_triplet(*codes)
        assert one.level.kind == found.level.kind[i]
        assert one.valid == found.valid[i]


def test_a_triplet_that_was_coded_is_decoded_again() -> None:
    ip = fst24.ip
    codes = ip.encode_triplet((0.5, 1), (6, 10), (0.75, 1))
    layer = ip.decode_triplet(*codes)
    assert (layer.level, layer.time, layer.other) == ((0.75, 1), (6.0, 10), (0.5, 1))
    assert (layer.valid, layer.certain) == (True, True)
    codes = ip.encode_triplet((2, 4), (0, 10), (12, 10))
    period = ip.decode_triplet(*codes)
    assert (period.time, period.other) == ((12.0, 10), (0.0, 10))
    assert ip.decode_triplet(codes[1], codes[0], 0).level == (2.0, 4)
    with pytest.raises(fst24.EncodingError, match="no level"):
        ip.encode_triplet((6, 10), (6, 10))
    with pytest.raises(fst24.EncodingError, match="no time"):
        ip.encode_triplet((6, 2), (6, 2))


def test_units_are_converted_where_one_kind_has_them() -> None:
    ip = fst24.ip
    assert ip.encode([85000.0, 50000.0], "Pa").tolist() == [41744464, 41394464]
    assert ip.encode(1800, "s") == ip.encode(30, "min") == ip.encode(0.5, "h") == 178757920
    assert ip.encode(np.float32(850), "hPa") == 41744464
    assert isinstance(ip.encode(np.array(850), "hPa"), int)
    with pytest.raises(fst24.EncodingError, match="sigma"):
        ip.encode(1, "1")
    with pytest.raises(fst24.EncodingError, match="2000"):
        ip.encode([850, 2000], "hPa")


def test_numbers_too_large_for_a_code_mean_nothing() -> None:
    large = [2**32 + 850, -(2**40), 2**70]
    assert fst24.ip.decode(large).kind.tolist() == [-1, -1, -1]
    assert fst24.ip.decode(np.array([2**32 + 850])).kind.tolist() == [-1]
    assert fst24.ip.decode(2**32 + 850).kind == -1
    assert np.isnat(fst24.date.decode(large)).all()
    with pytest.raises(TypeError, match="whole"):
        fst24.ip.decode([1.5])


def instants(days: npt.NDArray[Any], times: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """yyyymmdd and hhmmsshh as text in ISO 8601; some are no dates."""
    return np.array(
        [
            f"{d // 10000:04d}-{d // 100 % 100:02d}-{d % 100:02d}"
            f"T{t // 1000000:02d}:{t // 10000 % 100:02d}:{t // 100 % 100:02d}"
            for d, t in zip(days.tolist(), times.tolist(), strict=True)
        ]
    )


def test_every_stamp_of_the_reference_is_its_date() -> None:
    known = table("dates-decode")
    no_date = np.isin(known["stamp"], (0, 10101011, 101010101))
    good = (known["rc_m3"] == 0) & ~no_date
    late = (known["rc_m3"] != 0) & (known["rc_m5"] == 0) & ~no_date
    found = fst24.date.decode(known["stamp"])
    assert good.sum() > 200
    for which, mode in ((good, "m3"), (late, "m5")):
        expected = instants(known[f"yyyymmdd_{mode}"][which], known[f"hhmmsshh_{mode}"][which])
        assert found[which].astype(str).tolist() == expected.tolist()
    assert np.isnat(found[~good & ~late]).all()


def test_every_date_of_the_reference_is_its_stamp() -> None:
    known = table("dates-encode")
    for i in np.flatnonzero(known["newdate_mode"] == 3):
        (text,) = instants(known["yyyymmdd"][i : i + 1], known["hhmmsshh"][i : i + 1])
        if known["rc"][i] == 0:
            assert fst24.date.encode(text) == known["stamp"][i]
            array = np.array(
                [text], "datetime64[ns]" if "1700" < text < "2200" else "datetime64[s]"
            )
            assert fst24.date.encode(array).tolist() == [known["stamp"][i]]
        else:
            with pytest.raises(fst24.EncodingError):
                fst24.date.encode(text)


def test_every_extended_stamp_of_the_reference_is_its_date_to_the_hour() -> None:
    """Mode 5: hours since the year 0, for years that have other stamps as well."""
    known = table("dates-encode")
    mode_5 = known["newdate_mode"] == 5
    assert set(known["newdate_mode"].tolist()) == {3, 5}
    assert mode_5.sum() == 90
    stamps = known["stamp"][mode_5]
    texts = instants(known["yyyymmdd"][mode_5], known["hhmmsshh"][mode_5])
    when = texts.astype("datetime64[s]")
    assert np.array_equal(fst24.date.decode(stamps), when.astype("datetime64[h]"))
    assert np.array_equal(fst24.date.encode(when, style="extended"), stamps)
    assert [fst24.date.encode(text, style="extended") for text in texts.tolist()] == stamps.tolist()
    with pytest.raises(fst24.EncodingError, match="'extended'"):
        fst24.date.encode("2024-05-17", style="old")  # type: ignore[call-overload]


def test_every_true_date_of_the_reference_is_the_same_instant() -> None:
    known = table("dates-decode")
    when = fst24.date.decode(known["stamp"])
    wanted = (known["rc_1"] == 0) & ~np.isnat(when)
    assert wanted.sum() > 200
    seconds = 5 * known["truedate_5s"][wanted].astype("timedelta64[s]")
    assert np.array_equal(when[wanted], np.datetime64("1980-01-01") + seconds)


def test_the_tables_hold_no_mode_that_is_not_checked() -> None:
    assert set(table("ip-encode")["convip_mode"].tolist()) == {2, 3}


def test_origin_and_validity_are_those_of_the_reference() -> None:
    known = table("dates-valid")
    valid = fst24.date.valid(known["dateo"], known["deet_s"], known["npas"])
    assert np.array_equal(valid, known["datev"])
    origin = fst24.date.origin(known["datev"], known["deet_s"], known["npas"])
    assert np.array_equal(origin, known["dateo_from_datev"])


def test_differences_are_those_of_the_reference() -> None:
    known = table("dates-difference")
    hours = fst24.date.difference(known["stamp1"], known["stamp2"])
    assert np.array_equal(hours, known["hours_1_minus_2"].astype(np.float64))


def test_arithmetic_takes_calendars_and_says_where_there_is_no_date() -> None:
    date = fst24.date
    february = date.encode("2024-02-28")
    march = date.encode("2024-03-01")
    assert date.add(february, 24, calendar="365_day") == march
    assert date.difference(march, february, calendar="365_day") == 24
    assert date.add([february, 0], [48.0, 1.0]).tolist() == [march, date.NO_DATE]
    assert date.decode(date.NO_DATE) is None
    assert np.isnan(date.difference([0], [march])).all()
    with pytest.raises(fst24.EncodingError, match="gregorian"):
        date.add(march, 1, calendar="julian")  # type: ignore[arg-type]


def test_dates_go_in_and_out_as_datetime64() -> None:
    when = np.array([["2024-05-17T12", "1980-01-01"], ["0001-01-01", "9999-12-31T23"]], "M8[s]")
    stamps = fst24.date.encode(when)
    assert (stamps.dtype, stamps.shape) == (np.int32, (2, 2))
    assert np.array_equal(fst24.date.decode(stamps), when)
    for wrong in ("NaT", "10000-01-01", "-001-12-31"):
        with pytest.raises(fst24.EncodingError, match=wrong):
            fst24.date.encode(np.array([wrong.replace("-001", "-0001")], "M8[s]"))
    with pytest.raises(fst24.EncodingError):
        fst24.date.encode(["tomorrow"])


def test_numbers_are_no_dates_to_encode() -> None:
    """numpy would take them for seconds since 1970: a stamp, of another day."""
    numbers: list[Any] = [2024051712, [2024051712], np.array([20240517.0]), [None], True]
    for wrong in numbers:
        with pytest.raises(fst24.EncodingError, match=r"no dates?\b"):
            fst24.date.encode(wrong)


def test_dates_are_taken_one_by_one_as_alone() -> None:
    """Text in the forms of `period`, and time zones, which numpy knows nothing of."""
    zone = dt.timezone(dt.timedelta(hours=-4))
    dates = ["2024051712", "2024-05-17T08:00-04:00", "20240517120000"]
    assert fst24.date.encode(dates).tolist() == [473303600] * 3
    local = dt.datetime(2024, 5, 17, 8, tzinfo=zone)
    assert fst24.date.encode([local, local.astimezone(dt.UTC)]).tolist() == [473303600] * 2
    days: Any = [[dt.date(2024, 5, 17)]]
    assert fst24.date.encode(days).tolist() == [[473292800]]


def test_columns_of_pandas_and_polars_are_dates_with_their_time_zone() -> None:
    pd, pl = importlib.import_module("pandas"), importlib.import_module("polars")
    local = pd.date_range("2024-05-17T08:00", periods=2, freq="h", tz="America/Toronto")
    expected = [473303600, 473304500]
    for column in (local, local.to_series(), local.tz_convert(None), list(local)):
        assert fst24.date.encode(column).tolist() == expected
    assert fst24.date.encode(local[0]) == expected[0]
    assert fst24.date.encode(pl.Series(list(local))).tolist() == expected
    with pytest.raises(fst24.EncodingError):
        fst24.date.encode(pd.Series([local[0], pd.NaT]))


def test_steps_that_no_file_holds_give_no_date() -> None:
    date = fst24.date
    assert date.valid(473303600, 2**40, 2**40) == date.NO_DATE
    assert date.origin(473303600, 2**40, 1) == date.NO_DATE
    assert date.origin([473303600] * 2, [2**40, 0], [1, 0]).tolist() == [date.NO_DATE, 473303600]
    assert date.add(473303600, [math.nan, math.inf, 1e300]).tolist() == [date.NO_DATE] * 3
    for wrong in (date.valid, date.origin):
        with pytest.raises(TypeError, match="whole"):
            wrong(473303600, 1.5, 2)


def test_an_error_of_encoding_names_the_value_that_was_given() -> None:
    for value, shown in ((1e300, "1e.300"), (math.inf, "inf"), (-5.0, "-5.0"), (math.nan, "nan")):
        with pytest.raises(fst24.EncodingError, match=rf"^{shown} of kind 2: .*0 to 1100"):
            fst24.ip.encode([850, value], "hPa")
        with pytest.raises(fst24.EncodingError, match=rf"^{shown} of kind 2: .*0 to 1100"):
            fst24.ip.encode(value, "hPa")
    with pytest.raises(fst24.EncodingError, match=str(2**33 + 2)):
        fst24.ip.encode([850.0], np.array([2**33 + 2]))
    with pytest.raises(TypeError, match="whole"):
        fst24.ip.encode([850.0], [2.0])


def test_everything_is_there_after_one_import() -> None:
    code = (
        "import fst24\n"
        "assert fst24.dictionary.lookup('TT').units == 'degC'\n"
        "assert fst24.dictionary.lookup('TT').long_name_fr.startswith('temp')\n"
        "assert fst24.typvar.flags('P@').masked and fst24.etiket.parse('R1_V710_N').run == 'R1'\n"
        "assert fst24.ip.decode(850).kind == 2 and fst24.date.decode(0) is None\n"
        "assert {'compare', 'date', 'dictionary', 'etiket', 'ip', 'typvar'} <= set(fst24.__all__)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("level", ["850", None, True, [True], ["850"]])
def test_what_is_no_number_is_no_level(level: Any) -> None:
    with pytest.raises(TypeError, match="a level is a number"):
        fst24.ip.encode(level, "hPa")


def test_what_is_no_text_is_no_name() -> None:
    with pytest.raises(TypeError, match="nomvar is text"):
        fst24.dictionary.lookup(None)  # type: ignore[arg-type]
