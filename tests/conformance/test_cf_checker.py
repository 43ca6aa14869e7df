"""What `write_netcdf` makes of golden files passes the CF checker without errors.

The checker's own tables are used (CF-1.11, standard names of version 93): nothing is fetched.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import fst24
from fst24.xarray import to_xarray
from fst24.xarray._netcdf import write_netcdf
from tests.conftest import golden

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

CHECKER = Path(sys.executable).with_name("compliance-checker")
RULES = "cf:1.11"
UNPLACED = pytest.mark.filterwarnings("ignore:.*positions of fields are not known")
#: It looks for one latitude in a whole file. In a file of several grids each has its own, and CF
#: says with grid_mapping and coordinates which.
ONE_GRID = "requires exactly one variable with standard_name"


def errors(paths: Iterable[Path]) -> dict[str, list[str]]:
    """What the checker calls errors (of high priority), and what it could not check, by file."""
    report = next(iter(paths)).parent / "report.json"
    arguments = [str(CHECKER), "-t", RULES, "-f", "json_new", "-o", str(report), *map(str, paths)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert "exceptions occurred" not in done.stderr, done.stderr
    found: dict[str, Any] = json.loads(report.read_text())
    return {
        Path(path).stem: [
            f"{one['name']}: {message}"
            for one in result[RULES]["high_priorities"]
            for message in one["msgs"]
        ]
        for path, result in found.items()
    }


def checked(datasets: dict[str, xr.Dataset], place: Path) -> dict[str, list[str]]:
    """The errors of Datasets, those without any left out."""
    for name, ds in datasets.items():
        write_netcdf(ds, place / f"{name}.nc", attributes={"title": name})
    paths = [place / f"{name}.nc" for name in datasets]
    return {name: found for name, found in errors(paths).items() if found}


MODEL = {
    "gem": ["gem-2024051712_000", "gem-2024051712_003", "gem-2024051712_006"],
    "press": ["press-2024051712_000", "press-2024051712_003"],
    "yy": ["yy-2024051712_000", "yy-2024051712_003"],
    "ens": [
        f"ens-2024051712_{hour}_{member:03}" for hour in ("000", "003") for member in (1, 2, 3)
    ],
}


def model(name: str, **options: Any) -> xr.Dataset:
    return to_xarray([str(golden(f"model/{one}.fst")) for one in MODEL[name]], **options)


def test_the_golden_model_files_have_no_errors(tmp_path: Path) -> None:
    assert checked({name: model(name) for name in MODEL}, tmp_path) == {}


@pytest.mark.parametrize(
    "options",
    [
        {"bounds": True},
        {"ensemble": True},
        {"rpnstd_metadata": True, "language": "fr"},
        {"diag": "split"},
        {"subgrid": "yin"},
        {"masks": "separate"},
    ],
    ids=str,
)
def test_options_bring_no_errors(tmp_path: Path, options: dict[str, Any]) -> None:
    assert checked({name: model(name, **options) for name in MODEL}, tmp_path) == {}


@UNPLACED
def test_every_grid_alone_has_no_errors(tmp_path: Path) -> None:
    path = str(golden("grids/xdf-grids.fst"))
    with fst24.open(path) as f:
        labels = sorted({r.etiket for r in f if not fst24.is_descriptor(r.nomvar)})
    datasets = {label: to_xarray(path, select={"etiket": label}, bounds=True) for label in labels}
    assert len(datasets) > 30
    assert checked(datasets, tmp_path) == {}


@UNPLACED
@pytest.mark.parametrize(
    "name", ["vertical/xdf-vertical", "fields/rsf-extended", "fields/rsf-mask"]
)
def test_files_of_many_grids_have_no_other_errors(tmp_path: Path, name: str) -> None:
    found = checked({"file": to_xarray(str(golden(f"{name}.fst")))}, tmp_path)
    assert [message for message in found.get("file", []) if ONE_GRID not in message] == []
