"""Every record of every golden file comes out as the reference library reads it, bit for bit."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24

from .manifests import (
    GROUPS,
    HERE,
    NOT_METADATA,
    REAL,
    RENAMED,
    Manifest,
    digest,
    manifests,
    real_manifests,
)

if TYPE_CHECKING:
    from types import ModuleType

ALL = manifests(*GROUPS)
VALUED = [m for m in ALL if "sha256" in m.content["fields"]]
MISSING = [m for m in ALL if "missing" in m.content["fields"]]
MISREAD = [m for m in ALL if "within" in m.content["fields"]]


def each(sets: list[Manifest]) -> pytest.MarkDecorator:
    """One test for each manifest, named after it."""
    return pytest.mark.parametrize("manifest", sets, ids=[m.name for m in sets])


def load_generator() -> ModuleType:
    """The script that made the files: it also knows what the encoder was given."""
    spec = importlib.util.spec_from_file_location(
        "golden_generate", Path(__file__).parent / "generate.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seen_metadata(record: fst24.Fst24Record, fields: list[str]) -> dict[str, Any]:
    """What a record says of itself, under the names that the manifest uses."""
    return {name: getattr(record, RENAMED.get(name, name)) for name in fields}


def test_every_set_of_the_index_is_here() -> None:
    index = json.loads((HERE / "INDEX.json").read_text(encoding="utf-8"))
    wanted = {e["name"] for e in index["entries"] if not e["name"].startswith(("bad/", "real/"))}
    assert {manifest.name for manifest in ALL} == wanted


@each(ALL)
def test_the_files_are_those_that_the_manifest_describes(
    manifest: Manifest, tmp_path: Path
) -> None:
    expected = manifest.content["sha256"]
    found = [
        hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in manifest.files(tmp_path)
    ]
    assert found == ([expected] if isinstance(expected, str) else expected)


@each(ALL)
def test_every_record_is_listed_with_its_metadata(manifest: Manifest, tmp_path: Path) -> None:
    names = [name for name in manifest.content["fields"] if name not in NOT_METADATA]
    with fst24.open(manifest.source(tmp_path)) as f:
        assert len(f) == manifest.content["num_records"]
        found = [seen_metadata(record, names) for record in f]
        places = [record.index for record in f]
    assert found == [{name: record[name] for name in names} for record in manifest.records]
    assert places == list(range(len(found)))


@each([m for m in ALL if isinstance(m.content["file"], str)])
def test_the_container_is_recognised_from_its_bytes(manifest: Manifest, tmp_path: Path) -> None:
    with fst24.open(manifest.source(tmp_path)) as f:
        assert f.backend == manifest.content["backend"]


@each([m for m in ALL if isinstance(m.content["file"], list)])
def test_records_of_linked_files_keep_the_order_of_the_files(
    manifest: Manifest, tmp_path: Path
) -> None:
    paths = manifest.files(tmp_path)
    with fst24.open(paths) as f:
        found = [(str(record.path), record.file_index) for record in f]
    assert found == [(paths[record["part"]], record["file_index"]) for record in manifest.records]


@each(VALUED)
def test_every_value_is_what_the_reference_reads(manifest: Manifest, tmp_path: Path) -> None:
    with fst24.open(manifest.source(tmp_path), missing="reference") as f:
        wrong = [r for r, e in zip(f, manifest.records, strict=True) if not is_right(r.data, e)]
    assert wrong == []


@each(VALUED)
def test_many_records_read_at_once_are_the_same(manifest: Manifest, tmp_path: Path) -> None:
    with fst24.open(manifest.source(tmp_path), missing="reference") as f:
        arrays = f.read(f.read_records(), threads=2)
    pairs = zip(arrays, manifest.records, strict=True)
    assert [e["pos"] for array, e in pairs if not is_right(array, e)] == []


@each(MISSING)
def test_missing_points_are_counted_and_become_nan(manifest: Manifest, tmp_path: Path) -> None:
    with fst24.open(manifest.source(tmp_path)) as f:
        for record, expected in zip(f, manifest.records, strict=True):
            if expected["missing"] is None:
                assert record.mask is None
                continue
            mask = record.mask
            assert mask is not None
            assert mask.shape == record.data.shape
            assert int(mask.sum()) == expected["missing"]
            if record.data.dtype.kind == "f":
                assert np.array_equal(np.isnan(record.data), mask)


@each(MISSING)
def test_the_stored_replacements_can_be_seen(manifest: Manifest, tmp_path: Path) -> None:
    wrong = []
    with fst24.open(manifest.source(tmp_path), missing="stored") as f:
        for record, expected in zip(f, manifest.records, strict=True):
            values = record.data
            if (record.datyp, record.nbits, expected["data_bits"]) == (194, 16, 32):
                # The reference extends the sign of 16-bit tokens (codecs.md, D7); ours are right.
                values = values.astype(np.int16).astype(np.int32).view(np.uint32)
            if digest(values) != (expected["sha256_off"] or expected["sha256"]):
                wrong.append(record)
    assert wrong == []


@each(MISREAD)
def test_what_the_reference_misreads_comes_within_the_packing_error(
    manifest: Manifest, tmp_path: Path
) -> None:
    make_input = load_generator().make_input
    with fst24.open(manifest.source(tmp_path)) as f:
        for record, expected in zip(f, manifest.records, strict=True):
            _, bits, nbits, kind, content, seed = expected["asked"]
            shape = (record.ni, record.nj, record.nk)
            given = make_input(content, seed, kind, bits, nbits, shape)
            distance = np.abs(
                record.data.reshape(shape, order="F").astype(float) - given.astype(float)
            )
            assert distance.max() <= expected["within"], f"record {record.index}"


def test_extended_metadata_is_the_json_that_was_written(tmp_path: Path) -> None:
    (manifest,) = (m for m in ALL if m.name == "fields/rsf-extended")
    with fst24.open(manifest.source(tmp_path)) as f:
        found = [record.metadata for record in f]
    wanted = [json.loads(r["metadata"] or "{}") for r in manifest.records]
    assert found == wanted


@pytest.mark.skipif(
    not REAL.is_dir(), reason="real files are not part of the repository (FST24_GOLDEN_REAL)"
)
@each(real_manifests() or [Manifest("real/none", {"fields": [], "records": []}, REAL)])
def test_real_files_read_as_the_reference_reads_them(manifest: Manifest, tmp_path: Path) -> None:
    names = [name for name in manifest.content["fields"] if name not in NOT_METADATA]
    with fst24.open(manifest.source(tmp_path), missing="reference") as f:
        found = [seen_metadata(record, names) | {"sha256": digest(record.data)} for record in f]
    assert found == [{name: r[name] for name in [*names, "sha256"]} for r in manifest.records]


def is_right(values: np.ndarray[Any, Any], expected: dict[str, Any]) -> bool:
    """Whether values are, bit for bit, what the manifest wants.

    Compressed R below 16 bits is compared with what the encoder was given where it differs: there
    the reference takes tokens of the wrong width (codecs.md, D1), and what it read is no truth.
    """
    # Packed bits are given as the 32-bit words that hold them.
    dtype = "uint32" if expected["dtype"] == "packed" else expected["dtype"]
    if values.dtype.name != dtype:
        return False
    if digest(values) == expected["sha256"]:
        return True
    return expected["data_type"] == 129 and expected["pack_bits"] < 16 and is_near(values, expected)


def is_near(values: np.ndarray[Any, Any], expected: dict[str, Any]) -> bool:
    """Whether packed values are within one step of what the encoder was given."""
    _, bits, nbits, kind, content, seed = expected["asked"]
    shape = (expected["ni"], expected["nj"], expected["nk"])
    given = load_generator().make_input(content, seed, kind, bits, nbits, shape).astype(float)
    spread = float(given.max() - given.min())
    step = 2.0 ** (np.floor(np.log2(spread)) + 1) / 2.0**nbits
    # The header of R has no denormal minimum: 0 stands for it.
    lost = np.finfo(np.float32).tiny if spread < np.finfo(np.float32).tiny else 0.0
    return bool(np.abs(values.reshape(shape, order="F") - given).max() <= step + lost)
