"""RSF files pass a strict reading that shares nothing with the library: golden ones, and ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from tests.support.rsfcheck import RsfError, RsfFile, check_rsf

from .manifests import GROUPS, Manifest, manifests

if TYPE_CHECKING:
    from collections.abc import Callable

    from fst24 import Fst24Writer

GOLDEN = [m for m in manifests(*GROUPS) if "rsf" in m.name.partition("/")[2]]


@pytest.mark.parametrize("manifest", GOLDEN, ids=[m.name for m in GOLDEN])
def test_files_of_the_reference_are_in_order(manifest: Manifest, tmp_path: Path) -> None:
    entries = [
        entry
        for path in manifest.files(tmp_path)
        for entry in check_rsf(Path(path).read_bytes()).entries
    ]
    assert sum(entry.live for entry in entries) == manifest.content["num_records"]


def put(f: Fst24Writer, first: int, n: int, **given: Any) -> None:
    """Records ``first`` to ``first + n - 1``, of all lengths, every third with metadata."""
    for i in range(first, first + n):
        metadata = {"i": i} if i % 3 == 0 else None
        values = np.arange(1 + i % 97, dtype=np.float32) + i
        f.write(values, nomvar="TT", ip1=i, metadata=metadata, **given)


def a_new_file(path: Path) -> None:
    with fst24.open(path, "w", backend="RSF") as f:
        put(f, 0, 300)


def a_file_without_records(path: Path) -> None:
    with fst24.open(path, "w", backend="RSF"):
        pass


def a_file_in_place(path: Path) -> None:
    with fst24.open(path, "a", backend="RSF") as f:
        put(f, 0, 20)


def sessions_with_flushes(path: Path) -> None:
    for session in range(3):
        with fst24.open(path, "a", backend="RSF", parallel=session == 1, segment_size_mb=1) as f:
            put(f, 100 * session, 10)
            f.flush()
            put(f, 100 * session + 10, 10)


def segments_that_fill_up(path: Path) -> None:
    with fst24.open(path, "a", backend="RSF", parallel=True, segment_size_mb=1) as f:
        for i in range(50):
            f.write(np.arange(20000 + i, dtype=np.float32), nomvar="TT", ip1=i)


def two_parallel_writers(path: Path) -> None:
    with (
        fst24.open(path, "a", backend="RSF", parallel=True, segment_size_mb=1) as f,
        fst24.open(path, "a", backend="RSF", parallel=True, segment_size_mb=1) as g,
    ):
        put(f, 0, 20)
        put(g, 100, 20)


def records_deleted_and_edited(path: Path) -> None:
    sessions_with_flushes(path)
    with fst24.open(path, "a") as f:
        put(f, 1000, 10)
        f.delete([record for record in f if record.ip1 % 7 == 0])
        for record in [record for record in f if record.ip1 % 5 == 0]:
            f.edit(record, etiket="EDITED")


def compressed_records(path: Path) -> None:
    with fst24.open(path, "w", backend="RSF") as f:
        for nbits in range(1, 17):
            values = np.linspace(0, 1, 40 * 31, dtype=np.float32).reshape(40, 31)
            f.write(values, nomvar="UU", ip1=nbits, datyp=6, nbits=nbits, compress=True)


WAYS: list[Callable[[Path], None]] = [
    a_new_file,
    a_file_without_records,
    a_file_in_place,
    sessions_with_flushes,
    segments_that_fill_up,
    two_parallel_writers,
    records_deleted_and_edited,
    compressed_records,
]


def checked(path: Path) -> RsfFile:
    """A file of ours, in order and of the records that fst24 reads."""
    found = check_rsf(path.read_bytes())
    live = [entry for entry in found.entries if entry.live]
    with fst24.open(path) as f:
        assert [entry.offset for entry in live] == [record.offset for record in f]
        assert [entry.keys[12] >> 4 for entry in live] == [record.ip1 for record in f]
        assert [(entry.json or "") != "" for entry in live] == [
            bool(record.metadata) for record in f
        ]
    return found


@pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
def test_what_we_write_is_in_order(way: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "written.fst"
    way(path)
    checked(path)


def test_only_writers_side_by_side_leave_free_space(tmp_path: Path) -> None:
    together, alone = tmp_path / "together.fst", tmp_path / "alone.fst"
    two_parallel_writers(together)
    a_file_in_place(alone)
    assert len(checked(together).free) == 1
    assert not checked(alone).free


def test_no_changed_byte_of_the_structure_goes_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "written.fst"
    a_file_in_place(path)
    whole = path.read_bytes()
    entries = check_rsf(whole).entries
    payloads = [
        range(e.offset + e.n_bytes - 12 - len(e.payload), e.offset + e.n_bytes - 12)
        for e in entries
    ]
    unread = {e.offset + 14 for e in entries}
    unread |= {at for payload in payloads for at in payload}
    missed = set()
    for at in set(range(len(whole))) - unread:
        try:
            check_rsf(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        except (RsfError, UnicodeDecodeError):
            continue
        missed.add(at)
    assert missed == set()
