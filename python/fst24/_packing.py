"""How values are to be stored: datyp and nbits from what is asked, and from the array."""

from __future__ import annotations

import math
import operator
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from ._errors import EncodingError, InvalidArgumentError
from ._record import COMPRESSED_FLAG, MISSING_FLAG
from ._sources import DTYPES

if TYPE_CHECKING:
    import numpy.typing as npt

Compress = Literal["best", "fast"]

BINARY, REAL, UNSIGNED, CHARACTERS, SIGNED, IEEE, BLOCK, STRING, COMPLEX = range(9)
#: f24_kind by the kind of a dtype.
KINDS = {"f": 1, "i": 2, "u": 3, "c": 4}
#: Letters that tools show for data types, by number; lower case: compressed.
_LETTERS = "XRICSEFAZ"
_STORABLE = frozenset(DTYPES)
_NAME = re.compile(r"(m?)([A-Za-z])(\d{1,2})?")
_HAS_COMPRESSED = (REAL, UNSIGNED, IEEE, BLOCK)
#: Types 6 and 1 (docs/format/codecs.md, 7 and 8).
_MOST_BLOCK_BITS, _MOST_REAL_BITS = 16, 24
_FLOAT32_BITS = 32
#: How far above the largest value, in parts of the range, by bits; above 8 bits a hundredth.
_PLUG_PARTS = dict(enumerate((1.1, 0.55, 0.28, 0.14, 0.07, 0.035, 0.017, 0.01), 1))


class Packing(NamedTuple):
    """What is asked of the encoder (docs/format/codecs.md, 3)."""

    datyp: int
    nbits: int


def parse_type(text: str) -> tuple[int, int | None]:
    """A data type as listings show it: ``"f16"`` is (134, 16), ``"E32"`` (5, 32).

    >>> parse_type("R12")
    (1, 12)
    """
    found = _NAME.fullmatch(text.strip())
    if found is None or found[2].upper() not in _LETTERS:
        raise InvalidArgumentError(
            f"datyp={text!r}: give its number, or a letter of {_LETTERS} (lower case: compressed) "
            "and bits, as 'f16' or 'E32'"
        )
    datyp = _LETTERS.index(found[2].upper())
    if found[2].islower():
        datyp |= COMPRESSED_FLAG
    if found[1]:
        datyp |= MISSING_FLAG
    return datyp, None if found[3] is None else int(found[3])


