"""``fst24 dump``: the values of one field for other programs."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click
import numpy as np

import fst24

from ._fields import chosen_fields
from ._files import one_line_warnings
from ._output import Table, complain
from ._select import Selection, selection_options
from ._target import failing_in_one_line, force_option, new_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    import numpy.typing as npt

Form = Literal["npy", "csv", "raw"]
#: Records that are shown when several meet the conditions.
_MOST_SHOWN = 20
_SHOWN = ("index", "nomvar", "typvar", "etiket", "level", "ip2", "ip3", "valid")
#: Rows of CSV that are laid out together.
_CHUNK = 65536


def chosen_form(form: str | None, out: str | None) -> Form:
    """What was asked for, else what the name of the file says; CSV on standard output."""
    suffix = Path(out).suffix[1:].lower() if out is not None else "csv"
    named = form or suffix
    for known in get_args(Form):
        if named == known:
            return known  # type: ignore[no-any-return] # one of them
    raise click.UsageError(
        f"{out} does not say the form of the file: --format npy, csv or raw does."
    )


def one_record(file: fst24.Fst24File, selected: Selection) -> fst24.Fst24Record | None:
    """The record that is chosen; the candidates are shown when it is not one."""
    rows = selected.rows(file)
    if len(rows) == 1:
        return next(iter(rows.records()))
    path = click.format_filename(file.path)
    if len(rows) == 0:
        complain(f"{path}: no record meets these conditions")
        return None
    complain(f"{path}: {len(rows):,} records meet these conditions: add some, or --where index=N")
    fields = chosen_fields(None, _SHOWN, [file.path])
    table = Table([one.column for one in fields], "text", on_error=True)
    first = next(rows.chunks(_MOST_SHOWN))
    table.write_columns([one.values(first) for one in fields])
    if len(rows) > _MOST_SHOWN:
        click.echo(f"... and {len(rows) - _MOST_SHOWN:,} more", err=True)
    return None


def csv_lines(
    values: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None, *, header: bool
) -> Iterator[str]:
    """A line a point, i fastest; i, j, k count from 1; missing points have no value."""
    shape = (*values.shape, 1, 1)[:3]
    flat = values.reshape(-1, order="F")
    there = None if mask is None else ~mask.reshape(-1, order="F")
    if header:
        yield "i,j,k,value\n"
    for low in range(0, flat.size, _CHUNK):
        places = np.arange(low, min(flat.size, low + _CHUNK))
        i, j, k = (axis + 1 for axis in np.unravel_index(places, shape, order="F"))
        # str of a numpy number is the shortest text that gives it back.
        texts = [str(value) for value in flat[places]]
        if there is not None:
            texts = [
                t if is_there else "" for t, is_there in zip(texts, there[places], strict=True)
            ]
        buffer = io.StringIO()
        rows = zip(i.tolist(), j.tolist(), k.tolist(), texts, strict=True)
        csv.writer(buffer, lineterminator="\n").writerows(rows)
        yield buffer.getvalue()


def write_values(to: BinaryIO, record: fst24.Fst24Record, form: Form, *, header: bool) -> None:
    """Write the values of a record."""
    values = record.decode()
    if form == "csv":
        texts = csv_lines(values, record.mask, header=header)
        to.writelines(text.encode("ascii") for text in texts)
    elif form == "npy":
        np.lib.format.write_array(to, values, allow_pickle=False)
    else:
        if values.dtype.kind == "c":
            raise fst24.UnsupportedError(
                f"{record.path}: record {record.index} has complex values, raw files have float32: "
                "dump it as npy"
            )
        to.write(values.astype(np.float32).tobytes(order="F"))


@click.command("dump")
@click.argument("path", metavar="FILE")
@click.argument("out", metavar="[OUT]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(get_args(Form)),
    help="By default what the name of OUT ends with; csv on standard output.",
)
@click.option("--no-header", is_flag=True, help="CSV: leave out the line with the column names.")
@force_option
@selection_options
def command(
    path: str,
    out: str | None,
    form: str | None,
    *,
    no_header: bool,
    force: bool,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """Write the values of one field of FILE to OUT, or to standard output.

    The options have to choose exactly one record; otherwise the candidates are listed.

    \b
    npy  for numpy.load: (ni, nj) or (ni, nj, nk), in the type and the order of the field
    csv  i,j,k,value: a line a point, i fastest, counted from 1; missing points have no value
    raw  float32 in the byte order of this machine, i fastest, no header; missing points are NaN

    Exit status: 0 when it was written, 1 when it was not, 2 when the command was not understood.
    """  # noqa: D301 - \b is click's
    chosen = chosen_form(form, out)
    if out is None and chosen != "csv" and sys.stdout.isatty():
        raise click.UsageError(f"{chosen} is not for a terminal: name a file, or use a pipe.")
    selected = Selection(**selection)
    one_line_warnings(shown=True)
    with failing_in_one_line(), fst24.open(path, mmap=False) as file:
        record = one_record(file, selected)
        if record is None:
            sys.exit(1)
        if out is None:
            write_values(sys.stdout.buffer, record, chosen, header=not no_header)
            sys.stdout.buffer.flush()
            return
        with new_file(out, force=force) as target:
            write_values(target, record, chosen, header=not no_header)
