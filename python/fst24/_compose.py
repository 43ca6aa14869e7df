"""The metadata of a record to be written: from keyword arguments, with defaults and checks."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import math
import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import date, ip
from ._errors import EncodingError, InvalidArgumentError
from ._keys import KEYS

if TYPE_CHECKING:
    from ._record import Fst24Record

#: The order in which the extension takes them.
FIELDS = tuple(KEYS)
TEXTS = {"nomvar": 4, "typvar": 2, "etiket": 12, "grtyp": 1}
#: Other words for some of them.
SUGAR = ("level", "level_unit", "valid_time", "origin_time", "lead_time")
DEFAULTS: dict[str, Any] = {
    "typvar": "P",
    "etiket": "",
    "grtyp": "X",
    "dateo": -1,
    "datev": 0,
    **dict.fromkeys(("deet", "npas", "ip1", "ip2", "ip3", "ig1", "ig2", "ig3", "ig4"), 0),
}
_FIRST, _LAST = " ", "_"  # of the six-bit characters
#: Lengths of a step that a lead time is cut into, in seconds.
_STEPS = (3600, 60, 1)


def fields_of(record: Fst24Record) -> dict[str, Any]:
    """The fields of a record that was read; its date is datev, from which files compute dateo."""
    found = {name: getattr(record, name) for name in FIELDS}
    return found | {"dateo": -1}


def compose(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the fields that are given, all in the form in which they are stored.

    Raises
    ------
    InvalidArgumentError
        No such field, or two that say the same.
    EncodingError
        Text, a level or a date that the format cannot keep.
    """
    for name in given:
        if name not in FIELDS and name not in SUGAR:
            raise InvalidArgumentError(_unknown(name))
    wanted = {name: value for name, value in given.items() if value is not None}
    found = dict(base)
    found |= {name: _text(name, wanted[name]) for name in TEXTS if name in wanted}
    found |= {
        name: _whole(name, wanted[name])
        for name in FIELDS
        if name in wanted and name not in TEXTS and name not in ("dateo", "datev")
    }
    _take_level(found, wanted)
    _take_lead_time(found, wanted)
    _take_dates(found, wanted)
    return found


#: Fields that others stand for: when one of the latter is given, they are not taken from a record.
REPLACES = {
    "level": ("ip1",),
    "lead_time": ("deet", "npas"),
    "origin_time": ("dateo", "datev"),
    "valid_time": ("dateo", "datev"),
    "dateo": ("datev",),
    "datev": ("dateo",),
}


