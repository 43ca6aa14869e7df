"""Array memory and its limit; threads."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from fst24 import _core
from tests.conftest import golden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _no_limit() -> Iterator[None]:
    gc.collect()  # arrays in tracebacks of other tests
    yield
    fst24.set_memory_limit(None)


def test_arrays_are_counted_while_they_live(gem: Path) -> None:
    before = fst24.memory_usage().used
    with fst24.open(gem) as f:
        record = f[3]
        data = record.data
        assert fst24.memory_usage().used >= before + data.nbytes
        part = data[3:5]
        record.forget()
        del data
        assert fst24.memory_usage().used > before
        del part
    assert fst24.memory_usage().used == before


def test_past_the_limit_nothing_is_allocated(gem: Path) -> None:
    with fst24.open(gem) as f:
        used = fst24.memory_usage().used
        fst24.set_memory_limit(used + 20_000)
        first = f[3].decode()
        kept = [first, *(f[i].decode() for i in (4, 5))]
        with pytest.raises(fst24.MemoryLimitError, match=r"set_memory_limit") as caught:
            f[6].data  # noqa: B018
        assert isinstance(caught.value, MemoryError)
        with pytest.raises(fst24.MemoryLimitError):
            f.read(threads=2)
        assert fst24.memory_usage().used == used + sum(a.nbytes for a in kept)
        kept.clear()
        assert f[6].data.shape == (42, 34)


def test_the_error_of_the_limit_names_file_and_record_and_what_helps(gem: Path) -> None:
    with fst24.open([gem, gem]) as f:
        fst24.set_memory_limit(fst24.memory_usage().used)
        uses: list[Callable[[], object]] = [
            lambda: f[83].data,
            f[83].decode,
            lambda: f[83].part[:2],
            lambda: f.read(83),
        ]
        for use in uses:
            with pytest.raises(fst24.MemoryLimitError, match=r"gem.*record 3: .*`del`") as caught:
                use()
            assert (caught.value.path, caught.value.record) == (str(gem), 3)
        with pytest.raises(fst24.MemoryLimitError) as caught:
            f.read()
        assert (caught.value.path, caught.value.record) == (str(gem), None)


def test_reading_nothing_fits_under_any_limit(gem: Path) -> None:
    block = _core.Block(MIB)
    with fst24.open(gem) as f:
        fst24.set_memory_limit(0)
        assert f.read([]) == []
    assert len(block) == MIB


@pytest.mark.parametrize("criteria", [{}, {"nomvar": ["TT", "UU", "VV", "GZ"]}], ids=str)
def test_iterating_keeps_one_array_at_a_time(gem: Path, criteria: dict[str, Any]) -> None:
    used = fst24.memory_usage().used
    n = 0
    with fst24.open(gem) as f:
        for record in f.iter_records(**criteria):
            n_bytes = record.data.nbytes
            n += 1
            assert fst24.memory_usage().used == used + n_bytes
        assert n > 20
        del record
        for record in f:
            n_bytes = record.data.nbytes
            assert fst24.memory_usage().used == used + n_bytes


def test_the_limit_holds_for_masks_and_parts_too() -> None:
    with fst24.open(golden("codec/rsf-ieee-missing.fst")) as f:
        record = max((r for r in f if r.mask is not None), key=lambda r: r.ni)
        record = f[record.index]
        n_bytes = record.ni * record.nj * record.nk * record.dtype.itemsize
        fst24.set_memory_limit(fst24.memory_usage().used + n_bytes + n_bytes // 8)
        with pytest.raises(fst24.MemoryLimitError):
            record.data  # noqa: B018 - and its mask
        kept = record.decode()
        with pytest.raises(fst24.MemoryLimitError):
            record.part[:]
        assert kept.nbytes == n_bytes


@pytest.mark.parametrize("n_bytes", [1, 1000, MIB // 4, 3 * MIB + 5, 40 * MIB])
def test_blocks_are_aligned_and_their_own(n_bytes: int) -> None:
    blocks = [np.frombuffer(_core.Block(n_bytes), np.uint8) for _ in range(20)]  # type: ignore[call-overload]
    for i, block in enumerate(blocks):
        assert block.ctypes.data % (64 if n_bytes < MIB // 4 else 64 * 1024) == 0
        block[:] = i
    assert [int(b[0]) for b in blocks] == [int(b[-1]) for b in blocks] == list(range(20))


def test_freed_blocks_are_kept_bounded_and_used_again() -> None:
    fst24.set_memory_limit(None)
    block = _core.Block(8 * MIB)
    address = np.frombuffer(block, np.uint8).ctypes.data  # type: ignore[call-overload]
    del block
    assert fst24.memory_usage().pooled >= 8 * MIB
    again = _core.Block(8 * MIB)
    assert np.frombuffer(again, np.uint8).ctypes.data == address  # type: ignore[call-overload]
    blocks = [_core.Block(10 * MIB) for _ in range(40)]
    del blocks, again
    assert fst24.memory_usage().pooled <= 256 * MIB


def test_kept_blocks_make_room_before_a_read_fails() -> None:
    block = _core.Block(8 * MIB)
    del block
    used, pooled, _ = fst24.memory_usage()
    assert pooled >= 8 * MIB
    fst24.set_memory_limit(used + 10 * MIB)
    assert fst24.memory_usage().pooled <= 10 * MIB
    other = _core.Block(9 * MIB)
    assert len(other) == 9 * MIB
    assert sum(fst24.memory_usage()[:2]) <= used + 10 * MIB


def test_a_limit_below_what_is_used_keeps_arrays_and_refuses_more() -> None:
    block = _core.Block(4 * MIB)
    fst24.set_memory_limit(MIB)
    usage = fst24.memory_usage()
    assert (usage.pooled, usage.limit) == (0, MIB)
    assert usage.used >= len(block)
    with pytest.raises(fst24.MemoryLimitError):
        _core.Block(1)


@pytest.mark.parametrize("n_bytes", [-1, 2**62, 2**63 - 1])
def test_absurd_sizes_are_refused(n_bytes: int) -> None:
    with pytest.raises((ValueError, MemoryError)):
        _core.Block(n_bytes)


def test_absurd_limits_are_refused() -> None:
    with pytest.raises(fst24.InvalidArgumentError):
        fst24.set_memory_limit(-1)
    for limit in (1.5, 1e9, "1G"):
        with pytest.raises(TypeError, match=r"whole number of bytes or None.*int\(1e9\)"):
            fst24.set_memory_limit(limit)  # type: ignore[arg-type]
    with pytest.raises(fst24.InvalidArgumentError):
        fst24.set_memory_limit(2**70)
    fst24.set_memory_limit(np.int64(10**9))  # type: ignore[arg-type]
    assert fst24.memory_usage().limit == 10**9


def test_blocks_come_and_go_from_many_threads() -> None:
    before = fst24.memory_usage().used
    wrong: list[int] = []

    def work(number: int) -> None:
        sizes = (100, MIB // 2, 3 * MIB, 17 * MIB)
        for turn in range(60):
            array = np.frombuffer(_core.Block(sizes[turn % 4]), np.uint8)  # type: ignore[call-overload]
            array[::4096] = number
            if (array[::4096] != number).any():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert fst24.memory_usage().used == before


def test_enabling_thread_safety_gives_the_settings() -> None:
    before = fst24.enable_thread_safety()
    assert before.threads >= 1
    assert before.librmn_locks
    assert fst24.enable_thread_safety(threads=3).threads == 3
    assert fst24.enable_thread_safety().threads == 3
    fst24.enable_thread_safety(threads=before.threads)
    with pytest.raises(fst24.InvalidArgumentError):
        fst24.enable_thread_safety(threads=0)
