"""Several files one after the other: a bad one is reported and the rest is done."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

import click

import fst24

from ._output import complain, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Paths are not checked here: the library says better what is wrong with one.
files_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True)


def each_file(
    paths: Iterable[str],
    act: Callable[[fst24.Fst24File], bool | None],
    *,
    warn: bool = True,
    then: Callable[[], None] | None = None,
) -> None:
    """Open each file and act on it; exit with 1 when one failed or ``act`` gave False for one.

    ``then`` is called after the last of them. What the library warns of is said in one line, too,
    unless ``warn`` is False; it is no failure.
    """
    failed = False
    one_line_warnings(shown=warn)
    for path in paths:
        try:
            with fst24.open(path) as file:
                failed |= act(file) is False
        except fst24.Fst24Error as error:  # an OSError is standard output's: see main
            complain(error)
            failed = True
    if then is not None:
        then()
    if failed:
        sys.exit(1)


def one_line_warnings(*, shown: bool) -> None:
    """Show each warning of the library as one line, or none of them."""
    warnings.formatwarning = _one_line
    warnings.simplefilter("always" if shown else "ignore", fst24.Fst24Warning)


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """A warning as users read it: no place in our sources."""
    del category, filename, lineno, line
    return told(message, "warning: ") + "\n"
