"""Records: metadata, values in all their forms, parts, pickling."""

from __future__ import annotations

import ctypes
import io
import json
import pickle
import sys
import threading
from dataclasses import FrozenInstanceError, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from tests.conftest import golden
from tests.support.fstmake import record as made
from tests.support.fstmake import rsf, xdf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STRUCT_ORDER = [
    "dateo",
    "datev",
    "deet",
    "npas",
    "ni",
    "nj",
    "nk",
    "ip1",
    "ip2",
    "ip3",
    "typvar",
    "nomvar",
    "etiket",
    "grtyp",
    "ig1",
    "ig2",
    "ig3",
    "ig4",
    "datyp",
    "nbits",
]
CORE_ORDER = [
    "nomvar",
    "typvar",
    "etiket",
    "datev",
    "ip1",
    "ip2",
    "ip3",
    "ni",
    "nj",
    "nk",
    "grtyp",
    "ig1",
    "ig2",
    "ig3",
    "ig4",
    "dateo",
    "deet",
    "npas",
    "datyp",
    "nbits",
]


@pytest.fixture
def f(gem: Path) -> Iterator[fst24.Fst24File]:
    with fst24.open(gem) as file:
        yield file


def manifest_rows(name: str) -> list[dict[str, Any]]:
    manifest = json.loads(golden(f"{name}.json").read_text())
    return [dict(zip(manifest["fields"], row, strict=True)) for row in manifest["records"]]


# ------------------------------------------------------------------------------------- metadata


def test_metadata_are_those_of_the_reference() -> None:
    names = {"data_type": "datyp", "pack_bits": "nbits", "file_offset": "offset"}
    names["total_stored_bytes"] = "nbytes"
    skipped = {"pos", "dtype", "sha256", "data_bits", "metadata", "asked", "missing", "sha256_off"}
    for name in ("fields/xdf-fields", "fields/rsf-fields"):
        with fst24.open(golden(f"{name}.fst")) as file:
            for record, row in zip(file, manifest_rows(name), strict=True):
                for key in row.keys() - skipped:
                    assert getattr(record, names.get(key, key)) == row[key], (name, key)


def test_core_metadata_has_the_promised_order_and_defaults(f: fst24.Fst24File) -> None:
    assert [field.name for field in fields(fst24.CoreMetadata)] == CORE_ORDER
    core = fst24.CoreMetadata("TT", "P", "E", 1, 2, 3, 4, 5, 6, 7, "Z", 8, 9, 10, 11)
    assert (core.dateo, core.deet, core.npas, core.datyp, core.nbits) == (None,) * 5
    with pytest.raises(FrozenInstanceError):
        core.ni = 3  # type: ignore[misc]
    record = f[3]
    assert all(getattr(record.core, name) == getattr(record, name) for name in CORE_ORDER)
    assert hash(record.core) == hash(f[3].core)


def test_the_structure_has_the_promised_order_and_widths(f: fst24.Fst24File) -> None:
    assert [name for name, _ in fst24.FSTRecord._fields_] == STRUCT_ORDER
    widths = {name: ctypes.sizeof(kind) for name, kind in fst24.FSTRecord._fields_}
    assert [widths[n] for n in ("typvar", "nomvar", "etiket", "grtyp")] == [2, 4, 12, 1]
    assert {w for n, w in widths.items() if n not in ("typvar", "nomvar", "etiket", "grtyp")} == {4}
    record = f[3]
    filled = record.to_struct()
    assert (filled.nomvar, filled.typvar, filled.ip1) == (b"TT  ", b"P ", record.ip1)
    assert isinstance(filled, ctypes.Structure)


def test_texts_have_no_trailing_blanks_and_names_are_one_object(f: fst24.Fst24File) -> None:
    assert f[3].nomvar == "TT"
    assert f[3].nomvar is f[6].nomvar
    assert f[3].typvar is f[6].typvar
    assert f[0].nomvar == ">>"


