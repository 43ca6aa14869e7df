"""The comparison finds each kind of difference, and none between equal Datasets."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.xarray.compare import compare

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[dict[str, Any]], None]

REFERENCES = Path(__file__).parent / "references"


@pytest.fixture(scope="module")
def rotated() -> dict[str, Any]:
    """A Dataset of theirs, with what ours keeps among the coordinates there."""
    told = json.loads((REFERENCES / "rotated.json").read_text(encoding="utf-8"))["rotated"]
    for name in ("leadtime", "reftime", "rotated_pole"):
        told["coords"][name] = told["data"].pop(name)
    return dict(told)


def theirs(ours: dict[str, Any]) -> dict[str, Any]:
    found = copy.deepcopy(ours)
    for name in ("leadtime", "reftime", "rotated_pole"):
        found["data"][name] = found["coords"].pop(name)
    return found


def values(name: str, key: Any, value: Any, part: str = "coords") -> Change:
    def change(ds: dict[str, Any]) -> None:
        ds[part][name]["values"][key] = value

    return change


def attribute(name: str, key: str, value: Any, part: str = "coords") -> Change:
    def change(ds: dict[str, Any]) -> None:
        ds[part][name]["attrs"][key] = value

    return change


def renamed(old: str, new: str) -> Change:
    def change(ds: dict[str, Any]) -> None:
        ds["data"][new] = ds["data"].pop(old)

    return change


def dims(name: str, *new: str) -> Change:
    def change(ds: dict[str, Any]) -> None:
        ds["data"][name]["dims"] = list(new)

    return change


CHANGES: dict[str, Change] = {
    "TT.values": values("TT", "sum", 1.0, "data"),
    "_2B.values": values("_2B", "nan", 1, "data"),
    "_2B.name": renamed("_2B", "2B"),
    "TT.missing": lambda ds: ds["data"].pop("TT"),
    "UU.extra": lambda ds: ds["data"].update(UU=ds["data"]["TT"]),
    "TT.dtype": lambda ds: ds["data"]["TT"].update(dtype="float64"),
    "TT.shape": lambda ds: ds["data"]["TT"].update(shape=[2, 3, 5, 7]),
    "TT.dims": lambda ds: ds["data"]["TT"].update(dims=["time", "i"], shape=[6, 30]),
    "pres.name": dims("TT", "time", "level", "rlat", "rlon"),
    "pres.values": values("pres", 0, 501.0),
    "pres.units": attribute("pres", "units", "Pa"),
    "pres.missing": lambda ds: ds["coords"].pop("pres"),
    "rlon.values": values("rlon", 3, 0.0),
    "latitude.values": values("lat", 7, 29.0),
    "longitude.values": values("lon", 7, 260.0),
    "longitude.missing": lambda ds: ds["coords"].pop("lon"),
    "time.values": values("time", 1, "2024-05-17T16:00:00"),
    "leadtime.values": values("leadtime", 1, 0),
    "reftime.missing": lambda ds: ds["coords"].pop("reftime"),
    "crs.missing": lambda ds: ds["coords"].pop("rotated_pole"),
    "crs.grid_north_pole_latitude": attribute("rotated_pole", "grid_north_pole_latitude", 54.0),
}


def test_equal_datasets_have_no_differences(rotated: dict[str, Any]) -> None:
    assert not compare(theirs(rotated), rotated)


@pytest.mark.parametrize("where", CHANGES)
def test_a_change_is_found_where_it_is(where: str, rotated: dict[str, Any]) -> None:
    ours = copy.deepcopy(rotated)
    CHANGES[where](ours)
    assert where in {finding.where for finding in compare(theirs(rotated), ours)}
