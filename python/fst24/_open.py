"""`open`: the way into files, for reading and for writing."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal, overload

from ._errors import InvalidArgumentError
from ._file import Fst24File
from ._views import MMAP_THRESHOLD

if TYPE_CHECKING:
    from ._linked import Engine
    from ._sources import SourceLike
    from ._writer import Fst24Writer


@overload
def open(  # noqa: A001
    source: SourceLike | list[SourceLike],
    mode: Literal["r"] = ...,
    *,
    engine: Engine = ...,
    mmap: bool | None = ...,
    mmap_threshold: int = ...,
    missing: float | str | None = ...,
) -> Fst24File: ...
@overload
def open(  # noqa: A001
    source: SourceLike,
    mode: Literal["w", "x", "a"],
    *,
    backend: Literal["XDF", "RSF"] | None = ...,
    parallel: bool = ...,
    segment_size_mb: int | None = ...,
    sync: bool = ...,
    missing: float | str | None = ...,
) -> Fst24Writer: ...
def open(  # noqa: A001 - fst24.open is the promised name
    source: SourceLike | list[SourceLike],
    mode: str = "r",
    *,
    engine: Engine = "native",
    mmap: bool | None = None,
    mmap_threshold: int = MMAP_THRESHOLD,
    missing: float | str | None = None,
    backend: Literal["XDF", "RSF"] | None = None,
    parallel: bool = False,
    segment_size_mb: int | None = None,
    sync: bool = True,
) -> Fst24File:
    """Open a standard file for reading or writing, or several linked ones for reading.

    The container (XDF or RSF) is recognised from the bytes. What is wrong with a file and can be
    lived with (a dead writer left it open, say) gives a `Fst24Warning` and the readable records.

    Parameters
    ----------
    source : path, list of paths, bytes-like or file object
        A list opens its files as one, in that order. Bytes are the content of a file, not its
        name, and must not change while it is open. File objects are binary and can seek; they are
        read under a lock and stay open when the `Fst24File` is closed. A forked process must not
        use what was opened from one: it shares the position with its parent, and a lock that
        another thread held then is never freed. Let the child open the file itself. Addresses
        (``s3://...``) need fsspec, which makes them file objects.
    mode : {"r", "w", "x", "a"}
        For reading; for writing: a new file that takes the place of ``source`` when it is closed
        ("w"; an exception in a ``with`` leaves the old file untouched), the same where no file may
        be ("x"), or in place: add to a file, edit it, or begin one ("a").
    engine : {"native", "librmn"}
        Our own library, or a system librmn of version 20 or later, for cross-checks.
    mmap : bool, optional
        Map the file, so that plain values of RSF are views without a copy; a process that touches a
        view after somebody cut the file short is ended by the system. By default files from
        ``mmap_threshold`` bytes on (1 GiB) are mapped.
    mmap_threshold : int
        Size from which on a file is mapped.
    missing : float or str, optional
        What stands at missing points (data types with +64): by default NaN in floats and the
        reference's special value in integers; ``"reference"``: the reference's in all;
        ``"stored"``: the replacement that the file holds; or a number (integers that cannot be it
        get the reference's).
    backend : {"XDF", "RSF"}, optional
        Container of a new file; by default what ``FST_OPTIONS`` says (BACKEND), else XDF. A file
        that is there keeps its own.
    parallel : bool
        Mode "a", RSF: share the file with other writers, in this process and in others.
    segment_size_mb : int, optional
        Room that a parallel writer reserves at a time; by default SEGMENT_SIZE_MB of
        ``FST_OPTIONS``, else 1000.
    sync : bool
        Wait until the bytes are on disk when the file is flushed or closed.

    Returns
    -------
    Fst24File
        With the modes that write an `Fst24Writer`.

    Raises
    ------
    FileNotFoundError, PermissionError, IsADirectoryError, OSError
        As from the system; all are `Fst24Error` too.
    NotFstError
        Not a standard file; the message says what it is.
    TruncatedFileError, CorruptFileError, UnsupportedError
        No record can be trusted.
    FileLockedError
        Somebody else writes to the file, or died while writing to it.

    >>> with fst24.open(sample) as f:
    ...     tt = f.find(nomvar="TT")
    ...     tt.data.shape, tt.data.flags.f_contiguous
    ((42, 34), True)
    """
    if mode != "r":
        from ._writer import open_writer

        return open_writer(
            source,
            mode,
            backend=backend,
            parallel=parallel,
            segment_size_mb=segment_size_mb,
            sync=sync,
            missing=missing,
        )
    if backend is not None or parallel or segment_size_mb is not None:
        raise InvalidArgumentError(
            "backend, parallel and segment_size_mb are for writing: mode='w'"
        )
    opened = Fst24File(
        source, engine=engine, mmap=mmap, mmap_threshold=mmap_threshold, missing=missing
    )
    try:
        for warning in opened.warnings:
            warnings.warn(warning, stacklevel=2)
    except Warning:  # those who made warnings errors get no file
        opened.close()
        raise
    return opened