def storable(values: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - all that makes an array
    """An array of a type that the format has, in Fortran order; text becomes bytes.

    Raises
    ------
    EncodingError
        A dtype that no data type holds, or no values at all.
    """
    if isinstance(values, str):
        try:
            values = values.encode("ascii")
        except UnicodeEncodeError as error:
            raise EncodingError(f"text is stored as ASCII: {error}") from None
    if isinstance(values, bytes | bytearray | memoryview):
        values = np.frombuffer(values, np.uint8)
    array = np.asanyarray(values)
    if isinstance(array, np.ma.MaskedArray):
        array = array.filled()
    if array.dtype.kind == "S" and array.dtype.itemsize == 1:
        array = array.view(np.uint8)
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    if array.dtype.kind not in KINDS or array.dtype.itemsize > (
        16 if array.dtype.kind == "c" else 8
    ):
        raise EncodingError(
            f"an array of {array.dtype} cannot be stored: convert it to float32, float64, "
            "complex64, complex128 or an integer type"
        )
    if array.size == 0:
        raise EncodingError(f"an array of shape {array.shape} holds no value to store")
    native = array.dtype.newbyteorder("=")
    return np.asfortranarray(array, dtype=native)


def choose(
    array: npt.NDArray[Any],
    *,
    missing: npt.NDArray[np.bool_] | None,
    datyp: int | str | None,
    nbits: int | None,
    compress: bool | Compress,
    max_error: float | None,
    is_text: bool,
) -> Packing:
    """The data type and bits for an array.

    Without ``datyp`` nothing is lost: floats become type 5, integers types 2 and 4, with the bits
    of their dtype. ``nbits`` below those of a float, or ``max_error``, ask for a quantised type.
    ``missing`` is True where a value does not count.
    """
    nbits = None if nbits is None else operator.index(nbits)
    if isinstance(datyp, str):
        datyp, named_bits = parse_type(datyp)
        if nbits is None:
            nbits = named_bits
    if max_error is not None:
        if nbits is not None:
            raise InvalidArgumentError("nbits and max_error both say how exact: give one")
        packing = _for_error(array, missing, max_error, datyp)
    else:
        packing = _for_bits(array, datyp, nbits, is_text=is_text)
    if compress and packing.datyp & 0x3F in _HAS_COMPRESSED:
        return packing._replace(datyp=packing.datyp | COMPRESSED_FLAG)
    return packing


def _for_bits(
    array: npt.NDArray[Any], datyp: int | None, nbits: int | None, *, is_text: bool
) -> Packing:
    kind = array.dtype.kind
    item_bits = 8 * array.dtype.itemsize // (2 if kind == "c" else 1)
    if datyp is None:
        datyp = STRING if is_text else _default_type(kind, nbits)
    return Packing(datyp, _default_bits(datyp, item_bits) if nbits is None else nbits)


def _default_type(kind: str, nbits: int | None) -> int:
    """The type that loses nothing, or of floats the one that keeps most in so many bits."""
    if kind != "f":
        return {"c": COMPLEX, "i": SIGNED, "u": UNSIGNED}[kind]
    if nbits is None or nbits > _MOST_REAL_BITS:
        return IEEE
    return BLOCK if nbits <= _MOST_BLOCK_BITS else REAL


def _default_bits(datyp: int, item_bits: int) -> int:
    """All bits of what is there; 16 where a type has no more or means a loss anyway."""
    base = datyp & 0x3F
    if base in (REAL, BLOCK):
        return 16
    if base in (CHARACTERS, STRING):
        return 8
    if base == UNSIGNED and datyp & COMPRESSED_FLAG:
        return min(item_bits, 16)
    return item_bits


# ------------------------------------------------------------------------------------ max_error


def _for_error(
    array: npt.NDArray[Any],
    missing: npt.NDArray[np.bool_] | None,
    max_error: float,
    datyp: int | None,
) -> Packing:
    """The fewest bits whose step is no larger than ``max_error``.

    Type 6 rounds on a step of 2^s units of the largest exponent (codecs.md, 8.1), type 1 cuts on a
    step of 2^(E-nbits) (7.2): no value is off by more than one step and one unit of float32. What
    stands for missing values (11) makes the range wider.
    """
    if array.dtype.kind != "f":
        raise InvalidArgumentError(f"max_error is for floats, not for {array.dtype}")
    if not max_error > 0:
        raise InvalidArgumentError(f"max_error={max_error}: give a number above 0, or leave it out")
    base, flags = (None, 0) if datyp is None else (datyp & 0x3F, datyp & ~0x3F)
    if base not in {None, REAL, BLOCK}:
        raise InvalidArgumentError(f"max_error chooses the bits of types 1 and 6, not of {datyp}")
    counts = np.isfinite(array) if missing is None else np.isfinite(array) & ~missing
    has_plug = missing is not None and bool(missing.any())
    there = array[counts]
    low, high = _range(there)
    n_units = array.dtype.itemsize // 4  # doubles are rounded, or cut, on the way in, too
    is_narrow = math.isfinite(high - low)  # within float32, as all that is quantised
    for step, least, most, kind in (
        (_block_step, 1, _MOST_BLOCK_BITS, BLOCK),
        (_linear_step, 2, _MOST_REAL_BITS, REAL),
    ):
        if not is_narrow:
            break
        for nbits in range(least, most + 1 if base in {None, kind} else least):
            top = _plug(low, high, nbits) if has_plug else high
            error = step(low, top, nbits) + n_units * _unit(low, top)
            # Where it cannot be told from a value the encoder takes one that is further away.
            if error <= max_error and not (has_plug and top - high <= error):
                return Packing(kind | flags, nbits)
    if base is not None:
        raise EncodingError(
            f"type {base} cannot keep values from {low:g} to {high:g} to {max_error:g}: leave "
            "datyp out, or allow a larger error"
        )
    item_bits = 8 * array.dtype.itemsize
    as_singles = is_narrow and max_error >= _unit(low, high)
    return Packing(IEEE, _FLOAT32_BITS if as_singles else item_bits)


def _range(there: npt.NDArray[Any]) -> tuple[float, float]:
    """Least and largest value, those of float32 where these lie further apart."""
    if there.size == 0:
        return 0.0, 0.0
    low, high = there.min(), there.max()
    with np.errstate(over="ignore"):
        singles = float(np.float32(low)), float(np.float32(high))
    return min(float(low), singles[0]), max(float(high), singles[1])


def _unit(low: float, high: float) -> float:
    """The unit of float32 of the largest value."""
    return float(np.spacing(np.float32(max(abs(low), abs(high)))))


def _plug(low: float, high: float, nbits: int) -> float:
    """What the encoder tries first for missing values of this range (codecs.md, 11)."""
    plug = high + (high - low) * _PLUG_PARTS.get(nbits, 0.01)
    rounded = float(np.float32(plug))  # of doubles in type 1 it is not
    if rounded > np.float32(high):
        return max(plug, rounded)
    return max(high, 1.0 if high == 0 else 2 * high)


def _block_step(low: float, high: float, nbits: int) -> float:
    """2^(s + e - 150) of section 8.1; at least the unit that aligning the mantissas cuts to."""
    exponent = math.frexp(max(abs(low), abs(high)))[1]
    unit = math.ldexp(1.0, max(exponent, -125) - 24)
    steps = (high - low) / unit + 1
    return unit * 2.0 ** max(0, math.ceil(math.log2((steps + 1) / 2**nbits)))


def _linear_step(low: float, high: float, nbits: int) -> float:
    """2^(E - nbits) of section 7.2."""
    width = 2 * (high - low)
    return 0.0 if width == 0 else math.ldexp(1.0, math.frexp(width)[1] - 1 - nbits)
