"""How far two arrays are from each other: one pass over both, a block at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._packing import EXACT, Tolerance

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Mask = npt.NDArray[np.bool_]

Place = tuple[int, int, int]
#: Points of a block: its double-precision copies stay in the cache of a core.
_BLOCK = 8192


class Statistics(NamedTuple):
    """Differences of B from A. Numbers are None where there is nothing to compute them of.

    Errors, means and variances are over the points where both have a finite value; of
    complex values the moduli of errors, bias and mean are given.
    """

    #: Points compared.
    points: int
    #: Points that are not the same, those of ``one_sided`` among them.
    different: int
    #: Points that are different beyond the tolerance.
    beyond: int
    #: Points missing (or NaN) in one of the two only.
    one_sided: int
    #: |B - A| / |A|; 1 where A is 0 and B is not.
    rel_max: float | None = None
    rel_mean: float | None = None
    #: |B - A|
    abs_max: float | None = None
    abs_mean: float | None = None
    #: (i, j, k), from 1, of the largest error: the first in storage order.
    max_at: Place | None = None
    mean_a: float | None = None
    #: mean of B - A
    bias: float | None = None
    var_a: float | None = None
    var_b: float | None = None
    corr: float | None = None
    #: 1 - corr, to full precision when the two are almost equal.
    one_minus_corr: float | None = None


def values(
    a: Array,
    b: Array,
    mask_a: Mask | None = None,
    mask_b: Mask | None = None,
    *,
    tolerance: Tolerance = EXACT,
    opaque: bool = False,
) -> Statistics:
    """Compare two arrays of one shape.

    Parameters
    ----------
    a, b : ndarray, (ni, nj) or (ni, nj, nk)
        Numbers of any type. Integers are compared exactly. Equal infinities are the same, other
        infinities are beyond any tolerance.
    mask_a, mask_b : ndarray of bool, optional
        True where a value is missing. NaN is missing too; missing in both is the same.
    tolerance : Tolerance
        A point is within it when its absolute error or its relative error is.
    opaque : bool
        Values are no numbers (text, bits): they are equal or not.

    >>> import numpy as np
    >>> found = values(np.array([[1.0, 2.0]]), np.array([[1.0, 2.5]]))
    >>> found.different, found.abs_max, found.max_at, found.rel_max
    (1, 0.5, (1, 2, 1), 0.25)
    """
    flat = _flat(a, b, mask_a, mask_b)
    n = a.size
    if opaque:
        unequal = flat.a != flat.b
        different = int(np.count_nonzero(unequal))
        at = _place(int(unequal.argmax()), a.shape) if different else None
        return Statistics(n, different, different, 0, max_at=at)
    total = _Sums()
    with np.errstate(all="ignore"):  # of infinities and of errors too large for a double
        for block in _blocks(flat):
            _add_block(total, block, tolerance)
        return total.result(n, a.shape)


def identical(a: Array, b: Array, mask_a: Mask | None, mask_b: Mask | None) -> bool:
    """Whether two arrays hold the same bits: quick, and no answer to whether values differ."""
    if a.dtype != b.dtype or (mask_a is None) != (mask_b is None):
        return False
    bits = np.dtype(f"u{min(a.dtype.itemsize, 8)}")
    left, right, missing_a, missing_b, _ = _flat(a, b, mask_a, mask_b)
    if missing_a is not None and missing_b is not None and (missing_a != missing_b).any():
        return False
    return np.array_equal(left.view(bits), right.view(bits))


class _Part(NamedTuple):
    """Values and masks in storage order: of whole arrays, or of a block of them."""

    a: Array
    b: Array
    mask_a: Mask | None
    mask_b: Mask | None
    start: int = 0


def _flat(a: Array, b: Array, mask_a: Mask | None, mask_b: Mask | None) -> _Part:
    """Without copies where the arrays are in Fortran order."""

    def flat(array: Any) -> Any:  # noqa: ANN401 - an array or None
        return None if array is None else array.reshape(-1, order="F")

    return _Part(flat(a), flat(b), flat(mask_a), flat(mask_b))


def _blocks(whole: _Part) -> Iterator[_Part]:
    a, b, mask_a, mask_b, _ = whole
    for start in range(0, a.size, _BLOCK):
        at = slice(start, start + _BLOCK)
        left, right = (None if mask is None else mask[at] for mask in (mask_a, mask_b))
        yield _Part(a[at], b[at], left, right, start)


def _place(position: int, shape: tuple[int, ...]) -> Place:
    i, j, k = np.unravel_index(position, (*shape, 1, 1)[:3], order="F")
    return int(i) + 1, int(j) + 1, int(k) + 1


def _wide(a: Array, b: Array) -> tuple[Array, Array]:
    """Both in a type in which their difference is exact, as far as there is one."""
    kinds = {a.dtype.kind, b.dtype.kind}
    if "c" in kinds:
        return a.astype(np.complex128), b.astype(np.complex128)
    if kinds <= {"i", "u", "b"} and max(a.dtype.itemsize, b.dtype.itemsize) == 8:  # noqa: PLR2004
        return a.astype(object), b.astype(object)  # Python's integers: rare, and never wrong
    return a.astype(np.float64), b.astype(np.float64)


def _add_block(total: _Sums, block: _Part, tolerance: Tolerance) -> None:
    """Add the points of a block to the sums."""
    a, b = _wide(block.a, block.b)
    places = None
    if block.mask_a is not None or block.mask_b is not None or not _all_finite(a, b):
        places = _set_aside(total, a, b, block)
        a, b = a[places], b[places]
    if a.size == 0:
        return
    difference = b - a
    unequal = np.asarray(a != b, np.bool_)
    if a.dtype == object:
        a, difference = a.astype(np.float64), difference.astype(np.float64)
    error, size = np.abs(difference), np.abs(a)
    relative = np.divide(error, size, out=(error != 0).astype(np.float64), where=size != 0)
    n_different = int(np.count_nonzero(unequal))
    total.different += n_different
    if n_different:
        allowed = (error <= tolerance.absolute) | (relative <= tolerance.relative)
        total.beyond += int(np.count_nonzero(unequal & ~allowed))
        worst = int(error.argmax())
        if error[worst] > total.abs_max:
            total.abs_max = float(error[worst])
            total.at = block.start + (worst if places is None else int(places[worst]))
        total.rel_max = max(total.rel_max, float(relative.max()))
        total.abs_sum += float(error.sum())
        total.rel_sum += float(relative.sum())
    total.add_moments(a, difference)


def _all_finite(a: Array, b: Array) -> bool:
    # A sum over both is finite only if all of it is; one that overflows takes the longer way.
    return a.dtype == object or bool(np.isfinite(a.sum() + b.sum()))


def _set_aside(total: _Sums, a: Array, b: Array, block: _Part) -> npt.NDArray[np.intp]:
    """Count missing and infinite points; give the places of those that are left."""
    if a.dtype == object:
        has_a, has_b = np.ones(a.size, np.bool_), np.ones(b.size, np.bool_)
        infinite = ~has_a
    else:
        has_a, has_b = ~np.isnan(a), ~np.isnan(b)
        infinite = np.isinf(a) | np.isinf(b)
    if block.mask_a is not None:
        has_a &= ~block.mask_a
    if block.mask_b is not None:
        has_b &= ~block.mask_b
    one_sided = int(np.count_nonzero(has_a != has_b))
    both = has_a & has_b
    unlike = int(np.count_nonzero(both & infinite & np.asarray(a != b, np.bool_)))
    total.one_sided += one_sided
    total.different += one_sided + unlike
    total.beyond += one_sided + unlike
    return np.flatnonzero(both & ~infinite)


class _Sums:
    """What is known after some blocks.

    Means and sums of squares about them are merged block by block, so that nothing is lost of a
    small spread on a large mean. ``square_d`` and ``product`` are of A and B - A, not of A and B:
    their correlation may be 1 - 1e-12.
    """

    def __init__(self) -> None:
        self.different = self.beyond = self.one_sided = self.n = 0
        self.abs_max = self.rel_max = self.abs_sum = self.rel_sum = 0.0
        self.at: int | None = None
        self.mean_a: Any = 0.0
        self.mean_d: Any = 0.0
        self.square_a = self.square_d = self.product = 0.0

    def add_moments(self, a: Array, d: Array) -> None:
        n = a.size
        # About the first value: that of a constant field is then its mean, exactly.
        a, first_a = a - a[0], a[0]
        d, first_d = d - d[0], d[0]
        shift_a, shift_d = a.mean(), d.mean()
        a, d = a - shift_a, d - shift_d
        mean_a, mean_d = first_a + shift_a, first_d + shift_d
        step_a, step_d = mean_a - self.mean_a, mean_d - self.mean_d
        weight = self.n * n / (self.n + n)
        self.square_a += _dot(a, a) + weight * abs(step_a) ** 2
        self.square_d += _dot(d, d) + weight * abs(step_d) ** 2
        self.product += _dot(a, d) + weight * float(np.real(np.conj(step_a) * step_d))
        self.n += n
        self.mean_a = self.mean_a + step_a * (n / self.n)
        self.mean_d = self.mean_d + step_d * (n / self.n)

    def result(self, points: int, shape: tuple[int, ...]) -> Statistics:
        counts = (points, self.different, self.beyond, self.one_sided)
        if self.n == 0:
            return Statistics(*counts)
        square_a = float(self.square_a)
        square_b = max(0.0, float(square_a + 2 * self.product + self.square_d))
        corr, distance = self._correlation(square_a, square_b)
        return Statistics(
            *counts,
            rel_max=self.rel_max,
            rel_mean=self.rel_sum / self.n,
            abs_max=self.abs_max,
            abs_mean=self.abs_sum / self.n,
            max_at=None if self.at is None else _place(self.at, shape),
            mean_a=_real(self.mean_a),
            bias=_real(self.mean_d),
            var_a=square_a / self.n,
            var_b=square_b / self.n,
            corr=corr,
            one_minus_corr=distance,
        )

    def _correlation(self, square_a: float, square_b: float) -> tuple[float | None, float | None]:
        """Correlation r, and 1 - r; of constant fields only when they differ by nothing."""
        root_a, root_b = float(np.sqrt(square_a)), float(np.sqrt(square_b))
        if not root_a * root_b > 0:
            return (1.0, 0.0) if self.different == 0 else (None, None)
        # (sqrt A - sqrt B)^2 without the difference of almost equal numbers
        gap = (2 * self.product + self.square_d) / (root_a + root_b)
        distance = (self.square_d - gap * gap) / (2 * root_a * root_b)
        distance = float(min(max(distance, 0.0), 2.0))
        return 1.0 - distance, distance


def _dot(a: Array, b: Array) -> float:
    return float(np.vdot(a, b).real)


def _real(mean: Any) -> float:  # noqa: ANN401 - real or complex
    return float(abs(mean)) if np.iscomplexobj(mean) else float(mean)
