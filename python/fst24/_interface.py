"""A set of records, from one file or from many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from ._errors import InvalidArgumentError
from ._file import Fst24File
from ._record import Fst24Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from ._metadata import CoreMetadata


class Fst24DataInterface:
    """A set of records: what was found, kept together and read together.

    Parameters
    ----------
    records : Fst24File or iterable of Fst24Record
        All records of a file, or some of one or several files. The files have to stay open for
        reading values.

    >>> with fst24.open(sample) as f:
    ...     winds = Fst24DataInterface(f.iter_records(nomvar=["UU", "VV"]))
    ...     len(winds), winds[0].nomvar, len(winds.read())
    (24, 'UU', 24)
    """

    __slots__ = ("_records",)

    def __init__(self, records: Fst24File | Iterable[Fst24Record]) -> None:
        self._records = list(records)
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
            return Fst24DataInterface(self._records[index])
        return self._records[index]

    def __repr__(self) -> str:
        return f"<Fst24DataInterface {len(self):,} records>"
