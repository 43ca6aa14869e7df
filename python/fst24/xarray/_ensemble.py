"""Ensembles: members are told by their etiket (``docs/format/metadata.md``, 4.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from fst24 import etiket

from ._axes import Axis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Members of etikets that follow none of CMC's patterns: E1_G5V12N; E001, MEMBER03.
_OTHERS = (
    re.compile(r"(?P<head>E)(?P<number>\d{1,4})(?P<tail>_.*)"),
    re.compile(r"(?P<head>.*?[A-Z_])(?P<number>\d{1,4})(?P<tail>)"),
)


def member(text: str) -> tuple[str, int] | None:
    """What members share, and the number of one; None for an etiket that names no member.

    >>> member("E1_612_N003"), member("MEMBER03"), member("E2_G5V12N"), member("G5V12N")
    (('E1_612_N', 3), ('MEMBER', 3), ('E_G5V12N', 2), None)
    """
    parts = etiket.parse(text)
    if parts.ensemble_member is not None and parts.ensemble_member.isdigit():
        return text[: -len(parts.ensemble_member)], int(parts.ensemble_member)
    for pattern in _OTHERS:
        found = pattern.fullmatch(text)
        if found is not None:
            return found["head"] + found["tail"], int(found["number"])
    return None


def are_members(texts: Sequence[str]) -> bool:
    """Whether etikets differ by the number of a member alone.

    Numbers at the end of an etiket of no known pattern have leading zeros: V5001 and V5002 are
    versions.

    >>> are_members(["E1_612_N003", "E1_612_N004"]), are_members(["GEM4", "GEM5"])
    (True, False)
    """
    if not all(map(_has_number, texts)) and not any(map(_leads_with_zero, texts)):
        return False
    found = [member(text) for text in texts]
    known = [one for one in found if one is not None]
    heads = {head for head, _ in known}
    return len(texts) > 1 and len(known) == len(found) == len(set(known)) and len(heads) == 1


def _has_number(text: str) -> bool:
    """Whether an etiket has the number of a member at a place that is known for it."""
    return etiket.parse(text).ensemble_member is not None or bool(_OTHERS[0].fullmatch(text))


def names_member(text: str) -> bool:
    """Whether an etiket alone says that it is of a member: PREC6 does not.

    >>> names_member("E1_612_N003"), names_member("E001"), names_member("PREC6")
    (True, True, False)
    """
    return _has_number(text) or _leads_with_zero(text)


def _leads_with_zero(text: str) -> bool:
    return bool(re.fullmatch(r".*[A-Z_]0\d{1,3}", text))


def in_order(texts: Sequence[str]) -> list[str]:
    """Etikets by the number of their member where all have one, else as text."""
    numbers = {text: found[1] for text in texts if (found := member(text)) is not None}
    return sorted(
        texts, key=lambda text: (numbers.get(text, 0) if len(numbers) == len(texts) else 0, text)
    )


def ensemble_axis(texts: Sequence[str]) -> Axis:
    """The axis of etikets, in order."""
    numbers = [member(text) for text in texts]

    def make(suffix: str) -> Mapping[str, xr.Variable]:
        name = f"ensemble{suffix}"
        labels = {"long_name": "Ensemble member (etiket)"}
        made = {name: xr.Variable((name,), np.array(texts, object), labels)}
        if all(number is not None for number in numbers):
            known = np.array([number[1] for number in numbers if number is not None], np.int32)
            attrs = {
                "standard_name": "realization",
                "long_name": "Number of the member",
                "units": "1",
            }
            made[f"realization{suffix}"] = xr.Variable((name,), known, attrs)
        return made

    return Axis("ensemble", tuple(texts), len(texts), make)
