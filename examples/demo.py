"""List a model file, read all its fields, print their statistics and draw one as a map.

    python examples/demo.py [FILE [NOMVAR]]

Without a file it takes a small model run that the reference library wrote (tests/golden/model).
The map is text; where matplotlib is installed it is drawn once more as build/demo.png.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import fst24

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "golden" / "model" / "gem-2024051712_000.fst"
SHADES = " ·░▒▓█"
WIDTH = 72
#: By kind of level, as `fst24 ls --style` writes them (docs/format/metadata.md, 2.1).
UNITS = dict(enumerate(("m", "sg", "mb", "", "M", "hy", "th", "m-")))

Field = npt.NDArray[Any]


def level_text(record: fst24.Fst24Record) -> str:
    """The level of a record; descriptors (>>, ^^, !!) keep tags in their ips."""
    if record.nomvar[0] in "<>^!":
        return f"tag {record.ip1}"
    value, kind = fst24.ip.decode(record.ip1)
    unit = UNITS.get(int(kind))
    return str(record.ip1) if unit is None else f"{value:.6g} {unit}".rstrip()


def list_and_measure(file: fst24.Fst24File) -> None:
    """One line a record: what it is, and the statistics of its values."""
    heads = [f"{name:>12}" for name in ("size", "min", "mean", "max")]
    print(f"{'':>5} {'name':<4} {'type':<4} {'level':<13}", *heads)
    for record in file:
        values = np.abs(record.data) if record.data.dtype.kind == "c" else record.data
        size = " x ".join(map(str, values.shape))
        low, mean, high = np.nanmin(values), np.nanmean(values, dtype=float), np.nanmax(values)
        print(
            f"{record.index:>5} {record.nomvar:<4} {record.typvar:<4} {level_text(record):<13}"
            f" {size:>12} {low:>12.5g} {mean:>12.5g} {high:>12.5g}"
        )


def choose(file: fst24.Fst24File, nomvar: str | None) -> fst24.Fst24Record:
    """The field to draw: the one asked for, else the first that looks like a map."""
    records = [r for r in file if (r.nomvar == nomvar if nomvar else min(r.ni, r.nj) > 2)]  # noqa: PLR2004
    if not records:
        raise SystemExit(f"demo: there is no field {nomvar or 'to draw'} in {file.path}")
    return next((r for r in records if r.nomvar == "TT"), records[0])


def draw(values: Field) -> str:
    """A field (ni, nj) as shaded text, north up. A character is twice as high as it is wide."""
    ni, nj = values.shape
    columns = np.linspace(0, ni - 1, min(WIDTH, 2 * ni)).round().astype(int)
    rows = np.linspace(nj - 1, 0, max(2, round(len(columns) * nj / ni / 2))).round().astype(int)
    picked = values[np.ix_(columns, rows)].T.astype(float)
    low, high = np.nanmin(picked), np.nanmax(picked)
    places = (picked - low) / ((high - low) or 1) * (len(SHADES) - 1)
    shade = np.where(np.isnan(places), 0, places.round()).astype(int)
    frame = "─" * len(columns)
    lines = ["│" + "".join(SHADES[s] for s in row) + "│" for row in shade]
    legend = f" {low:.4g} {SHADES} {high:.4g}"
    return "\n".join([f"┌{frame}┐", *lines, f"└{frame}┘", legend])


def save_png(values: Field, title: str) -> str:
    """The same as a picture, where matplotlib is installed; gives a sentence on what was done."""
    try:
        import matplotlib as mpl
    except ImportError:
        return "No picture: matplotlib is not installed (pip install 'fst24[plot]')."
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    path = ROOT / "build" / "demo.png"
    path.parent.mkdir(exist_ok=True)
    figure, axes = plt.subplots()
    figure.colorbar(axes.imshow(values.T, origin="lower", cmap="turbo"))
    axes.set(title=title, xlabel="i", ylabel="j")
    figure.savefig(path, dpi=120, bbox_inches="tight")
    plt.close(figure)
    return f"The same as a picture: {path.relative_to(ROOT)}"


def main() -> None:
    """Do it all."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `demo.py | head` ends without a word
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE
    nomvar = sys.argv[2] if len(sys.argv) > 2 else None  # noqa: PLR2004 - the second argument
    with fst24.open(path) as file:
        n_records = f"{len(file)} record{'' if len(file) == 1 else 's'}"
        print(f"{path.name}: {file.backend}, {n_records}, read by fst24 {fst24.__version__}\n")
        list_and_measure(file)
        record = choose(file, nomvar)
        title = f"{record.nomvar} {level_text(record)}"
        values = record.data[:, :, 0] if record.data.ndim > 2 else record.data  # noqa: PLR2004
        print(f"\n{title}\n{draw(values)}\n")
        print(save_png(values, title))


main()
