"""Levels, times and numbers coded in ip1, ip2 and ip3 (``docs/format/metadata.md``, 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from . import _core
from ._errors import EncodingError

if TYPE_CHECKING:
    import numpy.typing as npt

#: Kinds by name; a level has one of 0 to 7 or 21.
KINDS: dict[str, int] = {
    "above_sea": 0,
    "sigma": 1,
    "pressure": 2,
    "arbitrary": 3,
    "above_ground": 4,
    "hybrid": 5,
    "theta": 6,
    "below_sea": 7,
    "hours": 10,
    "samples": 15,
    "matrix_index": 17,
    "meters_pressure": 21,
}
#: Kinds that a level can have.
LEVEL_KINDS = (0, 1, 2, 3, 4, 5, 6, 7, 21)
#: Units, and the suffixes that listing tools print, that mean one kind alone.
_UNITS = {
    "hPa": 2,
    "mb": 2,
    "mbar": 2,
    "sg": 1,
    "M": 4,
    "hy": 5,
    "K": 6,
    "th": 6,
    "m-": 7,
    "h": 10,
    "H": 10,
    "_0": 15,
    "[]": 17,
    "mp": 21,
}
_SHARED_UNITS = {"m": ("above_sea", "above_ground", "below_sea", "meters_pressure")}
_STYLES = {"new": 2, "old": 3}


class Levels(NamedTuple):
    """Values and their kinds: numbers for one code, arrays for several."""

    value: Any
    kind: Any

    def __repr__(self) -> str:
        value, kind = (x.tolist() if isinstance(x, np.ndarray) else x for x in self)
        return f"Levels(value={value!r}, kind={kind!r})"


def decode(codes: npt.ArrayLike | int) -> Levels:
    """Level values and kinds of IP codes, old style and new.

    Parameters
    ----------
    codes : array_like of int, any shape
        Codes as stored.

    Returns
    -------
    Levels
        ``value`` (float32, same shape, in the unit of its kind; NaN where the code has no meaning)
        and ``kind`` (int32, same shape; -1 there). Plain numbers for a single code.

    >>> decode([93423264, 850])
    Levels(value=[1.0, 850.0], kind=[5, 2])
    >>> decode(41394464)
    Levels(value=500.0, kind=2)
    """
    if isinstance(codes, int):
        return Levels(*_core.ip_decode(codes))
    array = np.asarray(codes, np.int32, order="C")
    value = np.empty(array.shape, np.float32)
    kind = np.empty(array.shape, np.int32)
    _core.ip_decode_array(array, value, kind)
    if array.ndim == 0:
        return Levels(value.item(), kind.item())
    return Levels(value, kind)


def kind_of(unit_or_kind: str | int) -> int:
    """The kind that a unit, a name or a number stands for.

    >>> kind_of("hPa"), kind_of("above_ground"), kind_of("M"), kind_of(5)
    (2, 4, 4, 5)
    """
    if isinstance(unit_or_kind, int):
        return unit_or_kind
    if unit_or_kind in _SHARED_UNITS:
        names = ", ".join(repr(name) for name in _SHARED_UNITS[unit_or_kind])
        raise EncodingError(f"several kinds are in {unit_or_kind!r}: name one of {names}")
    kind = _UNITS.get(unit_or_kind, KINDS.get(unit_or_kind))
    if kind is None:
        known = ", ".join([*_UNITS, *KINDS])
        raise EncodingError(f"unknown unit or kind {unit_or_kind!r}; known are {known}")
    return kind


def encode(value: float, unit_or_kind: str | int, *, style: Literal["new", "old"] = "new") -> int:
    """The code of a value.

    Parameters
    ----------
    value : float
        In the unit of its kind. New-style codes keep 6 digits.
    unit_or_kind : str or int
        A unit that one kind alone has (``"hPa"``, ``"K"``, ``"h"``), the suffix that tools print
        (``"mb"``, ``"M"``; but ``"m"`` is shared), the name of a kind (``"above_ground"``) or its
        number.
    style : {"new", "old"}
        Old-style codes fit in 15 bits and exist for kinds 0 to 3.

    Raises
    ------
    EncodingError
        The value is out of the range of its kind, or the unit is unknown or shared by several.

    >>> encode(850, "hPa")
    41744464
    >>> encode(850, "hPa", style="old")
    850
    """
    kind = kind_of(unit_or_kind)
    if style not in _STYLES:
        raise EncodingError(f"style {style!r}: it is 'new' or 'old'")
    try:
        return _core.ip_encode(value, kind, _STYLES[style])
    except ValueError as error:
        raise EncodingError(f"{value!r} of kind {unit_or_kind!r}: {error}") from None
