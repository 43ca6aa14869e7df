"""``fst24 check``: can everything in a file be read."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

import fst24

from ._files import files_argument, one_line_warnings
from ._output import counted, json_line
from ._structure import examine, strays
from ._work import in_order, progress, threads_option

if TYPE_CHECKING:
    from collections.abc import Iterator

_Problem = fst24.Fst24Error | fst24.Fst24Warning

#: What messages say to those who have not called us yet.
_ADVICE = re.compile(r"; run fst24 check$| \(`fst24 check .*` looks at all of it\)$")


def reason(problem: _Problem) -> str:
    """The message of an error or a warning in one line, without its place and our own name."""
    text = " ".join(str(problem).split())
    if problem.path is not None:
        text = text.removeprefix(f"{problem.path}: ")
        text = re.sub(r"^(record \d+)?( at )?(byte \d+)?: ", "", text)
    while (shorter := _ADVICE.sub("", text)) != text:
        text = shorter
    return text


def shown_name(nomvar: str) -> str:
    """A name for one line: a damaged one can hold anything, a line end for one."""
    return "".join(c if c.isprintable() else "?" for c in nomvar)


def place_text(index: int, nomvar: str, offset: int) -> str:
    """Which record it is: number, name and byte."""
    return f"record {index} {shown_name(nomvar)}".rstrip() + f" at byte {offset}"


def place_of(record: fst24.Fst24Record) -> str:
    """The same of a record."""
    return place_text(record.index, record.nomvar, record.offset)


def read_all(record: fst24.Fst24Record) -> None:
    """Read the values and the metadata of a record, and keep nothing."""
    record.decode()
    record.metadata  # noqa: B018 - it reads


def check(path: str, n_threads: int, *, deep: bool) -> dict[str, Any]:
    """Everything that ``check`` shows of a file; ``error`` is why nothing of it can be read."""
    found: dict[str, Any] = {
        "path": click.format_filename(path),
        "readable": False,
        "n_records": 0,
        "n_unreadable": 0,
        "error": None,
        "warnings": [],
        "unreadable": [],
    }
    try:
        with fst24.open(path) as file:
            found["warnings"] = [reason(warning) for warning in file.warnings]
            found["n_records"] = len(file)
            if deep:
                examined = examine(file)
                faults = sorted([*examined.faults, *examined.losses, *strays(examined)])
                found["structure"] = [{"offset": at, "reason": text} for at, text in faults]
            found["unreadable"] = list(_unreadable(file, n_threads))
    except fst24.Fst24Error as error:
        found["error"] = reason(error)
    found["n_unreadable"] = len(found["unreadable"])
    found["readable"] = found["error"] is None and not found["unreadable"]
    return found


def _unreadable(file: fst24.Fst24File, n_threads: int) -> Iterator[dict[str, Any]]:
    records = list(file)
    with progress(len(records)) as advance:
        for record, result in in_order(records, read_all, n_threads):
            advance()
            if isinstance(result, fst24.Fst24Error):
                what = {name: getattr(record, name) for name in ("index", "nomvar", "offset")}
                yield what | {"reason": reason(result)}


def lines(found: dict[str, Any]) -> list[str]:
    """The same for people; the last line sums up."""
    path, n, n_bad = found["path"], found["n_records"], found["n_unreadable"]
    if found["error"] is not None:
        why = found["error"]
        return [f"{path}: {why}" if why.startswith("cannot ") else f"{path}: cannot be read: {why}"]
    text = [f"{path}: warning: {warning}" for warning in found["warnings"]]
    text += [f"{path}: byte {at['offset']}: {at['reason']}" for at in found.get("structure", ())]
    for bad in found["unreadable"]:
        place = place_text(bad["index"], bad["nomvar"], bad["offset"])
        text.append(f"{path}: {place}: {bad['reason']}")
    if n_bad:
        sum_up = f"{n_bad:,} of {counted(n, 'record')} cannot be read"
    else:
        sum_up = counted(n, "record") + (", all readable" if n else "")
    if (n_warnings := len(found["warnings"])) and not n_bad:
        sum_up += f", {counted(n_warnings, 'warning')}"
    if n_faults := len(found.get("structure", ())):
        sum_up += f", {counted(n_faults, 'fault')} of structure"
    return [*text, f"{path}: {sum_up}"]


@click.command("check")
@files_argument
@click.option(
    "--deep",
    is_flag=True,
    help="Look at the structure, too: the directory against the records' own headers, checksums,"
    " marks, sizes and counts, bytes that two records share, bytes that belong to nothing.",
)
@threads_option
@click.option("--json", "as_json", is_flag=True, help="JSON lines: one object a file.")
def command(files: tuple[str, ...], threads: int, *, deep: bool, as_json: bool) -> None:
    """Read all of FILES and say what cannot be read.

    One line for each warning and for each record that cannot be read (its place, name, byte and
    the reason), then one that sums up, all on standard output. Values and extended metadata are
    read, nothing is changed; fst24 repair mends.

    Exit status: 0 when everything is well, 1 when a record or a file cannot be read or there is a
    warning or a fault of structure, 2 when the command was not understood.
    """
    one_line_warnings(shown=False)  # they are among what is shown
    all_well = True
    for path in files:
        found = check(path, threads, deep=deep)
        all_well &= found["readable"] and not found["warnings"] and not found.get("structure")
        text = json_line(found) if as_json else "\n".join(lines(found)) + "\n"
        click.echo(text, nl=False)
    if not all_well:
        sys.exit(1)
