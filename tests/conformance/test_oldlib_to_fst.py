"""librmn 19.5 (the one of fstd2nc-deps) reads CF Datasets that were written, and places them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24
from fst24.xarray._to_fst import to_fst
from tests.support import cf, oldlib

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = oldlib.library_path()
pytestmark = pytest.mark.skipif(
    LIBRARY is None, reason="fstd2nc-deps (with its librmn 19.5) has no wheel for this machine"
)
#: It knows no positions of grids X.
PLACED = [kind for kind in cf.KINDS if kind != "curvilinear"]


@pytest.fixture(scope="module")
def library() -> oldlib.OldLibrary:
    assert LIBRARY is not None
    return oldlib.OldLibrary(LIBRARY)


@pytest.mark.parametrize("kind", cf.KINDS)
def test_every_record_is_read_alike(kind: str, library: oldlib.OldLibrary, tmp_path: Path) -> None:
    path = tmp_path / "cf.fst"
    time = np.array(["2024-05-17T12", "2024-05-17T18"], "datetime64[ns]")
    to_fst(cf.KINDS[kind][0].expand_dims(time=time), path)
    with library.open(path) as old, fst24.open(path) as new:
        records = old.records()
        assert len(records) == len(new) >= 2
        for theirs, ours in zip(records, new, strict=True):
            for name, value in asdict(theirs).items():
                if name != "handle":
                    assert getattr(ours, name) == value, f"{name} of record {ours.index}"
            values = old.read(theirs, ours.data.dtype)
            assert values.tobytes(order="F") == ours.data.tobytes(order="F")


@pytest.mark.parametrize("kind", PLACED)
def test_positions_are_those_of_the_dataset(
    kind: str, library: oldlib.OldLibrary, tmp_path: Path
) -> None:
    path, ds = tmp_path / "cf.fst", cf.KINDS[kind][0]
    to_fst(ds, path)
    with library.open(path) as old:
        (record,) = [one for one in old.records() if one.nomvar == "TT"]
        values = old.read(record, np.float32)[:, :, 0]
        lat, lon = old.positions(record)
    places = {value: place for place, value in enumerate(ds["TT"].values.ravel().tolist())}
    order = [places[value] for value in values.ravel().tolist()]
    wanted = [one.ravel()[order] for one in cf.positions(ds)]
    off = 5e-3 if record.grtyp in "NS" else 2e-4  # its single precision: metadata.md, 10
    assert cf.apart((lat.ravel(), lon.ravel()), wanted) < off
