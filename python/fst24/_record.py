"""One record: its metadata, and its values when they are asked for."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core, _html
from ._errors import (
    CorruptFileError,
    FileChangedError,
    Fst24Warning,
    InvalidArgumentError,
    described,
    make_error,
    make_os_error,
)
from ._metadata import CoreMetadata, FSTRecord
from ._sources import DTYPES, parse_missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from ._core import Missing, Shape, Table
    from ._sources import Source

MISSING_FLAG, COMPRESSED_FLAG = 64, 128  # of datyp


def as_array(
    buffer: _core.Block | _core.View, code: str, shape: tuple[int, ...]
) -> npt.NDArray[Any]:
    """The array that stands in a buffer, in Fortran order."""
    memory: Any = buffer
    return np.ndarray(shape, DTYPES[code], memory, 0, None, "F")


class Fst24Record(_core.Record):
    """A record of a standard file.

    The metadata are attributes under the field's own names: ``nomvar typvar etiket grtyp`` (text
    without trailing blanks), ``dateo datev`` (CMC stamps), ``deet npas ni nj nk ip1 ip2 ip3 ig1 ig2
    ig3 ig4 datyp nbits``; ``index`` is the place in the file that was opened, ``file_index`` the
    reference's number (deleted records counted), ``offset`` and ``nbytes`` the byte range of the
    stored record. They stay when the file is closed.

    ``data`` are the values, read at the first access and then kept: an array (ni, nj), or
    (ni, nj, nk) when nk > 1, in Fortran order. It is read-only, as it may be a view of a mapped
    file and is shared by everybody who asks; `decode` gives values of your own. Records come from a
    file, they are not made by hand.

    >>> with fst24.open(sample) as f:
    ...     tt = f.find(nomvar="TT")
    >>> tt.nomvar, tt.ni, tt.nj
    ('TT', 42, 34)
    """

    __slots__ = ()

    # ------------------------------------------------------------------------------- values

    def _load(self) -> npt.NDArray[Any]:
        """What ``data`` keeps: called once, by the extension."""
        source: Source = self._source
        found = source.view(self._row)
        if found is not None:
            return as_array(*found)  # read-only, as its memory is
        values, mask, code, shape = source.decode(self._row, True)
        if self._may_have_missing():
            self._kept["mask"] = None if mask is None else _mask_array(mask, shape)
        self._warn_of_lost_levels()
        array = as_array(values, code, shape)
        array.flags.writeable = False
        return array

    def _may_have_lost_levels(self) -> bool:
        """Compressed 3-D records of the reference hold their first level only (codecs.md, D3)."""
        return self.nk > 1 and bool(self.datyp & COMPRESSED_FLAG)

    def _may_have_missing(self) -> bool:
        """False is certain, and known when the file is closed too; ``describe`` tells the rest."""
        return bool(self.datyp & MISSING_FLAG) or self._may_have_lost_levels()

    def _warn_of_lost_levels(self) -> None:
        if not self._may_have_lost_levels():
            return
        n_stored = self._source.describe(self._row)[3]
        if n_stored < self.nk:
            message = (
                f"only {n_stored} of {self.nk} levels were stored: the others are given as missing"
            )
            warning = Fst24Warning(described(message, self.path, self.index, self.offset))
            warning.path, warning.record, warning.offset = self.path, self.index, self.offset
            warnings.warn(warning, stacklevel=4)

    def decode(self, out: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """The values afresh, in an array of your own: writable, not kept by the record.

        Parameters
        ----------
        out : ndarray, optional
            An array to fill: of this record's shape and dtype, in Fortran order.

        Returns
        -------
        ndarray
            ``out``, or a new array (ni, nj) or (ni, nj, nk), in Fortran order.

        >>> with fst24.open(sample) as f:
        ...     values = f[3].decode()
        >>> values.flags.writeable, values.flags.f_contiguous
        (True, True)
        """
        source: Source = self._source
        if out is None:
            values, _, code, shape = source.decode(self._row)
            self._warn_of_lost_levels()
            return as_array(values, code, shape)
        check_out(out, self, "out")
        source.read_into(self._row, out)
        self._warn_of_lost_levels()
        return out

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of ``data``, known without reading it."""
        return self._source.describe(self._row)[1]  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of ``data``, known without reading it."""
        return DTYPES[self._source.describe(self._row)[0]]

    @property
    def mask(self) -> npt.NDArray[np.bool_] | None:
        """Where values are missing: a boolean array like ``data``; None when the record has none.

        Levels that were not stored are missing too. Read-only, and kept like ``data``.
        """
        if not self._may_have_missing():
            return None
        kept = self._kept
        if "mask" not in kept:
            has_missing = self._source.describe(self._row)[2]
            kept["mask"] = self._read_mask() if has_missing else None
        return kept["mask"]  # type: ignore[no-any-return]

    def _read_mask(self) -> npt.NDArray[np.bool_]:
        _, mask, _, shape = self._source.decode(self._row, True)
        return _mask_array(mask, shape)

    def masked(self) -> np.ma.MaskedArray[Any, np.dtype[Any]]:
        """``data`` as a masked array; nothing is masked in a record without missing values."""
        data = self.data  # first: reading it gives the mask as well
        mask = self.mask
        return np.ma.MaskedArray(data, np.ma.nomask if mask is None else mask)

    @property
    def part(self) -> RecordPart:
        """Parts of the record by indices, read without the rest where the data type allows.

        >>> with fst24.open(sample) as f:
        ...     f[3].part[10:20, ::2].shape
        (10, 17)
        """
        return RecordPart(self)

    def read_box(self, start: tuple[int, ...], count: tuple[int, ...]) -> npt.NDArray[Any]:
        """A box of the record: ``count`` points from ``start`` along i, j (and k).

        Only the bytes that hold them are read and decoded, but for compressed records and those
        with missing values.

        Parameters
        ----------
        start, count : tuple of two or three int
            Counted from 0. Without the third of both: all levels.

        Returns
        -------
        ndarray
            Of shape ``count`` (without the third dimension when nk is 1): yours to write to.

        Raises
        ------
        InvalidArgumentError
            The box leaves the record.
        """
        full = ((*start, 0)[:3], (*count, self.nk)[:3])
        if len(start) != len(count) or len(start) not in (2, 3):
            raise InvalidArgumentError("start and count have two or three numbers: i, j, k")
        sizes = (self.ni, self.nj, self.nk)
        for name, first, n, size in zip("ijk", *full, sizes, strict=True):
            if first < 0 or n < 0 or first + n > size:
                message = f"{name} from {first} to {first + n} is not inside 0 to {size}"
                raise InvalidArgumentError(described(message, self.path, self.index, None))
        values, code = self._source.read_box(self._row, *full)
        return as_array(values, code, full[1] if self.nk > 1 else full[1][:2])

    # ----------------------------------------------------------------------------- metadata

    @property
    def path(self) -> str:
        """The file that holds the record: one of the linked ones."""
        return self._source.path  # type: ignore[no-any-return]

    @property
    def metadata(self) -> dict[str, Any]:
        """The extended metadata of an RSF record; an empty dict when it has none.

        Raises
        ------
        CorruptFileError
            It is not JSON.
        """
        kept = self._kept
        if "metadata" not in kept:
            kept["metadata"] = self._read_metadata()
        return kept["metadata"]  # type: ignore[no-any-return]

    def _read_metadata(self) -> dict[str, Any]:
        text = self._source.json(self._row)
        try:
            found = json.loads(text) if text else {}
        except (ValueError, RecursionError) as error:
            message = f"the extended metadata is not JSON: {error}"
            raise make_error(
                CorruptFileError,
                message,
                path=self.path,
                record=self.file_index,
                offset=self.offset,
            ) from None
        return found if isinstance(found, dict) else {"": found}

    @property
    def core(self) -> CoreMetadata:
        """The metadata as a value of its own."""
        return CoreMetadata(*self._fields())

    def to_struct(self) -> FSTRecord:
        """The metadata as a C structure for ctypes."""
        return FSTRecord.from_record(self)

    def stored(self) -> bytes:
        """The stored bytes, header included: what `decode_record` reads."""
        return self._source.stored(self._row)  # type: ignore[no-any-return]

    # ----------------------------------------------------------------------------- as value

    def __array__(
        self,
        dtype: npt.DTypeLike | None = None,
        copy: bool | None = None,  # noqa: FBT001
    ) -> npt.NDArray[Any]:
        if copy:
            return self.decode().astype(dtype or self.dtype, copy=False)
        kept: npt.NDArray[Any] = self.data
        if dtype is None or np.dtype(dtype) == kept.dtype:
            return kept
        if copy is False:
            raise InvalidArgumentError(
                f"copy=False: the values are {kept.dtype}, {np.dtype(dtype)} needs a copy"
            )
        return kept.astype(dtype)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fst24Record):
            return NotImplemented
        return self._source is other._source and self._row == other._row

    def __hash__(self) -> int:
        return hash((id(self._source), self._row))

    def __reduce__(self) -> tuple[Callable[..., Fst24Record], tuple[Any, ...]]:
        """By the file, which is opened again, and the place in it: no values are carried."""
        return _found_again, (self.file, self.index, self.offset, self.nbytes)

    def __repr__(self) -> str:
        size = "x".join(str(n) for n in (self.ni, self.nj, self.nk)[: 3 if self.nk > 1 else 2])
        return (
            f"<Fst24Record {self.index} {self.nomvar} {self.typvar} {self.etiket!r} {size}"
            f" ip1={self.ip1} ip2={self.ip2} ip3={self.ip3} datev={self.datev}"
            f" datyp={self.datyp}/{self.nbits}>"
        )

    def _repr_html_(self) -> str:
        return _html.table([self])


class RecordPart:
    """``record.part[i, j, k]`` with numbers and slices; dimensions left out are whole."""

    __slots__ = ("_record",)

    def __init__(self, record: Fst24Record) -> None:
        self._record = record

    def __getitem__(self, key: Any) -> npt.NDArray[Any] | Any:  # noqa: ANN401 - as numpy
        record = self._record
        sizes = (record.ni, record.nj, record.nk)[: 3 if record.nk > 1 else 2]
        wanted = list(key) if isinstance(key, tuple) else [key]
        if Ellipsis in wanted:
            at = wanted.index(Ellipsis)
            wanted[at : at + 1] = [slice(None)] * (len(sizes) - len(wanted) + 1)
        if len(wanted) > len(sizes):
            raise IndexError(f"{len(wanted)} indices for {len(sizes)} dimensions")
        wanted += [slice(None)] * (len(sizes) - len(wanted))
        start, count, inside = [], [], []
        for item, size in zip(wanted, sizes, strict=True):
            first, n, rest = _span(item, size)
            start.append(first)
            count.append(n)
            inside.append(rest)
        if 0 in count:
            return np.empty([n for n, s in zip(count, inside, strict=True) if s != 0], record.dtype)
        return record.read_box(tuple(start), tuple(count))[tuple(inside)]


def _span(item: Any, size: int) -> tuple[int, int, int | slice]:  # noqa: ANN401
    """The box that one index needs, and what to take of it: (start, count, index in the box)."""
    if isinstance(item, slice):
        steps = range(*item.indices(size))
        if not steps:
            return 0, 0, slice(None)
        low, high = min(steps[0], steps[-1]), max(steps[0], steps[-1])
        return low, high - low + 1, slice(None, None, steps.step)
    number = int(item.__index__())
    if not -size <= number < size:
        raise IndexError(f"index {number} is out of 0 to {size - 1}")
    return number % size, 1, 0


def _mask_array(mask: _core.Block, shape: Shape) -> npt.NDArray[np.bool_]:
    memory: Any = mask
    array: npt.NDArray[np.bool_] = np.ndarray(shape, np.bool_, memory, 0, None, "F")
    array.flags.writeable = False
    return array


def check_out(out: Any, record: Fst24Record, name: str) -> None:  # noqa: ANN401 - checked here
    """Refuse an array that cannot take the values of a record exactly."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{name} is an ndarray, not {type(out).__name__}")
    code, shape, _, _ = record._source.describe(record._row)  # noqa: SLF001 - its own module
    problem = None
    if out.dtype != DTYPES[code]:
        problem = f"of {out.dtype}"
    elif out.shape != shape:
        problem = f"of shape {out.shape}"
    elif not out.flags.f_contiguous:
        problem = "not in Fortran order"
    elif not out.flags.writeable:
        problem = "read-only"
    if problem is not None:
        message = f"{name} is {problem}; record {record.index} needs"
        raise InvalidArgumentError(f"{message} np.empty({shape}, {DTYPES[code]!s}, order='F')")


