"""Maps: where cells, lines and barbs land, and in which colours."""

from __future__ import annotations

import importlib.util
import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
import fst24.xarray
from fst24.grid import Grid
from fst24.xarray import _cartopy, _coast, _plot
from fst24.xarray._frame import Frame, arc, map_grid
from tests.support.maps import drawn, golden, lines_of
from tests.support.placed import dataset, plain, polar, rotated, smooth

if TYPE_CHECKING:
    from pathlib import Path

HAS_CARTOPY = importlib.util.find_spec("cartopy") is not None
MONTREAL = 45.5, -73.6


# ------------------------------------------------------------------------------------ the plane

WITH_AXES = [
    *(
        "L-REGIONAL",
        "L-GLOBAL",
        "L-DATELINE",
        "N-POLAR",
        "N-NS",
        "S-POLAR",
        "A-GLOBAL",
        "A-FLIPPED",
    ),
    *("B-GLOBAL", "G-SOUTH", "E-ROTATED", "Z-ROTATED", "Z-STRETCHED", "Z-POLAR", "Z-POLAR-SOUT"),
    *("TILE-WEST", "TILE-EAST"),
]


@pytest.mark.parametrize("etiket", WITH_AXES)
def test_points_land_on_the_axes_and_come_back(etiket: str) -> None:
    grid = golden(etiket)
    frame = Frame(grid)
    i, j = np.meshgrid(np.arange(grid.ni), np.arange(grid.nj))
    lat, lon = grid.latlon_at(i, j)
    x, y = frame.project(lat, lon)
    inner = np.abs(lat) < 89.9  # a pole has any longitude
    once = inner & (i < (grid.period or grid.ni))  # and a repeated column is the first one
    assert np.allclose(x[once], frame.x[i[once]], atol=1e-6 * np.ptp(frame.x))
    assert np.allclose(y[inner], frame.y[j[inner]], atol=1e-6 * np.ptp(frame.y))
    back = frame.unproject(frame.x[i], frame.y[j])
    assert np.allclose(back.lat, lat)


@pytest.mark.parametrize("etiket", WITH_AXES)
def test_pyproj_puts_points_at_the_same_place(etiket: str) -> None:
    pyproj = pytest.importorskip("pyproj")
    grid = golden(etiket)
    sphere = pyproj.CRS.from_cf(
        {"grid_mapping_name": "latitude_longitude", "earth_radius": 6371000.0}
    )
    convert = pyproj.Transformer.from_crs(grid.to_pyproj(), sphere, always_xy=True)
    frame = Frame(grid)
    lon, lat = convert.transform(*np.meshgrid(frame.x, frame.y))
    ours = grid.latlon()
    turn = (lon - ours.lon.T + 180) % 360 - 180
    assert np.abs(lat - ours.lat.T).max() < 1e-10
    assert np.abs(turn * np.cos(np.radians(lat))).max() < 1e-10


@pytest.mark.skipif(not HAS_CARTOPY, reason="cartopy is not installed")
@pytest.mark.parametrize("etiket", WITH_AXES)
def test_cartopy_puts_points_at_the_same_place(etiket: str) -> None:
    import cartopy.crs as ccrs

    grid = golden(etiket)
    frame = Frame(grid)
    crs, shift = _cartopy.crs_of(frame)
    sphere = ccrs.PlateCarree(
        globe=ccrs.Globe(ellipse=None, semimajor_axis=6371000.0, semiminor_axis=6371000.0)
    )
    found = sphere.transform_points(crs, *np.meshgrid(frame.x - shift, frame.y))
    ours = grid.latlon()
    turn = (found[..., 0] - ours.lon.T + 180) % 360 - 180
    assert np.abs(found[..., 1] - ours.lat.T).max() < 1e-10
    assert np.abs(turn * np.cos(np.radians(ours.lat.T))).max() < 1e-10


