"""Every record of a file is in its Dataset, where its header says, and nothing else is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from fst24 import date, ip
from tests.conformance.xarray import files
from tests.conformance.xarray.cases import ENSEMBLE, GEM, PRESS, YIN_YANG
from tests.conformance.xarray.compare import BESIDE_OURS
from tests.conftest import golden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conformance.xarray.conftest import Opener

#: Dimensions that tell records apart; those behind them are the grid's.
_OUTER = re.compile(r"(time|forecast|ensemble|accum|ip3|level|pres|height|altitude|theta|depth"
                    r"|sfclevel|sfctype|soil_depth)(_?[mtw]?\d*)$")  # fmt: skip
#: Levels whose coordinate is the decoded ip1.
_VALUED = re.compile(r"(pres|altitude|theta|depth|height|sfclevel)\d*$")
_NO_DATE = {0, 10101011, 101010101}

#: Files without conflicts, masks, or records of several times.
NAMES = [
    n
    for n in files.FILES
    if n
    not in {
        "series",
        "old-and-new",
        "dated-latlon",
        "masked",
        "lone-mask",
        "overlapping-runs",
        "polar",
    }
]
GOLDEN = {
    "gem": GEM,
    "ensemble": ENSEMBLE,
    "pressure": PRESS,
    "yin-yang": YIN_YANG,
    "grids": ("grids/rsf-grids.fst",),
}


def outer(da: Any) -> list[str]:
    return [str(d) for d in da.dims if _OUTER.match(str(d))]


def fields(ds: Any) -> Iterator[tuple[Any, Any]]:
    """Each field of a Dataset, with its scalar coordinates."""
    for da in ds.data_vars.values():
        dims = outer(da)
        if BESIDE_OURS.match(str(da.name)):
            continue
        for place in np.ndindex(*(da.sizes[d] for d in dims)):
            one = da.isel(dict(zip(dims, place, strict=True)))
            if not bool(np.isnan(one.values).all()):
                yield da, one


def key(values: Any) -> bytes:
    return np.ascontiguousarray(values).tobytes()


def check(da: Any, one: Any, record: Any) -> None:
    """A field has the coordinates of its record."""
    assert re.match(rf"_?{re.escape(record.nomvar)}(_|$)", str(da.name))
    for dim in outer(da):
        value = one.coords[dim].values if dim in one.coords else None
        if re.match(r"time\d*$", dim) and "forecast" not in "".join(outer(da)):
            assert record.datev not in _NO_DATE
            assert value == date.decode([record.datev])[0]
        elif re.match(r"forecast\d*$", dim):
            assert value == np.timedelta64(record.deet * record.npas, "s")
        elif re.match(r"ensemble\d*$", dim):
            assert str(value) == record.etiket
        elif _VALUED.match(dim):
            assert value == pytest.approx(float(ip.decode(record.ip1).value), rel=1e-6)
        elif re.match(r"level(_?[mtw]?\d*)$", dim):
            level = ip.decode(record.ip1)
            if level.kind != 4:
                assert value == pytest.approx(float(level.value), rel=1e-6)


def all_are_there(opened: Opener, source: Any) -> None:
    # Tiles, which are several records to a field, have a test of their own.
    whole = {"grtyp": ["[!#]", ""]}
    ds = opened(source, select=whole)
    with fst24.open(source) as f:
        records = f.read_records(skip_descriptors=True, **whole)
        waiting: dict[bytes, list[Any]] = {}
        for record in records:
            waiting.setdefault(key(record.data.T), []).append(record)
        n = 0
        for da, one in fields(ds):
            found = waiting.get(key(one.values.reshape(-1)), [])
            assert found, f"{da.name} at {one.coords} is no record"
            found = [r for r in found if r.nomvar in str(da.name)]
            problems = []
            for record in found:
                try:
                    check(da, one, record)
                except AssertionError as error:
                    problems.append(error)
                else:
                    break
            else:
                raise problems[0]
            n += 1
        assert n == len(records)


@pytest.mark.parametrize("name", NAMES)
def test_all_records_are_where_their_headers_say(name: str, folder: Path, opened: Opener) -> None:
    all_are_there(opened, str(files.make(name, folder)))


@pytest.mark.parametrize("name", GOLDEN)
def test_all_records_of_golden_files_are_there(name: str, opened: Opener) -> None:
    all_are_there(opened, [str(golden(path)) for path in GOLDEN[name]])
