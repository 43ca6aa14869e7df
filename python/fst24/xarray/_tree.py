"""A Dataset for each grid of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fst24 import Fst24File, UnsupportedError

from ._grids import Grids
from ._headers import Headers
from ._notes import Notes
from ._open import made_from, opened
from ._options import make_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Stands for what is on no grid: time series.
_STATIONS = -1


def groups_from(
    source: Any,  # noqa: ANN401 - what fst24.open takes
    given: Mapping[str, Any],
    drop_variables: str | Iterable[str] | None = None,
) -> dict[str, xr.Dataset]:
    """Datasets by the name of their group, ``/Z200x100``: the root alone when there is one grid.

    Closing any of them closes the file, unless it was given open.
    """
    if isinstance(source, Fst24File):
        return _groups_of(source, given, drop_variables)
    file = opened(source)
    try:
        found = _groups_of(file, given, drop_variables)
    except BaseException:
        file.close()
        raise
    for made in found.values():
        made.set_close(file.close)
    return found


def tree_from(
    source: Any,  # noqa: ANN401 - what fst24.open takes
    given: Mapping[str, Any],
    drop_variables: str | Iterable[str] | None = None,
) -> Any:  # noqa: ANN401 - a DataTree of newer versions
    """A tree of these groups; closing it closes the file.

    Raises
    ------
    UnsupportedError
        This xarray has no trees.
    """
    if not hasattr(xr, "DataTree"):
        raise UnsupportedError(
            f"xarray {xr.__version__} has no DataTree, 2024.10 and newer have: take to_xarray, or"
            " choose a grid with select="
        )
    groups = groups_from(source, given, drop_variables)
    tree = xr.DataTree.from_dict(groups)
    tree.set_close(next(iter(groups.values())).close)
    return tree


def _groups_of(
    file: Fst24File,
    given: Mapping[str, Any],
    drop_variables: str | Iterable[str] | None,
) -> dict[str, xr.Dataset]:
    options = make_options(given)
    notes = Notes(file.path, strict=False)
    headers = Headers.of(file, options, notes)
    grids = Grids(headers, options, notes)
    codes = np.where(grids.series.records, _STATIONS, grids.codes)
    numbers = np.unique(codes).tolist()
    if len(numbers) <= 1:
        return {"/": made_from(file, options, drop_variables)}
    found: dict[str, xr.Dataset] = {}
    for number in numbers:
        index = headers["index"][codes == number]
        told = {"records": index, "variables": None, "select": None, "chunks": None}
        own = make_options({**given, **told})
        grtyp = grids.grtyp(number)
        label = f"/{grtyp if grtyp.isalnum() else 'tiles'}{grids.size_label(number)}"
        if number == _STATIONS:
            label = "/stations"
        name, again = label, 1
        while name in found:
            again += 1
            name = f"{label}_{again}"
        found[name] = made_from(file, own, drop_variables)
    if options.chunks is not None:
        from ._dask import chunked

        dims = {dim for made in found.values() for dim in made.dims}
        found = {name: chunked(made, options.chunks, dims) for name, made in found.items()}
    return found
