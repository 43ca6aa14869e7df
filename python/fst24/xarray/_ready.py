"""A Dataset made ready to be written as CF: times, fill values, coordinates, global attributes."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

import fst24

from ._kept_text import NAME, kept_text

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    import numpy.typing as npt
    import xarray as xr

#: Before names of attributes that CF has, where it does not let a file have them; `open_cf` takes
#: it away.
OWN = "fst24_"
#: Attributes that name other variables. Those variables are found through them: CF does not list
#: them in `coordinates` as well. xarray keeps the attributes in encoding when it has read them.
_BOUNDS = ("bounds", "climatology")
_NAMING = (
    *(*_BOUNDS, "grid_mapping", "formula_terms", f"{OWN}formula_terms", "cell_measures"),
    *("ancillary_variables", "geometry", "node_coordinates", "mesh"),
)
#: How the standard names of formulas begin and end.
_FORMULAS = ("atmosphere_", "ocean_"), "_coordinate"
_OF_FORMULA = ("formula_terms", "standard_name", "computed_standard_name")
#: Encodings that say how values are stored. Others are those of the file that was read.
_PACKING = ("scale_factor", "add_offset", "_FillValue")
_KEPT = ("dtype", *_PACKING, "units", "calendar", "coordinates")
_OF_TIMES = ("units", "calendar", "dtype")
#: Seconds of the units of times; those that are chosen, largest first.
_UNITS = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
_CHOSEN = ("hours", "minutes", "seconds")
#: Before it, days of the calendar that CF calls standard are Julian.
_REFORM = np.datetime64("1582-10-15")
_CONVENTIONS = "CF-1.11"


def make_ready(
    ds: xr.Dataset,
    *,
    attributes: Mapping[str, str],
    fill_value: float | None,
    small: int,
    keep: bool = True,
) -> xr.Dataset:
    """A copy whose attributes and encodings are those of a CF file; no values are copied.

    Parameters
    ----------
    ds : Dataset
        Stays as it is.
    attributes : mapping
        Global attributes; an empty text removes one.
    fill_value : float or None
        What NaN of data variables becomes. None: it stays, without attributes that say so.
    small : int
        Variables of up to so many values are looked at.
    keep : bool
        Say in attributes ``fst24`` what was kept of records.

    Raises
    ------
    InvalidArgumentError
        A global attribute that is no text.
    """
    ready = ds.copy()
    for variable in ready.variables.values():
        kept = kept_text(variable.encoding.get(NAME) or {}) if keep else None
        if kept is not None:
            variable.attrs[NAME] = kept
        _tidy(variable, has_fill=fill_value is not None)
    everything = ready.variables
    bounds = _leave_bounds_bare(everything)
    for name, variable in everything.items():
        standard_name = str(bounds.get(name, variable).attrs.get("standard_name", ""))
        absent = _set_formula(variable, standard_name, everything)
        if absent and name not in bounds:
            warnings.warn(
                f"{name}: {', '.join(absent)}, which its formula names, is not in the Dataset: the"
                " file does not tell where its levels are",
                fst24.Fst24Warning,
                stacklevel=4,  # where write_netcdf was called
            )
    data = set(ready.data_vars) - set(bounds)
    for name, variable in everything.items():
        if variable.dtype.kind == "f":
            _set_fill_value(variable, fill_value if name in data else None, small)
    _set_coordinates(ready, data, letters=fill_value is not None)
    _set_times(everything)
    # Each variable says its own: xarray would write what is left over as a global attribute.
    ready = ready.reset_coords()
    ready.attrs = _global_attributes(ds.attrs, attributes)
    return ready


def _tidy(variable: xr.Variable, *, has_fill: bool) -> None:
    """Leave the encodings that say how values are stored; attributes that name variables stay."""
    for name in _NAMING:
        if name in variable.encoding:
            variable.attrs.setdefault(name, variable.encoding[name])
    kept = {name: variable.encoding[name] for name in _KEPT if name in variable.encoding}
    if variable.dtype.kind == "O" or not has_fill:  # text as long as another file had it; packing
        for name in ("dtype", *_PACKING):
            kept.pop(name, None)
    variable.encoding = kept


def _leave_bounds_bare(variables: Mapping[Any, xr.Variable]) -> dict[Any, xr.Variable]:
    """What each of the bounds is for: they have its attributes, and of their own the formula."""
    found = {}
    for variable in variables.values():
        for name in _named([variable], _BOUNDS):
            if name in variables:
                found[name] = variable
                kept = variables[name].attrs.get("formula_terms")
                variables[name].attrs = {} if kept is None else {"formula_terms": kept}
    return found


def _set_coordinates(ready: xr.Dataset, data: set[Hashable], *, letters: bool) -> None:
    """The auxiliary coordinates of data variables, where these do not say them.

    Labels of a dimension are among them, as ``letters``: for CF a variable that has its name, and
    is no array of letters, holds numbers.
    """
    variables = ready.variables
    named = set(_named(variables.values()))
    labels = {name for name in ready.dims if name in variables and _is_text(variables[name])}
    auxiliary = [
        name
        for name in ready.coords
        if name in labels
        or (name not in named and name not in ready.dims and not _is_part(variables[name]))
    ]
    if letters:
        for name in labels:
            variables[name].encoding["dtype"] = "S1"
    for name, variable in variables.items():
        if name not in data:
            variable.encoding["coordinates"] = None
        elif "coordinates" not in {*variable.encoding, *variable.attrs}:
            of = [one for one in auxiliary if set(variables[one].dims) <= set(variable.dims)]
            variable.encoding["coordinates"] = " ".join(sorted(map(str, of))) or None


def _set_formula(
    levels: xr.Variable, standard_name: str, variables: Mapping[Any, xr.Variable]
) -> list[str]:
    """Keep the formula of levels under names of ours where CF does not know it, or misses terms.

    CF has standard names for some formulas (not for pressures from the logarithm of that at the
    surface), and wants their terms to be in the file. Those that are not are given back.
    """
    terms = terms_of(levels)
    is_known = standard_name.startswith(_FORMULAS[0]) and standard_name.endswith(_FORMULAS[1])
    absent = [term for term in terms if term not in variables]
    if (is_known and (absent or not terms)) or (terms and not is_known):
        for attribute in _OF_FORMULA if is_known else _OF_FORMULA[:1]:
            if attribute in levels.attrs:
                levels.attrs[OWN + attribute] = levels.attrs.pop(attribute)
    return absent


def terms_of(levels: xr.Variable) -> list[str]:
    """The variables that a formula names."""
    text: str = levels.encoding.get("formula_terms", levels.attrs.get("formula_terms", ""))
    return text.replace(":", " ").split()[1::2]


def _is_part(variable: xr.Variable) -> bool:
    """Whether it describes others, which need not say so: a grid mapping, a mesh."""
    return not {"grid_mapping_name", "cf_role"}.isdisjoint(variable.attrs)


def _is_text(variable: xr.Variable) -> bool:
    return variable.dtype.kind in "OSUT" and isinstance(variable.values.flat[0], str | bytes)


def _named(
    variables: Iterable[xr.Variable], attributes: tuple[str, ...] = _NAMING
) -> Iterator[Hashable]:
    """Names in attributes that name variables: ``crs``, ``crs: lat lon``, ``a: a ps: P0``."""
    for variable in variables:
        for attribute in attributes:
            text = variable.attrs.get(attribute)
            if isinstance(text, str):
                yield from text.replace(":", " ").split()


def _set_fill_value(variable: xr.Variable, fill_value: float | None, small: int) -> None:
    """A fill value where a value may be missing. None: for no value at all."""
    encoding = variable.encoding
    if fill_value is None:
        encoding["_FillValue"] = None
        return
    own = variable.attrs.pop("_FillValue", None)
    if own is not None:
        encoding["_FillValue"] = own
    if np.isnan(fill_value) and encoding.get("_FillValue") is not None:
        return
    if variable.size <= small and not np.isnan(variable.values).any():
        encoding["_FillValue"] = None
    else:
        encoding["_FillValue"] = np.dtype(encoding.get("dtype", variable.dtype)).type(fill_value)


def _set_times(variables: Mapping[Any, xr.Variable]) -> None:
    """Times as whole numbers, with their bounds: in the units that they ask for, if these do.

    Without, they are hours, minutes or seconds, and dates count from midnight before the first.
    """
    times = {
        name: variable
        for name, variable in variables.items()
        if variable.dtype.kind in "mM" and variable.size and not np.isnat(variable.values).any()
    }
    dates = [v.values.min() for v in times.values() if v.dtype.kind == "M"]
    since = np.datetime64(min(dates), "D") if dates else None
    bounds = {n: [b for b in _named([v], _BOUNDS) if b in times] for n, v in times.items()}
    for name in times.keys() - {name for names in bounds.values() for name in names}:
        together = [times[name], *(times[b] for b in bounds[name])]
        values = np.concatenate([variable.values.ravel() for variable in together])
        encoding = times[name].encoding
        if values.dtype.kind == "M":
            times[name].attrs.setdefault("units_metadata", "leap_seconds: none")  # as numpy
        if not _is_kept(encoding, values):
            encoding |= _whole(values, since)
        for variable in together[1:]:
            variable.encoding |= {key: encoding[key] for key in _OF_TIMES if key in encoding}


def _is_kept(encoding: Mapping[Any, Any], values: npt.NDArray[Any]) -> bool:
    """Whether times can have the units that they ask for: fractions are for those of floats."""
    if "units" not in encoding or (values.dtype.kind == "M" and _is_julian(encoding, values)):
        return False
    if np.dtype(encoding.get("dtype", np.float64)).kind == "f":
        return True
    unit, _, since = encoding["units"].partition(" since ")
    try:
        spans = values - np.datetime64(since.strip().replace(" ", "T")) if since else values
        seconds = _UNITS[f"{unit.removesuffix('s')}s"]
    except (KeyError, ValueError):  # another way to write them: xarray says what it thinks
        return True
    return not (spans % np.timedelta64(seconds, "s")).astype(bool).any()


def _is_julian(encoding: Mapping[Any, Any], values: npt.NDArray[Any]) -> bool:
    """Whether dates would be other ones in their calendar: numpy has no Julian days."""
    return encoding.get("calendar", "standard") == "standard" and bool(values.min() < _REFORM)


def _whole(values: npt.NDArray[Any], since: np.datetime64 | None) -> dict[str, Any]:
    """The largest unit in which all are whole; fractions of a second are xarray's matter."""
    is_date = values.dtype.kind == "M"
    spans = values - since if is_date else values
    whole = [
        unit
        for unit in _CHOSEN
        if not (spans % np.timedelta64(_UNITS[unit], "s")).astype(bool).any()
    ]
    if not whole:
        return {}
    unit = {"units": whole[0], "dtype": np.dtype(np.int64)}
    if not is_date or since is None:
        return unit
    calendar = "proleptic_gregorian" if since < _REFORM else "standard"
    return unit | {"units": f"{whole[0]} since {since} 00:00:00", "calendar": calendar}


def _global_attributes(there: Mapping[Any, Any], asked: Mapping[str, str]) -> dict[str, Any]:
    """Global attributes, with a line of history."""
    for name, value in asked.items():
        if not isinstance(value, str):
            raise fst24.InvalidArgumentError(f"attributes: {name}={value!r} is no text")
    line = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} fst24 {fst24.__version__}"
    attributes = {"Conventions": _CONVENTIONS} | {str(name): text for name, text in there.items()}
    attributes["history"] = f"{line}\n{there['history']}" if "history" in there else line
    return {name: text for name, text in (attributes | dict(asked)).items() if text != ""}
