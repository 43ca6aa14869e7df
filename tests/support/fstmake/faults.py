"""Files with one field set wrong: the tables of ``docs/format/containers.md``, 5.1.

Each fault is made in a valid file of six records, 5 x 4 floats; RSF has two sessions of three.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tests.support.fstmake import record, rsf, xdf

if TYPE_CHECKING:
    from collections.abc import Callable

N_RECORDS = 6
TARGET = 1
"""Place of the record that a fault is made in."""

FIRST_SEGMENT = 140


class Outcome(Enum):
    """What a reader should do with a file."""

    REFUSED = "an error at once"
    WHOLE = "all records listed and read"
    WARNED = "the same, with a warning"
    BAD = "all records listed, the target gives an error, the others are read"
    FLAGGED = "all records listed with a warning, the target is right or gives an error"
    SKIPPED = "all but the target listed and read"
    SOME = "records that are listed are right or give an error"


@dataclass(frozen=True)
class Fault:
    """A row of the table: how to make it, and what comes of it."""

    name: str
    change: Callable[[bytearray], None]
    outcome: Outcome


def values(k: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """What record ``k`` holds."""
    return (np.arange(20, dtype=np.float32) + np.float32(100 * k)).reshape(5, 4, order="F")


def records(backend: str) -> list[record.Record]:
    """The six records; ip1 tells them apart."""
    return [
        record.make(values(k), 5, 32, backend="XDF" if backend == "XDF" else "RSF", ip1=k + 1)
        for k in range(N_RECORDS)
    ]


def valid(backend: str) -> bytearray:
    """The file without a fault."""
    six = records(backend)
    return bytearray(xdf.image(six) if backend == "XDF" else rsf.image([six[:3], six[3:]]))


def _put(form: str, at: int, *numbers: int) -> Callable[[bytearray], None]:
    def change(file: bytearray) -> None:
        struct.pack_into(form, file, at, *numbers)

    return change


def _both(*changes: Callable[[bytearray], None]) -> Callable[[bytearray], None]:
    def change(file: bytearray) -> None:
        for one in changes:
            one(file)

    return change


def _cut(n_bytes: int) -> Callable[[bytearray], None]:
    def change(file: bytearray) -> None:
        del file[n_bytes:]

    return change


def _cut_end(n_bytes: int) -> Callable[[bytearray], None]:
    def change(file: bytearray) -> None:
        del file[-n_bytes:]

    return change


def _add(n_bytes: int) -> Callable[[bytearray], None]:
    def change(file: bytearray) -> None:
        file.extend(bytes(n_bytes))

    return change


def _fix_checksum(file: bytearray) -> None:
    page = np.frombuffer(bytes(file[208 : 208 + 18464]), ">u4")
    struct.pack_into(">I", file, 208 + 24, xdf.checksum(page))


def _xdf_size(units: int) -> Callable[[bytearray], None]:
    def change(file: bytearray) -> None:
        struct.pack_into(">I", file, 16, len(file) // 8 + units)

    return change


def xdf_faults() -> list[Fault]:
    """The rows of the XDF table."""
    page, entry = 208, 208 + 32 + 72 * TARGET

    def header(name: str, form: str, at: int, *numbers: int, to: Outcome) -> Fault:
        return Fault(name, _put(form, at, *numbers), to)

    def in_page(name: str, at: int, number: int, to: Outcome) -> Fault:
        return Fault(name, _both(_put(">I", page + at, number), _fix_checksum), to)

    def in_entry(name: str, form: str, at: int, number: int, to: Outcome = Outcome.BAD) -> Fault:
        return Fault(name, _both(_put(form, entry + at, number), _fix_checksum), to)

    looped = _both(_put(">I", 28, 5), _put(">I", page + 16, 27), _fix_checksum)
    refused, warned = Outcome.REFUSED, Outcome.WARNED
    return [
        Fault("size one unit less", _xdf_size(-1), warned),
        Fault("size one unit more", _xdf_size(1), warned),
        Fault("one unit behind the file", _add(8), warned),
        header("header length 0xFFFFFF", ">I", 0, 0xFFFFFF, to=refused),
        *(header(f"lprm {n}", ">H", 42, n, to=refused) for n in (0, 1, 100)),
        *(header(f"{n} pages announced", ">I", 28, n, to=warned) for n in (2, 2000)),
        Fault("page chain looped", looped, warned),
        in_page("next page past the end", 16, 0x00FFFFFF, warned),
        in_page("300 entries in a page", 20, 300, warned),
        in_page("0x7FFFFFFF entries in a page", 20, 0x7FFFFFFF, warned),
        header("checksum wrong", ">I", page + 24, 0x12345678, to=warned),
        in_entry("entry address 0", ">I", 4, 0),
        in_entry("entry address past the end", ">I", 4, 0x00FFFFFF),
        in_entry("entry length 0xFFFFFF", ">I", 0, 0x01FFFFFF),
        *(in_entry(f"entry length {n}", ">I", 0, 1 << 24 | n) for n in (0, 5, 11)),
        in_entry("entry type 126", ">B", 0, 126, Outcome.SKIPPED),
        in_entry("ni 0xFFFFFF", ">I", 12, 0xFFFFFF << 8 | ord("X")),
        *(in_entry(f"nbits {n}", ">I", 8, n) for n in (0, 64, 255)),
        in_entry("ni 0", ">I", 12, ord("X")),
        in_entry("datyp 63", ">I", 16, 4 << 8 | 63),
        Fault("auxiliary words not zero", _auxiliary, Outcome.WHOLE),
    ]


def _auxiliary(file: bytearray) -> None:
    entry = 208 + 32 + 72 * TARGET
    (address,) = struct.unpack_from(">I", file, entry + 4)
    struct.pack_into(">2I", file, 8 * (address - 1) + 72, 7, 7)


def _rsf_directory(file: bytearray) -> int:
    (vdir,) = struct.unpack_from("<I", file, FIRST_SEGMENT + 48)
    return FIRST_SEGMENT + int(vdir)


def _in_sos(at: int, number: int) -> Callable[[bytearray], None]:
    """A 64-bit field of the first session's SOS, high word first."""
    return _put("<2I", FIRST_SEGMENT + at, number >> 32, number & 0xFFFFFFFF)


