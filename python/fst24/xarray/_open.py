"""From what users give to a Dataset."""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING, Any

import xarray as xr

import fst24
from fst24 import Fst24File, InvalidArgumentError

from ._dataset import dataset_of
from ._options import Options, make_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PATTERN = frozenset("*?[")


def opened(source: Any) -> Fst24File:  # noqa: ANN401 - what fst24.open takes
    """A file, linked files, or those that a pattern finds."""
    if isinstance(source, Fst24File):
        return source
    if isinstance(source, str) and not _PATTERN.isdisjoint(source) and not os.path.exists(source):  # noqa: PTH110
        found = sorted(glob.glob(source, recursive=True))  # noqa: PTH207 - as users write it
        if not found:
            raise InvalidArgumentError(f"no file is called {source}")
        return fst24.open(found)
    if isinstance(source, list | tuple):
        return fst24.open(list(source))
    return fst24.open(source)


def dataset_from(
    source: Any,  # noqa: ANN401 - what fst24.open takes
    given: Mapping[str, Any],
    drop_variables: str | Iterable[str] | None = None,
) -> xr.Dataset:
    """What `fst24.to_xarray` and xarray's ``open_dataset`` give."""
    options = make_options(given)
    own = not isinstance(source, Fst24File)
    file = opened(source)
    try:
        made = made_from(file, options, drop_variables)
    except BaseException:
        if own:
            file.close()
        raise
    if own:
        made.set_close(file.close)
        made.encoding["source"] = file.path
    return made


def made_from(
    file: Fst24File, options: Options, drop_variables: str | Iterable[str] | None = None
) -> xr.Dataset:
    """The Dataset of an open file."""
    made = dataset_of(file, options)
    if drop_variables is not None:
        names = [drop_variables] if isinstance(drop_variables, str) else list(drop_variables)
        made = made.drop_vars(names, errors="ignore")
    if options.chunks is not None:
        from ._dask import chunked

        made = chunked(made, options.chunks)
    return made


def to_xarray(source: Any, /, **options: Any) -> xr.Dataset:  # noqa: ANN401
    """The records of a file, or of several, as a Dataset."""
    return dataset_from(source, options)


def to_datatree(source: Any, /, **options: Any) -> Any:  # noqa: ANN401
    """A Dataset for each grid."""
    from ._tree import groups_from

    return xr.DataTree.from_dict(groups_from(opened(source), options))
