"""`grid_of`: where the points of any Dataset are."""

from __future__ import annotations

import math
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import fst24
from fst24.grid import Grid, decode, encode
from fst24.xarray import to_xarray
from fst24.xarray._back_frames import rotation_of
from fst24.xarray._place import grid_of, placed
from tests.conftest import golden
from tests.support import cf

if TYPE_CHECKING:
    from pathlib import Path

#: A grid is in the order of the Dataset: its rows may fall, which L cannot.
SORTED = {"regular, north to south, west of Greenwich": "<Grid Z on L 20x5>"}
SORTED["0 to 180 and -180 to 0"] = "<Grid Z on L 4x3>"


@pytest.mark.parametrize("kind", cf.KINDS)
def test_the_grid_is_where_the_coordinates_are(kind: str) -> None:
    ds, name = cf.KINDS[kind]
    grid = grid_of(ds)
    assert repr(grid) == SORTED.get(kind, name)
    lat, lon = cf.positions(ds)
    held = grid.latlon()
    assert cf.apart((held.lat.T, held.lon.T), (lat, lon)) < 2e-5


@pytest.mark.parametrize("kind", cf.KINDS)
def test_points_in_the_order_of_files_are_the_same_points(kind: str) -> None:
    ds, name = cf.KINDS[kind]
    found = placed(ds, "TT", northward=True)
    assert repr(found.grid) == name
    lat, lon = cf.positions(ds)
    for axis, dim in enumerate(found.dims if len(found.dims) > 1 else ()):
        order = found.order.get(dim, np.arange(ds.sizes[dim]))
        lat, lon = np.take(lat, order, axis), np.take(lon, order, axis)
    held = found.grid.latlon()
    assert cf.apart((held.lat.T, held.lon.T), (lat, lon)) < 2e-5
    if found.grid.is_separable:
        assert (np.diff(found.grid.latlon(dims=1).lat) > 0).all()


@pytest.mark.parametrize("file", ["grids/xdf-grids.fst", "model/gem-2024051712_006.fst"])
def test_without_what_was_kept_positions_are_the_same(file: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fst24.Fst24Warning)
        ds = to_xarray(golden(file)).load()
    n = 0
    for name in ds.data_vars:
        one = ds[[name]]
        where = [c for c in one[name].coords if str(c).rstrip("0123456789") in ("lat", "lon")]
        if len(where) < 2 or any(str(dim).startswith("subgrid") for dim in one[name].dims):
            continue
        lat, lon = (one[c].load() for c in sorted(map(str, where)))
        for variable in one.variables.values():
            variable.encoding.pop("fst24", None)
        grid = grid_of(one)
        both = np.meshgrid(lat, lon, indexing="ij") if lat.dims != lon.dims else (lat, lon)
        held = grid.latlon()
        shape = np.shape(both[0])
        mine = (held.lat.T.reshape(shape), held.lon.T.reshape(shape))
        assert cf.apart(mine, both) < 2e-4, name  # single precision of axes of the file
        n += 1
    assert n >= 10


def test_a_kept_grid_is_given_as_it_is(gem: Path) -> None:
    with fst24.open(gem) as f:
        tt = f.find(nomvar="TT")
        assert tt is not None
        ds, grid = to_xarray(f), f.grid(tt)
        assert grid_of(ds) is grid
        assert grid_of(ds["TT"]) is grid


def test_a_kept_grid_that_no_longer_fits_is_not_taken(gem: Path) -> None:
    with fst24.open(gem) as f:
        ds = to_xarray(f, variables=["TT"])
        part = ds.isel(rlat=slice(3, 20), rlon=slice(1, 42, 2))
        moved = ds.assign_coords(rlon=ds["rlon"] + 5).drop_vars(["lat", "lon"])
        whole = f.grid(f[3])
    grid = grid_of(part)
    assert (grid.grtyp, grid.ref_grtyp, grid.ref_ig) == ("Z", "E", whole.ref_ig)
    assert grid.shape == (21, 17)
    held = grid.latlon()
    assert cf.apart(held, [c[1:42:2, 3:20] for c in whole.latlon()]) < 1e-12
    assert grid.ax is not None
    assert whole.ax is not None
    assert np.array_equal(grid.ax, whole.ax[1:42:2])  # the very values
    assert grid.ig[:2] != whole.ig[:2]
    turned = Grid(
        "Z", *whole.shape, ax=whole.ax + 5, ay=whole.ay, ref_grtyp="E", ref_ig=whole.ref_ig
    )
    assert cf.apart(grid_of(moved).latlon(), turned.latlon()) < 1e-5


