"""What the writers of NetCDF and Zarr share: a Dataset ready for CF, large variables in blocks.

Variables of up to `SMALL` values are written by xarray. Larger ones go from block to block: read,
decoded and encoded on threads, a few at a time, so memory stays that of a few blocks.
"""

from __future__ import annotations

import importlib
import itertools
import math
import os
import secrets
import shutil
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import xarray as xr
from xarray.conventions import encode_cf_variable, encode_dataset_coordinates

import fst24

from ._ready import make_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
    from typing import Literal

    import numpy.typing as npt

    #: Called with the bytes that are done and all bytes, both of the values as they are in memory.
    Progress = Callable[[int, int], None]

    Mode = Literal["w", "x"]

_Done = TypeVar("_Done")

#: A variable of more values is streamed.
SMALL = 4096
#: A chunk of a file: small enough for a reader who wants a region, large enough to compress.
_CHUNK_BYTES = 4 << 20
#: What a thread reads at once, if a record is not larger.
_BLOCK_BYTES = 16 << 20
#: Bytes of all blocks under way.
_BUDGET_BYTES = 256 << 20


@dataclass(frozen=True)
class Stream:
    """A variable that is written in blocks."""

    name: str
    variable: xr.Variable
    #: As the file has it: type, attributes; one value.
    sample: xr.Variable
    #: Shape of a chunk of the file.
    chunks: tuple[int, ...]
    #: The last dimensions, those of a record: a part of one would be decoded again for the next.
    n_whole: int

    @property
    def n_bytes(self) -> int:
        """Bytes of its values in memory."""
        return int(self.variable.nbytes)

    def block_shape(self) -> tuple[int, ...]:
        """A whole number of chunks, and whole records."""
        shape = self.variable.shape
        first = len(shape) - self.n_whole
        block = [*self.chunks[:first], *shape[first:]]
        for axis in reversed(range(first)):
            n_bytes = math.prod(block) * self.variable.dtype.itemsize
            times = max(1, _BLOCK_BYTES // max(1, n_bytes))
            block[axis] = min(shape[axis], times * self.chunks[axis])
        return tuple(block)

    def encoded(self, key: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Values of a block as the file has them."""
        read = self.variable[key].compute()  # once: encoders of old xarray ask for values anew
        return np.asarray(encode_cf_variable(read, name=self.name).data)


@dataclass(frozen=True)
class Block:
    """A part of a stream."""

    stream: Stream
    key: tuple[slice, ...]
    n_bytes: int


@dataclass(frozen=True)
class Plan:
    """How a Dataset is written."""

    #: All of it but the streams, for xarray to write.
    header: xr.Dataset
    streams: tuple[Stream, ...]


def make_plan(
    ds: xr.Dataset,
    *,
    attributes: Mapping[str, str] | None,
    fill_value: float | None,
    chunks: Mapping[str, int] | None,
    keep: bool = True,
    streamed: Collection[str] = (),
) -> Plan:
    """What xarray writes, and what goes in blocks.

    ``streamed`` are types of values that go in blocks however few they are; other arguments as of
    `make_ready`.
    """
    ready = make_ready(
        ds, attributes=attributes or {}, fill_value=fill_value, small=SMALL, keep=keep
    )
    unknown = sorted(set(chunks or ()) - set(map(str, ds.sizes)))
    if unknown:
        raise fst24.InvalidArgumentError(
            f"chunks: no dimension {', '.join(unknown)}; there are {', '.join(map(str, ds.sizes))}"
        )
    large = [
        name for name, variable in ready.variables.items() if _is_streamed(name, variable, streamed)
    ]
    encoded, _ = encode_dataset_coordinates(ready)
    streams = []
    for name in large:
        variable = encoded[name]
        one = xr.Variable(
            variable.dims,
            np.zeros((1,) * variable.ndim, variable.dtype),
            variable.attrs,
            variable.encoding,
        )
        sample = encode_cf_variable(one, name=name)
        shape = chunk_shape(variable, sample.dtype.itemsize, chunks or {})
        streams.append(
            Stream(str(name), variable, sample, shape, n_record_dims(ds.variables[name]))
        )
    return Plan(ready.drop_vars(large), tuple(streams))


def _is_streamed(name: Hashable, variable: xr.Variable, streamed: Collection[str]) -> bool:
    if variable.dtype.kind not in "biufc" or variable.dims in {(), (name,)}:
        return False
    return variable.size > SMALL or variable.dtype.str[1:] in streamed


def chunk_shape(variable: xr.Variable, itemsize: int, asked: Mapping[str, int]) -> tuple[int, ...]:
    """Shape of the chunks: what was asked, and else whole last dimensions up to a few MiB."""
    room = max(1, _CHUNK_BYTES // itemsize)
    chunks: list[int] = []
    for dim, size in zip(reversed(variable.dims), reversed(variable.shape), strict=True):
        wanted = asked.get(str(dim), min(size, room))
        chunks.append(size if wanted == -1 else max(1, min(size, wanted)))
        room = max(1, room // chunks[-1])
    return tuple(reversed(chunks))


def n_record_dims(variable: xr.Variable) -> int:
    """How many of the last dimensions are those of a record: all values of it."""
    header = variable.encoding.get("fst24", {})
    if {"ni", "nj", "nk"} <= set(header):
        n_values = header["ni"] * header["nj"] * header["nk"]
    else:  # of another file, where a field is as good a guess as any, if it is no list of points
        n_values = min(math.prod(variable.shape[-2:]), _BLOCK_BYTES // variable.dtype.itemsize)
    n_inside = 1
    for n_dims, size in enumerate(reversed(variable.shape), 1):
        n_inside *= size
        if n_inside >= n_values:
            return n_dims
    return variable.ndim


def blocks_of(streams: Sequence[Stream]) -> list[Block]:
    """All blocks, those of one variable after the other in the order of its records."""
    blocks = []
    for stream in streams:
        shape, steps = stream.variable.shape, stream.block_shape()
        starts = [range(0, size, step) for size, step in zip(shape, steps, strict=True)]
        for corner in itertools.product(*starts):
            key = tuple(
                slice(start, min(start + step, size))
                for start, step, size in zip(corner, steps, shape, strict=True)
            )
            n_values = math.prod(part.stop - part.start for part in key)
            blocks.append(Block(stream, key, n_values * stream.variable.dtype.itemsize))
    return blocks


def library(name: str, what: str) -> Any:  # noqa: ANN401 - a module
    """A library of an extra of this package, whose name is that of the library in small letters.

    Raises
    ------
    ModuleNotFoundError
        It is not installed; the message says how to.
    """
    extra = {"netCDF4": "netcdf"}.get(name, name)
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"{what} needs {name}: pip install 'fst24[{extra}]'"
        raise ModuleNotFoundError(message, name=name) from error


def n_threads_of(threads: int | None) -> int:
    """How many threads work."""
    if threads is not None and threads < 1:
        raise fst24.InvalidArgumentError(f"threads={threads}: at least 1")
    return min(16, os.cpu_count() or 1) if threads is None else threads


def each_done(
    blocks: Sequence[Block], act: Callable[[Block], _Done], n_threads: int
) -> Iterator[tuple[Block, _Done]]:
    """What ``act`` gives for each block, in order; threads work ahead as far as memory allows."""
    largest = max((block.n_bytes for block in blocks), default=1)
    n_ahead = max(2, min(2 * n_threads, _BUDGET_BYTES // max(1, largest)))
    pool = ThreadPoolExecutor(min(n_threads, n_ahead))
    try:
        waiting = deque((block, pool.submit(act, block)) for block in blocks[:n_ahead])
        for place in itertools.count(n_ahead):
            if not waiting:
                return
            block, future = waiting.popleft()
            yield block, future.result()
            if place < len(blocks):
                waiting.append((blocks[place], pool.submit(act, blocks[place])))
    finally:
        pool.shutdown(cancel_futures=True)


class Meter:
    """Tells how far the work is."""

    def __init__(self, blocks: Sequence[Block], progress: Progress | None) -> None:
        self._total = sum(block.n_bytes for block in blocks)
        self._done = 0
        self._progress = progress

    def add(self, block: Block) -> None:
        """A block is done."""
        self._done += block.n_bytes
        if self._progress is not None:
            self._progress(self._done, self._total)


@contextmanager
def taking_name(
    path: str | os.PathLike[str], mode: Mode, refuse: Callable[[Path], None]
) -> Iterator[Path]:
    """A name beside ``path``; what is made there takes its place at the end, or is removed.

    ``refuse`` raises when what is there must not be replaced.

    Raises
    ------
    FileExistsError
        Mode "x", and there is something of that name.
    """
    if mode not in ("w", "x"):
        raise fst24.InvalidArgumentError(f"mode={mode!r}: it is 'w' or 'x'")
    target = Path(os.path.realpath(path)) if os.path.islink(path) else Path(path)  # noqa: PTH114
    if mode == "x":
        _refuse_existing(target, path)
    refuse(target)
    if not target.parent.is_dir():
        raise FileNotFoundError(2, "the directory of the new file is not there", str(path))
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        yield beside
        _settle(beside, target)
        if mode == "x":
            _refuse_existing(target, path)
        _replace(beside, target)
    finally:
        _remove(beside)


def _refuse_existing(target: Path, path: str | os.PathLike[str]) -> None:
    if target.exists():
        raise FileExistsError(17, "there is a file of this name", str(path))


def _settle(beside: Path, target: Path) -> None:
    """Bring a file to disk before it takes the name of another, with its permissions."""
    if beside.is_dir():
        return
    if target.is_file():
        beside.chmod(target.stat().st_mode & 0o7777)
    descriptor = os.open(beside, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(beside: Path, target: Path) -> None:
    """Give it the name. A directory cannot replace another in one step: the old one steps aside."""
    if not target.is_dir():
        if beside.is_dir() and target.exists():
            target.unlink()
        beside.replace(target)
        return
    old = target.with_name(f"{beside.name}.old")
    target.rename(old)
    try:
        beside.replace(target)
    except OSError:
        old.rename(target)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
