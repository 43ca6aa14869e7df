"""A process that forks writers and kills them: started once, as starting Python takes long.

Each line of standard input asks for one round:

    PATH BACKEND DELAY_US SEED           one writer that adds, killed after so long
    PATH BACKEND-changes DELAY_US SEED   one that also deletes, edits and rewrites
    PATH together DELAY_US SEED          three writers of one RSF file, of which one is killed

The answer is one line: how many steps each writer had done when it ended. A writer marks a step in
memory that it shares with this process when the call has returned.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import sys
import tempfile
import time
import warnings
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

import fst24

if TYPE_CHECKING:
    Backend = Literal["XDF", "RSF"]

N_TOGETHER = 3
#: Counters of the writers, then the order to stop.
_STOP = N_TOGETHER
_WORD = struct.Struct("<q")
_MODES: dict[str, tuple[Backend, bool, int | None]] = {
    "XDF": ("XDF", False, None),
    "RSF": ("RSF", False, None),
    "together": ("RSF", True, 1),
}
_CHANGES: dict[str, Backend] = {"XDF-changes": "XDF", "RSF-changes": "RSF"}


def values_of(k: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Those of record k: of a size that its number tells."""
    return np.full((1 + (k * 7919 + seed) % 300, 1 + (k + seed) % 40), k, np.float32)


class Live(NamedTuple):
    """A record of a writer that changes its file: ip1 tells the values, ip3 counts edits."""

    ip1: int
    ip3: int


def choose(live: list[Live], k: int, seed: int) -> tuple[str, int]:
    """What step k does, and to which of the records."""
    turn = (31 * k + seed) % 10 if len(live) > 2 else 0
    return {
        3: ("delete", len(live) // 2),
        5: ("rewrite", 0),
        6: ("edit", len(live) - 1),
        8: ("edit", 1),
    }.get(turn, ("write", 0))


def change(live: list[Live], k: int, seed: int) -> None:
    """Step k, in memory."""
    what, at = choose(live, k, seed)
    if what == "edit":
        live[at] = Live(live[at].ip1, live[at].ip3 + 1)
        return
    if what in {"delete", "rewrite"}:
        del live[at]
    if what in {"write", "rewrite"}:
        live.append(Live(k, 0))


def append_changes(path: str, backend: Backend, shared: mmap.mmap, seed: int) -> None:
    """Write, delete, edit and rewrite until killed."""
    f = fst24.open(path, "a", backend=backend, sync=False)
    n_old = len(f)
    live: list[Live] = []
    k = 0
    while True:
        what, at = choose(live, k, seed)
        place = n_old + at
        if what == "write":
            f.write(values_of(k, seed), nomvar="W0", ip1=k, ip2=seed)
        elif what == "delete":
            f.delete(place)
        elif what == "rewrite":
            f.rewrite(place, values_of(k, seed), ip1=k, ip3=0)
        else:
            f.edit(place, ip3=live[at].ip3 + 1)
        change(live, k, seed)
        k += 1
        shared[:8] = _WORD.pack(k)
        if (k + seed) % 17 == 0:
            f.flush()


def append(path: str, backend: str, shared: mmap.mmap, place: int, seed: int) -> None:
    """Write records until killed, or told to stop; some flushes among them."""
    kind, together, segment = _MODES[backend]
    f = fst24.open(path, "a", backend=kind, parallel=together, segment_size_mb=segment, sync=False)
    n_old = len(f)
    k = 0
    while not _WORD.unpack_from(shared, 8 * _STOP)[0]:
        f.write(
            values_of(k, seed), nomvar=f"W{place}", ip1=k, ip2=seed, compress=(k + seed) % 3 == 0
        )
        k += 1
        shared[8 * place : 8 * place + 8] = _WORD.pack(k)  # at once: pack_into clears it first
        if (k + seed) % 11 == 0:
            f.flush()
        if (k + seed) % 13 == 0 and not together:
            assert len(f) == n_old + k  # a view in the middle disturbs nothing
    f.close()


def start(path: str, backend: str, shared: mmap.mmap, place: int, seed: int) -> int:
    """A writer in a process of its own: its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        if backend in _CHANGES:
            append_changes(path, _CHANGES[backend], shared, seed)
        append(path, backend, shared, place, seed)
        code = 0
    finally:
        os._exit(code)


def one_round(path: str, backend: str, delay: float, seed: int) -> list[int]:
    """Start, kill, and count."""
    shared = mmap.mmap(-1, 64)
    n = N_TOGETHER if backend == "together" else 1
    writers = [start(path, backend, shared, place, seed) for place in range(n)]
    time.sleep(delay)
    victim = seed % n
    os.kill(writers[victim], signal.SIGKILL)
    ends = [os.waitpid(writers.pop(victim), 0)[1]]
    if writers:
        time.sleep(0.002)
    _WORD.pack_into(shared, 8 * _STOP, 1)
    ends += [os.waitpid(pid, 0)[1] for pid in writers]
    codes = [os.waitstatus_to_exitcode(end) for end in ends]
    counts = [_WORD.unpack_from(shared, 8 * place)[0] for place in range(n)]
    return counts if codes == [-signal.SIGKILL] + [0] * (n - 1) else [-1, *codes]


def warm_up() -> None:
    """Import what writing imports: a writer that is forked later has it."""
    with (
        tempfile.TemporaryDirectory() as place,
        fst24.open(f"{place}/warm.fst", "w", sync=False) as f,
    ):
        f.write(values_of(0, 0), nomvar="W", compress=True)
        assert len(f) == 1


def main() -> None:
    """Answer until standard input ends."""
    warnings.simplefilter("ignore")
    warm_up()
    for line in sys.stdin:
        path, backend, delay_us, seed = line.split()
        counts = one_round(path, backend, int(delay_us) / 1e6, int(seed))
        sys.stdout.write(" ".join(map(str, counts)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
