"""Maps of Datasets: what is shown, titles, files, axes of others."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

import fst24
import fst24.xarray
from fst24.grid import Grid
from fst24.xarray import _frame, _plot
from fst24.xarray._frame import Frame, map_grid
from tests.support.maps import drawn, golden
from tests.support.placed import dataset, plain, polar, rotated, smooth

if TYPE_CHECKING:
    from pathlib import Path

HAS_CARTOPY = importlib.util.find_spec("cartopy") is not None
MONTREAL = 45.5, -73.6


def described() -> xr.DataArray:
    ds = dataset(rotated(), TT=smooth(rotated()).astype(np.float32))
    array: xr.DataArray = ds.TT.assign_coords(
        level=((), 850.0, {"units": "hPa", "axis": "Z", "positive": "down"}),
        time=np.datetime64("2024-05-17T15:00", "ns"),
        leadtime=np.timedelta64(3, "h").astype("timedelta64[ns]"),
    )
    array.attrs |= {"long_name": "air temperature", "units": "degC", "etiket": "G5V12N"}
    return array


def test_the_title_says_what_it_is_and_when() -> None:
    assert described().fst24.plot(cartopy=False).ax.get_title("left") == (
        "air temperature (TT), 850 hPa\nvalid 2024-05-17 15:00 UTC, +3 h, G5V12N"
    )
    assert described().fst24.plot(cartopy=False, title="mine").ax.get_title("left") == "mine"


def test_levels_that_could_be_meant_are_all_named() -> None:
    level = {"units": "1", "axis": "Z"}
    array = described().assign_coords(level_t=((), 0.5, level))
    assert ", 850 hPa, level_t 0.5\n" in array.fst24.plot(cartopy=False).ax.get_title("left")
    array = array.drop_vars("level")
    assert "(TT), level 0.5\n" in array.fst24.plot(cartopy=False).ax.get_title("left")
    array = array.assign_coords(level_m=((), 0.4, level), height=((), np.nan, {"positive": "up"}))
    title = array.fst24.plot(cartopy=False).ax.get_title("left")
    assert "(TT), level_t 0.5, level_m 0.4\n" in title


def test_dimensions_may_stand_in_any_order_and_be_one_long() -> None:
    array = described()
    turned = array.expand_dims("member").transpose("rlon", "member", "rlat")
    mesh = turned.fst24.plot(cartopy=False).artist
    assert np.array_equal(mesh.get_array().reshape(14, 20), array.values)


def test_a_part_is_drawn_at_its_place() -> None:
    array = described()
    part = array.isel(rlat=slice(3, 9), rlon=slice(5, 12))
    drawing = part.fst24.plot(cartopy=False)
    corners = drawing.artist.get_coordinates()
    whole = Frame(rotated())
    assert np.allclose(corners[0, :, 0], whole.x_edges[5:13])
    assert np.allclose(corners[:, 0, 1], whole.y_edges[3:10])


def test_several_fields_are_not_drawn_at_once() -> None:
    array = xr.concat([described(), described()], "member")
    with pytest.raises(fst24.InvalidArgumentError, match=r"member 2.*isel\(member=0\)"):
        array.fst24.plot()


def test_a_dataset_draws_the_variable_that_is_meant() -> None:
    ds = dataset(rotated(), TT=smooth(rotated()))
    assert ds.fst24.plot(cartopy=False).artist.get_array().max() == ds.TT.max()
    ds["GZ"] = 2 * ds.TT
    assert ds.fst24.plot("GZ", cartopy=False).artist.get_array().max() == ds.GZ.max()
    with pytest.raises(fst24.InvalidArgumentError, match="name one of TT, GZ"):
        ds.fst24.plot()
    with pytest.raises(fst24.InvalidArgumentError, match="no variable 'ZZ': name one of TT, GZ"):
        ds.fst24.plot("ZZ")


def test_a_component_that_is_not_there_is_named() -> None:
    ds = dataset(rotated(), TT=smooth(rotated()))
    with pytest.raises(fst24.InvalidArgumentError, match="no variable UU, VV in the Dataset"):
        ds.fst24.plot("TT", barbs=True)


def test_barbs_of_a_dataset_are_in_knots() -> None:
    grid = rotated()
    ones = np.ones(grid.shape[::-1])
    ds = dataset(grid, TT=smooth(grid), UU=10 * ones, VV=0 * ones)
    ds.UU.attrs["units"] = "m s-1"
    drawing = ds.fst24.plot("TT", barbs=True, cartopy=False)
    (barbs,) = [c for c in drawing.ax.collections if hasattr(c, "flip")]
    assert np.allclose(barbs.u, 19.438445)


# -------------------------------------------------------------------------------------- pictures


def test_nothing_of_pyplot_is_touched() -> None:
    before = "matplotlib.pyplot" in sys.modules
    drawn(rotated())
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_axes_that_are_given_are_drawn_in() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    first, second = figure.subplots(1, 2)
    drawing = drawn(rotated(), ax=second, colorbar=False)
    assert drawing.ax is second
    assert drawing.figure is figure
    assert not first.collections


@pytest.mark.parametrize(
    ("suffix", "begin"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_pictures_are_saved(tmp_path: Path, suffix: str, begin: bytes) -> None:
    path = tmp_path / f"map.{suffix}"
    drawn(rotated(), size=(3, 3)).save(path, dpi=40)
    assert path.read_bytes().startswith(begin)


def test_a_notebook_shows_it() -> None:
    assert drawn(rotated(), size=(3, 3))._repr_png_().startswith(b"\x89PNG")


def pixels_of(drawing: _plot.Map) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """How red the inside of a map is, from its upper left corner on."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(drawing.figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())[..., 0]  # type: ignore[no-untyped-call]
    box = drawing.ax.get_window_extent()
    rows = slice(int(pixels.shape[0] - box.y1) + 4, int(pixels.shape[0] - box.y0) - 4)
    return pixels[rows, int(box.x0) + 4 : int(box.x1) - 4]


