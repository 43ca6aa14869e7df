"""From variables to nomvar, and from their units to those that files have."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from fst24 import InvalidArgumentError, dictionary

from ._back_roles import kept_of, text_attr

if TYPE_CHECKING:
    from collections.abc import Hashable

    import xarray as xr

    from fst24.dictionary import Variable

    from ._back_told import Told

#: On true latitudes and longitudes winds along the grid are these (metadata.md, 6.3).
_TRUE_WINDS = {"eastward_wind": "x_wind", "northward_wind": "y_wind"}
#: Other names of the same quantity, in other units.
_ALIKE = {
    "geopotential": "geopotential_height",
    "precipitation_flux": "lwe_precipitation_rate",
    "convective_precipitation_flux": "lwe_convective_precipitation_rate",
    "precipitation_amount": "lwe_thickness_of_precipitation_amount",
}
_LEGAL = re.compile(r"[ -_]{1,4}")
_METHOD = re.compile(r"\btime:\s*(\w+)")
#: 1852 m an hour.
_KNOT = 1852 / 3600
#: (from, to): what values are multiplied by, and what is then added.
_CONVERSIONS: dict[tuple[str, str], tuple[float, float]] = {
    ("K", "degC"): (1.0, -273.15),
    ("degC", "K"): (1.0, 273.15),
    ("Pa", "hPa"): (0.01, 0.0),
    ("hPa", "Pa"): (100.0, 0.0),
    ("kPa", "hPa"): (10.0, 0.0),
    ("m", "dam"): (0.1, 0.0),
    ("dam", "m"): (10.0, 0.0),
    ("m", "cm"): (100.0, 0.0),
    ("cm", "m"): (0.01, 0.0),
    ("m", "mm"): (1000.0, 0.0),
    ("mm", "m"): (0.001, 0.0),
    ("km", "m"): (1000.0, 0.0),
    ("m2 s-2", "dam"): (1 / 98.0665, 0.0),  # geopotential metres are of 9.80665 m2 s-2
    ("kg m-2 s-1", "m s-1"): (0.001, 0.0),  # of water
    ("kg m-2", "mm"): (1.0, 0.0),
    ("kg m-2", "m"): (0.001, 0.0),
    ("m s-1", "kt"): (1 / _KNOT, 0.0),
    ("kt", "m s-1"): (_KNOT, 0.0),
    ("percent", "1"): (0.01, 0.0),
    ("1", "percent"): (100.0, 0.0),
    ("g kg-1", "kg kg-1"): (0.001, 0.0),
    ("kg kg-1", "g kg-1"): (1000.0, 0.0),
    ("1", "kg kg-1"): (1.0, 0.0),
    ("kg kg-1", "1"): (1.0, 0.0),
}
#: Spellings that the dictionary does not have.
_SPELLINGS = {
    "kelvin": "K",
    "Kelvin": "K",
    "degrees_C": "degC",
    "degree_Celsius": "degC",
    "degrees_Celsius": "degC",
    "Celsius": "degC",
    "meters": "m",
    "metres": "m",
    "meter": "m",
    "(0 - 1)": "1",
    "knot": "kt",
}


class Units(NamedTuple):
    """How values become those of a file."""

    factor: float = 1.0
    offset: float = 0.0

    @property
    def is_same(self) -> bool:
        """Whether they are so already."""
        return self == Units()


class Name(NamedTuple):
    """The nomvar of a variable, and whether it was chosen by what the variable is called."""

    nomvar: str
    is_chosen: bool


class Names:
    """The nomvars of a Dataset: made names are given once."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._made: dict[str, Hashable] = {}

    def of(self, name: Hashable, variable: xr.Variable, *, true_axes: bool) -> Name:
        """What is kept, the name itself where it is one, or what its standard_name is called.

        Parameters
        ----------
        true_axes : bool
            The grid's x axis points to the east: wind components along it are eastward.
        """
        kept = kept_of(variable).get("nomvar") or variable.attrs.get("nomvar")
        if isinstance(kept, str) and _LEGAL.fullmatch(kept):
            return Name(kept.strip() or kept, is_chosen=True)
        text = str(name)
        own = text[1:] if re.match(r"_[0-9]", text) else text
        if _LEGAL.fullmatch(own):
            return Name(own, is_chosen=True)
        head = text.split("_", maxsplit=1)[0]
        if _LEGAL.fullmatch(head) and _is_called(head, variable):
            return Name(head, is_chosen=True)
        found = _looked_up(variable, true_axes=true_axes)
        return Name(self.made(name, variable) if found is None else found, is_chosen=False)

    def made(self, name: Hashable, variable: xr.Variable) -> str:
        """A nomvar of the letters of a name, which no other variable of the Dataset has."""
        letters = re.sub(r"[^A-Z0-9]", "", str(name).upper()) or "VAR"
        tries = [letters[:4], *(letters[: 4 - len(str(k))] + str(k) for k in range(1, 1000))]
        taken = {**self._made}
        nomvar = next(
            one for one in tries if taken.get(one, name) == name and not _is_another(one, variable)
        )
        self._made[nomvar] = name
        self._told.add(
            f"no nomvar is known for it, {nomvar} was made of its name",
            str(name),
            f"choose one, names={{{str(name)!r}: ...}}",
        )
        return nomvar


