"""A set of records, from one file or from many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from ._errors import InvalidArgumentError
from ._file import Fst24File
from ._record import Fst24Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt
    import polars as pl

    from ._metadata import CoreMetadata
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

    >>> with fst24.open(sample) as f:
    ...     winds = Fst24DataInterface(f.iter_records(nomvar=["UU", "VV"]))
    ...     len(winds), winds[0].nomvar, len(winds.read())
    (24, 'UU', 24)
    """

    __slots__ = ("_decoder", "_records")

    def __init__(
        self,
        records: Fst24File | Iterable[Fst24Record],
        *,
        decoder: MetadataDecoder | None = None,
    ) -> None:
        self._records = list(records)
        self._decoder = decoder
        for record in self._records:
            if not isinstance(record, Fst24Record):
                raise TypeError(f"a set of records holds Fst24Record, not {type(record).__name__}")

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
        from .table._table import Table, parts_of

        has_path = len({id(record._source) for record in self._records}) > 1  # noqa: SLF001 - ours
        return Table(parts_of(self._records), has_path=has_path)

    @overload
    def to_polars(
        self, *, decode_metadata: bool = ..., lazy: Literal[False] = ...
    ) -> pl.DataFrame: ...
    @overload
    def to_polars(self, *, decode_metadata: bool = ..., lazy: Literal[True]) -> pl.LazyFrame: ...
    def to_polars(
        self, *, decode_metadata: bool = False, lazy: bool = False
    ) -> pl.DataFrame | pl.LazyFrame:
        """The metadata as a DataFrame, one row a record; see `Fst24File.to_polars`.

        There is a column ``path`` when the records are of several files.

        >>> with fst24.open(sample) as f:
        ...     winds = Fst24DataInterface(f.iter_records(nomvar=["UU", "VV"]))
        ...     winds.to_polars(decode_metadata=True)["units"].unique().to_list()
        ['kt']
        """
        from .table._read import frame

        return frame(self.table, decode_metadata=decode_metadata, decoder=self._decoder, lazy=lazy)

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
