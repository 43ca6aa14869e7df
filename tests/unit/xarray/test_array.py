"""Values are the same however they are indexed, and reading takes little beside them."""

from __future__ import annotations

import pickle
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import fst24
from fst24.xarray._array import RecordCube, cube_of, packed, preferred_chunks, unpacked
from tests.support.fields import LEVELS, NI, NJ, ON_GRID, TIMES, values, write_fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:.*without a record:fst24.Fst24Warning")

NAMES = ("TT", "UU", "NF", "P0", "HR", "ME")


@pytest.fixture(scope="module", autouse=True, params=["boxes", "whole"])
def parts(request: pytest.FixtureRequest) -> Iterator[None]:
    """Parts of records are read as such, or cut from whole ones: as small records are."""
    patch = pytest.MonkeyPatch()
    if request.param == "boxes":
        patch.setattr(fst24.xarray._array, "_SMALL_RECORD", 0)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fst24.Fst24File]:
    with fst24.open(write_fields(tmp_path_factory.mktemp("fields") / "a.fst")) as f:
        yield f


@pytest.fixture(scope="module")
def lazy(fields: fst24.Fst24File) -> xr.Dataset:
    return fields.to_xarray()


@pytest.fixture(scope="module")
def loaded(fields: fst24.Fst24File) -> xr.Dataset:
    return fields.to_xarray().load()


def _cube(array: xr.DataArray) -> RecordCube:
    found = cube_of(array.variable)
    assert found is not None
    return found[0]


@st.composite
def item(draw: st.DrawFn, n: int) -> Any:
    """A number, a slice of any step, or a list: what numpy takes along a dimension of n."""
    kind = draw(st.sampled_from(["number", "slice", "list", "all"]))
    if kind == "number":
        return draw(st.integers(-n, n - 1))
    if kind == "all":
        return slice(None)
    if kind == "list":
        return draw(st.lists(st.integers(-n, n - 1), max_size=2 * n))
    ends = st.none() | st.integers(-n - 2, n + 2)
    step = draw(st.none() | st.integers(-3, 3).filter(bool))
    drawn = slice(draw(ends), draw(ends), step)
    # xarray itself stumbles over empty slices that go back.
    return drawn if len(range(n)[drawn]) else slice(0, 0)


@given(data=st.data(), name=st.sampled_from(NAMES))
@settings(deadline=None, max_examples=60)
def test_any_outer_index_gives_what_numpy_gives(
    lazy: xr.Dataset, loaded: xr.Dataset, data: st.DataObject, name: str
) -> None:
    key = {dim: data.draw(item(n)) for dim, n in loaded[name].sizes.items()}
    got = lazy[name].isel(key)
    xr.testing.assert_identical(got.load(), loaded[name].isel(key))


@given(data=st.data(), name=st.sampled_from(NAMES))
@settings(deadline=None, max_examples=40)
def test_index_after_index_gives_what_numpy_gives(
    lazy: xr.Dataset, loaded: xr.Dataset, data: st.DataObject, name: str
) -> None:
    got, wanted = lazy[name], loaded[name]
    for _ in range(2):
        key = {dim: data.draw(item(n)) for dim, n in wanted.sizes.items() if n}
        got, wanted = got.isel(key), wanted.isel(key)
    xr.testing.assert_identical(got.load(), wanted)


@given(data=st.data(), name=st.sampled_from(NAMES), n=st.integers(1, 6))
@settings(deadline=None, max_examples=40)
def test_points_give_what_numpy_gives(
    lazy: xr.Dataset, loaded: xr.Dataset, data: st.DataObject, name: str, n: int
) -> None:
    key = {}
    for dim, size in loaded[name].sizes.items():
        if data.draw(st.booleans()):
            places = data.draw(st.lists(st.integers(-size, size - 1), min_size=n, max_size=n))
            key[dim] = xr.DataArray(places, dims="point")
    got = lazy[name].isel(key)
    xr.testing.assert_identical(got.load(), loaded[name].isel(key))


@given(data=st.data(), name=st.sampled_from(NAMES))
@settings(deadline=None, max_examples=40)
def test_a_cube_takes_the_index_of_dask_too(
    lazy: xr.Dataset, loaded: xr.Dataset, data: st.DataObject, name: str
) -> None:
    wanted = loaded[name].values
    key = tuple(data.draw(item(n)) for n in wanted.shape)
    cube = _cube(lazy[name])
    for axis in reversed(range(len(key))):
        one = np.array(key[axis], np.int64) if isinstance(key[axis], list) else key[axis]
        wanted = wanted[(slice(None),) * axis + (one,)]
    np.testing.assert_array_equal(cube[key], wanted)


def test_values_stand_where_their_records_say(loaded: xr.Dataset) -> None:
    wanted = [[values(t, k).T for k in range(LEVELS)] for t in range(TIMES)]
    np.testing.assert_array_equal(loaded.TT.values, wanted)


def test_a_record_that_is_not_there_is_nan(loaded: xr.Dataset) -> None:
    lacks = np.isnan(loaded.UU.values).all(axis=(-1, -2))
    assert np.argwhere(lacks).tolist() == [[1, 2]]


def test_missing_whole_numbers_are_nan_and_the_others_exact(loaded: xr.Dataset) -> None:
    wanted = values(2, 1).T
    wanted[wanted % 5 == 1] = np.nan
    np.testing.assert_array_equal(loaded.NF.values[2, 1], wanted)


