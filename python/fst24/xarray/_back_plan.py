"""What each variable of a Dataset becomes: records, all decided before a file is begun."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fst24 import (
    Fst24Error,
    InvalidArgumentError,
    UnsupportedError,
    etiket,
    ip,
)
from fst24.grid import Grid

from ._back_grids import retagged
from ._back_levels import Levels, levels_of
from ._back_names import Name, Names, Units, checked_nomvar, units_of
from ._back_records import Stored, stored_of
from ._back_roles import Roles, kept_of, listed, spread
from ._back_tables import formula_of
from ._back_times import Times
from ._back_values import Packing, checked_datyp, packing_of
from ._place import Placed, Where, placed

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    import numpy.typing as npt

    from fst24 import Fst24Record

    from ._back_grids import Grids
    from ._back_told import Told

#: What attributes of ``rpnstd_metadata`` say as well as what was kept; not how values were packed,
#: which attributes outlive.
_FROM_ATTRS = ("nomvar", "typvar", "etiket", "deet", "ip2", "ip3")
_NUMBERS = ("ip1", "ip2", "ip3", "deet", "npas", "dateo")
_GIVEN = ("nomvar", "typvar", "etiket", *_NUMBERS, "datyp", "nbits")
_TAG = ("ig1", "ig2", "ig3", "ig4")
_OUTER_ROLES = (
    "time",
    "reftime",
    "leadtime",
    "ensemble",
    "realization",
    "accum",
    "ip1",
    "ip3",
    "level",
)
_WITH_AXES, _SERIES = frozenset("Z#YOMU"), frozenset("+T")
#: Dimensions of fields without a known place.
_PLAIN_DIMS = ({"j", "i"}, {"y", "x"}, {"yc", "xc"}, {"rlat", "rlon"})
_NAMELESS = Grid("L", 1, 1, (100, 100, 0, 0))


@dataclass(frozen=True)
class Wishes:
    """Arguments of `to_fst` that are about records."""

    nbits: int | None = None
    datyp: int | str | None = None
    etiket: str | None = None
    typvar: str | None = None
    names: Mapping[Hashable, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        names: Mapping[Any, str | Mapping[str, Any]] | None,
        **wishes: Any,  # noqa: ANN401 - the others
    ) -> Wishes:
        """Arguments as they were given, checked.

        Raises
        ------
        InvalidArgumentError
            Fields that records do not have.
        """
        found: dict[Hashable, Mapping[str, Any]] = {}
        for name, given in (names or {}).items():
            fields = {"nomvar": given} if isinstance(given, str) else dict(given)
            for key in fields:
                if key not in _GIVEN:
                    raise InvalidArgumentError(
                        f"names: {name}: {key!r} cannot be given; {', '.join(_GIVEN)} can"
                    )
            if "nomvar" in fields:
                checked_nomvar(name, fields["nomvar"])
            found[name] = fields
        checked_datyp(wishes.get("datyp"), wishes.get("nbits"))
        return cls(names=found, **wishes)


@dataclass
class Plan:
    """A variable, and the fields of its records."""

    name: Hashable
    variable: xr.Variable
    #: Dimensions that count records.
    outer: tuple[Hashable, ...]
    #: The others, in the order ([k,] [panel,] row, column).
    inner: tuple[Hashable, ...]
    placed: Placed
    #: Numbers and texts, each an array that goes with the outer dimensions.
    fields: dict[str, npt.NDArray[Any]]
    units: Units
    packing: Packing
    times: Times
    levels: Levels
    #: Fields that were asked for: they hold whatever records say.
    asked: frozenset[str]
    stored: Stored | None
    has_k: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the outer dimensions."""
        return tuple(self.variable.sizes[dim] for dim in self.outer)

    @property
    def n_records(self) -> int:
        """How many records there are, gaps counted."""
        return int(np.prod(self.shape, dtype=np.int64))

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Fields of all records, one list each."""
        shape = self.shape
        return {
            name: np.broadcast_to(values, shape).ravel() for name, values in self.fields.items()
        }

    def keys(self) -> list[tuple[Any, ...]]:
        """What no two records have in common."""
        columns = self.columns()
        return list(zip(*(columns[name].tolist() for name in sorted(columns)), strict=True))


def plans_of(parts: list[xr.Dataset], wishes: Wishes, grids: Grids, told: Told) -> list[Plan]:
    """What is written of Datasets, in one file.

    Raises
    ------
    Fst24Error
        What cannot be written; the message names the variable and the way out.
    """
    fields = {name: None for ds in parts for name in ds.data_vars}
    unknown = [name for name in wishes.names if all(name not in ds.variables for ds in parts)]
    if unknown:
        raise InvalidArgumentError(
            f"names: there is no variable {listed(unknown)}: {listed(fields)}"
        )
    keys: dict[tuple[Any, ...], Hashable] = {}
    found: list[Plan] = []
    for ds in parts:
        planner = _Planner(ds, wishes, grids, told, keys)
        found += [planner.plan(name) for name in planner.fields()]
    if not found:
        raise InvalidArgumentError(
            "no variable has a horizontal grid: nothing can be written; variables are "
            f"{listed(fields) or 'not there'}"
        )
    return found


class _Planner:
    """Decides variable by variable."""

    def __init__(
        self,
        ds: xr.Dataset,
        wishes: Wishes,
        grids: Grids,
        told: Told,
        keys: dict[tuple[Any, ...], Hashable],
    ) -> None:
        self.ds, self.wishes, self.grids, self.told = ds, wishes, grids, told
        self.roles, self.names = Roles(ds), Names(told)
        self._keys = keys  # of all records, and the variables that they are of
        self._places: dict[tuple[Any, ...], Placed] = {}

    # ---------------------------------------------------------------------------- which

    def fields(self) -> Iterator[Hashable]:
        """Data variables, and coordinates that are fields; others are told of."""
        aside = self._aside()
        for name in [*self.ds.coords, *self.ds.data_vars]:
            variable = self.ds.variables[name]
            is_field = bool(kept_of(variable).get("nomvar"))
            if name in self.ds.coords and not is_field:
                continue
            if (name in aside or name in self.roles) and not is_field:
                continue
            why = self._unfit(name, variable)
            if why is None:
                yield name
            else:
                self.told.add(why, str(name), "left out")

    def _unfit(self, name: Hashable, variable: xr.Variable) -> str | None:
        if variable.dtype.kind in "SUOVT":
            return "text is no field"
        if variable.dtype.kind in "mM":
            return "dates and lengths of time are no fields"
        if Where(self.ds, name, self.roles).is_somewhere or self._plain(variable):
            return None
        return "it has no horizontal dimensions"

    def _aside(self) -> set[Hashable]:
        """Variables that describe others: bounds, grid mappings, terms of levels, meshes."""
        found: set[Hashable] = set()
        for variable in self.ds.variables.values():
            for key in ("bounds", "grid_mapping", "mesh"):
                text = variable.attrs.get(key, variable.encoding.get(key, ""))
                found |= {word.rstrip(":") for word in str(text).split()}
            terms = str(variable.attrs.get("formula_terms", "")).replace(":", " ").split()
            found |= {
                name
                for name in terms[1::2]
                if name in self.ds.variables and not Where(self.ds, name, self.roles).is_somewhere
            }
        for name, variable in self.ds.variables.items():
            if {"grid_mapping_name", "cf_role"} & set(variable.attrs):
                found.add(name)
        return found

    def _plain(self, variable: xr.Variable) -> bool:
        """A field without a place: its last dimensions say that they are rows and columns."""
        dims = {str(dim).rstrip("0123456789") for dim in variable.dims[-2:]}
        return any(dims == known for known in _PLAIN_DIMS) or (
            "grtyp" in kept_of(variable) and variable.ndim > 0
        )

    # ------------------------------------------------------------------------------ one

    def plan(self, name: Hashable) -> Plan:
        """The records of a variable."""
        variable = self.ds.variables[name]
        given = self.wishes.names.get(name, {})
        kept = self._kept(name, variable)
        place = self._place(name, variable, kept)
        has_k = "k" in variable.dims and not self.roles.of(variable, "level")
        inner = (*(("k",) if has_k else ()), *place.dims)
        levels = levels_of(
            self.roles, name, variable, kept | {k: given[k] for k in ("ip1",) if k in given}
        )
        variable, outer = self._outer(name, variable, inner, levels)
        times = Times(self.roles, name, variable, outer, kept=kept, told=self.told)
        true_axes = place.grid.is_separable if place.grid.has_axes else False
        found = Name(str(given["nomvar"]), is_chosen=True) if "nomvar" in given else None
        found = found or self.names.of(name, variable, true_axes=true_axes)
        nomvar = found.nomvar
        plan = Plan(
            name=name,
            variable=variable,
            outer=outer,
            inner=inner,
            placed=place,
            fields={},
            units=units_of(name, nomvar, variable, self.told),
            packing=Packing({}),
            times=times,
            levels=levels,
            asked=self._asked(given),
            stored=self._stored(variable, outer, inner, place),
            has_k=has_k,
        )
        dtype = (
            np.dtype(np.float32)
            if not plan.units.is_same and variable.dtype.kind in "iub"
            else variable.dtype
        )
        plan.packing = packing_of(
            np.dtype(dtype),
            kept,
            datyp=given.get("datyp", self.wishes.datyp),
            nbits=given.get("nbits", self.wishes.nbits),
        )
        self._fill(plan, nomvar, kept, given)
        return self._apart(plan, is_chosen=found.is_chosen)

    def _kept(self, name: Hashable, variable: xr.Variable) -> dict[str, Any]:
        kept = kept_of(variable)
        if kept.get("grtyp") in _SERIES and kept.get("typvar", "")[:1] == "T":
            self.told.add(
                "it is a time series of stations",
                str(name),
                "written as a field of points for each time and level, names left out",
            )
            return {key: kept[key] for key in ("nomvar", "etiket") if key in kept}
        for key in _FROM_ATTRS:
            value = variable.attrs.get(key)
            if key not in kept and isinstance(value, str | int | np.integer):
                kept[key] = value
        return kept

    def _asked(self, given: Mapping[str, Any]) -> frozenset[str]:
        own = {
            key
            for key in ("etiket", "typvar", "datyp", "nbits")
            if getattr(self.wishes, key) is not None
        }
        return frozenset(own | set(given))

    def _place(self, name: Hashable, variable: xr.Variable, kept: dict[str, Any]) -> Placed:
        where = Where(self.ds, name, self.roles)
        if where.is_somewhere or where.kept is not None:
            if where.key not in self._places:
                found = placed(self.ds, name, northward=True, roles=self.roles)
                grid = found.grid
                if grid == where.kept and grid.grtyp != "#" and {*_TAG} <= set(kept):
                    # Of grids that differ by their tags alone the Dataset has one.
                    ig1, ig2, ig3, ig4 = (int(kept[key]) for key in _TAG)
                    grid = retagged(grid, (ig1, ig2, ig3, ig4))
                grid = self.grids.add(grid)
                self._places[where.key] = found._replace(grid=grid)
                self._add_mesh(variable, grid)
            return self._places[where.key]
        grtyp = kept.get("grtyp")
        if grtyp is None or grtyp in _WITH_AXES:
            written = "written as grtyp X" if grtyp is None else "written without >> and ^^"
            self.told.add("no positions of its points are known", str(name), written)
        size = kept.get("nj", 0), kept.get("ni", 0)
        is_line = variable.shape[-1] == size[0] * size[1] and variable.shape[-2:] != size
        n = 1 if is_line else min(2, variable.ndim)
        return Placed(_NAMELESS, variable.dims[-n:], {})

    def _add_mesh(self, variable: xr.Variable, grid: Grid) -> None:
        """The triangles between points, as UGRID has them."""
        topology = self.ds.variables.get(variable.attrs.get("mesh", ""))
        name = "" if topology is None else topology.attrs.get("face_node_connectivity", "")
        faces = self.ds.variables.get(name)
        if grid.grtyp == "M" and faces is not None and faces.ndim == 2:  # noqa: PLR2004
            self.grids.add_mesh(faces.values - int(faces.attrs.get("start_index", 0)), grid.ig)

    def _outer(
        self, name: Hashable, variable: xr.Variable, inner: tuple[Hashable, ...], levels: Levels
    ) -> tuple[xr.Variable, tuple[Hashable, ...]]:
        """The variable without dimensions of length 1 that say nothing, and those that are left."""
        meant = {levels.dim}
        for role in _OUTER_ROLES:
            for coordinate in self.roles.of(variable, role):
                meant |= set(self.ds.variables[coordinate].dims)
        outer = [dim for dim in variable.dims if dim not in inner]
        idle = [dim for dim in outer if dim not in meant]
        if many := [dim for dim in idle if variable.sizes[dim] > 1]:
            raise UnsupportedError(
                f"{name}: records have no place for the dimension {listed(many)}: give it a "
                "coordinate that CF knows (time, level, realization ...), or write it one by one, "
                f"ds.isel({many[0]}=0)"
            )
        if idle:
            encoding = variable.encoding
            variable = variable.isel(dict.fromkeys(idle, 0))
            variable.encoding = encoding
        return variable, tuple(dim for dim in outer if dim not in idle)

    def _stored(
        self,
        variable: xr.Variable,
        outer: tuple[Hashable, ...],
        inner: tuple[Hashable, ...],
        place: Placed,
    ) -> Stored | None:
        """The records behind the variable, when they can be copied."""
        if place.order or variable.dims != (*outer, *inner) or not kept_of(variable):
            return None
        found = stored_of(variable)
        shape = tuple(variable.sizes[dim] for dim in outer)
        return found if found is not None and found.places.shape == shape else None

    # --------------------------------------------------------------------------- fields

    def _fill(
        self, plan: Plan, nomvar: str, kept: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        grid, levels = plan.placed.grid, plan.levels
        fields = plan.fields
        fields["nomvar"] = np.array(nomvar)
        fields["typvar"] = np.array(
            str(given.get("typvar", self.wishes.typvar or kept.get("typvar", "P")))
        )
        fields["etiket"] = self._etikets(plan, kept, given)
        ip1 = xr.Variable(
            (levels.dim,) if levels.dim is not None else (),
            levels.ip1.squeeze() if levels.dim is None else levels.ip1,
        )
        fields["ip1"] = spread(ip1, plan.outer)
        fields |= plan.times.fields(nomvar)
        for key in _NUMBERS:
            if key in given:
                fields[key] = np.array(int(given[key]))
        is_nameless = grid is _NAMELESS
        fields["grtyp"] = np.array(kept.get("grtyp", "X") if is_nameless else grid.grtyp)
        for key, value in zip(_TAG, grid.ig, strict=True):
            fields[key] = np.array(int(kept.get(key, 0)) if is_nameless else value)
        if plan.stored is not None and not {*_TAG} <= set(kept):
            fields |= self._own_tags(plan, plan.stored)
        elif levels.vertical is not None:
            self.grids.add_vertical(levels.vertical, grid.ig)
        if plan.stored is None:
            self._tell_lost(plan, kept)
        if levels.lacks_table and not self._add_formula(levels, grid):
            self.told.add(
                "its levels need a table (!!) for their pressures, and none was kept",
                str(plan.name),
                "they are written as numbers",
            )

    def _add_formula(self, levels: Levels, grid: Grid) -> bool:
        """Whether coefficients of the levels are there, which make a table."""

        def nomvar_of(name: Hashable) -> str:
            variable = self.ds.variables.get(name)
            given = self.wishes.names.get(name, {}).get("nomvar")
            if variable is None or given:
                return str(given or name)[:4]
            return self.names.of(name, variable, true_axes=False).nomvar

        found = None
        if levels.name in self.ds.variables:
            found = formula_of(self.ds, levels.name, levels.ip1, nomvar_of)
        if found is not None:
            self.grids.add_formula(found, grid.ig)
        return found is not None

    def _own_tags(self, plan: Plan, stored: Stored) -> dict[str, npt.NDArray[Any]]:
        """Tags of records on equal grids, of which the Dataset has one, and what describes each."""
        grid = plan.placed.grid
        tags = np.broadcast_to(np.array(grid.ig), (*plan.shape, len(_TAG))).copy()
        done: set[tuple[int, int, int, int]] = set()
        for index in np.ndindex(plan.shape):
            record = stored.record(index)
            if record is None or record.grtyp != grid.grtyp:
                continue
            tag = record.ig1, record.ig2, record.ig3, record.ig4
            tags[index] = tag
            if tag not in done:
                done.add(tag)
                self.grids.add(retagged(grid, tag))
                self._add_vertical_of(record)
        return {key: tags[..., number] for number, key in enumerate(_TAG)}

    def _add_vertical_of(self, record: Fst24Record) -> None:
        try:
            vertical = record.file.vertical(record)
        except Fst24Error:
            return  # levels that are numbers alone
        if vertical is not None:
            self.grids.add_vertical(vertical, (record.ig1, record.ig2, record.ig3, record.ig4))

    def _tell_lost(self, plan: Plan, kept: dict[str, Any]) -> None:
        """Of records: what they did not share, and no coordinate tells."""
        if "grtyp" not in kept:
            return
        for key, is_told in (
            ("etiket", plan.fields["etiket"].ndim > 0),
            ("ip3", plan.times.tells_ip3 or plan.times.has_period),
        ):
            if key not in kept and key not in plan.asked and not is_told:
                self.told.add(
                    f"{key} of its records differ and no coordinate tells which",
                    str(plan.name),
                    "one is written for all; records that are not loaded keep theirs",
                )

    def _etikets(
        self, plan: Plan, kept: dict[str, Any], given: Mapping[str, Any]
    ) -> npt.NDArray[Any]:
        base = str(given.get("etiket", self.wishes.etiket or kept.get("etiket", "")))
        for role in ("ensemble", "realization"):
            for name in self.roles.of(plan.variable, role):
                labels = self.ds.variables[name]
                is_idle = not labels.dims and ("etiket" in kept or labels.values.item() == 0)
                if not set(labels.dims) <= set(plan.outer) or is_idle:
                    continue
                made = [_etiket(name, label, base) for label in labels.values.ravel().tolist()]
                values = np.array(made, dtype=object).reshape(labels.shape)
                if len(set(made)) < len(made):
                    raise InvalidArgumentError(
                        f"{name}: members have equal etikets: {listed(made)}"
                    )
                return spread(labels, plan.outer, values)
        return np.array(base, dtype=object)

    def _apart(self, plan: Plan, *, is_chosen: bool) -> Plan:
        """The plan, under another nomvar where its records would be those of another variable."""
        keys = plan.keys()
        if plan.stored is not None and not plan.asked:
            self._keys |= dict.fromkeys(keys, plan.name)
            return plan  # records that were there, with all that tells them apart
        if len(set(keys)) < len(keys):
            raise InvalidArgumentError(
                f"{plan.name}: several of its records would have the same fields: coordinates tell "
                "them apart less than ip1, ip2, ip3 and dates can"
            )
        other = next((self._keys[key] for key in keys if key in self._keys), None)
        if other is not None and is_chosen:
            raise InvalidArgumentError(
                f"{plan.name} and {other} would be the same records, of nomvar "
                f"{plan.fields['nomvar']}: name one of them, names={{{str(plan.name)!r}: ...}}"
            )
        if other is not None:
            plan.fields["nomvar"] = np.array(self.names.made(plan.name, plan.variable))
            plan.units = Units()
            keys = plan.keys()
        self._keys |= dict.fromkeys(keys, plan.name)
        return plan


def _etiket(name: Hashable, label: Any, base: str) -> str:  # noqa: ANN401 - text or number
    """The etiket of a member: its label, or its number at the end of what they share."""
    if isinstance(label, str):
        return label.rstrip(" ")
    if not isinstance(label, int) or not 0 <= label <= 999:  # noqa: PLR2004 - three digits
        raise InvalidArgumentError(
            f"{name}: {label!r} is no member: give etikets as text, or numbers of 0 to 999"
        )
    number = f"{label:03d}"
    parts = etiket.parse(base)
    if parts.pattern in (1, 6) or not base:
        text = base or etiket.encode()
        return text + number
    return f"{base[:9]}{number}"


def fields_at(columns: dict[str, npt.NDArray[Any]], row: int) -> dict[str, Any]:
    """Fields of one record as ``write`` takes them."""
    return {
        name: str(values[row]) if values.dtype.kind in "UO" else int(values[row])
        for name, values in columns.items()
    }


def rows_of(
    shape: tuple[int, ...], start: tuple[int, ...], part: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], int]]:
    """Indices in a part, and the row of all of which each is."""
    for index in itertools.product(*(range(size) for size in part)):
        whole = tuple(a + b for a, b in zip(start, index, strict=True))
        yield index, int(np.ravel_multi_index(whole, shape)) if shape else 0


def same_level(a: int, b: int) -> bool:
    """Whether codes are of one level, in either style."""
    if a == b:
        return True
    one, two = ip.decode(a), ip.decode(b)
    return bool(one.kind == two.kind and abs(one.value - two.value) <= 1e-6 * abs(two.value))
