"""The table of a file: to Arrow, to Polars, decoded, and back to records."""

from __future__ import annotations

import datetime as dt
import gc
import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import fst24
from fst24.table import _columns, _table
from tests.conftest import golden
from tests.support.listing import many

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = fst24.CoreMetadata.__slots__


def one_by_one(file: fst24.Fst24File) -> list[dict[str, Any]]:
    """What each record says of itself."""
    return [
        {name: getattr(rec, name) for name in (*FIELDS, "index", "offset", "nbytes")}
        for rec in file
    ]


def test_a_row_is_what_the_record_says(gem: Path, gem_rsf: Path) -> None:
    for path in (gem, gem_rsf):
        with fst24.open(path) as file:
            frame = file.to_polars()
            assert frame.to_dicts() == one_by_one(file)
            assert tuple(frame.columns) == file.table.columns


def test_frames_outlive_the_file(gem: Path) -> None:
    frame = fst24.read_metadata(gem)
    gc.collect()
    with fst24.open(gem) as file:
        assert_frame_equal(frame, file.to_polars())


def test_numbers_are_not_copied(tmp_path: Path) -> None:
    with fst24.open(many(tmp_path / "many.fst", 5000, ip1=np.arange(5000))) as file:
        frame = file.to_polars()
        of_file = np.asarray(file._parts[0].table.column("ip1"))
        assert np.shares_memory(frame["ip1"].to_numpy(), of_file)
        assert np.shares_memory(file.table.column("ip1"), of_file)


def test_every_consumer_of_arrow_reads_the_same_table(gem: Path) -> None:
    duckdb = importlib.import_module("duckdb")
    pandas = importlib.import_module("pandas")
    pyarrow = importlib.import_module("pyarrow")
    with fst24.open(gem) as file:
        t = file.table
        expected = one_by_one(file)
    assert pl.DataFrame(t).to_dicts() == expected
    assert pyarrow.table(t).to_pylist() == expected
    assert pandas.DataFrame.from_arrow(t).to_dict("records") == expected
    found = duckdb.sql("select nomvar, count(*) from t group by nomvar").fetchall()
    assert dict(found) == {
        name: sum(row["nomvar"] == name for row in expected)
        for name in {row["nomvar"] for row in expected}
    }


def test_text_comes_in_the_form_that_is_asked_for(gem: Path) -> None:
    pyarrow = importlib.import_module("pyarrow")
    with fst24.open([gem, gem]) as file:
        t = file.table
    assert pyarrow.table(t).schema.field("etiket").type == pyarrow.string_view()
    for kind in (pyarrow.string(), pyarrow.large_string()):
        wanted = pyarrow.schema([("nomvar", kind)]).__arrow_c_schema__()
        stream = t.__arrow_c_stream__(wanted)
        reader = pyarrow.RecordBatchReader._import_from_c_capsule(stream)
        assert reader.schema.field("etiket").type == kind
        assert reader.read_all().to_pylist() == pl.DataFrame(t).to_dicts()
    assert pyarrow.schema(t).names == list(t.columns)


def test_text_has_no_heap(gem: Path, gem_rsf: Path) -> None:
    """All strings are inside of their views: no column has a buffer of data beside them."""
    pyarrow = importlib.import_module("pyarrow")
    with fst24.open(gem) as one, fst24.open([gem, gem_rsf]) as two:
        for table in (pyarrow.table(one.table), pyarrow.table(two.table)):
            for name in ("nomvar", "typvar", "etiket", "grtyp"):
                for chunk in table.column(name).chunks:
                    assert len(chunk.buffers()) == 2  # validity, views


