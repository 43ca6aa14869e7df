"""NetCDF files and Zarr stores read as Datasets whose CF parts are coordinates."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import xarray as xr

from fst24 import NotFstError

from ._kept_text import NAME, kept_of_text
from ._ready import OWN, terms_of
from ._store import library

if TYPE_CHECKING:
    from collections.abc import Hashable

Kind = Literal["netcdf", "zarr"]

#: First bytes of the formats of NetCDF: classic, 64-bit offsets, 64-bit data, HDF5.
_NETCDF = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF")
_ZARR = ("zarr.json", ".zgroup", ".zmetadata")


def kind_of(path: str | os.PathLike[str]) -> Kind | None:
    """What is there, from its first bytes or files; None for anything else."""
    place = Path(path)
    if place.is_dir():
        return "zarr" if any((place / name).is_file() for name in _ZARR) else None
    try:
        with place.open("rb") as file:
            start = file.read(4)
    except OSError:
        return None
    return "netcdf" if start in _NETCDF else None


def open_cf(path: str | os.PathLike[str]) -> xr.Dataset:
    """Open a NetCDF file or a Zarr store; values are read when they are asked for.

    Grid mappings, bounds and terms of formulas are coordinates, as in the Datasets of
    `fst24.to_xarray`. Fields that a formula names (the pressure at the surface) stay variables.

    Raises
    ------
    FileNotFoundError
        There is nothing of that name.
    NotFstError
        It is neither.
    ModuleNotFoundError
        netCDF4, or zarr, is not installed.
    """
    if "://" not in os.fspath(path) and not os.path.exists(path):  # noqa: PTH110 - of any text
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
    kind = kind_of(path)
    if kind is None:
        raise NotFstError(f"{os.fspath(path)}: neither a NetCDF file nor a Zarr store")
    engine = "zarr" if kind == "zarr" else "netcdf4"
    library("zarr" if kind == "zarr" else "netCDF4", f"reading {os.fspath(path)}")
    ds = xr.open_dataset(path, engine=engine, decode_coords="all", decode_timedelta=True)
    terms: set[Hashable] = set()
    fields: set[Hashable] = set()
    for variable in ds.variables.values():
        kept = variable.attrs.pop(NAME, None)
        if kept is not None:
            variable.encoding[NAME] = kept_of_text(kept)
        for name in [name for name in variable.attrs if str(name).startswith(OWN)]:
            variable.attrs[str(name).removeprefix(OWN)] = variable.attrs.pop(name)
        for name in terms_of(variable):
            if name in ds.variables:
                inside = set(ds.variables[name].dims) <= set(variable.dims)
                (terms if inside else fields).add(name)
    return ds.set_coords(terms).reset_coords(fields & set(ds.coords))
