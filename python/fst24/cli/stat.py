"""``fst24 stat``: mean, spread, extremes and where they are, record by record."""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np

import fst24

from ._fields import FIELDS, chosen_columns
from ._files import each_file, files_argument
from ._output import Column, Table, chosen_form, complain, form_options
from ._select import Selection, selection_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[], None]]:
    """A bar on standard error while the work goes on, if somebody looks; gives what moves it."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def in_order(
    records: list[fst24.Fst24Record], n_threads: int
) -> Iterator[tuple[fst24.Fst24Record, Statistics | fst24.Fst24Error]]:
    """Statistics of each record, computed on several threads, given in the order of the records.

    A few records more than there are threads are under way at once, so memory stays that of a few.
    """

    def one(record: fst24.Fst24Record) -> Statistics | fst24.Fst24Error:
        try:
            return statistics(record.decode(), record.mask)
        except fst24.Fst24Error as error:
            return error

    with ThreadPoolExecutor(n_threads) as pool:
        waiting = deque(pool.submit(one, record) for record in records[: 2 * n_threads])
        for place, record in enumerate(records):
            result = waiting.popleft().result()
            if place + 2 * n_threads < len(records):
                waiting.append(pool.submit(one, records[place + 2 * n_threads]))
            yield record, result


@click.command("stat")
@files_argument
@click.option(
    "--columns",
    metavar="NAMES",
    help="Columns to show of each record before its statistics, as in fst24 ls; +NAMES adds.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=lambda: min(16, os.cpu_count() or 1),
    show_default="one a processor",
    help="Records that are read and measured at once.",
)
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
    """
    names = chosen_columns(columns, RECORD_COLUMNS)
    if len(files) > 1 and "path" not in names:
        names.insert(0, "path")
    fields = [FIELDS[name] for name in names]
    form = chosen_form(as_json=as_json, as_csv=as_csv)
    table = Table([f.column for f in fields] + STATISTICS_COLUMNS, form, header=not no_header)
    selected = Selection(**selection)

    def show(file: fst24.Fst24File) -> bool:
        records = list(selected.records(file))
        all_read = True
        with progress(len(records), "reading") as advance:
            for record, result in in_order(records, threads):
                if isinstance(result, fst24.Fst24Error):
                    complain(result)
                    all_read = False
                else:
                    table.write([[*(field.get(record) for field in fields), *result]])
                advance()
        return all_read

    table.write([])
    each_file(files, show)
