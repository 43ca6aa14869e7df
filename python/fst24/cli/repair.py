"""``fst24 repair``: the whole records of a file that was left open, cut or damaged."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

import fst24

from ._files import one_line_warnings
from ._output import complain, counted, json_line
from ._recovery import Recovery, Remains
from ._target import backend_option, failing_in_one_line, open_target
from ._work import threads_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._recovery import Outcome


def lines(path: str, out: str | None, n_listed: int, outcome: Outcome) -> Iterator[str]:
    """What became of it, for people."""
    yield from (f"{path}: {text}" for text in outcome.mended)
    yield from (f"{path}: lost: {lost.text}" for lost in outcome.lost)
    n_all = n_listed + outcome.n_found
    if out is None and not outcome.n_recovered and outcome.lost:
        yield f"{path}: no record can be recovered, no file was made"
    elif out is None:
        yield f"{path}: {counted(n_all, 'record')}, all readable: nothing to repair"
    else:
        n = outcome.n_recovered
        how_many = f"{n:,} of {n_all:,} records"
        if n == n_all:
            how_many = ("" if outcome.lost else "all ") + counted(n, "record")
        yield f"{path}: {how_many} recovered -> {out}"


@click.command("repair")
@click.argument("path", metavar="FILE")
@click.argument("out", metavar="[OUT]", required=False)
@click.option("--in-place", is_flag=True, help="Put the mended file in the place of FILE.")
@click.option(
    "--scan",
    is_flag=True,
    help="Believe nothing of FILE, whose start may be damaged: look for records in all its bytes."
    " Deleted ones may come back when only the directory says that they are.",
)
@click.option(
    "--keep-undecodable",
    is_flag=True,
    help="Copy records, too, whose values cannot be read, as far as they can be copied.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace OUT when it is there; and do not ask whether somebody writes to FILE.",
)
@backend_option
@threads_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    path: str,
    out: str | None,
    backend: str | None,
    threads: int,
    *,
    in_place: bool,
    scan: bool,
    keep_undecodable: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Recover all whole records of FILE, which was left open, cut short or damaged.

    The copy OUT (FILE.repaired) has every record whose values can be read, bytes unchanged, in a
    container in order: nobody writes to it, no directory is missing, no space is lost. FILE stays
    as it is, unless --in-place. Records are also looked for where no directory leads. XDF becomes
    RSF when the records are too many or too large for it. A FILE that another process has open for
    writing is refused.

    Shown are what was wrong, what is lost and why, then a line that sums up.

    Exit status: 0 when every record was recovered, 1 when something is lost or nothing could be
    done, 2 when the command was not understood.
    """
    if in_place and out is not None:
        raise click.UsageError("--in-place and OUT exclude each other.")
    one_line_warnings(shown=False)  # they are among what is shown
    target_path = path if in_place else out or f"{path}.repaired"
    with failing_in_one_line():
        if not force:
            fst24.check_unwritten(path)
        with ExitStack() as files:
            remains = _remains(path, files, scan=scan)
            container = backend or remains.container()
            target = open_target(target_path, force=force or in_place, backend=container)
            recovery = Recovery(remains, target, keep_undecodable=keep_undecodable)
            is_made = _make(recovery, target, threads, only_mended=in_place)
            made = click.format_filename(target_path) if is_made else None
            outcome, n_listed = recovery.outcome, len(remains.listed)
    shown = click.format_filename(path)
    if as_json:
        click.echo(json_line(_summary(shown, made, n_listed, outcome)), nl=False)
    else:
        click.echo("\n".join(lines(shown, made, n_listed, outcome)))
    if outcome.lost:
        sys.exit(1)


def _remains(path: str, files: ExitStack, *, scan: bool) -> Remains:
    """What there is of the file; ``files`` closes it."""
    if scan:
        return Remains.of_bytes(path)
    try:
        return Remains.of_file(files.enter_context(fst24.open(path, mmap=False)))
    except (fst24.CorruptFileError, fst24.TruncatedFileError) as error:
        complain(error)
        complain(f"{path}: fst24 repair --scan looks for records in all of its bytes")
        sys.exit(1)


def _make(
    recovery: Recovery, target: fst24.Fst24Writer, n_threads: int, *, only_mended: bool
) -> bool:
    """Make the mended file, where there is something to put into it."""
    outcome = recovery.outcome
    try:
        recovery.run(n_threads)
        if outcome.n_recovered == 0 and outcome.lost:
            return False
        if only_mended and not (outcome.lost or outcome.mended):
            return False
        target.close()
    finally:
        target.abandon()  # nothing to do when it was closed
    return True


def _summary(path: str, made: str | None, n_listed: int, outcome: Outcome) -> dict[str, Any]:
    return {
        "path": path,
        "out": made,
        "n_listed": n_listed,
        "n_found": outcome.n_found,
        "n_recovered": outcome.n_recovered,
        "lost": [lost.text for lost in outcome.lost],
        "mended": outcome.mended,
    }
