"""``fst24 ls``: one line a record."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from ._fields import STORED_COLUMNS, STYLE_COLUMNS, chosen_fields
from ._files import each_file, files_argument
from ._output import Table, chosen_form, form_options
from ._select import Selection, selection_options

if TYPE_CHECKING:
    import fst24

#: Rows that are laid out and written together: enough to align, few enough to begin at once.
CHUNK = 4096


@click.command("ls")
@files_argument
@click.option(
    "--columns",
    metavar="NAMES",
    help="Columns to show, comma-separated; +NAMES adds to the usual ones. Stored fields by their"
    " names, and index, file_index, offset, nbytes, path; decoded: level, ip2_text, ip3_text,"
    " origin, valid, lead, type.",
)
@click.option(
    "--style",
    is_flag=True,
    help="Show what is meant rather than what is stored: the levels and times of ip1, ip2"
    " and ip3, the date of validity, the lead time in hours, the data type as a letter and bits"
    " (lower case: compressed, m: with missing values).",
)
@form_options
@selection_options
def command(
    files: tuple[str, ...],
    columns: str | None,
    *,
    style: bool,
    as_json: bool,
    as_csv: bool,
    no_header: bool,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """List the records of FILES, one line each.

    With several files the first column is the path.
    """
    fields = chosen_fields(columns, STYLE_COLUMNS if style else STORED_COLUMNS, files)
    getters = [field.get for field in fields]
    form = chosen_form(as_json=as_json, as_csv=as_csv)
    table = Table([field.column for field in fields], form, header=not no_header)
    selected = Selection(**selection)

    def show(file: fst24.Fst24File) -> None:
        records = iter(selected.records(file))
        while chunk := list(islice(records, CHUNK)):
            table.write([get(record) for get in getters] for record in chunk)

    table.write([])
    each_file(files, show)
