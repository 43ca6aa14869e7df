"""``fst24 repair``: whole records out of files that were left open, cut or damaged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
import zipfile
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

import fst24
from fst24.cli import _recovery

from .conftest import GOLDEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Run

BAD = json.loads((GOLDEN / "bad" / "bad.json").read_text())
CUTS = ("xdf-cut-in-last-data", "rsf-cut-in-last-data", "xdf-cut-minus-64", "rsf-cut-half")

#: Appends records until it is killed; tells each one when it was written.
APPENDER = """
import sys
import numpy as np
import fst24
path, backend = sys.argv[1:3]
f = fst24.open(path, "a", backend=None if len(sys.argv) > 3 else backend)
for i in range(1_000_000):
    f.write(np.full((100, 80), i, np.float32), nomvar="TT", ip1=i)
    print(i, flush=True)
"""


def same(a: fst24.Fst24Record, b: fst24.Fst24Record) -> bool:
    return a.core == b.core and np.array_equal(a.data, b.data, equal_nan=True)


def opened(path: Path) -> fst24.Fst24File:
    """A file of which opening warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fst24.Fst24Warning)
        return fst24.open(path)


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bad")
    with zipfile.ZipFile(GOLDEN / "bad" / "bad.zip") as archive:
        archive.extractall(place)
    return place


