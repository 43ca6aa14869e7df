"""Which records of two files are the same field."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fst24 import date, ip
from fst24._errors import EncodingError, InvalidArgumentError
from fst24._record import is_descriptor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from fst24._file import Fst24File
    from fst24._interface import Fst24DataInterface
    from fst24.table import Table

#: What two records have in common that are compared, unless other keys are asked for.
KEYS = ("nomvar", "typvar", "etiket", "datev", "ip1", "ip2", "ip3")
#: What says on which grid a record is: of several with the same keys, those that agree go first.
GRID = ("grtyp", "ig1", "ig2", "ig3", "ig4")
_SIZES = ("ni", "nj", "nk")
#: Everything that can be a key.
FIELDS = (*KEYS, *GRID, *_SIZES, "dateo", "deet", "npas", "datyp", "nbits")

_TAG_INITIALS = ("<", ">", "!", "^")  # their ips are tags (metadata.md, 2.5)
#: Stamps that are no date stay apart from the seconds of those that are.
_NO_DATE = -(2**62)


class Matches(NamedTuple):
    """Places of records from 0: pairs in the order of ``a``, and those without a partner."""

    pairs: list[tuple[int, int]]
    only_a: list[int]
    only_b: list[int]


def match(
    a: Fst24File | Fst24DataInterface,
    b: Fst24File | Fst24DataInterface,
    *,
    keys: Iterable[str] = KEYS,
) -> Matches:
    """Find for each record of ``a`` the one of ``b`` that has the same keys.

    Levels are the same in every encoding of ip1, dates in every style of stamp; the ips of
    descriptors (``>> ^^ !!``) are tags and have to be equal. Several records with the same keys are
    paired on the same grid first (grtyp, ig1 to ig4, ni, nj, nk), then in the order of the files.

    Parameters
    ----------
    a, b : Fst24File or Fst24DataInterface
    keys : iterable of str
        Names of stored fields.

    Raises
    ------
    InvalidArgumentError
        A key is no stored field.
    """
    keys = tuple(keys)
    unknown = [name for name in keys if name not in FIELDS]
    if unknown:
        raise InvalidArgumentError(f"no key {', '.join(unknown)}; there are {', '.join(FIELDS)}")
    table_a, table_b = a.table, b.table
    groups_a, groups_b = _grouped(table_a, keys), _grouped(table_b, keys)
    pairs: list[tuple[int, int]] = []
    only_a: list[int] = []
    only_b: list[int] = []
    grids: tuple[list[Any], ...] | None = None
    for key, places_a in groups_a.items():
        places_b = groups_b.pop(key, [])
        if len(places_a) == len(places_b) == 1:
            pairs.append((places_a[0], places_b[0]))
            continue
        if places_b and grids is None:
            grids = tuple(_rows(table, (*GRID, *_SIZES)) for table in (table_a, table_b))
        found, left_a, left_b = _paired(places_a, places_b, grids)
        pairs += found
        only_a += left_a
        only_b += left_b
    for places in groups_b.values():
        only_b += places
    return Matches(sorted(pairs), sorted(only_a), sorted(only_b))


def _paired(
    places_a: list[int], places_b: list[int], grids: tuple[list[Any], ...] | None
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Pair records of equal keys: first on equal grids, then in order."""
    if not places_b or grids is None:
        return [], places_a, places_b
    waiting = defaultdict(list)
    for place in reversed(places_b):
        waiting[grids[1][place]].append(place)
    pairs, left_a = [], []
    for place in places_a:
        same_grid = waiting[grids[0][place]]
        if same_grid:
            pairs.append((place, same_grid.pop()))
        else:
            left_a.append(place)
    left_b = sorted(place for places in waiting.values() for place in places)
    n = min(len(left_a), len(left_b))
    pairs += zip(left_a[:n], left_b[:n], strict=True)
    return pairs, left_a[n:], left_b[n:]


def _grouped(table: Table, keys: Sequence[str]) -> dict[Any, list[int]]:
    """The rows of a table by the values of their keys."""
    groups: dict[Any, list[int]] = {}
    for place, key in enumerate(_rows(table, keys)):
        groups.setdefault(key, []).append(place)
    return groups


def _rows(table: Table, names: Sequence[str]) -> list[Any]:
    """A tuple for each row, in which equal means the same."""
    if not names:
        return [()] * len(table)
    columns = [_comparable(table, name).tolist() for name in names]
    return list(zip(*columns, strict=True))


def _comparable(table: Table, name: str) -> npt.NDArray[Any]:
    column = table.column(name)
    if name in ("datev", "dateo"):
        when = date.decode(column)
        return np.where(np.isnat(when), column + np.int64(_NO_DATE), when.view(np.int64))
    if name == "ip1":
        names, row = np.unique(table.column("nomvar"), return_inverse=True)
        tagged = [nomvar.startswith(_TAG_INITIALS) or is_descriptor(nomvar) for nomvar in names]
        is_tag = np.array(tagged, np.bool_)[row]
        return np.where(is_tag, column, _canonical(column))
    return column


def _canonical(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Codes of levels as new-style ones; others as they are."""
    distinct, row = np.unique(codes, return_inverse=True)
    value, kind = ip.decode(distinct)
    for place in np.flatnonzero(np.isin(kind, ip.LEVEL_KINDS)):
        try:
            distinct[place] = ip.encode(float(value[place]), int(kind[place]))
        except EncodingError:  # an old-style code whose value has no new-style one: only itself
            continue
    found: npt.NDArray[np.int32] = distinct[row]
    return found
