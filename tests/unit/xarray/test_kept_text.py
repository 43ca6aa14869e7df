"""What is kept of records, as text in files."""

from __future__ import annotations

import pytest

import fst24
from fst24.grid import Grid
from fst24.vertical import Vertical
from fst24.xarray._kept_text import kept_of_text, kept_text
from tests.conftest import golden


def test_header_fields_come_back() -> None:
    kept = {"nomvar": "TT", "etiket": "G5V12N", "ip1": (93423264, 12000), "dateo": 473303600}
    text = kept_text(kept)
    assert text is not None
    assert kept_of_text(text) == kept


def test_every_golden_grid_comes_back() -> None:
    with fst24.open(golden("grids/xdf-grids.fst")) as f:
        n = 0
        for record in f:
            if fst24.is_descriptor(record.nomvar):
                continue
            try:
                grid = f.grid(record)
            except (fst24.UnsupportedError, fst24.RecordNotFoundError):
                continue
            text = kept_text({"grid": grid})
            assert text is not None
            assert kept_of_text(text)["grid"] == grid
            n += 1
    assert n > 30


def test_every_golden_table_of_levels_comes_back() -> None:
    versions = set()
    with fst24.open(golden("vertical/xdf-vertical.fst")) as f:
        for record in f:
            if fst24.is_descriptor(record.nomvar):
                continue
            vertical = f.vertical(record)
            if vertical is None:
                continue
            text = kept_text({"vertical": vertical})
            assert text is not None
            assert kept_of_text(text)["vertical"] == vertical
            versions.add(vertical.vcode)
    assert len(versions) > 8


def test_a_rule_of_levels_comes_back() -> None:
    vertical = Vertical.from_ip1s([12000, 11950, 11500])
    text = kept_text({"vertical": vertical})
    assert text is not None
    back = kept_of_text(text)["vertical"]
    assert back == vertical
    assert back.levels([12000]).b.tolist() == vertical.levels([12000]).b.tolist()


def test_positions_of_many_points_are_not_text() -> None:
    n = 2**16 + 1
    grid = Grid("Y", n, 1, (1, 2, 3, 0), ax=range(n), ay=[0.0] * n, ref_grtyp="L")
    assert kept_text({"grid": grid}) is None


def test_what_is_not_plain_is_left_out() -> None:
    assert kept_text({"file": object()}) is None
    assert kept_text({"file": object(), "nomvar": "TT"}) == '{"nomvar":"TT"}'


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "7", "{", "null", '"TT"', "[" * 100_000),
        '{"grid":7}',
        '{"grid":{"grtyp":"Z"}}',
        '{"grid":{"grtyp":"?","ni":-1,"nj":2,"ig":[],"ref_grtyp":"","ref_ig":[],"ax":1,"ay":2}}',
        '{"vertical":{"kind":5}}',
        '{"vertical":[1e400]}',
    ],
)
def test_nonsense_keeps_nothing(text: str) -> None:
    assert kept_of_text(text) == {}


def test_an_attribute_that_is_no_text_keeps_nothing() -> None:
    assert kept_of_text(7.5) == {}
