"""The level axis of a variable (``docs/format/cf.md``, 5)."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from fst24 import Fst24Error, dictionary, ip
from fst24.vertical import Vertical

from ._axes import Axis

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from fst24 import Fst24Record

    from ._headers import Headers
    from ._notes import Notes
    from ._options import Options

    Ints = npt.NDArray[np.int64]
    Codes = npt.NDArray[np.int32]

#: Classes of rows beside the kinds of levels: no level, and an ip1 that is none.
NO_LEVEL, NOT_A_LEVEL = -1, -2
_ARBITRARY, ABOVE_GROUND = 3, 4
#: Kinds of levels of models, which a diagnostic level above the ground may belong to.
MODEL_KINDS = (1, 5, 21)
_HEIGHT = 21
#: hPa
_SURFACE = 1000.0
#: Codes of one level in old and new style differ by rounding (metadata.md, trap 2).
_TOLERANCE = 1e-6
#: What the suffixes of names call levels by, as fstd2nc does where it has a word.
DESCRIPTIONS = {
    NO_LEVEL: "surface",
    NOT_A_LEVEL: "ip1",
    0: "altitude_levels",
    1: "model_levels",
    2: "pressure_levels",
    3: "generic_levels",
    4: "height_levels",
    5: "model_levels",
    6: "theta_levels",
    7: "depth_levels",
    21: "model_levels",
}


class Levels(NamedTuple):
    """The axis of some rows, and the place of each row on it."""

    axis: Axis | None
    at: Ints
    vertical: Vertical | None = None


class Verticals:
    """The vertical coordinates of a file, each looked for once."""

    def __init__(self, headers: Headers, options: Options, notes: Notes) -> None:
        self._headers, self._options, self._notes = headers, options, notes
        self._found: dict[tuple[Any, ...], Vertical | None] = {}

    def of(self, row: int, kind: int, ip1s: Codes) -> Vertical:
        """That of a record, whose levels are of one kind; levels alone where none is certain."""
        if kind not in MODEL_KINDS:
            return Vertical.from_ip1s(ip1s)
        found = self.table(row, kind)
        if found is not None and found.source != "!!":
            # Rules make a coordinate of the levels that are asked for.
            found = self._look(row, kind)
        own = ip1s[ip.decode(ip1s).kind == kind]
        listed = ip1s if found is not None and found.source == "!!" else own
        if found is None or not all(int(code) in found for code in listed):
            return Vertical.from_ip1s(own)
        return found

    def table(self, row: int, kind: int) -> Vertical | None:
        """What the file has for levels of a kind of models under the tag of a record."""
        headers = self._headers
        key = (kind, *(int(headers[name][row]) for name in ("ig1", "ig2", "ig3")))
        key = (*key, int(self.variants[row]))
        if key not in self._found:
            self._found[key] = self._look(row, kind)
        return self._found[key]

    @cached_property
    def variants(self) -> Ints:
        """A number for each row: the same for linked files that hold the same tables."""
        headers = self._headers
        if not headers.is_linked:
            return np.zeros(len(headers), np.int64)
        starts = headers.file.starts
        held: list[list[Any]] = [[] for _ in starts[1:]]
        for table in headers.file.read_records(nomvar="!!"):
            held[bisect_right(starts, table.index) - 1].append(_content(table))
        known: dict[Any, int] = {}
        numbers = [known.setdefault(tuple(tables), len(known)) for tables in held]
        found: Ints = np.array(numbers, np.int64)[headers.part]
        return found

    def _look(self, row: int, kind: int) -> Vertical | None:
        record = self._headers.record(row)
        try:
            return self._headers.file.vertical(record, strict=self._options.strict_vertical)
        except Fst24Error as error:
            self._notes.add(
                f"levels of kind {kind} have no coefficients",
                f"{record.nomvar}: {error}",
                "they are numbers alone",
            )
            return None


def _content(table: Fst24Record) -> tuple[Any, ...]:
    """The tag and the values of a table."""
    try:
        values = table.decode().tobytes()
    except Fst24Error:
        values = b""  # reading its levels tells why
    return table.ip1, table.ip2, table.ip3, values


def classes(headers: Headers) -> npt.NDArray[np.int32]:
    """The class of each row: the kind of its level, `NO_LEVEL`, `NOT_A_LEVEL`."""
    kind = headers.level.kind
    found = np.where(np.isin(kind, ip.LEVEL_KINDS), kind, NOT_A_LEVEL)
    return np.where(headers["ip1"] == 0, NO_LEVEL, found).astype(np.int32)


def levels_of(  # noqa: PLR0917 - what rows of one class are
    headers: Headers,
    rows: Ints,
    nomvar: str,
    klass: int,
    verticals: Verticals,
    options: Options,
) -> Levels:
    """The axis of rows of one class, diagnostic levels among those of a model included."""
    none = np.zeros(len(rows), np.int64)
    if klass == NO_LEVEL:
        return Levels(None, none)
    ip1 = headers["ip1"][rows]
    if klass == NOT_A_LEVEL:
        codes, at = np.unique(ip1, return_inverse=True)
        if len(codes) == 1:
            return Levels(None, none)
        return Levels(_plain("ip1", codes, {"long_name": "ip1 as stored", "units": "1"}), at)
    value, kind = headers.level.value[rows], headers.level.kind[rows]
    codes, at = _same_levels(ip1, value, kind)
    if klass == _ARBITRARY:
        found = _numbered_levels(nomvar, codes, options)
        if found is not None:
            return Levels(*found(at))
    if len(codes) == 1 and klass == 5 and ip.decode(codes).value[0] == 0:  # noqa: PLR2004 - hybrid 0
        return Levels(None, none)
    is_model = kind == klass
    first = int(rows[np.argmax(is_model)])
    vertical = verticals.of(first, klass, codes)
    order, axis = _of_vertical(vertical, codes, klass, options)
    place = np.empty(len(codes), np.int64)
    place[order] = np.arange(len(codes))
    return Levels(axis, place[at], vertical)


def _same_levels(ip1: Codes, value: Any, kind: Codes) -> tuple[Codes, Ints]:  # noqa: ANN401
    """Distinct levels, a code of each, and which of them each row is of."""
    codes, rows, at = np.unique(ip1, return_index=True, return_inverse=True)
    values, kinds = value[rows].astype(np.float64), kind[rows]
    order = np.lexsort((values, kinds))
    steps = np.diff(values[order]) > _TOLERANCE * np.abs(values[order][1:])
    new = np.concatenate([[True], steps | (np.diff(kinds[order]) != 0)])
    number = np.empty(len(codes), np.int64)
    number[order] = np.cumsum(new) - 1
    firsts = order[new]
    return codes[firsts], number[at]


def _plain(name: str, values: Any, attrs: dict[str, str]) -> Axis:  # noqa: ANN401 - an array
    def make(suffix: str) -> Mapping[str, xr.Variable]:
        return {f"{name}{suffix}": xr.Variable((f"{name}{suffix}",), values, attrs)}

    return Axis(name, tuple(values.tolist()), len(values), make)


# --------------------------------------------------------------------------- what numbers levels


def _numbered_levels(nomvar: str, codes: Codes, options: Options) -> Any:  # noqa: ANN401
    """How levels of kind 3 become surface types or soil layers; None: they are just numbers."""
    numbers = np.rint(ip.decode(codes).value).astype(np.int32)
    if nomvar in dictionary.SURFACE_VARIABLES or nomvar in options.surface_types:
        make = _surface_types(numbers, codes)
    elif nomvar in dictionary.SOIL_VARIABLES or nomvar in options.soil_layers:
        given = options.soil_depths
        edges = np.array(dictionary.SOIL_LAYER_EDGES if given is None else (0.0, *given))
        if numbers.min() < 1 or numbers.max() >= len(edges):
            return None
        make = _soil_layers(numbers, codes, edges)
    else:
        return None
    order = np.argsort(numbers, kind="stable")
    place = np.empty(len(codes), np.int64)
    place[order] = np.arange(len(codes))
    return lambda at: (make(order), place[at])


def _surface_types(numbers: Codes, codes: Codes) -> Any:  # noqa: ANN401
    def axis(order: Ints) -> Axis:
        known = dictionary.SURFACE_TYPES
        sorted_numbers = numbers[order]
        types = [known[n].area_type if n in known else str(n) for n in sorted_numbers.tolist()]

        def make(suffix: str) -> Mapping[str, xr.Variable]:
            name = f"sfctype{suffix}"
            attrs = {"long_name": "number of the surface type", "units": "1"}
            labels = {"standard_name": "area_type", "long_name": "surface type"}
            return {
                name: xr.Variable((name,), sorted_numbers, attrs, _kept(codes[order], None)),
                f"surface_type{suffix}": xr.Variable((name,), np.array(types, object), labels),
            }

        return Axis("sfctype", tuple(sorted_numbers.tolist()), len(order), make)

    return axis


def _soil_layers(numbers: Codes, codes: Codes, edges: npt.NDArray[np.float64]) -> Any:  # noqa: ANN401
    def axis(order: Ints) -> Axis:
        layers = numbers[order]
        bounds = np.stack([edges[layers - 1], edges[layers]], axis=-1)

        def make(suffix: str) -> Mapping[str, xr.Variable]:
            name = f"soil_depth{suffix}"
            attrs = {
                "standard_name": "depth",
                "long_name": "depth of the middle of the soil layer",
                "units": "m",
                "positive": "down",
                "axis": "Z",
                "bounds": f"{name}_bnds",
            }
            middle = bounds.mean(axis=-1)
            return {
                name: xr.Variable((name,), middle, attrs, _kept(codes[order], None)),
                f"{name}_bnds": xr.Variable((name, "bnds"), bounds),
            }

        return Axis("soil_depth", ("soil", *bounds.ravel().tolist()), len(order), make)

    return axis


# ------------------------------------------------------------------------------ vertical tables


def _kept(codes: Codes, vertical: Vertical | None) -> dict[str, Any]:
    return {"fst24": {"ip1": tuple(codes.tolist()), "vertical": vertical}}


def _of_vertical(
    vertical: Vertical, codes: Codes, klass: int, options: Options
) -> tuple[Ints, Axis]:
    """The order of levels on their axis, and the axis."""
    value, kind = ip.decode(codes)
    is_diagnostic = kind != klass
    values = value.copy()
    if is_diagnostic.any():
        values = _with_diagnostic(vertical, codes, value, is_diagnostic)
    order = np.argsort(values, kind="stable").astype(np.int64)
    sorted_codes, sorted_values = codes[order], values[order]
    heights = np.where(is_diagnostic, value, np.float32(np.nan))[order]

    def make(suffix: str) -> Mapping[str, xr.Variable]:
        return _variables(vertical, sorted_codes, sorted_values, heights, suffix, options)

    base = vertical.cf(codes[~is_diagnostic][:1]).name
    key = (vertical, tuple(sorted_values.tolist()), tuple(heights[~np.isnan(heights)].tolist()))
    family = _family(vertical, sorted_codes, is_diagnostic[order])
    return order, Axis(base, key, len(codes), make, suffix=family)


def _with_diagnostic(
    vertical: Vertical,
    codes: Codes,
    values: npt.NDArray[np.float32],
    is_diagnostic: Any,  # noqa: ANN401
) -> npt.NDArray[np.float32]:
    """Levels of a model with a place for those above the ground, which collides with none.

    At 1.0, as fstd2nc has it. Where there is a level 1.0, at the share of the surface pressure
    that the table has for them, which is a little less. Among heights, at their own.
    """
    found = values.copy()
    taken = set(values[~is_diagnostic].tolist())
    for at in np.flatnonzero(is_diagnostic).tolist():
        value = values[at] if vertical.kind == _HEIGHT else np.float32(1.0)
        if value.item() in taken:
            value = _nominal(vertical, codes[at], value)
        while value.item() in taken:
            value = np.nextafter(value, np.float32(np.inf))
        taken.add(value.item())
        found[at] = value
    return found


def _nominal(vertical: Vertical, code: int, otherwise: np.float32) -> np.float32:
    """Pressure of a level over that of the surface, 1000 hPa."""
    if vertical.source != "!!" or not vertical.has_pressure:
        return otherwise
    surface: dict[str, Any] = dict.fromkeys(vertical.references, _SURFACE)
    return np.float32(vertical.pressure([int(code)], **surface).item() / _SURFACE)


def _family(vertical: Vertical, codes: Codes, is_diagnostic: npt.NDArray[np.bool_]) -> str:
    """What names the axis beside one of the other family of levels."""
    momentum, thermodynamic = (set(v.tolist()) for v in (vertical.momentum, vertical.thermodynamic))
    if vertical.source != "!!" or momentum == thermodynamic:
        return ""
    own = set(codes[~is_diagnostic].tolist())
    for name, family, other in (("_m", momentum, thermodynamic), ("_t", thermodynamic, momentum)):
        if own <= family and not own <= other:
            return name
    return ""


def _variables(  # noqa: PLR0917 - what an axis is made of
    vertical: Vertical,
    codes: Codes,
    values: npt.NDArray[np.float32],
    heights: npt.NDArray[np.float32],
    suffix: str,
    options: Options,
) -> dict[str, xr.Variable]:
    """The coordinate, its terms, and the heights of levels above the ground among them."""
    # Without a table only the levels of the model have coefficients.
    described = np.isnan(heights) if vertical.source != "!!" else np.ones(len(codes), np.bool_)
    cf = vertical.cf(codes[described], suffix=suffix)
    kept = _kept(codes, vertical)
    whole = cf.values if cf.values.dtype.kind == "i" else values
    made = {cf.name: xr.Variable((cf.name,), whole, cf.attrs, kept)}
    for name, term in cf.terms.items():
        if np.ndim(term.values) == 0:
            made[name] = xr.Variable((), np.float64(term.values), term.attrs)
            continue
        coefficients = np.full(len(codes), np.nan)
        coefficients[described] = term.values
        made[name] = xr.Variable((cf.name,), coefficients, term.attrs)
    if not np.isnan(heights).all():
        made[f"height_above_ground{suffix}"] = xr.Variable(
            (cf.name,),
            heights,
            {
                "standard_name": "height",
                "long_name": "height above the ground of diagnostic levels",
                "units": "m",
                "positive": "up",
            },
        )
    if options.bounds:
        made |= _bounds(vertical, codes, values, suffix, made)
    return made


def _bounds(
    vertical: Vertical,
    codes: Codes,
    values: npt.NDArray[np.float32],
    suffix: str,
    made: dict[str, xr.Variable],
) -> dict[str, xr.Variable]:
    """Bounds of levels and of their terms, where a table says them."""
    cf = vertical.cf_bounds(codes, suffix=suffix)
    if cf is None:
        return {}
    # Levels above the ground are points, at the labels that they have here.
    is_point = np.isin(codes, vertical.diagnostic)
    ends = np.where(is_point[:, None], values[:, None], cf.values)
    dims = next(iter(made)), "bnds"
    found = {cf.name: xr.Variable(dims, ends, cf.attrs)}
    found |= {name: xr.Variable(dims, term.values) for name, term in cf.terms.items()}
    for name in found:
        made[name.removesuffix("_bnds")].attrs["bounds"] = name
    return found
