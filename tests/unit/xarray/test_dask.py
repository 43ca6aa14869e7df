"""Dask arrays of records: blocks of whole records, small tasks, equal values."""

from __future__ import annotations

import io
import os
import pickle
import sys
import time
from typing import TYPE_CHECKING, Any

import dask
import numpy as np
import pytest
import xarray as xr
from dask.local import get_sync as get

import fst24
from fst24 import FileChangedError, InvalidArgumentError
from tests.support.fields import LEVELS, NI, NJ, TIMES, write_fields
from tests.support.listing import many
from tests.support.trees import needs_trees

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:.*without a record:fst24.Fst24Warning")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fields(tmp_path_factory.mktemp("fields") / "a.fst")


@pytest.fixture(scope="module")
def loaded(path: Path) -> xr.Dataset:
    with fst24.to_xarray(path) as dataset:
        return dataset.load()


def _tasks(array: xr.DataArray) -> dict[Any, Any]:
    return dict(array.data.dask)


# ---------------------------------------------------------------------------------------- chunks


@pytest.mark.parametrize(
    ("chunks", "blocks"),
    [
        ({}, ((TIMES,), (LEVELS,), (NJ,), (NI,))),
        ("auto", ((TIMES,), (LEVELS,), (NJ,), (NI,))),
        ("records", ((1, 1, 1), (1, 1, 1, 1), (NJ,), (NI,))),
        (2, ((2, 1), (2, 2), (NJ,), (NI,))),
        (-1, ((TIMES,), (LEVELS,), (NJ,), (NI,))),
        ("300 B", ((1, 1, 1), (2, 2), (NJ,), (NI,))),
        ({"pres": 1}, ((TIMES,), (1, 1, 1, 1), (NJ,), (NI,))),
        ({"time": None, "pres": -1}, ((TIMES,), (LEVELS,), (NJ,), (NI,))),
        ({"pres": (1, 3)}, ((TIMES,), (1, 3), (NJ,), (NI,))),
        ({"lat": 2}, ((TIMES,), (LEVELS,), (2, 2, 1), (NI,))),
        ({"time": 1, "lat": 3, "lon": 4}, ((1, 1, 1), (LEVELS,), (3, 2), (4, 3))),
        ({"pres": "auto", "time": 1}, ((1, 1, 1), (LEVELS,), (NJ,), (NI,))),
        ({...: 1, "time": 2}, ((2, 1), (1, 1, 1, 1), (NJ,), (NI,))),
    ],
)
def test_chunks_are_as_asked_for(
    path: Path, loaded: xr.Dataset, chunks: Any, blocks: tuple[tuple[int, ...], ...]
) -> None:
    with fst24.to_xarray(path, chunks=chunks) as dataset:
        assert dataset.TT.chunks == blocks
        xr.testing.assert_identical(dataset.compute(scheduler="threads"), loaded)


@pytest.mark.parametrize("chunks", ["record", "many", 0, -2, 1.5, [1], True, object()])
def test_chunks_that_mean_nothing_are_told(path: Path, chunks: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"chunks=.* it is \{\} or 'auto'"):
        fst24.to_xarray(path, chunks=chunks)


def test_a_dimension_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=r"chunks.*levle.*time"):
        fst24.to_xarray(path, chunks={"levle": 1})


@pytest.mark.parametrize("chunks", [{}, "auto", {"pres": 4}, {"time": 3, "lat": -1}])
def test_chunks_of_xarray_itself_give_the_same(path: Path, loaded: xr.Dataset, chunks: Any) -> None:
    with xr.open_dataset(path, engine="fst24", chunks=chunks) as dataset:
        assert dataset.TT.chunks is not None
        xr.testing.assert_identical(dataset.compute(scheduler="threads"), loaded)


def test_without_dask_it_is_asked_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask.array", None)
    monkeypatch.delitem(sys.modules, "fst24.xarray._dask")
    with fst24.to_xarray(path) as dataset:
        assert dataset.TT[0, 0].load().size
    with pytest.raises(ImportError, match=r"chunks need dask: pip install 'fst24\[dask\]'"):
        fst24.to_xarray(path, chunks={})


