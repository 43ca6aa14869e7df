"""Broken, foreign and unclosed files give their records or an error: no crash, no hang, no memory.

All members of ``bad/bad.zip`` are read in a process of its own, under a limit of memory, so that a
crash is a failed test and not the end of the run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .manifests import HERE

BAD: dict[str, Any] = json.loads((HERE / "bad" / "bad.json").read_text())
NAMES = list(BAD["files"])
INTACT: dict[str, list[str]] = BAD["intact"]
SECONDS_EACH = 10
SANITIZED = bool(os.environ.get("FST24_SANITIZER"))

#: Members with more than one damaged place.
MOST_REFUSED = {"rsf-fuzz-08": 2, "xdf-fuzz-13": 2}

#: Reads every path of its standard input; writes a line of JSON before and after each.
READER = f"""
import faulthandler, hashlib, json, sys
import fst24
if not {SANITIZED}:  # a sanitizer reserves terabytes of addresses
    import resource
    with open("/proc/self/statm") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 256 * 2**20,) * 2)
for line in sys.stdin:
    path = line.rstrip("\\n")
    print(json.dumps(["begin", path]), flush=True)
    faulthandler.dump_traceback_later({SECONDS_EACH}, exit=True)
    outcome = {{"error": None, "records": [], "warnings": 0}}
    try:
        with fst24.open(path, missing="reference") as f:
            for record in f:
                try:
                    outcome["records"].append(hashlib.sha256(record.data.tobytes(order="F")).hexdigest())
                except fst24.Fst24Error as error:
                    outcome["records"].append(f"{{type(error).__name__}}: {{error}}")
    except fst24.Fst24Error as error:
        outcome["error"] = f"{{type(error).__name__}}: {{error}}"
    faulthandler.cancel_dump_traceback_later()
    print(json.dumps(["end", path, outcome]), flush=True)
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What came of each member; one that ended the reader is absent, a new one takes the rest."""
    place = tmp_path_factory.mktemp("bad")
    with zipfile.ZipFile(HERE / "bad" / "bad.zip") as archive:
        archive.extractall(place)
    members = {path.name: path for path in place.rglob("*") if path.is_file()}
    left = [str(path) for path in members.values()]
    found: dict[str, dict[str, Any]] = {}
    while left:
        run = subprocess.run(
            [sys.executable, "-c", READER],
            input="\n".join(left),
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        assert lines, run.stderr
        for line in lines:
            if line[0] == "end":
                found[Path(line[1]).stem] = line[2]
            left = [path for path in left if path != line[1]]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_file_gives_values_or_an_error(
    name: str, outcomes: dict[str, dict[str, Any]]
) -> None:
    assert name in outcomes, "the reader crashed, hung or met an error that is no Fst24Error"
    for text in [outcomes[name]["error"], *outcomes[name]["records"]]:
        assert text is None or len(text) == 64 or ("\n" not in text and len(text) < 500)


@pytest.mark.parametrize("name", [n for n in NAMES if "data" in BAD["files"][n]])
def test_no_value_differs_from_what_the_reference_reads(
    name: str, outcomes: dict[str, dict[str, Any]]
) -> None:
    """Where both give values they are the same; records that were damaged may be refused."""
    ours, theirs = outcomes[name]["records"], BAD["files"][name]["data"]
    intact = set(INTACT["xdf"])
    differ = [
        (i, a, b)
        for i, (a, b) in enumerate(zip(ours, theirs, strict=False))
        if len(a) == len(b) == 64 and a != b and a not in intact
    ]
    assert differ == []


#: Refused as a whole, though the reference lists them: what says where records are is damaged.
REFUSED = {
    "rsf-word-06": "the mark in the file's first record",
}


@pytest.mark.parametrize("name", [n for n in NAMES if "data" in BAD["files"][n]])
def test_damage_costs_the_records_that_it_hit_and_no_other(
    name: str, outcomes: dict[str, dict[str, Any]]
) -> None:
    theirs = BAD["files"][name]["data"]
    if name in REFUSED or not theirs:
        return
    assert outcomes[name]["error"] is None
    n_refused = sum(len(text) != 64 for text in outcomes[name]["records"])
    assert len(outcomes[name]["records"]) >= len(theirs)
    assert n_refused <= MOST_REFUSED.get(name, 1)


@pytest.mark.parametrize(
    ("name", "n_whole"),
    [
        ("xdf-cut-in-first-data", 0),
        ("xdf-cut-in-last-data", 5),
        ("xdf-cut-minus-64", 5),
        ("rsf-cut-minus-64", 6),
        ("rsf-cut-in-last-data", 5),
        ("rsf-cut-minus-1", 6),
        ("xdf-tail", 6),
        ("rsf-tail", 6),
    ],
)
def test_records_before_a_cut_are_read(
    name: str, n_whole: int, outcomes: dict[str, dict[str, Any]]
) -> None:
    records = outcomes[name]["records"]
    assert [r for r in records if len(r) == 64] == INTACT[name[:3]][:n_whole], outcomes[name]


@pytest.mark.parametrize(
    "name", ["text", "random", "zeros", "png", "hdf5", "netcdf3", "grib", "gzip-of-fst"]
)
def test_a_foreign_file_is_refused_for_what_it_is(
    name: str, outcomes: dict[str, dict[str, Any]]
) -> None:
    assert outcomes[name]["error"].startswith("NotFstError: ")


@pytest.mark.parametrize(
    "name", ["xdf-unclosed", "xdf-unclosed-flushed", "rsf-unclosed", "rsf-unclosed-flushed"]
)
def test_a_file_left_open_by_a_dead_writer_is_read(
    name: str, outcomes: dict[str, dict[str, Any]]
) -> None:
    assert outcomes[name]["error"] is None
    records = outcomes[name]["records"]
    assert len(records) >= 5
    assert all(len(record) == 64 for record in records)
