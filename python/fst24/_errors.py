"""What can go wrong, as exceptions: each is an `Fst24Error` and the builtin people would catch."""

from __future__ import annotations

import errno as _errno
import os
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: A path longer than this is not repeated in the advice at the end of a message.
_LONG_PATH = 120


class Fst24Error(Exception):
    """The root of all errors of this package.

    Attributes
    ----------
    path : str or None
        The file that was being used.
    record : int or None
        The record, counted from 0 in that file.
    offset : int or None
        The byte in that file, where it is known.
    """

    path: str | None = None
    record: int | None = None
    offset: int | None = None

    def __reduce__(self) -> tuple[Callable[..., Fst24Error], tuple[Any, ...]]:
        place = {"path": self.path, "record": self.record, "offset": self.offset}
        return _rebuilt, (type(self), self.args, place)


def _rebuilt(kind: type[Fst24Error], args: tuple[Any, ...], place: dict[str, Any]) -> Fst24Error:
    error = kind(*args)
    error.__dict__.update(place)
    return error


class InvalidArgumentError(Fst24Error, ValueError):
    """An argument that cannot be meant: a mistake of the caller."""


class NotFstError(Fst24Error, ValueError):
    """Not a standard file; the message says what it is instead."""


class TruncatedFileError(Fst24Error, EOFError):
    """The file ends before what its directory promises."""


class CorruptFileError(Fst24Error, ValueError):
    """The bytes contradict the format."""


class UnsupportedError(Fst24Error, NotImplementedError):
    """Of the format, but not read by this version."""


class RecordNotFoundError(Fst24Error, IndexError):
    """No such record (an `IndexError`, so also a `LookupError`)."""


class ClosedFileError(Fst24Error, ValueError):
    """The file was closed."""


class MemoryLimitError(Fst24Error, MemoryError):
    """An array would go over the limit of `set_memory_limit`; nothing was allocated."""


class OutOfMemoryError(Fst24Error, MemoryError):
    """The system has no memory left."""


class EncodingError(Fst24Error, ValueError):
    """A value or a text that the format cannot keep."""


class FstOSError(Fst24Error, OSError):
    """The system refused; ``errno``, ``strerror`` and ``filename`` as in any `OSError`.

    Where Python has a class of its own for the reason, so have we: a missing file raises an error
    that is a `FileNotFoundError` too.
    """

    _said: str | None = None

    def __str__(self) -> str:
        return self._said or super().__str__()

    def __reduce__(self) -> tuple[Callable[..., Fst24Error], tuple[Any, ...]]:
        place = {"path": self.path, "record": self.record, "offset": self.offset}
        place["_said"] = self._said
        # OSError drops the name from its args, and has no errno where it was given a message alone.
        args = self.args if self.errno is None else (self.errno, self.strerror, self.filename)
        return _rebuilt, (type(self), args, place)


class FstFileNotFoundError(FstOSError, FileNotFoundError):
    """There is no such file."""


class FstPermissionError(FstOSError, PermissionError):
    """The file may not be read."""


class FstIsADirectoryError(FstOSError, IsADirectoryError):
    """A directory, not a file."""


class FstFileExistsError(FstOSError, FileExistsError):
    """A new file was asked for, and there is one of that name."""


class FileLockedError(FstOSError):
    """Somebody else writes to the file, or died while writing to it."""


class FileChangedError(FstOSError):
    """The file on disk is no longer the one that was opened."""


class Fst24Warning(UserWarning):
    """Something that is wrong with a file and that reading could live with.

    Attributes ``path``, ``record`` and ``offset`` as in `Fst24Error`; ``errors`` are those of files
    that `scan` left out.
    """

    path: str | None = None
    record: int | None = None
    offset: int | None = None
    errors: tuple[Fst24Error, ...] = ()


