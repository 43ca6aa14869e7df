"""The columns that ``ls`` and ``stat`` can show of a record: what is stored, and what it means."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import fst24

from ._output import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

#: Letters that tools show for a data type, by its base type (docs/format/codecs.md, 2).
_TYPE_LETTERS = "XRICSEFAZ"
#: Short units by kind of level (docs/format/metadata.md, 2.1).
_UNITS = dict(enumerate(("m", "sg", "mb", "", "M", "hy", "th", "m-")))
_UNITS |= {10: "H", 15: "_0", 17: "[]", 21: "mp", 31: "_1"}
#: Records whose ips are tags that link them to fields, not levels (docs/format/metadata.md, 2.5).
TAGGED = ("<", ">", "!", "^")


#: Up to here ip2 and ip3 are plain numbers, hours in ip2 (docs/format/metadata.md, 2.6).
LAST_PLAIN = 32767


class Field(NamedTuple):
    """A column and how to get its value from a record."""

    column: Column
    get: Callable[[fst24.Fst24Record], Any]


def value_text(value: float) -> str:
    """Six digits, as codes keep them; whole numbers in full."""
    return str(int(value)) if value == int(value) else f"{value:.6g}"


@lru_cache(maxsize=4096)
def ip_text(code: int) -> str:
    """Value and unit of an IP code, ``850 mb``; the code itself when it means nothing."""
    value, kind = fst24.ip.decode(code)
    unit = _UNITS.get(int(kind))
    return str(code) if unit is None else f"{value_text(float(value))} {unit}".rstrip()


def level_text(record: fst24.Fst24Record) -> str:
    """The level of a record; the bare ip1 of one whose ip1 is a tag."""
    return str(record.ip1) if record.nomvar.startswith(TAGGED) else ip_text(record.ip1)


@lru_cache(maxsize=4096)
def date_of(stamp: int) -> datetime | None:
    """The instant of a date stamp, in UTC; None when it is no date."""
    return fst24.date.decode(stamp)


def date_text(stamp: int) -> str | None:
    """The same as ISO 8601."""
    date = date_of(stamp)
    return None if date is None else f"{date:%Y-%m-%dT%H:%M:%SZ}"


def code_text(name: str) -> Callable[[fst24.Fst24Record], str]:
    """Text of ip2 or ip3: its value where it is a new-style code, the plain number where not."""

    def text(record: fst24.Fst24Record) -> str:
        code: int = getattr(record, name)
        is_plain = code <= LAST_PLAIN or record.nomvar.startswith(TAGGED)
        return str(code) if is_plain else ip_text(code)

    return text


def lead_hours(record: fst24.Fst24Record) -> float:
    """Hours between the origin and the validity of a field."""
    return record.deet * record.npas / 3600


def type_text(record: fst24.Fst24Record) -> str:
    """Data type and bits: ``R16``, ``f16`` when compressed, ``mE32`` with missing values."""
    base = record.datyp & 0x3F
    letter = _TYPE_LETTERS[base] if base < len(_TYPE_LETTERS) else f"?{base}:"
    if record.datyp & 128:
        letter = letter.lower()
    return f"{'m' if record.datyp & 64 else ''}{letter}{record.nbits}"


def _stored() -> dict[str, Field]:
    """The fields of the record header, under their own names."""
    text = {"nomvar": 4, "typvar": 2, "etiket": 12, "grtyp": 1}
    wide = {"index": 5, "file_index": 5, "offset": 10, "nbytes": 9, "dateo": 10, "datev": 10}
    small = {"deet": 4, "npas": 4, "ni": 5, "nj": 5, "nk": 2, "datyp": 3, "nbits": 2}
    codes = {"ip1": 9, "ip2": 4, "ip3": 4, "ig1": 5, "ig2": 5, "ig3": 5, "ig4": 5}
    fields = {n: Field(Column(n, w, left=True), attrgetter(n)) for n, w in text.items()}
    return fields | {
        n: Field(Column(n, w), attrgetter(n)) for n, w in (wide | small | codes).items()
    }


#: Everything that --columns takes.
FIELDS: dict[str, Field] = _stored() | {
    "path": Field(Column("path", left=True), lambda r: click.format_filename(r.path)),
    "level": Field(Column("level", 10), level_text),
    "ip2_text": Field(Column("ip2_text", 8), code_text("ip2")),
    "ip3_text": Field(Column("ip3_text", 8), code_text("ip3")),
    "origin": Field(Column("origin", 20), lambda r: date_text(r.dateo)),
    "valid": Field(Column("valid", 20), lambda r: date_text(r.datev)),
    "lead": Field(Column("lead", 5, text=lambda hours: f"{hours:g}"), lead_hours),
    "type": Field(Column("type", 4), type_text),
}

_WHAT = ("index", "nomvar", "typvar", "etiket", "ni", "nj", "nk")
_PLACE = ("ip1", "ip2", "ip3", "deet", "npas")
_GRID = ("grtyp", "ig1", "ig2", "ig3", "ig4")
STORED_COLUMNS = (*_WHAT, "dateo", *_PLACE, "datyp", "nbits", *_GRID)
STYLE_COLUMNS = (*_WHAT, "level", "valid", "lead", "ip2_text", "ip3_text", "type", "grtyp")


def chosen_fields(wanted: str | None, default: Sequence[str], files: Sequence[str]) -> list[Field]:
    """The columns named in ``wanted``, or the default ones; of several files the path, too.

    The column of paths begins as wide as the longest of them: files are read one by one, and the
    header is written before the last is known to have anything to show.
    """
    names = _chosen_names(wanted, default)
    if len(files) > 1 and "path" not in names:
        names.insert(0, "path")
    width = max(len(click.format_filename(path)) for path in files)
    path = FIELDS["path"]
    wide = path._replace(column=replace(path.column, width=width))
    return [wide if name == "path" else FIELDS[name] for name in names]


def _chosen_names(wanted: str | None, default: Sequence[str]) -> list[str]:
    """Names, comma-separated; ``+a,b`` or ``+a,+b`` adds to the default ones."""
    if wanted is None:
        return list(default)
    names = [name.strip().lower().removeprefix("+") for name in wanted.split(",")]
    names = [name for name in names if name]
    unknown = [name for name in names if name not in FIELDS]
    if unknown or not names:
        what = f"no column {', '.join(unknown)}" if unknown else "no column is named"
        raise click.BadParameter(
            f"{what}; there are {', '.join(sorted(FIELDS))}", param_hint="--columns"
        )
    adds = wanted.lstrip().startswith("+")
    return [*default, *(n for n in names if n not in default)] if adds else names
