"""Datasets written as NetCDF and Zarr: complete, CF, in blocks, whole or not at all."""

from __future__ import annotations

import stat
import sys
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import netCDF4
import numpy as np
import pytest
import xarray as xr
import zarr

import fst24
from fst24.xarray._cf_files import open_cf
from fst24.xarray._netcdf import write_netcdf
from fst24.xarray._store import blocks_of, make_plan, n_record_dims
from fst24.xarray._zarr_out import write_zarr
from tests.support.datasets import Field, forecast, lazy

if TYPE_CHECKING:
    from pathlib import Path

#: Attributes that xarray keeps in encoding when it has read them.
MOVED = ("bounds", "grid_mapping")
#: What a file says besides.
ADDED = ("units_metadata", "fst24")


def read(path: Path) -> xr.Dataset:
    engine = "zarr" if path.is_dir() else "netcdf4"
    with xr.open_dataset(path, engine=engine, decode_coords="all", decode_timedelta=True) as ds:
        return ds.load()


def as_written(ds: xr.Dataset) -> xr.Dataset:
    """What a file keeps of a Dataset, where xarray puts it."""
    ds = ds.copy()
    for variable in ds.variables.values():
        for name in (*MOVED, *ADDED):
            variable.attrs.pop(name, None)
    ds.attrs.pop("history", None)
    return ds


def attributes(path: Path, name: str) -> dict[str, Any]:
    with netCDF4.Dataset(path) as file:
        return dict(file[name].__dict__)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"compression": "zlib"},
        {"compression": "zlib", "level": 1, "shuffle": False},
        {"compression": "zstd"},
        {"compression": "bzip2"},
        {"compression": "blosc_lz4"},
        {"format": "NETCDF4_CLASSIC", "compression": "zlib"},
        {"format": "NETCDF3_64BIT"},
        {"format": "NETCDF3_CLASSIC"},
        {"unlimited": "time"},
        {"chunks": {"time": 2, "rlat": 7}, "compression": "zlib"},
        {"fill_value": 1e30},
        {"threads": 1},
    ],
    ids=str,
)
def test_a_netcdf_file_holds_the_dataset_that_it_was_made_of(
    tmp_path: Path, how: dict[str, Any]
) -> None:
    path = tmp_path / "out.nc"
    write_netcdf(forecast(), path, **how)
    expected = as_written(forecast())
    found = as_written(read(path))
    if "CLASSIC" in how.get("format", "") or "3" in how.get("format", ""):
        expected["MASK"] = expected["MASK"].astype(np.int16, keep_attrs=True)
    xr.testing.assert_identical(found, expected.load())


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"zarr_format": 2},
        {"compression": None},
        {"compression": "gzip"},
        {"compression": "blosc", "level": 9},
        {"compression": "blosc", "zarr_format": 2, "shuffle": False},
        {"compression": "gzip", "zarr_format": 2},
        {"chunks": {"time": -1, "pres": 1}},
    ],
    ids=str,
)
def test_a_zarr_store_holds_the_dataset_that_it_was_made_of(
    tmp_path: Path, how: dict[str, Any]
) -> None:
    path = tmp_path / "out.zarr"
    write_zarr(forecast(), path, **how)
    xr.testing.assert_identical(as_written(read(path)), as_written(forecast()).load())
    assert zarr.open_group(path, use_consolidated=True).metadata.consolidated_metadata is not None


def test_the_dataset_that_is_written_stays_as_it_is(tmp_path: Path) -> None:
    ds = forecast()
    write_netcdf(ds, tmp_path / "out.nc", attributes={"source": "a model"})
    xr.testing.assert_identical(ds.load(), forecast().load())
    assert ds["TT"].encoding == {"fst24": {"nomvar": "TT"}}


@pytest.mark.parametrize("write", [write_netcdf, write_zarr])
def test_values_are_read_once_and_a_block_at_a_time(tmp_path: Path, write: Any) -> None:
    field = Field((40, 5, 200, 300))
    variable = lazy(("time", "pres", "y", "x"), field, {})
    write(xr.Dataset({"TT": variable}), tmp_path / "out")
    assert field.n_read == 40 * 5 * 200 * 300
    assert field.n_most * 4 <= 16 << 20


