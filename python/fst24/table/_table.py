"""`Table`: the columns of one file or of several, for Arrow and for Polars."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fst24 import _core

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    import polars as pl

    from fst24._record import Fst24Record
    from fst24._sources import Source

TEXTS = {"nomvar": 4, "typvar": 2, "etiket": 12, "grtyp": 1}
#: In the order of `CoreMetadata`; then where the record is.
CORE = (
    *("nomvar", "typvar", "etiket", "datev", "ip1", "ip2", "ip3", "ni", "nj", "nk"),
    *("grtyp", "ig1", "ig2", "ig3", "ig4", "dateo", "deet", "npas", "datyp", "nbits"),
)
COLUMNS = (*CORE, "index", "offset", "nbytes")
_INT64 = {"index": np.int64, "offset": np.uint64, "nbytes": np.uint64}
_FIRST_PRINTED, _LAST_PRINTED = 0x20, 0x7E


class Part(NamedTuple):
    """Rows of one file."""

    core: _core.Table
    #: None: all of them, in order.
    rows: npt.NDArray[np.int64] | None
    #: Index of the file's first record.
    first: int
    path: str
    #: Read by the library, which can give it to Arrow; tables made in Python cannot.
    is_native: bool

    def __len__(self) -> int:
        return len(self.core) if self.rows is None else len(self.rows)


def part_of(source: Source, first: int, rows: npt.NDArray[np.int64] | None = None) -> Part:
    """Rows of a source; its first record is number ``first``."""
    is_native = isinstance(source, _core.File)
    return Part(source.table, rows, first, shown_path(source.path), is_native)


def shown_path(path: str) -> str:
    r"""A path as the column ``path`` has it: bytes that are no text as ``\xNN``."""
    if path.isprintable():
        return path
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def path_of(shown: str) -> str:
    """The file that a value of the column ``path`` names."""
    if "\\x" not in shown or os.path.lexists(shown):
        return shown
    raw = re.sub(rb"\\x([89a-f][0-9a-f])", lambda m: bytes.fromhex(m[1].decode()), shown.encode())
    return os.fsdecode(raw)


def parts_of(records: Iterable[Fst24Record]) -> list[Part]:
    """Records as parts, in their order: a part for each run of records of one file."""
    runs: list[tuple[Source, int, list[int]]] = []
    last: Source | None = None
    for record in records:
        source: Source = record._source  # noqa: SLF001 - ours
        row = record._row  # noqa: SLF001
        if source is not last or record.index - row != runs[-1][1]:
            runs.append((source, record.index - row, []))
            last = source
        runs[-1][2].append(row)
    return [part_of(source, first, np.array(rows, np.int64)) for source, first, rows in runs]


class Table:
    """The metadata of records: one row a record, in listing order.

    What `Fst24File.table` gives. It speaks the Arrow PyCapsule interface, so everything that takes
    Arrow data takes it: ``polars.DataFrame(t)``, ``pyarrow.table(t)``,
    ``pandas.DataFrame.from_arrow(t)``, and DuckDB by the name of the variable. Numbers are not
    copied; they stay valid when the file is closed. Text comes as string views, as ``utf8`` or
    ``large_utf8`` when the consumer asks for that.

    >>> with fst24.open(sample) as f:
    ...     t = f.table
    >>> len(t), t.columns[:4]
    (80, ('nomvar', 'typvar', 'etiket', 'datev'))
    >>> t.column("ni")[:3]
    array([42,  1,  3], dtype=int32)
    """

    __slots__ = ("_has_path", "_parts")

    def __init__(self, parts: Sequence[Part], *, has_path: bool) -> None:
        self._parts = tuple(parts) or (_no_records(),)
        self._has_path = has_path

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns; ``path`` is there for several files only."""
        return (*COLUMNS, "path") if self._has_path else COLUMNS

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __repr__(self) -> str:
        return f"<Table {len(self):,} records, {len(self.columns)} columns>"

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column as an array: of int32, int64 (index), uint64 (offset, nbytes) or text.

        Raises
        ------
        KeyError
            There is no such column.
        """
        if name not in self.columns:
            raise KeyError(f"a table has no column {name!r}; it has {', '.join(self.columns)}")
        if name == "path":
            return np.repeat([p.path for p in self._parts], [len(p) for p in self._parts])
        found = [_raw(part, name) for part in self._parts]
        raw = found[0] if len(found) == 1 else np.concatenate(found)
        if name in TEXTS:
            codes, texts = distinct_raw(raw)
            return np.array(texts or [""])[codes]
        return raw

    def stored_column(self, name: str) -> npt.NDArray[Any]:
        """A column of the library that tables do not show: ``dasiz``, ``flags``, ``file_index``."""
        return np.concatenate([_raw(part, name) for part in self._parts])

    def coded(self, name: str) -> tuple[npt.NDArray[np.int32], list[str]]:
        """A column of text as numbers: that of the text in each row, and the distinct texts.

        >>> with fst24.open(sample) as f:
        ...     codes, texts = f.table.coded("nomvar")
        >>> codes[:5], texts[:4]
        (array([0, 1, 2, 3, 4], dtype=int32), ['>>', '^^', '!!', 'TT'])
        """
        if name not in TEXTS:
            raise KeyError(f"{name!r} is no column of text; they are {', '.join(TEXTS)}")
        found = [_raw(part, name) for part in self._parts]
        return distinct_raw(found[0] if len(found) == 1 else np.concatenate(found))

    # -------------------------------------------------------------------------- Arrow

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        if not self._is_native:
            return self.to_polars().__arrow_c_stream__(requested_schema)
        parts = tuple(
            (part.core, part.rows, part.first, part.path if self._has_path else None)
            for part in self._parts
        )
        return _core.arrow_stream(parts, self.columns, requested_schema)

    def __arrow_c_schema__(self) -> object:
        return _core.arrow_schema(self.columns, None)

    @property
    def _is_native(self) -> bool:
        return all(part.is_native for part in self._parts)

    # ------------------------------------------------------------------------- Polars

    def to_polars(self) -> pl.DataFrame:
        """The table as a DataFrame, numbers not copied.

        >>> with fst24.open(sample) as f:
        ...     df = f.table.to_polars()
        >>> df.select("nomvar", "ip1", "ni").row(0)
        ('>>', 34517, 42)
        """
        import polars as pl

        # Taken by the constructor from Polars 1.3 on.
        if self._is_native and hasattr(pl.Series, "__arrow_c_stream__"):
            return pl.DataFrame(self)
        return pl.DataFrame({name: self._series(name) for name in self.columns})

    def _series(self, name: str) -> pl.Series:
        import polars as pl

        if name == "path":
            pieces = [
                pl.Series(name, [part.path], pl.Utf8).new_from_index(0, len(part))
                for part in self._parts
            ]
            return pl.concat(pieces).alias(name)
        raw = np.concatenate([_raw(part, name) for part in self._parts])
        if name not in TEXTS:
            return pl.Series(name, raw)
        codes, texts = distinct_raw(raw)
        return pl.Series(name, texts, pl.Utf8).gather(codes.view(np.uint32))


class _Columns:
    """Some columns of a part, for what takes Arrow data."""

    def __init__(self, part: Part, names: Sequence[str]) -> None:
        self._part = (part.core, part.rows, part.first, None)
        self._names = tuple(names)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _core.arrow_stream((self._part,), self._names, requested_schema)


def part_frame(part: Part, names: Sequence[str]) -> pl.DataFrame:
    """Some columns of a part, but its path, as a DataFrame."""
    import polars as pl

    if part.is_native and hasattr(pl.Series, "__arrow_c_stream__"):
        return pl.DataFrame(_Columns(part, names))
    table = Table([part], has_path=False)
    return pl.DataFrame({name: table._series(name) for name in names})  # noqa: SLF001 - ours


def _no_records() -> Part:
    names = {"dasiz": np.uint8, "flags": np.uint8, "offset": np.uint64, "n_bytes": np.uint64}
    numbers = {name: np.int32 for name in (*CORE, "file_index") if name not in TEXTS}
    columns: dict[str, Any] = {name: np.empty(0, kind) for name, kind in (numbers | names).items()}
    columns |= {name: np.empty(0, f"S{width}") for name, width in TEXTS.items()}
    return Part(_core.Table(columns), None, 0, "", is_native=False)


def _raw(part: Part, name: str) -> npt.NDArray[Any]:
    """A column of a part as the library has it."""
    if name == "index":
        rows = np.arange(len(part.core), dtype=np.int64) if part.rows is None else part.rows
        return rows + part.first
    column = np.asarray(part.core.column("n_bytes" if name == "nbytes" else name))
    return column if part.rows is None else column[part.rows]


def distinct(*columns: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """The number of the value in each row, and the first row of each value."""
    codes, rows = _core.distinct_rows(tuple(np.ascontiguousarray(column) for column in columns))
    return np.frombuffer(codes, np.int32), np.frombuffer(rows, np.int64)


def distinct_bytes(raw: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """`distinct` for padded text of the library."""
    n_words = -(-raw.itemsize // 4)
    padded = np.zeros((len(raw), 4 * n_words), np.uint8)
    padded[:, : raw.itemsize] = (
        np.ascontiguousarray(raw).view(np.uint8).reshape(len(raw), raw.itemsize)
    )
    words = padded.view(np.uint32)
    return distinct(*(words[:, w] for w in range(n_words)))


def distinct_raw(raw: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Padded text of the library as numbers, and the texts that they stand for."""
    codes, rows = distinct_bytes(raw)
    return codes, [_text(raw[row : row + 1].tobytes()) for row in rows]


def _text(raw: bytes) -> str:
    r"""As Arrow has it: without trailing blanks, a byte that cannot be printed as ``\xNN``."""
    return "".join(
        chr(byte) if _FIRST_PRINTED <= byte <= _LAST_PRINTED else f"\\x{byte:02x}"
        for byte in raw.rstrip(b" ")
    )
