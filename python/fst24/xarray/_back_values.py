"""Values of a variable to records: read in blocks, in the units and the type of files."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fst24 import EncodingError, InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    import numpy.typing as npt
    import xarray as xr

    from ._back_names import Units

#: What is read at once of data that are not in memory; a chunk of dask is read whole.
_BLOCK_BYTES = 64 * 2**20
_FLAGS = 64 | 128
_UNSIGNED, _SIGNED, _IEEE, _BLOCK = 2, 4, 5, 6
#: Those that give the same values when they are encoded again: type 1 rounds each time
#: (docs/format/codecs.md, 7.2), and is stored without loss instead.
_FLOATS, _INTEGERS = (_IEEE, _BLOCK), (_UNSIGNED, _SIGNED)
_SINGLE = 32
#: Values of masks: 1 where a point counts (metadata.md, 4.2).
_MASK = {"datyp": _UNSIGNED, "nbits": 1}


class Packing(NamedTuple):
    """How the values of a variable are stored: arguments of ``write``."""

    arguments: Mapping[str, Any]
    #: Of whole numbers that became floats because some are missing.
    integers: np.dtype[Any] | None = None


def packing_of(
    dtype: np.dtype[Any],
    kept: Mapping[str, Any],
    *,
    datyp: int | str | None,
    nbits: int | None,
) -> Packing:
    """The type that is asked for, else the one that was kept where it fits, else a lossless one."""
    if datyp is not None:
        return Packing({"datyp": datyp, "nbits": nbits})
    if nbits is not None and dtype.kind == "f":
        if nbits < _SINGLE:
            return Packing({"nbits": nbits, "compress": True})
        return Packing({"datyp": _IEEE, "nbits": nbits, "compress": nbits == _SINGLE})
    return _kept_packing(dtype, kept) or _lossless(dtype)


def _kept_packing(dtype: np.dtype[Any], kept: Mapping[str, Any]) -> Packing | None:
    if not {"datyp", "nbits"} <= set(kept):
        return None
    datyp, nbits = int(kept["datyp"]) & ~64, int(kept["nbits"])
    base = datyp & ~_FLAGS
    arguments = {"datyp": datyp, "nbits": nbits}
    if dtype.kind == "f" and base in _FLOATS:
        fits = dtype.itemsize <= 4 or nbits == 64 or base != _IEEE  # noqa: PLR2004
        return Packing(arguments) if fits else None
    if dtype.kind == "f" and base in _INTEGERS:
        return Packing(arguments, np.dtype(np.uint32 if base == _UNSIGNED else np.int32))
    if dtype.kind in "iu" and base == (_UNSIGNED if dtype.kind == "u" else _SIGNED):
        return Packing(arguments)
    return None


def _lossless(dtype: np.dtype[Any]) -> Packing:
    if dtype.kind == "b":
        return Packing({"datyp": _UNSIGNED, "nbits": 1})
    return Packing({"compress": dtype.kind == "f" and dtype.itemsize <= 4})  # noqa: PLR2004


def blocks(
    variable: xr.Variable, outer: tuple[Hashable, ...]
) -> Iterator[tuple[tuple[int, ...], npt.NDArray[Any]]]:
    """Parts of a variable that fit in memory: where each begins along ``outer``, and its values.

    The outer dimensions come first, the others follow in the order of the variable.
    """
    inner = [dim for dim in variable.dims if dim not in outer]
    order = [variable.dims.index(dim) for dim in (*outer, *inner)]
    for part in itertools.product(*_parts(variable, outer)):
        ranges = dict(zip(outer, part, strict=True))
        key = tuple(ranges.get(dim, slice(None)) for dim in variable.dims)
        values = np.asarray(variable[key].values)
        yield tuple(piece.start for piece in part), values.transpose(order)


def _parts(variable: xr.Variable, outer: tuple[Hashable, ...]) -> list[list[slice]]:
    """Slices of each outer dimension: chunks where there are any, else what fits in memory."""
    chunks = variable.chunksizes
    n_bytes = variable.dtype.itemsize * math.prod(
        size for dim, size in variable.sizes.items() if dim not in outer
    )
    room = max(1, _BLOCK_BYTES // max(1, n_bytes))
    found = []
    for dim in reversed(outer):
        size = variable.sizes[dim]
        if chunks:
            ends = np.cumsum(chunks[dim]).tolist()
            found.append([slice(a, b) for a, b in itertools.pairwise([0, *ends])])
            continue
        step = max(1, min(size, room))
        found.append([slice(at, min(at + step, size)) for at in range(0, size, step)])
        room = max(1, room // step) if step == size else 1
    return found[::-1]


class Written(NamedTuple):
    """A record: an array (ni, nj[, nk]) and the arguments that say how it is stored."""

    values: npt.NDArray[Any]
    arguments: dict[str, Any]


def record_of(values: npt.NDArray[Any], units: Units, packing: Packing) -> Written:
    """One field, in C order ([nk,] nj, ni), as it is written."""
    arguments = dict(packing.arguments)
    if not units.is_same:
        kind = np.float64 if values.dtype == np.float64 else np.float32
        values = (values.astype(np.float64) * units.factor + units.offset).astype(kind)
    mask = None
    if values.dtype.kind in "fc":
        missing = np.isnan(values)
        mask = missing if missing.any() else None
    if packing.integers is not None:
        whole = _as_integers(values, mask, packing.integers)
        if whole is None:
            arguments = dict(_lossless(values.dtype).arguments)
        else:
            values = whole
    if mask is not None:
        arguments["mask"] = mask.T
    return Written(values.T, arguments)


def _as_integers(
    values: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None, dtype: np.dtype[Any]
) -> npt.NDArray[Any] | None:
    """Whole numbers again; None where they are none any more."""
    filled = values if mask is None else np.where(mask, 0, values)
    limits = np.iinfo(dtype)
    low, high = filled.min(initial=0), filled.max(initial=0)
    if not (limits.min <= low and high <= limits.max):
        return None
    whole = filled.astype(dtype)
    return whole if (whole == filled).all() else None


def with_mask(written: Written, fields: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    """A field whose missing points a record of its own tells (``P@`` and ``@@``)."""
    arguments = dict(written.arguments)
    mask, values = arguments.pop("mask"), written.values
    if values.dtype.kind == "f":
        values = np.where(mask, values.dtype.type(0), values)
    counts = np.asfortranarray(~mask).astype(np.uint32, order="F")
    return [(values, fields | arguments), (counts, {**fields, "typvar": "@@", **_MASK})]


def named(error: EncodingError, name: Hashable) -> EncodingError:
    """The same error, with the variable that it is about."""
    return EncodingError(
        f"{name}: {error} (names={{{str(name)!r}: {{...}}}} chooses datyp and nbits of a variable)"
    )


def checked_datyp(datyp: int | str | None, nbits: int | None) -> None:
    """Raise when datyp and nbits are of the wrong type."""
    if datyp is not None and (isinstance(datyp, bool) or not isinstance(datyp, int | str)):
        raise InvalidArgumentError(f"datyp={datyp!r}: a number, or as listings show it, 'f16'")
    if nbits is not None and (isinstance(nbits, bool) or not 1 <= nbits <= 64):  # noqa: PLR2004
        raise InvalidArgumentError(f"nbits={nbits!r}: 1 to 64")
