"""``fst24 ip``: levels and times to codes, and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

import fst24

from ._fields import value_text
from ._numbers import Answer, NumberCommand, answer_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fst24.ip import Levels, Triplet

_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(.*)")
_NAMES = {kind: name for name, kind in fst24.ip.KINDS.items()}
#: Suffixes that tools print (docs/format/metadata.md, 2.1).
_SUFFIXES = {0: "m", 1: "sg", 2: "mb", 4: "M", 5: "hy", 6: "th", 7: "m-", 10: "H", 21: "mp"}
_SUFFIXES |= {15: "_0", 17: "[]"}
_TIME = 10


class Item(NamedTuple):
    """A code to decode, or a value to encode."""

    code: int | None = None
    value: float = 0.0
    #: A unit or a kind, as `fst24.ip.encode` takes it.
    unit: str | int = ""


def parse(words: list[str], kind: str | int | None) -> list[Item]:
    """Codes and values; without ``kind`` a value is what has a unit, a code what has none."""
    items: list[Item] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        found = _NUMBER.fullmatch(word)
        if found is None:
            raise click.UsageError(f"{word!r} is no number")
        named = [found[2]] if found[2] else []
        while rest and _NUMBER.fullmatch(rest[0]) is None:
            named.append(rest.pop(0))
        items.append(_item(found[1], named, kind))
    return items


def _item(number: str, named: list[str], kind: str | int | None) -> Item:
    if named:
        return Item(value=float(number), unit=_unit(named))
    if kind is not None:
        return Item(value=float(number), unit=kind)
    try:
        return Item(code=int(number))
    except ValueError:
        raise click.UsageError(
            f"{number} is no code: name the unit of a value, {number} hPa, or its --kind"
        ) from None


def _unit(named: list[str]) -> str | int:
    """``mb``, ``above_ground``, or both: the second tells which of several kinds has the unit."""
    try:
        if len(named) == 1:
            return named[0]
        kind = fst24.ip.kind_of(named[1])
    except fst24.EncodingError as error:
        raise click.UsageError(str(error)) from None
    if len(named) > 2 or named[0] not in {fst24.ip.UNITS.get(kind), _SUFFIXES.get(kind)}:  # noqa: PLR2004
        raise click.UsageError(f"{' '.join(named)!r} is no unit and kind, as in 10 m above_ground")
    return kind


def level_text(level: Levels) -> str:
    """``850 mb pressure``: what can be encoded again."""
    unit, name = _SUFFIXES.get(level.kind, ""), _NAMES.get(level.kind, "")
    return " ".join(part for part in (value_text(level.value), unit, name) if part)


def level_object(level: Levels) -> dict[str, Any]:
    """The same for JSON; null where the code means nothing."""
    is_known = level.kind >= 0
    return {
        "value": level.value if is_known else None,
        "kind": level.kind if is_known else None,
        "name": _NAMES.get(level.kind),
        "unit": fst24.ip.UNITS.get(level.kind),
    }


def answer(item: Item, style: Literal["new", "old"]) -> Answer:
    """The value of a code, the code of a value."""
    if item.code is not None:
        level = fst24.ip.decode(item.code)
        problem = None if level.kind >= 0 else f"{item.code} is no code of a level or a time"
        text = "" if problem else level_text(level)
        return Answer(text, {"code": item.code, **level_object(level)}, problem)
    try:
        code = fst24.ip.encode(item.value, item.unit, style=style)
    except fst24.EncodingError as error:
        return Answer("", {"code": None, "value": item.value}, str(error))
    return Answer(str(code), {"code": code, **level_object(fst24.ip.decode(code))})


def triplet_text(triplet: Triplet) -> str:
    """``500 to 250 mb pressure, 12 H hours``: layers and periods by their ends."""
    level, time, other = triplet.level, triplet.time, triplet.other
    if other.kind == level.kind:
        return f"{value_text(level.value)} to {level_text(other)}, {level_text(time)}"
    if other.kind == _TIME:
        return f"{level_text(level)}, {value_text(other.value)} to {level_text(time)}"
    return ", ".join(map(level_text, (level, time, other)))


def triplet_answer(items: list[Item]) -> Answer:
    """Level, time and third value of three codes, or the codes of the three values."""
    codes = tuple(item.code for item in items if item.code is not None)
    if codes and len(codes) < len(items):
        raise click.UsageError("--triplet takes three codes or three values, not both")
    text, problem = "", None
    if not codes:
        try:
            codes = fst24.ip.encode_triplet(*map(_encoded, items))
        except fst24.EncodingError as error:
            return Answer("", dict.fromkeys(("ip1", "ip2", "ip3")), str(error))
        text = " ".join(map(str, codes))
    triplet = fst24.ip.decode_triplet(*codes)
    if not triplet.valid:
        problem = f"{' '.join(map(str, codes))} are no level, time and number"
    known: dict[str, Any] = dict(zip(("ip1", "ip2", "ip3"), codes, strict=True))
    for name in ("level", "time", "other"):
        known[name] = level_object(getattr(triplet, name)) if triplet.valid else None
    return Answer(
        text or ("" if problem else triplet_text(triplet)),
        known | {"valid": triplet.valid, "certain": triplet.certain},
        problem,
    )


def _encoded(item: Item) -> Levels:
    """Value and kind, in the unit of the kind and with the digits of a code."""
    return fst24.ip.decode(fst24.ip.encode(item.value, item.unit))


def _kind(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Any:  # noqa: ANN401
    return int(text) if text is not None and text.isdecimal() else text


@click.command("ip", cls=NumberCommand)
@click.argument("words", metavar="CODE|VALUE...", nargs=-1, required=True)
@click.option(
    "--old", is_flag=True, help="Give old-style codes (15 bits): m above sea, sg, mb, arbitrary."
)
@click.option(
    "--kind",
    metavar="KIND",
    callback=_kind,
    help="All numbers are values of this kind: its name, its number or a unit.",
)
@click.option("--triplet", is_flag=True, help="Take three by three, as ip1, ip2, ip3 of a record.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines: one object an answer.")
def command(
    words: tuple[str, ...], *, old: bool, kind: str | int | None, triplet: bool, as_json: bool
) -> None:
    """Convert levels and times to codes of ip1, ip2, ip3, and back.

    A number with a unit is a value, to be encoded; a whole number without one is a code, to be
    decoded. So 850 hPa gives 41744464, and 850 alone, an old-style code, gives 850 mb pressure.

    Units are hPa mb Pa, sg, hy, K th, M (above ground), m- (below sea), mp, h H s min d. The unit m
    is shared by several kinds: name the kind, 10 m above_ground. Kinds are above_sea sigma pressure
    arbitrary above_ground hybrid theta below_sea hours samples matrix_index meters_pressure.

    \b
      fst24 ip 850 hPa                      41744464
      fst24 ip --old 850hPa 0.995 sigma     850 and 11950, a line each
      fst24 ip 93423264                     1 hy hybrid
      fst24 ip --triplet 41394464 12 0      500 mb pressure, 12 H hours, 0 arbitrary
      fst24 ip --triplet 500hPa 12h 250hPa  41394464 176280768 41144464
      fst24 ls F.fst --columns ip1 --no-header | fst24 ip -

    With - the words are lines of standard input. An answer a line; none where a code means nothing
    or a value cannot be a code, which is said on standard error.

    Exit status: 0 when all was converted, 1 when something could not be, 2 when the command was not
    understood.
    """  # noqa: D301 - click takes the backspace for "do not wrap"
    if old and triplet:
        raise click.UsageError("--old and --triplet exclude each other: triplets are new-style.")

    def answers(line: list[str]) -> Iterator[Answer]:
        items = parse(line, kind)
        if not triplet:
            yield from (answer(item, "old" if old else "new") for item in items)
            return
        if len(items) % 3:
            raise click.UsageError(f"--triplet takes three by three; there are {len(items)}")
        for start in range(0, len(items), 3):
            yield triplet_answer(items[start : start + 3])

    answer_all(words, answers, as_json=as_json)
