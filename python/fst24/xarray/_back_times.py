"""Times to dateo, deet, npas, ip2 and ip3 (``docs/format/metadata.md``, 2.6 and 3)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from fst24 import EncodingError, InvalidArgumentError, date, ip

from ._back_roles import spread, text_attr

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt
    import xarray as xr

    from ._back_roles import Roles
    from ._back_told import Told

    Ints = npt.NDArray[np.int64]

_LAST_OLD = 32767
_TIME = 10
_HOUR = 3600
_STEPS = (3600, 60)
#: Calendars whose dates are those of stamps; the first two only since 1582-10-15.
_CALENDARS = ("standard", "gregorian", "proleptic_gregorian")
_REFORM = (1582, 10, 15)
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
_PERIOD = re.compile(r"\b\w*time\w*:\s*(?!point)\w+")
#: Names whose ip3, as a plain number, is the length of an accumulation (metadata.md, 2.6).
_OLD_STYLE = frozenset(
    ("PR", "PRMM", "PB", "PC", "PY", "PZ", "N0", "O1", "RNMM", "FRMM", "SNMM", "WGEX")
)
_MOST_OLD_HOURS = 1000


class Times:
    """The times of a variable: arrays that go with its outer dimensions, lengths of 1 included."""

    def __init__(
        self,
        roles: Roles,
        name: Hashable,
        variable: xr.Variable,
        outer: tuple[Hashable, ...],
        *,
        kept: dict[str, Any],
        told: Told,
    ) -> None:
        self._roles, self._name, self._variable, self._outer = roles, name, variable, outer
        self._kept, self._told = kept, told
        #: Seconds since 1970 and seconds; None where there is no date.
        self.valid: Ints | None = None
        self.origin: Ints | None = None
        self.lead: Ints = np.zeros((1,) * len(outer), np.int64)
        #: Both ends of the period of each value, where there is one.
        self.begin: Ints | None = None
        self.end: Ints | None = None
        #: Whether coordinates tell the lead time, and an axis ip3; whether bounds tell a period.
        self.knows_lead = self.tells_ip3 = self.has_period = False
        if not self._is_undated():
            self._find()

    def _is_undated(self) -> bool:
        """A field without a date that a scalar time of others was given to by xarray."""
        time = self._roles.first(self._variable, "time")
        return (
            "dateo" in self._kept and self._kept["dateo"] == 0 and (time is None or not time.ndim)
        )

    def _find(self) -> None:
        valid, origin, lead = (self._of(role) for role in ("time", "reftime", "leadtime"))
        own = self._own_origin()
        if valid is not None and own is not None and (valid >= own).all():
            origin, lead = np.full_like(valid, own), valid - own
        if lead is None and valid is not None and origin is not None:
            lead = valid - origin
        self.knows_lead = lead is not None
        if lead is None:
            kept = int(self._kept.get("deet", 0)) * int(self._kept.get("npas", 0))
            lead = np.full_like(self.lead, max(kept, 0))
        if valid is None and origin is not None:
            valid = origin + lead
        if valid is None:
            self._only_lead(lead)
            return
        if origin is not None and (valid - origin != lead).any():
            raise InvalidArgumentError(
                f"{self._name}: time, reftime and leadtime contradict each other: drop one of them,"
                " ds.drop_vars('leadtime')"
            )
        self.valid = valid
        self._find_period(valid)
        if origin is None and self.begin is not None and not lead.any():
            lead = np.maximum(valid - self.begin, 0)  # the origin of a period is its begin
        if (lead < 0).any():
            raise InvalidArgumentError(
                f"{self._name}: lead times below 0: times are before reftime, give another reftime"
            )
        self.lead, self.origin = lead, valid - lead

    def _own_origin(self) -> int | None:
        """The origin that was kept, where ``reftime`` is still that of most variables."""
        names = list(self._roles.of(self._variable, "reftime"))
        marks = [self._roles.ds.variables[name].encoding.get("fst24") for name in names]
        stamp = self._kept.get("dateo")
        if not marks or not all(mark and mark.get("of_most") for mark in marks) or not stamp:
            return None
        when = date.decode(int(stamp))
        return None if when is None else int(when.timestamp())

    def _only_lead(self, lead: Ints) -> None:
        if lead.any():
            self._told.add(
                "lead times without any date",
                str(self._name),
                "the records have no date; give a coordinate reftime",
            )
            self.lead = lead

    def _of(self, role: str) -> Ints | None:
        """Seconds of the foremost coordinate of a role, with all outer dimensions."""
        found: list[Ints] = []
        for name in self._roles.of(self._variable, role):
            variable = self._roles.ds.variables[name]
            if not set(variable.dims) <= set(self._outer) or self._is_of_others(name, role):
                continue
            make = _spans if role == "leadtime" else _instants
            found.append(spread(variable, self._outer, make(name, variable)))
            if variable.ndim:
                break
        return self._own(found, role) if len(found) > 1 else next(iter(found), None)

    def _is_of_others(self, name: Hashable, role: str) -> bool:
        """Whether ``reftime2`` is a scalar beside another axis than the variable's ``time1``."""
        base = str(name).rstrip("0123456789")
        if base != role or role not in ("reftime", "leadtime"):
            return False
        axes = [str(dim) for dim in self._outer if str(dim).rstrip("0123456789") == "time"]
        return bool(axes) and axes[0].removeprefix("time") != str(name).removeprefix(base)

    def _own(self, found: list[Ints], role: str) -> Ints:
        """Of scalars that xarray gave to all variables, the one that was kept of the records."""
        stamp = self._kept.get({"time": "datev", "reftime": "dateo"}.get(role, ""))
        when = None if stamp is None else date.decode(int(stamp))
        if when is not None:
            seconds = int(when.timestamp())
            return next((one for one in found if (one == seconds).all()), found[0])
        return found[0]

    def _find_period(self, valid: Ints) -> None:
        """The periods that values are of, where bounds tell them."""
        if not self._is_of_periods():
            return
        for name in self._roles.of(self._variable, "time"):
            time = self._roles.ds.variables[name]
            bounds = time.attrs.get("bounds", time.encoding.get("bounds", f"{name}_bnds"))
            found = self._roles.ds.variables.get(bounds)
            if found is None or found.ndim != time.ndim + 1 or found.shape[-1] != 2:  # noqa: PLR2004
                continue
            if set(time.dims) <= set(self._outer):
                both = (
                    spread(found[..., k], self._outer, _instants(bounds, found[..., k]))
                    for k in (0, 1)
                )
                self.begin, self.end = (np.broadcast_to(one, valid.shape) for one in both)
                return

    def _is_of_periods(self) -> bool:
        """Whether bounds of time are those of the values: CF says so, or ip2 and ip3 made them."""
        if _PERIOD.search(text_attr(self._variable, "cell_methods")):
            return True
        if not self._kept or not {"ip2", "ip3"}.isdisjoint(self._kept):
            return False
        times = {dim for dim in self._variable.dims if str(dim).startswith("time")}
        return not any(
            times & set(other.dims) and _PERIOD.search(text_attr(other, "cell_methods"))
            for other in self._roles.ds.variables.values()
        )

    # ------------------------------------------------------------------------------ fields

    def fields(self, nomvar: str) -> dict[str, npt.NDArray[Any]]:
        """dateo, deet, npas, ip2 and ip3, each with the outer dimensions."""
        deet = self._deet()
        npas = self.lead // deet if deet else np.zeros_like(self.lead)
        found = {"deet": np.array(deet), "npas": npas, "dateo": self._dateo()}
        self._check(found)
        found["ip2"], found["ip3"] = self._ips(nomvar)
        return found

    def _deet(self) -> int:
        kept = int(self._kept.get("deet", 0))
        if not self.lead.any():
            return max(kept, 0)
        if kept > 0 and not (self.lead % kept).any():
            return kept
        return next((step for step in _STEPS if not (self.lead % step).any()), 1)

    def _dateo(self) -> npt.NDArray[Any]:
        if self.origin is None:
            kept = self._kept.get("dateo", 0)
            is_date = date.decode(int(kept)) is not None
            return np.array(0 if is_date and kept != _DUMMY else kept)
        try:
            return np.asarray(date.encode(self.origin.astype("datetime64[s]")))
        except EncodingError as error:
            raise InvalidArgumentError(f"{self._name}: {error}") from None

    def _check(self, found: dict[str, npt.NDArray[Any]]) -> None:
        """Tell when the format keeps less of a date than there is."""
        if self.valid is None:
            return
        stamps = date.valid(*np.broadcast_arrays(found["dateo"], found["deet"], found["npas"]))
        held = date.decode(np.atleast_1d(stamps)).astype(np.int64)
        if (held != np.broadcast_to(self.valid, np.shape(stamps))).any():
            self._told.add(
                "dates are rounded: to 5 seconds, before 1980 and after 2235 to hours",
                str(self._name),
                "the format keeps no more",
            )

    def _ips(self, nomvar: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        kept3 = self._kept.get("ip3")
        ip2 = self._hours(self._kept.get("ip2"))
        number, length = self._axis("ip3"), self._axis("accum")
        self.tells_ip3 = number is not None or length is not None
        if number is not None:
            return ip2, number
        if length is not None:
            return self._accumulated(length, nomvar, ip2)
        if kept3 is not None and (kept3 <= _LAST_OLD or self.begin is None or self._is_kept()):
            return ip2, np.array(kept3)
        return self._of_bounds(nomvar, ip2)

    def _of_bounds(
        self, nomvar: str, ip2: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Both ends of a period; its length where old records are, or where it begins early."""
        is_old = self._kept.get("ip2", _LAST_OLD + 1) <= _LAST_OLD
        begin, origin = self.begin, self.origin
        if begin is None or origin is None or (is_old and nomvar not in _OLD_STYLE):
            return ip2, np.array(0)
        self.has_period = True
        if is_old or (begin < origin).any():
            return ip2, self._old_length(self._ended(origin) - begin)
        return self._period(begin - origin, self._ended(origin) - origin)

    def _ended(self, origin: Ints) -> Ints:
        """When periods end: times may be the middle of theirs."""
        return origin + self.lead if self.end is None else self.end

    def _old_length(self, length: Ints) -> Ints:
        """A period by its length alone, as old records have it: it may begin before the origin."""
        if (length % _HOUR).any() or length.max(initial=0) >= _MOST_OLD_HOURS * _HOUR:
            raise InvalidArgumentError(
                f"{self._name}: a period begins before reftime: drop its bounds, or give another "
                "reftime"
            )
        return length // _HOUR

    def _is_kept(self) -> bool:
        """Whether the ends of a period that were kept are still those of all records."""
        assert self.begin is not None  # noqa: S101 - _ips looked
        assert self.origin is not None  # noqa: S101
        codes = [self._kept.get(key, 0) for key in ("ip2", "ip3")]
        hours = [ip.decode(int(code)).value for code in codes]
        end, begin = max(hours), min(hours)
        ends = np.array([end, begin]) * _HOUR
        return bool(
            (np.abs(self.lead - ends[0]) < 1).all()
            and (np.abs(self.begin - self.origin - ends[1]) < 1).all()
        )

    def _axis(self, role: str) -> Ints | None:
        for name in self._roles.of(self._variable, role):
            variable = self._roles.ds.variables[name]
            if set(variable.dims) <= set(self._outer):
                values = _spans(name, variable) if role == "accum" else variable.values
                return spread(variable, self._outer, np.asarray(values, np.int64))
        return None

    def _hours(self, kept: int | None) -> npt.NDArray[Any]:
        """ip2: what was kept when it is not the lead time, else that, in the style of the former.

        Records of several runs or hours that were put together have kept that of the first.
        """
        hours = self.lead / _HOUR
        if kept is not None:
            value = float(kept) if kept <= _LAST_OLD else ip.decode(int(kept)).value
            if not (np.abs(np.floor(hours) - np.floor(value)) < 1e-6).any():  # noqa: PLR2004
                return np.array(kept)
            if self.lead.size == 1:
                return np.array(kept)
        whole = np.floor(hours)
        if (kept is not None and kept > _LAST_OLD) or whole.max(initial=0) > _LAST_OLD:
            return np.asarray(ip.encode(hours, _TIME))
        return whole.astype(np.int64)

    def _accumulated(
        self, length: Ints, nomvar: str, ip2: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        hours = length / _HOUR
        is_old = not (length % _HOUR).any() and hours.max(initial=0) < _MOST_OLD_HOURS
        if (is_old and nomvar in _OLD_STYLE) or self.origin is None or (length > self.lead).any():
            return ip2, np.rint(hours).astype(np.int64)
        return self._period(self.lead - length, self.lead)

    @staticmethod
    def _period(begin: Ints, end: Ints) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """ip2 and ip3 of both ends, in the new style, in seconds from the origin."""
        ends = (np.asarray(ip.encode(seconds / _HOUR, _TIME)) for seconds in (end, begin))
        return next(ends), next(ends)


#: A date that stands for none (metadata.md, 3.3).
_DUMMY = 10101011


def _spans(name: Hashable, variable: xr.Variable) -> Ints:
    """Lengths of time in whole seconds: timedelta64, or numbers with units."""
    values = variable.values
    if values.dtype.kind == "m":
        if np.isnat(values).any():
            raise InvalidArgumentError(f"{name} holds NaT: drop these")
        exact = values.astype("timedelta64[ns]").astype(np.int64) / 1e9
    elif values.dtype.kind in "iuf":
        factor = _SECONDS.get(text_attr(variable, "units"))
        if factor is None:
            raise InvalidArgumentError(
                f"{name} has the units {variable.attrs.get('units')!r}: give timedelta64, or hours,"
                " minutes, seconds, days"
            )
        exact = values.astype(np.float64) * factor
    else:
        raise InvalidArgumentError(f"{name} is a length of time, not {values.dtype}")
    whole = np.rint(exact)
    if not np.isfinite(exact).all() or (np.abs(exact - whole) > 1e-3).any():  # noqa: PLR2004
        raise InvalidArgumentError(f"{name}: lengths of time are whole seconds in standard files")
    return whole.astype(np.int64)


def _instants(name: Hashable, variable: xr.Variable) -> Ints:
    """Dates as seconds since 1970."""
    values = variable.values
    if values.dtype.kind == "M":
        if np.isnat(values).any():
            raise InvalidArgumentError(f"{name} holds NaT: drop these, ds.dropna({str(name)!r})")
        return values.astype("datetime64[s]").astype(np.int64)
    if values.dtype.kind == "O":
        return np.array([_of_calendar(name, one) for one in values.ravel()], np.int64).reshape(
            values.shape
        )
    raise InvalidArgumentError(
        f"{name} holds {values.dtype}, no dates: open the file with decode_times=True, or "
        "xarray.decode_cf(ds)"
    )


def _of_calendar(name: Hashable, when: Any) -> int:  # noqa: ANN401 - of cftime
    """A date of cftime."""
    calendar = getattr(when, "calendar", None)
    parts = tuple(getattr(when, part, None) for part in ("year", "month", "day"))
    if calendar not in _CALENDARS or None in parts:
        raise InvalidArgumentError(
            f"{name} is of the calendar {calendar or type(when).__name__!r}, and standard files "
            "have Gregorian dates: convert it, ds.convert_calendar('standard')"
        )
    if calendar != "proleptic_gregorian" and parts < _REFORM:
        raise InvalidArgumentError(
            f"{name} holds {when}, before the Gregorian calendar: use proleptic_gregorian"
        )
    day = np.datetime64(f"{when.year:04d}-{when.month:02d}-{when.day:02d}", "s")
    clock = when.hour * _HOUR + when.minute * 60 + math.floor(when.second)
    return int(day.astype(np.int64)) + int(clock)
