"""``fst24 diff``: how two files differ, and what the exit status says."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from tests.support.fstmake import record, rsf

if TYPE_CHECKING:
    from .conftest import Run

FIELD = np.asfortranarray(np.arange(12.0, dtype=np.float32).reshape(4, 3) + 1)


def shifted(by: float, i: int = 2, j: int = 1) -> np.ndarray[Any, Any]:
    """The field with another value at one point."""
    values = FIELD.copy(order="F")
    values[i, j] += np.float32(by)
    return values


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two files: UU is equal, TT differs by 0.5 at (3,2), GZ and HU are in one only."""
    a = [record.make(FIELD, nomvar=name) for name in ("UU", "GZ", "TT")]
    b = [record.make(shifted(0.5), nomvar="TT"), record.make(FIELD, nomvar="UU")]
    b.append(record.make(FIELD, nomvar="HU"))
    return written(tmp_path / "a.fst", a), written(tmp_path / "b.fst", b)


def written(path: Path, records: list[record.Record]) -> Path:
    path.write_bytes(rsf.image([records]))
    return path


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_file_is_equal_to_itself(run: Run, model: Path) -> None:
    done = run("diff", model, model)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "A: 80 records, B: 80 records: 80 equal\n"


def test_differences_and_lone_records_are_listed_and_summed_up(
    run: Run, pair: tuple[Path, Path]
) -> None:
    done = run("diff", *pair)
    header, tt, gz, hu, last = done.stdout.splitlines()
    assert done.returncode == 1
    assert header.split()[:4] == ["state", "index_a", "index_b", "nomvar"]
    assert tt.split()[:4] == ["different", "2", "0", "TT"]
    assert "(3,2,1)" in tt
    assert gz.split()[:3] == ["only_a", "1", "GZ"]
    assert hu.split()[:3] == ["only_b", "2", "HU"]
    assert last == ("A: 3 records, B: 3 records: 1 equal, 1 different, 1 only in A, 1 only in B")


def test_json_has_all_numbers(run: Run, pair: tuple[Path, Path]) -> None:
    found = rows(run("diff", *pair, "--json", "--all"))
    assert [row["state"] for row in found] == ["equal", "different", "only_a", "only_b"]
    tt = found[1]
    assert (tt["points"], tt["different"], tt["beyond"], tt["one_sided"]) == (12, 1, 1, 0)
    assert (tt["max_i"], tt["max_j"], tt["max_k"]) == (3, 2, 1)
    assert (tt["abs_max"], tt["abs_mean"], tt["bias"]) == (0.5, 0.5 / 12, 0.5 / 12)
    assert tt["rel_max"] == 0.5 / FIELD[2, 1]
    assert tt["var_a"] == pytest.approx(FIELD.var(dtype=float))
    assert tt["corr"] == pytest.approx(1 - tt["one_minus_corr"])
    assert (found[0]["abs_max"], found[0]["corr"]) == (0.0, 1.0)
    assert found[2]["index_b"] is found[2]["abs_max"] is None


def test_csv_has_the_same_columns(run: Run, pair: tuple[Path, Path]) -> None:
    done = run("diff", *pair, "--csv")
    found = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(found[0]) == list(rows(run("diff", *pair, "--json"))[0])
    assert [row["state"] for row in found] == ["different", "only_a", "only_b"]
    same = run("diff", pair[0], pair[0], "--csv")
    assert same.stdout.splitlines() == done.stdout.splitlines()[:1]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ([], 1),
        (["--atol", "0.5"], 0),
        (["--atol", "0.49"], 1),
        (["--rtol", "0.07"], 0),
        (["--rtol", "0.05"], 1),
        (["--tolerance", "0.07"], 0),
        (["--tolerance", "0.05"], 1),
        (["--tolerance", "0.05", "--atol", "0.6"], 0),
    ],
)
def test_a_tolerance_decides_between_0_and_1(
    run: Run, pair: tuple[Path, Path], options: list[str], status: int
) -> None:
    done = run("diff", *pair, "--nomvar", "TT,UU", *options)
    assert done.returncode == status
    assert ("1 within the tolerance" in done.stdout) == (status == 0)


def test_the_packing_error_is_tolerated_on_request(run: Run, tmp_path: Path) -> None:
    values = np.asfortranarray(np.random.default_rng(1).normal(0, 9, (30, 20)).astype(np.float32))
    a = written(tmp_path / "a.fst", [record.make(values, 1, 16, backend="RSF")])
    b = written(tmp_path / "b.fst", [record.make(values, 1, 12, backend="RSF")])
    assert run("diff", a, b).returncode == 1
    done = run("diff", a, b, "--packing-error")
    assert done.returncode == 0
    assert done.stdout.endswith(": 1 within the tolerance\n")
    assert run("diff", a, b, "--packing-factor", "0.01").returncode == 1
    assert run("diff", a, b, "--packing-factor", "2").returncode == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [("etiket", "OTHER"), ("typvar", "A"), ("ip1", 500), ("ip2", 5), ("ip3", 5), ("ig1", 5),
     ("grtyp", "Z"), ("datev", 473303600)],
)  # fmt: skip
def test_what_is_ignored_may_differ(run: Run, tmp_path: Path, key: str, value: Any) -> None:
    a = written(tmp_path / "a.fst", [record.make(FIELD)])
    b = written(tmp_path / "b.fst", [record.make(FIELD, **{key: value})])
    assert run("diff", a, b, "-q").returncode == 1
    word = {"ig1": "grid", "grtyp": "grid", "datev": "date"}.get(key, key.upper())
    assert run("diff", a, b, "-q", "--ignore", f"nk,{word}").returncode == 0


