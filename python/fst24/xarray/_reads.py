"""Records read by their place: of a file that is open here, or by path where a task was sent."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import fst24
from fst24 import FileChangedError, Fst24File

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

#: Files that a process keeps open for tasks sent to it; their descriptors are pooled besides.
_MOST_KEPT = 128
#: More threads than this wait for memory, not for processors.
_MOST_THREADS = 16


class Stamp(NamedTuple):
    """By which a file is known again."""

    mtime_ns: int
    n_bytes: int


def _stamp(path: str) -> Stamp | None:
    """None for what is no file of the system: an address, bytes."""
    try:
        facts = os.stat(path)  # noqa: PTH116 - of any text
    except (OSError, ValueError):
        return None
    return Stamp(facts.st_mtime_ns, facts.st_size)


class _Kept:
    """Files that tasks have opened, those used last: several threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[tuple[str, Stamp | None, Any], Fst24File] = OrderedDict()

    def file(self, path: str, stamp: Stamp | None, missing: float | str | None) -> Fst24File:
        key = path, stamp, missing
        with self._lock:
            found = self._files.get(key)
            if found is not None:
                self._files.move_to_end(key)
                return found
        if stamp is not None and _stamp(path) != stamp:
            raise FileChangedError(
                f"{path}: the file is no longer the one that the Dataset was made of: make it again"
            )
        made = Fst24File(path, missing=missing)
        with self._lock:
            self._files[key] = made
            while len(self._files) > _MOST_KEPT:
                self._files.popitem(last=False)  # closed when the last read of it ends
        return made


_KEPT = _Kept()


class Reads:
    """Reads records of a file, or of linked files, counted through all of them.

    Pickled it carries paths, and opens files again where it arrives.
    """

    __slots__ = ("_file", "_missing", "_stamps", "_starts", "paths")

    def __init__(self, file: Fst24File) -> None:
        self._file: Fst24File | None = file
        self.paths: tuple[str, ...] = tuple(file.paths)
        self._starts: Ints = np.array(file.starts, np.int64)
        self._stamps = tuple(map(_stamp, self.paths))
        self._missing = file.missing

    def token(self) -> tuple[Any, ...]:
        """What a cache may know it by."""
        return self.paths, self._stamps, self._missing

    @property
    def is_by_path(self) -> bool:
        """Whether all files can be opened again by their paths: bytes and streams cannot."""
        return all(stamp is not None for stamp in self._stamps)

    def only(self, places: Ints) -> tuple[Reads, Ints]:
        """The same for the files of some places alone, to be sent; places are counted in it."""
        if len(self.paths) == 1 or not self.is_by_path:
            return self, places
        inside = places >= 0
        part = np.searchsorted(self._starts, places, side="right") - 1
        used, which = np.unique(part[inside], return_inverse=True)
        starts = np.concatenate([[0], np.cumsum(np.diff(self._starts)[used])]).astype(np.int64)
        moved = np.full(places.shape, -1, np.int64)
        moved[inside] = places[inside] - self._starts[used][which] + starts[which]
        fewer = Reads.__new__(Reads)
        at = used.tolist()
        paths, stamps = (tuple(all_of[k] for k in at) for all_of in (self.paths, self._stamps))
        fewer.__setstate__((None, paths, starts, stamps, self._missing))
        return fewer, moved

    def __getstate__(self) -> tuple[Any, ...]:
        file = None if self.is_by_path else self._file  # bytes are carried
        return file, self.paths, self._starts, self._stamps, self._missing

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._file, self.paths, self._starts, self._stamps, self._missing = state

    # -------------------------------------------------------------------------------- reading

    def read(
        self, places: Ints, outs: Sequence[npt.NDArray[Any]], threads: int | None = None
    ) -> None:
        """The values of records into arrays (ni, nj[, nk]) in Fortran order, one each."""
        for file, rows, which in self._of_files(places):
            file.read(rows, out=[outs[k] for k in which], threads=threads)

    def record(self, place: int) -> fst24.Fst24Record:
        """One record."""
        file, rows, _ = next(iter(self._of_files(np.array([place], np.int64))))
        return file[int(rows[0])]

    def boxes(
        self,
        places: Ints,
        start: tuple[int, ...],
        count: tuple[int, ...],
        take: Callable[[int, npt.NDArray[Any]], None],
        threads: int | None,
    ) -> None:
        """A box of each record, given to ``take`` with the number of the place."""

        def one(number: int) -> None:
            take(number, self.record(int(places[number])).read_box(start, count))

        n_threads = min(threads or os.cpu_count() or 1, _MOST_THREADS, len(places))
        if n_threads <= 1:
            for number in range(len(places)):
                one(number)
            return
        with ThreadPoolExecutor(n_threads) as pool:
            for _ in pool.map(one, range(len(places))):
                pass

    def _of_files(self, places: Ints) -> Iterable[tuple[Fst24File, Ints, list[int]]]:
        """Files, the rows of each that are asked for, and which of the places they are."""
        if self._file is not None:
            yield self._file, places, list(range(len(places)))
            return
        part = np.searchsorted(self._starts, places, side="right") - 1
        for at in np.unique(part).tolist():
            which = np.flatnonzero(part == at)
            file = _KEPT.file(self.paths[at], self._stamps[at], self._missing)
            yield file, places[which] - self._starts[at], which.tolist()
