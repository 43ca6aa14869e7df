"""Levels, times and numbers coded in ip1, ip2 and ip3 (``docs/format/metadata.md``, 2)."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import numpy as np

from . import _core
from ._arrays import as_int32
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
_SHARED_UNITS = {
    "m": ("above_sea", "above_ground", "below_sea", "meters_pressure"),
    "1": ("sigma", "hybrid"),
}
#: Other units of those quantities: the kind, and what to multiply by.
_CONVERTED = {"Pa": (2, 0.01), "s": (10, 1 / 3600), "min": (10, 1 / 60), "d": (10, 24.0)}
#: Units by kind (metadata.md, 2.1); kinds without one are not there.
UNITS: dict[int, str] = {
    0: "m",
    1: "1",
    2: "hPa",
    4: "m",
    5: "1",
    6: "K",
    7: "m",
    10: "h",
    21: "m",
}
_STYLES = {"new": 2, "old": 3}
_NO_KIND = -1
#: The first new-style code: it means nothing, as do numbers of more than 32 bits.
_NOTHING = 32768


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
        return Levels(*_core.ip_decode(codes if -(2**31) <= codes < 2**31 else _NOTHING))
    array = as_int32(codes, _NOTHING)
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
        raise EncodingError(f"unknown unit or kind {unit_or_kind!r}{_known(unit_or_kind)}")
    return kind


def _known(unit: str) -> str:
    """What there is, the nearest to a wrong unit first."""
    known = [*_UNITS, *_CONVERTED, *KINDS]
    by_lower = {name.lower(): name for name in reversed(known)}
    near = difflib.get_close_matches(unit.lower(), by_lower, 1, 0.6)
    hint = f" (did you mean {by_lower[near[0]]!r}?)" if near else ""
    return f"{hint}; known are {', '.join(known)}"


def in_kind(unit_or_kind: str | int) -> tuple[int, float]:
    """The kind of a unit, and what values in that unit are multiplied by to be in the kind's own.

    >>> in_kind("Pa"), in_kind("hPa")
    ((2, 0.01), (2, 1.0))
    """
    if isinstance(unit_or_kind, str) and unit_or_kind in _CONVERTED:
        return _CONVERTED[unit_or_kind]
    return kind_of(unit_or_kind), 1.0


@overload
def encode(
    value: float, unit_or_kind: str | int, *, style: Literal["new", "old"] = "new"
) -> int: ...
@overload
def encode(
    value: npt.ArrayLike,
    unit_or_kind: str | int | npt.ArrayLike,
    *,
    style: Literal["new", "old"] = "new",
) -> Any: ...  # noqa: ANN401 - depends on the shape
def encode(
    value: Any,
    unit_or_kind: str | int | npt.ArrayLike,
    *,
    style: Literal["new", "old"] = "new",
) -> Any:
    """The codes of values.

    Parameters
    ----------
    value : float or array_like
        In the unit of its kind. New-style codes keep 6 digits.
    unit_or_kind : str or int, or array_like of int
        A unit that one kind alone has (``"hPa"``, ``"K"``, ``"h"``; ``"Pa"``, ``"s"``, ``"min"``
        and ``"d"`` are converted), the suffix that tools print (``"mb"``, ``"M"``; but ``"m"`` is
        shared), the name of a kind (``"above_ground"``) or its number.
    style : {"new", "old"}
        Old-style codes fit in 15 bits and exist for kinds 0 to 3.

    Returns
    -------
    int, or ndarray of int32
        Of the shape that value and kind have together.

    Raises
    ------
    EncodingError
        A value is out of the range of its kind, or the unit is unknown or shared by several.

    >>> encode(850, "hPa"), encode(85000, "Pa")
    (41744464, 41744464)
    >>> encode([1000, 850, 500], "hPa", style="old")
    array([1000,  850,  500], dtype=int32)
    """
    if style not in _STYLES:
        raise EncodingError(f"style {style!r}: it is 'new' or 'old'")
    if np.asarray(value).dtype.kind not in "iuf":
        raise TypeError(f"a level is a number, not {value!r}")
    kinds: Any = unit_or_kind
    if isinstance(unit_or_kind, str | int):
        kinds, factor = in_kind(unit_or_kind)
        if factor != 1:
            value = np.asarray(value, np.float64) * factor
    if isinstance(value, int | float) and isinstance(kinds, int):
        return _encode_one(value, kinds, style)
    kinds = np.asarray(kinds)
    if kinds.size and kinds.dtype.kind not in "iu":
        raise TypeError(f"kinds are whole numbers, not {kinds.dtype}")
    values, kinds = np.broadcast_arrays(np.asarray(value, np.float64), kinds)
    with np.errstate(over="ignore"):  # becomes infinite, which is refused
        singles = values.astype(np.float32, order="C")
    codes = np.empty(values.shape, np.int32)
    stopped = _core.ip_encode_array(
        singles, np.array(as_int32(kinds, _NO_KIND), order="C"), codes, _STYLES[style]
    )
    if stopped >= 0:
        return _encode_one(float(values.flat[stopped]), int(kinds.flat[stopped]), style)
    return int(codes) if codes.ndim == 0 else codes


def _encode_one(value: float, kind: int, style: str) -> int:
    try:
        return _core.ip_encode(value, kind, _STYLES[style])
    except (ValueError, OverflowError) as error:
        raise EncodingError(f"{value!r} of kind {kind!r}: {error}") from None


# --------------------------------------------------------------------------------- triplets

_TIME = 10
_LAST_OLD = 32767  # old-style codes fit in 15 bits
_ASCENDING, _DESCENDING = (0, 4, 21), (1, 2, 7)  # larger values are higher up, lower down


class Triplet(NamedTuple):
    """What ip1, ip2 and ip3 say together: a level, a time, and something else.

    ``other`` is the upper end of a layer when it has the kind of the level, the start of a period
    when it is a time as ``time`` is.
    """

    level: Levels
    time: Levels
    other: Levels
    #: False where ip1 is no level or ip2 no time; what they say is then still told.
    valid: Any
    #: False where a plain number (an old-style code) had to be guessed the meaning of.
    certain: Any


def decode_triplet(
    ip1: npt.ArrayLike | int, ip2: npt.ArrayLike | int, ip3: npt.ArrayLike | int
) -> Triplet:
    """Level, time and third value of the three codes of a record.

    Plain numbers up to 32767 are hours in ip2, a number in ip3. A time in ip1 changes places with
    ip2. The ends of a layer are put in order, the lower one first, those of a period with the later
    one first (``docs/format/metadata.md``, 2.6).

    Parameters
    ----------
    ip1, ip2, ip3 : array_like of int
        Codes as stored, of one shape.

    >>> layer = decode_triplet(41144464, 12, 41394464)
    >>> layer.level, layer.other, layer.time
    (Levels(value=500.0, kind=2), Levels(value=250.0, kind=2), Levels(value=12.0, kind=10))
    """
    codes = np.broadcast_arrays(*(as_int32(ip, _NOTHING) for ip in (ip1, ip2, ip3)))
    shape = codes[0].shape
    raw = [code.ravel() for code in codes]
    negative = np.any([code < 0 for code in raw], axis=0)
    swap = (raw[0] > _LAST_OLD) & (decode(raw[0]).kind == _TIME)
    raw[0], raw[1] = np.where(swap, raw[1], raw[0]), np.where(swap, raw[0], raw[1])
    old = [code <= _LAST_OLD for code in raw]
    certain = ~(old[0] | old[1] | old[2])

    value: list[Any] = [None] * 3
    kind: list[Any] = [None] * 3
    for i, plain_kind in enumerate((None, _TIME, 3)):
        value[i], kind[i] = decode(raw[i])
        if plain_kind is not None:
            value[i] = np.where(old[i], raw[i].astype(np.float32), value[i])
            kind[i] = np.where(old[i], plain_kind, kind[i])
    _exchange(value, kind, 1, 2, (kind[0] == kind[1]) & (kind[2] == _TIME))
    is_layer = (kind[0] == kind[2]) & np.isin(kind[0], LEVEL_KINDS) & ~old[2]
    wrong = np.isin(kind[0], _ASCENDING) & (value[0] > value[2])
    wrong |= np.isin(kind[0], _DESCENDING) & (value[0] < value[2])
    _exchange(value, kind, 0, 2, is_layer & wrong)
    is_period = (kind[1] == _TIME) & (kind[2] == _TIME)
    _exchange(value, kind, 1, 2, is_period & (value[1] < value[2]))
    valid = np.isin(kind[0], LEVEL_KINDS) & ((kind[1] == _TIME) | np.isin(kind[1], LEVEL_KINDS))
    valid &= (kind[2] >= 0) & ~negative
    if not shape:
        one, two, three = (Levels(v.item(), k.item()) for v, k in zip(value, kind, strict=True))
        return Triplet(one, two, three, bool(valid.item()), bool(certain.item()))
    one, two, three = (
        Levels(v.reshape(shape), k.reshape(shape)) for v, k in zip(value, kind, strict=True)
    )
    return Triplet(one, two, three, valid.reshape(shape), certain.reshape(shape))


def _exchange(value: list[Any], kind: list[Any], a: int, b: int, where: Any) -> None:  # noqa: ANN401
    """Let two of the three change places in the rows ``where``."""
    if where.any():
        for column in (value, kind):
            column[a], column[b] = (
                np.where(where, column[b], column[a]),
                np.where(where, column[a], column[b]),
            )


def encode_triplet(
    level: Levels | tuple[float, int],
    time: Levels | tuple[float, int],
    other: Levels | tuple[float, int] = (0.0, 3),
) -> tuple[int, int, int]:
    """The new-style codes ip1, ip2, ip3 of a level, a time and a third value: (value, kind) each.

    The ends of a layer (``other`` of the kind of ``level``) or of a period (``other`` a time) may
    be in any order: the lower level and the later time go first.

    Raises
    ------
    EncodingError
        ``level`` is no level, ``time`` no time, or a value is out of its range.

    >>> encode_triplet((500, 2), (12, 10))
    (41394464, 176280768, 66060288)
    >>> encode_triplet((250, 2), (12, 10), (500, 2)) == encode_triplet((500, 2), (12, 10), (250, 2))
    True
    """
    if level[1] not in LEVEL_KINDS:
        raise EncodingError(f"kind {level[1]} is no level: levels are of {LEVEL_KINDS}")
    if time[1] != _TIME:
        raise EncodingError(f"kind {time[1]} is no time: times are of kind {_TIME}, in hours")
    if other[1] == level[1]:
        is_wrong = (level[1] in _ASCENDING and level[0] > other[0]) or (
            level[1] in _DESCENDING and level[0] < other[0]
        )
        level, other = (other, level) if is_wrong else (level, other)
    elif other[1] == _TIME and time[0] < other[0]:
        time, other = other, time
    return encode(*level), encode(*time), encode(*other)