def test_panels_are_the_kept_grid_and_each_of_them_is_one() -> None:
    with fst24.open(golden("model/yy-2024051712_000.fst")) as f:
        ds, grid = to_xarray(f), f.grid(f[2])
        assert grid_of(ds) is grid
        assert grid_of(to_xarray(f, subgrid="stack")) == grid
        for k, panel in enumerate(grid.panels):
            assert grid_of(ds.isel(subgrid=k)) == panel


def test_equal_grids_have_equal_tags_and_others_have_others() -> None:
    a, b, c = (grid_of(cf.rotated(turn=turn)) for turn in (0.0, 0.0, 1.0))
    assert a == b
    assert a.ig == b.ig
    assert a.ig[:2] != c.ig[:2]
    assert all(1024 <= part < 2**16 for part in a.ig[:2])


def test_codes_of_a_model_are_found_again_from_the_mapping_alone(gem: Path) -> None:
    with fst24.open(gem) as f:
        whole = f.grid(f[3])
        ds = to_xarray(f, variables=["TT"], rlon="file").load()
    for variable in ds.variables.values():
        variable.encoding.clear()
    assert grid_of(ds).ref_ig == whole.ref_ig


@settings(deadline=None, max_examples=60)
@given(lat=st.floats(-89.9, 90), lon=st.floats(-180, 360), turn=st.floats(-180, 180))
def test_a_rotation_is_held_or_it_is_said_how_far_points_move(
    lat: float, lon: float, turn: float
) -> None:
    ds = cf.rotated(lat, lon, turn)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        held = grid_of(ds).latlon()
    off = cf.apart((held.lat.T, held.lon.T), cf.positions(ds))
    if told:  # codes hold few circles near meridians
        said = re.search(r"up to ([0-9.e-]+) degrees", str(told[0].message))
        assert said is not None
        assert off <= 1.1 * float(said[1]) < 0.03
    else:
        assert off < 2e-4


def test_the_frame_of_the_mapping_is_that_of_the_codes() -> None:
    codes = encode("E", lat1=45, lon1=270, lat2=46, lon2=0)
    mapping = Grid("Z", 2, 2, (1, 2, 0, 0), ax=[0, 1], ay=[0, 1], ref_grtyp="E", ref_ig=codes).crs
    x, _, z = rotation_of(mapping)
    point = decode("E", *codes)
    lat, lon = math.radians(point["lat1"]), math.radians(point["lon1"])
    one = [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)]
    assert np.allclose(-x, one)
    assert np.allclose(np.dot(z, one), 0)


# ------------------------------------------------------------------------ how they are found


def test_coordinates_are_found_by_attributes_whatever_their_names() -> None:
    ds = cf.rotated().rename({"rlat": "a", "rlon": "b", "crs": "c"})
    ds["TT"].attrs["grid_mapping"] = "c"
    assert grid_of(ds) == grid_of(cf.rotated())


def test_names_do_where_there_are_no_attributes() -> None:
    ds = xr.Dataset(coords={"latitude": [10.0, 11.0], "longitude": [20.0, 21.0]})
    assert grid_of(ds) == Grid("L", 2, 2, encode("L", lat0=10, lon0=20, dlat=1, dlon=1))


def test_kilometres_are_metres() -> None:
    ds = cf.polar()
    km = ds.assign_coords(
        {d: (d, ds[d].values / 1000, {**ds[d].attrs, "units": "km"}) for d in "yx"}
    )
    assert cf.apart(grid_of(km).latlon(), grid_of(ds).latlon()) < 1e-9


def test_the_extended_form_of_a_mapping_is_read() -> None:
    ds = cf.rotated()
    ds["TT"].attrs["grid_mapping"] = "crs: rlat rlon"
    assert grid_of(ds) == grid_of(cf.rotated())


def test_a_mapping_that_xarray_moved_to_the_encoding_is_found() -> None:
    ds = cf.rotated()
    ds["TT"].encoding["grid_mapping"] = ds["TT"].attrs.pop("grid_mapping")
    assert grid_of(ds) == grid_of(cf.rotated())


def test_a_dataarray_brings_its_coordinates() -> None:
    ds = cf.rotated().set_coords("crs")
    assert grid_of(ds["TT"]) == grid_of(ds)


def test_latitudes_that_contradict_the_mapping_win_and_it_is_said() -> None:
    ds = cf.rotated()
    lat, lon = cf.positions(ds)
    ds = ds.assign_coords(
        lat=(("rlat", "rlon"), lat + 1, cf.NORTH), lon=(("rlat", "rlon"), lon, cf.EAST)
    )
    with pytest.warns(fst24.Fst24Warning, match="differ by 1 degrees"):
        grid = grid_of(ds)
    assert grid.grtyp == "X"