def test_a_stream_that_nobody_takes_is_released(gem: Path) -> None:
    with fst24.open(gem) as file:
        for _ in range(100):
            file.table.__arrow_c_stream__()
            file.table.__arrow_c_schema__()
    with pytest.raises(TypeError):
        fst24._core.arrow_stream((), ("nomvar",), None)
    with pytest.raises(KeyError, match="nope"):
        fst24._core.arrow_schema(("nope",), None)
    with pytest.raises(ValueError, match="PyCapsule"):
        file.table.__arrow_c_stream__(file.table.__arrow_c_stream__())


def test_linked_files_say_which_one_a_row_is_of(gem: Path, gem_rsf: Path) -> None:
    with fst24.open([gem, gem_rsf]) as file:
        frame = file.to_polars()
        rows = [row | {"path": rec.path} for row, rec in zip(one_by_one(file), file, strict=True)]
        assert frame.to_dicts() == rows
        assert file.table.column("path").tolist() == [row["path"] for row in rows]
        assert file.table.column("index").tolist() == list(range(len(file)))
        assert file.table.column("nomvar").tolist() == [row["nomvar"] for row in rows]


def test_an_older_polars_gets_the_same_frame(
    gem: Path, gem_rsf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fst24.open([gem, gem_rsf]) as file:
        expected = file.to_polars(decode_metadata=True)
        monkeypatch.delattr(pl.Series, "__arrow_c_stream__")
        assert_frame_equal(file.to_polars(decode_metadata=True), expected)


def test_a_grtyp_that_cannot_be_printed_is_escaped(tmp_path: Path) -> None:
    types = np.array([b"Z", b"\x01", b"\xe9", b"\\", b" "])
    path = many(tmp_path / "odd.fst", 5, grtyp=types)
    expected = ["Z", r"\x01", r"\xe9", "\\", ""]
    with fst24.open(path) as file:
        frame = file.to_polars(decode_metadata=True)
        assert frame["grtyp"].to_list() == expected
        assert file.table.column("grtyp").tolist() == expected
        assert file.table._series("grtyp").to_list() == expected
        decoder = fst24.DefaultMetadataDecoder()
        found = [decoder.decode_metadata(rec.core)["grid_info"] for rec in file]
        assert frame["grid_info"].to_list() == found


@pytest.mark.parametrize("name", ["rsf-empty", "xdf-all-deleted"])
def test_a_file_without_records_has_an_empty_frame(name: str) -> None:
    with fst24.open(golden(f"container/{name}.fst")) as file:
        assert file.to_polars().shape == (0, 23)
        assert file.to_polars(decode_metadata=True).shape == (0, 54)
    empty = fst24.Fst24DataInterface([])
    assert empty.to_polars().schema == file.table.to_polars().schema
    assert empty.to_polars(decode_metadata=True).shape == (0, 54)


def test_a_lazy_frame_is_the_same_when_it_is_collected(gem: Path) -> None:
    with fst24.open(gem) as file:
        lazy = file.to_polars(lazy=True)
        assert isinstance(lazy, pl.LazyFrame)
        assert_frame_equal(lazy.collect(), file.to_polars())


# ------------------------------------------------------------------------------- decoded


def test_decoding_adds_columns_and_is_asked_for(gem: Path) -> None:
    plain, decoded = fst24.read_metadata(gem), fst24.read_metadata(gem, decode_metadata=True)
    assert_frame_equal(decoded.select(plain.columns), plain)
    assert decoded.columns[plain.width :] == list(_schema())
    assert decoded.schema == plain.schema | _schema()


def _schema() -> dict[str, Any]:
    from fst24.table._decoder import _schema as schema

    return schema()


def test_known_records_decode_to_what_they_are(gem_rsf: Path) -> None:
    frame = fst24.read_metadata(gem_rsf, decode_metadata=True)
    tt = frame.filter(nomvar="TT", level=1.0).row(0, named=True)
    assert tt["valid_time"] == dt.datetime(2024, 5, 17, 15)  # noqa: DTZ001 - as the columns are
    assert tt["origin_time"] == dt.datetime(2024, 5, 17, 12)  # noqa: DTZ001
    assert tt["lead_time"] == dt.timedelta(hours=3)
    assert (tt["level_kind"], tt["level_unit"]) == (5, "1")
    assert (tt["ip2_value"], tt["ip2_kind"], tt["ip2_unit"]) == (3.0, 10, "h")
    assert (tt["run"], tt["long_name"], tt["units"]) == ("G5", "air temperature", "degC")
    axes = frame.filter(nomvar=">>").row(0, named=True)
    assert axes["grid"] == tt["grid"]
    assert axes["level"] is None
    assert axes["ip2_value"] is None


def test_what_means_nothing_is_null_and_its_raw_value_stays(tmp_path: Path) -> None:
    path = many(
        tmp_path / "odd.fst",
        4,
        ip1=np.array([32768, 177809344, 0, 93423264]),  # nothing, a time, 0 hPa, 1 hybrid
        ip2=np.array([32768, 12, 177809344, 0]),
        ip3=np.array([40000, 7, 251658247, 0]),
        datev=np.array([999, 101010101, 0, 473303600]),
        typvar=np.array([b"PH", b"@@", b"P@", b"P"]),
    )
    frame = fst24.read_metadata(path, decode_metadata=True)
    assert frame["ip1"].to_list() == [32768, 177809344, 0, 93423264]
    assert frame["level"].to_list() == [None, None, 0.0, 1.0]
    assert frame["level_kind"].to_list() == [None, None, 2, 5]
    assert frame["level_unit"].to_list() == [None, None, "hPa", "1"]
    assert frame["ip2_value"].to_list() == [None, 12.0, 6.0, 0.0]
    assert frame["ip3_value"].to_list() == [None, 7.0, 7.0, 0.0]
    assert frame["ip3_kind"].to_list() == [None, 3, 15, 3]
    assert frame["valid_time"].null_count() == 3
    assert frame["missing_data"].to_list() == [True, False, False, False]
    assert frame["masks"].to_list() == [False, True, False, False]
    assert frame["masked"].to_list() == [False, False, True, False]


def test_flags_and_data_types_have_their_names(tmp_path: Path) -> None:
    types = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 129, 130, 133, 134, 65, 198, 9, 63])
    frame = fst24.read_metadata(
        many(tmp_path / "types.fst", len(types), datyp=types), decode_metadata=True
    )
    names = [
        *("binary", "quantized real", "unsigned integer", "characters", "signed integer"),
        *("IEEE real", "block-quantized real", "string", "complex", "quantized real"),
        *("unsigned integer", "IEEE real", "block-quantized real", "quantized real"),
        *("block-quantized real", None, None),
    ]
    assert frame["data_type"].to_list() == names
    assert frame["missing_data"].to_list() == [bool(t & 64) for t in types]
    # docs/format/metadata.md, 4.1
    for flag in (
        *("bounded", "missing_data", "masked", "masks", "ensemble_extra_info"),
        *("multiple_modifications", "unit_converted", "zapped", "filtered", "interpolated"),
    ):
        assert frame.schema[flag] == pl.Boolean


