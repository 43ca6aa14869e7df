"""The decoded columns of a whole table.

A million records have some hundred names, levels, dates and grids. Each column is worked out for
the distinct values of what it depends on (numbered in C) and gathered.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from fst24 import _core, date, etiket, ip, typvar

from . import _meaning
from ._table import distinct

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import numpy.typing as npt

    from fst24.dictionary import Dictionary, Language

_LAST_OLD = 32767
_GRID = ("ni", "nj", "ig1", "ig2", "ig3", "ig4")
_IPS = ("ip1", "ip2", "ip3")


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
        numbered = _core.distinct_texts(column.__arrow_c_stream__(None), len(column))
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


class _Listing:
    """A table while it is decoded: each column is taken, and numbered, once and when needed."""

    def __init__(self, table: pl.DataFrame, dictionary: Dictionary, language: Language) -> None:
        self.table = table
        self.dictionary = dictionary
        self.language: Language = language

    def numbers(self, *names: str) -> list[npt.NDArray[np.int32]]:
        return [self.table.get_column(name).to_numpy() for name in names]

    @cached_property
    def nomvars(self) -> tuple[_Values, list[str]]:
        return _of_text(self.table.get_column("nomvar"))

    @cached_property
    def tagged_rows(self) -> npt.NDArray[np.bool_] | None:
        """Where ips are tags; None: nowhere."""
        names, nomvars = self.nomvars
        tagged = np.array([_meaning.is_tagged(nomvar) for nomvar in nomvars], np.bool_)
        return tagged[names.codes] if tagged.any() else None


class _Group(NamedTuple):
    """Columns that are made together, and the core columns that they are made of."""

    names: tuple[str, ...]
    of: tuple[str, ...]
    make: Callable[[_Listing], list[pl.Expr]]


def _code_group(name: str) -> _Group:
    def make(t: _Listing) -> list[pl.Expr]:
        return _coded(name, t.numbers(name)[0], t.tagged_rows)

    from ._decoder import code_columns

    return _Group(code_columns(name), ("nomvar", name), make)


@cache
def _groups() -> tuple[_Group, ...]:
    """All decoded columns, in their order."""
    return (
        _Group(("origin_time",), ("dateo", "datev"), _origins),
        _Group(("valid_time",), ("datev",), _validities),
        _Group(("lead_time",), ("deet", "npas"), lambda t: _lead_time(*t.numbers("deet", "npas"))),
        *map(_code_group, ("ip1", "ip2", "ip3")),
        _Group(("grid_info", "grid"), ("nomvar", "grtyp", *_GRID, *_IPS), _grids),
        _Group(("data_type", *typvar.columns([])), ("datyp", "typvar"), _types_and_flags),
        _Group(tuple(etiket.columns([])), ("etiket",), _labels),
        _Group(("long_name", "units"), ("nomvar",), _long_names),
    )


def needed_for(wanted: Collection[str]) -> set[str]:
    """The core columns that `decoded_columns` looks at for these columns."""
    return {name for g in _groups() if not set(g.names).isdisjoint(wanted) for name in g.of}


def decoded_columns(
    table: pl.DataFrame,
    dictionary: Dictionary,
    language: Language,
    wanted: Collection[str] | None = None,
) -> pl.DataFrame:
    """What `DefaultMetadataDecoder` says of each row of the core columns ``table``.

    Of the columns ``wanted`` alone, if given: then ``table`` may lack what they do not need.
    """
    listing = _Listing(table, dictionary, language)
    columns = []
    for group in _groups():
        if wanted is None or not set(group.names).isdisjoint(wanted):
            columns += group.make(listing)
    found = pl.select(columns)  # all at once: in parallel, and with one start of the engine
    return found if wanted is None else found.select([n for n in found.columns if n in wanted])


def _labels(listing: _Listing) -> list[pl.Expr]:
    labels, texts = _of_text(listing.table.get_column("etiket"))
    parts = etiket.columns(texts)
    return labels.spread(*(pl.Series(n, found, pl.Utf8) for n, found in parts.items()))


def _long_names(listing: _Listing) -> list[pl.Expr]:
    names, nomvars = listing.nomvars
    known = listing.dictionary.columns(nomvars, language=listing.language)
    return names.spread(*(pl.Series(n, known[n], pl.Utf8) for n in ("long_name", "units")))


def _origins(listing: _Listing) -> list[pl.Expr]:
    """origin_time; none of what has no validity, as `_meaning.origin`."""
    dateo, datev = listing.numbers("dateo", "datev")
    origins = _Values(*distinct(dateo))
    when = _instants(dateo[origins.rows])
    if np.isnat(_instants(datev[distinct(datev)[1]])).any():
        origins = _Values(*distinct(dateo, datev))
        when = _instants(dateo[origins.rows])
        when[np.isnat(_instants(datev[origins.rows]))] = np.datetime64("NaT")
    return origins.spread(pl.Series("origin_time", when))


def _validities(listing: _Listing) -> list[pl.Expr]:
    (datev,) = listing.numbers("datev")
    values = _Values(*distinct(datev))
    return values.spread(pl.Series("valid_time", _instants(datev[values.rows])))


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


def _grids(listing: _Listing) -> list[pl.Expr]:
    """grid_info, and the identifier that fields on one grid share."""
    table = listing.table
    names, nomvars = listing.nomvars
    types, grtyps = _of_text(table.get_column("grtyp"))
    numbers = dict(zip((*_GRID, *_IPS), listing.numbers(*_GRID, *_IPS), strict=True))
    codes, rows, ids = _meaning.grids((names.codes, nomvars), (types.codes, grtyps), numbers)
    info = table.select(pl.struct("grtyp", "ig1", "ig2", "ig3", "ig4").alias("grid_info"))
    spread = _Values(codes, rows).spread(pl.Series("grid", ids, pl.Utf8))
    return [pl.lit(info.to_series()), *spread]


def _types_and_flags(listing: _Listing) -> list[pl.Expr]:
    """data_type, then the flags of typvar."""
    (datyp,) = listing.numbers("datyp")
    types = _Values(*distinct(datyp))
    numbers = datyp[types.rows].tolist()
    missing = [_meaning.has_missing(number) for number in numbers]
    names = [_meaning.data_type(number) for number in numbers]
    data_type, *has_missing = types.spread(
        pl.Series("data_type", names, pl.Utf8), *([pl.Series(missing)] if any(missing) else [])
    )
    letters, typvars = _of_text(listing.table.get_column("typvar"))
    found = typvar.columns(typvars)
    flags = letters.spread(*(pl.Series(name, column, pl.Boolean) for name, column in found.items()))
    if has_missing:
        at = list(found).index("missing_data")
        flags[at] |= has_missing[0]
    return [data_type, *flags]
