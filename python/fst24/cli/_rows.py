"""Records of a file as columns, of which those that are shown are worked out."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Literal

import click

import fst24

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import numpy.typing as npt
    import polars as pl

Language = Literal["en", "fr"]
language_option = click.option(
    "--lang",
    type=click.Choice(["en", "fr"]),
    default="en",
    show_default=True,
    help="Language of the names of variables.",
)
_FRAME = "the frame"  # among the names of columns


class Rows:
    """A set of records, or of it those at ``kept``, in order; each column is made once."""

    def __init__(
        self,
        records: fst24.Fst24DataInterface,
        path: str,
        kept: npt.NDArray[np.int64] | None = None,
        *,
        language: Language = "en",
    ) -> None:
        self._set = records
        self._kept = kept
        self._language = language
        self._table = records.table
        self._made: dict[str, Any] = {}  # shared by the windows on these rows
        self._window = slice(None)
        self.path = path

    def __len__(self) -> int:
        n = len(self._table) if self._kept is None else len(self._kept)
        return len(range(*self._window.indices(n)))

    def of(self, kept: npt.NDArray[np.int64]) -> Rows:
        """Those at places in these rows."""
        places = kept if self._kept is None else self._kept[kept]
        return Rows(self._set, self.path, places, language=self._language)

    def chunks(self, n: int) -> Iterator[Rows]:
        """The same, ``n`` at a time."""
        for low in range(0, len(self), n):
            part = copy(self)
            part._window = slice(low, low + n)  # noqa: SLF001 - of this class
            yield part

    def records(self) -> Iterable[fst24.Fst24Record]:
        """The records themselves."""
        if self._kept is None:
            return list(self._set)[self._window]
        return [self._set[place] for place in self._kept[self._window].tolist()]

    def array(self, name: str) -> npt.NDArray[Any]:
        """A stored column."""
        if name not in self._made:
            column = self._table.column(name)
            self._made[name] = column if self._kept is None else column[self._kept]
        return self._made[name][self._window]  # type: ignore[no-any-return]

    def stored(self, name: str) -> list[Any]:
        """The values of a stored column."""
        return self.array(name).tolist()  # type: ignore[no-any-return]

    def frame(self) -> pl.DataFrame:
        """All of the stored and the decoded columns."""
        if _FRAME not in self._made:
            decoder = fst24.DefaultMetadataDecoder(language=self._language)
            frame = self._set.to_polars(decode_metadata=True, decoder=decoder)
            self._made[_FRAME] = frame if self._kept is None else frame[self._kept]
        return self._made[_FRAME][self._window]  # type: ignore[no-any-return]

    def decoded(self, name: str) -> list[Any]:
        """The values of a decoded column."""
        return self.frame().get_column(name).to_list()
