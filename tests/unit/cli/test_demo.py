"""``examples/demo.py``: what `make demo` shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[3] / "examples" / "demo.py"


def demo(path: Path) -> str:
    """Its output where matplotlib is not installed."""
    code = (
        "import runpy, sys; sys.modules['matplotlib'] = None; del sys.argv[0];"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-c", code, str(DEMO), str(path), "TT"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_levels_are_written_as_the_command_writes_them(model: Path) -> None:
    shown = demo(model)
    (pressure,) = [line for line in shown.splitlines() if " P0 " in line]
    assert " 0 mb " in pressure
    assert "80 records, read by" in shown


def test_one_record_is_no_plural(model: Path) -> None:
    assert "XDF, 1 record, read by" in demo(model.parents[1] / "container" / "xdf-one.fst")


def test_without_matplotlib_it_says_how_to_get_it(model: Path) -> None:
    assert "pip install 'fst24[plot]'" in demo(model)
