"""Time series of stations: what their records say of places, times and levels."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
import fst24.xarray
from fst24.xarray._headers import Headers
from fst24.xarray._notes import Notes
from fst24.xarray._options import Options
from fst24.xarray._pressure import pressure
from fst24.xarray._series import Laid, Series, feature_type, kinds, leads_of, names_of, position_of
from tests.conftest import golden
from tests.support.trees import needs_trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAMES = ["TORONTO", "MONTREAL-TRUDEAU", "ALERT"]
LAT, LON = [43.68, 45.47, 82.5], [280.37, 286.25, 297.66]
HOURS = [12.0, 12.25, 12.5, 13.0]
DATEO = fst24.date.encode(np.datetime64("2024-05-17T12:00"))
N_LEVELS = 9


def described(nomvar: str, values: Any, **fields: Any) -> tuple[Any, dict[str, Any]]:
    known = {"nomvar": nomvar, "typvar": "T", "grtyp": "T", "etiket": "GSERIES", "dateo": DATEO}
    return np.asarray(values), known | fields


def texts(names: list[str], high: int = 0) -> Any:
    return np.array([list(name.ljust(128).encode()) for name in names], np.uint8).T + high


def station(number: int, nomvar: str, n_levels: int) -> tuple[Any, dict[str, Any]]:
    """The series of one station: levels along i, times along j."""
    k, t = np.mgrid[:n_levels, : len(HOURS)]
    values = (1000 * number + 10 * t + k).astype(np.float32)
    known = {"nomvar": nomvar, "typvar": "T", "grtyp": "+", "etiket": "GSERIES", "dateo": DATEO}
    known |= {"ip2": 1200, "ip3": number, "deet": 0, "npas": 0}
    known |= {"ig3": int((LAT[number - 1] + 100) * 100 + 0.5)}
    known |= {"ig4": int(LON[number - 1] * 100 + 0.5)}
    return values, known


def records() -> list[tuple[Any, dict[str, Any]]]:
    """As feseri of GEM writes them."""
    with fst24.open(golden("vertical/xdf-vertical.fst")) as f:
        table = next(r for r in f.read_records(nomvar="!!") if r.ig1 == 5005)
        v = fst24.vertical.Vertical.from_record(table)
        found: list[tuple[Any, dict[str, Any]]] = [
            (table.data, {"nomvar": "!!", "typvar": "X", "grtyp": "X", "ip1": 1, "ip2": 2})
        ]
    sh, sv = (v.levels(family[:-1]).value for family in (v.thermodynamic, v.momentum))
    found += [
        described("HH", np.array(HOURS)[:, None]),
        described("STNS", texts(NAMES), datyp=7, nbits=8),
        described("SH", sh[:, None]),
        described("SV", sv[:, None]),
        described("^^", np.array(LAT, np.float32)[:, None], ip2=1200),
        described(">>", np.array(LON, np.float32)[:, None], ip2=1200),
    ]
    for number in (1, 2, 3):
        found += [station(number, "TT", N_LEVELS), station(number, "UU", N_LEVELS)]
        found.append(station(number, "P0", 1))
    found.append(
        described("MG", np.array([[0.1], [0.2], [0.3]], np.float32), grtyp="Y", ip2=1200, ig2=1200)
    )
    return found


@pytest.fixture
def series(tmp_path: Path) -> Iterator[Callable[..., Series]]:
    opened: list[fst24.Fst24File] = []

    def make(*dropped: str, more: Any = ()) -> Series:
        path = tmp_path / f"{len(opened)}.fst"
        with fst24.open(path, "w") as f:
            for values, fields in [*records(), *more]:
                if fields["nomvar"] not in dropped:
                    f.write(values, **fields)
        opened.append(fst24.open(path))
        notes = Notes(str(path), strict=False)
        headers = Headers.of(opened[-1], Options(), notes)
        return Series(headers, notes)

    yield make
    for file in opened:
        file.close()


def rows(series: Series, nomvar: str) -> Any:
    headers = series._headers
    return np.flatnonzero(headers.codes("nomvar") == headers.texts("nomvar").index(nomvar))


def lay(series: Series, nomvar: str) -> Laid:
    laid = series.lay(rows(series, nomvar))
    assert laid is not None
    return laid


def stations(series: Series) -> Any:
    return lay(series, "TT").outer[0]


def made(axes: Any) -> dict[str, Any]:
    return {name: var for axis in axes for name, var in axis.make("").items()}


def test_records_are_told_by_their_headers(series: Callable[..., Series]) -> None:
    found = series()
    which = kinds(found._headers)
    assert (which.one.sum(), which.all.sum(), which.descriptions.sum()) == (9, 1, 4)


def test_a_file_without_series_has_none(gem: Path) -> None:
    with fst24.open(gem) as f:
        notes = Notes("", strict=False)
        found = Series(Headers.of(f, Options(), notes), notes)
        assert not found.records.any()
        assert found.lay(rows(found, "TT")) is None


def test_a_profile_is_along_stations_times_and_levels(series: Callable[..., Series]) -> None:
    found = series()
    laid = lay(found, "TT")
    assert [(a.base, a.size) for a in laid.outer] == [("station_id", 3)]
    assert [(a.base, a.size) for a in laid.inner] == [("time", 4), ("level", N_LEVELS)]
    assert laid.places[0].tolist() == [0, 1, 2]


def test_a_surface_variable_has_no_levels(series: Callable[..., Series]) -> None:
    found = series()
    assert [a.base for a in lay(found, "P0").inner] == ["time"]


def test_stations_have_names_and_positions(series: Callable[..., Series]) -> None:
    found = series()
    variables = made(lay(found, "TT").outer)
    assert variables["station_id"].values.tolist() == [1, 2, 3]
    assert variables["station"].values.tolist() == NAMES
    assert variables["station"].attrs["cf_role"] == "timeseries_id"
    np.testing.assert_array_equal(variables["lat"].values, np.array(LAT, np.float32))
    np.testing.assert_array_equal(variables["lon"].values, np.array(LON, np.float32))


def test_without_axes_positions_are_those_of_headers(series: Callable[..., Series]) -> None:
    found = series(">>", "^^")
    variables = made(lay(found, "TT").outer)
    np.testing.assert_allclose(variables["lat"].values, LAT, atol=0.005)
    np.testing.assert_allclose(variables["lon"].values, LON, atol=0.005)


def test_without_names_numbers_tell_stations(series: Callable[..., Series]) -> None:
    found = series("STNS")
    variables = made(lay(found, "TT").outer)
    assert "station" not in variables
    assert variables["station_id"].attrs["cf_role"] == "timeseries_id"


def test_hours_count_from_midnight_of_the_origin(series: Callable[..., Series]) -> None:
    found = series()
    time = made(lay(found, "TT").inner)["time"]
    minutes = (time.values - np.datetime64("2024-05-17T12:00")) / np.timedelta64(1, "m")
    assert minutes.tolist() == [0, 15, 30, 60]


def test_each_family_has_its_levels_with_coefficients(series: Callable[..., Series]) -> None:
    found = series()
    tt, uu = (made(lay(found, name).inner) for name in ("TT", "UU"))
    v = tt["level"].encoding["fst24"]["vertical"]
    np.testing.assert_array_equal(tt["level"], v.levels(v.thermodynamic[:N_LEVELS]).value)
    np.testing.assert_array_equal(uu["level"], v.levels(v.momentum[:N_LEVELS]).value)
    np.testing.assert_array_equal(tt["a"], v.levels(v.thermodynamic[:N_LEVELS]).a)
    assert "ps: P0" in tt["level"].attrs["formula_terms"]


def test_without_a_table_levels_are_numbers(series: Callable[..., Series]) -> None:
    found = series("!!")
    level = made(lay(found, "TT").inner)["level"]
    assert level.values[0] == pytest.approx(0.02698, rel=1e-3)


@pytest.mark.parametrize(
    ("dropped", "dims", "cause"),
    [("HH", ["step", "level"], "no HH"), ("SH", ["time", "level"], "no SH or SV")],
)
def test_what_is_missing_is_told_and_counted(
    dropped: str, dims: list[str], cause: str, series: Callable[..., Series]
) -> None:
    found = series(dropped)
    laid = lay(found, "TT")
    assert [axis.base for axis in laid.inner] == dims
    with pytest.warns(fst24.Fst24Warning, match=cause):
        found._notes.issue()


def test_several_runs_are_an_axis_of_origins(series: Callable[..., Series]) -> None:
    later = fst24.date.encode(np.datetime64("2024-05-18T12:00"))
    more = [
        (values, fields | {"dateo": later})
        for values, fields in records()
        if fields["nomvar"] in ("HH", "TT")
    ]
    found = series(more=more)
    laid = lay(found, "TT")
    assert [(a.base, a.size) for a in laid.outer] == [("station_id", 3), ("time", 2)]
    assert [(a.base, a.size) for a in laid.inner] == [("forecast", 4), ("level", N_LEVELS)]
    assert laid.places[1].tolist() == [0, 0, 0, 1, 1, 1]


def test_a_record_of_all_stations_is_along_them(series: Callable[..., Series]) -> None:
    found = series()
    laid = lay(found, "MG")
    (axis,) = laid.inner
    assert (laid.outer, axis.key) == ([], stations(found).key)
    assert made([axis])["station"].values.tolist() == NAMES


# --------------------------------------------------------------------------- the Dataset


def test_a_file_of_series_is_a_dataset_of_stations(series: Callable[..., Series]) -> None:
    ds = fst24.xarray.to_xarray(series()._headers.file)
    assert ds["TT"].dims == ("station_id", "time", "level_t")
    assert ds["UU"].dims == ("station_id", "time", "level_m")
    assert (ds["P0"].dims, ds["MG"].dims) == (("station_id", "time"), ("station_id",))
    assert set(ds.data_vars) == {"TT", "UU", "P0", "MG"}
    assert ds.attrs["featureType"] == "timeSeriesProfile"
    assert {"station", "lat", "lon", "leadtime", "reftime"} <= set(ds.coords)


def test_values_of_series_are_where_they_belong(series: Callable[..., Series]) -> None:
    ds = fst24.xarray.to_xarray(series()._headers.file)
    assert ds["TT"].sel(station_id=2).isel(time=3, level_t=5).item() == 2035
    assert ds["P0"].values.tolist() == [[1000 * s + 10 * t for t in range(4)] for s in (1, 2, 3)]
    np.testing.assert_allclose(ds["MG"], [0.1, 0.2, 0.3], rtol=1e-6)


def test_series_have_pressures(series: Callable[..., Series]) -> None:
    ds = fst24.xarray.to_xarray(series()._headers.file)
    p = pressure(ds, "TT")
    assert p.dims == ("station_id", "time", "level_t")
    v = ds["level_t"].encoding["fst24"]["vertical"]
    wanted = v.pressure(v.thermodynamic[:N_LEVELS], P0=ds["P0"].values[1])
    np.testing.assert_array_equal(p.values[1].T, wanted)


@needs_trees
def test_series_are_one_group_of_a_tree(series: Callable[..., Series]) -> None:
    field = np.zeros((4, 3), np.float32), {"nomvar": "GZ", "typvar": "P", "grtyp": "A"}
    tree = fst24.xarray.to_datatree(series(more=[field])._headers.file)
    assert set(tree.children) == {"stations", "A4x3"}
    assert set(tree["stations"].data_vars) == {"TT", "UU", "P0", "MG"}


def test_series_without_warning(series: Callable[..., Series]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fst24.xarray.to_xarray(series()._headers.file)


def test_runs_of_series_have_validities(series: Callable[..., Series]) -> None:
    later = fst24.date.encode(np.datetime64("2024-05-18T12:00"))
    more = [
        (values, f | {"dateo": later}) for values, f in records() if f["nomvar"] in ("HH", "TT")
    ]
    ds = fst24.xarray.to_xarray(series(more=more)._headers.file, variables="TT")
    assert ds["TT"].dims == ("station_id", "time", "forecast", "level")
    assert ds["validtime"].dims == ("time", "forecast")


# --------------------------------------------------------------------------------- helpers


def test_names_with_their_highest_bit_set_are_read() -> None:
    assert names_of(texts(NAMES, high=128)) == NAMES


def test_seconds_are_kept() -> None:
    assert leads_of([0.5, 0.50027777778], 0).tolist() == [1800, 1801]


def test_positions_of_headers_are_to_a_hundredth_of_a_degree() -> None:
    lat, lon = position_of([8_999, 14_547], [35_999, 0])
    assert lat.tolist() == [-10.01, 45.47]
    assert lon.tolist() == [359.99, 0]


@pytest.mark.parametrize(
    ("dims", "expected"),
    [
        ([("station_id", "time")], "timeSeries"),
        ([("station_id1", "time"), ("station_id2", "time", "level_t")], "timeSeriesProfile"),
        ([("station_id",), ("time", "lat", "lon")], None),
        ([], None),
    ],
)
def test_a_dataset_is_of_stations_when_all_variables_are(dims: Any, expected: str | None) -> None:
    assert feature_type(dims) == expected


def test_stations_leave_a_grid_in_the_same_file_its_coordinates(tmp_path: Path) -> None:
    grid = dict(
        zip(
            ("ig1", "ig2", "ig3", "ig4"),
            fst24.grid.encode("L", lat0=40, lon0=280, dlat=1, dlon=1),
            strict=True,
        )
    )
    with fst24.open(tmp_path / "both.fst", "w") as file:
        for values, fields in records():
            file.write(values, **fields)
        field: dict[str, Any] = {"nomvar": "GZ", "grtyp": "L", "dateo": DATEO, **grid}
        file.write(np.zeros((3, 2), np.float32), **field)
    found = fst24.to_xarray(tmp_path / "both.fst")
    assert found.lat.dims == ("lat",)
    assert found.lat.values.tolist() == [40, 41]
    assert found.station_lat.dims == ("station_id",)
    assert found.station_lat.values == pytest.approx(LAT)
