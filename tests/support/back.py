"""Plain CF Datasets written as standard files."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import fst24
from fst24.xarray import to_fst
from tests.support import cf

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr


def plain(name: str = "TT", **sizes: int) -> xr.Dataset:
    """A field of 2 x 3 points, with outer dimensions of these sizes."""
    dims, shape = tuple(sizes), tuple(sizes.values())
    ds = cf.on_latlon([45.0, 46.0], [280.0, 281.0, 282.0]).drop_vars("TT")
    ds[name] = ((*dims, "lat", "lon"), cf.values(*shape, 2, 3))
    return ds


def written(ds: xr.Dataset | xr.DataArray, path: Path, **options: Any) -> fst24.Fst24File:
    """The file that a Dataset becomes, of which nothing has to be told."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        to_fst(ds, path, **options)
    return fst24.open(path)


def fields(file: fst24.Fst24File) -> list[fst24.Fst24Record]:
    return [record for record in file if not fst24.is_descriptor(record.nomvar)]


def only(file: fst24.Fst24File) -> fst24.Fst24Record:
    (record,) = fields(file)
    return record