#: By f24_status, whose numbers never change (fst24.h); below 0 what only the extension knows.
_EIO, _ECHANGED, _ELOCKED = 1, 9, 10
_CLASSES: dict[int, type[Fst24Error]] = {
    2: OutOfMemoryError,
    3: InvalidArgumentError,
    4: NotFstError,
    5: TruncatedFileError,
    6: CorruptFileError,
    7: UnsupportedError,
    8: RecordNotFoundError,
    11: EncodingError,
    -1: ClosedFileError,
    -2: MemoryLimitError,
}
_OS_CLASSES: dict[int, type[FstOSError]] = {
    _errno.ENOENT: FstFileNotFoundError,
    _errno.ENOTDIR: FstFileNotFoundError,
    _errno.EACCES: FstPermissionError,
    _errno.EPERM: FstPermissionError,
    _errno.EISDIR: FstIsADirectoryError,
    _errno.EEXIST: FstFileExistsError,
}
#: Failures that a look at the whole file explains.
_WANT_CHECK = (TruncatedFileError, CorruptFileError)


def described(message: str, path: str | None, record: int | None, offset: int | None) -> str:
    """A message with its place: file, record, offset.

    >>> described("the header is not one", "a.fst", 3, 1024)
    'a.fst: record 3 at byte 1024: the header is not one'
    """
    place = " at ".join(
        ([] if record is None else [f"record {record}"])
        + ([] if offset is None else [f"byte {offset}"])
    )
    return ": ".join(part for part in (path, place, message) if part)


def _advice(path: str | None) -> str:
    """The command that tells more about a file."""
    # "<bytes>" is no file to check.
    short = path is not None and len(path) <= _LONG_PATH and path.isprintable() and path[:1] != "<"
    return f" (`fst24 check {shlex.quote(path) if path and short else 'FILE'}` looks at all of it)"


def unreadable(cause: BaseException) -> str:
    """What is said when a file object raises.

    >>> unreadable(TimeoutError())
    'the file object cannot be read: TimeoutError'
    """
    return f"the file object cannot be read: {str(cause) or type(cause).__name__}"


def make_error(
    kind: type[Fst24Error],
    message: str,
    *,
    path: str | None = None,
    record: int | None = None,
    offset: int | None = None,
) -> Fst24Error:
    """An exception with its place filled in and said."""
    text = described(message, path, record, offset)
    if issubclass(kind, _WANT_CHECK):
        text += _advice(path)
    error = kind(text)
    error.path, error.record, error.offset = path, record, offset
    return error


def make_warning(told: tuple[str, int, int, str], path: str) -> Fst24Warning:
    """A warning of the library, ``(status, record, offset, message)``, as Python's."""
    _, record, offset, message = told
    place = record if record >= 0 else None, offset if offset >= 0 else None
    warning = Fst24Warning(described(message, path, *place))
    warning.path, (warning.record, warning.offset) = path, place
    return warning


def make_os_error(
    number: int, message: str, path: str | None, *, kind: type[FstOSError] | None = None
) -> FstOSError:
    """The `OSError` for a system call that failed."""
    kind = kind or _OS_CLASSES.get(number, FstOSError)
    error = kind(number, os.strerror(number) if number else message, path)
    error.path = path
    error._said = described(message, path, None, None)  # noqa: SLF001 - one of ours
    return error


def from_core(  # noqa: PLR0917 - the extension calls it so
    status: int,
    number: int,
    record: int,
    offset: int,
    message: str,
    path: str | None,
    cause: BaseException | None = None,
) -> Fst24Error:
    """The exception for a failure of the library, called by the extension.

    ``cause`` is what a file object raised, which says more than the library can know.
    """
    if status == _EIO:
        if cause is not None:
            message = unreadable(cause)
        error: Fst24Error = make_os_error(number, message, path)
        error.record = record if record >= 0 else None
        error.offset = offset if offset >= 0 else None
        return error
    if status == _ECHANGED:
        return make_os_error(_errno.ESTALE, message, path, kind=FileChangedError)
    if status == _ELOCKED:
        return make_os_error(_errno.EAGAIN, message, path, kind=FileLockedError)
    return make_error(
        _CLASSES.get(status, Fst24Error),
        message,
        path=path,
        record=record if record >= 0 else None,
        offset=offset if offset >= 0 else None,
    )
