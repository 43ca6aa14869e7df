"""The Dataset: variables, their coordinates, and names that do not collide."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from xarray.core import indexing

from fst24 import Fst24Error, InvalidArgumentError
from fst24.table._table import distinct

from . import _times
from ._array import RecordCube, preferred_chunks
from ._attrs import Attributes, of_dataset, shared_header
from ._axes import suffixes
from ._grids import Grids
from ._group import LATLON_FIELDS, groups_of, name_groups
from ._headers import NEVER, Headers
from ._horizontal import Horizontal
from ._levels import Verticals
from ._mesh import ROLES as MESH_ROLES
from ._notes import Notes
from ._reads import Reads
from ._series import feature_type
from ._shape import Shaper, with_all_times
from ._tiles import TileCube, leave_gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from fst24 import Fst24File

    from ._axes import Axis
    from ._group import Group
    from ._options import Options
    from ._shape import Shaped

    Ints = npt.NDArray[np.int64]

_MISSING_FLAG = 64
#: Damaged records that are passed over in search of one that tells what all are like.
_MOST_TRIED = 16
#: Variables named in a message.
_MOST_NAMED = 4
_BASE = 0x3F
#: Data types whose values may be words rather than points: binary, text.
_WORDS = (0, 3, 7)
#: Dimensions that may have no coordinate.
_PLAIN_DIMS = ("i", "j", "x", "y")


def dataset_of(file: Fst24File, options: Options) -> xr.Dataset:
    """The records of a file as a Dataset."""
    return _Builder(file, options).dataset()


class _Builder:
    """One Dataset while it is made."""

    def __init__(self, file: Fst24File, options: Options) -> None:
        self.options = options
        self.notes = Notes(file.path, strict=options.strict)
        self.headers = Headers.of(file, options, self.notes)
        self._tell_of_unknown()
        self.grids = Grids(self.headers, options, self.notes)
        self.reads = Reads(file)
        #: The beginnings of periods that time axes have as bounds.
        self.periods: dict[Any, tuple[int, ...]] = {}
        self.attributes = Attributes(self.headers, options)
        verticals = Verticals(self.headers, options, self.notes)
        shaper = Shaper(self.headers, self.grids, verticals, options, self.notes)
        descriptions = self.grids.series.kinds.descriptions
        groups = [
            group
            for group in groups_of(self.headers, self.grids, verticals, options)
            if not descriptions[group.rows[0]]
        ]
        self.shaped = self._without_positions(
            [one for group in groups for one in shaper.shape(group)]
        )
        if options.align == "outer":
            self.shaped = with_all_times(self.shaped)

    def _tell_of_unknown(self) -> None:
        """Names that were asked for and that no record has."""
        wanted = self.options.variables
        names = [wanted] if isinstance(wanted, str) else list(wanted or ())
        known = {self.headers.texts("nomvar")[k] for k in np.unique(self.headers.codes("nomvar"))}
        plain = (name for name in names if not set(name) & set("*?["))
        lacking = [name for name in plain if name.strip().upper() not in known]
        if lacking:
            self.notes.add(
                "no record has a name that was asked for",
                ", ".join(lacking),
                "there is no such variable; f.to_polars() lists what there is",
            )

    def _without_positions(self, shaped: list[Shaped]) -> list[Shaped]:
        """Without LA and LO where they are the coordinates of others."""
        if self.options.keep_latlon:
            return shaped
        used = {
            one.group.grid
            for one in shaped
            if one.group.nomvar not in LATLON_FIELDS and self.grids[one.group.grid] is not None
        }
        return [
            one
            for one in shaped
            if one.group.nomvar not in LATLON_FIELDS or one.group.grid not in used
        ]

    def dataset(self) -> xr.Dataset:
        coords: dict[str, xr.Variable] = {}
        suffix = suffixes(axis for one in self.shaped for axis in (*one.axes, *one.inner))
        namers = _namers(
            {one.group.grid: self.grids.horizontal(one.group.grid) for one in self.shaped}
        )
        for grid, name in namers.items():
            coords |= self.grids.horizontal(grid).make(name)
        made: set[tuple[str, Any]] = set()
        for one in self.shaped:
            for axis in (*one.axes, *one.inner):
                key = axis.base, axis.key
                if key not in made:
                    made.add(key)
                    # Stations have lat and lon, as grids beside them do.
                    coords |= {
                        f"station_{name}" if name in coords else name: variable
                        for name, variable in axis.make(suffix[key]).items()
                    }
        self._add_times(suffix, coords)
        taken = {*coords, *(str(dim) for one in coords.values() for dim in one.dims)}
        taken |= {*self._k.values(), *_PLAIN_DIMS}
        name_groups([one.group for one in self.shaped], self.grids, self.options, taken)
        variables = {
            one.group.name: self._variable(one, suffix, namers[one.group.grid])
            for one in self.shaped
        }
        self._link_masks(variables)
        self._name_terms(coords, suffix)
        # As decoding a file leaves them: files of one run may differ in what has a period.
        others = [
            name
            for name, variable in coords.items()
            if name.endswith("_bnds") or variable.attrs.get("cf_role") in MESH_ROLES
        ]
        for variable in coords.values():
            variable.encoding.setdefault("_FillValue", None)  # CF: coordinates have none
        beside = {name: coords.pop(name) for name in others}
        has_mesh = any(self.grids.horizontal(one.group.grid).mesh for one in self.shaped)
        attrs = of_dataset(self.options, has_mesh=has_mesh)
        feature = feature_type(map(str, variable.dims) for variable in variables.values())
        if feature is not None:
            attrs["featureType"] = feature
        made_dataset = xr.Dataset({**variables, **beside}, coords, attrs)
        self.notes.issue()
        return made_dataset

    # -------------------------------------------------------------------------------- times

    def _add_times(
        self, suffix: dict[tuple[str, Any], str], coords: dict[str, xr.Variable]
    ) -> None:
        """What stands beside time axes: lead times, origins, bounds of periods."""
        by_axis: dict[Any, list[Axis]] = {}
        for one in self.shaped:
            axis = one.time()
            if axis is not None:
                by_axis.setdefault(axis.key, []).append(axis)
        for key, axes in by_axis.items():
            end = suffix["time", key]
            dim = f"time{end}"
            valid = np.array(key, np.int64)
            origins = _most_common(axis.sides["origins"] for axis in axes)
            self._tell_of_origins(dim, key, origins)
            coords |= _times.beside(dim, valid, np.array(origins, np.int64), end)
            starts = [axis.sides["start"] for axis in axes if NEVER not in axis.sides["start"]]
            if starts:
                self.periods[key] = _most_common(starts)
                start = np.array(self.periods[key], np.int64)
                coords[f"{dim}_bnds"] = _times.period_bounds(dim, valid, start)
                coords[dim].attrs = {**coords[dim].attrs, "bounds": f"{dim}_bnds"}
                # Both are kept in one unit, in which the beginnings have to be whole as well.
                coords[dim].encoding.update(coords[f"{dim}_bnds"].encoding)
        for one in self.shaped:
            run = [a for a in (*one.axes, *one.inner) if a.base in ("time", "forecast")]
            if [axis.base for axis in run] == ["time", "forecast"]:
                time, forecast = (f"{a.base}{suffix[a.base, a.key]}" for a in run)
                end = "".join(suffix[axis.base, axis.key] for axis in run)
                coords[f"validtime{end}"] = _times.valid_times(coords[time], coords[forecast])

    def _tell_of_origins(self, dim: str, key: Any, origins: tuple[int, ...]) -> None:  # noqa: ANN401
        """Variables of which the lead times and origins beside their axis are not true."""
        for one in self.shaped:
            axis = one.time()
            if axis is None or axis.key != key or axis.sides["origins"] == origins:
                continue
            own = np.array(axis.sides["origins"], np.int64)
            if ((own != NEVER) & (own != np.array(origins, np.int64))).any():
                self.notes.add(
                    f"variables on one axis are of other origins than leadtime and reftime of {dim}"
                    " say",
                    f"{one.group.nomvar} {one.group.typvar} {one.group.etiket}".rstrip(),
                    "these are those of most; make Datasets of their own with variables= or"
                    " select=, or give forecast_axis=True",
                )

    # ------------------------------------------------------------------------------ variables

    def _variable(
        self, one: Shaped, suffix: dict[tuple[str, Any], str], name: Callable[[str], str]
    ) -> xr.Variable:
        group = one.group
        flat = self._flat(one, suffix) or self.grids.horizontal(group.grid)
        outer = tuple(
            axis.base + suffix[axis.base, axis.key] for axis in one.axes if axis.base != "tile"
        )
        levels = (self._k[group.nk],) if _has_levels_within(group, flat) else ()
        whole = flat.whole or tuple(zip(flat.dims, flat.shape, strict=True))
        dims = (*outer, *levels, *(name(dim) for dim, _ in whole))
        used = one.rows[one.rows >= 0]
        header = shared_header(self.headers, used)
        axis = one.time()
        start = None if axis is None or NEVER in axis.sides["start"] else axis.sides["start"]
        attrs = self.attributes.of(group, used, header, has_period=start is not None)
        if axis is not None and axis.key in self.periods and self.periods[axis.key] != start:
            # Bounds of time are those of another variable.
            attrs.pop("cell_methods", None)
            if any(one_axis.base == "accum" for one_axis in one.axes):
                attrs["period"] = "as long as accum says, before the time"
            elif start is not None:
                attrs["period"] = _times.told(np.array(axis.key), np.array(start))
        if flat.mapping:
            attrs["grid_mapping"] = name(flat.mapping)
        if flat.mesh:
            attrs |= {"mesh": name(flat.mesh), "location": "node"}
        cube = self._cube(one, flat)
        data = indexing.LazilyIndexedArray(cube)
        if "flag_values" in attrs:
            attrs["flag_values"] = attrs["flag_values"].astype(cube.dtype)
        variable = xr.Variable(dims, data, attrs, {"fst24": header}, fastpath=True)
        cut = {name(dim): part for dim, part in flat.cut.items()}
        variable = variable.isel(cut) if cut else variable
        if self.options.fill_value is not None and cube.dtype.kind == "f":
            variable.encoding["_FillValue"] = cube.dtype.type(self.options.fill_value)
        variable.encoding["preferred_chunks"] = preferred_chunks(variable, cube.n_outer)
        return variable

    def _name_terms(
        self, coords: dict[str, xr.Variable], suffix: dict[tuple[str, Any], str]
    ) -> None:
        """Fields in formula_terms by the names that they have here, or no terms without them."""
        named: dict[str, list[Group]] = {}
        users: dict[str, list[Group]] = {}
        for one in self.shaped:
            named.setdefault(one.group.nomvar, []).append(one.group)
            for axis in (*one.axes, *one.inner):
                users.setdefault(axis.base + suffix[axis.base, axis.key], []).append(one.group)
        for level, variable in coords.items():
            kept = variable.encoding.get("fst24", {}).get("vertical")
            if kept is None or "formula_terms" not in variable.attrs:
                continue
            both = [v for v in (variable, coords.get(f"{level}_bnds")) if v is not None]
            lacking = [name for name in kept.references if name not in named]
            if lacking:
                # CF has these names for coordinates whose terms are there.
                gone = {"formula_terms", "standard_name", "computed_standard_name"}
                for told in both:
                    told.attrs = {k: v for k, v in told.attrs.items() if k not in gone}
                self._tell_of_lacking(level, lacking, users[level])
                continue
            fields = {name: _nearest(named[name], users[level][0]) for name in kept.references}
            for told in both:
                terms = told.attrs.get("formula_terms", "").split()
                if terms:
                    renamed = " ".join(fields.get(term, term) for term in terms)
                    told.attrs = {**told.attrs, "formula_terms": renamed}

    def _tell_of_lacking(self, level: str, lacking: list[str], users: list[Group]) -> None:
        options = self.options
        if any(x is not None for x in (options.variables, options.records, options.select)):
            return  # left out by choice
        self.notes.add(
            f"levels follow fields that are not there: {', '.join(lacking)}",
            f"{level}: {', '.join(group.name for group in users[:_MOST_NAMED])}",
            "they have no formula_terms; open the file that has them as well, or give"
            " ds.fst24.pressure() the field",
        )

    def _link_masks(self, variables: dict[str, xr.Variable]) -> None:
        """Masks that stay variables are named by the fields that they are for."""
        masks = {
            (one.group.nomvar, one.group.grid, one.group.klass): one.group.name
            for one in self.shaped
            if one.group.is_mask
        }
        for one in self.shaped:
            group = one.group
            own = masks.get((group.nomvar, group.grid, group.klass))
            if own is not None and group.is_masked:
                variables[group.name].attrs["ancillary_variables"] = own

    @cached_property
    def _k(self) -> dict[int, str]:
        """The dimension of levels that are in one record, by their number."""
        different = sorted({one.group.nk for one in self.shaped if one.group.nk > 1})
        if len(different) == 1:
            return {different[0]: "k"}
        return {nk: f"k{number}" for number, nk in enumerate(different, 1)}

    def _flat(self, one: Shaped, suffix: dict[tuple[str, Any], str]) -> Horizontal | None:
        """How what are no points of a grid lie: series, words of packed bits or text; else None."""
        if one.inner:
            dims = tuple(axis.base + suffix[axis.base, axis.key] for axis in one.inner)
            return Horizontal(dims, tuple(axis.size for axis in one.inner), lambda _: {}, dims)
        row = one.group.rows[0]
        if self.headers["datyp"][row] & _BASE not in _WORDS:
            return None
        record = self.headers.record(int(row))
        try:
            shape = record.shape
        except Fst24Error:
            return None  # reading it tells why
        if shape[:2] == (record.ni, record.nj):
            return None
        return Horizontal((f"words{shape[0]}",), shape[:1], lambda _: {}, ())

    def _cube(self, one: Shaped, flat: Horizontal) -> RecordCube:
        group, headers = one.group, self.headers
        index = headers["index"]
        places = np.where(one.rows >= 0, index[one.rows], -1)
        masks = None
        if one.masks is not None:
            masks = np.where(one.masks >= 0, index[one.masks], -1)
        ni, nj = int(headers["ni"][group.rows[0]]), int(headers["nj"][group.rows[0]])
        levels = (group.nk,) if _has_levels_within(group, flat) else ()
        record = (*levels, nj, ni) if _is_plane(flat) else flat.shape
        shape = tuple(n for _, n in flat.whole) or flat.shape
        stored, dtype = self._dtypes(one, shape)
        given = (self.reads, places, (*levels, *shape), dtype)
        options: dict[str, Any] = {"stored": stored, "threads": self.options.threads}
        if group.tiles:
            return TileCube(*given, tiles=group.tiles, masks=masks, **options)
        return RecordCube(*given, masks=masks, record=record, **options)

    def _dtypes(
        self, one: Shaped, shape: tuple[int, ...]
    ) -> tuple[np.dtype[Any] | None, np.dtype[Any]]:
        """What records hold, None where that is not all one type; what the variable is of."""
        used = one.rows[one.rows >= 0]
        codes, known = self._kinds
        kinds = {known[code] for code in np.unique(codes[used]).tolist()}
        types = {kind for kind, _ in kinds}
        dtype = np.result_type(*types)
        is_missing = any(has_missing for _, has_missing in kinds)
        stored = next(iter(types)) if len(types) == 1 else None
        if stored is not None and stored.kind in "iu" and is_missing:
            stored = None
        has_nan = is_missing or one.has_gaps or one.masks is not None
        has_nan = has_nan or bool(one.group.tiles and leave_gaps(one.group.tiles, shape))
        if self.options.dtype is not None:
            wanted = np.dtype(self.options.dtype)
            if has_nan and wanted.kind not in "fc":
                raise InvalidArgumentError(
                    f"{self.headers.file.path}: dtype={wanted}: {one.group.name} lacks some values,"
                    " which are NaN: give a type of floats, or leave dtype out"
                )
            return stored, wanted
        if dtype.kind in "iu" and has_nan:
            dtype = np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)  # noqa: PLR2004
        return stored, dtype

    def _dtype(self, codes: npt.NDArray[np.int32], row: int) -> np.dtype[Any]:
        """Of the values of records that are stored alike, by the first that is not damaged."""
        reason = ""
        alike = np.flatnonzero(codes == codes[row])[:_MOST_TRIED]
        for one in alike.tolist():
            try:
                return self.headers.record(one).dtype
            except Fst24Error as error:
                reason = str(error)
        self.notes.add("records are damaged", reason, "reading them raises this")
        return np.dtype(np.float32)

    @cached_property
    def _kinds(self) -> tuple[npt.NDArray[np.int32], list[tuple[np.dtype[Any], bool]]]:
        """A number for each record, and what it stands for: type of values, if some are missing."""
        headers = self.headers
        codes, rows = distinct(headers["datyp"], headers["nbits"], headers.element_sizes)
        return codes, [
            (self._dtype(codes, row), bool(headers["datyp"][row] & _MISSING_FLAG))
            for row in rows.tolist()
        ]


def _is_plane(flat: Horizontal) -> bool:
    """Whether records hold fields (ni, nj): not words, of which there is one dimension."""
    return len(flat.dims) > 1 or bool(flat.names)


def _has_levels_within(group: Group, flat: Horizontal) -> bool:
    return group.nk > 1 and _is_plane(flat)


def _nearest(groups: list[Group], user: Group) -> str:
    """The variable that belongs to another one: of its grid, etiket and typvar, if there is."""
    return max(
        groups,
        key=lambda g: (g.grid == user.grid, g.etiket == user.etiket, g.typvar == user.typvar),
    ).name


def _most_common(sides: Iterable[Any]) -> Any:  # noqa: ANN401 - what axes say
    return Counter(sides).most_common(1)[0][0]


def _namers(grids: dict[int, Horizontal]) -> dict[int, Callable[[str], str]]:
    """Names of the coordinates of each grid: with a number where several grids make one."""
    distinct_grids = {_dims_key(number, flat): flat for number, flat in grids.items()}
    counts = Counter(n for flat in distinct_grids.values() for n in {*flat.dims, *flat.names})
    seen: Counter[str] = Counter()
    found: dict[int, Callable[[str], str]] = {}
    known: dict[Any, _Namer] = {}
    for number, flat in grids.items():
        key = _dims_key(number, flat)
        if key in known:
            found[number] = known[key]
            continue
        names: dict[str, str] = {}
        for name in dict.fromkeys((*flat.dims, *flat.names)):
            if counts[name] > 1:
                seen[name] += 1
                names[name] = f"{name}{seen[name]}"
        found[number] = known[key] = _Namer(names)
    return found


def _dims_key(number: int, flat: Horizontal) -> Any:  # noqa: ANN401 - hashable
    """Fields without positions share the dimensions of their size, others those of their grid."""
    return (number if flat.grid is None else flat.grid) if flat.names else (flat.dims, flat.shape)


class _Namer:
    """Gives names: those in the table another one."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def __call__(self, name: str) -> str:
        return self._names.get(name, name)
