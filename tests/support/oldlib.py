"""librmn 19.5, the one inside PyPI's fstd2nc-deps, as an independent reader of XDF files.

It writes, too: for benchmarks.

Read through ctypes. The library has process-wide state and is not safe for threads; it prints and
may end the process on damaged files: give it whole ones only.
"""

from __future__ import annotations

import ctypes
import importlib.util
from ctypes import POINTER, byref, c_char_p, c_int, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "fstd2nc_deps"
ANY_TEXT = b" "


def library_path() -> Path | None:
    """Where fstd2nc-deps put its librmn, None when it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    home = Path(next(iter(found.submodule_search_locations)))
    return next(iter(sorted(home.glob("rpnpy/_sharedlibs/librmn*.so"))), None)


@dataclass(frozen=True)
class OldRecord:
    """A record as fstprm shows it; texts without trailing blanks."""

    handle: int
    nomvar: str
    typvar: str
    etiket: str
    grtyp: str
    dateo: int
    datev: int
    deet: int
    npas: int
    ni: int
    nj: int
    nk: int
    nbits: int
    datyp: int
    ip1: int
    ip2: int
    ip3: int
    ig1: int
    ig2: int
    ig3: int
    ig4: int


class OldLibrary:
    """The library, loaded once."""

    def __init__(self, path: Path) -> None:
        self.c = ctypes.CDLL(str(path))
        integers = POINTER(c_int)
        self.c.c_fnom.argtypes = [integers, c_char_p, c_char_p, c_int]
        self.c.c_fstopc.argtypes = [c_char_p, c_char_p, c_int]
        self.c.c_fstouv.argtypes = [c_int, c_char_p]
        sizes = (integers,) * 3
        key = (c_int, c_char_p, c_int, c_int, c_int, c_char_p, c_char_p)
        self.c.c_fstinf.argtypes = [c_int, *sizes, *key]
        self.c.c_fstsui.argtypes = [c_int, *[integers] * 3]
        self.c.c_fstluk.argtypes = [c_void_p, c_int, *[integers] * 3]
        texts = [c_char_p] * 4
        self.c.c_fstprm.argtypes = [c_int, *[integers] * 11, *texts, *[integers] * 11]
        # Fatal messages only: it writes to standard output.
        self.c.c_fstopc(b"MSGLVL", b"SYSTEM", 0)

    def open(self, path: Path) -> OldFile:
        """Open a random XDF file."""
        return OldFile(self, path, b"STD+RND+R/O+OLD")

    def create(self, path: Path) -> OldFile:
        """Begin a random XDF file."""
        return OldFile(self, path, b"STD+RND")


class OldFile:
    """An open file; close it, or use it in a ``with`` statement."""

    def __init__(self, library: OldLibrary, path: Path, options: bytes) -> None:
        self.c = library.c
        self.unit = c_int(0)
        if self.c.c_fnom(byref(self.unit), str(path).encode(), options, 0) < 0:
            raise OSError(f"librmn 19.5 cannot find {path}")
        if self.c.c_fstouv(self.unit, b"RND") < 0:
            self.c.c_fclos(self.unit)
            raise OSError(f"librmn 19.5 cannot open {path}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close and free the unit."""
        self.c.c_fstfrm(self.unit)
        self.c.c_fclos(self.unit)

    def handles(self) -> Iterator[int]:
        """Handles of all records, in listing order."""
        size = [byref(c_int()) for _ in range(3)]
        handle = self.c.c_fstinf(
            self.unit, *size, -1, ANY_TEXT * 12, -1, -1, -1, ANY_TEXT * 2, ANY_TEXT * 4
        )
        while handle >= 0:
            yield handle
            handle = self.c.c_fstsui(self.unit, *size)

    def describe(self, handle: int) -> OldRecord:
        """Metadata of a record."""
        first = [c_int() for _ in range(11)]
        last = [c_int() for _ in range(11)]
        texts = [ctypes.create_string_buffer(b" " * n, n + 1) for n in (2, 4, 12, 1)]
        if self.c.c_fstprm(handle, *map(byref, first), *texts, *map(byref, last)) < 0:
            raise OSError(f"fstprm fails on handle {handle}")
        dateo, deet, npas, ni, nj, nk, nbits, datyp, ip1, ip2, ip3 = (v.value for v in first)
        typvar, nomvar, etiket, grtyp = (t.value.decode("latin-1").rstrip(" ") for t in texts)
        return OldRecord(
            handle,
            nomvar,
            typvar,
            etiket,
            grtyp,
            dateo,
            last[8].value,
            deet,
            npas,
            ni,
            nj,
            nk,
            nbits,
            datyp,
            *(ip1, ip2, ip3),
            *(v.value for v in last[:4]),
        )

    def records(self) -> list[OldRecord]:
        """All records, in listing order."""
        return [self.describe(handle) for handle in self.handles()]

    def read(self, record: OldRecord, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Values of a record, (ni, nj, nk), its elements being of ``dtype``.

        The library does not know the element size of integers; ``dtype`` tells it.
        Replacements of missing values come back as stored (its default).
        """
        kind = np.dtype(dtype)
        out = np.zeros(record.ni * record.nj * record.nk, kind)
        self.read_into(record, out)
        return out.reshape((record.ni, record.nj, record.nk), order="F")

    def read_into(self, record: OldRecord, out: npt.NDArray[Any]) -> None:
        """Values of a record into contiguous memory of the right size."""
        if out.dtype.kind in "ui" and out.dtype.itemsize != 4:
            self.c.c_fst_data_length(out.dtype.itemsize)
        size = [byref(c_int()) for _ in range(3)]
        if self.c.c_fstluk(out.ctypes.data, record.handle, *size) < 0:
            raise OSError(f"fstluk fails on {record}")

    def positions(self, record: OldRecord) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Latitudes and longitudes of a record's points, its axes taken from the file."""
        igs = (record.ig1, record.ig2, record.ig3, record.ig4)
        grtyp = c_char_p(record.grtyp.encode())
        grid = self.c.c_ezqkdef(record.ni, record.nj, grtyp, *igs, self.unit)
        lat, lon = (np.zeros((record.ni, record.nj), np.float32, order="F") for _ in range(2))
        if grid < 0 or self.c.c_gdll(grid, *(c_void_p(a.ctypes.data) for a in (lat, lon))) < 0:
            raise OSError(f"librmn 19.5 knows no positions of {record}")
        return lat, lon

    def write(
        self, values: npt.NDArray[Any], datyp: int, nbits: int, *, nomvar: str = "X", ip1: int = 0
    ) -> None:
        """Add a record of 32-bit elements, (ni, nj), that are not written anywhere else."""
        sizes = (*values.shape, 1)[:3]
        texts = (b"P ", nomvar.encode().ljust(4), b"OLD".ljust(12), b"X")
        dates_and_steps = (0, 0, 0)
        status = self.c.c_fstecr(
            values.ctypes.data_as(c_void_p),
            None,
            -nbits,
            self.unit,
            *dates_and_steps,
            *sizes,
            *(ip1, 0, 0),
            *texts,
            *(0, 0, 0, 0),
            datyp,
            0,
        )
        if status < 0:
            raise OSError(f"fstecr fails on {nomvar}")
