"""The few settings of the process: array memory and threads."""

from __future__ import annotations

import operator
import os
import threading

from . import _core
from ._errors import InvalidArgumentError
from ._metadata import MemoryUsage, ThreadSettings

#: More threads than this wait for memory, not for processors.
_MOST_DEFAULT_THREADS = 16
#: Limits are 64-bit numbers, of which the last means none.
_NO_LIMIT = 2**64 - 1


def set_memory_limit(n_bytes: int | None) -> None:
    """Limit the memory of decoded arrays, for the whole process.

    Reading what would go over the limit raises `MemoryLimitError` before anything is allocated.
    Counted is every array that this package allocates, until it and all its views are gone, and
    the freed blocks that are kept for the next array (at most 256 MiB; they are given up before a
    read fails). Views of mapped files and of your own buffers are no memory of ours.

    Parameters
    ----------
    n_bytes : int or None
        None: no limit, as at the start. Arrays that exist stay, even beyond a new limit.

    >>> set_memory_limit(16 * 1024**3)
    >>> memory_usage().limit
    17179869184
    >>> set_memory_limit(None)
    """
    try:
        limit = None if n_bytes is None else operator.index(n_bytes)
    except TypeError:
        message = f"a memory limit is a whole number of bytes or None, not {n_bytes!r}"
        raise TypeError(f"{message}: write 10**9 or int(1e9)") from None
    if limit is not None and not 0 <= limit < _NO_LIMIT:
        raise InvalidArgumentError(f"a memory limit of {limit} bytes; None means no limit")
    _core.set_memory_limit(limit)


def memory_usage() -> MemoryUsage:
    """What decoded arrays take now, in bytes: ``used``, ``pooled``, ``limit``."""
    return MemoryUsage(*_core.memory_usage())


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


class _Threads:
    """The settings of `enable_thread_safety`, behind their lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: int | None = None
        self._librmn_locks = False

    def enable(self, threads: int | None) -> ThreadSettings:
        with self._lock:
            self._librmn_locks = True
            if threads is not None:
                self._threads = threads
        return self.now()

    def now(self) -> ThreadSettings:
        with self._lock:
            default = min(_MOST_DEFAULT_THREADS, _processors())
            return ThreadSettings(self._threads or default, self._librmn_locks)


_THREADS = _Threads()


def thread_settings() -> ThreadSettings:
    """The settings in force, changed by nothing but `enable_thread_safety`."""
    return _THREADS.now()


def enable_thread_safety(*, threads: int | None = None) -> ThreadSettings:
    """Say that several threads will read, and get the settings in force.

    Files opened with the native engine may always be read by any number of threads, and closed
    under them: there is nothing to switch on. A system librmn (``engine="librmn"``) is not safe:
    from now on its calls are locked, one lock for each RSF file and one for all XDF files; before,
    reading from a second thread raises.

    Parameters
    ----------
    threads : int, optional
        How many threads `Fst24File.read` uses when it is not told. At first one for each
        processor, up to 16.

    Returns
    -------
    ThreadSettings
        ``threads`` and ``librmn_locks``.
    """
    if threads is not None and threads < 1:
        raise InvalidArgumentError(f"{threads} threads: at least one is needed")
    return _THREADS.enable(threads)
