"""Files that tasks open: few at a time, never closed under a read, known again when they change."""

from __future__ import annotations

import gc
import io
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

import fst24
from fst24 import ClosedFileError, FileChangedError, InvalidArgumentError, NotFstError, _core
from fst24.xarray import Fst24BackendEntrypoint, _reads
from fst24.xarray._reads import Reads
from tests.support.fields import NI, NJ, ON_GRID, values, write_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:.*without a record:fst24.Fst24Warning")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fields(tmp_path_factory.mktemp("fields") / "a.fst")


@pytest.fixture
def kept() -> Iterator[_reads._Kept]:
    _reads._KEPT.begin()
    yield _reads._KEPT
    _reads._KEPT.begin()


def _sent(path: Any) -> Reads:
    with fst24.open(path) as f:
        return pickle.loads(pickle.dumps(Reads(f)))  # type: ignore[no-any-return] # noqa: S301


def _first(reads: Reads) -> np.ndarray[Any, Any]:
    out = np.empty((NI, NJ), np.float32, order="F")
    reads.read(np.array([0]), [out])
    return out


# ---------------------------------------------------------------------------------- kept files


def test_a_file_is_opened_once_for_many_tasks(path: Path, kept: _reads._Kept) -> None:
    files = {id(_sent(path).record(k).file) for k in range(5)}
    assert len(files) == 1
    assert len(kept) == 1


def test_threads_that_want_a_file_at_once_share_it(path: Path, kept: _reads._Kept) -> None:
    reads, ready = _sent(path), threading.Barrier(8)

    def one(_: int) -> Any:
        ready.wait()
        return reads.record(0).file

    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(one, range(8)))
    assert all(file is files[0] for file in files)
    assert len(kept) == 1


def test_few_files_are_kept(
    path: Path, tmp_path: Path, kept: _reads._Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_reads, "_MOST_KEPT", 3)
    content = path.read_bytes()
    for k in range(10):
        one = tmp_path / f"{k}.fst"
        one.write_bytes(content)
        _first(_sent(one))
        assert len(kept) <= 3


def test_files_of_many_records_are_let_go_sooner(
    path: Path, tmp_path: Path, kept: _reads._Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fst24.open(path) as f:
        monkeypatch.setattr(_reads, "_MOST_RECORDS", 2 * len(f))
    for k in range(6):
        one = tmp_path / f"{k}.fst"
        one.write_bytes(path.read_bytes())
        _first(_sent(one))
    assert len(kept) == 2


def test_a_file_that_falls_out_is_read_to_the_end(
    path: Path, tmp_path: Path, kept: _reads._Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_reads, "_MOST_KEPT", 1)
    paths = [tmp_path / f"{k}.fst" for k in range(4)]
    for one in paths:
        one.write_bytes(path.read_bytes())
    sent = [_sent(one) for one in paths]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda k: _first(sent[k % 4]), range(200)))
    assert all(np.array_equal(one, values(0, 0)) for one in got)
    assert len(kept) == 1


def test_a_forked_child_begins_without_files(path: Path, kept: _reads._Kept) -> None:
    reads = _sent(path)
    _first(reads)
    with kept._lock:  # as if another thread were in it
        child = os.fork()
        if child == 0:
            good = len(kept) == 0 and np.array_equal(_first(reads), values(0, 0))
            os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0


_MANY = """
import pickle, resource, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import fst24
from fst24.xarray._reads import Reads
paths = sys.argv[1:]
sent = []
for path in paths:
    with fst24.open(path) as f:
        sent.append(pickle.loads(pickle.dumps(Reads(f))))
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
def one(k):
    out = np.empty((7, 5), np.float32, order="F")
    sent[k % len(sent)].read(np.array([0]), [out])
    return out[1, 0]
with ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(one, range(1000))))
"""


def test_tasks_of_many_files_stay_within_few_descriptors(path: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}.fst" for k in range(200)]
    for one in paths:
        one.write_bytes(path.read_bytes())
    code = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n" + _MANY
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, paths)], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) == 1000 * values(0, 0)[1, 0]


