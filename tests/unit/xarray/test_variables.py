"""Which records form a variable, its axes, its name."""

from __future__ import annotations

import itertools
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

import fst24
from tests.support.records import DATEO, hpa, make_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.fst"


def test_records_of_a_variable_are_ordered_by_time_and_level(path: Path) -> None:
    wanted = [(12, 850), (0, 500), (12, 500), (0, 850)]
    make_file(path, [{"hour": hour, "ip1": hpa(level)} for hour, level in wanted])
    found = fst24.to_xarray(path).TT
    assert found.dims == ("time", "pres", "lat", "lon")
    assert found.pres.values.tolist() == [500, 850]
    assert found.isel(lat=0, lon=0).values.tolist() == [[2, 4], [3, 1]]


def test_old_and_new_codes_of_a_level_are_one_level(path: Path) -> None:
    make_file(path, [{"ip1": 500}, {"hour": 6, "ip1": hpa(500)}])
    assert dict(fst24.to_xarray(path).TT.sizes) == {"time": 2, "pres": 1, "lat": 2, "lon": 3}


def test_a_field_without_a_level_has_no_axis_for_it(path: Path) -> None:
    make_file(path, [{"nomvar": "P0"}])
    assert fst24.to_xarray(path).P0.dims == ("time", "lat", "lon")


def test_a_field_without_a_date_has_no_axis_for_it(path: Path) -> None:
    make_file(path, [{"nomvar": "MG", "dateo": 0, "deet": 0}])
    assert fst24.to_xarray(path).MG.dims == ("lat", "lon")


def test_two_etikets_are_two_variables_named_by_them(path: Path) -> None:
    make_file(path, [{"etiket": "A"}, {"etiket": "B"}, {"nomvar": "UU", "etiket": "A"}])
    assert set(fst24.to_xarray(path).data_vars) == {"TT_A", "TT_B", "UU"}


def test_names_have_only_the_pieces_that_separate(path: Path) -> None:
    pressure, height = hpa(500), fst24.ip.encode(10, "above_ground")
    make_file(path, [{"ip1": pressure}, {"ip1": height}, {"ip1": pressure, "typvar": "A"}])
    names = set(fst24.to_xarray(path).data_vars)
    assert names == {"TT_P_pressure_levels", "TT_P_height_levels", "TT_A_pressure_levels"}


def test_a_name_that_no_variable_can_have_is_changed(path: Path) -> None:
    make_file(path, [{"nomvar": "2B"}, {"nomvar": "A/B"}])
    assert set(fst24.to_xarray(path).data_vars) == {"_2B", "A_B"}


@pytest.mark.parametrize(
    ("rule", "name"),
    [("cf", "air_temperature"), ("{nomvar}_{typvar}", "TT_P"), (lambda d: d["nomvar"] * 2, "TTTT")],
    ids=["cf", "pattern", "callable"],
)
def test_the_caller_may_name_variables(path: Path, rule: Any, name: str) -> None:
    make_file(path, [{}])
    assert list(fst24.to_xarray(path, names=rule).data_vars) == [name]


@pytest.mark.parametrize("name", ["time", "pres", "lat", "crs", "k", "leadtime"])
def test_a_variable_is_never_named_as_a_coordinate_or_dimension(path: Path, name: str) -> None:
    make_file(path, [{"ip1": hpa(500), "data": np.ones((3, 2, 2), np.float32, order="F")}])
    found = fst24.to_xarray(path, names=lambda _: name)
    assert list(found.data_vars) == [f"{name}_2"]
    assert found[f"{name}_2"].dims == ("time", "pres", "k", "lat", "lon")
    assert {"time", "pres", "lat", "crs", "leadtime"} <= set(found.coords)


def test_what_is_ignored_does_not_tell_variables_apart(path: Path) -> None:
    make_file(path, [{"typvar": "A"}, {"typvar": "P", "hour": 6}])
    assert fst24.to_xarray(path, ignore=["typvar"]).TT.sizes["time"] == 2


