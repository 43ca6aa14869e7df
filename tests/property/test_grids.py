"""Any grid: a position comes back to its index, an index to its position."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

import fst24
from fst24.grid import Grid, decode, encode

SIZES = st.integers(2, 20)
LATS = st.floats(-90, 90)
LONS = st.floats(0, 359.9)


@st.composite
def rotations(draw: st.DrawFn) -> tuple[int, int, int, int]:
    given = {"lat1": draw(LATS), "lon1": draw(LONS), "lat2": draw(LATS), "lon2": draw(LONS)}
    codes = encode("E", **given)
    p = {name: np.radians(value) for name, value in decode("E", *codes).items()}
    cosine = np.sin(p["lat1"]) * np.sin(p["lat2"])
    cosine += np.cos(p["lat1"]) * np.cos(p["lat2"]) * np.cos(p["lon1"] - p["lon2"])
    assume(abs(cosine) < 0.99)
    return codes


@st.composite
def axes(draw: st.DrawFn, low: float, high: float) -> Any:
    steps = draw(st.lists(st.floats(0.01, 1), min_size=2, max_size=12))
    at = np.cumsum([0.0, *steps])
    at = low + at * draw(st.floats(0.1, 1)) * (high - low) / at[-1]
    return at[::-1] if draw(st.booleans()) else at


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    grtyp = draw(st.sampled_from("ABGLNSEZ"))
    ni, nj = draw(SIZES), draw(SIZES)
    if grtyp in "ABG":
        return Grid(grtyp, ni, nj, (draw(st.integers(0, 2)), draw(st.integers(0, 1)), 0, 0))
    if grtyp == "L":
        steps = {"dlat": draw(st.floats(0.05, 4)), "dlon": draw(st.floats(0.05, 17))}
        return Grid(
            grtyp, ni, nj, encode("L", lat0=draw(st.floats(-90, 5)), lon0=draw(LONS), **steps)
        )
    polar = {"pi": draw(st.floats(-99, 99)), "pj": draw(st.floats(-99, 99))}
    polar |= {"d60": draw(st.floats(10_000, 200_000)), "dgrw": draw(LONS)}
    if grtyp in "NS":
        return Grid(grtyp, ni, nj, encode(grtyp, **polar))
    codes = draw(rotations())
    if grtyp == "E":
        return Grid("E", ni, nj, codes)
    ax, ay = draw(axes(-30, 300)), draw(axes(-89, 89))
    return Grid("Z", len(ax), len(ay), ax=ax, ay=ay, ref_grtyp="E", ref_ig=codes)


@given(grids())
def test_a_point_comes_back_to_its_index(grid: Grid) -> None:
    lat, lon = grid.latlon()
    assert np.all(np.abs(lat) <= 90)
    assert np.all((lon >= 0) & (lon < 360))
    x, y = grid.xy(lat, lon)
    off_x = x - np.arange(grid.ni)[:, None]
    if grid.period:
        off_x -= grid.period * np.round(off_x / grid.period)
    at_pole = np.abs(lat) > 90 - 1e-6  # any longitude is right there
    if not grid.is_separable:
        at_pole |= np.abs(np.broadcast_to(grid.axes().y, grid.shape)) > 90 - 1e-6
    assert np.all((np.abs(off_x) < 1e-6) | at_pole)
    np.testing.assert_allclose(y, np.broadcast_to(np.arange(grid.nj), grid.shape), atol=1e-6)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=6), SIZES)
def test_any_axis_makes_a_grid_or_an_error(values: list[float], n: int) -> None:
    try:
        grid = Grid(
            "Z",
            len(values),
            n,
            ax=values,
            ay=np.arange(n),
            ref_grtyp="L",
            ref_ig=(100, 100, 9000, 0),
        )
    except fst24.Fst24Error:
        return
    lat, lon = grid.latlon()
    assert np.isfinite(lat).all()
    assert np.all((lon >= 0) & (lon < 360))


@given(st.tuples(*[st.integers(0, 2**24 - 1)] * 4), st.sampled_from("LNSE"), SIZES)
def test_any_codes_make_a_grid_or_an_error(
    codes: tuple[int, int, int, int], grtyp: str, n: int
) -> None:
    try:
        grid = Grid(grtyp, n, n, codes)
    except fst24.Fst24Error:
        return
    assert grid.latlon().lat.shape == (n, n)
    assert grid.crs["earth_radius"] > 0
