"""The records of a file by all that they are: two files that hold the same hold these."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

import fst24

KEYS = (
    *("nomvar", "typvar", "etiket", "ni", "nj", "nk", "datev", "deet", "npas"),
    *("ip1", "ip2", "ip3", "grtyp", "ig1", "ig2", "ig3", "ig4"),
)
#: What no Dataset tells of descriptors.
NOT_KEPT = ("typvar", "etiket", "datev", "deet", "npas")
PACKING = ("datyp", "nbits")


def records(source: Any, *names: str) -> Counter[tuple[Any, ...]]:
    """All records by their fields and values."""
    found: Counter[tuple[Any, ...]] = Counter()
    with fst24.open(source) as f:
        for record in f:
            left = NOT_KEPT if fst24.is_descriptor(record.nomvar) else ()
            fields = tuple(getattr(record, name) for name in (*KEYS, *names) if name not in left)
            found[*fields, np.ma.filled(record.data).tobytes(order="F")] += 1
    return found