# --------------------------------------------------------------------------------- ensembles


def test_members_are_a_dimension_where_etikets_say_so(path: Path) -> None:
    make_file(path, [{"etiket": f"E1_612_N00{m}", "hour": h} for m in (3, 1, 2) for h in (0, 6)])
    found = fst24.to_xarray(path)
    assert found.TT.dims == ("time", "ensemble", "lat", "lon")
    assert found.realization.values.tolist() == [1, 2, 3]
    assert found.ensemble.values.tolist() == ["E1_612_N001", "E1_612_N002", "E1_612_N003"]
    assert found.TT[:, :, 0, 0].values.tolist() == [[3, 5, 1], [4, 6, 2]]


def test_members_with_other_records_stay_variables(path: Path) -> None:
    make_file(path, [{"etiket": "E1_612_N001"}, {"etiket": "E1_612_N002", "hour": 6}])
    assert len(fst24.to_xarray(path).data_vars) == 2


def test_any_etikets_are_members_when_asked(path: Path) -> None:
    make_file(path, [{"etiket": "BLUE"}, {"etiket": "RED"}])
    found = fst24.to_xarray(path, ensemble=True)
    assert found.ensemble.values.tolist() == ["BLUE", "RED"]
    assert "realization" not in found.coords


def test_ip3_that_counts_members_is_no_period(path: Path) -> None:
    make_file(
        path,
        [
            {"nomvar": nomvar, "etiket": f"E{m}_G5", "ip3": m, "hour": 6}
            for m in (1, 2)
            for nomvar in ("PR", "TT")
        ],
    )
    found = fst24.to_xarray(path)
    assert found.PR.dims == ("time", "ensemble", "lat", "lon")
    assert str(found.time_bnds.values[0, 0]) == "2024-05-17T12:00:00.000000000"


# ----------------------------------------------------------------------- what collides, and gaps


def test_ip3_is_a_dimension_where_it_is_regular(path: Path) -> None:
    make_file(path, [{"nomvar": "QQ", "ip3": ip3, "hour": h} for ip3 in (7, 3) for h in (0, 6)])
    with pytest.warns(fst24.Fst24Warning, match="ip3 tells records apart.*QQ: 2 values"):
        found = fst24.to_xarray(path)
    assert found.QQ.dims == ("time", "ip3", "lat", "lon")
    assert found.QQ[:, :, 0, 0].values.tolist() == [[3, 1], [4, 2]]


def test_ip3_makes_variables_where_it_is_not_regular(path: Path) -> None:
    make_file(
        path,
        [
            {"nomvar": "QQ", "ip3": 3, "hour": 0},
            {"nomvar": "QQ", "ip3": 7, "hour": 0},
            {"nomvar": "QQ", "ip3": 3, "hour": 6},
        ],
    )
    with pytest.warns(fst24.Fst24Warning, match="a variable for each"):
        found = fst24.to_xarray(path)
    assert set(found.data_vars) == {"QQ_ip3_3", "QQ_ip3_7"}


def test_records_that_are_alike_are_told_of_and_the_last_counts(path: Path) -> None:
    make_file(path, [{}, {"nomvar": "UU"}, {}])
    with pytest.warns(fst24.Fst24Warning, match="TT: 1 of 2 records, as 0 and 2"):
        found = fst24.to_xarray(path)
    assert found.TT.values.flat[0] == 3


@pytest.mark.parametrize(("which", "value"), [("first", 1), ("last", 3)])
def test_the_caller_may_say_which_of_alike_records_counts(
    path: Path, which: str, value: int
) -> None:
    make_file(path, [{}, {"nomvar": "UU"}, {}])
    assert fst24.to_xarray(path, on_conflict=which).TT.values.flat[0] == value


def test_alike_records_are_an_error_when_asked(path: Path) -> None:
    make_file(path, [{}, {}])
    with pytest.raises(fst24.InvalidArgumentError, match="TT: 1 of 2 records, as 0 and 1"):
        fst24.to_xarray(path, on_conflict="error")


