"""Indexes on disk: for each directory of files one file in the directory of the cache.

Such a file is a line that says what it is, lengths and checksums of its parts, a Parquet table of
the files with their stamps, and Parquet blocks of their records. It is written beside its place and
renamed, so that readers see one whole state or another, however many processes write. Nothing in it
is believed before its checksum: what is damaged, of another version or of other files is as good as
not there, and is written again.

Blocks that are mostly alive are taken over as they are; so one more file costs its own records.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import struct
import time
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from fst24 import _core

from ._index import STORED, DamagedBlockError, Index, Rows, Stamp, schema_of, stamp_of, take
from ._paths import CACHE_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt
    import polars as pl

#: The number is that of this layout.
_MAGIC = b"fst24-index 1\n"
_HEAD = struct.Struct("<II")  # CRC-32 and length of the header, which follows
#: Records of a block: so many are decoded at once, and are in memory twice while they are.
BLOCK_ROWS = 1 << 17
_FEW_ROWS = BLOCK_ROWS // 4
#: So many blocks of few rows may be there before they are made one.
_MOST_SMALL = 8
_ABANDONED_S = 3600
_TEMPORARY = ".part"
#: What bytes that are no cache of ours raise.
_DAMAGE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, DamagedBlockError)


class StoredBlock:
    """A Parquet table of records, decoded column by column when they are asked for."""

    def __init__(self, stored: bytes, n: int) -> None:
        self.stored = stored
        self._n = n
        self._ready: pl.DataFrame | None = None

    def __len__(self) -> int:
        return self._n

    @property
    def n_bytes(self) -> int:
        """Memory that it takes while nothing is made ready."""
        return len(self.stored)

    def frame(self, names: Sequence[str], rows: npt.NDArray[np.int64]) -> pl.DataFrame:
        """Columns of some rows; the whole columns stay ready until `rest`."""
        ready = self._ready  # one look: other threads may change it
        lacking = [n for n in names if ready is None or n not in ready.columns]
        if lacking:
            more = _from_parquet(self.stored, schema_of(lacking), self._n)
            ready = more if ready is None else ready.hstack(more.get_columns())
            self._ready = ready
        if ready is None:  # no column is asked for
            raise DamagedBlockError("no columns")
        return take(ready.select(names), rows)

    def rest(self) -> None:
        """Let go of the decoded columns."""
        self._ready = None


def _from_parquet(stored: bytes, schema: dict[str, Any], n: int | None) -> pl.DataFrame:
    import polars as pl

    try:
        frame = pl.read_parquet(io.BytesIO(stored), columns=list(schema)).select(list(schema))
    except BaseException as error:  # whatever the reader makes of it, its panics too
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise DamagedBlockError(str(error)) from error
    wrong = n is not None and frame.height != n
    if wrong or dict(frame.schema) != schema or any(frame.null_count().row(0)):
        raise DamagedBlockError("other columns than were stored")
    return frame


def _to_parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="lz4", statistics=False)
    return buffer.getvalue()


class _State(NamedTuple):
    """What is stored of a directory; ``stamp`` is of the cache's own file, None without one."""

    stamp: Stamp | None
    indexes: dict[str, Index]


