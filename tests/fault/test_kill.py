"""SIGKILL at random times while processes add to a file: at most the record in flight is lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24
from tests.fault.appender import N_TOGETHER, Live, change, choose, values_of
from tests.support import oldlib

if TYPE_CHECKING:
    from collections.abc import Iterator

N_KILLS = 150
#: A writer opens the file and writes some 300 records in that time.
LONGEST_US = 12_000
PROGRAM = Path(__file__).with_name("appender.py")
#: The byte of an XDF header where a writer leaves its mark.
MARK = 56
#: Old records in the file: none, one page of an XDF directory nearly full, exactly full.
N_OLD = (0, 3, 250, 256)

#: Reads a file with librmn 19.5 in a process of its own, which it may end: prints what it lists.
READER = """
import sys
from pathlib import Path
import numpy as np
from tests.support import oldlib

library = oldlib.OldLibrary(oldlib.library_path())
for line in sys.stdin:
    with library.open(Path(line.rstrip())) as f:
        records = f.records()
        right = all(np.all(f.read(r, np.float32) == r.ip1) for r in records)
    print("READ", len(records), right, flush=True)
"""


class Asked:
    """A process that answers each line with one."""

    def __init__(self, *command: str, marked: str = "") -> None:
        self.marked = marked
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROGRAM.parents[2],
        )

    def ask(self, line: str) -> list[str]:
        """The words of the answer, behind the mark."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        for answer in self.process.stdout:
            if answer.startswith(self.marked):
                return answer[len(self.marked) :].split()
        raise AssertionError(f"the process died of {line!r}")

    def end(self) -> None:
        self.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def appender() -> Iterator[Asked]:
    asked = Asked(str(PROGRAM))
    yield asked
    asked.end()


@pytest.fixture(scope="module")
def old_library() -> Iterator[Asked | None]:
    """The reference, on the machines that have it."""
    if oldlib.library_path() is None:
        yield None
        return
    asked = Asked("-c", READER, marked="READ ")
    yield asked
    asked.end()


def closed_file(path: Path, backend: str, n: int) -> None:
    """A file in order with n records."""
    with fst24.open(path, "w", backend=backend, sync=False) as f:  # type: ignore[call-overload]
        for k in range(n):
            f.write(np.full((3, 2), k, np.float32), nomvar="OLD", ip1=k)


def clear_mark(path: Path) -> None:
    """Take back the mark of a writer (containers.md, 2.2), at which librmn 19.5 ends itself."""
    with path.open("r+b") as f:
        f.seek(MARK)
        f.write(bytes(4))


