"""The command as a whole."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import fst24

if TYPE_CHECKING:
    from .conftest import Run


def test_help_names_every_sub_command(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("ls", "info", "stat"))


@pytest.mark.parametrize("name", ["ls", "info", "stat"])
def test_every_sub_command_has_help(run: Run, name: str) -> None:
    done = run(name, "--help")
    assert done.returncode == 0
    assert "FILE..." in done.stdout


def test_version(run: Run) -> None:
    assert run("--version").stdout.split() == ["fst24", fst24.__version__]


def test_an_unknown_sub_command_gives_2(run: Run) -> None:
    assert run("lost").returncode == 2


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
