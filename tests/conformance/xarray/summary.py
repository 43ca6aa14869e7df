"""A Dataset as a small JSON object: what two of them have to agree on.

Runs with numpy and xarray alone, here and where the references are made.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

#: Arrays up to this size are kept whole.
WHOLE = 48
N_SAMPLES = 7


def of_dataset(ds: Any) -> dict[str, Any]:
    """Sizes, attributes, coordinates and variables of a Dataset."""
    return {
        "sizes": {str(name): int(size) for name, size in ds.sizes.items()},
        "attrs": {str(k): _plain(v) for k, v in ds.attrs.items()},
        "coords": {str(name): of_variable(ds[name].variable) for name in ds.coords},
        "data": {str(name): of_variable(ds[name].variable) for name in ds.data_vars},
    }


def of_variable(variable: Any) -> dict[str, Any]:
    """Dimensions, type, attributes and values of a variable."""
    values = np.asarray(variable.values)
    return {
        "dims": list(map(str, variable.dims)),
        "shape": list(values.shape),
        "dtype": str(values.dtype),
        "attrs": {str(k): _plain(v) for k, v in variable.attrs.items()},
        "values": of_values(values),
    }


def of_values(values: Any) -> Any:
    """All values of a small array; of a large one sum, extremes, a hash and some points."""
    values = np.asarray(values)
    if values.dtype.kind in "SUO":
        return [_text(v) for v in values.ravel().tolist()][:WHOLE]
    if values.dtype.kind == "M":
        values = values.astype("datetime64[s]")
        return [str(v) for v in values.ravel()[:WHOLE]]
    if values.dtype.kind == "m":
        values = values.astype("timedelta64[s]").astype(np.int64)
    if values.size <= WHOLE:
        return [_number(v) for v in values.ravel().tolist()]
    wide = values.astype(np.float64).ravel()
    known = wide[~np.isnan(wide)]
    at = np.linspace(0, wide.size - 1, N_SAMPLES).astype(int)
    return {
        "n": int(wide.size),
        "nan": int(wide.size - known.size),
        "sum": float(known.sum()),
        "min": float(known.min()) if known.size else None,
        "max": float(known.max()) if known.size else None,
        "at": at.tolist(),
        "are": [_number(v) for v in wide[at].tolist()],
        "sha1": hashlib.sha1(  # noqa: S324 - names values, protects nothing
            np.ascontiguousarray(values).tobytes()
        ).hexdigest()[:16],
    }


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return None if np.isnan(value) else float(f"{value:.9g}")
    return value


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _plain(value: Any) -> Any:
    """An attribute as JSON has it."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray):
        value = value.ravel()
        return [_plain(v) for v in value.tolist()]
    if isinstance(value, np.generic) and value.dtype.kind not in "mM":
        return _plain(value.item())
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return _number(value) if isinstance(value, int | float) else str(value)
