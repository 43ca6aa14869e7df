"""Commands that change a file where it is: which records, and what happens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import fst24

from ._output import counted
from ._select import Selection
from ._target import failing_in_one_line
from ._work import progress

if TYPE_CHECKING:
    from collections.abc import Callable

    _Act = Callable[[fst24.Fst24Writer, fst24.Fst24Record], object]

all_option = click.option("--all", "all_records", is_flag=True, help="All records of FILE.")
dry_run_option = click.option(
    "--dry-run", "-n", is_flag=True, help="Say how many records it would be, and change nothing."
)


def change(
    path: str,
    act: _Act,
    done: str,
    selection: dict[str, Any],
    *,
    all_records: bool,
    dry_run: bool,
) -> None:
    """Do ``act`` to the chosen records of a file, and say how many they were.

    Raises
    ------
    click.UsageError
        Neither records were chosen nor all of them.
    """
    if any(selection.values()) == all_records:
        raise click.UsageError("Choose records, or say --all; not both.")
    selected = Selection(**selection)
    mode = "r" if dry_run else "a"
    with failing_in_one_line():
        # Its own descriptor tells whether the file is there: mode "a" would begin one.
        with fst24.open(path, mmap=False) as file:
            places = {record.file_index: record.offset for record in selected.records(file)}
        if mode == "a" and places:
            _change(path, act, places)
    would = "would be " if dry_run else ""
    click.echo(f"{click.format_filename(path)}: {counted(len(places), 'record')} {would}{done}")


def _change(path: str, act: _Act, wanted: dict[int, int]) -> None:
    with fst24.open(path, "a") as file:
        records = [r for r in file if wanted.get(r.file_index) == r.offset]
        if len(records) != len(wanted):
            raise fst24.FileChangedError(f"{path}: somebody has just changed it: nothing was done")
        with progress(len(records)) as advance:
            for record in records:
                act(file, record)
                advance()
