"""The decoded columns of a whole table.

A million records have some hundred names, levels, dates and grids. Each column is worked out for
the distinct values of what it depends on (numbered in C) and gathered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fst24 import _core, date, etiket, ip, typvar

from . import _meaning
from ._table import distinct

if TYPE_CHECKING:
    import numpy.typing as npt

    from fst24.dictionary import Dictionary, Language

_LAST_OLD = 32767


class _Values:
    """The distinct values in a table, and which of them stands in each row."""

    __slots__ = ("codes", "rows")

    def __init__(self, codes: npt.NDArray[np.int32], rows: npt.NDArray[np.int64]) -> None:
        self.codes = codes
        self.rows = rows

    def spread(self, *found: pl.Series) -> list[pl.Expr]:
        """A value for each distinct one to a value for each row."""
        rows = pl.lit(pl.Series(self.codes.view(np.uint32)))
        return [pl.lit(column).gather(rows).alias(column.name) for column in found]


def _nullable(
    name: str,
    keep: npt.NDArray[np.bool_],
    values: npt.NDArray[Any],
    kind: Any,  # noqa: ANN401
) -> pl.Series:
    """Small numbers, null where ``keep`` is false."""
    return pl.Series(
        name, np.where(keep, values.astype(np.float64), np.nan), nan_to_null=True
    ).cast(kind)


def _of_text(column: pl.Series) -> tuple[_Values, list[str]]:
    """The distinct texts of a column, in the order of their first rows."""
    if hasattr(column, "__arrow_c_stream__") and column.dtype == pl.Utf8:
        numbered = _core.distinct_texts(column.__arrow_c_stream__(), len(column))
        if numbered is not None:
            codes, rows = (
                np.frombuffer(numbered[0], np.int32),
                np.frombuffer(numbered[1], np.int64),
            )
            return _Values(codes, rows), column.gather(rows).to_list()
    # Text that is too long for a view, or categories, or an older Polars.
    column = column.cast(pl.Utf8)
    texts = column.unique()
    codes = column.cast(pl.Enum(texts)).to_physical().cast(pl.Int32).to_numpy()
    values = _Values(*distinct(codes))
    return values, column.gather(values.rows).to_list()


def decoded_columns(
    table: pl.DataFrame, dictionary: Dictionary, language: Language
) -> pl.DataFrame:
    """What `DefaultMetadataDecoder` says of each row of the core columns ``table``."""
    numbers = {
        name: table.get_column(name).to_numpy()
        for name, kind in table.schema.items()
        if kind == pl.Int32
    }
    names, nomvars = _of_text(table.get_column("nomvar"))
    tagged = np.array([_meaning.is_tagged(nomvar) for nomvar in nomvars], np.bool_)
    tagged_rows = tagged[names.codes] if tagged.any() else None
    columns = [
        *_dates(numbers["dateo"], numbers["datev"]),
        *_lead_time(numbers["deet"], numbers["npas"]),
    ]
    for name in ("ip1", "ip2", "ip3"):
        columns += _coded(name, numbers[name], tagged_rows)
    columns += _grids(table, numbers, names, nomvars)
    columns += _types_and_flags(table, numbers["datyp"])
    labels, texts = _of_text(table.get_column("etiket"))
    parts = etiket.columns(texts)
    columns += labels.spread(*(pl.Series(n, found, pl.Utf8) for n, found in parts.items()))
    known = dictionary.columns(nomvars, language=language)
    columns += names.spread(*(pl.Series(n, known[n], pl.Utf8) for n in ("long_name", "units")))
    return pl.select(columns)  # all at once: in parallel, and with one start of the engine


def _dates(dateo: npt.NDArray[np.int32], datev: npt.NDArray[np.int32]) -> list[pl.Expr]:
    """origin_time and valid_time; no origin of what has no validity, as `_meaning.origin`."""
    values = _Values(*distinct(datev))
    valid = _instants(datev[values.rows])
    origins = _Values(*distinct(dateo))
    origin = _instants(dateo[origins.rows])
    if np.isnat(valid).any():
        origins = _Values(*distinct(dateo, datev))
        origin = _instants(dateo[origins.rows])
        origin[np.isnat(_instants(datev[origins.rows]))] = np.datetime64("NaT")
    return [
        *origins.spread(pl.Series("origin_time", origin)),
        *values.spread(pl.Series("valid_time", valid)),
    ]


def _instants(stamps: npt.NDArray[np.int32]) -> npt.NDArray[np.datetime64]:
    when: npt.NDArray[np.datetime64] = date.decode(stamps)
    when[when < np.datetime64("0001-01-01")] = np.datetime64("NaT")  # as datetime has it
    return when.astype("datetime64[us]")


def _lead_time(deet: npt.NDArray[np.int32], npas: npt.NDArray[np.int32]) -> list[pl.Expr]:
    values = _Values(*distinct(deet, npas))
    seconds = deet[values.rows].astype(np.int64) * npas[values.rows]
    has_meaning = np.abs(seconds) <= _meaning.MOST_SECONDS
    lead = np.where(has_meaning, seconds, 0).astype("timedelta64[s]").astype("timedelta64[us]")
    lead[~has_meaning] = np.timedelta64("NaT")
    return values.spread(pl.Series("lead_time", lead))


def _coded(
    name: str, codes: npt.NDArray[np.int32], tagged: npt.NDArray[np.bool_] | None
) -> list[pl.Expr]:
    """Value, kind and unit, as `_meaning.coded`."""
    from ._decoder import code_columns

    names = code_columns(name)
    keys = (codes,) if tagged is None else (codes, tagged.astype(np.int32))
    values = _Values(*distinct(*keys))
    code = codes[values.rows]
    value, kind = ip.decode(code)
    if name == "ip1":
        good = np.isin(kind, ip.LEVEL_KINDS)
    else:
        plain = code <= _LAST_OLD
        value = np.where(plain, code.astype(np.float32), value)
        kind = np.where(plain, 10 if name == "ip2" else 3, kind).astype(np.int32)
        good = (kind >= 0) & (code >= 0)
    if tagged is not None:
        good &= ~tagged[values.rows]
    units = [ip.UNITS.get(k) for k in np.where(good, kind, -1).tolist()]
    return values.spread(
        _nullable(names[0], good, value, pl.Float32),
        _nullable(names[1], good, kind, pl.Int32),
        pl.Series(names[2], units, pl.Utf8),
    )


def _grids(
    table: pl.DataFrame,
    numbers: dict[str, npt.NDArray[np.int32]],
    names: _Values,
    nomvars: list[str],
) -> list[pl.Expr]:
    """grid_info, and the identifier that fields on one grid share."""
    types, grtyps = _of_text(table.get_column("grtyp"))
    codes, rows, ids = _meaning.grids((names.codes, nomvars), (types.codes, grtyps), numbers)
    info = table.select(pl.struct("grtyp", "ig1", "ig2", "ig3", "ig4").alias("grid_info"))
    spread = _Values(codes, rows).spread(pl.Series("grid", ids, pl.Utf8))
    return [pl.lit(info.to_series()), *spread]


def _types_and_flags(table: pl.DataFrame, datyp: npt.NDArray[np.int32]) -> list[pl.Expr]:
    """data_type, then the flags of typvar."""
    types = _Values(*distinct(datyp))
    numbers = datyp[types.rows].tolist()
    missing = [_meaning.has_missing(number) for number in numbers]
    names = [_meaning.data_type(number) for number in numbers]
    data_type, *has_missing = types.spread(
        pl.Series("data_type", names, pl.Utf8), *([pl.Series(missing)] if any(missing) else [])
    )
    letters, typvars = _of_text(table.get_column("typvar"))
    found = typvar.columns(typvars)
    flags = letters.spread(*(pl.Series(name, column, pl.Boolean) for name, column in found.items()))
    if has_missing:
        at = list(found).index("missing_data")
        flags[at] |= has_missing[0]
    return [data_type, *flags]
