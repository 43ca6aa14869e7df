"""Grids: from records and from parts, shared, pickled, and refused."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from fst24.grid import Grid, decode, encode

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = encode("L", lat0=0, lon0=0, dlat=1, dlon=1)


def on_axes(ax: Any, ay: Any, **kwargs: Any) -> Grid:
    given: dict[str, Any] = {"ref_grtyp": "L", "ref_ig": IDENTITY, **kwargs}
    return Grid("Z", len(ax), len(ay), ax=ax, ay=ay, **given)


def write_axes(
    f: fst24.Fst24Writer,
    ax: list[float],
    ay: list[float],
    tag: tuple[int, int, int] = (1, 2, 3),
    **kwargs: Any,
) -> None:
    ip1, ip2, ip3 = tag
    ig1, ig2, ig3, ig4 = IDENTITY
    for nomvar, values in (
        (">>", np.array(ax, np.float32)[:, None]),
        ("^^", np.array(ay, np.float32)[None, :]),
    ):
        fields: dict[str, Any] = {"ig1": ig1, "ig2": ig2, "ig3": ig3, "ig4": ig4, **kwargs}
        f.write(values, nomvar=nomvar, typvar="X", grtyp="L", ip1=ip1, ip2=ip2, ip3=ip3, **fields)


def write_field(f: fst24.Fst24Writer, ni: int, nj: int, **kwargs: Any) -> None:
    given = {"nomvar": "TT", "grtyp": "Z", "ig1": 1, "ig2": 2, "ig3": 3, **kwargs}
    f.write(np.zeros((ni, nj), np.float32), **given)


# ------------------------------------------------------------------------------- from records


def test_records_on_one_grid_share_it(gem: Path) -> None:
    with fst24.open(gem) as f:
        tt, uu = f.find(nomvar="TT"), f.find(nomvar="UU")
        assert tt is not None
        assert uu is not None
        grid = f.grid(tt)
        assert f.grid(uu) is grid
        assert Grid.from_record(uu) is grid
        assert grid.shape == tt.data.shape
        assert repr(grid) == "<Grid Z on E 42x34>"


def test_axes_may_be_in_another_file(tmp_path: Path) -> None:
    with fst24.open(tmp_path / "fields.fst", "w") as f:
        write_field(f, 3, 2)
    with fst24.open(tmp_path / "axes.fst", "w") as f:
        write_axes(f, [10, 20, 30], [1, 2])
    with fst24.open(tmp_path / "fields.fst") as f, fst24.open(tmp_path / "axes.fst") as axes:
        with pytest.raises(fst24.RecordNotFoundError, match=r"no >> with ip1=1.*other\.grid"):
            f.grid(f[0])
        assert axes.grid(f[0]).latlon().lon[:, 0].tolist() == [10, 20, 30]
    with fst24.open([tmp_path / "fields.fst", tmp_path / "axes.fst"]) as both:
        assert both.grid(0).latlon().lat[0].tolist() == [1, 2]


def test_a_record_on_its_own_has_a_grid_unless_it_needs_axes(tmp_path: Path) -> None:
    with fst24.open(tmp_path / "a.fst", "w") as f:
        write_field(f, 3, 2, grtyp="A", ig1=0, ig2=0, ig3=0)
        write_field(f, 3, 2)
        alone = [fst24.decode_record(record.stored()) for record in f]
    assert Grid.from_record(alone[0]) == Grid("A", 3, 2)
    with pytest.raises(fst24.RecordNotFoundError, match="on its own"):
        Grid.from_record(alone[1])


def test_of_several_axes_with_one_tag_those_of_the_right_size_count(tmp_path: Path) -> None:
    with fst24.open(tmp_path / "a.fst", "w") as f:
        write_axes(f, [10, 20, 30], [1, 2])
        write_axes(f, [50, 60], [3, 4, 5])
        write_field(f, 3, 2)
        write_field(f, 2, 3)
        write_field(f, 2, 2)
        assert f.grid(4).latlon().lon[:, 0].tolist() == [10, 20, 30]
        assert f.grid(5).latlon().lat[0].tolist() == [3, 4, 5]
        mixed = f.grid(6).latlon()
        assert (mixed.lon[:, 0].tolist(), mixed.lat[0].tolist()) == ([50, 60], [1, 2])
        write_field(f, 4, 2)
        with pytest.raises(
            fst24.CorruptFileError, match=r"record 7.*3x1, 2x1 values.*needs 4 or 8"
        ):
            f.grid(7)


def test_of_several_pairs_that_of_the_date_counts_then_the_last(tmp_path: Path) -> None:
    with fst24.open(tmp_path / "a.fst", "w") as f:
        write_axes(f, [1, 2], [1, 2], dateo="2020-01-01")
        write_axes(f, [3, 4], [3, 4], dateo="2021-01-01")
        write_axes(f, [5, 6], [5, 6], dateo="2022-01-01")
        write_field(f, 2, 2, dateo="2021-01-01")
        write_field(f, 2, 2, dateo="2023-01-01")
        assert f.grid(6).latlon().lon[0, 0] == 3
        assert f.grid(7).latlon().lon[0, 0] == 5


def test_axes_on_different_grids_are_no_pair(tmp_path: Path) -> None:
    with fst24.open(tmp_path / "a.fst", "w") as f:
        write_axes(f, [1, 2], [1, 2])
        f.edit(f[1], ig1=200)
        write_field(f, 2, 2)
        with pytest.raises(fst24.CorruptFileError, match="they are no pair"):
            f.grid(2)


def test_axes_that_go_back_are_told_with_file_and_record(tmp_path: Path) -> None:
    path = tmp_path / "a.fst"
    with fst24.open(path, "w") as f:
        write_axes(f, [1, 3, 2], [1, 2])
        write_field(f, 3, 2)
    with fst24.open(path) as f:
        with pytest.raises(fst24.CorruptFileError, match=r"a\.fst: record 2: >> does not") as told:
            f.grid(2)
        assert (told.value.path, told.value.record) == (str(path), 2)


def test_a_file_that_is_written_has_the_grids_of_the_moment(tmp_path: Path) -> None:
    with fst24.open(tmp_path / "a.fst", "w") as f:
        write_axes(f, [1, 2], [1, 2])
        write_field(f, 2, 2)
        assert f.grid(2).latlon().lon[0, 0] == 1
        write_axes(f, [8, 9], [1, 2])
        assert f.grid(2).latlon().lon[0, 0] == 8


def test_a_tile_takes_its_part_of_the_axes(tmp_path: Path) -> None:
    with fst24.open(tmp_path / "a.fst", "w") as f:
        write_axes(f, [10, 20, 30, 40], [1, 2, 3], tag=(7, 8, 9))
        write_field(f, 2, 1, grtyp="#", ig1=7, ig2=8, ig3=3, ig4=2)
        write_field(f, 2, 1, grtyp="#", ig1=7, ig2=8, ig3=4, ig4=2)
        lat, lon = f.grid(2).latlon()
        assert (lat.tolist(), lon.tolist()) == ([[2], [2]], [[30], [40]])
        with pytest.raises(fst24.CorruptFileError, match="do not fit axes of 4 and 3"):
            f.grid(3)


def test_points_are_those_of_two_fields_where_there_are_no_descriptors(tmp_path: Path) -> None:
    with fst24.open(tmp_path / "a.fst", "w") as f:
        lon, lat = np.meshgrid([1.0, 2, 3], [4.0, 5], indexing="ij")
        for nomvar, values in (("LO", lon), ("LA", lat)):
            f.write(values.astype(np.float32), nomvar=nomvar, etiket="STATIONS", grtyp="X")
        write_field(f, 3, 2, grtyp="X", ig1=0, ig2=0, ig3=0)
        write_field(f, 3, 2, grtyp="Y", ig1=0, ig2=0, ig3=0, etiket="STATIONS")
        write_field(f, 3, 2, grtyp="Y", ig1=0, ig2=0, ig3=0, etiket="OTHERS")
        for place in (2, 3):
            assert np.array_equal(f.grid(place).latlon(), (lat, lon))
        with pytest.raises(fst24.RecordNotFoundError):
            f.grid(4)


def test_axes_with_a_value_for_each_point_make_a_list_of_points(tmp_path: Path) -> None:
    with fst24.open(tmp_path / "a.fst", "w") as f:
        write_axes(f, [10, 20, 30, 5], [1, 2, 3, -7])
        write_field(f, 4, 1)
        assert f.grid(2).latlon().lat[:, 0].tolist() == [1, 2, 3, -7]


def test_a_descriptor_is_on_no_grid(gem: Path) -> None:
    with fst24.open(gem) as f:
        axis = f.find(nomvar=">>")
        assert axis is not None
        with pytest.raises(fst24.InvalidArgumentError, match="describes a grid"):
            f.grid(axis)


# ------------------------------------------------------------------------------------ tiles


def write_tile(f: fst24.Fst24Writer, values: Any, i: int, j: int, **kwargs: Any) -> None:
    given = {"nomvar": "TT", "grtyp": "#", "ig1": 7, "ig2": 8, "ig3": i, "ig4": j, **kwargs}
    f.write(np.asarray(values, np.float32), **given)


def test_tiles_are_put_together(tmp_path: Path) -> None:
    whole = np.arange(12.0).reshape(4, 3)
    with fst24.open(tmp_path / "a.fst", "w") as f:
        write_axes(f, [10, 20, 30, 40, 50], [1, 2, 3], tag=(7, 8, 9))
        write_tile(f, whole[2:, 1:], 4, 2)
        write_tile(f, whole[:2], 2, 1)
        found = fst24.grid.assemble(f[2:])
    assert found.grid.latlon().lon[:, 0].tolist() == [20, 30, 40, 50]
    assert found.covered.tolist() == [
        [True] * 3,
        [True] * 3,
        [False, True, True],
        [False, True, True],
    ]
    assert np.array_equal(found.data[found.covered], whole[found.covered])
    assert np.isnan(found.data[2:, 0]).all()


def test_what_are_no_tiles_of_one_field_is_refused(tmp_path: Path) -> None:
    with fst24.open(tmp_path / "a.fst", "w") as f:
        write_axes(f, [10, 20, 30], [1, 2], tag=(7, 8, 9))
        write_tile(f, [[1.0]], 1, 1)
        write_tile(f, [[1.0]], 1, 1, ig1=6)
        write_tile(f, [[1.0]], 16_000_000, 1)
        write_field(f, 3, 2)
        f.write(np.array([[1]], np.int32), nomvar="TT", grtyp="#", ig1=7, ig2=8, ig3=1, ig4=1)
        for places, error, told in (
            ([], fst24.InvalidArgumentError, "no tiles"),
            ([2, 3], fst24.InvalidArgumentError, "another grid"),
            ([2, 4], fst24.CorruptFileError, "leaves its axes of 3 and 2"),
            ([2, 5], fst24.InvalidArgumentError, "grtyp is 'Z'"),
            ([2, 6], fst24.InvalidArgumentError, "int32"),
        ):
            with pytest.raises(error, match=told):
                fst24.grid.assemble([f[place] for place in places])


# ----------------------------------------------------------------------------- lists, meshes


def test_a_list_gives_the_nearest_point() -> None:
    rng = np.random.default_rng(1)
    lat, lon = np.degrees(np.arcsin(rng.uniform(-1, 1, 700))), rng.uniform(0, 360, 700)
    lat[3] = lat[4] = 90  # as a list may have it
    grid = Grid("Y", 70, 10, ax=lon, ay=lat, ref_grtyp="L", ref_ig=IDENTITY)
    at = np.degrees(np.arcsin(rng.uniform(-1, 1, 300))), rng.uniform(-360, 360, 300)
    vectors, wanted = (_vectors(*positions) for positions in ((lat, lon), at))
    nearest = (wanted @ vectors.T).argmax(axis=1)
    x, y = grid.xy(*at)
    assert np.array_equal(y * 70 + x, nearest)
    assert grid.latlon_at(69, 9) == pytest.approx((lat[-1], lon[-1]))
    assert np.isnan(grid.latlon_at(70, 0).lat)


def _vectors(lat: Any, lon: Any) -> Any:
    lat, lon = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], -1)


def test_many_equal_points_are_searched_in_peace() -> None:
    same = np.zeros(5000)
    grid = Grid("Y", 5000, 1, ax=same, ay=same, ref_grtyp="L", ref_ig=IDENTITY)
    assert grid.xy(1, 1).y == 0


def mesh() -> Grid:
    """A rotated grid told point by point, over a pole and the date line."""
    codes = encode("E", lat1=80, lon1=170, lat2=10, lon2=260)
    rotated = Grid("Z", 31, 21, ax=np.linspace(150, 210, 31), ay=np.linspace(-20, 20, 21),
                   ref_grtyp="E", ref_ig=codes)  # fmt: skip
    lat, lon = rotated.latlon()
    return Grid("O", 31, 21, ax=lon, ay=lat, ref_grtyp="L", ref_ig=IDENTITY)


def test_a_mesh_has_places_between_its_points_and_none_outside() -> None:
    grid = mesh()
    x, y = np.random.default_rng(2).uniform(0, 1, (2, 400)) * [[30], [20]]
    back = grid.xy(*grid.latlon_at(x, y))
    np.testing.assert_allclose(back.x, x, atol=1e-9)
    np.testing.assert_allclose(back.y, y, atol=1e-9)
    assert np.isnan(grid.xy(-60, 0).x)
    assert np.isnan(grid.xy(float("nan"), 0).x)
    np.testing.assert_allclose(grid.xy(*grid.latlon()).x[:, 3], np.arange(31), atol=1e-9)


def test_points_have_neither_axes_nor_frame() -> None:
    grid = mesh()
    assert not grid.has_axes
    for ask in (grid.axes, lambda: grid.crs, lambda: grid.latlon(dims=1)):
        with pytest.raises(fst24.UnsupportedError):
            ask()


@pytest.mark.parametrize(
    ("n", "wrong", "told"), [(5, 0.0, "do not place"), (6, float("inf"), "no position")]
)
def test_points_that_contradict_the_size_are_refused(n: int, wrong: float, told: str) -> None:
    values = np.ones(n)
    values[-1] = wrong
    with pytest.raises(fst24.CorruptFileError, match=told):
        Grid("O", 3, 2, ax=values, ay=values, ref_grtyp="L", ref_ig=IDENTITY)


# ---------------------------------------------------------------------------------- panels


def yin_yang(**kwargs: Any) -> Grid:
    """The usual two panels, with a margin of a cell and a half around each core."""
    ax, ay = np.linspace(40.5, 319.5, 94), np.linspace(-49.5, 49.5, 34)
    words: list[float] = [70, 1, 2, 1, 1]
    for angles in ((31.76, 267.6, 33.1, 273.63), (-31.76, 87.6, 54.66, 116.8)):
        words += [94, 34, 40.5, 319.5, -49.5, 49.5, *angles, *ax, *ay]
    return Grid("U", 94, 68, ax=words, **kwargs)


def test_each_place_of_the_sphere_is_in_a_panel() -> None:
    grid = yin_yang()
    rng = np.random.default_rng(3)
    lat, lon = np.degrees(np.arcsin(rng.uniform(-1, 1, 5000))), rng.uniform(0, 360, 5000)
    x, y = grid.xy(lat, lon)
    there = grid.latlon_at(x, y)
    np.testing.assert_allclose(_vectors(*there), _vectors(lat, lon), atol=1e-12)
    assert x.min() >= 0
    assert x.max() <= 93
    assert np.all((y % 34 <= 33) & (y >= 0))


def test_the_core_of_the_panels_covers_the_sphere_once() -> None:
    grid = yin_yang()
    core = grid.core()
    lat = np.broadcast_to(np.tile(np.linspace(-49.5, 49.5, 34), 2), grid.shape)
    cell = np.radians(3) ** 2 * np.cos(np.radians(lat))
    assert (cell * core).sum() == pytest.approx(4 * np.pi, rel=0.02)  # whole cells of 3 degrees
    assert not core[0].any()


def test_panels_are_grids_of_their_own() -> None:
    grid = yin_yang()
    yin, yang = grid.panels
    assert np.array_equal(grid.latlon().lat[:, :34], yin.latlon().lat)
    assert np.array_equal(grid.latlon().lon[:, 34:], yang.latlon().lon)
    assert yang.crs["grid_mapping_name"] == "rotated_latitude_longitude"
    assert yin.axes().y[0] == -49.5
    assert yin.panels == (yin,)
    with pytest.raises(fst24.UnsupportedError, match=r"grid\.panels"):
        grid.axes()
    assert not np.array_equal(yin_yang(exact_angles=True).latlon(), grid.latlon())


@pytest.mark.parametrize("n", [0, 4, 5, 14, 40, 140, 200])
def test_panels_that_end_early_are_refused(n: int) -> None:
    words = yin_yang()._parts.ax
    assert words is not None
    with pytest.raises((fst24.CorruptFileError, fst24.UnsupportedError)):
        Grid("U", 94, 68, ax=words[:n])


@pytest.mark.parametrize(
    ("at", "value"),
    [(1, 2), (2, 0), (2, 99), (2, 1.5), (5, -1), (5, 95), (6, 1e30), (11, 1e9)],
)
def test_panels_that_contradict_the_size_are_refused(at: int, value: float) -> None:
    words = yin_yang()._parts.ax
    assert words is not None
    words[at] = value
    with pytest.raises((fst24.CorruptFileError, fst24.UnsupportedError)):
        Grid("U", 94, 68, ax=words)


# ------------------------------------------------------------------------------- from parts


def test_positions_come_in_the_shape_that_was_asked_for() -> None:
    grid = Grid("G", 36, 18)
    lat = np.linspace(-80, 80, 12).reshape(3, 4)
    x, y = grid.xy(lat, 10.0)
    assert x.shape == y.shape == (3, 4)
    there = grid.latlon_at(x, y)
    np.testing.assert_allclose(there.lat, lat, atol=1e-12)
    np.testing.assert_allclose(there.lon, 10, atol=1e-12)
    assert isinstance(grid.xy(0, 0).x, float)
    assert grid.xy([], []).x.shape == (0,)
    assert grid.latlon().lat.flags.f_contiguous


def test_threads_change_nothing() -> None:
    grid = Grid("E", 400, 300, encode("E", lat1=31.75, lon1=267.6, lat2=33.1, lon2=273.625))
    one, four = grid.latlon(threads=1), grid.latlon(threads=4)
    assert np.array_equal(one, four)
    assert np.array_equal(grid.xy(*one, threads=1), grid.xy(*one, threads=4))
    with pytest.raises(fst24.InvalidArgumentError):
        grid.latlon(threads=0)


def test_rows_and_columns_of_a_separable_grid_stand_for_all_points() -> None:
    grid = on_axes([350, 355, 360, 365], [-10, 0, 20])
    lat, lon = grid.latlon(dims=1)
    assert (lat.tolist(), lon.tolist()) == ([-10, 0, 20], [350, 355, 360, 365])
    full = grid.latlon()
    assert np.array_equal(full.lat, np.broadcast_to(lat, (4, 3)))
    assert np.array_equal(full.lon, np.broadcast_to(lon[:, None] % 360, (4, 3)))
    assert on_axes([-190, -180], [0, 1]).latlon(dims=1).lon.tolist() == [170, 180]


def test_a_rotated_grid_has_no_latitude_of_a_row() -> None:
    grid = Grid("E", 10, 10, encode("E", lat1=45, lon1=270, lat2=46, lon2=0))
    assert not grid.is_separable
    with pytest.raises(fst24.UnsupportedError, match="dims=2"):
        grid.latlon(dims=1)
    assert Grid("E", 10, 10, encode("E", lat1=0, lon1=180, lat2=0, lon2=270)).is_separable


def test_grids_of_equal_parts_are_equal_and_survive_pickling() -> None:
    grid = on_axes([1, 2, 4], [1, 2])
    again = pickle.loads(pickle.dumps(grid))  # noqa: S301 - ours
    assert again == grid
    assert hash(again) == hash(grid)
    assert np.array_equal(again.latlon(), grid.latlon())
    assert grid != on_axes([1, 2, 5], [1, 2])
    assert grid != "Z"


@pytest.mark.parametrize(
    ("make", "error", "told"),
    [
        (lambda: Grid("L", 0, 1, IDENTITY), fst24.InvalidArgumentError, "0 x 1"),
        (lambda: Grid("Z", 2, 2), fst24.InvalidArgumentError, "missing"),
        (lambda: Grid("!", 2, 2), fst24.UnsupportedError, "'!'"),
        (lambda: Grid("LL", 2, 2), fst24.InvalidArgumentError, "one letter"),
        (lambda: Grid("L", 2, 2, (0, 100, 0, 0)), fst24.CorruptFileError, "steps of 0"),
        (lambda: Grid("A", 2, 2, (5, 0, 0, 0)), fst24.CorruptFileError, "hemisphere"),
        (lambda: on_axes([1, float("nan")], [1, 2]), fst24.CorruptFileError, "value 1 of >>"),
        (lambda: on_axes([1, 2], [1, 1]), fst24.CorruptFileError, r"\^\^ does not rise"),
        (lambda: on_axes([1, 2], [1, 2], ref_grtyp="A"), fst24.UnsupportedError, "type 'A'"),
        (lambda: Grid("L", 2, 2, (-1, 1, 1, 1)), fst24.InvalidArgumentError, "ig1 is -1"),
    ],
)
def test_what_makes_no_grid_is_refused(make: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        make()


# ---------------------------------------------------------------------------------- frames


def rotated_by_cf(crs: dict[str, Any], rlat: Any, rlon: Any) -> tuple[Any, Any]:
    """Positions by the definition of CF's rotated pole, written independently."""
    pole_lat, pole_lon, shift = (
        np.radians(crs[name])
        for name in (
            "grid_north_pole_latitude",
            "grid_north_pole_longitude",
            "north_pole_grid_longitude",
        )
    )
    rlat, rlon = np.radians(rlat), np.radians(rlon) - shift
    sine = np.sin(pole_lat) * np.sin(rlat) + np.cos(pole_lat) * np.cos(rlat) * np.cos(rlon)
    east = np.arctan2(
        -np.cos(rlat) * np.sin(rlon),
        np.sin(rlat) * np.cos(pole_lat) - np.cos(rlat) * np.sin(pole_lat) * np.cos(rlon),
    )
    return np.degrees(np.arcsin(sine)), np.degrees(pole_lon + east) % 360


