"""``fst24 dump``: one field for other programs."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24

from .conftest import GOLDEN

if TYPE_CHECKING:
    from .conftest import Run


@pytest.fixture
def pressure(model: Path) -> fst24.Fst24Record:
    with fst24.open(model) as f:
        record = f.find(nomvar="P0")
        assert record is not None
        assert record.data.shape == (42, 34)
        return record


def piped(*arguments: str | Path) -> bytes:
    command = [sys.executable, "-m", "fst24.cli", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def test_npy_is_loaded_as_the_field(
    run: Run, tmp_path: Path, model: Path, pressure: fst24.Fst24Record
) -> None:
    out = tmp_path / "p0.npy"
    done = run("dump", model, out, "--nomvar", "P0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    values = np.load(out)
    assert values.flags.f_contiguous
    assert values.dtype == np.float32
    assert np.array_equal(values, pressure.data)


def test_raw_is_float32_in_the_order_of_fortran(model: Path, pressure: fst24.Fst24Record) -> None:
    content = piped("dump", model, "--nomvar", "P0", "--format", "raw")
    values = np.frombuffer(content, np.float32).reshape(42, 34, order="F")
    assert np.array_equal(values, pressure.data)


def test_csv_has_a_line_a_point_that_gives_the_value_back(
    run: Run, model: Path, pressure: fst24.Fst24Record
) -> None:
    done = run("dump", model, "--nomvar", "P0")
    header, *rows = csv.reader(done.stdout.splitlines())
    assert header == ["i", "j", "k", "value"]
    assert len(rows) == 42 * 34
    assert rows[42][:3] == ["1", "2", "1"]
    for i, j, k, value in rows:
        assert k == "1"
        assert np.float32(value) == pressure.data[int(i) - 1, int(j) - 1]


def test_csv_counts_levels_and_leaves_missing_points_out(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "in.fst"
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4, order="F")
    with fst24.open(path, "w") as f:
        f.write(values, nomvar="TT", mask=values == 7)
    lines = run("dump", path, "--no-header").stdout.splitlines()
    assert lines[:2] == ["1,1,1,0.0", "2,1,1,1.0"]
    assert lines[7] == "2,1,2,"
    assert lines[23] == "2,3,4,23.0"


def test_several_records_are_listed_and_nothing_written(
    run: Run, tmp_path: Path, model: Path
) -> None:
    done = run("dump", model, tmp_path / "tt.npy", "--nomvar", "TT")
    first, header, *rows = done.stderr.splitlines()
    assert done.returncode == 1
    assert done.stdout == ""
    assert first.startswith(f"fst24: {model}: 12 records meet these conditions")
    assert header.split()[:2] == ["index", "nomvar"]
    assert len(rows) == 12
    assert list(tmp_path.iterdir()) == []


def test_long_lists_of_candidates_are_cut(run: Run, model: Path) -> None:
    assert run("dump", model).stderr.splitlines()[-1] == "... and 60 more"


def test_a_place_chooses_one(run: Run, model: Path) -> None:
    done = run("dump", model, "--where", "index=3")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 42 * 34 + 1


def test_no_record_gives_1(run: Run, model: Path) -> None:
    done = run("dump", model, "--nomvar", "NO")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no record meets these conditions" in done.stderr


def test_complex_values_are_not_raw(run: Run, tmp_path: Path) -> None:
    source = GOLDEN / "codec" / "rsf-complex.fst"
    with fst24.open(source) as f:
        values = f[0].data
    done = run("dump", source, tmp_path / "z.raw", "--where", "index=0")
    assert done.returncode == 1
    assert "dump it as npy" in done.stderr
    assert not (tmp_path / "z.raw").exists()
    assert run("dump", source, tmp_path / "z.npy", "--where", "index=0").returncode == 0
    assert np.array_equal(np.load(tmp_path / "z.npy"), values)


def test_nothing_is_replaced_without_force(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "p0.csv"
    out.write_text("mine")
    assert run("dump", model, out, "--nomvar", "P0").returncode == 2
    assert out.read_text() == "mine"
    assert run("dump", model, out, "--nomvar", "P0", "--force").returncode == 0
    assert out.read_text().startswith("i,j,k,value\n")


def test_a_file_that_cannot_be_made_is_one_line(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "absent" / "p0.npy"
    done = run("dump", model, out, "--nomvar", "P0")
    assert done.returncode == 1
    assert done.stderr == f"fst24: {out}: No such file or directory\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("form", ["npy", "csv", "raw"])
def test_a_full_disk_is_said(model: Path, form: str) -> None:
    arguments = ["dump", str(model), "--nomvar", "P0", "--format", form]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fst24.cli", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("fst24: standard output: No space left")
    assert done.stderr.count("\n") == 1


def test_an_unknown_form_gives_2(run: Run, tmp_path: Path, model: Path) -> None:
    assert run("dump", model, tmp_path / "p0.txt", "--nomvar", "P0").returncode == 2
