"""Datasets as fst24 makes them, without a file: lazy variables that count what is read."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing


class Field(BackendArray):
    """Values made when they are asked for: a number for each place, NaN in one of 97."""

    def __init__(
        self, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32, *, bad: int | None = None
    ) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._bad = bad
        self._lock = threading.Lock()
        #: Values that were asked for, and the most of one request.
        self.n_read = self.n_most = 0

    def __getitem__(self, key: indexing.ExplicitIndexer) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )
        return values

    def _read(self, key: tuple[Any, ...]) -> npt.NDArray[Any]:
        places = [
            np.atleast_1d(np.arange(n)[part]) for n, part in zip(self.shape, key, strict=True)
        ]
        number = np.zeros((1,) * len(places), np.int64)
        for place, n in zip(np.ix_(*places), self.shape, strict=True):
            number = number * n + place
        if self._bad is not None and (number == self._bad).any():
            message = "record 7 cannot be decoded"
            raise OSError(message)
        with self._lock:
            self.n_read += number.size
            self.n_most = max(self.n_most, number.size)
        values = (number % 251).astype(self.dtype)
        if self.dtype.kind == "f":
            values[number % 97 == 0] = np.nan
        kept = tuple(0 if isinstance(part, int | np.integer) else slice(None) for part in key)
        return values[kept]


def lazy(
    dims: tuple[str, ...], field: Field, attrs: dict[str, Any], **encoding: Any
) -> xr.Variable:
    """A variable of such values."""
    return xr.Variable(dims, indexing.LazilyIndexedArray(field), attrs, encoding)


def forecast(
    n_times: int = 3, n_levels: int = 4, n_rows: int = 40, n_columns: int = 50
) -> xr.Dataset:
    """Temperature on pressures, a precipitation with bounds, a mask, on a rotated grid."""
    valid = np.datetime64("2024-05-17T12:00", "ns") + np.arange(n_times) * np.timedelta64(3, "h")
    rlat = np.linspace(-5.0, 5.0, n_rows)
    rlon = np.linspace(-6.0, 6.0, n_columns)
    lat, lon = np.meshgrid(rlat + 45.0, rlon - 75.0, indexing="ij")
    frame = {"grid_mapping": "crs", "long_name": "Air temperature", "units": "degC"}
    rain = {
        "grid_mapping": "crs",
        "long_name": "Precipitation",
        "units": "m",
        "cell_methods": "time: sum",
    }
    shape = (n_times, n_levels, n_rows, n_columns)
    return xr.Dataset(
        {
            "TT": lazy(
                ("time", "pres", "rlat", "rlon"),
                Field(shape),
                frame | {"standard_name": "air_temperature"},
                fst24={"nomvar": "TT"},
            ),
            "PR": lazy(("time", "rlat", "rlon"), Field((n_times, n_rows, n_columns)), rain),
            "MASK": lazy(
                ("rlat", "rlon"),
                Field((n_rows, n_columns), np.uint8),
                {"grid_mapping": "crs", "long_name": "Number of the region", "units": "1"},
            ),
        },
        coords={
            "time": (
                "time",
                valid,
                {"standard_name": "time", "axis": "T", "bounds": "time_bnds"},
            ),
            "time_bnds": (
                ("time", "bnds"),
                np.stack([valid - np.timedelta64(90, "m"), valid], axis=1),
            ),
            "leadtime": (
                "time",
                valid - valid[0],
                {"standard_name": "forecast_period", "long_name": "Lead time"},
            ),
            "reftime": ((), valid[0], {"standard_name": "forecast_reference_time"}),
            "pres": (
                "pres",
                np.linspace(500.0, 1000.0, n_levels),
                {"standard_name": "air_pressure", "units": "hPa", "positive": "down", "axis": "Z"},
            ),
            "rlat": (
                "rlat",
                rlat,
                {"standard_name": "grid_latitude", "units": "degrees", "axis": "Y"},
            ),
            "rlon": (
                "rlon",
                rlon,
                {"standard_name": "grid_longitude", "units": "degrees", "axis": "X"},
            ),
            "lat": (("rlat", "rlon"), lat, {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": (("rlat", "rlon"), lon, {"standard_name": "longitude", "units": "degrees_east"}),
            "crs": (
                (),
                np.int32(0),
                {
                    "grid_mapping_name": "rotated_latitude_longitude",
                    "grid_north_pole_latitude": 45.0,
                    "grid_north_pole_longitude": 105.0,
                    "earth_radius": 6371000.0,
                },
            ),
        },
        attrs={"Conventions": "CF-1.11", "title": "A forecast"},
    )
