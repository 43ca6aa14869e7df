"""Conditions in SQL, and the order of rows: both by the columns that can be shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click
import numpy as np

import fst24

from ._fields import FIELDS, no_column
from ._rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    import polars as pl

#: In conditions and orders these are numbers and times, not the text that --columns shows.
_MEANT = {"level": "level", "level_value": "level", "origin": "origin_time", "valid": "valid_time"}
#: Columns that are of this command, not of the table.
_MADE = ("path", "file_index", "ip2_text", "ip3_text", "lead", "type")
_ROW = "the row"
_ANSWER = "the answer"
_TOKEN = re.compile(r"""('(?:[^']|'')*')|"((?:[^"]|"")*)"|([A-Za-z_]\w*)(?!\w*\s*\()""")


def frame(rows: Rows, names: Iterable[str]) -> pl.DataFrame:
    """Columns of ``rows`` by the names of --columns, for Polars to compare."""
    import polars as pl

    wanted = list(names)
    made = [pl.Series(n, FIELDS[n].values(rows), _kind(n)) for n in wanted if n in _MADE]
    found = pl.DataFrame(made)
    rest = [n for n in wanted if n not in _MADE]
    stored = [n for n in rest if n in _STORED]
    columns = [pl.Series(n, rows.array(n)) for n in stored]
    if len(stored) < len(rest):
        decoded = rows.frame()
        columns += [decoded.get_column(_MEANT.get(n, n)).alias(n) for n in rest if n not in stored]
    return found.hstack(columns) if made else pl.DataFrame(columns)


def _kind(name: str) -> Any:  # noqa: ANN401 - a type of Polars
    import polars as pl

    return {"file_index": pl.Int64, "lead": pl.Float64}.get(name, pl.Utf8)


_STORED = (*fst24.CoreMetadata.__slots__, "index", "offset", "nbytes")


class Where:
    """A condition in SQL, of which the words are known.

    Column names may be in upper case. Text in double quotes that is no column is text, as SQLite
    has it and shells make people write it.
    """

    def __init__(self, conditions: Sequence[str]) -> None:
        self._names: set[str] = set()
        # The line end keeps a comment from hiding what follows.
        self._conditions = [f"({self._known(text)}\n)" for text in conditions]
        self.keep(Rows(fst24.Fst24DataInterface([]), ""))  # a mistake is told before files are read

    def _known(self, text: str) -> str:
        def known(found: re.Match[str]) -> str:
            literal, quoted, word = found.groups()
            if literal is not None:
                return literal
            name = word or quoted.replace('""', '"')
            if name.lower() in FIELDS:
                self._names.add(name.lower())
                return f'"{name.lower()}"'
            if word:
                return word
            return "'" + name.replace("'", "''") + "'"

        return _TOKEN.sub(known, text)

    def keep(self, rows: Rows) -> npt.NDArray[np.int64]:
        """The places of the rows that meet the condition."""
        import polars as pl

        columns = frame(rows, sorted(self._names))
        place = pl.Series(_ROW, range(len(rows)), pl.Int64)
        columns = columns.hstack([place]) if columns.width else pl.DataFrame([place])
        kept = np.ones(len(rows), np.bool_)
        for condition in self._conditions:
            kept &= _answers(columns, condition)
        return np.flatnonzero(kept)


def _answers(table: pl.DataFrame, condition: str) -> npt.NDArray[np.bool_]:
    """Whether each row meets a condition; what means nothing does not."""
    import polars as pl

    query = f'SELECT {condition} AS "{_ANSWER}" FROM records'  # noqa: S608 - their own files
    try:
        found = pl.SQLContext(records=table.lazy()).execute(query).collect()
    except Exception as error:  # noqa: BLE001 - whatever Polars makes of it
        raise click.BadParameter(_reason(error), param_hint="--where") from None
    answer = found.to_series()
    if found.width != 1 or answer.dtype != pl.Boolean or len(answer) != table.height:
        raise click.BadParameter(
            f"{condition[1:-2]!r} is no condition on each record", param_hint="--where"
        )
    return answer.fill_null(False).to_numpy()


def _reason(error: Exception) -> str:
    """What is wrong with a condition, in one line that names the columns."""
    import polars as pl

    first = re.sub(r" at Line: \d+.*", "", str(error).strip().partition("\n")[0])
    if isinstance(error, pl.exceptions.ColumnNotFoundError):
        quoted = re.search('"(.+?)"', first)
        first = no_column([quoted[1] if quoted else first])
    return f"{first}; columns are {', '.join(sorted(FIELDS))}"


class Order:
    """Columns to sort by, ``-COL`` for descending; what means nothing comes last."""

    def __init__(self, wanted: str) -> None:
        parts = [part.strip().lower() for part in wanted.split(",") if part.strip()]
        self._names = [part.lstrip("+-") for part in parts]
        self._descending = [part.startswith("-") for part in parts]
        unknown = [name for name in self._names if name not in FIELDS]
        if unknown or not parts:
            what = no_column(unknown) if unknown else "no column is named"
            raise click.BadParameter(
                f"{what}; there are {', '.join(sorted(FIELDS))}", param_hint="--sort"
            )
        if "grid_info" in self._names:
            raise click.BadParameter("grid_info has no order; grid has", param_hint="--sort")

    def places(self, files: Sequence[Rows]) -> npt.NDArray[np.int64]:
        """The places of all rows of all files, in order."""
        import polars as pl

        keys = pl.concat([frame(rows, dict.fromkeys(self._names)) for rows in files])
        table = keys.hstack([pl.Series(_ROW, range(keys.height), pl.Int64)])
        # Polars 0.20.0 has neither nulls_last for several columns nor maintain_order.
        by, descending = [], []
        for name, falls in zip(self._names, self._descending, strict=True):
            by += [pl.col(name).is_null(), pl.col(name)]
            descending += [False, falls]
        done = table.sort([*by, pl.col(_ROW)], descending=[*descending, False])
        return done.get_column(_ROW).to_numpy()
