"""Write fields of 1000 x 1000 into a new file, in the page cache."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import fst24
from bench.python.common import Row, old_library, side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from tests.support import oldlib

SIZE, N_FIELDS = 1000, 24
DATA_BYTES = 4 * SIZE * SIZE * N_FIELDS
#: Stored form and what the reference reaches (codecs.md, 16.2), in GB/s.
FORMS = {
    (5, 32): 2.7,
    (1, 12): 2.3,
    (1, 16): 2.1,
    (1, 24): 1.6,
    (6, 16): 0.8,
    (129, 16): 0.8,
    (134, 12): 0.54,
    (134, 16): 0.5,
    (133, 32): 0.64,
    (133, 24): 0.7,
    (2, 16): 2.9,
    (130, 12): 1.3,
    (4, 16): 2.5,
}


def rows(*, quick: bool) -> Iterator[Row]:
    """A row for each stored form: one thread, two threads, librmn, a copy of the same bytes."""
    times = 3 if quick else 9
    fields = [field(k) for k in range(4)]
    with tempfile.TemporaryDirectory() as name:
        for (datyp, nbits), reference in FORMS.items():
            yield from form(Path(name), fields, (datyp, nbits), reference, times)
        yield records(Path(name), times)


def field(seed: int) -> npt.NDArray[np.float32]:
    """273 + 20 sin x cos y and Gaussian noise of 0.05, as the reference was measured with."""
    x = np.linspace(0, 6 * np.pi, SIZE)
    noise = np.random.default_rng(seed).normal(0, 0.05, (SIZE, SIZE))
    return np.asfortranarray(273 + 20 * np.sin(x)[:, None] * np.cos(x) + noise, np.float32)


def form(
    place: Path,
    fields: list[npt.NDArray[np.float32]],
    stored: tuple[int, int],
    reference: float,
    times: int,
) -> Iterator[Row]:
    datyp, nbits = stored
    arrays: list[npt.NDArray[np.float32] | npt.NDArray[np.int32]] = list(fields)
    if datyp & 63 in {2, 4}:
        kind = np.uint32 if datyp & 63 == 2 else np.int32
        arrays = [np.asfortranarray((a - 250) * 40).astype(kind) for a in fields]
    out = np.ones_like(fields[0])
    library = old_library()

    def copies() -> None:
        for k in range(N_FIELDS):
            np.copyto(out, fields[k % len(fields)])

    def theirs() -> None:
        if library is not None:
            write_old(library, place / "old.fst", arrays, stored)

    one, two, peer, copy = side_by_side(
        partial(ours, place / "ours.fst", arrays, stored, 1),
        partial(ours, place / "ours.fst", arrays, stored, 2),
        theirs,
        copies,
        times=times,
    )
    size = (place / "ours.fst").stat().st_size * 8 / (DATA_BYTES / 4)
    compressed = datyp > 127 or datyp in {1, 6}
    goal = f"2 x librmn ({2 * reference:.2g} GB/s)" if compressed else f"librmn: {reference} GB/s"
    what = f"write {datyp}/{nbits} ({size:.1f} bits a value)"
    yield Row(
        f"{what}, 1 thread", one, DATA_BYTES, copy, peer if library is not None else None, goal=goal
    )
    yield Row(f"{what}, 2 threads", two, DATA_BYTES, copy, one, "1 thread")


def ours(
    path: Path, arrays: list[npt.NDArray[np.generic]], stored: tuple[int, int], n_threads: int
) -> None:
    path.unlink(missing_ok=True)  # ext4 sends a file that replaces another one to disk at once
    items = ((arrays[k % len(arrays)], {"ip1": k}) for k in range(N_FIELDS))
    with fst24.open(path, "w", sync=False) as f:
        f.write_many(items, threads=n_threads, nomvar="TT", datyp=stored[0], nbits=stored[1])


def write_old(
    library: oldlib.OldLibrary,
    path: Path,
    arrays: list[npt.NDArray[np.generic]],
    stored: tuple[int, int],
) -> None:
    path.unlink(missing_ok=True)
    with library.create(path) as file:
        for k in range(N_FIELDS):
            file.write(arrays[k % len(arrays)], *stored, nomvar="TT", ip1=k)


def records(place: Path, times: int) -> Row:
    """What a record costs above its values."""
    small = np.zeros((4, 4), np.float32)

    def many() -> None:
        with fst24.open(place / "small.fst", "w", sync=False) as f:
            f.write_many(((small, {"ip1": k}) for k in range(10_000)), nomvar="TT", threads=1)

    (each,) = side_by_side(many, times=times)
    return Row("write 10,000 records of 16 values", each)
