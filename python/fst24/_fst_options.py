"""The environment variable ``FST_OPTIONS``, as librmn reads it (docs/format/containers.md, 4)."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass, field
from typing import Literal

from ._errors import Fst24Warning

Backend = Literal["XDF", "RSF"]
#: Frames from `read_fst_options` to the caller of `fst24.open`.
_TO_CALLER = 5
_MOST_MIB = 2**40  # 2^60 bytes
#: Keys that librmn knows and that say nothing to a writer of files.
_OTHERS = ("FST_FILTER_FILE", "DEBUGFILE")


@dataclass(frozen=True)
class FstOptions:
    """What ``FST_OPTIONS`` says about writing."""

    backend: Backend | None = None
    segment_size_mb: int | None = None
    fast: bool = False
    #: datyp asked for -> datyp written
    remap: dict[int, int] = field(default_factory=dict)


def read_fst_options(text: str | None = None) -> FstOptions:
    """The options in ``text``, by default in the environment.

    What is not understood is told in a `Fst24Warning` and passed over, as librmn does.

    >>> read_fst_options("backend=rsf;SEGMENT_SIZE_MB=100").segment_size_mb
    100
    """
    if text is None:
        text = os.environ.get("FST_OPTIONS", "")
    found: dict[str, str] = {}
    told: list[str] = []
    for part in text.split(";"):
        key, equals, value = part.partition("=")
        if equals:
            found[key.strip().upper()] = re.sub(r"[\[\]\"'(){}]", "", value).strip()
        elif part.strip():
            told.append(f"{part.strip()} is ignored: it has no '='")
    options = FstOptions(
        backend=_backend(found.pop("BACKEND", ""), told),
        segment_size_mb=_size(found.pop("SEGMENT_SIZE_MB", ""), told),
        fast=found.pop("TURBOCOMP", "BEST").upper() == "FAST",
        remap=_remap(found.pop("DATATYPE_REMAP", ""), told),
    )
    told += [f"{key} is ignored: there is no such option" for key in found if key not in _OTHERS]
    for what in told:
        warnings.warn(Fst24Warning(f"FST_OPTIONS: {what}"), stacklevel=_TO_CALLER)
    return options


def _backend(text: str, told: list[str]) -> Backend | None:
    if not text:
        return None
    known: dict[str, Backend] = {"RSF": "RSF", "XDF": "XDF"}
    if text[:3].upper() not in known:
        told.append(f"BACKEND={text} is ignored: it is RSF or XDF")
    return known.get(text[:3].upper())


def _size(text: str, told: list[str]) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_MIB:
        told.append(
            f"SEGMENT_SIZE_MB={text} is ignored: it is a whole number from 1 to {_MOST_MIB}"
        )
        return None
    return int(text)


def _remap(text: str, told: list[str]) -> dict[int, int]:
    numbers = re.split(r"[\s,]+", text) if text else []
    if len(numbers) % 2 or not all(number.isdecimal() for number in numbers):
        told.append(f"DATATYPE_REMAP={text} is ignored: it is pairs of data types, from,to")
        return {}
    return {int(old): int(new) for old, new in zip(numbers[::2], numbers[1::2], strict=True)}
