"""Whatever a query asks of a scan, it gets what it would get of a frame that has everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import fst24
from fst24.table import _index
from tests.conftest import golden
from tests.support.listing import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COLUMNS = ("nomvar", "ip1", "ip2", "etiket", "grtyp", "index", "offset", "path")
DECODED = ("level", "level_unit", "valid_time", "masked", "units", "grid", "ip2_value")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 files of both containers, among them a model's."""
    directory = tmp_path_factory.mktemp("run")
    names = np.array([b"TT", b"UU", b"P0", b">>", b"HY"])
    for k in range(1, 19):
        n = np.arange(k)
        fields = {"nomvar": names[(n + k) % 5], "ip1": n * 100, "ip2": np.full(k, k)}
        many(directory / f"f{k:02d}", k, backend="XDF" if k % 2 else "RSF", **fields)
    for hour in ("000", "003"):
        (directory / f"m{hour}").symlink_to(golden(f"model/gem-2024051712_{hour}.fst"))
    return directory


@pytest.fixture(scope="module", autouse=True)
def _files_are_at_rest() -> Iterator[None]:
    settled, _index.SETTLED_NS = _index.SETTLED_NS, 0
    yield
    _index.SETTLED_NS = settled


@pytest.fixture(scope="module")
def everything(run: Path) -> pl.DataFrame:
    """All rows, read file by file."""
    frames = [
        fst24.read_metadata(path, decode_metadata=True).with_columns(
            pl.lit(str(path)).alias("path")
        )
        for path in sorted(run.iterdir())
    ]
    return pl.concat(frames).select(fst24.scan(run, decode_metadata=True).collect_schema().names())


def conditions() -> st.SearchStrategy[pl.Expr]:
    """Predicates over raw and decoded columns and the path, combined in any way."""
    numbers = st.sampled_from(["ip1", "ip2", "index", "level", "ip2_value"])
    texts = {
        "nomvar": ["TT", "UU", "P0", "GZ", ">>", ""],
        "units": ["degC", "kt", "hPa"],
        "level_unit": ["hPa", "1", "m"],
        "grtyp": ["Z", "E", "X"],
    }
    compare = st.builds(
        lambda name, value, way: {
            "<": pl.col(name) < value,
            ">=": pl.col(name) >= value,
            "==": pl.col(name) == value,
            "in": pl.col(name).cast(pl.Int64).is_in([value, value + 1]),
        }[way],
        numbers,
        st.integers(-1, 1200),
        st.sampled_from(["<", ">=", "==", "in"]),
    )
    is_text = st.sampled_from(sorted(texts)).flatmap(
        lambda name: st.sampled_from(texts[name]).map(lambda text: pl.col(name) == text)
    )
    of_path = st.sampled_from(["f0", "f1[0-4]", "m00", "7$", "none"]).map(
        pl.col("path").str.contains
    )
    others = st.sampled_from(
        [
            pl.col("masked"),
            pl.col("valid_time").is_null(),
            pl.lit(value=True),
            pl.col("nomvar") == pl.col("nomvar").first(),
            pl.col("ip1") == pl.col("ip1").max().over("path"),
        ]
    )
    return st.recursive(
        compare | is_text | of_path | others,
        lambda inner: st.one_of(
            st.builds(lambda a, b: a & b, inner, inner),
            st.builds(lambda a, b: a | b, inner, inner),
            inner.map(lambda a: ~a),
        ),
        max_leaves=6,
    )


@st.composite
def queries(draw: st.DrawFn) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """Some first rows, filters, some first rows of these, some columns."""
    first, after = draw(st.none() | st.integers(0, 250)), draw(st.none() | st.integers(0, 60))
    where = draw(st.lists(conditions(), max_size=3))
    names = st.lists(st.sampled_from(COLUMNS + DECODED), min_size=1, unique=True)
    columns = draw(names | st.none())

    def query(frame: pl.LazyFrame) -> pl.LazyFrame:
        frame = frame if first is None else frame.head(first)
        for condition in where:
            frame = frame.filter(condition)
        frame = frame if after is None else frame.head(after)
        return frame if columns is None else frame.select(columns)

    return query


@given(queries(), st.sampled_from(["in-memory", "streaming"]), st.booleans())
def test_a_query_of_a_scan_is_the_query_of_all_its_rows(
    run: Path,
    everything: pl.DataFrame,
    query: Callable[[pl.LazyFrame], pl.LazyFrame],
    engine: Literal["in-memory", "streaming"],
    is_cold: bool,
) -> None:
    if is_cold:
        _index.INDEXES.forget()
    found = query(fst24.scan(run, decode_metadata=True)).collect(engine=engine)
    assert_frame_equal(found, query(everything.lazy()).collect())
