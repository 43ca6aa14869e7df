"""The cost of one record: first access, second access; import time; peak memory."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

import fst24
from bench.python.common import (
    DATA_BYTES,
    Row,
    Timing,
    fields_file,
    many_file,
    old_library,
    side_by_side,
    warm,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def rows(*, quick: bool) -> Iterator[Row]:
    """Single records, import, memory."""
    n = 500 if quick else 2000
    yield from one_record(warm(many_file("XDF", 262_144)), n)
    yield imported(5 if quick else 15)
    for form in ((1, 16), (134, 16)):
        yield peak_memory(warm(fields_file("smooth", *form)), form)


def one_record(path: Path, n: int) -> Iterator[Row]:
    """Records of four values: all overhead."""
    first, second, theirs = [], [], []
    library = old_library()
    old = library.open(path) if library else None
    handles = old.handles() if old else iter(())
    with fst24.open(path) as f:
        for k in range(n):
            record = f[k]
            start = time.perf_counter()
            record.data  # noqa: B018 - the access is what is measured
            middle = time.perf_counter()
            record.data  # noqa: B018
            first.append(middle - start)
            second.append(time.perf_counter() - middle)
            if old:
                described = old.describe(next(handles))
                start = time.perf_counter()
                old.read(described, np.float32)
                theirs.append(time.perf_counter() - start)
    if old:
        old.close()
    peer = Timing.of(theirs) if theirs else None
    yield Row("first access of a record of 4 values", Timing.of(first), peer=peer, goal="10 us")
    yield Row("second access of the same record", Timing.of(second), goal="1 us")


def imported(times: int) -> Row:
    """``import fst24`` in a new interpreter, less the interpreter's own start."""

    def start_with(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    whole, bare, numpy = side_by_side(
        lambda: start_with("import fst24"),
        lambda: start_with("pass"),
        lambda: start_with("import numpy"),
        times=times,
    )
    return Row(
        "import fst24",
        Timing(whole.best - bare.best, whole.median - bare.median),
        peer=Timing(numpy.best - bare.best, numpy.median - bare.median),
        peer_name="import numpy",
        goal="100 ms",
    )


PEAK = """
import sys, fst24
def kib(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))
before = kib("VmRSS")
with fst24.open(sys.argv[1]) as f:
    arrays = f.read(list(f), threads=2)
print((kib("VmHWM") - before) * 1024)
"""


def peak_memory(path: Path, form: tuple[int, int]) -> Row:
    """Read all fields and keep them: what the process grew by, as a share of the data.

    From /proc, not getrusage: a child inherits its parent's highest mark of the latter.
    """
    grown = [
        int(
            subprocess.run(
                [sys.executable, "-c", PEAK, str(path)], check=True, capture_output=True, text=True
            ).stdout
        )
        / DATA_BYTES
        for _ in range(3)
    ]
    return Row(
        f"peak memory of reading all, {form[0]}/{form[1]} (times the data)",
        Timing.of(grown),
        goal="1.2",
    )
