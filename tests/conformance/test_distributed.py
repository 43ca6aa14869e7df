"""Datasets on a dask cluster of several processes, which open files themselves."""

from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING, Any

import dask
import numpy as np
import pytest
import xarray as xr

import fst24
from tests.support.fields import values, write_fields

distributed = pytest.importorskip("distributed")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:.*without a record:fst24.Fst24Warning")

#: On a machine that is busy with other things processes begin slowly.
_PATIENCE = "120s"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    settings = {
        "distributed.comm.timeouts.connect": _PATIENCE,
        "distributed.comm.timeouts.tcp": _PATIENCE,
        "distributed.deploy.lost-worker-timeout": _PATIENCE,
        "distributed.nanny.pre-spawn-environ.PYTHONWARNINGS": "",
        "temporary-directory": str(tmp_path_factory.mktemp("dask")),
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=2,
            processes=True,
            # No dashboard; its server begins all the same, and its usual port may be taken.
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            memory_limit=0,
            worker_dashboard_address=None,
        ) as cluster,
        distributed.Client(cluster, timeout=_PATIENCE, set_as_default=False) as made,
    ):
        made.wait_for_workers(2, timeout=_PATIENCE)
        yield made


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("fields")
    return [write_fields(folder / f"{k}.fst", first=10 * k) for k in range(3)]


@pytest.fixture(scope="module")
def loaded(paths: list[Path]) -> xr.Dataset:
    with fst24.to_xarray(paths, variables=["TT", "UU", "P0", "HR"]) as dataset:
        return dataset.load()


def _computed(dataset: xr.Dataset, client: Any) -> xr.Dataset:
    return dataset.compute(scheduler=client)


@pytest.mark.parametrize("chunks", [{}, "records", {"time": 2, "lat": 3}])
def test_workers_give_the_same_values(
    client: Any, paths: list[Path], loaded: xr.Dataset, chunks: Any
) -> None:
    with fst24.to_xarray(paths, variables=list(loaded), chunks=chunks) as dataset:
        xr.testing.assert_identical(_computed(dataset, client), loaded)


def test_chunks_of_xarray_give_the_same_values(
    client: Any, paths: list[Path], loaded: xr.Dataset
) -> None:
    with xr.open_mfdataset(
        paths, engine="fst24", combine="by_coords", variables=list(loaded), chunks={"time": 3}
    ) as dataset:
        got = _computed(dataset[list(loaded)], client)
    for name in loaded:
        np.testing.assert_array_equal(got[name], loaded[name])


def test_workers_open_many_files_at_once(
    client: Any, paths: list[Path], loaded: xr.Dataset
) -> None:
    options: dict[str, Any] = {"engine": "fst24", "combine": "by_coords", "variables": list(loaded)}
    with (
        client.as_current(),
        xr.open_mfdataset(paths, parallel=True, chunks={}, **options) as dataset,
    ):
        got = dataset.compute()
    for name in loaded:
        np.testing.assert_array_equal(got[name], loaded[name])


def test_files_are_opened_by_the_workers(client: Any, paths: list[Path]) -> None:
    def n_kept() -> int:
        from fst24.xarray import _reads

        return len(_reads._KEPT)

    with fst24.to_xarray(paths, variables="TT", chunks="records") as dataset:
        _computed(dataset, client)
    assert all(1 <= n <= len(paths) for n in client.run(n_kept).values())


def test_what_is_computed_may_be_anything(
    client: Any, paths: list[Path], loaded: xr.Dataset
) -> None:
    with fst24.to_xarray(paths, variables="TT", chunks="records") as dataset:
        mean = (dataset.TT.mean("time") - dataset.TT.isel(time=0)).sel(pres=300.0)
        got = client.compute(mean, sync=True)
    wanted = (loaded.TT.mean("time") - loaded.TT.isel(time=0)).sel(pres=300.0)
    xr.testing.assert_allclose(got, wanted)


@pytest.mark.parametrize("kind", [bytes, io.BytesIO])
def test_bytes_are_sent_along(client: Any, paths: list[Path], kind: Any) -> None:
    content = paths[0].read_bytes()
    with fst24.to_xarray(kind(content), variables="TT", chunks="records") as dataset:
        got = _computed(dataset, client)
    np.testing.assert_array_equal(got.TT[2, 3], values(2, 3).T)


def test_files_of_fsspec_are_opened_by_the_workers(client: Any, paths: list[Path]) -> None:
    fsspec = pytest.importorskip("fsspec")
    for source in (fsspec.open(f"file://{paths[0]}"), f"file://{paths[0]}"):
        with fst24.to_xarray(source, variables="TT", chunks="records") as dataset:
            got = _computed(dataset, client)
        np.testing.assert_array_equal(got.TT[2, 3], values(2, 3).T)


def test_an_open_file_object_is_refused_and_says_what_to_give(
    client: Any, paths: list[Path]
) -> None:
    with (
        paths[0].open("rb") as stream,
        fst24.to_xarray(stream, variables="TT", chunks="records") as dataset,
        pytest.raises(Exception, match=r"(?s)serialize|pickle") as caught,
    ):
        _computed(dataset, client)
    told: BaseException | None = caught.value
    said = []
    while told is not None:
        said.append(str(told))
        told = told.__cause__ or told.__context__
    assert any(re.search("opened from a BufferedReader.*give its path", one) for one in said)


def test_a_file_that_changed_since_is_named(client: Any, paths: list[Path], tmp_path: Path) -> None:
    mine = tmp_path / "mine.fst"
    mine.write_bytes(paths[0].read_bytes())
    with fst24.to_xarray(mine, variables="TT", chunks="records") as dataset:
        os.utime(mine, ns=(1, 1))
        with pytest.raises(fst24.FileChangedError, match=r"mine\.fst: .*make the Dataset again"):
            _computed(dataset, client)