@pytest.fixture
def appender(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has a file open for writing, and has written to it."""
    with subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(tmp_path / "open.fst"), "XDF"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        os.kill(process.pid, signal.SIGSTOP)
        yield process
        process.kill()


def killed_while_appending(path: Path, backend: str, seconds: float, *more: str) -> int:
    """Kill a process in the middle of its appends; gives how many records it said it wrote."""
    with subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(path), backend, *more],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        time.sleep(seconds)
        process.kill()
        return 1 + sum(line.endswith("\n") for line in process.stdout)


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.03, 0.1])
def test_all_that_a_killed_writer_wrote_comes_back(
    run: Run, tmp_path: Path, backend: str, seconds: float
) -> None:
    path = tmp_path / "run.fst"
    n_written = killed_while_appending(path, backend, seconds)
    done = run("repair", path)
    assert done.stderr == ""
    assert run("check", "--deep", f"{path}.repaired").returncode == 0
    with fst24.open(f"{path}.repaired") as f:
        assert f.backend == backend
        assert len(f) in {n_written, n_written + 1}
        assert [r.ip1 for r in f] == list(range(len(f)))
        assert all((r.data == r.ip1).all() for r in f)


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_what_was_there_before_the_killed_writer_comes_back(
    run: Run, tmp_path: Path, backend: str
) -> None:
    path = tmp_path / "run.fst"
    with fst24.open(path, "w", backend="XDF" if backend == "XDF" else "RSF") as f:
        for i in range(300):
            f.write(np.full((5, 4), i, np.float32), nomvar="OLD", ip1=i)
        f.delete(7)
    killed_while_appending(path, backend, 0.02, "there")
    assert run("repair", path).stderr == ""
    with fst24.open(f"{path}.repaired") as f:
        old = f.read_records(nomvar="OLD")
        assert [r.ip1 for r in old] == [i for i in range(300) if i != 7]
        assert f.find(nomvar="TT") is not None


@pytest.mark.parametrize("name", ["xdf-unclosed", "xdf-unclosed-flushed"])
def test_an_xdf_file_that_librmn_left_open_is_recovered_whole(
    run: Run, bad: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "out.fst"
    done = run("repair", bad / f"{name}.fst", out)
    assert done.returncode == 0
    with opened(bad / f"{name}.fst") as a, fst24.open(out) as b:
        assert not b.warnings
        assert not b.info.open_for_writing
        assert all(same(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("name", ["rsf-unclosed", "rsf-unclosed-flushed"])
def test_an_rsf_file_that_librmn_left_open_can_be_written_again(
    run: Run, bad: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "left.fst"
    path.write_bytes((bad / f"{name}.fst").read_bytes())
    with pytest.raises(fst24.FileLockedError):
        fst24.open(path, "a")
    assert run("repair", path, "--in-place").returncode == 0
    with fst24.open(path, "a") as f:
        n = len(f)
        f.write(np.zeros((2, 2), np.float32), nomvar="TT")
        assert len(f) == n + 1


@pytest.mark.parametrize("name", CUTS)
def test_whole_records_of_a_cut_file_come_back_and_the_loss_is_said(
    run: Run, bad: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "out.fst"
    done = run("repair", bad / f"{name}.fst", out)
    assert done.returncode == 1
    assert ": lost: " in done.stdout
    with opened(bad / f"{name}.fst") as a, fst24.open(out) as b:
        wanted = [r for r in a if r.offset + r.nbytes <= a.info.n_bytes]
        assert len(wanted) >= 4
        assert all(same(x, y) for x, y in zip(wanted, b, strict=True))


LISTED = [name for name, known in BAD["files"].items() if known.get("data")]
#: Repairs every path of its standard input; a line of JSON each: path, status, what was shown.
REPAIRER = """
import contextlib, io, json, sys
from fst24.cli.repair import command
for path in sys.stdin.read().split():
    shown, status = io.StringIO(), 0
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(io.StringIO()):
        try:
            command([path, "--json"], standalone_mode=False)
        except SystemExit as ended:
            status = ended.code
    print(json.dumps([path, status, shown.getvalue()]))
"""


@pytest.fixture(scope="module")
def repaired(tmp_path_factory: pytest.TempPathFactory, bad: Path) -> dict[str, tuple[int, Any]]:
    """What came of the repair of each file that the reference lists: status and object."""
    place = tmp_path_factory.mktemp("repaired")
    for name in LISTED:
        (place / name).write_bytes((bad / f"{name}.fst").read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", REPAIRER],
        input="\n".join(str(place / name) for name in LISTED),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        path.rpartition("/")[2]: (status, json.loads(shown) if shown else None)
        for path, status, shown in lines
    }


@pytest.mark.parametrize("name", LISTED)
def test_what_the_reference_lists_of_a_bad_file_is_recovered_or_said_to_be_lost(
    name: str, repaired: dict[str, tuple[int, Any]]
) -> None:
    status, told = repaired[name]
    if told is None:  # what says where records are is damaged
        assert status == 1
        assert name.split("-")[1] == "word"
        return
    assert told["n_recovered"] + len(told["lost"]) >= len(BAD["files"][name]["data"])
    assert status == (1 if told["lost"] else 0)


def test_every_file_that_was_repaired_is_sound(
    run: Run, repaired: dict[str, tuple[int, Any]]
) -> None:
    made = [told["out"] for _, told in repaired.values() if told and told["out"]]
    assert len(made) > 50
    done = run("check", "--deep", *made)
    assert done.returncode == 0, [x for x in done.stdout.splitlines() if "byte" in x]


@pytest.mark.parametrize("container", ["gem-2024051712_000.fst", "gem-2024051712_003.fst"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_truncated_model_file_gives_the_records_before_the_cut(
    run: Run, tmp_path: Path, container: str, part: float
) -> None:
    whole = GOLDEN / "model" / container
    content = whole.read_bytes()
    size = int(len(content) * part)
    path = tmp_path / "cut.fst"
    path.write_bytes(content[:size])
    assert run("repair", path).returncode == 1
    with fst24.open(whole) as a, fst24.open(f"{path}.repaired") as b:
        before = [r for r in a if r.offset + r.nbytes <= size]
        assert all(same(x, y) for x, y in zip(before, b, strict=True))


def test_stored_bytes_are_copied_not_made_anew(run: Run, longer: Path, model: Path) -> None:
    run("repair", longer)
    with fst24.open(model) as a, fst24.open(f"{longer}.repaired") as b:
        assert [r.stored()[8:] for r in a] == [r.stored()[8:] for r in b]  # all but the address


def test_records_behind_damage_are_found_without_a_directory(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "left.fst"
    killed_while_appending(path, "XDF", 0.05)
    with opened(path) as f:
        n, torn = len(f), f[3]
    assert n > 5
    content = bytearray(path.read_bytes())
    content[208 + 20 : 208 + 24] = (3).to_bytes(4, "big")  # three entries are left
    content[208 + 32 + 3 * 72 : 18672] = bytes(18672 - 208 - 32 - 3 * 72)
    content[torn.offset : torn.offset + 80] = b"\xff" * 80
    path.write_bytes(content)
    done = run("repair", path)
    assert done.returncode == 1
    with fst24.open(f"{path}.repaired") as f:
        assert [r.ip1 for r in f] == [i for i in range(n) if i != 3]
        assert all((r.data == r.ip1).all() for r in f)


@pytest.mark.parametrize("backend", ["XDF", "RSF"])
def test_a_record_whose_entry_is_damaged_is_taken_as_its_own_header_has_it(
    run: Run, tmp_path: Path, backend: Literal["XDF", "RSF"]
) -> None:
    path, out = tmp_path / "in.fst", tmp_path / "out.fst"
    with fst24.open(path, "w", backend=backend) as f:
        for i in range(3):
            f.write(np.full((5, 4), i, np.float32), nomvar="TT", deet=77 + i)
    content = bytearray(path.read_bytes())
    word = (78 << 8 | 32).to_bytes(4, "big" if backend == "XDF" else "little")  # deet, nbits
    places = [at for at in range(len(content)) if content[at : at + 4] == word]
    entry = min(places) if backend == "XDF" else max(places)  # the other is the record's own
    content[entry + (3 if backend == "XDF" else 0)] = 235  # bits that no value has
    path.write_bytes(content)
    done = run("repair", path, out)
    assert done.returncode == 0, done.stdout
    assert "235 bits a value: the directory entry is damaged: taken as it is there" in done.stdout
    with fst24.open(out) as f:
        assert [(r.deet, r.nbits, float(r.data[0, 0])) for r in f] == [
            (77 + i, 32, i) for i in range(3)
        ]


def test_a_record_that_cannot_be_read_is_left_out_and_named(run: Run, damaged: Path) -> None:
    done = run("repair", damaged)
    assert done.returncode == 1
    lost = [line for line in done.stdout.splitlines() if ": lost: " in line]
    assert lost[0].startswith(f"{damaged}: lost: record 40 VV at byte ")
    assert done.stdout.splitlines()[-1] == (
        f"{damaged}: 79 of 80 records recovered -> {damaged}.repaired"
    )


def test_a_file_that_another_process_writes_is_refused_and_the_process_named(
    run: Run, tmp_path: Path, appender: subprocess.Popen[str]
) -> None:
    path = tmp_path / "open.fst"
    done = run("repair", path)
    assert done.returncode == 1
    assert f"process {appender.pid} has the file open for writing" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "open.fst.repaired").exists()


def test_force_repairs_what_another_process_writes(
    run: Run, tmp_path: Path, appender: subprocess.Popen[str]
) -> None:
    del appender
    assert run("repair", "--force", tmp_path / "open.fst").stderr == ""
    with fst24.open(tmp_path / "open.fst.repaired") as f:
        assert len(f) >= 1


def test_a_file_is_not_replaced_without_force(run: Run, longer: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.fst"
    out.write_text("mine")
    done = run("repair", longer, out)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert out.read_text() == "mine"
    assert run("repair", longer, out, "--force").returncode == 0
    with fst24.open(out) as f:
        assert len(f) == 80


def test_a_sound_file_is_left_alone_in_place(run: Run, tmp_path: Path, model: Path) -> None:
    path = tmp_path / "good.fst"
    path.write_bytes(model.read_bytes())
    before = path.stat()
    done = run("repair", path, "--in-place")
    assert done.returncode == 0
    assert done.stdout == f"{path}: 80 records, all readable: nothing to repair\n"
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_nothing_is_left_of_a_repair_that_fails(run: Run, foreign: Path) -> None:
    done = run("repair", foreign)
    assert done.returncode == 1
    assert "text, not a standard file" in done.stderr
    assert [p.name for p in foreign.parent.iterdir()] == [foreign.name]


def test_a_file_beyond_the_limits_of_xdf_becomes_rsf(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fst24.open(model) as f:
        assert _recovery.Remains.of_file(f).container() == "XDF"
        monkeypatch.setattr(_recovery, "_MOST_BYTES", 100_000)
        assert _recovery.Remains.of_file(f).container() == "RSF"


def test_the_container_can_be_chosen(run: Run, longer: Path, tmp_path: Path) -> None:
    assert run("repair", longer, tmp_path / "out.fst", "--backend", "RSF").returncode == 0
    with fst24.open(tmp_path / "out.fst") as f:
        assert (f.backend, len(f)) == ("RSF", 80)


@pytest.mark.parametrize("name", ["gem-2024051712_000.fst", "gem-2024051712_003.fst"])
@pytest.mark.parametrize("n_gone", [64, 19_000])
def test_a_file_without_its_start_is_scanned(
    run: Run, tmp_path: Path, name: str, n_gone: int
) -> None:
    whole, path = GOLDEN / "model" / name, tmp_path / "headless.fst"
    path.write_bytes(bytes(n_gone) + whole.read_bytes()[n_gone:])
    assert run("repair", path).returncode == 1
    done = run("repair", path, "--scan")
    assert done.returncode == 1  # nobody knows what else there was
    with fst24.open(whole) as a, fst24.open(f"{path}.repaired") as b:
        behind = [r for r in a if r.offset >= n_gone]
        assert len(behind) >= 60
        assert all(same(x, y) for x, y in zip(behind, b, strict=True))


def test_a_cut_directory_is_said_with_the_way_out(run: Run, bad: Path) -> None:
    done = run("repair", bad / "xdf-cut-half.fst")
    assert done.returncode == 1
    assert "the file is cut in its directory" in done.stderr
    assert "fst24 repair --scan" in done.stderr


def test_parallel_writers_that_were_killed_leave_all_that_they_wrote(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "run.fst"
    code = APPENDER.replace("backend=None if len(sys.argv) > 3 else backend", "parallel=True")
    code = code.replace("ip1=i", "ip1=i, ip2=int(backend)")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path), str(n)], stdout=subprocess.PIPE, text=True
        )
        for n in range(3)
    ]
    written = []
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "0\n"
    for writer in writers:
        writer.kill()
    for writer in writers:
        assert writer.stdout is not None
        written.append(1 + sum(line.endswith("\n") for line in writer.stdout))
        writer.wait()
        writer.stdout.close()
    assert run("repair", path).stderr == ""
    with fst24.open(f"{path}.repaired") as f:
        for n, n_written in enumerate(written):
            own = [r.ip1 for r in f.read_records(ip2=n)]
            assert own == list(range(len(own)))
            assert len(own) in {n_written, n_written + 1}
        assert all((r.data == r.ip1).all() for r in f)


def test_a_full_disk_leaves_no_file(longer: Path) -> None:
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"
    code = f"{limit}; from fst24.cli import main; sys.argv[0] = 'fst24'; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "repair", str(longer)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot write: File too large" in done.stderr
    assert done.stderr.count("\n") == 1
    assert [p.name for p in longer.parent.iterdir()] == [longer.name]


def test_contradictions_give_2(run: Run, longer: Path) -> None:
    assert run("repair", longer, "out.fst", "--in-place").returncode == 2
    assert run("repair").returncode == 2


def test_undecodable_records_are_kept_on_request(run: Run, tmp_path: Path, model: Path) -> None:
    path, out = tmp_path / "in.fst", tmp_path / "out.fst"
    with fst24.open(model) as f:
        record = f.find(nomvar="PR")  # a quantised field, whose payload begins with a mark
        assert record is not None
    content = bytearray(model.read_bytes())
    content[record.offset + 80 : record.offset + 88] = b"\xff" * 8
    path.write_bytes(content)
    assert "79 of 80" in run("repair", path, out).stdout
    done = run("repair", path, out, "--keep-undecodable", "--force")
    assert done.returncode == 1
    assert "(kept as it is stored)" in done.stdout
    with fst24.open(out) as f:
        assert len(f) == 80
        assert f[record.index].core == record.core
