"""``ds.fst24`` and ``da.fst24`` as such."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr

import fst24
from fst24.xarray._pressure import height, pressure
from tests.support.placed import dataset, plain, polar, rotated, smooth

if TYPE_CHECKING:
    from pathlib import Path

    from fst24.grid import Grid


@pytest.mark.parametrize("grid", [rotated(), polar(), plain()])
def test_the_grid_is_where_the_points_are(grid: Grid) -> None:
    ds = dataset(grid, TT=smooth(grid))
    for found in (ds.fst24.grid, ds.TT.fst24.grid):
        assert found.shape == grid.shape
        lat, lon = found.latlon()
        wanted = grid.latlon()
        assert np.allclose(lat, wanted.lat)
        assert np.allclose(np.cos(np.radians(lon - wanted.lon)), 1)


def test_the_grid_is_made_once() -> None:
    ds = dataset(rotated(), TT=smooth(rotated()))
    assert ds.fst24.grid is ds.fst24.grid


def test_the_grid_of_a_part_is_that_part() -> None:
    ds = dataset(rotated(), TT=smooth(rotated()))
    part = ds.isel(rlat=slice(2, 8), rlon=slice(1, 20, 2))
    lat, _ = part.fst24.grid.latlon()
    assert np.allclose(lat.T, part.lat)
    near = ds.sel(rlat=slice(-3, 3))
    assert near.fst24.grid.nj == near.sizes["rlat"]


@pytest.mark.parametrize(
    ("grid", "name"),
    [(polar(), "Polar Stereographic"), (rotated(), "Pole rotation"), (plain(), "")],
)
def test_the_crs_is_that_of_pyproj(grid: Grid, name: str) -> None:
    pytest.importorskip("pyproj")
    crs = dataset(grid, TT=smooth(grid)).fst24.crs
    assert crs.to_cf()["grid_mapping_name"] == grid.crs["grid_mapping_name"]
    method = crs.coordinate_operation.method_name if crs.coordinate_operation else ""
    assert method.startswith(name)


def test_without_pyproj_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyproj", None)
    with pytest.raises(ImportError, match=r"fst24\[geo\]"):
        _ = dataset(plain(), TT=smooth(plain())).fst24.crs


def test_a_dataset_on_no_grid_says_so() -> None:
    with pytest.raises(fst24.UnsupportedError, match="no latitudes and longitudes"):
        _ = xr.Dataset({"A": (("y", "x"), np.ones((2, 3)))}).fst24.grid


def test_a_dataset_on_several_grids_names_them() -> None:
    ds = dataset(polar(), TT=smooth(polar()))
    ds["GZ"] = xr.DataArray(
        smooth(plain()),
        dims=("latitude", "longitude"),
        coords=dict(zip(("latitude", "longitude"), plain().latlon(dims=1), strict=True)),
    )
    with pytest.raises(fst24.InvalidArgumentError, match=r"TT on <Grid N.*, GZ on <Grid L"):
        _ = ds.fst24.grid
    assert ds.GZ.fst24.grid.shape == plain().shape


MODEL = "tests/golden/model/gem-2024051712_003.fst"


def test_pressure_and_height_are_those_of_the_levels() -> None:
    with fst24.to_xarray(MODEL) as ds:
        found = ds.fst24.pressure("TT")
        assert found.sizes == ds.TT.sizes
        xr.testing.assert_identical(found, pressure(ds, "TT"))
        assert np.allclose(ds.fst24.pressure("TT", unit="Pa"), 100 * found)
        other = ds.fst24.pressure("TT", P0=500.0)
        assert float(other.max()) < 0.6 * float(found.max())
        xr.testing.assert_identical(ds.fst24.height("height"), height(ds, "height"))


def test_a_dataset_goes_back_into_a_file(tmp_path: Path) -> None:
    with fst24.to_xarray(MODEL, variables=["P0"]) as ds:
        ds.fst24.to_fst(tmp_path / "p0.fst")
        with fst24.open(tmp_path / "p0.fst") as f:
            record = f.find(nomvar="P0")
            assert record is not None
            assert np.allclose(record.data.T, ds.P0[0])


def test_another_grid_goes_into_a_file(tmp_path: Path) -> None:
    """What is kept of the old grid does not come along."""
    target = plain()
    with fst24.to_xarray(MODEL, variables=["P0"]) as ds:
        moved = ds.fst24.interp_to(target, "nearest")
    moved.fst24.to_fst(tmp_path / "p0.fst")
    with fst24.open(tmp_path / "p0.fst") as f:
        record = f.find(nomvar="P0")
        assert record is not None
        assert (record.ni, record.nj) == target.shape
        assert np.array_equal(f.grid(record).latlon(), target.latlon())
        assert record.etiket == "G5V12N"
