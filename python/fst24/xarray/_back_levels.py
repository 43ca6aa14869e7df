"""Levels to ip1 (``docs/format/metadata.md``, 2 and 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fst24 import EncodingError, InvalidArgumentError, dictionary, ip
from fst24.vertical import Vertical

from ._back_roles import kept_of, role_of, text_attr

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt
    import xarray as xr

    from ._back_roles import Roles

    Codes = npt.NDArray[np.int32]

_SEA, _SIGMA, _PRESSURE, _ARBITRARY, _GROUND, _HYBRID, _THETA, _DEPTH, _HEIGHT = ip.LEVEL_KINDS
#: The same level (metadata.md, trap 2).
_TOLERANCE = 1e-6
_BY_STANDARD_NAME = {
    "air_pressure": _PRESSURE,
    "height": _GROUND,
    "altitude": _SEA,
    "height_above_mean_sea_level": _SEA,
    "height_above_geopotential_datum": _SEA,
    "depth": _DEPTH,
    "air_potential_temperature": _THETA,
    "model_level_number": _ARBITRARY,
    "atmosphere_sigma_coordinate": _SIGMA,
    "atmosphere_hybrid_sigma_pressure_coordinate": _HYBRID,
    "atmosphere_hybrid_height_coordinate": _HEIGHT,
    "atmosphere_sleve_coordinate": _HEIGHT,
}
_BY_NAME = {
    "pres": _PRESSURE,
    "plev": _PRESSURE,
    "isobaricInhPa": _PRESSURE,
    "height": _GROUND,
    "altitude": _SEA,
    "depth": _DEPTH,
    "theta": _THETA,
    "sigma": _SIGMA,
    "hybrid": _HYBRID,
    "sfclevel": _ARBITRARY,
    "sfctype": _ARBITRARY,
}
_TO_HPA = {
    **dict.fromkeys(("hPa", "mb", "mbar", "millibar", "millibars"), 1.0),
    "Pa": 0.01,
    "kPa": 10.0,
}
_TO_METRES = {"km": 1000.0, "cm": 0.01}
#: Kinds that a table lists, whose pressures or heights are lost without it.
_NEED_TABLE = (_HYBRID, _HEIGHT)
_LARGE = 1.0001


class Levels(NamedTuple):
    """The levels of a variable."""

    #: The dimension; None for one level alone.
    dim: Hashable | None
    #: Of the length of the dimension, or one.
    ip1: Codes
    vertical: Vertical | None = None
    #: The coordinate.
    name: Hashable = None

    @property
    def lacks_table(self) -> bool:
        """Whether the levels say no pressure or height without a table that was not kept."""
        is_kept = self.vertical is not None and self.vertical.source in ("!!", "HY")
        return not is_kept and bool(np.isin(ip.decode(self.ip1).kind, _NEED_TABLE).any())


def levels_of(roles: Roles, name: Hashable, variable: xr.Variable, kept: dict[str, Any]) -> Levels:
    """The levels of a variable: of its level coordinate, else the one that was kept, else none.

    Raises
    ------
    InvalidArgumentError
        A level that ip1 cannot be, a coordinate that says nothing, two levels of one code.
    """
    own = kept.get("ip1")
    scalars: list[Levels] = []
    for coordinate in (*roles.of(variable, "ip1"), *roles.of(variable, "level")):
        axis = roles.ds.variables[coordinate]
        if axis.ndim > 1 or (axis.ndim == 0 and own == 0):
            continue  # of no level: the scalar is another variable's
        try:
            codes, vertical = _codes(roles.ds, coordinate, axis)
        except EncodingError as error:
            raise InvalidArgumentError(f"{name}: {coordinate}: {error}") from None
        except InvalidArgumentError as error:
            raise InvalidArgumentError(f"{name}: {error}") from None
        if len(set(codes.tolist())) < len(codes):
            raise InvalidArgumentError(
                f"{name}: levels of {coordinate} have equal ip1, which keeps 6 digits: "
                "give each level once"
            )
        if axis.ndim:
            return Levels(axis.dims[0], codes, vertical, coordinate)
        scalars.append(Levels(None, codes, vertical, coordinate))
    # xarray gives scalars to all variables: of several, the one that was kept of the records.
    same = [one for one in scalars if own is not None and int(one.ip1[0]) == own]
    if same or (scalars and (own is None or len(scalars) == 1)):
        return (same or scalars)[0]
    return Levels(None, np.array([0 if own is None else own], np.int32))


def _codes(ds: xr.Dataset, name: Hashable, axis: xr.Variable) -> tuple[Codes, Vertical | None]:
    values = np.atleast_1d(axis.values)
    if role_of(name, axis) == "ip1":
        return values.astype(np.int32), None
    if values.dtype.kind not in "iuf":
        raise InvalidArgumentError(f"{name}: levels are numbers, not {values.dtype}")
    values = values.astype(np.float64)
    kept = kept_of(axis)
    codes = _kept_codes(ds, name, axis, values, kept)
    vertical = kept.get("vertical")
    vertical = vertical if isinstance(vertical, Vertical) else None
    if codes is not None:
        return codes, vertical
    kind, factor = _kind(name, axis, values)
    if kind == _ARBITRARY and str(name).startswith("soil_depth"):
        return _soil_layers(values), None
    if kind == _HYBRID and values.max(initial=0) > _LARGE:
        values = _nominal(ds, name, axis)
    heights = _heights(ds, name, len(values))
    is_diagnostic = np.isfinite(heights)
    here = np.where(is_diagnostic, heights, values * factor)
    return np.asarray(ip.encode(here, np.where(is_diagnostic, _GROUND, kind)), np.int32), None


def _heights(ds: xr.Dataset, name: Hashable, n: int) -> npt.NDArray[np.float64]:
    """Heights of diagnostic levels among those of a model; NaN for others."""
    suffix = str(name).removeprefix("level")
    found = ds.variables.get(f"height_above_ground{suffix}")
    if found is None or found.dims not in {(name,), ()}:
        return np.full(n, np.nan)
    return np.atleast_1d(found.values).astype(np.float64)


def _kept_codes(
    ds: xr.Dataset,
    name: Hashable,
    axis: xr.Variable,
    values: npt.NDArray[np.float64],
    kept: dict[str, Any],
) -> Codes | None:
    """The codes that were kept, of the levels that are left; None when a level is another one."""
    if "ip1" not in kept:
        return None
    listed = np.atleast_1d(np.asarray(kept["ip1"], np.int32))
    value, kind = ip.decode(listed)
    if str(name).startswith(("sfctype", "soil_depth")):
        here = values if str(name).startswith("sfctype") else _numbers(values).astype(np.float64)
        return _matched(here, value, listed)
    heights = _heights(ds, name, len(values))
    is_diagnostic = np.isfinite(heights)
    main = _main_kind(kind, is_diagnostic)
    if main == _ARBITRARY and axis.dtype.kind in "iu":
        value = np.trunc(value)  # whole numbers in the Dataset
    found = np.zeros(len(values), np.int32)
    for where, kinds, here in (
        (is_diagnostic, kind == _GROUND, heights),
        (~is_diagnostic, kind == main, values * _unit(axis, main)),
    ):
        part = _matched(here[where], value[kinds], listed[kinds])
        if part is None:
            return None
        found[where] = part
    return found


def _main_kind(kind: Codes, is_diagnostic: npt.NDArray[np.bool_]) -> int:
    """The kind of levels that are not diagnostic ones of a model."""
    others = kind[kind != _GROUND]
    if len(others):
        return int(others[0])
    return int(kind[0]) if not is_diagnostic.all() else _GROUND


def _matched(here: npt.NDArray[Any], value: npt.NDArray[Any], codes: Codes) -> Codes | None:
    """The codes whose values are those asked for."""
    if len(here) == 0:
        return np.zeros(0, np.int32)
    if len(value) == 0:
        return None
    off = np.abs(here[:, None] - value[None, :].astype(np.float64))
    nearest = np.argmin(off, axis=1)
    scale = np.maximum(np.abs(here), 1e-6)
    if (off[np.arange(len(here)), nearest] > 2 * _TOLERANCE * scale).any():
        return None
    found: Codes = codes[nearest]
    return found


def _unit(axis: xr.Variable, kind: int) -> float:
    units = text_attr(axis, "units")
    return _TO_HPA.get(units, 1.0) if kind == _PRESSURE else _TO_METRES.get(units, 1.0)


def _kind(name: Hashable, axis: xr.Variable, values: npt.NDArray[np.float64]) -> tuple[int, float]:
    """The kind of a coordinate and what its values are multiplied by."""
    base = str(name).rstrip("0123456789")
    standard_name, units = text_attr(axis, "standard_name"), text_attr(axis, "units")
    if base == "soil_depth":
        return _ARBITRARY, 1.0
    if units in _TO_HPA:
        return _PRESSURE, _TO_HPA[units]
    kind = _BY_STANDARD_NAME.get(standard_name)
    if kind is None and "formula_terms" in axis.attrs:
        kind = _HYBRID
    if kind is None:
        kind = _BY_NAME.get(base)
    if kind == _PRESSURE and units not in ("", "1"):
        raise InvalidArgumentError(f"{name}: pressures in {units!r}: give them in Pa or hPa")
    if kind == _PRESSURE and not units and values.max(initial=0) > 1100:  # noqa: PLR2004 - hPa
        return _PRESSURE, 0.01
    if kind is None:
        kind = _guessed(name, axis, values)
    return kind, _TO_METRES.get(units, 1.0)


def _guessed(name: Hashable, axis: xr.Variable, values: npt.NDArray[np.float64]) -> int:
    """A coordinate without a name that CF knows: hybrid, metres up or down, or numbers."""
    units, up = text_attr(axis, "units"), text_attr(axis, "positive") == "up"
    if units in ("m", "km", "metre", "metres", "meters"):
        if "hybrid height" in text_attr(axis, "long_name"):
            return _HEIGHT
        return _GROUND if up else _DEPTH
    if units in ("", "1", "level", "levels"):
        if values.min(initial=0) >= 0 and values.max(initial=0) <= _LARGE:
            return _HYBRID
        if (values == np.rint(values)).all():
            return _ARBITRARY
    raise InvalidArgumentError(
        f"{name} is a level of an unknown kind: give it a standard_name (air_pressure, height, "
        "altitude, depth, model_level_number ...) and units"
    )


def _numbers(depths: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Which soil layers depths are the middle of, from 1; 0 where they are of none."""
    edges = np.array(dictionary.SOIL_LAYER_EDGES)
    middles = (edges[1:] + edges[:-1]) / 2
    off = np.abs(depths[:, None] - middles[None, :])
    nearest = np.argmin(off, axis=1)
    return np.where(off.min(axis=1) < 1e-4, nearest + 1, 0)  # noqa: PLR2004 - metres


