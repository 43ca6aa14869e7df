"""Masks (typvar @@) of members, of levels near the ground, of tiles, and of pooled records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from tests.support.records import DATEO, hpa, make_file

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

MEMBERS = ["E1_612_N001", "E1_612_N002"]
HYBRID, GROUND = fst24.ip.encode(0.5, 5), fst24.ip.encode(10.0, 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.fst"


def field(**fields: Any) -> dict[str, Any]:
    return {"typvar": "P@", **fields}


def mask_of(point: int, **fields: Any) -> dict[str, Any]:
    """A mask that leaves one point out: i of the first row."""
    flags = np.ones((3, 2), np.uint32, order="F")
    flags[point, 0] = 0
    return {"typvar": "@@", "datyp": 2, "nbits": 1, "data": flags, **fields}


def left_out(variable: xr.DataArray) -> list[int]:
    """The point that is NaN in each field, in the order of the outer dimensions."""
    flat = variable.values.reshape(-1, 6)
    assert (np.isnan(flat).sum(axis=1) == 1).all()
    return [int(point) for point in np.isnan(flat).argmax(axis=1)]


def test_masks_of_members_may_be_in_another_order_than_the_members(path: Path) -> None:
    one, two = ({"etiket": etiket} for etiket in MEMBERS)
    make_file(path, [field(**one), field(**two), mask_of(1, **two), mask_of(0, **one)])
    found = fst24.to_xarray(path, ensemble=True)
    assert left_out(found.TT) == [0, 1]


def test_a_member_without_a_mask_takes_none_from_the_others(path: Path) -> None:
    one, two = ({"etiket": etiket} for etiket in MEMBERS)
    make_file(path, [field(**one), field(**two), mask_of(1, **two)])
    with pytest.warns(fst24.Fst24Warning, match="no mask.*TT: 1 records, as 0"):
        found = fst24.to_xarray(path)
    assert np.isnan(found.TT.values).sum(axis=(0, 2, 3)).tolist() == [0, 1]


@pytest.mark.filterwarnings("ignore:.*no coefficients")
def test_the_level_near_the_ground_brings_its_mask(path: Path) -> None:
    levels = [{"ip1": HYBRID}, {"ip1": GROUND}]
    masks = [mask_of(point, **level) for point, level in enumerate(levels)]
    make_file(path, [*(field(**level) for level in levels), *masks])
    assert left_out(fst24.to_xarray(path).TT) == [0, 1]


def test_masks_are_masks_where_typvar_tells_nothing_apart(path: Path) -> None:
    make_file(path, [field(), mask_of(2), {"typvar": "A", "hour": 6}])
    found = fst24.to_xarray(path, ignore="typvar")
    assert found.TT.values[:, 0].tolist()[1] == [3, 3, 3]
    assert left_out(found.TT[:1]) == [2]


def test_tiles_have_masks(path: Path) -> None:
    with fst24.open(path, "w") as file:
        write_axes(file)
        for number, (i, j) in enumerate(((1, 1), (4, 1), (1, 3), (4, 3))):
            place: dict[str, Any] = TILE | {"ig3": i, "ig4": j, "ip1": hpa(500)}
            file.write(np.full((3, 2), number, np.float32), typvar="P@", **place)
            flags = np.ones((3, 2), np.uint32)
            flags[0, 0] = number % 2
            file.write(flags, typvar="@@", datyp=2, nbits=1, **place)
    found = fst24.to_xarray(path)
    assert list(found.data_vars) == ["TT"]
    values = found.TT.values[0, 0]
    assert np.argwhere(np.isnan(values)).tolist() == [[0, 0], [2, 0]]
    assert values[1].tolist() == [0, 0, 0, 1, 1, 1]


def test_whole_numbers_in_tiles_that_leave_gaps_become_floats(path: Path) -> None:
    with fst24.open(path, "w") as file:
        write_axes(file)
        for i, j in ((1, 1), (4, 3)):
            file.write(np.full((3, 2), 7, np.int32), **TILE, ig3=i, ig4=j)
    values = fst24.to_xarray(path).TT.values[0]
    assert np.isnan(values[:2, 3:]).all()
    assert (values[:2, :3] == 7).all()


def test_tiles_may_be_stored_in_different_ways(path: Path) -> None:
    with fst24.open(path, "w") as file:
        write_axes(file)
        file.write(np.full((3, 2), 1, np.int32), **TILE, ig3=1, ig4=1)
        file.write(np.full((3, 2), 0.5, np.float32), **TILE, ig3=4, ig4=1)
    assert fst24.to_xarray(path).TT.values[0, 0].tolist() == [1, 1, 1, 0.5, 0.5, 0.5]


TILE: dict[str, Any] = {"nomvar": "TT", "grtyp": "#", "ig1": 1, "ig2": 2, "dateo": DATEO}


def write_axes(file: fst24.Fst24Writer) -> None:
    """Axes of 6 x 4 points of a grid L."""
    tag: dict[str, Any] = {"ip1": 1, "ip2": 2, "ip3": 3, "typvar": "X"}
    frame: dict[str, Any] = {"grtyp": "L", "ig1": 100, "ig2": 100, "ig3": 9000, "ig4": 0}
    file.write(np.arange(6, dtype=np.float32)[:, None], nomvar=">>", **tag, **frame)
    file.write(np.arange(4, dtype=np.float32)[None, :], nomvar="^^", **tag, **frame)
