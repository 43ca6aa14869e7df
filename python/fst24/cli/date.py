"""``fst24 date``: date stamps to dates, and back; later, earlier, and how long between."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

import fst24

from ._numbers import Answer, NumberCommand, answer_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fst24.date import Calendar, Style

#: Digits of a date, YYYYMMDD[HH[MM[SS[hundredths]]]]; other whole numbers are stamps.
_DATE_DIGITS = (8, 10, 12, 14, 16)
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(s|min|m|h|d|w)?", re.IGNORECASE)
_HOURS = {"s": 1 / 3600, "min": 1 / 60, "m": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}
#: Longer numbers without a unit are dates or stamps: 10,000,000 hours are more than 1000 years.
_MOST_HOUR_DIGITS = 7
_NEGATIVE_STAMP = re.compile(rf"-\d{{{_MOST_HOUR_DIGITS + 1},}}")
_LAST_OLD = 123_199_999  # stamps up to here are digits, MMDDYYHHR (metadata.md, 3.2)

Form = Literal["iso", "digits", "stamp"]


class Settings(NamedTuple):
    """What was asked for."""

    form: Form | None
    style: Style
    calendar: Calendar
    unit: str


class Moment(NamedTuple):
    """A date as given: by its stamp, which may mean nothing, or in words."""

    stamp: int
    was_stamp: bool


def moment(text: str, style: Style) -> Moment:
    """A date of any form; stamps are ``@N`` and numbers that have not the digits of a date."""
    if text == "now":
        return Moment(fst24.date.encode(dt.datetime.now(dt.UTC), style=style), was_stamp=False)
    number = text.removeprefix("@")
    if re.fullmatch(r"-?\d+", number):
        if text.startswith(("@", "-")) or len(number) not in _DATE_DIGITS:
            return Moment(int(number), was_stamp=True)
        text = number[:14]  # hundredths of seconds are cut
    try:
        return Moment(fst24.date.encode(text, style=style), was_stamp=False)
    except fst24.EncodingError as error:
        reason = str(error).partition(";")[0]
        raise click.UsageError(
            f"{reason}; write 2024-05-17, 2024-05-17T12:30, 2024051712 or, for a stamp, @STAMP"
        ) from None


def stamp_text(stamp: int) -> str:
    """Nine digits, as tools of the field write it; it is a stamp again for `moment`."""
    return f"{stamp:09d}" if stamp >= 0 else str(stamp)


def date_text(stamp: int, form: Form) -> str:
    """The date of a stamp that has one."""
    when = fst24.date.decode(stamp)
    if form == "stamp" or when is None:
        return stamp_text(stamp)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ" if form == "iso" else "%Y%m%d%H%M%S")


def style_of(stamp: int) -> str:
    """In which way a stamp holds its date."""
    if stamp < 0:
        return "extended"
    return "old" if stamp <= _LAST_OLD else "new"


def date_answer(stamp: int, form: Form) -> Answer:
    """A date in a form."""
    when = fst24.date.decode(stamp)
    known: dict[str, Any] = {"stamp": stamp, "date": None, "style": None}
    if when is None:
        return Answer("", known, f"{stamp} is no date stamp")
    known |= {"date": date_text(stamp, "iso"), "style": style_of(stamp)}
    return Answer(date_text(stamp, form), known)


def evaluate(words: list[str], settings: Settings) -> Iterator[Answer]:
    """Answer one question after the other: a date, then what is added or taken away."""
    rest = list(words)
    while rest:
        start = moment(rest.pop(0), settings.style)
        stamp, is_moved = start.stamp, False
        while rest and rest[0][0] in "+-" and not _NEGATIVE_STAMP.fullmatch(rest[0]):
            sign, operand = _operation(rest)
            duration = _hours(operand)
            if duration is None:
                yield _difference(stamp, sign, operand, settings)
                break
            stamp = fst24.date.add(stamp, sign * duration, calendar=settings.calendar)
            is_moved = True
        else:
            # A date that was moved stays what it was, one that was not becomes the other.
            usual: Form = "stamp" if start.was_stamp == is_moved else "iso"
            yield date_answer(stamp, settings.form or usual)


def _operation(rest: list[str]) -> tuple[int, str]:
    """``+6h`` or ``+ 6h``, taken from the words."""
    word = rest.pop(0)
    sign = -1 if word[0] == "-" else 1
    if word[1:]:
        return sign, word[1:]
    if not rest:
        raise click.UsageError(f"nothing follows the last {word}")
    return sign, rest.pop(0)


def _hours(text: str) -> float | None:
    """Hours of a duration; None when it is a date."""
    found = _DURATION.fullmatch(text)
    if found is None or (found[2] is None and len(found[1]) > _MOST_HOUR_DIGITS):
        return None
    return float(found[1]) * _HOURS[(found[2] or "h").lower()]


def _difference(stamp: int, sign: int, operand: str, settings: Settings) -> Answer:
    if sign > 0:
        raise click.UsageError(f"+{operand}: dates cannot be added; durations are 6, 6h, 90min, 2d")
    other = moment(operand, settings.style).stamp
    hours = fst24.date.difference(stamp, other, calendar=settings.calendar)
    if hours != hours:  # noqa: PLR0124 - NaN
        return Answer("", {"hours": None}, f"{stamp} or {other} is no date stamp")
    return Answer(f"{hours / _HOURS[settings.unit]:.12g}", {"hours": hours})


@click.command("date", cls=NumberCommand)
@click.argument("words", metavar="DATE|STAMP...", nargs=-1, required=True)
@click.option(
    "--form",
    type=click.Choice(["iso", "digits", "stamp"]),
    help="Give all dates as 2024-05-17T12:00:00Z, 20240517120000 or a stamp.",
)
@click.option(
    "--calendar",
    type=click.Choice(["gregorian", "365_day", "360_day"]),
    default="gregorian",
    show_default=True,
    help="Of + and -. Stamps are Gregorian in all of them.",
)
@click.option(
    "--unit",
    type=click.Choice(["s", "min", "h", "d"]),
    default="h",
    show_default=True,
    help="Of differences.",
)
@click.option(
    "--extended", is_flag=True, help="Make stamps of whole hours for the years 0 to 9999."
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines: one object an answer.")
def command(
    words: tuple[str, ...],
    *,
    form: Form | None,
    calendar: Calendar,
    unit: str,
    extended: bool,
    as_json: bool,
) -> None:
    """Convert CMC date stamps to dates, and back; move dates, and compare them.

    A date gives its stamp, a stamp its date; UTC unless a zone is given. Dates are 2024-05-17,
    2024-05-17T12:30, now, and numbers of 8, 10, 12, 14 or 16 digits, 2024051712. Other numbers are
    stamps; @STAMP always is one.

    After a date +6 or -6 moves it, by hours or with a unit: s min h d w. A minus and another date,
    two words, is the time between. A date that is moved stays a date, a stamp a stamp.

    \b
      fst24 date 2024051712                    473303600
      fst24 date 473303600                     2024-05-17T12:00:00Z
      fst24 date 2024051712 +36 473303600 -3h  2024-05-19T00:00:00Z and 473300900, a line each
      fst24 date 2024051712 - 2024-05-16       36
      fst24 ls F.fst --columns datev --no-header | fst24 date -

    With - the words are lines of standard input. An answer a line; none where a stamp is no date,
    which is said on standard error.

    Exit status: 0 when all was answered, 1 when something could not be, 2 when the command was not
    understood.
    """  # noqa: D301 - click takes the backspace for "do not wrap"
    settings = Settings(form, "extended" if extended else "reference", calendar, unit)
    answer_all(words, lambda line: evaluate(line, settings), as_json=as_json)
