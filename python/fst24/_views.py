"""Arrays that share memory: views that cannot be spoilt, and arrays straight from a file."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._errors import (
    Fst24Error,
    FstOSError,
    InvalidArgumentError,
    TruncatedFileError,
    described,
    make_os_error,
)

if TYPE_CHECKING:
    import numpy.typing as npt

#: Files from this size on are mapped rather than read.
MMAP_THRESHOLD = 1 << 30
EMPTY_PATH = "the path is empty: give the name of a file"


def fresh_array(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array in Fortran order in memory that `memory_usage` counts, with undefined contents."""
    kind = np.dtype(dtype)
    n_bytes = kind.itemsize
    for n in shape:
        n_bytes *= n
    memory: Any = _core.Block(n_bytes)
    return np.ndarray(shape, kind, memory, 0, None, "F")


class SafeArrayView:
    """An array shared by several users, none of whom can spoil it for the others.

    Parameters
    ----------
    array : array_like or Fst24Record
        What is to be shared; of a record its ``data``. It is not copied.

    >>> import numpy as np
    >>> shared = SafeArrayView(np.zeros((2, 3), order="F"))
    >>> mine = shared.get_view()
    >>> mine[0, 0] = 1
    >>> float(shared.get_view(copy_on_write=False)[0, 0])
    0.0
    """

    __slots__ = ("_array",)

    def __init__(self, array: npt.ArrayLike) -> None:
        view = np.asarray(
            getattr(array, "data", array) if not isinstance(array, np.ndarray) else array
        )
        view = view.view()
        view.flags.writeable = False
        self._array = view

    def get_view(self, copy_on_write: bool = True) -> npt.NDArray[Any]:  # noqa: FBT001, FBT002 - promised so
        """The values, as an array of one's own or as they are.

        Parameters
        ----------
        copy_on_write : bool
            True: an array to write to; nothing that is written reaches the shared values, the
            record or the file. numpy knows no moment of first writing, so the copy is made
            now (in memory that is counted). False: the shared values themselves, read-only,
            without a copy.

        Returns
        -------
        ndarray
            Same shape, dtype and (Fortran or C) order.
        """
        if not copy_on_write:
            return self._array
        if not self._array.flags.f_contiguous:
            return self._array.copy()
        mine = fresh_array(self._array.shape, self._array.dtype)
        mine[...] = self._array
        return mine

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its items."""
        return self._array.dtype

    def __repr__(self) -> str:
        return f"<SafeArrayView {self.dtype} {self.shape}>"


class FileMapper:
    """Plain arrays out of a file of any kind: mapped when the file is big, read when it is small.

    Parameters
    ----------
    path : path
        A file that exists.
    threshold : int
        Files of this many bytes and more are mapped; 1 GiB.
    """

    __slots__ = ("_n_bytes", "_path", "_threshold")

    def __init__(self, path: str | os.PathLike[str], *, threshold: int = MMAP_THRESHOLD) -> None:
        self._path = os.fspath(path)
        self._threshold = threshold
        if not self._path:
            raise make_os_error(errno.ENOENT, EMPTY_PATH, self._path)
        try:
            facts = os.stat(self._path)  # noqa: PTH116 - a string all along
        except OSError as error:
            raise self._cannot_open(error) from None
        if stat.S_ISDIR(facts.st_mode):
            raise make_os_error(errno.EISDIR, "cannot map: it is a directory", self._path)
        self._n_bytes = facts.st_size

    def __repr__(self) -> str:
        how = "mapped" if self.should_map() else "read"
        return f"<FileMapper {self._path} {self._n_bytes:,} bytes {how}>"

    def _cannot_open(self, error: OSError) -> FstOSError:
        reason = error.strerror or str(error)
        return make_os_error(error.errno or 0, f"cannot open: {reason}", self._path)

    def _too_short(self, message: str, offset: int) -> TruncatedFileError:
        """As `make_error`, without the advice for standard files: this may be any file."""
        error = TruncatedFileError(described(message, self._path, None, offset))
        error.path, error.offset = self._path, offset
        return error

    def should_map(self) -> bool:
        """Whether the file is big enough to be mapped."""
        return self._n_bytes >= self._threshold

    def get_array(
        self, offset: int, shape: int | tuple[int, ...], dtype: npt.DTypeLike
    ) -> npt.NDArray[Any]:
        """The items that begin at a byte of the file.

        Parameters
        ----------
        offset : int
            Byte of the first item.
        shape : int or tuple of int
            Shape of the array, in Fortran order.
        dtype : dtype
            Type of the items, byte order included: ``">f4"`` for XDF.

        Returns
        -------
        ndarray
            Read-only. Of a mapped file it is a view: a process that touches one whose file was cut
            short since is ended by the system.

        Raises
        ------
        TruncatedFileError
            The file ends before the last item.
        """
        kind = np.dtype(dtype)
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        if offset < 0 or any(n < 0 for n in sizes):
            raise InvalidArgumentError(f"{self._path}: neither offset nor shape can be negative")
        n_bytes = kind.itemsize
        for n in sizes:
            n_bytes *= n
        if offset + n_bytes > self._n_bytes:
            message = f"{n_bytes} bytes are wanted of a file of {self._n_bytes}"
            raise self._too_short(message, offset)
        try:
            if self.should_map() and n_bytes > 0:
                return np.memmap(self._path, kind, "r", offset, sizes, "F")
            array = fresh_array(sizes, kind)
            n_missing = self._read_into(array, offset)
        except Fst24Error:
            raise
        except OSError as error:
            raise self._cannot_open(error) from None
        if n_missing:
            message = f"the file was cut short: {n_missing} bytes are missing"
            raise self._too_short(message, offset)
        array.flags.writeable = False
        return array

    def _read_into(self, array: npt.NDArray[Any], offset: int) -> int:
        """Fill an array of ours from the file; how many bytes it lacks."""
        flat: Any = array.reshape(-1, order="F").view(np.uint8)
        rest = memoryview(flat)
        with open(self._path, "rb", buffering=0) as file:  # noqa: PTH123 - a string all along
            file.seek(offset)
            while rest and (n := file.readinto(rest) or 0):
                rest = rest[n:]
        return len(rest)
