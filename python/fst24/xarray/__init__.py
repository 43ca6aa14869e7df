"""Standard files as xarray Datasets (``docs/guide/xarray.md``)."""

from . import _accessor as _accessor  # ds.fst24, da.fst24
from ._backend import Fst24BackendEntrypoint
from ._cf_files import open_cf
from ._netcdf import write_netcdf
from ._open import to_datatree, to_xarray
from ._place import grid_of
from ._to_fst import to_fst
from ._zarr_out import write_zarr

__all__ = [
    "Fst24BackendEntrypoint",
    "grid_of",
    "open_cf",
    "to_datatree",
    "to_fst",
    "to_xarray",
    "write_netcdf",
    "write_zarr",
]