def test_far_away_is_nowhere() -> None:
    x, _ = Frame(rotated()).project([45, -45], [275, 95])
    assert np.isnan(x).tolist() == [False, True]


def test_lines_are_broken_at_the_seam() -> None:
    x, y = Frame(plain()).project_lines([10.0, 10.0, 10.0], [350.0, 356.0, 2.0])
    assert np.array_equal(np.isnan(x), [False, True, False, False])
    assert len(x) == len(y)
    assert np.nanmax(np.abs(np.diff(x))) < 10


@pytest.mark.parametrize(
    ("lon", "ends"),
    [([350, 10], (-10, 10)), ([170, 190], (170, 190)), ([190, 200], (-170, -160)), ([5], (5, 5))],
)
def test_the_shortest_arc(lon: list[float], ends: tuple[float, float]) -> None:
    assert arc(lon) == pytest.approx(ends)


@pytest.mark.parametrize("projection", ["latlon", "north", "south"])
def test_a_map_of_a_region_holds_all_of_it(projection: Any) -> None:
    grid = rotated()
    target = map_grid(grid, projection)
    lat, lon = grid.latlon()
    x, y = target.xy(lat, lon)
    if projection == "south":  # as far as 20 degrees beyond the equator
        return
    assert -0.5 <= x.min() <= x.max() <= target.ni - 0.5
    assert -0.5 <= y.min() <= y.max() <= target.nj - 0.5
    assert np.ptp(x) > target.ni * 0.6 or np.ptp(y) > target.nj * 0.6


def test_a_global_map_reaches_the_poles() -> None:
    left, right, bottom, top = Frame(map_grid(golden("U-YINYANG"))).extent
    assert (left, right) == pytest.approx((-180, 180))
    assert (bottom, top) == pytest.approx((-90, 90))


def test_an_unknown_projection_is_refused() -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="'latlon', 'north', 'south' or a Grid"):
        drawn(rotated(), projection="mercator")


# ------------------------------------------------------------------------------------ the field


@pytest.mark.parametrize("etiket", WITH_AXES)
def test_every_cell_is_drawn_between_its_edges(etiket: str) -> None:
    grid = golden(etiket)
    values = np.arange(grid.ni * grid.nj, dtype=float).reshape(grid.shape[::-1])
    drawing = drawn(grid, values)
    mesh = drawing.artist
    assert np.array_equal(mesh.get_array().reshape(values.shape), values)
    corners = mesh.get_coordinates()
    x, y, _ = grid.edges()
    assert np.array_equal(corners[0, :, 0], x)
    assert np.array_equal(corners[:, 0, 1], y)
    assert drawing.ax.get_xlim() == (min(x[0], x[-1]), max(x[0], x[-1]))
    assert drawing.ax.get_ylim() == (min(y[0], y[-1]), max(y[0], y[-1]))


def colour_at(drawing: _plot.Map, lat: float, lon: float) -> float:
    """The value of the cell that is drawn over a place on a map of latitudes and longitudes."""
    left, right = drawing.ax.get_xlim()
    bottom, top = drawing.ax.get_ylim()
    values = drawing.artist.get_array()
    if values.ndim == 1:  # of a mesh
        rows, columns = (n - 1 for n in drawing.artist.get_coordinates().shape[:2])
        values = values.reshape(rows, columns)
    x = left + (lon - left) % 360
    row = int((lat - bottom) / (top - bottom) * values.shape[0])
    column = int((x - left) / (right - left) * values.shape[1])
    return float(values[row, column])


