"""The ``fst24`` command: one module for each sub-command, imported when it is called."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import signal
import sys
import traceback
from typing import NoReturn

import click

#: Sub-commands, each in the module of its name.
COMMANDS = (
    *("ls", "vars", "info", "stat", "check", "diff", "ip", "date"),
    *("cp", "set", "rm", "repack", "crop", "dump", "repair", "convert", "plot"),
)

#: The status of failure where it is not 1: fst24 diff has 1 for files that differ.
FAILED = {"diff": 2}

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Commands(click.Group):
    """A group that imports a sub-command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)  # noqa: S101 - a mistake of ours, not of users
        return command


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if not value:
        return
    import fst24

    click.echo(f"fst24 {fst24.__version__}")
    ctx.exit()


@click.command(cls=_Commands, context_settings=SETTINGS)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Read RPN standard files (FST), XDF and RSF.

    Exit status: 0 when everything was done, 1 when a file or a record could not be read (the others
    are done all the same), 2 when the command was not understood. fst24 diff has its own.
    """


def main() -> None:
    """Run the command line, as any tool of a pipe: ``| head`` ends it without a word."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if sys.stdout is None:  # started with >&-
        _output_failed(os.strerror(errno.EBADF))
    try:
        cli(prog_name="fst24")
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        # What fails with a file says which one and is dealt with where it is opened.
        if error.filename is not None:
            raise
        # What is left in the buffer would fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _output_failed(error.strerror or str(error))
    except Exception:  # noqa: BLE001 - a mistake of ours: it must not look like a result
        traceback.print_exc()
        sys.exit(_failed())


def _failed() -> int:
    """The exit status that says: it could not be done."""
    return FAILED.get(sys.argv[1] if len(sys.argv) > 1 else "", 1)


def _output_failed(why: str) -> NoReturn:
    """End because nobody can be told the results: a full disk, say."""
    with contextlib.suppress(OSError):  # standard error may be on the same disk
        click.echo(f"fst24: standard output: {why}", err=True)
    sys.exit(_failed())
