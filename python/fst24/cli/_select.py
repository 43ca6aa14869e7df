"""The options that choose records, the same for every sub-command."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click
import numpy as np

import fst24

from ._fields import TAGGED, date_of
from ._rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from ._rows import Language

_F = TypeVar("_F", bound=Callable[..., Any])
_Mask: TypeAlias = "npt.NDArray[np.bool_]"

#: Texts and the most letters that each can have.
TEXTS = {"nomvar": 4, "typvar": 2, "etiket": 12, "grtyp": 1}
_SIZES = ("ni", "nj", "nk", "deet", "npas", "datyp", "nbits")
NUMBERS = ("ip1", "ip2", "ip3", "ig1", "ig2", "ig3", "ig4", *_SIZES)
DATES = ("dateo", "datev")

#: Forms of a date by their number of digits, and how long each lasts: a day is all its hours.
_DATE_FORMS = {
    8: ("%Y%m%d", timedelta(days=1)),
    10: ("%Y%m%d%H", timedelta(hours=1)),
    12: ("%Y%m%d%H%M", timedelta(minutes=1)),
    14: ("%Y%m%d%H%M%S", timedelta(seconds=1)),
}
_ENDS = 2  # of a range
_UNIT_NAMES = "m sg mb hPa M hy th K m- H mp"


_HELP = {
    "nomvar": "Names, comma-separated: TT,UU, or patterns: 'T*'. Upper and lower case are"
    " the same.",
    "typvar": "Types of field: P,A.",
    "etiket": "Labels.",
    "level": "Levels, value and unit: 850mb,1000hPa, 0.995hy, 10M, or 500..850mb; without unit any"
    " kind.",
    "datev": "Dates of validity, UTC: 2024-05-17 (all day), 2024051712, 2024-05-17T12:30, @STAMP,"
    " or from..to.",
    "dateo": "Dates of origin.",
    "ip1": "Codes as stored, comma-separated, or from..to.",
    "ip2": "The same for ip2, and so on for the next ones.",
    "ip3": "",
    "grtyp": "Grid types.",
    **dict.fromkeys(("ig1", "ig2", "ig3", "ig4", "ni", "nj", "nk", "deet", "npas"), ""),
    "datyp": "Data types as stored: 134 is 6 compressed.",
    "nbits": "Bits a value.",
}


#: Second names of options.
_ALSO = {"datev": ("--time",)}
#: Options that stand behind another one.
_BEHIND = {
    "level": (
        click.option("--level-unit", metavar="UNIT", help="Unit of levels that have none: hPa."),
    ),
    "dateo": (
        click.option(
            "--lead-time",
            metavar="LIST",
            multiple=True,
            help="Hours since the origin, or 12h, 90min, 1d12h, or from..to.",
        ),
    ),
}


def selection_options_but(*names: str) -> Callable[[_F], _F]:
    """The same without options whose names say something else in a command."""
    return lambda command: _with_options(command, frozenset(names))


def selection_options(command: _F) -> _F:
    """Give a command the options that choose records; it passes them to ``Selection``."""
    return _with_options(command, frozenset())


def _with_options(command: _F, left_out: frozenset[str]) -> _F:
    options = [
        click.option(
            "--where",
            metavar="SQL",
            multiple=True,
            help="A condition on the columns of fst24 ls --columns, in SQL: \"nomvar='TT' and"
            ' level<500", "valid_time >= \'2024-05-17\' and lead in (6, 12)". Here level is a'
            " number (level_unit its unit), valid_time a time, lead the hours.",
        )
    ]
    for name, text in _HELP.items():
        if name not in left_out:
            flags = (f"--{name}", *_ALSO.get(name, ()))
            options.append(click.option(*flags, metavar="LIST", multiple=True, help=text))
            options += _BEHIND.get(name, ())
    options.append(
        click.option(
            "--no-descriptors", is_flag=True, help="Leave out >> ^^ ^> !! HY and the like."
        )
    )
    for option in reversed(options):
        command = option(command)
    return command


class Selection:
    """What the options of ``selection_options`` choose."""

    def __init__(
        self,
        *,
        no_descriptors: bool,
        where: Sequence[str] = (),
        level_unit: str | None = None,
        lead_time: Sequence[str] = (),
        **options: tuple[str, ...],
    ) -> None:
        given = {name: split(values) for name, values in options.items() if values}
        for name in TEXTS:
            refuse_long(name, given.get(name, ()))
        self._criteria: dict[str, Any] = {n: given[n] for n in TEXTS if n in given}
        self._tests: list[Callable[[Rows], _Mask]] = []
        if no_descriptors:
            self._criteria["skip_descriptors"] = True
        if "level" in given:
            levels = [parse_level(text, level_unit or "") for text in given["level"]]
            self._tests.append(lambda rows: are_levels(rows, levels))
        if lead_time:
            self._criteria["lead_time"] = parse_lead_times(split(lead_time))
        for name in NUMBERS:
            if name in given:
                self._choose_numbers(name, [parse_range(text, name) for text in given[name]])
        for name in DATES:
            if name in given:
                periods = [parse_dates(text, name) for text in given[name]]
                self._tests.append(partial(are_dates, name=name, periods=periods))
        self._where = None
        if where:
            from ._where import Where

            self._where = Where(where)

    def rows(self, file: fst24.Fst24File, *, language: Language = "en") -> Rows:
        """The records of an open file that meet all conditions, in its order, as columns."""
        path = click.format_filename(file.path)
        found = Rows(file.select(**self._criteria), path, language=language)
        if self._tests:
            meets = np.logical_and.reduce([test(found) for test in self._tests])
            found = found.of(np.flatnonzero(meets))
        return found if self._where is None else found.of(self._where.keep(found))

    def records(self, file: fst24.Fst24File) -> Iterator[fst24.Fst24Record]:
        """The same, one record after the other."""
        if not self._tests and self._where is None:
            return file.iter_records(**self._criteria)
        return iter(self.rows(file).records())

    def _choose_numbers(self, name: str, ranges: list[tuple[int, int]]) -> None:
        if all(low == high for low, high in ranges):
            self._criteria[name] = [low for low, _ in ranges]
        elif len(ranges) == 1:
            self._criteria[name] = ranges[0]
        else:
            self._tests.append(partial(are_inside, name=name, ranges=ranges))


def are_inside(rows: Rows, *, name: str, ranges: Sequence[tuple[int, int]]) -> _Mask:
    """Which rows have a number in one of several ranges."""
    numbers = rows.array(name)
    found = np.zeros(len(rows), np.bool_)
    for low, high in ranges:
        found |= (numbers >= low) & (numbers <= high)
    return found


def are_levels(rows: Rows, levels: Sequence[tuple[float, float, frozenset[int]]]) -> _Mask:
    """Which rows lie in one of several ranges of levels, each of the kinds that it may be of."""
    value, kind = fst24.ip.decode(rows.array("ip1"))
    value = value.astype(np.float64)
    found = np.zeros(len(rows), np.bool_)
    for low, high, kinds in levels:
        slack = 1e-6 * np.maximum(np.abs(value), max(abs(low), abs(high)))  # codes keep 6 digits
        inside = (value >= low - slack) & (value <= high + slack)
        found |= inside & np.isin(kind, list(kinds))
    for initial in TAGGED:
        found &= ~np.char.startswith(rows.array("nomvar"), initial)
    return found


def are_dates(rows: Rows, *, name: str, periods: Sequence[tuple[datetime, datetime]]) -> _Mask:
    """Which rows have a date in one of several periods."""
    when = fst24.date.decode(rows.array(name))
    found = np.zeros(len(rows), np.bool_)
    for first, last in periods:
        low, high = (np.datetime64(end.replace(tzinfo=None), "s") for end in (first, last))
        found |= (when >= low) & (when <= high)
    return found


def split(values: Iterable[str]) -> list[str]:
    """``("TT,UU", "GZ")`` to ``["TT", "UU", "GZ"]``."""
    return [part.strip() for value in values for part in value.split(",")]


def refuse_long(name: str, texts: Iterable[str]) -> None:
    """Refuse a text that no record can have."""
    for text in texts:
        if len(text) > TEXTS[name] and not set(text) & set("*?["):
            raise click.BadParameter(
                f"{text!r} has {len(text)} letters; a {name} has {TEXTS[name]} at most",
                param_hint=f"--{name}",
            )


def refuse_reversed(text: str, name: str, *, is_reversed: bool) -> None:
    """Refuse a range in which nothing can be."""
    if is_reversed:
        raise click.BadParameter(f"{text!r} ends before it begins", param_hint=f"--{name}")


def parse_range(text: str, name: str) -> tuple[int, int]:
    """``5`` or ``5..9``."""
    low, dots, high = text.partition("..")
    try:
        first, last = int(low), int(high if dots else low)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is neither a number nor from..to", param_hint=f"--{name}"
        ) from None
    refuse_reversed(text, name, is_reversed=last < first)
    return first, last


_NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"


def parse_lead_times(texts: Sequence[str]) -> list[float | str] | tuple[float | str, float | str]:
    """Several lead times or one range, as searches take them: hours, or text with units."""
    hours = [[_hours(end) for end in text.split("..")] for text in texts]
    if len(hours) == 1 and len(hours[0]) == _ENDS:
        return hours[0][0], hours[0][1]
    if any(len(one) != 1 for one in hours):
        raise click.BadParameter(
            f"{','.join(texts)!r} is neither a list of lead times nor one range",
            param_hint="--lead-time",
        )
    return [one[0] for one in hours]


def _hours(text: str) -> float | str:
    if re.fullmatch(_NUMBER, text):
        return float(text)
    if re.fullmatch(r"-?(\d+(\.\d+)?[a-z]+ *)+", text.strip()):
        return text.strip()
    raise click.BadParameter(f"{text!r} is no lead time: 12, 12h, 1d12h", param_hint="--lead-time")


def parse_level(text: str, otherwise: str = "") -> tuple[float, float, frozenset[int]]:
    """``850mb``, ``500..850mb`` to both ends and the kinds of the unit; all kinds without one.

    ``otherwise`` is the unit of a text that has none.
    """
    found = re.fullmatch(rf"(?:({_NUMBER})\.\.)?({_NUMBER})\s*(\S*)", text)
    if found is None:
        raise click.BadParameter(
            f"{text!r} does not begin with a number, or with from..to", param_hint="--level"
        )
    ends, unit = [float(found[1] or found[2]), float(found[2])], found[3] or otherwise
    kinds = KINDS_OF_UNIT.get(unit) or KINDS_OF_UNIT.get(unit.lower())
    if kinds is None:
        raise click.BadParameter(f"no unit {unit!r}; there are {_UNIT_NAMES}", param_hint="--level")
    return min(ends), max(ends), kinds


#: Units that --level takes, as tools print them and as people write them. m and M are not the same.
KINDS_OF_UNIT = {
    "": frozenset(range(32)),
    "m": frozenset({0}),
    "sg": frozenset({1}),
    "mb": frozenset({2}),
    "hpa": frozenset({2}),
    "M": frozenset({4}),
    "hy": frozenset({5}),
    "th": frozenset({6}),
    "k": frozenset({6}),
    "m-": frozenset({7}),
    "h": frozenset({10}),
    "mp": frozenset({21}),
}


def parse_dates(text: str, name: str) -> tuple[datetime, datetime]:
    """One date, or ``from..to``, as the first and the last instant of it."""
    low, dots, high = text.partition("..")
    first, last = parse_date(low, name)
    if dots:
        last = parse_date(high, name)[1]
    refuse_reversed(text, name, is_reversed=last < first)
    return first, last


def parse_date(text: str, name: str) -> tuple[datetime, datetime]:
    """First and last second of a date, which may be a day, an hour, a minute or a second."""
    if re.fullmatch(r"@-?\d+", text):
        date = date_of(int(text[1:]))
        if date is not None:
            return date, date
    digits = re.sub(r"[-:T .]|Z$", "", text)
    form, lasts = _DATE_FORMS.get(len(digits), ("", timedelta()))
    try:
        first = datetime.strptime(digits, form).replace(tzinfo=UTC)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no date; write 2024-05-17T12:30, 2024051712 or @STAMP",
            param_hint=f"--{name}",
        ) from None
    return first, first + lasts - timedelta(seconds=1)
