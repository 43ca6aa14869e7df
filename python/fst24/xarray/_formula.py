"""What the level coordinates of a Dataset say of pressure and height.

A coordinate made by fst24 keeps its `fst24.vertical.Vertical`; any other is read by the CF
conventions (appendix D), and as fstd2nc writes it (``docs/format/cf.md``, 5.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from fst24 import InvalidArgumentError, ip
from fst24.vertical import Formula, Vertical

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    import xarray as xr

    _Reals: TypeAlias = npt.NDArray[np.float64]

Quantity: TypeAlias = Literal["pressure", "height"]

_PASCALS = {"pa": 1.0, "hpa": 100.0, "mb": 100.0, "mbar": 100.0, "millibar": 100.0, "kpa": 1000.0}
_METRES = {"m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "km": 1000.0}
_METRES |= {"dam": 10.0, "gpm": 1.0}
#: The names in ``formula_terms`` of the first and the second reference field of a `Vertical`.
_ROLES = (("ps", "orog", "zsurf2"), ("psl", "ptop", "zsurf1"))
#: What these fields are called in files.
_FIELDS = {"ps": "P0", "psl": "P0LS", "ptop": "PT"}
_FIELDS |= {"orog": "ME", "zsurf2": "ME", "zsurf1": "MELS"}
_LN_PRESSURE = "atmosphere_hybrid_sigma_ln_pressure_coordinate"  # of fstd2nc; no name of CF
_ABOVE_GROUND = 4
#: Name of the coordinate of diagnostic levels, before the suffix of its axis (cf.md, 5.3).
_BESIDE = "height_above_ground"


class Levels(NamedTuple):
    """The levels of one coordinate and what makes their pressure or height."""

    #: The coordinate, and its dimension, which a single level has not.
    name: str
    dim: str | None
    formula: Formula
    #: Variables of the Dataset by the names that the formula has for its fields.
    variables: dict[str, str]
    standard_name: str

    @property
    def quantity(self) -> Quantity:
        """What can be computed."""
        return self.formula.quantity


def levels_of(ds: xr.Dataset, name: str) -> Levels | None:
    """What a coordinate says; None where it is no vertical one with pressure or height.

    Raises
    ------
    InvalidArgumentError
        It should say it and does not: a term is missing, or has an unknown unit; the table of
        its levels was lost.
    """
    coord = ds.variables[name]
    if coord.ndim > 1 or coord.dtype.kind not in "iuf":
        return None
    return _kept(ds, name) or _described(ds, name)


# ------------------------------------------------------------------------------ kept by fst24


def _kept(ds: xr.Dataset, name: str) -> Levels | None:
    coord = ds.variables[name]
    kept = coord.encoding.get("fst24") or {}
    vertical = kept.get("vertical")
    if not isinstance(vertical, Vertical):
        return None
    codes = codes_of(coord.values, kept.get("ip1", ()), _diagnostic_heights(ds, name))
    if codes is None or not (vertical.has_pressure or vertical.has_height):
        return None
    try:
        formula = vertical.formula(codes)
    except InvalidArgumentError:  # levels of other kinds beside those of the table
        return None
    terms = _terms(coord)
    variables = {
        reference: next((terms[role] for role in roles if role in terms), reference)
        for reference, roles in zip(vertical.references, _ROLES, strict=False)
    }
    above_ground = vertical.kind == _ABOVE_GROUND
    height = "height" if above_ground else "altitude"
    standard_name = "air_pressure" if vertical.has_pressure else height
    return Levels(name, _dim(coord), formula, variables, standard_name)


def _diagnostic_heights(ds: xr.Dataset, name: str) -> npt.ArrayLike:
    """The heights that stand beside a level axis: NaN for levels of the model."""
    dims = ds.variables[name].dims
    for other, variable in ds.coords.items():
        if str(other).startswith(_BESIDE) and variable.dims == dims and str(other) != name:
            suffix = str(other).removeprefix(_BESIDE)
            if dims or name.endswith(suffix):
                found: npt.ArrayLike = variable.values
                return found
    return np.nan


def codes_of(
    values: npt.ArrayLike, ip1s: npt.ArrayLike, heights: npt.ArrayLike = np.nan
) -> npt.NDArray[np.int32] | None:
    """The codes of levels among those that were kept; None where one is not there.

    An axis may have been cut or turned since; codes are found by the values that they mean, which
    labels are exactly. ``heights`` are those of diagnostic levels, whose labels are another thing;
    NaN for levels of the model.

    >>> codes_of([850.0, 500.0], [500, 700, 850])
    array([850, 500], dtype=int32)
    """
    codes = np.atleast_1d(np.asarray(ip1s, np.int32))
    labels = np.atleast_1d(np.asarray(values, np.float32))
    heights = np.broadcast_to(np.asarray(heights, np.float32), labels.shape)
    is_diagnostic = ~np.isnan(heights)
    known = ip.decode(codes)
    wanted = np.where(is_diagnostic, heights, labels)
    same = known.value[None, :] == wanted[:, None]
    same &= (known.kind == _ABOVE_GROUND)[None, :] >= is_diagnostic[:, None]
    if not (same.sum(axis=1) == 1).all():
        return None
    found: npt.NDArray[np.int32] = codes[same.argmax(axis=1)]
    return found


# ------------------------------------------------------------------------- described as CF is


class _Reader:
    """One coordinate and the terms of its formula."""

    def __init__(self, ds: xr.Dataset, name: str) -> None:
        self.ds, self.name = ds, name
        self.coord = ds.variables[name]
        self.dim = _dim(self.coord)
        self.terms = _terms(self.coord)
        self.values: _Reals = np.atleast_1d(np.asarray(self.coord.values, np.float64))

    def has(self, *terms: str) -> bool:
        return all(term in self.terms for term in terms)

    def variable(self, term: str) -> xr.Variable:
        name = self.terms.get(term)
        if name is None or name not in self.ds.variables:
            what = f"no {term!r}" if name is None else f"{term}: {name}, which is not there"
            raise InvalidArgumentError(
                f"the formula_terms of {self.name!r} have {what}: add it to the Dataset"
            )
        return self.ds.variables[name]

    def is_number(self, term: str) -> bool:
        """Whether a term has a value for each level or one for all, not one for each point."""
        name = self.terms.get(term)
        return name in self.ds.variables and not set(self.ds.variables[name].dims) - {self.dim}

    def numbers(self, term: str) -> _Reals:
        """One for each level."""
        variable = self.variable(term)
        if set(variable.dims) - {self.dim}:
            raise InvalidArgumentError(
                f"{self.terms[term]}, the {term} of {self.name!r}, is along {variable.dims}: it"
                " should have one value for each level"
            )
        values = np.asarray(variable.values, np.float64)
        return np.array(np.broadcast_to(values, self.values.shape))

    def pascals(self, term: str) -> _Reals:
        """Pressures; those without units are in the unit of the surface pressure."""
        return self.numbers(term) * unit_of(self.variable(term), "pressure", self.surface_unit)

    @property
    def surface_unit(self) -> float:
        name = self.terms.get("ps", "")
        found = name in self.ds.variables
        return unit_of(self.ds.variables[name], "pressure") if found else _PASCALS["hpa"]

    def levels(
        self,
        quantity: Quantity,
        a: _Reals,
        fields: dict[str, _Reals] | None = None,
        pref: float | None = None,
    ) -> Levels:
        """``fields`` are factors by term."""
        fields = fields or {}
        for term in fields:
            if term not in self.terms:
                self.variable(term)
        factors = {_FIELDS[term]: factor for term, factor in fields.items()}
        standard_name = "air_pressure" if quantity == "pressure" else "altitude"
        if self.coord.attrs.get("standard_name") == "height":
            standard_name = "height"
        return Levels(
            self.name,
            self.dim,
            Formula(quantity, a, factors, pref),
            {_FIELDS[term]: self.terms[term] for term in fields},
            standard_name,
        )


def _described(ds: xr.Dataset, name: str) -> Levels | None:
    reader = _Reader(ds, name)
    attrs = reader.coord.attrs
    make = _READERS.get(attrs.get("standard_name", ""))
    if make is None and "exp(" in attrs.get("formula", "") and reader.has("a", "b", "ps", "pref"):
        make = _ln_pressure
    return None if make is None else make(reader)


def _plain_pressure(reader: _Reader) -> Levels:
    return reader.levels("pressure", reader.values * unit_of(reader.coord, "pressure"))


def _plain_height(reader: _Reader) -> Levels:
    return reader.levels("height", reader.values * unit_of(reader.coord, "height"))


def _sigma(reader: _Reader) -> Levels:
    sigma = reader.numbers("sigma") if reader.has("sigma") else reader.values
    zero = np.zeros_like(sigma)
    if not reader.has("ptop"):
        return reader.levels("pressure", zero, {"ps": sigma})
    if reader.is_number("ptop"):
        return reader.levels("pressure", (1 - sigma) * reader.pascals("ptop"), {"ps": sigma})
    return reader.levels("pressure", zero, {"ps": sigma, "ptop": 1 - sigma})


def _hybrid(reader: _Reader) -> Levels:
    a = reader.pascals("ap") if reader.has("ap") else reader.numbers("a") * reader.pascals("p0")
    return reader.levels("pressure", a, {"ps": reader.numbers("b")})


def _ln_pressure(reader: _Reader) -> Levels:
    factors = {"ps": reader.numbers("b")}
    if reader.has("c"):
        factors["psl"] = reader.numbers("c")
    pref = reader.pascals("pref")
    return reader.levels("pressure", reader.numbers("a"), factors, float(pref[0]))


def _log_of_one(reader: _Reader) -> Levels:
    lev = reader.numbers("lev") if reader.has("lev") else reader.values
    return reader.levels("pressure", reader.pascals("p0") * np.exp(-lev))


def _hybrid_height(reader: _Reader) -> Levels:
    return reader.levels("height", reader.numbers("a"), {"orog": reader.numbers("b")})


def _sleve(reader: _Reader) -> Levels:
    is_whole = reader.has("az")  # of fstd2nc
    a = reader.numbers("az") if is_whole else reader.numbers("a") * reader.numbers("ztop")
    return reader.levels(
        "height", a, {"zsurf2": reader.numbers("b2"), "zsurf1": reader.numbers("b1")}
    )


_READERS: dict[str, Callable[[_Reader], Levels]] = {
    "air_pressure": _plain_pressure,
    "height": _plain_height,
    "altitude": _plain_height,
    "atmosphere_sigma_coordinate": _sigma,
    "atmosphere_hybrid_sigma_pressure_coordinate": _hybrid,
    "atmosphere_ln_pressure_coordinate": _log_of_one,
    _LN_PRESSURE: _ln_pressure,
    "atmosphere_hybrid_height_coordinate": _hybrid_height,
    "atmosphere_sleve_coordinate": _sleve,
}


def unit_of(variable: xr.Variable, quantity: Quantity, default: float | None = None) -> float:
    """How many Pa or m the unit of a variable has: without units, those of files, hPa and m.

    Raises
    ------
    InvalidArgumentError
        The units are neither.
    """
    known = _PASCALS if quantity == "pressure" else _METRES
    units = variable.attrs.get("units")
    if units is None:
        return default or known["hpa" if quantity == "pressure" else "m"]
    found = known.get(str(units).strip().lower())
    if found is None:
        listed = "Pa, hPa, mb, kPa" if quantity == "pressure" else "m, dam, km"
        raise InvalidArgumentError(
            f"units={units!r} of a {quantity}: it is one of {listed}; change the attribute"
        )
    return found


def _dim(coord: xr.Variable) -> str | None:
    return str(coord.dims[0]) if coord.dims else None


def _terms(coord: xr.Variable) -> dict[str, str]:
    """``formula_terms``, which xarray takes into the encoding with ``decode_coords="all"``."""
    text: Any = coord.attrs.get("formula_terms") or coord.encoding.get("formula_terms") or ""
    words = str(text).split()
    pairs = zip(words[::2], words[1::2], strict=False)
    return {term.rstrip(":"): variable for term, variable in pairs}
