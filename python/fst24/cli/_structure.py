"""What the bytes of a file are, looked at without the library: marks, directory, who owns what.

Facts: docs/format/containers.md. A file is examined as it stands on disk, so that a fault which the
library lives with, or steps over, is seen too.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import fst24

from ._output import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["XDF", "RSF"]
_CHUNK = 1 << 20


class Fault(NamedTuple):
    """Something that is not as the format has it."""

    offset: int
    text: str


class Span(NamedTuple):
    """Bytes that belong together; ``what`` they are, for messages."""

    start: int
    end: int
    what: str


class Bytes:
    """The bytes of a file; what the disk refuses, or is behind its end, reads short."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def at(self, offset: int, n_bytes: int) -> bytes:
        """``n_bytes`` from ``offset``, fewer where the file ends."""
        if offset >= self.size:
            return b""
        try:
            return os.pread(self._descriptor, min(n_bytes, self.size - offset), offset)
        except OSError:
            return b""

    def filled(self, offset: int, n_bytes: int) -> bytes:
        """The same; zeros for those that cannot be had."""
        return self.at(offset, n_bytes).ljust(n_bytes, b"\0")

    def first_set(self, start: int, end: int) -> int | None:
        """Place of the first byte that is not zero; holes of the file are not read."""
        at = self._after_hole(start, end)
        while at < end:
            chunk = self.at(at, min(_CHUNK, end - at))
            if not chunk:
                return None
            rest = chunk.lstrip(b"\0")
            if rest:
                return at + len(chunk) - len(rest)
            at = self._after_hole(at + len(chunk), end)
        return None

    def _after_hole(self, at: int, end: int) -> int:
        try:
            return min(end, os.lseek(self._descriptor, at, os.SEEK_DATA))
        except OSError as error:  # nothing but a hole is behind; or holes are not known here
            return end if error.errno == errno.ENXIO else at


class Examined:
    """What is found: faults, and the spans that are accounted for."""

    def __init__(self, data: Bytes) -> None:
        self.data = data
        self.faults: list[Fault] = []
        #: Faults that say that there were records which nothing can bring back.
        self.losses: list[Fault] = []
        self._owned: list[Span] = []
        #: Bytes that nobody owns and that are not all zeros.
        self.stray: list[Span] = []

    def fault(self, offset: int, text: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(offset, text))

    def loss(self, offset: int, text: str) -> None:
        """Note that records are gone."""
        self.losses.append(Fault(offset, text))

    def own(self, start: int, end: int, what: str) -> None:
        """Note whose bytes these are."""
        self._owned.append(Span(start, min(end, self.data.size), what))

    def settle(self, listed: Iterable[Span]) -> None:
        """Find bytes of two owners, and of none; ``listed`` are the records that can be read."""
        listed = list(listed)
        known = {(span.start, span.end) for span in self._owned}
        spans = self._owned + [span for span in listed if span[:2] not in known]
        end, last = 0, "the file"
        for span in sorted(spans):
            if span.start > end:
                self._unowned(end, min(span.start, self.data.size))
            elif span.start < end and span.end > span.start:
                both = min(end, span.end) - span.start
                self.fault(span.start, f"{both:,} bytes belong to {last} and to {span.what}")
            if span.end > end:
                end, last = span.end, span.what
        if end < self.data.size:
            self._unowned(end, self.data.size)
        self.faults.sort()

    def _unowned(self, start: int, end: int) -> None:
        first = self.data.first_set(start, end)
        if first is not None:
            # Records begin on units of 8 bytes (XDF) or of words, which 8 of zeros may precede.
            self.stray.append(Span(start + (first - start) // 8 * 8, end, "no record"))


def examine(file: fst24.Fst24File) -> Examined:
    """Examine the file behind an open one."""
    from . import _structure_rsf, _structure_xdf

    with Path(file.path).open("rb") as raw:
        found = Examined(Bytes(raw.fileno()))
        part = _structure_xdf if file.backend == "XDF" else _structure_rsf
        part.examine(found)
        found.settle(
            Span(r.offset, r.offset + r.nbytes, f"record {r.index}")
            for r in file
            if r.offset + r.nbytes <= found.data.size
        )
    return found


def strays(found: Examined) -> Iterator[Fault]:
    """A line for the bytes of each span that nobody owns."""
    for start, end, _ in found.stray:
        yield Fault(start, f"{counted(end - start, 'byte')} that belong to nothing")


class Finder:
    """Records that are whole among bytes that nobody owns: they decode, so they are some."""

    def __init__(self, path: str, kind: Kind) -> None:
        self._path = Path(path)
        self._is_xdf = kind == "XDF"

    def places(self, span: Span) -> Iterator[tuple[int, int]]:
        """Where each of them is, and its length, in order."""
        from . import _structure_rsf, _structure_xdf

        places = _structure_xdf.places if self._is_xdf else _structure_rsf.places
        with self._path.open("rb") as raw:
            data, at = Bytes(raw.fileno()), span.start
            for offset, n_bytes in places(data, span.start, span.end):
                # What begins inside the record before it is part of its values.
                if offset >= at and _decoded(data.at(offset, n_bytes)) is not None:
                    at = offset + n_bytes
                    yield offset, n_bytes

    def own(self, record: fst24.Fst24Record) -> fst24.Fst24Record | None:
        """A record as its own header has it, when what the directory says of it cannot be."""
        try:
            record.shape  # noqa: B018 - it fails where sizes or type cannot be
        except fst24.Fst24Error:
            return self._at(record.offset)
        return None

    def _at(self, offset: int) -> fst24.Fst24Record | None:
        from . import _structure_rsf, _structure_xdf

        length_at = _structure_xdf.length_at if self._is_xdf else _structure_rsf.length_at
        with self._path.open("rb") as raw:
            data = Bytes(raw.fileno())
            n_bytes = length_at(data, offset)
            return None if n_bytes is None else _decoded(data.at(offset, n_bytes))

    def record(self, place: tuple[int, int]) -> fst24.Fst24Record:
        """The record at a place."""
        with self._path.open("rb") as raw:
            return fst24.decode_record(Bytes(raw.fileno()).at(*place))


def _decoded(stored: bytes) -> fst24.Fst24Record | None:
    """The record of stored bytes when its values can be read."""
    try:
        record = fst24.decode_record(stored)
        record.decode()
    except fst24.Fst24Error:
        return None
    return record
