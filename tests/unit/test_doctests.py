"""Examples in docstrings run as they stand."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24

if TYPE_CHECKING:
    from pathlib import Path

MODULES = [
    "fst24",
    "fst24.grid",
    "fst24.vertical",
    *(
        f"{package.__name__}.{module.name}"
        for package in (fst24, fst24.compare, fst24.grid, fst24.table, fst24.vertical)
        for module in pkgutil.iter_modules(package.__path__)
        if not module.ispkg and module.name not in ("_core", "__main__")
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings_hold(name: str, gem: Path, gem_rsf: Path, tmp_path: Path) -> None:
    module = importlib.import_module(name)
    found = doctest.testmod(
        module,
        extraglobs={
            "fst24": fst24,
            "np": np,
            "sample": str(gem),
            "sample_later": str(gem_rsf),
            "new_file": str(tmp_path / "new.fst"),
        },
        optionflags=doctest.NORMALIZE_WHITESPACE,
    )
    assert found.failed == 0
