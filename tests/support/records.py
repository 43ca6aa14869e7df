"""Files of small fields, each of which holds one value that no other field has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import fst24

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

DATEO = fst24.date.encode("2024-05-17T12:00")
#: A regular grid of 3 x 2 points.
GRID: dict[str, Any] = {"grtyp": "L"} | dict(
    zip(
        ("ig1", "ig2", "ig3", "ig4"),
        fst24.grid.encode("L", lat0=40, lon0=280, dlat=1, dlon=1),
        strict=True,
    )
)
FIELDS: dict[str, Any] = {
    "nomvar": "TT",
    "typvar": "P",
    "etiket": "TEST",
    "dateo": DATEO,
    "deet": 3600,
    "npas": 0,
    "ip1": 0,
    "ip2": 0,
    "ip3": 0,
    "datyp": 5,
    "nbits": 32,
    **GRID,
}


def hpa(value: float) -> int:
    """ip1 of a pressure."""
    return fst24.ip.encode(value, "hPa")


def make_file(
    path: Path, records: Iterable[Mapping[str, Any]], *, shape: tuple[int, int] = (3, 2)
) -> Path:
    """Write fields: record n is n + 1 everywhere. What is not given is as in `FIELDS`.

    ``hour`` is the lead time: npas and ip2 follow.
    """
    with fst24.open(path, "w") as file:
        for number, given in enumerate(records):
            fields = {**FIELDS, **given}
            hour = fields.pop("hour", None)
            if hour is not None:
                fields["npas"] = hour
                fields.setdefault("ip2", hour)
                if "ip2" not in given:
                    fields["ip2"] = hour
            data = fields.pop("data", None)
            if data is None:
                data = np.full(shape, number + 1, np.float32, order="F")
            file.write(data, **fields)
    return path