def test_the_grid_mapping_of_a_rotated_grid_gives_its_positions() -> None:
    codes = encode("E", lat1=45, lon1=270, lat2=46, lon2=0)
    grid = Grid("E", 13, 9, codes)
    x, y, units = grid.axes()
    assert units == "degrees"
    assert grid.crs["grid_north_pole_latitude"] == pytest.approx(34.78610, abs=1e-5)
    lat, lon = rotated_by_cf(grid.crs, y[None, :], x[:, None])
    np.testing.assert_allclose(grid.latlon().lat, lat, atol=1e-10)
    np.testing.assert_allclose(np.cos(np.radians(grid.latlon().lon - lon)), 1, atol=1e-12)


@pytest.mark.parametrize("grtyp", ["N", "S"])
def test_the_grid_mapping_of_a_polar_grid_gives_its_positions(grtyp: str) -> None:
    grid = Grid(grtyp, 30, 20, encode(grtyp, pi=10.3, pj=25.7, d60=60000, dgrw=21))
    crs = grid.crs
    x, y, units = grid.axes()
    assert units == "m"
    assert x[1] - x[0] == pytest.approx(60000, abs=1e-6)
    sign = 1 if grtyp == "N" else -1
    rho = np.hypot(x[:, None], y[None, :])
    k0, radius = crs["scale_factor_at_projection_origin"], crs["earth_radius"]
    lat = sign * (90 - 2 * np.degrees(np.arctan(rho / (2 * k0 * radius))))
    lon = crs["straight_vertical_longitude_from_pole"] + np.degrees(
        np.arctan2(x[:, None], -sign * y[None, :])
    )
    np.testing.assert_allclose(grid.latlon().lat, lat, atol=1e-10)
    np.testing.assert_allclose(np.cos(np.radians(grid.latlon().lon - lon)), 1, atol=1e-12)


