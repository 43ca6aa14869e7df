"""Indexes on disk: used while files stay as they are, whole or not at all, by many processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import fst24
from fst24.table import _cache, _index, _scan
from tests.conftest import golden
from tests.support.listing import many

if TYPE_CHECKING:
    from collections.abc import Iterator

N_FILES = 12


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(_index, "SETTLED_NS", 0)
    _index.INDEXES.forget()
    yield
    _index.INDEXES.forget()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are listed anew, as they are."""
    names: list[str] = []
    real = _index.list_files

    def noting(files: Any, *others: Any) -> Any:
        names.extend(Path(file.name).name for file in files)
        return real(files, *others)

    monkeypatch.setattr(_scan, "list_files", noting)
    return names


@pytest.fixture
def run(tmp_path: Path) -> Path:
    directory = tmp_path / "run"
    directory.mkdir()
    for k in range(N_FILES):
        many(directory / f"f{k:02d}", 5 + k, ip1=np.arange(5 + k), ip2=np.full(5 + k, k))
    return directory


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def scanned(run: Any, cache: Path) -> pl.DataFrame:
    """A scan as another process would do it."""
    _index.INDEXES.forget()
    return fst24.scan(run, cache=cache).collect()


def the_file(cache: Path) -> Path:
    (only,) = cache.iterdir()
    return only


def test_what_was_stored_is_what_was_listed(run: Path, cache: Path, opened: list[str]) -> None:
    expected = fst24.scan(run, decode_metadata=True).collect()
    scanned(run, cache)
    opened.clear()
    assert_frame_equal(scanned(run, cache), expected.select(pl.col(scanned(run, cache).columns)))
    decoded = fst24.scan(run, cache=cache, decode_metadata=True).filter(ip2=3)
    assert_frame_equal(decoded.collect(), expected.filter(ip2=3))
    assert opened == []


def test_what_a_process_knows_is_stored_when_a_cache_is_named(
    run: Path, cache: Path, opened: list[str]
) -> None:
    fst24.scan(run).collect()
    fst24.scan(run, cache=cache).collect()
    assert len(opened) == N_FILES
    scanned(run, cache)
    assert len(opened) == N_FILES


