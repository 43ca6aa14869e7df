"""Any file of regular records becomes a Dataset and the same records again."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import fst24
from fst24.xarray import to_xarray
from fst24.xarray._to_fst import to_fst
from tests.support.records import DATEO
from tests.support.same import PACKING, records

PACKINGS = [
    *((5, 32, "f4"), (133, 32, "f4"), (134, 12, "f4"), (6, 16, "f4")),
    *((5, 64, "f8"), (4, 20, "i4"), (2, 9, "u4")),
]
#: Kinds of levels, with values that codes hold exactly.
LEVELS = {
    "none": [0],
    "pressure": [fst24.ip.encode(p, "hPa") for p in (1000.0, 850.0, 500.0, 0.5)],
    "old pressure": [1000, 850, 500, 12],
    "height": [fst24.ip.encode(z, "above_ground") for z in (1.5, 10.0, 100.0)],
    "depth": [fst24.ip.encode(z, "below_sea") for z in (0.494025, 10.0, 100.0)],
    "theta": [fst24.ip.encode(t, "K") for t in (300.0, 350.0)],
    "sea": [fst24.ip.encode(z, "above_sea") for z in (0.0, 1000.0)],
}
GRIDS = st.sampled_from(["L", "Z", "G", "N", "Y"])


@st.composite
def grids(draw: st.DrawFn) -> tuple[dict[str, Any], list[tuple[Any, dict[str, Any]]]]:
    """Fields that place a record of 6 x 4 points, and its descriptors."""
    kind = draw(GRIDS)
    if kind == "L":
        lat0, lon0 = draw(st.integers(-90, 80)), draw(st.integers(0, 359))
        codes = fst24.grid.encode("L", lat0=lat0, lon0=lon0, dlat=1.5, dlon=2.25)
    elif kind == "N":
        codes = fst24.grid.encode("N", pi=draw(st.integers(1, 9)), pj=3.5, d60=60000, dgrw=21)
    else:
        codes = (0, 0, 0, 0)
    if kind not in "ZY":
        return {"grtyp": kind, **dict(zip(("ig1", "ig2", "ig3", "ig4"), codes, strict=True))}, []
    tag = draw(st.tuples(*[st.integers(1, 2**16)] * 3))
    n = {">>": 6, "^^": 4} if kind == "Z" else {">>": 24, "^^": 24}
    steps = {
        name: np.cumsum(draw(st.lists(st.floats(0.125, 2, width=32), min_size=m, max_size=m)))
        for name, m in n.items()
    }
    shapes = {">>": (6, 1), "^^": (1, 4)} if kind == "Z" else {">>": (6, 4), "^^": (6, 4)}
    axes = []
    for name, values in steps.items():
        array = values.astype(np.float32).reshape(shapes[name], order="F")
        fields = {"nomvar": name, "typvar": "X", "grtyp": "L", "ig1": 100, "ig2": 100, "ig3": 9000}
        tagged = dict(zip(("ip1", "ip2", "ip3"), tag, strict=True))
        axes.append((array, {**fields, **tagged}))
    return {"grtyp": kind, **dict(zip(("ig1", "ig2", "ig3"), tag, strict=True))}, axes


@st.composite
def files(draw: st.DrawFn) -> list[tuple[Any, dict[str, Any]]]:
    """Variables, each of times and levels on one grid, all of them or with gaps, in any order."""
    made: list[tuple[Any, dict[str, Any]]] = []
    names = st.sampled_from(["TT", "UU", "GZ", "2B", "PR"])
    nomvars = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    seed = draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    placed, axes = draw(grids())
    made += axes
    hours = draw(st.lists(st.integers(0, 240), min_size=1, max_size=3, unique=True))
    etiket = draw(st.sampled_from(["", "RUN", "E1_612_N003"]))
    for nomvar in nomvars:
        levels = LEVELS["none"] if nomvar == "PR" else draw(st.sampled_from(list(LEVELS.values())))
        some = draw(st.lists(st.sampled_from(levels), min_size=1, max_size=4, unique=True))
        datyp, nbits, kind = draw(st.sampled_from(PACKINGS))
        wanted = list(itertools.product(hours, some))
        if draw(st.booleans()):
            del wanted[draw(st.integers(1, len(wanted))) :]
        for hour, ip1 in wanted:
            values = np.asfortranarray(rng.integers(0, 500, (6, 4)).astype(kind))
            if kind[0] == "f":
                values += np.asfortranarray(rng.random((6, 4)).astype(kind))
            fields = {
                "nomvar": nomvar,
                "typvar": "P",
                "etiket": etiket,
                "dateo": DATEO,
                "deet": 1800,
                "npas": 2 * hour,
                "ip1": ip1,
                "ip2": hour,
                "datyp": datyp,
                "nbits": nbits,
                **placed,
            }
            made.append((values, fields))
    return draw(st.permutations(made)) if not axes else made


@settings(deadline=None, max_examples=120)
@given(made=files(), load=st.booleans())
def test_a_file_becomes_a_dataset_and_the_same_records_again(
    made: list[tuple[Any, dict[str, Any]]], load: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder) / "old.fst", Path(folder) / "new.fst"
        with fst24.open(old, "w") as f:
            for values, fields in made:
                f.write(values, **fields)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", fst24.Fst24Warning)  # of gaps
            ds = to_xarray(old)
            warnings.simplefilter("error")
            to_fst(ds.load() if load else ds, new)
        assert records(new, *PACKING) == records(old, *PACKING)
