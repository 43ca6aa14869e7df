"""The command as a whole."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import fst24.cli

if TYPE_CHECKING:
    from .conftest import Run


def test_help_names_every_sub_command(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in fst24.cli.COMMANDS)


@pytest.mark.parametrize("name", fst24.cli.COMMANDS)
def test_every_sub_command_has_help(run: Run, name: str) -> None:
    done = run(name, "--help")
    assert done.returncode == 0
    assert f"Usage: fst24 {name} [OPTIONS] " in done.stdout


def test_version(run: Run) -> None:
    assert run("--version").stdout.split() == ["fst24", fst24.__version__]


def test_an_unknown_sub_command_gives_2(run: Run) -> None:
    assert run("lost").returncode == 2


COMMANDS = ["--help", "ls FILE", "ls FILE FILE", "info FILE FILE", "stat FILE", "check FILE"]
COMMANDS += ["diff FILE FILE", "diff FILE FILE --all", "ip 850", "date 473303600"]
#: Where 1 says something else.
FAILED = {"diff": 2}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_full_disk_is_said_once_and_ends_it(model: Path, arguments: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fst24.cli", *arguments.replace("FILE", str(model)).split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == FAILED.get(arguments.split(maxsplit=1)[0], 1)
    assert done.stderr == f"fst24: standard output: {os.strerror(errno.ENOSPC)}\n"


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_closed_standard_output_is_said(model: Path, arguments: str) -> None:
    line = f'"$0" -m fst24.cli {arguments.replace("FILE", str(model))} >&-'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable], stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == FAILED.get(arguments.split(maxsplit=1)[0], 1)
    assert done.stderr == f"fst24: standard output: {os.strerror(errno.EBADF)}\n"


def test_help_imports_nothing_heavy() -> None:
    """Help and completion must answer at once."""
    code = (
        "import sys; from fst24.cli import cli\n"
        "try: cli(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'polars', 'xarray', 'pandas', 'matplotlib', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("name", ["ip", "date"])
def test_the_examples_of_help_hold(run: Run, name: str) -> None:
    examples = re.findall(
        rf"^ +fst24 {name} (.+?) {{2,}}(.+)$", run(name, "--help").stdout, re.MULTILINE
    )
    shown = {w: answer.removesuffix(", a line each").split(" and ") for w, answer in examples}
    assert len(shown) >= 4
    for words, answers in shown.items():
        assert run(name, *words.split()).stdout.splitlines() == answers
