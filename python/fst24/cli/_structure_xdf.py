"""The structure of an XDF file (docs/format/containers.md, 2)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from ._structure import Bytes, Examined

_UNIT = 8
_HEADER = 208
_PAGE, _PAGE_UNITS, _PAGE_ENTRIES = 18464, 2308, 256
_PAGE_HEAD, _ENTRY = 32, 72
_RECORD_UNITS = 10  # header, keys and auxiliary keys: the least that a record has
_LAST_LIVE = 125
_DELETED = (126, 127, 254, 255)
_FIRST_END_MARK, _LAST_END_MARK = 112, 127
_POSTFIX = 16
_CHUNK = 1 << 22


class Head(NamedTuple):
    """The first two words of every structure."""

    idtyp: int
    n_bytes: int
    offset: int

    @property
    def is_live(self) -> bool:
        """Whether it is that of a record that was not deleted."""
        return 1 <= self.idtyp <= _LAST_LIVE


def head_at(content: bytes, at: int = 0) -> Head:
    """The head at a place of some bytes."""
    word, address = struct.unpack_from(">II", content, at)
    return Head(word >> 24, (word & 0xFFFFFF) * _UNIT, (address - 1) * _UNIT)


def examine(found: Examined) -> None:
    """Look at header, directory and record headers."""
    head = found.data.filled(0, _HEADER)
    words = struct.unpack(">16I", head[:64])
    n_head, n_pages = (words[0] & 0xFFFFFF) * _UNIT, words[7]
    found.own(0, n_head, "the header")
    if head[12:16] == b"STDS" and n_pages == 0:
        _examine_sequential(found, n_head)
        return
    size = words[4] * _UNIT
    if size != found.data.size:
        found.fault(16, f"the header says {size:,} bytes, the file has {found.data.size:,}")
    if words[14] != 0:
        found.fault(56, "the file is marked as being written: a writer has it, or died with it")
    chain = _Chain(found)
    chain.follow(n_head)
    if chain.n_pages != n_pages:
        found.fault(28, f"the header counts {n_pages:,} directory pages, {chain.n_pages:,} lead on")
    elif (words[8] - 1) * _UNIT != chain.last:
        found.fault(32, f"the header has the last page at byte {(words[8] - 1) * _UNIT:,}, "
                    f"the chain ends at {chain.last:,}")  # fmt: skip
    if chain.n_live != words[13]:
        found.fault(52, f"the header counts {words[13]:,} records, the directory {chain.n_live:,}")


class _Chain:
    """The directory pages, one after the other."""

    def __init__(self, found: Examined) -> None:
        self._found = found
        self.n_pages = self.n_live = self.last = 0

    def follow(self, at: int) -> None:
        seen: set[int] = set()
        while at >= 0:
            page = self._found.data.at(at, _PAGE)
            why = "leads in a circle" if at in seen else _why_no_page(page, at)
            if why is not None:
                self._found.fault(at, f"directory page {self.n_pages} {why}")
                self._found.own(at, at + _PAGE, f"the damaged directory page {self.n_pages}")
                return
            if len(page) < _PAGE:
                self._found.loss(at, f"directory page {self.n_pages} lies beyond the end of the "
                                 "file, with its records")  # fmt: skip
                return
            seen.add(at)
            self._found.own(at, at + _PAGE, f"directory page {self.n_pages}")
            self._check_page(page, at)
            self.n_pages += 1
            self.last = at
            at = (int.from_bytes(page[16:20], "big") - 1) * _UNIT

    def _check_page(self, page: bytes, at: int) -> None:
        words: npt.NDArray[np.uint32] = np.frombuffer(page, ">u4")[4:]
        if np.bitwise_xor.reduce(words) != 0:
            self._found.fault(at + 24, f"the checksum of directory page {self.n_pages} is wrong")
        n_entries = int(words[1])
        if n_entries > _PAGE_ENTRIES:
            self._found.fault(at + 20, f"directory page {self.n_pages} claims {n_entries:,} "
                              f"entries, {_PAGE_ENTRIES} are the most")  # fmt: skip
            return
        for i in range(n_entries):
            entry = head_at(page, _PAGE_HEAD + i * _ENTRY)
            self.n_live += entry.is_live
            self._check_entry(entry, self.n_pages * _PAGE_ENTRIES + i, at + _PAGE_HEAD + i * _ENTRY)

    def _check_entry(self, entry: Head, number: int, at: int) -> None:
        """An entry and the record that it leads to; ``number`` is its file_index."""
        found = self._found
        if not entry.is_live and entry.idtyp not in _DELETED:
            found.fault(at, f"entry {number} has the unknown type {entry.idtyp}")
            return
        end = entry.offset + entry.n_bytes
        if entry.offset < 0 or end > found.data.size or entry.n_bytes < _RECORD_UNITS * _UNIT:
            if entry.is_live:
                found.fault(at, f"entry {number} has its record at bytes {entry.offset:,} to "
                            f"{end:,}, where none can be")  # fmt: skip
            return
        found.own(entry.offset, end, f"entry {number}")
        own = head_at(found.data.filled(entry.offset, _UNIT))
        if own[1:] != entry[1:]:
            found.fault(entry.offset, f"the header of the record of entry {number} has "
                        f"{own.n_bytes:,} bytes at {own.offset:,}, the directory "
                        f"{entry.n_bytes:,} at {entry.offset:,}")  # fmt: skip
        elif own.is_live != entry.is_live:
            who = "live in the directory, deleted" if entry.is_live else "deleted there, live"
            found.fault(entry.offset, f"the record of entry {number} is {who} in its own header")


def _why_no_page(page: bytes, at: int) -> str | None:
    if len(page) < _UNIT:
        return None
    head = head_at(page)
    if (head.idtyp, head.n_bytes, head.offset) != (0, _PAGE_UNITS * _UNIT, at):
        return "has the header of something else: damaged"
    return None


def _examine_sequential(found: Examined, at: int) -> None:
    """Records one after the other up to an end mark; what is behind it is not looked at (2.9)."""
    while at + _UNIT <= found.data.size:
        head = head_at(found.data.filled(at, _UNIT))
        if head.offset != at or head.n_bytes < _UNIT:
            found.fault(at, "no record and no end mark")
            return
        if _FIRST_END_MARK <= head.idtyp <= _LAST_END_MARK:
            found.own(at, found.data.size, "the end mark")
            return
        end = at + head.n_bytes + _POSTFIX
        if end > found.data.size:
            found.fault(at, "the file ends inside this record")
            return
        found.own(at, end - _POSTFIX, "a record")
        found.own(end - _POSTFIX, end, "what links two records")
        at = end
    found.fault(found.data.size, "no end mark")


def length_at(data: Bytes, at: int) -> int | None:
    """The length of a live record whose own header is at a place."""
    head = head_at(data.filled(at, _UNIT))
    fits = _RECORD_UNITS * _UNIT <= head.n_bytes <= data.size - at
    return head.n_bytes if head.is_live and head.offset == at and fits else None


def places(data: Bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where whole records may be: heads of live ones that tell their own address."""
    for low in range(-(-start // _UNIT) * _UNIT, end, _CHUNK):
        chunk = data.at(low, min(_CHUNK, end - low))
        words = np.frombuffer(chunk[: len(chunk) // _UNIT * _UNIT], ">u4").reshape(-1, 2)
        kinds, units = words[:, 0] >> 24, words[:, 0] & 0xFFFFFF
        home = words[:, 1] == low // _UNIT + 1 + np.arange(len(words))
        may_be = home & (kinds >= 1) & (kinds <= _LAST_LIVE) & (units >= _RECORD_UNITS)
        for i in np.flatnonzero(may_be).tolist():
            offset, n_bytes = low + i * _UNIT, int(units[i]) * _UNIT
            if offset + n_bytes <= end:
                yield offset, n_bytes