def test_a_validity_that_is_no_date_has_no_origin(tmp_path: Path) -> None:
    """The reference's arithmetic makes a stamp of its digits, which is a date, of another field."""
    path = many(
        tmp_path / "odd.fst",
        3,
        datev=np.array([1000, 10101011, 473303600]),
        deet=np.full(3, 3600),
        npas=np.ones(3, np.int32),
    )
    with fst24.open(path) as file:
        frame = file.to_polars(decode_metadata=True)
        decoder = fst24.DefaultMetadataDecoder()
        alone = [decoder.decode_metadata(rec.core)["origin_time"] for rec in file]
    assert fst24.date.decode(int(frame["dateo"][0])) is not None
    assert frame["origin_time"].to_list() == alone
    assert alone == [None, None, dt.datetime(2024, 5, 17, 11)]  # noqa: DTZ001 - as the columns are


def test_text_of_any_length_can_be_decoded(gem: Path) -> None:
    """Frames that went through other hands are decoded all the same."""
    with fst24.open(gem) as file:
        frame = file.to_polars()
        decoder = fst24.DefaultMetadataDecoder()
        expected = decoder.decode_table(frame)
    longer = frame.with_columns(pl.lit("R1 too long for a view").alias("etiket"))
    assert decoder.decode_table(longer)["label"].unique().to_list() == [" too long for a view"]
    categories = frame.with_columns(pl.col("nomvar").cast(pl.Categorical))
    assert_frame_equal(decoder.decode_table(categories), expected)


