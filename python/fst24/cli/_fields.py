"""The columns that ``ls`` and ``stat`` can show of a record: what is stored, and what it means."""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import fst24
import fst24.typvar

from ._output import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from ._rows import Rows

#: Letters that tools show for a data type, by its base type (docs/format/codecs.md, 2).
_TYPE_LETTERS = "XRICSEFAZ"
#: Short units by kind of level (docs/format/metadata.md, 2.1).
UNIT_LETTERS = dict(enumerate(("m", "sg", "mb", "", "M", "hy", "th", "m-")))
UNIT_LETTERS |= {10: "H", 15: "_0", 17: "[]", 21: "mp", 31: "_1"}
#: Records whose ips are tags that link them to fields, not levels (docs/format/metadata.md, 2.5).
TAGGED = ("<", ">", "!", "^")


#: Up to here ip2 and ip3 are plain numbers, hours in ip2 (docs/format/metadata.md, 2.6).
LAST_PLAIN = 32767


class Field(NamedTuple):
    """A column and how to get its value from a record, its values from many."""

    column: Column
    get: Callable[[fst24.Fst24Record], Any]
    values: Callable[[Rows], list[Any]]


def _stored(name: str, width: int, *, left: bool = False) -> Field:
    column = Column(name, width, left=left, repeats=True)
    return Field(column, attrgetter(name), lambda rows: rows.stored(name))


def _said(
    name: str, width: int, say: Callable[..., Any], *of: str, text: Callable[[Any], str] = str
) -> Field:
    """What stored columns ``of`` say together."""

    def values(rows: Rows) -> list[Any]:
        return list(map(say, *(rows.stored(n) for n in of)))

    return Field(
        Column(name, width, text=text, repeats=True),
        lambda record: say(*(getattr(record, n) for n in of)),
        values,
    )


def _decoded(name: str, width: int, what: str | None = None, **how: Any) -> Field:  # noqa: ANN401
    """A column of the decoded table, of the name ``what`` there."""
    column = Column(name, width, repeats=True, **how)
    source = what or name
    take = _TAKEN.get(source)

    def values(rows: Rows) -> list[Any]:
        found = rows.decoded(source)
        return found if take is None else [None if v is None else take(v) for v in found]

    def get(record: fst24.Fst24Record) -> Any:  # noqa: ANN401
        value = fst24.DefaultMetadataDecoder().decode_metadata(record.core)[source]
        return value if take is None or value is None else take(value)

    return Field(column, get, values)


def value_text(value: float) -> str:
    """Six digits, as codes keep them; whole numbers in full."""
    return str(int(value)) if value == int(value) else f"{value:.6g}"


@lru_cache(maxsize=4096)
def ip_text(code: int) -> str:
    """Value and unit of an IP code, ``850 mb``; the code itself when it means nothing."""
    value, kind = fst24.ip.decode(code)
    unit = UNIT_LETTERS.get(int(kind))
    return str(code) if unit is None else f"{value_text(float(value))} {unit}".rstrip()


def code_text(nomvar: str, code: int, last_plain: int = -1) -> str:
    """Value and unit of a code; the bare code where it is a tag or a plain number."""
    if code <= last_plain or nomvar.startswith(TAGGED):
        return str(code)
    return ip_text(code)


def _number_text(nomvar: str, code: int) -> str:
    """Text of ip2 or ip3: its value where it is a new-style code, the plain number where not."""
    return code_text(nomvar, code, LAST_PLAIN)


@lru_cache(maxsize=4096)
def date_of(stamp: int) -> datetime | None:
    """The instant of a date stamp, in UTC; None when it is no date."""
    return fst24.date.decode(stamp)


def date_text(stamp: int) -> str | None:
    """The same as ISO 8601."""
    date = date_of(stamp)
    return None if date is None else f"{date:%Y-%m-%dT%H:%M:%SZ}"


def lead_hours(deet: int, npas: int) -> float:
    """Hours between the origin and the validity of a field."""
    return deet * npas / 3600


def type_text(datyp: int, nbits: int) -> str:
    """Data type and bits: ``R16``, ``f16`` when compressed, ``mE32`` with missing values."""
    base = datyp & 0x3F
    letter = _TYPE_LETTERS[base] if base < len(_TYPE_LETTERS) else f"?{base}:"
    if datyp & 128:
        letter = letter.lower()
    return f"{'m' if datyp & 64 else ''}{letter}{nbits}"


