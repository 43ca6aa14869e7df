"""What fstd2nc gets wrong, fails on, or says against CF: format/cf.md, 11, row by row."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

import fst24
from tests.conformance.xarray import files
from tests.conformance.xarray.cases import GEM, GRIDS, YIN_YANG
from tests.conftest import golden

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conformance.xarray.conftest import Opener

RADIUS = 6371000.0
#: Labels of the dictionary that UDUNITS does not know.
RAW_UNITS = {"fraction", "psu", "°C", "kts", "mb"}


def variables(ds: Any) -> dict[str, Any]:
    return {str(name): ds[name].variable for name in ds.variables}


def mapping_of(ds: Any, name: str) -> Any:
    return ds[ds[name].attrs["grid_mapping"]].attrs


def level_of(ds: Any, name: str, standard_name: str) -> Any:
    """The coordinate of a variable that has a standard name."""
    (found,) = [
        c for c in ds[name].coords.values() if c.attrs.get("standard_name") == standard_name
    ]
    return found


# ------------------------------------------------------------------------ 11.1: wrong results


def unprojected(x: Any, y: Any, crs: Any) -> tuple[Any, Any]:
    """Latitude and longitude by the formulas of a polar stereographic mapping of CF."""
    south = crs["latitude_of_projection_origin"] < 0
    x = x - crs.get("false_easting", 0.0)
    y = y - crs.get("false_northing", 0.0)
    scale = crs.get("scale_factor_at_projection_origin")
    if scale is None:
        scale = (1 + np.sin(np.radians(abs(crs["standard_parallel"])))) / 2
    far = np.hypot(x, y) / (2 * crs["earth_radius"] * scale)
    lat = 90 - 2 * np.degrees(np.arctan(far))
    lon = np.degrees(np.arctan2(x, y if south else -y))
    lon = lon + crs["straight_vertical_longitude_from_pole"]
    return (-lat if south else lat), lon


@pytest.mark.parametrize("name", ["NN", "SS", "ZN", "ZS"])
def test_projection_coordinates_are_those_of_the_positions(name: str, opened: Opener) -> None:
    da = opened("polar")[name]
    y = level_of(da.to_dataset(), name, "projection_y_coordinate")
    x = level_of(da.to_dataset(), name, "projection_x_coordinate")
    x, y = np.meshgrid(x.values, y.values)
    lat, lon = unprojected(x, y, mapping_of(opened("polar"), name))
    ours_lat = level_of(da.to_dataset(), name, "latitude").values
    ours_lon = level_of(da.to_dataset(), name, "longitude").values
    np.testing.assert_allclose(lat, ours_lat, rtol=0, atol=1e-8)
    np.testing.assert_allclose((lon - ours_lon + 180) % 360 - 180, 0, rtol=0, atol=1e-6)


def test_one_level_in_two_styles_is_told(opened: Opener) -> None:
    ds = opened("old-and-new")
    assert ds["TT"].pres.values.tolist() == [500, 850]
    (message,) = opened.told
    assert "TT" in message
    assert "on_conflict" in message


def test_depths_are_depths(opened: Opener) -> None:
    da = opened("depths")["TM"]
    assert da.dims == ("time", "depth", "lat", "lon")
    np.testing.assert_allclose(da.depth.values, [0.5, 10, 100])
    assert da.depth.attrs["units"] == "m"
    assert da.depth.attrs["positive"] == "down"
    assert da.values[0, :, 0, 0].tolist() == [4096, 8192, 12288]


def test_hybrid_heights_without_their_table_are_levels(opened: Opener) -> None:
    da = opened("kind-21")["TT"]
    assert da.dims[1] == "level"
    np.testing.assert_allclose(da.level.values, [10, 500, 2000])
    assert da.level.attrs["positive"] == "up"


def test_an_unrotated_yin_has_positions(opened: Opener) -> None:
    ds = opened(golden(GRIDS), select={"etiket": "U-PLAIN"})
    with fst24.open(golden(GRIDS)) as f:
        record = f.find(nomvar="FLD", etiket="U-PLAIN")
        assert record is not None
        lat, lon = f.grid(record).latlon()
    assert ds["FLD"].dims[-3:] == ("subgrid", "rlat", "rlon")
    np.testing.assert_array_equal(ds["lat"].values.reshape(-1, record.ni), lat.T)
    np.testing.assert_array_equal(ds["lon"].values.reshape(-1, record.ni), lon.T)


def two_pairs(out: files.Out) -> None:
    """Two grids of different sizes under one tag."""
    for first, n in ((175.0, 6), (170.0, 9)):
        out.axes(first + 0.5 * np.arange(n), -1 + 0.5 * np.arange(n), (1001, 1002, 0))
        out.field("TT" if n == 6 else "UU")


def test_two_pairs_under_one_tag_are_two_grids(
    made: Callable[[files.Maker], Path], opened: Opener
) -> None:
    ds = opened(made(two_pairs))
    sizes = [ds[name].shape[-2:] for name in ("TT", "UU")]
    assert sizes == [(6, 6), (9, 9)]
    for name in ("TT", "UU"):
        place = level_of(ds, name, "latitude")
        assert place.shape == ds[name].shape[-2:]
        assert np.isfinite(place.values).all()


def tiled(out: files.Out) -> None:
    """A field of 6 x 5 in four tiles, and the same whole."""
    out.rotated()
    whole = files.pattern(1, 6, 5)
    out.field("HU", whole)
    for i, j, ni, nj in ((1, 1, 4, 2), (5, 1, 2, 2), (1, 3, 4, 3), (5, 3, 2, 3)):
        part = whole[i - 1 : i - 1 + ni, j - 1 : j - 1 + nj]
        out.field("TT", part, grtyp="#", ig3=i, ig4=j)


def test_tiles_are_one_field(made: Callable[[files.Maker], Path], opened: Opener) -> None:
    ds = opened(made(tiled))
    np.testing.assert_array_equal(ds["TT"].values, ds["HU"].values)
    np.testing.assert_array_equal(
        level_of(ds, "TT", "latitude").values, level_of(ds, "HU", "latitude").values
    )


def test_positions_with_a_date_have_no_time(opened: Opener) -> None:
    ds = opened("dated-latlon")
    assert ds["TT"].dims == ("time", "j", "i")
    assert ds["lat"].dims == ds["lon"].dims == ("j", "i")
    np.testing.assert_allclose(ds["lat"].values[1], 40.5 + 0.1 * np.arange(6), rtol=1e-6)
    assert not {"LA", "LO"} & set(ds.data_vars)


def test_a_diagnostic_level_replaces_no_model_level(opened: Opener) -> None:
    ds = opened("diagnostic-at-surface")
    for name, first in (("TT", 1), ("UU", 11)):
        column = ds[name].isel(time=0).values[:, 0, 0]
        assert sorted(column.tolist()) == [4096 * n for n in range(first, first + 5)]
        (height,) = [
            c.values for c in ds[name].coords.values() if "height_above_ground" in str(c.name)
        ]
        near = 1.5 if name == "TT" else 10.0
        assert column[np.flatnonzero(height == near)].tolist() == [4096 * (first + 4)]
        assert np.isnan(height).sum() == 4


def test_labels_tell_levels_apart(opened: Opener) -> None:
    ds = opened("diagnostic-at-surface")
    assert all(index.is_unique for index in ds.indexes.values())


def test_new_style_periods_have_bounds(opened: Opener) -> None:
    ds = opened("periods")
    bounds = ds[ds["PR"].time.attrs.get("bounds") or ds["time"].encoding["bounds"]]
    hours = (bounds - np.datetime64("2024-05-17T12", "ns")) / np.timedelta64(1, "h")
    assert hours.values.tolist() == [[0, 6], [6, 12]]
    assert ds["PR"].attrs["cell_methods"] == "time: sum"


def test_leaving_variables_out_keeps_what_levels_need(opened: Opener) -> None:
    ds = opened("hybrid-5005", variables=["TT", "P0"])
    (level,) = [c for c in ds["TT"].coords.values() if "formula_terms" in c.attrs]
    words = level.attrs["formula_terms"].replace(": ", ":").split()
    named = [word.split(":")[1] for word in words]
    assert "P0" in named
    assert set(named) <= set(ds.variables)


def test_typvar_is_that_of_the_record(opened: Opener) -> None:
    ds = opened("typvars", rpnstd_metadata=True)
    found = {(v.attrs["nomvar"], v.attrs["typvar"]) for v in ds.data_vars.values()}
    assert found == {("GZ", "A"), ("GZ", "P")}


def test_a_dictionary_is_a_path(tmp_path: Path, opened: Opener) -> None:
    xml = tmp_path / "words.xml"
    xml.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><metvars>'
        "<metvar><nomvar>TT</nomvar><description><short lang='en'>Own words</short>"
        "</description></metvar></metvars>"
    )
    assert opened("hours", dictionary=str(xml))["TT"].attrs["long_name"] == "Own words"


# ---------------------------------------------------------------------------- 11.2: failures


def test_axes_may_be_negative_whatever_numpy_this_is(opened: Opener) -> None:
    ds = opened("rotated")
    np.testing.assert_allclose(ds["rlat"].values, [-1, -0.5, 0, 0.5, 1])


def test_nothing_of_the_reference_is_needed(folder: Path) -> None:
    code = (
        "import sys, fst24; fst24.to_xarray(sys.argv[1]).load(); "
        "print(*{'fstd2nc', 'rpnpy', 'fstd2nc_deps', 'fst24._librmn'} & set(sys.modules))"
    )
    path = files.make("hours", folder)
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert not told.stdout.strip()


# ------------------------------------------------------------------------------ 11.3: not CF


@pytest.mark.parametrize(
    "name", ["hybrid-5002", "hybrid-5005", "hybrid-5100", "hybrid-21001", "hybrid-21003"]
)
def test_coefficients_say_what_they_are(name: str, opened: Opener) -> None:
    ds = opened(name)
    for which in ("TT", "UU"):
        (level,) = [c for c in ds[which].coords.values() if "formula_terms" in c.attrs]
        words = level.attrs["formula_terms"].replace(": ", ":").split()
        for term, variable in (word.split(":") for word in words):
            if variable in ds.coords:
                assert {"long_name", "units"} <= set(ds[variable].attrs), term


def test_no_level_has_a_standard_name_that_is_none(opened: Opener) -> None:
    for name in ("hybrid-5002", "hybrid-5003", "hybrid-5004", "hybrid-5005", "hybrid-5100"):
        names = {v.attrs.get("standard_name") for v in variables(opened(name)).values()}
        assert "atmosphere_hybrid_sigma_ln_pressure_coordinate" not in names


def test_sleve_levels_have_the_terms_of_cf(opened: Opener) -> None:
    ds = opened("hybrid-21003")
    (level,) = [c for c in ds["TT"].coords.values() if "formula_terms" in c.attrs]
    assert level.attrs["standard_name"] == "atmosphere_sleve_coordinate"
    words = level.attrs["formula_terms"].replace(": ", ":").split()
    terms = dict(word.split(":") for word in words)
    assert list(terms) == ["a", "b1", "b2", "ztop", "zsurf1", "zsurf2"]
    assert set(terms.values()) <= set(ds.variables)


@pytest.mark.parametrize(
    "name", ["surface", "masked", "hours", "diagnostic", "accumulations", "kinds", "types"]
)
def test_units_are_those_of_udunits(name: str, opened: Opener) -> None:
    units = {v.attrs.get("units", "1") for v in variables(opened(name)).values()}
    assert not units & RAW_UNITS
    assert all(text.isascii() and " or " not in text for text in units)


def test_flags_are_of_the_type_of_their_variable(opened: Opener) -> None:
    mask = opened("masked", masks="separate")["TM_mask"]
    assert np.asarray(mask.attrs["flag_values"]).dtype == mask.dtype


def test_terms_are_those_of_the_same_run(opened: Opener) -> None:
    ds = opened(golden("vertical/xdf-vertical.fst"))
    for name in ("TT_V5005", "TT_V5100", "TT_V21001", "TT_V21002", "TT_V21001_SLEVE"):
        (level,) = [c for c in ds[name].coords.values() if "formula_terms" in c.attrs]
        words = level.attrs["formula_terms"].replace(": ", ":").split()
        fields = {word.split(":")[1] for word in words} & set(ds.data_vars)
        assert fields
        assert all(field.split("_", 1)[1] == name.split("_", 1)[1] for field in fields)


def test_a_standard_name_that_needs_terms_has_them(opened: Opener) -> None:
    for name in ("kinds", "no-p0", "hybrid-1001", "hybrid-5001", "hybrid-21001"):
        for variable in variables(opened(name)).values():
            if "computed_standard_name" in variable.attrs:
                assert variable.attrs["formula_terms"]


def test_coordinates_have_no_fill_value(opened: Opener) -> None:
    ds = opened("hours", bounds=True)
    for name in (*ds.coords, *(n for n in ds.data_vars if str(n).endswith("_bnds"))):
        assert ds[name].encoding.get("_FillValue", 0) is None, name


def test_a_grid_mapping_has_a_name_for_people(opened: Opener) -> None:
    assert "long_name" in mapping_of(opened("rotated"), "TT")


def test_numbered_levels_have_units(opened: Opener) -> None:
    ds = opened("surface")
    assert ds["sfclevel"].attrs["units"] == "1"
    assert ds["sfclevel"].dtype.kind == "i"
    bounds = ds[ds["soil_depth"].attrs["bounds"]]
    assert not {"units", "long_name"} & set(bounds.attrs)


def test_an_axis_of_ip3_says_so(opened: Opener) -> None:
    ds = opened("accumulations")
    (name,) = [d for d in ds["QQQ"].dims if str(d).startswith("ip3")]
    assert ds[name].dtype.kind == "i"
    assert "long_name" in ds[name].attrs
    assert any("QQQ" in message for message in opened.told)


@pytest.mark.parametrize("subgrid", ["axis", "stack", "yin", "yang"])
def test_a_grid_mapping_is_one_variable(subgrid: str, opened: Opener) -> None:
    ds = opened([golden(name) for name in YIN_YANG], subgrid=subgrid)
    for da in ds.data_vars.values():
        named = da.attrs.get("grid_mapping")
        assert named is None or named in ds.variables


def test_a_dataset_says_what_it_is(opened: Opener) -> None:
    ds = opened(golden(GEM[1]))
    assert ds.attrs["Conventions"].startswith("CF-1.11")
    assert ds["TT"].attrs["standard_name"] == "air_temperature"
    assert mapping_of(ds, "TT")["earth_radius"] == RADIUS
    assert {"grid_north_pole_latitude", "grid_north_pole_longitude"} <= set(mapping_of(ds, "TT"))


def test_a_grid_has_well_known_text_on_request(opened: Opener) -> None:
    pyproj = pytest.importorskip("pyproj", reason="an extra: fst24[geo]")
    attrs = mapping_of(opened("rotated", crs_wkt=True), "TT")
    assert pyproj.CRS.from_wkt(attrs["crs_wkt"]) == pyproj.CRS.from_cf(attrs)


def lengths(ds: Any, name: str) -> Any:
    """Hours between the bounds of the time of a variable; None where it has none."""
    time = ds[name].coords[ds[name].dims[0]]
    bounds = time.attrs.get("bounds") or time.encoding.get("bounds")
    if bounds is None:
        return None
    ends = ds[bounds].values
    return ((ends[..., 1] - ends[..., 0]) / np.timedelta64(1, "h")).tolist()


@pytest.mark.parametrize(("name", "hours"), [("RN", [6, 12]), ("FRMM", [3, 3])])
def test_accumulations_have_methods_and_bounds(name: str, hours: list[int], opened: Opener) -> None:
    ds = opened("accumulations", variables=[name])
    assert ds[name].attrs["cell_methods"] == "time: sum"
    assert lengths(ds, name) == hours


def test_bounds_are_right_for_those_who_claim_them(opened: Opener) -> None:
    ds = opened("accumulations")
    known = {"RN": [6, 12], "FRMM": [3, 3], "PR": [[1, 3, 6], [1, 3, 6]]}
    claimed = [name for name in known if "cell_methods" in ds[name].attrs]
    assert claimed
    for name in claimed:
        assert lengths(ds, name) == known[name]


def test_series_of_stations_are_a_discrete_sampling_geometry(opened: Opener) -> None:
    ds = opened("series")
    assert ds.attrs["featureType"] == "timeSeriesProfile"
    (names,) = [c for c in ds.coords.values() if c.attrs.get("cf_role") == "timeseries_id"]
    assert names.dims == ("station_id",)
    assert ds["station"].values.tolist() == ["TORONTO", "MONTREAL", "ALERT"]
    assert ds["TT"].dims == ("station_id", "time", "level_t")
    assert ds["lat"].dims == ds["lon"].dims == ("station_id",)


def test_masks_are_linked(opened: Opener) -> None:
    ds = opened("masked", masks="separate")
    named = ds["TM"].attrs["ancillary_variables"]
    mask = ds[named]
    assert mask.attrs["flag_meanings"] == "masked valid"
    assert list(mask.attrs["flag_values"]) == [0, 1]
    assert int((mask == 0).sum()) == 6
    assert not np.isnan(ds["TM"].values).any()


def test_a_mesh_is_described_for_ugrid(opened: Opener) -> None:
    ds = opened("mesh")
    assert ds["TT"].dims == ("time", "nNodes")
    assert "UGRID-1.0" in ds.attrs["Conventions"]
    mesh = ds[ds["TT"].attrs["mesh"]]
    assert mesh.attrs["cf_role"] == "mesh_topology"
    faces = ds[mesh.attrs["face_node_connectivity"]]
    assert faces.attrs["start_index"] == 0
    assert faces.values.tolist() == [[0, 1, 2], [1, 3, 2], [1, 4, 3]]


# ------------------------------------------------------------------- 11.4 and 11.5: how it works


class Counting(io.BytesIO):
    """Bytes that count how many of them were read."""

    n_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.n_read += len(found)
        return found

    def readinto(self, buffer: Any, /) -> int:
        n = super().readinto(buffer)
        self.n_read += n
        return n


def large(out: files.Out) -> None:
    """Accumulations whose length could be guessed from values."""
    out.shape = (300, 200)
    for hour in (6, 12):
        for ip3 in (1, 3, 6):
            out.field("PR", hour=hour, ip3=ip3)
            out.field("QQQ", hour=hour, ip3=ip3)


def test_other_versions_of_a_run_are_no_members(
    made: Callable[[files.Maker], Path], opened: Opener
) -> None:
    def versions(out: files.Out) -> None:
        out.field("TT", etiket="GEM4")
        out.field("TT", etiket="GEM5")

    ds = opened(made(versions))
    assert sorted(map(str, ds.data_vars)) == ["TT_GEM4", "TT_GEM5"]


def test_a_name_that_is_not_there_is_told(opened: Opener) -> None:
    opened("hours", variables=["TT", "ZZ"])
    (message,) = opened.told
    assert "ZZ" in message


def test_no_value_is_read_to_make_a_dataset(
    made: Callable[[files.Maker], Path], opened: Opener
) -> None:
    stored = Counting(made(large).read_bytes())
    ds = opened(stored)
    assert stored.n_read < 4 * 300 * 200
    ds["PR"].load()
    assert stored.n_read > 6 * 4 * 300 * 200


def test_arrays_are_lazy_without_dask(opened: Opener) -> None:
    ds = opened(golden(GEM[0]))
    fields = [da for da in ds.data_vars.values() if "rlat" in da.dims]
    assert len(fields) == 11
    assert all(not da.variable._in_memory for da in fields)
    assert all(da.chunks is None for da in fields)


def test_bytes_are_opened(opened: Opener) -> None:
    ds = opened(golden(GEM[0]).read_bytes())
    xr.testing.assert_identical(ds.load(), opened(golden(GEM[0])).load())


def test_files_of_both_containers_are_one_dataset(opened: Opener) -> None:
    ds = opened([golden(name) for name in GEM])
    time = ds["TT"].dims[0]
    assert ds["TT"].sizes[time] == 3
    with fst24.open(golden(GEM[1])) as f:
        tt = f.find(nomvar="TT")
        assert tt is not None
        mine = ds["TT"].sel({time: "2024-05-17T15:00"})
        assert (mine.values.reshape(-1, tt.nj, tt.ni) == tt.data.T).all(axis=(1, 2)).any()


def only_places(out: files.Out) -> None:
    """Fields LA and LO and nothing else."""
    out.field("LA")
    out.field("LO")


def test_a_file_of_positions_alone_keeps_them(
    made: Callable[[files.Maker], Path], opened: Opener
) -> None:
    ds = opened(made(only_places))
    found = [v for v in ds.variables.values() if v.shape[-2:] == (5, 6)]
    assert len(found) == 2
    assert {float(v.values.max()) for v in found} == {4096 + 261, 8192 + 261}


def test_a_mask_alone_is_a_variable_of_flags(opened: Opener) -> None:
    ds = opened("lone-mask")
    (name,) = ds.data_vars
    assert ds[name].attrs["flag_meanings"] == "masked valid"
    assert int((ds[name] == 0).sum()) == 5


def test_the_diagnostic_level_is_dropped_without_a_table(opened: Opener) -> None:
    ds = opened("no-table", diag="drop")
    np.testing.assert_allclose(ds["TT"].level.values, [0.5, 0.9, 0.995])


def test_missing_levels_do_not_split_a_variable(opened: Opener) -> None:
    ds = opened("incomplete")
    assert list(ds.data_vars) == ["TT"]
    assert ds["TT"].shape == (2, 3, 5, 6)
    assert np.isnan(ds["TT"].values[1, 0]).all()
    assert not np.isnan(ds["TT"].values[0]).any()
    (message,) = opened.told
    assert "TT" in message
