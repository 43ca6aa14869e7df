"""``fst24 cp``, ``set`` and ``rm``: copies, and changes in place."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import fst24

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run


def assert_same_records(a: Path, b: Path) -> None:
    with fst24.open(a) as old, fst24.open(b) as new:
        assert [r.core for r in old] == [r.core for r in new]
        assert [r.data.tobytes() for r in old] == [r.data.tobytes() for r in new]
        assert [r.metadata for r in old] == [r.metadata for r in new]


# ------------------------------------------------------------------------------------- copies


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_all_records_are_copied_into_either_container(
    run: Run, model: Path, model_rsf: Path, tmp_path: Path, backend: str
) -> None:
    for source in (model, model_rsf):
        out = tmp_path / f"{source.stem}.{backend}"
        done = run("cp", source, out, "--backend", backend)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{out}: 80 records copied\n"
        assert_same_records(source, out)
        with fst24.open(out) as f:
            assert f.backend == backend


def test_the_container_is_that_of_the_first_file(
    run: Run, model: Path, model_rsf: Path, tmp_path: Path
) -> None:
    out = tmp_path / "merged.fst"
    assert run("cp", model_rsf, model, out).returncode == 0
    with fst24.open(out) as f, fst24.open(model) as second:
        assert (f.backend, len(f)) == ("RSF", 160)
        assert [r.core for r in f][80:] == [r.core for r in second]


def test_chosen_records_are_copied_and_changed(run: Run, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.fst"
    where = ("--where", "level<0.9", "--nomvar", "TT,UU", "--exclude", "nomvar='UU'")
    done = run("cp", model, out, *where, "--set", "etiket=NEW", "--set", "ip3=7")
    assert done.returncode == 0, done.stderr
    with fst24.open(out) as f:
        assert {(r.nomvar, r.etiket, r.ip3) for r in f} == {("TT", "NEW", 7)}
        assert 0 < len(f) < 12


def test_deleted_records_are_left_behind(run: Run, model: Path, tmp_path: Path) -> None:
    holes, out = tmp_path / "holes.fst", tmp_path / "out.fst"
    shutil.copy(model, holes)
    with fst24.open(holes, "a") as f:
        f.delete(f.read_records(nomvar="TT"))
    run("cp", holes, out)
    with fst24.open(out) as f:
        assert f.info.n_deleted == 0
        assert len(f) == 68
    assert out.stat().st_size < holes.stat().st_size


def test_nothing_is_replaced_unasked(run: Run, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.fst"
    out.write_text("precious")
    done = run("cp", model, out)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert out.read_text() == "precious"
    assert run("cp", model, out, "--force").returncode == 0
    assert_same_records(model, out)


def test_a_file_can_be_copied_onto_itself(run: Run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "file.fst"
    shutil.copy(model, path)
    assert run("cp", path, path, "--force", "--nomvar", "TT").returncode == 0
    with fst24.open(path) as f:
        assert len(f) == 12


def test_too_few_records_write_nothing(run: Run, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.fst"
    done = run("cp", model, out, "--nomvar", "TT", "--min-count", "13")
    assert done.returncode == 1
    assert "12 records would be copied, fewer than 13" in done.stderr
    assert not out.exists()
    assert run("cp", model, out, "--nomvar", "TT", "--min-count", "12").returncode == 0


def test_a_dry_run_shows_and_writes_nothing(run: Run, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.fst"
    done = run("cp", model, out, "--nomvar", "P0", "--set", "etiket=DRY", "--dry-run")
    assert done.returncode == 0
    header, line = done.stdout.splitlines()
    assert header.split()[0] == "nomvar"
    assert line.split()[:3] == ["P0", "P", "DRY"]
    assert not out.exists()


def test_adding_skips_or_replaces_what_is_there(run: Run, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.fst"
    run("cp", model, out)
    for rule, n, said in (("skip", 80, "80 were there"), ("yes", 80, ""), ("no", 160, "")):
        done = run("cp", model, out, "--append", "--rewrite", rule)
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
        with fst24.open(out) as f:
            assert len(f) == n


def test_directives_of_editfst_are_followed(run: Run, model: Path, tmp_path: Path) -> None:
    deck, out = tmp_path / "deck.dir", tmp_path / "out.fst"
    deck.write_text(" DESIRE(-1,['TT','UU'])\n ZAP(-1,-1,'ZAPPED')\n VOIRS=OUI\n")
    done = run("cp", model, out, "--directives", deck)
    assert done.returncode == 0, done.stderr
    assert "VOIRS is passed over" in done.stderr
    with fst24.open(out) as f:
        assert {r.etiket for r in f} == {"ZAPPED"}
        assert len(f) == 24
    deck.write_text(" DESIR(-1)\n")
    done = run("cp", model, out, "--force", "--directives", deck)
    assert done.returncode == 2
    assert "line 1" in done.stderr


def test_a_file_that_cannot_be_read_leaves_no_copy(
    run: Run, model: Path, foreign: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.fst"
    for bad in (foreign, tmp_path / "gone.fst"):
        done = run("cp", model, bad, out)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert not out.exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_extended_metadata_are_lost_only_when_asked(run: Run, model: Path, tmp_path: Path) -> None:
    source, out = model.parents[1] / "fields" / "rsf-extended.fst", tmp_path / "out.fst"
    assert run("cp", source, out).returncode == 0
    assert_same_records(source, out)
    xdf = ("--force", "--backend", "XDF")
    done = run("cp", source, out, *xdf)
    assert done.returncode == 1
    assert "--drop-metadata" in done.stderr
    assert run("cp", source, out, *xdf, "--drop-metadata").returncode == 0
    with fst24.open(out) as f:
        assert f.backend == "XDF"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--set", "etket=X"),
        ("--set", "ip1"),
        ("--set", "ip1=many"),
        ("--set", "level=850"),
        ("--set", "dateo=yesterday"),
        ("--set", "ip1=1", "--set", "ip1=2"),
        ("--append", "--force"),
        ("--directives", "no-such.dir"),
        ("--exclude", "nosuch=1"),
    ],
)
def test_what_is_not_understood_is_told(
    run: Run, model: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    out = tmp_path / "out.fst"
    done = run("cp", model, out, *arguments)
    assert done.returncode == 2
    assert done.stderr
    assert not out.exists()


def test_one_name_is_not_enough(run: Run, model: Path) -> None:
    assert run("cp", model).returncode == 2


# ------------------------------------------------------------------------------------ in place


def test_set_changes_metadata_and_leaves_values(run: Run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "file.fst"
    shutil.copy(model, path)
    done = run("set", path, "etiket=NEW", "level=850mb", "dateo=2024-05-18", "--nomvar", "TT")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{path}: 12 records changed\n"
    with fst24.open(path) as f, fst24.open(model) as old:
        for new, was in zip(f, old, strict=True):
            assert (new.data == was.data).all()
            if was.nomvar == "TT":
                assert (new.etiket, new.ip1) == ("NEW", fst24.ip.encode(850, "hPa"))
                assert new.dateo == fst24.date.encode("2024-05-18")
            else:
                assert new.core == was.core


@pytest.mark.parametrize("source", ["model", "model_rsf"])
def test_rm_deletes_the_chosen_records(
    run: Run, request: pytest.FixtureRequest, tmp_path: Path, source: str
) -> None:
    path = tmp_path / "file.fst"
    shutil.copy(request.getfixturevalue(source), path)
    done = run("rm", path, "--where", "nomvar='TT' and level<0.5")
    assert done.stdout == f"{path}: 4 records deleted\n"
    with fst24.open(path) as f:
        assert len(f.read_records(nomvar="TT")) == 8
        assert (len(f), f.info.n_deleted) == (76, 4)


@pytest.mark.parametrize("command", [("rm",), ("set", "etiket=X")])
def test_records_have_to_be_chosen(
    run: Run, model: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "file.fst"
    shutil.copy(model, path)
    before = path.read_bytes()
    name, *changes = command
    assert run(name, path, *changes).returncode == 2
    assert run(name, path, *changes, "--all", "--nomvar", "TT").returncode == 2
    done = run(name, path, *changes, "--all", "--dry-run")
    assert "80 records would be" in done.stdout
    assert path.read_bytes() == before
    assert run(name, path, *changes, "--all").returncode == 0


def test_a_file_that_somebody_writes_is_left_alone(run: Run, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "file.fst"
    shutil.copy(model, path)
    with fst24.open(path, "a"):
        done = run("rm", path, "--nomvar", "TT")
    assert done.returncode == 1
    assert "writes to the file" in done.stderr


def test_rm_does_not_make_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "none.fst"
    assert run("rm", path, "--all").returncode == 1
    assert not path.exists()
