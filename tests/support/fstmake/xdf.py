"""XDF files: random with a directory, and sequential (``docs/format/containers.md``, 2).

All positions inside this module are in words of 32 bits; addresses are in units of 64 bits from 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from tests.support.fstmake import record
from tests.support.fstmake.words import Image, Payloads, lengths, place

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tests.support.fstmake.record import Record

HEADER_UNITS, PAGE_UNITS, RECORD_UNITS = 26, 2308, 10
HEADER_WORDS, PAGE_WORDS, ENTRY_WORDS = 52, 4616, 18
PER_PAGE = 256
LIVE, DELETED, END_OF_INFORMATION = 1, 255, 127


class Places(NamedTuple):
    """Where things are, in words: the pages, the records, and the end of file."""

    pages: npt.NDArray[np.int64]
    records: npt.NDArray[np.int64]
    end: int


def _ascii(text: str) -> int:
    return int.from_bytes(text.encode(), "big")


def header(
    n_units: int,
    *,
    extensions: int,
    pages: int,
    last_page: int,
    biggest: int,
    erased: int,
    live: int,
    signature: str = "STDR",
    rewrites: int = 0,
    open_mode: int = 0,
) -> npt.NDArray[np.uint32]:
    """The 52 words of a file header (2.2)."""
    words = [
        HEADER_UNITS,
        0,
        _ascii("XDF0"),
        _ascii(signature),
        n_units,
        rewrites,
        extensions,
        pages,
        last_page,
        biggest,
        16 << 16 | 9,
        2 << 16 | 1,
        erased,
        live,
        open_mode,
        0,
    ]
    names = [f"SF{k:02d}" for k in range(1, 17)] + ["AXI1", "AXI2"]
    for k, name in enumerate(names):
        first_bit = 31 + 32 * (k if k < 16 else k - 16)
        words += [_ascii(name), first_bit << 19 | 31 << 14]
    return np.array(words, np.uint32)


def layout(units: npt.NDArray[np.int64]) -> Places:
    """Pages and records for records of the given lengths, a new page after every 256."""
    n = len(units)
    n_pages = max(1, -(-n // PER_PAGE))
    before = np.concatenate([[0], np.cumsum(units)])
    k = np.arange(n)
    records = HEADER_UNITS + PAGE_UNITS * (1 + k // PER_PAGE) + before[:-1]
    firsts = np.minimum(np.arange(n_pages) * PER_PAGE, n)
    pages = HEADER_UNITS + PAGE_UNITS * np.arange(n_pages) + before[firsts]
    end = HEADER_UNITS + PAGE_UNITS * n_pages + int(before[-1])
    return Places(2 * pages, 2 * records, 2 * end)


def checksum(page: Image) -> int:
    """What makes the XOR of all words of a page from its fifth on zero (word 6 itself left out)."""
    words = page.astype(np.uint32)
    return int(np.bitwise_xor.reduce(words[4:]) ^ words[6])


def image_of(
    keys: npt.NDArray[np.uint32],
    payloads: Payloads,
    *,
    deleted: npt.NDArray[np.bool_] | None = None,
    signature: str = "STDR",
    open_mode: int = 0,
    record_keys: npt.NDArray[np.uint32] | None = None,
) -> Image:
    """A random file from key words (n, 16) and payloads of an even number of words each.

    ``record_keys``: the keys in the records, where an edit has changed those of the directory.
    """
    n = len(keys)
    gone = np.zeros(n, bool) if deleted is None else deleted
    units = RECORD_UNITS + lengths(payloads) // 2
    pages, at, end = layout(units)
    image: Image = np.zeros(end, ">u4")
    image[:HEADER_WORDS] = header(
        end // 2,
        extensions=n,
        pages=len(pages),
        last_page=int(pages[-1]) // 2 + 1,
        biggest=int(units.max(initial=0)),
        erased=int(gone.sum()),
        live=n - int(gone.sum()),
        signature=signature,
        open_mode=open_mode,
    )
    kind = np.where(gone, DELETED, LIVE)
    entries = np.zeros((n, ENTRY_WORDS), np.uint32)
    entries[:, 0] = kind << 24 | units
    entries[:, 1] = at // 2 + 1
    in_records = entries.copy()
    entries[:, 2:] = keys
    in_records[:, 2:] = keys if record_keys is None else record_keys
    place(image, at, in_records)
    place(image, at + 2 * RECORD_UNITS, payloads)
    for k, start in enumerate(pages.tolist()):
        page = image[start : start + PAGE_WORDS]
        own = entries[k * PER_PAGE : (k + 1) * PER_PAGE]
        page[0], page[1] = PAGE_UNITS, start // 2 + 1
        page[4] = int(pages[k + 1]) // 2 + 1 if k + 1 < len(pages) else 0
        page[5] = len(own)
        page[8 : 8 + own.size] = own.reshape(-1)
        page[6] = checksum(page)
    return image


def payload(r: Record) -> npt.NDArray[np.uint32]:
    """The payload of a record with its slack, a whole number of units."""
    size = max(len(r.words), r.n_words or 0)
    return np.concatenate([r.words, np.zeros(size + size % 2 - len(r.words), np.uint32)])


def image(
    records: Sequence[Record],
    *,
    deleted: Collection[int] = (),
    signature: str = "STDR",
    open_mode: int = 0,
) -> bytes:
    """A random file as bytes; ``deleted`` are places in ``records``."""
    table = record.keys(record.columns(records)) if records else np.zeros((0, 16), np.uint32)
    gone = np.isin(np.arange(len(records)), list(deleted))
    words = image_of(
        table,
        [payload(r) for r in records],
        deleted=gone,
        signature=signature,
        open_mode=open_mode,
    )
    return words.tobytes()


def sequential(
    records: Sequence[Record], *, deleted: Collection[int] = (), end_mark: bool = True
) -> bytes:
    """A sequential file (2.9): no directory, a postfix after each record, an end mark."""
    table = record.keys(record.columns(records)) if records else np.zeros((0, 16), np.uint32)
    parts = [
        header(
            116,  # not kept true in such files
            extensions=0,
            pages=0,
            last_page=0,
            biggest=0,
            erased=0,
            live=len(records) - len(deleted),
            signature="STDS",
        )
    ]
    at = HEADER_UNITS
    for k, r in enumerate(records):
        body = payload(r)
        units = RECORD_UNITS + len(body) // 2
        first = [(DELETED if k in deleted else LIVE) << 24 | units, at + 1]
        parts += [
            np.array(first, np.uint32),
            table[k],
            np.zeros(2, np.uint32),
            body,
            np.array([2, 0xFFFFFFFF, *first], np.uint32),
        ]
        at += units + 2
    if end_mark:
        parts.append(np.array([END_OF_INFORMATION << 24 | 1, at + 1], np.uint32))
    return np.concatenate(parts).astype(">u4").tobytes()
