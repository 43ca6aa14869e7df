"""Open bytes with fst24 and say what came of it, warnings and errors of single records included."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import fst24

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt


@dataclass
class Seen:
    """What reading a file gave: for each listed record its ip1, and its values or its error."""

    warnings: list[str] = field(default_factory=list)
    ip1: list[int] = field(default_factory=list)
    values: list[npt.NDArray[np.generic] | fst24.Fst24Error] = field(default_factory=list)

    @property
    def read(self) -> dict[int, npt.NDArray[np.generic]]:
        """Values by ip1 of the records that could be read."""
        pairs = zip(self.ip1, self.values, strict=True)
        return {ip1: v for ip1, v in pairs if not isinstance(v, fst24.Fst24Error)}


def read_all(source: bytes | str | Path, **options: Any) -> Seen:
    """List a file and read each of its records. Errors of opening are raised."""
    seen = Seen()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with fst24.open(source, **options) as f:
            for record in f:
                seen.ip1.append(record.ip1)
                try:
                    seen.values.append(record.data)
                except fst24.Fst24Error as error:
                    seen.values.append(error)
    seen.warnings = [str(w.message) for w in caught]
    return seen
