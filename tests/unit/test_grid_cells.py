"""Cells of grids, winds along their axes, values between their points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fst24
from fst24.grid import Grid, encode

IDENTITY = encode("L", lat0=0, lon0=0, dlat=1, dlon=1)
ROTATION = encode("E", lat1=31.75, lon1=267.6, lat2=33.1, lon2=273.625)
POLAR = {"pi": 4.3, "pj": 16.7, "d60": 100_000, "dgrw": 21}
SPHERE = 4 * np.pi
UNEVEN = np.array([0.0, 1, 3, 4, 6, 9, 11, 12])


def on_latlon(ax: Any, ay: Any) -> Grid:
    return Grid("Z", len(ax), len(ay), ax=ax, ay=ay, ref_grtyp="L", ref_ig=IDENTITY)


def on_rotated(ax: Any, ay: Any) -> Grid:
    return Grid("Z", len(ax), len(ay), ax=ax, ay=ay, ref_grtyp="E", ref_ig=ROTATION)


def as_mesh(grid: Grid) -> Grid:
    lat, lon = grid.latlon()
    return Grid("O", *grid.shape, ax=lon, ay=lat, ref_grtyp="L", ref_ig=IDENTITY)


def limited() -> list[Grid]:
    """A grid of each frame; none has a pole on a point."""
    rotated = on_rotated(170 + UNEVEN, UNEVEN - 5)
    return [
        Grid("L", 12, 9, encode("L", lat0=-10, lon0=350, dlat=2, dlon=2.5)),
        Grid("N", 12, 9, encode("N", **POLAR)),
        Grid("S", 12, 9, encode("S", **POLAR)),
        rotated,
        as_mesh(rotated),
    ]


NAMES = ["L", "N", "S", "rotated", "mesh"]
LIST = Grid("Y", 3, 1, ax=[1, 2, 3], ay=[1, 2, 3], ref_grtyp="L", ref_ig=IDENTITY)

# ------------------------------------------------------------------------------------ cells


@pytest.mark.parametrize("grid", limited(), ids=NAMES)
def test_corners_are_half_way_between_points(grid: Grid) -> None:
    lat, lon = grid.bounds()
    assert lat.shape == lon.shape == (*grid.shape, 4)
    i, j = np.meshgrid(*(np.arange(float(n)) for n in grid.shape), indexing="ij")
    for corner, (dx, dy) in enumerate([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]):
        there = grid.latlon_at(i + dx, j + dy)
        np.testing.assert_allclose(lat[..., corner], there.lat, atol=1e-9)
        np.testing.assert_allclose(np.cos(np.radians(lon[..., corner] - there.lon)), 1, atol=1e-12)


@pytest.mark.parametrize("grtyp", "ABGE")
def test_cells_of_a_global_grid_cover_the_sphere(grtyp: str) -> None:
    grid = Grid(grtyp, 25, 16, ROTATION if grtyp == "E" else (0, 0, 0, 0))
    assert (grid.area(radius=1) * grid.core()).sum() == pytest.approx(SPHERE, rel=1e-12)
    assert np.abs(grid.bounds().lat).max() <= 90


@pytest.mark.parametrize("grtyp", "ABG")
@pytest.mark.parametrize("hemisphere", [1, 2])
@pytest.mark.parametrize("north_to_south", [0, 1])
def test_cells_of_a_hemisphere_end_at_the_equator(
    grtyp: str, hemisphere: int, north_to_south: int
) -> None:
    grid = Grid(grtyp, 25, 16, (hemisphere, north_to_south, 0, 0))
    assert (grid.area(radius=1) * grid.core()).sum() == pytest.approx(SPHERE / 2, rel=1e-12)
    ends = sorted(grid.edges().y[[0, -1]])
    assert ends == ([0, 90] if hemisphere == 1 else [-90, 0])


def test_cells_of_an_uneven_grid_that_goes_around_meet_at_the_seam() -> None:
    grid = on_latlon([0, 50, 120, 170, 260, 300], [-80, -20, 10, 70])
    x, y, units = grid.edges()
    assert units == "degrees"
    assert x[-1] - x[0] == pytest.approx(360)
    assert y.tolist() == [-90, -50, -5, 40, 90]
    assert grid.area(radius=1).sum() == pytest.approx(SPHERE, rel=1e-12)


@pytest.mark.parametrize("grtyp", ["N", "S"])
def test_the_area_of_a_polar_cell_is_that_of_its_corners(grtyp: str) -> None:
    grid = Grid(grtyp, 12, 9, encode(grtyp, **POLAR))
    # Sides are circles, not great circles: small cells hardly differ.
    np.testing.assert_allclose(grid.area(), as_mesh(grid).area(), rtol=2e-3)


def test_the_area_of_a_mesh_is_that_of_the_grid_it_was_made_of() -> None:
    grid = on_rotated(np.linspace(170, 190, 81), np.linspace(-10, 10, 81))
    np.testing.assert_allclose(as_mesh(grid).area(), grid.area(), rtol=1e-4)


def test_lists_of_points_have_no_cells() -> None:
    for ask in (LIST.bounds, LIST.area, LIST.edges):
        with pytest.raises(fst24.UnsupportedError):
            ask()


# ------------------------------------------------------------------------------------ winds


@pytest.mark.parametrize("grid", limited(), ids=NAMES)
def test_the_x_axis_points_where_the_next_column_is(grid: Grid) -> None:
    x, y = np.random.default_rng(1).uniform(1, 6, (2, 50))
    lat, lon = grid.latlon_at(x, y)
    beside = grid.latlon_at(x + 1e-4, y)
    east = ((beside.lon - lon + 180) % 360 - 180) * np.cos(np.radians(lat))
    north = beside.lat - lat
    cosines, sines = grid.directions(x, y)
    length = np.hypot(east, north)
    np.testing.assert_allclose(cosines, east / length, atol=2e-3)
    np.testing.assert_allclose(sines, north / length, atol=2e-3)


@pytest.mark.parametrize(("grtyp", "sign"), [("N", 1), ("S", -1)])
def test_winds_of_polar_grids_follow_the_format_page(grtyp: str, sign: int) -> None:
    grid = Grid(grtyp, 12, 9, encode(grtyp, **POLAR))
    u, v = np.random.default_rng(2).normal(size=(2, *grid.shape))
    angle = np.degrees(np.arctan2(v, u))
    lon = grid.latlon().lon
    wind_from = (lon if sign == 1 else 180 - lon) + POLAR["dgrw"] - angle  # 7.9
    speed = np.hypot(u, v)
    east, north = grid.rotate_wind(u, v)
    np.testing.assert_allclose(east, -speed * np.sin(np.radians(wind_from)), atol=1e-12)
    np.testing.assert_allclose(north, -speed * np.cos(np.radians(wind_from)), atol=1e-12)


def test_winds_come_back_from_geographic_ones() -> None:
    grid = on_rotated(170 + UNEVEN, UNEVEN - 5)
    u, v = np.random.default_rng(3).normal(size=(2, *grid.shape, 4))
    back = grid.rotate_wind(*grid.rotate_wind(u, v), to="grid")
    np.testing.assert_allclose(back, (u, v), atol=1e-12)
    with pytest.raises(fst24.InvalidArgumentError, match="'geographic' or 'grid'"):
        grid.rotate_wind(u, v, to="north")  # type: ignore[arg-type]


def test_winds_of_separable_grids_stay_as_they_are() -> None:
    u, v = np.ones((25, 16)), np.zeros((25, 16))
    assert np.array_equal(Grid("G", 25, 16, (0, 1, 0, 0)).rotate_wind(u, v), (u, v))


# ---------------------------------------------------------------------------- interpolation


@pytest.mark.parametrize("method", ["linear", "cubic"])
@pytest.mark.parametrize("grid", limited(), ids=NAMES)
def test_what_is_linear_in_the_grid_comes_out_exactly(grid: Grid, method: Any) -> None:
    x, y = np.random.default_rng(4).uniform(0, 1, (2, 200))
    x, y = x * (grid.ni - 1), y * (grid.nj - 1)
    field: Any
    if grid.has_axes:
        axes = grid.axes()
        field = 3 * axes.x[:, None] - axes.y
        wanted = 3 * np.interp(x, range(grid.ni), axes.x) - np.interp(y, range(grid.nj), axes.y)
    else:
        field = 3.0 * np.arange(grid.ni)[:, None] - np.arange(grid.nj)
        wanted = 3 * x - y
    got = grid.interp(field, *grid.latlon_at(x, y), method=method)
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-7 * np.abs(field).max())


def test_a_cubic_on_uneven_axes_comes_out_exactly() -> None:
    grid = on_latlon(UNEVEN, UNEVEN - 6)
    lon, lat = np.random.default_rng(5).uniform(0, 12, (2, 200))
    lat -= 6

    def cubic(lat: Any, lon: Any) -> Any:
        return lon**3 - 5 * lon**2 * lat + lat**3 - 7

    field = cubic(*grid.latlon())
    np.testing.assert_allclose(
        grid.interp(field, lat, lon, method="cubic"), cubic(lat, lon), rtol=1e-9, atol=1e-8
    )


@pytest.mark.parametrize("grtyp", "ABGE")
@pytest.mark.parametrize("method", ["nearest", "linear", "cubic"])
def test_a_global_grid_has_a_value_everywhere(grtyp: str, method: Any) -> None:
    grid = Grid(grtyp, 73, 36, ROTATION if grtyp == "E" else (0, 0, 0, 0))
    rng = np.random.default_rng(6)
    lat, lon = np.degrees(np.arcsin(rng.uniform(-1, 1, 2000))), rng.uniform(-180, 540, 2000)
    lat[:2] = 90, -90

    def smooth(lat: Any, lon: Any) -> Any:
        lat, lon = np.radians(lat), np.radians(lon)
        return np.sin(lat) + np.cos(lat) * np.cos(lon)

    got = grid.interp(smooth(*grid.latlon()), lat, lon, method=method)
    assert (
        np.abs(got - smooth(lat, lon)).max()
        < {"nearest": 0.1, "linear": 0.01, "cubic": 0.01}[method]
    )


@pytest.mark.parametrize("grid", limited(), ids=NAMES)
def test_there_is_nothing_outside_of_a_limited_area(grid: Grid) -> None:
    field = np.random.default_rng(8).normal(size=grid.shape)
    methods: list[Any] = ["nearest", "linear", "cubic"]
    for method in methods:
        at = grid.latlon_at([-0.6, 3], [3, grid.nj - 0.4])
        assert np.isnan(grid.interp(field, *at, method=method)).all()
        assert np.array_equal(grid.interp(field, *grid.latlon(), method=method), field)


def test_a_missing_point_spoils_only_what_it_has_a_part_in() -> None:
    grid = on_latlon(np.arange(8.0), np.arange(8.0))
    field = np.ones((8, 8))
    field[3, 3] = np.nan
    assert grid.interp(field, 2.0, [2.5, 3.0]).tolist() == [1, 1]
    assert np.isnan(grid.interp(field, 2.5, 3.0))
    assert grid.interp(field, 2.6, 3.0, method="nearest") != 1
    assert np.isnan(grid.interp(field, 4.5, 3.5, method="cubic"))


def test_levels_and_types_of_a_field_stay() -> None:
    grid = on_latlon(np.arange(8.0), np.arange(5.0))
    field = np.random.default_rng(7).normal(size=(8, 5, 3)).astype(np.float32)
    got = grid.interp(field, np.array([[1.0, 2], [3, 4]]), 2.0)
    assert got.shape == (2, 2, 3)
    assert got.dtype == np.float32
    assert np.array_equal(got[1, 0], field[2, 3])
    assert grid.interp(field[..., 0].astype(np.int32), 1, 1).dtype == np.float64
    with pytest.raises(fst24.InvalidArgumentError, match=r"shape \(5, 8\)"):
        grid.interp(field[..., 0].T, 1, 1)
    with pytest.raises(fst24.InvalidArgumentError, match="nearest, linear, cubic"):
        grid.interp(field, 1, 1, method="quintic")  # type: ignore[arg-type]


def test_a_list_knows_the_nearest_only() -> None:
    field = np.array([[10.0], [20], [30]])
    assert LIST.interp(field, [0, 5], [0, 5], method="nearest").tolist() == [10, 30]
    with pytest.raises(fst24.UnsupportedError, match="only the nearest"):
        LIST.interp(field, 1, 1)


def test_panels_give_one_view_of_the_sphere() -> None:
    ax, ay = np.linspace(40.5, 319.5, 94), np.linspace(-49.5, 49.5, 34)
    words: list[float] = [70, 1, 2, 1, 1]
    for angles in ((31.76, 267.6, 33.1, 273.63), (-31.76, 87.6, 54.66, 116.8)):
        words += [94, 34, 40.5, 319.5, -49.5, 49.5, *angles, *ax, *ay]
    grid = Grid("U", 94, 68, ax=words)
    lat, lon = np.meshgrid(np.linspace(-90, 90, 61), np.linspace(0, 360, 91))
    got = grid.interp(np.sin(np.radians(grid.latlon().lat)), lat, lon)
    assert np.abs(got - np.sin(np.radians(lat))).max() < 1e-3
    cosines, sines = grid.directions()
    one = grid.panels[1].directions()
    assert np.array_equal((cosines[:, 34:], sines[:, 34:]), one)


def test_positions_that_were_found_once_serve_many_fields() -> None:
    grid = Grid("A", 36, 18)
    field = np.stack([grid.latlon().lat, grid.latlon().lon], axis=-1)
    lat, lon = np.array([[1.5, 20.0], [-33.0, 80.0]]), np.array([[3.0, 40.0], [100.0, 200.0]])
    for method in ("nearest", "linear", "cubic"):
        found = grid.interp_at(field, *grid.xy(lat, lon), method=method)
        assert found.shape == (2, 2, 2)
        assert np.array_equal(found, grid.interp(field, lat, lon, method=method))
    assert float(grid.interp_at(field[..., 0], 3, 4)) == field[3, 4, 0]
