"""What there is of each variable: levels, times, grids, types."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import fst24

from ._fields import UNIT_LETTERS, duration_text, plain_level, time_text
from ._where import frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    import polars as pl

    from ._rows import Rows

#: Up to here lists are written out.
MOST_LEVELS, MOST_TIMES = 5, 3
#: Lines of one kind of level of a variable in a tree.
MOST_SETS = 6
_COLUMNS = (
    *("nomvar", "long_name", "units", "level", "level_kind", "valid_time", "grid", "type"),
    "path",
)


class Span(NamedTuple):
    """Levels of one kind: how many different ones, the least and the largest."""

    kind: int
    n: int
    low: float
    high: float

    def text(self) -> str:
        """``10..1000 mb (31)``, ``1.5 M``."""
        return _span(self.low, self.high, self.n, UNIT_LETTERS.get(self.kind, ""))

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        ends = {"min": plain_level(self.low), "max": plain_level(self.high)}
        return (
            {"kind": kind_name(self.kind), "unit": fst24.ip.UNITS.get(self.kind)}
            | ends
            | {"n_levels": self.n}
        )


class Variable(NamedTuple):
    """All records of one name."""

    path: str
    nomvar: str
    long_name: str | None
    units: str | None
    n_records: int
    levels: list[Span]
    first: datetime | None
    last: datetime | None
    n_times: int
    grids: list[str]
    types: list[str]

    def times(self) -> str:
        """``2024-05-17T12:00Z..2024-05-18T12:00Z (25)``."""
        if self.first is None or self.last is None:
            return ""
        ends = [_short(self.first), _short(self.last)]
        return ends[0] if self.n_times == 1 else f"{'..'.join(ends)} ({self.n_times:,})"


def facts(rows: Rows) -> pl.DataFrame:
    """The columns that summaries are made of."""
    return frame(rows, _COLUMNS)


def variables(table: pl.DataFrame, *, per_file: bool) -> Iterator[Variable]:
    """The variables in ``facts``, by name; the path is that of the first of their records."""
    import polars as pl

    keys = ["path", "nomvar"] if per_file else ["nomvar"]
    time = pl.col("valid_time")
    records = [
        pl.col("long_name").first(),
        pl.col("units").first(),
        pl.col("type").count().alias("n_records"),
        time.min().alias("first"),
        time.max().alias("last"),
        time.drop_nulls().n_unique().fill_null(0).alias("n_times"),
        pl.col("grid").drop_nulls().unique(maintain_order=True).alias("grids"),
        pl.col("type").unique(maintain_order=True).alias("types"),
    ]
    if not per_file:
        records.append(pl.col("path").first())
    level = pl.col("level")
    spans = (
        table.filter(level.is_not_null())
        .group_by([*keys, "level_kind"])
        .agg(level.n_unique().alias("n"), level.min().alias("low"), level.max().alias("high"))
    )
    levels: dict[tuple[str, ...], list[Span]] = {}
    for span in spans.sort([*keys, "level_kind"]).iter_rows(named=True):
        known = Span(span["level_kind"], span["n"], span["low"], span["high"])
        levels.setdefault(tuple(span[key] for key in keys), []).append(known)
    found = table.group_by(keys, maintain_order=True).agg(records).sort(keys)
    for one in found.iter_rows(named=True):
        known_levels = levels.get(tuple(one[key] for key in keys), [])
        yield Variable(
            **{name: one[name] for name in Variable._fields if name != "levels"},
            levels=known_levels,
        )


# --------------------------------------------------------------------------------------- trees


class Branch(NamedTuple):
    """Levels of one kind that are there at the same times."""

    kind: int | None
    levels: list[float]
    times: list[datetime]
    #: False where not all of the levels have all of the times.
    complete: bool = True

    def text(self) -> str:
        """One line."""
        parts = [self._levels_text(), self._times_text()]
        return ", ".join(part for part in parts if part) + ("" if self.complete else ", not all")

    def _levels_text(self) -> str:
        unit = UNIT_LETTERS.get(self.kind, "") if self.kind is not None else ""
        if not self.levels:
            return "no level"
        if len(self.levels) <= MOST_LEVELS:
            return f"{', '.join(f'{level:.6g}' for level in self.levels)} {unit}".rstrip()
        return _span(self.levels[0], self.levels[-1], len(self.levels), unit, "levels")

    def _times_text(self) -> str:
        times = self.times
        if not times:
            return "no date"
        if len(times) <= MOST_TIMES:
            return ", ".join(map(_short, times))
        steps = {later - earlier for earlier, later in pairwise(times)}
        every = f" every {duration_text(steps.pop())}" if len(steps) == 1 else ""
        return f"{_short(times[0])}..{_short(times[-1])}{every} ({len(times):,} times)"


def branches(table: pl.DataFrame) -> dict[str, list[Branch]]:
    """For each name the kinds of level, and for each of these what is there when."""
    import polars as pl

    keys = ["nomvar", "level_kind", "level"]
    times = pl.col("valid_time").drop_nulls().unique().sort()
    sets: dict[tuple[str, int | None], dict[tuple[datetime, ...], list[float]]] = {}
    for nomvar, kind, level, when in table.group_by(keys).agg(times).sort(keys).iter_rows():
        same = sets.setdefault((nomvar, kind), {}).setdefault(tuple(when), [])
        same += [] if level is None else [level]
    found: dict[str, list[Branch]] = {}
    for (nomvar, kind), by_times in sets.items():
        found.setdefault(nomvar, []).extend(_few(kind, by_times))
    return found


def _few(kind: int | None, by_times: dict[tuple[datetime, ...], list[float]]) -> list[Branch]:
    if len(by_times) <= MOST_SETS:
        return [Branch(kind, levels, list(times)) for times, levels in by_times.items()]
    levels = sorted(level for some in by_times.values() for level in some)
    return [Branch(kind, levels, sorted({t for times in by_times for t in times}), complete=False)]


def _span(low: float, high: float, n: int, unit: str, what: str = "") -> str:
    if n == 1:
        return f"{low:.6g} {unit}".rstrip()
    return f"{low:.6g}..{high:.6g} {unit}".rstrip() + f" ({f'{n:,} {what}'.rstrip()})"


def _short(when: datetime) -> str:
    """A time without seconds where there are none."""
    return time_text(when).replace(":00Z", "Z") if not when.second else time_text(when)


def kind_name(kind: int | None) -> str | None:
    """The name of a kind of level, ``"hybrid"``."""
    names: Sequence[str] = [name for name, number in fst24.ip.KINDS.items() if number == kind]
    return names[0] if names else None