def _soil_layers(depths: npt.NDArray[np.float64]) -> Codes:
    numbers = _numbers(depths)
    if (numbers == 0).any():  # other layers: numbered as they come
        numbers = np.argsort(np.argsort(depths)) + 1
    return np.asarray(ip.encode(numbers.astype(np.float64), _ARBITRARY), np.int32)


def _nominal(ds: xr.Dataset, name: Hashable, axis: xr.Variable) -> npt.NDArray[np.float64]:
    """Hybrid levels that are counted: what their pressures are over a surface at 1000 hPa."""
    words = text_attr(axis, "formula_terms").replace(":", " ").split()
    terms = dict(zip(words[::2], words[1::2], strict=False))
    b = ds.variables.get(terms.get("b", ""))
    a, ap = ds.variables.get(terms.get("a", "")), ds.variables.get(terms.get("ap", ""))
    if b is None or (a is None and ap is None):
        raise InvalidArgumentError(
            f"{name} counts model levels, which are 0 to 1 in standard files: give the variables "
            "of formula_terms, or make them pressures"
        )
    if ap is not None:
        scale = 1e5 if text_attr(ap, "units") in ("Pa", "") else 1e3
        return np.atleast_1d(ap.values / scale + b.values)
    return np.atleast_1d(np.asarray(a.values if a is not None else 0.0) + b.values)