def test_a_record_is_never_read_in_parts(tmp_path: Path) -> None:
    field = Field((3, 1500, 1600))  # 9 MiB a record, in chunks of rows
    header = {"ni": 1600, "nj": 1500, "nk": 1}
    write_netcdf(
        xr.Dataset({"TT": lazy(("time", "y", "x"), field, {}, fst24=header)}),
        tmp_path / "out.nc",
        compression="zlib",
        level=1,
    )
    assert field.n_read == field.shape[0] * field.n_most
    with netCDF4.Dataset(tmp_path / "out.nc") as file:
        assert file["TT"].chunking() == [1, 655, 1600]


@pytest.mark.parametrize("write", [write_netcdf, write_zarr])
def test_blocks_are_read_on_threads(tmp_path: Path, write: Any) -> None:
    class Waiting(Field):
        both = threading.Barrier(2, timeout=30)

        def _read(self, key: tuple[Any, ...]) -> Any:
            self.both.wait()
            return super()._read(key)

    field = Waiting((4, 2000, 1000))
    write(xr.Dataset({"TT": lazy(("time", "y", "x"), field, {})}), tmp_path / "out", threads=2)
    assert field.n_read == 4 * 2000 * 1000


def test_memory_is_that_of_few_blocks() -> None:
    plan = make_plan(
        xr.Dataset({"TT": lazy(("t", "z", "y", "x"), Field((1000, 80, 600, 800)), {})}),
        attributes=None,
        fill_value=np.nan,
        chunks=None,
    )
    blocks = blocks_of(plan.streams)
    assert sum(block.n_bytes for block in blocks) == 1000 * 80 * 600 * 800 * 4
    assert max(block.n_bytes for block in blocks) <= 16 << 20
    assert len(blocks) < 1000 * 80 / 5


def test_lists_of_points_and_panels_are_read_by_records() -> None:
    points = lazy(("time", "i"), Field((1000, 90)), {}, fst24={"ni": 90, "nj": 1, "nk": 1})
    panels = lazy(
        ("time", "subgrid", "y", "x"),
        Field((10, 2, 1500, 1600)),
        {},
        fst24={"ni": 1600, "nj": 3000, "nk": 1},
    )
    assert n_record_dims(points) == 1
    assert n_record_dims(panels) == 3
    plan = make_plan(xr.Dataset({"TT": panels}), attributes=None, fill_value=None, chunks=None)
    assert plan.streams[0].block_shape() == (1, 2, 1500, 1600)


@pytest.mark.parametrize("write", [write_netcdf, write_zarr])
def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "out"
    write(forecast(), path)
    before = read(path)
    field = Field((20, 300, 1000), bad=17 * 300 * 1000)
    with pytest.raises(OSError, match="record 7 cannot be decoded"):
        write(xr.Dataset({"TT": lazy(("time", "y", "x"), field, {})}), path)
    xr.testing.assert_identical(read(path), before)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("write", [write_netcdf, write_zarr])