class Winds(fst24.DefaultMetadataDecoder):
    """Adds a field, per record alone."""

    def decode_metadata(self, core: fst24.CoreMetadata) -> dict[str, Any]:
        return super().decode_metadata(core) | {"is_wind": core.nomvar in ("UU", "VV")}


class FastWinds(Winds):
    """Adds it for a table at once, too."""

    def decode_table(self, table: pl.DataFrame) -> pl.DataFrame:
        added = fst24.DefaultMetadataDecoder.decode_table(self, table)
        return added.with_columns(table["nomvar"].is_in(["UU", "VV"]).alias("is_wind"))


def test_a_decoder_can_be_subclassed(gem: Path) -> None:
    with fst24.open(gem) as file:
        by_record = fst24.Fst24DataInterface(file, decoder=Winds())
        at_once = fst24.Fst24DataInterface(file, decoder=FastWinds())
        frame = by_record.to_polars(decode_metadata=True)
        assert_frame_equal(frame, at_once.to_polars(decode_metadata=True))
        assert_frame_equal(frame, file.to_polars(decode_metadata=True, decoder=Winds()))
        assert frame["is_wind"].sum() == 24
        assert by_record[3:5].to_polars(decode_metadata=True).width == frame.width
        plain = fst24.MetadataDecoder()
        assert_frame_equal(file.to_polars(decode_metadata=True, decoder=plain), file.to_polars())


def test_names_come_in_french_and_from_a_given_dictionary(gem: Path) -> None:
    from fst24 import dictionary

    decoder = fst24.DefaultMetadataDecoder(language="fr", dictionary=dictionary.builtin())
    with fst24.open(gem) as file:
        frame = file.to_polars(decode_metadata=True, decoder=decoder)
    assert frame.filter(nomvar="TT")["long_name"][0] == "température de l'air"


# ------------------------------------------------------------------------- sets of records


def test_a_set_of_records_keeps_their_order(gem: Path, gem_rsf: Path) -> None:
    with fst24.open(gem) as one, fst24.open(gem_rsf) as other:
        records = [one[5], one[3], one[3]]
        frame = fst24.Fst24DataInterface(records).to_polars()
        assert frame["index"].to_list() == [5, 3, 3]
        assert frame["nomvar"].to_list() == [rec.nomvar for rec in records]
        mixed = fst24.Fst24DataInterface([other[1], *records])
        assert mixed.to_polars()["path"].to_list() == [str(gem_rsf), *[str(gem)] * 3]
        lone = fst24.decode_record(one[4].stored())
        assert fst24.Fst24DataInterface([lone]).to_polars()["nomvar"].to_list() == [lone.nomvar]


def test_rows_become_records_again(gem: Path) -> None:
    with fst24.open(gem) as file:
        frame = file.to_polars(decode_metadata=True)
        wanted = frame.filter(nomvar="UU").sort("level", descending=True)
        records = file.read_records(wanted)
        assert [rec.index for rec in records] == wanted["index"].to_list()
        assert file.read_records(wanted.lazy()) == records
        assert file.read_records(wanted.select("index")) == records
        assert file.read_records(wanted.select("offset", "nbytes")) == records
        assert file.read_records(frame) == list(file)
        assert file.read_records(frame.clear()) == []
        arrays = file.read(wanted, threads=2)
        assert all((a == rec.data).all() for a, rec in zip(arrays, records, strict=True))


