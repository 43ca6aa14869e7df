"""Files: opening in every way, sequence, linked files, life and end."""

from __future__ import annotations

import gzip
import json
import mmap
import os
import pickle
import re
import subprocess
import sys
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from fst24 import _core
from tests.conftest import golden

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_a_sequence_of_records(gem: Path) -> None:
    with fst24.open(gem) as f:
        assert len(f) == 80
        assert [r.index for r in f] == list(range(80))
        assert f[-1] == f[79]
        assert f[79].index == 79
        assert [r.index for r in f[10:20:3]] == [10, 13, 16, 19]
        assert [r.index for r in f[::-1]][:2] == [79, 78]
        assert f[100:] == []
        assert f[3] in f
        assert f[np.int64(4)].index == 4  # type: ignore[call-overload]


@pytest.mark.parametrize("index", [80, -81, 10**30])
def test_an_index_out_of_range_is_an_index_error(gem: Path, index: int) -> None:
    with fst24.open(gem) as f, pytest.raises(fst24.RecordNotFoundError, match="the file has 80"):
        f[index]


@pytest.mark.parametrize("index", ["TT", 1.5, None, b"TT"])
def test_what_is_no_place_is_a_type_error_with_the_way_out(gem: Path, index: Any) -> None:
    said = re.escape(f"not by {index!r}")
    if isinstance(index, str):
        said += re.escape("; f.find(nomvar='TT') searches")
    with fst24.open(gem) as f:
        uses: list[Any] = [
            lambda: f[index],
            lambda: f.read([index]),
            lambda: f.read_records([index]),
        ]
        if index is not None:
            uses += [lambda: f.read(index), lambda: f.read_records(index)]
        for use in uses:
            with pytest.raises(TypeError, match=said + "$"):
                use()


def test_an_empty_path_is_told() -> None:
    with pytest.raises(FileNotFoundError, match="the path is empty") as caught:
        fst24.open("")
    assert isinstance(caught.value, fst24.Fst24Error)


def test_the_container_is_recognised(gem: Path, gem_rsf: Path) -> None:
    with fst24.open(gem) as xdf, fst24.open(gem_rsf) as rsf:
        assert (xdf.backend, rsf.backend) == ("XDF", "RSF")
        assert (xdf.info.version, rsf.info.version) == ("XDF0", "RSF0")
        assert xdf.info.n_bytes == gem.stat().st_size
        assert xdf.info.n_records == len(xdf)


def test_a_file_shows_what_it_is(gem: Path) -> None:
    with fst24.open(gem) as f:
        assert repr(f) == "<Fst24File gem-2024051712_000.fst XDF 80 records>"
        shown = f._repr_html_()
        assert shown.count("<tr>") == 22
        assert "&gt;&gt;" in shown
        assert "60 more" in shown
    assert repr(f).endswith(" closed>")


def test_thousands_are_grouped() -> None:
    with fst24.open(golden("container/xdf-many.fst")) as f:
        assert repr(f) == "<Fst24File xdf-many.fst XDF 3,000 records>"


