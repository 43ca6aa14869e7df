"""``fst24 ls``: one line a record, chosen and shown as asked."""

from __future__ import annotations

import csv
import io
import json
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run


def rows(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_line_for_each_record_under_a_header(run: Run, model: Path) -> None:
    done = run("ls", model)
    header, *lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert done.stderr == ""
    assert header.split()[:5] == ["index", "nomvar", "typvar", "etiket", "ni"]
    assert len(lines) == 80
    assert " ".join(lines[3].split()) == (
        "3 TT P G5V12N 42 34 1 473303600 95690240 0 0 300 0 134 16 Z 34517 62881 0 0"
    )


def test_lines_are_aligned(run: Run, model: Path) -> None:
    header, *lines = run("ls", model).stdout.splitlines()
    place = header.index("nomvar")
    assert {line[place - 1] for line in lines} == {" "}
    assert all(line[place] != " " for line in lines)


def test_style_shows_levels_dates_and_types(run: Run, model: Path) -> None:
    lines = run("ls", model, "--style", "--nomvar", "TT", "--level", "1hy").stdout.splitlines()
    assert " ".join(lines[0].split()[-7:]) == "level valid lead ip2_text ip3_text type grtyp"
    assert lines[1].split()[-8:] == ["1", "hy", "2024-05-17T12:00:00Z", "0", "0", "0", "f16", "Z"]


def test_a_descriptor_shows_its_tag_and_no_level(run: Run, model: Path) -> None:
    (row,) = rows(run("ls", model, "--json", "--columns", "level,valid", "--nomvar", ">>").stdout)
    assert row == {"level": "34517", "valid": None}


def test_new_style_codes_of_ip2_are_decoded(run: Run, model: Path) -> None:
    fields = model.parents[1] / "fields" / "xdf-fields.fst"
    found = rows(run("ls", fields, "--json", "--columns", "ip2,ip2_text,nomvar").stdout)
    texts = {row["ip2"]: row["ip2_text"] for row in found}
    assert texts[0] == "0"
    assert texts[177809344] == "6 H"


def test_columns_are_chosen_and_added(run: Run, model: Path) -> None:
    assert run("ls", model, "--columns", "nomvar,ip1").stdout.splitlines()[4].split() == [
        "TT",
        "95690240",
    ]
    header = run("ls", model, "--columns", "+offset").stdout.splitlines()[0].split()
    assert header[0] == "index"
    assert header[-1] == "offset"


@pytest.mark.parametrize("added", ["+offset,+valid", "+offset,valid"])
def test_each_added_column_may_have_its_plus(run: Run, model: Path, added: str) -> None:
    header = run("ls", model, "--columns", added).stdout.splitlines()[0].split()
    assert header[0] == "index"
    assert header[-2:] == ["offset", "valid"]


def test_no_column_at_all_is_said_so(run: Run) -> None:
    assert "no column is named; there are" in run("ls", "x.fst", "--columns", "").stderr


@pytest.mark.parametrize("command", ["ls", "stat"])
def test_the_header_fits_the_longest_path(
    run: Run, model: Path, tmp_path: Path, command: str
) -> None:
    """The header comes before the first row, and paths of later files may be longer."""
    longer = tmp_path / ("x" * 100)
    shutil.copy(model, longer)
    header, *lines = run(command, model, longer, "--nomvar", "P0").stdout.splitlines()
    place = header.index("nomvar")
    assert [line[place : place + 2] for line in lines] == ["P0", "P0"]


def test_no_header_leaves_records_alone(run: Run, model: Path) -> None:
    assert len(run("ls", model, "--no-header").stdout.splitlines()) == 80


def test_json_is_one_object_a_line_with_stored_values(run: Run, model: Path) -> None:
    found = rows(run("ls", model, "--json").stdout)
    assert len(found) == 80
    assert found[5]["nomvar"] == "WW"
    assert (found[5]["ip1"], found[5]["datyp"], found[5]["nbits"]) == (95690240, 134, 12)


def test_csv_has_one_header_and_reads_back(run: Run, model: Path, model_rsf: Path) -> None:
    found = list(csv.DictReader(io.StringIO(run("ls", model, model_rsf, "--csv").stdout)))
    assert len(found) == 160
    assert found[159]["path"] == str(model_rsf)
    assert found[0]["nomvar"] == ">>"


@pytest.mark.parametrize(
    ("options", "n_records"),
    [
        ("--nomvar TT", 12),
        ("--nomvar tt,UU", 24),
        ("--nomvar TT --nomvar UU", 24),
        ("--nomvar TT,UU --level 1hy", 2),
        ("--typvar A", 1),
        ("--etiket STG_CP_GEMV4", 1),
        ("--grtyp E", 2),
        ("--ip1 93423264", 6),
        ("--ip1 93423264,76696048", 9),
        ("--ip1 90000000..93423264", 6),
        ("--ip2 0 --ip3 0", 77),
        ("--level 1", 6),
        ("--level 10M", 3),
        ("--level 10M,1.5M", 6),
        ("--level 0mb", 5),
        ("--level 850mb", 0),
        ("--datev 2024-05-17", 77),
        ("--datev 2024051712", 77),
        ("--datev 20240517.12", 77),
        ("--datev 2024-05-17T13", 0),
        ("--datev 2024-05-01..2024-05-31", 77),
        ("--datev @473303600", 77),
        ("--dateo 2024-05-16", 0),
        ("--datyp 134 --nbits 8", 1),
        ("--ni 42 --nj 2..40", 77),
        ("--no-descriptors", 77),
        ("--nomvar NONE", 0),
    ],
)
def test_filters_choose(run: Run, model: Path, options: str, n_records: int) -> None:
    done = run("ls", model, "--no-header", *shlex.split(options))
    assert done.stderr == ""
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == n_records


def test_several_files_begin_with_their_path(run: Run, model: Path, model_rsf: Path) -> None:
    header, *lines = run("ls", model, model_rsf).stdout.splitlines()
    assert header.split()[0] == "path"
    assert [line.split()[0] for line in lines] == [str(model)] * 80 + [str(model_rsf)] * 80


def test_a_bad_file_is_reported_in_one_line_and_the_others_are_listed(
    run: Run, model: Path, foreign: Path, tmp_path: Path
) -> None:
    done = run("ls", foreign, model, tmp_path / "absent.fst", "--no-header")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 80
    first, second = done.stderr.splitlines()
    assert str(foreign) in first
    assert "absent.fst" in second
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["x.fst", "--columns", "nonsense"],
        ["x.fst", "--columns", "+"],
        ["x.fst", "--nomvar", "TOOLONG"],
        ["x.fst", "--etiket", "THIRTEEN_LONG"],
        ["x.fst", "--ip1", "9..3"],
        ["x.fst", "--datev", "2024-05-18..2024-05-17"],
        ["x.fst", "--ip1", "many"],
        ["x.fst", "--level", "850parsec"],
        ["x.fst", "--datev", "yesterday"],
        ["x.fst", "--json", "--csv"],
        ["x.fst", "--no-such-option"],
    ],
)
def test_a_command_that_is_not_understood_gives_2(run: Run, arguments: list[str]) -> None:
    done = run("ls", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error: " in done.stderr


def test_head_ends_it_without_a_word(tmp_path: Path, model: Path) -> None:
    """Far more output than a pipe holds, of which head takes two lines."""
    command = [sys.executable, "-m", "fst24.cli", "ls", *[str(model)] * 40]
    errors = tmp_path / "errors"
    with errors.open("w") as stderr:
        first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr)
        head = subprocess.run(
            ["head", "-n", "2"], stdin=first.stdout, check=True, capture_output=True
        )
        assert first.stdout is not None
        first.stdout.close()
        first.wait(timeout=60)
    assert len(head.stdout.splitlines()) == 2
    assert errors.read_text() == ""


