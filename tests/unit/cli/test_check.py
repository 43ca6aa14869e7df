"""``fst24 check``: can everything in a file be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import fst24

from .conftest import GOLDEN

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run


def test_a_good_file_is_one_line_and_gives_0(run: Run, model: Path, model_rsf: Path) -> None:
    done = run("check", model, model_rsf)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"{model}: 80 records, all readable",
        f"{model_rsf}: 80 records, all readable",
    ]


def test_a_record_alone_is_one_record(run: Run, model: Path) -> None:
    one = model.parents[1] / "container" / "xdf-one.fst"
    assert run("check", one).stdout == f"{one}: 1 record, all readable\n"


def test_each_bad_record_is_a_line_with_its_place(run: Run, model: Path, damaged: Path) -> None:
    with fst24.open(model) as f:
        bad = f[40]
    done = run("check", damaged, "--threads", "3")
    first, last = done.stdout.splitlines()
    assert done.returncode == 1
    assert first.startswith(f"{damaged}: record 40 {bad.nomvar} at byte {bad.offset}: ")
    assert last == f"{damaged}: 1 of 80 records cannot be read"
    assert done.stderr == ""


def test_its_lines_do_not_advise_to_run_it(run: Run, damaged: Path) -> None:
    assert "fst24 check" not in run("check", damaged).stdout


def test_a_warning_alone_gives_1(run: Run, longer: Path) -> None:
    done = run("check", longer)
    first, last = done.stdout.splitlines()
    assert done.returncode == 1
    assert first.startswith(f"{longer}: warning: ")
    assert last == f"{longer}: 80 records, all readable, 1 warning"
    assert done.stderr == ""


def test_files_that_do_not_open_are_said_and_the_others_are_checked(
    run: Run, model: Path, foreign: Path, tmp_path: Path
) -> None:
    absent = tmp_path / "absent.fst"
    done = run("check", foreign, absent, model)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0].startswith(f"{foreign}: cannot be read: text, not a standard file")
    assert lines[1].startswith(f"{absent}: cannot open: ")
    assert lines[2:] == [f"{model}: 80 records, all readable"]


def test_extended_metadata_that_is_no_json_is_found(run: Run, tmp_path: Path, model: Path) -> None:
    extended = model.parents[1] / "fields" / "rsf-extended.fst"
    with fst24.open(extended) as f:
        record = next(r for r in f if r.metadata)
        stored = record.stored()
    content = bytearray(extended.read_bytes())
    start = record.offset + stored.index(b"{")
    content[start : start + 1] = b"#"
    path = tmp_path / "no-json.fst"
    path.write_bytes(content)
    done = run("check", path)
    assert done.returncode == 1
    assert f"record {record.index} {record.nomvar}" in done.stdout
    assert "not JSON" in done.stdout


def test_json_is_one_object_a_file(run: Run, model: Path, damaged: Path, foreign: Path) -> None:
    done = run("check", "--json", model, damaged, foreign)
    good, bad, alien = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert good == {
        "path": str(model),
        "readable": True,
        "n_records": 80,
        "n_unreadable": 0,
        "error": None,
        "warnings": [],
        "unreadable": [],
    }
    assert (bad["readable"], bad["n_records"], bad["n_unreadable"]) == (False, 80, 1)
    assert [set(found) for found in bad["unreadable"]] == [{"index", "nomvar", "offset", "reason"}]
    assert bad["unreadable"][0]["index"] == 40
    assert "not a standard file" in alien["error"]


def test_a_command_that_is_not_understood_gives_2(run: Run) -> None:
    assert run("check").returncode == 2
    assert run("check", "x.fst", "--threads", "0").returncode == 2


def golden_files() -> list[Path]:
    return sorted(GOLDEN.rglob("*.fst"))


def test_deep_finds_no_fault_in_what_the_reference_wrote(run: Run) -> None:
    done = run("check", "--deep", *golden_files())
    assert done.returncode == 0, [x for x in done.stdout.splitlines() if "byte" in x]


def altered(tmp_path: Path, source: Path, offset: int, bytes_: bytes) -> Path:
    content = bytearray(source.read_bytes())
    content[offset : offset + len(bytes_)] = bytes_
    path = tmp_path / "altered.fst"
    path.write_bytes(content)
    return path


#: A place in each container, what stands there then, and what is said of it.
FAULTS = [
    ("xdf", 16, b"\0\0\0\1", "the header says 8 bytes"),
    ("xdf", 28, b"\0\0\0\x20", "counts 32 directory pages, 12 lead on"),
    ("xdf", 52, b"\0\0\0\7", "the header counts 7 records"),
    ("xdf", 56, b"\0\0\0\3", "marked as being written"),
    ("xdf", 232, b"\1\2\3\4", "the checksum of directory page 0 is wrong"),
    ("xdf", 240, b"\xff", "deleted there, live in its own header"),
    ("rsf", 1, b"\xff\xff", "marked as being written"),
    ("rsf", 72 + 16, b"\0\0\0\0", "the end of the segment is damaged"),
    ("rsf", 72 + 24, b"\1\0\0\0", "the end of the segment has other sizes than its start"),
    ("rsf", 68, b"\0\0\0\0", "the marks of the start of the segment are damaged"),
    ("rsf", 212, b"\x80", "deleted by its own mark, live in entry 0"),
]


@pytest.mark.parametrize(("backend", "offset", "there", "said"), FAULTS)
def test_deep_names_each_fault_of_structure(  # noqa: PLR0917 - a row of the table
    run: Run, tmp_path: Path, backend: str, offset: int, there: bytes, said: str
) -> None:
    path = altered(tmp_path, GOLDEN / "container" / f"{backend}-many.fst", offset, there)
    done = run("check", "--deep", path)
    assert done.returncode == 1
    assert said in done.stdout


@pytest.mark.parametrize("backend", ["xdf", "rsf"])
def test_deep_finds_bytes_that_belong_to_nothing(run: Run, tmp_path: Path, backend: str) -> None:
    source = GOLDEN / "container" / f"{backend}-one.fst"
    path = tmp_path / "tail.fst"
    path.write_bytes(source.read_bytes() + b"leftover")
    found = json.loads(run("check", "--deep", "--json", path).stdout)
    size = source.stat().st_size
    assert {"offset": size, "reason": "8 bytes that belong to nothing"} in found["structure"]


def test_deep_finds_records_that_overlap(run: Run, tmp_path: Path) -> None:
    source = GOLDEN / "container" / "xdf-many.fst"
    with fst24.open(source) as f:
        first = f[0]
    entry_of_second = 208 + 32 + 72
    address = (first.offset // 8 + 1).to_bytes(4, "big")
    path = altered(tmp_path, source, entry_of_second + 4, address)
    assert "bytes belong to entry 1 and to entry 0" in run("check", "--deep", path).stdout
