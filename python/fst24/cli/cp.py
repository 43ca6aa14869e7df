"""``fst24 cp``: copy records into another file."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import fst24

from ._changes import changes_help, parse_changes
from ._directives import Copy, read_directives
from ._fields import chosen_fields
from ._files import one_line_warnings
from ._output import Table, complain, counted, told
from ._select import Selection, selection_options
from ._target import backend_option, failing_in_one_line, open_target
from ._work import progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal

_SHOWN = "nomvar,typvar,etiket,ni,nj,nk,dateo,ip1,ip2,ip3,grtyp,ig1,ig2,ig3,ig4"


class _Chosen(NamedTuple):
    """A record to copy, and what is changed of it."""

    record: fst24.Fst24Record
    changes: dict[str, Any]


@click.command("cp")
@click.argument("files", metavar="IN... OUT", nargs=-1, required=True)
@click.option(
    "--exclude",
    metavar="SQL",
    multiple=True,
    help="Leave out what meets this condition (as --where), though it was chosen.",
)
@click.option(
    "--set",
    "changes",
    metavar="FIELD=VALUE",
    multiple=True,
    help=f"Change this in every copy. {changes_help}",
)
@click.option(
    "--directives",
    "-i",
    metavar="FILE",
    help="Follow directives of editfst (DESIRE, EXCLURE, CRITSUP, ZAP ...); - is standard input.",
)
@backend_option
@click.option("--append", is_flag=True, help="Add to OUT, which may be there.")
@click.option(
    "--rewrite",
    type=click.Choice(["no", "yes", "skip"]),
    help="With a record that is the same (dates, sizes, ips, igs, grtyp, names and label): add"
    " another one (the default), replace it, or leave it.",
)
@click.option("--min-count", metavar="N", type=int, help="Fail, and write nothing, below N copies.")
@click.option("--max-count", metavar="N", type=click.IntRange(0), help="Copy N records at most.")
@click.option(
    "--drop-metadata",
    is_flag=True,
    help="Leave out extended metadata (JSON) of records, which XDF cannot keep.",
)
@click.option("--dry-run", "-n", is_flag=True, help="Show what would be copied, and write nothing.")
@click.option("--force", is_flag=True, help="Replace OUT when it is there.")
@selection_options
def command(
    files: tuple[str, ...],
    *,
    exclude: tuple[str, ...],
    changes: tuple[str, ...],
    directives: str | None,
    backend: str | None,
    rewrite: Literal["no", "yes", "skip"] | None,
    min_count: int | None,
    max_count: int | None,
    drop_metadata: bool,
    append: bool,
    dry_run: bool,
    force: bool,
    **selection: Any,  # noqa: ANN401 - the options of selection_options
) -> None:
    """Copy records of the files IN into OUT, as they are stored.

    Without an option all live records, in their order: OUT has no holes of deleted ones. OUT takes
    its name when it is complete; it may be one of the files IN (with --force).

    Exit status: 0 when all was copied, 1 when it was not (and OUT is as before; with --append it
    may hold a part), 2 when the command was not understood.
    """
    *inputs, out = files
    if not inputs:
        raise click.UsageError("Name the files to copy from, and then the file to copy to.")
    if append and force:
        raise click.UsageError("--append and --force exclude each other.")
    if append and any(_is_same(path, out) for path in inputs):
        raise click.UsageError(f"{out}: a file cannot be added to itself.")
    plans = _plans(directives)
    selected, left_out = Selection(**selection), Selection(no_descriptors=False, where=exclude)
    set_to = parse_changes(changes, "--set") | ({"metadata": {}} if drop_metadata else {})
    one_line_warnings(shown=True)
    with failing_in_one_line(), ExitStack() as stack:
        opened = [stack.enter_context(fst24.open(path, mmap=False)) for path in inputs]
        kept = [_kept(file, selected, left_out if exclude else None) for file in opened]
        chosen = list(_choose(plans, kept, set_to))[:max_count]
        if min_count is not None and len(chosen) < min_count:
            would = f"{counted(len(chosen), 'record')} would be copied, fewer than {min_count:,}"
            complain(f"{out}: {would}: nothing was written")
            sys.exit(1)
        if dry_run:
            _show(chosen)
            return
        rule = rewrite or ("yes" if any(plan.overwrite for plan in plans) else "no")
        if not append:
            backend = backend or opened[0].backend
        with _open(out, append=append, force=force, backend=backend) as target:
            n = _write(target, chosen, rule)
    skipped = f", {len(chosen) - n:,} were there" if n < len(chosen) else ""
    click.echo(f"{click.format_filename(out)}: {counted(n, 'record')} copied{skipped}")


def _is_same(a: str, b: str) -> bool:
    try:
        return Path(a).samefile(b)
    except OSError:
        return False


def _open(out: str, *, append: bool, force: bool, backend: str | None) -> fst24.Fst24Writer:
    if not append:
        return open_target(out, force=force, backend=backend)
    container: Literal["XDF", "RSF"] | None = None
    if backend is not None:
        container = "RSF" if backend == "RSF" else "XDF"
    return fst24.open(out, "a", backend=container)


def _plans(directives: str | None) -> list[Copy]:
    """What directives ask for; without any, everything."""
    if directives is None:
        return [Copy()]
    try:
        with click.open_file(directives, encoding="latin-1") as file:
            text = file.read()
    except OSError as error:
        raise click.BadParameter(f"{directives}: {error.strerror}", param_hint="-i") from None
    plans, remarks = read_directives(text, directives)
    for remark in remarks:
        click.echo(told(remark), err=True)
    return plans


def _kept(
    file: fst24.Fst24File, selected: Selection, left_out: Selection | None
) -> list[fst24.Fst24Record]:
    """The records that the options choose."""
    gone = set() if left_out is None else {r.index for r in left_out.records(file)}
    return [record for record in selected.records(file) if record.index not in gone]


def _choose(
    plans: Sequence[Copy], kept: Sequence[Sequence[fst24.Fst24Record]], set_to: dict[str, Any]
) -> Iterator[_Chosen]:
    """The copies to make, in order."""
    n_left = None
    for plan in plans:
        n_left = plan.limit if n_left is None else n_left
        for record in (record for records in kept for record in records):
            if n_left == 0:
                return
            if plan.takes(record):
                yield _Chosen(record, plan.changed(record) | set_to)
                n_left = None if n_left is None else n_left - 1


def _show(chosen: Sequence[_Chosen]) -> None:
    """The records as they would be, in lines."""
    fields = chosen_fields(_SHOWN, (), ("one",))
    table = Table([field.column for field in fields], "text")
    table.write([])
    for record, changes in chosen:
        row = [changes.get(field.column.name, field.get(record)) for field in fields]
        table.write([row])


def _write(
    target: fst24.Fst24Writer,
    chosen: Sequence[_Chosen],
    rewrite: Literal["no", "yes", "skip"],
) -> int:
    """Write them; how many were not there."""
    n = 0
    with progress(len(chosen)) as advance:
        for record, changes in chosen:
            n += target.write(record, rewrite=rewrite, **changes) is not None
            advance()
    return n