def test_codes_that_are_no_parameters_are_refused() -> None:
    with pytest.raises(fst24.UnsupportedError, match="of A, B, G, L"):
        decode("Z", 1, 2, 3, 4)
    with pytest.raises(fst24.InvalidArgumentError, match="lat0, lon0, dlat, dlon"):
        encode("L", lat0=1)
    with pytest.raises(fst24.EncodingError, match="no room"):
        encode("L", lat0=100, lon0=0, dlat=1, dlon=1)


# ------------------------------------------------------------------------------- what it is made of


def test_a_grid_tells_what_it_is_made_of_and_is_made_of_that_again() -> None:
    grid = on_axes([10.0, 11.0, 13.0], [40.0, 41.0], ig=(7, 8, 9, 0))
    assert (grid.ig, grid.ref_grtyp, grid.ref_ig) == ((7, 8, 9, 0), "L", IDENTITY)
    assert grid.ax is not None
    assert (grid.ax.tolist(), grid.ay is None) == ([10, 11, 13], False)
    again = Grid(
        grid.grtyp,
        *grid.shape,
        grid.ig,
        ax=grid.ax,
        ay=grid.ay,
        ref_grtyp=grid.ref_grtyp,
        ref_ig=grid.ref_ig,
    )
    assert again == grid
    grid.ax[0] = 99  # a copy
    assert grid == again


def test_a_grid_of_codes_alone_has_no_axes_of_records() -> None:
    grid = Grid("A", 4, 3, (0, 1, 0, 0))
    assert (grid.ig, grid.ax, grid.ay, grid.ref_ig) == ((0, 1, 0, 0), None, None, (0, 0, 0, 0))