def _is_another(nomvar: str, variable: xr.Variable) -> bool:
    """Whether a name is known for something else, as far as attributes tell."""
    known = dictionary.lookup(nomvar)
    if known is None:
        return False
    units = spelled(text_attr(variable, "units"))
    fits = not units or units == known.units or (units, known.units) in _CONVERSIONS
    return bool(text_attr(variable, "standard_name")) or not fits


def checked_nomvar(name: Hashable, nomvar: object) -> str:
    """A nomvar that was given.

    Raises
    ------
    InvalidArgumentError
        The format cannot keep it.
    """
    if not isinstance(nomvar, str) or not _LEGAL.fullmatch(nomvar):
        raise InvalidArgumentError(
            f"names: {name} as {nomvar!r}: a nomvar is 1 to 4 capitals, digits or signs"
        )
    return nomvar


def _is_called(nomvar: str, variable: xr.Variable) -> bool:
    """Whether the name before a ``_`` says the same as the attributes: TT_model_levels."""
    known = dictionary.lookup(nomvar)
    if known is None:
        return False
    for name, own in (("standard_name", known.standard_name), ("long_name", known.long_name)):
        if text_attr(variable, name):
            return text_attr(variable, name) == own
    return False


@functools.cache
def _by_standard_name() -> dict[str, tuple[Variable, ...]]:
    found: dict[str, list[Variable]] = {}
    builtin = dictionary.builtin()
    for nomvar in builtin:
        known = builtin.lookup(nomvar)
        if nomvar in dictionary.SURFACE_VARIABLES or known is None or known.height:
            continue  # of a surface type, or of one height
        if known.standard_name:
            found.setdefault(known.standard_name, []).append(known)
    return {name: tuple(variables) for name, variables in found.items()}


def _looked_up(variable: xr.Variable, *, true_axes: bool) -> str | None:
    standard_name = text_attr(variable, "standard_name")
    standard_name = _ALIKE.get(standard_name, standard_name)
    if standard_name in _TRUE_WINDS and true_axes:
        standard_name = _TRUE_WINDS[standard_name]
    units = spelled(text_attr(variable, "units"))
    method = _method(text_attr(variable, "cell_methods"))
    found: list[tuple[bool, bool, int, str]] = []
    for place, known in enumerate(_by_standard_name().get(standard_name, ())):
        own = _method(known.cell_methods or "")
        is_plain = not own and method in ("", "point", "mean")
        if own != method and not is_plain and not (own == "sum" and not method):
            continue
        if units and known.units != units and (units, known.units) not in _CONVERSIONS:
            continue
        # Amounts have a name for each unit; of others the first is the common one.
        found.append(
            (bool(own != method and own), bool(own) and known.units != units, place, known.nomvar)
        )
    return min(found)[-1] if found else None


def _method(cell_methods: str) -> str:
    found = _METHOD.search(cell_methods)
    return found[1] if found else ""


def spelled(units: str) -> str:
    """Units as the dictionary spells them; as they are where it does not know them."""
    units = units.strip()
    return _SPELLINGS.get(units) or (dictionary.to_udunits(units) if units else "") or units


def units_of(name: Hashable, nomvar: str, variable: xr.Variable, told: Told) -> Units:
    """How values of a variable become those that files have under a nomvar."""
    known = dictionary.lookup(nomvar)
    given = spelled(text_attr(variable, "units"))
    if known is None or not known.units or not given or given == known.units:
        return Units()
    found = _CONVERSIONS.get((given, known.units))
    if found is None:
        told.add(
            f"its units {given!r} are not those of {nomvar}, {known.units!r}, and are kept",
            str(name),
            "convert the values, or choose another nomvar with names=",
        )
        return Units()
    return Units(*found)
