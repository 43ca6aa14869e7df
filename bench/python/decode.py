"""Decode 179 fields of 1000 x 800: into memory that exists and into fresh arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import fst24
from bench.python.common import (
    DATA_BYTES,
    FORMS,
    N_FIELDS,
    NI,
    NJ,
    ROUGHNESS,
    Row,
    fields_file,
    old_library,
    side_by_side,
    warm,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

GOALS = {
    (5, 32): "80 % of memcpy",
    (1, 16): "4 x librmn",
    (129, 16): "2.5 x librmn",
    (134, 16): "2.5 x librmn",
    (133, 32): "3 x librmn",
}


def nothing() -> None:
    """Stands for a peer that is not installed."""


def rows(*, quick: bool) -> Iterator[Row]:
    """One row a stored form and way of reading."""
    out = np.zeros((N_FIELDS, NJ, NI), np.float32)  # each field is NI x NJ in Fortran order
    source = np.ones_like(out)
    arrays = [field.T for field in out]
    times = 3 if quick else 7
    block, pieces = side_by_side(
        lambda: np.copyto(out, source), lambda: copy_fields(source, out), times=times
    )
    yield Row("memcpy, one block of all fields", block, DATA_BYTES, pieces)
    yield Row("memcpy, field by field", pieces, DATA_BYTES, pieces)
    for roughness in ROUGHNESS:
        for datyp, nbits in FORMS:
            path = warm(fields_file(roughness, datyp, nbits))
            yield from existing(path, (roughness, datyp, nbits), arrays, (source, out), times)
    for roughness, (datyp, nbits) in (
        ("smooth", (1, 16)),
        ("smooth", (134, 16)),
        ("rough", (5, 32)),
    ):
        yield from fresh(fields_file(roughness, datyp, nbits), (roughness, datyp, nbits), times)
    yield from views(warm(fields_file("rough", 5, 32, "RSF")), times)


def copy_fields(source: npt.NDArray[np.float32], out: npt.NDArray[np.float32]) -> None:
    """Copy as readers must: a field at a time, whose 3.2 MB are too few for streaming stores."""
    for there, here in zip(source, out, strict=True):
        np.copyto(here, there)


def existing(
    path: Path,
    form: tuple[str, int, int],
    arrays: list[npt.NDArray[np.float32]],
    copied: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]],
    times: int,
) -> Iterator[Row]:
    """Into arrays that were written before: no page faults, the codec itself.

    From a file (in the page cache, so its bytes are copied once more than they are decoded), as the
    peer does, and from bytes that are in memory already.
    """
    roughness, datyp, nbits = form
    library = old_library()
    old = library.open(path) if library else None
    theirs = old.records() if old else []
    with fst24.open(path) as f, fst24.open(path.read_bytes()) as g:
        records = list(f)
        in_memory = list(g)

        def ours(threads: int) -> Callable[[], object]:
            return lambda: f.read(records, out=arrays, threads=threads)

        def peer() -> None:
            assert old is not None
            for r, array in zip(theirs, arrays, strict=True):
                old.read_into(r, array)

        one, two, pure, peer_time, copy = side_by_side(
            ours(1),
            ours(2),
            lambda: g.read(in_memory, out=arrays, threads=1),
            peer if old else nothing,
            lambda: copy_fields(*copied),
            times=times,
        )
    if old:
        old.close()
    name = f"{datyp}/{nbits} {roughness}, existing memory"
    size = path.stat().st_size * 8 / (DATA_BYTES / 4)
    told = f"{name} ({size:.1f} bits a value)"
    peer_of = peer_time if old else None
    goal = GOALS[datyp, nbits]
    yield Row(told + ", 1 thread", one, DATA_BYTES, copy, peer_of, goal=goal)
    yield Row(name + ", 1 thread, file in bytes", pure, DATA_BYTES, copy, peer_of, goal=goal)
    yield Row(name + ", 2 threads", two, DATA_BYTES, copy, one, "1 thread", goal="1.8 x one thread")


def fresh(path: Path, form: tuple[str, int, int], times: int) -> Iterator[Row]:
    """Into arrays that are allocated for the purpose and dropped, as ``rec.data`` does."""
    roughness, datyp, nbits = form
    library = old_library()
    old = library.open(warm(path)) if library else None
    theirs = old.records() if old else []
    with fst24.open(path) as f:
        records = list(f)

        def ours(threads: int) -> Callable[[], object]:
            return lambda: f.read(records, threads=threads)

        def peer() -> object:
            assert old is not None
            return [old.read(r, np.float32) for r in theirs]

        def copies() -> object:
            block = np.ones((NJ, NI), np.float32)
            return [block.copy() for _ in range(N_FIELDS)]

        one, two, peer_time, copy = side_by_side(
            ours(1), ours(2), peer if old else nothing, copies, times=times
        )
    if old:
        old.close()
    name = f"{datyp}/{nbits} {roughness}, fresh arrays"
    peer_of = peer_time if old else None
    yield Row(name + ", 1 thread", one, DATA_BYTES, copy, peer_of, goal="2 x librmn")
    yield Row(name + ", 2 threads", two, DATA_BYTES, copy, peer_of)


def views(path: Path, times: int) -> Iterator[Row]:
    """RSF holds native floats: a mapped file gives views, nothing is copied or read."""

    def look() -> None:
        with fst24.open(path, mmap=True) as f:
            arrays = [r.data for r in f]
        assert not arrays[0].flags.owndata
        assert not arrays[0].flags.writeable

    def copy_all() -> object:
        with fst24.open(path, mmap=False) as f:
            return f.read(list(f), threads=1)

    looked, copied = side_by_side(look, copy_all, times=times)
    yield Row("5/32 RSF by view: open and 179 arrays", looked, 0, None, copied, "a copy", "no copy")
