"""The versions of vertical coordinates, by 1000 x kind + version (metadata.md, 8.2 and 8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

#: How a level becomes a pressure (Pa) or a height (m) from its coefficients A, B, C and the
#: reference fields S, L: "linear" and "height" A + B S + C L, "log" exp(A + B ln(S/pref) + C
#: ln(L/pref)). "lost": the coefficients are missing. "none": neither pressure nor height.
Form: TypeAlias = Literal["linear", "log", "height", "lost", "none"]
#: Which rows of a table are whose, n being the length of the list that it was made of: "one" list;
#: "half": momentum, then as many thermodynamic rows; "longer": these are one more; "lorenz":
#: momentum, as many of vertical velocity, one diagnostic thermodynamic.
Layout: TypeAlias = Literal["one", "half", "longer", "lorenz"]


class Version(NamedTuple):
    """What one version is and how its table begins."""

    name: str
    form: Form
    #: Words of the header after kind, version and number of header rows.
    words: tuple[str, ...] = ()
    layout: Layout = "one"
    #: 4 with a coefficient C.
    n_columns: int = 3
    #: Of a `!!` record; others have no table.
    has_table: bool = True

    @property
    def n_words(self) -> int:
        """Words that a header has at least: old ones end before the names of fields."""
        return 3 + sum(not word.startswith("ref") for word in self.words)


_ONE_REFERENCE = ("ptop", "pref", "r1", "ref")
_STAGGERED = ("ptop", "pref", "r1", "r2", "ref")
_SLEVE = ("ptop", "pref", "r1", "r2", "r3", "r4", "ref", "ref2")
_HEIGHT = ("r1", "r2", "r3", "r4", "ref", "ref2")
_LOG = "staggered log-hydrostatic pressure"

VERSIONS: dict[int, Version] = {
    0: Version("height above sea level", "height", has_table=False),
    1: Version("height above sea level", "height"),
    1001: Version("sigma", "linear", ("ref",)),
    1002: Version("eta", "linear", ("ptop", "ref")),
    1003: Version("normalised hybrid", "linear", _ONE_REFERENCE),
    2001: Version("pressure", "linear"),
    3000: Version("arbitrary code", "none", has_table=False),
    4001: Version("height above ground", "height"),
    5000: Version("hybrid without its table", "lost", has_table=False),
    5001: Version("hybrid", "linear", _ONE_REFERENCE),
    5002: Version(_LOG, "log", _STAGGERED, "longer"),
    5003: Version(_LOG, "log", _STAGGERED, "longer"),
    5004: Version(_LOG, "log", _STAGGERED, "half"),
    5005: Version(_LOG, "log", _STAGGERED, "half"),
    5100: Version(f"{_LOG} (SLEVE)", "log", _SLEVE, "half", 4),
    5999: Version("hybrid, not staggered", "linear", ("ref",)),
    6000: Version("potential temperature", "none", has_table=False),
    7000: Version("depth", "none", has_table=False),
    21000: Version("hybrid height without its table", "lost", has_table=False),
    21001: Version("hybrid height", "height", _HEIGHT, "half", 4),
    21002: Version("hybrid height (Lorenz)", "height", _HEIGHT, "lorenz", 4),
}
#: The coordinate of levels that have no descriptor.
BARE = {0: 0, 1: 1001, 2: 2001, 3: 3000, 4: 4001, 5: 5000, 6: 6000, 7: 7000, 21: 21000}

_Codes: TypeAlias = "npt.NDArray[np.int32]"


class Lists(NamedTuple):
    """The ip1 of the fields that live on each of the staggered levels, from top to bottom."""

    momentum: _Codes
    thermodynamic: _Codes
    vertical_velocity: _Codes


def split(layout: Layout, ip1s: _Codes) -> Lists | None:
    """The rows of a table as lists of levels; None when they cannot be divided so."""
    n = len(ip1s)
    if layout == "one":
        return Lists(ip1s, ip1s, ip1s)
    n_momentum, rest = divmod(n, 2)
    if rest != (layout != "half") or n_momentum == 0:
        return None
    momentum = ip1s[:n_momentum]
    if layout == "lorenz":
        # Temperature lives on the levels of momentum, but for the diagnostic one.
        thermodynamic = np.append(momentum[:-1], ip1s[-1:])
        return Lists(momentum, thermodynamic, ip1s[n_momentum:-1])
    return Lists(momentum, ip1s[n_momentum:], ip1s[n_momentum:])