@pytest.mark.parametrize("etiket", ["U-YINYANG", "U-PLAIN"])
def test_panels_are_drawn_over_the_right_places(etiket: str) -> None:
    grid = golden(etiket)
    values = np.arange(grid.ni * grid.nj, dtype=float).reshape(grid.shape[::-1])
    drawing = drawn(grid, values)
    lat, lon = grid.latlon()
    core = grid.core()
    some = np.argwhere(core & (np.abs(lat) < 85))[:: max(1, core.sum() // 60)]
    for i, j in some:
        assert colour_at(drawing, lat[i, j], lon[i, j]) == values[j, i]


def polygons_at(drawing: _plot.Map, lon: float, lat: float) -> list[float]:
    """Values of the cells of a mesh that are drawn over a place."""
    paths = drawing.artist.get_paths()
    values = drawing.artist.get_array()
    return [float(v) for p, v in zip(paths, values, strict=True) if p.contains_point((lon, lat))]


def test_cells_of_a_mesh_are_drawn_between_their_corners() -> None:
    grid = golden("O-CURVILINEA")
    values = np.arange(grid.ni * grid.nj, dtype=float).reshape(grid.shape[::-1])
    drawing = drawn(grid, values)
    lat, lon = grid.latlon()
    for i, j in np.ndindex(grid.shape):
        assert polygons_at(drawing, lon[i, j] - 360, lat[i, j]) == [values[j, i]]
    x, y = (np.concatenate([p.vertices[:4, k] for p in drawing.artist.get_paths()]) for k in (0, 1))
    left, right = drawing.ax.get_xlim()
    bottom, top = drawing.ax.get_ylim()
    assert left <= x.min() < x.max() <= right
    assert bottom <= y.min() < y.max() <= top


def globe(ni: int = 36, nj: int = 17, west: float = 5.0) -> Grid:
    """A mesh of the whole globe, its seam anywhere."""
    lat, lon = np.meshgrid(np.linspace(-80, 80, nj), west + np.arange(ni) * 360 / ni)
    return Grid("X", ni, nj, ax=lon, ay=lat, ref_grtyp="L", ref_ig=(100, 100, 9000, 0))


@pytest.mark.parametrize("west", [0.0, 5.0, 100.0])
def test_cells_of_a_mesh_reach_over_the_seam(west: float) -> None:
    grid = globe(west=west)
    drawing = drawn(grid, np.arange(grid.ni * grid.nj, dtype=float).reshape(grid.shape[::-1]))
    for lon in (-179.9, -90.1, 0.1, 33.3, 179.9):
        found = polygons_at(drawing, lon, 11.0)
        column = round((lon - west) / 10) % 36
        assert {value % 36 for value in found} == {column}


def test_a_mesh_of_many_cells_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_plot, "_MOST_POLYGONS", 10)
    grid = globe()
    values = np.arange(grid.ni * grid.nj, dtype=float).reshape(grid.shape[::-1])
    drawing = drawn(grid, values)
    lat, lon = grid.latlon()
    for i, j in ((3, 5), (20, 11), (30, 8)):
        assert colour_at(drawing, lat[i, j], lon[i, j]) == values[j, i]


def test_both_panels_cover_the_globe() -> None:
    grid = golden("U-YINYANG")
    panel = np.repeat([0.0, 1.0], grid.nj // 2)[:, None] * np.ones(grid.ni)
    shown = drawn(grid, panel).artist.get_array()
    assert not np.ma.getmaskarray(shown).any()
    assert set(np.unique(shown)) == {0.0, 1.0}


def test_missing_cells_are_left_out() -> None:
    values = smooth(rotated())
    values[2, 3] = np.nan
    mask = np.ma.getmaskarray(drawn(rotated(), values).artist.get_array()).reshape(values.shape)
    assert np.argwhere(mask).tolist() == [[2, 3]]


def test_a_field_of_nothing_but_missing_points_is_drawn() -> None:
    drawing = drawn(rotated(), np.full(rotated().shape[::-1], np.nan))
    assert drawing.artist.get_clim() == (0, 1)


def test_points_are_drawn_where_they_are() -> None:
    grid = golden("Y-STATIONS")
    drawing = drawn(grid)
    at = drawing.artist.get_offsets()
    lat, lon = grid.latlon()
    assert np.allclose(at[:, 1], lat.ravel("F"))
    assert np.allclose((at[:, 0] - lon.ravel("F") + 180) % 360, 180)


def test_three_points_are_no_colour() -> None:
    points = dataset(rotated(), TT=smooth(rotated())).fst24.sel_points([44, 45, 46], 275.0)
    drawing = points.TT.fst24.plot(cartopy=False)
    assert np.array_equal(drawing.artist.get_array(), points.TT)
    assert np.allclose(drawing.artist.get_offsets()[:, 1], [44, 45, 46])


@pytest.mark.parametrize("kind", ["contour", "contourf"])
def test_contours_lie_where_the_values_are(kind: Any) -> None:
    grid = plain(72, 37)
    lat = np.broadcast_to(grid.latlon().lat.T, grid.shape[::-1])
    drawing = drawn(grid, np.array(lat), kind=kind, levels=[-45, 0, 45])
    assert list(drawing.artist.levels) == [-45, 0, 45]
    if kind == "contour":
        parallel = np.concatenate(drawing.artist.allsegs[2])
        assert np.allclose(parallel[:, 1], 45)
        # closed behind the last column
        assert np.ptp(parallel[:, 0]) == pytest.approx(360)


def test_contours_fill_the_map() -> None:
    grid = rotated()
    drawing = drawn(grid, kind="contourf")
    x, y, _ = grid.axes()
    assert drawing.ax.get_xlim() == (x[0], x[-1])
    assert drawing.ax.get_ylim() == (y[0], y[-1])


def test_contours_of_panels_are_smooth() -> None:
    grid = golden("U-YINYANG")
    drawing = drawn(grid, kind="contour", levels=[1.5])
    vertices = np.concatenate(drawing.artist.allsegs[0])
    lat, lon = np.radians(vertices[:, 1]), np.radians(vertices[:, 0])
    assert np.allclose(1 + np.cos(lat) * np.cos(lon), 1.5, atol=0.03)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="mesh, contour, contourf"):
        drawn(rotated(), kind="lines")


# ---------------------------------------------------------------------------------- colours


def test_wind_is_drawn_around_0_and_temperature_is_not() -> None:
    values = np.linspace(-3, 10, 280).reshape(14, 20)
    wind = drawn(rotated(), values, standard_name="x_wind").artist
    assert (wind.get_clim(), wind.get_cmap().name) == ((-10, 10), "RdBu_r")
    other = drawn(rotated(), values, standard_name="air_temperature").artist
    assert (other.get_clim(), other.get_cmap().name) == ((-3, 10), "viridis")


@pytest.mark.parametrize(
    ("options", "limits"),
    [
        ({"vmax": 5}, (-5, 5)),
        ({"vmin": -4}, (-4, 4)),
        ({"vmin": -1, "vmax": 2}, (-1, 2)),
    ],
)
def test_limits_that_are_given_hold(options: Any, limits: tuple[float, float]) -> None:
    values = np.linspace(-3, 10, 280).reshape(14, 20)
    assert drawn(rotated(), values, standard_name="y_wind", **options).artist.get_clim() == limits


def test_speed_and_direction_have_no_middle() -> None:
    values = np.linspace(0, 10, 280).reshape(14, 20)
    assert drawn(rotated(), values, standard_name="wind_speed").artist.get_clim() == (0, 10)
    direction = drawn(rotated(), values, standard_name="wind_from_direction").artist
    assert (direction.get_clim(), direction.get_cmap().name) == ((0, 360), "twilight")


def test_robust_limits_leave_outliers_out() -> None:
    values = np.linspace(0, 1, 280).reshape(14, 20)
    values[0, 0] = 1e6
    low, high = drawn(rotated(), values, robust=True).artist.get_clim()
    assert 0 < low < high < 1


def test_a_field_of_one_value_has_a_range() -> None:
    assert drawn(rotated(), np.full((14, 20), 7.0)).artist.get_clim() == (6.5, 7.5)


def test_colours_are_labelled_with_units() -> None:
    drawing = drawn(rotated())
    labels = {
        ax.get_xlabel() + ax.get_ylabel() for ax in drawing.figure.axes if ax is not drawing.ax
    }
    assert labels == {"\N{DEGREE SIGN}C"}
    assert len(drawn(rotated(), colorbar=False).figure.axes) == 1


# --------------------------------------------------------------------- shores and the graticule


def test_shores_are_on_the_map_where_they_are_on_the_earth(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[-85.0, 45.0], [-84.0, 45.5], [-83.0, 46.0]]}
    path = tmp_path / "line.geojson"
    path.write_text(json.dumps(line), encoding="utf-8")
    grid = rotated()
    drawing = drawn(grid, coastlines=path, gridlines=False)
    (found,) = lines_of(drawing)
    i, j = grid.xy([45, 45.5, 46], [-85, -84, -83])
    frame = Frame(grid)
    assert np.allclose(found[:3, 0], np.interp(i, range(grid.ni), frame.x))
    assert np.allclose(found[:3, 1], np.interp(j, range(grid.nj), frame.y))


