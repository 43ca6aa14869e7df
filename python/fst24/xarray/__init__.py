"""Standard files as xarray Datasets (``docs/guide/xarray.md``)."""

from . import _accessor as _accessor  # ds.fst24, da.fst24
from ._backend import Fst24BackendEntrypoint
from ._open import to_datatree, to_xarray

__all__ = ["Fst24BackendEntrypoint", "to_datatree", "to_xarray"]
