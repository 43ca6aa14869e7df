"""Linked files, each of which has descriptors of its own under one tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import fst24
from tests.support.records import make_file

if TYPE_CHECKING:
    from pathlib import Path


def nest(path: Path, hour: int, west: float) -> Path:
    """A field at an hour, on axes that begin at a longitude."""
    axes: dict[str, Any] = {"grtyp": "L", "dateo": 0, "deet": 0, "typvar": "X", "ip1": 7}
    across = np.array([[west], [west + 1], [west + 2]], np.float32, order="F")
    along = np.array([[40.0, 42.0]], np.float32, order="F")
    field = {"grtyp": "Z", "ig1": 7, "ig2": 0, "ig3": 0, "ig4": 0, "hour": hour}
    return make_file(
        path,
        [
            {**axes, "nomvar": ">>", "data": across},
            {**axes, "nomvar": "^^", "data": along},
            field,
        ],
    )


def test_a_nest_that_moves_has_the_positions_of_each_file(tmp_path: Path) -> None:
    paths = [nest(tmp_path / f"{hour}.fst", hour, 10.0 * hour) for hour in (0, 6)]
    with fst24.open(paths) as file:
        fields = file.read_records(nomvar="TT")
        wests = [file.grid(one).latlon().lon[0, 0] for one in fields]
    assert (wests[1] - wests[0]) % 360 == 60
    found = fst24.to_xarray(paths)
    assert len(found.data_vars) == 2
    for path, variable in zip(paths, found.data_vars.values(), strict=True):
        alone = fst24.to_xarray(path)
        assert np.array_equal(variable.values, alone.TT.values)
        lon = next(c for n, c in variable.coords.items() if str(n).startswith("lon"))
        assert np.array_equal(lon.values, alone.lon.values)


def test_files_that_repeat_their_axes_are_on_one_grid(tmp_path: Path) -> None:
    paths = [nest(tmp_path / f"{hour}.fst", hour, 10.0) for hour in (0, 6)]
    assert fst24.to_xarray(paths).TT.dims == ("time", "lat", "lon")


def test_axes_in_a_file_of_their_own_serve_the_others(tmp_path: Path) -> None:
    whole = nest(tmp_path / "whole.fst", 0, 10.0)
    for name, wanted in (("axes", [">>", "^^"]), ("field", ["TT"])):
        with fst24.open(whole) as source, fst24.open(tmp_path / f"{name}.fst", "w") as file:
            for record in source.read_records(nomvar=wanted):
                file.write(record)
    found = fst24.to_xarray([tmp_path / "field.fst", tmp_path / "axes.fst"])
    assert found.TT.dims == ("time", "lat", "lon")
