"""What every axis of a Dataset is: a dimension, its coordinate, and what comes along with it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    import numpy.typing as npt
    import xarray as xr

#: Makes the variables of an axis for the suffix of its names.
Maker: TypeAlias = "Callable[[str], Mapping[str, xr.Variable]]"


@dataclass(frozen=True, eq=False)
class Axis:
    """One dimension of a variable; variables whose axes have the same key share it."""

    #: Name of the dimension, and of its coordinate, as long as there is one axis of that name.
    base: str
    key: Hashable
    size: int
    #: Coordinates, the first of which is that of the dimension, named with a suffix.
    make: Maker
    #: What names it among others of its base, better than a number: "_m", "_t".
    suffix: str = ""
    #: What several variables may say differently of the same axis (bounds, lead times).
    sides: Mapping[str, Any] = field(default_factory=dict)


def suffixes(axes: Iterable[Axis]) -> dict[tuple[str, Hashable], str]:
    """The suffix of each axis: none where it is alone, its own where it has one, else numbers.

    Numbers are in the order in which the axes appear, as fstd2nc has them: level1, level2.
    """
    of_base: dict[str, dict[Hashable, Axis]] = {}
    for axis in axes:
        of_base.setdefault(axis.base, {}).setdefault(axis.key, axis)
    found: dict[tuple[str, Hashable], str] = {}
    for base, different in of_base.items():
        own = [axis.suffix for axis in different.values()]
        if len(different) == 1:
            own = [""]
        elif not all(own) or len(set(own)) < len(own):
            dash = "_" if base[-1].isdigit() else ""
            own = [f"{dash}{number}" for number in range(1, len(different) + 1)]
        for key, suffix in zip(different, own, strict=True):
            found[base, key] = suffix
    return found


def rows_of(codes: npt.NDArray[np.integer[Any]], n: int) -> list[npt.NDArray[np.int64]]:
    """The rows of each of the codes 0 to n - 1, ascending: one pass for all of them."""
    order = np.argsort(codes, kind="stable").astype(np.int64)
    ends = np.searchsorted(codes[order], np.arange(n + 1))
    return [order[low:high] for low, high in itertools.pairwise(ends)]


def numbered(values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Distinct values in ascending order, and which of them stands in each row."""
    found, which = np.unique(values, return_inverse=True)
    return found, which.reshape(values.shape).astype(np.int64)


def is_full(n_rows: int, sizes: Sequence[int], flat: npt.NDArray[np.int64]) -> bool:
    """Whether rows are all combinations of the axes, each once."""
    n_all = int(np.prod(sizes, dtype=np.int64))
    return n_rows == n_all and len(np.unique(flat)) == n_all
