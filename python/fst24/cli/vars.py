"""``fst24 vars``: the variables of files, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ._fields import time_text
from ._files import each_file, files_argument
from ._output import Column, Table, chosen_form, form_options
from ._rows import language_option
from ._select import Selection, selection_options
from ._summary import Variable, facts, variables

if TYPE_CHECKING:
    import polars as pl

    import fst24

    from ._output import Form
    from ._rows import Language

_WHAT = [
    Column("nomvar", 4, left=True),
    Column("long_name", left=True),
    Column("units", left=True),
    Column("n_records", 5),
]
_WHERE = [
    Column("grids", left=True, text=" ".join, csv=" ".join),
    Column("types", left=True, text=" ".join, csv=" ".join),
]
_PATH = Column("path", left=True)
COLUMNS = [*_WHAT, Column("levels", left=True), Column("times", left=True), *_WHERE]
FLAT_COLUMNS = [
    *_WHAT,
    Column(
        "levels",
        csv=lambda spans: ", ".join(span.text() for span in spans),
        plain=lambda spans: [span.plain() for span in spans],
    ),
    *(Column(name) for name in ("first", "last", "n_times")),
    *_WHERE,
]


def row(one: Variable, form: Form, *, per_file: bool) -> list[Any]:
    """The values of a variable for the columns."""
    start: list[Any] = [one.path] if per_file else []
    start += [one.nomvar, one.long_name, one.units, one.n_records]
    if form == "text":
        levels = ", ".join(span.text() for span in one.levels)
        return [*start, levels, one.times(), one.grids, one.types]
    ends = [None if end is None else time_text(end) for end in (one.first, one.last)]
    return [*start, one.levels, *ends, one.n_times, one.grids, one.types]


@click.command("vars")
@files_argument
@click.option("--per-file", is_flag=True, help="The variables of each file, not of all together.")
@language_option
@form_options
@selection_options
def command(
    files: tuple[str, ...],
    lang: Language,
    *,
    per_file: bool,
    as_json: bool,
    as_csv: bool,
    no_header: bool,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """List the variables of FILES, one line each.

    What each is called and its units, its records, levels (from..to, and how many), dates of
    validity, grids and data types, over all files together. Units of levels are those of fst24 ls
    --style: mb, hy (hybrid), sg (sigma), M (above ground), m (above sea).
    """
    import polars as pl

    form = chosen_form(as_json=as_json, as_csv=as_csv)
    selected = Selection(**selection)
    read: list[pl.DataFrame] = []

    def take(file: fst24.Fst24File) -> None:
        read.append(facts(selected.rows(file, language=lang)))

    def write() -> None:
        columns = [*([_PATH] if per_file else []), *(COLUMNS if form == "text" else FLAT_COLUMNS)]
        table = Table(columns, form, header=not no_header)
        found = variables(pl.concat(read), per_file=per_file) if read else ()
        table.write(row(one, form, per_file=per_file) for one in found)

    each_file(files, take, then=write)