def opened_in_every_way(path: Path) -> dict[str, fst24.Fst24File]:
    content = path.read_bytes()
    return {
        "path": fst24.open(path),
        "string": fst24.open(str(path)),
        "bytes": fst24.open(content),
        "bytearray": fst24.open(bytearray(content)),
        "memoryview": fst24.open(memoryview(content)),
        "numpy": fst24.open(np.frombuffer(content, np.uint8)),
        "file object": fst24.open(path.open("rb")),
        "unbuffered": fst24.open(path.open("rb", buffering=0)),
        "mapped": fst24.open(path, mmap=True),
        "not mapped": fst24.open(path, mmap=False),
        "over the threshold": fst24.open(path, mmap_threshold=1),
        "python mmap": fst24.open(mmap.mmap(os.open(path, os.O_RDONLY), 0, prot=mmap.PROT_READ)),
    }


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("fixture", ["gem", "gem_rsf"])
def test_every_way_to_open_reads_the_same(fixture: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(fixture)
    files = opened_in_every_way(path)
    wanted = [(r.core, r.data.tobytes()) for r in files["path"]]
    for how, f in files.items():
        assert [(r.core, r.data.tobytes()) for r in f] == wanted, how
        assert [a.tobytes() for a in f.read(threads=3)] == [data for _, data in wanted], how
        f.close()


def test_names_of_sources_are_shown(gem: Path) -> None:
    with gem.open("rb") as stream, fst24.open(stream) as f:
        assert f.path == str(gem)
    with fst24.open(gem.read_bytes()) as f:
        assert (f.path, repr(f)) == ("<bytes>", "<Fst24File <bytes> XDF 80 records>")


def test_bytes_stay_while_a_file_or_a_view_needs_them(gem_rsf: Path) -> None:
    content = bytearray(gem_rsf.read_bytes())
    f = fst24.open(content)
    with pytest.raises(BufferError):
        content.extend(b"more")
    views = [r.data for r in f if r.datyp == 5]
    assert views
    f.close()
    del f
    if any(not v.flags.owndata for v in views):
        with pytest.raises(BufferError):
            content.extend(b"more")
    del views
    content.extend(b"more")


def test_bytes_in_pieces_are_refused(gem: Path) -> None:
    with pytest.raises(BufferError, match="contiguous"):
        fst24.open(memoryview(gem.read_bytes())[::2])


# ---------------------------------------------------------------------------------- linked files


def test_linked_files_are_one(gem: Path, gem_rsf: Path) -> None:
    with fst24.open([gem, gem_rsf]) as f, fst24.open(gem) as a, fst24.open(gem_rsf) as b:
        assert f.backend == "mixed"
        assert len(f) == len(a) + len(b) == f.info.n_records
        assert [r.index for r in f] == list(range(len(f)))
        assert [r.core for r in f] == [r.core for r in [*a, *b]]
        assert f[len(a)].core == b[0].core
        assert (f[len(a)].index, f[len(a)].file_index) == (len(a), 0)
        assert (f.path, f.paths) == (str(gem), [str(gem), str(gem_rsf)])
        assert {r.path for r in f} == {str(gem), str(gem_rsf)}
        assert [r.index for r in f[79:82]] == [79, 80, 81]
        assert repr(f) == f"<Fst24File {gem.name} and 1 more mixed {len(f)} records>"
        found = f.read_records(nomvar="P0")
        assert [r.index for r in found] == [75, 75 + len(a)]
        last = f.find(nomvar="P0", datev=b[75].datev)
        assert last is not None
        assert last.index == 75 + len(a)
        arrays = f.read(found, threads=2)
        assert np.array_equal(arrays[1], b[75].data)


def test_linked_files_come_in_the_order_of_the_reference() -> None:
    manifest = json.loads(golden("container/linked.json").read_text())
    paths = [golden(f"container/{name}") for name in manifest["file"]]
    with fst24.open(paths) as f:
        assert f.backend == "mixed"
        names = manifest["fields"]
        rows = [dict(zip(names, row, strict=True)) for row in manifest["records"]]
        assert [(r.nomvar, r.ip1, r.path) for r in f] == [
            (row["nomvar"], row["ip1"], str(paths[row["part"]])) for row in rows
        ]


def test_one_bad_file_among_linked_ones_leaves_nothing_open(gem: Path, tmp_path: Path) -> None:
    before = _core.open_descriptors()
    with pytest.raises(FileNotFoundError):
        fst24.open([gem, gem, tmp_path / "nowhere.fst"])
    assert _core.open_descriptors() == before


# ------------------------------------------------------------------------------------ life, end


def test_a_closed_file_says_so(gem: Path) -> None:
    f = fst24.open(gem)
    record, kept = f[3], f[4]
    data = kept.data
    f.close()
    f.close()
    assert f.closed
    uses: list[Any] = [
        lambda: f[0],
        lambda: list(f),
        lambda: f.find(nomvar="TT"),
        lambda: f.read_records(nomvar="TT"),
        lambda: list(f.iter_records()),
        lambda: f.read([0]),
        lambda: record.data,
        record.decode,
        record.stored,
        lambda: record.metadata,
        lambda: f.warnings,
        f.__enter__,
    ]
    for use in uses:
        with pytest.raises(fst24.ClosedFileError, match="the file is closed"):
            use()
    assert (record.nomvar, record.ni, len(f)) == ("TT", 42, 80)
    assert kept.data is data


def test_iteration_stops_when_the_file_is_closed() -> None:
    with fst24.open(golden("container/xdf-many.fst")) as f:
        records = iter(f)
        next(records)
        f.close()
        with pytest.raises(fst24.ClosedFileError):
            list(records)


def test_an_exception_closes_the_file(gem: Path) -> None:
    with pytest.raises(KeyError), fst24.open(gem) as f:
        raise KeyError
    assert f.closed


def test_closing_under_sixteen_readers_is_safe(gem: Path) -> None:
    for _ in range(10):
        assert closed_under_readers(fst24.open(gem)) == ["closed"] * 16


def closed_under_readers(f: fst24.Fst24File) -> list[str]:
    """What became of sixteen threads that read a file until it was closed."""
    wanted = f[3].decode().tobytes()
    started = threading.Barrier(17)
    outcomes: list[str] = []

    def work() -> None:
        started.wait()
        try:
            while True:
                if f[3].decode().tobytes() != wanted:
                    outcomes.append("wrong")
                f.read(f[3:8], threads=2)
        except fst24.ClosedFileError:
            outcomes.append("closed")

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    started.wait()
    threading.Event().wait(0.01)
    f.close()
    for thread in threads:
        thread.join(60)
    return outcomes


def test_five_thousand_files_use_few_descriptors(tmp_path: Path) -> None:
    one = golden("container/xdf-one.fst").read_bytes()
    paths = []
    for i in range(5000):
        path = tmp_path / f"{i}.fst"
        path.write_bytes(one)
        paths.append(path)
    code = (
        "import fst24, os, sys\n"
        "def n_open(): return len(os.listdir('/proc/self/fd'))\n"
        "before, most = n_open(), 0\n"
        "files = []\n"
        "for name in sorted(os.listdir(sys.argv[1])):\n"
        "    files.append(fst24.open(os.path.join(sys.argv[1], name)))\n"
        "    most = max(most, n_open() - before)\n"
        "for f in files + files[:1000]:\n"
        "    f[0].decode()\n"
        "    most = max(most, n_open() - before)\n"
        "linked = fst24.open([f.path for f in files])\n"
        "linked.read(threads=8)\n"
        "most = max(most, n_open() - before)\n"
        "for f in [*files, linked]: f.close()\n"
        "print(len(files), most <= 998, n_open() - before)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["5000", "True", "0"]


def test_a_low_limit_of_descriptors_is_kept(tmp_path: Path) -> None:
    one = golden("container/xdf-one.fst").read_bytes()
    for i in range(200):
        (tmp_path / f"{i}.fst").write_bytes(one)
    code = (
        "import resource, os, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "import fst24\n"
        "files = [fst24.open(os.path.join(sys.argv[1], n)) for n in os.listdir(sys.argv[1])]\n"
        "print(sum(f[0].decode().size for f in files), open(os.devnull).fileno() < 64)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["1200", "True"]


def test_a_file_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    one = golden("container/xdf-one.fst").read_bytes()
    code = (
        "import resource, os, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
        "import fst24\n"
        "names = [os.path.join(sys.argv[1], n) for n in sorted(os.listdir(sys.argv[1]))]\n"
        "files = [fst24.open(n) for n in names]\n"
        "content = open(names[0], 'rb').read()\n"
        "os.unlink(names[0])\n"
        "open(names[0], 'wb').write(content)\n"
        "try: files[0][0].data\n"
        "except fst24.FileChangedError as e: print(isinstance(e, OSError), e.path == names[0])"
    )
    for i in range(60):
        (tmp_path / f"{i:02}.fst").write_bytes(one)
    shown = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["True", "True"]


@pytest.mark.parametrize("mapped", [False, True])
def test_a_file_that_another_process_cuts_short_gives_an_error(
    gem_rsf: Path, tmp_path: Path, mapped: bool
) -> None:
    path = tmp_path / "cut.fst"
    path.write_bytes(gem_rsf.read_bytes())
    with fst24.open(path, mmap=mapped) as f:
        assert f.info.mapped is mapped
        os.truncate(path, 4096)
        n_failed = 0
        for record in f:
            lost = record.offset + record.nbytes > 4096
            expected = pytest.raises(fst24.TruncatedFileError, match=r"cut\.fst")
            with expected if lost else nullcontext():
                record.decode()
            n_failed += lost
        assert n_failed > 50


def test_an_unclosed_file_opens_with_a_warning() -> None:
    import io
    import zipfile

    with zipfile.ZipFile(golden("bad/bad.zip")) as archive:
        name = next(n for n in archive.namelist() if "xdf-unclosed" in n)
        content = archive.read(name)
    with pytest.warns(fst24.Fst24Warning) as caught:
        f = fst24.open(io.BytesIO(content))
    assert len(f) > 0
    assert [str(w.message) for w in caught] == [str(w) for w in f.warnings]
    assert isinstance(f.warnings[0], UserWarning)
    assert f.warnings[0].path == "<BytesIO>"
    with pytest.raises(fst24.Fst24Warning):  # under -W error
        fst24.open(content)


def test_a_file_is_pickled_by_its_path(gem: Path, gem_rsf: Path) -> None:
    with fst24.open([gem, gem_rsf], missing=-1.0, mmap=True) as f:
        again = pickle.loads(pickle.dumps(f))  # noqa: S301 - our own
        assert again.paths == f.paths
        assert again.info == f.info
        assert again._options == f._options
        again.close()
        assert not f.closed


def test_a_pickle_means_the_same_file_in_another_directory(
    gem: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(gem.parent)
    with fst24.open(gem.name) as f:
        assert f.path == gem.name
        monkeypatch.chdir(tmp_path)
        again = pickle.loads(pickle.dumps(f[3]))  # noqa: S301 - our own
        assert again.path == str(gem)
        assert np.array_equal(again.data, f[3].data)


def test_a_file_object_cannot_be_pickled(gem: Path) -> None:
    with (
        gem.open("rb") as stream,
        fst24.open(stream) as f,
        pytest.raises(TypeError, match="give its path"),
    ):
        pickle.dumps(f)


def test_a_compressed_file_is_read_through_its_file_object(tmp_path: Path, gem: Path) -> None:
    path = tmp_path / "gem.fst.gz"
    path.write_bytes(gzip.compress(gem.read_bytes()))
    with gzip.open(path) as stream, fst24.open(stream) as f, fst24.open(gem) as plain:
        assert np.array_equal(f[3].data, plain[3].data)
