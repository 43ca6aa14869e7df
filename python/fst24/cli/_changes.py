"""``FIELD=VALUE``: what is to be changed in the metadata of records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

import fst24

from ._select import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBERS = ("ip1", "ip2", "ip3", "ig1", "ig2", "ig3", "ig4", "deet", "npas")
_DATES = ("dateo", "datev", "origin_time", "valid_time")
NAMES = (*TEXTS, *_NUMBERS, *_DATES, "level")
_STAMP_DIGITS = 9

changes_help = (
    "Text: nomvar, typvar, etiket, grtyp; numbers: ip1, ip2, ip3, ig1 to ig4, deet, npas; level"
    " with its unit: 850mb; dates: dateo or datev, as 2024-05-17T12 or @STAMP."
)


def parse_changes(given: Iterable[str], hint: str) -> dict[str, Any]:
    """What ``Fst24Writer.edit`` and ``write`` take, from ``FIELD=VALUE`` texts.

    Raises
    ------
    click.BadParameter
        No such field, a value that it cannot have, or a field that is given twice.
    """
    found: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        name = name.strip().lower()
        if not sign or name not in NAMES:
            raise click.BadParameter(
                f"{text!r} is not FIELD=VALUE with a field of {', '.join(NAMES)}", param_hint=hint
            )
        if name in found:
            raise click.BadParameter(f"{name} is given twice", param_hint=hint)
        try:
            found |= _value(name, value)
        except (ValueError, TypeError) as error:
            raise click.BadParameter(f"{text!r}: {error}", param_hint=hint) from None
    return found


def _value(name: str, value: str) -> dict[str, Any]:
    if name in TEXTS:
        return {name: value}
    if name in _NUMBERS:
        return {name: int(value)}
    if name == "level":
        found = re.fullmatch(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(\S+)\s*", value)
        if found is None:
            raise ValueError("write the value and its unit, as 850mb")
        return {"ip1": fst24.ip.encode(float(found[1]), found[2])}
    digits = value.removeprefix("@")
    is_stamp = digits.isdigit() and (value != digits or len(digits) == _STAMP_DIGITS)
    return {name: int(digits) if is_stamp else fst24.date.encode(value)}
