"""Files of `files` as Datasets."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Protocol

import pytest

import fst24
from tests.conformance.xarray import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Opener(Protocol):
    """Opens a file, and keeps what was warned of."""

    told: list[str]

    def __call__(self, source: Any, **options: Any) -> Any: ...


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture
def made(tmp_path: Path) -> Callable[[files.Maker], Path]:
    """A file that a function of the test writes."""

    def make(maker: files.Maker) -> Path:
        path = tmp_path / "made.fst"
        out = files.Out(path)
        with out.file:
            maker(out)
        return path

    return make


@pytest.fixture
def opened(folder: Path) -> Iterator[Opener]:
    """Opens a path, or a file of `files.FILES` by its name; all are closed in the end."""
    datasets: list[Any] = []

    class Opening:
        def __init__(self) -> None:
            self.told: list[str] = []

        def __call__(self, source: Any, **options: Any) -> Any:
            if isinstance(source, str) and source in files.FILES:
                source = files.make(source, folder)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                datasets.append(fst24.to_xarray(source, **options))
            assert all(issubclass(w.category, fst24.Fst24Warning) for w in caught), caught
            self.told += [str(w.message) for w in caught]
            return datasets[-1]

    yield Opening()
    for ds in datasets:
        ds.close()
