"""``fst24 ls --tree``: for each variable its levels, for these the times."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ._fields import plain_level, time_text
from ._files import each_file
from ._output import counted, json_line
from ._summary import Branch, Variable, branches, facts, kind_name, variables

if TYPE_CHECKING:
    from collections.abc import Sequence

    import fst24

    from ._output import Form
    from ._rows import Language
    from ._select import Selection


def show_trees(files: Sequence[str], selected: Selection, form: Form, language: Language) -> None:
    """A tree of each file on standard output; as JSON an object for each variable."""

    def show(file: fst24.Fst24File) -> None:
        rows = selected.rows(file, language=language)
        table = facts(rows)
        sets = branches(table)
        known = [(one, sets[one.nomvar]) for one in variables(table, per_file=False)]
        if form == "json":
            click.echo("".join(json_line(_plain(rows.path, *one)) for one in known), nl=False)
        else:
            title = f"{rows.path}  {counted(len(rows), 'record')}"
            (_draw if sys.stdout.isatty() else _indent)(title, known)

    each_file(files, show)


def _title(one: Variable) -> str:
    name = one.long_name if one.long_name != one.nomvar else None
    units = f"[{one.units}]" if one.units else None
    parts = (one.nomvar, name, units, counted(one.n_records, "record"))
    return "  ".join(part for part in parts if part)


def _indent(title: str, known: list[tuple[Variable, list[Branch]]]) -> None:
    lines = [title]
    for one, found in known:
        lines += [f"  {_title(one)}", *(f"    {branch.text()}" for branch in found)]
    click.echo("\n".join(lines))


def _draw(title: str, known: list[tuple[Variable, list[Branch]]]) -> None:
    """The same with lines between, where somebody looks."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(title, "bold"))
    for one, found in known:
        stem = tree.add(Text(_title(one)))
        for branch in found:
            stem.add(Text(branch.text(), "dim"))
    Console(highlight=False).print(tree)


def _plain(path: str, one: Variable, found: list[Branch]) -> dict[str, Any]:
    """A variable for JSON, nothing left out."""
    facts_of = {name: getattr(one, name) for name in ("nomvar", "long_name", "units", "n_records")}
    levels = [
        {
            "kind": kind_name(branch.kind),
            "levels": [plain_level(level) for level in branch.levels],
            "times": [time_text(when) for when in branch.times],
            "complete": branch.complete,
        }
        for branch in found
    ]
    return {"path": path} | facts_of | {"levels": levels}
