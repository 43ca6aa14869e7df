"""``fst24 set``: change the metadata of records where they are."""

from __future__ import annotations

from typing import Any

import click

from ._changes import changes_help, parse_changes
from ._files import one_line_warnings
from ._inplace import all_option, change, dry_run_option
from ._select import selection_options


@click.command("set", epilog=changes_help)
@click.argument("path", metavar="FILE")
@click.argument("changes", metavar="FIELD=VALUE...", nargs=-1, required=True)
@all_option
@dry_run_option
@selection_options
def command(
    path: str,
    changes: tuple[str, ...],
    *,
    all_records: bool,
    dry_run: bool,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """Change metadata of the chosen records of FILE, in place; values stay as they are.

    Exit status: 0 when it was done, 1 when it was not, 2 when the command was not understood.
    """
    wanted = parse_changes(changes, "FIELD=VALUE")
    one_line_warnings(shown=True)
    change(
        path,
        lambda file, record: file.edit(record, **wanted),
        "changed",
        selection,
        all_records=all_records,
        dry_run=dry_run,
    )
