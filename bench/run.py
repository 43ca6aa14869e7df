"""Measure fst24 where users wait: ``python bench/run.py [--quick] [--only decode ...]``.

All in one run, side by side with a copy of the same bytes, field by field, and, where it is
installed, librmn 19.5 of fstd2nc-deps. The table is printed and kept in bench/results/<date>.md.
Big files (4 GB) are made once, in FST24_BENCH_DIR or the system's temporary directory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from bench.python.common import Row, Timing

PARTS = ("listing", "table", "access", "decode", "write", "grid", "xarray")


def seconds(value: float) -> str:
    """Three digits and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if value * scale >= 1:
            return f"{value * scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def cells(row: Row) -> list[str]:
    """The columns of the table."""
    ratio = "times the data" in row.what
    show = (lambda v: f"{v:.2f}") if ratio else seconds
    speed = f"{row.n_bytes / row.time.best / 1e9:.2f}" if row.n_bytes else ""
    copied = share(row.memcpy, row.time) if row.memcpy else ""
    peer = f"{share(row.peer, row.time)} ({row.peer_name})" if row.peer else ""
    return [row.what, show(row.time.best), show(row.time.median), speed, copied, peer, row.goal]


def share(other: Timing, own: Timing) -> str:
    """How many times faster than ``other``, best against best."""
    return f"{other.best / own.best:.2f} x"


HEAD = ["what", "min", "median", "GB/s", "against memcpy", "against", "goal"]


def table(rows: list[list[str]]) -> str:
    """A Markdown table with columns that line up."""
    widths = [max(len(line[k]) for line in [HEAD, *rows]) for k in range(len(HEAD))]
    lines = [HEAD, ["-" * w for w in widths], *rows]
    return "\n".join(
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def machine() -> str:
    """The processor, the system and the versions that were measured."""
    import numpy as np

    import fst24

    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [li for li in info.read_text().splitlines() if li.startswith("model name")]
        model = names[0].split(":")[1].strip() if names else model
    return (
        f"{model}, {os.cpu_count()} processors, {platform.system()} {platform.machine()}; "
        f"Python {platform.python_version()}, numpy {np.__version__}, fst24 {fst24.__version__}"
    )


def main() -> None:
    """Run the parts and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--no-file", action="store_true", help="print only")
    asked = parser.parse_args()
    lines: list[list[str]] = []
    for part in asked.only:
        module = importlib.import_module(f"bench.python.{part}")
        for row in module.rows(quick=asked.quick):
            lines.append(cells(row))
            print(" | ".join(c for c in lines[-1] if c), flush=True)
    about = f"{machine()}\n\n`python bench/run.py {' '.join(sys.argv[1:])}`".rstrip()
    text = f"# {dt.date.today().isoformat()}\n\n{about}\n\n{table(lines)}\n"  # noqa: DTZ011
    print("\n" + text)
    if not asked.no_file:
        path = ROOT / "bench" / "results" / f"{dt.date.today().isoformat()}.md"  # noqa: DTZ011
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
