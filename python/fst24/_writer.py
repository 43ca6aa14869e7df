"""Files that are open for writing."""

from __future__ import annotations

import os
import warnings
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from . import _core
from ._compose import REPLACES, as_json, as_tuple, compose, dated, fields_of
from ._errors import (
    InvalidArgumentError,
    RecordNotFoundError,
    UnsupportedError,
    make_error,
)
from ._file import Fst24File, _is_frame
from ._fst_options import read_fst_options
from ._job import Copy, Job, core_of, is_copy, make_copy, make_job, own_metadata
from ._known import Known
from ._linked import OpenOptions
from ._record import MISSING_FLAG, Fst24Record
from ._settings import thread_settings
from ._sources import is_address, is_path, parse_missing
from ._views import MMAP_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    import numpy.typing as npt
    import polars as pl

    from ._fst_options import Backend
    from ._interface import Fst24DataInterface
    from ._job import Metadata
    from ._metadata import CoreMetadata
    from ._packing import Compress
    from ._sources import Source, SourceLike

Mode = Literal["w", "x", "a"]
Rewrite = Literal["no", "yes", "skip"]
_MODES = {"w": 1, "x": 2, "a": 3}  # f24_write_mode
_BACKENDS: dict[str | None, int] = {None: 0, "XDF": 1, "RSF": 2}  # f24_backend
_MIB = 2**20
_MOST_MIB = 2**40  # 2^60 bytes
#: Arrays that write_many holds at a time.
_JOBS_A_THREAD = 4


