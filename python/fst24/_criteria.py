"""Search: from keyword arguments to what the library understands."""

from __future__ import annotations

import datetime as dt
import difflib
import operator
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from . import date, ip
from ._errors import EncodingError, Fst24Warning, InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._core import Criterion, Table

#: f24_key by name.
KEYS = {
    name: 1 + i
    for i, name in enumerate(
        [
            "nomvar",
            "typvar",
            "etiket",
            "grtyp",
            "dateo",
            "datev",
            "deet",
            "npas",
            "ni",
            "nj",
            "nk",
            "ip1",
            "ip2",
            "ip3",
            "ig1",
            "ig2",
            "ig3",
            "ig4",
            "datyp",
            "nbits",
        ]
    )
}
TEXTS = ("nomvar", "typvar", "etiket", "grtyp")
DATES = ("dateo", "datev")
#: What else searches take.
OTHERS = ("variables", "level", "level_unit", "skip_descriptors")

EQUAL, RANGE, ENCODING = 1, 2, 3  # f24_match
SKIP_DESCRIPTORS = 1
_RANGE_ENDS = 2
_TOLERANCE = 1e-6  # of levels, relative; docs/format/metadata.md, 2.7

_MOST_STAMP = 2**31 - 1
#: Frames between a warning and those who search.
_TO_CALLER = 7

_Stamps: TypeAlias = tuple[int, int]  # of the first and the last instant
#: A condition that is known when the table is: what is meant is looked for among its values.
_Late: TypeAlias = "Callable[[Table], Criterion]"


@dataclass(frozen=True)
class Query:
    """Conditions on records, all of which have to hold."""

    criteria: tuple[Criterion | _Late, ...]
    flags: int

    def for_table(self, table: Table) -> tuple[Criterion, ...]:
        """The criteria for one table."""
        return tuple(one(table) if callable(one) else one for one in self.criteria)


def query(given: dict[str, Any]) -> Query:
    """Keyword arguments of a search as a query.

    Raises
    ------
    InvalidArgumentError
        No such field; the message lists what there is.
    TypeError
        A value that a field cannot have.
    """
    found: list[Criterion | _Late] = []
    rest = dict(given)
    if "variables" in rest:
        if rest.get("nomvar") is not None:
            raise InvalidArgumentError("variables and nomvar are the same: give one")
        rest["nomvar"] = rest.pop("variables")
    skip = rest.pop("skip_descriptors", False)
    level, unit = rest.pop("level", None), rest.pop("level_unit", None)
    for name, value in rest.items():
        if name not in KEYS:
            raise InvalidArgumentError(_unknown(name))
        if value is not None:
            found.append((_dates if name in DATES else _criterion)(name, value))
    if level is not None:
        found.append(_levels(level, unit))
        skip = True  # their ip1 is a tag, not a level
    elif unit is not None:
        raise InvalidArgumentError(f"level_unit={unit!r} says nothing without level=")
    return Query(tuple(found), SKIP_DESCRIPTORS if skip else 0)


def _unknown(name: str) -> str:
    known = [*KEYS, *OTHERS]
    near = difflib.get_close_matches(name.lower(), known, 1, 0.5)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"there is no field {name!r}{hint}; searches know {', '.join(known)}"


def _criterion(name: str, value: object) -> Criterion:
    """One field: a value, several of them (list, set, array, ...), or (from, to) of a number."""
    key = KEYS[name]
    if name in TEXTS:
        texts = (value,) if _is_one(value) else _several(name, value)
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"{name} is text, not {text!r}")
        return key, EQUAL, texts
    if isinstance(value, tuple):
        low, high = _ends(name, value)
        return key, RANGE, (_number(name, low), _number(name, high))
    if _is_one(value):
        return key, EQUAL, (_number(name, value),)
    return key, EQUAL, tuple(_number(name, item) for item in _several(name, value))


def _ends(name: str, value: tuple[Any, ...]) -> tuple[Any, Any]:
    if len(value) != _RANGE_ENDS:
        raise TypeError(f"{name}: a tuple is a range (from, to); give several values as a list")
    return value[0], value[1]


def _is_one(value: object) -> bool:
    """Text and bytes are one value, be it of the wrong kind, not several characters."""
    return isinstance(value, str | bytes | bytearray) or not isinstance(value, Iterable)


def _several(name: str, value: object) -> tuple[Any, ...]:
    if not isinstance(value, Iterable):
        raise TypeError(f"{name} cannot be {value!r}")
    return tuple(value)


