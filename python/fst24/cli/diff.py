"""``fst24 diff``: how two files differ, record by record."""

from __future__ import annotations

import math
import sys
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import fst24

from ._differences import WHAT, Report, last_line, measured_columns, summed_up
from ._fields import chosen_fields
from ._files import one_line_warnings
from ._output import Table, chosen_form, complain, form_options, json_line
from ._select import Selection, selection_options
from ._work import in_order, progress, threads_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fst24.compare import Comparison

RECORD_COLUMNS = ("nomvar", "typvar", "etiket", "level", "ip2", "ip3")
#: Words that stand for several keys.
GROUPS = {"date": ("datev", "dateo"), "grid": fst24.compare.GRID}
#: Exit codes, as those of diff(1).
EQUAL, DIFFERENT, TROUBLE = 0, 1, 2

_Records = fst24.Fst24File | fst24.Fst24DataInterface


class Settings(NamedTuple):
    """What was asked for."""

    keys: tuple[str, ...]
    #: What `fst24.compare.records` takes.
    limits: dict[str, Any]
    threads: int
    #: Also of records that are equal.
    show_all: bool
    #: To stop at the first difference, as nobody is told more.
    quiet: bool


def named_keys(texts: Iterable[str], hint: str) -> list[str]:
    """Names of keys, comma-separated; ``date`` and ``grid`` stand for several."""
    names = [name.strip().lower().removeprefix("+") for text in texts for name in text.split(",")]
    keys = [key for name in names if name for key in GROUPS.get(name, (name,))]
    if unknown := sorted(set(keys) - set(fst24.compare.FIELDS)):
        known = ", ".join(sorted({*fst24.compare.FIELDS, *GROUPS}))
        raise click.BadParameter(f"no key {', '.join(unknown)}; there are {known}", param_hint=hint)
    return keys


