"""RPN standard files (FST): open, list and read them, without librmn.

>>> with fst24.open(sample) as f:
...     tt = f.find(nomvar="TT")
...     tt.data.shape
(42, 34)

`open` gives a `Fst24File`, a sequence of `Fst24Record`. Levels are in `fst24.ip`, dates in
`fst24.date`, errors derive from `Fst24Error`.
"""

import importlib
from typing import TYPE_CHECKING, Any

from . import date, dictionary, etiket, grid, ip, typvar
from ._arrays import empty
from ._core import library_version as __version__
from ._errors import (
    ClosedFileError,
    CorruptFileError,
    EncodingError,
    FileChangedError,
    FileLockedError,
    Fst24Error,
    Fst24Warning,
    FstOSError,
    InvalidArgumentError,
    MemoryLimitError,
    NotFstError,
    OutOfMemoryError,
    RecordNotFoundError,
    TruncatedFileError,
    UnsupportedError,
)
from ._file import Fst24File
from ._interface import Fst24DataInterface
from ._metadata import CoreMetadata, FileInfo, FSTRecord, MemoryUsage, ThreadSettings
from ._open import open  # noqa: A004 - the promised name
from ._record import Fst24Record, decode_record, is_descriptor
from ._settings import enable_thread_safety, memory_usage, set_memory_limit
from ._views import FileMapper, SafeArrayView
from ._writer import Fst24Writer, check_unwritten
from .table import DefaultMetadataDecoder, MetadataDecoder, Table, read, read_metadata, scan

if TYPE_CHECKING:
    from . import compare, vertical, xarray
    from .xarray import to_datatree, to_xarray

#: Imported when they are first asked for.
_LATER = frozenset({"compare", "vertical", "xarray"})
_OF_XARRAY = frozenset({"to_datatree", "to_xarray"})

__all__ = [
    "ClosedFileError",
    "CoreMetadata",
    "CorruptFileError",
    "DefaultMetadataDecoder",
    "EncodingError",
    "FSTRecord",
    "FileChangedError",
    "FileInfo",
    "FileLockedError",
    "FileMapper",
    "Fst24DataInterface",
    "Fst24Error",
    "Fst24File",
    "Fst24Record",
    "Fst24Warning",
    "Fst24Writer",
    "FstOSError",
    "InvalidArgumentError",
    "MemoryLimitError",
    "MemoryUsage",
    "MetadataDecoder",
    "NotFstError",
    "OutOfMemoryError",
    "RecordNotFoundError",
    "SafeArrayView",
    "Table",
    "ThreadSettings",
    "TruncatedFileError",
    "UnsupportedError",
    "__version__",
    "check_unwritten",
    "compare",
    "date",
    "decode_record",
    "dictionary",
    "empty",
    "enable_thread_safety",
    "etiket",
    "grid",
    "ip",
    "is_descriptor",
    "memory_usage",
    "open",
    "read",
    "read_metadata",
    "scan",
    "set_memory_limit",
    "to_datatree",
    "to_xarray",
    "typvar",
    "vertical",
    "xarray",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module
    if name in _OF_XARRAY:
        return getattr(importlib.import_module(f"{__name__}.xarray"), name)
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return __all__
