"""The parts of ``etiket``: run, label, implementation, ensemble member.

CMC's operational files put them at fixed places (``docs/format/metadata.md``, 4.3). Nothing makes a
writer do so: an etiket that follows none of the patterns is a run of two characters and a label.

>>> from fst24 import etiket
>>> etiket.parse("E1_612_N003")
Etiket(run='E1', label='_612_', implementation='N', ensemble_member='003', pattern=2)
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Etiket", "columns", "encode", "implementation_name", "parse"]

# In the order of the page: the first that matches the whole etiket is the one that counts.
_PATTERNS = (
    r"(\w{2})(\S{5})([NPX])()",
    r"(\w{2})(\S{5})([NPX])(\d{3})",
    r"(\w{2})(\S{5})([NPX])(\d{4})",
    r"(\w{2})(\S{5})([NPX])([A-Za-z]{3})",
    r"(\w{2})(\S{5})([NPX])([A-Za-z]{4})",
    r"(\w{2})(\S{6})([NPX])()",
    r"(\w{2})(\S{6})([NPX])(\d{3}|ALL|\d{2}[A-Za-z])",
    r"(\w{2})()()()",
    r"(.{2})(.*)()()",
)

_IMPLEMENTATIONS = {
    "N": ("operational", "opérationnel"),
    "P": ("parallel", "parallèle"),
    "X": ("experimental", "expérimental"),
}


class Etiket(NamedTuple):
    """The parts of an etiket; None for one that is not there."""

    run: str | None
    label: str | None
    implementation: str | None
    """N operational, P parallel, X experimental."""
    ensemble_member: str | None
    pattern: int
    """Number of the pattern that matched (1 to 9); 0 for an etiket of less than two characters."""


@functools.cache
def _compiled() -> tuple[re.Pattern[str], ...]:
    """The patterns, compiled when first needed: importing fst24 does not wait for them."""
    return tuple(re.compile(pattern, re.ASCII | re.DOTALL) for pattern in _PATTERNS)


def parse(etiket: str) -> Etiket:
    """The parts of one etiket, trailing blanks or not. Never fails.

    >>> parse("R1_V710_N").label, parse("ANALYSE").run, parse("ANALYSE").label
    ('_V710_', 'AN', 'ALYSE')
    """
    text = etiket.rstrip(" ")
    for number, pattern in enumerate(_compiled(), start=1):
        match = pattern.fullmatch(text)
        if match:
            run, label, implementation, member = (part or None for part in match.groups())
            return Etiket(run, label, implementation, member, number)
    return Etiket(None, text or None, None, None, 0)


def encode(
    *,
    run: str | None = None,
    label: str | None = None,
    implementation: str | None = None,
    ensemble_member: str | None = None,
) -> str:
    """An etiket of the newer layout: run 2, label 6, implementation 1, member 0 or 3 characters.

    What is not given is filled in: run ``__``, label ``______``, implementation ``X``; a short
    label is completed with ``_``.

    Raises
    ------
    ValueError
        A part has the wrong length or characters that an etiket cannot hold.

    >>> encode(run="R1", label="_V710", implementation="N")
    'R1_V710_N'
    """
    run = run or "__"
    label = (label or "").ljust(6, "_")
    implementation = implementation or "X"
    text = run + label + implementation + (ensemble_member or "")
    if not all(" " <= character <= "_" for character in text):
        message = f"etiket {text!r} has characters other than upper case letters and signs of ASCII"
        raise ValueError(message)
    pattern = 7 if ensemble_member else 6
    if parse(text) != Etiket(run, label, implementation, ensemble_member or None, pattern):
        message = (
            f"{text!r} would not be read back as run {run!r}, label {label!r}, implementation "
            f"{implementation!r} and member {ensemble_member!r}: give 2 letters or digits, at most "
            "6 characters, N, P or X, and 3 digits, ALL, or 2 digits and a letter"
        )
        raise ValueError(message)
    return text


def implementation_name(letter: str, language: Literal["en", "fr"] = "en") -> str | None:
    """What the implementation letter of an etiket means; None for an unknown one.

    >>> implementation_name("P")
    'parallel'
    """
    names = _IMPLEMENTATIONS.get(letter)
    return None if names is None else names[0 if language == "en" else 1]


def columns(etikets: Iterable[str]) -> dict[str, list[str | None]]:
    """Run, label, implementation and ensemble member of many etikets, one list a part.

    Each different etiket is parsed once; a table gives its unique ones.

    >>> columns(["E1_612_N003", "E1_612_N004"])["ensemble_member"]
    ['003', '004']
    """
    known: dict[str, Etiket] = {}
    rows = []
    for etiket in etikets:
        row = known.get(etiket)
        if row is None:
            row = known[etiket] = parse(etiket)
        rows.append(row)
    return {
        "run": [row.run for row in rows],
        "label": [row.label for row in rows],
        "implementation": [row.implementation for row in rows],
        "ensemble_member": [row.ensemble_member for row in rows],
    }
