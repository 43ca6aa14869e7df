"""Levels without a table: coefficients from the value of ip1 (``docs/format/metadata.md``, 8.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fst24 import ip
from fst24._errors import CorruptFileError, InvalidArgumentError, make_error

if TYPE_CHECKING:
    import numpy.typing as npt

    from fst24._record import Fst24Record

PA_PER_HPA = 100.0
_SIGMA, _PRESSURE, _HYBRID = 1, 2, 5


class Rule(NamedTuple):
    """What turns values of levels into coefficients."""

    vcode: int
    #: Pa
    ptop: float | None = None
    pref: float | None = None
    rcoef: float = 1.0
    references: tuple[str, ...] = ()

    def coefficients(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """A, B and C of levels: shape (levels, 3), for pressures in Pa and heights in m."""
        found = np.zeros((len(values), 3))
        if self.vcode == 1001:  # noqa: PLR2004 - sigma
            found[:, 1] = values
        elif self.vcode == 1002:  # noqa: PLR2004 - eta
            found[:, 1] = values
            found[:, 2 if self.ptop is None else 0] = (1 - values) * (self.ptop or 1)
        elif self.vcode in (1003, 5001):
            found[:, 0], found[:, 1] = self._hybrid(values)
        elif self.vcode == 2001:  # noqa: PLR2004 - pressure
            found[:, 0] = values * PA_PER_HPA
        elif self.vcode in (5000, 21000):
            found[:] = np.nan
        else:
            found[:, 0] = values
        return found

    def _hybrid(self, eta: npt.NDArray[np.float64]) -> tuple[Any, Any]:
        ptop, pref = self.ptop or 0.0, self.pref or 0.0
        top = ptop / pref
        if self.vcode == 1003:  # noqa: PLR2004 - normalised: from 0 at the top
            eta = eta + (1 - eta) * top
        b = np.maximum((eta - top) / (1 - top), 0) ** self.rcoef
        return pref * (eta - b), b


def rule_of_hy(record: Fst24Record, kind: int) -> Rule:
    """What a HY record means for levels of kind 1 or 5.

    Raises
    ------
    CorruptFileError
        It has no such pressures.
    """
    ptop, ptop_kind = ip.decode(record.ip1)
    if ptop_kind != _PRESSURE or not 0 <= ptop < record.ig1 or record.ig2 <= 0:
        message = (
            f"HY: pressure at the top of ip1 {record.ip1}, reference pressure of ig1"
            f" {record.ig1} hPa, exponent of ig2 {record.ig2}/1000: no hybrid coordinate"
        )
        raise make_error(CorruptFileError, message, path=record.path, record=record.index)
    vcode = 1003 if kind == _SIGMA else 5001
    pref = PA_PER_HPA * record.ig1
    return Rule(vcode, PA_PER_HPA * ptop, pref, record.ig2 / 1000, ("P0",))


def rule_of_pt(record: Fst24Record) -> Rule:
    """What a PT field means for levels of kind 1: a number where it is one everywhere.

    Raises
    ------
    CorruptFileError
        It holds what is no pressure.
    """
    values = record.data
    least, most = float(np.min(values)), float(np.max(values))
    if not 0 <= least <= most < np.inf:
        message = f"PT: pressures at the top from {least} to {most} hPa"
        raise make_error(CorruptFileError, message, path=record.path, record=record.index)
    if least == most:
        return Rule(1002, ptop=PA_PER_HPA * least, references=("P0",))
    return Rule(1002, references=("P0", "PT"))


def kind_of_all(ip1s: npt.NDArray[np.int32]) -> int:
    """The one kind of levels.

    Raises
    ------
    InvalidArgumentError
        There is none, or several.
    """
    kinds = np.unique(ip.decode(ip1s).kind).tolist()
    if not kinds:
        raise InvalidArgumentError("a vertical coordinate has levels: no ip1 was given")
    if len(kinds) > 1:
        raise InvalidArgumentError(
            f"levels of the kinds {', '.join(map(str, kinds))} are no one coordinate: make one for"
            " each, or give the !! record that lists them"
        )
    if kinds[0] not in ip.LEVEL_KINDS:
        raise InvalidArgumentError(f"ip1 {int(ip1s[0])} is no level: it is of kind {kinds[0]}")
    return int(kinds[0])
