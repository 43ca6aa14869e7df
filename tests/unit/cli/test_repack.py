"""``fst24 repack``: another packing or container, the same fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24

from .conftest import GOLDEN

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run


def pairs(a: Path, b: Path) -> list[tuple[fst24.Fst24Record, fst24.Fst24Record]]:
    with fst24.open(a) as f, fst24.open(b) as g:
        found = list(zip(f, g, strict=True))
        for x, y in found:
            assert x.data.shape == y.data.shape  # kept when the files are closed
        return found


def test_compression_is_taken_off_and_put_on_without_a_loss(
    run: Run, tmp_path: Path, model: Path
) -> None:
    plain, packed = tmp_path / "plain.fst", tmp_path / "packed.fst"
    assert run("repack", model, plain, "--compress", "none").returncode == 0
    assert run("repack", plain, packed, "--compress", "usual").returncode == 0
    assert all(y.datyp < 128 for _, y in pairs(model, plain))
    for x, y in pairs(model, packed):
        assert np.array_equal(x.data, y.data)
        assert x.datyp in {y.datyp, y.datyp & 127}  # those that were not compressed are now
    assert packed.stat().st_size < plain.stat().st_size


def test_the_line_tells_the_sizes_before_and_after(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out.fst"
    done = run("repack", model, out, "--datyp", "f12")
    before, after = model.stat().st_size, out.stat().st_size
    assert done.stderr == ""
    assert done.stdout == (  # twelve records had this type
        f"{out}: 80 records (65 repacked), {before:,} -> {after:,} bytes ({after / before:.1%})\n"
    )


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        (("--datyp", "f12"), {(134, 12), (6, 12)}),
        (("--datyp", "134", "--nbits", "12"), {(134, 12), (6, 12)}),
        (("--datyp", "R20", "--compress", "none"), {(1, 20)}),
        (("--datyp", "E32", "--compress", "none"), {(5, 32)}),
        (("--nbits", "20", "--compress", "none"), {(1, 20)}),
    ],
)
def test_fields_get_the_type_that_is_asked_and_descriptors_keep_theirs(
    run: Run, tmp_path: Path, model: Path, asked: tuple[str, ...], stored: set[tuple[int, int]]
) -> None:  # fmt: skip
    out = tmp_path / "out.fst"
    assert run("repack", model, out, *asked).returncode == 0
    for x, y in pairs(model, out):
        if fst24.is_descriptor(x.nomvar):
            assert (x.datyp, x.nbits) == (y.datyp, y.nbits)
            assert np.array_equal(x.data, y.data)
        else:
            assert (y.datyp, y.nbits) in stored


def test_no_value_is_off_by_more_than_the_error(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out.fst"
    run("repack", model, out, "--max-error", "0.25", "--nomvar", "TT,GZ")
    for x, y in pairs(model, out):
        assert np.abs(x.data - y.data).max() <= (0.25 if x.nomvar in {"TT", "GZ"} else 0)
    assert out.stat().st_size < model.stat().st_size


def test_records_that_are_not_chosen_are_copied_as_they_are_stored(
    run: Run, tmp_path: Path, model: Path
) -> None:
    out = tmp_path / "out.fst"
    done = run("repack", model, out, "--nbits", "8", "--nomvar", "TT")
    assert "(12 repacked)" in done.stdout
    with fst24.open(model) as f, fst24.open(out) as g:
        for x, y in zip(f, g, strict=True):
            if x.nomvar != "TT":
                assert x.stored()[8:] == y.stored()[8:]


def test_another_container_holds_the_same(run: Run, tmp_path: Path, model: Path) -> None:
    out, back = tmp_path / "out.fst", tmp_path / "back.fst"
    assert run("repack", model, out, "--backend", "rsf").returncode == 0
    assert run("repack", out, back, "--backend", "XDF").returncode == 0
    with fst24.open(out) as f:
        assert f.backend == "RSF"
    for x, y in pairs(model, back):
        assert x.core == y.core
        assert np.array_equal(x.data, y.data)


def test_holes_are_left_behind(run: Run, tmp_path: Path) -> None:
    source, out = GOLDEN / "container" / "xdf-churn.fst", tmp_path / "out.fst"
    run("repack", source, out)
    with fst24.open(source) as f, fst24.open(out) as g:
        assert f.info.n_deleted > 0
        assert g.info.n_deleted == 0
        assert [r.core for r in f] == [r.core for r in g]
    assert out.stat().st_size < source.stat().st_size


def test_values_that_the_type_cannot_keep_are_copied_and_named(run: Run, tmp_path: Path) -> None:
    path, out = tmp_path / "in.fst", tmp_path / "out.fst"
    holed = np.arange(12, dtype=np.float32).reshape(4, 3)
    holed[1, 1] = np.nan
    with fst24.open(path, "w") as f:
        f.write(np.arange(12, dtype=np.float32).reshape(4, 3), nomvar="TT")
        f.write(holed, nomvar="UU")
        f.write(np.arange(12, dtype=np.int32).reshape(4, 3), nomvar="II")
        f.write("some text", nomvar="TXT")
        f.write(holed, nomvar="VV", mask=np.isnan(holed))
    done = run("repack", path, out, "--datyp", "F16")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "copied as it is: record 1 UU at byte" in done.stderr
    with fst24.open(out) as f:
        assert [r.datyp for r in f] == [6, 5, 4, 7, 6 + 64]
        assert np.array_equal(f[1].data, holed, equal_nan=True)
        assert np.array_equal(np.ma.getmaskarray(f[4].masked()), np.isnan(holed))


def test_extended_metadata_go_along(run: Run, tmp_path: Path) -> None:
    source, out = GOLDEN / "fields" / "rsf-extended.fst", tmp_path / "out.fst"
    run("repack", source, out, "--datyp", "E32")
    with fst24.open(source) as f, fst24.open(out) as g:
        assert [r.metadata for r in f] == [r.metadata for r in g]
        assert any(r.metadata for r in f)


def test_a_record_that_cannot_be_read_leaves_no_file(run: Run, damaged: Path) -> None:
    out = damaged.parent / "out.fst"
    for asked in ((), ("--nbits", "8")):
        done = run("repack", damaged, out, *asked)
        assert done.returncode == 1
        assert "record 40" in done.stderr
        assert [p.name for p in damaged.parent.iterdir()] == [damaged.name]


def test_nothing_is_replaced_without_force(run: Run, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out.fst"
    out.write_text("mine")
    assert run("repack", model, out).returncode == 2
    assert out.read_text() == "mine"
    assert run("repack", model, out, "--force").returncode == 0


def test_a_file_can_be_repacked_into_its_own_place(run: Run, tmp_path: Path, model: Path) -> None:
    path = tmp_path / "own.fst"
    path.write_bytes(model.read_bytes())
    assert run("repack", path, path, "--nbits", "8", "--force").returncode == 0
    with fst24.open(path) as f:
        assert len(f) == 80


@pytest.mark.parametrize(
    "asked",
    [
        ("--nbits", "8", "--max-error", "1"),
        ("--datyp", "f16", "--nbits", "8"),
        ("--datyp", "Z64"),
        ("--datyp", "f1x"),
        ("--nomvar", "TT"),
    ],
)
def test_contradictions_give_2(
    run: Run, tmp_path: Path, model: Path, asked: tuple[str, ...]
) -> None:
    assert run("repack", model, tmp_path / "out.fst", *asked).returncode == 2
