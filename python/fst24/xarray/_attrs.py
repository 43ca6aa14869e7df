"""Attributes of variables and of the Dataset (``docs/format/cf.md``, 9)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from fst24 import dictionary
from fst24.dictionary import Dictionary

from ._mesh import CONVENTION as MESH_CONVENTION
from ._times import is_accumulated

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._group import Group
    from ._headers import Headers
    from ._options import Options

    Ints = npt.NDArray[np.int64]

_TEXTS = ("nomvar", "typvar", "etiket", "grtyp")
_NUMBERS = (
    *("dateo", "datev", "deet", "npas", "ni", "nj", "nk", "ip1", "ip2", "ip3"),
    *("ig1", "ig2", "ig3", "ig4", "datyp", "nbits"),
)
HEADER = (*_TEXTS, *_NUMBERS)


def dictionary_of(options: Options) -> Dictionary:
    """What knows names and units."""
    given = options.dictionary
    if given is None or given == "cmc":
        return dictionary.default()
    return given if isinstance(given, Dictionary) else Dictionary.load(os.fspath(given))


def shared_header(headers: Headers, rows: Ints) -> dict[str, Any]:
    """The fields of the header that all rows share."""
    found: dict[str, Any] = {}
    for name in _TEXTS:
        codes = headers.codes(name)[rows]
        if (codes == codes[0]).all():
            found[name] = headers.texts(name)[codes[0]]
    for name in _NUMBERS:
        column = headers[name][rows]
        if (column == column[0]).all():
            found[name] = int(column[0])
    return found


class Attributes:
    """Attributes of variables; what all of them need is made once."""

    def __init__(self, headers: Headers, options: Options) -> None:
        self._headers, self._options = headers, options
        self._dictionary = dictionary_of(options) if options.metadata else None

    def of(
        self, group: Group, rows: Ints, header: dict[str, Any], *, has_period: bool
    ) -> dict[str, Any]:
        """Attributes of a variable without those of its grid."""
        attrs = self._meaning(group, header, has_period=has_period)
        if group.is_mask:
            attrs = _of_mask(attrs)
        options = self._options
        wanted = HEADER if options.rpnstd_metadata else tuple(options.attrs)
        for name in wanted:
            if name in header:
                attrs[name] = header[name]
        if options.extended_metadata:
            attrs |= self._extended(rows)
        return attrs

    def _meaning(self, group: Group, header: dict[str, Any], *, has_period: bool) -> dict[str, Any]:
        if self._dictionary is None:
            return {}
        known = self._dictionary.lookup(
            group.nomvar, ip1=header.get("ip1"), ip3=header.get("ip3"), etiket=header.get("etiket")
        )
        if known is None:
            return {"long_name": group.nomvar}
        attrs: dict[str, Any] = {"long_name": known.title(self._options.language)}
        if known.standard_name and known.units is not None:  # CF wants units with the name
            attrs["standard_name"] = known.standard_name
        if known.units is not None:
            attrs["units"] = known.units
        if known.cell_methods:
            attrs["cell_methods"] = known.cell_methods
        elif has_period and is_accumulated(group.nomvar, self._options):
            attrs["cell_methods"] = "time: sum"
        return attrs

    def _extended(self, rows: Ints) -> dict[str, Any]:
        """Fields of the extended metadata (RSF) that all records share."""
        shared: dict[str, Any] | None = None
        for row in rows.tolist():
            found = self._headers.record(row).metadata
            plain = {k: v for k, v in found.items() if isinstance(v, str | int | float)}
            shared = (
                plain if shared is None else {k: v for k, v in shared.items() if plain.get(k) == v}
            )
            if not shared:
                break
        return shared or {}


def _of_mask(attrs: dict[str, Any]) -> dict[str, Any]:
    """Of a field of flags, not of the variable that it is for."""
    about = attrs.get("long_name")
    return {
        "long_name": f"mask of {about}" if about else "mask",
        "flag_values": np.array([0, 1], np.int32),
        "flag_meanings": "masked valid",
    }


def of_dataset(options: Options, *, has_mesh: bool) -> dict[str, Any]:
    """Attributes of the Dataset itself."""
    if options.conventions is None:
        return {}
    also = f" {MESH_CONVENTION}" if has_mesh and MESH_CONVENTION not in options.conventions else ""
    return {"Conventions": options.conventions + also}
