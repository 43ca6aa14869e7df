"""The files behind a `Fst24File`: how they were opened, so that they can be opened again."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from ._errors import InvalidArgumentError, make_os_error
from ._sources import NO_MAP, is_address, is_path, open_source, parse_missing
from ._views import EMPTY_PATH

if TYPE_CHECKING:
    from ._sources import Source, SourceLike

Engine = Literal["native", "librmn"]


class OpenOptions(NamedTuple):
    """How a file was opened: enough to open it again."""

    engine: Engine
    mmap: bool | None
    mmap_threshold: int
    missing: float | str | None


def from_root(source: SourceLike) -> SourceLike:
    """A path that means the same file from everywhere."""
    if not is_path(source) or is_address(source):
        return source
    return os.path.abspath(os.fsdecode(source))  # noqa: PTH100 - keeps what a name may be


def open_part(source: SourceLike, options: OpenOptions) -> Source:
    if is_path(source) and not os.fspath(source):
        raise make_os_error(errno.ENOENT, EMPTY_PATH, "")
    missing = parse_missing(options.missing)
    if options.engine == "librmn":
        from ._librmn import open_librmn

        return open_librmn(source, missing)
    if options.engine != "native":
        raise InvalidArgumentError(f"engine={options.engine!r}: it is 'native' or 'librmn'")
    mmap_from = options.mmap_threshold
    if options.mmap is not None:
        mmap_from = 0 if options.mmap else NO_MAP
    return open_source(source, mmap_from=max(0, min(mmap_from, NO_MAP)), missing=missing)