def test_combinations_without_a_record_are_nan_and_told_of(path: Path) -> None:
    make_file(path, [{"ip1": hpa(500)}, {"ip1": hpa(850), "hour": 6}])
    with pytest.warns(fst24.Fst24Warning, match="TT: 2 of 4"):
        found = fst24.to_xarray(path)
    assert np.isnan(found.TT[:, :, 0, 0].values).tolist() == [[False, True], [True, False]]


def test_strict_raises_what_would_be_a_warning(path: Path) -> None:
    make_file(path, [{"ip1": hpa(500)}, {"ip1": hpa(850), "hour": 6}])
    with pytest.raises(fst24.CorruptFileError, match="TT: 2 of 4"):
        fst24.to_xarray(path, strict=True)


def test_whole_numbers_with_gaps_become_floats(path: Path) -> None:
    data = np.ones((3, 2), np.uint32, order="F")
    fields = {"nomvar": "NB", "datyp": 2, "nbits": 16, "data": data}
    make_file(path, [{**fields, "ip1": hpa(500)}, {**fields, "ip1": hpa(850), "hour": 6}])
    with pytest.warns(fst24.Fst24Warning, match="NB"):
        assert fst24.to_xarray(path).NB.dtype.kind == "f"


@pytest.mark.parametrize("dtype", ["i4", "u1", "?"])
def test_a_gap_is_no_whole_number(path: Path, dtype: str) -> None:
    make_file(path, [{"ip1": hpa(500)}, {"ip1": hpa(850), "hour": 6}])
    with pytest.raises(fst24.InvalidArgumentError, match="TT lacks some values"):
        fst24.to_xarray(path, dtype=dtype)


def test_a_variable_that_hardly_fills_its_axes_is_left_out_and_told_of(path: Path) -> None:
    records = [{"ip1": hpa(n + 1), "hour": n, "etiket": f"E{n}"} for n in range(300)]
    make_file(path, [*records, {"nomvar": "P0"}])
    with pytest.warns(fst24.Fst24Warning, match="TT: 300 records for 300 x 300 x 300"):
        assert list(fst24.to_xarray(path, ensemble=True).data_vars) == ["P0"]


# ------------------------------------------------------------------------------------- times


def test_lead_times_and_the_origin_stand_beside_time(path: Path) -> None:
    make_file(path, [{"hour": hour} for hour in (0, 3, 6)])
    found = fst24.to_xarray(path)
    assert (found.leadtime.values / np.timedelta64(1, "h")).tolist() == [0, 3, 6]
    assert str(found.reftime.values) == "2024-05-17T12:00:00.000000000"
    assert (found.time - found.leadtime == found.reftime).all()


def test_two_runs_that_overlap_get_axes_of_origin_and_lead_time(path: Path) -> None:
    later = fst24.date.encode("2024-05-17T18:00")
    make_file(path, [{"dateo": o, "hour": h} for o in (later, DATEO) for h in (0, 6, 12)])
    found = fst24.to_xarray(path)
    assert found.TT.dims == ("time", "forecast", "lat", "lon")
    assert found.TT[:, :, 0, 0].values.tolist() == [[4, 5, 6], [1, 2, 3]]
    assert (found.validtime == found.time + found.forecast).all()


def test_a_run_that_is_not_complete_yet_is_a_run_all_the_same(path: Path) -> None:
    later = fst24.date.encode("2024-05-17T18:00")
    records = [{"dateo": DATEO, "hour": h} for h in (0, 6, 12)]
    make_file(path, [*records, *({"dateo": later, "hour": h} for h in (0, 6))])
    with pytest.warns(fst24.Fst24Warning, match="TT: 1 of 6"):
        found = fst24.to_xarray(path)
    assert found.TT.dims == ("time", "forecast", "lat", "lon")


def test_one_run_has_axes_of_origin_and_lead_time_when_asked(path: Path) -> None:
    make_file(path, [{"hour": hour} for hour in (0, 6)])
    found = fst24.to_xarray(path, forecast_axis=True)
    assert dict(found.TT.sizes) == {"time": 1, "forecast": 2, "lat": 2, "lon": 3}


