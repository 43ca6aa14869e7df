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
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, its least width in text, and which side it leans on."""

    name: str
    width: int = 0
    left: bool = False
    #: How a value is written in text; JSON and CSV give the value itself.
    text: Callable[[Any], str] = str


class Table:
    """Rows written as they come. Columns of text never get narrower, so lines stay aligned."""

    def __init__(self, columns: Sequence[Column], form: Form, *, header: bool = True) -> None:
        self._columns = columns
        self._form = form
        self._header = header and form != "json"
        self._widths = [max(c.width, len(c.name) if header else 0) for c in columns]

    def write(self, rows: Iterable[Row]) -> None:
        """Write ``rows``, a value for each column; before the first of them comes the header."""
        laid_out: dict[Form, Callable[[list[Row]], list[str]]] = {
            "text": self._text,
            "json": self._json,
            "csv": self._csv,
        }
        lines = laid_out[self._form](list(rows))
        self._header = False
        if lines:
            click.echo("".join(lines), nl=False)  # without colour where no terminal shows it

    def _text(self, rows: list[Row]) -> list[str]:
        texts = [
            ["" if v is None else c.text(v) for c, v in zip(self._columns, row, strict=True)]
            for row in rows
        ]
        if texts:
            longest = [max(map(len, column)) for column in zip(*texts, strict=True)]
            self._widths = [max(w, n) for w, n in zip(self._widths, longest, strict=True)]
        lines = [self._line(row) for row in texts]
        if self._header:
            title = self._line([c.name for c in self._columns])
            lines.insert(0, click.style(title, bold=True) if sys.stdout.isatty() else title)
        return lines

    def _line(self, texts: Sequence[str]) -> str:
        cells = [
            text.ljust(width) if column.left else text.rjust(width)
            for text, width, column in zip(texts, self._widths, self._columns, strict=True)
        ]
        return " ".join(cells).rstrip() + "\n"

    def _json(self, rows: list[Row]) -> list[str]:
        names = [c.name for c in self._columns]
        return [json_line(dict(zip(names, row, strict=True))) for row in rows]

    def _csv(self, rows: list[Row]) -> list[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        if self._header:
            writer.writerow([c.name for c in self._columns])
        writer.writerows(rows)
        return [buffer.getvalue()]


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


def complain(error: BaseException) -> None:
    """Say on standard error, in one line, what went wrong."""
    sys.stdout.flush()  # so that lines come in the order of events when both go to one place
    click.echo(told(error), err=True)