def outs_of(
    out: Sequence[npt.NDArray[Any]] | npt.NDArray[Any], records: list[Fst24Record]
) -> tuple[npt.NDArray[Any], ...]:
    """An array for each record, checked."""
    if isinstance(out, np.ndarray):
        n = out.shape[-1] if out.ndim else 0
        arrays = tuple(out[..., i] for i in range(n))
    else:
        arrays = tuple(out)
    if len(arrays) != len(records):
        raise InvalidArgumentError(
            f"out has room for {len(arrays)} records, {len(records)} are read"
        )
    for i, (array, record) in enumerate(zip(arrays, records, strict=True)):
        check_out(array, record, f"out[{i}]")
    return arrays


def _found_again(file: Any, index: int, offset: int, nbytes: int) -> Fst24Record:  # noqa: ANN401
    """A record after pickling; the file may have changed meanwhile."""
    if index < len(file):
        record: Fst24Record = file[index]
        if (record.offset, record.nbytes) == (offset, nbytes):
            return record
    message = f"record {index} is no longer where it was: the file was changed since it was pickled"
    raise make_os_error(0, message, file.path, kind=FileChangedError)


# ------------------------------------------------------------------------------- lone records


class _StoredRecord:
    """The stored bytes of one record, as a source of it; it is also the file that it is in."""

    path = "<stored record>"
    closed = False

    def __init__(self, stored: bytes, missing: Missing) -> None:
        self._stored = stored
        self._missing = missing
        columns, code, shape, has_missing, nk_stored = _core.describe_stored(stored)
        self._described = code, shape, has_missing, nk_stored
        self.table: Table = _core.Table(
            {name: _one_item(name, value) for name, value in columns.items()}
        )

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Fst24Record:
        return Fst24Record(self, self, self.table, 0, index)

    def __reduce__(self) -> tuple[type[_StoredRecord], tuple[Any, ...]]:
        return _StoredRecord, (self._stored, self._missing)

    def describe(self, _row: int) -> tuple[str, Shape, bool, int]:
        return self._described

    def decode(
        self,
        _row: int,
        want_mask: bool = False,  # noqa: FBT001, FBT002
    ) -> tuple[_core.Block, _core.Block | None, str, Shape]:
        return _core.decode_stored(self._stored, self._missing, want_mask)

    def view(self, _row: int) -> None:
        return None

    def read_into(self, row: int, out: npt.NDArray[Any]) -> None:
        values, _, code, shape = self.decode(row)
        out[...] = as_array(values, code, shape)

    def read_box(
        self, row: int, start: tuple[int, int, int], count: tuple[int, int, int]
    ) -> tuple[_core.Block, str]:
        values, _, code, shape = self.decode(row)
        whole = as_array(values, code, (*shape, 1)[:3])
        (i, j, k), (ni, nj, nk) = start, count
        box = _core.Block(ni * nj * nk * DTYPES[code].itemsize)
        as_array(box, code, count)[...] = whole[i : i + ni, j : j + nj, k : k + nk]
        return box, code

    def json(self, _row: int) -> str:
        return _core.json_stored(self._stored)

    def stored(self, _row: int) -> bytes:
        return self._stored


