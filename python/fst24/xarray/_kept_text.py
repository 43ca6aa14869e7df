"""What a Dataset keeps of its records, as text that a file can hold and give back.

`variable.encoding["fst24"]` says what CF attributes do not: nomvar and etiket, how values were
packed, codes and tables of levels, axes of grids. With it NetCDF and Zarr become standard files as
they were.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from fst24 import Fst24Error
from fst24.grid import Grid
from fst24.vertical import Vertical
from fst24.vertical._rules import Rule
from fst24.vertical._versions import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The attribute, and the key of the encoding.
NAME = "fst24"
#: Axes of more points are positions of each point: the file has them as coordinates.
_MOST_POINTS = 2**16
_GRID = ("grtyp", "ni", "nj", "ig", "ref_grtyp", "ref_ig", "ax", "ay")
_CODES = frozenset({"ip1s", "momentum", "thermodynamic", "vertical_velocity"})
_TUPLES = frozenset({"rcoefs", "references"})
_SIMPLE = (str, int, float, np.integer, np.floating)


def kept_text(kept: Mapping[str, Any]) -> str | None:
    """A text of what was kept; None where there is nothing that a file can hold."""
    found: dict[str, Any] = {}
    for name, value in kept.items():
        if isinstance(value, Grid):
            if value.ax is None or len(value.ax) <= _MOST_POINTS:
                found[name] = {part: getattr(value, part) for part in _GRID}
        elif isinstance(value, Vertical):
            found[name] = {one.name: getattr(value, one.name) for one in fields(value)}
        elif all(isinstance(o, _SIMPLE) for o in (value if isinstance(value, tuple) else [value])):
            found[name] = value
    return json.dumps(found, default=_plain, separators=(",", ":")) if found else None


def _plain(value: Any) -> Any:  # noqa: ANN401 - of an array, or a number of numpy
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not kept")


def kept_of_text(text: Any) -> dict[str, Any]:  # noqa: ANN401 - an attribute of any file
    """What a text says that `kept_text` made; what was changed into nonsense is not there."""
    try:
        kept = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    if not isinstance(kept, dict):
        return {}
    found: dict[str, Any] = {}
    for name, value in kept.items():
        made = {"grid": _grid, "vertical": _vertical}.get(name)
        if made is not None:
            try:
                found[name] = None if value is None else made(value)
            except (Fst24Error, TypeError, ValueError, KeyError, OverflowError):
                continue
        elif isinstance(value, list):
            found[name] = tuple(value)
        else:
            found[name] = value
    return found


def _grid(parts: dict[str, Any]) -> Grid:
    given: dict[str, Any] = {name: parts[name] for name in _GRID if parts[name] is not None}
    given |= {name: tuple(given[name]) for name in ("ig", "ref_ig")}
    return Grid(**given)


def _vertical(parts: dict[str, Any]) -> Vertical:
    given: dict[str, Any] = {one.name: parts[one.name] for one in fields(Vertical)}
    for name in _CODES:
        given[name] = _fixed(np.array(given[name], np.int32))
    for name in _TUPLES:
        given[name] = tuple(given[name])
    given["_coefficients"] = _fixed(np.array(given["_coefficients"], np.float64).reshape(-1, 3))
    if given["_rule"] is not None:
        *numbers, references = given["_rule"]
        given["_rule"] = Rule._make((*numbers, tuple(references)))
    made = Vertical(**given)
    if made.vcode not in VERSIONS or len(given["_coefficients"]) != len(made.ip1s):
        raise ValueError("no such table")
    return made


def _fixed(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array.setflags(write=False)
    return array
