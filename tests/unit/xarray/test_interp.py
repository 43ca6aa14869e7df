"""``.fst24.interp_to`` and ``.fst24.sel_points``."""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

import fst24
import fst24.xarray
from tests.support.placed import coords_of, dataset, plain, polar, rotated, smooth

if TYPE_CHECKING:
    from fst24.grid import Grid

GOLDEN = "tests/golden/grids/rsf-grids.fst"


def golden(etiket: str) -> Grid:
    with fst24.open(GOLDEN) as f:
        record = f.find(etiket=etiket)
        assert record is not None
        return f.grid(record)


@pytest.mark.parametrize("method", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("target", [rotated(), polar("N", 10)])
def test_a_smooth_field_is_itself_on_another_grid(method: str, target: Grid) -> None:
    source = dataset(plain(360, 181), TT=smooth(plain(360, 181)))
    found = source.fst24.interp_to(dataset(target, MG=smooth(target)), method=method)
    assert list(found.data_vars) == ["TT"]
    assert found.TT.dims == dataset(target, MG=smooth(target)).MG.dims
    atol = {"nearest": 0.02, "linear": 1e-4, "cubic": 1e-6}[method]
    assert np.allclose(found.TT, smooth(target), atol=atol)


def test_the_result_has_the_coordinates_of_the_target_and_no_others() -> None:
    target = dataset(rotated(), MG=smooth(rotated()))
    source = dataset(polar(), TT=smooth(polar()))
    found = source.fst24.interp_to(target)
    assert set(found.coords) == set(target.coords)
    for name in ("rlat", "rlon", "lat", "lon"):
        xr.testing.assert_identical(
            found[name].reset_coords(drop=True), target[name].reset_coords(drop=True)
        )
    assert found.crs.attrs == target.crs.attrs
    assert found.TT.attrs["grid_mapping"] == "crs"


def test_leading_dimensions_and_scalars_are_kept() -> None:
    grid = rotated()
    values = smooth(grid) * np.arange(1, 7).reshape(3, 2, 1, 1)
    ds = dataset(grid, leading={"time": [1, 2, 3], "level": [10, 20]}, TT=values)
    ds = ds.assign_coords(reftime=7).transpose("rlon", "time", "rlat", "level")
    found = ds.fst24.sel_points([45, 46], [275, 276], "linear")
    assert found.TT.dims == ("time", "level", "point")
    assert found.level.values.tolist() == [10, 20]
    assert int(found.reftime) == 7
    ratio = found.TT / found.TT.isel(time=0, level=0)
    assert np.allclose(ratio.isel(point=1), [[1, 2], [3, 4], [5, 6]])


def test_points_are_labelled() -> None:
    ds = dataset(plain(), TT=smooth(plain()))
    found = ds.fst24.sel_points([45.5, 49.0], [-73.6, 237.0], names=["Montréal", "Vancouver"])
    assert found.lat.values.tolist() == [45.5, 49.0]
    assert found.lon.values.tolist() == [-73.6, 237.0]
    assert float(found.TT.sel(point="Vancouver")) == float(found.TT[1])
    assert "crs" not in found.coords
    assert "grid_mapping" not in found.TT.attrs


def test_one_position_is_a_list_of_one() -> None:
    ds = dataset(plain(), TT=smooth(plain()))
    assert ds.fst24.sel_points(90, 0).TT.sizes == {"point": 1}


def test_outside_of_the_grid_is_nan() -> None:
    ds = dataset(rotated(), TT=smooth(rotated()))
    found = ds.fst24.sel_points([45, -45], [275, 95])
    assert np.isnan(found.TT.values).tolist() == [False, True]


def test_every_point_finds_itself() -> None:
    grid = golden("U-YINYANG")
    core = grid.core().T.reshape(2, grid.nj // 2, grid.ni)
    values = np.arange(grid.ni * grid.nj, dtype=np.float32).reshape(core.shape)
    ds = dataset(grid, TT=values)
    lat, lon = (ds[name].values[core] for name in ("lat", "lon"))
    assert np.array_equal(ds.TT.fst24.sel_points(lat, lon).values, values[core])


def test_panels_of_yin_yang_are_one_grid() -> None:
    grid, target = golden("U-YINYANG"), plain(24, 13)
    found = dataset(grid, TT=smooth(grid)).fst24.interp_to(
        dataset(target, X=smooth(target)), "cubic"
    )
    assert found.TT.dims == ("lat", "lon")
    assert np.allclose(found.TT, smooth(target), atol=2e-3)


def test_a_part_of_a_grid_is_a_grid() -> None:
    ds = dataset(rotated(), TT=smooth(rotated())).isel(rlat=slice(2, 9), rlon=slice(4, 15))
    lat, lon = float(ds.lat[3, 4]), float(ds.lon[3, 4])
    assert float(ds.fst24.sel_points(lat, lon).TT[0]) == float(ds.TT[3, 4])
    assert ds.fst24.grid.shape == (11, 7)


def test_float32_stays_and_integers_become_reals() -> None:
    grid = plain()
    ds = dataset(grid, A=smooth(grid).astype(np.float32), B=np.ones(grid.shape[::-1], np.int16))
    found = ds.fst24.sel_points(10, 20)
    assert (found.A.dtype, found.B.dtype) == (np.float32, np.float64)


def test_dask_arrays_stay_lazy() -> None:
    grid = plain(36, 19)
    ds = dataset(grid, leading={"time": [1, 2, 3]}, TT=np.stack([smooth(grid)] * 3))
    lazy = ds.chunk(time=1, lat=5)
    for found, wanted in (
        (
            lazy.fst24.sel_points([1, 2], [3, 4], "linear"),
            ds.fst24.sel_points([1, 2], [3, 4], "linear"),
        ),
        (
            lazy.fst24.interp_to(dataset(rotated(), X=smooth(rotated()))),
            ds.fst24.interp_to(dataset(rotated(), X=smooth(rotated()))),
        ),
    ):
        assert found.TT.chunks is not None
        assert found.TT.chunks[0] == (1, 1, 1)
        xr.testing.assert_identical(found.compute(), wanted)


def test_a_graph_can_be_sent() -> None:
    grid = plain()
    lazy = dataset(grid, TT=smooth(grid)).chunk(lat=5).fst24.sel_points(1, 2)
    again = pickle.loads(pickle.dumps(lazy.TT.data.dask))  # noqa: S301 - of this process
    assert len(again) == len(lazy.TT.data.dask)


def test_variables_without_a_grid_are_as_they_were() -> None:
    grid = plain()
    ds = dataset(grid, TT=smooth(grid))
    ds["a"] = ("level", [1.0, 2.0])
    found = ds.fst24.sel_points(1, 2)
    assert list(found.data_vars) == ["TT", "a"]
    assert found.a.variable.identical(ds.a.variable)


def test_positions_that_are_missing_have_no_value() -> None:
    found = dataset(plain(), TT=smooth(plain())).fst24.sel_points([1, np.nan], [2, 3], "linear")
    assert np.isnan(found.TT.values).tolist() == [False, True]


def test_a_target_may_be_a_grid() -> None:
    source = dataset(plain(360, 181), TT=smooth(plain(360, 181)))
    found = source.fst24.interp_to(rotated())
    assert found.TT.dims == ("rlat", "rlon")
    assert np.allclose(found.TT, smooth(rotated()), atol=1e-4)
    assert found.fst24.grid == rotated()
    assert found.TT.attrs["grid_mapping"] == "crs"
    panels = source.fst24.interp_to(golden("U-YINYANG"))
    assert panels.TT.dims == ("subgrid", "rlat", "rlon")
    assert panels.fst24.grid == golden("U-YINYANG")


# --------------------------------------------------------------------------------------- wind


def eastward(grid: Grid, speed: float = 10.0) -> xr.Dataset:
    u, v = grid.rotate_wind(np.full(grid.shape, speed), np.zeros(grid.shape), to="grid")
    return dataset(grid, UU=u.T, VV=v.T)


@pytest.mark.parametrize("target", [rotated(), polar("N", 10), plain()])
def test_winds_turn_to_the_axes_of_the_target(target: Grid) -> None:
    source = eastward(polar("N", 80))
    found = source.fst24.interp_to(eastward(target), "nearest")
    wanted = eastward(target)
    there = np.isfinite(found.UU.values)
    assert there.any()
    assert np.allclose(found.UU.values[there], wanted.UU.values[there], atol=1e-5)
    assert np.allclose(found.VV.values[there], wanted.VV.values[there], atol=1e-5)


def test_winds_at_points_are_eastward_and_northward() -> None:
    found = eastward(rotated()).fst24.sel_points([44, 46], [274, 277], "linear")
    assert np.allclose(found.UU, 10, atol=1e-6)
    assert np.allclose(found.VV, 0, atol=1e-6)
    assert found.UU.attrs["standard_name"] == "eastward_wind"
    assert found.VV.attrs["standard_name"] == "northward_wind"


def test_one_component_alone_is_warned_of() -> None:
    with pytest.warns(fst24.Fst24Warning, match="UU keeps the direction of the axes of its grid"):
        eastward(rotated()).UU.fst24.sel_points(44, 274)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eastward(plain()).UU.fst24.sel_points(44, 274)


# --------------------------------------------------------------------------------- bad input


def test_names_are_as_many_as_positions() -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="1 names for 2 positions"):
        dataset(plain(), TT=smooth(plain())).fst24.sel_points([1, 2], 3, names=["a"])


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="nearest, linear, cubic"):
        dataset(plain(), TT=smooth(plain())).fst24.sel_points(1, 2, "spline")


