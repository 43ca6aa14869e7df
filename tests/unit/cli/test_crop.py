"""``fst24 crop``: a part of a grid, with its axes and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24

from .conftest import GOLDEN

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run

GRIDS = GOLDEN / "grids"
AXES = {">>", "^^"}


def fields(f: fst24.Fst24File) -> list[fst24.Fst24Record]:
    return [r for r in f if not fst24.is_descriptor(r.nomvar)]


def tag(record: fst24.Fst24Record) -> tuple[int, int, int]:
    return record.ig1, record.ig2, record.ig3


@pytest.mark.parametrize("name", ["gem-2024051712_000.fst", "gem-2024051712_003.fst"])
def test_fields_have_the_values_of_the_part_whatever_their_packing(
    run: Run, tmp_path: Path, name: str
) -> None:
    whole, out = GOLDEN / "model" / name, tmp_path / "out.fst"
    done = run("crop", whole, out, "--i", "5:20", "--j", "3:")
    assert (done.returncode, done.stdout) == (0, f"{out}: 77 fields cropped\n")
    with fst24.open(whole) as a, fst24.open(out) as b:
        assert b.backend == a.backend
        for x, y in zip(fields(a), fields(b), strict=True):
            assert (x.nomvar, x.ip1, x.datev, x.nbits) == (y.nomvar, y.ip1, y.datev, y.nbits)
            assert np.array_equal(x.data[4:20, 2:], y.data)


def test_axes_are_cropped_with_their_fields_and_share_a_new_tag(
    run: Run, tmp_path: Path, model: Path
) -> None:
    out = tmp_path / "out.fst"
    run("crop", model, out, "--i", "5:20", "--j", "3:30")
    with fst24.open(model) as a, fst24.open(out) as b:
        x, y = (b.find(nomvar=name) for name in (">>", "^^"))
        old_x, old_y = (a.find(nomvar=name) for name in (">>", "^^"))
        assert x is not None
        assert y is not None
        assert old_x is not None
        assert old_y is not None
        assert np.array_equal(x.data, old_x.data[4:20])
        assert np.array_equal(y.data, old_y.data[:, 2:30])
        tags = {tag(r) for r in fields(b)} | {(r.ip1, r.ip2, r.ip3) for r in (x, y)}
        assert len(tags) == 1
        assert tags != {tag(r) for r in fields(a)}
        assert (x.grtyp, tag(x), x.ig4) == (old_x.grtyp, tag(old_x), old_x.ig4)
        levels = b.find(nomvar="!!")
        assert levels is not None
        assert (levels.ip1, levels.ip2) == tags.pop()[:2]


def test_the_same_part_of_another_hour_is_the_same_grid(run: Run, tmp_path: Path) -> None:
    tags = set()
    for hour in ("000", "003"):
        out = tmp_path / hour
        run("crop", GOLDEN / "model" / f"gem-2024051712_{hour}.fst", out, "--i", ":9", "--j", ":9")
        with fst24.open(out) as f:
            tags |= {tag(r) for r in fields(f)}
    assert len(tags) == 1


def test_other_parts_are_other_grids(run: Run, tmp_path: Path, model: Path) -> None:
    tags = set()
    for part in (":9", "2:10", "3:11"):
        run("crop", model, tmp_path / "out.fst", "--i", part, "--force")
        with fst24.open(tmp_path / "out.fst") as f:
            tags |= {tag(r) for r in fields(f)}
    assert len(tags) == 3


@pytest.mark.parametrize("backend", ["xdf", "rsf"])
def test_each_grid_of_a_file_keeps_axes_of_its_own(run: Run, tmp_path: Path, backend: str) -> None:
    whole, out = GRIDS / f"{backend}-grids.fst", tmp_path / "out.fst"
    done = run("crop", whole, out, "--i", "2:9", "--j", "2:8", "--nj", "2..100")
    assert done.returncode == 0, done.stderr
    with fst24.open(out) as f:
        cropped = [r for r in fields(f) if (r.ni, r.nj) == (8, 7)]
        assert {r.grtyp for r in cropped} == {"Z", "Y", "O"}
        assert len({tag(r) for r in cropped}) == len(cropped) == 9
        for record in cropped:
            axes = f.read_records(nomvar=[">>", "^^"], ip1=record.ig1, ip2=record.ig2)
            shapes = [(r.ni, r.nj) for r in axes]
            assert shapes == ([(8, 1), (1, 7)] if record.grtyp == "Z" else [(8, 7), (8, 7)])


def test_a_grid_that_is_copied_keeps_its_axes(run: Run, tmp_path: Path) -> None:
    """Two tiles (#) are on the axes of a Z grid that is cropped."""
    whole, out = GRIDS / "xdf-grids.fst", tmp_path / "out.fst"
    run("crop", whole, out, "--i", "2:9", "--j", "2:8", "--nj", "2..100")
    with fst24.open(whole) as a, fst24.open(out) as b:
        (tile, *_) = b.read_records(grtyp="#")
        for name in AXES:
            old = a.find(nomvar=name, ip1=tile.ig1, ip2=tile.ig2)
            new = b.find(nomvar=name, ip1=tile.ig1, ip2=tile.ig2)
            assert old is not None
            assert new is not None
            assert np.array_equal(old.data, new.data)


def test_other_grids_are_copied_skipped_or_refused(run: Run, tmp_path: Path) -> None:
    whole, out = GRIDS / "xdf-grids.fst", tmp_path / "out.fst"
    part = ("--i", "2:9", "--j", "2:8", "--nj", "2..100")
    run("crop", whole, out, *part)
    with fst24.open(out) as f:
        n_copied = len(fields(f))
        assert f.find(grtyp="N") is not None
    done = run("crop", whole, out, *part, "--force", "--other-grids", "skip")
    assert done.returncode == 0
    with fst24.open(out) as f:
        assert len(fields(f)) == 9 < n_copied
        assert {r.grtyp for r in fields(f)} == {"Z", "Y", "O"}
    done = run("crop", whole, tmp_path / "none.fst", *part, "--other-grids", "refuse")
    assert done.returncode == 1
    assert "fields on grids that cannot be cropped, the first is record 0 FLD" in done.stderr
    assert not (tmp_path / "none.fst").exists()


def test_the_options_choose_the_fields(run: Run, tmp_path: Path, model: Path) -> None:
    run("crop", model, tmp_path / "out.fst", "--i", ":9", "--nomvar", "P0")
    with fst24.open(tmp_path / "out.fst") as f:
        assert [r.nomvar for r in f] == [">>", "^^", "!!", "P0"]


def test_missing_points_stay_missing(run: Run, tmp_path: Path) -> None:
    path, out = tmp_path / "in.fst", tmp_path / "out.fst"
    values = np.arange(60, dtype=np.float32).reshape(10, 6)
    like: dict[str, Any] = {
        "typvar": "X",
        "grtyp": "L",
        "ig1": 100,
        "ig2": 100,
        "ig3": 9000,
        "ip1": 7,
        "ip2": 8,
    }
    with fst24.open(path, "w") as f:
        f.write(np.arange(10, dtype=np.float32).reshape(10, 1), nomvar=">>", **like)
        f.write(np.arange(6, dtype=np.float32).reshape(1, 6), nomvar="^^", **like)
        f.write(values, nomvar="TT", grtyp="Z", ig1=7, ig2=8, mask=values % 7 == 0)
    run("crop", path, out, "--i", "2:8", "--j", "2:5")
    with fst24.open(out) as f:
        record = f.find(nomvar="TT")
        assert record is not None
        mask = (values % 7 == 0)[1:8, 1:5]
        assert np.array_equal(np.ma.getmaskarray(record.masked()), mask)
        assert np.array_equal(record.data[~mask], values[1:8, 1:5][~mask])


def test_a_part_beyond_the_grid_is_said_and_nothing_written(
    run: Run, tmp_path: Path, model: Path
) -> None:
    done = run("crop", model, tmp_path / "out.fst", "--i", "5:43")
    assert done.returncode == 1
    assert "has 42 x 34 points: i 5:43, j : is not inside" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", ["0:4", "7:3", "a:b", "-1:4", ":", "1:2:3"])
def test_a_range_that_is_none_gives_2(run: Run, tmp_path: Path, model: Path, part: str) -> None:
    assert run("crop", model, tmp_path / "out.fst", f"--i={part}").returncode == 2


def test_no_range_gives_2(run: Run, tmp_path: Path, model: Path) -> None:
    assert run("crop", model, tmp_path / "out.fst").returncode == 2
