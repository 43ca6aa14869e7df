"""Records read by their place: of a file that is open here, or by path where a task was sent."""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

import fst24
from fst24 import FileChangedError, Fst24File, Fst24Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

#: By what a file is known again: time of change (ns) and size; of an address what its store says.
Stamp: TypeAlias = "tuple[int, int] | str | None"
#: Files that a process keeps open for tasks sent to it; their descriptors are pooled besides.
_MOST_KEPT = 128
#: Records of all of them: a table takes some hundred bytes for each.
_MOST_RECORDS = 2_000_000
#: More threads than this wait for memory, not for processors.
_MOST_THREADS = 16
#: Shares of work for each thread: they do not all take equally long.
_SHARES = 4
_TOKEN_BYTES = 16


def _is_address(source: str) -> bool:
    return "://" in source


def _stamp(source: object) -> Stamp:
    """None for what cannot be opened again by its name: bytes, streams, what is gone."""
    if not isinstance(source, str):
        return None
    if _is_address(source):
        return _stamp_of_address(source)
    try:
        facts = os.stat(source)  # noqa: PTH116 - of any text
    except (OSError, ValueError):
        return None
    return facts.st_mtime_ns, facts.st_size


def _stamp_of_address(address: str) -> Stamp:
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-not-found, import-untyped, unused-ignore]

        system, path = url_to_fs(address)
        return str(system.ukey(path))
    except Exception:  # noqa: BLE001 - of any store; reading it will tell
        return None


def _check_same(source: str, stamp: Stamp) -> None:
    if _stamp(source) != stamp:
        gone = "" if _is_address(source) or os.path.exists(source) else "it is not there, "  # noqa: PTH110
        error = FileChangedError(
            f"{source}: {gone}the file is no longer the one that the Dataset was made of: make the "
            "Dataset again, where workers see the same files under the same names"
        )
        error.path = source
        raise error


