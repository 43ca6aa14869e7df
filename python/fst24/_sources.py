"""What reads records: a file of ours, or its like. `open` turns what users give into these."""

from __future__ import annotations

import io
import math
import os
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from . import _core
from ._errors import (
    Fst24Error,
    FstOSError,
    InvalidArgumentError,
    UnsupportedError,
    described,
    make_error,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._core import Criterion, Missing, Shape, Table

#: What stands at missing points, as the library wants it: (f24_missing, real, integer or None).
MISSING_DEFAULT: Missing = (0, 0.0, None)
_REFERENCE: Missing = (1, 0.0, None)
_STORED: Missing = (3, 0.0, None)
_VALUE = 2

#: Never mapped, as f24_options.mmap_from.
NO_MAP = 2**64 - 1

DTYPES: dict[str, np.dtype[Any]] = {
    code: np.dtype(code)
    for code in ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "c16")
}

SourceLike: TypeAlias = Any  # a path, bytes, or a binary file object


class Source(Protocol):
    """What a record needs of the file that it is in; rows count in its ``table``."""

    @property
    def path(self) -> str: ...
    @property
    def table(self) -> Table: ...
    @property
    def closed(self) -> bool: ...
    def info(self) -> tuple[str, int, int, int, int, bool, bool, bool, str]: ...
    def warnings(self) -> list[tuple[str, int, int, str]]: ...
    def close(self) -> None: ...
    def describe(self, row: int, /) -> tuple[str, Shape, bool, int]: ...
    def decode(
        self,
        row: int,
        want_mask: bool = ...,  # noqa: FBT001
        /,
    ) -> tuple[_core.Block, _core.Block | None, str, Shape]: ...
    def view(self, row: int, /) -> tuple[_core.View, str, Shape] | None: ...
    def read_into(self, row: int, out: Any, /) -> None: ...  # noqa: ANN401
    def read_box(
        self, row: int, start: tuple[int, int, int], count: tuple[int, int, int], /
    ) -> tuple[_core.Block, str]: ...
    def json(self, row: int, /) -> str: ...
    def stored(self, row: int, /) -> bytes: ...


class Searchable(Protocol):
    """What finds rows: the table of a file of ours, or another source itself."""

    def find(self, criteria: Sequence[Criterion], flags: int, start: int, /) -> int: ...
    def find_all(self, criteria: Sequence[Criterion], flags: int, /) -> bytes: ...


def searcher(source: Source) -> Searchable:
    """Where to search for the rows of a source."""
    if isinstance(source, _core.File):
        return source.table
    return source  # type: ignore[return-value] # the others search themselves


def parse_missing(missing: float | str | None) -> Missing:
    """The ``missing=`` of `open`: None, "nan", "reference", "stored" or a number.

    >>> parse_missing(-999)
    (2, -999.0, -999)
    """
    if missing is None:
        return MISSING_DEFAULT
    if isinstance(missing, str):
        named = {"nan": MISSING_DEFAULT, "reference": _REFERENCE, "stored": _STORED}
        if missing not in named:
            known = ", ".join(repr(name) for name in named)
            raise InvalidArgumentError(f"missing={missing!r}: give a number or one of {known}")
        return named[missing]
    try:
        value = float(missing)
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgumentError(f"missing={missing!r} is not a number") from None
    if math.isnan(value):
        return MISSING_DEFAULT
    whole = math.isfinite(value) and value == int(missing)
    return _VALUE, value, int(missing) if whole and abs(value) < 2**63 else None


def is_path(source: SourceLike) -> bool:
    """Whether something names a file, rather than being its bytes."""
    return isinstance(source, str | os.PathLike)


def is_address(source: SourceLike) -> bool:
    """Whether something is an address (``s3://...``) for fsspec rather than a path."""
    return isinstance(source, str) and "://" in source


def is_sendable(source: SourceLike) -> bool:
    """Whether another process can have a copy of it: bytes, and files that fsspec opens again."""
    return isinstance(source, bytes | io.BytesIO) or (
        hasattr(source, "fs") and hasattr(source, "path")
    )


def open_source(source: SourceLike, *, mmap_from: int, missing: Missing) -> Source:
    """Open a path, bytes or a file object with libfst24."""
    if is_address(source):
        stream = _open_url(source)
        return _core.File.open_stream(stream, source, missing)
    if is_path(source):
        shown = os.fsdecode(source)
        return _core.File.open_path(os.fsencode(source), shown, mmap_from, missing)
    if hasattr(source, "read") and hasattr(source, "seek"):
        return _open_stream(source, missing)
    if hasattr(source, "fs") and hasattr(source, "mode"):  # what fsspec.open gives
        return _open_stream(source.open(), missing)
    try:
        memoryview(source)
    except TypeError:
        message = f"cannot open {type(source).__name__}: give a path, bytes or a binary file object"
        raise TypeError(message) from None
    return _core.File.open_memory(source, f"<{type(source).__name__}>", missing)


def _open_stream(stream: SourceLike, missing: Missing) -> Source:
    name = getattr(stream, "name", None)
    shown = name if isinstance(name, str) else f"<{type(stream).__name__}>"
    if getattr(stream, "closed", False) is True:
        raise _unreadable_stream("the file object is closed", shown)
    if isinstance(stream, io.TextIOBase) or isinstance(getattr(stream, "encoding", None), str):
        raise _unreadable_stream("the file object gives text: open it in binary mode, 'rb'", shown)
    try:
        return _core.File.open_stream(stream, shown, missing)
    except Fst24Error:
        raise
    except (OSError, ValueError, TypeError) as error:
        raise _unreadable_stream(unreadable(error), shown) from error  # pipes cannot seek


def _unreadable_stream(message: str, shown: str) -> FstOSError:
    failed = FstOSError(described(message, shown, None, None))
    failed.path = shown
    return failed


def _open_url(url: str) -> SourceLike:
    """A file object for an address, by fsspec."""
    try:
        import fsspec  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        message = "addresses are opened by fsspec: pip install 'fst24[remote]'"
        raise make_error(UnsupportedError, message, path=url) from None
    return fsspec.open(url, "rb").open()