def test_without_chunks_there_is_no_dask(path: Path) -> None:
    with fst24.to_xarray(path) as dataset:
        assert dataset.TT.chunks is None


def test_cropped_and_split_fields_are_chunked_too(path: Path, tmp_path: Path) -> None:
    larger = write_fields(tmp_path / "larger.fst", ni=9)
    options: dict[str, Any] = {"variables": "TT", "crop": "smallest", "on_conflict": "last"}
    with (
        fst24.to_xarray([path, larger], **options) as lazy,
        fst24.to_xarray([path, larger], chunks={"lat": 2}, **options) as chunked,
    ):
        assert all(v.chunks is not None for v in chunked.data_vars.values())
        xr.testing.assert_identical(chunked.compute(), lazy.load())


# ----------------------------------------------------------------------------------------- tasks


@pytest.mark.parametrize("chunks", [{}, "records", {"lat": 2}])
def test_a_task_is_a_few_hundred_bytes(path: Path, chunks: Any) -> None:
    with fst24.to_xarray(path, chunks=chunks) as dataset:
        sizes = [len(pickle.dumps(task)) for task in _tasks(dataset.TT).values()]
    assert max(sizes) < 600 + len(os.fspath(path))


def test_what_xarray_chunks_is_sent_once(path: Path) -> None:
    with xr.open_dataset(path, engine="fst24", chunks={}) as dataset:
        blocks = dataset.TT.chunk({"pres": 1})
        sizes = [len(pickle.dumps(task)) for task in _tasks(blocks).values()]
    assert max(sizes) < 1500 + len(os.fspath(path))


