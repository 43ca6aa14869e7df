"""Files to frames, and rows of frames back to records and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from fst24._errors import FileChangedError, InvalidArgumentError, make_error
from fst24._open import open as open_file

from ._decoder import DefaultMetadataDecoder, MetadataDecoder, decode_table
from ._index import take
from ._table import Table, part_of, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import polars as pl

    from fst24._file import Fst24File
    from fst24._record import Fst24Record
    from fst24._sources import Source, SourceLike

#: Files that are open at once: their tables are in memory.
_MOST_OPEN = 256
_NONE = np.empty(0, np.int64)
#: Columns by which a record is known again, if the frame has them.
_KNOWN_BY = ("offset", "nbytes", "datev", "ip1", "ip2", "ip3")


@overload
def frame(
    table: Table,
    *,
    decode_metadata: bool,
    decoder: MetadataDecoder | None,
    lazy: Literal[False],
) -> pl.DataFrame: ...
@overload
def frame(
    table: Table,
    *,
    decode_metadata: bool,
    decoder: MetadataDecoder | None,
    lazy: bool,
) -> pl.DataFrame | pl.LazyFrame: ...
def frame(
    table: Table, *, decode_metadata: bool, decoder: MetadataDecoder | None, lazy: bool
) -> pl.DataFrame | pl.LazyFrame:
    """What every ``to_polars`` does."""
    found = table.to_polars()
    if decode_metadata:
        added = decode_table(decoder or DefaultMetadataDecoder(), found)
        if added.width:
            found = found.hstack(added.get_columns())
    return found.lazy() if lazy else found


@overload
def read_metadata(
    path: SourceLike | list[SourceLike],
    decode_metadata: bool = ...,  # noqa: FBT001
    *,
    lazy: Literal[False] = ...,
    decoder: MetadataDecoder | None = ...,
) -> pl.DataFrame: ...
@overload
def read_metadata(
    path: SourceLike | list[SourceLike],
    decode_metadata: bool = ...,  # noqa: FBT001
    *,
    lazy: Literal[True],
    decoder: MetadataDecoder | None = ...,
) -> pl.LazyFrame: ...
def read_metadata(
    path: SourceLike | list[SourceLike],
    decode_metadata: bool = False,  # noqa: FBT001, FBT002 - promised so
    *,
    lazy: bool = False,
    decoder: MetadataDecoder | None = None,
) -> pl.DataFrame | pl.LazyFrame:
    """The metadata of a file, or of several, as a DataFrame.

    Parameters
    ----------
    path : path or list of paths
        As in `fst24.open`; of several files the frame has a column ``path``.
    decode_metadata : bool
        Add what the raw columns mean, see `Fst24File.to_polars`.
    lazy : bool
        Give a LazyFrame.
    decoder : MetadataDecoder, optional
        What to add.

    >>> fst24.read_metadata(sample).filter(nomvar="TT").height
    12
    """
    with open_file(path) as file:
        return frame(file.table, decode_metadata=decode_metadata, decoder=decoder, lazy=lazy)


def read(
    rows: Any,  # noqa: ANN401 - a frame of any library
    /,
    *,
    out: Sequence[npt.NDArray[Any]] | npt.NDArray[Any] | None = None,
    threads: int | None = None,
) -> list[npt.NDArray[Any]]:
    """The values of the records that rows of a frame stand for.

    Parameters
    ----------
    rows : polars.DataFrame or LazyFrame, or another Arrow table
        Some of the rows of `scan`, or of a listing of several files, with the columns ``path``,
        ``offset`` and ``nbytes``; only the files that they are of are opened. Rows of a single
        file, which have no path, are read by `Fst24File.read`.
    out, threads : optional
        As in `Fst24File.read`.

    Returns
    -------
    list of ndarray
        In the order of the rows.

    Raises
    ------
    FileChangedError
        A file is no longer the one that was listed.

    >>> df = fst24.read_metadata([sample, sample_later])
    >>> len(fst24.read(df.filter(nomvar="P0")))
    2
    """
    wanted = as_frame(rows)
    lacking = [name for name in ("path", "offset", "nbytes") if name not in wanted.columns]
    if lacking:
        raise InvalidArgumentError(
            f"the rows have no column {', '.join(lacking)}: keep path, offset and nbytes, or read "
            "rows of a single file with f.read(rows)"
        )
    if wanted.height == 0:
        return []
    if wanted.get_column("path").null_count():
        raise InvalidArgumentError("rows without a path are of no file")
    of_path = _by_path(wanted)
    outs = None if out is None else _out_of_each(out, wanted.height)
    found: list[npt.NDArray[Any]] = [_NONE] * wanted.height
    paths = list(of_path)
    for low in range(0, len(paths), _MOST_OPEN):
        some = paths[low : low + _MOST_OPEN]
        places = np.sort(np.concatenate([of_path[path] for path in some]))
        with open_file([path_of(path) for path in some]) as file:
            arrays = file.read(
                take(wanted, places),
                out=None if outs is None else [outs[place] for place in places.tolist()],
                threads=threads,
            )
        for place, array in zip(places.tolist(), arrays, strict=True):
            found[place] = array
    return found


def _out_of_each(
    out: Sequence[npt.NDArray[Any]] | npt.NDArray[Any], n: int
) -> Sequence[npt.NDArray[Any]]:
    """An array for each of n records."""
    if isinstance(out, np.ndarray):
        out = [out[..., k] for k in range(out.shape[-1] if out.ndim else 0)]
    if len(out) != n:
        raise InvalidArgumentError(f"out has room for {len(out)} records, {n} are read")
    return out


def as_frame(rows: Any) -> pl.DataFrame:  # noqa: ANN401 - a frame of any library
    """Rows as a DataFrame of Polars; of a LazyFrame only what tells records."""
    import polars as pl

    if isinstance(rows, pl.DataFrame):
        return rows
    if isinstance(rows, pl.LazyFrame):
        names = rows.collect_schema().names() if hasattr(rows, "collect_schema") else rows.columns
        return rows.select([n for n in names if n in {*_KNOWN_BY, "index", "path"}]).collect()
    return pl.DataFrame(rows)


def _indices(column: pl.Series) -> npt.NDArray[np.int64]:
    """The column index: whole numbers, which pandas makes floats when rows are missing."""
    import polars as pl

    numbers = column.cast(pl.Int64, strict=False)
    is_number = column.dtype.is_numeric() if hasattr(column.dtype, "is_numeric") else True
    if not is_number or numbers.null_count() or (numbers != column).any():
        raise InvalidArgumentError(
            "the column index holds places of records, whole numbers without gaps, not "
            f"{column.dtype} {column.head(3).to_list()}"
        )
    return numbers.to_numpy()


def records_of(file: Fst24File, rows: Any) -> list[Fst24Record]:  # noqa: ANN401
    """The records of an open file that rows of a frame stand for, checked to be the same ones."""
    wanted = as_frame(rows)
    names = set(wanted.columns)
    sources = file._parts  # noqa: SLF001 - ours
    if not names & {"index", "offset"}:
        raise InvalidArgumentError("rows have to keep the column index or offset to be records")
    indices = None
    if "index" in names:
        indices = _indices(wanted.get_column("index"))
    if "path" in names and "offset" not in names and len(sources) > 1:
        raise InvalidArgumentError(
            "rows of several files have to keep the column offset: index counts in each file in "
            "frames of scan, and through all files elsewhere"
        )
    places = np.full(wanted.height, -1, np.int64)
    known = {
        name: wanted.get_column(name).to_numpy()
        for name in _KNOWN_BY
        if name in names and wanted.get_column(name).null_count() == 0
    }
    rows_of_path = _by_path(wanted) if "path" in names else None
    start = 0
    for source in sources:
        if rows_of_path is None:
            of_part = np.flatnonzero(places < 0)
        else:
            of_part = rows_of_path.get(part_of(source, 0).path, _NONE)
            of_part = of_part[places[of_part] < 0]
        found = _rows_in(source, start, indices, known, of_part)
        places[of_part[found >= 0]] = found[found >= 0] + start
        start += len(source.table)
    if (places < 0).any():
        row = int(np.argmax(places < 0))
        raise make_error(
            FileChangedError,
            f"row {row:,} of the table is no record of this file: it is of another file, or the "
            "file was written again since; list it again",
            path=file.path,
        )
    if _is_all(places, len(file)):
        return file[:]
    return [file._record(place) for place in places.tolist()]  # noqa: SLF001


def _by_path(rows: pl.DataFrame) -> dict[str, npt.NDArray[np.int64]]:
    """The rows of each path."""
    import polars as pl

    column = rows.get_column("path").cast(pl.Utf8)
    paths = column.drop_nulls().unique(maintain_order=True)
    codes = column.cast(pl.Enum(paths)).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(paths) + 1))
    return {path: order[ends[k] : ends[k + 1]] for k, path in enumerate(paths.to_list())}


def _is_all(places: npt.NDArray[np.int64], n: int) -> bool:
    return len(places) == n and bool((places == np.arange(n)).all())


def _rows_in(
    source: Source,
    start: int,
    indices: npt.NDArray[np.int64] | None,
    known: dict[str, npt.NDArray[Any]],
    which: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Rows of a source for rows of a frame: by index, where that is wrong by offset; -1: none."""
    table = source.table
    n = len(table)
    found = np.full(len(which), -1, np.int64)
    if n == 0 or len(which) == 0:
        return found
    facts = {
        name: np.asarray(table.column("n_bytes" if name == "nbytes" else name)) for name in known
    }

    def agree(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        is_same = (rows >= 0) & (rows < n)
        inside = np.where(is_same, rows, 0)
        for name, fact in facts.items():
            is_same &= fact[inside] == known[name][which]
        return is_same

    if indices is not None:
        rows = indices[which] - start
        found = np.where(agree(rows), rows, found)
    if "offset" in known and (found < 0).any():
        offsets = facts["offset"]
        order = np.argsort(offsets, kind="stable")
        at = np.searchsorted(offsets, known["offset"][which], sorter=order)
        rows = order[np.minimum(at, n - 1)]
        found = np.where((found < 0) & agree(rows), rows, found)
    return found
