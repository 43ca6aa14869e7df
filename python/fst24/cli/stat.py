"""``fst24 stat``: mean, spread, extremes and where they are, record by record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np

import fst24

from ._fields import chosen_fields
from ._files import each_file, files_argument
from ._output import Column, Table, chosen_form, complain, form_options
from ._select import Selection, selection_options
from ._work import in_order, progress, threads_option

if TYPE_CHECKING:
    import numpy.typing as npt

RECORD_COLUMNS = ("index", "nomvar", "typvar", "etiket", "level", "ip2", "ip3", "ni", "nj", "nk")

Place = tuple[int, int, int]


class Statistics(NamedTuple):
    """What is known of the values of a record; numbers are None when no value is there."""

    mean: float | None
    variance: float | None
    std: float | None
    min: float | None
    min_at: Place | None
    max: float | None
    max_at: Place | None
    missing: int


def statistics(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None) -> Statistics:
    """Statistics of an array (ni, nj) or (ni, nj, nk) in double precision.

    Parameters
    ----------
    values : ndarray
        Of a complex array the moduli count. NaN counts as missing.
    mask : ndarray of bool or None
        True where a value is missing.

    Returns
    -------
    Statistics
        The variance is that of all the points (divided by their number). Places are (i, j, k)
        counted from 1, as in Fortran and as other tools of the field show them; of equal
        extremes the first in storage order counts.
    """
    flat = values.reshape(-1, order="F")
    if flat.dtype.kind == "c":
        flat = np.abs(flat)
    there = None if mask is None else ~mask.reshape(-1, order="F")
    if flat.dtype.kind == "f" and np.isnan(flat).any():
        known = ~np.isnan(flat)
        there = known if there is None else there & known
    places = None if there is None else np.flatnonzero(there)
    valid = flat if places is None else flat[places]
    if valid.size == 0:
        return Statistics(None, None, None, None, None, None, None, int(flat.size))

    def at(position: int) -> Place:
        place = position if places is None else int(places[position])
        shape = (*values.shape, 1, 1)[:3]
        i, j, k = np.unravel_index(place, shape, order="F")
        return int(i) + 1, int(j) + 1, int(k) + 1

    low, high = int(valid.argmin()), int(valid.argmax())
    with np.errstate(invalid="ignore", over="ignore"):  # infinite values have no variance: NaN
        mean = float(valid.mean(dtype=np.float64))
        variance = float(np.var(valid, dtype=np.float64))
    return Statistics(
        mean,
        variance,
        variance**0.5,
        valid[low].item(),
        at(low),
        valid[high].item(),
        at(high),
        int(flat.size - valid.size),
    )


def _number(value: float) -> str:
    return f"{value:.7g}"


def _place(place: Place) -> str:
    return f"({place[0]},{place[1]},{place[2]})"


STATISTICS_COLUMNS = [
    Column("mean", 13, text=_number),
    Column("variance", 13, text=_number),
    Column("std", 13, text=_number),
    Column("min", 13, text=_number),
    Column("min_at", 11, left=True, text=_place),
    Column("max", 13, text=_number),
    Column("max_at", 11, left=True, text=_place),
    Column("missing", 7),
]


#: The same for JSON and CSV: a place is three numbers.
FLAT_COLUMNS = [
    part
    for column in STATISTICS_COLUMNS
    for part in (
        [Column(column.name.removesuffix("at") + axis) for axis in "ijk"]
        if column.name.endswith("_at")
        else [column]
    )
]


def flat(known: Statistics) -> list[float | None]:
    """The values for ``FLAT_COLUMNS``."""
    low, high = (place or (None, None, None) for place in (known.min_at, known.max_at))
    return [*known[:3], known.min, *low, known.max, *high, known.missing]


def measure(record: fst24.Fst24Record) -> Statistics:
    """Statistics of the values of a record."""
    return statistics(record.decode(), record.mask)


@click.command("stat")
@files_argument
@click.option(
    "--columns",
    metavar="NAMES",
    help="Columns to show of each record before its statistics, as in fst24 ls; +NAMES adds.",
)
@threads_option
@form_options
@selection_options
def command(
    files: tuple[str, ...],
    columns: str | None,
    threads: int,
    *,
    as_json: bool,
    as_csv: bool,
    no_header: bool,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """Measure the records of FILES: mean, variance, minimum, maximum.

    Places are (i,j,k) counted from 1, i along the grid's x. Missing points are counted and left
    out; the variance is over all other points. Of complex values the moduli are measured.

    --json and --csv give a place as three columns, min_i, min_j, min_k, and max_i and so on.
    """
    fields = chosen_fields(columns, RECORD_COLUMNS, files)
    form = chosen_form(as_json=as_json, as_csv=as_csv)
    measured = STATISTICS_COLUMNS if form == "text" else FLAT_COLUMNS
    table = Table([f.column for f in fields] + measured, form, header=not no_header)
    selected = Selection(**selection)

    def show(file: fst24.Fst24File) -> bool:
        rows = selected.rows(file)
        records = list(rows.records())
        known = zip(*(field.values(rows) for field in fields), strict=True)
        all_read = True
        with progress(len(records), beside_rows=True) as advance:
            for (_, result), what in zip(in_order(records, measure, threads), known, strict=True):
                if isinstance(result, fst24.Fst24Error):
                    complain(result)
                    all_read = False
                else:
                    values = result if form == "text" else flat(result)
                    table.write([[*what, *values]])
                advance()
        return all_read

    table.write([])
    each_file(files, show)