def _one_item(name: str, value: int | str | bytes) -> npt.NDArray[Any]:
    widths = {"nomvar": 4, "typvar": 2, "etiket": 12, "grtyp": 1}
    if name in widths:
        raw = value if isinstance(value, bytes) else str(value).encode("latin-1")
        return np.array([raw.ljust(widths[name])], f"S{widths[name]}")
    types = {"dasiz": np.uint8, "flags": np.uint8, "offset": np.uint64, "n_bytes": np.uint64}
    return np.array([value], types.get(name, np.int32))


def is_descriptor(nomvar: str) -> bool:
    """Whether records of this name describe a grid or levels rather than hold a field.

    >>> is_descriptor(">>"), is_descriptor("TT")
    (True, False)
    """
    if not isinstance(nomvar, str):
        raise TypeError(f"nomvar is text, not {nomvar!r}; of a record give its nomvar")
    return _core.is_descriptor(nomvar)


def decode_record(
    stored: bytes | bytearray | memoryview, *, missing: float | str | None = None
) -> Fst24Record:
    """A record from its stored bytes alone, as a byte range of a remote file gives them.

    Parameters
    ----------
    stored : bytes-like
        ``nbytes`` bytes of a file, from ``offset`` on: what `Fst24Record.stored` gives. A copy is
        kept.
    missing : optional
        As in `open`.

    >>> with fst24.open(sample) as f:
    ...     lone = decode_record(f[3].stored())
    ...     bool((lone.data == f[3].data).all())
    True
    """
    return _StoredRecord(bytes(stored), parse_missing(missing))[0]
