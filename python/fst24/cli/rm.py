"""``fst24 rm``: delete records."""

from __future__ import annotations

from typing import Any

import click

from ._files import one_line_warnings
from ._inplace import all_option, change, dry_run_option
from ._select import selection_options


@click.command("rm")
@click.argument("path", metavar="FILE")
@all_option
@dry_run_option
@selection_options
def command(
    path: str,
    *,
    all_records: bool,
    dry_run: bool,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """Delete the chosen records of FILE, in place.

    The space that they took stays unused: fst24 cp makes a file without it.

    Exit status: 0 when it was done, 1 when it was not, 2 when the command was not understood.
    """
    one_line_warnings(shown=True)
    change(
        path,
        lambda file, record: file.delete(record),
        "deleted",
        selection,
        all_records=all_records,
        dry_run=dry_run,
    )