def test_keys_can_be_added_and_replaced(run: Run, tmp_path: Path) -> None:
    a = written(tmp_path / "a.fst", [record.make(FIELD, deet=300, npas=12)])
    b = written(tmp_path / "b.fst", [record.make(FIELD, typvar="A")])
    assert run("diff", a, b, "-q", "--ignore", "typvar").returncode == 0
    assert run("diff", a, b, "-q", "--ignore", "typvar", "--keys", "+dateo").returncode == 1
    assert run("diff", a, b, "-q", "--keys", "nomvar,ip1").returncode == 0


def test_another_grid_and_another_size_are_told(run: Run, tmp_path: Path) -> None:
    a = [record.make(FIELD, nomvar="TT", ig1=1), record.make(FIELD, nomvar="UU")]
    b = [record.make(FIELD, nomvar="TT", ig1=2), record.make(FIELD[:2], nomvar="UU")]
    done = run("diff", written(tmp_path / "a.fst", a), written(tmp_path / "b.fst", b), "--json")
    assert [row["reason"] for row in rows(done)] == [
        "grid X 1 0 0 0 / X 2 0 0 0",
        "size 4x3x1 / 2x3x1",
    ]


def test_descriptors_are_compared_too(run: Run, tmp_path: Path) -> None:
    a = written(tmp_path / "a.fst", [record.make(FIELD[:, :1], nomvar=">>", ip1=1)])
    b = written(tmp_path / "b.fst", [record.make(shifted(1, 0, 0)[:, :1], nomvar=">>", ip1=1)])
    assert [row["nomvar"] for row in rows(run("diff", a, b, "--json"))] == [">>"]
    assert run("diff", a, b, "--no-descriptors").stdout.endswith("nothing to compare\n")


def test_a_summary_is_one_line(run: Run, pair: tuple[Path, Path]) -> None:
    done = run("diff", *pair, "--summary")
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    (known,) = rows(run("diff", *pair, "--summary", "--json"))
    assert known == {
        "records_a": 3,
        "records_b": 3,
        "equal": 1,
        "within": 0,
        "different": 1,
        "only_a": 1,
        "only_b": 1,
        "unreadable": 0,
    }


@pytest.mark.parametrize("options", [[], ["--nomvar", "TT"]])
def test_quiet_says_it_by_the_status_alone(
    run: Run, pair: tuple[Path, Path], options: list[str]
) -> None:
    done = run("diff", *pair, "-q", *options)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_an_unreadable_record_gives_2_and_the_others_are_compared(
    run: Run, model: Path, damaged: Path
) -> None:
    done = run("diff", model, damaged)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert str(damaged) in done.stderr
    assert done.stdout.splitlines()[1].split()[:3] == ["unreadable", "40", "40"]
    assert done.stdout.splitlines()[-1].endswith(": 79 equal, 1 unreadable")


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_that_cannot_be_opened_gives_2(
    run: Run, model: Path, foreign: Path, which: int
) -> None:
    paths = [model, model]
    for bad in (foreign, foreign.with_name("absent.fst")):
        paths[which] = bad
        done = run("diff", *paths)
        assert (done.returncode, done.stdout) == (2, "")
        assert str(bad) in done.stderr


@pytest.mark.parametrize(
    "options",
    [["--ignore", "colour"], ["--keys", "colour"], ["--atol", "-1"], ["--packing-factor", "0"],
     ["--json", "--csv"], ["--lost"]],
)  # fmt: skip
def test_what_is_not_understood_gives_2(run: Run, model: Path, options: list[str]) -> None:
    done = run("diff", model, model, *options)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_does_not_look_like_a_difference(model: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fst24.cli", "diff", str(model), str(model)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2


def test_a_mistake_of_ours_does_not_look_like_a_difference(model: Path) -> None:
    code = (
        "import sys, fst24.cli, fst24\n"
        "def broken(*a, **k): raise ZeroDivisionError\n"
        "fst24.compare.match = broken\n"
        "fst24.cli.main()"
    )
    command = [sys.executable, "-c", code, "diff", str(model), str(model)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "ZeroDivisionError" in done.stderr


def test_memory_stays_at_a_few_records(tmp_path: Path) -> None:
    """40 records of 4 MB each, compared under a limit of 24 MB."""
    big = np.zeros((1000, 1000), np.float32, order="F")
    path = written(tmp_path / "a.fst", [record.make(big, ip2=i) for i in range(40)])
    code = "import fst24, fst24.cli; fst24.set_memory_limit(24 * 10**6); fst24.cli.main()"
    command = [sys.executable, "-c", code, "diff", str(path), str(path), "--threads", "2", "--all"]
    for options in ([], ["--nomvar", "TT"]):
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, check=False, env=os.environ
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert len(done.stdout.splitlines()) == 42


def test_the_two_containers_of_a_run_are_compared(run: Run, model: Path, model_rsf: Path) -> None:
    done = run("diff", model, model_rsf, "--ignore", "date,ip2", "--json")
    found = [row for row in rows(done) if row["state"] == "different"]
    with fst24.open(model) as a, fst24.open(model_rsf) as b:
        for row in found:
            error = np.abs(
                b[row["index_b"]].data.astype(float) - a[row["index_a"]].data.astype(float)
            )
            assert row["abs_max"] == error.max()
            assert row["abs_mean"] == pytest.approx(error.mean(), rel=1e-9)
    assert len(found) > 30


@pytest.mark.parametrize("option", ["--tolerance", "--atol", "--rtol", "--packing-factor"])
def test_nan_is_no_limit(run: Run, pair: tuple[Path, Path], option: str) -> None:
    done = run("diff", *pair, option, "nan")
    assert done.returncode == 2
    assert "nan is no limit" in done.stderr
