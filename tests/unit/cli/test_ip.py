"""``fst24 ip``: levels and times to codes, and back."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import fst24
from fst24.cli._fields import ip_text
from fst24.cli.ip import level_text, parse
from tests.unit.test_conventions import table

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run


def piped(command: str, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a command on lines of standard input."""
    return subprocess.run(
        [sys.executable, "-m", "fst24.cli", command, *options, "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("850 hPa", ["41744464"]),
        ("850hPa", ["41744464"]),
        ("850 mb 10M 0.995 hy", ["41744464", "75597472", "95366840"]),
        ("85000 Pa 30 min 1800 s", ["41744464", "178757920", "178757920"]),
        ("10 m above_ground 10 above_ground", ["75597472", "75597472"]),
        ("-5 arbitrary -999.5 m above_sea", ["58676680", "6252875"]),
        ("93423264", ["1 hy hybrid"]),
        ("850 41744464 251659240", ["850 mb pressure", "850 mb pressure", "1000 _0 samples"]),
        ("--old 850 hPa 0.5 sigma 1000 m above_sea", ["850", "7000", "12201"]),
        ("--kind hybrid 1 0.05", ["93423264", "95920416"]),
        ("--kind 2 850", ["41744464"]),
        ("--triplet 41394464 12 0", ["500 mb pressure, 12 H hours, 0 arbitrary"]),
        ("--triplet 41144464 12 41394464", ["500 to 250 mb pressure, 12 H hours"]),
        ("--triplet 850hPa 6h 12h", ["41744464 176280768 177809344"]),
        ("--triplet 41744464 176280768 177809344", ["850 mb pressure, 6 to 12 H hours"]),
    ],
)
def test_an_answer_a_line(run: Run, words: str, answers: list[str]) -> None:
    done = run("ip", *words.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == answers


def test_every_code_of_the_reference_is_shown_and_read_again() -> None:
    """What is shown of a new-style code is understood as the value that it has."""
    known = table("ip-decode")
    good = known["kind"] >= 0
    for code in known["ip"][good].tolist():
        level = fst24.ip.decode(int(code))
        (item,) = parse(level_text(level).split(), None)
        again = fst24.ip.decode(fst24.ip.encode(item.value, item.unit))
        assert again.kind == level.kind
        assert again.value == pytest.approx(level.value, rel=1e-5)


def test_listings_show_of_a_code_what_the_reference_shows() -> None:
    """But for zeros at the end of a number."""
    known = table("ip-decode")
    rows = zip(*(known[name].tolist() for name in ("ip", "kind", "text")), strict=True)
    for code, kind, text in rows:
        if kind < 0 or not text.strip():
            assert ip_text(code) == str(code)
            continue
        number, *unit = text.split()
        shown, *shown_unit = ip_text(code).split()
        assert (float(shown), shown_unit) == (float(number), unit)


def test_whole_numbers_are_shown_in_full(run: Run) -> None:
    assert run("ip", "253171206").stdout == "1512966 _0 samples\n"


def test_json_has_value_kind_and_unit(run: Run) -> None:
    done = run("ip", "--json", "93423264", "10", "M", "34517")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"code": 93423264, "value": 1.0, "kind": 5, "name": "hybrid", "unit": "1"},
        {"code": 75597472, "value": 10.0, "kind": 4, "name": "above_ground", "unit": "m"},
        {"code": 34517, "value": None, "kind": None, "name": None, "unit": None},
    ]


def test_json_of_a_triplet_tells_what_was_guessed(run: Run) -> None:
    (line,) = run("ip", "--json", "--triplet", "41394464", "12", "0").stdout.splitlines()
    known = json.loads(line)
    assert known["level"] == {"value": 500.0, "kind": 2, "name": "pressure", "unit": "hPa"}
    assert (known["time"]["value"], known["valid"], known["certain"]) == (12.0, True, False)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("34517", "34517"),
        ("2000 hPa", "0 to 1100"),
        ("10 m", "above_ground"),
        ("5 furlong", "furlong"),
        ("--old 0.5 hybrid", "old"),
        ("99999999999", "99999999999"),
        ("--triplet 6h 6h 6h", "no level"),
        ("--triplet -- -1 0 0", "-1 0 0"),
    ],
)
def test_what_has_no_answer_gives_1_and_the_others_are_given(
    run: Run, words: str, reason: str
) -> None:
    extra = ["850", "hPa"] if "--triplet" not in words else []
    done = run("ip", *words.split(), *extra)
    assert done.returncode == 1
    assert (
        done.stdout.splitlines()
        == ["none", *(["41744464"] if "--old" not in words else ["850"])][: 1 + len(extra) // 2]
    )
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    ["0.5", "hPa", "abc 850", "--triplet 1 2", "--triplet 850hPa 12 0", "--old --triplet 1 2 3",
     "--lost 850", "10 m pressure", "10 m M above_ground", ""],
)  # fmt: skip
def test_what_is_not_understood_gives_2(run: Run, words: str) -> None:
    done = run("ip", *words.split())
    assert (done.returncode, done.stdout) == (2, "")


def test_lines_of_standard_input_are_answered_one_by_one() -> None:
    done = piped("ip", "850 hPa\nnonsense\n\n93423264 850\n")
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["41744464", "1 hy hybrid", "850 mb pressure"]
    assert done.stderr == "fst24: line 2: 'nonsense' is no number\n"
    assert piped("ip", "1\n0.5\n", "--kind", "hybrid").stdout.splitlines() == [
        "93423264",
        "94871840",
    ]


def test_codes_of_a_listing_can_be_piped(run: Run, model: Path) -> None:
    listed = run("ls", model, "--columns", "ip1", "--no-header", "--nomvar", "TT").stdout
    done = piped("ip", listed)
    with fst24.open(model) as f:
        levels = [fst24.ip.decode(rec.ip1).value for rec in f.iter_records(nomvar="TT")]
    assert [float(line.split()[0]) for line in done.stdout.splitlines()] == pytest.approx(levels)


@pytest.mark.parametrize("command", ["ip", "date"])
def test_a_blank_argument_is_no_answer(run: Run, command: str) -> None:
    for arguments in (("",), ("850", " ")):
        done = run(command, *arguments)
        assert done.returncode == 2
        assert "blank" in done.stderr
