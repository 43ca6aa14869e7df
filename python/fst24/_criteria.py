"""Search: from keyword arguments to what the library understands."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import date, ip
from ._errors import EncodingError, InvalidArgumentError

if TYPE_CHECKING:
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

Number = int | float


@dataclass(frozen=True)
class Query:
    """Conditions on records, all of which have to hold."""

    criteria: tuple[Criterion, ...]
    flags: int
    #: Levels from .. to of one of the kinds: found among the codes that a table has.
    level_range: tuple[float, float, tuple[int, ...]] | None = None

    def for_table(self, table: Table) -> tuple[Criterion, ...]:
        """The criteria for one table."""
        if self.level_range is None:
            return self.criteria
        low, high, kinds = self.level_range
        codes = np.unique(np.asarray(table.column("ip1")))
        value, kind = ip.decode(codes)
        # Codes keep 6 digits: a level that was 0.9 when it was coded is still in (0.9, 1.0).
        low, high = low - abs(low) * _TOLERANCE, high + abs(high) * _TOLERANCE
        meant = np.isin(kind, kinds) & (value >= low) & (value <= high)
        return (*self.criteria, (KEYS["ip1"], EQUAL, tuple(codes[meant].tolist())))


def query(given: dict[str, Any]) -> Query:
    """Keyword arguments of a search as a query.

    Raises
    ------
    InvalidArgumentError
        No such field; the message lists what there is.
    TypeError
        A value that a field cannot have.
    """
    found: list[Criterion] = []
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
            found.append(_criterion(name, value))
    level_range = None
    if level is not None:
        kinds = ip.LEVEL_KINDS if unit is None else (ip.kind_of(unit),)
        if isinstance(level, tuple) and len(level) == _RANGE_ENDS:
            level_range = (float(level[0]), float(level[1]), kinds)
        else:
            found.append((KEYS["ip1"], ENCODING, _level_codes(level, kinds)))
        skip = True  # their ip1 is a tag, not a level
    return Query(tuple(found), SKIP_DESCRIPTORS if skip else 0, level_range)


def _unknown(name: str) -> str:
    known = [*KEYS, *OTHERS]
    near = difflib.get_close_matches(name.lower(), known, 1, 0.5)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"there is no field {name!r}{hint}; searches know {', '.join(known)}"


def _criterion(name: str, value: object) -> Criterion:
    """One field: a value, several of them (list, set, array, ...), or (from, to) of a number."""
    key = KEYS[name]
    if name in TEXTS:
        texts = (value,) if isinstance(value, str) else _several(name, value)
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"{name} is text, not {text!r}")
        return key, EQUAL, texts
    if isinstance(value, tuple):
        if len(value) != _RANGE_ENDS:
            raise TypeError(f"{name}: a tuple is a range (from, to); give several values as a list")
        return key, RANGE, (_number(name, value[0]), _number(name, value[1]))
    if _is_number(name, value):
        return key, EQUAL, (_number(name, value),)
    return key, EQUAL, tuple(_number(name, item) for item in _several(name, value))


def _is_number(name: str, value: object) -> bool:
    if name in DATES and isinstance(value, str | dt.datetime | np.datetime64):
        return True
    return not isinstance(value, Iterable)


def _several(name: str, value: object) -> tuple[Any, ...]:
    if not isinstance(value, Iterable):
        raise TypeError(f"{name} cannot be {value!r}")
    return tuple(value)


def _number(name: str, value: Any) -> int:  # noqa: ANN401 - checked here
    if name in DATES and isinstance(value, str | dt.datetime | np.datetime64):
        return date.encode(value)
    try:
        return int(value.__index__())
    except AttributeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None


def _level_codes(level: object, kinds: tuple[int, ...]) -> tuple[int, ...]:
    """A code of every kind for each level; those that a kind cannot have are left out."""
    values = (level,) if not isinstance(level, Iterable) else tuple(level)
    codes = []
    for value in values:
        if not isinstance(value, int | float | np.number):
            raise TypeError(f"level is a number in level_unit, not {value!r}")
        of_value = []
        for kind in kinds:
            try:
                of_value.append(ip.encode(float(value), kind))
            except EncodingError as error:
                last = error
        if not of_value:
            raise last
        codes += of_value
    return tuple(codes)
