"""Where test files are, for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
#: Beside the repository while files wait to be committed.
SHARED = TESTS.parents[1] / "shared" / "golden"


def golden(name: str) -> Path:
    """A file that the reference library wrote, by its name under ``tests/golden``."""
    path = GOLDEN / name
    return path if path.exists() else SHARED / name


@pytest.fixture
def gem() -> Path:
    """A small model run: XDF, 80 records, compressed and plain fields, ``>>`` ``^^`` ``!!``."""
    return golden("model/gem-2024051712_000.fst")


@pytest.fixture
def gem_rsf() -> Path:
    """The same run three hours later, as RSF."""
    return golden("model/gem-2024051712_003.fst")