def test_rows_of_linked_files_become_records_again(gem: Path, gem_rsf: Path) -> None:
    with fst24.open([gem, gem_rsf]) as file:
        wanted = file.to_polars().filter(nomvar="P0").reverse()
        records = file.read_records(wanted)
        assert [rec.path for rec in records] == [str(gem_rsf), str(gem)]
        expected = [rec.data for rec in records]
    arrays = fst24.read(wanted)
    assert all((a == b).all() for a, b in zip(arrays, expected, strict=True))
    # In another order of files the indices are others: offsets still tell.
    with fst24.open([gem_rsf, gem]) as file:
        assert [rec.path for rec in file.read_records(wanted)] == [str(gem_rsf), str(gem)]
    assert fst24.read(wanted.clear()) == []


def test_rows_of_another_file_are_refused(gem: Path, gem_rsf: Path) -> None:
    frame = fst24.read_metadata(gem)
    with fst24.open(gem_rsf) as file:
        with pytest.raises(fst24.FileChangedError, match="row 0"):
            file.read_records(frame)
        with pytest.raises(fst24.FileChangedError):
            file.read_records(pl.DataFrame({"index": [10**6]}))
        with pytest.raises(fst24.InvalidArgumentError, match="index or offset"):
            file.read_records(frame.select("nomvar"))
    with pytest.raises(fst24.InvalidArgumentError, match="no column path"):
        fst24.read(frame)


def test_rows_of_a_file_that_was_written_again_are_refused(tmp_path: Path) -> None:
    path = many(tmp_path / "run.fst", 3, ip1=np.arange(3))
    frame = fst24.read_metadata([path, path])
    many(path, 3, ip1=np.arange(3) + 10)
    with pytest.raises(fst24.FileChangedError, match="list it again"):
        fst24.read(frame)


# ------------------------------------------------------------------------------- numbers


def test_distinct_rows_are_numbered_in_the_order_they_come() -> None:
    rng = np.random.default_rng(5)
    a = rng.integers(0, 200, 20_000).astype(np.int32)
    b = rng.integers(0, 50, 20_000)
    codes, rows = _table.distinct(a, b)
    pairs = list(zip(a.tolist(), b.tolist(), strict=True))
    order = list(dict.fromkeys(pairs))
    assert [pairs[row] for row in rows] == order
    assert [order[code] for code in codes] == pairs
    assert [pairs.index(pair) for pair in order[:50]] == rows[:50].tolist()


def test_distinct_texts_are_those_of_the_column() -> None:
    texts = [f"T{i * 7919 % 5000}" for i in range(20_000)]
    column = pl.concat([pl.Series(texts[:777]), pl.Series(texts[777:])])
    values, distinct = _columns._of_text(column)
    assert distinct == list(dict.fromkeys(texts))
    assert [distinct[code] for code in values.codes] == texts


@pytest.mark.parametrize(
    "columns",
    [
        (),
        [np.zeros(3, np.int32)],
        (np.zeros(3, np.int16),),
        (np.zeros(3, np.int32), np.zeros(4, np.int32)),
        (np.zeros(3, np.int64),) * 9,
        (np.zeros((4, 4), np.int32)[:, 1],),
    ],
)
def test_columns_that_cannot_be_numbered_are_refused(columns: Any) -> None:
    with pytest.raises((TypeError, ValueError, BufferError)):
        fst24._core.distinct_rows(columns)


@pytest.mark.parametrize("index", [[1.7], [True], ["a"], [None], [float("nan")]])
def test_an_index_that_is_no_place_is_refused(gem: Path, index: list[object]) -> None:
    frame = pl.DataFrame({"index": index})
    with fst24.open(gem) as f, pytest.raises(fst24.InvalidArgumentError, match="index"):
        f.read_records(frame)
