"""Bounds of levels, as far as a table says them (``docs/format/cf.md``, 5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from fst24 import ip

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._vertical import Vertical

    _Reals: TypeAlias = npt.NDArray[np.float64]

#: Kinds whose tables list all levels of a model: sigma, hybrid, hybrid height.
_MODEL_KINDS = (1, 5, 21)
_ABOVE_GROUND, _HEIGHT = 4, 21
#: Where the order of a table is looked at: over sea at 1000 hPa.
_SURFACE = 1e5
#: Coefficients of thermodynamic levels were averaged in single precision.
_ROUNDING = 1e-6


class LevelBounds(NamedTuple):
    """Both ends of levels, shape (levels, 2): first that of the smaller value, as CF has it.

    That is the upper end for pressures, and the lower one for heights.
    """

    #: float32, as the values of levels are.
    value: npt.NDArray[np.float32]
    #: float64: coefficients, in the units of `LevelRows`.
    a: _Reals
    b: _Reals
    c: _Reals


def bounds_of(vertical: Vertical, codes: npt.NDArray[np.int32]) -> LevelBounds | None:
    """What `Vertical.bounds` gives."""
    if vertical.source != "!!" or vertical.kind not in _MODEL_KINDS:
        return None
    families = _families(vertical)
    if families is None:
        return None
    edges = _chosen(families, codes.tolist())
    found = np.array([edges[code] for code in codes.tolist()]).reshape((-1, 2, 4))
    if vertical.kind == _HEIGHT:
        found = found[:, ::-1]
    value, a, b, c = np.moveaxis(found, 2, 0)
    return LevelBounds(value.astype(np.float32), a, b, c)


#: By ip1: both ends, upper first, as value, a, b, c.
_Edges: TypeAlias = "dict[int, _Reals]"


def _chosen(families: list[_Edges], codes: list[int]) -> _Edges:
    """The ends of the family that has all levels; else each level in the first that has it."""
    for family in families:
        if all(code in family for code in codes):
            return family
    merged: _Edges = {}
    for family in families:
        merged = {**family, **merged}
    return merged


def _families(vertical: Vertical) -> list[_Edges] | None:
    """The ends of momentum, thermodynamic and vertical velocity levels."""
    momentum = _without_diagnostic(vertical.momentum)
    thermodynamic = _without_diagnostic(vertical.thermodynamic)
    velocity = _without_diagnostic(vertical.vertical_velocity)
    between = velocity if vertical.layout == "lorenz" else thermodynamic
    if vertical.layout == "one":
        families = [_halfway(vertical, momentum)]
    elif vertical.layout == "longer":
        families = _staggered(vertical, thermodynamic, momentum)[::-1]
    else:
        families = _staggered(vertical, momentum, between)
    if not all(_enclose(vertical, family) for family in families):
        return None
    # Near the ground a field is that of a height, not of a layer.
    points = {
        code: np.stack([row, row])
        for code, row in zip(
            vertical.diagnostic.tolist(), _rows(vertical, vertical.diagnostic), strict=True
        )
    }
    return [{**family, **points} for family in families]


def _without_diagnostic(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    kept: npt.NDArray[np.int32] = codes[ip.decode(codes).kind != _ABOVE_GROUND]
    return kept


def _rows(vertical: Vertical, codes: npt.NDArray[np.int32]) -> _Reals:
    rows = vertical.levels(codes)
    return np.stack([rows.value.astype(np.float64), rows.a, rows.b, rows.c], axis=1)


def _staggered(
    vertical: Vertical, upper: npt.NDArray[np.int32], lower: npt.NDArray[np.int32]
) -> list[_Edges]:
    """Two lists that alternate, the first one from the top: each bounds the other."""
    above, below = _rows(vertical, upper), _rows(vertical, lower)
    n, m = len(above), len(below)
    # Beyond the end of the other list, a level ends its own layer.
    ends_of_upper = np.concatenate([_top(vertical, above[0])[None], below, above[m:]])
    ends_of_lower = np.concatenate([above, below[n - 1 :]])
    return [
        _paired(upper, ends_of_upper[:n], ends_of_upper[1 : n + 1]),
        _paired(lower, ends_of_lower[:m], ends_of_lower[1 : m + 1]),
    ]


def _halfway(vertical: Vertical, codes: npt.NDArray[np.int32]) -> _Edges:
    """One list: layers meet half-way, also in their coefficients, which keeps a + b of levels."""
    rows = _rows(vertical, codes)
    ends = np.concatenate(
        [_top(vertical, rows[0])[None], (rows[:-1] + rows[1:]) / 2, rows[-1:]], axis=0
    )
    return _paired(codes, ends[:-1], ends[1:])


def _paired(codes: npt.NDArray[np.int32], above: _Reals, below: _Reals) -> _Edges:
    edges: _Edges = {}
    for code, ends in zip(codes.tolist(), np.stack([above, below], axis=1), strict=True):
        edges.setdefault(code, ends)
    return edges


def _top(vertical: Vertical, first: _Reals) -> _Reals:
    """The top of the model where the table gives its pressure, else the first level."""
    if vertical.ptop is None or vertical.kind == _HEIGHT:
        return first
    is_log = 5002 <= vertical.vcode <= 5100  # noqa: PLR2004 - of a logarithm
    is_normalised = vertical.vcode in (1002, 1003)  # 0 at the top
    value = 0.0 if is_normalised else vertical.ptop / (vertical.pref or _SURFACE)
    top = np.array([value, np.log(vertical.ptop) if is_log else vertical.ptop, 0.0, 0.0])
    return top if _depth(vertical, top) <= _depth(vertical, first) else first


def _depth(vertical: Vertical, rows: _Reals) -> _Reals:
    """What grows downwards: pressure over sea, its logarithm, or the height, negative."""
    depth: _Reals = rows[..., 1]
    if vertical.kind == _HEIGHT:
        return -depth
    if 5002 <= vertical.vcode <= 5100:  # noqa: PLR2004 - over pref, whose logarithm is 0
        return depth
    return depth + rows[..., 2] * _SURFACE


def _enclose(vertical: Vertical, family: _Edges) -> bool:
    """Whether each level is between its ends: no, in a table whose rows are in another order."""
    codes = np.array(list(family), np.int32)
    ends = _depth(vertical, np.array(list(family.values())))
    level = _depth(vertical, _rows(vertical, codes))
    slack = _ROUNDING * np.maximum(np.abs(level), 1.0)
    return bool(((ends[:, 0] <= level + slack) & (level <= ends[:, 1] + slack)).all())
