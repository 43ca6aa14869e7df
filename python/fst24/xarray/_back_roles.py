"""What the variables of a Dataset are, by the attributes that CF gives them.

A role is one word: ``lat lon rlat rlon y x`` (horizontal), ``time reftime leadtime`` (dates),
``level``, ``ensemble``, ``realization``, ``accum``, ``ip1``, ``ip3``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    import xarray as xr

HORIZONTAL = ("lat", "lon", "rlat", "rlon", "y", "x")

_STANDARD_NAMES = {
    "latitude": "lat",
    "longitude": "lon",
    "grid_latitude": "rlat",
    "grid_longitude": "rlon",
    "projection_y_coordinate": "y",
    "projection_x_coordinate": "x",
    "time": "time",
    "forecast_reference_time": "reftime",
    "forecast_period": "leadtime",
    "realization": "realization",
    **dict.fromkeys(
        (
            "air_pressure",
            "height",
            "altitude",
            "height_above_mean_sea_level",
            "height_above_geopotential_datum",
            "depth",
            "air_potential_temperature",
            "model_level_number",
            "atmosphere_sigma_coordinate",
            "atmosphere_hybrid_sigma_pressure_coordinate",
            "atmosphere_ln_pressure_coordinate",
            "atmosphere_hybrid_height_coordinate",
            "atmosphere_sleve_coordinate",
        ),
        "level",
    ),
}
#: CF's own spellings (4.1 and 4.2 of the conventions).
_UNITS = {
    **dict.fromkeys(
        ("degrees_north", "degree_north", "degree_N", "degrees_N", "degreeN", "degreesN"), "lat"
    ),
    **dict.fromkeys(
        ("degrees_east", "degree_east", "degree_E", "degrees_E", "degreeE", "degreesE"), "lon"
    ),
    **dict.fromkeys(("Pa", "hPa", "mb", "mbar", "millibar", "millibars", "kPa"), "level"),
}
_LENGTHS = frozenset(("m", "km", "metre", "metres", "meter", "meters"))
#: For coordinates without attributes.
_NAMES = {
    **dict.fromkeys(("lat", "latitude", "nav_lat"), "lat"),
    **dict.fromkeys(("lon", "longitude", "nav_lon"), "lon"),
    "rlat": "rlat",
    "rlon": "rlon",
    **dict.fromkeys(("y", "yc"), "y"),
    **dict.fromkeys(("x", "xc"), "x"),
    **dict.fromkeys(("time", "valid_time", "validtime"), "time"),
    **dict.fromkeys(("reftime", "forecast_reference_time"), "reftime"),
    **dict.fromkeys(("leadtime", "forecast", "step", "lead_time", "forecast_period"), "leadtime"),
    **dict.fromkeys(("ensemble", "ensemble_id"), "ensemble"),
    **dict.fromkeys(("realization", "member", "number"), "realization"),
    "accum": "accum",
    "ip3": "ip3",
    **dict.fromkeys(
        (
            "pres",
            "level",
            "lev",
            "plev",
            "height",
            "altitude",
            "depth",
            "theta",
            "sfclevel",
            "sfctype",
            "soil_depth",
            "isobaricInhPa",
            "hybrid",
            "sigma",
        ),
        "level",
    ),
}
#: Axes of ours whose attributes could be taken for something else.
_OURS = re.compile(r"(accum|ip1|ip3|ensemble)\d*")


def kept_of(variable: xr.Variable | xr.DataArray) -> dict[str, Any]:
    """What was kept of the records that a variable was made of."""
    kept = variable.encoding.get("fst24")
    return dict(kept) if isinstance(kept, dict) else {}


def text_attr(variable: xr.Variable | xr.DataArray, name: str) -> str:
    """An attribute that is text; empty when there is none."""
    value = variable.attrs.get(name, "")
    return value if isinstance(value, str) else ""


def role_of(name: Hashable, variable: xr.Variable | xr.DataArray) -> str | None:
    """What a coordinate says; None for one that says nothing known."""
    base = str(name).rstrip("0123456789")
    if own := _OURS.fullmatch(str(name)):
        return own[1]
    if not {"ip1", "vertical"}.isdisjoint(kept_of(variable)):
        return "level"
    found = _STANDARD_NAMES.get(text_attr(variable, "standard_name"))
    if found is None:
        found = _by_units(name, variable)
    if found is None and text_attr(variable, "axis") == "Z":
        found = "level"
    if found is None:
        found = _NAMES.get(str(name), _NAMES.get(base, _NAMES.get(str(name).lower())))
    if found is None and variable.ndim == 1 and "positive" in variable.attrs:
        found = "level"
    return found or _by_type(variable)


def _by_units(name: Hashable, variable: xr.Variable | xr.DataArray) -> str | None:
    units, axis = text_attr(variable, "units"), text_attr(variable, "axis")
    found = _UNITS.get(units)
    # A pressure beside fields may be anything: a reference of hybrid levels, say.
    if found is not None and (found != "level" or variable.dims == (name,)):
        return found
    if axis in ("X", "Y") and units in _LENGTHS:
        return axis.lower()
    if axis in ("X", "Y") and units in ("degrees", "degree"):
        return {"X": "rlon", "Y": "rlat"}[axis]
    return None


def _by_type(variable: xr.Variable | xr.DataArray) -> str | None:
    if variable.dtype.kind == "M" or text_attr(variable, "axis") == "T":
        return "time"
    return "leadtime" if variable.dtype.kind == "m" else None


class Roles:
    """The coordinates of a Dataset by role.

    Data variables that can only be coordinates (latitudes that a file did not name as such) are
    among them; fields that records were kept of are not.
    """

    def __init__(self, ds: xr.Dataset) -> None:
        self.ds = ds
        self._roles: dict[str, list[Hashable]] = {}
        for name in [*ds.coords, *ds.data_vars]:
            variable = ds.variables[name]
            role = role_of(name, variable)
            if role is not None and (name in ds.coords or _is_coordinate(name, variable, role)):
                self._roles.setdefault(role, []).append(name)
        self.listed = {
            name
            for v in ds.variables.values()
            for name in v.encoding.get("coordinates", "").split()
        }

    def __contains__(self, name: object) -> bool:
        """Whether a variable has a role."""
        return any(name in names for names in self._roles.values())

    def of(self, variable: xr.Variable, role: str) -> list[Hashable]:
        """Coordinates of this role that go with a variable: dimensions first, scalars last."""
        own = variable.encoding.get("coordinates", "").split()
        found = []
        for name in self._roles.get(role, ()):
            dims = self.ds.variables[name].dims
            # xarray gives a scalar to all variables, though a file may name it for some.
            is_others = not dims and name in self.listed and name not in own
            if set(dims) <= set(variable.dims) and not is_others:
                found.append(name)
        return sorted(found, key=lambda name: self._rank(name, variable))

    def _rank(self, name: Hashable, variable: xr.Variable) -> int:
        dims = self.ds.variables[name].dims
        if dims == (name,):
            return 0
        return 1 + (variable.ndim - len(dims) if dims else variable.ndim + 1)

    def first(self, variable: xr.Variable, role: str) -> xr.Variable | None:
        """The foremost of `of`."""
        names = self.of(variable, role)
        return self.ds.variables[names[0]] if names else None


def _is_coordinate(name: Hashable, variable: xr.Variable, role: str) -> bool:
    if kept_of(variable).get("nomvar"):
        return False
    if role in ("lat", "lon"):
        return variable.ndim <= 2  # noqa: PLR2004 - rows and columns
    is_time = role in ("time", "reftime", "leadtime")
    is_named = text_attr(variable, "standard_name") in _STANDARD_NAMES
    return variable.dims == (name,) or (is_time and (is_named or variable.ndim == 0))


def spread(
    variable: xr.Variable, dims: tuple[Hashable, ...], values: np.ndarray[Any, Any] | None = None
) -> np.ndarray[Any, Any]:
    """Values of a coordinate with all of ``dims``, those that it lacks of length 1."""
    array = np.asarray(variable.values if values is None else values)
    order = sorted(range(array.ndim), key=lambda i: dims.index(variable.dims[i]))
    sizes = {variable.dims[i]: array.shape[i] for i in range(array.ndim)}
    return array.transpose(order).reshape([sizes.get(dim, 1) for dim in dims])


def listed(names: Iterable[Hashable]) -> str:
    """Names for a message."""
    return ", ".join(map(str, names))
