"""One record to write: from the arguments of `Fst24Writer.write` to what the extension takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import numpy as np

from . import _packing, date
from ._compose import DEFAULTS, as_json, as_tuple, compose, fields_of
from ._errors import InvalidArgumentError
from ._metadata import CoreMetadata
from ._record import COMPRESSED_FLAG, MISSING_FLAG, Fst24Record

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._core import Stored, WriteJob
    from ._fst_options import FstOptions

Metadata: TypeAlias = Mapping[str, Any] | str

_REWRITES = {"no": 0, "yes": 1, "skip": 2}  # f24_rewrite
_REFERENCE, _FAST, _SMALLEST = 0, 1, 2  # f24_effort
_ROOM = 3  # dimensions of a record
_WIDE_BYTES, _NARROW_BITS = 8, 32
#: Arguments of `write` that say how values are stored, with their defaults.
_PACKING: dict[str, Any] = {
    "datyp": None,
    "nbits": None,
    "compress": False,
    "max_error": None,
    "exact": True,
}


@dataclass
class Job:
    """What the extension writes, and the fields behind it."""

    given: WriteJob
    fields: dict[str, Any]


def make_job(
    values: npt.ArrayLike | Fst24Record, given: Mapping[str, Any], backend: str, options: FstOptions
) -> Job:
    """The job of one ``write(values, **given)``."""
    rest = dict(given)
    packing = {name: rest.pop(name, default) for name, default in _PACKING.items()}
    like, mask = rest.pop("like", None), rest.pop("mask", None)
    metadata, rewrite = rest.pop("metadata", None), rest.pop("rewrite", "no")
    exact = packing.pop("exact")
    if isinstance(values, Fst24Record):
        if like is not None:
            raise InvalidArgumentError("like= is for arrays: a record has its own fields")
        like, values = values, values.decode()
        mask = like.mask if mask is None else mask
        metadata = own_metadata(like, metadata)
        _keep_type(like, packing)
    is_text = isinstance(values, str) or getattr(values, "dtype", np.dtype("f4")).kind == "S"
    mask = _mask_of(values, mask)
    array = _suited(_packing.storable(values), packing["nbits"], backend)
    fields = compose(DEFAULTS if like is None else fields_of(like), rest)
    if "nomvar" not in fields:
        raise InvalidArgumentError("nomvar= is needed: the name of the variable")
    fields |= _sizes(array, rest)
    missing = None if mask is None else _checked_mask(mask, array)
    chosen = _packing.choose(array, missing=missing, is_text=is_text, **packing)
    fields["datyp"] = options.remap.get(chosen.datyp, chosen.datyp)
    fields["nbits"] = chosen.nbits
    job = (
        as_tuple(fields),
        array,
        _packing.KINDS[array.dtype.kind],
        array.dtype.itemsize,
        None if missing is None else missing.view(np.uint8),
        rewrite_code(rewrite),
        _effort(packing["compress"], fast=options.fast),
        bool(exact),
        as_json(metadata),
    )
    return Job(job, fields)


def own_metadata(record: Fst24Record, given: Metadata | None) -> Metadata | None:
    """Extended metadata that are given, else those of the record."""
    return given if given is not None else record.metadata or None


def rewrite_code(rewrite: str) -> int:
    """f24_rewrite by name."""
    if rewrite not in _REWRITES:
        known = ", ".join(repr(name) for name in _REWRITES)
        raise InvalidArgumentError(f"rewrite={rewrite!r}: it is one of {known}")
    return _REWRITES[rewrite]


def core_of(fields: Mapping[str, Any], told: Stored | None) -> CoreMetadata | None:
    """The metadata of a record as it was stored; None when it was skipped."""
    if told is None:
        return None
    *_, datev, datyp, nbits, _dasiz = told
    dateo = int(date.origin(datev, fields["deet"], fields["npas"]))
    known = CoreMetadata.__dataclass_fields__
    found = {name: value for name, value in fields.items() if name in known}
    return CoreMetadata(**found | {"datev": datev, "dateo": dateo, "datyp": datyp, "nbits": nbits})


def _effort(compress: bool | str, *, fast: bool) -> int:  # noqa: FBT001 - as users give it
    if not isinstance(compress, bool | np.bool_) and compress not in get_args(_packing.Compress):
        raise InvalidArgumentError(f"compress={compress!r}: it is True, False, 'best' or 'fast'")
    if compress == "best":
        return _SMALLEST
    return _FAST if fast or compress == "fast" else _REFERENCE


def _keep_type(record: Fst24Record, packing: dict[str, Any]) -> None:
    """A record that is decoded keeps its type where no other is asked for.

    Bits alone make a quantised type of whole floats, as they do of an array.
    """
    if packing["datyp"] is not None or packing["max_error"] is not None:
        return
    base = record.datyp & ~(MISSING_FLAG | COMPRESSED_FLAG)
    if packing["nbits"] is None or base != _packing.IEEE:
        packing["datyp"] = base
    if packing["nbits"] is None:
        packing["nbits"] = record.nbits
    if record.datyp & COMPRESSED_FLAG and not packing["compress"]:
        packing["compress"] = True


def _suited(array: npt.NDArray[Any], nbits: int | None, backend: str) -> npt.NDArray[Any]:
    """XDF has no 64-bit integers: those that fit are stored as 32-bit ones."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize != _WIDE_BYTES or backend != "XDF":
        return array
    narrow = np.dtype(f"{array.dtype.kind}4")
    limits = np.iinfo(narrow)
    fits = limits.min <= array.min() and array.max() <= limits.max
    if fits and (nbits or 0) <= _NARROW_BITS:
        return array.astype(narrow, order="F")
    return array


