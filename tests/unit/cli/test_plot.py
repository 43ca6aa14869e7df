"""``fst24 plot``: maps of fields."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from fst24.cli import plot

from .conftest import GOLDEN

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run

#: A small picture is quick.
SMALL = ("--dpi", "40", "--size", "4x3", "--no-coastlines")
PRESSURES = GOLDEN / "model" / "press-2024051712_000.fst"
YIN_YANG = GOLDEN / "model" / "yy-2024051712_000.fst"


def size_of(png: Path) -> tuple[int, int]:
    content = png.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">2I", content[16:24])
    return width, height


def test_one_field_is_drawn(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "p0.png"
    done = run("plot", model, "--nomvar", "P0", "-o", out, *SMALL)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert size_of(out) == (160, 120)
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("suffix", "begin"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")]
)
def test_the_name_says_the_form(
    run: Run, tmp_path: Path, model: Path, suffix: str, begin: bytes
) -> None:
    out = tmp_path / f"p0.{suffix}"
    assert run("plot", model, "--nomvar", "P0", "-o", out, *SMALL).returncode == 0
    assert out.read_bytes().startswith(begin)


def test_the_picture_has_the_permissions_of_any_new_file(
    run: Run, tmp_path: Path, model: Path
) -> None:
    out, other = tmp_path / "p0.png", tmp_path / "other"
    other.touch()
    run("plot", model, "--nomvar", "P0", "-o", out, *SMALL)
    assert out.stat().st_mode == other.stat().st_mode


def test_level_unit_time_and_lead_time_choose(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "tt.png"
    chosen = ("--nomvar", "TT", "--level", "850", "--level-unit", "hPa")
    when = ("--time", "2024-05-17T12", "--lead-time", "0h")
    assert run("plot", PRESSURES, *chosen, *when, "-o", out, *SMALL).returncode == 0
    assert out.exists()
    late = run("plot", PRESSURES, *chosen, "--lead-time", "3", "-o", tmp_path / "b.png", *SMALL)
    assert late.returncode == 1
    assert "no record meets these conditions" in late.stderr


def test_several_records_are_listed_and_nothing_is_drawn(
    run: Run, tmp_path: Path, model: Path
) -> None:
    done = run("plot", model, "--nomvar", "TT", "-o", tmp_path / "tt.png")
    assert done.returncode == 1
    assert done.stderr.startswith(f"fst24: {model}: 12 records meet these conditions")
    assert list(tmp_path.iterdir()) == []


def test_all_draws_each_of_them_under_its_index(run: Run, tmp_path: Path) -> None:
    arguments = ("--nomvar", "TT", "--level", "500..850", "--level-unit", "mb", "--all")
    done = run("plot", PRESSURES, *arguments, "-o", tmp_path / "tt.png", *SMALL)
    assert done.returncode == 0, done.stderr
    with fst24.open(PRESSURES) as f:
        wanted = [r.index for r in f.iter_records(nomvar="TT", level=(500, 850), level_unit="mb")]
    assert len(wanted) == 3
    assert {p.name for p in tmp_path.iterdir()} == {f"tt-{index}.png" for index in wanted}


def test_a_pattern_names_each_of_them(run: Run, tmp_path: Path) -> None:
    arguments = ("--nomvar", "TT,GZ", "--level", "500mb")
    out = tmp_path / "{nomvar}_{level}_{valid}_{lead}.png"
    assert run("plot", PRESSURES, *arguments, "-o", out, *SMALL).returncode == 0
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {"TT_500mb_20240517T1200_0.png", "GZ_500mb_20240517T1200_0.png"}


@pytest.mark.parametrize(
    "pattern", ["{level.png", "{what}.png", "{0}.png", "{}.png", "{nomvar.x}.png"]
)
def test_a_pattern_that_is_none_gives_2(
    run: Run, tmp_path: Path, model: Path, pattern: str
) -> None:
    done = run("plot", model, "--nomvar", "P0", "-o", tmp_path / pattern)
    assert done.returncode == 2
    assert "the words of a pattern are {nomvar}" in done.stderr


def test_two_pictures_of_one_name_are_refused(run: Run, tmp_path: Path, model: Path) -> None:
    done = run("plot", model, "--nomvar", "TT", "-o", tmp_path / "{nomvar}.png")
    assert done.returncode == 2
    assert "add {index} to the name" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_replaced_without_force(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "p0.png"
    out.write_text("mine")
    assert run("plot", model, "--nomvar", "P0", "-o", out, *SMALL).returncode == 2
    assert out.read_text() == "mine"
    assert run("plot", model, "--nomvar", "P0", "-o", out, *SMALL, "--force").returncode == 0
    assert size_of(out) == (160, 120)


def test_what_has_no_place_is_said_and_the_rest_is_drawn(run: Run, tmp_path: Path) -> None:
    source = GOLDEN / "grids" / "rsf-grids.fst"
    etikets = "--etiket=L-REGIONAL,T-STEREO,X-NONE,U-PLAIN"
    done = run("plot", source, etikets, "-o", tmp_path / "{etiket}.png", *SMALL)
    assert done.returncode == 1
    assert {p.name for p in tmp_path.iterdir()} == {"L-REGIONAL.png", "U-PLAIN.png"}
    first, second = done.stderr.splitlines()
    assert first.startswith(f"fst24: {source}: record ")
    assert "grtyp 'T'" in first
    assert "X whose axes are not in" in second


@pytest.mark.parametrize(
    "arguments",
    [
        ("-o", "map.txt"),
        ("-o", "map.png", "--cmap", "none-such"),
        ("-o", "map.png", "--size", "4"),
        ("-o", "map.png", "--size", "0x3"),
        ("-o", "map.png", "--dpi", "0"),
        ("-o", "map.png", "--kind", "lines"),
        ("-o", "map.png", "--lead-time", "soon"),
        ("-o", "map.png", "--lead-time", "1..2,3"),
        ("-o", "map.png", "--level", "5", "--level-unit", "miles"),
        (),
    ],
)
def test_what_is_not_understood_gives_2(
    run: Run, tmp_path: Path, model: Path, arguments: tuple[str, ...]
) -> None:
    given = [str(tmp_path / a) if a.startswith("map") else a for a in arguments]
    assert run("plot", model, "--nomvar", "P0", *given).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_made_is_one_line(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "absent" / "p0.png"
    done = run("plot", model, "--nomvar", "P0", "-o", out, *SMALL)
    assert done.returncode == 1
    assert done.stderr == f"fst24: {out}: No such file or directory\n"


def test_a_bad_coast_line_is_one_line(run: Run, tmp_path: Path, model: Path) -> None:
    bad, out = tmp_path / "bad.json", tmp_path / "p0.png"
    bad.write_text("{}")
    done = run("plot", model, "--nomvar", "P0", "-o", out, "--coastlines", bad)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "neither GeoJSON nor a shapefile" in done.stderr
    gone = run("plot", model, "--nomvar", "P0", "-o", out, "--coastlines", tmp_path / "gone.json")
    assert gone.returncode == 1
    assert gone.stderr == f"fst24: {tmp_path / 'gone.json'}: No such file or directory\n"


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, model: Path) -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None; sys.argv[0] = 'fst24';"
        "from fst24.cli import main; main()"
    )
    arguments = ["plot", str(model), "--nomvar", "P0", "-o", str(tmp_path / "a.png")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "fst24: a map needs matplotlib: pip install 'fst24[plot]'\n"


# -------------------------------------------------------------------------------- what is drawn


def picture(path: Path, *, barbs: bool = False, **criteria: Any) -> Any:
    with fst24.open(path) as f:
        record = f.find(**criteria)
        assert record is not None
        return plot.picture_of(f, record, title=None, barbs=barbs)


def test_the_title_says_what_it_is_and_when() -> None:
    found = picture(PRESSURES, nomvar="TT", level=850, level_unit="mb")
    assert found.title == (
        "air temperature (TT), 850 mb\nvalid 2024-05-17 12:00 UTC, +0 h, GLBPRES"
    )
    assert (found.units, found.standard_name) == ("degC", "air_temperature")


def test_values_are_those_of_the_record_and_missing_points_are_none(tmp_path: Path) -> None:
    path = tmp_path / "in.fst"
    values = np.arange(12, dtype=np.float32).reshape(4, 3, order="F")
    with fst24.open(path, "w") as f:
        f.write(values, nomvar="TT", mask=values == 7, grtyp="A")
    found = picture(path, nomvar="TT")
    assert np.isnan(found.values[1, 3])
    assert np.array_equal(np.nan_to_num(found.values, nan=7), values.T)


@pytest.mark.parametrize("path", [PRESSURES, YIN_YANG])
def test_barbs_are_those_of_the_level(path: Path) -> None:
    with fst24.open(path) as f:
        u = f.read_records(nomvar="UU")[1]
        found = plot.wind_of(f, u)
        v = f.find(nomvar="VV", ip1=u.ip1)
        assert v is not None
        assert np.array_equal(found.u, u.data.T)
        assert np.array_equal(found.v, v.data.T)
        assert found.grid == f.grid(u)


def test_barbs_are_those_of_the_nearest_level_of_the_kind(model: Path) -> None:
    with fst24.open(model) as f:
        record = f.find(nomvar="TT", level=(0.2, 0.3), level_unit="hy")
        assert record is not None
        u = min(
            f.iter_records(nomvar="UU", level_unit="hy"),
            key=lambda one: abs(fst24.ip.decode(one.ip1).value - fst24.ip.decode(record.ip1).value),
        )
        assert np.array_equal(plot.wind_of(f, record).u, u.data.T)


def test_no_wind_is_said(run: Run, tmp_path: Path, model: Path) -> None:
    done = run("plot", model, "--nomvar", "P0", "--barbs", "-o", tmp_path / "a.png", *SMALL)
    assert done.returncode == 1
    assert "no UU and VV of the time" in done.stderr


def test_several_levels_in_one_record_are_no_map(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "in.fst"
    with fst24.open(path, "w") as f:
        f.write(np.zeros((4, 3, 2), np.float32), nomvar="TT", grtyp="A")
    done = run("plot", path, "-o", tmp_path / "a.png", *SMALL)
    assert done.returncode == 1
    assert done.stderr == f"fst24: {path}: record 0: 2 levels in one record: no map\n"
