"""What is changed in a file: records deleted, edited, rewritten, copied; and FST_OPTIONS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

import fst24
from tests.support.writing import field, listed, make

if TYPE_CHECKING:
    Backend = Literal["XDF", "RSF"]

BACKENDS: list[Backend] = ["XDF", "RSF"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.fst"


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    found: Backend = request.param
    return found


# ------------------------------------------------------------------------------------- changing


def test_records_are_deleted_by_all_that_names_them(path: Path, backend: Backend) -> None:
    make(path, 10, backend)
    with fst24.open(path, "a") as f:
        assert f.delete(0) == 1
        assert f.delete(f[-1]) == 1
        assert f.delete([f.read_records(ip1=3)[0], 0]) == 2
        assert f.delete(f.to_polars().filter(ip1=5)) == 1
        assert f.delete([]) == 0
        assert [r.ip1 for r in f] == [2, 4, 6, 7, 8]
    assert listed(path) == [2, 4, 6, 7, 8]
    with fst24.open(path) as f:
        assert f.info.n_deleted == 5 or backend == "RSF"


def test_a_record_is_deleted_once(path: Path, backend: Backend) -> None:
    make(path, 3, backend)
    with fst24.open(path, "a") as f:
        record = f[1]
        f.delete(record)
        for use in (lambda: f.delete(record), lambda: f.edit(record, ip1=4)):
            with pytest.raises(fst24.RecordNotFoundError, match="was deleted"):
                use()
        with pytest.raises(fst24.RecordNotFoundError):
            f.delete(7)
    assert listed(path) == [0, 2]


def test_a_record_of_another_file_is_not_deleted(tmp_path: Path, path: Path) -> None:
    make(path, 3)
    make(tmp_path / "other.fst", 3)
    with fst24.open(path, "a") as f, fst24.open(tmp_path / "other.fst") as other:
        uses: list[Any] = [
            lambda: f.delete(other[0]),
            lambda: f.edit(other[0], ip1=1),
            lambda: f.rewrite(other[0], field(1)),
        ]
        for use in uses:
            with pytest.raises(fst24.RecordNotFoundError, match="of another file"):
                use()
    assert listed(path) == [0, 1, 2]


def test_metadata_are_edited_in_place(path: Path, backend: Backend) -> None:
    make(path, 3, backend)
    size = path.stat().st_size
    with fst24.open(path, "a") as f:
        f.edit(
            f[1], etiket="NEW", nomvar="UU", typvar="A", grtyp="Z", ig1=5, ip2=6, npas=3, deet=60
        )
        f.edit(2, level=500, level_unit="hPa", valid_time="2024-05-17")
        assert f[1].etiket == "NEW"
    assert path.stat().st_size == size
    with fst24.open(path) as f:
        assert [r.nomvar for r in f] == ["TT", "UU", "TT"]
        new = f[1]
        assert (new.etiket, new.typvar, new.grtyp) == ("NEW", "A", "Z")
        assert (new.ig1, new.ip2, new.npas, new.deet, new.ip1) == (5, 6, 3, 60, 1)
        assert fst24.ip.decode(f[2].ip1)[:1] == (500.0,)
        assert [int(r.data[0, 0]) for r in f] == [0, 1, 2]


@pytest.mark.parametrize("name", ["ni", "nj", "nk", "datyp", "nbits"])
def test_sizes_and_type_are_not_edited(path: Path, backend: Backend, name: str) -> None:
    make(path, 1, backend)
    with fst24.open(path, "a") as f:
        as_it_is: dict[str, Any] = {name: getattr(f[0], name)}
        f.edit(0, **as_it_is)
        other: dict[str, Any] = {name: 2}
        with pytest.raises(fst24.InvalidArgumentError, match="write"):
            f.edit(0, **other)
    assert listed(path) == [0]


def test_a_refused_edit_changes_nothing(path: Path, backend: Backend) -> None:
    make(path, 1, backend)
    with fst24.open(path, "a") as f:
        refused: list[dict[str, Any]] = [{"etiket": "e"}, {"ip1": -1}, {"ig2": 2**24}, {"level": 5}]
        for fields in refused:
            with pytest.raises((fst24.EncodingError, fst24.InvalidArgumentError)):
                f.edit(0, **fields)
        assert f[0].etiket == ""
    assert listed(path) == [0]


def test_a_record_is_rewritten_with_other_values(path: Path, backend: Backend) -> None:
    with fst24.open(path, "w", backend=backend) as f:
        for k in range(3):
            f.write(field(k), nomvar="TT", ip1=k, nbits=12, etiket=f"E{k}")
        told = f.rewrite(1, field(5), ip1=5)
        assert (told.etiket, told.ip1, told.datyp, told.nbits) == ("E1", 5, 6, 12)
        f.rewrite(f.read_records(ip1=0)[0], datyp=5, nbits=32)
    with fst24.open(path) as f:
        assert [(r.ip1, r.datyp, r.nbits, int(r.data[0, 0])) for r in f] == [
            (2, 6, 12, 2),
            (5, 6, 12, 5),
            (0, 5, 32, 0),
        ]


def test_rewrite_of_a_record_takes_no_rule(path: Path) -> None:
    with fst24.open(path, "w") as f:
        f.write(field(0), nomvar="TT")
        with pytest.raises(fst24.InvalidArgumentError, match="rewrite= is for write"):
            f.rewrite(0, field(1), rewrite="yes")


def test_a_refused_rewrite_keeps_the_record(path: Path, backend: Backend) -> None:
    with fst24.open(path, "w", backend=backend) as f:
        f.write(field(0), nomvar="TT", nbits=12, ip1=0)
        with pytest.raises(fst24.EncodingError):
            f.rewrite(0, np.full((3, 4), np.inf, np.float32))
        assert len(f) == 1
    assert listed(path) == [0]


SAME: dict[str, Any] = {
    "datev": 497283000,
    **dict.fromkeys(("deet", "npas", "ip1", "ip2", "ip3", "ig1", "ig2", "ig3", "ig4"), 60),
    **dict.fromkeys(("grtyp", "typvar", "nomvar", "etiket"), "Z"),
}


@pytest.mark.parametrize("differs", [None, *SAME])
def test_every_field_tells_whether_a_record_is_the_same(
    path: Path, backend: Backend, differs: str | None
) -> None:
    base: dict[str, Any] = {"nomvar": "TT", "datev": 497283600}
    changed = {} if differs is None else {differs: SAME[differs]}
    with fst24.open(path, "w", backend=backend) as f:
        f.write(field(0), **base)
        told = f.write(field(1), rewrite="skip", **(base | changed))
    assert (told is None) == (differs is None)


def test_an_edited_record_is_the_same_by_what_it_became(path: Path, backend: Backend) -> None:
    with fst24.open(path, "w", backend=backend) as f:
        f.write(field(0), nomvar="TT", ip1=0)
        assert f.write(field(0), nomvar="TT", ip1=0, rewrite="skip") is None
        f.edit(0, ip1=5)
        assert f.write(field(5), nomvar="TT", ip1=5, rewrite="skip") is None
        assert f.write(field(0), nomvar="TT", ip1=0, rewrite="skip") is not None
        f.delete(0)
        assert f.write(field(5), nomvar="TT", ip1=5, rewrite="skip") is not None
    assert listed(path) == [0, 5]


def test_values_and_their_type_do_not_tell_whether_a_record_is_the_same(path: Path) -> None:
    with fst24.open(path, "w") as f:
        f.write(field(0), nomvar="TT")
        f.write(np.ones((3, 4), np.int16), nomvar="TT", rewrite="yes")
        f.write(field(2, (4, 3)), nomvar="TT", rewrite="yes")
        assert [(r.datyp, r.ni) for r in f] == [(4, 3), (5, 4)]
        with pytest.raises(fst24.InvalidArgumentError, match="'no', 'yes', 'skip'"):
            f.write(field(0), nomvar="TT", rewrite="perhaps")  # type: ignore[arg-type]


# --------------------------------------------------------------------------- copies, and metadata


@pytest.mark.parametrize("target", BACKENDS)
def test_a_record_is_copied_as_it_is_stored(
    tmp_path: Path, path: Path, backend: Backend, target: Backend
) -> None:
    mask = np.zeros((20, 30), np.bool_)
    mask[3, 4] = True
    values = np.linspace(0, 9, 600, dtype=np.float32).reshape(20, 30)
    with fst24.open(path, "w", backend=backend) as f:
        f.write(values, nomvar="TT", nbits=12, compress=True, mask=mask, origin_time="2024-05-17")
        f.write(values, nomvar="UU", datyp=1, nbits=16, compress=True)
        f.write(values, nomvar="VV", compress=True)
    other = tmp_path / "other.fst"
    with fst24.open(path) as a, fst24.open(other, "w", backend=target) as b:
        for record in a:
            told = b.write(record)
            assert told is not None
            assert (told.datyp, told.nbits) == (record.datyp, record.nbits)
        b.write(a[0], etiket="COPY", ip2=7)
        b.write(a[0], nbits=8)
    with fst24.open(path) as a, fst24.open(other) as b:
        assert len(b) == 5
        for old, new in zip(a, b, strict=False):
            assert new.data.tobytes() == old.data.tobytes()
            assert new.datev == old.datev
        assert (b[3].etiket, b[3].ip2, b[3].nomvar, b[3].datyp) == ("COPY", 7, "TT", a[0].datyp)
        assert b[3].datev == a[0].datev
        assert b[4].nbits == 8
        assert b[4].mask is not None
        assert np.array_equal(b[4].mask, mask)


def test_a_copy_has_the_sizes_of_its_record(path: Path) -> None:
    with fst24.open(path, "w") as f:
        f.write(field(0), nomvar="TT")
        f.write(f[0], ni=3)
        with pytest.raises(fst24.InvalidArgumentError, match="ni=5, but the record has 3"):
            f.write(f[0], ni=5)
        for more in ({}, {"nbits": 12}):
            with pytest.raises(fst24.InvalidArgumentError, match="like= is for arrays"):
                f.write(f[0], like=f[0], **more)  # type: ignore[arg-type]


def test_extended_metadata_come_back(path: Path) -> None:
    given: list[Any] = [{"a": [1, {"é": None}]}, '{"as": "text"}', {}, None]
    with fst24.open(path, "w", backend="RSF") as f:
        for one in given:
            f.write(field(0), nomvar="TT", metadata=one)
        f.write(f[0], etiket="COPY")
        f.write(f[0], metadata={"b": 1})
    with fst24.open(path) as f:
        found = [r.metadata or None for r in f]
    assert found == [{"a": [1, {"é": None}]}, {"as": "text"}, None, None, given[0], {"b": 1}]


def test_extended_metadata_are_edited_in_the_room_that_they_have(path: Path) -> None:
    with fst24.open(path, "a", backend="RSF") as f:
        f.write(field(0), nomvar="TT", metadata={"a": "longer text"})
        f.edit(0, metadata={"b": 1})
        assert f[0].metadata == {"b": 1}
        with pytest.raises(fst24.EncodingError, match="anew"):
            f.edit(0, metadata={"a": "text" * 30})
        f.rewrite(0, field(0), metadata={"a": "text" * 30})
    with fst24.open(path) as f:
        assert [r.metadata for r in f] == [{"a": "text" * 30}]


@pytest.mark.parametrize("bad", ["{no json", {"a": object()}, {"a": float("nan")} | {1j: 1}])
def test_what_is_no_json_is_refused(path: Path, bad: Any) -> None:
    with (
        fst24.open(path, "w", backend="RSF") as f,
        pytest.raises(fst24.EncodingError, match="JSON"),
    ):
        f.write(field(0), nomvar="TT", metadata=bad)


def test_extended_metadata_need_rsf(tmp_path: Path, path: Path) -> None:
    with fst24.open(path, "w", backend="XDF") as f:
        with pytest.raises(fst24.EncodingError, match=r"XDF keeps no extended metadata.*RSF"):
            f.write(field(0), nomvar="TT", metadata={"a": 1})
        assert len(f) == 0
    other = tmp_path / "other.fst"
    with fst24.open(other, "w", backend="RSF") as f:
        f.write(field(0), nomvar="TT", metadata={"a": 1})
    with fst24.open(other) as a, fst24.open(path, "w") as b:
        with pytest.raises(fst24.EncodingError, match="leave them out"):
            b.write(a[0])
        b.write(a[0], metadata={})
        assert not b[0].metadata


# ------------------------------------------------------------------------------------ FST_OPTIONS


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("", "XDF"),
        ("BACKEND=RSF", "RSF"),
        ("backend = rsf ; SEGMENT_SIZE_MB=5", "RSF"),
        ("BACKEND=XDF;", "XDF"),
    ],
)
def test_the_environment_chooses_the_container(
    path: Path, monkeypatch: pytest.MonkeyPatch, options: str, found: str
) -> None:
    monkeypatch.setenv("FST_OPTIONS", options)
    with fst24.open(path, "w") as f:
        assert f.backend == found
    with fst24.open(path, "w", backend="RSF") as f:  # an argument counts more
        assert f.backend == "RSF"


@pytest.mark.parametrize(
    "options",
    ["BACKEND=SQLITE", "SEGMENT_SIZE_MB=many", "COLOUR=RED", "BACKEND", "DATATYPE_REMAP=1"],
)
def test_what_the_environment_should_not_say_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    monkeypatch.setenv("FST_OPTIONS", options)
    with pytest.warns(fst24.Fst24Warning, match="FST_OPTIONS") as told:
        fst24.open(path, "w").close()
    assert [Path(one.filename).name for one in told] == [os.path.basename(__file__)]  # noqa: PTH119


def test_the_environment_maps_data_types(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FST_OPTIONS", "DATATYPE_REMAP=1,6,5,133;TURBOCOMP=FAST")
    with fst24.open(path, "w") as f:
        assert [
            (one.datyp, one.nbits)
            for one in (
                f.write(field(3, (40, 40)), nomvar="TT", datyp=1, nbits=12),
                f.write(field(3, (40, 40)), nomvar="TT"),
            )
            if one
        ] == [(6, 12), (133, 32)]


# --------------------------------------------------------------------- records seen before a change


def test_a_record_that_was_seen_before_keeps_what_was_edited(path: Path, backend: Backend) -> None:
    make(path, 2, backend)
    with fst24.open(path, "a") as f:
        record = f[0]
        f.edit(record, etiket="NEW", origin_time="2024-05-17T12", deet=3600, npas=6)
        f.edit(record, ip2=7)
        assert (f[0].etiket, f[0].ip2, f[0].npas) == ("NEW", 7, 6)
        assert f[0].datev == fst24.date.encode("2024-05-17T18")
        written = f.rewrite(record, field(5), ip3=3)
        assert (written.etiket, written.ip2, written.ip3) == ("NEW", 7, 3)
        assert written.datev == fst24.date.encode("2024-05-17T18")


def test_a_deleted_record_is_not_rewritten(path: Path, backend: Backend) -> None:
    make(path, 2, backend)
    with fst24.open(path, "a") as f:
        record = f[0]
        f.delete(record)
        with pytest.raises(fst24.RecordNotFoundError, match="was deleted"):
            f.rewrite(record, field(5))
        assert len(f) == 1


def test_rewriting_keeps_extended_metadata_unless_others_are_given(path: Path) -> None:
    with fst24.open(path, "w", backend="RSF") as f:
        f.write(field(0), nomvar="TT", metadata={"a": 1})
        f.rewrite(0, field(1), metadata=None)
        assert f[0].metadata == {"a": 1}
        f.rewrite(0, field(1), metadata={})
        assert not f[0].metadata


# ------------------------------------------------------------------------------------ arguments


@pytest.mark.parametrize("what", [{"datyp": 0, "nbits": 5}, {"nbits": 0}, {"max_error": 0}])
def test_nought_is_no_absence(path: Path, what: dict[str, Any]) -> None:
    with fst24.open(path, "w") as f:
        f.write(field(0), nomvar="TT")
        with pytest.raises(fst24.Fst24Error):
            f.write(f[0], **what)


@pytest.mark.parametrize("metadata", [{"a": float("nan")}, '"\ud800"', {"a": "\ud800"}])
def test_nan_and_half_characters_are_no_json(path: Path, metadata: Any) -> None:
    with fst24.open(path, "w", backend="RSF") as f, pytest.raises(fst24.EncodingError):
        f.write(field(0), nomvar="TT", metadata=metadata)


@pytest.mark.parametrize("size", [0, -1, 2**41])
def test_a_segment_has_a_size(path: Path, size: int) -> None:
    with pytest.raises(fst24.InvalidArgumentError, match="segment_size_mb"):
        fst24.open(path, "a", parallel=True, segment_size_mb=size)
    assert not path.exists()


def test_long_integers_are_looked_at_in_rsf(path: Path) -> None:
    with fst24.open(path, "w", backend="RSF") as f:
        with pytest.raises(fst24.EncodingError, match="-1"):
            f.write(np.array([5, -1]), nomvar="TT", datyp=2, nbits=64)
        f.write(np.array([5, 6]), nomvar="TT", datyp=2, nbits=64)
        assert f[0].data.ravel().tolist() == [5, 6]


def test_those_before_a_bad_one_are_written(path: Path, backend: Backend) -> None:
    with fst24.open(path, "w", backend=backend) as f:
        with pytest.raises(fst24.EncodingError) as told:
            f.write_many(
                [(field(0), {}), (field(1), {}), (field(2), {"nomvar": "bad"})], nomvar="A"
            )
        assert told.value.__notes__ == ["the first 2 records of write_many were written"]
        assert len(f) == 2

        def broken() -> Any:
            yield field(3), {}
            raise KeyError("mine")

        with pytest.raises(KeyError):
            f.write_many(broken(), nomvar="A")
        assert len(f) == 3


def test_a_new_file_leaves_nothing_behind_while_records_live(path: Path, backend: Backend) -> None:
    f = fst24.open(path, "w", backend=backend)
    f.write(field(0), nomvar="TT")
    record = f[0]
    f.abandon()
    assert list(path.parent.iterdir()) == []
    assert record.nomvar == "TT"


def test_a_link_that_leads_nowhere_is_not_replaced(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")
    with pytest.raises(fst24.FstOSError, match="link"):
        fst24.open(path, "w")
    assert path.is_symlink()


def test_compression_alone_changes_no_value(path: Path) -> None:
    rng = np.random.default_rng(3)
    with fst24.open(path, "w") as f:
        for k, (datyp, nbits) in enumerate([(1, 3), (1, 16), (6, 7), (6, 16), (5, 32), (129, 16)]):
            values = np.asfortranarray(rng.normal(500, 300, (40, 30)), np.float32)
            f.write(values, nomvar="TT", ip1=k, datyp=datyp, nbits=nbits)
        for record in list(f):
            f.write(record, compress="best", nomvar="NEW")
        for old in f.read_records(nomvar="TT"):
            new = f.find(nomvar="NEW", ip1=old.ip1)
            assert new is not None
            assert new.data.tobytes() == old.data.tobytes()
