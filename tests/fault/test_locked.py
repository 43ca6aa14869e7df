"""Two writers and one file: the second is told who has it, readers are not disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

import fst24

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Backend = Literal["XDF", "RSF"]

#: Adds a record, says so, and holds the file until its input ends.
HOLDER = """
import sys
import numpy as np
import fst24

path, parallel = sys.argv[1], sys.argv[2] == "parallel"
f = fst24.open(path, "a", parallel=parallel, segment_size_mb=1 if parallel else None)
f.write(np.full((3, 4), 9, np.float32), nomvar="TT", ip1=9)
f.flush()
print("ready", flush=True)
sys.stdin.read()
f.close()
"""


class Holder:
    """Another process that has a file open for writing."""

    def __init__(self, path: Path, how: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def end(self) -> None:
        self.process.communicate(timeout=60)


def make(path: Path, backend: Backend) -> None:
    with fst24.open(path, "w", backend=backend) as f:
        f.write(np.full((3, 4), 1, np.float32), nomvar="TT", ip1=1)


def listed(path: Path) -> list[int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is being written is what they say
        with fst24.open(path) as f:
            assert all((r.data == r.ip1).all() for r in f)
            return [r.ip1 for r in f]


@pytest.fixture(params=["XDF", "RSF"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Holder]]:
    path = tmp_path / "held.fst"
    make(path, request.param)
    holder = Holder(path, "alone")
    yield path, holder
    holder.end()


def test_a_second_writer_is_told_who_has_the_file(held: tuple[Path, Holder]) -> None:
    path, holder = held
    before = path.read_bytes()
    with pytest.raises(fst24.FileLockedError, match=f"process {holder.process.pid}\\b") as caught:
        fst24.open(path, "a")
    assert isinstance(caught.value, OSError)
    assert "held.fst" in str(caught.value)
    assert "wait" in str(caught.value)
    assert path.read_bytes() == before


def test_readers_see_what_was_flushed_and_disturb_nobody(held: tuple[Path, Holder]) -> None:
    path, holder = held
    assert listed(path) == [1, 9]
    holder.end()
    assert listed(path) == [1, 9]
    with fst24.open(path, "a") as f:
        f.write(np.full((3, 4), 10, np.float32), nomvar="TT", ip1=10)
    assert listed(path) == [1, 9, 10]


def test_a_file_with_a_lock_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "held.fst"
    make(path, "XDF")
    with fst24.open(path, "a") as f:
        with pytest.raises(fst24.FileLockedError, match=rf"process {os.getpid()} "):
            fst24.open(path, "w")
        f.write(np.full((3, 4), 9, np.float32), nomvar="TT", ip1=9)
    assert listed(path) == [1, 9]


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_a_writer_whose_file_was_replaced_is_told(tmp_path: Path, backend: Backend) -> None:
    path, other = tmp_path / "held.fst", tmp_path / "other.fst"
    make(path, backend)
    make(other, backend)
    f = fst24.open(path, "a")
    f.write(np.full((3, 4), 9, np.float32), nomvar="TT", ip1=9)
    f.flush()
    other.replace(path)
    with pytest.raises(fst24.FileChangedError, match="another file was put in the place"):
        f.flush()
    with pytest.raises(fst24.FileChangedError):
        f.close()
    assert f.closed
    assert listed(path) == [1]


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_a_writer_that_died_is_told_with_the_way_out(tmp_path: Path, backend: Backend) -> None:
    path = tmp_path / "died.fst"
    make(path, backend)
    holder = Holder(path, "alone")
    holder.process.send_signal(signal.SIGKILL)
    holder.end()
    with pytest.raises(fst24.FileLockedError, match=r"died.*fst24 repair"):
        fst24.open(path, "a")
    with pytest.warns(fst24.Fst24Warning), fst24.open(path) as f:
        assert [r.ip1 for r in f] == [1, 9]


def test_parallel_writers_of_two_processes_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "shared.fst"
    make(path, "RSF")
    holder = Holder(path, "parallel")
    with pytest.raises(fst24.FileLockedError, match="parallel") as caught:
        fst24.open(path, "a")
    assert str(holder.process.pid) in str(caught.value)
    with fst24.open(path, "a", parallel=True, segment_size_mb=1) as f:
        assert f.backend == "RSF"
        f.write(np.full((3, 4), 20, np.float32), nomvar="TT", ip1=20)
    assert sorted(listed(path)) == [1, 9, 20]
    holder.end()
    assert sorted(listed(path)) == [1, 9, 20]
    with fst24.open(path, "a") as f:
        assert len(f) == 3


def test_a_parallel_writer_does_not_join_one_that_is_alone(tmp_path: Path) -> None:
    path = tmp_path / "alone.fst"
    make(path, "RSF")
    holder = Holder(path, "alone")
    with pytest.raises(fst24.FileLockedError, match=f"process {holder.process.pid}\\b"):
        fst24.open(path, "a", parallel=True)
    holder.end()


def test_a_second_writer_of_this_process_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "twice.fst"
    with (
        fst24.open(path, "a"),
        pytest.raises(fst24.FileLockedError, match=rf"process {os.getpid()} \(this one\)"),
    ):
        fst24.open(path, "a")


def test_a_record_that_another_writer_deleted_is_replaced_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "shared.fst"
    make(path, "RSF")
    values = np.full((3, 4), 1, np.float32)
    with fst24.open(path, "a", parallel=True, segment_size_mb=1) as one:
        with fst24.open(path, "a", parallel=True, segment_size_mb=1) as other:
            other.delete(0)
        done = one.write(values, nomvar="TT", ip1=1, rewrite="yes")
        assert done is not None
    assert listed(path) == [1]


def test_lengths_that_change_on_disk_are_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "shared.fst"
    make(path, "RSF")
    content = bytearray(path.read_bytes())
    words = bytes([19, 0, 19, 0])  # of metadata: in the directory and in the record
    place = content.rindex(words)
    with fst24.open(path, "a", parallel=True, segment_size_mb=1) as f:
        with path.open("r+b") as other:
            other.seek(place)
            other.write(bytes([19, 0, 0xFF, 0x3F]))
        with pytest.raises(fst24.FileChangedError):
            f.edit(0, ip1=4)
