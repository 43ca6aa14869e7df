"""`to_fst`: plain CF Datasets as standard files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

import fst24
from fst24.vertical import Vertical
from fst24.xarray import to_xarray
from fst24.xarray._back_values import _BLOCK_BYTES
from fst24.xarray._to_fst import to_fst
from tests.support import cf
from tests.support.back import fields, only, plain, written

if TYPE_CHECKING:
    from pathlib import Path

TEMPERATURE = {"standard_name": "air_temperature", "units": "K"}
PRESSURE = {"standard_name": "air_pressure", "units": "Pa"}
THETA = {"standard_name": "air_potential_temperature", "units": "K"}
HOURS = np.timedelta64(1, "h")
NOON = np.datetime64("2024-05-17T12:00", "ns")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new.fst"


# --------------------------------------------------------------------------------------- grids


@pytest.mark.parametrize("kind", cf.KINDS)
def test_every_value_is_at_its_place(kind: str, path: Path) -> None:
    ds, name = cf.KINDS[kind]
    with written(ds, path) as f:
        record = only(f)
        grid = f.grid(record)
        data = record.data
        held = grid.latlon()
    assert repr(grid) == name
    lat, lon = cf.positions(ds)
    by_value = {value: place for place, value in enumerate(ds["TT"].values.ravel().tolist())}
    order = [by_value[value] for value in data.T.ravel().tolist()]
    there = lat.ravel()[order], lon.ravel()[order]
    assert cf.apart((held.lat.T.ravel(), held.lon.T.ravel()), there) < 3e-5  # single precision


def test_each_grid_is_described_once(path: Path) -> None:
    ds = cf.rotated()
    ds["UU"] = ds["TT"] * 2
    ds["UU"].attrs["grid_mapping"] = "crs"
    with written(ds.expand_dims(time=[NOON, NOON + HOURS]), path) as f:
        names = [record.nomvar for record in f]
    assert sorted(names) == [">>", "TT", "TT", "UU", "UU", "^^"]
    assert names[:2] == [">>", "^^"]


def test_two_grids_have_two_tags(path: Path) -> None:
    one = cf.rotated()
    two = cf.rotated(turn=1.0).rename(TT="UU", rlat="rlat2", rlon="rlon2", crs="crs2")
    two["UU"].attrs["grid_mapping"] = "crs2"
    with written(one.merge(two), path) as f:
        tags = {record.nomvar: (record.ig1, record.ig2) for record in fields(f)}
        grids = [f.grid(record) for record in fields(f)]
    assert tags["TT"] != tags["UU"]
    assert grids[0].ref_ig == grids[1].ref_ig or grids[0] != grids[1]


def test_axes_that_single_precision_would_bend_are_kept_in_double(path: Path) -> None:
    lon = 280 + np.arange(50) * 0.00028  # 30 m
    with written(cf.on_latlon(45 + np.arange(3) * 0.00028, lon), path) as f:
        record = only(f)
        held = f.grid(record).latlon(dims=1)
        assert f.find(nomvar=">>", nbits=64) is not None
    assert np.abs(held.lon - lon).max() < 1e-10


def test_one_point_is_a_grid_of_one_point(path: Path) -> None:
    ds = cf.on_latlon([45.0, 46.0], [280.0, 281.5]).isel(lat=1, lon=0)
    with written(ds, path) as f:
        record = only(f)
        assert record.data.shape == (1, 1)
        assert cf.apart(f.grid(record).latlon(), ([[46.0]], [[280.0]])) < 1e-5


def test_one_row_is_a_grid_of_one_row(path: Path) -> None:
    ds = cf.on_latlon([45.0, 46.0], [280.0, 281.5, 284.0]).isel(lat=1)
    with written(ds, path) as f:
        record = only(f)
        assert record.data[:, 0].tolist() == ds["TT"].values.tolist()
        row = [c[:, 0] for c in f.grid(record).latlon()]
    assert cf.apart(row, (np.full(3, 46.0), ds["lon"].values)) < 1e-5


def test_dimensions_may_be_in_any_order(path: Path) -> None:
    ds = plain(time=2, plev=3).assign_coords(
        time=[NOON, NOON + HOURS], plev=("plev", [850.0, 500, 250], {"units": "hPa"})
    )
    with written(ds, path) as f:
        wanted = {(r.datev, r.ip1): r.data.tobytes() for r in f}
    other = ds.transpose("lon", "plev", "lat", "time").rename(lon="a", time="b", plev="c")
    with written(other, path) as f:
        assert {(r.datev, r.ip1): r.data.tobytes() for r in f} == wanted


def test_a_field_without_a_place_is_written_and_that_is_said(path: Path) -> None:
    ds = xr.Dataset({"TT": (("j", "i"), cf.values(2, 3))})
    with pytest.warns(fst24.Fst24Warning, match="TT: no positions .*: written as grtyp X"):
        to_fst(ds, path)
    with fst24.open(path) as f:
        assert (f[0].grtyp, f[0].data.shape) == ("X", (3, 2))


# --------------------------------------------------------------------------- names and units


@pytest.mark.parametrize(
    ("attrs", "nomvar", "made"),
    [
        (TEMPERATURE, "TT", (1, -273.15)),
        ({"standard_name": "air_temperature", "units": "degC"}, "TT", (1, 0)),
        ({**TEMPERATURE, "cell_methods": "time: mean"}, "TT", (1, -273.15)),
        ({**TEMPERATURE, "cell_methods": "time: maximum"}, "T9", (1, 0)),
        ({"standard_name": "eastward_wind", "units": "m s-1"}, "UU", (3600 / 1852, 0)),
        ({"standard_name": "y_wind", "units": "m/s"}, "VV", (3600 / 1852, 0)),
        ({"standard_name": "geopotential_height", "units": "m"}, "GZ", (0.1, 0)),
        ({"standard_name": "air_pressure_at_mean_sea_level", "units": "Pa"}, "PN", (0.01, 0)),
        ({"standard_name": "surface_air_pressure", "units": "Pa"}, "P0", (0.01, 0)),
        ({"standard_name": "specific_humidity", "units": "1"}, "HU", (1, 0)),
        ({"standard_name": "specific_humidity", "units": "g/kg"}, "HU", (0.001, 0)),
        ({"standard_name": "relative_humidity", "units": "%"}, "HR", (0.01, 0)),
        ({"standard_name": "lwe_thickness_of_precipitation_amount", "units": "m"}, "PR", (1, 0)),
        ({"standard_name": "lwe_thickness_of_precipitation_amount", "units": "mm"}, "PRMM", (1, 0)),
        ({"standard_name": "surface_altitude", "units": "m"}, "ME", (1, 0)),
        ({"standard_name": "geopotential", "units": "m**2 s**-2"}, "GZ", (1 / 98.0665, 0)),
        ({"standard_name": "precipitation_flux", "units": "kg m-2 s-1"}, "RT", (0.001, 0)),
    ],
    ids=lambda v: v.get("standard_name") if isinstance(v, dict) else None,
)  # fmt: skip
def test_a_standard_name_is_a_nomvar_in_the_units_of_files(
    attrs: dict[str, str], nomvar: str, made: tuple[float, float], path: Path
) -> None:
    ds = plain("variable_x")
    ds["variable_x"].attrs.update(attrs)
    with written(ds, path) as f:
        record = only(f)
        assert record.nomvar == nomvar
        assert record.data.dtype == np.float32
        wanted = ds["variable_x"].values.astype(np.float64) * made[0] + made[1]
        assert np.allclose(record.data.T, wanted, rtol=1e-6, atol=1e-5)


def test_a_name_that_is_a_nomvar_stays_and_its_units_are_those_of_files(path: Path) -> None:
    ds = plain("TT")
    ds["TT"].attrs["units"] = "K"
    with written(ds, path) as f:
        assert np.allclose(only(f).data.T, ds["TT"].values - 273.15, atol=1e-4)


@pytest.mark.parametrize("name", ["2B", "_2B"])
def test_a_name_that_begins_with_a_digit_is_one_too(name: str, path: Path) -> None:
    with written(plain(name), path) as f:
        assert only(f).nomvar == "2B"


def test_names_of_several_variables_lose_what_told_them_apart(path: Path) -> None:
    ds = plain("TT_model_levels")
    ds["TT_model_levels"].attrs = {"standard_name": "air_temperature", "units": "degC"}
    with written(ds, path) as f:
        assert only(f).nomvar == "TT"


def test_true_winds_on_a_turned_grid_are_not_those_of_the_grid(path: Path) -> None:
    ds = cf.rotated().rename(TT="u10m")
    ds["u10m"].attrs |= {"standard_name": "eastward_wind", "units": "m s-1"}
    with pytest.warns(fst24.Fst24Warning, match="u10m: no nomvar is known"):
        to_fst(ds, path)
    with fst24.open(path) as f:
        assert only(f).nomvar == "U10M"


def test_a_made_name_is_said_and_no_other_has_it(path: Path) -> None:
    ds = plain("something_new")
    ds["something_old"] = ds["something_new"] * 2
    with pytest.warns(fst24.Fst24Warning) as told:
        to_fst(ds, path)
    assert "something_new: no nomvar is known for it, SOME was made" in str(told[0].message)
    with fst24.open(path) as f:
        assert [r.nomvar for r in f] == ["SOME", "SOM1"]


def test_a_made_name_is_not_that_of_another_quantity(path: Path) -> None:
    ds = plain("pr")
    ds["pr"].attrs = {"standard_name": "toa_incoming_shortwave_flux", "units": "W m-2"}
    ds["tt"] = ds["pr"] * 2
    ds["tt"].attrs = {}
    with pytest.warns(fst24.Fst24Warning, match=r"pr: no nomvar .* PR1 was made|tt: .* TT was"):
        to_fst(ds, path)
    with fst24.open(path) as f:
        assert [r.nomvar for r in f] == ["PR1", "TT"]


def test_names_can_be_chosen_with_any_field(path: Path) -> None:
    ds = plain("something")
    names = {"something": {"nomvar": "XY", "etiket": "MINE", "ip1": 1200, "typvar": "A", "ip3": 7}}
    with written(ds, path, names=names, etiket="ALL") as f:
        record = only(f)
        found = (record.nomvar, record.etiket, record.ip1, record.typvar, record.ip3)
    assert found == ("XY", "MINE", 1200, "A", 7)
    with written(ds, path, names={"something": "ZZ"}, etiket="ALL", typvar="C") as f:
        record = only(f)
        assert (record.nomvar, record.etiket, record.typvar) == ("ZZ", "ALL", "C")


def test_units_that_are_not_known_are_kept_and_that_is_said(path: Path) -> None:
    ds = plain("TT")
    ds["TT"].attrs["units"] = "parsec"
    with pytest.warns(
        fst24.Fst24Warning, match="TT: its units 'parsec' are not those of TT, 'degC'"
    ):
        to_fst(ds, path)
    with fst24.open(path) as f:
        assert np.array_equal(f[0].data.T, ds["TT"].values)


def test_two_variables_of_one_standard_name_and_level_get_two_names(path: Path) -> None:
    ds = plain("tas")
    ds["tas"].attrs = {"standard_name": "air_temperature", "units": "degC"}
    ds["other"] = ds["tas"] + 1
    ds["other"].attrs = ds["tas"].attrs
    with pytest.warns(fst24.Fst24Warning, match="other: no nomvar is known"):
        to_fst(ds, path)
    with fst24.open(path) as f:
        assert [r.nomvar for r in f] == ["TT", "OTHE"]


# -------------------------------------------------------------------------------------- levels


@pytest.mark.parametrize(
    ("name", "values", "attrs", "codes"),
    [
        ("plev", [85000.0, 5000], PRESSURE, [(850, 2), (50, 2)]),
        ("p", [850.0, 50], {"units": "hPa"}, [(850, 2), (50, 2)]),
        ("isobaricInhPa", [850.0, 50], {}, [(850, 2), (50, 2)]),
        ("height", [2.0, 10], {"units": "m"}, [(2, 4), (10, 4)]),
        ("z", [2.0, 10], {"standard_name": "height", "units": "m"}, [(2, 4), (10, 4)]),
        ("z", [2.0, 10], {"standard_name": "altitude", "units": "km"}, [(2000, 0), (10000, 0)]),
        ("z", [0.5, 10], {"standard_name": "depth", "units": "m"}, [(0.5, 7), (10, 7)]),
        ("t", [300.0, 350], THETA, [(300, 6), (350, 6)]),
        ("s", [0.5, 1.0], {"standard_name": "atmosphere_sigma_coordinate"}, [(0.5, 1), (1, 1)]),
        ("k", [1, 2], {"standard_name": "model_level_number"}, [(1, 3), (2, 3)]),
        ("n", [3, 4], {"axis": "Z", "units": "1"}, [(3, 3), (4, 3)]),
        ("sfctype", [1, 5], {"units": "1"}, [(1, 3), (5, 3)]),
        ("soil_depth", [0.025, 0.3], {"standard_name": "depth", "units": "m"}, [(1, 3), (4, 3)]),
    ],
)  # fmt: skip
def test_levels_are_coded_by_what_they_are(
    name: str,
    values: list[float],
    attrs: dict[str, str],
    codes: list[tuple[float, int]],
    path: Path,
) -> None:
    sizes: dict[str, Any] = {name: 2}
    ds = plain(**sizes).assign_coords({name: (name, values, attrs)})
    with written(ds, path) as f:
        found = [fst24.ip.decode(r.ip1) for r in f]
        assert [r.data.T.tolist() for r in f] == ds["TT"].values.tolist()
    assert [kind for _, kind in found] == [kind for _, kind in codes]
    assert [value for value, _ in found] == pytest.approx([value for value, _ in codes], rel=1e-6)


def test_a_scalar_level_counts(path: Path) -> None:
    ds = plain().assign_coords(height=((), 2.0, {"standard_name": "height", "units": "m"}))
    with written(ds, path) as f:
        assert fst24.ip.decode(only(f).ip1) == (2.0, 4)


def test_a_scalar_that_a_file_names_for_one_variable_is_that_ones(path: Path) -> None:
    ds = plain().assign_coords(height=((), 2.0, {"standard_name": "height", "units": "m"}))
    ds["PR"] = ds["TT"] * 2
    ds["TT"].encoding["coordinates"] = "height"
    with written(ds, path) as f:
        assert {r.nomvar: r.ip1 == 0 for r in f} == {"TT": False, "PR": True}


def hybrid(values: list[float], terms: str, **variables: list[float]) -> xr.Dataset:
    ds = plain(lev=len(values))
    attrs = {
        "standard_name": "atmosphere_hybrid_sigma_pressure_coordinate",
        "formula_terms": terms,
    }
    ds = ds.assign_coords(lev=("lev", values, attrs))
    return ds.assign({name: ("lev", column) for name, column in variables.items()})


def test_hybrid_levels_without_coefficients_are_numbers_and_that_is_said(path: Path) -> None:
    ds = hybrid([0.5, 1.0], "ap: not_there b: b ps: ps", b=[0.3, 1.0])
    with pytest.warns(fst24.Fst24Warning, match=r"TT: its levels need a table \(!!\)"):
        to_fst(ds, path)
    with fst24.open(path) as f:
        assert [fst24.ip.decode(r.ip1) for r in f] == [(0.5, 5), (1.0, 5)]


@pytest.mark.parametrize(
    ("terms", "columns"),
    [
        ("ap: ap b: b ps: ps", {"ap": [20000.0, 0], "b": [0.3, 1.0]}),
        ("a: a b: b p0: p0 ps: ps", {"a": [0.2, 0.0], "b": [0.3, 1.0]}),
    ],
)
def test_coefficients_of_hybrid_levels_become_a_table(
    terms: str, columns: dict[str, list[float]], path: Path
) -> None:
    ds = hybrid([10, 20], terms, **columns)  # counted, as some models do
    if "p0" in terms:
        ds["p0"] = 100000.0
    ds["ps"] = ds["TT"].isel(lev=0) * 0 + 101325.0
    ds["ps"].attrs = {"standard_name": "surface_air_pressure", "units": "Pa"}
    with written(ds, path) as f:
        tt = f.read_records(nomvar="TT")
        assert [fst24.ip.decode(r.ip1) for r in tt] == [(0.5, 5), (1.0, 5)]
        vertical, p0 = f.vertical(tt[0], strict=True), f.find(nomvar="P0")
        assert vertical is not None
        assert p0 is not None
        assert (vertical.vcode, vertical.references) == (5001, ("P0",))
        found = vertical.pressure([r.ip1 for r in tt], P0=p0.data)
    assert found[:, 0, 0] == pytest.approx([200 + 0.3 * 1013.25, 1013.25])


def test_heights_of_hybrid_levels_become_a_table(path: Path) -> None:
    ds = hybrid([1000.0, 0.0], "a: a b: b orog: ME", a=[1000.0, 0], b=[0.5, 1.0])
    ds["lev"].attrs["standard_name"] = "atmosphere_hybrid_height_coordinate"
    ds["ME"] = ds["TT"].isel(lev=0) * 0 + 500
    with written(ds, path) as f:
        tt = f.read_records(nomvar="TT")
        vertical, me = f.vertical(tt[0]), f.find(nomvar="ME")
        assert vertical is not None
        assert me is not None
        heights = vertical.height([r.ip1 for r in tt], ME=me.data)
    assert heights[:, 0, 0] == pytest.approx([1250, 500])


def test_levels_that_ip1_cannot_tell_apart_are_refused(path: Path) -> None:
    pres = ("pres", [500.0, 500.00001], {"units": "hPa"})
    ds = plain(pres=2).assign_coords(pres=pres)
    with pytest.raises(fst24.InvalidArgumentError, match="TT: levels of pres have equal ip1"):
        to_fst(ds, path)


@pytest.mark.parametrize(
    ("attrs", "match"),
    [
        ({"standard_name": "air_pressure", "units": "inHg"}, "TT: .*Pa or hPa"),
        ({"axis": "Z", "units": "furlong"}, "lev is a level of an unknown kind"),
        (THETA, "TT: lev: .*range"),
    ],
)
def test_a_level_that_cannot_be_coded_is_refused(
    attrs: dict[str, str], match: str, path: Path
) -> None:
    ds = plain(lev=2).assign_coords(lev=("lev", [-5.0, 1e9], attrs))
    with pytest.raises(fst24.InvalidArgumentError, match=match):
        to_fst(ds, path)
    assert not path.exists()


# ----------------------------------------------------------------------------------- ensembles


def test_labels_of_members_are_etikets(path: Path) -> None:
    labels = np.array(["E1_612_N003", "E1_612_N004"], object)
    ds = plain(ensemble=2).assign_coords(ensemble=labels)
    with written(ds, path) as f:
        assert [r.etiket for r in f] == labels.tolist()


def test_numbers_of_members_end_etikets(path: Path) -> None:
    member = ("m", np.array([3, 12]), {"standard_name": "realization"})
    ds = plain(m=2).assign_coords(m=member)
    with written(ds, path) as f:
        assert [r.etiket for r in f] == ["________X003", "________X012"]
    with written(ds, path, etiket="E1_612_N") as f:
        assert [r.etiket for r in f] == ["E1_612_N003", "E1_612_N012"]
        assert to_xarray(f, ensemble=True)["realization"].values.tolist() == [3, 12]


def test_one_member_of_number_0_is_a_run_as_any_other(path: Path) -> None:
    member = {"standard_name": "realization"}
    with written(plain().assign_coords(number=((), 0, member)), path) as f:
        assert only(f).etiket == ""
    with written(plain().assign_coords(number=((), 7, member)), path) as f:
        assert only(f).etiket == "________X007"


# -------------------------------------------------------------------------------------- values


def stored(path: Path, values: Any, **options: Any) -> fst24.Fst24Record:
    ds = plain().assign(TT=(("lat", "lon"), np.asarray(values)))
    return only(written(ds, path, **options))


@pytest.mark.parametrize("kind", ["f4", "f8", "i2", "i4", "u1", "u2", "u4", "?", "f2", "c8"])
def test_nothing_is_lost_by_default(kind: str, path: Path) -> None:
    values = (np.arange(6) * 7 % 5).reshape(2, 3).astype(kind)
    record = stored(path, values)
    assert np.array_equal(record.data.T, values)
    assert (
        record.datyp
        in {"f": (5, 133), "i": (4,), "u": (2,), "b": (2,), "c": (8,)}[np.dtype(kind).kind]
    )


def test_whole_numbers_of_64_bits_are_kept_where_they_fit(path: Path) -> None:
    values = np.arange(6).reshape(2, 3)
    assert np.array_equal(stored(path, values).data.T, values)


def test_missing_values_are_flagged(path: Path) -> None:
    values = np.array([[1, np.nan, 3], [4, 5, np.nan]], np.float32)
    record = stored(path, values)
    assert record.datyp & 64
    assert np.array_equal(record.data.T, values, equal_nan=True)
    assert not stored(path, np.nan_to_num(values)).datyp & 64


def test_missing_values_are_flagged_in_quantised_types_too(path: Path) -> None:
    values = np.array([[1, np.nan, 3], [4, 5, np.nan]], np.float32)
    record = stored(path, values, nbits=12)
    assert (record.datyp & 63, record.nbits) == (6, 12)
    assert np.array_equal(np.isnan(record.data.T), np.isnan(values))


@pytest.mark.parametrize(
    ("options", "datyp", "nbits"),
    [
        ({"nbits": 12}, 6, 12),
        ({"nbits": 20}, 1, 20),
        ({"nbits": 32}, 5, 32),
        ({"datyp": "R16"}, 1, 16),
        ({"datyp": 5, "nbits": 24}, 5, 24),
    ],
)
def test_types_can_be_chosen(options: dict[str, Any], datyp: int, nbits: int, path: Path) -> None:
    record = stored(path, cf.values(2, 3), **options)
    assert (record.datyp & 63, record.nbits) == (datyp, nbits)


def test_bits_are_those_of_floats_alone(path: Path) -> None:
    record = stored(path, np.arange(6, dtype=np.int32).reshape(2, 3) * 100000, nbits=12)
    assert (record.datyp, record.nbits) == (4, 32)


def test_fields_are_compressed_where_it_pays(path: Path) -> None:
    ds = cf.on_latlon(np.linspace(0, 10, 60), np.linspace(0, 10, 80)).astype(np.float32)
    ds["TT"].values[:] = np.linspace(250, 300, 80)
    with written(ds, path) as f:
        assert only(f).datyp == 133
    with written(ds, path, nbits=16) as f:
        assert only(f).datyp == 134


def test_an_infinite_value_in_a_quantised_type_names_the_variable(path: Path) -> None:
    path.write_bytes(b"before")
    with pytest.raises(fst24.EncodingError, match=r"TT: .*inf"):
        stored(path, np.full((2, 3), np.inf, np.float32), nbits=12)
    assert path.read_bytes() == b"before"
    assert list(path.parent.iterdir()) == [path]


# ------------------------------------------------------------------------------- what is written


def test_what_is_no_field_is_left_out_and_named_once(path: Path) -> None:
    ds = plain()
    ds["title"], ds["total"] = "text", 3.0
    ds["when"] = (("lat", "lon"), np.full((2, 3), NOON))
    with pytest.warns(fst24.Fst24Warning) as told:
        to_fst(ds, path)
    assert sorted(str(w.message) for w in told) == [
        "title: text is no field: left out",
        "total: it has no horizontal dimensions: left out",
        "when: dates and lengths of time are no fields: left out",
    ]
    with pytest.raises(fst24.InvalidArgumentError, match="title: text is no field"):
        to_fst(ds, path, strict=True)


def test_bounds_mappings_and_terms_are_no_fields(path: Path) -> None:
    ds = cf.rotated()
    ds["rlat"].attrs["bounds"] = "rlat_bnds"
    ds["rlat_bnds"] = (("rlat", "bnds"), np.zeros((5, 2)))
    with written(ds, path) as f:
        assert only(f).nomvar == "TT"


def test_a_dataset_without_fields_is_refused(path: Path) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="no variable has a horizontal grid"):
        to_fst(xr.Dataset(), path)
    assert not path.exists()


def test_a_dimension_without_a_meaning_is_refused_with_the_way_out(path: Path) -> None:
    ds = plain(band=3)
    with pytest.raises(fst24.UnsupportedError, match=r"TT: .*band.*ds\.isel\(band=0\)"):
        to_fst(ds, path)
    with written(ds.isel(band=slice(1, 2)), path) as f:
        assert np.array_equal(only(f).data.T, ds["TT"].values[1])


@pytest.mark.parametrize(
    ("options", "kind", "match"),
    [
        ({"names": {"XX": "TT"}}, fst24.InvalidArgumentError, "no variable XX: TT"),
        ({"names": {"TT": "too long"}}, fst24.InvalidArgumentError, "TT as 'too long'"),
        ({"names": {"TT": {"ni": 3}}}, fst24.InvalidArgumentError, "'ni' cannot be given"),
        ({"nbits": 99}, fst24.InvalidArgumentError, "nbits=99"),
        ({"datyp": 1.5}, fst24.InvalidArgumentError, "datyp=1.5"),
        ({"mode": "q"}, fst24.InvalidArgumentError, "mode='q'"),
        ({"etiket": "lower case"}, fst24.EncodingError, "etiket='lower case'"),
    ],
)
def test_bad_arguments_are_refused(
    options: dict[str, Any], kind: type[Exception], match: str, path: Path
) -> None:
    with pytest.raises(kind, match=match):
        to_fst(plain(), path, **options)
    assert not path.exists()


def test_a_dataarray_is_written_under_its_name(path: Path) -> None:
    with written(plain()["TT"], path) as f:
        assert only(f).nomvar == "TT"
    with pytest.raises(TypeError, match="not a ndarray"):
        to_fst(np.zeros(3), path)  # type: ignore[arg-type]


def test_two_variables_of_one_name_are_refused(path: Path) -> None:
    ds = plain().assign(UU=plain()["TT"])
    with pytest.raises(fst24.InvalidArgumentError, match=r"TT and UU|UU and TT"):
        to_fst(ds, path, names={"UU": "TT"})


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_both_containers_are_written(backend: Any, path: Path) -> None:
    with written(cf.rotated(), path, backend=backend) as f:
        assert (f.backend, len(f)) == (backend, 3)


def test_added_to_a_file_descriptors_that_are_there_are_not_written_again(path: Path) -> None:
    ds = cf.rotated()
    with written(ds, path):
        pass
    with written(ds.rename(TT="UU"), path, mode="a") as f:
        assert [r.nomvar for r in f] == [">>", "^^", "TT", "UU"]


def test_added_to_a_file_a_tag_that_is_taken_is_not_taken_again(path: Path) -> None:
    ds = cf.rotated()
    with written(ds, path) as f:
        tag = (only(f).ig1, only(f).ig2)
    with fst24.open(path, "w") as f:
        for nomvar, shape in ((">>", (7, 1)), ("^^", (1, 5))):
            axis = np.arange(float(np.prod(shape)), dtype=np.float32).reshape(shape)
            f.write(
                axis,
                nomvar=nomvar,
                grtyp="E",
                ip1=tag[0],
                ip2=tag[1],
                ig1=900,
                ig3=43200,
                ig4=43200,
            )
    with written(ds, path, mode="a") as f:
        record = only(f)
        assert (record.ig1, record.ig2) != tag
        assert cf.apart([c.T for c in f.grid(record).latlon()], cf.positions(ds)) < 1e-5


def test_progress_is_told(path: Path) -> None:
    seen: list[tuple[int, int]] = []
    ds = plain(time=3).assign_coords(time=NOON + np.arange(3) * HOURS)
    to_fst(ds, path, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


# -------------------------------------------------------------------------------------- memory


class Counted(BackendArray):
    """Values that are made when they are read: their own number, and how many were read at once."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape, self.dtype = shape, np.dtype(np.float32)
        self.most = 0

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Any:
        ranges = [np.arange(n)[k] for n, k in zip(self.shape, key, strict=True)]
        values = np.zeros([len(r) for r in ranges], np.float32)
        values += ranges[0].astype(np.float32)[:, None, None]
        self.most = max(self.most, values.nbytes)
        return values