def test_the_picture_has_the_colours_of_the_field() -> None:
    """Pixels, not only artists: the west half of the map is dark, the east half bright."""
    values = np.where(np.arange(20) < 10, 0.0, 1.0) * np.ones((14, 1))
    drawing = drawn(rotated(), values, coastlines=False, gridlines=False, cmap="gray", size=(4, 4))
    inside = pixels_of(drawing)
    middle = inside.shape[1] // 2
    assert (inside[:, : middle - 4] == 0).all()
    assert (inside[:, middle + 4 :] == 255).all()


def test_a_wide_title_stays_on_the_picture() -> None:
    drawing = _plot.draw(_plot.Picture(plain(), smooth(plain()), "one\ntwo"), cartopy=False)
    drawing.figure.draw_without_rendering()
    drawing.figure.draw_without_rendering()
    top = drawing.ax._left_title.get_window_extent().y1
    assert top <= drawing.figure.bbox.y1


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"fst24\[plot\]"):
        described().fst24.plot()


@pytest.mark.skipif(not HAS_CARTOPY, reason="cartopy is not installed")
@pytest.mark.parametrize("grid", [rotated(), polar("N"), polar("S"), plain()])
def test_axes_of_cartopy_hold_the_same_cells(grid: Grid, tmp_path: Path) -> None:
    drawing = drawn(grid, cartopy=True)
    frame = Frame(grid)
    shift = 0 if not frame.is_angle else sum(frame.extent[:2]) / 2
    corners = drawing.artist.get_coordinates()
    assert np.allclose(corners[0, :, 0] + shift, frame.x_edges)
    assert drawing.ax.get_xlim() == pytest.approx(tuple(e - shift for e in frame.extent[:2]))
    drawing.save(tmp_path / "map.png", dpi=30)


@pytest.mark.skipif(not HAS_CARTOPY, reason="cartopy is not installed")
def test_axes_of_cartopy_may_be_of_another_projection(tmp_path: Path) -> None:
    import cartopy.crs as ccrs
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3, 3))
    ax = figure.add_subplot(projection=ccrs.LambertConformal(central_longitude=-85))
    drawing = drawn(rotated(), ax=ax)
    drawing.save(tmp_path / "map.png", dpi=30)
    left, right = ax.get_xlim()
    assert right - left < 3e6  # the region, not all shores
    place = ax.projection.transform_point(275, 45, ccrs.PlateCarree())
    assert left < place[0] < right


def test_a_sampled_field_has_the_columns_of_a_picture() -> None:
    assert map_grid(golden("U-YINYANG")).ni == _frame._COLUMNS


@pytest.mark.parametrize("stretch", [1.0, 1.001])
@pytest.mark.parametrize("turned", [False, True])
def test_a_field_of_many_cells_is_an_image_at_the_same_place(
    monkeypatch: pytest.MonkeyPatch, stretch: float, *, turned: bool
) -> None:
    """Cells of one width, and of many; rows from the south, and from the north."""
    monkeypatch.setattr(_plot, "_MOST_CELLS", 10)
    y = np.cumsum(stretch ** np.arange(300)) * 0.1
    grid = Grid(
        "Z",
        40,
        300,
        ax=10 + np.arange(40.0),
        ay=y[::-1] if turned else y,
        ref_grtyp="L",
        ref_ig=(100, 100, 9000, 0),
    )
    values = np.where(np.arange(300) < 150, 0.0, 1.0)[:, None] * np.ones(40)
    drawing = drawn(grid, values, coastlines=False, gridlines=False, cmap="gray", size=(4, 4))
    inside = pixels_of(drawing)
    dark = (inside == 0).mean()
    edges = grid.edges().y
    share = abs(edges[150] - edges[0]) / abs(edges[-1] - edges[0])
    assert dark == pytest.approx(share, abs=0.02)
    assert inside[-1, 5] == (255 if turned else 0)
