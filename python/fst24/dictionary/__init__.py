"""Names, units and CF names of variables, in English and French.

They come from the dictionary of the site (``$CMCCONST``, then ``$AFSISIO``) and, for what it lacks
or where there is none, from a built-in table of common variables. Units are those of the values in
the files: GZ is in dam, UU in kt.

>>> from fst24 import dictionary
>>> tt = dictionary.builtin().lookup("TT")
>>> tt.long_name, tt.long_name_fr, tt.units, tt.standard_name
('air temperature', "température de l'air", 'degC', 'air_temperature')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fst24.dictionary._dictionary import Dictionary, builtin, default, load
from fst24.dictionary._surface import (
    SOIL_LAYER_EDGES,
    SOIL_VARIABLES,
    SURFACE_TYPES,
    SURFACE_VARIABLES,
    VEGETATION_CLASSES,
    SurfaceType,
    layer_label,
)
from fst24.dictionary._units import to_udunits
from fst24.dictionary._variable import (
    DictionaryError,
    DictionaryWarning,
    Language,
    Meaning,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "SOIL_LAYER_EDGES",
    "SOIL_VARIABLES",
    "SURFACE_TYPES",
    "SURFACE_VARIABLES",
    "VEGETATION_CLASSES",
    "Dictionary",
    "DictionaryError",
    "DictionaryWarning",
    "Language",
    "Meaning",
    "SurfaceType",
    "Variable",
    "builtin",
    "columns",
    "default",
    "layer_label",
    "load",
    "lookup",
    "to_udunits",
]


def lookup(
    nomvar: str,
    *,
    ip1: int | None = None,
    ip2: int | None = None,
    ip3: int | None = None,
    etiket: str | None = None,
) -> Variable | None:
    """What the dictionary of this site, or else the built-in table, knows of a variable.

    See `Dictionary.lookup`. None for an unknown name.
    """
    return default().lookup(nomvar, ip1=ip1, ip2=ip2, ip3=ip3, etiket=etiket)


def columns(nomvars: Iterable[str], *, language: Language = "en") -> dict[str, list[str | None]]:
    """Long names, units and CF names of many variables; see `Dictionary.columns`."""
    return default().columns(nomvars, language=language)
