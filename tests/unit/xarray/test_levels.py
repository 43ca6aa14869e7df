"""Level axes: kinds, families, diagnostic levels, soil, surface types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24
from tests.support.records import hpa, make_file

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = "tests/golden/model/gem-2024051712_000.fst"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.fst"


@pytest.mark.parametrize(
    ("kind", "name", "standard_name", "units", "positive"),
    [
        (0, "altitude", "altitude", "m", "up"),
        (1, "level", "atmosphere_sigma_coordinate", "1", "down"),
        (2, "pres", "air_pressure", "hPa", "down"),
        (4, "height", "height", "m", "up"),
        (6, "theta", "air_potential_temperature", "K", "up"),
        (7, "depth", "depth", "m", "down"),
    ],
    ids=["above-sea", "sigma", "pressure", "above-ground", "theta", "depth"],
)
def test_each_kind_of_level_has_its_coordinate(  # noqa: PLR0917 - a row of the table
    path: Path, kind: int, name: str, standard_name: str, units: str, positive: str
) -> None:
    values = [0.25, 0.5] if kind == 1 else [10.0, 20.0]
    make_file(
        path, [{"ip1": fst24.ip.encode(value, kind)} for value in values] + [{"nomvar": "P0"}]
    )
    found = fst24.to_xarray(path)
    assert found.TT.dims == ("time", name, "lat", "lon")
    attrs = found[name].attrs
    assert (attrs["standard_name"], attrs["units"]) == (standard_name, units)
    assert (attrs["positive"], attrs["axis"]) == (positive, "Z")
    assert found[name].values.tolist() == values


def test_levels_are_as_near_to_what_was_written_as_codes_can_be(path: Path) -> None:
    make_file(path, [{"ip1": hpa(value)} for value in (0.1, 12.5, 1000)])
    assert fst24.to_xarray(path).pres.values == pytest.approx([0.1, 12.5, 1000], rel=1e-6)


def test_momentum_and_thermodynamic_levels_are_named_so() -> None:
    found = fst24.to_xarray(GOLDEN)
    assert found.TT.dims[1] == "level_t"
    assert found.UU.dims[1] == "level_m"
    assert {"a_t", "b_t", "pref_t", "a_m", "b_m", "pref_m"} <= set(found.coords)


def test_one_family_alone_is_just_level() -> None:
    assert fst24.to_xarray(GOLDEN, variables=["TT", "P0"]).TT.dims[1] == "level"


def test_coefficients_make_the_pressure_that_the_table_makes() -> None:
    with fst24.open(GOLDEN) as file:
        found = file.to_xarray()
        vertical = file.vertical(file.find(nomvar="TT"))  # type: ignore[arg-type]
        assert vertical is not None
        p0 = file.find(nomvar="P0").data  # type: ignore[union-attr]
        codes = found.level_t.encoding["fst24"]["ip1"]
        expected = vertical.pressure(codes, P0=p0)
    a, b, pref = found.a_t.values, found.b_t.values, float(found.pref_t)
    made = np.exp(a[:, None, None] + b[:, None, None] * np.log(p0.T / pref)) / 100.0
    assert made == pytest.approx(np.moveaxis(expected, 1, 2), rel=1e-6)


def test_the_diagnostic_level_is_one_of_the_axis_with_its_height() -> None:
    found = fst24.to_xarray(GOLDEN)
    heights = found.height_above_ground_t.values
    assert heights[~np.isnan(heights)].tolist() == [1.5]
    assert found.indexes["level_t"].is_unique
    assert (np.diff(found.level_t.values) > 0).all()


def test_the_diagnostic_level_is_at_one_where_no_level_is(path: Path) -> None:
    codes = [fst24.ip.encode(value, 5) for value in (0.5, 0.9)] + [fst24.ip.encode(1.5, 4)]
    make_file(path, [{"ip1": code} for code in codes])
    with pytest.warns(fst24.Fst24Warning, match="no coefficients"):
        found = fst24.to_xarray(path)
    assert found.level.values == pytest.approx([0.5, 0.9, 1.0])
    assert found.TT[0, :, 0, 0].values.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("diag", "names", "n_levels"),
    [
        ("merge", {"TT"}, 12),
        ("drop", {"TT"}, 11),
        ("only", {"TT"}, 1),
        ("split", {"TT_model_levels", "TT_diag_level"}, 11),
    ],
)
def test_diagnostic_levels_go_where_they_are_wanted(
    diag: str, names: set[str], n_levels: int
) -> None:
    found = fst24.to_xarray(GOLDEN, variables="TT", diag=diag)
    assert set(found.data_vars) == names
    assert found[max(names)].shape[1] == n_levels


@pytest.mark.parametrize(
    ("levels", "kept"), [("thermo", {"TT", "HU", "WW"}), ("momentum", {"UU", "VV", "GZ"})]
)
def test_levels_of_one_family_alone(levels: str, kept: set[str]) -> None:
    found = fst24.to_xarray(GOLDEN, variables=["TT", "HU", "WW", "UU", "VV", "GZ"], levels=levels)
    assert set(found.data_vars) == kept


def test_hybrid_levels_without_a_table_are_numbers_and_told_of(path: Path) -> None:
    make_file(path, [{"ip1": fst24.ip.encode(value, 5)} for value in (0.5, 0.9)])
    with pytest.warns(fst24.Fst24Warning, match="levels of kind 5 have no coefficients"):
        found = fst24.to_xarray(path)
    assert found.level.values == pytest.approx([0.5, 0.9])


def test_a_table_without_the_surface_pressure_is_told_of(path: Path) -> None:
    with fst24.open(GOLDEN) as source, fst24.open(path, "w") as file:
        for record in source.read_records(nomvar=[">>", "^^", "!!", "TT"]):
            file.write(record)
    with pytest.warns(fst24.Fst24Warning, match="not there: P0.*TT"):
        found = fst24.to_xarray(path)
    assert "formula_terms" not in found.level.attrs


def test_the_surface_pressure_may_be_left_out_by_choice() -> None:
    found = fst24.to_xarray(GOLDEN, variables="TT")
    assert "formula_terms" not in found.level.attrs


def test_surface_types_have_labels(path: Path) -> None:
    make_file(path, [{"nomvar": "AL", "ip1": fst24.ip.encode(n, 3)} for n in (1, 2, 5)])
    found = fst24.to_xarray(path)
    assert found.AL.dims == ("time", "sfctype", "lat", "lon")
    assert found.surface_type.values.tolist() == ["ice_free_land", "land_ice", "all_area_types"]
    assert found.surface_type.attrs["standard_name"] == "area_type"


def test_soil_layers_are_at_their_depth(path: Path) -> None:
    make_file(path, [{"nomvar": "WSOL", "ip1": fst24.ip.encode(n, 3)} for n in (1, 2)])
    found = fst24.to_xarray(path)
    assert found.soil_depth.values == pytest.approx([0.025, 0.075])
    assert found.soil_depth_bnds.values == pytest.approx(np.array([[0, 0.05], [0.05, 0.1]]))


def test_soil_layers_may_have_other_depths(path: Path) -> None:
    make_file(path, [{"nomvar": "WSOL", "ip1": fst24.ip.encode(n, 3)} for n in (1, 2)])
    found = fst24.to_xarray(path, soil_depths=[0.1, 0.5])
    assert found.soil_depth.values == pytest.approx([0.05, 0.3])


def test_other_levels_of_kind_3_are_numbers(path: Path) -> None:
    make_file(path, [{"nomvar": "I0", "ip1": fst24.ip.encode(n, 3)} for n in (1, 2)])
    found = fst24.to_xarray(path)
    assert found.sfclevel.values.tolist() == [1, 2]
    assert found.sfclevel.attrs["units"] == "1"


def test_an_ip1_that_is_no_level_is_kept_as_a_number(path: Path) -> None:
    codes = [fst24.ip.encode(value, 10) for value in (1.0, 2.0)]
    make_file(path, [{"ip1": code} for code in codes])
    assert fst24.to_xarray(path).ip1.values.tolist() == sorted(codes)
