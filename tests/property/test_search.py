"""A search by meaning finds what the same filter finds in the decoded table."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

import fst24
from tests.conftest import golden

FILES = ("gem-2024051712_000", "gem-2024051712_003", "press-2024051712_003", "yy-2024051712_003")
KINDS = {"hPa": 2, "hybrid": 5, "M": 4, "above_sea": 0}
RELATIVE = 1e-6


@cache
def opened() -> fst24.Fst24File:
    return fst24.open([golden(f"model/{name}.fst") for name in FILES])


@cache
def decoded() -> pl.DataFrame:
    return opened().to_polars(decode_metadata=True)


def values(name: str) -> list[Any]:
    return decoded()[name].drop_nulls().unique().sort().to_list()


def numbers(name: str) -> st.SearchStrategy[Any]:
    """Values of a column, those beside them, and open ends."""
    return st.sampled_from(values(name)).flatmap(lambda v: st.sampled_from([v, v + 1, v - 1]))


def ranges(ends: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def in_order(pair: tuple[Any, Any]) -> tuple[Any, Any]:
        return pair if None in pair else (min(pair), max(pair))

    return st.tuples(st.none() | ends, st.none() | ends).map(in_order)


def any_of(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return one | st.lists(one, max_size=3) | ranges(one)


def meets(column: pl.Expr, wanted: Any, *, slack: float = 0.0) -> pl.Expr:
    """The filter of Polars that a criterion stands for."""
    if isinstance(wanted, list):
        return pl.any_horizontal(
            pl.lit(value=False), *(meets(column, w, slack=slack) for w in wanted)
        )
    low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    inside = column.is_not_null()
    if low is not None:
        inside &= column >= (low - abs(low) * slack if slack else low)
    if high is not None:
        inside &= column <= (high + abs(high) * slack if slack else high)
    return inside


def seconds(n: int) -> dt.timedelta:
    return dt.timedelta(seconds=n)


TIMES = st.sampled_from([dt.datetime(2024, 5, 17, h) for h in (12, 15, 18)]).flatmap(  # noqa: DTZ001
    lambda t: st.sampled_from([t, t + seconds(1), t - seconds(1)])
)
LEADS = st.sampled_from([0, 3 * 3600, 6 * 3600]).flatmap(
    lambda s: st.sampled_from([seconds(s), seconds(s + 1), seconds(s - 1)])
)


@given(st.data())
def test_a_search_by_meaning_is_a_filter_of_the_decoded_table(data: st.DataObject) -> None:
    criteria: dict[str, Any] = {}
    filters = [pl.lit(value=True)]
    for name in data.draw(
        st.sets(st.sampled_from(["nomvar", "level", "valid_time", "origin_time", "lead_time"]))
        | st.sets(st.sampled_from(["nomvar", "grid", "ni", "ip1", "typvar"]))
    ):
        column = pl.col(name)
        if name == "nomvar":
            start = data.draw(st.sampled_from(["", "T", "U", "P", ">"]))
            criteria[name] = f"{start}*"
            filters.append(column.str.starts_with(start))
        elif name == "level":
            wanted = data.draw(any_of(numbers("level")))
            criteria[name] = wanted
            filters.append(meets(column.cast(pl.Float64), wanted, slack=RELATIVE))
            if data.draw(st.booleans()):
                criteria["level_unit"] = unit = data.draw(st.sampled_from(list(KINDS)))
                filters.append(pl.col("level_kind") == KINDS[unit])
        elif name in ("grid", "typvar"):
            criteria[name] = data.draw(st.sampled_from(values(name)))
            filters.append(column == criteria[name])
        else:
            one = {"lead_time": LEADS, "ni": numbers("ni"), "ip1": numbers("ip1")}.get(name, TIMES)
            criteria[name] = data.draw(any_of(one))
            filters.append(meets(column, criteria[name]))
    try:
        found = opened().select(**criteria).table.column("index").tolist()
    except fst24.EncodingError:  # a level that its unit cannot have is told
        assert "level" in criteria
        return
    wanted_rows = decoded().filter(pl.all_horizontal(filters))["index"].to_list()
    assert found == wanted_rows
    first = opened().find(**criteria)
    assert (None if first is None else first.index) == (wanted_rows[0] if wanted_rows else None)
    assert [r.index for r in opened().iter_records(**criteria)] == wanted_rows
