"""Plain values that describe records, files and memory."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._core import Record


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """The metadata of a record as a value: comparable, hashable, independent of the file.

    >>> core = CoreMetadata("TT", "P", "RUN", 473303600, 93423264, 0, 0, 42, 34, 1, "Z", 1, 2, 3, 0)
    >>> core.nomvar, core.dateo
    ('TT', None)
    """

    nomvar: str
    typvar: str
    etiket: str
    datev: int
    ip1: int
    ip2: int
    ip3: int
    ni: int
    nj: int
    nk: int
    grtyp: str
    ig1: int
    ig2: int
    ig3: int
    ig4: int
    dateo: int | None = None
    deet: int | None = None
    npas: int | None = None
    datyp: int | None = None
    nbits: int | None = None


def _members(names: str) -> list[tuple[str, Any]]:
    return [(name, ctypes.c_int32) for name in names.split()]


class FSTRecord(ctypes.Structure):
    """The metadata of a record as a C structure, for code that works through ctypes.

    Texts are padded with blanks to their width, without a NUL.

    >>> import ctypes
    >>> FSTRecord(nomvar=b"TT  ").nomvar, ctypes.sizeof(FSTRecord)
    (b'TT  ', 84)
    """

    _fields_: ClassVar[Sequence[tuple[str, Any]]] = [
        *_members("dateo datev deet npas ni nj nk ip1 ip2 ip3"),
        ("typvar", ctypes.c_char * 2),
        ("nomvar", ctypes.c_char * 4),
        ("etiket", ctypes.c_char * 12),
        ("grtyp", ctypes.c_char * 1),
        *_members("ig1 ig2 ig3 ig4 datyp nbits"),
    ]

    def __repr__(self) -> str:
        values = (f"{name}={getattr(self, name)!r}" for name, _ in self._fields_)
        return f"FSTRecord({', '.join(values)})"

    @classmethod
    def from_record(cls, record: Record) -> FSTRecord:
        """The structure filled from a record."""
        filled = cls()
        for name, kind in cls._fields_:
            value: Any = getattr(record, name)
            if isinstance(value, str):
                value = value.encode("latin-1").ljust(ctypes.sizeof(kind))
            setattr(filled, name, value)
        return filled


class FileInfo(NamedTuple):
    """Facts about a file as a whole; of linked files the sums, and the truth of any."""

    #: "XDF", "RSF", or "mixed" for linked files of both kinds.
    backend: str
    #: Size when it was opened.
    n_bytes: int
    #: Live records.
    n_records: int
    #: Deleted ones that are still in the directory.
    n_deleted: int
    #: Directory pages of XDF, segments of RSF.
    n_parts: int
    #: XDF without a directory.
    sequential: bool
    #: A writer has it, or died with it.
    open_for_writing: bool
    #: Plain values can be given as views of the mapped file.
    mapped: bool
    #: Version of the container, "XDF0" or "RSF0".
    version: str


class MemoryUsage(NamedTuple):
    """Bytes of array memory, as `memory_usage` tells them."""

    #: In use by arrays.
    used: int
    #: Freed, and kept for the next array.
    pooled: int
    #: What both together may take; None: no limit.
    limit: int | None


class ThreadSettings(NamedTuple):
    """What `enable_thread_safety` tells."""

    #: Threads that read many records at once, unless a call says otherwise.
    threads: int
    #: Whether calls of a system librmn are locked. The native engine needs no switch.
    librmn_locks: bool
