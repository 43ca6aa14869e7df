"""Unit labels of the dictionary in the spelling that CF and UDUNITS read."""

from __future__ import annotations

import re
from typing import Final

# docs/format/metadata.md, 6.2. "fraction" and the like have no unit; what they count is 1.
_WHOLE_LABELS: Final = {
    "": "1",
    "nil": "1",
    "none": "1",
    "code": "1",
    "logical": "1",
    "fraction": "1",
    "°c": "degC",
    "deg c": "degC",
    "degc": "degC",
    "celsius": "degC",
    "mb": "hPa",
    "mbar": "hPa",
    "kts": "kt",
    "kt": "kt",
    "knots": "kt",
    "nœuds": "kt",
    "deg": "degree",
    "degrees": "degree",
    "°": "degree",
    "psu": "1e-3",
    "ppm": "1e-6",
    "ppb": "1e-9",
    "ppt": "1e-12",
    "pa/s": "Pa s-1",
    "dbz": "dBZ",
    "%": "percent",
}

# What may stand in a product. A unit that is not here is not guessed at.
_SYMBOL_LIST: Final = (
    "K degC kt m s h d km dm cm mm um nm dam kg g mg ug t J kJ W kW N Pa hPa kPa Hz mol rad sr V "
    "A lx L DU min day year"
)
_SYMBOLS: Final = frozenset(_SYMBOL_LIST.split())
_SAME: Final = {"°C": "degC", "mb": "hPa", "hr": "h", "sec": "s", "kts": "kt"}
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_FACTOR: Final = re.compile(r"([A-Za-z°]+)(?:\^|\*\*)?([-+]?[0-9]{1,2})?", re.ASCII)
_MAX_LABEL: Final = 60


def to_udunits(label: str) -> str | None:
    """`label` as UDUNITS spells it, or None when it is not known, or names two units.

    >>> to_udunits("kg/m²"), to_udunits("J kg⁻¹"), to_udunits("°C"), to_udunits("°C or K")
    ('kg m-2', 'J kg-1', 'degC', None)
    """
    label = label.strip()
    whole = _WHOLE_LABELS.get(label.casefold())
    if whole is not None:
        return whole
    if len(label) > _MAX_LABEL:
        return None
    return _product(label.translate(_SUPERSCRIPTS).replace("µ", "u").replace("μ", "u"))


def _product(text: str) -> str | None:
    """Products and quotients of known symbols: "m2/s2", "kg m-2 s-1", "Pa*s"."""
    parts: list[str] = []
    for i, side in enumerate(text.split("/")):
        sign = 1 if i == 0 else -1
        if i > 0 and not side.strip():
            return None
        for factor in side.replace("**", "^").replace("*", " ").replace("·", " ").split():
            if i == 0 and factor == "1":
                continue
            match = _FACTOR.fullmatch(factor)
            if match is None:
                return None
            symbol = _SAME.get(match[1], match[1])
            if symbol not in _SYMBOLS:
                return None
            power = sign * int(match[2] or 1)
            parts.append(symbol if power == 1 else f"{symbol}{power}")
    return " ".join(parts) or None
