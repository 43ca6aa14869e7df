"""How much of a difference the packing of a record explains (``docs/format/codecs.md``, 6 to 8)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fst24._record import MISSING_FLAG

if TYPE_CHECKING:
    import numpy.typing as npt

    from fst24._record import Fst24Record

_LINEAR, _IEEE, _BLOCK, _COMPLEX = 1, 5, 6, 8
_BASE = MISSING_FLAG - 1
_FULL = 32  # bits of a float32: nothing of one is cut


class Tolerance(NamedTuple):
    """Errors that do not count: up to ``absolute``, or up to ``relative`` times the value of A."""

    absolute: float = 0.0
    relative: float = 0.0

    def or_larger(self, other: Tolerance) -> Tolerance:
        """The larger of both, each for itself."""
        return Tolerance(max(self.absolute, other.absolute), max(self.relative, other.relative))

    def times(self, factor: float) -> Tolerance:
        """Both multiplied."""
        return Tolerance(self.absolute * factor, self.relative * factor)


EXACT = Tolerance()


def packing_error(record: Fst24Record, values: npt.NDArray[Any] | None = None) -> Tolerance:
    """The step between neighbouring values of a packed record, as found from its range and nbits.

    Parameters
    ----------
    record : Fst24Record
    values : ndarray, optional
        Its values, when they are there already.

    Returns
    -------
    Tolerance
        ``absolute`` for data types 1 and 6, which quantise; ``relative`` for types 5 and 8 with
        less than 32 bits, which cut the fraction. Nothing for others: they keep all bits.

    >>> with fst24.open(sample) as f:
    ...     packing_error(f.find(nomvar="TT", level=1.0)).absolute < 1e-3
    True
    """
    base, nbits = record.datyp & _BASE, record.nbits
    if base in (_IEEE, _COMPLEX):
        # sign and exponent take 9 bits; the bits cut are worth less than the last one kept
        return Tolerance(0.0, 2.0 ** (9 - nbits)) if nbits < _FULL else EXACT
    if base not in (_LINEAR, _BLOCK):
        return EXACT
    known = record.data if values is None else values
    mask = record.mask if record.datyp & MISSING_FLAG else None
    if mask is not None:
        known = known[~mask]
    low, high = _range(known)
    if low == high:
        return EXACT
    step = (_linear_step if base == _LINEAR else _block_step)(low, high, nbits)
    # what float32 adds when the sum of minimum and steps is rounded
    return Tolerance(step + float(np.spacing(np.float32(max(abs(low), abs(high))))))


def _range(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Least and largest finite value."""
    if values.size == 0:
        return 0.0, 0.0
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        values = values[np.isfinite(values)]
        return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    return low, high


def _linear_step(low: float, high: float, nbits: int) -> float:
    """2^(E - nbits) of codecs.md, 7.2; the true maximum is up to a step above the decoded one."""
    span = (high - low) * (1 + 2.0 ** (1 - nbits))
    exponent = math.frexp(2 * span)[1] - 1
    return math.ldexp(1.0, exponent - nbits)


def _block_step(low: float, high: float, nbits: int) -> float:
    """A unit of the common exponent, shifted as codecs.md, 8.1 does."""
    exponent = max(math.frexp(low)[1], math.frexp(high)[1])
    unit = math.ldexp(1.0, exponent - 24)  # 24 bits of mantissa
    steps = int((high - low) / unit)
    shift = max(0, steps.bit_length() - nbits)
    return math.ldexp(unit, shift)
