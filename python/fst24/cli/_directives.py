"""Directives of editfst: DESIRE, EXCLURE, CRITSUP, ZAP and what goes with them.

The language is that of editfst's manual: a directive is ``NAME(arguments)`` or ``NAME=value``, in
any case, not from the first column (a C there makes a remark); -1, or an argument left out, asks
for nothing.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import fst24

from ._fields import LAST_PLAIN, TAGGED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KEYS = ("typvar", "nomvar", "etiket", "date", "ip1", "ip2", "ip3")
_TEXTS = {"typvar": 2, "nomvar": 4, "etiket": 12, "grtyp": 1}
_MORE_KEYS = ("ni", "nj", "nk", "grtyp", "ig1", "ig2", "ig3", "ig4")
#: Kinds of level by editfst's words.
_KINDS = {
    **dict.fromkeys(("METERS", "METRES"), 0),
    "SIGMA": 1,
    "MBAR": 2,
    **dict.fromkeys(("OTHER", "AUTRE", "ARBITR"), 3),
    **dict.fromkeys(("MGND", "MSOL"), 4),
    "HYBRID": 5,
    "THETA": 6,
    **dict.fromkeys(("HEURES", "HOURS"), 10),
    "INDX": 17,
    "MPRES": 21,
}
#: What a copy is not changed by, or what fst24 has an option for.
_IGNORED = {
    "DEBUG": "fst24 ls shows what there is",
    "DIAG": "fst24 ls shows what there is",
    "VOIR": "fst24 ls shows what there is",
    "VOIRD": "fst24 ls shows what there is",
    "VOIRS": "fst24 ls shows what there is",
    "FIXDATE": "every record is looked at",
    "REWINDS": "every file is read from its begin",
}
_TOKEN = re.compile(
    r"\s*(?:('(?:[^']|'')*'|\"[^\"]*\")|([-+]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][-+]?\d+)?)"
    r"|([A-Za-z_][\w.]*)|([][(),=@#]))"
)
#: The one directive that its own first letter makes a remark.
_HIDDEN = re.compile(r"critsup\s*\(", re.IGNORECASE)
_SECONDS = 5 / 3600  # in hours: what dates of a DELTA may be off
_NEAR = 1e-6
_HOURS = 10  # the kind


class DirectiveError(click.ClickException):
    """A directive that cannot be followed; the message has the file and the line."""

    exit_code = 2


class Word(str):
    """A bare word, not text in quotes."""

    __slots__ = ()


class _Level(NamedTuple):
    """A number with its kind."""

    value: float
    kind: int


@dataclass(frozen=True)
class Range:
    """Values from ``low`` to ``high`` (None: open), every ``step`` of them where it is given."""

    low: Any = None
    high: Any = None
    step: Any = None


Wanted = tuple[Any, ...] | Range


@dataclass(frozen=True)
class Request:
    """One DESIRE or EXCLURE: what a record has to be."""

    desired: bool
    wanted: Mapping[str, Wanted]

    def matches(self, record: fst24.Fst24Record) -> bool:
        """Whether a record meets all of it."""
        return all(_meets(record, name, wanted) for name, wanted in self.wanted.items())


@dataclass(frozen=True)
class Copy:
    """One copy of the input: the requests in order, what is changed, how many at most."""

    requests: tuple[Request, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None
    overwrite: bool = False

    def takes(self, record: fst24.Fst24Record) -> bool:
        """What the first request that a record meets says; else whether nothing is desired."""
        for request in self.requests:
            if request.matches(record):
                return request.desired
        return not any(request.desired for request in self.requests)

    def changed(self, record: fst24.Fst24Record) -> dict[str, Any]:
        """The fields of a record that ZAP changes; a ? keeps a letter."""
        found = dict(self.changes)
        for name in _TEXTS.keys() & found.keys():
            old = getattr(record, name).ljust(_TEXTS[name])
            new = found[name].ljust(_TEXTS[name])
            found[name] = "".join(o if n == "?" else n for o, n in zip(old, new, strict=True))
        return found


def read_directives(text: str, source: str) -> tuple[list[Copy], list[str]]:
    """The copies that directives ask for, and remarks on what was passed over.

    Parameters
    ----------
    text : str
        The directives.
    source : str
        What they come from, for messages.

    Raises
    ------
    DirectiveError
        What is none, or what cannot be followed.
    """
    reader = _Reader(source)
    hidden = (line for line, raw in enumerate(text.splitlines(), 1) if _HIDDEN.match(raw))
    why = "a C in the first column makes a remark: CRITSUP is passed over"
    way = "put a blank before it to have it followed"
    reader.remarks += [f"{source}: line {line}: {why}; {way}" for line in hidden]
    for line, name, arguments in _statements(text, source):
        if name == "END":
            break
        reader.take(line, name, arguments)
    return reader.finish(), reader.remarks


# ---------------------------------------------------------------------------------- statements


def _statements(text: str, source: str) -> Iterator[tuple[int, str, list[Any]]]:
    """(line, name, arguments) of each directive."""
    line = 0
    lines = iter(text.splitlines())
    for raw in lines:
        line += 1
        if raw[:1] in {"C", "c", "*"} or not raw.strip() or raw.lstrip().startswith("#"):
            continue
        first, whole = line, raw
        while whole.count("(") > whole.count(")"):
            more = next(lines, None)
            if more is None:
                raise DirectiveError(f"{source}: line {first}: a ) is missing")
            line += 1
            whole += " " + ("" if more[:1] in {"C", "c", "*"} else more)
        yield first, *_parse(whole, f"{source}: line {first}")


def _parse(whole: str, place: str) -> tuple[str, list[Any]]:
    tokens = list(_tokens(whole, place))
    name = tokens.pop(0) if tokens else ""
    if not isinstance(name, Word):
        raise DirectiveError(f"{place}: {whole.strip()!r} does not begin with a directive")
    if not tokens:
        return name.upper(), []
    if tokens[0] == "=":
        if len(tokens) != 2:  # noqa: PLR2004 - NAME=value
            raise DirectiveError(f"{place}: {name}= takes one value")
        return name.upper(), [tokens[1]]
    if tokens[0] != "(" or tokens[-1] != ")":
        raise DirectiveError(f"{place}: write {name}(...)")
    return name.upper(), _arguments(tokens[1:-1], place)


class _Sign(str):
    """Punctuation."""

    __slots__ = ()


def _tokens(whole: str, place: str) -> Iterator[Any]:
    at = 0
    while whole[at:].strip():
        found = _TOKEN.match(whole, at)
        if found is None:
            raise DirectiveError(f"{place}: {whole[at:].strip()!r} is not understood")
        at = found.end()
        quoted, number, word, sign = found.groups()
        if quoted is not None:
            yield quoted[1:-1].replace("''", "'")
        elif number is not None:
            plain = number.upper().replace("D", "E")
            yield int(plain) if re.fullmatch(r"[-+]?\d+", plain) else float(plain)
        elif word is not None:
            yield -1 if word.upper() == "TOUS" else Word(word)
        else:
            yield _Sign(sign)


def _arguments(tokens: list[Any], place: str) -> list[Any]:
    """Values, and lists of values where there are brackets."""
    found: list[Any] = []
    inside: list[Any] | None = None
    for token in tokens:
        if token == "[" and isinstance(token, _Sign):  # noqa: S105 - no secret
            inside = []
        elif token == "]" and isinstance(token, _Sign):  # noqa: S105
            if inside is None:
                raise DirectiveError(f"{place}: a [ is missing")
            found.append(inside)
            inside = None
        elif not isinstance(token, _Sign) or token in {"@", "#"}:
            (found if inside is None else inside).append(token)
        elif token != ",":  # noqa: S105
            raise DirectiveError(f"{place}: {token!r} is not understood here")
    if inside is not None:
        raise DirectiveError(f"{place}: a ] is missing")
    return found


# ------------------------------------------------------------------------------------- meaning


class _Reader:
    """Follows directives one after the other."""

    def __init__(self, source: str) -> None:
        self.remarks: list[str] = []
        self._source = source
        self._copies: list[Copy] = []
        self._now = Copy()
        self._more: dict[str, Wanted] = {}
        self._period: Wanted | None = None
        self._kept = 0
        self._pending = False

    def finish(self) -> list[Copy]:
        """The copies. As in editfst, the end makes one only where no STDCOPI made any."""
        if not self._copies:
            return [self._now]
        if self._pending:
            self.remarks.append(
                f"{self._source}: what stands behind the last STDCOPI copies nothing, as in "
                "editfst: put a STDCOPI(-1) behind it"
            )
        return self._copies

    def take(self, line: int, name: str, arguments: list[Any]) -> None:
        """Follow one directive."""
        place = f"{self._source}: line {line}"
        if name in {"DESIRE", "EXCLURE"}:
            wanted = self._selection(arguments, place) | self._more
            request = Request(name == "DESIRE", wanted)
            self._now = replace(self._now, requests=(*self._now.requests, request))
            self._pending = True
        elif name == "CRITSUP":
            self._more = self._supplement(arguments, place)
        elif name == "ZAP":
            self._now = replace(self._now, changes=_changes(arguments, place))
            self._pending = True
        elif name == "STDCOPI":
            self._copy(arguments, place)
        elif name == "PERIODE":
            self._period = _period(arguments, place)
        elif name in {"ECR", "LIMITE", "SAUVDES"}:
            self._set(name, arguments, place)
        elif name in _IGNORED:
            self.remarks.append(f"{place}: {name} is passed over: {_IGNORED[name]}")
        else:
            raise DirectiveError(
                f"{place}: {name} is no directive that can be followed; there are DESIRE, EXCLURE, "
                "CRITSUP, ZAP, PERIODE, STDCOPI, LIMITE, ECR, SAUVDES and END"
            )

    def _copy(self, arguments: list[Any], place: str) -> None:
        if any(argument not in (-1, "#") for argument in arguments):
            raise DirectiveError(
                f"{place}: STDCOPI names files: give them on the command line, one command a copy"
            )
        self._copies.append(self._now)
        kept = self._now.requests if self._kept < 0 else self._now.requests[: self._kept]
        # As editfst does: a ZAP ends with its copy unless SAUVDES keeps requests; CRITSUP holds
        # until CRITSUP(-1).
        changes = self._now.changes if self._kept > 0 else {}
        self._now = replace(self._now, requests=kept, changes=changes)
        self._pending = False

    def _set(self, name: str, arguments: list[Any], place: str) -> None:
        (value,) = arguments if len(arguments) == 1 else (None,)
        if name == "ECR":
            self._now = replace(self._now, overwrite=_is_yes(value, place))
        elif not isinstance(value, int):
            raise DirectiveError(f"{place}: {name} takes a whole number")
        elif name == "LIMITE":
            self._now = replace(self._now, limit=value if value >= 0 else None)
        else:
            self._kept = value

    def _selection(self, arguments: list[Any], place: str) -> dict[str, Wanted]:
        if len(arguments) > len(_KEYS):
            raise DirectiveError(f"{place}: {len(arguments)} arguments: there are {len(_KEYS)}")
        found: dict[str, Wanted] = {}
        for name, argument in zip(_KEYS, arguments, strict=False):
            if _asks_nothing(argument):
                continue
            if name == "date" and isinstance(argument, Word) and argument.upper() == "COMMUNE":
                if self._period is None:
                    raise DirectiveError(f"{place}: COMMUNE comes after a PERIODE")
                found[name] = self._period
                continue
            values = argument if isinstance(argument, list) else [argument]
            found[name] = (
                _texts(name, values, place) if name in _TEXTS else _numbers(name, values, place)
            )
        return found

    def _supplement(self, arguments: list[Any], place: str) -> dict[str, Wanted]:
        if len(arguments) > len(_MORE_KEYS):
            raise DirectiveError(f"{place}: {len(arguments)} arguments: there are 8")
        pairs = zip(_MORE_KEYS, arguments, strict=False)
        return {
            name: _texts(name, [value], place) if name == "grtyp" else _whole(name, value, place)
            for name, value in pairs
            if not _asks_nothing(value)
        }


def _asks_nothing(argument: Any) -> bool:  # noqa: ANN401 - any token, or a list of them
    """Whether a selection is open to all: -1 (in a list: first), or blank text."""
    first = argument[0] if isinstance(argument, list) and argument else argument
    if isinstance(first, str):
        return not first.strip()
    return isinstance(first, int) and first == -1


def _is_yes(value: Any, place: str) -> bool:  # noqa: ANN401 - any token
    if not isinstance(value, str) or value.upper() not in {"OUI", "NON", "YES", "NO"}:
        raise DirectiveError(f"{place}: OUI or NON, not {value!r}")
    return value.upper() in {"OUI", "YES"}


def _whole(name: str, value: Any, place: str) -> tuple[int]:  # noqa: ANN401 - any token
    if not isinstance(value, int):
        raise DirectiveError(f"{place}: {name} is one whole number, not {value!r}")
    return (value,)


def _texts(name: str, values: Sequence[Any], place: str) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str) or isinstance(value, _Sign):
            raise DirectiveError(f"{place}: {name} is text, not {value!r}")
        if len(value.rstrip()) > _TEXTS[name]:
            raise DirectiveError(f"{place}: {name} {value!r} has more than {_TEXTS[name]} letters")
    return tuple(str(v).upper().rstrip() if name != "grtyp" else str(v).rstrip() for v in values)


def _numbers(name: str, values: list[Any], place: str) -> Wanted:
    """A list of numbers, or a range: ``[a,@,b,DELTA,d]``, either end left out."""
    items = list(_with_kinds(values, place))
    if "@" not in items:
        if "DELTA" in items:
            raise DirectiveError(f"{place}: DELTA needs a range: [from,@,to,DELTA,step]")
        return tuple(_code(name, item, place) for item in items)
    step = None
    if "DELTA" in items:
        at = items.index("DELTA")
        if at != len(items) - 2:
            raise DirectiveError(f"{place}: one number stands behind DELTA")
        step, items = _plain(items[-1]), items[:at]
        if not step > 0:
            raise DirectiveError(f"{place}: DELTA is above 0, not {step}")
    at = items.index("@")
    ends = items[:at], items[at + 1 :]
    if any(len(end) > 1 for end in ends) or items.count("@") > 1:
        raise DirectiveError(f"{place}: a range is [from,@,to]")
    low, high = (end[0] if end else None for end in ends)
    return Range(low, high, step)


def _with_kinds(values: list[Any], place: str) -> Iterator[Any]:
    """Numbers, levels where a word behind a number names its kind, ``@`` and ``DELTA``."""
    for at, value in enumerate(values):
        after = values[at + 1] if at + 1 < len(values) else None
        if isinstance(value, Word):
            word = value.upper()
            if word == "DELTA":
                yield word
            elif word not in _KINDS or at == 0 or not isinstance(values[at - 1], int | float):
                raise DirectiveError(f"{place}: {value} is not understood here")
        elif isinstance(value, _Sign):
            yield str(value)
        elif isinstance(value, str):
            raise DirectiveError(f"{place}: {value!r} is text, not a number")
        elif isinstance(after, Word) and after.upper() in _KINDS:
            yield _Level(float(value), _KINDS[after.upper()])
        elif isinstance(value, float):
            yield _Level(value, _KINDS["MBAR"])
        else:
            yield value


def _plain(value: Any) -> Any:  # noqa: ANN401 - a number or a level
    return value.value if isinstance(value, _Level) else value


def _code(name: str, value: Any, place: str) -> int:  # noqa: ANN401 - a number or a level
    if not isinstance(value, _Level):
        return int(value)
    if name == "date":
        raise DirectiveError(f"{place}: a date is a whole number, a CMC stamp")
    try:
        return int(fst24.ip.encode(value.value, value.kind))
    except fst24.EncodingError as error:
        raise DirectiveError(f"{place}: {error}") from None


def _changes(arguments: list[Any], place: str) -> dict[str, Any]:
    if len(arguments) > len(_KEYS):
        raise DirectiveError(f"{place}: {len(arguments)} arguments: there are {len(_KEYS)}")
    found: dict[str, Any] = {}
    for name, argument in zip(_KEYS, arguments, strict=False):
        if argument == -1:
            continue
        values = argument if isinstance(argument, list) else [argument]
        if name in _TEXTS:
            wanted: Wanted = _texts(name, values, place)
        else:
            wanted = _numbers(name, values, place)
        if isinstance(wanted, Range) or len(wanted) != 1:
            raise DirectiveError(f"{place}: ZAP takes one value for each field")
        (value,) = wanted
        if name == "date" and fst24.date.decode(value) is None:
            raise DirectiveError(f"{place}: {value} is no CMC stamp")
        found["dateo" if name == "date" else name] = value
    return found


def _period(arguments: list[Any], place: str) -> Wanted:
    """PERIODE(-stamp, hours to its begin, hours it lasts, interval)."""
    if not arguments or not isinstance(arguments[0], int) or arguments[0] >= 0:
        raise DirectiveError(f"{place}: PERIODE begins with a CMC stamp with a minus: -299823200")
    if not all(isinstance(argument, int | float) for argument in arguments):
        raise DirectiveError(f"{place}: PERIODE takes numbers of hours")
    shift, lasts, step = (*arguments[1:4], None, None, None)[:3]
    begin = int(fst24.date.add(-arguments[0], shift or 0))
    if lasts is None:
        return (begin,)
    ends = sorted((begin, int(fst24.date.add(begin, lasts))), key=_hours)
    return Range(ends[0], ends[1], abs(step) if step else None)


# ----------------------------------------------------------------------------------- matching


def _meets(record: fst24.Fst24Record, name: str, wanted: Wanted) -> bool:
    if name == "date":
        return _has_date(record.datev, wanted)
    value = getattr(record, name)
    if name in {"ip1", "ip2", "ip3"}:
        if record.nomvar.startswith(TAGGED):
            return _has_tag(value, wanted)
        return _has_code(value, wanted, is_level=name == "ip1")
    return isinstance(wanted, tuple) and value in wanted


@lru_cache(maxsize=4096)
def _hours(stamp: int) -> float:
    """Hours of a stamp since a fixed day; NaN when it is no date."""
    when = fst24.date.decode(stamp)
    return math.nan if when is None else when.timestamp() / 3600


@lru_cache(maxsize=4096)
def _has_date(datev: int, wanted: Wanted) -> bool:
    if isinstance(wanted, tuple):
        return datev in wanted
    now = _hours(datev)
    low, high = (None if end is None else _hours(int(end)) for end in (wanted.low, wanted.high))
    if math.isnan(now) or (low is not None and now < low) or (high is not None and now > high):
        return False
    return wanted.step is None or low is None or _is_step(now - low, wanted.step, _SECONDS)


def _has_tag(code: int, wanted: Wanted) -> bool:
    """The ip of a record that has no levels: a plain number."""
    if isinstance(wanted, tuple):
        return code in wanted
    low, high = (None if end is None else _plain(end) for end in (wanted.low, wanted.high))
    return (low is None or code >= low) and (high is None or code <= high)


@lru_cache(maxsize=65536)
def _has_code(code: int, wanted: Wanted, *, is_level: bool) -> bool:
    """An ip, as the number that it is or by what it means."""
    value, kind = _meant(code, is_level=is_level)
    if isinstance(wanted, tuple):
        return code in wanted or (
            kind >= 0 and any(_same((value, kind), _meant(w, is_level=is_level)) for w in wanted)
        )
    low, high = (
        None if e is None else _end(e, is_level=is_level) for e in (wanted.low, wanted.high)
    )
    if low is not None and (kind != low[1] or value < low[0] - _NEAR * abs(low[0])):
        return False
    if high is not None and (kind != high[1] or value > high[0] + _NEAR * abs(high[0])):
        return False
    return wanted.step is None or low is None or _is_step(value - low[0], wanted.step, _NEAR)


def _is_step(distance: float, step: float, near: float) -> bool:
    left = math.fmod(distance, step)
    return min(left, step - left) <= near * max(step, 1)


def _end(end: Any, *, is_level: bool) -> tuple[float, int]:  # noqa: ANN401 - a number or a level
    return end if isinstance(end, _Level) else _meant(int(end), is_level=is_level)


def _meant(code: int, *, is_level: bool) -> tuple[float, int]:
    """Value and kind of a code; plain numbers of ip2 and ip3 are hours (metadata.md, 2.6)."""
    if not is_level and 0 <= code <= LAST_PLAIN:
        return float(code), _HOURS
    return _decoded(code)


@lru_cache(maxsize=65536)
def _decoded(code: int) -> tuple[float, int]:
    value, kind = fst24.ip.decode(code)
    return float(value), int(kind)


def _same(a: tuple[float, int], b: tuple[float, int]) -> bool:
    return a[1] == b[1] and math.isclose(a[0], b[0], rel_tol=_NEAR, abs_tol=1e-9)