@pytest.mark.parametrize("make", [xr.DataArray, lambda a: xr.Dataset({"A": (("y", "x"), a)})])
def test_what_is_on_no_grid_is_refused(make: Any) -> None:
    with pytest.raises(fst24.Fst24Error, match=r"no latitudes and longitudes|no variable of the"):
        make(np.ones((2, 3))).fst24.sel_points(1, 2)


def test_a_target_without_places_is_refused() -> None:
    source = dataset(plain(), TT=smooth(plain()))
    with pytest.raises(fst24.InvalidArgumentError, match="the target has no coordinates"):
        source.fst24.interp_to(xr.Dataset({"A": (("y", "x"), np.ones((2, 3)))}))


def test_a_target_may_have_nothing_but_latitudes_and_longitudes() -> None:
    target = xr.Dataset(
        coords={k: v for k, v in coords_of(rotated()).items() if k in ("lat", "lon")}
    )
    source = dataset(plain(360, 181), TT=smooth(plain(360, 181)))
    assert np.allclose(source.fst24.interp_to(target).TT, smooth(rotated()), atol=1e-4)


@pytest.mark.filterwarnings("ignore:.*positions of fields are not known")
def test_fields_on_any_grids_of_one_dataset_are_found() -> None:
    lat, lon = [44.0, 31.0], [-78.0, -95.0]
    with fst24.open(GOLDEN) as f, fst24.to_xarray(GOLDEN) as ds:
        found = ds.fst24.sel_points(lat, lon, "nearest")
        records = {f"FLD_{r.etiket}".replace("-", "_"): r for r in f.iter_records(nomvar="FLD")}
        n_found = 0
        for name, record in records.items():
            if name in ("FLD_T_STEREO", "FLD_X_NONE"):
                continue
            wanted = f.grid(record).interp(record.data, lat, lon, method="nearest")
            assert np.array_equal(found[name].values.ravel(), wanted, equal_nan=True), name
            n_found += int(np.isfinite(wanted).any())
        assert n_found > 15