def test_2d_latitudes_that_are_rows_make_axes() -> None:
    flat = cf.on_latlon([40.0, 41, 43], [10.0, 11, 12, 14])
    lat, lon = np.meshgrid(flat["lat"], flat["lon"], indexing="ij")
    ds = xr.Dataset(
        {"TT": (("y", "x"), flat["TT"].values)},
        coords={"lat": (("y", "x"), lat, cf.NORTH), "lon": (("y", "x"), lon, cf.EAST)},
    )
    assert grid_of(ds) == grid_of(flat)


# ------------------------------------------------------------------------------------ refusals


def refused(ds: xr.Dataset, kind: type[Exception], match: str, **kwargs: Any) -> None:
    with pytest.raises(kind, match=match):
        grid_of(ds, **kwargs)


def test_another_projection_is_refused_and_the_way_out_is_named() -> None:
    ds = cf.polar()
    ds["crs"].attrs["grid_mapping_name"] = "lambert_conformal_conic"
    refused(ds, fst24.UnsupportedError, "TT: .*lambert_conformal_conic.*interpolate")


def test_a_projection_with_2d_positions_is_a_mesh_of_points() -> None:
    ds = cf.polar()
    lat, lon = cf.positions(ds)
    ds["crs"].attrs["grid_mapping_name"] = "lambert_conformal_conic"
    ds = ds.assign_coords(lat=(("y", "x"), lat, cf.NORTH), lon=(("y", "x"), lon, cf.EAST))
    grid = grid_of(ds)
    assert grid.grtyp == "X"
    assert cf.apart([c.T for c in grid.latlon()], (lat, lon)) < 1e-9


def test_an_ellipsoid_is_refused() -> None:
    ds = cf.polar(semi_major_axis=6378137.0, inverse_flattening=298.257)
    refused(ds, fst24.UnsupportedError, "TT: .*ellipsoid")


def test_a_dataset_without_positions_is_refused() -> None:
    ds = xr.Dataset({"TT": (("a", "b"), np.zeros((2, 3)))})
    refused(ds, fst24.UnsupportedError, "degrees_north")


def test_unordered_rows_are_refused_with_the_way_out() -> None:
    ds = cf.on_latlon([10.0, 30, 20], [1.0, 2])
    refused(ds, fst24.InvalidArgumentError, r"ds\.sortby\('lat'\)")
    assert placed(ds, "TT", northward=True).order["lat"].tolist() == [0, 2, 1]


def test_a_place_that_is_there_twice_is_refused() -> None:
    ds = cf.on_latlon([10.0, 20, 10], [1.0, 2])
    with pytest.raises(fst24.InvalidArgumentError, match="TT: lat holds 10 twice"):
        placed(ds, "TT", northward=True)


def test_variables_on_several_grids_need_a_choice() -> None:
    ds = cf.on_latlon([10.0, 20], [1.0, 2]).rename(TT="A")
    other = cf.rotated()
    both = ds.merge(other)
    refused(both, fst24.InvalidArgumentError, "TT on others: give var=")
    assert grid_of(both, var="TT").ref_grtyp == "E"
    refused(both, fst24.InvalidArgumentError, "no variable 'XX'", var="XX")


def test_what_is_no_dataset_is_a_type_error() -> None:
    refused(np.zeros(3), TypeError, "not of ndarray")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"), [("grid_north_pole_latitude", None), ("grid_north_pole_latitude", "x")]
)
def test_a_bad_mapping_names_what_is_wrong(name: str, value: object) -> None:
    ds = cf.rotated()
    ds["crs"].attrs.pop(name)
    if value is not None:
        ds["crs"].attrs[name] = value
    refused(ds, fst24.InvalidArgumentError, f"TT: .*{name}")


@given(
    lat0=st.integers(-9000, 8000),
    lon0=st.integers(-18000, 18000),
    step=st.integers(1, 300),
    single=st.booleans(),
)
def test_hundredths_of_degrees_are_a_grid_l(lat0: int, lon0: int, step: int, single: bool) -> None:
    kind = np.float32 if single else np.float64
    n = min(4, 1 + (9000 - lat0) // step)
    if n < 2:
        return
    lat = ((lat0 + step * np.arange(n)) / 100).astype(kind)
    lon = ((lon0 + step * np.arange(5)) / 100).astype(kind)
    ds = cf.on_latlon(lat, lon)
    grid = grid_of(ds)
    assert grid.grtyp in "LAB"
    assert cf.apart([c.T for c in grid.latlon()], cf.positions(ds)) < 2e-5
