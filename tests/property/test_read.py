"""Whatever is written is read back; whatever is damaged gives values or an Fst24Error."""

from __future__ import annotations

import json
import struct
import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fst24
from tests.golden.manifests import HERE as GOLDEN
from tests.support import strategies
from tests.support.fstmake import rsf, xdf
from tests.support.reading import read_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

FIELDS = (
    *("nomvar", "typvar", "etiket", "grtyp", "datev", "deet", "npas", "ni", "nj", "nk"),
    *("ip1", "ip2", "ip3", "ig1", "ig2", "ig3", "ig4", "datyp", "nbits"),
)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
MEMORY = 256 * 2**20


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """No file of these tests justifies more."""
    before = fst24.memory_usage()
    fst24.set_memory_limit(MEMORY)
    yield
    fst24.set_memory_limit(getattr(before, "limit", None))


def check_made(file: bytes, made: list[strategies.Made]) -> None:
    with fst24.open(file) as f:
        assert len(f) == len(made)
        for r, one in zip(f, made, strict=True):
            for name in FIELDS:
                assert getattr(r, name) == getattr(one.record, name), name
            assert r.dateo == one.record.dateo
            assert (r.metadata or None) == (json.loads(one.record.json or "null") or None)
            assert r.data.dtype == one.expected.dtype
            assert r.data.shape == one.expected.shape
            assert r.data.tobytes(order="F") == one.expected.tobytes(order="F") or np.array_equal(
                r.data, one.expected, equal_nan=r.data.dtype.kind in "fc"
            )
            if one.mask is None:
                assert r.mask is None
            else:
                assert r.mask is not None
                assert np.array_equal(r.mask, one.mask)


@PATIENT
@given(st.lists(strategies.made("XDF"), max_size=4))
def test_any_records_of_an_xdf_file_are_listed_and_decoded(made: list[strategies.Made]) -> None:
    check_made(xdf.image([one.record for one in made]), made)


@PATIENT
@given(st.lists(strategies.made("XDF"), max_size=4))
def test_any_records_of_a_sequential_file_are_listed_and_decoded(
    made: list[strategies.Made],
) -> None:
    check_made(xdf.sequential([one.record for one in made]), made)


@PATIENT
@given(st.lists(st.lists(strategies.made("RSF"), max_size=3), max_size=3))
def test_any_records_of_an_rsf_file_are_listed_and_decoded(
    sessions: list[list[strategies.Made]],
) -> None:
    file = rsf.image([[one.record for one in session] for session in sessions])
    check_made(file, [one for session in sessions for one in session])


@PATIENT
@given(st.binary(max_size=2000), st.sampled_from([b"", b"XDF", b"RSF"]))
def test_any_bytes_give_values_or_an_error(content: bytes, likeness: bytes) -> None:
    start = {b"": b"", b"XDF": xdf.image([])[:208], b"RSF": rsf.image([])[:140]}[likeness]
    survive(start + content)


# ------------------------------------------------------------------------------- damaged files

SMALL = [
    "container/rsf-concatenated.fst",
    "container/rsf-deleted.fst",
    "container/rsf-empty.fst",
    "container/rsf-one.fst",
    "container/rsf-sessions.fst",
    "container/xdf-deleted.fst",
    "container/xdf-empty.fst",
    "container/xdf-one.fst",
    "container/xdf-sessions.fst",
    "fields/rsf-mask.fst",
    "fields/rsf-missing-off.fst",
    "fields/xdf-mask.fst",
]
"""Files under 21 KB."""

CODED = [
    f"codec/{backend}-{family}.fst"
    for backend in ("rsf", "xdf")
    for family in ("real-r-turbo-missing", "real-f-turbo-missing", "ieee-turbo-missing")
]
"""Files of compressed records, all kinds of stream among them."""


@cache
def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def survive(file: bytes) -> None:
    """Open, list and read all of a file: values, or an Fst24Error; nothing else may happen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            seen = read_all(file)
        except fst24.Fst24Error as error:
            if not str(error):
                pytest.fail("an error without a message")
            return
    for values in seen.values:
        assert isinstance(values, fst24.Fst24Error) or values.nbytes <= MEMORY


@pytest.mark.parametrize("name", SMALL)
def test_no_truncation_goes_unnoticed(name: str) -> None:
    # Each length: an error, or a warning and only records that are whole.
    # Where a session of an RSF file ends, a file may end, too.
    whole = golden(name)
    wanted = [image_of(v) for v in read_all(whole).values]
    ends = session_ends(whole)
    step = 1 if len(whole) < 5000 else 7
    lengths = {*range(0, len(whole), step), *range(len(whole) - 600, len(whole))}
    for length in sorted(lengths):
        if length < 0:
            continue
        try:
            seen = read_all(whole[:length])
        except fst24.Fst24Error:
            continue
        cut = any(isinstance(v, fst24.Fst24Error) for v in seen.values)
        noticed = seen.warnings or cut or length in ends
        assert noticed, f"{length} of {len(whole)} bytes, nobody noticed"
        found = [image_of(v) for v in seen.values if not isinstance(v, fst24.Fst24Error)]
        assert all(image in wanted for image in found), f"{length} of {len(whole)} bytes"


def image_of(values: npt.NDArray[np.generic] | fst24.Fst24Error) -> bytes:
    assert not isinstance(values, fst24.Fst24Error)
    return values.tobytes()


def session_ends(file: bytes) -> set[int]:
    """Where the segments of an RSF file end; nothing for XDF."""
    ends: set[int] = set()
    at = 0
    while file[16:20] == b"RSF0" and at + 72 <= len(file):
        high, low = struct.unpack_from("<2I", file, at + 36)
        at += high << 32 | low
        ends.add(at)
    return ends


@pytest.mark.parametrize("block", range(20))
@pytest.mark.parametrize("name", SMALL[:5] + SMALL[5:9:3])
def test_a_damaged_byte_gives_values_or_an_error(name: str, block: int) -> None:
    damage_bytes(name, seed=block, times=60)


@pytest.mark.parametrize("block", range(5))
@pytest.mark.parametrize("name", CODED)
def test_a_damaged_byte_of_a_stream_gives_values_or_an_error(name: str, block: int) -> None:
    damage_bytes(name, seed=1000 + block, times=60)


def damage_bytes(name: str, *, seed: int, times: int) -> None:
    """Set one byte of a file to anything else, ``times`` times; directories are hit most."""
    whole = golden(name)
    rng = np.random.default_rng(seed)
    for _ in range(times):
        file = bytearray(whole)
        at = int(
            rng.integers(len(file)) if rng.random() < 0.5 else rng.integers(min(len(file), 900))
        )
        file[at] ^= int(rng.integers(1, 256))
        try:
            survive(bytes(file))
        except AssertionError as problem:
            raise AssertionError(f"{name}, byte {at} set to {file[at]}") from problem


@PATIENT
@given(st.sampled_from(SMALL), st.data())
def test_several_damaged_words_give_values_or_an_error(name: str, data: st.DataObject) -> None:
    file = bytearray(golden(name))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(file) // 4 - 1)) * 4
        file[at : at + 4] = data.draw(st.binary(min_size=4, max_size=4))
    survive(bytes(file))
