"""The indexes of files: which records they hold, kept while the files do not change.

A `Block` has the records of many files after each other, as one table. An `Index` says which rows
of it are those of one file, and of which state of the file they are. Indexes that were made are
kept in the memory of the process, up to a number of bytes.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from fst24 import _core
from fst24._errors import Fst24Error, from_core, make_os_error

from ._table import COLUMNS, TEXTS, Part, part_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    import polars as pl

    from ._paths import Named

#: A file that changed so shortly before it was listed may change again within the clock of its
#: file system (2 s on FAT, 1 s on old NFS) and look the same: its index is not kept.
SETTLED_NS = 2_000_000_000
#: Bytes of indexes that the process keeps.
MOST_BYTES = 256 << 20
#: What a row takes in a table of the library.
_ROW_BYTES = 117
#: What an index takes besides its rows: its name, its stamp, its places in dictionaries.
_FILE_BYTES = 700

#: The columns of a block: ``index`` is a place in the file, which the block does not know.
STORED = tuple(name for name in COLUMNS if name != "index")

Told = tuple[str, int, int, str]


class Stamp(NamedTuple):
    """The state of a file: a file that was written has another one.

    Time of change (ctime) is part of it: tools can set the time of the contents back, not this.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


def stamp_of(name: str) -> Stamp:
    """The state of a file now; OSError."""
    found = os.stat(name)  # noqa: PTH116 - keeps what a name may be
    return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def is_settled(stamp: Stamp, listed_ns: int) -> bool:
    """Whether a file had been at rest when it was listed, so that its stamp tells it."""
    return max(stamp.mtime_ns, stamp.ctime_ns) + SETTLED_NS < listed_ns


class DamagedBlockError(Exception):
    """A block from a cache cannot be read after all: list its files again."""


class Block(Protocol):
    """Records of many files."""

    def __len__(self) -> int: ...
    @property
    def n_bytes(self) -> int:
        """Memory that it takes."""

    def frame(self, names: Sequence[str], rows: npt.NDArray[np.int64]) -> pl.DataFrame:
        """Columns of some rows, all of them in `STORED`."""

    def rest(self) -> None:
        """Let go of what was made ready for the next `frame`."""