def _in_directory(form: str, at: int, *numbers: int) -> Callable[[bytearray], None]:
    def change(file: bytearray) -> None:
        struct.pack_into(form, file, _rsf_directory(file) + at, *numbers)

    return change


def _in_entry(form: str, at: int, *numbers: int) -> Callable[[bytearray], None]:
    return _in_directory(form, 20 + 108 * TARGET + at, *numbers)


def _in_record(form: str, at: int, *numbers: int) -> Callable[[bytearray], None]:
    def change(file: bytearray) -> None:
        (wa,) = struct.unpack_from("<I", file, _rsf_directory(file) + 20 + 108 * TARGET + 4)
        struct.pack_into(form, file, FIRST_SEGMENT + wa + at, *numbers)

    return change


def _move_record(by: int) -> Callable[[bytearray], None]:
    def change(file: bytearray) -> None:
        at = _rsf_directory(file) + 20 + 108 * TARGET + 4
        (wa,) = struct.unpack_from("<I", file, at)
        struct.pack_into("<I", file, at, wa + by)

    return change


def rsf_faults() -> list[Fault]:
    """The rows of the RSF table."""
    back = (1 << 64) - FIRST_SEGMENT
    bad, refused, warned = Outcome.BAD, Outcome.REFUSED, Outcome.WARNED
    flagged = Outcome.FLAGGED
    return [
        Fault("last four bytes cut", _cut_end(4), warned),
        Fault("cut at byte 100", _cut(100), refused),
        Fault("8 bytes behind the file", _add(8), warned),
        Fault("80 zero bytes behind the file", _add(80), warned),
        Fault("0xDEADBEEF wrong in segment 0", _put("<I", 24, 0xDEADBEE0), refused),
        Fault("record start says deleted", _in_record("<B", 0, 0x80), Outcome.WHOLE),
        Fault("sseg 0 in a closed segment", _in_sos(36, 0), Outcome.SOME),
        Fault("sseg 2**40", _in_sos(36, 1 << 40), Outcome.SOME),
        Fault("sseg turns back", _in_sos(36, back), warned),
        Fault("sseg 72", _in_sos(36, 72), warned),
        # The records of a segment whose directory is lost or damaged are found by walking them.
        Fault("directory past the end", _in_sos(44, 1 << 30), warned),
        Fault("directory of 2**45 bytes", _in_sos(52, 1 << 45), warned),
        Fault("directory of 20 bytes", _in_sos(52, 20), warned),
        Fault("a million entries", _in_directory("<I", 16, 1_000_000), warned),
        *(
            Fault(f"{n} words in an entry", _in_entry("<I", 24, n << 16 | 19), warned)
            for n in (0xFFFF, 2)
        ),
        Fault("record past the end", _in_entry("<2I", 0, 0, 1 << 30), bad),
        Fault("record length 0", _in_entry("<2I", 8, 0, 0), bad),
        Fault("record length 2**41", _in_entry("<2I", 8, 1 << 9, 0), bad),
        Fault("record length 20", _in_entry("<2I", 8, 0, 20), bad),
        Fault("record length 152", _in_entry("<2I", 8, 0, 152), bad),
        Fault("ni huge", _in_entry("<I", 32 + 16, 0xFFFFFF << 8 | ord("X")), bad),
        Fault("record four bytes off", _move_record(4), bad),
        Fault("RSF version 9", _in_entry("<I", 32, 9 << 16 | 0x101), bad),
        Fault("fst24 version 9", _in_entry("<I", 32 + 8, 9 << 24 | 19 << 16), bad),
        Fault("0xFFFF words of JSON", _in_entry("<H", 32 + 8, 0xFFFF), flagged),
        Fault("255 search words", _in_entry("<B", 32 + 10, 255), flagged),
        Fault("metadata length of the record differs", _in_record("<H", 1, 18), bad),
        Fault("length of the record differs", _in_record("<2I", 4, 0, 204), bad),
    ]


