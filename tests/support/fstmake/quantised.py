"""Types 1 and 6: reals as integers on a common scale (``docs/format/codecs.md``, 7 and 8)."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from tests.support.fstmake.bits import Words, concatenate, split

Reals = npt.NDArray[np.float32] | npt.NDArray[np.float64]


class Quantised(NamedTuple):
    """Header words and one token per value, in storage order."""

    header: Words
    tokens: npt.NDArray[np.int64]


def _parts_of_double(value: float) -> tuple[int, int, int]:
    """Sign, unbiased exponent and the first 23 fraction bits of a normal double."""
    bits = int(np.array([value], np.float64).view(np.uint64)[0])
    return bits >> 63, (bits >> 52 & 0x7FF) - 1023, bits >> 29 & 0x7FFFFF


def linear(values: Reals, nbits: int, form: Literal["A", "B"] = "A") -> Quantised:
    """Linear quantisation of flat ``values`` (7.1, 7.2). Doubles are not rounded first."""
    x = values.astype(np.float64)
    low, high = float(x.min()), float(x.max())
    if not -1e38 <= low <= high <= 1e38:
        msg = "type 1 holds values from -1e38 to 1e38"
        raise ValueError(msg)
    span = 2 * (high - low)
    exponent = math.frexp(span)[1] - 1 if span else 0
    k = exponent - nbits
    sign, m, fraction = 0, 0x111, 0
    h2 = 0
    if low != 0:
        sign, e, fraction = _parts_of_double(low)
        m = e + 976
        h2 = 0x80000000 | fraction << 8
    marker = 0x7FF if form == "A" else 0xFFF
    h3 = nbits << 8 | ((len(x) >> 20) & 0xFF if form == "B" else 0)
    header = [
        marker << 20 | (len(x) & 0xFFFFF),
        ((k + 4096) & 0xFFFF) << 16 | (m & 0xFFF) << 4 | sign,
        h2,
        h3,
    ]
    tokens = np.trunc(np.ldexp(x - low, nbits - exponent)).astype(np.int64)
    return Quantised(np.array(header, np.uint32), tokens)


def linear_payload(values: Reals, nbits: int) -> Words:
    """Words of a plain type 1 record: the tokens begin in the last byte of the header (form A)."""
    header, tokens = linear(values, nbits)
    words = concatenate(tokens, nbits, start=120)
    words[:3] = header[:3]
    words[3] |= header[3]
    return words


FOLDED = 1.0000000000001  # C of 7.3


def linear_values(header: Words, tokens: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
    """Values of tokens under a header of either form (7.3)."""
    _, h1, h2, _ = header.tolist()
    k, m, sign = (h1 >> 16) - 4096, h1 >> 4 & 0xFFF, h1 & 1
    low = np.float32(0)
    if h2 and m >= 849:
        bits = sign << 31 | ((m - 849) & 0xFF) << 23 | (h2 >> 8 & 0x7FFFFF)
        low = np.array([bits], np.uint32).view(np.float32)[0]
    scaled = np.ldexp(tokens.astype(np.float64), k) * FOLDED + np.float64(low)
    with np.errstate(over="ignore"):
        return np.where(tokens == 0, low, scaled.astype(np.float32)).astype(np.float32)


def linear_decode(words: Words, n: int) -> npt.NDArray[np.float32]:
    """Values of a plain type 1 payload."""
    width = int(words[3]) >> 8 & 0xFF
    return linear_values(words[:4], split(words, width, n, 120))


def _mantissas(bits: npt.NDArray[np.int64], e: int) -> npt.NDArray[np.int64]:
    """``q'`` of 8.1: mantissas aligned on exponent ``e``, cut towards zero, with their sign."""
    exponent, fraction = bits >> 23 & 0xFF, bits & 0x7FFFFF
    normal = (0x800000 | fraction) >> np.clip(e - exponent, 0, 31)
    magnitude = np.where(exponent == 0, fraction << 1 >> min(e, 31), normal)
    return np.where(bits >> 31 & 1, -magnitude, magnitude)


def block(values: npt.NDArray[np.float32], nbits: int) -> Quantised:
    """Block quantisation of flat ``values`` (8.1)."""
    bits = values.view(np.uint32).astype(np.int64)
    ends = np.array([values.min(), values.max()], np.float32).view(np.uint32).astype(np.int64)
    exponents = ends >> 23 & 0xFF
    e = int(exponents.max())
    low, high = np.where(exponents == 0, 0, _mantissas(ends, e)).tolist()
    top = (1 << nbits) - 1
    shift = 0
    while (high - low) >> shift > top:
        shift += 1
    tokens = np.clip((_mantissas(bits, e) - low + (1 << shift) // 2) >> shift, 0, top)
    header = [0xEFF << 20 | (nbits - 1) << 16 | e << 8 | shift, low & 0xFFFFFFFF, len(values)]
    return Quantised(np.array(header, np.uint32), tokens)


def block_payload(values: npt.NDArray[np.float32], nbits: int) -> Words:
    """Words of a plain type 6 record: tokens take 16 bits whatever ``nbits`` (8)."""
    header, tokens = block(values, nbits)
    return np.concatenate([header, concatenate(tokens, 16)])


def block_values(header: Words, tokens: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
    """Values of tokens under a type 6 header (8.2), for exponents below 255."""
    h0, m, _ = header.tolist()
    e, shift = h0 >> 8 & 0xFF, h0 & 0xFF
    if e == 0:
        return np.zeros(len(tokens), np.float32)
    if e == 255:
        msg = "the field held an infinity"
        raise ValueError(msg)
    low = m - (1 << 32) if m >> 31 else m
    t = np.clip((tokens.astype(np.int64) << shift) + low, -0xFFFFFF, 0xFFFFFF)
    return np.asarray(np.ldexp(t.astype(np.float64), e - 150), np.float32)


def block_decode(words: Words, n: int) -> npt.NDArray[np.float32]:
    """Values of a plain type 6 payload."""
    return block_values(words[:3], split(words[3:], 16, n))