def test_a_new_one_takes_the_place_of_the_old_one(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "out"
    write(forecast(n_times=5), path)
    write(forecast(n_times=2), path)
    assert read(path).sizes["time"] == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("write", [write_netcdf, write_zarr])
def test_mode_x_refuses_to_replace(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "out"
    write(forecast(), path, mode="x")
    with pytest.raises(FileExistsError):
        write(forecast(), path, mode="x")


def test_permissions_and_links_of_a_file_that_is_replaced_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "real.nc", tmp_path / "link.nc"
    write_netcdf(forecast(), path)
    path.chmod(0o640)
    link.symlink_to(path)
    write_netcdf(forecast(n_times=1), link)
    assert link.is_symlink()
    assert read(path).sizes["time"] == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("write", [write_netcdf, write_zarr])
def test_progress_goes_up_to_all_bytes(tmp_path: Path, write: Any) -> None:
    told: list[tuple[int, int]] = []
    write(forecast(), tmp_path / "out", progress=lambda done, total: told.append((done, total)))
    done = [done for done, _ in told]
    assert done == sorted(set(done))
    assert {total for _, total in told} == {done[-1]}
    assert done[-1] >= forecast()["TT"].nbytes


def times(*texts: str) -> xr.Dataset:
    values = np.array(texts, "M8[ns]")
    return xr.Dataset(coords={"time": ("time", values, {"standard_name": "time"})})


@pytest.mark.parametrize(
    ("texts", "units", "numbers"),
    [
        (("2024-05-17T12", "2024-05-18T00"), "hours since 2024-05-17", [12, 24]),
        (("2024-05-17T12:30", "2024-05-17T13"), "minutes since 2024-05-17", [750, 780]),
        (("2024-05-17T00:00:07",), "seconds since 2024-05-17", [7]),
        (("1850-01-01T00", "2300-01-01T00"), "hours since 1850-01-01", [0, 3944616]),
    ],
)
def test_times_are_whole_numbers_of_the_largest_unit(
    tmp_path: Path, texts: tuple[str, ...], units: str, numbers: list[int]
) -> None:
    ds = times(*texts)
    if texts[-1] > "2262":  # beyond nanoseconds
        ds = xr.Dataset(coords={"time": ("time", np.array(texts, "M8[s]"))})
    write_netcdf(ds, tmp_path / "out.nc")
    with netCDF4.Dataset(tmp_path / "out.nc") as file:
        time = file["time"]
        assert time.units == units
        assert time.calendar == "standard"
        assert time.dtype == np.int64
        assert time[:].tolist() == numbers


def test_dates_before_the_calendar_changed_are_written_as_they_count(tmp_path: Path) -> None:
    ds = xr.Dataset(coords={"time": ("time", np.array(["1500-01-01", "2024-05-17"], "M8[s]"))})
    write_netcdf(ds, tmp_path / "out.nc")
    assert attributes(tmp_path / "out.nc", "time")["calendar"] == "proleptic_gregorian"
    coder = xr.coders.CFDatetimeCoder(time_unit="s")
    with xr.open_dataset(tmp_path / "out.nc", decode_times=coder) as back:
        assert back["time"].equals(ds["time"])


def test_complex_numbers_are_refused_by_netcdf_and_kept_by_zarr(tmp_path: Path) -> None:
    ds = xr.Dataset({"Z": ("x", np.full(5000, 1 + 2j, np.complex64))})
    with pytest.raises(fst24.UnsupportedError, match="Z: NetCDF has no complex numbers"):
        write_netcdf(ds, tmp_path / "out.nc")
    write_zarr(ds, tmp_path / "out.zarr")
    assert read(tmp_path / "out.zarr").equals(ds)


def test_labels_of_a_dimension_are_letters(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"TT": ("ensemble", np.ones(2, np.float32))}, coords={"ensemble": ["E1_X", "E2_X"]}
    )
    write_netcdf(ds, tmp_path / "out.nc")
    with netCDF4.Dataset(tmp_path / "out.nc") as file:
        assert file["ensemble"].dtype == "S1"
        assert file["TT"].coordinates == "ensemble"
    assert read(tmp_path / "out.nc").equals(ds)


def levels(standard_name: str | None, terms: str) -> xr.Dataset:
    attrs = {"units": "1", "positive": "down", "formula_terms": terms}
    named = {} if standard_name is None else {"standard_name": standard_name}
    return xr.Dataset(
        {"TT": (("level", "x"), np.ones((2, 3), np.float32)), "P0": ("x", np.ones(3, np.float32))},
        coords={"level": ("level", [0.5, 1.0], attrs | named), "b": ("level", [0.5, 1.0])},
    )


def test_a_formula_that_cf_knows_stays(tmp_path: Path) -> None:
    ds = levels("atmosphere_sigma_coordinate", "sigma: level ps: P0 ptop: b")
    write_netcdf(ds, tmp_path / "out.nc")
    level = attributes(tmp_path / "out.nc", "level")
    assert level["formula_terms"] == "sigma: level ps: P0 ptop: b"


@pytest.mark.parametrize(
    ("standard_name", "terms"),
    [(None, "b: b ps: P0"), ("atmosphere_sigma_coordinate", "sigma: level ps: PX")],
)
def test_a_formula_that_cf_cannot_say_has_names_of_ours(
    tmp_path: Path, standard_name: str | None, terms: str
) -> None:
    ds = levels(standard_name, terms)
    lacks = "PX" in terms
    with pytest.warns(fst24.Fst24Warning, match="level: PX") if lacks else nullcontext():
        write_netcdf(ds, tmp_path / "out.nc")
    level = attributes(tmp_path / "out.nc", "level")
    assert not {"formula_terms", "standard_name"} & set(level)
    with open_cf(tmp_path / "out.nc") as back:
        assert back["level"].attrs["formula_terms"] == terms
        assert back["level"].attrs.get("standard_name") == standard_name
        assert set(back.data_vars) - {"b"} == {"TT", "P0"}


def test_fractions_of_a_second_survive(tmp_path: Path) -> None:
    ds = times("2024-05-17T12:00:00.125", "2024-05-17T12:00:00.250")
    write_netcdf(ds, tmp_path / "out.nc")
    assert read(tmp_path / "out.nc")["time"].equals(ds["time"])


def test_a_missing_time_stays_missing(tmp_path: Path) -> None:
    ds = xr.Dataset({"when": ("x", np.array(["2024-05-17T12", "NaT"], "M8[ns]"))})
    write_netcdf(ds, tmp_path / "out.nc")
    assert read(tmp_path / "out.nc").equals(ds)


def test_units_that_were_chosen_stay(tmp_path: Path) -> None:
    ds = times("2024-05-17")
    ds["time"].encoding["units"] = "days since 2000-01-01"
    write_netcdf(ds, tmp_path / "out.nc")
    assert attributes(tmp_path / "out.nc", "time")["units"] == "days since 2000-01-01"


def test_units_that_were_chosen_yield_to_exact_times(tmp_path: Path) -> None:
    ds = forecast()
    units = {"units": "hours since 2024-05-17T12:00:00", "dtype": np.dtype(np.int64)}
    ds["time"].encoding.update(units)  # bounds are half past
    ds["time_bnds"].encoding.update(units)
    write_netcdf(ds, tmp_path / "out.nc")
    with netCDF4.Dataset(tmp_path / "out.nc") as file:
        assert file["time"].units == "minutes since 2024-05-17"
        assert file["time_bnds"][0].tolist() == [630, 720]


def test_a_grid_mapping_that_nobody_names_is_no_coordinate(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"TT": ("x", np.ones(3, np.float32))},
        coords={"crs": ((), 0, {"grid_mapping_name": "latitude_longitude"}), "h": ((), 2.0)},
    )
    write_netcdf(ds, tmp_path / "out.nc")
    assert attributes(tmp_path / "out.nc", "TT")["coordinates"] == "h"


