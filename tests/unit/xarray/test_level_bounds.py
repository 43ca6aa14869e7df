"""Bounds of levels in a Dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24.xarray

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr


@pytest.fixture
def ds(gem: Path) -> xr.Dataset:
    return fst24.xarray.to_xarray(gem, bounds=True)


def test_staggered_axes_bound_each_other(ds: xr.Dataset) -> None:
    m = ds["level_m"].values[np.isnan(ds["height_above_ground_m"])]
    t = ds["level_t_bnds"].values[np.isnan(ds["height_above_ground_t"])]
    np.testing.assert_array_equal(t[:-1], np.stack([m[:-1], m[1:]], axis=1))


def test_terms_have_bounds_and_a_formula(ds: xr.Dataset) -> None:
    assert ds["level_t"].attrs["bounds"] == "level_t_bnds"
    assert ds["a_t"].attrs["bounds"] == "a_t_bnds"
    terms = "a: a_t_bnds b: b_t_bnds ps: P0 pref: pref_t"
    assert ds["level_t_bnds"].attrs == {"formula_terms": terms}
    assert ds["b_t_bnds"].dims == ("level_t", "bnds")


def test_a_diagnostic_level_is_a_point_at_its_label(ds: xr.Dataset) -> None:
    at = int(np.flatnonzero(ds["height_above_ground_t"] == 1.5)[0])
    assert (ds["level_t_bnds"][at] == ds["level_t"][at]).all()


def test_pressures_have_no_bounds(tmp_path: Path) -> None:
    path = tmp_path / "a.fst"
    with fst24.open(path, "w") as f:
        for ip1 in (500, 850):
            f.write(np.zeros((3, 2), np.float32), nomvar="TT", ip1=ip1)
    assert "pres_bnds" not in fst24.xarray.to_xarray(path, bounds=True)
