"""Horizontal coordinates: grids, panels, tiles, meshes, masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from tests.support.records import make_file

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

GRIDS = "tests/golden/grids/xdf-grids.fst"
PANELS = "tests/golden/model/yy-2024051712_000.fst"
MODEL = "tests/golden/model/gem-2024051712_000.fst"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.fst"


def golden_names() -> list[str]:
    with fst24.open(GRIDS) as file:
        fields = file.read_records(skip_descriptors=True)
    # Of T and of an X without axes nothing is known; tiles are tested together.
    return sorted({one.etiket for one in fields if one.grtyp not in "T#"} - {"X-NONE"})


def positions(variable: xr.DataArray) -> tuple[Any, Any]:
    """Latitudes and longitudes of all points of a variable, in its shape."""
    lat, lon = (
        next(variable[c] for c in variable.coords if str(c).startswith(n)) for n in ("lat", "lon")
    )
    if lat.ndim == 1 and lat.dims != lon.dims:
        return np.meshgrid(lat.values, lon.values, indexing="ij")
    return lat.values, lon.values


@pytest.mark.filterwarnings("ignore:.*positions of fields:fst24.Fst24Warning")
@pytest.mark.parametrize("etiket", golden_names())
def test_positions_of_a_field_are_those_of_its_grid(etiket: str) -> None:
    with fst24.open(GRIDS) as file:
        records = file.read_records(etiket=etiket, skip_descriptors=True)
        expected = file.grid(records[0]).latlon()
        found = file.to_xarray(records=records[:1])
        variable = next(iter(found.data_vars.values()))
        lat, lon = positions(variable)
        assert lat.ravel() == pytest.approx(expected.lat.T.ravel(), abs=1e-9)
        turned = (lon.ravel() - expected.lon.T.ravel() + 180) % 360 - 180
        assert np.abs(turned).max() < 1e-9
        assert np.array_equal(variable.values.ravel(), records[0].data.T.ravel(), equal_nan=True)


def test_rotated_axes_and_their_mapping_give_the_positions() -> None:
    pyproj = pytest.importorskip("pyproj")
    found = fst24.to_xarray(MODEL, variables="P0")
    crs = pyproj.CRS.from_cf(found.crs.attrs)
    plain = {"grid_mapping_name": "latitude_longitude", "earth_radius": 6371000.0}
    to_plain = pyproj.Transformer.from_crs(crs, pyproj.CRS.from_cf(plain), always_xy=True)
    lon, lat = to_plain.transform(*np.meshgrid(found.rlon.values, found.rlat.values))
    assert lat == pytest.approx(found.lat.values, abs=1e-6)
    assert ((lon - found.lon.values + 180) % 360 - 180) == pytest.approx(0, abs=1e-6)


def test_rotated_longitudes_are_counted_from_the_meridian_of_the_rotation() -> None:
    adjusted = fst24.to_xarray(MODEL, variables="P0")
    stored = fst24.to_xarray(MODEL, variables="P0", rlon="file")
    assert adjusted.crs.attrs["north_pole_grid_longitude"] == 0
    assert -180 <= adjusted.rlon.min() <= adjusted.rlon.max() <= 180
    offset = stored.crs.attrs["north_pole_grid_longitude"]
    turned = (stored.rlon.values - offset - adjusted.rlon.values + 180) % 360 - 180
    assert turned == pytest.approx(0, abs=1e-9)


def test_positions_are_worked_out_when_they_are_wanted() -> None:
    found = fst24.to_xarray(MODEL)
    assert not found.lat._in_memory
    assert found.lat.isel(rlat=3, rlon=4).shape == ()


@pytest.mark.parametrize("coords", ["1d", "none"])
def test_positions_of_all_points_may_be_left_out(coords: str) -> None:
    found = fst24.to_xarray(MODEL, coords=coords)
    assert "lat" not in found.coords
    assert found.P0.dims == ("time", "rlat", "rlon")


def test_panels_are_a_dimension() -> None:
    found = fst24.to_xarray(PANELS)
    assert found.P0.dims == ("time", "subgrid", "rlat", "rlon")
    with fst24.open(PANELS) as file:
        record = file.find(nomvar="P0")
        assert record is not None
        rows = record.data.T
    assert np.array_equal(found.P0.values[0], rows.reshape(2, -1, rows.shape[1]))


@pytest.mark.parametrize(("number", "name"), [(0, "yin"), (1, "yang")])
def test_one_panel_alone_has_its_own_mapping(number: int, name: str) -> None:
    both, one = fst24.to_xarray(PANELS), fst24.to_xarray(PANELS, subgrid=name)
    assert one.P0.dims == ("time", "rlat", "rlon")
    assert np.array_equal(one.P0.values, both.P0.values[:, number])
    assert np.array_equal(one.lat.values, both.lat.values[number])
    assert one.crs.attrs["grid_mapping_name"] == "rotated_latitude_longitude"


def test_panels_may_be_stacked() -> None:
    both, stacked = fst24.to_xarray(PANELS), fst24.to_xarray(PANELS, subgrid="stack")
    assert stacked.P0.dims == ("time", "y", "x")
    assert np.array_equal(stacked.P0.values.ravel(), both.P0.values.ravel())


@pytest.mark.parametrize("coords", ["1d", "2d"])
def test_bounds_enclose_the_points(coords: str) -> None:
    found = fst24.to_xarray(MODEL, variables="P0", bounds=True, coords=coords)
    assert found.rlat.attrs["bounds"] == "rlat_bnds"
    for axis in ("rlat", "rlon"):
        low, high = found[f"{axis}_bnds"].values.T
        assert (low < found[axis].values).all()
        assert (found[axis].values < high).all()
    if coords == "2d":
        assert found.lat_bnds.shape == (*found.lat.shape, 4)


def test_tiles_are_one_field(path: Path) -> None:
    with fst24.open(GRIDS) as source, fst24.open(path, "w") as file:
        tiles = source.read_records(grtyp="#")
        for record in source.read_records(ip1=tiles[0].ig1, ip2=tiles[0].ig2):
            file.write(record)
        for record in tiles:
            file.write(record, etiket="TILED", ip1=0)
    with fst24.open(path) as file:
        expected = fst24.grid.assemble(file.read_records(grtyp="#"))
        found = file.to_xarray()
        assert found.FLD.dims == ("time", "rlat", "rlon")
        assert np.array_equal(found.FLD.values[0], expected.data.T, equal_nan=True)
        part = found.FLD.isel(time=0, rlat=slice(2, 9), rlon=[1, 20]).values
        assert np.array_equal(part, expected.data.T[2:9][:, [1, 20]], equal_nan=True)
        lat = expected.grid.latlon().lat.T
        assert np.array_equal(found.lat.values, lat)


def test_fields_without_known_positions_are_told_of_by_name(path: Path) -> None:
    make_file(path, [{"grtyp": "Z", "ig1": 1, "ig2": 2, "ig3": 3}, {"nomvar": "UU"}])
    with pytest.warns(fst24.Fst24Warning, match="not known.*TT: 1 records, first record 0"):
        found = fst24.to_xarray(path)
    assert found.TT.dims == ("time", "j", "i")
    assert found.UU.dims == ("time", "lat", "lon")


def test_two_tags_of_one_grid_are_one_grid(path: Path) -> None:
    axes = {"grtyp": "L", "dateo": 0, "deet": 0, "typvar": "X"}
    records: list[dict[str, Any]] = []
    for tag in (1, 2):
        for nomvar, values in ((">>", [10.0, 11.0, 13.0]), ("^^", [40.0, 42.0])):
            data = np.array(values, np.float32)
            data = data[:, None] if nomvar == ">>" else data[None, :]
            field = {"nomvar": nomvar, "ip1": tag, "data": np.asfortranarray(data)}
            records.append({**axes, **field})
        field = {"grtyp": "Z", "ig1": tag, "ig2": 0, "ig3": 0, "ig4": 0}
        records.append({"nomvar": f"V{tag}", **field})
    make_file(path, records)
    found = fst24.to_xarray(path)
    assert found.V1.dims == found.V2.dims == ("time", "lat", "lon")
    assert (found.lon.values - 280).tolist() == [10, 11, 13]


def test_levels_within_records_of_points_are_a_dimension(path: Path) -> None:
    axes = {"typvar": "X", "grtyp": "L", "ip1": 1, "ip2": 2, "ip3": 3, "dateo": 0, "deet": 0}
    axes |= {"ig1": 100, "ig2": 100, "ig3": 9000, "ig4": 0}
    points = np.arange(4, dtype=np.float32)[:, None]
    values = np.arange(12, dtype=np.float32).reshape(4, 1, 3)
    field = {"grtyp": "Y", "ig1": 1, "ig2": 2, "ig3": 3, "data": values}
    both = [{**axes, "nomvar": name, "data": points} for name in (">>", "^^")]
    make_file(path, [*both, field])
    found = fst24.to_xarray(path).TT
    assert found.dims == ("time", "k", "i")
    assert np.array_equal(found.values[0], values[:, 0].T)


# ------------------------------------------------------------------------------------- masks


def masked(path: Path) -> Path:
    mask = np.array([[1, 0], [1, 1], [0, 1]], np.uint32, order="F")
    return make_file(
        path,
        [
            {"typvar": "P@"},
            {"typvar": "@@", "datyp": 2, "nbits": 1, "data": mask},
            {"nomvar": "UU"},
        ],
    )


def test_values_that_a_mask_leaves_out_are_nan(path: Path) -> None:
    found = fst24.to_xarray(masked(path))
    assert np.isnan(found.TT.values[0]).tolist() == [[False, False, True], [True, False, False]]
    assert set(found.data_vars) == {"TT", "UU"}


def test_masks_may_stay_variables_of_flags(path: Path) -> None:
    found = fst24.to_xarray(masked(path), masks="separate")
    assert set(found.data_vars) == {"TT", "TT_mask", "UU"}
    assert found.TT.attrs["ancillary_variables"] == "TT_mask"
    assert found.TT_mask.attrs["flag_values"].tolist() == [0, 1]
    assert not np.isnan(found.TT.values).any()


def test_a_field_whose_mask_is_missing_is_told_of(path: Path) -> None:
    mask = np.ones((3, 2), np.uint32, order="F")
    fields = {"typvar": "@@", "datyp": 2, "nbits": 1, "data": mask}
    make_file(path, [{"typvar": "P@"}, {"typvar": "P@", "hour": 6}, fields])
    with pytest.warns(fst24.Fst24Warning, match="no mask.*TT: 1 records, as 1"):
        fst24.to_xarray(path)


def test_axes_that_contradict_each_other_are_told_of(path: Path) -> None:
    with fst24.open(MODEL) as source, fst24.open(path, "w") as file:
        for record in source:
            file.write(record)
        across = source.find(nomvar=">>")
        assert across is not None
        file.write(across.data + 1, like=across)
    with pytest.warns(fst24.Fst24Warning, match=r"contradict each other.*>> with ip1"):
        fst24.to_xarray(path)
    with pytest.raises(fst24.CorruptFileError, match="contradict"):
        fst24.to_xarray(path, strict=True)
