"""A small file with fields of every kind that a cube has to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import fst24

if TYPE_CHECKING:
    from pathlib import Path

TIMES, LEVELS, NJ, NI = 3, 4, 5, 7
START = np.datetime64("2024-05-17T12", "s")
#: Regular longitudes and latitudes, one degree apart.
ON_GRID: dict[str, Any] = {"grtyp": "L", "ig1": 100, "ig2": 100, "ig3": 9000, "ig4": 0}


def values(time: int, level: int, *, ni: int = NI, nj: int = NJ) -> np.ndarray[Any, Any]:
    """Values (ni, nj) of which each is known by its place."""
    place = np.arange(ni * nj, dtype=np.float32).reshape(ni, nj)
    return place + 100 * level + 1000 * time


def write_fields(
    path: Path, *, times: int = TIMES, levels: int = LEVELS, first: int = 0, ni: int = NI
) -> Path:
    """TT plain, UU packed with a gap, NF whole numbers some of which lack, HR (nk) and ME alone."""
    with fst24.open(path, "w", backend="RSF", sync=False) as f:
        for t in range(first, first + times):
            at: dict[str, Any] = {"origin_time": START + np.timedelta64(t, "h"), **ON_GRID}
            for k in range(levels):
                level: dict[str, Any] = {"level": 100.0 * (k + 1), "level_unit": "hPa", **at}
                data = values(t, k, ni=ni)
                f.write(data, nomvar="TT", **level)
                if (t, k) != (first + 1, 2):
                    f.write(data, nomvar="UU", datyp=134, nbits=16, **level)
                f.write(data.astype(np.int32), nomvar="NF", mask=data % 5 == k, **level)
            f.write(values(t, 0, ni=ni), nomvar="P0", **at)
            f.write(np.stack([values(t, 0, ni=ni), values(t, 1, ni=ni)], -1), nomvar="HR", **at)
        f.write(values(0, 0, ni=ni), nomvar="ME", **ON_GRID)
    return path
