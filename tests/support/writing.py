"""Small files that tests write, and a look at what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

import fst24

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Backend = Literal["XDF", "RSF"]


def field(k: int, shape: tuple[int, ...] = (3, 4)) -> npt.NDArray[np.float32]:
    return np.full(shape, k, np.float32, order="F")


def make(path: Path, n: int = 3, backend: Backend = "XDF") -> bytes:
    """A file of n records, ip1 and values 0 to n - 1; its bytes."""
    with fst24.open(path, "w", backend=backend) as f:
        for k in range(n):
            f.write(field(k), nomvar="TT", ip1=k)
    return path.read_bytes()


def listed(path: Path) -> list[int]:
    """ip1 of all records, whose values must be the same number; without any warning."""
    with fst24.open(path) as f:
        assert all((r.data == r.ip1).all() for r in f)
        return [r.ip1 for r in f]
