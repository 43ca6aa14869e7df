"""Conditions in SQL, orders and sums of records: ``--where``, ``--sort``, ``--tree``, ``vars``."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

import fst24

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run


def rows(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def listed(run: Run, *arguments: str | Path) -> list[dict[str, Any]]:
    done = run("ls", "--json", *arguments)
    assert done.stderr == ""
    assert done.returncode == 0
    return rows(done.stdout)


# ---------------------------------------------------------------------------------- conditions


def test_a_condition_compares_levels_as_numbers(run: Run, model: Path) -> None:
    found = listed(run, model, "--where", "nomvar='TT' and level<0.5", "--columns", "level_value")
    with fst24.open(model) as f:
        df = f.to_polars(decode_metadata=True)
    wanted = df.filter((df["nomvar"] == "TT") & (df["level"] < 0.5))["level"].to_list()
    assert [row["level_value"] for row in found] == pytest.approx(wanted)
    assert len(wanted) == 4


@pytest.mark.parametrize(
    ("condition", "n"),
    [
        ("NOMVAR = 'TT'", 12),
        ('nomvar = "TT"', 12),
        ("nomvar in ('TT', 'UU')", 24),
        ("nomvar like 'P%'", 3),
        ("nomvar = 'TT' or nomvar = 'P0'", 13),
        ("lead = 0 and nomvar = 'P0'", 1),
        ("valid_time >= '2024-05-17' and nomvar = 'TT'", 12),
        ("valid_time > '2024-05-18'", 0),
        ("long_name = 'surface pressure' -- a remark", 1),
        ("nomvar = 'it''s'", 0),
        ("type = 'f16' and level_unit = 'm' and nomvar = 'TT'", 1),
    ],
)
def test_conditions_are_sql(run: Run, model: Path, condition: str, n: int) -> None:
    assert len(listed(run, model, "--where", condition)) == n


def test_all_conditions_hold_with_the_other_options(run: Run, model: Path) -> None:
    found = listed(
        run, model, "--where", "ni=42", "--where", "level > 0.9", "--nomvar", "TT", "--typvar", "P"
    )
    assert {row["nomvar"] for row in found} == {"TT"}
    assert 0 < len(found) < 12


def test_other_commands_take_conditions(run: Run, model: Path) -> None:
    done = run("stat", model, "--json", "--where", "nomvar='P0'")
    assert [row["nomvar"] for row in rows(done.stdout)] == ["P0"]


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("nomvr='TT'", "no column nomvr (did you mean nomvar?)"),
        ("nomvar='TT' and", "sql parser error"),
        ("", ""),
        ("nomvar > 7 +", ""),
        ("nosuch(nomvar) = 1", ""),
        ("sum(level) > 3", "no condition on each record"),
        ("1", "no condition on each record"),
        ("level", "no condition on each record"),
    ],
)
def test_a_condition_that_is_none_is_told_before_files_are_read(
    run: Run, condition: str, why: str
) -> None:
    done = run("ls", "no-such-file.fst", "--where", condition)
    assert done.returncode == 2
    assert "--where" in done.stderr
    assert why in done.stderr
    assert "no-such-file" not in done.stderr


# -------------------------------------------------------------------------------------- orders


def test_rows_are_sorted_by_what_columns_mean(run: Run, model: Path) -> None:
    found = listed(run, model, "--nomvar", "TT", "--sort", "-level", "--columns", "level_value")
    levels = [row["level_value"] for row in found]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == pytest.approx(1.5)


def test_the_order_is_over_all_files(run: Run, model: Path, model_rsf: Path) -> None:
    given = (model_rsf, model, "--nomvar", "P0,TT", "--sort", "nomvar,valid,level")
    found = listed(run, *given, "--columns", "path,nomvar,valid_time,level_value")
    keys = [(row["nomvar"], row["valid_time"], row["level_value"]) for row in found]
    assert keys == sorted(keys)
    assert {row["path"] for row in found} == {str(model), str(model_rsf)}


def test_what_means_nothing_comes_last(run: Run, model: Path) -> None:
    found = listed(run, model, "--sort", "level", "--columns", "nomvar,level_value")
    levels = [row["level_value"] for row in found]
    n = levels.index(None)
    assert levels[n:] == [None] * (len(levels) - n)
    assert levels[:n] == sorted(levels[:n])


@pytest.mark.parametrize("order", ["nomvr", "", "grid_info", "-"])
def test_an_order_that_is_none_is_refused(run: Run, model: Path, order: str) -> None:
    done = run("ls", model, "--sort", order)
    assert done.returncode == 2
    assert "--sort" in done.stderr


def test_a_missing_file_is_told_and_the_others_are_sorted(run: Run, model: Path) -> None:
    done = run("ls", "gone.fst", model, "--json", "--nomvar", "P0", "--sort", "nomvar")
    assert done.returncode == 1
    assert "gone.fst" in done.stderr
    assert len(rows(done.stdout)) == 1


# --------------------------------------------------------------------------------------- trees


def test_a_tree_shows_variables_levels_and_times(run: Run, model: Path) -> None:
    done = run("ls", "--tree", model, "--nomvar", "TT,P0")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"{model}  13 records",
        "  P0  surface pressure  [hPa]  1 record",
        "    0 mb, 2024-05-17T12:00Z",
        "  TT  air temperature  [degC]  12 records",
        "    1.5 M, 2024-05-17T12:00Z",
        "    0.0269824..1 hy (11 levels), 2024-05-17T12:00Z",
    ]


def test_a_tree_as_json_leaves_nothing_out(run: Run, model: Path) -> None:
    done = run("ls", "--tree", "--json", model, "--nomvar", "TT")
    (one,) = rows(done.stdout)
    assert one["n_records"] == 12
    assert [branch["kind"] for branch in one["levels"]] == ["above_ground", "hybrid"]
    assert len(one["levels"][1]["levels"]) == 11
    assert all(branch["times"] == ["2024-05-17T12:00:00Z"] for branch in one["levels"])


@pytest.mark.parametrize("option", [["--csv"], ["--sort", "nomvar"], ["--style"]])
def test_a_tree_has_no_columns(run: Run, model: Path, option: list[str]) -> None:
    done = run("ls", "--tree", *option, model)
    assert done.returncode == 2
    assert "--tree" in done.stderr


# ---------------------------------------------------------------------------------------- vars


def test_vars_counts_the_records_of_each_name_over_all_files(
    run: Run, model: Path, model_rsf: Path
) -> None:
    done = run("vars", "--json", model, model_rsf)
    found = {row["nomvar"]: row for row in rows(done.stdout)}
    frame = fst24.read_metadata([model, model_rsf])
    wanted = dict(frame.group_by("nomvar").len().iter_rows())
    assert {name: row["n_records"] for name, row in found.items()} == wanted
    assert found["TT"]["n_times"] == 2
    assert found["TT"]["first"] == "2024-05-17T12:00:00Z"
    assert found["TT"]["last"] == "2024-05-17T15:00:00Z"
    assert found["TT"]["units"] == "degC"


def test_vars_per_file_keeps_them_apart(
    run: Run, model: Path, model_rsf: Path, tmp_path: Path
) -> None:
    copy = shutil.copy(model, tmp_path / "copy.fst")
    done = run("vars", "--per-file", "--json", "--nomvar", "P0", model, copy, model_rsf)
    found = rows(done.stdout)
    assert {row["path"] for row in found} == {str(model), str(copy), str(model_rsf)}
    assert all(row["n_times"] == 1 for row in found)


def test_vars_speaks_french(run: Run, model: Path) -> None:
    done = run("vars", "--csv", "--lang", "fr", "--nomvar", "TT", model)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row["long_name"] == "température de l'air"
    assert row["n_records"] == "12"


def test_vars_of_nothing_is_a_header(run: Run, model: Path) -> None:
    done = run("vars", model, "--nomvar", "ZZZZ")
    assert done.returncode == 0
    assert done.stdout.split()[0] == "nomvar"
    assert len(done.stdout.splitlines()) == 1


# -------------------------------------------------------------------------------------- levels


@pytest.mark.parametrize(
    ("given", "n"), [("0.3..0.6hy", 2), ("0.6..0.3hy", 2), ("1.5M", 1), ("0.9..1hy", 4)]
)
def test_levels_may_be_ranges(run: Run, model: Path, given: str, n: int) -> None:
    assert len(listed(run, model, "--nomvar", "TT", "--level", given)) == n


@pytest.mark.parametrize("given", ["..500hPa", "500..", "1.2.3hPa", ".hPa", "x", "5..x"])
def test_what_is_no_level_is_told(run: Run, model: Path, given: str) -> None:
    done = run("ls", model, "--level", given)
    assert done.returncode == 2
    assert "--level" in done.stderr
