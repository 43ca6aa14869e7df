"""Several files one after the other: a bad one is reported and the rest is done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

import fst24

from ._output import complain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Paths are not checked here: the library says better what is wrong with one.
files_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True)


def each_file(
    paths: Iterable[str],
    act: Callable[[fst24.Fst24File], bool | None],
    **options: Any,  # noqa: ANN401 - those of fst24.open
) -> None:
    """Open each file and act on it; exit with 1 when one failed or ``act`` gave False for one."""
    failed = False
    for path in paths:
        try:
            with fst24.open(path, **options) as file:
                failed |= act(file) is False
        except (fst24.Fst24Error, OSError) as error:
            complain(error)
            failed = True
    if failed:
        sys.exit(1)
