"""Many files as one LazyFrame: the same rows as file by file, and no more work than asked for."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import fst24
from fst24.table import _cache, _index, _paths, _read, _scan
from tests.conftest import golden
from tests.support.listing import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NAMES = np.array([b"TT", b"UU", b"P0", b">>"])


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test starts with an empty memory; files at rest need not be two seconds old."""
    monkeypatch.setattr(_index, "SETTLED_NS", 0)
    _index.INDEXES.forget()
    yield
    _index.INDEXES.forget()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A directory of 40 files of both containers, of 0 to 39 records."""
    directory = tmp_path / "run"
    directory.mkdir()
    shutil.copy(golden("container/rsf-empty.fst"), directory / "f00")
    for k in range(1, 40):
        n = np.arange(k)
        fields = {"nomvar": NAMES[n % 4], "ip1": n, "ip2": np.full(k, k)}
        many(directory / f"f{k:02d}", k, backend="XDF" if k % 2 else "RSF", **fields)
    return directory


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are listed anew, as they are."""
    names: list[str] = []
    real = _index.list_files

    def noting(files: Any, *others: Any) -> Any:
        names.extend(Path(file.name).name for file in files)
        return real(files, *others)

    monkeypatch.setattr(_scan, "list_files", noting)
    return names


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The columns that are made from tables, and of how many rows."""
    found: list[tuple[str, int]] = []
    real = _index.ListedBlock.frame

    def noting(self: _index.ListedBlock, names: Sequence[str], rows: Any) -> pl.DataFrame:
        found.extend((name, len(rows)) for name in names)
        return real(self, names, rows)

    monkeypatch.setattr(_index.ListedBlock, "frame", noting)
    return found


def one_by_one(paths: list[Path], **options: Any) -> pl.DataFrame:
    """What a scan is to give."""
    frames = [
        fst24.read_metadata(path, **options).with_columns(pl.lit(str(path)).alias("path"))
        for path in paths
    ]
    order = list(fst24.scan(paths, **options).collect_schema())
    together: pl.DataFrame = pl.concat([frame.select(order) for frame in frames])
    return together


# ------------------------------------------------------------------------------ rows


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize("decode_metadata", [False, True])
def test_a_directory_has_the_rows_of_its_files(
    run: Path, engine: Any, *, decode_metadata: bool
) -> None:
    expected = one_by_one(sorted(run.iterdir()), decode_metadata=decode_metadata)
    found = fst24.scan(run, decode_metadata=decode_metadata).collect(engine=engine)
    assert_frame_equal(found, expected)


def test_queries_give_what_they_give_of_a_frame(run: Path) -> None:
    lazy = fst24.scan(run, decode_metadata=True)
    eager = lazy.collect().lazy()
    second = {p: str(p) for p in sorted(run.iterdir())}[run / "f02"]
    queries: list[Callable[[pl.LazyFrame], pl.LazyFrame]] = [
        lambda f: f.head(7),
        lambda f: f.head(0),
        lambda f: f.tail(3),
        lambda f: f.slice(30, 5),
        lambda f: f.select(pl.len()),
        lambda f: f.select("path").unique(maintain_order=True),
        lambda f: f.filter(nomvar="TT").select("ip1"),
        lambda f: f.filter(nomvar="TT").head(3),
        lambda f: f.head(50).filter(nomvar="TT"),
        lambda f: f.head(50).filter(path=second),
        lambda f: f.filter(nomvar="NONE"),
        lambda f: f.filter(pl.lit(value=False)),
        lambda f: f.filter((pl.col("path") == second) & (pl.col("ip1") > 0)),
        lambda f: f.filter((pl.col("path") == second) | (pl.col("ip1") > 35)),
        lambda f: f.filter(pl.col("level") > 0.5, nomvar="TT").select("path", "level"),
        lambda f: f.filter(pl.col("ip1") == pl.col("ip1").max()),
        lambda f: f.filter(pl.col("index") == 38).select("index", "ip2"),
        lambda f: f.with_columns(pl.col("nomvar").str.to_lowercase()).filter(nomvar="tt"),
        lambda f: f.group_by("nomvar").agg(pl.len(), pl.col("ip1").max()).sort("nomvar"),
        lambda f: f.join(f.group_by("path").len(), on="path").sort("path", "index"),
        lambda f: pl.concat([f, f]).filter(ip2=39),
        lambda f: f.sort("offset", "path").head(4),
    ]
    for number, query in enumerate(queries):
        for engine in ("in-memory", "streaming"):
            found, expected = query(lazy).collect(engine=engine), query(eager).collect()
            assert_frame_equal(found, expected), number


def test_files_come_in_the_order_given_and_each_once(run: Path) -> None:
    given = [run / "f05", [str(run / "f03"), run / "f0[1-3]"], run / "f05", run / "f04"]
    frame = fst24.scan(given).collect()
    names = [Path(path).name for path in frame["path"].unique(maintain_order=True)]
    assert names == ["f05", "f03", "f01", "f02", "f04"]
    assert frame.height == 5 + 3 + 1 + 2 + 4


def test_the_schema_is_known_without_opening_a_file(run: Path, opened: list[str]) -> None:
    for decode_metadata in (False, True):
        lazy = fst24.scan(run, decode_metadata=decode_metadata)
        schema = lazy.collect_schema()
        assert opened == []
        assert schema == lazy.collect().schema
        _index.INDEXES.forget()
        opened.clear()


def test_an_empty_directory_and_no_paths_are_an_empty_frame(tmp_path: Path) -> None:
    nothings: tuple[Any, ...] = (tmp_path, [], [[]])
    for nothing in nothings:
        lazy = fst24.scan(nothing, decode_metadata=True)
        assert lazy.collect().schema == lazy.collect_schema()
        assert lazy.select(pl.len()).collect().item() == 0
        assert lazy.filter(nomvar="TT").head(2).collect().height == 0


def test_a_scan_can_be_collected_again_and_by_many_threads(run: Path) -> None:
    lazy = fst24.scan(run)
    expected = lazy.collect()
    wrong: list[int] = []

    def collect(k: int) -> None:
        _index.INDEXES.forget()
        if not lazy.collect().equals(expected):
            wrong.append(k)

    threads = [threading.Thread(target=collect, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_polars_is_given_can_be_pickled(run: Path, tmp_path: Path) -> None:
    cache = _cache.DiskCache(str(tmp_path / "cache"))
    source = _scan._Source(
        _paths.expand(run, recursive=False, must_exist=True),
        fst24.DefaultMetadataDecoder(),
        "raise",
        cache,
        None,
    )
    expected = pl.concat(list(source()))
    again = pickle.loads(pickle.dumps(source))  # noqa: S301 - our own
    assert_frame_equal(pl.concat(list(again())), expected)


def test_an_older_polars_gets_the_same_rows(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fst24.scan(run, decode_metadata=True).filter(nomvar="TT").collect()
    monkeypatch.setitem(sys.modules, "polars.io.plugins", None)
    monkeypatch.delattr(pl.Series, "__arrow_c_stream__")
    _index.INDEXES.forget()
    found = fst24.scan(run, decode_metadata=True).filter(nomvar="TT").collect()
    assert_frame_equal(found, expected)


# ------------------------------------------------------------------------------ no more work


def test_a_filter_makes_its_own_columns_first_and_the_others_of_its_rows(
    run: Path, made: list[tuple[str, int]]
) -> None:
    found = fst24.scan(run).filter(nomvar="P0").select("ip1").collect()
    assert {name for name, _ in made} == {"nomvar", "ip1"}
    assert sum(n for name, n in made if name == "nomvar") == sum(range(40))
    assert sum(n for name, n in made if name == "ip1") == found.height


def test_decoded_columns_are_made_of_the_rows_that_remain(
    run: Path, made: list[tuple[str, int]]
) -> None:
    lazy = fst24.scan(run, decode_metadata=True)
    found = lazy.filter(pl.col("level") >= 0, nomvar="UU").select("level_unit").collect()
    assert found.height
    assert {name for name, _ in made} == {"nomvar", "ip1"}
    assert sum(n for name, n in made if name == "ip1") < sum(range(40)) / 3
    made.clear()
    lazy.select("ip3").collect()
    assert {name for name, _ in made} == {"ip3"}


def test_a_filter_on_path_opens_no_other_file(run: Path, opened: list[str]) -> None:
    lazy = fst24.scan(run)
    is_wanted = pl.col("path").str.contains("f1[23]")
    assert lazy.filter(is_wanted & (pl.col("ip1") < 9)).collect().height == 18
    assert opened == ["f12", "f13"]
    assert lazy.filter(pl.col("ip1") < 9).filter(path="nowhere").collect().height == 0
    assert opened == ["f12", "f13"]


def test_the_first_rows_open_the_first_files(run: Path, opened: list[str]) -> None:
    assert fst24.scan(run).head(20).collect().height == 20
    assert opened == [f"f{k:02d}" for k in range(16)]


def test_files_that_did_not_change_are_not_opened_again(run: Path, opened: list[str]) -> None:
    fst24.scan(run).select("ip1").collect()
    assert len(opened) == 40
    opened.clear()
    fst24.scan(run / "f*").filter(nomvar="TT").collect()
    assert opened == []
    many(run / "f07", 3, ip1=np.array([100, 101, 102]))
    (run / "f08").unlink()
    shutil.copy(run / "f09", run / "f99")
    frame = fst24.scan(run).collect()
    assert sorted(opened) == ["f07", "f99"]
    assert frame["ip1"].max() == 102
    assert_frame_equal(frame, one_by_one(sorted(run.iterdir())))


def test_a_file_that_changed_just_now_is_not_remembered(
    run: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next change may leave size and time the same."""
    monkeypatch.setattr(_index, "SETTLED_NS", 3600 * 10**9)
    for _ in range(2):
        fst24.scan(run / "f01").collect()
    assert opened == ["f01", "f01"]