def dated(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as those of a record: the date is the validity, from which the origin follows."""
    if fields["dateo"] == -1:
        return dict(fields)
    valid = int(date.valid(fields["dateo"], fields["deet"], fields["npas"]))
    return dict(fields) | {"datev": valid, "dateo": -1}


def as_tuple(fields: Mapping[str, Any]) -> tuple[Any, ...]:
    """The fields as the extension takes them."""
    return tuple(fields[name] for name in FIELDS)


def as_json(metadata: Mapping[str, Any] | str | None) -> bytes | None:
    """Extended metadata as they are stored."""
    if metadata is None:
        return None
    if not metadata:
        return b""  # there are none
    if not isinstance(metadata, str | Mapping):
        raise TypeError(f"extended metadata are a mapping or JSON text, not {metadata!r}")
    if isinstance(metadata, str):
        try:
            json.loads(metadata)
        except ValueError as error:
            raise EncodingError(f"extended metadata are JSON: {error}") from None
        return _encoded(metadata)
    try:
        return _encoded(
            json.dumps(metadata, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        )
    except (TypeError, ValueError) as error:
        raise EncodingError(f"extended metadata become JSON: {error}") from None


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EncodingError(f"extended metadata are text of Unicode: {error}") from None


def _unknown(name: str) -> str:
    known = [*FIELDS, *SUGAR]
    near = difflib.get_close_matches(name.lower(), known, 1, 0.5)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"there is no field {name!r}{hint}; records have {', '.join(known)}"


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is text, not {value!r}")
    value = value.rstrip(" ")
    width = TEXTS[name]
    if name == "grtyp":
        if len(value) > 1 or not all(0 < ord(c) < 256 for c in value):  # noqa: PLR2004 - a byte
            raise EncodingError(f"grtyp={value!r}: it is one character, of one byte")
        return value
    if len(value) <= width and all(_FIRST <= c <= _LAST for c in value):
        return value
    fitting = "".join(c if _FIRST <= c <= _LAST else "_" for c in value.upper())[:width]
    raise EncodingError(
        f"{name}={value!r} cannot be kept: {width} characters at most, capitals, digits and "
        f"signs of ASCII 32 to 95; {fitting.rstrip()!r} would fit"
    )


def _whole(name: str, value: object) -> int:
    try:
        return operator.index(value)  # type: ignore[arg-type] # TypeError is what it is for
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None


def _take_level(found: dict[str, Any], wanted: Mapping[str, Any]) -> None:
    level, unit = wanted.get("level"), wanted.get("level_unit")
    if level is None:
        if unit is not None:
            raise InvalidArgumentError(f"level_unit={unit!r} says nothing without level=")
        return
    if "ip1" in wanted:
        raise InvalidArgumentError("level and ip1 say the same: give one")
    if unit is None:
        raise InvalidArgumentError(
            f"level={level!r} needs its level_unit ('hPa', 'hybrid', a kind ...)"
        )
    found["ip1"] = ip.encode(level, unit)


def _take_lead_time(found: dict[str, Any], wanted: Mapping[str, Any]) -> None:
    lead = wanted.get("lead_time")
    if lead is None:
        lead = _lead_between(wanted)
    if lead is None:
        return
    if "npas" in wanted:
        raise InvalidArgumentError("lead_time and npas say the same: give one")
    if not isinstance(lead, dt.timedelta | np.timedelta64):
        raise TypeError(f"lead_time is a timedelta, not {lead!r}")
    exact = np.timedelta64(lead, "us").astype(np.int64) / 1e6
    seconds = round(float(exact))
    steps = (found["deet"],) if wanted.get("deet") else _STEPS
    step = next((step for step in steps if seconds % step == 0), None)
    if seconds < 0 or seconds != exact or step is None:
        raise EncodingError(
            f"lead_time={lead}: it is a number of steps of deet whole seconds, not below 0"
        )
    found["deet"], found["npas"] = step, seconds // step


def _lead_between(wanted: Mapping[str, Any]) -> dt.timedelta | None:
    """The time from origin to validity where both are given as dates, and steps are not."""
    origin, valid = wanted.get("origin_time"), wanted.get("valid_time")
    if origin is None or valid is None or "npas" in wanted:
        return None
    hours = float(date.difference(_stamp(valid), _stamp(origin)))
    return None if math.isnan(hours) else dt.timedelta(hours=hours)


def _take_dates(found: dict[str, Any], wanted: Mapping[str, Any]) -> None:
    """One date makes the other: origin plus deet x npas is validity (containers.md, 2.6)."""
    for name, other in (("origin_time", "dateo"), ("valid_time", "datev")):
        if name in wanted and other in wanted:
            raise InvalidArgumentError(f"{name} and {other} say the same: give one")
    origin = wanted.get("origin_time", wanted.get("dateo"))
    valid = wanted.get("valid_time", wanted.get("datev"))
    if valid is not None:
        found["datev"], found["dateo"] = _stamp(valid), -1
    if origin is None:
        return
    found["dateo"] = _stamp(origin)
    if valid is None or found["dateo"] == -1:
        return
    made = date.add(found["dateo"], found["deet"] * found["npas"] / 3600)
    if made != found["datev"]:
        raise InvalidArgumentError(
            f"origin {origin} and deet {found['deet']} x npas {found['npas']} give the stamp "
            f"{made}, not validity {valid}: give lead_time, or one of the dates"
        )


def _stamp(value: Any) -> int:  # noqa: ANN401 - checked by encode
    return operator.index(value) if hasattr(value, "__index__") else int(date.encode(value))
