"""Files as Datasets: open them, load them, their coordinates, memory.

Where the peer runs it may need an interpreter of its own (fstd2nc wants numpy below 2 on rotated
grids): FST24_PEER names one that has it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.conftest import golden
from tests.support.fstmake import record, xdf

import fst24
from bench.python.common import (
    NI,
    NJ,
    Row,
    Timing,
    made_once,
    many_columns,
    measure,
    side_by_side,
    warm,
    weather,
)
from fst24 import grid, ip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

N_RECORDS, N_MANY = 179, 100_000
ROTATION = grid.encode("E", lat1=31.75, lon1=267.6, lat2=33.1, lon2=273.625)

#: Each in a process of its own, imports not counted: the first time, and the best of the others.
PEER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import fstd2nc
def work():
    return fstd2nc.Buffer(sys.argv[1], progress=False, quiet=True).to_xarray()
"""
OURS = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import fst24, fst24.xarray, xarray
xarray.Dataset({"a": ("x", [1])})  # imports dask where there is one
def work():
    return fst24.to_xarray(sys.argv[1])
"""
TIMED = """
taken = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    ds = work()
    taken.append(time.perf_counter() - start)
print(json.dumps(taken))
"""

#: From /proc, not getrusage: a child inherits its parent's highest mark of the latter.
MEMORY = """
import sys, warnings
warnings.simplefilter("ignore")
import fst24, fst24.xarray
def kib(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))
before = kib("VmRSS")
ds = fst24.to_xarray(sys.argv[1]).load()
print(1024 * (kib("VmHWM") - before) / sum(v.nbytes for v in ds.data_vars.values()))
"""


def model_file() -> Path:
    """A run as a model writes it: 6 variables on 29 levels at an hour, ``>>`` ``^^`` ``!!``."""

    def make(path: Path) -> None:
        six = [weather("smooth", k) for k in range(6)]
        tag = {"ip1": 1001, "ip2": 1002, "ip3": 0, "typvar": "X"}
        igs = dict(zip(("ig1", "ig2", "ig3", "ig4"), ROTATION, strict=True))
        ax = np.linspace(150, 210, NI, dtype=np.float32)[:, None]
        ay = np.linspace(-30, 30, NJ, dtype=np.float32)[None, :]
        where: dict[str, Any] = {"grtyp": "Z", "ig1": 1001, "ig2": 1002, "typvar": "P"}
        when = {"origin_time": "2024-05-17T12", "deet": 300, "npas": 36, "ip2": 3}
        with fst24.open(path, "w") as f, fst24.open(golden("vertical/xdf-vertical.fst")) as tables:
            f.write(ax, nomvar=">>", grtyp="E", **tag, **igs)
            f.write(ay, nomvar="^^", grtyp="E", **tag, **igs)
            table = tables.find(nomvar="!!", ig1=5005)
            assert table is not None
            f.write(table, ip1=1001, ip2=1002)
            # Levels of one kind that no table lists in such a number: pressures.
            levels = [ip.encode(10.0 + 35 * k, "hPa") for k in range(29)]
            fields = [(n, p) for n in ("TT", "UU", "VV", "HU", "GZ", "WW") for p in levels]
            fields += [("P0", 0), ("PR", 0)]
            fields = fields[: N_RECORDS - 3]
            f.write_many(
                (
                    (six[k % 6], {"nomvar": nomvar, "ip1": ip1})
                    for k, (nomvar, ip1) in enumerate(fields)
                ),
                datyp=134,
                nbits=16,
                **where,
                **when,
            )
        with fst24.open(path) as f:
            assert len(f) == N_RECORDS

    return made_once("model-179.fst", make)


def plain_file() -> Path:
    """The fields of `model_file` without compression: reading is what costs least there."""

    def make(path: Path) -> None:
        with fst24.open(model_file()) as given, fst24.open(path, "w") as out:
            for one in given:
                if one.nomvar in {">>", "^^", "!!"}:
                    out.write(one)
                else:
                    out.write(one, datyp=5, nbits=32)

    return made_once("model-179-E32.fst", make)


def many() -> Path:
    """100,000 small fields: 50 names, 100 pressures, 20 hours."""

    def make(path: Path) -> None:
        columns = many_columns(N_MANY)
        k = np.arange(N_MANY)
        hours = k // 5000
        columns["ip1"] = 1 + k // 50 % 100
        columns["grtyp"] = np.full(N_MANY, b"X")
        columns["npas"] = hours * 12
        columns["datev"] = 471_618_800 + hours * 720  # 720 of 5 seconds an hour
        columns["etiket"] = np.full(N_MANY, b"G1_7_1_0N")
        payloads = np.zeros((N_MANY, 6), np.uint32)
        payloads[:, 0] = k.astype(np.float32).view(np.uint32)
        with path.open("wb") as out:
            xdf.image_of(record.keys(columns), payloads).tofile(out)

    return made_once("dataset-100000.fst", make)


def loaded(path: Path) -> None:
    """All fields. Positions are computed, not read, and have a row of their own."""
    with fst24.to_xarray(path) as ds:
        ds.drop_vars(("lat", "lon")).load()


def read(path: Path) -> None:
    with fst24.open(path) as f:
        f.read()


def coordinates(path: Path) -> None:
    with fst24.to_xarray(path) as ds:
        assert ds["lat"].values.shape == ds["lon"].values.shape == (NJ, NI)


def timed(python: str, script: str, path: Path, times: int = 1) -> list[float] | None:
    """Seconds of opening a file again and again in a new process; None where that fails."""
    command = [python, "-c", script + TIMED, str(path), str(times)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        return None
    return [float(t) for t in json.loads(ended.stdout.splitlines()[-1])]


def peer_python() -> str | None:
    """An interpreter that has fstd2nc."""
    named = os.environ.get("FST24_PEER")
    if named is None and importlib.util.find_spec("fstd2nc") is not None:
        return sys.executable
    return named


def both(path: Path, *, first: bool, times: int) -> tuple[Timing, Timing | None]:
    """Opening a file by both: the first time in a process, or when all is warm."""

    def one(python: str, script: str) -> Timing | None:
        if first:
            runs = [timed(python, script, path) for _ in range(times)]
            taken = [t for run in runs if run is not None for t in run]
        else:
            taken = (timed(python, script, path, times + 1) or [])[1:]
        return Timing.of(taken) if taken else None

    python = peer_python()
    mine = one(sys.executable, OURS)
    assert mine is not None
    return mine, one(python, PEER) if python else None


def rows(*, quick: bool) -> Iterator[Row]:
    """Opening, loading, coordinates, memory."""
    warnings.simplefilter("ignore", fst24.Fst24Warning)
    times = 5 if quick else 11
    path = warm(model_file())
    small = warm(many())
    for one, what, goal in (
        (path, "open 179 records of 1000 x 800 as a Dataset", "30 ms"),
        (small, "open 100,000 records as a Dataset", "300 ms"),
    ):
        for first, note in ((True, "the first in a process"), (False, "again")):
            mine, theirs = both(one, first=first, times=3 if quick else 5)
            yield Row(f"{what}, {note}", mine, peer=theirs, peer_name="fstd2nc", goal=goal)
    yield Row(
        "open and compute 2-D lat and lon of a rotated grid of 1000 x 800",
        measure(lambda: coordinates(path), times=times),
        goal="20 ms",
    )
    n_bytes = 4 * NI * NJ * (N_RECORDS - 3)
    for name, one in (("f16, compressed", path), ("E32", warm(plain_file()))):
        mine, plain = side_by_side(lambda one=one: loaded(one), lambda one=one: read(one), times=9)
        yield Row(
            f"open and load all fields, {name}",
            mine,
            n_bytes,
            peer=plain,
            peer_name="f.read()",
            goal="0.80 x",
        )
    command = [sys.executable, "-c", MEMORY, str(path)]
    grown = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    yield Row("peak memory of open and load, times the data", Timing.of(grown), goal="1.2")
