"""Rows on standard output as a table, JSON lines or CSV; errors on standard error."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import click

Form = Literal["text", "json", "csv"]
Row = Sequence[Any]
#: Values of a column that are remembered as they are written.
_MOST_KEPT = 65536
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, its least width in text, and which side it leans on."""

    name: str
    width: int = 0
    left: bool = False
    #: How a value is written in text; JSON and CSV give the value itself.
    text: Callable[[Any], str] = str
    #: How it is written in JSON and CSV where the value itself cannot be.
    plain: Callable[[Any], Any] | None = None
    csv: Callable[[Any], Any] | None = None
    #: Whether few values come again and again, all of one type: each is then laid out once.
    repeats: bool = False


class Table:
    """Rows written as they come. Columns of text never get narrower, so lines stay aligned."""

    def __init__(
        self,
        columns: Sequence[Column],
        form: Form,
        *,
        header: bool = True,
        on_error: bool = False,
    ) -> None:
        self._on_error = on_error  # to standard error, that is
        self._columns = columns
        self._form = form
        self._header = header and form != "json"
        kind: type[_Cells] = _TextCells if form == "text" else _JsonCells
        self._cells = [kind(c, len(c.name) if header else 0) for c in columns]

    def write(self, rows: Iterable[Row]) -> None:
        """Write ``rows``, a value for each column; before the first of them comes the header."""
        self.write_columns(list(zip(*rows, strict=True)) or [()] * len(self._columns))

    def write_columns(self, columns: Sequence[Sequence[Any]]) -> None:
        """The same, of which the values of each column are given."""
        laid_out: dict[Form, Callable[[Sequence[Sequence[Any]]], list[str]]] = {
            "text": self._text,
            "json": self._json,
            "csv": self._csv,
        }
        lines = laid_out[self._form](columns)
        self._header = False
        if lines:
            # Without colour where no terminal shows it.
            click.echo("".join(lines), nl=False, err=self._on_error)

    def _text(self, columns: Sequence[Sequence[Any]]) -> list[str]:
        cells = [one.of(values) for one, values in zip(self._cells, columns, strict=True)]
        lines = [" ".join(row).rstrip() + "\n" for row in zip(*cells, strict=True)]
        if self._header:
            names = [one.padded(one.column.name) for one in self._cells]
            title = " ".join(names).rstrip() + "\n"
            lines.insert(0, click.style(title, bold=True) if sys.stdout.isatty() else title)
        return lines

    def _json(self, columns: Sequence[Sequence[Any]]) -> list[str]:
        cells = [one.of(values) for one, values in zip(self._cells, columns, strict=True)]
        return ["{" + ", ".join(row) + "}\n" for row in zip(*cells, strict=True)]

    def _csv(self, columns: Sequence[Sequence[Any]]) -> list[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        if self._header:
            writer.writerow([c.name for c in self._columns])
        shown = [
            values if c.csv is None else [None if v is None else c.csv(v) for v in values]
            for c, values in zip(self._columns, columns, strict=True)
        ]
        writer.writerows(zip(*shown, strict=True))
        return [buffer.getvalue()]


class _Cells(dict[Any, str]):
    """The values of a column as they are written, by value."""

    def __init__(self, column: Column, width: int) -> None:
        super().__init__()
        self.column = column
        self.width = max(column.width, width)

    def __missing__(self, value: Any) -> str:  # noqa: ANN401 - anything that a record has
        cell = self[value] = self.cell(value)
        return cell

    def cell(self, value: Any) -> str:  # noqa: ANN401
        """One value laid out."""
        return self.padded("" if value is None else self.column.text(value))

    def padded(self, text: str) -> str:
        """A text as the column has it."""
        return text

    def of(self, values: Sequence[Any]) -> list[str]:
        """Values laid out, those that are there more than once only once where it is worth it."""
        if not self.column.repeats:
            return [self.cell(value) for value in values]
        if len(self) > _MOST_KEPT:
            self.clear()
        return list(map(self.__getitem__, values))


class _TextCells(_Cells):
    """Cells of one width, that of the longest so far."""

    def padded(self, text: str) -> str:
        """As wide as the column, which grows to hold it."""
        self.width = max(self.width, len(text))
        return text.ljust(self.width) if self.column.left else text.rjust(self.width)

    def of(self, values: Sequence[Any]) -> list[str]:
        before = self.width
        cells = super().of(values)
        if self.width == before:
            return cells
        self.clear()
        return super().of(values)


class _JsonCells(_Cells):
    """Members of JSON objects."""

    def cell(self, value: Any) -> str:  # noqa: ANN401
        plain = value if self.column.plain is None or value is None else self.column.plain(value)
        return json_line({self.column.name: plain})[1:-2]


def json_line(value: Mapping[str, Any]) -> str:
    """One line of JSON. NaN and infinity, which JSON has not, become null."""
    plain = {
        k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in value.items()
    }
    return json.dumps(plain, ensure_ascii=False) + "\n"


def form_options(command: _F) -> _F:
    """Give a command the options --json, --csv and --no-header."""
    for option in (
        click.option("--no-header", is_flag=True, help="Leave out the line with the column names."),
        click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values with a header."),
        click.option("--json", "as_json", is_flag=True, help="JSON lines: one object a record."),
    ):
        command = option(command)
    return command


def chosen_form(*, as_json: bool, as_csv: bool) -> Form:
    """Which of the forms was asked for."""
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other.")
    return "json" if as_json else "csv" if as_csv else "text"


def counted(n: int, what: str) -> str:
    """``1 record``, ``2,000 records``."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def told(what: BaseException | str, kind: str = "") -> str:
    """An error or a warning in one line."""
    return f"fst24: {kind}{' '.join(str(what).split())}"


def complain(error: BaseException | str) -> None:
    """Say on standard error, in one line, what went wrong."""
    sys.stdout.flush()  # so that lines come in the order of events when both go to one place
    click.echo(told(error), err=True)
