"""The table of metadata: of one file as a DataFrame, of many files as a LazyFrame."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

import fst24
from bench.python.common import (
    FORMS,
    Row,
    Timing,
    fields_file,
    made_once,
    many_file,
    measure,
    warm,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = 179
SIZES = (1_000, 10_000, 100_000, 1_000_000)
N_FILES, N_RECORDS, N_MANY = 1_000, 1_000, 10_000
GOALS = {1_000_000: {False: "100 ms", True: "400 ms"}, SMALL: {False: "1 ms", True: "3 ms"}}


def rows(*, quick: bool) -> Iterator[Row]:
    """From file to DataFrame, and the scan of a directory."""
    times = 5 if quick else 11
    small = warm(fields_file("smooth", *FORMS[1]))
    for decoded in (False, True):
        yield of_one(small, SMALL, decoded=decoded, times=20 * times, peer=fstd2nc(small))
        for n in SIZES:
            path = warm(many_file("RSF", n))
            peer = fstd2nc(path) if n == SIZES[-1] else None
            yield of_one(path, n, decoded=decoded, times=times, peer=peer)
    yield memory(decoded=False)
    yield memory(decoded=True)
    yield from scans(times)


def of_one(path: Path, n: int, *, decoded: bool, times: int, peer: Timing | None) -> Row:
    what = "decoded" if decoded else "core columns"
    return Row(
        f"file to DataFrame, {n:,} records, {what}",
        measure(partial(frame, path, n, decoded=decoded), times=times),
        peer=peer,
        peer_name="fstd2nc, its table",
        goal=GOALS.get(n, {}).get(decoded, ""),
    )


def frame(path: Path, n: int, *, decoded: bool) -> None:
    with fst24.open(path) as f:
        df = f.to_polars(decode_metadata=decoded)
    assert df.height == n


def fstd2nc(path: Path) -> Timing | None:
    """The table that fstd2nc makes when it opens a file."""
    if importlib.util.find_spec("fstd2nc") is None:
        return None
    buffer = importlib.import_module("fstd2nc").Buffer
    return measure(lambda: buffer(str(path), progress=False), times=3)


#: What a process grows by that has Polars at work already, as a share of the columns.
_PEAK = """
import sys, fst24, polars as pl
def kib(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))
decoded = sys.argv[3] == "True"
fst24.read_metadata(sys.argv[2], decode_metadata=decoded)
before = kib("VmRSS")
df = fst24.read_metadata(sys.argv[1], decode_metadata=decoded)
# Polars estimates text by its letters; a column of it has 16 bytes a row, and what is longer.
columns = sum(16 * len(c) if c.dtype == pl.Utf8 else c.estimated_size() for c in df)
print((kib("VmHWM") - before) * 1024 / columns)
"""


def memory(*, decoded: bool) -> Row:
    """Peak memory of one table, in a process of its own (see access.peak_memory)."""
    paths = [str(many_file("RSF", n)) for n in (SIZES[-1], SIZES[0])]
    arguments = [sys.executable, "-c", _PEAK, *paths, str(decoded)]
    told = subprocess.run(arguments, capture_output=True, text=True, check=True)
    ratio = float(told.stdout)
    what = "decoded" if decoded else "core columns"
    return Row(
        f"peak memory of 1,000,000 records, {what} (times the data)",
        Timing(ratio, ratio),
        goal="1.5",
    )


def scans(times: int) -> Iterator[Row]:
    """Many small files: listed for the first time, from the disk cache, from memory."""
    files = directory(N_FILES, N_RECORDS)
    n = N_FILES * N_RECORDS
    yield Row(
        f"scan {N_FILES:,} files of {N_RECORDS:,} records, first time",
        measure(partial(scan, files, n, None), times=times),
        goal="1 s",
    )
    with tempfile.TemporaryDirectory() as name:
        scan(files, n, name)
        yield Row(
            f"scan {N_FILES:,} files of {N_RECORDS:,} records, disk cache",
            measure(partial(scan, files, n, name), times=times),
            goal="0.1 s",
        )
    fst24.scan(files).collect()
    yield Row(
        f"scan {N_FILES:,} files of {N_RECORDS:,} records, in memory",
        measure(lambda: fst24.scan(files).select(pl.len()).collect(), times=times),
    )
    many = directory(N_MANY, 10)
    with tempfile.TemporaryDirectory() as name:
        scan(many, 10 * N_MANY, name)
        yield Row(
            f"scan {N_MANY:,} files of 10 records, disk cache",
            measure(partial(scan, many, 10 * N_MANY, name), times=times),
            goal="well under 1 s",
        )


def scan(files: Path, n: int, cache: str | None) -> None:
    """As a new process finds it: nothing remembered in memory."""
    forget()
    assert fst24.scan(files, cache=cache).collect().height == n


def forget() -> None:
    from fst24.table._index import INDEXES

    INDEXES.forget()
    gc.collect()


def directory(n_files: int, n_records: int) -> Path:
    """Copies of one file, in the page cache since they were just written or are read here."""

    def make(path: Path) -> None:
        path.mkdir(parents=True)
        one = many_file("RSF", n_records)
        for k in range(n_files):
            shutil.copyfile(one, path / f"{k:05d}.fst")

    path = made_once(f"{n_files}x{n_records}.dir", make)
    for one in path.iterdir():
        warm(one)
    return path
