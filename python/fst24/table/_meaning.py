"""What single values of the raw columns mean: one function a group of decoded columns.

A record is decoded by calling them; a table calls the same ones on its distinct values, so that the
two cannot disagree.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fst24 import _core, date, ip

from ._table import distinct

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

#: Base types by number (codecs.md, 2).
DATA_TYPES = {
    0: "binary",
    1: "quantized real",
    2: "unsigned integer",
    3: "characters",
    4: "signed integer",
    5: "IEEE real",
    6: "block-quantized real",
    7: "string",
    8: "complex",
}
MISSING_FLAG = 64
_BASE = 0x3F
#: Types of grids whose axes are in records with the tag ig1, ig2, ig3 (metadata.md, 7.1).
_TAGGED_GRIDS = frozenset("ZYXOMUVW")
_TILE = "#"
#: Records that hold such axes: their own tag is ip1, ip2, ip3.
AXES = frozenset((">>", "^^", "^>", "##"))
_TAG_INITIALS = frozenset("<>!^")
_TIME = 10
_ARBITRARY = 3
_LAST_OLD = 32767
#: Longer lead times (285,000 years) mean nothing and do not fit microseconds.
MOST_SECONDS = 9_000_000_000_000


def is_tagged(nomvar: str) -> bool:
    """Whether the ips of a record are a tag, not a level and times (metadata.md, 2.5 and 5)."""
    return nomvar[:1] in _TAG_INITIALS or _core.is_descriptor(nomvar)


def instant(stamp: int | None) -> dt.datetime | None:
    """A date stamp in UTC, without a time zone."""
    found = None if stamp is None else date.decode(stamp)
    return None if found is None else found.replace(tzinfo=None)


def origin(dateo: int | None, datev: int) -> dt.datetime | None:
    """The date of origin; None when the date of validity, of which it is made, is none."""
    return None if instant(datev) is None else instant(dateo)


def lead_time(deet: int | None, npas: int | None) -> dt.timedelta | None:
    """How long after the origin."""
    if deet is None or npas is None or abs(deet * npas) > MOST_SECONDS:
        return None
    return dt.timedelta(seconds=deet * npas)


def _code(code: int, plain_kind: int | None) -> tuple[float, int]:
    if plain_kind is not None and code <= _LAST_OLD:
        return (float(code), plain_kind) if code >= 0 else (0.0, -1)
    value, kind = ip.decode(code)
    return value, kind


def coded(name: str, code: int, *, tagged: bool) -> tuple[float | None, int | None, str | None]:
    """Value, kind and unit of ip1, ip2 or ip3; None where the code is none.

    Plain numbers are hours in ip2 and a number in ip3 (metadata.md, 2.6); ip1 has to be a level.
    """
    plain_kind = {"ip2": _TIME, "ip3": _ARBITRARY}.get(name)
    value, kind = _code(code, plain_kind)
    if tagged or kind < 0 or (name == "ip1" and kind not in ip.LEVEL_KINDS):
        return None, None, None
    return value, kind, ip.UNITS.get(kind)


def shown_grtyp(grtyp: str) -> str:
    r"""As the table shows it: a byte that cannot be printed as ``\xNN``."""
    if len(grtyp) == 1 and not " " <= grtyp <= "~":
        return f"\\x{ord(grtyp):02x}"
    return grtyp


def grid(  # noqa: PLR0917 - the fields that make a grid
    nomvar: str,
    grtyp: str,
    ni: int,
    nj: int,
    igs: tuple[int, int, int, int],
    ips: tuple[int, int, int],
) -> str | None:
    """Text that is the same for fields on one grid, and for the records that hold its axes.

    The tag of the axes where the grid has some, else type, size and parameters (metadata.md, 7.1).
    """
    if nomvar in AXES:
        return "-".join(map(str, ips))
    if is_tagged(nomvar):
        return None
    if grtyp in _TAGGED_GRIDS and any(igs[:3]):
        return "-".join(map(str, igs[:3]))
    if grtyp == _TILE:
        return f"#{igs[0]}-{igs[1]}"
    return f"{shown_grtyp(grtyp)}{ni}x{nj}:" + "-".join(map(str, igs))


#: Numbers that stand for texts, and the texts.
Coded: TypeAlias = "tuple[npt.NDArray[np.int32], list[str]]"


def grids(
    names: Coded, types: Coded, numbers: Mapping[str, npt.NDArray[np.int32]]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], list[str | None]]:
    """`grid` of many records: its number in each row, the first row of each, and their texts.

    Parameters
    ----------
    names, types : (codes, texts)
        nomvar and grtyp: a code for each row, the text of each code.
    numbers : mapping of ndarray
        ni, nj, ig1 to ig4 and ip1 to ip3, a value for each row.
    """
    (name, nomvars), (kind, grtyps) = names, types
    fields = [numbers[n] for n in ("ni", "nj", "ig1", "ig2", "ig3", "ig4")]
    # 0: a field, 1: a descriptor without a grid, 2: axes, whose tag is in their ips
    roles = [2 if n in AXES else int(is_tagged(n)) for n in nomvars]
    keys: list[npt.NDArray[np.int32]] = [kind, *fields]
    if any(roles):
        role = np.array(roles, np.int32)[name]
        keys += [role, *(np.where(role == 2, numbers[n], 0) for n in ("ip1", "ip2", "ip3"))]  # noqa: PLR2004
    codes, rows = distinct(*keys)
    ids = []
    for row in rows.tolist():
        ni, nj, *igs = (int(column[row]) for column in fields)
        ips = int(numbers["ip1"][row]), int(numbers["ip2"][row]), int(numbers["ip3"][row])
        grtyp = grtyps[kind[row]]
        ids.append(grid(nomvars[name[row]], grtyp, ni, nj, (igs[0], igs[1], igs[2], igs[3]), ips))
    return codes, rows, ids


def data_type(datyp: int | None) -> str | None:
    """The name of a data type, whatever its flags."""
    return None if datyp is None or datyp < 0 else DATA_TYPES.get(datyp & _BASE)


def has_missing(datyp: int | None) -> bool:
    """Whether the data type says that values are missing."""
    return datyp is not None and bool(datyp & MISSING_FLAG)


def struct(grtyp: str, igs: tuple[int, int, int, int]) -> dict[str, Any]:
    """The column grid_info."""
    return {"grtyp": shown_grtyp(grtyp)} | {f"ig{i}": ig for i, ig in enumerate(igs, start=1)}
