"""The arrays that the reference was given, encoded by us: the bytes that it stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

import fst24
from tests.support.payload import are_alike, words

from .manifests import Manifest, manifests
from .test_golden import load_generator

if TYPE_CHECKING:
    from collections.abc import Iterator

GENERATOR = load_generator()
MADE = [m for m in manifests("codec") if "asked" in m.content["fields"]]


def given(row: dict[str, Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
    """The array that the reference was given, and where it was missing."""
    datyp, bits, nbits, kind, content, seed = row["asked"]
    shape = (row["ni"], row["nj"], row["nk"])
    array = GENERATOR.make_input(content, seed, kind, bits, nbits, shape)
    if not datyp & 64:
        return array, None
    special = GENERATOR.MISSING_VALUE[kind, bits]
    return array, np.asfortranarray(array == array.dtype.type(special))


def why_not(row: dict[str, Any]) -> str | None:
    """Why a record is not the same bytes: what the reference stores wrongly, or as it likes."""
    datyp, bits, nbits, _, content, _ = row["asked"]
    base, turbo = datyp & 63, bool(datyp & 128)
    if base == 1 and turbo and nbits < 16:
        return "D1: the reference misreads it; type 1 with the same bits and values is stored"
    if base == 2 and turbo and bits == 8:
        return "D6, D8: 8-bit values, compressed, spoil their neighbours or the reader's memory"
    if base == 6 and content == "denormal":
        return "D15: denormal values; they decode to the same"
    if base == 6 and datyp & 64 and row["ni"] * row["nj"] * row["nk"] == 1:
        return "a plug without any value below it: any will do"
    return None


def rewritten(
    manifest: Manifest, tmp_path: Path
) -> Iterator[tuple[dict[str, Any], fst24.Fst24Record, fst24.Fst24Record, bool]]:
    """For each record what was asked, ours, theirs, and whether the payloads are alike."""
    backend = manifest.content["backend"]
    (golden,) = manifest.files(tmp_path)
    path = tmp_path / "ours.fst"
    rows = []
    with fst24.open(path, "w", backend=backend) as f:
        for row in manifest.records:
            datyp, _, nbits, *_ = row["asked"]
            if (datyp, nbits) == (129, 1) or (datyp == 3 and row["nk"] > 1):
                continue  # refused, see test_writer.py
            array, mask = given(row)
            f.write(array, mask=mask, nomvar="X", datyp=datyp, nbits=nbits)
            rows.append(row)
    theirs, ours = Path(golden).read_bytes(), path.read_bytes()
    with fst24.open(path, missing="stored") as new, fst24.open(golden, missing="stored") as old:
        for one, row in zip(new, rows, strict=True):
            like = old[row["pos"]]
            payloads = [
                words(c, r.offset, r.nbytes, backend) for c, r in ((ours, one), (theirs, like))
            ]
            same_type = (one.datyp, one.nbits) == (like.datyp, like.nbits)
            yield row, one, like, same_type and are_alike(*payloads)


@pytest.mark.parametrize("manifest", MADE, ids=[m.name for m in MADE])
def test_encoding_what_the_reference_encoded_gives_its_bytes(
    manifest: Manifest, tmp_path: Path
) -> None:
    wrong = []
    for row, one, like, alike in rewritten(manifest, tmp_path):
        if alike:
            continue
        if why_not(row) is None:
            wrong.append((row["pos"], row["asked"]))
        elif row["asked"][0] & 63 != 1 and one.data.dtype == like.data.dtype:
            array, mask = given(row)
            del array
            keep = slice(None) if mask is None else ~mask.reshape(one.data.shape, order="F")
            if not np.array_equal(one.data[keep], like.data[keep]):
                wrong.append((row["pos"], row["asked"]))
    assert wrong == []


def test_nearly_all_records_are_the_same_bytes(tmp_path: Path) -> None:
    n_alike = n = 0
    for k, manifest in enumerate(MADE):
        place = tmp_path / str(k)
        place.mkdir()
        for *_, alike in rewritten(manifest, place):
            n, n_alike = n + 1, n_alike + alike
    assert n > 7000
    assert n_alike > 0.97 * n
