"""Which records form one variable, and what it is called (``docs/format/cf.md``, 2)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fst24 import InvalidArgumentError, dictionary, ip
from fst24.table._table import distinct

from ._axes import rows_of
from ._ensemble import are_members
from ._levels import ABOVE_GROUND, DESCRIPTIONS, MODEL_KINDS, classes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from ._grids import Grids
    from ._headers import Headers
    from ._levels import Verticals
    from ._options import Options
    from ._tiles import Tile

    Ints = npt.NDArray[np.int64]

#: Positions of the fields of a file, which are no variables where they say where points are.
LATLON_FIELDS = {"LA": "lat", "LO": "lon"}


@dataclass
class Group:
    """Records of one variable."""

    nomvar: str
    #: Empty where it does not tell variables apart, but for masks.
    typvar: str
    #: Empty where it does not tell variables apart.
    etiket: str
    grid: int
    #: Class of its levels (`levels.classes`).
    klass: int
    nk: int
    rows: Ints
    #: Whether its values say which ones of another variable count, or another one says it of them.
    is_mask: bool = False
    is_masked: bool = False
    #: Rows of records that say which values count.
    masks: Ints | None = None
    #: Further pieces of its name, for parts of what would be one variable.
    part: str = ""
    is_ensemble: bool = False
    #: Where the tiles of its fields lie; empty where they are stored whole.
    tiles: Sequence[Tile] = ()
    name: str = ""


def groups_of(
    headers: Headers, grids: Grids, verticals: Verticals, options: Options
) -> list[Group]:
    """Records by variable, in the order in which they begin in the file."""
    if not len(headers):
        return []
    klass = classes(headers)
    nothing = np.zeros(len(headers), np.int32)
    has_typvar = "typvar" not in options.ignore
    has_etiket = "etiket" not in options.ignore and not options.ensemble
    columns = [
        headers.codes("nomvar"),
        headers.codes("typvar") if has_typvar else headers.is_mask.astype(np.int32),
        headers.codes("etiket") if has_etiket else nothing,
        grids.codes,
        klass,
        headers["nk"],
    ]
    if grids.has_other_tags or headers.is_linked:
        columns.append(_tables(klass, grids, verticals))
    codes, firsts = distinct(*columns)
    found = []
    for row, rows in zip(firsts.tolist(), rows_of(codes, len(firsts)), strict=True):
        is_mask = bool(headers.is_mask[row])
        found.append(
            Group(
                nomvar=headers.text("nomvar", row),
                typvar=headers.text("typvar", row) if has_typvar or is_mask else "",
                etiket=headers.text("etiket", row) if has_etiket else "",
                grid=int(grids.codes[row]),
                klass=int(klass[row]),
                nk=int(headers["nk"][row]),
                rows=rows,
                is_mask=is_mask,
                is_masked=bool(headers.is_masked[rows].any()),
                is_ensemble=options.ensemble is True,
            )
        )
    found = _with_masks(found, options)
    if options.ensemble is None and "etiket" not in options.ignore:
        found = _ensembles(found, headers)
    return _diagnostic(found, headers, options)


def _tables(
    klass: npt.NDArray[np.int32], grids: Grids, verticals: Verticals
) -> npt.NDArray[np.int32]:
    """A number for the table of levels of each row.

    One grid may have several, under its tags and in linked files.
    """
    found = np.zeros(len(klass), np.int32)
    rows = np.flatnonzero(np.isin(klass, MODEL_KINDS))
    codes, firsts = distinct(klass[rows], grids.tags[rows], verticals.variants[rows])
    known: dict[Any, int] = {}
    numbers = [
        known.setdefault(verticals.table(row, int(klass[row])), len(known))
        for row in rows[firsts].tolist()
    ]
    found[rows] = np.array(numbers, np.int32)[codes]
    return found


def _by(groups: Iterable[Group], key: Callable[[Group], Any]) -> dict[Any, list[Group]]:
    found: dict[Any, list[Group]] = {}
    for group in groups:
        found.setdefault(key(group), []).append(group)
    return found


# ------------------------------------------------------------------------------------- masks


def _with_masks(groups: list[Group], options: Options) -> list[Group]:
    """Masks go with the fields that they are for; one alone stays a variable."""
    if options.masks == "separate":
        return groups
    masks = _by((g for g in groups if g.is_mask), _but_typvar)
    if not masks:
        return groups
    used: set[int] = set()
    for group in groups:
        if group.is_masked:
            own = masks.get(_but_typvar(group))
            if own:
                group.masks = np.concatenate([mask.rows for mask in own])
                used |= {id(mask) for mask in own}
    return [group for group in groups if id(group) not in used]


def _but_typvar(group: Group) -> tuple[Any, ...]:
    return group.nomvar, group.etiket, group.grid, group.klass, group.nk


# --------------------------------------------------------------------------------- ensembles


def _ensembles(groups: list[Group], headers: Headers) -> list[Group]:
    """Variables whose etikets are members of an ensemble, and whose records are alike, are one."""
    alike = _by(groups, lambda g: (g.nomvar, g.typvar, g.grid, g.klass, g.nk))
    gone: set[int] = set()
    for some in alike.values():
        if len(some) > 1 and are_members([g.etiket for g in some]) and _same_records(some, headers):
            first = some[0]
            _join(first, some[1:])
            first.is_ensemble = True
            gone |= {id(g) for g in some[1:]}
    return [group for group in groups if id(group) not in gone]


def _join(first: Group, others: Iterable[Group]) -> None:
    """Put the records of other variables, and what masks them, to those of the first."""
    some = [first, *others]
    first.rows = np.sort(np.concatenate([g.rows for g in some]))
    masks = [g.masks for g in some if g.masks is not None]
    first.masks = np.concatenate(masks) if masks else None


def _same_records(groups: Sequence[Group], headers: Headers) -> bool:
    """Whether groups have the same dates and levels."""
    keys = set()
    for group in groups:
        columns = [headers[name][group.rows] for name in ("datev", "ip1", "ip2")]
        columns.append(headers.ip3[group.rows])
        order = np.lexsort(columns)
        keys.add(b"".join(column[order].tobytes() for column in columns))
    return len(keys) == 1


# -------------------------------------------------------------------------- diagnostic levels


def _diagnostic(groups: list[Group], headers: Headers, options: Options) -> list[Group]:
    """Levels above the ground beside those of a model: merged, split, alone or left out."""
    found: list[Group] = []
    alike = _by(groups, lambda g: (*_but_typvar(g)[:3], g.typvar, g.nk, g.is_ensemble))
    for some in alike.values():
        model = [g for g in some if g.klass in MODEL_KINDS]
        ground = [g for g in some if g.klass == ABOVE_GROUND]
        if len(model) != 1 or not ground:
            found += some
            continue
        diagnostic = ground[0]
        if options.diag == "drop":
            found += [g for g in some if g is not diagnostic]
        elif options.diag == "only":
            found += [g for g in some if g is not model[0]]
        elif options.diag == "split" or not _is_one(diagnostic, headers):
            diagnostic.part = "diag_level" if options.diag == "split" else ""
            found += some
        else:
            _join(model[0], [diagnostic])
            found += [g for g in some if g is not diagnostic]
    return sorted(found, key=lambda g: int(g.rows[0]))


def _is_one(group: Group, headers: Headers) -> bool:
    """Whether all rows are of one level: a tower of heights is none of a model's levels."""
    return len(np.unique(ip.decode(np.unique(headers["ip1"][group.rows])).value)) == 1