def test_a_graph_is_small_before_it_is_run(tmp_path: Path) -> None:
    n = 20_000
    ip1 = fst24.ip.encode(np.arange(1.0, 11.0), "hPa")[np.arange(n) % 10]
    stamps = fst24.date.encode(
        np.datetime64("2024-01-01T00", "s") + np.arange(n // 10).astype("m8[h]")
    )
    path = many(tmp_path / "many.fst", n, ip1=ip1, datev=np.asarray(stamps)[np.arange(n) // 10])
    with fst24.to_xarray(path) as lazy:
        begin = time.perf_counter()
        dataset = fst24.xarray._dask.chunked(lazy, "records")
        seconds = time.perf_counter() - begin
    assert dataset.TT.data.npartitions == n
    assert len(pickle.dumps(next(iter(dataset.TT.data.dask.layers.values())))) < 20 * n
    assert seconds < 2  # 0.02 s; a task each would take two


def test_a_task_reads_what_is_left_of_its_block(
    path: Path, loaded: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    old = fst24.xarray._array.RecordCube.read

    def watched(cube: Any, key: Any = None) -> Any:
        values = old(cube, key)
        read.append(values.size)
        return values

    monkeypatch.setattr(fst24.xarray._array.RecordCube, "read", watched)
    with fst24.to_xarray(path, chunks={}) as dataset:
        got = dataset.TT[1, 2, 1:3, ::2].compute(scheduler="synchronous")
    xr.testing.assert_identical(got, loaded.TT[1, 2, 1:3, ::2])
    assert read == [2 * len(range(0, NI, 2))]


def test_many_files_in_a_block_give_the_same(tmp_path: Path) -> None:
    paths = [write_fields(tmp_path / f"{k}.fst", times=1, first=2 * k) for k in range(5)]
    names = ["TT", "UU", "HR"]
    with (
        fst24.to_xarray(paths, variables=names) as lazy,
        fst24.to_xarray(paths, variables=names, chunks={"time": 3}) as dataset,
    ):
        xr.testing.assert_identical(dataset.compute(scheduler="threads"), lazy.load())
        for key, task in _tasks(dataset.TT).items():
            again = pickle.loads(pickle.dumps(task))  # noqa: S301
            np.testing.assert_array_equal(get({key: again}, key), get({key: task}, key))


# ----------------------------------------------------------------------------------------- names


def _names(path: Any, **options: Any) -> list[str]:
    with fst24.to_xarray(path, chunks={}, **options) as dataset:
        return [v.data.name for v in dataset.data_vars.values()]


def test_the_same_file_gives_the_same_names(path: Path) -> None:
    names = _names(path)
    assert names == _names(path)
    assert len(set(names)) == len(names)


def test_a_file_that_changed_gives_other_names(path: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.fst"
    mine.write_bytes(path.read_bytes())
    names = _names(mine)
    os.utime(mine, ns=(1, 1))
    assert not set(names) & set(_names(mine))


def test_other_options_give_other_names(path: Path) -> None:
    names = _names(path, variables="TT")
    assert names != _names(path, variables="TT", dtype="f8")
    assert names != _names(path, variables="TT", select={"level": (100, 300)})


def test_bytes_have_names_by_what_they_hold(path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    other = write_fields(tmp_path / "other.fst", first=1).read_bytes()
    assert _names(content) == _names(bytes(bytearray(content)))
    assert not set(_names(content)) & set(_names(other))


def test_file_objects_never_share_names(path: Path) -> None:
    content = path.read_bytes()
    assert not set(_names(io.BytesIO(content))) & set(_names(io.BytesIO(content)))


# ------------------------------------------------------------------------------------ schedulers


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("chunks", [{}, "records", {"lat": 3}])
def test_schedulers_give_the_same(
    path: Path, loaded: xr.Dataset, scheduler: str, chunks: Any
) -> None:
    with fst24.to_xarray(path, chunks=chunks) as dataset:
        xr.testing.assert_identical(dataset.compute(scheduler=scheduler), loaded)


def test_processes_give_the_same(path: Path, loaded: xr.Dataset) -> None:
    with (
        fst24.to_xarray(path, chunks={"time": 1}) as dataset,
        dask.config.set({"multiprocessing.context": "spawn"}),
    ):
        got = dataset[["TT", "UU"]].compute(scheduler="processes", num_workers=2)
    xr.testing.assert_identical(got, loaded[["TT", "UU"]])


@pytest.mark.parametrize("kind", [bytes, io.BytesIO])
def test_bytes_are_one_node_of_a_graph(path: Path, loaded: xr.Dataset, kind: Any) -> None:
    content = path.read_bytes()
    with fst24.to_xarray(kind(content), chunks="records") as dataset:
        sizes = sorted(len(pickle.dumps(task)) for task in _tasks(dataset.TT).values())
        xr.testing.assert_identical(dataset.compute(scheduler="threads"), loaded)
    assert sizes[-1] > len(content)
    assert sizes[-2] < 1000


def test_a_task_of_a_file_that_changed_names_it(path: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.fst"
    mine.write_bytes(path.read_bytes())
    with fst24.to_xarray(mine, chunks={}) as dataset:
        sent = pickle.dumps(_tasks(dataset.TT))
    os.utime(mine, ns=(1, 1))
    tasks = pickle.loads(sent)  # noqa: S301
    with pytest.raises(FileChangedError, match=r"mine\.fst.*make the Dataset again"):
        get(tasks, next(iter(tasks)))


@needs_trees
def test_a_tree_is_chunked_along_dimensions_of_any_node(path: Path, tmp_path: Path) -> None:
    station = tmp_path / "other.fst"
    with fst24.open(station, "w", sync=False) as f:
        f.write(np.zeros((3, 2), np.float32), nomvar="TT", level=500.0, level_unit="hPa")
    tree = fst24.to_datatree([path, station], chunks={"lat": 2}, on_conflict="last")
    chunks = {node.path: node.to_dataset().TT.chunks for node in tree.leaves}
    assert sorted(sizes[-2] for sizes in chunks.values()) == [(2,), (2, 2, 1)]
