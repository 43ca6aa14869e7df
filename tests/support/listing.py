"""Files of many small records, for tests of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.support.fstmake import record, rsf, xdf

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fstmake.codec import Backend


def many(path: Path, n: int, *, backend: Backend = "RSF", **fields: Any) -> Path:
    """A file of ``n`` records of two by two values, with the given columns."""
    payloads = np.zeros((n, 6), np.uint32)
    columns = {"nomvar": np.full(n, b"TT"), "ni": np.full(n, 2), "nj": np.full(n, 2)} | fields
    image_of = rsf.image_of if backend == "RSF" else xdf.image_of
    with path.open("wb") as out:
        image_of(record.keys(columns), payloads).tofile(out)
    return path
