"""``engine="librmn"``: the same reading API over a system librmn, for cross-checks.

The library is found when it is first wanted, through ctypes: the environment variable LIBRMN
names it, or the system knows it. It prints, keeps process-wide state, and may end the process on a
damaged file: give it files that are sound.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from . import _core, date, ip
from ._errors import (
    ClosedFileError,
    CorruptFileError,
    Fst24Error,
    UnsupportedError,
    make_error,
)
from ._keys import ENCODING, KEYS, RANGE, SKIP_DESCRIPTORS, TEXTS
from ._settings import thread_settings
from ._sources import DTYPES, MISSING_DEFAULT, is_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from ._core import Criterion, Missing, Shape
    from ._sources import Source, SourceLike

_Array = np.ndarray[Any, np.dtype[Any]]

_LEVEL_TOLERANCE = 1e-6  # relative; docs/format/metadata.md, 2.7
_SLACK = 4096  # librmn writes whole words beyond the end of an array
_WORD_WIDTHS = (8, 16, 32, 64)
_MISSING_FLAG = 64


class _Record(ctypes.Structure):
    """fst_record of librmn 20."""

    _fields_: ClassVar[Sequence[tuple[str, Any]]] = [
        ("version", ctypes.c_int32),
        ("deleted", ctypes.c_int32),
        ("handle", ctypes.c_int64),
        ("alloc", ctypes.c_int64),
        ("flags", ctypes.c_int32),
        ("fst_version", ctypes.c_uint8),
        ("num_search_keys", ctypes.c_uint8),
        ("extended_meta_size", ctypes.c_uint16),
        ("stored_data_size", ctypes.c_size_t),
        ("unpacked_data_size", ctypes.c_size_t),
        ("stringified_meta", ctypes.c_void_p),
        ("file", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("metadata", ctypes.c_void_p),
        ("file_offset", ctypes.c_size_t),
        ("total_stored_bytes", ctypes.c_size_t),
        *[
            (name, ctypes.c_int32)
            for name in [
                "file_index",
                "dateo",
                "datev",
                "data_type",
                "data_bits",
                "pack_bits",
                "ni",
                "nj",
                "nk",
                "num_meta_bytes",
                "deet",
                "npas",
                "ip1",
                "ip2",
                "ip3",
                "ig1",
                "ig2",
                "ig3",
                "ig4",
                "dummy",
            ]
        ],
        ("typvar", ctypes.c_char * 4),
        ("grtyp", ctypes.c_char * 4),
        ("nomvar", ctypes.c_char * 8),
        ("etiket", ctypes.c_char * 16),
    ]


@functools.cache
def _library() -> ctypes.CDLL:
    """The system's librmn, ready to be called."""
    named = os.environ.get("LIBRMN")
    name = named or ctypes.util.find_library("rmn")
    if name is None:
        message = "no librmn was found: name the library in the environment variable LIBRMN"
        raise make_error(UnsupportedError, f"engine='librmn': {message}")
    try:
        library = ctypes.CDLL(name)
        functions = {
            "fst24_open": (ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]),
            "fst24_close": (ctypes.c_int32, [ctypes.c_void_p]),
            "fst24_is_rsf": (ctypes.c_int32, [ctypes.c_void_p]),
            "fst24_new_query": (ctypes.c_void_p, [ctypes.c_void_p] * 3),
            "fst24_find_next": (ctypes.c_int32, [ctypes.c_void_p, ctypes.c_void_p]),
            "fst24_query_free": (None, [ctypes.c_void_p]),
            "fst24_read_record": (ctypes.c_int32, [ctypes.c_void_p]),
            "fst24_read_metadata": (ctypes.c_void_p, [ctypes.c_void_p]),
            "Meta_Stringify": (ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int]),
            "Meta_Free": (ctypes.c_int32, [ctypes.c_void_p]),
            "ForceMissingValueUsage": (ctypes.c_int32, [ctypes.c_int]),
            "get_default_fst_record": (_Record, []),
        }
        for function, (result, arguments) in functions.items():
            call = getattr(library, function)
            call.restype, call.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        message = f"engine='librmn': {name} is no librmn of version 20 or later: {error}"
        raise make_error(UnsupportedError, message) from None
    if hasattr(library, "App_LogStream"):
        library.App_LogStream(b"/dev/null")  # its messages go to standard output
    library.ForceMissingValueUsage(1)
    return library


