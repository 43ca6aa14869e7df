"""Whatever records a file holds, each is in the Dataset, at its own coordinates."""

from __future__ import annotations

import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import fst24
from tests.support.records import make_file

LATER = fst24.date.encode("2024-05-17T18:00")
LEVELS = (
    0,
    500,
    fst24.ip.encode(850.0, "hPa"),
    fst24.ip.encode(0.5, "hybrid"),
    fst24.ip.encode(1.5, "above_ground"),
    fst24.ip.encode(2.0, "arbitrary"),
)

headers = st.fixed_dictionaries(
    {
        "nomvar": st.sampled_from(["TT", "PR", "WSOL"]),
        "typvar": st.sampled_from(["P", "A"]),
        "etiket": st.sampled_from(["RUN", "E1_X", "E2_X"]),
        "ip1": st.sampled_from(LEVELS),
        "ip3": st.sampled_from([0, 3]),
        "hour": st.sampled_from([0, 6, 12]),
    },
    optional={"dateo": st.just(LATER)},
)
files = st.lists(headers, min_size=1, max_size=14, unique_by=lambda h: tuple(sorted(h.items())))


def dataset_of(records: list[dict[str, Any]], **options: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", fst24.Fst24Warning)
        path = make_file(Path(folder) / "a.fst", records)
        return fst24.to_xarray(path, **options).load()


@settings(deadline=None, max_examples=60)
@given(files)
def test_every_record_is_in_the_dataset_once(records: list[dict[str, Any]]) -> None:
    found = dataset_of(records, on_conflict="error", diag="split")
    values: Counter[float] = Counter()
    for variable in found.data_vars.values():
        if {"lat", "lon"} <= set(variable.dims):
            assert (
                (variable == variable.isel(lat=0, lon=0))
                .where(variable.notnull(), other=True)
                .all()
            )
            numbers = variable.isel(lat=0, lon=0).values.ravel()
            values.update(numbers[~np.isnan(numbers)].tolist())
    assert values == Counter(float(n + 1) for n in range(len(records)))


@settings(deadline=None, max_examples=60)
@given(files)
def test_every_record_is_at_its_time(records: list[dict[str, Any]]) -> None:
    found = dataset_of(records, forecast_axis=False, on_conflict="error")
    for variable in found.data_vars.values():
        if not {"lat", "lon"} <= set(variable.dims):
            continue
        time = next(d for d in variable.dims if str(d).startswith("time"))
        for at, when in enumerate(variable[time].values):
            numbers = variable.isel({time: at}).isel(lat=0, lon=0).values.ravel()
            for number in numbers[~np.isnan(numbers)].astype(int).tolist():
                header = records[number - 1]
                begin = "2024-05-17T18" if "dateo" in header else "2024-05-17T12"
                assert when == np.datetime64(begin, "ns") + np.timedelta64(header["hour"], "h")


@settings(deadline=None, max_examples=60)
@given(files)
def test_dask_reads_what_is_read_without_it(records: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", fst24.Fst24Warning)
        path = make_file(Path(folder) / "a.fst", records)
        lazy, dask = fst24.to_xarray(path), fst24.to_xarray(path, chunks="records")
        assert lazy.identical(dask.compute(scheduler="synchronous"))
