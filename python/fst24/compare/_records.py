"""Compare two records: what kind of data they hold, their grids, their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from fst24._record import MISSING_FLAG

from ._match import GRID
from ._packing import EXACT, Tolerance, packing_error
from ._statistics import Statistics, identical, values

if TYPE_CHECKING:
    from fst24._record import Fst24Record

#: Base data types whose values are no numbers: bits and text (codecs.md, 2).
_OPAQUE = (0, 3, 7)
_BASE = MISSING_FLAG - 1
_IEEE = (5, 8)

Verdict = Literal["equal", "within", "different"]


class Comparison(NamedTuple):
    """Two records: the same, within the tolerance, or different; and why without their values."""

    verdict: Verdict
    #: ``size``, ``type`` or ``grid``, and what they are in both; None where values alone count.
    reason: str | None
    tolerance: Tolerance
    #: None when sizes or types do not let values be compared, or when they are the same, bit by
    #: bit, and were not asked for.
    statistics: Statistics | None


def records(
    a: Fst24Record,
    b: Fst24Record,
    *,
    atol: float = 0.0,
    rtol: float = 0.0,
    packing: float = 0.0,
    same_grid: bool = True,
    always: bool = True,
) -> Comparison:
    """Compare two records: their sizes, their grids, their values.

    Parameters
    ----------
    a, b : Fst24Record
        ``a`` is the one that errors are relative to.
    atol, rtol : float
        A point is within the tolerance when ``|b - a| <= atol`` or ``|b - a| <= rtol * |a|``.
    packing : float
        How many times the packing error (`packing_error`) of the coarser record is tolerated, too.
    same_grid : bool
        Whether records on different grids (grtyp, ig1 to ig4) are different whatever they hold.
    always : bool
        Give statistics of records that are the same bit by bit, too.

    >>> with fst24.open(sample) as f:
    ...     records(f[3], f[3]).verdict, records(f[3], f[4], atol=1e3).verdict
    ('equal', 'within')
    """
    sizes = [(r.ni, r.nj, r.nk) for r in (a, b)]
    opaque = [r.datyp & _BASE in _OPAQUE for r in (a, b)]
    if sizes[0] != sizes[1]:
        left, right = ("x".join(map(str, size)) for size in sizes)
        return Comparison("different", f"size {left} / {right}", EXACT, None)
    if opaque[0] != opaque[1] or (opaque[0] and (a.dtype, a.shape) != (b.dtype, b.shape)):
        return Comparison("different", f"type {a.datyp} / {b.datyp}", EXACT, None)
    reason = _grids(a, b) if same_grid else None
    data = a.data, b.data, a.mask, b.mask
    tolerance = Tolerance(atol, rtol)
    is_identical = identical(*data)
    if packing and not is_identical:
        tolerance = tolerance.or_larger(_coarser(a, b).times(packing))
    found = None
    if always or not is_identical:
        found = values(*data, tolerance=tolerance, opaque=opaque[0])
    verdict: Verdict = "equal"
    if reason is not None or (found is not None and found.beyond):
        verdict = "different"
    elif found is not None and found.different:
        verdict = "within"
    return Comparison(verdict, reason, tolerance, found)


def _grids(a: Fst24Record, b: Fst24Record) -> str | None:
    left, right = (" ".join(str(getattr(r, name)) for name in GRID) for r in (a, b))
    return None if left == right else f"grid {left} / {right}"


def _coarser(a: Fst24Record, b: Fst24Record) -> Tolerance:
    """The larger packing error of the two; floats beside doubles were rounded."""
    larger = packing_error(a).or_larger(packing_error(b))
    bits = [r.nbits for r in (a, b) if r.datyp & _BASE in _IEEE]
    if len(bits) == 2 and min(bits) == 32 < max(bits):  # noqa: PLR2004 - two records, float32
        larger = larger.or_larger(Tolerance(0.0, 2.0**-24))
    return larger
