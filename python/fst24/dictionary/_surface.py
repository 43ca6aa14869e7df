"""Surface types and layers that levels of kind 3 number (``docs/format/metadata.md``, 6.4)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fst24.dictionary._variable import Language


class SurfaceType(NamedTuple):
    """One kind of surface that a grid cell has a share of."""

    area_type: str
    """CF area type ("land_ice")."""
    en: str
    fr: str


SURFACE_TYPES: Final[Mapping[int, SurfaceType]] = MappingProxyType(
    {
        1: SurfaceType("ice_free_land", "soil", "sol"),
        2: SurfaceType("land_ice", "glacier", "glacier"),
        3: SurfaceType("ice_free_sea", "water", "eau"),
        4: SurfaceType("lake_ice_or_sea_ice", "sea ice", "glace de mer"),
        5: SurfaceType("all_area_types", "aggregate over the cell", "agrégat sur la maille"),
        6: SurfaceType("urban", "urban", "urbain"),
        7: SurfaceType("lake_and_inland_sea", "inland lake", "lac intérieur"),
        8: SurfaceType("river", "river", "rivière"),
    }
)

SURFACE_VARIABLES: Final = frozenset(
    "AL B5 FC FV HF J8 SD SWE TDST TJST TRAF UDST VDST WT Z0".split()  # noqa: SIM905 - readable
)
"""Variables with one field a surface type."""

SOIL_VARIABLES: Final = frozenset(("ISOL", "TGRD", "WSOL"))
"""Variables with one field a soil layer."""

SOIL_LAYER_EDGES: Final = (0.0, 0.05, 0.1, 0.2, 0.4, 1.0, 2.0, 3.0)
"""Depths in m between the soil layers, unless the model run chose others."""

VEGETATION_CLASSES: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        1: ("water", "eau"),
        2: ("ice", "glace"),
        3: ("inland lake", "lac intérieur"),
        4: ("evergreen needleleaf", "conifères sempervirents"),
        5: ("evergreen broadleaf", "feuillus sempervirents"),
        6: ("deciduous needleleaf", "conifères décidus"),
        7: ("deciduous broadleaf", "feuillus décidus"),
        8: ("tropical broadleaf", "feuillus tropicaux"),
        9: ("drought deciduous", "décidus de sécheresse"),
        10: ("evergreen broadleaf shrub", "arbustes feuillus sempervirents"),
        11: ("deciduous shrub", "arbustes décidus"),
        12: ("thorn shrub", "arbustes épineux"),
        13: ("short grass", "herbes courtes"),
        14: ("long grass", "herbes longues"),
        15: ("crops", "cultures"),
        16: ("rice", "riz"),
        17: ("sugar", "canne à sucre"),
        18: ("maize", "maïs"),
        19: ("cotton", "coton"),
        20: ("irrigated crops", "cultures irriguées"),
        21: ("urban", "urbain"),
        22: ("tundra", "toundra"),
        23: ("swamp", "marécage"),
        24: ("desert", "désert"),
        25: ("mixed wood", "forêt mixte"),
        26: ("mixed shrub", "arbustes mixtes"),
    }
)

_TWO_LAYERS: Final = (("surface", "surface"), ("deep", "profond"))
_ICE_LAYERS: Final = (
    ("superficial", "superficiel"),
    ("intermediate", "intermédiaire"),
    ("deep", "profond"),
)
_LAYERS: Final = {"I0": _TWO_LAYERS, "I1": _TWO_LAYERS, "I9": _TWO_LAYERS, "I7": _ICE_LAYERS}


def layer_label(nomvar: str, code: int, language: Language = "en") -> str | None:
    """What level `code` of kind 3 stands for in a variable: a surface, a layer, a vegetation.

    Parameters
    ----------
    nomvar : str
        Name of the variable.
    code : int
        Value of the level: 1, 2, ... (ip1 1199, 1198, ... in the old style).
    language : "en" or "fr"
        Of the label.

    Returns
    -------
    str or None
        None for a variable or a code without a meaning.

    >>> layer_label("AL", 2), layer_label("WSOL", 1), layer_label("I7", 3, "fr")
    ('glacier', '0-0.05 m', 'profond')
    """
    name = nomvar.rstrip(" ").upper()
    chosen = 0 if language == "en" else 1
    if name in SURFACE_VARIABLES:
        surface = SURFACE_TYPES.get(code)
        return surface and surface[1 + chosen]
    if name in SOIL_VARIABLES and 1 <= code < len(SOIL_LAYER_EDGES):
        return f"{SOIL_LAYER_EDGES[code - 1]:g}-{SOIL_LAYER_EDGES[code]:g} m"
    if name == "VF":
        names = VEGETATION_CLASSES.get(code)
        return names and names[chosen]
    layers = _LAYERS.get(name, ())
    return layers[code - 1][chosen] if 1 <= code <= len(layers) else None