# ------------------------------------------------------------------------------------- names


def name_groups(
    groups: list[Group], grids: Grids, options: Options, taken: Iterable[str] = ()
) -> None:
    """Give each variable its name: nomvar, and what tells it from others of that nomvar.

    None has one of the names in ``taken``, of coordinates and dimensions.
    """
    for nomvar, some in _by(groups, lambda g: g.nomvar).items():
        pieces = _pieces(some, grids) if len(some) > 1 else [""]
        for group, piece in zip(some, pieces, strict=True):
            group.name = _named(group, "_".join(filter(None, (legal(nomvar), piece))), options)
    used, numbers = set(taken), Counter[str]()
    for group in groups:
        name = group.name
        while group.name in used:
            numbers[name] += 1
            group.name = f"{name}_{numbers[name] + 1}"
        used.add(group.name)


def legal(nomvar: str) -> str:
    """A nomvar as the name of a variable: ``_2B`` for 2B."""
    text = re.sub(r"\W", "_", nomvar, flags=re.ASCII) or "_"
    return text if text[0].isalpha() else f"_{text}"


def _pieces(groups: Sequence[Group], grids: Grids) -> list[str]:
    """For each group what tells it from the others: as few pieces as are needed, in this order."""
    several = len({group.typvar for group in groups if not group.is_mask}) > 1
    offered = [
        [group.etiket for group in groups],
        ["mask" if group.is_mask else group.typvar * several for group in groups],
        [grids.size_label(group.grid) for group in groups],
        [group.part or DESCRIPTIONS[group.klass] for group in groups],
        [grids.grtyp(group.grid) for group in groups],
        [f"nk{group.nk}" for group in groups],
        [group.part for group in groups],
        [f"grid{group.grid}" for group in groups],
    ]
    chosen: list[tuple[str, ...]] = [()] * len(groups)
    for piece in offered:
        longer = [(*texts, text) for texts, text in zip(chosen, piece, strict=True)]
        if len(set(longer)) > len(set(chosen)):
            chosen = longer
        if len(set(chosen)) == len(groups):
            break
    joined = ["_".join(filter(None, texts)) for texts in chosen]
    return [re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") for text in joined]


def _named(group: Group, name: str, options: Options) -> str:
    """The name as the option ``names`` wants it."""
    rule = options.names
    if rule is None:
        return name
    known = {"name": name, "nomvar": group.nomvar, "typvar": group.typvar, "etiket": group.etiket}
    if callable(rule):
        return str(rule(known))
    if rule == "cf":
        found = dictionary.lookup(group.nomvar)
        standard = found.standard_name if found is not None else None
        return name.replace(legal(group.nomvar), standard, 1) if standard else name
    try:
        return legal(rule.format(**known))
    except (KeyError, IndexError, ValueError) as error:
        raise InvalidArgumentError(
            f"names={rule!r}: {error!r}; a pattern has fields of {', '.join(known)} in braces"
        ) from None
