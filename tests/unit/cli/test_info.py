"""``fst24 info``: what a file is and what is in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run


def test_everything_of_a_model_file(run: Run, model: Path) -> None:
    (line,) = run("info", "--json", model).stdout.splitlines()
    known = json.loads(line)
    assert known["path"] == str(model)
    assert known["container"] == "XDF"
    assert known["version"] == "XDF0"
    assert known["n_bytes"] == model.stat().st_size
    assert (known["n_records"], known["n_deleted"], known["n_parts"]) == (80, 0, 1)
    assert known["types"]["f16"] == 61
    assert known["variables"]["TT"] == 12
    assert (known["first_valid"], known["last_valid"]) == ("2024-05-17T12:00:00Z",) * 2
    assert known["warnings"] == []


def test_text_for_people(run: Run, model: Path, model_rsf: Path) -> None:
    done = run("info", model, model_rsf)
    assert done.returncode == 0
    text = done.stdout
    assert "container  XDF (XDF0, 1 directory page)" in text
    assert "container  RSF (RSF0" in text
    assert "records    80, and 0 deleted" in text
    assert "165.2 kB (165,152 bytes)" in text
    assert "TT 12" in text


def test_deleted_records_are_counted(run: Run, model: Path) -> None:
    deleted = model.parents[1] / "container" / "xdf-deleted.fst"
    known = json.loads(run("info", "--json", deleted).stdout)
    assert known["n_records"] > 0
    assert known["n_deleted"] > 0


def test_an_unclosed_file_is_shown_with_its_warning(run: Run, tmp_path: Path, model: Path) -> None:
    cut = tmp_path / "cut.fst"
    cut.write_bytes(model.read_bytes()[:-64])
    done = run("info", "--json", cut)
    known = json.loads(done.stdout)
    assert known["n_records"] >= 79
    assert known["warnings"]
    assert done.stderr == ""


def test_a_bad_file_gives_1_and_the_others_are_shown(run: Run, model: Path, foreign: Path) -> None:
    done = run("info", "--json", foreign, model)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert len(done.stderr.splitlines()) == 1
