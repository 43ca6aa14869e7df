"""What users name, paths, directories and globs, to the files that are meant."""

from __future__ import annotations

import errno
import glob
import os
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

from fst24._errors import InvalidArgumentError, make_error, make_os_error
from fst24._sources import is_address, is_path
from fst24._views import EMPTY_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Files with this end are caches of ours: no file of a directory or of a glob.
CACHE_SUFFIX = ".fst24-index"
_MAGIC = frozenset("*?[")


class Named(NamedTuple):
    """A file to list."""

    #: As users see it: what they gave, or what it led to.
    path: str
    #: The same from everywhere, whatever the current directory is.
    name: str


def expand(given: Any, *, recursive: bool, must_exist: bool) -> list[Named]:  # noqa: ANN401
    """The files that ``given`` means, each once, at its first place.

    Parameters
    ----------
    given : path, glob, directory, or an iterable of these, nested or not
        A leading ``~`` is the home of a user.
    recursive : bool
        Enter the directories in a directory.
    must_exist : bool
        Raise at once for a path that leads nowhere, rather than keep it.
    """
    found: dict[str, str] = {}
    for one in _flat(given):
        for path in _files(one, recursive=recursive, must_exist=must_exist):
            found.setdefault(os.path.abspath(path), path)  # noqa: PTH100 - keeps what a name may be
    return [Named(path, name) for name, path in found.items()]


def _flat(given: Any) -> Iterator[str]:  # noqa: ANN401
    """The texts among what was given, in order."""
    if is_path(given):
        yield os.fsdecode(given)
        return
    is_bytes = isinstance(given, bytes | bytearray | memoryview)
    if is_bytes or isinstance(given, dict) or not hasattr(given, "__iter__"):
        raise TypeError(
            "scan takes a path, a glob, a directory or a list of these, "
            f"not {type(given).__name__}" + ("; bytes: fst24.open" if is_bytes else "")
        )
    for one in given:
        yield from _flat(one)


def _files(given: str, *, recursive: bool, must_exist: bool) -> Iterable[str]:
    if not given:
        raise make_os_error(errno.ENOENT, EMPTY_PATH, "")
    if is_address(given):
        message = "scan lists files of this machine: open an address with fst24.open"
        raise make_error(InvalidArgumentError, message, path=given)
    path = os.path.expanduser(given)  # noqa: PTH111 - keeps what a name may be
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except FileNotFoundError:
        is_glob = not _MAGIC.isdisjoint(path) and not os.path.lexists(path)
        if is_glob:
            return _matches(path)
        if must_exist:
            raise make_os_error(errno.ENOENT, "cannot open", given) from None
        return [path]
    except (OSError, ValueError):
        return [path]  # indexing it will tell why
    return _members(path, recursive=recursive) if stat.S_ISDIR(mode) else [path]


def _matches(pattern: str) -> list[str]:
    """The files that a glob means, sorted; ``**`` enters directories."""
    names = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - keeps what a name may be
    files = [name for name in names if not name.endswith(CACHE_SUFFIX) and not _is_dir(name)]
    if not files:
        why = "only directories match: name one of them" if names else "nothing matches"
        raise make_os_error(errno.ENOENT, f"{why} this glob", pattern)
    return files


def _is_dir(name: str) -> bool:
    return os.path.isdir(name)  # noqa: PTH112


def _members(directory: str, *, recursive: bool) -> list[str]:
    """The files in a directory, sorted by name; hidden ones and caches of ours are none."""
    files: list[str] = []
    waiting = [directory]
    while waiting:
        now = waiting.pop()
        try:
            with os.scandir(now) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting += [entry.path] if recursive else []
                    elif _is_file(entry) and not entry.name.endswith(CACHE_SUFFIX):
                        files.append(entry.path)
        except OSError as error:
            raise make_os_error(error.errno or errno.EIO, "cannot list", now) from None
    return sorted(files)


def _is_file(entry: os.DirEntry[str]) -> bool:
    """A file, or a link that leads to one or nowhere; not a pipe, a device, a directory."""
    return entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path))  # noqa: PTH110