def time_text(when: datetime) -> str:
    """A time as ISO 8601; those of tables are in UTC."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def duration_text(lead: timedelta) -> str:
    """A lead time as ISO 8601: ``PT36H``, ``PT1H30M``, ``-PT6H``."""
    seconds = abs(lead) // timedelta(seconds=1)
    parts = zip((seconds // 3600, seconds // 60 % 60, seconds % 60), "HMS", strict=True)
    text = "".join(f"{n}{unit}" for n, unit in parts if n)
    return f"{'-' if lead < timedelta() else ''}PT{text or '0S'}"


def plain_level(value: float) -> float:
    """A float32 as short as tells it from the others."""
    return float(f"{value:.7g}")


def _flag_text(flag: bool) -> str:  # noqa: FBT001 - a value
    return "true" if flag else "false"


_GRID_INFO = ("grtyp", "ig1", "ig2", "ig3", "ig4")

#: How values of decoded columns are taken over.
_TAKEN: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("origin_time", "valid_time"), time_text),
    "lead_time": duration_text,
    **dict.fromkeys(("level", "ip2_value", "ip3_value"), plain_level),
    "grid_info": lambda info: tuple(info[name] for name in _GRID_INFO),
}


def _stored_fields() -> Iterator[Field]:
    """The fields of the record header, under their own names."""
    text = {"nomvar": 4, "typvar": 2, "etiket": 12, "grtyp": 1}
    wide = {"index": 5, "offset": 10, "nbytes": 9, "dateo": 10, "datev": 10}
    small = {"deet": 4, "npas": 4, "ni": 5, "nj": 5, "nk": 2, "datyp": 3, "nbits": 2}
    codes = {"ip1": 9, "ip2": 4, "ip3": 4, "ig1": 5, "ig2": 5, "ig3": 5, "ig4": 5}
    for name, width in text.items():
        yield _stored(name, width, left=True)
    for name, width in (wide | small | codes).items():
        yield _stored(name, width)
    index = Column("file_index", 5)
    yield Field(
        index, attrgetter("file_index"), lambda rows: [r.file_index for r in rows.records()]
    )
    path = Column("path", left=True)
    yield Field(path, lambda r: click.format_filename(r.path), lambda rows: [rows.path] * len(rows))


def _said_fields() -> Iterator[Field]:
    """What they mean, as --style shows it."""
    yield _said("level", 10, code_text, "nomvar", "ip1")
    yield _said("ip2_text", 8, _number_text, "nomvar", "ip2")
    yield _said("ip3_text", 8, _number_text, "nomvar", "ip3")
    yield _said("origin", 20, date_text, "dateo")
    yield _said("valid", 20, date_text, "datev")
    yield _said("lead", 5, lead_hours, "deet", "npas", text=lambda hours: f"{hours:g}")
    yield _said("type", 4, type_text, "datyp", "nbits")


def _decoded_fields() -> Iterator[Field]:
    """The columns of the decoded table, docs/api/table.md."""
    number: dict[str, Any] = {"text": lambda value: f"{value:.7g}"}
    for name, width in {"origin_time": 20, "valid_time": 20, "lead_time": 9}.items():
        yield _decoded(name, width)
    yield _decoded("level_value", 11, "level", **number)
    for name in ("ip2_value", "ip3_value"):
        yield _decoded(name, 9, **number)
    for name in ("level_kind", "ip2_kind", "ip3_kind"):
        yield _decoded(name, 4)
    for name in ("level_unit", "ip2_unit", "ip3_unit"):
        yield _decoded(name, 4, left=True)
    yield _decoded(
        "grid_info",
        25,
        left=True,
        text=lambda info: " ".join(map(str, info)),
        csv=lambda info: " ".join(map(str, info)),
        plain=lambda info: dict(zip(_GRID_INFO, info, strict=True)),
    )
    texts = {"grid": 14, "data_type": 20, "run": 4, "label": 10, "implementation": 4}
    for name, width in (texts | {"ensemble_member": 4, "long_name": 30, "units": 8}).items():
        yield _decoded(name, width, left=True)
    for name in fst24.typvar.Flags._fields:
        yield _decoded(name, 5, left=True, text=_flag_text, csv=_flag_text)


#: Everything that --columns takes.
FIELDS: dict[str, Field] = {
    field.column.name: field for field in (*_stored_fields(), *_said_fields(), *_decoded_fields())
}

_WHAT = ("index", "nomvar", "typvar", "etiket", "ni", "nj", "nk")
_PLACE = ("ip1", "ip2", "ip3", "deet", "npas")
_GRID = ("grtyp", "ig1", "ig2", "ig3", "ig4")
STORED_COLUMNS = (*_WHAT, "dateo", *_PLACE, "datyp", "nbits", *_GRID)
STYLE_COLUMNS = (*_WHAT, "level", "valid", "lead", "ip2_text", "ip3_text", "type", "grtyp")


def no_column(names: Sequence[str]) -> str:
    """That there are no such columns, and what may have been meant."""
    near = difflib.get_close_matches(names[0].lower(), FIELDS, 1, 0.6)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"no column {', '.join(names)}{hint}"


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
        what = no_column(unknown) if unknown else "no column is named"
        raise click.BadParameter(
            f"{what}; there are {', '.join(sorted(FIELDS))}", param_hint="--columns"
        )
    adds = wanted.lstrip().startswith("+")
    return [*default, *(n for n in names if n not in default)] if adds else names
