"""``fst24 convert``: standard files to NetCDF and Zarr, and back."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import netCDF4
import numpy as np
import pytest
import xarray as xr

import fst24
from fst24 import compare
from fst24.xarray import to_xarray
from fst24.xarray._cf_files import open_cf

from .conftest import GOLDEN

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run

#: Attributes of the Dataset that the command adds, and of a time that says its calendar.
ADDED = ("history", "title", "units_metadata")
#: Those that xarray keeps in encoding when it has read them.
MOVED = ("bounds", "grid_mapping", "formula_terms")


def plain(ds: xr.Dataset) -> xr.Dataset:
    """A Dataset as files keep it."""
    ds = ds.load().reset_coords()
    for variable in ds.variables.values():
        for name in (*ADDED, *MOVED):
            variable.attrs.pop(name, None)
    return ds.assign_attrs(dict.fromkeys(ADDED)).drop_attrs(deep=False)


def read(path: Path) -> xr.Dataset:
    with open_cf(path) as ds:
        return plain(ds)


def made_of(*paths: Path, **options: Any) -> xr.Dataset:
    with to_xarray([str(path) for path in paths], **options) as ds:
        return plain(ds)


@pytest.fixture
def run_of() -> list[Path]:
    """Three steps of a model run."""
    return [GOLDEN / "model" / f"gem-2024051712_{hour}.fst" for hour in ("000", "003", "006")]


@pytest.mark.parametrize("name", ["out.nc", "out.zarr"])
def test_a_file_holds_the_dataset_of_its_records(
    run: Run, tmp_path: Path, run_of: list[Path], name: str
) -> None:
    out = tmp_path / name
    done = run("convert", *run_of, out)
    assert (done.returncode, done.stderr) == (0, "")
    xr.testing.assert_identical(read(out), made_of(*run_of))


def test_the_last_line_tells_what_was_made(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out.nc"
    done = run("convert", model, out)
    assert done.stdout == f"{out}: 11 variables, {out.stat().st_size:,} bytes\n"


GOLDENS = ["gem-2024051712_003", "press-2024051712_000", "yy-2024051712_000"]


@pytest.mark.parametrize("golden", GOLDENS)
@pytest.mark.parametrize("name", ["out.nc", "out.zarr"])
def test_a_way_there_and_back_gives_the_same_records(
    run: Run, tmp_path: Path, golden: str, name: str
) -> None:
    source, between, back = GOLDEN / "model" / f"{golden}.fst", tmp_path / name, tmp_path / "b.fst"
    assert run("convert", source, between).returncode == 0
    done = run("convert", between, back)
    assert (done.returncode, done.stderr) == (0, "")
    with fst24.open(source) as a, fst24.open(back) as b:
        pairs, only_a, _ = compare.match(a, b)
        assert all(fst24.is_descriptor(a[i].nomvar) for i in only_a)  # they have no label now
        assert {compare.records(a[i], b[j]).verdict for i, j in pairs} == {"equal"}
        assert len(a) == len(b)
    xr.testing.assert_identical(made_of(back), made_of(source))


def test_without_what_was_kept_fields_are_the_same(run: Run, tmp_path: Path, model: Path) -> None:
    between, back = tmp_path / "out.nc", tmp_path / "back.fst"
    assert run("convert", model, between, "--no-keep").returncode == 0
    with netCDF4.Dataset(between) as file:
        assert not any("fst24" in variable.ncattrs() for variable in file.variables.values())
    assert run("convert", between, back).returncode == 0
    with fst24.open(model) as old, fst24.open(back) as new:
        for nomvar in ("TT", "UU", "P0"):
            for a in old.iter_records(nomvar=nomvar):
                found = [
                    b for b in new.iter_records(nomvar=nomvar) if np.array_equal(a.data, b.data)
                ]
                assert a.ip1 in [b.ip1 for b in found]  # two levels may hold the same


def test_options_choose_records_and_how_they_become_a_dataset(
    run: Run, tmp_path: Path, run_of: list[Path]
) -> None:
    out = tmp_path / "out.nc"
    chosen = ("--nomvar", "TT,UU", "--where", "lead > 1", "--forecast-axis", "--rpnstd-metadata")
    assert run("convert", *run_of, out, *chosen, "--lang", "fr").returncode == 0
    found = read(out)
    assert {"TT", "UU"} <= set(found.data_vars)
    assert not {"GZ", "P0"} & set(found.data_vars)
    assert found["TT"].sizes["time"] == 1
    assert found["TT"].sizes["forecast"] == 2
    assert found["TT"].attrs["nomvar"] == "TT"
    assert found["TT"].attrs["long_name"] == "température de l'air"


def test_any_option_of_to_xarray_can_be_given(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out.nc"
    options = ("--option", "coords=1d", "--option", "metadata=no", "--option", "attrs=ip2,ip3")
    assert run("convert", model, out, *options).returncode == 0
    found = read(out)
    assert "lat" not in found.variables
    assert "units" not in found["TT"].attrs
    assert {"ip2", "ip3"} <= set(found["TT"].attrs)


def test_storage_of_netcdf_is_as_asked(run: Run, tmp_path: Path, run_of: list[Path]) -> None:
    out = tmp_path / "out.nc"
    how = ["--compression", "zlib", "--compression-level", "1", "--chunk", "time1=1"]
    how += ["--unlimited", "time1", "--fill-value", "1e30", "--format", "NETCDF4_CLASSIC"]
    assert run("convert", *run_of, out, *how).returncode == 0
    with netCDF4.Dataset(out) as file:
        assert file.data_model == "NETCDF4_CLASSIC"
        assert file.dimensions["time1"].isunlimited()
        assert file["TT"].filters()["zlib"]
        assert file["TT"].filters()["complevel"] == 1
        assert file["TT"].chunking()[0] == 1
        assert file["TT"]._FillValue == np.float32(1e30)


def test_attributes_say_what_was_made_and_name_no_directory(
    run: Run, tmp_path: Path, run_of: list[Path]
) -> None:
    out = tmp_path / "out.nc"
    assert run("convert", *run_of, out, "--attribute", "institution=ECCC").returncode == 0
    with netCDF4.Dataset(out) as file:
        first = run_of[0].name
        assert file.title == f"Fields of {first} and 2 more files"
        assert file.history.endswith(f"fst24 {fst24.__version__}: convert {first} and 2 more files")
        assert "/" not in file.history
        assert file.institution == "ECCC"
        assert file.Conventions == "CF-1.11"
    assert run("convert", run_of[0], out, "--force", "--history", "By hand").returncode == 0
    with netCDF4.Dataset(out) as file:
        assert file.history == "By hand"


def test_records_are_stored_as_asked(run: Run, tmp_path: Path, model: Path) -> None:
    between, out = tmp_path / "out.nc", tmp_path / "out.rsf"
    run("convert", model, between, "--nomvar", "TT,P0")
    assert run("convert", between, out, "--datyp", "f12", "--backend", "rsf").returncode == 0
    with fst24.open(out) as f:
        assert f.backend == "RSF"
        assert {(r.datyp & 127, r.nbits) for r in f if not fst24.is_descriptor(r.nomvar)} == {
            (6, 12)
        }


def test_what_is_there_is_replaced_with_force_only(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out.nc"
    out.write_text("precious")
    done = run("convert", model, out)
    assert done.returncode == 2
    assert f"{out} is there: --force replaces it." in done.stderr
    assert out.read_text() == "precious"
    assert run("convert", model, out, "--force").returncode == 0
    assert "TT" in read(out)


def test_to_says_what_a_name_does_not(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "2024051712_000"
    done = run("convert", model, out)
    assert done.returncode == 2
    assert "say --to nc, zarr or fst" in done.stderr
    assert run("convert", model, out, "--to", "zarr").returncode == 0
    assert "TT" in read(out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["OUT.nc"], "Name the files to convert"),
        (["MODEL", "OUT.nc", "--nbits", "12"], "--nbits is not for NetCDF."),
        (["MODEL", "OUT.zarr", "--fill-value", "0"], "--fill-value is not for Zarr."),
        (["NC", "OUT.fst", "--chunk", "time=1"], "--chunk is not for standard files."),
        (["NC", "OUT.fst", "--bounds"], "--bounds is not for standard files."),
        (["NC", "OUT.zarr", "--nomvar", "TT"], "is no standard file"),
        (["NC", "NC", "OUT.fst"], "Give one NetCDF file or Zarr store."),
        (["MODEL", "OUT.fst"], "fst24 cp or fst24 repack"),
        (["MODEL", "OUT.nc", "--chunk", "time"], "'time' is not DIM=SIZE"),
        (["MODEL", "OUT.nc", "--chunk", "time=a"], "'a' is no number"),
        (["NC", "OUT.fst", "--datyp", "f12", "--nbits", "16"], "--datyp says 12 bits, --nbits 16."),
    ],
)
def test_what_cannot_be_meant_is_refused(
    run: Run, tmp_path: Path, model: Path, arguments: list[str], words: str
) -> None:
    between = tmp_path / "there.nc"
    xr.Dataset({"x": ("i", np.zeros(3))}).to_netcdf(between)
    places = {"MODEL": str(model), "NC": str(between)}
    given = [places.get(a, a.replace("OUT", str(tmp_path / "out"))) for a in arguments]
    done = run("convert", *given)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert [entry.name for entry in tmp_path.iterdir()] == ["there.nc"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["FOREIGN", "OUT.nc"], "foreign.fst: byte 0: text, not a standard file"),
        (["ABSENT", "OUT.nc"], "absent.fst: cannot open: No such file or directory"),
        (["ABSENT", "OUT.fst"], "absent.fst: No such file or directory"),
        (["MODEL", "OUT.nc", "--nomvar", "XXXX"], "no variable was chosen: nothing was written"),
        (["MODEL", "OUT.nc", "--option", "bound=yes"], "to_xarray has no option 'bound'"),
        (["MODEL", "OUT.nc", "--compression", "zip"], "it is one of zlib, zstd"),
        (["MODEL", "OUT.nc", "--chunk", "x=1"], "chunks: no dimension x; there are"),
        (["MODEL", "LOST"], "the directory of the new file is not there"),
        (["DAMAGED", "OUT.nc"], "damaged.fst"),
    ],
)
def test_what_fails_is_said_in_one_line_and_leaves_nothing(
    run: Run, tmp_path: Path, model: Path, arguments: list[str], words: str
) -> None:
    places = {name: tmp_path / f"{name.lower()}.fst" for name in ("FOREIGN", "DAMAGED", "ABSENT")}
    places["FOREIGN"].write_text("no standard file, just a few words of text" * 9)
    content = bytearray(model.read_bytes())
    with fst24.open(model) as f:
        content[f[40].offset : f[40].offset + 72] = b"\xff" * 72
    places["DAMAGED"].write_bytes(content)
    places |= {"MODEL": model, "OUT.nc": tmp_path / "out.nc", "OUT.fst": tmp_path / "out.fst"}
    places["LOST"] = tmp_path / "lost" / "out.nc"
    before = sorted(tmp_path.iterdir())
    done = run("convert", *(places.get(argument, argument) for argument in arguments))
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "warning" not in line]
    assert len(lines) == 1
    assert lines[0].startswith("fst24: ")
    assert words in lines[0]
    assert sorted(tmp_path.iterdir()) == before


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out.nc"
    command = f'ulimit -f 64; exec "{sys.executable}" -m fst24.cli convert "{model}" "{out}"'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"fst24: {out}: ")
    assert "is the disk full?" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_quiet_says_nothing(run: Run, tmp_path: Path) -> None:
    source = GOLDEN / "grids" / "xdf-grids.fst"
    done = run("convert", source, tmp_path / "out.nc", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("extra", "name"), [("netcdf", "out.nc"), ("zarr", "out.zarr")])
def test_a_package_that_is_not_there_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: str, name: str
) -> None:
    for module in ("netCDF4", "zarr"):
        (tmp_path / f"{module}.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = run("convert", GOLDEN / "model" / "press-2024051712_000.fst", tmp_path / name)
    assert done.returncode == 1
    assert f"pip install 'fst24[{extra}]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("options", "is_shown"), [([], True), (["--no-progress"], False)])
def test_a_bar_is_for_those_who_look(
    tmp_path: Path, model: Path, options: list[str], *, is_shown: bool
) -> None:
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "fst24.cli", "convert", model, tmp_path / "out.nc", *options],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        check=True,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(theirs)
    try:
        shown = os.read(ours, 65536)
    except OSError:  # nothing was written
        shown = b""
    os.close(ours)
    assert (b"writing" in shown) is is_shown