def test_dates_beyond_nanoseconds_are_dates_all_the_same(path: Path) -> None:
    stamps = [fst24.date.encode(d, style="extended") for d in ("1650-01-01", "2324-01-01")]
    make_file(path, [{"dateo": stamp, "hour": 6} for stamp in stamps])
    if not hasattr(xr, "coders"):
        pytest.importorskip("cftime", reason="this xarray has no dates of seconds")
    times = fst24.to_xarray(path).time.values
    assert [str(time)[:4] for time in times] == ["1650", "2324"]


def test_variables_with_other_times_have_axes_of_their_own(path: Path) -> None:
    make_file(path, [{"hour": 0}, {"hour": 6}, {"nomvar": "ME", "hour": 0}])
    found = fst24.to_xarray(path)
    assert found.TT.dims[0] == "time1"
    assert found.ME.dims[0] == "time2"


def test_times_are_one_axis_when_asked(path: Path) -> None:
    make_file(path, [{"hour": 0}, {"hour": 6}, {"nomvar": "ME", "hour": 6}])
    found = fst24.to_xarray(path, align="outer")
    assert found.ME.dims[0] == "time"
    assert np.isnan(found.ME[:, 0, 0].values).tolist() == [True, False]


def test_one_axis_of_all_times_keeps_origins_and_lead_times(path: Path) -> None:
    hours = [("TT", 0), ("TT", 6), ("UU", 0), ("VV", 6)]
    make_file(path, [{"nomvar": nomvar, "hour": hour} for nomvar, hour in hours])
    found = fst24.to_xarray(path, align="outer")
    assert (found.leadtime.values / np.timedelta64(1, "h")).tolist() == [0, 6]
    assert np.isnan(found.UU.values[:, 0, 0]).tolist() == [False, True]
    assert np.isnan(found.VV.values[:, 0, 0]).tolist() == [True, False]


def test_variables_of_other_origins_than_their_axis_says_are_told_of(path: Path) -> None:
    later = fst24.date.encode("2024-05-17T18:00")
    make_file(path, [{"hour": 6}, {"nomvar": "UU", "hour": 6}, {"nomvar": "GZ", "dateo": later}])
    with pytest.warns(fst24.Fst24Warning, match="other origins than leadtime.*time say .GZ P TEST"):
        fst24.to_xarray(path)


def test_a_period_that_begins_between_times_is_kept_in_files(path: Path) -> None:
    ip2, ip3 = fst24.ip.encode(6.0, 10), fst24.ip.encode(4.5, 10)
    make_file(path, [{"nomvar": "PR", "hour": 6, "ip2": ip2, "ip3": ip3}])
    found = fst24.to_xarray(path)
    kept = {name: found[name].encoding["units"] for name in ("time", "time_bnds")}
    assert set(kept.values()) == {"minutes since 2024-05-17 18:00:00"}


def test_an_accumulation_since_the_origin_has_bounds_of_time(path: Path) -> None:
    make_file(path, [{"nomvar": "PR", "hour": hour} for hour in (0, 6)])
    found = fst24.to_xarray(path)
    assert found.time.attrs["bounds"] == "time_bnds"
    assert found.PR.attrs["cell_methods"] == "time: sum"
    assert (found.time_bnds[:, 0] == found.reftime).all()
    assert (found.time_bnds[:, 1] == found.time).all()


def test_ip3_of_an_accumulation_is_its_length(path: Path) -> None:
    make_file(path, [{"nomvar": "PR", "hour": hour, "ip3": 3} for hour in (6, 12)])
    found = fst24.to_xarray(path)
    assert ((found.time - found.time_bnds[:, 0]) / np.timedelta64(1, "h")).values.tolist() == [3, 3]