def test_bounds_have_the_units_of_what_they_bound_and_no_attributes(tmp_path: Path) -> None:
    write_netcdf(forecast(), tmp_path / "out.nc")
    with netCDF4.Dataset(tmp_path / "out.nc") as file:
        assert file["time"].units == "minutes since 2024-05-17"
        assert file["time_bnds"].ncattrs() == []
        assert file["time_bnds"][0].tolist() == [630, 720]


def test_coordinates_are_named_where_cf_wants_them(tmp_path: Path) -> None:
    write_netcdf(forecast(), tmp_path / "out.nc")
    with netCDF4.Dataset(tmp_path / "out.nc") as file:
        named = {
            n: v.coordinates for n, v in file.variables.items() if "coordinates" in v.ncattrs()
        }
        assert "coordinates" not in file.ncattrs()
    assert named == {
        "TT": "lat leadtime lon reftime",
        "PR": "lat leadtime lon reftime",
        "MASK": "lat lon reftime",
    }


def test_terms_of_a_formula_are_no_coordinates(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {
            "TT": (("level", "x"), np.ones((2, 3), np.float32)),
            "P0": ("x", np.ones(3, np.float32)),
        },
        coords={
            "level": ("level", [0.5, 1.0], {"formula_terms": "sigma: level ps: P0 ptop: ptop"}),
            "ptop": ((), 10.0, {"units": "hPa"}),
        },
    )
    write_netcdf(ds, tmp_path / "out.nc")
    assert "coordinates" not in attributes(tmp_path / "out.nc", "TT")
    assert "coordinates" not in attributes(tmp_path / "out.nc", "P0")


def test_only_values_that_may_be_missing_have_a_fill_value(tmp_path: Path) -> None:
    ds = forecast()
    ds["ME"] = (("rlat", "rlon"), np.ones((40, 50), np.float32))
    ds = ds.assign_coords(height=("time", np.array([1.5, np.nan, 10.0], np.float32)))
    write_netcdf(ds, tmp_path / "out.nc")
    with netCDF4.Dataset(tmp_path / "out.nc") as file:
        filled = {name for name, v in file.variables.items() if "_FillValue" in v.ncattrs()}
        assert filled == {"TT", "PR"}
        assert np.isnan(file["TT"]._FillValue)


def test_a_fill_value_takes_the_place_of_nan(tmp_path: Path) -> None:
    write_netcdf(forecast(), tmp_path / "out.nc", fill_value=1e30)
    with netCDF4.Dataset(tmp_path / "out.nc") as file:
        file.set_auto_mask(False)
        assert file["TT"]._FillValue == np.float32(1e30)
        assert file["TT"][0, 0, 0, 0] == np.float32(1e30)