def test_packaged_shores_are_those_of_the_earth() -> None:
    lat, lon = _coast.shores()
    assert np.array_equal(np.isnan(lat), np.isnan(lon))
    assert np.nanmin(lon) >= -180
    assert np.nanmax(lon) <= 180
    for place in (
        (41.7, -69.9),
        (51.4, -0.7 + 1.9),
        (-34.8, 20.0),
        (43.6, -79.4),
    ):  # a cape, a lake
        near = np.nanmin(np.hypot(lat - place[0], (lon - place[1]) * np.cos(np.radians(lat))))
        assert near < 0.35
    inland = np.nanmin(np.hypot(lat - 39, (lon + 98) * 0.78))  # Kansas
    assert inland > 5


def shapefile(path: Path) -> None:
    """Two parts of one line, and a point that is none."""
    points = struct.pack("<8d", -85, 45, -84, 46, 10, 20, 11, 21)
    line = struct.pack("<i4d4i", 3, -85, 20, 11, 46, 2, 4, 0, 2)[:52] + points
    dot = struct.pack("<i2d", 1, 5, 5)
    records = b"".join(
        struct.pack(">2i", k + 1, len(shape) // 2) + shape for k, shape in enumerate((dot, line))
    )
    header = struct.pack(">i", 9994) + bytes(20) + struct.pack(">i", 50 + len(records) // 2)
    path.write_bytes(header + struct.pack("<2i", 1000, 3) + bytes(64) + records)


def test_shapefiles_are_read(tmp_path: Path) -> None:
    shapefile(tmp_path / "a.shp")
    lat, lon = _coast.shores(tmp_path / "a.shp")
    assert np.array_equal(lat, [45, 46, np.nan, 20, 21, np.nan], equal_nan=True)
    assert np.array_equal(lon, [-85, -84, np.nan, 10, 11, np.nan], equal_nan=True)


def test_collections_and_polygons_are_read(tmp_path: Path) -> None:
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]},
        },
        {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Polygon", "coordinates": [ring, ring]},
        },
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [7, 7]}},
        {"type": "Feature", "properties": {}, "geometry": None},
    ]
    path = tmp_path / "a.json"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )
    lat, _ = _coast.shores(path)
    assert np.isnan(lat).sum() == 3
    assert np.nanmax(lat) == 1