def test_data_that_are_not_in_memory_are_read_part_by_part(path: Path) -> None:
    n = 40
    lazy = Counted((n, 500, 1000))
    ds = cf.on_latlon(np.linspace(-60, 60, 500), np.linspace(0, 200, 1000)).drop_vars("TT")
    ds["TT"] = xr.Variable(("time", "lat", "lon"), indexing.LazilyIndexedArray(lazy))
    ds = ds.assign_coords(time=NOON + np.arange(n) * HOURS)
    with written(ds, path) as f:
        assert [float(r.data[5, 7]) for r in fields(f)] == list(range(n))
    assert 4 * 500 * 1000 <= lazy.most <= _BLOCK_BYTES


def test_chunks_of_dask_are_read_once_each(path: Path) -> None:
    import dask
    import dask.array as da

    read: list[tuple[int, ...]] = []

    def make(block_info: Any = None) -> Any:
        place = block_info[None]["chunk-location"]
        read.append(place)
        return np.full((2, 3, 2, 3), 10 * place[0] + place[1], np.float32)

    map_blocks: Any = da.map_blocks
    chunks, meta = ((2, 2), (3, 3), (2,), (3,)), np.zeros((0,) * 4, np.float32)
    data = map_blocks(make, chunks=chunks, dtype=np.float32, meta=meta)
    ds = plain(time=4, pres=6).assign_coords(
        time=NOON + np.arange(4) * HOURS,
        pres=("pres", np.arange(6) * 100.0 + 100, {"units": "hPa"}),
    )
    ds["TT"] = (ds["TT"].dims, data)
    with dask.config.set(scheduler="synchronous"), written(ds, path) as f:
        found = [int(r.data[0, 0]) for r in fields(f)]
        levels = [(r.npas, fst24.ip.decode(r.ip1).value) for r in f]
    assert sorted(read) == [(0, 0, 0, 0), (0, 1, 0, 0), (1, 0, 0, 0), (1, 1, 0, 0)]
    assert sorted(found) == sorted([0, 1, 10, 11] * 6)
    assert len(set(levels)) == 6


def test_a_table_that_was_kept_is_written_with_the_tag_of_the_fields(gem: Path, path: Path) -> None:
    with fst24.open(gem) as f:
        table = f.find(nomvar="!!")
        ds = to_xarray(f).load()
        vertical = Vertical.from_record(table) if table is not None else None
    part = ds.isel(rlat=slice(2, 9), rlon=slice(4, 30))
    with written(part, path) as f:
        tt = f.find(nomvar="TT", level_unit=5)
        assert tt is not None
        assert f.vertical(tt, strict=True) == vertical
        assert len(f.read_records(nomvar="!!")) == 1