def damaged(backend: str, fault: Fault) -> bytes:
    """The file with the fault in it."""
    file = valid(backend)
    fault.change(file)
    return bytes(file)


# ------------------------------------------------------------------------------- dead writers


def xdf_killed_while_creating() -> bytes:
    """Killed before the first flush: header and page of an empty file, all records behind (2.8)."""
    empty, whole = xdf.image([]), valid("XDF")
    file = bytearray(empty + bytes(whole[len(empty) :]))
    struct.pack_into(">I", file, 16, 26)
    struct.pack_into(">I", file, 28, 0)
    return bytes(file)


def xdf_killed_while_appending(n_old: int = 4) -> bytes:
    """Killed while appending to ``n_old`` records: their header and page, a longer file (2.8)."""
    old, whole = xdf.image(records("XDF")[:n_old]), valid("XDF")
    return old + bytes(whole[len(old) :])


def xdf_killed_after_flush() -> bytes:
    """Everything there, the write flag set (2.8)."""
    return xdf.image(records("XDF"), open_mode=3)


def xdf_grown_by_zeros(n_bytes: int = 4096) -> bytes:
    """A writer that extends its file in steps of zeros, at work (2.8)."""
    file = bytearray(xdf.image(records("XDF"), open_mode=3)) + bytes(n_bytes)
    struct.pack_into(">I", file, 16, len(file) // 8)
    return bytes(file)


def rsf_killed(n_closed: int = 3) -> bytes:
    """An exclusive writer killed: closed sessions, then an open segment without an end (3.10)."""
    six = records("RSF")
    closed = [six[:n_closed]] if n_closed else []
    open_one = rsf.Segment(six[n_closed:], is_open=True)
    return rsf.image([*closed, open_one], writers=rsf.EXCLUSIVE)


def rsf_killed_in_a_record() -> bytes:
    """The same, the last record half written."""
    return rsf_killed()[:-40]


def rsf_parallel_killed() -> bytes:
    """One of two parallel writers killed: its sparse segment stays open (3.10)."""
    six = records("RSF")
    dead = rsf.Segment(six[:3], n_bytes=1 << 16, is_open=True)
    alive = rsf.Segment(six[3:], n_bytes=1 << 16)
    return rsf.image([dead, alive], writers=1)


def rsf_parallel_at_work() -> bytes:
    """A parallel writer that has reserved its segment and written nothing yet."""
    six = records("RSF")
    empty = rsf.Segment([], n_bytes=1 << 16, is_open=True)
    return rsf.image([six, empty], writers=1)