def test_periods_of_the_new_style_have_bounds_of_time(path: Path) -> None:
    ip2, ip3 = fst24.ip.encode(6.0, "hours"), fst24.ip.encode(3.0, "hours")
    make_file(path, [{"nomvar": "QQ", "hour": 6, "ip2": ip2, "ip3": ip3}])
    found = fst24.to_xarray(path)
    assert str(found.time_bnds.values[0, 0]) == "2024-05-17T15:00:00.000000000"


def test_several_lengths_of_an_accumulation_are_a_dimension(path: Path) -> None:
    make_file(path, [{"nomvar": "PR", "hour": h, "ip3": n} for h in (12, 24) for n in (6, 3)])
    found = fst24.to_xarray(path)
    assert found.PR.dims == ("time", "accum", "lat", "lon")
    assert (found.accum.values / np.timedelta64(1, "h")).tolist() == [3, 6]


def test_a_period_that_is_not_that_of_the_axis_is_told(path: Path) -> None:
    make_file(
        path, [{"nomvar": n, "hour": 6, "ip3": ip3} for n, ip3 in (("PR", 0), ("PY", 0), ("N0", 3))]
    )
    found = fst24.to_xarray(path)
    assert found.N0.attrs["period"] == "3 hours before the time"
    assert "cell_methods" not in found.N0.attrs
    assert "period" not in found.PR.attrs


# ------------------------------------------------------------------------------ nothing is lost


def test_every_record_is_at_its_coordinates(path: Path) -> None:
    levels, hours, names = (500, 850, 1000), (0, 3, 6), ("TT", "UU")
    wanted = list(itertools.product(names, hours, levels))
    order = np.random.default_rng(7).permutation(len(wanted))
    make_file(
        path,
        [
            {"nomvar": wanted[k][0], "hour": wanted[k][1], "ip1": hpa(wanted[k][2])}
            for k in order.tolist()
        ],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fst24.to_xarray(path)
    for number, k in enumerate(order.tolist()):
        name, hour, level = wanted[k]
        when = np.datetime64("2024-05-17T12:00:00", "ns") + np.timedelta64(hour, "h")
        assert (found[name].sel(time=when, pres=level) == number + 1).all()


def test_a_file_without_fields_is_an_empty_dataset(path: Path) -> None:
    make_file(path, [])
    assert not fst24.to_xarray(path).variables


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"forecast": True}, "no option 'forecast'.*forecast_axis"),
        ({"diag": "joined"}, "diag='joined': it is one of 'merge'"),
        ({"ignore": ["nomvar"]}, "what can be ignored"),
        ({"variables": "TT", "select": {"nomvar": "UU"}}, "not both"),
        ({"attrs": ["etikett"]}, "etikett.*fields of a header are nomvar, typvar, etiket"),
        ({"dtype": "single precision"}, "dtype='single precision'"),
        ({"names": 5}, "names=5: it is 'cf', a pattern, or a callable"),
        ({"names": "{level}"}, "names='{level}'.*fields of name, nomvar, typvar, etiket"),
    ],
    ids=["unknown", "choice", "ignore", "twice", "attrs", "dtype", "names", "pattern"],
)
def test_options_that_cannot_be_meant_are_refused(
    path: Path, given: dict[str, Any], message: str
) -> None:
    make_file(path, [{}])
    with pytest.raises(fst24.InvalidArgumentError, match=message):
        fst24.to_xarray(path, **given)


def test_members_are_members_beside_a_period_of_the_new_style(path: Path) -> None:
    ip2, ip3 = fst24.ip.encode(6.0, "hours"), fst24.ip.encode(3.0, "hours")
    members = [{"etiket": f"E{m}_G5", "hour": 6} for m in (1, 2)]
    plain = [{**one, "ip3": m} for m, one in enumerate(members, start=1)]
    rates = [{**one, "nomvar": "RT", "ip2": ip2, "ip3": ip3} for one in members]
    make_file(path, [*plain, *rates])
    found = fst24.to_xarray(path)
    assert found.TT.dims == found.RT.dims == ("time", "ensemble", "lat", "lon")
