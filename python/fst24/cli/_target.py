"""The file that a command makes: whole or not at all, and never in the place of another unasked."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

import fst24

from ._output import complain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

Backend = Literal["XDF", "RSF"]

force_option = click.option("--force", is_flag=True, help="Replace a file that is there.")
backend_option = click.option(
    "--backend",
    type=click.Choice(["XDF", "RSF"], case_sensitive=False),
    help="Container of the new file; by default that of the old one.",
)


@contextmanager
def failing_in_one_line() -> Iterator[None]:
    """Say an error in one line and exit with 1."""
    try:
        yield
    except fst24.Fst24Error as error:
        complain(error)
        sys.exit(1)
    except OSError as error:
        if error.filename is None:  # standard output's: see main
            raise
        complain(f"{os.fsdecode(error.filename)}: {error.strerror}")
        sys.exit(1)


def open_target(path: str, *, force: bool, backend: str | None) -> fst24.Fst24Writer:
    """A standard file that takes its name when it is closed."""
    mode: Literal["w", "x"] = "w" if force else "x"
    container: Backend | None = None if backend is None else "RSF" if backend == "RSF" else "XDF"
    try:
        return fst24.open(path, mode, backend=container)
    except FileExistsError as error:
        raise exists(path) from error


def exists(path: str) -> click.UsageError:
    """The refusal to replace a file."""
    return click.UsageError(f"{click.format_filename(path)} is there: --force replaces it.")


@contextmanager
def new_file(path: str, *, force: bool) -> Iterator[BinaryIO]:
    """Any other file, made beside its name and moved there when all of it is written.

    Raises
    ------
    OSError
        The system refused; nothing is left.
    """
    target = Path(path)
    if target.is_symlink():
        target = target.resolve()
    if not force and target.exists():
        raise exists(path)
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        error.filename = path
        raise
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(_mode_of(target))
        _move(beside, target, path, force=force)
    except OSError as error:
        error.filename = path
        raise
    finally:
        beside.unlink(missing_ok=True)


def _mode_of(target: Path) -> int:
    """The permissions of the file that is replaced, or those that any new file gets."""
    if target.exists():
        return target.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _move(beside: Path, target: Path, path: str, *, force: bool) -> None:
    if force:
        beside.replace(target)
        return
    try:  # a file that was made there meanwhile is not replaced
        target.hardlink_to(beside)
    except FileExistsError as error:
        raise exists(path) from error
