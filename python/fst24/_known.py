"""What searches want to know of a file again and again: the distinct values of its columns.

A million records have some hundred names, levels and dates. What is meant by a criterion is looked
for among those, and the library then searches for what they are stored as.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core, date, ip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from ._core import Table
    from .ip import Levels


class Known:
    """Distinct values of the tables of a file (of linked files one each), found when wanted.

    Threads that want the same at once may each work it out; what they find is the same.
    """

    __slots__ = ("_found", "tables")

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tuple(tables)
        self._found: dict[tuple[int, str], Any] = {}

    def _once(self, at: int, what: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        if (at, what) not in self._found:
            self._found[at, what] = work()
        return self._found[at, what]

    def column(self, at: int, name: str) -> npt.NDArray[Any]:
        """A column of table ``at`` as the library has it."""
        return np.asarray(self.tables[at].column(name))

    def numbers(self, at: int, name: str) -> npt.NDArray[np.int32]:
        """Distinct numbers of a column."""
        from .table._table import distinct

        def work() -> npt.NDArray[np.int32]:
            column = self.column(at, name)
            return column[distinct(column)[1]]

        return self._once(at, name, work)  # type: ignore[no-any-return]

    def texts(self, at: int, name: str) -> list[str]:
        """Distinct texts of a column, without trailing blanks, a letter for each byte."""
        from .table._table import distinct_bytes

        def work() -> list[str]:
            column = self.column(at, name)
            return [text_of(column, row) for row in distinct_bytes(column)[1].tolist()]

        return self._once(at, name, work)  # type: ignore[no-any-return]

    def has_text(self, name: str, text: str) -> bool:
        """Whether a record of any of the tables has this very text."""
        return any(text in self.texts(at, name) for at in range(len(self.tables)))

    def instants(self, at: int, name: str) -> npt.NDArray[np.datetime64]:
        """The dates of the distinct stamps of dateo or datev; NaT where one is none."""
        return self._once(  # type: ignore[no-any-return]
            at, f"{name} as dates", lambda: date.decode(self.numbers(at, name))
        )

    def levels(self, at: int) -> Levels:
        """Values and kinds of the distinct ip1."""
        return self._once(at, "levels", lambda: ip.decode(self.numbers(at, "ip1")))  # type: ignore[no-any-return]

    def fields(self, at: int) -> tuple[str, ...] | None:
        """Names whose ips are no tags; None: those are all that are no descriptors."""
        from .table._meaning import is_tagged

        def work() -> tuple[str, ...] | None:
            names = self.texts(at, "nomvar")
            tagged = {name for name in names if is_tagged(name)}
            if all(map(_core.is_descriptor, tagged)):
                return None
            return tuple(name for name in names if name not in tagged)

        return self._once(at, "fields", work)  # type: ignore[no-any-return]


def text_of(column: npt.NDArray[Any], row: int) -> str:
    """The text in a row of a column of the library."""
    return column[row : row + 1].tobytes().rstrip(b" ").decode("latin-1")
