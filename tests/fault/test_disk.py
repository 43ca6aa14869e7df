"""A full disk, files and directories that may not be written: told clearly, nothing lost."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

import fst24

if TYPE_CHECKING:
    from collections.abc import Iterator

    Backend = Literal["XDF", "RSF"]

ROOM = 2**20
NOBODY = 65534


@pytest.fixture(params=["full", "limit"])
def little_room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A directory whose files hold a MiB at most: a small disk, or a limit of the system."""
    if request.param == "limit":
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
        yield tmp_path
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:  # noqa: PLW1510
        pytest.skip("only the superuser mounts a small disk; the limit of the system is tried")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(f: fst24.Fst24Writer, first: int = 0) -> tuple[int, fst24.FstOSError]:
    """Write until it is refused: the number of records that were written, and the refusal."""
    k = first
    while True:
        try:
            f.write(np.full((50, 1 + k % 90), k, np.float32), nomvar="TT", ip1=k)
        except fst24.FstOSError as error:
            return k, error
        k += 1
        assert k < 5000, "the disk takes everything"


def assert_holds(path: Path, wanted: list[int]) -> None:
    with fst24.open(path) as f:
        assert [r.ip1 for r in f] == wanted
        assert all((r.data == r.ip1).all() for r in f)


def make(path: Path, backend: Backend, n: int) -> bytes:
    with fst24.open(path, "w", backend=backend) as f:
        for k in range(n):
            f.write(np.full((3, 4), k, np.float32), nomvar="TT", ip1=k)
    return path.read_bytes()


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_a_full_disk_is_told_and_earlier_records_stay(little_room: Path, backend: Backend) -> None:
    path = little_room / "run.fst"
    make(path, backend, 300)
    f = fst24.open(path, "a")
    n, error = fill(f, 300)
    assert error.errno in {errno.ENOSPC, errno.EFBIG}
    assert error.filename == str(path)
    assert os.strerror(error.errno or 0) in str(error)
    assert n > 310
    assert [r.ip1 for r in f] == list(range(n))
    f.close()
    assert_holds(path, list(range(n)))


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_what_needs_no_room_goes_on_when_the_disk_is_full(
    little_room: Path, backend: Backend
) -> None:
    path = little_room / "run.fst"
    make(path, backend, 20)
    with fst24.open(path, "a") as f:
        n, _ = fill(f, 20)
        f.delete([0, 7, n - 1])
        f.edit(0, etiket="EDITED")
    assert_holds(path, [k for k in range(n) if k not in {0, 7, n - 1}])
    with fst24.open(path) as f:
        assert f[0].etiket == "EDITED"


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_room_that_is_made_is_used(little_room: Path, backend: Backend) -> None:
    ballast = little_room / "ballast"
    ballast.write_bytes(bytes(ROOM // 2))
    path = little_room / "run.fst"
    with fst24.open(path, "a", backend=backend) as f:
        n, _ = fill(f)
        if resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
            f.close()
            assert_holds(path, list(range(n)))
            return  # a limit is that of each file: there is no room to be made
        ballast.unlink()
        m, _ = fill(f, n)
    assert m > n
    assert_holds(path, list(range(m)))


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_the_old_file_stays_when_the_new_one_has_no_room(
    little_room: Path, backend: Backend
) -> None:
    path = little_room / "run.fst"
    old = make(path, backend, 30)
    others = set(little_room.iterdir())

    def replace() -> None:
        with fst24.open(path, "w", backend=backend) as f:
            raise fill(f)[1]

    with pytest.raises(fst24.FstOSError, match=r"run\.fst"):
        replace()
    assert path.read_bytes() == old
    assert set(little_room.iterdir()) == others


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_a_new_file_keeps_what_was_written_before_the_disk_was_full(
    little_room: Path, backend: Backend
) -> None:
    path = little_room / "run.fst"
    with fst24.open(path, "w", backend=backend) as f:
        n, _ = fill(f)
    assert_holds(path, list(range(n)))
    assert [p.name for p in little_room.iterdir() if p.name != "disk"] == ["run.fst"]


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_the_first_record_that_has_no_room_ends_write_many(
    little_room: Path, backend: Backend
) -> None:
    path = little_room / "run.fst"
    with fst24.open(path, "a", backend=backend) as f:
        items = ((np.full((60, 60), k, np.float32), {"ip1": k}) for k in range(1000))
        with pytest.raises(fst24.FstOSError) as caught:
            f.write_many(items, nomvar="TT", threads=2)
        n = len(f)
    assert caught.value.__notes__ == [f"the first {n:,} records of write_many were written"]
    assert n > 20
    assert_holds(path, list(range(n)))


# ------------------------------------------------------------------------------ no permission


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that another user can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def somebody() -> Iterator[None]:
    """As a user whom permissions hold back."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_a_file_that_may_not_be_written_is_told(place: Path, backend: Backend) -> None:
    path = place / "run.fst"
    old = make(path, backend, 3)
    path.chmod(0o444)
    with somebody(), pytest.raises(PermissionError, match=r"run\.fst") as caught:
        fst24.open(path, "a")
    assert isinstance(caught.value, fst24.FstOSError)
    assert caught.value.errno == errno.EACCES
    assert path.read_bytes() == old
    with somebody():
        assert_holds(path, [0, 1, 2])


def test_a_file_that_may_not_be_written_is_not_replaced_either(place: Path) -> None:
    place.chmod(0o777)
    path = place / "run.fst"
    old = make(path, "XDF", 3)
    path.chmod(0o444)
    with somebody(), pytest.raises(PermissionError, match=r"run\.fst"):
        fst24.open(path, "w")
    assert path.read_bytes() == old
    assert list(place.iterdir()) == [path]


@pytest.mark.parametrize("mode", ["w", "x", "a"])
def test_a_directory_that_may_not_be_written_is_told(
    place: Path, mode: Literal["w", "x", "a"]
) -> None:
    inner = place / "inner"
    inner.mkdir()
    inner.chmod(0o555)
    with somebody(), pytest.raises(PermissionError, match=r"new\.fst"):
        fst24.open(inner / "new.fst", mode)
    assert list(inner.iterdir()) == []


def test_a_file_in_a_directory_that_may_not_be_written_is_still_added_to(place: Path) -> None:
    inner = place / "inner"
    inner.mkdir()
    make(inner / "run.fst", "XDF", 3)
    (inner / "run.fst").chmod(0o666)
    inner.chmod(0o555)
    with somebody():
        with fst24.open(inner / "run.fst", "a") as f:
            f.write(np.full((2, 2), 3, np.float32), nomvar="TT", ip1=3)
        with pytest.raises(PermissionError):
            fst24.open(inner / "run.fst", "w")
    assert_holds(inner / "run.fst", [0, 1, 2, 3])
