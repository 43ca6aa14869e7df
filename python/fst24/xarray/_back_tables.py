"""Tables of levels: as they were read, or made of the coefficients that CF keeps (8.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fst24 import ip
from fst24.vertical._versions import VERSIONS

from ._back_roles import text_attr

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    import numpy.typing as npt
    import xarray as xr

    from fst24.vertical import Vertical

    Item = tuple[npt.NDArray[Any], dict[str, Any]]
    Codes = tuple[int, int, int, int]
    Row = tuple[float, float, float]
    #: From the name of a variable to its nomvar.
    Namer = Callable[[Hashable], str]

_ABSENT, _NO_EXPONENT = -9999.0, -1.0
_COMMON: dict[str, Any] = {"typvar": "X", "grtyp": "X", "dateo": 0}
_TO_PA = {"Pa": 1.0, "hPa": 100.0, "mb": 100.0, "": 1.0}
_LINEAR, _LOG, _LOG_SLEVE, _HEIGHT = 5001, 5005, 5100, 21001


def table_of(vertical: Vertical, ig: Codes) -> Item | None:
    """The record ``!!`` or ``HY`` that a coordinate was read from; None where there was none."""
    if vertical.source == "HY" and vertical.ptop is not None and vertical.pref is not None:
        exponent = vertical.rcoefs[0] if vertical.rcoefs else 1.0
        fields = {
            "nomvar": "HY",
            "ip1": ip.encode(vertical.ptop / 100, "hPa"),
            "ip2": 0,
            "ip3": 0,
            "ig1": round(vertical.pref / 100),
            "ig2": round(1000 * exponent),
        }
        return np.zeros((1, 1), np.float32), fields | _COMMON
    if vertical.source != "!!":
        return None
    found = vertical.levels(_listed(vertical))
    rows = np.stack([found.ip1.astype(np.float64), found.a, found.b, found.c])
    header = _header(
        vertical.vcode,
        {"ptop": vertical.ptop, "pref": vertical.pref},
        vertical.rcoefs,
        vertical.references,
    )
    values = _table(vertical.vcode, header, rows)
    return values, _fields(vertical.vcode, ig) | _informative(vertical)


def _listed(vertical: Vertical) -> npt.NDArray[np.int32]:
    """The ip1 of each row of the table (8.2)."""
    layout = VERSIONS[vertical.vcode].layout
    if layout == "one":
        return vertical.ip1s
    lists = [vertical.momentum, vertical.thermodynamic]
    if layout == "lorenz":
        lists = [vertical.momentum, vertical.vertical_velocity, vertical.thermodynamic[-1:]]
    return np.concatenate(lists)


def _header(
    vcode: int,
    pressures: Mapping[str, float | None],
    exponents: tuple[float, ...],
    references: tuple[str, ...],
) -> list[float]:
    words: list[float] = [*divmod(vcode, 1000), 0]
    left, names = iter(exponents), iter(references)
    for word in VERSIONS[vcode].words:
        if word in pressures:
            value = pressures[word]
            words.append(_ABSENT if value is None else value)
        elif word.startswith("ref"):
            name = next(names, "").ljust(4).encode("ascii")
            words.append(float(np.frombuffer(name + bytes(4), "<f8")[0]))
        else:
            words.append(next(left, _NO_EXPONENT))
    return words


def _table(
    vcode: int, header: list[float], rows: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Columns of the record: the words of the header, then a level each."""
    n_columns = VERSIONS[vcode].n_columns
    skip = -(-len(header) // n_columns)
    header[2] = skip
    flat = np.zeros(n_columns * skip)
    flat[: len(header)] = header
    values = np.zeros((n_columns, skip + rows.shape[1]), order="F")
    values[:, :skip] = flat.reshape(n_columns, skip, order="F")
    values[:, skip:] = rows[:n_columns]
    return values


def _fields(vcode: int, ig: Codes) -> dict[str, Any]:
    tag = {"ip1": ig[0], "ip2": ig[1], "ip3": 0}
    return {"nomvar": "!!", **tag, "ig1": vcode, **_COMMON}


def _informative(vertical: Vertical) -> dict[str, int]:
    """ig2 to ig4 of the record, which repeat the header in part (8.2)."""
    found = {"ig2": 0, "ig3": 0, "ig4": 0}
    if vertical.vcode in {1002, 1003, 5001, 5002, 5003, 5004}:
        found["ig2"] = round(10 * (vertical.ptop or 0))
    if vertical.vcode not in {5100, 21001, 21002}:
        for name, exponent in zip(("ig3", "ig4"), vertical.rcoefs, strict=False):
            found[name] = round(100 * exponent)
    return found


# ----------------------------------------------------------------------- from what CF keeps


@dataclass
class Formula:
    """What makes pressures or heights of levels."""

    vcode: int
    #: Pa
    pref: float | None
    references: tuple[str, ...]
    #: A, B and C by ip1, for each axis.
    axes: dict[Hashable, dict[int, Row]] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Any, ...]:
        """What levels of one table have in common."""
        return self.vcode, self.pref, self.references

    def lists(self) -> list[dict[int, Row]]:
        """Levels of momentum and thermodynamic ones; all twice where axes do not tell them."""
        names = sorted(map(str, self.axes))
        if [name[-2:] for name in names] == ["_m", "_t"]:
            momentum, thermodynamic = (self.axes[name] for name in names)
            if len(momentum) == len(thermodynamic):
                return [momentum, thermodynamic]
        together = {ip1: row for rows in self.axes.values() for ip1, row in rows.items()}
        return [together, together]


