"""What the benchmarks share: clocks, fields that look like weather, and big files made once."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from tests.support import oldlib
from tests.support.fstmake import codec, record, rsf, xdf

if TYPE_CHECKING:
    from collections.abc import Callable

NI, NJ, N_FIELDS, N_DISTINCT = 1000, 800, 179, 6
FIELD_BYTES = 4 * NI * NJ
DATA_BYTES = N_FIELDS * FIELD_BYTES
ROUGHNESS = {"smooth": 4.0, "rough": 1.9}
"""Slope of the one-dimensional spectrum, k**-slope: upper-air temperature, near-surface wind."""

FORMS = [(5, 32), (1, 16), (129, 16), (134, 16), (133, 32)]


@dataclass(frozen=True)
class Timing:
    """Seconds: the best run, and the one in the middle."""

    best: float
    median: float

    @classmethod
    def of(cls, seconds: list[float]) -> Timing:
        return cls(min(seconds), sorted(seconds)[len(seconds) // 2])


@dataclass(frozen=True)
class Row:
    """A line of the results.

    n_bytes   moved by one run, for GB/s; 0 where that has no meaning.
    memcpy    the same bytes copied, in the same minute.
    peer      the same work by librmn 19.5, or by what ``peer_name`` says.
    goal      what issue "Read" asks for, in its words.
    """

    what: str
    time: Timing
    n_bytes: int = 0
    memcpy: Timing | None = None
    peer: Timing | None = None
    peer_name: str = "librmn 19.5"
    goal: str = ""


def measure(work: Callable[[], object], *, times: int = 5, seconds: float = 6.0) -> Timing:
    """Run ``work`` until it ran ``times`` times or for ``seconds``, twice at least."""
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while len(taken) < times and (len(taken) < 2 or time.perf_counter() < until):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return Timing.of(taken)


def side_by_side(
    *works: Callable[[], object], times: int = 5, seconds: float = 15.0
) -> list[Timing]:
    """Run several works in turns, so that a noisy minute is noisy for all of them."""
    taken: list[list[float]] = [[] for _ in works]
    until = time.perf_counter() + seconds
    for turn in range(times):
        if turn >= 2 and time.perf_counter() > until:
            break
        for work, seen in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            seen.append(time.perf_counter() - start)
    return [Timing.of(seen) for seen in taken]


def weather(roughness: str, seed: int) -> npt.NDArray[np.float32]:
    """A random field (NI, NJ) around 273 with the given spectrum and a standard deviation of 12."""
    slope = ROUGHNESS[roughness]
    rng = np.random.default_rng(seed)
    ki = np.fft.fftfreq(NI)[:, None] * NI
    kj = np.fft.rfftfreq(NJ)[None, :] * NJ
    k = np.hypot(ki, kj * NI / NJ)
    k[0, 0] = 1
    # A one-dimensional slope of s is a power of k**-(s + 1) a wave in two dimensions.
    amplitude = k ** (-(slope + 1) / 2)
    amplitude[0, 0] = 0
    waves = np.fft.rfft2(rng.normal(size=(NI, NJ))) * amplitude
    field = np.fft.irfft2(waves, s=(NI, NJ))
    return np.asfortranarray(273 + 12 * field / field.std(), np.float32)


def cache() -> Path:
    """Where big files are kept between runs: FST24_BENCH_DIR, else the system's temporary place."""
    place = os.environ.get("FST24_BENCH_DIR") or str(Path(tempfile.gettempdir()) / "fst24-bench")
    path = Path(place)
    path.mkdir(parents=True, exist_ok=True)
    return path


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """The file ``name`` of the cache, made now if it is not there."""
    path = cache() / name
    if not path.exists():
        half_done = path.with_suffix(".making")
        make(half_done)
        half_done.rename(path)
    return path


def fields_file(roughness: str, datyp: int, nbits: int, backend: codec.Backend = "XDF") -> Path:
    """179 fields of 1000 x 800 of one stored form; six different ones take turns."""

    def make(path: Path) -> None:
        six = [
            record.make(weather(roughness, k), datyp, nbits, backend=backend)
            for k in range(N_DISTINCT)
        ]
        records = [six[k % N_DISTINCT].but(ip1=k + 1) for k in range(N_FIELDS)]
        keys = record.keys(record.columns(records))
        payloads = [xdf.payload(r) for r in records]
        image = xdf.image_of(keys, payloads) if backend == "XDF" else rsf.image_of(keys, payloads)
        with path.open("wb") as out:
            image.tofile(out)

    return made_once(f"{backend.lower()}-{roughness}-{datyp}-{nbits}.fst", make)


def many_columns(n: int) -> dict[str, npt.NDArray[np.generic]]:
    """Keys of ``n`` records as a model writes them: 50 names, 100 levels, hours."""
    k = np.arange(n)
    names = np.array([f"V{a:02d}".encode() for a in range(50)])
    return {
        "nomvar": names[k % 50],
        "etiket": np.array([b"G1_7_1_0N", b"E1_4_400N"])[k // 5000 % 2],
        "ip1": 95_000_000 + k // 50 % 100 * 1000,
        "ip2": k // 5000,
        "ni": np.full(n, 2),
        "nj": np.full(n, 2),
        "grtyp": np.full(n, b"Z"),
        "deet": np.full(n, 300),
        "npas": k // 5000 % 1000 * 12,
        "datev": np.full(n, 471_618_800),
    }


def many_file(backend: codec.Backend, n: int) -> Path:
    """``n`` records of 2 x 2 floats."""

    def make(path: Path) -> None:
        payloads = np.zeros((n, 6), np.uint32)
        payloads[:, 0] = np.arange(n, dtype=np.float32).view(np.uint32)
        keys = record.keys(many_columns(n))
        image = xdf.image_of(keys, payloads) if backend == "XDF" else rsf.image_of(keys, payloads)
        with path.open("wb") as out:
            image.tofile(out)

    return made_once(f"{backend.lower()}-{n}.fst", make)


def warm(path: Path) -> Path:
    """Bring a file into the page cache."""
    block = bytearray(1 << 22)
    with path.open("rb", buffering=0) as file:
        while file.readinto(block):
            pass
    return path


def old_library() -> oldlib.OldLibrary | None:
    """librmn 19.5 where fstd2nc-deps is installed."""
    path = oldlib.library_path()
    return None if path is None else oldlib.OldLibrary(path)
