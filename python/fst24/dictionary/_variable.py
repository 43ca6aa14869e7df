"""What a dictionary knows of one variable, and what can be wrong with a dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "fr"]


class DictionaryError(ValueError):
    """A file that was named as a dictionary is not one."""


class DictionaryWarning(UserWarning):
    """A dictionary that the environment names is not there or not readable."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One value of a coded or logical variable."""

    value: str
    en: str
    fr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One entry: names in English and French, units, and the CF name when one fits.

    Text that is not known is empty; facts that are not known are None.
    """

    nomvar: str
    long_name: str = ""
    long_name_fr: str = ""
    definition: str = ""
    """The long description."""
    definition_fr: str = ""
    units: str | None = None
    """Of the values in the file, as UDUNITS spells them ("degC"). None: not known, or not one."""
    units_label: str = ""
    """As the dictionary spells them ("°C")."""
    standard_name: str | None = None
    """CF standard name. Winds along the grid are x_wind and y_wind whatever the grid."""
    cell_methods: str | None = None
    """CF cell_methods that the name implies ("time: sum")."""
    height: str | None = None
    """Height above the surface that the name implies ("10 m")."""
    remark: str = ""
    measure: Literal["real", "integer", "code", "logical"] = "real"
    magnitude: str = ""
    minimum: str = ""
    maximum: str = ""
    precision: str = ""
    meanings: tuple[Meaning, ...] = ()
    usage: str = "current"
    """current, obsolete, deprecated, incomplete or future."""
    origin: str = ""
    date: str = ""
    ip1: int | None = None
    """With the fields below: what narrows the entry to some of the records of that name."""
    ip2: int | None = None
    ip3: int | None = None
    level: str = ""
    kind: str = ""
    etiket: str = ""
    source: str = "built-in"
    """The file the entry comes from."""

    @property
    def is_narrow(self) -> bool:
        """True for an entry that speaks of some records of its name only (a surface type)."""
        numbers = (self.ip1, self.ip2, self.ip3)
        return any(n is not None for n in numbers) or bool(self.level or self.kind or self.etiket)

    def title(self, language: Language = "en") -> str:
        """`long_name` in one language; in the other when it has none; else nomvar."""
        first, second = self.long_name, self.long_name_fr
        if language == "fr":
            first, second = second, first
        return first or second or self.nomvar
