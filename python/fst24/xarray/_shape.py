"""From the records of a variable to its axes, and to the cube of their places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fst24 import InvalidArgumentError
from fst24.table._table import distinct

from . import _times
from ._axes import Axis, is_full, numbered
from ._ensemble import ensemble_axis, in_order
from ._headers import NEVER
from ._levels import ABOVE_GROUND, MODEL_KINDS, levels_of
from ._tiles import tile_axis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from ._grids import Grids
    from ._group import Group
    from ._headers import Headers
    from ._levels import Verticals
    from ._notes import Notes
    from ._options import Options
    from ._series import Laid

    Ints = npt.NDArray[np.int64]
    #: An axis and the place of each row on it.
    Along = tuple[Axis, Ints]

_FAMILIES = {"momentum": "momentum", "thermo": "thermodynamic", "w": "vertical_velocity"}
#: Orders in which axes stand, outermost first (cf.md, 2.1).
_ORDER = ("time", "forecast", "ensemble", "accum", "ip3", "ip2")
#: Records named in a message.
_MOST_NAMED = 4


@dataclass
class Shaped:
    """A variable: its outer axes and the row of each combination, -1 where there is none."""

    group: Group
    axes: tuple[Axis, ...]
    rows: Ints
    masks: Ints | None
    #: Whether some combinations have no record.
    has_gaps: bool
    #: Axes within a record, where they are not those of a grid.
    inner: tuple[Axis, ...] = ()

    def time(self) -> Axis | None:
        """The axis of validity."""
        axes = (*self.axes, *self.inner)
        return next((axis for axis in axes if axis.base == "time" and axis.sides), None)


class Shaper:
    """Puts records of variables in order; what all of them need is made once."""

    def __init__(
        self,
        headers: Headers,
        grids: Grids,
        verticals: Verticals,
        options: Options,
        notes: Notes,
    ) -> None:
        self._headers, self._grids, self._verticals = headers, grids, verticals
        self._options, self._notes = options, notes

    def shape(self, group: Group) -> list[Shaped]:
        """One variable, or several where records cannot be told apart by axes."""
        headers = self._headers
        laid = self._grids.series.lay(group.rows)
        if laid is not None:
            return self._of_stations(group, laid)
        undated = headers.valid[group.rows] == NEVER
        if undated.any() and not undated.all():
            dated = replace(group, rows=group.rows[~undated])
            part = "_".join(filter(None, (group.part, "no_date")))
            constant = replace(group, rows=group.rows[undated], part=part)
            return [*self.shape(dated), *self.shape(constant)]
        rows = group.rows
        if group.klass in MODEL_KINDS and (headers.level.kind[rows] != group.klass).all():
            group.klass = ABOVE_GROUND  # what was split off holds the diagnostic level alone
        levels = levels_of(headers, rows, group.nomvar, group.klass, self._verticals, self._options)
        if self._options.levels is not None and levels.vertical is not None:
            family = getattr(levels.vertical, _FAMILIES[self._options.levels])
            keep = np.isin(headers["ip1"][rows], family)
            if not keep.all() and levels.vertical.source == "!!":
                # Some levels, as 1.0, are of both families.
                is_other = any(
                    np.isin(headers["ip1"][rows], getattr(levels.vertical, other)).all()
                    for other in _FAMILIES.values()
                )
                fewer = replace(group, rows=rows[keep])
                return [] if is_other or not keep.any() else self.shape(fewer)
        along: list[Along] = []
        if group.is_ensemble:
            along.append(self._members(rows))
        if levels.axis is not None:
            along.append((levels.axis, levels.at))
        if self._grids.is_tiled(group.grid):
            group.tiles, which = self._grids.tiles(group.grid, rows)
            along.append((tile_axis(len(group.tiles)), which))
        return self._told_apart(group, along)

    def _of_stations(self, group: Group, laid: Laid) -> list[Shaped]:
        """Series: records of one station each, or of all of them."""
        along = list(zip(laid.outer, laid.places, strict=True))
        flat = _flat(along, len(group.rows))
        told_apart = len(np.unique(flat)) == len(flat)
        found = (self._shaped if told_apart else self._conflict)(group, along, flat)
        return [replace(one, inner=tuple(laid.inner)) for one in found]

    def _members(self, rows: Ints) -> Along:
        codes = self._headers.codes("etiket")[rows]
        texts = self._headers.texts("etiket")
        used = np.unique(codes).tolist()
        ordered = in_order([texts[code] for code in used])
        place = {text: at for at, text in enumerate(ordered)}
        at = np.array([place[texts[code]] for code in range(len(texts)) if code in used], np.int64)
        return ensemble_axis(ordered), at[np.searchsorted(used, codes)]

    # ------------------------------------------------------------------------ telling apart

    def _told_apart(self, group: Group, along: list[Along]) -> list[Shaped]:
        """With a time axis, and with further ones where records need them."""
        rows = group.rows
        begin = _times.begins(self._headers, rows, group.nomvar, self._options)
        offered = list(self._axes_offered(group, begin))
        for more in offered:
            every = _in_order([*more, *along])
            flat = _flat(every, len(rows))
            sizes = [axis.size for axis, _ in every]
            if len(np.unique(flat)) == len(rows) and (
                more is offered[0]
                or is_full(len(rows), sizes, flat)
                or _are_runs(more, len(rows), sizes)
            ):
                if more is not offered[0]:
                    self._tell_of(group, more)
                return self._shaped(group, every, flat)
        chosen = self._options.on_conflict in ("first", "last")
        for name in () if chosen else ("ip3", "ip2"):
            parts = self._split(group, name, [*offered[0], *along])
            if parts is not None:
                return parts
        every = _in_order([*offered[0], *along])
        return self._conflict(group, every, _flat(every, len(rows)))

    def _axes_offered(self, group: Group, begin: Ints) -> Iterator[list[Along]]:
        """Axes beside level and member, as few as possible first."""
        headers, rows, options = self._headers, group.rows, self._options
        valid, origin, lead = (
            column[rows] for column in (headers.valid, headers.origin, headers.lead)
        )
        if valid[0] == NEVER:
            base: list[Along] = []
        elif options.forecast_axis:
            base = _runs(origin, lead)
        else:
            base = [self._time(valid, origin, begin)]
        yield base
        known = begin != NEVER
        if known.all():
            lengths, at = numbered(valid - begin)
            if len(lengths) > 1:
                yield [*base, (_times.lengths_axis(lengths), at)]
        if base and options.forecast_axis is None and len(np.unique(origin)) > 1:
            yield _runs(origin, lead)
        for name, about in (("ip3", "ip3 as stored"), ("ip2", "ip2 as stored")):
            values, at = numbered((headers.ip3 if name == "ip3" else headers[name])[rows])
            if len(values) > 1:
                yield [*base, (_times.plain_axis(name, values, about), at)]

    @staticmethod
    def _time(valid: Ints, origin: Ints, begin: Ints) -> Along:
        times, at = numbered(valid)
        return _times.time_axis(
            times, _agreed(origin, at, len(times)), _agreed(begin, at, len(times))
        ), at

    def _tell_of(self, group: Group, more: Sequence[Along]) -> None:
        for axis, _ in more:
            if axis.base in ("ip3", "ip2"):
                self._notes.add(
                    f"{axis.base} tells records apart, its purpose is not known",
                    f"{group.nomvar}: {axis.size} values",
                    f"it is a dimension; accumulated=[{group.nomvar!r}] makes it a period",
                )

    def _split(self, group: Group, name: str, along: list[Along]) -> list[Shaped] | None:
        """A variable for each value of a field that tells records apart; None: it does not.

        What is left of alike records in one of them is told apart by the next field.
        """
        rows = group.rows
        values, which = numbered(self._headers[name][rows])
        flat = _flat(_in_order(along), len(rows))
        rest = [self._headers[other][rows] for other in ("ip2", "ip3")]
        n_places = len(np.unique(flat))
        if len(np.unique(np.stack([flat, *rest]), axis=1).T) < len(rows):
            return None  # some are alike whatever is looked at
        if len(values) == 1 or len(np.unique(np.stack([flat, which]), axis=1).T) == n_places:
            return None
        found: list[Shaped] = []
        for k, value in enumerate(values.tolist()):
            part = "_".join(filter(None, (group.part, f"{name}_{value}")))
            found += self.shape(replace(group, rows=group.rows[which == k], part=part))
        self._notes.add(
            f"{name} tells records apart, but not for all of their coordinates",
            f"{group.nomvar}: {len(values)} values",
            "there is a variable for each; forecast_axis=True has axes of origin and lead time",
        )
        return found

    def _conflict(self, group: Group, along: list[Along], flat: Ints) -> list[Shaped]:
        """Records with the same coordinates: one of them counts."""
        options, rows = self._options, group.rows
        order = np.argsort(flat, kind="stable")
        again = np.flatnonzero(np.diff(flat[order]) == 0)
        index = self._headers["index"]
        pairs = [
            f"{index[rows[order[k]]]} and {index[rows[order[k + 1]]]}" for k in again[:_MOST_NAMED]
        ]
        which = f"{group.nomvar}: {len(again)} of {len(rows)} records, as {', '.join(pairs)}"
        kept = "first" if options.on_conflict == "first" else "last"
        advice = (
            f"the {kept} one of each is taken; choose with records= or select=, or by"
            " forecast_axis=True, ensemble=True, on_conflict='first' | 'last' | 'error'"
        )
        if options.on_conflict == "error":
            raise InvalidArgumentError(
                f"{self._headers.file.path}: records have the same coordinates: {which}: choose"
                " with records= or select=, or by forecast_axis=True, ensemble=True"
            )
        if options.on_conflict == "warn":
            self._notes.add("records have the same coordinates", which, advice)
        if kept == "first":
            order = order[::-1]
        return self._shaped(
            replace(group, rows=rows[order]), [(a, at[order]) for a, at in along], flat[order]
        )

    # ------------------------------------------------------------------------------ the cube

    def _shaped(self, group: Group, along: list[Along], flat: Ints) -> list[Shaped]:
        """The variable; none where its axes are hardly filled."""
        axes = tuple(axis for axis, _ in along)
        sizes = tuple(axis.size for axis in axes)
        if not self._is_filled(group, sizes):
            return []
        cube = np.full(int(np.prod(sizes, dtype=np.int64)), -1, np.int64)
        cube[flat] = group.rows  # of rows with one place the last one counts
        n_gaps = int((cube < 0).sum())
        if n_gaps:
            self._notes.add(
                "variables have combinations of coordinates without a record",
                f"{group.nomvar}: {n_gaps:,} of {cube.size:,}",
                "they are NaN",
            )
        masks = None
        if group.masks is not None:
            masks = self._masks(group, cube)
        elif group.is_masked and self._options.masks == "apply":
            self._tell_of_lacking(group, group.rows)
        shaped = cube.reshape(sizes)
        grids = None if masks is None else masks.reshape(sizes)
        return [Shaped(group, axes, shaped, grids, n_gaps > 0)]

    def _is_filled(self, group: Group, sizes: tuple[int, ...]) -> bool:
        """Axes that records fill thinly would take more memory than the records ever did."""
        if int(np.prod(sizes, dtype=np.float64)) <= _MOST_EMPTY * (len(group.rows) + _FEW):
            return True
        shape = " x ".join(f"{n:,}" for n in sizes)
        self._notes.add(
            "records fill hardly any of the combinations of their coordinates",
            f"{group.nomvar}: {len(group.rows):,} records for {shape}",
            "there is no such variable; choose some of them with records= or select=",
        )
        return False

    def _masks(self, group: Group, cube: Ints) -> Ints:
        """The row of the mask of each record, -1 where it has none."""
        headers = self._headers
        assert group.masks is not None  # noqa: S101 - asked for where there are
        fields = np.flatnonzero(cube >= 0)
        rows = np.concatenate([cube[fields], group.masks])
        columns = [headers[name][rows] for name in ("ip1", "ip2", "ip3", "datev")]
        if group.tiles:
            columns += [headers[name][rows] for name in ("ig3", "ig4")]
        codes, firsts = distinct(*columns, headers.codes("etiket")[rows])
        of_code = np.full(len(firsts), -1, np.int64)
        of_code[codes[len(fields) :]] = group.masks  # of several the last one counts
        found = np.full(cube.shape, -1, np.int64)
        found[fields] = of_code[codes[: len(fields)]]
        lacking = cube[fields][(found[fields] < 0) & headers.is_masked[cube[fields]]]
        if len(lacking):
            self._tell_of_lacking(group, lacking)
        return found

    def _tell_of_lacking(self, group: Group, rows: Ints) -> None:
        named = ", ".join(map(str, self._headers["index"][rows[:_MOST_NAMED]].tolist()))
        self._notes.add(
            "masked fields have no mask",
            f"{group.nomvar}: {len(rows)} records, as {named}",
            "all their values count",
        )


def with_all_times(shaped: Sequence[Shaped]) -> list[Shaped]:
    """Variables on one axis of all their times, NaN where one has no record."""
    of_each = [None if one.inner else one.time() for one in shaped]
    axes = [axis for axis in of_each if axis is not None]
    times = [np.array(axis.key, np.int64) for axis in axes]
    every = np.unique(np.concatenate([*times, np.zeros(0, np.int64)]))
    places = [np.searchsorted(every, own) for own in times]
    known = {
        name: _agreed_by_all(places, [axis.sides[name] for axis in axes], len(every))
        for name in ("origins", "start")
    }
    found = []
    for one, axis in zip(shaped, of_each, strict=True):
        if axis is None or axis.size == len(every):
            found.append(one)
            continue
        own = np.searchsorted(every, np.array(axis.key, np.int64))
        sides = {name: values.copy() for name, values in known.items()}
        for name, values in sides.items():
            values[own] = axis.sides[name]
        wide = _times.time_axis(every, sides["origins"], sides["start"])
        found.append(
            replace(
                one,
                axes=tuple(wide if a is axis else a for a in one.axes),
                rows=_spread(one.rows, own, len(every)),
                masks=None if one.masks is None else _spread(one.masks, own, len(every)),
                has_gaps=True,
            )
        )
    return found


def _agreed_by_all(places: Sequence[Ints], sides: Sequence[Sequence[int]], n: int) -> Ints:
    """What axes say of each of n times; `NEVER` where they differ, or say nothing."""
    if not places:
        return np.full(n, NEVER, np.int64)
    at, values = np.concatenate(places), np.concatenate([np.array(s, np.int64) for s in sides])
    said = values != NEVER
    return _agreed(values[said], at[said], n)


def _spread(rows: Ints, own: Ints, n: int) -> Ints:
    """Rows along a longer first axis."""
    found = np.full((n, *rows.shape[1:]), -1, np.int64)
    found[own] = rows
    return found


#: Runs may lack half of the lead times.
_MOST_EMPTY_RUNS = 2
#: A cube may have so many combinations for each record, and a few more.
_MOST_EMPTY, _FEW = 50, 1000


def _runs(origin: Ints, lead: Ints) -> list[Along]:
    origins, at_origin = numbered(origin)
    leads, at_lead = numbered(lead)
    time, forecast = _times.run_axes(origins, leads)
    return [(time, at_origin), (forecast, at_lead)]


def _are_runs(more: Sequence[Along], n_rows: int, sizes: Sequence[int]) -> bool:
    """Whether axes are those of runs, of which some may lack lead times that others have."""
    is_run = any(axis.base == "forecast" for axis, _ in more)
    return is_run and int(np.prod(sizes, dtype=np.float64)) <= _MOST_EMPTY_RUNS * n_rows


def _agreed(values: Ints, at: Ints, n: int) -> Ints:
    """The value of all rows at each place; `NEVER` where they differ."""
    found = np.full(n, NEVER, np.int64)
    found[at] = values
    differ = at[found[at] != values]
    found[differ] = NEVER
    return found


def _in_order(along: Sequence[Along]) -> list[Along]:
    ranks = {base: rank for rank, base in enumerate(_ORDER)} | {"tile": len(_ORDER) + 1}
    return sorted(along, key=lambda one: ranks.get(one[0].base, len(_ORDER)))


def _flat(along: Sequence[Along], n: int) -> Ints:
    """The place of each of n rows among all combinations, those of the last axis closest."""
    flat = np.zeros(n, np.int64)
    for axis, at in along:
        flat = flat * axis.size + at
    return flat
