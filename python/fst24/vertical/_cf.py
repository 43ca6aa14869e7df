"""Vertical coordinates as the CF conventions describe them (``docs/format/cf.md``, 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._rules import PA_PER_HPA

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._vertical import LevelRows, Vertical

_A, _B, _C = "coefficient A", "coefficient B", "coefficient C"


class Term(NamedTuple):
    """A variable that a formula needs: one value for each level, or one alone."""

    values: npt.NDArray[np.float64] | float
    attrs: dict[str, str]


class CF(NamedTuple):
    """A coordinate variable and what belongs to it.

    ``terms`` are variables to add, by name: along the dimension, or without one. Fields named in
    ``formula_terms`` under their nomvar (``ps: P0``) are those of the file, in its units.
    """

    name: str
    #: float32, whole numbers for kind 3: in the unit of ``attrs``. Bounds are of shape (levels, 2).
    values: npt.NDArray[Any]
    attrs: dict[str, str]
    terms: dict[str, Term]


#: Name and attributes by kind, where the value of a level says all.
_PLAIN: dict[int, tuple[str, dict[str, str]]] = {
    0: ("altitude", {"standard_name": "altitude", "units": "m", "positive": "up"}),
    2: ("pres", {"standard_name": "air_pressure", "units": "hPa", "positive": "down"}),
    3: ("sfclevel", {"standard_name": "model_level_number", "units": "1", "positive": "down"}),
    4: ("height", {"standard_name": "height", "units": "m", "positive": "up"}),
    6: ("theta", {"standard_name": "air_potential_temperature", "units": "K", "positive": "up"}),
    7: ("depth", {"standard_name": "depth", "units": "m", "positive": "down"}),
}
_ARBITRARY, _HEIGHT = 3, 21
#: Added to the name of a variable for that of its bounds.
BOUNDS = "_bnds"


def describe(vertical: Vertical, rows: LevelRows, suffix: str) -> CF:
    """The variables of a coordinate for some of its levels."""
    if vertical.kind in _PLAIN:
        name, plain = _PLAIN[vertical.kind]
        values = rows.value.astype(np.int32) if vertical.kind == _ARBITRARY else rows.value
        return CF(name + suffix, values, {**plain, "axis": "Z"}, {})
    names = _Names(suffix)
    attrs, terms = _parametric(vertical, rows, names)
    attrs["axis"] = "Z"
    return CF(names.level, rows.value, attrs, terms)


def describe_bounds(vertical: Vertical, rows: LevelRows, suffix: str) -> CF:
    """The bounds of a coordinate and of its terms, ``rows`` holding two values for each level.

    Bounds have no attributes but a formula of their own (CF conventions, 7.1).
    """
    cf = describe(vertical, rows, suffix)
    varying = {cf.name, *(name for name, term in cf.terms.items() if np.ndim(term.values))}
    attrs = {}
    if "formula_terms" in cf.attrs:
        words = cf.attrs["formula_terms"].split()
        attrs["formula_terms"] = " ".join(w + BOUNDS if w in varying else w for w in words)
    terms = {name + BOUNDS: Term(cf.terms[name].values, {}) for name in cf.terms if name in varying}
    return CF(cf.name + BOUNDS, cf.values, attrs, terms)


class _Names:
    """Names of the variables, with what makes them the ones of this axis."""

    def __init__(self, suffix: str) -> None:
        self._suffix = suffix
        self.level = self.of("level")

    def of(self, name: str) -> str:
        dash = "_" if name[-1].isdigit() and self._suffix[:1].isdigit() else ""
        return name + dash + self._suffix


def _parametric(
    vertical: Vertical, rows: LevelRows, names: _Names
) -> tuple[dict[str, str], dict[str, Term]]:
    vcode = vertical.vcode
    if vcode in (5000, 21000):  # nothing is known but the number
        direction = "up" if vertical.kind == _HEIGHT else "down"
        units = "m" if vertical.kind == _HEIGHT else "1"
        return {"long_name": vertical.name, "units": units, "positive": direction}, {}
    if vcode in (1001, 1002):
        return _sigma(vertical, names)
    if vertical.kind == _HEIGHT:
        return _height(vertical, rows, names)
    if vertical.has_pressure and vertical.pref and 5002 <= vcode <= 5100:  # noqa: PLR2004 - log
        return _log_pressure(vertical, rows, names)
    return _hybrid(vertical, rows, names)


def _terms(pairs: dict[str, str]) -> str:
    return " ".join(f"{term}: {variable}" for term, variable in pairs.items())


def _sigma(vertical: Vertical, names: _Names) -> tuple[dict[str, str], dict[str, Term]]:
    top = vertical.ptop or 0.0
    attrs = {
        "standard_name": "atmosphere_sigma_coordinate",
        "long_name": vertical.name,
        "units": "1",
        "positive": "down",
        "formula": "p = ptop + sigma*(ps-ptop)",
        "computed_standard_name": "air_pressure",
    }
    fields = vertical.references
    has_field = len(fields) > 1
    ptop = fields[1] if has_field else names.of("ptop")
    attrs["formula_terms"] = _terms({"sigma": names.level, "ps": fields[0], "ptop": ptop})
    if has_field:
        return attrs, {}
    # In the unit of P0, as readers of CF may add without looking.
    about = {"long_name": "pressure at the top", "units": "hPa"}
    return attrs, {ptop: Term(top / PA_PER_HPA, about)}


def _hybrid(
    vertical: Vertical, rows: LevelRows, names: _Names
) -> tuple[dict[str, str], dict[str, Term]]:
    ap, b = names.of("ap"), names.of("b")
    attrs = {
        "standard_name": "atmosphere_hybrid_sigma_pressure_coordinate",
        "long_name": vertical.name,
        "units": "1",
        "positive": "down",
        "formula": "p = ap + b*ps",
        "formula_terms": _terms({"ap": ap, "b": b, "ps": vertical.references[0]}),
        "computed_standard_name": "air_pressure",
    }
    return attrs, {
        ap: Term(rows.a, {"long_name": _A, "units": "Pa"}),
        b: Term(rows.b, {"long_name": _B, "units": "1"}),
    }


def _log_pressure(
    vertical: Vertical, rows: LevelRows, names: _Names
) -> tuple[dict[str, str], dict[str, Term]]:
    """CF has no such coordinate: what it is, without a standard_name."""
    pairs = {"a": names.of("a"), "b": names.of("b")}
    terms = {
        pairs["a"]: Term(rows.a, {"long_name": f"{_A} (logarithm of Pa)", "units": "1"}),
        pairs["b"]: Term(rows.b, {"long_name": _B, "units": "1"}),
    }
    pairs["ps"] = vertical.references[0]
    formula = "a+b*log(ps/pref)"
    if vertical.vcode == 5100:  # noqa: PLR2004 - two reference fields
        pairs["c"] = names.of("c")
        terms[pairs["c"]] = Term(rows.c, {"long_name": _C, "units": "1"})
        pairs["psl"] = (*vertical.references, "P0LS")[1]
        formula += "+c*log(psl/pref)"
    pairs["pref"] = names.of("pref")
    terms[pairs["pref"]] = Term(
        (vertical.pref or 0.0) / PA_PER_HPA, {"long_name": "reference pressure", "units": "hPa"}
    )
    attrs = {
        "long_name": vertical.name,
        "units": "1",
        "positive": "down",
        "formula": f"p = exp({formula}) / 100.0",
        "formula_terms": _terms(pairs),
    }
    return attrs, terms


def _height(
    vertical: Vertical, rows: LevelRows, names: _Names
) -> tuple[dict[str, str], dict[str, Term]]:
    attrs = {"long_name": vertical.name, "positive": "up", "computed_standard_name": "altitude"}
    if not vertical.levels().c.any():
        a, b = names.of("a"), names.of("b")
        attrs |= {
            "standard_name": "atmosphere_hybrid_height_coordinate",
            "units": "m",
            "formula": "z = a + b*orog",
            "formula_terms": _terms({"a": a, "b": b, "orog": vertical.references[0]}),
        }
        return attrs, {
            a: Term(rows.a, {"long_name": _A, "units": "m"}),
            b: Term(rows.b, {"long_name": _B, "units": "1"}),
        }
    terms = {term: names.of(term) for term in ("a", "b1", "b2", "ztop")}
    ztop = float(vertical.levels(vertical.ip1s[:1]).a[0])
    attrs |= {
        "standard_name": "atmosphere_sleve_coordinate",
        "units": "1",  # what the name asks for, though values are the heights that ip1 has
        "formula": "z = a*ztop + b1*zsurf1 + b2*zsurf2",
        "formula_terms": _terms(
            {**terms, "zsurf1": vertical.references[1], "zsurf2": vertical.references[0]}
        ),
    }
    return attrs, {
        terms["a"]: Term(rows.a / ztop, {"long_name": f"{_A} / ztop", "units": "1"}),
        terms["b1"]: Term(rows.c, {"long_name": f"{_C}, of the smooth orography", "units": "1"}),
        terms["b2"]: Term(rows.b, {"long_name": f"{_B}, of the orography", "units": "1"}),
        terms["ztop"]: Term(ztop, {"long_name": "height of the top", "units": "m"}),
    }
