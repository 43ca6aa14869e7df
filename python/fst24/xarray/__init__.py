"""Standard files as xarray Datasets (``docs/guide/xarray.md``)."""

from . import _accessor as _accessor  # ds.fst24, da.fst24
from ._backend import Fst24BackendEntrypoint
from ._open import to_datatree, to_xarray
from ._place import grid_of
from ._to_fst import to_fst

__all__ = ["Fst24BackendEntrypoint", "grid_of", "to_datatree", "to_fst", "to_xarray"]
