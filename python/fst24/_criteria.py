"""Search: from keyword arguments to what the library understands."""

from __future__ import annotations

import difflib
import fnmatch
import operator
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _meant
from ._errors import InvalidArgumentError
from ._keys import (
    DATES,
    EQUAL,
    KEYS,
    RANGE,
    SKIP_DESCRIPTORS,
    TEXTS,
    TIMES,
    ends_of,
    refuse_reversed,
    several,
)
from ._sources import searcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from ._core import Criterion
    from ._keys import Filter, Late
    from ._known import Known
    from ._sources import Source

#: What else searches take.
OTHERS = (
    *("variables", "level", "level_unit", "valid_time", "origin_time", "lead_time", "grid"),
    "skip_descriptors",
)
_LEAST, _MOST = -(2**31), 2**31 - 1


class Query(NamedTuple):  # made in a quarter of the time of a frozen dataclass
    """Conditions on records, all of which have to hold."""

    criteria: Sequence[Criterion | Late]
    filters: Sequence[Filter]
    flags: int
    #: The library answers it as it is.
    is_plain: bool

    def _for_table(self, known: Known, at: int) -> Sequence[Criterion]:
        if self.is_plain:
            return self.criteria  # type: ignore[return-value]
        resolved = (one(known, at) if callable(one) else one for one in self.criteria)
        return tuple(one for one in resolved if one is not None)

    def first(self, part: Source, known: Known, at: int) -> int:
        """The first row of a file that meets them, -1 when there is none; its table is ``at``."""
        if self.filters:
            rows = self.rows(part, known, at)
            return int(rows[0]) if len(rows) else -1
        return searcher(part).find(self._for_table(known, at), self.flags, 0)

    def all(self, part: Source, known: Known, at: int) -> bytes:
        """All rows that meet them, as int64 in ascending order."""
        found = searcher(part).find_all(self._for_table(known, at), self.flags)
        for test in self.filters:
            rows = np.frombuffer(found, np.int64)
            found = rows[test(known, at, rows)].tobytes()
        return found

    def rows(self, part: Source, known: Known, at: int) -> npt.NDArray[np.int64]:
        """The same as an array."""
        return np.frombuffer(self.all(part, known, at), np.int64)


def query(given: dict[str, Any]) -> Query:
    """Keyword arguments of a search as a query.

    Raises
    ------
    InvalidArgumentError
        No such field; the message lists what there is.
    TypeError
        A value that a field cannot have.
    """
    found: list[Criterion | Late] = []
    filters: list[Filter] = []
    rest = dict(given)
    if rest.get("variables") is not None:
        if rest.get("nomvar") is not None:
            raise InvalidArgumentError("variables and nomvar are the same: give one")
        rest["nomvar"] = rest.pop("variables")
    skip = rest.pop("skip_descriptors", False)
    level, unit = rest.pop("level", None), rest.pop("level_unit", None)
    if level is not None or unit is not None:
        found += _meant.levels(level, unit)
        skip = True  # their ip1 is a tag, not a level
        if not _are_fields(rest.get("nomvar")):
            found.append(_meant.only_fields)
    for name, value in rest.items():
        if name not in KEYS and name not in OTHERS:
            raise InvalidArgumentError(_unknown(name))
        if value is None:
            continue
        if name in KEYS:
            one = _any_criterion(name, value)
            found += [] if one is None else [one]
        elif name in TIMES:
            found.append(_meant.times(name, value))
        else:
            filters.append(_FILTERS[name](value))
    is_plain = not filters and all(type(one) is tuple for one in found)
    return Query(found, filters, SKIP_DESCRIPTORS if skip else 0, is_plain)


#: Criteria that several columns decide.
_FILTERS: dict[str, Callable[[Any], Filter]] = {
    "lead_time": _meant.lead_times,
    "grid": _meant.grids,
}


def _unknown(name: str) -> str:
    known = [*KEYS, *OTHERS]
    near = difflib.get_close_matches(name.lower(), known, 1, 0.5)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    more = "; to_polars(decode_metadata=True) has more columns to filter by"
    return f"there is no field {name!r}{hint}; searches know {', '.join(known)}{more}"


def _any_criterion(name: str, value: object) -> Criterion | Late | None:
    """One field: a value, several of them (list, set, array, ...), or (from, to) of a number."""
    if name in DATES:
        return _meant.stamps(name, value)
    if name in TEXTS:
        return _texts(name, value)
    key = KEYS[name]
    ends = ends_of(name, value)
    if ends is None:
        return key, EQUAL, tuple(_number(name, item) for item in several(name, value))
    low = _LEAST if ends[0] is None else _number(name, ends[0])
    high = _MOST if ends[1] is None else _number(name, ends[1])
    refuse_reversed(name, value, is_reversed=low > high)
    return None if ends == (None, None) else (key, RANGE, (low, high))


def _number(name: str, value: object) -> int:
    try:
        return operator.index(value)  # type: ignore[arg-type] # TypeError is what it is for
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None


# ---------------------------------------------------------------------------------------- texts


def _texts(name: str, value: object) -> Criterion | Late:
    texts = (value,) if isinstance(value, str) else several(name, value)
    is_pattern = False
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"{name} is text, not {text!r}")
        is_pattern |= _is_pattern(text)
    return partial(_among_texts, name, texts) if is_pattern else (KEYS[name], EQUAL, texts)


def _is_pattern(text: str) -> bool:
    """Whether a text is one of `fnmatch` rather than itself."""
    return "*" in text or "?" in text or "[" in text


def _among_texts(name: str, wanted: tuple[str, ...], known: Known, at: int) -> Criterion:
    """The texts of a table that are one of those wanted, or match it where it is a pattern.

    Names may hold ``* ? [`` themselves: a text that a record of the file has is that text.
    """
    found: list[str] = []
    for one in wanted:
        text = (one if name == "grtyp" else one.upper()).rstrip(" ")
        if not _is_pattern(text) or known.has_text(name, text):
            found.append(text)
            continue
        match = re.compile(fnmatch.translate(text)).match
        # What is stored in lower case, against the format, cannot be asked for.
        here = (t for t in known.texts(at, name) if name == "grtyp" or t == t.upper())
        found += filter(match, here)
    return KEYS[name], EQUAL, tuple(found)


def _are_fields(nomvar: object) -> bool:
    """Whether the names wanted are plain ones, none of which begins like that of a descriptor."""
    if nomvar is None:
        return False
    texts = several("nomvar", nomvar)
    return all(isinstance(t, str) and t[:1] not in "<>!^" and not _is_pattern(t) for t in texts)
