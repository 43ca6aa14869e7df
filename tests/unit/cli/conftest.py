"""Running the command as a user does, and the files that it is run on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

import fst24

GOLDEN = Path(__file__).parents[2] / "golden"


class Run(Protocol):
    """Run ``fst24`` with arguments, in a process of its own."""

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def run() -> Run:
    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "fst24.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"COLUMNS": "100"},
        )

    return call


@pytest.fixture
def model() -> Path:
    """80 records of a model run: hybrid levels, a rotated grid, descriptors."""
    return GOLDEN / "model" / "gem-2024051712_000.fst"


@pytest.fixture
def model_rsf() -> Path:
    """The same run three hours later, in the other container."""
    return GOLDEN / "model" / "gem-2024051712_003.fst"


@pytest.fixture
def damaged(tmp_path: Path, model: Path) -> Path:
    """The model run with record 40 overwritten."""
    with fst24.open(model) as f:
        offset = f[40].offset
    content = bytearray(model.read_bytes())
    content[offset : offset + 72] = b"\xff" * 72
    path = tmp_path / "damaged.fst"
    path.write_bytes(content)
    return path


@pytest.fixture
def longer(tmp_path: Path, model: Path) -> Path:
    """The model run with bytes behind its end: every record can be read, opening warns."""
    path = tmp_path / "longer.fst"
    path.write_bytes(model.read_bytes() + bytes(64))
    return path


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A file that is no standard file."""
    path = tmp_path / "notes.txt"
    path.write_text("no standard file, just a few words of text that go on for a while\n" * 9)
    return path