def assert_holds(path: Path, n_old: int, counts: list[int], seed: int, *, killed: int) -> int:
    """The old records, those of each writer in its order, one more of the killed at most."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a writer died is what they say
        with fst24.open(path) as f:
            names = [r.nomvar for r in f]
            old = f.read_records(nomvar="OLD")
            assert [r.ip1 for r in old] == list(range(n_old))
            assert all((r.data == r.ip1).all() for r in old)
            for place, n in enumerate(counts):
                mine = f.read_records(nomvar=f"W{place}")
                assert [r.ip1 for r in mine] == list(range(len(mine)))
                more = len(mine) - n
                assert more in ({0, 1} if place == killed else {0})
                for r in mine:
                    assert r.ip2 == seed
                    assert np.array_equal(r.data, values_of(r.ip1, seed))
            return len(names)


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_a_killed_writer_loses_at_most_the_record_in_flight(
    tmp_path: Path, backend: str, appender: Asked, old_library: Asked | None
) -> None:
    rng = np.random.default_rng(150)
    bases = {}
    for n_old in N_OLD:
        bases[n_old] = tmp_path / f"base-{n_old}.fst"
        closed_file(bases[n_old], backend, n_old)
    path = tmp_path / "killed.fst"
    written = 0
    for seed in range(N_KILLS):
        n_old = int(rng.choice(N_OLD))
        shutil.copyfile(bases[n_old], path)
        counts = [
            int(n) for n in appender.ask(f"{path} {backend} {rng.integers(LONGEST_US)} {seed}")
        ]
        assert len(counts) == 1, f"the writer ended otherwise: {counts}"
        n = assert_holds(path, n_old, counts, seed, killed=0)
        written += counts[0]
        if old_library is not None and backend == "XDF":
            clear_mark(path)
            n_listed, right = old_library.ask(str(path))
            assert n_old + counts[0] <= int(n_listed) <= n
            assert right == "True"
    assert written > 10 * N_KILLS, "the writers died before they wrote"


def states_after(n: int, seed: int) -> list[list[Live]]:
    """What a file may hold when step n was the one in flight."""
    live: list[Live] = []
    for k in range(n):
        change(live, k, seed)
    found = [live, live.copy()]
    change(found[1], n, seed)
    if choose(live, n, seed)[0] == "rewrite":
        found.append([*live, Live(n, 0)])  # written anew, the old one not yet deleted
    return found


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_a_killed_writer_loses_at_most_the_change_in_flight(
    tmp_path: Path, backend: str, appender: Asked, old_library: Asked | None
) -> None:
    rng = np.random.default_rng(152)
    bases = {}
    for n_old in N_OLD:
        bases[n_old] = tmp_path / f"base-{n_old}.fst"
        closed_file(bases[n_old], backend, n_old)
    path = tmp_path / "killed.fst"
    done = 0
    for seed in range(N_KILLS):
        n_old = int(rng.choice(N_OLD))
        shutil.copyfile(bases[n_old], path)
        (n,) = map(int, appender.ask(f"{path} {backend}-changes {rng.integers(LONGEST_US)} {seed}"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a writer died is what they say
            with fst24.open(path) as f:
                assert [r.ip1 for r in f.read_records(nomvar="OLD")] == list(range(n_old))
                mine = f.read_records(nomvar="W0")
                assert [Live(r.ip1, r.ip3) for r in mine] in states_after(n, seed)
                assert all(np.array_equal(r.data, values_of(r.ip1, seed)) for r in mine)
        if old_library is not None and backend == "XDF":
            clear_mark(path)
            n_listed, right = old_library.ask(str(path))
            assert int(n_listed) - n_old in {len(state) for state in states_after(n, seed)}
            assert right == "True"
        done += n
    assert done > 10 * N_KILLS, "the writers died before they wrote"


def test_one_of_several_writers_is_killed_and_the_others_go_on(
    tmp_path: Path, appender: Asked
) -> None:
    rng = np.random.default_rng(151)
    base, path = tmp_path / "base.fst", tmp_path / "killed.fst"
    closed_file(base, "RSF", 3)
    written = 0
    for seed in range(N_KILLS):
        shutil.copyfile(base, path)
        answer = appender.ask(f"{path} together {rng.integers(LONGEST_US)} {seed}")
        counts = [int(n) for n in answer]
        assert len(counts) == N_TOGETHER, f"the writers ended otherwise: {counts}"
        assert counts[0] >= 0, f"the writers ended otherwise: {counts}"
        assert_holds(path, 3, counts, seed, killed=seed % N_TOGETHER)
        written += sum(counts)
    assert written > 10 * N_KILLS, "the writers died before they wrote"


@pytest.mark.parametrize("how", ["XDF", "RSF", "together"])
def test_a_repaired_file_goes_on(
    tmp_path: Path, how: str, appender: Asked, old_library: Asked | None
) -> None:
    rng = np.random.default_rng(153)
    path = tmp_path / "killed.fst"
    for seed in range(4):
        closed_file(path, "XDF" if how == "XDF" else "RSF", 200)
        appender.ask(f"{path} {how} {4000 + rng.integers(LONGEST_US)} {seed}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a writer died is what they say
            with fst24.open(path) as f:
                n = len(f)
        mended = subprocess.run(
            [sys.executable, "-m", "fst24.cli", "repair", "--in-place", "--force", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        # 1 tells of a record that was in flight.
        assert mended.returncode in {0, 1}, mended.stdout + mended.stderr
        with fst24.open(path, "a") as f:
            assert len(f) == n
            f.write(np.full((3, 2), n, np.float32), nomvar="NEW", ip1=n)
        with fst24.open(path) as f:
            assert f[n].nomvar == "NEW"
            assert all((r.data == r.ip1).all() for r in f)
        if old_library is not None and how == "XDF":
            assert old_library.ask(str(path)) == [str(n + 1), "True"]