def test_values_are_in_c_order_and_may_be_written(fields: fst24.Fst24File) -> None:
    got = fields.to_xarray().TT.values
    assert got.flags.c_contiguous
    assert got.flags.writeable


def test_any_number_of_threads_gives_the_same(fields: fst24.Fst24File, loaded: xr.Dataset) -> None:
    for threads in (1, 2, 20):
        dataset = fields.to_xarray(threads=threads)
        xr.testing.assert_identical(dataset.load(), loaded)
        corner = {"lat": slice(1, 3), "lon": slice(2, 4)}
        part = fields.to_xarray(threads=threads).isel(corner)
        xr.testing.assert_identical(part.load(), loaded.isel(corner))


@pytest.mark.filterwarnings("ignore:.*masked fields have no mask:fst24.Fst24Warning")
def test_masks_are_applied_to_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "masks.fst"
    with fst24.open(path, "w", sync=False) as f:
        for k in range(6):
            level: dict[str, Any] = {"level": 100.0 * (k + 1), "level_unit": "hPa"}
            data = values(0, k)
            f.write(data, nomvar="TT", typvar="P@", **level, **ON_GRID)
            if k != 3:
                counts = (data % 3 != 0).astype(np.int32)
                f.write(counts, nomvar="TT", typvar="@@", datyp=2, nbits=1, **level, **ON_GRID)
    wanted = np.stack([values(0, k).T for k in range(6)])
    lacks = wanted % 3 == 0
    lacks[3] = False
    wanted[lacks] = np.nan
    for chunks in (None, "records", {"lat": 2}):
        with fst24.to_xarray(path, chunks=chunks) as dataset:
            np.testing.assert_array_equal(dataset.TT.values.squeeze(), wanted)
            np.testing.assert_array_equal(
                dataset.TT.values.squeeze()[1:5:2, ::2], wanted[1:5:2, ::2]
            )
    with fst24.to_xarray(path) as dataset:
        again = pickle.loads(pickle.dumps(_cube(dataset.TT)))  # noqa: S301
        np.testing.assert_array_equal(again.read().squeeze(), wanted)


def test_all_values_together_take_no_copy(tmp_path: Path) -> None:
    path = write_fields(tmp_path / "large.fst", times=20, levels=5, ni=4000)
    with fst24.open(path) as f:
        dataset = f.to_xarray(variables="TT")
        n_bytes = dataset.TT.nbytes
        before = fst24.memory_usage()
        fst24.set_memory_limit(before.used + int(1.1 * n_bytes))
        tracemalloc.start()
        try:
            got = dataset.TT.values
            elsewhere = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            fst24.set_memory_limit(before.limit)
    assert got.nbytes == n_bytes == 20 * 5 * 4000 * NJ * 4
    assert elsewhere < 0.1 * n_bytes


# ----------------------------------------------------------------------------------- as a value


@pytest.mark.parametrize("name", NAMES)
def test_a_pickled_cube_reads_the_same(lazy: xr.Dataset, loaded: xr.Dataset, name: str) -> None:
    cube = _cube(lazy[name])
    again = pickle.loads(pickle.dumps(cube))  # noqa: S301  # noqa: S301 - our own
    np.testing.assert_array_equal(again.read(), loaded[name].values)


def test_a_pickled_cube_of_any_size_is_small(lazy: xr.Dataset) -> None:
    cube = _cube(lazy.TT)
    assert len(pickle.dumps(cube)) < 500


@given(
    start=st.integers(0, 2**40),
    steps=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 10**6)), max_size=4),
)
def test_regular_places_are_packed_into_their_steps(
    start: int, steps: list[tuple[int, int]]
) -> None:
    places = np.array(start)
    for n, step in steps:
        places = places[..., None] + np.arange(n) * step
    shape, kept = packed(places)
    assert isinstance(kept, tuple)
    np.testing.assert_array_equal(unpacked(shape, kept), places)


@given(
    st.lists(st.integers(-1, 2**40), max_size=30) | st.lists(st.integers(-1, 200), max_size=30),
    st.booleans(),
)
def test_any_places_are_unpacked_as_they_were(numbers: list[int], two: bool) -> None:
    places = np.array(numbers, np.int64)
    if two and len(places) % 2 == 0:
        places = places.reshape(2, -1)
    np.testing.assert_array_equal(unpacked(*packed(places)), places)


# ------------------------------------------------------------------------------ preferred chunks


@given(st.integers(1, 5000), st.integers(1, 200), st.integers(1, 4000), st.integers(1, 4000))
def test_preferred_chunks_are_whole_records_of_some_megabytes(
    times: int, levels: int, nj: int, ni: int
) -> None:
    values = np.broadcast_to(np.float32(0), (times, levels, nj, ni))
    chunks = preferred_chunks(xr.Variable(("time", "level", "y", "x"), values), 2)
    assert (chunks["y"], chunks["x"]) == (nj, ni)
    n_records = chunks["time"] * chunks["level"]
    n_bytes = n_records * nj * ni * 4
    assert n_records == 1 or n_bytes <= 128 * 2**20
    if times * levels * nj * ni * 4 > 2**30 and nj * ni * 4 < 2**20:
        assert n_bytes > 32 * 2**20


def test_a_file_is_small_enough_for_one_chunk(lazy: xr.Dataset) -> None:
    assert lazy.TT.encoding["preferred_chunks"] == dict(lazy.TT.sizes)
    assert lazy.TT.sizes == {"time": TIMES, "pres": LEVELS, "lat": NJ, "lon": NI}
