"""Files that are written: how they are opened, what is seen and changed in them, how they end."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

import fst24
from tests.support.writing import field, listed, make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Backend = Literal["XDF", "RSF"]

BACKENDS: list[Backend] = ["XDF", "RSF"]
MODES: list[Literal["w", "a"]] = ["w", "a"]
NEW: list[Literal["w", "x"]] = ["w", "x"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.fst"


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    found: Backend = request.param
    return found


@pytest.fixture(autouse=True)
def only_the_file(tmp_path: Path) -> Iterator[None]:
    """No file that was made on the way stays."""
    yield
    assert [p.name for p in tmp_path.iterdir() if ".fst24-" in p.name] == []


# -------------------------------------------------------------------------------------- modes


def test_a_new_file_is_there_when_it_is_closed(path: Path, backend: Backend) -> None:
    with fst24.open(path, "w", backend=backend) as f:
        f.write(field(0), nomvar="TT", ip1=0)
        assert not path.exists()
    assert listed(path) == [0]
    with fst24.open(path) as f:
        assert f.backend == backend


def test_w_leaves_the_old_file_until_it_is_closed(path: Path, backend: Backend) -> None:
    old = make(path, 3)
    with fst24.open(path, "w", backend=backend) as f, fst24.open(path) as reader:
        f.write(field(9), nomvar="TT", ip1=9)
        f.flush()
        assert path.read_bytes() == old
        f.close()
        assert listed(path) == [9]
        assert [int(r.data[0, 0]) for r in reader] == [0, 1, 2]  # those who had it open keep it


def test_w_keeps_the_permissions_of_the_file_that_it_replaces(path: Path) -> None:
    make(path)
    path.chmod(0o640)
    make(path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_w_writes_through_a_symbolic_link(tmp_path: Path, path: Path) -> None:
    make(path, 3)
    link = tmp_path / "link.fst"
    link.symlink_to(path)
    make(link, 1)
    assert link.is_symlink()
    assert listed(path) == [0]


def test_x_refuses_a_file_that_is_there(path: Path) -> None:
    old = make(path)
    with pytest.raises(FileExistsError, match=r"file\.fst") as caught:
        fst24.open(path, "x")
    assert isinstance(caught.value, fst24.FstOSError)
    assert path.read_bytes() == old


def test_x_refuses_a_file_that_came_in_between(path: Path) -> None:
    f = fst24.open(path, "x")
    f.write(field(0), nomvar="TT", ip1=0)
    old = make(path, 2)
    with pytest.raises(FileExistsError):
        f.close()
    assert f.closed
    assert path.read_bytes() == old


def test_a_begins_a_file_and_adds_to_it(path: Path, backend: Backend) -> None:
    for k in range(4):
        with fst24.open(path, "a", backend=backend) as f:
            assert len(f) == k
            f.write(field(k), nomvar="TT", ip1=k)
    assert listed(path) == [0, 1, 2, 3]


def test_a_file_without_records_is_a_file(path: Path, backend: Backend) -> None:
    for mode in MODES:
        with fst24.open(path, mode, backend=backend) as f:
            assert len(f) == 0
        assert listed(path) == []


def test_a_keeps_the_container_that_is_there(path: Path, backend: Backend) -> None:
    make(path, backend=backend)
    with fst24.open(path, "a") as f:
        assert f.backend == backend


def test_another_container_than_that_of_the_file_is_refused(path: Path) -> None:
    old = make(path, backend="XDF")
    with pytest.raises(fst24.InvalidArgumentError, match="is no RSF file: leave backend"):
        fst24.open(path, "a", backend="RSF")
    with pytest.raises(fst24.Fst24Error, match="one writer at a time"):
        fst24.open(path, "a", parallel=True)
    assert path.read_bytes() == old
    with fst24.open(path, "a") as f:  # and nobody has it
        f.write(field(3), nomvar="TT", ip1=3)


def test_what_is_no_standard_file_is_not_added_to(path: Path) -> None:
    path.write_bytes(b"CDF\x01 is something else" * 10)
    old = path.read_bytes()
    with pytest.raises(fst24.NotFstError, match=r"file\.fst"):
        fst24.open(path, "a")
    assert path.read_bytes() == old


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"mode": "r+"}, "'r', 'w', 'x' or 'a'"),
        ({"mode": "w", "backend": "xdf"}, "'XDF' or 'RSF'"),
        ({"mode": "a", "backend": "XDF", "parallel": True}, "backend='RSF'"),
        ({"mode": "w", "backend": "RSF", "parallel": True}, "append"),
    ],
)
def test_arguments_that_make_no_sense_are_told(
    path: Path, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=said):
        fst24.open(path, **arguments)
    assert not path.exists()


@pytest.mark.parametrize("source", [b"bytes", "https://host/a.fst"])
def test_only_files_of_this_machine_are_written(source: Any) -> None:
    with pytest.raises(fst24.UnsupportedError, match="give its path"):
        fst24.open(source, "w")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    for mode in MODES:
        with pytest.raises(IsADirectoryError):
            fst24.open(tmp_path, mode)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        fst24.open(tmp_path / "nowhere" / "file.fst", "w")


# ------------------------------------------------------------------------- the life of a writer


class Stop(Exception):  # noqa: N818 - no error of ours
    pass


def write_and_stop(path: Path, mode: Literal["w", "x", "a"], backend: Backend) -> None:
    with fst24.open(path, mode, backend=backend) as f:
        f.write(field(7), nomvar="TT", ip1=7)
        raise Stop


def test_an_exception_leaves_the_old_file(path: Path, backend: Backend) -> None:
    old = make(path)
    with pytest.raises(Stop):
        write_and_stop(path, "w", backend)
    assert path.read_bytes() == old


def test_an_exception_leaves_no_new_file(tmp_path: Path, path: Path, backend: Backend) -> None:
    for mode in NEW:
        with pytest.raises(Stop):
            write_and_stop(path, mode, backend)
        assert list(tmp_path.iterdir()) == []


def test_an_exception_keeps_what_was_added(path: Path, backend: Backend) -> None:
    make(path, 2, backend)
    with pytest.raises(Stop):
        write_and_stop(path, "a", backend)
    assert listed(path) == [0, 1, 7]


def test_abandon_is_an_exception_without_one(path: Path, backend: Backend) -> None:
    f = fst24.open(path, "w", backend=backend)
    f.write(field(0), nomvar="TT", ip1=0)
    f.abandon()
    f.abandon()
    f.close()
    assert f.closed
    assert not path.exists()


def test_a_closed_file_says_so(path: Path, backend: Backend) -> None:
    f = fst24.open(path, "w", backend=backend)
    f.write(field(0), nomvar="TT", ip1=0)
    record = f[0]
    f.close()
    f.close()
    assert f.closed
    assert repr(f).endswith(" closed>")
    uses: list[Any] = [
        lambda: f.write(field(1), nomvar="TT"),
        lambda: f.write_many([(field(1), {"nomvar": "TT"})]),
        lambda: f.rewrite(record, field(1)),
        lambda: f.delete(0),
        lambda: f.edit(record, ip1=3),
        f.flush,
        lambda: f[0],
        lambda: f.find(nomvar="TT"),
    ]
    for use in uses:
        with pytest.raises(fst24.ClosedFileError, match=r"file\.fst"):
            use()
    assert listed(path) == [0]


def test_a_writer_that_is_forgotten_is_told_and_leaves_no_trace(path: Path) -> None:
    f = fst24.open(path, "w")
    f.write(field(0), nomvar="TT", ip1=0)
    with pytest.warns(ResourceWarning, match=r"file\.fst was not closed: what was written is lost"):
        del f
    assert not path.exists()


def test_a_writer_that_is_forgotten_in_place_keeps_its_records(path: Path) -> None:
    f = fst24.open(path, "a")
    f.write(field(0), nomvar="TT", ip1=0)
    with pytest.warns(ResourceWarning, match=r"file\.fst was not closed: its records are kept"):
        del f
    assert listed(path) == [0]


def test_a_writer_is_not_pickled_nor_copied(path: Path) -> None:
    with fst24.open(path, "w") as f:
        for use in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="open for writing"):
                use(f)


def test_a_writer_shows_what_it_is(path: Path, backend: Backend) -> None:
    with fst24.open(path, "w", backend=backend) as f:
        f.write(field(0), nomvar="TT", ip1=0)
        assert f"file.fst {backend} 1 record" in repr(f)
        assert f.path == str(path)
        assert f.paths == [str(path)]
        assert f.backend == backend
        assert f.info.n_records == 1


def test_the_working_directory_may_change(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with fst24.open("file.fst", "w") as f:
        f.write(field(0), nomvar="TT", ip1=0)
        monkeypatch.chdir("/")
    assert listed(path) == [0]


CHILD = """
import os, sys
import numpy as np
import fst24

