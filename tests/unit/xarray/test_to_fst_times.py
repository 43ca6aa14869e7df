"""`to_fst`: dates, lead times and periods of records."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from fst24.xarray import to_xarray
from fst24.xarray._to_fst import to_fst
from tests.support.back import fields, plain, written

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

HOURS = np.timedelta64(1, "h")
NOON = np.datetime64("2024-05-17T12:00", "ns")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new.fst"


def dated(path: Path, ds: xr.Dataset, **options: Any) -> list[tuple[str, str, int, int, int]]:
    """dateo, datev, seconds between them, ip2 and ip3 of each record."""
    with written(ds, path, **options) as f:
        found = []
        for r in fields(f):
            origin, valid = (str(fst24.date.decode(stamp))[:16] for stamp in (r.dateo, r.datev))
            found.append((origin, valid, r.deet * r.npas, r.ip2, r.ip3))
        return found


def test_a_time_alone_is_an_analysis(path: Path) -> None:
    ds = plain(time=1).assign_coords(time=[NOON])
    assert dated(path, ds) == [("2024-05-17 12:00", "2024-05-17 12:00", 0, 0, 0)]


def test_no_time_is_no_date(path: Path) -> None:
    with written(plain(), path) as f:
        assert (f[0].dateo, f[0].datev) == (0, 0)


@pytest.mark.parametrize("given", [("reftime", "leadtime"), ("reftime",), ("leadtime",)])
def test_origin_and_lead_time_follow_from_each_other(given: tuple[str, ...], path: Path) -> None:
    ds = plain(time=2).assign_coords(time=[NOON + 3 * HOURS, NOON + 90 * np.timedelta64(1, "m")])
    ds = ds.assign_coords(
        reftime=((), NOON, {"standard_name": "forecast_reference_time"}),
        leadtime=("time", ds["time"].values - NOON, {"standard_name": "forecast_period"}),
    )[["TT", *given]]
    origin = "2024-05-17 12:00"
    assert dated(path, ds) == [
        (origin, "2024-05-17 15:00", 10800, 3, 0),
        (origin, "2024-05-17 13:30", 5400, 1, 0),
    ]


def test_lead_times_may_be_numbers_with_units(path: Path) -> None:
    ds = plain(time=1).assign_coords(time=[NOON])
    attrs = {"standard_name": "forecast_period", "units": "hours"}
    assert dated(path, ds.assign_coords(p=("time", [6.0], attrs)))[0][0] == "2024-05-17 06:00"
    with pytest.raises(fst24.InvalidArgumentError, match="p has the units 'weeks'"):
        to_fst(ds.assign_coords(p=("time", [6.0], attrs | {"units": "weeks"})), path)


def test_runs_and_lead_times_are_two_dimensions(path: Path) -> None:
    ds = plain(time=2, step=2).assign_coords(
        time=("time", [NOON, NOON + 12 * HOURS], {"standard_name": "forecast_reference_time"}),
        step=("step", np.array([0, 6]) * HOURS, {"standard_name": "forecast_period"}),
    )
    ds = ds.assign_coords(
        valid_time=(("time", "step"), ds["time"].values[:, None] + ds["step"].values)
    )
    ds["valid_time"].attrs["standard_name"] = "time"
    found = dated(path, ds)
    assert [(o[8:13], v[8:13], ip2) for o, v, _, ip2, _ in found] == [
        ("17 12", "17 12", 0),
        ("17 12", "17 18", 6),
        ("18 00", "18 00", 0),
        ("18 00", "18 06", 6),
    ]


def period(start: list[int], end: list[int], **coords: Any) -> xr.Dataset:
    """A precipitation over periods, in hours from noon."""
    ds = plain("PR", time=len(end)).assign_coords(
        time=("time", NOON + np.array(end) * HOURS, {"bounds": "time_bnds"}), **coords
    )
    ds["PR"].attrs = {"cell_methods": "time: sum", "units": "m"}
    ds["time_bnds"] = (("time", "nv"), NOON + np.stack([start, end], -1) * HOURS)
    return ds


def code(hours: float) -> int:
    return fst24.ip.encode(hours, "h")


def test_bounds_of_a_period_are_both_ends_in_the_new_style(path: Path) -> None:
    reftime = ((), NOON, {"standard_name": "forecast_reference_time"})
    found = dated(path, period([0, 6], [6, 12], reftime=reftime))
    assert [(ip2, ip3) for *_, ip2, ip3 in found] == [
        (code(6), code(0)),
        (code(12), code(6)),
    ]
    with fst24.open(path) as f:
        again = to_xarray(f)
    assert (again["time_bnds"].values == period([0, 6], [6, 12])["time_bnds"].values).all()


def test_without_an_origin_a_period_begins_at_its_own(path: Path) -> None:
    (one,) = dated(path, period([0], [6]))
    assert one == ("2024-05-17 12:00", "2024-05-17 18:00", 6 * 3600, code(6), code(0))


def test_bounds_say_nothing_of_instants(path: Path) -> None:
    ds = period([0], [6])
    ds["PR"].attrs["cell_methods"] = "time: point"
    assert dated(path, ds)[0][3:] == (0, 0)


def test_a_period_before_the_origin_is_its_length(path: Path) -> None:
    ds = period([-6], [0], reftime=((), NOON, {"standard_name": "forecast_reference_time"}))
    assert dated(path, ds)[0][3:] == (0, 6)


def test_lengths_of_accumulation_are_ip3(path: Path) -> None:
    ds = plain("PR", time=1, accum=2).assign_coords(
        time=[NOON + 6 * HOURS],
        reftime=((), NOON, {"standard_name": "forecast_reference_time"}),
        accum=np.array([1, 6]) * HOURS,
    )
    assert [ip3 for *_, ip3 in dated(path, ds)] == [1, 6]
    found = dated(path, ds.rename(PR="XX"))
    assert [(ip2, ip3) for *_, ip2, ip3 in found] == [(code(6), code(5)), (code(6), code(0))]


@dataclass
class Date:
    """As cftime has them."""

    calendar: str
    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0


def of_calendar(name: str, *date: int) -> xr.Dataset:
    values = np.empty(1, object)
    values[0] = Date(name, *date)
    return plain(time=1).assign_coords(time=("time", values))


@pytest.mark.parametrize("name", ["standard", "gregorian", "proleptic_gregorian"])
def test_gregorian_dates_of_cftime_are_dates(name: str, path: Path) -> None:
    assert dated(path, of_calendar(name, 1850, 2, 28, 6))[0][1] == "1850-02-28 06:00"


@pytest.mark.parametrize(
    ("name", "year"), [("noleap", 2000), ("360_day", 2000), ("standard", 1500)]
)
def test_other_calendars_are_refused_with_the_way_out(name: str, year: int, path: Path) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=r"time .*(convert_calendar|proleptic)"):
        to_fst(of_calendar(name, year, 2, 28), path)
    assert not path.exists()


def test_dates_that_the_format_rounds_are_told(path: Path) -> None:
    time = [np.datetime64("1950-01-01T00:30", "ns")]
    ds = plain(time=1).assign_coords(time=time)
    with pytest.warns(fst24.Fst24Warning, match="TT: dates are rounded"):
        to_fst(ds, path)


@pytest.mark.parametrize(
    ("coords", "match"),
    [
        ({"time": ("t", np.array(["NaT"], "M8[ns]"))}, "time holds NaT"),
        ({"time": ("t", [12.0], {"standard_name": "time"})}, "decode_times=True"),
        (
            {
                "time": ("t", [NOON]),
                "reftime": ((), NOON + HOURS),
            },
            "TT: lead times below 0",
        ),
        (
            {
                "time": ("t", [NOON]),
                "reftime": ((), NOON - HOURS),
                "leadtime": ("t", [2 * HOURS]),
            },
            "TT: .*contradict each other",
        ),
        ({"time": ("t", [NOON]), "leadtime": ("t", [np.timedelta64(1500, "ms")])}, "whole seconds"),
    ],
)
def test_times_that_cannot_be_are_refused(coords: dict[str, Any], match: str, path: Path) -> None:
    ds = plain(t=1).assign_coords(coords)
    with pytest.raises(fst24.InvalidArgumentError, match=match):
        to_fst(ds, path)
    assert not path.exists()


def test_the_origin_of_a_day_is_a_date(path: Path) -> None:
    time = ("time", [np.datetime64("2024-05-17", "ns")])
    assert dated(path, plain(time=1).assign_coords(time=time))[0][0].startswith(
        str(dt.date(2024, 5, 17))
    )
