"""From what users give to a Dataset."""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING, Any

import fst24
from fst24 import Fst24File, InvalidArgumentError
from fst24.table._read import as_frame
from fst24.table._table import path_of

from ._dataset import dataset_of
from ._options import Options, make_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import xarray as xr

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
    if _is_frame(source):
        source, given = _of_rows(source, given)
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


def _is_frame(source: object) -> bool:
    """Whether something is rows of a table, as `fst24.scan` gives."""
    return hasattr(source, "lazy") or hasattr(source, "collect_schema")


def _of_rows(
    rows: Any,  # noqa: ANN401 - a frame of Polars
    given: Mapping[str, Any],
) -> tuple[list[str], Mapping[str, Any]]:
    """The files that rows are of, and the rows as the records to take."""
    frame = as_frame(rows)
    if "path" not in frame.columns:
        raise InvalidArgumentError(
            "rows of a single file have no path: f.to_xarray(records=rows), with the file open"
        )
    if given.get("records") is not None:
        raise InvalidArgumentError("rows are records: give nothing else as records=")
    paths = [path_of(path) for path in frame.get_column("path").unique(maintain_order=True)]
    if not paths:
        raise InvalidArgumentError("no rows, and so no file to make a Dataset of")
    return paths, {**given, "records": frame}


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


def to_xarray(source: Any, /, **options: Any) -> xr.Dataset:  # noqa: ANN401 - listed below
    """The records of a file, or of several, as a Dataset that follows the CF conventions.

    No values are read: they are when something is computed, straight into the array wanted.
    ``docs/guide/xarray.md`` tells how records become variables.

    Parameters
    ----------
    source : path, list of paths, pattern, bytes, file object, rows of `scan`, or Fst24File
        Several files are one set of records. A file that is given open has to stay so. Of rows
        only the files are opened that they are of.

    variables : str or list of str, optional
        Names of variables (nomvar), patterns as in `Fst24File.read_records`.
    records : optional
        The records to take: what `Fst24File.read_records` takes, or a set of records.
    select : dict, optional
        Criteria of `Fst24File.read_records`: ``{"etiket": "G1*", "level": (500, 850)}``.
    forecast_axis : bool, optional
        True: dimensions ``time`` (origin) and ``forecast`` (lead time). False: ``time`` is the
        validity. None, the default: the latter, but for several runs that overlap.
    ensemble : bool, optional
        Whether etikets are members of an ensemble: a dimension ``ensemble``. None: where they
        differ by the number of a member alone, and have the same records.
    accumulated : bool or list of str, optional
        Names whose ip3 is the length of a period, beside those that are known. False: none.
    align : {"exact", "outer"}
        "outer": one ``time`` for all variables, NaN where one has no record. Otherwise variables
        share axes that are equal, and different ones are ``time1``, ``time2`` ...
    ignore : list of str
        What does not tell variables apart: "typvar", "etiket", "ig1" to "ig4".
    levels : {"momentum", "thermo", "w"}, optional
        Only levels of this family of the ``!!``.
    diag : {"merge", "split", "drop", "only"}
        The level near the ground of fields on model levels: one of the axis, with its height in
        ``height_above_ground``; a variable of its own; left out; alone.
    strict_vertical : bool
        Do not take the only ``!!`` of the file under another tag.
    surface_types, soil_layers : list of str
        Further names whose levels number surface types and soil layers.
    soil_depths : list of float, optional
        Depths in m of the lower ends of soil layers.
    subgrid : {"axis", "stack", "yin", "yang"}
        Panels of yin-yang grids: a dimension ``subgrid``; rows one after the other; one of them.
    coords : {"2d", "1d", "none"}
        "2d": with latitudes and longitudes of all points where they are needed. "1d": only where
        they have one dimension, as those of stations. "none": axes of the grid alone.
    rlon : {"adjusted", "file"}
        Rotated longitudes counted from the meridian of the rotation, or as the file has them.
    bounds : bool
        Add bounds of cells and levels.
    crs_wkt : bool
        Add well-known text to grid mappings; pyproj has to be installed.
    crop : {"smallest"}, optional
        Cut larger grids to the smallest one that they hold.
    keep_latlon : bool
        Keep LA and LO as variables.
    masks : {"apply", "separate"}
        Masks (typvar ``@@``): values that do not count are NaN, or masks are variables.
    dtype : dtype, optional
        Of all variables; by default what records hold, floats where values may be missing.
    fill_value : float, optional
        What stands for missing values in files that xarray writes; NaN in memory all the same.
    names : str or callable, optional
        Names of variables: "cf" for standard names, a pattern as ``"{nomvar}_{typvar}"`` (name,
        nomvar, typvar, etiket), or what makes one of a dict of these.
    language : {"en", "fr"}
        Of long names.
    dictionary : path or Dictionary, optional
        What knows long names and units.
    metadata : bool
        False: no names and units.
    rpnstd_metadata : bool
        Add the fields of the headers that all records of a variable share as attributes.
    attrs : list of str
        Only these of them.
    extended_metadata : bool
        Add extended metadata (RSF) that all records of a variable share.
    conventions : str, optional
        The attribute Conventions; None: none.
    on_conflict : {"warn", "error", "first", "last"}
        Records with the same coordinates: which one counts ("warn": the last, and tell).
    strict : bool
        Raise what would be a warning.
    chunks : optional
        Make dask arrays: ``{}`` or "auto" for blocks of many records, "records" for one each, or
        sizes by dimension. None: lazy without dask.
    threads : int, optional
        To decode with.

    Returns
    -------
    xarray.Dataset
        Dimensions are those of a record in C order: (..., nj, ni).

    Raises
    ------
    InvalidArgumentError
        An option that does not exist, or a value that it cannot have.
    CorruptFileError
        With ``strict``: the first thing that would be warned of.

    >>> ds = fst24.to_xarray(sample, variables=["TT", "P0"])
    >>> dict(ds.TT.sizes)
    {'time': 1, 'level': 12, 'rlat': 34, 'rlon': 42}
    >>> round(float(ds.TT.isel(time=0, level=-1, rlat=5, rlon=5)), 2), ds.TT.units
    (15.31, 'degC')
    """
    return dataset_from(source, options)


def to_datatree(source: Any, /, **options: Any) -> Any:  # noqa: ANN401 - of a newer xarray
    """A tree with a Dataset for each grid of a file: ``/Z200x100``, ``/L360x181`` ...

    Parameters
    ----------
    source, **options
        As in `to_xarray`.

    Returns
    -------
    xarray.DataTree
        The root alone when all records are on one grid. xarray 2024.10 or newer has it.

    >>> list(fst24.to_datatree(sample).children)
    []
    """
    from ._tree import tree_from

    return tree_from(source, options)
