"""``fst24 stat``: mean, spread, extremes and where they are."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24
from fst24.cli.stat import Statistics, statistics

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run


def test_places_count_from_one_along_i_then_j_then_k() -> None:
    values = np.zeros((4, 3, 2), order="F")
    values[1, 2, 0] = -5
    values[3, 0, 1] = 7
    found = statistics(values, None)
    assert (found.min, found.min_at) == (-5, (2, 3, 1))
    assert (found.max, found.max_at) == (7, (4, 1, 2))


def test_the_first_of_equal_extremes_counts() -> None:
    found = statistics(np.full((3, 2), 4.0, order="F"), None)
    assert (found.min_at, found.max_at) == ((1, 1, 1), (1, 1, 1))


def test_the_variance_is_that_of_all_points() -> None:
    found = statistics(np.array([[1.0, 2.0], [3.0, 6.0]], order="F"), None)
    assert (found.mean, found.variance) == (3.0, 3.5)
    assert found.std == pytest.approx(3.5**0.5)


def test_missing_points_are_counted_and_left_out() -> None:
    values = np.array([[np.nan, 2.0], [4.0, np.nan]], np.float32, order="F")
    assert statistics(values, np.isnan(values)) == Statistics(
        3.0, 1.0, 1.0, 2.0, (1, 2, 1), 4.0, (2, 1, 1), 2
    )


def test_a_mask_holds_for_integers() -> None:
    values = np.array([[1, 2], [3, 255]], np.uint8, order="F")
    found = statistics(values, values == 255)
    assert (found.max, found.max_at, found.missing) == (3, (2, 1, 1), 1)


def test_a_record_without_values_has_no_statistics() -> None:
    found = statistics(np.full((2, 2), np.nan, order="F"), None)
    assert found == Statistics(None, None, None, None, None, None, None, 4)


def test_single_precision_loses_nothing_in_the_mean() -> None:
    values = np.full((1000, 1000), 100000.1, np.float32, order="F")
    assert statistics(values, None).mean == pytest.approx(float(np.float32(100000.1)), rel=1e-12)
    assert statistics(values, None).variance == pytest.approx(0, abs=1e-12)


def test_moduli_count_of_complex_values() -> None:
    found = statistics(np.array([[3 + 4j, 1]], np.complex64, order="F"), None)
    assert (found.max, found.max_at) == (5.0, (1, 1, 1))


@pytest.mark.parametrize("extremes", [(np.inf, 1), (-np.inf, np.inf)])
def test_infinite_values_give_no_variance_and_no_warning(extremes: tuple[float, float]) -> None:
    found = statistics(np.array([[*extremes, 2.0]], order="F"), None)
    assert found.variance is not None
    assert np.isnan(found.variance)
    assert (found.min, found.max) == (min(extremes), max(extremes))


def test_csv_gives_places_as_numbers(run: Run, model: Path) -> None:
    done = run("stat", model, "--csv", "--nomvar", "TT")
    first = next(iter(csv.DictReader(io.StringIO(done.stdout))))
    assert "min_at" not in first
    with fst24.open(model) as f:
        record = f[int(first["index"])]
        place = tuple(int(first[f"min_{axis}"]) - 1 for axis in "ij")
        assert record.data[place] == record.data.min()


def test_every_record_in_order_with_the_values_of_the_file(run: Run, model: Path) -> None:
    done = run("stat", model, "--json", "--threads", "3")
    assert done.returncode == 0
    assert done.stderr == ""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    with fst24.open(model) as f:
        assert [row["index"] for row in found] == list(range(len(f)))
        for row, record in zip(found, f, strict=True):
            i, j, k = (row[f"max_{axis}"] - 1 for axis in "ijk")
            assert k == 0
            assert row["max"] == record.data[i, j] == record.data.max()
            assert row["mean"] == pytest.approx(record.data.mean(dtype=float), rel=1e-12)


def test_text_has_a_header_and_a_line_a_record(run: Run, model: Path) -> None:
    header, line = run("stat", model, "--nomvar", "P0").stdout.splitlines()
    assert header.split()[:3] == ["index", "nomvar", "typvar"]
    assert " ".join(header.split()[-8:]) == "mean variance std min min_at max max_at missing"
    assert line.split()[-1] == "0"


def test_missing_values_of_a_file_are_counted(run: Run, model: Path) -> None:
    path = model.parents[1] / "codec" / "rsf-real-r-turbo-missing.fst"
    found = [json.loads(line) for line in run("stat", path, "--json").stdout.splitlines()]
    manifest = json.loads(path.with_suffix(".json").read_text())
    place = manifest["fields"].index("missing")
    assert [row["missing"] for row in found] == [r[place] or 0 for r in manifest["records"]]


def test_a_bad_record_gives_1_and_the_others_are_measured(run: Run, damaged: Path) -> None:
    done = run("stat", damaged, "--no-header")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 79
    assert len(done.stderr.splitlines()) == 1
    assert str(damaged) in done.stderr


def test_a_bar_is_drawn_on_a_terminal_only_and_not_among_the_results(model: Path) -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "fst24.cli", "stat", str(model), "--nomvar", "TT"],
        stdout=subprocess.PIPE,
        stderr=follower,
        check=True,
        timeout=60,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(follower)
    shown = os.read(leader, 65536)
    os.close(leader)
    assert b"reading" in shown
    assert b"\x1b" not in done.stdout
    assert len(done.stdout.splitlines()) == 13


def test_rows_on_a_terminal_are_whole(model: Path) -> None:
    """Standard output and standard error are one terminal: nothing may move its cursor."""
    done, shown = on_terminal("stat", str(model), "--nomvar", "TT", "--no-header")
    assert done == 0
    lines = shown.decode().splitlines()
    assert len(lines) == 12
    assert [line.split()[1] for line in lines] == ["TT"] * 12
    assert "\x1b" not in shown.decode()


def on_terminal(*arguments: str) -> tuple[int, bytes]:
    """Run the command with a terminal as standard output and standard error."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "fst24.cli", *arguments],
        stdout=follower,
        stderr=follower,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(follower)
    shown = b""
    try:
        while part := os.read(leader, 65536):
            shown += part
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(leader)
    return process.wait(timeout=60), shown
