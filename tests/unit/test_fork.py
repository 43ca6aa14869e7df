"""A child forked while other threads of its parent read: multiprocessing's default on Linux."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import golden

#: In a process of its own: what is tested here would hang, not fail.
PROGRAM = """
import os, sys, threading, fst24

path, kept = sys.argv[1], fst24.open(sys.argv[1])

def read_on():
    while True:
        with fst24.open(path) as f:
            f[3].decode()

for _ in range(3):
    threading.Thread(target=read_on, daemon=True).start()
for _ in range(100):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with fst24.open(path) as f:
                code = 0 if (f[3].decode() == kept[3].decode()).all() else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print("100 children")
os._exit(0)
"""


@pytest.mark.skipif(
    "FST24_SANITIZER" in os.environ,
    reason="the sanitizers' own allocator keeps its lock across fork: the child hangs in it",
)
def test_a_child_reads_what_its_parent_was_reading() -> None:
    sample = golden("model/gem-2024051712_000.fst")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(sample)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "100 children\n", done.stderr