class DiskCache:
    """The indexes in a directory of caches, as one scan uses them."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._states: dict[str, _State] = {}

    def __getstate__(self) -> str:
        return self.place

    def __setstate__(self, place: str) -> None:
        self.place = place
        self._states = {}

    def find(self, names: Sequence[str], stamps: Sequence[Stamp | OSError]) -> list[Index | None]:
        """The stored indexes of files in this state."""
        found: list[Index | None] = []
        for name, stamp in zip(names, stamps, strict=True):
            directory, last = os.path.split(name)
            index = self._state(directory).indexes.get(last)
            found.append(index if index is not None and index.stamp == stamp else None)
        return found

    def _state(self, directory: str) -> _State:
        if directory not in self._states:
            self._states[directory] = self._load(directory)
        return self._states[directory]

    def refresh(self) -> None:
        """Forget the directories whose caches are no longer what was read."""
        for directory, state in list(self._states.items()):
            if _stamp(self._file(directory)) != state.stamp:
                del self._states[directory]

    def drop(self, block: object) -> None:
        """Forget the files of a block that cannot be read."""
        for state in self._states.values():
            for name in [n for n, index in state.indexes.items() if index.block is block]:
                del state.indexes[name]

    def _file(self, directory: str) -> str:
        digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:32]
        return os.path.join(self.place, digest + CACHE_SUFFIX)  # noqa: PTH118

    def _load(self, directory: str) -> _State:
        path = self._file(directory)
        stamp = _stamp(path)
        if stamp is None:
            return _State(None, {})
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                return _State(stamp, _parse(file.read(), directory))
        except (*_DAMAGE, OSError):
            return _State(stamp, {})

    # ------------------------------------------------------------------------- writing

    def save(self, indexes: Iterable[tuple[str, Index]]) -> None:
        """Store what is not stored yet; OSError where that cannot be done."""
        new: dict[str, dict[str, Index]] = {}
        for name, index in indexes:
            directory, last = os.path.split(name)
            known = self._state(directory).indexes.get(last)
            if index.is_kept and (known is None or known.stamp != index.stamp):
                new.setdefault(directory, {})[last] = index
        for directory, found in new.items():
            self._save(directory, found)

    def _save(self, directory: str, new: dict[str, Index]) -> None:
        path = self._file(directory)
        if _stamp(path) != self._state(directory).stamp:  # another process was here meanwhile
            self._states[directory] = self._load(directory)
        there = _names_in(directory)
        old = self._state(directory).indexes
        merged = {name: index for name, index in old.items() if there is None or name in there}
        os.makedirs(self.place, exist_ok=True)  # noqa: PTH103
        try:
            _replace(path, _pieces(directory, merged | new))
        except DamagedBlockError:
            _replace(path, _pieces(directory, new))
        self._states[directory] = self._load(directory)


def _stamp(path: str) -> Stamp | None:
    try:
        return stamp_of(path)
    except OSError:
        return None


def _names_in(directory: str) -> set[str] | None:
    try:
        with os.scandir(directory) as entries:
            return {entry.name for entry in entries}
    except OSError:
        return None


def _replace(path: str, pieces: Iterator[bytes]) -> None:
    """Write a file beside its place, then put it there: readers see one whole file or the other."""
    _remove_abandoned(path)
    place, last = os.path.split(path)
    beside = os.path.join(place, f".{last}.{secrets.token_hex(8)}{_TEMPORARY}")  # noqa: PTH118
    try:
        with open(beside, "xb") as file:  # noqa: PTH123
            file.writelines(pieces)
        os.replace(beside, path)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(beside)  # noqa: PTH107
        raise


def _remove_abandoned(path: str) -> None:
    """What processes left that were ended while they wrote."""
    place, last = os.path.split(path)
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(f".{last}.") and entry.name.endswith(_TEMPORARY):
                old = entry.stat().st_mtime < time.time() - _ABANDONED_S
                if old:
                    os.remove(entry.path)  # noqa: PTH107


# ---------------------------------------------------------------------------------------- layout


def _file_schema() -> dict[str, Any]:
    import polars as pl

    numbers = dict.fromkeys(("device", "inode"), pl.UInt64) | dict.fromkeys(
        ("size", "mtime_ns", "ctime_ns", "block", "start", "n"), pl.Int64
    )
    return {"name": pl.Binary, **numbers, "warnings": pl.Utf8}


def _pieces(directory: str, indexes: dict[str, Index]) -> Iterator[bytes]:
    """The bytes of a cache, in order."""
    import polars as pl

    blocks, places = _blocks(indexes)
    rows = [
        (
            os.fsencode(name),
            *index.stamp,
            *places[name],
            index.n,
            json.dumps(index.warnings) if index.warnings else "",
        )
        for name, index in indexes.items()
    ]
    files = _to_parquet(pl.DataFrame(rows, schema=_file_schema(), orient="row"))
    header = {
        "library": _core.library_version,
        "directory": directory,
        "files": [len(files), zlib.crc32(files)],
        "blocks": [[len(b.stored), zlib.crc32(b.stored), len(b)] for b in blocks],
    }
    head = json.dumps(header).encode()
    yield _MAGIC + _HEAD.pack(zlib.crc32(head), len(head)) + head
    yield files
    for block in blocks:
        yield block.stored


def _blocks(
    indexes: dict[str, Index],
) -> tuple[list[StoredBlock], dict[str, tuple[int, int]]]:
    """Blocks with all the records, and the block and first row of each file."""
    alive: dict[int, int] = {}
    for index in indexes.values():
        alive[id(index.block)] = alive.get(id(index.block), 0) + index.n
    old = {id(i.block): i.block for i in indexes.values() if isinstance(i.block, StoredBlock)}
    n_small = sum(len(block) < _FEW_ROWS for block in old.values())
    kept = [
        block
        for key, block in old.items()
        if 2 * alive[key] >= len(block) and (len(block) >= _FEW_ROWS or n_small <= _MOST_SMALL)
    ]
    number = {id(block): k for k, block in enumerate(kept)}
    places = {
        name: (number[id(index.block)], index.start)
        for name, index in indexes.items()
        if id(index.block) in number
    }
    waiting = [name for name in indexes if name not in places]
    while waiting:
        n_rows = n_files = 0
        for name in waiting:
            if n_rows and n_rows + indexes[name].n > BLOCK_ROWS:
                break
            places[name] = len(kept), n_rows
            n_rows += indexes[name].n
            n_files += 1
        rows = Rows([indexes[name] for name in waiting[:n_files]])
        kept.append(StoredBlock(_to_parquet(rows.frame(STORED, None)), n_rows))
        for block in rows.blocks:
            block.rest()
        waiting = waiting[n_files:]
    return kept, places


def _parse(content: bytes, directory: str) -> dict[str, Index]:
    """The indexes in a cache of this directory; ValueError and others for what is none."""
    at = len(_MAGIC)
    if content[:at] != _MAGIC or len(content) < at + _HEAD.size:
        raise ValueError("no cache of this version")
    checksum, n = _HEAD.unpack_from(content, at)
    at += _HEAD.size
    head = content[at : at + n]
    if zlib.crc32(head) != checksum or len(head) != n:
        raise ValueError("a damaged header")
    header = json.loads(head)
    if (header["library"], header["directory"]) != (_core.library_version, directory):
        raise ValueError("of another version, or of another directory")
    at += n
    pieces: list[bytes] = []
    for length, checksum in [header["files"], *(block[:2] for block in header["blocks"])]:
        piece = content[at : at + length]
        if len(piece) != length or zlib.crc32(piece) != checksum:
            raise ValueError("a damaged part")
        pieces.append(piece)
        at += length
    if at != len(content):
        raise ValueError("more than was stored")
    blocks = [
        StoredBlock(piece, block[2])
        for piece, block in zip(pieces[1:], header["blocks"], strict=True)
    ]
    return _indexes(_from_parquet(pieces[0], _file_schema(), None), blocks)


def _indexes(files: pl.DataFrame, blocks: list[StoredBlock]) -> dict[str, Index]:
    found: dict[str, Index] = {}
    for name, *stamp, number, start, n, told in files.iter_rows():
        if not 0 <= number < len(blocks) or not 0 <= start <= start + n <= len(blocks[number]):
            raise ValueError("a file outside of its block")
        warnings = tuple(tuple(one) for one in json.loads(told)) if told else ()
        index = Index(Stamp(*stamp), blocks[number], start, n, warnings, is_kept=True)
        found[os.fsdecode(name)] = index
    return found
