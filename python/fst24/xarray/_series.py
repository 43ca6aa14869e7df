"""Time series of stations (``docs/format/metadata.md``, 7.11; ``docs/format/cf.md``, 7).

A record holds the series of one station: levels along i, times along j. Where and when they are
is said by other records: STNS, HH, SH, SV, >> and ^^.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from fst24 import Fst24Error, date
from fst24.vertical import Vertical

from ._axes import Axis
from ._headers import NEVER
from ._horizontal import LAT, LON
from ._times import plain_axis, run_axes, time_axis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from fst24 import Fst24Record

    from ._headers import Headers
    from ._notes import Notes

    Ints = npt.NDArray[np.int64]
    Reals = npt.NDArray[np.float64]

#: Records that describe series; they are of grtyp T.
DESCRIPTIONS = ("STNS", "HH", "SH", "SV")
#: Of typvar T: one station a record, all stations in a record.
_ONE, _ALL, _DESCRIPTION = "+", "Y", "T"
#: Variables on momentum levels; others are on thermodynamic ones.
MOMENTUM = frozenset(("UU", "VV", "UV", "WD"))
_DAY, _HOUR = 86_400, 3600
#: A damaged HH may hold anything.
_MOST_HOURS = 1e6
#: Bytes of station names may have their highest bit set.
_SEVEN_BITS = 0x7F
#: Levels of a list are those of a table in single precision.
_TOLERANCE = 1e-5


class Laid(NamedTuple):
    """How the records of one variable make an array."""

    #: Axes that count records, and the place of each record on each of them.
    outer: list[Axis]
    places: list[Ints]
    #: Axes within a record, in C order; those that are 1 long and mean nothing are left out.
    inner: list[Axis]


class Kinds(NamedTuple):
    """What the records of a file are, one flag a row."""

    #: Series of one station.
    one: npt.NDArray[np.bool_]
    #: Values of all stations.
    all: npt.NDArray[np.bool_]
    #: Records that describe them: no variables.
    descriptions: npt.NDArray[np.bool_]


def kinds(headers: Headers) -> Kinds:
    """Which records are series, from their headers alone."""

    def has(column: str, wanted: Iterable[str]) -> npt.NDArray[np.bool_]:
        texts = headers.texts(column)
        found: npt.NDArray[np.bool_] = np.isin(
            headers.codes(column), [k for k, text in enumerate(texts) if text in wanted]
        )
        return found

    series = has("typvar", ("T",))
    if not series.any():
        return Kinds(series, series, series)
    return Kinds(
        one=series & has("grtyp", (_ONE,)),
        all=series & has("grtyp", (_ALL,)),
        descriptions=series & has("grtyp", (_DESCRIPTION,)) & has("nomvar", DESCRIPTIONS),
    )


def names_of(values: npt.NDArray[Any]) -> list[str]:
    """The names in a STNS record: its columns as text, without blanks.

    >>> names_of(np.array([[193, 66], [32, 0]], np.uint8))
    ['A', 'B']
    """
    bytes_ = (values.astype(np.int64) & _SEVEN_BITS).astype(np.uint8)
    return [bytes(column).decode("ascii").rstrip(" \0") for column in bytes_.T]


def leads_of(hours: npt.ArrayLike, origin: int) -> Ints:
    """Seconds since the origin (seconds since 1970): a HH record counts from its midnight.

    >>> leads_of([12.0, 12.25], 1_715_947_200)  # of 12:00
    array([  0, 900])
    """
    array = np.nan_to_num(np.asarray(hours, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    seconds = np.rint(np.clip(array, -_MOST_HOURS, _MOST_HOURS) * _HOUR).astype(np.int64)
    return seconds - origin % _DAY


def position_of(ig3: npt.ArrayLike, ig4: npt.ArrayLike) -> tuple[Reals, Reals]:
    """Latitude and longitude that the header of a series has, to 0.01 degree.

    >>> position_of(14551, 28642)
    (np.float64(45.51), np.float64(286.42))
    """
    lat = (np.asarray(ig3, np.int64) - 10_000) / 100
    return lat, np.asarray(ig4, np.int64) / 100


def feature_type(dims: Iterable[Iterable[str]]) -> str | None:
    """The ``featureType`` of a Dataset of variables with these dimensions.

    None unless all of them are of stations: a file has one type.

    >>> feature_type([("station_id", "time"), ("station_id", "time", "level")])
    'timeSeriesProfile'
    """
    variables = [" ".join(one) for one in dims]
    if not variables or not all("station_id" in one for one in variables):
        return None
    return "timeSeriesProfile" if any(" level" in one for one in variables) else "timeSeries"


class Series:
    """The stations of a file, with what the records that describe them say."""

    def __init__(
        self, headers: Headers, notes: Notes, *, momentum: Iterable[str] = MOMENTUM
    ) -> None:
        self._headers, self._notes = headers, notes
        self._momentum = frozenset(momentum)
        self.kinds = kinds(headers)

    @cached_property
    def records(self) -> npt.NDArray[np.bool_]:
        """Which records are of stations: series, values of all stations, what describes them."""
        found: npt.NDArray[np.bool_] = self.kinds.one | self._of_all | self.kinds.descriptions
        return found

    @cached_property
    def _of_all(self) -> npt.NDArray[np.bool_]:
        """Which records hold a value for each station that is described."""
        headers = self._headers
        found: npt.NDArray[np.bool_] = self.kinds.all & (headers["nj"] == 1)
        if found.any():
            known = (self._names, self._latitudes)
            found &= np.isin(headers["ni"], [len(one) for one in known if one is not None])
        return found

    # ----------------------------------------------------------------------------- variables

    def lay(self, rows: Ints) -> Laid | None:
        """The axes of the records of one variable; None where they are no series."""
        first = int(rows[0])
        if self.kinds.one[first]:
            return self._lay_stations(rows)
        return self._lay_all(rows) if self._of_all[first] else None

    def _lay_stations(self, rows: Ints) -> Laid:
        headers = self._headers
        nomvar = headers.text("nomvar", int(rows[0]))
        n_levels, n_times = (int(headers[name][rows[0]]) for name in ("ni", "nj"))
        numbers, station = np.unique(headers["ip3"][rows], return_inverse=True)
        origins, run = np.unique(headers.origin[rows], return_inverse=True)
        outer, places = [self._stations(rows, numbers)], [station.astype(np.int64)]
        times = self._times(nomvar, n_times, origins)
        if len(times) > 1:
            outer.append(times[0])
            places.append(run.astype(np.int64))
        inner = [times[-1], *([] if n_levels == 1 else [self._levels(nomvar, n_levels)])]
        return Laid(outer, places, inner)

    def _lay_all(self, rows: Ints) -> Laid:
        """Of values that stay: an axis of time only where there are several."""
        headers = self._headers
        axis = self._station_axis(np.arange(1, int(headers["ni"][rows[0]]) + 1), None)
        valid, at = np.unique(headers.valid[rows], return_inverse=True)
        if len(valid) == 1:
            return Laid([], [], [axis])
        never = np.full(len(valid), NEVER, np.int64)
        return Laid([time_axis(valid, never, never)], [at.astype(np.int64)], [axis])

    # ------------------------------------------------------------------------------ stations

    def _stations(self, rows: Ints, numbers: Ints) -> Axis:
        headers = self._headers
        first = np.unique(headers["ip3"][rows], return_index=True)[1]
        return self._station_axis(
            numbers, position_of(headers["ig3"][rows][first], headers["ig4"][rows][first])
        )

    def _station_axis(self, numbers: Ints, coarse: tuple[Reals, Reals] | None) -> Axis:
        names = self._chosen(self._names, numbers)
        lat = self._chosen(self._latitudes, numbers)
        lon = self._chosen(self._longitudes, numbers)
        if coarse is not None and (lat is None or lon is None):
            lat, lon = coarse
        is_named = names is not None and len(set(names.tolist())) == len(names)

        def make(suffix: str) -> Mapping[str, xr.Variable]:
            dim = f"station_id{suffix}"
            attrs = {"long_name": "number of the station"}
            label = {"long_name": "name of the station"}
            (label if is_named else attrs)["cf_role"] = "timeseries_id"
            made = {dim: xr.Variable((dim,), numbers.astype(np.int32), attrs)}
            if names is not None:
                made[f"station{suffix}"] = xr.Variable((dim,), names, label)
            if lat is not None and lon is not None:
                made[f"lat{suffix}"] = xr.Variable((dim,), lat, dict(LAT))
                made[f"lon{suffix}"] = xr.Variable((dim,), lon, dict(LON))
            return made

        return Axis("station_id", tuple(numbers.tolist()), len(numbers), make)

    @staticmethod
    def _chosen(known: npt.NDArray[Any] | None, numbers: Ints) -> npt.NDArray[Any] | None:
        """What is known of the stations of some numbers, which count from 1."""
        if known is None or numbers.min() < 1 or numbers.max() > len(known):
            return None
        chosen: npt.NDArray[Any] = known[numbers - 1]
        return chosen

    @cached_property
    def _names(self) -> npt.NDArray[Any] | None:
        values = self._described("STNS")
        if values is None or values.dtype.kind not in "iu":
            return None
        return np.array(names_of(values), object)

    @cached_property
    def _latitudes(self) -> Reals | None:
        return self._described("^^")

    @cached_property
    def _longitudes(self) -> Reals | None:
        return self._described(">>")

    # --------------------------------------------------------------------------------- times

    def _times(self, nomvar: str, n: int, origins: Ints) -> list[Axis]:
        """The axis of time in records; with one of origins before it where there are several."""
        known = [self._leads(origin, n) for origin in origins.tolist()]
        first = known[0]
        if first is None or any(one is None or (one != first).any() for one in known):
            self._notes.add(
                "series have no HH record of their length and origin",
                nomvar,
                "their times are counted, not known",
            )
            steps = plain_axis("step", np.arange(n), "number of the step of time")
            return [steps] if len(origins) == 1 else [run_axes(origins, np.arange(1))[0], steps]
        if len(origins) > 1:
            return list(run_axes(origins, first))
        start = np.full(n, NEVER, np.int64)
        return [time_axis(origins[0] + first, np.repeat(origins, n), start)]

    def _leads(self, origin: int, n: int) -> Ints | None:
        hours = self._described("HH", origin)
        if hours is None or hours.size != n or origin == NEVER:
            return None
        return leads_of(hours.ravel(), origin)

    # -------------------------------------------------------------------------------- levels

    def _levels(self, nomvar: str, n: int) -> Axis:
        """The levels of profiles: those of the list of their family, from the top."""
        known = self._described("SV" if nomvar in self._momentum else "SH")
        if known is None or known.size < n:
            self._notes.add(
                "profiles have no SH or SV record of their length",
                nomvar,
                "their levels are counted from the top",
            )
            return plain_axis("level", np.arange(1, n + 1), "number of the level from the top")
        # Lists end with levels next to the ground, which profiles may not have.
        values = np.asarray(known, np.float64).ravel()[:n]
        vertical = self._vertical
        codes = None if vertical is None else _codes(vertical, values, nomvar in self._momentum)
        if vertical is None or codes is None:
            return _bare_levels(values)
        return _levels_of(vertical, codes, "_m" if nomvar in self._momentum else "_t")

    @cached_property
    def _vertical(self) -> Vertical | None:
        tables = self._headers.file.read_records(nomvar="!!")
        try:
            found = {Vertical.from_record(table) for table in tables}
        except Fst24Error as error:
            self._notes.add("levels of series have no coefficients", str(error), "they are numbers")
            return None
        return found.pop() if len(found) == 1 else None

    # -------------------------------------------------------------------------- descriptions

    def _described(self, nomvar: str, origin: int | None = None) -> npt.NDArray[Any] | None:
        """The values of a record that describes series, of one origin or of any."""
        found = self._headers.file.read_records(nomvar=nomvar, typvar="T", grtyp=_DESCRIPTION)
        if origin is not None:
            found = [record for record in found if _seconds(record) == origin]
        if not found:
            return None
        values: npt.NDArray[Any] = found[0].data
        return values if nomvar == "STNS" else values.ravel()


def _seconds(record: Fst24Record) -> int:
    """The origin of a record, in seconds since 1970."""
    valid = date.decode(np.array([record.datev], np.int32)).astype("datetime64[s]")
    return int(valid.astype(np.int64)[0]) - record.deet * record.npas


def _codes(vertical: Vertical, values: Reals, is_momentum: bool) -> npt.NDArray[np.int32] | None:  # noqa: FBT001
    """The levels of a table that have these values; None where one is not in it."""
    family = vertical.momentum if is_momentum else vertical.thermodynamic
    near = np.isclose(vertical.levels(family).value, values[:, None], rtol=_TOLERANCE, atol=0)
    if not near.any(axis=1).all():
        return None
    codes: npt.NDArray[np.int32] = family[near.argmax(axis=1)]
    return codes


def _bare_levels(values: Reals) -> Axis:
    def make(suffix: str) -> Mapping[str, xr.Variable]:
        name = f"level{suffix}"
        attrs = {"long_name": "level", "units": "1", "positive": "down", "axis": "Z"}
        return {name: xr.Variable((name,), values.astype(np.float32), attrs)}

    return Axis("level", tuple(values.tolist()), len(values), make)


def _levels_of(vertical: Vertical, codes: npt.NDArray[np.int32], family: str) -> Axis:
    """Levels in the order in which records have them, with the terms of their formula."""

    def make(suffix: str) -> Mapping[str, xr.Variable]:
        cf = vertical.cf(codes, suffix=suffix)
        kept = {"fst24": {"ip1": tuple(codes.tolist()), "vertical": vertical}}
        made = {cf.name: xr.Variable((cf.name,), cf.values, cf.attrs, kept)}
        for name, term in cf.terms.items():
            dims = (cf.name,) if np.ndim(term.values) else ()
            made[name] = xr.Variable(dims, term.values, term.attrs)
        return made

    key = (vertical, tuple(codes.tolist()))
    return Axis("level", key, len(codes), make, suffix=family)