def formula_of(
    ds: xr.Dataset, name: Hashable, ip1s: npt.NDArray[np.int32], nomvar_of: Namer
) -> Formula | None:
    """The formula of a level coordinate; None where a term is not there or the form is another."""
    words = text_attr(ds.variables[name], "formula_terms").replace(":", " ").split()
    named = dict(zip(words[::2], words[1::2], strict=False))
    terms = {key: ds.variables[one] for key, one in named.items() if one in ds.variables}

    def references(*keys: str) -> tuple[str, ...]:
        return tuple(nomvar_of(named[key]) for key in keys)

    made: Formula | None = None
    columns: tuple[Any, ...] = ()
    if {"ap", "b"} <= set(terms) and "ps" in named:
        made = Formula(_LINEAR, None, references("ps"))
        columns = _in_pa(terms["ap"]), terms["b"].values
    elif {"a", "b", "p0"} <= set(terms) and "ps" in named:
        made = Formula(_LINEAR, None, references("ps"))
        columns = terms["a"].values * _in_pa(terms["p0"]), terms["b"].values
    elif {"a", "b", "pref"} <= set(terms) and "ps" in named:
        both = ("ps", "psl") if "psl" in named and "c" in terms else ("ps",)
        pref = float(_in_pa(terms["pref"]))
        made = Formula(_LOG_SLEVE if len(both) > 1 else _LOG, pref, references(*both))
        columns = terms["a"].values, terms["b"].values
        if len(both) > 1:
            columns = (*columns, terms["c"].values)
    elif {"a", "b"} <= set(terms) and "orog" in named:
        made = Formula(_HEIGHT, None, references("orog"))
        columns = terms["a"].values, terms["b"].values
    elif {"a", "b1", "b2", "ztop"} <= set(terms) and {"zsurf1", "zsurf2"} <= set(named):
        made = Formula(_HEIGHT, None, references("zsurf2", "zsurf1"))
        columns = terms["a"].values * terms["ztop"].values, terms["b2"].values, terms["b1"].values
    if made is None:
        return None
    lines = [np.broadcast_to(np.asarray(c, np.float64).ravel(), len(ip1s)) for c in columns]
    lines += [np.zeros(len(ip1s))] * (3 - len(lines))
    a, b, c = (line.tolist() for line in lines)
    made.axes[name] = dict(zip(ip1s.tolist(), zip(a, b, c, strict=True), strict=True))
    return made


def _in_pa(variable: xr.Variable) -> Any:  # noqa: ANN401 - an array
    return np.asarray(variable.values, np.float64) * _TO_PA.get(text_attr(variable, "units"), 1.0)


def made_table(formula: Formula, ig: Codes) -> Item:
    """A ``!!`` of coefficients."""
    lists = formula.lists()[: 2 if VERSIONS[formula.vcode].layout == "half" else 1]
    rows = np.array([(ip1, *row) for listed in lists for ip1, row in listed.items()]).T
    pressures = {"ptop": None, "pref": formula.pref}
    header = _header(formula.vcode, pressures, (), formula.references)
    return _table(formula.vcode, header, rows), _fields(formula.vcode, ig)