class Fst24Writer(Fst24File):
    """A standard file that is open for writing: made by ``fst24.open`` with mode "w", "x" or "a".

    It is a `Fst24File` of what has been written so far: records can be searched and read at once.
    Any number of threads may use it.

    >>> with fst24.open(new_file, "w") as f:
    ...     core = f.write(np.zeros((4, 3), np.float32), nomvar="TT", level=850, level_unit="hPa")
    ...     len(f), f[0].data.shape
    (1, (4, 3))
    """

    __slots__ = (
        "_backend",
        "_deleted",
        "_edited",
        "_fst_options",
        "_mode",
        "_seen",
        "_state",
        "_writer",
    )
    _parts_stay = False

    def __init__(
        self,
        path: str | os.PathLike[str],
        mode: Mode,
        *,
        backend: Backend | None = None,
        parallel: bool = False,
        segment_size_mb: int | None = None,
        sync: bool = True,
        missing: float | str | None = None,
    ) -> None:
        #: Another object after each change.
        self._state = object()
        #: What was seen last, and the state that it is of or an older one.
        self._seen: tuple[object, tuple[Source, ...]] = (self._state, ())
        self._options = OpenOptions("native", None, MMAP_THRESHOLD, missing)
        #: By file_index: the fields of records that were edited, and those that were deleted, which
        #: records that were seen before do not know.
        self._edited: dict[int, dict[str, Any]] = {}
        self._deleted: set[int] = set()
        self._fst_options = given = read_fst_options()
        self._given = [os.path.abspath(os.fsdecode(path))]  # noqa: PTH100 - keeps what a name may be
        size = given.segment_size_mb if segment_size_mb is None else segment_size_mb
        if size is not None and not 1 <= size <= _MOST_MIB:
            raise InvalidArgumentError(f"segment_size_mb={size}: 1 to {_MOST_MIB:,}")
        wanted: Backend | None = backend or ("RSF" if parallel else given.backend)
        self._writer: _core.Writer | None = None
        writer = _core.Writer.open(
            os.fsencode(path),
            os.fsdecode(path),
            _MODES[mode],
            _BACKENDS[wanted],
            parallel,
            _MIB * (size or 0),
            sync,
        )
        if backend is not None and writer.backend != backend:
            writer.abandon()
            raise InvalidArgumentError(
                f"{os.fsdecode(path)}: the file is there, and is no {backend} file: leave backend "
                "out, or copy it (`fst24 cp`)"
            )
        self._writer = writer
        self._mode = mode
        self._backend = writer.backend
        self._changed()

    # --------------------------------------------------------------------------- life

    def close(self) -> None:
        """Finish the file. What was to replace another file takes its place now.

        Raises
        ------
        FstOSError
            The system refused (a full disk, say). A file that was to be replaced is as it was; one
            that was added to holds all whole records.
        """
        try:
            if self._writer is not None:
                self._writer.close()
        finally:
            self._forget()

    def abandon(self) -> None:
        """Close without finishing: mode "w" and "x" leave no trace, "a" keeps what was written.

        Raises
        ------
        FstOSError
            Mode "a" alone, as `close`.
        """
        try:
            if self._writer is not None and self._mode == "a":
                self._writer.close()
            elif self._writer is not None:
                self._writer.abandon()
        finally:
            self._forget()

    def flush(self) -> None:
        """Make what was written visible to other readers, and safe on disk.

        Nothing to do for "w" and "x": nobody sees that file before it is closed.
        """
        self._open_writer().flush()

    def _forget(self) -> None:
        self._writer = None
        state, parts = self._seen
        for part in parts:
            part.close()
        if state is not self._state:
            self._seen = (self._state, ())

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._writer is None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close; after an exception `abandon`."""
        if kind is None:
            self.close()
        else:
            self.abandon()

    def __del__(self) -> None:
        if getattr(self, "_writer", None) is not None:
            is_new = self._mode != "a"
            end = "what was written is lost" if is_new else "its records are kept"
            message = f"{self._given[0]} was not closed: {end}"
            warnings.warn(message, ResourceWarning, stacklevel=2, source=self)

    def __reduce__(self) -> tuple[Callable[..., Fst24File], tuple[Any, ...]]:
        raise TypeError("a file that is open for writing cannot be pickled")

    def _open_writer(self) -> _core.Writer:
        self._check_open()
        assert self._writer is not None  # noqa: S101 - _check_open looked
        return self._writer

    # ------------------------------------------------------------- what a reader sees

    @property
    def _parts(self) -> tuple[Source, ...]:  # type: ignore[override] # looked up when asked for
        (seen, parts), state, writer = self._seen, self._state, self._writer
        if seen is not state and writer is not None:
            # Of this state or of a later one: another thread may change the file meanwhile.
            parts = (writer.view(parse_missing(self._options.missing)),)
            self._seen = (state, parts)
        return parts

    def _changed(self) -> None:
        """Look anew the next time. Records that were seen stay as they are."""
        self._state = object()

    @property
    def _starts(self) -> list[int]:  # type: ignore[override]
        return [0, sum(len(part.table) for part in self._parts)]

    def _searched(self) -> tuple[tuple[Source, ...], Known]:
        parts = self._parts  # of one moment: others may write
        return parts, Known([part.table for part in parts])

    def select(
        self,
        records: Iterable[Fst24Record | int] | pl.DataFrame | pl.LazyFrame | None = None,
        /,
        **criteria: Any,  # noqa: ANN401 - see read_records
    ) -> Fst24DataInterface:
        """As `Fst24File.select`: those that are there now, whatever is written later."""
        from ._interface import Fst24DataInterface

        return Fst24DataInterface(self.read_records(records, **criteria))

    @property
    def path(self) -> str:
        """The name of the file."""
        return str(self._given[0])

    @property
    def paths(self) -> list[str]:
        """The name of the file, in a list."""
        return [self.path]

    @property
    def backend(self) -> str:
        """The container: ``"XDF"`` or ``"RSF"``."""
        return self._backend

    # ------------------------------------------------------------------------ writing

    def write(
        self,
        values: npt.ArrayLike | Fst24Record,
        /,
        *,
        like: Fst24Record | None = None,
        mask: npt.ArrayLike | None = None,
        datyp: int | str | None = None,
        nbits: int | None = None,
        compress: bool | Compress = False,
        max_error: float | None = None,
        exact: bool = True,
        metadata: Metadata | None = None,
        rewrite: Rewrite = "no",
        **fields: Any,  # noqa: ANN401 - listed below
    ) -> CoreMetadata | None:
        """Write a record.

        Parameters
        ----------
        values : array_like or Fst24Record
            Values of shape (ni,), (ni, nj) or (ni, nj, nk); text becomes datyp 7. A record that was
            read, of any file, is copied: as it is stored when only metadata change, else decoded.
            Masked arrays have their masked points stored as missing.
        like : Fst24Record, optional
            Take the fields that are not given from this record.
        mask : array_like of bool, optional
            True where a value is missing (+64).
        datyp : int or str, optional
            A data type with its flags, or as listings show it ("f16", "E32"). By default nothing is
            lost: 5 for floats, 4 and 2 for integers, 8 for complex values.
        nbits : int, optional
            Stored bits of a value; by default those of the dtype (16 in types 1 and 6).
        compress : bool, "best" or "fast"
            Compress where the type can be (+128): as librmn does by default, the smallest stream
            that every reader takes, or as librmn does with TURBOCOMP=FAST; the same values in all.
            A record of type 1 is copied as it is: encoded again it would be rounded again, which
            takes ``nbits``.
        max_error : float, optional
            In place of nbits: the fewest bits that keep every value to this error, in its unit.
        exact : bool
            Refuse integers that nbits cannot hold, and values beyond float32 where it is stored.
        metadata : mapping or JSON text, optional
            Extended metadata (RSF).
        rewrite : {"no", "yes", "skip"}
            When a record is there that agrees in datev, deet, npas, ni, nj, nk, ip1 to ip3, ig1 to
            ig4, grtyp, typvar, nomvar and etiket: write another one, replace the first of them, or
            write nothing.
        **fields
            nomvar (needed), typvar ("P"), etiket, grtyp ("X"), dateo or datev (a stamp, or any date
            that `fst24.date.encode` takes), deet, npas, ip1, ip2, ip3, ig1, ig2, ig3, ig4; or level
            with level_unit for ip1, origin_time for dateo, valid_time for datev, lead_time (a
            timedelta) for deet and npas.

        Returns
        -------
        CoreMetadata or None
            What was stored: its datyp says whether compression paid. None when it was skipped.

        Raises
        ------
        EncodingError
            What the format or this container cannot keep; the message says what would do. The file
            is as before.
        InvalidArgumentError
            Arguments that contradict each other, an unknown field.
        FstOSError
            The system refused: a full disk, say. Earlier records are whole.

        >>> with fst24.open(new_file, "w") as f:
        ...     core = f.write(
        ...         np.linspace(250, 300, 600, dtype=np.float32).reshape(30, 20),
        ...         nomvar="TT", origin_time="2024-05-17T12", lead_time=np.timedelta64(3, "h"),
        ...         level=500, level_unit="hPa", max_error=0.01, compress=True,
        ...     )
        >>> core.nbits, core.datyp, core.npas, fst24.date.decode(core.datev).hour
        (13, 134, 3, 15)
        """
        given: dict[str, Any] = {
            "like": like,
            "mask": mask,
            "datyp": datyp,
            "nbits": nbits,
            "compress": compress,
            "max_error": max_error,
            "exact": exact,
            "metadata": metadata,
            "rewrite": rewrite,
        }
        return self._write([self._job(values, given | fields)], 1)[0]

    def write_many(
        self,
        items: Iterable[tuple[npt.ArrayLike | Fst24Record, Mapping[str, Any]]],
        /,
        *,
        threads: int | None = None,
        **common: Any,  # noqa: ANN401 - as write
    ) -> list[CoreMetadata | None]:
        """Write many records: encoded on several threads, stored in their order.

        Parameters
        ----------
        items : iterable of (values, fields)
            Each as the arguments of one `write`. Taken a few at a time: a generator need not hold
            all arrays at once.
        threads : int, optional
            Threads that encode; see `enable_thread_safety` for the number without it.
        **common
            Arguments that all of them share.

        Returns
        -------
        list of CoreMetadata or None
            As `write` gives, in order.

        Raises
        ------
        Fst24Error
            As `write`; what stands before the record that failed is written, and a note tells how
            many.
        """
        n_threads = thread_settings().threads if threads is None else threads
        if n_threads < 1:
            raise InvalidArgumentError(f"threads={threads}: at least one is needed")
        done: list[CoreMetadata | None] = []
        waiting: list[Job | Copy] = []
        try:
            for values, fields in items:
                waiting.append(self._job(values, common | dict(fields)))
                if len(waiting) >= _JOBS_A_THREAD * n_threads:
                    ready, waiting = waiting, []
                    self._write(ready, n_threads, done)
            ready, waiting = waiting, []
            self._write(ready, n_threads, done)
        except Exception as error:
            self._write(waiting, n_threads, done)  # those before one that is none
            error.add_note(f"the first {len(done):,} records of write_many were written")
            raise
        return done

    def _job(self, values: npt.ArrayLike | Fst24Record, given: dict[str, Any]) -> Job | Copy:
        if isinstance(values, Fst24Record) and is_copy(values, given):
            return make_copy(values, given)
        return make_job(values, given, self._backend, self._fst_options)

    def _write(
        self,
        jobs: list[Job | Copy],
        threads: int,
        done: list[CoreMetadata | None] | None = None,
    ) -> list[CoreMetadata | None]:
        """Write jobs in their order; what is stored is appended to ``done`` as it goes."""
        writer = self._open_writer()
        done = [] if done is None else done
        try:
            for is_job, run in groupby(jobs, lambda one: isinstance(one, Job)):
                if is_job:
                    self._write_run(writer, list(run), threads, done)  # type: ignore[arg-type]
                    continue
                for copy in run:
                    assert isinstance(copy, Copy)  # noqa: S101
                    done.append(core_of(copy.fields, writer.write_stored(*copy.given())))
        finally:
            self._changed()
        return done

    @staticmethod
    def _write_run(
        writer: _core.Writer, jobs: list[Job], threads: int, done: list[CoreMetadata | None]
    ) -> None:
        stored: list[_core.Stored | None] = []
        try:
            writer.write(tuple(job.given for job in jobs), threads, stored)
        finally:  # also those before one that failed
            done += [core_of(job.fields, told) for job, told in zip(jobs, stored, strict=False)]

    # ----------------------------------------------------------------------- changing

    def rewrite(
        self,
        record: Fst24Record | int,
        values: npt.ArrayLike | None = None,
        /,
        **given: Any,  # noqa: ANN401 - as write
    ) -> CoreMetadata:
        """Replace a record: write it anew at the end of the file, then delete the old one.

        Parameters
        ----------
        record : Fst24Record or int
            A record of this file, or its place.
        values : array_like, optional
            New values; without them those of the record.
        **given
            As for `write`; fields that are not given are those of the record. Values that are given
            are packed as the record is.
        """
        if "rewrite" in given:
            raise InvalidArgumentError(
                "rewrite= is for write: this replaces the record it is given"
            )
        old = self._own(record)
        if old.file_index in self._deleted:
            message = f"the record with file_index {old.file_index} was deleted"
            raise make_error(RecordNotFoundError, message, path=self.path)
        given = self._with_edits(old, given)
        if values is None:
            written = self.write(old, **given)
        else:
            packing = {"datyp": old.datyp & ~MISSING_FLAG, "nbits": old.nbits}
            if not {"datyp", "nbits", "max_error"}.isdisjoint(given):
                packing = {}
            given["metadata"] = own_metadata(old, given.get("metadata"))
            written = self.write(values, like=old, **(packing | given))
        assert written is not None  # noqa: S101 - only rewrite="skip" writes none
        self._delete(old.file_index)
        self._changed()
        return written

    def delete(
        self, records: Fst24Record | int | Iterable[Fst24Record | int] | pl.DataFrame, /
    ) -> int:
        """Delete records; the space that they took stays unused until the file is copied.

        Parameters
        ----------
        records : Fst24Record, int, iterable of them, or DataFrame
            Records of this file, their places, or rows of `to_polars`.

        Returns
        -------
        int
            How many were deleted.

        Raises
        ------
        RecordNotFoundError
            One was deleted already; those before it are deleted.
        """
        wanted = self._own_records(records)
        try:
            for record in wanted:
                self._delete(record.file_index)
        finally:
            self._changed()
        return len(wanted)

    def _delete(self, file_index: int) -> None:
        self._open_writer().delete(file_index)
        self._deleted.add(file_index)

    def edit(
        self,
        record: Fst24Record | int,
        /,
        *,
        metadata: Metadata | None = None,
        **fields: Any,  # noqa: ANN401 - as write
    ) -> None:
        """Change the metadata of a record in place, its values untouched.

        Parameters
        ----------
        record : Fst24Record or int
            A record of this file, or its place.
        metadata : mapping or JSON text, optional
            Extended metadata (RSF), which must not need more room than those that are there.
        **fields
            As for `write`: all but ni, nj, nk, datyp and nbits.

        Raises
        ------
        RecordNotFoundError
            It was deleted.
        InvalidArgumentError
            Sizes and type cannot be edited: `rewrite` the record.
        """
        old = self._own(record)
        found = compose(self._edited.get(old.file_index, fields_of(old)), fields)
        self._open_writer().edit(old.file_index, as_tuple(found), as_json(metadata))
        self._edited[old.file_index] = dated(found)
        self._changed()

    def _with_edits(self, record: Fst24Record, given: dict[str, Any]) -> dict[str, Any]:
        """Arguments of `write`, and what was edited since the record was seen."""
        edited = self._edited.get(record.file_index)
        if edited is None:
            return given
        seen = fields_of(record)
        changes = {name: value for name, value in edited.items() if seen[name] != value}
        for sugar, names in REPLACES.items():
            if given.get(sugar) is not None:
                changes = {name: v for name, v in changes.items() if name not in names}
        return changes | given

    def _own_records(self, records: Any) -> list[Fst24Record]:  # noqa: ANN401 - as delete
        if _is_frame(records):
            return self._given_records(records)
        if isinstance(records, Fst24Record | int):
            return [self._own(records)]
        return [self._own(one) for one in records]

    def _own(self, record: Fst24Record | int) -> Fst24Record:
        if not isinstance(record, Fst24Record):
            return self[record]
        if record.file is not self:
            message = "the record is of another file, or of this one as it was opened before"
            raise make_error(RecordNotFoundError, message, path=self.path)
        return record


def check_unwritten(path: str | os.PathLike[str]) -> None:
    """Raise when somebody writes to a file: has its lock, or has it open for writing.

    Parameters
    ----------
    path : path
        A file of this machine.

    Raises
    ------
    FileLockedError
        The message names the process where it can be told. Seen are locks and, on Linux, what
        processes of the same user have open; a mark in the file itself says nothing here.
    FstOSError
        The file cannot be opened.

    >>> check_unwritten(sample)
    """
    _core.check_unwritten(os.fsencode(path), os.fsdecode(path))


def open_writer(
    source: SourceLike,
    mode: str,
    *,
    backend: str | None,
    parallel: bool,
    segment_size_mb: int | None,
    sync: bool,
    missing: float | str | None,
) -> Fst24Writer:
    """What `fst24.open` does for the modes that write."""
    if mode not in _MODES:
        raise InvalidArgumentError(f"mode={mode!r}: it is 'r', 'w', 'x' or 'a'")
    if not is_path(source) or is_address(source):
        what = "an address" if is_path(source) else type(source).__name__
        raise UnsupportedError(
            f"mode={mode!r} writes a file of this machine, not {what}: give its path"
        )
    if backend not in _BACKENDS:
        raise InvalidArgumentError(f"backend={backend!r}: it is 'XDF' or 'RSF'")
    if parallel and backend == "XDF":
        raise InvalidArgumentError("several writers share RSF files only: backend='RSF'")
    return Fst24Writer(
        source,
        mode,  # type: ignore[arg-type] # one of them
        backend=backend,  # type: ignore[arg-type] # one of them
        parallel=parallel,
        segment_size_mb=segment_size_mb,
        sync=sync,
        missing=missing,
    )
