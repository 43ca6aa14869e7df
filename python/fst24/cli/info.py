"""``fst24 info``: what a file is and what is in it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from ._fields import date_text, type_text
from ._files import each_file, files_argument
from ._output import json_line

if TYPE_CHECKING:
    import fst24


def describe(file: fst24.Fst24File) -> dict[str, Any]:
    """Everything that ``info`` shows of an open file."""
    records = list(file)
    variables = Counter(record.nomvar for record in records)
    valid = sorted({text for r in records if (text := date_text(r.datev)) is not None})
    info = file.info
    return {
        "path": click.format_filename(file.path),
        "container": file.backend,
        "version": info.version,
        "n_bytes": info.n_bytes,
        "n_records": len(records),
        "n_deleted": info.n_deleted,
        "n_parts": info.n_parts,
        "sequential": info.sequential,
        "open_for_writing": info.open_for_writing,
        "types": dict(Counter(type_text(r.datyp, r.nbits) for r in records).most_common()),
        "variables": dict(sorted(variables.items())),
        "first_valid": valid[0] if valid else None,
        "last_valid": valid[-1] if valid else None,
        "warnings": [str(warning) for warning in file.warnings],
    }


def _size(n_bytes: int) -> str:
    """Bytes in the unit that reads best, ``1.6 MB``; the exact number follows."""
    size, unit = float(n_bytes), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):  # noqa: B007 - the unit is used below
        if size < 1000:  # noqa: PLR2004 - a kilo
            break
        size /= 1000
    return f"{n_bytes:,} bytes" if unit == "bytes" else f"{size:.1f} {unit} ({n_bytes:,} bytes)"


def _counted(counts: dict[str, int]) -> str:
    return "  ".join(f"{name} {n:,}" for name, n in counts.items()) or "none"


def lines(known: dict[str, Any]) -> list[str]:
    """The same for people."""
    part = "segment" if known["container"] == "RSF" else "directory page"
    many = "" if known["n_parts"] == 1 else "s"
    kind = "sequential" if known["sequential"] else f"{known['n_parts']:,} {part}{many}"
    dates = {known["first_valid"], known["last_valid"]} - {None}
    shown = {
        "container": f"{known['container']} ({known['version']}, {kind})",
        "size": _size(known["n_bytes"]),
        "records": f"{known['n_records']:,}, and {known['n_deleted']:,} deleted",
        "types": _counted(known["types"]),
        "valid": " to ".join(sorted(dates)) or "no date",
        "variables": _counted(known["variables"]),
    }
    if known["open_for_writing"]:
        shown["state"] = "open for writing, or left so by a writer that died"
    text = [known["path"], *(f"  {name:<10} {value}" for name, value in shown.items())]
    return text + [f"  {'warning':<10} {warning}" for warning in known["warnings"]]


@click.command("info")
@files_argument
@click.option("--json", "as_json", is_flag=True, help="JSON lines: one object a file.")
def command(files: tuple[str, ...], *, as_json: bool) -> None:
    """Say what FILES are.

    Container and its version, size, records and deleted ones, data types, dates of validity,
    variables, and what was found wrong while opening.
    """

    def show(file: fst24.Fst24File) -> None:
        known = describe(file)
        text = json_line(known) if as_json else "\n".join(lines(known)) + "\n"
        click.echo(text, nl=False)

    each_file(files, show, warn=False)  # they are among what is shown