# ------------------------------------------------------------------------------- changed files


def _touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def _append(path: Path) -> None:
    with fst24.open(path, "a") as f:
        f.write(values(0, 0), nomvar="XX")


def _replace(path: Path) -> None:
    other = path.with_suffix(".new")
    write_fields(other, times=1)
    other.replace(path)


@pytest.mark.parametrize("change", [_touch, _append, _replace, os.unlink])
@pytest.mark.parametrize("opened_before", [True, False])
def test_a_file_that_changed_is_not_read(
    path: Path,
    tmp_path: Path,
    kept: _reads._Kept,
    change: Callable[[Path], None],
    opened_before: bool,
) -> None:
    mine = tmp_path / "mine.fst"
    mine.write_bytes(path.read_bytes())
    reads = _sent(mine)
    if opened_before:
        _first(reads)
    change(mine)
    with pytest.raises(FileChangedError, match=r"mine\.fst: .*make the Dataset again") as caught:
        _first(reads)
    assert caught.value.path == str(mine)
    assert len(kept) == 0


def test_paths_mean_the_same_from_everywhere(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    reads = _sent(path.name)
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(_first(reads), values(0, 0))


# ------------------------------------------------------------------------------------- sources


def _bytes(path: Path) -> Any:
    return path.read_bytes()


def _bytesio(path: Path) -> Any:
    return io.BytesIO(path.read_bytes())


def _name(path: Path) -> Any:
    return os.fspath(path)


def _pattern(path: Path) -> Any:
    return os.fspath(path.parent / "a*.fst")


def _list(path: Path) -> Any:
    return [path]


def _tuple(path: Path) -> Any:
    return (os.fspath(path),)


def _itself(path: Path) -> Any:
    return path


def _fsspec_local(path: Path) -> Any:
    return pytest.importorskip("fsspec").open(f"file://{path}")


def _fsspec_file(path: Path) -> Any:
    return pytest.importorskip("fsspec").filesystem("file").open(path)


def _fsspec_memory(path: Path) -> Any:
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe("/reads/a.fst", path.read_bytes())
    return fsspec.open("memory://reads/a.fst")


def _address(path: Path) -> Any:
    _fsspec_memory(path)
    return "memory://reads/a.fst"


SOURCES = [_itself, _name, _pattern, _list, _tuple, _bytes, _bytesio]
SOURCES += [_fsspec_local, _fsspec_file, _fsspec_memory, _address]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("chunks", [None, {}])
def test_what_holds_a_file_can_be_opened(path: Path, source: Any, chunks: Any) -> None:
    with fst24.to_xarray(path) as dataset:
        wanted = dataset.load()
    with fst24.to_xarray(source(path), chunks=chunks) as dataset:
        xr.testing.assert_identical(dataset.load(), wanted)


@pytest.mark.parametrize("source", [one for one in SOURCES if one is not _pattern])
def test_what_holds_a_file_can_be_sent(path: Path, source: Any) -> None:
    with fst24.to_xarray(source(path)) as dataset:
        again = pickle.loads(pickle.dumps(dataset))  # noqa: S301
        np.testing.assert_array_equal(again.TT[0, 0], values(0, 0).T)


def test_an_open_file_object_is_read_but_not_sent(path: Path) -> None:
    with path.open("rb") as stream, fst24.to_xarray(stream, chunks={}) as dataset:
        np.testing.assert_array_equal(dataset.TT[0, 0], values(0, 0).T)
        with pytest.raises(TypeError, match=r"opened from a BufferedReader.*give its path"):
            pickle.dumps(dataset.TT.data.dask)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("chunks", [None, {}])
def test_xarray_opens_what_we_open(path: Path, source: Any, chunks: Any) -> None:
    given = source(path)
    if source is _pattern and chunks is not None and not hasattr(xr, "DataTree"):
        pytest.skip("xarray before 2024.10 wants a file of the name of what it chunks")
    if isinstance(given, bytes) and chunks is not None:
        given = io.BytesIO(given)  # xarray cannot chunk what it opens from bytes
    with xr.open_dataset(given, engine="fst24", chunks=chunks) as dataset:
        np.testing.assert_array_equal(dataset.TT[0, 0], values(0, 0).T)


@pytest.mark.parametrize("source", [_itself, _name, _bytesio, _fsspec_file])
def test_xarray_finds_the_engine_by_itself(path: Path, source: Any) -> None:
    with xr.open_dataset(source(path)) as dataset:
        np.testing.assert_array_equal(dataset.TT[0, 0], values(0, 0).T)


def test_xarray_opens_an_open_file_object(path: Path) -> None:
    with path.open("rb") as stream, xr.open_dataset(stream, engine="fst24") as dataset:
        np.testing.assert_array_equal(dataset.TT[0, 0], values(0, 0).T)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("/nowhere/at/all.fst", FileNotFoundError, "all.fst"),
        ("/nowhere/*.fst", InvalidArgumentError, r"no file is called /nowhere/\*\.fst"),
        ([], InvalidArgumentError, "at least one"),
        (3, TypeError, "cannot open int: give a path, bytes or a binary file object"),
        (None, TypeError, "cannot open NoneType"),
        (b"CDF\x01 and more", NotFstError, "bytes"),
        (b"", NotFstError, "bytes"),
        (io.StringIO("text"), OSError, "binary mode"),
        ([3], TypeError, "cannot open int"),
    ],
)
def test_what_cannot_be_opened_is_told(source: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        fst24.to_xarray(source)


class _Bad:
    """A file object all of whose methods fail."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name) if name.startswith("__") else RuntimeError(name)


class _Odd:
    def tell(self) -> str:
        return "here"

    def read(self, _: int) -> str:
        return "text"

    def seek(self, _: object) -> None:
        raise KeyError("seek")


@pytest.mark.parametrize(
    "source",
    [
        *("", "nowhere", "/", "\0", "http://a.b/c.fst", "x" * 10_000, "a*", b"", b"\0" * 64),
        *(None, 3, 1.5, [], (), {}, object(), _Bad(), _Odd(), io.StringIO("x"), np.zeros(3)),
        *([b"x"], memoryview(b"x" * 64), bytearray(64), int, xr.Dataset()),
    ],
)
def test_guessing_never_raises(source: Any) -> None:
    assert Fst24BackendEntrypoint().guess_can_open(source) is False


@pytest.mark.parametrize("source", [_itself, _name, _bytes, _bytesio, _fsspec_file])
def test_guessing_knows_a_standard_file(path: Path, source: Any) -> None:
    assert Fst24BackendEntrypoint().guess_can_open(source(path)) is True


def test_guessing_leaves_a_file_object_where_it_was(path: Path) -> None:
    stream = io.BytesIO(b"xyz" + path.read_bytes())
    stream.seek(3)
    assert Fst24BackendEntrypoint().guess_can_open(stream)
    assert stream.tell() == 3


# ----------------------------------------------------------------------------------------- life


@pytest.mark.parametrize("chunks", [None, {}])
def test_a_closed_dataset_says_so(path: Path, chunks: Any) -> None:
    dataset = fst24.to_xarray(path, chunks=chunks)
    dataset.close()
    with pytest.raises(ClosedFileError, match=r"a\.fst.*closed"):
        dataset.TT.values  # noqa: B018


def test_closing_a_dataset_leaves_the_users_file_open(path: Path) -> None:
    with fst24.open(path) as f:
        f.to_xarray().close()
        assert not f.closed


def test_closing_a_dataset_leaves_the_users_stream_open(path: Path) -> None:
    with path.open("rb") as stream:
        fst24.to_xarray(stream).close()
        assert not stream.closed


@pytest.mark.parametrize("chunks", [None, {}])
def test_datasets_that_are_let_go_leave_no_descriptors(path: Path, chunks: Any) -> None:
    with fst24.to_xarray(path, chunks=chunks) as dataset:  # what is made once, and kept
        dataset.TT[0, 0].load()
    del dataset
    gc.collect()  # what other tests let go
    before = _core.open_descriptors(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(20):
        dataset = fst24.to_xarray(path, chunks=chunks)
        assert dataset.TT[0, 0].load().size
        del dataset
    gc.collect()  # old versions of dask and xarray hold the last one in a cycle
    assert (_core.open_descriptors(), len(os.listdir("/proc/self/fd"))) == before  # noqa: PTH208


def test_a_dataset_that_cannot_be_made_leaves_no_descriptors(path: Path) -> None:
    before = _core.open_descriptors()
    for _ in range(5):
        with pytest.raises(InvalidArgumentError):
            fst24.to_xarray(path, chunks="nonsense")
    assert _core.open_descriptors() == before


# -------------------------------------------------------------------------------- very many files

N_FILES = 2000
_WITHIN = """
import resource, sys, warnings
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
import numpy as np
import xarray as xr
import fst24
paths = sys.argv[2:]
if sys.argv[1] == "list":
    made = fst24.to_xarray(paths)
elif sys.argv[1] == "nested":
    made = xr.open_mfdataset(
        paths, engine="fst24", combine="nested", concat_dim="time", compat="override",
        coords="minimal", data_vars="minimal", join="override")
else:
    made = xr.open_mfdataset(
        paths, engine="fst24", combine="by_coords", data_vars="minimal", coords="minimal",
        compat="override", join="outer")
with made:
    print(made.TT.sizes["time"], float(made.TT[:, 0, 0, 0].sum()))
"""


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """2,000 files of one time each, more than a process may have open."""
    folder = tmp_path_factory.mktemp("series")
    paths = []
    for k in range(N_FILES):
        with fst24.open(folder / f"{k:04}.fst", "w", backend="RSF", sync=False) as f:
            f.write(
                np.full((4, 3), k, np.float32),
                nomvar="TT",
                level=500.0,
                level_unit="hPa",
                origin_time=np.datetime64("2024-01-01T00", "s") + np.timedelta64(k, "h"),
                grtyp="L",
                ig1=100,
                ig2=100,
                ig3=9000,
                ig4=0,
            )
        paths.append(str(folder / f"{k:04}.fst"))
    return paths


@pytest.mark.parametrize("how", ["list", "nested", "by_coords"])
def test_more_files_than_descriptors_become_one_dataset(series: list[str], how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _WITHIN, how, *series],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == [str(N_FILES), str(float(sum(range(N_FILES))))]


def test_grids_of_many_files_are_not_looked_for_in_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n, paths = 30, []
    for k in range(n):
        paths.append(tmp_path / f"{k}.fst")
        tag: dict[str, Any] = {"ip1": k + 1, "ip2": 7, "ip3": 0}
        lon, lat = np.arange(4, dtype=np.float32) + k, np.arange(3, dtype=np.float32)
        with fst24.open(paths[-1], "w", sync=False) as f:
            f.write(lon[:, None], nomvar=">>", **tag, **ON_GRID)
            f.write(lat[None, :], nomvar="^^", **tag, **ON_GRID)
            f.write(np.zeros((4, 3), np.float32), nomvar="TT", grtyp="Z", ig1=k + 1, ig2=7, ig3=0)
    searches = []
    old = fst24._criteria.Query.all

    def counted(query: Any, *where: Any) -> Any:
        searches.append(where[-1])
        return old(query, *where)

    monkeypatch.setattr(fst24._criteria.Query, "all", counted)
    with fst24.to_xarray(paths) as dataset:
        assert len(dataset.data_vars) == n
        assert dataset["lon30"].values.tolist() == [29.0, 30.0, 31.0, 32.0]
    assert len(searches) < 10 * n
