"""``fst24 date``: stamps to dates, and back; later, earlier, and how long between."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24
from fst24.cli.date import moment, stamp_text
from tests.unit.test_conventions import table

from .test_ip import piped

if TYPE_CHECKING:
    from .conftest import Run


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("2024051712", ["473303600"]),
        ("2024-05-17T12:00 20240517120000 2024051712000000", ["473303600"] * 3),
        ("2024-05-17T07:00-05:00", ["473303600"]),
        ("473303600", ["2024-05-17T12:00:00Z"]),
        ("010180000 @10180000", ["1980-01-01T00:00:00Z"] * 2),
        ("19800101", ["010180000"]),
        ("18991231 -1274148469", ["-1274148496", "1899-12-31T23:00:00Z"]),
        ("--extended 2024051712 @-1272785642", ["-1272785642", "2024-05-17T12:00:00Z"]),
        ("2024051712 +36", ["2024-05-19T00:00:00Z"]),
        ("2024051712 -6h", ["2024-05-17T06:00:00Z"]),
        ("2024051712 + 2d - 90min", ["2024-05-19T10:30:00Z"]),
        ("2024051712 +30S +1w", ["2024-05-24T12:00:30Z"]),
        ("473303600 +1", ["473304500"]),
        ("--form stamp 2024051712 +1 473303600", ["473304500", "473303600"]),
        ("--form digits 473303600 2024051712", ["20240517120000"] * 2),
        ("--form iso 2024-05-17", ["2024-05-17T00:00:00Z"]),
        ("2024051712 - 2024-05-16", ["36"]),
        ("2024051712 +6 - 473303600 2024051712", ["6", "473303600"]),
        ("--unit min 2024051712 - 2024051711", ["60"]),
        ("20240228 +24 --calendar 365_day", ["2024-03-01T00:00:00Z"]),
        ("20240301 - 20240228 --calendar 365_day", ["24"]),
        ("20240301 - 20240228", ["48"]),
    ],
)
def test_an_answer_a_line(run: Run, words: str, answers: list[str]) -> None:
    done = run("date", *words.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == answers


def test_now_is_a_date(run: Run) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5)  # stamps have steps of 5 seconds
    when = fst24.date.decode(int(run("date", "now").stdout))
    assert when is not None
    assert before < when <= dt.datetime.now(dt.UTC)


def test_json_has_the_date_the_stamp_and_its_style(run: Run) -> None:
    done = run("date", "--json", "473303600", "@10180000", "0", "2024051712", "-", "473303600")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"stamp": 473303600, "date": "2024-05-17T12:00:00Z", "style": "new"},
        {"stamp": 10180000, "date": "1980-01-01T00:00:00Z", "style": "old"},
        {"stamp": 0, "date": None, "style": None},
        {"hours": 0.0},
    ]


def test_every_stamp_that_is_shown_is_read_as_a_stamp() -> None:
    stamps = np.unique(table("dates-encode")["stamp"]).tolist()
    assert [moment(stamp_text(s), "reference") for s in stamps if len(str(s)) < 10 or s < 0] == [
        (s, True) for s in stamps if len(str(s)) < 10 or s < 0
    ]


@pytest.mark.parametrize("words", ["0", "999", "@-1", "2024051712 - @0", "473303600 +9999999w"])
def test_what_has_no_answer_gives_1_and_the_others_are_given(run: Run, words: str) -> None:
    done = run("date", *words.split(), "2024051712")
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["none", "473303600"]
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    ["yesterday", "20241301", "2024051712 +", "2024051712 +2024051712", "--calendar julian 0",
     "--lost 0", "2024051712 +5x", ""],
)  # fmt: skip
def test_what_is_not_understood_gives_2(run: Run, words: str) -> None:
    done = run("date", *words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: " in done.stderr or "Usage: " in done.stderr


def test_a_stamp_that_looks_like_a_date_is_told_how_to_write_it(run: Run) -> None:
    assert "@STAMP" in run("date", "10180000").stderr


def test_lines_of_standard_input_are_answered_one_by_one() -> None:
    done = piped("date", "473303600\n2024051712 +1d\nbad\n0\n2024051712 - 2024051700\n")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "2024-05-17T12:00:00Z",
        "2024-05-18T12:00:00Z",
        "none",
        "12",
    ]
    assert done.stderr.startswith("fst24: line 3: 'bad' is no date")
