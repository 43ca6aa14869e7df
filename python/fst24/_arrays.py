"""Arrays: memory for values, and whole numbers of any type as the 32-bit ones of codes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core

if TYPE_CHECKING:
    import numpy.typing as npt

_LEAST, _MOST = -(2**31), 2**31 - 1


def as_int32(numbers: npt.ArrayLike, otherwise: int) -> npt.NDArray[np.int32]:
    """A contiguous array of int32, with ``otherwise`` for numbers that do not fit.

    Raises
    ------
    TypeError
        They are not whole numbers.
    """
    array: npt.NDArray[Any] = np.asarray(numbers, order="C")
    if array.dtype == np.int32:
        return array
    if array.dtype == object and all(isinstance(n, int) for n in array.flat):
        array = np.clip(array, _LEAST - 1, _MOST + 1).astype(np.int64)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"codes and stamps are whole numbers, not {array.dtype}")
    if array.size and (array.min() < _LEAST or array.max() > _MOST):
        array = np.where((array < _LEAST) | (array > _MOST), otherwise, array)
    return array.astype(np.int32)


def empty(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array for values to come, in C order, whose memory counts as that of values read.

    Parameters
    ----------
    shape : tuple of int
        Its size.
    dtype : dtype
        Of plain numbers.

    Raises
    ------
    MemoryLimitError
        It would go over `set_memory_limit`; nothing was allocated.

    >>> fst24.empty((2, 34, 42), "f4").flags.c_contiguous
    True
    """
    kind = np.dtype(dtype)
    memory: Any = _core.Block(math.prod(shape) * kind.itemsize)
    return np.ndarray(shape, kind, memory)
