"""Bit streams in 32-bit words, most significant bit first (``docs/format/codecs.md``, 1).

Everything is done on whole arrays: a token is shifted into a 64-bit window that starts at its first
word, and the two halves of the window are or-ed into that word and the next.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]
Tokens = npt.NDArray[np.uint64]

U64 = np.uint64


def bit_length(values: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Significant bits of each non-negative integer below 2**53: 0 of 0, 8 of 255, 9 of 256."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)


def n_words_of(n_bits: int) -> int:
    """32-bit words that hold ``n_bits``."""
    return (n_bits + 31) // 32


def concatenate(
    values: npt.NDArray[np.integer],
    widths: int | npt.NDArray[np.integer],
    start: int = 0,
) -> Words:
    """Tokens one after the other, the first at bit ``start`` of word 0.

    Parameters
    ----------
    values : array of int
        Only the low ``widths`` bits of each count, so negative ones are two's complement.
    widths : int or array of int
        Bits of each token, 0 (nothing is written) to 32.
    start : int
        Bits left zero in front.

    Returns
    -------
    array of uint32
        As many words as the last bit needs.
    """
    flat = np.ascontiguousarray(values).reshape(-1).astype(np.int64).view(U64)
    wide = np.broadcast_to(np.asarray(widths, np.int64), flat.shape).reshape(-1)
    used = wide > 0
    if not used.all():
        flat, wide = flat[used], wide[used]
    ends = np.cumsum(wide) + start
    n_words = n_words_of(int(ends[-1]) if ends.size else start)
    words = np.zeros(n_words + 1, np.uint64)
    if flat.size:
        first = ends - wide
        index = first >> 5
        tokens = flat & ((U64(1) << wide.astype(U64)) - U64(1))
        window = tokens << (64 - wide - (first & 31)).astype(U64)
        # Tokens are in order, so those that begin in one word are neighbours.
        begins = np.flatnonzero(np.diff(index, prepend=-1))
        words[index[begins]] |= np.bitwise_or.reduceat(window >> U64(32), begins)
        words[index[begins] + 1] |= np.bitwise_or.reduceat(window & U64(0xFFFFFFFF), begins)
    return words[:n_words].astype(np.uint32)


def split_at(
    words: Words,
    starts: npt.NDArray[np.integer],
    widths: int | npt.NDArray[np.integer],
) -> Tokens:
    """Tokens of ``widths`` bits (0 to 32) that begin at bits ``starts``; zeros follow the end."""
    longer = np.zeros(len(words) + 2, U64)
    longer[: len(words)] = words
    at = np.asarray(starts, np.int64)
    wide = np.broadcast_to(np.asarray(widths, np.int64), at.shape).astype(U64)
    index = np.minimum(at >> 5, len(words))
    window = longer[index] << U64(32) | longer[index + 1]
    aligned = (window << (at & 31).astype(U64)) >> np.minimum(U64(64) - wide, U64(63))
    return np.asarray(aligned & ((U64(1) << wide) - U64(1)), U64)


def split(words: Words, width: int, count: int, start: int = 0) -> Tokens:
    """``count`` tokens of ``width`` bits, the first at bit ``start``."""
    return split_at(words, start + np.arange(count, dtype=np.int64) * width, width)


def signed(tokens: Tokens, widths: int | npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Tokens read as two's complement of their width (0 stays 0)."""
    wide = np.broadcast_to(np.asarray(widths, np.int64), tokens.shape)
    values = tokens.astype(np.int64)
    half = np.where(wide > 0, np.int64(1) << np.maximum(wide - 1, 0), 0)
    return np.where((wide > 0) & (values >= half), values - 2 * half, values)
