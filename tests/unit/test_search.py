"""Search: criteria, their values, what they refuse."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped, unused-ignore]
import pytest

import fst24

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def f(gem: Path) -> Iterator[fst24.Fst24File]:
    with fst24.open(gem) as file:
        yield file


def places(records: list[fst24.Fst24Record]) -> list[int]:
    return [r.index for r in records]


def test_the_first_match_is_found(f: fst24.Fst24File) -> None:
    record = f.find(nomvar="TT", ip1=93423264)
    assert record is not None
    assert record.index == 33
    assert f.find(nomvar="ZZ") is None
    first = f.find()
    assert first is not None
    assert first.index == 0


@pytest.mark.parametrize(
    ("criteria", "test"),
    [
        ({"nomvar": "TT"}, lambda r: r.nomvar == "TT"),
        ({"nomvar": "tt  "}, lambda r: r.nomvar == "TT"),
        ({"variables": ["TT", "UU"]}, lambda r: r.nomvar in ("TT", "UU")),
        pytest.param({"nomvar": {"TT", "UU"}}, lambda r: r.nomvar in ("TT", "UU"), id="a set"),
        ({"typvar": "A"}, lambda r: r.typvar == "A"),
        ({"ip1": [93423264, 0]}, lambda r: r.ip1 in (93423264, 0)),
        ({"ip1": np.array([93423264, 0])}, lambda r: r.ip1 in (93423264, 0)),
        ({"ip1": range(10)}, lambda r: r.ip1 < 10),
        ({"ni": (40, 50)}, lambda r: 40 <= r.ni <= 50),
        ({"datyp": 134, "nbits": 12}, lambda r: (r.datyp, r.nbits) == (134, 12)),
        ({"nomvar": None, "nk": 1}, lambda r: r.nk == 1),
        ({"nomvar": []}, lambda _: False),
        ({"grtyp": "Z", "skip_descriptors": True}, lambda r: r.grtyp == "Z"),
        ({"skip_descriptors": True}, lambda r: r.nomvar[0] not in "<>^!"),
        ({"nomvar": "é"}, lambda _: False),
        ({"nomvar": "T\0T"}, lambda _: False),
        ({"nomvar": "日本"}, lambda _: False),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_criteria_select_what_they_say(f: fst24.Fst24File, criteria: Any, test: Any) -> None:
    wanted = [r.index for r in f if test(r)]
    assert places(f.read_records(**criteria)) == wanted
    assert places(list(f.iter_records(**criteria))) == wanted
    first = f.find(**criteria)
    assert (None if first is None else first.index) == (wanted[0] if wanted else None)


def test_levels_are_found_in_any_encoding(f: fst24.Fst24File) -> None:
    assert places(f.read_records(level=1.0, nomvar="TT")) == [33]
    assert places(f.read_records(level=[1.5, 10], level_unit="above_ground")) == [
        *range(36, 39),
        *range(72, 75),
    ]
    assert places(f.read_records(level=1.0, level_unit="hPa")) == []
    inside = f.read_records(level=(0.9, 1.0), level_unit="hybrid")
    values = [fst24.ip.decode(r.ip1) for r in inside]
    assert values
    assert all(v.kind == 5 and 0.9 <= v.value <= 1.0 for v in values)
    with pytest.raises(fst24.EncodingError, match="'above_sea'"):
        f.find(level=10, level_unit="m")
    with pytest.raises(fst24.EncodingError):
        f.find(level=5000, level_unit="hPa")
    with pytest.raises(TypeError, match="level is a number"):
        f.find(level="850 hPa")


def test_an_old_and_a_new_code_are_one_level(gem: Path) -> None:
    with fst24.open(gem) as f:
        assert f.find(level=0.0, nomvar="P0") is not None


def test_dates_may_be_stamps_datetimes_or_text(f: fst24.Fst24File) -> None:
    stamp = f[3].datev
    when = dt.datetime(2024, 5, 17, 12, tzinfo=dt.UTC)
    wanted = places(f.read_records(datev=stamp))
    assert wanted
    assert places(f.read_records(datev=when)) == wanted
    assert places(f.read_records(datev="2024-05-17T12:00")) == wanted
    assert places(f.read_records(datev=[np.datetime64("2024-05-17T12:00")])) == wanted
    assert places(f.read_records(datev=("2024-05-17", "2024-05-18"))) == wanted
    assert f.read_records(dateo=("1980-01-01", "1990-01-01")) == []


def test_an_unknown_field_names_the_nearest_and_all(f: fst24.Fst24File) -> None:
    with pytest.raises(fst24.InvalidArgumentError) as caught:
        f.find(nomvr="TT")
    assert "did you mean 'nomvar'?" in str(caught.value)
    assert "etiket" in str(caught.value)
    with pytest.raises(fst24.InvalidArgumentError, match=r"'IP1' \(did you mean 'ip1'"):
        f.read_records(IP1=0)


def test_values_of_the_wrong_kind_are_refused(f: fst24.Fst24File) -> None:
    with pytest.raises(TypeError, match="nomvar is text"):
        f.find(nomvar=["TT", 1])
    with pytest.raises(TypeError, match="nomvar is text, not 5"):
        f.find(nomvar=5)
    with pytest.raises(TypeError, match="ip1 is a whole number"):
        f.find(ip1=1.5)
    with pytest.raises(TypeError, match="a tuple is a range"):
        f.find(ip1=(1, 2, 3))
    with pytest.raises(fst24.EncodingError, match="is no date"):
        f.find(datev="yesterday")
    with pytest.raises(fst24.InvalidArgumentError, match="are the same"):
        f.find(nomvar="TT", variables="TT")


@pytest.mark.parametrize(
    ("criteria", "said"),
    [
        ({"ip1": "93423264"}, "ip1 is a whole number, not '93423264'"),
        ({"level": "850 hPa"}, "level is a number in level_unit, not '850 hPa'"),
        ({"level": b"850"}, "level is a number in level_unit, not b'850'"),
        ({"nomvar": b"TT"}, "nomvar is text, not b'TT'"),
        ({"ip1": (1, 2, 3)}, "ip1: a tuple is a range"),
        ({"level": (1, 2, 3)}, "level: a tuple is a range"),
        ({"level": ("1", "2")}, "level is a number in level_unit, not '1'"),
        ({"datev": b"20240517"}, "datev cannot be b'20240517'"),
        ({"datev": 1.5}, "datev cannot be 1.5"),
    ],
    ids=str,
)
def test_the_whole_value_is_named(f: fst24.Fst24File, criteria: Any, said: str) -> None:
    with pytest.raises(TypeError, match="^" + re.escape(said)):
        f.find(**criteria)


def test_a_unit_alone_selects_all_levels_of_its_kind(f: fst24.Fst24File) -> None:
    wanted = [
        r.index for r in f if not fst24.is_descriptor(r.nomvar) and fst24.ip.decode(r.ip1).kind == 4
    ]
    assert wanted
    assert places(f.read_records(level_unit="M")) == wanted
    assert places(f.read_records(level_unit=4)) == wanted
    assert f.find(level_unit=None) is not None


def test_levels_have_the_units_that_tools_print(f: fst24.Fst24File) -> None:
    wanted = places(f.read_records(level=1.5, level_unit="above_ground"))
    assert wanted
    assert places(f.read_records(level=1.5, level_unit="M")) == wanted


@pytest.mark.parametrize(
    "when",
    [
        "2024-05-17",
        "20240517",
        "2024051712",
        "2024-05-17T12",
        "20240517T120000Z",
        "2024-05-17 14:00+02:00",
        dt.date(2024, 5, 17),
        dt.datetime(2024, 5, 17, 12),  # noqa: DTZ001 - is UTC
        np.datetime64("2024-05-17"),
        pd.Timestamp("2024-05-17T12:00Z"),
        ["2024-05-17", dt.date(2023, 1, 1)],
        ["2023-05-17", 473303600],
        ("2024-05-17", "2024-05-17"),
        (dt.date(2024, 5, 16), dt.date(2024, 5, 17)),
        (473303600, "2024-05-17"),
    ],
    ids=str,
)
def test_a_date_is_found_in_every_form(f: fst24.Fst24File, when: Any) -> None:
    wanted = places([r for r in f if r.datev == 473303600])
    assert wanted
    assert places(f.read_records(datev=when)) == wanted
    assert places(list(f.iter_records(datev=when))) == wanted


@pytest.mark.parametrize(
    "when",
    ["2024-05-16", "2024051711", "2024-05-17T12:01", dt.date(2024, 5, 18), ["2024-05-16"], []],
    ids=str,
)
def test_another_date_is_not_found(f: fst24.Fst24File, when: Any) -> None:
    assert f.read_records(datev=when) == []


@pytest.mark.parametrize("when", ["17 May 2024", "2024-02-30", "20240517123", pd.NaT, "2024-5-17"])
def test_what_is_no_date_is_told_with_the_forms(f: fst24.Fst24File, when: Any) -> None:
    with pytest.raises(fst24.EncodingError, match=r"is no date .*; write 2024-05-17 \(all day\)"):
        f.find(datev=when)


def test_a_date_in_digits_is_not_taken_for_a_stamp_in_silence(f: fst24.Fst24File) -> None:
    with pytest.warns(fst24.Fst24Warning, match="2220-12-10 .* datev='2024051712'") as caught:
        f.find(datev=2024051712)
    assert caught[0].filename == __file__
    for digits in (20240517, 20240517120000):
        with pytest.raises(fst24.InvalidArgumentError, match=f"datev='{digits}'"):
            f.read_records(datev=[digits])
    assert f.find(datev=0) == f[0]  # what a descriptor has is no date, and is found


def test_records_can_be_given_instead(f: fst24.Fst24File) -> None:
    assert places(f.read_records([3, f[5], -1])) == [3, 5, 79]
    with pytest.raises(fst24.InvalidArgumentError, match="not both"):
        f.read_records([3], nomvar="TT")


def test_searching_again_gives_the_same(f: fst24.Fst24File) -> None:
    for _ in range(3):
        for record in f:
            found = f.find(nomvar=record.nomvar, ip1=record.ip1, typvar=record.typvar)
            assert found is not None
            assert found.core == record.core
