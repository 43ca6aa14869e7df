"""The maker of test files writes what the reference wrote: payload words, and whole files.

So a file made by hand is as good as a golden one, and the two sides of the format were typed twice.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.golden.manifests import HERE, Manifest, manifests
from tests.support.fstmake import codec, record, rsf, xdf
from tests.support.fstmake.record import Record

if TYPE_CHECKING:
    from types import ModuleType

    import numpy.typing as npt

ENCODED = manifests("codec", "misread")
FIELDS = (
    *("nomvar", "typvar", "etiket", "grtyp", "datev", "deet", "npas", "ni", "nj", "nk"),
    *("ip1", "ip2", "ip3", "ig1", "ig2", "ig3", "ig4"),
)

#: Written in one session, nothing deleted or edited: they can be made again from their manifests.
PLAIN = [
    m
    for m in [*ENCODED, *manifests("container", "fields", "grids", "model", "vertical")]
    if "fields" in m.content
    and isinstance(m.content["file"], str)
    and m.name.split("-", 1)[-1]
    not in {"all-deleted", "churn", "concatenated", "deleted", "parallel", "rewritten", "sessions"}
]


def each(sets: list[Manifest]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("manifest", sets, ids=[m.name for m in sets])


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """The script that made the golden files: it knows what the encoder was given."""
    spec = importlib.util.spec_from_file_location("golden_generate", HERE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stored(file: bytes, row: dict[str, Any], backend: str) -> npt.NDArray[np.uint32]:
    """All words of a stored record, as numbers."""
    at, size = row["file_offset"], row["total_stored_bytes"]
    order = ">u4" if backend == "XDF" else "<u4"
    return np.frombuffer(file[at : at + size], order).astype(np.uint32)


def parts(
    file: bytes, row: dict[str, Any], backend: str
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Key words and payload words of a stored record."""
    words = stored(file, row, backend)
    if backend == "XDF":
        return words[2:18], words[20:]
    n_meta = int(words[0]) >> 8 & 0xFFFF
    return words[7:23], words[4 + n_meta : -3]


def differs_for_a_reason(asked: list[Any], done: codec.Stored) -> str | None:
    """The defect of the reference (codecs.md, 13) behind a payload that cannot be made again."""
    datyp, element_bits, _, _, content, _ = asked
    if content == "denormal" and datyp & 63 == 6:
        return "D15"
    if done.datyp & 63 == 2 and datyp & 128 and element_bits < 32:
        return "D6"
    if datyp & 64 and element_bits == 64 and datyp & 63 in {5, 6}:
        return "D11"
    return None


def n_bits(done: codec.Stored, n: int) -> int:
    """Significant bits of a payload: the rest of its last word means nothing."""
    plain = {1: 120 + done.nbits * n, 2: done.nbits * n, 4: done.nbits * n}
    known = plain.get(done.datyp & ~codec.MISSING, 32 * len(done.words))
    return min(known, 32 * len(done.words))


@each(ENCODED)
def test_what_the_reference_encoded_is_encoded_alike(
    manifest: Manifest, tmp_path: Path, generator: ModuleType
) -> None:
    backend = manifest.content["backend"]
    file = Path(manifest.files(tmp_path)[0]).read_bytes()
    for row in manifest.records:
        datyp, element_bits, nbits, kind, content, seed = row["asked"]
        shape = (row["ni"], row["nj"], row["nk"])
        given = generator.make_input(content, seed, kind, element_bits, nbits, shape)
        done = codec.encode(given, datyp, nbits, backend=backend)
        if differs_for_a_reason(row["asked"], done):
            continue
        assert (done.datyp, done.nbits) == (row["data_type"], row["pack_bits"])
        found = parts(file, row, backend)[1][: len(done.words)].copy()
        unused = 32 * len(done.words) - n_bits(done, given.size)
        found[-1] &= np.uint32(0xFFFFFFFF << unused & 0xFFFFFFFF)
        assert np.array_equal(found, done.words), f"record {row['pos']}: {row['asked']}"


def made_again(manifest: Manifest, file: bytes) -> list[Record]:
    """Records of a golden file from what its manifest shows of them, with their payloads."""
    backend = manifest.content["backend"]
    made = []
    for row in manifest.records:
        keys, payload = parts(file, row, backend)
        characters = backend == "XDF" and row["data_type"] & 63 in {0, 3, 7}
        one = Record(
            **{name: row[name] for name in FIELDS},
            datyp=row["data_type"],
            nbits=row["pack_bits"],
            dasiz=0 if characters else row["data_bits"],
            ubc=int(keys[3]) & 0xFFF,  # left as it was in memory
            words=payload,
            json=row.get("metadata"),
        )
        made.append(one)
    return made


@each(PLAIN)
def test_whole_files_are_made_again_byte_for_byte(manifest: Manifest, tmp_path: Path) -> None:
    file = Path(manifest.files(tmp_path)[0]).read_bytes()
    records = made_again(manifest, file)
    if manifest.content["backend"] == "XDF":
        assert without_noise_xdf(xdf.image(records)) == without_noise_xdf(file)
    else:
        made = rsf.image([records] if records else [])
        assert without_noise_rsf(made, manifest) == without_noise_rsf(file, manifest)


def without_noise_xdf(file: bytes) -> bytes:
    """A file less the word of each page that is never initialised, and the checksum over it."""
    clean = bytearray(file)
    page = 208
    while page:
        clean[page + 24 : page + 32] = bytes(8)
        address = int.from_bytes(clean[page + 16 : page + 20], "big")
        page = 8 * (address - 1) if address else 0
    return bytes(clean)


def without_noise_rsf(file: bytes, manifest: Manifest) -> bytes:
    """A file less the byte of unused bits in each record's start."""
    clean = bytearray(file)
    for row in manifest.records:
        clean[row["file_offset"] + 14] = 0
    return bytes(clean)


def test_keys_are_packed_as_the_page_shows() -> None:
    # The dump of 3.2: ni 3, nj 2, nk 2, 'Z', 32 bits of type 5.
    one = Record(ni=3, nj=2, nk=2, grtyp="Z", datyp=5, nbits=32, npas=0, deet=0)
    words = record.keys(record.columns([one]))[0]
    assert [hex(w) for w in words[:4]] == ["0x20", "0x35a", "0x205", "0x2000"]