@pytest.mark.parametrize(
    "content", ["{}", "no json", '{"type": "LineString", "coordinates": 5}', "[1]"]
)
@pytest.mark.parametrize("suffix", ["json", "shp"])
def test_other_files_are_refused(tmp_path: Path, content: str, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(fst24.InvalidArgumentError, match="neither GeoJSON nor a shapefile"):
        drawn(rotated(), coastlines=path)


def test_a_damaged_shapefile_is_refused_or_cut(tmp_path: Path) -> None:
    shapefile(tmp_path / "a.shp")
    content = (tmp_path / "a.shp").read_bytes()
    for size in range(len(content)):
        (tmp_path / "b.shp").write_bytes(content[:size])
        try:
            _coast.shores(tmp_path / "b.shp")
        except fst24.InvalidArgumentError:
            continue


def test_lines_may_be_left_out() -> None:
    assert lines_of(drawn(rotated(), coastlines=False, gridlines=False)) == []


def test_ticks_name_the_meridians_and_parallels_at_the_edges() -> None:
    grid = rotated()
    drawing = drawn(grid)
    frame = Frame(grid)
    left, _, bottom, _ = frame.extent
    labels = [
        (float(x), t.get_text())
        for x, t in zip(drawing.ax.get_xticks(), drawing.ax.get_xticklabels(), strict=True)
    ]
    assert len(labels) >= 3
    for x, text in labels:
        lon = float(frame.unproject(x, bottom).lon)
        assert text == f"{360 - lon:.0f}\N{DEGREE SIGN}W"
        assert lon == pytest.approx(round(lon), abs=0.01)
    for y, label in zip(drawing.ax.get_yticks(), drawing.ax.get_yticklabels(), strict=True):
        lat = float(frame.unproject(left, y).lat)
        assert label.get_text() == f"{lat:.0f}\N{DEGREE SIGN}N"
        assert lat == pytest.approx(round(lat), abs=0.01)


def test_the_graticule_of_a_polar_map_is_circles_and_rays() -> None:
    frame = Frame(polar())
    parallels = [np.hypot(x, y) for x, y in frame.graticule() if len(x) > 300]
    assert len(parallels) >= 3
    assert all(np.nanmax(r) - np.nanmin(r) < 1 for r in parallels)


# ----------------------------------------------------------------------------------------- barbs


def test_barbs_point_along_the_axes_of_the_map() -> None:
    grid = rotated()
    ones, zeros = np.ones(grid.shape[::-1]), np.zeros(grid.shape[::-1])
    drawing = drawn(grid, wind=_plot.Wind(20 * ones, zeros, grid, is_of_earth=False))
    (barbs,) = [c for c in drawing.ax.collections if hasattr(c, "flip")]
    assert np.allclose(barbs.u, 20)
    assert np.allclose(barbs.v, 0, atol=1e-9)
    frame = Frame(grid)
    assert set(barbs.x) <= set(frame.x)
    assert not np.asarray(barbs.flip).any()


def test_barbs_of_a_wind_of_the_earth_turn_with_the_map() -> None:
    grid = polar("S")
    ones, zeros = np.ones(grid.shape[::-1]), np.zeros(grid.shape[::-1])
    drawing = drawn(grid, wind=_plot.Wind(20 * ones, zeros, grid, is_of_earth=True))
    (barbs,) = [c for c in drawing.ax.collections if hasattr(c, "flip")]
    assert np.allclose(np.hypot(barbs.u, barbs.v), 20)
    # Seen from below the south pole the east is clockwise.
    turn = barbs.x * barbs.v - barbs.y * barbs.u
    assert (turn[np.hypot(barbs.x, barbs.y) > 1e5] < 0).all()
    assert np.asarray(barbs.flip).all()


def test_barbs_of_panels_come_from_both() -> None:
    grid = golden("U-YINYANG")
    u, v = grid.rotate_wind(np.full(grid.shape, 20.0), np.zeros(grid.shape), to="grid")
    drawing = drawn(grid, wind=_plot.Wind(u.T, v.T, grid, is_of_earth=False))
    (barbs,) = [c for c in drawing.ax.collections if hasattr(c, "flip")]
    assert np.allclose(barbs.u, 20)
    assert np.allclose(barbs.v, 0, atol=1e-6)
    assert np.array_equal(np.asarray(barbs.flip), barbs.y < 0)