def _mask_of(values: Any, mask: npt.ArrayLike | None) -> npt.ArrayLike | None:  # noqa: ANN401
    """The points that are missing: those asked for, and those that a masked array masks."""
    if not isinstance(values, np.ma.MaskedArray) or values.mask is np.ma.nomask:
        return mask
    own: npt.NDArray[np.bool_] = np.ma.getmaskarray(values)
    return own if mask is None else own | np.asarray(mask, np.bool_)


def _checked_mask(mask: npt.ArrayLike, array: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    found = np.asarray(mask)
    if found.dtype != np.bool_:
        raise TypeError(f"mask is an array of bool, not of {found.dtype}")
    if found.shape != array.shape:
        raise InvalidArgumentError(f"mask has the shape {found.shape}, the values {array.shape}")
    return np.asfortranarray(found)


def _sizes(array: npt.NDArray[Any], given: Mapping[str, Any]) -> dict[str, int]:
    """ni, nj, nk of an array; those that were given have to agree."""
    if array.ndim > _ROOM:
        raise InvalidArgumentError(
            f"an array of {array.ndim} dimensions: a record has (ni,), (ni, nj) or (ni, nj, nk)"
        )
    sizes = dict(zip(("ni", "nj", "nk"), (*array.shape, 1, 1, 1), strict=False))
    for name, size in sizes.items():
        if given.get(name) not in {None, size}:
            raise InvalidArgumentError(
                f"{name}={given[name]}, but the values have the shape {array.shape}: give them in "
                "that shape, in Fortran order (ni, nj, nk)"
            )
    return sizes


# ------------------------------------------------------------------------------------- copies


@dataclass
class Copy:
    """A record whose stored bytes are taken over; its fields may be others."""

    record: Fst24Record
    fields: dict[str, Any]
    rewrite: int
    metadata: bytes | None

    def given(self) -> tuple[bytes, tuple[Any, ...], int, bytes | None]:
        """What the extension takes."""
        record = self.record
        stored: bytes = record._source.stored(record._row)  # noqa: SLF001 - ours
        return stored, as_tuple(self.fields), self.rewrite, self.metadata


def is_copy(record: Fst24Record, given: Mapping[str, Any]) -> bool:
    """Whether a ``write(record, **given)`` leaves the values as they are stored.

    Of type 1 also where compression alone is asked: it rounds each time that it is encoded
    (docs/format/codecs.md, 7.2).
    """
    packing = (given.get(name) for name in ("mask", "datyp", "nbits", "max_error"))
    if any(value is not None for value in packing):
        return False
    is_real = record.datyp & ~(MISSING_FLAG | COMPRESSED_FLAG) == _packing.REAL
    return is_real or not given.get("compress")


def make_copy(record: Fst24Record, given: Mapping[str, Any]) -> Copy:
    """The copy of one ``write(record, **given)``."""
    rest = {name: value for name, value in given.items() if name not in {*_PACKING, "mask"}}
    if rest.pop("like", None) is not None:
        raise InvalidArgumentError("like= is for arrays: a record has its own fields")
    metadata, rewrite = rest.pop("metadata", None), rest.pop("rewrite", "no")
    for name in ("ni", "nj", "nk"):
        if rest.get(name) not in {None, getattr(record, name)}:
            raise InvalidArgumentError(
                f"{name}={rest[name]}, but the record has {getattr(record, name)}: to write other "
                "sizes give an array"
            )
    return Copy(record, compose(fields_of(record), rest), rewrite_code(rewrite), as_json(metadata))
