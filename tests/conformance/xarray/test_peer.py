"""A Dataset is what fstd2nc makes of the same file, but for what is meant to differ."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import fst24
from tests.conformance.xarray import files, summary
from tests.conformance.xarray.cases import CASES, REAL_CASES, REAL_FILES, Case
from tests.conformance.xarray.compare import Finding, compare
from tests.conformance.xarray.differences import DIFFERENCES, Difference
from tests.conftest import golden
from tests.golden.manifests import REAL

REFERENCES: dict[str, Any] = {}
for _path in sorted((Path(__file__).parent / "references").glob("*.json")):
    REFERENCES.update(json.loads(_path.read_text(encoding="utf-8")))
ANSWERED = [name for name in CASES if "error" not in REFERENCES[name]]


def summarised(paths: list[str], options: dict[str, Any]) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fst24.Fst24Warning)
        with fst24.to_xarray(paths if len(paths) > 1 else paths[0], **options) as ds:
            return summary.of_dataset(ds)


def dataset(case: Case, folder: Path) -> dict[str, Any]:
    paths = [golden(name) if "/" in name else files.make(name, folder) for name in case.files]
    return summarised([str(path) for path in paths], case.ours)


@cache
def findings(name: str, folder: Path) -> list[Finding]:
    return compare(REFERENCES[name], dataset(CASES[name], folder))


def unexplained(name: str, found: list[Finding]) -> str:
    return "\n".join(str(f) for f in found if not any(d.covers(name, f) for d in DIFFERENCES))


@pytest.mark.parametrize("name", ANSWERED)
def test_a_dataset_is_theirs_but_for_what_is_meant(name: str, folder: Path) -> None:
    assert not unexplained(name, findings(name, folder))


@pytest.mark.parametrize("name", [n for n in CASES if n not in ANSWERED])
def test_a_file_that_they_fail_on_is_opened(name: str, folder: Path) -> None:
    assert dataset(CASES[name], folder)["data"]


@pytest.mark.parametrize(
    "difference",
    [d for d in DIFFERENCES if not d.cases.startswith("real-")],
    ids=lambda d: f"{d.where} {d.cases}"[:60],
)
def test_what_is_meant_to_differ_does(difference: Difference, folder: Path) -> None:
    assert any(
        difference.covers(name, finding) for name in ANSWERED for finding in findings(name, folder)
    )


@pytest.mark.skipif(
    not REAL.is_dir(), reason="real files are not part of the repository (FST24_GOLDEN_REAL)"
)
@pytest.mark.parametrize(("case", "real"), list(zip(REAL_CASES, REAL_FILES, strict=True)))
def test_axes_of_real_files_are_theirs(case: Case, real: str, folder: Path) -> None:
    path = files.with_fields(REAL / real, folder)
    found = compare(REFERENCES[case.name], summarised([str(path)], case.ours))
    assert not unexplained(case.name, found)
