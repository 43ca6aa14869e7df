"""Whatever is written comes back: every type, size, container and field; and max_error is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fst24
from tests.support import strategies
from tests.support.fstmake import codec, missing
from tests.support.payload import words
from tests.support.rsfcheck import check_rsf

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from tests.support.strategies import Backend, Made

PATIENT = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
#: What write takes besides the values and how they are stored.
FIELDS = (
    *("nomvar", "typvar", "etiket", "grtyp", "datev", "deet", "npas"),
    *("ip1", "ip2", "ip3", "ig1", "ig2", "ig3", "ig4"),
)
COMPRESS: list[Any] = [False, True, "fast", "best"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("write")


def absent_of(one: Made) -> npt.NDArray[np.bool_] | None:
    """Where the values that were encoded are missing."""
    if not one.asked[0] & codec.MISSING:
        return None
    special = missing.SPECIAL[one.given.dtype.name]
    return np.asarray(one.given == one.given.dtype.type(special))


def must_be(one: Made, backend: Backend, compress: Any) -> codec.Stored | None:
    """What the independent encoder stores, the plain type where the reference misreads the other.

    None where the reference stores nothing that reads back (codecs.md, 13): fst24 refuses, or finds
    a way of its own.
    """
    datyp, nbits = one.asked
    if compress and datyp & 63 in {1, 2, 5, 6}:
        datyp |= codec.TURBO
    if datyp & 63 == 1 and nbits == 1:
        return None  # 1 bit a value is misread
    if datyp & 63 == 1 and datyp & codec.TURBO and nbits < 16:
        datyp &= ~codec.TURBO  # D1
    if datyp & 63 == 2 and one.given.dtype.itemsize == 1 and backend == "RSF":
        datyp &= ~codec.TURBO  # D8
    done = codec.encode(one.given, datyp, nbits, backend=backend, fast=compress == "fast")
    absent = absent_of(one)
    if absent is not None and absent.any() and not absent.all():
        if datyp & 63 == 2 and missing.plug(one.given[~absent], nbits) == missing.SPECIAL.get(
            one.given.dtype.name
        ):
            return None  # D19
        decoded = codec.decode(done, one.given.shape)
        if not np.array_equal(missing.restore(decoded), absent):
            return None  # its plug is not above all values, and some of them read as missing
    return done


def write(f: fst24.Fst24Writer, one: Made, compress: Any) -> Any:
    return f.write(
        one.given,
        mask=absent_of(one),
        datyp=one.asked[0],
        nbits=one.asked[1],
        compress=compress,
        metadata=one.record.json,
        **{name: getattr(one.record, name) for name in FIELDS},
    )


def assert_values_are_back(read: fst24.Fst24Record, one: Made, done: codec.Stored) -> None:
    shape = one.given.shape if one.given.shape[2] > 1 else one.given.shape[:2]
    wanted = codec.decode(done, one.given.shape).reshape(shape, order="F")
    absent = absent_of(one)
    absent = absent.reshape(shape, order="F") if absent is not None and absent.any() else None
    assert read.data.dtype == wanted.dtype
    assert read.data.shape == wanted.shape
    if absent is None:
        assert read.mask is None
        assert read.data.tobytes(order="F") == wanted.tobytes(order="F")
        return
    assert read.mask is not None
    assert np.array_equal(read.mask, absent)
    assert np.array_equal(read.data[~absent], wanted[~absent])


def assert_missing_are_back(read: fst24.Fst24Record, one: Made) -> None:
    absent = absent_of(one)
    assert absent is not None
    assert read.mask is not None
    assert np.array_equal(read.mask, absent.reshape(read.data.shape, order="F"))


@PATIENT
@pytest.mark.parametrize("backend", ["XDF", "RSF"])
@given(data=st.data())
def test_any_record_comes_back_as_the_independent_encoder_stores_it(
    place: Path, backend: Backend, data: st.DataObject
) -> None:
    made = data.draw(st.lists(strategies.made(backend), min_size=1, max_size=4))
    path = place / f"{backend}.fst"
    kept: list[tuple[Made, Any, codec.Stored | None, Any]] = []
    with fst24.open(path, "w", backend=backend, sync=False) as f:
        for one in made:
            compress = data.draw(st.sampled_from(COMPRESS))
            done = must_be(one, backend, compress)
            if done is None:
                try:
                    told = write(f, one, compress)
                except fst24.EncodingError:
                    continue
                assert absent_of(one) is not None
            else:
                told = write(f, one, compress)
            kept.append((one, compress, done, told))
    content = path.read_bytes()
    if backend == "RSF":
        assert len(check_rsf(content).entries) == len(kept)
    with fst24.open(path) as f:
        assert len(f) == len(kept)
        for read, (one, compress, done, told) in zip(f, kept, strict=True):
            for name in FIELDS:
                assert getattr(read, name) == getattr(one.record, name), name
            assert (read.ni, read.nj, read.nk) == one.given.shape
            assert read.dateo == one.record.dateo
            assert (read.metadata or None) == (json.loads(one.record.json or "null") or None)
            for name in (*FIELDS, "dateo", "ni", "nj", "nk", "datyp", "nbits"):
                assert getattr(told, name) == getattr(read, name), name
            if done is None:
                assert_missing_are_back(read, one)
                continue
            assert_values_are_back(read, one, done)
            if compress == "best":
                continue  # the same values in fewer words
            assert (read.datyp, read.nbits) == (done.datyp, done.nbits)
            stored = words(content, read.offset, read.nbytes, backend)
            assert stored[: len(done.words)].tolist() == done.words.tolist()
            assert not stored[len(done.words) :].any()
            assert len(stored) == done.n_words + (done.n_words % 2 if backend == "XDF" else 0)


@PATIENT
@pytest.mark.parametrize("backend", ["XDF", "RSF"])
@given(data=st.data())
def test_records_are_copied_between_containers_as_they_are(
    place: Path, backend: Backend, data: st.DataObject
) -> None:
    # What XDF keeps, RSF keeps too; and back.
    made = data.draw(st.lists(strategies.made("XDF"), min_size=1, max_size=3))
    other: Backend = "RSF" if backend == "XDF" else "XDF"
    paths = [place / f"copy-{n}.fst" for n in range(3)]
    with fst24.open(paths[0], "w", backend=backend, sync=False) as f:
        n = sum(must_be(one, backend, False) is not None for one in made)
        for one in made:
            if must_be(one, backend, False) is not None:
                write(f, one, False)
    for source, target, container in zip(paths, paths[1:], (other, backend), strict=False):
        with (
            fst24.open(source) as old,
            fst24.open(target, "w", backend=container, sync=False) as new,
        ):
            for record in old:
                new.write(record)
    with (
        fst24.open(paths[0]) as first,
        fst24.open(paths[1]) as second,
        fst24.open(paths[2]) as last,
    ):
        assert len(first) == len(second) == len(last) == n
        for records in zip(first, second, last, strict=True):
            assert len({r.data.tobytes() for r in records}) == 1
            for name in (*FIELDS, "dateo", "ni", "nj", "nk", "datyp", "nbits"):
                assert len({getattr(r, name) for r in records}) == 1, name


# --------------------------------------------------------------------------------- max_error


@PATIENT
@given(
    content=st.sampled_from(sorted(strategies._contents())),
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(*[st.integers(1, 30)] * 2),
    scale=st.floats(-30, 30),
    offset=st.sampled_from([0.0, 0.0, 1.0, -273.15, 1e5, -1e9]),
    exponent=st.floats(-12, 4),
    wide=st.booleans(),
    datyp=st.sampled_from([None, None, 1, 6, 134]),
    compress=st.booleans(),
    absent=st.sampled_from([0, 0, 0.01, 0.3]),
)
def test_no_value_is_off_by_more_than_max_error(  # noqa: PLR0917 - drawn one by one
    place: Path,
    content: str,
    seed: int,
    shape: tuple[int, int],
    scale: float,
    offset: float,
    exponent: float,
    wide: bool,
    datyp: int | None,
    compress: bool,
    absent: float,
) -> None:
    rng = np.random.default_rng(seed)
    values = strategies._contents()[content]((*shape, 1), rng)[:, :, 0] * 2.0**scale + offset
    array = values.astype(np.float64 if wide else np.float32)
    mask = rng.random(shape) < absent
    there = array[~mask]
    if there.size == 0:
        return
    array[mask] = rng.choice(np.array([0, np.nan, 1e30, -1e30], array.dtype))
    spread = float(np.ptp(there)) or abs(float(there[0])) or 1.0
    error = spread * 10.0**exponent
    path = place / "error.fst"
    with fst24.open(path, "w", sync=False) as f:
        try:
            told = f.write(
                array,
                mask=mask,
                nomvar="TT",
                max_error=error,
                datyp=datyp,
                compress=compress,
            )
        except fst24.EncodingError as refusal:
            assert datyp is not None
            assert "leave datyp out" in str(refusal)  # noqa: PT017
            return
    assert told is not None
    with fst24.open(path) as f:
        assert f[0].mask is None or np.array_equal(f[0].mask, mask)
        off = np.abs(f[0].data[~mask].astype(np.float64) - there.astype(np.float64)).max()
    assert off <= error, (told.datyp, told.nbits)


# ------------------------------------------------------------------------------ the same record

REWRITES = st.sampled_from(["no", "yes", "skip"])


@PATIENT
@pytest.mark.parametrize("backend", ["XDF", "RSF"])
@given(
    asked=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 2), REWRITES), max_size=40),
    cuts=st.lists(st.integers(1, 9), max_size=8),
)
def test_rewrite_follows_its_rule_in_batches_and_one_by_one(
    place: Path, backend: Backend, asked: list[tuple[int, int, Any]], cuts: list[int]
) -> None:
    path = place / f"same-{backend}.fst"
    model: list[tuple[int, int, int]] = []
    wanted: list[bool] = []
    for k, (ip1, ni, rewrite) in enumerate(asked):
        same = next((i for i, m in enumerate(model) if m[:2] == (ip1, ni)), None)
        wanted.append(same is None or rewrite != "skip")
        if same is not None and rewrite == "yes":
            del model[same]
        if wanted[-1]:
            model.append((ip1, ni, k))
    jobs = [
        (np.full((ni, 2), k, np.float32), {"ip1": ip1, "rewrite": rewrite})
        for k, (ip1, ni, rewrite) in enumerate(asked)
    ]
    with fst24.open(path, "w", backend=backend, sync=False) as f:
        told: list[Any] = []
        at = 0
        for cut in cuts:
            told += f.write_many(jobs[at : at + cut], nomvar="TT", threads=2)
            at += cut
        told += [f.write(array, nomvar="TT", **more) for array, more in jobs[at:]]
    assert [one is not None for one in told] == wanted
    with fst24.open(path) as f:
        assert [(r.ip1, r.ni, int(r.data[0, 0])) for r in f] == model
