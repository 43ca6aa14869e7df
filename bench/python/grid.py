"""Grids: a million positions, and indices of a million positions, on one core."""

from __future__ import annotations

import pickle
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bench.python.common import Row, measure
from fst24.grid import Grid, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

N = 1000
ROTATION = encode("E", lat1=31.75, lon1=267.6, lat2=33.1, lon2=273.625)


def grids() -> dict[str, Grid]:
    polar = encode("N", pi=500, pj=600, d60=10_000, dgrw=21)
    return {
        "G": Grid("G", N, N),
        "L": Grid("L", N, N, encode("L", lat0=10, lon0=200, dlat=0.05, dlon=0.1)),
        "N": Grid("N", N, N, polar),
        "E": Grid("E", N, N, ROTATION),
        "Z on E": Grid(
            "Z",
            N,
            N,
            ax=np.linspace(150, 210, N, dtype=np.float32),
            ay=np.linspace(-30, 30, N, dtype=np.float32),
            ref_grtyp="E",
            ref_ig=ROTATION,
        ),
    }


def told_point_by_point() -> dict[str, Grid]:
    """The same rotated grid as a mesh and as a list."""
    lat, lon = grids()["Z on E"].latlon()
    same = encode("L", lat0=0, lon0=0, dlat=1, dlon=1)
    return {
        name: Grid(grtyp, N, N, ax=lon, ay=lat, ref_grtyp="L", ref_ig=same)
        for name, grtyp in (("O", "O"), ("Y", "Y"))
    }


def rows(*, quick: bool) -> Iterator[Row]:
    """``latlon()`` of all points and ``xy()`` of positions in any order."""
    times = 5 if quick else 11
    rng = np.random.default_rng(1)
    for name, grid in grids().items():
        x, y = rng.uniform(0, N - 1, (2, N * N))
        there = grid.latlon_at(x, y)
        yield Row(
            f"latlon(), 10^6 points, {name}, one core",
            measure(partial(grid.latlon, threads=1), times=times),
            goal="40 ms",
        )
        yield Row(
            f"xy(), 10^6 positions, {name}, one core",
            measure(partial(grid.xy, *there, threads=1), times=times),
            goal="40 ms",
        )
    for name, grid in told_point_by_point().items():
        there = grids()["Z on E"].latlon_at(*rng.uniform(0, N - 1, (2, N * N // 10)))
        yield Row(
            f"the first xy(), 1 position, 10^6 points, {name}, one core",
            measure(lambda grid=grid: pickle.loads(pickle.dumps(grid)).xy(45, 270), times=2),
        )
        grid.xy(45, 270)
        yield Row(
            f"xy(), 10^5 positions in any order, 10^6 points, {name}, one core",
            measure(partial(grid.xy, *there, threads=1), times=times),
        )
    grid = grids()["Z on E"]
    field = np.asfortranarray(rng.normal(size=(N, N)), np.float32)
    there = grid.latlon_at(*rng.uniform(0, N - 1, (2, N * N)))
    for method in ("nearest", "linear", "cubic"):
        yield Row(
            f"interp(), 10^6 positions in any order, {method}, one core",
            measure(partial(grid.interp, field, *there, method=method, threads=1), times=times),
        )
