"""The same reading over a system librmn: where LIBRMN names one, and without."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import fst24
from tests.conftest import golden

if TYPE_CHECKING:
    from pathlib import Path

#: librmn is loaded in processes of their own: it prints, and may end the process.
COMPARE = """
import sys, fst24
for path in sys.argv[1:]:
    with fst24.open(path, engine="librmn") as theirs, fst24.open(path, missing=None) as ours:
        assert (theirs.engine, theirs.backend, len(theirs)) == ("librmn", ours.backend, len(ours))
        for a, b in zip(theirs, ours, strict=True):
            assert a.core == b.core, (path, a, b)
            assert (a.offset, a.nbytes, a.file_index) == (b.offset, b.nbytes, b.file_index)
            assert a.data.dtype == b.data.dtype and a.data.tobytes() == b.data.tobytes(), (path, b)
            assert (a.mask is None) == (b.mask is None), (path, b)
            assert a.metadata == b.metadata and a.stored() == b.stored()
        for criteria in ({"nomvar": "tt"}, {"ip1": (0, 10**8)}, {"level": 1.0}, {"nomvar": "ZZZZ"},
                         {"datev": ("1990-01-01", "2030-01-01")}, {"skip_descriptors": True}):
            mine, yours = ([r.index for r in f.iter_records(**criteria)] for f in (theirs, ours))
            assert mine == yours, (path, criteria, mine, yours)
            first = theirs.find(**criteria)
            assert (first and first.index) == (yours[0] if yours else None)
        if len(ours):
            both = [[x.tobytes() for x in f.read(threads=2)] for f in (theirs, ours)]
            assert both[0] == both[1]
            assert theirs[0].part[:2].tobytes() == ours[0].part[:2].tobytes()
    assert theirs.closed
    try: theirs[0]
    except fst24.ClosedFileError: pass
    else: raise AssertionError
print("same")
"""

LOCKS = """
import sys, threading, fst24
f = fst24.open(sys.argv[1], engine="librmn")
def work():
    try: outcome.append(f[3].decode().shape)
    except fst24.Fst24Error as error: outcome.append("enable_thread_safety" in str(error))
outcome = []
for safe in (False, True):
    if safe: fst24.enable_thread_safety()
    thread = threading.Thread(target=work); thread.start(); thread.join()
print(outcome)
"""

#: librmn parses extended metadata when it reads a record, values alone included.
LEAKS = """
import resource, sys, fst24
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with fst24.open(sys.argv[1], engine="librmn") as f:
    record = next(r for r in f if r.metadata)
    for read in (lambda: f._parts[0].json(record._row), record.decode):
        for _ in range(500): read()
        before = peak()
        for _ in range(5000): read()
        print(peak() - before < 1000)
"""

has_librmn = pytest.mark.skipif(
    not os.environ.get("LIBRMN"), reason="LIBRMN names no librmn of version 20"
)


def run(code: str, *paths: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@has_librmn
@pytest.mark.parametrize(
    "name",
    [
        "model/gem-2024051712_000",
        "model/gem-2024051712_003",
        "container/xdf-empty",
        "container/rsf-deleted",
        "container/xdf-rewritten",
        "codec/rsf-ieee-missing",
        "codec/xdf-signed-missing",
        "codec/rsf-complex",
        "codec/xdf-char",
        "fields/rsf-extended",
    ],
)
def test_both_engines_read_the_same(name: str) -> None:
    assert run(COMPARE, golden(f"{name}.fst")) == "same"


@has_librmn
def test_a_second_thread_needs_thread_safety(gem: Path) -> None:
    assert run(LOCKS, gem) == "[True, (42, 34)]"


@has_librmn
def test_metadata_that_librmn_parsed_are_freed() -> None:
    assert run(LEAKS, golden("fields/rsf-extended.fst")).split() == ["True", "True"]


def test_without_a_library_the_way_out_is_named(gem: Path) -> None:
    code = (
        "import sys, fst24\n"
        "try: fst24.open(sys.argv[1], engine='librmn')\n"
        "except fst24.UnsupportedError as error: print(error)"
    )
    shown = run(code, gem, LIBRMN="/nowhere/librmn.so")
    assert "no librmn of version 20" in shown
    shown = run(code, gem, LIBRMN="libc.so.6")
    assert "no librmn of version 20" in shown
    shown = run(code, gem, LIBRMN="", PATH="", LD_LIBRARY_PATH="")
    assert "LIBRMN" in shown


def test_what_librmn_cannot_open_is_refused(gem: Path) -> None:
    with pytest.raises(fst24.UnsupportedError, match="path only"):
        fst24.open(gem.read_bytes(), engine="librmn")
    with pytest.raises(fst24.UnsupportedError, match="missing"):
        fst24.open(gem, engine="librmn", missing="stored")


#: In a process of its own: enabling thread safety, as other tests do, is for good.
GUARDED = """
import threading, fst24
from fst24._librmn import _Guard

guard, outcome = _Guard(), []
with guard("a.fst"):
    pass

def work():
    try:
        with guard("a.fst"):
            outcome.append("in")
    except fst24.Fst24Error as error:
        outcome.append(str(error.path))

thread = threading.Thread(target=work)
thread.start()
thread.join()
print(outcome)
"""


def test_the_guard_lets_one_thread_in() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GUARDED], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "['a.fst']\n", done.stderr
