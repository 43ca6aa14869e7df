"""``fst24 ls``: one line a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ._fields import STORED_COLUMNS, STYLE_COLUMNS, chosen_fields
from ._files import each_file, files_argument
from ._output import Table, chosen_form, form_options
from ._rows import language_option
from ._select import Selection, selection_options

if TYPE_CHECKING:
    import fst24

    from ._fields import Field
    from ._rows import Language, Rows

#: Rows that are laid out and written together: enough to align, few enough to begin at once.
CHUNK = 4096


@click.command("ls")
@files_argument
@click.option(
    "--columns",
    metavar="NAMES",
    help="Columns to show, comma-separated; +NAMES adds to the usual ones. Stored fields by their"
    " names, and index, file_index, offset, nbytes, path; shown as --style does: level, ip2_text,"
    " ip3_text, origin, valid, lead, type; all decoded columns of the table (level_value,"
    " level_unit, valid_time, lead_time, grid, run, long_name, units ...).",
)
@click.option(
    "--style",
    is_flag=True,
    help="Show what is meant rather than what is stored: the levels and times of ip1, ip2"
    " and ip3, the date of validity, the lead time in hours, the data type as a letter and bits"
    " (lower case: compressed, m: with missing values).",
)
@click.option(
    "--sort",
    metavar="NAMES",
    help="Sort by these columns, comma-separated, all files together; -NAME: descending. level,"
    " valid and the like sort by what they mean.",
)
@click.option(
    "--tree",
    is_flag=True,
    help="Sum up instead: for each variable its levels, for these the times. With --json one"
    " object a variable.",
)
@language_option
@form_options
@selection_options
def command(
    files: tuple[str, ...],
    columns: str | None,
    sort: str | None,
    lang: Language,
    *,
    style: bool,
    tree: bool,
    as_json: bool,
    as_csv: bool,
    no_header: bool,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """List the records of FILES, one line each.

    With several files the first column is the path.
    """
    form = chosen_form(as_json=as_json, as_csv=as_csv)
    selected = Selection(**selection)
    if tree:
        if as_csv or sort or columns or style:
            raise click.UsageError("--tree goes with --json and what chooses records only.")
        from ._tree import show_trees

        show_trees(files, selected, form, lang)
        return
    fields = chosen_fields(columns, STYLE_COLUMNS if style else STORED_COLUMNS, files)
    table = Table([field.column for field in fields], form, header=not no_header)
    if sort is None:
        _list(files, selected, fields, table, lang)
    else:
        _list_sorted(files, selected, fields, table, lang, sort)


def _list(
    files: tuple[str, ...], selected: Selection, fields: list[Field], table: Table, lang: Language
) -> None:
    """Write the rows of each file as it is read."""

    def show(file: fst24.Fst24File) -> None:
        for rows in selected.rows(file, language=lang).chunks(CHUNK):
            table.write_columns([field.values(rows) for field in fields])

    table.write([])
    each_file(files, show)


def _list_sorted(  # noqa: PLR0917
    files: tuple[str, ...],
    selected: Selection,
    fields: list[Field],
    table: Table,
    lang: Language,
    sort: str,
) -> None:
    """Write the rows of all files in one order."""
    from ._where import Order

    order = Order(sort)
    read: list[Rows] = []
    columns: list[list[Any]] = [[] for _ in fields]

    def take(file: fst24.Fst24File) -> None:
        rows = selected.rows(file, language=lang)
        read.append(rows)
        for column, field in zip(columns, fields, strict=True):
            column.extend(field.values(rows))

    def write() -> None:
        places = order.places(read).tolist() if read else []
        for low in range(0, len(places), CHUNK):
            chunk = places[low : low + CHUNK]
            table.write_columns([[column[place] for place in chunk] for column in columns])

    table.write([])
    each_file(files, take, then=write)
