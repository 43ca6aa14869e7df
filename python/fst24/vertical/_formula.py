"""`Formula`: pressures or heights of levels from reference fields (metadata.md, 8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from fst24._errors import InvalidArgumentError

from ._rules import PA_PER_HPA

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

#: Surface pressures are of some 1000 hPa; where all are over this, they were given in Pa.
_NO_HPA = 10_000


class Formula(NamedTuple):
    """What makes the pressure (Pa) or the height (m) of levels from fields.

    Without ``pref`` it is ``a + factor x field + ...``, with it
    ``exp(a + factor x ln(field / pref) + ...)``.

    >>> Formula("pressure", np.array([500.0]), {"P0": np.array([0.5])}).compute({"P0": 1e5})
    array([50500.])
    """

    quantity: Literal["pressure", "height"]
    #: float64, one for each level.
    a: npt.NDArray[np.float64]
    #: float64, one for each level, by the name of the field.
    factors: dict[str, npt.NDArray[np.float64]]
    #: Pa; None where the formula is linear.
    pref: float | None = None

    def of(self, levels: npt.NDArray[np.intp] | slice) -> Formula:
        """The same for some of the levels, by their places."""
        factors = {name: factor[levels] for name, factor in self.factors.items()}
        return self._replace(a=self.a[levels], factors=factors)

    def needs(self, name: str) -> bool:
        """Whether any level depends on a field."""
        return bool(self.factors[name].any())

    def field(
        self,
        name: str,
        values: npt.ArrayLike,
        *,
        scale: float | None = None,
        advice: str = "give it in hPa, as files hold it",
    ) -> npt.NDArray[np.float64]:
        """A reference field as the computation takes it: float64, in Pa or m.

        ``scale`` is how many of these its unit has: by default 100, of hPa, or 1, of m.

        Raises
        ------
        InvalidArgumentError
            It is said to be in hPa and cannot be, or it has no logarithm.
        """
        array = np.array(values, np.float64)
        if self.quantity == "height":
            return array * (scale or 1.0)
        scale = scale or PA_PER_HPA
        if not array.size:
            return array
        least = float(np.fmin.reduce(array, axis=None))
        if scale == PA_PER_HPA and least > _NO_HPA:
            raise InvalidArgumentError(f"{name} is {least:g} and more: {advice}")
        if least <= 0 and self.pref is not None:
            raise InvalidArgumentError(
                f"{name} has {least * scale / PA_PER_HPA:g} hPa, which has no logarithm: make it"
                " NaN where it is missing"
            )
        return array * scale

    def compute(self, fields: Mapping[str, npt.ArrayLike]) -> npt.NDArray[np.float64]:
        """Levels over fields in Pa or m that have one shape: shape (levels, ...)."""
        arrays = {name: np.asarray(field, np.float64) for name, field in fields.items()}
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
        out = np.empty((len(self.a), *shape))
        self.compute_into(out, arrays)
        return out

    def compute_into(
        self,
        out: npt.NDArray[Any],
        fields: Mapping[str, npt.NDArray[np.float64]],
        divisor: float = 1.0,
    ) -> None:
        """As `compute`, divided by ``divisor``, into an array of shape (levels, ...).

        Two more arrays of the size of one level are made; the computation is in float64.
        """
        arrays = list(fields.values())
        factors = [self.factors[name] for name in fields]
        if self.pref is not None:
            arrays = [np.log(array / self.pref) for array in arrays]
        level, part = np.empty_like(out[:1], np.float64), np.empty_like(out[:1], np.float64)
        for i, a in enumerate(self.a):
            level[...] = a
            for array, factor in zip(arrays, factors, strict=True):
                np.multiply(array, factor[i], out=part)
                level += part
            if self.pref is not None:
                np.exp(level, out=level)
            np.divide(level, divisor, out=out[i : i + 1], casting="same_kind")