def test_warnings_are_stored(run: Path, cache: Path) -> None:
    whole = golden("model/gem-2024051712_003.fst").read_bytes()
    (run / "cut").write_bytes(whole[: len(whole) // 2])
    told = []
    for _ in range(2):
        with pytest.warns(fst24.Fst24Warning) as caught:
            scanned(run, cache)
        told.append([str(w.message) for w in caught])
    assert told[0] == told[1]


def test_a_changed_file_is_listed_again_and_one_that_is_gone_forgotten(
    run: Path, cache: Path, opened: list[str]
) -> None:
    scanned(run, cache)
    opened.clear()
    before = (run / "f03").stat()
    many(run / "f03", 8, ip1=np.arange(8) + 50, ip2=np.full(8, 3))
    os.utime(run / "f03", ns=(before.st_atime_ns, before.st_mtime_ns))  # as cp -p would
    assert (run / "f03").stat().st_size == before.st_size
    (run / "f04").unlink()
    frame = scanned(run, cache)
    assert opened == ["f03"]
    assert frame.filter(ip2=3)["ip1"].to_list() == list(range(50, 58))
    assert frame.filter(ip2=4).height == 0
    state = _cache.DiskCache(str(cache))._load(str(run))
    assert sorted(state.indexes) == [f"f{k:02d}" for k in range(N_FILES) if k != 4]


def test_a_file_that_goes_between_storing_and_scanning_is_unreadable(
    run: Path, cache: Path
) -> None:
    scanned(run, cache)
    lazy = fst24.scan(run, cache=cache)
    (run / "f04").unlink()
    _index.INDEXES.forget()
    with pytest.raises(FileNotFoundError, match="f04"):
        lazy.collect()


def test_a_part_of_a_directory_keeps_what_is_stored_of_the_rest(
    run: Path, cache: Path, opened: list[str]
) -> None:
    for k in range(N_FILES):
        scanned(run / f"f{k:02d}", cache)
    assert len(opened) == N_FILES
    assert_frame_equal(scanned(run, cache), fst24.scan(run).collect())
    assert len(opened) == N_FILES
    assert len(list(cache.iterdir())) == 1


def test_blocks_stay_few_however_often_files_are_added(
    run: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cache, "BLOCK_ROWS", 64)
    monkeypatch.setattr(_cache, "_FEW_ROWS", 16)
    monkeypatch.setattr(_scan, "BLOCK_ROWS", 64)
    for k in range(N_FILES, 60):
        many(run / f"f{k:02d}", 3, ip1=np.full(3, k))
        scanned(run, cache)
    for k in range(N_FILES, 60, 2):
        many(run / f"f{k:02d}", 3, ip1=np.full(3, 1000 + k))
    expected = fst24.scan(run).collect()
    assert_frame_equal(scanned(run, cache), expected)
    assert_frame_equal(scanned(run, cache), expected)
    state = _cache.DiskCache(str(cache))._load(str(run))
    blocks = {id(i.block): i.block for i in state.indexes.values()}.values()
    assert len(blocks) <= sum(map(len, blocks)) / 16 + _cache._MOST_SMALL + 2
    assert sum(map(len, blocks)) <= 2 * sum(index.n for index in state.indexes.values())


def test_each_directory_has_a_file_of_its_own(tmp_path: Path, run: Path, cache: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    many(other / "f00", 4)
    both = scanned([run, other], cache)
    assert len(list(cache.iterdir())) == 2
    assert_frame_equal(scanned([run, other], cache), both)


def test_a_cache_among_the_files_is_none_of_them(run: Path) -> None:
    expected = fst24.scan(run).collect()
    for given in (run, run / "*"):
        for _ in range(2):
            assert_frame_equal(scanned(given, run), expected)


# ------------------------------------------------------------------------------ damage


def test_a_cache_that_is_damaged_anywhere_is_made_again(
    run: Path, cache: Path, opened: list[str]
) -> None:
    expected = scanned(run, cache)
    path = the_file(cache)
    good = path.read_bytes()
    places = [*range(24), *range(24, len(good), max(1, len(good) // 60)), len(good) - 1]
    for place in places:
        opened.clear()
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        assert_frame_equal(scanned(run, cache), expected)
        assert len(opened) == N_FILES, f"byte {place} was believed"
        opened.clear()
        assert_frame_equal(scanned(run, cache), expected)
        assert opened == []


def test_a_cache_of_any_other_length_is_made_again(
    run: Path, cache: Path, opened: list[str]
) -> None:
    expected = scanned(run, cache)
    path = the_file(cache)
    good = path.read_bytes()
    for n in (0, 1, 13, 14, 21, 22, 300, len(good) // 2, len(good) - 1):
        opened.clear()
        path.write_bytes(good[:n])
        assert_frame_equal(scanned(run, cache), expected)
        assert len(opened) == N_FILES
    path.write_bytes(good + b"\0")
    scanned(run, cache)
    assert the_file(cache).stat().st_size < len(good) + 64


def test_a_cache_of_another_version_or_directory_is_made_again(
    tmp_path: Path, run: Path, cache: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = scanned(run, cache)
    monkeypatch.setattr(fst24._core, "library_version", "0.0.9")
    scanned(run, cache)
    assert len(opened) == 2 * N_FILES
    monkeypatch.undo()
    monkeypatch.setattr(_index, "SETTLED_NS", 0)
    assert_frame_equal(scanned(run, cache), expected)
    moved = tmp_path / "moved"
    run.rename(moved)
    name = Path(_cache.DiskCache(str(cache))._file(str(moved)))
    name.write_bytes(next(p for p in cache.iterdir() if p != name).read_bytes())
    assert _cache.DiskCache(str(cache))._load(str(moved)).indexes == {}


def test_blocks_with_right_checksums_and_wrong_records_are_not_believed(
    run: Path, cache: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a program of another make might write them."""
    expected = scanned(run, cache)
    real = _cache._to_parquet

    def other(frame: pl.DataFrame) -> bytes:
        return real(frame if "device" in frame.columns else frame.select("ip1").head(3))

    for wrong in (other, lambda f: real(f) if "device" in f.columns else b"PAR1 no more PAR1"):
        monkeypatch.setattr(_cache, "_to_parquet", wrong)
        the_file(cache).unlink()
        scanned(run, cache)
        monkeypatch.setattr(_cache, "_to_parquet", real)
        opened.clear()
        assert_frame_equal(scanned(run, cache), expected)
        assert sorted(opened) == [f"f{k:02d}" for k in range(N_FILES)]
        opened.clear()
        assert_frame_equal(scanned(run, cache), expected)
        assert opened == []


# ------------------------------------------------------------------------------ writing


def test_a_cache_that_cannot_be_written_is_told_and_no_failure(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = fst24.scan(run).collect()
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a directory")
    with pytest.warns(fst24.Fst24Warning, match="file: the cache of indexes is not written"):
        assert_frame_equal(scanned(run, in_the_way), expected)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(fst24.Fst24Warning, match="No space left"):
        assert_frame_equal(scanned(run, tmp_path / "full"), expected)
    assert list((tmp_path / "full").iterdir()) == []


def test_what_a_dead_writer_left_is_removed_in_time(run: Path, cache: Path) -> None:
    scanned(run, cache)
    name = the_file(cache).name
    old, new = cache / f".{name}.0123.part", cache / f".{name}.4567.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    many(run / "f99", 2)
    scanned(run, cache)
    assert not old.exists()
    assert new.exists()


#: Scans again and again with a cache, changing which files there are.
WRITER = """
import sys, fst24
from fst24.table import _index
from pathlib import Path
run, cache, turns, part = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
_index.SETTLED_NS = 0
print("begun", flush=True)
for turn in range(turns):
    _index.INDEXES.forget()
    if turn % 5 == 4:
        for path in Path(cache).glob("*.fst24-index"):
            path.unlink(missing_ok=True)
    files = sorted(run.iterdir())[part :: 2 - turn % 2]
    frame = fst24.scan(files, cache=cache).collect()
    assert frame.height == sum(5 + int(p.name[1:]) for p in files), frame.height
    assert (frame["ip1"] == frame["index"]).all()
"""


def writer(run: Path, cache: Path, turns: int, part: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(run), str(cache), str(turns), str(part)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_may_write_the_same_cache_at_once(run: Path, cache: Path) -> None:
    writers = [writer(run, cache, 40, part) for part in (0, 1, 0)]
    for one in writers:
        _, errors = one.communicate(timeout=120)
        assert one.returncode == 0, errors
    assert_frame_equal(scanned(run, cache), fst24.scan(run).collect())
    assert not list(cache.glob(".*.part"))


def test_a_writer_that_is_killed_leaves_a_cache_that_reads(run: Path, cache: Path) -> None:
    expected = fst24.scan(run).collect()
    for turn in range(4):
        one = writer(run, cache, 100_000, turn % 2)
        assert one.stdout is not None
        assert one.stdout.readline() == "begun\n"
        time.sleep(0.05 + 0.037 * turn)
        one.send_signal(signal.SIGKILL)
        one.communicate(timeout=60)
        assert_frame_equal(scanned(run, cache), expected)


@pytest.mark.skipif(
    "FST24_SANITIZER" in os.environ,
    reason="the sanitizers' own allocator keeps its lock across fork: the child hangs in it",
)
def test_a_forked_child_lists_while_its_parent_does(run: Path) -> None:
    """The lock of the memory of indexes may be held when the process forks."""
    program = """
import os, sys, threading, fst24
from fst24.table import _index
_index.SETTLED_NS = 0
run = sys.argv[1]
files = _index.Indexes
name = run + "/f01"

def list_on():
    while True:
        _index.INDEXES.find([name], [_index.stamp_of(name)])

for _ in range(2):
    threading.Thread(target=list_on, daemon=True).start()
for _ in range(50):
    child = os.fork()
    if child == 0:
        found = _index.INDEXES.find([name], [_index.stamp_of(name)])
        os._exit(0 if found == [None] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print("50 children")
os._exit(0)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(run)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "50 children\n", done.stderr
