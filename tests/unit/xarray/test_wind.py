"""``ds.fst24.wind``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

import fst24
import fst24.xarray
from tests.support.placed import dataset, plain, polar, rotated

if TYPE_CHECKING:
    from fst24.grid import Grid


def winds(grid: Grid, **leading: Any) -> xr.Dataset:
    """A wind that blows to the east at 10 knots everywhere."""
    shape = grid.shape[::-1]
    u, v = grid.rotate_wind(np.full(grid.shape, 10.0), np.zeros(grid.shape), to="grid")
    n = [len(one) for one in leading.values()]
    stack = (np.broadcast_to(a.T, (*n, *shape)).astype(np.float32) for a in (u, v))
    ds = dataset(grid, leading=leading, **dict(zip(("UU", "VV"), stack, strict=True)))
    for name, axis in (("UU", "x"), ("VV", "y")):
        ds[name].attrs |= {"units": "kt", "standard_name": f"{axis}_wind"}
    return ds


@pytest.mark.parametrize("grid", [rotated(), polar("N"), polar("S"), plain()])
def test_a_wind_to_the_east_comes_from_the_west(grid: Grid) -> None:
    found = winds(grid).fst24.wind()
    assert np.allclose(found.eastward_wind, 10, atol=1e-5)
    assert np.allclose(found.northward_wind, 0, atol=1e-5)
    assert np.allclose(found.wind_speed, 10, atol=1e-5)
    assert np.allclose(found.wind_from_direction, 270, atol=1e-4)


@pytest.mark.parametrize(
    ("u", "v", "direction"),
    [(0, -5, 0), (-5, 0, 90), (0, 5, 180), (5, 0, 270), (-3, -3, 45), (0, 0, 0)],
)
def test_directions_are_where_the_wind_comes_from(u: float, v: float, direction: float) -> None:
    grid = plain(4, 3)
    ds = dataset(grid, UU=np.full((3, 4), u, np.float32), VV=np.full((3, 4), v, np.float32))
    assert np.allclose(ds.fst24.wind().wind_from_direction, direction)


def test_a_direction_is_below_360() -> None:
    grid = plain(4, 3)
    u = np.full((3, 4), np.float32(1e-9))
    ds = dataset(grid, UU=u, VV=np.full((3, 4), np.float32(-1)))
    assert float(ds.fst24.wind().wind_from_direction.max()) == 0


def test_what_is_missing_stays_missing() -> None:
    ds = winds(plain(4, 3))
    ds.UU[0, 0] = np.nan
    found = ds.fst24.wind()
    assert np.isnan(found.wind_speed[0, 0])
    assert np.isnan(found.wind_from_direction[0, 0])
    assert int(found.wind_from_direction.isnull().sum()) == 1


def test_units_and_names_are_those_of_cf() -> None:
    found = winds(rotated()).fst24.wind()
    assert {
        name: (one.attrs["standard_name"], one.attrs["units"]) for name, one in found.items()
    } == {
        "eastward_wind": ("eastward_wind", "kt"),
        "northward_wind": ("northward_wind", "kt"),
        "wind_speed": ("wind_speed", "kt"),
        "wind_from_direction": ("wind_from_direction", "degree"),
    }
    assert found.wind_speed.attrs["grid_mapping"] == "crs"
    assert found.wind_speed.dtype == np.float32


def test_components_of_the_earth_are_not_turned_twice() -> None:
    ds = winds(rotated())
    earth = ds.fst24.wind()
    again = earth.fst24.wind("eastward_wind", "northward_wind")
    xr.testing.assert_identical(again, earth)


def test_components_go_back_to_the_axes_of_the_grid() -> None:
    ds = winds(rotated())
    back = ds.fst24.wind().fst24.wind("eastward_wind", "northward_wind", to="grid")
    assert np.allclose(back.x_wind, ds.UU, atol=1e-5)
    assert np.allclose(back.y_wind, ds.VV, atol=1e-5)
    assert np.allclose(back.wind_from_direction, 270, atol=1e-4)


def test_a_part_of_a_grid_is_turned_by_its_own_angles() -> None:
    ds = winds(rotated())
    whole = ds.fst24.wind()
    part = ds.isel(rlat=slice(3, 9), rlon=slice(5, None)).fst24.wind()
    wanted = whole.isel(rlat=slice(3, 9), rlon=slice(5, None))
    assert np.allclose(part.eastward_wind, wanted.eastward_wind, atol=1e-5)
    assert np.allclose(part.northward_wind, 0, atol=1e-4)


def test_dimensions_may_stand_in_any_order() -> None:
    ds = winds(rotated(), time=[1, 2, 3], level=[10, 20])
    turned = ds.transpose("rlon", "level", "rlat", "time").fst24.wind()
    assert turned.eastward_wind.dims == ("rlon", "level", "rlat", "time")
    assert np.allclose(turned.eastward_wind, 10, atol=1e-5)


def test_dask_arrays_stay_lazy() -> None:
    ds = winds(rotated(), time=[1, 2, 3]).chunk(time=1, rlat=5)
    found = ds.fst24.wind()
    assert all(one.chunks is not None for one in found.values())
    assert found.wind_speed.dtype == np.float32
    assert np.allclose(found.wind_from_direction.compute(), 270, atol=1e-4)


def test_both_panels_are_turned_each_by_its_own_frame() -> None:
    with fst24.open("tests/golden/grids/rsf-grids.fst") as f:
        record = f.find(etiket="U-YINYANG")
        assert record is not None
        grid = f.grid(record)
    u, v = grid.rotate_wind(np.full(grid.shape, 10.0), np.zeros(grid.shape), to="grid")
    found = dataset(grid, UU=u.T, VV=v.T).fst24.wind()
    assert found.eastward_wind.dims == ("subgrid", "rlat", "rlon")
    assert np.allclose(found.eastward_wind, 10)
    assert np.allclose(found.northward_wind, 0)


def test_a_missing_component_is_named() -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=r"no variable VT1 .* it has UU, VV"):
        winds(plain()).fst24.wind(v="VT1")


def test_components_on_different_levels_are_refused() -> None:
    ds = winds(rotated(), level=[1, 2])
    ds["VV"] = ds.VV.isel(level=0, drop=True)
    with pytest.raises(fst24.InvalidArgumentError, match="not at the same points"):
        ds.fst24.wind()


def test_an_unknown_aim_is_refused() -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="'earth' or 'grid'"):
        winds(plain()).fst24.wind(to="north")