def test_a_warning_is_one_line_and_no_failure(run: Run, longer: Path) -> None:
    done = run("ls", longer, "--no-header")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 80
    (line,) = done.stderr.splitlines()
    assert line.startswith("fst24: warning: ")


def test_nothing_is_coloured_in_a_pipe(run: Run, model: Path) -> None:
    assert "\x1b" not in run("ls", model).stdout


def test_a_table_of_more_than_one_chunk_has_all_its_lines(run: Run, model: Path) -> None:
    many = model.parents[1] / "container" / "xdf-many.fst"
    lines = run("ls", many, many, "--no-header").stdout.splitlines()
    assert len(lines) == 2 * 3000


def test_a_unit_may_stand_apart_from_its_levels(run: Run, model: Path) -> None:
    together = run("ls", model, "--level", "0.2..0.6hy", "--csv").stdout
    assert run("ls", model, "--level", "0.2..0.6", "--level-unit", "hy", "--csv").stdout == together
    assert (
        run("ls", model, "--level", "0.2..0.6hy", "--level-unit", "M", "--csv").stdout == together
    )
    assert len(together.splitlines()) > 2


def test_lead_times_choose(run: Run, model: Path, model_rsf: Path) -> None:
    def listed(*lead: str) -> list[str]:
        options = [part for text in lead for part in ("--lead-time", text)]
        done = run("ls", model, model_rsf, "--nomvar", "P0", *options, "--columns", "lead", "--csv")
        return [line.split(",")[-1] for line in done.stdout.splitlines()[1:]]

    assert listed("3h") == listed("3") == listed("180min") == ["3.0"]
    assert listed("0..3") == listed("0,3h") == listed("0h", "3") == ["0.0", "3.0"]
    assert listed("1d") == []


def test_time_is_the_date_of_validity(run: Run, model_rsf: Path) -> None:
    listed = run("ls", model_rsf, "--time", "2024-05-17T15", "--csv").stdout
    assert listed == run("ls", model_rsf, "--datev", "2024-05-17T15", "--csv").stdout
    assert len(listed.splitlines()) > 2