def test_names_go_with_their_file() -> None:
    """Interned strings stay for good in Python 3.12: a file can have a name a record."""
    with fst24.open(xdf.image([made.make(np.ones((2, 2), "f4"), nomvar="Q7J@")])) as file:
        name = file[0].nomvar
    assert name == "Q7J@"
    assert sys.intern("Q7J@") is not name


def test_metadata_cannot_be_set(f: fst24.Fst24File) -> None:
    with pytest.raises(AttributeError):
        f[3].nomvar = "UU"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        f[3].anything = 1  # type: ignore[attr-defined]


def test_extended_metadata_are_a_dict() -> None:
    rows = manifest_rows("fields/rsf-extended")
    with fst24.open(golden("fields/rsf-extended.fst")) as file:
        for record, row in zip(file, rows, strict=True):
            assert record.metadata == (json.loads(row["metadata"]) if row["metadata"] else {})
            assert record.metadata is record.metadata


def test_a_lone_record_has_its_extended_metadata() -> None:
    with fst24.open(golden("fields/rsf-extended.fst")) as file:
        wanted = [record.metadata for record in file]
        lone = [fst24.decode_record(record.stored()) for record in file]
    assert any(wanted)
    assert [record.metadata for record in lone] == wanted


@pytest.mark.parametrize("n", [1, 8180, 8181, 8182, 8183, 8184, 8192, 200_000])
def test_extended_metadata_may_be_long(n: int) -> None:
    """Short texts are read at once, long ones after their length is known."""
    text = json.dumps({"long": "x" * n})
    record = made.make(np.ones((2, 2), "f4"), backend="RSF", json=text)
    with fst24.open(bytes(rsf.image([[record]]))) as file:
        assert file[0].metadata == {"long": "x" * n}
        assert fst24.decode_record(file[0].stored()).metadata == {"long": "x" * n}


def test_extended_metadata_are_read_from_the_file_once() -> None:
    class Counting(io.BytesIO):
        n_reads = 0

        def read(self, n: int | None = -1, /) -> bytes:
            self.n_reads += 1
            return super().read(n)

    stream = Counting(golden("fields/rsf-extended.fst").read_bytes())
    with fst24.open(stream) as file:
        record = next(r for r in file if r._flags & 2)
        before = stream.n_reads
        assert record.metadata
        assert stream.n_reads - before <= 4  # both marks, the search words, the text


def test_a_record_without_extended_metadata_has_an_empty_dict(f: fst24.Fst24File) -> None:
    assert f[3].metadata == {}


def test_a_record_shows_what_it_is(f: fst24.Fst24File) -> None:
    assert repr(f[33]) == (
        "<Fst24Record 33 TT P 'G5V12N' 42x34 ip1=93423264 ip2=0 ip3=0 datev=473303600 datyp=134/16>"
    )
    assert "<td>TT</td>" in f[33]._repr_html_()


def test_records_are_equal_when_they_are_the_same_place(f: fst24.Fst24File, gem: Path) -> None:
    with fst24.open(gem) as other:
        assert f[3] == f[3]
        assert len({f[3], f[3], f[4]}) == 2
        assert f[3] != f[4]
        assert f[3] != other[3]
        assert f[3] != "TT"


# --------------------------------------------------------------------------------------- values


def test_values_are_kept_after_the_first_access(f: fst24.Fst24File) -> None:
    record = f[3]
    data = record.data
    assert record.data is data
    assert data.flags.f_contiguous
    assert not data.flags.writeable
    assert data.ctypes.data % 64 == 0
    assert data.shape == record.shape == (42, 34)
    assert data.dtype == record.dtype == np.float32
    record.forget()
    assert record.data is not data


def test_decode_gives_an_array_of_ones_own(f: fst24.Fst24File) -> None:
    record = f[3]
    mine = record.decode()
    mine[:] = 0
    assert record.data.any()
    assert record.decode().any()
    out = np.empty((42, 34), np.float32, order="F")
    assert record.decode(out) is out
    assert np.array_equal(out, record.data)


