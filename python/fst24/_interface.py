"""A set of records, from one file or from many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from ._criteria import Query, query
from ._errors import InvalidArgumentError
from ._file import Fst24File
from ._known import Known
from ._record import Fst24Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt
    import polars as pl
    import xarray as xr

    from ._metadata import CoreMetadata
    from ._sources import Source
    from .table import MetadataDecoder, Table


class Fst24DataInterface:
    """A set of records: what was found, kept together and read together.

    Parameters
    ----------
    records : Fst24File or iterable of Fst24Record
        All records of a file, or some of one or several files. The files have to stay open for
        reading values.
    decoder : MetadataDecoder, optional
        What `to_polars` adds when it decodes; by default a `DefaultMetadataDecoder`.

    `Fst24File.select` makes one by criteria.

    >>> with fst24.open(sample) as f:
    ...     winds = Fst24DataInterface(f.iter_records(nomvar=["UU", "VV"]))
    ...     len(winds), winds[0].nomvar, len(winds.read())
    (24, 'UU', 24)
    """

    __slots__ = ("_decoder", "_file", "_made", "_rows")

    def __init__(
        self,
        records: Fst24File | Iterable[Fst24Record],
        *,
        decoder: MetadataDecoder | None = None,
    ) -> None:
        self._decoder = decoder
        #: Rows of each file of `_file` (None: all), from which records are made when wanted.
        self._file: Fst24File | None = None
        self._rows: list[npt.NDArray[np.int64] | None] = []
        self._made: list[Fst24Record] | None = None
        if isinstance(records, Fst24File) and records._parts_stay:  # noqa: SLF001 - ours
            records._check_open()  # noqa: SLF001
            self._file, self._rows = records, [None] * len(records._parts)  # noqa: SLF001
            return
        self._made = list(records)
        for record in self._made:
            if not isinstance(record, Fst24Record):
                raise TypeError(f"a set of records holds Fst24Record, not {type(record).__name__}")

    @classmethod
    def _of_rows(
        cls,
        file: Fst24File,
        rows: Sequence[npt.NDArray[np.int64] | None],
        decoder: MetadataDecoder | None,
    ) -> Fst24DataInterface:
        """Rows of each of the linked files of a file."""
        found = cls((), decoder=decoder)
        found._file, found._rows, found._made = file, list(rows), None
        return found

    @property
    def _records(self) -> list[Fst24Record]:
        if self._made is None:
            file = self._file
            assert file is not None  # noqa: S101 - or there were records from the beginning
            self._made = [
                record
                for part, rows, start in zip(file._parts, self._rows, file._starts, strict=False)  # noqa: SLF001
                for record in file._of_part(  # noqa: SLF001
                    part, range(len(part.table)) if rows is None else rows.tobytes(), start
                )
            ]
        return self._made

    def _files(self) -> Iterable[Fst24File]:
        """The open files that the records are of, each once."""
        if self._file is not None:
            return [self._file]
        return {id(record.file): record.file for record in self._records}.values()

    def select(self, **criteria: Any) -> Fst24DataInterface:  # noqa: ANN401 - see read_records
        """Those of the records that meet all criteria, which are those of `Fst24File.read_records`.

        >>> with fst24.open(sample) as f:
        ...     winds = f.select(nomvar=["UU", "VV"])
        ...     len(winds), len(winds.select(level=1.5, level_unit="M"))
        (24, 0)
        """
        wanted = query(criteria)
        if self._file is not None:
            file = self._file
            kept = [
                _kept(wanted, part, file._known, at, rows)  # noqa: SLF001 - ours
                for at, (part, rows) in enumerate(zip(file._parts, self._rows, strict=True))  # noqa: SLF001
            ]
            return self._of_rows(file, kept, self._decoder)
        sources = {id(record._source): record._source for record in self._records}  # noqa: SLF001
        known = Known([source.table for source in sources.values()])
        meets = {
            key: np.isin(np.arange(len(source.table)), wanted.rows(source, known, at))
            for at, (key, source) in enumerate(sources.items())
        }
        kept_records = [r for r in self._records if meets[id(r._source)][r._row]]  # noqa: SLF001
        return Fst24DataInterface(kept_records, decoder=self._decoder)

    @property
    def records(self) -> list[Fst24Record]:
        """The records, in the order given."""
        return list(self._records)

    @property
    def core(self) -> list[CoreMetadata]:
        """The metadata of all records."""
        return [record.core for record in self._records]

    @property
    def table(self) -> Table:
        """The metadata as columns, in the order of the records; see `Fst24File.table`."""
        from .table._table import Table, part_of, parts_of

        if self._file is not None:
            parts = zip(self._file._parts, self._file._starts, self._rows, strict=False)  # noqa: SLF001
            return Table([part_of(*part) for part in parts], has_path=len(self._rows) > 1)
        has_path = len({id(record._source) for record in self._records}) > 1  # noqa: SLF001 - ours
        return Table(parts_of(self._records), has_path=has_path)

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
        """The metadata as a DataFrame, one row a record; see `Fst24File.to_polars`.

        The decoder is that of the set unless another one is given.
        There is a column ``path`` when the records are of several files.

        >>> with fst24.open(sample) as f:
        ...     winds = Fst24DataInterface(f.iter_records(nomvar=["UU", "VV"]))
        ...     winds.to_polars(decode_metadata=True)["units"].unique().to_list()
        ['kt']
        """
        from .table._read import frame

        chosen = decoder or self._decoder
        return frame(self.table, decode_metadata=decode_metadata, decoder=chosen, lazy=lazy)

    def to_xarray(self, **options: Any) -> xr.Dataset:  # noqa: ANN401 - listed there
        """The records as an xarray Dataset; options are those of `fst24.to_xarray`.

        >>> with fst24.open(sample) as f:
        ...     list(f.select(nomvar=["UU", "VV"]).to_xarray().data_vars)
        ['UU', 'VV']
        """
        if self._file is None and not self._records:
            raise InvalidArgumentError("a set without records is no Dataset")
        file = self._records[0].file if self._file is None else self._file
        from .xarray import to_xarray

        return to_xarray(file, **{"records": self, **options})

    def read(
        self,
        *,
        out: Sequence[npt.NDArray[Any]] | npt.NDArray[Any] | None = None,
        threads: int | None = None,
    ) -> list[npt.NDArray[Any]]:
        """The values of all records, as `Fst24File.read`."""
        if not self._records:
            return []
        file = self._records[0].file
        if not isinstance(file, Fst24File):
            raise InvalidArgumentError("records without a file are read one by one")
        return file.read(self._records, out=out, threads=threads)

    def __len__(self) -> int:
        if self._made is None and self._file is not None:
            n_all = (len(part.table) for part in self._file._parts)  # noqa: SLF001 - ours
            pairs = zip(n_all, self._rows, strict=True)
            return sum(n if rows is None else len(rows) for n, rows in pairs)
        return len(self._records)

    def __iter__(self) -> Iterator[Fst24Record]:
        return iter(self._records)

    @overload
    def __getitem__(self, index: int) -> Fst24Record: ...
    @overload
    def __getitem__(self, index: slice) -> Fst24DataInterface: ...
    def __getitem__(self, index: int | slice) -> Fst24Record | Fst24DataInterface:
        if isinstance(index, slice):
            return Fst24DataInterface(self._records[index], decoder=self._decoder)
        return self._records[index]

    def __repr__(self) -> str:
        return f"<Fst24DataInterface {len(self):,} records>"


def _kept(
    wanted: Query, part: Source, known: Known, at: int, rows: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.int64]:
    """Those of the rows of a file that a query wants."""
    found = wanted.rows(part, known, at)
    return found if rows is None else rows[np.isin(rows, found)]