def chosen_keys(wanted: str | None, ignored: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """The keys to match by, and whether grids have to agree."""
    keys = list(fst24.compare.KEYS)
    if wanted is not None:
        named = named_keys([wanted], "--keys")
        keys = [*keys, *named] if wanted.lstrip().startswith("+") else named
    dropped = set(named_keys(ignored, "--ignore"))
    kept = tuple(dict.fromkeys(key for key in keys if key not in dropped))
    return kept, not dropped.issuperset(fst24.compare.GRID)


def compare(a: _Records, b: _Records, settings: Settings, report: Report | None) -> Counter[str]:
    """Compare all records, tell the report, count the states."""
    matches = fst24.compare.match(a, b, keys=settings.keys)
    counts = Counter(only_a=len(matches.only_a), only_b=len(matches.only_b))
    if settings.quiet and counts.total():
        return counts

    def act(places: tuple[int, int]) -> Comparison:
        left, right = a[places[0]], b[places[1]]
        try:
            return fst24.compare.records(left, right, always=settings.show_all, **settings.limits)
        finally:  # a set of records keeps them
            left.forget()
            right.forget()

    with progress(len(matches.pairs), beside_rows=report is not None) as advance:
        for (i, j), found in in_order(matches.pairs, act, settings.threads):
            advance()
            if isinstance(found, fst24.Fst24Error):
                complain(found)
            state = "unreadable" if isinstance(found, fst24.Fst24Error) else found.verdict
            counts[state] += 1
            if report is not None:
                report.pair(a[i], b[j], found)
            if settings.quiet and state == "different":
                break
    if report is not None:
        for records, places in ((a, matches.only_a), (b, matches.only_b)):
            for place in places:
                report.only(records[place], is_of_a=records is a)
    return counts


def status(counts: Counter[str]) -> int:
    """The exit code."""
    if counts["unreadable"]:
        return TROUBLE
    return DIFFERENT if counts["different"] + counts["only_a"] + counts["only_b"] else EQUAL


def _no_nan(
    _context: click.Context, _parameter: click.Parameter, value: float | None
) -> float | None:
    """NaN lies in every range of click."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is no limit")
    return value


def _limit(name: str, text: str) -> Callable[..., Any]:
    return click.option(
        f"--{name}",
        metavar="NUMBER",
        type=click.FloatRange(0),
        default=0.0,
        callback=_no_nan,
        help=text,
    )


@click.command("diff")
@click.argument("file_a", metavar="A")
@click.argument("file_b", metavar="B")
@_limit("tolerance", "The same for --atol and --rtol.")
@_limit("atol", "Tolerate errors |B - A| up to this.")
@_limit("rtol", "Tolerate errors up to this times |A|.")
@click.option(
    "--packing-error",
    is_flag=True,
    help="Tolerate errors up to the step that the coarser of two records was packed with.",
)
@click.option(
    "--packing-factor",
    metavar="NUMBER",
    type=click.FloatRange(0, min_open=True),
    callback=_no_nan,
    help="Tolerate so many of these steps rather than one.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="NAMES",
    help="Keys that may differ, comma-separated; grid is grtyp, ig1 to ig4, date is dateo, datev.",
)
@click.option(
    "--keys", metavar="NAMES", help="Match by these keys; +NAMES adds to the usual ones: +dateo."
)
@click.option("--all", "show_all", is_flag=True, help="Show records that are equal, too.")
@click.option("--summary", is_flag=True, help="Show the last line only.")
@click.option("-q", "--quiet", is_flag=True, help="Show nothing, and end at the first difference.")
@click.option(
    "--columns", metavar="NAMES", help="Columns to show of A's record, as in fst24 ls; +NAMES adds."
)
@threads_option
@form_options
@selection_options
def command(
    file_a: str,
    file_b: str,
    columns: str | None,
    threads: int,
    *,
    tolerance: float,
    atol: float,
    rtol: float,
    packing_error: bool,
    packing_factor: float | None,
    ignore: tuple[str, ...],
    keys: str | None,
    show_all: bool,
    summary: bool,
    quiet: bool,
    as_json: bool,
    as_csv: bool,
    no_header: bool,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """Compare the records of two files, as fstcomp does.

    Records are matched by nomvar, typvar, etiket, datev, ip1, ip2 and ip3; levels and dates in any
    encoding; several of the same keys on the same grid first, then in order. Shown are records
    that differ, with the errors of B relative to A, and those of one file only; the last line
    sums up. The guide compare.md has the formulas, and what the options of fstcomp are here:
    -ne -nt -nd -n1 is --ignore etiket,typvar,date,ip1; -packerr is --packing-error.

    Without a tolerance every difference counts. Points missing in both are equal, in one only
    different; so are infinities of one only, whatever the tolerance.

    Exit status: 0 when all is equal or within the tolerance, 1 when something differs, 2 when a
    file or a record could not be read (other commands: 1) or the command was not understood.
    """
    names, same_grid = chosen_keys(keys, ignore)
    limits = {
        "atol": max(atol, tolerance),
        "rtol": max(rtol, tolerance),
        "packing": packing_factor or float(packing_error),
        "same_grid": same_grid,
    }
    settings = Settings(names, limits, threads, show_all, quiet)
    form = chosen_form(as_json=as_json, as_csv=as_csv)
    fields = chosen_fields(columns, RECORD_COLUMNS, [file_a])
    shown = [*WHAT, *(field.column for field in fields), *measured_columns(form)]
    table = Table(shown, form, header=not no_header)
    selected = Selection(**selection) if any(selection.values()) else None

    def opened(path: str) -> _Records:
        # Not mapped: a file that is cut meanwhile gives an error.
        file = files.enter_context(fst24.open(path, mmap=False))
        return file if selected is None else fst24.Fst24DataInterface(selected.records(file))

    one_line_warnings(shown=not quiet)
    report = None if quiet or summary else Report(table, form, fields, show_all=show_all)
    with ExitStack() as files:
        try:
            a, b = opened(file_a), opened(file_b)
        except fst24.Fst24Error as error:
            complain(error)
            sys.exit(TROUBLE)
        if report is not None and form == "csv":
            table.write([])
        counts = compare(a, b, settings, report)
        known = summed_up(counts, len(a), len(b))
    if summary or (form == "text" and not quiet):
        click.echo(json_line(known) if form == "json" else last_line(known), nl=False)
    sys.exit(status(counts))
