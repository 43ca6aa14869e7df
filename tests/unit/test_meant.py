"""Searches by meaning: patterns, levels, dates, lead times, grids, and sets of records."""

from __future__ import annotations

import datetime as dt
import glob
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped, unused-ignore]
import pytest

import fst24
from tests.conftest import golden
from tests.support.fstmake import rsf
from tests.support.fstmake.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

H = 3600


@pytest.fixture
def f() -> Iterator[fst24.Fst24File]:
    """Three runs linked, 0, 3 and 6 hours long, in both containers."""
    paths = [golden(f"model/gem-2024051712_00{hour}.fst") for hour in (0, 3, 6)]
    with fst24.open(paths) as file:
        yield file


def made(*records: dict[str, Any]) -> fst24.Fst24File:
    return fst24.open(rsf.image([[Record(**fields) for fields in records]]))


def places(records: Iterable[fst24.Fst24Record]) -> list[int]:
    return [r.index for r in records]


def is_field(r: fst24.Fst24Record) -> bool:
    return not fst24.is_descriptor(r.nomvar)


@pytest.mark.parametrize(
    ("criteria", "test"),
    [
        ({"nomvar": "?T"}, lambda r: r.nomvar in ("TT", "RT")),
        ({"nomvar": "t*"}, lambda r: r.nomvar == "TT"),
        ({"nomvar": "[UV]U"}, lambda r: r.nomvar == "UU"),
        ({"nomvar": "[!U]?"}, lambda r: len(r.nomvar) == 2 and r.nomvar[0] != "U"),
        ({"nomvar": ["P*", "ME"]}, lambda r: r.nomvar[0] == "P" or r.nomvar == "ME"),
        ({"variables": "P*"}, lambda r: r.nomvar[0] == "P"),
        ({"nomvar": "Q*"}, lambda _: False),
        ({"nomvar": "["}, lambda _: False),
        ({"etiket": "STG*"}, lambda r: r.etiket.startswith("STG")),
        ({"typvar": "[PA]"}, lambda r: r.typvar in ("P", "A")),
        ({"grtyp": "[XZ]"}, lambda r: r.grtyp in ("X", "Z")),
        ({"nomvar": "*"}, lambda _: True),
        ({"ni": (None, 3)}, lambda r: r.ni <= 3),
        ({"ni": (3, None)}, lambda r: r.ni >= 3),
        ({"ni": slice(1, 3)}, lambda r: 1 <= r.ni <= 3),
        ({"ni": (None, None)}, lambda _: True),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_texts_and_numbers_are_found(f: fst24.Fst24File, criteria: Any, test: Any) -> None:
    assert places(f.read_records(**criteria)) == [r.index for r in f if test(r)]


def test_a_text_that_the_file_has_is_no_pattern() -> None:
    f = made({"nomvar": "T*"}, {"nomvar": "TT"}, {"nomvar": "[A]"}, {"nomvar": "A"})
    assert places(f.read_records(nomvar="T*")) == [0]
    assert places(f.read_records(nomvar="[A]")) == [2]
    assert places(f.read_records(nomvar="T[!*]")) == [1]
    assert places(f.read_records(nomvar="?*")) == [0, 1, 2, 3]


def test_an_escaped_text_is_never_a_pattern() -> None:
    f = made({"nomvar": "TT"}, {"etiket": "A[1]?"})
    assert f.find(nomvar=glob.escape("T*")) is None
    assert places(f.read_records(etiket=glob.escape("A[1]?"))) == [1]


def test_of_linked_files_one_decides_what_is_a_pattern() -> None:
    one, two = (rsf.image([[Record(nomvar=name)]]) for name in ("TT", "T*"))
    with fst24.open([one, two]) as f:
        assert places(f.read_records(nomvar="T*")) == [1]


@pytest.mark.parametrize("level", [(0.9, 1.0), (1.0, 0.9), slice(0.9, 1.0)], ids=str)
def test_a_range_of_levels_has_two_ends_in_any_order(f: fst24.Fst24File, level: Any) -> None:
    found = f.read_records(level=level, level_unit="hybrid", nomvar="TT")
    wanted = [
        r.index
        for r in f
        if r.nomvar == "TT"
        and fst24.ip.decode(r.ip1).kind == 5
        and 0.9 <= fst24.ip.decode(r.ip1).value <= 1
    ]
    assert len(wanted) == 12
    assert places(found) == wanted


def test_levels_may_be_given_in_a_unit_to_convert() -> None:
    f = made({"ip1": fst24.ip.encode(850, "hPa")}, {"ip1": 500}, {"ip1": 1000})
    assert places(f.read_records(level=85000, level_unit="Pa")) == [0]
    assert places(f.read_records(level=(100000, 50000), level_unit="Pa")) == [0, 1, 2]
    assert places(f.read_records(level=(None, 850), level_unit="hPa")) == [0, 1]


def test_a_level_is_no_tag_whatever_the_name_of_the_record() -> None:
    f = made({"nomvar": "!XY", "ip1": 850}, {"nomvar": "^^", "ip1": 850}, {"ip1": 850})
    for criteria in ({"level": 850}, {"level": (800, 900)}, {"level_unit": "hPa"}):
        assert places(f.read_records(**criteria)) == [2]
    assert f.find(nomvar="!XY", level=850) is None


def test_an_unknown_unit_names_the_nearest(f: fst24.Fst24File) -> None:
    with pytest.raises(fst24.EncodingError, match=r"'hpa' \(did you mean 'hPa'\?\)"):
        f.find(level=850, level_unit="hpa")
    with pytest.raises(fst24.EncodingError, match=r"'hybird' \(did you mean 'hybrid'\?\)"):
        f.find(level_unit="hybird")


@pytest.mark.parametrize("name", ["valid_time", "origin_time"])
@pytest.mark.parametrize(
    "when",
    [
        "2024-05-17T15:00",
        "2024051715",
        dt.datetime(2024, 5, 17, 15),  # noqa: DTZ001 - is UTC
        dt.datetime(2024, 5, 17, 17, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        np.datetime64("2024-05-17T15"),
        pd.Timestamp("2024-05-17T15:00"),
        ["2023-01-01", "2024051715"],
        np.array(["2024-05-17T15:00"], "datetime64[s]"),
        ("2024-05-17T14:59:59", "2024-05-17T15:00:01"),
        slice("2024051715", "2024051715"),
        "2024-05-17",
        dt.date(2024, 5, 17),
        ("2024-05-17T12:00:01", None),
        (None, "2024-05-17T12:00:01"),
        "2024-05-17T15:00:03",
        ("2024-05-17T15:00:03", "2024-05-17T15:00:04"),
    ],
    ids=str,
)
def test_times_are_found_by_the_second(f: fst24.Fst24File, name: str, when: Any) -> None:
    wanted = []
    for record in f:
        time = fst24.date.decode(record.datev if name == "valid_time" else record.dateo)
        if time is not None and is_in(when, time):
            wanted.append(record.index)
    assert places(f.read_records(**{name: when})) == wanted


def is_in(when: Any, time: dt.datetime) -> bool:
    if isinstance(when, slice):
        when = (when.start, when.stop)
    if isinstance(when, list | np.ndarray):
        return any(is_in(one, time) for one in when)
    if isinstance(when, tuple):
        low, high = when
        return (low is None or fst24.date.period(low)[0] <= time) and (
            high is None or time <= fst24.date.period(high)[1]
        )
    first, last = fst24.date.period(when)
    return first <= time <= last


def test_a_time_is_no_stamp(f: fst24.Fst24File) -> None:
    with pytest.raises(TypeError, match="valid_time is a date, not 473303600; datev= takes stamps"):
        f.find(valid_time=473303600)
    with pytest.raises(TypeError, match="origin_time is a date"):
        f.find(origin_time=(473303600, None))
    with pytest.raises(fst24.EncodingError, match="is no date"):
        f.find(valid_time="yesterday")
    with pytest.raises(TypeError, match=r"valid_time cannot be 1\.5"):
        f.find(valid_time=1.5)


@pytest.mark.parametrize(
    "lead",
    [
        3,
        3.0,
        np.int64(3),
        np.float32(3),
        "3h",
        "180 min",
        "2h60min",
        "10800S",
        "0.125d",
        dt.timedelta(hours=3),
        np.timedelta64(3, "h"),
        pd.Timedelta("3h"),
        [3, 99],
        (1, 4),
        (3, 3),
        slice("2h", "4h"),
    ],
    ids=str,
)
def test_lead_times_are_found_in_every_form(f: fst24.Fst24File, lead: Any) -> None:
    wanted = [r.index for r in f if r.deet * r.npas == 3 * H]
    assert wanted
    assert places(f.read_records(lead_time=lead)) == wanted
    first = f.find(lead_time=lead)
    assert first is not None
    assert first.index == wanted[0]


def test_lead_times_may_be_open_or_senseless() -> None:
    longest = {"deet": 2**24 - 1, "npas": 2**26 - 1}  # 35 million years
    f = made({"deet": H, "npas": 6}, {}, longest)
    assert places(f.read_records(lead_time=(0, None))) == [0, 1]
    assert places(f.read_records(lead_time=(None, 0))) == [1]
    assert places(f.read_records(lead_time=(dt.timedelta(-1), "6h"))) == [0, 1]
    assert places(f.read_records(lead_time="-6h")) == []
    assert places(f.read_records(lead_time=[])) == []


@pytest.mark.parametrize(
    "lead", ["", "12", "h", "12 months", np.timedelta64("NaT"), np.timedelta64(1, "M"), pd.NaT]
)
def test_what_is_no_lead_time_is_told_with_the_forms(f: fst24.Fst24File, lead: Any) -> None:
    with pytest.raises((fst24.EncodingError, TypeError), match="give a timedelta"):
        f.find(lead_time=lead)
    with pytest.raises(fst24.EncodingError, match="hours as a number"):
        f.find(lead_time=float("nan"))


def test_a_grid_is_found_by_its_identifier_or_by_a_record_on_it() -> None:
    on = {"grtyp": "Z", "ig1": 1, "ig2": 2, "ig3": 3}
    axis = {"nomvar": ">>", "ip1": 1, "ip2": 2, "ip3": 3, "grtyp": "E"}
    f = made(on, axis, {"grtyp": "L", "ni": 4}, {"grtyp": "L", "ni": 4, "nj": 2}, {"nomvar": "!!"})
    ids = f.to_polars(decode_metadata=True)["grid"].to_list()
    assert ids[0] == "1-2-3"
    assert places(f.read_records(grid="1-2-3")) == [0, 1]
    assert places(f.read_records(grid=f[0])) == [0, 1]
    assert places(f.read_records(grid=f[1].core)) == [0, 1]
    assert places(f.read_records(grid=f[0], skip_descriptors=True)) == [0]
    assert places(f.read_records(grid=[ids[2], f[3]])) == [2, 3]
    assert places(f.read_records(grid="none")) == []
    with pytest.raises(TypeError, match="criteria of their own"):
        f.find(grid={"grtyp": "Z", "ig1": 1})
    with pytest.raises(fst24.InvalidArgumentError, match="'!!' is on no grid"):
        f.find(grid=f[4])


def test_the_parameters_of_a_grid_are_criteria(f: fst24.Fst24File) -> None:
    info = f.to_polars(decode_metadata=True).row(5, named=True)["grid_info"]
    assert f[5].index in places(f.read_records(**info))


@pytest.mark.parametrize(
    "criteria",
    [
        {"ip1": (9, 3)},
        {"valid_time": ("2024-05-18", "2024-05-17")},
        {"datev": ("2024-05-18", "2024-05-17")},
        {"lead_time": ("2h", "1h")},
    ],
    ids=str,
)
def test_a_range_that_ends_before_it_begins_is_refused(f: fst24.Fst24File, criteria: Any) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="ends before it begins"):
        f.find(**criteria)
    (name,) = criteria
    with pytest.raises(TypeError, match="a range has no step"):
        f.find(**{name: slice(1, 3, 1)})


# ------------------------------------------------------------------------------------- select


def test_a_selection_is_a_set_of_records_and_a_table(f: fst24.Fst24File) -> None:
    criteria: dict[str, Any] = {"nomvar": ["TT", "UU"], "level": (0.9, 1.0), "lead_time": (3, 6)}
    wanted = f.read_records(**criteria)
    chosen = f.select(**criteria)
    assert len(wanted) == 16
    assert len(chosen) == 16
    assert places(chosen) == places(wanted)
    frame = chosen.to_polars(decode_metadata=True)
    assert frame["index"].to_list() == places(wanted)
    assert frame["nomvar"].unique().sort().to_list() == ["TT", "UU"]
    assert frame["path"].n_unique() == 2
    assert [a.shape for a in chosen.read()] == [r.shape for r in wanted]


def test_all_of_a_file_is_a_selection_too(f: fst24.Fst24File) -> None:
    assert len(f.select()) == len(f)
    assert places(f.select()) == places(f)
    assert f.select().to_polars().equals(f.to_polars())
    assert places(f.select([5, 3])) == [5, 3]
    assert places(f.select(f.to_polars().filter(nomvar="P0"))) == places(f.select(nomvar="P0"))


def test_a_selection_is_narrowed(f: fst24.Fst24File) -> None:
    wanted = places(f.select(nomvar="TT", lead_time=3))
    assert places(f.select(nomvar="TT").select(lead_time=3)) == wanted
    assert places(f.select(nomvar="TT").select(lead_time=3).select(level=1.0)) == [
        r.index for r in f.select(nomvar="TT", level=1.0) if r.npas * r.deet == 3 * H
    ]
    shuffled = fst24.Fst24DataInterface(f[::-1])
    assert places(shuffled.select(nomvar="TT", lead_time=3)) == wanted[::-1]
    assert places(shuffled.select(nomvar="ZZZZ")) == []


def test_a_selection_keeps_its_decoder(f: fst24.Fst24File) -> None:
    everything = fst24.Fst24DataInterface(f, decoder=fst24.MetadataDecoder())
    frame = everything.select(nomvar="TT").to_polars(decode_metadata=True)
    assert "level" not in frame.columns
    assert frame.height == 36


def test_an_unknown_field_of_a_selection_is_told(f: fst24.Fst24File) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=r"did you mean 'valid_time'\?"):
        f.select(validtime="2024-05-17")
    with pytest.raises(fst24.InvalidArgumentError, match="more columns to filter by"):
        f.select().select(units="K")


def test_a_closed_file_is_not_selected_from(f: fst24.Fst24File) -> None:
    f.close()
    with pytest.raises(fst24.ClosedFileError):
        f.select(nomvar="TT")