class _Guard:
    """The lock around calls; until `enable_thread_safety` the right of one thread to make them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner: int | None = None

    @contextmanager
    def __call__(self, path: str) -> Iterator[None]:
        with self._lock:
            if not thread_settings().librmn_locks:
                me = threading.get_ident()
                if self._owner not in (None, me):
                    raise make_error(Fst24Error, _OTHER_THREAD, path=path)
                self._owner = me
            yield


_OTHER_THREAD = (
    "librmn is not safe for threads and another one uses it: call fst24.enable_thread_safety()"
)
#: XDF files share state inside the library; RSF files have a lock each.
_XDF_GUARD = _Guard()


def open_librmn(source: SourceLike, missing: Missing) -> Source:
    """Open a path with librmn."""
    if not is_path(source) or isinstance(source, bytes):
        raise make_error(UnsupportedError, "engine='librmn' opens files by their path only")
    if missing[0] != MISSING_DEFAULT[0] and missing[0] != 1:
        raise make_error(
            UnsupportedError, "engine='librmn' knows missing=None and missing='reference' only"
        )
    return LibrmnSource(os.fsdecode(source), missing)


class LibrmnSource:
    """A file that librmn has open; the same methods as a File of ours."""

    def __init__(self, path: str, missing: Missing) -> None:
        self.path = path
        self._nan = missing[0] == MISSING_DEFAULT[0]
        # What cannot be opened is described better by our own library.
        self._size = os.stat(_core_checked(path)).st_size  # noqa: PTH116 - a string all along
        self._library = _library()
        self._guard = _XDF_GUARD
        self._handle: int | None = None
        with _XDF_GUARD(path):
            self._handle = self._library.fst24_open(os.fsencode(path), b"R/O")
            if not self._handle:
                raise make_error(CorruptFileError, "librmn refuses to open the file", path=path)
            self._backend = "RSF" if self._library.fst24_is_rsf(self._handle) == 1 else "XDF"
            self._records = self._list()
        if self._backend == "RSF":
            self._guard = _Guard()
        self.table = _core.Table(self._columns())

    def _list(self) -> list[_Record]:
        query = self._library.fst24_new_query(self._handle, None, None)
        records: list[_Record] = []
        try:
            while True:
                record = self._library.get_default_fst_record()
                if self._library.fst24_find_next(query, ctypes.byref(record)) != 1:
                    return records
                records.append(record)
        finally:
            self._library.fst24_query_free(query)

    def _columns(self) -> dict[str, _Array]:
        rows = self._records
        renamed = {"datyp": "data_type", "nbits": "pack_bits", "dasiz": "data_bits"}
        numbers = [name for name in KEYS if name not in TEXTS] + ["file_index"]
        columns: dict[str, _Array] = {
            name: np.array([getattr(r, renamed.get(name, name)) for r in rows], np.int32)
            for name in numbers
        }
        for name, width in {"nomvar": 4, "typvar": 2, "etiket": 12, "grtyp": 1}.items():
            texts = [getattr(r, name)[:width].ljust(width) for r in rows]
            columns[name] = np.array(texts, f"S{width}")
        columns["dasiz"] = np.array([r.data_bits for r in rows], np.uint8)
        columns["flags"] = np.zeros(len(rows), np.uint8)
        columns["offset"] = np.array([r.file_offset for r in rows], np.uint64)
        columns["n_bytes"] = np.array([r.total_stored_bytes for r in rows], np.uint64)
        return columns

    # ------------------------------------------------------------------------------- life

    @property
    def closed(self) -> bool:
        return self._handle is None

    def close(self) -> None:
        with self._guard(self.path):
            handle, self._handle = self._handle, None
            if handle is not None:
                self._library.fst24_close(handle)

    def info(self) -> tuple[str, int, int, int, int, bool, bool, bool, str]:
        n = len(self._records)
        n_slots = max((r.file_index for r in self._records), default=-1) + 1
        return (
            self._backend,
            self._size,
            n,
            n_slots - n,
            0,
            False,
            False,
            False,
            f"{self._backend}0",
        )

    def warnings(self) -> list[tuple[str, int, int, str]]:
        return []

    # ------------------------------------------------------------------------------ values

    def _dtype(self, record: _Record) -> np.dtype[Any]:
        """What librmn hands out for a record (docs/format/codecs.md, 2)."""
        base, bits = record.data_type & 0x3F, record.data_bits
        if base == 0:
            return np.dtype(f"u{record.pack_bits // 8 if record.pack_bits in _WORD_WIDTHS else 4}")
        if base in (1, 5, 6):
            return np.dtype("f8" if bits == 64 else "f4")  # noqa: PLR2004 - bits
        if base == 8:  # noqa: PLR2004 - the type
            return np.dtype("c16" if bits == 64 else "c8")  # noqa: PLR2004 - bits
        if base in (3, 7):
            return np.dtype("u1")
        return np.dtype(f"{'u' if base == 2 else 'i'}{bits // 8}")  # noqa: PLR2004 - the type

    def describe(self, row: int) -> tuple[str, Shape, bool, int]:
        r = self._records[row]
        dtype = self._dtype(r)
        shape: Shape = (r.ni, r.nj) if r.nk == 1 else (r.ni, r.nj, r.nk)
        if r.data_type & 0x3F == 0 and r.pack_bits not in _WORD_WIDTHS:
            shape = ((r.ni * r.nj * r.nk * r.pack_bits + 31) // 32,)
        return dtype.str[1:], shape, bool(r.data_type & _MISSING_FLAG), r.nk

    def decode(
        self,
        row: int,
        want_mask: bool = False,  # noqa: FBT001, FBT002 - as the extension has it
    ) -> tuple[_core.Block, _core.Block | None, str, Shape]:
        code, shape, has_missing, _ = self.describe(row)
        n_bytes = int(np.prod(shape, dtype=np.int64)) * DTYPES[code].itemsize
        room = np.empty(2 * n_bytes + 8 * n_bytes // DTYPES[code].itemsize + _SLACK, np.uint8)
        block = _core.Block(n_bytes)
        record = self._fresh(row)
        record.data, record.alloc, record.flags = room.ctypes.data, 0, 0
        with self._guard(self.path):
            self._check_open()
            status = self._library.fst24_read_record(ctypes.byref(record))
            self._free_metadata(record)
        if status != 1:
            message = f"librmn cannot read the record: {status}"
            raise make_error(CorruptFileError, message, path=self.path, record=row)
        values = _flat(block, code)
        values[...] = room[:n_bytes].view(values.dtype)
        mask = self._mark_missing(values, want_mask=want_mask) if has_missing else None
        return block, mask, code, shape

    def _fresh(self, row: int) -> _Record:
        record = _Record()
        ctypes.memmove(
            ctypes.byref(record), ctypes.byref(self._records[row]), ctypes.sizeof(_Record)
        )
        return record

    def _free_metadata(self, record: _Record) -> None:
        """What librmn parsed and hung on the record that it read: a copy of ours."""
        if record.metadata:
            self._library.Meta_Free(record.metadata)
            record.metadata = None

    def _mark_missing(self, values: _Array, *, want_mask: bool) -> _core.Block | None:
        kind = values.dtype.kind
        special: Any = np.float64(-1e38).astype(values.dtype) if kind == "f" else None
        if special is None:
            limits = np.iinfo(values.dtype)
            special = limits.max if kind == "u" else limits.min
        missing = values == special
        if kind == "f" and self._nan:
            values[missing] = np.nan
        if not want_mask:
            return None
        mask = _core.Block(values.size)
        _flat(mask, "u1")[...] = missing
        return mask

    def view(self, row: int) -> None:
        del row

    def read_into(self, row: int, out: npt.NDArray[Any]) -> None:
        block, _, code, shape = self.decode(row)
        out[...] = _flat(block, code).reshape(shape, order="F")

    def read_box(
        self, row: int, start: tuple[int, int, int], count: tuple[int, int, int]
    ) -> tuple[_core.Block, str]:
        block, _, code, shape = self.decode(row)
        whole = _flat(block, code).reshape((*shape, 1)[:3], order="F")
        (i, j, k), (ni, nj, nk) = start, count
        box = _core.Block(ni * nj * nk * DTYPES[code].itemsize)
        _flat(box, code)[...] = whole[i : i + ni, j : j + nj, k : k + nk].reshape(-1, order="F")
        return box, code

    def json(self, row: int) -> str:
        record = self._fresh(row)
        with self._guard(self.path):
            self._check_open()
            found = self._library.fst24_read_metadata(ctypes.byref(record))
            text = self._library.Meta_Stringify(found, 0) if found else None
            self._free_metadata(record)  # the text is a copy by now
        return text.decode("utf-8", "replace") if text else ""

    def stored(self, row: int) -> bytes:
        self._check_open()
        record = self._records[row]
        with open(self.path, "rb") as file:  # noqa: PTH123 - a string all along
            file.seek(record.file_offset)
            return file.read(record.total_stored_bytes)

    def _check_open(self) -> None:
        if self._handle is None:
            raise make_error(ClosedFileError, "the file is closed", path=self.path)

    # ------------------------------------------------------------------------------ search

    def find(self, criteria: Sequence[Criterion], flags: int, start: int) -> int:
        found = np.flatnonzero(self._meets(criteria, flags)[start:])
        return int(found[0]) + start if found.size else -1

    def find_all(self, criteria: Sequence[Criterion], flags: int) -> bytes:
        return np.flatnonzero(self._meets(criteria, flags)).astype(np.int64).tobytes()

    def _meets(self, criteria: Sequence[Criterion], flags: int) -> npt.NDArray[np.bool_]:
        names = {key: name for name, key in KEYS.items()}
        good = np.ones(len(self._records), np.bool_)
        for key, match, values in criteria:
            good &= self._meets_one(names[key], match, values)
        if flags & SKIP_DESCRIPTORS:
            names_here = [r.nomvar.decode("latin-1") for r in self._records]
            good &= np.array([not _core.is_descriptor(name) for name in names_here], np.bool_)
        return good

    def _meets_one(self, name: str, match: int, values: tuple[Any, ...]) -> npt.NDArray[np.bool_]:
        column: _Array = np.asarray(self.table.column(name))
        if name in TEXTS:
            texts = [v if name == "grtyp" else v.upper() for v in values]
            wanted = [t.rstrip(" ").encode("latin-1", "replace") for t in texts]
            return np.isin(np.char.rstrip(column, b" "), np.array(wanted, "S"))
        if match == RANGE:
            if name in ("dateo", "datev"):
                column, values = date.decode(column), date.decode(list(values))
            inside: npt.NDArray[np.bool_] = (column >= values[0]) & (column <= values[1])
            return inside
        if match == ENCODING:
            mine, wanted_levels = ip.decode(column), ip.decode(list(values))
            good = np.zeros(column.shape, np.bool_)
            for value, kind in zip(*wanted_levels, strict=True):
                good |= (mine.kind == kind) & np.isclose(mine.value, value, _LEVEL_TOLERANCE, 0)
            return good
        return np.isin(column, values)


def _core_checked(path: str) -> str:
    """The path, after our own library has said what is wrong with the file."""
    _core.File.open_path(os.fsencode(path), path, 2**64 - 1, MISSING_DEFAULT).close()
    return path


def _flat(block: _core.Block, code: str) -> _Array:
    memory: Any = block
    return np.frombuffer(memory, DTYPES[code])
