"""Grids: a million positions, and indices of a million positions, on one core."""

from __future__ import annotations

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
