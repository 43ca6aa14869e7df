"""A file that is open, and what can be asked of it."""

from __future__ import annotations

import operator
import os
from bisect import bisect_right
from collections.abc import Iterable
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import numpy as np

from . import _core, _html
from ._criteria import Query, query
from ._errors import (
    ClosedFileError,
    Fst24Warning,
    InvalidArgumentError,
    RecordNotFoundError,
    make_error,
    make_warning,
)
from ._known import Known
from ._linked import OpenOptions, from_root, open_part
from ._metadata import FileInfo
from ._record import Fst24Record, as_array, outs_of
from ._settings import thread_settings
from ._sources import is_path, is_sendable
from ._views import MMAP_THRESHOLD
from .grid._found import SharedGrids, grid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    import numpy.typing as npt
    import polars as pl
    import xarray as xr

    from ._interface import Fst24DataInterface
    from ._linked import Engine
    from ._sources import Source, SourceLike
    from .grid import Grid
    from .table import MetadataDecoder, Table
    from .vertical import Vertical


#: Records made at once while iterating: few enough to begin soon, enough to be fast.
_CHUNK = 512
#: What a search finds are rows as int64.
_ROW_BYTES = 8


class Fst24File:
    """A standard file that is open for reading, or several as one: made by `fst24.open`.

    A sequence of `Fst24Record`, in listing order: ``len(f)``, ``f[0]``, ``f[-1]``, ``f[10:20]``,
    ``for rec in f``. Any number of threads may use it at once, and close it under each other.

    >>> with fst24.open(sample) as f:
    ...     print(f.backend, len(f), f[-1].nomvar)
    XDF 80 ME
    """

    __slots__ = ("__weakref__", "_given", "_grids", "_known", "_options", "_parts", "_starts")
    #: False while a file is written: then each look gives other parts.
    _parts_stay = True

    def __init__(
        self,
        source: SourceLike,
        *,
        engine: Engine = "native",
        mmap: bool | None = None,
        mmap_threshold: int = MMAP_THRESHOLD,
        missing: float | str | None = None,
    ) -> None:
        self._parts: tuple[Source, ...] = ()
        self._options = OpenOptions(engine, mmap, mmap_threshold, missing)
        self._given = list(source) if isinstance(source, list | tuple) else [source]
        if not self._given:
            raise InvalidArgumentError("a list of linked files names at least one")
        parts: list[Source] = []
        try:
            parts += (open_part(one, self._options) for one in self._given)
        except BaseException:
            for part in parts:
                part.close()
            raise
        # A pickle is read where another directory may be the current one, as it may be here soon.
        self._given = [from_root(one) for one in self._given]
        self._parts = tuple(parts)
        self._known = Known([part.table for part in self._parts])
        self._grids = SharedGrids()
        self._starts = [0]
        for part in self._parts:
            self._starts.append(self._starts[-1] + len(part.table))

    # --------------------------------------------------------------------------- life

    def close(self) -> None:
        """Close; records keep their metadata and the values that they have read.

        Reads under way in other threads end in peace, later ones raise `ClosedFileError`.
        """
        for part in self._parts:
            part.close()

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._parts[0].closed  # all are closed together, this one first

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self.closed:
            raise make_error(ClosedFileError, "the file is closed", path=self.path)

    def __reduce__(self) -> tuple[Callable[..., Fst24File], tuple[Any, ...]]:
        """By path: the file is opened again where it is unpickled."""
        for one in self._given:
            if not is_path(one) and not is_sendable(one):
                kind = type(one).__name__
                raise TypeError(
                    f"a file that was opened from a {kind} cannot be pickled: give its path"
                )
        return _reopened, (self.sources, self._options)

    # -------------------------------------------------------------------------- facts

    @property
    def path(self) -> str:
        """The name of the file; of linked files that of the first."""
        return self._parts[0].path

    @property
    def paths(self) -> list[str]:
        """The names of all linked files."""
        return [part.path for part in self._parts]

    @property
    def sources(self) -> list[SourceLike]:
        """What each linked file was opened from: an absolute path or an address, or the object."""
        return [os.fsdecode(one) if is_path(one) else one for one in self._given]

    @property
    def starts(self) -> list[int]:
        """The place of the first record of each linked file, and at the end the number of all."""
        return list(self._starts)

    @property
    def missing(self) -> float | str | None:
        """What stands at missing points, as `open` was told."""
        return self._options.missing

    @property
    def engine(self) -> Engine:
        """What reads the file, ``"native"`` or ``"librmn"``."""
        return self._options.engine

    @property
    def backend(self) -> str:
        """The container: ``"XDF"`` or ``"RSF"``, ``"mixed"`` for linked files of both."""
        return self.info.backend

    @property
    def info(self) -> FileInfo:
        """Facts about the file as a whole."""
        infos = [FileInfo(*part.info()) for part in self._parts]
        if len(infos) == 1:
            return infos[0]
        backends = {info.backend for info in infos}
        return FileInfo(
            backend=backends.pop() if len(backends) == 1 else "mixed",
            n_bytes=sum(info.n_bytes for info in infos),
            n_records=sum(info.n_records for info in infos),
            n_deleted=sum(info.n_deleted for info in infos),
            n_parts=sum(info.n_parts for info in infos),
            sequential=any(info.sequential for info in infos),
            open_for_writing=any(info.open_for_writing for info in infos),
            mapped=any(info.mapped for info in infos),
            version=infos[0].version,
        )

    @property
    def warnings(self) -> list[Fst24Warning]:
        """What opening found wrong and could live with; `open` has also issued them."""
        return [make_warning(told, part.path) for part in self._parts for told in part.warnings()]

    def __repr__(self) -> str:
        name = PurePath(self.path).name if is_path(self._given[0]) else self.path
        others = f" and {len(self._parts) - 1} more" if len(self._parts) > 1 else ""
        state = " closed" if self.closed else ""
        return f"<Fst24File {name}{others} {self.backend} {len(self):,} records{state}>"

    def _repr_html_(self) -> str:
        shown = _html.MOST_ROWS
        records = self._records(range(min(shown, len(self))))
        return _html.table(records, title=repr(self)[1:-1], n_more=len(self) - shown)

    # ------------------------------------------------------------------------ sequence

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Fst24Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Fst24Record]: ...
    def __getitem__(self, index: int | slice) -> Fst24Record | list[Fst24Record]:
        """A record by its place, or a list of them by a slice."""
        self._check_open()
        if isinstance(index, slice):
            return self._records(range(*index.indices(len(self))))
        try:
            place = operator.index(index)
        except TypeError:
            raise TypeError(_no_index(index)) from None
        if place < 0:
            place += len(self)
        if not 0 <= place < len(self):
            message = f"there is no record {index}: the file has {len(self):,}"
            raise make_error(RecordNotFoundError, message, path=self.path)
        return self._record(place)

    def __iter__(self) -> Iterator[Fst24Record]:
        self._check_open()
        return _one_by_one(self._chunks())

    def __contains__(self, record: object) -> bool:
        return isinstance(record, Fst24Record) and record._source in self._parts  # noqa: SLF001

    def _chunks(self) -> Iterator[list[Fst24Record]]:
        for part, start in zip(self._parts, self._starts, strict=False):
            n = len(part.table)
            for low in range(0, n, _CHUNK):
                self._check_open()
                rows = range(low, min(n, low + _CHUNK))
                yield self._of_part(part, rows, start)

    def _of_part(self, part: Source, rows: range | bytes, start: int) -> list[Fst24Record]:
        return _core.make_records(Fst24Record, self, part, part.table, rows, start)

    def _record(self, place: int) -> Fst24Record:
        at = bisect_right(self._starts, place) - 1
        part = self._parts[at]
        return Fst24Record(self, part, part.table, place - self._starts[at], place)

    def _records(self, places: range) -> list[Fst24Record]:
        if len(self._parts) == 1:
            return self._of_part(self._parts[0], places, 0)
        return [self._record(place) for place in places]

    # --------------------------------------------------------------------------- table

    @property
    def table(self) -> Table:
        """The metadata of all records as columns, for everything that takes Arrow data.

        >>> with fst24.open(sample) as f:
        ...     f.table
        <Table 80 records, 23 columns>
        """
        from .table._table import Table, part_of

        parts = [part_of(*pair) for pair in zip(self._parts, self._starts, strict=False)]
        return Table(parts, has_path=len(parts) > 1)

    @overload
    def to_polars(
        self,
        *,
        decode_metadata: bool = ...,
        lazy: Literal[False] = ...,
        decoder: MetadataDecoder | None = ...,
    ) -> pl.DataFrame: ...
    @overload
    def to_polars(
        self,
        *,
        decode_metadata: bool = ...,
        lazy: Literal[True],
        decoder: MetadataDecoder | None = ...,
    ) -> pl.LazyFrame: ...
    def to_polars(
        self,
        *,
        decode_metadata: bool = False,
        lazy: bool = False,
        decoder: MetadataDecoder | None = None,
    ) -> pl.DataFrame | pl.LazyFrame:
        """The metadata of all records as a DataFrame: one row a record, in listing order.

        Parameters
        ----------
        decode_metadata : bool
            Add what the raw columns mean: dates, levels, flags, names, units
            (``docs/api/table.md`` lists them). What means nothing is null; the raw column stays.
        lazy : bool
            Give a LazyFrame.
        decoder : MetadataDecoder, optional
            What to add; by default a `DefaultMetadataDecoder`.

        Returns
        -------
        polars.DataFrame or LazyFrame
            The columns of `CoreMetadata`, then index, offset and nbytes; of linked files also
            path. Numbers are not copied, and stay valid when the file is closed.

        >>> with fst24.open(sample) as f:
        ...     df = f.to_polars(decode_metadata=True)
        >>> df.filter(nomvar="TT", level=1.0).select("valid_time", "long_name", "units").row(0)
        (datetime.datetime(2024, 5, 17, 12, 0), 'air temperature', 'degC')
        """
        self._check_open()
        from .table._read import frame

        return frame(self.table, decode_metadata=decode_metadata, decoder=decoder, lazy=lazy)

    def to_xarray(self, **options: Any) -> xr.Dataset:  # noqa: ANN401 - listed there
        """The records as an xarray Dataset; options are those of `fst24.to_xarray`.

        The file has to stay open for reading values.

        >>> with fst24.open(sample) as f:
        ...     f.to_xarray().TT.dims
        ('time', 'level_t', 'rlat', 'rlon')
        """
        self._check_open()
        from .xarray import to_xarray

        return to_xarray(self, **options)

    # -------------------------------------------------------------------------- search

    def find(self, **criteria: Any) -> Fst24Record | None:  # noqa: ANN401 - see read_records
        """The first record that meets all criteria, None when there is none.

        Criteria are those of `read_records`. The first search by a set of fields looks at all
        records, later ones use an index.

        >>> with fst24.open(sample) as f:
        ...     f.find(nomvar="TT", level=1.0, level_unit="hybrid").index
        33
        """
        self._check_open()
        wanted = query(criteria)
        parts, known = self._searched()
        for at, part in enumerate(parts):
            row = wanted.first(part, known, at)
            if row >= 0:
                return Fst24Record(self, part, part.table, row, self._starts[at] + row)
        return None

    def iter_records(self, **criteria: Any) -> Iterator[Fst24Record]:  # noqa: ANN401
        """The records that meet all criteria (those of `read_records`), one after the other.

        >>> with fst24.open(sample) as f:
        ...     [float(rec.data.max()) > 0 for rec in f.iter_records(nomvar="P0")]
        [True]
        """
        self._check_open()
        if not criteria:
            return iter(self)
        return _one_by_one(self._matches(query(criteria)))

    def _searched(self) -> tuple[tuple[Source, ...], Known]:
        """Where searches look, and what is known of it."""
        return self._parts, self._known

    def _matches(self, wanted: Query) -> Iterator[list[Fst24Record]]:
        parts, known = self._searched()
        for at, (part, start) in enumerate(zip(parts, self._starts, strict=False)):
            self._check_open()
            rows = wanted.all(part, known, at)
            for low in range(0, len(rows), _CHUNK * _ROW_BYTES):
                self._check_open()
                yield self._of_part(part, rows[low : low + _CHUNK * _ROW_BYTES], start)

    def select(
        self,
        records: Iterable[Fst24Record | int] | pl.DataFrame | pl.LazyFrame | None = None,
        /,
        **criteria: Any,  # noqa: ANN401 - see read_records
    ) -> Fst24DataInterface:
        """The records that meet all criteria (those of `read_records`) as a set of records.

        >>> with fst24.open(sample) as f:
        ...     winds = f.select(nomvar=["UU", "VV"], level=(0.9, 1.0), level_unit="hybrid")
        ...     winds.to_polars(decode_metadata=True)["level"].min(), len(winds.read())
        (0.921999990940094, 8)
        """
        from ._interface import Fst24DataInterface

        self._check_open()
        if records is not None or not criteria:
            return Fst24DataInterface(self if records is None else self.read_records(records))
        wanted = query(criteria)
        parts, known = self._searched()
        rows = [wanted.rows(part, known, at) for at, part in enumerate(parts)]
        return Fst24DataInterface._of_rows(self, rows, None)  # noqa: SLF001 - ours

    def read_records(
        self,
        records: Iterable[Fst24Record | int] | pl.DataFrame | pl.LazyFrame | None = None,
        /,
        *,
        variables: str | Sequence[str] | None = None,
        **criteria: Any,  # noqa: ANN401 - listed below
    ) -> list[Fst24Record]:
        """The records that meet all criteria, as a list; their values are read when asked for.

        Parameters
        ----------
        records : iterable of Fst24Record or int, or DataFrame, optional
            Take these (ints are places in the file) rather than search; rows of a frame are those
            of `to_polars`, filtered and sorted as you like.
        variables : str or list of str, optional
            Names of variables: the same as ``nomvar``.
        nomvar, typvar, etiket, grtyp : str or list of str, optional
            Text, or a pattern: ``"T*"``, ``"?T"``, ``"[UV]U"`` as in `fnmatch`. Trailing blanks are
            ignored, lower case stands for upper case (not in grtyp). A text that a record of the
            file has is no pattern; `glob.escape` makes sure that none is taken for one.
        deet, npas, ni, nj, nk, ip1, ip2, ip3, ig1, ig2, ig3, ig4, datyp, nbits : optional
            An exact number, several of them (a list, set, array), or a range: a tuple ``(from,
            to)`` or a slice, both ends included, None where it is open.
        level : float, list or (from, to), optional
            Level in any encoding of its ip1, in ``level_unit``. The ends of a range may be in any
            order. Grid descriptors have none.
        level_unit : str or int, optional
            A unit or a kind, as in `fst24.ip.encode`; without it any kind of level. Alone: all
            levels of that kind.
        valid_time, origin_time : date, several or (from, to), optional
            What `fst24.date.period` takes: ``"2024-05-17"`` is all that day, ``"2024051712"`` all
            that hour, a datetime one instant.
        datev, dateo : optional
            The same, and stamps as numbers: that stamp and no other.
        lead_time : timedelta, timedelta64, float, str, several or (from, to), optional
            From the origin to the validity. Numbers are hours, text is ``"12h"``, ``"90min"``,
            ``"1d12h"``.
        grid : str, record, or several, optional
            On one grid, its axes included: an identifier as in the column ``grid`` of
            `to_polars`, or a record that is on it.
        skip_descriptors : bool, optional
            Leave out records that describe grids and levels (``>>``, ``^^``, ``!!`` ...).

        Raises
        ------
        InvalidArgumentError
            A field that does not exist (the message lists what there is), or a range that ends
            before it begins.
        EncodingError
            A level, a unit, a date or a lead time that cannot be.
        FileChangedError
            A row of a frame is no record of this file.

        >>> with fst24.open(sample) as f:
        ...     len(f.read_records(variables=["TT", "UU"])), len(f.read_records(level=(0.9, 1.0)))
        ...     len(f.read_records(nomvar="?T", valid_time="2024-05-17", lead_time=0))
        (24, 24)
        12
        """
        self._check_open()
        if variables is not None:
            criteria["variables"] = variables
        if records is None:
            return list(chain.from_iterable(self._matches(query(criteria))))
        if criteria:
            raise InvalidArgumentError("give records or criteria, not both")
        return self._given_records(records)

    def _given_records(self, records: Any) -> list[Fst24Record]:  # noqa: ANN401 - see read_records
        if _is_frame(records):
            from .table._read import records_of

            return records_of(self, records)
        if isinstance(records, np.ndarray) and records.dtype.kind in "iu" and records.ndim == 1:
            return self._at(records.astype(np.int64))
        if isinstance(records, str | bytes) or not isinstance(records, Iterable):
            raise TypeError(_no_index(records))
        return [self._given_record(one) for one in records]

    def _at(self, places: npt.NDArray[np.int64]) -> list[Fst24Record]:
        """Records at places, in their order: made at once where all are of one file."""
        inside = places.size and places.min() >= 0 and places.max() < len(self)
        if len(self._parts) != 1 or not inside:
            return [self[place] for place in places.tolist()]
        return self._of_part(self._parts[0], places.tobytes(), 0)

    def _given_record(self, one: Fst24Record | int) -> Fst24Record:
        return one if isinstance(one, Fst24Record) else self[one]

    # -------------------------------------------------------------------- coordinates

    def grid(self, record: Fst24Record | int) -> Grid:
        """The grid of a record; its axes (``>>`` ``^^``) are taken from this file.

        Each grid of a file is made once and shared: records on one grid get the same object.

        Raises
        ------
        RecordNotFoundError
            The axes are not in this file. The record may be of another one than the axes.
        CorruptFileError
            The axes contradict the record, each other, or themselves.
        UnsupportedError
            Nothing says where the points are.

        >>> with fst24.open(sample) as f:
        ...     grid = f.grid(f.find(nomvar="TT"))
        ...     grid is f.grid(f.find(nomvar="UU"))
        True
        """
        self._check_open()
        wanted = self._given_record(record)
        return self._grids.of(self, wanted) if self._parts_stay else grid_of(self, wanted)

    def vertical(self, of: Fst24Record | int, *, strict: bool = False) -> Vertical | None:
        """The vertical coordinate of a record, or of a level.

        Parameters
        ----------
        of : Fst24Record or int
            A field, or an ip1. A ``!!`` is looked for by the tag of the record, among all for an
            ip1; then ``PT`` and ``HY``; other levels describe themselves.
        strict : bool
            Do not take the only ``!!`` of the file when its tag is another one.

        Returns
        -------
        Vertical or None
            Levels that describe themselves are those of the variable on its grid, of all fields
            for an ip1. None for a descriptor, and where ip1 is 0 or no level.

        Raises
        ------
        RecordNotFoundError
            The level needs a ``!!`` or ``HY``, and there is none that is certain.
        InvalidArgumentError
            Several that differ.

        >>> with fst24.open(sample) as f:
        ...     f.vertical(f.find(nomvar="TT")).references
        ('P0',)
        """
        self._check_open()
        from .vertical import vertical_of

        return vertical_of(self, of, strict=strict)

    # --------------------------------------------------------------------------- read

    @overload
    def read(
        self,
        records: Fst24Record | int,
        /,
        *,
        out: npt.NDArray[Any] | None = None,
        threads: int | None = None,
    ) -> npt.NDArray[Any]: ...
    @overload
    def read(
        self,
        records: Iterable[Fst24Record | int] | pl.DataFrame | pl.LazyFrame | None = None,
        /,
        *,
        out: Sequence[npt.NDArray[Any]] | npt.NDArray[Any] | None = None,
        threads: int | None = None,
    ) -> list[npt.NDArray[Any]]: ...
    def read(
        self,
        records: Iterable[Fst24Record | int]
        | pl.DataFrame
        | pl.LazyFrame
        | Fst24Record
        | int
        | None = None,
        /,
        *,
        out: Sequence[npt.NDArray[Any]] | npt.NDArray[Any] | None = None,
        threads: int | None = None,
    ) -> list[npt.NDArray[Any]] | npt.NDArray[Any]:
        """The values of many records at once, in arrays of your own.

        Parameters
        ----------
        records : iterable of Fst24Record or int, optional
            Records of this file or of others, or places in this file, or rows of `to_polars`;
            without it all. One alone gives one array.
        out : ndarray or sequence of ndarray, optional
            Where to put the values: an array for each record, or one array whose last dimension
            counts the records. Each of the record's shape and dtype, in Fortran order. They hold
            anything after a failure.
        threads : int, optional
            Threads to use; see `enable_thread_safety` for the number without it.

        Returns
        -------
        list of ndarray
            In the order of the records: what was given as ``out``, or new arrays in Fortran
            order. The records keep nothing.

        Raises
        ------
        MemoryLimitError
            All of them together do not fit; nothing was allocated.

        >>> with fst24.open(sample) as f:
        ...     arrays = f.read(f.read_records(variables=["TT", "UU"]), threads=2)
        >>> len(arrays), arrays[0].shape, arrays[0].dtype
        (24, (42, 34), dtype('float32'))
        """
        self._check_open()
        if isinstance(records, Fst24Record | int | np.integer):
            given = None if out is None else [out]
            return self.read([records], out=given, threads=threads)[0]  # type: ignore[arg-type]
        wanted = list(self) if records is None else self._given_records(records)
        outs = None if out is None else outs_of(out, wanted)
        n_threads = thread_settings().threads if threads is None else threads
        if n_threads < 1:
            raise InvalidArgumentError(f"threads={threads}: at least one is needed")
        if not all(isinstance(record._source, _core.File) for record in wanted):  # noqa: SLF001
            return [
                record.decode(None if outs is None else outs[i]) for i, record in enumerate(wanted)
            ]
        read = _core.read_many(wanted, outs, n_threads)
        if outs is not None:
            return list(outs)
        return [as_array(block, code, shape) for block, code, shape in read if block is not None]


def _is_frame(records: object) -> bool:
    """Whether something is a table of another library, which need not be imported to know."""
    return hasattr(records, "__arrow_c_stream__") or hasattr(records, "lazy")


def _one_by_one(chunks: Iterator[list[Fst24Record]]) -> Iterator[Fst24Record]:
    """The records of lists, each let go of before the next: values that it keeps go with it."""
    for chunk in chunks:
        chunk.reverse()
        while chunk:
            yield chunk.pop()


def _no_index(index: object) -> str:
    message = f"records are taken by their place, a whole number, or by a slice, not by {index!r}"
    if isinstance(index, str):
        return f"{message}; f.find(nomvar={index!r}) searches"
    return message


def _reopened(given: list[SourceLike], options: OpenOptions) -> Fst24File:
    return Fst24File(given, **options._asdict())