def test_a_change_is_seen_though_size_and_time_are_set_back(run: Path) -> None:
    path = run / "f01"
    before = path.stat()
    fst24.scan(path).collect()
    many(path, 1, ip1=np.array([77]), ip2=np.array([1]), backend="XDF")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert fst24.scan(path).collect()["ip1"].to_list() == [77]


def test_the_memory_of_indexes_is_bounded(run: Path) -> None:
    few = _index.Indexes(60_000)
    files = _paths.expand(run, recursive=False, must_exist=True)
    stamps = [_index.stamp_of(file.name) for file in files]
    for at in range(0, 40, 4):
        indexes = _index.list_files(files[at : at + 4], stamps[at : at + 4], 1)
        pairs = zip((f.name for f in files[at : at + 4]), indexes, strict=True)
        few.keep([(name, index) for name, index in pairs if isinstance(index, _index.Index)])
        assert few.n_bytes <= 60_000
    known = few.find([file.name for file in files], stamps)
    assert known[-1] is not None
    assert known[0] is None


def test_no_more_descriptors_are_open_than_the_pool_has(run: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    fst24.scan(run).collect()
    assert len(list(Path("/dev/fd").iterdir())) <= before
    assert fst24._core.open_descriptors() == 0


# ------------------------------------------------------------------------------ unreadable files


@pytest.fixture
def mixed(run: Path) -> Path:
    """The same with four entries that are no files to list, and one that is cut short."""
    (run / "README").write_text("About this run\n")
    (run / "f10").write_bytes(b"")
    (run / "gone").symlink_to(run / "nowhere")
    (run / "zero").write_bytes(bytes(4096))
    whole = golden("model/gem-2024051712_003.fst").read_bytes()
    (run / "cut").write_bytes(whole[: len(whole) // 2])
    (run / ".hidden").write_text("not looked at")
    (run / "below").mkdir()
    return run


BAD = {"README", "f10", "gone", "zero"}


def test_an_unreadable_file_raises_its_own_error(mixed: Path) -> None:
    with pytest.raises(fst24.NotFstError, match="README: byte 0: text") as caught:
        fst24.scan(mixed).collect()
    assert "on_error='warn'" in caught.value.__notes__[0]
    with pytest.raises(FileNotFoundError, match="gone"):
        fst24.scan([mixed / "f01", mixed / "gon*"]).collect()


def test_rows_before_an_unreadable_file_are_given(mixed: Path) -> None:
    files = [mixed / "f03", mixed / "README"]
    assert fst24.scan(files).head(3).collect().height == 3


def test_each_file_left_out_is_warned_of(mixed: Path) -> None:
    with pytest.warns(fst24.Fst24Warning) as caught:
        frame = fst24.scan(mixed, on_error="warn").collect()
    told = [w.message for w in caught if isinstance(w.message, fst24.Fst24Warning)]
    left_out = [one for one in told if one.errors]
    assert {Path(one.path or "").name for one in left_out} == BAD
    assert all("left out" in str(one) for one in left_out)
    listable = [w for w in told if not w.errors]
    assert {Path(w.path or "").name for w in listable} == {"cut"}
    names = {Path(path).name for path in frame["path"].unique()}
    assert "cut" in names
    assert names.isdisjoint(BAD)


def test_skipped_files_are_told_once_and_can_be_learnt(mixed: Path) -> None:
    (mixed / "cut").unlink()
    with pytest.warns(fst24.Fst24Warning, match="4 files are left out") as caught:
        fst24.scan(mixed, on_error="skip").collect()
    assert len(caught) == 1
    warning = caught[0].message
    assert isinstance(warning, fst24.Fst24Warning)
    assert {Path(error.path or "").name for error in warning.errors} == BAD


def test_a_file_cut_short_warns_as_open_does_and_from_memory_too(mixed: Path) -> None:
    with pytest.warns(fst24.Fst24Warning) as by_open:
        fst24.open(mixed / "cut").close()
    expected = [str(w.message) for w in by_open]
    for _ in range(2):
        with pytest.warns(fst24.Fst24Warning) as by_scan:
            assert fst24.scan(mixed / "cut").collect().height > 0
        assert [str(w.message) for w in by_scan] == expected


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_unreadable(run: Path) -> None:
    (run / "f05").chmod(0)
    with pytest.raises(PermissionError, match="f05"):
        fst24.scan(run).collect()


def test_a_file_that_goes_between_scan_and_collect_is_unreadable(run: Path) -> None:
    lazy = fst24.scan(run)
    lazy.collect()
    (run / "f05").unlink()
    with pytest.raises(FileNotFoundError, match="f05"):
        lazy.collect()


# ------------------------------------------------------------------------------ paths


def test_paths_that_lead_nowhere_are_told_at_once(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        fst24.scan(run / "nowhere")
    with pytest.raises(FileNotFoundError, match="nothing matches this glob"):
        fst24.scan(run / "x*")
    with pytest.raises(FileNotFoundError, match="only directories match"):
        fst24.scan(str(run)[:-1] + "*")
    with pytest.raises(FileNotFoundError, match="empty"):
        fst24.scan("")
    with pytest.raises(TypeError, match="bytes"):
        fst24.scan(b"f01")
    with pytest.raises(TypeError, match="int"):
        fst24.scan([run, 3])
    with pytest.raises(fst24.InvalidArgumentError, match="this machine"):
        fst24.scan("s3://bucket/file")
    with pytest.raises(fst24.InvalidArgumentError, match="'raise', 'warn', 'skip'"):
        fst24.scan(run, on_error="ignore")  # type: ignore[arg-type]
    with pytest.raises(fst24.InvalidArgumentError, match="threads=0"):
        fst24.scan(run, threads=0)
    monkeypatch.setenv("HOME", str(run.parent))
    assert fst24.scan("~/run/f0*").select(pl.len()).collect().item() == sum(range(10))
    with pytest.warns(fst24.Fst24Warning, match="nowhere"):
        fst24.scan(run / "nowhere", on_error="warn").collect()


def test_directories_below_are_entered_when_asked(run: Path) -> None:
    (run / "below" / "deeper").mkdir(parents=True)
    many(run / "below" / "deeper" / "b", 5)
    many(run / "below" / "a", 7)
    (run / "loop").symlink_to(run)
    assert fst24.scan(run).select(pl.len()).collect().item() == sum(range(40))
    for given in (run, f"{run}/below/**"):
        frame = fst24.scan(given, recursive=True).collect()
        names = [Path(path).name for path in frame["path"].unique(maintain_order=True)]
        assert names[:2] == ["a", "b"]


def test_names_may_be_any_bytes_and_lead_back(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9 [1]*"
    try:
        many(Path(os.fsdecode(name)), 3, ip1=np.arange(3))
    except OSError:
        pytest.skip("this file system wants names of UTF-8")
    for given in (tmp_path, os.fsdecode(name)):
        frame = fst24.scan(given).collect()
        assert frame["path"].unique().to_list() == [f"{tmp_path}/caf\\xe9 [1]*"]
        assert len(fst24.read(frame.filter(ip1=2))) == 1


def test_a_scan_means_the_same_files_in_another_directory(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run)
    lazy = fst24.scan(["f03", "f0[12]"])
    monkeypatch.chdir(run.parent)
    assert lazy.collect()["path"].unique(maintain_order=True).to_list() == ["f03", "f01", "f02"]


# ------------------------------------------------------------------------------ decoders


class Winds(fst24.MetadataDecoder):
    """Asked record by record."""

    def decode_metadata(self, core: fst24.CoreMetadata) -> dict[str, Any]:
        is_wind = core.nomvar in ("UU", "VV")
        return {"is_wind": is_wind, "partner": "VV" if is_wind else None}


class Fickle(fst24.MetadataDecoder):
    """Gives a number, and a text where ip1 is 5."""

    def decode_metadata(self, core: fst24.CoreMetadata) -> dict[str, Any]:
        return {"odd": "text" if core.ip1 == 5 else 1}


def test_a_decoder_of_ones_own_is_asked(run: Path) -> None:
    lazy = fst24.scan(run, decode_metadata=True, decoder=Winds())
    assert lazy.collect_schema()["is_wind"] == pl.Boolean
    found = lazy.filter("is_wind").collect()
    assert found["nomvar"].unique().to_list() == ["UU"]
    assert found.height == fst24.scan(run).filter(nomvar="UU").collect().height
    bare = fst24.scan(run, decode_metadata=True, decoder=fst24.MetadataDecoder())
    assert bare.collect().width == 24


def test_a_decoder_that_changes_its_types_is_told_so(run: Path) -> None:
    lazy = fst24.scan(run, decode_metadata=True, decoder=Fickle())
    with pytest.raises(fst24.InvalidArgumentError, match="override decode_table"):
        lazy.select("odd").collect()


# ------------------------------------------------------------------------------ rows to values


def test_rows_of_a_scan_become_values_and_records(run: Path, monkeypatch: Any) -> None:
    lazy = fst24.scan(run, decode_metadata=True).filter(nomvar="UU", ip1=5)
    frame = lazy.collect()
    assert frame.height == 34
    paths: list[str] = []
    real = fst24.open

    def noting(given: list[str]) -> fst24.Fst24File:
        paths.extend(given)
        return real(given)

    monkeypatch.setattr(_read, "open_file", noting)
    for rows in (lazy, frame, frame.reverse(), frame.select("path", "offset", "nbytes")):
        paths.clear()
        arrays = fst24.read(rows)
        assert len(arrays) == frame.height
        assert sorted(paths) == sorted(frame["path"].to_list())
    with fst24.open(run / "f38") as file:
        rows = frame.filter(path=str(run / "f38"))
        assert [rec.ip1 for rec in file.read_records(rows)] == [5]
        assert [rec.ip1 for rec in file.read_records(rows.select("index"))] == [5]
    with fst24.open([run / "f37", run / "f38"]) as linked:
        both = frame.filter(pl.col("path").str.contains("f3[78]"))
        assert [rec.path for rec in linked.read_records(both)] == both["path"].to_list()
        with pytest.raises(fst24.InvalidArgumentError, match="keep the column offset"):
            linked.read_records(both.select("path", "index"))


def test_values_of_many_files_are_read_a_few_files_at_a_time(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_read, "_MOST_OPEN", 3)
    frame = fst24.scan(run).filter(nomvar="UU").sort("ip1", "ip2").collect()
    expected = []
    for row in frame.iter_rows(named=True):
        with fst24.open(row["path"]) as file:
            expected.append(file[row["index"]].decode())
    for array, other in zip(fst24.read(frame), expected, strict=True):
        assert array.tobytes() == other.tobytes()
    out = np.empty((2, 2, frame.height), np.float32, order="F")
    fst24.read(frame, out=out)
    assert all((out[..., k] == one).all() for k, one in enumerate(expected))
    with pytest.raises(fst24.InvalidArgumentError, match="room for 3 records"):
        fst24.read(frame, out=out[..., :3])
    with pytest.raises(fst24.InvalidArgumentError, match="without a path"):
        fst24.read(frame.with_columns(pl.lit(None, pl.Utf8).alias("path")))
