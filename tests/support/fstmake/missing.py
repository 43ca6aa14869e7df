"""Missing values: flag 64 of datyp (``docs/format/codecs.md``, 11)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SPECIAL: dict[str, float | int] = {
    "float32": float(np.float32(-1.0e38)),
    "float64": -1.0e38,
    "int32": -(2**31),
    "int16": -(2**15),
    "int8": -(2**7),
    "uint32": 2**32 - 1,
    "uint16": 2**16 - 1,
    "uint8": 2**8 - 1,
}
"""The reference's value for "missing", by dtype."""

_SMALL = np.array([2.0, 1.1, 0.55, 0.28, 0.14, 0.07, 0.035, 0.017, 0.01], np.float32)


def plug(values: npt.NDArray[np.generic], nbits: int) -> float | int:
    """What is stored in place of a missing point, given the points that are not missing.

    Where all are missing the special value itself counts as the only one present.
    """
    if not values.size:
        values = np.array([SPECIAL[values.dtype.name]], values.dtype)
    kind, width = values.dtype.kind, 8 * values.dtype.itemsize
    if kind in "ui":
        top = (1 << (min(nbits, width) - (kind == "i"))) - 1
        return min(int(values.max()) + 1, top)
    real = values.dtype.type
    high, low = values.max(), values.min()
    with np.errstate(over="ignore"):
        if nbits > 8:
            value = real(np.float64(high) + np.float64(high - low) * 0.01)
        else:
            value = real(high + (high - low) * real(_SMALL[nbits]))
        if value == high:
            value = real(1.0) if high == 0 else real(2) * high
    return float(value)


def fill(array: npt.NDArray[np.generic], nbits: int) -> tuple[npt.NDArray[np.generic], bool]:
    """``array`` with its special values replaced by the plug, and whether there were any."""
    special = np.asarray(SPECIAL[array.dtype.name], array.dtype)
    absent = array == special
    if not absent.any():
        return array, False
    out = array.copy()
    out[absent] = np.asarray(plug(array[~absent], nbits), array.dtype)
    return out, True


def restore(decoded: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Mask of the missing points of a decoded field: those equal to its largest value.

    An unsigned plug can be the special value itself (255 in 8 bits). The reference passes over
    special values when it looks for the largest and loses the 254s, too; they are valid.
    """
    return np.asarray(decoded == np.fmax.reduce(decoded, axis=None), np.bool_)
