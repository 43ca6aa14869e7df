"""Pressure and height of levels: exact, lazy, from what fst24 keeps or from CF attributes."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

import fst24
import fst24.xarray
from fst24 import ip
from fst24.vertical import Vertical
from fst24.xarray._formula import codes_of
from fst24.xarray._pressure import height, level_pressure, pressure
from tests.conftest import GOLDEN, golden

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COORDINATES: dict[str, dict[str, Any]] = json.loads(
    (GOLDEN / "vertical" / "vertical.json").read_text(encoding="utf-8")
)["coordinates"]
HOURS = (0, 3, 6)
CRS = {"grid_mapping_name": "rotated_latitude_longitude"}


class Recorded(BackendArray):
    """An array that says what was read of it."""

    def __init__(self, values: Any) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.reads: list[tuple[int, ...]] = []

    def __getitem__(self, key: Any) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Any:
        found = self.values[np.ix_(*(np.atleast_1d(np.arange(n)[k]) for n, k in zip(
            self.shape, key, strict=True))
        )]  # fmt: skip
        self.reads.append(found.shape)
        return found[tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)]


def axis(v: Vertical, ip1s: Any, suffix: str = "") -> dict[str, Any]:
    """The coordinates of levels, as a Dataset of fst24 has them: ascending."""
    codes = np.asarray(ip1s, np.int32)
    codes = codes[np.argsort(ip.decode(codes).value, kind="stable")]
    cf = v.cf(codes, suffix=suffix)
    level = xr.Variable(cf.name, cf.values, cf.attrs)
    level.encoding["fst24"] = {"ip1": tuple(codes.tolist()), "vertical": v}
    terms = {
        name: xr.Variable((cf.name,) if np.ndim(term.values) else (), term.values, term.attrs)
        for name, term in cf.terms.items()
    }
    return {cf.name: level, **terms}


def model_levels(v: Vertical, ip1s: Any) -> Any:
    return [code for code in np.asarray(ip1s).tolist() if code not in v.diagnostic]


def run() -> tuple[Vertical, Any, Any]:
    """The coordinate of the model run, its P0 (time, y, x), and the codes of TT."""
    paths = [golden(f"model/gem-2024051712_00{hour}.fst") for hour in HOURS]
    with fst24.open(paths) as f:
        fields = sorted(f.read_records(nomvar="P0"), key=lambda record: record.npas)
        v = f.vertical(fields[0]) or f.vertical(93423264)
        assert v is not None
        return v, np.stack([np.asarray(r.data).T for r in fields]), v.thermodynamic


@pytest.fixture
def p0() -> Recorded:
    return Recorded(run()[1])


@pytest.fixture
def ds(p0: Recorded) -> xr.Dataset:
    """The model run, as its Dataset is: two staggered axes, a lazy P0."""
    v = run()[0]
    times = np.datetime64("2024-05-17T12", "ns") + np.array(HOURS) * np.timedelta64(1, "h")
    field = xr.Variable(
        ("time", "rlat", "rlon"),
        indexing.LazilyIndexedArray(p0),
        {"units": "hPa", "grid_mapping": "crs"},
    )
    t, m = model_levels(v, v.thermodynamic), model_levels(v, v.momentum)
    coords = axis(v, t, "_t") | axis(v, m, "_m")
    coords |= {"time": times, "rlat": np.arange(p0.shape[1]), "rlon": np.arange(p0.shape[2])}
    coords |= {"crs": ((), 0, CRS), "lat": (("rlat", "rlon"), np.zeros(p0.shape[1:]))}
    shape = ("time", "level_t", "rlat", "rlon")
    tt = np.broadcast_to(np.float32(0), (len(HOURS), len(t), *p0.shape[1:]))
    return xr.Dataset({"P0": field, "TT": (shape, tt, {"grid_mapping": "crs"})}, coords)


def without_vertical(ds: xr.Dataset) -> xr.Dataset:
    """As a file of another program has it: attributes alone."""
    ds = ds.copy()
    for name in ds.variables:
        ds[name].encoding.clear()
    return ds


def expected(ds: xr.Dataset, level: str = "level_t") -> Any:
    """`Vertical.pressure`, step by step: (time, level, y, x)."""
    kept = ds[level].encoding["fst24"]
    return np.stack([kept["vertical"].pressure(kept["ip1"], P0=p) for p in run()[1]])


# ---------------------------------------------------------------------------------- values


def test_pressure_is_that_of_the_coordinate_bit_for_bit(ds: xr.Dataset) -> None:
    found = pressure(ds, "TT")
    assert found.dims == ("time", "level_t", "rlat", "rlon")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.values, expected(ds))


def test_pressure_is_the_formula_of_the_format_page(ds: xr.Dataset) -> None:
    a, b = (ds[name].values[:, None, None] for name in ("a_t", "b_t"))
    by_hand = np.exp(a + b * np.log(run()[1][:, None].astype(float) * 100 / 1e5)) / 100
    np.testing.assert_allclose(pressure(ds, "TT").values, by_hand, rtol=1e-7)


def test_attributes_alone_give_the_same_pressure(ds: xr.Dataset) -> None:
    found = pressure(without_vertical(ds), "TT")
    np.testing.assert_array_equal(found.values, expected(ds))


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("name", COORDINATES)
def test_levels_of_every_table_are_those_of_the_vgrid_library(name: str, kept: bool) -> None:
    wanted = COORDINATES[name]
    with fst24.open(golden("vertical/xdf-vertical.fst")) as f:
        record = f.find(nomvar="!!", ip1=wanted["IP_1"], ip2=wanted["IP_2"])
        assert record is not None
        v = Vertical.from_record(record)
    codes = np.array(model_levels(v, v.momentum))
    codes = codes[np.argsort(ip.decode(codes).value, kind="stable")]
    in_metres = wanted["units"] == "m"
    surfaces = (np.array(wanted[key]) / (1 if in_metres else 100) for key in (
        "surface", "surface_ls"))  # fmt: skip
    fields = {name: ("x", values) for name, values in zip(v.references, surfaces, strict=False)}
    ds = xr.Dataset(fields, axis(v, codes))
    ds = ds if kept else without_vertical(ds)
    found = height(ds) if in_metres else pressure(ds, unit="Pa")
    by_code = dict(zip(wanted["VIPM"], wanted["levels8_VIPM"], strict=True))
    theirs = np.array([by_code[code] for code in codes.tolist()])
    level = next(iter(axis(v, codes)))
    ours = found.transpose(level, ...).values
    theirs = theirs if ours.ndim == theirs.ndim else theirs[:, 0]
    # Without the table, sigma is the single-precision value of its ip1.
    np.testing.assert_allclose(ours, theirs, rtol=4e-15 if kept else 1e-6, atol=0 if kept else 1e-6)


def test_the_unit_can_be_pascals(ds: xr.Dataset) -> None:
    found = pressure(ds, "TT", unit="Pa")
    assert found.attrs["units"] == "Pa"
    np.testing.assert_allclose(found.values, expected(ds) * 100, rtol=1e-6)


def test_a_surface_pressure_may_be_in_pascals_and_in_double_precision(ds: xr.Dataset) -> None:
    p0 = ds["P0"].astype(float) * 100
    p0.attrs["units"] = "Pa"
    found = pressure(ds.assign(P0=p0), "TT")
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.values, expected(ds), rtol=1e-7)


def test_missing_points_stay_missing(ds: xr.Dataset) -> None:
    hole = ds["P0"].load().where(ds["P0"].rlon != 3)
    found = pressure(ds.assign(P0=hole), "TT")
    assert (found.isnull() == hole.isnull()).all()


# ----------------------------------------------------------------------------------- lazy


def test_nothing_is_read_before_a_value_is_asked_for(ds: xr.Dataset, p0: Recorded) -> None:
    found = pressure(ds, "TT")
    repr(found)
    found.isel(time=0).sel(level_t=1.0)
    assert p0.reads == []


def test_only_what_is_selected_is_read(ds: xr.Dataset, p0: Recorded) -> None:
    found = pressure(ds, "TT").isel(time=1, level_t=[2, 0], rlat=slice(3, 5), rlon=7).values
    assert p0.reads == [(1, 2, 1)]
    np.testing.assert_array_equal(found, expected(ds)[1, [2, 0], 3:5, 7])


def test_a_step_is_computed_at_a_time(ds: xr.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []
    real = fst24.vertical.Formula.compute_into

    def seen(self: Any, out: Any, fields: Any, divisor: float = 1.0) -> None:
        shapes.append(out.shape)
        real(self, out, fields, divisor)

    monkeypatch.setattr(fst24.vertical.Formula, "compute_into", seen)
    pressure(ds, "TT").load()
    assert shapes == [(ds.sizes["level_t"], ds.sizes["rlat"], ds.sizes["rlon"])] * len(HOURS)


def test_a_large_surface_pressure_is_read_in_parts(
    ds: xr.Dataset, p0: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fst24.xarray._formula_array._BLOCK_BYTES", 1)
    found = pressure(ds, "TT").values
    assert p0.reads == [(1, *p0.shape[1:])] * len(HOURS)
    np.testing.assert_array_equal(found, expected(ds))


def selections() -> list[Callable[[xr.Dataset], xr.Dataset]]:
    return [
        lambda ds: ds.isel(level_t=slice(None, None, -1)),
        lambda ds: ds.isel(level_t=[4, 1, 2]),
        lambda ds: ds.isel(level_t=5),
        lambda ds: ds.isel(time=0, rlat=slice(2, 9, 3)),
        lambda ds: ds.isel(time=[2, 0], rlon=3, rlat=4),
        lambda ds: ds.sel(level_t=1.0, method="nearest").isel(time=slice(0, 0)),
        lambda ds: ds.transpose("rlon", "level_t", "time", "rlat", ...),
        lambda ds: ds.rename(level_t="eta", rlat="y"),
    ]


@pytest.mark.parametrize("how", ["lazy", "by attributes", "of dask"])
@pytest.mark.parametrize("select", selections())
def test_selecting_before_or_after_is_the_same(
    ds: xr.Dataset, select: Callable[[xr.Dataset], xr.Dataset], how: str
) -> None:
    ds = ds.drop_dims("level_m")
    ds = without_vertical(ds) if how == "by attributes" else ds
    ds = ds.chunk({"time": 1, "rlat": 11}) if how == "of dask" else ds
    whole = ds.assign(PX=pressure(ds, "TT"))
    xr.testing.assert_identical(pressure(select(ds), "TT").variable, select(whole)["PX"].variable)


def test_points_can_be_chosen(ds: xr.Dataset) -> None:
    at = xr.DataArray([3, 5, 8], dims="point")
    found = pressure(ds, "TT").isel(rlat=at, rlon=at)
    np.testing.assert_array_equal(found.values, expected(ds)[:, :, [3, 5, 8], [3, 5, 8]])


def test_what_was_computed_can_be_written_to(ds: xr.Dataset) -> None:
    found = pressure(ds, "TT")
    found[0, 0, 0, 0] = 1.0
    assert found.values[0, 0, 0, 0] == 1.0


def test_a_lazy_pressure_can_be_pickled(ds: xr.Dataset) -> None:
    found = pickle.loads(pickle.dumps(pressure(ds, "TT")))  # noqa: S301 - our own
    np.testing.assert_array_equal(found.values, expected(ds))


def test_arrays_in_memory_are_not_computed_at_once_either(ds: xr.Dataset) -> None:
    found = pressure(ds.load(), "TT")
    assert not found.variable._in_memory
    np.testing.assert_array_equal(found.values, expected(ds))


# ------------------------------------------------------------------------------------ dask


def test_a_surface_pressure_of_dask_gives_dask(ds: xr.Dataset, p0: Recorded) -> None:
    chunked = ds.chunk({"time": 1, "rlat": 11})
    p0.reads.clear()
    found = pressure(chunked, "TT")
    assert found.chunks is not None
    assert found.chunks[:3] == ((1, 1, 1), (ds.sizes["level_t"],), chunked.chunks["rlat"])
    assert p0.reads == []
    np.testing.assert_array_equal(found.values, expected(ds))


def test_chunks_hold_some_of_the_levels(ds: xr.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    a_level = 4 * ds.sizes["rlat"] * ds.sizes["rlon"]
    monkeypatch.setattr("fst24.xarray._formula_array._CHUNK_BYTES", 4 * a_level)
    found = pressure(ds.chunk({"time": 1}), "TT")
    assert found.chunks is not None
    assert set(found.chunks[1][:-1]) == {4}
    np.testing.assert_array_equal(found.values, expected(ds))
    np.testing.assert_array_equal(found.isel(level_t=3, time=1).values, expected(ds)[1, 3])


def test_the_same_question_to_dask_has_the_same_name(ds: xr.Dataset) -> None:
    chunked = ds.chunk({"time": 1})
    assert pressure(chunked, "TT").data.name == pressure(chunked, "TT").data.name
    assert pressure(chunked, "TT").data.name != pressure(chunked, "TT", unit="Pa").data.name


# -------------------------------------------------------------------------------- labels


def test_the_result_says_what_it_is_and_where(ds: xr.Dataset) -> None:
    found = pressure(ds, "TT")
    assert found.name == "pressure"
    assert found.attrs == {
        "standard_name": "air_pressure",
        "long_name": "pressure of levels",
        "units": "hPa",
        "grid_mapping": "crs",
    }
    assert set(found.coords) >= {"time", "level_t", "a_t", "b_t", "pref_t", "lat", "crs", "rlat"}
    assert "level_m" not in found.coords
    assert found.to_dataset()["crs"].attrs == CRS


def test_dimensions_of_a_level_axis_are_in_the_order_of_datasets(ds: xr.Dataset) -> None:
    assert pressure(ds, "level_m").dims == ("time", "level_m", "rlat", "rlon")
    assert pressure(ds, "level_t").dims == ("time", "level_t", "rlat", "rlon")
    members = ds.expand_dims(ensemble=2).transpose("time", "ensemble", ...)
    assert pressure(members, "level_m").dims == ("time", "ensemble", "level_m", "rlat", "rlon")


def test_the_only_level_axis_needs_no_name(ds: xr.Dataset) -> None:
    one = ds.drop_dims("level_m")
    xr.testing.assert_identical(pressure(one), pressure(one, "TT"))


def test_several_level_axes_ask_for_a_name(ds: xr.Dataset) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=r"level_t, level_m: name one"):
        pressure(ds)


def test_an_axis_of_pressures_is_one_and_needs_no_field() -> None:
    v = Vertical.from_ip1s([1000, 850, 500])
    ds = xr.Dataset(coords=axis(v, v.ip1s))
    for one in (ds, without_vertical(ds)):
        found = pressure(one, unit="Pa")
        assert (found.dims, found.values.tolist()) == (("pres",), [50000, 85000, 100000])


def test_sigma_levels_follow_the_surface() -> None:
    v = Vertical.from_ip1s(ip.encode([0.5, 1.0], "sigma"))
    ds = xr.Dataset({"P0": ("x", np.array([1000, 900], np.float32))}, axis(v, v.ip1s))
    found = pressure(ds)
    assert found.transpose("level", "x").values.tolist() == [[500, 450], [1000, 900]]


def test_heights_above_ground_are_heights() -> None:
    v = Vertical.from_ip1s(ip.encode([2, 10], "above_ground"))
    found = height(xr.Dataset(coords=axis(v, v.ip1s)))
    assert found.values.tolist() == [2, 10]
    assert (found.dims, found.attrs["standard_name"]) == (("height",), "height")


def test_a_single_height_stands_back_behind_an_axis(ds: xr.Dataset) -> None:
    near = {"standard_name": "air_pressure", "units": "hPa"}
    ds = ds.drop_dims("level_m").assign_coords(pres=((), 500.0, near))
    assert "level_t" in pressure(ds).dims


# ---------------------------------------------------------------- files of other programs


def cf(level: Any, terms: dict[str, Any], **attrs: str) -> xr.Dataset:
    """Levels along ``lev``, with data variables beside them, as another program wrote them."""
    pairs = " ".join(f"{term}: {term.upper()}" for term in terms)
    named = {term.upper(): variable for term, variable in terms.items()}
    axis = ("lev", np.array(level), {"formula_terms": pairs, **attrs})
    return xr.Dataset(named, {"lev": axis})


PS = ("x", np.array([1000.0, 800.0]), {"units": "hPa"})
B = ("lev", np.array([0.5, 1.0]))


def of(*values: float, units: str | None = None) -> Any:
    return ("lev", np.array(values), {"units": units} if units else {})


@pytest.mark.parametrize(
    ("standard_name", "terms", "expected"),
    [
        ("atmosphere_hybrid_sigma_pressure_coordinate",
         {"ap": of(10, 0, units="hPa"), "b": B, "ps": PS}, [[510, 1000], [410, 800]]),
        ("atmosphere_hybrid_sigma_pressure_coordinate",
         {"ap": of(10, 0), "b": B, "ps": ("x", [1000.0, 800.0])}, [[510, 1000], [410, 800]]),
        ("atmosphere_hybrid_sigma_pressure_coordinate",
         {"a": of(0.01, 0), "p0": ((), 1e5, {"units": "Pa"}), "b": B, "ps": PS},
         [[510, 1000], [410, 800]]),
        ("atmosphere_sigma_coordinate",
         {"sigma": B, "ps": PS, "ptop": ((), 10.0)}, [[505, 1000], [405, 800]]),
        ("atmosphere_sigma_coordinate",
         {"ps": PS, "ptop": ("x", [10.0, 20.0])}, [[505, 1000], [410, 800]]),
        ("atmosphere_sigma_coordinate", {"ps": PS}, [[500, 1000], [400, 800]]),
        ("atmosphere_hybrid_sigma_ln_pressure_coordinate",
         {"a": of(np.log(5e4), np.log(1e5)), "b": B, "ps": PS,
          "pref": ((), 1000.0, {"units": "hPa"})}, [[500, 1000], [500 * 0.8**0.5, 800]]),
        ("atmosphere_ln_pressure_coordinate",
         {"p0": ((), 1000.0, {"units": "hPa"}), "lev": of(1, 0)}, [1000 * np.exp(-1), 1000]),
    ],
)  # fmt: skip
def test_pressures_of_cf_coordinates(
    standard_name: str, terms: dict[str, Any], expected: Any
) -> None:
    found = pressure(cf([0.5, 1.0], terms, standard_name=standard_name))
    np.testing.assert_allclose(found.transpose(..., "lev").values, expected, rtol=1e-14)


ME, MELS = ("x", np.array([100.0, 0.0])), ("x", np.array([40.0, 0.0]))


@pytest.mark.parametrize(
    ("standard_name", "terms", "expected"),
    [
        ("atmosphere_hybrid_height_coordinate",
         {"a": of(500, 0), "b": B, "orog": ME}, [[550, 100], [500, 0]]),
        ("atmosphere_sleve_coordinate",
         {"a": of(0.5, 0), "ztop": ((), 1000.0), "b1": B, "b2": B, "zsurf1": MELS, "zsurf2": ME},
         [[570, 140], [500, 0]]),
        ("atmosphere_sleve_coordinate",
         {"az": of(500, 0), "b1": B, "b2": B, "zsurf1": MELS, "zsurf2": ME},
         [[570, 140], [500, 0]]),
    ],
)  # fmt: skip
def test_heights_of_cf_coordinates(
    standard_name: str, terms: dict[str, Any], expected: Any
) -> None:
    found = height(cf([1.0, 0.0], terms, standard_name=standard_name))
    assert found.attrs["standard_name"] == "altitude"
    np.testing.assert_allclose(found.transpose(..., "lev").values, expected)


def test_terms_that_xarray_moved_into_the_encoding_are_found() -> None:
    name = "atmosphere_sigma_coordinate"
    ds = cf([0.5, 1.0], {"ps": PS}, standard_name=name)
    ds["lev"].encoding["formula_terms"] = ds["lev"].attrs.pop("formula_terms")
    assert pressure(ds).sizes == {"x": 2, "lev": 2}


# ------------------------------------------------------------------------------ bad input

#: What types would refuse.
MB: Any = "mb"
NO_DIMS: Any = np.ones((3, 3))


def test_a_missing_field_is_named_and_can_be_given(ds: xr.Dataset) -> None:
    without = ds.drop_vars("P0")
    with pytest.raises(fst24.InvalidArgumentError, match=r"needs P0.*pressure\(P0="):
        pressure(without, "TT")
    given = pressure(without, "TT", P0=ds["P0"])
    np.testing.assert_array_equal(given.values, expected(ds))


def test_a_number_can_be_given_for_a_field(ds: xr.Dataset) -> None:
    found = pressure(ds, "level_t", P0=1000.0)
    np.testing.assert_array_equal(found.values, level_pressure(ds, "level_t").values)


def test_a_field_of_other_times_is_not_taken(ds: xr.Dataset) -> None:
    later = ds["P0"].assign_coords(time=ds.time + np.timedelta64(1, "h"))
    with pytest.raises(fst24.InvalidArgumentError, match="another 'time'"):
        pressure(ds, "TT", P0=later)


def test_a_field_on_an_axis_of_its_own_is_looked_up(ds: xr.Dataset, p0: Recorded) -> None:
    hourly = ds["P0"].rename(time="time1").reset_coords(drop=True)
    ds = ds.drop_vars("P0").isel(time=[0, 2]).assign(P0=hourly)
    p0.reads.clear()
    found = pressure(ds, "TT")
    assert found.dims == ("time", "level_t", "rlat", "rlon")
    assert p0.reads == []
    np.testing.assert_array_equal(found.values, expected(ds)[[0, 2]])
    assert found.time.equals(ds.time)


def test_an_orography_of_one_time_is_that_of_all_times() -> None:
    terms = {"a": of(500, 0), "b": B, "orog": (("time2", "x"), np.array([[100.0, 0.0]]))}
    ds = cf([1.0, 0.0], terms, standard_name="atmosphere_hybrid_height_coordinate")
    ds["GZ"] = ("time1", "lev", "x"), np.zeros((3, 2, 2))
    found = height(ds, "GZ")
    assert found.dims == ("lev", "x")
    assert found.values.tolist() == [[550, 500], [100, 0]]


def test_a_surface_pressure_of_one_time_is_not_that_of_others(ds: xr.Dataset) -> None:
    one = ds["P0"].isel(time=[0]).rename(time="time1").reset_coords(drop=True)
    with pytest.raises(fst24.InvalidArgumentError, match="is along"):
        pressure(ds.assign(P0=one), "TT")


def test_a_field_on_another_grid_is_refused(ds: xr.Dataset) -> None:
    other = ds["P0"].rename(rlat="lat1", rlon="lon1").reset_coords(drop=True)
    with pytest.raises(fst24.InvalidArgumentError, match=r"is along .*lat1.*P0=\.\.\."):
        pressure(ds.assign(P0=other), "TT")


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (lambda ds: pressure(ds, "XX"), "has no 'XX'"),
        (lambda ds: pressure(ds, "time"), "'time' says no pressure"),
        (lambda ds: pressure(ds, "P0"), "several level axes|no levels of 'P0'"),
        (height, "no levels of the Dataset have a height"),
        (lambda ds: pressure(ds, "TT", unit=MB), "'hPa' or 'Pa'"),
        (lambda ds: pressure(ds, "TT", ME=1.0), "ME: the levels 'level_t' follow P0"),
        (lambda ds: pressure(ds, "TT", P0=NO_DIMS), "give a DataArray"),
        (lambda ds: pressure(ds.assign(P0=ds.P0.assign_attrs(units="K")), "TT"), "units='K'"),
        (lambda ds: pressure(ds.assign(P0=ds.P0 * 100), "TT").load(), 'attrs."units". to "Pa"'),
        (lambda ds: pressure(ds.assign(P0=ds.P0 * 0), "TT").load(), "no logarithm"),
        (lambda ds: height(ds, "TT"), "have a height"),
    ],
)
def test_a_question_without_answer_says_what_to_do(
    ds: xr.Dataset, question: Callable[[xr.Dataset], Any], reason: str
) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=reason):
        question(ds)


def test_a_term_that_is_not_there_is_named() -> None:
    name = "atmosphere_hybrid_sigma_pressure_coordinate"
    ds = cf([0.5, 1.0], {"ap": of(1, 0), "b": B, "ps": PS}, standard_name=name)
    with pytest.raises(fst24.InvalidArgumentError, match="b: B, which is not there"):
        pressure(ds.drop_vars("B"))


@pytest.mark.parametrize("values", [[0.3], [0.5, 0.5]])
def test_levels_that_were_changed_have_no_code(values: list[float]) -> None:
    codes = ip.encode([0.5, 1.0, 0.5], "hybrid")
    assert codes_of(values, codes) is None


def test_diagnostic_levels_are_found_by_their_height() -> None:
    ten, ground = ip.encode(10.0, "above_ground"), ip.encode(1.0, "hybrid")
    found = codes_of([1.0, 0.998], [ten, ground], [np.nan, 10.0])
    assert found is not None
    assert found.tolist() == [ground, ten]
    assert codes_of([10.0], [ground], [10.0]) is None


def test_levels_that_were_changed_are_read_by_their_terms(ds: xr.Dataset) -> None:
    moved = ds.drop_dims("level_m")
    level = moved["level_t"].variable.copy(data=np.arange(ds.sizes["level_t"], dtype=float))
    moved = moved.assign_coords(level_t=level)
    np.testing.assert_array_equal(pressure(moved, "TT").values, expected(ds))


@pytest.mark.parametrize("terms", [True, False])
@pytest.mark.parametrize("where", [slice(None), slice(-2, None), -1, -2])
def test_diagnostic_levels_have_their_own_pressure(where: Any, terms: bool) -> None:
    path = golden("model/gem-2024051712_000.fst")
    with fst24.xarray.to_xarray(path, variables=["TT", "P0"] if terms else "TT") as ds:
        kept = ds["level"].encoding["fst24"]
        one = ds.isel(level=where)
        assert ("formula_terms" in one["level"].attrs) == terms
        given: Any = {} if terms else {"P0": 1000.0}
        found = pressure(one, "TT", **given)
        p0 = ds["P0"].values[0] if terms else 1000.0
        wanted = kept["vertical"].pressure(np.array(kept["ip1"])[where], P0=p0)
        np.testing.assert_array_equal(np.squeeze(found.values), np.squeeze(wanted))


# ------------------------------------------------------------------------- Datasets of files


@pytest.mark.parametrize("name", ["TT", "UU"])
@pytest.mark.parametrize("chunks", [None, {}])
def test_a_model_run_has_the_pressures_of_its_coordinate(name: str, chunks: Any) -> None:
    paths = [golden(f"model/gem-2024051712_00{hour}.fst") for hour in HOURS]
    with fst24.xarray.to_xarray(paths, chunks=chunks) as ds:
        found = pressure(ds, name)
        assert found.dims == ds[name].dims
        assert (found.chunks is None) == (chunks is None)
        kept = ds[found.dims[1]].encoding["fst24"]
        v, p0 = kept["vertical"], ds["P0"].values
        wanted = np.stack([v.pressure(kept["ip1"], P0=one) for one in p0])
        # Diagnostic levels among them, whose labels are no heights.
        assert v.diagnostic[-1 if name == "TT" else 0] in kept["ip1"]
        np.testing.assert_array_equal(found.values, wanted)


@pytest.mark.filterwarnings("ignore::fst24.Fst24Warning")
def test_every_level_axis_of_a_file_has_what_its_coordinate_gives() -> None:
    found = set()
    path = golden("vertical/xdf-vertical.fst")
    with fst24.xarray.to_xarray(path, ensemble=False) as ds:  # etikets V1001, V1002 ...
        for name, coord in ds.coords.items():
            v = coord.encoding.get("fst24", {}).get("vertical")
            if v is None:
                continue
            fields: Any = dict.fromkeys(v.references, 40.0 if v.has_height else 900.0)
            ours = (height if v.has_height else pressure)(ds, str(name), **fields)
            theirs = v.height if v.has_height else v.pressure
            wanted = theirs(coord.encoding["fst24"]["ip1"], **fields)
            np.testing.assert_allclose(ours.values, wanted, rtol=1e-15)
            found.add(v.vcode)
    assert found >= {1001, 1002, 2001, 5001, 5002, 5003, 5004, 5005, 5100, 21001, 21002}


def test_pressures_of_a_file_survive_netcdf(tmp_path: Path) -> None:
    pytest.importorskip("netCDF4", reason="an extra of the package")
    with fst24.xarray.to_xarray(
        golden("model/gem-2024051712_000.fst"), variables=["TT", "P0"]
    ) as ds:
        wanted = pressure(ds, "TT").values
        ds.to_netcdf(tmp_path / "a.nc")
    for decode in (True, "all"):
        with xr.open_dataset(tmp_path / "a.nc", decode_coords=decode) as again:
            np.testing.assert_array_equal(pressure(again, "TT").values, wanted)


# ------------------------------------------------------------------------- nominal pressure


def test_nominal_pressures_label_levels(ds: xr.Dataset) -> None:
    nominal = level_pressure(ds, "level_t")
    kept = ds["level_t"].encoding["fst24"]
    assert nominal.values.tolist() == kept["vertical"].level_pressure(kept["ip1"]).tolist()
    assert nominal.attrs["units"] == "hPa"
    ds = ds.assign_coords(level_pressure=nominal).swap_dims(level_t="level_pressure")
    assert ds.sel(level_pressure=500, method="nearest")["level_t"] == pytest.approx(
        0.5488, abs=1e-3
    )


def test_a_diagnostic_level_is_no_axis_of_heights(gem: Path) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="have a height"):
        fst24.to_xarray(gem).fst24.height("TT")
    found = fst24.to_xarray(golden("vertical/xdf-vertical.fst"))
    assert found.fst24.height("TT_V21001_SLEVE").attrs["units"] == "m"
