"""Whatever a record's metadata are, the table says of them what the record does."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fst24
from fst24.table._decoder import decode_table

INT32 = st.integers(-(2**31), 2**31 - 1)
IPS = st.one_of(st.integers(0, 2**28 - 1), st.integers(0, 33000), INT32)
STAMPS = st.one_of(INT32, st.sampled_from([0, -1, 10101011, 101010101, 473303600]))
LETTERS = st.characters(min_codepoint=32, max_codepoint=95)
NAMES = st.one_of(
    st.sampled_from([">>", "^^", "!!", "##", "HY", "TT", "UU", ""]), st.text(LETTERS, max_size=4)
)


@st.composite
def cores(draw: st.DrawFn) -> fst24.CoreMetadata:
    """Metadata of a record, likely or not; texts as the table has them."""
    return fst24.CoreMetadata(
        nomvar=draw(NAMES).rstrip(),
        typvar=draw(st.text(LETTERS, max_size=2)).rstrip(),
        etiket=draw(st.text(LETTERS, max_size=12)).rstrip(),
        datev=draw(STAMPS),
        ip1=draw(IPS),
        ip2=draw(IPS),
        ip3=draw(IPS),
        ni=draw(INT32),
        nj=draw(INT32),
        nk=draw(INT32),
        grtyp=draw(st.sampled_from(["Z", "L", "#", "X", "", "\\xe9"])),
        ig1=draw(INT32),
        ig2=draw(INT32),
        ig3=draw(INT32),
        ig4=draw(INT32),
        dateo=draw(STAMPS),
        deet=draw(INT32),
        npas=draw(INT32),
        datyp=draw(st.integers(0, 255)),
        nbits=draw(st.integers(0, 255)),
    )


class Tall(fst24.DefaultMetadataDecoder):
    """Adds a field and changes one, per record alone."""

    def decode_metadata(self, core: fst24.CoreMetadata) -> dict[str, Any]:
        known = super().decode_metadata(core)
        return known | {"is_tall": core.nj > core.ni, "run": core.etiket[:3]}


class FastTall(Tall):
    """Does so for a table at once, too."""

    def decode_table(self, table: pl.DataFrame) -> pl.DataFrame:
        return fst24.DefaultMetadataDecoder.decode_table(self, table).with_columns(
            table["etiket"].str.slice(0, 3).alias("run"),
            (table["nj"] > table["ni"]).alias("is_tall"),
        )


@pytest.mark.parametrize("kind", [fst24.DefaultMetadataDecoder, Tall, FastTall])
@given(records=st.lists(cores(), min_size=1, max_size=8), data=st.data())
def test_records_and_tables_are_decoded_alike(
    kind: type[fst24.DefaultMetadataDecoder],
    records: list[fst24.CoreMetadata],
    data: st.DataObject,
) -> None:
    records = [
        records[i] for i in data.draw(st.lists(st.integers(0, len(records) - 1), max_size=9))
    ]
    names = fst24.CoreMetadata.__slots__
    table = pl.DataFrame(
        {
            name: pl.Series(
                name,
                [getattr(core, name) for core in records],
                pl.String if name in ("nomvar", "typvar", "etiket", "grtyp") else pl.Int32,
            )
            for name in names
        }
    )
    decoder = kind()
    assert decode_table(decoder, table).to_dicts() == [decoder.decode_metadata(r) for r in records]


@given(st.lists(IPS, max_size=20))
def test_codes_are_decoded_alike_alone_and_together(codes: list[int]) -> None:
    value, kind = fst24.ip.decode(np.array(codes, np.int64))
    for code, v, k in zip(codes, value, kind, strict=True):
        one = fst24.ip.decode(code)
        assert one.kind == k
        assert one.value == v or (np.isnan(v) and np.isnan(one.value))