def test_history_gets_a_line_and_names_nobody(tmp_path: Path) -> None:
    ds = forecast().assign_attrs(history="2020-01-01 made elsewhere")
    write_netcdf(ds, tmp_path / "out.nc", attributes={"institution": "ECCC", "title": ""})
    with netCDF4.Dataset(tmp_path / "out.nc") as file:
        line, before = file.history.split("\n")
        assert before == "2020-01-01 made elsewhere"
        assert line.endswith(f"Z fst24 {fst24.__version__}")
        assert file.institution == "ECCC"
        assert file.Conventions == "CF-1.11"
        assert "title" not in file.ncattrs()


def test_text_and_flags_are_written(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"ok": ("ensemble", np.array([True, False]))},
        coords={"ensemble": np.array(["N1", "N2_LONGER"], dtype=object)},
    )
    write_netcdf(ds, tmp_path / "out.nc")
    write_zarr(ds, tmp_path / "out.zarr")
    for name in ("out.nc", "out.zarr"):
        assert read(tmp_path / name).equals(ds)


def test_packing_of_another_file_is_kept_in_netcdf(tmp_path: Path) -> None:
    values = np.linspace(0, 10, 6000).round(2)
    packing = {"dtype": "int16", "scale_factor": 0.01, "add_offset": 0.0, "_FillValue": -1}
    ds = xr.Dataset({"TT": ("x", values, {}, packing)})
    write_netcdf(ds, tmp_path / "out.nc")
    write_zarr(ds, tmp_path / "out.zarr")
    with netCDF4.Dataset(tmp_path / "out.nc") as file:
        assert file["TT"].dtype == np.int16
    for name in ("out.nc", "out.zarr"):
        np.testing.assert_allclose(read(tmp_path / name)["TT"], values, atol=1e-9)


def test_a_classic_file_refuses_whole_numbers_that_it_cannot_keep(tmp_path: Path) -> None:
    ds = xr.Dataset({"N": ("x", np.array([1, 2**31], np.uint32))})
    with pytest.raises(fst24.InvalidArgumentError, match=r"N: NETCDF3_CLASSIC .* choose NETCDF4"):
        write_netcdf(ds, tmp_path / "out.nc", format="NETCDF3_CLASSIC")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"format": "NETCDF5"}, "format='NETCDF5': it is one of NETCDF4"),
        ({"compression": "zip"}, "compression='zip': it is one of zlib"),
        ({"compression": "zlib", "format": "NETCDF3_CLASSIC"}, "cannot be compressed"),
        ({"unlimited": "date"}, "unlimited: no dimension date; there are"),
        ({"chunks": {"date": 1}}, "chunks: no dimension date; there are"),
        ({"attributes": {"title": 3}}, "attributes: title=3 is no text"),
        ({"mode": "a"}, "mode='a': it is 'w' or 'x'"),
        ({"threads": 0}, "threads=0: at least 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, how: dict[str, Any], words: str) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match=words):
        write_netcdf(forecast(), tmp_path / "out.nc", **how)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("write", "extra"), [(write_netcdf, "netcdf"), (write_zarr, "zarr")])
def test_a_missing_package_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any, extra: str
) -> None:
    for name in ("netCDF4", "zarr"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=rf"pip install 'fst24\[{extra}\]'"):
        write(forecast(), tmp_path / "out")


def test_a_netcdf_file_becomes_another_one(tmp_path: Path) -> None:
    write_netcdf(forecast(), tmp_path / "a.nc")
    for _ in range(5):  # readers and the writer share a library that serves one thread at a time
        with xr.open_dataset(tmp_path / "a.nc", engine="netcdf4") as ds:
            write_netcdf(ds, tmp_path / "b.nc", threads=4)
    assert read(tmp_path / "b.nc").equals(read(tmp_path / "a.nc"))


@pytest.mark.parametrize("write", [write_netcdf, write_zarr], ids=["netcdf", "zarr"])
def test_a_directory_of_other_things_is_not_replaced(tmp_path: Path, write: Any) -> None:
    (tmp_path / "home" / "docs").mkdir(parents=True)
    with pytest.raises(OSError, match="there is a directory of this name"):
        write(forecast(), tmp_path / "home")
    assert (tmp_path / "home" / "docs").is_dir()