class _Opened:
    """A file that is opened by the first task that wants it; the others wait."""

    __slots__ = ("file", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.file: Fst24File | None = None


class _Kept:
    """Files that tasks have opened, those used last: several threads may ask."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Without files and with a lock of its own: so does a forked process."""
        self._lock = threading.Lock()
        self._files: OrderedDict[tuple[str, Stamp, Any], _Opened] = OrderedDict()

    def file(self, source: str, stamp: Stamp, missing: float | str | None) -> Fst24File:
        """A file by its path; one that nobody reads any more is closed when it falls out."""
        key = source, stamp, missing
        with self._lock:
            kept = self._files.setdefault(key, _Opened())
            self._files.move_to_end(key)
        with kept.lock:
            # A look costs some microseconds; at an address it would be a question over the network.
            if kept.file is None or not _is_address(source):
                _check_same(source, stamp)
            if kept.file is not None:
                return kept.file
            made = Fst24File(source, missing=missing)
            _check_same(source, stamp)
            kept.file = made
        self._trim()
        return made

    def _trim(self) -> None:
        """Let go of the files used longest ago; a read under way holds its own."""
        with self._lock:
            n_records = sum(len(kept.file) for kept in self._files.values() if kept.file)
            while len(self._files) > 1 and (
                len(self._files) > _MOST_KEPT or n_records > _MOST_RECORDS
            ):
                _, oldest = self._files.popitem(last=False)
                n_records -= len(oldest.file) if oldest.file else 0

    def __len__(self) -> int:
        return len(self._files)


_KEPT = _Kept()
os.register_at_fork(after_in_child=_KEPT.begin)


class Reads:
    """Reads records of a file, or of linked files, counted through all of them.

    Pickled it carries paths, and opens files again where it arrives; bytes are carried.
    ``is_by_path`` says whether all files can be opened again: bytes and streams cannot.
    """

    __slots__ = ("_file", "_missing", "_sources", "_stamps", "_starts", "_token", "is_by_path")

    def __init__(self, file: Fst24File) -> None:
        self._file: Fst24File | None = file
        self._sources: tuple[Any, ...] = tuple(file.sources)
        self._starts: Ints = np.array(file.starts, np.int64)
        is_written = isinstance(file, Fst24Writer)  # nobody else sees what it has
        self._stamps: tuple[Stamp, ...] = tuple(
            None if is_written else _stamp(source) for source in self._sources
        )
        self._missing = file.missing
        self._token: str | None = None
        self.is_by_path = None not in self._stamps

    @property
    def paths(self) -> tuple[str, ...]:
        """The names of the files."""
        return tuple(one if isinstance(one, str) else "" for one in self._sources)

    def token(self) -> str:
        """What a cache may know it by: another one when a file is another one."""
        if self._token is None:
            known = hashlib.blake2b(repr(self._missing).encode(), digest_size=_TOKEN_BYTES)
            for source, stamp in zip(self._sources, self._stamps, strict=True):
                known.update(_known_by(source, stamp))
            self._token = known.hexdigest()
        return self._token

    def only(self, places: Ints) -> tuple[Reads, Ints]:
        """The same for the files of some places alone, to be sent; places are counted in it."""
        if len(self._sources) == 1 or not self.is_by_path:
            return self, places
        inside = places >= 0
        part = np.searchsorted(self._starts, places, side="right") - 1
        used, which = np.unique(part[inside], return_inverse=True)
        starts = np.concatenate([[0], np.cumsum(np.diff(self._starts)[used])]).astype(np.int64)
        moved = np.full(places.shape, -1, np.int64)
        moved[inside] = places[inside] - self._starts[used][which] + starts[which]
        files = [(self._sources[k], self._stamps[k]) for k in used.tolist()]
        return _by_path(self._missing, starts.tolist(), *files), moved

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.is_by_path:
            return _carried, (self._file, self.token())
        files = zip(self._sources, self._stamps, strict=True)
        return _by_path, (self._missing, self._starts.tolist(), *files)

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

        def one(file: Fst24File, rows: Ints, which: Sequence[int], k: int) -> None:
            take(which[k], file[int(rows[k])].read_box(start, count))

        for of_file in self._of_files(places):
            in_threads(partial(one, *of_file), len(of_file[1]), threads)

    def _of_files(self, places: Ints) -> Iterable[tuple[Fst24File, Ints, Sequence[int]]]:
        """Files, the rows of each that are asked for, and which of the places they are."""
        if self._file is not None:
            yield self._file, places, range(len(places))
            return
        part = np.searchsorted(self._starts, places, side="right") - 1
        for at in np.unique(part).tolist():
            which = np.flatnonzero(part == at)
            file = _KEPT.file(self._sources[at], self._stamps[at], self._missing)
            yield file, places[which] - self._starts[at], which.tolist()


def in_threads(one: Callable[[int], None], n: int, threads: int | None) -> None:
    """``one(0)`` to ``one(n - 1)``, on several threads where there is more than one."""
    n_threads = min(threads or os.cpu_count() or 1, _MOST_THREADS, n)

    def several(numbers: range) -> None:
        for number in numbers:
            one(number)

    if n_threads <= 1:
        several(range(n))
        return
    # Each thread a few shares: one at a time would cost more than reading a small box.
    step = -(-n // (n_threads * _SHARES))
    with ThreadPoolExecutor(n_threads) as pool:
        for _ in pool.map(several, (range(n)[low : low + step] for low in range(0, n, step))):
            pass


def _known_by(source: object, stamp: Stamp) -> bytes:
    """What tells a file from all others, of a stream nothing but that it is another one."""
    if isinstance(source, bytes):
        return hashlib.blake2b(source, digest_size=_TOKEN_BYTES).digest()
    return uuid.uuid4().bytes if stamp is None else repr((source, stamp)).encode()


def _by_path(missing: float | str | None, starts: list[int], *files: tuple[str, Stamp]) -> Reads:
    """What arrives of files that are opened again."""
    made = Reads.__new__(Reads)
    made._file, made._token = None, None  # noqa: SLF001 - its own maker
    made.is_by_path = True
    made._sources, made._stamps = tuple(zip(*files, strict=True)) or ((), ())  # noqa: SLF001
    made._starts, made._missing = np.array(starts, np.int64), missing  # noqa: SLF001
    return made


def _carried(file: Fst24File, token: str) -> Reads:
    """What arrives of bytes, and of file objects that can be sent."""
    made = Reads(file)
    made._token = token  # noqa: SLF001 - its own maker
    return made