@pytest.mark.parametrize("n", [1, 65535, 65536, 65537, 200_003])
@pytest.mark.parametrize(("datyp", "nbits", "kind"), [(5, 32, "f4"), (2, 32, "u4"), (8, 32, "c8")])
def test_words_are_put_right_across_blocks_at_any_address(
    tmp_path: Path, n: int, datyp: int, nbits: int, kind: str
) -> None:
    wanted = (np.arange(1, n + 1) * 3).astype(kind)[:, None]
    path = tmp_path / "words.fst"
    path.write_bytes(xdf.image([made.make(wanted, datyp, nbits)]))
    room = np.full(wanted.nbytes + 16, 0xA5, np.uint8)
    out = room[5 : 5 + wanted.nbytes].view(kind).reshape(wanted.shape, order="F")
    with fst24.open(path, mmap=False) as f, path.open("rb") as raw, fst24.open(raw) as g:
        for record in (f[0], g[0]):
            out[:] = 0
            record.decode(out)
            assert np.array_equal(out, wanted)
            assert (room[:5] == 0xA5).all()
            assert (room[5 + wanted.nbytes :] == 0xA5).all()
            assert np.array_equal(record.decode(), wanted)


@pytest.mark.parametrize(
    ("out", "problem"),
    [
        (np.empty((42, 34), np.float32), "not in Fortran order"),
        (np.empty((34, 42), np.float32, order="F"), "of shape"),
        (np.empty((42, 34), np.float64, order="F"), "of float64"),
        (np.empty((42, 34), ">f4", order="F"), "of >f4"),
        (np.empty((84, 34), np.float32, order="F")[::2], "not in Fortran order"),
        (np.broadcast_to(np.float32(0), (42, 34)), "not in Fortran order"),
    ],
)
def test_an_array_that_does_not_fit_is_refused(
    f: fst24.Fst24File, out: np.ndarray[Any, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        f[3].decode(out)
    with pytest.raises(ValueError, match=problem):
        f.read(f[3], out=out)


def test_a_read_only_array_is_refused(f: fst24.Fst24File) -> None:
    out = np.empty((42, 34), np.float32, order="F")
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        f[3].decode(out)
    with pytest.raises(TypeError, match="ndarray"):
        f[3].decode([1, 2])  # type: ignore[arg-type]


def test_threads_that_ask_at_once_get_one_array(gem: Path) -> None:
    with fst24.open(gem) as file:
        for index in range(3, 40):
            record, start = file[index], threading.Barrier(8)
            found: list[int] = []

            def work(record: fst24.Fst24Record = record, start: Any = start) -> None:
                start.wait()
                found.append(id(record.data))  # noqa: B023 - joined within the loop

            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(set(found)) == 1


def test_records_of_several_levels_have_three_dimensions() -> None:
    rows = manifest_rows("codec/rsf-ieee")
    place = next(i for i, row in enumerate(rows) if row["nk"] > 1)
    with fst24.open(golden("codec/rsf-ieee.fst")) as file:
        record = file[place]
        assert record.data.shape == (record.ni, record.nj, record.nk)
        assert record.part[..., 1].shape == (record.ni, record.nj)


def test_plain_values_of_a_mapped_file_are_a_view_that_outlives_it() -> None:
    path = golden("codec/rsf-ieee.fst")
    with fst24.open(path, mmap=True) as mapped, fst24.open(path, mmap=False) as read:
        used = fst24.memory_usage().used
        views = [r.data for r in mapped if (r.datyp, r.nbits) == (5, 32)]
        assert fst24.memory_usage().used == used
        wanted = [r.data for r in read if (r.datyp, r.nbits) == (5, 32)]
        assert fst24.memory_usage().used > used
    assert views
    assert not any(v.flags.writeable for v in views)
    assert all(v.flags.aligned for v in views)
    assert all(
        a.tobytes() == b.tobytes() and a.shape == b.shape
        for a, b in zip(views, wanted, strict=True)
    )


def test_numpy_takes_a_record_for_its_values(f: fst24.Fst24File) -> None:
    assert np.asarray(f[3]).shape == (42, 34)
    assert np.asarray(f[3], np.float64).dtype == np.float64
    assert np.array(f[3]).flags.writeable
    assert float(np.mean(f[3])) == float(f[3].data.mean())


def test_numpy_gets_no_copy_that_it_did_not_want(f: fst24.Fst24File) -> None:
    record = f[3]
    assert record.__array__(copy=False) is record.data
    assert record.__array__(np.float32, copy=False) is record.data
    for dtype in (np.float64, ">f4"):
        with pytest.raises(ValueError, match="needs a copy"):
            record.__array__(dtype, copy=False)
        assert record.__array__(dtype).dtype == np.dtype(dtype)
    assert record.__array__(np.float32, copy=True) is not record.data


# ------------------------------------------------------------------------------- missing values

MISSING_FILE = "codec/rsf-ieee-missing"
INTEGER_FILE = "codec/rsf-signed-missing"


def test_missing_points_are_nan_and_masked() -> None:
    with fst24.open(golden(f"{MISSING_FILE}.fst")) as file:
        n_masked = 0
        for record, row in zip(file, manifest_rows(MISSING_FILE), strict=True):
            mask = record.mask
            if row["missing"] is None:
                assert mask is None
                assert record.masked().mask is np.ma.nomask
                continue
            assert mask is not None
            assert mask is record.mask
            assert mask.dtype == np.bool_
            assert mask.shape == record.data.shape
            assert not mask.flags.writeable
            assert int(mask.sum()) == row["missing"]
            assert np.array_equal(np.isnan(record.data), mask)
            assert int(np.ma.count_masked(record.masked())) == row["missing"]  # type: ignore[no-untyped-call]
            n_masked += 1
        assert n_masked > 10


def of_lost_levels(datyp: int) -> bytes:
    """A file whose record says 3 levels and holds one, as librmn makes them (codecs.md, D3)."""
    i, j = np.indices((20, 24))
    field = (i * j % 97).astype("u4" if datyp == 130 else "f4")
    record = made.make(field, datyp, 16)
    assert record.datyp == datyp
    return bytes(xdf.image([record.but(nk=3)]))


@pytest.mark.parametrize("datyp", [130, 134])
@pytest.mark.parametrize("lone", [False, True])
@pytest.mark.filterwarnings("ignore:.*only 1 of 3 levels")
def test_levels_that_were_not_stored_are_masked(datyp: int, lone: bool) -> None:
    with fst24.open(of_lost_levels(datyp)) as file:
        record = fst24.decode_record(file[0].stored()) if lone else file[0]
        asked_first = record.mask
        record.forget()
        assert record.data.shape == (20, 24, 3)
    # The values came with their mask: it is there when the file is closed.
    for mask in (asked_first, record.mask):
        assert mask is not None
        assert not mask[..., 0].any()
        assert mask[..., 1:].all()
    assert int(np.ma.count_masked(record.masked())) == 2 * 20 * 24  # type: ignore[no-untyped-call]


def test_a_lone_record_warns_of_lost_levels_too() -> None:
    with fst24.open(of_lost_levels(134)) as file:
        lone = fst24.decode_record(file[0].stored())
        for record in (file[0], lone):
            with pytest.warns(fst24.Fst24Warning, match="only 1 of 3 levels were stored"):
                record.decode()


def test_a_record_without_missing_points_has_no_mask_after_close_either(gem: Path) -> None:
    with fst24.open(gem) as file:
        plain = file[3]
        array = plain.data
    assert plain.mask is None
    assert np.array_equal(plain.masked().data, array)


@pytest.mark.parametrize("many", [False, True])
def test_another_value_can_stand_at_missing_points(many: bool) -> None:
    with fst24.open(golden(f"{MISSING_FILE}.fst"), missing=-999.0) as file:
        arrays = file.read(threads=2) if many else [r.data for r in file]
        for record, array in zip(file, arrays, strict=True):
            if record.mask is not None:
                assert (array[record.mask] == -999.0).all()


def test_integers_get_the_value_they_can_hold_or_the_reference_s() -> None:
    with (
        fst24.open(golden(f"{INTEGER_FILE}.fst"), missing=-5) as whole,
        fst24.open(golden(f"{INTEGER_FILE}.fst"), missing=-5.5) as real,
        fst24.open(golden(f"{INTEGER_FILE}.fst"), missing=40_000) as large,
    ):
        n_small = 0
        for a, b, c in zip(whole, real, large, strict=True):
            if a.mask is None:
                continue
            lowest = np.iinfo(b.data.dtype).min
            assert (a.data[a.mask] == -5).all()
            assert (b.data[a.mask] == lowest).all()
            fits = a.data.dtype.itemsize > 2
            assert (c.data[a.mask] == (40_000 if fits else lowest)).all()
            n_small += not fits
        assert n_small > 0


# ---------------------------------------------------------------------------------------- parts

PARTS: list[Any] = [
    np.s_[:, :],
    np.s_[3:10, 5],
    np.s_[-1, -1],
    np.s_[::2, ::-3],
    np.s_[10:2:-1],
    np.s_[..., 4],
    np.s_[5:5, :],
    np.s_[7],
    np.s_[40:100, 30:],
]


@pytest.mark.parametrize("index", [0, 2, 3, 76, 79])
@pytest.mark.parametrize("part", PARTS, ids=str)
def test_a_part_is_that_of_the_whole(f: fst24.Fst24File, index: int, part: Any) -> None:
    record = f[index]
    try:
        wanted = record.data[part]
    except IndexError:
        with pytest.raises(IndexError):
            record.part[part]
        return
    found = record.part[part]
    assert np.array_equal(found, wanted)
    assert np.shape(found) == wanted.shape


def test_a_box_is_a_part(f: fst24.Fst24File) -> None:
    box = f[76].read_box((2, 3), (10, 20))
    assert np.array_equal(box, f[76].data[2:12, 3:23])
    assert box.flags.writeable
    assert np.array_equal(f[76].read_box((2, 3, 0), (10, 20, 1)), box)


@pytest.mark.parametrize(
    ("start", "count"),
    [((40, 0), (3, 1)), ((-1, 0), (1, 1)), ((0, 0), (1, -1)), ((0, 0, 1), (1, 1, 1)), ((0,), (1,))],
)
def test_a_box_that_leaves_the_record_is_refused(
    f: fst24.Fst24File, start: tuple[int, ...], count: tuple[int, ...]
) -> None:
    with pytest.raises(fst24.InvalidArgumentError):
        f[76].read_box(start, count)


def test_indices_that_leave_the_record_are_refused(f: fst24.Fst24File) -> None:
    with pytest.raises(IndexError):
        f[76].part[42, 0]
    with pytest.raises(IndexError):
        f[76].part[0, 0, 0]


# --------------------------------------------------------------------------- many, alone, pickled


def test_many_are_read_at_once(f: fst24.Fst24File) -> None:
    arrays = f.read(f[3:9], threads=4)
    assert [a.tobytes() for a in arrays] == [r.data.tobytes() for r in f[3:9]]
    assert all(a.flags.writeable and a.flags.f_contiguous for a in arrays)
    assert f.read([], threads=4) == []
    assert f.read(3).tobytes() == f[3].data.tobytes()
    assert f.read([3, -1])[1].tobytes() == f[79].data.tobytes()
    assert len(f.read()) == 80


def test_many_are_read_into_given_memory(f: fst24.Fst24File) -> None:
    records = f.read_records(variables="TT")
    cube = np.empty((42, 34, len(records)), np.float32, order="F")
    arrays = f.read(records, out=cube, threads=3)
    assert all(np.shares_memory(a, cube) for a in arrays)
    assert np.array_equal(cube[..., 4], records[4].data)
    outs = [np.empty((42, 34), np.float32, order="F") for _ in records]
    read = f.read(records, out=outs)
    assert all(a is b for a, b in zip(read, outs, strict=True))
    with pytest.raises(ValueError, match="room for 11 records"):
        f.read(records, out=outs[1:])
    with pytest.raises(ValueError, match=r"out\[1\] is of shape"):
        f.read(f[2:4], out=[np.empty((3, 27), order="F"), np.empty((1, 1), np.float32)])
    with pytest.raises(ValueError, match="threads=0"):
        f.read(records, threads=0)


def test_one_bad_record_among_many_is_told(gem: Path) -> None:
    content = bytearray(gem.read_bytes())
    with fst24.open(gem) as file:
        offset = file[5].offset
    content[offset : offset + 8] = b"\xff" * 8
    with fst24.open(bytes(content)) as file:
        with pytest.raises(fst24.CorruptFileError) as caught:
            file.read(threads=2)
        assert caught.value.record == 5


def test_a_stored_record_is_decoded_without_its_file(f: fst24.Fst24File, gem_rsf: Path) -> None:
    with fst24.open(gem_rsf) as rsf:
        for file in (f, rsf):
            for record in file:
                stored = record.stored()
                assert len(stored) == record.nbytes
                lone = fst24.decode_record(stored)
                assert lone.core == record.core
                assert lone.data.tobytes() == record.data.tobytes()
                assert (lone.shape, lone.dtype) == (record.shape, record.dtype)
    again = pickle.loads(pickle.dumps(lone))  # noqa: S301 - our own
    assert again.data.tobytes() == lone.data.tobytes()
    assert np.array_equal(lone.part[1:3, 2:4], lone.data[1:3, 2:4])
    assert np.array_equal(lone.decode(np.empty_like(lone.data)), lone.data)


@pytest.mark.parametrize("n_bytes", [0, 7, 60])
def test_a_stored_record_cut_short_is_an_error(f: fst24.Fst24File, n_bytes: int) -> None:
    with pytest.raises(fst24.Fst24Error):
        fst24.decode_record(f[3].stored()[:n_bytes])


def test_records_are_pickled_by_path_and_index(f: fst24.Fst24File) -> None:
    records = f[3:6]
    again = pickle.loads(pickle.dumps(records))  # noqa: S301 - our own
    assert [r.core for r in again] == [r.core for r in records]
    assert again[0].file is again[1].file
    assert again[0].data.tobytes() == records[0].data.tobytes()
    assert len(pickle.dumps(f[3])) < 1000


def test_a_record_of_a_file_that_changed_is_not_taken_for_another(
    gem: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.fst"
    path.write_bytes(gem.read_bytes())
    with fst24.open(path) as file:
        pickled = pickle.dumps(file[60])
    path.write_bytes(golden("container/xdf-one.fst").read_bytes())
    with pytest.raises(fst24.FileChangedError):
        pickle.loads(pickled)  # noqa: S301 - our own


def test_a_set_of_records_is_read_together(f: fst24.Fst24File) -> None:
    winds = fst24.Fst24DataInterface(f.iter_records(nomvar=["UU", "VV"]))
    assert len(winds) == len(list(winds)) == len(winds.records) == 24
    assert winds[0].nomvar == "UU"
    assert len(winds[2:5]) == 3
    assert winds.core[1] == winds[1].core
    assert winds.read(threads=2)[5].tobytes() == winds[5].data.tobytes()
    assert repr(winds) == "<Fst24DataInterface 24 records>"
    assert fst24.Fst24DataInterface([]).read() == []
    assert len(fst24.Fst24DataInterface(f)) == 80
    with pytest.raises(TypeError, match="Fst24Record"):
        fst24.Fst24DataInterface([1])  # type: ignore[list-item]


def test_the_structure_shows_its_members(f: fst24.Fst24File) -> None:
    shown = repr(f[3].to_struct())
    assert shown.startswith("FSTRecord(dateo=")
    assert "nomvar=b'TT  ', " in shown
    assert shown.endswith("datyp=134, nbits=16)")


def test_a_record_is_no_name(f: fst24.Fst24File) -> None:
    with pytest.raises(TypeError, match=r"nomvar is text, not <Fst24Record 3 .* give its nomvar"):
        fst24.is_descriptor(f[3])  # type: ignore[arg-type]