class ListedBlock:
    """A table of the library."""

    def __init__(self, table: _core.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    @property
    def n_bytes(self) -> int:
        """Memory that it takes."""
        return _ROW_BYTES * len(self._table)

    def frame(self, names: Sequence[str], rows: npt.NDArray[np.int64]) -> pl.DataFrame:
        """Columns of some rows; numbers of a run of rows are not copied."""
        return part_frame(Part(self._table, rows, 0, "", is_native=True), names)

    def rest(self) -> None:
        """Nothing was made ready."""


class Index(NamedTuple):
    """The records of one file: ``n`` rows of a block from ``start`` on."""

    stamp: Stamp
    block: Block
    start: int
    n: int
    warnings: tuple[Told, ...]
    #: Whether it may be used again.
    is_kept: bool


def list_files(
    files: Sequence[Named], stamps: Sequence[Stamp | OSError], threads: int
) -> list[Index | Fst24Error]:
    """List files anew, in one block; ``stamps`` are from before."""
    there = [file for file, stamp in zip(files, stamps, strict=True) if isinstance(stamp, Stamp)]
    listed_ns = time.time_ns()
    table, results = _core.list_many(tuple(os.fsencode(file.name) for file in there), threads)
    block = ListedBlock(table)
    listed = iter(results)
    found: list[Index | Fst24Error] = []
    start = 0
    for file, stamp in zip(files, stamps, strict=True):
        if not isinstance(stamp, Stamp):
            found.append(make_os_error(stamp.errno or errno.EIO, "cannot open", file.path))
            continue
        n, has_writer, warnings, error = next(listed)
        if error is not None:
            found.append(from_core(*error, file.path))
            continue
        is_kept = not has_writer and is_settled(stamp, listed_ns) and _is_still(file.name, stamp)
        found.append(Index(stamp, block, start, n, tuple(warnings), is_kept))
        start += n
    return found


def _is_still(name: str, stamp: Stamp) -> bool:
    try:
        return stamp_of(name) == stamp
    except OSError:
        return False


class Indexes:
    """Indexes by the names of their files, those of the blocks used last, behind a lock."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.forget()

    def forget(self) -> None:
        """Keep nothing; also for the child of a fork, whose lock may be held by nobody."""
        self._lock = threading.Lock()
        self._indexes: dict[str, Index] = {}
        #: By id: the block, its names, in the order of their use.
        self._blocks: OrderedDict[int, tuple[Block, set[str]]] = OrderedDict()

    @property
    def n_bytes(self) -> int:
        """Memory that is kept."""
        with self._lock:
            return self._n_bytes()

    def _n_bytes(self) -> int:
        return len(self._indexes) * _FILE_BYTES + sum(b.n_bytes for b, _ in self._blocks.values())

    def find(self, names: Sequence[str], stamps: Sequence[Stamp | OSError]) -> list[Index | None]:
        """The indexes that are known of files in this state."""
        with self._lock:
            known = [self._indexes.get(name) for name in names]
            found = [
                index if index is not None and index.stamp == stamp else None
                for index, stamp in zip(known, stamps, strict=True)
            ]
            for block in {id(index.block) for index in found if index is not None}:
                self._blocks.move_to_end(block)
        return found

    def keep(self, indexes: Iterable[tuple[str, Index]]) -> None:
        """Remember indexes, and forget those of the blocks that were not used for longest."""
        with self._lock:
            for name, index in indexes:
                self._drop(name)
                self._indexes[name] = index
                self._blocks.setdefault(id(index.block), (index.block, set()))[1].add(name)
            n_bytes = self._n_bytes()
            while n_bytes > self._most_bytes and self._blocks:
                _, (block, names) = self._blocks.popitem(last=False)
                n_bytes -= block.n_bytes + len(names) * _FILE_BYTES
                for name in names:
                    del self._indexes[name]

    def drop_block(self, block: Block) -> None:
        """Forget the files of a block."""
        with self._lock:
            for name in list(self._blocks.get(id(block), (block, set()))[1]):
                self._drop(name)

    def _drop(self, name: str) -> None:
        index = self._indexes.pop(name, None)
        if index is None:
            return
        names = self._blocks[id(index.block)][1]
        names.discard(name)
        if not names:
            del self._blocks[id(index.block)]


#: Of this process.
INDEXES = Indexes(MOST_BYTES)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=INDEXES.forget)


class Rows:
    """Rows of the indexes of some files, after each other: what a batch of a scan is made of."""

    def __init__(self, indexes: Sequence[Index]) -> None:
        counts = [index.n for index in indexes]
        self.n = sum(counts)
        #: Which of the files a row is of.
        self.file = np.repeat(np.arange(len(indexes), dtype=np.uint32), counts)
        firsts = np.cumsum([0, *counts[:-1]])[: len(counts)]
        #: Place of a row in its file.
        self.place = np.arange(self.n, dtype=np.int64) - np.repeat(firsts, counts)
        self._row = self.place + np.repeat(np.array([i.start for i in indexes], np.int64), counts)
        numbers: dict[int, int] = {}
        self.blocks: list[Block] = []
        of_file = np.empty(len(indexes), np.int32)
        for k, index in enumerate(indexes):
            if id(index.block) not in numbers:
                numbers[id(index.block)] = len(self.blocks)
                self.blocks.append(index.block)
            of_file[k] = numbers[id(index.block)]
        self._block = of_file[self.file] if len(self.blocks) > 1 else None

    def frame(self, names: Sequence[str], rows: npt.NDArray[np.int64] | None) -> pl.DataFrame:
        """Columns of the blocks; ``rows`` count in these rows, None: all."""
        import polars as pl

        wanted = self._row if rows is None else self._row[rows]
        if self._block is None:
            return self.blocks[0].frame(names, wanted)
        of_block = self._block if rows is None else self._block[rows]
        order = np.argsort(of_block, kind="stable")
        ends = np.searchsorted(of_block[order], np.arange(len(self.blocks) + 1))
        pieces = [
            block.frame(names, wanted[order[ends[b] : ends[b + 1]]])
            for b, block in enumerate(self.blocks)
            if ends[b] < ends[b + 1]
        ]
        together = pl.concat(pieces or [self.blocks[0].frame(names, wanted)])
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return take(together, back)


def take(frame: pl.DataFrame, rows: npt.NDArray[np.int64]) -> pl.DataFrame:
    """Rows of a frame; a run of them is not copied."""
    import polars as pl

    first = int(rows[0]) if len(rows) else 0
    if bool((rows == np.arange(first, first + len(rows))).all()):
        return frame.slice(first, len(rows))
    return frame.select(pl.all().gather(pl.lit(pl.Series(rows.astype(np.uint32)))))


def schema_of(names: Iterable[str]) -> dict[str, Any]:
    """The types of columns of a listing, its path included."""
    import polars as pl

    kinds = {"index": pl.Int64, "offset": pl.UInt64, "nbytes": pl.UInt64, "path": pl.Utf8}
    return {name: pl.Utf8 if name in TEXTS else kinds.get(name, pl.Int32) for name in names}
