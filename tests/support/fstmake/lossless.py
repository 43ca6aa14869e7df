"""Type 133: sign, exponent and mantissa of float32 coded apart (``docs/format/codecs.md``, 10)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.support.fstmake.bits import Words, bit_length, concatenate
from tests.support.fstmake.tiles import (
    LOSSLESS,
    RULE_PLAIN,
    decode_differences,
    encode_differences,
    head_word,
)


def _runs(signs: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Position and length of the runs of equal signs."""
    begins = np.flatnonzero(np.diff(signs, prepend=signs[:1] ^ 1))
    lengths = np.diff(begins, append=len(signs))
    return list(zip(begins.tolist(), lengths.tolist(), strict=True))


def encode_signs(signs: npt.NDArray[np.uint8]) -> Words:
    """Run-length code of the sign bits, in storage order (10.1)."""
    n = len(signs)
    values: list[int] = []
    widths: list[int] = []
    at = 0

    def literals() -> None:
        nonlocal at
        group = signs[at : at + 7]
        token = 0
        for sign in group.tolist():
            token = token << 1 | sign
        values.append(token)  # the leading 0 bit says "literal"
        widths.append(1 + len(group))
        at += len(group)

    for begin, length in _runs(signs):
        end = begin + length
        while at < end:  # a literal group of the run before may have taken the first signs
            if end - at < 8:
                literals()
                continue
            sign = int(signs[at])
            counted_62 = False
            while at < end:
                left = end - at
                count = 62 if left >= 63 else left
                if count < 8:
                    literals()
                    break
                if count == 62 and left > 256 and counted_62:
                    values.append(0xFF)
                    widths.append(8)
                    at += 255
                else:
                    values.append(0x80 | sign << 6 | count)
                    widths.append(8)
                    at += count
                    counted_62 = counted_62 or count == 62
    assert at == n
    return concatenate(np.array(values, np.int64), np.array(widths, np.int64))


def decode_signs(words: Words, n: int) -> npt.NDArray[np.uint8]:
    """Inverse of ``encode_signs``."""
    bits = np.unpackbits(words.astype(">u4").view(np.uint8)).tolist()
    signs: list[int] = []
    at, last = 0, 0
    while len(signs) < n:
        if bits[at] == 0:
            count = min(7, n - len(signs))
            signs += bits[at + 1 : at + 1 + count]
            at += 1 + count
            continue
        count = int("".join(map(str, bits[at + 2 : at + 8])), 2)
        if count == 63:
            signs += [last] * 255
        else:
            last = bits[at + 1]
            signs += [last] * count
        at += 8
    return np.array(signs[:n], np.uint8)


def encode(values: npt.NDArray[np.float32], nbits: int) -> Words | None:
    """Payload words of a field of shape (nj, ni), or None where compression is refused (10.5)."""
    nj, ni = values.shape
    if ni < 16 or nj < 16:
        return None
    bits = np.ascontiguousarray(values).view(np.uint32).astype(np.int64)
    mb = nbits - 9
    sign = (bits >> 31).astype(np.uint8).reshape(-1)
    exponent = bits >> 23 & 0xFF
    mantissa = (bits & 0x7FFFFF) >> (23 - mb)
    emin, emax = int(exponent.min()), int(exponent.max())
    eb = int(bit_length(np.array([emax - emin]))[0])

    code = 0
    parts: list[Words] = []
    sign_length = 0
    if sign.min() != sign.max():
        code |= 0x20
        stream = encode_signs(sign)
        sign_length = 4 * len(stream) + 4
        parts += _part(sign_length, stream)
    elif sign[0]:
        code |= 0x10
    if emin != emax:
        code |= 0x08
        stream = encode_differences(exponent - emin, eb, header_width=4, cap16=False).words
        if 4 * len(stream) + 1 > ni * nj:
            return None
        parts += _part(4 * len(stream) + 4, stream)
    head = [
        head_word(LOSSLESS, mb, 3, degree=1, version=2),
        emin << 16 | eb << 8 | code,
    ]
    before = np.concatenate([np.array(head, np.uint32), *parts, np.array([sign_length], np.uint32)])
    result = encode_differences(mantissa, mb, header_width=5, cap16=False)
    budget = ni * nj * nbits // 32 - len(before)
    b = result.tile_bits
    full_words = (result.bits_after_tile - 1) >> 5
    if np.any((b > 0) & (budget < full_words + 1 + ((b + 9 * mb) >> 5))):
        return None
    z = len(before) + len(result.words)
    length = 2 * ((8 * (16 + 4 * (z + 1)) + 63) // 64)
    return np.concatenate([np.array([length], np.uint32), before, result.words])


def _part(length: int, stream: Words) -> list[Words]:
    return [np.array([length], np.uint32), stream, np.zeros(1, np.uint32)]


def decode(words: Words, nj: int, ni: int) -> npt.NDArray[np.float32]:
    """Field of shape (nj, ni) from the payload words of a 133 record."""
    head, second = int(words[1]), int(words[2])
    mb = head >> 10 & 31
    emin, eb, code = second >> 16, second >> 8 & 0xFF, second & 0xFF
    at = 3
    n = ni * nj
    if code >> 4 & 3 == 2:
        sign = decode_signs(words[at + 1 :], n).astype(np.int64)
        at += int(words[at]) // 4 + 1
    else:
        sign = np.full(n, code >> 4 & 1, np.int64)
    if code >> 2 & 3 == 2:
        field = decode_differences(words[at + 1 :], nj, ni, eb, step=3, rule=RULE_PLAIN)
        exponent = (field & 0xFF) + emin
        at += int(words[at]) // 4 + 1
    else:
        exponent = np.full((nj, ni), emin, np.int64)
    mantissa = decode_differences(words[at + 1 :], nj, ni, mb, step=3, rule=RULE_PLAIN) & 0xFFFFFFFF
    bits = sign.reshape(nj, ni) << 31 | exponent << 23 | mantissa << (23 - mb)
    return (bits & 0xFFFFFFFF).astype(np.uint32).view(np.float32)