def _number(name: str, value: object) -> int:
    try:
        return operator.index(value)  # type: ignore[arg-type] # TypeError is what it is for
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None


# --------------------------------------------------------------------------------------- levels


def _levels(level: object, unit: str | int | None) -> Criterion | _Late:
    kinds = ip.LEVEL_KINDS if unit is None else (ip.kind_of(unit),)
    if not isinstance(level, tuple):
        return KEYS["ip1"], ENCODING, _level_codes(level, kinds)
    low, high = _ends("level", level)
    return partial(_among_levels, _level(low), _level(high), kinds)


def _among_levels(low: float, high: float, kinds: tuple[int, ...], table: Table) -> Criterion:
    """The codes of a table that are levels from .. to of one of the kinds."""
    codes = np.unique(np.asarray(table.column("ip1")))
    value, kind = ip.decode(codes)
    # Codes keep 6 digits: a level that was 0.9 when it was coded is still in (0.9, 1.0).
    low, high = low - abs(low) * _TOLERANCE, high + abs(high) * _TOLERANCE
    meant = np.isin(kind, kinds) & (value >= low) & (value <= high)
    return KEYS["ip1"], EQUAL, tuple(codes[meant].tolist())


def _level(value: object) -> float:
    if not isinstance(value, int | float | np.number):
        raise TypeError(f"level is a number in level_unit, not {value!r}")
    return float(value)


def _level_codes(level: object, kinds: tuple[int, ...]) -> tuple[int, ...]:
    """A code of every kind for each level; those that a kind cannot have are left out."""
    values = (level,) if _is_one(level) else _several("level", level)
    codes = []
    for value in values:
        number = _level(value)
        of_value = []
        for kind in kinds:
            try:
                of_value.append(ip.encode(number, kind))
            except EncodingError as error:
                last = error
        if not of_value:
            raise last
        codes += of_value
    return tuple(codes)


# ---------------------------------------------------------------------------------------- dates


def _dates(name: str, value: object) -> Criterion | _Late:
    """One date, several of them, or (from, to).

    A stamp is that number and no other; all else is a time, in any style of stamp.
    """
    key = KEYS[name]
    if isinstance(value, tuple):
        low, high = _ends(name, value)
        return key, RANGE, (_stamps(name, low)[0], _stamps(name, high)[1])
    items = (value,) if _is_one(value) else _several(name, value)
    spans = tuple(_stamps(name, item) for item in items)
    if all(_is_stamp(item) for item in items):
        return key, EQUAL, tuple(first for first, _ in spans)
    if len(items) == 1:
        return key, RANGE, spans[0]
    return partial(_among_dates, name, spans)


def _is_stamp(value: object) -> bool:
    return hasattr(value, "__index__")


def _stamps(name: str, value: Any) -> _Stamps:  # noqa: ANN401 - checked here
    """Stamps of the first and the last instant of a date; a stamp is both."""
    if _is_stamp(value):
        stamp = operator.index(value)
        _refuse_digits(name, stamp)
        return stamp, stamp
    if not isinstance(value, str | dt.date | np.datetime64):
        raise TypeError(f"{name} cannot be {value!r}; {date.FORMS}")
    first, last = date.period(value)
    return date.encode_instant(first), date.encode_instant(last)


def _refuse_digits(name: str, stamp: int) -> None:
    """Tell those who write 2024051712 as a number that it is a stamp of another date."""
    digits = str(stamp)
    if not re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])[0-3]\d(\d\d){0,3}", digits):
        return
    when = date.decode(stamp) if stamp <= _MOST_STAMP else None
    meant = f"a date is text: {name}={digits!r}"
    if when is None:
        raise InvalidArgumentError(f"{name}={stamp} is no stamp; {meant}")
    message = f"{name}={stamp} is taken for a stamp, that of {when:%Y-%m-%d %H:%M}; {meant}"
    warnings.warn(Fst24Warning(message), stacklevel=_TO_CALLER)


def _among_dates(name: str, wanted: tuple[_Stamps, ...], table: Table) -> Criterion:
    """The stamps of a table that lie in one of several periods, or are one of several stamps."""
    here = np.unique(np.asarray(table.column(name)))
    when = date.decode(here)
    meant = np.zeros(here.shape, np.bool_)
    for first, last in wanted:
        low, high = date.decode(np.array([first, last], np.int32))
        # Stamps that are no dates are found by their number.
        meant |= (here == first) | ((when >= low) & (when <= high))
    return KEYS[name], EQUAL, tuple(here[meant].tolist())
