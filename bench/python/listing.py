"""Open files and list their records; find one among a million."""

from __future__ import annotations

import importlib
import importlib.util
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import fst24
from bench.python.common import (
    FORMS,
    Row,
    Timing,
    fields_file,
    many_columns,
    many_file,
    measure,
    old_library,
    side_by_side,
    warm,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZES: list[tuple[Any, int, str]] = [
    ("RSF", 100_000, ""),
    ("RSF", 1_000_000, "40 ms"),
    ("XDF", 262_144, "12 ms"),
]


def rows(*, quick: bool) -> Iterator[Row]:
    """Listing, opening, searching."""
    times = 5 if quick else 15
    for backend, n, goal in SIZES:
        path = warm(many_file(backend, n))
        yield Row(
            f"open and list {n:,} records, {backend}",
            measure(partial(open_and_list, path, n), times=times),
            peer=old_listing(path) if backend == "XDF" else fstd2nc_listing(path),
            peer_name="librmn 19.5, fstprm on each" if backend == "XDF" else "fstd2nc",
            goal=goal,
        )
        with fst24.open(path) as f:
            if hasattr(f, "to_polars"):
                yield Row(f"to_polars of {n:,} records, {backend}", measure(f.to_polars, times=5))
    small = warm(fields_file("smooth", *FORMS[1]))
    yield opened(small)
    yield from found()


def open_and_list(path: Path, n: int) -> None:
    with fst24.open(path) as f:
        assert len(f) == n


def opened(path: Path) -> Row:
    """Open and close of an ordinary file."""
    library = old_library()

    def ours() -> None:
        for _ in range(100):
            fst24.open(path).close()

    def theirs() -> None:
        assert library is not None
        for _ in range(100):
            with library.open(path) as old:
                old.records()

    mine, peer = side_by_side(ours, theirs if library else ours, times=9)
    per_file = [Timing(t.best / 100, t.median / 100) for t in (mine, peer)]
    return Row(
        "open and close a file of 179 records",
        per_file[0],
        peer=per_file[1] if library else None,
        goal="0.2 ms",
    )


def old_listing(path: Path) -> Timing | None:
    library = old_library()
    if library is None:
        return None

    def listing() -> None:
        with library.open(path) as old:
            old.records()

    return measure(listing, times=2)


def fstd2nc_listing(path: Path) -> Timing | None:
    if importlib.util.find_spec("fstd2nc") is None:
        return None
    fstd2nc = importlib.import_module("fstd2nc")
    return measure(lambda: fstd2nc.Buffer(str(path), progress=False), times=2)


def found() -> Iterator[Row]:
    """One record by exact keys out of a million."""
    n = 1_000_000
    table = many_columns(n)
    rng = np.random.default_rng(7)
    picks = rng.integers(0, n, 1000).tolist()
    wanted: list[dict[str, Any]] = [
        {
            "nomvar": bytes(table["nomvar"][k]).decode(),
            "ip1": int(table["ip1"][k]),
            "ip2": int(table["ip2"][k]),
        }
        for k in picks
    ]
    with fst24.open(warm(many_file("RSF", n))) as f:

        def first() -> None:
            with fst24.open(many_file("RSF", n)) as g:
                assert g.find(**wanted[-1]) is not None

        def again() -> None:
            for keys in wanted:
                assert f.find(**keys) is not None

        again()
        for k, keys in zip(picks, wanted, strict=True):
            one = f.find(**keys)
            assert one is not None
            assert one.index == k, "the bench finds a wrong record"
        each = measure(again, times=9)
        yield Row("open 1,000,000 records and find one by keys", measure(first, times=5))
    yield Row(
        "find one by exact keys in 1,000,000, each of 1000",
        Timing(each.best / 1000, each.median / 1000),
        goal="5 us (C), librmn: 59 ms",
    )