path = sys.argv[1]
f = fst24.open(path, sys.argv[2])
f.write(np.zeros((3, 4), np.float32), nomvar="TT")
child = os.fork()
if child == 0:
    refused = 0
    for use in (
        lambda: f.write(np.zeros((3, 4), np.float32), nomvar="TT"),
        lambda: f.delete(0),
        lambda: f.flush(),
    ):
        try:
            use()
        except Exception as error:
            refused += "forked" in str(error)
    f.close()
    os._exit(refused)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
f.write(np.ones((3, 4), np.float32), nomvar="TT", ip1=1)
f.close()
"""


@pytest.mark.parametrize("mode", ["w", "a"])
def test_a_forked_child_has_no_part_in_it(path: Path, mode: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), mode],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "3\n", done.stderr
    assert listed(path) == [0, 1]


# --------------------------------------------------------------------------- looking while writing


def test_records_are_seen_as_soon_as_they_are_written(path: Path, backend: Backend) -> None:
    with fst24.open(path, "w", backend=backend) as f:
        for k in range(5):
            f.write(field(k), nomvar="TT", ip1=k)
            assert len(f) == k + 1
            assert f[-1].ip1 == k
            assert (f[-1].data == k).all()
            assert [r.index for r in f.read_records(ip1=k)] == [k]
            assert f.to_polars()["ip1"].to_list() == list(range(k + 1))
            assert [r.ip1 for r in f.select(nomvar="TT")] == list(range(k + 1))


def test_records_that_were_seen_stay(path: Path, backend: Backend) -> None:
    make(path, 3, backend)
    with fst24.open(path, "a") as f:
        first, last = f[0], f[2]
        f.delete(0)
        f.edit(1, ip1=20)
        for k in range(600):
            f.write(field(100 + k), nomvar="UU", ip1=100 + k)
        assert (first.data == 0).all()
        assert (last.data == 2).all()
        f.delete(last)
        assert (last.data == 2).all()


def test_other_readers_see_what_was_flushed(path: Path, backend: Backend) -> None:
    make(path, 2, backend)
    with fst24.open(path, "a") as f:
        f.write(field(2), nomvar="TT", ip1=2)
        f.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is being written
            assert listed(path) == [0, 1, 2]


# ------------------------------------------------------------------------------- many, and threads


def test_many_are_stored_in_their_order(path: Path, backend: Backend) -> None:
    with fst24.open(path, "w", backend=backend) as f:
        # Large ones take longer to encode than those behind them.
        items = ((field(k, (300 if k % 5 == 0 else 3, 40)), {"ip1": k}) for k in range(100))
        done = f.write_many(items, nomvar="TT", compress=True, threads=3)
        assert [one.ip1 for one in done if one] == list(range(100))
        assert f.write_many([]) == []
    assert listed(path) == list(range(100))


def test_what_is_common_to_many_gives_way_to_their_own(path: Path) -> None:
    with fst24.open(path, "w") as f:
        done = f.write_many(
            [(field(0), {}), (field(1), {"nomvar": "UU", "nbits": 12})], nomvar="TT", nbits=16
        )
    assert [(one.nomvar, one.nbits) for one in done if one] == [("TT", 16), ("UU", 12)]


@pytest.mark.parametrize("bad", [0, 5, 17])
def test_many_end_at_the_first_that_fails(path: Path, backend: Backend, bad: int) -> None:
    items: list[Any] = [(field(k), {"ip1": k}) for k in range(30)]
    items[bad] = (np.full((3, 4), np.nan, np.float32), {"ip1": 99, "nbits": 12})
    with fst24.open(path, "w", backend=backend) as f:
        with pytest.raises(fst24.EncodingError, match=r"file\.fst: the value nan") as caught:
            f.write_many(items, nomvar="TT", threads=2)
        assert caught.value.__notes__ == [f"the first {bad} records of write_many were written"]
        assert caught.value.record is None
        assert len(f) == bad
    assert listed(path) == list(range(bad))


def test_many_end_at_the_first_that_makes_no_sense(path: Path) -> None:
    items: list[Any] = [(field(k), {"ip1": k}) for k in range(30)]
    items[20] = (field(20), {"ip1": 20, "colour": "red"})
    with fst24.open(path, "w") as f:
        with pytest.raises(fst24.InvalidArgumentError, match="no field 'colour'") as caught:
            f.write_many(items, nomvar="TT", threads=1)
        n = len(f)
        assert caught.value.__notes__ == [f"the first {n} records of write_many were written"]
    assert listed(path) == list(range(n))


def test_many_need_a_thread(path: Path) -> None:
    with (
        fst24.open(path, "w") as f,
        pytest.raises(fst24.InvalidArgumentError, match="at least one"),
    ):
        f.write_many([], threads=0)


def test_threads_write_one_file_at_once(path: Path, backend: Backend) -> None:
    errors: list[BaseException] = []

    def work(f: fst24.Fst24Writer, first: int) -> None:
        try:
            for k in range(first, first + 100):
                f.write(field(k, (5, 1 + k % 9)), nomvar="TT", ip1=k, compress=k % 2 == 0)
                if k % 10 == 0:
                    assert (f.read_records(ip1=k)[0].data == k).all()
        except BaseException as error:  # noqa: BLE001 - for the main thread
            errors.append(error)

    with fst24.open(path, "a", backend=backend) as f:
        threads = [threading.Thread(target=work, args=(f, 100 * n)) for n in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert errors == []
    found = listed(path)
    assert sorted(found) == list(range(400))
    for n in range(4):  # those of each thread in their order
        mine = [k for k in found if k // 100 == n]
        assert mine == sorted(mine)


def test_a_thread_sees_what_it_wrote_while_others_look(path: Path, backend: Backend) -> None:
    # A view that another thread began before must not take the place of a newer one.
    unseen: list[int] = []

    def work(f: fst24.Fst24Writer, first: int) -> None:
        for k in range(first, first + 60):
            f.write(field(k), nomvar="TT", ip1=k)
            if len(f.read_records(ip1=k)) != 1:
                unseen.append(k)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with fst24.open(path, "a", backend=backend) as f:
            threads = [threading.Thread(target=work, args=(f, 100 * n)) for n in range(4)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            assert len(f) == 240
    finally:
        sys.setswitchinterval(before)
    assert unseen == []


def test_a_thread_that_closes_waits_for_those_that_write(path: Path) -> None:
    f = fst24.open(path, "w")
    begun = threading.Barrier(2)
    written: list[int] = []

    def work() -> None:
        begun.wait()
        with suppress(fst24.ClosedFileError):
            for k in range(100_000):
                f.write(field(k), nomvar="TT", ip1=k)
                written.append(k)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    while len(written) < 20:
        pass
    f.close()
    thread.join()
    assert listed(path) == written


def test_parallel_writers_of_one_process_have_segments_of_their_own(path: Path) -> None:
    writers = [
        fst24.open(path, "a", backend="RSF", parallel=True, segment_size_mb=1) for _ in range(3)
    ]
    for k in range(30):
        writers[k % 3].write(field(k), nomvar="TT", ip1=k)
    assert [r.ip1 for r in writers[1]] == list(range(1, 30, 3))
    for one in writers:
        one.close()
    assert sorted(listed(path)) == list(range(30))
